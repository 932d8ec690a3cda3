"""What the grammar writer knows of the world, as data: subjects, places, light, and how shots are told.

The YAML files beside this module are meant to be read and extended by people; their comments explain them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

Phrases = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Who can be in the cast.

    Attributes:
        key: its name in the lexicon.
        one: singular.
        many: plural.
        title: singular and plural for titles.
        words: what a theme calls it, singular.
        groups: wider words that mean it too.
        kind: how it moves: ``land``, ``air``, ``sea``, ``deep``, ``road``, ``rail`` or ``still``;
            ``any`` fits every place.
        live: families of places where it is found.
        counts: numbers, or openings such as ``a shoal of``.
        colours: colours that stand before the noun.
        after: colours that stand before the noun's last word (``a person with a red umbrella``).
        unless: times, weathers and seasons in which it is not seen.
        moves: travelling actions, with ``{way}`` and ``{over}``.
        acts: actions for medium shots.
        close: actions for close-ups.
        named: chosen only when a theme calls it by name.
        scenery: chosen less often than what lives and moves.
    """

    key: str
    one: str
    many: str
    title: tuple[str, str]
    words: Phrases
    groups: Phrases
    kind: str
    live: frozenset[str]
    counts: tuple[int | str, ...]
    colours: Phrases
    after: Phrases
    unless: frozenset[str]
    moves: Phrases
    acts: Phrases
    close: Phrases
    named: bool
    scenery: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place: where it is, what moves over it, what stands before and behind, what a detail shot shows."""

    name: str
    at: str
    title: str
    words: Phrases
    grounds: Mapping[str, str]
    behind: Phrases
    front: Phrases
    details: Phrases
    family: str


@dataclass(frozen=True, slots=True)
class Family:
    """A family of places, as the embedded studio draws them.

    ``times``, ``weathers`` and ``seasons`` are what it allows; ``lights`` and ``skies`` tell the time of day
    and the weather in its own words; ``never`` are framings that make no sense there; ``stirrings`` are small
    movements at the edge of a shot.
    """

    key: str
    words: Phrases
    sound: str
    night: str
    times: Phrases
    weathers: Phrases
    seasons: Phrases
    lights: Mapping[str, Phrases]
    skies: Mapping[str, Phrases]
    palettes: Phrases
    never: frozenset[str]
    stirrings: Phrases
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Light:
    """A time of day, a weather or a season; what does not apply is empty."""

    key: str
    words: Phrases
    phrases: Phrases
    veiled: Phrases
    titles: Phrases
    moments: Phrases
    palettes: Phrases
    accents: Phrases
    moods: Phrases


@dataclass(frozen=True, slots=True)
class Framing:
    """One way to frame: what it is called, which actions it shows, its camera movements, its layouts."""

    shot: Phrases
    does: str
    moves: Phrases
    layouts: Phrases


@dataclass(frozen=True, slots=True)
class Voice:
    """How shots are told; the names are those of ``voice.yaml``."""

    ways: Phrases
    paces: Phrases
    framings: Mapping[str, Framing]
    opening: Phrases
    middle: Phrases
    ending: Phrases
    cameras: Mapping[str, Phrases]
    content: Mapping[str, Phrases]
    styles: tuple[Phrases, ...]
    negative: Phrases
    titles: Phrases
    moods: Mapping[str, Phrases]
    own: Mapping[str, tuple[Any, ...]]
    gear: Phrases
    continued: Phrases
    stop: frozenset[str]
    colours: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the grammar knows."""

    subjects: Mapping[str, Subject]
    families: Mapping[str, Family]
    times: Mapping[str, Light]
    weathers: Mapping[str, Light]
    seasons: Mapping[str, Light]
    voice: Voice


