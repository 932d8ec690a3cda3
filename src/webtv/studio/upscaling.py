"""Upscaling without a model: exact size, never letterboxed, detail kept and skies free of bands."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.options import number
from webtv.studio.ports import Chunk, Frames, ShotRequest, Take

_TILE = 64
_PIECE = 4  # frames of the finished size at work at once: a second of them is 66 MB at 720p


def crop_to_aspect(frame: Frames, width: int, height: int) -> Frames:
    """The largest middle part of a frame that has the aspect of ``width`` x ``height``."""
    h, w = frame.shape[:2]
    if w * height > h * width:
        keep = max(1, round(h * width / height))
        left = (w - keep) // 2
        return frame[:, left : left + keep]
    keep = max(1, round(w * height / width))
    top = (h - keep) // 2
    return frame[top : top + keep]


def _pieces(chunk: Chunk) -> Iterator[Chunk]:
    """A chunk in parts small enough that their finished frames are no burden."""
    for at in range(0, len(chunk.frames), _PIECE):
        yield Chunk(chunk.frames[at : at + _PIECE], chunk.start_frame + at, chunk.fps)


class LanczosUpscaler:
    """Plain Lanczos resampling."""

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take at exactly that size, cropped to its aspect."""
        async for chunk in take:
            for piece in _pieces(chunk):
                frames = await asyncio.to_thread(self._all, piece.frames, width, height)
                yield Chunk(frames, piece.start_frame, piece.fps)

    @staticmethod
    def _all(frames: Frames, width: int, height: int) -> Frames:
        if frames.shape[1:3] == (height, width):
            return frames
        out = np.empty((len(frames), height, width, 3), np.uint8)
        for i, frame in enumerate(frames):
            cv2.resize(
                np.ascontiguousarray(crop_to_aspect(frame, width, height)),
                (width, height),
                dst=out[i],
                interpolation=cv2.INTER_LANCZOS4,
            )
        return out


class DetailUpscaler:
    """Cubic resampling, then the lost fine detail put back, then a breath of grain.

    Detail is the difference to a blurred copy, added with a limit, so that edges gain acuteness
    without halos and noise is left alone. The grain is last: it dithers gradients at the final size.

    Args:
        detail: how much detail is put back, 0..2.
        grain: deviation of the grain in steps of 1/255; 0 switches it off.

    Raises:
        ConfigError: an option is no number or out of range.
    """

    def __init__(self, *, detail: float = 0.7, grain: float = 0.8) -> None:
        self._detail = number(detail, 0, 2, place="studio.upscale.detail")
        self._grain = number(grain, 0, 20, place="studio.upscale.grain")
        self._plates: dict[tuple[int, int], NDArray[np.int16]] = {}

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take at exactly that size, cropped to its aspect."""
        async for chunk in take:
            for piece in _pieces(chunk):
                frames = await asyncio.to_thread(self._all, piece, width, height)
                yield Chunk(frames, piece.start_frame, piece.fps)

    def _all(self, chunk: Chunk, width: int, height: int) -> Frames:
        out = np.empty((len(chunk.frames), height, width, 3), np.uint8)
        for i, frame in enumerate(chunk.frames):
            out[i] = self._one(frame, width, height, chunk.start_frame + i)
        return out

    def _one(self, frame: Frames, width: int, height: int, index: int) -> Frames:
        part = np.ascontiguousarray(crop_to_aspect(frame, width, height))
        big = (
            part
            if part.shape[:2] == (height, width)
            else cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
        )
        if self._detail > 0:
            soft = cv2.GaussianBlur(big, (5, 5), 1.1)
            big = cv2.addWeighted(big, 1 + self._detail, soft, -self._detail, 0)
        if self._grain > 0:
            plate = self._plate(width, height)
            dx, dy = (index * 37) % _TILE, (index * 53 + index // 7) % _TILE
            noise = plate[dy : dy + height, dx : dx + width]
            big = cv2.add(big, cv2.merge((noise, noise, noise)), dtype=cv2.CV_8U)
        return np.asarray(big, np.uint8)

    def _plate(self, width: int, height: int) -> NDArray[np.int16]:
        if (width, height) not in self._plates:
            noise = np.random.default_rng(20).standard_normal((height + _TILE, width + _TILE)) * self._grain
            self._plates[width, height] = np.round(noise).astype(np.int16)
        return self._plates[width, height]
