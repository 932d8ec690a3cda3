"""Shipped fakes of the studio's ports: they keep every promise of a port and cost next to nothing."""

import math
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction

import numpy as np

from webtv.core.errors import WebTVError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import BedRequest, Chunk, Credit, Frames, Media, ShotRequest, Sound, Take


class FakeShots:
    """A :class:`webtv.studio.ports.ShotMaker` that draws a bar moving over a seeded gradient.

    Args:
        fps: frames per second of its takes; 0 takes the finished rate.
        scale: size of its takes as a share of the finished size.
        chunk: frames per chunk.
        failures: errors that the first shots raise, one each, before any frame.

    Attributes:
        requests: every request so far, oldest first.
    """

    def __init__(
        self, *, fps: int = 0, scale: float = 0.5, chunk: int = 12, failures: Sequence[WebTVError] = ()
    ) -> None:
        self.requests: list[ShotRequest] = []
        self._fps = fps
        self._scale = scale
        self._chunk = chunk
        self._failures = list(failures)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Draw a take."""
        self.requests.append(request)
        if self._failures:
            raise self._failures.pop(0)
        fps = self._fps or request.fps
        width, height = (
            max(2, 2 * round(side * self._scale / 2)) for side in (request.width, request.height)
        )
        rng = np.random.default_rng([request.seed, request.sequence_seed])
        first, second = rng.integers(40, 200, (2, 3))
        ramp = np.linspace(0, 1, height)[:, None, None]
        still = np.repeat(first + (second - first) * ramp, width, axis=1).astype(np.uint8)
        total = max(1, round(request.seconds * fps))
        for start in range(0, total, self._chunk):
            count = min(self._chunk, total - start)
            frames = np.repeat(still[None], count, axis=0)
            for i in range(count):
                at = int((start + i) / total * width * 0.8)
                frames[i, :, at : at + max(2, width // 5)] = 255 - still[:, at : at + max(2, width // 5)]
            yield Chunk(frames, start, fps)

    def credit(self, request: ShotRequest) -> Credit:
        """Algorithmic."""
        return Credit("fake", "fake 1", Media.ALGORITHMIC, {"seed": request.seed})


class FakeInterpolator:
    """A :class:`webtv.studio.ports.Interpolator` that repeats the nearest earlier frame."""

    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        """Yield the take at ``fps``."""
        done = seen = 0
        async for chunk in take:
            step = Fraction(chunk.fps, fps)
            count = math.ceil((seen + len(chunk.frames)) / step) - done
            index = [min(math.floor((done + k) * step) - seen, len(chunk.frames) - 1) for k in range(count)]
            seen += len(chunk.frames)
            if count:
                yield Chunk(chunk.frames[index], done, fps)
                done += count


class FakeUpscaler:
    """A :class:`webtv.studio.ports.Upscaler` that repeats pixels."""

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take at exactly that size."""
        async for chunk in take:
            rows = np.arange(height) * chunk.frames.shape[1] // height
            columns = np.arange(width) * chunk.frames.shape[2] // width
            frames: Frames = np.ascontiguousarray(chunk.frames[:, rows][:, :, columns])
            yield Chunk(frames, chunk.start_frame, chunk.fps)


class FakeComposer:
    """A :class:`webtv.studio.ports.Composer` that plays one seeded tone.

    Attributes:
        requests: every request so far, oldest first.
    """

    def __init__(self) -> None:
        self.requests: list[BedRequest] = []

    async def compose(self, request: BedRequest) -> Sound:
        """Return the tone, a little quieter on the right."""
        self.requests.append(request)
        pitch = 220 + request.seed % 220
        tone = 0.2 * np.sin(2 * np.pi * pitch * np.arange(request.samples) / SAMPLE_RATE)
        return np.stack((tone, tone * 0.8), axis=1).astype(np.float32)

    def credit(self, request: BedRequest) -> Credit:
        """Algorithmic."""
        return Credit("fake", "fake 1", Media.ALGORITHMIC, {"seed": request.seed})
