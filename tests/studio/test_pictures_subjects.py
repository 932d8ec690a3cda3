"""Subjects: every kind is seen, moves as it should, takes the colour of the words and stands where it may."""

import colorsys
from importlib.resources import files

import cv2
import numpy as np
import pytest

from webtv.core.errors import InternalError
from webtv.studio.procedural import figures
from webtv.studio.procedural.colour import NAMED, Colour
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.figures.art import art, icons
from webtv.studio.procedural.figures.dye import dyed
from webtv.studio.procedural.figures.kinds import GROUPS, HOMES, HOMES_OF_FIGURES, WORDS, Kind, kinds, stemmed
from webtv.studio.procedural.figures.motions import MOTIONS, SPEEDS
from webtv.studio.procedural.light import TIMES, Light
from webtv.studio.procedural.spec import Cast, SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.walkers import Troupe

_SIDE, _SCALE = 150, 52
_GREY = 0.42
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_PICTURED = [kind for kind in kinds().values() if kind.icons]
_COLOURED = (
    "elephant", "tiger", "penguin", "umbrella", "teapot", "dancer", "bicycle", "apple", "pumpkin", "horse",
    "cat", "fox", "sunflower", "boat",
)  # fmt: skip
_LAMPS = {"glow", "flame"}


def posed(
    kind: str, t: float = 0.4, colour: Colour | None = None, facing: float = 1.0, action: str = "walk"
) -> Pose:
    figure = FIGURES[kind]
    y = _SIDE / 2 if figure.home in {"air", "under"} else _SIDE * 0.72
    return Pose(_SIDE / 2, y, _SCALE, facing, t, 0.3, action, colour, 0.5)


def seen(pose: Pose, kind: str, light: Light | None = None) -> np.ndarray:
    frame = np.full((_SIDE, _SIDE, 3), _GREY, np.float32)
    FIGURES[kind].draw(pose).lay(frame, light)
    assert np.isfinite(frame).all()
    return frame


