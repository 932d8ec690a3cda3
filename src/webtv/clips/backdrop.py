"""Backdrops: soft light that drifts over a dark ground in a channel's colour, for cards.

Light is computed at a quarter of the size, where it is cheap, enlarged, and dithered so that dark gradients
do not band.
"""

import colorsys
import math
import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames

_REDUCTION = 4
_NOISE_SEED = 20_261_107

Light = NDArray[np.float32]


class Canvas:
    """Sizes, and the way from light to a picture.

    Args:
        format: size and rate.
    """

    def __init__(self, format: HouseFormat) -> None:
        self.width, self.height = format.width, format.height
        self.rows, self.columns = format.height // _REDUCTION, format.width // _REDUCTION
        noise = np.random.default_rng(_NOISE_SEED)
        grain = noise.integers(0, 256, (format.height + 64, format.width + 64, 1), np.uint16)
        self._grain = np.repeat(grain, 3, axis=2)
        self._offsets = noise.integers(0, 64, (997, 2))
        self._large = np.empty((format.height, format.width, 3), np.uint16)  # touching new memory is slow

    def enlarge(self, light: Light, number: int, frame: Frames) -> None:
        """Paint light in 0..1 over a frame; in 8.8 fixed point until the dither has been added."""
        fixed = np.clip(light * 65_280 - 128, 0, 65_000).astype(np.uint16)
        cv2.resize(fixed, (self.width, self.height), dst=self._large, interpolation=cv2.INTER_CUBIC)
        y, x = self._offsets[number % len(self._offsets)]
        cv2.add(self._large, self._grain[y : y + self.height, x : x + self.width], dst=self._large)
        cv2.convertScaleAbs(self._large, dst=frame, alpha=1 / 256)


class Sky:
    """Light that drifts and comes back: everything turns a whole number of times in one phase.

    Args:
        canvas: sizes.
        accent: the channel's colour, sRGB.
        noise: where things begin, and which way they go.
        ribbons: bands of light across the picture.
        reach: how far light drifts, 1 for the whole way.
        dim: brightness of all of it, 1 for the brightest.
    """

    def __init__(
        self,
        canvas: Canvas,
        accent: tuple[int, int, int],
        noise: random.Random,
        *,
        ribbons: int = 0,
        reach: float = 1.0,
        dim: float = 1.0,
    ) -> None:
        self._dim = dim
        aspect = canvas.columns / canvas.rows
        self._x = np.linspace(0, aspect, canvas.columns, dtype=np.float32)
        self._y = np.linspace(0, 1, canvas.rows, dtype=np.float32)
        self._ground = shade(accent, 0.0, 0.085)[None, None] * (1.25 - 0.5 * self._y[:, None, None])
        self._blobs = [
            _Blob(
                colour=shade(accent, turn, strength),
                x=aspect * x,
                y=y,
                radius=radius,
                reach=reach * noise.uniform(0.10, 0.17),
                start=noise.uniform(0, 2 * math.pi),
                way=noise.choice((-1, 1)),
            )
            for turn, strength, x, y, radius in (
                (0.0, 0.50, 0.80, 0.18, 0.46),
                (0.07, 0.34, 0.98, 0.72, 0.42),
                (-0.09, 0.30, 0.22, 0.02, 0.50),
                (0.03, 0.16, 0.06, 1.00, 0.40),
            )
        ]
        self._ribbons = [
            _Ribbon(
                colour=shade(accent, (-0.05, 0.0, 0.06)[n % 3], (0.34, 0.46, 0.30)[n % 3]),
                y=0.5 + (n - (ribbons - 1) / 2) * 0.17 + noise.uniform(-0.04, 0.04),
                swing=noise.uniform(0.10, 0.17),
                bends=noise.uniform(0.42, 0.75),
                start=noise.uniform(0, 2 * math.pi),
                way=noise.choice((-1, 1)),
                width=noise.uniform(0.05, 0.10),
            )
            for n in range(ribbons)
        ]

    def at(self, phase: float) -> Light:
        """The light at a phase from 0 to 1, float32[rows, columns, 3]."""
        turn = 2 * math.pi * phase
        across, along = [], []
        for blob in self._blobs:
            x = blob.x + blob.reach * math.cos(blob.start + blob.way * turn)
            y = blob.y + blob.reach * 0.8 * math.sin(blob.start + blob.way * turn)
            profile = np.exp(-(((self._x - x) / (blob.radius * 1.25)) ** 2))
            across.append(np.outer(profile, blob.colour).ravel())
            along.append(np.exp(-(((self._y - y) / blob.radius) ** 2)))
        # A round blob is a product of two profiles, so all of them together are one matrix product.
        light = (np.stack(along, 1) @ np.stack(across)).reshape(len(self._y), len(self._x), 3) + self._ground
        for ribbon in self._ribbons:
            light += self._band(ribbon, turn)[..., None] * ribbon.colour
        return np.asarray(1 - np.exp(-1.15 * self._dim * light), np.float32)

    def _band(self, ribbon: "_Ribbon", turn: float) -> Light:
        wave = np.sin(2 * math.pi * ribbon.bends * self._x / 1.78 + ribbon.start + ribbon.way * turn)
        slow = np.sin(math.pi * ribbon.bends * self._x + 2 * ribbon.start - ribbon.way * turn)
        centre = ribbon.y + ribbon.swing * (0.7 * wave + 0.5 * slow)
        width = ribbon.width * (1.0 + 0.45 * np.cos(2.3 * self._x + ribbon.start + turn))
        away = (self._y[:, None] - centre[None]) / width[None]
        # A crisp upper edge and a long fall below it: light on cloth, not a glowing pipe.
        away = np.where(away < 0, away * 2.2, away * 0.55)
        return np.asarray(np.exp(-(away**2)) * (0.62 + 0.38 * slow[None]), np.float32)


@dataclass(frozen=True, slots=True)
class _Blob:
    colour: Light
    x: float
    y: float
    radius: float
    reach: float
    start: float
    way: int


@dataclass(frozen=True, slots=True)
class _Ribbon:
    colour: Light
    y: float
    swing: float
    bends: float
    start: float
    way: int
    width: float


def shade(accent: tuple[int, int, int], turn: float, value: float) -> Light:
    """The accent's hue turned by a share of the circle, at a brightness."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in accent))
    saturation = min(0.85, saturation * 1.15 + 0.12) if saturation > 0.02 else 0.0
    return np.array(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value), np.float32)
