"""The finish: the fader ridden, what grates taken away, peaks rounded, the level set; all in place."""

from collections.abc import Iterator

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Convolver, Stereo, drawn

_PEAK = 0.89
_WINDOW = 1 << 19
_TAPS = 4097
_STEP = SAMPLE_RATE // 20


def even(music: Stereo) -> None:
    """Ride the fader: over stretches of a second, soft ones come up and loud ones go down, by a part."""
    count = -(-len(music) // _STEP)
    power = np.zeros(count)
    for start, end in _windows(len(music)):
        for number in range(start // _STEP, -(-end // _STEP)):
            part = music[number * _STEP : (number + 1) * _STEP]
            power[number] = float(np.square(part, dtype=np.float64).mean())
    reach = np.hanning(33)[1:-1]
    smooth = np.convolve(np.pad(power, len(reach) // 2, mode="edge"), reach / reach.sum(), mode="valid")
    usual = float(np.median(smooth))
    if usual <= 0:
        return
    gain = np.clip((usual / np.maximum(smooth, 1e-3 * usual)) ** (0.3 / 2), 0.5, 1.7)
    middles = (np.arange(count) + 0.5) / 20
    for start, end in _windows(len(music)):
        music[start:end] *= drawn(end - start, middles - start / SAMPLE_RATE, gain)[:, None]


def finish(music: Stereo) -> None:
    """Take away what nobody hears and what grates, round off the highest peaks, set the level."""
    _equalise(music)
    level = float(np.sqrt(sum(_powers(music)) / max(1, music.size)))
    largest = 0.0
    if level > 0:
        # Three times the level the curve begins to bend, so only the few highest peaks are rounded.
        knee = np.float32(3.2 * level)
        for start, end in _windows(len(music)):
            part = music[start:end]
            over = np.abs(part) > knee
            beyond = (np.abs(part[over]) - knee) / knee
            part[over] = np.sign(part[over]) * knee * (1 + np.tanh(beyond))
    ends = min(len(music) // 2, 240)
    if ends:
        fade = np.linspace(0, 1, ends, endpoint=False, dtype=np.float32)[:, None]
        music[:ends] *= fade
        music[-ends:] *= fade[::-1]
    largest = max((float(np.abs(music[start:end]).max()) for start, end in _windows(len(music))), default=0.0)
    if largest > 0:
        music *= np.float32(_PEAK / largest)


def _windows(length: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, _WINDOW // _STEP * _STEP):
        yield start, min(length, start + _WINDOW // _STEP * _STEP)


def _powers(music: Stereo) -> Iterator[float]:
    for start, end in _windows(len(music)):
        yield float(np.square(music[start:end], dtype=np.float64).sum())


def _equalise(music: Stereo) -> None:
    """A filter of linear phase: no rumble below 46 Hz, a little air, less of what booms in rooms of pads."""
    hertz = np.fft.rfftfreq(_TAPS - 1, 1 / SAMPLE_RATE)
    floor = np.maximum(hertz, 0.1)
    curve = 1 / np.sqrt(1 + (46 / floor) ** 8) / np.sqrt(1 + (hertz / 13_500) ** 8)
    curve *= 10 ** (np.clip(np.log2(floor / 900), 0, 2.4) * 1.3 / 20)
    curve *= 1 - 0.16 * np.exp(-((np.log2(floor / 280)) ** 2) / 0.8)
    kernel = np.roll(np.fft.irfft(curve), _TAPS // 2) * np.hanning(_TAPS - 1)
    half = _TAPS // 2
    filtered = Convolver(np.stack([kernel, kernel], axis=1).astype(np.float32))
    for start, end in _windows(len(music)):
        done = filtered.push(music[start:end])
        late = min(start, half)  # what comes out belongs half a kernel earlier, where all is read already
        first = max(0, half - start)
        count = max(0, len(done) - first)
        music[start - late : start - late + count] = done[len(done) - count :]
    rest = filtered.push(np.zeros((half, 2), np.float32))
    keep = min(half, len(music))
    music[-keep:] = rest[-keep:]
