"""What is fitted to the walls of a room: books, tiles, pans or tools, a hearth, pictures, rafters."""

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.indoors.furniture import BOOKS, GLAZES, box
from webtv.studio.procedural.indoors.pottery import BOWL, JUG, Turned, set_down
from webtv.studio.procedural.indoors.rooms import Room, falloff
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Plate, Stage


def bookshelf(
    brush: Brush,
    place: np.random.Generator,
    light: Light,
    x0: float,
    x1: float,
    y0: float,
    y1: float,
    wood: Colour,
) -> None:
    """A case of books from floor to ceiling: boards, spines with bands, some leaning, gaps with things."""
    tone = light.lit(wood, 0.6)
    box(brush, x0, x1, y0, y1, times(tone, 0.3))
    pitch = 0.128
    y = y0 + 0.012
    while y < y1:
        foot = y + pitch - 0.016
        x = x0 + 0.016
        while x < x1 - 0.03:
            if place.random() < 0.05:
                x += float(place.uniform(0.02, 0.06))
                continue
            if place.random() < 0.07:  # a few lying flat
                pile = foot
                wide = float(place.uniform(0.06, 0.085))
                for _ in range(int(place.integers(2, 5))):
                    thick = float(place.uniform(0.012, 0.018))
                    spine = light.lit(rgb(BOOKS[int(place.integers(len(BOOKS)))]), 0.7)
                    inset = float(place.uniform(0, 0.012))
                    box(brush, x + inset, x + wide - inset * 0.3, pile - thick, pile - 0.001, spine)
                    pile -= thick
                x += wide + 0.006
                continue
            wide = float(place.uniform(0.013, 0.03))
            tall = (pitch - 0.022) * float(place.uniform(0.7, 0.98))
            lean = 0.0 if place.random() < 0.9 else float(place.choice((-1, 1))) * 0.018
            spine = light.lit(rgb(BOOKS[int(place.integers(len(BOOKS)))]), float(place.uniform(0.45, 0.9)))
            top = foot - tall
            brush.fill(
                np.array([(x + lean, top), (x + wide + lean, top), (x + wide, foot), (x, foot)]), spine
            )
            edge = [
                (x + lean + wide * 0.72, top),
                (x + wide + lean, top),
                (x + wide, foot),
                (x + wide * 0.72, foot),
            ]
            brush.fill(np.array(edge), times(spine, 0.68))
            if place.random() < 0.6:
                gilt = mix(spine, light.lit(rgb("#e8c878"), 1), 0.7)
                for at in (0.16, 0.22, 0.8):
                    yy = top + tall * at
                    box(brush, x + lean * (1 - at), x + wide + lean * (1 - at), yy, yy + 0.0032, gilt)
            x += wide + 0.002 + abs(lean) * 0.6
        box(brush, x0, x1, foot, foot + 0.016, times(tone, 0.92))
        box(brush, x0, x1, foot + 0.011, foot + 0.016, times(tone, 0.5))
        y += pitch
    for x in (x0, x1 - 0.018):
        box(brush, x, x + 0.018, y0, y1, times(tone, 0.8))
        box(brush, x + 0.012, x + 0.018, y0, y1, times(tone, 0.55))


