"""Ways across the picture, under what rolls over open land: a railway line, a country road."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.pen import Pen

ON_RAILS = frozenset({"locomotive", "railcar"})
_STONES, _SLEEPER, _STEEL = rgb("#8d8478"), rgb("#5c4636"), rgb("#b9bec4")
_TAR, _VERGE, _LINE = rgb("#6f6c6a"), rgb("#a8977a"), rgb("#cfc9bb")
_STEP = 0.15  # of the engine's height, between sleepers


def rails(x: float, y: float, scale: float, width: int, phase: float) -> Pen:
    """Ballast, sleepers and two rails from edge to edge.

    Args:
        x: pixel of a point that stays with the land.
        y: pixel row of the wheels.
        scale: pixels per height of the engine.
        width: of the frame.
        phase: 0..1, so that no two lines' stones are alike.
    """
    left, right = x / scale + 0.1, (width - x) / scale + 0.1
    pen = Pen(x, y, scale, (left, right, 0.2, 0.06))
    pen.fill([(-left, 0.035), (right, 0.035), (right, -0.13), (-left, -0.13)], _STONES)
    pen.fill([(-left, -0.1), (right, -0.1), (right, -0.13), (-left, -0.13)], times(_STONES, 0.72))
    first, last = math.floor(-left / _STEP), math.ceil(right / _STEP)
    for k in range(first, last):
        at, tone = k * _STEP, 0.85 + 0.15 * math.sin(9.7 * k + 6 * phase)
        pen.fill(
            [(at, 0.015), (at + 0.055, 0.015), (at + 0.06, -0.085), (at - 0.005, -0.085)],
            times(_SLEEPER, tone),
        )
    for high, thick in ((0.0, 0.016), (-0.055, 0.022)):
        pen.fill(
            [
                (-left, high - thick),
                (right, high - thick),
                (right, high - 1.8 * thick),
                (-left, high - 1.8 * thick),
            ],
            times(_SLEEPER, 0.6),
        )
        pen.fill(
            [(-left, high), (right, high), (right, high - thick), (-left, high - thick)],
            mix(_STEEL, (1, 1, 1), 0.1),
        )
    return pen


def road(x: float, y: float, scale: float, width: int) -> Pen:
    """A strip of worn tarmac with pale edges from edge to edge.

    Args:
        x: pixel of a point that stays with the land.
        y: pixel row of the wheels.
        scale: pixels per height of what drives on it.
        width: of the frame.
    """
    left, right = x / scale + 0.1, (width - x) / scale + 0.1
    pen = Pen(x, y, scale, (left, right, 0.4, 0.2))
    pen.fill([(-left, 0.13), (right, 0.13), (right, -0.29), (-left, -0.29)], _VERGE)
    pen.fill([(-left, 0.1), (right, 0.1), (right, -0.25), (-left, -0.25)], _TAR)
    for high, thick in ((0.085, 0.012), (-0.225, 0.02)):
        pen.fill([(-left, high), (right, high), (right, high - thick), (-left, high - thick)], _LINE)
    for k in range(math.floor(-left), math.ceil(right)):
        pen.fill([(k, -0.055), (k + 0.45, -0.055), (k + 0.46, -0.07), (k - 0.01, -0.07)], _LINE)
    return pen
