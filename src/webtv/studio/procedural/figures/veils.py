"""Veils, wreaths, hoods and haloes, in the frame of the head that wears them."""

import math

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.figures.faces import Skull
from webtv.studio.procedural.pen import Pen, smooth

_WHITE = rgb("#f5f3ee")


def veil(pen: Pen, s: Skull, c: Colour) -> None:
    """A bride's wreath of flowers."""
    pen.limb([s.on(-0.9, 0.66), s.on(0, 0.9), s.on(0.9, 0.66)], (s.ry * 0.1, s.ry * 0.16, s.ry * 0.1), _WHITE)
    for k in range(4):
        x, y = s.on(-0.6 + 0.4 * k, 0.84)
        pen.blob(x, y + 0.05 * s.ry, s.rx * 0.15, s.rx * 0.15, rgb(("#f4c6d0", "#fff6f0")[k % 2]))


def habit(pen: Pen, s: Skull, c: Colour) -> None:
    """A nun's: a white band around the face under a dark veil."""
    lean = 0.3 * math.sin(s.yaw)
    face = [(-0.85, -0.5), (-0.75, 0.2), (-0.5, 0.5), (0, 0.58), (0.5, 0.5), (0.75, 0.2), (0.85, -0.5)]
    inner = [s.on(a, v) for a, v in face]
    for wide, tone in ((1.2, c), (1.02, _WHITE)):
        left = [
            s.at(-wide * 1.05, -0.2),
            s.at(-wide * 0.95 - lean, -1.4 * wide),
            s.at(lean - 0.3, -1.08),
            s.at(lean - 0.3, -0.98),
        ]
        right = [
            s.at(lean + 0.5, -0.98),
            s.at(lean + 0.6, -1.08),
            s.at(wide, -1.1 * wide),
            s.at(wide, 0.1),
            s.at(wide * 0.75, 0.7 + 0.2 * wide),
            s.at(0, 0.86 + 0.3 * wide),
            s.at(-wide * 0.75, 0.7 + 0.2 * wide),
        ]
        pen.fill(smooth([*left, *inner, *right], steps=4), tone)
    edge = [s.at(-1.04, 0.42), s.at(-0.55, 0.98), s.at(0.1, 1.14), s.at(0.7, 0.95), s.at(1.06, 0.42)]
    pen.limb(edge, (s.ry * 0.22,) * 5, c)


def tonsure(pen: Pen, s: Skull, c: Colour) -> None:
    """No hat: the hood of a habit lies on the shoulders."""
    pen.limb(
        [s.at(-1.0, -0.86), s.at(-0.5, -1.14), s.at(0.3, -1.18), s.at(0.95, -0.9)],
        (s.ry * 0.36, s.ry * 0.42, s.ry * 0.42, s.ry * 0.3),
        times(c, 0.86),
    )


def halo(pen: Pen, s: Skull, c: Colour) -> None:
    """An angel's."""
    pen.limb([s.at(-0.75, 1.5), s.at(0, 1.36), s.at(0.75, 1.5)], (s.ry * 0.12,) * 3, rgb("#ffe27a"))
    pen.limb([s.at(-0.75, 1.5), s.at(0, 1.64), s.at(0.75, 1.5)], (s.ry * 0.1,) * 3, rgb("#fff0b0"))
