"""Ambience: each place sounds like itself, words choose it, and it lies still under the music."""

import numpy as np
import pytest

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.ambience import LAYERS, understand_ambience
from webtv.studio.procedural.music.mix import _surround


def _powers(name: str, seconds: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    sound = LAYERS[name](int(seconds * SAMPLE_RATE), np.random.default_rng(3))
    return np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE), (np.abs(np.fft.rfft(sound, axis=0)) ** 2).sum(axis=1)


def _share(name: str, low: float, high: float) -> float:
    hertz, power = _powers(name)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


@pytest.mark.parametrize("name", LAYERS)
def test_layers_sound_wide_and_survive_mono(name: str) -> None:
    sound = LAYERS[name](4 * SAMPLE_RATE, np.random.default_rng(3))
    assert sound.shape == (4 * SAMPLE_RATE, 2)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.std(sound) > 0.005
    assert not np.allclose(sound[:, 0], sound[:, 1])
    assert abs(sound.mean()) < 0.02 * np.std(sound)
    mono = 10 * np.log10(np.square(sound.mean(axis=1)).mean() / np.square(sound).mean())
    assert mono > -4


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_any_length_and_follow_their_seed(name: str) -> None:
    for length in (1, 100, 5_000):
        assert LAYERS[name](length, np.random.default_rng(1)).shape == (length, 2)
    first, again, other = [LAYERS[name](SAMPLE_RATE, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_rain_is_broad() -> None:
    octaves = [_share("rain", low, 2 * low) for low in (700, 1400, 2800, 5600)]
    assert min(octaves) > 0.05
    assert sum(octaves) > 0.75


def test_crickets_chirp_between_three_and_six_kilohertz() -> None:
    assert _share("crickets", 3000, 6000) > 4 * _share("crickets", 300, 3000)


def test_the_sea_breathes_every_five_to_twelve_seconds() -> None:
    sound = LAYERS["waves"](60 * SAMPLE_RATE, np.random.default_rng(2))
    step = SAMPLE_RATE // 10
    loudness = np.sqrt(np.square(sound).reshape(-1, step * 2).mean(axis=1))
    smooth = np.convolve(loudness, np.hanning(21) / np.hanning(21).sum(), mode="same")
    rhythm = np.abs(np.fft.rfft(smooth - smooth.mean(), 4096)) ** 2
    hertz = np.fft.rfftfreq(4096, 0.1)
    slow = (hertz > 1 / 12) & (hertz < 1 / 5)
    assert rhythm[slow].sum() > 0.6 * rhythm[hertz > 1 / 30].sum()
    assert smooth.max() > 3 * smooth[20:-20].min()


def test_deep_places_are_dark_and_dry_ones_hiss() -> None:
    assert _share("space", 0, 450) > 0.9
    assert _share("underwater", 0, 700) > 0.9
    assert _share("dunes", 3500, 10_000) > 5 * _share("wind", 3500, 10_000)
    assert _share("kettle", 1500, 8000) > 2 * _share("room", 1500, 8000)


def test_a_clock_ticks_once_a_second() -> None:
    sound = LAYERS["clock"](8 * SAMPLE_RATE, np.random.default_rng(4)).mean(axis=1)
    step = SAMPLE_RATE // 100
    loudness = np.sqrt(np.square(sound).reshape(-1, step).mean(axis=1))
    ticks = np.flatnonzero((loudness > 0.4 * loudness.max()) & (loudness >= np.roll(loudness, 1)))
    apart = np.diff(ticks)
    assert len(ticks) >= 7
    assert np.abs(apart[apart > 10] - 100).max() <= 2


@pytest.mark.parametrize("layers", [("room",), ("heights",), ("snow", "hall")])
def test_long_ambience_keeps_its_level_where_stretches_meet(layers: tuple[str, ...]) -> None:
    sound = np.zeros((70 * SAMPLE_RATE, 2), np.float32)
    _surround(sound, layers, 0.1, np.random.default_rng(5))
    levels = 10 * np.log10(np.square(sound).reshape(35, -1).mean(axis=1))
    assert levels.max() - levels.min() < 6
    joins = levels[[14, 15, 16, 29, 30, 31]]
    assert np.abs(joins - np.median(levels)).max() < 3.5
    assert not np.allclose(sound[:SAMPLE_RATE], sound[30 * SAMPLE_RATE : 31 * SAMPLE_RATE])


@pytest.mark.parametrize(
    ("words", "layers", "strength"),
    [
        ("light rain", ("rain",), -3.0),
        ("none", (), 0.0),
        ("", (), 0.0),
        ("deep sea, bubbles", ("underwater",), 0.0),
        ("howling wind", ("wind",), 3.0),
        ("crickets by a campfire", ("crickets", "fire"), 0.0),
        ("night train", ("train",), 0.0),
        ("city hum", ("city",), 0.0),
        ("room tone, ticking clock", ("clock",), 0.0),
        ("room tone", ("room",), 0.0),
        ("kettle on the fire", ("kettle", "fire"), 0.0),
        ("audience hush", ("hall",), 0.0),
        ("dry wind", ("dunes",), 0.0),
        ("desert wind", ("dunes",), 0.0),
        ("high wind", ("heights",), 0.0),
        ("wind over a castle, birds", ("wind", "birds"), 0.0),
        ("ice cracks, water, wind", ("ice", "wind"), 0.0),
        ("falling snow", ("snow",), 0.0),
        ("space", ("space",), 0.0),
        ("harbour with gulls", ("waves", "gulls"), 0.0),
        ("distant thunder and rain", ("thunder", "rain"), -3.0),
        ("mountain stream", ("wind", "brook"), 0.0),
        ("cafe murmur", ("cafe",), 0.0),
    ],
)
def test_ambience_is_understood(words: str, layers: tuple[str, ...], strength: float) -> None:
    assert understand_ambience(words) == (layers, strength)
