"""Wan over tiny random pipelines that go through the real ``from_pretrained``."""

import asyncio
import dataclasses
import gc
import inspect
import json
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import tiny_video
from tiny_video import ask, cancelled_at, picture, take

from webtv.core.errors import ConfigError, InputError, InternalError
from webtv.studio import progress
from webtv.studio.diffusers import wan
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.wan import MODEL, WanOptions, WanShots
from webtv.studio.ports import Media, Picture
from webtv.studio.progress import Progress

pytestmark = [
    pytest.mark.models,
    # diffusers 0.42 turns tensors into arrays as NumPy 1 did.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

FAST = "FastVideo/FastWan2.2-TI2V-5B-FullAttn-Diffusers"
TINY = WanOptions(frames=9, width=48, height=32, steps=2, guidance=3.0, fps=8)
CPU = Runtime(device="cpu")


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_video.wan_text(tmp_path_factory.mktemp("tiny-wan-text"))


@pytest.fixture(scope="module")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_video.wan_image(tmp_path_factory.mktemp("tiny-wan-image"))


@pytest.fixture(scope="module")
def either_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_video.wan_either(tmp_path_factory.mktemp("tiny-wan-either"))


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of a part of the pipeline: which part and which object, of what step, in which precision."""

    part: str
    who: int
    time: float
    dtype: str


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the parts of the pipeline are asked for, in order."""
    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import UMT5EncoderModel

    made: list[Call] = []

    def watch(part: str, kind: type, method: str) -> None:
        real = getattr(kind, method)

        def watched(self: Any, *args: Any, **named: Any) -> Any:
            given = named.get("hidden_states", args[0] if args else None)
            time = float(named["timestep"].flatten()[-1]) if part == "denoise" else 0.0
            made.append(Call(part, id(self), time, str(given.dtype).removeprefix("torch.")))
            return real(self, *args, **named)

        monkeypatch.setattr(kind, method, watched)

    watch("denoise", WanTransformer3DModel, "forward")
    watch("read", UMT5EncoderModel, "forward")
    watch("encode", AutoencoderKLWan, "encode")
    watch("decode", AutoencoderKLWan, "decode")
    return made


def count(calls: list[Call], part: str) -> int:
    return sum(call.part == part for call in calls)


async def test_a_take_from_text_has_the_frames_asked_for(text_model: Path) -> None:
    frames, rate = await take(WanShots(text_model, TINY, runtime=CPU), ask())
    assert (frames.shape, rate) == ((9, 32, 48, 3), 8)
    assert frames.std() > 1, "one flat colour is no picture"


@pytest.mark.parametrize(("seconds", "length", "rate"), [(1.0, 9, 8), (0.5, 5, 8), (0.1, 1, 8), (1.5, 9, 6)])
async def test_frames_are_four_n_and_one(text_model: Path, seconds: float, length: int, rate: int) -> None:
    frames, paced = await take(WanShots(text_model, TINY, runtime=CPU), ask(seconds=seconds))
    assert (len(frames), paced) == (length, rate)
    assert length >= round(seconds * rate)


async def test_the_seed_decides(text_model: Path) -> None:
    maker = WanShots(text_model, TINY, runtime=CPU)
    first, _ = await take(maker, ask(seed=7))
    again, _ = await take(WanShots(text_model, TINY, runtime=CPU), ask(seed=7))
    other, _ = await take(maker, ask(seed=8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


async def test_noise_that_a_step_adds_follows_the_seed_and_is_not_what_the_take_began_with(
    text_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from diffusers.schedulers import scheduling_flow_match_lcm

    began_with: list[Any] = []
    added: list[Any] = []
    draw, step = scheduling_flow_match_lcm.randn_tensor, diffusers_lcm().step

    def drawn(*args: Any, **named: Any) -> Any:
        added.append(draw(*args, **named))
        return added[-1]

    def stepped(self: Any, output: Any, time: Any, sample: Any, **named: Any) -> Any:
        began_with.append(sample)
        return step(self, output, time, sample, **named)

    # The signature is what a pipeline's scheduler is recognised by.
    stepped.__signature__ = inspect.signature(step)  # type: ignore[attr-defined]
    monkeypatch.setattr(scheduling_flow_match_lcm, "randn_tensor", drawn)
    monkeypatch.setattr(diffusers_lcm(), "step", stepped)
    fast = dataclasses.replace(TINY, steps=3, guidance=1.0, scheduler="dmd")
    maker = WanShots(text_model, fast, runtime=CPU)
    monkeypatch.setattr(torch, "manual_seed", lambda _seed: None)  # the process's noise goes on as it likes
    first, _ = await take(maker, ask())
    again, _ = await take(maker, ask())
    assert np.array_equal(first, again)
    assert len(added) == 6
    assert not any(torch.allclose(noise, began_with[0]) for noise in added)


def diffusers_lcm() -> Any:
    from diffusers import FlowMatchLCMScheduler

    return FlowMatchLCMScheduler


async def test_prompt_and_negative_prompt_reach_the_model(text_model: Path, calls: list[Call]) -> None:
    maker = WanShots(text_model, TINY, runtime=CPU)
    plain, _ = await take(maker, ask())
    assert (count(calls, "read"), count(calls, "denoise")) == (2, 4)
    assert not np.array_equal(plain, (await take(maker, ask(negative="watermark")))[0])
    assert not np.array_equal(plain, (await take(maker, ask(text="a fox at dawn")))[0])


@pytest.mark.parametrize("image", [None, picture()])
async def test_guidance_of_one_computes_no_negative_prompt(
    either_model: Path, calls: list[Call], image: Any
) -> None:
    plain = dataclasses.replace(TINY, guidance=1.0)
    maker = WanShots(either_model, plain, image_model=either_model, runtime=CPU)
    first, _ = await take(maker, ask(image=image))
    assert (count(calls, "read"), count(calls, "denoise")) == (1, 2)
    other, _ = await take(maker, ask(image=image, negative="watermark"))
    assert np.array_equal(first, other)


async def test_distilled_weights_get_the_steps_they_were_distilled_for(
    text_model: Path, calls: list[Call]
) -> None:
    fast = dataclasses.replace(TINY, steps=3, guidance=1.0, scheduler="dmd")
    await take(WanShots(text_model, fast, runtime=CPU), ask())
    assert [call.time for call in calls if call.part == "denoise"] == [1000, 757, 522]


async def test_distilled_weights_are_loaded_though_they_name_a_pipeline_of_their_own(tmp_path: Path) -> None:
    folder = tiny_video.wan_text(tmp_path / "fast")
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace('"WanPipeline"', '"WanDMDPipeline"'))
    assert "WanDMDPipeline" in index.read_text()
    frames, _ = await take(WanShots(folder, TINY, runtime=CPU), ask())
    assert len(frames) == 9


async def test_the_flow_shift_moves_the_steps(text_model: Path, calls: list[Call]) -> None:
    for shift in (1.0, 5.0):
        options = dataclasses.replace(TINY, guidance=1.0, flow_shift=shift)
        await take(WanShots(text_model, options, runtime=CPU), ask())
    _, low, _, high = [call.time for call in calls if call.part == "denoise"]
    assert high > low + 100


@pytest.mark.parametrize("scheduler", ["unipc", "euler", "lcm"])
async def test_the_shift_is_applied_once_and_the_last_step_has_work_to_do(
    text_model: Path, calls: list[Call], scheduler: str
) -> None:
    options = dataclasses.replace(TINY, guidance=1.0, flow_shift=5.0, steps=4, scheduler=scheduler)
    await take(WanShots(text_model, options, runtime=CPU), ask())
    # sigma = 5 s / (1 + 4 s) of s = 1, 3/4, 1/2, 1/4.
    times = [call.time for call in calls if call.part == "denoise"]
    assert times == pytest.approx([1000, 937.5, 833.3, 625], abs=1)


@pytest.mark.parametrize("scheduler", ["unipc", "euler", "lcm", "dpm++"])
async def test_schedulers_of_flows_work(text_model: Path, scheduler: str) -> None:
    options = dataclasses.replace(TINY, scheduler=scheduler, steps=3)
    frames, _ = await take(WanShots(text_model, options, runtime=CPU), ask())
    assert frames.shape == (9, 32, 48, 3)


async def test_a_take_goes_on_from_its_picture(text_model: Path, image_model: Path) -> None:
    maker = WanShots(text_model, TINY, image_model=image_model, runtime=CPU)
    assert maker.capability.from_image
    # A second of eight frames needs nine: the first repeats the picture and is left out.
    first, rate = await take(maker, ask(image=picture(1)))
    assert (first.shape, rate) == ((8, 32, 48, 3), 8)
    again, _ = await take(maker, ask(image=picture(1)))
    other, _ = await take(maker, ask(image=picture(2)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def transformers() -> int:
    """How many of Wan's transformers are in memory."""
    from diffusers import WanTransformer3DModel

    gc.collect()
    return sum(type(thing) is WanTransformer3DModel for thing in gc.get_objects())


async def test_two_models_take_turns_in_memory(text_model: Path, image_model: Path) -> None:
    maker = WanShots(text_model, TINY, image_model=image_model, runtime=CPU)
    from_text, from_image = maker.pipeline(None), maker.pipeline(picture())
    await take(maker, ask())
    assert (from_text.loaded, from_image.loaded) == (True, False)
    held = transformers()
    await take(maker, ask(image=picture()))
    assert transformers() == held, "the one that left is gone"
    assert (from_text.loaded, from_image.loaded) == (False, True)
    await take(maker, ask())
    assert (from_text.loaded, from_image.loaded) == (True, False)

    both = WanShots(text_model, TINY, image_model=image_model, keep_both=True, runtime=CPU)
    await take(both, ask())
    await take(both, ask(image=picture()))
    assert both.pipeline(None).loaded
    assert both.pipeline(picture()).loaded


async def test_one_model_that_does_both_is_loaded_once(either_model: Path, calls: list[Call]) -> None:
    maker = WanShots(either_model, TINY, image_model=either_model, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        for image in (picture(1), None, picture(1)):
            await take(maker, ask(image=image))
    assert [said.done for said in told if said.stage == "load"] == [0, 1]
    assert len({call.who for call in calls if call.part == "denoise"}) == 1
    assert maker.capability.weights == (str(either_model),)


async def test_its_autoencoder_works_in_32_bits_and_the_rest_in_16(
    either_model: Path, calls: list[Call]
) -> None:
    half = Runtime(device="cpu", dtype="bfloat16")
    maker = WanShots(either_model, TINY, image_model=either_model, runtime=half)
    for image in (None, picture(), None):
        await take(maker, ask(image=image))
    assert {(call.part, call.dtype) for call in calls if call.part != "read"} == {
        ("denoise", "bfloat16"),
        ("encode", "float32"),
        ("decode", "float32"),
    }


async def test_windows_go_on_from_each_other(either_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun_with: list[Picture] = []
    real = wan.frames.to_pil

    def to_pil(image: Picture, *size: int) -> Any:
        begun_with.append(image)
        return real(image, *size)

    monkeypatch.setattr(wan.frames, "to_pil", to_pil)
    options = dataclasses.replace(TINY, windows=3)
    maker = WanShots(either_model, options, image_model=either_model, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        frames, rate = await take(maker, ask(seconds=3.0))
    assert (len(frames), rate) == (25, 8)
    assert len(begun_with) == 2
    for image, last in zip(begun_with, (8, 16), strict=True):
        assert np.array_equal(image, frames[last])
    shot = tiny.once((said.done, said.of) for said in told if said.stage == "shot")
    assert shot == [(0, 6), (1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]
    assert len(set(maker.credit(ask(seconds=3.0)).details["window_seeds"])) == 3
    again, _ = await take(maker, ask(seconds=3.0))
    assert np.array_equal(frames, again)


async def test_a_window_is_let_go_before_the_next_one_is_made(
    either_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = WanShots(
        either_model, dataclasses.replace(TINY, windows=3), image_model=either_model, runtime=CPU
    )
    held: list[int] = []
    made: list[weakref.ref[Any]] = []
    real = maker._window

    def window(*args: Any) -> Any:
        gc.collect()
        held.append(sum(video() is not None for video in made))
        video = real(*args)
        made.append(weakref.ref(video))
        return video

    monkeypatch.setattr(maker, "_window", window)
    await take(maker, ask(seconds=3.0))
    assert held == [0, 0, 0]


async def test_the_attention_that_was_chosen_is_the_one_of_every_layer(text_model: Path) -> None:
    maker = WanShots(text_model, TINY, runtime=Runtime(device="cpu", attention="native"))
    await take(maker, ask())
    layers = [
        module.processor
        for module in maker._text._loaded.transformer.modules()
        if hasattr(module, "processor")
    ]
    assert {layer._attention_backend.value for layer in layers} == {"native"}
    assert maker.credit(ask()).details["attention"] == "native"


async def test_what_goes_wrong_before_the_call_is_said_in_the_same_way(
    text_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = WanShots(text_model, TINY, runtime=CPU)

    def broken(*_args: Any) -> Any:
        raise KeyError("embeds")

    with monkeypatch.context() as patch:
        patch.setattr(maker, "arguments", broken)
        with pytest.raises(InternalError, match="the model failed: KeyError"):
            await take(maker, ask())
    assert len((await take(maker, ask()))[0]) == 9


async def test_progress_is_told_step_by_step(text_model: Path) -> None:
    told: list[Progress] = []
    with progress.heard(told.append):
        await take(WanShots(text_model, TINY, runtime=CPU), ask())
    said = [(one.stage, one.done, one.of) for one in told]
    steps = [("load", 0, 1), ("load", 1, 1), ("shot", 0, 2), ("shot", 1, 2), ("shot", 2, 2)]
    assert tiny.once(said) == steps
    assert said[: len(steps)] == steps
    assert len(said) > len(steps), "decoding is told as well, or it would pass for a hang"


@pytest.mark.parametrize("image", [None, picture()])
async def test_an_abandoned_take_stops_within_one_step_and_decodes_nothing(
    either_model: Path, calls: list[Call], image: Any
) -> None:
    loop = asyncio.get_running_loop()
    slow = dataclasses.replace(TINY, steps=100, guidance=1.0)
    maker = WanShots(either_model, slow, image_model=either_model, runtime=CPU)
    with pytest.raises(asyncio.CancelledError):
        await cancelled_at(maker, ask(image=image), step=2)
    await loop.shutdown_default_executor()  # waits for the thread
    assert 2 <= count(calls, "denoise") <= 3
    assert count(calls, "decode") == 0


def test_the_credit_says_what_shaped_the_frames(text_model: Path, image_model: Path) -> None:
    maker = WanShots(text_model, TINY, image_model=image_model, runtime=CPU)
    credit = maker.credit(ask())
    assert (credit.adapter, credit.model, credit.media) == ("wan", text_model.name, Media.TRAINED)
    assert {"frames": 9, "fps": 8, "seed": 7, "steps": 2, "guidance": 3.0}.items() <= credit.details.items()
    assert "image" not in credit.details
    going_on = maker.credit(ask(image=picture()))
    assert going_on.model == image_model.name
    assert len(going_on.details["image"]) == 64
    json.dumps(dict(going_on.details))


def test_what_it_takes_is_known_without_loading(image_model: Path) -> None:
    known = WanShots().capability
    assert known.weights == (MODEL,)
    assert (known.hosted, known.from_image) == (True, False)
    assert (known.realtime_factor, known.measured_on) == (47.4, "RTX 4090")
    assert known.vram_gb > 10
    assert WanShots(options=WanOptions()).capability.realtime_factor is None, "nobody has measured that"
    with_image = WanShots(image_model="Wan-AI/Wan2.1-I2V-14B-480P-Diffusers").capability
    assert with_image.from_image
    assert with_image.weights == (MODEL, "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers")
    assert with_image.vram_gb > known.vram_gb


def test_a_model_of_ones_own_is_as_large_as_its_files(text_model: Path, tmp_path: Path) -> None:
    here = Runtime(locate=lambda model: tmp_path if model == "our/wan" else model)
    unknown = WanShots("our/wan", TINY, runtime=here).footprint
    assert unknown == WanShots.FOOTPRINT, "nothing was fetched yet"
    for name in ("1", "2"):
        part = tmp_path / "transformer" / f"diffusion_pytorch_model-0000{name}-of-00002.safetensors"
        part.parent.mkdir(exist_ok=True)
        with part.open("wb") as file:
            file.truncate(14_000_000_000)
    (tmp_path / "transformer" / "diffusion_pytorch_model.fp16.safetensors").touch()
    found = WanShots("our/wan", TINY, runtime=here).footprint
    assert (found.weights_gb, found.largest_gb, found.disk_gb) == (28.0, 28.0, 28.0)
    assert found.working_gb == unknown.working_gb
    assert WanShots("our/wan", TINY, runtime=here).capability.vram_gb >= 28
    both = WanShots("other", TINY, image_model="our/wan", keep_both=True, runtime=here).capability
    assert both.vram_gb == pytest.approx(28 + unknown.weights_gb, abs=0.2)


TI2V = "Wan-AI/Wan2.2-TI2V-5B-Diffusers"


def test_a_side_that_the_model_would_round_is_refused() -> None:
    odd = dataclasses.replace(TINY, height=720 - 16 * 5)
    WanShots(options=odd)
    with pytest.raises(InputError, match=r"studio\.shot\.height: 720 is no multiple of 32: write 704"):
        WanShots(TI2V, dataclasses.replace(TINY, height=720, width=64))
    with pytest.raises(InputError, match="no multiple of 32"):
        WanShots(options=TINY, image_model=TI2V)
    ways = WanShots(TI2V).cheaper()
    assert {way.name for way in ways} == {"fewer steps", "smaller"}
    for way in ways:
        WanShots(TI2V, WanOptions.from_mapping({k: v for k, v in way.options.items() if k != "use"}))


async def test_a_loaded_model_knows_what_it_would_round(tmp_path: Path) -> None:
    folder = tiny_video.wan_text(tmp_path / "ours")
    file = folder / "vae" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"scale_factor_spatial": 16}))
    with pytest.raises(InputError, match="48 is no multiple of 32"):
        await take(WanShots(folder, TINY, runtime=CPU), ask())


def test_options_follow_the_operators_model_where_the_curator_is_silent(tmp_path: Path) -> None:
    advised = WanShots.options_for(MODEL, {"frames": 49})
    assert (advised.steps, advised.guidance, advised.flow_shift, advised.frames) == (50, 6.0, 8.0, 49)
    fast = WanShots.options_for(FAST, {"frames": 49})
    assert (fast.steps, fast.guidance, fast.scheduler, fast.frames) == (3, 1.0, "dmd", 49)
    folder = tmp_path / MODEL.split("/")[1]
    assert WanShots.options_for(folder, {}) == WanShots.options_for(MODEL, {})
    assert WanShots.options_for(tmp_path / "ours", {}) == WanOptions()
    assert WanOptions().scheduler == ""


async def test_what_suits_a_distilled_model_does_not_pass_for_a_wish_about_another(
    tmp_path: Path, image_model: Path, calls: list[Call]
) -> None:
    distilled = tiny_video.wan_text(tmp_path / FAST.split("/")[1])
    small = {"frames": 9, "width": 64, "height": 32, "fps": 8}
    options = WanShots.options_for(distilled, small)
    maker = WanShots(distilled, options, image_model=image_model, runtime=CPU)
    first, going_on = maker.credit(ask()).details, maker.credit(ask(image=picture())).details
    assert (first["scheduler"], first["steps"], first["guidance"]) == ("dmd", 3, 1.0)
    assert (going_on["scheduler"], going_on["steps"], going_on["guidance"]) == ("", 50, 5.0)
    assert (going_on["width"], going_on["height"]) == (64, 32)

    wished = dataclasses.replace(options, steps=2, scheduler="euler", windows=2)
    maker = WanShots(distilled, wished, image_model=image_model, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        await take(maker, ask(seconds=2.0))
    assert count(calls, "denoise") == 2 + 2 * 2, "only the other model is guided"
    shot = tiny.once((said.done, said.of) for said in told if said.stage == "shot")
    assert shot == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_cheaper_ways_are_legal_and_ever_cheaper(text_model: Path) -> None:
    ways = WanShots(text_model, WanOptions(), runtime=CPU).cheaper()
    assert {way.name for way in ways} == {"fewer steps", "smaller"}
    work = [(o["steps"], o["width"] * o["height"]) for o in (way.options for way in ways)]
    assert work == sorted(work, reverse=True)
    for way in [*ways, *WanShots().cheaper()]:
        assert way.options["use"] == "wan"
        WanOptions.from_mapping({name: value for name, value in way.options.items() if name != "use"})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"frames": 80}, "studio.shot.frames: 80 is not 4n+1: write 81"),
        ({"width": 840}, "studio.shot.width: 840 is no multiple of 16: write 832"),
        ({"scheduler": "dmd", "steps": 8, "guidance": 1.0}, "write 3, or scheduler: unipc"),
        ({"scheduler": "dmd", "steps": 3, "flow_shift": 5.0}, "studio.shot.flow_shift"),
        ({"flow_shift": "much"}, "'much' will not do: write a number from 0.1 to 20"),
        ({"scheduler": "ddim"}, "'ddim' here: write one of euler, lcm, dpm++, unipc, dmd"),
        ({"scheduler": "heun"}, "'heun' here: write one of euler, lcm, dpm++, unipc, dmd"),
        ({"windows": 0}, "studio.shot.windows: 0 will not do"),
        ({"step": 3}, "there is no such option: write one of frames, "),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        WanOptions.from_mapping(written)
    assert said in str(caught.value)


async def test_a_shot_longer_than_its_frames_is_refused(text_model: Path) -> None:
    with pytest.raises(InputError, match=r"9 frames are too few for 3 s: cut shots to 2\.2 s or less"):
        await take(WanShots(text_model, TINY, runtime=CPU), ask(seconds=3.0))


async def test_without_an_image_model_a_picture_is_refused(text_model: Path) -> None:
    with pytest.raises(ConfigError, match="name an image-to-video model"):
        await take(WanShots(text_model, TINY, runtime=CPU), ask(image=picture()))
    with pytest.raises(InputError, match="ask the operator to name an image model"):
        WanShots(text_model, dataclasses.replace(TINY, windows=2))


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = "import sys, webtv.studio.diffusers.wan; print({'torch', 'diffusers', 'PIL'} & {*sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "set()"
