"""What swims: fish, jellyfish, whales, dolphins, turtles, rays, sharks."""

import math
from functools import partial

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_FISH = tuple(rgb(c) for c in ("#f08a3c", "#f2c84a", "#5aa7d8", "#d96a8a", "#e8e2d0", "#6fc2a8"))


def fish(pose: Pose) -> Pen:
    """A reef fish; its tail beats."""
    coat = pose.colour or _FISH[int(pose.phase * 31) % len(_FISH)]
    beat = math.sin((pose.t * 2.2 + pose.phase * 5) * 2 * math.pi)
    pen = Pen(pose.x, pose.y, pose.scale, (0.8, 0.8, 0.5, 0.5), pose.facing, 0.04 * beat)
    tail = 0.07 * beat
    pen.fill(
        smooth(
            [
                (-0.3, 0),
                (-0.5, 0.2 + tail),
                (-0.62, 0.24 + tail),
                (-0.54, tail),
                (-0.62, -0.22 + tail),
                (-0.48, -0.18 + tail),
            ]
        ),
        times(coat, 0.86),
    )
    pen.fill(smooth([(0.15, 0.18), (-0.05, 0.34), (-0.28, 0.24), (-0.22, 0.1)]), times(coat, 0.82))
    pen.fill(smooth([(0.05, -0.16), (-0.1, -0.3), (-0.24, -0.2), (-0.18, -0.08)]), times(coat, 0.8))
    pen.fill(
        smooth(
            [(0.5, 0.0), (0.3, 0.17), (0.0, 0.22), (-0.34, 0.06), (-0.36, -0.05), (0.0, -0.2), (0.32, -0.13)]
        ),
        coat,
    )
    pen.fill(
        smooth([(0.46, -0.04), (0.2, -0.06), (-0.2, -0.05), (0.0, -0.18), (0.3, -0.12)]),
        mix(coat, (1, 1, 1), 0.5),
    )
    if int(pose.phase * 13) % 2:
        for x, wide in ((0.22, 0.06), (-0.06, 0.07)):
            pen.fill(
                smooth([(x, 0.19), (x + wide, 0.0), (x, -0.17), (x - wide, 0.0)]), mix(coat, (1, 1, 1), 0.65)
            )
    pen.limb([(0.1, -0.04), (-0.04, -0.1 + 0.03 * beat)], (0.1, 0.03), times(coat, 0.75))
    pen.blob(0.36, 0.05, 0.045, 0.045, (0.96, 0.96, 0.92))
    pen.blob(0.37, 0.05, 0.026, 0.026, rgb("#15181c"))
    return pen


def jellyfish(pose: Pose) -> Pen:
    """A jellyfish that pulses; its arms trail."""
    coat = pose.colour or (rgb("#f0a8d0"), rgb("#a8c8f8"), rgb("#f4c8a0"))[int(pose.phase * 19) % 3]
    pulse = math.sin((pose.t * 0.42 + pose.phase) * 2 * math.pi)
    pen = Pen(pose.x, pose.y, pose.scale, (0.7, 0.7, 1.5, 0.6), pose.facing)
    wide, tall = 0.46 + 0.06 * pulse, 0.38 - 0.05 * pulse
    for k in range(9):
        x = (k - 4) / 4 * wide * 0.82
        reach = 0.24 * (1 - 0.06 * pulse) * (0.75 + 0.25 * math.sin(k * 2.1))
        wave = pose.t * 1.5 + k + pose.phase * 6
        arm = [(x * (1 - 0.05 * s) + 0.06 * math.sin(wave - s * 1.1), -reach * s) for s in range(1, 6)]
        line = [(x, -0.02), *arm]
        pen.limb(line, (0.05 if k % 2 else 0.085, 0.03, 0.008), times(coat, 0.72 + 0.06 * (k % 3)))
    dome = [(wide * math.cos(a), tall * math.sin(a)) for a in [math.pi * i / 12 for i in range(13)]]
    frill = [(-wide + 2 * wide * i / 10, -0.05 - 0.045 * (i % 2)) for i in range(11)]
    pen.fill(smooth([*dome, *frill]), coat)
    pen.fill(
        smooth(
            [
                (0.72 * wide * math.cos(a), 0.05 + 0.66 * tall * math.sin(a))
                for a in [math.pi * i / 10 for i in range(11)]
            ]
        ),
        mix(coat, (1, 1, 1), 0.32),
    )
    pen.fill(
        smooth([(-0.24 * wide, 0.45 * tall), (-0.1 * wide, 0.78 * tall), (-0.4 * wide, 0.66 * tall)]),
        mix(coat, (1, 1, 1), 0.75),
    )
    return pen


