"""A pen for figures: antialiased shapes on a small supersampled patch, then lit and laid into the frame."""

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image

Points = NDArray[np.float64]
_FINE = 4
_SHIFT = 4


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
        self.fine = _FINE if max(self.w, self.h) < 260 else 2
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
        ink = tuple(round(255 * min(1.0, max(0.0, c))) for c in colour)
        cv2.fillPoly(self.ink, [self._place(np.asarray(points, np.float64))], (*ink, 255), cv2.LINE_8, _SHIFT)

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
        self.fill(np.concatenate((line + normal, (line - normal)[::-1])), colour)
        for (x, y), r in ((line[0], width[0]), (line[-1], width[-1])):
            self.blob(float(x), float(y), float(r), float(r), colour)

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
        patch = cv2.resize(self.ink, (self.w, self.h), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        colour, a = patch[..., :3], patch[..., 3]
        if light is not None:
            amb, key = np.asarray(light.ambient, np.float32), np.asarray(light.key, np.float32)
            down = np.linspace(0, 1, self.h, dtype=np.float32)[:, None, None]
            colour = colour * (amb * (0.72 - 0.12 * down) + key * (0.52 - 0.34 * down))
            if rim > 0:
                step = max(1, round(self._scale * 0.02))
                moved = cv2.warpAffine(
                    a, np.array([[1, 0, -sun * step], [0, 1, step]], np.float32), (self.w, self.h)
                )
                edge = np.clip(a - moved, 0, 1) * rim * (0.25 + 0.75 * light.strength)
                colour = colour + edge[..., None] * (key * a[..., None] - colour * 0.5)
            if haze > 0:
                colour = colour + haze * (np.asarray(light.haze, np.float32) * a[..., None] - colour)
        if reflect > 0:
            self._mirror(frame, colour, a, reflect)
        self._lay(frame, colour * alpha, a * alpha, self.x0, self.y0)

    def _mirror(self, frame: Image, colour: Image, a: Image, strength: float) -> None:
        top = round(self._y)
        rows = min(self.h, max(0, top - self.y0))
        if rows < 2:
            return
        flipped = np.ascontiguousarray(colour[:rows][::-1])
        mask = np.ascontiguousarray(a[:rows][::-1])
        flipped = cv2.GaussianBlur(flipped, (0, 0), 0.8, sigmaY=2.2)
        mask = cv2.GaussianBlur(mask, (0, 0), 0.8, sigmaY=2.2)
        fade = strength * np.linspace(1, 0.25, rows, dtype=np.float32)[:, None]
        self._lay(frame, flipped * fade[..., None] * 0.85, mask * fade, self.x0, top)

    @staticmethod
    def _lay(frame: Image, colour: Image, a: Image, x0: int, y0: int) -> None:
        h, w = a.shape
        fx0, fy0 = max(0, x0), max(0, y0)
        fx1, fy1 = min(frame.shape[1], x0 + w), min(frame.shape[0], y0 + h)
        if fx0 >= fx1 or fy0 >= fy1:
            return
        part = slice(fy0 - y0, fy1 - y0), slice(fx0 - x0, fx1 - x0)
        region = frame[fy0:fy1, fx0:fx1]
        region *= (1 - a[part])[..., None]
        region += colour[part]
