"""Stable Video Diffusion over tiny random pipelines that go through the real ``from_pretrained``."""

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
import tiny
import tiny_video
from tiny_video import ask, cancelled_at, picture, take

from webtv.core.errors import ConfigError, InputError, ResourceError
from webtv.studio import progress
from webtv.studio.diffusers import svd
from webtv.studio.diffusers.pipeline import Abandoned
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.svd import MODEL, SvdOptions, SvdShots
from webtv.studio.notes import Fact, noted
from webtv.studio.ports import Media
from webtv.studio.progress import Progress

pytestmark = [
    pytest.mark.models,
    # diffusers 0.42 turns tensors into arrays as NumPy 1 did.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TINY = SvdOptions(frames=6, width=128, height=64, steps=2, guidance=3.0, fps=5, decode=2, key_steps=3)
CPU = Runtime(device="cpu")
KEY = "stable-diffusion-v1-5/stable-diffusion-v1-5"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_video.svd(tmp_path_factory.mktemp("tiny-svd"))


@pytest.fixture(scope="module")
def key_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_video.key_image(tmp_path_factory.mktemp("tiny-key"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the denoiser is told in every step: takes at once, and rate less one, motion and noise."""
    from diffusers import UNetSpatioTemporalConditionModel

    made: list[dict[str, Any]] = []
    real = UNetSpatioTemporalConditionModel.forward

    def watched(self: Any, sample: Any, *args: Any, **named: Any) -> Any:
        ids = [round(float(value), 3) for value in named["added_time_ids"][0]]
        made.append({"batch": len(sample), "frames": sample.shape[1], "ids": ids})
        return real(self, sample, *args, **named)

    monkeypatch.setattr(UNetSpatioTemporalConditionModel, "forward", watched)
    return made


async def test_a_take_goes_on_from_its_picture(model: Path) -> None:
    maker = SvdShots(model, TINY, runtime=CPU)
    # A second of five frames needs six: the first repeats the picture and is left out.
    first, rate = await take(maker, ask(image=picture(1)))
    again, _ = await take(maker, ask(image=picture(1)))
    other, _ = await take(maker, ask(image=picture(2)))
    assert (first.shape, rate) == ((5, 64, 128, 3), 5)
    assert first.std() > 1, "one flat colour is no picture"
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, (await take(maker, ask(image=picture(1), seed=8)))[0])


async def test_the_frame_that_repeats_the_picture_is_left_out(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = svd.frames.floats_of

    def floats_of(output: Any, place: str) -> Any:
        made.append(real(output, place))
        return made[-1]

    monkeypatch.setattr(svd.frames, "floats_of", floats_of)
    shown, _ = await take(SvdShots(model, TINY, runtime=CPU), ask(image=picture(1)))
    (video,) = made
    assert len(video) == 6
    assert np.array_equal(shown, svd.frames.to_bytes(video[1:]))


async def test_motion_noise_and_rate_reach_the_model(model: Path, calls: list[dict[str, Any]]) -> None:
    options = dataclasses.replace(TINY, motion=40, image_noise=0.1)
    await take(SvdShots(model, options, runtime=CPU), ask(image=picture()))
    assert calls == [{"batch": 2, "frames": 6, "ids": [4, 40, 0.1]}] * 2, (
        "the model was trained on the rate less one"
    )


async def test_without_guidance_nothing_is_computed_for_it(model: Path, calls: list[dict[str, Any]]) -> None:
    options = dataclasses.replace(TINY, guidance=1.0)
    await take(SvdShots(model, options, runtime=CPU), ask(image=picture()))
    assert {call["batch"] for call in calls} == {1}


async def test_frames_are_decoded_so_many_at_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import AutoencoderKLTemporalDecoder

    sizes: list[int] = []
    real = AutoencoderKLTemporalDecoder.decode
    monkeypatch.setattr(
        AutoencoderKLTemporalDecoder,
        "decode",
        lambda self, z, **named: (sizes.append(len(z)), real(self, z, **named))[1],
    )
    await take(SvdShots(model, dataclasses.replace(TINY, decode=4), runtime=CPU), ask(image=picture()))
    assert sizes == [4, 2]


async def test_the_picture_is_cropped_to_the_take_and_not_squeezed(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import StableVideoDiffusionPipeline

    given: list[Any] = []
    real = StableVideoDiffusionPipeline._encode_image

    def watched(self: Any, image: Any, *args: Any) -> Any:
        given.append(np.asarray(image))
        return real(self, image, *args)

    monkeypatch.setattr(StableVideoDiffusionPipeline, "_encode_image", watched)
    # Square, red outside of the middle half: a take twice as wide as high shows only that half.
    square = np.zeros((128, 128, 3), np.uint8)
    square[..., 0] = 255
    square[32:96] = (0, 0, 255)
    await take(SvdShots(model, TINY, runtime=CPU), ask(image=square))
    (seen,) = given
    assert seen.shape == (64, 128, 3)
    assert not seen[..., 0].any()
    assert (seen[..., 2] == 255).all()


async def test_the_first_shot_gets_a_key_image_of_the_prompt(model: Path, key_model: Path) -> None:
    maker = SvdShots(model, TINY, key_model=key_model, keep_both=True, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        first, rate = await take(maker, ask(seconds=6 / 5))
    # Nobody has seen the key image, so it is not left out.
    assert (first.shape, rate) == ((6, 64, 128, 3), 5)
    shot = tiny.once((said.done, said.of) for said in told if said.stage == "shot")
    assert shot == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    again, _ = await take(maker, ask(seconds=6 / 5))
    assert np.array_equal(first, again)
    for change in ({"text": "a fox at dawn"}, {"negative": "watermark"}, {"seed": 8}):
        assert not np.array_equal(first, (await take(maker, ask(seconds=6 / 5, **change)))[0])


@pytest.mark.parametrize("keep_both", [False, True])
async def test_the_key_model_makes_room_for_the_other(model: Path, key_model: Path, keep_both: bool) -> None:
    maker = SvdShots(model, TINY, key_model=key_model, keep_both=keep_both, runtime=CPU)
    told: list[Progress] = []
    with progress.heard(told.append):
        await take(maker, ask())
        await take(maker, ask(image=picture()))
        await take(maker, ask())
    loads = [said.done for said in told if said.stage == "load"]
    assert loads == ([0, 1] * 2 if keep_both else [0, 1] * 4)


async def test_without_a_key_model_a_first_shot_is_refused(model: Path) -> None:
    with pytest.raises(ConfigError, match="name a text-to-image model") as caught:
        await take(SvdShots(model, TINY, runtime=CPU), ask())
    assert caught.value.place == "studio.shot svd"


async def test_a_key_model_that_makes_no_pictures_is_refused(model: Path, tmp_path: Path) -> None:
    wrong = tiny_video.wan_text(tmp_path / "wan")
    with pytest.raises(ConfigError, match="wan makes no pictures"):
        await take(SvdShots(model, TINY, key_model=wrong, runtime=CPU), ask())


async def test_windows_go_on_from_each_other(model: Path) -> None:
    maker = SvdShots(model, dataclasses.replace(TINY, windows=2), runtime=CPU)
    frames, rate = await take(maker, ask(seconds=2.0, image=picture()))
    assert (len(frames), rate) == (10, 5)


@pytest.mark.parametrize("step", [1, 4])
async def test_an_abandoned_take_stops_within_one_step(
    model: Path, key_model: Path, calls: list[dict[str, Any]], step: int
) -> None:
    options = dataclasses.replace(TINY, steps=50, key_steps=2)
    with pytest.raises(asyncio.CancelledError):
        await cancelled_at(SvdShots(model, options, key_model=key_model, runtime=CPU), ask(), step=step)
    await asyncio.get_running_loop().shutdown_default_executor()  # waits for the thread
    steps = max(0, step - options.key_steps)
    assert steps <= len(calls) <= steps + bool(steps)


@pytest.mark.parametrize("ends", ["cancelled", "out of memory"])
async def test_a_take_that_ends_while_its_autoencoder_is_wide_spoils_no_later_one(
    model: Path, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from diffusers import AutoencoderKLTemporalDecoder, StableVideoDiffusionPipeline

    def decoded(self: Any, latents: Any, count: int, _at_once: int) -> Any:
        # A CPU takes minutes to decode in half precision: its first layer tells whether it could.
        self.vae.decoder.conv_in(latents.flatten(0, 1))
        return torch.rand(1, 3, count, 64, 128, generator=torch.Generator().manual_seed(1))

    monkeypatch.setattr(StableVideoDiffusionPipeline, "decode_latents", decoded)
    options = dataclasses.replace(TINY, steps=1, frames=4, guidance=1.0)
    maker = SvdShots(model, options, runtime=Runtime(device="cpu", dtype="float16"))
    request = ask(image=picture(), seconds=0.6)
    abandoned, wide = threading.Event(), []

    def end(module: Any, _inputs: Any) -> None:
        wide.append(module.conv_in.weight.dtype)
        if ends == "out of memory":
            raise torch.OutOfMemoryError("CUDA out of memory")
        abandoned.set()

    load = AutoencoderKLTemporalDecoder.from_pretrained
    hooks: list[Any] = []

    def loaded(*args: Any, **named: Any) -> Any:
        vae = load(*args, **named)
        hooks.append(vae.encoder.register_forward_pre_hook(end))
        return vae

    monkeypatch.setattr(AutoencoderKLTemporalDecoder, "from_pretrained", loaded)
    window = maker.plan(request).windows[0]
    with pytest.raises(ResourceError if ends == "out of memory" else Abandoned):
        maker._window(request, window, 5, abandoned)
    (hook,) = hooks
    hook.remove()
    assert wide == [torch.float32], "diffusers has widened it"
    vae = maker.pipelines()[0]._loaded.vae
    assert {weight.dtype for weight in vae.parameters()} == {torch.float16}
    assert len((await take(maker, request))[0]) == 3


async def test_tiles_that_the_autoencoder_cannot_decode_are_refused(model: Path) -> None:
    maker = SvdShots(model, TINY, runtime=Runtime(device="cpu", vae_tiling=True))
    with pytest.raises(ConfigError, match="AutoencoderKLTemporalDecoder cannot do it here") as caught:
        await take(maker, ask(image=picture()))
    assert caught.value.place == "models.vae_tiling"


async def test_a_key_model_that_reads_little_is_told_what_matters_most(model: Path, key_model: Path) -> None:
    maker = SvdShots(model, TINY, key_model=key_model, keep_both=True, runtime=CPU)
    facts: dict[str, Fact] = {}
    with noted(facts.__setitem__):
        await take(maker, ask(text="a red fox runs left through snow at dawn. " * 5))
    assert facts["shot.prompt_read"] == "a red fox runs left, snow, wide shot, dawn, red and white, film"
    assert facts["shot.dtype"] == "float32"


def test_the_credit_says_what_shaped_the_frames(model: Path) -> None:
    maker = SvdShots(model, TINY, key_model=KEY, runtime=CPU)
    going_on = maker.credit(ask(image=picture()))
    assert (going_on.adapter, going_on.model, going_on.media) == ("svd", model.name, Media.TRAINED)
    expected = {"frames": 5, "fps": 5, "seed": 7, "motion": 127, "decode": 2, "prompted": False}
    assert expected.items() <= going_on.details.items()
    assert len(going_on.details["image"]) == 64
    assert "key_model" not in going_on.details
    first = maker.credit(ask())
    assert first.details["key_model"] == KEY
    json.dumps(dict(first.details))


def test_what_it_takes_is_known_without_loading() -> None:
    known = SvdShots().capability
    assert (known.weights, known.hosted, known.from_image) == ((MODEL,), True, True)
    assert known.realtime_factor is None
    assert SvdShots(key_model=KEY).capability.weights == (MODEL, KEY)
    assert SvdShots(key_model=KEY, keep_both=True).capability.vram_gb > known.vram_gb > 5
    assert SvdShots.options_for("stabilityai/stable-video-diffusion-img2vid", {}).frames == 14


def test_cheaper_ways_are_legal_and_ever_cheaper() -> None:
    ways = [dict(way.options) for way in SvdShots().cheaper()]
    work = [way["steps"] * way["width"] * way["height"] for way in ways]
    assert work == sorted(work, reverse=True)
    assert len(work) >= 3
    for way in ways:
        assert way.pop("use") == "svd"
        SvdOptions.from_mapping(way)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"frames": 26}, "studio.shot.frames: 26 will not do: write a whole number from 4 to 25"),
        ({"height": 600}, "studio.shot.height: 600 is no multiple of 64: write 576"),
        ({"motion": 0}, "studio.shot.motion: 0 will not do"),
        ({"image_noise": float("nan")}, "studio.shot.image_noise: nan will not do"),
        ({"loras": [{"id": "x"}]}, "studio.shot.loras: this model takes none"),
        ({"scheduler": "heun"}, "studio.shot.scheduler"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy(written: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        SvdOptions.from_mapping(written)
    assert said in str(caught.value)


async def test_a_shot_longer_than_its_frames_is_refused(model: Path) -> None:
    with pytest.raises(InputError, match=r"5 frames are too few for 4 s: cut shots to 1\.2 s or less"):
        await take(SvdShots(model, TINY, runtime=CPU), ask(seconds=4.0, image=picture()))


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = "import sys, webtv.studio.diffusers.svd; print({'torch', 'diffusers', 'PIL'} & {*sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "set()"
