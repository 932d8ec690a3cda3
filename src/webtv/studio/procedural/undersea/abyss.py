"""Abyss: what has its own light where the sun's does not come."""

import math

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.pen import Pen, smooth
from webtv.studio.procedural.stage import Image, Stage

_HIDE = rgb("#4a4a5c")


class Angler:
    """An anglerfish: a mouth, a lure, and what the lure shows of the rest."""

    def __init__(self, stage: Stage, light: Light, size: float) -> None:
        self.stage, self.light, self.size = stage, light, size
        place = stage.place("angler")
        self.facing = stage.side("angler")
        self.x, self.y = (
            -0.1 * self.facing + float(place.uniform(-0.06, 0.06)),
            float(place.uniform(0.44, 0.54)),
        )
        self.glow: Colour = stage.spec.palette[0] if stage.spec.palette else rgb("#8ff0d8")

    def draw(self, frame: Image, t: float) -> None:
        """Draw it, then its lure's light on everything around."""
        view = self.stage.view(t, 0.9)
        x = self.x + self.facing * 0.012 * (t - self.stage.seconds / 2) + 0.006 * math.sin(0.7 * t)
        px, py = view.at(x, self.y + 0.012 * math.sin(0.9 * t))
        scale = self.size * view.scale
        jaw = 0.05 + 0.04 * math.sin(0.8 * t)
        beat = math.sin(2.6 * t)
        pen = Pen(px, py, scale, (1.2, 1.3, 0.8, 1.1), self.facing)
        hide, dark = _HIDE, times(_HIDE, 0.6)
        tail = 0.08 * beat
        pen.fill(
            smooth(
                [
                    (-0.62, 0.0),
                    (-0.95, 0.26 + tail),
                    (-1.05, 0.1 + tail),
                    (-0.9, tail),
                    (-1.05, -0.12 + tail),
                    (-0.92, -0.24 + tail),
                ]
            ),
            dark,
        )
        pen.fill(smooth([(-0.1, 0.38), (-0.3, 0.6), (-0.5, 0.52), (-0.55, 0.2)]), dark)
        pen.fill(smooth([(-0.1, -0.35), (-0.3, -0.55), (-0.5, -0.42), (-0.5, -0.18)]), dark)
        pen.fill(
            smooth(
                [
                    (0.5, 0.16),
                    (0.3, 0.4),
                    (-0.05, 0.46),
                    (-0.42, 0.26),
                    (-0.7, 0.06),
                    (-0.7, -0.06),
                    (-0.4, -0.3),
                    (0.0, -0.42),
                    (0.35, -0.34),
                    (0.42, -0.05),
                ]
            ),
            hide,
        )
        pen.fill(
            smooth([(0.46, 0.12), (0.2, 0.34), (-0.1, 0.36), (-0.3, 0.2), (0.1, 0.2)]),
            mix(hide, self.glow, 0.3),
        )
        pen.fill(
            smooth(
                [
                    (0.52, 0.14),
                    (0.2, 0.02),
                    (0.1, -0.1),
                    (0.25, -0.24 - jaw),
                    (0.58, -0.16 - jaw),
                    (0.5, -0.05),
                ]
            ),
            rgb("#1c1220"),
        )
        pen.fill(
            smooth([(0.62, -0.1 - jaw), (0.4, -0.28 - jaw), (0.05, -0.36), (0.0, -0.24), (0.3, -0.24 - jaw)]),
            mix(hide, self.glow, 0.16),
        )
        for k in range(7):
            u = k / 6
            x0 = 0.2 + 0.34 * u
            pen.fill(
                [(x0 - 0.018, 0.04 + 0.1 * u), (x0 + 0.02, 0.05 + 0.1 * u), (x0 + 0.006, -0.1 + 0.09 * u)],
                (0.92, 0.95, 0.9),
            )
            pen.fill(
                [
                    (x0 - 0.016, -0.24 - jaw + 0.09 * u),
                    (x0 + 0.022, -0.23 - jaw + 0.09 * u),
                    (x0 + 0.004, -0.1 - jaw + 0.08 * u),
                ],
                (0.85, 0.9, 0.86),
            )
        pen.blob(0.22, 0.2, 0.07, 0.07, rgb("#d8e8c8"))
        pen.blob(0.235, 0.2, 0.038, 0.042, rgb("#0c1014"))
        pen.limb(
            [(-0.05, -0.05), (-0.22, -0.14 + 0.04 * beat), (-0.3, -0.02 + 0.06 * beat)],
            (0.14, 0.12, 0.03),
            dark,
        )
        sway = 0.05 * math.sin(1.1 * t)
        tip = (0.78 + sway, 0.5 + 0.04 * math.sin(1.7 * t))
        pen.limb(
            [(0.12, 0.4), (0.25, 0.8), (0.62 + sway * 0.6, 0.82), tip],
            (0.035, 0.025, 0.02),
            mix(hide, self.glow, 0.35),
        )
        pen.lay(frame, self.light, self.facing, 0.0, 1.0, 0.5)
        lamps = Lamps(frame)
        lx, ly = px + self.facing * tip[0] * scale, py - tip[1] * scale
        power = 0.85 + 0.15 * math.sin(1.9 * t)
        lamps.spot(lx, ly, scale * 0.09, mix(self.glow, (1, 1, 1), 0.4), power)
        for k in range(6):
            lamps.spot(
                px + self.facing * scale * (0.1 - 0.13 * k),
                py + scale * (0.04 + 0.05 * math.sin(k)),
                scale * 0.012,
                self.glow,
                0.5 + 0.3 * math.sin(1.3 * t + k),
            )
        lamps.add(0.9, max(3.0, scale * 0.09), 0.95)


