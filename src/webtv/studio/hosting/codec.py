"""Requests, scores and errors as JSON and back; what comes back is judged, whoever sent it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from webtv.core import errors
from webtv.core.errors import Category, InternalError, RateLimited, ResourceError, WebTVError
from webtv.prompts.sequence import MusicBrief, ShotPrompt
from webtv.studio.hosting.sealed import Array
from webtv.studio.notes import Fact
from webtv.studio.ports import BedRequest, Chunk, Frames, Score, ShotRequest, Sound

_TEXT_MOST = 4000  # characters of a message that somebody else wrote
_SIDE_MOST = 16_384
_RATE_MOST = 1000


def shot_to_json(request: ShotRequest) -> dict[str, Any]:
    """A shot request without its picture, which travels as an array."""
    plain = {item.name: getattr(request, item.name) for item in fields(request) if item.name != "image"}
    return plain | {"prompt": request.prompt.to_json()}


def shot_from_json(body: Mapping[str, Any], image: Array | None = None) -> ShotRequest:
    """The inverse of :func:`shot_to_json`.

    Raises:
        TypeError: keys are missing or unknown.
        KeyError: there is no prompt.
    """
    return ShotRequest(**{**body, "prompt": ShotPrompt.from_json(body["prompt"])}, image=image)


def bed_to_json(request: BedRequest) -> dict[str, Any]:
    """A request for a bed."""
    return {"music": request.music.to_json(), "samples": request.samples, "seed": request.seed}


def bed_from_json(body: Mapping[str, Any]) -> BedRequest:
    """The inverse of :func:`bed_to_json`.

    Raises:
        TypeError: keys are missing or unknown.
        KeyError: there is no brief.
    """
    return BedRequest(**{**body, "music": MusicBrief.from_json(body["music"])})


def score_to_json(score: Score) -> dict[str, Any]:
    """A score."""
    parts = {str(name): float(value) for name, value in score.parts.items()}
    return {"value": float(score.value), "parts": parts, "reason": str(score.reason)}


def score_from_json(body: Mapping[str, Any]) -> Score:
    """The inverse of :func:`score_to_json`.

    Raises:
        ValueError: a part is no share of 1.
        TypeError: something is of another type.
        KeyError: something is missing.
    """
    parts = {str(name): _share(value) for name, value in body["parts"].items()}
    return Score(_share(body["value"]), parts, text(body["reason"]))


def _share(value: Any) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{value!r} is no score")
    return share


def chunk_to_json(chunk: Chunk) -> dict[str, Any]:
    """A chunk without its frames, which travel as an array."""
    return {"start": int(chunk.start_frame), "fps": int(chunk.fps)}


def chunk_from_json(body: Mapping[str, Any], frames: Array) -> Chunk:
    """The inverse of :func:`chunk_to_json`.

    Raises:
        ValueError: it is no chunk of a take.
        KeyError: something is missing.
    """
    start, fps = whole(body["start"]), whole(body["fps"])
    if not 1 <= fps <= _RATE_MOST:
        raise ValueError(f"{fps} frames per second arrived")
    return Chunk(picture_shape(frames, 4), start, fps)


def picture_shape(frames: Array, dimensions: int) -> Frames:
    """Pictures in sRGB, held to it.

    Raises:
        ValueError: they are none.
    """
    shape = frames.shape
    if frames.dtype.name != "uint8" or len(shape) != dimensions or shape[-1] != 3:
        raise ValueError(f"{frames.dtype.name} {list(shape)} is no picture")
    if max(shape[-3:-1]) > _SIDE_MOST:
        raise ValueError(f"{shape[-2]} x {shape[-3]} is too large for a picture")
    return frames


def sound_shape(sound: Array, samples: int) -> Sound:
    """A bed of so many samples, held to it.

    Raises:
        ValueError: it is none.
    """
    if sound.dtype.name != "float32" or sound.shape != (samples, 2):
        raise ValueError(f"{sound.dtype.name} {list(sound.shape)} is no bed of {samples} samples")
    return sound


def whole(value: Any) -> int:
    """A whole number that is not negative.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r} is no whole number")
    return value


def text(value: Any) -> str:
    """A text, cut to a length that a log and a page can bear.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} is no text")
    return value[:_TEXT_MOST]


def fact(value: Any) -> Fact:
    """What was found out: a text, cut as :func:`text` does, or a number that is one.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no fact")
    return value


def error_to_json(error: WebTVError) -> dict[str, Any]:
    """An error of the tree, by name and category."""
    body: dict[str, Any] = {
        "class": type(error).__name__,
        "category": error.category.value,
        "message": error.message[:_TEXT_MOST],
        "remedy": error.remedy[:_TEXT_MOST],
        "place": error.place[:_TEXT_MOST],
    }
    return body | ({"retry_after": error.retry_after} if isinstance(error, RateLimited) else {})


def error_from_json(body: Mapping[str, Any]) -> WebTVError:
    """The same error here; one of a class that only the child knows becomes one of its category.

    Raises:
        ValueError: it is no error, or its category is none.
        KeyError: something is missing.
    """
    category = Category(body["category"])
    named = getattr(errors, text(body["class"]), None)
    classes = [named] if isinstance(named, type) and issubclass(named, WebTVError) else []
    kind = next((item for item in (*classes, *_tree(WebTVError)) if item.category is category), InternalError)
    message, remedy, place = text(body["message"]), text(body["remedy"]), text(body["place"])
    if issubclass(kind, RateLimited):
        return kind(message, retry_after=float(body.get("retry_after", 0)), remedy=remedy, place=place)
    return kind(message, remedy=remedy, place=place)


def replica(error: WebTVError) -> WebTVError:
    """The same error without its traceback, which would keep whole takes in memory."""
    return error_from_json(error_to_json(error))


def _tree(root: type[WebTVError]) -> Iterator[type[WebTVError]]:
    """The errors of the core; others may have been defined since, with signatures of their own."""
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from _tree(kind)


def too_much(size: int, most: int) -> ResourceError:
    """What is said of a take that is larger than anything sane."""
    return ResourceError(
        f"a take of {size} bytes or more was to be handed over, and {most} is the most",
        place="studio.hosting",
        remedy="make shorter or smaller takes",
    )
