"""Noto Emoji art: pictures out of the asset, toned for our scenes, dyed, in a chain of sizes."""

import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import InternalError
from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.figures.dye import dyed
from webtv.studio.procedural.stage import Image

ASSET = "noto/art.zip"
SUFFIX = ".webp"
_CALM = 0.82  # emoji are louder than our scenes: share of the saturation that stays
_PAPER, _INK = 0.91, 0.045  # white and black of the toned art
_STEP = 2**0.5  # between two sizes of a chain; linear resampling stays crisp and does not shimmer
_SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Art:
    """One picture in a chain of sizes.

    Attributes:
        half: half its width in units of its height.
        levels: premultiplied uint8[h, w, 4] RGBA, the largest first.
        flames: uint8[h, w] of the same sizes, where flames and lamps are; empty if the kind has none.
    """

    half: float
    levels: tuple[NDArray[np.uint8], ...]
    flames: tuple[NDArray[np.uint8], ...]

    def level(self, height: float) -> int:
        """The index of the picture that is best shown so many pixels tall."""
        heights = [level.shape[0] for level in self.levels]
        return max(i for i, h in enumerate(heights) if h >= 0.93 * height or i == 0)


@cache
def _store() -> dict[str, bytes]:
    """The encoded pictures by icon."""
    with as_file(files(__package__).joinpath(ASSET)) as path, zipfile.ZipFile(path) as asset:
        return {name.removesuffix(SUFFIX): asset.read(name) for name in asset.namelist()}


def icons() -> frozenset[str]:
    """Names of the icons in the asset."""
    return frozenset(_store())


@cache
def aspect(icon: str) -> float:
    """Width of an icon by its height."""
    height, width = _decoded(icon).shape[:2]
    return float(width / height)


def _decoded(icon: str) -> NDArray[np.uint8]:
    """uint8[h, w, 4] BGRA, not premultiplied."""
    try:
        data = _store()[icon]
    except KeyError:
        raise InternalError(
            f"the art has no icon {icon!r}",
            place=ASSET,
            remedy="run tools/noto_figures.py again after changing kinds.txt",
        ) from None
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


@lru_cache(64)
def art(icon: str, mirrored: bool, coat: Colour | None, own: Colour | None, shines: str) -> Art:
    """An icon, ready to be warped into a frame.

    Args:
        icon: its name in the asset.
        mirrored: whether it is turned to face right.
        coat: the colour to dye it, or None.
        own: the colour that gives way to the coat; None for the commonest.
        shines: ``flame`` to find yellow flames, ``whole`` if all of it is a lamp,
            ``sparkle`` for its brightest parts, or empty.

    Raises:
        InternalError: the asset lacks the icon.
    """
    bgra = _decoded(icon)
    if mirrored:
        bgra = bgra[:, ::-1]
    alpha = bgra[..., 3].astype(np.float32) / 255
    rgb = _toned(bgra[..., 2::-1].astype(np.float32) / 255)
    lamp = _lamps(rgb, shines)
    if coat is not None:
        rgb = dyed(rgb, alpha, coat, own)
    whole = np.dstack((rgb * alpha[..., None], alpha))
    sizes = _sizes(alpha.shape[0], alpha.shape[1])
    levels = tuple(_bytes(cv2.resize(whole, size, interpolation=cv2.INTER_AREA)) for size in sizes)
    flames = (
        tuple(_bytes(cv2.resize(lamp * alpha, size, interpolation=cv2.INTER_AREA)) for size in sizes)
        if shines
        else ()
    )
    return Art(alpha.shape[1] / alpha.shape[0] / 2, levels, flames)


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    out = [(width, height)]
    while min(out[-1]) > _SMALLEST:
        k = _STEP ** len(out)
        out.append((max(1, round(width / k)), max(1, round(height / k))))
    return out


def _bytes(image: Image) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.clip(image * 255 + 0.5, 0, 255), np.uint8)


def _toned(rgb: Image) -> Image:
    grey = (rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32))[..., None]
    calm = grey + (rgb - grey) * np.float32(_CALM)
    return np.asarray(_INK + calm * (_PAPER - _INK), np.float32)


def _lamps(rgb: Image, shines: str) -> Image:
    """Where the art gives light, 0..1."""
    if shines == "whole":
        return np.asarray(0.35 + 0.65 * rgb.max(axis=2), np.float32)
    if shines == "sparkle":
        return np.asarray(np.clip((rgb.max(axis=2) - 0.78) / 0.15, 0, 1), np.float32)
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)  # hue in degrees
    yellow = np.clip((12 - np.abs(hsv[..., 0] - 48)) / 6, 0, 1)
    bright = np.clip((hsv[..., 2] - 0.7) / 0.15, 0, 1) * np.clip((hsv[..., 1] - 0.3) / 0.2, 0, 1)
    return np.asarray(yellow * bright, np.float32)
