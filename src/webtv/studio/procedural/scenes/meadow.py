"""Meadow: rolling hills, hedges and trees, grass and flowers in the wind, and the animals of the field."""

import numpy as np

from webtv.studio.procedural.casting import PAINTED, present
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.nature.farmland import CROPS, Windmill, bale, barn, fence, plant_crop
from webtv.studio.procedural.nature.flora import (
    FLOWERS,
    LEAVES,
    Brush,
    Grass,
    broadleaf,
    conifer,
    plant,
    shade,
    tints,
)
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import ground_colour, hill
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.nature.woodland import Ribbon
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage
from webtv.studio.procedural.town.chalets import chalet
from webtv.studio.procedural.walkers import Troupe

_ANIMALS = ("fox", "hare", "deer", "sheep", "horse", "hedgehog")


LANDS = (
    "wildflowers",
    "tree",
    "poppies",
    "lavender",
    "wheat",
    "orchard",
    "farm",
    "river",
    "heath",
    "vineyard",
)
_NAMED = (
    "lavender",
    "vineyard",
    "tulips",
    "corn",
    "paddy",
    "poppies",
    "wheat",
    "orchard",
    "farm",
    "river",
    "heath",
    "tree",
)


_BLOOMS = {
    "lavender": ("#8a6ac8", "#a88ad8"),
    "poppies": ("#e0402c", "#f0603c"),
    "heath": ("#b070a0", "#c890b8"),
    "tulips": ("#e84a4a", "#f4c84a", "#f08ab4"),
}


def land_of(stage: Stage) -> str:
    """What the land is: as the words say, else as the place is."""
    extras, spec = stage.spec.extras, stage.spec
    white = spec.season == "winter" or spec.weather == "snow"
    if extras & {"windmill", "barn"}:
        return "farm"
    if "stream" in extras:
        return "river"
    if spec.cast and spec.cast[0].kind in PAINTED:
        return "tree"
    named = next((name for name in _NAMED if name in extras), None)
    if named is not None and not (white and named in CROPS):
        return named
    if white:
        return ("tree", "farm", "wildflowers")[int(stage.chance("land") * 2.999)]
    if "flower" in extras:
        return ("wildflowers", "wildflowers", "poppies", "tulips")[int(stage.chance("land") * 3.999)]
    if "village" in extras:
        return ("wildflowers", "wheat", "orchard")[int(stage.chance("land") * 2.999)]
    shares = (0.28, 0.44, 0.52, 0.6, 0.68, 0.76, 0.86, 0.93, 0.97, 1.01)
    chance = stage.chance("land")
    return LANDS[next(i for i, share in enumerate(shares) if chance < share)]


