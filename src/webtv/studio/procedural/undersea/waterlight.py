"""Light under water: the column of colour, the moving surface, shafts, caustics, bubbles and motes."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, ramp
from webtv.studio.procedural.stage import Image, Stage, lay, screen_free

_SHIFT = 4


class Sea:
    """The water itself, from the surface down.

    Args:
        stage: the stage.
        colours: of the water at the surface, below it, at eye level and in the depth.
        glow: colour of the light that comes through the surface.
        sunny: how much of it comes, 0..1.
    """

    def __init__(self, stage: Stage, colours: list[Colour], glow: Colour, sunny: float) -> None:
        self.stage, self.glow, self.sunny = stage, glow, sunny
        self.column = ramp([(0, colours[0]), (0.16, colours[1]), (0.55, colours[2]), (1, colours[3])], 512)
        self.net = cv2.copyMakeBorder(
            noise.tile(256, stage.take("caustic"), 1.3, low=3, high=30), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        self.rays = noise.Profile(stage.take("rays"), 0.13, 5, 0.6)
        self.lean = 0.22 * stage.side("shafts")
        rng = stage.take("bubbles")
        self.bubbles = rng.uniform(0, 1, (42, 4))
        self.vents = rng.uniform(-0.5, 0.5, 3) * stage.aspect
        self.motes = rng.uniform(0, 1, (110, 4))

    def back(self, frame: Image, t: float) -> None:
        """Fill the frame with water and the underside of the surface."""
        view = self.stage.view(t, 0.1)
        rows = (np.arange(frame.shape[0], dtype=np.float32) + 0.5 - view.top) / view.scale
        place = np.clip(rows * 0.95 + 0.03, 0, 1)
        line = np.stack([np.interp(place, np.linspace(0, 1, 512), self.column[:, k]) for k in range(3)], 1)
        frame[:] = np.repeat(line.astype(np.float32)[:, None], frame.shape[1], 1)
        self._surface(frame, t, rows)

    def _surface(self, frame: Image, t: float, rows: Image) -> None:
        count = int((rows < 0.2).sum())
        if count < 3 or self.sunny <= 0:
            return
        w = frame.shape[1]
        near = 0.05 / np.maximum(rows[:count, None] + 0.04, 0.012)
        x = np.arange(w, dtype=np.float32)[None, :] / frame.shape[0] - self.stage.aspect / 2
        x = x + self.stage.travel(t)[0]
        u = noise.wrap(x * near * 190 + t * 11)
        v = noise.wrap(np.repeat(near * 240, w, 1) + t * 16)
        n = cv2.remap(self.net, u, v, cv2.INTER_LINEAR)
        window = np.exp(-(((x + self.lean) / 0.5) ** 2))  # where the sun stands it shines through
        power = np.clip(0.12 + 0.22 * window + (0.26 + 0.2 * window) * n, 0, 1)
        power *= np.clip((0.2 - rows[:count, None]) / 0.2, 0, 1) ** 1.4 * self.sunny
        screen_free(frame[:count], self.glow, power.astype(np.float32))

    def shafts(self, frame: Image, t: float, strength: float) -> None:
        """Slanting shafts of light that open and close."""
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        x = (
            (np.arange(w, dtype=np.float32)[None, :] * 4 / frame.shape[0])
            - self.stage.aspect / 2
            + self.stage.travel(t)[0]
        )
        y = np.arange(h, dtype=np.float32)[:, None] / h
        spread = (x + self.lean + 0.25 * self.lean * y) / (1.0 + 0.9 * y)
        line = self._line(t)
        at = ((spread + 2) * (2047 / 4)).astype(np.float32)
        seen = cv2.remap(line[None, :], at, np.zeros_like(at), cv2.INTER_LINEAR)
        power = seen * np.clip(1.05 - y * 0.95, 0, 1) * (strength * self.sunny)
        big = cv2.resize(
            power.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        screen_free(frame, self.glow, big)

    def _line(self, t: float) -> Image:
        grid = np.linspace(-2, 2, 2048, dtype=np.float32)
        a, b = self.rays(grid + 0.035 * t), self.rays(grid * 1.6 - 0.05 * t + 9)
        line = np.clip(0.15 + 1.1 * a, 0, 1) * np.clip(0.35 + 0.9 * b, 0, 1)
        line *= 0.55 + 0.9 * np.exp(-((grid / 0.6) ** 2))
        return np.asarray(line, np.float32)

    def caustics(self, frame: Image, t: float, level: float = 0.8, strength: float = 0.3) -> None:
        """A net of light on the floor below a world height."""
        view = self.stage.view(t, 0.8)
        first = max(0, int(view.at(0, level)[1]))
        h, w = frame.shape[0] - first, frame.shape[1]
        if h < 4 or self.sunny <= 0.05:
            return
        # Half the size: light in water has no sharp edges.
        hs, ws = h // 2, w // 2
        rows = np.maximum(
            (np.arange(hs, dtype=np.float32)[:, None] * 2 + 1 + first - view.top) / view.scale - level, 0
        )
        x = (np.arange(ws, dtype=np.float32)[None, :] * 2 - view.left) / view.scale
        near = 0.3 / (rows + 0.14)
        u, v = x * near * 150, np.repeat(near * 210, ws, 1)
        a = cv2.remap(self.net, noise.wrap(u + t * 9), noise.wrap(v + t * 6), cv2.INTER_LINEAR)
        b = cv2.remap(
            self.net, noise.wrap(u * 1.2 - t * 8 + 90), noise.wrap(v * 1.2 + t * 5), cv2.INTER_LINEAR
        )
        net = np.exp(-np.abs(a - b) * 4.5) * np.clip(rows / 0.05, 0, 1) * (strength * self.sunny)
        big = cv2.resize(net.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
        screen_free(frame[first:], self.glow, big)

    def particles(self, frame: Image, t: float, bubbles: bool = True, sparks: Colour | None = None) -> None:
        """Motes that sink, bubbles that rise in chains; ``sparks`` lets the motes glow in a colour."""
        h, w = frame.shape[:2]
        ink = np.zeros((h, w, 4), np.uint8)
        unit = h / 360
        tone = sparks or mix(self.glow, (1, 1, 1), 0.2)
        for a, b, c, d in self.motes:
            depth = 0.2 + 0.9 * c
            view = self.stage.view(t, depth)
            x = (a - 0.5) * 1.25 * self.stage.aspect + 0.02 * math.sin(0.4 * t + 6 * d)
            y = (b + t * 0.012 * (0.4 + c) + 0.01 * math.sin(0.6 * t + 9 * d)) % 1.1 - 0.05
            px, py = view.at(x, y)
            power = (0.16 + 0.3 * c) if sparks is None else (0.35 + 0.65 * math.sin(0.9 * t + 20 * d) ** 2)
            r = unit * (0.5 + 1.0 * c * d) * self.stage.zoom**0.5
            self._dot(ink, px, py, r, tone, power)
        if bubbles:
            light = mix(self.glow, (1, 1, 1), 0.45)
            for a, b, c, d in self.bubbles:
                y = 1.02 - (b + t * (0.1 + 0.08 * c)) % 1.2
                x = (
                    float(self.vents[int(a * 3)])
                    + 0.03 * (a * 3 % 1 - 0.5) * (2.2 - y)
                    + 0.01 * math.sin(t * 2 + d * 9 + y * 12)
                )
                px, py = self.stage.view(t, 0.75).at(x, y)
                r = unit * (1.2 + 4.2 * c * d) * self.stage.zoom**0.6 * (1.2 - 0.4 * y)
                if not (-20 < px < w + 20 and -20 < py < h + 20):
                    continue
                centre = (int(px * 16), int(py * 16))
                colour = tuple(round(255 * k * 0.75) for k in light)
                cv2.circle(ink, centre, int(r * 16), (*(v // 6 for v in colour), 40), -1, cv2.LINE_AA, _SHIFT)
                cv2.circle(
                    ink, centre, int(r * 16), (*colour, 190), max(1, round(unit * 0.8)), cv2.LINE_AA, _SHIFT
                )
                spark = (centre[0] - int(r * 6), centre[1] - int(r * 6))
                cv2.circle(ink, spark, max(8, int(r * 4)), (235, 250, 250, 245), -1, cv2.LINE_AA, _SHIFT)
        lay(frame, ink.astype(np.float32) * np.float32(1 / 255))

    @staticmethod
    def _dot(ink: Image, x: float, y: float, r: float, tone: Colour, power: float) -> None:
        if 0 <= x < ink.shape[1] and 0 <= y < ink.shape[0]:
            colour = (*(round(255 * min(1, k) * power) for k in tone), round(255 * power))
            cv2.circle(ink, (int(x * 16), int(y * 16)), max(6, int(r * 16)), colour, -1, cv2.LINE_AA, _SHIFT)