@cache
def load_lexicon() -> Lexicon:
    """Read the lexicon; the first call takes some tenths of a second, the others nothing."""
    light = _read("light.yaml")
    stirrings = _read("stirrings.yaml")
    times, weathers, seasons = (
        {key: _light(key, entry) for key, entry in light[part].items()}
        for part in ("times", "weathers", "seasons")
    )
    return Lexicon(
        subjects={key: _subject(key, entry) for key, entry in _read("subjects.yaml").items()},
        families={
            key: _family(
                key, entry | {"stirrings": stirrings[key]}, tuple(times), tuple(weathers), tuple(seasons)
            )
            for key, entry in _read("places.yaml").items()
        },
        times=times,
        weathers=weathers,
        seasons=seasons,
        voice=load_voice(),
    )


@cache
def load_voice() -> Voice:
    """Read the part of the lexicon that tells how prompts are worded."""
    entry = _read("voice.yaml")

    def words(name: str) -> Phrases:
        return tuple(map(str, entry[name]))

    def table(name: str) -> dict[str, Phrases]:
        return {key: tuple(value) for key, value in entry[name].items()}

    return Voice(
        ways=words("ways"),
        paces=words("paces"),
        framings={
            key: Framing(tuple(f["shot"]), f["does"], tuple(f["moves"]), tuple(f["layouts"]))
            for key, f in entry["framings"].items()
        },
        opening=words("opening"),
        middle=words("middle"),
        ending=words("ending"),
        cameras=table("cameras"),
        content=table("content"),
        styles=tuple(map(tuple, entry["styles"])),
        negative=words("negative"),
        titles=words("titles"),
        moods=table("moods"),
        own=table("own"),
        gear=words("gear"),
        continued=words("continued"),
        stop=frozenset(words("stop")),
        colours=frozenset(words("colours")),
    )


def _read(name: str) -> dict[str, Any]:
    text = files(__name__).joinpath(name).read_text("utf-8")
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return data


def _subject(key: str, entry: dict[str, Any]) -> Subject:
    one, many = entry["name"]
    return Subject(
        key=key,
        one=one,
        many=many,
        title=tuple(entry.get("title", (one, many))),
        words=tuple(entry["words"]),
        groups=tuple(entry.get("groups", ())),
        kind=entry["kind"],
        live=frozenset(entry["live"]),
        counts=tuple(entry["counts"]),
        colours=tuple(entry.get("colours", ())),
        after=tuple(entry.get("after", ())),
        unless=frozenset(entry.get("unless", ())),
        moves=tuple(entry["moves"]),
        acts=tuple(entry["acts"]),
        close=tuple(entry["close"]),
        named=entry.get("named", False),
        scenery=entry.get("scenery", False),
    )


def _family(key: str, entry: dict[str, Any], times: Phrases, weathers: Phrases, seasons: Phrases) -> Family:
    return Family(
        key=key,
        words=tuple(entry["words"]),
        sound=entry["sound"],
        night=entry["night"],
        times=tuple(entry.get("times", times)),
        weathers=tuple(entry.get("weathers", weathers)),
        seasons=tuple(entry.get("seasons", seasons)),
        lights={time: tuple(phrases) for time, phrases in entry.get("lights", {}).items()},
        skies={weather: tuple(phrases) for weather, phrases in entry.get("skies", {}).items()},
        palettes=tuple(entry["palettes"]),
        never=frozenset(entry.get("never", ())),
        stirrings=tuple(entry["stirrings"]),
        places=tuple(
            Place(
                name=place["name"],
                at=place["at"],
                title=place["title"],
                words=tuple(place["words"]),
                grounds=dict(place["grounds"]),
                behind=tuple(place["behind"]),
                front=tuple(place["front"]),
                details=tuple(place["details"]),
                family=key,
            )
            for place in entry["places"]
        ),
    )


def _light(key: str, entry: dict[str, Any]) -> Light:
    names = ("words", "phrases", "veiled", "titles", "moments", "palettes", "accents", "moods")
    return Light(key=key, **{name: tuple(entry.get(name, ())) for name in names})
