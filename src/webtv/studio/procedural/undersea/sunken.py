"""Sunken: a wreck that the reef has taken over."""

import numpy as np

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Plate, Stage
from webtv.studio.procedural.undersea.corals import CoralPainter

_WOOD = rgb("#6f5a44")


def wreck(stage: Stage, light: Light, plate: Plate, x: float, y: float, size: float, distance: float) -> None:
    """Paint a wooden ship that lies broken on the floor, ``size`` world units from bow to break."""
    place = stage.place("wreck")
    side = stage.side("wreck")
    brush = Brush(plate)

    def tone(colour: Colour, shade: float) -> Colour:
        return light.far(light.lit(colour, shade), distance)

    tilt = 0.16
    c, s = np.cos(tilt), np.sin(tilt)

    def at(points: list[tuple[float, float]]) -> np.ndarray:
        p = np.asarray(points, np.float64) * size
        return np.stack((x + side * (p[:, 0] * c - p[:, 1] * s), y + p[:, 0] * s + p[:, 1] * c), 1)

    keel = [(-0.62, -0.42), (-0.52, -0.2), (-0.38, -0.02), (-0.1, 0.1), (0.25, 0.12), (0.36, 0.12)]
    rail = [
        (0.33, -0.2),
        (0.29, -0.17),
        (0.22, -0.25),
        (0.15, -0.2),
        (0.0, -0.24),
        (-0.3, -0.27),
        (-0.62, -0.42),
    ]
    brush.fill(at(keel + rail), tone(times(_WOOD, 0.62), 0.3))
    for k in range(7):  # planks
        u = (k + 0.5) / 7
        line = [
            (-0.6 + 0.12 * u, -0.4 + 0.1 * u),
            (-0.3, -0.26 + 0.3 * u),
            (0.02, -0.23 + 0.33 * u),
            (0.26, -0.2 + 0.31 * u),
        ]
        brush.line(at(line), size * 0.006, tone(times(_WOOD, 0.36), 0.15))
        if k % 2:
            brush.line(at([(px, py - 0.012) for px, py in line]), size * 0.005, tone(times(_WOOD, 1.05), 0.7))
    brush.line(at(rail[4:]), size * 0.03, tone(times(_WOOD, 0.95), 0.7))
    for px in (-0.4, -0.26, -0.12, 0.02):  # gun ports
        port = at([(px - 0.026, -0.155), (px + 0.026, -0.15), (px + 0.026, -0.1), (px - 0.026, -0.105)])
        brush.fill(port, tone(rgb("#10181c"), 0.05))
    for k in range(6):  # bare ribs beyond the break
        px = 0.36 + 0.085 * k
        high = 0.3 - 0.028 * k + float(place.uniform(-0.03, 0.03))
        rib = [
            (px - 0.03, 0.13),
            (px + 0.012, 0.0),
            (px + 0.03, 0.13 - high * 0.75),
            (px + 0.012, 0.13 - high),
        ]
        brush.line(at(rib), size * 0.017, tone(times(_WOOD, 0.7), 0.45))
    brush.line(at([(0.2, 0.12), (0.95, 0.15)]), size * 0.03, tone(times(_WOOD, 0.5), 0.25))
    # Masts, one whole, one broken, with what is left of the rigging.
    brush.line(at([(-0.2, -0.24), (-0.08, -0.98)]), size * 0.024, tone(times(_WOOD, 0.7), 0.5))
    brush.line(at([(-0.3, -0.72), (0.1, -0.66)]), size * 0.014, tone(times(_WOOD, 0.7), 0.5))
    brush.line(at([(0.12, -0.22), (0.17, -0.5)]), size * 0.024, tone(times(_WOOD, 0.7), 0.5))
    brush.line(at([(0.17, -0.48), (0.42, -0.26)]), size * 0.018, tone(times(_WOOD, 0.65), 0.4))
    brush.line(at([(-0.6, -0.42), (-0.92, -0.66)]), size * 0.018, tone(times(_WOOD, 0.7), 0.5))
    rope = tone(times(_WOOD, 0.45), 0.25)
    for a, b in (
        ((-0.09, -0.95), (-0.88, -0.63)),
        ((-0.09, -0.95), (0.16, -0.48)),
        ((-0.12, -0.72), (-0.5, -0.33)),
        ((-0.1, -0.8), (-0.02, -0.24)),
    ):
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + 0.05)
        brush.line(at([a, middle, b]), size * 0.005, rope)
    weed = tone(rgb("#5f7a3c"), 0.35)
    for _ in range(26):
        u = float(place.random())
        px, py = -0.62 + 0.95 * u, -0.4 + 0.2 * u
        long = float(place.uniform(0.02, 0.09))
        brush.line(at([(px, py), (px + 0.008, py + long * 0.5), (px - 0.004, py + long)]), size * 0.009, weed)
    painter = CoralPainter(brush, light, distance, place)
    for px, py, share in (
        (-0.5, -0.33, 0.07),
        (-0.2, -0.24, 0.06),
        (0.05, -0.21, 0.08),
        (0.3, -0.1, 0.06),
        (-0.32, -0.26, 0.05),
    ):
        spot = at([(px, py)])[0]
        painter.any(float(spot[0]), float(spot[1]), size * share)
    brush.done()
