"""Great buildings: a castle, a pagoda, a ruined abbey, a palace of domes; each stands at a point."""

import numpy as np

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.town.masonry import Mason

_STONES = ("#cdbd9f", "#b9b0a4", "#d6c4a8", "#c2ac90")
_SLATES = ("#4a5f86", "#8f4338", "#3f5f66", "#6a4a6f")
_FLAGS = ("#c8372d", "#e4b245", "#3a6fb8", "#2f9a66")


def castle(
    mason: Mason, rng: np.random.Generator, x: float, y: float, tall: float, accent: Colour | None = None
) -> None:
    """A castle of many towers that grows from its rock; y is where its walls begin."""
    stone = rgb(_STONES[int(rng.integers(len(_STONES)))])
    slate = accent or rgb(_SLATES[int(rng.integers(len(_SLATES)))])
    flags = [rgb(_FLAGS[int(k)]) for k in rng.permutation(len(_FLAGS))]
    side = float(rng.choice((-1.0, 1.0)))
    u = tall

    def at(s: float) -> float:
        return x + side * s * u

    # Behind: slender towers around the keep.
    mason.tower(at(-0.16), y, 0.05 * u, 0.66 * u, stone, slate, flags[0])
    mason.tower(at(0.3), y, 0.045 * u, 0.46 * u, stone, slate)
    mason.tower(at(0.1), y, 0.058 * u, 0.8 * u, stone, slate, flags[1])
    # The keep: a square house with a steep roof.
    left, right = min(at(-0.12), at(0.2)), max(at(-0.12), at(0.2))
    sunny = 0.82 if mason.sun > 0 else 0.3
    middle = left + (right - left) * (0.36 if mason.sun > 0 else 0.64)
    mason.block(left, middle, y, 0.42 * u, stone, 1.12 - sunny)
    mason.block(middle, right, y, 0.42 * u, stone, sunny)
    ridge = y - 0.62 * u
    eave = y - 0.415 * u
    mason.shape(
        [(left - 0.012 * u, eave), (left + 0.06 * u, ridge), (middle, ridge), (middle + 0.008 * u, eave)],
        slate,
        1.1 - sunny,
    )
    mason.shape(
        [(middle, eave), (middle, ridge), (right - 0.06 * u, ridge), (right + 0.012 * u, eave)], slate, sunny
    )
    for k in range(6):
        wx = left + (right - left) * (k + 0.5) / 6
        for level in (0.24, 0.34):
            mason.window(wx, y - level * u, 0.011 * u, 0.045 * u)
    for s, h in ((-0.3, 0.4), (0.42, 0.34)):
        mason.tower(
            at(s),
            y + 0.02 * u,
            0.055 * u,
            h * u,
            stone,
            slate if s < 0 else None,
            flags[2] if s > 0 else None,
        )
    # Curtain wall in steps down the hill, and the gate.
    for a, b, h, down in ((-0.52, -0.26, 0.17, 0.07), (-0.28, 0.3, 0.21, 0.045), (0.28, 0.62, 0.15, 0.085)):
        x0, x1 = sorted((at(a), at(b)))
        foot = y + down * u
        mason.block(x0, x1, foot + 0.05 * u, (h + 0.05) * u, stone, 0.66)
        mason.merlons(x0, x1, foot - h * u, 0.022 * u, stone, 0.72)
        for k in range(max(2, round((b - a) / 0.1))):
            wx = x0 + (x1 - x0) * (k + 0.5) / max(2, round((b - a) / 0.1))
            mason.window(wx, foot - h * 0.42 * u, 0.005 * u, 0.04 * u, arched=False)
    for s, h, down in ((-0.54, 0.26, 0.09), (0.63, 0.24, 0.11)):
        mason.tower(at(s), y + down * u, 0.062 * u, h * u, stone, None)
    gate = at(0.02)
    foot = y + 0.09 * u
    for d in (-1, 1):
        mason.tower(gate + d * 0.085 * u, foot + 0.02 * u, 0.044 * u, 0.27 * u, stone, slate)
    mason.block(gate - 0.07 * u, gate + 0.07 * u, foot + 0.02 * u, 0.22 * u, stone, 0.7)
    mason.merlons(gate - 0.06 * u, gate + 0.06 * u, foot - 0.2 * u, 0.02 * u, stone, 0.75)
    mason.brush.fill(
        np.array(Mason.arch(gate, foot + 0.02 * u, 0.036 * u, 0.12 * u, 0.3)), mason.tone(rgb("#4a3526"), 0.1)
    )
    mason.windows.append((gate, foot - 0.03 * u, 0.05 * u))


