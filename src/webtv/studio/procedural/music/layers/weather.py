"""Weather: rain, thunder and the winds."""

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.layers.events import add, moments, rustle, scattered, wide
from webtv.studio.procedural.music.signals import Stereo, band, coloured, place, swell, wander


def _drop(noise: np.random.Generator) -> Stereo:
    """One raindrop: a short ping, each of another size."""
    length = int(SAMPLE_RATE * noise.uniform(0.006, 0.02))
    seconds = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    hertz = float(noise.uniform(1400, 5200))
    ping = np.sin(2 * np.pi * hertz * seconds * (1 + 6 * seconds)) * swell(length, 0.0008, 0.012)
    return place(ping.astype(np.float32), float(noise.uniform(-0.9, 0.9)))


def rain(length: int, noise: np.random.Generator) -> Stereo:
    """Rain all around, and the drops that fall close by."""
    result = 0.32 * wide(length, noise, band(380, 6500, 1), 0.85)
    result *= (0.75 + 0.5 * wander(noise, length, 3.0))[:, None]
    drops = [_drop(noise) for _ in range(24)]
    for at in moments(length, noise, 34):
        force = float(noise.random()) ** 3
        add(result, int(at), drops[int(noise.integers(24))] * np.float32(0.15 + 1.2 * force))
    return result


def wind(length: int, noise: np.random.Generator) -> Stereo:
    """Gusts: four bands that come and go, each in its own time."""
    result = 0.2 * wide(length, noise, band(90, 300, 1))
    for low, high, share in ((160, 320, 0.5), (280, 560, 0.5), (520, 950, 0.32), (900, 1500, 0.14)):
        gust = wander(noise, length, 2.7) ** 2
        lean = wander(noise, length, 4.0) * 0.8 + 0.1
        tone = coloured(noise, length, band(low, high, 3)) * gust * np.float32(2 * share)
        result += np.stack([tone * (1 - lean), tone * lean], axis=1)
    return result


def thunder(length: int, noise: np.random.Generator) -> Stereo:
    """A storm that has gone by: now and then a roll, far off, over a breath of air."""
    result = 0.05 * wide(length, noise, band(90, 400, 1))
    at = float(noise.uniform(0.5, 4))
    while at * SAMPLE_RATE < length:
        lasts = float(noise.uniform(4, 7))
        count = int(lasts * SAMPLE_RATE)
        share = np.linspace(0, 1, count, dtype=np.float32)
        roll = (1 - share) ** 2 * (0.35 + 0.65 * wander(noise, count, 0.45)) * swell(count, 1.1, 1.5)
        far = wide(count, noise, band(60, 240, 1.5), 0.4) + 0.25 * wide(count, noise, band(240, 700, 1))
        add(result, int(at * SAMPLE_RATE), far * roll[:, None] * np.float32(noise.uniform(0.5, 1.0)))
        at += lasts + float(noise.uniform(4, 11))
    return result


def dunes(length: int, noise: np.random.Generator) -> Stereo:
    """Dry wind: gusts without leaves, and sand that hisses along with them."""
    gust = wander(noise, length, 3.2) ** 2
    result = 0.4 * wide(length, noise, band(220, 900, 1.5)) * (0.25 + gust)[:, None]
    hiss = wander(noise, length, 0.7) * gust
    result += 0.22 * wide(length, noise, band(3800, 9000, 1.5), 0.85) * (0.05 + hiss)[:, None]
    return result


def heights(length: int, noise: np.random.Generator) -> Stereo:
    """High wind, above the clouds: one broad stream that never rests, and a thin whistle in it."""
    result = 0.5 * wide(length, noise, band(140, 620, 1)) * (0.7 + 0.5 * wander(noise, length, 5.0))[:, None]
    result += 0.12 * wide(length, noise, band(900, 3200, 1)) * (0.3 + wander(noise, length, 3.0))[:, None]
    for low in (430, 610, 840):
        tone = coloured(noise, length, band(low, 1.08 * low, 8)) * wander(noise, length, 4.5) ** 4
        lean = float(noise.uniform(0.25, 0.75))
        result += np.stack([tone * (1 - lean), tone * lean], axis=1) * np.float32(0.16)
    return result


def snow(length: int, noise: np.random.Generator) -> Stereo:
    """Falling snow: a muffled breath of air, and flakes that are hardly there."""
    result = (
        0.4 * wide(length, noise, band(130, 480, 1.5)) * (0.55 + 0.5 * wander(noise, length, 4.0))[:, None]
    )
    result += 0.04 * wide(length, noise, band(2500, 7000, 1), 0.9)
    flakes = [
        rustle(noise, float(noise.uniform(0.012, 0.05)), band(2500, 7500, 1), p)
        for p in np.linspace(-0.9, 0.9, 14)
    ]
    scattered(result, flakes, 16, noise, lambda share: 0.01 + 0.12 * share**3)
    return result
