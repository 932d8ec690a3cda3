"""Forest: planes of trunks in haze, shafts of light, ferns below, fireflies after dark."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.flora import LEAVES, Brush, Grass, conifer
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free
from webtv.studio.procedural.terrain import hill
from webtv.studio.procedural.walkers import Troupe
from webtv.studio.procedural.weather import Weather


class Forest:
    """Five planes of trees around a path of light."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("forest")
        stage.focus = (0.0, 0.8)
        self.sky = Sky(stage, 0.62, clouds=0.0, sun_x=float(place.uniform(-0.35, 0.35)))
        sun = 1.0 if self.sky.sun_x > 0 else -1.0
        pines = spec.season == "winter" or stage.chance("pines?") < 0.4
        floor = {"autumn": rgb("#a8763c"), "winter": rgb("#dfe6ee"), "spring": rgb("#7d9a4a")}.get(
            spec.season, rgb("#5f7a3c")
        )
        if spec.weather == "snow":
            floor = rgb("#e6ecf4")
        self.layers: list[Plate] = []
        for k, (depth, level, distance) in enumerate(
            ((0.1, 0.6, 0.9), (0.2, 0.63, 0.72), (0.36, 0.67, 0.5), (0.58, 0.72, 0.24), (0.85, 0.79, 0.05))
        ):
            plate, ridge = hill(stage, f"floor{k}", depth, level, 0.014, 0.5, distance, floor, 0.35, sun, 2.0)
            self._trees(plate, ridge, k, distance, pines, sun)
            self.layers.append(plate)
        fern = {"autumn": rgb("#b5803a"), "winter": rgb("#c9d2d8")}.get(spec.season, rgb("#5f8f3f"))
        self.rows = [
            Grass(stage, "fern1", 0.7, 0.8, 0.04, fern, 0.25, 420, 0.8),
            Grass(stage, "fern2", 1.0, 0.93, 0.085, fern, 0.35, 330, 0.85),
            Grass(stage, "fern3", 1.35, 1.1, 0.2, times(fern, 0.8), 0.1, 150, 0.6),
        ]
        self.rays = self._ray_texture(place)
        rng = stage.take("flies")
        self.flies = [tuple(float(v) for v in rng.uniform(0, 1, 5)) for _ in range(44)]
        cast = tuple(c for c in spec.cast if c.kind in FIGURES and FIGURES[c.kind].home in {"ground", "air"})
        if not cast and stage.chance("cast?") < 0.6:
            cast = (Cast(str(place.choice(("deer", "fox", "hare"))), int(place.integers(1, 3))),)
        self.troupe = Troupe(stage, cast, 0.86, 0.74, 1.0, sun, (0.25, 0.55), 0.8)
        leaves = spec.weather in {"clear", "cloudy"} and (spec.season == "autumn" or "leaf" in spec.extras)
        self.weather = Weather(stage, "leaves" if leaves else None)

    def _trees(self, plate: Plate, ridge: Image, k: int, distance: float, pines: bool, sun: float) -> None:
        stage, place, light = self.stage, self.stage.place(f"trees{k}"), self.stage.light
        brush = Brush(plate)
        x0, x1 = -1.9, 1.9  # beyond what any framing shows, so that all show the same trees
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        snow = (
            0.9
            if stage.spec.weather == "snow"
            or (stage.spec.season == "winter" and stage.spec.family == "forest")
            else 0.0
        )
        gap = (0.05, 0.07, 0.12, 0.24, 0.52)[k]
        x = x0 - gap
        while x < x1 + gap:
            x += gap * float(place.uniform(0.5, 1.5))
            if k >= 3 and abs(x) < 0.3:
                continue  # leave the clearing open
            y = float(np.interp(x, plate.x[0], ridge)) + 0.012 + 0.02 * k * 0.4
            if pines and k < 4:
                conifer(
                    brush,
                    place,
                    x,
                    y,
                    float(place.uniform(0.4, 0.62)) * (1 + 0.3 * k),
                    times(rgb("#4f7a52"), 0.9),
                    0.75,
                    stage,
                    distance,
                    snow,
                    sun,
                )
                continue
            wide = (0.006, 0.008, 0.014, 0.024, 0.042)[k] * float(place.uniform(0.7, 1.35))
            birch = place.random() < 0.3
            bark = rgb("#d9d2c6") if birch else rgb("#75604c")
            lean = float(place.normal(0, 0.025))
            for a, b, shade, part in (
                (-1.0, 1.0, 0.35, 0.62),
                (*((0.4, 1.0) if sun > 0 else (-1.0, -0.4)), 0.95, 1.0),
            ):
                s = np.array([0, 0.06, 0.4, 1.0])
                flare = wide * (1 + np.array([0.9, 0.2, 0.0, -0.35]))
                left = np.stack((x + lean * s + flare * a, y - 1.3 * s), 1)
                right = np.stack((x + lean * s + flare * b, y - 1.3 * s), 1)
                brush.fill(
                    np.concatenate((left, right[::-1])),
                    light.far(light.lit(times(bark, part), shade), distance),
                )
            if birch and k >= 2:
                for _ in range(9):
                    by = y - float(place.uniform(0.05, 0.9))
                    brush.blob(
                        x + lean * (y - by) / 1.3 + wide * float(place.uniform(-0.6, 0.4)),
                        by,
                        wide * 0.5,
                        wide * 0.12,
                        light.far(light.lit(rgb("#4a443f"), 0.3), distance),
                    )
            for _ in range(3):
                by, side = y - float(place.uniform(0.25, 0.7)), float(place.choice((-1, 1)))
                r = float(place.uniform(0.06, 0.14))
                brush.line(
                    np.array(
                        [
                            (x + lean * 0.4, by),
                            (x + side * r * 0.6, by - r * 0.55),
                            (x + side * r, by - r * 0.75),
                        ]
                    ),
                    wide * 0.35,
                    light.far(light.lit(times(bark, 0.6), 0.4), distance),
                )
        if stage.spec.season != "winter" and (not pines or k == 4):
            self._canopy(brush, place, plate, k, distance, leaves, sun)
        brush.done()

    def _canopy(
        self,
        brush: Brush,
        place: np.random.Generator,
        plate: Plate,
        k: int,
        distance: float,
        leaves: list[tuple[float, float, float]],
        sun: float,
    ) -> None:
        light = self.stage.light
        low = (0.3, 0.27, 0.22, 0.15, 0.08)[k]
        size = (0.008, 0.009, 0.011, 0.012, 0.0135)[k]
        count = (3600, 3300, 3000, 2500, 2300)[k]
        edge = noise.Profile(place, 0.3, 4)
        x = place.uniform(-1.9, 1.9, count)  # beyond what any framing shows, so that all show the same trees
        limit = low + 0.09 * edge(x) + (0.2 * np.minimum(1.0, np.abs(x) / 0.7) ** 2 if k > 2 else 0.05)
        y = limit - place.random(count) ** 0.6 * (limit + 0.12)
        bright = np.clip(0.5 + (limit - y) * 1.2 + place.normal(0, 0.2, count), 0.15, 1.15)
        wide, tall = size * place.uniform(0.6, 1.5, count), size * place.uniform(0.4, 0.9, count)
        tones = np.linspace(0.15, 1.15, 12)
        inks = [[light.far(light.lit(times(c, 0.45 + 0.6 * b), b), distance) for b in tones] for c in leaves]
        leaf, tone = place.integers(len(leaves), size=count), np.round((bright - 0.15) * 11).astype(int)
        seen = (x > plate.x[0, 0] - size) & (x < plate.x[0, -1] + size) & (y > plate.y[0, 0] - size)
        for i in np.flatnonzero(seen):
            brush.blob(x[i], y[i], wide[i], tall[i], inks[leaf[i]][tone[i]])

    def _ray_texture(self, place: np.random.Generator) -> Image:
        angles = noise.Profile(place, 0.16, 5, 0.6)(np.linspace(0, 6.28, 1024, dtype=np.float32))
        return np.clip(0.25 + 1.1 * angles, 0, 1).astype(np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        first = int(stage.view(t, 0.0).at(0, 0.62)[1])
        frame[max(0, first) :] = np.asarray(light.haze, np.float32)
        for plate in self.layers[:2]:
            plate.show(frame, t)
        self._shafts(frame, t, 0.75)
        for plate in self.layers[2:4]:
            plate.show(frame, t)
        self.rows[0].draw(frame, t)
        self.troupe.draw(frame, t)
        self._shafts(frame, t, 0.5)
        self.layers[4].show(frame, t)
        for row in self.rows[1:]:
            row.draw(frame, t)
        if light.lamps > 0.3 or "firefly" in stage.spec.extras:
            self._fireflies(frame, t)
        else:
            self._motes(frame, t)
        self.weather.draw(frame, t)

    def _shafts(self, frame: Image, t: float, strength: float) -> None:
        light = self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        sx, sy = self.sky.at(t)
        sx, sy = sx / 4, min(sy / 4, h * 0.1) - h * 0.35
        dx, dy = np.arange(w, dtype=np.float32)[None, :] - sx, np.arange(h, dtype=np.float32)[:, None] - sy
        angle = np.arctan2(dx, dy)
        u = (angle + 1.6) / 3.2 * 1023
        a = cv2.remap(
            self.rays[None, :].copy(),
            np.clip(u + 4 * math.sin(t * 0.31), 0, 1023).astype(np.float32),
            np.zeros_like(u, np.float32),
            cv2.INTER_LINEAR,
        )
        b = cv2.remap(
            self.rays[None, ::-1].copy(),
            np.clip(u * 0.8 + 100 + 5 * math.sin(t * 0.23 + 1), 0, 1023).astype(np.float32),
            np.zeros_like(u, np.float32),
            cv2.INTER_LINEAR,
        )
        fall = np.clip(1.1 - dy / (h * 1.35), 0, 1)
        power = (0.25 + a * b * 2.1) * fall * strength * (0.35 * light.strength + 0.2 * light.fog + 0.04)
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
            lamps.spot(
                px,
                py,
                self.stage.height * 0.0025,
                self.stage.light.glow,
                0.4 * self.stage.light.strength * (0.5 + 0.5 * math.sin(t + e * 9)),
            )
        lamps.add(0.6, 2.0, 0.8)
