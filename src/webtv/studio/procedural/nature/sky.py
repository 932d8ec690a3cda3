"""The sky: gradient, sun or moon, stars, clouds on a plane above the land, and their slow drift."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, ramp, times
from webtv.studio.procedural.stage import Image, Stage, blend, tint_over

_TILE = 512


class Sky:
    """Sky above a horizon.

    Args:
        stage: the stage.
        horizon: world height of the horizon.
        clouds: how much of the sky they cover, 0..1; None follows the weather.
        sun_x: world x of sun or moon; None takes one from the place.
    """

    def __init__(
        self, stage: Stage, horizon: float, clouds: float | None = None, sun_x: float | None = None
    ) -> None:
        self.stage = stage
        self.horizon = horizon
        light = stage.light
        place, take = stage.place("sky"), stage.take("sky")
        side = place.choice((-1.0, 1.0))
        self.sun_x = float(side * place.uniform(0.16, 0.42)) if sun_x is None else sun_x
        self.sun_y = horizon - light.height * min(1.0, horizon / 0.5)
        weather = stage.spec.weather
        cover = {"clear": 0.34, "cloudy": 0.7, "rain": 0.85, "storm": 0.92, "snow": 0.8, "fog": 0.5}[weather]
        if light.stars > 0.5 and weather == "clear":
            cover = 0.2
        self.cover = cover * float(place.uniform(0.8, 1.15)) if clouds is None else clouds
        self._speed = (0.4 + stage.spec.wind) * float(take.choice((-1.0, 1.0)))
        self._shift = [float(shift) for shift in take.uniform(0, _TILE, 2)]
        rng = np.random.default_rng([int(place.integers(2**31)), 7])
        self._density = noise.tile(_TILE, rng, 1.7, low=2)
        self._density = cv2.copyMakeBorder(self._density, 0, 1, 0, 1, cv2.BORDER_WRAP)
        top, bottom = (c for c in (light.sky[0], light.sky[-1]))
        level = 0.5 * (light.sky[2][0] + light.sky[2][1])
        if light.moon or light.stars > 0.2:
            self._bright = mix(times(light.haze, 1.25), light.glow, 0.25)
            self._dark = mix(times(top, 1.1), light.haze, 0.25)
        else:
            self._bright = mix(light.key, (1, 1, 1), 0.3 if level > 0.6 else 0.05)
            self._dark = mix(mix(top, bottom, 0.45), light.ambient, 0.55)
        if weather in {"rain", "storm"}:
            self._bright = mix(self._bright, light.sky[2], 0.6)
            self._dark = times(mix(self._dark, light.sky[0], 0.5), 0.92)
        self._ramp = ramp([(i / (len(light.sky) - 1), c) for i, c in enumerate(light.sky)], 512)
        self._stars = self._star_field() if light.stars > 0.05 and weather in {"clear", "cloudy"} else None
        self._base: tuple[tuple[float, float, float], Image] | None = None

    @property
    def ramp(self) -> Image:
        """float32[512, 3] from zenith to horizon."""
        return self._ramp

    def at(self, t: float) -> tuple[float, float]:
        """Pixel position of the sun or moon."""
        return self.stage.view(t, 0.0).at(self.sun_x, self.sun_y)

    def draw(self, frame: Image, t: float) -> None:
        """Fill the frame down to the horizon."""
        view = self.stage.view(t, 0.0)
        key = (view.scale, view.left, view.top)
        bottom = int(min(frame.shape[0], max(1, math.ceil(view.at(0, self.horizon)[1]) + 2)))
        if self._base is None or self._base[0] != key:
            self._base = (key, self._still(bottom, frame.shape[1], t))
        sky = frame[:bottom]
        sky[:] = self._base[1]
        if self._stars is not None:
            self._draw_stars(sky, t)
        self._disc(sky, t)
        if self.cover > 0.02:
            self._draw_clouds(sky, t)

    def _still(self, rows: int, width: int, t: float) -> Image:
        light = self.stage.light
        view = self.stage.view(t, 0.0)
        horizon = view.at(0, self.horizon)[1]
        height = self.stage.height * self.stage.zoom * max(0.3, self.horizon)
        y = np.arange(rows, dtype=np.float32)
        place = np.clip(1 - (horizon - y) / height, 0, 1) ** 1.15
        column = np.stack([np.interp(place, np.linspace(0, 1, 512), self._ramp[:, k]) for k in range(3)], 1)
        out = np.repeat(column.astype(np.float32)[:, None, :], width, axis=1)
        # The glow is smooth: a quarter of the resolution shows all of it.
        sx, sy = self.at(t)
        unit = self.stage.height * self.stage.zoom
        w, h = max(2, width // 4), max(2, rows // 4)
        dx = ((np.arange(w, dtype=np.float32)[None, :] + 0.5) * (width / w) - 0.5 - sx) / unit
        dy = ((np.arange(h, dtype=np.float32)[:, None] + 0.5) * (rows / h) - 0.5 - sy) / unit
        squared = dx * dx * 0.55 + dy * dy
        wide = np.exp(-np.sqrt(squared) * 3.6) * 0.55 + np.exp(-squared * 60) * 0.28
        wide *= light.strength * (0.5 if light.moon else 1)
        tint_over(out, light.glow, cv2.resize(wide, (width, rows), interpolation=cv2.INTER_CUBIC))
        return out

    def _disc(self, sky: Image, t: float) -> None:
        light = self.stage.light
        if light.strength < 0.3:
            return
        x, y = self.at(t)
        unit = self.stage.height * self.stage.zoom
        radius = unit * (0.026 if light.moon else 0.03)
        reach = radius * 5
        x0, x1 = max(0, int(x - reach)), min(sky.shape[1], int(x + reach) + 1)
        y0, y1 = max(0, int(y - reach)), min(sky.shape[0], int(y + reach) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        dx = np.arange(x0, x1, dtype=np.float32)[None, :] - x
        dy = np.arange(y0, y1, dtype=np.float32)[:, None] - y
        distance = np.sqrt(dx * dx + dy * dy)
        disc = np.clip(radius - distance + 0.5, 0, 1)
        halo = np.exp(-((distance / radius) ** 2) * 0.22) * 0.5
        patch = sky[y0:y1, x0:x1]
        tint_over(patch, light.disc, (np.maximum(disc, halo) * min(1.0, light.strength)).astype(np.float32))
        if light.moon:
            seas = np.exp(-(((dx - radius * 0.25) ** 2 + (dy + radius * 0.2) ** 2) / (radius * 0.5) ** 2))
            seas += 0.8 * np.exp(
                -(((dx + radius * 0.4) ** 2 + (dy - radius * 0.3) ** 2) / (radius * 0.4) ** 2)
            )
            tint_over(patch, times(light.disc, 0.78), (disc * seas * 0.4 * light.strength).astype(np.float32))

    def _star_field(self) -> tuple[NDArray[np.float32], ...]:
        rng = self.stage.place("stars")
        count = 520
        x0, x1, y0, _, _ = self.stage.bounds(0.0)
        x = rng.uniform(x0, x1, count).astype(np.float32)
        y = (y0 + (self.horizon - y0) * rng.uniform(0, 1, count) ** 1.3).astype(np.float32)
        size = (rng.pareto(2.2, count) * 0.2 + 0.12).clip(0, 1.0).astype(np.float32)
        return x, y, size, rng.uniform(0, 6.28, count).astype(np.float32)

    def _draw_stars(self, sky: Image, t: float) -> None:
        assert self._stars is not None
        x, y, size, phase = self._stars
        view = self.stage.view(t, 0.0)
        px, py = x * view.scale + view.left, y * view.scale + view.top
        ix, iy = np.floor(px).astype(int), np.floor(py).astype(int)
        inside = (ix >= 0) & (iy >= 0) & (ix < sky.shape[1] - 1) & (iy < sky.shape[0] - 1)
        fx, fy = px - ix, py - iy
        fade = np.clip((self.horizon - y) * 3.5, 0, 1)
        power = size * fade * (0.75 + 0.25 * np.sin(phase + t * (0.8 + size))) * self.stage.light.stars
        layer = np.zeros(sky.shape[:2], np.float32)
        for ox, oy, w in (
            (0, 0, (1 - fx) * (1 - fy)),
            (1, 0, fx * (1 - fy)),
            (0, 1, (1 - fx) * fy),
            (1, 1, fx * fy),
        ):
            np.add.at(layer, (iy[inside] + oy, ix[inside] + ox), (power * w)[inside])
        layer = np.minimum(layer, 1.0)
        tint_over(sky, (0.95, 0.97, 1.0), layer)

    def _draw_clouds(self, sky: Image, t: float) -> None:
        rows, columns = sky.shape[0], sky.shape[1]
        # Clouds are soft: a third of the resolution shows everything they have.
        w, h = columns // 2, max(2, rows // 2)
        view = self.stage.view(t, 0.0)
        horizon = view.at(0, self.horizon)[1] * h / rows
        unit = self.stage.height * self.stage.zoom * h / rows
        rise = (horizon - np.arange(h, dtype=np.float32) + 0.5) / unit
        near = 1.0 / np.maximum(rise + 0.085, 0.05)
        x = (np.arange(w, dtype=np.float32) - view.left * w / columns) / (view.scale * w / columns)
        drift = t * self._speed
        u = x[None, :] * (near[:, None] * 62) + np.float32(drift * 3.2 + self._shift[0])
        v = np.repeat((near * 90 + drift * 0.7 + self._shift[1])[:, None], w, 1).astype(np.float32)
        density = self._sample(u, v)
        # A second reading, offset towards the light, shades the undersides.
        lean = 7.0 if self.sun_x > 0 else -7.0
        toward = self._sample(u + lean, v + 9.0)
        threshold = 1.35 - 2.3 * self.cover
        alpha = noise.smoothstep(threshold, threshold + 1.35, density)
        lit = np.clip(
            0.62 + 0.42 * (density - toward) - 0.18 * np.maximum(density - threshold - 0.5, 0), 0, 1
        )
        alpha *= np.clip(rise * 9 + 0.05, 0, 1)[:, None] * 0.92
        colour = cv2.merge(
            [np.asarray(b + (a - b) * lit, np.float32) for a, b in zip(self._bright, self._dark, strict=True)]
        )
        # Near the sun, clouds catch its colour.
        sx, sy = self.at(t)
        dx = (np.arange(w, dtype=np.float32)[None, :] * columns / w - sx) / self.stage.height
        dy = (np.arange(h, dtype=np.float32)[:, None] * rows / h - sy) / self.stage.height
        near_sun = np.exp(-np.sqrt(dx * dx + dy * dy) * 3.0) * self.stage.light.strength * 0.65
        tint_over(colour, self.stage.light.glow, near_sun)
        far = np.clip(1 - rise * 4.5, 0, 1)[:, None] * 0.6
        tint_over(colour, self.stage.light.sky[-1], np.repeat(far, w, 1))
        size = (columns, rows)
        blend(
            sky,
            cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR),
            cv2.resize(alpha.astype(np.float32), size, interpolation=cv2.INTER_LINEAR),
        )

    def _sample(self, u: Image, v: Image) -> Image:
        return cv2.remap(
            self._density, noise.wrap(u, _TILE), noise.wrap(v, _TILE), cv2.INTER_LINEAR
        )  # the tile carries one wrapped row and column, so a plain lookup is seamless