def tiles(room: Room, stage: Stage, plate: Plate, top: float) -> None:
    """Glazed tiles from a height down to the table, in staggered rows with pale joints."""
    place = stage.place("tiles")
    wide, high = 0.105, 0.052
    row = np.floor((plate.y - top) / high)
    u = plate.x / wide + 0.5 * np.mod(row, 2)
    column = np.floor(u)
    fx, fy = u - column, (plate.y - top) / high - row
    joint = np.maximum(
        np.clip((np.abs(fx - 0.5) * 2 - 0.945) * 30, 0, 1), np.clip((np.abs(fy - 0.5) * 2 - 0.9) * 20, 0, 1)
    )
    tint = 0.93 + 0.13 * np.mod(np.sin(row * 12.99 + column * 78.23) * 43758.5, 1.0)
    hues = ("#e9e6da", "#9fbab4", "#c9d8d4", "#5f8a86", "#e6d6b8")
    base = rgb(hues[int(place.integers(len(hues)))])
    if stage.spec.palette:
        base = mix(base, stage.spec.palette[-1], 0.5)
    tone = np.asarray(room.light.lit(base, 0.75), np.float32)
    gloss = np.clip(0.18 - np.abs(fx + fy * 0.6 - 0.62), 0, 1) * 0.9 + np.clip(0.2 - fy, 0, 1) * 0.6
    colour = tone * tint[..., None]
    colour = colour + gloss[..., None] * (np.asarray(room.light.key, np.float32) - colour) * 0.42
    grout = np.asarray(room.light.lit(rgb("#cfc8b8"), 0.4), np.float32) * 0.8
    colour = colour + joint[..., None] * (grout - colour)
    colour = colour * falloff(room, plate)[..., None]
    plate.fill(np.clip(colour, 0, 1).astype(np.float32), plate.edge(np.full(plate.shape[1], top, np.float32)))


def hanging(room: Room, stage: Stage, plate: Plate, x0: float, x1: float, y: float, tools: bool) -> None:
    """A rail with pans and ladles, or a workshop's tools on nails."""
    place, light = stage.place("rail"), room.light
    brush = Brush(plate)
    steel = light.lit(rgb("#a8acae"), 0.8)
    iron, copper = light.lit(rgb("#3c3f44"), 0.7), light.lit(rgb("#c0703f"), 0.8)
    handle = light.lit(rgb("#9a6436"), 0.8)
    if not tools:
        box(brush, x0, x1, y, y + 0.006, steel)
    x = x0 + 0.06
    k = int(place.integers(4))
    while x < x1 - 0.05:
        swing = float(place.uniform(0.85, 1.15))
        if tools:
            kind = k % 4
            if kind == 0:  # a saw
                box(brush, x - 0.006, x + 0.016, y, y + 0.05, handle)
                brush.fill(
                    np.array(
                        [
                            (x - 0.008, y + 0.05),
                            (x + 0.028, y + 0.05),
                            (x + 0.008, y + 0.2),
                            (x - 0.006, y + 0.2),
                        ]
                    ),
                    steel,
                )
            elif kind == 1:  # a hammer
                box(brush, x - 0.005, x + 0.005, y + 0.01, y + 0.14, handle)
                box(brush, x - 0.03, x + 0.024, y, y + 0.022, iron)
            elif kind == 2:  # a plane's blade and a square
                box(brush, x - 0.008, x + 0.004, y, y + 0.13, handle)
                box(brush, x - 0.008, x + 0.075, y + 0.11, y + 0.124, steel)
            else:  # a coil of rope
                for r in (0.034, 0.028, 0.022):
                    brush.blob(x, y + 0.045, r, r * 1.25, light.lit(rgb("#c9a86a"), 0.4 + r * 14))
                brush.blob(x, y + 0.045, 0.016, 0.022, times(light.lit(room.paint, 0.5), 0.6))
            x += 0.11
        else:
            if k % 2 == 0:  # a pan
                r, pan = 0.045 * swing, copper if k % 4 else iron
                box(brush, x - 0.006, x + 0.006, y + 0.004, y + 0.09, times(pan, 0.8))
                brush.blob(x, y + 0.09 + r, r, r, pan)
                brush.blob(x - 0.004 * room.side, y + 0.088 + r, r * 0.86, r * 0.86, times(pan, 0.72))
                brush.blob(
                    x + 0.3 * r * room.side, y + 0.09 + 0.75 * r, r * 0.26, r * 0.2, mix(pan, light.key, 0.45)
                )
            else:  # a ladle
                box(brush, x - 0.003, x + 0.003, y + 0.004, y + 0.12, steel)
                brush.blob(x, y + 0.13, 0.018, 0.016, times(steel, 0.8))
            x += 0.095 + 0.02 * swing
        k += 1
    brush.done()