def _eave(mason: Mason, x: float, y: float, half: float, tall: float, top: float, tile: Colour) -> None:
    """One roof of a pagoda: hollow slopes, corners turned up, light along its edge."""
    curve = [(s, 1 - (1 - s) ** 0.5) for s in np.linspace(0, 1, 7)]
    left = [(x - top - (half - top) * (1 - s), y - tall * (s**1.7)) for s, _ in curve]
    right = [(2 * x - px, py) for px, py in left[::-1]]
    lift = tall * 0.3
    left[0] = (left[0][0] - half * 0.04, y - lift)
    right[-1] = (right[-1][0] + half * 0.04, y - lift)
    under = [
        (x + half * s, y + tall * 0.1 * (1 - s * s) - lift * abs(s) ** 5) for s in np.linspace(0.97, -0.97, 9)
    ]
    mason.shape([*left, *right, *under], tile, 0.35)
    turn = 0.25 * half * mason.sun
    facing = [*left, (x + turn * 0.4, y - tall), (x + turn, y + tall * 0.08)] if mason.sun < 0 else [
        (x + turn, y + tall * 0.08), (x + turn * 0.4, y - tall), *right
    ]  # fmt: skip
    mason.shape([*facing], tile, 0.85)
    edge = np.array(under)
    mason.brush.line(edge, tall * 0.1, mason.tone(times(tile, 0.55), 0.3))


def pagoda(
    mason: Mason, rng: np.random.Generator, x: float, y: float, tall: float, accent: Colour | None = None
) -> None:
    """A pagoda of five roofs on a stone terrace."""
    wood = accent or rgb("#b5402f")
    tile = rgb(("#4b5a5f", "#5a6a52", "#4f5470")[int(rng.integers(3))])
    plaster, stone = rgb("#efe3cc"), rgb("#a8a196")
    mason.block(x - 0.36 * tall, x + 0.36 * tall, y + 0.05 * tall, 0.07 * tall, stone, 0.6)
    mason.block(x - 0.29 * tall, x + 0.29 * tall, y, 0.035 * tall, stone, 0.8)
    for k in range(5):
        mason.block(
            x - 0.06 * tall,
            x + 0.06 * tall,
            y + (0.05 - 0.018 * k) * tall,
            0.016 * tall,
            stone,
            0.95 - 0.1 * (k % 2),
        )
    floor = y - 0.03 * tall
    for k in range(5):
        half = (0.2 - 0.026 * k) * tall
        body = (0.125 if k == 0 else 0.082 - 0.004 * k) * tall
        side = half * 0.2 * mason.sun
        mason.block(x - half, x + half, floor, body, plaster, 0.35)
        edge = x + half * mason.sun
        mason.block(min(x + side, edge), max(x + side, edge), floor, body, plaster, 0.9)
        for post in np.linspace(-1, 1, 7 - k % 2):
            px = x + post * half
            mason.block(
                px - 0.007 * tall,
                px + 0.007 * tall,
                floor,
                body,
                wood,
                0.4 + 0.4 * float(post * mason.sun > 0),
            )
        mason.block(x - half * 1.12, x + half * 1.12, floor, 0.012 * tall, wood, 0.6)
        mason.block(x - half, x + half, floor - body + 0.018 * tall, 0.018 * tall, wood, 0.5)
        for post in (-0.5, 0.0, 0.5) if k < 3 else (0.0,):
            mason.window(x + post * half, floor - body * 0.22, 0.018 * tall, body * 0.5, arched=k == 0)
        floor -= body - 0.004 * tall
        _eave(
            mason,
            x,
            floor,
            half * 1.62 + 0.02 * tall,
            0.072 * tall,
            (0.2 - 0.026 * (k + 1)) * tall * 0.9,
            tile,
        )
        floor -= 0.062 * tall
    gold = rgb("#d9ab4a")
    mason.turned(x, floor, [(0.03 * tall, 0), (0.012 * tall, 0.03 * tall), (0.004 * tall, 0.2 * tall)], gold)
    for k in range(6):
        mason.turned(
            x,
            floor - (0.045 + 0.022 * k) * tall,
            [((0.02 - 0.0022 * k) * tall, 0), ((0.02 - 0.0022 * k) * tall, 0.007 * tall)],
            gold,
        )


