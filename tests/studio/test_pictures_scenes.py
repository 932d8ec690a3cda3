"""Every scene family and every style: motion, light, no flashes, determinism, size, words."""

import functools

import cv2
import numpy as np
import pytest
from contract import frames_of, shot_prompt, shot_request

from webtv.studio.ports import Frames, Media
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.light import TIMES
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.shots import ProceduralShots
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def draw(
    spec: SceneSpec, times: list[float], width: int = 192, height: int = 108, place: int = 3, take: int = 4
) -> Frames:
    stage = Stage(spec, width, height, 4.0, place, take)
    scene, style = SCENES[spec.family](stage), STYLES[spec.style](stage)
    out = []
    for t in times:
        canvas = np.zeros((height, width, 3), np.float32)
        scene.draw(canvas, t)
        assert np.isfinite(canvas).all()
        out.append(np.clip(style.apply(canvas, t) * 255, 0, 255).astype(np.uint8))
    return np.stack(out)


@functools.cache
def golden_coast(style: str) -> np.ndarray:
    return draw(SceneSpec("coast", time="golden", style=style), [1.0])[0].astype(np.float32)


def small_luma(frames: Frames) -> np.ndarray:
    cells = [
        cv2.GaussianBlur(cv2.resize(f, (64, 36), interpolation=cv2.INTER_AREA), (0, 0), 1.0) for f in frames
    ]
    return np.stack(cells).astype(np.float32) @ _LUMA


@pytest.mark.parametrize("family", SCENES)
@pytest.mark.parametrize("time", ["day", "night"])
def test_each_family_moves_is_visible_and_never_flashes(family: str, time: str) -> None:
    camera = CameraWords("wide", "static")
    cells = small_luma(draw(SceneSpec(family, time=time, camera=camera), [k / 12 for k in range(13)]))
    assert cells.mean(axis=(1, 2)).min() > 20, "never nearly black"
    assert cells[0].std() > 4, "something is to be seen"
    busiest = np.percentile(np.abs(np.diff(cells, axis=0)), 99, axis=(1, 2))
    assert busiest.min() > 0.3, "something moves in every frame, even before a static camera"
    assert np.abs(np.diff(cells.mean(axis=(1, 2)))).max() < 4, "the whole never jumps in brightness"


@pytest.mark.parametrize("family", SCENES)
def test_each_family_follows_the_camera(family: str) -> None:
    shifts = {}
    for direction in (-1, 1):
        spec = SceneSpec(family, time="day", wind=0.1, camera=CameraWords("wide", "pan", direction, 2.0))
        first, last = draw(spec, [1.8, 2.2])
        grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (first, last)]
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[0], grey[1], None)
        texture = np.abs(cv2.Sobel(cv2.GaussianBlur(grey[0], (0, 0), 1), cv2.CV_32F, 1, 0))
        shifts[direction] = float(np.average(flow[..., 0], weights=texture + 1e-3))
    # When the camera pans right, what it sees moves left.
    assert shifts[1] < shifts[-1] - 1.0


@pytest.mark.parametrize("style", STYLES)
def test_each_style_is_a_look_of_its_own(style: str) -> None:
    frame = golden_coast(style)
    assert frame.mean() > 20
    for other in STYLES:
        if other != style:
            theirs = golden_coast(other)
            assert np.abs(frame - theirs).mean() > 2.0, f"{style} looks like {other}"


@pytest.mark.parametrize("size", [(512, 288), (640, 360), (160, 90), (180, 320)])
def test_any_size(size: tuple[int, int]) -> None:
    for family in ("coast", "city"):
        assert draw(SceneSpec(family), [0.0], *size).shape == (1, size[1], size[0], 3)


