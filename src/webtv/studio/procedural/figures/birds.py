"""What flies: gulls, songbirds, owls, butterflies, bees, bats."""

import math

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth


def _flap(pose: Pose, rate: float, glide: float) -> float:
    """Wing angle -1..1: bursts of beats between glides, always smooth."""
    t = pose.t + pose.phase * 7
    burst = 0.5 + 0.5 * math.sin(t * 0.9 + pose.phase * 6)
    return math.sin(t * rate) * (1 - glide * burst) + 0.25 * glide * burst


def gull(pose: Pose) -> Pen:
    """A gull on long wings."""
    white = pose.colour or rgb("#eef0f0")
    grey, tip = times(white, 0.74), rgb("#3a3f48")
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.9, 0.9), pose.facing, 0.06)
    wing = _flap(pose, 5.2, 0.75)
    for side, shade in ((-1, times(grey, 0.86)), (1, mix(grey, white, 0.35))):
        up = 0.34 * wing + 0.12
        elbow = (-0.02 + 0.02 * side, 0.08 + up)
        hand = (-0.26 + side * 0.62, 0.1 + up * 1.25 - 0.16 * (wing < 0) * wing)
        root = 0.12 * side
        pen.fill(
            smooth(
                [
                    (root + 0.16, 0.05),
                    (elbow[0] + side * 0.3 + 0.1, elbow[1] + 0.02),
                    (hand[0], hand[1]),
                    (elbow[0] + side * 0.26 - 0.12, elbow[1] - 0.12),
                    (root - 0.14, -0.02),
                ]
            ),
            shade,
        )
        pen.limb([(hand[0] * 0.9 + 0.02, hand[1] * 0.97), hand], (0.05, 0.015), tip)
    pen.fill(
        smooth(
            [
                (0.42, 0.06),
                (0.3, 0.11),
                (0.0, 0.1),
                (-0.3, 0.03),
                (-0.46, 0.02),
                (-0.3, -0.05),
                (0, -0.08),
                (0.3, -0.02),
            ]
        ),
        white,
    )
    pen.limb([(0.4, 0.05), (0.5, 0.03)], (0.05, 0.02), rgb("#e2a23c"))
    return pen


def bird(pose: Pose) -> Pen:
    """A small bird in flight, or sitting when it rests."""
    coat = pose.colour or rgb("#4a5a78")
    belly = mix(coat, rgb("#f3dcc0"), 0.65)
    if pose.action in {"rest", "sit"}:
        pen = Pen(pose.x, pose.y, pose.scale, (1.0, 1.0, 0.1, 1.1), pose.facing)
        bob = 0.02 * math.sin(pose.t * 2 + pose.phase * 9)
        pen.limb([(0.02, 0.2), (0.05, 0)], (0.05, 0.03), rgb("#6a4a38"))
        pen.limb([(-0.35, 0.3), (-0.75, 0.12)], (0.16, 0.1), times(coat, 0.8))
        pen.fill(
            smooth(
                [
                    (-0.4, 0.3),
                    (-0.2, 0.6),
                    (0.1, 0.75 + bob),
                    (0.32, 0.6),
                    (0.32, 0.36),
                    (0.08, 0.16),
                    (-0.2, 0.18),
                ]
            ),
            coat,
        )
        pen.fill(smooth([(0.34, 0.55), (0.36, 0.36), (0.1, 0.17), (0.05, 0.32)]), belly)
        pen.blob(0.22, 0.78 + bob, 0.2, 0.18, coat)
        pen.fill([(0.38, 0.82 + bob), (0.55, 0.76 + bob), (0.38, 0.72 + bob)], rgb("#dd9a3a"))
        pen.blob(0.28, 0.83 + bob, 0.032, 0.036, rgb("#15161a"))
        pen.limb([(-0.3, 0.34), (0.0, 0.46), (0.14, 0.52)], (0.06, 0.24, 0.16), times(coat, 0.78))
        return pen
    pen = Pen(pose.x, pose.y, pose.scale, (1.0, 1.0, 0.9, 0.9), pose.facing, 0.1)
    wing = _flap(pose, 9.0, 0.5)
    pen.fill(
        smooth(
            [
                (-0.05, 0.04),
                (-0.2, 0.3 * wing + 0.1),
                (-0.3, 0.72 * wing + 0.05),
                (0.04, 0.4 * wing + 0.08),
                (0.2, 0.05),
            ]
        ),
        times(coat, 0.72),
    )
    pen.fill([(-0.3, 0.05), (-0.72, 0.1), (-0.68, 0.0), (-0.74, -0.08), (-0.3, -0.03)], times(coat, 0.85))
    pen.fill(
        smooth([(0.42, 0.05), (0.3, 0.15), (0.0, 0.13), (-0.35, 0.02), (0.0, -0.12), (0.3, -0.06)]), coat
    )
    pen.fill(smooth([(0.3, -0.02), (0.0, -0.02), (-0.2, -0.04), (0.0, -0.12), (0.26, -0.07)]), belly)
    pen.fill(
        smooth(
            [
                (-0.08, 0.06),
                (-0.18, 0.5 * wing + 0.06),
                (-0.1, 0.95 * wing + 0.05),
                (0.1, 0.5 * wing + 0.06),
                (0.24, 0.06),
            ]
        ),
        mix(coat, (1, 1, 1), 0.12),
    )
    pen.fill([(0.4, 0.1), (0.54, 0.05), (0.4, 0.02)], rgb("#dd9a3a"))
    pen.blob(0.32, 0.09, 0.025, 0.028, rgb("#15161a"))
    return pen


