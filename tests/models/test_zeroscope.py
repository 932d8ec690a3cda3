"""The Zeroscope adapter over a tiny random pipeline that goes through the real ``from_pretrained``."""

import asyncio
import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webtv.core.errors import ConfigError, InputError, TransientError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.ports import Frames, Media, ShotMaker, ShotRequest

pytestmark = pytest.mark.models

TINY = ZeroscopeOptions(frames=12, width=64, height=64, steps=3, guidance=9.0, fps=8)
WORDS = ["a", "red", "fox", "runs", "left", "through", "snow", "at", "dawn", "blurry", "text", "watermark"]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random text-to-video model of a few thousand weights."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, TextToVideoSDPipeline, UNet3DConditionModel
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    vocabulary = {word: n for n, word in enumerate(["<pad>", "<start>", "<end>", "<unk>", *WORDS])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<start>",
        eos_token="<end>",
        unk_token="<unk>",
        model_max_length=16,
    )
    text = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=4,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    pipeline = TextToVideoSDPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            norm_num_groups=2,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=UNet3DConditionModel(
            block_out_channels=(8, 8),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
            up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
            cross_attention_dim=4,
            attention_head_dim=4,
            norm_num_groups=2,
            sample_size=8,
        ),
        scheduler=DDIMScheduler(),
    )
    folder = tmp_path_factory.mktemp("tiny-zeroscope")
    pipeline.save_pretrained(folder)
    return folder


def ask(**changes: Any) -> ShotRequest:
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


async def take(maker: ShotMaker, request: ShotRequest) -> Frames:
    """All frames of a take, after asserting that its chunks follow each other."""
    parts: list[Frames] = []
    async for chunk in maker.shoot(request):
        assert chunk.start_frame == sum(len(part) for part in parts)
        assert chunk.fps == 8
        parts.append(chunk.frames)
    return np.concatenate(parts)


async def test_a_take_has_the_frames_asked_for(tiny_model: Path) -> None:
    frames = await take(ZeroscopeShots(tiny_model, TINY), ask())
    assert frames.shape == (12, 64, 64, 3)
    assert frames.dtype == np.uint8
    assert frames.std() > 1, "one flat colour is no picture"


async def test_the_seed_decides(tiny_model: Path) -> None:
    first = await take(ZeroscopeShots(tiny_model, TINY), ask(seed=7))
    again = await take(ZeroscopeShots(tiny_model, TINY), ask(seed=7))
    other = await take(ZeroscopeShots(tiny_model, TINY), ask(seed=8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


async def test_prompt_and_negative_prompt_reach_the_model(tiny_model: Path) -> None:
    maker = ZeroscopeShots(tiny_model, TINY)
    plain = await take(maker, ask())
    assert not np.array_equal(plain, await take(maker, ask(negative="watermark")))
    assert not np.array_equal(plain, await take(maker, ask(text="a fox at dawn")))


async def test_the_credit_says_a_trained_model_made_it(tiny_model: Path) -> None:
    credit = ZeroscopeShots(tiny_model, TINY).credit(ask())
    assert credit.media is Media.TRAINED
    assert credit.model == tiny_model.name, "the operator's folders are not told to viewers"
    assert credit.details["steps"] == 3
    assert credit.details["frames"] == 12
    assert ZeroscopeShots().credit(ask()).model == "cerspense/zeroscope_v2_576w"


async def test_an_abandoned_take_stops_between_steps(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
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
    async with asyncio.TaskGroup() as group:
        slow = ZeroscopeShots(tiny_model, dataclasses.replace(TINY, steps=200))
        shooting = group.create_task(take(slow, ask()))
        await begun.wait()
        shooting.cancel()
    await loop.shutdown_default_executor()  # waits for the thread
    assert 1 <= len(steps) < 200


async def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model_index\.json") as caught:
        await take(ZeroscopeShots(tmp_path / "nothing", TINY), ask())
    assert str(tmp_path / "nothing") in caught.value.message
    with pytest.raises(ConfigError):
        await take(ZeroscopeShots(tmp_path, TINY), ask())


async def test_an_unreachable_hub_may_answer_next_time() -> None:
    with pytest.raises(TransientError, match="check the network"):
        await take(ZeroscopeShots("nobody/nothing", TINY), ask())


async def test_a_shot_longer_than_its_frames_is_refused(tiny_model: Path) -> None:
    with pytest.raises(InputError, match="12 frames are too few for 4 s: cut shots to 3 s"):
        await take(ZeroscopeShots(tiny_model, TINY), ask(seconds=4.0))


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = (
        "import sys, webtv.studio.diffusers.zeroscope; print(sorted({'torch', 'diffusers'} & {*sys.modules}))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
