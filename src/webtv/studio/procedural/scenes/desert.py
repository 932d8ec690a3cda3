"""Desert: dunes with crisp crests; canyon, savanna, oasis, cacti and pyramids by the words."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.aloft import Aloft
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.nature.arid import acacia, palm, saguaro, scrub
from webtv.studio.procedural.nature.drylands import Buttes, Dunes, Plain, Pyramids
from webtv.studio.procedural.nature.flora import Brush, Grass
from webtv.studio.procedural.nature.relief import Hit, Relief, Rough
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import SNOW
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage, blend, spread, tint_over
from webtv.studio.procedural.walkers import Troupe

_SAND = ("#e3b273", "#dca466", "#e6bd86", "#d99a5e")


def _land(stage: Stage) -> str:
    extras = stage.spec.extras | ({"oasis"} if "palm" in stage.spec.extras else set())
    asked = [k for k in ("pyramid", "canyon", "savanna", "oasis", "cactus") if k in extras]
    return asked[0] if asked else "dunes"


class Desert:
    """Sky, three slices of one landscape, who crosses it, and what the wind carries."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec = stage.spec
        self.land = _land(stage)
        aerial = spec.camera.aerial
        self.horizon = 0.3 if aerial else {"savanna": 0.6, "canyon": 0.58}.get(self.land, 0.54)
        self.eye = 0.95 if aerial else 0.34
        cast = self._cast()
        dreams = tuple(c for c in cast if FIGURES[c.kind].home == "under")
        walks = any(FIGURES[c.kind].home != "air" for c in cast)
        stage.focus = (0.0, self.horizon + (0.24 if walks else 0.02))
        ground = self.horizon + self.eye / (1.02 if not aerial else 1.6)
        back = self.horizon + self.eye / (1.75 if not aerial else 2.6)
        size, air = 0.9 if not aerial else 0.6, (0.1, self.horizon - 0.12)
        Troupe(stage, cast, ground, back, size, 1.0, air, 1.0).attend()
        self.sky = Sky(stage, self.horizon, clouds=self._clouds())
        if self.land == "savanna" and spec.time in {"golden", "sunset", "dawn"}:
            self.sky.sun_x *= 0.7
        self.sun = 1.0 if self.sky.sun_x > 0 else -1.0
        high = 0.2 + 0.36 * stage.light.height
        field: Dunes | Buttes | Plain | Pyramids
        if self.land == "canyon":
            field = Buttes(stage, -self.sun)
        elif self.land == "savanna":
            field = Plain(stage)
        elif self.land == "pyramid":
            field = Pyramids(stage, self.sun)
        else:
            field = Dunes(stage, self.sun, 0.55 if self.land in {"oasis", "cactus"} else 1.0)
        self.field = field
        self.relief = Relief(stage, self.horizon, self.eye, field, (self.sun, high, 0.08))
        self._grain = Rough(stage.place("sand grain"), 2.0, 1.0, 4, 40, cv2.INTER_LINEAR)
        self._broad = Rough(stage.place("sand broad"), 6.0, 1.6, 1, 12, cv2.INTER_LINEAR)
        self._sand = rgb(_SAND[int(stage.chance("sand") * len(_SAND))])
        tall = 0.8 if self.land == "oasis" else 0.5
        self.slices = [
            self.relief.plate(depth, near, far, self._paint, tall=tall, steps=steps, endless=far > 20)
            for depth, near, far, steps in (
                (0.1, 4.6, 30.0, 520),
                (0.4, 1.7, 5.2, 360),
                (0.95, 0.3, 1.9, 240),
            )
        ]
        side = stage.side("pool")
        self.pool = (side * 0.3, 2.45, 1.25, 0.75)  # x, distance, and how far it reaches across and away
        self._plant()
        self.rows = self._grass()
        self.troupe = Troupe(stage, cast, ground, back, size, self.sun, air, 1.0)
        # What swims has no place here but a dream's: it passes over the land.
        self.aloft = Aloft(stage, dreams, 0.0, self.horizon - 0.1, 0.9, self.sky.sun_x)
        self.weather = Weather(stage)
        self._dust = cv2.copyMakeBorder(
            noise.tile(256, stage.take("dust"), 1.5, low=2, high=60), 0, 1, 0, 1, cv2.BORDER_WRAP
        )

    def _clouds(self) -> float | None:
        return {"clear": 0.2 if self.land != "savanna" else 0.34}.get(self.stage.spec.weather)

    def _cast(self) -> tuple[Cast, ...]:
        """Whom the words name; else whoever lives here."""
        stage = self.stage
        named = tuple(c for c in stage.spec.cast if c.kind in FIGURES)
        if named:
            return named
        wild = {
            "savanna": ("elephant", "giraffe", "zebra", "antelope", "deer"),
            "canyon": ("eagle", "vulture", "bird"),
            "cactus": ("coyote", "eagle", "hare"),
        }.get(self.land, ("camel",))
        there = [k for k in wild if k in FIGURES]
        if not there:
            return (Cast("swallow", 4),)
        if self.land == "savanna":
            there = there[int(stage.chance("who grazes") * len(there)) :][:1]
        kind = there[0]
        count = 1 if FIGURES[kind].home == "air" else 2 + int(stage.chance("herd") * 3)
        return (Cast(kind, count, action="fly" if FIGURES[kind].home == "air" else "walk"),)

    def _ground(self) -> tuple[Colour, Colour]:
        """Local colour of the ground in the light and in the shade."""
        spec = self.stage.spec
        if spec.weather == "snow":
            return times(SNOW, 0.84), times(SNOW, (0.52, 0.6, 0.74))
        base = self._sand
        if self.land == "canyon":
            base = rgb("#cf8f62")
        elif self.land == "savanna":
            base = {"spring": rgb("#a5ad58"), "winter": rgb("#c9b27a")}.get(spec.season, rgb("#d3ae5c"))
        elif self.land == "cactus":
            base = mix(base, rgb("#c98d62"), 0.5)
        if spec.weather in {"rain", "storm"}:
            base = times(base, 0.8)
        if spec.palette and self.land == "dunes":
            base = mix(base, spec.palette[0], 0.35)
        return base, times(base, (0.5, 0.44, 0.48))

    def _paint(self, hit: Hit) -> Image:
        stage, light = self.stage, self.stage.light
        sunny, shady = self._ground()
        broad = self._broad(hit.x, hit.z)
        fade = np.clip(np.minimum(1.4 - hit.pixel / 0.008, 1.6 - hit.z / 4), 0, 1)
        lit = hit.facing
        rippled = {"savanna": 0.0, "canyon": 0.2, "cactus": 0.4, "pyramid": 0.6}.get(self.land, 1.0)
        if rippled:
            # Ripples stand across the wind, lean with the ground under them and are gone in patches.
            bend = broad * 1.3 + 2.2 * hit.across + 0.5 * self._grain(hit.x * 0.35, hit.z * 0.35)
            wave = np.sin(hit.x * 66 * self.sun + hit.z * 118 + bend * 4.5)
            patchy = np.clip(0.55 + 0.5 * self._broad(hit.z * 1.7, hit.x * 1.7 + 3), 0.1, 1)
            lit = lit + 0.07 * rippled * wave * fade * patchy * np.clip(1.25 - 5 * np.abs(hit.away), 0.2, 1)
        day = np.clip(0.35 + 1.0 * light.strength, 0, 1)
        open_ = np.clip(hit.open, 0, 1)
        direct = noise.smoothstep(0.02, 0.3, lit) * (0.5 + 0.75 * np.clip(lit, 0, 1)) * open_
        direct = direct * day + (1 - day) * np.clip(0.45 + 0.5 * hit.facing, 0, 1)
        grain = self._grain(hit.x, hit.z) * 0.02 * (0.4 + fade) + 0.025 * broad
        high = np.asarray(light.lit(times(sunny, 1.12), 1.12), np.float32)
        low = np.asarray(light.lit(shady, 0.12), np.float32)
        body = low + np.clip(direct + grain, 0, 1.2)[..., None] * (high - low)
        # The sky fills the shade of what looks up.
        fill = (0.1 * np.clip(1 - np.abs(hit.across) - hit.away, 0, 1) * (1 - open_ * direct))[..., None]
        body += fill * (np.asarray(light.sky[1], np.float32) - body)
        body = self.field.dress(stage, hit, body, np.clip(direct, 0, 1.1))
        air = 1 - np.exp(-np.maximum(hit.z - 1.2, 0) * (0.045 + 0.14 * light.fog))
        veil = (np.clip(air, 0, 0.93))[..., None]
        body += veil * (np.asarray(mix(light.haze, light.sky[-1], 0.45), np.float32) - body)
        return np.asarray(body, np.float32)

    def _plant(self) -> None:
        """What grows or stands on each slice."""
        stage, land = self.stage, self.land
        place = stage.place("plants")
        ranges = ((5.0, 14.0), (1.9, 4.4), (1.05, 1.7))
        amounts = {
            "savanna": (16, 5, 0),
            "oasis": (10, 18, 2),
            "cactus": (26, 12, 2),
            "canyon": (26, 26, 8),
        }.get(land, (0, 0, 0))
        for plate, (near, far), count in zip(self.slices, ranges, amounts, strict=True):
            if not count or plate.empty:
                continue
            brush = Brush(plate)
            for z in np.sort(place.uniform(near, far, count))[::-1]:
                x = float(place.uniform(-0.6, 0.6)) * stage.aspect * float(z)
                if land == "oasis":
                    around = self.pool[0] + self.pool[2] * (1.15 + 0.5 * float(place.random())) * (
                        1 if place.random() < 0.6 else -1
                    )
                    x = around if near < 5 else x * 0.5
                if near < 1.2 and abs(x / z) < 0.3:
                    x += 0.34 * float(z) * (1 if x > 0 else -1)
                px, py = self.relief.at(x, float(z))
                self._one(brush, place, px, py, float(z))
            brush.done()

    def _one(self, brush: Brush, place: np.random.Generator, x: float, y: float, z: float) -> None:
        stage = self.stage
        distance = min(0.9, 1 - math.exp(-(z - 1) * 0.06))
        grow = float(place.uniform(0.75, 1.2)) / z
        if self.land == "savanna":
            acacia(brush, place, x, y, 0.95 * grow, stage, distance, self.sun)
        elif self.land == "oasis":
            palm(brush, place, x, y, 0.95 * grow, stage, distance, self.sun)
            if place.random() < 0.6:
                scrub(brush, place, x + 0.08 * grow, y, 0.16 * grow, stage, distance, rgb("#7d9a4c"))
        elif self.land == "cactus" and place.random() < 0.6:
            saguaro(brush, place, x, y, 0.62 * grow, stage, distance, self.sun)
        else:
            scrub(brush, place, x, y, 0.1 * grow, stage, distance, rgb("#8a8a52"))

    def _grass(self) -> list[Grass]:
        if self.land != "savanna" or self.stage.spec.camera.aerial:
            return []
        gold = mix(self._ground()[0], rgb("#e0bd62"), 0.4)
        return [
            Grass(self.stage, "savanna1", 0.9, 0.87, 0.05, times(gold, 0.97), 0.0, 420, 1.0),
            Grass(self.stage, "savanna2", 1.0, 0.97, 0.1, times(gold, 0.9), 0.0, 380, 0.85),
            Grass(self.stage, "savanna3", 1.3, 1.1, 0.2, times(gold, 0.75), 0.0, 190, 0.6),
        ]

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        self.slices[0].show(frame, t)
        self._shimmer(frame, t)
        self.slices[1].show(frame, t)
        if self.land == "oasis":
            self._water(frame, t)
        self.slices[2].show(frame, t)
        self._blow(frame, t)
        for row in self.rows[:1]:
            row.draw(frame, t)
        self.troupe.draw(frame, t)
        self.aloft.draw(frame, t)
        for row in self.rows[1:]:
            row.draw(frame, t)
        self.weather.draw(frame, t)

    def _shimmer(self, frame: Image, t: float) -> None:
        """Hot air bends what is seen just above the horizon."""
        light = self.stage.light
        heat = max(0.0, light.strength - 0.4) * (0.0 if light.moon else 1.0) * (0.4 + light.height)
        if heat < 0.1 or self.stage.spec.weather != "clear":
            return
        view = self.stage.view(t, 0.1)
        low, high = view.at(0, self.horizon - 0.035)[1], view.at(0, self.horizon + 0.06)[1]
        first, last = max(0, int(low)), min(frame.shape[0], int(high))
        if last - first < 4:
            return
        band = frame[first:last]
        y = np.arange(last - first, dtype=np.float32)[:, None]
        x = np.arange(frame.shape[1], dtype=np.float32)[None, :]
        fade = np.sin(np.pi * (y + 0.5) / (last - first))
        size = min(frame.shape[0], frame.shape[1]) / 360 * heat * 1.5
        sway = np.sin(y * (360 / frame.shape[0]) * 0.75 - t * 4.6 + 0.012 * x)
        u = np.broadcast_to(x, (last - first, frame.shape[1])) + size * fade * sway
        v = y + 0.6 * size * fade * np.sin(x * (0.11 * 360 / frame.shape[0]) + y * 0.5 - t * 4.1)
        band[:] = cv2.remap(
            band.copy(),
            u.astype(np.float32),
            v.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )

    def _water(self, frame: Image, t: float) -> None:
        """The pool: it mirrors what stands behind it, with a green rim."""
        stage, light = self.stage, self.stage.light
        x, z, wide, deep = self.pool
        view = stage.view(t, 0.4)
        line = view.at(0, self.horizon + self.eye / (z + deep))[1]
        first, last = (
            max(4, int(line) - 6),
            min(frame.shape[0], int(view.at(0, self.horizon + self.eye / (z - deep))[1]) + 12),
        )
        if last - first < 4:
            return
        rows = (np.arange(first, last, dtype=np.float32) + 0.5)[:, None]
        columns = np.arange(frame.shape[1], dtype=np.float32)[None, :]
        away = self.eye / np.maximum((rows - view.top) / view.scale - self.horizon, 0.02)
        across = (columns - view.left) / view.scale * away
        bend = 0.06 * np.sin(across * 5.1 + 1) + 0.05 * np.sin(across * 11.3 + away * 3)
        inside = 1 - np.sqrt(((across - x) / wide) ** 2 + ((away - z) / deep) ** 2) + bend
        edge = np.clip(inside / 0.02, 0, 1).astype(np.float32)
        grass = np.clip((inside + 0.16) / 0.06, 0, 1) * np.clip(1 - inside / 0.02, 0, 1) * 0.75
        band = frame[first:last]
        tint_over(
            band,
            light.lit(rgb("#7f9a48"), 0.6),
            (grass * (0.8 + 0.2 * np.sin(across * 90))).astype(np.float32),
        )
        drop = np.maximum(rows - line, 0)
        n = np.sin(away * 60 + across * 9 - 1.6 * t) + 0.7 * np.sin(away * 97 - across * 14 + 2.3 * t)
        u = columns + n * (0.2 + drop * 0.02)
        v = np.clip(line - drop * 1.15 - n * (0.3 + drop * 0.03), 0, frame.shape[0] - 1)
        mirror = cv2.remap(
            frame, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        tint_over(mirror, light.lit(rgb("#2f8f96"), 0.5), np.full(mirror.shape[:2], 0.34, np.float32))
        cv2.multiply(mirror, spread(1 + 0.035 * n), dst=mirror)
        blend(band, mirror, edge)

    def _blow(self, frame: Image, t: float) -> None:
        """Sand in long streamers close over the ground, and the shadows of clouds."""
        stage, light = self.stage, self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        view = stage.view(t, 0.4)
        y = (np.arange(h, dtype=np.float32) * 4 + 2 - view.top) / view.scale - self.horizon
        z = self.eye / np.maximum(y, 0.02)
        x = (np.arange(w, dtype=np.float32) * 4 + 2 - view.left) / view.scale
        u = x[None, :] * z[:, None] * 26 - self.sun * t * (9 + 26 * stage.spec.wind)
        v = np.repeat((z * 92)[:, None], w, 1) + 3 * np.sin(u * 0.09 + t * 0.7)
        streak = cv2.remap(self._dust, noise.wrap(u), noise.wrap(v), cv2.INTER_LINEAR)
        amount = (0.12 + 0.34 * stage.spec.wind) * (0.35 if self.land == "savanna" else 1.0)
        fade = np.clip(y / 0.05, 0, 1) * np.clip(1.25 - y * 1.6, 0.2, 1)
        alpha = np.clip(streak - 0.35, 0, 1.6) * amount * fade[:, None]
        size = (frame.shape[1], frame.shape[0])
        big = cv2.resize(alpha.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        sand = mix(light.lit(times(self._ground()[0], 1.1), 1.0), light.haze, 0.3)
        tint_over(frame, sand, np.clip(big, 0, 0.6))
