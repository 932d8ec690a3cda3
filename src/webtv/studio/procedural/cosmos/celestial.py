"""Celestial bodies: planets near and far, moons with craters, comets, rocks, all lit from one side."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, ramp, rgb, times
from webtv.studio.procedural.stage import Image

_SIZE = 256
_WORLDS: dict[str, tuple[str, ...]] = {
    "gas": ("#8a5a3c", "#d8a878", "#f2dcb8", "#b8784a", "#e8c89a"),
    "gold": ("#7a5a2c", "#c8a050", "#f4e2a8", "#a87f3c", "#e6cc84"),
    "ice": ("#2c5f8f", "#5fa0c8", "#b8e0ec", "#3f7fb0", "#8fc8dc"),
    "violet": ("#4a2f6f", "#8a5aa8", "#d8a8c8", "#6a4490", "#e8c8d8"),
    "jade": ("#1f4a44", "#4f9080", "#c8e4c0", "#35706a", "#94c4a0"),
    "rust": ("#5a2a1c", "#a8553a", "#d88a5c", "#7f3a28", "#e8b088"),
}


@dataclass(frozen=True, slots=True)
class Surface:
    """A texture that wraps around a globe.

    Attributes:
        colour: float32[n, 2n + 2, 3], south down.
        air: colour of the rim against the light.
        glow: share of light on the night side, float32[n, 2n + 2] or None.
        clouds: cover in 0..1, of the same size, or None.
    """

    colour: Image
    air: Colour
    glow: Image | None = None
    clouds: Image | None = None


def _wrapped(tile: Image) -> Image:
    return np.ascontiguousarray(np.concatenate((tile, tile[:, :2]), 1))


def banded(rng: np.random.Generator, tint: Colour | None) -> Surface:
    """A gas giant: belts and storms."""
    names = sorted(_WORLDS)
    tones = [rgb(c) for c in _WORLDS[names[int(rng.integers(len(names)))]]]
    if tint is not None:
        tones = [mix(c, tint, 0.5) for c in tones]
    y = np.linspace(0, 1, _SIZE, dtype=np.float32)
    belts = noise.Profile(rng, 0.16, 5, 0.62)(y)[:, None]
    swirl = cv2.resize(noise.tile(_SIZE, rng, 1.9, low=2), (_SIZE * 2, _SIZE))
    fine = cv2.resize(noise.tile(_SIZE, rng, 1.4, low=4), (_SIZE * 2, _SIZE))
    # Winds draw the clouds out along the belts.
    shear = np.asarray(np.gradient(belts[:, 0]), np.float32)[:, None] * 90
    value = 0.5 + 0.8 * belts + 0.035 * swirl + 0.03 * fine * (1 + np.abs(shear))
    u = np.linspace(0, 2, _SIZE * 2, endpoint=False, dtype=np.float32)[None, :]
    for _ in range(3):
        cx, cy, r = float(rng.uniform(0, 2)), float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.03, 0.075))
        dx = (np.mod(u - cx + 1, 2) - 1) / (2.1 * r)
        dy = (y[:, None] - cy) / r
        d = np.sqrt(dx * dx + dy * dy)
        value += np.exp(-d * d) * (0.28 + 0.12 * np.cos(d * 9))
    stops = ramp([(i / (len(tones) - 1), c) for i, c in enumerate(tones)], 256)
    index = np.clip(value, 0, 1).astype(np.float32) * 255
    colour = cv2.remap(stops[None], index, np.zeros_like(index), cv2.INTER_LINEAR)
    return Surface(_wrapped(colour), mix(tones[2], (1, 1, 1), 0.2))


def earthly(rng: np.random.Generator, tint: Colour | None) -> Surface:
    """Seas, land, ice and clouds, towns that glow on the night side."""
    shape = cv2.resize(noise.tile(_SIZE, rng, 1.8, low=2), (_SIZE * 2, _SIZE), interpolation=cv2.INTER_CUBIC)
    detail = cv2.resize(noise.tile(_SIZE, rng, 1.3, low=6), (_SIZE * 2, _SIZE))
    y = np.abs(np.linspace(-1, 1, _SIZE, dtype=np.float32))[:, None]
    land = noise.smoothstep(0.15, 0.32, shape + 0.18 * detail)
    dry = np.clip(0.5 + 0.4 * detail - 0.6 * np.abs(y - 0.35), 0, 1)
    sea = np.asarray(rgb("#123f7a"), np.float32) + 0.1 * (shape[..., None] > -0.2)
    green, sand = np.asarray(rgb("#3a5a3c"), np.float32), np.asarray(rgb("#a08a62"), np.float32)
    ground = green + dry[..., None] * (sand - green)
    colour = sea + land[..., None] * (ground - sea)
    ice = noise.smoothstep(0.78, 0.9, y + 0.06 * detail)
    colour = colour + ice[..., None] * (np.float32(0.92) - colour)
    if tint is not None:
        colour = colour * 0.6 + np.asarray(tint, np.float32) * 0.4
    clouds = noise.smoothstep(0.2, 1.6, cv2.resize(noise.tile(_SIZE, rng, 1.75, low=2), (_SIZE * 2, _SIZE)))
    towns = (
        noise.smoothstep(1.3, 2.2, cv2.resize(noise.tile(_SIZE, rng, 0.6, low=12), (_SIZE * 2, _SIZE))) * land
    )
    return Surface(
        _wrapped(colour.astype(np.float32)), (0.45, 0.72, 1.0), _wrapped(towns * 0.9), _wrapped(clouds)
    )


def cratered(rng: np.random.Generator, tint: Colour | None) -> Surface:
    """A moon: highlands, plains, craters with rims."""
    relief = 0.5 * cv2.resize(noise.tile(_SIZE, rng, 1.5, low=2), (_SIZE * 2, _SIZE))
    yy, xx = np.mgrid[0:_SIZE, 0 : _SIZE * 2].astype(np.float32)
    for _ in range(70):
        cx, cy = float(rng.uniform(0, _SIZE * 2)), float(rng.uniform(20, _SIZE - 20))
        r = float(np.clip(rng.pareto(1.6) * 3 + 3, 3, 26))
        dx = np.abs(xx - cx)
        dx = np.minimum(dx, _SIZE * 2 - dx)
        d = np.sqrt(dx * dx + (yy - cy) ** 2) / r
        relief += np.where(
            d < 2, 1.2 * np.exp(-(((d - 1) / 0.16) ** 2)) - 0.8 * np.exp(-((d / 0.75) ** 4)), 0
        )
    slope = np.clip(np.gradient(relief, axis=1) + 0.5 * np.gradient(relief, axis=0), -0.6, 0.6)
    plains = noise.smoothstep(0.3, 1.2, cv2.resize(noise.tile(_SIZE, rng, 2.2, low=1), (_SIZE * 2, _SIZE)))
    value = 0.66 - 0.24 * plains + 0.42 * slope
    hue = mix(rgb("#d8d2c8"), tint, 0.4) if tint is not None else rgb("#d8d2c8")
    return Surface(_wrapped((value[..., None] * np.asarray(hue, np.float32)).astype(np.float32)), hue)


def globe(
    frame: Image,
    surface: Surface,
    x: float,
    y: float,
    r: float,
    turn: float,
    sun: tuple[float, float, float],
    tilt: float = 0.35,
    air: float = 0.55,
    lumps: Image | None = None,
) -> None:
    """Lay a lit globe into the frame.

    Args:
        frame: where to.
        surface: what it looks like.
        x: pixel of its middle.
        y: likewise.
        r: radius in pixels.
        turn: of its axis, in whole turns.
        sun: direction to the light (right, down, towards us).
        tilt: of its axis, radians.
        air: strength of its atmosphere.
        lumps: radius by angle, float32[n] about 1, for what is too small to be round.
    """
    h, w = frame.shape[:2]
    reach = r * 1.16
    x0, x1 = max(0, int(x - reach)), min(w, int(x + reach) + 1)
    y0, y1 = max(0, int(y - reach)), min(h, int(y + reach) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(r)
    dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)) / np.float32(r)
    d2 = dx * dx + dy * dy
    if lumps is not None:
        angle = cv2.phase(np.repeat(dx, dy.size, 0), np.repeat(dy, dx.size, 1))
        index = noise.wrap(
            angle * np.float32(lumps.size / (2 * math.pi)) + np.float32(turn * lumps.size), lumps.size
        )
        d2 = d2 * lumps[index.astype(np.intp) % lumps.size] ** 2
    d = np.sqrt(d2)
    nz = np.sqrt(np.clip(1 - d2, 0, 1))
    c, s = math.cos(tilt), math.sin(tilt)
    ax, ay = dx * c + dy * s, dy * c - dx * s
    longitude = cv2.phase(np.asarray(nz + 1e-4, np.float32), np.asarray(ax, np.float32))
    n = surface.colour.shape[0]
    u = noise.wrap(longitude * np.float32(n / math.pi) + np.float32(turn * 2 * n), 2 * n)
    v = (np.clip(ay, -1, 1) * (0.5 + 0.14 * np.abs(ay)) / 0.64 * 0.5 + 0.5) * np.float32(n - 1)
    v = np.asarray(v, np.float32)
    seen = cv2.remap(surface.colour, u, v, cv2.INTER_LINEAR)
    facing = sun[0] * dx + sun[1] * dy + sun[2] * nz
    shade = np.clip(facing * 1.1, 0, 1) ** 0.75 + 0.025
    if surface.clouds is not None:
        drift = noise.wrap(u + np.float32(turn * 0.35 * n), 2 * n)
        cover = cv2.remap(surface.clouds, drift, v, cv2.INTER_LINEAR)
        seen += cv2.merge([cover, cover, cover]) * (np.float32(0.96) - seen)
    body = seen * cv2.merge([shade, shade, shade])
    if surface.glow is not None:
        lamps = cv2.remap(surface.glow, u, v, cv2.INTER_LINEAR) * np.clip(0.1 - facing, 0, 0.3) * 3
        body += cv2.merge([lamps, lamps * 0.78, lamps * 0.45])
    part = frame[y0:y1, x0:x1]
    alpha = np.clip((1 - d) * np.float32(r) + 0.5, 0, 1)
    part += cv2.merge([alpha, alpha, alpha]) * (body - part)
    if air > 0:
        edge = np.clip(sun[0] * dx + sun[1] * dy + 0.28, 0, 1)
        rim = np.where(d < 1, np.exp((d - 1) * 9), np.exp((1 - d) * 24)) * edge * np.float32(air)
        part += cv2.merge([np.asarray(rim * a, np.float32) for a in surface.air]) * np.clip(1 - part, 0, 1)


def rings(
    frame: Image, x: float, y: float, r: float, tone: Colour, front: bool, sun_x: float, tilt: float = 0.35
) -> None:
    """Half of a planet's rings: what passes behind it, or before it."""
    h, w = frame.shape[:2]
    reach = r * 2.25
    x0, x1 = max(0, int(x - reach)), min(w, int(x + reach) + 1)
    y0, y1 = max(0, int(y - reach * 0.8)), min(h, int(y + reach * 0.8) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(r)
    dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)) / np.float32(r)
    c, s = math.cos(tilt), math.sin(tilt)
    ax, ay = dx * c + dy * s, dy * c - dx * s
    rd = np.sqrt(ax * ax + (ay / 0.26) ** 2)
    bands = (0.62 + 0.38 * np.sin(rd * 46)) * (0.55 + 0.45 * np.sin(rd * 17 + 1))
    gap = 1 - 0.85 * np.exp(-(((rd - 1.83) / 0.025) ** 2))
    alpha = bands * gap * 0.8 * np.clip(np.minimum(2.15 - rd, rd - 1.28) * 26, 0, 1)
    alpha *= (ay >= 0) if front else (ay < 0)
    # The planet's shadow falls across the far side.
    behind = np.clip(1.1 - np.abs(ay * 1.0 + 0.12) * 2.2, 0, 1) * np.clip(
        1.05 - np.abs(ax + 0.9 * sun_x * 0.9), 0, 1
    )
    light = 1 - 0.75 * behind * (0.0 if front else 1.0)
    part = frame[y0:y1, x0:x1]
    a = np.asarray(alpha, np.float32)
    part += cv2.merge([a, a, a]) * (
        light[..., None].astype(np.float32) * np.asarray(times(tone, 0.95), np.float32) - part
    )
