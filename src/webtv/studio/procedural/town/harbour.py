"""A harbour front: painted houses above a quay, moored boats, and what still water gives back of them."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush, plant, tints
from webtv.studio.procedural.stage import Stage

_PAINT = tuple(
    rgb(c) for c in ("#e8c46a", "#d97f5c", "#f0e6d2", "#8fb0c0", "#c8553f", "#e9b7a0", "#9fb88a", "#f4dfb4")
)
_TILES = tuple(rgb(c) for c in ("#a8563c", "#8f4a3a", "#6d5450"))


class Harbour:
    """A quay with a row of painted houses and moored boats on one side.

    Attributes:
        plate: what is painted.
        windows: (x, y, size) of lit windows.
        masts: (x, y) of mastheads, for lanterns.
    """

    def __init__(self, stage: Stage, horizon: float, side: float, sun: float) -> None:
        self.plate = plate = stage.plate(0.45, horizon - 0.34, horizon + 0.3)
        self.windows: list[tuple[float, float, float]] = []
        self.masts: list[tuple[float, float]] = []
        place, light = stage.place("harbour"), stage.light
        self._light, self._air = light, 0.14
        brush = Brush(plate)
        half = max(0.4, stage.aspect / 2)
        x, out = side * half * float(place.uniform(-0.12, 0.02)), side * half * 1.9
        quay = horizon + 0.052
        # A green rise behind the houses, then houses in two rows, then the quay.
        a = np.linspace(x, out, 40)
        swell = 0.1 + 0.1 * np.sin(np.linspace(0.0, 2.6, 40)) + 0.02 * noise.Profile(place, 0.2, 4)(a)
        swell[0] = 0.0
        rise = np.concatenate((np.stack((a, horizon + 0.03 - swell), 1), np.array([(out, quay), (x, quay)])))
        brush.fill(rise, light.far(light.lit(rgb("#6f8a58"), 0.5), 0.35))
        for _ in range(26):
            tx = float(place.uniform(min(x, out), max(x, out)))
            ty = (
                horizon
                + 0.03
                - float(np.interp(abs(tx - x), np.abs(a - x), swell)) * float(place.uniform(0.5, 1.0))
            )
            plant(
                brush,
                place,
                "poplar" if place.random() < 0.3 else "oak",
                tx,
                ty + 0.01,
                float(place.uniform(0.035, 0.06)),
                tints(stage, rgb("#5f8046"), rgb("#8a9a4c"), 0.7, 0.3),
                False,
                sun,
            )
        for row, (lift, scale) in enumerate(((0.055, 0.72), (0.0, 1.0))):
            at = x + side * 0.03 * (1 - row)
            while side * at < side * out:
                wide, tall = (
                    0.062 * scale * float(place.uniform(0.85, 1.3)),
                    0.1 * scale * float(place.uniform(0.8, 1.35)),
                )
                self._house(brush, place, at + side * wide / 2, quay - 0.012 - lift, wide, tall, sun)
                at += side * wide * float(place.uniform(1.0, 1.12))
                if row == 0 and place.random() < 0.25:
                    at += side * 0.05
        stone = rgb("#a09484")
        box = np.array(
            [
                (x - side * 0.02, quay - 0.014),
                (out, quay - 0.014),
                (out, quay + 0.016),
                (x - side * 0.02, quay + 0.016),
            ]
        )
        brush.fill(box, light.far(light.lit(times(stone, 0.62), 0.35), 0.1))
        brush.fill(
            box * (1, 0)
            + np.array([(0, quay - 0.016), (0, quay - 0.016), (0, quay - 0.009), (0, quay - 0.009)]),
            light.far(light.lit(stone, 0.9), 0.1),
        )
        brush.done()
        self._mirror(quay + 0.016, x - side * 0.02, side)
        brush = Brush(plate)
        for k in range(7):
            bx = x + side * (0.03 + 0.115 * k + float(place.uniform(-0.02, 0.02)))
            self._boat(
                brush,
                place,
                bx,
                quay + 0.03 + 0.05 * float(place.random()),
                0.05 * float(place.uniform(0.8, 1.4)),
                sun,
            )
        brush.done()

    def _tone(self, colour: Colour, amount: float) -> Colour:
        return self._light.far(self._light.lit(colour, amount), self._air)

    def _house(
        self, brush: Brush, rng: np.random.Generator, x: float, y: float, wide: float, tall: float, sun: float
    ) -> None:
        light = self._light
        wall, tiles = _PAINT[int(rng.integers(len(_PAINT)))], _TILES[int(rng.integers(len(_TILES)))]
        half, peak = wide / 2, tall * float(rng.uniform(0.24, 0.36))
        left, right = x - half, x + half
        brush.fill(
            np.array([(left, y), (left, y - tall), (right, y - tall), (right, y)]), self._tone(wall, 0.8)
        )
        if rng.random() < 0.55:
            brush.fill(
                np.array([(left, y - tall), (x, y - tall - peak), (right, y - tall)]),
                self._tone(times(wall, 0.97), 0.8),
            )
            roof = np.array(
                [
                    (left - half * 0.12, y - tall + 0.003),
                    (x, y - tall - peak - 0.005),
                    (right + half * 0.12, y - tall + 0.003),
                    (right, y - tall + 0.001),
                    (x, y - tall - peak + 0.003),
                    (left, y - tall + 0.001),
                ]
            )
        else:
            roof = np.array(
                [
                    (left - half * 0.1, y - tall),
                    (left + half * 0.12, y - tall - peak * 0.8),
                    (right - half * 0.12, y - tall - peak * 0.8),
                    (right + half * 0.1, y - tall),
                ]
            )
        brush.fill(roof, self._tone(tiles, 0.75))
        dim = (left, left + wide * 0.22) if sun > 0 else (right - wide * 0.22, right)
        brush.fill(
            np.array([(dim[0], y), (dim[0], y - tall), (dim[1], y - tall), (dim[1], y)]),
            self._tone(times(wall, 0.84), 0.55),
        )
        floors = max(2, round(tall / 0.036))
        for f in range(floors):
            for k in (-0.27, 0.0, 0.27):
                wx, wy, r = x + k * wide, y - tall * (f + 0.55) / floors, wide * 0.062
                on = light.lamps > 0.1 and rng.random() < 0.6
                glass = mix(
                    self._tone(rgb("#4f6170"), 0.4), rgb("#ffc878"), light.lamps if on else 0.1 * light.lamps
                )
                brush.fill(
                    np.array(
                        [
                            (wx - r, wy - r * 1.5),
                            (wx + r, wy - r * 1.5),
                            (wx + r, wy + r * 1.5),
                            (wx - r, wy + r * 1.5),
                        ]
                    ),
                    glass,
                )
                if on:
                    self.windows.append((wx, wy, r))
        if rng.random() < 0.5:
            brush.fill(
                np.array(
                    [
                        (left + wide * 0.08, y - tall * 0.3),
                        (right - wide * 0.08, y - tall * 0.3),
                        (right, y - tall * 0.21),
                        (left, y - tall * 0.21),
                    ]
                ),
                self._tone(mix(_PAINT[int(rng.integers(len(_PAINT)))], rgb("#b83c34"), 0.4), 0.8),
            )

    def _boat(
        self, brush: Brush, rng: np.random.Generator, x: float, y: float, long: float, sun: float
    ) -> None:
        hull = (rgb("#f0ece2"), rgb("#3f6a86"), rgb("#b84a3a"), rgb("#3a4a5c"), rgb("#4f8a78"))[
            int(rng.integers(5))
        ]
        way = float(rng.choice((-1, 1)))
        deck = np.array([(-0.5, -0.12), (-0.42, 0.0), (0.38, 0.0), (0.56, -0.19), (0.1, -0.13)]) * (
            long * way,
            long,
        ) + (x, y)
        brush.fill(deck, self._tone(hull, 0.8))
        brush.fill(
            np.array([(-0.46, -0.05), (-0.42, 0.0), (0.38, 0.0), (0.45, -0.06)]) * (long * way, long)
            + (x, y),
            self._tone(times(hull, 0.55), 0.4),
        )
        tall = long * float(rng.uniform(1.3, 2.0))
        if rng.random() < 0.65:
            brush.line(
                np.array([(x, y - 0.1 * long), (x, y - tall)]), 0.0022, self._tone(rgb("#d8cdb8"), 0.8)
            )
            brush.line(
                np.array([(x, y - tall), (x + 0.5 * long * way, y - 0.16 * long)]),
                0.0008,
                self._tone(rgb("#555555"), 0.4),
            )
            brush.line(
                np.array([(x, y - tall), (x - 0.48 * long * way, y - 0.12 * long)]),
                0.0008,
                self._tone(rgb("#555555"), 0.4),
            )
            brush.fill(
                np.array([(0, -0.3), (-0.44, -0.26), (-0.44, -0.2), (0, -0.24)]) * (long * way, long)
                + (x, y),
                self._tone(rgb("#e8e0d0"), 0.8),
            )
            self.masts.append((x, y - tall))
        else:
            brush.fill(
                np.array([(-0.3, -0.12), (-0.28, -0.36), (0.02, -0.36), (0.06, -0.12)]) * (long * way, long)
                + (x, y),
                self._tone(rgb("#f4f0e6"), 0.85),
            )
            brush.fill(
                np.array([(-0.22, -0.24), (-0.21, -0.33), (-0.02, -0.33), (0.0, -0.24)]) * (long * way, long)
                + (x, y),
                self._tone(rgb("#3c4c5c"), 0.4),
            )
        brush.blob(x, y + 0.004, long * 0.48, long * 0.05, self._tone(times(hull, 0.35), 0.1))

    def _mirror(self, line: float, start: float, side: float) -> None:
        """What still water gives back of the houses."""
        plate = self.plate
        row = int((line - plate.y0) * plate.scale)
        count = min(row, plate.shape[0] - row)
        if count < 2:
            return
        above = plate.rgba[row - count : row][::-1]
        soft = cv2.GaussianBlur(np.ascontiguousarray(above), (0, 0), 1.0, sigmaY=3.5)
        # Wavelets draw the image out sideways in level strips.
        rows = np.arange(count, dtype=np.float32)
        shift = np.sin(rows * 0.9) * (0.5 + rows * 0.05)
        gx = np.arange(plate.shape[1], dtype=np.float32)[None, :] + shift[:, None]
        gy = np.repeat(rows[:, None], plate.shape[1], 1)
        soft = cv2.remap(soft, gx.astype(np.float32), gy, cv2.INTER_LINEAR)
        fade = 0.62 * np.clip(1 - rows / (0.24 * plate.scale), 0, 1)[:, None, None]
        under = plate.rgba[row : row + count]
        under *= 1 - fade * soft[..., 3:]
        under += fade * soft * np.asarray((0.84, 0.88, 0.92, 1.0), np.float32)
