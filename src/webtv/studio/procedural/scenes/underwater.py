"""Underwater: a reef full of life, a kelp forest, a wreck, the open blue, or the deep with its own lights."""

from dataclasses import replace

import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage
from webtv.studio.procedural.undersea.abyss import Angler, Lanterns, chimneys
from webtv.studio.procedural.undersea.corals import HUES, CoralPainter
from webtv.studio.procedural.undersea.seaweed import kelp, meadow
from webtv.studio.procedural.undersea.shoals import FLOOR, REEF_FISH, SILVER, Shoal, Swimmers
from webtv.studio.procedural.undersea.sunken import wreck
from webtv.studio.procedural.undersea.swaying import Swaying
from webtv.studio.procedural.undersea.waterlight import Sea

_WATER = {
    "dawn": ("#c8dcd0", "#62a5ac", "#2c6a86", "#173f5f"),
    "morning": ("#d0f6ec", "#58c2c6", "#2388a4", "#124a70"),
    "day": ("#ccf8f2", "#4cc6d8", "#1c88b6", "#0f4a7c"),
    "golden": ("#fbecb4", "#7ec2a8", "#2a7f94", "#164a66"),
    "sunset": ("#ffc494", "#a88a98", "#4a608c", "#24365f"),
    "dusk": ("#8f9cc4", "#4c6a9c", "#2a4474", "#1b2d54"),
    "night": ("#5f9ab8", "#2a6288", "#1b4670", "#14305a"),
}
_DEEP = ("#16365c", "#12304f", "#0f2742", "#0c1f38")
_PLACES = ("reef", "reef", "reef", "kelp", "blue", "wreck")
_WIDE = frozenset({"whale", "dolphin", "shark", "ray", "orca", "submarine"})


def _swimming(cast: tuple[Cast, ...]) -> tuple[Cast, ...]:
    return tuple(
        c for c in cast if c.kind in FIGURES and (FIGURES[c.kind].home == "under" or c.kind in FLOOR)
    )


