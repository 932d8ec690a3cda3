"""Rooms and stages: what the words ask for is measurably in the picture, and everything lives."""

import cv2
import numpy as np
import pytest

from webtv.studio.ports import Frames
from webtv.studio.procedural.indoors.arrangement import needs_floor
from webtv.studio.procedural.indoors.rooms import KINDS, room_of
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES

_STILL = CameraWords("wide", "static")
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def spec_of(family: str, *extras: str, **fields: object) -> SceneSpec:
    values: dict[str, object] = {"camera": _STILL, **fields}
    return SceneSpec(family, extras=frozenset(extras), **values)  # type: ignore[arg-type]


def stage_of(spec: SceneSpec, place: int = 3, width: int = 240, height: int = 136) -> Stage:
    return Stage(spec, width, height, 4.0, place, 4)


def draw(
    spec: SceneSpec, times: tuple[float, ...] = (1.0,), place: int = 3, size: tuple[int, int] = (240, 136)
) -> Frames:
    stage = stage_of(spec, place, *size)
    scene, style = SCENES[spec.family](stage), STYLES[spec.style](stage)
    out = []
    for t in times:
        canvas = np.zeros((stage.height, stage.width, 3), np.float32)
        scene.draw(canvas, t)
        assert np.isfinite(canvas).all()
        out.append(np.clip(style.apply(canvas, t) * 255, 0, 255).astype(np.uint8))
    return np.stack(out)


def window_part(frame: np.ndarray, spec: SceneSpec, place: int = 3) -> np.ndarray:
    """The pixels behind the glass."""
    stage = stage_of(spec, place)
    opening = room_of(stage).window
    stage.focus = (0.0, 0.5)
    h = frame.shape[0]
    left, right = (int((x + stage.aspect / 2) * h) for x in (opening.x0, opening.x1))
    top, bottom = (int(y * h) for y in (opening.y0, opening.y1))
    return frame[max(0, top + 4) : bottom - 4, max(0, left + 22) : right - 22]


def small_luma(frames: Frames) -> np.ndarray:
    cells = [
        cv2.GaussianBlur(cv2.resize(f, (64, 36), interpolation=cv2.INTER_AREA), (0, 0), 1.0) for f in frames
    ]
    return np.stack(cells).astype(np.float32) @ _LUMA


@pytest.mark.parametrize(
    ("family", "extra"), [*(("interior", k) for k in KINDS), ("hall", "club"), ("hall", "circus")]
)
def test_every_room_and_every_stage_is_a_place_of_its_own_that_lives(family: str, extra: str) -> None:
    frames = draw(spec_of(family, extra, time="night"), tuple(k / 12 for k in range(7)))
    cells = small_luma(frames)
    assert cells.mean(axis=(1, 2)).min() > 20, "never nearly black"
    busiest = np.percentile(np.abs(np.diff(cells, axis=0)), 99, axis=(1, 2))
    assert busiest.min() > 0.3, "something moves in every frame"
    assert np.abs(np.diff(cells.mean(axis=(1, 2)))).max() < 3, "nothing flashes, not even a fire"
    other = (
        "plain" if family == "interior" and extra != "plain" else "kitchen" if family == "interior" else ""
    )
    theirs = draw(spec_of(family, other, time="night"))
    assert np.abs(frames[0].astype(float) - theirs[0]).mean() > 4, (
        f"{extra} looks like {other or 'a theatre'}"
    )


def test_the_window_shows_the_time_of_day() -> None:
    means = {}
    for time in ("day", "sunset", "night"):
        spec = spec_of("interior", "plain", time=time)
        means[time] = window_part(draw(spec)[0], spec).reshape(-1, 3).mean(axis=0)
    assert means["day"].mean() > means["sunset"].mean() > means["night"].mean()
    assert means["sunset"][0] > means["sunset"][2] + 10, "a warm sky"
    assert means["night"][2] > means["night"][0], "a blue one"


def test_lamps_make_the_room_warm_at_night() -> None:
    day, night = (draw(spec_of("interior", "plain", time=time))[0].astype(float) for time in ("day", "night"))
    warmth = [float((f[..., 0] - f[..., 2]).mean() / f.mean()) for f in (day, night)]
    assert warmth[1] > warmth[0] + 0.1


