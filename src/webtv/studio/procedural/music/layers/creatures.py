"""Creatures: birds, gulls, crickets."""

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.layers.events import add, wide
from webtv.studio.procedural.music.signals import Stereo, band, place, swell


def birds(length: int, noise: np.random.Generator) -> Stereo:
    """A few birds, each with a song of its own that it varies; leaves stir behind them."""
    result = 0.05 * wide(length, noise, band(400, 3000, 1))
    for _ in range(4):
        home = float(noise.uniform(2500, 4700))
        pan, far = float(noise.uniform(-0.9, 0.9)), float(noise.uniform(0.25, 1.0))
        song = [
            (
                float(noise.uniform(0.85, 1.25)),
                float(noise.uniform(-0.28, 0.28)),
                float(noise.uniform(0.05, 0.17)),
            )
            for _ in range(int(noise.integers(2, 5)))
        ]
        trill = float(noise.choice([0.0, 0.0, 24.0, 38.0]))
        at = float(noise.uniform(0.2, 4))
        while at * SAMPLE_RATE < length:
            for _ in range(int(noise.integers(1, 4))):
                for height, bend, lasts in song:
                    count = int(lasts * SAMPLE_RATE)
                    share = np.arange(count) / count
                    hertz = (
                        home * height * (1 + bend * share + 0.05 * np.sin(2 * np.pi * trill * share * lasts))
                    )
                    cry = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE).astype(np.float32)
                    cry *= swell(count, 0.4 * lasts, 0.5 * lasts) * np.float32(0.5 * far)
                    add(result, int(at * SAMPLE_RATE), place(cry, pan))
                    at += lasts + float(noise.uniform(0.02, 0.07))
                at += float(noise.uniform(0.08, 0.25))
            at += float(noise.uniform(2.0, 6.5))
    return result


def crickets(length: int, noise: np.random.Generator) -> Stereo:
    """A summer night: a handful of crickets, each with its own pitch and patience."""
    result = 0.03 * wide(length, noise, band(300, 2000, 1))
    for _ in range(5):
        hertz, rate = float(noise.uniform(3900, 4700)), float(noise.uniform(28, 36))
        pulses = int(noise.integers(3, 5))
        count = int(pulses / rate * SAMPLE_RATE)
        seconds = np.arange(count) / SAMPLE_RATE
        pulse = np.maximum(0, np.sin(2 * np.pi * rate * seconds)) ** 2
        chirp = (np.sin(2 * np.pi * hertz * seconds) * pulse).astype(np.float32) * swell(count, 0.01, 0.02)
        sound = place(chirp * np.float32(noise.uniform(0.12, 0.4)), float(noise.uniform(-1, 1)))
        every = float(noise.uniform(0.55, 0.9))
        at = float(noise.uniform(0, every))
        while at * SAMPLE_RATE < length:
            if noise.random() < 0.93:
                add(result, int(at * SAMPLE_RATE), sound)
            at += every * float(noise.uniform(0.96, 1.04))
    return result


def gulls(length: int, noise: np.random.Generator) -> Stereo:
    """Gulls over a harbour: a few falling cries at a time, from far away."""
    result = 0.04 * wide(length, noise, band(200, 1800, 1))
    at = float(noise.uniform(0.5, 4))
    while at * SAMPLE_RATE < length:
        pan, far = float(noise.uniform(-0.9, 0.9)), float(noise.uniform(0.1, 0.4))
        home = float(noise.uniform(950, 1350))
        for turn in range(int(noise.integers(2, 6))):
            lasts = float(noise.uniform(0.22, 0.42)) * (1.5 if turn == 0 else 1.0)
            count = int(lasts * SAMPLE_RATE)
            share = np.arange(count) / count
            hertz = home * (0.82 + 0.4 * np.sin(np.pi * share**0.6) - 0.12 * share)
            turned = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
            cry = np.sin(turned) + 0.5 * np.sin(2 * turned) + 0.22 * np.sin(3 * turned)
            add(
                result,
                int(at * SAMPLE_RATE),
                place(
                    cry.astype(np.float32) * swell(count, 0.25 * lasts, 0.6 * lasts) * np.float32(far), pan
                ),
            )
            at += lasts + float(noise.uniform(0.04, 0.16))
        at += float(noise.uniform(3.5, 9))
    return result
