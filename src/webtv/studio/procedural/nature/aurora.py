"""Curtains of northern light."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.stage import Image, Stage, screen_free


class Aurora:
    """Three curtains that fold and drift above a horizon, rays within them, violet at their tops."""

    def __init__(self, stage: Stage, horizon: float, strength: float = 1.0) -> None:
        self.stage, self.horizon, self.strength = stage, horizon, strength
        place = stage.place("aurora")
        self._folds = [noise.Profile(place, 0.55, 4, 0.5) for _ in range(3)]
        self._rays = [noise.Profile(stage.take(f"rays{k}"), 0.05, 4, 0.6) for k in range(3)]
        self._phase = stage.take("aurora").uniform(0, 30, 3)
        self._low, self._high = rgb("#4df0a0"), rgb("#9a5cf0")
        if stage.spec.palette:
            asked = stage.spec.palette[0]
            self._low = mix(times(asked, 1 / max(*asked, 0.05)), (1.0, 1.0, 1.0), 0.1)
            self._high = asked

    def draw(self, frame: Image, t: float) -> None:
        """Add the light over the sky."""
        h, w = frame.shape[0] // 3, frame.shape[1] // 3
        view = self.stage.view(t, 0.0)
        x = (np.arange(w, dtype=np.float32) * frame.shape[1] / w - view.left) / view.scale
        y = ((np.arange(h, dtype=np.float32) * frame.shape[0] / h - view.top) / view.scale)[:, None]
        low, high = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
        for k, (fold, rays, phase) in enumerate(zip(self._folds, self._rays, self._phase, strict=True)):
            drift = 0.035 * t * (1 if k % 2 else -1) + phase
            bend = fold(x + drift) + 0.35 * np.sin(x * 5 + t * 0.35 + phase)
            foot = self.horizon * (0.74 - 0.22 * k) + 0.1 * bend
            ray = 0.5 + 0.55 * rays(x * (1 + 0.25 * bend) + drift * 1.8)
            bright = np.clip(0.3 + 0.75 * fold(x * 0.8 - drift + 5), 0, 1.1) * (0.45 + 0.55 * ray)
            up = foot[None, :] - y
            tall = (0.2 + 0.14 * ray + 0.03 * k)[None, :] * self.horizon / 0.6
            body = np.exp(-np.maximum(up, 0) / tall) * np.clip(1 + up / 0.016, 0, 1)
            low += body * bright[None, :] * (0.9 - 0.2 * k)
            high += body * np.clip(up / tall * 0.75, 0, 1.2) * bright[None, :] * 0.85
        fade = np.clip((self.horizon - y) / 0.08, 0, 1)
        pulse = 0.94 + 0.06 * math.sin(t * 0.7)
        size = (frame.shape[1], frame.shape[0])
        for colour, power in ((self._low, np.clip(low - 0.35 * high, 0, 1)), (self._high, high)):
            big = cv2.resize(
                (power * fade * self.strength * pulse * 1.5).astype(np.float32),
                size,
                interpolation=cv2.INTER_CUBIC,
            )
            screen_free(frame, colour, np.clip(big, 0, 1))
