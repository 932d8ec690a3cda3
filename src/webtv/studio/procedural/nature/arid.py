"""What grows where it is dry and warm: acacias, palms, saguaros, scrub."""

import math

import numpy as np

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.pen import smooth
from webtv.studio.procedural.stage import Stage


def _tone(stage: Stage, colour: Colour, shade: float, distance: float) -> Colour:
    return stage.light.far(stage.light.lit(colour, shade), distance)


def _taper(brush: Brush, points: list[tuple[float, float]], low: float, high: float, ink: Colour) -> None:
    """A trunk or branch through points, its width from ``low`` to ``high``."""
    line = smooth(points, closed=False, steps=5)
    step = np.gradient(line, axis=0)
    normal = step[:, ::-1] * (-1.0, 1.0) / (np.hypot(step[:, 0], step[:, 1])[:, None] + 1e-9)
    wide = normal * np.linspace(low, high, len(line))[:, None] / 2
    brush.fill(np.concatenate((line + wide, (line - wide)[::-1])), ink)


def acacia(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    stage: Stage,
    distance: float = 0.0,
    sun: float = 1.0,
) -> None:
    """An umbrella thorn: a forked stem under flat tiers of leaves."""
    bark = _tone(stage, rgb("#54402f"), 0.25, distance)
    lean = float(rng.uniform(-0.12, 0.12)) * tall
    fork = (x + lean * 0.5, y - tall * 0.36)
    _taper(brush, [(x, y), (x + lean * 0.2, y - tall * 0.2), fork], tall * 0.07, tall * 0.04, bark)
    leaf = {"autumn": rgb("#8a7a36"), "winter": rgb("#7d7444")}.get(stage.spec.season, rgb("#66752f"))
    spread = tall * float(rng.uniform(0.5, 0.68))
    tiers = [
        (lean * 0.6 + spread * s, 0.8 + up, spread * w)
        for s, up, w in ((-0.5, -0.02, 0.6), (0.52, 0.03, 0.55), (0.0, 0.13, 0.78))
    ]
    for dx, up, _ in tiers:
        end = (x + dx, y - tall * (up - 0.03))
        bend = (fork[0] + 0.35 * (end[0] - fork[0]), fork[1] + 0.75 * (end[1] - fork[1]))
        _taper(brush, [fork, bend, end], tall * 0.034, tall * 0.014, bark)
    for dx, up, wide in tiers:
        cx, cy = x + dx, y - tall * up
        for layer, shade in ((0.03, 0.1), (0.0, 0.45), (-0.028, 0.95)):
            for _ in range(13):
                s = float(rng.uniform(-1, 1))
                high = tall * 0.032 * (1.15 - s * s)
                ink = _tone(stage, times(leaf, 0.62 + 0.45 * shade + 0.14 * s * sun), shade, distance)
                brush.blob(
                    cx + s * wide,
                    cy + tall * layer + high * float(rng.uniform(-0.6, 0.6)),
                    wide * 0.2,
                    high,
                    ink,
                )


