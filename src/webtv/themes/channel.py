"""The schema of a channel file: what a curator may write, and nothing else.

Pydantic stands at the edge only: rooms to the right read these frozen models and never build them.
Durations in YAML are seconds or texts such as ``90s``, ``5m``, ``2h``.
"""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from webtv.core.errors import InputError
from webtv.core.format import HouseFormat, house_format

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)?")
_UNIT = {None: 1, "s": 1, "m": 60, "h": 3600}


def _seconds(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNIT[match[2]]
    return value


Seconds = Annotated[float, BeforeValidator(_seconds)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Word = Annotated[str, Field(min_length=1, max_length=80)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Rating(StrEnum):
    """For whom a channel is; the safety filter and the writer obey it."""

    EVERYONE = "everyone"
    TEEN = "teen"
    MATURE = "mature"


class SequenceShape(_Part):
    """How a sequence is cut."""

    shots: int = Field(4, ge=1, le=24, description="Shots per sequence; they share cast, place and music.")
    seconds: int = Field(4, ge=2, le=30, description="Length of one shot in seconds, an even number.")

    @field_validator("seconds")
    @classmethod
    def _whole_gops(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even, because clips are cut every two seconds")
        return value


class Music(_Part):
    """What the channel sounds like."""

    mood: Word = Field("calm", description="Mood in a word or two: calm, dreamy, bright, tense, ...")
    tempo: int = Field(80, ge=40, le=200, description="Beats per minute.")
    instruments: tuple[Word, ...] = Field(
        ("pad", "felt piano"), min_length=1, max_length=8, description="Instruments, leading voice first."
    )


class Stage(BaseModel):
    """One stage of the studio: the adapter's name and whatever options that adapter takes."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    use: Word = Field(description="Name of an adapter or of an endpoint that the operator defined.")

    @property
    def options(self) -> dict[str, Any]:
        """Everything beside ``use``, for the adapter to judge."""
        return dict(self.model_extra or {})


class Studio(_Part):
    """Which adapter does each stage."""

    shot: Stage = Field(Stage(use="procedural"), description="Makes moving pictures from a shot prompt.")
    interpolate: Stage = Field(Stage(use="dis"), description="Brings a take to the format's frame rate.")
    upscale: Stage = Field(Stage(use="detail"), description="Brings a take to the format's size.")
    music: Stage = Field(Stage(use="synth"), description="Composes the bed of a sequence.")


class Reruns(_Part):
    """How finished sequences come back."""

    share: float = Field(0.3, ge=0, le=1, description="Share of reruns while new content is plentiful.")
    cooldown: Seconds = Field(
        7200.0, ge=0, le=30 * 86400, description="Rest before a sequence may air again, e.g. 2h."
    )


class Branding(_Part):
    """How the channel signs its pictures."""

    label: str = Field("", max_length=40, description="Short text beside the machine-made label.")
    accent: str = Field("#8fb8de", pattern=r"^#[0-9a-fA-F]{6}$", description="Accent colour, #rrggbb.")


class Channel(_Part):
    """One channel: theme, style, music, stages, safety."""

    name: str = Field(min_length=1, max_length=60, description="The name that viewers see.")
    theme: Text = Field(description="The idea of the channel in plain language.")
    style: Text = Field("", description="How the pictures look, in plain language.")
    avoid: tuple[Word, ...] = Field((), max_length=100, description="What must not be shown.")
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="BCP 47 tag.")
    sequence: SequenceShape = Field(SequenceShape(), description="How sequences are cut.")
    music: Music = Field(Music(), description="What the channel sounds like.")
    studio: Studio = Field(Studio(), description="Which adapter does each stage.")
    format: str = Field("720p24@1", description="House format; fixed for the channel's life.")
    buffer: Seconds = Field(
        600.0,
        ge=30,
        le=86400,
        description="Unaired new content to keep ahead, e.g. 10m; then the studio rests.",
    )
    reruns: Reruns = Field(Reruns(), description="How finished sequences come back.")
    rating: Rating = Field(Rating.EVERYONE, description="For whom the channel is.")
    outputs: tuple[Word, ...] = Field((), max_length=16, description="Names of the operator's outputs.")
    branding: Branding = Field(Branding(), description="How the channel signs its pictures.")
    paused: bool = Field(False, description="Pauses generation, never the air.")

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        try:
            house_format(value)
        except InputError as error:
            raise ValueError(f"{error.message}: {error.remedy}") from error
        return value

    @property
    def house_format(self) -> HouseFormat:
        """The parsed house format."""
        return house_format(self.format)
