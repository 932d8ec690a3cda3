"""What a writer hands over: shot prompts, and the sequence that they tell together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ShotPrompt:
    """One structured request for a shot. Each repeats its whole context: a model sees only this one.

    Attributes:
        subject: who or what, with colours and count, e.g. ``two red foxes``.
        action: what moves, how, and in which direction.
        setting: place, season, weather.
        camera: framing and movement, e.g. ``wide shot, slow pan left``.
        light: time of day and light.
        palette: dominant colours.
        style: the look.
        mood: the feeling in a word or two.
        negative: what must not be shown, comma separated.
        text: the sentence(s) that a text-to-video model gets, made of all the above.
    """

    subject: str
    action: str
    setting: str
    camera: str
    light: str
    palette: str
    style: str
    mood: str
    negative: str
    text: str

    def to_json(self) -> dict[str, str]:
        """A JSON-compatible dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
        """
        return cls(**data)


@dataclass(frozen=True, slots=True)
class MusicBrief:
    """What the bed of a sequence should sound like.

    Attributes:
        mood: a word or two.
        tempo: beats per minute.
        instruments: leading voice first.
        ambience: sounds of the place, e.g. ``light rain``; may be empty.
    """

    mood: str
    tempo: int
    instruments: tuple[str, ...]
    ambience: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary."""
        return {**asdict(self), "instruments": list(self.instruments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            KeyError: there are no instruments.
            TypeError: keys are missing or unknown.
        """
        return cls(**{**data, "instruments": tuple(data["instruments"])})


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """Several shots that tell one thing: same cast, place and palette, one bed.

    Attributes:
        title: a few words for viewers, e.g. ``Foxes at the thaw``.
        shots: in the order in which they air; never empty.
        music: brief of the one bed.
        seed: seed of everything random that follows from this plan, 0 to 2**63-1.
        writer: adapter that wrote it, e.g. ``grammar`` or ``openai:gpt-5-mini``.
    """

    title: str
    shots: tuple[ShotPrompt, ...]
    music: MusicBrief
    seed: int
    writer: str
