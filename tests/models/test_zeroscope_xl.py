"""Zeroscope XL over a tiny random pipeline: sizes, windows, and what of the request reaches the model."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from webtv.core.errors import InputError
from webtv.studio import progress
from webtv.studio.diffusers.zeroscope_xl import ZeroscopeXL, ZeroscopeXLOptions, faded, windows
from webtv.studio.ports import Chunk, Frames, Media, Upscaler

pytestmark = pytest.mark.models

TINY = ZeroscopeXLOptions(frames=8, width=128, height=64, steps=5, guidance=9.0, overlap=2)


def footage(count: int) -> Frames:
    """A bright square that crosses a dark picture."""
    out = np.full((count, 32, 64, 3), 40, np.uint8)
    for n in range(count):
        out[n, 8:24, 2 * n : 2 * n + 16] = (220, 180, 90)
    return out


async def play(frames: Frames, size: int = 5) -> AsyncIterator[Chunk]:
    for start in range(0, len(frames), size):
        yield Chunk(frames[start : start + size], start, 12)


async def enlarge(upscaler: Upscaler, frames: Frames, **changes: Any) -> Frames:
    return await tiny.frames_of(upscaler.upscale(play(frames), 320, 160, tiny.ask(**changes)))


@pytest.mark.parametrize("count", [1, 8, 9, 14, 21])
async def test_a_take_of_any_length_comes_out_as_long_and_as_large_as_asked(
    tiny_zeroscope: Path, count: int
) -> None:
    out = await enlarge(ZeroscopeXL(tiny_zeroscope, TINY), footage(count))
    assert out.shape == (count, 160, 320, 3)
    assert out.std() > 1


async def test_other_aspects_are_filled_and_the_rate_is_kept(tiny_zeroscope: Path) -> None:
    xl = ZeroscopeXL(tiny_zeroscope, TINY)
    made = [chunk async for chunk in xl.upscale(play(footage(3)), 96, 160)]
    assert {chunk.frames.shape[1:] for chunk in made} == {(160, 96, 3)}
    assert {chunk.fps for chunk in made} == {12}


async def test_the_request_reaches_the_model(tiny_zeroscope: Path) -> None:
    xl = ZeroscopeXL(tiny_zeroscope, TINY)
    plain = await enlarge(xl, footage(4))
    assert np.array_equal(plain, await enlarge(xl, footage(4)))
    for change in ({"seed": 8}, {"text": "a fox at dawn"}, {"negative": "watermark"}):
        assert not np.array_equal(plain, await enlarge(xl, footage(4), **change)), change
    unasked = await tiny.frames_of(xl.upscale(play(footage(4)), 320, 160))
    assert unasked.shape == plain.shape


async def test_what_is_enlarged_shows_in_the_result(tiny_zeroscope: Path) -> None:
    xl = ZeroscopeXL(tiny_zeroscope, TINY)
    assert not np.array_equal(await enlarge(xl, footage(4)), await enlarge(xl, 255 - footage(4)))


async def test_a_take_that_fits_is_made_at_once_and_a_longer_one_in_windows(tiny_zeroscope: Path) -> None:
    xl = ZeroscopeXL(tiny_zeroscope, TINY)
    ear = tiny.Ear()
    with progress.heard(ear):
        await enlarge(xl, footage(8))
    assert ear.steps("upscale") == [(0, 3), (1, 3), (2, 3), (3, 3)], "strength 0.6 takes 3 of 5 steps"
    ear = tiny.Ear()
    with progress.heard(ear):
        await enlarge(xl, footage(9))
    assert ear.steps("upscale").count((3, 3)) == 2


async def test_windows_share_frames_and_the_last_is_as_long_as_the_others() -> None:
    frames = footage(19)
    made = [window async for window in windows(play(frames), 8, 2)]
    assert [(len(window.frames), window.shared, window.last) for window in made] == [
        (8, 0, False),
        (8, 2, False),
        (8, 3, True),
    ]
    again = np.concatenate([window.frames[window.shared :] for window in made])
    assert np.array_equal(again, frames)


async def test_a_window_fades_into_the_next() -> None:
    before, after = np.zeros((2, 1, 1, 3), np.float32), np.ones((4, 1, 1, 3), np.float32)
    assert np.allclose(faded(before, after)[:, 0, 0, 0], [1 / 3, 2 / 3, 1, 1])
    assert after.min() == 1, "what the model made is left alone"


async def test_an_abandoned_take_stops_between_steps(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
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
    slow = ZeroscopeXL(tiny_zeroscope, dataclasses.replace(TINY, steps=200))
    async with asyncio.TaskGroup() as group:
        enlarging = group.create_task(enlarge(slow, footage(8)))
        await begun.wait()
        enlarging.cancel()
    await loop.shutdown_default_executor()
    assert 1 <= len(steps) < 120


def test_it_comes_before_interpolation_and_can_be_left_out(tiny_zeroscope: Path) -> None:
    xl = ZeroscopeXL()
    assert xl.capability.leads
    assert xl.capability.hosted
    assert xl.capability.vram_gb == pytest.approx(15.3)
    assert [grade.name for grade in xl.cheaper()][-1] == "without XL"
    assert xl.cheaper()[-1].options == {"use": "detail"}
    credit = ZeroscopeXL(tiny_zeroscope, TINY).credit(tiny.ask())
    assert (credit.adapter, credit.model, credit.media) == (
        "zeroscope-xl",
        tiny_zeroscope.name,
        Media.TRAINED,
    )
    assert credit.details["strength"] == 0.6


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"strength": 1.0}, "strength: 1.0 will not do: write a number from 0.05 to 0.95"),
        ({"overlap": 20, "frames": 24}, "overlap: 20 is more than half of frames: write 12"),
        ({"steps": 3, "strength": 0.3}, "steps: 3 x strength leaves no step: write 4"),
        ({"fps": 12}, "fps: there is no such option: write one of frames, width"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        ZeroscopeXLOptions.from_mapping(written)
    assert str(caught.value).startswith(f"studio.upscale.{said}")
