"""The generic adapter: any text-to-video pipeline by its id, whatever its call and its output look like."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from webtv.core.errors import ConfigError, InputError, InternalError
from webtv.studio import progress
from webtv.studio.diffusers.frames import floats_of
from webtv.studio.diffusers.text_to_video import TextToVideoOptions, TextToVideoShots
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots

pytestmark = pytest.mark.models

TINY = TextToVideoOptions(frames=12, width=64, height=64, steps=3, guidance=9.0, fps=8)


async def test_it_makes_what_the_familys_own_adapter_makes(tiny_zeroscope: Path) -> None:
    own = ZeroscopeOptions(frames=12, width=64, height=64, steps=3, guidance=9.0, fps=8)
    ear = tiny.Ear()
    with progress.heard(ear):
        frames = await tiny.shoot(TextToVideoShots(tiny_zeroscope, TINY))
    assert np.array_equal(frames, await tiny.shoot(ZeroscopeShots(tiny_zeroscope, own)))
    assert ear.steps("shot")[-1] == (3, 3)


async def test_a_model_that_makes_pictures_is_refused(tiny_stable_diffusion: Path) -> None:
    with pytest.raises(ConfigError, match="StableDiffusionPipeline makes no takes from text"):
        await tiny.shoot(TextToVideoShots(tiny_stable_diffusion, TINY))


async def test_what_the_pipeline_refuses_is_told_as_the_curators(
    tiny_zeroscope: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import TextToVideoSDPipeline

    def picky(*_args: Any, **_named: Any) -> None:
        raise ValueError("`height` has to be divisible by 32 but is 64")

    monkeypatch.setattr(TextToVideoSDPipeline, "check_inputs", picky)
    with pytest.raises(InputError, match="divisible by 32"):
        await tiny.shoot(TextToVideoShots(tiny_zeroscope, TINY))


class Stranger:
    """A pipeline as third parties write them: other names, and nothing that is not needed."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def __call__(self, prompt: str, video_length: int = 16, fps: int = 8, **more: Any) -> None:
        self.asked = {"prompt": prompt, "video_length": video_length, "fps": fps, **more}


class NeedsPicture:
    def __call__(self, prompt: str, image: Any, num_frames: int = 16) -> None: ...


def test_arguments_go_by_the_names_that_the_call_has(tiny_zeroscope: Path) -> None:
    maker = TextToVideoShots(tiny_zeroscope, TINY)
    given = maker.arguments(Stranger(), tiny.ask(), 12)
    assert given == {"prompt": tiny.ask().prompt.text, "video_length": 12, "fps": 8}
    inspect.signature(Stranger().__call__).bind(**given)


def test_a_pipeline_that_needs_more_than_a_prompt_is_refused(tiny_zeroscope: Path) -> None:
    maker = TextToVideoShots(tiny_zeroscope, TINY)
    with pytest.raises(ConfigError, match="NeedsPicture cannot work from text alone: it needs image"):
        maker.arguments(NeedsPicture(), tiny.ask(), 12)


def _video() -> Any:
    return np.random.default_rng(1).random((5, 16, 24, 3), np.float32)


def test_every_shape_of_output_is_the_same_take() -> None:
    import torch
    from PIL import Image

    video = _video()
    tensor = torch.from_numpy(video).permute(0, 3, 1, 2)
    shapes: list[Any] = [
        video,
        video[None],
        [video],
        list(video),
        [list(video)],
        tensor,
        tensor[None],
        [tensor],
        tensor.permute(1, 0, 2, 3)[None],
        tensor[None].double(),
    ]
    for shape in shapes:
        assert np.allclose(floats_of(shape, ""), video), type(shape)
    levels = np.rint(video * 255).astype(np.uint8)
    pictures = [Image.fromarray(frame) for frame in levels]
    for shape in (levels, pictures, [pictures]):
        assert np.array_equal(np.rint(floats_of(shape, "") * 255), levels)


@pytest.mark.parametrize("nothing", [[], np.zeros((4, 4)), np.zeros((0, 8, 8, 3)), np.zeros((5, 8, 8, 4))])
def test_what_is_no_take_is_said_to_be_none(nothing: Any) -> None:
    with pytest.raises(InternalError, match="which is no take"):
        floats_of(nothing, "studio.shot text-to-video")


def test_the_weights_are_as_large_as_their_files(tiny_zeroscope: Path) -> None:
    files = tiny_zeroscope.rglob("*.safetensors")
    size = sum(file.stat().st_size for file in files) / 1e9
    assert TextToVideoShots(tiny_zeroscope, TINY).footprint.weights_gb == pytest.approx(size)
    assert TextToVideoShots("a/model-on-the-hub", TINY).footprint.weights_gb == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"frame_rule": "odd"}, "frame_rule: 'odd' is no rule: write n, 4n+1, 8n+1 or the like"),
        ({"frame_rule": 8}, "frame_rule: 8 is no rule"),
        ({"frame_rule": "8n+1", "frames": 24}, "frames: 24 is not 8n+1: write 25"),
        ({"multiple": 32, "width": 520}, "width: 520 is no multiple of 32: write 512"),
        ({"scheduler": "warp"}, "scheduler: there is no scheduler 'warp' here: write one of"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        TextToVideoOptions.from_mapping(written)
    assert str(caught.value).startswith(f"studio.shot.{said}")


def test_frames_keep_the_models_rule() -> None:
    options = TextToVideoOptions(frames=49, fps=16, frame_rule="8n+1")
    assert options.timing(2.0, 24) == (33, 16)
    assert options.timing(3.0, 24) == (49, 16)
    assert options.timing(6.0, 24) == (49, 8)
