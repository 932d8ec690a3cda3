"""Lineside: what passes a train window; strips that scroll and repeat, painted once."""

import math
from collections.abc import Callable

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import LEAVES, Brush, broadleaf, conifer, plant, shade, tints
from webtv.studio.procedural.nature.terrain import ground_colour
from webtv.studio.procedural.railway.patchwork import REACH, Patchwork
from webtv.studio.procedural.railway.strips import LAP, Strip, grain
from webtv.studio.procedural.railway.terraces import Terraces
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.town.facades import skyline
from webtv.studio.procedural.town.structures import cottage


class Lineside:
    """Paints the strips of one journey: ``valley``, ``fields``, ``coast``, ``town``, ``forest``."""

    def __init__(self, stage: Stage, speed: float) -> None:
        self.stage, self.light, self.speed = stage, stage.light, speed
        spec = stage.spec
        self.snow = spec.weather == "snow" or (spec.season == "winter" and stage.chance("snow lies?") < 0.6)
        base = ground_colour(stage)
        self.ground: Colour = mix(base, rgb("#eef3f8"), 0.85) if self.snow else base
        self.leaves = [rgb(c) for c in LEAVES[spec.season]]
        if self.snow:
            self.leaves = [mix(c, rgb("#e8eef4"), 0.35) for c in self.leaves]

    def _wave(self, x: Image, phases: Image, counts: range, power: float = 1.0) -> Image:
        """A sum of waves that closes with the strip, -1..1."""
        a = 2 * math.pi * x / LAP
        total = sum(1 / n**power for n in counts)
        return np.asarray(sum(np.sin(a * n + phases[n]) / n**power for n in counts) / total, np.float32)

    def ridge(
        self,
        name: str,
        speed: float,
        level: float,
        rise: float,
        distance: float,
        peaks: bool = False,
        bottom: float = 1.02,
    ) -> Strip:
        """Hills or mountains far away."""
        place = self.stage.place("ridge " + name)
        strip = Strip(self.stage, speed * self.speed, max(0.02, level - rise * 1.3 - 0.05), bottom)
        p = strip.plate
        x = p.x[0]
        phases = place.uniform(0, 6.28, 40)
        if peaks:
            # Ridged waves: sharp where a smooth one would pass through nought.
            large, middle, small = (
                1 - 2.2 * np.abs(self._wave(x, np.roll(phases, k), counts, 0.7))
                for k, counts in enumerate((range(2, 6), range(5, 14), range(13, 36)))
            )
            shape = 0.22 + 0.56 * large + 0.3 * middle * np.clip(0.3 + large, 0.2, 1) + 0.09 * small
        else:
            shape = 0.5 + 0.6 * self._wave(x, phases, range(1, 9))
        ridge = (level - rise * np.clip(shape, 0, 1.4)).astype(np.float32)
        hue = mix(self.ground, rgb("#5a7470"), 0.35 + 0.3 * distance) if not peaks else rgb("#6a7484")
        tone = self.light.far(self.light.lit(hue, 0.5), distance)
        down = (p.y - ridge[None, :]) / rise
        below = np.clip(down, 0, 1)[..., None]
        body = np.asarray(tone, np.float32) * (1.06 - 0.16 * below)
        if peaks:  # faces towards the sun are lighter; snow lies on the tops
            rock = grain(p.shape, place, 5, 6) - 0.5
            # Faces fall from the crest; arêtes of the rock break them up.
            rows, columns = p.shape
            aside = 0.16 * rise * p.scale * rock * np.clip(1 + down, 0, 2)
            carved = self._carved(place, rock, p.scale)
            at = np.mod(np.arange(columns, dtype=np.float32)[None, :] + aside, columns - 1)
            steep = np.gradient(np.pad(ridge, 16, mode="wrap")) * p.scale
            crest = cv2.GaussianBlur(steep[None].astype(np.float32), (0, 0), 3.0)[:, 16:-16]
            slope = cv2.remap(
                crest, at.astype(np.float32), np.zeros((rows, columns), np.float32), cv2.INTER_LINEAR
            )
            facing = np.clip(0.5 + 0.5 * np.tanh(slope * 0.8 + carved), 0, 1)
            snow = noise.smoothstep(0.62, 0.2, down + 0.9 * rock)
            white = np.asarray(
                self.light.far(self.light.lit(rgb("#f4f6fa"), 0.9), distance * 0.8), np.float32
            )
            body = body * (0.76 + 0.4 * facing)[..., None]
            body = body + (snow * (0.55 + 0.45 * facing))[..., None] * (white - body)
        veil = 0.75 * below**1.5 if peaks else 0.45 * below
        body = body + veil * (np.asarray(self.light.haze, np.float32) - body)
        p.fill(body.astype(np.float32), p.edge(ridge))
        if not peaks:
            brush = Brush(p)
            for _ in range(round(26 * (1 - distance) + 8)):  # copses and lone trees
                centre, deep = float(place.uniform(0.2, LAP - 0.2)), float(place.uniform(0.003, 0.03))
                for _ in range(int(place.integers(1, 7))):
                    tx = centre + float(place.normal(0, 0.022))
                    ty = float(np.interp(tx, x, ridge)) + deep + float(place.uniform(0, 0.004))
                    tall = float(place.uniform(0.02, 0.036)) * (1.5 - distance)
                    self._tree(brush, place, tx, ty, tall, min(0.9, 0.12 + distance * 0.9))
            brush.done()
        return strip.finish()

    @staticmethod
    def _carved(place: np.random.Generator, rock: Image, scale: float) -> Image:
        """How far rock turns aside from its face, about -2..2, positive to the left; float32[h, w].

        Args:
            place: chance of the range.
            rock: what bends the furrows, float32[h, w], about nought.
            scale: pixels per world unit.
        """
        rows, columns = rock.shape
        low = grain((rows * 2 // 5, columns), place, 4, 5)  # drawn out downhill, as water cuts it
        spur = 1 - np.abs(2 * cv2.resize(low, (columns, rows), interpolation=cv2.INTER_CUBIC) - 1)
        across = np.mod(np.arange(columns, dtype=np.float32)[None, :] + 0.09 * scale * rock, columns - 1)
        down = np.repeat(np.arange(rows, dtype=np.float32)[:, None], columns, 1)
        bent = cv2.remap(spur.astype(np.float32), across.astype(np.float32), down, cv2.INTER_LINEAR)
        round_ = cv2.copyMakeBorder(bent, 0, 0, 16, 16, cv2.BORDER_WRAP)
        slope = cv2.Sobel(cv2.GaussianBlur(round_, (0, 0), scale / 460), cv2.CV_32F, 1, 0, ksize=3)
        return np.asarray(slope[:, 16:-16] * (scale / 30), np.float32)

    def _tree(
        self, brush: Brush, place: np.random.Generator, x: float, y: float, tall: float, distance: float
    ) -> None:
        leaf = times(self.leaves[int(place.integers(len(self.leaves)))], 0.85)
        kind = float(place.random())
        if kind < 0.3:  # spruces stay green
            green = mix(rgb("#4f6f48"), leaf, 0.25)
            conifer(brush, place, x, y, tall, green, 0.55, self.stage, distance, 0.8 if self.snow else 0.0)
        elif self.snow:
            bare = tints(self.stage, leaf, leaf, 0.55, distance)
            plant(brush, place, "bare", x, y, tall, bare, True)
        else:
            species = "poplar" if kind < 0.38 else "beech" if kind < 0.65 else "oak"
            broadleaf(brush, place, x, y, tall, leaf, 0.55, self.stage, distance, species=species)

    def _bush(
        self, brush: Brush, place: np.random.Generator, x: float, y: float, tall: float, distance: float
    ) -> None:
        leaf = times(self.leaves[int(place.integers(len(self.leaves)))], 0.8)
        leaf = mix(rgb("#9aa8a8"), self.ground, 0.4) if self.snow else mix(leaf, self.ground, 0.3)
        colours = tints(self.stage, leaf, mix(leaf, rgb("#5f7a48"), 0.3), 0.5, distance)
        plant(brush, place, "bush", x, y, tall, colours)

    def _foot(
        self, brush: Brush, place: np.random.Generator, x: float, y: float, half: float, distance: float
    ) -> None:
        """Grass before a wall, highest in the middle, dark where it meets the wall."""
        light, n = self.light, 60
        u = np.linspace(-1, 1, n)
        for high, colour, bright in (
            (1.0, times(self.ground, 0.42), 0.25),
            (0.6, times(self.ground, 0.8), 0.5),
        ):
            blades = half * 0.1 * high * np.sqrt(1 - u * u) * place.uniform(0.35, 1.0, n)
            top = np.stack((x + half * u, y - blades), 1)
            rim = np.stack((x + half * u[::-1], y + half * 0.07 * np.sqrt(1 - u * u)), 1)
            brush.fill(np.concatenate((top, rim)), light.far(light.lit(colour, bright), distance))

    def fields(self, speed: float, level: float) -> Strip:
        """Patchwork of fields with hedges, lone trees, farms, a church now and then."""
        place = self.stage.place("fields")
        strip = Strip(self.stage, speed * self.speed, level - 0.2)
        p = strip.plate
        land = Patchwork(self.stage, p, place, level, self.ground, self.snow)
        land.paint()
        brush = Brush(p)
        spots = [(float(y), float(x), "hedge") for x, y in land.hedges(210)]
        for _ in range(26):  # the trees and copses that end the land towards the hills
            tx = float(place.uniform(0.2, LAP - 0.2))
            spots += [
                (level + float(place.uniform(0.004, 0.02)), tx + float(place.normal(0, 0.03)), "tree")
                for _ in range(int(place.integers(1, 6)))
            ]
        spots += [
            (level + REACH * float(place.random()) ** 2, float(place.uniform(0.2, LAP - 0.2)), "tree")
            for _ in range(18)
        ]
        homes = [LAP * (k + float(place.uniform(0.2, 0.8))) / 7 for k in range(7)]
        church = int(place.integers(7))
        # Above the sill, so that each is seen to stand on its land.
        highest = min(REACH, 0.8 - level)
        houses = [
            (level + highest * float(place.uniform(0.06, 1.0)), min(max(tx, 0.3), LAP - 0.3), k == church)
            for k, tx in enumerate(homes)
        ]
        for y, tx, _ in houses:
            tall = 1.25 * self._size(y - level)
            shade(p, tx, y, 0.9 * tall, 0.14 * tall, 0.5)
        spots += [(y, tx, "church" if holy else "house") for y, tx, holy in houses]
        for y, tx, kind in sorted(spots):
            deep = y - level
            tall, distance = self._size(deep), max(0.0, 0.36 - 1.6 * deep)
            if kind in {"house", "church"}:
                white = 0.8 if self.snow else 0.0
                tall *= 1.25
                cottage(
                    brush, self.stage, place, tx, y, tall, distance, white, kind == "church", finish=False
                )
                self._foot(brush, place, tx, y, 0.95 * tall, distance)
                for s in (-1, 1):
                    size = tall * float(place.uniform(0.14, 0.26))
                    self._bush(
                        brush, place, tx + s * tall * float(place.uniform(0.55, 0.75)), y, size, distance
                    )
            elif kind == "hedge":
                size = (0.012 + 0.13 * deep) * float(place.uniform(0.6, 1.3))
                if place.random() < 0.07:
                    self._tree(brush, place, tx, y, 2.6 * size, distance)
                else:
                    self._bush(brush, place, tx, y + 0.15 * size, size, distance)
            else:
                self._tree(brush, place, tx, y, tall * float(place.uniform(0.9, 1.6)), distance)
        brush.done()
        return strip.finish(0.8)

    @staticmethod
    def _size(deep: float) -> float:
        """How tall a small tree stands that far below the crest of the land, both in world heights."""
        return 0.03 + 0.55 * deep

    def viaduct(self, speed: float, level: float) -> Strip:
        """A stone viaduct across the valley; the line bends and we see where we have been."""
        place, light = self.stage.place("viaduct"), self.light
        strip = Strip(self.stage, speed * self.speed, level - 0.12, level + 0.16)
        p = strip.plate
        brush = Brush(p)
        wall = light.far(light.lit(rgb("#a89a88"), 0.65), 0.35)
        dark = light.far(light.lit(rgb("#7a7068"), 0.35), 0.35)
        start, arches = 0.0, int(place.integers(32, 42))  # all along, so that it closes with the strip
        wide = LAP / arches
        end = start + arches * wide
        top, foot = level - 0.03, level + 0.13
        brush.fill(
            np.array(((start - 0.05, top), (end + 0.05, top), (end + 0.05, foot), (start - 0.05, foot))), wall
        )
        for k in range(arches):
            cx = start + (k + 0.5) * wide
            a = np.linspace(math.pi, 2 * math.pi, 14)
            hole = np.concatenate(
                (
                    np.stack((cx + wide * 0.37 * np.cos(a), top + 0.062 + wide * 0.4 * np.sin(a)), 1),
                    [(cx + wide * 0.37, foot + 0.1), (cx - wide * 0.37, foot + 0.1)],
                )
            )
            brush.fill(hole, dark)
            # The opening is cut out of what was painted; the dark rest is the depth of the arch.
            opening = brush.points(np.add(hole, (wide * 0.05, 0)))
            cv2.fillPoly(brush.ink, [opening], (0, 0, 0, 0), cv2.LINE_8, 4)
        brush.fill(
            np.array(
                (
                    (start - 0.08, top - 0.012),
                    (end + 0.08, top - 0.012),
                    (end + 0.08, top),
                    (start - 0.08, top),
                )
            ),
            times(wall, 1.1),
        )
        brush.done()
        return strip.finish()

    def sea(self, speed: float, level: float) -> Strip:
        """Foreshore: a strip of sand or rock between the line and the water."""
        place, light = self.stage.place("shore"), self.light
        strip = Strip(self.stage, speed * self.speed, level - 0.1)
        p = strip.plate
        x = p.x[0]
        edge = (level + 0.03 * self._wave(x, place.uniform(0, 6.28, 40), range(2, 9))).astype(np.float32)
        speckle = grain(p.shape, place, 9, 5)
        wet = np.clip((p.y - edge[None, :]) / 0.05, 0, 1)[..., None]
        sand = np.asarray(light.lit(rgb("#d8c49a"), 0.7), np.float32)
        body = sand * (0.68 + 0.3 * wet) * (0.85 + 0.3 * speckle[..., None])
        p.fill(body.astype(np.float32), p.edge(edge))
        foam = np.exp(-(((p.y - edge[None, :] + 0.004) * 150) ** 2)) * (0.5 + 0.5 * speckle)
        p.fill(np.asarray(light.lit(rgb("#f6f8f8"), 0.9), np.float32), foam.astype(np.float32))
        brush = Brush(p)
        for _ in range(30):
            tx, ty = float(place.uniform(0.1, LAP - 0.1)), level + float(place.uniform(0.07, 0.2))
            if place.random() < 0.5:
                self._tree(brush, place, tx, ty, (ty - level) * 0.9, 0.08)
            else:
                r = (ty - level) * float(place.uniform(0.15, 0.35))
                brush.blob(tx, ty, r, r * 0.5, light.lit(rgb("#77706a"), 0.4))
                brush.blob(tx - 0.2 * r, ty - 0.2 * r, r * 0.7, r * 0.3, light.lit(rgb("#9a938a"), 0.7))
        brush.done()
        return strip.finish(0.8)

    def towers(self, speed: float, level: float) -> Strip:
        """The towers of a city, two rows deep."""
        strip = Strip(self.stage, speed * self.speed, 0.1)
        strip.plate.x = strip.plate.x - np.float32(LAP / 2)
        strip.plate.x0 = -LAP / 2
        for low, high, distance in ((0.1, 0.34, 0.6), (0.05, 0.2, 0.3)):
            skyline(
                strip.plate,
                self.stage.place(f"towers{distance}"),
                level,
                low,
                high,
                self.light,
                distance,
                clusters=0.7,
            )
        strip.plate.rgba[int((level - strip.plate.y0) * strip.plate.scale) :] = 0
        return strip.finish()

    def wood(self, speed: float, level: float) -> Strip:
        """The edge of a forest, trunk by trunk."""
        place, light = self.stage.place("wood"), self.light
        strip = Strip(self.stage, speed * self.speed, level - 0.42)
        p = strip.plate
        floor = np.asarray(light.lit(times(self.ground, 0.7), 0.4), np.float32)
        p.fill(floor, np.repeat(np.clip((p.y - level - 0.05) * 20, 0, 1), p.shape[1], 1))
        brush = Brush(p)
        rows = sorted((float(place.uniform(0, 1)), float(place.uniform(0.05, LAP - 0.05))) for _ in range(64))
        for v, tx in rows:
            self._tree(
                brush,
                place,
                tx,
                level + 0.03 + 0.12 * v,
                float(place.uniform(0.2, 0.3)) + 0.12 * v,
                0.4 * (1 - v),
            )
        brush.done()
        return strip.finish(1.0)

    def bank(self, speed: float) -> Strip:
        """The embankment right before the window: grass, flowers and ballast, smeared by speed."""
        place, light = self.stage.place("bank"), self.light
        strip = Strip(self.stage, speed * self.speed, 0.76)
        p = strip.plate
        x = p.x[0]
        phases = place.uniform(0, 6.28, 40)
        level = (0.905 + 0.03 * self._wave(x, phases, range(2, 12), 0.6)).astype(np.float32)
        tall = np.abs(noise.Profile(place, 0.02, 3)(x)) * 0.025
        blades = np.repeat(place.random((1, x.size), dtype=np.float32), p.shape[0], 0)
        blades = np.asarray(cv2.blur(blades, (5, 1)))
        tone = np.asarray(light.lit(times(self.ground, 0.55), 0.4), np.float32)
        tip = np.asarray(light.lit(mix(self.ground, (1, 1, 0.7), 0.15), 0.8), np.float32)
        high = np.clip(1 - (p.y - level[None, :] + tall[None, :]) / 0.06, 0, 1)[..., None]
        p.fill(
            (tone + (0.7 * high + 0.4 * blades[..., None]) * (tip - tone)).astype(np.float32),
            p.edge(level - tall, 3),
        )
        return strip.finish(abs(strip.speed) * p.scale / 24 * 0.6)

    def journey(self, name: str) -> list[Strip]:
        """The strips of a kind of country, from far to near."""
        high = self.stage.chance("high mountains?") < (0.85 if name == "valley" else 0.35)
        terraces = Terraces(self.stage, self.speed, self.snow, self._tree)
        routes: dict[str, Callable[[], list[Strip]]] = {
            "valley": lambda: [
                self.ridge("peaks", 0.018, 0.6, 0.3, 0.72, True),
                self.ridge("far", 0.05, 0.6, 0.11, 0.55),
                self.viaduct(0.1, 0.6),
                self.ridge("near", 0.13, 0.68, 0.08, 0.25),
                self.fields(0.3, 0.7),
            ],
            "fields": lambda: [
                *([self.ridge("peaks", 0.018, 0.58, 0.2, 0.8, True)] if high else []),
                self.ridge("far", 0.04, 0.58, 0.09, 0.6),
                self.ridge("near", 0.09, 0.61, 0.06, 0.4),
                self.fields(0.26, 0.62),
            ],
            "coast": lambda: [self.ridge("cape", 0.03, 0.6, 0.12, 0.72, bottom=0.572), self.sea(0.34, 0.74)],
            "town": lambda: [
                self.ridge("far", 0.035, 0.58, 0.07, 0.7),
                self.towers(0.06, 0.63),
                terraces.houses("roofs", 0.14, 0.76, 0.42, 0.4),
                terraces.houses("houses", 0.34, 0.96, 1.0, 0.03),
            ],
            "forest": lambda: [
                self.ridge("peaks", 0.018, 0.56, 0.26, 0.75, True),
                self.ridge("far", 0.06, 0.6, 0.12, 0.5),
                self.fields(0.16, 0.66),
                self.wood(0.42, 0.78),
            ],
        }
        return routes[name]()
