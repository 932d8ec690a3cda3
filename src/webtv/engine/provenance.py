"""What is known about the making of a clip or bed, as JSON: enough to make it again."""

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import av
import numpy as np

from webtv import __version__
from webtv.core.format import HouseFormat
from webtv.engine.stages import Stages
from webtv.studio.capability import capability_of
from webtv.studio.ports import Credit, Media, ShotRequest

_PACKAGES = ("av", "numpy", "opencv-python-headless")
_MODEL_PACKAGES = ("torch", "diffusers", "transformers")


def versions(*, models: bool = False) -> dict[str, str]:
    """What a clip was made with: packages, and the FFmpeg within PyAV that encodes.

    Args:
        models: also the packages that models work with, where they are installed. A clip without a model has
            nothing to do with them, and is the same clip where there are none.
    """
    return dict(_versions(models))


@functools.cache
def _versions(models: bool) -> dict[str, str]:
    found = {"webtv": __version__, **{name: version(name) for name in _PACKAGES}}
    found["ffmpeg"] = av.ffmpeg_version_info
    for name in _MODEL_PACKAGES if models else ():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # the model is at work elsewhere
    return found


def shot_provenance(
    stages: Stages, request: ShotRequest, form: HouseFormat, about: Mapping[str, Any]
) -> dict[str, Any]:
    """All that decided over a clip's pictures.

    Args:
        stages: what makes them. Adapters beside the shot maker that have a ``credit`` are asked for it.
        request: what for; with the seed of the take that is used.
        form: the house format.
        about: what the caller knows: title, writer, stages as asked for, bed, attempt, take, ...
    """
    credit = stages.shot.credit(request)
    others = {
        name: told
        for name, adapter in (("upscale", stages.upscale), ("interpolate", stages.interpolate))
        if (told := _credit_of(adapter, name, request))
    }
    media = Media.TRAINED if Media.TRAINED in (credit.media, *_media(others)) else credit.media
    return plain(
        {
            **about,
            "prompt": request.prompt.text,
            "shot": request.prompt.to_json(),
            "negative": request.prompt.negative,
            "seed": request.seed,
            "sequence_seed": request.sequence_seed,
            "model": credit.model,
            "media": media.value,
            "credit": asdict(credit),
            **({"credits": others} if others else {}),
            "format": form.name,
            "versions": versions(models=media is Media.TRAINED),
        }
    )


def _credit_of(adapter: object, stage: str, request: ShotRequest) -> dict[str, Any]:
    """What an upscaler or interpolator says of itself; plain algorithms say nothing."""
    credit = getattr(adapter, "credit", None)
    if callable(credit) and isinstance(told := credit(request), Credit):
        return asdict(told)
    weights = capability_of(adapter, stage, "").weights
    return {"weights": list(weights)} if weights else {}


def _media(credits: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    return [told.get("media") for told in credits.values()]


def plain(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance as JSON takes it, whatever an adapter put into its credit."""
    return {str(name): _plain(value) for name, value in provenance.items()}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON has no infinity; silence measures as minus that
    return value if value is None or isinstance(value, str | int) else str(value)
