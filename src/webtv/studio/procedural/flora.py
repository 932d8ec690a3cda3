"""What grows: grass that sways in rows, flowers, broadleaf trees and conifers."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.stage import Image, Plate, Stage, lay

FLOWERS = {
    "spring": ("#f2d95c", "#e9a6c4", "#ffffff", "#b9a2e0"),
    "summer": ("#dd4a3a", "#f4efe2", "#6f86d8", "#f2c94c", "#d977b0"),
    "autumn": ("#c9793a", "#a86a9c", "#e0b552"),
    "winter": (),
}
LEAVES = {
    "spring": ("#8fb94f", "#a5c860", "#e8b6c6"),
    "summer": ("#5f8a3e", "#6f9a48", "#4f7a3c"),
    "autumn": ("#d08a35", "#c4622e", "#d9a93f", "#a8502c"),
    "winter": ("#6b6660", "#7a746c"),
}


class Brush:
    """Draws antialiased shapes on a plate in world units."""

    def __init__(self, plate: Plate, fine: int = 2) -> None:
        self.plate = plate
        self.fine = fine
        h, w = plate.shape
        self.ink = np.zeros((h * fine, w * fine, 4), np.uint8)

    def points(self, points: Image) -> Image:
        """World points to fixed-point pixels."""
        x = (points[:, 0] - self.plate.x0) * self.plate.scale * self.fine - 0.5
        y = (points[:, 1] - self.plate.y0) * self.plate.scale * self.fine - 0.5
        return np.round(np.stack((x, y), 1) * 16).astype(np.int32)

    def fill(self, points: Image, colour: Colour) -> None:
        """Fill a polygon of world points."""
        ink = tuple(round(255 * min(1.0, max(0.0, c))) for c in colour)
        cv2.fillPoly(self.ink, [self.points(points)], (*ink, 255), cv2.LINE_8, 4)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse."""
        ink = tuple(round(255 * min(1.0, max(0.0, c))) for c in colour)
        s = self.plate.scale * self.fine
        centre = (int((x - self.plate.x0) * s * 16), int((y - self.plate.y0) * s * 16))
        if abs(centre[0]) > 2**20 or abs(centre[1]) > 2**20:
            return
        cv2.ellipse(
            self.ink,
            centre,
            (max(8, int(rx * s * 16)), max(8, int(ry * s * 16))),
            0,
            0,
            360,
            (*ink, 255),
            -1,
            cv2.LINE_8,
            4,
        )

    def line(self, points: Image, wide: float, colour: Colour) -> None:
        """A stroke of one world width."""
        ink = tuple(round(255 * min(1.0, max(0.0, c))) for c in colour)
        thick = max(1, round(wide * self.plate.scale * self.fine))
        cv2.polylines(self.ink, [self.points(points)], False, (*ink, 255), thick, cv2.LINE_8, 4)

    def done(self) -> None:
        """Lay what was drawn over the plate."""
        h, w = self.plate.shape
        small = cv2.resize(self.ink, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        a = small[..., 3:]
        self.plate.rgba[..., :3] = self.plate.rgba[..., :3] * (1 - a) + small[..., :3]
        self.plate.rgba[..., 3:] = self.plate.rgba[..., 3:] * (1 - a) + a


class Grass:
    """One row of grass and flowers whose tips move in the wind.

    Args:
        stage: the stage.
        name: stream of chance.
        depth: plane.
        root: world height of its roots.
        tall: height of the blades.
        colour: local colour of the blades.
        flowers: share of stems that flower, 0..1.
        density: blades per world unit.
        shade: brightness of the row.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        depth: float,
        root: float,
        tall: float,
        colour: Colour,
        flowers: float = 0.0,
        density: float = 420.0,
        shade: float = 1.0,
        hues: tuple[Colour, ...] = (),
    ) -> None:
        self.stage, self.depth, self.root, self.tall = stage, depth, root, tall
        self.plate = stage.plate(depth, root - tall * 1.5, root + tall * 0.25)
        self._phase = stage.take(name).uniform(0, 6.28, 3)
        if self.plate.empty:
            return
        place, light = stage.place(name), stage.light
        brush = Brush(self.plate)
        x0, x1 = float(self.plate.x[0, 0]), float(self.plate.x[0, -1])
        count = int((x1 - x0) * density)
        shape = noise.Profile(place, 0.35, 3)
        x = place.uniform(x0, x1, count)
        length = tall * place.uniform(0.35, 1.0, count) * (0.85 + 0.3 * shape(x))
        lean = place.normal(0, 0.22, count) * length
        half = tall * place.uniform(0.012, 0.03, count)
        y = root + tall * 0.2 * place.random(count)
        s = np.array([0, 0.4, 0.75, 1.0])
        spine = np.stack((x[:, None] + lean[:, None] * s**2, y[:, None] - length[:, None] * s), 2)
        side = np.zeros_like(spine)
        side[..., 0] = half[:, None] * np.array([1, 0.85, 0.5, 0.0])
        blades = np.concatenate((spine - side, (spine + side)[:, ::-1]), 1)
        dry, bright, lit = (
            place.uniform(0, 0.25, count),
            place.uniform(0.62, 1.12, count),
            place.uniform(0.3, 1, count),
        )
        for i in range(count):
            tone = times(mix(colour, rgb("#d9c77a"), dry[i]), shade * bright[i])
            brush.fill(blades[i], light.lit(tone, lit[i]))
        names = list(hues) or [rgb(c) for c in FLOWERS[stage.spec.season]]
        if names and flowers > 0:
            for _ in range(int((x1 - x0) * 46 * flowers)):
                self._flower(
                    brush, place, float(place.uniform(x0, x1)), names[int(place.integers(len(names)))], colour
                )
        brush.done()

    def _flower(self, brush: Brush, place: np.random.Generator, x: float, hue: Colour, leaf: Colour) -> None:
        light, tall = self.stage.light, self.tall
        length = tall * float(place.uniform(0.6, 1.12))
        lean = float(place.normal(0, 0.12)) * length
        y = self.root
        brush.line(
            np.array([(x, y), (x + lean * 0.4, y - length * 0.6), (x + lean, y - length)]),
            tall * 0.018,
            light.lit(times(leaf, 0.8), 0.6),
        )
        r = tall * float(place.uniform(0.045, 0.09))
        cx, cy = x + lean, y - length
        lit = light.lit(hue, 0.95)
        kind = int(place.integers(3))
        if kind == 0:  # a daisy, seen a little from the side
            for a in np.linspace(0, 2 * math.pi, 9)[:-1]:
                brush.blob(cx + r * 0.75 * math.cos(a), cy + r * 0.45 * math.sin(a), r * 0.36, r * 0.26, lit)
            brush.blob(cx, cy, r * 0.32, r * 0.24, light.lit(rgb("#e8b83c"), 1.0))
        elif kind == 1:  # a poppy's cup
            brush.blob(cx, cy, r, r * 0.72, times(lit, 0.82))
            brush.blob(cx - r * 0.35, cy + r * 0.05, r * 0.62, r * 0.6, lit)
            brush.blob(cx + r * 0.4, cy + r * 0.1, r * 0.55, r * 0.52, times(lit, 0.93))
        else:  # a spike of small bells
            for k in range(6):
                brush.blob(
                    cx + r * 0.35 * (k % 2 * 2 - 1),
                    cy + k * r * 0.42,
                    r * (0.22 + 0.05 * k),
                    r * 0.26,
                    times(lit, 1 - 0.03 * k),
                )

    def draw(self, frame: Image, t: float) -> None:
        """Lay the row over the frame, bent by the wind of this moment."""
        plate = self.plate
        if plate.empty:
            return
        view = self.stage.view(t, self.depth)
        h, w = frame.shape[:2]
        top = max(0, math.floor(view.top + view.scale * plate.y0))
        bottom = min(h, math.ceil(view.top + view.scale * float(plate.y[-1, 0])))
        if top >= bottom:
            return
        k = plate.scale / view.scale
        rows = (np.arange(top, bottom, dtype=np.float32) + 0.5 - view.top) / view.scale
        x = (np.arange(w, dtype=np.float32) + 0.5 - view.left) / view.scale
        height = np.clip((self.root - rows) / self.tall, 0, 1.5) ** 1.7
        wind = self.stage.spec.wind
        a, b, c = self._phase
        gust = (
            0.55 * np.sin(x * 2.6 - t * (1.0 + wind) + a)
            + 0.3 * np.sin(x * 7.5 - t * 2.1 + b)
            + 0.16 * np.sin(x * 21 - t * 3.4 + c)
            + 0.35
        )
        bend = self.tall * (0.08 + 0.26 * wind) * plate.scale
        base_x = (np.arange(w, dtype=np.float32) + 0.5 - view.left) * k - plate.x0 * plate.scale - 0.5
        base_y = (
            (np.arange(top, bottom, dtype=np.float32) + 0.5 - view.top) * k - plate.y0 * plate.scale - 0.5
        )
        u = base_x[None, :] - height[:, None] * (gust * bend).astype(np.float32)[None, :]
        v = np.repeat(base_y[:, None], w, 1)
        seen = cv2.remap(
            plate.rgba, u.astype(np.float32), v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        band = frame[top:bottom]
        lay(band, seen)


def _branch(
    brush: Brush,
    rng: np.random.Generator,
    at: tuple[float, float],
    angle: float,
    length: float,
    wide: float,
    colour: Colour,
    depth: int,
) -> None:
    """A bare branch and the finer ones that it carries."""
    end = (at[0] + length * math.sin(angle), at[1] - length * math.cos(angle))
    brush.line(np.array([at, end]), wide, colour)
    if depth == 0 or length * brush.plate.scale < 1.5:
        return
    for side in (-1, 1):
        turn = angle * 0.9 + side * float(rng.uniform(0.25, 0.62))
        _branch(brush, rng, end, turn, length * float(rng.uniform(0.6, 0.8)), wide * 0.62, colour, depth - 1)


def broadleaf(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    leaf: Colour,
    shade: float,
    stage: Stage,
    distance: float = 0.0,
    light_from: float = 1.0,
) -> None:
    """A broadleaf tree: trunk, then clumps of foliage, dark below and bright towards the light."""
    light = stage.light
    bark = light.far(light.lit(rgb("#6d5644"), 0.4 * shade), distance)
    wide = tall * 0.05
    brush.fill(
        np.array(
            [
                (x - wide, y),
                (x - wide * 0.55, y - tall * 0.55),
                (x + wide * 0.55, y - tall * 0.55),
                (x + wide, y),
            ]
        ),
        bark,
    )
    bare = stage.spec.season == "winter"
    if bare:
        _branch(brush, rng, (x, y - tall * 0.3), 0.0, tall * 0.34, tall * 0.04, bark, 5)
        return
    count = 46
    order = np.linspace(0, 1, count)
    for s in order:
        a, r = float(rng.uniform(0, 2 * math.pi)), float(rng.random()) ** 0.6
        cx = x + 0.3 * tall * r * math.cos(a) * (1 - 0.15 * s)
        cy = y - tall * 0.66 + 0.26 * tall * r * math.sin(a) - 0.05 * tall * s + 0.02 * tall
        up = np.clip(
            (y - tall * 0.66 - cy) / (0.3 * tall) * 0.5 + 0.4 * (cx - x) / (0.3 * tall) * light_from + 0.5,
            0,
            1,
        )
        tone = times(leaf, (0.5 + 0.62 * float(up) * (0.45 + 0.55 * s)) * float(rng.uniform(0.92, 1.08)))
        ink = light.far(light.lit(tone, shade * (0.25 + 0.75 * float(up))), distance)
        size = tall * float(rng.uniform(0.05, 0.105)) * (1.25 - 0.6 * s)
        brush.blob(cx, cy, size * 1.15, size, ink)


def conifer(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    leaf: Colour,
    shade: float,
    stage: Stage,
    distance: float = 0.0,
    snow: float = 0.0,
    light_from: float = 1.0,
) -> None:
    """A conifer: tiers of drooping boughs, snow on them in winter."""
    light = stage.light
    bark = light.far(light.lit(rgb("#54433a"), 0.3 * shade), distance)
    brush.fill(
        np.array(
            [
                (x - tall * 0.018, y),
                (x - tall * 0.006, y - tall),
                (x + tall * 0.006, y - tall),
                (x + tall * 0.018, y),
            ]
        ),
        bark,
    )
    tiers = max(6, int(tall * brush.plate.scale / 9))
    tiers = min(tiers, 15)
    slim = float(rng.uniform(0.16, 0.24))
    for k in range(tiers):
        s = k / (tiers - 1)
        top = y - tall * (0.1 + 0.86 * s) - tall * 0.07
        low = y - tall * (0.06 + 0.86 * s)
        half = tall * slim * (1 - s) ** 0.85 + tall * 0.012
        left, right = half * float(rng.uniform(0.85, 1.12)), half * float(rng.uniform(0.85, 1.12))
        for side, reach in ((-1, left), (1, right)):
            tone = times(
                leaf,
                (0.55 + 0.35 * s) * (1.16 if side == light_from else 0.8) * float(rng.uniform(0.93, 1.07)),
            )
            ink = light.far(light.lit(tone, shade * (0.9 if side == light_from else 0.35)), distance)
            tip = low + tall * 0.02
            p = [
                (x, top),
                (x + side * reach * 0.55, low - tall * 0.02),
                (x + side * reach, tip),
                (x + side * reach * 0.6, low + tall * 0.004),
                (x + side * reach * 0.3, low + tall * 0.018),
                (x, low),
            ]
            brush.fill(np.array(p), ink)
            if snow > 0:
                white = light.far(
                    light.lit(rgb("#f1f5fa"), shade * (1.0 if side == light_from else 0.55)), distance
                )
                q = [
                    (x, top),
                    (x + side * reach * 0.5, low - tall * 0.026),
                    (x + side * reach * 0.98, tip - 0.001),
                    (x + side * reach * 0.5, low - tall * 0.026 + tall * 0.013 * snow),
                    (x, top + tall * 0.012 * snow),
                ]
                brush.fill(np.array(q), white)