def cover(pose: Pose, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Colours float32[h, w, 3] where the figure is opaque, and that mask."""
    black, white = np.zeros((_SIDE, _SIDE, 3), np.float32), np.ones((_SIDE, _SIDE, 3), np.float32)
    drawn = FIGURES[kind].draw(pose)
    drawn.lay(black)
    drawn.lay(white)
    return black, (white - black).mean(axis=2) < 0.1


@pytest.mark.parametrize("kind", _PICTURED, ids=lambda kind: kind.name)
def test_each_kind_is_seen_by_day_and_night_inside_its_reach_and_moves(kind: Kind) -> None:
    pose = posed(kind.name)
    day, night = seen(pose, kind.name, TIMES["day"]), seen(pose, kind.name, TIMES["night"])
    changed = np.abs(day - _GREY).max(axis=2) > 0.04
    assert changed.sum() > 120, "something is to be seen"
    there = cover(pose, kind.name)[1]
    assert there.sum() > 60
    wide = changed.any(axis=0)
    if FIGURES[kind.name].width() < 2.2:
        assert not wide[[0, -1]].any(), "no part is cut off"
    assert night[there].mean() > 0.05, "not black at night"
    assert kind.motion in _LAMPS or night[there].mean() < day[there].mean(), "darker than by day"
    assert np.array_equal(day, seen(pose, kind.name, TIMES["day"])), "same pose, same pixels"
    later = seen(posed(kind.name, 0.9), kind.name, TIMES["day"])
    moved = float(np.abs(later - day).mean())
    if kind.motion == "none":
        assert moved == 0, "what stands does not shimmer"
    else:
        assert moved > 1e-5, "it moves"


def test_table_asset_and_words_agree() -> None:
    named = {icon for kind in kinds().values() for icon in kind.icons}
    assert named == icons(), "run tools/noto_figures.py after changing kinds.txt"
    assert len(_PICTURED) >= 200
    assert set(kinds()) <= set(FIGURES)
    assert set(WORDS.values()) == set(HOMES) == set(GROUPS) == set(kinds())
    words = [(stemmed(word), kind.name) for kind in kinds().values() for word in kind.words]
    assert len(dict(words)) == len(set(words)), "no word means two kinds"
    for kind in kinds().values():
        assert kind.home in HOMES_OF_FIGURES
        assert kind.motion in MOTIONS
        assert FIGURES[kind.name].home == kind.home
        assert 0.03 <= kind.size <= 0.45
    assert set(SPEEDS) <= set(MOTIONS)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("elephants", "elephant"), ("geese", "goose"), ("scissors", "scissors"), ("hot-dogs", "hot-dog"),
     ("octopuses", "octopus"), ("cherries", "cherries"), ("minibus", "minibus")],
)  # fmt: skip
def test_plurals_find_their_kind(said: str, kind: str) -> None:
    assert WORDS[stemmed(said)] == kind


def test_the_licence_of_the_art_lies_beside_it_and_gives_credit() -> None:
    text = files(figures).joinpath("noto/NOTO-LICENSE.txt").read_text(encoding="utf-8")
    assert "Noto Emoji" in text
    assert "Google" in text
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_an_icon_that_is_not_in_the_asset_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InternalError, match=r"noto_figures\.py"):
        art("no-such-icon", False, None, None, "")


@pytest.mark.parametrize(
    "kind",
    [
        "elephant",
        "tiger",
        "penguin",
        "umbrella",
        "teapot",
        "dancer",
        "bicycle",
        "apple",
        "pumpkin",
        "horse",
        "cat",
        "fox",
        "sunflower",
        "boat",
    ],
)
@pytest.mark.parametrize("name", ["red", "blue", "green", "white", "black"])
def test_colours_of_the_words_are_measurably_there(kind: str, name: str) -> None:
    pixels, there = cover(posed(kind, colour=NAMED[name]), kind)
    mean = pixels[there].mean(axis=0)
    own_pixels, own_there = cover(posed(kind), kind)
    own = own_pixels[own_there].mean(axis=0)
    if name in {"white", "black"}:
        assert (mean @ _LUMA > 0.62) if name == "white" else (mean @ _LUMA < 0.42), "bright or dark as asked"
        assert colorsys.rgb_to_hsv(*mean)[1] < 0.25, "and of no hue"
        return
    target = NAMED[name]
    hue, wanted = colorsys.rgb_to_hsv(*mean)[0], colorsys.rgb_to_hsv(*target)[0]
    assert abs((hue - wanted + 0.5) % 1 - 0.5) < 30 / 360, "the mean hue is the one asked for"
    distance = np.linalg.norm(mean - np.asarray(target))
    assert distance < 0.3 or distance < np.linalg.norm(own - np.asarray(target)) * 0.6


def test_dye_keeps_shading_and_what_is_of_another_hue() -> None:
    shade = np.linspace(0.5, 1.0, 40, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(np.array([0.9, 0.3, 0.2], np.float32) * shade, (40, 40, 3)).copy()
    picture[:, 30:] = (0.2, 0.7, 0.25)
    out = dyed(picture, np.ones((40, 40), np.float32), NAMED["blue"])
    assert np.abs(out[:, 30:] - picture[:, 30:]).max() < 0.02, "leaves stay green"
    luma = out[:, 10] @ _LUMA
    assert (np.diff(luma) > 0).all(), "lights stay lighter than shades"
    assert (out[:, 10, 2] > out[:, 10, 0] + 0.15).all(), "and all of it is blue"


@pytest.mark.parametrize("kind", ["elephant", "bus", "tropical-fish", "helicopter", "rooster"])
def test_heading_turns_the_figure_round(kind: str) -> None:
    right, left = (seen(posed(kind, facing=facing), kind) for facing in (1.0, -1.0))
    mirrored = right[:, ::-1]
    aligned = np.roll(mirrored, -1, axis=1)  # the origin lies on a pixel's edge
    same = min(float(np.abs(left - m).mean()) for m in (mirrored, aligned))
    assert same < 0.5 * float(np.abs(left - right).mean())


@pytest.mark.parametrize("kind", ["puppy", "owl", "apple", "clock"])
def test_what_looks_at_the_lens_is_never_mirrored(kind: str) -> None:
    if kind in kinds():
        assert kinds()[kind].faces == 0
    right, left = (seen(posed(kind, facing=facing, action="rest"), kind) for facing in (1.0, -1.0))
    assert np.abs(right - left).mean() < 0.02


def test_light_comes_from_its_side() -> None:
    figure = FIGURES["football"]
    bright = []
    for sun in (-1.0, 1.0):
        frame = np.full((_SIDE, _SIDE, 3), _GREY, np.float32)
        figure.draw(posed("football", action="rest")).lay(frame, TIMES["golden"], sun)
        luma = frame @ _LUMA
        bright.append(float(luma[:, : _SIDE // 2].mean() - luma[:, _SIDE // 2 :].mean()))
    assert bright[0] > bright[1] + 0.01


def test_flames_and_lamps_shine_in_the_dark_and_do_not_flash() -> None:
    for kind in ("candle", "jack-o-lantern", "lantern", "campfire"):
        series = [float((seen(posed(kind, k / 12), kind, TIMES["night"]) @ _LUMA).mean()) for k in range(12)]
        assert np.abs(np.diff(series)).max() < 0.02, kind
        lit = seen(posed(kind), kind, TIMES["night"]) @ _LUMA
        assert lit.max() > 0.6, f"{kind} shines"


def test_a_ball_turns_as_far_as_it_rolls() -> None:
    still = [seen(posed("basketball", t, action="rest"), "basketball") for t in (0.0, 1.0)]
    assert np.array_equal(still[0], still[1])
    forth, back = (seen(posed("basketball", 1.0, facing=side), "basketball") for side in (1.0, -1.0))
    assert np.abs(forth - back).mean() > 0.002, "the heading decides which way it turns"


def troupe(*cast: Cast, seed: int = 5) -> Troupe:
    stage = Stage(SceneSpec("meadow", cast=cast), 320, 180, 4.0, seed, 6)
    return Troupe(stage, cast, 0.88, 0.74)


@pytest.mark.parametrize("kind", ["elephant", "ant", "apple", "bus", "snail", "sauropod", "violin", "rose"])
def test_whom_the_picture_is_about_is_no_speck_and_no_wall(kind: str) -> None:
    member = troupe(Cast(kind, 1)).members[0]
    assert 0.12 <= member.size * FIGURES[kind].size <= 0.43


@pytest.mark.parametrize("kind", ["elephant", "penguin", "bus", "tulip", "horse"])
def test_a_group_stands_apart(kind: str) -> None:
    for seed in range(5):
        members = troupe(Cast(kind, 4), seed=seed).members
        assert len(members) == 4
        for i, a in enumerate(members):
            for b in members[i + 1 :]:
                half = 0.5 * (a.size + b.size) * FIGURES[kind].size * FIGURES[kind].width()
                apart = np.hypot((a.x - b.x) / half, (a.y - b.y) / 0.12)
                assert apart > 0.5, "nobody stands inside another"


def test_vehicles_roll_the_way_the_words_say_and_things_stay() -> None:
    for heading in (-1, 1):
        cast = (Cast("bus", 1, heading=heading), Cast("teapot", 1))
        centres: dict[tuple[str, float], float] = {}
        for company in (troupe(*cast), troupe(*cast)):
            kind = company.members[0].kind if not centres else company.members[1].kind
            company.members = [member for member in company.members if member.kind == kind]
            for t in (1.0, 3.0):
                frame = np.full((180, 320, 3), 0.5, np.float32)
                company.draw(frame, t)
                changed = np.abs(frame - 0.5).max(axis=2) > 0.2
                centres[kind, t] = float(np.nonzero(changed)[1].mean())
        assert (centres["bus", 3.0] - centres["bus", 1.0]) * heading > 15
        assert abs(centres["teapot", 3.0] - centres["teapot", 1.0]) < 12, "only the camera sways"


def test_large_figures_are_no_blocks() -> None:
    frame = np.full((360, 360, 3), _GREY, np.float32)
    FIGURES["elephant"].draw(Pose(180, 340, 300, 1, 0.5, 0.2)).lay(frame)
    steps = np.abs(np.diff(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), axis=1))
    assert np.percentile(steps[60:300], 99.5) < 0.3, "edges are soft over more than one pixel"
