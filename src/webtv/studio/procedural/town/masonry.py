"""Masonry: turned and squared stone, battlements, arches, roofs and windows, lit from one side."""

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Plate, Stage

_STRIPS = 14  # facets that a round thing is drawn with


@dataclass(frozen=True, slots=True)
class Pennant:
    """Where a flag flies: top of its pole in world units, its size, and its colour as seen."""

    x: float
    y: float
    size: float
    colour: Colour


class Mason:
    """Builds in world units on one plate.

    Args:
        stage: the stage.
        plate: what to build on.
        sun: side of the light, -1 or 1.
        distance: how much air is in between, 0..1.
    """

    def __init__(self, stage: Stage, plate: Plate, sun: float, distance: float) -> None:
        self.stage, self.plate, self.sun, self.distance = stage, plate, sun, distance
        self.brush = Brush(plate)
        self.windows: list[tuple[float, float, float]] = []
        self.pennants: list[Pennant] = []
        lamps = stage.light.lamps
        self.glass = mix(stage.light.lit(rgb("#3d4652"), 0.3), rgb("#ffd07a"), min(1.0, lamps * 1.2))

    def tone(self, colour: Colour, shade: float) -> Colour:
        """A local colour as seen: ``shade`` 0 in the shadow, 1 in the light."""
        light = self.stage.light
        dark = times(colour, (0.5, 0.5, 0.58))
        return light.far(
            mix(light.lit(dark, 0.15), light.lit(times(colour, 1.08), 1.1), shade), self.distance
        )

    def turned(
        self, x: float, y: float, profile: list[tuple[float, float]], colour: Colour, bow: float = 0.1
    ) -> None:
        """A round body: ``profile`` lists radius and height above y from its foot to its top."""
        radius, height = np.array([p[0] for p in profile]), np.array([p[1] for p in profile])
        edges = np.sin(np.linspace(-math.pi / 2, math.pi / 2, _STRIPS + 1))
        for a, b in pairwise(edges.tolist()):
            s = (a + b) / 2
            front = math.sqrt(max(0.0, 1 - s * s))
            shade = float(np.clip(0.36 + 0.62 * s * self.sun + 0.16 * front, 0, 1))
            sides = []
            for e in (a, b):
                lift = bow * radius * math.sqrt(max(0.0, 1 - e * e))
                lift = np.where(height > 0, lift, 0.0)
                sides.append(np.stack((x + radius * e, y - height - lift), 1))
            self.brush.fill(np.concatenate((sides[0], sides[1][::-1])), self.tone(colour, shade))

    def block(self, x0: float, x1: float, y: float, tall: float, colour: Colour, shade: float = 0.75) -> None:
        """An upright rectangle standing at y."""
        self.brush.fill(
            np.array([(x0, y), (x0, y - tall), (x1, y - tall), (x1, y)]), self.tone(colour, shade)
        )

    def shape(self, points: list[tuple[float, float]], colour: Colour, shade: float) -> None:
        """Any polygon."""
        self.brush.fill(np.array(points), self.tone(colour, shade))

    def cut(self, points: list[tuple[float, float]]) -> None:
        """Take away what was drawn: an opening that shows what is behind."""
        cv2.fillPoly(self.brush.ink, [self.brush.points(np.array(points))], (0, 0, 0, 0), cv2.LINE_8, 4)

    @staticmethod
    def arch(x: float, y: float, half: float, tall: float, pointed: float = 0.5) -> list[tuple[float, float]]:
        """Outline of an arch that stands at y; ``pointed`` 0 is round, 1 a lancet."""
        spring = tall - half * (1 + 0.7 * pointed)
        up = tall - spring
        left = []
        for a in np.linspace(0, math.pi / 2, 7):
            c, s = math.cos(a), math.sin(a)
            left.append((x - half * (c ** (1 + 0.25 * pointed)), y - spring - up * s ** (1 + 0.45 * pointed)))
        right = [(2 * x - px, py) for px, py in left[::-1]]
        return [(x - half, y), *left, *right, (x + half, y)]

    def merlons(self, x0: float, x1: float, y: float, size: float, colour: Colour, shade: float) -> None:
        """A row of battlements on top of y, over a jutting course."""
        self.block(x0 - size * 0.3, x1 + size * 0.3, y + size * 0.45, size * 0.6, colour, shade * 0.8)
        count = max(2, round((x1 - x0 + 0.6 * size) / (size * 1.5)))
        pitch = (x1 - x0 + 0.6 * size) / (count - 0.4)
        for k in range(count):
            left = x0 - 0.3 * size + k * pitch
            self.block(left, left + pitch * 0.6, y, size, colour, shade)

    def window(self, x: float, y: float, half: float, tall: float, arched: bool = True) -> None:
        """A window with its sill at y; it glows when lamps are lit."""
        points = self.arch(x, y, half, tall, 0.4) if arched else [
            (x - half, y), (x - half, y - tall), (x + half, y - tall), (x + half, y)
        ]  # fmt: skip
        self.brush.fill(np.array(points), self.glass)
        self.windows.append((x, y - tall / 2, tall))

    def tower(
        self,
        x: float,
        y: float,
        radius: float,
        tall: float,
        stone: Colour,
        roof: Colour | None,
        flag: Colour | None = None,
    ) -> None:
        """A round tower with a spire, or with battlements where no roof is given."""
        r, h = radius, tall
        self.turned(x, y, [(r * 1.12, 0), (r, h * 0.16), (r, h)], stone)
        self.turned(x, y - h * 0.97, [(r, 0), (r * 1.22, r * 0.4), (r * 1.22, r * 0.85)], stone)
        top = y - h * 0.97 - r * 0.85
        if roof is None:
            count = 6
            for k in range(count):
                s = (k + 0.5) / count * 2 - 1
                shade = float(np.clip(0.36 + 0.62 * s * self.sun + 0.16 * math.sqrt(1 - s * s), 0, 1))
                lift = 0.12 * r * math.sqrt(1 - s * s)
                self.block(
                    x + r * 1.22 * (s - 0.1),
                    x + r * 1.22 * (s + 0.1),
                    top - lift + 0.05 * r,
                    r * 0.42,
                    stone,
                    shade,
                )
            tip = top - r * 0.4
        else:
            spire = r * 3.1
            self.turned(
                x,
                top + r * 0.06,
                [(r * 1.42, 0), (r * 0.9, spire * 0.32), (r * 0.42, spire * 0.68), (r * 0.02, spire)],
                roof,
                0.12,
            )
            tip = top - spire
        if flag is not None:
            pole = r * 1.5
            self.brush.line(
                np.array([(x, tip + r * 0.1), (x, tip - pole)]), r * 0.09, self.tone(rgb("#5a4a3a"), 0.5)
            )
            self.pennants.append(Pennant(x, tip - pole, r * 1.5, self.tone(flag, 0.9)))
        for level in (0.36, 0.62, 0.84):
            if h * level > r * 1.2:
                self.window(x + r * 0.12 * self.sun, y - h * level, r * 0.13, r * 0.52)

    def ivy(
        self, rng: np.random.Generator, x: float, y: float, wide: float, tall: float, leaf: Colour
    ) -> None:
        """Leaves that hang from y downwards or climb up to it."""
        for _ in range(int(70 * max(0.3, wide / max(tall, 1e-6)))):
            s = float(rng.normal(0, 0.35))
            d = float(rng.random()) ** 1.4 * tall * max(0.15, 1 - abs(s))
            size = tall * float(rng.uniform(0.03, 0.065))
            shade = float(np.clip(0.45 + 0.4 * s * self.sun + 0.25 * float(rng.normal()), 0, 1))
            self.brush.blob(
                x + s * wide, y + d, size * 1.2, size, self.tone(times(leaf, 0.75 + 0.4 * shade), shade)
            )

    def done(self, grain: float = 0.5, course: float = 0.011) -> None:
        """Give the stone its courses and stains and lay everything on the plate."""
        rng = self.stage.place("stone grain")
        before = self.plate.rgba.copy()
        self.plate.rgba[:] = 0
        self.brush.done()
        h, w = self.plate.shape
        stain = noise.fbm(h, w, rng, cells=7, octaves=6) - 0.5
        tall = max(2, round((float(self.plate.y[-1, 0]) - self.plate.y0) / course))
        blocks = rng.uniform(-1, 1, (tall, max(2, round(tall * w / h / 1.8)))).astype(np.float32)
        stones = cv2.resize(
            blocks,
            (w, h),
            interpolation=cv2.INTER_AREA if course * self.plate.scale < 1 else cv2.INTER_LINEAR,
        )
        tone = 1 + grain * (0.34 * stain + 0.09 * stones * min(1.0, course * self.plate.scale / 3))
        mine = self.plate.rgba
        mine[..., :3] *= tone[..., None]
        mine += before * (1 - mine[..., 3:])
