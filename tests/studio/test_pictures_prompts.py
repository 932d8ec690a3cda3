"""Everyday prompts by people who have not read the lexicon, and the words that it does not have."""

import os
import subprocess
import sys
from importlib.resources import files

import pytest
from contract import shot_prompt
from hypothesis import given, settings
from hypothesis import strategies as st

from webtv.studio.procedural.colour import NAMED
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.words.lexicon import read
from webtv.studio.procedural.words.nearest import NOTHING, corrected, nearest
from webtv.studio.procedural.words.rewording import TABLES, known_words, reworded


def told(text: str) -> SceneSpec:
    return read(shot_prompt(text=text))


# What must be understood: family, who, and any further facts of the spec.
EVERYDAY: list[tuple[str, str, list[str], dict[str, object]]] = [
    ("A corgi chasing a frisbee on the beach", "coast", ["dog"], {}),
    ("An egret standing in shallow water at sunrise", "coast", ["swallow"], {"time": "dawn"}),
    ("Two elephants crossing the savanna", "desert", ["elephant"], {}),
    ("A lion resting under an acacia", "desert", ["lion"], {}),
    ("A herd of buffalo in a dusty plain", "meadow", ["buffalo"], {}),
    ("A tabby asleep on a windowsill while it drizzles", "interior", ["cat"], {"weather": "rain"}),
    ("An eagle soaring above the canyon", "desert", ["eagle"], {}),
    ("Humpback breaching near the shore", "coast", ["whale"], {}),
    ("Fireflies over a swamp at night", "forest", [], {"time": "night"}),
    ("A violinist playing in an empty cathedral", "meadow", ["soloist", "violin"], {}),
    ("A baker pulling bread from the oven before dawn", "interior", ["baker", "bread"], {"time": "dawn"}),
    ("A fisherman mending nets in the harbour", "coast", ["fisherman"], {}),
    ("A nurse walking home after the night shift", "city", ["nurse"], {"time": "night"}),
    ("A chef chopping vegetables in a busy kitchen", "interior", ["chef"], {}),
    ("A postman cycling through the village in the rain", "meadow", ["postman"], {"weather": "rain"}),
    ("An astronaut floating outside the space station", "space", ["astronaut"], {}),
    ("A skier racing down the slope", "snow", ["skier"], {"season": "winter"}),
    ("Kids playing basketball in the street", "city", ["child", "basketball"], {}),
    ("Rowers on a foggy river", "coast", ["rower"], {"weather": "fog"}),
    ("A hot air balloon drifting over vineyards", "meadow", ["balloon"], {}),
    ("A blizzard swallowing the mountain road", "mountains", [], {"weather": "snow", "season": "winter"}),
    ("Thunderclouds gathering above wheat", "meadow", [], {"weather": "storm"}),
    ("Drizzling afternoon in London", "city", [], {"weather": "rain", "time": "day"}),
    ("A heat wave in an empty town", "city", [], {"season": "summer"}),
    ("Monsoon in Mumbai", "city", [], {"weather": "rain"}),
    ("Paris in the evening, people on café terraces", "city", ["person"], {"time": "sunset"}),
    ("New York from above", "city", [], {}),
    ("A gondola gliding through Venice", "city", ["rowboat"], {}),
    ("A medieval castle on a hill", "castle", [], {}),
    ("Samurai standing in falling cherry blossoms", "forest", ["samurai"], {"season": "spring"}),
    ("A steamship leaving the port in 1912", "coast", ["steamer"], {}),
    ("Pyramids in the desert at noon", "desert", [], {"time": "day"}),
    ("Cowboys riding into the sunset", "meadow", ["cowboy"], {"time": "sunset"}),
    ("Loneliness", "abstract", [], {}),
    ("beatiful montains with snow", "mountains", [], {"weather": "snow"}),
    ("in winter the peoples walks on the strret", "city", ["person"], {"season": "winter"}),
    ("A girl with red umbrela walks in rainy city", "city", ["girl"], {"weather": "rain"}),
    ("flowrs in the gardn", "meadow", [], {}),
    ("A glen in the Highlands with a stag", "mountains", ["deer"], {}),
    ("Meteors above an observatory", "space", [], {"time": "night"}),
]


@pytest.mark.parametrize(("text", "family", "kinds", "facts"), EVERYDAY, ids=[text for text, *_ in EVERYDAY])
def test_an_everyday_prompt_is_understood(
    text: str, family: str, kinds: list[str], facts: dict[str, object]
) -> None:
    spec = told(text)
    assert (spec.family, [member.kind for member in spec.cast]) == (family, kinds)
    assert {name: getattr(spec, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("corgi", "dog"), ("bittern", "heron"), ("bassoonist", "musician"), ("glen", "valley"),
        ("cathedral", "church"), ("hornbeam", "tree"), ("tokyo", "city"), ("neurosurgeon", "surgeon"),
        ("vermilion", "scarlet"), ("saunter", "stroll"), ("roquefort", "cheese"), ("fife", "flute"),
    ],
)  # fmt: skip
def test_an_unknown_word_means_what_is_nearest(word: str, near: str) -> None:
    assert nearest(word) == near


