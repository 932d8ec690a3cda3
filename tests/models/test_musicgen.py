"""MusicGen over tiny random models, mono, stereo and melody, through the real ``from_pretrained``."""

import asyncio
import functools
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_music import BOOK, music_config, save_music, tokenizer

from webtv.core.errors import (
    ConfigError,
    InputError,
    InternalError,
    QualityError,
    ResourceError,
    TransientError,
)
from webtv.core.format import SAMPLE_RATE
from webtv.prompts.sequence import MusicBrief
from webtv.studio.capability import capability_of
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.musicgen.composer import MusicGenComposer
from webtv.studio.musicgen.model import MusicModel, Sampling
from webtv.studio.musicgen.options import MusicGenOptions
from webtv.studio.musicgen.resampling import resampled
from webtv.studio.musicgen.sizes import Size, size_of
from webtv.studio.musicgen.windows import Window, crossfade, joined, windows
from webtv.studio.musicgen.wording import described
from webtv.studio.ports import BedRequest, Composer, Media, Sound
from webtv.studio.progress import Progress, heard

pytestmark = pytest.mark.models

CPU = Runtime(device="cpu")
SHORT = MusicGenOptions(window=2.0, overlap=0.8)
SECONDS = 2.2  # of most beds here: two windows of SHORT