class Lanterns:
    """Small glowing things that hang in the dark: combs, threads, rings."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rng = stage.place("lanterns")
        hues = (rgb("#58d8ff"), rgb("#7affc8"), rgb("#b08aff"), rgb("#ff8ad0"))
        self.lights = [
            (
                float(rng.uniform(-0.62, 0.62)) * stage.aspect,
                float(rng.uniform(0.08, 0.8)),
                float(rng.uniform(0.15, 0.8)),
                hues[int(rng.integers(4))],
                float(rng.uniform(0, 6.28)),
                int(rng.integers(3)),
            )
            for _ in range(26)
        ]

    def draw(self, frame: Image, t: float) -> None:
        """Draw them all."""
        lamps = Lamps(frame)
        for x, y, depth, hue, phase, kind in self.lights:
            view = self.stage.view(t, depth)
            power = (0.35 + 0.65 * depth) * (0.6 + 0.4 * math.sin(0.8 * t + phase))
            r = (0.002 + 0.004 * depth) * view.scale
            cx = x + 0.015 * math.sin(0.4 * t + phase)
            cy = y + 0.02 * math.sin(0.3 * t + 2 * phase)
            count = (1, 7, 9)[kind]
            for k in range(count):
                if kind == 1:  # a chain of lights along a drifting thread
                    dx, dy = 0.02 * math.sin(0.9 * t + 0.8 * k + phase) * depth, 0.02 * k * depth
                    p = power * (0.45 + 0.55 * math.sin(2.0 * t - 0.9 * k + phase) ** 2)
                elif kind == 2:  # a bell of lights
                    a = k / 9 * 2 * math.pi
                    dx, dy = 0.03 * depth * math.cos(a + 0.3 * t), 0.014 * depth * math.sin(a + 0.3 * t)
                    p = power * 0.8
                else:
                    dx, dy, p = 0.0, 0.0, power
                px, py = view.at(cx + dx, cy + dy)
                lamps.spot(px, py, r, hue, p)
        lamps.add(0.7, 3.0, 0.95)


def chimneys(stage: Stage) -> list[tuple[float, float, float]]:
    """Places (x, y, height) of the vents on the floor of the deep."""
    rng = stage.place("chimneys")
    return [
        (float(x), 0.9, float(rng.uniform(0.12, 0.3)))
        for x in np.linspace(-0.9, 0.9, 5) + rng.uniform(-0.12, 0.12, 5)
    ]
