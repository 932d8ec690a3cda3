"""Marble: veins folded by slow currents, polished."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.colour import mix, ramp
from webtv.studio.procedural.stage import Image, Stage, spread
from webtv.studio.procedural.worlds.fields import enlarge, grid, look_up, sample, texture
from webtv.studio.procedural.worlds.scheme import Scheme


class Marble:
    """Noise folded by noise, shaded like silk, veined with gold or ink."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage = stage
        stage.focus = (0.0, 0.5)
        self.ramp = ramp(scheme.steps(), 512)
        rng = stage.place("marble")
        self.a, self.b = texture(rng, 2.1, 1, 24), texture(rng, 2.1, 1, 24)
        self.c = texture(rng, 1.7, 1, 50)
        self.shift = stage.place("marble shift").uniform(0, 1, 6)
        vein = scheme.ink(2)
        self.vein = np.asarray(mix(vein, (1, 1, 1), 0.35) if scheme.dark else vein, np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        x, y = grid(self.stage, t, 0.8, 2 / 3)
        s = self.shift
        p = sample(self.a, x, y, 0.36, s[0] + 0.0086 * t, s[1] - 0.005 * t)
        q = sample(self.b, x, y, 0.36, s[2] - 0.0062 * t, s[3] + 0.0074 * t)
        turn = 0.25 * math.sin(t * 0.3)
        fx = np.asarray(x + 0.3 * p + 0.1 * turn * q, np.float32)
        fold = sample(self.c, fx, np.asarray(y + 0.3 * q, np.float32), 0.34, s[4], s[5] + 0.0055 * t)
        colour = look_up(self.ramp, 0.5 + 0.24 * fold + 0.16 * p)
        gx, gy = cv2.Sobel(fold, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(fold, cv2.CV_32F, 0, 1, ksize=3)
        sheen = np.clip(0.5 * gx - 0.7 * gy, -0.8, 0.8)
        cv2.multiply(colour, spread(1 + 0.34 * sheen), dst=colour)
        cv2.add(colour, spread(np.clip(sheen - 0.25, 0, 1) * 0.28), dst=colour)
        line = np.exp(-np.abs(fold + 0.35 * q) * 16) * np.clip(0.35 + 0.4 * q, 0, 0.75)
        colour += spread(line) * (self.vein - colour)
        enlarge(frame, colour)
