"""Loudness: how loud a sound is by EBU R128, and bringing it to the house level without clipping anybody."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import av.error
import av.filter
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import InputError, QualityError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import Sound

HOUSE_LUFS = -16.0
HOUSE_PEAK = -1.5
TOLERANCE = 0.5
NEARLY_SILENT = -60.0
SHORTEST = 2 * SAMPLE_RATE // 5  # one 400 ms gating block of R128; less has no loudness

_STEP = SAMPLE_RATE // 10  # the filter reports every 100 ms
_PASSES = 6
_OVERSAMPLING = 4
_TAPS = 24  # per phase
_LOOK = SAMPLE_RATE // 200  # 5 ms: the limiter is down before the peak comes, and as slow to return
_HEADROOM = 0.05  # dB kept below the ceiling: dither and other meters' filters differ by less


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a meter says of a sound, and what was done to reach it.

    Attributes:
        lufs: integrated loudness, EBU R128.
        true_peak: dBTP; minus infinity for silence.
        gain: dB of linear gain applied by :func:`normalise`.
        limited: largest momentary reduction by the limiter, dB, 0 or more.
        on_target: whether the loudness asked for was reached within 0.5 LU; the peak always holds.
    """

    lufs: float
    true_peak: float
    gain: float = 0.0
    limited: float = 0.0
    on_target: bool = True


def measure(sound: Sound) -> Loudness:
    """Measure integrated loudness and true peak with FFmpeg's ebur128 filter, in this process.

    Args:
        sound: float32[n, 2] at 48 kHz.

    Raises:
        InputError: the array is not stereo sound.
        QualityError: it is shorter than 0.4 s, or holds values that are no numbers.
    """
    _check(sound)
    lufs, peak = _meter(sound)
    return Loudness(lufs, _decibels(max(peak, float(_peaks(sound).max()))))


def normalise(sound: Sound, lufs: float = HOUSE_LUFS, peak: float = HOUSE_PEAK) -> tuple[Sound, Loudness]:
    """Bring a sound to a loudness with one gain, then keep its true peaks under a ceiling.

    A look-ahead limiter on the four times oversampled peak takes what exceeds the ceiling. Where loudness
    and ceiling cannot both hold, the ceiling does and ``on_target`` is False.

    Args:
        sound: float32[n, 2] at 48 kHz.
        lufs: integrated loudness to reach.
        peak: dBTP to stay under.

    Returns:
        The new sound and its measured loudness.

    Raises:
        InputError: the array is not stereo sound.
        QualityError: it is too short, nearly silent, or holds values that are no numbers.
    """
    _check(sound)
    before = _meter(sound)[0]
    if before < NEARLY_SILENT:
        raise QualityError(
            f"the sound is nearly silent ({before:.1f} LUFS)",
            remedy="compose the bed again with another seed",
        )
    gain = lufs - before
    ceiling = 10 ** ((peak - _HEADROOM) / 20)
    result, limited, after = sound, 0.0, -math.inf
    # Limiting makes a sound softer, so the gain is raised by what is missing until the meter agrees. A
    # sound of lone spikes never gets there; the loop then stops when a pass no longer helps.
    for _ in range(_PASSES):
        result, limited = _limit(sound * np.float32(10 ** (gain / 20)), ceiling)
        last, after = after, _meter(result)[0]
        if abs(after - lufs) < TOLERANCE / 5 or (limited and after - last < TOLERANCE / 10):
            break
        gain += lufs - after
    report = measure(result)
    if report.true_peak > peak - _HEADROOM / 5:
        excess = report.true_peak - peak + _HEADROOM
        result = result * np.float32(10 ** (-excess / 20))
        gain -= excess
        report = measure(result)
    met = abs(report.lufs - lufs) <= TOLERANCE
    return result, replace(report, gain=gain, limited=limited, on_target=met)


