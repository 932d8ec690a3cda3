"""Skies: above the clouds, flying; towers of cumulus, light between them, thunder far off, a rainbow."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.aloft import WINGED, Aloft
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.nature.aurora import Aurora
from webtv.studio.procedural.nature.cumulus import CloudSea, Tower, cloud_colours
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage, blend, screen_free, tint_over
from webtv.studio.procedural.walkers import Troupe

_BOWS = ("#e0503f", "#f0963e", "#f5e05a", "#6cc46a", "#4a9ad8", "#7a5cc0")


class Skies:
    """Sky, towers, the sea of clouds rushing under, who flies, and mist close to the lens."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, light = stage.spec, stage.light
        aerial = spec.camera.aerial
        self.storm = spec.weather in {"storm", "rain"}
        self.horizon = 0.4 if aerial else 0.66 if stage.aspect > 0.8 else 0.7
        stage.focus = (0.0, self.horizon - 0.16)
        self.sky = Sky(stage, self.horizon, clouds=0.24 if spec.weather in {"clear", "cloudy"} else 0.5)
        if not light.moon:
            self.sky.sun_y = max(self.sky.sun_y, 0.12)
        side = 1.0 if self.sky.sun_x > 0 else -1.0
        place = stage.place("skies")
        bright, dark, far = cloud_colours(stage)
        if self.storm:
            dark = times(dark, 0.62)
        up = 0.3 + 0.45 * light.height
        # Who pulls out flies on more slowly, who pushes in faster.
        pace = {"static": 0.35, "dolly": 0.35 + 0.22 * spec.camera.direction}.get(spec.camera.move, 0.6)
        self.speed = pace * (0.7 + 0.6 * spec.wind)
        self.sea = CloudSea(
            stage,
            self.horizon,
            0.85 if aerial else 0.52,
            (0.72 * side, up, 0.5),
            bright,
            dark,
            far,
            self.speed,
        )
        self.towers = []
        spots = [(-side * place.uniform(0.3, 0.5), place.uniform(0.42, 0.56), 0.75, 0.25)]
        spots += [(side * place.uniform(0.5, 0.75), place.uniform(0.3, 0.4), 0.8, 0.4)]
        spots += [(float(place.uniform(-0.2, 0.2)), place.uniform(0.16, 0.24), 1.0, 0.62)]
        spots += [(float(side * place.uniform(0.2, 0.45)), place.uniform(0.12, 0.17), 1.4, 0.72)]
        self.anvil = float(-side * 0.28)
        for k, (x, tall, wide, distance) in enumerate(reversed(spots)):
            thunder = self.storm and k == len(spots) - 1
            air = distance * (0.85 + 0.3 * light.fog)
            lit, shaded = mix(bright, far, air), mix(dark, far, air)
            if thunder:
                x, tall, lit, shaded = self.anvil, 0.62, mix(lit, dark, 0.35), times(shaded, 0.85)
            lean = 1.0 if self.sky.sun_x > x else -1.0
            at = float(x) * min(1.0, stage.aspect / 1.2)
            shape = stage.place(f"tower{k}")
            self.towers.append(
                Tower(
                    stage,
                    shape,
                    at,
                    self.horizon + 0.05,
                    float(tall),
                    wide,
                    (lean, 0.75),
                    lit,
                    shaded,
                    thunder,
                )
            )
        self.aurora = Aurora(stage, self.horizon, 0.9) if "aurora" in spec.extras else None
        cast = tuple(c for c in spec.cast if c.kind in FIGURES) or self._who()
        winged = tuple(c for c in cast if c.kind in WINGED or FIGURES[c.kind].home == "under")
        flies = tuple(c for c in cast if FIGURES[c.kind].home == "air")
        stands = tuple(c for c in cast if c not in flies and c not in winged)
        high = (0.16, self.horizon - 0.14) if not aerial else (0.24, 0.5)
        foot = self.horizon + (0.14 if not aerial else 0.3)
        self.flock = Troupe(stage, flies, foot, foot - 0.1, 1.35, side, high, 0.85)
        # Who has no wings walks on the clouds: a picture for children's stories.
        self.troupe = Troupe(stage, stands, foot + 0.12, foot + 0.02, 0.9, side, high, 0.85)
        self.aloft = Aloft(stage, winged, 0.0, stage.focus[1] - 0.06, 1.0, self.sky.sun_x)
        self._wisp = cv2.copyMakeBorder(
            noise.tile(256, stage.take("wisps"), 2.0, low=1, high=40), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        self._mist = mix(bright, far, 0.4)
        self._rays = noise.Profile(stage.take("shafts"), 0.16, 3, 0.55)
        self._flash = stage.take("flashes").uniform(0, 1, 12)
        self.weather = Weather(stage)

    def _who(self) -> tuple[Cast, ...]:
        stage = self.stage
        kinds = [k for k in ("balloon", "bird", "airplane", "eagle", "swallow") if k in FIGURES]
        kind = kinds[int(stage.chance("who flies") * len(kinds))]
        if stage.light.moon and "swallow" in FIGURES:
            kind = "swallow"
        count = {"balloon": 4, "airplane": 1, "eagle": 2}.get(kind, 7)
        return (Cast(kind, count, action="fly"),)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        if "rainbow" in self.stage.spec.extras:
            self._rainbow(frame, t)
        first = min(frame.shape[0], max(0, int(self.stage.view(t, 0.0).at(0, self.horizon)[1])))
        frame[first:] = np.asarray(mix(self.stage.light.sky[-1], self.stage.light.haze, 0.35), np.float32)
        for k, tower in enumerate(self.towers):
            near = 1 / (1 - min(0.5, 0.012 * self.speed * (k + 1) * (t - self.stage.seconds / 2)))
            tower.draw(frame, t, near)
            if self.storm and k == len(self.towers) - 1:
                self._lightning(frame, t)
        self.sea.draw(frame, t)
        self._shafts(frame, t)
        self.flock.draw(frame, t)
        self.aloft.draw(frame, t)
        self.troupe.draw(frame, t)
        self._wisps(frame, t)
        self.weather.draw(frame, t)

    def _grid(self, frame: Image, t: float, q: int, depth: float) -> tuple[Image, Image]:
        view = self.stage.view(t, depth)
        x = (np.arange(frame.shape[1] // q, dtype=np.float32)[None, :] * q + q / 2 - view.left) / view.scale
        y = (np.arange(frame.shape[0] // q, dtype=np.float32)[:, None] * q + q / 2 - view.top) / view.scale
        return x, y

    @staticmethod
    def _full(frame: Image, small: Image) -> Image:
        size = (frame.shape[1], frame.shape[0])
        return np.asarray(cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR))

    def _shafts(self, frame: Image, t: float) -> None:
        """Rays from the sun through gaps, turning slowly."""
        light = self.stage.light
        power = light.strength * (0.4 if light.moon else 1.0) * (0.75 if light.height < 0.2 else 0.45)
        if power < 0.08:
            return
        x, y = self._grid(frame, t, 4, 0.0)
        dx, dy = x - self.sky.sun_x, y - self.sky.sun_y
        away = np.sqrt(dx * dx + dy * dy)
        angle = np.arctan2(dy, dx)
        ray = 0.5 + 0.5 * self._rays(angle + 0.03 * t) * (0.7 + 0.3 * self._rays(angle * 2.3 - 0.05 * t + 9))
        fall = np.exp(-away * 2.6) * np.clip(away / 0.06, 0, 1)
        glow = power * fall * (0.16 + 0.5 * np.clip(ray, 0, 1) ** 2)
        screen_free(frame, light.glow, self._full(frame, glow))

    def _wisps(self, frame: Image, t: float) -> None:
        """Cloud that the lens itself flies through: two layers, near and nearer."""
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        x, y = self._grid(frame, t, 4, 1.0)
        alpha = np.zeros((h, w), np.float32)
        for k, (scale, pace, low) in enumerate(((46.0, 13.0, 0.9), (24.0, 26.0, 1.05))):
            near = 1 / (1.2 - np.clip(y - self.horizon + 0.5, 0, 1) * 0.5)
            u = noise.wrap(np.broadcast_to(x * near * scale + (t * pace * self.speed + 80 * k), (h, w)))
            v = noise.wrap(np.broadcast_to(y * scale * 2.6 + 50 * k, (h, w)) + 4 * np.sin(u * 0.05 + 0.4 * t))
            body = cv2.remap(self._wisp, u, v, cv2.INTER_LINEAR)
            alpha += np.clip(body - low, 0, 1) * 0.34
        alpha *= np.clip((y - self.horizon + 0.22) / 0.45, 0.05, 1)
        tint_over(frame, self._mist, np.clip(self._full(frame, alpha), 0, 0.5))

    def _rainbow(self, frame: Image, t: float) -> None:
        """A bow opposite the sun: red outside, violet inside, brighter sky within it."""
        last = min(frame.shape[0], int(self.stage.view(t, 0.0).at(0, self.horizon + 0.05)[1])) // 2 * 2
        if last < 4:
            return
        x, y = self._grid(frame[:last], t, 2, 0.0)
        side = -1.0 if self.sky.sun_x > 0 else 1.0
        away = np.sqrt((x - 0.2 * side) ** 2 + (y - self.horizon - 0.1) ** 2)
        fade = np.clip((self.horizon + 0.05 - y) / 0.25, 0, 1) * (0.95 + 0.05 * math.sin(0.8 * t))
        position = (0.6 - away) / 0.072  # 0 at the red edge, 1 at the violet one
        within = np.clip(position * 6 + 0.5, 0, 1) * np.clip((1 - position) * 5 + 0.5, 0, 1)
        alpha = fade * (0.5 * within + 0.05 * (position > 1))
        stops = np.array([rgb(code) for code in _BOWS], np.float32)
        at = np.clip(position, 0, 1) * (len(stops) - 1)
        colour = cv2.merge(
            [np.interp(at, np.arange(len(stops)), stops[:, k]).astype(np.float32) for k in range(3)]
        )
        colour[position > 1.1] = 1.0
        size = (frame.shape[1], last)
        strength = 0.35 + 0.65 * self.stage.light.ambient[1]
        blend(
            frame[:last],
            cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR),
            cv2.resize((alpha * strength).astype(np.float32), size, interpolation=cv2.INTER_LINEAR),
        )

    def _lightning(self, frame: Image, t: float) -> None:
        """Light that swells and dies inside the thundercloud: slow enough to hurt nobody."""
        x, y = self._grid(frame, t, 4, 0.08)
        glow = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
        for k, chance in enumerate(self._flash[:6]):
            begin = 0.9 * k + 0.5 * float(chance)
            since = (t - begin) % 5.4
            swell = math.sin(math.pi * min(1.0, since / 1.3)) ** 2
            if swell < 0.01:
                continue
            cx = self.anvil + 0.2 * (float(self._flash[6 + k]) - 0.5)
            cy = self.horizon - 0.12 - 0.3 * float(chance)
            glow += swell * np.exp(-(((x - cx) / 0.09) ** 2) - ((y - cy) / 0.07) ** 2)
        screen_free(frame, (0.78, 0.8, 1.0), self._full(frame, np.clip(glow * 0.55, 0, 0.8)))
