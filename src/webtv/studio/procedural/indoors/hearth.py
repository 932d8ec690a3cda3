"""Fire and steam indoors: candle flames, a hearth whose flames climb and light the room, wisps over cups."""

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, ramp, rgb
from webtv.studio.procedural.glow import screen
from webtv.studio.procedural.stage import Image, Stage

_HEAT: tuple[tuple[float, Colour], ...] = (
    (0.0, (0.0, 0.0, 0.0)),
    (0.18, rgb("#5a1206")),
    (0.4, rgb("#d1430e")),
    (0.62, rgb("#ff9a26")),
    (0.82, rgb("#ffd873")),
    (1.0, rgb("#fff6d8")),
)


@functools.cache
def _heat() -> Image:
    return ramp(_HEAT, 256)


def flicker(t: float, phase: float) -> float:
    """A flame's brightness, about 1; it wavers and never jumps."""
    return (
        1.0
        + 0.05 * math.sin(5.1 * t + phase)
        + 0.035 * math.sin(8.3 * t + 2.3 * phase)
        + 0.03 * math.sin(2.2 * t)
    )


def flame(frame: Image, x: float, y: float, tall: float, t: float, phase: float) -> None:
    """One candle flame that stands on a pixel.

    Args:
        frame: where to.
        x: pixel of the wick.
        y: likewise.
        tall: height in pixels.
        t: seconds.
        phase: so that no two flicker alike.
    """
    tall *= 0.94 + 0.1 * (flicker(t, phase) - 1) / 0.1
    c0, c1 = max(0, int(x - tall * 0.5)), min(frame.shape[1], int(x + tall * 0.5) + 2)
    r0, r1 = max(0, int(y - tall * 1.15)), min(frame.shape[0], int(y + tall * 0.12) + 2)
    if c0 >= c1 or r0 >= r1 or tall < 2:
        return
    v = (y - np.arange(r0, r1, dtype=np.float32)[:, None]) / tall
    lean = 0.07 * math.sin(2.7 * t + phase) + 0.04 * math.sin(6.1 * t + 1.7 * phase)
    u = (np.arange(c0, c1, dtype=np.float32)[None, :] - x) / tall - lean * np.clip(v, 0, 1.2) ** 1.6
    grown = np.clip(v + 0.06, 0, 1.06)
    half = 0.2 * np.sqrt(grown / 1.06) * (1.06 - grown) ** 0.72 * 1.75 + 1e-3
    edge = np.abs(u) / half
    soft = np.clip((1.0 - edge) * 2.2, 0, 1) * np.clip(v * 9 + 1.0, 0, 1)
    heat = soft * np.clip(0.55 + 0.62 * (1 - edge**2) - 0.3 * np.clip(0.22 - v, 0, 1) * 3, 0, 1)
    colour = _heat()[(np.clip(heat, 0, 1) * 255).astype(np.intp)]
    blue = np.exp(-(((v - 0.05) / 0.1) ** 2) - (u / 0.1) ** 2) * 0.35
    colour = colour + blue[..., None] * np.asarray((0.2, 0.35, 0.9), np.float32)
    part = frame[r0:r1, c0:c1]
    part *= (1 - soft * 0.85)[..., None]
    part += colour.astype(np.float32)
    np.minimum(part, 1.1, out=part)


