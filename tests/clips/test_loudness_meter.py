"""Loudness, held against the FFmpeg binary's own summary."""

import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from webtv.clips.loudness import HOUSE_LUFS, HOUSE_PEAK, measure, normalise
from webtv.core.errors import InputError, QualityError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import Sound


def _summary(sound: Sound) -> tuple[float, float]:
    """What ``ffmpeg -af ebur128`` says: LUFS and dBTP."""
    told = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats"),
            *("-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2", "-i", "pipe:0"),
            *("-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"),
        ],
        input=sound.tobytes(),
        capture_output=True,
        check=True,
    ).stderr.decode()
    told = told[told.index("Summary:") :]
    loudness, peak = re.search(r"I:\s+(\S+) LUFS", told), re.search(r"Peak:\s+(\S+) dBFS", told)
    assert loudness is not None
    assert peak is not None
    return float(loudness[1]), float(peak[1])


def _sine(seconds: float, hertz: float = 997.0, height: float = 0.5) -> Sound:
    at = np.arange(int(seconds * SAMPLE_RATE))
    wave = height * np.sin(2 * np.pi * hertz * at / SAMPLE_RATE)
    wave *= np.clip(np.minimum(at, at[::-1]) / 480, 0, 1)  # a sine cut off has peaks of its own
    return np.stack([wave, wave], axis=1).astype(np.float32)


def _drums(seconds: float = 6.0) -> Sound:
    noise = np.random.default_rng(5)
    count = int(seconds * SAMPLE_RATE)
    shape = np.exp(-((np.arange(count) % 24_000) / 900)) + 0.08
    return (0.2 * noise.standard_normal((count, 2)) * shape[:, None]).astype(np.float32)


def test_a_full_sine_on_both_sides_reads_as_the_standard_says() -> None:
    # A 997 Hz sine at full scale in both channels is 0 LUFS less 0.0 to 0.1.
    measured = measure(_sine(5, height=1.0))
    assert measured.lufs == pytest.approx(0.0, abs=0.1)
    assert measured.true_peak == pytest.approx(0.0, abs=0.1)


def test_peaks_between_samples_are_seen() -> None:
    # A quarter of the sample rate at 45 degrees: no sample above 0.64, the wave itself at 0.9.
    at = np.arange(3 * SAMPLE_RATE)
    wave = 0.9 * np.sin(np.pi / 2 * at + np.pi / 4) * np.clip(np.minimum(at, at[::-1]) / 480, 0, 1)
    sound = np.stack([wave, wave], axis=1).astype(np.float32)
    assert np.abs(sound).max() < 0.64
    assert measure(sound).true_peak == pytest.approx(20 * np.log10(0.9), abs=0.3)


@pytest.mark.parametrize(
    "sound", [_sine(4, 220), _drums(), _sine(2.03, 5_000, 0.02)], ids=["low", "drums", "faint"]
)
def test_readings_agree_with_the_binary(sound: Sound) -> None:
    lufs, peak = _summary(sound)
    measured = measure(sound)
    assert measured.lufs == pytest.approx(lufs, abs=0.11)
    assert measured.true_peak == pytest.approx(peak, abs=0.3)


@pytest.mark.parametrize("gain", [0.02, 1.0, 8.0])
def test_normalised_sound_reads_as_asked_in_the_binary(gain: float) -> None:
    result, report = normalise(_drums() * np.float32(gain))
    lufs, peak = _summary(result)
    assert report.on_target
    assert report.lufs == pytest.approx(lufs, abs=0.11)
    assert lufs == pytest.approx(HOUSE_LUFS, abs=0.5)
    assert peak <= HOUSE_PEAK + 0.05  # the summary is rounded to a tenth
    assert report.true_peak < HOUSE_PEAK
    assert report.limited > 1  # drums this sharp need the limiter


def test_what_needs_no_limiting_is_only_turned_up() -> None:
    sound = _sine(4, height=0.05)
    result, report = normalise(sound)
    assert report.limited == 0
    factor = np.float32(10 ** (report.gain / 20))
    assert np.allclose(result, sound * factor, atol=1e-6)


def test_where_both_cannot_hold_the_peak_does() -> None:
    sound = np.zeros((4 * SAMPLE_RATE, 2), np.float32)
    sound[::24_000] = 0.9  # lone spikes
    result, report = normalise(sound)
    assert not report.on_target
    assert report.true_peak < HOUSE_PEAK
    assert np.abs(result).max() <= 10 ** (HOUSE_PEAK / 20)
    assert report.lufs < HOUSE_LUFS - 0.5


def test_limiting_bends_no_wave() -> None:
    sound = _sine(4, 300, 0.08)
    sound[96_000:98_400] *= 11
    result, report = normalise(sound)
    assert report.limited > 3
    bends = np.abs(np.diff(result, 2, axis=0)).max()
    fastest = (2 * np.pi * 300 / SAMPLE_RATE) ** 2  # of a full-scale sine
    edge = np.abs(np.diff(sound * np.float32(10 ** (report.gain / 20)), 2, axis=0)).max()
    assert bends <= max(1.5 * fastest, edge)


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (np.zeros((SAMPLE_RATE, 2), np.float32), "silent"),
        (_sine(1, height=1e-4), "silent"),
        (_sine(0.3), "too short"),
        (np.full((SAMPLE_RATE, 2), np.nan, np.float32), "no numbers"),
    ],
    ids=["silence", "near silence", "short", "nan"],
)
def test_what_has_no_loudness_is_refused(sound: Sound, why: str) -> None:
    with pytest.raises(QualityError, match=why) as caught:
        normalise(sound)
    assert caught.value.remedy


def test_mono_is_refused() -> None:
    with pytest.raises(InputError, match="stereo"):
        measure(np.zeros(SAMPLE_RATE, np.float32))
