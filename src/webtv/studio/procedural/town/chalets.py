"""Alpine houses large enough to look at: timber over stone, snow on the roof, warm windows; a church."""

from dataclasses import dataclass, field

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Stage

_TIMBER = tuple(rgb(c) for c in ("#8a5c3c", "#9c6f48", "#6f4a36", "#a8764a", "#7d5a48"))
_PLASTER = tuple(rgb(c) for c in ("#efe4d0", "#e6cfae", "#d9b8a0", "#e9e4da", "#c9d0cf"))
_SHUTTER = tuple(rgb(c) for c in ("#4f7a5a", "#a8483c", "#3f6480", "#7a5a3c"))
_SNOW = (1.04, 1.06, 1.1)


@dataclass(slots=True)
class Lit:
    """What of a house is alight or smokes, in world units.

    Attributes:
        windows: (x, y, size) of each lit window.
        chimney: (x, y) of its top, or None.
        door: (x, y) of the lamp at its door, or None.
    """

    windows: list[tuple[float, float, float]] = field(default_factory=list)
    chimney: tuple[float, float] | None = None
    door: tuple[float, float] | None = None


class _House:
    """Drawing in a house's own units: x to its sunny side, y up, one unit is its width."""

    def __init__(
        self, brush: Brush, stage: Stage, x: float, y: float, wide: float, side: float, distance: float
    ):
        self.brush, self.stage, self.at = brush, stage, np.array((x, y))
        self.wide, self.side, self.distance = wide, side, distance

    def tone(self, colour: Colour, shade: float) -> Colour:
        light = self.stage.light
        return light.far(light.lit(colour, shade), self.distance)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return float(self.at[0] + self.side * x * self.wide), float(self.at[1] - y * self.wide)

    def fill(self, points: list[tuple[float, float]], colour: Colour, shade: float) -> None:
        p = np.array(points) * (self.side, -1.0) * self.wide + self.at
        self.brush.fill(p, self.tone(colour, shade))

    def line(self, points: list[tuple[float, float]], wide: float, colour: Colour, shade: float) -> None:
        p = np.array(points) * (self.side, -1.0) * self.wide + self.at
        self.brush.line(p, wide * self.wide, self.tone(colour, shade))

    def window(
        self, lit: Lit, x: float, y: float, r: float, shutter: Colour | None, on: bool, bars: bool = True
    ) -> None:
        """A window with its frame, glass that glows, cross bars and shutters."""
        light = self.stage.light
        tall = r * 1.3
        frame = rgb("#efe6d6")
        self.fill(_box(x, y, r * 1.22, tall * 1.16), frame, 0.8)
        cold = light.far(mix(light.lit(rgb("#4f6170"), 0.4), light.sky[2], 0.25), self.distance)
        warm = mix(rgb("#ffd48a"), rgb("#ffb85c"), 0.3)
        power = light.lamps if on else 0.12 * light.lamps
        for low, high, glow in ((-1.0, 1.0, 0.82), (-0.7, 0.5, 1.0)):
            p = np.array(
                _box(x, y + tall * (low + high) / 2, r * (1.0 if low == -1 else 0.8), tall * (high - low) / 2)
            )
            p = p * (self.side, -1.0) * self.wide + self.at
            self.brush.fill(p, mix(cold, times(warm, glow), power))
        if bars and r * self.wide * self.brush.plate.scale > 2.2:
            self.line([(x, y - tall), (x, y + tall)], r * 0.2, frame, 0.6)
            self.line([(x - r, y + tall * 0.2), (x + r, y + tall * 0.2)], r * 0.2, frame, 0.6)
        if shutter is not None:
            for s in (-1, 1):
                self.fill(_box(x + s * r * 1.75, y, r * 0.48, tall * 1.1), shutter, 0.6)
                self.fill(_box(x + s * r * 1.75, y, r * 0.3, tall * 0.9), times(shutter, 0.8), 0.5)
        self.fill(_box(x, y - tall * 1.2, r * 1.4, r * 0.14), _SNOW, 0.9)
        if on:
            lit.windows.append((*self.point(x, y), r * self.wide))


def _box(x: float, y: float, half: float, tall: float) -> list[tuple[float, float]]:
    return [(x - half, y - tall), (x - half, y + tall), (x + half, y + tall), (x + half, y - tall)]


def _wavy(
    a: tuple[float, float], b: tuple[float, float], rng: np.random.Generator, deep: float
) -> list[tuple[float, float]]:
    """The lower edge of a blanket of snow between two points."""
    s = np.linspace(0, 1, 14)
    wave = (
        deep
        * (0.5 + 0.5 * np.sin(s * float(rng.uniform(9, 16)) + float(rng.uniform(0, 6))))
        * np.sin(np.pi * s) ** 0.4
    )
    return [(a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k - w) for k, w in zip(s, wave, strict=True)]


