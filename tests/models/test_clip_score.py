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
from tiny_words import tokenizer

from webtv.core.errors import ConfigError, InputError, InternalError, TransientError
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
    marks = {"pad_token": "<pad>", "eos_token": "<end>", "unk_token": "<unk>"}
    words = tokenizer(WORDS, marks=marks, longest=length, ended=False, masked=True)
    words.save_pretrained(folder)
    return len(words)


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
    reader = AutoTokenizer.from_pretrained(tiny_clip)
    frames = moving(8)
    pictures = AutoImageProcessor.from_pretrained(tiny_clip)(images=list(frames), return_tensors="pt")
    scorer = ClipScorer(tiny_clip, CPU, frames=8)
    scores = []
    for text in TEXTS:
        with torch.inference_mode():
            output = model(**reader([text], return_tensors="pt"), **pictures)
        cosines = (output.image_embeds @ output.text_embeds.T).numpy()[:, 0]
        score = await scorer.score(frames, 8, dataclasses.replace(FOX, text=text))
        scores.append(score.parts["shows"])
        assert scores[-1] == pytest.approx(float(np.clip(2.5 * cosines, 0, 1).mean()), abs=2e-4)
    assert max(scores) > 0, "all texts on the far side of all pictures would prove nothing"


async def test_it_looks_for_who_does_what_where_and_for_no_camera(tiny_clip: Path) -> None:
    told = dataclasses.replace(
        FOX, subject="a red fox", action="runs left", setting="through snow", camera="boat", text="the sea"
    )
    alone = dataclasses.replace(FOX, text="a red fox runs left, through snow")
    scorer = ClipScorer(tiny_clip, CPU)
    score = await scorer.score(moving(), 8, told)
    assert score == await scorer.score(moving(), 8, alone)
    assert score != await scorer.score(moving(), 8, dataclasses.replace(FOX, text="the sea"))


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


async def test_what_cannot_be_scored_is_said(
    tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between its own attempts
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


async def test_what_is_loaded_looks_at_more_frames_as_a_fresh_model_does(
    tiny_clip: Path, tiny_siglip: Path
) -> None:
    first, second = ClipScorer(tiny_clip, CPU, frames=4), ClipScorer(tiny_clip, CPU, frames=12)
    await first.score(moving(), 8, FOX)
    assert first.loads == second.loads
    loaded = first._loaded
    second.adopt(first)
    score = await second.score(moving(), 8, FOX)
    assert second._loaded is loaded
    assert score == await ClipScorer(tiny_clip, CPU, frames=12).score(moving(), 8, FOX)
    with pytest.raises(InternalError):
        ClipScorer(tiny_siglip, CPU).adopt(second)


async def test_loading_draws_no_bars_into_the_log(tiny_clip: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from transformers import CLIPModel
    from transformers.utils import logging

    logging.enable_progress_bar()  # as it is in a new process
    CLIPModel.from_pretrained(tiny_clip)
    assert "Loading weights" in capfd.readouterr().err, "or there would be nothing to switch off"
    await ClipScorer(tiny_clip, CPU).score(moving(), 8, FOX)
    assert "%|" not in capfd.readouterr().err


def test_importing_the_scorer_imports_no_model_library() -> None:
    code = (
        "import sys, webtv.studio.scoring.clip as c; c.ClipScorer().capability;"
        "sys.exit(bool({'torch', 'transformers'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
