"""Turned things: vases, bowls, cups, jars, bottles, candles and fruit as bodies of revolution.

A thing is computed once into a patch with real shading (side light, light from above, a highlight, an
open mouth seen from slightly above), then set down on a plate with its shadow and its mirror image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, Plate

_TILT = 0.2  # how far from above a ring is seen: the ratio of its axes

Profile = Sequence[tuple[float, float]]

VASE: Profile = (
    (0, 0.17), (0.06, 0.2), (0.3, 0.29), (0.48, 0.3), (0.68, 0.2), (0.82, 0.115), (0.93, 0.12), (1, 0.15),
)  # fmt: skip
JUG: Profile = (
    (0, 0.2), (0.05, 0.22), (0.28, 0.3), (0.5, 0.29), (0.72, 0.2), (0.9, 0.2), (1, 0.23),
)  # fmt: skip
BOTTLE: Profile = (
    (0, 0.13), (0.03, 0.14), (0.52, 0.14), (0.62, 0.12), (0.72, 0.055), (0.95, 0.05), (1, 0.056),
)  # fmt: skip
JAR: Profile = ((0, 0.3), (0.04, 0.33), (0.72, 0.33), (0.82, 0.26), (0.84, 0.29), (1, 0.29))
BOWL: Profile = ((0, 0.42), (0.06, 0.42), (0.1, 0.5), (0.35, 0.86), (0.7, 1.12), (1, 1.22))
CUP: Profile = ((0, 0.3), (0.05, 0.36), (0.2, 0.46), (0.6, 0.53), (1, 0.55))
CANDLE: Profile = ((0, 0.16), (0.02, 0.17), (0.9, 0.165), (1, 0.155))
FRUIT: Profile = tuple(
    (k / 24, 0.06 + 0.47 * max(0.0, math.sin(math.pi * (0.07 + 0.93 * (k / 24) ** 0.92))) ** 0.62)
    for k in range(25)
)
FISHBOWL: Profile = tuple(
    (k / 24, 0.2 + 0.42 * math.sin(math.pi * (0.1 + 0.74 * k / 24)) ** 0.8) for k in range(25)
)
PEAR: Profile = (
    (0, 0.14), (0.08, 0.27), (0.25, 0.36), (0.45, 0.35), (0.62, 0.25), (0.78, 0.16), (0.92, 0.13), (1, 0.04),
)  # fmt: skip
PAN: Profile = ((0, 0.85), (0.06, 0.95), (0.9, 1.0), (0.92, 1.06), (1, 1.06))
SAUCER: Profile = ((0, 2.6), (0.3, 3.4), (1, 5.2))


@dataclass(frozen=True, slots=True)
class Turned:
    """One turned thing.

    Attributes:
        profile: (height 0..1, radius in heights) from the foot up.
        colour: local colour.
        gloss: strength of the highlight, 0..1.
        glass: transparency, 0..1.
        inside: what is seen in the mouth, or None for a closed top.
        bands: (from, to, colour): rings of another colour, in heights 0..1.
    """

    profile: Profile
    colour: Colour
    gloss: float = 0.5
    glass: float = 0.0
    inside: Colour | None = None
    bands: tuple[tuple[float, float, Colour], ...] = ()


def turn(
    plate: Plate, thing: Turned, x: float, foot: float, tall: float, light: Light, sun: float
) -> tuple[Image, int, int]:
    """Compute a thing as a premultiplied patch float32[h, w, 4] and its corner on the plate.

    Args:
        plate: where it will be set down; gives the scale.
        thing: what.
        x: world x of its axis.
        foot: world height of its foot.
        tall: its height in world units.
        light: light of the room.
        sun: side the light comes from, -1 or 1.
    """
    heights, radii = _outline(thing.profile)
    radii = radii * tall
    widest = float(radii.max())
    s = plate.scale
    x0, y0 = (
        int((x - widest - plate.x0) * s) - 2,
        int((foot - tall - _TILT * widest - plate.y0) * s) - 2,
    )
    w, h = int(2 * widest * s) + 5, int((tall + 2 * _TILT * widest) * s) + 6
    dx = ((np.arange(w) + x0 + 0.5) / s + plate.x0 - x)[None, :].astype(np.float32)
    dy = (foot - ((np.arange(h) + y0 + 0.5) / s + plate.y0))[:, None].astype(np.float32)

    def radius(v: Image) -> Image:
        return np.asarray(np.interp(v, heights, radii), np.float32)

    v = np.repeat(dy / tall, w, 1)
    for _ in range(2):  # the front of each ring hangs lower than its axis
        r = radius(np.clip(v, 0, 1))
        nz = np.sqrt(np.clip(1 - (dx / r) ** 2, 0, 1))
        v = (dy + _TILT * r * nz) / tall
    r = radius(np.clip(v, 0, 1))
    nx = np.clip(dx / r, -1, 1)
    nz = np.sqrt(1 - nx * nx)
    slope = (radius(np.clip(v + 0.02, 0, 1)) - radius(np.clip(v - 0.02, 0, 1))) / (0.04 * tall)
    ny = np.clip(-slope, -2, 2) / np.sqrt(1 + np.clip(slope, -2, 2) ** 2)
    flat = np.sqrt(1 - ny * ny)
    alpha = np.clip((r - np.abs(dx)) * s + 0.5, 0, 1) * np.clip((1 - v) * tall * s + 0.5, 0, 1)
    alpha *= np.clip(v * tall * s + 0.5, 0, 1)
    direct = np.clip(0.72 * sun * nx * flat + 0.5 * nz * flat + 0.42 * ny, 0, 1)
    bounce = np.clip(-0.8 * sun * nx * flat, 0, 1) ** 2 * 0.16
    shade = (0.3 + 0.95 * direct + bounce + 0.14 * ny)[..., None]
    base = np.empty((h, w, 3), np.float32)
    base[:] = light.lit(thing.colour, 0.8)
    for low, high, colour in thing.bands:
        ring = np.clip((v - low) * tall * s + 0.5, 0, 1) * np.clip((high - v) * tall * s + 0.5, 0, 1)
        base += ring[..., None] * (np.asarray(light.lit(colour, 0.8), np.float32) - base)
    body = base * shade * (0.74 + 0.26 * nz)[..., None]
    shine = np.exp(-(((nx - 0.5 * sun) / 0.15) ** 2) - ((ny - 0.28) / 0.34) ** 2)
    shine *= np.clip(1.25 - np.abs(v - 0.6) * 1.7, 0, 1)
    shine += 0.3 * np.exp(-(((nx + 0.74 * sun) / 0.08) ** 2) - ((ny - 0.1) / 0.5) ** 2)
    body += (shine * thing.gloss * 0.62)[..., None] * (np.asarray(light.key, np.float32) * 1.05 - body)
    if thing.glass > 0:
        rim = np.clip(np.abs(nx) - 0.55, 0, 1) * 2
        alpha = alpha * np.clip(1 - thing.glass + 0.55 * rim + 0.8 * shine * thing.gloss, 0, 1)
    out = np.dstack((np.clip(body, 0, 1) * alpha[..., None], alpha)).astype(np.float32)
    if thing.inside is not None:
        _mouth(out, thing, dx, dy - tall, float(radii[-1]), s, light, sun)
    return out, x0, y0


def _outline(profile: Profile) -> tuple[Image, Image]:
    """A profile with its corners eased, as a wheel leaves them: heights and radii, 160 samples."""
    at = np.linspace(0, 1, 160)
    r = np.interp(at, [p[0] for p in profile], [p[1] for p in profile])
    kernel = np.hanning(25)
    padded = np.concatenate((2 * r[0] - r[12:0:-1], r, 2 * r[-1] - r[-2:-14:-1]))
    return at, np.maximum(np.convolve(padded, kernel / kernel.sum(), mode="valid"), 0.01)


def _mouth(
    out: Image, thing: Turned, dx: Image, up: Image, r: float, s: float, light: Light, sun: float
) -> None:
    """The open top: a lit rim, and what is inside with the shadow of the near wall."""
    assert thing.inside is not None
    for share, colour in (
        (1.0, light.lit(mix(thing.colour, (1, 1, 1), 0.18), 1.0)),
        (0.88, light.lit(thing.inside, 0.7)),
    ):
        d = np.sqrt((dx / (r * share)) ** 2 + (up / (_TILT * r * share)) ** 2)
        a = (np.clip((1 - d) * r * _TILT * s + 0.5, 0, 1) * (1 - 0.7 * thing.glass))[..., None]
        tone = np.asarray(colour, np.float32)
        if share < 1:
            tone = tone * (0.86 - 0.34 * np.clip(sun * dx / r, -1, 1) + 0 * up)[..., None]
        out[..., :3] = out[..., :3] * (1 - a) + tone * a
        out[..., 3:] = out[..., 3:] * (1 - a) + a


def shadow(
    plate: Plate, x: float, foot: float, wide: float, sun: float, strength: float = 0.5, reach: float = 1.0
) -> None:
    """Darken a plate under a thing: a tight contact and a long soft shadow away from the light."""
    for dx, dy, rx, ry, dark in (
        (0.0, 0.0, 1.06, 0.24, 0.75),
        (-0.5 * sun * reach, 0.07, 1.5 * reach, 0.3, 0.45),
        (-1.2 * sun * reach, 0.2, 1.9 * reach, 0.4, 0.3),
    ):
        u = (plate.x - x - dx * wide) / (rx * wide)
        v = (plate.y - foot - dy * wide) / (ry * wide)
        c0, c1 = _span(u[0], 2.2)
        r0, r1 = _span(v[:, 0], 2.2)
        if c0 >= c1 or r0 >= r1:
            continue
        fall = np.exp(-1.3 * (u[:, c0:c1] ** 2 + v[r0:r1] ** 2)) * (dark * strength)
        part = plate.rgba[r0:r1, c0:c1]
        part *= (1 - fall)[..., None]
        part[..., 3] += fall


def _span(values: Image, reach: float) -> tuple[int, int]:
    inside = np.flatnonzero(np.abs(values) < reach)
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)


def lay_patch(plate: Plate, patch: Image, x0: int, y0: int) -> None:
    """Lay a premultiplied patch over a plate at a plate pixel, cut to the plate."""
    h, w = patch.shape[:2]
    c0, c1, r0, r1 = max(0, x0), min(plate.shape[1], x0 + w), max(0, y0), min(plate.shape[0], y0 + h)
    if c0 >= c1 or r0 >= r1:
        return
    part = patch[r0 - y0 : r1 - y0, c0 - x0 : c1 - x0]
    region = plate.rgba[r0:r1, c0:c1]
    region *= 1 - part[..., 3:]
    region += part


def set_down(
    plate: Plate,
    thing: Turned,
    x: float,
    foot: float,
    tall: float,
    light: Light,
    sun: float,
    polish: float = 0.0,
    dark: float = 0.55,
) -> None:
    """Stand a thing on what the plate shows: shadow, mirror image, body.

    Args:
        plate: where.
        thing: what.
        x: world x of its axis.
        foot: world height of its foot.
        tall: its height.
        light: light of the room.
        sun: side of the light.
        polish: opacity of the mirror image.
        dark: strength of the shadow, 0 for none.
    """
    patch, x0, y0 = turn(plate, thing, x, foot, tall, light, sun)
    wide = float(max(r for v, r in thing.profile if v <= 0.3)) * tall
    if dark > 0:
        shadow(plate, x, foot, wide, sun, dark * (1 - 0.5 * thing.glass), min(1.6, 0.6 + tall / wide * 0.18))
    if polish > 0:
        rows = patch.shape[0]
        mirror = cv2.GaussianBlur(np.ascontiguousarray(patch[::-1]), (0, 0), 1.2, sigmaY=2.6)
        fade = np.linspace(polish, 0, rows, dtype=np.float32) ** 1.3
        mirror = np.asarray(mirror * fade[:, None, None], np.float32)
        drop = round((_TILT * wide * 0.9) * plate.scale)
        lay_patch(plate, mirror, x0, y0 + rows - drop)
    lay_patch(plate, patch, x0, y0)


def glazed(colour: Colour, second: Colour) -> tuple[tuple[float, float, Colour], ...]:
    """Two thin rings of another glaze and a bare foot, as potters leave it."""
    return (
        (0.0, 0.05, times(mix(colour, (0.7, 0.55, 0.4), 0.6), 0.8)),
        (0.58, 0.62, second),
        (0.655, 0.67, second),
    )
