"""Meadow: rolling hills, hedges and trees, grass and flowers in the wind, and the animals of the field."""

import numpy as np

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.flora import FLOWERS, LEAVES, Brush, Grass, broadleaf, conifer
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage
from webtv.studio.procedural.structures import cottage
from webtv.studio.procedural.terrain import ground_colour, hill
from webtv.studio.procedural.walkers import Troupe
from webtv.studio.procedural.weather import Weather

_ANIMALS = ("fox", "hare", "deer", "sheep", "horse", "hedgehog")


class Meadow:
    """Sky, three hills, a line of trees, a flowering field, animals, grass in front of the lens."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place, spec, light = stage.place("meadow"), stage.spec, stage.light
        stage.focus = (0.0, 0.8)
        horizon = 0.5 if not spec.camera.aerial else 0.34
        self.sky = Sky(stage, horizon + 0.04)
        sun = 1.0 if self.sky.sun_x > 0 else -1.0
        green = ground_colour(stage)
        far = mix(green, rgb("#6f8f8a"), 0.45)
        self.far = [
            hill(stage, "far", 0.1, horizon - 0.05, 0.07, 0.9, 0.72, far, 0.08, sun)[0],
            self._wooded("middle", 0.22, horizon, 0.05, 0.46, mix(green, far, 0.4), sun),
        ]
        field, ridge = hill(stage, "field", 0.5, horizon + 0.09, 0.035, 1.3, 0.12, green, 0.3, sun, 0.36)
        self._path(field, ridge)
        self._dot_flowers(field, ridge)
        self._grove(field, ridge, sun)
        if "village" in spec.extras:
            self._cottage(field, ridge, float(place.uniform(-0.5, 0.5)))
        self.field = field
        self.rows = [
            Grass(stage, "row1", 0.8, 0.77, 0.05, times(green, 0.98), 0.5, 520, 0.95),
            Grass(stage, "row2", 0.95, 0.885, 0.085, green, 1.0, 430, 1.0),
        ]
        self.front = [
            Grass(stage, "row3", 1.15, 1.0, 0.14, times(green, 0.92), 0.8, 300, 0.88),
            Grass(stage, "row4", 1.4, 1.14, 0.26, times(green, 0.75), 0.35, 150, 0.7),
        ]
        cast = tuple(c for c in spec.cast if c.kind in FIGURES and FIGURES[c.kind].home in {"ground", "air"})
        if not cast:
            cast = (Cast(str(place.choice(_ANIMALS)), int(place.integers(1, 4))),)
        if not any(FIGURES[c.kind].home == "air" for c in cast) and light.stars < 0.4:
            summery = spec.season in {"spring", "summer"} and spec.weather in {"clear", "cloudy"}
            cast = (*cast, Cast("butterfly", 3) if summery else Cast("swallow", 4))
        self.troupe = Troupe(stage, cast, 0.875, 0.735, 1.0, sun, (0.12, 0.36), 1.0)
        kind = None
        if (
            spec.weather in {"clear", "cloudy"}
            and spec.season in {"summer", "autumn"}
            and ("leaf" in spec.extras or spec.season == "autumn")
        ):
            kind = "leaves"
        elif spec.weather == "clear" and spec.season == "spring":
            kind = "petals"
        self.weather = Weather(stage, kind)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        for plate in self.far:
            plate.show(frame, t)
        self.field.show(frame, t)
        self.troupe.draw(frame, t, high=0.77)
        self.rows[0].draw(frame, t)
        self.troupe.draw(frame, t, low=0.77)
        for row in (self.rows[1], *self.front):
            row.draw(frame, t)
        self.weather.draw(frame, t)

    def _wooded(
        self,
        name: str,
        depth: float,
        level: float,
        rise: float,
        distance: float,
        colour: tuple[float, float, float],
        sun: float,
    ) -> Plate:
        """A hill with hedges and small trees along its ridge and slopes."""
        stage = self.stage
        plate, ridge = hill(stage, name, depth, level, rise, 0.8, distance, colour, 0.14, sun, 0.08)
        place = stage.place(name + "wood")
        brush = Brush(plate)
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        trees = []
        for _ in range(int(place.integers(5, 9))):
            centre, count = place.uniform(-1.3, 1.3), int(place.integers(8, 22))
            down = place.uniform(0.0, 0.06)
            trees += [
                (float(centre + place.normal(0, 0.1)), float(down + place.uniform(0, 0.012)))
                for _ in range(count)
            ]
        for x, down in sorted(trees, key=lambda p: p[1]):
            y = float(np.interp(x, plate.x[0], ridge)) + down
            tall = float(place.uniform(0.03, 0.055)) * (1 + down * 4)
            leaf = leaves[int(place.integers(len(leaves)))]
            (conifer if place.random() < 0.18 else broadleaf)(
                brush, place, x, y, tall, times(leaf, 0.9), 0.7, stage, distance * 0.85, light_from=sun
            )
        brush.done()
        return plate

    def _grove(self, field: Plate, ridge: Image, sun: float) -> None:
        """One or two fine trees to one side."""
        stage, place = self.stage, self.stage.place("grove")
        brush = Brush(field)
        side = float(place.choice((-1.0, 1.0)))
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        for k in range(int(place.integers(3, 7))):
            x = side * float(place.uniform(0.42, 0.85)) if k == 0 else float(place.uniform(-0.95, 0.95))
            y = float(np.interp(x, field.x[0], ridge)) + float(place.uniform(0.01, 0.05))
            tall = float(place.uniform(0.24, 0.36)) * (1.0 if k == 0 else float(place.uniform(0.28, 0.6)))
            broadleaf(
                brush, place, x, y, tall, leaves[int(place.integers(len(leaves)))], 0.9, stage, 0.1, sun
            )
        brush.done()

    def _path(self, field: Plate, ridge: Image) -> None:
        """A path or a brook that winds down the hill, narrow above and wide below."""
        stage, place = self.stage, self.stage.place("path")
        brook = "stream" in stage.spec.extras
        if not brook and stage.chance("path?") < 0.35:
            return
        x0, bend, phase = place.uniform(-0.4, 0.4), place.uniform(0.12, 0.3), place.uniform(0, 6.28)
        top = float(np.interp(x0, field.x[0], ridge))
        s = np.linspace(0, 1, 60)
        y = top + 0.003 + (1.08 - top) * s**1.6
        middle = x0 + bend * s * np.sin(phase + 5.5 * s) + 0.25 * (s**2) * np.sign(x0 + 0.01)
        half = 0.003 + 0.075 * s**1.9
        light = stage.light
        colour = mix(light.sky[-2], light.sky[2], 0.3) if brook else light.lit(rgb("#d2b98c"), 0.7)
        if (stage.spec.weather == "snow" or stage.spec.season == "winter") and not brook:
            colour = light.lit(rgb("#d3dae6"), 0.6)
        brush = Brush(field)
        edge = 0.0016 + 0.004 * s
        brush.fill(_ribbon(middle, y, half + edge), light.lit(times(ground_colour(stage), 0.66), 0.3))
        brush.fill(_ribbon(middle, y, half), colour)
        brush.fill(_ribbon(middle + half * 0.25, y, half * 0.45), mix(colour, (1, 1, 1), 0.14))
        brush.done()

    def _dot_flowers(self, field: Plate, ridge: Image) -> None:
        """Drifts of flowers, as points of colour that grow larger towards us."""
        stage, place = self.stage, self.stage.place("drifts")
        names = FLOWERS[stage.spec.season]
        if not names or stage.spec.weather == "snow":
            return
        brush = Brush(field)
        for _ in range(16):
            cx, cy = place.uniform(-1.2, 1.2), place.uniform(0.62, 0.86)
            hue = rgb(names[int(place.integers(len(names)))])
            for _ in range(42):
                x, y = cx + place.normal(0, 0.13), cy + place.normal(0, 0.016)
                if y < float(np.interp(x, field.x[0], ridge)) + 0.01:
                    continue
                r = 0.0011 + 0.0055 * max(0.0, y - 0.6)
                brush.blob(
                    float(x),
                    float(y),
                    r * 1.2,
                    r,
                    stage.light.lit(times(hue, float(place.uniform(0.85, 1.1))), 0.9),
                )
        brush.done()

    def _cottage(self, field: Plate, ridge: Image, x: float) -> None:
        y = float(np.interp(x, field.x[0], ridge)) + 0.018
        cottage(Brush(field), self.stage, self.stage.place("cottage"), x, y, 0.1, 0.12)


def _ribbon(middle: Image, y: Image, half: Image) -> Image:
    """The outline of a band around a line."""
    return np.concatenate((np.stack((middle - half, y), 1), np.stack((middle + half, y), 1)[::-1]))
