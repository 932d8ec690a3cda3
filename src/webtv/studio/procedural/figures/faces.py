"""Faces: heads turned between front and side, with hair in several cuts, eyes, brows, mouth and beards."""

import math
from dataclasses import dataclass

from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.pen import Pen, smooth

Point = tuple[float, float]
SKINS = tuple(rgb(c) for c in ("#f3cfb3", "#e6b48f", "#8a5a3c", "#d79d73", "#f0c29c", "#6b432d", "#b97e55"))
SHADES = tuple(rgb(c) for c in ("#3a2a22", "#6b4228", "#c99a52", "#241f22", "#8f4a28", "#53382a", "#e0bd78"))
DARK_SHADES = tuple(rgb(c) for c in ("#2a201e", "#211c20", "#40291e"))
GREYS = tuple(rgb(c) for c in ("#d9d6d0", "#b4b2b0", "#eeece6"))
CUTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("adult", "woman"): ("long", "bob", "bun", "ponytail", "curls", "long"),
    ("adult", "man"): ("short", "parted", "short", "curls", "crop"),
    ("old", "woman"): ("bun", "curls"),
    ("old", "man"): ("bald", "crop", "bald"),
    ("child", "woman"): ("pigtails", "ponytail", "bob"),
    ("child", "man"): ("tousled", "short", "curls"),
}
_EYE, _LIP = rgb("#231a18"), rgb("#b0524a")
_SMALL = 5.0  # pixels of half a head below which only eyes and cut of the hair can be seen


@dataclass(frozen=True, slots=True)
class Visage:
    """One head.

    Attributes:
        skin: its colour.
        hair: its colour.
        cut: ``long``, ``bob``, ``bun``, ``ponytail``, ``pigtails``, ``curls``, ``short``, ``parted``,
            ``crop``, ``tousled``, ``bald`` or ``none`` (under what covers it).
        beard: ``full``, ``long``, ``moustache``, ``goatee`` or nothing.
        woman: lashes and lips.
        old: lines, grey brows.
        child: larger eyes.
        glasses: whether it wears them.
        paint: whether it is made up as a clown.
        mask: colour of a patch over one eye, or None.
    """

    skin: Colour
    hair: Colour
    cut: str
    beard: str = ""
    woman: bool = False
    old: bool = False
    child: bool = False
    glasses: bool = False
    paint: bool = False
    mask: Colour | None = None


@dataclass(frozen=True, slots=True)
class Skull:
    """Where a head is and how it is turned: middle, half width, half height, yaw in radians."""

    x: float
    y: float
    rx: float
    ry: float
    yaw: float

    def on(self, angle: float, v: float, out: float = 1.0) -> Point:
        """A point of the face: radians right of its middle, height from -1 (chin) to 1 (crown)."""
        a = max(-1.55, min(1.55, angle + self.yaw))
        wide = math.sqrt(max(0.0, 1 - 0.85 * v * v))
        return self.x + self.rx * out * wide * math.sin(a), self.y + self.ry * v

    def at(self, u: float, v: float) -> Point:
        """A point of the outline's own frame, in half widths and half heights; it does not turn."""
        return self.x + self.rx * u, self.y + self.ry * v


def behind(pen: Pen, skull: Skull, face: Visage, wave: float) -> None:
    """Hair that hangs behind neck and shoulders; draw it before the body. ``wave`` -1..1 moves it."""
    back = -math.sin(skull.yaw)
    dark = times(face.hair, 0.82)
    at = skull.at
    if face.cut == "long":
        pen.fill(
            smooth(
                [
                    at(-0.95 + 0.25 * back, 0.3),
                    at(-1.12 + 0.45 * back, -0.7),
                    at(-1.0 + 0.6 * back + 0.12 * wave, -1.75),
                    at(0.45 * back, -1.9),
                    at(0.9 + 0.65 * back + 0.08 * wave, -1.6),
                    at(1.05 + 0.5 * back, -0.6),
                    at(0.95 + 0.2 * back, 0.3),
                ]
            ),
            dark,
        )
    elif face.cut == "ponytail":
        pen.limb(
            [
                at(0.75 * back - 0.1, 0.55),
                at(1.25 * back - 0.4, 0.1),
                at(1.4 * back - 0.35 + 0.2 * wave, -1.1),
            ],
            (skull.rx * 0.5, skull.rx * 0.75, skull.rx * 0.12),
            dark,
        )
    elif face.cut == "pigtails":
        for side in (-1.0, 1.0):
            x = 0.95 * side + 0.22 * back
            pen.limb(
                [at(x, -0.05), at(x * 1.3, -0.45), at(x * 1.25 + 0.12 * wave, -1.05)],
                (skull.rx * 0.35, skull.rx * 0.5, skull.rx * 0.15),
                dark,
            )
    elif face.cut == "bob":
        pen.fill(
            smooth(
                [
                    at(-1.02 + 0.2 * back, 0.4),
                    at(-1.2 + 0.25 * back, -0.45),
                    at(-0.95 + 0.25 * back, -1.02),
                    at(0.3 * back, -0.95),
                    at(0.92 + 0.5 * back, -1.0),
                    at(1.12 + 0.4 * back, -0.4),
                    at(1.0 + 0.1 * back, 0.4),
                ]
            ),
            dark,
        )


