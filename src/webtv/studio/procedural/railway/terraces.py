"""Terraces: the backs of houses along a railway line, and roofs beyond them."""

from collections.abc import Callable

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.railway.strips import LAP, Strip
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.town.facades import NEON, STONE, panes


class Terraces:
    """Paints rows of houses.

    Args:
        stage: the stage.
        speed: of the train, 1 is ordinary, negative to the left.
        snow: whether it lies on the roofs.
        plant: paints a tree (brush, chance, x, y, height, distance).
    """

    def __init__(
        self,
        stage: Stage,
        speed: float,
        snow: bool,
        plant: Callable[[Brush, np.random.Generator, float, float, float, float], None],
    ) -> None:
        self.stage, self.light, self.speed, self.snow, self.plant = stage, stage.light, speed, snow, plant

    def houses(self, name: str, speed: float, base: float, scale: float, distance: float) -> Strip:
        """Backs of houses along the line: gables, chimneys, balconies, trees and walls between them."""
        place, light = self.stage.place(name), self.light
        strip = Strip(self.stage, speed * self.speed, base - 0.69 * scale)
        p = strip.plate
        walls = (*STONE, rgb("#b5765c"), rgb("#c9b48f"), rgb("#a89a94"))
        brush = Brush(p)
        x = 0.03
        plots: list[tuple[float, float]] = []
        # Far rows stand close: bare land between them reads as a hole in the town.
        gaps, widest, spare = (0.45, 0.22, 0.5) if distance < 0.2 else (0.2, 0.06, 0.15)
        while x < LAP - spare * scale:
            wide = scale * float(place.uniform(0.22, 0.42))
            plots.append((x, min(wide, LAP - 0.05 - x)))
            x += wide + (scale * float(place.uniform(0.04, widest)) if place.random() < gaps else 0.0)
        glass = mix(
            times(light.lit(rgb("#6b8299"), 0.5), 0.6), light.sky[-2], 0.25 * (1 - light.lamps) + 0.05
        )
        for x0, wide in plots:
            tall = scale * float(place.uniform(0.24, 0.46))
            hue = walls[int(place.integers(len(walls)))]
            wall = light.lit(times(hue, 0.55 + 0.4 * (1 - light.lamps)), 0.5)
            c0, c1 = int(x0 * p.scale), int((x0 + wide) * p.scale)
            r0, r1 = int((base - tall - p.y0) * p.scale), int((base - p.y0) * p.scale)
            pitch = (
                max(6, int(0.085 * scale * p.scale)),
                max(5, int(place.uniform(0.05, 0.07) * scale * p.scale)),
            )
            body = panes(r1 - r0, c1 - c0, pitch, place, 0.5 * light.lamps, wall, glass)
            across = np.linspace(1.1, 0.82, c1 - c0, dtype=np.float32)[None, :, None]
            brick = 1 + 0.05 * place.standard_normal((r1 - r0, c1 - c0, 1)).astype(np.float32)
            body = body * across * brick
            p.rgba[r0:r1, c0:c1, :3] = body + distance * (np.asarray(light.haze, np.float32) - body)
            p.rgba[r0:r1, c0:c1, 3] = 1
            self._crown(brush, place, x0, wide, base - tall, hue, distance)
            for k in range(1, int(tall / (0.085 * scale))):  # sills and floors cast fine lines
                y = base - tall + 0.085 * scale * k
                brush.line(
                    np.array(((x0, y), (x0 + wide, y))),
                    0.0022,
                    light.far(light.lit(times(hue, 0.62), 0.3), distance),
                )
            if (
                distance < 0.2 and place.random() < 0.35
            ):  # a lit sign of coloured bands on the wall, never letters
                neon = NEON[int(place.integers(len(NEON)))]
                sx = x0 + wide * float(place.uniform(0.15, 0.8))
                for k in range(4):
                    y = base - tall * 0.85 + 0.03 * k
                    brush.fill(
                        np.array(((sx, y), (sx + 0.035, y), (sx + 0.035, y + 0.016), (sx, y + 0.016))),
                        times(neon, 0.35 + 0.6 * light.lamps),
                    )
        for _ in range(26):
            tx = float(place.uniform(0.1, LAP - 0.1))
            self.plant(brush, place, tx, base + 0.01, scale * float(place.uniform(0.07, 0.2)), distance)
        brush.done()
        ground = light.lit(rgb("#4a4a50"), 0.3)
        p.fill(np.asarray(ground, np.float32), np.repeat(np.clip((p.y - base) * 60, 0, 1), p.shape[1], 1))
        return strip.finish(1.0)

    def _crown(
        self,
        brush: Brush,
        place: np.random.Generator,
        x: float,
        wide: float,
        top: float,
        hue: Colour,
        distance: float,
    ) -> None:
        """What a house ends in: a gable, a mansard or a flat roof with tanks and aerials."""
        light = self.light
        slate = (
            rgb("#e6ecf2")
            if self.snow
            else (rgb("#6a5a58"), rgb("#8a5040"), rgb("#565d68"))[int(place.integers(3))]
        )
        roof = light.far(light.lit(slate, 0.7), distance)
        shade = light.far(light.lit(times(slate, 0.7), 0.4), distance)
        if distance > 0.2:  # far away roofs are all that shows
            peak = top - float(place.uniform(0.1, 0.3)) * wide
            brush.fill(
                np.array(
                    (
                        (x - 0.006, top),
                        (x + wide * 0.25, peak),
                        (x + wide * 0.75, peak),
                        (x + wide + 0.006, top),
                    )
                ),
                roof,
            )
            return
        kind, end = float(place.random()), x + wide
        if kind < 0.4:
            peak = top - 0.3 * wide
            brush.fill(
                np.array(((x - 0.012, top), (x + wide / 2, peak), (end + 0.012, top))),
                light.lit(times(hue, 0.7), 0.45),
            )
            for a, b in ((x - 0.016, x + wide / 2), (end + 0.016, x + wide / 2)):
                brush.line(np.array(((a, top + 0.004), (b, peak - 0.004))), 0.013, roof)
            brush.blob(x + wide / 2, top - 0.1 * wide, 0.014, 0.014, light.lit(rgb("#3a4450"), 0.3))
        elif kind < 0.75:
            high = top - 0.075
            brush.fill(
                np.array(((x - 0.01, top), (x + 0.025, high), (end - 0.025, high), (end + 0.01, top))), roof
            )
            for k in range(int(wide / 0.1)):
                cx = x + 0.07 + 0.1 * k
                brush.fill(
                    np.array(
                        (
                            (cx, top - 0.012),
                            (cx, top - 0.05),
                            (cx + 0.018, top - 0.064),
                            (cx + 0.036, top - 0.05),
                            (cx + 0.036, top - 0.012),
                        )
                    ),
                    light.lit(times(hue, 0.9), 0.6),
                )
                pane = mix(
                    light.lit(rgb("#55697c"), 0.4), rgb("#ffd588"), light.lamps * float(place.random() < 0.5)
                )
                brush.fill(
                    np.array(
                        (
                            (cx + 0.008, top - 0.016),
                            (cx + 0.008, top - 0.046),
                            (cx + 0.028, top - 0.046),
                            (cx + 0.028, top - 0.016),
                        )
                    ),
                    pane,
                )
        else:
            brush.fill(
                np.array(
                    (
                        (x - 0.006, top),
                        (x - 0.006, top - 0.014),
                        (end + 0.006, top - 0.014),
                        (end + 0.006, top),
                    )
                ),
                roof,
            )
            cx = x + wide * float(place.uniform(0.2, 0.7))
            brush.fill(
                np.array(
                    ((cx, top - 0.012), (cx, top - 0.05), (cx + 0.05, top - 0.05), (cx + 0.05, top - 0.012))
                ),
                shade,
            )
        cx = x + wide * float(place.uniform(0.15, 0.8))
        brush.fill(
            np.array(
                ((cx, top + 0.02), (cx, top - 0.11), (cx + 0.024, top - 0.11), (cx + 0.024, top + 0.02))
            ),
            light.lit(rgb("#8d6a58"), 0.45),
        )
