"""The embedded writer: seeded, deterministic, no model and no network.

A sequence has one cast, one place, one light and one palette; its shots differ in framing, camera and action.
Every prompt repeats its whole context in the order content type, description, style, composition, camera,
because a text-to-video model sees one prompt at a time. The same brief gives the same sequence.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webtv.prompts.lexicon import Family, Framing, Lexicon, Light, Phrases, Place, Subject, load_lexicon
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.prompts.theme import Reading, read_theme
from webtv.prompts.wording import Avoidance, lemmas
from webtv.prompts.writer import Brief
from webtv.themes.channel import Channel, Music

_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_THEIR = re.compile(r"\{its(?: (\w+))?\}")
_VEILED = frozenset({"rain", "snow", "fog", "storm"})
_LOOKS = 3
_FEW_PLACES = 4
_TEMPO_SPREAD = 0.1
_TITLE_TRIES = 24
_TITLE_LENGTH = 44
_ENCLOSED = frozenset({"train", "spaceship"})  # heard whatever the weather outside
_SMALL = frozenset({"a", "an", "and", "at", "before", "by", "in", "of", "on", "over", "the", "with"})


@dataclass(frozen=True, slots=True)
class _Cast:
    subject: Subject
    told: str  # "two red foxes"
    short: str  # "the foxes"
    plural: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all shots of a sequence share."""

    cast: _Cast
    place: Place
    family: Family
    time: Light
    weather: Light
    season: Light | None
    setting: str
    light: str
    palette: str
    look: str
    mood: str
    content: str


