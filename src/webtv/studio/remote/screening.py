"""What comes back from elsewhere, looked at before it passes as a take.

The container is told from its first bytes and opened by that name alone, so that no playlist, script or
manifest makes FFmpeg open other files or addresses; only codecs that video models write are decoded; every
figure is counted, none is believed. All of it happens in a child process (:mod:`.darkroom`), because a
decoder allocates by what a file says of itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import QualityError
from webtv.studio.remote.boxes import expect_sane_tables

CONTAINERS = frozenset({"mov", "matroska", "avi"})
SMALLEST, LARGEST = 32, 4096  # pixels of a side
MOST_FRAMES = 20_000
LONGEST = 600.0  # seconds
_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg"})
_FPS = (1, 240)
_PATIENCE = 120.0  # seconds for decoding all of it
_ROWS, _COLUMNS = 36, 64
_BLACK = 24.0  # code value that the brightest hundredth of a picture must exceed
# Code values by which the busiest hundredth must change: a still coded by x264 wavers by 1 at its keyframes.
_STILL = 1.5
_BLACK_SECONDS, _STILL_SECONDS = 1.0, 1.5  # those of the check that a finished clip must pass


@dataclass(frozen=True, slots=True)
class Received:
    """A video file that was decoded from end to end.

    Attributes:
        path: the file.
        container: FFmpeg's name of it.
        codec: likewise.
        width: pixels.
        height: likewise.
        times: seconds at which each frame is shown, rising, from 0.
        seconds: length, the last frame's share included.
        flaw: why nobody would want to see it, as a sentence; empty if one may.
    """

    path: Path
    container: str
    codec: str
    width: int
    height: int
    times: tuple[float, ...]
    seconds: float
    flaw: str = ""

    def expect_to_show(self, place: str = "") -> None:
        """Refuse what a finished clip would be refused for.

        Raises:
            QualityError: it is black or stands still: the prompt's or the seed's doing, not the server's.
        """
        if self.flaw:
            raise QualityError(self.flaw, place=place)

    @property
    def fps(self) -> float:
        """Frames per second on average."""
        return len(self.times) / self.seconds


def container_of(head: bytes) -> str:
    """FFmpeg's name of the container that a file begins with; empty if it is none that is taken."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return ""


def screen(path: Path, place: str = "") -> Received:
    """Decode a file once and say what it is; blocking.

    Args:
        path: the file, ours alone.
        place: where it came from, for errors.

    Raises:
        QualityError: it is no video, or none that may pass as a take, whatever it shows.
        MemoryError: it takes more than this process may have.
    """
    with path.open("rb") as file:
        container = container_of(file.read(16))
    if not container:
        raise QualityError("what came back is no MP4, WebM or AVI file", place=place)
    if container == "mov":
        expect_sane_tables(path, place)
    end = time.monotonic() + _PATIENCE
    look = _Look()
    times: list[float] = []
    with opened(path, container, place) as stream:
        codec = stream.codec_context.name
        step = _step(stream, place)
        for frame in frames_of(stream, place):
            size = (frame.width, frame.height)
            if len(times) >= MOST_FRAMES or time.monotonic() > end:
                raise QualityError("the video has more frames than a take may have", place=place)
            if not times:
                first, shape = frame.time or 0.0, size
                _check_size(*size, place)
            elif size != shape:
                raise QualityError("the video changes its size in the middle", place=place)
            at = (frame.time - first) if frame.time is not None else len(times) * step
            times.append(max(at, times[-1] if times else 0.0))
            look.at(frame)
    if not times:
        raise QualityError("the video holds no frame that can be decoded", place=place)
    seconds = times[-1] + _last_step(times, step)
    if not 0 < seconds <= LONGEST or not _FPS[0] <= len(times) / seconds <= _FPS[1]:
        raise QualityError(f"{len(times)} frames in {seconds:.1f} s are no take", place=place)
    flaw = look.flaw(len(times) / seconds)
    return Received(path, container, codec, *shape, tuple(times), seconds, flaw)


@contextmanager
def opened(path: Path, container: str, place: str) -> Iterator[Any]:
    """Open the one video stream of a file that was told to be of this container.

    Raises:
        QualityError: it is not, or holds none, several, or one of a codec that is not taken.
    """
    try:
        file: Any = av.open(str(path), format=container, options={"protocol_whitelist": "file"})
    except MemoryError:  # one of FFmpeg's errors, too
        raise
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise QualityError("the video cannot be opened: it is damaged or cut off", place=place) from error
    with file:
        streams = list(file.streams.video)
        if len(streams) != 1:
            raise QualityError(f"the file holds {len(streams)} video streams where one belongs", place=place)
        context = streams[0].codec_context
        if context is None or context.name not in _CODECS:
            name = context.name if context is not None else "unknown"
            raise QualityError(f"the codec {name} is not taken", place=place)
        _check_size(context.width, context.height, place)
        context.thread_count = 1  # many takes at once share the machine
        yield streams[0]


def frames_of(stream: Any, place: str) -> Iterator[Any]:
    """Decode a stream's frames.

    Raises:
        QualityError: it is damaged.
    """
    try:
        yield from stream.container.decode(stream)
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise QualityError("the video is damaged: it cannot be decoded to its end", place=place) from error


def _check_size(width: int, height: int, place: str) -> None:
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise QualityError(f"{width} x {height} pixels are no take", place=place)


def _step(stream: Any, place: str) -> float:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if rate is None or not _FPS[0] <= rate <= _FPS[1]:
        raise QualityError("the video's frame rate is unknown", place=place)
    return float(1 / Fraction(rate))


def _last_step(times: list[float], step: float) -> float:
    return times[-1] / (len(times) - 1) if len(times) > 1 and times[-1] > 0 else step


class _Look:
    """Watches for pictures that show nothing or do not move."""

    def __init__(self) -> None:
        self._black: list[bool] = []
        self._moved: list[bool] = []
        self._anchor: NDArray[np.float32] | None = None

    def at(self, frame: Any) -> None:
        """Take the next frame."""
        luma = frame.reformat(width=_COLUMNS, height=_ROWS, format="gray", interpolation="AREA").to_ndarray()
        self._black.append(float(np.percentile(luma, 99)) < _BLACK)
        # Grain averages out; against the first picture of a stillness, because slow motion adds up.
        small = np.asarray(cv2.GaussianBlur(luma.astype(np.float32), (0, 0), 1.5), np.float32)
        moved = self._anchor is None or float(np.percentile(np.abs(small - self._anchor), 99)) >= _STILL
        if moved:
            self._anchor = small
        self._moved.append(moved)

    def flaw(self, fps: float) -> str:
        """What a finished clip would be refused for; empty if for nothing."""
        black, still = _longest(self._black) / fps, (_longest([not m for m in self._moved]) + 1) / fps
        if all(self._black) or black >= _BLACK_SECONDS:
            return f"the picture is black for {black:.1f} s"
        if not any(self._moved[1:]) or still > _STILL_SECONDS:
            return f"the picture stands still for {still:.1f} s"
        return ""


def _longest(flags: list[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