@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_weather_is_seen_through_the_glass(weather: str) -> None:
    spec, clear = (spec_of("interior", "plain", weather=w, time="day") for w in (weather, "cloudy"))
    times = (1.0, 1.25)
    wet, dry = (np.stack([window_part(f, spec) for f in draw(s, times)]).astype(float) for s in (spec, clear))
    texture = [np.abs(cv2.Laplacian(f[0], cv2.CV_64F)).mean() for f in (wet, dry)]
    motion = [np.abs(np.diff(f, axis=0)).mean() for f in (wet, dry)]
    assert texture[0] > texture[1] * 1.15 or motion[0] > motion[1] * 1.5


def test_clear_days_throw_the_window_on_the_table_and_grey_ones_do_not() -> None:
    contrast = {}
    for weather in ("clear", "rain"):
        frame = (
            draw(spec_of("interior", "plain", time="golden", weather=weather))[0].astype(np.float32) @ _LUMA
        )
        table = frame[int(0.72 * 136) :]
        contrast[weather] = float(np.percentile(table, 95) - np.percentile(table, 30))
    assert contrast["clear"] > contrast["rain"] * 1.3


@pytest.mark.parametrize("family", ["interior", "hall"])
def test_the_cast_is_large_in_the_picture(family: str) -> None:
    cast = (Cast("apple", 1, (0.1, 0.2, 0.9)),)
    with_it = draw(spec_of(family, "plain", cast=cast, time="day"))[0].astype(int)
    blue = (with_it[..., 2] > with_it[..., :2].max(axis=-1) * 1.3) & (with_it[..., 2] > 60)
    rows = np.flatnonzero(blue[int(0.35 * 136) :].sum(axis=1) > 6)
    assert rows.size > 0.16 * 136, "the apple named fills a good part of the frame's height"


@pytest.mark.parametrize(
    ("kinds", "floor"),
    [
        (("apple",), False), (("horse",), True), (("person", "tea"), False), (("sofa",), True),
        (("bird",), False), ((), False),
    ],
)  # fmt: skip
def test_only_what_fits_on_no_table_stands_on_the_floor(kinds: tuple[str, ...], floor: bool) -> None:
    assert needs_floor(tuple(Cast(kind, 1) for kind in kinds)) is floor


@pytest.mark.parametrize("family", ["interior", "hall"])
def test_colour_words_colour_the_place(family: str) -> None:
    means = []
    for palette in ((0.75, 0.15, 0.12), (0.15, 0.3, 0.75)):
        frame = draw(spec_of(family, "plain", palette=(palette,), time="day"))[0].astype(float)
        means.append(frame.reshape(-1, 3).mean(axis=0))
    red, blue = means
    assert red[0] / red.sum() > blue[0] / blue.sum() + 0.04
    assert blue[2] / blue.sum() > red[2] / red.sum() + 0.04


@pytest.mark.parametrize("family", ["interior", "hall"])
@pytest.mark.parametrize("size", [(90, 160), (120, 120), (200, 84)])
@pytest.mark.parametrize("framing", ["wide", "detail"])
def test_every_shape_of_frame_is_filled(family: str, size: tuple[int, int], framing: str) -> None:
    spec = spec_of(family, time="day", camera=CameraWords(framing, "dolly", 1, 2.0))
    frames = draw(spec, (0.0, 3.9), size=size)
    assert frames.shape == (2, size[1], size[0], 3)
    assert frames.mean() > 20
    assert frames[0].std() > 8


@pytest.mark.parametrize("family", ["interior", "hall"])
def test_the_same_instant_is_drawn_the_same_whatever_was_drawn_before(family: str) -> None:
    spec = spec_of(family, time="night", weather="rain", cast=(Cast("tea", 1), Cast("butterfly", 2)))
    assert np.array_equal(draw(spec, (0.0, 1.0, 2.0))[1], draw(spec, (2.0, 1.0))[1])


def test_another_place_is_another_room() -> None:
    spec = spec_of("interior", time="day")
    sides = {room_of(stage_of(spec, place)).side for place in range(12)}
    kinds = {room_of(stage_of(spec, place)).kind for place in range(12)}
    paints = {room_of(stage_of(spec, place)).paint for place in range(12)}
    assert sides == {-1.0, 1.0}
    assert len(kinds) >= 2
    assert len(paints) >= 4
