"""Zeroscope over a tiny random pipeline that goes through the real ``from_pretrained``."""

import asyncio
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from webtv.core.errors import ConfigError, InputError, TransientError
from webtv.studio import progress
from webtv.studio.diffusers import pipeline
from webtv.studio.diffusers.options import LoraChoice
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.ports import Media

pytestmark = pytest.mark.models

TINY = ZeroscopeOptions(frames=12, width=64, height=64, steps=3, guidance=9.0, fps=8)


async def test_a_take_has_the_frames_asked_for(tiny_zeroscope: Path) -> None:
    maker = ZeroscopeShots(tiny_zeroscope, TINY)
    frames = await tiny.shoot(maker)
    assert frames.shape == (12, 64, 64, 3)
    assert frames.std() > 1, "one flat colour is no picture"
    assert {chunk.fps async for chunk in maker.shoot(tiny.ask())} == {8}


async def test_the_seed_decides(tiny_zeroscope: Path) -> None:
    first = await tiny.shoot(ZeroscopeShots(tiny_zeroscope, TINY), seed=7)
    again = await tiny.shoot(ZeroscopeShots(tiny_zeroscope, TINY), seed=7)
    other = await tiny.shoot(ZeroscopeShots(tiny_zeroscope, TINY), seed=8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


async def test_prompt_and_negative_prompt_reach_the_model(tiny_zeroscope: Path) -> None:
    maker = ZeroscopeShots(tiny_zeroscope, TINY)
    plain = await tiny.shoot(maker)
    assert not np.array_equal(plain, await tiny.shoot(maker, negative="watermark"))
    assert not np.array_equal(plain, await tiny.shoot(maker, text="a fox at dawn"))


async def test_progress_is_told_of_loading_and_of_every_step(tiny_zeroscope: Path) -> None:
    maker, ear = ZeroscopeShots(tiny_zeroscope, TINY), tiny.Ear()
    with progress.heard(ear):
        await tiny.shoot(maker)
    assert ear.steps("load") == [(0, 1), (1, 1)]
    assert ear.steps("shot") == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert all(told.preview is None for told in ear.heard), "eight latents show nothing"
    again = tiny.Ear()
    with progress.heard(again):
        await tiny.shoot(maker)
    assert again.steps("load") == [], "it is loaded once"


async def test_a_larger_take_shows_previews(tiny_zeroscope: Path) -> None:
    options = dataclasses.replace(TINY, frames=4, width=128, height=128)
    ear = tiny.Ear()
    with progress.heard(ear):
        await tiny.shoot(ZeroscopeShots(tiny_zeroscope, options), seconds=0.5)
    previews = [told.preview for told in ear.heard if told.preview is not None]
    assert [preview.shape for preview in previews] == [(16, 16, 3)] * 3
    assert previews[0].std() > 1
    assert not np.array_equal(previews[0], previews[-1])


async def test_the_credit_says_a_trained_model_made_it(tiny_zeroscope: Path) -> None:
    loras = (LoraChoice("ink", 0.5),)
    maker = ZeroscopeShots(tiny_zeroscope, dataclasses.replace(TINY, loras=loras), loras={"ink": "a/b"})
    credit = maker.credit(tiny.ask())
    assert credit.adapter == "zeroscope"
    assert credit.media is Media.TRAINED
    assert credit.model == tiny_zeroscope.name, "the operator's folders are not told to viewers"
    assert dict(credit.details) == {
        "frames": 12,
        "width": 64,
        "height": 64,
        "steps": 3,
        "guidance": 9.0,
        "scheduler": "",
        "loras": [{"id": "ink", "weight": 0.5}],
        "fps": 8,
        "seed": 7,
        "dtype": "auto",
    }
    assert ZeroscopeShots().credit(tiny.ask()).model == "cerspense/zeroscope_v2_576w"


async def test_once_loaded_the_credit_says_in_which_precision(tiny_zeroscope: Path) -> None:
    maker = ZeroscopeShots(tiny_zeroscope, TINY)
    await tiny.shoot(maker)
    assert maker.credit(tiny.ask()).details["dtype"] == "float32"


async def test_an_abandoned_take_stops_between_steps(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import AutoencoderKL, DDIMScheduler

    steps: list[int] = []
    decoded: list[int] = []
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    step, decode = DDIMScheduler.step, AutoencoderKL.decode

    def counted(*args: Any, **kwargs: Any) -> Any:
        steps.append(1)
        loop.call_soon_threadsafe(begun.set)
        return step(*args, **kwargs)

    def watched(*args: Any, **kwargs: Any) -> Any:
        decoded.append(1)
        return decode(*args, **kwargs)

    monkeypatch.setattr(DDIMScheduler, "step", counted)
    monkeypatch.setattr(AutoencoderKL, "decode", watched)
    slow = ZeroscopeShots(tiny_zeroscope, dataclasses.replace(TINY, steps=200))
    async with asyncio.TaskGroup() as group:
        shooting = group.create_task(tiny.shoot(slow))
        await begun.wait()
        shooting.cancel()
    await loop.shutdown_default_executor()  # waits for the thread
    assert 1 <= len(steps) < 200
    assert not decoded


async def test_a_take_that_waits_for_its_turn_gives_up_its_thread(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(2))
    begun, released, waits = asyncio.Event(), threading.Event(), asyncio.Event()
    real = pipeline.library

    def hold(told: progress.Progress) -> None:
        if told.stage == "shot" and told.done == 1:
            loop.call_soon_threadsafe(begun.set)
            assert released.wait(60)

    def noticed(name: str, place: str) -> Any:
        if begun.is_set():
            loop.call_soon_threadsafe(waits.set)
        return real(name, place)

    monkeypatch.setattr(pipeline, "library", noticed)
    maker = ZeroscopeShots(tiny_zeroscope, TINY)
    async with asyncio.TaskGroup() as group:
        with progress.heard(hold):
            first = group.create_task(tiny.shoot(maker))
        await begun.wait()
        second = group.create_task(tiny.shoot(maker))
        await waits.wait()
        second.cancel()
        # Of two threads the first take holds one, so this runs in what was the second's.
        assert await asyncio.to_thread(first.done) is False
        released.set()
    assert len(first.result()) == 12


async def test_closing_the_take_lets_the_next_one_begin(tiny_zeroscope: Path) -> None:
    maker = ZeroscopeShots(tiny_zeroscope, TINY)
    taking = maker.shoot(tiny.ask())
    await anext(taking)
    await taking.aclose()  # type: ignore[attr-defined]
    assert len(await tiny.shoot(maker)) == 12


async def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model_index\.json") as caught:
        await tiny.shoot(ZeroscopeShots(tmp_path / "nothing", TINY))
    assert str(tmp_path / "nothing") in caught.value.message
    with pytest.raises(ConfigError):
        await tiny.shoot(ZeroscopeShots(tmp_path, TINY))


async def test_an_unreachable_hub_may_answer_next_time() -> None:
    with pytest.raises(TransientError, match="check the network"):
        await tiny.shoot(ZeroscopeShots("nobody/nothing", TINY))


async def test_a_shot_longer_than_its_frames_is_refused(tiny_zeroscope: Path) -> None:
    with pytest.raises(InputError, match="12 frames are too few for 4 s: cut shots to 3 s"):
        await tiny.shoot(ZeroscopeShots(tiny_zeroscope, TINY), seconds=4.0)