@pytest.fixture(scope="session", params=["mono", "stereo", "melody", "stereo melody"])
def any_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each kind."""
    channels = 2 if "stereo" in request.param else 1
    folder = tmp_path_factory.mktemp("tiny") / f"musicgen-{request.param.replace(' ', '-')}"
    return save_music(folder, channels, melody="melody" in request.param)


@pytest.fixture(scope="session")
def mono(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_music(tmp_path_factory.mktemp("tiny-mono"))


@pytest.fixture(scope="session")
def stereo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_music(tmp_path_factory.mktemp("tiny-stereo"), 2)


def composer(model: Path | str, **options: Any) -> MusicGenComposer:
    chosen = MusicGenOptions(window=SHORT.window, overlap=SHORT.overlap, **options)
    return MusicGenComposer(model, chosen, runtime=CPU)


def ask(seconds: float = SECONDS, seed: int = 7, **music: Any) -> BedRequest:
    brief = {"mood": "calm", "tempo": 72, "instruments": ("piano", "strings")} | music
    return BedRequest(MusicBrief(**brief), round(seconds * SAMPLE_RATE), seed)


async def play(composer: Composer, request: BedRequest) -> Sound:
    bed = await composer.compose(request)
    assert bed.shape == (request.samples, 2)
    assert bed.dtype == np.float32
    assert float(np.abs(bed).max()) <= 1.0
    return bed


# Beds.


async def test_a_bed_of_any_model_is_as_long_as_asked_and_the_seed_decides(any_model: Path) -> None:
    maker = composer(any_model)
    first = await play(maker, ask())
    assert np.array_equal(first, await play(composer(any_model), ask()))
    assert not np.array_equal(first, await play(maker, ask(seed=8)))
    assert float(first.std()) > 0.01


@pytest.mark.parametrize("samples", [1, 2, 1000, 47_999, 48_001, 100_003])
async def test_a_bed_has_exactly_as_many_samples_as_asked(mono: Path, samples: int) -> None:
    bed = await composer(mono).compose(BedRequest(MusicBrief("calm", 72, ("piano",)), samples, 1))
    assert bed.shape == (samples, 2)
    assert np.isfinite(bed).all()


async def test_a_stereo_model_sounds_different_on_each_side_and_a_mono_model_does_not(
    mono: Path, stereo: Path
) -> None:
    wide = await play(composer(stereo), ask())
    assert not np.allclose(wide[:, 0], wide[:, 1], atol=0.01)
    narrow = await play(composer(mono), ask())
    assert np.array_equal(narrow[:, 0], narrow[:, 1])


async def test_chance_of_others_is_left_as_it_was(mono: Path) -> None:
    import torch

    torch.manual_seed(5)
    expected = [torch.rand(3) for _ in range(2)]
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), expected[0])
    await play(composer(mono), ask())
    assert torch.equal(torch.rand(3), expected[1])


async def test_brief_and_options_reach_the_model(mono: Path) -> None:
    plain = await play(composer(mono), ask(1))
    for other in (
        await play(composer(mono), ask(1, mood="tense")),
        await play(composer(mono), ask(1, tempo=120)),
        await play(composer(mono), ask(1, instruments=("drums",))),
        await play(composer(mono, guidance=1.0), ask(1)),
        await play(composer(mono, top_k=2), ask(1)),
        await play(composer(mono, temperature=0.1), ask(1)),
    ):
        assert not np.array_equal(plain, other)


async def test_the_ends_of_a_bed_do_not_click(stereo: Path) -> None:
    bed = np.abs(await play(composer(stereo), ask()))
    assert bed[0].max() == 0
    assert bed[-1].max() < 0.02
    assert bed[:24].max() < 0.2 * bed.max()


async def test_sounds_of_the_place_lie_wide_and_low_under_the_music(mono: Path) -> None:
    dry = await play(composer(mono), ask(1))
    wet = await play(composer(mono), ask(1, ambience="light rain"))
    assert np.array_equal(dry, await play(composer(mono, ambience=False), ask(1, ambience="light rain")))
    side = wet[:, 0] - wet[:, 1]
    assert 0 < float(side.std()) < 0.5 * float(wet.std())
    assert np.array_equal(wet, await play(composer(mono), ask(1, ambience="light rain")))


# Windows.


async def test_a_long_bed_is_made_of_windows_that_go_on_from_tokens(
    stereo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import MusicgenForConditionalGeneration as Model

    calls: list[dict[str, Any]] = []
    generate = Model.generate

    def counted(self: Any, **arguments: Any) -> Any:
        calls.append(arguments)
        return generate(self, **arguments)

    monkeypatch.setattr(Model, "generate", counted)
    await play(composer(stereo), ask(5))
    # 250 frames: 100, then 60 at a time after the 40 before.
    assert [call["max_length"] - 4 for call in calls] == [100, 100, 100, 70]
    assert "decoder_input_ids" not in calls[0]
    assert [tuple(call["decoder_input_ids"].shape) for call in calls[1:]] == [(8, 40)] * 3


async def test_the_tokens_that_are_kept_are_those_that_sounded(any_model: Path) -> None:
    import torch

    model = MusicModel(str(any_model), CPU)
    model.load()
    description, sampling = model.hear("calm piano"), Sampling(3.0, 1.0, 250)
    with model.seeded(3):
        first, codes = model.window(description, 60, None, sampling, lambda: None)
        second, more = model.window(description, 60, codes[:, -20:], sampling, lambda: None)
    assert codes.shape == (4 * model.channels, 60)
    assert codes.max() < BOOK
    assert np.array_equal(more[:, :20], codes[:, -20:])
    assert not np.array_equal(more[:, 20:], codes[:, 20:])
    for waves, tokens in ((first, codes), (second, more)):
        assert waves.shape == (model.channels, 60 * 640)
        for side in range(model.channels):
            decoded = model._model.audio_encoder.decode(
                torch.from_numpy(tokens[None, None, side :: model.channels]), audio_scales=[None]
            ).audio_values
            assert np.allclose(waves[side], decoded[0, 0].detach().numpy(), atol=1e-6)


async def test_no_join_can_be_told_from_its_surroundings(stereo: Path) -> None:
    bed = await play(composer(stereo), ask(5))
    bends = np.abs(np.diff(bed, n=2, axis=0)).max(axis=1)
    usual = float(np.percentile(bends, 99.9))
    for frame in (100, 160, 220):  # the middle of what two windows share lies 20 frames before
        middle = (frame - 20) * SAMPLE_RATE // 50
        fade = SAMPLE_RATE // 5
        for at in (middle - fade, middle, middle + fade):
            assert float(bends[at - 200 : at + 200].max()) <= 1.5 * usual


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (100, [Window(0, 0, 100)]),
        (1500, [Window(0, 0, 1500)]),
        (1501, [Window(0, 0, 1500), Window(900, 600, 601)]),
        (3300, [Window(0, 0, 1500), Window(900, 600, 1500), Window(1800, 600, 1500)]),
    ],
)
def test_windows_of_thirty_seconds_hear_twelve_again(frames: int, expected: list[Window]) -> None:
    assert list(windows(frames, 1500, 600)) == expected
    assert sum(window.new for window in expected) == frames


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_a_crossfade_keeps_the_power_however_alike_the_sounds_are(alike: float) -> None:
    chance = np.random.default_rng(1)
    one, other = chance.standard_normal((2, 1, 200_000)).astype(np.float32)
    other = alike * one + np.sqrt(1 - alike**2) * other
    crossed = crossfade(one, other.astype(np.float32))
    powers = np.square(crossed.reshape(20, -1)).mean(axis=1)
    assert powers.min() > 0.9
    assert powers.max() < 1.1


def test_joined_windows_of_one_sound_are_that_sound() -> None:
    whole = np.random.default_rng(2).standard_normal((2, 250 * 640)).astype(np.float32)
    plan = list(windows(250, 100, 40))
    parts = [(w, whole[:, w.start * 640 : (w.start + w.frames) * 640]) for w in plan]
    assert np.allclose(joined(parts, 640, 32_000), whole, atol=1e-5)


def test_windows_that_disagree_are_joined_without_a_click() -> None:
    seconds = np.arange(250 * 640) / 32_000
    plan = list(windows(250, 100, 40))
    sounds = [np.sin(2 * np.pi * 200 * seconds + turn)[None, :].astype(np.float32) for turn in (0, 2, 4, 5)]
    parts = [
        (w, sound[:, w.start * 640 : (w.start + w.frames) * 640])
        for w, sound in zip(plan, sounds, strict=True)
    ]
    bends = np.abs(np.diff(joined(parts, 640, 32_000)[0], n=2))
    alone = np.abs(np.diff(sounds[0][0], n=2)).max()
    assert float(bends.max()) < 1.5 * float(alone)


async def test_by_default_half_a_minute_is_made_at_once_and_twelve_seconds_heard_again(
    mono: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, int]] = []
    chance = np.random.default_rng(1)

    def noise(self: Any, description: Any, frames: int, before: Any, *_: Any) -> Any:
        made.append((frames, 0 if before is None else before.shape[1]))
        return chance.standard_normal((1, frames * 640)).astype(np.float32), np.zeros((4, frames), np.int64)

    monkeypatch.setattr(MusicModel, "window", noise)
    await play(MusicGenComposer(mono, runtime=CPU), ask(31))
    assert made == [(1500, 0), (650, 600)]


# From 32 to 48 kHz.


def tone(hertz: float, rate: int, seconds: float = 1.0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)[:, None]


@pytest.mark.parametrize("hertz", [30, 440, 5000, 14_000])
def test_resampling_keeps_tones_in_place_and_makes_no_others(hertz: float) -> None:
    got = resampled(tone(hertz, 32_000), 32_000, 48_000)[:, 0]
    error = (got - tone(hertz, 48_000)[:, 0])[2000:-2000]
    assert float(np.abs(error).max()) < 1e-4


@pytest.mark.parametrize("rates", [(32_000, 48_000), (44_100, 48_000), (48_000, 32_000), (24_000, 48_000)])
def test_resampling_gives_every_sample(rates: tuple[int, int]) -> None:
    rate, to = rates
    for samples in (1, 7, 100, 12_345):
        sound = np.ones((samples, 2), np.float32)
        assert len(resampled(sound, rate, to)) == -(-samples * to // rate)
    steady = resampled(np.ones((20_000, 1), np.float32), rate, to)[4000:-4000]
    assert float(np.abs(steady - 1).max()) < 1e-4


def test_what_the_lower_rate_cannot_hold_does_not_fold_back() -> None:
    got = resampled(tone(18_000, 48_000), 48_000, 32_000)[2000:-2000]
    assert float(np.abs(got).max()) < 1e-4


# Progress and cancelling.


async def test_progress_counts_every_frame_up_to_all_of_them(mono: Path) -> None:
    told: list[Progress] = []
    with heard(told.append):
        await play(composer(mono), ask(3))
    assert [each.done for each in told if each.stage == "load"] == [0, 1]
    music = [each for each in told if each.stage == "music"]
    assert {each.of for each in music} == {150}
    done = [each.done for each in music]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == 150
    assert len(set(done)) == 151


async def test_a_cancelled_bed_stops_within_one_token(mono: Path) -> None:
    loop = asyncio.get_running_loop()
    begun, released = asyncio.Event(), threading.Event()
    told: list[Progress] = []

    def hear(progress: Progress) -> None:
        if progress.stage == "music":
            told.append(progress)
            if len(told) == 5:
                loop.call_soon_threadsafe(begun.set)
                released.wait()

    with heard(hear):
        playing = asyncio.ensure_future(composer(mono).compose(ask(30)))
    await begun.wait()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    released.set()
    await loop.shutdown_default_executor()  # waits for the thread
    assert len(told) == 5


async def test_a_bed_after_a_cancelled_one_is_the_same(mono: Path) -> None:
    maker = composer(mono)
    expected = await play(maker, ask())
    playing = asyncio.ensure_future(maker.compose(ask(30, seed=9)))
    await asyncio.sleep(0)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert np.array_equal(expected, await play(maker, ask()))


# Trouble.


async def test_a_device_without_memory_is_told_as_that(mono: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import MusicgenForConditionalGeneration as Model

    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    maker = composer(mono)
    monkeypatch.setattr(Model, "generate", full)
    with pytest.raises(ResourceError, match="smaller model"):
        await maker.compose(ask())
    monkeypatch.undo()
    await play(maker, ask(1))


async def test_a_model_that_is_offloaded_is_on_its_device_only_while_it_plays(
    mono: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import MusicgenForConditionalGeneration as Model

    plain = await play(composer(mono), ask())
    places: list[str] = []
    monkeypatch.setattr(Runtime, "torch_device", lambda *_: "cpu")  # there is no other here
    real = Model.to

    def watched(self: Any, device: Any) -> Any:
        places.append(str(device))
        return real(self, device)

    monkeypatch.setattr(Model, "to", watched)
    maker = MusicGenComposer(mono, SHORT, runtime=Runtime(device="cuda", dtype="float32", offload="model"))
    assert np.array_equal(plain, await play(maker, ask()))
    assert places == ["cpu", "cpu"], "there, and away again"

    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Model, "generate", full)
    with pytest.raises(ResourceError):
        await play(maker, ask())
    assert places == ["cpu"] * 4, "also when something went wrong"


@pytest.mark.parametrize(
    ("chosen", "place"),
    [
        ({"compile": True}, "models.compile"),
        ({"offload": "group"}, "models.offload"),
        ({"offload": "sequential"}, "models.offload"),
    ],
)
def test_a_way_of_running_that_it_cannot_follow_is_refused_by_name(chosen: Any, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        MusicGenComposer("facebook/musicgen-small", runtime=Runtime(**chosen))
    assert caught.value.place == place
    assert caught.value.remedy


async def test_a_cheaper_bed_is_computed_once_and_not_twice(
    mono: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import MusicgenForCausalLM

    rows: list[int] = []
    real = MusicgenForCausalLM.forward

    @functools.wraps(real)  # what it takes is looked up
    def counted(self: Any, input_ids: Any = None, **named: Any) -> Any:
        rows.append(len(input_ids))
        return real(self, input_ids=input_ids, **named)

    monkeypatch.setattr(MusicgenForCausalLM, "forward", counted)
    dear = composer(mono)
    await play(dear, ask())
    dear_rows, rows[:] = sum(rows), []
    (grade,) = dear.cheaper()
    options = dict(grade.options)
    assert (grade.name, options.pop("use")) == ("no guidance", "musicgen")
    cheap = MusicGenComposer(mono, MusicGenOptions.from_mapping(options), runtime=CPU)
    await play(cheap, ask())
    assert sum(rows) * 2 == dear_rows
    assert cheap.cheaper() == ()


async def test_what_is_loaded_plays_with_other_options_as_a_fresh_model_does(mono: Path) -> None:
    first, second = composer(mono), composer(mono, guidance=1.0, temperature=0.5)
    await play(first, ask())
    assert first.loads == second.loads
    second.adopt(first)
    told: list[Progress] = []
    with heard(told.append):
        bed = await play(second, ask())
    assert "load" not in {step.stage for step in told}
    assert np.array_equal(bed, await play(composer(mono, guidance=1.0, temperature=0.5), ask()))
    with pytest.raises(InternalError):
        composer("another").adopt(second)


async def test_silence_is_not_music(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="silent for 100%"):
        await composer(save_music(tmp_path, loudness=0.0)).compose(ask(1))


async def test_a_model_that_computes_no_numbers_is_stopped_at_once(tmp_path: Path) -> None:
    import torch
    from transformers import MusicgenForConditionalGeneration

    folder = save_music(tmp_path)
    model = MusicgenForConditionalGeneration.from_pretrained(folder)
    with torch.no_grad():
        model.decoder.lm_heads[0].weight.fill_(float("nan"))
    model.save_pretrained(folder)
    told: list[Progress] = []
    with heard(told.append), pytest.raises(QualityError, match="no numbers"):
        await composer(folder).compose(ask())
    assert sum(each.stage == "music" for each in told) == 1


async def test_a_codec_that_makes_no_numbers_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="no sound"):
        await composer(save_music(tmp_path, loudness=float("nan"))).compose(ask(1))


async def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.safetensors") as caught:
        await composer(tmp_path / "nothing").compose(ask())
    assert caught.value.place == "studio.music musicgen"
    with pytest.raises(ConfigError):
        await composer(tmp_path).compose(ask())


async def test_an_unreachable_hub_may_answer_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between its own attempts
    with pytest.raises(TransientError, match="check the network"):
        await composer("nobody/musicgen-small").compose(ask())


async def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    music_config().text_encoder.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="is a t5 and no MusicGen"):
        await composer(tmp_path).compose(ask())


async def test_weights_that_may_hold_code_are_refused(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = save_music(tmp_path)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="no MusicGen could be loaded"):
        await composer(folder).compose(ask())


async def test_a_bed_of_nothing_is_refused(mono: Path) -> None:
    with pytest.raises(InputError, match="at least one sample"):
        await composer(mono).compose(ask(0))


async def test_the_folder_comes_from_the_store_of_weights(mono: Path) -> None:
    asked: list[str] = []

    def locate(model: str) -> Path:
        asked.append(model)
        return mono

    runtime = Runtime(device="cpu", locate=locate)
    await play(MusicGenComposer("facebook/musicgen-small", SHORT, runtime=runtime), ask(1))
    assert asked == ["facebook/musicgen-small"]


# What is told without a model.


def test_a_brief_in_words() -> None:
    music = MusicBrief("calm,  wistful. ", 72, ("piano", "strings", "piano"), "light rain")
    assert described(music) == "calm, wistful, piano, strings, 72 bpm, instrumental, no vocals"
    assert len(described(MusicBrief("x" * 5000, 60, ()))) < 400


def test_the_credit_says_a_trained_model_made_it_and_how(mono: Path) -> None:
    credit = composer(mono).credit(ask(5, ambience="light rain"))
    assert credit.media is Media.TRAINED
    assert credit.model == mono.name, "the operator's folders are not told to viewers"
    assert credit.details["prompt"] == "calm, piano, strings, 72 bpm, instrumental, no vocals"
    assert credit.details["windows"] == 4
    assert credit.details["ambience"] == ["rain"]
    assert credit.details["seed"] == 7
    assert MusicGenComposer().credit(ask()).model == "facebook/musicgen-small"
    assert MusicGenComposer().credit(ask()).details["windows"] == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("guidance", 0.5),
        ("temperature", 0),
        ("top_k", 2.5),
        ("window", 31),
        ("window", float("nan")),
        ("overlap", 29.5),
        ("ambience", "yes"),
        ("volume", 11),
    ],
)
def test_options_out_of_range_are_refused_with_their_place(option: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        MusicGenOptions.from_mapping({option: value})
    assert caught.value.place == f"studio.music.{option}"
    assert caught.value.remedy


def test_an_overlap_must_leave_something_to_make() -> None:
    with pytest.raises(ConfigError, match="less than a second"):
        MusicGenOptions(window=8, overlap=7.5)


@pytest.mark.parametrize(
    ("model", "disk", "vram"),
    [
        ("facebook/musicgen-small", 2.4, 2.5),
        ("facebook/musicgen-medium", 8.0, 5.9),
        ("facebook/musicgen-large", 13.7, 9.1),
        ("facebook/musicgen-melody", 6.2, 5.0),
        ("facebook/musicgen-stereo-large", 13.8, 9.1),
        ("somebody/else", 0.0, 0.0),
    ],
)
def test_the_capability_tells_sizes_without_loading(model: str, disk: float, vram: float) -> None:
    told = capability_of(MusicGenComposer(model, runtime=Runtime(device="cuda")), "music", "musicgen")
    assert told.hosted
    assert told.weights == (model,)
    assert told.disk_gb == pytest.approx(disk, abs=0.1)
    assert told.vram_gb == pytest.approx(vram, abs=0.1)
    assert MusicGenComposer(model, runtime=CPU).capability.vram_gb == 0


@pytest.mark.parametrize("name", ["small", "stereo-medium", "melody", "stereo-melody-large"])
def test_sizes_are_those_of_the_published_architectures(name: str) -> None:
    import torch
    from transformers import EncodecConfig, T5Config
    from transformers import MusicgenForConditionalGeneration as Plain
    from transformers import MusicgenMelodyForConditionalGeneration as Melody

    size = size_of(f"facebook/musicgen-{name}")
    assert size is not None
    config = music_config(size.channels, melody=size.melody)
    config.text_encoder = T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12)
    config.audio_encoder = EncodecConfig(
        sampling_rate=32_000,
        normalize=False,
        chunk_length_s=None,
        num_filters=64,
        codebook_size=2048,
        codebook_dim=128,
        upsampling_ratios=[8, 5, 4, 4],
        use_causal_conv=False,
        use_conv_shortcut=False,
        target_bandwidths=[2.2],
    )
    decoder = config.decoder
    decoder.vocab_size, decoder.hidden_size, decoder.ffn_dim = 2048, size.width, 4 * size.width
    decoder.num_hidden_layers, decoder.num_attention_heads = size.layers, 16
    with torch.device("meta"):
        model = (Melody if size.melody else Plain)(config)
    assert size.parameters == pytest.approx(model.num_parameters(), rel=0.005)


def test_the_size_of_a_folder_is_in_its_configuration(stereo: Path, tmp_path: Path) -> None:
    assert size_of(str(stereo)) == Size(16, 2, 2)
    assert size_of(str(tmp_path)) is None
    (tmp_path / "config.json").write_text("[]")
    assert size_of(str(tmp_path)) is None


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = (
        "import sys, webtv.studio.musicgen.composer as c; c.MusicGenComposer().capability; "
        "print(sorted({'torch', 'transformers', 'diffusers'} & {*sys.modules}))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
