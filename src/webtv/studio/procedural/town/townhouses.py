"""Old town houses as a flat texture: painted walls, shutters, cornices, tiled roofs, shops with awnings."""

from collections.abc import Callable

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image
from webtv.studio.procedural.town.facades import WARM

_WALLS = (
    rgb("#ecd9b0"),
    rgb("#e3b98a"),
    rgb("#d98f6c"),
    rgb("#efe6d4"),
    rgb("#c9cfae"),
    rgb("#b8c8cf"),
    rgb("#e8c0b0"),
    rgb("#d8c49a"),
    rgb("#c98a78"),
)
_SHUTTERS = tuple(rgb(c) for c in ("#4f7a68", "#5a7f96", "#8a4a3c", "#6d7a4a", "#f0ece2"))
_TILES = tuple(rgb(c) for c in ("#a8583c", "#8a4a3a", "#6a5652"))
_AWNINGS = tuple(rgb(c) for c in ("#c8443a", "#3f7a5a", "#d9a23c", "#3f6a96", "#8f4a6a"))


Box = Callable[[float, float, float, float, Colour], None]


class Row:
    """A row of houses, float32[rows, columns, 4] with coverage last.

    Args:
        light: scene light.
        per_metre: pixels per metre.
        tall: metres of the texture.
        long: metres along the street that repeat.
        snow: whether snow lies on roofs and ledges.
    """

    def __init__(self, light: Light, per_metre: int, tall: int, long: int, snow: bool) -> None:
        self.light, self.m, self.snow = light, per_metre, snow
        self.rows, self.columns = tall * per_metre, long * per_metre

    def draw(self, rng: np.random.Generator) -> Image:
        """One side of the street."""
        out = np.zeros((self.rows, self.columns, 4), np.float32)
        x = 0
        last: Colour | None = None
        while x < self.columns:
            width = min(self.columns - x, int(rng.uniform(7, 11) * self.m))
            if self.columns - x - width < 5 * self.m:
                width = self.columns - x
            wall = _WALLS[int(rng.integers(len(_WALLS)))]
            while wall == last:
                wall = _WALLS[int(rng.integers(len(_WALLS)))]
            last = wall
            self._house(out, rng, x, width, wall)
            x += width
        return out

    def _house(self, out: Image, rng: np.random.Generator, x: int, width: int, wall: Colour) -> None:
        light, m = self.light, self.m
        storey = int(rng.uniform(3.0, 3.5) * m)
        floors = int(rng.integers(3, 5))
        shop = int(3.8 * m)
        tall = shop + floors * storey
        roof = int(rng.uniform(2.0, 3.2) * m)
        top = self.rows - tall

        def box(x0: float, x1: float, low: float, high: float, colour: Colour) -> None:
            """Fill columns x0..x1 between two heights over the ground, in pixels."""
            c0, c1 = max(0, round(x + x0)), min(self.columns, round(x + x1))
            r0, r1 = max(0, round(self.rows - high)), min(self.rows, round(self.rows - low))
            if c0 < c1 and r0 < r1:
                out[r0:r1, c0:c1, :3] = colour
                out[r0:r1, c0:c1, 3] = 1

        lit = light.lit(wall, 0.8)
        box(0, width, 0, tall, lit)
        # A tiled roof above the cornice, with a dormer.
        tiles = _TILES[int(rng.integers(len(_TILES)))]
        box(0, width, tall, tall + roof, light.lit(tiles, 0.85))
        for k in range(3, roof, 3):
            box(0, width, tall + k, tall + k + 1, light.lit(times(tiles, 0.8), 0.7))
        if self.snow:
            box(0, width, tall + roof * 0.35, tall + roof, light.lit((1.0, 1.02, 1.06), 0.9))
        box(0, width, tall - 0.3 * m, tall + 0.1 * m, light.lit(times(wall, 1.15), 0.95))
        box(0, width, tall - 0.42 * m, tall - 0.3 * m, light.lit(times(wall, 0.62), 0.4))
        grain = rng.normal(0, 0.018, (tall, width)).astype(np.float32)
        stain = np.linspace(1.04, 0.93, tall, dtype=np.float32)[:, None]
        bays = max(2, round(width / (2.5 * m)))
        shutter = _SHUTTERS[int(rng.integers(len(_SHUTTERS)))]
        balcony = int(rng.integers(0, floors)) if rng.random() < 0.5 else -1
        for f in range(floors):
            sill = shop + f * storey + 0.75 * m
            box(
                0,
                width,
                shop + f * storey - 0.08 * m,
                shop + f * storey + 0.1 * m,
                light.lit(times(wall, 1.08), 0.85),
            )
            for b in range(bays):
                middle = width * (b + 0.5) / bays
                self._window(box, rng, middle, sill, wall, shutter, f == balcony)
        for side in (0, width - 2):
            box(side, side + 2, 0, tall, light.lit(times(wall, 0.72), 0.5))
        self._shop(box, rng, width, shop, wall)
        body = out[top : self.rows, x : x + width, :3]
        body *= ((1 + grain) * stain)[..., None]

    def _window(
        self,
        box: Box,
        rng: np.random.Generator,
        middle: float,
        sill: float,
        wall: Colour,
        shutter: Colour,
        balcony: bool,
    ) -> None:
        light, m = self.light, self.m
        half, high = 0.5 * m, 1.65 * m
        on = rng.random() < 0.5 * light.lamps
        glass = light.lit(rgb("#5c6f80"), 0.5)
        glass = mix(glass, light.sky[1], 0.3 * (1 - light.lamps))
        if on:
            glass = times(WARM[int(rng.integers(len(WARM)))], float(rng.uniform(0.65, 1.0)))
        box(
            middle - half - 2, middle + half + 2, sill - 2, sill + high + 2, light.lit(times(wall, 1.2), 0.95)
        )
        box(middle - half, middle + half, sill, sill + high, glass)
        box(middle - half, middle + half, sill + high * 0.75, sill + high, times(glass, 0.8))
        bar = light.lit(rgb("#f0ece2"), 0.8)
        box(middle - 0.6, middle + 0.6, sill, sill + high, bar)
        box(middle - half, middle + half, sill + high * 0.6, sill + high * 0.6 + 1, bar)
        for side in (-1, 1):
            a, b = sorted((middle + side * (half + 2), middle + side * (half + 2 + 0.5 * m)))
            box(a, b, sill - 1, sill + high + 1, light.lit(shutter, 0.75))
            for k in range(2, int(high), 3):
                box(a + 1, b - 1, sill + k, sill + k + 1, light.lit(times(shutter, 0.78), 0.6))
        if balcony:
            box(
                middle - half - 0.5 * m,
                middle + half + 0.5 * m,
                sill - 0.15 * m,
                sill,
                light.lit(times(wall, 0.8), 0.6),
            )
            for post in np.arange(middle - half - 0.5 * m, middle + half + 0.5 * m, 2.5):
                box(post, post + 1, sill, sill + 0.85 * m, light.lit(rgb("#3a3a40"), 0.4))
            box(
                middle - half - 0.5 * m,
                middle + half + 0.5 * m,
                sill + 0.8 * m,
                sill + 0.92 * m,
                light.lit(rgb("#3a3a40"), 0.5),
            )
        elif rng.random() < 0.4 and not self.snow:
            for pot in np.arange(middle - half, middle + half, 2):
                hue = (rgb("#d8483c"), rgb("#e88aa8"), rgb("#6f9a48"), rgb("#5f8a3c"))[int(rng.integers(4))]
                box(pot, pot + 2, sill - 3, sill + float(rng.uniform(0, 3)), light.lit(hue, 0.8))
        if self.snow:
            box(middle - half - 2, middle + half + 2, sill - 2, sill, light.lit((1.0, 1.02, 1.06), 0.9))

    def _shop(self, box: Box, rng: np.random.Generator, width: int, high: int, wall: Colour) -> None:
        """The ground floor: a painted front, lit panes, a door and an awning; no lettering."""
        light, m = self.light, self.m
        front = mix(_AWNINGS[int(rng.integers(len(_AWNINGS)))], rgb("#4a3a30"), float(rng.uniform(0.1, 0.7)))
        night = 0.3 + 0.7 * light.lamps
        box(2, width - 2, 0, high - 0.25 * m, light.lit(front, 0.6))
        box(2, width - 2, high - 0.75 * m, high - 0.25 * m, light.lit(times(front, 1.25), 0.8))
        panes = max(2, round(width / (2.4 * m)))
        door = int(rng.integers(panes))
        for k in range(panes):
            a, b = width * k / panes + 0.35 * m, width * (k + 1) / panes - 0.25 * m
            low = 0.1 * m if k == door else 0.65 * m
            warm = times(WARM[int(rng.integers(len(WARM)))], 0.85 * night)
            glow = mix(light.lit(rgb("#4c5a66"), 0.5), warm, 0.35 + 0.6 * light.lamps)
            box(a, b, low, high - 0.95 * m, glow)
            box(a, b, high - 1.5 * m, high - 0.95 * m, times(glow, 0.82))
            for _ in range(4):
                gx, gy = float(rng.uniform(a, max(a + 1, b - 6))), low + float(rng.uniform(0, 0.9)) * m
                hue = mix(_AWNINGS[int(rng.integers(len(_AWNINGS)))], glow, 0.45)
                box(
                    gx,
                    min(b, gx + float(rng.uniform(3, 8))),
                    gy,
                    gy + float(rng.uniform(3, 8)),
                    times(hue, 0.9),
                )
            if k == door:
                box((a + b) / 2 - 0.7, (a + b) / 2 + 0.7, low, high - 1.5 * m, light.lit(front, 0.7))
        if rng.random() < 0.65:
            colour = _AWNINGS[int(rng.integers(len(_AWNINGS)))]
            for k, start in enumerate(np.arange(0.2 * m, width - 0.2 * m, 0.5 * m)):
                stripe = colour if k % 2 else rgb("#f2ebdc")
                end = min(width - 0.2 * m, start + 0.5 * m)
                box(start, end, high - 1.35 * m, high - 0.55 * m, light.lit(stripe, 0.85))
                box(start, end, high - 1.5 * m, high - 1.35 * m, light.lit(times(stripe, 0.8), 0.6))
