"""A pen for figures: antialiased shapes on a small supersampled patch, then lit and laid into the frame."""

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.patch import Patch
from webtv.studio.procedural.stage import Image

Points = NDArray[np.float64]
_FINE = 4
_SHIFT = 4
_RELIEF = 0.45  # the drawings have some modelling of their own

_ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_CIRCLE = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), 1)


@functools.cache
def _spline(count: int, closed: bool, steps: int) -> tuple[NDArray[np.intp], Points]:
    """Indices of the four neighbours of each span, and the Catmull-Rom weights of each step."""
    t = np.linspace(0, 1, steps, endpoint=False)
    weights = 0.5 * np.stack(
        (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3), 1
    )
    spans = np.arange(count if closed else count - 1)[:, None] + np.arange(-1, 3)[None, :]
    return (spans % count if closed else spans + 1), weights


@functools.cache
def _even(count: int) -> Points:
    return np.linspace(0, 1, count)


def smooth(points: Sequence[tuple[float, float]], closed: bool = True, steps: int = 6) -> Points:
    """A Catmull-Rom curve through points."""
    p = np.asarray(points, np.float64)
    index, weights = _spline(len(p), closed, steps)
    if closed:
        return np.asarray((weights @ p[index]).reshape(-1, 2))
    padded = np.concatenate((2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]))
    return np.concatenate(((weights @ padded[index]).reshape(-1, 2), p[-1:]))


def _ink(colour: Colour) -> tuple[int, int, int, int]:
    r, g, b = colour
    return (
        round(255 * min(1.0, max(0.0, r))),
        round(255 * min(1.0, max(0.0, g))),
        round(255 * min(1.0, max(0.0, b))),
        255,
    )


class Pen:
    """Draws in figure units (x to the figure's front, y up, about 1 tall) at a place in the frame.

    Args:
        x: pixel of the figure's origin.
        y: likewise.
        scale: pixels per figure unit.
        reach: figure units around the origin that the patch covers: left, right, down, up.
        facing: 1 looks right, -1 left.
        tilt: radians, nose up positive.
    """

    def __init__(
        self,
        x: float,
        y: float,
        scale: float,
        reach: tuple[float, float, float, float] = (1.2, 1.2, 0.2, 1.4),
        facing: float = 1.0,
        tilt: float = 0.0,
    ) -> None:
        left, right, down, up = reach
        if facing < 0:
            left, right = right, left
        self.x0 = int(np.floor(x - left * scale)) - 1
        self.y0 = int(np.floor(y - up * scale)) - 1
        self.w = int(np.ceil((left + right) * scale)) + 3
        self.h = int(np.ceil((up + down) * scale)) + 3
        self._y, self._scale = y, scale
        # Edges of large figures need fewer steps to look smooth.
        large = max(self.w, self.h)
        self.fine = _FINE if large < 130 else 3 if large < 260 else 2
        unit = scale * self.fine * (1 << _SHIFT)
        c, s = float(np.cos(tilt)) * unit, float(np.sin(tilt)) * unit
        self._turn = np.array(((c * facing, -s), (-s * facing, -c)))
        self._origin = (np.array((x - self.x0, y - self.y0)) * self.fine - 0.5) * (1 << _SHIFT)
        self.ink = np.zeros((self.h * self.fine, self.w * self.fine, 4), np.uint8)

    @staticmethod
    def visible(x: float, y: float, scale: float, frame: Image, margin: float = 2.0) -> bool:
        """Whether a figure of that place and size can be seen at all."""
        m = margin * scale
        return -m < x < frame.shape[1] + m and -m < y < frame.shape[0] + m and scale > 0.8

    def _place(self, points: Points) -> NDArray[np.int32]:
        return np.asarray(points @ self._turn + self._origin, np.int32)

    def fill(self, points: Points | Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill one polygon."""
        place = self._place(np.asarray(points, np.float64))
        cv2.fillPoly(self.ink, [place], _ink(colour), cv2.LINE_8, _SHIFT)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour, turn: float = 0.0) -> None:
        """Fill an ellipse."""
        outline = _CIRCLE * (rx, ry)
        if turn:
            c, s = np.cos(turn), np.sin(turn)
            outline = outline @ np.array(((c, s), (-s, c)))
        self.fill(np.add(outline, (x, y)), colour)

    def limb(self, points: Sequence[tuple[float, float]], widths: Sequence[float], colour: Colour) -> None:
        """A stroke through points whose width changes along it, with round ends."""
        line = smooth(points, closed=False, steps=8)
        width = np.interp(_even(len(line)), _even(len(widths)), widths) / 2
        step = line[1:] - line[:-1]
        direction = np.concatenate((step[:1], step[1:] + step[:-1], step[-1:]))
        length = np.sqrt((direction * direction).sum(axis=1)) + 1e-9
        normal = direction[:, ::-1] * (-1.0, 1.0) * (width / length)[:, None]
        ends = (_CIRCLE * width[0] + line[0], _CIRCLE * width[-1] + line[-1])
        place = self._place(np.concatenate((line + normal, (line - normal)[::-1], *ends)))
        ink, n = _ink(colour), 2 * len(line)
        # One after the other: where the shapes of one call overlap, OpenCV leaves holes.
        for part in (place[:n], place[n : n + len(_CIRCLE)], place[n + len(_CIRCLE) :]):
            cv2.fillPoly(self.ink, [part], ink, cv2.LINE_8, _SHIFT)

    def lay(
        self,
        frame: Image,
        light: Light | None = None,
        sun: float = 1.0,
        haze: float = 0.0,
        alpha: float = 1.0,
        rim: float = 0.35,
        reflect: float = 0.0,
    ) -> None:
        """Light the drawing and lay it into the frame.

        Args:
            frame: where to.
            light: scene light; None leaves colours as they are.
            sun: direction of the key light, -1 from the left to 1 from the right.
            haze: how much air is in between, 0..1.
            alpha: opacity.
            rim: strength of the lit edge.
            reflect: opacity of a mirror image below the origin (on water), 0 for none.
        """
        self.patch().lay(frame, light, sun, haze, alpha, rim, reflect)

    def patch(self) -> Patch:
        """What was drawn so far, at the frame's resolution."""
        ink = cv2.resize(self.ink, (self.w, self.h), interpolation=cv2.INTER_AREA)
        left, top, wide, tall = cv2.boundingRect(np.ascontiguousarray(ink[..., 3]))
        # One clear pixel around, so that blurs and lit edges know where the figure ends.
        left, top = max(0, left - 1), max(0, top - 1)
        seen = ink[top : top + tall + 2, left : left + wide + 2].astype(np.float32)
        seen *= np.float32(1 / 255)
        colour, alpha = cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR), cv2.extractChannel(seen, 3)
        return Patch(colour, alpha, self.x0 + left, self.y0 + top, self._y, self._scale, relief=_RELIEF)
