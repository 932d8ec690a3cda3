"""Ways: a street, a carriage, a ship among the stars."""

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.layers.events import add, wide
from webtv.studio.procedural.music.signals import Stereo, band, coloured, place, swell, wander


def city(length: int, noise: np.random.Generator) -> Stereo:
    """A street some way off: a hum, and cars that pass."""
    result = 0.5 * wide(length, noise, band(75, 260, 1)) * (0.8 + 0.4 * wander(noise, length, 4))[:, None]
    result += 0.06 * wide(length, noise, band(500, 2500, 1))
    at = float(noise.uniform(0, 3))
    while at * SAMPLE_RATE < length:
        lasts = float(noise.uniform(4, 7))
        count = int(lasts * SAMPLE_RATE)
        car = coloured(noise, count, band(130, 900, 1)) * swell(count, lasts * 0.5, lasts * 0.5) ** 2
        course = np.linspace(0.1, 0.9, count, dtype=np.float32)
        course = course if noise.random() < 0.5 else course[::-1]
        force = np.float32(noise.uniform(0.25, 0.6))
        add(result, int(at * SAMPLE_RATE), np.stack([car * (1 - course), car * course], axis=1) * force)
        at += float(noise.uniform(3, 8))
    return result


def train(length: int, noise: np.random.Generator) -> Stereo:
    """Inside a carriage: a rumble, and wheels over joints, two by two."""
    result = 0.55 * wide(length, noise, band(70, 240, 1)) * (0.85 + 0.3 * wander(noise, length, 5))[:, None]
    result += 0.06 * wide(length, noise, band(600, 2600, 1))
    count = int(0.16 * SAMPLE_RATE)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    knock = coloured(noise, count, band(130, 700, 1)) * np.exp(-seconds / 0.03) * swell(count, 0.004, 0.05)
    every, at = 1.36, 0.2
    while at * SAMPLE_RATE < length:
        for late, force, pan in ((0.0, 0.8, -0.25), (0.17, 1.0, -0.1), (0.62, 0.55, 0.1), (0.79, 0.7, 0.25)):
            moment = at + late + float(noise.normal(0, 0.004))
            add(result, max(0, int(moment * SAMPLE_RATE)), place(knock * np.float32(1.8 * force), pan))
        at += every
    return result


def space(length: int, noise: np.random.Generator) -> Stereo:
    """Nobody hears anything in space; on board there is the hull's hum, and air through a grating."""
    result = (
        0.6 * wide(length, noise, band(62, 150, 2), 0.5) * (0.6 + 0.5 * wander(noise, length, 6))[:, None]
    )
    result += 0.1 * wide(length, noise, band(150, 420, 1.5), 0.8)
    for low in (262, 393, 655):
        shine = coloured(noise, length, band(low, 1.03 * low, 8)) * wander(noise, length, 5.0) ** 3
        lean = wander(noise, length, 7.0)
        result += np.stack([shine * (1 - lean), shine * lean], axis=1) * np.float32(0.3)
    result += 0.02 * wide(length, noise, band(2200, 6000, 1), 0.9) * wander(noise, length, 3)[:, None]
    return result
