"""Lettering: text in the typeface that OpenCV brings along (Rubik), so no font has to be installed."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]


def rgb(accent: str) -> tuple[int, int, int]:
    """The bytes of ``#rrggbb``."""
    red, green, blue = bytes.fromhex(accent.removeprefix("#"))
    return red, green, blue


def text_width(text: str, size: int, weight: int) -> int:
    """Width of a line in pixels.

    Args:
        text: one line.
        size: of the type, in pixels.
        weight: 400 is regular, 600 semibold.
    """
    box = cv2.getTextSize((100_000, 10_000), text, (0, 0), cv2.FontFace("sans"), size, weight)
    return int(box[2])


def text_mask(shape: tuple[int, int], text: str, at: tuple[int, int], size: int, weight: int) -> Mask:
    """Coverage of a line of text, uint8[rows, columns].

    Args:
        shape: rows and columns.
        text: one line; characters that the typeface lacks become question marks.
        at: where the baseline begins, x and y.
        size: of the type, in pixels.
        weight: 400 is regular, 600 semibold.
    """
    canvas = np.zeros((*shape, 3), np.uint8)
    cv2.putText(canvas, text, at, (255, 255, 255), cv2.FontFace("sans"), size, weight)
    return canvas[..., 0]
