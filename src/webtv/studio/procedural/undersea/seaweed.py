"""Seaweed: kelp as tall as the water is deep, sea grass, and anemones."""

import math

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.undersea.swaying import Swaying

_KELP = tuple(rgb(c) for c in ("#8a8a32", "#a08a2e", "#6f7f34", "#9c9a48"))
_GRASS = tuple(rgb(c) for c in ("#5f9a4f", "#7fae4a", "#3f8a6a", "#8f9a3a"))
_ANEMONE = tuple(rgb(c) for c in ("#f28ab0", "#b89af0", "#ffc27a", "#8fe0c0"))


def kelp(
    stage: Stage, name: str, light: Light, depth: float, root: float, count: int, distance: float
) -> Swaying:
    """A row of kelp from the floor to beyond the surface, leaf by leaf."""
    place = stage.place(name)
    plate = stage.plate(depth, -0.25, root + 0.03)
    brush = Brush(plate)
    x0, x1 = float(plate.x[0, 0]), float(plate.x[0, -1])
    for k in range(count):
        x = x0 + (k + float(place.uniform(0.15, 0.85))) / count * (x1 - x0)
        tall = float(place.uniform(0.75, 1.25)) if place.random() < 0.8 else float(place.uniform(0.35, 0.6))
        hue = _KELP[int(place.integers(len(_KELP)))]
        bend = float(place.uniform(-0.06, 0.06))
        s = np.linspace(0, 1, 16)
        wave = 0.012 * np.sin(s * 9 + float(place.uniform(0, 6)))
        stem = np.stack((x + bend * s * s + wave, root - tall * s), 1)
        size = (0.5 + 0.6 * depth) * 0.15
        brush.line(stem, 0.006 * (0.5 + depth), light.far(light.lit(times(hue, 0.6), 0.35), distance))
        leaves = int(30 * tall)
        for i in range(leaves):
            u = (i + 0.5) / leaves
            side = 1.0 if i % 2 else -1.0
            cx, cy = float(np.interp(u, s, stem[:, 0])), root - tall * u
            angle = side * float(place.uniform(0.5, 1.25))
            long = size * float(place.uniform(0.7, 1.15)) * (1 - 0.45 * u)
            _leaf(
                brush, cx, cy, angle, long, light, mix(hue, (1.0, 0.95, 0.5), 0.12 + 0.3 * u), distance, place
            )
    brush.done()
    return Swaying(stage, name, plate, root, 1.0, 0.045, 0.62)


def _leaf(
    brush: Brush, x: float, y: float, angle: float, long: float, light: Light, hue: Colour, distance: float,
    place: np.random.Generator,
) -> None:  # fmt: skip
    dx, dy = math.sin(angle), -math.cos(angle)
    nx, ny = -dy, dx
    u = np.linspace(0, 1, 7)
    droop = 0.35 * long * u * u
    wide = long * 0.17 * np.sin(np.pi * np.minimum(1, u * 0.93 + 0.07)) * (1 + 0.16 * np.sin(u * 14))
    cx, cy = x + dx * long * u, y + dy * long * u + droop
    one = np.stack((cx + nx * wide, cy + ny * wide), 1)
    two = np.stack((cx - nx * wide, cy - ny * wide), 1)
    spine = np.stack((cx, cy), 1)
    shade = float(place.uniform(0.5, 0.95))
    brush.fill(
        np.concatenate((one, two[::-1])), light.far(light.lit(times(hue, 0.78), shade * 0.6), distance)
    )
    brush.fill(np.concatenate((one, spine[::-1])), light.far(light.lit(hue, shade), distance))
    brush.blob(
        x + dx * long * 0.06,
        y + dy * long * 0.06,
        long * 0.05,
        long * 0.05,
        light.far(light.lit(hue, 1.0), distance),
    )


def meadow(
    stage: Stage,
    name: str,
    light: Light,
    depth: float,
    root: float,
    tall: float,
    distance: float,
    density: float,
) -> Swaying:
    """Sea grass and anemones on the floor."""
    place = stage.place(name)
    plate = stage.plate(depth, root - tall * 1.5, root + 0.05)
    brush = Brush(plate)
    x0, x1 = float(plate.x[0, 0]), float(plate.x[0, -1])
    for _ in range(int(density * (x1 - x0))):
        x = float(place.uniform(x0, x1))
        base = root + float(place.uniform(-0.015, 0.03))
        if place.random() < 0.1:
            _anemone(brush, place, x, base, tall * 0.85, light, distance)
            continue
        hue = _GRASS[int(place.integers(len(_GRASS)))]
        for _ in range(int(place.integers(4, 9))):
            lean, long = float(place.normal(0, 0.3)), tall * float(place.uniform(0.5, 1.15))
            w = 0.0042 * (0.5 + depth)
            u = np.linspace(0, 1, 6)
            cx = x + long * lean * u * u + 0.2 * w * np.sin(u * 8)
            cy = base - long * u
            half = w * (1 - u**2)
            blade = np.concatenate((np.stack((cx - half, cy), 1), np.stack((cx + half, cy), 1)[::-1]))
            tone = mix(hue, (1, 1, 0.6), float(place.uniform(0, 0.25)))
            brush.fill(blade, light.far(light.lit(tone, float(place.uniform(0.3, 0.8))), distance))
            x += float(place.normal(0, 0.008))
    brush.done()
    return Swaying(stage, name, plate, root + 0.02, tall, 0.02, 1.0)


def _anemone(
    brush: Brush, place: np.random.Generator, x: float, y: float, size: float, light: Light, distance: float
) -> None:
    hue = _ANEMONE[int(place.integers(len(_ANEMONE)))]
    body = light.far(light.lit(times(hue, 0.55), 0.3), distance)
    brush.fill(
        np.array(
            (
                (x - size * 0.22, y),
                (x - size * 0.3, y - size * 0.4),
                (x + size * 0.3, y - size * 0.4),
                (x + size * 0.22, y),
            )
        ),
        body,
    )
    for k in range(22):
        a = (k % 11 + 0.5) / 11 * 2.4 - 1.2 + float(place.normal(0, 0.06))
        r = size * float(place.uniform(0.5, 0.75))
        tip = (x + r * math.sin(a), y - size * 0.35 - r * math.cos(a) * 0.8)
        points = np.array(
            (
                (x + size * 0.2 * math.sin(a), y - size * 0.38),
                (x + r * 0.6 * math.sin(a * 0.8), y - size * 0.4 - r * 0.5),
                tip,
            )
        )
        brush.line(points, size * 0.055, light.far(light.lit(hue, 0.45 + 0.02 * k), distance))
        brush.blob(
            *tip, size * 0.045, size * 0.045, light.far(light.lit(mix(hue, (1, 1, 1), 0.6), 1.0), distance)
        )
