"""Crossings: bridges over a river, with their traffic as streams of light."""

import math

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.stage import Image, Stage


class Bridge:
    """A suspension bridge or a row of arches, from bank to bank, ``deck`` world units down."""

    def __init__(self, stage: Stage, deck: float, water: float, depth: float) -> None:
        self.stage, self.depth, self.deck = stage, depth, deck
        light = stage.light
        rng = stage.place("bridge")
        self.plate = stage.plate(depth, deck - 0.4, water + 0.01)
        brush = Brush(self.plate)
        steel = light.far(
            light.lit(rgb("#8a5a4c") if stage.chance("red bridge?") < 0.5 else rgb("#6f7884"), 0.55), 0.15
        )
        shade = light.far(light.lit(rgb("#4a4c56"), 0.25), 0.12)
        self.hung = stage.chance("hung?") < 0.6
        self.bulbs: list[tuple[float, float, Colour]] = []
        middle = float(rng.uniform(-0.25, 0.25))
        if self.hung:
            half, tall = 0.62, 0.24
            towers = (middle - half, middle + half)
            for tx in towers:
                for dx in (-0.017, 0.017):
                    brush.line(
                        np.array(((tx + dx, water + 0.01), (tx + dx * 0.7, deck - tall))), 0.011, steel
                    )
                for k in range(4):
                    rung = deck - tall + 0.012 + 0.062 * k
                    brush.line(np.array(((tx - 0.016, rung), (tx + 0.016, rung))), 0.007, steel)
                self.bulbs.append((tx, deck - tall - 0.008, rgb("#ff4030")))
            for a, b in (
                (middle - 2 * half, towers[0]),
                towers,
                (towers[1], middle + 2 * half),
                (middle - 3 * half, middle - 2 * half),
            ):
                x = np.linspace(a, b, 30)
                u = (x - a) / (b - a)
                rise: Image = u if b in towers else 1 - u
                y: Image = deck - 0.005 - (tall - 0.01) * rise**1.6
                if (a, b) == towers:
                    y = deck - 0.02 - (tall - 0.02) * (2 * u - 1) ** 2
                brush.line(np.stack((x, y), 1), 0.0048, steel)
                for k in range(2, 29, 2):
                    brush.line(np.array(((x[k], y[k]), (x[k], deck))), 0.0016, steel)
                self.bulbs += [(float(x[k]), float(y[k]), rgb("#ffe6b8")) for k in range(1, 29, 3)]
        else:
            for k in range(-5, 6):
                cx = middle + 0.36 * k
                turn = np.linspace(math.pi, 2 * math.pi, 24)
                high = water - deck - 0.012
                outer = np.stack((cx + 0.165 * np.cos(turn), water + high * np.sin(turn)), 1)
                brush.line(outer, 0.012, steel)
                for q in range(3, 22, 3):
                    brush.line(np.array(((outer[q, 0], outer[q, 1]), (outer[q, 0], deck))), 0.003, shade)
                brush.line(np.array(((cx + 0.18, deck), (cx + 0.18, water + 0.02))), 0.022, shade)
        brush.fill(
            np.array(((-9, deck - 0.004), (9, deck - 0.004), (9, deck + 0.012), (-9, deck + 0.012))), shade
        )
        brush.line(np.array(((-9.0, deck - 0.005), (9.0, deck - 0.005))), 0.004, steel)
        self.bulbs += [(float(x), deck - 0.022, rgb("#ffd9a0")) for x in np.arange(-1.8, 1.8, 0.085)]
        brush.done()
        self.cars = [
            (float(rng.uniform(-1.9, 1.9)), float(rng.choice((-1, 1))), float(rng.uniform(0.05, 0.085)))
            for _ in range(46)
        ]

    def draw(self, frame: Image, t: float) -> None:
        """Draw the bridge and who crosses it."""
        self.plate.show(frame, t)
        power = 0.25 + 0.75 * self.stage.light.lamps
        view = self.stage.view(t, self.depth)
        lamps = Lamps(frame)
        r = view.scale * 0.0032
        for x, y, colour in self.bulbs:
            lamps.spot(*view.at(x, y), r * 0.75, colour, 0.75 * self.stage.light.lamps)
        for x, way, speed in self.cars:
            at = (x + way * speed * t + 1.9) % 3.8 - 1.9
            colour = rgb("#fff0cf") if way < 0 else rgb("#ff4030")
            y = self.deck - (0.009 if way < 0 else 0.006)
            for k in range(3):  # a short streak
                lamps.spot(*view.at(at - way * 0.006 * k, y), r * 0.8, times(colour, 1 - 0.3 * k), power)
        lamps.add(0.55, 2.4, 0.9)
        if self.stage.light.lamps < 0.4:
            self._bodies(frame, t)

    def _bodies(self, frame: Image, t: float) -> None:
        """By day cars are small coloured dots on the deck."""
        view = self.stage.view(t, self.depth)
        hues = (rgb("#e8e6e0"), rgb("#b53a34"), rgb("#3a5f8f"), rgb("#3f4248"), rgb("#d8b04a"))
        w, h = max(2, round(view.scale * 0.014)), max(1, round(view.scale * 0.0055))
        for k, (x, way, speed) in enumerate(self.cars):
            px, py = view.at((x + way * speed * t + 1.9) % 3.8 - 1.9, self.deck - 0.0075)
            x0, y0 = int(px), int(py)
            if 0 <= x0 < frame.shape[1] - w and 0 <= y0 < frame.shape[0] - h:
                tone = self.stage.light.lit(mix(hues[k % 5], (1, 1, 1), 0.05), 0.8)
                frame[y0 : y0 + h, x0 : x0 + w] = tone
