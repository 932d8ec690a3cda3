"""What people make of land: crops in rows, hay bales, fences, barns, a windmill that turns."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Image, Plate, Stage

# crop: soil, dark and bright plant, rows per unit at the foot of the frame, share of a row that is plant
CROPS: dict[str, tuple[Colour, Colour, Colour, float, float]] = {
    "lavender": (rgb("#a08a62"), rgb("#5a4a86"), rgb("#a88ad8"), 5.0, 0.36),
    "vineyard": (rgb("#b09466"), rgb("#5f6a34"), rgb("#8a9a4c"), 3.2, 0.2),
    "tulips": (rgb("#6f7a48"), rgb("#b83c44"), rgb("#ff7a68"), 4.2, 0.42),
    "corn": (rgb("#8a7448"), rgb("#4a6a2c"), rgb("#9cbc50"), 5.0, 0.4),
    "poppies": (rgb("#86a048"), rgb("#b03428"), rgb("#f0543c"), 0.0, 0.5),
    "wheat": (rgb("#c0a050"), rgb("#b08c3c"), rgb("#f0d27c"), 0.0, 0.5),
    "heath": (rgb("#8a7a58"), rgb("#6a4468"), rgb("#b880a8"), 0.0, 0.5),
    "paddy": (rgb("#5f8a58"), rgb("#4f8a3c"), rgb("#a4cc58"), 6.5, 0.3),
}
_TULIPS = tuple(rgb(c) for c in ("#e84a4a", "#f4c84a", "#f08ab4", "#f4efe6", "#9a5ac0"))


def plant_crop(plate: Plate, ridge: Image, kind: str, vanish: float, sun: float) -> None:
    """Cover a field with a crop in true perspective, from its ridge to the lower edge.

    Args:
        plate: the field.
        ridge: world height of its ridge for each column.
        kind: a key of :data:`CROPS`.
        vanish: world x where the rows meet.
        sun: side of the light, -1 or 1.
    """
    stage, light, place = plate.stage, plate.stage.light, plate.stage.place("crop")
    soil, dark, bright, per_unit, share = CROPS[kind]
    if stage.spec.season == "autumn" and kind == "vineyard":
        dark, bright = rgb("#9a5a2c"), rgb("#e0a83c")
    horizon = float(ridge.mean()) - 0.03
    drop = np.maximum(plate.y - horizon, 0.012) * np.ones_like(plate.x)
    across = (plate.x - vanish) / drop
    away = 1 / drop
    tile = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.0, low=4, high=90)
    tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
    fade = np.clip(drop * 9, 0.05, 1)

    def read(fine: float, long: float) -> Image:
        u, v = across * fine, away * long
        return cv2.remap(
            tile, noise.wrap(u.astype(np.float32)), noise.wrap(v.astype(np.float32)), cv2.INTER_LINEAR
        )

    grain = read(90, 90) * fade
    clump = read(26, 30) * np.clip(drop * 5, 0.15, 1)
    if per_unit:
        row = across * per_unit * 0.36 + 0.08 * clump
        s = row - np.floor(row) - 0.5
        mask = noise.smoothstep(share + 0.07, share - 0.07, np.abs(s) + 0.06 * grain)
        hump = np.clip(0.56 + 1.1 * s * sun + 0.2 * grain + 0.12 * clump, 0, 1.1)
        under = 1 - 0.45 * np.exp(-(((s + sun * (share + 0.04)) / 0.08) ** 2))
        mask = mask * np.clip(drop * 22, 0.55, 1)
    else:
        mask = noise.smoothstep(-0.8, 0.9, clump + 0.5 * grain + (0.2 if kind == "wheat" else 0.0))
        hump = np.clip(0.55 + 0.26 * grain + 0.12 * clump, 0, 1.1)
        under = 1 + 0.08 * grain
    tops = bright
    body = np.empty((*plate.shape, 3), np.float32)
    low, high = light.lit(dark, 0.3), light.lit(tops, 1.0)
    earth = light.lit(soil, 0.75)
    colours = np.asarray(tops, np.float32)
    if kind == "tulips":
        index = np.mod(np.floor(row).astype(int), len(_TULIPS))
        table = np.asarray([light.lit(c, 1.0) for c in _TULIPS], np.float32)
        colours = table[index]
    for k in range(3):
        top = colours[..., k] if kind == "tulips" else high[k]
        bottom = top * 0.5 if kind == "tulips" else low[k]
        crop = bottom + (top - bottom) * hump
        ground = earth[k] * under * (1 + 0.1 * grain)
        body[..., k] = ground + (crop - ground) * mask
    air = 0.5 * np.exp(-np.maximum(plate.y - ridge[None, :], 0) / 0.05)
    for k in range(3):
        body[..., k] += air * (light.haze[k] - body[..., k])
    plate.rgba[..., :3] = body * plate.rgba[..., 3:]


def bale(brush: Brush, stage: Stage, x: float, y: float, size: float, sun: float) -> None:
    """A round bale of hay lying on the field, its end half towards us."""
    light, straw = stage.light, rgb("#d9b35c")
    side = -sun
    brush.blob(
        x + 0.25 * size * side, y + size * 0.02, size * 0.95, size * 0.13, light.lit(rgb("#4a4a24"), 0.1)
    )
    dx = size * 0.62
    a = np.linspace(-math.pi / 2, math.pi / 2, 18)
    body = np.concatenate((
        np.stack((x + dx * side + size * 0.42 * np.cos(a) * side, y + size * 0.5 * (np.sin(a) - 1)), 1),
        np.array([(x, y), (x, y - size)]),
    ))  # fmt: skip
    brush.fill(body, light.lit(times(straw, 0.62), 0.35))
    top = body.copy()
    top[:, 1] = y - size * 0.6 + (top[:, 1] - (y - size * 0.5)) * 0.78
    brush.fill(np.minimum(top, np.array([9.0, y - size * 0.42])), light.lit(times(straw, 0.95), 0.9))
    brush.blob(x, y - size * 0.5, size * 0.42, size * 0.5, light.lit(times(straw, 0.8), 0.7))
    for k, tone in ((0.86, 1.12), (0.66, 0.9), (0.46, 1.1), (0.26, 0.85)):
        brush.blob(x, y - size * 0.5, size * 0.42 * k, size * 0.5 * k, light.lit(times(straw, tone), 0.85))


def fence(brush: Brush, stage: Stage, points: Image, tall: float) -> None:
    """Posts and two rails along world points (their feet)."""
    light, wood = stage.light, rgb("#8a6f54")
    for level in (0.45, 0.82):
        rail = points - (0, tall * level)
        brush.line(rail, tall * 0.1, light.lit(times(wood, 0.6), 0.3))
        brush.line(rail - (0, tall * 0.025), tall * 0.05, light.lit(times(wood, 1.15), 0.9))
    for x, y in points:
        brush.line(
            np.array([(x, y + tall * 0.06), (x, y - tall)]), tall * 0.15, light.lit(times(wood, 0.7), 0.4)
        )
        brush.line(
            np.array([(x + tall * 0.03, y), (x + tall * 0.03, y - tall)]),
            tall * 0.06,
            light.lit(times(wood, 1.2), 0.9),
        )


def barn(brush: Brush, stage: Stage, x: float, y: float, wide: float, distance: float, side: float) -> None:
    """A red barn with a broken roof, its gable towards us."""
    light = stage.light

    def fill(points: list[tuple[float, float]], colour: Colour, shade: float) -> None:
        p = np.array(points) * (side * wide, -wide) + (x, y)
        brush.fill(p, light.far(light.lit(colour, shade), distance))

    red, roof, white = rgb("#a8402f"), rgb("#5f5a58"), rgb("#eee6d8")
    fill([(0.5, 0), (0.5, 0.5), (1.25, 0.54), (1.25, 0.04)], times(red, 0.6), 0.3)
    for k in np.linspace(0.58, 1.2, 9):
        fill([(k, 0.01), (k, 0.52), (k + 0.012, 0.52), (k + 0.012, 0.01)], times(red, 0.48), 0.2)
    gable = [(-0.5, 0), (-0.5, 0.5), (-0.34, 0.78), (0, 0.96), (0.34, 0.78), (0.5, 0.5), (0.5, 0)]
    fill(gable, red, 0.8)
    for k in np.linspace(-0.44, 0.44, 12):
        fill([(k, 0), (k, 0.5), (k + 0.01, 0.5), (k + 0.01, 0)], times(red, 0.84), 0.6)
    fill([(0, 0.99), (0.36, 0.8), (1.11, 0.84), (0.75, 1.03)], roof, 0.95)
    fill([(0.36, 0.8), (0.56, 0.47), (1.31, 0.51), (1.11, 0.84)], times(roof, 0.8), 0.6)
    fill(
        [
            (-0.56, 0.47),
            (-0.37, 0.8),
            (0, 1.0),
            (0.37, 0.8),
            (0.56, 0.47),
            (0.51, 0.47),
            (0.33, 0.76),
            (0, 0.94),
            (-0.33, 0.76),
            (-0.51, 0.47),
        ],
        white,
        0.85,
    )
    fill([(-0.2, 0), (-0.2, 0.36), (0.2, 0.36), (0.2, 0)], white, 0.8)
    fill([(-0.17, 0), (-0.17, 0.33), (-0.01, 0.33), (-0.01, 0)], times(red, 0.8), 0.6)
    fill([(0.01, 0), (0.01, 0.33), (0.17, 0.33), (0.17, 0)], times(red, 0.8), 0.6)
    for s in (-1, 1):
        a, b = (0.16 * s, 0.02), (0.02 * s, 0.31)
        fill([a, (a[0] - 0.02 * s, a[1]), (b[0], b[1]), (b[0] + 0.02 * s, b[1])], white, 0.8)
    fill([(-0.09, 0.56), (-0.09, 0.72), (0.09, 0.72), (0.09, 0.56)], white, 0.85)
    fill(
        [(-0.065, 0.58), (-0.065, 0.7), (0.065, 0.7), (0.065, 0.58)],
        mix(rgb("#3a3030"), rgb("#ffcf80"), light.lamps),
        0.6,
    )


class Windmill:
    """A tower mill whose sails turn in the wind.

    Args:
        plate: the land it stands on; its tower is painted there.
        brush: paints on that plate.
        x: world x of its foot.
        y: world height of its foot.
        tall: height of its tower.
        distance: 0 near to 1 far.
        sun: side of the light, -1 or 1.
    """

    def __init__(
        self, plate: Plate, brush: Brush, x: float, y: float, tall: float, distance: float, sun: float
    ) -> None:
        self.plate, self.tall, self.distance = plate, tall, distance
        self.stage = stage = plate.stage
        self.hub = (x - 0.04 * tall * sun, y - tall * 0.92)
        self.phase = float(stage.take("mill").uniform(0, 1.57))
        light = stage.light

        def fill(points: list[tuple[float, float]], colour: Colour, shade: float) -> None:
            brush.fill(
                np.array(points) * (tall * sun, -tall) + (x, y), light.far(light.lit(colour, shade), distance)
            )

        wall, cap = rgb("#e9dfca"), rgb("#6d4a3c")
        fill([(-0.24, 0), (-0.15, 0.84), (0.15, 0.84), (0.24, 0)], times(wall, 0.78), 0.4)
        fill([(-0.02, 0), (-0.02, 0.84), (0.15, 0.84), (0.24, 0)], wall, 0.9)
        fill([(0.1, 0), (0.08, 0.84), (0.15, 0.84), (0.24, 0)], times(wall, 1.08), 1.0)
        fill([(-0.19, 0.83), (-0.14, 0.96), (0, 1.04), (0.14, 0.96), (0.19, 0.83)], cap, 0.7)
        fill([(-0.21, 0.33), (-0.21, 0.36), (0.27, 0.36), (0.27, 0.33)], times(cap, 0.9), 0.5)
        fill([(-0.06, 0), (-0.06, 0.17), (0.06, 0.17), (0.06, 0)], times(cap, 0.8), 0.4)
        glass = mix(rgb("#3c4650"), rgb("#ffcf80"), light.lamps)
        for wx, wy in ((0.0, 0.48), (0.03, 0.68)):
            fill(
                [(wx - 0.035, wy), (wx - 0.035, wy + 0.08), (wx + 0.035, wy + 0.08), (wx + 0.035, wy)],
                glass,
                0.7,
            )

    def draw(self, frame: Image, t: float) -> None:
        """Draw the sails as they stand at t."""
        view, light = self.stage.view(t, self.plate.depth), self.stage.light
        x, y = view.at(*self.hub)
        long = view.scale * self.tall * 0.62
        turn = self.phase + t * (0.25 + 0.7 * self.stage.spec.wind)
        reach = int(long * 1.1) + 3
        x0, y0 = int(x) - reach, int(y) - reach
        fine = 3
        ink = np.zeros((2 * reach * fine, 2 * reach * fine, 4), np.uint8)

        def fill(points: Image, colour: Colour, shade: float) -> None:
            c = light.far(light.lit(colour, shade), self.distance)
            p = np.round((points + np.array((x - x0, y - y0))) * fine * 16).astype(np.int32)
            cv2.fillPoly(ink, [p], (*(round(255 * min(1.0, v)) for v in c), 255), cv2.LINE_8, 4)

        for k in range(4):
            a = turn + k * math.pi / 2
            d, n = np.array((math.cos(a), math.sin(a))), np.array((-math.sin(a), math.cos(a)))
            stock = max(0.5, long * 0.016)
            fill(
                np.array([-n * stock, d * long - n * stock, d * long + n * stock, n * stock]),
                rgb("#4a3a30"),
                0.4,
            )
            cloth = np.array(
                [
                    d * long * 0.18 + n * stock,
                    d * long * 0.98 + n * stock,
                    d * long * 0.98 + n * long * 0.2,
                    d * long * 0.18 + n * long * 0.2,
                ]
            )
            fill(cloth, rgb("#efe8da"), 0.75 + 0.25 * math.sin(a))
            for s in (0.18, 0.38, 0.58, 0.78, 0.98):
                bar = np.array([d * long * s, d * long * s + n * long * 0.2])
                fill(
                    np.concatenate((bar - d * stock * 0.5, (bar + d * stock * 0.5)[::-1])),
                    rgb("#7a6450"),
                    0.5,
                )
        small = cv2.resize(ink, (2 * reach, 2 * reach), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        h, w = frame.shape[:2]
        left, top, right, bottom = max(0, x0), max(0, y0), min(w, x0 + 2 * reach), min(h, y0 + 2 * reach)
        if left >= right or top >= bottom:
            return
        part = small[top - y0 : bottom - y0, left - x0 : right - x0]
        region = frame[top:bottom, left:right]
        region *= 1 - part[..., 3:]
        region += part[..., :3]
