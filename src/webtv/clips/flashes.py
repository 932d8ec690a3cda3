"""Flashes: counts what WCAG 2.3.1 counts, general and saturated red, with area.

A flash is a pair of opposing swings of a tenth of full relative luminance or more, the darker side
below 0.80, or a pair of swings to and from a saturated red. More than three within one second over
more than a quarter of any ten degrees of view is dangerous. Ten degrees are taken as a third of the
frame each way, which is what WCAG's 341 x 256 pixels of 1024 x 768 are.
"""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames

MOST_SWINGS = 6  # three flashes are six swings
_AREA = 0.25
_RECENT = 3  # frames over which one swing of a field may be spread
_DOMINANCE = 3.0

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]

_code = np.arange(256, dtype=np.float64) / 255
_LINEAR: Grid = np.where(_code <= 0.04045, _code / 12.92, ((_code + 0.055) / 1.055) ** 2.4).astype(np.float32)


class SwingMeter:
    """Counts swings of one quantity per field of view.

    A cell swings when it has moved by ``threshold`` away from its latest extreme. A field swings when a
    quarter of its cells swing the same way, either at once or within a few frames with hardly any going
    the other way: what moves through a picture makes as many cells brighter as darker, a flash does not.

    Args:
        rows: cells.
        columns: cells.
        fps: frames per second.
        threshold: least change that counts.
        ceiling: the lower side of a swing must lie below it.
    """

    def __init__(self, rows: int, columns: int, fps: int, *, threshold: float, ceiling: float) -> None:
        self._threshold = threshold
        self._ceiling = ceiling
        self._low = np.full((rows, columns), np.inf, np.float32)
        self._high = np.full((rows, columns), -np.inf, np.float32)
        self._way = np.zeros((rows, columns), np.int8)
        self._field = (max(1, columns // 3), max(1, rows // 3))
        self._recent: deque[tuple[Mask, Mask]] = deque(maxlen=_RECENT)
        self._field_way = np.zeros((rows, columns), np.int8)
        # A swing may be seen up to two frames late, so a second is taken that much shorter: exactly three
        # flashes a second are allowed and must not be counted as three and a half.
        self._window: deque[Mask] = deque(maxlen=fps - _RECENT + 1)
        self._count = np.zeros((rows, columns), np.int16)
        self.worst = 0

    def add(self, value: Grid) -> None:
        """Take the next frame's value of each cell; ``worst`` is then the most swings in any second."""
        np.minimum(self._low, value, out=self._low)
        np.maximum(self._high, value, out=self._high)
        up = (value - self._low >= self._threshold) & (self._low < self._ceiling) & (self._way <= 0)
        down = (self._high - value >= self._threshold) & (value < self._ceiling) & (self._way >= 0) & ~up
        self._way[up], self._way[down] = 1, -1
        moved = up | down
        self._low[moved] = self._high[moved] = value[moved]
        self._recent.append((up, down))
        self._swing_fields(up, down)

    def _swing_fields(self, up: Mask, down: Mask) -> None:
        if not any(mask.any() for pair in self._recent for mask in pair):
            swings = np.zeros_like(up)
        else:
            all_up = np.logical_or.reduce([pair[0] for pair in self._recent])
            all_down = np.logical_or.reduce([pair[1] for pair in self._recent])
            lately_up, lately_down = self._share(all_up), self._share(all_down)
            rising = (self._share(up) > _AREA) | (
                (lately_up > _AREA) & (lately_up >= _DOMINANCE * lately_down)
            )
            falling = (self._share(down) > _AREA) | (
                (lately_down > _AREA) & (lately_down >= _DOMINANCE * lately_up)
            )
            rise = rising & (self._field_way <= 0)
            fall = falling & (self._field_way >= 0) & ~rise
            self._field_way[rise], self._field_way[fall] = 1, -1
            swings = rise | fall
        if len(self._window) == self._window.maxlen:
            self._count -= self._window[0]
        self._window.append(swings)
        self._count += swings
        self.worst = max(self.worst, int(self._count.max()))

    def _share(self, mask: Mask) -> Grid:
        """Share of the field around each cell that is set; beyond the frame's edge nothing is."""
        share = cv2.boxFilter(mask.astype(np.float32), -1, self._field, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(share, np.float32)


class FlashMeter:
    """Counts general and red flashes of a picture that was made small.

    Args:
        rows: of the small picture.
        columns: of the small picture.
        fps: frames per second.
    """

    def __init__(self, rows: int, columns: int, fps: int) -> None:
        self._light = SwingMeter(rows, columns, fps, threshold=0.1, ceiling=0.8)
        # WCAG: (R - G - B) x 320 changes by more than 20 and one side has R / (R + G + B) >= 0.8.
        self._red = SwingMeter(rows, columns, fps, threshold=20 / 320, ceiling=np.inf)

    @property
    def swings(self) -> int:
        """Most general swings of any field within one second."""
        return self._light.worst

    @property
    def red_swings(self) -> int:
        """Most swings to and from saturated red of any field within one second."""
        return self._red.worst

    def add(self, small: Frames) -> None:
        """Take the next frame, uint8[rows, columns, 3] sRGB."""
        red, green, blue = np.moveaxis(_LINEAR[small], -1, 0)
        self._light.add(0.2126 * red + 0.7152 * green + 0.0722 * blue)
        saturated = red >= 0.8 * (red + green + blue)
        self._red.add(np.where(saturated, np.maximum(red - green - blue, 0), 0).astype(np.float32))
