"""AnimateDiff over a tiny picture model and motion adapter: the new kind of callback, and FreeNoise."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from webtv.core.errors import ConfigError
from webtv.studio import progress
from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.ports import Media

pytestmark = pytest.mark.models

TINY = AnimateDiffOptions(frames=12, width=64, height=64, steps=3, fps=8)


@pytest.fixture
def maker(tiny_stable_diffusion: Path, tiny_motion_adapter: Path) -> AnimateDiffShots:
    return AnimateDiffShots(tiny_stable_diffusion, tiny_motion_adapter, TINY)


async def test_a_take_has_the_frames_asked_for_and_tells_every_step(maker: AnimateDiffShots) -> None:
    ear = tiny.Ear()
    with progress.heard(ear):
        frames = await tiny.shoot(maker)
    assert frames.shape == (12, 64, 64, 3)
    assert frames.std() > 1
    assert ear.steps("shot") == [(0, 3), (1, 3), (2, 3), (3, 3)]


async def test_seed_prompt_and_negative_prompt_decide(maker: AnimateDiffShots) -> None:
    plain = await tiny.shoot(maker)
    assert np.array_equal(plain, await tiny.shoot(maker))
    for change in ({"seed": 8}, {"negative": "watermark"}, {"text": "a fox at dawn"}):
        assert not np.array_equal(plain, await tiny.shoot(maker, **change)), change


async def test_the_motion_adapter_decides(
    maker: AnimateDiffShots, tiny_stable_diffusion: Path, tmp_path: Path
) -> None:
    from diffusers import MotionAdapter

    still = MotionAdapter(
        block_out_channels=(8, 8),
        motion_layers_per_block=1,
        motion_norm_num_groups=2,
        motion_num_attention_heads=2,
    )
    still.save_pretrained(tmp_path)
    other = AnimateDiffShots(tiny_stable_diffusion, tmp_path, TINY)
    assert not np.array_equal(await tiny.shoot(maker), await tiny.shoot(other))


async def test_noise_is_taken_away_on_the_schedule_that_the_adapter_was_trained_on(
    maker: AnimateDiffShots,
) -> None:
    await tiny.shoot(maker)
    scheduler = maker._pipeline._loaded.scheduler
    assert type(scheduler).__name__ == "DDIMScheduler"
    assert scheduler.config.beta_schedule == "linear"
    assert scheduler.config.timestep_spacing == "linspace"
    assert not scheduler.config.clip_sample
    assert scheduler.config.beta_end == 0.012, "what the family does not set is the model's"


async def test_a_take_longer_than_the_adapters_window_is_made_by_free_noise(
    tiny_stable_diffusion: Path, tiny_motion_adapter: Path
) -> None:
    options = dataclasses.replace(TINY, frames=24, steps=2)
    maker = AnimateDiffShots(tiny_stable_diffusion, tiny_motion_adapter, options)
    short = await tiny.shoot(maker)
    long = await tiny.shoot(maker, seconds=3.0)
    assert long.shape == (24, 64, 64, 3)
    assert np.array_equal(long, await tiny.shoot(maker, seconds=3.0))
    assert np.array_equal(short, await tiny.shoot(maker)), "a short take after a long one is as before it"
    plain = AnimateDiffShots(
        tiny_stable_diffusion, tiny_motion_adapter, dataclasses.replace(options, frames=16)
    )
    assert short.shape == (12, 64, 64, 3)
    assert np.abs(short.astype(int) - await tiny.shoot(plain)).max() <= 1, "and as one without it"
    assert maker.loads != plain.loads, "one is not handed over for the other"


async def test_free_noise_is_there_before_anything_is_done_to_the_layers_that_it_replaces(
    tiny_stable_diffusion: Path, tiny_motion_adapter: Path
) -> None:
    import torch
    from diffusers.models.attention import FreeNoiseTransformerBlock

    options = dataclasses.replace(TINY, frames=24, steps=2)
    runtime = Runtime(device="cpu", layerwise_casting=True)
    maker = AnimateDiffShots(tiny_stable_diffusion, tiny_motion_adapter, options, runtime=runtime)
    await tiny.shoot(maker)
    modules = maker._pipeline._loaded.unet.modules()
    blocks = [module for module in modules if isinstance(module, FreeNoiseTransformerBlock)]
    await tiny.shoot(maker, seconds=3.0)
    after = [m for m in maker._pipeline._loaded.unet.modules() if isinstance(m, FreeNoiseTransformerBlock)]
    assert blocks
    assert [id(block) for block in after] == [id(block) for block in blocks]
    assert {block.attn1.to_q.weight.dtype for block in blocks} == {torch.float8_e4m3fn}
    assert not any(block.training for block in blocks)


async def test_an_abandoned_take_stops_between_steps(
    maker: AnimateDiffShots, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import DDIMScheduler

    steps: list[int] = []
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    step = DDIMScheduler.step

    def counted(*args: Any, **kwargs: Any) -> Any:
        steps.append(1)
        loop.call_soon_threadsafe(begun.set)
        return step(*args, **kwargs)

    monkeypatch.setattr(DDIMScheduler, "step", counted)
    slow = AnimateDiffShots(maker._model, maker._motion, dataclasses.replace(TINY, steps=200))
    async with asyncio.TaskGroup() as group:
        shooting = group.create_task(tiny.shoot(slow))
        await begun.wait()
        shooting.cancel()
    await loop.shutdown_default_executor()
    assert 1 <= len(steps) < 200


async def test_both_models_stand_in_credit_and_capability(
    maker: AnimateDiffShots, tiny_stable_diffusion: Path, tiny_motion_adapter: Path
) -> None:
    credit = maker.credit(tiny.ask())
    assert credit.model == tiny_stable_diffusion.name
    assert credit.media is Media.TRAINED
    assert credit.details["motion_adapter"] == tiny_motion_adapter.name
    assert maker.capability.weights == (str(tiny_stable_diffusion), str(tiny_motion_adapter))


async def test_a_missing_motion_adapter_is_named(tiny_stable_diffusion: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    with pytest.raises(ConfigError) as caught:
        await tiny.shoot(AnimateDiffShots(tiny_stable_diffusion, nowhere, TINY))
    assert str(nowhere) in caught.value.message
