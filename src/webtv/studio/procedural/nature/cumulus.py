"""Clouds seen from among them: a sea of tops flown over in true perspective, and towers of cumulus."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, times
from webtv.studio.procedural.nature.relief import first_rows
from webtv.studio.procedural.stage import Image, Stage, lay

_TILE = 512
_SIZE = 13.0  # world units that the tile of the sea repeats after


def puffs(size: int, rng: np.random.Generator, sizes: tuple[tuple[int, float], ...]) -> Image:
    """Heaps of balls on a torus, float32[size, size]: the upper side of clouds, about 0..1.

    Args:
        size: pixels of a side.
        rng: chance.
        sizes: number and radius (as a share of the side) of each generation of balls, largest first.
    """
    out = np.zeros((size, size), np.float32)
    for count, share in sizes:
        for _ in range(count):
            r = size * share * float(rng.uniform(0.6, 1.25))
            n = int(r) + 1
            cx, cy = (int(v) for v in rng.integers(0, size, 2))
            square = np.arange(-n, n + 1, dtype=np.float32) ** 2
            dome = np.sqrt(np.maximum(1 - (square + square[:, None]) / np.float32(r * r), 0))
            ball = (0.62 * float(out[cy, cx]) + dome * (r / (size * sizes[0][1]))) * (dome > 0)
            if n <= min(cx, cy) and max(cx, cy) < size - n:
                part = out[cy - n : cy + n + 1, cx - n : cx + n + 1]
                np.maximum(part, ball, out=part)
            else:
                around = np.arange(-n, n + 1)
                place = np.ix_((around + cy) % size, (around + cx) % size)
                out[place] = np.maximum(out[place], ball)
    return out / float(out.max())


class CloudSea:
    """Cloud tops to the horizon, flown over.

    Args:
        stage: the stage.
        horizon: world height of the horizon.
        eye: height of the eye over the mean of the tops.
        sun: direction to the light (across, up, away).
        bright: colour of what the sun strikes.
        dark: colour of hollows.
        far: colour that distance fades to.
        speed: world units that the eye flies forward each second.
        gaps: how much opens between the clouds, 0..1.
    """

    def __init__(
        self,
        stage: Stage,
        horizon: float,
        eye: float,
        sun: tuple[float, float, float],
        bright: Colour,
        dark: Colour,
        far: Colour,
        speed: float,
        gaps: float = 0.0,
    ) -> None:
        self.stage, self.horizon, self.eye, self.speed = stage, horizon, eye, speed
        rng = stage.place("cloud sea")
        big = noise.tile(_TILE, rng, 2.2, 1, 5)
        heap = puffs(_TILE, rng, ((46, 0.085), (260, 0.042), (900, 0.02)))
        heap = np.asarray(cv2.GaussianBlur(heap, (0, 0), 1.3, borderType=cv2.BORDER_REFLECT))
        fine = noise.tile(_TILE, rng, 1.5, 10, 120)
        self._height = np.asarray(0.62 * heap + 0.2 * big + 0.04 * fine, np.float32)
        self._height -= float(self._height.mean())
        self._bright, self._dark, self._far = (np.asarray(c, np.float32) for c in (bright, dark, far))
        self._gaps = gaps
        self._shade = self._lit(sun)
        self._tile = cv2.copyMakeBorder(np.dstack((self._height, self._shade)), 0, 1, 0, 1, cv2.BORDER_WRAP)
        self._start = rng.uniform(0, _SIZE, 2)

    def _lit(self, sun: tuple[float, float, float]) -> Image:
        """How bright each place of the tile is: turned to the sun, high, and not in another's shadow."""
        pad = 64
        h = cv2.copyMakeBorder(self._height, pad, pad, pad, pad, cv2.BORDER_WRAP)
        pixel = _SIZE / _TILE
        gx = cv2.Sobel(h, cv2.CV_32F, 1, 0, ksize=3) / (8 * pixel)
        gz = cv2.Sobel(h, cv2.CV_32F, 0, 1, ksize=3) / (8 * pixel)
        sx, sy, sz = sun
        facing = (sy - gx * sx - gz * sz) / np.sqrt(1 + gx * gx + gz * gz)
        occluded = np.zeros_like(h)
        for step in (3, 7, 13, 22, 34):
            moved = cv2.warpAffine(
                h,
                np.array([[1, 0, -sx * step], [0, 1, -sz * step]], np.float32),
                (h.shape[1], h.shape[0]),
                borderMode=cv2.BORDER_REFLECT,
            )
            occluded = np.maximum(occluded, np.clip((moved - h) / pixel / step - sy * 0.8, 0, 1))
        hollow = np.clip((h - cv2.GaussianBlur(h, (0, 0), 9)) * 2.4, -0.5, 0.5)
        shade = 0.3 + 0.55 * facing + 0.75 * hollow - 0.42 * occluded
        shade = cv2.GaussianBlur(np.asarray(shade, np.float32), (0, 0), 0.9)
        return np.asarray(np.clip(shade, 0, 1.15)[pad:-pad, pad:-pad], np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Lay the sea over the frame from the horizon down."""
        stage, q = self.stage, 2
        view = stage.view(t, 0.25)
        line = view.at(0, self.horizon)[1]
        unit = view.scale
        first = max(0, math.floor(line - 0.16 * unit))
        rows = (frame.shape[0] - first) // q
        if rows < 4:
            return
        columns = frame.shape[1] // q
        x = ((np.arange(columns, dtype=np.float32) * q + 1 - view.left) / unit)[None, :]
        z = np.geomspace(0.42, 60.0, 190).astype(np.float32)[:, None]
        ahead = self.speed * t + self._start[0]
        aside = stage.travel(t)[0] * 1.5 + self._start[1]
        k = _TILE / _SIZE
        u = noise.wrap((x * z + np.float32(aside)) * k, _TILE)
        v = noise.wrap(np.repeat((z + np.float32(ahead)) * k, columns, 1), _TILE)
        ground = cv2.remap(self._tile, u, v, cv2.INTER_LINEAR)
        near = int(np.searchsorted(z[:, 0], 7.0))
        fine = cv2.remap(
            self._tile, noise.wrap(u[:near] * 3.7, _TILE), noise.wrap(v[:near] * 3.7, _TILE), cv2.INTER_LINEAR
        )
        keep = np.clip((7 - z[:near]) / 4, 0, 1)
        part = ground[:near]
        part[..., 0] = part[..., 0] + fine[..., 0] * 0.16 * keep
        part[..., 1] = part[..., 1] + (fine[..., 1] - 0.5) * 0.42 * keep
        # Far banks stand a little higher than they would, so that the horizon is a line of clouds.
        drop = (self.eye - ground[..., 0] * np.clip(z / 1.1, 0.35, 1) * (1 + 0.05 * z)) / z
        seen = np.minimum.accumulate(drop, axis=0)
        top, step = (first + q / 2 - line) / unit, q / unit
        index = first_rows(seen, top, step, rows)
        found = np.clip(index, 1, len(z) - 1)
        at = np.arange(columns)
        upper, lower = drop[found - 1, at], drop[found, at]
        height = (top + step * np.arange(rows, dtype=np.float32))[:, None]
        share = np.clip((upper - height) / np.where(upper - lower > 1e-6, upper - lower, 1.0), 0, 1)
        shade = ground[found - 1, at, 1] * (1 - share) + ground[found, at, 1] * share
        far = z[found - 1, 0] + (z[found, 0] - z[found - 1, 0]) * share
        cover = np.clip((height - seen[-1]) / step * 0.6 + 0.4, 0, 1)
        level = np.maximum(height, 0.004)
        air = np.clip(1 - np.exp(-np.where(index >= len(z) - 1, 60, far) * 0.04), 0, 1)
        colour = cv2.merge(
            [
                np.asarray((d + (b - d) * shade) * (1 - air) + f * air, np.float32)
                for d, b, f in zip(self._dark, self._bright, self._far, strict=True)
            ]
        )
        if self._gaps > 0:
            cover = cover * (1 - self._gaps * noise.smoothstep(0.1, 0.0, shade) * np.clip(level * 5, 0, 1))
        alpha = cv2.GaussianBlur(cover.astype(np.float32), (3, 3), 0)
        rgba = cv2.merge((*cv2.split(colour * alpha[..., None]), alpha))
        size = (frame.shape[1], frame.shape[0] - first)
        lay(frame[first:], cv2.resize(rgba, size, interpolation=cv2.INTER_LINEAR))


class Tower:
    """One towering cumulus, painted once: balls upon balls, lit from one side, its foot lost in the sea.

    Args:
        stage: the stage.
        rng: chance of its shape.
        x: where it stands, in plate units.
        foot: world height of its foot.
        tall: its height in plate units.
        wide: its width as a share of its height.
        sun: side of the light, and how high: (across, up).
        bright: colour in the light.
        dark: colour in the shade.
        anvil: whether its top spreads out flat, as thunderclouds do.
    """

    def __init__(
        self,
        stage: Stage,
        rng: np.random.Generator,
        x: float,
        foot: float,
        tall: float,
        wide: float,
        sun: tuple[float, float],
        bright: Colour,
        dark: Colour,
        anvil: bool = False,
    ) -> None:
        self.stage, self.x, self.foot, self.tall = stage, x, foot, tall
        pixels = int(np.clip(tall * stage.height * stage.zoom * 1.1, 40, 420))
        h, w = pixels, int(pixels * max(wide * 1.5, 1.2 if not anvil else 2.6))
        depth = self._heap(rng, h, w, wide, anvil)
        shade, mask = self._shaded(rng, depth, sun, anvil)
        low, high = np.asarray(dark, np.float32), np.asarray(bright, np.float32)
        body = low + shade[..., None] * (high - low)
        self.rgba = np.dstack((body * mask[..., None], mask)).astype(np.float32)

    @classmethod
    def _heap(cls, rng: np.random.Generator, h: int, w: int, wide: float, anvil: bool) -> Image:
        """Thickness towards the eye, in heights of the cloud: domes of balls that carry smaller balls."""
        depth = np.zeros((h, w), np.float32)
        domes = [(0.0, 1.0, 0.3)] + [
            (
                float(side * rng.uniform(0.2, 0.62)),
                float(rng.uniform(0.3, 0.78)),
                float(rng.uniform(0.18, 0.3)),
            )
            for side in (-1, 1, -1, 1, -1, 1)
        ]
        for count, share in ((5, 0.17), (16, 0.11), (44, 0.06), (80, 0.032)):
            for dome, top, girth in domes:
                for _ in range(count):
                    up = float(rng.random())
                    bulge = (1 - 0.55 * up**2) * (0.75 + 0.35 * math.sin(up * 9 + dome * 20))
                    r = h * share * float(rng.uniform(0.65, 1.25)) * (1 - 0.25 * up)
                    cx = w / 2 + h * wide * (0.8 * dome + girth * bulge * float(rng.uniform(-1, 1)))
                    cls._ball(depth, cx, h * (1 - 0.88 * top * up), r, r)
        if anvil:
            for _ in range(150):
                s = float(rng.uniform(-1, 1))
                r = h * 0.11 * (1.15 - s * s) * float(rng.uniform(0.5, 1.1))
                cy = h * (0.16 + 0.05 * float(rng.normal()))
                cls._ball(depth, w / 2 + s * 1.15 * h, cy, r * 0.5, r * 1.5)
        return depth

    @staticmethod
    def _shaded(
        rng: np.random.Generator, heap: Image, sun: tuple[float, float], anvil: bool
    ) -> tuple[Image, Image]:
        """How bright the heap is, and its mask."""
        h, w = heap.shape
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        # Edges fray: what was round is drawn through noise.
        bend = [(noise.fbm(h, w, rng, cells=8, octaves=6) - 0.5) * (0.075 * h) for _ in range(2)]
        depth = cv2.remap(
            heap, (x + bend[0]).astype(np.float32), (y + bend[1]).astype(np.float32), cv2.INTER_LINEAR
        )
        fine = noise.fbm(h, w, rng, cells=14, octaves=5) - 0.5
        mask = noise.smoothstep(0.004, 0.05, np.asarray(depth + 0.05 * fine * (depth > 0), np.float32))
        body = cv2.GaussianBlur(depth * h + fine * h * 0.035, (0, 0), max(0.8, h / 260))
        broad = cv2.GaussianBlur(body, (0, 0), h / 14)

        def facing(surface: Image, base: float) -> Image:
            gx = cv2.Sobel(surface, cv2.CV_32F, 1, 0, ksize=3) / 8
            gy = cv2.Sobel(surface, cv2.CV_32F, 0, 1, ksize=3) / 8
            return np.asarray((base - gx * sun[0] + gy * sun[1]) / np.sqrt(1 + gx * gx + gy * gy))

        shade = 0.12 + 0.42 * facing(body, 0.55) + 0.48 * facing(broad, 0.35) + 0.22 * (1 - y / h)
        shade += 0.14 * np.clip((body - broad) / (0.05 * h), -1, 1)
        # Thin edges let the light through.
        shade = np.clip(np.clip(shade, 0, 1.1) + (1 - mask) * (0.35 if not anvil else 0.1), 0, 1.15)
        return shade, np.asarray(mask * np.clip((1 - y / h) / 0.1, 0, 1), np.float32)

    @staticmethod
    def _ball(depth: Image, cx: float, cy: float, ry: float, rx: float) -> None:
        h, w = depth.shape
        x0, x1 = max(0, int(cx - rx)), min(w, int(cx + rx) + 2)
        y0, y1 = max(0, int(cy - ry)), min(h, int(cy + ry) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - cx) / rx
        dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - cy) / ry
        dome = np.sqrt(np.maximum(1 - dx * dx - dy * dy, 0)) * (rx / h)
        part = depth[y0:y1, x0:x1]
        base = 0.75 * float(depth[min(h - 1, max(0, int(cy))), min(w - 1, max(0, int(cx)))])
        np.maximum(part, (dome + base) * (dome > 0), out=part)

    def draw(self, frame: Image, t: float, grow: float = 1.0, alpha: float = 1.0) -> None:
        """Lay it over the frame, ``grow`` times as near as it was painted."""
        view = self.stage.view(t, 0.08)
        scale = view.scale * self.tall * grow / self.rgba.shape[0]
        px, py = view.at(self.x * grow, self.foot)
        h, w = self.rgba.shape[:2]
        left, top = px - w * scale / 2, py - h * scale
        y0, y1 = max(0, math.floor(top)), min(frame.shape[0], math.ceil(py))
        x0, x1 = max(0, math.floor(left)), min(frame.shape[1], math.ceil(left + w * scale))
        if y0 >= y1 or x0 >= x1:
            return
        matrix = np.array([[1 / scale, 0, (x0 - left) / scale], [0, 1 / scale, (y0 - top) / scale]])
        seen = cv2.warpAffine(
            self.rgba, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        part = frame[y0:y1, x0:x1]
        lay(part, seen if alpha >= 1 else seen * np.float32(alpha))


def cloud_colours(stage: Stage) -> tuple[Colour, Colour, Colour]:
    """Clouds in this light: struck by the sun, in the shade, and far away."""
    light = stage.light
    if light.moon or light.stars > 0.2:
        return (
            mix(times(light.haze, 1.75), light.disc, 0.25),
            mix(times(light.sky[1], 1.15), light.haze, 0.12),
            mix(light.sky[-1], light.haze, 0.5),
        )
    warm = mix(light.key, light.glow, 0.35)
    bright = mix(warm, (1.0, 1.0, 1.0), 0.35 if light.height > 0.2 else 0.08)
    dark = mix(mix(mix(light.sky[0], light.sky[1], 0.5), light.ambient, 0.45), light.sky[2], 0.15)
    return times(bright, 1.03), times(dark, 0.76), mix(light.sky[-1], light.haze, 0.35)
