"""What falls or hangs in the air: rain, snow, fog banks, petals and leaves."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb
from webtv.studio.procedural.stage import Image, Stage, tint_over

_SHIFT = 4


class Weather:
    """Precipitation and mist in front of a scene.

    Args:
        stage: the stage.
        kind: overrides the words' weather: ``rain``, ``snow``, ``fog``, ``petals``, ``leaves``, ``clear``.
        amount: scales how much falls.
    """

    def __init__(self, stage: Stage, kind: str | None = None, amount: float = 1.0) -> None:
        self.stage = stage
        self.kind = kind or {"storm": "rain", "cloudy": "clear"}.get(stage.spec.weather, stage.spec.weather)
        self.amount = amount * (1.5 if stage.spec.weather == "storm" else 1.0)
        rng = stage.take("weather")
        count = {"rain": 420, "snow": 420, "petals": 46, "leaves": 34}.get(self.kind, 0)
        count = int(count * self.amount)
        self._x = rng.uniform(-0.1, 1.1, count)
        self._y = rng.uniform(0, 1, count)
        self._near = rng.uniform(0, 1, count) ** 2.2
        self._phase = rng.uniform(0, 6.28, count)
        self._lean = float(rng.choice((-1.0, 1.0))) * (0.06 + 0.3 * stage.spec.wind)
        self._mist = noise.tile(256, rng, 1.9, low=1) if self.kind in {"fog", "rain", "snow"} else None
        if self._mist is not None:
            self._mist = cv2.copyMakeBorder(self._mist, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Lay it over the frame."""
        if self._mist is not None:
            self._fog(frame, t, {"fog": 0.3, "rain": 0.12, "snow": 0.1}[self.kind])
        if self.kind == "rain":
            self._rain(frame, t)
        elif self.kind == "snow":
            self._flakes(frame, t, mix((1, 1, 1), self.stage.light.haze, 0.25), 0.9)
        elif self.kind in {"petals", "leaves"}:
            self._flakes(frame, t, rgb("#f0c3cc") if self.kind == "petals" else rgb("#c8843c"), 1.0)

    def _fog(self, frame: Image, t: float, strength: float) -> None:
        assert self._mist is not None
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        pan = self.stage.travel(t)[0] * 100
        u = np.arange(w, dtype=np.float32)[None, :] * 0.8 + t * 5 * (0.4 + self.stage.spec.wind) + pan
        v = np.arange(h, dtype=np.float32)[:, None] * 2.2
        grid_u = noise.wrap(np.repeat(u, h, 0))
        grid_v = noise.wrap(np.repeat(v, w, 1) + np.sin(grid_u * 0.05 + t * 0.2) * 3 + 30)
        mist = cv2.remap(self._mist, grid_u, grid_v, cv2.INTER_LINEAR)
        band = np.exp(-(((np.arange(h, dtype=np.float32) / h - 0.55) / 0.3) ** 2))[:, None]
        alpha = np.clip((0.6 + 0.4 * mist) * band, 0, 1) * strength
        big = cv2.resize(
            alpha.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_CUBIC
        )
        tint_over(frame, self.stage.light.haze, np.clip(big, 0, 1))

    def _rain(self, frame: Image, t: float) -> None:
        h, w = frame.shape[:2]
        ink = np.zeros((h, w), np.uint8)
        speed = 1.1 + 1.3 * self._near
        y = np.mod(self._y + t * speed, 1.15) - 0.1
        x = (
            np.mod(self._x + self._lean * y * 0.6 + 0.02 * np.floor((self._y + t * speed) / 1.15) * 7.3, 1.2)
            - 0.1
        )
        length = 0.03 + 0.06 * self._near
        x0, y0 = x * w, y * h
        x1, y1 = (x + self._lean * 0.6 * length * h / w) * w, (y + length) * h
        ends = np.round(np.stack((x0, y0, x1, y1), 1) * (1 << _SHIFT)).astype(np.int32)
        for (ax, ay, bx, by), near in zip(ends.tolist(), self._near, strict=True):
            cv2.line(ink, (ax, ay), (bx, by), int(58 + 110 * near), 1, cv2.LINE_AA, _SHIFT)
        alpha = ink.astype(np.float32) * (0.5 / 255)
        tint_over(frame, mix(self.stage.light.sky[-1], (1, 1, 1), 0.45), alpha)

    def _flakes(self, frame: Image, t: float, colour: Colour, strength: float) -> None:
        h, w = frame.shape[:2]
        fall = 0.05 + 0.13 * self._near
        y = np.mod(self._y + t * fall, 1.1) - 0.05
        sway = 0.012 * np.sin(t * (0.8 + self._near) + self._phase)
        x = np.mod(self._x + sway + t * self._lean * (0.06 + 0.12 * self._near), 1.2) - 0.1
        ink = np.zeros((h, w), np.uint8)
        base = h / 360
        flat = self.kind in {"petals", "leaves"}
        for px, py, near, phase in zip(x * w, y * h, self._near, self._phase, strict=True):
            centre = (int(px * 16), int(py * 16))
            r = base * (0.55 + 2.1 * near)
            tone = int(255 * (0.5 + 0.5 * (1 - near) ** 0.5)) if not flat else 235
            if flat:
                turn = math.degrees(phase + t * 1.5)
                axes = (int(r * 2.2 * 16), int((r * (0.35 + 0.6 * abs(math.sin(t * 1.8 + phase)))) * 16 + 8))
                cv2.ellipse(ink, centre, axes, turn, 0, 360, tone, -1, cv2.LINE_AA, _SHIFT)
            else:
                cv2.circle(ink, centre, int(r * 16), tone, -1, cv2.LINE_AA, _SHIFT)
        soft = cv2.GaussianBlur(ink, (3, 3), 0).astype(np.float32) * (strength / 255)
        tint_over(frame, self.stage.light.lit(colour, 1.0) if flat else colour, soft)
