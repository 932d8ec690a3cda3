"""Finished pieces by ear: key, tempo, spectrum, level, width, joins and endings, measured on the samples."""

import functools
import tracemalloc

import numpy as np
import pytest

from webtv.clips.loudness import HOUSE_PEAK, measure, normalise
from webtv.core.format import SAMPLE_RATE
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest, Sound
from webtv.studio.procedural.music import mix as desk
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.music.performance import details, perform
from webtv.studio.procedural.music.theory import MODES, NOTE_NAMES

# How well each note fits a key by listeners' judgement (Krumhansl and Kessler 1982), tonic first.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def _request(
    mood: str, *instruments: str, seconds: float = 10, seed: int = 1, tempo: int = 0, ambience: str = ""
) -> BedRequest:
    return BedRequest(MusicBrief(mood, tempo, instruments, ambience), int(seconds * SAMPLE_RATE), seed)


@functools.lru_cache(maxsize=4)
def _piece(mood: str, *instruments: str, seconds: float = 10, seed: int = 1, tempo: int = 0) -> Sound:
    return perform(_request(mood, *instruments, seconds=seconds, seed=seed, tempo=tempo))


def _chroma(sound: Sound, high: float = 700.0) -> np.ndarray:
    """How much of each pitch class sounds, by windows of two thirds of a second, each counting alike."""
    size = 1 << 15
    mono = np.pad(sound.mean(axis=1), (0, max(0, size - len(sound))))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    heard = (hertz > 50) & (hertz < high)
    pitch = 69 + 12 * np.log2(hertz[heard] / 440)
    close = np.abs(pitch - np.rint(pitch)) < 0.4
    classes = (np.rint(pitch) % 12).astype(int)[close]
    total = np.zeros(12)
    for start in range(0, len(mono) - size + 1, size // 2):
        heights = np.abs(np.fft.rfft(mono[start : start + size] * np.hanning(size)))[heard][close]
        chroma = np.bincount(classes, heights, 12)
        total += chroma / (np.sqrt(np.square(chroma).sum()) + 1e-12)
    return total - 0.3 * np.roll(total, 7)  # the third harmonic is no note of its own


def _key(sound: Sound) -> tuple[int, str]:
    chroma = _chroma(sound)
    fits = [
        (np.corrcoef(chroma, np.roll(profile, tonic))[0, 1], tonic, mode)
        for profile, mode in ((_MAJOR, "major"), (_MINOR, "minor"))
        for tonic in range(12)
    ]
    return max(fits)[1:]


def test_most_pieces_are_heard_in_the_key_asked_for() -> None:
    moods = ("calm", "hopeful", "playful", "melancholy")
    wanted = [(5 * seed % 12, "major" if seed % 2 else "minor") for seed in range(6)]
    heard = [
        _key(_piece(f"{moods[seed % 4]} in {NOTE_NAMES[tonic]} {mode}", seconds=20, seed=seed))
        for seed, (tonic, mode) in enumerate(wanted)
    ]
    # Of 24 pieces of 20 s, all were when this was written; of 24 of 12 s, 20: a neighbour wins in the others.
    assert sum(one == other for one, other in zip(heard, wanted, strict=True)) >= 5, (heard, wanted)


@pytest.mark.parametrize("mood", ["driving", "playful", "mellow"])
def test_onsets_repeat_at_the_tempo(mood: str) -> None:
    told = details(_request(f"{mood}, 4/4", "pluck", "kit", seed=4))
    sound = _piece(f"{mood}, 4/4", "pluck", "kit", seed=4)[: 7 * SAMPLE_RATE].mean(axis=1)
    hop = 480
    frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::hop] * np.hanning(1024)
    rise = np.diff(np.log1p(20 * np.abs(np.fft.rfft(frames, axis=1))), axis=0)
    onsets = np.maximum(0, rise).sum(axis=1)
    onsets -= onsets.mean()
    alike = np.correlate(onsets, onsets, mode="full")[len(onsets) - 1 :]
    lags = np.arange(len(alike)) * hop / SAMPLE_RATE
    beat = 60 / told["tempo"]

    def around(lag: float) -> float:
        return float(alike[np.abs(lags - lag) < 0.025].max())

    assert max(around(beat), around(2 * beat)) > 1.5 * max(around(0.71 * beat), around(1.29 * beat))
    assert max(around(beat), around(2 * beat)) > 0.15 * alike[0]


