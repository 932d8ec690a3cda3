"""From words to a scene: what a shot prompt means to the scene engine, and what it could not understand."""

from collections import defaultdict
from collections.abc import Sequence

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural import vocabulary as words
from webtv.studio.procedural.camerawork import camera
from webtv.studio.procedural.colour import NAMED, Colour, mix
from webtv.studio.procedural.forms import stem
from webtv.studio.procedural.reading import Reading, first, look, stems_of, units_of
from webtv.studio.procedural.rewording import fielded, known_words, reworded, tokens
from webtv.studio.procedural.spec import Cast, SceneSpec

_WEIGHTS = (("setting", 3.0), ("subject", 2.0), ("action", 1.0), ("light", 0.6), ("mood", 0.3))
_SUBJECT, _HOME, _HINT = 0.5, 0.3, 0.25  # who and what is found in a place tell it less surely than its name


def read(prompt: ShotPrompt, shot: int = 0, sequence_seed: int = 0) -> SceneSpec:
    """Read a prompt; every prompt becomes some scene.

    Args:
        prompt: the prompt; its structured fields count first, its text only where they are empty.
        shot: position in the sequence, which varies the framing when the words leave it open.
        sequence_seed: decides what the words leave open for the whole sequence.
    """
    reading = Reading()
    original, plain = prompt, reworded(prompt)
    prompt = plain.prompt
    if plain.nearest:
        reading.note("nearest", plain.nearest)
    text = prompt.text
    scene = " . ".join((prompt.setting, prompt.subject, prompt.action)) if fielded(prompt) else text
    cast = _cast(reading, prompt, text)
    weather = reading.choose(
        "weather",
        words.WEATHERS,
        prompt.setting,
        prompt.light,
        prompt.action,
        *_fallback(prompt, text),
        default="clear",
    )
    season = reading.choose(
        "season",
        words.SEASONS,
        prompt.setting,
        *_fallback(prompt, text),
        default="winter" if weather == "snow" else "summer",
    )
    family = _family(reading, prompt, text, cast)
    night_family = family in {"city", "rain_window", "train", "space", "aurora"}
    time = reading.choose(
        "time",
        words.TIMES,
        prompt.light,
        prompt.setting,
        *_fallback(prompt, text),
        prompt.mood,
        default="night" if night_family else ("day", "golden", "morning")[sequence_seed % 3],
    )
    if family == "snow" and weather == "clear" and "clear" not in tokens(scene):
        weather = "snow"
    style = reading.choose(
        "style", words.STYLES, prompt.style, *_fallback(prompt, text), default="photographic"
    )
    extras = frozenset(
        meaning for word in units_of(scene + " . " + prompt.light) if (meaning := look(words.EXTRAS, word))
    )
    if extras:
        reading.note("extras", sorted(extras))
    palette = _palette(reading, prompt)
    framing = camera(reading, original, original.text, shot)
    wind = 0.35
    everything = set(stems_of(scene + " . " + prompt.mood))
    if everything & words.STILL:
        wind = 0.18
    if everything & words.WINDY:
        wind = 0.75
        reading.note("wind", wind)
    if weather == "storm":
        wind = 1.0
    return SceneSpec(
        family=family,
        time=time,
        weather=weather,
        season=season,
        wind=wind,
        palette=palette,
        cast=cast,
        camera=framing,
        style=style,
        extras=extras,
        understood=reading.understood,
        ignored=plain.ignored,
    )


def dissolves(prompt: ShotPrompt) -> bool:
    """Whether the mood asks to dissolve into this shot; everything else is cut."""
    mood = stems_of(prompt.mood if fielded(prompt) else prompt.text)
    return any(look(words.MELLOW, word) for word in mood) and not any(
        look(words.BRISK, word) for word in mood
    )


def _fallback(prompt: ShotPrompt, text: str) -> tuple[str, ...]:
    return () if fielded(prompt) else (text,)


def _family(reading: Reading, prompt: ShotPrompt, text: str, cast: Sequence[Cast]) -> str:
    score: defaultdict[str, float] = defaultdict(float)
    fields = _WEIGHTS if fielded(prompt) else (("text", 1.0),)
    for name, weight in fields:
        for word in units_of(getattr(prompt, name)):
            meaning, share = words.FAMILIES.get(word), _SUBJECT if word in words.KINDS else 1.0
            if meaning is None:
                meaning, share = words.HINTS.get(word), _HINT
            if meaning:
                # In "a meadow by the sea" the first place named wins ties.
                score[meaning] += weight * share * (1.0 if score[meaning] == 0 else 0.75)
    for member in cast:
        if member.kind in words.HOMES and member.kind != "person":
            score[words.HOMES[member.kind]] += _HOME
    everything = set(stems_of(text if not fielded(prompt) else f"{prompt.setting} . {prompt.subject}"))
    if "window" in everything or "pane" in everything or "windowpane" in everything:
        if score["train"]:
            score["train"] += 4
        elif not score["rain_window"]:
            pass
        elif {"rain", "rainy", "raindrop", "droplet", "drizzle", "drop"} & set(
            stems_of(text + " . " + prompt.setting)
        ):
            score["rain_window"] += 4
    snowy, village = words.SNOWY & everything, words.VILLAGE & everything
    if snowy and village:
        score["snow"] += 4
    elif score["snow"] and not snowy and village:
        score["meadow"] += score["snow"]
        del score["snow"]
    if score["aurora"] and score["snow"] >= 3:
        score["snow"] += 4
    if score:
        best = max(score, key=lambda name: (score[name], -list(score).index(name)))
        if score[best] > 0:
            reading.note("family", best)
            return best
    for member in cast:
        if member.kind in words.HOMES:
            reading.note("family", words.HOMES[member.kind])
            return words.HOMES[member.kind]
    if cast:
        reading.note("family", "meadow")
        return "meadow"
    reading.note("family", "abstract")
    return "abstract"


