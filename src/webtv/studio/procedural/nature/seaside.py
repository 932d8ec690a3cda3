"""What stands by the sea: rock faces, palms, a jetty, and the spray of waves."""

import math
from itertools import pairwise

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush, plant, shade, tints
from webtv.studio.procedural.stage import Image, Plate, Stage


def rock(
    plate: Plate,
    top: Image,
    foot: Image,
    inside: Image,
    sun: float,
    name: str,
    green: Colour,
    turf: float = 0.3,
) -> None:
    """Paint a rock face between two lines: strata, cracks, light from one side, grass above, wet below.

    Args:
        plate: where to.
        top: world height of its upper edge for each column.
        foot: world height of its lower edge for each column.
        inside: 0..1 for each column, whether there is rock.
        sun: side of the light, -1 or 1.
        name: stream of chance.
        green: local colour of what grows on top.
        turf: how far down grass reaches, 0..1.
    """
    stage, light = plate.stage, plate.stage.light
    place = stage.place(name)
    h, w = plate.shape
    tile = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.5, low=2, high=80)
    tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def read(across: float, down: float, shift: float) -> Image:
        u = noise.wrap(np.repeat(plate.x * across + shift, h, 0).astype(np.float32))
        v = noise.wrap(np.repeat(plate.y * down + 2 * shift, w, 1).astype(np.float32))
        return cv2.remap(tile, u, v, cv2.INTER_LINEAR)

    crag, column, fine = read(330, 120, 10), read(620, 60, 90), read(900, 900, 50)
    span = np.maximum(foot - top, 0.01)[None, :]
    below = (plate.y - top[None, :]) / span
    bump = crag + 0.35 * column + 0.35 * fine
    facing = cv2.Sobel(cv2.GaussianBlur(bump, (0, 0), 1.2), cv2.CV_32F, 1, 0, ksize=3) * -sun
    facing = facing / (float(facing.std()) + 1e-6)
    slope = np.gradient(top, plate.x[0])[None, :] * sun
    lit = np.clip(0.5 + 0.24 * facing + 0.1 * fine + 0.16 * np.clip(slope, -1.5, 1.5), 0, 1.1)
    beds = 0.5 + 0.5 * np.sin(plate.y * 150 + plate.x * 14 + 1.6 * crag)
    lit = lit * (0.74 + 0.26 * beds) - 0.2 * noise.smoothstep(1.0, 2.0, -column)
    lit = np.clip(lit, 0, 1.05).astype(np.float32)
    stone, dark = light.lit(rgb("#b89f86"), 1.0), light.lit(rgb("#4a423e"), 0.15)
    lawn = light.lit(green, 0.85)
    grass = noise.smoothstep(turf + 0.06, turf - 0.1, below + 0.1 * crag + 0.05 * fine)
    wet = noise.smoothstep(0.8, 1.0, below)
    body = np.empty((h, w, 3), np.float32)
    air = 0.16 * (0.6 + light.fog)
    for k in range(3):
        tone = dark[k] + (stone[k] - dark[k]) * lit
        tone += grass * (lawn[k] * (0.8 + 0.16 * fine + 0.14 * crag) - tone)
        tone *= 1 - 0.45 * wet
        body[..., k] = tone + air * (light.haze[k] - tone)
    mask = plate.edge(top) * (1 - plate.edge(foot)) * inside[None, :]
    plate.fill(body, mask.astype(np.float32))


def palms(stage: Stage, ground: float, sun: float) -> Plate:
    """Palms on the sand, leaning in from the edges of the frame."""
    plate = stage.plate(0.98, -0.2, ground + 0.14)
    place, half = stage.place("palms"), max(0.3, stage.aspect / 2)
    brush, heavy = Brush(plate, 1), stage.side("palms")
    leaf = rgb("#5f8f3c")
    spots = [
        (heavy * half * 0.78, 0.74),
        (heavy * half * 0.95, 0.6),
        (heavy * half * 0.62, 0.46),
        (-heavy * half * 0.97, 0.56),
    ]
    for x, tall in spots:
        at, foot = x + float(place.normal(0, 0.03)), ground + 0.09 - 0.07 * (0.8 - tall)
        shade(plate, at - sun * 0.12 * tall, foot, 0.2 * tall, 0.012, 0.4)
        colours = tints(stage, leaf, rgb("#a8b04a"), 0.8, 0.02, rgb("#9a8468"))
        plant(brush, place, "palm", at, foot, tall * 1.02, colours, False, -1.0 if x > 0 else 1.0)
        for _ in range(3):
            plant(
                brush,
                place,
                "fern",
                at + float(place.normal(0, 0.05)),
                foot + 0.012,
                0.05,
                colours,
                False,
                sun,
            )
    brush.done()
    return plate


