"""The sweep of a bumper: slanting bands of colour that pass through the picture."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.typography import INK, NIGHT, Colour
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames

_SLANT = 0.36  # columns a row
_SOFT = 4  # pixels beyond the edges, so that none stays at rest in the picture

Line = NDArray[np.float32]


class Sweep:
    """Slanting bands of the channel's colours that come from the left, cover all and leave to the right.

    Args:
        format: size.
        accent: the colour that covers all in between, sRGB.
    """

    def __init__(self, format: HouseFormat, accent: Colour) -> None:
        rows, columns = format.height, format.width
        self._reach = columns + rows * _SLANT
        slanted = (
            np.arange(columns, dtype=np.float32)[None] + _SLANT * np.arange(rows, dtype=np.float32)[:, None]
        )
        self._at = np.rint(2 * slanted).astype(np.int32)
        self._x = np.arange(2 * math.ceil(self._reach) + 1, dtype=np.float32) / 2
        self._bands = [
            (np.array(ink, np.float32), lag)
            for ink, lag in ((_mixed(accent, INK, 0.55), 0.0), (NIGHT, 0.10), (accent, 0.22))
        ]

    def lay(self, frame: Frames, come: float, gone: float) -> None:
        """Lay it over a frame; ``come`` and ``gone`` from 0 to 1 tell how far."""
        if come <= 0 or gone >= 1:
            return
        colour: Line = np.zeros((len(self._x), 3), np.float32)
        cover: Line = np.zeros(len(self._x), np.float32)
        widest = self._bands[-1][1]
        for ink, lag in self._bands:
            head = (come * (1 + widest) - lag) * (self._reach + _SOFT)
            tail = (gone * (1 + widest) - (widest - lag)) * (self._reach + _SOFT) - _SOFT * (1 - gone)
            over = np.clip((head - self._x) / 2 + 0.5, 0, 1) * np.clip((self._x - tail) / 2 + 0.5, 0, 1)
            light = 0.82 + 0.18 * np.sin(np.pi * self._x / self._reach)  # no flat colour anywhere
            colour += over[:, None] * (ink * light[:, None] - colour)
            cover += over * (1 - cover)
        through = np.rint(255 - 255 * cover).astype(np.uint8)
        ink_at = np.rint(np.clip(colour, 0, 255)).astype(np.uint8)
        seen = cv2.merge([np.take(through, self._at)] * 3)
        cv2.multiply(frame, seen, dst=frame, scale=1 / 255)
        cv2.add(frame, np.take(ink_at, self._at, axis=0), dst=frame)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
