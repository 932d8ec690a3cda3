"""Abstract worlds, and the places within the families under water, in space, by train and behind a window."""

import cv2
import numpy as np
import pytest

from webtv.studio.ports import Frames
from webtv.studio.procedural.colour import NAMED
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.scenes.abstract import Abstract
from webtv.studio.procedural.scenes.space import Space
from webtv.studio.procedural.scenes.train import Train
from webtv.studio.procedural.scenes.underwater import Underwater
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.undersea.shoals import Swimmers
from webtv.studio.procedural.worlds import WORLDS, scheme_of

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_STILL = CameraWords("wide", "static")
_PLACES = [
    *(("abstract", name) for name in sorted(WORLDS)),
    *(("underwater", name) for name in ("coral", "kelp", "abyss", "wreck")),
    *(("space", name) for name in ("planet", "earth", "galaxy", "nebula", "asteroid", "comet", "moonscape")),
    *(("train", name) for name in ("viaduct", "beach", "skyline", "fern", "village")),
    *(("rain_window", name) for name in ("street", "garden", "harbour")),
    ("city", "skyline"),
]


def stage_of(spec: SceneSpec, width: int = 192, height: int = 108, place: int = 3) -> Stage:
    return Stage(spec, width, height, 4.0, place, 4)


def draw(spec: SceneSpec, times: list[float], width: int = 192, height: int = 108, place: int = 3) -> Frames:
    stage = stage_of(spec, width, height, place)
    scene, style = SCENES[spec.family](stage), STYLES[spec.style](stage)
    out = []
    for t in times:
        canvas = np.zeros((height, width, 3), np.float32)
        scene.draw(canvas, t)
        assert np.isfinite(canvas).all()
        out.append(np.clip(style.apply(canvas, t) * 255, 0, 255).astype(np.uint8))
    return np.stack(out)


def small_luma(frames: Frames) -> np.ndarray:
    cells = [
        cv2.GaussianBlur(cv2.resize(f, (64, 36), interpolation=cv2.INTER_AREA), (0, 0), 1.0) for f in frames
    ]
    return np.stack(cells).astype(np.float32) @ _LUMA


@pytest.mark.parametrize(("family", "word"), _PLACES)
@pytest.mark.parametrize("time", ["day", "night"])
def test_each_place_moves_is_visible_and_never_flashes(family: str, word: str, time: str) -> None:
    spec = SceneSpec(family, time=time, camera=_STILL, extras=frozenset({word}))
    cells = small_luma(draw(spec, [k / 12 for k in range(7)]))
    assert cells.mean(axis=(1, 2)).min() > 20, "never nearly black"
    assert cells[0].std() > 4, "something is to be seen"
    busiest = np.percentile(np.abs(np.diff(cells, axis=0)), 99, axis=(1, 2))
    assert busiest.min() > 0.3, "something moves in every frame, even before a static camera"
    assert np.abs(np.diff(cells.mean(axis=(1, 2)))).max() < 4, "the whole never jumps in brightness"


@pytest.mark.parametrize("name", WORLDS)
def test_each_world_follows_the_camera(name: str) -> None:
    shifts = {}
    for direction in (-1, 1):
        camera = CameraWords("wide", "pan", direction, 2.0)
        first, last = draw(SceneSpec("abstract", camera=camera, extras=frozenset({name})), [1.8, 2.2])
        grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (first, last)]
        flow = cv2.DISOpticalFlow_create(  # type: ignore[attr-defined]
            cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
        ).calc(grey[0], grey[1], None)
        texture = np.abs(cv2.Sobel(cv2.GaussianBlur(grey[0], (0, 0), 1), cv2.CV_32F, 1, 0))
        shifts[direction] = float(np.average(flow[..., 0], weights=texture + 1e-3))
    assert shifts[1] < shifts[-1] - 1.0


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_moment_of_a_world_is_the_same_picture_in_any_order(name: str) -> None:
    spec = SceneSpec("abstract", extras=frozenset({name}))
    assert np.array_equal(draw(spec, [0.0, 1.0, 2.0])[1], draw(spec, [2.0, 1.0])[1])


@pytest.mark.parametrize("name", WORLDS)
def test_each_world_obeys_the_colours_that_are_named(name: str) -> None:
    def tint(colour: str) -> float:
        spec = SceneSpec("abstract", palette=(NAMED[colour],), camera=_STILL, extras=frozenset({name}))
        mean = draw(spec, [1.0])[0].astype(np.float32).mean(axis=(0, 1))
        return float(mean[0] / mean[2])

    assert tint("red") > 1.25 * tint("blue")


def test_worlds_look_unlike_each_other() -> None:
    frames = {
        name: draw(SceneSpec("abstract", camera=_STILL, extras=frozenset({name})), [1.0])[0]
        for name in WORLDS
    }
    soft = {name: cv2.GaussianBlur(f, (0, 0), 2).astype(np.float32) for name, f in frames.items()}
    for name in soft:
        for other in soft:
            if name != other:
                assert np.abs(soft[name] - soft[other]).mean() > 5, f"{name} looks like {other}"


def test_without_a_word_chance_chooses_among_all_worlds() -> None:
    seen = {Abstract(stage_of(SceneSpec("abstract"), 64, 36, place)).name for place in range(60)}
    assert len(seen) >= 10


def test_schemes_follow_the_hour() -> None:
    for place in range(8):
        assert scheme_of(stage_of(SceneSpec("abstract", time="night"), place=place)).dark
        pale = scheme_of(
            stage_of(SceneSpec("abstract", time="night", palette=(NAMED["cream"],)), place=place)
        )
        assert pale.dark, "night stays night whatever colour is named"


def test_fish_are_large_enough_to_read() -> None:
    cast = (Cast("fish", 3),)
    stage = stage_of(SceneSpec("underwater", cast=cast))
    fish = Swimmers(stage, cast, stage.light).members
    assert len(fish) == 3
    assert max(m.size for m in fish) >= 0.12, "of the height of the frame"


@pytest.mark.parametrize(
    ("word", "where"), [("coral", "reef"), ("kelp", "kelp"), ("abyss", "abyss"), ("wreck", "wreck")]
)
def test_words_choose_the_place_under_water(word: str, where: str) -> None:
    assert Underwater(stage_of(SceneSpec("underwater", extras=frozenset({word})))).where == where


def test_words_choose_the_sight_in_space_and_the_country_by_train() -> None:
    for word in ("galaxy", "asteroid", "earth", "comet", "nebula", "moonscape"):
        assert Space(stage_of(SceneSpec("space", extras=frozenset({word})))).sight == word
    for word, country in (("skyline", "town"), ("beach", "coast"), ("village", "fields")):
        assert Train(stage_of(SceneSpec("train", extras=frozenset({word})))).country == country


def test_windows_tell_day_from_dusk_from_night() -> None:
    level = {
        time: float(draw(SceneSpec("rain_window", time=time, weather="rain", camera=_STILL), [1.0]).mean())
        for time in ("day", "dusk", "night")
    }
    assert level["day"] > level["dusk"] + 8
    assert level["dusk"] > level["night"] + 4


@pytest.mark.parametrize("family", ["underwater", "rain_window", "space", "train", "city"])
def test_another_seed_is_another_picture(family: str) -> None:
    spec = SceneSpec(family, time="dusk", camera=_STILL)
    seeds = [draw(spec, [1.0], place=place)[0].astype(np.float32) for place in (1, 2, 5)]
    for k in range(3):
        assert np.abs(seeds[k] - seeds[k - 1]).mean() > 6
