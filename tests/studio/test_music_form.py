"""Form: sections, keys, metres and voice leading of written pieces, short and long."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.studio.procedural.music.composition import compose
from webtv.studio.procedural.music.figures import figure_bar
from webtv.studio.procedural.music.form import Section, intensity, phrases
from webtv.studio.procedural.music.metre import METRES
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.music.plan import Plan, make_plan
from webtv.studio.procedural.music.score import Note, Score
from webtv.studio.procedural.music.theory import MODES, Chord, Key, relatives


def _score(mood: str, seed: int, *voices: str, seconds: float = 40.0, tempo: int = 90, **asked: Any) -> Score:
    return compose(MOODS[mood], tempo, voices, seconds, np.random.default_rng(seed), **asked)


def _plan(mood: str, seed: int, seconds: float, tempo: int = 90, **asked: Any) -> Plan:
    return make_plan(MOODS[mood], tempo, seconds, np.random.default_rng(seed), **asked)


def _notes(score: Score, *roles: str) -> list[Note]:
    return [note for part in score.parts if part.role in roles for note in part.notes]


@given(st.integers(0, 400))
def test_forms_have_the_length_asked_for_and_end_on_their_peak(count: int) -> None:
    form = phrases(count)
    assert len(form) == count
    if count > 1:
        assert form[-1].section is Section.PEAK
    movements = [len(list(each)) for _, each in itertools.groupby(form, lambda phrase: phrase.movement)]
    assert not movements or max(movements) - min(movements) <= 1
    assert all(phrase.section is not Section.BREAK for phrase in form[:2])


def test_sections_build_break_and_peak() -> None:
    form = phrases(6)
    names = [phrase.section.value for phrase in form]
    assert names == ["intro", "theme", "theme", "contrast", "break", "peak"]
    heights = [intensity(phrase, 0.5, 1.0) for phrase in form]
    assert heights[:4] == sorted(heights[:4])
    assert heights[4] < heights[1]
    assert heights[5] == max(heights)


def test_a_break_is_thin_and_its_peak_is_full() -> None:
    plan = _plan("hopeful", 2, 75, 96, metre="4/4")
    score = _score("hopeful", 2, "felt piano", "strings", "pluck", "bass", "kit",
                   seconds=75, tempo=96, metre="4/4")  # fmt: skip
    span = plan.quarter * 4

    def played(section: Section, *roles: str) -> float:
        bars = [bar for bar in plan.bars if bar.form.section is section]
        inside = [
            note for note in _notes(score, *roles) for bar in bars if bar.at <= note.at + 0.02 < bar.at + span
        ]
        return len(inside) / len(bars)

    assert played(Section.BREAK, "beat") < 0.3 * played(Section.PEAK, "beat")
    assert played(Section.BREAK, "bass") < 0.5 * played(Section.PEAK, "bass")
    assert played(Section.INTRO, "lead") < 0.5 * played(Section.THEME, "lead")
    assert score.sections == plan.sections


@pytest.mark.parametrize("mood", MOODS)
def test_long_pieces_travel_and_come_home(mood: str) -> None:
    plan = _plan(mood, 7, 1800)
    keys = [bar.key for bar in plan.bars]
    assert keys[0] == keys[-1] == plan.key
    assert len(set(keys)) >= 3
    away = {plan.key, *relatives(plan.key)}
    assert set(keys) <= away
    lines = {tuple(bar.chord for bar in plan.bars[at : at + 4]) for at in range(0, len(plan.bars) - 4, 4)}
    assert len(lines) >= 12
    assert len(plan.sections) > 60


def test_long_pieces_change_who_leads() -> None:
    score = _score("hopeful", 7, "felt piano", "flute", "strings", "bell", seconds=600)
    leads = {part.voice for part in score.parts if part.role == "lead"}
    assert leads == {"felt piano", "flute", "bell"}


def test_a_long_tune_does_not_repeat_itself_for_ever() -> None:
    score = _score("calm", 4, "felt piano", "pad", seconds=900, metre="4/4")
    span = 60 / 90 * 4
    bars: dict[int, list[tuple[int, int]]] = {}
    for note in _notes(score, "lead"):
        bar = int((note.at + 0.03) / span)
        bars.setdefault(bar, []).append((note.pitch, round((note.at - bar * span) / span * 8)))
    tunes = [tuple(each) for each in bars.values() if len(each) > 1]
    assert len(tunes) > 150
    assert len(set(tunes)) > 0.4 * len(tunes)  # the others return, or there would be no tune
    assert max(tunes.count(each) for each in set(tunes)) < 0.08 * len(tunes)


def test_two_seeds_are_two_pieces() -> None:
    scores = [_score("hopeful", seed, seconds=30) for seed in range(12)]
    assert len({score.key for score in scores}) >= 6
    assert len({tuple(part.voice for part in score.parts) for score in scores}) >= 4
    tunes = set()
    for score in scores:
        tune = [note.pitch for note in _notes(score, "lead")]
        tunes.add(tuple(above - below for below, above in itertools.pairwise(tune))[:12])
    assert len(tunes) == 12
    chords = {tuple(bar.chord for bar in _plan("hopeful", seed, 30).bars) for seed in range(12)}
    assert len(chords) >= 9
    assert {score.metre for score in scores} >= {"4/4", "6/8"}
    same = [_score("hopeful", seed, "felt piano", "pad", seconds=30) for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


@pytest.mark.parametrize("metre", METRES)
def test_every_metre_is_played_as_written(metre: str) -> None:
    score = _score("calm", 3, "felt piano", "strings", "kit", seconds=60, tempo=80, metre=metre)
    plan = _plan("calm", 3, 60, 80, metre=metre)
    assert score.metre == metre
    assert METRES[metre].seconds(80) * METRES[metre].pulse == pytest.approx(0.75)
    starts = np.asarray([bar.at for bar in plan.bars])
    hit = [np.abs(starts - note.at).min() < 0.03 for note in _notes(score, "beat") if note.strength > 0.4]
    bass = _notes(score, "bass")[:-1]
    assert np.mean([np.abs(starts - note.at).min() < 0.03 for note in bass]) > 0.4
    assert any(hit)


@given(
    name=st.sampled_from(sorted({name for mood in MOODS.values() for name in mood.figures})),
    metre=st.sampled_from(sorted(METRES)),
    busy=st.floats(0, 1),
    number=st.integers(0, 7),
    quarter=st.floats(0.3, 1.5),
)
def test_figures_fill_their_bar_and_no_more(
    name: str, metre: str, busy: float, number: int, quarter: float
) -> None:
    played = figure_bar(name, (57, 60, 64), METRES[metre], quarter, busy, number, 0.5)
    assert played
    for onset, length, pitch, strength in played:
        assert 0 <= onset < METRES[metre].quarters
        assert length > 0
        assert 45 <= pitch <= 84
        assert 0 < strength <= 1


@pytest.mark.parametrize("mood", MOODS)
def test_the_bass_moves_little_and_ends_on_the_tonic(mood: str) -> None:
    score = _score(mood, 6, "felt piano", "bass")
    bass = [note.pitch for note in _notes(score, "bass")]
    assert 31 <= min(bass) <= max(bass) <= 52
    assert np.mean(np.abs(np.diff(bass))) < 6
    tonic = next(part for part in score.parts if part.role == "lead").notes[-1].pitch
    assert bass[-1] % 12 in {tonic % 12, (tonic + 5) % 12}


def test_a_dominant_leads_home() -> None:
    key = Key(9, "aeolian")
    plain, leading = Chord(4), Chord(4, leading=True)
    assert leading.classes(key) == (4, 8, 11)
    assert plain.classes(key) == (4, 7, 11)
    assert leading.pitch(key, 6) == key.pitch(6) + 1
    assert Chord(4, leading=True).classes(Key(0, "ionian")) == (7, 11, 2)


@given(tonic=st.integers(0, 11), mode=st.sampled_from(sorted(MODES)))
def test_related_keys_share_nearly_all_notes(tonic: int, mode: str) -> None:
    key = Key(tonic, mode)
    own = {key.pitch(degree) % 12 for degree in range(7)}
    for other in relatives(key):
        assert other != key
        assert len(own & {other.pitch(degree) % 12 for degree in range(7)}) >= 5


@pytest.mark.parametrize("seconds", [0.0001, 0.3, 1.0, 2.0, 3.7, 6.1, 11.0])
@pytest.mark.parametrize("mood", ["calm", "driving", "mysterious"])
def test_short_pieces_are_a_phrase_or_a_chord_at_home(mood: str, seconds: float) -> None:
    score = _score(mood, 2, seconds=seconds)
    assert score.sections[-1] == "ending"
    home = max(note.at for note in _notes(score, "bass", "harmony"))
    assert home <= 0.7 * seconds
    bass = _notes(score, "bass")
    tonic = Key(0, score.mode)
    if bass:
        name = Key(bass[-1].pitch % 12, score.mode).name
        assert name == score.key
        assert tonic.mode == score.mode
