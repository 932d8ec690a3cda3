"""Antialiased shapes drawn straight into a frame."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.stage import Image, tint_over

_SHIFT = 4


def polygon(frame: Image, points: Image, colour: Colour, alpha: float = 1.0) -> None:
    """Fill a polygon of frame pixels, in place.

    OpenCV smooths edges only in 8 bits, so the shape is a mask of its own bounding box first.
    """
    h, w = frame.shape[:2]
    x0, y0 = (max(0, int(v)) for v in np.floor(points.min(axis=0)))
    x1, y1 = (min(limit, int(v) + 1) for v, limit in zip(np.ceil(points.max(axis=0)), (w, h), strict=True))
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    place = np.round((points - (x0, y0)) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [place], 255, cv2.LINE_AA, _SHIFT)
    tint_over(frame[y0:y1, x0:x1], colour, mask.astype(np.float32) * (alpha / 255))
