"""People as small, elegant silhouettes, with or without an umbrella."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_COATS = tuple(rgb(c) for c in ("#5b4a58", "#3f5468", "#7a4a3c", "#4c5a48", "#8a7a5c", "#6a3a48"))


def person(pose: Pose) -> Pen:
    """A walker of height 1 in a long coat; action ``umbrella`` or ``walk`` or ``rest``."""
    coat = pose.colour or _COATS[int(pose.phase * 17) % len(_COATS)]
    dark = rgb("#26272e")
    pen = Pen(pose.x, pose.y, pose.scale, (0.5, 0.5, 0.08, 1.45), pose.facing)
    moving = pose.action not in {"rest", "sit", "stand"}
    step = math.sin((pose.t * 1.5 + pose.phase) * 2 * math.pi) if moving else 0.08
    lift = 0.012 * abs(step) if moving else 0.004 * math.sin(pose.t * 2 + pose.phase * 6)
    for side, shade in ((-1, 0.8), (1, 1.0)):
        swing = 0.17 * step * side
        knee = (swing * 0.55 + 0.03, 0.25 + lift)
        foot = (swing - (0.05 if swing < 0 else 0), 0.02 + (0.05 * max(0.0, -step * side) if moving else 0))
        pen.limb([(0, 0.48 + lift), knee, foot], (0.1, 0.075, 0.055), times(dark, shade))
        pen.limb([foot, (foot[0] + 0.075, foot[1] - 0.005)], (0.05, 0.035), times(dark, 0.7))
    hem = 0.035 * step
    pen.fill(
        smooth(
            [
                (-0.07, 0.83 + lift),
                (0.07, 0.83 + lift),
                (0.11, 0.6),
                (0.14 + hem, 0.33),
                (0, 0.3),
                (-0.15 + hem, 0.33),
                (-0.12, 0.6),
            ]
        ),
        coat,
    )
    arm = 0.1 * step if moving else 0.02
    if pose.action == "umbrella":
        pen.limb(
            [(0.02, 0.76 + lift), (0.11, 0.62 + lift), (0.13, 0.76 + lift)],
            (0.065, 0.055, 0.045),
            times(coat, 1.15),
        )
    else:
        pen.limb(
            [(0, 0.77 + lift), (-arm * 0.5 - 0.01, 0.6 + lift), (-arm + 0.03, 0.45 + lift)],
            (0.07, 0.06, 0.045),
            times(coat, 1.15),
        )
    pen.blob(0.015, 0.925 + lift, 0.058, 0.07, rgb("#caa58a"))
    pen.fill(
        smooth(
            [
                (-0.05, 0.91 + lift),
                (-0.045, 0.985 + lift),
                (0.02, 1.005 + lift),
                (0.065, 0.965 + lift),
                (0.02, 0.955 + lift),
                (-0.01, 0.9 + lift),
            ]
        ),
        dark,
    )
    if pose.action == "umbrella":
        top = (
            pose.colour
            or (rgb("#c8433c"), rgb("#d9a53f"), rgb("#3f8c96"), rgb("#2c3140"), rgb("#8a5a9c"))[
                int(pose.phase * 29) % 5
            ]
        )
        pen.limb([(0.13, 0.72 + lift), (0.1, 1.24 + lift)], (0.018, 0.014), rgb("#b9b9b9"))
        pen.fill(
            smooth(
                [
                    (-0.3, 1.06 + lift),
                    (-0.22, 1.2 + lift),
                    (0.08, 1.31 + lift),
                    (0.38, 1.2 + lift),
                    (0.46, 1.06 + lift),
                    (0.33, 1.1 + lift),
                    (0.2, 1.07 + lift),
                    (0.08, 1.11 + lift),
                    (-0.06, 1.07 + lift),
                    (-0.18, 1.1 + lift),
                ]
            ),
            top,
        )
        pen.fill(
            smooth([(0.08, 1.31 + lift), (0.2, 1.07 + lift), (0.08, 1.11 + lift), (-0.05, 1.07 + lift)]),
            mix(top, (1, 1, 1), 0.18),
        )
    return pen


FIGURES = {"person": Figure(person, 0.17, "ground", 0.42)}
