"""What a curator may write beside ``use:`` of the embedded picture stages."""

from collections.abc import Callable
from typing import Any

import contract
import numpy as np
import pytest

from webtv import wiring
from webtv.core.errors import ConfigError
from webtv.studio.interpolation import DISInterpolator
from webtv.studio.procedural.shots import ProceduralShots
from webtv.studio.upscaling import DetailUpscaler, LanczosUpscaler

WRONG: list[tuple[Callable[..., Any], str, str, list[object], str]] = [
    (
        ProceduralShots,
        "studio.shot",
        "fps",
        ["x", -3, 3, 31, 12.5, True, None, [12]],
        "a whole number from 4 to 30, or 0 for the default",
    ),
    (
        ProceduralShots,
        "studio.shot",
        "scale",
        ["half", 0, -1, 100, 1.01, True, float("nan"), None],
        "a number from 0.1 to 1",
    ),
    (
        DISInterpolator,
        "studio.interpolate",
        "flow_height",
        ["tall", 0, 31, 1081, 90.0, False],
        "a whole number from 32 to 1080",
    ),
    (DISInterpolator, "studio.interpolate", "preset", ["slow", 3, ["fast"], None], "ultrafast, fast, medium"),
    (
        DetailUpscaler,
        "studio.upscale",
        "detail",
        ["much", -0.1, 3, True, float("inf")],
        "a number from 0 to 2",
    ),
    (DetailUpscaler, "studio.upscale", "grain", ["0.8", -1, 21, float("nan")], "a number from 0 to 20"),
]


@pytest.mark.parametrize(
    ("factory", "stage", "option", "value", "range_"),
    [(*case[:3], value, case[4]) for case in WRONG for value in case[3]],
)
def test_a_wrong_option_is_refused_with_its_place_and_range(
    factory: Callable[..., Any], stage: str, option: str, value: object, range_: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        factory(**{option: value})
    assert caught.value.place == f"{stage}.{option}"
    assert range_ in caught.value.remedy


@pytest.mark.parametrize(
    ("factory", "options"),
    [
        (ProceduralShots, {"fps": 0, "scale": 1}),
        (ProceduralShots, {"fps": 4, "scale": 0.1}),
        (ProceduralShots, {"fps": 30, "scale": 0.1}),
        (DISInterpolator, {"preset": "ultrafast", "flow_height": 32}),
        (DISInterpolator, {"flow_height": 1080}),
        (DetailUpscaler, {"detail": 0, "grain": 0}),
        (DetailUpscaler, {"detail": 2, "grain": 20}),
    ],
)
async def test_the_ends_of_a_range_work(factory: Callable[..., Any], options: dict[str, Any]) -> None:
    stage = factory(**options)
    if isinstance(stage, ProceduralShots):
        await contract.check_shots(stage)
    elif isinstance(stage, DISInterpolator):
        await contract.check_interpolator(stage)
    else:
        await contract.check_upscaler(stage)


def test_a_channel_hears_of_it_before_anything_is_made() -> None:
    error = wiring.refusal("shot", {"use": "procedural", "scale": 100})
    assert error is not None
    assert str(error) == "studio.shot.scale: 100 will not do: write a number from 0.1 to 1"


@pytest.mark.parametrize("upscaler", [LanczosUpscaler(), DetailUpscaler()], ids=["lanczos", "detail"])
async def test_finished_frames_come_a_few_at_a_time(upscaler: LanczosUpscaler | DetailUpscaler) -> None:
    """A second of them at once would cost every studio process as much memory as all else together."""
    frames = contract.moving_square(26)
    long = await contract.chunks(upscaler.upscale(contract.play(frames, 24, 26), 320, 180))
    assert max(len(chunk.frames) for chunk in long) <= 4
    short = await contract.frames_of(upscaler.upscale(contract.play(frames, 24, 1), 320, 180))
    assert np.array_equal(np.concatenate([chunk.frames for chunk in long]), short)
