"""The kit: a handful of soft drums, struck once per strength and reused."""

from collections.abc import Callable

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Mono, Stereo, band, coloured, partials, place, swell

KICK, BRUSH, SHAKER, HAT, RIM, TOM, CYMBAL, CLAP, HEART = range(9)


def _samples(seconds: float) -> int:
    return int(seconds * SAMPLE_RATE)


def _glide(start: float, end: float, fall: float, ring: float, length: int) -> Mono:
    """A sine that falls from one pitch to another while it dies."""
    seconds = np.arange(length) / SAMPLE_RATE
    cycles = end * seconds + (start - end) * fall * (1 - np.exp(-seconds / fall))
    sound = np.sin(2 * np.pi * cycles) * np.exp(-seconds / ring)
    return sound.astype(np.float32) * swell(length, 0.002, 0.03)


def _burst(
    noise: np.random.Generator, low: float, high: float, ring: float, length: int, rise: float
) -> Mono:
    seconds = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    fall = np.exp(-seconds / np.float32(ring))
    return coloured(noise, length, band(low, high, 2)) * fall * swell(length, rise, 0.02)


def _kick(noise: np.random.Generator) -> Stereo:
    length = _samples(0.32)
    sound = _glide(120, 58, 0.022, 0.085, length)
    sound[: _samples(0.02)] += 0.05 * _burst(noise, 500, 2500, 0.004, _samples(0.02), 0.001)
    return place(sound, 0)


def _brush(noise: np.random.Generator) -> Stereo:
    length = _samples(0.24)
    sides = [0.2 * _burst(noise, 900, 6500, 0.055, length, 0.006) for _ in range(2)]
    body = 0.22 * _glide(210, 170, 0.02, 0.05, length)
    return np.stack([sides[0] + body, 0.9 * sides[1] + body], axis=1)


def _shaker(noise: np.random.Generator) -> Stereo:
    return place(0.16 * _burst(noise, 4200, 9500, 0.03, _samples(0.11), 0.018), 0.35)


def _hat(noise: np.random.Generator) -> Stereo:
    return place(0.14 * _burst(noise, 6500, 11500, 0.02, _samples(0.08), 0.001), -0.3)


def _rim(noise: np.random.Generator) -> Stereo:
    length = _samples(0.09)
    click = partials(length, [830, 1240, 1710], 0.16, 0.16, [70, 90, 120], 0.4)
    click *= swell(length, 0.001, 0.02)[:, None]
    return click + place(0.04 * _burst(noise, 1500, 6000, 0.01, length, 0.001), -0.15)


def _tom(noise: np.random.Generator) -> Stereo:
    length = _samples(0.9)
    sound = _glide(112, 82, 0.05, 0.24, length) + 0.3 * _glide(186, 150, 0.04, 0.12, length)
    sound += 0.06 * _burst(noise, 150, 900, 0.04, length, 0.002)
    return place(sound, -0.1)


def _cymbal(noise: np.random.Generator) -> Stereo:
    """A roll on a soft cymbal: rises for 1.6 s, then rings."""
    length = _samples(4.2)
    seconds = np.arange(length) / SAMPLE_RATE
    up = np.clip(seconds / 1.6, 0, 1) ** 2.2 * np.exp(-np.maximum(0, seconds - 1.6) / 0.8)
    shape = (up * 0.16).astype(np.float32) * swell(length, 0.2, 0.6)
    return np.stack([coloured(noise, length, band(2600, 8500, 1.5)) * shape for _ in range(2)], axis=1)


def _clap(noise: np.random.Generator) -> Stereo:
    length = _samples(0.2)
    sides = []
    for _ in range(2):
        side = np.zeros(length, np.float32)
        for late in (0.0, 0.011, 0.021):
            start = _samples(late)
            side[start:] += 0.11 * _burst(noise, 900, 4200, 0.03, length - start, 0.001)
        sides.append(side)
    return np.stack(sides, axis=1)


def _heart(noise: np.random.Generator) -> Stereo:
    length = _samples(0.5)
    return place(_glide(92, 62, 0.04, 0.11, length) + 0.25 * _glide(150, 120, 0.03, 0.06, length), 0)


_DRUMS: dict[int, Callable[[np.random.Generator], Stereo]] = {
    KICK: _kick,
    BRUSH: _brush,
    SHAKER: _shaker,
    HAT: _hat,
    RIM: _rim,
    TOM: _tom,
    CYMBAL: _cymbal,
    CLAP: _clap,
    HEART: _heart,
}

SWELL_SECONDS = 1.6  # how long a cymbal rises before it is there


class Kit:
    """Four strokes of each drum that is used, so that no two in a row are the same."""

    def __init__(self, noise: np.random.Generator) -> None:
        self._seeds = noise.integers(0, 2**62, len(_DRUMS))
        self._strokes: dict[int, list[Stereo]] = {}
        self._turn = 0

    def strike(self, drum: int) -> Stereo:
        """A stroke at full strength: float32[n, 2]; not to be written to."""
        if drum not in self._strokes:
            noise = np.random.Generator(np.random.PCG64(int(self._seeds[drum])))
            self._strokes[drum] = [_DRUMS[drum](noise) for _ in range(1 if drum == CYMBAL else 4)]
        self._turn += 1
        strokes = self._strokes[drum]
        return strokes[self._turn % len(strokes)]
