"""Prompts for text encoders that read little: what is left out is chosen, and said."""

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import Any

import hosted_models
import numpy as np
import pytest
import tiny
from tiny_words import CLIP, tokenizer

from webtv.core.clock import SystemClock
from webtv.core.events import Event
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.diffusers import wording
from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots
from webtv.studio.diffusers.zeroscope_xl import ZeroscopeXL, ZeroscopeXLOptions
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.notes import Fact, noted
from webtv.studio.ports import Chunk, ShotRequest

pytestmark = pytest.mark.models

HOUSE = ShotPrompt(
    subject="a red fox",
    action="runs left",
    setting="snow at dawn through snow through snow at dawn through snow",
    camera="a wide shot",
    light="dawn",
    palette="red",
    style="text",
    mood="calm",
    negative="blurry, text, watermark, a fox, snow at dawn, red text, a red watermark, dawn, text",
    text="A fox runs. " * 8 + "Camera: left.",
)
"""Longer in every way than the sixteen tokens that the tiny models read."""

PLAIN = ShotPrompt(**{**dict.fromkeys(ShotPrompt.__slots__, ""), "text": HOUSE.text})


def fits(most: int) -> wording.Fits:
    return wording.room(tokenizer(marks=CLIP, longest=16, ended=False), most)


def test_a_text_that_fits_is_read_as_it_stands() -> None:
    assert wording.painted(HOUSE, fits(100)) == HOUSE.text
    assert wording.unwanted(HOUSE.negative, fits(100)) == HOUSE.negative


def test_of_a_longer_one_the_fields_count_in_their_order_and_whole() -> None:
    assert wording.painted(HOUSE, fits(26)) == (
        "a red fox runs left, snow at dawn through snow through snow at dawn through snow, a wide shot, dawn,"
        " red"
    )
    # The setting has no room, and what comes after it has.
    assert wording.painted(HOUSE, fits(16)) == "a red fox runs left, a wide shot, dawn, red, text"
    assert wording.painted(HOUSE, fits(4)) == "a red fox"


def test_without_fields_it_ends_with_a_sentence_or_else_with_a_word() -> None:
    assert wording.painted(PLAIN, fits(16)) == "A fox runs. " * 3 + "A fox runs."
    assert wording.cut("a red fox runs left", fits(3)) == "a red fox"
    assert wording.painted(dataclasses.replace(HOUSE, subject="a red red fox"), fits(3)) == "A fox"


def test_who_looks_at_pictures_looks_for_no_camera_and_no_style() -> None:
    short = dataclasses.replace(HOUSE, setting="snow", text="a fox")
    assert wording.seen(short, fits(100)) == "a red fox runs left, snow"
    assert wording.seen(PLAIN, fits(16)) == "A fox runs. " * 3 + "A fox runs."


def test_of_a_negative_prompt_whole_phrases_count() -> None:
    assert wording.unwanted(HOUSE.negative, fits(6)) == "blurry, text, watermark"
    assert wording.unwanted("a red fox at dawn", fits(3)) == "a red fox"


class Parts:
    """A pipeline's tokenizers."""

    def __init__(self, *longest: int) -> None:
        for name, most in zip(("tokenizer", "tokenizer_2", "tokenizer_3"), longest, strict=False):
            setattr(self, name, tokenizer(longest=most))


def test_only_a_pipeline_all_of_whose_encoders_read_little_gets_less() -> None:
    assert wording.room_of(Parts()) is None
    assert wording.room_of(Parts(512)) is None
    assert wording.room_of(Parts(77, 77, 256)) is None, "the others are for the gist"
    both = wording.room_of(Parts(77, 8))
    assert both is not None
    assert both("a red fox runs left at dawn")
    assert not both("a red fox runs left through snow at dawn")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the tiny models' text encoder is given, as words, without padding."""
    from transformers import CLIPTextModel

    words, made = tokenizer(marks=CLIP, longest=16, ended=False), []
    real = CLIPTextModel.forward

    def watched(self: Any, input_ids: Any = None, *args: Any, **named: Any) -> Any:
        made.extend(words.batch_decode(input_ids, skip_special_tokens=False))
        return real(self, input_ids, *args, **named)

    monkeypatch.setattr(CLIPTextModel, "forward", watched)
    return made


def request(**changes: Any) -> ShotRequest:
    return tiny.ask(seconds=0.5, prompt=dataclasses.replace(HOUSE, **changes))


@pytest.mark.parametrize("adapter", ["zeroscope", "animatediff", "zeroscope-xl"])
async def test_the_camera_reaches_a_model_that_reads_little_and_it_is_noted(
    adapter: str,
    read: list[str],
    tiny_zeroscope: Path,
    tiny_stable_diffusion: Path,
    tiny_motion_adapter: Path,
) -> None:
    small = {"frames": 4, "width": 64, "height": 64, "steps": 2}
    facts: dict[str, Fact] = {}

    async def still() -> Any:
        yield Chunk(np.full((4, 32, 32, 3), 90, np.uint8), 0, 8)

    asked = request(camera="left at dawn")
    with noted(facts.__setitem__):
        if adapter == "zeroscope":
            take = ZeroscopeShots(tiny_zeroscope, ZeroscopeOptions(**small, fps=8)).shoot(asked)
        elif adapter == "animatediff":
            options = AnimateDiffOptions(**small, fps=8)
            take = AnimateDiffShots(tiny_stable_diffusion, tiny_motion_adapter, options).shoot(asked)
        else:
            xl = ZeroscopeXLOptions(**small | {"steps": 5}, overlap=2)
            take = ZeroscopeXL(tiny_zeroscope, xl).upscale(still(), 64, 64, asked)
        await tiny.frames_of(take)
    stage = "upscale" if adapter == "zeroscope-xl" else "shot"
    assert facts[f"{stage}.prompt_read"] == "a red fox runs left, left at dawn, dawn, red, text"
    assert facts[f"{stage}.negative_read"] == "blurry, text, watermark, a fox, snow at dawn, red text"
    assert any("runs left <unk> left at dawn" in text for text in read)


async def test_what_a_child_found_out_is_heard_here(tiny_zeroscope: Path) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = child_environment(os.environ, threads=1, extra={"PYTHONPATH": path})
    assert env["HF_HUB_OFFLINE"] == "1", "and yet a folder is loaded"
    events: list[Event] = []
    options = {"use": "zeroscope", "model": str(tiny_zeroscope)}
    facts: dict[str, Fact] = {}
    async with ModelPool(
        env=env, clock=SystemClock(), events=events.append, builder="hosted_models:build"
    ) as opened:
        maker = hosted(opened, "shot", options, hosted_models.build("shot", options))
        before = maker.credit(request())
        with noted(facts.__setitem__):
            async with asyncio.timeout(120):
                assert len(await tiny.frames_of(maker.shoot(request()))) == 4
        assert maker.credit(request()) == before, "a take is kept under what was asked for"
    assert facts == {
        "shot.device": "cpu",
        "shot.dtype": "float32",
        "shot.prompt_read": "a red fox runs left, a wide shot, dawn, red, text",
        "shot.negative_read": "blurry, text, watermark, a fox, snow at dawn, red text",
    }
