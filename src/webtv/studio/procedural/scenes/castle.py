"""Castle: great buildings in a landscape; temple, ruin or palace where the words ask for one."""

import math
from typing import Any

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.aloft import WINGED, Aloft
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.nature.aurora import Aurora
from webtv.studio.procedural.nature.flora import LEAVES, Brush, Grass, broadleaf, conifer
from webtv.studio.procedural.nature.grounds import Grounds
from webtv.studio.procedural.nature.relief import Hit, Relief, Rough
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import ground_colour, peaks
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.outline import polygon
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage, spread, tint_over
from webtv.studio.procedural.town.buildings import castle, pagoda, palace, ruin, spread_of, stone_lantern
from webtv.studio.procedural.town.masonry import Mason
from webtv.studio.procedural.walkers import Troupe


def _kind(stage: Stage) -> str:
    return next((k for k in ("temple", "ruin", "palace") if k in stage.spec.extras), "castle")


class Castle:
    """Sky, far mountains, the hill with its building, water that mirrors it, a bank with whoever is there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, light = stage.spec, stage.light
        self.kind = _kind(stage)
        aerial, upright = spec.camera.aerial, stage.aspect < 0.8
        self.horizon = 0.36 if aerial else 0.56
        self.eye = 0.75 if aerial else 0.34
        side = stage.side("castle")
        shift = 0.0 if self.kind == "palace" or upright else side * 0.13
        cast = tuple(c for c in spec.cast if c.kind in FIGURES)
        winged = tuple(c for c in cast if c.kind in WINGED)
        ground = tuple(
            c for c in cast if FIGURES[c.kind].home not in {"air", "water", "under"} and c not in winged
        )
        afloat = tuple(c for c in cast if FIGURES[c.kind].home in {"water", "under"})
        flying = tuple(c for c in cast if FIGURES[c.kind].home == "air") or (
            Cast("swallow", 5, action="fly"),
        )
        self.lake = (
            bool({"lake", "moat", "pool"} & spec.extras)
            or self.kind == "palace"
            or bool(afloat)
            or stage.chance("mirror?") < 0.5
        )
        self.site = Grounds(stage, self.kind, shift * 4.6, 4.6, self.lake, 1.3 if ground else 0.98)
        stage.focus = (shift * 0.7, self.horizon + (0.12 if ground else -0.1))
        self.sky = Sky(stage, self.horizon, sun_x=-side * float(stage.place("castle sun").uniform(0.14, 0.4)))
        self.sun = 1.0 if self.sky.sun_x > 0 else -1.0
        winter = spec.season == "winter" or spec.weather == "snow"
        self.winter = winter
        self.ranges = [
            peaks(
                stage,
                f"castle range{k}",
                depth,
                self.horizon + 0.01,
                rise,
                0.9,
                distance,
                snow,
                self.sun,
                self.horizon + 0.05,
                wood,
            )[0]
            for k, (depth, rise, distance, snow, wood) in enumerate(
                ((0.06, 0.27, 0.82, 0.8 if winter else 0.17, 0.0), (0.12, 0.12, 0.6, 0.3 * winter, 0.5))
            )
        ]
        self.aurora = Aurora(stage, self.horizon, 0.85) if "aurora" in spec.extras else None
        self._grain = Rough(stage.place("site grain"), 1.8, 1.1, 2, 40, cv2.INTER_LINEAR)
        self._meadow = Rough(stage.place("site meadow"), 3.2, 1.4, 1, 16, cv2.INTER_LINEAR)
        relief = Relief(
            stage, self.horizon, self.eye, self.site, (self.sun, 0.45 + 0.5 * light.height, -0.25)
        )
        self.relief = relief
        self.back = relief.plate(0.24, 2.6, 16.0, self._paint, steps=300, tall=0.64, endless=True)
        self.front = relief.plate(0.95, 0.3, 1.7 if self.lake else 2.9, self._paint, steps=200, tall=0.05)
        self.mason = self._build()
        self.banners = self.mason.pennants
        self._flame = stage.take("windows").uniform(0, 6.28, len(self.mason.windows) + 1)
        green = ground_colour(stage)
        flowers = 0.0 if winter else 0.35
        self.rows = [] if aerial else [
            Grass(stage, "keep grass1", 1.0, 0.985, 0.06, times(green, 0.95), flowers, 360, 0.85),
            Grass(stage, "keep grass2", 1.3, 1.11, 0.16, times(green, 0.8), flowers, 180, 0.62),
        ]  # fmt: skip
        self.troupe = Troupe(
            stage,
            ground,
            self.horizon + self.eye / 1.0,
            self.horizon + self.eye / (1.2 if self.lake else 1.5),
            0.85 if not aerial else 0.5,
            self.sun,
            (0.1, 0.4),
            0.95,
        )
        self.flock = Troupe(stage, flying, 0.8, 0.6, 0.85, self.sun, (0.1, self.horizon - 0.2), 0.8)
        self.aloft = Aloft(stage, winged, -shift * 1.6, 0.26, 0.55, self.sky.sun_x)
        self.afloat = [
            (c, 0.26 * (i - (min(4, c.count or 1) - 1) / 2) + 0.05, 2.0 + 0.25 * i)
            for c in afloat
            for i in range(min(4, c.count or 1))
        ]
        petals = {"spring": "petals", "autumn": "leaves"}.get(spec.season) if self.kind == "temple" else None
        self.petals = Weather(stage, petals, 0.8) if petals and spec.weather in {"clear", "cloudy"} else None
        self.weather = Weather(stage)
        self._noise = cv2.copyMakeBorder(
            noise.tile(256, stage.take("castle ripple"), 1.5, low=3, high=60), 0, 1, 0, 1, cv2.BORDER_WRAP
        )

    def _paint(self, hit: Hit) -> Image:
        light = self.stage.light
        grass = ground_colour(self.stage)
        fade = np.clip(1.4 - hit.pixel / 0.012, 0.15, 1)
        mottle = 0.1 * self._meadow(hit.x, hit.z) + 0.08 * self._grain(hit.x, hit.z) * fade
        direct = np.clip((0.2 + 0.75 * hit.facing) * (0.35 + 0.65 * hit.open), 0, 1.1)[..., None]
        high, low = (
            np.asarray(light.lit(times(grass, 1.05), 1.0), np.float32),
            np.asarray(light.lit(times(grass, (0.5, 0.55, 0.6)), 0.15), np.float32),
        )
        if min(grass) > 0.7:
            low = np.asarray(light.lit(times(grass, (0.72, 0.8, 0.95)), 0.4), np.float32)
            mottle = mottle * 0.3
        body = (low + direct * (high - low)) * (1 + mottle)[..., None]
        steep = np.sqrt(hit.across**2 + hit.away**2)
        rocky = noise.smoothstep(0.75, 1.15, steep + 0.16 * self._grain(hit.x * 1.4, hit.z * 1.4))[..., None]
        layers = 0.08 * np.sin(hit.height * 42 + 2.5 * self._grain(hit.x, hit.z))
        stone_high = np.asarray(light.lit(rgb("#a59a8a"), 1.05), np.float32)
        stone_low = np.asarray(light.lit(rgb("#4f4a4c"), 0.15), np.float32)
        stone = (stone_low + direct * (stone_high - stone_low)) * (1 + layers + 1.4 * mottle)[..., None]
        body += rocky * (stone - body)
        off = np.abs(hit.x - self.site.path(hit.z)) - 0.012 * self._grain(hit.x * 2, hit.z * 2)
        trod = noise.smoothstep(0.105, 0.075, off) * (
            1 - noise.smoothstep(self.site.z - 0.75, self.site.z - 0.55, hit.z)
        )
        if self.kind == "palace":
            trod = trod * 0
        earth = np.asarray(
            light.lit(mix(rgb("#cbb089"), grass, 0.12 if min(grass) < 0.7 else 0.55), 0.85), np.float32
        )
        body += (0.85 * trod)[..., None] * (earth * (0.6 + 0.45 * direct) - body)
        if self.lake:
            wet = noise.smoothstep(0.028, 0.008, hit.height)[..., None]
            body *= 1 - 0.4 * wet
        air = np.clip(1 - np.exp(-np.maximum(hit.z - 2.5, 0) * (0.05 + 0.12 * light.fog)), 0, 0.9)[..., None]
        body += air * (np.asarray(mix(light.haze, light.sky[-1], 0.3), np.float32) - body)
        cover = noise.smoothstep(0.0, 0.012, hit.height) if self.lake else np.ones_like(hit.height)
        return np.dstack((body, cover)).astype(np.float32)

    def _leaf(self) -> Colour:
        names = LEAVES[self.stage.spec.season]
        return rgb(names[int(self.stage.chance("leaf") * len(names))])

    def _build(self) -> Mason:
        stage, site = self.stage, self.site
        place = stage.place("building")
        x, y = self.relief.at(site.x, site.z)
        tall = {"castle": 0.35, "temple": 0.5, "ruin": 0.42, "palace": 0.42}[self.kind]
        room = 0.47 * stage.aspect / spread_of(self.kind)
        tall = min(tall, room) * (0.8 if stage.spec.camera.aerial else 1.0)
        self._trees(place, before=False)
        mason = Mason(stage, self.back, self.sun, 0.16 + 0.2 * stage.light.fog)
        accent = stage.spec.palette[0] if stage.spec.palette else None
        if self.kind == "temple":
            pagoda(mason, place, x, y + 0.012, tall, accent)
            for s in (-0.5, -0.38, 0.38, 0.5):
                stone_lantern(mason, x + s * tall, y + 0.035 * abs(s) + 0.02, 0.12 * tall)
        elif self.kind == "ruin":
            ruin(mason, place, x, y + 0.015, tall, self._leaf() if not self.winter else rgb("#6b6a58"))
        elif self.kind == "palace":
            palace(mason, place, x, y + 0.02, tall, accent)
        else:
            castle(mason, place, x, y + 0.006, tall, accent)
        mason.done(0.75 if self.kind in {"castle", "ruin"} else 0.3)
        self._trees(place, before=True)
        return mason

    def _trees(self, place: np.random.Generator, before: bool) -> None:
        """Woods about the foot of the hill: some behind the building, some before it."""
        stage, site = self.stage, self.site
        brush = Brush(self.back)
        count = {"castle": 60, "temple": 46, "ruin": 30, "palace": 34}[self.kind]
        low, high = (3.15, site.z - 0.35) if before else (site.z + 0.3, 8.5)
        for z in np.sort(place.uniform(low, high, count))[::-1].tolist():
            x = float(place.uniform(-0.62, 0.62)) * z * max(1.0, stage.aspect)
            if self.kind == "palace":  # an avenue
                x = site.x + (1 if place.random() < 0.5 else -1) * (0.62 * z + 0.5 * float(place.random()))
            if before:
                # Nothing grows on the crag itself, nor on the path.
                steep = 1.12 if self.kind == "castle" else 0.75
                path = float(site.path(np.array([z]))[0])
                if abs(x - site.x) < steep * site.wide or abs(x - path) < 0.22:
                    continue
            elif abs(x / z - site.x / site.z) * site.z < 1.2 * site.wide * (self.kind != "palace"):
                continue  # the hill hides it
            px, py = self.relief.at(x, z)
            distance = min(0.85, 0.1 + 0.07 * (z - 2.5))
            tall = float(place.uniform(0.24, 0.5)) / z
            slim = self.kind == "palace" or (self.kind == "castle" and place.random() < 0.6)
            leaf = times(self._leaf(), float(place.uniform(0.8, 1.1)))
            if self.kind == "temple" and stage.spec.season == "spring":
                leaf = rgb(("#f2b8cb", "#f6cfdb", "#e89ab8")[int(place.integers(3))])
            if slim or (self.winter and stage.spec.season != "winter"):  # no leaf keeps green under snow
                conifer(
                    brush,
                    place,
                    px,
                    py,
                    tall * 1.25,
                    rgb("#4f6d48"),
                    0.6,
                    stage,
                    distance,
                    0.8 if self.winter else 0.0,
                    self.sun,
                )
            else:
                broadleaf(brush, place, px, py, tall, leaf, 0.8, stage, distance, self.sun)
        brush.done()

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        for k, plate in enumerate(self.ranges):
            plate.show(frame, t)
            self._mist(frame, t, self.horizon - 0.01 + 0.02 * k, 0.05, 0.3 + 0.4 * self.stage.light.fog)
        first = max(0, int(self.stage.view(t, 0.12).at(0, self.horizon + 0.045)[1]))
        frame[first:] = np.asarray(self.stage.light.haze, np.float32)
        self.back.show(frame, t)
        self._flags(frame, t)
        self._lights(frame, t)
        self._mist(
            frame,
            t,
            self.horizon + 0.07,
            0.03,
            (0.34 if self.kind == "temple" else 0.16) + 0.4 * self.stage.light.fog,
        )
        if self.lake:
            self._water(frame, t)
        self.flock.draw(frame, t)
        self.aloft.draw(frame, t)
        self.front.show(frame, t)
        self.troupe.draw(frame, t)
        for row in self.rows:
            row.draw(frame, t)
        if self.petals is not None:
            self.petals.draw(frame, t)
        self.weather.draw(frame, t)

    def _flags(self, frame: Image, t: float) -> None:
        view = self.stage.view(t, self.back.depth)
        wind = 0.4 + 0.6 * self.stage.spec.wind
        for k, flag in enumerate(self.banners):
            s = np.linspace(0, 1, 9)
            wave = 0.22 * np.sin(s * 5.5 - t * (4 + 3 * wind) + k) * s
            x = flag.x - self.sun * flag.size * s * (0.75 + 0.25 * wind)
            top, half = flag.y + flag.size * (wave + 0.2 * s * (1 - wind)), 0.3 * flag.size * (1 - 0.75 * s)
            outline = np.concatenate((np.stack((x, top), 1), np.stack((x, top + 2 * half), 1)[::-1]))
            polygon(frame, outline * view.scale + (view.left, view.top), flag.colour)

    def _lights(self, frame: Image, t: float) -> None:
        lamps = self.stage.light.lamps
        if lamps < 0.2:
            return
        view = self.stage.view(t, self.back.depth)
        lit = Lamps(frame)
        for (x, y, size), phase in zip(self.mason.windows, self._flame, strict=False):
            power = lamps * (0.4 + 0.05 * math.sin(2.1 * t + phase) + 0.03 * math.sin(5.3 * t + 2 * phase))
            px, py = view.at(x, y)
            lit.spot(px, py, max(0.8, size * view.scale * 0.2), rgb("#ffb860"), power)
        lit.add(0.8, 4.0, 0.8)

    def _mist(self, frame: Image, t: float, centre: float, wide: float, strength: float) -> None:
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.2)
        y0 = max(0, int(view.at(0, centre - 2.2 * wide)[1])) // 4 * 4
        y1 = min(frame.shape[0], int(view.at(0, centre + 2.2 * wide)[1]))
        h, w = (y1 - y0) // 4, frame.shape[1] // 4
        if h < 2:
            return
        y = (np.arange(h, dtype=np.float32) * 4 + y0 + 2 - view.top) / view.scale
        x = (np.arange(w, dtype=np.float32) * 4 - view.left) / view.scale
        u = noise.wrap(np.repeat((x * 44 + t * 2.4 + 900 * centre)[None, :], h, 0))
        v = noise.wrap(np.repeat((y * 210)[:, None], w, 1) + 8 * np.sin(u * 0.07 + t * 0.3))
        cloud = np.clip(0.4 + 0.42 * cv2.remap(self._noise, u, v, cv2.INTER_LINEAR), 0, 1)
        alpha = cloud * np.exp(-(((y - centre) / wide) ** 2))[:, None] * strength
        big = cv2.resize(alpha.astype(np.float32), (frame.shape[1], h * 4), interpolation=cv2.INTER_LINEAR)
        tint_over(frame[y0 : y0 + h * 4], mix(light.haze, light.sky[-1], 0.4), np.clip(big, 0, 0.9))

    def _water(self, frame: Image, t: float) -> None:
        """Still water before the hill: the picture above, upside down, broken by ripples."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, self.back.depth)
        line = view.at(0, self.horizon + self.eye / 3.06)[1]
        first = math.ceil(view.at(0, self.horizon + self.eye / 3.7)[1])
        first = max(0, first)
        rows, w = frame.shape[0] - first, frame.shape[1]
        if rows < 2:
            return
        drop = np.maximum(np.arange(rows, dtype=np.float32)[:, None] + 0.5 + first - line, 0.5)
        near = drop / (stage.height * stage.zoom)
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        u = noise.wrap(x / (near + 0.08) * 7 + t * 3)
        v = noise.wrap(np.repeat(10 / (near + 0.05), w, 1) + t * 4)
        n = cv2.remap(self._noise, u, v, cv2.INTER_LINEAR)
        calm = (0.25 + 0.7 * stage.spec.wind) * stage.height * stage.zoom / 360
        sx = np.arange(w, dtype=np.float32)[None, :] + n * (0.4 + near * 8) * calm
        sy = np.clip(line - drop * 1.05 - n * (0.6 + near * 18) * calm, 0, max(0, first - 1))
        # With the shore out of the picture the water mirrors only air.
        air = np.asarray(light.sky[2], np.float32) * np.ones((1, w, 1), np.float32)
        mirror = cv2.remap(
            frame[:first] if first >= 4 else air,
            sx.astype(np.float32),
            sy.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        deep = times(mix(light.sky[1], rgb("#1f4a50"), 0.55), 0.45 + 0.3 * light.ambient[1])
        tint_over(mirror, deep, np.repeat(np.clip(0.12 + near * 1.5, 0, 0.7), w, 1))
        cv2.multiply(mirror, spread(1 + 0.06 * n), dst=mirror)
        # The far shore is land where the plate is land; the mirror begins where it ends.
        shore = self._shore(frame, t, first, rows)
        mirror = mirror + shore * (frame[first : first + rows] - mirror)
        frame[first : first + rows] = mirror
        for cast, at, z in self.afloat:
            figure = FIGURES[cast.kind]
            pace = float(cast.heading or 1) * 0.012 * (t - stage.seconds / 2)
            spot = stage.view(t, 0.5)
            px, py = spot.at(at + pace, self.horizon + self.eye / z)
            pose = Pose(
                px,
                py,
                spot.scale * figure.size * 1.2 / z**0.5,
                float(cast.heading or 1),
                t,
                at % 1,
                cast.action or "sail",
                cast.colour,
                light.lamps,
            )
            figure.draw(pose).lay(frame, light, self.sun, 0.1, reflect=0.45)

    def _shore(self, frame: Image, t: float, first: int, rows: int) -> Image:
        """How much of what the back plate shows below the water line is land."""
        shown: tuple[Any, ...] | None = self.back._shown
        out = np.zeros((rows, frame.shape[1], 3), np.float32)
        if shown is None:
            return out
        top, bottom, _, rest, *solid = shown
        low, high = max(first, top), min(first + rows, bottom)
        if low < high:
            out[low - first : high - first] = 1 - rest[low - top : high - top]
        for part in solid:
            out[max(0, bottom - first) : max(0, bottom + len(part) - first)] = 1
        return out
