"""A pen for figures: antialiased filled shapes on a small supersampled patch, then lit and laid into the frame."""

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


def smooth(points: Sequence[tuple[float, float]], closed: bool = True, steps: int = 6) -> Points:
    """A Catmull-Rom curve through points."""
    p = np.asarray(points, np.float64)
    if closed:
        a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.vstack((2 * p[0] - p[1], p, 2 * p[-1] - p[-2]))
        a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (q[:, None, :] for q in (a, b, c, d))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    ).reshape(-1, 2)
    return curve if closed else np.vstack((curve, p[-1:]))


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
        self._x, self._y, self._scale = x, y, scale
        self._facing = facing
        self._cos, self._sin = float(np.cos(tilt)), float(np.sin(tilt))
        self.fine = _FINE if max(self.w, self.h) < 260 else 2
        self.ink = np.zeros((self.h * self.fine, self.w * self.fine, 4), np.uint8)

    @staticmethod
    def visible(x: float, y: float, scale: float, frame: Image, margin: float = 2.0) -> bool:
        """Whether a figure of that place and size can be seen at all."""
        m = margin * scale
        return -m < x < frame.shape[1] + m and -m < y < frame.shape[0] + m and scale > 0.8

    def _place(self, points: Points) -> NDArray[np.int32]:
        px, py = points[:, 0], points[:, 1]
        rx = px * self._cos - py * self._sin
        ry = px * self._sin + py * self._cos
        gx = (self._x - self.x0 + rx * self._scale * self._facing) * self.fine - 0.5
        gy = (self._y - self.y0 - ry * self._scale) * self.fine - 0.5
        return np.round(np.stack((gx, gy), 1) * (1 << _SHIFT)).astype(np.int32)

    def fill(self, points: Points | Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill one polygon."""
        ink = tuple(round(255 * min(1.0, max(0.0, c))) for c in colour)
        cv2.fillPoly(self.ink, [self._place(np.asarray(points, np.float64))], (*ink, 255), cv2.LINE_8, _SHIFT)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour, turn: float = 0.0) -> None:
        """Fill an ellipse."""
        a = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        ex, ey = rx * np.cos(a), ry * np.sin(a)
        c, s = np.cos(turn), np.sin(turn)
        self.fill(np.stack((x + ex * c - ey * s, y + ex * s + ey * c), 1), colour)

    def limb(self, points: Sequence[tuple[float, float]], widths: Sequence[float], colour: Colour) -> None:
        """A stroke through points whose width changes along it, with round ends."""
        line = smooth(points, closed=False, steps=8)
        width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths) / 2
        direction = np.gradient(line, axis=0)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
        normal = np.stack((-direction[:, 1], direction[:, 0]), 1) * width[:, None]
        self.fill(np.vstack((line + normal, (line - normal)[::-1])), colour)
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
        """  # fmt: skip
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
