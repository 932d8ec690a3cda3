"""Corals: what grows on a reef, painted on a plate, lit from above and fading into the water."""

import math
from collections.abc import Callable

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.pen import smooth

HUES = tuple(
    rgb(code)
    for code in (
        "#ff7a5c",
        "#ffa24d",
        "#f25f8e",
        "#b86fe0",
        "#7f7fe8",
        "#ffd35c",
        "#9ad86a",
        "#4fc9b8",
        "#f2c4d8",
        "#ff5a4d",
    )
)
_STONE = rgb("#75706f")


class CoralPainter:
    """Paints corals of one plane.

    Args:
        brush: of the plate.
        light: light under water.
        distance: 0 here to 1 at the end of sight.
        rng: chance.
    """

    def __init__(self, brush: Brush, light: Light, distance: float, rng: np.random.Generator) -> None:
        self.brush, self.light, self.distance, self.rng = brush, light, distance, rng

    def tone(self, colour: Colour, shade: float) -> Colour:
        """A local colour in this light and at this distance."""
        return self.light.far(self.light.lit(colour, shade), self.distance)

    def any(self, x: float, y: float, size: float, hue: Colour | None = None) -> None:
        """One coral of a kind and colour left to chance, ``size`` world units tall, rooted at (x, y)."""
        kind = _KINDS[int(self.rng.integers(len(_KINDS)))]
        kind(self, x, y, size, hue or HUES[int(self.rng.integers(len(HUES)))])

    def stone(self, x: float, y: float, size: float) -> None:
        """A boulder, light above and dark below."""
        for k in range(5):
            dx, r = float(self.rng.normal(0, size * 0.45)), size * float(self.rng.uniform(0.35, 0.7))
            self.brush.blob(x + dx, y - 0.1 * size, r, r * 0.75, self.tone(times(_STONE, 0.75), 0.2))
            self.brush.blob(
                x + dx - 0.1 * r,
                y - 0.1 * size - 0.16 * r,
                r * 0.82,
                r * 0.55,
                self.tone(_STONE, 0.4 + 0.1 * k),
            )

    def staghorn(self, x: float, y: float, size: float, hue: Colour) -> None:
        """Branches that fork upward, with pale tips."""
        stems = int(self.rng.integers(4, 7))
        for k in range(stems):
            angle = (k + 0.5) / stems * 1.9 - 0.95 + float(self.rng.normal(0, 0.1))
            self._branch(x, y, angle, size * float(self.rng.uniform(0.42, 0.56)), size * 0.11, hue, 3)

    def _branch(
        self, x: float, y: float, angle: float, length: float, wide: float, hue: Colour, left: int
    ) -> None:
        bend = angle * 0.8
        ex, ey = x + length * math.sin(bend), y - length * math.cos(bend)
        mx, my = (x + ex) / 2 + 0.12 * length * math.sin(angle + 1), (y + ey) / 2
        shade = 1.0 - 0.24 * left
        self.brush.line(
            np.array(((x, y), (mx, my), (ex, ey))), wide, self.tone(times(hue, 0.7 + 0.3 * shade), shade)
        )
        if left > 1:
            for turn in (-0.42, 0.38):
                spread = turn + float(self.rng.normal(0, 0.16))
                self._branch(ex, ey, bend + spread, length * 0.66, wide * 0.72, hue, left - 1)
        else:
            tip = mix(hue, (1, 1, 1), 0.6)
            self.brush.blob(ex, ey, wide * 0.62, wide * 0.62, self.tone(tip, 1.0))

    def brain(self, x: float, y: float, size: float, hue: Colour) -> None:
        """A dome with winding grooves."""
        rx, ry = size * 0.62, size * 0.5
        cy = y - ry * 0.55
        for k in range(6):
            s = 1 - k * 0.15
            tone = self.tone(times(hue, 0.55 + 0.09 * k), 0.25 + 0.14 * k)
            self.brush.blob(x - 0.08 * rx * k / 5, cy - 0.3 * ry * k / 5, rx * s, ry * s, tone)
        groove = self.tone(times(hue, 0.55), 0.3)
        for k in range(5):
            a = np.linspace(-1.15, 1.15, 14)
            r = 0.22 + 0.15 * k
            wave = 0.05 * np.sin(a * 9 + k * 2.1 + x * 50)
            points = np.stack(
                (x + rx * (r + wave) * np.sin(a) * 1.05, cy + ry * (0.28 - (r + wave) * np.cos(a))), 1
            )
            self.brush.line(points, size * 0.022, groove)

    def table(self, x: float, y: float, size: float, hue: Colour) -> None:
        """A flat top on a stalk; a second tier sometimes."""
        tiers = 1 + int(self.rng.random() < 0.5)
        for k in range(tiers):
            wide, top = size * (0.85 - 0.3 * k), y - size * (0.5 + 0.3 * k)
            cx = x + size * 0.12 * k * (1 if self.rng.random() < 0.5 else -1)
            dark = self.tone(times(hue, 0.5), 0.15)
            foot = np.array(
                ((cx - size * 0.07, y), (cx - wide * 0.4, top), (cx + wide * 0.4, top), (cx + size * 0.07, y))
            )
            self.brush.fill(foot, dark)
            self.brush.blob(cx, top, wide, size * 0.1, self.tone(times(hue, 0.75), 0.4))
            self.brush.blob(cx, top - size * 0.03, wide * 0.97, size * 0.075, self.tone(hue, 0.95))
            for u in np.linspace(-0.9, 0.9, 13):
                h = size * 0.05 * float(self.rng.uniform(0.6, 1.3))
                self.brush.blob(
                    cx + wide * float(u), top - size * 0.04 * math.sqrt(1 - float(u) ** 2) - h * 0.4,
                    size * 0.03, h, self.tone(mix(hue, (1, 1, 1), 0.25), 1.0),
                )  # fmt: skip

    def fan(self, x: float, y: float, size: float, hue: Colour) -> None:
        """A fan of fine net across the current."""
        self.brush.line(
            np.array(((x, y), (x, y - size * 0.25))), size * 0.05, self.tone(times(hue, 0.6), 0.4)
        )
        lean = float(self.rng.uniform(-0.25, 0.25))
        for a in np.linspace(-1.15, 1.15, 17):
            r = size * (1.1 - 0.25 * abs(float(a))) * float(self.rng.uniform(0.88, 1.06))
            b = float(a) + lean
            points = np.array(
                (
                    (x, y - size * 0.15),
                    (x + 0.5 * r * math.sin(b * 0.75), y - size * 0.15 - 0.5 * r * math.cos(b * 0.75)),
                    (x + r * math.sin(b), y - size * 0.1 - r * math.cos(b)),
                )
            )
            shade = 0.6 + 0.35 * math.cos(float(a))
            self.brush.line(smoothed(points), size * 0.022, self.tone(hue, shade))
        for r in (0.45, 0.62, 0.78, 0.92):
            a = np.linspace(-1.0, 1.0, 15) + lean
            points = np.stack((x + size * r * np.sin(a), y - size * 0.12 - size * r * np.cos(a)), 1)
            self.brush.line(points, size * 0.012, self.tone(times(hue, 0.85), 0.6))

    def tubes(self, x: float, y: float, size: float, hue: Colour) -> None:
        """A cluster of tube sponges with dark mouths."""
        count = int(self.rng.integers(4, 7))
        order = sorted((float(self.rng.uniform(0.45, 1.0)) for _ in range(count)), reverse=True)
        for k, tall in enumerate(order):
            cx = x + size * 0.17 * (k - count / 2) * (1 if k % 2 else -1)
            w, top = size * 0.1 * (0.8 + 0.3 * tall), y - size * tall
            lean = size * 0.14 * (cx - x) / (size + 1e-6)
            self.brush.fill(
                np.array(((cx - w * 0.7, y), (cx + lean - w, top), (cx + lean + w, top), (cx + w * 0.7, y))),
                self.tone(times(hue, 0.72), 0.4),
            )
            self.brush.fill(
                np.array(
                    (
                        (cx - w * 0.6, y),
                        (cx + lean - w * 0.85, top),
                        (cx + lean - w * 0.1, top),
                        (cx - w * 0.1, y),
                    )
                ),
                self.tone(hue, 0.85),
            )
            self.brush.blob(cx + lean, top, w, w * 0.42, self.tone(mix(hue, (1, 1, 1), 0.35), 1.0))
            self.brush.blob(cx + lean, top + w * 0.03, w * 0.68, w * 0.26, self.tone(times(hue, 0.3), 0.1))

    def fingers(self, x: float, y: float, size: float, hue: Colour) -> None:
        """Soft rounded fingers, close together."""
        for k in range(11):
            a = (k + 0.5) / 11 * 2.2 - 1.1
            r = size * float(self.rng.uniform(0.55, 0.95)) * (1 - 0.2 * abs(a))
            ex, ey = x + r * math.sin(a) * 0.85, y - r * math.cos(a)
            w = size * 0.13
            self.brush.line(
                np.array(((x + 0.25 * (ex - x), y), (ex, ey))), w, self.tone(times(hue, 0.8), 0.5)
            )
            self.brush.blob(ex, ey, w * 0.56, w * 0.56, self.tone(mix(hue, (1, 1, 1), 0.2), 0.95))

    def lettuce(self, x: float, y: float, size: float, hue: Colour) -> None:
        """Ruffled plates, one behind the other."""
        for k in range(5):
            s = 1 - 0.14 * k
            cy = y - size * (0.52 - 0.11 * k)
            a = np.linspace(0, 2 * math.pi, 34, endpoint=False)
            ruffle = 1 + 0.09 * np.sin(a * 8 + k * 1.7) + 0.04 * np.sin(a * 13 + k)
            rim = np.stack(
                (x + size * 0.68 * s * ruffle * np.cos(a), cy + size * 0.22 * s * ruffle * np.sin(a)), 1
            )
            self.brush.fill(np.add(rim, (0, size * 0.035)), self.tone(times(hue, 0.5), 0.1))
            self.brush.fill(rim, self.tone(mix(hue, (1, 1, 1), 0.3), 1.0))
            inner = (rim - (x, cy)) * 0.9 + (x, cy + size * 0.012)
            self.brush.fill(inner, self.tone(times(hue, 0.78 + 0.04 * k), 0.6))

    def star(self, x: float, y: float, size: float, hue: Colour) -> None:
        """A starfish that lies on the sand."""
        a = np.linspace(0, 2 * math.pi, 10, endpoint=False) + float(self.rng.uniform(0, 6.28))
        r = np.where(np.arange(10) % 2 == 0, 1.0, 0.42) * size
        points = smooth(
            [(x + q * math.cos(b), y + 0.45 * q * math.sin(b)) for q, b in zip(r, a, strict=True)]
        )
        self.brush.fill(np.add(points, (0, size * 0.08)), self.tone(times(hue, 0.4), 0.1))
        self.brush.fill(points, self.tone(hue, 0.9))


def smoothed(points: np.ndarray) -> np.ndarray:
    """A smooth open curve through points."""
    return smooth([(float(px), float(py)) for px, py in points], closed=False, steps=4)


_KINDS: tuple[Callable[[CoralPainter, float, float, float, Colour], None], ...] = (
    CoralPainter.staghorn,
    CoralPainter.staghorn,
    CoralPainter.brain,
    CoralPainter.table,
    CoralPainter.fan,
    CoralPainter.tubes,
    CoralPainter.fingers,
    CoralPainter.lettuce,
)
