"""Desert, castle, skies and ice: perspective, what each extra adds, light, who is in the picture."""

import cv2
import numpy as np
import pytest

from webtv.studio.ports import Frames
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.nature.relief import Hit, Relief, Rough, first_rows
from webtv.studio.procedural.outline import polygon
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.town.masonry import Mason

_STILL = CameraWords("wide", "static")
_EXTRAS = {
    "desert": ("", "canyon", "savanna", "oasis", "cactus", "pyramid"),
    "castle": ("", "temple", "ruin", "palace"),
}


def draw(spec: SceneSpec, times: list[float], width: int = 160, height: int = 90, place: int = 3) -> Frames:
    stage = Stage(spec, width, height, 4.0, place, 4)
    scene = SCENES[spec.family](stage)
    out = []
    for t in times:
        canvas = np.zeros((height, width, 3), np.float32)
        scene.draw(canvas, t)
        assert np.isfinite(canvas).all()
        out.append(np.clip(canvas * 255, 0, 255).astype(np.uint8))
    return np.stack(out)


def picture(family: str, *extras: str, time: str = "day", cast: tuple[Cast, ...] = ()) -> np.ndarray:
    spec = SceneSpec(family, time=time, extras=frozenset(extras) - {""}, camera=_STILL, cast=cast)
    return np.asarray(draw(spec, [1.0])[0], np.float32)


def wall(x: Image, z: Image) -> Image:
    """A wall two units away, half as high again as the eye of these tests."""
    return np.asarray(np.where((z > 2.0) & (z < 2.5), 0.6, 0.0) + 0 * x, np.float32)


def depths(hit: Hit) -> Image:
    return np.asarray(np.dstack((hit.z / 10, hit.height, hit.open)), np.float32)


def test_a_ray_meets_the_nearest_land_that_reaches_up_to_it() -> None:
    seen = np.minimum.accumulate(
        np.array([[0.5, 0.5], [0.3, 0.1], [0.4, 0.2], [0.05, 0.2]], np.float32), axis=0
    )
    rows = first_rows(seen, 0.0, 0.1, 6)
    assert rows[:, 0].tolist() == [4, 3, 3, 1, 1, 0]
    assert rows[:, 1].tolist() == [4, 1, 1, 1, 1, 0]


