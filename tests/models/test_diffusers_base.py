"""What every diffusers adapter does alike: loading, schedulers, LoRAs, memory, pictures that show nothing.

Told by Zeroscope, whose tiny pipeline is the quickest, and where it matters by AnimateDiff.
"""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from webtv.core.errors import (
    ConfigError,
    InputError,
    InternalError,
    QualityError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.studio.diffusers import schedulers
from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots
from webtv.studio.diffusers.options import LoraChoice
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.ports import Frames
from webtv.studio.progress import heard

pytestmark = pytest.mark.models

TINY = ZeroscopeOptions(frames=4, width=64, height=64, steps=2, guidance=9.0, fps=8)


async def shoot(model: Path, runtime: Runtime | None = None, **options: Any) -> Frames:
    """Half a second; with the given runtime and options."""
    maker = ZeroscopeShots(model, dataclasses.replace(TINY, **options), runtime=runtime)
    return await tiny.shoot(maker, seconds=0.5)


@pytest.fixture
def copy(tiny_zeroscope: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to be tampered with."""
    return Path(shutil.copytree(tiny_zeroscope, tmp_path / "model"))


# Loading


async def test_an_id_is_looked_up_where_the_operator_keeps_weights(tiny_zeroscope: Path) -> None:
    asked: list[str] = []

    def locate(model: str) -> Path:
        asked.append(model)
        return tiny_zeroscope

    maker = ZeroscopeShots("house/zeroscope", TINY, runtime=Runtime(locate=locate))
    assert len(await tiny.shoot(maker, seconds=0.5)) == 4
    assert asked == ["house/zeroscope"]
    assert maker.credit(tiny.ask(seconds=0.5)).model == "house/zeroscope"


async def test_what_the_locator_refuses_is_refused_in_its_words() -> None:
    def locate(model: str) -> Path:
        raise ConfigError(f"{model} is a pickle", place="models", remedy="allow it by name")

    with pytest.raises(ConfigError, match="allow it by name"):
        await tiny.shoot(ZeroscopeShots("a/b", TINY, runtime=Runtime(locate=locate)), seconds=0.5)


async def test_pickled_weights_are_not_loaded(copy: Path) -> None:
    import torch

    weights = next((copy / "unet").glob("*.safetensors"))
    torch.save({}, weights.with_name("diffusion_pytorch_model.bin"))
    weights.unlink()
    with pytest.raises(ConfigError, match="safetensors"):
        await shoot(copy)


async def test_code_that_came_with_a_model_is_not_run(copy: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    (copy / "mine.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Mine: ...\n")
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": ["mine", "Mine"]}))
    from webtv.studio.diffusers.text_to_video import TextToVideoOptions, TextToVideoShots

    options = TextToVideoOptions(frames=4, width=64, height=64, steps=2)
    with pytest.raises(ConfigError):
        await tiny.shoot(TextToVideoShots(copy, options), seconds=0.5)
    assert not trace.exists()


@pytest.mark.parametrize("damage", ["weights", "config", "index"])
async def test_a_damaged_model_is_a_matter_of_the_settings(copy: Path, damage: str) -> None:
    match damage:
        case "weights":
            next((copy / "unet").glob("*.safetensors")).write_bytes(b"\x08" + bytes(30))
        case "config":
            (copy / "unet" / "config.json").write_text("{")
        case "index":
            index = json.loads((copy / "model_index.json").read_text())
            (copy / "model_index.json").write_text(json.dumps(index | {"unet": ["diffusers", "Nothing"]}))
    with pytest.raises(ConfigError) as caught:
        await shoot(copy)
    assert caught.value.place == "studio.shot zeroscope"
    assert "model_index.json" in caught.value.remedy


async def test_the_variant_is_the_one_that_was_asked_for(copy: Path) -> None:
    with pytest.raises(ConfigError, match="variant=fp16"):
        await shoot(copy, Runtime(variant="fp16"))
    for file in [*copy.rglob("diffusion_pytorch_model.safetensors"), *copy.rglob("model.safetensors")]:
        file.rename(file.with_suffix(".fp16.safetensors"))
    assert len(await shoot(copy, Runtime(variant="fp16"))) == 4


async def test_precision_is_as_set(tiny_zeroscope: Path) -> None:
    maker = ZeroscopeShots(tiny_zeroscope, TINY, runtime=Runtime(dtype="bfloat16"))
    assert len(await tiny.shoot(maker, seconds=0.5)) == 4
    assert maker.credit(tiny.ask(seconds=0.5)).details["dtype"] == "bfloat16"


async def test_a_device_that_is_not_there_is_named(tiny_zeroscope: Path) -> None:
    with pytest.raises(ConfigError, match="this machine has no cuda:77") as caught:
        await shoot(tiny_zeroscope, Runtime(device="cuda:77"))
    assert caught.value.place == "models.device"


async def test_nothing_is_offloaded_from_a_cpu(tiny_zeroscope: Path) -> None:
    with pytest.raises(ConfigError, match="write none") as caught:
        await shoot(tiny_zeroscope, Runtime(device="cpu", offload="model"))
    assert caught.value.place == "models.offload"


async def test_an_attention_back_end_that_cannot_be_had_is_refused(tiny_zeroscope: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        await shoot(tiny_zeroscope, Runtime(attention="warp"))
    assert caught.value.place == "models.attention"


async def test_a_denoiser_that_heeds_no_choice_of_attention_is_refused(tiny_zeroscope: Path) -> None:
    with pytest.raises(ConfigError, match="UNet3DConditionModel cannot do it here") as caught:
        await shoot(tiny_zeroscope, Runtime(attention="native"))
    assert caught.value.place == "models.attention"


@pytest.mark.parametrize("name", ["flash_hub", "SAGE_HUB", "_flash_3_varlen_hub"])
def test_attention_that_fetches_programs_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="fetches a program") as caught:
        Runtime(attention=name)
    assert caught.value.place == "models.attention"


async def test_compiling_is_told_as_loading_once_for_each_size(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    settings: list[dict[str, Any]] = []

    def compiled(function: Any, *_args: Any, **named: Any) -> Any:
        settings.append(named)
        return function

    monkeypatch.setattr(torch, "compile", compiled)
    maker = ZeroscopeShots(tiny_zeroscope, TINY, runtime=Runtime(device="cpu", compile=True))
    shorter = ZeroscopeShots(
        tiny_zeroscope, dataclasses.replace(TINY, steps=3), runtime=Runtime(device="cpu", compile=True)
    )

    async def told(seconds: float, maker: ZeroscopeShots = maker) -> list[tuple[str, int, int]]:
        with heard(ear := tiny.Ear()):
            await tiny.shoot(maker, seconds=seconds)
        return tiny.once((said.stage, said.done, said.of) for said in ear.heard)

    loads, steps = [("load", 0, 1), ("load", 1, 1)], [("shot", 1, 2), ("shot", 2, 2)]
    assert await told(0.5) == [*loads, ("load", 0, 1), *steps]
    assert await told(0.5) == [("shot", 0, 2), *steps]
    assert await told(0.25) == [("load", 0, 1), *steps]
    shorter.adopt(maker)
    assert (await told(0.5, shorter))[0] == ("shot", 0, 3), "it was compiled for that"
    assert settings == [{"dynamic": True}]


async def test_tiles_and_eight_bit_weights_are_switched_on(tiny_zeroscope: Path) -> None:
    import torch

    runtime = Runtime(vae_tiling=True, layerwise_casting=True)
    maker = ZeroscopeShots(tiny_zeroscope, TINY, runtime=runtime)
    assert len(await tiny.shoot(maker, seconds=0.5)) == 4
    loaded = maker._pipeline._loaded
    assert loaded.vae.use_tiling
    assert loaded.vae.use_slicing
    stored = {weight.dtype for weight in loaded.unet.parameters()}
    assert torch.float8_e4m3fn in stored
    assert maker.credit(tiny.ask(seconds=0.5)).details["layerwise_casting"] is True


# Schedulers


@pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # some of diffusers' and numpy 2
async def test_every_scheduler_makes_a_take_of_its_own_and_always_the_same(tiny_zeroscope: Path) -> None:
    plain = await shoot(tiny_zeroscope, steps=3)
    for name in schedulers.NOISE:
        options = dataclasses.replace(TINY, steps=3, scheduler=name)
        maker = ZeroscopeShots(tiny_zeroscope, options)
        frames = await tiny.shoot(maker, seconds=0.5)
        # The tiny model comes with DDIM.
        assert np.array_equal(plain, frames) == (name == "ddim"), name
        assert np.array_equal(frames, await tiny.shoot(maker, seconds=0.5)), name


def test_a_flow_keeps_its_shift_and_gets_a_flows_scheduler() -> None:
    import diffusers

    came = diffusers.FlowMatchEulerDiscreteScheduler(shift=5.0)
    chosen = schedulers.choose(diffusers, came, "unipc", place="studio.shot.scheduler")
    assert isinstance(chosen, diffusers.UniPCMultistepScheduler)
    assert chosen.config.use_flow_sigmas
    assert chosen.config.prediction_type == "flow_prediction"
    assert chosen.config.flow_shift == 5.0
    back = schedulers.choose(diffusers, chosen, "euler", place="studio.shot.scheduler")
    assert isinstance(back, diffusers.FlowMatchEulerDiscreteScheduler)
    assert back.config.shift == 5.0


def test_a_scheduler_of_the_other_world_is_refused_with_those_of_this() -> None:
    import diffusers

    came = diffusers.FlowMatchEulerDiscreteScheduler()
    with pytest.raises(InputError) as caught:
        schedulers.choose(diffusers, came, "ddim", place="studio.shot.scheduler")
    assert caught.value.place == "studio.shot.scheduler"
    assert "write one of euler, heun, lcm, dpm++, unipc" in caught.value.remedy


# LoRAs


async def with_lora(model: Path, source: Path, weight: float = 1.0, file: str = "") -> Frames:
    choice = LoraChoice("ink", weight, file)
    maker = ZeroscopeShots(model, dataclasses.replace(TINY, loras=(choice,)), loras={"ink": source})
    return await tiny.shoot(maker, seconds=0.5)


def alike(a: Frames, b: Frames) -> bool:
    """Whether two takes are the same but for rounding: a sum in another order."""
    return int(np.abs(a.astype(int) - b).max()) <= 1


async def bent(model: Path, folder: Path, halves: Mapping[str, Any], weight: float) -> Frames:
    """A take of the model with ``weight * B @ A`` added by hand to what the LoRA is for."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, folder)
    file = next((folder / "unet").glob("*.safetensors"))
    state = load_file(file)
    state[f"{tiny.ATTENTION}.weight"] += weight * halves["B"] @ halves["A"]
    save_file(state, file, metadata={"format": "pt"})
    return await shoot(folder)


async def test_a_lora_adds_its_product_to_the_weights(tiny_zeroscope: Path, tmp_path: Path) -> None:
    halves = tiny.lora(tmp_path / "ink.safetensors")
    plain = await shoot(tiny_zeroscope)
    inked = await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 0.7)
    assert not alike(plain, inked)
    assert alike(inked, await bent(tiny_zeroscope, tmp_path / "bent", halves, 0.7))
    assert np.array_equal(plain, await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 0.0))


