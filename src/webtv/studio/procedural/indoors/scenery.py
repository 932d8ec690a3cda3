"""What frames a stage: painted velvet, brick, the canvas of a tent, a gilded proscenium, neon tubes."""

import math

import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Image, Plate, Stage


def velvet(stage: Stage, plate: Plate, light: Light, colour: Colour, hues: list[Colour], foot: float) -> None:
    """A back curtain in heavy folds, lit from below."""
    place = stage.place("velvet")
    wander = noise.Profile(place, 0.4, 4)
    x = (
        plate.x
        + 0.02 * wander(plate.x[0])[None, :]
        + 0.012 * (plate.y - 0.4) * wander(plate.x[0] * 0.7 + 5)[None, :]
    )
    phase = 2 * math.pi * x / 0.075
    ridge = np.cos(phase) + 0.3 * np.cos(2 * phase + 1.1)
    shade = 0.5 + 0.26 * ridge + 0.14 * np.sin(phase + 0.4)
    up = np.clip((plate.y + 0.1) / (foot + 0.1), 0, 1)
    shade = np.clip(shade, 0.08, 1.2) * (0.3 + 0.75 * up**1.6)
    tone = np.asarray(light.lit(times(colour, 0.9), 0.5), np.float32)
    body = tone * shade[..., None]
    plate.fill(np.clip(body, 0, 1).astype(np.float32), np.ones(plate.shape, np.float32))


def brick_wall(stage: Stage, plate: Plate, light: Light, hues: list[Colour]) -> None:
    """Old brick in the light of coloured tubes."""
    place = stage.place("bricks")
    high, long = 0.031, 0.094
    row = np.floor(plate.y / high)
    u = plate.x / long + 0.5 * np.mod(row, 2)
    column = np.floor(u)
    fx, fy = np.abs(u - column - 0.5) * 2, np.abs(plate.y / high - row - 0.5) * 2
    joint = np.maximum(np.clip((fx - 0.93) * 26, 0, 1), np.clip((fy - 0.85) * 12, 0, 1))
    tint = 0.7 + 0.5 * np.mod(np.sin(row * 12.99 + column * 78.23) * 43758.5, 1.0)
    rough = 0.8 + 0.4 * noise.fbm(*plate.shape, rng=place, cells=4, octaves=5)
    colour = np.asarray(light.lit(rgb("#7a463c"), 0.45), np.float32) * (tint * rough)[..., None]
    colour = colour + joint[..., None] * (
        np.asarray(light.lit(rgb("#5a5056"), 0.3), np.float32) * 0.5 - colour
    )
    pool = 0.42 + 0.5 * np.exp(-((plate.x / 0.7) ** 2) - ((plate.y - 0.34) / 0.34) ** 2)
    for k, at in enumerate((-0.55, 0.55)):
        wash = np.exp(-(((plate.x - at) / 0.34) ** 2) - ((plate.y - 0.3) / 0.3) ** 2)[..., None]
        colour = colour + wash * np.asarray(hues[k], np.float32) * (0.1 + 0.22 * colour)
    plate.fill(np.clip(colour * pool[..., None], 0, 1).astype(np.float32), np.ones(plate.shape, np.float32))


def big_top(stage: Stage, plate: Plate, light: Light, cloth: Colour) -> None:
    """The inside of a tent: broad stripes that run up to its mast, a scalloped border, ropes of lights."""
    apex = (0.0, -0.34)
    angle = np.arctan2(plate.x - apex[0], plate.y - apex[1])
    wave = 0.008 * np.sin(angle * 30 + plate.y * 4)
    stripe = np.sin((angle + wave) * 26)
    sharp = np.clip(stripe * 14 + 0.5, 0, 1)
    far = np.hypot(plate.x - apex[0], plate.y - apex[1])
    a = np.asarray(light.lit(mix(cloth, rgb("#c8302c"), 0.4), 0.7), np.float32)
    b = np.asarray(light.lit(rgb("#f0e2c4"), 0.7), np.float32)
    fold = 0.82 + 0.18 * np.cos((angle + wave) * 52)
    shade = fold * (0.36 + 0.5 * np.clip(far / 1.0, 0, 1) ** 1.2)
    body = (b + (a - b) * sharp[..., None]) * shade[..., None]
    level = 0.5
    drop = plate.y - level - 0.02 * np.abs(np.sin(plate.x * 16))
    below = np.clip(drop * plate.scale, 0, 1)
    wall_stripe = np.clip(np.sin(plate.x * 26) * 12 + 0.5, 0, 1)[..., None]
    wall = (b + (a - b) * wall_stripe) * (0.52 - 0.3 * np.exp(-np.clip(drop, 0, 1) * 30))[..., None]
    body = body + below[..., None] * (wall - body)
    plate.fill(np.clip(body, 0, 1).astype(np.float32), np.ones(plate.shape, np.float32))


