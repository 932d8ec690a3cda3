"""Reading a theme: which subjects, places, lights and looks of the lexicon it is about, and what it avoids.

No understanding is claimed. Words and their inflections are looked up, sentence by sentence: what stands in
one sentence belongs together ("gulls wheel over a fishing harbour at dawn"). What a theme names only to
exclude ("no crowds") is excluded; nouns that the lexicon does not know become subjects of their own.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from webtv.core.errors import InternalError
from webtv.prompts.lexicon import Family, Lexicon, Light, Phrases, Place, Subject, Voice
from webtv.prompts.wording import Avoidance, lemmas, mentions, singular
from webtv.themes.channel import Channel

Weights = Mapping[str, Mapping[str, float]]

_SENTENCE = re.compile(r"[.;:!?\n]+")
_CLAUSE = re.compile(r"[.;:,!?()\n—–]+")
_NEGATED = re.compile(r"\b(?:no|without|never(?: any)?|free of)\s+([^.;:,!?()\n—–]+)", re.IGNORECASE)
_TALKS_OF_COLOUR = re.compile(r"\b(?:palette|colou?rs?|tones?|hues?|tints?)\b", re.IGNORECASE)
_LANDSCAPES = ("coast", "meadow", "forest", "mountains")
_NEIGHBOURS = {"rain": ("fog",), "snow": ("clear", "cloudy"), "storm": ("rain", "cloudy"), "fog": ("cloudy",)}
_USUAL = {"clear": 3.0, "cloudy": 3.0, "rain": 2.0, "fog": 2.0, "snow": 1.0, "storm": 0.7}
_NAMED, _GROUPED, _SCENERY = 3.0, 1.0, 0.6
_TOGETHER = 5.0  # how much likelier a pairing is that the theme itself makes
_ELSEWHERE = 0.25  # what the theme says of other places, next to what it says of this one
_NEIGHBOUR = 0.2
_UNNAMED = 0.4
_NOT_NOUNS = re.compile(r".*(?:ly|ing|ed|ful|ous|ive|ish|less|est)$")
_OWN_COLOURS = ("pale", "dark red", "deep blue", "ochre", "white", "moss-green")
_LOOKS_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Pairing:
    """A subject with its weight, and the places where this channel may find it with theirs."""

    subject: Subject
    weight: float
    places: tuple[tuple[Place, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a channel is about, in the lexicon's terms.

    Attributes:
        pairings: subjects and their places; never empty.
        times: weight of each time of day, by family of places.
        weathers: likewise.
        seasons: likewise; empty for families without seasons.
        avoid: what must not be asked for.
        content: openings that suit the style.
        looks: clauses of the style, the first being its first; or one of several defaults.
        colours: clauses of the style that speak of colours.
    """

    pairings: tuple[Pairing, ...]
    times: Weights
    weathers: Weights
    seasons: Weights
    avoid: Avoidance
    content: Phrases
    looks: tuple[Phrases, ...]
    colours: Phrases


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: tuple[str, ...]
    families: frozenset[str]
    cast: frozenset[Subject]


def read_theme(channel: Channel, lexicon: Lexicon) -> Reading:
    """Find out what a channel is about."""
    excluded = [match[1] for match in _NEGATED.finditer(f"{channel.theme}. {channel.style}")]
    parts = [part for text in excluded for part in re.split(r"\b(?:and|or|nor)\b", text)]
    avoid = Avoidance([*channel.avoid, *(part for part in parts if len(lemmas(part)) <= 3)])
    told = _NEGATED.sub("", channel.theme)
    style = _NEGATED.sub("", channel.style)

    subjects = [
        subject
        for subject in lexicon.subjects.values()
        if not any(map(avoid.hits, (subject.one, subject.many, *subject.words, *subject.groups)))
    ]
    sentences = [
        _Sentence(words, _families(words, lexicon), frozenset(s for s in subjects if _names(words, s)))
        for text in (*_SENTENCE.split(told), channel.name)
        if (words := lemmas(text))
    ]
    places = _places(sentences, lexicon, avoid)
    cast = _cast(sentences, subjects) or dict.fromkeys(_own_subjects(told, lexicon, avoid), _NAMED)
    looks = _style_clauses(style, lexicon, avoid)
    return Reading(
        pairings=_pair(cast, places, subjects, sentences, lexicon, avoid),
        times=_lights(sentences, style, lexicon, lexicon.times, lambda family: family.times, avoid),
        weathers=_lights(sentences, "", lexicon, lexicon.weathers, lambda family: family.weathers, avoid),
        seasons=_lights(sentences, "", lexicon, lexicon.seasons, lambda family: family.seasons, avoid),
        avoid=avoid,
        content=_content(style, told, lexicon.voice),
        looks=_looks(looks, lexicon.voice, avoid),
        colours=tuple(clause for clause in looks if _talks_of_colour(clause, lexicon.voice)),
    )


