"""Hosted adapters keep the promises of the ports, and give what the same adapters give in one process."""

import os
from collections.abc import AsyncIterator
from typing import Any

import contract
import numpy as np
import pytest
from hosting_house import Ears, pool, stand_in

from webtv.core.clock import SystemClock
from webtv.prompts.sequence import MusicBrief
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.pool import BUILDER, ModelPool
from webtv.studio.ports import BedRequest, Graded
from webtv.wiring import build


@pytest.fixture
async def models() -> AsyncIterator[ModelPool]:
    async with ModelPool(
        env=child_environment(os.environ, threads=1), clock=SystemClock(), events=Ears(), builder=BUILDER
    ) as opened:
        yield opened


def both(models: ModelPool, stage: str, **options: Any) -> tuple[Any, Any]:
    """An adapter here, and the same in a child."""
    local = build(stage, options)
    return local, hosted(models, stage, options, local)


async def test_a_hosted_shot_maker_keeps_the_contract_and_gives_the_same_frames(models: ModelPool) -> None:
    local, apart = both(models, "shot", use="procedural")
    await contract.check_shots(apart)
    request = contract.shot_request(seconds=1.0, image=np.full((180, 320, 3), 9, np.uint8))
    here = await contract.frames_of(local.shoot(request))
    assert np.array_equal(here, await contract.frames_of(apart.shoot(request)))


async def test_a_hosted_interpolator_keeps_the_contract_and_gives_the_same_frames(models: ModelPool) -> None:
    local, apart = both(models, "interpolate", use="dis")
    await contract.check_interpolator(apart)
    frames = contract.moving_square(9)
    here = await contract.frames_of(local.interpolate(contract.play(frames, 8), 24))
    assert np.array_equal(here, await contract.frames_of(apart.interpolate(contract.play(frames, 8), 24)))


@pytest.mark.parametrize("use", ["lanczos", "detail"])
async def test_a_hosted_upscaler_keeps_the_contract_and_gives_the_same_frames(
    models: ModelPool, use: str
) -> None:
    local, apart = both(models, "upscale", use=use)
    await contract.check_upscaler(apart)
    frames = contract.moving_square(9)
    request = contract.shot_request(image=np.full((180, 320, 3), 9, np.uint8))
    here = await contract.frames_of(local.upscale(contract.play(frames, 8), 640, 360, request))
    there = await contract.frames_of(apart.upscale(contract.play(frames, 8), 640, 360, request))
    assert np.array_equal(here, there)


async def test_a_hosted_composer_gives_the_same_samples(models: ModelPool) -> None:
    local, apart = both(models, "music", use="synth")
    request = BedRequest(MusicBrief("calm", 72, ("felt piano", "pad"), "light rain"), 48_000, 5)
    assert np.array_equal(await local.compose(request), await apart.compose(request))
    assert apart.credit(request) == local.credit(request)


async def test_a_whole_take_is_scored() -> None:
    async with pool(Ears()) as models:
        scorer = stand_in(models, "Plain", "score")
        frames = contract.moving_square(24)
        score = await scorer.score(frames, 12, contract.shot_prompt(subject="a fox"))
    assert score.value == pytest.approx(frames.mean() / 255)
    assert (score.parts, score.reason) == ({"motion": 1.0}, "a fox at 12")


async def test_a_method_is_called_with_json_and_answers_with_json() -> None:
    async with pool(Ears()) as models:
        text = stand_in(models, "Plain", "write")
        assert await text.call("write", {"prompt": "ab", "times": 2}) == {"text": "abab"}
        long = "ü" * 100_000
        assert await text.call("write", {"prompt": long}) == {"text": long}


async def test_an_empty_take_stays_empty_and_starts_nobody() -> None:
    async with pool(ears := Ears()) as models:
        upscaler = stand_in(models, "Plain", "upscale")
        assert [chunk async for chunk in upscaler.upscale(contract.play([], 12), 64, 36)] == []
    assert ears.events == []


async def test_what_needs_no_model_is_answered_without_a_child() -> None:
    async with pool(ears := Ears()) as models:
        maker = stand_in(models, "Plain", vram=3.0)
        assert maker.capability.vram_gb == 3.0
        assert maker.credit(contract.shot_request()).model == "plain 1"
        assert isinstance(maker, Graded)
        assert maker.cheaper()[0].options == {"use": "Plain", "chunks": 1}
    assert ears.events == []
