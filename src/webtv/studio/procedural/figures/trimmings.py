"""Trimmings: what is worn over the main garment - aprons, ties, belts, armour, badges, bags."""

from collections.abc import Callable

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.wardrobe import Dressed
from webtv.studio.procedural.pen import smooth

_WHITE = (1.0, 1.0, 1.0)


def _stripe(d: Dressed, low: float, high: float, u0: float, u1: float, colour: Colour) -> None:
    p = d.trunk
    d.pen.fill([p(u0, low), p(u0, high), p(u1, high), p(u1, low)], colour)


def _belt(d: Dressed) -> None:
    _stripe(d, 0.08, 0.22, -1.02, 1.02, d.look.trim)
    x, y = d.trunk(d.front, 0.15)
    d.pen.blob(x, y, 0.02, 0.022, rgb("#d8b048"))


def _sash(d: Dressed) -> None:
    p = d.trunk
    d.pen.fill([p(-0.95, 0.86), p(-0.62, 1.02), p(1.0, 0.22), p(0.98, 0.02)], d.look.trim)


def _apron(d: Dressed) -> None:
    f, p = 0.45 * (1 - d.at.open), d.trunk
    low = d.at.hip[1] * 0.5
    x0, x1 = d.trunk(f - 0.72, 0)[0], d.trunk(f + 0.72, 0)[0]
    d.pen.fill(
        [
            p(f - 0.45, 0.86),
            p(f + 0.45, 0.86),
            p(f + 0.72, 0.25),
            (x1 + 0.012, low),
            (x0 - 0.012, low),
            p(f - 0.72, 0.25),
        ],
        d.look.trim,
    )
    _stripe(d, 0.2, 0.28, -1.0, 1.0, times(d.look.trim, 0.84))


def _collar(d: Dressed) -> None:
    f, p = 0.8 * d.front, d.trunk
    d.pen.fill([p(f - 0.42, 1.06), p(f + 0.42, 1.06), p(f, 0.8)], d.look.trim)


def _shirtfront(d: Dressed) -> None:
    f, p = d.front, d.trunk
    d.pen.fill([p(f - 0.36, 1.06), p(f + 0.36, 1.06), p(f, 0.38)], rgb("#f4f2ec"))
    dark = times(d.coat, 0.72)
    for s in (-1, 1):
        d.pen.limb([p(f + 0.4 * s, 1.03), p(f + 0.02 * s, 0.36)], (0.02, 0.008), dark)


def _tie(d: Dressed) -> None:
    f, p = d.front, d.trunk
    d.pen.fill(
        [p(f - 0.1, 1.0), p(f + 0.1, 1.0), p(f + 0.14, 0.6), p(f, 0.44), p(f - 0.14, 0.6)], d.look.trim
    )


def _bow(d: Dressed) -> None:
    x, y = d.trunk(d.front, 0.98)
    for s in (-1, 1):
        d.pen.fill([(x, y), (x + 0.045 * s, y + 0.026), (x + 0.045 * s, y - 0.026)], d.look.trim)


def _buttons(d: Dressed) -> None:
    for level in (0.25, 0.5, 0.75):
        x, y = d.trunk(d.front, level)
        d.pen.blob(x, y, 0.013, 0.013, d.look.trim)


def _badge(d: Dressed) -> None:
    x, y = d.trunk(d.front - 0.45, 0.72)
    d.pen.blob(x, y, 0.022, 0.026, rgb("#e6c04c"))


def _cross(d: Dressed) -> None:
    x, y = d.trunk(d.front * 0.7, 0.55)
    d.pen.limb([(x, y + 0.06), (x, y - 0.07)], (0.026, 0.026), d.look.trim)
    d.pen.limb([(x - 0.045, y + 0.02), (x + 0.045, y + 0.02)], (0.026, 0.026), d.look.trim)


def _stripes(d: Dressed) -> None:
    for level in (0.1, 0.34, 0.58, 0.82):
        _stripe(d, level, level + 0.1, -1.0, 1.0, d.look.trim)


