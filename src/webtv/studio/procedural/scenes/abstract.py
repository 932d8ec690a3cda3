"""Abstract: ink that unfolds in water, in the colours that the words name; the scene of last resort."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, luma, mix, ramp, rgb
from webtv.studio.procedural.stage import Image, Stage, spread

_SETS = (
    ("#f3ead8", "#e8a66a", "#b8506a", "#3f3a6a"),
    ("#eef2ea", "#8fc4b8", "#3f7f9a", "#24385f"),
    ("#f6e8e0", "#e8b0b0", "#8f7fb8", "#3a4a7a"),
    ("#f4efd8", "#d8c06a", "#6f9a6a", "#2f4f5a"),
)


class Abstract:
    """Noise folded by noise, shaded like silk, in a ramp of four colours."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place("abstract")
        colours: list[Colour] = [rgb(c) for c in _SETS[int(place.integers(len(_SETS)))]]
        if stage.spec.palette:
            named = sorted(stage.spec.palette, key=luma, reverse=True)
            colours = [mix(named[0], (1, 1, 1), 0.45), *named, mix(named[-1], (0.08, 0.08, 0.16), 0.55)]
        if stage.light.stars > 0.5:
            colours = [mix(c, (0.06, 0.08, 0.2), 0.32) for c in colours]
        self.ramp = ramp([(i / (len(colours) - 1), c) for i, c in enumerate(colours)], 512)
        rng = stage.place("ink")
        self.a = self._wrapped(noise.tile(256, rng, 2.1, low=1, high=24))
        self.b = self._wrapped(noise.tile(256, rng, 2.1, low=1, high=24))
        self.c = self._wrapped(noise.tile(256, rng, 1.7, low=1, high=50))
        self.shift = stage.take("ink").uniform(0, 256, 6)

    @staticmethod
    def _wrapped(tile: Image) -> Image:
        return cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def _read(self, tile: Image, u: Image, v: Image) -> Image:
        return cv2.remap(tile, noise.wrap(u), noise.wrap(v), cv2.INTER_LINEAR)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        h, w = frame.shape[0] * 2 // 3, frame.shape[1] * 2 // 3
        view = stage.view(t, 0.8)
        s = self.shift
        x = ((np.arange(w, dtype=np.float32) * frame.shape[1] / w - view.left) / view.scale)[None, :] * 62
        y = ((np.arange(h, dtype=np.float32) * frame.shape[0] / h - view.top) / view.scale)[:, None] * 62
        x, y = np.repeat(x, h, 0), np.repeat(y, w, 1)
        p = self._read(self.a, x + s[0] + t * 2.2, y + s[1] - t * 1.3)
        q = self._read(self.b, x + s[2] - t * 1.6, y + s[3] + t * 1.9)
        turn = 0.25 * math.sin(t * 0.3)
        fold = self._read(self.c, x + 26 * p + 9 * turn * q + s[4], y + 26 * q + s[5] + t * 1.4)
        value = np.clip(0.5 + 0.2 * fold + 0.13 * p, 0, 1)
        index = (value * 511).astype(np.float32)
        colour = cv2.remap(self.ramp[None].copy(), index, np.zeros_like(index), cv2.INTER_LINEAR)
        gx, gy = cv2.Sobel(fold, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(fold, cv2.CV_32F, 0, 1, ksize=3)
        sheen = np.clip(0.5 * gx - 0.7 * gy, -0.8, 0.8)
        cv2.multiply(colour, spread(1 + 0.34 * sheen), dst=colour)
        cv2.add(colour, spread(np.clip(sheen - 0.25, 0, 1) * 0.28), dst=colour)
        frame[:] = cv2.resize(colour, (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_CUBIC)
