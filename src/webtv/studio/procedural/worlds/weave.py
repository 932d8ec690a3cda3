"""Weave: bands that pass over and under each other in a slow cloth."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import enlarge, grid, sample, texture
from webtv.studio.procedural.worlds.scheme import Scheme

_SHARE = 0.6


class Weave:
    """Two sets of threads at right angles, rounded, each with its colour, the cloth itself rippling."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        rng = stage.place("weave")
        self.ripple = texture(rng, 2.8, 1, 4)
        self.lean = float(rng.choice((0.0, math.pi / 4, math.pi / 4, math.pi / 6)))
        self.pitch = float(rng.choice((8.0, 11.0, 14.0)))
        self.shift = rng.uniform(0, 1, 2)
        self.twill = int(rng.choice((1, 1, 2)))
        order = rng.permutation(len(scheme.inks))
        # Stripes: a few threads of one colour, then a few of the next.
        self.warp = self._stripes(rng, order)
        self.weft = self._stripes(rng, order[::-1])

    def _stripes(self, rng: np.random.Generator, order: np.ndarray) -> Image:
        out: list[tuple[float, float, float]] = []
        while len(out) < 64:
            tone = (
                self.scheme.ink(int(order[int(rng.integers(3))]))
                if rng.random() < 0.75
                else self.scheme.ground
            )
            out += [mix(tone, (1, 1, 1), float(rng.uniform(0, 0.12)))] * int(rng.choice((1, 2, 3, 4)))
        return np.asarray(out[:64], np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        x, y = grid(self.stage, t, 0.85, _SHARE)
        s = self.shift
        a = sample(self.ripple, x, y, 0.4, s[0] + 0.02 * t, s[1] - 0.015 * t)
        b = sample(self.ripple, x, y, 0.4, s[1] - 0.017 * t, s[0] + 0.021 * t)
        c, k = math.cos(self.lean), math.sin(self.lean)
        u = (c * x + k * y + 0.035 * a + 0.012 * t) * self.pitch
        v = (c * y - k * x + 0.035 * b) * self.pitch
        i, j = np.floor(u), np.floor(v)
        fu, fv = u - i - 0.5, v - j - 0.5
        over = noise.wrap(i + self.twill * j, 2 * self.twill) < self.twill - 0.5
        zero = np.zeros_like(i)
        colour: Image = cv2.remap(self.weft[None], noise.wrap(j, 64), zero, cv2.INTER_NEAREST)
        warp = cv2.remap(self.warp[None], noise.wrap(i, 64), zero, cv2.INTER_NEAREST)
        cv2.copyTo(warp, over.astype(np.uint8), colour)
        across, along = np.where(over, fu, fv), np.where(over, fv, fu)
        wide = 0.49
        body = np.sqrt(np.clip(1 - (across / wide) ** 2, 0, 1))
        bow = np.cos(along * math.pi * 0.9)
        fibre = 0.05 * np.cos(across * 46)
        light = (0.52 + 0.4 * body + 0.2 * bow + fibre) * (1 + 0.16 * (a - b) * 0.5)
        gap = np.clip((wide - np.abs(across)) * 14, 0, 1)
        light = np.asarray(light * (0.55 + 0.45 * gap), np.float32)
        enlarge(frame, colour * cv2.merge([light, light, light]))
