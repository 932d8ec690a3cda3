"""The mark of a channel: four cells of simple shapes that follow from its name; in ident, cards and clips.

One name has one mark for good: twelve pairs of shapes, eight ways to turn them, four cells to colour. A
picture that an operator brings would be one more maker of the two sheets.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from webtv.clips.lettering import Mask
from webtv.clips.overlay import Sheet
from webtv.clips.typography import INK, Colour, readable

_OVERSAMPLING = 4
_GAP = 0.06  # of the mark, between cells
_QUARTER, _LEAF, _DISC, _RING = range(4)
_TURNS = ((0, 1), (1, 0), (0, 3), (2, 1), (1, 2), (3, 3), (0, 0), (2, 3))  # of the first two cells


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn mark.

    Attributes:
        shapes: of the upper two cells; the lower two repeat them, turned half around.
        turns: quarter turns of the upper two.
        bright: which of the four cells is in the channel's colour.
        accent: that colour, light enough for dark grounds.
    """

    shapes: tuple[int, int]
    turns: tuple[int, int]
    bright: int
    accent: Colour

    @classmethod
    def of(cls, name: str, accent: str) -> Self:
        """The mark that follows from a channel's name.

        Args:
            name: of the channel; capitals and spaces make no difference.
            accent: ``#rrggbb``.
        """
        digest = hashlib.sha256("".join(name.casefold().split()).encode("utf-8", "replace")).digest()
        first = digest[0] % 4
        second = (first + 1 + digest[1] % 3) % 4  # two shapes that are alike would be a pattern, not a mark
        return cls((first, second), _TURNS[digest[2] % len(_TURNS)], digest[3] % 4, readable(accent))

    def cells(self, size: int, grown: tuple[float, float, float, float] = (1, 1, 1, 1)) -> list[Mask]:
        """Coverage of the four cells: upper left, upper right, lower right, lower left.

        Args:
            size: of the mark, pixels.
            grown: how much of its size each cell has, 0 to 1; it grows out of the middle of the mark.
        """
        fine = size * _OVERSAMPLING
        cell = fine * (1 - _GAP) / 2
        masks: list[Mask] = []
        for number, share in enumerate(grown):
            canvas = np.zeros((fine, fine), np.uint8)
            if share > 0:
                turn = self.turns[number % 2] + 2 * (number // 2)
                right, low = number in (1, 2), number in (2, 3)
                side = cell * share
                middle = fine / 2
                x = middle + (fine * _GAP / 2 if right else -fine * _GAP / 2 - side)
                y = middle + (fine * _GAP / 2 if low else -fine * _GAP / 2 - side)
                _draw(canvas, self.shapes[number % 2], turn % 4, x, y, side)
            masks.append(np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), np.uint8))
        return masks

    def sheet(
        self,
        size: int,
        *,
        grown: tuple[float, float, float, float] = (1, 1, 1, 1),
        inks: tuple[Colour, Colour] | None = None,
    ) -> Sheet:
        """The mark in colour.

        Args:
            size: pixels.
            grown: as for :meth:`cells`.
            inks: of three cells, and of the one that differs; light and the channel's colour by default.
        """
        most, one = inks or (INK, self.accent)
        sheet = Sheet(size, size)
        for number, mask in enumerate(self.cells(size, grown)):
            sheet.lay(mask, one if number == self.bright else most)
        return sheet

    def quiet(self, size: int) -> Sheet:
        """The mark for the corner of clips: light and see-through, with a soft shadow for bright pictures."""
        pad = max(2, size // 6)
        sheet = Sheet(size + 2 * pad, size + 2 * pad)
        shape = np.zeros(sheet.shape, np.uint8)
        shape[pad : pad + size, pad : pad + size] = np.maximum.reduce(self.cells(size))
        sheet.lay(cv2.GaussianBlur(shape, (0, 0), size / 22), (0, 0, 0), 0.38)
        sheet.lay(shape, (255, 255, 255), 0.5)
        return sheet


def _draw(canvas: Mask, shape: int, turn: int, x: float, y: float, side: float) -> None:
    """One shape in a square: quarter disc, leaf, disc, or quarter ring, its corner turned around."""
    at = (round(x), round(y), round(x + side), round(y + side))
    corners = [(at[0], at[1]), (at[2], at[1]), (at[2], at[3]), (at[0], at[3])]
    radius = at[2] - at[0]
    if shape == _DISC:
        middle = ((at[0] + at[2]) // 2, (at[1] + at[3]) // 2)
        cv2.circle(canvas, middle, radius // 2, 255, -1)
        return
    part = np.zeros_like(canvas)
    cv2.circle(part, corners[turn], radius, 255, -1)
    if shape == _LEAF:
        other = np.zeros_like(canvas)
        cv2.circle(other, corners[(turn + 2) % 4], radius, 255, -1)
        part = np.minimum(part, other)
    elif shape == _RING:
        cv2.circle(part, corners[turn], round(radius * 0.5), 0, -1)
    inside = (slice(at[1], at[3]), slice(at[0], at[2]))
    canvas[inside] = np.maximum(canvas[inside], part[inside])
