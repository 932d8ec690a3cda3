"""From words to scenes."""

import pytest
from contract import shot_prompt
from hypothesis import given, settings
from hypothesis import strategies as st

from webtv.studio.procedural.colour import NAMED
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.words.forms import stem
from webtv.studio.procedural.words.lexicon import read
from webtv.studio.procedural.words.vocabulary import FAMILIES, KINDS
from webtv.studio.procedural.words.vocabulary import STYLES as STYLE_WORDS


@pytest.mark.parametrize(
    ("setting", "family"),
    [
        ("a calm bay at low tide", "coast"),
        ("a kelp forest underwater", "underwater"),
        ("a wet street between tall buildings", "city"),
        ("rain on a café window at night", "rain_window"),
        ("seen from the window of a night train", "train"),
        ("a flowering meadow below green hills", "meadow"),
        ("a mossy beech forest", "forest"),
        ("a lake under high mountains", "mountains"),
        ("a village in deep snow", "snow"),
        ("beyond the rings of a planet, deep space", "space"),
        ("northern lights, an aurora over the ice", "aurora"),
        ("ink unfolding in an abstract pattern", "abstract"),
        ("nothing that anyone has a word for", "abstract"),
    ],
)
def test_places(setting: str, family: str) -> None:
    assert read(shot_prompt(setting=setting)).family == family


@pytest.mark.parametrize(
    ("camera", "framing", "move", "direction"),
    [
        ("wide shot, slow pan left", "wide", "pan", -1),
        ("wide shot, slow pan right", "wide", "pan", 1),
        ("medium shot, panning from left to right", "medium", "pan", 1),
        ("close-up, gentle tilt down to the ground", "close", "tilt", -1),
        ("close-up, tilt up", "close", "tilt", 1),
        ("medium shot, slow dolly out", "medium", "dolly", -1),
        ("macro detail, slow push in", "detail", "dolly", 1),
        ("wide shot, static on a tripod", "wide", "static", 1),
    ],
)
def test_cameras(camera: str, framing: str, move: str, direction: int) -> None:
    words = read(shot_prompt(setting="a beach", camera=camera)).camera
    assert (words.framing, words.move, words.direction) == (framing, move, direction)


def test_speed_words() -> None:
    def speed(camera: str) -> float:
        return read(shot_prompt(setting="a beach", camera=camera)).camera.speed

    assert speed("very slow pan left") < speed("slow pan left") < speed("pan left") < speed("fast pan left")


def test_cast_colours_counts_and_directions() -> None:
    spec = read(
        shot_prompt(
            subject="two red foxes and a white hare", action="running from right to left", setting="a field"
        )
    )
    assert [(c.kind, c.count, c.colour, c.action, c.heading) for c in spec.cast] == [
        ("fox", 2, NAMED["red"], "run", -1),
        ("hare", 1, NAMED["white"], "run", -1),
    ]
    shoal = read(shot_prompt(subject="a shoal of blue fish")).cast[0]
    assert shoal.count > 10
    assert shoal.colour == NAMED["blue"]


@pytest.mark.parametrize(
    ("light", "time"),
    [
        ("at dawn", "dawn"),
        ("bright midday", "day"),
        ("the golden hour", "golden"),
        ("blue hour", "dusk"),
        ("by moonlight", "night"),
    ],
)
def test_times(light: str, time: str) -> None:
    assert read(shot_prompt(setting="a beach", light=light)).time == time


def test_text_alone_is_enough() -> None:
    text = (
        "Film-like animation: two red foxes walking slowly to the left across a snowy meadow, at dawn, "
        "wide shot, slow pan left."
    )
    spec = read(shot_prompt(text=text))
    assert (spec.family, spec.time, spec.season, spec.style) == ("meadow", "dawn", "winter", "film")
    assert spec.cast[0].kind == "fox"
    assert spec.cast[0].heading == -1
    assert (spec.camera.framing, spec.camera.move, spec.camera.direction) == ("wide", "pan", -1)


def test_framing_varies_over_a_sequence_when_the_words_leave_it_open() -> None:
    prompt = shot_prompt(setting="a beach")
    assert len({read(prompt, shot, 7).camera.framing for shot in range(4)}) >= 3


def test_palette_words_reach_the_light() -> None:
    spec = read(shot_prompt(setting="a beach", palette="teal and amber"))
    assert spec.palette == (NAMED["teal"], NAMED["amber"])


def test_every_word_leads_somewhere() -> None:
    assert set(FAMILIES.values()) <= set(SCENES)
    assert set(STYLE_WORDS.values()) == set(STYLES)
    for kind in set(KINDS.values()) - {"lighthouse", "train"}:
        assert kind in FIGURES, f"{kind} has no figure"


def test_stems() -> None:
    words = ("foxes", "butterflies", "wolves", "grass", "gulls", "churches", "canvas")
    assert [stem(word) for word in words] == [
        "fox", "butterfly", "wolf", "grass", "gull", "church", "canvas",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=60), st.integers(0, 9))
def test_any_text_is_read(subject: str, camera: str, light: str, shot: int) -> None:
    spec = read(shot_prompt(subject=subject, camera=camera, light=light), shot, 5)
    assert spec.family in SCENES
    assert spec.style in STYLES
