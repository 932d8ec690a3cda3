"""Furniture that stands still: the table in front, a rug, shelves with jars, lamps."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.indoors.pottery import BOTTLE, BOWL, JAR, JUG, Turned, set_down
from webtv.studio.procedural.indoors.rooms import Room, falloff
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Plate, Stage

BOOKS = (
    "#7a2f2a",
    "#2f4a5f",
    "#4f5f3a",
    "#a8813f",
    "#5a3a52",
    "#2f2f38",
    "#b5654a",
    "#8a8f86",
    "#d8c9a4",
    "#34544f",
)
GLAZES = ("#c9b48a", "#6f8f8a", "#b5553f", "#e6dcc6", "#4f6a86", "#d39a4a", "#7a8a5a")


def box(brush: Brush, x0: float, x1: float, y0: float, y1: float, colour: Colour) -> None:
    """Fill a rectangle of world units."""
    brush.fill(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour)


def table(room: Room, stage: Stage, plate: Plate, edge: float | None = None) -> None:
    """A table top of boards seen from slightly above; window and lamp lie on its polish as pale streaks.

    Args:
        room: the room.
        stage: the stage.
        plate: a plate of depth 1 from a little above the table's far edge down.
        edge: world height of its far edge; None takes the room's.
    """
    place, light = stage.place("table"), room.light
    back = room.table if edge is None else edge
    vanish = back - 0.42
    z = 0.42 / np.maximum(plate.y - vanish, 0.2)  # 1 at the far edge, smaller near
    u = plate.x * z  # along the edge
    v = 1.9 * (1 - z)  # away from the far edge
    board = 0.235
    number = np.floor(v / board)
    gap = np.abs(v / board - number - 0.5) * 2
    tint = 0.88 + 0.2 * np.mod(np.sin((number + 3) * 78.233) * 4375.5, 1.0)
    veins = cv2.copyMakeBorder(noise.tile(512, place, 1.25, low=3), 0, 1, 0, 1, cv2.BORDER_WRAP)
    shift = number * 83.0
    read = [
        cv2.remap(
            veins,
            noise.wrap(np.asarray(u * a + shift + 9 * k, np.float32), 512),
            noise.wrap(np.asarray(v * b + 0 * u + shift, np.float32), 512),
            cv2.INTER_LINEAR,
        )
        for k, (a, b) in enumerate(((36, 620), (12, 1500)))
    ]
    grain = 1 + 0.085 * read[0] + 0.055 * read[1]
    wood = np.asarray(light.lit(room.wood, 0.75), np.float32)
    dark = np.asarray(light.lit(times(room.wood, (0.72, 0.62, 0.52)), 0.7), np.float32)
    share = np.clip(0.42 + 0.22 * read[0], 0, 1)[..., None]
    body = wood + (dark - wood) * share
    near = np.clip((plate.y - back) / (1.02 - back), 0, 1.3)
    o = room.window
    wash = np.exp(-(((plate.x - o.x + room.side * 0.5 * near) / (0.5 * room.half + 0.22)) ** 2))
    day = 0.84 + 0.5 * wash - 0.16 * near
    lx = room.lamp[0]
    pool = np.exp(-(((plate.x - lx * 0.6) / 0.5) ** 2) - ((near - 0.35) / 0.6) ** 2)
    night = 0.64 + 0.68 * pool - 0.1 * near
    shade = day + (night - day) * room.evening
    body = body * (grain * tint * (1 - 0.42 * np.clip((gap - 0.965) * 40, 0, 1)) * shade)[..., None]
    # The polish: what stands behind the table lies on it, drawn out towards the eye.
    columns = np.clip(((o.x1 - o.x0) / 2 + 0.012 - np.abs(plate.x - o.x)) * 18, 0, 1)
    bars = 1 - 0.45 * np.exp(-(((plate.x - o.x) / 0.012) ** 2))
    streak = columns * bars * np.exp(-near * 2.3) * (0.45 + 0.1 * read[0]) * (0.95 - 0.5 * room.evening)
    sky = np.asarray(mix(stage.light.sky[-2], (1, 1, 1), 0.1), np.float32)
    body += np.clip(streak * 0.72, 0, 0.75)[..., None] * (sky - body)
    if room.evening > 0.05:
        glow = (
            np.exp(-(((plate.x - lx) / 0.075) ** 2) - near * 1.7) * 0.5 * room.evening * (1 + 0.12 * read[0])
        )
        body += np.clip(glow, 0, 0.7)[..., None] * (np.asarray(rgb("#ffd9a0"), np.float32) - body)
    rim = np.exp(-(((plate.y - back) / 0.004) ** 2)) * 0.4
    body += rim[..., None] * (np.asarray(light.key, np.float32) * 0.9 - body)
    edges = plate.edge(np.full(plate.shape[1], back, np.float32), 1.5)
    plate.fill(np.clip(body, 0, 1).astype(np.float32), edges)


def skirting(room: Room, stage: Stage, plate: Plate) -> None:
    """The board along the foot of a wall."""
    brush = Brush(plate)
    tone = room.light.lit(mix(room.paint, rgb("#e8e0cf"), 0.5), 0.6)
    box(brush, -9, 9, room.table - 0.05, 2.0, times(tone, 0.85))
    box(brush, -9, 9, room.table - 0.05, room.table - 0.044, times(tone, 1.15))
    box(brush, -9, 9, room.table - 0.044, room.table - 0.039, times(tone, 0.6))
    brush.done()


def rug(room: Room, stage: Stage, plate: Plate, x: float, y: float, wide: float) -> None:
    """A round rug of woven rings, seen from slightly above."""
    hues = [rgb(c) for c in ("#8a4038", "#c9b48c", "#4a5a60", "#a8744a")]
    if stage.spec.palette:
        hues = [*stage.spec.palette, *hues][:4]
    turn = int(4 * stage.chance("rug"))
    d = np.sqrt(((plate.x - x) / wide) ** 2 + ((plate.y - y) / (wide * 0.24)) ** 2)
    under = np.clip((1.06 - d) * 12, 0, 1) * 0.4
    plate.rgba[..., :3] *= (1 - under)[..., None]
    weave = 1 + 0.06 * np.sin(plate.x * 700) * np.sin(plate.y * 900)
    shade = (0.72 + 0.3 * falloff(room, plate)) * weave
    for k, (reach, which) in enumerate(
        ((1.0, 1), (0.97, 0), (0.86, 3), (0.83, 0), (0.6, 2), (0.56, 0), (0.34, 3), (0.3, 2))
    ):
        ring = np.clip((reach - d) * wide * plate.scale * 0.4 + 0.5, 0, 1)
        tone = np.asarray(room.light.lit(hues[(which + turn) % 4], 0.6), np.float32) * (1 - 0.04 * (k % 2))
        plate.fill(np.clip(tone * shade[..., None], 0, 1).astype(np.float32), ring.astype(np.float32))


def shelf(room: Room, stage: Stage, plate: Plate, x0: float, x1: float, y: float, crowd: float = 1.0) -> None:
    """A board on the wall with jars, jugs and bowls on it."""
    place, light = stage.place(f"shelf{y:.2f}"), room.light
    brush = Brush(plate)
    tone = light.lit(room.wood, 0.7)
    dark = np.exp(-np.clip((plate.y - y - 0.016) / 0.03, 0, 9)) * (plate.y > y + 0.016)
    dark = dark * ((plate.x > x0) & (plate.x < x1)) * 0.38
    plate.rgba[..., :3] *= (1 - dark)[..., None]
    box(brush, x0, x1, y, y + 0.011, times(tone, 1.05))
    box(brush, x0, x1, y + 0.011, y + 0.02, times(tone, 0.6))
    for bx in (x0 + 0.05, x1 - 0.06):
        box(brush, bx, bx + 0.012, y + 0.02, y + 0.06, times(tone, 0.5))
    brush.done()
    x = x0 + 0.04
    while x < x1 - 0.04:
        at = float(place.random())
        glaze = rgb(GLAZES[int(place.integers(len(GLAZES)))])
        if at < 0.42:
            filling = rgb(("#c9924a", "#8a4a2f", "#d8c48a", "#6b7a3f", "#b8482f")[int(place.integers(5))])
            tall = float(place.uniform(0.075, 0.1))
            thing = Turned(
                JAR, filling, 0.9, 0.0, bands=((0.66, 0.84, rgb("#cfd8d4")), (0.84, 1.0, rgb("#8a6a44")))
            )
            half = 0.33 * tall
        elif at < 0.62:
            tall, thing = float(place.uniform(0.085, 0.11)), Turned(JUG, glaze, 0.7, inside=times(glaze, 0.4))
            half = 0.3 * tall
        elif at < 0.82:
            tall, thing = 0.036, Turned(BOWL, glaze, 0.7, inside=times(glaze, 0.6))
            half = 1.22 * tall
        else:
            tall, thing = float(place.uniform(0.12, 0.15)), Turned(BOTTLE, rgb("#4f6a4a"), 1.0, 0.25)
            half = 0.14 * tall
        if x + 2 * half > x1 - 0.03:
            break
        set_down(plate, thing, x + half, y + 0.004, tall, light, room.side, dark=0.3)
        x += 2 * half + float(place.uniform(0.012, 0.05)) / crowd


def pendant(
    brush: Brush, light: Light, x: float, y: float, wide: float, colour: Colour, evening: float
) -> None:
    """A lamp that hangs from above: cord, shade, and the lit rim of its inside."""
    tone = light.lit(colour, 0.7)
    box(brush, x - 0.0022, x + 0.0022, -2.0, y - 0.06, times(tone, 0.3))
    s = np.linspace(0, math.pi / 2, 10)
    left = np.stack((x - wide * np.sin(s) ** 0.8, y - 0.062 * np.cos(s)), 1)
    right = np.stack((x + wide * np.sin(s) ** 0.8, y - 0.062 * np.cos(s)), 1)[::-1]
    brush.fill(np.concatenate((left, right)), tone)
    cut = [(x + wide * 0.25, y - 0.06), (x + wide, y), (x + wide * 0.55, y)]
    brush.fill(np.array(cut), times(tone, 0.75))
    box(brush, x - 0.012, x + 0.012, y - 0.076, y - 0.058, times(tone, 0.55))
    brush.blob(x, y, wide, 0.011, mix(times(tone, 0.5), rgb("#ffe2ac"), 0.2 + 0.8 * evening))
    brush.blob(x, y + 0.001, wide * 0.4, 0.007, mix(times(tone, 0.7), rgb("#fff6dc"), 0.2 + 0.8 * evening))


def table_lamp(
    brush: Brush, light: Light, x: float, foot: float, tall: float, colour: Colour, evening: float
) -> None:
    """A lamp with a cloth shade on a turned foot."""
    brass = light.lit(rgb("#a8803f"), 0.8)
    brush.blob(x, foot, tall * 0.17, tall * 0.036, times(brass, 0.7))
    box(brush, x - tall * 0.02, x + tall * 0.02, foot - tall * 0.62, foot, brass)
    brush.blob(x, foot - tall * 0.2, tall * 0.055, tall * 0.1, brass)
    brush.blob(x - tall * 0.016, foot - tall * 0.22, tall * 0.015, tall * 0.05, mix(brass, (1, 1, 1), 0.5))
    shade = light.lit(colour, 0.8)
    top, low = foot - tall, foot - tall * 0.55
    for k in range(12):  # lit from inside: brightest low in the middle
        a, b = k / 12, (k + 1) / 12
        w0, w1 = tall * (0.15 + 0.17 * a), tall * (0.15 + 0.17 * b)
        y0, y1 = top + (low - top) * a, top + (low - top) * b
        inner = mix(times(shade, 0.8), rgb("#ffd592"), evening * (0.35 + 0.5 * a))
        brush.fill(np.array([(x - w0, y0), (x + w0, y0), (x + w1, y1), (x - w1, y1)]), inner)
        mid = mix(inner, rgb("#fff0c8"), evening * 0.5 * (0.4 + 0.6 * a) + 0.06)
        brush.fill(
            np.array([(x - w0 * 0.6, y0), (x + w0 * 0.6, y0), (x + w1 * 0.6, y1), (x - w1 * 0.6, y1)]), mid
        )
    brush.blob(x, low, tall * 0.32, tall * 0.02, mix(times(shade, 0.6), rgb("#fff0cc"), evening * 0.8))


def soften(plate: Plate, blur: float) -> None:
    """Put a plate out of focus; ``blur`` in world units."""
    sigma = blur * plate.scale
    if sigma > 0.4:
        plate.rgba = np.asarray(cv2.GaussianBlur(plate.rgba, (0, 0), sigma), np.float32)
