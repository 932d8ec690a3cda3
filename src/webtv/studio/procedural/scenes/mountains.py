"""Mountains: ranges in air, snow and woods by season, a lake that mirrors them or a valley of trees."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.casting import PAINTED, present
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.nature.aurora import Aurora
from webtv.studio.procedural.nature.flora import Brush, Grass, conifer
from webtv.studio.procedural.nature.massif import Cover, Massif, ranges
from webtv.studio.procedural.nature.outpour import Plume, Waterfall
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import ground_colour, hill
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.nature.woodland import Ribbon, stone, tufts
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, spread, tint_over
from webtv.studio.procedural.walkers import Troupe


class Mountains:
    """Sky, three ranges, drifting mist, then a lake or a slope in front."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("mountains")
        self.volcano = "volcano" in spec.extras
        self.lake = "lake" in spec.extras or (not spec.camera.aerial and stage.chance("lake?") < 0.55)
        self.falls = "waterfall" in spec.extras or (not self.volcano and stage.chance("waterfall?") < 0.16)
        walks = any(c.kind in FIGURES and FIGURES[c.kind].home != "air" for c in spec.cast)
        self.lake = self.lake and not (walks and "lake" not in spec.extras)
        high = spec.camera.aerial
        self.shore = 0.66 if not high else 0.8
        stage.focus = (0.0, 0.86 if walks else 0.5)
        on_land = present(
            tuple(
                c
                for c in spec.cast
                if c.kind in FIGURES and FIGURES[c.kind].home != "water" and c.kind not in PAINTED
            )
        )
        ground, back = (0.94, 0.89) if self.lake else (0.87, 0.77)
        Troupe(stage, on_land, ground, back, 0.9, 1.0, (0.14, 0.4), 1.0).attend()
        horizon, self.eye = (0.6, 0.156) if not high else (0.36, 1.15)
        self.sky = Sky(stage, self.shore - 0.1)
        lift = 0.16 if stage.light.moon else 0.0
        self.sky.sun_y = min(self.sky.sun_y, self.shore - 0.1 - lift)
        sun = 1.0 if self.sky.sun_x > 0 else -1.0
        winter = spec.season == "winter" or spec.weather == "snow"
        self.aurora = (
            Aurora(stage, self.shore - 0.1, 0.9)
            if "aurora" in spec.extras or spec.family == "aurora"
            else None
        )
        near = self.eye / (self.shore - horizon) if not high else 1.2
        fall_x = stage.side("fall side") * float(place.uniform(0.55, 0.8)) if self.falls else None
        massif = Massif(stage, near, 1.0 if not high else 0.8, self.volcano, fall_x)
        line = -0.1 if winter else {"spring": 0.75, "autumn": 0.85}.get(spec.season, 1.15)
        turf = mix(ground_colour(stage), rgb("#6f8a48"), 0.0 if winter else 0.25)
        cover = Cover(
            stage, self.eye, turf, line + (0.7 if self.volcano and not winter else 0), 0.55, self.volcano
        )
        cuts = ((0.05, 7.4, 12.6), (0.13, 4.7, 7.4), (0.26, near * 1.002, 4.7))
        self.ranges = ranges(stage, massif, cover, horizon, cuts, sun, 9.0 if high else self.shore + 0.1)
        self.crater = massif.crater and (
            massif.crater[0] / massif.crater[1],
            horizon + (self.eye - massif.crater[2]) / massif.crater[1],
        )
        self.fall = Waterfall(stage, massif, fall_x, near, horizon, self.eye) if fall_x is not None else None
        self.plume = Plume(stage, *self.crater) if self.crater else None
        self.woods, _ = self._shore_woods(sun, winter)
        self.mist = cv2.copyMakeBorder(
            noise.tile(256, stage.take("mist"), 1.8, low=1), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        self.ripple = cv2.copyMakeBorder(
            noise.tile(256, stage.take("ripple"), 1.5, low=4, high=60), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        green = ground_colour(stage)
        self.front = None if self.lake else self._pasture(green, sun, winter)
        # Who walks by a lake walks on its near bank.
        self.bank = (
            hill(stage, "bank", 0.9, 0.885, 0.02, 0.7, 0.0, green, 0.35, sun)[0]
            if walks and self.lake
            else None
        )
        self.side = self._spruces(sun, winter) if stage.chance("spruces?") < 0.75 else None
        self.rows = [
            Grass(stage, "bank1", 1.0, 0.97 if self.lake else 0.9, 0.07, green, 0.35, 360, 0.85),
            Grass(stage, "bank2", 1.3, 1.1, 0.17, times(green, 0.8), 0.3, 190, 0.65),
        ]
        cast = on_land
        boats = tuple(c for c in spec.cast if c.kind in FIGURES and FIGURES[c.kind].home == "water")
        if not cast:
            cast = (Cast("swallow", int(place.integers(3, 7))),)
        self.troupe = Troupe(stage, cast, ground, back, 0.9, sun, (0.14, 0.4), 1.0)
        self.boats = (
            [
                (b, float(place.uniform(-0.35, 0.35)), float(place.uniform(0.06, 0.13)))
                for b in boats
                for _ in range(min(4, b.count or 1))
            ]
            if self.lake
            else []
        )
        self.weather = Weather(stage)

    def _pasture(self, green: Colour, sun: float, winter: bool) -> Plate:
        """An alpine meadow with stones and a path down to us."""
        stage, place = self.stage, self.stage.place("pasture")
        plate, ridge = hill(stage, "front", 0.6, self.shore + 0.06, 0.04, 0.8, 0.06, green, 0.35, sun)
        brush = Brush(plate)
        if stage.chance("trail?") < 0.6:
            way = Ribbon(stage, float(ridge.mean()) + 0.012, 1.1, 0.11)
            if "stream" in stage.spec.extras or stage.chance("brook?") < 0.35:
                way.flow(brush, green, place, sun)
            else:
                way.pave(brush, (0.86, 0.9, 0.97) if winter else rgb("#c9b184"), place, sun)
        if not winter:
            tufts(brush, stage, place, green, 420, float(ridge.min()) + 0.03, 1.0)
        for y in np.sort(self.shore + 0.09 + 0.22 * place.random(15) ** 1.5):
            near = float(y) - self.shore
            stone(
                brush,
                stage,
                place,
                float(place.uniform(-1.2, 1.2)),
                float(y),
                (0.01 + 0.15 * near) * float(place.uniform(0.5, 1.2)),
                sun,
            )
        brush.done()
        return plate

    def _spruces(self, sun: float, winter: bool) -> Plate:
        """A few great spruces to one side, close to us."""
        stage, place = self.stage, self.stage.place("spruces")
        plate = stage.plate(1.05, 0.2, 1.3)
        brush, side = Brush(plate, 1), stage.side("spruces")
        leaf = rgb("#b07a38") if stage.spec.season == "autumn" and place.random() < 0.5 else rgb("#3f6148")
        half = max(0.3, stage.aspect / 2)
        for x, tall in ((0.62, 0.36), (0.84, 0.52), (1.0, 0.44), (0.74, 0.25), (1.16, 0.6)):
            at = side * half * (x + float(place.normal(0, 0.03)))
            foot = 0.9 + 0.16 * tall + float(place.normal(0, 0.01))
            conifer(
                brush,
                place,
                at,
                foot,
                tall * float(place.uniform(0.9, 1.15)),
                leaf,
                0.6,
                stage,
                0.02,
                0.9 if winter else 0.0,
                sun,
            )
        brush.done()
        return plate

    def _shore_woods(self, sun: float, winter: bool) -> tuple[Plate, Image]:
        stage, place = self.stage, self.stage.place("shorewoods")
        plate, ridge = hill(
            stage,
            "shore",
            0.34,
            self.shore - 0.012,
            0.008,
            0.4,
            0.14,
            mix(ground_colour(stage), rgb("#5f7050"), 0.08 if winter else 0.4),
            0.3,
            sun,
            0.2,
        )
        if self.lake:
            plate.rgba *= (1 - np.clip((plate.y - self.shore - 0.004) * plate.scale + 0.5, 0, 1))[..., None]
        brush = Brush(plate)
        leaf = rgb("#4c6b4a") if stage.spec.season != "autumn" else rgb("#a8763a")
        trees = noise.Profile(place, 0.5, 3)
        for x in np.sort(place.uniform(-1.6, 1.6, 200)):
            if float(trees(np.array([x]))[0]) < -0.25:
                continue
            y = float(np.interp(x, plate.x[0], ridge)) + float(place.uniform(0.004, 0.014))
            tall = (
                float(place.uniform(0.03, 0.1))
                * (0.7 + 0.45 * min(1.0, abs(float(x))))
                * (0.8 + 0.5 * float(trees(np.array([x]))[0]))
            )
            conifer(
                brush,
                place,
                float(x),
                y,
                tall,
                times(leaf, float(place.uniform(0.7, 1.1))),
                0.6,
                stage,
                0.2,
                0.8 if winter else 0.0,
                sun,
            )
        brush.done()
        return plate, ridge

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        for k, plate in enumerate(self.ranges):
            if k == 1 and self.plume is not None:
                self.plume.draw(frame, t)
            plate.show(frame, t)
            if k == 2 and self.fall is not None:
                self.fall.draw(frame, t)
            self._mist(frame, t, k)
        self.woods.show(frame, t)
        if self.lake:
            self._lake(frame, t)
        elif self.front is not None:
            self.front.show(frame, t)
        for cast, x, y in self.boats:
            figure = FIGURES[cast.kind]
            view = self.stage.view(t, 0.55)
            heading = float(cast.heading or 1)
            px, py = view.at(x + heading * 0.02 * (t - self.stage.seconds / 2), self.shore + y)
            figure.draw(
                Pose(px, py, view.scale * figure.size * (0.5 + 5 * y), heading, t, x % 1, "sail", cast.colour)
            ).lay(frame, self.stage.light, 1, 0.1, reflect=0.5)
        if self.bank is not None:
            self.bank.show(frame, t)
        self.troupe.draw(frame, t)
        if self.side is not None:
            self.side.show(frame, t)
        for row in self.rows:
            row.draw(frame, t)
        self.weather.draw(frame, t)

    def _mist(self, frame: Image, t: float, k: int) -> None:
        """A bank of mist at the foot of each range."""
        stage, light = self.stage, self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        view = stage.view(t, 0.1 + 0.08 * k)
        y = (np.arange(h, dtype=np.float32) * 4 - view.top) / view.scale
        x = (np.arange(w, dtype=np.float32) * 4 - view.left) / view.scale
        u = noise.wrap(np.repeat((x * 90 + t * 3.2 * (k + 1) + 60 * k)[None, :], h, 0))
        v = noise.wrap(np.repeat((y * 260)[:, None], w, 1) + 8 * np.sin(u * 0.07 + t * 0.3))
        cloud = np.clip(0.42 + 0.45 * cv2.remap(self.mist, u, v, cv2.INTER_LINEAR), 0, 1)
        centre = self.shore - 0.075 + 0.035 * k
        band = np.exp(-(((y - centre) / (0.05 - 0.008 * k)) ** 2))[:, None]
        alpha = cloud * band * (0.34 + 0.5 * light.fog)
        big = cv2.resize(
            alpha.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        tint_over(frame, mix(light.haze, light.sky[-1], 0.4), np.clip(big, 0, 0.9))

    def _lake(self, frame: Image, t: float) -> None:
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.34)
        line = view.at(0, self.shore)[1]
        first = math.ceil(line)
        rows, w = frame.shape[0] - first, frame.shape[1]
        if rows < 2 or first < 4:
            return
        drop = np.arange(rows, dtype=np.float32)[:, None] + 0.5
        near = drop / (stage.height * stage.zoom)
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        u = noise.wrap(x / (near + 0.05) * 7 + t * 4)
        v = noise.wrap(np.repeat(10 / (near + 0.03), w, 1) + t * 5)
        n = cv2.remap(self.ripple, u, v, cv2.INTER_LINEAR)
        calm = (0.35 + 0.9 * stage.spec.wind) * stage.height * stage.zoom / 360
        sx = (np.arange(w, dtype=np.float32)[None, :] + n * (0.3 + near * 9) * calm).astype(np.float32)
        sy = np.clip(line - drop * 1.02 - n * (0.8 + near * 24) * calm, 0, first - 1).astype(np.float32)
        mirror = cv2.remap(frame[:first], sx, sy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        mirror = cv2.blur(mirror, (1, 3))
        deep = times(mix(light.sky[1], rgb("#1f5560"), 0.5), 0.5 + 0.3 * light.ambient[1])
        tint_over(mirror, deep, np.repeat(1 - np.clip(0.86 - near * 0.85, 0.25, 1), w, 1))
        cv2.multiply(mirror, spread(1 + 0.09 * n), dst=mirror)
        tint_over(mirror, light.haze, np.repeat(np.exp(-drop / (stage.height * 0.006)) * 0.35, w, 1))
        frame[first:] = mirror