def head(pen: Pen, skull: Skull, face: Visage, t: float, phase: float, pixels: float) -> None:
    """The head itself, bare; hats come after. ``pixels`` is half its width in the frame."""
    skin, dark = face.skin, times(face.skin, 0.8)
    at, on, rx, ry = skull.at, skull.on, skull.rx, skull.ry
    if face.cut == "bun":
        x, y = at(-0.75 * math.sin(skull.yaw), 0.98)
        pen.blob(x, y, rx * 0.42, rx * 0.4, times(face.hair, 0.9))
    if face.cut in {"curls"}:
        back = -0.16 * math.sin(skull.yaw)
        for k in range(8):
            a = -0.35 + k * (math.pi + 0.7) / 7
            x, y = at(back + 0.9 * math.cos(a), 0.18 + 0.82 * math.sin(a))
            pen.blob(x, y, rx * 0.42, rx * 0.42, times(face.hair, 0.88 + 0.06 * (k % 2)))
    for side in (-1.0, 1.0):
        if side * (skull.yaw) < 0.5 and face.cut not in {"bob", "none"}:
            x, y = on(side * 1.3, -0.1, 1.06)
            pen.blob(x, y, rx * 0.2, ry * 0.22, times(skin, 0.9))
    jaw = 0.12 * math.sin(skull.yaw)
    plump = 0.06 if face.child else 0.0
    pen.fill(
        smooth(
            [
                at(-1.0, 0.1),
                at(-0.9, 0.66),
                at(0, 1.0),
                at(0.9, 0.66),
                at(1.0, 0.1),
                at(0.9 + plump, -0.42),
                at(0.48 + jaw, -0.92),
                at(jaw, -1.0),
                at(-0.48 + jaw, -0.92),
                at(-0.9 - plump + jaw, -0.42),
            ]
        ),
        skin,
    )
    if face.paint:
        pen.blob(*on(0, -0.3), rx * 0.72, ry * 0.62, rgb("#f4efe8"))
    if face.beard in {"full", "long"}:
        low = -1.95 if face.beard == "long" else -1.18
        pen.fill(
            smooth(
                [
                    on(-1.25, 0.0),
                    on(-1.0, -0.4),
                    on(-0.42, -0.32),
                    on(0, -0.4),
                    on(0.42, -0.32),
                    on(1.0, -0.4),
                    on(1.3, 0.0),
                    at(0.85 + jaw, -0.7),
                    at(0.45 + jaw, 0.5 * (low - 0.9)),
                    at(1.2 * jaw, low),
                    at(-0.5 + jaw, 0.5 * (low - 0.9)),
                    at(-0.9 + jaw, -0.7),
                ]
            ),
            face.hair,
        )
    _hair(pen, skull, face)
    _features(pen, skull, face, t, phase, pixels, dark)


def _hair(pen: Pen, skull: Skull, face: Visage) -> None:
    at, on, rx = skull.at, skull.on, skull.rx
    s = math.sin(skull.yaw)
    hair, cut = face.hair, face.cut
    if cut == "none":
        return
    if cut == "bald":
        pen.fill(
            smooth([at(-1.06, 0.2), at(-1.02, -0.45), on(-1.2, -0.35), on(-1.12, 0.05), on(-1.3, 0.3)]), hair
        )
        if s < 0.75:
            pen.fill(smooth([at(1.05, 0.22), at(1.02, -0.3), on(1.2, -0.3), on(1.15, 0.22)]), hair)
        return
    top = {"crop": 1.04, "short": 1.12, "parted": 1.14, "tousled": 1.16, "curls": 1.14}.get(cut, 1.1)
    low = {"long": -0.62, "bob": -0.75, "crop": 0.0, "pigtails": -0.12}.get(cut, -0.2)
    nape = low - 0.45 * s if cut not in {"bob", "long"} else low
    line = {"crop": 0.62, "short": 0.52, "parted": 0.5, "bob": 0.34, "tousled": 0.42, "bun": 0.56}.get(
        cut, 0.46
    )
    inner = [
        on(1.25, low),
        on(1.0, 0.2),
        on(0.62, line),
        on(0.1, line + 0.1),
        on(-0.5, line + 0.04),
        on(-0.98, 0.22),
        on(-1.22, low),
    ]
    if cut == "parted":
        inner[2:5] = [on(0.75, 0.3), on(0.3, 0.44), on(-0.45, 0.78)]
    elif cut in {"long", "ponytail", "pigtails"}:
        inner[2:5] = [on(0.7, 0.36), on(-0.15, 0.74), on(-0.72, 0.36)]
    elif cut == "tousled":
        inner[2:5] = [on(0.55, 0.38), on(0.2, 0.62), on(-0.2, 0.36)]
    outer = [
        at(-1.04, nape),
        at(-1.1, 0.2),
        at(-0.9, 0.72),
        at(-0.45, top - 0.06),
        at(0.05, top),
        at(0.55, top - 0.1),
        at(0.93, 0.66),
        at(1.06, 0.12),
        (max(at(1.0, 0)[0], inner[0][0]), inner[0][1]),
    ]
    pen.fill(smooth([*outer, *inner], steps=4), hair)
    if cut == "tousled":
        for u, v in ((-0.4, 1.2), (0.1, 1.28), (0.5, 1.1)):
            pen.fill([at(u - 0.25, 0.8), at(u + 0.18, v), at(u + 0.3, 0.75)], hair)
    sheen = mix(hair, (1, 1, 1), 0.16)
    pen.limb([at(-0.55, 0.8), at(-0.1, 0.95), at(0.4, 0.88)], (rx * 0.05, rx * 0.13, rx * 0.04), sheen)


