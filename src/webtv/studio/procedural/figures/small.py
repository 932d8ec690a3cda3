"""Small animals with shapes of their own: hare, hedgehog, squirrel, mouse."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_EYE = rgb("#16130f")


def hare(pose: Pose) -> Pen:
    """A hare: sits and twitches its ears, or goes in long hops."""
    coat = pose.colour or rgb("#a98560")
    belly, dark = mix(coat, rgb("#f7efe0"), 0.75), times(coat, 0.76)
    still = pose.action in {"rest", "graze", "sit", "sleep", "stand"}
    beat = 0.0 if still else (pose.t * (1.5 if pose.action != "run" else 2.4) + pose.phase)
    hop = beat % 1.0
    up = 0.0 if still else max(0.0, math.sin(math.pi * hop)) ** 1.3 * 0.34
    stretch = 0.0 if still else math.sin(2 * math.pi * hop) * 0.2
    pen = Pen(
        pose.x,
        pose.y,
        pose.scale,
        (1.3, 1.3, 0.1, 1.7),
        pose.facing,
        0.0 if still else 0.22 * math.cos(math.pi * hop) * (hop > 0.02),
    )
    y = up
    dip = 0.16 if pose.action == "graze" else 0.0
    pen.blob(-0.5 - stretch * 0.4, 0.36 + y, 0.1, 0.1, rgb("#f7f1e6"))
    pen.limb(
        [(0.22, 0.34 + y), (0.3 + stretch, 0.16 + y), (0.34 + stretch * 1.2, 0.04 + y * 0.85)],
        (0.15, 0.1, 0.07),
        dark,
    )
    pen.limb(
        [(-0.28 - stretch * 0.4, 0.4 + y), (0, 0.52 + y), (0.26 + stretch * 0.4, 0.46 + y)],
        (0.52, 0.5, 0.36),
        coat,
    )
    pen.limb([(0.3 + stretch * 0.4, 0.4 + y), (0.05, 0.25 + y)], (0.2, 0.18), belly)
    pen.blob(-0.26 - stretch * 0.5, 0.32 + y, 0.25, 0.24, times(coat, 0.93), 0.3)
    pen.limb(
        [
            (-0.3 - stretch, 0.16 + y),
            (-0.16 - stretch * 1.5, 0.05 + y * 0.8),
            (0.04 - stretch * 1.7, 0.045 + y * 0.7),
        ],
        (0.14, 0.1, 0.07),
        times(coat, 0.96),
    )
    pen.limb(
        [(0.28, 0.34 + y), (0.37 + stretch, 0.15 + y), (0.42 + stretch * 1.2, 0.035 + y * 0.85)],
        (0.15, 0.1, 0.07),
        coat,
    )
    hx, hy = 0.46 + stretch * 0.4, 0.74 - dip + y + 0.012 * math.sin(pose.t * 2 + pose.phase * 8)
    pen.limb([(0.24 + stretch * 0.4, 0.5 + y), (hx - 0.06, hy - 0.05)], (0.32, 0.24), coat)
    lean = 0.5 * up + 0.05 * math.sin(pose.t * 1.6 + pose.phase * 11)
    for side, shade in ((-1, 0.78), (1, 1.0)):
        ear = [
            (hx - 0.06 + 0.04 * side, hy + 0.08),
            (hx - 0.13 - lean * 0.6 + 0.07 * side, hy + 0.34),
            (hx - 0.18 - lean + 0.09 * side, hy + 0.6),
        ]
        pen.limb(ear, (0.09, 0.135, 0.03), times(coat, shade))
        if side > 0:
            pen.limb(
                [ear[0], ear[1], (ear[2][0], ear[2][1] - 0.06)],
                (0.03, 0.07, 0.01),
                mix(coat, rgb("#e7b7a4"), 0.6),
            )
    pen.limb([(hx - 0.05, hy), (hx + 0.08, hy - 0.02), (hx + 0.2, hy - 0.055)], (0.26, 0.25, 0.13), coat)
    pen.blob(hx + 0.12, hy - 0.09, 0.09, 0.06, belly)
    pen.blob(hx + 0.26, hy - 0.03, 0.022, 0.018, rgb("#5a3a32"))
    blink = 0.2 if math.sin(pose.t * 1.3 + pose.phase * 30) > 0.98 else 1.0
    pen.blob(hx + 0.07, hy + 0.03, 0.034, 0.038 * blink, _EYE)
    pen.blob(hx + 0.08, hy + 0.042, 0.011, 0.011 * blink, (0.95, 0.95, 0.95))
    return pen


def hedgehog(pose: Pose) -> Pen:
    """A hedgehog that trundles along."""
    spine = pose.colour or rgb("#6d543f")
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.1, 1.0), pose.facing)
    moving = 0.0 if pose.action in {"rest", "sleep", "graze"} else 1.0
    sway = 0.02 * math.sin(pose.t * 7 + pose.phase * 6) * moving
    for k, x in enumerate((-0.36, -0.12, 0.2, 0.42)):
        step = math.sin(pose.t * 7 + k * 1.7) * moving
        pen.limb([(x, 0.18), (x + 0.06 * step, 0.03 + 0.03 * max(0.0, step))], (0.12, 0.09), rgb("#8a6a4e"))
    pen.fill(
        smooth([(0.2, 0.1), (0.5, 0.14), (0.86, 0.26 + sway), (0.6, 0.46 + sway), (0.3, 0.55)]),
        rgb("#d9b88f"),
    )
    points = []
    for i in range(34):
        a = math.pi * (0.02 + 1.02 * i / 33)
        r = 1.0 if i % 2 else 0.9
        points.append((-0.06 + 0.62 * r * math.cos(a), 0.16 + (0.58 + sway) * r * math.sin(a)))
    pen.fill([*points, (-0.6, 0.1), (0.4, 0.1)], spine)
    for row in range(4):
        for i in range(9):
            a = math.pi * (0.12 + 0.8 * (i + 0.5 * (row % 2)) / 9)
            r = 0.35 + 0.15 * row
            x, y = -0.06 + 0.6 * r * math.cos(a), 0.17 + 0.56 * r * math.sin(a)
            pen.limb([(x, y), (x * 1.12 - 0.03, y * 1.12)], (0.03, 0.005), mix(spine, rgb("#e8d6b8"), 0.6))
    pen.blob(0.44, 0.48, 0.085, 0.085, rgb("#b8936c"))
    pen.blob(0.87, 0.27 + sway, 0.05, 0.045, rgb("#241b18"))
    pen.blob(0.6, 0.38 + sway, 0.032, 0.036, _EYE)
    pen.blob(0.61, 0.39 + sway, 0.01, 0.01, (0.95, 0.95, 0.95))
    return pen


def squirrel(pose: Pose) -> Pen:
    """A red squirrel, sitting up or bounding."""
    coat = pose.colour or rgb("#b8562a")
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.1, 1.4), pose.facing)
    moving = pose.action in {"run", "walk"}
    up = 0.2 * max(0.0, math.sin((pose.t * 2 + pose.phase) * 2 * math.pi)) if moving else 0.0
    wave = 0.05 * math.sin(pose.t * 2.4 + pose.phase * 7)
    pen.limb(
        [
            (-0.22, 0.14 + up),
            (-0.58, 0.34 + up),
            (-0.56 + wave, 0.8 + up),
            (-0.26 + wave, 1.02 + up),
            (-0.16 + wave, 0.86 + up),
        ],
        (0.12, 0.3, 0.34, 0.26, 0.1),
        times(coat, 0.9),
    )
    pen.fill(
        smooth(
            [
                (-0.3, 0.08 + up),
                (-0.28, 0.42 + up),
                (0, 0.72 + up),
                (0.22, 0.66 + up),
                (0.26, 0.36 + up),
                (0.12, 0.06 + up),
            ]
        ),
        coat,
    )
    pen.fill(smooth([(0.26, 0.6 + up), (0.27, 0.34 + up), (0.13, 0.1 + up), (0.1, 0.4 + up)]), rgb("#f3e2c9"))
    pen.limb([(-0.12, 0.14 + up), (0.14, 0.05 + up)], (0.24, 0.1), times(coat, 0.92))
    pen.limb([(0.14, 0.5 + up), (0.3, 0.44 + up), (0.36, 0.5 + up)], (0.11, 0.08, 0.06), coat)
    for side in (-1, 1):
        pen.fill(
            [
                (0.12 + 0.06 * side, 0.92 + up),
                (0.13 + 0.07 * side, 1.14 + up),
                (0.22 + 0.06 * side, 0.94 + up),
            ],
            times(coat, 0.85 if side < 0 else 1),
        )
    pen.limb([(0.16, 0.82 + up), (0.32, 0.79 + up), (0.4, 0.75 + up)], (0.28, 0.22, 0.1), coat)
    pen.blob(0.42, 0.76 + up, 0.022, 0.02, _EYE)
    pen.blob(0.27, 0.86 + up, 0.034, 0.038, _EYE)
    pen.blob(0.28, 0.87 + up, 0.01, 0.01, (0.95, 0.95, 0.95))
    return pen


def mouse(pose: Pose) -> Pen:
    """A field mouse."""
    coat = pose.colour or rgb("#a07a58")
    pen = Pen(pose.x, pose.y, pose.scale, (1.5, 1.0, 0.1, 1.0), pose.facing)
    moving = pose.action not in {"rest", "sleep", "graze", "sit"}
    hop = 0.05 * abs(math.sin(pose.t * 8 + pose.phase * 5)) * moving
    wave = 0.08 * math.sin(pose.t * 3 + pose.phase * 9)
    pen.limb(
        [(-0.45, 0.2 + hop), (-0.8, 0.12), (-1.1, 0.25 + wave), (-1.3, 0.2 + wave)],
        (0.07, 0.05, 0.035, 0.015),
        rgb("#d59c88"),
    )
    for x in (-0.25, 0.2):
        pen.limb([(x, 0.15 + hop), (x + 0.1, 0.03)], (0.12, 0.06), rgb("#d9a894"))
    pen.fill(
        smooth(
            [
                (-0.5, 0.2 + hop),
                (-0.3, 0.5 + hop),
                (0.1, 0.56 + hop),
                (0.5, 0.42 + hop),
                (0.74, 0.24 + hop),
                (0.4, 0.12 + hop),
                (-0.2, 0.08 + hop),
            ]
        ),
        coat,
    )
    pen.fill(
        smooth([(0.4, 0.14 + hop), (0, 0.09 + hop), (-0.3, 0.12 + hop), (0.1, 0.2 + hop)]), rgb("#f0e2cc")
    )
    pen.blob(0.22, 0.62 + hop, 0.15, 0.16, times(coat, 0.85))
    pen.blob(0.34, 0.6 + hop, 0.16, 0.17, coat)
    pen.blob(0.34, 0.6 + hop, 0.1, 0.11, rgb("#e2ad9a"))
    pen.blob(0.75, 0.25 + hop, 0.045, 0.04, rgb("#d58a80"))
    pen.blob(0.52, 0.4 + hop, 0.04, 0.045, _EYE)
    return pen


FIGURES = {
    "hare": Figure(hare, 0.11, "ground", 0.9),
    "hedgehog": Figure(hedgehog, 0.075, "ground", 0.35),
    "squirrel": Figure(squirrel, 0.09, "ground", 0.7),
    "mouse": Figure(mouse, 0.05, "ground", 0.7),
}
