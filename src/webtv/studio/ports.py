"""The ports of the studio, one per stage, and what flows between them.

A take is an async iterator of chunks, so a four second clip and an endless real-time session have the
same shape, and no stage holds a whole take in memory. Adapters do heavy work in threads
(``asyncio.to_thread``) or children, so that the loop that drives them stays responsive.
Contract suite: ``tests/studio/contract.py``; shipped fakes: :mod:`webtv.testing.studio`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from webtv.prompts.sequence import MusicBrief, ShotPrompt

Frames = NDArray[np.uint8]
Sound = NDArray[np.float32]


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

    def upscale(self, take: Take, width: int, height: int) -> Take:
        """Yield the take at exactly that size."""
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
