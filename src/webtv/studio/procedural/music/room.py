"""The room that music sounds in: impulse responses of halls of any size."""

import functools

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Stereo, band, coloured

_ROOM_SEED = 48


@functools.lru_cache(maxsize=4)
def room(space: float) -> Stereo:
    """An impulse response: a few early reflections, then noise that dies sooner where it is brighter."""
    noise = np.random.Generator(np.random.PCG64(_ROOM_SEED))
    length = int(SAMPLE_RATE * min(4.5, 1.05 * space))
    seconds = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    response = np.zeros((length, 2), np.float32)
    # Low frequencies come alike to both ears, high ones do not.
    bands = ((180, 500, 1.0, 0.35), (500, 1200, 0.95, 0.55), (1200, 2600, 0.8, 0.75), (2600, 6000, 0.55, 0.9))
    for low, high, share, apart in bands:
        fall = np.exp(-6.9 * seconds / np.float32(space * share))
        both, *each = (coloured(noise, length, band(low, high, 2)) for _ in range(3))
        for side in range(2):
            response[:, side] += (both * np.float32(1 - apart) + each[side] * np.float32(apart)) * fall
    gather = np.clip((seconds - 0.016) / 0.03, 0, 1)
    response *= (gather**0.7)[:, None]
    response /= np.sqrt((response.astype(np.float64) ** 2).sum(axis=0).mean())
    for reflection in range(7):
        side = reflection % 2
        late = 0.009 + 0.0065 * reflection + 0.003 * float(noise.random())
        response[int(late * SAMPLE_RATE), side] += 0.12 * (-0.85) ** reflection
    return response
