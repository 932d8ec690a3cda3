"""A received video as a take: its frames at a whole rate and at most the finished clip's size."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from webtv.core.errors import QualityError
from webtv.studio.ports import Chunk, Frames, ShotRequest
from webtv.studio.remote.screening import Received, frames_of, opened

_SLOWEST = 4  # frames per second below which interpolation has nothing left to join
CHUNK = 8  # frames
_NEARLY = 0.98  # a take that is shorter by less is held on its last frame


@dataclass(frozen=True, slots=True)
class Timing:
    """How a received video is played.

    Attributes:
        fps: frames per second of the take.
        sources: for each of its frames, which received one it shows.
        slower: how many times slower than it was made; 1 if it was long enough.
    """

    fps: int
    sources: tuple[int, ...]
    slower: float


def timing(received: Received, request: ShotRequest, slowest: float, place: str = "") -> Timing:
    """Fit a received video to the length that was asked for, at its own rate where that is possible.

    A video of odd or changing frame rate is sampled at the nearest whole one; one that is too short plays
    slower, within bounds.

    Raises:
        QualityError: it is far too short.
    """
    slower = 1.0 if received.seconds >= request.seconds * _NEARLY else request.seconds / received.seconds
    rate = min(request.fps, max(1, round(received.fps / slower)))
    if slower > slowest or (rate < _SLOWEST and rate < request.fps):
        raise QualityError(
            f"the video lasts {received.seconds:.1f} s where {request.seconds:g} s were asked for",
            place=place,
            remedy="set the endpoint's lengths and frames to what it makes, or cut shots shorter",
        )
    count = max(1, math.ceil(request.seconds * rate))
    # Half a source frame of leeway: timestamps are rounded, and k/rate must not fall just before one.
    leeway = 0.5 / max(received.fps, rate)
    sources = tuple(
        max(0, bisect_right(received.times, k / rate / slower + leeway) - 1) for k in range(count)
    )
    return Timing(rate, sources, slower)


def play(
    path: Path, container: str, size: tuple[int, int], timing: Timing, place: str = ""
) -> Iterator[Chunk]:
    """Decode a screened file again, into chunks; blocking, and in the child as :func:`screen` is.

    Pictures keep the finished clip's aspect (the middle is kept) and are made smaller where they are larger.

    Args:
        path: the file.
        container: what it was screened as.
        size: width and height of the finished clip, in pixels.
        timing: which frames are shown when.
        place: where it came from, for errors.

    Raises:
        QualityError: it decodes otherwise than before.
        MemoryError: it takes more than this process may have.
    """
    wanted, start = 0, 0
    held: list[Frames] = []
    with opened(path, container, place) as stream:
        for index, frame in enumerate(frames_of(stream, place)):
            if wanted >= len(timing.sources):
                break
            if timing.sources[wanted] != index:
                continue
            picture = _fitted(frame, *size)
            while wanted < len(timing.sources) and timing.sources[wanted] == index:
                held.append(picture)
                wanted += 1
                if len(held) == CHUNK:
                    yield Chunk(np.stack(held), start, timing.fps)
                    start, held = wanted, []
    if held:
        yield Chunk(np.stack(held), start, timing.fps)
    if wanted < len(timing.sources):
        raise QualityError("the video decodes otherwise than a moment ago", place=place)


def _fitted(frame: av.VideoFrame, most_width: int, most_height: int) -> Frames:
    picture: Frames = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    height, width = picture.shape[:2]
    aspect = most_width / most_height
    wide, high = min(width, round(height * aspect)), min(height, round(width / aspect))
    left, top = (width - wide) // 2, (height - high) // 2
    picture = picture[top : top + high, left : left + wide]
    scale = min(1.0, most_width / wide, most_height / high)
    if scale < 1.0:
        size = (min(most_width, round(wide * scale)), min(most_height, round(high * scale)))
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(picture)
