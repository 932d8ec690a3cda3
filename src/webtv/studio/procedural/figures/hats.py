"""Hats, crowns and veils, in the frame of the head that wears them."""

import math
from collections.abc import Callable

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import helmets, veils
from webtv.studio.procedural.figures.faces import Skull
from webtv.studio.procedural.figures.helmets import dome, peak
from webtv.studio.procedural.pen import Pen, smooth

_GOLD, _STEEL = rgb("#e4b53e"), rgb("#a9b1ba")
_WHITE = rgb("#f5f3ee")


def _brim(pen: Pen, s: Skull, wide: float, v: float, thick: float, colour: Colour, curl: float = 0.0) -> None:
    pen.limb(
        [s.at(-wide, v + curl), s.at(0, v - 0.06), s.at(wide, v + curl)],
        (s.ry * thick * 0.7, s.ry * thick, s.ry * thick * 0.7),
        colour,
    )


def _cap(pen: Pen, s: Skull, c: Colour) -> None:
    dome(pen, s, 0.38, 1.22, 1.08, c)
    peak(pen, s, 0.42, times(c, 0.75))


def _uniform(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill(
        smooth(
            [
                s.at(-1.04, 0.45),
                s.at(-1.28, 1.1),
                s.at(-0.6, 1.34),
                s.at(0.2, 1.42),
                s.at(1.28, 1.2),
                s.at(1.04, 0.45),
            ],
            steps=4,
        ),
        c,
    )
    pen.fill([s.at(-1.04, 0.4), s.at(-1.06, 0.68), s.at(1.06, 0.68), s.at(1.04, 0.4)], times(c, 0.55))
    peak(pen, s, 0.4, rgb("#22242b"))
    x, y = s.on(0, 0.78)
    pen.blob(x, y + 0.2 * s.ry, s.rx * 0.17, s.ry * 0.17, _GOLD)


def _toque(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill([s.at(-0.88, 0.5), s.at(-0.8, 1.15), s.at(0.8, 1.15), s.at(0.88, 0.5)], times(_WHITE, 0.94))
    for u, v, r in (
        (-0.66, 1.42, 0.52),
        (0.62, 1.44, 0.52),
        (0, 1.62, 0.66),
        (-0.3, 1.3, 0.5),
        (0.3, 1.3, 0.5),
    ):
        x, y = s.at(u, v)
        pen.blob(x, y, s.rx * r, s.ry * r * 0.9, _WHITE)
    pen.limb([s.at(-0.88, 0.52), s.at(0.88, 0.52)], (s.ry * 0.12,) * 2, times(_WHITE, 0.85))


def _nurse(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill([s.at(-0.72, 0.78), s.at(-0.86, 1.36), s.at(0.86, 1.36), s.at(0.72, 0.78)], _WHITE)
    pen.limb([s.at(0, 0.92), s.at(0, 1.26)], (s.rx * 0.16,) * 2, rgb("#d23c36"))
    pen.limb([s.at(-0.2, 1.09), s.at(0.2, 1.09)], (s.rx * 0.16,) * 2, rgb("#d23c36"))


def _crown(pen: Pen, s: Skull, c: Colour) -> None:
    pts = [s.at(-0.9, 0.62)]
    for k in range(5):
        u = -0.9 + 0.45 * k
        pts += [s.at(u * 1.12, 1.5 if k % 2 == 0 else 1.62)]
        if k < 4:
            pts += [s.at(u + 0.225, 1.05)]
    pen.fill([*pts, s.at(0.9, 0.62)], _GOLD)
    pen.limb([s.at(-0.9, 0.66), s.at(0.9, 0.66)], (s.ry * 0.16,) * 2, times(_GOLD, 0.8))
    for k in range(3):
        x, y = s.at(-0.5 + 0.5 * k, 0.86)
        pen.blob(x, y, s.rx * 0.1, s.rx * 0.1, rgb(("#c8373a", "#3a6fc0", "#3f9a5c")[k]))
    for k in range(5):
        x, y = s.at((-0.9 + 0.45 * k) * 1.12, 1.52 if k % 2 == 0 else 1.64)
        pen.blob(x, y, s.rx * 0.09, s.rx * 0.09, mix(_GOLD, _WHITE, 0.5))


def _tiara(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill(
        [
            s.on(-0.75, 0.72),
            s.on(-0.4, 1.0),
            s.on(-0.2, 0.86),
            s.at(0.5 * math.sin(s.yaw), 1.36),
            s.on(0.2, 0.86),
            s.on(0.4, 1.0),
            s.on(0.75, 0.72),
            s.on(0, 0.7),
        ],
        _GOLD,
    )
    x, y = s.at(0.5 * math.sin(s.yaw), 1.02)
    pen.blob(x, y, s.rx * 0.1, s.rx * 0.12, rgb("#e0609a"))


def _cone(pen: Pen, s: Skull, c: Colour, brim: float, bent: float) -> None:
    pen.fill(
        smooth(
            [
                s.at(-0.86, 0.5),
                s.at(-0.5, 1.4),
                s.at(-0.4 - 0.3 * bent, 2.2),
                s.at(-0.2 - bent, 2.72),
                s.at(0.05 - 0.1 * bent, 2.2),
                s.at(0.5, 1.4),
                s.at(0.86, 0.5),
            ],
            steps=4,
        ),
        c,
    )
    pen.limb(
        [s.at(-0.85, 0.66), s.at(0, 0.6), s.at(0.85, 0.66)],
        (s.ry * 0.24,) * 3,
        _GOLD if brim > 1.6 else times(c, 0.6),
    )
    _brim(pen, s, brim, 0.46, 0.2, times(c, 0.86), 0.02)


def _wizard(pen: Pen, s: Skull, c: Colour) -> None:
    _cone(pen, s, c, 1.5, 0.5)
    for u, v in ((-0.2, 1.15), (0.3, 1.0), (-0.15, 1.8)):
        x, y = s.at(u, v)
        pen.fill(
            [
                (x + s.rx * r * math.sin(a), y + s.rx * r * math.cos(a))
                for k in range(10)
                for r, a in ((0.2 if k % 2 == 0 else 0.08, k * math.pi / 5),)
            ],
            _GOLD,
        )


def _witch(pen: Pen, s: Skull, c: Colour) -> None:
    _cone(pen, s, rgb("#2c2636"), 1.85, 0.9)


def _tricorn(pen: Pen, s: Skull, c: Colour) -> None:
    black = rgb("#2a2730")
    dome(pen, s, 0.42, 1.3, 0.9, times(black, 1.25))
    pen.fill(
        smooth(
            [
                s.at(-1.5, 0.62),
                s.at(-0.75, 1.3),
                s.at(0, 1.02),
                s.at(0.75, 1.3),
                s.at(1.5, 0.62),
                s.at(0.8, 0.46),
                s.at(0, 0.36),
                s.at(-0.8, 0.46),
            ],
            steps=4,
        ),
        black,
    )
    pen.limb(
        [s.at(-1.45, 0.66), s.at(-0.75, 1.26), s.at(0, 1.0), s.at(0.75, 1.26), s.at(1.45, 0.66)],
        (s.ry * 0.07,) * 5,
        _GOLD,
    )
    x, y = s.at(0, 0.74)
    pen.blob(x, y, s.rx * 0.19, s.rx * 0.19, _WHITE)
    for u in (-0.07, 0.07):
        x, y = s.at(u, 0.76)
        pen.blob(x, y, s.rx * 0.045, s.rx * 0.05, black)


def _straw(pen: Pen, s: Skull, c: Colour) -> None:
    straw = rgb("#dcb661")
    dome(pen, s, 0.42, 1.22, 0.92, straw)
    pen.limb([s.at(-0.9, 0.62), s.at(0, 0.56), s.at(0.9, 0.62)], (s.ry * 0.2,) * 3, rgb("#a04434"))
    _brim(pen, s, 1.75, 0.42, 0.2, times(straw, 0.92), -0.05)


def _cowboy(pen: Pen, s: Skull, c: Colour) -> None:
    felt = rgb("#8a5a34")
    pen.fill(
        smooth(
            [
                s.at(-0.88, 0.45),
                s.at(-0.8, 1.2),
                s.at(-0.42, 1.5),
                s.at(0, 1.3),
                s.at(0.42, 1.5),
                s.at(0.8, 1.2),
                s.at(0.88, 0.45),
            ],
            steps=4,
        ),
        felt,
    )
    pen.limb([s.at(-0.88, 0.62), s.at(0, 0.54), s.at(0.88, 0.62)], (s.ry * 0.16,) * 3, times(felt, 0.55))
    pen.limb(
        [s.at(-1.8, 0.78), s.at(-1.15, 0.42), s.at(0, 0.4), s.at(1.15, 0.42), s.at(1.8, 0.78)],
        (s.ry * 0.12, s.ry * 0.2, s.ry * 0.24, s.ry * 0.2, s.ry * 0.12),
        times(felt, 0.86),
    )


def _fedora(pen: Pen, s: Skull, c: Colour) -> None:
    felt = times(c, 0.78)
    pen.fill(
        smooth(
            [
                s.at(-0.92, 0.42),
                s.at(-0.86, 1.15),
                s.at(-0.4, 1.42),
                s.at(0.1, 1.28),
                s.at(0.6, 1.36),
                s.at(0.9, 1.0),
                s.at(0.92, 0.42),
            ],
            steps=4,
        ),
        felt,
    )
    pen.limb([s.at(-0.92, 0.58), s.at(0, 0.5), s.at(0.92, 0.58)], (s.ry * 0.22,) * 3, times(felt, 0.4))
    _brim(pen, s, 1.5, 0.4, 0.2, times(felt, 0.85))


def _topper(pen: Pen, s: Skull, c: Colour) -> None:
    black = rgb("#2a2930")
    pen.fill([s.at(-0.82, 0.5), s.at(-0.9, 1.9), s.at(0.9, 1.9), s.at(0.82, 0.5)], black)
    pen.limb([s.at(-0.82, 0.66), s.at(0.82, 0.66)], (s.ry * 0.22,) * 2, rgb("#8a8f9a"))
    _brim(pen, s, 1.35, 0.5, 0.17, times(black, 1.15), 0.06)


def _sailor(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill(
        smooth(
            [
                s.at(-1.0, 0.5),
                s.at(-1.2, 1.1),
                s.at(-0.4, 1.3),
                s.at(0.4, 1.32),
                s.at(1.2, 1.12),
                s.at(1.0, 0.5),
            ],
            steps=4,
        ),
        _WHITE,
    )
    pen.limb([s.at(-1.0, 0.55), s.at(0, 0.5), s.at(1.0, 0.55)], (s.ry * 0.22,) * 3, rgb("#2b4a86"))
    x, y = s.at(0, 1.34)
    pen.blob(x, y, s.rx * 0.16, s.rx * 0.14, rgb("#c8373a"))


def _beret(pen: Pen, s: Skull, c: Colour) -> None:
    pen.fill(
        smooth(
            [
                s.at(-0.98, 0.5),
                s.at(-1.42, 0.92),
                s.at(-0.9, 1.3),
                s.at(0.2, 1.34),
                s.at(0.98, 1.0),
                s.at(1.0, 0.55),
                s.at(0, 0.5),
            ],
            steps=4,
        ),
        c,
    )
    pen.limb([s.at(-0.2, 1.3), s.at(-0.26, 1.46)], (s.rx * 0.1, s.rx * 0.06), times(c, 0.8))


def _sun(pen: Pen, s: Skull, c: Colour) -> None:
    dome(pen, s, 0.42, 1.2, 0.98, _WHITE)
    pen.limb([s.at(-0.96, 0.6), s.at(0, 0.54), s.at(0.96, 0.6)], (s.ry * 0.16,) * 3, c)
    _brim(pen, s, 1.4, 0.4, 0.16, times(_WHITE, 0.9), -0.06)


def _beanie(pen: Pen, s: Skull, c: Colour) -> None:
    dome(pen, s, 0.42, 1.3, 1.08, c)
    pen.limb([s.at(-1.0, 0.5), s.at(0, 0.44), s.at(1.0, 0.5)], (s.ry * 0.3,) * 3, times(c, 0.8))
    x, y = s.at(0, 1.4)
    pen.blob(x, y, s.rx * 0.24, s.rx * 0.24, mix(c, _WHITE, 0.6))


def _clown(pen: Pen, s: Skull, c: Colour) -> None:
    wig = rgb("#e8702c")
    for side in (-1, 1):
        for u, v, r in ((1.15, 0.3, 0.5), (1.22, -0.2, 0.42), (0.95, 0.7, 0.4)):
            x, y = s.at(u * side, v)
            pen.blob(x, y, s.rx * r, s.rx * r, times(wig, 0.94 + 0.1 * (v > 0)))
    pen.fill([s.at(-0.42, 0.85), s.at(0.1, 2.1), s.at(0.58, 0.85)], c)
    x, y = s.at(0.1, 2.12)
    pen.blob(x, y, s.rx * 0.2, s.rx * 0.2, rgb("#f2cf4a"))
    x, y = s.at(0.08, 1.25)
    pen.blob(x, y, s.rx * 0.13, s.rx * 0.13, rgb("#f2cf4a"))


def _kerchief(pen: Pen, s: Skull, c: Colour) -> None:
    dome(pen, s, 0.42, 1.14, 1.08, c)
    pen.fill([s.at(-0.95, 0.5), s.at(-1.55, 0.1), s.at(-1.2, -0.25), s.at(-0.95, 0.3)], times(c, 0.85))


HATS: dict[str, Callable[[Pen, Skull, Colour], None]] = {
    "beanie": _beanie,
    "beret": _beret,
    "bowl": helmets.bowl,
    "bubble": helmets.bubble,
    "cap": _cap,
    "clown": _clown,
    "cowboy": _cowboy,
    "crown": _crown,
    "fedora": _fedora,
    "fire": helmets.fire,
    "habit": veils.habit,
    "halo": veils.halo,
    "hard": helmets.hard,
    "helm": helmets.helm,
    "horned": helmets.horned,
    "kabuto": helmets.kabuto,
    "kerchief": _kerchief,
    "nurse": _nurse,
    "sailor": _sailor,
    "straw": _straw,
    "sun": _sun,
    "tiara": _tiara,
    "tonsure": veils.tonsure,
    "topper": _topper,
    "toque": _toque,
    "tricorn": _tricorn,
    "uniform": _uniform,
    "veil": veils.veil,
    "witch": _witch,
    "wizard": _wizard,
}
"""Name -> draws it on a head, in the colour of the role."""

TALL = frozenset({"wizard", "witch", "clown", "topper", "toque", "kabuto"})
"""Hats that reach high above the head."""
