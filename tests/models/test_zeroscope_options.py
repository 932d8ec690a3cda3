"""What a curator may write beside ``use: zeroscope``; needs no model code."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from webtv.core.errors import ComponentError, InputError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.ports import ShotRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Tall(ZeroscopeOptions):
    """A family whose pictures must be high, and may be narrow."""

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        **ZeroscopeOptions.LIMITS, "width": (64, 1280), "height": (448, 1280),
    }  # fmt: skip


class TallShots(ZeroscopeShots):
    OPTIONS = Tall


def test_a_smaller_picture_keeps_to_the_limits_of_width_and_of_height() -> None:
    ways = TallShots(options=Tall(width=768, height=768)).cheaper()
    sizes = {(way.options["width"], way.options["height"]) for way in ways if way.name == "smaller"}
    assert sizes == {(616, 616), (464, 464)}
    ways = TallShots(options=Tall(width=640, height=640)).cheaper()
    assert [way.options["height"] for way in ways if way.name == "smaller"] == [512]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"step": 35}, "step: there is no such option: write one of frames, width, "),
        ({"steps": 0}, "steps: 0 will not do: write a whole number from 1 to 200"),
        ({"steps": 35.5}, "steps: 35.5 will not do"),
        ({"steps": True}, "steps: True will not do"),
        ({"guidance": "much"}, "guidance: 'much' will not do: write a number from 1 to 30"),
        ({"guidance": float("nan")}, "guidance: nan will not do"),
        ({"width": 570}, "width: 570 is no multiple of 8: write 568"),
        ({"frames": 1000}, "frames: 1000 will not do"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        ZeroscopeOptions.from_mapping(written)
    assert said in str(caught.value)


def test_what_is_not_written_keeps_its_default() -> None:
    assert ZeroscopeOptions.from_mapping({"steps": 20, "guidance": 9}) == ZeroscopeOptions(
        steps=20, guidance=9
    )


@pytest.mark.parametrize(
    ("seconds", "fps", "timing"),
    [(2, 24, (24, 12)), (4, 24, (24, 6)), (5, 30, (20, 4)), (2, 8, (16, 8)), (0.01, 24, (1, 12))],
)
def test_frames_spread_over_the_shot(seconds: float, fps: int, timing: tuple[int, int]) -> None:
    count, rate = ZeroscopeOptions().timing(seconds, fps)
    assert (count, rate) == timing
    assert count >= round(seconds * rate)


async def test_a_missing_package_is_named_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # what the import system itself does for "not there"
    prompt = ShotPrompt(*["a fox"] * 10)
    request = ShotRequest(prompt, seconds=2, width=1280, height=720, fps=24, seed=1)
    with pytest.raises(ComponentError, match=r"torch is not installed: pip install torch"):
        await anext(aiter(ZeroscopeShots().shoot(request)))
