"""Things that shine: soft lights, neon tubes, their halos and their streaks on wet ground."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix, times
from webtv.studio.procedural.stage import Image

_SHIFT = 4


class Lamps:
    """Collects lights of one frame at a quarter of its size and adds them with halos, all in two blurs."""

    def __init__(self, frame: Image) -> None:
        self._frame = frame
        h, w = frame.shape[:2]
        self._q = 4
        self._near = np.zeros((h // self._q, w // self._q, 3), np.float32)

    def spot(self, x: float, y: float, radius: float, colour: Colour, power: float = 1.0) -> None:
        """A round light in frame pixels; its core is drawn sharp, its halo with all others."""
        self.oval(x, y, radius, radius, colour, power)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour, power: float = 1.0) -> None:
        """A light with two radii."""
        ink = (colour[0] * power, colour[1] * power, colour[2] * power)
        q = self._q
        centre = (int(x / q * 16), int(y / q * 16))
        axes = (max(8, int(rx / q * 16)), max(8, int(ry / q * 16)))
        if -50 * 16 < centre[0] < 400 * 16 and -50 * 16 < centre[1] < 400 * 16:
            cv2.ellipse(self._near, centre, axes, 0, 0, 360, ink, -1, cv2.LINE_AA, _SHIFT)

    def add(self, small: float = 0.8, large: float = 5.0, strength: float = 0.9) -> None:
        """Screen everything over the frame."""
        h, w = self._frame.shape[:2]
        light = cv2.GaussianBlur(self._near, (0, 0), small)
        wide = cv2.GaussianBlur(self._near, (0, 0), large)
        light = np.minimum(cv2.addWeighted(light, strength, wide, 1.6 * strength, 0), 1)
        big = cv2.resize(light, (w, h), interpolation=cv2.INTER_LINEAR)
        screen(self._frame, big)


def screen(frame: Image, light: Image) -> None:
    """Add light without burning out."""
    free = frame * np.float32(-0.85)
    free += 1
    np.clip(free, 0, 1, out=free)
    cv2.multiply(free, light, dst=free)
    cv2.add(frame, free, dst=frame)


def halo(frame: Image, threshold: float, strength: float, size: float = 5.0) -> None:
    """A glow around everything brighter than a threshold."""
    h, w = frame.shape[:2]
    small = cv2.resize(frame, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(np.maximum(small - threshold, 0), (0, 0), size) * strength
    screen(frame, cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR))


def _line(
    frame: Image, points: list[tuple[float, float]], colour: Colour, thick: int, closed: bool = False
) -> None:
    p = np.round(np.array(points) * 16).astype(np.int32)
    cv2.polylines(frame, [p], closed, colour, thick, cv2.LINE_AA, 4)


def neon(
    frame: Image,
    x: float,
    y: float,
    wide: float,
    high: float,
    colour: Colour,
    second: Colour,
    motif: int,
    power: float,
    t: float,
) -> None:
    """A hanging sign: a dark board with a tube around it and an abstract figure of tubes; never letters."""
    board = np.round(
        np.array([(x - wide, y - high), (x + wide, y - high), (x + wide, y + high), (x - wide, y + high)])
        * 16
    )
    cv2.fillPoly(
        frame,
        [board.astype(np.int32)],
        times(mix((0.03, 0.03, 0.05), colour, 0.22), 0.3 + 0.5 * power),
        cv2.LINE_AA,
        4,
    )
    ink = times(mix(colour, (1, 1, 1), 0.25), power)
    thick = max(1, round(wide * 0.14))
    k = 0.84
    _line(
        frame,
        [
            (x - wide * k, y - high * k),
            (x + wide * k, y - high * k),
            (x + wide * k, y + high * k),
            (x - wide * k, y + high * k),
        ],
        ink,
        thick,
        True,
    )
    other = times(mix(second, (1, 1, 1), 0.2), power)
    if wide < 2.5:
        return
    r = wide * 0.5
    spots = np.linspace(-high * 0.62, high * 0.62, max(2, round(high / wide * 1.2)))
    if motif == 0:
        for d in spots:
            cv2.circle(
                frame, (int(x * 16), int((y + d) * 16)), int(r * 0.8 * 16), other, thick, cv2.LINE_AA, 4
            )
    elif motif == 1:
        for d in spots:
            _line(
                frame,
                [(x - r, y + d - r * 0.6), (x, y + d + r * 0.5), (x + r, y + d - r * 0.6)],
                other,
                thick,
            )
    elif motif == 2:
        wave = [(x + r * math.sin(a * 2.2 + t), y + high * 0.66 * (a / 5)) for a in np.linspace(-5, 5, 24)]
        _line(frame, wave, other, thick)
    elif motif == 3:
        for i, d in enumerate(spots):
            on = 0.5 + 0.5 * math.sin(t * 2.4 - i * 0.9)
            _line(frame, [(x - r, y + d), (x + r, y + d)], times(other, 0.4 + 0.6 * on), thick + 1)
    elif motif == 4:
        for d in spots:
            _line(frame, [(x, y + d - r), (x + r, y + d), (x, y + d + r), (x - r, y + d)], other, thick, True)
    else:
        for q in (0.85, 0.5):
            cv2.ellipse(
                frame,
                (int(x * 16), int(y * 16)),
                (int(r * q * 16), int(high * 0.66 * q * 16)),
                0,
                0,
                360,
                other,
                thick,
                cv2.LINE_AA,
                4,
            )
