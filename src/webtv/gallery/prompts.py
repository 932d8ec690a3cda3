"""The gallery's prompts, made of the lexicon's own words: families and styles that arrive are shown too."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.lexicon import read

# A showpiece for each family; one that does not read as its family any more is passed over.
_SHOWPIECES = {
    "abstract": "abstract ribbons of ink in deep blue and gold",
    "aurora": "green aurora over a frozen lake, slow pan left",
    "castle": "an old castle on a hill at golden hour, slow dolly in",
    "city": "a neon street in the rain at night with taxis",
    "coast": "a lighthouse on a cliff by the sea at sunset, a sailboat passing",
    "desert": "camels crossing the dunes at golden hour, slow pan right",
    "forest": "a deer in a misty forest in the morning, slow dolly in",
    "hall": "a grand piano on the stage of a concert hall",
    "ice": "icebergs drifting in a polar sea at dusk, slow pan left",
    "interior": "a bowl of oranges on a table by the window in the morning",
    "meadow": "two red foxes in a flowering meadow at golden hour",
    "mountains": "a mountain lake below snowy peaks at dawn",
    "rain_window": "raindrops on a window at night, city lights behind the glass",
    "skies": "above the clouds at sunset, slow dolly in",
    "snow": "a snowy village in the evening, lit windows, falling snow",
    "space": "a ringed planet and a comet in deep space",
    "train": "the view from a train window through green hills, golden hour",
    "underwater": "a turtle over a coral reef, sunlight in the water",
}
# What the variations of a family show; likewise.
_PLACES = {
    "abstract": "abstract shapes",
    "aurora": "the aurora",
    "castle": "an old castle",
    "city": "a city street",
    "coast": "a cliff by the sea",
    "desert": "desert dunes",
    "forest": "a forest",
    "hall": "a concert hall",
    "ice": "icebergs in a polar sea",
    "interior": "a kitchen table",
    "meadow": "a meadow",
    "mountains": "a mountain lake",
    "rain_window": "a window",
    "skies": "a sea of clouds",
    "snow": "a winter village",
    "space": "a planet in deep space",
    "train": "the view from a train",
    "underwater": "a coral reef",
}
_TIMES = {
    "dawn": "{} at dawn",
    "morning": "{} in the morning",
    "day": "{} at midday",
    "golden": "{} at golden hour",
    "sunset": "{} at sunset",
    "dusk": "{} at dusk",
    "night": "{} at night",
}
_WEATHERS = {
    "clear": "{} under a cloudless sky",
    "cloudy": "{} on a cloudy day",
    "rain": "{} in the rain",
    "storm": "{} in a thunderstorm",
    "snow": "{} in falling snow",
    "fog": "{} in thick fog",
}
_SEASONS = {name: "{} in " + name for name in ("spring", "summer", "autumn", "winter")}


def prompt_of(text: str) -> ShotPrompt:
    """A prompt as ``webtv make`` reads one: only its text."""
    return ShotPrompt("", "", "", "", "", "", "", "", "", text)


def meaning_of(text: str, seed: int, family: str = "", style: str = "") -> SceneSpec:
    """The scene of a text, as ``webtv make`` would draw it with that seed.

    Args:
        text: the prompt.
        seed: of place and take.
        family: what to show if the text does not name it: there may be no word yet.
        style: likewise.
    """
    spec = read(prompt_of(text), 0, seed)
    return replace(spec, family=family or spec.family, style=style or spec.style)


@functools.cache
def place_of(family: str) -> str:
    """A few words that mean a family, else the lexicon's first that does alone; empty if none does yet."""
    chosen = _PLACES.get(family, "")
    if chosen and read(prompt_of(chosen)).family == family:
        return chosen
    for word, meaning in words.FAMILIES.items():
        if meaning == family and read(prompt_of(plain(word))).family == family:
            return plain(word)
    return ""


def named(family: str) -> str:
    """What a family is called; where the lexicon has no word for it, in words that it will have."""
    return place_of(family) or _PLACES.get(family, plain(family))


def showpiece(family: str) -> str:
    """The prompt of a family's film."""
    text = _SHOWPIECES.get(family, "")
    if text and (not place_of(family) or read(prompt_of(text)).family == family):
        return text
    return f"{named(family)} at golden hour"


def word_for(table: Mapping[str, str], meaning: str, pattern: str, field: str, family: str = "") -> str:
    """A text in which a word of a table is understood as meant, or, for want of one, its bare meaning.

    Args:
        table: of the vocabulary: word to meaning.
        meaning: what is wanted.
        pattern: the text, with ``{}`` where the word goes.
        field: of the spec that must then hold the meaning.
        family: that it must still be read as; empty for any.
    """
    found = [word for word, each in table.items() if each == meaning]
    for word in sorted(found, key=lambda word: word != meaning):
        text = pattern.format(plain(word))
        spec = read(prompt_of(text))
        if getattr(spec, field) == meaning and family in {"", spec.family}:
            return text
    return pattern.format(meaning)


def at_times(place: str, times: Iterable[str]) -> dict[str, str]:
    """A prompt for each time of day."""
    return {name: _TIMES.get(name, "{}, " + plain(name)).format(place) for name in times}


def in_weathers(place: str, weathers: Iterable[str]) -> dict[str, str]:
    """A prompt for each weather, by day."""
    return {name: _WEATHERS.get(name, "{}, " + plain(name)).format(place) for name in weathers}


def in_seasons(place: str, seasons: Iterable[str]) -> dict[str, str]:
    """A prompt for each season."""
    return {name: _SEASONS.get(name, "{}, " + plain(name)).format(place) for name in seasons}


def plain(name: str) -> str:
    """A key of a table in words: ``rain_window`` is ``rain window``, ``golden-hour`` is ``golden hour``."""
    return name.replace("_", " ").replace("-", " ")


def told(spec: SceneSpec) -> str:
    """What was understood, in one line."""
    parts = [plain(spec.family), spec.time, spec.weather, spec.season]
    parts += [f"{member.count or 1} {plain(member.kind)}" for member in spec.cast]
    camera = spec.camera
    parts.append(" ".join(part for part in (camera.framing, camera.move) if part))
    parts.append(spec.style)
    parts += sorted(plain(extra) for extra in spec.extras)
    return " · ".join(parts)