def test_land_hides_what_is_behind_it_and_stands_where_perspective_puts_it() -> None:
    stage = Stage(SceneSpec("desert", camera=_STILL), 160, 90, 4.0, 1, 1)
    relief = Relief(stage, horizon=0.5, eye=0.4, field=wall, sun=(1.0, 0.5, 0.0))
    plate = relief.plate(0.0, 0.5, 8.0, depths, steps=400)
    middle = plate.rgba[:, plate.shape[1] // 2]
    top = float(plate.y[int(np.argmax(middle[:, 3] > 0.5)), 0])
    assert top == pytest.approx(0.5 + (0.4 - 0.6) / 2.5, abs=0.03), "the top is seen over the horizon"
    behind = (plate.y[:, 0] > 0.46) & (plate.y[:, 0] < 0.68)
    assert middle[behind, 0].max() < 0.26, "nothing beyond the wall shows through it"
    ground = np.abs(plate.y[:, 0] - 0.9) < 0.01
    assert middle[ground, 0].mean() == pytest.approx(0.1, abs=0.01), (
        "eye 0.4 above, 0.4 below the horizon: 1 away"
    )


def test_water_mirrors_what_stands_beyond_it() -> None:
    stage = Stage(SceneSpec("ice", camera=_STILL), 160, 90, 4.0, 1, 1)
    relief = Relief(stage, horizon=0.5, eye=0.4, field=wall, sun=(1.0, 0.5, 0.0))
    plate = relief.plate(0.0, 1.0, 8.0, depths, steps=400, shadows=0, mirror=True)
    middle = plate.rgba[:, plate.shape[1] // 2]
    low = plate.y[:, 0] - 0.5
    assert middle[(low > 0.25) & (low < 0.45), 3].min() > 0.9, "from the foot of the wall down"
    assert middle[low > 0.53, 3].max() < 0.1, "and no farther than its image reaches"
    near = middle[np.argmin(np.abs(low - 0.25)), 1]
    far = middle[np.argmin(np.abs(low - 0.45)), 1]
    assert far > near, "upside down"


def test_land_throws_shadows_away_from_the_light() -> None:
    def ridge(x: Image, z: Image) -> Image:
        return np.asarray(np.exp(-((x / 0.1) ** 2)) + 0 * z, np.float32)

    stage = Stage(SceneSpec("desert", camera=_STILL), 160, 90, 4.0, 1, 1)
    plate = Relief(stage, 0.5, 0.4, ridge, (1.0, 0.4, 0.0)).plate(0.0, 0.5, 4.0, depths)
    row = int(np.argmin(np.abs(plate.y[:, 0] - 0.85)))
    light = plate.rgba[row, :, 2]
    x = plate.x[0]
    assert light[(x > 0.35) & (x < 0.7)].min() > 0.9
    assert light[(x < -0.35) & (x > -0.7)].max() < 0.2


def test_rough_repeats_without_a_seam() -> None:
    rough = Rough(np.random.default_rng(1), 4.0)
    x = np.linspace(3.9, 4.1, 50, dtype=np.float32)[None, :]
    z = np.full_like(x, 1.0)
    assert np.allclose(rough(x, z), rough(x - 4, z), atol=0.05)
    assert np.abs(np.diff(rough(x, z))).max() < 0.1


def test_a_polygon_has_smooth_edges_and_may_leave_the_frame() -> None:
    frame = np.zeros((20, 20, 3), np.float32)
    polygon(frame, np.array([(5.0, -4.0), (30.0, 10.0), (5.0, 30.0)]), (1.0, 0.5, 0.0))
    assert frame[10, 15].tolist() == [1.0, 0.5, 0.0]
    assert ((frame[..., 0] > 0.1) & (frame[..., 0] < 0.9)).any()
    polygon(frame, np.array([(-9.0, -9.0), (-5.0, -9.0), (-5.0, -5.0)]), (1.0, 1.0, 1.0))
    assert frame[0, 0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("family", _EXTRAS)
def test_each_extra_is_a_picture_of_its_own(family: str) -> None:
    small = [
        cv2.resize(picture(family, extra), (24, 14), interpolation=cv2.INTER_AREA)
        for extra in _EXTRAS[family]
    ]
    for i, one in enumerate(small):
        for other in small[:i]:
            assert np.abs(one - other).mean() > 4


def test_a_canyon_is_redder_than_dunes_and_a_savanna_greener() -> None:
    def ground(extra: str) -> np.ndarray:
        return np.asarray(picture("desert", extra)[58:].reshape(-1, 3).mean(axis=0))

    dunes, canyon, savanna = ground(""), ground("canyon"), ground("savanna")
    assert canyon[0] / canyon[1] > dunes[0] / dunes[1]
    assert savanna[1] / savanna[0] > dunes[1] / dunes[0]


def test_dunes_have_a_lit_and_a_dark_side() -> None:
    luma = picture("desert", time="golden").mean(axis=2)[33:53]
    assert np.percentile(luma, 95) > 1.6 * np.percentile(luma, 5)


def test_windows_of_a_castle_glow_at_night_and_flags_fly() -> None:
    spec = SceneSpec("castle", time="night", camera=_STILL)
    stage = Stage(spec, 320, 180, 4.0, 3, 4)
    scene = SCENES["castle"](stage)
    mason = scene.mason  # type: ignore[attr-defined]
    assert isinstance(mason, Mason)
    assert len(mason.windows) > 20
    assert len(mason.pennants) >= 2
    frame = np.zeros((180, 320, 3), np.float32)
    scene.draw(frame, 1.0)
    warm = (frame[..., 0] > 0.55) & (frame[..., 0] > frame[..., 2] * 1.3)
    assert warm.mean() > 0.001


def test_a_pennant_waves() -> None:
    stage = Stage(SceneSpec("castle", camera=_STILL), 640, 360, 4.0, 3, 4)
    scene = SCENES["castle"](stage)
    frames = []
    for t in (1.0, 1.25):
        frame = np.zeros((360, 640, 3), np.float32)
        scene._flags(frame, t)  # type: ignore[attr-defined]
        assert frame.max() > 0.1
        frames.append(frame)
    assert np.abs(frames[0] - frames[1]).max() > 0.1


def test_aurora_greens_the_polar_night() -> None:
    plain, lit = picture("ice", time="night"), picture("ice", "aurora", time="night")
    assert (lit - plain)[:42].mean(axis=(0, 1)).argmax() == 1


def test_a_rainbow_has_both_ends_of_the_spectrum() -> None:
    change = picture("skies", "rainbow") - picture("skies")
    assert (change[..., 0] > change[..., 2] + 25).any()
    assert (change[..., 2] > change[..., 1] + 5).any()


def test_the_sea_of_clouds_comes_nearer() -> None:
    first, last = draw(SceneSpec("skies", camera=_STILL), [0.0, 0.35], 256, 144)
    grey = [cv2.cvtColor(f[100:], cv2.COLOR_RGB2GRAY) for f in (first, last)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[0], grey[1], None)
    assert flow[..., 1].mean() > 0.2, "what is below the eye runs towards it"


def test_thunder_swells_and_never_flashes() -> None:
    spec = SceneSpec("skies", time="dusk", weather="storm", camera=_STILL)
    luma = draw(spec, [k / 12 for k in range(30)]).astype(np.float32).mean(axis=3)
    assert np.abs(np.diff(luma.mean(axis=(1, 2)))).max() < 2
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), 4) for one in luma])
    assert np.abs(np.diff(blurred, axis=0)).max() < 26
    assert np.ptp(blurred, axis=0).max() > 8, "there is lightning"


@pytest.mark.parametrize("family", ["desert", "castle", "skies", "ice"])
@pytest.mark.parametrize("kind", ["fox", "sailboat", "balloon", "whale", "bird", "car"])
def test_whoever_is_named_is_in_the_picture(family: str, kind: str) -> None:
    assert kind in FIGURES
    there = picture(family, cast=(Cast(kind, 1, (0.9, 0.1, 0.8)),))
    other = picture(family, cast=(Cast(kind, 1, (0.1, 0.9, 0.2)),))
    assert (np.abs(there - other).max(axis=2) > 12).mean() > 0.0008


@pytest.mark.parametrize("family", ["desert", "castle", "skies", "ice"])
def test_a_tall_frame_an_aerial_one_and_a_square_one_are_filled(family: str) -> None:
    for width, height, aerial in ((90, 160, False), (160, 90, True), (108, 108, False)):
        spec = SceneSpec(family, camera=CameraWords("wide", "crane", 1, 2.0, aerial))
        frames = draw(spec, [0.0, 3.9], width, height)
        assert frames.mean() > 40
        assert frames.max(axis=3).min() > 8, "no pixel was forgotten"