class Fire:
    """A wood fire.

    Args:
        stage: the stage.
        depth: plane.
        x: world x of its middle.
        base: world height of the logs.
        wide: width of the bed of fire.
        tall: height of the flames.
    """

    def __init__(self, stage: Stage, depth: float, x: float, base: float, wide: float, tall: float) -> None:
        self.stage, self.depth, self.x, self.base, self.wide, self.tall = stage, depth, x, base, wide, tall
        rng = stage.take("fire")
        self._tiles = [
            cv2.copyMakeBorder(noise.tile(128, rng, 1.5, low=low), 0, 1, 0, 1, cv2.BORDER_WRAP)
            for low in (3, 6)
        ]
        self._sparks = rng.uniform(0, 1, (22, 4))

    def power(self, t: float) -> float:
        """How bright it is at t, about 1."""
        return 1 + 0.6 * (flicker(t, 1.0) - 1) + 0.03 * math.sin(3.3 * t)

    def draw(self, frame: Image, t: float) -> None:
        """Add flames and sparks."""
        view = self.stage.view(t, self.depth)
        ax, ay = view.at(self.x - self.wide * 0.62, self.base - self.tall * 1.25)
        bx, by = view.at(self.x + self.wide * 0.62, self.base + 0.012)
        c0, c1 = max(0, int(ax)), min(frame.shape[1], int(bx) + 1)
        r0, r1 = max(0, int(ay)), min(frame.shape[0], int(by) + 1)
        if c1 - c0 < 4 or r1 - r0 < 4:
            return
        h, w = (r1 - r0 + 1) // 2, (c1 - c0 + 1) // 2
        x = ((np.arange(w, dtype=np.float32) * 2 + c0 - view.left) / view.scale - self.x) / self.wide
        y = (self.base - (np.arange(h, dtype=np.float32) * 2 + r0 - view.top) / view.scale) / self.tall
        u, v = np.repeat(x[None, :], h, 0), np.repeat(y[:, None], w, 1)
        bend = 0.16 * np.sin(3.0 * v - 4.2 * t) * np.clip(v, 0, 1) + 0.08 * np.sin(7 * v - 6.5 * t + 5 * u)
        coarse = self._read(0, (u + bend) * 60, v * 34 + t * 42)
        fine = self._read(1, (u + bend) * 90 + 31, v * 60 + t * 74)
        reach = np.clip(1.12 - 3.4 * (u + 0.4 * bend) ** 2 + 0.3 * coarse * 0.55, 0.05, 1.4)
        heat = 1.12 - 1.2 * np.clip(v, 0, 2) / reach + 0.27 * coarse + 0.11 * fine
        heat -= np.clip(np.abs(u) - 0.42, 0, 1) * 5
        heat = np.clip(heat, 0, 1) * np.clip((v + 0.03) * 12, 0, 1)
        heat = np.asarray(cv2.GaussianBlur(heat, (0, 0), max(0.6, h / 70)), np.float32)
        colour = _heat()[(np.clip(heat * 0.86, 0, 1) * 255).astype(np.intp)]
        soft = cv2.resize(colour, (w * 2, h * 2), interpolation=cv2.INTER_LINEAR)[: r1 - r0, : c1 - c0]
        part = frame[r0:r1, c0:c1]
        screen(part, soft * np.float32(1.25))
        for sx, start, pace, phase in self._sparks:
            life = (start + t * (0.25 + 0.3 * pace)) % 1.0
            px, py = view.at(
                self.x + (sx - 0.5) * self.wide * 0.6 + 0.02 * math.sin(4 * life * 6 + phase * 6),
                self.base - life * self.tall * 1.2,
            )
            glow = max(0.0, 1 - life) * min(1.0, life * 6)
            if c0 < px < c1 and r0 < py < r1:
                cv2.circle(
                    frame,
                    (int(px * 16), int(py * 16)),
                    max(8, int(view.scale * 0.0016 * 16)),
                    (1.0, 0.35 + 0.45 * glow, 0.15 + 0.3 * glow) if glow > 0.25 else (0.5, 0.15, 0.06),
                    -1,
                    cv2.LINE_AA,
                    4,
                )

    def _read(self, which: int, u: Image, v: Image) -> Image:
        return cv2.remap(self._tiles[which], noise.wrap(u, 128), noise.wrap(v, 128), cv2.INTER_LINEAR)


