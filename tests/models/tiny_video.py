"""Tiny random video pipelines of today's kinds, saved so that the real ``from_pretrained`` loads them.

A few thousand weights each: they show nothing, but every line of loading, conditioning, denoising and
decoding that the full-size models take is taken by these too.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import tiny
from tiny_words import tokenizer

from webtv.studio import progress
from webtv.studio.ports import Chunk, Frames, Picture, ShotMaker, ShotRequest
from webtv.studio.progress import Progress


def ask(**changes: Any) -> ShotRequest:
    """A request for a second of a fox, in words that the tiny models know."""
    return tiny.ask(**{"seconds": 1.0, **changes})


def picture(seed: int = 0, width: int = 160, height: int = 90) -> Picture:
    """Coloured noise, 16:9 as a finished clip's last frame is."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


async def take(maker: ShotMaker, request: ShotRequest) -> tuple[Frames, int]:
    """All frames of a take and their rate, after asserting that its chunks follow each other."""
    rates: set[int] = set()

    async def watched() -> AsyncIterator[Chunk]:
        async for chunk in maker.shoot(request):
            rates.add(chunk.fps)
            yield chunk

    frames = await tiny.frames_of(watched())
    (rate,) = rates
    return frames, rate


async def cancelled_at(maker: ShotMaker, request: ShotRequest, *, step: int) -> None:
    """Cancel a take at that step, while the thread that makes it waits until that has arrived."""
    loop, arrived = asyncio.get_running_loop(), threading.Event()
    shooting: asyncio.Task[None]

    def heard(said: Progress) -> None:
        if said.stage == "shot" and said.done == step:
            loop.call_soon_threadsafe(shooting.cancel)
            assert arrived.wait(30)

    async def shoot() -> None:
        try:
            await take(maker, request)
        finally:
            arrived.set()

    with progress.heard(heard):
        shooting = asyncio.create_task(shoot())
    await shooting


def _wan_parts(*, image: bool) -> dict[str, Any]:
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    words = tokenizer()
    text = UMT5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, pad_token_id=0
    )
    return {
        "tokenizer": words,
        "text_encoder": UMT5EncoderModel(text),
        "vae": AutoencoderKLWan(
            base_dim=3,
            z_dim=16,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        "transformer": WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            # An image model also sees the picture's latents and a mask of four channels.
            in_channels=36 if image else 16,
            out_channels=16,
            text_dim=32,
            freq_dim=16,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
            image_dim=4 if image else None,
        ),
        "scheduler": UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
    }


def _vision(*, projected: bool) -> Any:
    from transformers import CLIPVisionConfig, CLIPVisionModel, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=4,
        projection_dim=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
        image_size=224,
        patch_size=56,
    )
    return CLIPVisionModelWithProjection(config) if projected else CLIPVisionModel(config)


def wan_text(folder: Path) -> Path:
    """Wan 2.1's text-to-video: 4n+1 frames, multiples of 16."""
    import torch
    from diffusers import WanPipeline

    torch.manual_seed(0)
    WanPipeline(**_wan_parts(image=False)).save_pretrained(folder)
    return folder


def wan_image(folder: Path) -> Path:
    """Wan 2.1's image-to-video, with its CLIP image encoder."""
    import torch
    from diffusers import WanImageToVideoPipeline
    from transformers import CLIPImageProcessor

    torch.manual_seed(1)
    pipeline = WanImageToVideoPipeline(
        **_wan_parts(image=True),
        image_encoder=_vision(projected=False),
        image_processor=CLIPImageProcessor(crop_size=224, size=224),
    )
    pipeline.save_pretrained(folder)
    return folder


def wan_either(folder: Path) -> Path:
    """Wan 2.2 TI2V's way: one transformer, with and without a first frame (``expand_timesteps``)."""
    import torch
    from diffusers import WanPipeline

    torch.manual_seed(2)
    WanPipeline(**_wan_parts(image=False), expand_timesteps=True).save_pretrained(folder)
    return folder


def _ltx_parts() -> dict[str, Any]:
    from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler, LTXVideoTransformer3DModel
    from transformers import T5Config, T5EncoderModel

    words = tokenizer()
    text = T5Config(
        vocab_size=len(words), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, pad_token_id=0
    )
    vae = AutoencoderKLLTXVideo(
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False),
        decoder_inject_noise=(False, False, False, False, False),
        timestep_conditioning=False,
        patch_size=4,
        patch_size_t=1,
        encoder_causal=True,
        decoder_causal=False,
    )
    vae.use_framewise_encoding = False
    vae.use_framewise_decoding = False
    return {
        "tokenizer": words,
        "text_encoder": T5EncoderModel(text),
        "vae": vae,
        "transformer": LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            patch_size=1,
            patch_size_t=1,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=1,
            caption_channels=32,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(),
    }


def ltx(folder: Path) -> Path:
    """LTX-Video 0.9.0's way: two pipelines over the same components; 8n+1 frames, multiples of 32."""
    import torch
    from diffusers import LTXPipeline

    torch.manual_seed(3)
    LTXPipeline(**_ltx_parts()).save_pretrained(folder)
    return folder


def ltx_image(folder: Path) -> Path:
    """The same as a model that somebody saved for the pipeline with a picture."""
    import torch
    from diffusers import LTXImageToVideoPipeline

    torch.manual_seed(3)
    LTXImageToVideoPipeline(**_ltx_parts()).save_pretrained(folder)
    return folder


def ltx_condition(folder: Path) -> Path:
    """LTX-Video 0.9.5's way and after: one pipeline, with and without conditions."""
    import torch
    from diffusers import LTXConditionPipeline

    torch.manual_seed(3)
    LTXConditionPipeline(**_ltx_parts()).save_pretrained(folder)
    return folder


def svd(folder: Path, frames: int = 6) -> Path:
    """Stable Video Diffusion: an image and nothing else in; made for so many frames."""
    import torch
    from diffusers import (
        AutoencoderKLTemporalDecoder,
        EulerDiscreteScheduler,
        StableVideoDiffusionPipeline,
        UNetSpatioTemporalConditionModel,
    )
    from transformers import CLIPImageProcessor

    torch.manual_seed(4)
    pipeline = StableVideoDiffusionPipeline(
        vae=AutoencoderKLTemporalDecoder(
            block_out_channels=(32,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            latent_channels=4,
            layers_per_block=1,
        ),
        image_encoder=_vision(projected=True),
        unet=UNetSpatioTemporalConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=1,
            sample_size=8,
            in_channels=8,
            out_channels=4,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=8,
            num_attention_heads=(2, 4),
            addition_time_embed_dim=16,
            projection_class_embeddings_input_dim=48,
            num_frames=frames,
        ),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            interpolation_type="linear",
            prediction_type="v_prediction",
            use_karras_sigmas=True,
        ),
        feature_extractor=CLIPImageProcessor(crop_size=224, size=224),
    )
    pipeline.save_pretrained(folder)
    return folder


def key_image(folder: Path) -> Path:
    """A text-to-image pipeline (Stable Diffusion's kind), for key images."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(5)
    words = tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=1,
    )
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            norm_num_groups=2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=words,
        unet=UNet2DConditionModel(
            block_out_channels=(8, 8),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=8,
            attention_head_dim=2,
            norm_num_groups=2,
            sample_size=8,
        ),
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder
