"""Scenes that no prompt asks for in earnest are drawn all the same: whole, lit, and the same again."""

import random
import time
import warnings

import numpy as np
import pytest

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import ShotRequest
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.light import TIMES
from webtv.studio.procedural.nature.surf import Beach
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.shots import ProceduralShots
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import ZOOM, Image, Stage
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.words import vocabulary
from webtv.studio.procedural.words.lexicon import read
from webtv.studio.procedural.words.nearest import corrected
from webtv.studio.procedural.words.rewording import known_words

WEATHERS = ("clear", "cloudy", "rain", "storm", "snow", "fog")
SEASONS = ("spring", "summer", "autumn", "winter")
MOVES = ("static", "pan", "tilt", "dolly", "orbit", "crane", "drift")
EXTRAS = sorted(set(vocabulary.EXTRAS.values()))
ACTIONS = (*sorted(set(vocabulary.ACTIONS.values())), "", "nothing known")
SIZES = ((64, 36), (36, 64), (48, 48), (96, 40), (40, 120))
SEEDS = (0, 1, 2**63 - 1, 20_261_121)
COLOURS = (None, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.2, 0.6, 0.3))


def plain(text: str) -> ShotPrompt:
    return ShotPrompt("", "", "", "", "", "", "", "", "", text)


def spec_of(chance: random.Random, family: str) -> SceneSpec:
    cast = tuple(
        Cast(
            chance.choice(sorted(FIGURES)),
            chance.choice((0, 1, 3, 20, 60)),
            chance.choice(COLOURS),
            chance.choice(ACTIONS),
            chance.choice((-1, 0, 1)),
        )
        for _ in range(chance.choice((0, 0, 1, 1, 2, 4)))
    )
    camera = CameraWords(
        chance.choice(sorted(ZOOM)),
        chance.choice(MOVES),
        chance.choice((-1, 1)),
        chance.choice((0.5, 1, 2.6)),
        chance.random() < 0.3,
    )
    return SceneSpec(
        family,
        chance.choice(sorted(TIMES)),
        chance.choice(WEATHERS),
        chance.choice(SEASONS),
        chance.choice((0.0, 0.4, 1.0)),
        tuple(colour for colour in chance.sample(COLOURS, chance.choice((0, 0, 2))) if colour),
        cast,
        camera,
        chance.choice(sorted(STYLES)),
        frozenset(chance.sample(EXTRAS, chance.choice((0, 1, 2, 5)))),
    )


def stage_of(chance: random.Random, spec: SceneSpec) -> Stage:
    width, height = chance.choice(SIZES)
    return Stage(
        spec, width, height, chance.choice((0.5, 2, 4, 8)), chance.choice(SEEDS), chance.choice(SEEDS)
    )


def drawn(stage: Stage, *moments: float) -> list[Image]:
    scene, style = SCENES[stage.spec.family](stage), STYLES[stage.spec.style](stage)
    frames = []
    for t in moments:
        canvas = np.zeros((stage.height, stage.width, 3), np.float32)
        scene.draw(canvas, t)
        frames.append(np.asarray(style.apply(canvas, t), np.float32))
    return frames


@pytest.mark.parametrize("family", sorted(SCENES))
def test_scenes_of_anything_whatsoever_are_drawn(family: str) -> None:
    chance = random.Random(family)
    for number in range(4):
        stage = stage_of(chance, spec_of(chance, family))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            first, later = drawn(stage, 0.0, stage.seconds + 0.75)
        for frame in (first, later):
            assert frame.shape == (stage.height, stage.width, 3), stage.spec
            assert np.isfinite(frame).all(), stage.spec
        if number == 0:  # after other moments, and another scene: nothing is remembered
            drawn(stage_of(chance, spec_of(chance, chance.choice(sorted(SCENES)))), 1.0)
            np.testing.assert_array_equal(drawn(stage, stage.seconds + 0.75, 0.0)[1], first)


@pytest.mark.parametrize(("width", "height"), [(2, 2), (2, 60), (60, 2), (16, 10)])
async def test_the_smallest_pictures_are_drawn_larger_and_made_small(width: int, height: int) -> None:
    for family, style in zip(("mountains", "desert", "hall", "skies"), sorted(STYLES), strict=False):
        prompt = plain(f"a storm, {family}, {style}")
        request = ShotRequest(prompt, 0.2, width, height, 24, 3)
        async for chunk in ProceduralShots(scale=1).shoot(request):
            assert chunk.frames.shape[1:] == (height, width, 3)


@pytest.mark.parametrize("weather", ["clear", "snow"])
def test_a_mirror_that_lies_wholly_below_the_horizon_is_cast(weather: str) -> None:
    camera = CameraWords("detail", "tilt", -1, 2.6, True)
    for seed in SEEDS:
        stage = Stage(SceneSpec("ice", weather=weather, camera=camera), 40, 120, 8, seed, seed)
        assert all(np.isfinite(frame).all() for frame in drawn(stage, 0.0, 8.0))


def test_surf_that_ends_its_run_at_this_very_moment_is_a_number() -> None:
    stage = Stage(SceneSpec("coast", camera=CameraWords(move="static")), 96, 54, 4, 1, 1)
    beach = Beach(stage, 0.7, (0.8, 0.7, 0.5))
    view = stage.view(0.0, beach.depth)
    x = (np.arange(96, dtype=np.float32) + 0.5 - view.left) / view.scale
    turn = np.float32(-1e-8) - 0.07 * np.sin(x * 2.1)  # a hair before the end of a cycle, column by column
    for t in (float(each) / 0.42 for each in turn):
        canvas = np.full((54, 96, 3), 0.4, np.float32)
        beach.draw(canvas, t)
        assert np.isfinite(canvas).all(), t


def test_a_word_without_end_is_no_misspelling() -> None:
    began = time.process_time()
    assert corrected("a" * 200_000, known_words()) is None
    assert read(plain("fox " + "forest" * 30_000), 0, 1).cast[0].kind == "fox"
    assert time.process_time() - began < 5, "its slips are some terabytes"


def test_words_of_every_table_and_of_none_are_read() -> None:
    chance = random.Random(7)
    words = sorted(known_words())
    odd = (
        "",
        "a",
        "\0",
        "🦊",
        "שלום",
        "森の狐",
        "<script>",
        "0 cats",
        "-5 cats",
        "٣ cats",
        "1000000000 cats",
    )
    for text in (*words, *odd, *(" ".join(chance.choices(words, k=40)) for _ in range(20))):
        spec = read(plain(text.replace("-", " ")), chance.choice((0, 5, 10**9)), 1)
        assert spec.family in SCENES, text
        assert spec.style in STYLES, text
        assert all(0 <= member.count <= 60 for member in spec.cast), text
