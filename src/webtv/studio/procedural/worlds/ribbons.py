"""Ribbons: bands of silk and light that twist through depth."""

from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix
from webtv.studio.procedural.stage import Image, Stage, spread
from webtv.studio.procedural.worlds.fields import enlarge
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class _Ribbon:
    depth: float
    level: float
    slope: float
    wide: float
    waves: tuple[tuple[float, float, float, float], ...]  # amplitude, frequency, speed, phase
    twist: tuple[float, float, float]
    colour: Colour
    other: Colour


class Ribbons:
    """A handful of ribbons, far ones dim and slow, near ones bright; each shows both its sides."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("ribbons")
        way = stage.side("ribbons")
        count = 7
        self.ribbons = []
        for k in range(count):
            depth = 0.25 + 0.85 * k / (count - 1)
            waves = tuple(
                (
                    float(rng.uniform(0.6, 1.0)) * amplitude,
                    frequency * float(rng.uniform(0.75, 1.3)),
                    float(rng.uniform(0.16, 0.4)) * way,
                    float(rng.uniform(0, 6.28)),
                )
                for amplitude, frequency in ((0.13, 2.0), (0.055, 4.3), (0.02, 8.0))
            )
            ink = scheme.ink(k)
            if not scheme.dark:
                ink = mix(ink, scheme.ground, 0.3 * (1 - depth / 1.1))
            self.ribbons.append(
                _Ribbon(
                    depth,
                    0.5 + float(rng.uniform(-0.3, 0.3)),
                    0.35 * float(rng.uniform(-1, 1)),
                    0.03 + 0.13 * depth * float(rng.uniform(0.6, 1.2)),
                    waves,
                    (
                        float(rng.uniform(1.0, 2.6)),
                        float(rng.uniform(0.25, 0.55)) * way,
                        float(rng.uniform(0, 6.28)),
                    ),
                    ink,
                    mix(scheme.ink(k + 1), ink, 0.4),
                )
            )

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        h, w = round(frame.shape[0] * _SHARE), round(frame.shape[1] * _SHARE)
        small = cv2.resize(self.ground, (w, h), interpolation=cv2.INTER_AREA)
        for ribbon in self.ribbons:
            self._draw(small, ribbon, t)
        enlarge(frame, small)

    def _draw(self, small: Image, ribbon: _Ribbon, t: float) -> None:
        view = self.stage.view(t, ribbon.depth)
        h, w = small.shape[:2]
        x = ((np.arange(w, dtype=np.float32) / _SHARE) - view.left) / view.scale
        middle = ribbon.level + ribbon.slope * x
        for amplitude, frequency, speed, phase in ribbon.waves:
            middle = middle + amplitude * np.sin(frequency * x + speed * t * 2 + phase)
        rate, speed, phase = ribbon.twist
        angle = rate * x + speed * t * 2 + phase + 0.7 * np.sin(1.7 * x + 0.3 * t)
        half = ribbon.wide * (0.16 + 0.84 * np.abs(np.cos(angle)))
        front = np.clip(0.5 + 3 * np.cos(angle), 0, 1)
        top = int(np.floor(((middle - half).min() * view.scale + view.top) * _SHARE)) - 3
        bottom = int(np.ceil(((middle + half).max() * view.scale + view.top) * _SHARE)) + 4
        top, bottom = max(0, top), min(h, bottom)
        if top >= bottom:
            return
        y = ((np.arange(top, bottom, dtype=np.float32) / _SHARE) - view.top) / view.scale
        u = (y[:, None] - middle[None, :].astype(np.float32)) * (1 / half[None, :]).astype(np.float32)
        soft = (half * view.scale * _SHARE).astype(np.float32)[None, :]
        alpha = np.clip((1 - np.abs(u)) * soft + 0.5, 0, 1)
        # Silk: bright along the edges and where it faces the light, with threads across.
        sheen = (0.74 + 0.3 * np.sin(angle * 1.0 + 0.9))[None, :].astype(np.float32)
        threads = np.float32(0.09) * np.cos(u * 11 + angle[None, :].astype(np.float32))
        shade = sheen + threads + 0.32 * u * u * u * u - 0.1 * u
        side = front[:, None].astype(np.float32)
        line = np.asarray(ribbon.other, np.float32) + side * np.subtract(ribbon.colour, ribbon.other).astype(
            np.float32
        )
        colour: Image = spread(shade) * np.repeat(line[None].astype(np.float32), bottom - top, 0)
        gloss = np.clip(shade - 0.92, 0, 1)
        colour += spread(gloss) * 0.5
        part = small[top:bottom]
        strength = 0.9 if not self.scheme.dark else 0.55 + 0.35 * ribbon.depth
        a = cv2.merge([np.asarray(alpha * strength, np.float32)] * 3)
        part += a * (colour - part)
        if self.scheme.dark:
            glow = np.exp(-np.maximum(np.abs(u) - 1, 0) * (half * 28)[None, :]) * (0.1 + 0.1 * ribbon.depth)
            part += cv2.merge([np.asarray(glow * (1 - alpha), np.float32)] * 3) * np.asarray(
                ribbon.colour, np.float32
            )
