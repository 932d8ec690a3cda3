"""Two naive ways to a finished clip, for comparison: straightforward code around the same renderer.

``render`` draws every frame at full size and rate, so there is nothing to interpolate or upscale. ``steps``
draws half of both as we do and then takes the textbook steps: dense flow both ways at the take's size, both
frames warped half way and averaged, cubic resizing. Both compose the same bed and hand raw frames to the
FFmpeg binary (x264 ``veryfast``, AAC) through a pipe. Neither checks, labels or proves anything, and neither
writes a poster, so they do less work than we do.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import cv2
import numpy as np
import soundfile

from webtv.core.errors import ComponentError
from webtv.core.format import SAMPLE_RATE, HouseFormat
from webtv.studio.ports import Frames, ShotRequest, Sound
from webtv.studio.procedural.shots import ProceduralShots

WAYS = ("render", "steps")


def write_bed(sound: Sound, path: Path) -> None:
    """Keep a bed as it was composed."""
    soundfile.write(path, sound, SAMPLE_RATE, format="WAV", subtype="PCM_16")


def make_naively(
    way: str, ffmpeg: Path, request: ShotRequest, form: HouseFormat, *, bed: Path, bed_at: int, target: Path
) -> None:
    """Make one clip in a naive way.

    Args:
        way: ``render`` or ``steps``.
        ffmpeg: binary that encodes.
        request: what to show, in which size, how long.
        form: house format.
        bed: WAV file of the sequence's bed.
        bed_at: sample at which the clip begins.
        target: where the MP4 is written.

    Raises:
        ComponentError: FFmpeg failed.
    """
    size, start = f"{form.width}x{form.height}", f"{bed_at / SAMPLE_RATE:.6f}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(form.fps), "-i", "-"]
    sound = ["-ss", start, "-t", f"{request.seconds:g}", "-i", str(bed)]
    codecs = [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        str(form.gop),
        "-c:a",
        "aac",
    ]
    head = [str(ffmpeg), "-v", "error", "-y", "-threads", "1"]
    argv = [*head, *raw, *sound, *codecs, "-threads", "1", "-t", f"{request.seconds:g}", str(target)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            asyncio.run(_feed(way, request, form, child.stdin.write))
            child.stdin.close()
    if child.returncode:
        raise ComponentError("FFmpeg could not encode a naive clip", remedy="unset WEBTV_FFMPEG")


async def _feed(
    way: str, request: ShotRequest, form: HouseFormat, write: Callable[[memoryview], object]
) -> None:
    frames = _rendered(request, form) if way == "render" else _stepwise(request, form)
    async for picture in frames:
        write(picture.data)


async def _rendered(request: ShotRequest, form: HouseFormat) -> AsyncIterator[Frames]:
    async for chunk in ProceduralShots(fps=form.fps, scale=1.0).shoot(request):
        for frame in chunk.frames:
            yield frame


async def _stepwise(request: ShotRequest, form: HouseFormat) -> AsyncIterator[Frames]:
    middle = _Middle()
    last: Frames | None = None
    async for chunk in ProceduralShots(fps=form.fps // 2, scale=0.5).shoot(request):
        for frame in chunk.frames:
            if last is not None:
                yield _resized(middle.of(last, frame), form)
            yield _resized(frame, form)
            last = frame
    if last is not None:
        yield _resized(last, form)


def _resized(frame: Frames, form: HouseFormat) -> Frames:
    return np.asarray(cv2.resize(frame, (form.width, form.height), interpolation=cv2.INTER_CUBIC), np.uint8)


class _Middle:
    """The frame half way between two, as a tutorial on optical flow would make it."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def of(self, a: Frames, b: Frames) -> Frames:
        ga, gb = cv2.cvtColor(a, cv2.COLOR_RGB2GRAY), cv2.cvtColor(b, cv2.COLOR_RGB2GRAY)
        height, width = ga.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        ahead = self._flow.calc(ga, gb, None)  # type: ignore[call-overload]
        back = self._flow.calc(gb, ga, None)  # type: ignore[call-overload]
        warped = []
        for frame, flow in ((a, ahead), (b, back)):
            at_x, at_y = x - 0.5 * flow[..., 0], y - 0.5 * flow[..., 1]
            warped.append(cv2.remap(frame, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        return np.asarray(cv2.addWeighted(warped[0], 0.5, warped[1], 0.5, 0), np.uint8)