def steam(
    frame: Image, x: float, y: float, tall: float, t: float, phase: float, strength: float, tile: Image
) -> None:
    """A wisp that rises from a pixel and curls away.

    Args:
        frame: where to.
        x: pixel of the middle of its foot.
        y: likewise.
        tall: height in pixels.
        t: seconds.
        phase: 0..1, so that no two wisps are alike.
        strength: opacity.
        tile: repeating noise float32[129, 129] (see :func:`webtv.studio.procedural.noise.tile`).
    """
    c0, c1 = max(0, int(x - tall * 0.4)), min(frame.shape[1], int(x + tall * 0.4) + 1)
    r0, r1 = max(0, int(y - tall)), min(frame.shape[0], int(y) + 1)
    if c1 - c0 < 4 or r1 - r0 < 4:
        return
    h, w = (r1 - r0 + 1) // 2, (c1 - c0 + 1) // 2
    v = ((y - r0 - 2 * np.arange(h, dtype=np.float32)) / tall)[:, None]
    u = ((np.arange(w, dtype=np.float32) * 2 + c0 - x) / tall)[None, :]
    curl = 0.07 * v * np.sin(5.5 * v - 1.5 * t + 6 * phase) + 0.04 * v * np.sin(11 * v - 2.3 * t + 3 * phase)
    wide = 0.045 + 0.16 * np.clip(v, 0, 1)
    body = np.exp(-(((u - curl) / wide) ** 2))
    grain = cv2.remap(
        tile,
        noise.wrap((u - curl) * 90 + 50 * phase + 0 * v, 128),
        noise.wrap(v * 40 + t * 11 + 90 * phase + 0 * u, 128),
        cv2.INTER_LINEAR,
    )
    fade = np.clip(v * 8, 0, 1) * np.clip(1 - v, 0, 1) ** 1.2
    alpha = (body * fade * np.clip(0.55 + 0.4 * grain, 0, 1.2) * strength).astype(np.float32)
    alpha = cv2.resize(alpha, (w * 2, h * 2), interpolation=cv2.INTER_LINEAR)[: r1 - r0, : c1 - c0]
    screen(frame[r0:r1, c0:c1], cv2.merge((alpha, alpha, alpha)))


@dataclass(frozen=True, slots=True)
class Vapour:
    """Where something steams: world x and y of its foot, height, and 0..1 by which wisps differ."""

    x: float
    y: float
    tall: float
    phase: float


@dataclass(frozen=True, slots=True)
class Wick:
    """Where a flame stands: world x and y, height of the flame, phase."""

    x: float
    y: float
    tall: float
    phase: float


class Living:
    """What moves on a table by itself: steam and candle flames with their glow.

    Args:
        stage: the stage.
        evening: how much lamps rather than the window light the room, 0..1.
        vapours: what steams.
        wicks: what burns.
    """

    def __init__(self, stage: Stage, evening: float, vapours: list[Vapour], wicks: list[Wick]) -> None:
        self.stage, self.evening, self.vapours, self.wicks = stage, evening, vapours, wicks
        self._tile = np.pad(noise.tile(128, stage.take("steam"), 1.7, low=2), ((0, 1), (0, 1)), mode="wrap")

    def draw(self, frame: Image, t: float) -> None:
        """Draw steam, then flames."""
        view = self.stage.view(t, 1.0)
        for v in self.vapours:
            x, y = view.at(v.x, v.y)
            steam(frame, x, y, v.tall * view.scale, t, v.phase, 0.34, self._tile)
        for w in self.wicks:
            x, y = view.at(w.x, w.y)
            flame(frame, x, y, w.tall * view.scale, t, w.phase)

    def glow(self, t: float) -> list[tuple[float, float, float, Colour, float]]:
        """Halos of the flames at t: pixel x, y, radius, colour, power."""
        view = self.stage.view(t, 1.0)
        out = []
        for w in self.wicks:
            x, y = view.at(w.x, w.y - w.tall * 0.4)
            power = (0.34 + 0.4 * self.evening) * flicker(t, w.phase)
            out.append((x, y, w.tall * view.scale, rgb("#ffb45a"), power))
        return out
