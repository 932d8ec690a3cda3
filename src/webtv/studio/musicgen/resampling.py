"""Band-limited resampling by a ratio of whole numbers: a polyphase filter of windowed sines.

Kaiser's window (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5) is laid out for images and
aliases 90 dB down; from 32 to 48 kHz the passband ends at 14.6 kHz. The filter is symmetric: nothing is
delayed.
"""

from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

_DECIBELS = 90.0
_REACH = 64  # samples of the slower rate to each side
_BLOCK = 4096


def resampled(sound: NDArray[np.float32], rate: int, to: int) -> NDArray[np.float32]:
    """A sound at another rate.

    Args:
        sound: float32[samples, channels].
        rate: its samples per second.
        to: samples per second of the result.

    Returns:
        float32[ceil(samples * to / rate), channels]; silence is taken to lie before and after.
    """
    common = gcd(rate, to)
    up, down = to // common, rate // common
    if up == down:
        return sound
    bank, reach = _bank(up, down)
    width = len(bank)
    length = ceil(len(sound) * up / down)
    turns = ceil(length / up)  # each turn of the phases takes `down` samples and gives `up`
    padded = np.zeros((turns * down + width, sound.shape[1]), np.float32)
    padded[reach - 1 : reach - 1 + len(sound)] = sound
    result = np.empty((turns * up, sound.shape[1]), np.float32)
    for channel in range(sound.shape[1]):
        views = np.lib.stride_tricks.sliding_window_view(padded[:, channel], width)[::down]
        for at in range(0, turns, _BLOCK):
            end = min(turns, at + _BLOCK)
            result[at * up : end * up, channel] = (views[at:end] @ bank).reshape(-1)
    return result[:length]


@lru_cache(maxsize=8)
def _bank(up: int, down: int) -> tuple[NDArray[np.float32], int]:
    """The filter of each phase, as columns over one window of input, and how far it reaches back."""
    slower = min(1.0, up / down)  # of the two rates, as a share of the input's
    reach = ceil(_REACH / slower)
    beta = 0.1102 * (_DECIBELS - 8.7)
    transition = (_DECIBELS - 7.95) / (14.36 * 2 * _REACH)
    cutoff = slower * (
        1 - transition
    )  # as a share of the input's Nyquist frequency, middle of the transition
    positions = np.arange(up) * down
    width = 2 * reach + int(positions[-1] // up)
    taps = np.arange(width)[:, None] - (reach - 1) - positions[None, :] / up
    bank = cutoff * np.sinc(cutoff * taps)
    bank *= np.i0(beta * np.sqrt(np.clip(1 - (taps / reach) ** 2, 0, None))) / np.i0(beta)
    bank[np.abs(taps) > reach] = 0
    bank /= bank.sum(axis=0)
    return bank.astype(np.float32), reach
