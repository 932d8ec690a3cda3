"""The lands: kinds of forest, meadow, mountain and coast, what grows there, and whom the words ask for."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from webtv.studio.procedural.casting import LAND, present
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.nature.herbarium import SPECIES
from webtv.studio.procedural.nature.massif import Massif, trim
from webtv.studio.procedural.nature.trees import VARIANTS, Tints, specimen, stamp
from webtv.studio.procedural.nature.wood import kind_of
from webtv.studio.procedural.nature.woodland import Ribbon
from webtv.studio.procedural.scenes import Scene
from webtv.studio.procedural.scenes.coast import Coast
from webtv.studio.procedural.scenes.forest import Forest
from webtv.studio.procedural.scenes.meadow import Meadow, land_of
from webtv.studio.procedural.scenes.mountains import Mountains
from webtv.studio.procedural.scenes.snow import SnowVillage
from webtv.studio.procedural.scenes.street import Street
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.town.townhouses import Row

FAMILIES: dict[str, Callable[[Stage], Scene]] = {
    "forest": Forest,
    "meadow": Meadow,
    "mountains": Mountains,
    "snow": SnowVillage,
    "coast": Coast,
    "city": Street,
}
STILL = CameraWords("wide", "static")
GREY = ((0.2, 0.2, 0.2),) * 4
LIGHT = ((0.9, 0.9, 0.9),) * 4
TINTS = Tints(GREY, LIGHT)


def stage_of(family: str = "meadow", seed: int = 5, **words: object) -> Stage:
    spec = SceneSpec(family, **{"camera": STILL, **words})  # type: ignore[arg-type]
    return Stage(spec, 160, 90, 4.0, seed, seed)


def picture(family: str, seed: int = 5, t: float = 1.0, **words: object) -> Image:
    stage = stage_of(family, seed, **words)
    frame = np.zeros((90, 160, 3), np.float32)
    FAMILIES[family](stage).draw(frame, t)
    assert np.isfinite(frame).all()
    return frame


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("forest", ("jungle", "bamboo", "pine")),
        ("meadow", ("lavender", "wheat", "orchard", "windmill", "stream")),
        ("mountains", ("lake", "volcano", "waterfall")),
        ("coast", ("palm", "harbour", "cliff", "pier")),
        ("city", ("market", "alley", "cafe")),
    ],
)
def test_each_named_land_is_a_picture_of_its_own(family: str, names: tuple[str, ...]) -> None:
    seen = {name: cv2.blur(picture(family, extras=frozenset({name})), (9, 9)) for name in names}
    for name in names:
        for other in names:
            if name < other:
                assert np.abs(seen[name] - seen[other]).mean() > 0.008, f"{name} looks like {other}"


@pytest.mark.parametrize(("name", "channel"), [("poppies", 0), ("lavender", 2)])
def test_fields_have_the_colour_of_what_grows_there(name: str, channel: int) -> None:
    field = picture("meadow", extras=frozenset({name}))[62:86].mean(axis=(0, 1))
    assert field[channel] > 1.15 * field[1], "more of it than of green"


def test_lands_vary_when_no_word_names_one() -> None:
    assert len({land_of(stage_of(seed=seed)) for seed in range(60)}) >= 8
    assert len({kind_of(stage_of("forest", seed)) for seed in range(40)}) == 3


@pytest.mark.parametrize(
    ("family", "home"),
    [
        ("forest", "thing"),
        ("meadow", "thing"),
        ("mountains", "ground"),
        ("snow", "thing"),
        ("coast", "thing"),
        ("coast", "air"),
        ("city", "ground"),
        ("city", "thing"),
        ("city", "road"),
    ],
)
def test_whom_the_words_ask_for_is_in_the_picture(family: str, home: str) -> None:
    usual = {"ground": "horse", "air": "butterfly", "road": "car"}
    kind = usual.get(home) or next(name for name in sorted(FIGURES) if FIGURES[name].home == home)

    def with_colour(colour: tuple[float, float, float]) -> Image:
        return picture(family, t=2.0, cast=(Cast(kind, 1, colour),), weather="clear")

    changed = np.abs(with_colour((0.9, 0.05, 0.05)) - with_colour((0.05, 0.1, 0.9))).max(axis=2) > 0.08
    assert changed.sum() >= 4, f"no {kind} in {family}"


def test_the_first_of_a_cast_appears_wherever_it_belongs_and_the_others_where_they_can() -> None:
    cast = (Cast("dolphin"), Cast("fox"), Cast("whale"), Cast("no such thing"))
    assert [c.kind for c in present(cast)] == ["dolphin", "fox"]
    assert [c.kind for c in present(cast, LAND | {"under"})] == ["dolphin", "fox", "whale"]


def test_a_windmill_turns() -> None:
    stage = stage_of(seed=2, extras=frozenset({"windmill"}), wind=0.6)
    scene = Meadow(stage)
    assert scene.mill is not None
    empty = [np.zeros((90, 160, 3), np.float32) for _ in range(2)]
    for frame, t in zip(empty, (1.0, 1.4), strict=True):
        scene.mill.draw(frame, t)
    assert empty[0].max() > 0.3
    assert np.abs(empty[0] - empty[1]).max() > 0.3


@pytest.mark.parametrize("species", SPECIES)
def test_a_specimen_stands_on_its_foot_and_is_lit_from_the_right(species: str) -> None:
    plant = specimen(species, 1)
    ink = np.zeros((200, 300, 4), np.uint8)
    stamp(ink, plant, 150, 180, 150, TINTS)
    rows = np.flatnonzero(ink[..., 3].max(axis=1) > 128)
    assert 175 <= rows[-1] <= 188, "its foot is where it was put"
    assert rows[0] < 110
    assert (ink[..., :3] <= ink[..., 3:].astype(int) + 1).all(), "premultiplied"
    mirrored = np.zeros_like(ink)
    stamp(mirrored, plant, 150, 180, 150, TINTS, sun=-1.0)
    right, left = ink[:, 150:, 0].astype(int).sum(), mirrored[:, :150, 0].astype(int).sum()
    assert abs(right - left) < 0.12 * max(right, left), "the other way round, the light comes from the left"


def test_specimens_differ_and_stay_the_same() -> None:
    shapes = [specimen("oak", k).cover.tobytes() for k in range(VARIANTS)]
    assert len(set(shapes)) == VARIANTS
    assert specimen("oak", VARIANTS).cover.tobytes() == shapes[0]


def test_a_plant_beyond_the_edge_is_cut_off_and_not_moved() -> None:
    whole, cut = np.zeros((120, 240, 4), np.uint8), np.zeros((120, 120, 4), np.uint8)
    for tall in (90, 500):  # reduced and enlarged
        whole[:], cut[:] = 0, 0
        stamp(whole, specimen("oak", 0), 118, 110, tall, TINTS)
        stamp(cut, specimen("oak", 0), 118, 110, tall, TINTS)
        assert np.abs(whole[:, :120].astype(int) - cut).max() <= 2


def test_all_framings_see_the_same_mountains() -> None:
    x = np.linspace(-3, 3, 40, dtype=np.float32)[None, :]
    z = np.full_like(x, 5.5)
    heights = [
        Massif(stage_of("mountains", camera=CameraWords(framing, "static")), 2.6)(x, z)
        for framing in ("wide", "close")
    ]
    assert np.array_equal(heights[0], heights[1])
    assert heights[0].max() > 3 * abs(heights[0].min())


def test_trimming_a_plate_changes_nothing_that_is_seen() -> None:
    stage = stage_of()
    frames = []
    for cut in (False, True):
        plate = stage.plate(0.5, 0.0, 1.0)
        plate.fill(np.array((0.4, 0.6, 0.2), np.float32), plate.edge(0.5 + 0.1 * np.sin(9 * plate.x[0])))
        plate = trim(plate, 0.8) if cut else plate
        frame = np.full((90, 160, 3), 0.9, np.float32)
        plate.show(frame, 1.0)
        frames.append(frame[:66])
    assert np.abs(frames[0] - frames[1]).max() < 0.02


def test_a_way_leads_down_to_us_and_widens() -> None:
    way = Ribbon(stage_of(), 0.7, 1.1, 0.2)
    assert (np.diff(way.y) >= 0).all()
    assert way.half[-1] > 10 * way.half[0]
    middle = float(way.x[60]), float(way.y[60])
    assert way.distance(*middle) < 0.05
    assert way.distance(middle[0] + 2 * float(way.half[60]), middle[1]) == pytest.approx(2, abs=0.1)


def test_town_houses_stand_wall_to_wall() -> None:
    stage = stage_of("city")
    wall = Row(stage.light, 9, 44, 144, snow=False).draw(stage.place("wall"))
    assert (wall[-9 * 12 :, :, 3] == 1).all(), "no gap up to the third floor"
    assert (wall[: 9 * 8, :, 3] == 0).all(), "sky above the roofs"


def test_times_of_day_read_at_a_glance() -> None:
    seen = {
        time: np.asarray(picture("mountains", time=time, extras=frozenset({"lake"})).mean(axis=(0, 1)))
        for time in ("dawn", "day", "golden", "sunset", "night")
    }
    warmth = {time: float(c[0] / c[2]) for time, c in seen.items()}
    assert warmth["night"] < warmth["day"] < warmth["dawn"] < warmth["golden"]
    assert seen["dawn"].mean() > 1.15 * seen["sunset"].mean(), "dawn is paler than sunset"
    assert seen["night"].mean() > 0.1, "night is readable"
