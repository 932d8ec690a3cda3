"""Things that shine: soft lights, neon tubes, their halos and their streaks on wet ground."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour
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
        light += cv2.GaussianBlur(self._near, (0, 0), large) * 1.6
        big = cv2.resize(light, (w, h), interpolation=cv2.INTER_LINEAR)
        np.minimum(big * strength, 1, out=big)
        screen(self._frame, big)


def screen(frame: Image, light: Image) -> None:
    """Add light without burning out."""
    frame += light * np.clip(1 - frame * 0.85, 0, 1)


def halo(frame: Image, threshold: float, strength: float, size: float = 5.0) -> None:
    """A glow around everything brighter than a threshold."""
    h, w = frame.shape[:2]
    small = cv2.resize(frame, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(np.maximum(small - threshold, 0), (0, 0), size) * strength
    screen(frame, cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR))
