"""Belongings: what people hold in their hands, spread over their heads, and sit on."""

import math
from collections.abc import Callable

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.wardrobe import Dressed
from webtv.studio.procedural.pen import smooth

_WOOD, _STEEL, _GOLD = rgb("#8a5f3a"), rgb("#b4bcc4"), rgb("#e4b53e")
_UMBRELLAS = tuple(rgb(c) for c in ("#c8433c", "#d9a53f", "#3f8c96", "#4a5a86", "#8a5a9c"))


def _pole(d: Dressed, top: float, wide: float, colour: Colour, low: float = 0.01) -> float:
    """A pole upright in the near hand; returns where it stands."""
    x = d.at.hands[1][0]
    d.pen.limb([(x, low), (x, top)], (wide, wide), colour)
    return x


def _staff(d: Dressed) -> None:
    x = _pole(d, 1.02, 0.024, _WOOD)
    d.pen.blob(x, 1.05, 0.036, 0.04, rgb("#7fd0e8"))


def _crook(d: Dressed) -> None:
    x = _pole(d, 0.98, 0.022, _WOOD)
    d.pen.limb(
        [(x, 0.96), (x + 0.01, 1.06), (x + 0.075, 1.06), (x + 0.075, 0.97)],
        (0.022, 0.022, 0.022, 0.018),
        _WOOD,
    )


def _stick(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x + 0.02, 0.01), (x, y), (x - 0.035, y + 0.03)], (0.016, 0.022, 0.022), _WOOD)


def _pitchfork(d: Dressed) -> None:
    x = _pole(d, 0.86, 0.02, _WOOD)
    d.pen.limb([(x - 0.05, 1.0), (x - 0.045, 0.88), (x + 0.045, 0.88), (x + 0.05, 1.0)], (0.014,) * 4, _STEEL)
    d.pen.limb([(x, 0.86), (x, 1.01)], (0.014, 0.014), _STEEL)


def _sword(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y), (x + 0.09, y + 0.4)], (0.034, 0.016), _STEEL)
    d.pen.limb([(x - 0.045, y + 0.06), (x + 0.07, y + 0.03)], (0.02, 0.02), _GOLD)
    d.pen.limb([(x - 0.015, y - 0.05), (x + 0.005, y + 0.03)], (0.022, 0.022), times(_WOOD, 0.7))


def _katana(d: Dressed) -> None:
    x, y = d.trunk(-0.3, 0.05)
    d.pen.limb(
        [(x + 0.16, y + 0.08), (x - 0.06, y), (x - 0.3, y - 0.12)], (0.024, 0.028, 0.02), rgb("#33293a")
    )
    d.pen.limb([(x + 0.22, y + 0.11), (x + 0.15, y + 0.075)], (0.024, 0.024), _GOLD)


def _axe(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.05, y - 0.16), (x + 0.06, y + 0.3)], (0.022, 0.022), _WOOD)
    d.pen.fill(
        smooth(
            [
                (x + 0.03, y + 0.27),
                (x + 0.15, y + 0.34),
                (x + 0.17, y + 0.2),
                (x + 0.14, y + 0.1),
                (x + 0.02, y + 0.18),
            ]
        ),
        _STEEL,
    )


def _wand(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y), (x + 0.09, y + 0.15)], (0.018, 0.012), _GOLD)
    glint = 0.03 + 0.006 * math.sin(8 * d.at.yaw)
    d.pen.fill(
        [
            (
                x + 0.095 + (glint if k % 2 else 0.48 * glint) * math.sin(k * math.pi / 5) * 1.6,
                y + 0.165 + (glint if k % 2 else 0.48 * glint) * math.cos(k * math.pi / 5) * 1.6,
            )
            for k in range(10)
        ],
        rgb("#ffe9a0"),
    )


def _broom(d: Dressed) -> None:
    x = _pole(d, 0.9, 0.022, _WOOD, 0.2)
    d.pen.fill([(x - 0.02, 0.24), (x + 0.02, 0.24), (x + 0.07, 0.01), (x - 0.07, 0.01)], rgb("#cfa24e"))
    d.pen.limb([(x - 0.022, 0.22), (x + 0.022, 0.22)], (0.02, 0.02), times(_WOOD, 0.6))