def _bands(d: Dressed) -> None:
    for level in (0.12, 0.5):
        _stripe(d, level, level + 0.12, -1.01, 1.01, d.look.trim)
    for k in (0, 1):
        a, b = d.at.knees[k], d.at.ankles[k]
        d.pen.blob(0.45 * a[0] + 0.55 * b[0], 0.45 * a[1] + 0.55 * b[1], 0.036, 0.016, d.look.trim)


def _braces(d: Dressed) -> None:
    p = d.trunk
    for s in (-0.5, 0.5):
        d.pen.limb([p(s + 0.3 * d.front, 1.03), p(s + 0.2 * d.front, 0.05)], (0.032, 0.032), d.look.trim)


def _overalls(d: Dressed) -> None:
    f, p = 0.5 * d.front, d.trunk
    tone = d.look.legs or d.look.trim
    d.pen.fill(
        [
            p(-1.0, -0.1),
            p(-1.0, 0.3),
            p(f - 0.55, 0.36),
            p(f - 0.5, 0.78),
            p(f + 0.5, 0.78),
            p(f + 0.55, 0.36),
            p(1.0, 0.3),
            p(1.0, -0.1),
        ],
        tone,
    )
    for s in (-0.45, 0.45):
        d.pen.limb([p(f + s, 1.03), p(f + s, 0.72)], (0.03, 0.03), tone)


def _scarf(d: Dressed) -> None:
    x, y = d.at.neck
    d.pen.limb(
        [(x - 0.065, y + 0.02), (x + 0.01, y - 0.005), (x + 0.07, y + 0.02)], (0.05, 0.058, 0.05), d.look.trim
    )
    d.pen.limb([(x - 0.02, y), (x - 0.045, y - 0.13)], (0.045, 0.04), times(d.look.trim, 0.9))


def _shawl(d: Dressed) -> None:
    p = d.trunk
    d.pen.fill(
        smooth([p(-1.2, 0.62), p(-0.7, 1.06), p(0, 1.1), p(0.7, 1.06), p(1.2, 0.62), p(d.front, 0.32)]),
        d.look.trim,
    )


def _mail(d: Dressed) -> None:
    steel = rgb("#aab2bb")
    for k in (0, 1):
        x, y = d.at.shoulders[k]
        d.pen.blob(x, y + 0.008, 0.056, 0.05, times(steel, 1.05 if k else 0.85))
        x, y = d.at.knees[k]
        d.pen.blob(x + 0.008, y, 0.04, 0.04, times(steel, 0.95 if k else 0.8))
    _stripe(d, 0.86, 1.05, -0.8, 0.8, times(steel, 0.92))


def _plates(d: Dressed) -> None:
    """Laced armour: rows of plates, wide shoulders."""
    for level in (0.05, 0.3, 0.55, 0.8):
        _stripe(d, level, level + 0.06, -1.0, 1.0, d.look.trim)
    for k in (0, 1):
        x, y = d.at.shoulders[k]
        s = 1 if k else -1
        d.pen.fill(
            [
                (x - 0.04 * s, y + 0.04),
                (x + 0.075 * s, y + 0.02),
                (x + 0.085 * s, y - 0.09),
                (x - 0.02 * s, y - 0.08),
            ],
            times(d.coat, 0.78),
        )
        d.pen.limb([(x - 0.02 * s, y - 0.03), (x + 0.08 * s, y - 0.035)], (0.014, 0.014), d.look.trim)


def _pack(d: Dressed) -> None:
    p = d.trunk
    for s in (-0.6, 0.6):
        d.pen.limb(
            [p(s + 0.2 * d.front, 1.02), p(s + 0.2 * d.front, 0.4)], (0.026, 0.022), times(d.look.trim, 0.75)
        )


def _satchel(d: Dressed) -> None:
    p = d.trunk
    d.pen.limb([p(0.55, 1.03), p(-0.75, 0.08)], (0.024, 0.024), times(d.look.trim, 0.7))
    x, y = p(-0.72, -0.12)
    d.pen.fill(
        [(x - 0.08, y + 0.06), (x + 0.08, y + 0.06), (x + 0.075, y - 0.075), (x - 0.075, y - 0.075)],
        d.look.trim,
    )
    d.pen.fill([(x - 0.08, y + 0.06), (x + 0.08, y + 0.06), (x, y - 0.01)], times(d.look.trim, 0.8))