def masonry(room: Room, stage: Stage, plate: Plate, x: float, wide: float, top: float, foot: float) -> None:
    """A chimney breast of brick with a dark opening and a thick wooden mantel.

    Args:
        room: the room.
        stage: the stage.
        plate: the wall.
        x: world x of its middle.
        wide: half the width of the opening.
        top: world height of the opening's arch.
        foot: world height of the hearth.
    """
    light = room.light
    half = wide + 0.11
    high, long = 0.03, 0.088
    row = np.floor(plate.y / high)
    u = plate.x / long + 0.5 * np.mod(row, 2)
    column = np.floor(u)
    fx, fy = np.abs(u - column - 0.5) * 2, np.abs(plate.y / high - row - 0.5) * 2
    joint = np.maximum(np.clip((fx - 0.93) * 26, 0, 1), np.clip((fy - 0.86) * 12, 0, 1))
    tint = 0.78 + 0.42 * np.mod(np.sin(row * 12.99 + column * 78.23) * 43758.5, 1.0)
    brick = np.asarray(light.lit(rgb("#9a5a42"), 0.6), np.float32)
    colour = brick * tint[..., None]
    colour = colour + joint[..., None] * (
        np.asarray(light.lit(rgb("#b8a894"), 0.4), np.float32) * 0.62 - colour
    )
    glow = np.exp(-(((plate.x - x) / (wide * 1.5)) ** 2) - ((plate.y - foot + 0.1) / 0.34) ** 2)
    colour = colour * (0.55 + 0.75 * glow)[..., None]
    inside = np.clip((half - np.abs(plate.x - x)) * plate.scale + 0.5, 0, 1) * np.clip(
        (plate.y + 1) * 9, 0, 1
    )
    plate.fill(np.clip(colour, 0, 1).astype(np.float32), inside.astype(np.float32))
    arch = top + 0.05 * ((plate.x - x) / wide) ** 2
    hole = np.clip((wide - np.abs(plate.x - x)) * plate.scale + 0.5, 0, 1) * np.clip(
        (plate.y - arch) * plate.scale + 0.5, 0, 1
    )
    soot = np.exp(-(((plate.x - x) / (wide * 0.7)) ** 2) - ((plate.y - foot) / 0.16) ** 2)
    back = np.asarray((0.075, 0.05, 0.045), np.float32) + soot[..., None] * np.asarray(
        (0.34, 0.14, 0.05), np.float32
    )
    plate.fill(back.astype(np.float32), hole.astype(np.float32))
    brush = Brush(plate)
    tone = light.lit(rgb("#6a4428"), 0.8)
    y = top - 0.105
    box(brush, x - half - 0.05, x + half + 0.05, y, y + 0.03, tone)
    box(brush, x - half - 0.05, x + half + 0.05, y - 0.008, y + 0.002, times(tone, 1.4))
    box(brush, x - half - 0.03, x + half + 0.03, y + 0.03, y + 0.046, times(tone, 0.6))
    for dx, turned in ((-0.45, 0.02), (0.05, -0.03), (0.42, 0.015)):  # logs
        p = np.array([(-0.6, -0.022), (0.6, -0.016), (0.6, 0.016), (-0.6, 0.022)]) * (wide * 0.75, 1.0)
        p[:, 1] += turned * np.sign(p[:, 0])
        at = np.array((x + dx * wide * 0.5, foot - 0.014 - abs(turned) * 0.6))
        brush.fill(p + at, rgb("#2d1c15"))
    brush.done()
    for dx, tall in ((-0.7, 0.1), (0.62, 0.07), (0.82, 0.11)):
        set_down(
            plate,
            Turned(JUG if tall > 0.08 else BOWL, rgb(GLAZES[int(10 * tall) % 7]), 0.7, inside=rgb("#3a2a20")),
            x + dx * half,
            y - 0.004,
            tall if tall > 0.08 else 0.04,
            light,
            room.side,
            dark=0.25,
        )


