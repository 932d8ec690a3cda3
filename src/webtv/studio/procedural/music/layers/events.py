"""Events and beds of noise: what the sounds of places are made of."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Curve, Stereo, coloured, place, swell

Layer = Callable[[int, np.random.Generator], Stereo]


def wide(length: int, noise: np.random.Generator, curve: Curve, share: float = 0.6) -> Stereo:
    """Noise that is partly the same on both sides: wide without a hole in the middle."""
    middle = coloured(noise, length, curve)
    sides = [coloured(noise, length, curve) for _ in range(2)]
    return np.stack([middle * np.float32(1 - share) + side * np.float32(share) for side in sides], axis=1)


def moments(length: int, noise: np.random.Generator, per_second: float) -> NDArray[np.int64]:
    """Samples at which something happens, as often as asked on average."""
    count = int(noise.poisson(per_second * length / SAMPLE_RATE))
    return np.sort(noise.integers(0, max(1, length), count))


def add(target: Stereo, at: int, sound: Stereo) -> None:
    """Add a sound at a sample; what reaches beyond the end is cut."""
    end = min(len(target), at + len(sound))
    if at < end:
        target[at:end] += sound[: end - at]


def scattered(
    target: Stereo,
    sounds: Sequence[Stereo],
    per_second: float,
    noise: np.random.Generator,
    force: Callable[[float], float],
) -> None:
    """Strew short sounds over a stretch, each as strong as ``force`` makes of a number from 0 to 1."""
    for at in moments(len(target), noise, per_second):
        add(target, int(at), sounds[int(noise.integers(len(sounds)))] * np.float32(force(noise.random())))


def rustle(noise: np.random.Generator, seconds: float, curve: Curve, pan: float) -> Stereo:
    """Cloth, paper, leaves: noise that swells and sinks."""
    count = int(seconds * SAMPLE_RATE)
    return place(coloured(noise, count, curve) * swell(count, 0.4 * seconds, 0.55 * seconds) ** 2, pan)