def _check(sound: Sound) -> None:
    if sound.ndim != 2 or sound.shape[1] != 2:
        raise InputError(f"sound of shape {sound.shape} is not stereo", remedy="pass float32[samples, 2]")
    if len(sound) < SHORTEST:
        raise QualityError(
            f"{len(sound) / SAMPLE_RATE:.3f} s of sound is too short to have a loudness",
            remedy="make it at least 0.4 s long",
        )
    if not np.isfinite(sound).all():
        raise QualityError("the sound holds values that are no numbers", remedy="compose it again")


def _meter(sound: Sound) -> tuple[float, float]:
    """Integrated loudness in LUFS and the true peak as a factor."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=SAMPLE_RATE, format="flt", layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
    )
    meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    # Whole steps only are reported on, so the last one is filled up with silence.
    whole = np.zeros((-(-len(sound) // _STEP) * _STEP, 2), np.float32)
    whole[: len(sound)] = sound
    latest: dict[str, str] = {}

    def drain() -> None:
        while True:
            try:
                reported = sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if isinstance(reported, av.AudioFrame):
                latest.update(reported.metadata)

    for start in range(0, len(whole), SAMPLE_RATE):
        part = np.ascontiguousarray(whole[start : start + SAMPLE_RATE]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="flt", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        source.push(frame)
        drain()
    source.push(None)
    drain()
    lufs = float(latest["lavfi.r128.I"])
    return (lufs if math.isfinite(lufs) else -70.0), float(latest["lavfi.r128.true_peak"])


def _decibels(factor: float) -> float:
    return 20 * math.log10(factor) if factor > 0 else -math.inf


def _interpolators() -> list[NDArray[np.float32]]:
    """One windowed-sinc filter per intermediate phase."""
    places = np.arange(_TAPS) - _TAPS / 2 + 1
    filters = []
    for phase in range(1, _OVERSAMPLING):
        offset = places - phase / _OVERSAMPLING
        taps = np.sinc(offset) * np.cos(np.pi * offset / (_TAPS + 1)) ** 2
        filters.append((taps / taps.sum()).astype(np.float32))
    return filters


_INTERPOLATORS = _interpolators()


def _peaks(sound: Sound) -> NDArray[np.float32]:
    """Per sample, the largest magnitude of both channels at it and between it and its neighbours."""
    largest: NDArray[np.float32] = np.abs(sound).max(axis=1)
    for channel in (np.ascontiguousarray(sound[:, 0]), np.ascontiguousarray(sound[:, 1])):
        for taps in _INTERPOLATORS:
            # Reversed, because convolution turns its kernel round. Point n lies between n and n + 1.
            between = np.abs(np.convolve(channel, taps[::-1])[_TAPS // 2 :][: len(channel)])
            np.maximum(largest, between, out=largest)
            np.maximum(largest[1:], between[:-1], out=largest[1:])
    return largest


def _limit(sound: Sound, ceiling: float) -> tuple[Sound, float]:
    """The sound under the ceiling, and the largest reduction in dB."""
    peaks = _peaks(sound)
    if peaks.max() <= ceiling:
        return sound, 0.0
    wanted = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9)).astype(np.float64)
    width = 2 * _LOOK + 1
    # A running minimum and two running means, each as wide: the gain is smooth and below what was wanted.
    lowest = np.concatenate([np.ones(2 * _LOOK), wanted, np.ones(2 * _LOOK)])
    reach = 1
    while reach < 2 * width - 1:
        step = min(reach, 2 * width - 1 - reach)
        lowest = np.minimum(lowest[:-step], lowest[step:])
        reach += step
    padded = np.concatenate([np.full(2 * _LOOK, lowest[0]), lowest, np.full(2 * _LOOK, lowest[-1])])
    for _ in range(2):
        total = np.concatenate([[0.0], np.cumsum(padded)])
        padded = (total[width:] - total[:-width]) / width
    gain = np.minimum(padded[: len(sound)], 1.0)
    return sound * gain.astype(np.float32)[:, None], -_decibels(float(gain.min()))
