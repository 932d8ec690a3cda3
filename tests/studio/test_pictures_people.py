"""People: every role is seen and told from every other, walks on two legs, and wears what the words say."""

import itertools
import math
import re

import cv2
import numpy as np
import pytest

from webtv.studio.procedural.colour import NAMED, Colour
from webtv.studio.procedural.figures import FIGURES, PEOPLE, SHELTERED, Pose
from webtv.studio.procedural.figures.anatomy import PACE, STATURES, bent, joints
from webtv.studio.procedural.figures.belongings import BELONGINGS
from webtv.studio.procedural.figures.frogs import WORDS as FROGS
from webtv.studio.procedural.figures.hats import HATS
from webtv.studio.procedural.figures.kinds import stemmed
from webtv.studio.procedural.figures.people import HOMES, WORDS
from webtv.studio.procedural.figures.roles import BACKS, LOOKS
from webtv.studio.procedural.figures.trimmings import TRIMMINGS
from webtv.studio.procedural.light import TIMES, Light
from webtv.studio.procedural.spec import Cast, SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.town.pavement import Pavement
from webtv.studio.procedural.walkers import Troupe

_SIDE, _SCALE = 150, 84
_FOOT = 124
_ROLES = sorted(PEOPLE)


def posed(
    t: float = 0.4,
    action: str = "rest",
    colour: Colour | None = None,
    facing: float = 1.0,
    phase: float = 0.3,
) -> Pose:
    return Pose(_SIDE / 2, _FOOT, _SCALE, facing, t, phase, action, colour)


def laid(kind: str, pose: Pose, ground: float = 0.42, light: Light | None = None) -> np.ndarray:
    frame = np.full((_SIDE, _SIDE, 3), ground, np.float32)
    FIGURES[kind].draw(pose).lay(frame, light)
    assert np.isfinite(frame).all()
    return frame


