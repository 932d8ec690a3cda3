"""Where a plant is drawn once: strokes and dabs of leaf, bark and white, each with the light it catches."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.stage import Image

SIZE = 360  # pixels of a specimen one unit tall
_FINE = 2
_SIZES = 6  # of a specimen, each half the one before
LEAF, OTHER, BARK, WHITE = range(4)


@dataclass(frozen=True, slots=True)
class Specimen:
    """One drawn plant, lit from the right.

    Attributes:
        cover: uint8[h, w, 4], how much of a pixel is leaf, other leaf, bark and white.
        light: uint8[h, w, 4], the same times how brightly it is lit.
        foot: column of its foot, in units of its height from the left edge.
        top: rows above its foot, in units of its height.
        half: the same at half the size, for plants farther away; None at the smallest.
    """

    cover: Image
    light: Image
    foot: float
    top: float
    half: "Specimen | None" = None


class Sketch:
    """Where a specimen is drawn: y is up, the foot at (0, 0), one unit is its height."""

    def __init__(self, wide: float, tall: float = 1.06, below: float = 0.03) -> None:
        self.unit = SIZE * _FINE
        self.wide, self.tall, self.below = wide, tall, below
        shape = (int((tall + below) * SIZE) * _FINE, int(wide * SIZE) * _FINE, 3)
        self.ink = np.zeros(shape, np.uint8)

    def _at(self, points: Image) -> Image:
        return np.rint(((self.wide / 2, self.tall) + points * (1, -1)) * (16 * self.unit)).astype(np.int32)

    @staticmethod
    def _ink(tone: float, material: int) -> tuple[int, int, int]:
        return round(255 * min(1.0, max(0.0, float(tone)))), material, 255

    def fill(self, points: Image, tone: float, material: int) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.ink, [self._at(np.asarray(points))], self._ink(tone, material), cv2.LINE_8, 4)

    def dab(
        self, x: float, y: float, long: float, wide: float, turn: float, tone: float, material: int = LEAF
    ) -> None:
        """An ellipse with two radii, turned by an angle in radians, anticlockwise."""
        k = self.unit * 16
        at = round(float((x + self.wide / 2) * k)), round(float((self.tall - y) * k))
        axes = max(10, int(long * k)), max(10, int(wide * k))
        ink = self._ink(tone, material)
        cv2.ellipse(self.ink, at, axes, -math.degrees(turn), 0, 360, ink, -1, cv2.LINE_8, 4)

    def dabs(self, at: Image, radii: Image, turn: Image, tone: Image, material: Image) -> None:
        """Many ellipses, later ones over earlier.

        Args:
            at: float[n, 2], their middles.
            radii: float[n, 2].
            turn: float[n], radians anticlockwise.
            tone: float[n].
            material: int[n].
        """
        tones = np.rint(255 * np.clip(tone, 0, 1)).astype(int).tolist()
        axes = np.maximum(10, radii * (16 * self.unit)).astype(int).tolist()
        inks = zip(tones, np.asarray(material).tolist(), strict=True)
        for centre, (long, wide), angle, (light, what) in zip(
            self._at(at).tolist(), axes, (-np.degrees(turn)).tolist(), inks, strict=True
        ):
            cv2.ellipse(self.ink, centre, (long, wide), angle, 0, 360, (light, what, 255), -1, cv2.LINE_8, 4)

    def limb(self, points: Image, first: float, last: float, tone: float, material: int = BARK) -> None:
        """A tapering stroke through points, lit along its right side."""
        p = np.asarray(points, np.float64)
        step = np.empty_like(p)
        step[1:-1] = p[2:] - p[:-2]
        step[0], step[-1] = p[1] - p[0], p[-1] - p[-2]
        half = (first + (last - first) / (len(p) - 1) * np.arange(len(p))) / 2
        aside = step[:, ::-1] * (1, -1) * (half / (np.hypot(step[:, 0], step[:, 1]) + 1e-9))[:, None]
        self.fill(np.concatenate((p - aside, (p + aside)[::-1])), tone, material)
        if first * self.unit > 3:
            lit = np.concatenate((p + aside * 0.15, (p + aside)[::-1]))
            self.fill(lit, min(1.0, tone + 0.34), material)

    def done(self) -> Specimen:
        """Reduce the drawing to a specimen."""
        tone, material, cover = cv2.split(self.ink)
        h, w = self.ink.shape[0] // _FINE, self.ink.shape[1] // _FINE
        masks = [cv2.bitwise_and(cv2.inRange(material, m, m), cover) for m in range(4)]
        lights = [cv2.bitwise_and(tone, mask) for mask in masks]
        cover, light = cv2.merge(masks), cv2.merge(lights)
        sizes = []
        for _ in range(_SIZES):
            cover, light = (cv2.resize(a, (w, h), interpolation=cv2.INTER_AREA) for a in (cover, light))
            sizes.append((cover, light))
            w, h = w // 2, h // 2
        plant: Specimen | None = None
        for cover, light in reversed(sizes):
            plant = Specimen(cover, light, self.wide / 2, self.tall, plant)
        assert plant is not None
        return plant


def curve(points: list[tuple[float, float]], steps: int = 12) -> Image:
    """A smooth line through a start, a handle and an end."""
    s = (np.arange(steps) / (steps - 1))[:, None]
    return np.hstack(((1 - s) ** 2, 2 * s * (1 - s), s**2)) @ np.asarray(points, np.float64)
