"""Snow village: lit chalets around a white way, a church, firs, smoke, falling snow or northern lights."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.casting import present
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.nature.aurora import Aurora
from webtv.studio.procedural.nature.flora import Brush, broadleaf, conifer
from webtv.studio.procedural.nature.massif import Cover, Massif, ranges
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import SNOW, hill
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.nature.woodland import Ribbon
from webtv.studio.procedural.stage import Image, Plate, Stage, tint_over
from webtv.studio.procedural.town.chalets import Lit, chalet, church
from webtv.studio.procedural.walkers import Troupe

_FIR = rgb("#3f5f55")


class SnowVillage:
    """Mountains, a wooded rise, a village with its church, great houses near us, firs at the edge."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec = stage.spec
        stage.focus = (0.0, 0.84 if spec.cast else 0.68)
        Troupe(stage, present(spec.cast), 0.93, 0.86, 0.95, 1.0, (0.1, 0.3), 0.8).attend()
        self.horizon = 0.5
        self.sky = Sky(stage, self.horizon + 0.02)
        self.sun = 1.0 if self.sky.sun_x > 0 else -1.0
        night = stage.light.stars > 0.3
        self.aurora = (
            Aurora(stage, self.horizon, 0.9)
            if "aurora" in spec.extras or (night and spec.weather == "clear")
            else None
        )
        # Under lamps and stars snow is darker than by day, or no window would seem to glow.
        self.white = times(SNOW, 1 - 0.22 * stage.light.lamps)
        massif = Massif(stage, 3.2, 0.95)
        cover = Cover(stage, 0.16, SNOW, -0.1, 0.5)
        self.back = ranges(
            stage, massif, cover, self.horizon + 0.03, ((0.05, 7.4, 12.6), (0.13, 3.21, 7.4)), self.sun, 0.66
        )
        self.windows: list[tuple[float, float, float, float]] = []
        self.doors: list[tuple[float, float, float, float]] = []
        self.smoke: list[tuple[float, float, float, float]] = []
        self.fairy: list[tuple[float, float, float, int]] = []
        self.lanterns: list[tuple[float, float, float]] = []
        self.slopes = [self._woods(), self._village(), self._square()]
        self.front = self._edge()
        self.troupe = Troupe(stage, present(spec.cast), 0.93, 0.86, 0.95, self.sun, (0.1, 0.3), 0.8)
        falls = spec.weather in {"snow", "storm", "rain", "cloudy"} or self.aurora is None
        self.weather = Weather(stage, "snow" if falls else None, 0.6 if self.aurora else 1.0)

    def _note(self, depth: float, lit: Lit, size: float) -> None:
        """Keep what of a house glows and smokes."""
        self.windows += [(depth, *w) for w in lit.windows]
        if lit.chimney is not None:
            self.smoke.append((depth, *lit.chimney, size))
        if lit.door is not None:
            self.doors.append((depth, *lit.door, size))

    def _woods(self) -> Plate:
        """A rise with fir woods behind the village."""
        stage, place = self.stage, self.stage.place("woods")
        plate, ridge = hill(stage, "woods", 0.2, 0.545, 0.03, 0.9, 0.42, self.white, 0.1, self.sun, 0.14)
        brush = Brush(plate, 1)
        x = place.uniform(-1.5, 1.5, 210)
        down = 0.075 * place.random(210) ** 1.5
        for i in np.argsort(down):
            if math.sin(float(x[i]) * 4 + 9 * stage.chance("clearing")) + 6 * down[i] < -0.35:
                continue
            y = float(np.interp(x[i], plate.x[0], ridge)) + float(down[i])
            tall = float(place.uniform(0.045, 0.085)) * (1 + 4 * float(down[i]))
            conifer(
                brush,
                place,
                float(x[i]),
                y,
                tall,
                _FIR,
                0.7,
                stage,
                0.42 - 2 * float(down[i]),
                0.85,
                self.sun,
            )
        brush.done()
        return plate

    def _village(self) -> Plate:
        """The houses of the village and its church, a third from one side."""
        stage, place = self.stage, self.stage.place("village")
        depth = 0.4
        plate, ridge = hill(stage, "slope0", depth, 0.645, 0.03, 0.8, 0.2, self.white, 0.12, self.sun, 0.36)
        brush = Brush(plate)
        spot = stage.side("church") * float(place.uniform(0.2, 0.34))
        things: list[tuple[float, float, str]] = [(0.006, spot, "church")]
        things += [
            (float(place.uniform(0.004, 0.07)), float(x), "house")
            for x in np.linspace(-1.0, 1.0, 11) + place.uniform(-0.06, 0.06, 11)
            if abs(x - spot) > 0.09
        ]
        things += [
            (float(place.uniform(0.0, 0.08)), float(place.uniform(-1.2, 1.2)), "fir") for _ in range(26)
        ]
        things += [
            (float(place.uniform(0.01, 0.08)), float(place.uniform(-1.1, 1.1)), "tree") for _ in range(6)
        ]
        for down, x, what in sorted(things):
            y = float(np.interp(x, plate.x[0], ridge)) + down
            grow = 1 + 5 * down
            if what == "church":
                self._note(depth, church(brush, stage, place, x, y + 0.012, 0.26, 0.16, self.sun), 0.06)
            elif what == "house":
                size = float(place.uniform(0.062, 0.082)) * grow
                side = 1.0 if x < 0 else -1.0
                self._note(depth, chalet(brush, stage, place, x, y, size, 0.18 - down, side), size)
            elif what == "fir":
                tall = float(place.uniform(0.06, 0.11)) * grow
                conifer(brush, place, x, y, tall, _FIR, 0.7, stage, 0.18, 0.9, self.sun)
            else:
                broadleaf(brush, place, x, y, 0.1 * grow, _FIR, 0.7, stage, 0.15, self.sun)
        brush.done()
        return plate

    def _square(self) -> Plate:
        """Two or three great houses by the way, bare trees, lanterns; a pond or a fir with lights."""
        stage, place, light = self.stage, self.stage.place("square"), self.stage.light
        depth = 0.66
        plate, ridge = hill(stage, "slope1", depth, 0.755, 0.02, 0.9, 0.04, self.white, 0.14, self.sun, 0.5)
        self._drifts(plate, ridge)
        brush = Brush(plate)
        way = Ribbon(stage, float(ridge.mean()) + 0.006, 1.1, 0.15)
        brush.fill(way.outline(1.15), light.lit(times(self.white, 0.92), 0.9))
        brush.fill(way.outline(0.95), light.lit(times(self.white, (0.72, 0.77, 0.84)), 0.55))
        brush.fill(way.outline(0.5, 0.1), light.lit(times(self.white, (0.78, 0.83, 0.88)), 0.65))
        for k in range(46):
            at = 12 + 1.65 * k
            i = np.arange(90)
            half = float(np.interp(at, i, way.half))
            x = float(np.interp(at, i, way.x)) + half * (0.24 if k % 2 else -0.02) - 0.3 * half
            brush.blob(
                x,
                float(np.interp(at, i, way.y)),
                half * 0.06,
                half * 0.028,
                light.lit((0.6, 0.68, 0.84), 0.3),
            )
        brush.done()
        half = max(0.4, stage.aspect / 2)
        heavy = stage.side("heavy house")
        houses = [
            (0.03, heavy * half * float(place.uniform(0.58, 0.68)), float(place.uniform(0.34, 0.4)), -heavy),
            (0.0, -heavy * half * float(place.uniform(0.48, 0.6)), float(place.uniform(0.2, 0.25)), heavy),
        ]
        if stage.chance("third house?") < 0.6:
            houses.append((0.01, -heavy * half * float(place.uniform(0.95, 1.1)), 0.24, heavy))
        pond = "lake" in stage.spec.extras or stage.chance("pond?") < 0.3
        brush = Brush(plate)
        if pond:
            self._pond(brush, -heavy * half * 0.46, 0.885, half * 0.3)
        for down, x, size, side in sorted(houses):
            y = float(np.interp(x, plate.x[0], ridge)) + 0.02 + down
            self._tree(brush, place, x - side * size * 0.8, y - 0.006, 0.3, bool(place.random() < 0.5))
            self._note(depth, chalet(brush, stage, place, x, y, size, 0.03, side), size)
            self._tree(brush, place, x + side * size * float(place.uniform(1.0, 1.2)), y + 0.01, 0.22, True)
        tree_x = heavy * half * 0.12 if not pond else heavy * half * 0.2
        if stage.chance("lights?") < 0.45:
            y = float(np.interp(tree_x, plate.x[0], ridge)) + 0.035
            conifer(brush, place, tree_x, y, 0.27, rgb("#3a6350"), 0.7, stage, 0.03, 0.9, self.sun)
            for k in range(34):
                s = (k + 0.5) / 34
                reach = 0.056 * (1 - s) ** 0.8
                self.fairy.append((tree_x + reach * math.sin(k * 2.4), y - 0.02 - 0.235 * s, depth, k))
        for k, at in enumerate((18, 38, 56, 70)):
            x = float(way.x[at]) + (1 if k % 2 else -1) * 1.35 * float(way.half[at])
            y, tall = float(way.y[at]), 0.03 + 0.5 * float(way.half[at])
            self._lantern(brush, x, y, tall)
            self.lanterns.append((x, y - tall * 0.9, tall))
        brush.done()
        return plate

    def _drifts(self, plate: Plate, ridge: Image) -> None:
        """Waves that the wind has left: blue on the lee, bright on the crest."""
        h, w = plate.shape
        low = noise.fbm(max(8, h), max(8, w // 6), self.stage.place("drifts"), cells=7, octaves=4)
        wave = cv2.resize(low, (w, h), interpolation=cv2.INTER_CUBIC)
        lee = cv2.Sobel(wave, cv2.CV_32F, 0, 1, ksize=5) + 0.5 * self.sun * cv2.Sobel(
            wave, cv2.CV_32F, 1, 0, ksize=5
        )
        lee = np.clip(lee / (float(lee.std()) + 1e-6) * 0.3, -0.6, 1) * np.clip(
            (plate.y - ridge[None, :]) / 0.03, 0, 1
        )
        blue = np.asarray((0.2, 0.16, 0.09), np.float32)
        plate.rgba[..., :3] *= 1 - lee.astype(np.float32)[..., None] * blue

    def _tree(
        self, brush: Brush, rng: np.random.Generator, x: float, y: float, tall: float, fir: bool
    ) -> None:
        if fir:
            conifer(
                brush,
                rng,
                x,
                y,
                tall * float(rng.uniform(0.8, 1.2)),
                _FIR,
                0.7,
                self.stage,
                0.04,
                0.9,
                self.sun,
            )
        else:
            broadleaf(brush, rng, x, y, tall, _FIR, 0.7, self.stage, 0.04, self.sun)

    def _pond(self, brush: Brush, x: float, y: float, wide: float) -> None:
        """A frozen pond, swept and scratched by skates."""
        light, rng = self.stage.light, self.stage.place("pond")
        ice = mix(light.sky[-2], light.lit(rgb("#b8d0e0"), 0.7), 0.6)
        brush.blob(x, y, wide * 1.06, wide * 0.2, light.lit((1.04, 1.06, 1.1), 1.0))
        brush.blob(x, y + 0.004, wide, wide * 0.17, times(ice, 0.84))
        brush.blob(x + 0.1 * wide, y + 0.008, wide * 0.84, wide * 0.13, ice)
        for _ in range(16):
            a, r = float(rng.uniform(0, 6.28)), float(rng.uniform(0.2, 0.8))
            s = np.linspace(a, a + float(rng.uniform(0.5, 1.6)), 12)
            arc = np.stack((x + wide * r * np.cos(s), y + 0.006 + wide * 0.15 * r * np.sin(s)), 1)
            brush.line(arc, 0.0016, mix(ice, (1, 1, 1), 0.5))

    def _lantern(self, brush: Brush, x: float, y: float, tall: float) -> None:
        light = self.stage.light
        dark = light.lit(rgb("#3a3436"), 0.4)
        brush.line(np.array([(x, y), (x, y - tall * 0.8)]), tall * 0.06, dark)
        r = tall * 0.1
        glass = mix(light.lit(rgb("#c9b88a"), 0.6), rgb("#ffd890"), light.lamps)
        brush.fill(
            np.array(
                [
                    (x - r, y - tall),
                    (x - r * 0.8, y - tall * 0.8),
                    (x + r * 0.8, y - tall * 0.8),
                    (x + r, y - tall),
                ]
            ),
            glass,
        )
        brush.fill(np.array([(x - r * 1.3, y - tall), (x, y - tall * 1.12), (x + r * 1.3, y - tall)]), dark)
        brush.blob(x, y - tall * 1.09, r * 1.1, r * 0.45, light.lit((1.04, 1.06, 1.1), 0.9))

    def _edge(self) -> Plate:
        """A snow bank with a fence and great firs at one side, close to us."""
        stage, place, light = self.stage, self.stage.place("edge"), self.stage.light
        plate, ridge = hill(stage, "front", 1.15, 1.0, 0.03, 0.9, 0.0, self.white, 0.1, self.sun, 0.75)
        self._drifts(plate, ridge)
        brush = Brush(plate, 2)
        half, side = max(0.3, stage.aspect / 2), -stage.side("heavy house")
        if stage.chance("fence?") < 0.6:
            wood, snow = rgb("#6d5644"), light.lit((1.04, 1.06, 1.1), 0.95)
            posts = [side * half * s for s in np.linspace(0.35, 1.5, 9)]
            feet = [float(np.interp(x, plate.x[0], ridge)) + 0.02 for x in posts]
            for level in (0.045, 0.075):
                rail = np.array([(x, y - level) for x, y in zip(posts, feet, strict=True)])
                brush.line(rail, 0.009, light.lit(times(wood, 0.8), 0.5))
                brush.line(rail - (0, 0.006), 0.006, snow)
            for x, y in zip(posts, feet, strict=True):
                brush.line(np.array([(x, y + 0.01), (x, y - 0.1)]), 0.016, light.lit(wood, 0.6))
                brush.blob(x, y - 0.104, 0.013, 0.009, snow)
        for x, tall in ((0.98, 0.62), (1.16, 0.74), (0.8, 0.34)):
            at = -side * half * (x + float(place.normal(0, 0.03)))
            y = float(np.interp(at, plate.x[0], ridge)) + 0.06
            conifer(brush, place, at, y, tall, rgb("#38564c"), 0.55, stage, 0.0, 0.9, self.sun)
        brush.done()
        return plate

    # -- what is drawn per frame ----------------------------------------------------------------------

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        for plate in (*self.back, *self.slopes):
            plate.show(frame, t)
        self._smoke(frame, t)
        self._lights(frame, t)
        self.troupe.draw(frame, t)
        self.front.show(frame, t)
        self.weather.draw(frame, t)

    def _lights(self, frame: Image, t: float) -> None:
        """Windows, lanterns and the fir's lights, with what they throw on the snow."""
        stage, power = self.stage, self.stage.light.lamps
        if power < 0.05:
            return
        lamps, high, warm = Lamps(frame), stage.height, rgb("#ffae54")
        for i, (depth, x, y, size) in enumerate(self.windows):
            view = stage.view(t, depth)
            px, py = view.at(x, y)
            r = view.scale * size
            flicker = 0.9 + 0.1 * math.sin(t * 2.1 + i * 1.7)
            lamps.oval(px, py, r * 0.9, r * 1.2, warm, 0.36 * power * flicker)
        for depth, x, y, size in self.doors:
            view = stage.view(t, depth)
            px, py = view.at(x, y)
            lamps.spot(px, py, max(1.0, view.scale * size * 0.025), rgb("#ffd08a"), power)
            lamps.oval(
                px,
                py + view.scale * size * 0.2,
                view.scale * size * 0.34,
                view.scale * size * 0.05,
                warm,
                0.2 * power,
            )
        for i, (x, y, tall) in enumerate(self.lanterns):
            view = stage.view(t, 0.66)
            px, py = view.at(x, y)
            flicker = 0.92 + 0.08 * math.sin(t * 2.7 + i * 2.1)
            lamps.spot(px, py, view.scale * tall * 0.1, rgb("#ffd890"), power * flicker)
            lamps.oval(
                px,
                py + view.scale * tall,
                view.scale * tall * 0.9,
                view.scale * tall * 0.16,
                warm,
                0.26 * power * flicker,
            )
        hues = (rgb("#ffcf7a"), rgb("#ff6a4a"), rgb("#7ad0ff"), rgb("#8aff9a"), rgb("#ffe08a"))
        for x, y, depth, k in self.fairy:
            px, py = stage.view(t, depth).at(x, y)
            breathe = 0.6 + 0.4 * math.sin(t * 1.3 + k * 1.9)
            lamps.spot(px, py, high * 0.0035, hues[k % 5], 0.9 * power * breathe)
        lamps.add(1.0, 6.5, 1.1)
        halo(frame, 0.62, 0.3 * power)

    def _smoke(self, frame: Image, t: float) -> None:
        """Thin smoke from the chimneys, leaning with the wind."""
        stage = self.stage
        h, w = frame.shape[0] // 2, frame.shape[1] // 2
        ink = np.zeros((h, w), np.float32)
        lean = 0.15 + 0.5 * stage.spec.wind
        for i, (depth, x, y, size) in enumerate(self.smoke):
            if i % 3 == 2 and size < 0.2:
                continue
            view = stage.view(t, depth)
            puffs = 14
            for k in range(puffs):
                s = (k + (t * 0.7 + i * 0.37) % 1.0) / puffs
                across = lean * s * s + 0.045 * math.sin(s * 8 - t * 0.9 + i)
                px, py = view.at(x + size * across, y - size * (0.9 * s))
                r = view.scale * size * (0.025 + 0.11 * s) / 2
                tone = 0.3 * (1 - s) * min(1.0, s * 6)
                cv2.circle(ink, (int(px * 8), int(py * 8)), max(8, int(r * 16)), tone, -1, cv2.LINE_AA, 4)
        size_of = (frame.shape[1], frame.shape[0])
        soft = cv2.resize(cv2.GaussianBlur(ink, (0, 0), 2.2), size_of, interpolation=cv2.INTER_LINEAR)
        tint_over(frame, stage.light.lit(rgb("#e4e4ec"), 0.6), soft)
