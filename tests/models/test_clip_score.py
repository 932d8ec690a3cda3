"""The CLIP scorer over tiny random models that go through the real ``from_pretrained``."""

import asyncio
import dataclasses
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webtv.core.errors import ConfigError, InputError, TransientError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.ports import Frames
from webtv.studio.progress import Progress, heard
from webtv.studio.scoring.clip import ClipScorer

pytestmark = pytest.mark.models

WORDS = ["a", "red", "fox", "runs", "left", "through", "snow", "green", "boat", "on", "the", "sea"]
EMPTY = dict.fromkeys(ShotPrompt.__slots__, "")
FOX = ShotPrompt(**{**EMPTY, "text": "a red fox runs left through snow"})
CPU = Runtime(device="cpu")


def save_words(folder: Path, length: int) -> int:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: n for n, word in enumerate(["<pad>", "<end>", "<unk>", *WORDS])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        eos_token="<end>",
        unk_token="<unk>",
        model_max_length=length,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)
    return len(vocabulary)


SIZES: dict[str, Any] = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
}  # fmt: skip
TEXT: dict[str, Any] = {**SIZES, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
VISION: dict[str, Any] = {**SIZES, "image_size": 32, "patch_size": 8}


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny-clip")
    words = save_words(folder, 16)
    text = {**TEXT, "vocab_size": words, "max_position_embeddings": 16}
    CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=8)).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny-siglip")
    words = save_words(folder, 16)
    text = {**TEXT, "vocab_size": words, "max_position_embeddings": 16}
    SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def moving(count: int = 16) -> Frames:
    ramp = np.linspace(0, 255, 96 * 54 * 3).reshape(1, 54, 96, 3).astype(np.uint8)
    return np.concatenate([np.roll(ramp, n, axis=2) for n in range(count)])


@pytest.mark.parametrize("model", ["tiny_clip", "tiny_siglip"])
async def test_a_score_is_between_nothing_and_all_and_always_the_same(
    model: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(model)
    first = await ClipScorer(folder, CPU).score(moving(), 8, FOX)
    again = await ClipScorer(folder, CPU).score(moving(), 8, FOX)
    assert first == again
    assert set(first.parts) == {"shows", "consistent", "smooth"}
    assert all(0 <= part <= 1 for part in (first.value, *first.parts.values()))


TEXTS = ["a red fox runs left through snow", "a green boat on the sea", "the sea", "a fox"]


async def test_text_and_pictures_both_reach_the_model(tiny_siglip: Path) -> None:
    scorer = ClipScorer(tiny_siglip, CPU)
    noise = np.random.default_rng(1).integers(0, 255, (16, 54, 96, 3), np.uint8)
    prompts = [dataclasses.replace(FOX, text=text) for text in TEXTS]
    by_text = {(await scorer.score(moving(), 8, prompt)).parts["shows"] for prompt in prompts}
    by_picture = {(await scorer.score(frames, 8, FOX)).parts["shows"] for frames in (moving(), noise)}
    assert len(by_text) > 1
    assert len(by_picture) == 2


async def test_the_score_is_clipscore_over_the_sampled_frames(tiny_clip: Path) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    model = CLIPModel.from_pretrained(tiny_clip).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_clip)
    frames = moving(8)
    pictures = AutoImageProcessor.from_pretrained(tiny_clip)(images=list(frames), return_tensors="pt")
    scorer = ClipScorer(tiny_clip, CPU, frames=8)
    scores = []
    for text in TEXTS:
        with torch.inference_mode():
            output = model(**tokenizer([text], return_tensors="pt"), **pictures)
        cosines = (output.image_embeds @ output.text_embeds.T).numpy()[:, 0]
        score = await scorer.score(frames, 8, dataclasses.replace(FOX, text=text))
        scores.append(score.parts["shows"])
        assert scores[-1] == pytest.approx(float(np.clip(2.5 * cosines, 0, 1).mean()), abs=2e-4)
    assert max(scores) > 0, "all texts on the far side of all pictures would prove nothing"


async def test_a_text_longer_than_the_model_takes_is_cut(tiny_clip: Path) -> None:
    long = dataclasses.replace(FOX, text="a red fox " * 100)
    assert 0 <= (await ClipScorer(tiny_clip, CPU).score(moving(), 8, long)).value <= 1


async def test_a_take_of_one_frame_is_judged_by_what_it_shows(tiny_clip: Path) -> None:
    assert set((await ClipScorer(tiny_clip, CPU).score(moving(1), 8, FOX)).parts) == {"shows"}


async def test_progress_is_told_and_cancelling_ends_it_within_a_batch(tiny_clip: Path) -> None:
    scorer = ClipScorer(tiny_clip, CPU, frames=16)
    told: list[int] = []
    with heard(lambda progress: told.append(progress.done) if progress.of > 1 else None):
        await scorer.score(moving(16), 8, FOX)
    assert told == [4, 8, 12, 16]

    steps: list[int] = []
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    go_on = threading.Event()

    def first_step(progress: Progress) -> None:
        if progress.of > 1:
            steps.append(progress.done)
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)

    with heard(first_step):
        task = asyncio.ensure_future(scorer.score(moving(16), 8, FOX))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await scorer.score(moving(2), 8, FOX)  # waits until the other has let the model go
    assert steps == [4]


async def test_a_model_of_another_kind_is_refused_with_a_remedy(tmp_path: Path) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    save_words(tmp_path, 16)
    CLIPVisionModel(CLIPVisionConfig(**VISION)).save_pretrained(tmp_path)
    CLIPImageProcessorPil().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="compares no pictures"):
        await ClipScorer(tmp_path, CPU).score(moving(), 8, FOX)


async def test_pickled_weights_are_not_loaded(tiny_clip: Path, tmp_path: Path) -> None:
    import torch
    from transformers import CLIPModel

    for item in tiny_clip.iterdir():
        if item.suffix != ".safetensors":
            (tmp_path / item.name).write_bytes(item.read_bytes())
    torch.save(CLIPModel.from_pretrained(tiny_clip).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="no model"):
        await ClipScorer(tmp_path, CPU).score(moving(), 8, FOX)


async def test_what_cannot_be_scored_is_said(tiny_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        await ClipScorer(tiny_clip, CPU).score(moving(), 8, ShotPrompt(**EMPTY))
    with pytest.raises(ConfigError, match="frames"):
        ClipScorer(tiny_clip, frames=1)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(ConfigError):
        await ClipScorer(tmp_path, CPU).score(moving(), 8, FOX)
    with pytest.raises(TransientError):
        await ClipScorer("nobody/has-this-model", CPU).score(moving(), 8, FOX)


async def test_the_model_is_looked_for_where_the_operator_says(tiny_clip: Path) -> None:
    asked: list[str] = []

    def locate(model: str) -> Path:
        asked.append(model)
        return tiny_clip

    scorer = ClipScorer("some/clip", Runtime(device="cpu", locate=locate))
    await scorer.score(moving(), 8, FOX)
    assert asked == ["some/clip"]
    assert scorer.capability.weights == ("some/clip",)
    assert scorer.capability.apart


def test_importing_the_scorer_imports_no_model_library() -> None:
    code = (
        "import sys, webtv.studio.scoring.clip as c; c.ClipScorer().capability;"
        "sys.exit(bool({'torch', 'transformers'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
