"""Ice on water as height fields: faceted bergs, drifting floes, and the shelf that the cast stands on."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.nature.relief import Rough
from webtv.studio.procedural.stage import Image, Stage

SHELF = 0.05
"""Height of the shelf over the water."""


class Bergs:
    """Icebergs: each a few convex blocks with sheer sides and tilted tops."""

    def __init__(self, stage: Stage, side: float) -> None:
        place = stage.place("bergs")
        self._rough = Rough(place, 5.0, 1.5, 1, 12)
        hero = int(place.integers(0, 2)) * 2
        spots = [
            (side * 0.36, 6.4, 2.6, hero),
            (-side * 0.42, 9.2, 2.7, 2 - hero),
            (side * 0.0, 16.0, 1.6, 1),
        ]
        spots += [(-side * 0.76, 6.6, 1.0, 2), (side * 0.9, 11.0, 2.6, 0), (-side * 0.12, 22.0, 2.4, 2)]
        spots += [(side * 0.1, 6.0, 0.3, 0)]
        self._blocks: list[list[tuple[float, float, float]]] = []
        self._round: list[tuple[float, float, float]] = []
        for share, z, tall, kind in spots:
            x = (share + float(place.uniform(-0.06, 0.06))) * z * min(1.0, max(0.55, stage.aspect / 1.6))
            self._berg(place, x, z, tall * float(place.uniform(0.85, 1.15)), kind)

    def _berg(self, place: np.random.Generator, x: float, z: float, tall: float, kind: int) -> None:
        """Kind 0 is a pinnacle, 1 a table, 2 a wedge."""
        wide = tall * {0: 0.62, 1: 1.5, 2: 1.05}[kind]
        parts = {0: 4, 1: 2, 2: 3}[kind]
        for part in range(parts):
            shift = wide * 0.62 * (part - (parts - 1) / 2) + float(place.normal(0, 0.08)) * wide
            high = tall * (1.0 if part == parts // 2 else float(place.uniform(0.3, 0.72)))
            reach = wide * float(place.uniform(0.5, 0.68))
            cx, cz = x + shift, z + float(place.normal(0, 0.2)) * wide
            planes = []
            turn = float(place.uniform(0, 6.28))
            sides = 7
            for k in range(sides):
                a = turn + 2 * math.pi * (k + float(place.uniform(-0.3, 0.3))) / sides
                steep = float(place.choice((1.9, 3.5, 8.0))) if kind != 1 else 5.0
                out = reach * float(place.uniform(0.75, 1.15))
                # height = steep * (out - distance along the normal)
                planes.append(
                    (
                        -steep * math.cos(a),
                        -steep * math.sin(a),
                        steep * (out + cx * math.cos(a) + cz * math.sin(a)),
                    )
                )
            for _ in range((3, 1, 2)[kind]):
                a = float(place.uniform(0, 6.28))
                lean = float(place.uniform(*((0.5, 1.3), (0.05, 0.16), (0.3, 0.75))[kind]))
                gx, gz = lean * math.cos(a), lean * math.sin(a)
                planes.append((gx, gz, high - gx * cx - gz * cz))
            self._blocks.append(planes)
            self._round.append((cx, cz, 1.7 * reach + 0.4))

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the water."""
        rough = self._rough(x, z)
        u, v = x + 0.05 * rough, z - 0.05 * rough
        out = np.zeros_like(rough)
        for planes, (cx, cz, reach) in zip(self._blocks, self._round, strict=True):
            inside = np.flatnonzero((np.abs(u - cx) < reach) & (np.abs(v - cz) < reach))
            if not len(inside):
                continue
            bu, bv = u.ravel()[inside], v.ravel()[inside]
            block = np.full_like(bu, 9.0)
            for gx, gz, base in planes:
                np.minimum(block, gx * bu + gz * bv + base, out=block)
            flat = out.reshape(-1)
            flat[inside] = np.maximum(flat[inside], block)
        return out