@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_is_fit_to_air(mood: str) -> None:
    sound = _piece(mood, seed=2)
    # The ending stands on the tonic's chord.
    tonic = NOTE_NAMES.index(details(_request(mood, seed=2))["key"].removesuffix(
        " " + details(_request(mood, seed=2))["mode"]))  # fmt: skip
    ending = _chroma(sound[-2 * SAMPLE_RATE :], 300)
    third = tonic + MODES[details(_request(mood, seed=2))["mode"]][2]
    assert int(np.argmax(ending)) in {tonic, third % 12, (tonic + 7) % 12}
    assert ending[tonic] > 0.4 * ending.max()
    # No DC, nothing below what speakers play, safe in mono, both sides alike.
    assert np.abs(sound.mean(axis=0)).max() < 1e-3
    sides = np.square(sound).mean(axis=0)
    assert abs(10 * np.log10(sides[0] / sides[1])) < 2.5
    mono = 10 * np.log10(np.square(sound.mean(axis=1)).mean() / sides.mean())
    assert mono > -2.5
    # At the house's loudness the limiter has little to do, and the true peak holds.
    mastered, report = normalise(sound)
    assert report.on_target
    assert report.limited < 6
    assert measure(mastered).true_peak <= HOUSE_PEAK
    # No lurch: from second to second the level moves by less than an orchestra's crescendo.
    seconds = 10 * np.log10(np.square(sound).reshape(10, -1).mean(axis=1))
    assert np.abs(np.diff(seconds)).max() < 9


def test_bells_are_brighter_than_a_bass_drone() -> None:
    def centre(mood: str, *instruments: str) -> float:
        sound = _piece(mood, *instruments, seconds=6, seed=3, tempo=80)
        power = (np.abs(np.fft.rfft(sound, axis=0)) ** 2).sum(axis=1)[1:]
        hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)[1:]
        return float(np.exp((np.log(hertz) * power).sum() / power.sum()))

    drone = centre("calm, no drums, no melody", "double bass", "pad")
    middle, bells = centre("calm, no drums", "felt piano", "strings"), centre("solo bell")
    assert drone * 1.1 < middle
    assert middle * 1.5 < bells


def _bends(sound: Sound) -> np.ndarray:
    bends: np.ndarray = np.abs(np.diff(sound, 2, axis=0)).max(axis=1)
    return bends


def test_windows_join_without_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_WHOLE", 0)
    window = 1 << 16
    monkeypatch.setattr(desk, "_WINDOW", window)
    sound = perform(_request("dreamy, no drums", "pad", "strings", "flute", seconds=8))
    bends = _bends(sound)
    for join in range(window, len(sound) - window // 2, window):
        around = np.concatenate([bends[join - 3000 : join - 50], bends[join + 50 : join + 3000]])
        assert bends[join - 4 : join + 4].max() <= 1.05 * around.max()
    torn = sound.copy()
    torn[window:] *= -1  # what the measure would say of a broken join
    broken = _bends(torn)
    assert broken[window - 4 : window + 4].max() > 3 * np.median(bends[window - 3000 : window + 3000])


def test_windows_and_whole_are_the_same_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _piece("calm", "felt piano", "pad", seconds=8, seed=5, tempo=80)
    monkeypatch.setattr(desk, "_WHOLE", 0)
    monkeypatch.setattr(desk, "_WINDOW", 1 << 16)
    pieces = perform(_request("calm", "felt piano", "pad", seconds=8, seed=5, tempo=80))
    levels = [10 * np.log10(np.square(each).reshape(16, -1).mean(axis=1)) for each in (whole, pieces)]
    assert np.abs(levels[0] - levels[1]).max() < 3
    assert np.corrcoef(_chroma(whole), _chroma(pieces))[0, 1] > 0.98


def test_memory_beside_the_result_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_WHOLE", 0)
    monkeypatch.setattr(desk, "_WINDOW", 1 << 16)
    monkeypatch.setattr(desk, "_STRETCH", 5 * SAMPLE_RATE)
    monkeypatch.setattr(desk, "_OVERLAP", SAMPLE_RATE)

    def beside(seconds: float) -> float:
        tracemalloc.start()
        try:
            sound = perform(_request("solo flute", seconds=seconds, ambience="room"))
            return tracemalloc.get_traced_memory()[1] - sound.nbytes
        finally:
            tracemalloc.stop()

    perform(_request("solo flute", seconds=5))  # the hall is remembered
    short, long = beside(15), beside(45)
    assert long < 1.25 * short


def test_without_notes_there_is_still_a_level() -> None:
    for seconds in (0.01, 0.5, 2.0):
        sound = _piece("calm", seconds=seconds)
        assert 0.5 < np.abs(sound).max() <= 0.9
        assert np.abs(sound[0]).max() < 0.01
        assert np.abs(sound[-1]).max() < 0.01
