"""Small moving pictures and sounds that the tests of this room share."""

import functools
import io
from collections.abc import AsyncIterator
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from webtv.clips.encoder import encode_mp4
from webtv.core.format import HouseFormat, house_format
from webtv.studio.ports import Chunk, Frames, Sound

SMALL = house_format("576p24@1")
_DECODING = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
)


def texture(seed: int, rows: int, columns: int) -> Frames:
    """A cloudy picture with structure at several sizes."""
    noise = np.random.default_rng(seed)
    picture = np.zeros((rows, columns, 3), np.float32)
    for cells, weight in ((4, 1.0), (9, 0.7), (20, 0.5), (60, 0.25), (150, 0.12)):
        layer = noise.standard_normal((cells * 9 // 16 + 1, cells, 3)).astype(np.float32)
        picture += weight * cv2.resize(layer, (columns, rows), interpolation=cv2.INTER_CUBIC)
    picture -= picture.min()
    return np.asarray(picture / picture.max() * 235 + 10, np.uint8)


@functools.lru_cache(maxsize=4)
def pan(format: HouseFormat, frames: int, *, seed: int = 1, speed: float = 60.0) -> Frames:
    """A texture that slides by at ``speed`` pixels per second; not writeable, as it is shared."""
    room = int(speed * frames / format.fps) + 2
    wide = texture(seed, format.height, format.width + room)
    pictures = []
    for number in range(frames):
        shift = np.array([[1, 0, -speed * number / format.fps], [0, 1, 0]], np.float32)
        pictures.append(cv2.warpAffine(wide, shift, (format.width, format.height)))
    result = np.stack(pictures)
    result.flags.writeable = False
    return result


def strobe(
    format: HouseFormat,
    frames: int,
    *,
    half_period: int,
    on: tuple[int, int, int] = (230, 230, 230),
    off: tuple[int, int, int] = (20, 20, 20),
    share: float = 1.0,
) -> Frames:
    """A pan with a block in its middle, ``share`` of the frame each way, that goes on and off."""
    pictures = pan(format, frames).copy()
    rows, columns = int(format.height * share), int(format.width * share)
    top, left = (format.height - rows) // 2, (format.width - columns) // 2
    for number, picture in enumerate(pictures):
        lit = number // half_period % 2
        picture[top : top + rows, left : left + columns] = on if lit else off
    return pictures


def tone(format: HouseFormat, frames: int, hertz: float = 440.0, level: float = 0.2) -> Sound:
    """A sine on both channels, as long as that many frames."""
    at = np.arange(frames * format.samples_per_frame) / 48_000
    wave = level * np.sin(2 * np.pi * hertz * at + 0.3)
    return np.stack([wave, wave], axis=1).astype(np.float32)


async def take_of(pictures: Frames, format: HouseFormat, size: int = 10) -> AsyncIterator[Chunk]:
    """The pictures as a take, in chunks that do not meet GOPs."""
    for start in range(0, len(pictures), size):
        yield Chunk(pictures[start : start + size], start, format.fps)


def encoded(pictures: Frames, format: HouseFormat, sound: Sound | None = None, **options: Any) -> bytes:
    """An MP4 in memory."""
    target = io.BytesIO()
    encode_mp4([pictures], tone(format, len(pictures)) if sound is None else sound, format, target, **options)
    return target.getvalue()


def decoded_pictures(data: bytes) -> list[Frames]:
    """The pictures of an MP4, converted back without rounding losses."""
    back = VideoReformatter()
    with av.open(io.BytesIO(data)) as container:
        return [
            back.reformat(
                frame,
                format="rgb24",
                src_colorspace=Colorspace.ITU709,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.MPEG,
                dst_color_range=ColorRange.JPEG,
                interpolation=_DECODING,
            ).to_ndarray()
            for frame in container.decode(video=0)
        ]


def packets(data: bytes, kind: str) -> list[Any]:
    """The packets of an MP4's video or audio track."""
    with av.open(io.BytesIO(data)) as container:
        return [packet for packet in container.demux(**{kind: 0}) if packet.size]
