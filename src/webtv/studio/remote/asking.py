"""What an endpoint is asked for: a shot request in the endpoint's own terms, and its content key."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from webtv.studio.options import number, whole_number
from webtv.studio.ports import Picture, ShotRequest
from webtv.studio.remote.endpoint import PLACEHOLDER, Endpoint


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as an endpoint gets it.

    Attributes:
        prompt: the sentences that a video model gets.
        seconds: length asked for, one that the endpoint can make.
        width: pixels.
        height: likewise.
        inputs: what goes into which input, filled in; ``Picture`` stands for the picture.
        image: uint8[H, W, 3] sRGB that the take begins with, or None.
        key: SHA-256 over the endpoint's name and everything that decides the take.
    """

    prompt: str
    seconds: float
    width: int
    height: int
    inputs: Mapping[str, Any]
    image: Picture | None = field(compare=False, repr=False)
    key: str


class Here:
    """Stands in an input where the picture goes."""


IMAGE = Here()


def judge_options(endpoint: Endpoint, options: Mapping[str, Any], place: str) -> dict[str, float]:
    """A curator's options within the bounds that the operator set, defaults filled in.

    Raises:
        ConfigError: an option is unknown or out of bounds.
    """
    from webtv.core.errors import ConfigError

    for name in options:
        if name not in endpoint.options:
            known = ", ".join(endpoint.options) or "none: remove it"
            raise ConfigError(
                "the operator opened no such option", place=f"{place}.{name}", remedy=f"there are {known}"
            )
    chosen: dict[str, float] = {}
    for name, bounds in endpoint.options.items():
        value, at = options.get(name, bounds.default), f"{place}.{name}"
        if bounds.whole:
            chosen[name] = whole_number(value, int(bounds.least), int(bounds.most), place=at)
        else:
            chosen[name] = number(value, bounds.least, bounds.most, place=at)
    return chosen


def ask(name: str, endpoint: Endpoint, options: Mapping[str, float], request: ShotRequest) -> Asked:
    """Put a shot request into an endpoint's terms.

    Args:
        name: the endpoint's.
        endpoint: what it can make and how it is asked.
        options: the curator's, judged.
        request: what is wanted.
    """
    seconds = next((some for some in endpoint.lengths if some >= request.seconds), None)
    if seconds is None:
        seconds = endpoint.lengths[-1] if endpoint.lengths else request.seconds
    width, height = (
        (int(side) for side in endpoint.size.split("x")) if endpoint.size else (request.width, request.height)
    )
    fps = endpoint.fps or request.fps
    values: dict[str, Any] = {
        "prompt": request.prompt.text,
        "negative": request.prompt.negative,
        "seed": request.seed,
        "seconds": int(seconds) if seconds == int(seconds) else seconds,
        "fps": fps,
        "frames": _frames(seconds * fps, endpoint.frame_rule),
        "width": width,
        "height": height,
        "model": endpoint.model,
        "image": None if request.image is None else IMAGE,
        **options,
    }
    inputs = {key: _filled(value, values) for key, value in endpoint.asked_inputs.items()}
    image = request.image if endpoint.filled_by("image") else None
    return Asked(
        prompt=request.prompt.text,
        seconds=seconds,
        width=width,
        height=height,
        inputs=inputs,
        image=image,
        key=_key(name, endpoint, values, inputs, image),
    )


def _frames(wanted: float, rule: str) -> int:
    step = {"n": 1, "4n+1": 4, "8n+1": 8}[rule]
    return math.ceil(wanted) if step == 1 else step * math.ceil((wanted - 1) / step) + 1


def _filled(value: JsonValue, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        # A placeholder that stands alone keeps its type: a seed is a number.
        if whole := PLACEHOLDER.fullmatch(value):
            return values[whole[1]]
        return PLACEHOLDER.sub(lambda found: str(values[found[1]]), value)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return value


def _key(
    name: str, endpoint: Endpoint, values: Mapping[str, Any], inputs: Mapping[str, Any], image: Picture | None
) -> str:
    content = {
        "endpoint": [name, endpoint.kind, endpoint.model, endpoint.call],
        "values": values,
        "inputs": inputs,
        "image": None if image is None else hashlib.sha256(image.tobytes()).hexdigest(),
    }
    text = json.dumps(content, sort_keys=True, default=lambda _: "image")
    return hashlib.sha256(text.encode()).hexdigest()