def _rod(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb(
        [(x - 0.1, y - 0.09), (x + 0.16, y + 0.25), (x + 0.36, y + 0.45)], (0.024, 0.016, 0.008), _WOOD
    )
    d.pen.limb([(x + 0.36, y + 0.45), (x + 0.39, y + 0.02)], (0.006, 0.006), rgb("#e6e4dc"))
    d.pen.blob(x + 0.39, y, 0.016, 0.02, rgb("#d8402f"))


def _tray(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.1, y + 0.045), (x + 0.12, y + 0.045)], (0.02, 0.02), _STEEL)
    d.pen.fill(
        [(x - 0.05, y + 0.05), (x - 0.055, y + 0.12), (x + 0.0, y + 0.12), (x - 0.005, y + 0.05)],
        rgb("#f4f1ea"),
    )
    d.pen.limb([(x + 0.06, y + 0.055), (x + 0.06, y + 0.15)], (0.03, 0.016), rgb("#3f7a4c"))


def _case(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.03, y - 0.03), (x, y + 0.005), (x + 0.03, y - 0.03)], (0.014,) * 3, times(_WOOD, 0.6))
    d.pen.fill(
        [(x - 0.095, y - 0.035), (x + 0.095, y - 0.035), (x + 0.095, y - 0.165), (x - 0.095, y - 0.165)],
        rgb("#6d4528"),
    )
    d.pen.limb([(x - 0.09, y - 0.085), (x + 0.09, y - 0.085)], (0.012, 0.012), rgb("#4c2f1c"))


def _bag(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.035, y - 0.05), (x, y + 0.01), (x + 0.035, y - 0.05)], (0.012,) * 3, rgb("#6a3a30"))
    d.pen.fill(
        smooth([(x - 0.06, y - 0.05), (x + 0.06, y - 0.05), (x + 0.08, y - 0.15), (x - 0.08, y - 0.15)]),
        rgb("#9a4a3a"),
    )


def _book(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.fill(
        [(x - 0.05, y - 0.05), (x + 0.05, y - 0.05), (x + 0.06, y + 0.085), (x - 0.04, y + 0.085)],
        rgb("#b8483c"),
    )
    d.pen.fill(
        [(x - 0.035, y - 0.038), (x + 0.04, y - 0.038), (x + 0.048, y - 0.022), (x - 0.032, y - 0.022)],
        rgb("#f2ede0"),
    )


def _letter(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.fill(
        [(x - 0.02, y - 0.02), (x + 0.12, y + 0.01), (x + 0.1, y + 0.1), (x - 0.04, y + 0.07)], rgb("#f6f2e8")
    )
    d.pen.limb(
        [(x - 0.04, y + 0.07), (x + 0.045, y + 0.04), (x + 0.1, y + 0.1)], (0.008,) * 3, rgb("#b8b0a0")
    )


def _baton(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y), (x + 0.1, y + 0.13)], (0.014, 0.008), rgb("#f6f0e0"))


def _guitar(d: Dressed) -> None:
    (fx, fy), (x, y) = d.at.hands
    wood = rgb("#c98a3e")
    n = math.hypot(fx - x, fy - y) + 1e-6
    ux, uy = (fx - x) / n, (fy - y) / n
    d.pen.blob(x - 0.045 * ux, y - 0.045 * uy, 0.1, 0.088, wood, math.atan2(uy, ux))
    d.pen.blob(x + 0.05 * ux, y + 0.05 * uy, 0.074, 0.066, wood, math.atan2(uy, ux))
    d.pen.blob(x + 0.03 * ux, y + 0.03 * uy, 0.03, 0.028, rgb("#3c2616"))
    d.pen.limb(
        [(x + 0.04 * ux, y + 0.04 * uy), (fx + 0.06 * ux, fy + 0.06 * uy)], (0.024, 0.02), rgb("#5a3a22")
    )
    d.pen.limb(
        [(fx + 0.06 * ux, fy + 0.06 * uy), (fx + 0.1 * ux, fy + 0.1 * uy)], (0.034, 0.03), rgb("#4a2f1c")
    )
    for k in (0, 1):
        hand = d.at.hands[k]
        d.pen.blob(hand[0], hand[1], 0.031, 0.031, times(d.skin, 1.0 if k else 0.9))


def _microphone(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y - 0.03), (x + 0.012, y + 0.06)], (0.022, 0.026), rgb("#2c2d34"))
    d.pen.blob(x + 0.016, y + 0.08, 0.028, 0.03, rgb("#9aa2ac"))


