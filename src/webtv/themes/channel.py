"""The schema of a channel file: what a curator may write, and nothing else.

Pydantic stands at the edge only: rooms to the right read these frozen models and never build them.
Durations in YAML are seconds or texts such as ``90s``, ``5m``, ``2h``. Descriptions and examples are for
curators: editors show them, error messages and ``docs/channels.md`` are made of them.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from webtv.core.errors import InputError
from webtv.core.format import FORMAT_NAMES, HouseFormat, house_format

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_UNIT = {None: 1, "s": 1, "m": 60, "h": 3600}


def _seconds(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNIT[match[2]]
    return _number(value)


def _number(value: object) -> object:
    if isinstance(value, bool):  # Pydantic would take `true` for 1
        raise PydanticCustomError("truth_for_number", "is true or false where a number belongs")
    return value


def _printable(value: str) -> str:
    if unseen := next((letter for letter in value if unicodedata.category(letter) == "Cc"), None):
        raise PydanticCustomError(
            "control_character",
            "holds a control character (U+{code}), which nobody can see",
            {"code": f"{ord(unseen):04X}"},
        )
    return value


def _or_text(schema: JsonDict) -> None:
    """Tell editors that a duration is a number or a text with a unit."""
    number: JsonDict = {key: schema.pop(key) for key in ("type", "minimum", "maximum") if key in schema}
    schema["anyOf"] = [number, {"type": "string", "pattern": rf"^\s*{_DURATION.pattern}\s*$"}]


Seconds = Annotated[float, BeforeValidator(_seconds), Field(json_schema_extra=_or_text)]
Whole = Annotated[int, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_number)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Line = Annotated[str, AfterValidator(_printable)]
Word = Annotated[Line, Field(min_length=1, max_length=80)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Rating(StrEnum):
    """For whom a channel is; the safety filter and the writer obey it."""

    EVERYONE = "everyone"
    TEEN = "teen"
    MATURE = "mature"


class Audio(StrEnum):
    """How the sound of a channel is made on air."""

    MIXED = "mixed"
    PASSTHROUGH = "passthrough"


class SequenceShape(_Part):
    """How a sequence is cut."""

    shots: Whole = Field(
        4, ge=1, le=24, description="Shots per sequence; they share cast, place and music.", examples=[4]
    )
    seconds: Whole = Field(
        4, ge=2, le=30, description="Length of one shot in seconds, an even number.", examples=[4]
    )

    @field_validator("seconds")
    @classmethod
    def _whole_gops(cls, value: int) -> int:
        if value % 2:
            raise PydanticCustomError("whole_gops", "must be even, because clips are cut every two seconds")
        return value


class Music(_Part):
    """What the channel sounds like."""

    mood: Word = Field(
        "calm",
        description="Mood in a word or two: calm, dreamy, mellow, bright, playful, tense, ...",
        examples=["calm"],
    )
    tempo: Whole = Field(80, ge=40, le=200, description="Beats per minute.", examples=[80])
    instruments: tuple[Word, ...] = Field(
        ("pad", "felt piano"),
        min_length=1,
        max_length=8,
        description="Instruments, leading voice first.",
        examples=[["felt piano", "strings", "pad"]],
    )


class Stage(BaseModel):
    """One stage of the studio: the adapter's name and whatever options that adapter takes."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    use: Word = Field(
        description="Name of an adapter or of an endpoint that the operator defined.", examples=["procedural"]
    )

    @property
    def options(self) -> dict[str, Any]:
        """Everything beside ``use``, for the adapter to judge."""
        return dict(self.model_extra or {})


class Shot(Stage):
    """The stage that makes moving pictures."""

    carry: Literal["last", "key"] | None = Field(
        None,
        description="What a sequence carries on: `last`, each shot begins with the last picture of the one "
        "before; `key`, with the first picture of the first shot. For adapters that take a picture.",
        examples=["last"],
    )


class Scoring(Stage):
    """The stage that judges a take before more work is spent on it."""

    threshold: Share = Field(
        0.2,
        ge=0,
        le=1,
        description="Score below which a take is made again with another seed, 0 to 1; 0 judges nothing.",
        examples=[0.3],
    )
    takes: Whole = Field(
        2,
        ge=1,
        le=8,
        description="How often a take is made at most; then the best one is used.",
        examples=[3],
    )


class Studio(_Part):
    """Which adapter does each stage."""

    shot: Shot = Field(
        Shot(use="procedural", carry=None),
        description="Makes moving pictures from a shot prompt.",
        examples=[{"use": "procedural"}],
    )
    score: Scoring = Field(
        Scoring(use="measures", threshold=0.2, takes=2),
        description="Judges each take before more work is spent on it.",
        examples=[{"use": "measures", "threshold": 0.3}],
    )
    interpolate: Stage = Field(
        Stage(use="dis"),
        description="Brings a take to the format's frame rate.",
        examples=[{"use": "dis"}],
    )
    upscale: Stage = Field(
        Stage(use="detail"), description="Brings a take to the format's size.", examples=[{"use": "detail"}]
    )
    music: Stage = Field(
        Stage(use="synth"), description="Composes the bed of a sequence.", examples=[{"use": "synth"}]
    )


