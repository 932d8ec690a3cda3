"""Building blocks of synthesis on numpy arrays: partials, envelopes, coloured noise, convolution."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from webtv.core.format import SAMPLE_RATE

Mono = NDArray[np.float32]
Stereo = NDArray[np.float32]
Pair = NDArray[np.complex64]
Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_TABLE = 1 << 15
_LOOP = 1 << 19
_CONTROL = 256  # samples between the points of a slow line


def partials(
    length: int, hertz: ArrayLike, left: ArrayLike, right: ArrayLike, decay: ArrayLike, phase: ArrayLike = 0.0
) -> Stereo:
    """Sum decaying sines, as one matrix product.

    A sample's time is a coarse step plus a fine one, and both the sine of a sum and the exponential of a
    sum fall apart into products of the two; so K sines of N samples cost two tables of K times sqrt(N)
    and one product of matrices, exact to the last bit of a float.

    Args:
        length: samples.
        hertz: frequency of each partial; those above 18 kHz are left out.
        left: amplitude of each in the left channel.
        right: likewise, right.
        decay: of each, per second; 0 sustains.
        phase: of each at the start, radians.

    Returns:
        float32[length, 2].
    """
    wave, lefts, rights, decays, phases = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each, np.float64)) for each in (hertz, left, right, decay, phase))
    )
    audible = wave < 18_000
    wave, lefts, rights, decays, phases = (each[audible] for each in (wave, lefts, rights, decays, phases))
    fine = max(64, int(np.sqrt(2 * length)))
    coarse = -(-length // fine)
    slope = -decays + 2j * np.pi * wave
    near = np.exp(slope[:, None] * (np.arange(fine) / SAMPLE_RATE))
    far = np.exp(slope[:, None] * (np.arange(coarse) * fine / SAMPLE_RATE) + 1j * phases[:, None])
    # Im(far * near) = Im(far) Re(near) + Re(far) Im(near)
    table = np.concatenate([near.real, near.imag]).astype(np.float32)
    result = np.empty((length, 2), np.float32)
    for side, gain in enumerate((lefts, rights)):
        scaled = far * gain[:, None]
        steps = np.concatenate([scaled.imag, scaled.real]).astype(np.float32)
        result[:, side] = (steps.T @ table).reshape(-1)[:length]
    return result


def rise(length: int, samples: int) -> Mono:
    """Raised-cosine attack of so many samples, then one: float32[length]."""
    result = np.ones(length, np.float32)
    count = min(length, samples)
    if count:
        result[:count] = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / samples)
    return result


def swell(length: int, attack: float, release: float) -> Mono:
    """Attack, hold and release as raised cosines; both ends are zero.

    Args:
        length: samples of the whole.
        attack: seconds.
        release: seconds; attack and release shrink in proportion where there is no room for both.
    """
    up, down = attack * SAMPLE_RATE, release * SAMPLE_RATE
    squeeze = min(1.0, length / max(1.0, up + down))
    result = rise(length, max(1, int(up * squeeze)))
    result *= rise(length, max(1, int(down * squeeze)))[::-1]
    return result


def place(sound: Mono, pan: float) -> Stereo:
    """Put a mono sound between left (-1) and right (1) at constant power."""
    angle = (min(1.0, max(-1.0, pan)) + 1) * np.pi / 4
    return np.stack([sound * np.float32(np.cos(angle)), sound * np.float32(np.sin(angle))], axis=1)


def tables(soft: ArrayLike, full: ArrayLike, hertz: float, ceilings: tuple[float, float]) -> Pair:
    """One period of two waves of harmonics that are read together; each normalised to peak 1.

    Args:
        soft: amplitudes of the harmonics of the one, from the first.
        full: likewise, of the other.
        hertz: the pitch they will be played at.
        ceilings: hertz above which harmonics are left out, of either.
    """
    sides = []
    for amplitudes, ceiling in zip((soft, full), ceilings, strict=True):
        heights = np.asarray(amplitudes, np.float64)[: max(1, int(ceiling / hertz))]
        spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
        # Phases that turn with the harmonic's number keep the crest low, as real instruments do.
        spectrum[1 : len(heights) + 1] = heights * np.exp(2.4j * np.arange(len(heights)) ** 1.3)
        wave = np.fft.irfft(spectrum)
        sides.append(wave / max(1e-9, float(np.abs(wave).max())))
    return (sides[0] + 1j * sides[1]).astype(np.complex64)


def play(pair: Pair, cycles: NDArray[np.floating[Any]]) -> tuple[Mono, Mono]:
    """Read two one-period tables at a running phase; so long that the nearest value will do.

    Args:
        pair: from :func:`tables`.
        cycles: phase in periods, float64[n].
    """
    read = pair[(cycles * _TABLE).astype(np.int64) & (_TABLE - 1)]
    return read.real, read.imag


def fast_size(least: int) -> int:
    """The smallest product of 2, 3 and 5 that is at least this: FFTs of it are quick."""
    best = 1 << max(0, least - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            size = three << max(0, -(-least // three) - 1).bit_length()
            if least <= size < best:
                best = size
            three *= 3
        five *= 5
    return best


def coloured(noise: np.random.Generator, length: int, curve: Curve) -> Mono:
    """Gaussian noise with a given spectrum and an RMS of 1.

    It is made as a spectrum, so it runs into itself without a seam; eleven seconds of it are made at most
    and then repeat, which in noise nobody hears.

    Args:
        noise: where randomness comes from.
        length: samples.
        curve: amplitude over frequency in hertz.
    """
    size = fast_size(max(2, min(length, _LOOP)))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    weight = curve(np.maximum(hertz, 1.0)).astype(np.float32)
    weight[0] = 0
    level = np.sqrt(np.square(weight, dtype=np.float64).sum())
    parts = noise.standard_normal((len(hertz), 2), np.float32) * weight[:, None]
    sound = np.fft.irfft(parts.view(np.complex64)[:, 0], size)
    sound *= np.float32(size / (2 * max(1e-9, level)))
    if length > size:
        sound = np.tile(sound, -(-length // size))
    return sound[:length].astype(np.float32, copy=False)


def band(low: float, high: float, slope: float = 2.0) -> Curve:
    """A curve that passes from low to high, falling off by the power ``slope`` on either side."""

    def curve(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        below = 1 / np.sqrt(1 + (low / hertz) ** (2 * slope))
        above = 1 / np.sqrt(1 + (hertz / high) ** (2 * slope))
        return np.asarray(below * above)

    return curve


class Convolver:
    """Convolves a long sound piece by piece; each channel with its own impulse response.

    Args:
        impulse: float32[taps, 2].
    """

    def __init__(self, impulse: Stereo) -> None:
        self._taps = len(impulse)
        self._size = fast_size(max(2 * self._taps, 1 << 15))
        self._spectrum = np.fft.rfft(impulse, self._size, axis=0).astype(np.complex64)
        self._tail = np.zeros((self._taps, 2), np.float32)

    def push(self, sound: Stereo) -> Stereo:
        """The next piece: as long as what is pushed, with what still sounds of the pieces before."""
        step = self._size - self._taps + 1
        result = np.zeros((len(sound) + self._taps, 2), np.float32)
        result[: self._taps] = self._tail
        for start in range(0, len(sound), step):
            part = np.fft.rfft(sound[start : start + step], self._size, axis=0)
            wet = np.fft.irfft(part * self._spectrum, self._size, axis=0)
            end = min(len(result), start + self._size)
            result[start:end] += wet[: end - start]
        self._tail = result[len(sound) :].copy()
        return result[: len(sound)]


def convolve(sound: Stereo, impulse: Stereo) -> Stereo:
    """Convolve each channel with its impulse response; the result is as long as the sound."""
    return Convolver(impulse).push(sound)


def drawn(length: int, seconds: ArrayLike, heights: ArrayLike) -> Mono:
    """A slow line through points, at audio rate: float32[length]."""
    at = np.arange(0, length + _CONTROL, _CONTROL) / SAMPLE_RATE
    coarse = np.interp(at, np.asarray(seconds), np.asarray(heights)).astype(np.float32)
    share = np.arange(_CONTROL, dtype=np.float32) / _CONTROL
    fine = coarse[:-1, None] + np.diff(coarse)[:, None] * share
    return np.asarray(fine.reshape(-1)[:length])


def wander(noise: np.random.Generator, length: int, seconds: float) -> Mono:
    """A smooth random line between 0 and 1 that turns about every so many seconds."""
    turns = int(length / SAMPLE_RATE / seconds) + 4
    heights = noise.random(turns)
    points = np.linspace(0, turns - 3, max(2, turns * 12)) + noise.random()
    index = points.astype(np.int64)
    rest = 0.5 - 0.5 * np.cos(np.pi * (points - index))
    curve = heights[index] * (1 - rest) + heights[index + 1] * rest
    return drawn(length, np.linspace(0, length / SAMPLE_RATE, len(points)), curve)
