"""Pictures that carry their own number: a row of black and white squares, read back in a browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page

from webtv.clips.encoder import encode_mp4
from webtv.core.format import SAMPLE_RATE, HouseFormat
from webtv.studio.ports import Frames

BITS = 16
SQUARE = 32  # pixels; large enough to survive every encoder
CELLS = BITS + 3  # white, black, the number with its highest bit first, even parity


def code(number: int) -> list[int]:
    """The squares of a number: 1 is white."""
    bits = [number >> (BITS - 1 - place) & 1 for place in range(BITS)]
    return [1, 0, *bits, sum(bits) % 2]


def numbered(form: HouseFormat, first: int, count: int) -> Iterator[Frames]:
    """Pictures ``first`` to ``first + count``, half a second at a time; behind the number something moves."""
    shade = np.linspace(40, 200, form.width).astype(np.uint8)
    for start in range(first, first + count, form.fps // 2):
        numbers = range(start, min(start + form.fps // 2, first + count))
        frames = np.empty((len(numbers), form.height, form.width, 3), np.uint8)
        for frame, number in zip(frames, numbers, strict=True):
            frame[:] = np.roll(shade, 4 * number)[None, :, None]
            for place, bit in enumerate(code(number)):
                frame[:SQUARE, place * SQUARE : (place + 1) * SQUARE] = 235 * bit + 8
        yield frames


def numbered_clips(folder: Path, form: HouseFormat, *, clips: int, seconds: int) -> list[Path]:
    """Clips by the real encoder; the number goes on from each to the next, from 0."""
    made = []
    frames = seconds * form.fps
    for index in range(clips):
        noise = np.random.default_rng(index).standard_normal((seconds * SAMPLE_RATE, 2))
        path = folder / f"numbered-{index}.mp4"
        encode_mp4(numbered(form, index * frames, frames), np.asarray(0.02 * noise, np.float32), form, path)
        made.append(path)
    return made


@dataclass(frozen=True)
class Glass:
    """What was seen on a screen.

    Attributes:
        latencies: seconds from the emission of each picture until it was seen, in order.
        misread: pictures whose squares did not add up.
        stalls: how often the picture stood still for want of data.
        dropped: pictures that the browser left out.
        first: seconds from the beginning of the visit to the first picture.
    """

    latencies: list[float]
    misread: int
    stalls: int
    dropped: int
    first: float


# Runs in the page. Each picture is drawn as it is shown, its squares shrunk to one pixel each.
WATCH = """({ cells, square }) => {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(cells * 4, 4);
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  const found = { seen: [], misread: 0, stalls: 0 };
  globalThis.glass = found;
  video.addEventListener("waiting", () => { if (found.seen.length && !video.seeking) found.stalls += 1; });
  const look = (now, shown) => {
    video.requestVideoFrameCallback(look);
    drawn.drawImage(video, 0, 0, cells * square, square, 0, 0, cells * 4, 4);
    const { data } = drawn.getImageData(0, 0, cells * 4, 4);
    const white = (_, cell) => Number(data[4 * (cells * 4 * 2 + cell * 4 + 2)] > 127);
    const bits = Array.from({ length: cells }, white);
    const number = bits.slice(2, -1).reduce((sum, bit) => 2 * sum + bit, 0);
    const even = bits.slice(2).reduce((sum, bit) => sum + bit, 0) % 2 === 0;
    const utc = (performance.timeOrigin + shown.expectedDisplayTime) / 1000;
    if (bits[0] === 1 && bits[1] === 0 && even) found.seen.push([utc, number]);
    else found.misread += 1;
  };
  video.requestVideoFrameCallback(look);
}"""


async def begin_watching(page: Page) -> None:
    """Keep what is shown from now on."""
    await page.evaluate(WATCH, {"cells": CELLS, "square": SQUARE})


async def what_was_seen(page: Page, epoch: float, fps: int, cycle: int) -> Glass:
    """Hold the pictures that were shown against the time at which the head-end emitted them.

    Args:
        page: one on which :func:`begin_watching` ran.
        epoch: UTC second of frame 0.
        fps: frames per second.
        cycle: pictures after which the numbers begin again; longer than any latency in question.
    """
    found: dict[str, Any] = await page.evaluate("() => globalThis.glass")
    dropped = await page.evaluate(
        "() => document.querySelector('video').getVideoPlaybackQuality().droppedVideoFrames"
    )
    origin = await page.evaluate("() => performance.timeOrigin / 1000")
    seen = found["seen"]
    latencies = [((utc - epoch) * fps - number) % cycle / fps for utc, number in seen]
    first = seen[0][0] - origin if seen else float("inf")
    return Glass(latencies, found["misread"], found["stalls"], dropped, first)