def whale(pose: Pose) -> Pen:
    """A humpback, about three units long, that beats its flukes slowly."""
    coat = pose.colour or rgb("#4a6480")
    beat = math.sin((pose.t * 0.26 + pose.phase) * 2 * math.pi)
    later = math.sin((pose.t * 0.26 + pose.phase - 0.16) * 2 * math.pi)
    pen = Pen(pose.x, pose.y, pose.scale, (1.9, 1.6, 0.9, 0.8), pose.facing, 0.05 * later)
    y1, y2 = 0.08 * beat, 0.2 * later
    pen.fill(
        smooth(
            [
                (-1.2, y1),
                (-1.45, y2 + 0.02),
                (-1.72, y2 + 0.22),
                (-1.78, y2 + 0.2),
                (-1.62, y2),
                (-1.74, y2 - 0.12),
                (-1.5, y2 - 0.08),
                (-1.2, y1 - 0.06),
            ]
        ),
        times(coat, 0.86),
    )
    flip = 0.12 * math.sin(pose.t * 0.9 + pose.phase * 9)
    pen.limb(
        [(0.4, -0.16), (0.1, -0.42 + flip), (-0.28, -0.6 + flip * 1.4)], (0.26, 0.2, 0.05), times(coat, 0.74)
    )
    pen.fill(
        smooth(
            [
                (1.38, 0.02),
                (1.2, 0.2),
                (0.7, 0.33),
                (0.0, 0.34),
                (-0.7, 0.2 + y1 * 0.4),
                (-1.3, 0.06 + y1),
                (-1.32, -0.05 + y1),
                (-0.7, -0.14 + y1 * 0.4),
                (0.0, -0.3),
                (0.7, -0.34),
                (1.22, -0.2),
            ]
        ),
        coat,
    )
    pen.fill(
        [(-0.42, 0.26 + y1 * 0.3), (-0.62, 0.38 + y1 * 0.3), (-0.68, 0.19 + y1 * 0.4)], times(coat, 0.88)
    )
    pen.fill(
        smooth(
            [
                (1.34, -0.04),
                (0.9, -0.08),
                (0.4, -0.16),
                (-0.1, -0.25),
                (0.4, -0.335),
                (0.9, -0.31),
                (1.22, -0.18),
            ]
        ),
        mix(coat, rgb("#e6ecf0"), 0.75),
    )
    for k in range(5):
        pen.limb(
            [(1.22 - 0.04 * k, -0.1 - 0.035 * k), (0.6, -0.16 - 0.03 * k), (0.1, -0.24 - 0.014 * k)],
            (0.012,),
            times(coat, 0.92),
        )
    pen.limb(
        [(0.5, -0.14), (0.3, -0.4 + flip), (0.0, -0.62 + flip * 1.4)], (0.28, 0.2, 0.04), times(coat, 0.95)
    )
    pen.limb([(1.36, 0.0), (1.1, 0.0), (0.92, -0.05)], (0.02, 0.016, 0.008), times(coat, 0.6))
    pen.blob(0.88, 0.02, 0.03, 0.026, rgb("#10161c"))
    return pen


def dolphin(pose: Pose) -> Pen:
    """A dolphin, about two units long."""
    coat = pose.colour or rgb("#7a93a8")
    beat = math.sin((pose.t * 0.8 + pose.phase) * 2 * math.pi)
    pen = Pen(
        pose.x,
        pose.y,
        pose.scale,
        (1.3, 1.2, 0.6, 0.7),
        pose.facing,
        0.1 * math.cos((pose.t * 0.8 + pose.phase) * 2 * math.pi),
    )
    y = 0.14 * beat
    pen.fill(
        smooth(
            [
                (-0.85, y * 0.7),
                (-1.1, y + 0.16),
                (-1.2, y + 0.18),
                (-1.08, y),
                (-1.16, y - 0.12),
                (-1.02, y - 0.08),
            ]
        ),
        times(coat, 0.82),
    )
    pen.fill(
        smooth(
            [
                (1.12, -0.02),
                (0.92, 0.03),
                (0.72, 0.16),
                (0.2, 0.25),
                (-0.4, 0.14),
                (-0.95, 0.03 + y * 0.8),
                (-0.95, -0.03 + y * 0.8),
                (-0.4, -0.12),
                (0.2, -0.2),
                (0.75, -0.12),
                (0.95, -0.05),
            ]
        ),
        coat,
    )
    pen.fill(smooth([(0.12, 0.22), (-0.12, 0.48), (-0.2, 0.46), (-0.16, 0.18)]), times(coat, 0.86))
    pen.fill(
        smooth([(0.95, -0.05), (0.5, -0.04), (0.0, -0.08), (-0.4, -0.11), (0.2, -0.19), (0.72, -0.12)]),
        mix(coat, rgb("#f0f4f4"), 0.75),
    )
    pen.fill(smooth([(0.4, -0.1), (0.2, -0.36), (0.12, -0.36), (0.16, -0.12)]), times(coat, 0.78))
    pen.blob(0.7, 0.04, 0.025, 0.025, rgb("#10161c"))
    return pen


