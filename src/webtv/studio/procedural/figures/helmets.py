"""Helmets of those who fight, build, ride and fly, in the frame of the head that wears them."""

import math

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.faces import Skull
from webtv.studio.procedural.pen import Pen, smooth

_GOLD, _STEEL, _WHITE = rgb("#e4b53e"), rgb("#a9b1ba"), rgb("#f5f3ee")


def dome(pen: Pen, s: Skull, low: float, top: float, wide: float, colour: Colour) -> None:
    """A round crown from height ``low`` to ``top``, ``wide`` half heads to each side."""
    pen.fill(
        smooth(
            [
                s.at(-wide, low),
                s.at(-wide * 0.98, low + 0.45 * (top - low)),
                s.at(-wide * 0.6, top - 0.12 * (top - low)),
                s.at(0, top),
                s.at(wide * 0.6, top - 0.12 * (top - low)),
                s.at(wide * 0.98, low + 0.45 * (top - low)),
                s.at(wide, low),
                s.at(0, low - 0.06),
            ],
            steps=4,
        ),
        colour,
    )


def peak(pen: Pen, s: Skull, v: float, colour: Colour) -> None:
    """The peak of a cap, towards where the face looks."""
    lean = math.sin(s.yaw)
    pen.limb(
        [s.at(-0.55 + 0.6 * lean, v), s.at(0.2 + 0.7 * lean, v - 0.12), s.at(0.75 + 0.65 * lean, v - 0.06)],
        (s.ry * 0.1, s.ry * 0.24, s.ry * 0.1),
        colour,
    )


def fire(pen: Pen, s: Skull, c: Colour) -> None:
    """A firefighter's: a wide neck guard, a comb and a shield."""
    dome(pen, s, 0.3, 1.32, 1.14, c)
    pen.limb(
        [s.at(-1.5, 0.12), s.at(-0.9, 0.4), s.at(0, 0.38), s.at(1.05, 0.4), s.at(1.35, 0.3)],
        (s.ry * 0.16,) * 5,
        times(c, 0.85),
    )
    pen.limb(
        [s.at(0.1, 0.6), s.at(0.0, 1.32), s.at(-0.6, 1.2)],
        (s.ry * 0.12, s.ry * 0.18, s.ry * 0.1),
        mix(c, _WHITE, 0.35),
    )
    x, y = s.on(0, 0.5)
    pen.fill(
        [
            (x - 0.22 * s.rx, y + 0.42 * s.ry),
            (x + 0.22 * s.rx, y + 0.42 * s.ry),
            (x + 0.18 * s.rx, y),
            (x, y - 0.1 * s.ry),
            (x - 0.18 * s.rx, y),
        ],
        _GOLD,
    )


def hard(pen: Pen, s: Skull, c: Colour) -> None:
    """A hard hat."""
    dome(pen, s, 0.36, 1.28, 1.12, c)
    peak(pen, s, 0.4, times(c, 0.9))
    pen.limb([s.at(-0.1, 0.5), s.at(-0.05, 1.28)], (s.ry * 0.2, s.ry * 0.12), mix(c, _WHITE, 0.3))


def horned(pen: Pen, s: Skull, c: Colour) -> None:
    """A northman's, as legend has it."""
    for side in (-1, 1):
        pen.limb(
            [s.at(0.85 * side, 0.7), s.at(1.45 * side, 0.95), s.at(1.55 * side, 1.6)],
            (s.rx * 0.36, s.rx * 0.28, s.rx * 0.04),
            rgb("#ece0c4"),
        )
    dome(pen, s, 0.34, 1.3, 1.06, _STEEL)
    pen.limb([s.at(-1.04, 0.42), s.at(0, 0.36), s.at(1.04, 0.42)], (s.ry * 0.2,) * 3, rgb("#b98a3e"))
    x = 0.75 * math.sin(s.yaw)
    pen.limb([s.at(0.6 * x, 1.25), s.at(x, 0.1)], (s.rx * 0.14, s.rx * 0.16), rgb("#b98a3e"))