def palm(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    stage: Stage,
    distance: float = 0.0,
    sun: float = 1.0,
) -> None:
    """A date palm: a ringed, leaning stem and a crown of feathers."""
    lean = float(rng.uniform(-0.22, 0.22)) * tall
    top = (x + lean, y - tall)
    stem = [(x, y), (x + lean * 0.25, y - tall * 0.4), (x + lean * 0.6, y - tall * 0.75), top]
    _taper(brush, stem, tall * 0.055, tall * 0.036, _tone(stage, rgb("#7a5f43"), 0.3, distance))
    lit = [(px + sun * tall * 0.009, py) for px, py in stem]
    _taper(brush, lit, tall * 0.02, tall * 0.012, _tone(stage, rgb("#a3835c"), 0.9, distance))
    leaf = rgb("#5f8038")
    fronds = 17
    # As many leaflets as can be told apart at this size.
    fine = int(np.clip(tall * brush.plate.scale / 14, 3, 13))
    for k in range(fronds):
        angle = math.pi * (k / (fronds - 1) * 1.3 - 0.15) + float(rng.uniform(-0.08, 0.08))
        reach = tall * float(rng.uniform(0.34, 0.46))
        ax, ay = math.cos(angle), math.sin(angle)
        tip = (top[0] + ax * reach, top[1] - ay * reach * 0.62 + reach * 0.42 * abs(ax) ** 1.5)
        middle = (top[0] + ax * reach * 0.55, top[1] - ay * reach * 0.6 - reach * 0.07)
        shade = 0.35 + 0.5 * max(0.0, ay) * (0.6 + 0.4 * sun * ax)
        ink = _tone(stage, times(leaf, 0.6 + 0.5 * shade), shade, distance)
        spine = smooth([top, middle, tip], closed=False, steps=fine)
        _taper(brush, [top, middle, tip], tall * 0.02, tall * 0.006, ink)
        for i in range(2, len(spine)):
            s = i / (len(spine) - 1)
            long = tall * 0.1 * math.sin(math.pi * (0.12 + 0.8 * s))
            px, py = spine[i]
            for lift in (-0.3, 0.95):
                end = (px + ax * long * 0.55, py + long * lift)
                brush.fill(
                    np.array([(px - ax * tall * 0.17 / fine, py), (px + ax * tall * 0.12 / fine, py), end]),
                    ink,
                )


def saguaro(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    stage: Stage,
    distance: float = 0.0,
    sun: float = 1.0,
) -> None:
    """A saguaro: a ribbed column and arms that turn up."""
    green = rgb("#5f7d4a")
    wide = tall * 0.15
    columns = [[(x, y), (x, y - tall)]]
    for side in (-1, 1):
        if rng.random() < 0.8:
            foot, out, up = (
                float(rng.uniform(a, b)) * tall for a, b in ((0.34, 0.55), (0.2, 0.27), (0.2, 0.38))
            )
            columns.append(
                [
                    (x, y - foot),
                    (x + side * out * 0.8, y - foot - tall * 0.01),
                    (x + side * out, y - foot - tall * 0.08),
                    (x + side * out, y - foot - up),
                ]
            )
    for k, column in enumerate(columns[1:] + columns[:1]):
        thick = wide * (0.66 if k < len(columns) - 1 else 1.0)
        for offset, share, shade in ((0.0, 1.0, 0.1), (0.13, 0.68, 0.5), (0.24, 0.36, 1.0)):
            ink = _tone(stage, times(green, 0.62 + 0.5 * shade), shade, distance)
            points = [(px + sun * offset * thick, py) for px, py in column]
            _taper(brush, points, thick * share, thick * share * 0.92, ink)
            end = points[-1]
            brush.blob(end[0], end[1], thick * share * 0.46, thick * share * 0.5, ink)
        for rib in (-0.3, -0.08, 0.14):
            ink = _tone(stage, times(green, 0.5), 0.15, distance)
            brush.line(
                np.array(
                    [
                        (column[-1][0] + rib * thick, column[-1][1]),
                        (column[-1][0] + rib * thick, column[max(0, len(column) - 2)][1]),
                    ]
                ),
                thick * 0.05,
                ink,
            )


def scrub(
    brush: Brush,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    stage: Stage,
    distance: float,
    leaf: Colour,
) -> None:
    """A low bush with its shadow."""
    brush.blob(x, y, tall * 1.1, tall * 0.16, _tone(stage, rgb("#6b4a38"), 0.15, distance))
    for k in range(16):
        s = k / 15
        dx, up = float(rng.normal(0, 0.42)) * tall, (0.15 + 0.7 * s * float(rng.random())) * tall
        ink = _tone(stage, times(leaf, 0.6 + 0.5 * s), 0.2 + 0.7 * s, distance)
        brush.blob(x + dx * (1.1 - 0.6 * s), y - up, tall * 0.26, tall * 0.17, ink)