async def test_other_trainers_names_and_alphas_mean_the_same(tiny_zeroscope: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    halves = tiny.lora(tmp_path / "ink.safetensors")
    stem = "lora_unet_" + tiny.ATTENTION.replace(".", "_")
    state = {f"{stem}.lora_down.weight": halves["A"], f"{stem}.lora_up.weight": halves["B"]}
    save_file(state | {f"{stem}.alpha": torch.tensor(1.0)}, tmp_path / "kohya.safetensors")
    # Alpha 1 of rank 2 halves it.
    inked = await with_lora(tiny_zeroscope, tmp_path / "kohya.safetensors", 1.0)
    assert alike(inked, await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 0.5))
    assert not alike(inked, await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 1.0))


async def test_diffusers_own_alpha_stands_in_the_files_metadata(tiny_zeroscope: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tiny.lora(tmp_path / "ink.safetensors")
    metadata = {"lora_adapter_metadata": json.dumps({"unet.lora_alpha": 1, "unet.r": 2})}
    state = load_file(tmp_path / "ink.safetensors")
    save_file(state, tmp_path / "trained.safetensors", metadata=metadata)
    inked = await with_lora(tiny_zeroscope, tmp_path / "trained.safetensors", 1.0)
    assert alike(inked, await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 0.5))
    assert not alike(inked, await with_lora(tiny_zeroscope, tmp_path / "ink.safetensors", 1.0))


