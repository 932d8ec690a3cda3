"""The embedded composer: what it promises of every bed."""

import asyncio
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from webtv.core.errors import InputError
from webtv.core.format import SAMPLE_RATE
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest, Media, Sound
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.music.theory import MODES, NOTE_NAMES
from webtv.studio.procedural.synth import SynthComposer


def _request(
    mood: str = "calm",
    *,
    tempo: int = 90,
    instruments: tuple[str, ...] = (),
    ambience: str = "",
    seconds: float = 6.0,
    seed: int = 5,
) -> BedRequest:
    return BedRequest(MusicBrief(mood, tempo, instruments, ambience), int(seconds * SAMPLE_RATE), seed)


async def _bed(mood: str = "calm", **brief: object) -> Sound:
    return await SynthComposer().compose(_request(mood, **brief))  # type: ignore[arg-type]


def _level(sound: Sound) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(sound.astype(np.float64) ** 2)) + 1e-12))


def _powers(sound: Sound) -> tuple[np.ndarray, np.ndarray]:
    power = (np.abs(np.fft.rfft(sound, axis=0)) ** 2).sum(axis=1)
    return np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE), power


async def test_same_request_same_samples_another_seed_another_bed() -> None:
    first, again, other = [await _bed(seed=seed, ambience="rain", seconds=4) for seed in (1, 1, 2)]
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=0.01)


def test_samples_do_not_depend_on_the_process() -> None:
    script = (
        "import asyncio, hashlib\n"
        "from webtv.prompts.sequence import MusicBrief\n"
        "from webtv.studio.ports import BedRequest\n"
        "from webtv.studio.procedural.synth import SynthComposer\n"
        "request = BedRequest(MusicBrief('dreamy', 90, (), 'wind'), 144000, 5)\n"
        "sound = asyncio.run(SynthComposer().compose(request))\n"
        "print(hashlib.sha256(sound.tobytes()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    told = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    here = asyncio.run(_bed("dreamy", ambience="wind", seconds=3))
    assert told.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


@pytest.mark.parametrize("samples", [1, 2, 479, 48_000, 5 * 48_000 + 17])
async def test_length_is_exact(samples: int) -> None:
    sound = await SynthComposer().compose(
        BedRequest(MusicBrief("hopeful", 100, (), "birds, waves"), samples, 3)
    )
    assert sound.shape == (samples, 2)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()


async def test_no_samples_is_refused() -> None:
    with pytest.raises(InputError, match="0 samples"):
        await SynthComposer().compose(BedRequest(MusicBrief("calm", 80, ()), 0, 1))


@pytest.mark.parametrize("mood", MOODS)
async def test_every_mood_sounds_clean_from_end_to_end(mood: str) -> None:
    sound = await _bed(mood, seconds=9)
    assert np.isfinite(sound).all()
    assert 0.5 < np.abs(sound).max() <= 0.9
    # Under the crossfade at the end, and at the beginning, there is music.
    assert _level(sound[-SAMPLE_RATE:]) > _level(sound) - 14
    assert _level(sound[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]) > _level(sound) - 14
    hertz, power = _powers(sound)
    assert power[hertz < 40].sum() < 0.02 * power.sum()
    assert power[hertz > 9000].sum() < 0.05 * power.sum()
    middle, side = sound.sum(axis=1), sound[:, 0] - sound[:, 1]
    assert -18 < 20 * np.log10(side.std() / middle.std()) < -2  # wide, and safe in mono
    assert 9 < 20 * np.log10(np.abs(sound).max() / sound.std()) < 20


async def test_tune_keeps_to_the_key_that_the_credit_names() -> None:
    request = _request("melancholy", seconds=10, seed=8)
    details = SynthComposer().credit(request).details
    hertz, power = _powers(await SynthComposer().compose(request))
    inside = (hertz > 110) & (hertz < 1000)
    pitch = 69 + 12 * np.log2(hertz[inside] / 440)
    close = np.abs(pitch - np.rint(pitch)) < 0.3
    chroma = np.bincount((np.rint(pitch[close]) % 12).astype(int), power[inside][close], minlength=12)
    tonic = next(
        each for each, name in enumerate(NOTE_NAMES) if details["key"] == f"{name} {details['mode']}"
    )
    scale = [(tonic + step) % 12 for step in MODES[details["mode"]]]
    assert chroma[scale].sum() > 0.93 * chroma.sum()


@pytest.mark.parametrize("tempo", [76, 104, 132])
async def test_percussion_beats_at_the_tempo(tempo: int) -> None:
    sound = await _bed("driving", tempo=tempo, instruments=("drums", "bass"), seconds=12)
    hop = 480
    mono = sound.sum(axis=1)
    frames = np.lib.stride_tricks.sliding_window_view(mono, 1024)[::hop] * np.hanning(1024)
    loudness = np.log1p(20 * np.abs(np.fft.rfft(frames, axis=1)))
    onsets = np.maximum(0, np.diff(loudness, axis=0)).sum(axis=1)
    onsets = onsets[: int(8 * SAMPLE_RATE / hop)]
    onsets = onsets - onsets.mean()
    alike = np.correlate(onsets, onsets, mode="full")[len(onsets) - 1 :]
    beat = 60 / tempo * SAMPLE_RATE / hop

    def around(lag: float) -> float:
        return float(alike[int(lag) - 1 : int(lag) + 3].max())

    assert around(beat) > 0.2 * alike[0]
    assert around(beat) > 1.5 * max(around(0.71 * beat), around(1.29 * beat))


async def test_moods_differ_in_mode_and_in_spectrum() -> None:
    composer = SynthComposer()
    modes = {
        mood: {composer.credit(_request(mood, seed=seed)).details["mode"] for seed in range(6)}
        for mood in ("playful", "melancholy")
    }
    assert all(MODES[mode][2] == 4 for mode in modes["playful"])  # major thirds
    assert all(MODES[mode][2] == 3 for mode in modes["melancholy"])  # minor ones

    def centre(sound: Sound) -> float:
        hertz, power = _powers(sound)
        return float(np.exp((np.log(hertz[1:]) * power[1:]).sum() / power[1:].sum()))

    bright, dark = [
        np.mean([centre(await _bed(mood, seconds=8, instruments=("pluck",), seed=each)) for each in (1, 2)])
        for mood in ("playful", "mellow")
    ]
    assert bright > 1.15 * dark


async def test_ambience_lies_below_the_music() -> None:
    plain = await _bed("calm", seconds=6, seed=4)
    rainy = await _bed("calm", seconds=6, seed=4, ambience="heavy rain")
    hertz, plain_power = _powers(plain)
    _, rainy_power = _powers(rainy)
    high = hertz > 4000
    assert rainy_power[high].sum() / rainy_power.sum() > 4 * plain_power[high].sum() / plain_power.sum()
    assert rainy_power[high].sum() < 0.15 * rainy_power.sum()


def test_credit_says_what_was_understood() -> None:
    request = _request(
        "nocturnal",
        tempo=78,
        instruments=("soft electric piano", "didgeridoo", "brushes"),
        ambience="drizzle",
    )
    credit = SynthComposer().credit(request)
    assert (credit.adapter, credit.media) == ("synth", Media.ALGORITHMIC)
    assert credit.model.startswith("webtv-synth ")
    assert credit.details["mood"] == "mellow"
    assert credit.details["tempo"] == 78
    assert credit.details["instruments"] == {"soft electric piano": "electric piano", "brushes": "kit"}
    assert credit.details["ignored"] == ["didgeridoo"]
    assert credit.details["ambience"] == ["rain"]
    assert {"electric piano", "kit"} <= set(credit.details["playing"])
