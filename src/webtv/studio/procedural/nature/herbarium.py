"""A herbarium: how each kind of tree, palm, fern and bush grows."""

import math
from collections.abc import Callable

import numpy as np

from webtv.studio.procedural.nature.sketch import BARK, LEAF, OTHER, WHITE, Sketch, Specimen, curve
from webtv.studio.procedural.stage import Image

_SUN = np.array((0.6, 0.66, 0.46))


def _crown(
    sketch: Sketch,
    rng: np.random.Generator,
    centre: tuple[float, float],
    radii: tuple[float, float],
    clumps: int,
    size: float,
    leaf: float,
    flat: float = 0.8,
    trunk: float = 0.05,
    fork: float = 0.34,
    droop: float = 0.0,
) -> None:
    """A trunk that forks into limbs, and clumps of leaves at their ends, each lit as a ball of its own."""
    (cx, cy), (rx, ry) = centre, radii
    angle = np.arange(clumps) * 2.39996 + rng.uniform(0, 6.28)
    reach = np.sqrt((np.arange(clumps) + 0.5) / clumps) * rng.uniform(0.86, 1.06, clumps)
    px = cx + rx * reach * np.cos(angle)
    py = cy + ry * reach * np.sin(angle) * np.where(np.sin(angle) < 0, 0.8, 1.0)
    pz = np.sqrt(np.clip(1.05 - reach**2, 0, 1)) * np.where(rng.random(clumps) < 0.4, -1, 1)
    lean = float(rng.normal(0, 0.02))
    if trunk > 0:
        limbs = np.argsort(pz)[: max(4, clumps // 2)]
        for k in limbs:
            start = fork * float(rng.uniform(0.75, 1.25))
            end = (px[k], py[k])
            sketch.limb(
                curve([(lean * start, start), (0.35 * px[k], 0.55 * start + 0.5 * py[k]), end]),
                trunk * 0.42,
                trunk * 0.08,
                0.22,
            )
        base = np.array([(0, -0.02), (0, 0.02), (lean * 0.4, fork * 0.6), (lean, fork * 1.5), (cx * 0.6, cy)])
        sketch.limb(_soften(base), trunk, trunk * 0.25, 0.26)
        for side in (-1, 1):
            sketch.limb(
                curve(
                    [(side * trunk * 0.2, 0.06), (side * trunk * 0.45, 0.01), (side * trunk * 1.15, -0.015)]
                ),
                trunk * 0.4,
                trunk * 0.05,
                0.2 + 0.25 * (side > 0),
            )
    # Far clumps first, then from below to above: what is above shades what is below.
    for k in np.lexsort((py, pz > 0)):
        back = pz[k] < 0
        r = size * float(rng.uniform(0.75, 1.25))
        count = int((60 if back else 105) * (r / leaf / 7) ** 1.35)
        # A dark heart holds the clump together; only its rim lets the sky through.
        for _ in range(7):
            hx, hy = px[k] + r * float(rng.normal(0, 0.2)), py[k] + r * flat * float(rng.normal(-0.12, 0.2))
            sketch.dab(hx, hy, r * 0.42, r * 0.3, float(rng.uniform(0, 3.14)), 0.1 if back else 0.17, LEAF)
        a, q = rng.uniform(0, 2 * math.pi, count), np.sqrt(rng.random(count)) * rng.uniform(0.75, 1.12, count)
        dx, dy = q * np.cos(a), q * np.sin(a)
        dz = np.sqrt(np.clip(1.1 - q * q, 0, 1))
        own = dx * _SUN[0] + dy * _SUN[1] + dz * _SUN[2]
        whole = (px[k] - cx) / rx * _SUN[0] + (py[k] - cy) / ry * _SUN[1]
        tone = 0.3 + 0.42 * own + 0.24 * whole - (0.3 if back else 0.0) + rng.normal(0, 0.07, count)
        other = (rng.random(count) < 0.18) | (rng.random() < 0.2)
        order = np.argsort(tone + rng.normal(0, 0.12, count))
        middles = np.stack((px[k] + r * dx, py[k] + r * dy * flat - droop * r * q**2), 1)[order]
        grown, turn = rng.random((count, 2)).T
        sizes = leaf * (0.7 + 0.6 * grown)[:, None] * np.array((1, 0.55))
        sketch.dabs(middles, sizes, 3.14 * turn, tone[order], np.where(other[order], OTHER, LEAF))


def _soften(points: Image) -> Image:
    s = np.linspace(0, len(points) - 1, 24)
    k = np.arange(len(points))
    out = np.stack((np.interp(s, k, points[:, 0]), np.interp(s, k, points[:, 1])), 1)
    out[1:-1] = (out[:-2] + out[1:-1] + out[2:]) / 3
    return out


def _oak(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(1.14)
    wide, high = float(rng.uniform(0.32, 0.42)), float(rng.uniform(0.26, 0.31))
    _crown(
        sketch,
        rng,
        (float(rng.normal(0, 0.03)), 0.66),
        (wide, high),
        26,
        0.12,
        0.0085,
        trunk=0.062,
        fork=0.28,
    )
    return sketch.done()


def _beech(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(0.9)
    _crown(
        sketch,
        rng,
        (float(rng.normal(0, 0.02)), 0.64),
        (float(rng.uniform(0.22, 0.27)), 0.33),
        26,
        0.1,
        0.0078,
        trunk=0.04,
        fork=0.3,
    )
    return sketch.done()


def _timber(rng: np.random.Generator, snow: bool) -> Specimen:
    """A tree of the high forest: a long bare trunk under a deep crown."""
    sketch = Sketch(0.8)
    radii = (float(rng.uniform(0.25, 0.31)), 0.24)
    _crown(sketch, rng, (float(rng.normal(0, 0.02)), 0.76), radii, 24, 0.1, 0.0085, trunk=0.03, fork=0.5)
    return sketch.done()


def _birch(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(0.7)
    _crown(
        sketch,
        rng,
        (float(rng.normal(0, 0.02)), 0.62),
        (float(rng.uniform(0.14, 0.19)), 0.36),
        28,
        0.07,
        0.0062,
        trunk=0.026,
        fork=0.4,
        droop=0.7,
        flat=1.0,
    )
    return sketch.done()


def _poplar(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(0.42)
    _crown(
        sketch,
        rng,
        (0.0, 0.56),
        (float(rng.uniform(0.075, 0.1)), 0.42),
        30,
        0.062,
        0.0068,
        trunk=0.03,
        fork=0.12,
        flat=1.3,
    )
    return sketch.done()


def _scots(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(0.8)
    _crown(
        sketch,
        rng,
        (float(rng.normal(0, 0.04)), 0.79),
        (float(rng.uniform(0.18, 0.25)), 0.17),
        17,
        0.085,
        0.0068,
        trunk=0.034,
        fork=0.55,
        flat=0.5,
    )
    return sketch.done()


def _bush(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(2.0, 1.1)
    _crown(sketch, rng, (0.0, 0.45), (0.7, 0.42), 24, 0.25, 0.02, trunk=0.0)
    return sketch.done()


def _spruce(rng: np.random.Generator, snow: bool) -> Specimen:
    """Drooping boughs around a trunk, each hung with twigs; the far ones dark, the tips light."""
    sketch = Sketch(0.66)
    slim = float(rng.uniform(0.17, 0.27))
    sketch.limb(np.array([(0, -0.02), (0, 0.5), (0, 1.0)]), 0.036, 0.004, 0.2)
    levels = int(rng.integers(24, 30))
    bare = float(rng.uniform(0.05, 0.13))
    for k in range(levels):
        s = k / (levels - 1)
        y = bare + (0.985 - bare) * s
        full = slim * (1 - s) ** 0.82 * float(rng.uniform(0.82, 1.1)) + 0.01
        azimuth = np.sort(rng.uniform(0, 2 * math.pi, 12))
        for a in sorted(azimuth, key=math.sin):
            r = full * float(rng.uniform(0.72, 1.12))
            across, front = r * math.cos(a), math.sin(a)
            drop = r * (0.42 - 0.3 * s) + 0.16 * r * max(-0.6, front)
            line = curve([(0, y), (across * 0.55, y - 0.12 * drop), (across, y - drop)], 4 + int(70 * r))
            facing = 0.28 + 0.34 * math.cos(a) + 0.12 * front
            if front < -0.35:
                facing -= 0.16
            twig = 0.012 + 0.11 * r * (1 - 0.5 * s)
            for i, (x, yy) in enumerate(line[1:]):
                f = (i + 1) / (len(line) - 1)
                size = twig * (0.55 + 0.5 * math.sin(3.14 * min(1.0, f * 0.9))) * float(rng.uniform(0.7, 1.2))
                tone = facing + 0.2 * f + float(rng.normal(0, 0.06))
                hang = -1.25 + 0.55 * math.cos(a) * (0.4 + f)
                sketch.dab(
                    x,
                    yy - 0.4 * size,
                    size,
                    size * 0.3,
                    hang,
                    tone - 0.1,
                    OTHER if rng.random() < 0.15 else LEAF,
                )
                if snow and front > -0.5 and rng.random() < 0.9:
                    sketch.dab(
                        x,
                        yy + 0.003,
                        size * 0.75,
                        size * 0.26,
                        -0.55 * math.cos(a) * f,
                        0.62 + 0.34 * math.cos(a) + 0.1 * front,
                        WHITE,
                    )
                elif front > -0.2:
                    sketch.dab(x, yy - 0.1 * size, size * 0.6, size * 0.2, hang * 0.4, tone + 0.16, LEAF)
    return sketch.done()


def _bare(rng: np.random.Generator, snow: bool) -> Specimen:
    """A broadleaf tree in winter."""
    sketch = Sketch(1.0)

    def grow(x: float, y: float, turn: float, long: float, wide: float, depth: int) -> None:
        bend = turn + float(rng.normal(0, 0.12))
        end = (x + long * math.sin(bend), y + long * math.cos(bend))
        line = curve([(x, y), (x + 0.5 * long * math.sin(turn), y + 0.5 * long * math.cos(turn)), end], 6)
        sketch.limb(line, wide, wide * 0.66, 0.24 + 0.12 * (turn > 0))
        if snow and wide > 0.0025 and abs(turn) > 0.2:
            sketch.limb(line + np.array((0, wide * 0.45)), wide * 0.55, wide * 0.4, 0.7, WHITE)
        if depth == 0:
            return
        for side in (-1, 1) if depth < 6 else (-1, 0.1, 1):
            grow(
                *end,
                bend * 0.88 + side * float(rng.uniform(0.2, 0.55)),
                long * float(rng.uniform(0.66, 0.86)),
                wide * 0.66,
                depth - 1,
            )

    sketch.limb(np.array([(0, -0.02), (0, 0.15), (0.005, 0.3)]), 0.058, 0.042, 0.24)
    for side in (-1, 1):
        sketch.limb(
            curve([(side * 0.015, 0.05), (side * 0.03, 0.01), (side * 0.065, -0.015)]), 0.025, 0.004, 0.24
        )
    grow(0.005, 0.28, float(rng.normal(0, 0.06)), 0.17, 0.042, 7)
    return sketch.done()


def frond(
    sketch: Sketch,
    rng: np.random.Generator,
    line: Image,
    leaf: float,
    tone: float,
    many: int,
    slim: float = 0.1,
) -> None:
    """A midrib with leaflets on both sides, longest in the middle."""
    sketch.limb(line, 0.008 * leaf * 10, 0.002, tone, LEAF)
    n = len(line) - 1
    for i in range(many):
        f = (i + 1.5) / (many + 1.5)
        k = f * n
        x, y = np.interp(k, np.arange(n + 1), line[:, 0]), np.interp(k, np.arange(n + 1), line[:, 1])
        j = min(n - 1, int(k))
        along = math.atan2(line[j + 1, 1] - line[j, 1], line[j + 1, 0] - line[j, 0])
        long = leaf * (0.35 + 0.75 * math.sin(3.1 * (0.12 + 0.85 * f))) * float(rng.uniform(0.85, 1.15))
        for side in (-1, 1):
            turn = along + side * (0.95 - 0.35 * f)
            ex, ey = x + long * math.cos(turn), y + long * math.sin(turn) - 0.25 * long
            up = 0.16 * side * (1 if math.cos(along) > 0 else -1)
            wide = long * slim
            d = np.array((-(ey - y), ex - x)) / (math.hypot(ex - x, ey - y) + 1e-9) * wide
            mid = np.array(((x + ex) / 2, (y + ey) / 2 + 0.06 * long))
            sketch.fill(
                np.array([(x, y), mid + d, (ex, ey), mid - d]),
                tone + up + float(rng.normal(0, 0.05)),
                OTHER if rng.random() < 0.2 else LEAF,
            )


def _palm(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(1.5, 1.22)
    lean = float(rng.uniform(-0.3, 0.3))
    top = (lean, 0.78)
    trunk = curve([(0, -0.02), (-0.1 * lean, 0.4), top], 30)
    sketch.limb(trunk, 0.05, 0.026, 0.34)
    for i, (x, y) in enumerate(trunk[1:-1]):
        w = 0.024 - 0.011 * i / 28
        sketch.dab(x, y, w, 0.0035, float(rng.normal(0, 0.1)), 0.2, BARK)
        sketch.dab(x + w * 0.5, y + 0.006, w * 0.4, 0.004, 0.1, 0.72, BARK)
    for a in sorted(rng.uniform(0, 2 * math.pi, 17), key=math.sin):
        r = float(rng.uniform(0.38, 0.52))
        across, front = math.cos(a) * r, math.sin(a)
        rise = float(rng.uniform(0.08, 0.24)) * (1 - 0.4 * front)
        fall = float(rng.uniform(-0.1, 0.34)) + 0.12 * max(0.0, front)
        line = curve(
            [top, (top[0] + across * 0.5, top[1] + rise + 0.05), (top[0] + across, top[1] + 0.1 - fall)], 16
        )
        frond(sketch, rng, line, 0.13, 0.36 + 0.26 * math.cos(a) + 0.1 * front, 22, 0.06)
    for _ in range(5):
        sketch.dab(
            top[0] + float(rng.normal(0, 0.02)),
            top[1] - 0.02 + float(rng.normal(0, 0.01)),
            0.018,
            0.02,
            0,
            0.4,
            BARK,
        )
    return sketch.done()


def _fern(rng: np.random.Generator, snow: bool) -> Specimen:
    sketch = Sketch(2.1, 1.06)
    for a in sorted(rng.uniform(-1.35, 1.35, 11), key=lambda v: -abs(v) if rng.random() < 0.3 else abs(v)):
        r = float(rng.uniform(0.75, 1.0))
        end = (r * math.sin(a) * 0.95, max(0.12, r * (0.85 * math.cos(a) - 0.12)))
        line = curve([(0, 0), (0.3 * end[0], end[1] * 0.9 + 0.2), end], 14)
        frond(sketch, rng, line, 0.2, 0.4 + 0.2 * math.sin(a) + float(rng.normal(0, 0.08)), 17, 0.13)
    return sketch.done()


def _broad(rng: np.random.Generator, snow: bool) -> Specimen:
    """A jungle plant with large leaves on long stalks."""
    sketch = Sketch(1.9, 1.1)
    for a in sorted(rng.uniform(-1.25, 1.25, 10), key=lambda v: -abs(v)):
        r = float(rng.uniform(0.55, 0.95))
        x, y = r * math.sin(a) * 0.8, r * math.cos(a) * 0.85 + 0.05
        sketch.limb(curve([(0, 0), (0.2 * x, y * 0.8), (x, y)]), 0.025, 0.012, 0.3, LEAF)
        turn, long = math.pi / 2 - a * 1.5 + float(rng.normal(0, 0.2)), float(rng.uniform(0.2, 0.3))
        tone = 0.42 + 0.24 * math.sin(a) + float(rng.normal(0, 0.06))
        d, n = np.array((math.cos(turn), math.sin(turn))), np.array((-math.sin(turn), math.cos(turn)))
        s = np.linspace(0, 1, 14)[:, None]
        belly = np.sin(np.pi * s**0.7) * long * 0.42
        spine = np.array((x, y)) + d * (s - 0.15) * long * 1.6 - np.array((0, 0.2)) * long * s**2
        sketch.fill(np.concatenate((spine + n * belly, spine[::-1])), tone + 0.14, LEAF)
        sketch.fill(np.concatenate((spine - n * belly, spine[::-1])), tone - 0.08, LEAF)
        for f in (3, 5, 7, 9, 11):
            for side in (-1, 1):
                tip = spine[f] + side * n * belly[f] * 0.9 + d * 0.12 * long
                sketch.limb(np.array([spine[f], tip]), 0.006, 0.003, tone - 0.12, LEAF)
    return sketch.done()


def _bamboo(rng: np.random.Generator, snow: bool) -> Specimen:
    """One culm with its joints, and sprays of narrow leaves above."""
    sketch = Sketch(0.46)
    lean = float(rng.normal(0, 0.03))
    line = curve([(0, -0.02), (lean * 0.3, 0.5), (lean, 1.02)], 20)
    sketch.limb(line, 0.026, 0.016, 0.4, OTHER)
    joint = 0.05
    while joint < 1.0:
        x = float(np.interp(joint, line[:, 1], line[:, 0]))
        sketch.dab(x, joint, 0.0145, 0.0028, 0, 0.16, OTHER)
        sketch.dab(x, joint + 0.005, 0.0135, 0.0022, 0, 0.95, OTHER)
        joint += float(rng.uniform(0.062, 0.085))
    for _ in range(40):
        y = float(rng.uniform(0.42, 1.0))
        x = float(np.interp(y, line[:, 1], line[:, 0]))
        side = float(rng.choice((-1, 1)))
        r = float(rng.uniform(0.04, 0.16))
        end = (x + side * r, y + float(rng.uniform(-0.02, 0.05)))
        sketch.limb(np.array([(x, y), end]), 0.003, 0.0015, 0.3)
        for _ in range(9):
            f = float(rng.uniform(0.3, 1.05))
            lx, ly = x + (end[0] - x) * f, y + (end[1] - y) * f
            turn = -math.pi / 2 + side * float(rng.uniform(0.1, 1.1))
            long = float(rng.uniform(0.018, 0.034))
            sketch.dab(
                lx + long * math.cos(turn),
                ly + long * math.sin(turn),
                long,
                long * 0.16,
                turn,
                0.45 + 0.2 * side + float(rng.normal(0, 0.1)),
            )
    return sketch.done()


SPECIES: dict[str, Callable[[np.random.Generator, bool], Specimen]] = {
    "oak": _oak,
    "beech": _beech,
    "timber": _timber,
    "birch": _birch,
    "poplar": _poplar,
    "scots": _scots,
    "spruce": _spruce,
    "bare": _bare,
    "palm": _palm,
    "fern": _fern,
    "broad": _broad,
    "bamboo": _bamboo,
    "bush": _bush,
}
