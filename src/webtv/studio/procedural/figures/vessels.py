"""What goes on water: sailing boats, rowing boats, fishing boats, ships, buoys."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth


def _bob(pose: Pose, amount: float = 0.05) -> float:
    return amount * math.sin(pose.t * 1.15 + pose.phase * 6.28) + 0.3 * amount * math.sin(
        pose.t * 2.3 + pose.phase * 11
    )


def sailboat(pose: Pose) -> Pen:
    """A sloop under main and jib."""
    hull = pose.colour or rgb("#7c4a34")
    sail = rgb("#f6efe0") if pose.colour is None else mix(rgb("#f6efe0"), pose.colour, 0.12)
    tilt = _bob(pose) + 0.05
    pen = Pen(pose.x, pose.y, pose.scale, (0.75, 0.75, 0.12, 1.25), pose.facing, tilt)
    pen.limb([(0.04, 0.1), (0.04, 1.14)], (0.026, 0.014), rgb("#5b4636"))
    belly = 0.05 + 0.012 * math.sin(pose.t * 1.9 + pose.phase * 5)
    pen.fill(
        smooth([(0.0, 0.22), (0.015, 0.65), (0.03, 1.12), (-0.16, 0.7), (-0.3 - belly, 0.42), (-0.36, 0.24)]),
        sail,
    )
    pen.fill(
        smooth([(0.07, 0.24), (0.08, 0.6), (0.06, 0.96), (0.24, 0.6 + belly), (0.36, 0.36), (0.42, 0.25)]),
        times(sail, 0.9),
    )
    pen.limb([(-0.38, 0.21), (0.05, 0.2)], (0.018, 0.018), rgb("#5b4636"))
    pen.fill(
        smooth(
            [
                (-0.46, 0.15),
                (-0.42, 0.02),
                (-0.36, -0.05),
                (0.3, -0.05),
                (0.46, 0.06),
                (0.56, 0.18),
                (0.1, 0.13),
            ]
        ),
        hull,
    )
    pen.limb([(-0.46, 0.15), (0.1, 0.135), (0.55, 0.18)], (0.025, 0.02, 0.025), mix(hull, (1, 1, 1), 0.55))
    return pen


def rowboat(pose: Pose) -> Pen:
    """A small open boat, empty or moored."""
    hull = pose.colour or rgb("#3f7a6c")
    pen = Pen(pose.x, pose.y, pose.scale, (0.8, 0.8, 0.15, 0.6), pose.facing, _bob(pose, 0.035))
    pen.fill(
        smooth(
            [
                (-0.6, 0.3),
                (-0.54, 0.06),
                (-0.3, -0.06),
                (0.3, -0.06),
                (0.52, 0.08),
                (0.68, 0.36),
                (0.3, 0.22),
                (-0.2, 0.2),
            ]
        ),
        hull,
    )
    pen.fill(
        smooth([(-0.57, 0.28), (-0.2, 0.2), (0.3, 0.22), (0.62, 0.34), (0.3, 0.26), (-0.2, 0.25)]),
        times(hull, 0.5),
    )
    pen.limb(
        [(-0.6, 0.29), (-0.2, 0.19), (0.3, 0.21), (0.68, 0.36)],
        (0.05, 0.04, 0.04, 0.05),
        mix(hull, rgb("#f1e6cc"), 0.65),
    )
    pen.limb([(-0.1, 0.26), (-0.45, 0.46)], (0.02, 0.02), rgb("#8d6a4a"))
    return pen


def fishing(pose: Pose) -> Pen:
    """A fishing boat with a wheelhouse and a lamp."""
    hull = pose.colour or rgb("#2f5f86")
    pen = Pen(pose.x, pose.y, pose.scale, (0.9, 0.9, 0.12, 1.0), pose.facing, _bob(pose, 0.04))
    cabin = rgb("#efe8d8")
    pen.limb([(0.32, 0.2), (0.34, 0.88)], (0.03, 0.018), rgb("#4a4038"))
    pen.limb([(0.34, 0.84), (-0.05, 0.42)], (0.012, 0.012), rgb("#4a4038"))
    pen.fill([(-0.42, 0.15), (-0.42, 0.52), (-0.06, 0.52), (-0.02, 0.15)], cabin)
    pen.fill([(-0.47, 0.52), (-0.44, 0.58), (-0.04, 0.58), (0.0, 0.52)], mix(hull, rgb("#a8402f"), 0.7))
    glass = mix(rgb("#5f7f90"), rgb("#ffdf94"), pose.lamps)
    pen.fill([(-0.36, 0.34), (-0.36, 0.46), (-0.24, 0.46), (-0.24, 0.34)], glass)
    pen.fill([(-0.2, 0.34), (-0.2, 0.46), (-0.09, 0.46), (-0.07, 0.34)], glass)
    pen.fill(
        smooth(
            [
                (-0.66, 0.26),
                (-0.6, 0.04),
                (-0.5, -0.05),
                (0.44, -0.05),
                (0.6, 0.1),
                (0.78, 0.36),
                (0.4, 0.22),
                (0, 0.16),
                (-0.4, 0.18),
            ]
        ),
        hull,
    )
    pen.limb(
        [(-0.66, 0.26), (-0.4, 0.18), (0.0, 0.16), (0.4, 0.22), (0.78, 0.36)],
        (0.035,),
        mix(hull, (1, 1, 1), 0.65),
    )
    return pen


def ship(pose: Pose) -> Pen:
    """A ferry or ship far out, with a row of windows."""
    hull = pose.colour or rgb("#33435c")
    pen = Pen(pose.x, pose.y, pose.scale, (1.3, 1.3, 0.1, 0.8), pose.facing, _bob(pose, 0.006))
    white = rgb("#e9e6de")
    pen.fill([(-0.8, 0.14), (-0.76, 0.34), (0.5, 0.34), (0.62, 0.14)], white)
    pen.fill([(-0.6, 0.34), (-0.58, 0.46), (0.3, 0.46), (0.38, 0.34)], times(white, 0.93))
    pen.fill([(-0.36, 0.46), (-0.38, 0.62), (-0.18, 0.62), (-0.14, 0.46)], rgb("#b8503c"))
    glass = mix(rgb("#5a6f86"), rgb("#ffd98a"), pose.lamps)
    for i in range(11):
        pen.fill([(x := -0.7 + i * 0.105, 0.22), (x, 0.27), (x + 0.06, 0.27), (x + 0.06, 0.22)], glass)
    for i in range(6):
        pen.fill([(x := -0.5 + i * 0.13, 0.38), (x, 0.42), (x + 0.07, 0.42), (x + 0.07, 0.38)], glass)
    pen.fill([(-1.0, 0.15), (-0.94, -0.05), (0.8, -0.05), (1.08, 0.19), (0.6, 0.14)], hull)
    return pen


def buoy(pose: Pose) -> Pen:
    """A buoy that nods in the swell."""
    body = pose.colour or rgb("#c8402f")
    pen = Pen(pose.x, pose.y, pose.scale, (0.5, 0.5, 0.1, 1.0), pose.facing, _bob(pose, 0.16))
    pen.limb([(-0.16, 0.2), (-0.05, 0.7)], (0.05, 0.04), times(body, 0.8))
    pen.limb([(0.16, 0.2), (0.05, 0.7)], (0.05, 0.04), body)
    pen.fill(smooth([(-0.34, 0.16), (-0.26, -0.06), (0.26, -0.06), (0.34, 0.16), (0, 0.24)]), body)
    pen.blob(0, 0.78, 0.09, 0.09, mix(rgb("#f0e4c4"), rgb("#ffdf8c"), pose.lamps))
    return pen


FIGURES = {
    "sailboat": Figure(sailboat, 0.11, "water", 0.28),
    "rowboat": Figure(rowboat, 0.055, "water", 0.1),
    "boat": Figure(fishing, 0.085, "water", 0.28),
    "ship": Figure(ship, 0.07, "water", 0.22),
    "buoy": Figure(buoy, 0.05, "water", 0.0),
}
