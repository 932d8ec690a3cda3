"""A massif: ridges, valleys and summits as a height field, and how rock, snow, woods and turf lie on it."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.relief import Hit, Relief
from webtv.studio.procedural.stage import Image, Plate, Stage

_X, _Z0, _Z1 = 10.0, 0.6, 13.0  # world extent of the field: -_X.._X across, _Z0.._Z1 away
_PER_UNIT = 64


def ridged(height: int, width: int, rng: np.random.Generator, cells: float, octaves: int) -> Image:
    """Ridged multifractal float32[height, width] in 0..1: smooth valleys, sharp crests that carry detail."""
    out = np.zeros((height, width), np.float32)
    weight = np.ones_like(out)
    amplitude = 1.0
    for octave in range(octaves):
        rows = round(cells * 2**octave) + 3
        columns = round(cells * width / height * 2**octave) + 3
        grid = rng.standard_normal((rows, columns), dtype=np.float32) * 0.62
        crest = 1 - np.abs(np.clip(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), -1, 1))
        crest *= crest * weight
        out += amplitude * crest
        weight = np.clip(crest * 1.7, 0, 1)
        amplitude *= 0.5
    return noise.unit(out)


class Massif:
    """Three ranges one behind the other, as one height field.

    Args:
        stage: the stage.
        shore: distance at which the land rises from the valley floor or the lake.
        high: scales the summits.
        volcano: one great cone instead of the second range.
        cliff: world x (at the cliff's distance) of a step in the foothills, for a waterfall; None for none.
    """

    def __init__(
        self, stage: Stage, shore: float, high: float = 1.0, volcano: bool = False, cliff: float | None = None
    ) -> None:
        place = stage.place("massif")
        w, h = round(2 * _X * _PER_UNIT), round((_Z1 - _Z0) * _PER_UNIT)
        crests = ridged(h, w, place, 4.2, 8)
        warp = noise.fbm(h // 8, w // 8, place, cells=5, octaves=3)
        warp = cv2.resize(warp, (w, h), interpolation=cv2.INTER_CUBIC) - 0.5
        gx, gy = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        crests = cv2.remap(
            crests, gx + warp * 120, gy + warp[:, ::-1] * 90, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        swell = noise.fbm(h // 8, w // 8, place, cells=3, octaves=3)
        swell = cv2.resize(swell, (w, h), interpolation=cv2.INTER_CUBIC)
        x: Image = (np.arange(w, dtype=np.float32) / _PER_UNIT - _X)[None, :]
        z: Image = (np.arange(h, dtype=np.float32) / _PER_UNIT + _Z0)[:, None]
        side = stage.side("summit")
        # What is far must be larger to look the same; its crests come from a coarser reading.
        grand, middle = (
            cv2.GaussianBlur(
                cv2.warpAffine(
                    crests,
                    np.array([[grow, 0, right], [0, grow, down]]),
                    (w, h),
                    flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
                ),
                (0, 0),
                soft,
            )
            for grow, right, down, soft in ((0.42, 90, 30, 1.6), (0.7, 40, 60, 1.3))
        )
        second = 2.2 * _bump(z, 5.9, 1.25) * (0.75 + 0.9 * np.exp(-(((x - side * 1.5) / 1.3) ** 2)))
        third = 2.75 * _bump(z, 9.6, 1.7) * (0.8 + 0.7 * np.exp(-(((x + side * 2.6) / 2.2) ** 2)))
        if volcano:
            second *= 0.3
            third *= 0.4
        first = 0.66 * _bump(z, 3.9, 0.75) * (0.45 + 0.75 * np.clip(np.abs(x - side * 0.5) / 2.2, 0, 1.4))
        field: Image = crests * (0.45 + 0.9 * swell) * first + middle * (0.5 + 0.75 * swell) * second
        field = (
            field
            + grand * (0.55 + 0.6 * swell) * third
            + 0.12 * noise.smoothstep(shore, shore + 1.6, z) * (0.5 + swell)
        )
        self.crater: tuple[float, float, float] | None = None
        if volcano:
            cx, cz, tall, reach = side * 0.7, 6.2, 2.5, 3.0
            r = np.hypot(x - cx, (z - cz) * 1.1) + 0.2 * (swell - 0.5)
            cone = tall * np.clip(1 - r / reach, 0, 1) ** 1.55
            gully = 0.3 * (crests - 0.4) * np.clip(1 - r / reach, 0, 1) * np.clip(r * 1.5, 0, 1)
            bowl = 0.86 * tall * (1 - 0.24 / reach) ** 1.55
            field = np.maximum(field, cone + gully)
            field = np.where(
                r < 0.24, np.minimum(field, bowl * (0.72 + 0.28 * np.clip(r / 0.24, 0, 1))), field
            )
            self.crater = (cx, cz, bowl)
        if cliff is not None:
            wall = noise.smoothstep(1.5, 0.15, np.abs(x - cliff) + 0.9 * (swell - 0.5)) * (
                0.82 + 0.5 * crests
            )
            edge = shore + 0.4 + 0.3 * (swell - 0.5) + 0.22 * np.abs(x - cliff) - 0.3 * (crests - 0.4)
            field += (
                wall
                * 0.62
                * noise.smoothstep(edge, edge + 0.07, z)
                * noise.smoothstep(edge + 2.4, edge + 1.0, z)
            )
        # A fine warp breaks what would else run straight down steep faces as flutes.
        fine = noise.fbm(h // 3, w // 3, place, cells=34, octaves=2)
        fine = cv2.resize(fine, (w, h), interpolation=cv2.INTER_LINEAR) - 0.5
        field = cv2.remap(
            np.asarray(field, np.float32), gx + fine * 34, gy + fine[::-1] * 16, cv2.INTER_LINEAR
        )
        field *= noise.smoothstep(shore - 0.02, shore + 0.5, z)
        # Ledges: beds of rock that weather unevenly, where snow and light find a hold.
        bed = field * 30 + 16 * swell + 11 * crests
        hold = noise.smoothstep(-0.1, 0.35, warp) * np.clip(field, 0, 1)
        field = field + hold * (0.008 * np.sin(bed) + 0.004 * np.sin(bed * 2.7 + 9 * warp))
        # Steep faces span few cells away from us but many across: smooth them, or they would look combed.
        field = np.asarray(field * high, np.float32)
        soft = cv2.GaussianBlur(field, (0, 0), 1.7)
        away, across = (cv2.Sobel(soft, cv2.CV_32F, dx, 1 - dx, ksize=1, scale=0.5) for dx in (0, 1))
        steep = cv2.magnitude(across, away) * _PER_UNIT
        self.field = field + noise.smoothstep(0.7, 2.0, steep) * (soft - field)

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the valley floor at world positions."""
        u = np.asarray((x + _X) * _PER_UNIT, np.float32)
        v = np.asarray((z - _Z0) * _PER_UNIT, np.float32)
        return np.asarray(cv2.remap(self.field, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _bump(z: Image, middle: float, reach: float) -> Image:
    """1 in the middle, 0 beyond the reach on both sides, steeper in front than behind."""
    return np.asarray(np.exp(-(((z - middle) / reach) ** 2)), np.float32)


class _Texture:
    """Noise over a plane that repeats every ``size`` units, mean 0, deviation 1."""

    def __init__(self, rng: np.random.Generator, size: float, slope: float, low: float, high: float) -> None:
        tile = noise.tile(512, rng, slope, low, high)
        self._tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
        self._scale = np.float32(512 / size)

    def __call__(self, x: Image, y: Image) -> Image:
        """Values at positions on the plane."""
        u, v = noise.wrap(x * self._scale, 512), noise.wrap(y * self._scale, 512)
        return np.asarray(cv2.remap(self._tile, u, v, cv2.INTER_LINEAR))


class Cover:
    """What lies on the massif in this season and light.

    Args:
        stage: the stage.
        eye: height of the eye over the valley floor.
        turf: local colour of the grass.
        snow: world height of the snow line; below 0 everything is white.
        trees: world height of the tree line.
        ash: dark bare rock, as on a volcano.
    """

    def __init__(
        self, stage: Stage, eye: float, turf: Colour, snow: float, trees: float, ash: bool = False
    ) -> None:
        self.stage, self.eye, self.snow, self.trees = stage, eye, snow, trees
        rng = stage.place("cover")
        self._grain = _Texture(rng, 2.0, 1.2, 4, 60)
        self._fine = _Texture(rng, 0.45, 0.9, 3, 40)
        self._broad = _Texture(rng, 6.0, 1.6, 2, 14)
        self.sun = -1.0 if stage.side("crag light") < 0 else 1.0
        self.turf = turf
        self.rock = rgb("#5b5254") if ash else mix(rgb("#978c82"), rgb("#7b8290"), float(rng.random()))
        season = stage.spec.season
        self.wood = {"autumn": rgb("#a8702c"), "winter": rgb("#5d6f68")}.get(season, rgb("#3f5f38"))

    def __call__(self, hit: Hit) -> Image:
        """Colour float32[rows, columns, 3], lit and hazed."""
        light = self.stage.light
        # Read along the height too, or steep faces would show curtains. Texture finer than what a pixel
        # covers of the ground, far more at a grazing angle, would only sparkle and streak.
        along = hit.z + hit.height
        tilt = np.maximum(hit.away + (self.eye - hit.height) / hit.z, 0.012)
        reach = hit.pixel * (1 + np.abs(hit.away)) / tilt
        keep = np.clip(0.014 / np.maximum(reach, 1e-4), 0, 1)
        grain = self._grain(hit.x, along) * np.clip(0.06 / np.maximum(reach, 1e-4), 0, 1)
        fine = self._fine(hit.x, along)
        rough = 0.11 * grain + 0.09 * fine * keep
        # Crags too small for the height field, as a bump that the light picks out.
        crags = self._grain(hit.x + 0.022, along + 0.01) - self._grain(hit.x, along)
        rough = rough - 0.11 * self.sun * crags * np.clip(0.05 / np.maximum(reach, 1e-4), 0, 1)
        sun = np.clip(hit.facing * 1.25 + 0.08 + rough, 0, 1.15) * (0.12 + 0.88 * hit.open)
        steep = np.sqrt(hit.across**2 + hit.away**2)
        strata = 0.5 + 0.5 * np.sin(hit.height * 30 + 1.6 * hit.x + 3.5 * grain)
        colour = self._tone(self.rock, 0.86 + 0.12 * strata + 0.5 * rough, sun)
        broad = self._broad(hit.x, hit.z)
        turf = noise.smoothstep(1.05, 0.6, steep + 0.16 * grain) * noise.smoothstep(
            1.0, 0.5, hit.height / (self.trees * 1.9) + 0.1 * broad
        )
        _over(colour, self._tone(self.turf, 0.92 + 0.4 * rough, sun), turf)
        wood = noise.smoothstep(1.3, 0.95, steep) * noise.smoothstep(
            1.05, 0.8, hit.height / self.trees + 0.16 * broad + 0.05 * grain
        )
        wood *= noise.smoothstep(-0.9, -0.2, broad + 0.6 * grain)
        crown = np.clip(0.62 + 0.42 * fine * keep + 0.12 * grain, 0.15, 1.4)
        _over(colour, self._tone(self.wood, crown, np.clip(sun * 0.8 + 0.1 * fine * keep, 0, 1)), wood)
        line = self.snow + 0.16 * broad + 0.12 * grain
        lying = noise.smoothstep(-0.12, 0.16, hit.height - line - 0.1 * np.clip(hit.facing, 0, 1))
        lying *= noise.smoothstep(1.9, 1.25, steep + 0.3 * fine * keep - 0.25 * lying)
        if self.snow < 0:
            lying = np.maximum(lying, 0.92 * noise.smoothstep(2.2, 1.4, steep)) * (1 - 0.55 * wood)
        white = self._snow(np.clip(sun * 1.05, 0, 1.1))
        _over(colour, white, lying)
        depth = 1 - np.exp(-np.maximum(hit.z - 1.6, 0) * (0.075 + 0.2 * light.fog))
        low = (
            np.exp(-np.maximum(hit.height, 0) / 0.35)
            * (0.1 + 0.22 * light.fog)
            * np.clip((hit.z - 2.4) / 3, 0, 1)
        )
        air = np.asarray(mix(light.haze, light.sky[2], 0.25), np.float32)
        veil = np.clip(depth + low, 0, 0.95)
        for k in range(3):
            colour[..., k] += veil * (air[k] - colour[..., k])
        return colour

    def _tone(self, base: Colour, bright: Image, sun: Image) -> Image:
        light = self.stage.light
        dark = light.lit(times(base, (0.5, 0.55, 0.68)), 0.0)
        high = light.lit(times(base, 1.22), 1.0)
        return np.asarray(cv2.merge([(d + (h - d) * sun) * bright for d, h in zip(dark, high, strict=True)]))

    def _snow(self, sun: Image) -> Image:
        light = self.stage.light
        dark = light.lit((0.52, 0.64, 0.92), 0.1)
        high = light.lit((1.06, 1.06, 1.06), 1.0)
        return np.asarray(cv2.merge([d + (h - d) * sun for d, h in zip(dark, high, strict=True)]))


def _over(colour: Image, other: Image, share: Image) -> None:
    """Lay a colour over another through a mask, in place."""
    s = np.asarray(share, np.float32)
    colour += cv2.merge((s, s, s)) * (other - colour)


def trim(plate: Plate, bottom: float) -> Plate:
    """Cut the rows of a plate that are empty above, or hidden by nearer land below a world height."""
    if plate.empty:
        return plate
    filled = np.flatnonzero(plate.rgba[..., 3].max(axis=1) > 0)
    first = max(0, int(filled[0]) - 2) if len(filled) else 0
    last = int(np.clip((bottom - plate.y0) * plate.scale, first + 2, plate.shape[0]))
    plate.y0 += first / plate.scale
    plate.rgba = np.ascontiguousarray(plate.rgba[first:last])
    plate.y = plate.y[first:last]
    return plate


def ranges(
    stage: Stage,
    massif: Massif,
    cover: Cover,
    horizon: float,
    cuts: tuple[tuple[float, float, float], ...],
    sun: float,
    bottom: float = 9.0,
) -> list[Plate]:
    """The massif cut into plates, far ones first.

    Args:
        stage: the stage.
        massif: its heights.
        cover: what lies on it.
        horizon: world height of the horizon.
        cuts: (depth, nearest, farthest) of each plate.
        sun: side of the light, -1 or 1.
        bottom: world height below which something else hides the land.
    """
    low = 0.26 + 0.34 * min(1.0, stage.light.height / 0.5)
    relief = Relief(stage, horizon, cover.eye, massif, (sun * 0.95, low, -0.35))
    plates = [
        relief.plate(depth, near, far, cover, steps=170, shadows=1.6, tall=0.75) for depth, near, far in cuts
    ]
    return [trim(plate, bottom) for plate in plates]
