"""What grows: grass that sways in rows, flowers, broadleaf trees and conifers."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.trees import VARIANTS, Tints, specimen, stamp
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


_BARK = rgb("#75604c")


def _ink(colour: Colour) -> tuple[int, int, int, int]:
    r, g, b = colour
    return (
        round(255 * min(1.0, max(0.0, float(r)))),
        round(255 * min(1.0, max(0.0, float(g)))),
        round(255 * min(1.0, max(0.0, float(b)))),
        255,
    )


def lit_all(light: Light, colours: Image, shade: Image) -> Image:
    """Many local colours float[n, 3] in a scene's light, each in its own shade float[n]."""
    s = shade[:, None]
    return np.asarray(colours * (np.array(light.ambient) * (1 - 0.45 * s) + np.array(light.key) * 0.5 * s))


class Brush:
    """Draws antialiased shapes on a plate in world units."""

    def __init__(self, plate: Plate, fine: int = 2) -> None:
        self.plate = plate
        self.fine = fine
        h, w = plate.shape
        self.ink = np.zeros((h * fine, w * fine, 4), np.uint8)
        # World to sixteenths of a pixel, whose middles lie half a pixel in.
        self._grow = 16 * plate.scale * fine
        self._origin = np.array((plate.x0, plate.y0)) * self._grow + 8

    def points(self, points: Image) -> Image:
        """World points to fixed-point pixels."""
        return np.rint(points * self._grow - self._origin).astype(np.int32)

    def fill(self, points: Image, colour: Colour) -> None:
        """Fill a polygon of world points."""
        cv2.fillPoly(self.ink, [self.points(points)], _ink(colour), cv2.LINE_8, 4)

    def fills(self, polygons: Image, colours: Image) -> None:
        """Fill many polygons of as many corners each, later ones over earlier.

        Args:
            polygons: float[n, corners, 2], world points.
            colours: float[n, 3].
        """
        places = self.points(polygons)
        inks = np.rint(255 * np.clip(colours, 0, 1)).astype(int).tolist()
        for place, (r, g, b) in zip(places, inks, strict=True):
            cv2.fillPoly(self.ink, [place], (r, g, b, 255), cv2.LINE_8, 4)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse."""
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
            _ink(colour),
            -1,
            cv2.LINE_8,
            4,
        )

    def line(self, points: Image, wide: float, colour: Colour) -> None:
        """A stroke of one world width."""
        thick = max(1, round(wide * self.plate.scale * self.fine))
        cv2.polylines(self.ink, [self.points(points)], False, _ink(colour), thick, cv2.LINE_8, 4)

    def done(self) -> None:
        """Lay what was drawn over the plate."""
        painted = np.flatnonzero(self.ink.view(np.uint32)[..., 0].max(axis=1))
        if not len(painted):
            return
        first, last = int(painted[0]) // self.fine, int(painted[-1]) // self.fine + 1
        part = self.plate.rgba[first:last]
        ink = self.ink[first * self.fine : last * self.fine]
        seen = cv2.resize(ink, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
        small = seen.astype(np.float32) * np.float32(1 / 255)
        rest = 1 - small[..., 3]
        part *= cv2.merge((rest, rest, rest, rest))
        part += small


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
        a, b, c = (float(p) for p in stage.take(name).uniform(0, 6.28, 3))
        self._phase = (a, b, c)
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
        own, straw = np.array(colour), np.array(rgb("#d9c77a"))
        tones = (own + (straw - own) * dry[:, None]) * (shade * bright)[:, None]
        brush.fills(blades, lit_all(light, tones, lit))
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
        reach = self.tall * (0.08 + 0.26 * self.stage.spec.wind)
        sway(frame, plate, t, self.root, -self.tall, reach, self._phase)


def sway(
    frame: Image,
    plate: Plate,
    t: float,
    root: float,
    reach: float,
    bend: float,
    phase: tuple[float, float, float],
) -> None:
    """Lay a plate over the frame, bent by the wind of this moment.

    Args:
        frame: where to.
        plate: what.
        t: seconds.
        root: world height that stays where it is.
        reach: from there to the tips, in world units; negative upwards.
        bend: how far the tips go, in world units.
        phase: of the gusts.
    """
    if plate.empty:
        return
    stage = plate.stage
    view = stage.view(t, plate.depth)
    h, w = frame.shape[:2]
    top = max(0, math.floor(view.top + view.scale * plate.y0))
    bottom = min(h, math.ceil(view.top + view.scale * float(plate.y[-1, 0])))
    if top >= bottom:
        return
    k = plate.scale / view.scale
    rows = (np.arange(top, bottom, dtype=np.float32) + 0.5 - view.top) / view.scale
    x = (np.arange(w, dtype=np.float32) + 0.5 - view.left) / view.scale
    height = np.clip((rows - root) / reach, 0, 1.5) ** 1.7
    wind = stage.spec.wind
    a, b, c = (float(p) for p in phase)
    gust = (
        0.55 * np.sin(x * 2.6 - t * (1.0 + wind) + a)
        + 0.3 * np.sin(x * 7.5 - t * 2.1 + b)
        + 0.16 * np.sin(x * 21 - t * 3.4 + c)
        + 0.35
    )
    base_x = (np.arange(w, dtype=np.float32) + 0.5 - view.left) * k - plate.x0 * plate.scale - 0.5
    base_y = (np.arange(top, bottom, dtype=np.float32) + 0.5 - view.top) * k - plate.y0 * plate.scale - 0.5
    u = base_x[None, :] - height[:, None] * (gust * bend * plate.scale).astype(np.float32)[None, :]
    v = np.repeat(base_y[:, None].astype(np.float32), w, 1)
    seen = cv2.remap(plate.rgba, u.astype(np.float32), v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    lay(frame[top:bottom], seen)


def tints(
    stage: Stage,
    leaf: Colour,
    other: Colour,
    shade: float,
    distance: float = 0.0,
    bark: Colour = _BARK,
    white: Colour = (1.02, 1.04, 1.08),
) -> Tints:
    """Local colours of a plant as this scene's light shows them, in shadow and in light."""
    light = stage.light
    # Leaves let light through: gold glows from within, green turns cool in the shade.
    pale = min(leaf) > 0.62  # blossom
    shadow = (
        (0.76, 0.6, 0.7) if pale else (0.56, 0.42, 0.36) if leaf[0] > 1.15 * leaf[1] else (0.34, 0.4, 0.44)
    )

    def tone(colour: Colour, amount: float) -> Colour:
        seen = light.far(light.lit(colour, amount), distance)
        return min(1.0, seen[0]), min(1.0, seen[1]), min(1.0, seen[2])

    return Tints(
        (
            tone(times(leaf, shadow), 0.1 * shade),
            tone(times(other, times(shadow, 1.08)), 0.1 * shade),
            tone(times(bark, 0.36), 0.15 * shade),
            tone(times(white, (0.62, 0.7, 0.86)), 0.4 * shade),
        ),
        (
            tone(times(leaf, 1.12 if pale else 1.34), shade),
            tone(times(other, 1.12 if pale else 1.34), shade),
            tone(times(bark, 1.3), shade),
            tone(white, shade),
        ),
    )


