"""Raindrops: a wet pane; drops that cling, gather and run, each a small lens."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix
from webtv.studio.procedural.stage import Image, Stage, spread, tint_over

_DEPTH = 1.0


@dataclass(frozen=True, slots=True)
class _Runner:
    x: float  # world
    start: float
    pace: float  # world units a second
    size: float  # world radius
    phase: float
    stick: float


class Pane:
    """The glass, in the plane of the window's frame.

    Args:
        stage: the stage.
        heavy: how wet, 0 hardly to 1.4 a storm.
        frost: how much ice grows from the edges, 0..1.
    """

    def __init__(self, stage: Stage, heavy: float, frost: float = 0.0) -> None:
        self.stage = stage
        rng = stage.take("drops")
        x0, x1, y0, y1, scale = stage.bounds(_DEPTH)
        self.scale, self.x0, self.y0 = scale, x0, y0
        h, w = math.ceil((y1 - y0) * scale), math.ceil((x1 - x0) * scale)
        # How far each point looks aside (in units of its own drop) and how much it shines.
        self.still = np.zeros((h, w, 3), np.float32)
        unit = scale / 360 / stage.zoom**0.12
        for _ in range(int(520 * heavy)):
            r = unit * float(np.clip(rng.pareto(1.9) * 1.5 + 1.0, 1.0, 10.5))
            self._stamp(
                self.still,
                float(rng.uniform(0, w)),
                float(rng.uniform(0, h)),
                r,
                r * float(rng.uniform(1.0, 1.35)),
            )
        soft = noise.fbm(max(2, h // 4), max(2, w // 4), rng, cells=2, octaves=4)
        low = np.linspace(-0.15, 0.25, soft.shape[0], dtype=np.float32)[:, None]
        self.fog = np.clip(0.3 + 0.45 * (soft - 0.5) + low, 0, 1).astype(np.float32)
        self.ice = self._frost(rng, frost) if frost > 0 else None
        self.runners = [
            _Runner(
                float(rng.uniform(x0, x1)),
                float(rng.uniform(0, 1.5)),
                float(rng.uniform(0.05, 0.19)),
                float(rng.uniform(0.0115, 0.022)) / stage.zoom**0.12,
                float(rng.uniform(0, 6.28)),
                float(rng.uniform(0.25, 0.6)),
            )
            for _ in range(int(16 * heavy))
        ]

    def _frost(self, rng: np.random.Generator, amount: float) -> Image:
        h, w = self.fog.shape
        x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
        edge = np.maximum(np.abs(x), np.abs(y) * (1 + 0.1 * y))
        needles = noise.fbm(h, w, rng, cells=9, octaves=6, gain=0.75)
        return noise.smoothstep(1.08 - 0.3 * amount, 1.3, edge + 0.5 * (needles - 0.4))

    @staticmethod
    def _stamp(maps: Image, x: float, y: float, rx: float, ry: float, alpha: float = 1.0) -> None:
        h, w = maps.shape[:2]
        x0, x1 = max(0, int(x - rx) - 1), min(w, int(x + rx) + 2)
        y0, y1 = max(0, int(y - ry) - 1), min(h, int(y + ry) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)) * np.float32(1 / rx)
        dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)) * np.float32(1 / ry)
        # Drops hang: round below, drawn out above.
        dx = dx * (1 + 0.35 * np.clip(-dy, 0, 1))
        d2 = dx * dx + dy * dy
        d = np.sqrt(d2)
        inside = np.clip((1 - d) * max(2.0, rx * 0.9), 0, 1) * alpha
        if rx < 2.2:
            shine = np.repeat(0.35 * np.clip(-dy, 0, 1) - 0.15 * np.clip(dy, 0, 1), x1 - x0, 1)
        else:
            gleam = np.exp(-(((dx + 0.35) / 0.28) ** 2 + ((dy + 0.42) / 0.24) ** 2)) * 0.8
            edge = np.exp(-(((d - 0.9) / 0.16) ** 2))
            shine = gleam + edge * (0.45 * np.clip(dy, 0, 1) - 0.34 * np.clip(-dy, 0, 1))
        turn = 4 + 7 * np.minimum(d2, 1)
        part = maps[y0:y1, x0:x1]
        drop = np.dstack((-dx * (rx * turn), -dy * (ry * turn), shine)).astype(np.float32)
        part += inside[..., None] * (drop - part)

    def draw(self, frame: Image, t: float, haze: Colour, gleam: Colour, bright: float) -> None:
        """Look at what is in the frame through the glass.

        Args:
            frame: the view behind the glass; replaced.
            t: seconds.
            haze: colour of the mist on the pane.
            gleam: colour of what the drops mirror.
            bright: how strongly they mirror it.
        """
        view = self.stage.view(t, _DEPTH)
        h, w = frame.shape[:2]
        k = self.scale / view.scale
        matrix = np.array(
            [
                [k, 0, (0.5 - view.left) * k - self.x0 * self.scale - 0.5],
                [0, k, (0.5 - view.top) * k - self.y0 * self.scale - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        maps = cv2.warpAffine(self.still, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REFLECT)
        small = matrix * 1.0
        small[:, 2] = matrix[:, 2] / 4
        size = (w // 4, h // 4)
        mist = cv2.warpAffine(self.fog, small, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
        clear = np.zeros((h // 4, w // 4), np.float32)
        for runner in self.runners:
            self._run(maps, clear, runner, view.scale, view.left, view.top, t)
        mist = mist * (1 - 0.95 * cv2.GaussianBlur(clear, (0, 0), 1.0))
        veil = cv2.resize(mist.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
        bx, by, shine = cv2.split(maps)
        wet = np.minimum(np.abs(bx) + np.abs(by), 1)
        bx += np.arange(w, dtype=np.float32)[None, :]
        by += np.arange(h, dtype=np.float32)[:, None]
        seen = cv2.remap(frame, bx, by, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        # Mist softens and lifts what is behind it, but not behind a drop.
        tint_over(seen, haze, veil * (1 - wet) * 0.66)
        cv2.multiply(seen, spread(1 + 0.2 * wet + 0.95 * np.minimum(shine, 0)), dst=seen)
        tint_over(seen, gleam, np.clip(shine, 0, 1) * bright)
        if self.ice is not None:
            ice = cv2.warpAffine(self.ice, small, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
            tint_over(seen, mix(haze, (1, 1, 1), 0.55), cv2.resize(ice, (w, h)) * 0.6)
        frame[:] = seen

    def _run(
        self, maps: Image, clear: Image, runner: _Runner, scale: float, left: float, top: float, t: float
    ) -> None:
        """They stick and slip: position is a smooth stair of time; what they meet they take along."""
        s = t * runner.pace * 1.5 + runner.start
        stair = s + runner.stick * 0.08 * math.sin(s * 4 * math.pi + runner.phase)
        lap = math.floor(stair / 1.5)
        y = stair - 1.5 * lap - 0.25
        x0 = runner.x + 0.37 * lap * (1 if runner.phase > 3 else -1) * 0.3

        def at(down: float) -> tuple[float, float]:
            x = (
                x0
                + runner.size * 0.9 * math.sin(down * 9 + runner.phase)
                + 0.5 * runner.size * math.sin(down * 23)
            )
            return x * scale + left, down * scale + top

        r = runner.size * scale * (0.8 + 0.3 * max(0.0, y))
        px, py = at(y)
        if not (-r < px < maps.shape[1] + r):
            return
        tail = min(y + 0.25, 0.16 + 0.4 * runner.stick)
        steps = max(3, int(tail * scale / (r * 1.8)))
        line = []
        for k in range(steps, 0, -1):
            tx, ty = at(y - tail * k / steps)
            line.append((tx / 4, ty / 4))
            if -4 < ty < maps.shape[0] and (k * 7 + int(runner.phase * 10)) % 3:
                bead = r * (0.2 + 0.14 * ((k * 13 + int(runner.phase * 7)) % 4) / 3)
                self._stamp(maps, tx, ty, bead, bead * 1.15, 1 - k / steps)
        line.append((px / 4, py / 4))
        points = np.round(np.array(line) * 16).astype(np.int32)
        cv2.polylines(clear, [points], False, 1.0, max(1, round(r / 2.1)), cv2.LINE_8, 4)
        self._stamp(maps, px, py, r, r * 1.28)
