"""Schemes: a ground and the inks that go on it, for pictures that show nothing but colour and form."""

from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, luma, mix, rgb
from webtv.studio.procedural.stage import Image, Stage


@dataclass(frozen=True, slots=True)
class Scheme:
    """Colours of one abstract picture.

    Attributes:
        ground: what everything lies on.
        inks: four or more colours that stand out from the ground and from each other.
        dark: whether the ground is dark, so that inks glow on it instead of covering it.
    """

    ground: Colour
    inks: tuple[Colour, ...]
    dark: bool

    def ink(self, index: int) -> Colour:
        """An ink by number, around and around."""
        return self.inks[index % len(self.inks)]

    def steps(self) -> list[tuple[float, Colour]]:
        """The scheme as stops of a ramp, from the ground through the inks in order of their lightness."""
        inks = sorted(self.inks, key=luma, reverse=not self.dark)
        colours = [self.ground, *inks]
        return [(i / (len(colours) - 1), c) for i, c in enumerate(colours)]


def _scheme(codes: str) -> Scheme:
    ground, *inks = (rgb(code) for code in codes.split())
    return Scheme(ground, tuple(inks), luma(ground) < 0.4)


_FRESH = tuple(
    _scheme(codes)
    for codes in (
        "#f2ead9 #d8432f #1f3f6e #f0b63c #6fa8a0 #2b2b31",
        "#edf2ec #1f6f78 #66b8ae #f2b866 #24385f #e8745a",
        "#eaf0f4 #2c6496 #7fb3d5 #f08a5d #1d2f4f #c3cf63",
        "#f1f0dc #5b8c5a #a9c46c #c8553d #2f4f4f #e6b655",
    )
)
_WARM = tuple(
    _scheme(codes)
    for codes in (
        "#f8eae4 #d9577f #f0a08c #6c5b9e #f3c15a #2f3d6b",
        "#fbefd8 #ff7a54 #ffbd55 #4fa99b #c95d8f #3b5b92",
        "#f3e2cd #b5523b #d99058 #5e6b4e #e3b06a #2f4650",
    )
)
_DEEP = tuple(
    _scheme(codes)
    for codes in (
        "#182350 #ff7a6b #ffd27a #5fd1d8 #8c7bff #f3f0e6",
        "#341828 #ff6a3d #ffb347 #d9376e #a8447e #ffe6b3",
        "#0f2f42 #4fe3a5 #38b6d9 #9a7bff #e8f7c8 #2795a8",
        "#2a1a4c #ff5fa8 #a06bff #4ecbff #ffd1e8 #7a4bd8",
        "#173830 #8fd694 #f0d67a #3fb09a #e8774e #d9f0d0",
        "#272a36 #e0b35a #f2e2b8 #c07a48 #7fa3c0 #d9d6cc",
    )
)


def scheme_of(stage: Stage) -> Scheme:
    """The scheme that words, hour and chance give: named colours first, then the mood of the hour."""
    spec = stage.spec
    night = spec.time in {"dusk", "night"} or spec.style == "neon"
    chance = stage.chance("scheme")
    if night:
        sets = _DEEP
    elif spec.time in {"dawn", "golden", "sunset"}:
        sets = _WARM if chance < 0.7 else _DEEP[:2]
    else:
        sets = _FRESH if chance < 0.45 else _WARM if chance < 0.62 else _DEEP
    chosen = sets[int(stage.place("which scheme").integers(len(sets)))]
    return _named(spec.palette, chosen, night) if spec.palette else chosen


def _named(palette: tuple[Colour, ...], otherwise: Scheme, night: bool) -> Scheme:
    """A scheme from the colours that the words name, and their own lighter and darker kin."""
    by_light = sorted(palette, key=luma)
    dark = night or luma(by_light[0]) < 0.17
    if dark:
        ground = mix(by_light[0], rgb("#141a36"), 0.7 if luma(by_light[0]) > 0.17 else 0.25)
        ground = mix(ground, (1.0, 1.0, 1.0), max(0.0, 0.11 - luma(ground)))
        strong = [c for c in palette if luma(c) >= 0.17] or [mix(by_light[0], (1, 1, 1), 0.4)]
        kin = [mix(strong[0], (1, 1, 1), 0.55), mix(strong[-1], ground, 0.35)]
    else:
        pale = luma(by_light[-1]) > 0.72
        ground = mix(by_light[-1], (1, 1, 1), 0.25) if pale else mix(by_light[-1], rgb("#f7f2e6"), 0.86)
        strong = [c for c in palette if not pale or c != by_light[-1]] or [mix(by_light[-1], (0, 0, 0), 0.4)]
        kin = [mix(strong[0], ground, 0.45), mix(strong[-1], (0.08, 0.09, 0.18), 0.5)]
    inks = [*strong, *kin]
    if len(inks) < 4:
        inks.append(mix(strong[0], otherwise.inks[0], 0.25))
    return Scheme(ground, tuple(inks), dark)


def paint_ground(stage: Stage, scheme: Scheme, seed: str = "ground") -> Image:
    """The ground as a picture float32[H, W, 3] of the frame's size: a soft light, a fine tooth."""
    h, w = stage.height, stage.width
    side = stage.side(seed)
    x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    pool = np.exp(-((x - 0.35 * side) ** 2 * 0.7 + (y + 0.3) ** 2 * 0.9))
    if scheme.dark:
        low, high = mix(scheme.ground, (0, 0, 0), 0.12), mix(scheme.ground, scheme.ink(3), 0.28)
    else:
        low, high = mix(scheme.ground, scheme.ink(1), 0.1), mix(scheme.ground, (1, 1, 1), 0.35)
    out = np.asarray(low, np.float32) + pool[..., None] * np.subtract(high, low).astype(np.float32)
    tooth: Image = stage.place(seed + " tooth").standard_normal((h, w), dtype=np.float32)
    tooth = cv2.GaussianBlur(tooth, (0, 0), 0.8)
    return np.asarray(out * (1 + 0.018 * tooth)[..., None], np.float32)
