"""Water: breakers, a brook, the deep, ice."""

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.layers.events import add, moments, scattered, wide
from webtv.studio.procedural.music.signals import Stereo, band, coloured, place, swell, wander


def waves(length: int, noise: np.random.Generator) -> Stereo:
    """Breakers: each rises slowly, brightens as it breaks and draws back hissing."""
    result = 0.12 * wide(length, noise, band(70, 320, 1))
    body = [coloured(noise, length, band(110, 700, 1)) for _ in range(2)]
    foam = [coloured(noise, length, band(900, 5200, 1)) for _ in range(2)]
    at = -float(noise.uniform(1, 5))
    while at * SAMPLE_RATE < length:
        lasts = float(noise.uniform(7, 10))
        start, count = int(at * SAMPLE_RATE), int(lasts * SAMPLE_RATE)
        share = np.linspace(0, 1, count, dtype=np.float32)
        up = np.clip(share / 0.38, 0, 1)
        heave = (0.5 - 0.5 * np.cos(np.pi * up)) * np.clip((1 - share) / 0.62, 0, 1) ** 1.4
        crash = np.clip((share - 0.22) / 0.16, 0, 1) ** 2 * np.clip((1 - share) / 0.62, 0, 1) ** 2.2
        first, last = max(0, start), min(length, start + count)
        if first < last:
            inside = slice(first - start, last - start)
            force, lean = float(noise.uniform(0.6, 1.0)), float(noise.uniform(-0.5, 0.5))
            for side, gain in enumerate((1 - lean * 0.5, 1 + lean * 0.5)):
                wave = 0.75 * heave[inside] * body[side][first:last]
                wave += 0.26 * crash[inside] * foam[side][first:last]
                result[first:last, side] += wave * np.float32(force * gain)
        at += lasts * float(noise.uniform(0.78, 1.1))
    return result


def _bubble(noise: np.random.Generator) -> Stereo:
    length = int(SAMPLE_RATE * noise.uniform(0.04, 0.12))
    seconds = np.arange(length) / SAMPLE_RATE
    hertz = float(noise.uniform(260, 900))
    cycles = hertz * (seconds + 2.2 * seconds**2)
    sound = np.sin(2 * np.pi * cycles).astype(np.float32) * swell(length, 0.006, 0.05)
    return place(sound, float(noise.uniform(-0.8, 0.8)))


def underwater(length: int, noise: np.random.Generator) -> Stereo:
    """The deep: pressure that comes and goes, and strings of bubbles."""
    result = wide(length, noise, band(75, 240, 2)) * (0.4 + 0.6 * wander(noise, length, 3.5))[:, None]
    result += 0.25 * wide(length, noise, band(240, 600, 2)) * wander(noise, length, 2.0)[:, None]
    bubbles = [_bubble(noise) for _ in range(12)]
    for start in moments(length, noise, 0.45):
        at = int(start)
        for _ in range(int(noise.integers(2, 7))):
            add(result, at, bubbles[int(noise.integers(12))] * np.float32(noise.uniform(0.08, 0.35)))
            at += int(SAMPLE_RATE * noise.uniform(0.05, 0.16))
    return result


def brook(length: int, noise: np.random.Generator) -> Stereo:
    """Water over stones: a steady rush, and drops that ring a moment in the hollows."""
    result = (
        0.2 * wide(length, noise, band(450, 3800, 1)) * (0.85 + 0.3 * wander(noise, length, 1.4))[:, None]
    )
    plops = []
    for _ in range(28):
        count = int(SAMPLE_RATE * noise.uniform(0.015, 0.06))
        seconds = np.arange(count) / SAMPLE_RATE
        cycles = float(noise.uniform(380, 1500)) * (seconds + noise.uniform(1.0, 4.0) * seconds**2)
        sound = np.sin(2 * np.pi * cycles).astype(np.float32) * swell(count, 0.003, 0.7 * count / SAMPLE_RATE)
        plops.append(place(sound, float(noise.uniform(-0.9, 0.9))))
    scattered(result, plops, 38, noise, lambda share: 0.05 + 0.4 * share**3)
    return result


def ice(length: int, noise: np.random.Generator) -> Stereo:
    """A frozen sea: far wind, water against floes, and cracks whose high end runs ahead of the low."""
    result = 0.16 * wide(length, noise, band(120, 520, 1)) * (0.5 + wander(noise, length, 4.0))[:, None]
    lap = wide(length, noise, band(350, 1800, 1)) * (wander(noise, length, 1.1) ** 3)[:, None]
    result += 0.14 * lap
    cracks = []
    for _ in range(10):
        count = int(SAMPLE_RATE * noise.uniform(0.09, 0.3))
        seconds = np.arange(count) / SAMPLE_RATE
        low, high, fall = noise.uniform(130, 260), noise.uniform(1500, 3200), noise.uniform(0.012, 0.03)
        cycles = low * seconds + (high - low) * fall * (1 - np.exp(-seconds / fall))
        sound = np.sin(2 * np.pi * cycles) * np.exp(-seconds / (0.25 * count / SAMPLE_RATE))
        sound = sound.astype(np.float32) * swell(count, 0.002, 0.03)
        sound += (
            0.5 * coloured(noise, count, band(700, 4000, 1)) * np.exp(-seconds / 0.006).astype(np.float32)
        )
        cracks.append(place(sound * swell(count, 0.001, 0.02), float(noise.uniform(-0.8, 0.8))))
    scattered(result, cracks, 0.3, noise, lambda share: 0.2 + 1.1 * share**2)
    return result
