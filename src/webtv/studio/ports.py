"""The ports of the studio, one per stage, and what flows between them.

A take is an async iterator of chunks, so a four second clip and an endless real-time session have the
same shape, and no stage holds a whole take in memory. Adapters do heavy work in threads
(``asyncio.to_thread``) or children, so that the loop that drives them stays responsive.
Contract suite: ``tests/studio/contract.py``; shipped fakes: :mod:`webtv.testing.studio`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from webtv.prompts.sequence import MusicBrief, ShotPrompt

Frames = NDArray[np.uint8]
Sound = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive frames of a take.

    Attributes:
        frames: uint8[T, H, W, 3], sRGB, T >= 1.
        start_frame: index of the first of them within the take, counted from 0.
        fps: frames per second of the take.
    """

    frames: Frames
    start_frame: int
    fps: int


Take = AsyncIterator[Chunk]


class Media(StrEnum):
    """How a picture came about (IPTC digital source type); decides its label."""

    ALGORITHMIC = "algorithmicMedia"
    TRAINED = "trainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Before:
    """The shot before another one in its sequence.

    Attributes:
        prompt: what it shows.
        seed: of its take, as far as that was known when the order was written.
    """

    prompt: ShotPrompt
    seed: int


@dataclass(frozen=True, slots=True)
class ShotRequest:
    """One request for moving pictures.

    Attributes:
        prompt: what to show.
        seconds: length; the take holds at least ``round(seconds * fps)`` frames at its own rate.
        width: pixels that the finished clip will have; an adapter may return a smaller take.
        height: likewise.
        fps: rate that the finished clip will have; an adapter may return a slower take.
        seed: the same request with the same seed gives the same frames.
        shot: position in the sequence, from 0.
        shots: shots in the sequence.
        sequence_seed: shared by all shots of a sequence: place, light, palette and cast follow from it.
        image: uint8[H, W, 3] sRGB that the take begins with, from a shot before it in the sequence; None for
            a take from text alone. Only adapters whose capability says ``from_image`` are ever given one.
        before: the shot before it, for adapters that can begin with a dissolve; None for a cut.
    """

    prompt: ShotPrompt
    seconds: float
    width: int
    height: int
    fps: int
    seed: int
    shot: int = 0
    shots: int = 1
    sequence_seed: int = 0
    image: Picture | None = field(default=None, compare=False, repr=False)
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """What a stage says of itself for provenance.

    Attributes:
        adapter: name under which wiring knows it.
        model: model and revision, or the name and version of the algorithm.
        media: how its pictures come about.
        details: JSON-compatible: what was understood of the prompt, steps, guidance, ...
    """

    adapter: str
    model: str
    media: Media
    details: Mapping[str, Any] = field(default_factory=dict)


class ShotMaker(Protocol):
    """Makes a take from a shot prompt."""

    def shoot(self, request: ShotRequest) -> Take:
        """Start a take. Iterating it does the work; closing the iterator abandons it.

        Raises:
            WebTVError: while iterating, by category.
        """
        ...

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance of a take made for this request."""
        ...


class Interpolator(Protocol):
    """Brings a take to a higher frame rate."""

    def interpolate(self, take: Take, fps: int) -> Take:
        """Yield the take at ``fps``, at least ``duration * fps`` frames; cuts are never morphed."""
        ...


class Upscaler(Protocol):
    """Brings a take to a larger size."""

    def upscale(self, take: Take, width: int, height: int, request: ShotRequest | None = None) -> Take:
        """Yield the take at exactly that size.

        Args:
            take: what to enlarge.
            width: pixels of what is yielded.
            height: likewise.
            request: what the take shows, for upscalers that look at the prompt and the seed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Grade:
    """One step down in quality, for a station that cannot keep up.

    Attributes:
        name: what changes, in a word or two: ``fewer steps``, ``smaller``.
        options: the stage's options with which it is done, ``use`` included.
    """

    name: str
    options: Mapping[str, Any]


@runtime_checkable
class Graded(Protocol):
    """An adapter that can work faster at less quality."""

    def cheaper(self) -> Sequence[Grade]:
        """Ever cheaper ways of the same work, the best first; without the way it is set to."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """How well a take shows what was asked for.

    Attributes:
        value: 0 (not at all) to 1.
        parts: what it is made of, each 0..1, by name: ``colours``, ``direction``, ``motion``, ...
        reason: what is amiss, a short sentence for provenance and log; empty if nothing is.
    """

    value: float
    parts: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class TakeScorer(Protocol):
    """Judges a take before more work is spent on it."""

    async def score(self, frames: Frames, fps: int, prompt: ShotPrompt) -> Score:
        """Judge a whole take.

        Args:
            frames: uint8[T, H, W, 3] sRGB, all of it, perhaps mapped from a file: take samples.
            fps: its rate.
            prompt: what was asked for.

        Raises:
            WebTVError: by category.
        """
        ...


@dataclass(frozen=True, slots=True)
class BedRequest:
    """One request for the sound of a sequence.

    Attributes:
        music: mood, tempo, instruments, ambience.
        samples: length at 48 kHz, crossfade included.
        seed: the same request gives the same samples.
    """

    music: MusicBrief
    samples: int
    seed: int


class Composer(Protocol):
    """Composes beds."""

    async def compose(self, request: BedRequest) -> Sound:
        """Return float32[samples, 2] at 48 kHz in [-1, 1]; loudness is set later, at mastering."""
        ...

    def credit(self, request: BedRequest) -> Credit:
        """What stands in the provenance of such a bed."""
        ...