def _features(
    pen: Pen, skull: Skull, face: Visage, t: float, phase: float, pixels: float, dark: Colour
) -> None:
    on, rx, ry, skin = skull.on, skull.rx, skull.ry, face.skin
    blink = 0.18 if math.sin(t * 1.3 + phase * 31) > 0.975 else 1.0
    tall = 0.2 if face.child else 0.165
    fine = pixels > _SMALL
    for side in (-1.0, 1.0):
        a = 0.43 * side
        turn = max(0.35, math.cos(a + skull.yaw))
        x, y = on(a, -0.02)
        if face.mask is not None and side > 0:
            pen.blob(x, y, rx * 0.24 * turn, ry * 0.2, face.mask)
            continue
        if fine:
            cx, cy = on(0.66 * side, -0.36)
            pen.blob(cx, cy, rx * 0.2 * turn, ry * 0.13, mix(face.skin, rgb("#e2655a"), 0.32))
        if face.old and fine:
            pen.limb([on(a - 0.2, -0.2), on(a + 0.2, -0.2)], (rx * 0.04, rx * 0.04), dark)
        if face.paint:
            pen.blob(x, y, rx * 0.2 * turn, ry * 0.34, rgb("#4a7fc0"))
        if face.glasses and fine:
            pen.blob(x, y, rx * 0.31 * turn, ry * 0.29, rgb("#4a3c38"))
            pen.blob(x, y, rx * 0.24 * turn, ry * 0.23, mix(skin, (1, 1, 1), 0.45))
            pen.limb([on(a - 0.3 * side, 0.03), on(0, 0.05)], (rx * 0.05,) * 2, rgb("#4a3c38"))
        pen.blob(x, y, rx * 0.115 * turn + rx * 0.015, ry * tall * blink, _EYE)
        if fine:
            pen.blob(x + rx * 0.035, y + ry * 0.06 * blink, rx * 0.038, ry * 0.05 * blink, (0.97, 0.96, 0.94))
            brow = mix(face.hair, _EYE, 0.35) if not face.old else mix(face.hair, dark, 0.3)
            if luma(brow) > luma(face.skin) - 0.12 and not face.old:
                brow = times(face.skin, 0.55)
            pen.limb(
                [on(a - 0.2 * side, 0.28), on(a + 0.02 * side, 0.33), on(a + 0.24 * side, 0.3)],
                (rx * 0.05, rx * (0.06 if face.woman else 0.1), rx * 0.05),
                brow,
            )
            if face.woman:
                pen.limb([on(a, 0.13), on(a + 0.3 * side, 0.12)], (rx * 0.03, rx * 0.05), _EYE)
    if not fine:
        return
    nx, ny = on(0.06, -0.28, 1.08)
    if face.paint:
        pen.blob(nx, ny, rx * 0.22, rx * 0.22, rgb("#d8382e"))
    else:
        pen.blob(nx, ny, rx * 0.1, ry * 0.085, times(face.skin, 0.87))
    smile = 0.02 * math.sin(t * 0.7 + phase * 5)
    wide = 0.34 if face.paint else 0.24
    lip = rgb("#c8352e") if face.paint else mix(_LIP, face.skin, 0.1) if face.woman else mix(dark, _LIP, 0.4)
    thick = rx * (0.16 if face.paint else 0.09 if face.woman else 0.065)
    if face.beard in {"full", "long"}:
        lip = mix(_LIP, face.hair, 0.2)
    pen.limb(
        [on(-wide, -0.56 + smile), on(0, -0.65 - smile), on(wide, -0.56 + smile)],
        (thick * 0.5, thick, thick * 0.5),
        lip,
    )
    if face.beard in {"moustache", "full", "long", "goatee"}:
        hair = times(face.hair, 0.92)
        pen.limb([on(-0.42, -0.55), on(0, -0.42), on(0.42, -0.55)], (rx * 0.08, rx * 0.2, rx * 0.08), hair)
        if face.beard == "goatee":
            x, y = on(0, -0.88)
            pen.blob(x, y, rx * 0.22, ry * 0.22, hair)