def chalet(
    brush: Brush,
    stage: Stage,
    rng: np.random.Generator,
    x: float,
    y: float,
    wide: float,
    distance: float,
    side: float,
    snow: bool = True,
) -> Lit:
    """A chalet ``wide`` world units wide standing at (x, y), its gable towards us.

    Args:
        brush: where to.
        stage: the stage.
        rng: source of chance.
        x: world x of the middle of its front.
        y: world height of its foot.
        wide: its width without the flank.
        distance: 0 near to 1 far.
        side: the side on which its flank is seen, -1 or 1.
        snow: whether snow lies on it.
    """
    house, lit = _House(brush, stage, x, y, wide, side, distance), Lit()
    timber = _TIMBER[int(rng.integers(len(_TIMBER)))]
    plaster = _PLASTER[int(rng.integers(len(_PLASTER)))]
    shutter = _SHUTTER[int(rng.integers(len(_SHUTTER)))]
    roof = rgb("#5a4038")
    storeys = 2 if rng.random() < 0.65 else 1
    base = 0.2 if storeys == 2 else 0.06
    eave = base + 0.26
    peak = eave + float(rng.uniform(0.3, 0.38))
    dx, dy = 0.34, 0.035  # how the flank recedes
    half, over = 0.5, 0.63
    big = wide * brush.plate.scale > 60
    # A shadow under it, then the flank.
    house.fill(
        [(-0.62, -0.03), (-0.56, 0.03), (0.9, 0.05), (1.02, -0.01)],
        times(_SNOW, 0.72) if snow else rgb("#4a5a34"),
        0.1,
    )
    house.fill([(half, 0), (half, eave), (half + dx, eave + dy), (half + dx, dy)], times(timber, 0.62), 0.3)
    house.fill(
        [(half, 0), (half, base), (half + dx, base + dy * 0.9), (half + dx, dy)], times(plaster, 0.66), 0.3
    )
    for wx in (0.28, 0.72):
        house.window(lit, half + dx * wx, base + 0.13 + dy * wx, 0.036, None, bool(rng.random() < 0.7), big)
    # The front.
    house.fill([(-half, 0), (-half, eave), (0, peak), (half, eave), (half, 0)], timber, 0.7)
    house.fill([(-half, 0), (-half, base), (half, base), (half, 0)], plaster, 0.75)
    if big:
        for k in range(13):
            level = base + 0.035 * (k + 0.6)
            room = half * min(1.0, (peak - level) / (peak - eave))
            if room > 0.02:
                house.line([(-room, level), (room, level)], 0.006, times(timber, 0.72), 0.4)
    # Under the eaves it is dark.
    house.fill(
        [(-half, eave), (0, peak), (half, eave), (half, eave - 0.05), (0, peak - 0.07), (-half, eave - 0.05)],
        times(timber, 0.5),
        0.25,
    )
    if storeys == 2:
        door = float(rng.choice((-0.28, 0.0, 0.27)))
        house.fill(_box(door, 0.075, 0.058, 0.078), times(timber, 0.62), 0.5)
        house.fill(_box(door, 0.072, 0.044, 0.068), mix(shutter, timber, 0.4), 0.6)
        lit.door = house.point(door + 0.085, 0.15)
        for wx in (-0.3, -0.02, 0.28):
            if abs(wx - door) > 0.15:
                house.window(lit, wx, 0.1, 0.05, None, bool(rng.random() < 0.8), big)
        for wx in (-0.27, 0.0, 0.27):
            house.window(lit, wx, base + 0.17, 0.045, shutter, bool(rng.random() < 0.75), big)
        rail = base + 0.015
        house.fill(_box(0, rail - 0.012, 0.55, 0.014), times(timber, 0.5), 0.4)
        house.fill(_box(0, rail + 0.05, 0.55, 0.012), times(timber, 0.8), 0.8)
        for px in np.linspace(-0.53, 0.53, 19 if big else 7):
            house.line([(px, rail), (px, rail + 0.05)], 0.012, times(timber, 0.68), 0.6)
        if snow:
            house.fill(
                [
                    *_wavy((-0.56, rail + 0.062), (0.56, rail + 0.062), rng, 0.012),
                    (0.56, rail + 0.085),
                    (-0.56, rail + 0.085),
                ],
                _SNOW,
                0.9,
            )
    else:
        for wx in (-0.27, 0.27):
            house.window(lit, wx, base + 0.13, 0.055, shutter, bool(rng.random() < 0.85), big)
        house.fill(_box(0.0, 0.085, 0.06, 0.088), times(timber, 0.5), 0.5)
        lit.door = house.point(0.09, 0.16)
    house.window(lit, 0.0, eave + 0.14, 0.04, None, bool(rng.random() < 0.6), big)
    # The roof: its flank, the verge along the gable, and snow as a thick soft blanket.
    foot = eave - (over - half) * (peak - eave) / half
    top, low = (0.0, peak + 0.03), (over, foot + 0.03)
    house.fill([top, low, (over + dx, foot + 0.03 + dy), (dx, peak + 0.03 + dy)], roof, 0.6)
    verge = [
        (-over, foot),
        (0, peak),
        (over, foot),
        (over, foot + 0.045),
        (0, peak + 0.05),
        (-over, foot + 0.045),
    ]
    cx = 0.26 + dx * 0.4
    house.fill(_box(cx, peak + 0.0, 0.045, 0.14), rgb("#9a7564"), 0.6)
    house.fill(_box(cx + 0.025, peak + 0.0, 0.02, 0.14), rgb("#6f5448"), 0.4)
    if snow:
        thick = float(rng.uniform(0.055, 0.085))
        house.fill(
            [
                (0.0, peak + 0.04 + thick),
                (over, foot + 0.03 + thick),
                *_wavy((over, foot + 0.02), (over + dx, foot + 0.02 + dy), rng, 0.03),
                (over + dx, foot + 0.03 + thick + dy),
                (dx, peak + 0.04 + thick + dy),
            ],
            _SNOW,
            0.98,
        )
        house.fill(
            [
                (over, foot + 0.03 + thick * 0.7),
                *_wavy((over, foot + 0.02), (over + dx, foot + 0.02 + dy), rng, 0.03),
                (over + dx, foot + 0.03 + thick * 0.7 + dy),
            ],
            times(_SNOW, (0.86, 0.9, 0.98)),
            0.6,
        )
        house.fill(verge, times(roof, 0.8), 0.5)
        left = _wavy((-over - 0.02, foot + 0.03), (0, peak + 0.035), rng, 0.018)
        right = _wavy((0, peak + 0.035), (over + 0.02, foot + 0.03), rng, 0.018)
        house.fill(
            [
                *left,
                *right,
                (over + 0.025, foot + 0.03 + thick),
                (0, peak + 0.045 + thick * 1.15),
                (-over - 0.025, foot + 0.03 + thick),
            ],
            times(_SNOW, (0.93, 0.95, 0.99)),
            0.8,
        )
        house.fill(_box(cx, peak + 0.155, 0.055, 0.022), _SNOW, 0.95)
        if big:
            for k in range(int(rng.integers(7, 13))):
                px = over + dx * (k + 0.5) / 13 + float(rng.normal(0, 0.004))
                length = float(rng.uniform(0.015, 0.05))
                py = foot + 0.02 + dy * (px - over) / dx
                house.fill([(px - 0.005, py), (px, py - length), (px + 0.005, py)], (0.9, 0.97, 1.05), 0.9)
    else:
        house.fill(verge, times(roof, 1.15), 0.7)
    lit.chimney = house.point(cx, peak + 0.18)
    return lit


