"""Forest: a path or a stream into the depth, trunks in mist, shafts of light, ferns, fireflies after dark."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.casting import PAINTED, present
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.nature.flora import Brush, Grass, plant, sway
from webtv.studio.procedural.nature.massif import trim
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import hill
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.nature.wood import Wood
from webtv.studio.procedural.nature.woodland import Ribbon, liana, log, stone, trunk, tufts
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free, tint_over
from webtv.studio.procedural.walkers import Troupe

# depth, level of the ground, air in between, gap between trees, half a trunk's width, height of a tree
_PLANES = (
    (0.1, 0.632, 0.96, 0.035, 0.0035, 0.5),
    (0.1, 0.648, 0.82, 0.06, 0.0065, 0.66),
    (0.26, 0.672, 0.6, 0.12, 0.011, 0.84),
    (0.44, 0.705, 0.34, 0.24, 0.019, 1.08),
)
_TREE = {"broadleaf": "timber", "birch": "birch", "pine": "spruce", "bamboo": "bamboo", "jungle": "timber"}
_TRUNK = {"broadleaf": "oak", "birch": "birch", "pine": "pine", "bamboo": "bamboo", "jungle": "jungle"}


class Forest:
    """Four planes of trees in ever thicker air, a glade with a way through it, great trunks in front."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("forest")
        stage.focus = (0.0, 0.8 if spec.cast else 0.66)
        Troupe(stage, present(spec.cast), 0.88, 0.76, 1.0, 1.0, (0.25, 0.55), 0.8).attend()
        self.sky = Sky(stage, 0.64, clouds=0.0, sun_x=float(place.uniform(-0.35, 0.35)))
        self.sun = 1.0 if self.sky.sun_x > 0 else -1.0
        self.wood = Wood(stage, self.sun)
        self.kind, self.cold, self.floor = self.wood.kind, self.wood.cold, self.wood.floor
        planes = [self._plane(k) for k in range(len(_PLANES))]
        self.planes = [_joined(planes[0], planes[1]), *planes[2:]]
        self.way: Ribbon | None = None
        self.stream = "stream" in spec.extras or (not self.cold and stage.chance("stream?") < 0.3)
        self.glade = self._glade()
        a, b, c = (float(p) for p in stage.take("boughs").uniform(0, 6.28, 3))
        self.leaf_phase = (a, b, c)
        self.frame_plate = self._frame()
        self.boughs = self._boughs()
        fern = mix(self.floor, rgb("#5f9a3c"), 0.0 if self.cold or spec.season == "autumn" else 0.6)
        self.rows = [
            Grass(stage, "fern3", 1.35, 1.08, 0.13, times(fern, 0.7), 0.0 if self.cold else 0.15, 170, 0.55)
        ]
        self.rays = self._ray_texture(place)
        self.haze_tile = cv2.copyMakeBorder(
            noise.tile(256, stage.take("haze"), 1.8, low=1), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        rng = stage.take("flies")
        self.flies = [tuple(float(v) for v in rng.uniform(0, 1, 5)) for _ in range(44)]
        cast = tuple(c for c in present(spec.cast) if c.kind not in PAINTED)
        if not cast and stage.chance("cast?") < 0.5:
            wild = ("bird", "butterfly") if self.kind in {"jungle", "bamboo"} else ("deer", "fox", "hare")
            cast = (Cast(str(place.choice(wild)), int(place.integers(1, 3))),)
        self.troupe = Troupe(stage, cast, 0.88, 0.76, 1.0, self.sun, (0.25, 0.55), 0.8)
        fall = spec.weather in {"clear", "cloudy"} and (spec.season == "autumn" or "leaf" in spec.extras)
        self.weather = Weather(stage, "leaves" if fall and self.kind != "pine" else None)

    # -- what is painted once -------------------------------------------------------------------------

    def _plane(self, k: int) -> Plate:
        """One row of trees on its own strip of ground."""
        depth, level, distance, gap, wide, tall = _PLANES[k]
        stage, place = self.stage, self.stage.place(f"trees{k}")
        plate, ridge = hill(
            stage, f"floor{k}", depth, level, 0.012, 0.5, distance, self.floor, 0.35, self.sun, 2.0
        )
        far = min(0.97, distance * (0.86 + 0.3 * stage.light.fog))
        bare = self.cold and self.kind in {"broadleaf", "birch"}
        x = -1.8
        trees: list[tuple[float, float]] = []
        while x < 1.8:
            x += gap * float(place.uniform(0.5, 1.5))
            open_way = (0.0, 0.02, 0.06, 0.16)[k]
            if abs(x) > open_way * float(place.uniform(0.8, 1.3)):
                trees.append((x, float(place.uniform(0.0, 0.02)) * (1 + k)))
        bole = [
            (self.kind == "pine" and i % 3 == 0) or (self.kind == "jungle" and i % 4 == 3)
            for i in range(len(trees))
        ]
        spots = [(x, float(np.interp(x, plate.x[0], ridge)) + down) for x, down in trees]
        for (x, y), plain in zip(spots, bole, strict=True):
            girth = wide * float(place.uniform(0.8, 1.4))
            if plain:
                trunk(plate, place, _TRUNK[self.kind], x, y, girth, far, self.sun, 0.3)
        brush = Brush(plate, 1)
        for i in np.argsort([y for _, y in spots]):
            (x, y), size = spots[i], tall * float(place.uniform(0.8, 1.2))
            if not bole[i]:
                species = "bare" if bare else _TREE[self.kind]
                if self.kind == "jungle" and i % 4 == 1:
                    species, size = "palm", size * 0.62
                size *= 1.25 if self.kind == "bamboo" else 1.0
                plant(
                    brush, place, species, x, y, size, self.wood.tints(place, 0.85, far), self.cold, self.sun
                )
            if k >= 1 and place.random() < (0.5 if not self.cold else 0.15):
                self.wood.undergrowth(
                    brush, place, x + float(place.normal(0, gap)), y + 0.012, 0.035 + 0.03 * k, far
                )
        brush.done()
        return trim(plate, 0.8)  # the glade hides the rest

    def _glade(self) -> Plate:
        """The open floor of the wood with its way, stones, logs, ferns and a few trees."""
        stage, place, light = self.stage, self.stage.place("glade"), self.stage.light
        plate, ridge = hill(stage, "glade", 0.7, 0.735, 0.012, 0.6, 0.06, self.floor, 0.4, self.sun, 2.0)
        self.wood.dapple(plate)
        brush = Brush(plate, 2)
        if not self.cold:
            grass = mix(self.floor, rgb("#6f9a3c"), 0.35)
            tufts(brush, stage, place, grass, 520, 0.738, 1.1)
        if self.stream or stage.chance("path?") < 0.75:
            self.way = Ribbon(stage, float(ridge.mean()) + 0.004, 1.12, 0.2)
            if self.stream:
                self.way.flow(brush, self.floor if not self.cold else rgb("#dfe6ee"), place, self.sun)
            else:
                earth = rgb("#c9a878") if self.kind != "pine" else rgb("#b08a60")
                self.way.pave(brush, (0.86, 0.9, 0.97) if self.cold else earth, place, self.sun)
        self.wood.litter(brush, place)
        brush.done()
        # Where the floor begins, air still softens it.
        air = 0.5 * np.exp(-np.maximum(plate.y - ridge[None, :], 0) / 0.022)[..., None] * plate.rgba[..., 3:]
        plate.rgba[..., :3] += air * (
            np.asarray(mix(light.haze, self.floor, 0.25), np.float32) - plate.rgba[..., :3]
        )
        things = []
        for _ in range(64):
            x, y = float(place.uniform(-1.5, 1.5)), 0.745 + 0.2 * float(place.random()) ** 1.4
            things.append((y, x, "stone" if place.random() < 0.12 else "green"))
        side = stage.side("log")
        things.append((float(place.uniform(0.8, 0.86)), side * float(place.uniform(0.32, 0.6)), "log"))
        for s in (-1, 1):
            things.append((float(place.uniform(0.755, 0.79)), s * float(place.uniform(0.34, 0.5)), "tree"))
            things.append((float(place.uniform(0.76, 0.8)), s * float(place.uniform(0.75, 1.2)), "tree"))
        for y, x, what in sorted(things):
            if what == "tree":
                wide = float(place.uniform(0.026, 0.036)) * (0.55 if self.kind == "bamboo" else 1)
                trunk(plate, place, _TRUNK[self.kind], x, y, wide, 0.06, self.sun, 0.5)
        brush = Brush(plate, 1)
        for y, x, what in sorted(things):
            near = (y - 0.7) / 0.2
            if self.way is not None and self.way.distance(x, y) < (1.25 if what == "stone" else 1.8):
                continue
            if what == "stone":
                stone(brush, stage, place, x, y, 0.014 + 0.022 * near, self.sun)
            elif what == "log":
                log(brush, stage, place, x, y, 0.16 + 0.14 * near, self.sun)
            elif what == "green" and (not self.cold or place.random() < 0.35):
                self.wood.undergrowth(brush, place, x, y, 0.03 + 0.05 * near, 0.05)
        if self.kind == "jungle":
            for k in range(6):
                liana(
                    brush,
                    stage,
                    place,
                    (k - 2.5) * 0.42 + float(place.normal(0, 0.1)),
                    float(place.uniform(0.15, 0.5)),
                    0.1,
                )
        brush.done()
        if light.lamps > 0.5 and not self.cold and "mushroom" not in stage.spec.extras:
            return plate
        self.wood.mushrooms(plate, place)
        return plate

    def _frame(self) -> Plate:
        """Great trunks at the edges, close to the lens, in the shade."""
        stage, place = self.stage, self.stage.place("framing")
        plate = stage.plate(1.25, -0.4, 1.3)
        half = max(0.36, stage.aspect / 2 * 0.94)
        heavy = stage.side("heavy")
        for side in (-1.0, 1.0):
            wide = float(place.uniform(0.1, 0.14)) if side == heavy else float(place.uniform(0.05, 0.07))
            if self.kind == "bamboo":
                for _ in range(3):
                    x = side * (half - float(place.uniform(-0.12, 0.2)))
                    trunk(plate, place, "bamboo", x, 1.2, wide * 0.32, 0.0, self.sun, 0)
                continue
            x = side * (half + (0.0 if side == heavy else 0.02))
            trunk(plate, place, _TRUNK[self.kind], x, 1.06, wide, 0.0, self.sun, 0.55)
        plate.rgba[..., :3] *= 0.8
        if not self.cold:
            brush = Brush(plate, 1)
            for side in (-1.0, 1.0):
                for _ in range(3):
                    x = side * (half - float(place.uniform(-0.15, 0.24)))
                    self.wood.undergrowth(brush, place, x, 1.1, 0.17, 0.0)
            brush.ink[..., :3] = (brush.ink[..., :3] * 0.72).astype(np.uint8)
            brush.done()
        return plate

    def _boughs(self) -> Plate | None:
        """Leaves that hang into the picture from above."""
        stage, place = self.stage, self.stage.place("boughs")
        plate = stage.plate(1.1, -0.6, 0.34)
        if plate.empty or (self.cold and self.kind != "pine"):
            return None
        brush = Brush(plate, 1)
        half = max(0.5, stage.aspect / 2)
        count = 9
        for i in range(count):
            x = (i / (count - 1) * 2 - 1) * half * 1.1 + float(place.normal(0, 0.05))
            edge = min(1.0, abs(x) / half) ** 1.6
            low = -0.02 + 0.13 * edge + float(place.uniform(-0.03, 0.05))
            shade = 0.55
            if self.kind == "pine":
                size = float(place.uniform(0.3, 0.45))
                plant(
                    brush,
                    place,
                    "bush",
                    x,
                    low,
                    size * 0.7,
                    self.wood.tints(place, shade, 0.02),
                    False,
                    self.sun,
                )
            elif self.kind in {"jungle"} and i % 2 == 0:
                plant(
                    brush,
                    place,
                    "fern",
                    x,
                    low - 0.02,
                    -0.3,
                    self.wood.tints(place, shade, 0.02),
                    False,
                    self.sun,
                )
            else:
                plant(
                    brush,
                    place,
                    "bush",
                    x,
                    low,
                    float(place.uniform(0.22, 0.32)),
                    self.wood.tints(place, shade, 0.02),
                    False,
                    self.sun,
                )
        brush.done()
        return plate

    def _ray_texture(self, place: np.random.Generator) -> Image:
        angles = noise.Profile(place, 0.16, 5, 0.6)(np.linspace(0, 6.28, 1024, dtype=np.float32))
        return np.clip(0.25 + 1.1 * angles, 0, 1).astype(np.float32)

    # -- what is drawn per frame ----------------------------------------------------------------------

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        first = int(stage.view(t, 0.0).at(0, 0.63)[1])
        frame[max(0, first) :] = np.asarray(light.haze, np.float32)
        self._glow(frame, t)
        self.planes[0].show(frame, t)
        self._shafts(frame, t, 0.8)
        self.planes[1].show(frame, t)
        self._mist(frame, t)
        self.planes[2].show(frame, t)
        self._shafts(frame, t, 0.5)
        self.glade.show(frame, t)
        if self.stream and self.way is not None:
            self.way.glint(frame, t, 0.7)
        self.troupe.draw(frame, t)
        if self.boughs is not None:
            bend = 0.012 + 0.03 * stage.spec.wind
            sway(frame, self.boughs, t, -0.1, 0.4, bend, self.leaf_phase)
        self.frame_plate.show(frame, t)
        for row in self.rows:
            row.draw(frame, t)
        if light.lamps > 0.3 or "firefly" in stage.spec.extras:
            if not self.cold:
                self._fireflies(frame, t)
        else:
            self._motes(frame, t)
        self.weather.draw(frame, t)

    def _glow(self, frame: Image, t: float) -> None:
        """Brightness where the wood opens, behind the farthest trunks."""
        stage, light = self.stage, self.stage.light
        h, w = frame.shape[0] // 8, frame.shape[1] // 8
        x, y = stage.view(t, 0.05).at(self.sky.sun_x * 0.5, 0.5)
        dx = (np.arange(w, dtype=np.float32)[None, :] * 8 - x) / stage.height
        dy = (np.arange(h, dtype=np.float32)[:, None] * 8 - y) / stage.height
        soft = np.exp(-(dx * dx * 3.2 + dy * dy * 7)) * (0.45 + 0.4 * light.strength)
        base = np.exp(-((dy / 0.5) ** 2)) * 0.5
        big = cv2.resize(np.maximum(soft, base + 0 * dx).astype(np.float32), (frame.shape[1], frame.shape[0]))
        tint_over(frame, mix(light.haze, light.glow, 0.3), big)

    def _mist(self, frame: Image, t: float) -> None:
        """A thin bank that drifts between the trunks."""
        stage, light = self.stage, self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        view = stage.view(t, 0.3)
        y = (np.arange(h, dtype=np.float32) * 4 - view.top) / view.scale
        x = (np.arange(w, dtype=np.float32) * 4 - view.left) / view.scale
        u = noise.wrap(np.repeat((x * 110 + t * 5)[None, :], h, 0))
        v = noise.wrap(np.repeat((y * 240)[:, None], w, 1) + 6 * np.sin(u * 0.08 + t * 0.35))
        cloud = np.clip(0.5 + 0.5 * cv2.remap(self.haze_tile, u, v, cv2.INTER_LINEAR), 0, 1)
        band = np.exp(-(((y - 0.64) / 0.085) ** 2))[:, None]
        alpha = cloud * band * (0.24 + 0.5 * light.fog)
        big = cv2.resize(alpha.astype(np.float32), (frame.shape[1], frame.shape[0]))
        tint_over(frame, mix(light.haze, light.glow, 0.2), np.clip(big, 0, 0.85))

    def _shafts(self, frame: Image, t: float, strength: float) -> None:
        light = self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        sx, sy = self.sky.at(t)
        sx, sy = sx / 4, min(sy / 4, h * 0.1) - h * 0.35
        dx, dy = np.arange(w, dtype=np.float32)[None, :] - sx, np.arange(h, dtype=np.float32)[:, None] - sy
        u = ((np.arctan2(dx, dy) + 1.6) / 3.2 * 1023).astype(np.float32)
        zero = np.zeros_like(u)
        a = cv2.remap(
            self.rays[None, :].copy(),
            np.clip(u + np.float32(4 * math.sin(t * 0.31)), 0, 1023),
            zero,
            cv2.INTER_LINEAR,
        )
        b = cv2.remap(
            self.rays[None, ::-1].copy(),
            np.clip(u * np.float32(0.8) + np.float32(100 + 5 * math.sin(t * 0.23 + 1)), 0, 1023),
            zero,
            cv2.INTER_LINEAR,
        )
        fall = np.clip(1.1 - dy / (h * 1.35), 0, 1)
        power = (0.12 + a * b * 2.3) * fall * strength * (0.4 * light.strength + 0.2 * light.fog + 0.02)
        big = cv2.resize(
            power.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        screen_free(frame, mix(light.glow, light.haze, 0.35), big)

    def _fireflies(self, frame: Image, t: float) -> None:
        lamps = Lamps(frame)
        for a, b, c, d, e in self.flies:
            depth = 0.4 + 0.8 * c
            x = (a - 0.5) * 1.9 + 0.05 * math.sin(t * (0.4 + d) + e * 9) + 0.03 * math.sin(t * 1.3 + a * 20)
            y = 0.45 + 0.48 * b + 0.03 * math.sin(t * (0.5 + e) + c * 9)
            px, py = self.stage.view(t, depth).at(x, y)
            pulse = max(0.0, math.sin(t * (0.9 + 0.7 * e) + d * 12)) ** 1.5
            lamps.spot(px, py, self.stage.height * (0.003 + 0.0035 * c), rgb("#f2f58a"), pulse)
        lamps.add(0.6, 3.0, 1.3)

    def _motes(self, frame: Image, t: float) -> None:
        """Dust and pollen in the light."""
        lamps = Lamps(frame)
        for a, b, c, d, e in self.flies:
            x = (a - 0.5) * 1.9 + 0.06 * math.sin(t * (0.2 + 0.3 * d) + e * 9)
            y = (b + 0.02 * t * (d - 0.4)) % 1.0
            px, py = self.stage.view(t, 0.5 + c).at(x, y)
            glow = 0.4 * self.stage.light.strength * (0.5 + 0.5 * math.sin(t + e * 9))
            lamps.spot(px, py, self.stage.height * 0.0025, self.stage.light.glow, glow)
        lamps.add(0.6, 2.0, 0.8)


def _joined(back: Plate, front: Plate) -> Plate:
    """Two plates of one depth as one."""
    if back.empty or front.empty:
        return back if front.empty else front
    top = min(back.y0, front.y0)
    first, second = (max(0, round((plate.y0 - top) * plate.scale)) for plate in (back, front))
    rows = max(first + back.shape[0], second + front.shape[0])
    rgba = np.zeros((rows, back.shape[1], 4), np.float32)
    rgba[first : first + back.shape[0]] = back.rgba
    under = rgba[second : second + front.shape[0]]
    under *= 1 - front.rgba[..., 3:]
    under += front.rgba
    back.rgba, back.y0 = rgba, top
    back.y = (top + (np.arange(rows, dtype=np.float32) + 0.5) / back.scale)[:, None]
    return back