def _camera(d: Dressed) -> None:
    x, y = d.trunk(0.7 * d.front, 0.42)
    p = d.trunk
    for u in (-0.5, 0.5):
        d.pen.limb([p(u + 0.2 * d.front, 1.02), (x + 0.05 * u, y + 0.03)], (0.012, 0.012), rgb("#2c2a2c"))
    d.pen.fill(
        [(x - 0.06, y + 0.04), (x + 0.06, y + 0.04), (x + 0.06, y - 0.04), (x - 0.06, y - 0.04)],
        rgb("#33343c"),
    )
    d.pen.blob(x + 0.008, y, 0.03, 0.03, rgb("#79b4d6"))


def _brush(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.02, y - 0.03), (x + 0.07, y + 0.1)], (0.014, 0.012), _WOOD)
    d.pen.blob(x + 0.08, y + 0.115, 0.018, 0.026, rgb("#d8432f"), -0.6)
    x, y = d.at.hands[0]
    d.pen.blob(x + 0.03, y + 0.01, 0.095, 0.06, rgb("#c99a5c"), 0.2)
    for k, tone in enumerate(("#d8432f", "#3f7fc0", "#f0cf4a", "#4f9a52")):
        d.pen.blob(x - 0.03 + 0.04 * k, y + 0.015 + 0.018 * (k % 2), 0.016, 0.014, rgb(tone))


def _lens(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y), (x + 0.035, y + 0.055)], (0.02, 0.018), times(_WOOD, 0.7))
    d.pen.blob(x + 0.06, y + 0.095, 0.052, 0.052, rgb("#3a3230"))
    d.pen.blob(x + 0.06, y + 0.095, 0.04, 0.04, rgb("#bfe0ea"))


def _bouquet(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.fill(
        [(x - 0.015, y - 0.07), (x + 0.03, y - 0.07), (x + 0.06, y + 0.05), (x - 0.045, y + 0.05)],
        rgb("#5f9a56"),
    )
    for u, v, tone in (
        (-0.04, 0.06, "#f2a6b8"),
        (0.02, 0.085, "#fff2f0"),
        (0.07, 0.055, "#e86a86"),
        (0.0, 0.045, "#f6d6dc"),
        (0.045, 0.035, "#fff2f0"),
    ):
        d.pen.blob(x + u, y + v, 0.034, 0.032, rgb(tone))


def _pan(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x - 0.01, y), (x + 0.08, y + 0.03)], (0.02, 0.018), rgb("#2c2a2c"))
    d.pen.limb([(x + 0.08, y + 0.035), (x + 0.21, y + 0.035)], (0.035, 0.035), rgb("#3c3c44"))
    d.pen.blob(x + 0.145, y + 0.052, 0.045, 0.02, rgb("#f2c94a"))


def _hammer(d: Dressed) -> None:
    x, y = d.at.hands[1]
    d.pen.limb([(x, y - 0.05), (x + 0.04, y + 0.15)], (0.022, 0.02), _WOOD)
    d.pen.limb([(x - 0.015, y + 0.165), (x + 0.095, y + 0.14)], (0.05, 0.036), _STEEL)


def _balloons(d: Dressed) -> None:
    x, y = d.at.hands[1]
    for u, v, tone in ((-0.02, 0.4, "#4a90d8"), (0.12, 0.34, "#f0c83e"), (0.06, 0.48, "#e0493c")):
        d.pen.limb([(x, y), (x + 0.4 * u, y + 0.18), (x + u, y + v - 0.06)], (0.006,) * 3, rgb("#e6e2da"))
        d.pen.blob(x + u, y + v, 0.06, 0.072, rgb(tone))
        d.pen.blob(x + u + 0.02, y + v + 0.025, 0.014, 0.02, mix(rgb(tone), (1, 1, 1), 0.6))


def _shield(d: Dressed) -> None:
    x, y = d.at.hands[0]
    d.pen.fill(
        smooth(
            [
                (x - 0.1, y + 0.13),
                (x, y + 0.145),
                (x + 0.1, y + 0.13),
                (x + 0.09, y - 0.04),
                (x, y - 0.15),
                (x - 0.09, y - 0.04),
            ]
        ),
        _STEEL,
    )
    d.pen.fill(
        smooth(
            [
                (x - 0.08, y + 0.11),
                (x, y + 0.122),
                (x + 0.08, y + 0.11),
                (x + 0.07, y - 0.035),
                (x, y - 0.125),
                (x - 0.07, y - 0.035),
            ]
        ),
        d.coat,
    )
    d.pen.limb([(x, y + 0.1), (x, y - 0.1)], (0.026, 0.026), d.look.trim)
    d.pen.limb([(x - 0.06, y + 0.035), (x + 0.06, y + 0.035)], (0.026, 0.026), d.look.trim)