class Reruns(_Part):
    """How finished sequences come back."""

    share: Share = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of reruns while new content is plentiful, from 0 to 1.",
        examples=[0.3],
    )
    cooldown: Seconds = Field(
        7200.0,
        ge=0,
        le=30 * 86400,
        description="Rest before a sequence may air again, e.g. 2h.",
        examples=["2h"],
    )


class Branding(_Part):
    """How the channel signs its pictures."""

    label: Line = Field(
        "",
        max_length=40,
        description="Short text beside the machine-made label.",
        examples=["Tideline"],
    )
    accent: str = Field(
        "#8fb8de",
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="Accent colour, # and six hexadecimal digits, in quotes.",
        examples=["#8fb8de"],
    )
    lower_third: Literal["first", "every", "off"] = Field(
        "first",
        description="Which shots of a sequence show its title for some seconds: `first`, `every` or `off`.",
        examples=["first"],
    )
    bug: bool = Field(
        True, description="Whether the channel's mark stands in the corner of its clips.", examples=[True]
    )
    ident: Seconds = Field(
        900.0,
        ge=0,
        le=86400,
        description="Programme between two idents at least, e.g. 15m; 0 for none.",
        examples=["15m"],
    )
    next: Seconds = Field(
        600.0,
        ge=0,
        le=86400,
        description="Programme between two cards that tell what comes next, at least; 0 for none.",
        examples=["10m"],
    )
    bumper: Seconds = Field(
        300.0,
        ge=0,
        le=86400,
        description="Programme between two bumpers at least, e.g. 5m; 0 for none.",
        examples=["5m"],
    )


class Channel(_Part):
    """One channel: theme, style, music, stages, safety."""

    name: Line = Field(
        min_length=1, max_length=60, description="The name that viewers see.", examples=["Tideline"]
    )
    theme: Text = Field(
        description="The idea of the channel in plain language.",
        examples=["The sea and its edges, from dawn to dark."],
    )
    style: str = Field(
        "",
        max_length=2000,
        description="How the pictures look, in plain language.",
        examples=["Soft watercolour, warm light."],
    )
    avoid: tuple[Word, ...] = Field(
        (), max_length=100, description="What must not be shown.", examples=[["storm damage", "lettering"]]
    )
    language: str = Field(
        "en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language of titles and prompts as a BCP 47 tag: en, de, pt-BR, ...",
        examples=["en"],
    )
    sequence: SequenceShape = Field(
        SequenceShape(), description="How sequences are cut.", examples=[{"shots": 4, "seconds": 4}]
    )
    music: Music = Field(
        Music(), description="What the channel sounds like.", examples=[{"mood": "calm", "tempo": 80}]
    )
    audio: Audio = Field(
        Audio.MIXED,
        description="How sound goes on air: mixed with crossfades, or copied from clips, which is cheaper.",
        examples=["mixed"],
    )
    studio: Studio = Field(
        Studio(),
        description="Which adapter does each stage.",
        examples=[{"shot": {"use": "procedural"}}],
    )
    format: str = Field(
        "720p24@1",
        description="House format: size, frames per second and version; fixed for the channel's life.",
        examples=["720p24@1"],
        json_schema_extra={"enum": list(FORMAT_NAMES)},
    )
    buffer: Seconds = Field(
        600.0,
        ge=30,
        le=86400,
        description="Unaired new content to keep ahead, e.g. 10m; then the studio rests.",
        examples=["10m"],
    )
    reruns: Reruns = Field(
        Reruns(),
        description="How finished sequences come back.",
        examples=[{"share": 0.3, "cooldown": "2h"}],
    )
    rating: Rating = Field(Rating.EVERYONE, description="For whom the channel is.", examples=["everyone"])
    commercial: bool = Field(
        False,
        description="Whether the channel serves a business: models whose terms forbid that are refused.",
        examples=[True],
    )
    outputs: tuple[Word, ...] = Field(
        (), max_length=16, description="Names of the operator's outputs.", examples=[["twitch"]]
    )
    branding: Branding = Field(
        Branding(),
        description="How the channel signs its pictures.",
        examples=[{"label": "Tideline", "accent": "#8fb8de"}],
    )
    paused: bool = Field(False, description="Pauses generation, never the air.", examples=[True])

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        try:
            house_format(value)
        except InputError as error:
            raise PydanticCustomError("house_format", "is no house format") from error
        return value

    @property
    def house_format(self) -> HouseFormat:
        """The parsed house format."""
        return house_format(self.format)
