"""Tiny random pipelines, saved so that the real ``from_pretrained`` loads them; and what is asked of them.

A few thousand weights each: they show nothing, but every line of loading, reading prompts, denoising and
decoding that the full-size models take is taken by these too.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tiny_words import CLIP, tokenizer

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import Frames, ShotMaker, ShotRequest, Take
from webtv.studio.progress import Progress

Told = TypeVar("Told")

ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
"""A module that every tiny denoiser here has."""


def _reader() -> dict[str, Any]:
    """A tokenizer of few words and CLIP's text model, four numbers wide."""
    from transformers import CLIPTextConfig, CLIPTextModel

    words = tokenizer(marks=CLIP, longest=16, ended=False)
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=4,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    return {"tokenizer": words, "text_encoder": CLIPTextModel(text)}


def _vae() -> Any:
    """Eight pixels to one latent on each side, as the full one."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=2,
    )


def zeroscope(folder: Path) -> Path:
    """A text-to-video model that both of Zeroscope's pipelines load."""
    import torch
    from diffusers import DDIMScheduler, TextToVideoSDPipeline, UNet3DConditionModel

    torch.manual_seed(0)
    unet = UNet3DConditionModel(
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        cross_attention_dim=4,
        attention_head_dim=4,
        norm_num_groups=2,
        sample_size=8,
    )
    pipeline = TextToVideoSDPipeline(vae=_vae(), unet=unet, scheduler=DDIMScheduler(), **_reader())
    pipeline.save_pretrained(folder)
    return folder


def stable_diffusion(folder: Path) -> Path:
    """A picture model of Stable Diffusion 1.5's kind, as its published folder is: with PNDM's scheduler."""
    import torch
    from diffusers import PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    torch.manual_seed(1)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=4,
        attention_head_dim=4,
        norm_num_groups=2,
        sample_size=8,
    )
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
    )
    pipeline = StableDiffusionPipeline(
        vae=_vae(),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        **_reader(),
    )
    pipeline.save_pretrained(folder)
    return folder


def motion_adapter(folder: Path) -> Path:
    """A motion adapter that fits :func:`stable_diffusion`."""
    import torch
    from diffusers import MotionAdapter

    torch.manual_seed(2)
    adapter = MotionAdapter(
        block_out_channels=(8, 8),
        motion_layers_per_block=1,
        motion_norm_num_groups=2,
        motion_num_attention_heads=2,
        motion_max_seq_length=32,
    )
    # The real ones are trained up from zero, and at zero nothing would depend on them.
    for name, weight in adapter.named_parameters():
        if "proj_out" in name:
            torch.nn.init.normal_(weight, std=0.5)
    adapter.save_pretrained(folder)
    return folder


def lora(file: Path, *, rank: int = 2, size: int = 8, seed: int = 3) -> Mapping[str, Any]:
    """A LoRA for :data:`ATTENTION` in diffusers' layout; returns its two halves, ``A`` and ``B``."""
    import torch
    from safetensors.torch import save_file

    noise = torch.Generator().manual_seed(seed)
    halves = {
        "A": torch.randn(rank, size, generator=noise),
        "B": torch.randn(size, rank, generator=noise),
    }
    save_file({f"unet.{ATTENTION}.lora_{half}.weight": halves[half] for half in halves}, file)
    return halves


def ask(**changes: Any) -> ShotRequest:
    """A request for 1.5 s of a fox, in words that the tiny models know."""
    prompt = ShotPrompt(
        subject="a red fox",
        action="runs left",
        setting="snow",
        camera="wide shot",
        light="dawn",
        palette="red and white",
        style="film",
        mood="calm",
        negative=str(changes.pop("negative", "blurry text")),
        text=str(changes.pop("text", "a red fox runs left through snow at dawn")),
    )
    request = ShotRequest(prompt, seconds=1.5, width=1280, height=720, fps=24, seed=7)
    return dataclasses.replace(request, **changes)


async def frames_of(take: Take) -> Frames:
    """All frames of a take, after asserting that its chunks follow each other."""
    parts: list[Frames] = []
    async for chunk in take:
        assert chunk.frames.dtype == np.uint8
        assert chunk.start_frame == sum(len(part) for part in parts)
        parts.append(chunk.frames)
    return np.concatenate(parts)


async def shoot(maker: ShotMaker, **changes: Any) -> Frames:
    """All frames of what a shot maker makes of :func:`ask`."""
    return await frames_of(maker.shoot(ask(**changes)))


class Ear:
    """Hears progress."""

    def __init__(self, also: Callable[[Progress], None] | None = None) -> None:
        self.heard: list[Progress] = []
        self._also = also

    def __call__(self, told: Progress) -> None:
        self.heard.append(told)
        if self._also is not None:
            self._also(told)

    def steps(self, stage: str) -> list[tuple[int, int]]:
        """What was told of a stage: steps done, and of how many; what was told again counts once."""
        return once((told.done, told.of) for told in self.heard if told.stage == stage)


def once(told: Iterable[Told]) -> list[Told]:
    """Without what repeats the one before: while pictures are decoded, the last step is told again."""
    return [first for first, _ in itertools.groupby(told)]
