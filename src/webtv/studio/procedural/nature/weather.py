"""What falls or hangs in the air: rain, snow, fog banks, petals and leaves."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb
from webtv.studio.procedural.stage import Image, Stage, blend, tint_over

_SHIFT = 4
_TURNS = np.linspace(0, 2 * math.pi, 12, endpoint=False)
_LEAF = np.stack(
    (np.cos(_TURNS), 0.62 * np.sin(_TURNS) * (1 - 0.35 * np.cos(_TURNS))), 1
)  # pointed at one end


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
        self._big = rng.uniform(0, 1, (12, 3)).tolist()
        self._mist = noise.tile(256, rng, 1.9, low=1) if self.kind in {"fog", "rain", "snow"} else None
        if self._mist is not None:
            self._mist = cv2.copyMakeBorder(self._mist, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Lay it over the frame."""
        if self._mist is not None:
            self._fog(frame, t, {"fog": 0.62, "rain": 0.13, "snow": 0.1}[self.kind])
        if self.kind == "rain":
            self._rain(frame, t)
        elif self.kind == "snow":
            self._flakes(frame, t)
        elif self.kind in {"petals", "leaves"}:
            self._leaves(frame, t)

    def _fog(self, frame: Image, t: float, strength: float) -> None:
        assert self._mist is not None
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        pan = self.stage.travel(t)[0] * 100
        u = np.arange(w, dtype=np.float32)[None, :] * 0.8 + t * 5 * (0.4 + self.stage.spec.wind) + pan
        v = np.arange(h, dtype=np.float32)[:, None] * 2.2
        grid_u = noise.wrap(np.repeat(u, h, 0))
        grid_v = noise.wrap(np.repeat(v, w, 1) + np.sin(grid_u * 0.05 + t * 0.2) * 3 + 30)
        mist = cv2.remap(self._mist, grid_u, grid_v, cv2.INTER_LINEAR)
        # Fog lies thickest where we look far, and leaves the foreground to itself.
        rows = np.arange(h, dtype=np.float32) / h - 0.5
        band = np.exp(-((np.where(rows < 0, rows / 0.5, rows / 0.3)) ** 2))[:, None]
        alpha = np.clip((0.66 + 0.34 * mist) * band, 0, 1) * strength
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

    def _flakes(self, frame: Image, t: float) -> None:
        """Snow in three depths: dust far away, flakes, and a few large soft ones close to the lens."""
        h, w = frame.shape[:2]
        fall = 0.05 + 0.13 * self._near
        y = np.mod(self._y + t * fall, 1.1) - 0.05
        sway = 0.012 * np.sin(t * (0.8 + self._near) + self._phase)
        x = np.mod(self._x + sway + t * self._lean * (0.06 + 0.12 * self._near), 1.2) - 0.1
        ink = np.zeros((h, w), np.uint8)
        base = h / 360
        for px, py, near in zip(x * w, y * h, self._near, strict=True):
            tone = int(255 * (0.5 + 0.5 * (1 - near) ** 0.5))
            cv2.circle(
                ink,
                (int(px * 16), int(py * 16)),
                int(base * (0.5 + 2.0 * near) * 16),
                tone,
                -1,
                cv2.LINE_AA,
                _SHIFT,
            )
        soft = cv2.GaussianBlur(ink, (3, 3), 0).astype(np.float32) * (0.9 / 255)
        blurred = np.zeros((h // 4, w // 4), np.uint8)
        for k in range(len(self._big)):
            a, b, c = self._big[k]
            py = (b + t * (0.2 + 0.1 * c)) % 1.3 - 0.15
            px = (a + t * self._lean * 0.35 + 0.02 * math.sin(t * 1.2 + 9 * c)) % 1.3 - 0.15
            centre = (int(px * w / 4 * 16), int(py * h / 4 * 16))
            cv2.circle(
                blurred,
                centre,
                int(h * (0.008 + 0.012 * c) / 4 * 16),
                int(120 - 50 * c),
                -1,
                cv2.LINE_AA,
                _SHIFT,
            )
        large = cv2.resize(cv2.GaussianBlur(blurred, (0, 0), 1.1), (w, h), interpolation=cv2.INTER_LINEAR)
        alpha = np.maximum(soft, large.astype(np.float32) * (1 / 255))
        tint_over(frame, mix((1, 1, 1), self.stage.light.haze, 0.25), alpha)

    def _leaves(self, frame: Image, t: float) -> None:
        """Leaves or petals that fall one by one, tumbling; each has its own colour."""
        h, w = frame.shape[:2]
        light, base = self.stage.light, h / 360
        fall = 0.035 + 0.1 * self._near
        ink, mask = np.zeros((h, w, 3), np.uint8), np.zeros((h, w), np.uint8)
        x0, y0, x1, y1 = w, h, 0, 0
        names = (
            ("#d8862c", "#c4542a", "#e8b43c", "#b8702c")
            if self.kind == "leaves"
            else ("#f6d4dc", "#f0b8c8", "#fbe6ea")
        )
        colours = [light.lit(rgb(c), 1.0) for c in names]
        for k, (a, b, near, phase) in enumerate(zip(self._x, self._y, self._near, self._phase, strict=True)):
            swing = math.sin(t * (0.9 + 0.6 * near) + phase)
            py = (
                (b + t * fall[k] + 0.012 * math.cos(2 * t * (0.9 + 0.6 * near) + 2 * phase)) % 1.12 - 0.06
            ) * h
            px = ((a + 0.03 * swing * (0.4 + near) + t * self._lean * (0.1 + 0.16 * near)) % 1.2 - 0.1) * w
            r = base * (1.1 + 3.4 * near)
            turn = phase + 1.1 * swing + 0.5 * t
            flat = 0.25 + 0.75 * abs(math.cos(t * 1.9 + 3 * phase))
            c, s = math.cos(turn), math.sin(turn)
            outline = (
                _LEAF * (r * 1.7, r * flat) if self.kind == "leaves" else _LEAF * (r * 1.2, r * 1.1 * flat)
            )
            p = np.stack(
                (px + outline[:, 0] * c - outline[:, 1] * s, py + outline[:, 0] * s + outline[:, 1] * c), 1
            )
            p = np.round(p * 16).astype(np.int32)
            tone = colours[k % len(colours)]
            shine = 0.72 + 0.35 * flat
            cv2.fillPoly(ink, [p], tuple(round(255 * min(1.0, v * shine)) for v in tone), cv2.LINE_8, _SHIFT)
            cv2.polylines(
                ink, [p], True, tuple(round(255 * min(1.0, v * shine)) for v in tone), 2, cv2.LINE_8, _SHIFT
            )
            cv2.fillPoly(mask, [p], 245, cv2.LINE_AA, _SHIFT)
            reach = int(2 * r) + 3
            x0, x1 = min(x0, int(px) - reach), max(x1, int(px) + reach)
            y0, y1 = min(y0, int(py) - reach), max(y1, int(py) + reach)
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(w, x1), min(h, y1)
        if x0 < x1 and y0 < y1:
            colour = ink[y0:y1, x0:x1].astype(np.float32) * (1 / 255)
            blend(frame[y0:y1, x0:x1], colour, mask[y0:y1, x0:x1].astype(np.float32) * (1 / 255))