def shade(plate: Plate, x: float, y: float, wide: float, tall: float, amount: float = 0.5) -> None:
    """A soft shadow on the land: an ellipse of world radii that fades outwards."""
    k = plate.scale
    px, py = plate.at(x, y)
    c0, c1 = max(0, int(px - 2 * wide * k)), min(plate.shape[1], int(px + 2 * wide * k) + 1)
    r0, r1 = max(0, int(py - 2 * tall * k)), min(plate.shape[0], int(py + 2 * tall * k) + 1)
    if c0 >= c1 or r0 >= r1:
        return
    dx, dy = (plate.x[:, c0:c1] - x) / wide, (plate.y[r0:r1] - y) / tall
    dark = amount * np.exp(-((dx * dx + dy * dy) ** 1.5))
    cool = 1 - dark[..., None] * np.asarray((1.0, 0.94, 0.8), np.float32)
    plate.rgba[r0:r1, c0:c1, :3] *= cool.astype(np.float32)


def plant(
    brush: Brush,
    rng: np.random.Generator,
    species: str,
    x: float,
    y: float,
    tall: float,
    colours: Tints,
    snow: bool = False,
    light_from: float = 1.0,
) -> None:
    """Stamp one of the herbarium's specimens, a little stretched so that no two are alike."""
    variant, wide = int(rng.integers(VARIANTS)), float(rng.uniform(0.88, 1.14))
    k = brush.plate.scale * brush.fine
    px, py = (x - brush.plate.x0) * k, (y - brush.plate.y0) * k
    stamp(brush.ink, specimen(species, variant, snow), px, py, tall * k, colours, light_from, wide)


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
    species: str = "oak",
) -> None:
    """A broadleaf tree: limbs and clumps of leaves, each lit as a ball; bare in winter."""
    bark = rgb("#d9d4c8") if species == "birch" else rgb("#75604c")
    season = stage.spec.season
    if season == "winter":
        snow = stage.spec.weather == "snow"
        plant(
            brush, rng, "bare", x, y, tall, tints(stage, leaf, leaf, shade, distance, bark), snow, light_from
        )
        return
    warm = {"autumn": rgb("#e0b040"), "spring": rgb("#c4d070")}.get(season, rgb("#a3b04c"))
    blossom = min(leaf) > 0.62
    other = mix(leaf, warm, 0.55 if season == "autumn" else 0.12 if blossom else 0.4)
    plant(
        brush, rng, species, x, y, tall, tints(stage, leaf, other, shade, distance, bark), False, light_from
    )


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
    """A spruce: drooping boughs hung with twigs, snow on them in winter."""
    bark = rgb("#5d4a3e")
    colours = tints(stage, leaf, mix(leaf, rgb("#8a9a50"), 0.3), shade, distance, bark)
    plant(brush, rng, "spruce", x, y, tall, colours, snow > 0.3, light_from)
