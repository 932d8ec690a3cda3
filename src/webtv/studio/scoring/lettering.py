"""A cheap detector of lettering: rows of thin strokes, as models draw them when a prompt names a camera."""

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames
from webtv.studio.scoring.motion import shrunk

_SIZE = (320, 180)
_EDGE = 140  # of a Sobel filter, 0..1020: lettering is made to be read
_STROKE = 9  # pixels within which a stroke begins and ends
_LEAST, _MOST = 7, 40  # height of a line of text in pixels of 180


def lettered(frames: Frames) -> float:
    """Share of the picture that lines of text cover, the median over some frames.

    What is sought is a flat box densely filled with strokes, each a rise and a fall of brightness close
    together, and many of them in a row. Rows of lit windows look much like it, so it is a hint and no proof.

    Args:
        frames: uint8[T, H, W, 3], few of them.
    """
    return float(np.median([_covered(frame) for frame in frames]))


def _covered(frame: NDArray[np.uint8]) -> float:
    small = cv2.cvtColor(shrunk(frame, *_SIZE), cv2.COLOR_RGB2GRAY)
    slope = cv2.Sobel(small, cv2.CV_16S, 1, 0, ksize=3)
    rise, fall = (slope > _EDGE).astype(np.uint8), (slope < -_EDGE).astype(np.uint8)
    near = np.ones((1, _STROKE), np.uint8)
    both = cv2.bitwise_and(cv2.dilate(rise, near), cv2.dilate(fall, near))
    strokes = cv2.bitwise_and(both, cv2.bitwise_or(rise, fall))
    blobs = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((3, 13), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(blobs, connectivity=8)
    covered = 0
    for left, top, width, height, area in boxes[1:]:  # the first is the background
        flat = _LEAST <= height <= _MOST and width >= max(28, 2.5 * height) and area > 0.45 * width * height
        if not flat:
            continue
        row = rise[top : top + height, left : left + width]
        begun = ((row[:, 1:] == 1) & (row[:, :-1] == 0)).sum(axis=1)
        if np.median(begun) >= max(3.0, 0.8 * width / height):
            covered += int(width) * int(height)
    return covered / (_SIZE[0] * _SIZE[1])