def stone_lantern(mason: Mason, x: float, y: float, tall: float) -> None:
    """A garden lantern with a light in it."""
    stone = rgb("#a39c90")
    t = tall
    mason.turned(
        x,
        y,
        [
            (0.24 * t, 0),
            (0.2 * t, 0.1 * t),
            (0.1 * t, 0.16 * t),
            (0.09 * t, 0.5 * t),
            (0.2 * t, 0.56 * t),
            (0.2 * t, 0.62 * t),
        ],
        stone,
    )
    mason.block(x - 0.13 * t, x + 0.13 * t, y - 0.62 * t, 0.17 * t, stone, 0.4)
    mason.window(x, y - 0.64 * t, 0.075 * t, 0.13 * t, arched=False)
    mason.turned(
        x,
        y - 0.78 * t,
        [
            (0.31 * t, 0),
            (0.12 * t, 0.12 * t),
            (0.05 * t, 0.16 * t),
            (0.07 * t, 0.2 * t),
            (0.01 * t, 0.28 * t),
        ],
        stone,
    )


def ruin(mason: Mason, rng: np.random.Generator, x: float, y: float, tall: float, leaf: Colour) -> None:
    """An abbey without its roof: a gable with a great window, an arcade that breaks off, ivy."""
    stone = rgb(("#b5a88f", "#a79f92", "#bda98c")[int(rng.integers(3))])
    side = float(rng.choice((-1.0, 1.0)))
    u = tall

    def ragged(x0: float, x1: float, low: float, high: float, steps: int) -> list[tuple[float, float]]:
        out = []
        for k in range(steps + 1):
            s = k / steps
            level = low + (high - low) * s + float(rng.uniform(-0.035, 0.035)) * u
            out += [(x0 + (x1 - x0) * s, y - level), (x0 + (x1 - x0) * min(1.0, s + 0.5 / steps), y - level)]
        return out

    # The gable, one shoulder gone.
    g0, g1 = x - 0.21 * u, x + 0.21 * u
    top = [(g0, y), (g0, y - 0.62 * u), *ragged(g0, x, 0.66 * u, 0.98 * u, 4), (x + 0.01 * u, y - u)]
    broken = ragged(x + 0.03 * u, g1, 0.9 * u, 0.6 * u, 5)
    mason.shape([*top, *broken, (g1, y)], stone, 0.62)
    for bx in (g0, g1):
        mason.block(
            bx - 0.035 * u, bx + 0.035 * u, y, 0.56 * u, stone, 0.78 if (bx - x) * mason.sun > 0 else 0.35
        )
    mason.cut(Mason.arch(x, y - 0.3 * u, 0.115 * u, 0.5 * u, 0.7))
    for s in (-0.042, 0.042):
        mason.block(x + s * u - 0.007 * u, x + s * u + 0.007 * u, y - 0.3 * u, 0.36 * u, stone, 0.7)
    ring = Mason.arch(x, y - 0.6 * u, 0.05 * u, 0.12 * u, 0.0)
    mason.brush.line(np.array(ring), 0.012 * u, mason.tone(stone, 0.7))
    mason.cut(Mason.arch(x, y, 0.055 * u, 0.2 * u, 0.6))
    # The arcade on one side, lower from bay to bay until only stumps stand.
    bays = 5
    for k in range(bays):
        x0 = x + side * (0.24 + 0.2 * k) * u
        x1 = x0 + side * 0.2 * u
        high = (0.5 - 0.045 * k + 0.03 * float(rng.normal())) * u
        if k == bays - 1:
            stump = x0 + side * 0.05 * u
            mason.block(min(x0, stump), max(x0, stump), y, 0.22 * u, stone, 0.6)
            break
        a, b = sorted((x0, x1))
        crown = ragged(a, b, high, high - 0.02 * u, 3)
        mason.shape([(a, y), *crown, (b, y)], stone, 0.6 + 0.06 * (k % 2))
        mason.cut(Mason.arch((a + b) / 2, y, 0.068 * u, min(0.36 * u, high * 0.84), 0.7))
        mason.block(a - 0.012 * u, a + 0.026 * u, y, high * 0.8, stone, 0.85 if mason.sun < 0 else 0.4)
    for _ in range(9):
        bx = x + float(rng.uniform(-0.5, 1.1)) * side * u
        size = float(rng.uniform(0.012, 0.035)) * u
        mason.shape(
            [
                (bx - size, y + 0.02 * u),
                (bx - 0.7 * size, y - size),
                (bx + 0.6 * size, y - 1.2 * size),
                (bx + 1.2 * size, y + 0.02 * u),
            ],
            stone,
            float(rng.uniform(0.4, 0.9)),
        )
    mason.ivy(rng, g0 + 0.04 * u, y - 0.62 * u, 0.12 * u, 0.5 * u, leaf)
    mason.ivy(rng, x + side * 0.44 * u, y - 0.46 * u, 0.1 * u, 0.36 * u, leaf)
    mason.ivy(rng, x + side * 0.85 * u, y - 0.34 * u, 0.08 * u, 0.3 * u, leaf)


