"""Facades: buildings with windows, seen flat, as textures and as skylines."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, Plate

WARM = tuple(rgb(c) for c in ("#ffcf82", "#ffdc9c", "#ffb765", "#ffe9c4", "#ffc46e"))
COOL = tuple(rgb(c) for c in ("#a9d4ef", "#cfe6f2", "#8fc4e8"))
NEON = tuple(rgb(c) for c in ("#ff4f9a", "#3fd8ff", "#ff7a3c", "#8f6bff", "#52f0b8", "#ffd24a", "#ff4a55"))
STONE = tuple(rgb(c) for c in ("#8a7466", "#75808e", "#96816a", "#6c6f7e", "#a08c80", "#7c8a86"))


def panes(
    rows: int,
    columns: int,
    pitch: tuple[int, int],
    rng: np.random.Generator,
    lit: float,
    wall: Colour,
    glass: Colour,
) -> Image:
    """A wall float32[rows, columns, 3] with a grid of windows, a share of them lit."""
    py, px = pitch
    out = np.empty((rows, columns, 3), np.float32)
    out[:] = wall
    n_y, n_x = rows // py + 1, columns // px + 1
    on = rng.random((n_y, n_x)) < lit * rng.uniform(0.55, 1.25)
    on[rng.random(n_y) < 0.08] = True  # now and then a whole floor works late
    warm = rng.random((n_y, n_x)) < 0.8
    power = rng.uniform(0.45, 1.0, (n_y, n_x)).astype(np.float32)
    choice = rng.integers(0, 15, (n_y, n_x))
    tones = np.where(
        warm[..., None],
        np.asarray(WARM, np.float32)[choice % len(WARM)],
        np.asarray(COOL, np.float32)[choice % len(COOL)],
    )
    colour = np.where(on[..., None], tones * power[..., None], np.asarray(glass, np.float32))
    yy, xx = np.arange(rows), np.arange(columns)
    inside_y = (yy % py >= max(1, py // 4)) & (yy % py < py - max(1, py // 5))
    inside_x = (xx % px >= max(1, px // 5)) & (xx % px < px - max(1, px // 5) + (px <= 3))
    mask = inside_y[:, None] & inside_x[None, :]
    full = colour[yy // py][:, xx // px]
    out[mask] = full[mask]
    return out


def skyline(
    plate: Plate,
    rng: np.random.Generator,
    base: float,
    low: float,
    high: float,
    light: Light,
    distance: float,
    clusters: float = 1.0,
    wide: tuple[float, float] = (0.05, 0.13),
) -> list[tuple[float, float]]:
    """Paint a row of buildings on a plate; returns world points of roof lamps.

    Args:
        plate: where to.
        rng: chance.
        base: world y of their feet.
        low: least height in world units.
        high: greatest.
        light: scene light.
        distance: 0 near to 1 far, for haze.
        clusters: how much heights bunch into a centre.
        wide: world widths.
    """
    lamps: list[tuple[float, float]] = []
    x = float(plate.x[0, 0]) - 0.1
    end = float(plate.x[0, -1]) + 0.1
    x = -2.6 if x > -2.6 else x
    centre = rng.uniform(-0.5, 0.5)
    while x < max(end, 2.6):
        width = float(rng.uniform(*wide))
        bell = np.exp(-(((x - centre) / 0.6) ** 2)) * clusters + 0.25
        height = low + (high - low) * float(np.clip(bell * rng.uniform(0.25, 1.05), 0, 1))
        stone = STONE[int(rng.integers(len(STONE)))]
        seed = int(rng.integers(2**31))
        step = float(rng.uniform(0.1, 0.3)) if rng.random() < 0.45 else 0.0
        spire = rng.random() < 0.3 and height > low + 0.5 * (high - low)
        _building(plate, np.random.default_rng(seed), x, width, base, height, stone, step, light, distance)
        top = base - height
        if spire:
            cx = x + width / 2
            _box(
                plate,
                cx - 0.0025,
                cx + 0.0025,
                top - 0.07 * height / high - 0.02,
                top,
                light.far(light.lit(times(stone, 0.5), 0.3), distance),
            )
            lamps.append((cx, top - 0.07 * height / high - 0.02))
        x += width + float(rng.uniform(-0.004, 0.02)) * (1 if rng.random() < 0.7 else 2.5)
    return lamps


def _box(plate: Plate, x0: float, x1: float, y0: float, y1: float, colour: Colour) -> None:
    ax, ay = plate.at(x0, y0)
    bx, by = plate.at(x1, y1)
    c0, c1 = max(0, round(ax)), min(plate.shape[1], max(round(ax) + 1, round(bx)))
    r0, r1 = max(0, round(ay)), min(plate.shape[0], round(by))
    if c0 < c1 and r0 < r1:
        plate.rgba[r0:r1, c0:c1, :3] = colour
        plate.rgba[r0:r1, c0:c1, 3] = 1


def _building(
    plate: Plate,
    rng: np.random.Generator,
    x: float,
    width: float,
    base: float,
    height: float,
    stone: Colour,
    step: float,
    light: Light,
    distance: float,
) -> None:
    night = light.lamps
    wall = light.lit(times(stone, 0.55 + 0.35 * (1 - night)), 0.6)
    glass = mix(times(light.lit(rgb("#6b8299"), 0.5), 0.75), light.sky[-2], 0.3 * (1 - night) + 0.05)
    parts = [(x, x + width, base - height * (1 - step), base)]
    if step:
        inset = width * float(rng.uniform(0.15, 0.3))
        parts.append((x + inset, x + width - inset, base - height, base - height * (1 - step)))
    pitch = (
        max(3, round(plate.scale * 0.0115)),
        max(3, round(plate.scale * float(rng.uniform(0.008, 0.014)))),
    )
    for x0, x1, y0, y1 in parts:
        ax, ay = plate.at(x0, y0)
        bx, by = plate.at(x1, y1)
        c0, c1, r0, r1 = round(ax), round(bx), round(ay), round(by)
        if c1 <= 0 or r1 <= 0 or c0 >= plate.shape[1] or r0 >= plate.shape[0] or c1 - c0 < 2 or r1 - r0 < 2:
            continue
        mood = float(rng.choice((0.12, 0.3, 0.5, 0.72)))
        body = panes(r1 - r0, c1 - c0, pitch, rng, mood * night, wall, glass)
        if rng.random() < 0.3:  # ribbons of glass instead of single windows
            body = cv2.blur(body, (pitch[1] * 2 + 1, 1))
        if night > 0.3 and rng.random() < 0.3 and y0 == base - height:
            crown = NEON[int(rng.integers(len(NEON)))]
            body[: max(1, (r1 - r0) // 40 + 1)] = times(crown, night)
            if rng.random() < 0.5:
                body[:, :1] = times(crown, 0.75 * night)
                body[:, -1:] = times(crown, 0.75 * night)
        # Round the light: one side of each tower is darker, and lamps of the street warm its foot.
        across = np.linspace(1.08, 0.8, c1 - c0, dtype=np.float32)[None, :, None]
        down = np.linspace(0, 1, r1 - r0, dtype=np.float32)[:, None, None]
        body = body * (across * (1 - 0.35 * night * (1 - across)))
        body += np.asarray(rgb("#ff9d5c"), np.float32) * (0.1 * night * down**4)
        body = body + min(0.92, distance * (0.75 + 0.5 * light.fog)) * (
            np.asarray(light.haze, np.float32) - body
        ) * (0.55 + 0.45 * down)
        pr0, pc0 = max(0, -r0), max(0, -c0)
        r0, c0 = max(0, r0), max(0, c0)
        r1, c1 = min(r1, plate.shape[0]), min(c1, plate.shape[1])
        plate.rgba[r0:r1, c0:c1, :3] = body[pr0 : pr0 + r1 - r0, pc0 : pc0 + c1 - c0]
        plate.rgba[r0:r1, c0:c1, 3] = 1
