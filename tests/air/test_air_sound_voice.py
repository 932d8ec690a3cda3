"""A voice over the beds: they make room for it and come back to exactly their level, without a click."""

import threading

import numpy as np
import pytest
from sound_house import (
    GOP_SAMPLES,
    INAUDIBLE,
    Bed,
    a_source,
    decoded,
    level,
    music,
    noise,
    played,
    stereo,
    tone,
)

from webtv.air.mixdown import ATTACK, DUCK, RELEASE, Mixdown
from webtv.air.mixer import Mixer
from webtv.core.format import CROSSFADE, SAMPLE_RATE
from webtv.studio.ports import Sound

SAID = 3 * SAMPLE_RATE  # where the voice begins
LENGTH = 2 * SAMPLE_RATE
SILENCE = Bed(np.zeros((LENGTH, 2), np.float32))


def rendered(mixdown: Mixdown, seconds: float, piece: int = GOP_SAMPLES) -> Sound:
    end = round(seconds * SAMPLE_RATE)
    return np.concatenate([mixdown.render(at, min(piece, end - at)) for at in range(0, end, piece)])


def over(bed: Sound, piece: int = GOP_SAMPLES) -> tuple[Sound, Sound]:
    """Ten seconds of a bed alone, and with room made for a voice that says nothing."""
    made = []
    for speaks in (False, True):
        mixdown = Mixdown(0)
        mixdown.change(0, Bed(bed), 0, goes_on=True)
        if speaks:
            assert mixdown.speak(SILENCE, SAID, LENGTH) == SAID
        made.append(rendered(mixdown, 10, piece))
    return made[0], made[1]


@pytest.mark.parametrize("piece", [GOP_SAMPLES, 1024, 5000])
def test_beds_make_room_and_come_back_to_exactly_their_level(piece: int) -> None:
    alone, ducked = over(noise(10, 1), piece)
    assert np.array_equal(ducked[: SAID - ATTACK], alone[: SAID - ATTACK])
    assert np.array_equal(ducked[SAID + LENGTH + RELEASE :], alone[SAID + LENGTH + RELEASE :])
    spoken = slice(SAID, SAID + LENGTH)
    assert ducked[spoken] == pytest.approx(alone[spoken] * DUCK, abs=1e-6)
    assert 20 * np.log10(DUCK) == pytest.approx(-12)


def test_the_way_down_and_up_has_neither_step_nor_corner() -> None:
    alone, ducked = over(np.full((10 * SAMPLE_RATE, 2), 0.5, np.float32))
    gain = ducked[:, 0].astype(np.float64) / alone[:, 0]
    assert np.all(np.diff(gain[:SAID]) <= 0)
    assert np.all(np.diff(gain[SAID + LENGTH :]) >= 0)
    assert np.abs(np.diff(gain, 2)).max() < 1e-6


def test_a_voice_is_heard_over_its_bed_in_full_and_begins_and_ends_softly() -> None:
    mixdown = Mixdown(0)
    mixdown.change(0, Bed(noise(10, 1, 0.02)), 0, goes_on=True)
    voice = Bed(np.concatenate([np.zeros((500, 2), np.float32), tone(4, 300.0)]))
    mixdown.speak(voice, SAID, LENGTH, track_at=500)
    heard = rendered(mixdown, 8)
    spoken = heard[SAID + 480 : SAID + LENGTH - 480, 0]
    assert np.abs(spoken - tone(4, 300.0)[480 : LENGTH - 480, 0]).max() < 0.02 * 6 * DUCK
    # The track goes on after the voice's length, and hits its edges at any level: neither is heard.
    second = np.abs(np.diff(heard[:, 0].astype(np.float64), 2))
    for edge in (SAID, SAID + LENGTH):
        assert second[edge - 600 : edge + 600].max() <= second[: SAID - ATTACK].max()


def test_players_hear_neither_click_nor_overload() -> None:
    """Loud music, a loud voice, a change of bed while it speaks, and two voices in each other's way."""
    bed, other = Bed(music(12)), Bed(music(12, 147.0))
    mixer = Mixer(0)
    voice = Bed(tone(4, 210.0, 0.45))
    assert mixer.speak(voice, SAID, LENGTH) == SAID
    assert mixer.speak(voice, SAID + LENGTH // 2, LENGTH) == SAID + LENGTH // 2
    sound = decoded(played(mixer, [(0, a_source(2, track=bed)), (2, a_source(4, track=other))], 6))
    assert np.abs(sound).max() < 1.05
    second = np.abs(np.diff(sound.astype(np.float64), 2, axis=0)).max(axis=1)
    steady = second[CROSSFADE : SAID - ATTACK].max()
    for edge in (SAID - ATTACK, SAID, SAID + LENGTH // 2, SAID + LENGTH, SAID + 3 * LENGTH // 2):
        assert second[edge - 2048 : edge + 2048].max() <= max(1.2 * steady, INAUDIBLE)
    assert level(sound[SAID + 2048 : SAID + LENGTH // 2]) > 0.3
    after = slice(SAID + 3 * LENGTH // 2 + RELEASE + 2048, len(sound) - 4096)
    plain = decoded(played(Mixer(0), [(0, a_source(2, track=bed)), (2, a_source(4, track=other))], 6))
    assert level(sound[after] - plain[after]) < 0.05 * level(plain[after])


def test_a_voice_that_comes_too_late_begins_when_there_is_room() -> None:
    mixdown = Mixdown(0)
    mixdown.change(0, Bed(stereo(np.full(10 * SAMPLE_RATE, 0.5))), 0, goes_on=True)
    mixdown.render(0, GOP_SAMPLES)
    begins = mixdown.speak(SILENCE, SAMPLE_RATE, LENGTH)
    assert begins == GOP_SAMPLES + ATTACK
    heard = np.concatenate([mixdown.render(at, GOP_SAMPLES) for at in (GOP_SAMPLES, 2 * GOP_SAMPLES)])
    assert heard[0, 0] == pytest.approx(0.5, abs=1e-4)
    assert heard[ATTACK : ATTACK + LENGTH, 0] == pytest.approx(0.5 * DUCK)


def test_voices_may_come_from_other_threads_while_it_plays() -> None:
    mixdown = Mixdown(0)
    mixdown.change(0, Bed(stereo(np.full(60 * SAMPLE_RATE, 0.5))), 0, goes_on=True)
    begins: list[int] = []

    def speak() -> None:
        begins.extend(mixdown.speak(SILENCE, 0, 2000) for _ in range(40))  # as soon as there is room

    threads = [threading.Thread(target=speak) for _ in range(3)]
    for thread in threads:
        thread.start()
    parts, at = [], 0
    while any(thread.is_alive() for thread in threads) or at < max(begins) + 2000 + RELEASE:
        parts.append(mixdown.render(at, 9600))
        at += 9600
    for thread in threads:
        thread.join()
    parts.append(mixdown.render(at, 9600))
    gain = np.concatenate(parts)[:, 0].astype(np.float64) / 0.5
    assert len(begins) == 120
    for begin in begins:
        assert gain[begin : begin + 2000] == pytest.approx(DUCK)
    assert np.abs(np.diff(gain)).max() < 1e-3  # whenever they came, nothing jumped
    assert gain[-9600:] == pytest.approx(1, abs=0)