def picture(room: Room, stage: Stage, plate: Plate, x: float, y: float, wide: float, high: float) -> None:
    """A framed landscape on the wall: three bands of land and a sun, never letters."""
    place, light = stage.place(f"picture{x:.2f}"), room.light
    dark = np.exp(
        -(((plate.x - x + 0.012 * room.side) / (wide * 0.62)) ** 6)
        - ((plate.y - y - 0.012) / (high * 0.62)) ** 6
    )
    plate.rgba[..., :3] *= (1 - 0.34 * dark)[..., None]
    brush = Brush(plate)
    frame = light.lit(rgb(("#7a5a34", "#3a332e", "#b08a4a")[int(place.integers(3))]), 0.8)
    box(brush, x - wide / 2, x + wide / 2, y - high / 2, y + high / 2, frame)
    box(brush, x - wide / 2 + 0.006, x + wide / 2, y - high / 2 + 0.006, y + high / 2, times(frame, 0.72))
    m = 0.013
    x0, x1, y0, y1 = x - wide / 2 + m, x + wide / 2 - m, y - high / 2 + m, y + high / 2 - m
    box(brush, x0, x1, y0, y1, light.lit(rgb("#e8e0cc"), 0.8))
    m = 0.014
    x0, x1, y0, y1 = x0 + m, x1 - m, y0 + m, y1 - m
    hues = [("#e8c9a0", "#c98f6a", "#7a6a6a", "#4a4a56"), ("#cfdde0", "#8fb0b4", "#5f8a80", "#38584f")][
        int(place.integers(2))
    ]
    box(brush, x0, x1, y0, y1, light.lit(rgb(hues[0]), 0.8))
    brush.blob(x + wide * 0.14, y0 + (y1 - y0) * 0.33, 0.012, 0.012, light.lit(rgb("#f6e3b8"), 1.0))
    s = np.linspace(0, 1, 24)
    for k, code in enumerate(hues[1:]):
        level = (
            y0 + (y1 - y0) * (0.45 + 0.18 * k) - 0.012 * np.sin(s * (5 + 3 * k) + 2 * k + 6 * place.random())
        )
        shape = np.stack((x0 + (x1 - x0) * s, np.clip(level, y0, y1)), 1)
        brush.fill(np.concatenate((shape, [(x1, y1), (x0, y1)])), light.lit(rgb(code), 0.75))
    brush.done()


def beams_of_roof(room: Room, plate: Plate) -> None:
    """The slope of an attic: a dark ceiling that comes down on both sides, and rafters."""
    light = room.light
    brush = Brush(plate)
    tone = light.lit(times(room.paint, 0.62), 0.4)
    apex, foot = 0.36 * min(1.0, room.half / 0.6), room.half + 0.3
    for side in (-1.0, 1.0):
        slope = [(apex, -0.12), (4.0, -0.12), (4.0, 0.84), (foot, 0.84)]
        brush.fill(np.array(slope) * (side, 1.0), times(tone, 0.72))
        for k in range(6):
            a, b = apex + 0.21 * k, foot + 0.24 * k
            plank = [(a, -0.12), (a + 0.012, -0.12), (b + 0.014, 0.84), (b, 0.84)]
            brush.fill(np.array(plank) * (side, 1.0), times(tone, 0.5))
        for k in range(3):
            a, b = apex + 0.02 + 0.5 * k, foot + 0.03 + 0.55 * k
            rafter = np.array([(a, -0.12), (a + 0.05, -0.12), (b + 0.06, 0.84), (b, 0.84)])
            brush.fill(rafter * (side, 1.0), times(tone, 0.98))
            brush.fill(
                (rafter + np.array([(0.035, 0), (0, 0), (0, 0), (0.042, 0)])) * (side, 1.0), times(tone, 0.55)
            )
    box(brush, -9, 9, 0.018, 0.052, times(tone, 0.55))
    box(brush, -9, 9, 0.018, 0.026, times(tone, 0.85))
    brush.done()
