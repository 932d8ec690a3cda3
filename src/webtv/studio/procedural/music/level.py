"""Levels: how loud a stretch of sound is to an ear."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Stereo

_BLOCK = 1 << 14


def _weights(hertz: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Power weighting of loudness: deep sounds count less, those above 1.5 kHz a little more."""
    high = 1 + 0.6 / (1 + (1500 / np.maximum(hertz, 1.0)) ** 4)
    low = 1 / (1 + (60 / np.maximum(hertz, 1.0)) ** 4)
    return np.asarray(high * low)


def weighted(sound: Stereo) -> float:
    """Weighted RMS over the stretches in which something plays; 0 for silence."""
    blocks = max(1, len(sound) // _BLOCK)
    chosen = np.unique(np.linspace(0, blocks - 1, min(blocks, 48)).astype(np.int64))
    weights = _weights(np.fft.rfftfreq(_BLOCK, 1 / SAMPLE_RATE))
    powers = []
    for number in chosen:
        part = sound[number * _BLOCK : (number + 1) * _BLOCK]
        spectrum = np.abs(np.fft.rfft(part, _BLOCK, axis=0)).astype(np.float64) ** 2
        powers.append(2 * float((spectrum.sum(axis=1) * weights).sum()) / _BLOCK / max(1, len(part)))
    found = np.asarray(powers)
    if found.max() <= 1e-14:
        return 0.0
    return float(np.sqrt(found[found > found.max() * 0.02].mean()))
