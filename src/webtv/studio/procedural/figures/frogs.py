"""A frog: sits with a beating throat, or goes in leaps."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.pose import STILL, Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_EYE = rgb("#16130f")


def frog(pose: Pose) -> Pen:
    """A frog of height 1 when it sits."""
    skin = pose.colour or rgb(("#5fa83c", "#4f9a52", "#86a83a")[int(pose.phase * 31) % 3])
    belly, dark = mix(skin, rgb("#f4f0cc"), 0.72), times(skin, 0.74)
    still = pose.action in STILL
    beat = (pose.t * (1.0 if pose.action != "run" else 1.7) + pose.phase) % 1.0
    leap = 0.0 if still or beat < 0.35 else math.sin(math.pi * (beat - 0.35) / 0.65)
    crouch = 0.0 if still or beat >= 0.35 else math.sin(math.pi * beat / 0.35)
    tilt = 0.0 if leap == 0 else 0.45 * math.cos(math.pi * (beat - 0.35) / 0.65)
    up = 0.75 * leap - 0.07 * crouch
    pen = Pen(pose.x, pose.y, pose.scale, (1.3, 1.2, 0.12, 2.0), pose.facing)
    c, s = math.cos(tilt), math.sin(tilt)

    def on(x: float, y: float) -> tuple[float, float]:
        y -= 0.4
        return x * c - y * s, 0.4 + up + x * s + y * c

    stretch = leap**0.7
    for shade, shift in ((0.72, 0.16), (1.0, 0.0)):
        tone = times(skin, shade)
        knee = on(-0.16 + shift - 0.42 * stretch, 0.5 - 0.22 * stretch)
        heel = on(-0.62 + shift - 0.32 * stretch, 0.16 - 0.12 * stretch)
        if shade == 1.0:
            break
        foot = (heel[0] + (0.42 if not stretch else -0.3) * (1 - 0.3 * stretch), heel[1] - 0.1)
        pen.limb([on(-0.38, 0.34), knee, heel], (0.26, 0.22, 0.13), tone)
        pen.limb([heel, foot], (0.13, 0.1), tone)
        hand = on(0.42 + 0.25 * stretch, 0.05 + 0.1 * stretch)
        pen.limb([on(0.3, 0.4), on(0.46, 0.24), hand], (0.17, 0.13, 0.1), tone)
    throat = 0.03 * math.sin(pose.t * 5.5 + pose.phase * 6)
    pen.fill(
        smooth(
            [
                on(-0.66, 0.2),
                on(-0.6, 0.44),
                on(-0.2, 0.72),
                on(0.2, 0.86),
                on(0.62, 0.82),
                on(0.78, 0.62),
                on(0.66, 0.44),
                on(0.4, 0.2),
                on(0.1, 0.1),
                on(-0.4, 0.08),
            ]
        ),
        skin,
    )
    pen.fill(
        smooth(
            [
                on(0.74, 0.58),
                on(0.68 + throat, 0.4 - throat),
                on(0.4, 0.18),
                on(0.05, 0.1),
                on(0.14, 0.3),
                on(0.45, 0.52),
            ]
        ),
        belly,
    )
    for x, y, r in ((-0.3, 0.52, 0.07), (-0.08, 0.68, 0.055), (-0.46, 0.36, 0.05), (0.1, 0.58, 0.045)):
        pen.blob(*on(x, y), r * 1.2, r, dark)
    pen.limb([on(0.36, 0.58), on(0.58, 0.56), on(0.78, 0.63)], (0.025, 0.035, 0.025), times(skin, 0.5))
    foot = (heel[0] + (0.5 if not stretch else -0.34) * (1 - 0.3 * stretch), heel[1] - 0.1)
    thigh = mix(skin, (1, 1, 1), 0.06)
    middle = ((knee[0] + on(-0.34, 0.3)[0]) / 2, (knee[1] + on(-0.34, 0.3)[1]) / 2)
    pen.blob(*middle, 0.25 + 0.08 * stretch, 0.21 - 0.05 * stretch, thigh, 0.75 - 0.5 * stretch + tilt)
    pen.limb([knee, heel], (0.19, 0.14), times(thigh, 0.95))
    pen.limb([heel, foot], (0.15, 0.1), skin)
    for spread in (-0.05, 0.02, 0.09):
        pen.limb(
            [foot, (foot[0] + (0.16 if not stretch else -0.14), foot[1] + spread - 0.01)], (0.07, 0.075), skin
        )
    hand = on(0.34 + 0.32 * stretch, 0.03 + 0.14 * stretch)
    pen.limb([on(0.26, 0.38), on(0.4, 0.2), hand], (0.2, 0.15, 0.11), mix(skin, (1, 1, 1), 0.06))
    for spread in (-0.02, 0.05):
        pen.limb([hand, (hand[0] + 0.14, hand[1] + spread)], (0.07, 0.07), skin)
    blink = 0.15 if math.sin(pose.t * 1.1 + pose.phase * 30) > 0.97 else 1.0
    for x, shade in ((0.52, 0.8), (0.36, 1.0)):
        pen.blob(*on(x, 0.88), 0.16, 0.17, times(skin, shade))
        pen.blob(*on(x + 0.04, 0.9), 0.105, 0.115 * blink, rgb("#f2e9b0"))
        pen.blob(*on(x + 0.06, 0.9), 0.062, 0.085 * blink, _EYE)
        pen.blob(*on(x + 0.08, 0.94), 0.022, 0.026 * blink, (0.97, 0.97, 0.95))
    pen.blob(*on(0.74, 0.74), 0.018, 0.014, times(skin, 0.45))
    return pen


FIGURES = {"frog": Figure(frog, 0.09, "ground", 0.75)}
WORDS = {"frog": "frog", "toad": "frog", "bullfrog": "frog", "treefrog": "frog", "tree-frog": "frog"}
"""Stem -> kind, for the lexicon."""
