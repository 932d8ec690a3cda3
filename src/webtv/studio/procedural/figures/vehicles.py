"""What rolls: cars from the front or behind, hot-air balloons for the sky."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_BODIES = tuple(rgb(c) for c in ("#8a3a34", "#3a5a7a", "#c8c2b4", "#4a4e58", "#c89a3a", "#3f6a5a"))


def car(pose: Pose) -> Pen:
    """A car seen along the road, in metres; action ``front`` or ``back``."""
    colour = pose.colour or _BODIES[int(pose.phase * 6) % 6]
    dark = rgb("#15161a")
    pen = Pen(pose.x, pose.y, pose.scale, (1.2, 1.2, 0.15, 1.7))
    pen.blob(0, 0.03, 0.98, 0.1, times(dark, 0.5))
    for side in (-1, 1):
        pen.fill(smooth([(side * 0.62, 0), (side * 0.62, 0.35), (side * 0.86, 0.35), (side * 0.86, 0)]), dark)
    pen.fill(
        smooth([(-0.66, 0.85), (-0.54, 1.38), (0, 1.46), (0.54, 1.38), (0.66, 0.85)]), times(colour, 0.8)
    )
    glass = mix(rgb("#5f7488"), dark, 0.3 + 0.4 * pose.lamps)
    pen.fill(smooth([(-0.56, 0.9), (-0.46, 1.3), (0, 1.36), (0.46, 1.3), (0.56, 0.9)]), glass)
    hull = [
        (-0.9, 0.3),
        (-0.88, 0.75),
        (-0.7, 0.92),
        (0.7, 0.92),
        (0.88, 0.75),
        (0.9, 0.3),
        (0.7, 0.18),
        (-0.7, 0.18),
    ]
    pen.fill(smooth(hull), colour)
    pen.fill([(-0.42, 0.34), (-0.42, 0.54), (0.42, 0.54), (0.42, 0.34)], times(colour, 0.45))
    lamp = rgb("#fff6de") if pose.action == "front" else rgb("#ff5040")
    for side in (-1, 1):
        pen.blob(side * 0.66, 0.68, 0.17, 0.1, lamp)
    return pen


def balloon(pose: Pose) -> Pen:
    """A hot-air balloon."""
    silk = (
        pose.colour
        or (rgb("#d9533f"), rgb("#e0a23f"), rgb("#4f86b8"), rgb("#7a5a9c"))[int(pose.phase * 4) % 4]
    )
    pen = Pen(
        pose.x,
        pose.y,
        pose.scale,
        (0.6, 0.6, 0.7, 0.7),
        pose.facing,
        0.03 * math.sin(pose.t * 0.6 + pose.phase * 6),
    )
    for k in range(5):
        wide = 0.42 * (1 - k / 5 * 1.0)
        tone = silk if k % 2 == 0 else mix(silk, rgb("#f8efdc"), 0.7)
        gore = [
            (-wide, 0.2),
            (-wide * 0.8, 0.48),
            (0, 0.62),
            (wide * 0.8, 0.48),
            (wide, 0.2),
            (wide * 0.42, -0.2),
            (-wide * 0.42, -0.2),
        ]
        pen.fill(smooth(gore), tone)
    for side in (-1, 1):
        pen.limb([(side * 0.13, -0.2), (side * 0.07, -0.42)], (0.012, 0.012), rgb("#5a4636"))
    pen.fill([(-0.09, -0.42), (-0.075, -0.56), (0.075, -0.56), (0.09, -0.42)], rgb("#8a6038"))
    return pen


FIGURES = {
    "car": Figure(car, 0.08, "road", 1.0),
    "balloon": Figure(balloon, 0.16, "air", 0.12),
}