@pytest.mark.parametrize("word", ["idea", "loneliness", "landing", "frisbee", "seal", "wine", "justice"])
def test_what_is_near_to_nothing_is_not_forced(word: str) -> None:
    assert nearest(word) in {None, NOTHING}


def test_what_took_a_words_place_is_told_and_not_ignored() -> None:
    spec = read(shot_prompt(subject="three corgis and a gizmo", setting="by the strret"))
    assert spec.understood["nearest"] == {"corgis": "dog", "strret": "street"}
    assert [(member.kind, member.count) for member in spec.cast] == [("dog", 3)]
    assert spec.ignored == ("gizmo",)


def test_a_hot_dog_is_no_dog() -> None:
    spec = told("a hot dog on a plate")
    assert (spec.family, [member.kind for member in spec.cast]) == ("interior", ["hot-dog"])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a bowl of oranges", ["bowl", "orange"]),
        ("an orange cat", ["cat"]),
        ("an orange on a plate", ["orange"]),
        ("a cup of tea", ["tea"]),
        ("a temple and cherry blossom", []),
        ("an elephant and its baby", ["elephant"]),
        ("a pianist on stage", ["soloist", "piano"]),
        ("two parrots, one red and one blue", ["parrot", "parrot"]),
        ("red balloons in the street", ["toy-balloon"]),
        ("a hot air balloon over a city", ["balloon"]),
        ("a woman with an umbrella by the sea", ["woman"]),
    ],
)
def test_a_word_shows_what_it_means_there(text: str, kinds: list[str]) -> None:
    assert [member.kind for member in told(text).cast] == kinds


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("a castle on a hill at sunset", "castle"),
        ("a green pumpkin on a table", "interior"),
        ("an eagle above the clouds", "skies"),
        ("a kitchen in the rain, seen from the table", "interior"),
        ("raindrops running down a kitchen window", "rain_window"),
        ("a balloon over vineyards", "meadow"),
    ],
)
def test_a_place_that_is_named_counts_more_than_what_is_found_there(text: str, family: str) -> None:
    assert told(text).family == family


def test_a_plain_sentence_colours_the_picture_or_a_thing_in_it() -> None:
    grade = told("a teal and orange city at dusk")
    assert grade.palette == (NAMED["teal"], NAMED["orange"])
    thing = told("a purple elephant in the savanna")
    assert (thing.palette, thing.cast[0].colour) == ((), NAMED["purple"])
    assert told("the city at blue hour").palette == ()


def test_colours_of_the_nearest_subject_are_obeyed() -> None:
    assert told("a white poodle on a beach").cast[0].colour == NAMED["white"]
    assert told("a vermilion boat on a beach").cast[0].colour == NAMED["scarlet"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("nigth", "night"), ("flowr", "flower"), ("strret", "street"), ("beeach", "beach"), ("gras", None)],
)
def test_misspellings_of_five_letters_are_read(typed: str, meant: str | None) -> None:
    assert corrected(typed, known_words()) == meant


def test_english_words_are_no_misspellings() -> None:
    text = "boast beard hound sleet wheel stray peach spice beast shame flight"
    assert not {"coast", "beach", "shape"} & set(told(text).understood.get("nearest", {}).values())


def test_every_nearest_word_leads_into_the_tables() -> None:
    everything = set().union(*TABLES, NAMED)
    text = files("webtv.studio.procedural.words").joinpath("nearest.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    listed = [line.partition(":")[0] for line in lines if not line.startswith("#")]
    assert listed == sorted(listed)
    assert set(listed) - {NOTHING} <= everything


def test_a_word_of_the_lexicon_is_never_replaced() -> None:
    for word in sorted(set().union(*TABLES)):
        text = word.replace("-", " ")
        plain = reworded(shot_prompt(text=text))
        assert (plain.prompt.text, plain.nearest) == (text, {})


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_becomes_a_scene(text: str) -> None:
    spec = told(text)
    assert spec.family in SCENES
    assert spec.style in STYLES
    assert nearest(text) is None or isinstance(nearest(text), str)


def test_the_table_of_nearest_words_is_only_read_when_a_word_is_unknown() -> None:
    code = (
        "import webtv.studio.procedural.words.nearest as nearest\n"
        "import webtv.studio.procedural.words.rewording as rewording\n"
        "rewording._known('fox')\n"
        "assert nearest._meanings.cache_info().currsize == 0\n"
        "assert nearest.nearest('corgi') == 'dog'\n"
        "assert nearest._meanings.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_prompt_is_read_alike_in_every_process() -> None:
    code = (
        "from webtv.prompts.sequence import ShotPrompt\n"
        "from webtv.studio.procedural.words.lexicon import read\n"
        "text = 'three corgis and a wombat by the strret, beeach and flowrs in Tokyo'\n"
        "spec = read(ShotPrompt(**{**dict.fromkeys(ShotPrompt.__slots__, ''), 'text': text}))\n"
        "print(spec.family, spec.cast, sorted(spec.extras), spec.understood, spec.ignored)\n"
    )
    told_by = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(told_by) == 1
    assert "wombat" in told_by.pop()