@pytest.mark.parametrize("seed", range(16))
def test_any_combination_of_words_is_a_scene(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def one(names: object) -> str:
        return str(rng.choice(list(names)))  # type: ignore[call-overload]

    cast = tuple(
        Cast(
            one(FIGURES),
            int(rng.integers(0, 9)),
            None,
            one(("", "walk", "run", "rest", "fly")),
            int(rng.integers(-1, 2)),
        )
        for _ in range(int(rng.integers(0, 3)))
    )
    camera = CameraWords(
        one(("wide", "medium", "close", "detail")), one(("static", "pan", "tilt", "dolly", "orbit", "crane")),
        int(rng.choice((-1, 1))), float(rng.uniform(0.5, 2)), bool(rng.random() < 0.3),
    )  # fmt: skip
    spec = SceneSpec(
        one(SCENES), one(TIMES), one(("clear", "cloudy", "rain", "storm", "snow", "fog")),
        one(("spring", "summer", "autumn", "winter")), float(rng.random()), (), cast, camera, one(STYLES),
        frozenset({one(("beach", "lake", "skyline", "street", "village", "stream", "aurora", "firefly"))}),
    )  # fmt: skip
    frames = draw(spec, [0.0, 3.9], 160, 90, seed, seed + 1)
    assert frames.mean() > 15
    assert not np.array_equal(frames[0], frames[1])


def test_frames_do_not_depend_on_the_order_in_which_they_are_drawn() -> None:
    spec = SceneSpec("coast", time="sunset", extras=frozenset({"beach"}))
    assert np.array_equal(draw(spec, [0.0, 1.0, 2.0])[1], draw(spec, [2.0, 1.0])[1])


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
async def test_coloured_subjects_are_in_the_picture(colour: str, channel: int) -> None:
    async def amount(word: str) -> float:
        prompt = shot_prompt(
            subject=f"three {word} foxes",
            setting="a snowy field in winter",
            camera="close-up, static",
            light="day",
        )
        frames = await frames_of(ProceduralShots().shoot(shot_request(prompt, seconds=0.2)))
        values = frames[0].astype(np.float32)
        others = [k for k in range(3) if k != channel]
        return float((values[..., channel] > values[..., others].max(axis=-1) * 1.25).mean())

    assert await amount(colour) > await amount("white") + 0.004


async def test_times_of_day_differ_as_they_should() -> None:
    async def mean(light: str) -> np.ndarray:
        prompt = shot_prompt(subject="waves", setting="a long beach", light=light, camera="wide shot")
        frames = await frames_of(ProceduralShots().shoot(shot_request(prompt, seconds=0.2)))
        return np.asarray(frames[0].astype(np.float32).mean(axis=(0, 1)))

    day, sunset, night = await mean("bright midday"), await mean("at sunset"), await mean("moonlit night")
    assert day.mean() > sunset.mean() > night.mean() > 20
    assert sunset[0] / sunset[2] > 1.3 * day[0] / day[2], "sunsets are warm"


async def test_shots_of_a_sequence_share_their_place() -> None:
    async def first(sequence: int, seed: int) -> np.ndarray:
        prompt = shot_prompt(
            subject="a lighthouse", setting="a rocky coast", light="day", camera="wide shot, static"
        )
        request = shot_request(prompt, seconds=0.2, seed=seed, sequence_seed=sequence)
        frames = await frames_of(ProceduralShots().shoot(request))
        return np.asarray(cv2.GaussianBlur(frames[0], (0, 0), 3), np.float32)

    here, again, elsewhere = await first(1, 10), await first(1, 11), await first(2, 10)
    assert np.abs(here - again).mean() < 0.7 * np.abs(here - elsewhere).mean()


async def test_the_credit_tells_what_was_understood() -> None:
    prompt = shot_prompt(
        subject="two red foxes juggling", setting="a snowy meadow", camera="wide shot, slow pan left"
    )
    credit = ProceduralShots().credit(shot_request(prompt))
    assert credit.media is Media.ALGORITHMIC
    assert credit.details["understood"]["family"] == "meadow"
    assert credit.details["understood"]["cast"] == [{"kind": "fox", "count": 2, "coloured": True}]
    assert credit.details["ignored"] == ["juggling"]


@pytest.mark.parametrize("end", [0.5, 0.7])
def test_a_plate_that_ends_in_the_air_leaves_no_line(end: float) -> None:
    stage = Stage(SceneSpec("coast", camera=CameraWords(move="static")), 320, 180, 4.0, 1, 1)
    plate = stage.plate(0.5, 0.2, end)
    plate.fill(np.array((0.5, 0.5, 0.5), np.float32), np.clip(end - 0.1 - plate.y, 0, 1) + 0 * plate.x)
    frame = np.full((180, 320, 3), 0.5, np.float32)
    plate.show(frame, 1.0)
    assert np.abs(frame - 0.5).max() < 0.02, "grey on grey stays grey, above, below and where it ends"