def _colour_before(raw: Sequence[str], index: int) -> Colour | None:
    """The colour word in the three words before a noun, e.g. ``red`` in ``two small red foxes``."""
    for back in range(1, 4):
        if index - back < 0:
            break
        word = raw[index - back]
        if word in NAMED and word not in {"sky", "pastel", "midnight"}:
            colour = NAMED[word]
            if index - back > 0 and raw[index - back - 1] in {"pale", "light", "soft"}:
                colour = mix(colour, (1, 1, 1), 0.35)
            if index - back > 0 and raw[index - back - 1] in {"dark", "deep"}:
                colour = mix(colour, (0, 0, 0), 0.35)
            return colour
        if stem(word) in words.KINDS or word in {"and", "with", "of"}:
            break
    return None


def _cast(reading: Reading, prompt: ShotPrompt, text: str) -> tuple[Cast, ...]:
    heading = _heading(prompt.action if fielded(prompt) else text)
    action = first(words.ACTIONS, prompt.action if fielded(prompt) else text) or ""
    out: dict[str, Cast] = {}
    sources = (prompt.subject, prompt.action, prompt.setting) if fielded(prompt) else (text,)
    for source in sources:
        raw = tokens(source)
        for i, word in enumerate(raw):
            kind = None
            for size in (2, 1):
                if i - size + 1 < 0:
                    continue
                kind = words.KINDS.get("-".join([*raw[i - size + 1 : i], stem(word)]))
                if kind:
                    break
            of_others = word in words.NUMBERS and raw[i + 1 : i + 2] == ["of"]  # a crowd of jellyfish
            if kind is None or kind in out or of_others:
                continue
            colour = _colour_before(raw, i)
            plural = stem(word) != word
            count = words.NUMBERS.get(word, 0)
            for back in range(0 if count else 1, 0 if count else 5):
                if i - back >= 0:
                    before = raw[i - back]
                    if before in words.NUMBERS and before not in {"a", "an"}:
                        count = words.NUMBERS[before]
                        break
                    if before.isdigit():
                        count = min(60, int(before))
                        break
                    if before in {"a", "an", "and", "with"}:
                        break
            count = count or (3 if plural else 1)
            out[kind] = Cast(kind, count, colour, action, heading)
    if out:
        reading.note(
            "cast",
            [{"kind": c.kind, "count": c.count, "coloured": c.colour is not None} for c in out.values()],
        )
    if action:
        reading.note("action", action)
    if heading:
        reading.note("heading", "right" if heading > 0 else "left")
    return tuple(out.values())


def _heading(text: str) -> int:
    raw = tokens(text)
    for i, word in enumerate(raw):
        before = raw[max(0, i - 2) : i]
        if word in words.LEFT:
            return 1 if "from" in before else -1
        if word in words.RIGHT:
            return -1 if "from" in before else 1
    return 0


def _colours_all(raw: Sequence[str], index: int) -> bool:
    """Whether a colour in a plain sentence is the picture's, and not that of a thing in it."""
    if raw[index] not in words.HUES:
        return False
    after = [stem(word) for word in raw[index + 1 : index + 4]]
    if after and f"{raw[index]}-{after[0]}" in known_words():  # blue hour, orange tree
        return False
    for word in after:
        if word in words.KINDS:
            return False
        if word in {"and", "with", "in", "on", "at", "over"}:
            break
    return True


def _palette(reading: Reading, prompt: ShotPrompt) -> tuple[Colour, ...]:
    found: list[Colour] = []
    names: list[str] = []
    alone = not (prompt.palette.strip() or fielded(prompt))
    for source in (prompt.text,) if alone else (prompt.palette, prompt.light):
        raw = tokens(source)
        for i, word in enumerate(raw):
            if word not in NAMED or (source is prompt.light and word in {"golden", "blue", "silver", "sky"}):
                continue
            if alone and not _colours_all(raw, i):
                continue
            colour = NAMED[word]
            before = raw[i - 1] if i else ""
            if before in {"pale", "soft", "light", "dusty", "washed"}:
                colour = mix(colour, (0.95, 0.94, 0.92), 0.35)
            elif before in {"deep", "dark", "inky"}:
                colour = mix(colour, (0.04, 0.04, 0.08), 0.4)
            found.append(colour)
            names.append(word)
    if names:
        reading.note("palette", names[:4])
    return tuple(found[:4])