class Meadow:
    """Sky, three hills, a line of trees, a flowering field, animals, grass in front of the lens."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place, spec, light = stage.place("meadow"), stage.spec, stage.light
        stage.focus = (0.0, 0.8)
        Troupe(stage, present(spec.cast), 0.85, 0.735, 1.0, 1.0, (0.12, 0.36), 1.0).attend()
        horizon = 0.5 if not spec.camera.aerial else 0.34
        self.sky = Sky(stage, horizon + 0.04)
        sun = 1.0 if self.sky.sun_x > 0 else -1.0
        self.sun = sun
        self.land = land_of(stage)
        green = ground_colour(stage)
        if self.land == "heath" and spec.season != "winter":
            green = mix(green, rgb("#8f8a5c"), 0.5)
        far = mix(green, rgb("#6f8f8a"), 0.45)
        self.far = [
            hill(stage, "far", 0.1, horizon - 0.05, 0.07, 0.9, 0.72, far, 0.08, sun)[0],
            self._wooded("middle", 0.22, horizon, 0.05, 0.46, mix(green, far, 0.4), sun),
        ]
        crop = self.land if self.land in CROPS else None
        rise = 0.02 if crop else 0.035
        field, ridge = hill(stage, "field", 0.5, horizon + 0.09, rise, 1.3, 0.12, green, 0.3, sun, 0.52)
        self.mill: Windmill | None = None
        self.river: Ribbon | None = None
        self.vanish = stage.side("vanish") * float(place.uniform(0.05, 0.3))
        if crop:
            plant_crop(field, ridge, crop, self.vanish, sun)
            if crop == "vineyard":
                self._vines(field, ridge)
        elif self.land == "river":
            self._river(field, ridge)
        else:
            self._path(field, ridge)
        if self.land in {"wildflowers", "tree", "farm", "river"}:
            self._dot_flowers(field, ridge)
        self._grove(field, ridge, sun)
        if self.land == "farm":
            self._farm(field, ridge)
        elif "village" in spec.extras:
            self._cottage(field, ridge, stage.side("cottage") * float(place.uniform(0.26, 0.4)))
        if self.land in {"farm", "wheat"} or stage.chance("bales?") < 0.12:
            self._bales(field, ridge)
        if self.land == "orchard":
            self._orchard(field, ridge)
        self.field = field
        hues = _BLOOMS.get(self.land, ())
        names = tuple(rgb(c) for c in hues)
        straw = rgb("#d9b860") if self.land == "wheat" else green
        bloom = 0.0 if self.land in {"wheat", "vineyard", "corn", "paddy"} else 1.0
        full = 2.2 if names else 1.0
        self.rows = (
            [] if crop else [Grass(stage, "row1", 0.8, 0.77, 0.05, times(green, 0.98), 0.5, 520, 0.95)]
        )
        if not crop or self.land in {"poppies", "wheat", "heath"}:
            self.rows.append(Grass(stage, "row2", 0.95, 0.885, 0.085, straw, bloom * full, 430, 1.0, names))
        self.front = [
            Grass(stage, "row3", 1.15, 1.0, 0.14, times(straw, 0.92), 0.8 * bloom * full, 300, 0.88, names),
            Grass(stage, "row4", 1.4, 1.14, 0.26, times(straw, 0.75), 0.35 * bloom * full, 150, 0.7, names),
        ]
        cast = tuple(c for c in present(spec.cast) if c.kind not in PAINTED)
        if not cast and not spec.cast and (not crop or stage.chance("cast?") < 0.3):
            cast = (Cast(str(place.choice(_ANIMALS)), int(place.integers(1, 4))),)
        if not any(FIGURES[c.kind].home == "air" for c in cast) and light.stars < 0.4:
            summery = spec.season in {"spring", "summer"} and spec.weather in {"clear", "cloudy"}
            cast = (*cast, Cast("butterfly", 3) if summery else Cast("swallow", 4))
        self.troupe = Troupe(stage, cast, 0.85, 0.735, 1.0, sun, (0.12, 0.36), 1.0)
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
        if self.mill is not None:
            self.mill.draw(frame, t)
        if self.river is not None:
            self.river.glint(frame, t, 0.5)
        self.troupe.draw(frame, t, high=0.77)
        for row in self.rows[:1]:
            row.draw(frame, t)
        self.troupe.draw(frame, t, low=0.77)
        for row in (*self.rows[1:], *self.front):
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
        """Trees on the field, one of them large and a third from one side where the land asks for it."""
        stage, place = self.stage, self.stage.place("grove")
        brush = Brush(field)
        side = stage.side("grove")
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        lone = self.land in {"tree", "poppies", "wheat", "heath"}
        kinds = (
            ("oak", "oak", "beech", "poplar", "birch") if self.land != "heath" else ("birch", "scots", "bush")
        )
        spots = []
        for k in range(int(place.integers(3, 7))):
            x = side * float(place.uniform(0.3, 0.5)) if k == 0 else float(place.uniform(-1.0, 1.0))
            down = float(place.uniform(0.01, 0.05)) + (0.05 if k == 0 and lone else 0.0)
            tall = float(place.uniform(0.28, 0.38)) * (1.0 if k == 0 else float(place.uniform(0.28, 0.6)))
            if k == 0 and lone:
                tall = float(place.uniform(0.48, 0.56))
            elif lone:
                down, tall = 0.006, tall * 0.55
            spots.append((down, x, tall, "oak" if k == 0 else kinds[int(place.integers(len(kinds)))]))
        for down, x, tall, species in sorted(spots):
            y = float(np.interp(x, field.x[0], ridge)) + down
            shade(field, x - sun * tall * 0.12, y + 0.003, tall * 0.4, tall * 0.04, 0.55)
            leaf = leaves[int(place.integers(len(leaves)))]
            broadleaf(brush, place, x, y, tall, leaf, 0.95, stage, 0.06, sun, species)
        brush.done()

    def _vines(self, field: Plate, ridge: Image) -> None:
        """Vines on their posts along the rows."""
        stage, place = self.stage, self.stage.place("vines")
        brush, top = Brush(field, 1), float(ridge.mean())
        autumn = stage.spec.season == "autumn"
        leaf, other = (rgb("#c8862c"), rgb("#b0482c")) if autumn else (rgb("#6f9a3c"), rgb("#a3b848"))
        colours = tints(stage, leaf, other, 0.95, 0.04)
        wood = stage.light.lit(rgb("#6d5a48"), 0.5)
        drop = 0.03 + 0.52 * np.linspace(0, 1, 38) ** 2.2
        for d in drop:
            y = top - 0.03 + d
            for k in range(-9, 10):
                x = self.vanish + (k + 0.5) / (3.2 * 0.36) * d
                if abs(x) > 1.4:
                    continue
                brush.line(np.array([(x, y), (x, y - 0.24 * d)]), 0.012 * d, wood)
                plant(brush, place, "bush", x, y + 0.01 * d, 0.22 * d, colours, False, self.sun)
        brush.done()

    def _river(self, field: Plate, ridge: Image) -> None:
        """A river that winds down the field, with reeds and willows along it."""
        stage, place = self.stage, self.stage.place("river")
        brush = Brush(field)
        self.river = Ribbon(stage, float(ridge.mean()) + 0.006, 1.08, 0.34, 2.2)
        light, green = stage.light, ground_colour(stage)
        brush.fill(self.river.outline(1.14), light.lit(times(green, 0.5), 0.2))
        sky = mix(light.sky[-2], light.sky[1], 0.65)
        deep = times(rgb("#2f5f6a"), 0.35 + 0.65 * light.ambient[1])
        for grow, share in ((1.0, 0.75), (0.9, 0.5), (0.7, 0.3), (0.3, 0.12)):
            brush.fill(self.river.outline(grow, 0.12 * self.sun), mix(sky, deep, share))
        for _ in range(90):  # ripples lie level, whichever way the river turns
            k, i = 89 * float(place.random()) ** 0.6, np.arange(90)
            half = float(np.interp(k, i, self.river.half))
            x = float(np.interp(k, i, self.river.x)) + half * float(place.uniform(-0.8, 0.8))
            y, long = float(np.interp(k, i, self.river.y)), half * float(place.uniform(0.1, 0.3))
            brush.blob(x, y, long, long * 0.06, mix(sky, deep, float(place.choice((0.0, 0.7)))))
        for _ in range(120):
            k, i = 89 * float(place.random()) ** 0.6, np.arange(90)
            half = float(np.interp(k, i, self.river.half))
            x = float(np.interp(k, i, self.river.x)) + half * float(
                place.choice((-1, 1)) * place.uniform(1.0, 1.22)
            )
            y, long = float(np.interp(k, i, self.river.y)), 0.01 + 0.2 * half
            for _ in range(3):
                tip = (x + float(place.normal(0, 0.2)) * long, y - long * float(place.uniform(0.6, 1.1)))
                tone = times(mix(green, rgb("#a8a050"), 0.3), float(place.uniform(0.6, 1.2)))
                brush.line(np.array([(x, y), tip]), long * 0.06, light.lit(tone, 0.7))
        brush.done()

    def _farm(self, field: Plate, ridge: Image) -> None:
        """A barn and a house, or a windmill, a third from one side; a fence towards us."""
        stage, place = self.stage, self.stage.place("farm")
        brush, side = Brush(field), -stage.side("grove")
        x = side * float(place.uniform(0.26, 0.4))
        y = float(np.interp(x, field.x[0], ridge)) + 0.03
        mill = "windmill" in stage.spec.extras or stage.chance("mill?") < 0.5
        if mill:
            self.mill = Windmill(field, brush, x, y, 0.27, 0.08, self.sun)
            chalet(brush, stage, place, x - side * 0.2, y + 0.006, 0.11, 0.1, -side, snow=self._white())
        else:
            chalet(brush, stage, place, x + side * 0.22, y - 0.006, 0.12, 0.1, -side, snow=self._white())
            barn(brush, stage, x, y + 0.006, 0.19, 0.08, -side)
        feet = np.array(
            [(s * 1.3 * -side, y + 0.06 + 0.14 * (0.55 - s) ** 2) for s in np.linspace(-0.9, 1.0, 26)]
        )
        fence(brush, stage, feet, 0.034)
        brush.done()

    def _white(self) -> bool:
        return self.stage.spec.weather == "snow" or self.stage.spec.season == "winter"

    def _bales(self, field: Plate, ridge: Image) -> None:
        """Round bales, larger towards us."""
        if self._white():
            return
        stage, place = self.stage, self.stage.place("bales")
        brush = Brush(field)
        for y in np.sort(0.64 + 0.2 * place.random(9) ** 1.4):
            x = float(place.uniform(-0.95, 0.95))
            if y > float(np.interp(x, field.x[0], ridge)) + 0.02:
                bale(brush, stage, x, float(y), 0.018 + 0.28 * (float(y) - 0.6), self.sun)
        brush.done()

    def _orchard(self, field: Plate, ridge: Image) -> None:
        """Fruit trees in rows that run away from us: blossom in spring, fruit in autumn."""
        stage, place = self.stage, self.stage.place("orchard")
        brush, season = Brush(field), stage.spec.season
        leaf = {"spring": rgb("#f6dce4"), "autumn": rgb("#b07a3c")}.get(season, rgb("#6f9a48"))
        top = float(ridge.mean())
        for row in range(9, 0, -1):
            near = 1.5 / (row + 0.5)
            y = top - 0.015 + 0.17 * near
            for k in range(-7, 8):
                x = self.vanish + (k + 0.5) * 0.34 * near + float(place.normal(0, 0.012)) * near
                if abs(x) > 1.5 or abs(k + 0.5) < 0.4:
                    continue
                tall = 0.27 * near * float(place.uniform(0.9, 1.1))
                shade(field, x - self.sun * tall * 0.1, y + 0.002, tall * 0.36, tall * 0.04, 0.5)
                tone = times(leaf, float(place.uniform(0.92, 1.05)))
                broadleaf(brush, place, x, y, tall, tone, 0.95, stage, 0.3 / near * 0.12, self.sun, "oak")
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
        brush, place = Brush(field), self.stage.place("cottage")
        for k in range(int(place.integers(1, 4))):
            at = x + (k - 0.5) * 0.24 * (1 if x < 0 else -1)
            y = float(np.interp(at, field.x[0], ridge)) + 0.022 + 0.006 * k
            chalet(
                brush,
                self.stage,
                place,
                at,
                y,
                0.13 - 0.02 * k,
                0.1,
                1.0 if x < 0 else -1.0,
                snow=self._white(),
            )
        brush.done()


def _ribbon(middle: Image, y: Image, half: Image) -> Image:
    """The outline of a band around a line."""
    return np.concatenate((np.stack((middle - half, y), 1), np.stack((middle + half, y), 1)[::-1]))
