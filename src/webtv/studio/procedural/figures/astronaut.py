"""An astronaut who floats: white suit, mirrored visor, arms and legs that drift."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Pose
from webtv.studio.procedural.pen import Pen, smooth

_SUIT, _SEAM, _PACK = rgb("#e9ebee"), rgb("#aab2bd"), rgb("#c3c9d1")
_VISOR, _GOLD, _SKY = rgb("#2a3346"), rgb("#d9a648"), rgb("#9fc4ea")


def astronaut(pose: Pose) -> Pen:
    """Height 1, the origin in the middle; turns slowly while it floats. A colour word dyes the stripes."""
    accent = pose.colour or rgb("#d8583a")
    slow = pose.t * 0.55 + pose.phase * 6.28
    pen = Pen(
        pose.x,
        pose.y,
        pose.scale,
        (0.85, 0.85, 0.85, 0.85),
        pose.facing,
        0.32 * math.sin(slow * 0.5) - 0.12,
    )
    shade = times(_SUIT, 0.78)
    drift = math.sin(slow)
    pen.fill(smooth([(-0.3, 0.3), (-0.12, 0.34), (-0.1, -0.1), (-0.28, -0.08)]), _PACK)
    pen.fill(smooth([(-0.31, 0.24), (-0.25, 0.26), (-0.24, -0.02), (-0.3, -0.02)]), times(_PACK, 0.7))
    # The far limbs, then the body, then the near ones.
    pen.limb([(0.04, 0.2), (0.24, 0.16 + 0.05 * drift), (0.36, 0.3 + 0.07 * drift)], (0.13, 0.12, 0.1), shade)
    pen.blob(0.38, 0.33 + 0.07 * drift, 0.062, 0.055, times(_SEAM, 0.8))
    pen.limb(
        [(0.02, -0.12), (0.2, -0.3 - 0.03 * drift), (0.1, -0.48 - 0.05 * drift)], (0.16, 0.14, 0.12), shade
    )
    pen.limb([(0.1, -0.48 - 0.05 * drift), (0.2, -0.51 - 0.05 * drift)], (0.13, 0.09), times(_SEAM, 0.75))
    pen.fill(
        smooth(
            [
                (-0.15, 0.26),
                (0.04, 0.3),
                (0.15, 0.2),
                (0.14, -0.06),
                (0.06, -0.18),
                (-0.12, -0.17),
                (-0.18, 0.02),
            ]
        ),
        _SUIT,
    )
    pen.fill(smooth([(-0.15, 0.2), (-0.1, 0.22), (-0.09, -0.14), (-0.15, -0.1)]), times(_SUIT, 0.82))
    pen.fill([(0.0, 0.14), (0.12, 0.14), (0.12, 0.03), (0.0, 0.03)], _SEAM)
    pen.fill([(0.015, 0.125), (0.06, 0.125), (0.06, 0.09), (0.015, 0.09)], accent)
    pen.blob(0.09, 0.065, 0.014, 0.014, rgb("#79d8a0"))
    near = math.sin(slow + 1.3)
    pen.limb(
        [(-0.05, -0.13), (0.0, -0.34 + 0.03 * near), (-0.16, -0.5 + 0.06 * near)], (0.18, 0.16, 0.13), _SUIT
    )
    pen.limb([(-0.045, -0.245), (-0.015, -0.26)], (0.165, 0.165), accent)
    pen.limb([(-0.16, -0.5 + 0.06 * near), (-0.08, -0.56 + 0.06 * near)], (0.14, 0.1), _SEAM)
    pen.blob(0.02, 0.4, 0.185, 0.18, _SUIT)
    pen.blob(0.005, 0.385, 0.185, 0.165, times(_SUIT, 0.9))
    pen.blob(0.025, 0.405, 0.175, 0.165, _SUIT)
    pen.blob(0.075, 0.4, 0.128, 0.118, _GOLD)
    pen.blob(0.08, 0.4, 0.116, 0.106, _VISOR)
    pen.fill(
        smooth([(-0.02, 0.42), (0.04, 0.49), (0.13, 0.47), (0.1, 0.44), (0.03, 0.44)]), mix(_VISOR, _SKY, 0.7)
    )
    pen.blob(0.13, 0.345, 0.03, 0.018, mix(_VISOR, _GOLD, 0.6), 0.5)
    pen.limb(
        [(-0.1, 0.2), (-0.2, 0.04 + 0.04 * near), (-0.08, -0.08 + 0.07 * near)], (0.15, 0.13, 0.1), _SUIT
    )
    pen.limb([(-0.165, 0.1 + 0.02 * near), (-0.185, 0.07 + 0.03 * near)], (0.135, 0.13), accent)
    pen.blob(-0.06, -0.095 + 0.07 * near, 0.06, 0.055, _SEAM)
    return pen