def church(
    brush: Brush,
    stage: Stage,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    distance: float,
    side: float,
    snow: bool = True,
) -> Lit:
    """A village church ``tall`` world units high to the tip of its spire."""
    house, lit = _House(brush, stage, x, y, tall * 0.55, side, distance), Lit()
    wall, roof = rgb("#eee6d8"), rgb("#5d4a48")
    house.fill([(0.1, 0), (0.1, 0.5), (0.85, 0.5), (0.85, 0)], times(wall, 0.82), 0.5)
    house.fill([(0.05, 0.48), (0.2, 0.82), (0.8, 0.82), (0.92, 0.48)], _SNOW if snow else roof, 0.9)
    if snow:
        house.fill(
            [(0.05, 0.48), (0.92, 0.48), (0.9, 0.53), (0.07, 0.53)], times(_SNOW, (0.84, 0.89, 0.98)), 0.5
        )
    for wx in (0.36, 0.54, 0.72):
        house.window(lit, wx, 0.25, 0.045, None, True, False)
    house.fill([(-0.17, 0), (-0.17, 1.06), (0.17, 1.06), (0.17, 0)], wall, 0.85)
    house.fill([(0.05, 0), (0.05, 1.06), (0.17, 1.06), (0.17, 0)], times(wall, 0.8), 0.45)
    for wy in (0.42, 0.88):
        house.window(lit, -0.03, wy, 0.04, None, True, False)
    house.fill([(-0.2, 1.04), (-0.2, 1.09), (0.2, 1.09), (0.2, 1.04)], times(wall, 0.9), 0.7)
    house.fill([(-0.2, 1.08), (-0.07, 1.24), (0, 1.78), (0.07, 1.24), (0.2, 1.08)], roof, 0.6)
    house.fill([(0.02, 1.08), (0.03, 1.24), (0, 1.78), (0.07, 1.24), (0.2, 1.08)], times(roof, 0.66), 0.3)
    if snow:
        house.fill([(-0.2, 1.08), (-0.07, 1.24), (-0.005, 1.7), (-0.02, 1.25), (-0.04, 1.1)], _SNOW, 0.9)
    house.line([(0, 1.76), (0, 1.87)], 0.014, rgb("#c9a24c"), 0.9)
    house.line([(-0.035, 1.83), (0.035, 1.83)], 0.014, rgb("#c9a24c"), 0.9)
    return lit
