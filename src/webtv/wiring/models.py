"""Adapters of models and of endpoints, put together from the operator's settings and a curator's options."""

import dataclasses
import functools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webtv.core.clock import SystemClock
from webtv.core.errors import ConfigError
from webtv.core.events import Event, EventSink, LogSink
from webtv.core.settings import Settings, load_settings

if TYPE_CHECKING:
    from webtv.studio.diffusers.runtime import Runtime
    from webtv.studio.remote.breaker import Rota
    from webtv.studio.remote.endpoint import Endpoint
    from webtv.studio.weights.store import WeightStore


def weight_store(settings: Settings) -> "WeightStore":
    """The station's models."""
    from webtv.studio.weights.store import WeightStore

    token = settings.models_token.get_secret_value() if settings.models_token else None
    return WeightStore(
        settings.model_store,
        SystemClock(),
        settings.models_unsafe,
        token,
        variant=settings.models_variant,
    )


def runtime(settings: Settings) -> "Runtime":
    """How models are run here."""
    from webtv.studio.diffusers.runtime import Runtime

    return Runtime(
        device=settings.models_device,
        dtype=settings.models_dtype,
        variant=settings.models_variant,
        offload=settings.models_offload,
        compile=settings.models_compile,
        attention=settings.models_attention,
        layerwise_casting=settings.models_layerwise,
        vae_tiling=settings.models_tiling,
        locate=weight_store(settings).locate,
        trusted=settings.models_unsafe,
    )


def zeroscope(**options: Any) -> Any:
    """Zeroscope, from text."""
    from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots

    settings = load_settings()
    return ZeroscopeShots(
        settings.zeroscope_model, ZeroscopeOptions.from_mapping(options), **_run(settings, loras=True)
    )


def zeroscope_xl(**options: Any) -> Any:
    """Zeroscope's second pass, as an upscaler."""
    from webtv.studio.diffusers.zeroscope_xl import ZeroscopeXL, ZeroscopeXLOptions

    settings = load_settings()
    return ZeroscopeXL(
        settings.zeroscope_xl_model, ZeroscopeXLOptions.from_mapping(options), **_run(settings, loras=True)
    )


def animatediff(**options: Any) -> Any:
    """AnimateDiff over Stable Diffusion 1.5."""
    from webtv.studio.diffusers.animatediff import AnimateDiffOptions, AnimateDiffShots

    settings = load_settings()
    return AnimateDiffShots(
        settings.animatediff_base_model,
        settings.animatediff_model,
        AnimateDiffOptions.from_mapping(options),
        **_run(settings, loras=True),
    )


def wan(**options: Any) -> Any:
    """Wan, from text and from a picture."""
    from webtv.studio.diffusers.wan import WanShots

    settings = load_settings()
    return WanShots(
        settings.wan_model,
        WanShots.options_for(settings.wan_model, options),
        image_model=settings.wan_image_model,
        keep_both=settings.models_keep_both,
        **_run(settings, loras=True),
    )


def ltx(**options: Any) -> Any:
    """LTX-Video, from text and from a picture."""
    from webtv.studio.diffusers.ltx import LtxShots

    settings = load_settings()
    return LtxShots(
        settings.ltx_model, LtxShots.options_for(settings.ltx_model, options), **_run(settings, loras=True)
    )


def svd(**options: Any) -> Any:
    """Stable Video Diffusion, from a picture."""
    from webtv.studio.diffusers.svd import SvdShots

    settings = load_settings()
    return SvdShots(
        settings.svd_model,
        SvdShots.options_for(settings.svd_model, options),
        key_model=settings.svd_key_model,
        keep_both=settings.models_keep_both,
        **_run(settings),
    )


def text_to_video(**options: Any) -> Any:
    """Any text-to-video pipeline of diffusers.

    Raises:
        ConfigError: the operator named no model.
    """
    from webtv.studio.diffusers.text_to_video import TextToVideoOptions, TextToVideoShots

    settings = load_settings()
    model = _named(settings.text_to_video_model, "studio.shot", "WEBTV_TEXT_TO_VIDEO_MODEL")
    return TextToVideoShots(model, TextToVideoOptions.from_mapping(options), **_run(settings, loras=True))


