"""Weights that a pipeline has no place for, or lacks: diffusers would only warn."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import tiny_video

from webtv.core.errors import ConfigError
from webtv.studio.diffusers.keys import files_of
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.wan import WanOptions, WanShots
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots

pytestmark = pytest.mark.models

GATE = "blocks.0.to_gate_compress.weight"
SMALL = WanOptions(frames=5, width=48, height=32, steps=2, guidance=1.0, fps=8)
CPU = Runtime(device="cpu")


def rewritten(folder: Path, part: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the weights of a part on disk."""
    from safetensors.torch import load_file, save_file

    (file,) = (folder / part).glob("*.safetensors")
    state = load_file(file)
    change(state)
    save_file(state, file, metadata={"format": "pt"})


@pytest.fixture
def wan(tmp_path: Path) -> Path:
    return tiny_video.wan_text(tmp_path / "wan")


def one_more(key: str) -> Callable[[dict[str, Any]], None]:
    import torch

    return lambda state: state.update({key: torch.zeros(2, 2)})


def one_less(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda state: state.__delitem__(key)


async def shoot(folder: Path) -> int:
    return len((await tiny_video.take(WanShots(folder, SMALL, runtime=CPU), tiny_video.ask(seconds=0.5)))[0])


async def test_a_model_trained_with_a_layer_that_its_class_lacks_is_refused(wan: Path) -> None:
    assert await shoot(wan) == 5
    rewritten(wan, "transformer", one_more(GATE))
    with pytest.raises(
        ConfigError, match=f"in transformer hold {GATE}, for which WanTransformer3DModel has no"
    ):
        await shoot(wan)


@pytest.mark.parametrize(("part", "key"), [("transformer", "proj_out.weight"), ("vae", "quant_conv.bias")])
async def test_a_model_that_lacks_weights_is_refused(wan: Path, part: str, key: str) -> None:
    rewritten(wan, part, one_less(key))
    with pytest.raises(ConfigError, match=f"in {part} lack {key}, which"):
        await shoot(wan)


async def test_what_the_class_itself_says_may_be_left_over_is_left(wan: Path) -> None:
    rewritten(wan, "transformer", one_more("blocks.0.attn2.norm_added_q.weight"))
    assert await shoot(wan) == 5


async def test_attention_under_its_old_names_is_known(tiny_zeroscope: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_zeroscope, tmp_path / "old"))
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def older(state: dict[str, Any]) -> None:
        for key in [key for key in state if ".mid_block.attentions.0." in key]:
            for new, old in names.items():
                if f".{new}." in key:
                    state[key.replace(new, old)] = state.pop(key)

    rewritten(folder, "vae", older)
    options = ZeroscopeOptions(frames=4, width=64, height=64, steps=2, fps=8)
    takes = [
        await tiny.shoot(ZeroscopeShots(each, options), seconds=0.5) for each in (tiny_zeroscope, folder)
    ]
    assert takes[0].tobytes() == takes[1].tobytes()


async def test_quantised_weights_are_left_to_whoever_reads_them(wan: Path) -> None:
    import torch
    from diffusers import WanTransformer3DModel

    from webtv.studio.diffusers import keys

    part = WanTransformer3DModel.from_pretrained(wan / "transformer")
    whole = type("Whole", (), {"components": {"transformer": part}})()
    rewritten(wan, "transformer", one_more("blocks.0.attn1.to_q.weight.absmax"))
    with pytest.raises(ConfigError, match="absmax"):
        keys.expect_whole(torch, whole, wan, None, "here")
    config = json.loads((wan / "transformer" / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes"}
    (wan / "transformer" / "config.json").write_text(json.dumps(config))
    keys.expect_whole(torch, whole, wan, None, "here")


def test_the_files_are_those_of_the_variant_or_the_plain_ones(tmp_path: Path) -> None:
    names = [
        "m.safetensors",
        "m.fp16.safetensors",
        "m.fp16-00001-of-00002.safetensors",
        "m.non_ema.safetensors",
    ]
    for name in names:
        (tmp_path / name).touch()
    assert [file.name for file in files_of(tmp_path, None)] == ["m.safetensors"]
    assert [file.name for file in files_of(tmp_path, "fp16")] == sorted(names[1:3])
    assert [file.name for file in files_of(tmp_path, "bf16")] == ["m.safetensors"]
