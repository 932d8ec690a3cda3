"""Seeded noise: everything irregular in a picture comes from here."""

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float32


def fbm(
    height: int,
    width: int,
    rng: np.random.Generator,
    cells: float = 3.0,
    octaves: int = 6,
    gain: float = 0.52,
) -> Array:
    """Fractal value noise float32[height, width] in 0..1; ``cells`` is the coarsest grid along the height."""
    out = np.zeros((height, width), np.float32)
    aspect = width / height
    weight = 1.0
    for octave in range(octaves):
        rows = max(2, round(cells * 2**octave) + 1)
        columns = max(2, round(cells * aspect * 2**octave) + 1)
        if rows > height * 2:
            break
        grid = rng.standard_normal((rows, columns), dtype=np.float32)
        out += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= gain
    return unit(out)


def tile(
    size: int, rng: np.random.Generator, slope: float = 1.6, low: float = 1.0, high: float = 1e9
) -> Array:
    """Noise float32[size, size] that repeats seamlessly, mean 0, deviation 1.

    Args:
        size: pixels of one side.
        rng: source of chance.
        slope: amplitude falls as frequency to this power.
        low: lowest frequency kept, in periods per tile.
        high: highest frequency kept.
    """
    amplitude = _amplitudes(size, slope, low, high)
    turn = (2 * np.pi * rng.random(amplitude.shape)).astype(np.float32)
    spectrum = np.empty(amplitude.shape, np.complex64)
    np.multiply(amplitude, np.cos(turn), out=spectrum.real)
    np.multiply(amplitude, np.sin(turn), out=spectrum.imag)
    out = np.asarray(np.fft.irfft2(spectrum, s=(size, size)), np.float32)
    out -= out.mean()
    out /= out.std() + np.float32(1e-9)
    return out


@functools.lru_cache(maxsize=8)
def _amplitudes(size: int, slope: float, low: float, high: float) -> Array:
    """float32[size, size // 2 + 1] by frequency."""
    fy = np.fft.fftfreq(size)[:, None] * size
    fx = np.fft.rfftfreq(size)[None, :] * size
    radius = np.hypot(fx, fy)
    with np.errstate(divide="ignore"):
        amplitude = np.where((radius >= low) & (radius <= high), radius**-slope, 0.0)
    out = (amplitude / np.sqrt((amplitude**2).sum())).astype(np.float32) * np.float32(size)
    out.flags.writeable = False
    return np.asarray(out)


def unit(values: Array) -> Array:
    """Stretch to 0..1."""
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1e-9), np.float32)


def wrap(values: Array, period: float = 256.0) -> Array:
    """``values`` modulo a period; many times faster than ``np.mod`` on large arrays."""
    out = np.floor(np.asarray(values, np.float32) * np.float32(1 / period))
    out *= np.float32(-period)
    out += values
    return np.asarray(out, np.float32)


def smoothstep(low: float | Array, high: float | Array, values: Array) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between (``low`` may be the larger)."""
    start = np.asarray(low, np.float32)
    x: Array = np.asarray(values - start, np.float32)
    x = np.asarray(x / (np.asarray(high, np.float32) - start))
    x = np.asarray(np.clip(x, 0, 1))
    bend = np.asarray(x * np.float32(-2))
    bend += 3
    x *= x
    x *= bend
    return x


class Profile:
    """A smooth random curve over the whole line, about -1..1; the same x always gives the same y."""

    def __init__(
        self,
        rng: np.random.Generator,
        scale: float = 1.0,
        octaves: int = 5,
        gain: float = 0.5,
        ridged: bool = False,
    ) -> None:
        self._knots = rng.uniform(-1, 1, (octaves, 512)).astype(np.float32)
        self._shift = rng.uniform(0, 512, octaves)
        self._scale = scale
        self._gain = gain
        self._ridged = ridged

    def __call__(self, x: Array) -> Array:
        """Values at x."""
        out = np.zeros(np.shape(x), np.float32)
        weight, total, frequency = 1.0, 0.0, 1.0 / self._scale
        for knots, shift in zip(self._knots, self._shift, strict=True):
            position = np.asarray(x, np.float64) * frequency + shift
            index = np.floor(position)
            f = (position - index).astype(np.float32)
            f = f * f * (3.0 - 2.0 * f)
            i = index.astype(np.int64) % 512
            value = knots[i] * (1 - f) + knots[(i + 1) % 512] * f
            out += weight * ((1.0 - 2.0 * np.abs(value)) if self._ridged else value)
            total += weight
            weight *= self._gain
            frequency *= 2.03
        return np.asarray(out / total, np.float32)