def cover(kind: str, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Colours float32[h, w, 3] over black, and where the figure is opaque."""
    black = laid(kind, pose, 0.0)
    return black, (laid(kind, pose, 1.0) - black).mean(axis=2) < 0.1


@pytest.mark.parametrize("kind", [*_ROLES, "frog", "unicorn"])
def test_each_is_seen_by_day_and_night_whole_and_alive(kind: str) -> None:
    pose = posed() if kind in PEOPLE else Pose(_SIDE / 2, _FOOT, 40, 1.0, 0.4, 0.3, "rest")
    day, night = laid(kind, pose, light=TIMES["day"]), laid(kind, pose, light=TIMES["night"])
    seen = np.abs(day - 0.42).max(axis=2) > 0.04
    _, there = cover(kind, pose)
    assert there.sum() > 700
    assert not seen[:, [0, -1]].any(), "no part is cut off"
    assert not seen[[0, -1]].any()
    assert 0.05 < night[there].mean() < day[there].mean()
    assert np.array_equal(day, laid(kind, pose, light=TIMES["day"])), "the same bytes twice"
    later = Pose(pose.x, pose.y, pose.scale, 1.0, 1.3, 0.3, "rest")
    assert np.abs(laid(kind, later) - laid(kind, pose)).mean() > 1e-4, "it breathes"


def test_every_role_differs_from_every_other() -> None:
    alike = []
    drawn = {kind: cover(kind, posed()) for kind in LOOKS}
    for one, other in itertools.combinations(drawn, 2):
        (a, there), (b, here) = drawn[one], drawn[other]
        apart = float(np.abs(a - b)[there | here].mean())
        if apart < 0.055:
            alike.append((one, other, round(apart, 3)))
    assert not alike


@pytest.mark.parametrize("kind", _ROLES)
def test_nobody_leaves_the_patch_in_any_pose(kind: str) -> None:
    for action, t in (("run", 0.2), ("dance", 0.7), ("walk", 0.55), ("wave", 0.1), ("sit", 0.0)):
        drawn = FIGURES[kind].draw(posed(t, action))
        edge = drawn.ink[..., 3]
        assert not edge[[0, -1]].any(), (action, "top or bottom")
        assert not edge[:, [0, -1]].any(), (action, "sides")


@pytest.mark.parametrize("kind", _ROLES)
def test_heading_left_mirrors_heading_right(kind: str) -> None:
    _, right = cover(kind, posed(0.2, "walk"))
    _, left = cover(kind, posed(0.2, "walk", facing=-1.0))
    mirrored = left[:, ::-1]
    best = max(
        (right & np.roll(mirrored, k, 1)).sum() / (right | np.roll(mirrored, k, 1)).sum()
        for k in (-1, 0, 1, 2)
    )
    assert best > 0.9


_OWN = sorted(PEOPLE - {"clown"})


@pytest.mark.parametrize("name", ["red", "blue", "green"])
@pytest.mark.parametrize("kind", _OWN)
def test_the_colour_of_the_words_is_what_they_wear(kind: str, name: str) -> None:
    pixels, there = cover(kind, posed(colour=NAMED[name]))
    near = np.linalg.norm(
        pixels[there] / (pixels[there].max(axis=1, keepdims=True) + 1e-6)
        - np.asarray(NAMED[name]) / max(NAMED[name]),
        axis=1,
    )
    assert (near < 0.2).mean() > 0.09


@pytest.mark.parametrize(("age", "sex"), list(STATURES))
@pytest.mark.parametrize("action", ["walk", "run"])
def test_legs_alternate_and_a_standing_foot_stays_where_it_is(age: str, sex: str, action: str) -> None:
    body = STATURES[age, sex]
    times = np.arange(0, 3, 1 / 48)
    gait = [joints(body, action, "", t, 0.1) for t in times]
    far, near = (np.array([g.ankles[k][0] for g in gait]) for k in (0, 1))
    assert np.corrcoef(far, near)[0, 1] < -0.6, "one goes forward while the other goes back"
    assert (np.diff(np.sign(far - near)) != 0).sum() >= 4
    pace = PACE * {"walk": 0.62, "run": 2.0}[action]
    low = np.array([g.ankles[1][1] for g in gait])
    grounded = (low[1:] < low.min() + 0.004) & (low[:-1] < low.min() + 0.004)
    slide = np.diff(near + pace * times)[grounded] * 48
    assert abs(float(np.median(slide))) < 0.08, "the ground does not slip under the foot"
    for g in gait:
        for hip, knee, ankle in zip(g.hips, g.knees, g.ankles, strict=True):
            ahead = (knee[0] - hip[0]) * (ankle[1] - hip[1]) - (knee[1] - hip[1]) * (ankle[0] - hip[0])
            assert ahead <= 1e-9, "knees bend forward"


def test_a_limb_reaches_its_end_or_as_far_as_it_is_long() -> None:
    middle, end = bent((0.0, 1.0), (0.2, 0.6), 0.5, 1.0)
    assert end == pytest.approx((0.2, 0.6))
    assert math.dist((0.0, 1.0), middle) == pytest.approx(0.25)
    assert math.dist(middle, end) == pytest.approx(0.25)
    _, far = bent((0.0, 1.0), (0.0, -3.0), 0.5, 1.0)
    assert math.dist((0.0, 1.0), far) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("action", ["walk", "run", "sit", "dance", "wave", "work", "umbrella", "fly"])
def test_poses_can_be_told_apart(action: str) -> None:
    still, _ = cover("man", posed())
    other, there = cover("man", posed(action=action))
    assert np.abs(still - other)[there].mean() > 0.02


def test_two_of_a_kind_are_not_twins() -> None:
    faces = [laid("person", posed(phase=k / 7 + 0.03)) for k in range(7)]
    for one, other in itertools.combinations(faces, 2):
        assert np.abs(one - other).mean() > 0.001


def test_every_look_names_what_exists() -> None:
    for kind, look in LOOKS.items():
        assert look.hat in {"", *HATS}, kind
        assert look.hold in {"", *BELONGINGS}, kind
        assert set(look.over) <= set(TRIMMINGS), kind
        assert FIGURES[kind].home == "ground"
    assert set(BACKS) <= set(LOOKS) <= set(HOMES)
    assert "knight" not in SHELTERED
    assert "woman" in SHELTERED


def test_every_role_has_words_and_no_word_is_malformed() -> None:
    assert set(WORDS.values()) == PEOPLE - {"person"}
    for word in (*WORDS, *FROGS):
        assert stemmed(word) == word
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", word)
    assert WORDS["grandmother"] == "old-woman"
    assert WORDS["templar"] == "knight"
    assert FROGS["toad"] == "frog"


def _spec(*cast: Cast, weather: str = "clear", family: str = "city") -> SceneSpec:
    return SceneSpec(family=family, time="day", weather=weather, cast=cast)


def test_the_street_shows_the_role_that_the_words_name() -> None:
    member = Cast("firefighter", 1, NAMED["red"])
    stage = Stage(_spec(member), 640, 360, 4.0, 3, 3)
    pavement = Pavement(stage, wall=9.0, pace=1.0, wet=0.0, old=False, snow=False)
    assert [w[0] for w in pavement.walkers].count("firefighter") == 1
    assert pavement.walkers[0][0] == "firefighter", "in front"
    assert not pavement.heroes, "and not a second time"


def test_in_the_rain_those_without_hats_take_umbrellas() -> None:
    cast = (Cast("woman", 1, None, "walk"), Cast("knight", 1, None, "walk"))
    stage = Stage(_spec(*cast, weather="rain", family="meadow"), 640, 360, 4.0, 3, 3)
    troupe = Troupe(stage, cast, 0.9, 0.7)
    assert {m.kind: m.action for m in troupe.members} == {"woman": "umbrella", "knight": "walk"}
    frame = np.full((360, 640, 3), 0.4, np.float32)
    troupe.draw(frame, 1.0)
    assert cv2.countNonZero((np.abs(frame - 0.4).max(axis=2) > 0.02).astype(np.uint8)) > 500
