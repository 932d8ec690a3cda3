"""Snow village: lit cottages among firs on a white slope, snowfall or northern lights above."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.aurora import Aurora
from webtv.studio.procedural.colour import rgb
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.flora import Brush, conifer
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.stage import Image, Plate, Stage, tint_over
from webtv.studio.procedural.structures import cottage
from webtv.studio.procedural.terrain import SNOW, hill, peaks
from webtv.studio.procedural.walkers import Troupe
from webtv.studio.procedural.weather import Weather


class SnowVillage:
    """Mountains, a village on two slopes, firs, smoke, falling snow."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec = stage.spec
        stage.focus = (0.0, 0.84 if spec.cast else 0.66)
        self.horizon = 0.52
        self.sky = Sky(stage, self.horizon + 0.02)
        sun = 1.0 if self.sky.sun_x > 0 else -1.0
        night = stage.light.stars > 0.3
        self.aurora = (
            Aurora(stage, self.horizon, 0.9)
            if "aurora" in spec.extras or (night and spec.weather == "clear")
            else None
        )
        self.back = [
            peaks(stage, "range", 0.1, self.horizon + 0.04, 0.3, 0.8, 0.6, 1.1, sun)[0],
            self._woods("woods", 0.2, self.horizon + 0.05, 0.45, 230, (0.05, 0.09), sun),
        ]
        self.glows: list[tuple[float, float, float]] = []
        self.smoke: list[tuple[float, float, float, float]] = []
        self.slopes = [
            self._village(0, 0.4, 0.665, 0.22, (0.075, 0.1), 11, sun),
            self._village(1, 0.62, 0.79, 0.06, (0.14, 0.18), 5, sun),
        ]
        self.front = self._woods("front", 1.1, 1.02, 0.0, 7, (0.4, 0.62), sun, edge=True)
        cast = tuple(c for c in spec.cast if c.kind in FIGURES and FIGURES[c.kind].home in {"ground", "air"})
        self.troupe = Troupe(stage, cast, 0.93, 0.86, 0.95, sun, (0.1, 0.3), 0.8)
        self.weather = Weather(
            stage,
            "snow" if spec.weather in {"snow", "storm", "rain", "cloudy"} or self.aurora is None else None,
            0.6 if self.aurora else 1.0,
        )

    def _woods(
        self,
        name: str,
        depth: float,
        level: float,
        distance: float,
        count: int,
        tall: tuple[float, float],
        sun: float,
        edge: bool = False,
    ) -> Plate:
        stage, place = self.stage, self.stage.place(name)
        plate, ridge = hill(stage, name, depth, level, 0.02, 0.9, distance, SNOW, 0.1, sun, tall[1] * 1.1)
        brush = Brush(plate)
        for _ in range(count):
            x = float(place.uniform(-1.5, 1.5))
            if edge:
                x = math.copysign(float(place.uniform(0.66, 1.15)), place.uniform(-1, 1))
            y = float(np.interp(x, plate.x[0], ridge)) + float(place.uniform(0.0, 0.03))
            conifer(
                brush,
                place,
                x,
                y,
                float(place.uniform(*tall)),
                rgb("#3f5f55"),
                0.7,
                stage,
                distance,
                0.85,
                sun,
            )
        brush.done()
        return plate

    def _village(
        self,
        k: int,
        depth: float,
        level: float,
        distance: float,
        tall: tuple[float, float],
        count: int,
        sun: float,
    ) -> Plate:
        stage, place = self.stage, self.stage.place(f"village{k}")
        plate, ridge = hill(stage, f"slope{k}", depth, level, 0.025, 0.8, distance, SNOW, 0.12, sun, 0.36)
        brush = Brush(plate)
        things = [
            (float(x), float(place.uniform(0.005, 0.05)), True)
            for x in np.linspace(-0.85, 0.85, count) + place.uniform(-0.06, 0.06, count)
        ]
        things += [
            (float(place.uniform(-1.1, 1.1)), float(place.uniform(0.0, 0.045)), False)
            for _ in range(16 if k == 0 else 7)
        ]
        church = int(place.integers(count))
        for i, (x, down, house) in sorted(enumerate(things), key=lambda item: item[1][1]):
            y = float(np.interp(x, plate.x[0], ridge)) + down
            size = float(place.uniform(*tall)) * (1 + 4 * down)
            if not house:
                conifer(
                    brush,
                    place,
                    x,
                    y,
                    size * float(place.uniform(0.9, 1.5)),
                    rgb("#3f5f55"),
                    0.7,
                    stage,
                    distance,
                    0.9,
                    sun,
                )
                continue
            spots = cottage(
                brush, stage, place, x, y, size, distance, 0.9, steeple=k == 0 and i == church, finish=False
            )
            self.glows += [(depth, wx, wy) for wx, wy in spots[:-1]]
            self.smoke.append((depth, *spots[-1], size))
        brush.done()
        return plate

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        for plate in self.back:
            plate.show(frame, t)
        for plate in self.slopes:
            plate.show(frame, t)
        self._smoke(frame, t)
        if light.lamps > 0.05:
            lamps = Lamps(frame)
            for i, (depth, x, y) in enumerate(self.glows):
                px, py = stage.view(t, depth).at(x, y)
                flicker = 0.9 + 0.1 * math.sin(t * 2.1 + i * 1.7)
                lamps.oval(
                    px,
                    py + 0.006 * stage.height,
                    stage.height * 0.009,
                    stage.height * 0.011,
                    rgb("#ffb45c"),
                    0.34 * light.lamps * flicker,
                )
            lamps.add(1.0, 5.5, 1.0)
            halo(frame, 0.6, 0.35 * light.lamps)
        self.troupe.draw(frame, t)
        self.front.show(frame, t)
        self.weather.draw(frame, t)

    def _smoke(self, frame: Image, t: float) -> None:
        """Thin smoke from the chimneys, leaning with the wind."""
        stage = self.stage
        h, w = frame.shape[0] // 2, frame.shape[1] // 2
        ink = np.zeros((h, w), np.float32)
        lean = 0.25 + 0.8 * stage.spec.wind
        for i, (depth, x, y, size) in enumerate(self.smoke):
            if i % 2:
                continue
            view = stage.view(t, depth)
            for k in range(9):
                s = (k + (t * 0.55 + i * 0.37) % 1.0) / 9
                px, py = view.at(
                    x + size * (lean * s * s + 0.08 * math.sin(s * 7 - t + i)), y - size * 1.1 * s
                )
                r = view.scale * size * (0.05 + 0.16 * s) / 2
                cv2.circle(
                    ink,
                    (int(px * 8), int(py * 8)),
                    max(8, int(r * 16)),
                    0.34 * (1 - s) * min(1.0, s * 8),
                    -1,
                    cv2.LINE_AA,
                    4,
                )
        soft = cv2.resize(
            cv2.GaussianBlur(ink, (0, 0), 1.6),
            (frame.shape[1], frame.shape[0]),
            interpolation=cv2.INTER_LINEAR,
        )
        tint_over(frame, stage.light.lit(rgb("#e4e4ec"), 0.6), soft)
