"""Cutting a picture into tiles that overlap, and laying what becomes of them together without a seam."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Value = TypeVar("Value", np.uint8, np.float32)


@dataclass(frozen=True, slots=True)
class Tile:
    """Part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: NDArray[Value]) -> NDArray[Value]:
        """That part of [H, W, ...]."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]


def tiles(height: int, width: int, side: int, overlap: int) -> list[Tile]:
    """Tiles of at most ``side`` pixels that cover a picture and overlap by at least ``overlap``.

    They are as few, as equal and as evenly spread as can be.
    """
    return [
        Tile(top, left, tall, wide)
        for top, tall in _spans(height, side, overlap)
        for left, wide in _spans(width, side, overlap)
    ]


def _spans(length: int, side: int, overlap: int) -> Iterator[tuple[int, int]]:
    if length <= side:
        yield 0, length
        return
    count = math.ceil((length - overlap) / (side - overlap))
    for n in range(count):
        yield round(n * (length - side) / (count - 1)), side


class Mosaic:
    """A picture that tiles are laid into; where they overlap, one fades into the next.

    Args:
        height: of the whole, in pixels of the source.
        width: likewise.
        overlap: over which tiles fade, in pixels of the source.
        scale: how much larger the tiles come back than they were cut.
    """

    def __init__(self, height: int, width: int, overlap: int, scale: int = 1) -> None:
        self._shape = (height, width)
        self._overlap = overlap
        self._scale = scale
        self._sum = np.zeros((height * scale, width * scale, 3), np.float32)
        self._weight = np.zeros((height * scale, width * scale, 1), np.float32)

    def lay(self, tile: Tile, picture: Picture) -> None:
        """Lay a tile: float32[tile.height * scale, tile.width * scale, 3]."""
        grown = Tile(*(self._scale * value for value in (tile.top, tile.left, tile.height, tile.width)))
        down = self._fade(tile.top, tile.height, self._shape[0])
        across = self._fade(tile.left, tile.width, self._shape[1])
        weight = (down[:, None] * across)[..., None]
        grown.of(self._sum)[...] += picture * weight
        grown.of(self._weight)[...] += weight

    def picture(self) -> Picture:
        """The whole, float32[height * scale, width * scale, 3]; every pixel must have been laid."""
        return self._sum / self._weight

    def _fade(self, start: int, length: int, whole: int) -> Picture:
        weight = np.ones(length * self._scale, np.float32)
        reach = self._overlap * self._scale
        slope = (np.arange(reach, dtype=np.float32) + 0.5) / max(1, reach)
        if start > 0:
            weight[:reach] = slope
        if start + length < whole:
            weight[-reach:] = np.minimum(weight[-reach:], slope[::-1])
        return weight