def _breastplate(d: Dressed) -> None:
    """The box on a spacesuit's chest, and its rings."""
    x, y = d.trunk(0.8 * d.front, 0.6)
    d.pen.fill(
        [(x - 0.06, y + 0.045), (x + 0.06, y + 0.045), (x + 0.06, y - 0.04), (x - 0.06, y - 0.04)],
        rgb("#7e8a96"),
    )
    for k, tone in enumerate(("#d8483c", "#4aa860", "#e6b840")):
        d.pen.blob(x - 0.035 + 0.035 * k, y, 0.012, 0.012, rgb(tone))


def _lapels(d: Dressed) -> None:
    f, p = d.front, d.trunk
    tone = times(d.coat, 0.8)
    d.pen.fill([p(f - 0.6, 1.05), p(f, 0.98), p(f + 0.05, 0.42)], tone)
    d.pen.fill([p(f + 0.6, 1.05), p(f, 0.98), p(f + 0.05, 0.42)], mix(tone, _WHITE, 0.08))


def _ruff(d: Dressed) -> None:
    x, y = d.at.neck
    for k in range(5):
        d.pen.blob(x - 0.08 + 0.04 * k, y + 0.012, 0.034, 0.028, times(d.look.trim, 0.9 + 0.1 * (k % 2)))


def _ermine(d: Dressed) -> None:
    p = d.trunk
    white = rgb("#f6f1e6")
    d.pen.fill(
        smooth([p(-1.15, 0.74), p(-0.7, 1.08), p(0, 1.1), p(0.7, 1.08), p(1.15, 0.74), p(d.front, 0.6)]),
        white,
    )
    for u in (-0.7, -0.2, 0.4, 0.85):
        x, y = p(u, 0.82)
        d.pen.blob(x, y, 0.007, 0.014, rgb("#2c2622"))


def _stethoscope(d: Dressed) -> None:
    f, p = d.front, d.trunk
    tone = rgb("#39424e")
    d.pen.limb([p(f - 0.35, 1.03), p(f - 0.22, 0.7), p(f + 0.1, 0.58)], (0.016,) * 3, tone)
    d.pen.limb([p(f + 0.35, 1.03), p(f + 0.1, 0.58)], (0.016,) * 2, tone)
    x, y = p(f + 0.1, 0.52)
    d.pen.blob(x, y, 0.022, 0.022, rgb("#b9c2ca"))


def _hem(d: Dressed) -> None:
    """A border along the hem of a skirt that reaches down."""
    y = d.at.hip[1] * (1 - d.look.hem) + 0.035 * d.look.hem
    xs = [d.at.ankles[0][0], d.at.ankles[1][0], d.at.hip[0]]
    room = 0.02 + (0.045 + 0.06 * d.look.hem) * d.look.flare
    d.pen.limb(
        [(min(xs) - room + 0.012, y + 0.03), (sum(xs) / 3, y + 0.006), (max(xs) + room - 0.012, y + 0.03)],
        (0.028,) * 3,
        d.look.trim,
    )


TRIMMINGS: dict[str, Callable[[Dressed], None]] = {
    "apron": _apron,
    "badge": _badge,
    "bands": _bands,
    "belt": _belt,
    "bow": _bow,
    "braces": _braces,
    "breastplate": _breastplate,
    "buttons": _buttons,
    "collar": _collar,
    "cross": _cross,
    "ermine": _ermine,
    "hem": _hem,
    "lapels": _lapels,
    "mail": _mail,
    "overalls": _overalls,
    "pack": _pack,
    "plates": _plates,
    "ruff": _ruff,
    "sash": _sash,
    "satchel": _satchel,
    "scarf": _scarf,
    "shawl": _shawl,
    "shirtfront": _shirtfront,
    "stethoscope": _stethoscope,
    "stripes": _stripes,
    "tie": _tie,
}
"""Name -> puts it on."""
