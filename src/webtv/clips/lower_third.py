"""The lower third: a clip's title above its label, which comes in, stays for some seconds and leaves."""

import numpy as np

from webtv.clips.lettering import Mask, legible
from webtv.clips.overlay import Overlay, Sheet, lettered, rounded
from webtv.clips.typography import (
    CORNER,
    INK,
    LABEL,
    MEDIUM,
    NIGHT,
    SEMIBOLD,
    SMALL,
    SOFT_INK,
    STEP,
    TITLE,
    Grid,
    arrive,
    leave,
    readable,
    set_lines,
)
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames

SHORTEST = 3.0
"""Seconds; a shorter clip has none."""
_AFTER, _STAYS, _BEFORE_END = 0.8, 4.0, 0.45  # seconds: when it comes, how long it stays, when it is gone
_IN, _OUT = 0.6, 0.4
_GROUND = 0.74  # opacity of what lies beneath the text: readable over white
_WIDEST = 0.72  # of the picture between the margins; upright, all of it
_GROUND_FIRST = 0.6  # of the time in which it comes: no letter stands on nothing
_ABOVE_LABEL = 6 * STEP  # points from the lower margin


class LowerThird:
    """A title that is laid over a clip.

    Args:
        format: house format.
        frames: of the whole clip.
        title: large; nothing is shown where it is empty or cannot be set.
        line: small, beneath it; may be empty.
        accent: the channel's colour, ``#rrggbb``.

    Attributes:
        begins: frame before which nothing is to be seen.
        ends: frame from which on nothing is.
        box: top, left, bottom and right of what it covers, in pixels.
    """

    def __init__(self, format: HouseFormat, frames: int, *, title: str, line: str, accent: str) -> None:
        grid = Grid(format)
        self.begins = grid.frames(_AFTER)
        self.ends = min(self.begins + grid.frames(_IN + _STAYS), frames - grid.frames(_BEFORE_END))
        self.box = (0, 0, 0, 0)
        self._in, self._out = grid.frames(_IN), grid.frames(_OUT)
        self._travel = grid.px(STEP)
        title = legible(title)
        if not title or frames < SHORTEST * format.fps:
            self.ends = self.begins
            return
        self._set(grid, title, legible(line), accent)

    def _set(self, grid: Grid, title: str, line: str, accent: str) -> None:
        bar, pad = grid.px(STEP / 2), grid.px(2 * STEP)
        width = round(grid.width * (1.0 if grid.upright else _WIDEST)) - bar - pad
        large = set_lines(title, grid, TITLE, SEMIBOLD, width, most=2, least=LABEL / TITLE)
        small = set_lines(line, grid, SMALL, MEDIUM, width, least=0.86)
        gap = grid.px(1.75 * STEP) if small.texts else 0
        rows = 2 * grid.px(1.75 * STEP) + large.height + gap + (small.height if small.texts else 0)
        columns, fade = bar + pad + max(large.width, small.width), grid.px(10 * STEP)
        top = grid.format.height - grid.margin - grid.px(_ABOVE_LABEL) - rows
        left, text = grid.margin, grid.margin + bar + pad
        base = top + grid.px(1.75 * STEP) + round(large.size * 0.7)

        ground = Sheet(rows, columns + fade)
        ground.lay(_ground(rows, columns, fade, grid.px(CORNER)), NIGHT, _GROUND)
        ground.lay(rounded(ground.shape, (0, 0, rows, bar), bar / 2), readable(accent))
        self._ground = Overlay.of(ground, top, left)
        self._title = lettered(large, (text, base), INK)
        below = base + (len(large.texts) - 1) * large.leading + gap + round(small.size * 0.7)
        self._line = lettered(small, (text, below), SOFT_INK)
        # At rest it is one overlay: most of its frames cost as much as the label does.
        whole = ground
        x, y = text - left, base - top
        whole.write(large, (x, y), INK)
        whole.write(small, (x, below - top), SOFT_INK)
        self._whole = Overlay.of(whole, top, left)
        self.box = self._whole.box

    def is_seen(self, number: int) -> bool:
        """Whether there is anything to lay over a frame of the clip, counted from 0."""
        return self.begins <= number < self.ends

    def lay(self, frame: Frames, number: int) -> None:
        """Lay it over one frame, in place.

        Args:
            frame: uint8[height, width, 3].
            number: of the frame in the clip, from 0.
        """
        since, left = number - self.begins + 1, self.ends - number
        if since >= self._in and left > self._out:
            self._whole.lay(frame)
        elif left <= self._out:
            gone = leave(1 - (left - 1) / self._out)
            self._whole.lay(frame, 1 - gone, across=-round(gone * self._travel))
        else:
            drawn = arrive(since / self._in / _GROUND_FIRST)
            columns = self._ground.ink.shape[1]
            self._ground.cut(max(1, round(columns * drawn))).lay(frame)
            for overlay, late in ((self._title, 0.25), (self._line, 0.45)):
                shown = arrive((since / self._in - late) / (1 - late))
                overlay.lay(frame, shown, across=-round((1 - shown) * self._travel))


def _ground(rows: int, columns: int, fade: int, radius: int) -> Mask:
    """Dark behind the text, its left corners round; to the right it fades away."""
    mask = rounded((rows, columns + fade), (0, 0, rows, columns + fade + radius), radius)
    away = np.linspace(0, np.pi, fade, dtype=np.float32)
    mask[:, columns:] = (mask[:, columns:] * (0.5 + 0.5 * np.cos(away))).astype(np.uint8)
    return mask
