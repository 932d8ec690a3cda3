"""Which files of a repository are fetched."""

import pytest

from webtv.studio.weights.selection import of_pipeline, parts_of

PARTS = frozenset({"unet", "vae", "scheduler"})
PLAIN = ["unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"]
HALF = [name.replace(".safetensors", ".fp16.safetensors") for name in PLAIN]
ABOUT = ["README.md", "model_index.json", "scheduler/scheduler_config.json", "unet/config.json"]
OTHERS = ["v1-5-pruned.safetensors", "whole.ckpt", "controlnet/model.safetensors"]


def test_parts_are_those_that_the_pipeline_names() -> None:
    index = (
        b'{"_class_name": "X", "unet": ["diffusers", "U"], "safety_checker": [null, null], "clip_skip": 2}'
    )
    assert parts_of(index) == {"unet"}
    for broken in (b"[]", b"{", b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
            parts_of(broken)


def test_twins_are_taken_when_they_are_asked_for_and_there() -> None:
    everything = [*ABOUT, *PLAIN, *HALF, *OTHERS]
    assert of_pipeline(everything, PARTS, None) == [*ABOUT, *PLAIN]
    assert of_pipeline(everything, PARTS, "fp16") == [*ABOUT, *HALF]
    assert of_pipeline(everything, PARTS, "bf16") == [*ABOUT, *PLAIN]
    # A part that comes in one precision only comes in that one.
    assert of_pipeline([*PLAIN, HALF[0]], PARTS, "fp16") == [PLAIN[1], HALF[0]]
    assert of_pipeline(HALF, PARTS, None) == HALF


def test_weights_in_pieces_go_with_their_list() -> None:
    pieces = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    halves = [f"unet/diffusion_pytorch_model.fp16-0000{n}-of-00002.safetensors" for n in (1, 2)]
    lists = [f"unet/diffusion_pytorch_model.safetensors.index{kind}.json" for kind in ("", ".fp16")]
    everything = [*pieces, *halves, *lists]
    assert of_pipeline(everything, PARTS, None) == [*pieces, lists[0]]
    assert of_pipeline(everything, PARTS, "fp16") == [*halves, lists[1]]