def gilded_frame(
    stage: Stage, plate: Plate, light: Light, half: float, edge: float, kind: str, cloth: Colour
) -> None:
    """The stage's front: the apron below its edge, gilded columns of a theatre, the curb of a ring.

    Args:
        stage: the stage.
        plate: an empty plate of the front's depth.
        light: light of the stage.
        half: half the width of the wide frame.
        edge: world height of the stage's front edge.
        kind: ``theatre``, ``club`` or ``circus``.
        cloth: colour of the curtains.
    """
    down = np.clip((plate.y - edge) / 0.1, 0, 1)
    front = rgb("#5a3a24") if kind == "theatre" else rgb("#2a2426")
    tone = np.asarray(light.lit(front, 0.4), np.float32)
    body = tone * (0.95 - 0.55 * down + 0 * plate.x)[..., None]
    if kind == "circus":
        stripe = np.clip(np.sin(plate.x * 30 / max(0.4, half)) * 12 + 0.5, 0, 1)[..., None]
        red, white = (np.asarray(light.lit(c, 0.8), np.float32) for c in (rgb("#c22f2c"), rgb("#f2e6cc")))
        body = (white + (red - white) * stripe) * (1.05 - 0.6 * down)[..., None]
    plate.fill(np.clip(body, 0, 1).astype(np.float32), plate.edge(np.full(plate.shape[1], edge, np.float32)))
    lip = np.exp(-(((plate.y - edge - 0.006) / 0.006) ** 2)) + 0 * plate.x
    gold = np.asarray(light.lit(rgb("#d9ab4a"), 0.9), np.float32)
    plate.fill((gold * 0.9).astype(np.float32), (lip * 0.9).astype(np.float32))
    if kind != "theatre":
        return
    wide = min(0.085, 0.06 * stage.aspect)
    for side in (-1.0, 1.0):
        u = (side * plate.x - (half - wide)) / wide  # 0 at the inner edge, 1 at the frame's edge
        inside = np.clip(u * wide * plate.scale + 0.5, 0, 1)
        _gild(plate, light, u, inside, side)
    v = (0.062 - plate.y) / 0.062
    inside = np.clip((0.062 - plate.y) * plate.scale + 0.5, 0, 1) * (1 + 0 * plate.x)
    _gild(plate, light, v + 0 * plate.x, inside, 1.0)
    brush = Brush(plate)
    for side in (-1.0, 1.0):
        for k in range(9):  # bosses on the columns
            x, y = side * (half - wide * 0.5), 0.11 + 0.09 * k
            if y < edge:
                brush.blob(x, y, 0.012, 0.016, light.lit(rgb("#8a5f22"), 0.5))
                brush.blob(x - 0.002, y - 0.003, 0.009, 0.012, light.lit(rgb("#f2cf7a"), 0.9))
    count = max(5, round(8 * stage.aspect))
    for k in range(count):
        x = (k + 0.5) / count * 2 * half - half
        brush.blob(x, 0.03, 0.016, 0.011, light.lit(rgb("#8a5f22"), 0.5))
        brush.blob(x, 0.028, 0.012, 0.008, light.lit(rgb("#f2cf7a"), 0.9))
    x = 0.0
    for k in range(7):  # a shell in the middle
        a = math.pi * (k + 0.5) / 7
        tip = (x - 0.062 * math.cos(a), 0.07 - 0.062 * math.sin(a))
        leaf = np.array([(x - 0.008, 0.072), tip, (x + 0.008, 0.072)])
        brush.fill(leaf, light.lit(mix(rgb("#8a5f22"), rgb("#f6d88a"), 0.35 + 0.6 * (k % 2)), 0.9))
        brush.blob(*tip, 0.011, 0.011, light.lit(rgb("#e8bf62"), 0.9))
    brush.blob(x, 0.073, 0.02, 0.014, light.lit(rgb("#f6d88a"), 1.0))
    brush.done()


def _gild(plate: Plate, light: Light, u: Image, inside: Image, side: float) -> None:
    """Mouldings across a gilded band: a bead, a hollow, a fillet."""
    profile = 0.55 + 0.4 * np.sin(u * 9.0 + 0.8 * side) + 0.25 * np.sin(u * 23.0 + 1.0)
    profile = profile * (0.75 + 0.35 * np.clip(1 - u, 0, 1))
    glow = 0.45 + 0.6 * np.clip(plate.y / 0.8, 0, 1)
    dark, bright = (np.asarray(light.lit(c, 0.8), np.float32) for c in (rgb("#5a3a16"), rgb("#f0c768")))
    tone = dark + (bright - dark) * np.clip(profile, 0, 1)[..., None]
    plate.fill(np.clip(tone * glow[..., None], 0, 1).astype(np.float32), inside.astype(np.float32))


def neon_tubes(stage: Stage, hues: list[Colour]) -> list[tuple[Image, Colour]]:
    """Bent tubes on a wall, in world units: waves beside a record, a diamond or a spiral; never letters."""
    place = stage.place("tubes")
    out: list[tuple[Image, Colour]] = []
    s = np.linspace(0, 1, 60)
    half = stage.aspect / 2
    turn = int(place.integers(3))
    for k, radius in enumerate((0.13, 0.105)):
        a = 2 * math.pi * s
        if turn == 0:  # a record
            ring = np.stack((radius * np.cos(a), 0.27 + radius * np.sin(a)), 1)
        elif turn == 1:  # a diamond
            ring = np.array(
                [
                    (0, 0.27 - radius),
                    (radius * 1.2, 0.27),
                    (0, 0.27 + radius),
                    (-radius * 1.2, 0.27),
                    (0, 0.27 - radius),
                ]
            )
        else:  # a spiral of two tubes
            b = 3.6 * math.pi * s + math.pi * k
            r = 0.13 * (0.12 + 0.88 * s)
            ring = np.stack((r * np.cos(b), 0.27 + r * np.sin(b)), 1)
        out.append((ring, hues[k]))
    for side in (-1.0, 1.0):
        x0 = side * min(0.24, 0.2 * stage.aspect)
        long = side * (half * 0.62 - abs(x0) * 0.4)
        for k in range(3):
            wave = np.stack((x0 + long * s, 0.21 + 0.055 * k + 0.016 * np.sin(s * 12 + k)), 1)
            out.append((wave, hues[(k + 1) % 4]))
    return out