class Underwater:
    """Chooses the place that the words ask for, and fills it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("underwater")
        stage.focus = (0.0, 0.55)
        Swimmers(stage, _swimming(spec.cast), stage.light).attend()
        self.where = self._where()
        deep = self.where == "abyss"
        colours: list[Colour] = [rgb(c) for c in (_DEEP if deep else _WATER[spec.time])]
        if spec.palette:
            colours = [
                mix(c, spec.palette[min(i // 2, len(spec.palette) - 1)], 0.4) for i, c in enumerate(colours)
            ]
        self.light = self._lit(colours, deep)
        stage.light = self.light
        sunny = 0.0 if deep else {"night": 0.5, "dusk": 0.55, "dawn": 0.8}.get(spec.time, 1.0)
        if spec.weather in {"rain", "storm", "fog", "cloudy", "snow"}:
            sunny *= 0.6
        self.sea = Sea(stage, colours, colours[0], sunny)
        self.lanterns = Lanterns(stage) if deep else None
        cast = _swimming(spec.cast)
        self.angler = Angler(stage, self.light, 0.27) if deep and not cast else None
        if not cast and not deep:
            kinds = {
                "reef": ("fish", "tropical-fish", "turtle", "octopus", "fish", "blowfish"),
                "kelp": ("fish", "turtle", "fish"),
                "wreck": ("fish", "ray", "shark"),
                "blue": ("whale", "dolphin", "jellyfish", "ray"),
            }[self.where]
            kind = kinds[int(place.integers(len(kinds)))]
            cast = (Cast(kind, {"fish": 7, "tropical-fish": 3, "jellyfish": 6, "dolphin": 3}.get(kind, 1)),)
            if self.where == "wreck" and stage.chance("treasure?") < 0.6:
                cast = (*cast, Cast("treasure", 1))
        self.sway: list[Swaying] = []
        self.far, self.middle, self.near = self._floors()
        self.shoals = self._shoals(cast)
        # A crowd of fish is a shoal behind a few that are seen close.
        cast = tuple(
            replace(c, count=min(c.count, 7)) if c.kind == "fish" and c.count > 12 else c for c in cast
        )
        self.swimmers = Swimmers(stage, cast, self.light)

    def _where(self) -> str:
        extras = self.stage.spec.extras
        for name, word in (("abyss", "abyss"), ("wreck", "wreck"), ("kelp", "kelp"), ("reef", "coral")):
            if word in extras:
                return name
        if any(c.kind in _WIDE for c in self.stage.spec.cast) and self.stage.chance("open water?") < 0.6:
            return "blue"
        return _PLACES[int(self.stage.chance("where under water?") * len(_PLACES))]

    def _lit(self, colours: list[Colour], deep: bool) -> Light:
        base = self.stage.light
        dim = 0.55 if deep else 0.72 if base.stars > 0.5 else 0.8 if self.stage.spec.time == "dusk" else 0.95
        return replace(
            base,
            disc=colours[0],
            glow=colours[0],
            strength=0.8,
            height=0.5,
            moon=False,
            key=times(mix(colours[0], (1, 1, 1), 0.55), dim * 1.2),
            ambient=times(mix(colours[1], (1, 1, 1), 0.45), dim * 1.05),
            haze=mix(colours[1], colours[2], 0.6),
            fog=0.3,
            stars=0.0,
            lamps=0.0,
        )

    def _floors(self) -> tuple[Plate, Plate, Plate]:
        """The far, middle and near floor, with what grows on them."""
        stage, light, where = self.stage, self.light, self.where
        blue = where == "blue"
        far = self._bed("far", 0.15, 0.9 if blue else 0.8, 0.09, 0.8, 0.0 if blue else 0.05, 12)
        if where == "wreck":
            wreck(stage, light, far, 0.12 * stage.side("wreck"), 0.79, 0.78, 0.3)
        rich = {"reef": 54, "wreck": 24, "kelp": 9, "blue": 0, "abyss": 0}[where]
        middle = self._bed(
            "middle", 0.5, 1.1 if blue else 0.88, 0.05, 0.34, 0.065 if where != "reef" else 0.09, rich
        )
        near = self._bed("near", 0.9, 1.3 if blue else 0.975, 0.03, 0.0, 0.13, round(rich * 0.55))
        if where == "kelp":
            self.sway = [
                kelp(stage, "kelp far", light, 0.3, 0.9, 16, 0.6),
                kelp(stage, "kelp near", light, 0.85, 1.02, 7, 0.05),
            ]
        elif where in {"reef", "wreck"}:
            self.sway = [meadow(stage, "grass", light, 0.7, 0.93, 0.085, 0.15, 26)]
        return far, middle, near

    def _bed(
        self, name: str, depth: float, level: float, rise: float, distance: float, size: float, count: int
    ) -> Plate:
        """A floor of sand that climbs to both sides, with corals from back to front."""
        stage, light = self.stage, self.light
        place = stage.place("bed " + name)
        plate = stage.plate(depth, level - {"far": 0.85, "middle": 0.62, "near": 0.32}[name])
        x = plate.x[0]
        centre = float(place.uniform(-0.25, 0.25))
        aside = noise.smoothstep(0.25, 0.95, np.abs(x - centre))
        bank = {"reef": 0.36, "wreck": 0.14}.get(self.where, 0.05)
        ridge = (
            level
            - rise * noise.Profile(place, 0.6, 4, 0.5)(x)
            - bank * aside * (0.7 if name == "near" else 1.0)
        )
        ridge = ridge.astype(np.float32)
        grain = noise.fbm(*plate.shape, rng=place, cells=6, octaves=5)
        sand_hue = rgb("#3a4450") if self.where == "abyss" else rgb("#e0d3a8")
        sand = light.far(light.lit(sand_hue, 0.75), distance)
        down = np.clip((plate.y - ridge[None, :]) / 0.25, 0, 1)
        # Ripples in the sand lie closer together the farther away they are.
        lines = 0.028 * np.sin((plate.y - ridge[None, :]) * 260 / (0.4 + down) + 5 * grain + 2 * plate.x)
        shade = 0.8 + 0.3 * grain + lines * np.clip(down * 4, 0, 1) - 0.26 * down
        plate.fill(np.asarray(sand, np.float32) * shade[..., None].astype(np.float32), plate.edge(ridge))
        brush = Brush(plate)
        painter = CoralPainter(brush, light, distance, place)
        if self.where == "abyss" and name == "middle":
            for cx, _, tall in chimneys(stage):
                cy = float(np.interp(cx, x, ridge)) + 0.02
                for k in range(9):
                    u = k / 9
                    r = tall * (0.22 - 0.12 * u)
                    brush.blob(
                        cx + 0.012 * np.sin(9 * u + cx * 30),
                        cy - tall * u,
                        r,
                        r * 0.9,
                        painter.tone(rgb("#4a4a52"), 0.2 + 0.5 * u),
                    )
        span = float(x[-1] - x[0])
        spots = []
        for k in range(count):
            cx = float(x[0]) + (k + float(place.uniform(0.1, 0.9))) / count * span
            lift = float(place.random())
            base = float(np.interp(cx, x, ridge))
            # Most grow on the banks at the sides; the way through the middle stays open.
            open_way = 1.0 - 0.55 * float(np.exp(-(((cx - centre) / 0.3) ** 2)))
            spots.append(
                (
                    base + 0.015 + 0.3 * lift * lift * (1 - distance),
                    cx,
                    open_way * float(place.uniform(0.6, 1.25)),
                )
            )
        for cy, cx, share in sorted(spots):
            draw = float(place.random())
            if draw < 0.16:
                painter.stone(cx, cy, size * share * 0.8)
            elif draw < 0.24 and name != "far":
                painter.star(cx, cy, size * share * 0.28, HUES[int(place.integers(len(HUES)))])
            else:
                painter.any(cx, cy, size * share * 1.25)
        brush.done()
        return plate

    def _shoals(self, cast: tuple[Cast, ...]) -> list[Shoal]:
        stage, light, where = self.stage, self.light, self.where
        if where == "abyss":
            return []
        crowd = next((c for c in cast if c.kind == "fish" and c.count > 12), None)
        many = min(80, 24 + round(1.4 * crowd.count)) if crowd else 42
        hue = crowd.colour if crowd and crowd.colour else None
        bright = REEF_FISH[int(stage.chance("shoal colour") * len(REEF_FISH))]
        side = stage.side("shoal")
        out = [Shoal(stage, "shoal", many, 0.034, hue or SILVER, 0.3, (0.3 * side, 0.36), light, 0.42)]
        if where != "blue":
            out.append(
                Shoal(stage, "shoal2", many // 2, 0.03, hue or bright, 0.55, (-0.35 * side, 0.6), light, 0.15)
            )
        return out

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        sea = self.sea
        sea.back(frame, t)
        self.far.show(frame, t)
        if self.shoals:
            self.shoals[0].draw(frame, t)
        if len(self.sway) > 1:
            self.sway[0].draw(frame, t)
        sea.shafts(frame, t, 0.6)
        self.swimmers.draw(frame, t, 0.0, 0.6)
        self.middle.show(frame, t)
        for shoal in self.shoals[1:]:
            shoal.draw(frame, t)
        if self.lanterns is not None:
            self.lanterns.draw(frame, t)
        sea.caustics(frame, t, 0.74, 0.34)
        self.swimmers.draw(frame, t, 0.6, 0.99)
        if self.angler is not None:
            self.angler.draw(frame, t)
        if self.sway:
            self.sway[-1].draw(frame, t)
        self.swimmers.draw(frame, t, 0.99)
        self.near.show(frame, t)
        night = self.stage.spec.time == "night"
        sparks = rgb("#7af0e0") if night or self.lanterns is not None else None
        sea.particles(frame, t, self.where != "abyss", sparks)
        if sea.sunny > 0 and self.where != "kelp":  # leaves shade the near water
            sea.shafts(frame, t, 0.2)