def helm(pen: Pen, s: Skull, c: Colour) -> None:
    """A knight's: closed at the sides, the visor up, with a plume of the surcoat's colour."""
    pen.limb(
        [s.at(-0.1, 1.15), s.at(-0.75, 1.75), s.at(-1.45, 1.5), s.at(-1.65, 0.8)],
        (s.rx * 0.3, s.rx * 0.6, s.rx * 0.5, s.rx * 0.1),
        c,
    )
    lean = 0.35 * math.sin(s.yaw)
    pen.fill(
        smooth(
            [
                s.at(-1.12, 0.3),
                s.at(-1.08, -0.75),
                s.at(-0.6 + lean, -1.05),
                s.on(-0.82, -0.55),
                s.on(-0.8, 0.3),
                s.on(0, 0.46),
                s.on(0.8, 0.3),
                s.on(0.95, -0.5),
                s.at(0.7 + lean, -1.02),
                s.at(1.1, -0.5),
                s.at(1.12, 0.3),
                s.at(0.75, 1.02),
                s.at(0, 1.28),
                s.at(-0.75, 1.02),
            ],
            steps=4,
        ),
        _STEEL,
    )
    pen.limb(
        [s.on(-1.0, 0.42), s.on(0, 0.62), s.on(1.0, 0.42)],
        (s.ry * 0.26, s.ry * 0.34, s.ry * 0.2),
        times(_STEEL, 0.8),
    )
    pen.limb([s.at(-0.5, 1.0), s.at(0.1, 1.2)], (s.ry * 0.06, s.ry * 0.1), mix(_STEEL, _WHITE, 0.6))


def kabuto(pen: Pen, s: Skull, c: Colour) -> None:
    """A samurai's: neck guard and golden horns."""
    dark = rgb("#2e2c36")
    pen.fill(
        smooth(
            [
                s.at(-1.0, 0.5),
                s.at(-1.6, -0.35),
                s.at(-1.1, -0.55),
                s.on(-1.0, 0.2),
                s.on(1.0, 0.2),
                s.at(1.15, -0.4),
                s.at(1.5, -0.3),
                s.at(1.0, 0.5),
            ],
            steps=4,
        ),
        times(c, 0.75),
    )
    dome(pen, s, 0.36, 1.28, 1.1, dark)
    peak(pen, s, 0.4, times(dark, 0.8))
    x = 0.55 * math.sin(s.yaw)
    for side in (-1, 1):
        pen.limb(
            [s.at(x, 0.72), s.at(x + 0.62 * side, 1.1), s.at(x + 0.8 * side, 1.85)],
            (s.rx * 0.16, s.rx * 0.2, s.rx * 0.03),
            _GOLD,
        )


def bubble(pen: Pen, s: Skull, c: Colour) -> None:
    """A space helmet: a shell behind, a visor's gleam and its ring."""
    for k in range(11):  # the shell's edge, open towards the face
        a, b = (math.radians(15 + 30 * (k + i)) for i in (0, 1))
        pen.limb(
            [
                s.at(1.36 * math.sin(a + math.pi), -0.02 + 1.3 * math.cos(a + math.pi)),
                s.at(1.36 * math.sin(b + math.pi), -0.02 + 1.3 * math.cos(b + math.pi)),
            ],
            (s.rx * 0.3,) * 2,
            times(c, 0.98),
        )
    pen.limb([s.at(0.62, 0.82), s.at(0.98, 0.3)], (s.rx * 0.05, s.rx * 0.15), rgb("#e6f4ff"))
    pen.limb([s.at(-0.85, -1.2), s.at(0, -1.32), s.at(0.85, -1.2)], (s.ry * 0.24,) * 3, rgb("#8b97a3"))


def bowl(pen: Pen, s: Skull, c: Colour) -> None:
    """A skater's helmet."""
    dome(pen, s, 0.3, 1.28, 1.12, c)
    pen.limb([s.at(-0.5, 1.0), s.at(0.3, 1.12)], (s.ry * 0.08, s.ry * 0.14), mix(c, _WHITE, 0.4))
    pen.limb([s.on(-1.2, 0.3), s.on(-0.9, -0.6), s.on(0, -1.0)], (s.rx * 0.06,) * 3, rgb("#2b2a30"))
