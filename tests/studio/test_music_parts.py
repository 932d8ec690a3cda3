"""The composer's parts: chords, tunes, instruments, drums, ambience and the words for them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.composition import compose
from webtv.studio.procedural.music.drums import KICK, Kit
from webtv.studio.procedural.music.moods import MOODS, understand_mood
from webtv.studio.procedural.music.score import Note, Score
from webtv.studio.procedural.music.signals import Convolver, convolve, fast_size, partials
from webtv.studio.procedural.music.theory import MODES, Chord, Key, settled, voicing
from webtv.studio.procedural.music.voices import VOICES, understand_instrument


def _score(mood: str, seed: int, *voices: str, seconds: float = 30.0, tempo: int = 90) -> Score:
    return compose(MOODS[mood], tempo, voices, seconds, np.random.default_rng(seed))


@given(
    mode=st.sampled_from(sorted(MODES)),
    tonic=st.integers(0, 11),
    degrees=st.lists(st.integers(0, 6), min_size=2, max_size=6),
    colour=st.sampled_from([(), (6,), (8,), (6, 8), (-1,)]),
    voices=st.integers(3, 4),
)
def test_voices_move_little_and_stay_in_the_chord(
    mode: str, tonic: int, degrees: list[int], colour: tuple[int, ...], voices: int
) -> None:
    key = Key(tonic, mode)
    before = None
    for degree in degrees:
        chord = settled(Chord(degree, colour), key)
        now = voicing(chord, key, before, 60, voices)
        assert len(set(now)) == voices
        assert {pitch % 12 for pitch in now} <= set(chord.classes(key))
        if before is not None:
            assert max(abs(a - b) for a, b in zip(now, before, strict=True)) <= 9
        before = now


@given(mode=st.sampled_from(sorted(MODES)), degree=st.integers(0, 6))
def test_settled_chords_are_not_diminished(mode: str, degree: int) -> None:
    key = Key(0, mode)
    root, third, fifth = settled(Chord(degree), key).classes(key)
    assert (fifth - root) % 12 != 6
    assert (third - root) % 12 in {3, 4}


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("seed", [1, 2])
def test_pieces_have_a_tune_and_come_home(mood: str, seed: int) -> None:
    score = _score(mood, seed)
    tonic = next(part for part in score.parts if part.role == "bass").notes[-1]
    assert tonic.at + tonic.seconds > 30  # sounds beyond the end
    assert 22 < tonic.at < 27
    lead = next(part for part in score.parts if part.role == "lead")
    home = [note for note in lead.notes if note.at > tonic.at - 0.1]
    assert home[0].pitch % 12 == tonic.pitch % 12
    tune = [note.pitch for note in lead.notes]
    assert len(tune) >= 8
    assert len(set(tune)) >= 4
    leaps = [abs(a - b) for a, b in itertools.pairwise(tune)]
    assert np.mean(leaps) < 6
    for part in score.parts:
        assert list(part.notes) == sorted(part.notes, key=lambda note: note.at)
        assert all(note.at >= 0 and note.seconds > 0 and 0 < note.strength <= 1 for note in part.notes)


def test_motif_comes_back_with_another_shape() -> None:
    score = compose(MOODS["playful"], 112, ["pluck"], 30.0, np.random.default_rng(10), metre="4/4")
    lead = next(part for part in score.parts if part.role == "lead")
    span = 60 / 112 * 4
    bars: dict[int, list[Note]] = {}
    for note in lead.notes:
        bars.setdefault(int((note.at + 0.03) / span), []).append(note)
    rhythms = [tuple(round((n.at - bar * span) / span * 8) for n in notes) for bar, notes in bars.items()]
    tunes = [tuple(n.pitch for n in notes) for notes in bars.values()]
    assert max(rhythms.count(rhythm) for rhythm in rhythms if len(rhythm) > 1) >= 3
    assert len(set(tunes)) > len(set(rhythms))


def test_intensity_swells_and_falls() -> None:
    heights = [height for _, height in _score("majestic", 3).swells]
    peak = int(np.argmax(heights))
    assert 0.4 < peak / len(heights) < 0.9
    assert heights[0] < 0.6
    assert heights[-1] < max(heights)


@pytest.mark.parametrize("name", VOICES)
def test_notes_begin_and_end_without_a_click(name: str) -> None:
    voice = VOICES[name]
    for pitch, seconds in itertools.product((voice.low, voice.high), (0.1, 1.0)):
        sound = voice.play(voice, Note(0, seconds, pitch, 0.9), 0.6, np.random.default_rng(2))
        assert np.isfinite(sound).all()
        assert 0.01 < np.abs(sound).max() < 4
        around = np.concatenate([np.zeros((64, 2), np.float32), sound, np.zeros((64, 2), np.float32)])
        bends = np.abs(np.diff(around, 2, axis=0)).max(axis=1)
        assert max(bends[:80].max(), bends[-80:].max()) < 0.25 * bends[100:-100].max()


def test_pitch_is_what_was_written() -> None:
    for name in ("felt piano", "strings", "pad", "pluck", "flute"):
        voice = VOICES[name]
        sound = voice.play(voice, Note(0, 2.0, 69, 0.8), 0.5, np.random.default_rng(1)).sum(axis=1)
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18)) ** 2
        hertz = np.fft.rfftfreq(1 << 18, 1 / SAMPLE_RATE)
        near = (hertz > 400) & (hertz < 480)
        assert abs(1200 * np.log2((hertz[near] * power[near]).sum() / power[near].sum() / 440)) < 8, name


def test_no_two_strokes_in_a_row_are_the_same() -> None:
    kit = Kit(np.random.default_rng(1))
    first, second = kit.strike(KICK), kit.strike(KICK)
    assert not np.array_equal(first, second)
    for drum in range(9):
        stroke = kit.strike(drum)
        assert np.abs(stroke[0]).max() < 1e-3
        assert np.abs(stroke[-1]).max() < 1e-3


def test_partials_are_the_sines_they_say() -> None:
    got = partials(9_601, [441.0, 1_234.5], [0.5, 0.1], [0.2, 0.3], [0.0, 4.0], [0.0, 1.0])
    seconds = np.arange(9_601) / SAMPLE_RATE
    first = np.sin(2 * np.pi * 441 * seconds)
    second = np.sin(2 * np.pi * 1_234.5 * seconds + 1) * np.exp(-4 * seconds)
    assert np.abs(got[:, 0] - (0.5 * first + 0.1 * second)).max() < 1e-5
    assert np.abs(got[:, 1] - (0.2 * first + 0.3 * second)).max() < 1e-5


def test_convolution_equals_the_direct_one() -> None:
    noise = np.random.default_rng(4)
    sound = noise.standard_normal((70_000, 2)).astype(np.float32)
    impulse = noise.standard_normal((300, 2)).astype(np.float32)
    got = convolve(sound, impulse)
    for side in range(2):
        wanted = np.convolve(sound[:, side], impulse[:, side])[:70_000]
        assert np.abs(got[:, side] - wanted).max() < 1e-3


def test_convolution_piece_by_piece_is_the_same() -> None:
    noise = np.random.default_rng(5)
    sound = noise.standard_normal((50_000, 2)).astype(np.float32)
    impulse = noise.standard_normal((700, 2)).astype(np.float32)
    whole = convolve(sound, impulse)
    streaming = Convolver(impulse)
    pieces = [streaming.push(part) for part in np.split(sound, [1, 300, 900, 40_000])]
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-3


@given(st.integers(1, 3_000_000))
def test_fast_sizes_are_close_above_and_smooth(least: int) -> None:
    size = fast_size(least)
    assert least <= size < 2 * least or size == least
    for prime in (2, 3, 5):
        while size % prime == 0:
            size //= prime
    assert size == 1


@pytest.mark.parametrize(
    ("words", "mood"),
    [
        ("calm", "calm"),
        ("Nocturnal", "mellow"),
        ("dark and brooding", "tense"),
        ("tranquility", "calm"),
        ("joyfull", "playful"),
        ("epic", "majestic"),
        ("wistful", "melancholy"),
        ("ethereal", "dreamy"),
        ("eerie", "mysterious"),
        ("inspiring", "hopeful"),
        ("high energy, energetic", "driving"),
    ],
)
def test_moods_are_understood(words: str, mood: str) -> None:
    assert understand_mood(words, 90)[0].name == mood


def test_unknown_moods_follow_the_tempo_and_are_told() -> None:
    slow, ignored = understand_mood("zxqv", 60)
    fast, _ = understand_mood("zxqv", 150)
    assert (slow.name, fast.name, ignored) == ("calm", "driving", ("zxqv",))


@pytest.mark.parametrize(
    ("words", "voice"),
    [
        ("Soft electric piano", "electric piano"),
        ("harps", "harp"),
        ("celesta", "celesta"),
        ("vibes", "vibraphone"),
        ("brushed drums", "kit"),
        ("string quartet", "strings"),
        ("upright bass", "bass"),
        ("warm pad", "pad"),
        ("didgeridoo", None),
        ("", None),
    ],
)
def test_instruments_are_understood(words: str, voice: str | None) -> None:
    assert understand_instrument(words) == voice