def film(*, depth: int = 4, slow: float = 1, tile: int = 1024) -> Any:
    """FILM.

    Raises:
        ConfigError: the operator named no weights.
    """
    from webtv.studio.film.adapter import FilmInterpolator

    settings = load_settings()
    model = _named(settings.film_model, "studio.interpolate", "WEBTV_FILM_MODEL")
    return FilmInterpolator(depth=depth, slow=slow, tile=tile, model=model, **_file(settings, model))


def spandrel(*, tile: int = 512) -> Any:
    """Any super-resolution model that spandrel knows.

    Raises:
        ConfigError: the operator named no weights.
    """
    from webtv.studio.superresolution import SpandrelUpscaler

    settings = load_settings()
    model = _named(settings.spandrel_model, "studio.upscale", "WEBTV_SPANDREL_MODEL")
    return SpandrelUpscaler(tile=tile, model=model, **_file(settings, model))


def clip(*, frames: int = 8) -> Any:
    """CLIP, or another model that compares pictures with texts."""
    from webtv.studio.scoring.clip import ClipScorer

    settings = load_settings()
    return ClipScorer(settings.clip_model, runtime(settings), frames=frames)


def language_model() -> Any:
    """The model of the `local` writer."""
    from webtv.studio.weights.register import PUBLISHED
    from webtv.studio.writing import LanguageModel

    settings = load_settings()
    how, model = runtime(settings), settings.local_writer_model
    sizes = {name: each.gb for name, each in PUBLISHED.items()}
    sizes |= {each.model: each.locked.bytes / 1e9 for each in weight_store(settings).stored()}
    return LanguageModel(
        model,
        clock=SystemClock(),
        device=how.device,
        dtype=how.dtype,
        locate=how.locate,
        gb=sizes.get(model),
    )


def musicgen(**options: Any) -> Any:
    """MusicGen."""
    from webtv.studio.musicgen.composer import MusicGenComposer
    from webtv.studio.musicgen.options import MusicGenOptions

    settings = load_settings()
    how = dataclasses.replace(runtime(settings), compile=False)
    if how.offload != "none":  # as a whole or not at all
        how = dataclasses.replace(how, offload="model")
    return MusicGenComposer(settings.musicgen_model, MusicGenOptions.from_mapping(options), runtime=how)


@functools.lru_cache(maxsize=1)
def endpoints() -> Mapping[str, "Endpoint"]:
    """The operator's endpoints by name.

    Raises:
        ConfigError: one is wrong.
    """
    from webtv.studio.remote.endpoint import endpoints as judged

    return judged(load_settings().endpoints)


class _Ear:
    """Hears of the endpoints that all channels of this process share; the log, until somebody else does."""

    sink: EventSink = LogSink()

    def __call__(self, event: Event) -> None:
        self.sink(event)


_ear = _Ear()


def hear_endpoints(events: EventSink) -> None:
    """Tell there of endpoints that stopped answering and of those that answer again, not only in the log."""
    _ear.sink = events


@functools.lru_cache(maxsize=64)
def _rota(name: str) -> "Rota[Any]":
    """Which of an endpoint's addresses work; shared by all channels of this process."""
    from webtv.studio.remote.shots import rota_of

    return rota_of(name, endpoints()[name], clock=SystemClock(), noise=random.Random(), events=_ear)


def endpoint_shots(endpoint: str, /, **options: Any) -> Any:
    """Takes from a machine elsewhere."""
    from webtv.studio.remote.shots import RemoteShots
    from webtv.studio.remote.tickets import FileTickets

    data = load_settings().data
    return RemoteShots(
        endpoint,
        endpoints()[endpoint],
        options=options,
        rota=_rota(endpoint),
        tickets=FileTickets(data / "tickets"),
        scratch=data / "scratch",
    )


def _run(settings: Settings, *, loras: bool = False) -> dict[str, Any]:
    given: dict[str, Any] = {"runtime": runtime(settings)}
    return {**given, "loras": settings.models_loras} if loras else given


def _file(settings: Settings, model: str) -> dict[str, Any]:
    """What adapters of a single network take."""
    return {
        "place": weight_store(settings).locate,
        "trusted": model in settings.models_unsafe,
        "device": None if settings.models_device == "auto" else settings.models_device,
        "dtype": None if settings.models_dtype == "auto" else settings.models_dtype,
    }


def _named(model: str | None, place: str, setting: str) -> str:
    if model is None:
        raise ConfigError(
            "the operator has named no model for this adapter",
            place=place,
            remedy=f"set {setting} to an id on the hub, a folder or a file",
        )
    return str(Path(model).expanduser()) if model.startswith("~") else model
