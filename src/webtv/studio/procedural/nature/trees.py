"""Plants of the herbarium, drawn once per process and stamped in any light.

A specimen does not hold colours but how much of each pixel is leaf, other leaf, bark or white, and how much
light falls there. Colours are linear in that, so one drawing serves every season, hour and distance at the
price of a resize.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.nature.herbarium import SPECIES
from webtv.studio.procedural.nature.sketch import SIZE, Specimen
from webtv.studio.procedural.stage import Image

VARIANTS = 5


@dataclass(frozen=True, slots=True)
class Tints:
    """Finished colours of leaf, other leaf, bark and white: in shadow and in light."""

    dark: tuple[Colour, Colour, Colour, Colour]
    bright: tuple[Colour, Colour, Colour, Colour]


@functools.lru_cache(maxsize=48)
def specimen(species: str, variant: int, snow: bool = False) -> Specimen:
    """A plant of the herbarium; the same name and number always give the same drawing.

    Args:
        species: a key of :data:`webtv.studio.procedural.nature.herbarium.SPECIES`.
        variant: which one, taken modulo :data:`VARIANTS`.
        snow: whether snow lies on it (spruces and bare trees).
    """
    index = list(SPECIES).index(species)
    return SPECIES[species](np.random.default_rng([index, variant % VARIANTS, 11]), snow)


def stamp(
    ink: Image,
    plant: Specimen,
    x: float,
    y: float,
    tall: float,
    tints: Tints,
    sun: float = 1.0,
    wide: float = 1.0,
) -> None:
    """Lay a plant over a premultiplied uint8[h, w, 4] picture, in place.

    Args:
        ink: where to.
        plant: what.
        x: column of its foot.
        y: row of its foot.
        tall: its height in pixels.
        tints: its colours.
        sun: the side that the light comes from, -1 or 1.
        wide: stretches its width.
    """
    rows, columns = plant.cover.shape[:2]
    w, h = max(1, round(columns * tall / SIZE * wide)), max(1, round(rows * tall / SIZE))
    while plant.half is not None and h <= rows // 2:
        plant = plant.half
        rows, columns = plant.cover.shape[:2]
    foot = plant.foot * tall * wide
    x0, y0 = round(x - (foot if sun > 0 else w - foot)), round(y - plant.top * tall)
    left, top = max(0, x0), max(0, y0)
    right, bottom = min(ink.shape[1], x0 + w), min(ink.shape[0], y0 + h)
    if left >= right or top >= bottom:
        return
    part = slice(top - y0, bottom - y0), slice(left - x0, right - x0)
    grow = h >= rows
    flip = -1.0 if sun < 0 else 1.0
    kx, ky = columns / w, rows / h
    # Source pixel of each wanted pixel; enlarging, only what is wanted gets computed.
    first_x = (left - x0 + 0.5) * kx - 0.5
    matrix = np.array(
        [[flip * kx, 0, first_x if sun > 0 else columns - 1 - first_x], [0, ky, (top - y0 + 0.5) * ky - 0.5]]
    )
    dark = np.array([(*c, 1.0) for c in tints.dark], np.float32)
    bright = np.array([(*c, 1.0) for c in tints.bright], np.float32)
    step = bright - dark
    out: Image | None = None
    for source, tint in ((plant.cover, dark), (plant.light, step)):
        if grow:
            size = right - left, bottom - top
            seen = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        else:  # at most half the size: what is smaller has a copy of its own
            whole = cv2.resize(source, (w, h), interpolation=cv2.INTER_LINEAR)
            seen = (cv2.flip(whole, 1) if sun < 0 else whole)[part]
        ready = cv2.transform(seen, tint.T.copy())
        out = ready if out is None else cv2.add(out, ready)
    assert out is not None
    region = ink[top:bottom, left:right]
    rest = cv2.bitwise_not(cv2.extractChannel(out, 3))
    cv2.add(cv2.multiply(region, cv2.merge((rest, rest, rest, rest)), scale=1 / 255), out, dst=region)
