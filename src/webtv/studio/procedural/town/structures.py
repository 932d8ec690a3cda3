"""Small buildings: cottages, barns, a church, with windows that glow at night."""

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Stage

_WALLS = tuple(rgb(c) for c in ("#e8d9bd", "#d8c3a4", "#c9a58a", "#e6e0d2", "#b98f74"))
_ROOFS = tuple(rgb(c) for c in ("#a4513a", "#7d4a3c", "#5f5a5c", "#8a5f45", "#6a4540"))


def cottage(
    brush: Brush,
    stage: Stage,
    rng: np.random.Generator,
    x: float,
    y: float,
    tall: float,
    distance: float,
    snow: float = 0.0,
    steeple: bool = False,
    finish: bool = True,
) -> list[tuple[float, float]]:
    """A cottage ``tall`` world units high standing at (x, y); returns its windows, then its chimney."""
    light = stage.light

    def tone(colour: Colour, shade: float) -> Colour:
        return light.far(light.lit(colour, shade), distance)

    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    roof = _ROOFS[int(rng.integers(len(_ROOFS)))]
    wide = tall * float(rng.uniform(0.95, 1.35))
    eave, half = tall * 0.48, wide / 2
    side = float(rng.choice((-1.0, 1.0)))
    gable = wide * 0.42
    gx = x + side * (half - gable / 2)
    brush.fill(
        np.array([(x - half, y), (x - half, y - eave), (x + half, y - eave), (x + half, y)]), tone(wall, 0.75)
    )
    brush.fill(
        np.array(
            [
                (gx - gable / 2, y),
                (gx - gable / 2, y - eave),
                (gx, y - tall),
                (gx + gable / 2, y - eave),
                (gx + gable / 2, y),
            ]
        ),
        tone(times(wall, 0.9), 0.35),
    )
    far_edge = x - side * half
    ridge = np.array(
        [
            (gx, y - tall * 1.03),
            (far_edge + side * gable * 0.1, y - tall * 1.03),
            (far_edge - side * tall * 0.05, y - eave * 0.95),
            (gx - side * gable * 0.54, y - eave * 0.95),
        ]
    )
    brush.fill(ridge, tone(roof, 0.75))
    trim = np.array(
        [
            (gx, y - tall * 1.05),
            (gx + side * gable * 0.57, y - eave * 0.94),
            (gx + side * gable * 0.5, y - eave * 0.9),
            (gx, y - tall * 0.97),
            (gx - side * gable * 0.5, y - eave * 0.9),
            (gx - side * gable * 0.57, y - eave * 0.94),
        ]
    )
    brush.fill(trim, tone(times(roof, 0.8), 0.5))
    cx = far_edge + side * wide * 0.22
    brush.fill(
        np.array(
            [
                (cx - tall * 0.05, y - tall * 0.95),
                (cx - tall * 0.05, y - tall * 1.24),
                (cx + tall * 0.05, y - tall * 1.24),
                (cx + tall * 0.05, y - tall * 0.95),
            ]
        ),
        tone(rgb("#8d6a58"), 0.5),
    )
    if snow > 0:
        white = tone(rgb("#f2f6fb"), 0.95)
        brush.fill(ridge * np.array([1.0, 1.0]) - np.array([0, tall * 0.035]), white)
        cap = trim - np.array([0, tall * 0.03])
        brush.fill(cap, tone(rgb("#dfe8f4"), 0.7))
        brush.blob(cx, y - tall * 1.25, tall * 0.07, tall * 0.035, white)
    glass = mix(light.lit(rgb("#51606e"), 0.4), rgb("#ffd588"), light.lamps)
    glass = mix(glass, light.haze, distance * 0.3 * (1 - light.lamps))
    windows = []
    spots = [(gx, y - eave * 0.62, 0.075), (gx, y - tall * 0.72, 0.05)]
    spots += [(x - side * wide * f, y - eave * 0.55, 0.07) for f in (0.02, 0.3)]
    for wx, wy, size in spots:
        r = size * tall
        brush.fill(
            np.array(
                [
                    (wx - r * 1.2, wy - r * 1.35),
                    (wx + r * 1.2, wy - r * 1.35),
                    (wx + r * 1.2, wy + r * 1.35),
                    (wx - r * 1.2, wy + r * 1.35),
                ]
            ),
            tone(rgb("#f4ecdc"), 0.8),
        )
        brush.fill(
            np.array(
                [
                    (wx - r, wy - r * 1.15),
                    (wx + r, wy - r * 1.15),
                    (wx + r, wy + r * 1.15),
                    (wx - r, wy + r * 1.15),
                ]
            ),
            glass,
        )
        brush.line(np.array([(wx, wy - r * 1.15), (wx, wy + r * 1.15)]), r * 0.18, tone(rgb("#f4ecdc"), 0.7))
        brush.line(np.array([(wx - r, wy), (wx + r, wy)]), r * 0.18, tone(rgb("#f4ecdc"), 0.7))
        windows.append((wx, wy))
    if steeple:
        sx, w = x - side * half * 0.9, tall * 0.2
        brush.fill(
            np.array([(sx - w, y), (sx - w, y - tall * 1.5), (sx + w, y - tall * 1.5), (sx + w, y)]),
            tone(times(wall, 0.97), 0.7),
        )
        brush.fill(
            np.array(
                [(sx - w * 1.15, y - tall * 1.48), (sx, y - tall * 2.5), (sx + w * 1.15, y - tall * 1.48)]
            ),
            tone(times(roof, 0.85), 0.55),
        )
        if snow > 0:
            brush.fill(
                np.array(
                    [
                        (sx - w * 1.1, y - tall * 1.5),
                        (sx - w * 0.1, y - tall * 2.45),
                        (sx + w * 0.1, y - tall * 2.3),
                    ]
                ),
                tone(rgb("#eef3fa"), 0.85),
            )
        brush.blob(sx, y - tall * 1.2, w * 0.4, w * 0.5, glass)
        windows.append((sx, y - tall * 1.2))
    if finish:
        brush.done()
    return [*windows, (cx, y - tall * 1.26)]
