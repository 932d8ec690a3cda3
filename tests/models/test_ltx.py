"""LTX-Video over tiny random pipelines that go through the real ``from_pretrained``."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import tiny_video
from tiny_video import ask, cancelled_at, picture, take

from webtv.core.errors import ConfigError, InputError
from webtv.studio import progress
from webtv.studio.diffusers.ltx import MODEL, LtxOptions, LtxShots
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.ports import Media
from webtv.studio.progress import Progress

pytestmark = [
    pytest.mark.models,
    # diffusers 0.42 turns tensors into arrays as NumPy 1 did.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TINY = LtxOptions(frames=17, width=96, height=64, steps=2, guidance=1.0, fps=16)
CPU = Runtime(device="cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both kinds of models: with two pipelines over the same parts, and with one for both."""
    folder = tmp_path_factory.mktemp("tiny-ltx")
    return {
        "two": tiny_video.ltx(folder / "two"),
        "one": tiny_video.ltx_condition(folder / "one"),
        "image": tiny_video.ltx_image(folder / "image"),
    }


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Of every call of the transformer: its timestep, and how many takes it denoises at once."""
    from diffusers import LTXVideoTransformer3DModel

    made: list[tuple[float, int]] = []
    real = LTXVideoTransformer3DModel.forward

    def watched(self: Any, *args: Any, **named: Any) -> Any:
        made.append((float(named["timestep"].flatten()[-1]), len(named["hidden_states"])))
        return real(self, *args, **named)

    monkeypatch.setattr(LTXVideoTransformer3DModel, "forward", watched)
    return made


@pytest.mark.parametrize("kind", ["two", "one", "image"])
async def test_takes_come_from_text_and_from_a_picture_with_one_set_of_weights(
    models: dict[str, Path], kind: str
) -> None:
    maker = LtxShots(models[kind], TINY, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        from_text, rate = await take(maker, ask())
        going_on, _ = await take(maker, ask(image=picture(1)))
        other, _ = await take(maker, ask(image=picture(2)))
        again, _ = await take(maker, ask(image=picture(1)))
    assert [said.done for said in told if said.stage == "load"] == [0, 1]
    assert (from_text.shape, rate) == ((17, 64, 96, 3), 16)
    # A second of sixteen frames needs seventeen: the first repeats the picture and is left out.
    assert going_on.shape == (16, 64, 96, 3)
    assert np.array_equal(going_on, again)
    assert not np.array_equal(going_on, other)


@pytest.mark.parametrize(
    ("seconds", "length", "rate"), [(1.0, 17, 16), (0.5, 9, 16), (0.01, 1, 16), (1.5, 17, 11)]
)
async def test_frames_are_eight_n_and_one(
    models: dict[str, Path], seconds: float, length: int, rate: int
) -> None:
    frames, paced = await take(LtxShots(models["two"], TINY, runtime=CPU), ask(seconds=seconds))
    assert (len(frames), paced) == (length, rate)
    assert length >= round(seconds * rate)


async def test_the_rate_is_an_input_of_the_model(models: dict[str, Path]) -> None:
    maker = LtxShots(models["one"], TINY, runtime=CPU)
    slow, slow_rate = await take(maker, ask(fps=12, seconds=17 / 12))
    fast, fast_rate = await take(maker, ask(fps=16, seconds=17 / 16))
    assert (slow_rate, fast_rate) == (12, 16)
    assert slow.shape == fast.shape
    assert not np.array_equal(slow, fast)


@pytest.mark.parametrize("kind", ["two", "one"])
async def test_the_seed_decides(models: dict[str, Path], kind: str) -> None:
    first, _ = await take(LtxShots(models[kind], TINY, runtime=CPU), ask(seed=7))
    again, _ = await take(LtxShots(models[kind], TINY, runtime=CPU), ask(seed=7))
    other, _ = await take(LtxShots(models[kind], TINY, runtime=CPU), ask(seed=8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("image", [None, picture()])
async def test_the_negative_prompt_counts_only_above_a_guidance_of_one(
    models: dict[str, Path], steps: list[tuple[float, int]], image: Any
) -> None:
    free = LtxShots(models["one"], TINY, runtime=CPU)
    guided = LtxShots(models["one"], dataclasses.replace(TINY, guidance=3.0), runtime=CPU)
    one, _ = await take(free, ask(image=image))
    same, _ = await take(free, ask(image=image, negative="watermark"))
    assert np.array_equal(one, same)
    assert {batch for _, batch in steps} == {1}, "nothing is computed for what does not count"
    steps.clear()
    two, _ = await take(guided, ask(image=image))
    other, _ = await take(guided, ask(image=image, negative="watermark"))
    assert not np.array_equal(two, other)
    assert {batch for _, batch in steps} == {2}


async def test_the_prompt_reaches_the_model(models: dict[str, Path]) -> None:
    maker = LtxShots(models["two"], TINY, runtime=CPU)
    plain, _ = await take(maker, ask())
    assert not np.array_equal(plain, (await take(maker, ask(text="a fox at dawn")))[0])


async def test_distilled_weights_get_the_steps_they_were_distilled_for(
    models: dict[str, Path], steps: list[tuple[float, int]]
) -> None:
    fast = dataclasses.replace(TINY, steps=7, schedule="distilled")
    await take(LtxShots(models["one"], fast, runtime=CPU), ask())
    assert [round(time) for time, _ in steps] == [1000, 993, 987, 981, 975, 909, 725]
    steps.clear()
    await take(LtxShots(models["one"], dataclasses.replace(fast, steps=4), runtime=CPU), ask())
    assert [round(time) for time, _ in steps] == [1000, 987, 975, 725]
    with pytest.raises(InputError, match=r"studio\.shot\.schedule: this model was not distilled so"):
        await take(LtxShots(models["two"], fast, runtime=CPU), ask())


async def test_windows_go_on_from_each_other(models: dict[str, Path]) -> None:
    maker = LtxShots(models["two"], dataclasses.replace(TINY, windows=2), runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        frames, rate = await take(maker, ask(seconds=2.0))
    assert (len(frames), rate) == (33, 16)
    assert tiny.once(said.done for said in told if said.stage == "shot") == [0, 1, 2, 3, 4]
    assert maker.credit(ask(seconds=2.0)).details["window_frames"] == [17, 17]


@pytest.mark.parametrize("image", [None, picture()])
@pytest.mark.parametrize("kind", ["two", "one"])
async def test_an_abandoned_take_stops_within_one_step(
    models: dict[str, Path], steps: list[tuple[float, int]], kind: str, image: Any
) -> None:
    maker = LtxShots(models[kind], dataclasses.replace(TINY, steps=50), runtime=CPU)
    with pytest.raises(asyncio.CancelledError):
        await cancelled_at(maker, ask(image=image), step=2)
    await asyncio.get_running_loop().shutdown_default_executor()  # waits for the thread
    assert 2 <= len(steps) <= 3


async def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = tiny_video.wan_text(tmp_path / "wan")
    with pytest.raises(ConfigError, match="wan is a model for WanPipeline, and no LTX-Video"):
        await take(LtxShots(other, TINY, runtime=CPU), ask())


def test_the_credit_says_what_shaped_the_frames(models: dict[str, Path]) -> None:
    maker = LtxShots(models["one"], TINY, runtime=CPU)
    credit = maker.credit(ask(image=picture()))
    assert (credit.adapter, credit.model, credit.media) == ("ltx", "one", Media.TRAINED)
    expected = {"frames": 16, "fps": 16, "seed": 7, "steps": 2, "guidance": 1.0, "image_noise": 0.025}
    assert expected.items() <= credit.details.items()
    assert len(credit.details["image"]) == 64
    json.dumps(dict(credit.details))


def test_what_it_takes_is_known_without_loading() -> None:
    known = LtxShots().capability
    assert (known.weights, known.hosted, known.from_image) == ((MODEL,), True, True)
    assert known.realtime_factor is None
    small = LtxShots("multimodalart/ltxv-2b-0.9.6-distilled").capability
    assert (small.realtime_factor, small.measured_on) == (0.4, "H100")
    assert 0 < small.vram_gb < known.vram_gb
    assert LtxShots(runtime=Runtime(offload="model")).capability.vram_gb < known.vram_gb


def test_cheaper_ways_are_legal_and_ever_cheaper() -> None:
    for maker in (LtxShots(), LtxShots(options=LtxOptions())):
        ways = [dict(way.options) for way in maker.cheaper()]
        work = [way["steps"] * way["width"] * way["height"] for way in ways]
        assert work == sorted(work, reverse=True)
        assert len(work) >= 2
        for way in ways:
            assert way.pop("use") == "ltx"
            LtxOptions.from_mapping(way)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"frames": 96}, "studio.shot.frames: 96 is not 8n+1: write 97"),
        ({"height": 480, "width": 848}, "studio.shot.width: 848 is no multiple of 32: write 832"),
        ({"schedule": "fast"}, "studio.shot.schedule: 'fast' will not do: write distilled, or remove it"),
        ({"schedule": "distilled", "steps": 8}, "write 7"),
        ({"decode_timestep": 2}, "studio.shot.decode_timestep: 2 will not do: write a number from 0 to 1"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        LtxOptions.from_mapping(written)
    assert said in str(caught.value)


async def test_a_shot_longer_than_its_frames_is_refused(models: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"cut shots to 2\.1 s or less, or write windows: 2"):
        await take(LtxShots(models["one"], TINY, runtime=CPU), ask(seconds=4.0))


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = "import sys, webtv.studio.diffusers.ltx; print({'torch', 'diffusers', 'PIL'} & {*sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "set()"