def _onion(radius: float) -> list[tuple[float, float]]:
    r = radius
    shape = (
        (0.86, 0),
        (1.0, 0.22),
        (1.06, 0.5),
        (0.98, 0.85),
        (0.76, 1.18),
        (0.42, 1.5),
        (0.14, 1.78),
        (0.04, 2.0),
        (0.015, 2.45),
    )
    return [(a * r, b * r) for a, b in shape]


def palace(
    mason: Mason, rng: np.random.Generator, x: float, y: float, tall: float, accent: Colour | None = None
) -> None:
    """A palace of white stone: a great dome, four lesser ones, minarets, all in balance."""
    stone = accent or rgb(("#f1e9dc", "#ecdcc4", "#f0e2d8")[int(rng.integers(3))])
    dome = accent or rgb(("#f3ece0", "#5fa3b5", "#d9ab4a")[int(rng.integers(3))])
    u = tall
    for s in (-0.78, 0.78, -0.58, 0.58):
        high, r = (0.72, 0.026) if abs(s) > 0.7 else (0.6, 0.022)
        px, foot = x + s * u, y + (0.02 if abs(s) > 0.7 else 0) * u
        mason.turned(px, foot, [(r * 1.2 * u, 0), (r * u, 0.06 * u), (r * 0.78 * u, high * u)], stone)
        for level in (0.36, 0.7, 1.0):
            mason.turned(
                px,
                foot - high * level * u,
                [(r * 0.9 * u, 0), (r * 1.5 * u, 0.012 * u), (r * 1.5 * u, 0.026 * u)],
                stone,
            )
        mason.turned(px, foot - (high + 0.026) * u, [(a * 0.8, b * 0.8) for a, b in _onion(r * u)], dome)
    mason.block(x - 0.86 * u, x + 0.86 * u, y + 0.05 * u, 0.06 * u, times(stone, 0.95), 0.6)
    for s in (-0.25, 0.25):
        mason.turned(x + s * u, y - 0.34 * u, [(0.075 * u, 0), (0.075 * u, 0.07 * u)], stone)
        mason.turned(x + s * u, y - 0.41 * u, _onion(0.085 * u), dome)
    mason.turned(x, y - 0.36 * u, [(0.155 * u, 0), (0.155 * u, 0.12 * u)], stone)
    mason.turned(x, y - 0.48 * u, _onion(0.185 * u), dome)
    mason.block(x - 0.42 * u, x + 0.42 * u, y, 0.36 * u, stone, 0.62)
    for d in (-1, 1):
        a, b = sorted((x + d * 0.42 * u, x + d * 0.5 * u))
        mason.shape(
            [(a, y), (a, y - 0.36 * u + (0 if d > 0 else 0.01 * u)), (b, y - 0.36 * u), (b, y)],
            stone,
            0.9 if d * mason.sun > 0 else 0.25,
        )
    mason.block(x - 0.15 * u, x + 0.15 * u, y, 0.43 * u, stone, 0.78)
    shade = mason.tone(times(stone, 0.7), 0.05)
    mason.brush.fill(np.array(Mason.arch(x, y, 0.095 * u, 0.34 * u, 0.7)), shade)
    mason.window(x, y, 0.04 * u, 0.16 * u)
    for s in (-0.36, -0.25, 0.25, 0.36):
        for level in (0.02, 0.19):
            mason.brush.fill(np.array(Mason.arch(x + s * u, y - level * u, 0.038 * u, 0.13 * u, 0.7)), shade)
            mason.window(x + s * u, y - (level + 0.005) * u, 0.017 * u, 0.07 * u)
    mason.merlons(x - 0.42 * u, x + 0.42 * u, y - 0.36 * u, 0.012 * u, stone, 0.7)


def spread_of(kind: str) -> float:
    """How wide a building is for its height, from its middle to the farther side."""
    return {"castle": 0.72, "temple": 0.42, "ruin": 0.9, "palace": 0.88}.get(kind, 0.7)
