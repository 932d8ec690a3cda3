"""Overlays: what is laid over a picture, as premultiplied colour on just the pixels that it needs."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.lettering import Mask, text_mask
from webtv.clips.typography import Colour, Lines
from webtv.studio.ports import Frames

Coverage = NDArray[np.float32]

_HAIR = 2  # pixels around letters that the drawing may touch


class Sheet:
    """Where an overlay is put together: float32[rows, columns], colours premultiplied, and their coverage.

    Args:
        rows: of the region.
        columns: of the region.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.colour = np.zeros((rows, columns, 3), np.float32)
        self.coverage = np.zeros((rows, columns), np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.coverage.shape[0], self.coverage.shape[1]

    def lay(self, mask: NDArray[np.generic], ink: Colour, opacity: float = 1.0) -> None:
        """Lay one colour over what is there.

        Args:
            mask: uint8[rows, columns], how much of each pixel it covers.
            ink: sRGB.
            opacity: of it, 0 to 1.
        """
        over = mask.astype(np.float32) * np.float32(opacity / 255)
        self.colour = self.colour * (1 - over[..., None]) + over[..., None] * np.array(ink, np.float32)
        self.coverage = over + self.coverage * (1 - over)

    def write(self, lines: Lines, at: tuple[int, int], ink: Colour, opacity: float = 1.0) -> None:
        """Write lines of text, their first baseline beginning at x and y."""
        for number, text in enumerate(lines.texts):
            where = (at[0], at[1] + number * lines.leading)
            self.lay(text_mask(self.shape, text, where, lines.size, lines.weight), ink, opacity)

    def smaller(self, factor: int) -> "Sheet":
        """The same at a whole fraction of the size, for edges without steps."""
        rows, columns = self.shape
        made = Sheet(rows // factor, columns // factor)
        size = (columns // factor, rows // factor)
        made.colour = np.asarray(cv2.resize(self.colour, size, interpolation=cv2.INTER_AREA), np.float32)
        made.coverage = np.asarray(cv2.resize(self.coverage, size, interpolation=cv2.INTER_AREA), np.float32)
        return made


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay at its place.

    Attributes:
        ink: uint8[rows, columns, 3], colours premultiplied.
        through: uint8[rows, columns, 3], how much of the picture shows through.
        top: row of the picture at which it begins.
        left: column.
    """

    ink: Frames
    through: Frames
    top: int
    left: int

    @classmethod
    def of(cls, sheet: Sheet, top: int, left: int) -> Self:
        """The overlay of a sheet, cut to what is covered."""
        ys, xs = np.nonzero(sheet.coverage > 0.5 / 255)
        if not len(ys):
            empty = np.zeros((0, 0, 3), np.uint8)
            return cls(empty, empty, top, left)
        rows, columns = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        ink = np.rint(sheet.colour[rows, columns]).astype(np.uint8)
        through = np.rint(255 - 255 * sheet.coverage[rows, columns]).astype(np.uint8)
        spread = np.ascontiguousarray(np.repeat(through[..., None], 3, axis=2))
        return cls(np.ascontiguousarray(ink), spread, top + int(ys.min()), left + int(xs.min()))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of what it covers, in pixels of the picture."""
        return self.top, self.left, self.top + self.ink.shape[0], self.left + self.ink.shape[1]

    def lay(self, frame: Frames, opacity: float = 1.0, *, down: float = 0.0, across: float = 0.0) -> None:
        """Lay it over a picture, in place.

        Args:
            frame: uint8[height, width, 3].
            opacity: 0 to 1.
            down: pixels by which it is lower than its place; may be a fraction.
            across: pixels by which it is further right.
        """
        if opacity <= 0 or not self.ink.size:
            return
        ink, through, top, left = self.ink, self.through, self.top, self.left
        if down or across:
            ink, through = _shifted(ink, down % 1, across % 1), _shifted(through, down % 1, across % 1, 255)
            top, left = top + int(down // 1), left + int(across // 1)
        # What has moved beyond an edge is cut off there.
        first_row, first_column = max(0, -top), max(0, -left)
        rows = min(ink.shape[0], frame.shape[0] - top) - first_row
        columns = min(ink.shape[1], frame.shape[1] - left) - first_column
        if rows <= 0 or columns <= 0:
            return
        part = (slice(first_row, first_row + rows), slice(first_column, first_column + columns))
        ink, through = ink[part], through[part]
        if opacity < 1:
            ink = np.asarray(cv2.convertScaleAbs(ink, alpha=opacity), np.uint8)
            through = np.asarray(
                cv2.convertScaleAbs(through, alpha=opacity, beta=255 * (1 - opacity)), np.uint8
            )
        place = frame[
            top + first_row : top + first_row + rows, left + first_column : left + first_column + columns
        ]
        # A view with gaps between its rows: the result is copied in.
        place[:] = cv2.add(cv2.multiply(place, through, scale=1 / 255), ink)

    def cut(self, columns: int) -> "Overlay":
        """Its first columns only."""
        ink = np.ascontiguousarray(self.ink[:, :columns])
        return Overlay(ink, np.ascontiguousarray(self.through[:, :columns]), self.top, self.left)


def rounded(shape: tuple[int, int], box: tuple[int, int, int, int], radius: float) -> Mask:
    """Coverage of a rectangle with round corners, its edges smooth.

    Args:
        shape: rows and columns of the mask.
        box: top, left, bottom and right; what lies outside of the mask is cut off.
        radius: of the corners, pixels.
    """
    top, left, bottom, right = box
    radius = max(0.5, min(radius, (bottom - top) / 2, (right - left) / 2))
    y = np.arange(shape[0], dtype=np.float32)[:, None] + 0.5
    x = np.arange(shape[1], dtype=np.float32)[None] + 0.5
    across = np.maximum(np.maximum(left + radius - x, x - right + radius), 0)
    down = np.maximum(np.maximum(top + radius - y, y - bottom + radius), 0)
    inside = (y > top) & (y < bottom) & (x > left) & (x < right)
    cover = np.clip(radius - np.hypot(across, down) + 0.5, 0, 1) * inside
    return np.asarray(cover * 255, np.uint8)


def lettered(lines: Lines, at: tuple[int, int], ink: Colour) -> Overlay:
    """Lines of text as an overlay, their first baseline beginning at x and y of the picture."""
    if not lines.texts:
        return Overlay.of(Sheet(1, 1), 0, 0)
    up, down = round(lines.size * 1.2), round(lines.size * 0.5)
    rows = up + lines.leading * (len(lines.texts) - 1) + down
    sheet = Sheet(rows, lines.width + 2 * _HAIR + lines.size)
    sheet.write(lines, (_HAIR + lines.size // 4, up), ink)
    return Overlay.of(sheet, at[1] - up, at[0] - _HAIR - lines.size // 4)


def _shifted(picture: Frames, down: float, across: float, border: int = 0) -> Frames:
    if not (down or across):
        return picture
    rows, columns = picture.shape[:2]
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = (columns + bool(across), rows + bool(down))
    return np.asarray(
        cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(border,) * 3),
        np.uint8,
    )