async def test_loras_add_up_and_may_bend_the_reading_of_prompts(tiny_zeroscope: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tiny.lora(tmp_path / "ink.safetensors")
    reader = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj"
    save_file(
        {f"{reader}.lora_A.weight": torch.ones(1, 4), f"{reader}.lora_B.weight": torch.ones(4, 1)},
        tmp_path / "words.safetensors",
    )
    chosen = (LoraChoice("ink"), LoraChoice("words", -2.0))
    files = {"ink": tmp_path / "ink.safetensors", "words": tmp_path / "words.safetensors"}

    async def made(*loras: LoraChoice) -> Frames:
        maker = ZeroscopeShots(tiny_zeroscope, dataclasses.replace(TINY, loras=loras), loras=files)
        return await tiny.shoot(maker, seconds=0.5)

    takes = [await made(), await made(chosen[0]), await made(chosen[1]), await made(*chosen)]
    for n, take in enumerate(takes):
        assert not any(np.array_equal(take, other) for other in takes[:n])


async def test_a_lora_works_with_the_new_pipelines_too(
    tiny_stable_diffusion: Path, tiny_motion_adapter: Path, tmp_path: Path
) -> None:
    tiny.lora(tmp_path / "ink.safetensors")
    options = AnimateDiffOptions(frames=4, width=64, height=64, steps=2, fps=8)
    takes = [
        await tiny.shoot(
            AnimateDiffShots(
                tiny_stable_diffusion,
                tiny_motion_adapter,
                dataclasses.replace(options, loras=loras),
                loras={"ink": tmp_path / "ink.safetensors"},
            ),
            seconds=0.5,
        )
        for loras in ((), (LoraChoice("ink"),))
    ]
    assert not np.array_equal(*takes)


async def test_a_loras_folder_holds_one_file_or_the_curator_names_one(
    tiny_zeroscope: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "loras"
    folder.mkdir()
    tiny.lora(folder / "ink.safetensors")
    alone = await with_lora(tiny_zeroscope, folder)
    tiny.lora(folder / "oil.safetensors", seed=4)
    with pytest.raises(ConfigError, match=r"name one of its files: ink\.safetensors, oil\.safetensors"):
        await with_lora(tiny_zeroscope, folder)
    assert np.array_equal(alone, await with_lora(tiny_zeroscope, folder, file="ink.safetensors"))


async def test_a_files_name_is_no_pattern(tiny_zeroscope: Path, tmp_path: Path) -> None:
    tiny.lora(tmp_path / "ink.safetensors")
    with pytest.raises(ConfigError, match="has 0 files that fit"):
        await with_lora(tiny_zeroscope, tmp_path, file="*.safetensors")
    for file in ("..", "*", "ink.pt"):
        with pytest.raises(InputError, match="is no safetensors file"):
            LoraChoice.from_option({"id": "ink", "file": file}, "shot")


@pytest.mark.parametrize("end", [".diff", ".diff_b"])
async def test_whole_differences_are_another_kind_and_a_folder_called_so_is_not(
    tiny_zeroscope: Path, tmp_path: Path, end: str
) -> None:
    import torch
    from safetensors.torch import save_file

    file = tmp_path / "ink.safetensors"
    for key, other in ((f"unet.conv_in{end}", True), ("model.diffusion_model.x.weight", False)):
        save_file({key: torch.ones(2, 2)}, file)
        with pytest.raises(ConfigError) as caught:
            await with_lora(tiny_zeroscope, file)
        assert ("another kind of adapter" in caught.value.message) == other


@pytest.mark.parametrize("wrong", ["module", "size", "half", "kind", "pickle", "missing", "empty", "extra"])
async def test_a_lora_that_does_not_fit_says_why(tiny_zeroscope: Path, tmp_path: Path, wrong: str) -> None:
    import torch
    from safetensors.torch import save_file

    file, a, b = tmp_path / "ink.safetensors", torch.ones(2, 8), torch.ones(8, 2)
    base = f"unet.{tiny.ATTENTION}"
    states = {
        "module": ({"unet.mid.lora_A.weight": a, "unet.mid.lora_B.weight": b}, "this model has no unet.mid"),
        "size": ({f"{base}.lora_A.weight": torch.ones(2, 9), f"{base}.lora_B.weight": b}, "is (8, 8) here"),
        "half": ({f"{base}.lora_A.weight": a}, "only one of its two halves"),
        "kind": (
            {f"{base}.lora_A.weight": a, f"{base}.lora_B.weight": b, f"{base}.dora_scale": torch.ones(8)},
            "another kind of adapter",
        ),
        "extra": (
            {f"{base}.lora_A.weight": a, f"{base}.lora_B.weight": b, f"{base}.bias": torch.ones(8)},
            "is no half of a LoRA's pair",
        ),
        "empty": ({f"{base}.weight": b}, "holds no LoRA's pair"),
    }
    if wrong == "pickle":
        file = tmp_path / "ink.pt"
        torch.save({}, file)
        said = "is no safetensors file here"
    elif wrong == "missing":
        said = "is no safetensors file here"
    else:
        state, said = states[wrong]
        save_file(state, file)
    with pytest.raises(ConfigError) as caught:
        await with_lora(tiny_zeroscope, file)
    assert said in caught.value.message
    assert "LoRA ink" in caught.value.message
    assert caught.value.remedy


# When the device or the picture fails


async def failing(model: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> WebTVError:
    """What a take says when the model's denoiser raises an error; a take after it must work."""
    from diffusers import UNet3DConditionModel

    maker = ZeroscopeShots(model, TINY)

    def fail(*_args: Any, **_named: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(UNet3DConditionModel, "forward", fail)
        with pytest.raises(WebTVError) as caught:
            await tiny.shoot(maker, seconds=0.5)
    assert len(await tiny.shoot(maker, seconds=0.5)) == 4
    return caught.value


async def test_too_little_memory_is_a_lack_of_room_with_its_remedy(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.0 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ):
        said = await failing(tiny_zeroscope, monkeypatch, error)
        assert isinstance(said, ResourceError)
        assert "lower frames, width or height" in said.remedy


async def test_a_device_that_fails_may_work_again(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with ...")
    said = await failing(tiny_zeroscope, monkeypatch, error)
    assert isinstance(said, TransientError)
    assert "Compile with" not in said.message


async def test_anything_else_is_to_be_reported(tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = await failing(tiny_zeroscope, monkeypatch, KeyError("latents"))
    assert isinstance(said, InternalError)
    assert "KeyError" in said.message


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "no numbers"), (-1.0, "black")])
async def test_a_take_that_shows_nothing_is_made_again(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch, value: float, said: str
) -> None:
    import torch
    from diffusers import TextToVideoSDPipeline

    decode = TextToVideoSDPipeline.decode_latents

    def blind(self: Any, latents: Any) -> Any:
        return torch.full_like(decode(self, latents), value)

    monkeypatch.setattr(TextToVideoSDPipeline, "decode_latents", blind)
    with pytest.raises(QualityError, match=said) as caught:
        await shoot(tiny_zeroscope)
    assert caught.value.retryable
