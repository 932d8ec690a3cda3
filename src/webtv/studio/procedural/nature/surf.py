"""Surf: rollers that come in from the sea, and the wash that runs up a beach."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.stage import Image, Stage, blend, tint_over


class Rollers:
    """Swells that rise far out, roll in and break.

    Args:
        stage: the stage.
        horizon: world height of the horizon.
        last: how far below the horizon they end, in world units.
        rough: 0 for ripples, 1 for a storm.
        clear: colour of the light that shines through a crest.
    """

    def __init__(
        self, stage: Stage, horizon: float, last: float, rough: float, clear: tuple[float, float, float]
    ) -> None:
        self.stage, self.horizon, self.last, self.rough = stage, horizon, last, rough
        self.clear = clear
        self.count = 5 if rough < 0.8 else 6
        rng = stage.take("rollers")
        self._curves = [
            noise.Profile(np.random.default_rng(int(rng.integers(2**31))), 0.6, 4, 0.5)
            for _ in range(self.count)
        ]
        tile = noise.tile(256, rng, 1.2, low=4, high=70)
        self._lace = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Draw them, far ones first."""
        pace = 0.05 + 0.03 * self.rough
        phases = sorted(((k / self.count + t * pace) % 1.0, k) for k in range(self.count))
        for phase, k in phases:
            self._one(frame, t, phase, k)

    def _one(self, frame: Image, t: float, phase: float, k: int) -> None:
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.0)
        unit = stage.height * stage.zoom
        drop = self.last * (0.1 + 0.9 * phase**1.9)
        tall = (0.012 + 0.06 * self.rough + 0.03 * self.rough**3) * (drop / self.last) ** 0.9
        fade = min(1.0, phase * 5, (1 - phase) * 5)
        away = 0.17 / drop
        x = (
            np.arange(frame.shape[1], dtype=np.float32) + 0.5 - view.left
        ) / view.scale * away + stage.travel(t)[0]
        curve = self._curves[k](x * 0.7 + 0.02 * t)
        crest = np.clip(0.55 + 0.75 * curve, 0.0, 1.2)
        base = view.at(0, self.horizon)[1] + drop * unit
        line = base - tall * unit * crest + 0.25 * tall * unit * self._curves[k](x * 2.1 + 9)
        high = tall * unit * 1.5
        y0, y1 = max(0, int(line.min() - high * 0.5)), min(frame.shape[0], int(base + high * 0.5) + 1)
        if y1 - y0 < 1 or high < 0.8:
            return
        rows = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        s = (rows - line[None, :]) / np.maximum(high * crest[None, :], 1.0)
        edge = np.clip((rows - line[None, :]) / 1.3 + 0.5, 0, 1)
        face = np.clip(1 - s / 0.95, 0, 1) * edge * np.clip(crest, 0, 1)[None, :] * fade
        part = frame[y0:y1]
        dark = times(mix(self.clear, light.sky[1], 0.45), 0.55)
        tint_over(part, dark, ((0.36 + 0.3 * self.rough) * face * np.clip(s * 2.2, 0, 1)).astype(np.float32))
        through = np.exp(-(((s - 0.16) / 0.16) ** 2)) * edge * np.clip(crest - 0.25, 0, 1)[None, :]
        tint_over(
            part, self.clear, (0.62 * fade * through * (0.35 + light.strength * 0.65)).astype(np.float32)
        )
        breaks = np.clip(curve * 1.5 + 0.1 + 1.3 * self.rough + 0.9 * (phase - 0.5) - 0.45, 0, 1.0)[None, :]
        u = noise.wrap(np.repeat((x * 190 / max(away, 0.3))[None, :], y1 - y0, 0) + 30 * k)
        v = noise.wrap(np.repeat(s * 26, 1, 0) - t * 9 + 0 * u)
        lace = cv2.remap(self._lace, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
        cap = np.exp(-((np.minimum(s - 0.05, 0) / 0.1) ** 2)) * np.exp(
            -np.maximum(s - 0.05, 0) / (0.12 + 0.45 * breaks)
        )
        foam = cap * breaks * np.clip(0.55 + 0.5 * lace, 0, 1) * fade * np.clip(crest * 1.4, 0, 1)[None, :]
        white = mix(light.lit((1.02, 1.03, 1.05), 0.9), light.sky[-1], 0.2)
        tint_over(part, white, np.clip(foam * 1.2, 0, 0.94).astype(np.float32))


class Beach:
    """Sand along the bottom edge, and the surf that runs up it.

    Args:
        stage: the stage.
        line: world height of the water's edge.
        sand: local colour of the sand.
    """

    def __init__(self, stage: Stage, line: float, sand: Colour) -> None:
        self.stage = stage
        self.line = line
        place = stage.place("beach")
        self.depth = 0.95
        self.plate = stage.plate(self.depth, line - 0.1, 9.0)
        grain = noise.fbm(*self.plate.shape, rng=place, cells=5, octaves=7)
        fine = place.standard_normal(self.plate.shape, dtype=np.float32) * 0.03
        light = stage.light
        if stage.spec.weather == "snow":
            sand = rgb("#e9ecf0")
        self.dry = np.asarray(light.lit(sand, 0.8), np.float32)
        body = self.dry * (0.84 + 0.26 * grain + fine)[..., None]
        down = np.clip((self.plate.y - line) / max(0.05, 1 - line), 0, 1)[..., None]
        body *= 0.92 + 0.12 * down
        self.plate.rgba[..., :3] = body
        self.plate.rgba[..., 3] = 1
        self.curve = noise.Profile(place, 0.55, 4, 0.5)
        self.lace = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.2, low=4, high=60)
        self.lace = cv2.copyMakeBorder(self.lace, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Draw the sand under the surf."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, self.depth)
        top = max(0, int(view.at(0, self.line - 0.12)[1]))
        if top >= frame.shape[0]:
            return
        sea = frame[top:].copy()
        self.plate.show(frame, t)
        shore = frame[top:].copy()
        frame[top:] = sea
        rows = (np.arange(top, frame.shape[0], dtype=np.float32) + 0.5 - view.top) / view.scale
        x = (np.arange(frame.shape[1], dtype=np.float32) + 0.5 - view.left) / view.scale
        y = rows[:, None]
        base = self.line + 0.035 * self.curve(x) + 0.02 * (x - 0.2)
        foam = np.zeros(sea.shape[:2], np.float32)
        cover = np.zeros_like(foam)
        for k in range(2):
            beat = t * 0.42 + 0.5 * k + 0.07 * np.sin(x * 2.1 + k * 2)
            cycle = beat - np.floor(beat)
            wave = np.maximum(np.sin(np.pi * cycle), 0)  # rounded up, a cycle's end lies below 0
            run = wave**1.2  # up the sand and back
            edge = base - 0.03 + 0.085 * run + 0.012 * self.curve(x * 4 + 9 * k + np.floor(beat) * 3.7)
            strength = wave**0.6
            cover = np.maximum(
                cover, np.clip((edge[None, :] - y) * view.scale / 2 + 0.5, 0, 1) * (0.55 + 0.45 * strength)
            )
            gap = edge[None, :] - y
            lip = np.exp(-((gap / 0.005) ** 2)) + 0.75 * np.exp(-np.maximum(gap, 0) / 0.03) * (gap > 0)
            foam = np.maximum(foam, lip * strength)
        scale = 300.0
        drift = t * 6
        u = np.repeat((x * scale)[None, :], len(rows), 0) + 6 * np.sin(y * 40 + t)
        v = np.repeat(y * scale * 2.2, len(x), 1) + drift
        lace = cv2.remap(self.lace, noise.wrap(u), noise.wrap(v), cv2.INTER_LINEAR)
        foam *= np.clip(0.62 + 0.55 * lace, 0.08, 1)
        wet = noise.smoothstep(0.075, 0.0, y - base[None, :])
        tint_over(shore, times(light.sky[-2], 0.36), 0.45 * wet)
        thin = np.clip((base[None, :] + 0.02 - y) / 0.09, 0.32, 1.0) * cover
        blend(shore, sea, thin)
        tint_over(shore, mix(light.lit((1.0, 1.0, 1.0), 0.9), light.sky[-1], 0.25), np.clip(foam, 0, 0.92))
        soft = np.clip((y - (self.line - 0.11)) / 0.05, 0, 1)
        blend(frame[top:], shore, np.repeat(soft, frame.shape[1], 1))