def far_bird(pose: Pose) -> Pen:
    """A bird so far off that only its wings show."""
    ink: Colour = pose.colour or rgb("#39404e")
    pen = Pen(pose.x, pose.y, pose.scale, (0.8, 0.8, 0.6, 0.6), pose.facing)
    up = 0.32 * _flap(pose, 6.5, 0.6) + 0.1
    for side in (-1, 1):
        pen.limb([(0, 0), (side * 0.25, up), (side * 0.62, up * 0.7)], (0.13, 0.09, 0.02), ink)
    return pen


def owl(pose: Pose) -> Pen:
    """An owl that sits, looks about and blinks."""
    coat = pose.colour or rgb("#8a6a4c")
    pen = Pen(pose.x, pose.y, pose.scale, (0.7, 0.7, 0.1, 1.25), pose.facing)
    turn = 0.07 * math.sin(pose.t * 0.8 + pose.phase * 6)
    pen.fill(
        smooth(
            [
                (-0.34, 0.1),
                (-0.42, 0.5),
                (-0.3, 0.85),
                (0, 0.95),
                (0.3, 0.85),
                (0.42, 0.5),
                (0.34, 0.1),
                (0, 0),
            ]
        ),
        coat,
    )
    pen.fill(
        smooth([(-0.2, 0.12), (-0.22, 0.5), (0, 0.62), (0.22, 0.5), (0.2, 0.12), (0, 0.04)]),
        mix(coat, rgb("#f2e2c4"), 0.6),
    )
    for side in (-1, 1):
        pen.fill([(turn + side * 0.16, 0.98), (turn + side * 0.34, 1.18), (turn + side * 0.36, 0.88)], coat)
    pen.blob(turn, 0.85, 0.38, 0.27, times(coat, 1.08))
    blink = 0.12 if math.sin(pose.t * 1.3 + pose.phase * 20) > 0.97 else 1.0
    for side in (-1, 1):
        pen.blob(turn * 1.4 + side * 0.16, 0.87, 0.15, 0.15, mix(coat, rgb("#fbf0d8"), 0.8))
        pen.blob(turn * 1.7 + side * 0.15, 0.87, 0.085, 0.085 * blink, rgb("#e9a83a"))
        pen.blob(turn * 1.8 + side * 0.15, 0.87, 0.05, 0.05 * blink, rgb("#141414"))
    pen.fill([(turn * 1.6 - 0.05, 0.8), (turn * 1.6 + 0.05, 0.8), (turn * 1.6, 0.68)], rgb("#d9953a"))
    for side in (-1, 1):
        pen.fill(
            smooth([(side * 0.3, 0.78), (side * 0.46, 0.45), (side * 0.32, 0.06), (side * 0.24, 0.4)]),
            times(coat, 0.78),
        )
    return pen


def butterfly(pose: Pose) -> Pen:
    """A butterfly; its wings open and close."""
    wings = (
        pose.colour
        or (rgb("#e9a13c"), rgb("#6f9fd8"), rgb("#e7d36a"), rgb("#d77f9c"))[int(pose.phase * 4) % 4]
    )
    pen = Pen(pose.x, pose.y, pose.scale, (0.8, 0.8, 0.8, 0.8), pose.facing, 0.4)
    spread = 0.55 + 0.45 * math.sin((pose.t + pose.phase * 5) * 10)
    for side, shade in ((-1, 0.78), (1, 1.0)):
        w = side * (0.12 + 0.5 * spread)
        ink = times(wings, shade)
        pen.fill(smooth([(0, 0.06), (w * 0.6, 0.52), (w * 1.15, 0.46), (w, 0.08), (0, -0.02)]), ink)
        pen.fill(
            smooth([(0, 0.02), (w * 0.9, -0.04), (w * 0.8, -0.42), (w * 0.3, -0.4), (0, -0.1)]),
            times(ink, 0.86),
        )
        pen.blob(w * 0.78, 0.33, 0.05 * spread + 0.02, 0.06, mix(ink, (1, 1, 1), 0.6))
    pen.limb([(0, 0.2), (0, -0.26)], (0.06, 0.05), rgb("#33291f"))
    return pen


def bat(pose: Pose) -> Pen:
    """A bat in jerky flight."""
    return far_bird(pose)


FIGURES = {
    "gull": Figure(gull, 0.05, "air", 1.6),
    "bird": Figure(bird, 0.06, "air", 1.8),
    "swallow": Figure(far_bird, 0.028, "air", 3.0),
    "owl": Figure(owl, 0.13, "ground", 0.0),
    "butterfly": Figure(butterfly, 0.035, "air", 0.9),
}