def shark(pose: Pose) -> Pen:
    """A shark, about two units long."""
    return dolphin(
        Pose(
            pose.x,
            pose.y,
            pose.scale * 1.15,
            pose.facing,
            pose.t * 0.6,
            pose.phase,
            pose.action,
            pose.colour or rgb("#66798a"),
        )
    )


def turtle(pose: Pose) -> Pen:
    """A sea turtle that rows with its flippers."""
    shell = pose.colour or rgb("#7a7a44")
    skin = mix(shell, rgb("#a8b878"), 0.6)
    row = math.sin((pose.t * 0.4 + pose.phase) * 2 * math.pi)
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.9, 0.8), pose.facing, 0.08 * row)
    pen.limb(
        [(0.28, 0.05), (0.12, 0.3 + 0.2 * row), (-0.2, 0.45 + 0.35 * row)],
        (0.2, 0.18, 0.04),
        times(skin, 0.7),
    )
    pen.limb([(-0.45, 0.0), (-0.7, -0.1 - 0.08 * row)], (0.16, 0.06), times(skin, 0.8))
    pen.limb([(0.45, 0.08), (0.66, 0.14), (0.8, 0.14)], (0.18, 0.2, 0.14), skin)
    pen.fill(
        smooth(
            [(0.56, 0.06), (0.3, 0.3), (-0.1, 0.36), (-0.5, 0.16), (-0.62, -0.02), (-0.2, -0.1), (0.3, -0.08)]
        ),
        shell,
    )
    for x, y in ((0.25, 0.16), (0.0, 0.2), (-0.26, 0.14), (0.12, 0.05), (-0.14, 0.05)):
        pen.blob(x, y, 0.1, 0.07, times(shell, 0.8))
    pen.fill(
        smooth([(0.52, 0.02), (0.2, -0.02), (-0.3, -0.02), (-0.58, -0.03), (-0.2, -0.12), (0.3, -0.1)]),
        mix(skin, (1, 1, 0.9), 0.4),
    )
    pen.limb([(0.32, 0.0), (0.16, -0.3 - 0.22 * row), (-0.14, -0.5 - 0.36 * row)], (0.22, 0.2, 0.04), skin)
    pen.blob(0.76, 0.17, 0.026, 0.028, rgb("#12140f"))
    return pen


def ray(pose: Pose) -> Pen:
    """A manta ray, seen a little from below; its wings wave."""
    coat = pose.colour or rgb("#3f5568")
    beat = math.sin((pose.t * 0.36 + pose.phase) * 2 * math.pi)
    pen = Pen(pose.x, pose.y, pose.scale, (1.5, 1.2, 0.9, 0.9), pose.facing, 0.06)
    up = 0.5 * beat
    pen.limb([(-0.5, 0), (-0.9, 0.03), (-1.4, 0.02 - 0.05 * beat)], (0.08, 0.03, 0.01), coat)
    pen.fill(
        smooth(
            [
                (0.4, 0.06),
                (0.1, 0.25 + up * 0.55),
                (-0.2, 0.42 + up),
                (-0.36, 0.4 + up),
                (-0.3, 0.15 + up * 0.4),
                (-0.5, 0.02),
            ]
        ),
        times(coat, 0.8),
    )
    pen.fill(smooth([(0.6, 0.0), (0.4, 0.12), (-0.1, 0.14), (-0.55, 0.0), (-0.1, -0.12), (0.4, -0.1)]), coat)
    pen.fill(
        smooth(
            [
                (0.42, -0.02),
                (0.1, -0.3 - up * 0.5),
                (-0.24, -0.6 - up * 0.7),
                (-0.4, -0.6 - up * 0.7),
                (-0.3, -0.2 - up * 0.3),
                (-0.5, -0.02),
            ]
        ),
        mix(coat, (1, 1, 1), 0.1),
    )
    pen.limb([(0.52, 0.04), (0.7, 0.0)], (0.08, 0.04), times(coat, 0.9))
    return pen


FIGURES = {
    "fish": Figure(fish, 0.05, "under", 1.3),
    "jellyfish": Figure(jellyfish, 0.12, "under", 0.14),
    "whale": Figure(whale, 0.23, "under", 0.32, width=partial(float, 3.2)),
    "dolphin": Figure(dolphin, 0.13, "under", 0.9, width=partial(float, 2.3)),
    "shark": Figure(shark, 0.13, "under", 0.6, width=partial(float, 2.7)),
    "turtle": Figure(turtle, 0.13, "under", 0.45, width=partial(float, 1.6)),
    "ray": Figure(ray, 0.17, "under", 0.45, width=partial(float, 2.1)),
}