class GrammarWriter:
    """Writes sequences from the lexicon; a :class:`webtv.prompts.writer.Writer`."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()
        self._read: tuple[Channel, Reading] | None = None

    @property
    def name(self) -> str:
        """Short name for provenance."""
        return "grammar"

    async def write(self, brief: Brief) -> SequencePlan:
        """Write one sequence; never fails and takes about a millisecond."""
        return _Draft(brief, self._reading(brief.channel), self._lexicon).plan()

    def _reading(self, channel: Channel) -> Reading:
        if self._read is None or self._read[0] != channel:
            self._read = (channel, read_theme(channel, self._lexicon))
        return self._read[1]


class _Draft:
    """One sequence in the making: the dice, what is avoided, and what was said already."""

    def __init__(self, brief: Brief, reading: Reading, lexicon: Lexicon) -> None:
        self._brief = brief
        self._reading = reading
        self._lexicon = lexicon
        self._voice = lexicon.voice
        self._avoid: Avoidance = reading.avoid
        self._dice = random.Random(f"{brief.slug}:{brief.seed}")
        self._said: set[str] = set()
        self._recent = [text.lower() for text in brief.recent[-60:]]

    def plan(self) -> SequencePlan:
        scene = self._scene()
        cut = self._cut(self._brief.channel.sequence.shots, scene.family.never)
        shots = [self._shot(scene, framing) for framing in cut]
        return SequencePlan(
            title=self._title(scene),
            shots=tuple(shots),
            music=self._music(scene),
            seed=self._brief.seed,
            writer="grammar",
        )

    # What all shots share.

    def _scene(self) -> _Scene:
        reading, channel = self._reading, self._brief.channel
        subject, place = self._subject_and_place()
        family = self._lexicon.families[place.family]
        time, weather, season = self._light(subject, family)
        cast = self._cast(subject)
        when = self._one(season.phrases) if season else ""
        time_told = self._one(
            family.lights.get(time.key) or (time.veiled if weather.key in _VEILED else time.phrases)
        )
        sky = self._one(family.skies.get(weather.key) or weather.phrases)
        content = self._one(reading.content) or "video"
        look = [c for c in self._one_of(reading.looks) if not set(lemmas(c)) <= set(lemmas(content))]
        first, rest = look[:1], list(look[1:])
        self._dice.shuffle(rest)
        mood = self._mood(channel.music)
        return _Scene(
            cast=cast,
            place=place,
            family=family,
            time=time,
            weather=weather,
            season=season,
            setting=_join(", ", _join(" ", place.at, place.name, when), sky),
            light=time_told,
            palette=self._palette(family, time),
            look=_join(", ", *map(_uncapitalised, (*first, *rest[: _LOOKS - 1]))),
            mood=_join(
                ", ", mood, self._one([word for word in (*time.moods, *weather.moods) if word not in mood])
            ),
            content=content,
        )

    def _subject_and_place(self) -> tuple[Subject, Place]:
        weights = [
            pairing.weight / (1 + 2 * self._mentions(pairing.subject.one, pairing.subject.many))
            for pairing in self._reading.pairings
        ]
        pairing = self._dice.choices(self._reading.pairings, weights)[0]
        places = [place for place, _ in pairing.places]
        chances = [weight / (1 + 2 * self._mentions(place.name)) for place, weight in pairing.places]
        return pairing.subject, self._dice.choices(places, chances)[0]

    def _mentions(self, *names: str) -> int:
        return sum(any(name in text for name in names) for text in self._recent)

    def _light(self, subject: Subject, family: Family) -> tuple[Light, Light, Light | None]:
        reading, lexicon = self._reading, self._lexicon
        time = self._weighted(reading.times[family.key], subject.unless)
        weather = self._weighted(reading.weathers[family.key], subject.unless)
        seasons = dict(reading.seasons[family.key])
        if seasons and weather == "snow":
            if "winter" in seasons and "winter" not in subject.unless:
                seasons = {"winter": 1.0}
            else:  # a summer channel, or butterflies: no snow for them
                weather = self._weighted(reading.weathers[family.key], {"snow", *subject.unless})
        season = self._weighted(seasons, subject.unless) if seasons else None
        return lexicon.times[time], lexicon.weathers[weather], lexicon.seasons[season] if season else None

    def _weighted(self, weights: Mapping[str, float], unless: Iterable[str]) -> str:
        banned = frozenset(unless)
        fitting = {key: weight for key, weight in weights.items() if key not in banned} or weights
        return self._dice.choices(list(fitting), list(fitting.values()))[0]

    def _cast(self, subject: Subject) -> _Cast:
        count = self._dice.choice(subject.counts)
        plural = count != 1
        noun = subject.many if plural else subject.one
        colour = self._one(subject.colours)
        told = _join(" ", colour, noun)
        if subject.after and (dye := self._one(subject.after)):
            head, _, last = noun.rpartition(" ")
            told = f"{head} {dye} {last}".replace(f" an {dye}", f" a {dye}") if head else f"{dye} {noun}"
        if isinstance(count, str):
            told = f"{count} {told}" if not self._avoid.hits(count) else told
        else:
            told = f"{_NUMBERS[count]} {told}" if plural else f"{_article(told)} {told}"
        return _Cast(subject, told, f"the {noun}", plural)

    def _palette(self, family: Family, time: Light) -> str:
        accent = self._one(time.accents)
        if self._reading.colours:
            own = _uncapitalised(self._one(self._reading.colours))
            return f"{own}, touched with {accent}" if accent else own
        if family.lights or self._dice.random() < 0.5:
            base = self._one(family.palettes)
            return f"{base}, touched with {accent}" if base and accent and family.seasons else base
        return self._one(time.palettes)

    def _mood(self, music: Music) -> str:
        near = next((words for key, words in self._voice.moods.items() if key in music.mood.lower()), ())
        return self._one(near) or music.mood

    # What makes each shot its own.

    def _cut(self, shots: int, never: frozenset[str]) -> list[str]:
        voice = self._voice
        if shots == 1:
            alone = ("wide", "medium", "follow", "low")
            return [self._dice.choice([framing for framing in alone if framing not in never])]
        opening = self._dice.choice([framing for framing in voice.opening if framing not in never])
        middle = [framing for framing in voice.middle if framing not in {opening, *never}]
        self._dice.shuffle(middle)
        inner: list[str] = []
        while len(inner) < shots - 2:
            for framing in middle:
                if len(inner) < shots - 2 and framing not in inner[-2:]:
                    inner.append(framing)
        ending = self._dice.choice([e for e in voice.ending if e not in {*never, *inner[-1:]}])
        return [opening, *inner, ending]

    def _shot(self, scene: _Scene, key: str) -> ShotPrompt:
        framing = self._voice.framings[key]
        cast, place = scene.cast, scene.place
        slots = {
            "cast": cast.short,
            "behind": self._fresh(place.behind),
            "front": self._fresh(place.front),
        }
        action = self._action(scene, framing)
        stirring = self._stirring(scene)
        layout = self._fill(self._fresh(framing.layouts), slots)
        shot = self._one(framing.shot)
        move = self._fresh_camera(framing)
        camera = _join(", ", shot, move)
        channel = self._brief.channel
        text = " ".join(
            f"{sentence[0].upper()}{sentence[1:]}."
            for sentence in (
                _join(", ", f"{scene.content} of {cast.told} {action}", scene.setting),
                scene.light,
                f"colours: {scene.palette}" if scene.palette else "",
                f"nearby, {stirring}" if stirring else "",
                f"style: {_join(', ', scene.look, f'{scene.mood} mood')}",
                _join(": ", shot, layout),
                f"camera: {move}" if move else "",
            )
            if sentence
        )
        clean = self._avoid.scrub
        return ShotPrompt(
            subject=clean(cast.told),
            action=clean(action),
            setting=clean(scene.setting),
            camera=clean(camera),
            light=clean(scene.light),
            palette=clean(scene.palette),
            style=clean(_join(", ", scene.content, scene.look)),
            mood=clean(scene.mood),
            negative=", ".join(dict.fromkeys((*channel.avoid, *self._avoid.phrases, *self._voice.negative))),
            text=clean(text),
        )

    def _action(self, scene: _Scene, framing: Framing) -> str:
        cast, place = scene.cast, scene.place
        subject = cast.subject
        if framing.does == "detail":
            detail = self._fresh(place.details)
            where = self._one(
                ("soft in the background", "passing far behind", "half out of view at the edge")
            )
            return _join(" with ", where, f"{detail} in the foreground" if detail else "")
        template = self._fresh(
            {"moves": subject.moves, "acts": subject.acts, "close": subject.close}[framing.does]
        )
        ground = place.grounds.get(subject.kind) or next(iter(place.grounds.values()))
        way = self._one(self._voice.ways)
        action = template.replace("{way}", way).replace("{over}", ground)
        their = "their" if cast.plural else "its"
        action = _THEIR.sub(lambda m: _owned(their, m[1], plural=cast.plural), action)
        pace = self._one(self._voice.paces)
        return f"{action}, {pace}" if pace else action

    def _stirring(self, scene: _Scene) -> str:
        """Small movements nearby; two where a place has few faces and shots would grow alike."""
        few = len(scene.family.places) < _FEW_PLACES or scene.place.family == "city"
        return _join(", ", *(self._fresh(scene.family.stirrings) for _ in range(1 + few)))

    def _fresh_camera(self, framing: Framing) -> str:
        moves = self._unsaid(framing.moves)
        if not moves:
            return ""
        move = self._dice.choice(moves)
        self._said.add(move)
        return self._one(self._voice.cameras[move]) or move

    # Sound and title.

    def _music(self, scene: _Scene) -> MusicBrief:
        music = self._brief.channel.music
        near = next((words for key, words in self._voice.moods.items() if key in music.mood.lower()), ())
        shade = self._one([word for word in (*near, *scene.time.moods) if word not in music.mood])
        mood = f"{music.mood}, {shade}" if shade and self._dice.random() < 0.7 else music.mood
        lead, *others = music.instruments
        self._dice.shuffle(others)
        spread = self._dice.uniform(-_TEMPO_SPREAD, _TEMPO_SPREAD)
        low, high = -int(-music.tempo * (1 - _TEMPO_SPREAD) // 1), int(music.tempo * (1 + _TEMPO_SPREAD))
        return MusicBrief(
            mood=self._avoid.scrub(mood),
            tempo=min(max(round(music.tempo * (1 + spread)), low), high),
            instruments=(lead, *others),
            ambience=_ambience(scene),
        )

    def _title(self, scene: _Scene) -> str:
        one, many = scene.cast.subject.title
        dice = self._dice
        told_sky = () if scene.family.skies or not scene.family.seasons else scene.weather.titles
        if scene.weather.key == "rain" and scene.family.key in {"city", "window"}:
            told_sky = scene.weather.titles
        season = scene.season.titles if scene.season else ()
        bare = scene.place.title.removeprefix("the ")
        candidates = []
        for _ in range(_TITLE_TRIES):
            pattern = dice.choice(self._voice.titles)
            slots = {
                "s": many,
                "one": one,
                "place": scene.place.title,
                "bare": bare,
                "at": scene.place.at,
                "cast": re.sub(r"^an? ", "", scene.cast.told),
                "time": self._one(scene.time.titles),
                "moment": self._one(scene.time.moments),
                "sky": self._one(told_sky),
                "season": self._one(season),
            }
            if any(not slots[slot] for slot in re.findall(r"\{(\w+)\}", pattern)):
                continue
            title = _title_case(pattern.format(**slots))
            if len(title) > _TITLE_LENGTH or self._avoid.hits(title):
                continue
            if title.lower() not in self._recent:
                return title
            candidates.append(title)
        return next(iter(candidates), "") or self._avoid.scrub(_title_case(bare)) or "Untitled"

    # The dice.

    def _one(self, phrases: Sequence[str]) -> str:
        fine = self._avoid.allowed(phrases)
        return self._dice.choice(fine) if fine else ""

    def _one_of(self, sets: Sequence[Phrases]) -> Phrases:
        return self._dice.choice(sets) if sets else ()

    def _unsaid(self, phrases: Iterable[str]) -> list[str]:
        fine = self._avoid.allowed(phrases)
        return [phrase for phrase in fine if phrase not in self._said] or list(fine)

    def _fresh(self, phrases: Sequence[str]) -> str:
        """A phrase that this sequence has not used, as long as there is one."""
        fine = self._unsaid(phrases)
        if not fine:
            return ""
        phrase = self._dice.choice(fine)
        self._said.add(phrase)
        return phrase

    @staticmethod
    def _fill(template: str, slots: Mapping[str, str]) -> str:
        for slot, text in slots.items():
            template = template.replace(f"{{{slot}}}", text)
        return template


def _owned(their: str, noun: str | None, *, plural: bool) -> str:
    if noun is None:
        return their
    return f"{their} {noun}s" if plural and not noun.endswith("s") else f"{their} {noun}"


def _uncapitalised(clause: str) -> str:
    """A clause for the middle of a sentence: "Watercolour storybook" but "IR film" as it is."""
    return clause[:1].lower() + clause[1:] if clause[1:2].islower() else clause


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def _join(between: str, *parts: str) -> str:
    return between.join(part for part in parts if part)


def _title_case(text: str) -> str:
    words = text.split()
    cased = [
        word
        if at and word in _SMALL and at + 1 < len(words)
        else "-".join(p[:1].upper() + p[1:] for p in word.split("-"))
        for at, word in enumerate(words)
    ]
    return " ".join(cased).replace("A E", "An E")


def _ambience(scene: _Scene) -> str:
    family, dark = scene.family, scene.time.key in {"night", "dusk"}
    base = family.night if dark else family.sound
    if family.skies or not base or base in _ENCLOSED:
        return base
    cold = scene.season is not None and scene.season.key == "winter"
    match scene.weather.key:
        case "rain":
            return "waves" if base == "waves" and not dark else "light rain"
        case "storm":
            return "waves" if base == "waves" else "wind"
        case "snow":
            return base if base in {"waves", "city hum"} else "falling snow"
    return "wind" if cold and base in {"birds", "crickets"} else base