class Floes:
    """Level floes: cells of a cracked sheet, some of them open water; height in ``SHELF`` units of a step."""

    def __init__(self, stage: Stage, share: float) -> None:
        place = stage.place("floes")
        size, cells = 320, 62
        points = place.uniform(0, size, (cells, 2)).astype(np.float32)
        kept = place.random(cells) < share
        off = np.abs(np.arange(size, dtype=np.float32) - points[:, :, None])  # cell, axis, pixel
        off = np.minimum(off, size - off) ** 2
        best = np.full((size, size), 1e9, np.float32)
        second = best.copy()
        solid = np.zeros((size, size), np.bool_)
        for (across, down), keep in zip(off, kept, strict=True):
            d = down[:, None] + across
            np.copyto(solid, keep, where=d < best)
            np.minimum(second, np.maximum(d, best), out=second)
            np.minimum(best, d, out=best)
        gap = (np.sqrt(second) - np.sqrt(best)) / size
        self._tile = np.where(solid, gap, -0.02).astype(np.float32)
        self._tile = np.asarray(cv2.GaussianBlur(self._tile, (0, 0), 1.0, borderType=cv2.BORDER_REFLECT))
        self._size, self._scale = size, size / 11.0
        self._bend = Rough(place, 5.0, 1.6, 1, 12, cv2.INTER_LINEAR)

    def inside(self, x: Image, z: Image) -> Image:
        """How far inside a floe, in shares of the tile; at most 0 on open water."""
        bend = 0.1 * self._bend(x, z)
        u = np.asarray((x + bend) * self._scale, np.float32)
        v = np.asarray((z + bend) * self._scale, np.float32)
        return cv2.remap(self._tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


class PackIce:
    """Everything level: the near shelf with its pressure ridges, floes beyond, closed ice far out."""

    def __init__(self, stage: Stage, share: float, edge: float) -> None:
        place = stage.place("pack")
        self.floes = Floes(stage, share)
        self._edge = edge
        self._line = noise.Profile(place, 0.8, 4, 0.5)
        self._swell = Rough(place, 4.0, 1.7, 1, 8)
        # Snow lies in long drifts: a few waves, smoother than any noise.
        self._drifts = [
            (float(place.normal(0, 2.2)), float(place.normal(0, 3.5)), float(place.uniform(0, 6.28)))
            for _ in range(4)
        ]
        self._ridge = Rough(place, 3.0, 1.5, 1, 10)
        self._blocky = Rough(place, 0.9, 0.9, 1, 10)

    def inside(self, x: Image, z: Image) -> Image:
        """How far inside ice, in world units; negative on water."""
        shelf = self._edge + 0.16 * self._swell(x, z * 0.4) - z
        floe = (self.floes.inside(x, z) - 0.012) * 11
        floe = np.where(z < self._edge + 0.45, -0.4, floe)
        return np.asarray(np.maximum(shelf, floe), np.float32)

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the water."""
        inside = self.inside(x, z)
        top = SHELF * noise.smoothstep(-0.012, 0.012, inside)
        level = np.zeros_like(top)
        for across, away, phase in self._drifts:
            level += 0.006 * np.sin(across * x + away * z + phase)
        level *= np.clip(inside * 4, 0, 1)
        crest = np.clip(1 - np.abs(self._ridge(x, z)) * 4, 0, 1) * np.clip(inside * 3, 0, 1)
        # The cast needs its room: ridges rise beside and behind it.
        crest *= np.clip(np.abs(x / np.maximum(z, 0.2)) * 3.2 - 0.9, 0, 1) * np.clip(z - 0.8, 0, 1)
        blocks = np.floor(2.5 * np.abs(self._blocky(x, z))) / 2.5 * 0.7 + 0.3
        return np.asarray(top + level + 0.05 * crest * blocks, np.float32)