def _names(words: tuple[str, ...], subject: Subject) -> bool:
    return mentions(words, (subject.one, *subject.words))


def _families(words: tuple[str, ...], lexicon: Lexicon) -> frozenset[str]:
    """Families named in a sentence; in "kelp forest" the forest is none."""
    spans = []
    for key, family in lexicon.families.items():
        for phrase in (*family.words, *(word for place in family.places for word in place.words)):
            wanted = lemmas(phrase)
            own = phrase in family.words
            spans += [
                (at, at + len(wanted), key, own)
                for at in range(len(words) - len(wanted) + 1)
                if words[at : at + len(wanted)] == wanted
            ]
    return frozenset(
        key
        for start, end, key, own in spans
        if own
        and not any(a <= start and end <= b and b - a > end - start and k != key for a, b, k, _ in spans)
    )


def _cast(sentences: list[_Sentence], subjects: list[Subject]) -> dict[Subject, float]:
    words = tuple(word for sentence in sentences for word in (*sentence.words, "."))
    groups = {group for subject in subjects for group in subject.groups if mentions(words, [group])}
    wider = {g for g in groups if any(g != other and mentions(lemmas(other), [g]) for other in groups)}
    cast: dict[Subject, float] = {}
    for subject in subjects:
        if _names(words, subject):
            cast[subject] = _SCENERY if subject.scenery else _NAMED
        elif not subject.named and (groups - wider).intersection(subject.groups):
            cast[subject] = _GROUPED
    if all(subject.scenery for subject in cast):  # a theme about trees is about trees
        return dict.fromkeys(cast, _NAMED)
    return cast


def _places(sentences: list[_Sentence], lexicon: Lexicon, avoid: Avoidance) -> dict[Place, float]:
    words = tuple(word for sentence in sentences for word in (*sentence.words, "."))
    known = frozenset().union(*(sentence.families for sentence in sentences))
    places: dict[Place, float] = {}
    for key, family in lexicon.families.items():
        for place in family.places:
            if avoid.hits(place.name) or avoid.hits(key):
                continue
            if (key in known or not known) and mentions(words, place.words):
                places[place] = _NAMED
            elif key in known:
                places[place] = _GROUPED
    return places


def _pair(
    cast: dict[Subject, float],
    places: dict[Place, float],
    subjects: list[Subject],
    sentences: list[_Sentence],
    lexicon: Lexicon,
    avoid: Avoidance,
) -> tuple[Pairing, ...]:
    all_places = [place for family in lexicon.families.values() for place in family.places]
    everywhere = dict.fromkeys([p for p in all_places if not avoid.hits(p.name)] or all_places, 1.0)
    landscapes = {place: 1.0 for place in everywhere if place.family in _LANDSCAPES} or everywhere
    residents = {subject: 1.0 for subject in subjects if not subject.named}
    attempts = (
        (cast, places),
        (residents, places),
        ({subject: weight for subject, weight in cast.items() if subject.kind == "any"}, landscapes),
        (cast, everywhere),
        (residents, landscapes),
        ({_nobody(): 1.0}, everywhere),
    )
    for who, where in attempts:
        pairings = tuple(
            Pairing(subject, weight, fitting)
            for subject, weight in who.items()
            if (
                fitting := tuple(
                    (p, w * _bond(subject, p, sentences))
                    for p, w in where.items()
                    if fits(subject, p, lexicon.families[p.family])
                )
            )
        )
        if pairings:
            return pairings
    raise InternalError("no subject fits any place", remedy="report this with the channel's file")


