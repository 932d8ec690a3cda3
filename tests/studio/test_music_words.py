"""What the composer makes of words: musical terms, instruments, who is not to play."""

from typing import Any

import pytest

from webtv.core.format import SAMPLE_RATE
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.music.performance import details, example, families, read
from webtv.studio.procedural.music.terms import Terms, read_terms
from webtv.studio.procedural.music.voices import VOICES


def _told(mood: str, *instruments: str, tempo: int = 90, seconds: int = 30, seed: int = 3) -> dict[str, Any]:
    return details(BedRequest(MusicBrief(mood, tempo, instruments), seconds * SAMPLE_RATE, seed))


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("in D minor", 2, "aeolian"),
        ("E flat major", 3, "ionian"),
        ("e-flat dorian", 3, "dorian"),
        ("C# phrygian", 1, "phrygian"),
        ("Bb lydian", 10, "lydian"),
        ("a lullaby in G", 7, ""),
        ("key of F sharp", 6, ""),
        ("a calm piece", None, ""),
        ("be gentle", None, ""),
        ("a harmonic minor mood", 9, "harmonic minor"),
        ("a minor key", 9, "aeolian"),
        ("mixolydian", None, "mixolydian"),
    ],
)
def test_keys_are_read(text: str, tonic: int | None, mode: str) -> None:
    terms = read_terms(text)
    assert (terms.tonic, terms.mode) == (tonic, mode)


@pytest.mark.parametrize(
    ("text", "tempo"),
    [("120 bpm", 120), ("at 72 BPM", 72), ("tempo 60", 60), ("900 bpm", 200), ("20 bpm", 40)],
)
def test_a_number_of_beats_is_obeyed(text: str, tempo: int) -> None:
    assert read_terms(text).settled_tempo(90) == tempo


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("adagio", 50, 70), ("fast", 116, 156), ("very slow", 44, 60), ("presto", 160, 200)],
)
def test_words_of_tempo_bound_the_brief(text: str, low: int, high: int) -> None:
    terms = read_terms(text)
    assert terms.settled_tempo(20) == low
    assert terms.settled_tempo((low + high) // 2) == (low + high) // 2
    assert terms.settled_tempo(300) == high


@pytest.mark.parametrize(
    ("text", "metre"),
    [("a waltz", "3/4"), ("in 6/8", "6/8"), ("barcarolle", "6/8"), ("a march", "4/4"), ("waltzing", "")],
)
def test_metres_are_read(text: str, metre: str) -> None:
    assert read_terms(text).metre == metre


def test_terms_are_taken_out_of_the_text_and_told() -> None:
    terms = read_terms("dreamy waltz in E flat minor, no drums or bass, 96 bpm")
    assert terms.rest == "dreamy"
    assert terms.understood == {
        "96 bpm": "96 bpm",
        "no drums or bass": "without kit, bass, double bass",
        "in e flat minor": "key E flat aeolian",
        "waltz": "3/4 time",
    }
    assert read_terms("no lions here") == Terms(rest="no lions here")


def test_drums_and_bass_stay_away_when_told_to() -> None:
    with_all = _told("driving", "pluck", "bass", "drums")
    assert {"kit", "bass"} <= set(with_all["playing"])
    without = _told("driving, no drums, without bass", "pluck", "bass", "drums")
    assert not {"kit", "bass", "double bass"} & set(without["playing"])
    assert _told("playful", "no drums", "guitar")["playing"][0] == "guitar"
    assert "kit" not in _told("playful", "no drums", "guitar")["playing"]


@pytest.mark.parametrize("mood", MOODS)
def test_an_instrument_that_is_not_wanted_is_not_replaced_by_its_kin(mood: str) -> None:
    for family, voices in families().items():
        playing = _told(f"{mood}, no {family}", seconds=12)["playing"]
        assert not set(voices) & set(playing)
        assert playing


@pytest.mark.parametrize(
    ("mood", "instruments", "playing"),
    [
        ("solo piano", (), ["felt piano"]),
        ("sad solo cello", (), ["cello"]),
        ("calm", ("solo harp",), ["harp"]),
        ("calm, solo", ("guitar", "flute"), ["guitar"]),
        ("unaccompanied flute", (), ["flute"]),
        ("piano alone", (), ["felt piano"]),
    ],
)
def test_who_plays_solo_plays_alone(mood: str, instruments: tuple[str, ...], playing: list[str]) -> None:
    assert _told(mood, *instruments)["playing"] == playing


def test_instruments_of_the_mood_play_where_none_are_listed() -> None:
    told = _told("slow electric piano and strings")
    assert told["instruments"] == {"electric piano": "electric piano", "strings": "strings"}
    assert told["playing"][:2] == ["electric piano", "strings"]
    listed = _told("calm harp", "flute")
    assert "harp" not in listed["playing"]
    assert "harp" in listed["ignored"]


def test_credit_holds_what_is_played() -> None:
    told = _told("melancholy waltz in F sharp minor at 104 bpm, no xylorimba", "felt piano")
    assert (told["key"], told["metre"], told["tempo"]) == ("F sharp aeolian", "3/4", 104)
    assert told["mood"] == "melancholy"
    assert told["form"][-1] == "ending"
    assert "xylorimba" in told["ignored"]


def test_tempo_zero_leaves_it_to_the_mood() -> None:
    for name, mood in MOODS.items():
        tempi = {details(example(name, seed=seed))["tempo"] for seed in range(6)}
        assert len(tempi) > 1
        assert all(mood.tempi[0] <= tempo <= mood.tempi[1] for tempo in tempi)


def test_examples_are_of_their_mood() -> None:
    for name in MOODS:
        request = example(name, seconds=18)
        assert request.samples == 18 * SAMPLE_RATE
        assert read(request.music).mood.name == name


def test_there_are_moods_and_instruments_enough() -> None:
    assert len(MOODS) >= 8
    assert {"felt piano", "strings", "pad", "pluck", "bass", "bell", "flute", "kit"} == set(families())
    for mood in MOODS.values():
        assert all(name == "kit" or name in VOICES for voices in mood.ensembles for name in voices)
