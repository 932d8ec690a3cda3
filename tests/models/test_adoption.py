"""Other options of a model that is loaded: nothing is loaded again; the frames are those of a fresh one."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hosted_models
import numpy as np
import pytest
import tiny
import tiny_video

from webtv.core.clock import SystemClock
from webtv.core.errors import InternalError
from webtv.core.events import Event
from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots
from webtv.studio.diffusers.ltx import LtxOptions, LtxShots
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.svd import SvdOptions, SvdShots
from webtv.studio.diffusers.wan import WanOptions, WanShots
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.diffusers.zeroscope_xl import ZeroscopeXL, ZeroscopeXLOptions
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.ports import Frames
from webtv.studio.progress import heard

pytestmark = [
    pytest.mark.models,
    # diffusers 0.42 turns tensors into arrays as NumPy 1 did.
    pytest.mark.filterwarnings("ignore:__array:DeprecationWarning"),
]

CPU = Runtime(device="cpu")
Make = Callable[..., Any]


def pool(events: list[Event]) -> ModelPool:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = child_environment(os.environ, threads=1, extra={"PYTHONPATH": path})
    return ModelPool(env=env, clock=SystemClock(), events=events.append, builder="hosted_models:build")


async def test_a_child_makes_a_take_with_other_options_without_loading_again(tiny_zeroscope: Path) -> None:
    whole = {"use": "zeroscope", "model": str(tiny_zeroscope)}
    rung = whole | {"steps": 2, "guidance": 3.0, "scheduler": "euler"}
    events: list[Event] = []

    async def take(opened: ModelPool, options: dict[str, Any]) -> tuple[Frames, int]:
        """The frames, and how often the model was loaded for them."""
        maker = hosted(opened, "shot", options, hosted_models.build("shot", options))
        with heard(ear := tiny.Ear()):
            frames = await tiny.shoot(maker, seconds=0.5)
        return frames, ear.steps("load").count((1, 1))

    async with pool(events) as opened:
        first, loads = await take(opened, whole)
        assert loads == 1
        again, loads = await take(opened, rung)
        assert loads == 0
    async with pool(events) as opened:
        fresh, loads = await take(opened, rung)
        assert loads == 1
    assert again.tobytes() == fresh.tobytes()
    assert not np.array_equal(first, again)
    assert [event.kind for event in events] == ["studio.model.started"] * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adoption")


def wan(folder: Path, **options: Any) -> WanShots:
    """Two models, both in memory."""
    text, image = folder / "wan-text", folder / "wan-image"
    if not text.exists():
        tiny_video.wan_text(text)
        tiny_video.wan_image(image)
    chosen = WanOptions(**{"frames": 9, "width": 48, "height": 32, "steps": 2, "fps": 8} | options)
    return WanShots(text, chosen, image_model=image, keep_both=True, runtime=CPU)


def ltx(folder: Path, **options: Any) -> LtxShots:
    """Two pipelines over one set of weights."""
    model = folder / "ltx"
    if not model.exists():
        tiny_video.ltx(model)
    small = {"frames": 17, "width": 96, "height": 64, "steps": 2, "guidance": 1.0, "fps": 16}
    return LtxShots(model, LtxOptions(**small | options), runtime=CPU)


def svd(folder: Path, **options: Any) -> SvdShots:
    """A model of takes and one of key images, both in memory."""
    model, key = folder / "svd", folder / "key"
    if not model.exists():
        tiny_video.svd(model)
        tiny_video.key_image(key)
    small = {"frames": 6, "width": 128, "height": 64, "steps": 2, "fps": 5, "decode": 2, "key_steps": 2}
    return SvdShots(model, SvdOptions(**small | options), key_model=key, keep_both=True, runtime=CPU)


def animatediff(folder: Path, **options: Any) -> AnimateDiffShots:
    """Where takes may have more than sixteen frames, the pipeline itself is another one."""
    model, motion = folder / "sd", folder / "motion"
    if not model.exists():
        tiny.stable_diffusion(model)
        tiny.motion_adapter(motion)
    small = {"frames": 12, "width": 64, "height": 64, "steps": 2, "fps": 8}
    return AnimateDiffShots(model, motion, AnimateDiffOptions(**small | options), runtime=CPU)


@pytest.mark.parametrize(
    ("make", "before", "after"),
    [
        (wan, {"scheduler": "dmd", "steps": 3, "guidance": 1.0}, {"guidance": 3.0}),
        (wan, {"scheduler": "lcm"}, {"scheduler": "dmd", "steps": 3, "guidance": 1.0}),
        (wan, {"flow_shift": 8.0, "width": 64}, {"scheduler": "euler", "flow_shift": 2.0}),
        (ltx, {"steps": 3, "guidance": 3.0}, {"frames": 25}),
        (svd, {"motion": 200, "steps": 3}, {"key_steps": 3, "motion": 60}),
        (animatediff, {"frames": 24, "fps": 24}, {"frames": 20, "fps": 10, "scheduler": "euler-a"}),
    ],
)
async def test_what_is_loaded_serves_other_options_as_a_fresh_one_does(
    folder: Path, make: Make, before: dict[str, Any], after: dict[str, Any]
) -> None:
    first, second, fresh = make(folder, **before), make(folder, **after), make(folder, **after)
    requests = [tiny.ask(seconds=1.0)]
    if first.capability.from_image:
        requests.append(tiny.ask(seconds=1.0, image=tiny_video.picture()))
    for request in requests:
        await tiny.frames_of(first.shoot(request))
    assert first.loads == second.loads
    second.adopt(first)
    with heard(ear := tiny.Ear()):
        made = [await tiny.frames_of(second.shoot(request)) for request in requests]
    assert ear.steps("load") == []
    for frames, request in zip(made, requests, strict=True):
        assert frames.tobytes() == (await tiny.frames_of(fresh.shoot(request))).tobytes()


def test_what_is_loaded_follows_from_models_and_loras_and_from_nothing_else(tmp_path: Path) -> None:
    runtime, loras = Runtime(), {"fur": tmp_path / "fur.safetensors"}
    some = [{"id": "fur", "weight": 0.5}]

    def zeroscope(model: str = "a", **options: Any) -> Any:
        return ZeroscopeShots(model, ZeroscopeOptions(**options), runtime=runtime, loras=loras).loads

    alike = zeroscope(steps=12, guidance=3.0, width=448, height=256, frames=16, fps=6, scheduler="dpm++")
    assert alike == zeroscope()
    assert zeroscope("b") != zeroscope()
    assert zeroscope(loras=some) != zeroscope()
    assert zeroscope(loras=some) != zeroscope(loras=[{"id": "fur", "weight": 0.6}])
    xl = [ZeroscopeXL("a", ZeroscopeXLOptions(steps=steps), runtime=runtime) for steps in (20, 50)]
    assert xl[0].loads == xl[1].loads
    assert xl[0].loads != zeroscope(), "another pipeline over the same weights"


async def test_a_model_is_not_handed_over_for_another_one(folder: Path, tiny_zeroscope: Path) -> None:
    small = ZeroscopeOptions(frames=4, width=64, height=64, steps=2, fps=8)
    first = ZeroscopeShots(tiny_zeroscope, small, runtime=CPU)
    before = await tiny.shoot(first, seconds=0.5)
    with pytest.raises(InternalError, match="was to be taken over for another model"):
        ZeroscopeShots(folder, small, runtime=CPU).adopt(first)
    with heard(ear := tiny.Ear()):
        assert np.array_equal(before, await tiny.shoot(first, seconds=0.5)), "it still has it"
    assert ear.steps("load") == []
