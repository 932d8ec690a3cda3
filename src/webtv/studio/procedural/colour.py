"""Colours: sRGB in 0..1, named as people name them, mixed and ramped."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float32
Colour = tuple[float, float, float]


def rgb(code: str) -> Colour:
    """``#rrggbb`` as three floats."""
    value = int(code.lstrip("#"), 16)
    return (value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


NAMED: dict[str, Colour] = {
    name: rgb(code)
    for name, code in {
        "red": "#c8372d",
        "crimson": "#a81e34",
        "scarlet": "#d6331f",
        "rust": "#a8512b",
        "russet": "#a4552c",
        "orange": "#e5812b",
        "amber": "#f0a63a",
        "saffron": "#eda22f",
        "gold": "#e4b245",
        "golden": "#e4b245",
        "copper": "#b8703f",
        "yellow": "#f0cf4a",
        "ochre": "#c8963e",
        "mustard": "#cfa23a",
        "honey": "#e0a93f",
        "cream": "#f3e8cd",
        "ivory": "#f1ead6",
        "peach": "#f5b892",
        "apricot": "#f2ab76",
        "coral": "#ee7f68",
        "salmon": "#ee8f78",
        "pink": "#ee8fb0",
        "rose": "#dd7f92",
        "magenta": "#cf3f9a",
        "fuchsia": "#d63f9f",
        "purple": "#7a4a9e",
        "violet": "#7f58b8",
        "lilac": "#b79bd2",
        "lavender": "#b3a3d8",
        "plum": "#7b4468",
        "mauve": "#ae89a8",
        "indigo": "#3f4691",
        "blue": "#3a6fb8",
        "navy": "#22355f",
        "cobalt": "#2f57a8",
        "azure": "#4d9fd8",
        "sky": "#86bfe4",
        "turquoise": "#3fb8b2",
        "teal": "#2a8a8c",
        "cyan": "#45c4d6",
        "aqua": "#5cc9c4",
        "aquamarine": "#6fd0b5",
        "green": "#4f9145",
        "emerald": "#2f9a66",
        "mint": "#a4dcbe",
        "sage": "#9caf88",
        "olive": "#7d8045",
        "moss": "#6b8040",
        "lime": "#9ccb48",
        "jade": "#3fa27a",
        "brown": "#7d5637",
        "chestnut": "#83482e",
        "tan": "#c8a679",
        "beige": "#dccaa6",
        "sand": "#dcc698",
        "sepia": "#8a6a46",
        "black": "#26262c",
        "charcoal": "#3d4046",
        "slate": "#60707f",
        "grey": "#8f949a",
        "gray": "#8f949a",
        "silver": "#bcc3ca",
        "pewter": "#868c94",
        "white": "#f2f1ec",
        "pearl": "#e8e3dc",
        "umber": "#6d5238",
        "terracotta": "#c26a48",
        "burgundy": "#742a3a",
        "maroon": "#74302f",
        "steel": "#6f8397",
        "ink": "#2c3850",
        "midnight": "#1d2a4e",
        "ultramarine": "#3546a8",
        "pastel": "#e3d2dc",
        "blush": "#efbcb4",
    }.items()
}


def mix(a: Sequence[float], b: Sequence[float], share: float) -> Colour:
    """``a`` with ``share`` of ``b``."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def times(a: Sequence[float], b: Sequence[float] | float) -> Colour:
    """Product, channel by channel."""
    if isinstance(b, (int, float)):
        return a[0] * b, a[1] * b, a[2] * b
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


def luma(a: Sequence[float]) -> float:
    """BT.709 luma."""
    return 0.2126 * a[0] + 0.7152 * a[1] + 0.0722 * a[2]


def ramp(stops: Sequence[tuple[float, Colour]], count: int) -> Array:
    """float32[count, 3] along stops (position 0..1, colour), eased so that no stop shows as an edge."""
    x = np.linspace(0, 1, count)
    places = [place for place, _ in stops]
    out = np.stack([np.interp(x, places, [c[k] for _, c in stops]) for k in range(3)], axis=1)
    width = max(1, count // 12)
    kernel = np.hanning(2 * width + 1)
    kernel /= kernel.sum()
    padded = np.pad(out, ((width, width), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(padded[:, k], kernel, mode="valid") for k in range(3)], axis=1)
    return np.asarray(smooth, np.float32)
