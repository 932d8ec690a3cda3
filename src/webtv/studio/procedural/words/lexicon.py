"""From words to a scene: what a shot prompt means to the scene engine, and what it could not understand."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.colour import NAMED, Colour, mix
from webtv.studio.procedural.figures import FIGURES, PEOPLE
from webtv.studio.procedural.spec import Cast, SceneSpec
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.camerawork import camera
from webtv.studio.procedural.words.forms import stem
from webtv.studio.procedural.words.reading import Reading, look, stems_of, units_of
from webtv.studio.procedural.words.rewording import fielded, known_words, reworded, tokens
from webtv.studio.procedural.words.subjects import read_cast

_WEIGHTS = (("setting", 3.0), ("subject", 2.0), ("action", 1.0), ("light", 0.6), ("mood", 0.3))
_WET_PANE = re.compile(
    r"\b(rain\w*|drop\w*|drizzle) (\w+ ){0,3}(on|down|against|over) (\w+ ){0,3}(window\w*|panes?|glass)\b"
    r"|\b(rain|drop)\w* streaked (\w+ ){0,2}(window|pane)"
)
_ABOVE_CLOUDS = re.compile(
    r"\b(above|over|among|between|through) (the |some )?(\w+ )?clouds\b|\bsea of clouds\b"
)
_ON_TABLE = re.compile(
    r"\b(on|at|upon|across) (\w+ ){0,4}(tables?|tablecloth|desk|shelf|counter|plate|tray|board|windowsill)\b"
)
_NEON = re.compile(r"(^|, ?|in )neon( style| look| colou?rs| art)?\W*$")
# The hours at which a place is seen when nobody names one.
_HOURS = {
    "city": ("night", "day", "dusk", "golden"),
    "train": ("golden", "day", "night"),
    "rain_window": ("night", "day", "dusk"),
    "space": ("night",),
    "aurora": ("night",),
    "hall": ("night",),
}
_INDOORS = frozenset({"city", "interior", "hall", "rain_window"})
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
    cast = read_cast(reading, prompt, text)
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
    if family in _INDOORS and "air-balloon" not in stems_of(text):
        cast = tuple(replace(m, kind="toy-balloon") if m.kind == "balloon" else m for m in cast)
    if family == "city" or len(cast) > 1:  # whoever walks there holds it; it does not stand on the ground
        cast = tuple(member for member in cast if member.kind != "umbrella")
    hours = _HOURS.get(family, ("day", "golden", "morning"))
    time = reading.choose(
        "time",
        words.TIMES,
        prompt.light,
        prompt.setting,
        *_fallback(prompt, text),
        prompt.mood,
        default=hours[sequence_seed % len(hours)],
    )
    if family == "snow" and weather == "clear" and "clear" not in tokens(scene):
        weather = "snow"
    style = reading.choose("style", words.STYLES, prompt.style, *_fallback(prompt, text), default="") or (
        "neon" if not fielded(prompt) and _NEON.search(text.lower()) else "photographic"
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
    hints: defaultdict[str, float] = defaultdict(float)
    fields = _WEIGHTS if fielded(prompt) else (("text", 1.0),)
    for name, weight in fields:
        for word in units_of(getattr(prompt, name)):
            if meaning := words.FAMILIES.get(word):
                # In "a meadow by the sea" the first place named wins ties.
                share = _SUBJECT if word in words.KINDS else 1.0
                score[meaning] += weight * share * (1.0 if score[meaning] == 0 else 0.75)
            elif meaning := words.HINTS.get(word):
                hints[meaning] += weight * _HINT
    if not any(place >= 1.0 for place in score.values()):
        for meaning, weight in hints.items():
            score[meaning] += weight
    said = " ".join(tokens(text + " . " + prompt.setting))
    if _ABOVE_CLOUDS.search(said):
        score["skies"] += 4
    lead = FIGURES.get(cast[0].kind) if cast else None
    if lead is not None and lead.home == "thing" and _ON_TABLE.search(said):
        score["interior"] += 1
    for member in cast:
        if member.kind in words.HOMES and member.kind not in PEOPLE:
            score[words.HOMES[member.kind]] += _HOME
    everything = set(stems_of(text if not fielded(prompt) else f"{prompt.setting} . {prompt.subject}"))
    if "window" in everything or "pane" in everything or "windowpane" in everything:
        if score["train"]:
            score["train"] += 4
        elif not score["rain_window"] and not score["interior"]:
            pass
        elif {"rain", "rainy", "raindrop", "droplet", "drizzle", "drop"} & set(
            stems_of(text + " . " + prompt.setting)
        ):
            # Rain on the pane is seen through it; in a room it is only the weather outside.
            through = _WET_PANE.search(said)
            score["interior" if score["interior"] and not through else "rain_window"] += 4
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