def jetty(stage: Stage, horizon: float, sun: float) -> Plate:
    """A wooden jetty that leads from below the frame out over the water."""
    light, place = stage.light, stage.place("jetty")
    plate = stage.plate(0.8, horizon, 1.4)
    brush, wood = Brush(plate), rgb("#8f7458")
    vanish, start = (
        (float(place.uniform(-0.1, 0.1)), horizon + 0.03),
        float(place.uniform(0.34, 0.48)) * float(place.choice((-1, 1))),
    )
    near, far = 1.12, horizon + 0.13

    def at(s: float, across: float) -> tuple[float, float]:
        """World point at depth share s (0 near, 1 far) and offset across (-1..1) of the deck."""
        z = 1 / (1 / 1.0 + s * (1 / ((far - vanish[1]) / (near - vanish[1])) - 1))
        return vanish[0] + (start - vanish[0]) * z + across * 0.2 * z, vanish[1] + (near - vanish[1]) * z

    for s in np.linspace(1, 0, 9):
        for side in (-0.96, 0.96):
            x, y = at(float(s), side)
            k = (y - vanish[1]) / (near - vanish[1])
            post = np.array([(x, y - 0.16 * k), (x, y + 0.14 * k)])
            brush.line(post, 0.032 * k, light.lit(times(wood, 0.45), 0.2))
            brush.line(post + np.array((0.007 * k * sun, 0)), 0.012 * k, light.lit(times(wood, 0.95), 0.8))
            brush.blob(x, y - 0.16 * k, 0.017 * k, 0.006 * k, light.lit(times(wood, 1.15), 0.9))
    brush.fill(
        np.array([at(0, -1.0), at(1, -1.0), at(1, 1.0), at(0, 1.0)]) + np.array((0, 0.012)),
        light.lit(times(wood, 0.3), 0.1),
    )
    edges = np.linspace(0, 1, 44)
    for a, b in pairwise(edges):
        gap = 0.1 * (b - a)
        p = np.array([at(a, -1.0), at(b - gap, -1.0), at(b - gap, 1.0), at(a, 1.0)])
        brush.fill(p, light.lit(times(wood, float(place.uniform(0.8, 1.12))), float(place.uniform(0.6, 0.9))))
    for side in (-0.96, 0.96):
        for lift in (0.15, 0.1):
            line = []
            for s in np.linspace(0, 1, 9):
                x, y = at(float(s), side)
                k = (y - vanish[1]) / (near - vanish[1])
                line.append((x, y - lift * k + (0.018 * k if s not in (0.0, 1.0) else 0)))
            brush.line(np.array(line), 0.007, light.lit(rgb("#c9b894"), 0.7))
    brush.done()
    return plate


def spray(
    frame: Image, stage: Stage, t: float, x: float, y: float, size: float, phase: float, tile: Image
) -> None:
    """A burst of spray where a wave meets rock; ``x``, ``y``, ``size`` in pixels."""
    beat = t * 0.31 + phase
    cycle = beat - math.floor(beat)
    rise = math.sin(math.pi * min(1.0, cycle * 1.7)) if cycle < 0.59 else 0.0
    if rise < 0.02 or size < 3:
        return
    reach = int(size * 1.4)
    h, w = frame.shape[:2]
    x0, x1, y0, y1 = (
        max(0, int(x) - reach),
        min(w, int(x) + reach),
        max(0, int(y - size * 1.6)),
        min(h, int(y + size * 0.3)),
    )
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - x) / size
    up = (y - np.arange(y0, y1, dtype=np.float32)[:, None]) / size
    u, v = noise.wrap(dx * 60 + 50 + 0 * up), noise.wrap(up * 60 + t * 20 + 0 * dx)
    lace = cv2.remap(tile, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
    high = 0.25 + 1.1 * rise
    body = (
        np.exp(-((dx / (0.35 + 0.5 * np.maximum(up, 0))) ** 2))
        * np.clip(1 - up / high, 0, 1) ** 0.7
        * (up > -0.2)
    )
    alpha = np.clip(body * (0.8 + 0.45 * lace) * rise, 0, 0.9).astype(np.float32)[..., None]
    white = np.asarray(mix(stage.light.lit((1.02, 1.03, 1.05), 0.9), stage.light.haze, 0.2), np.float32)
    part = frame[y0:y1, x0:x1]
    part += alpha * (white - part)
