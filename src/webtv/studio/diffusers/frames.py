"""Frames on their way out of a pipeline, and pictures on their way in."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import InternalError, QualityError
from webtv.studio.ports import Frames, Picture
from webtv.studio.upscaling import crop_to_aspect

Floats = NDArray[np.float32]
"""float32[T, H, W, 3] in 0..1."""

PIECE = 8  # frames handed on at a time, so that the next stage need not hold the take twice
_BLACK = 4 / 255  # brightest value of a take that shows nothing

LatentColours = Sequence[Sequence[float]]
"""One row of red, green and blue (about 0..1 around the middle) per channel of the latents."""

# What the four channels of Stable Diffusion's first autoencoder mean, as a linear fit that people have used
# for previews since 2022 (discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204).
STABLE_DIFFUSION: LatentColours = (
    (0.149, 0.104, 0.104),
    (0.094, 0.143, 0.087),
    (-0.079, 0.095, 0.132),
    (-0.092, -0.136, -0.237),
)
_LEAST_PREVIEW = 256  # latents of a frame below which a preview shows nothing


def floats_of(output: Any, place: str) -> Floats:
    """The first take of what a pipeline returned, whatever it returned it as.

    Args:
        output: its ``frames``, or the like: an array or tensor [B, T, H, W, 3], [B, T, 3, H, W] or
            [B, 3, T, H, W] in 0..1, one of these without B, or lists of arrays or PIL pictures.
        place: for errors.

    Raises:
        InternalError: it is none of these.
    """
    while isinstance(output, list | tuple) and output and _is_take(output[0]):
        output = output[0]  # the first of several takes
    several = isinstance(output, list | tuple)
    video = np.stack([_array(picture) for picture in output] or [np.empty(0)]) if several else _array(output)
    if video.ndim == 5:
        video = video[0]
    if video.ndim == 4 and video.shape[-1] != 3:
        if video.shape[1] == 3:
            video = video.transpose(0, 2, 3, 1)
        elif video.shape[0] == 3:
            video = video.transpose(1, 2, 3, 0)
    if video.ndim != 4 or video.shape[-1] != 3 or not len(video):
        raise InternalError(f"the pipeline returned {np.shape(video)}, which is no take", place=place)
    return video


def _is_take(value: Any) -> bool:
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) >= 4


def _array(value: Any) -> Any:
    """A tensor, picture or array as float32; integers become 0..1."""
    if hasattr(value, "detach"):
        value = value.detach().float().cpu().numpy()
    array = np.asarray(value)
    if array.dtype == np.uint8:
        return array.astype(np.float32) / 255
    return array.astype(np.float32, copy=False)


def judge(video: Floats, place: str) -> None:
    """Refuse a take that shows nothing.

    Raises:
        QualityError: it holds values that are no numbers, or it is black from beginning to end.
    """
    # A sum is a number only if all are: one pass without a copy as large as the take.
    if not np.isfinite(np.sum(video, dtype=np.float64)):
        raise QualityError(
            "the model's picture holds values that are no numbers",
            place=place,
            remedy="set the precision to float32 or bfloat16, for half precision overflows in some models",
        )
    if float(video.max()) < _BLACK:
        raise QualityError(
            "the model's picture is black",
            place=place,
            remedy="use another seed; if it stays black, set the precision to float32 or bfloat16",
        )


def pieces(video: Floats) -> Iterator[tuple[int, Floats]]:
    """A take in parts: the index of the first frame of each, and its frames."""
    for start in range(0, len(video), PIECE):
        yield start, video[start : start + PIECE]


def to_bytes(video: Floats) -> Frames:
    """uint8 of values in 0..1, rounded to the nearest."""
    levels: Frames = np.rint(np.clip(video, 0, 1) * 255).astype(np.uint8)
    return levels


def resized(picture: Picture, width: int, height: int) -> Picture:
    """A picture in another size; what its new aspect has no room for is cut off on both sides."""
    if picture.shape[:2] == (height, width):
        return picture
    smaller = width * height < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    cropped = np.ascontiguousarray(crop_to_aspect(picture, width, height))
    return cv2.resize(cropped, (width, height), interpolation=how).astype(np.uint8, copy=False)


def to_pil(picture: Picture, width: int, height: int) -> Any:
    """A picture in that size as pipelines take it: ``PIL.Image`` in RGB."""
    from PIL import Image

    return Image.fromarray(resized(picture, width, height))


def preview_of(latents: Any, colours: LatentColours) -> Frames | None:
    """What latents show so far, one pixel per latent: the middle frame, by a linear fit.

    Args:
        latents: tensor [B, C, T, H, W] with one C per row of ``colours``.
        colours: what the channels mean.

    Returns:
        uint8[H, W, 3], or None if they are of another shape or too few to show anything.
    """
    if latents.ndim != 5 or latents.shape[1] != len(colours):
        return None
    if latents.shape[3] * latents.shape[4] < _LEAST_PREVIEW:
        return None
    middle = latents[0, :, latents.shape[2] // 2].detach().float().cpu().numpy()
    linear = np.tensordot(np.moveaxis(middle, 0, -1), np.asarray(colours, np.float32), axes=1)
    return to_bytes((np.nan_to_num(linear) + 0.5).astype(np.float32))
