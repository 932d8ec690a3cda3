"""Water to the horizon: facets that mirror the sky, a glitter path under sun or moon, and its swell."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, times
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.stage import Image, Stage, tint_over

_TILE = 256
_LAYERS = ((0.55, 0.16, 1.0), (2.1, 0.34, 0.9), (7.5, 0.7, 0.75))  # world size of a tile, speed, slope


class Water:
    """A water surface below a horizon.

    Args:
        stage: the stage.
        sky: the sky that it mirrors.
        rough: 0 for a pond, 1 for a choppy sea.
        eye: height of the eye above the water in world units; small means grazing.
        deep: colour of the water itself; None takes it from the sky.
    """

    def __init__(
        self, stage: Stage, sky: Sky, rough: float = 0.5, eye: float = 0.16, deep: Colour | None = None
    ):
        self.stage = stage
        self.sky = sky
        self.rough = rough
        self.eye = eye
        light = stage.light
        level = 0.5 * (light.ambient[1] + light.sky[1][1])
        body = mix(times(light.sky[1], 0.62), times((0.05, 0.34, 0.38), 0.35 + level), 0.4)
        self.deep = deep or body
        bent = np.linspace(0, 1, 512) ** 1.15 * 511  # the sky's colours by height above the water
        ramp = np.stack([np.interp(bent, np.arange(512), sky.ramp[:, k]) for k in range(3)], 1)
        self._ramp = ramp.astype(np.float32)[None]
        rng = stage.take("water")
        self._angles = rng.uniform(-0.5, 0.5, len(_LAYERS)) + stage.place("wind").choice((-1.2, 1.2))
        self._offsets = rng.uniform(0, _TILE, (len(_LAYERS), 2))
        self._tiles = []
        for _ in _LAYERS:
            height = noise.tile(_TILE, rng, 2.1, low=3, high=40)
            sx = cv2.Scharr(cv2.copyMakeBorder(height, 1, 1, 1, 1, cv2.BORDER_WRAP), cv2.CV_32F, 1, 0)[
                1:-1, 1:-1
            ]
            sy = cv2.Scharr(cv2.copyMakeBorder(height, 1, 1, 1, 1, cv2.BORDER_WRAP), cv2.CV_32F, 0, 1)[
                1:-1, 1:-1
            ]
            both = np.dstack((sx / sx.std(), sy / sy.std())).astype(np.float32)
            self._tiles.append(cv2.copyMakeBorder(both, 0, 1, 0, 1, cv2.BORDER_WRAP))

    def draw(self, frame: Image, t: float, bottom: int | None = None) -> None:
        """Draw below the horizon, down to a pixel row (or the frame's end)."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.0)
        horizon = view.at(0, self.sky.horizon)[1]
        first = max(0, math.ceil(horizon - 0.5))
        last = frame.shape[0] if bottom is None else min(bottom, frame.shape[0])
        if first >= last:
            return
        width = frame.shape[1]
        unit = stage.height * stage.zoom
        drop = (np.arange(first, last, dtype=np.float32) + 0.5 - horizon) / unit
        drop = np.maximum(drop, 0.35 / unit)
        away = self.eye / drop  # distance along the water
        x = (np.arange(width, dtype=np.float32) + 0.5 - view.left) / view.scale
        pan = stage.travel(t)[0]
        across = x[None, :] * away[:, None] + pan
        slope = np.zeros((last - first, width, 2), np.float32)
        lost = np.zeros_like(drop)
        amplitude = 0.03 + 0.1 * self.rough
        for (size, speed, weight), tile, angle, offset in zip(
            _LAYERS, self._tiles, self._angles, self._offsets, strict=True
        ):
            pixels = _TILE / size
            wavelength = size / 9
            footprint = away * away / (self.eye * unit)
            keep = np.clip(1.6 - 1.6 * footprint / wavelength, 0, 1)
            strength = amplitude * weight
            lost += (strength * (1 - keep)) ** 2
            reach = int(np.argmax(keep > 0)) if bool((keep > 0).any()) else len(keep)
            if reach >= len(keep):
                continue
            move = t * speed * (0.5 + 0.7 * self.rough)
            u = across[reach:] * pixels + float(offset[0] + math.sin(angle) * move * pixels)
            v = away[reach:] * (pixels * 1.25) + float(offset[1] + math.cos(angle) * move * pixels)
            grid_u = noise.wrap(u, _TILE)
            grid_v = np.repeat(noise.wrap(v, _TILE)[:, None], width, 1)
            seen = cv2.remap(tile, grid_u, grid_v, cv2.INTER_LINEAR)
            power = np.repeat((keep[reach:] * strength)[:, None], 2 * width, 1).reshape(-1, width, 2)
            cv2.multiply(seen, power, dst=seen)
            cv2.add(slope[reach:], seen, dst=slope[reach:])
        unseen = np.sqrt(lost)
        side, along = cv2.split(slope)
        elevation = drop[:, None] + 1.7 * np.abs(along + 0.35 * unseen[:, None]) + 0.25 * unseen[:, None]
        index = np.clip(1 - elevation / max(0.3, self.sky.horizon), 0, 1) * np.float32(511)
        colour = cv2.remap(self._ramp, index, np.zeros_like(index), cv2.INTER_LINEAR)
        grazing = np.clip(1 - (drop[:, None] * 1.15 + along * 1.3), 0, 1)
        squared = grazing * grazing
        fresnel = np.clip(0.06 + 0.94 * squared * squared * grazing, 0, 0.96).astype(np.float32)
        tint_over(colour, self.deep, 1 - fresnel)
        self._glitter(colour, view.left, view.scale, drop, along, side, unseen)
        far = np.exp(-drop / 0.03) * (0.35 + 0.5 * light.fog)
        near = int(np.searchsorted(-far, -0.004)) + 1
        tint_over(colour[:near], mix(light.haze, light.sky[-1], 0.5), np.repeat(far[:near, None], width, 1))
        frame[first:last] = colour

    def _glitter(
        self, colour: Image, left: float, scale: float, drop: Image, along: Image, side: Image, unseen: Image
    ) -> None:
        light = self.stage.light
        if light.strength < 0.05:
            return
        x = (np.arange(colour.shape[1], dtype=np.float32) + 0.5 - left) / scale
        height = max(0.02, self.sky.horizon - self.sky.sun_y)
        azimuth = (x - self.sky.sun_x)[None, :] + 2.2 * side * (0.6 + drop[:, None])
        wide = 0.026 + 0.11 * drop + 0.5 * unseen + 0.03 * self.rough
        lift = drop[:, None] + 2.4 * along - height * 0.8
        tall = 0.13 + 0.9 * height + 0.5 * unseen[:, None]
        shape = np.exp(-((azimuth / wide[:, None]) ** 2) - (lift / tall) ** 2)
        sparkle = np.clip(along * 9 / (0.35 + self.rough) + 0.55, 0.12, 1.6) if self.rough > 0.02 else 1.0
        power = (shape * sparkle * light.strength * (0.8 if light.moon else 1.05)).astype(np.float32)
        np.minimum(power, 1.0, out=power)
        tint_over(colour, mix(light.disc, light.glow, 0.45), power)