def _bond(subject: Subject, place: Place, sentences: list[_Sentence]) -> float:
    shared = [sentence for sentence in sentences if subject in sentence.cast]
    if any(mentions(sentence.words, place.words) for sentence in shared):
        return _TOGETHER
    return _TOGETHER / 3 if any(place.family in sentence.families for sentence in shared) else 1.0


def fits(subject: Subject, place: Place, family: Family) -> bool:
    """Whether a subject is found at a place, has ground to move on there, and a light to be seen in."""
    if subject.kind == "any":
        return True
    hidden = any(
        options and subject.unless.issuperset(options)
        for options in (family.times, family.weathers, family.seasons)
    )
    return place.family in subject.live and subject.kind in place.grounds and not hidden


def _lights(
    sentences: Iterable[_Sentence],
    style: str,
    lexicon: Lexicon,
    lights: Mapping[str, Light],
    allowed: Callable[[Family], Phrases],
    avoid: Avoidance,
) -> dict[str, dict[str, float]]:
    """Weights by family: first what is said of that place, then of everything, then of others."""
    bound: dict[str, set[str]] = {}
    general: set[str] = set()
    elsewhere: set[str] = set()
    for sentence in sentences:
        named = _named_lights(sentence, lexicon, lights)
        elsewhere |= named
        if not sentence.families and not sentence.cast:
            general |= named
        for key in sentence.families:
            bound.setdefault(key, set()).update(named)
    if not elsewhere:  # "soft morning light" as a look forbids midnight
        general = {key for key, light in lights.items() if mentions(lemmas(style), light.words)}
        elsewhere = general
    result = {}
    for key, family in lexicon.families.items():
        options = [o for o in allowed(family) if not any(map(avoid.hits, lights[o].words))] or allowed(family)
        first = bound.get(key, set()).intersection(options) or general.intersection(options)
        others = elsewhere.intersection(options)
        if first or len(others) > 1:
            weights = {
                o: 1.0 if o in (first or others) else _ELSEWHERE for o in options if o in first | others
            }
            for option in tuple(first):
                for near in _NEIGHBOURS.get(option, ()):
                    if near in options:
                        weights.setdefault(near, _NEIGHBOUR)
        else:
            rare = _UNNAMED if others else 1.0
            weights = {o: _USUAL.get(o, 1.0) * (1.0 if o in others else rare) for o in options}
        result[key] = {option: weights[option] for option in options if option in weights}
    return result


def _named_lights(sentence: _Sentence, lexicon: Lexicon, lights: Mapping[str, Light]) -> set[str]:
    told = f" {' '.join(sentence.words)} "
    for key in sentence.families:  # "snow village" is a place, not a weather
        for phrase in sorted(lexicon.families[key].words, key=len, reverse=True):
            if len(lemmas(phrase)) > 1:
                told = told.replace(f" {' '.join(lemmas(phrase))} ", " ")
    named = {key for key, light in lights.items() if mentions(tuple(told.split()), light.words)}
    if {"dawn", "dusk"} <= named or ({"dawn", "night"} <= named and "to" in sentence.words):
        order = list(lights)  # "from dawn to night" means all between
        ends = sorted(map(order.index, named))
        named = set(order[ends[0] : ends[-1] + 1])
    return named


def _content(style: str, theme: str, voice: Voice) -> Phrases:
    for text in (style, theme):
        low = text.lower()
        for word, openings in voice.content.items():
            if word != "default" and word in low:
                return openings
    return voice.content["default"]