def _sword_and_shield(d: Dressed) -> None:
    _sword(d)
    _shield(d)


def _axe_and_shield(d: Dressed) -> None:
    _axe(d)
    x, y = d.at.hands[0]
    d.pen.blob(x, y, 0.12, 0.125, rgb("#6d4a2c"))
    d.pen.blob(x, y, 0.104, 0.11, times(d.coat, 0.95))
    d.pen.blob(x, y, 0.03, 0.032, _STEEL)


def _board(d: Dressed) -> None:
    (ax, ay), (bx, by) = d.at.ankles
    low = min(ay, by) - 0.03
    left, right = min(ax, bx) - 0.07, max(ax, bx) + 0.13
    d.pen.limb(
        [(left - 0.04, low + 0.03), (left, low), (right, low), (right + 0.04, low + 0.03)],
        (0.024,) * 4,
        d.look.trim,
    )
    for x in (left + 0.04, right - 0.04):
        d.pen.blob(x, low - 0.022, 0.022, 0.022, rgb("#f0e9dc"))


BELONGINGS: dict[str, Callable[[Dressed], None]] = {
    "axe": _axe_and_shield,
    "bag": _bag,
    "balloons": _balloons,
    "baton": _baton,
    "board": _board,
    "book": _book,
    "bouquet": _bouquet,
    "broom": _broom,
    "brush": _brush,
    "camera": _camera,
    "case": _case,
    "crook": _crook,
    "guitar": _guitar,
    "hammer": _hammer,
    "katana": _katana,
    "lens": _lens,
    "letter": _letter,
    "microphone": _microphone,
    "pan": _pan,
    "pitchfork": _pitchfork,
    "rod": _rod,
    "shield": _sword_and_shield,
    "staff": _staff,
    "stick": _stick,
    "sword": _sword,
    "tray": _tray,
    "wand": _wand,
}
"""Name -> draws it in the hands of whoever stands there."""

REACHES = {"rod": 0.72, "pan": 0.55, "balloons": 0.52, "axe": 0.52, "baton": 0.52}
"""How far ahead what they hold reaches, where that is far."""
HIGH = frozenset({"balloons", "sword", "shield", "axe", "wand", "staff", "crook", "pitchfork"})
"""What reaches above their heads."""


def umbrella(d: Dressed, phase: float, colour: Colour | None) -> None:
    """An open umbrella in the near hand, over the head."""
    x, y = d.at.hands[1]
    top = colour or _UMBRELLAS[int(phase * 29) % len(_UMBRELLAS)]
    cx = x - 0.03
    d.pen.limb([(x, y - 0.04), (cx, 1.26)], (0.02, 0.014), rgb("#cfcac2"))
    rim = [
        (-0.37, 1.06),
        (-0.25, 1.095),
        (-0.12, 1.065),
        (0.0, 1.1),
        (0.12, 1.065),
        (0.25, 1.095),
        (0.37, 1.06),
    ]
    dome = [(0.3, 1.2), (0.15, 1.285), (0.0, 1.31), (-0.15, 1.285), (-0.3, 1.2)]
    d.pen.fill(smooth([(cx + u, v) for u, v in (*rim, *dome)], steps=4), top)
    for u, share in ((-0.13, 0.16), (0.13, -0.14)):
        edge = [(cx, 1.305), (cx + u * 1.0, 1.07), (cx + u * 0.35, 1.09), (cx, 1.1)]
        d.pen.fill(edge, mix(top, (1, 1, 1) if share > 0 else (0, 0, 0), abs(share)))


def seat(d: Dressed) -> None:
    """A crate to sit on."""
    x, y = d.at.hip
    d.pen.fill([(x - 0.11, y - 0.04), (x + 0.1, y - 0.04), (x + 0.1, 0.0), (x - 0.11, 0.0)], rgb("#8d6a48"))
    for level in (0.3, 0.65):
        d.pen.limb([(x - 0.11, y * level), (x + 0.1, y * level)], (0.01, 0.01), rgb("#644a32"))
