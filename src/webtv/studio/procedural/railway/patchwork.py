"""Patchwork: crops between hedges, as they lie on land that rises away from a railway line."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import FLOWERS
from webtv.studio.procedural.railway.strips import LAP, grain
from webtv.studio.procedural.stage import Image, Plate, Stage

REACH = 0.32  # world height from the farthest field to the nearest
_ROWS = ((0.06, 9), (0.24, 8), (0.45, 7), (0.68, 6), (0.95, 5))  # how near, how many fields side by side


class Patchwork:
    """Fields of one strip: cells about random middles, narrow where they are far.

    Args:
        stage: the stage.
        plate: where they are painted; repeats after :data:`LAP`.
        place: chance of the land.
        level: world height of the farthest field.
        ground: local colour of grass, or of snow.
        snow: whether snow hides the crops.
    """

    def __init__(
        self, stage: Stage, plate: Plate, place: np.random.Generator, level: float, ground: Colour, snow: bool
    ) -> None:
        self.stage, self.plate, self.level, self.ground, self.snow = stage, plate, level, ground, snow
        # Half the size is sharp enough for what ends in grass.
        self._x = np.ascontiguousarray(plate.x[:, ::2])
        self._y = np.ascontiguousarray(plate.y[::2])
        down = np.sqrt(np.clip((self._y - level) / REACH, 0, 1))
        self._near = np.repeat(down, self._x.size, 1).astype(np.float32)
        self._part(place)
        self._place = place

    def _part(self, place: np.random.Generator) -> None:
        """Which field each point belongs to, and how far it is from the next one."""
        middles = np.array(
            [
                ((k + float(place.uniform(-0.3, 0.3))) * LAP / n, s + float(place.uniform(-0.06, 0.06)))
                for s, n in _ROWS
                for k in range(n)
            ],
            np.float32,
        )
        shape = self._near.shape
        bent = grain(shape, place, 3, 3) - 0.5
        turn = 2 * np.pi * self._x / LAP
        x = self._x + self._near * (0.16 * np.sin(2 * turn + 1.0)) + 0.1 * bent
        s = self._near + 0.06 * bent + 0.03 * np.sin(3 * turn)
        first = np.full(shape, 9.0, np.float32)
        second = first.copy()
        owner = np.zeros(shape, np.intp)
        other = np.zeros(shape, np.intp)
        self._aside = np.zeros(shape, np.float32)
        for k, (mx, ms) in enumerate(middles):
            dx = x - mx
            dx -= LAP * np.round(dx / LAP)
            d = np.hypot(0.42 * dx, s - ms).astype(np.float32)
            nearest = d < first
            between = ~nearest & (d < second)
            second = np.where(nearest, first, np.where(between, d, second))
            other = np.where(nearest, owner, np.where(between, k, other))
            first = np.where(nearest, d, first)
            owner = np.where(nearest, k, owner)
            self._aside = np.where(nearest, dx, self._aside).astype(np.float32)
        self._owner, self._gap = owner, second - first
        low, high = np.minimum(owner, other), np.maximum(owner, other)
        self._hedged = (low * 7 + high * 13) % 5 < 3
        self._count = len(middles)

    def paint(self) -> None:
        """Fill the plate below the crest."""
        light, place = self.stage.light, self._place
        crops = [
            self.ground,
            mix(self.ground, rgb("#d8b85a"), 0.5),
            times(self.ground, 0.84),
            mix(self.ground, rgb("#b5c45c"), 0.45),
            mix(self.ground, rgb("#8a6a48"), 0.3),
        ]
        if self.snow:
            crops = [self.ground, times(self.ground, 0.95), times(self.ground, 0.98)]
        elif self.stage.spec.season == "summer":
            # A blue field reads as water from a train.
            blooms = [c for c in FLOWERS["summer"] if c != "#6f86d8"]
            crops.append(mix(self.ground, rgb(blooms[int(place.integers(len(blooms)))]), 0.3))
        pick = place.integers(0, len(crops), self._count)
        far = np.asarray([light.far(light.lit(c, 0.6), 0.36) for c in crops], np.float32)[pick]
        near = np.asarray([light.lit(c, 0.62) for c in crops], np.float32)[pick]
        at, s = self._owner, self._near[..., None]
        body = cv2.GaussianBlur(far[at] + s * (near - far)[at], (0, 0), 1.2)
        # Furrows meet in a vanishing point of their own field, above it.
        lean = place.uniform(-0.5, 0.5, self._count).astype(np.float32)[at]
        deep = (0.05 * place.integers(0, 2, self._count)).astype(np.float32)[at]
        furrow = deep * np.sin((self._aside + lean * self._near) * 150 / (self._near + 0.35))
        mottle = grain(body.shape[:2], place, 6, 5)
        body *= (0.84 + 0.32 * mottle + furrow * noise.smoothstep(0.15, 0.6, self._near))[..., None]
        seam = np.exp(-((self._gap / (0.006 + 0.008 * self._near)) ** 2)) * (0.6 + 0.6 * mottle)
        hedge = np.asarray(light.lit(times(self.ground, 0.9 if self.snow else 0.5), 0.35), np.float32)
        verge = np.asarray(light.lit(times(self.ground, 1.04), 0.66), np.float32)
        edge = np.where(self._hedged[..., None], hedge, verge)
        body += (0.7 * np.clip(seam, 0, 1))[..., None] * (edge - body)
        # The crest lies in the air between it and the hills.
        air = 0.45 * (1 - noise.smoothstep(0.0, 0.4, self._near))
        body += air[..., None] * (np.asarray(light.far(light.lit(self.ground, 0.5), 0.5), np.float32) - body)
        rows, columns = self.plate.shape
        full = cv2.resize(body.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
        turn = 2 * np.pi * self.plate.x[0] / LAP
        crest = self.level + 0.007 * np.sin(2 * turn + 0.4) + 0.005 * np.sin(5 * turn)
        self.plate.fill(full, self.plate.edge(crest.astype(np.float32), 3))

    def hedges(self, count: int) -> Image:
        """Points on hedges in world units, float[n, 2], fewer where two fields share a plain verge."""
        rows, columns = np.nonzero(self._hedged & (self._gap < 0.008) & (self._near > 0.04))
        x = self._x[0, columns]
        inside = (x > 0.1) & (x < LAP - 0.1)
        rows, x = rows[inside], x[inside]
        if not len(x):
            return np.zeros((0, 2), np.float32)
        some = self._place.integers(0, len(x), count)
        return np.stack((x[some], self._y[rows[some], 0]), 1)