def _style_clauses(style: str, lexicon: Lexicon, avoid: Avoidance) -> Phrases:
    voice = lexicon.voice
    lights = {
        word
        for lights in (lexicon.times, lexicon.weathers, lexicon.seasons)
        for light in lights.values()
        for word in light.words
    }
    kept: list[str] = []
    for sentence in _SENTENCE.split(style):
        parts = [re.sub(r"^(?:and|with|but|or)\s+", "", part.strip()) for part in sentence.split(",")]
        coloured = sum(not voice.colours.isdisjoint(lemmas(part)) for part in parts)
        if re.match(r"\s*(?:in|at|by|on)\s", sentence, re.IGNORECASE) and mentions(lemmas(sentence), lights):
            continue  # "in winter, white with warm windows" would be told in summer too
        for clause in [sentence.strip()] if 2 * coloured > len(parts) > 1 else parts:
            words = lemmas(clause)
            told = mentions(words, (*voice.gear, *voice.continued)) or _gear_number(clause, voice)
            if words and not told and not avoid.hits(clause):
                kept.append(" ".join(clause.split()[:_LOOKS_LIMIT]))
    return tuple(dict.fromkeys(kept))


def _gear_number(clause: str, voice: Voice) -> bool:
    low = clause.lower()
    return any(term in low for term in voice.gear if any(letter.isdigit() for letter in term))


def _talks_of_colour(clause: str, voice: Voice) -> bool:
    return bool(_TALKS_OF_COLOUR.search(clause)) or len(voice.colours.intersection(lemmas(clause))) > 1


def _looks(clauses: Phrases, voice: Voice, avoid: Avoidance) -> tuple[Phrases, ...]:
    plain = tuple(clause for clause in clauses if not _talks_of_colour(clause, voice))
    return (plain,) if plain else tuple(avoid.allowed(look) for look in voice.styles)


def _own_subjects(theme: str, lexicon: Lexicon, avoid: Avoidance) -> list[Subject]:
    """The theme's own nouns: plurals, and what an article introduces at the end of a phrase."""
    voice = lexicon.voice
    known = {w for family in lexicon.families.values() for word in family.words for w in lemmas(word)}
    for lights in (lexicon.times, lexicon.weathers, lexicon.seasons):
        known |= {w for light in lights.values() for word in light.words for w in lemmas(word)}
    found: dict[str, Subject] = {}
    for clause in _CLAUSE.split(theme):
        words = [word.lower() for word in re.findall(r"[^\W\d_]+", clause)]
        for at, word in enumerate(words):
            one = singular(word)
            after = words[at + 1] if at + 1 < len(words) else "."
            last = after == "." or (after in voice.stop and after != "of")  # a museum of teapots: teapots
            told = one != word or (at > 0 and words[at - 1] in {"a", "an", "the"})
            if not (last and told) or one in known or {word, one} & voice.stop or _NOT_NOUNS.match(word):
                continue
            before = words[at - 1] if at else ""
            if before in voice.stop or before in known or not before or before.endswith("ly"):
                before = ""
            name = f"{before} {one}".strip()
            many = f"{before} {word if one != word else word + 's'}".strip()
            if not avoid.hits(name):
                found.setdefault(name, _own(name, many, voice))
    return list(found.values())[:24]


def _own(one: str, many: str, voice: Voice) -> Subject:
    own = voice.own
    return Subject(
        key=f"own:{one}",
        one=one,
        many=many,
        title=(one, many),
        words=(one,),
        groups=(),
        kind="any",
        live=frozenset(),
        counts=own["counts"],
        colours=_OWN_COLOURS,
        after=(),
        unless=frozenset(),
        moves=own["moves"],
        acts=own["acts"],
        close=own["close"],
        named=True,
    )


def _nobody() -> Subject:
    """For a channel that avoids everything we know: patches of light, which no one can object to."""
    return Subject(
        key="own:light",
        one="patch of light",
        many="patches of light",
        title=("Light", "Lights"),
        words=(),
        groups=(),
        kind="any",
        live=frozenset(),
        counts=(1, 2, 3),
        colours=("warm", "pale", "silver"),
        after=(),
        unless=frozenset(),
        moves=("wandering {way} {over}", "gliding {way} {over}"),
        acts=("growing wider and narrower again", "trembling and growing still"),
        close=("sliding over rough surfaces", "brightening at the rim"),
        named=True,
    )
