"""Named colours looked for in a take."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames
from webtv.studio.procedural.colour import Colour

Lab = NDArray[np.float32]

PALETTE_SHARE = 0.05
"""Share of the picture from which a colour of the palette counts as shown."""
SUBJECT_SHARE = 0.015
"""Likewise of a subject's, which may be small."""

_COLOURFUL = 14.0  # chroma in CIELAB from which a colour has a hue
# Gaps at which a pixel counts half. Fitted on takes of the embedded studio, see tests/studio/scoring.
_TURN = 0.38  # radians of hue
_LIGHTNESS = 16.0
_GREYISH = 6.0  # chroma


def lab_of(frames: Frames) -> Lab:
    """CIELAB of pictures, uint8[T, H, W, 3]: float32[T * H * W, 3], L 0..100."""
    flat = np.ascontiguousarray(frames).reshape(1, -1, 3)
    return np.asarray(cv2.cvtColor(flat.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0], np.float32)


def shown(lab: Lab, colours: Sequence[Colour], share: float) -> list[float]:
    """How well each colour is to be seen, 0..1.

    A colour with a hue is found by hue and, loosely, by chroma and lightness, for light changes those two
    first; one without a hue by its lightness among pixels without one.

    Args:
        lab: see :func:`lab_of`.
        colours: sRGB in 0..1.
        share: of the picture from which a colour is seen well.
    """
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.arctan2(lab[:, 2], lab[:, 1])
    found = []
    for colour in colours:
        light, a, b = cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2LAB)[0, 0]
        wanted = float(np.hypot(a, b))
        if wanted < _COLOURFUL:
            fit = _near(np.maximum(chroma - wanted, 0), _GREYISH) * _near(lab[:, 0] - light, _LIGHTNESS)
        else:
            turn = np.abs(np.angle(np.exp(1j * (hue - np.arctan2(b, a)))))
            strong = _near(np.minimum(chroma - 0.6 * wanted, 0), 0.3 * wanted)
            fit = _near(turn, _TURN) * strong * _near(lab[:, 0] - light, 1.3 * _LIGHTNESS)
        found.append(float(min(1.0, fit.mean() / share)))
    return found


def _near(gap: NDArray[np.floating], width: float) -> NDArray[np.floating]:
    """1 at no gap, a half at ``width``, falling off smoothly."""
    return np.asarray(np.exp2(-((gap / width) ** 2)))
