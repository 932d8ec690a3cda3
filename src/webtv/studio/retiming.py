"""Bringing a take to another rate: which moments are shown, and what is made of the frames around them."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction

import numpy as np

from webtv.studio.ports import Chunk, Frames, Take

Moments = Sequence[Fraction]
Render = Callable[[Frames, Moments], Frames]
"""Takes uint8[T, H, W, 3] and moments within it, counted in its frames and never decreasing; gives one frame
for each. A whole number is that frame itself."""


async def retimed(
    take: Take, fps: int, begin: Callable[[int, int], Render], *, slow: Fraction = Fraction(1)
) -> AsyncIterator[Chunk]:
    """Yield a take at ``fps``; one that has this rate already, and is not slowed, passes through untouched.

    The last frame is held to the end, so that the take lasts as long as before, times ``slow``.

    Args:
        take: what to retime.
        fps: frames per second of what is yielded.
        begin: called once with height and width; gives what renders frames of that size, in a thread.
        slow: how many times slower than life.
    """
    render: Render | None = None
    step = Fraction(1)  # of the take's frames, from one yielded frame to the next
    done = 0  # frames yielded
    seen = 0  # frames received
    last: Frames | None = None
    async for chunk in take:
        if chunk.fps == fps and slow == 1:
            yield chunk
            continue
        if render is None:
            step = Fraction(chunk.fps, fps) / slow
            render = begin(*chunk.frames.shape[1:3])
        frames = chunk.frames if last is None else np.concatenate((last, chunk.frames))
        first = seen - (last is not None)
        seen += len(chunk.frames)
        # Everything up to the newest frame can be made now.
        count = math.floor((seen - 1) / step) + 1 - done
        if count > 0:
            moments = [(done + k) * step - first for k in range(count)]
            yield Chunk(await asyncio.to_thread(render, frames, moments), done, fps)
            done += count
        last = chunk.frames[-1:]
    if last is not None:
        rest = math.ceil(seen / step) - done
        if rest > 0:
            yield Chunk(np.repeat(last, rest, axis=0), done, fps)


def between(moment: Fraction, count: int) -> tuple[int, Fraction]:
    """The frame at or before a moment of ``count`` frames, and the share of the way to the next one."""
    frame = min(math.floor(moment), count - 1)
    share = moment - frame
    return (frame, share) if frame + 1 < count else (frame, Fraction(0))
