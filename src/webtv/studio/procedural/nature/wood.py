"""What grows in a forest: its kind, its colours, what stands under the trees and lies on its floor."""

import math

import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import LEAVES, Brush, plant, tints
from webtv.studio.procedural.nature.trees import Tints
from webtv.studio.procedural.stage import Plate, Stage

WOODS = ("broadleaf", "birch", "pine", "bamboo", "jungle")


def kind_of(stage: Stage) -> str:
    """Which of :data:`WOODS` grows here: what the words say, else what the place is."""
    extras, spec = stage.spec.extras, stage.spec
    for name in ("jungle", "bamboo", "birch", "pine"):
        if name in extras or (name == "jungle" and "palm" in extras):
            return name
    cold = spec.season == "winter" or spec.weather == "snow"
    chance = stage.chance("wood")
    shares = (0.22, 0.4, 1.0) if cold else (0.5, 0.72, 1.0)
    return ("broadleaf", "birch", "pine")[next(i for i, share in enumerate(shares) if chance <= share)]


class Wood:
    """The kind of forest that grows at a place in this season.

    Attributes:
        kind: one of :data:`WOODS`.
        cold: whether snow lies.
        floor: local colour of the ground.
    """

    def __init__(self, stage: Stage, sun: float) -> None:
        self.stage, self.sun = stage, sun
        self.kind = kind_of(stage)
        spec = stage.spec
        self.cold = spec.season == "winter" or spec.weather == "snow"
        if self.kind in {"jungle", "bamboo"} and spec.weather != "snow":
            self.cold = False
        self.floor = self._floor_colour()

    def _floor_colour(self) -> Colour:
        if self.cold:
            return 1.0, 1.02, 1.06
        if self.kind == "jungle":
            return rgb("#4d6a30")
        if self.stage.spec.season == "autumn" and self.kind not in {"pine", "bamboo"}:
            return rgb("#b07a38")
        return {"pine": rgb("#77803f"), "bamboo": rgb("#8a8a48")}.get(self.kind, rgb("#6f8f3f"))

    def _leaves(self, rng: np.random.Generator) -> tuple[Colour, Colour]:
        season = self.stage.spec.season
        if self.kind == "pine":
            return times(rgb("#4f7a4c"), float(rng.uniform(0.85, 1.1))), rgb("#7d9450")
        if self.kind in {"bamboo", "jungle"}:
            return rgb("#5f9a3e"), rgb("#a3b84a") if self.kind == "bamboo" else rgb("#3f7a48")
        names = LEAVES[season]
        leaf = rgb(names[int(rng.integers(len(names)))])
        if self.kind == "birch" and season == "autumn":
            leaf = rgb("#e0aa2c")
        warm = {"autumn": rgb("#f0c040"), "spring": rgb("#c4d860")}.get(season, rgb("#9ab84a"))
        return leaf, mix(leaf, warm, 0.5)

    def tints(self, rng: np.random.Generator, shade: float, distance: float) -> Tints:
        """Colours of one of its trees."""
        leaf, other = self._leaves(rng)
        bark = {"birch": rgb("#d9d4c8"), "pine": rgb("#6d5040")}.get(self.kind, rgb("#75604c"))
        return tints(self.stage, leaf, other, shade, distance, bark)

    def undergrowth(
        self, brush: Brush, rng: np.random.Generator, x: float, y: float, tall: float, distance: float
    ) -> None:
        """A fern, a bush or what the jungle has."""
        spec = self.stage.spec
        kinds = {"jungle": ("broad", "fern", "broad", "bush"), "bamboo": ("fern", "bush")}.get(
            self.kind, ("fern", "fern", "bush")
        )
        kind = kinds[int(rng.integers(len(kinds)))]
        leaf = {"autumn": rgb("#b88a3c"), "spring": rgb("#86b84a")}.get(spec.season, rgb("#5f9440"))
        if self.kind == "jungle":
            leaf = (rgb("#4a8a3c"), rgb("#3f7a50"), rgb("#7aa03c"))[int(rng.integers(3))]
        if self.cold:
            leaf = mix(leaf, rgb("#c9d4dc"), 0.7)
        size = (
            tall * float(rng.uniform(0.8, 1.3)) * (1.5 if kind == "broad" else 0.9 if kind == "bush" else 1.2)
        )
        other = mix(leaf, rgb("#c8c850"), 0.4)
        plant(brush, rng, kind, x, y, size, tints(self.stage, leaf, other, 0.8, distance), False, self.sun)

    def mushrooms(self, plate: Plate, rng: np.random.Generator) -> None:
        """Toadstools, larger and more when the words ask for them."""
        if self.cold:
            return
        asked = "mushroom" in self.stage.spec.extras
        light, brush = self.stage.light, Brush(plate, 2)
        for _ in range(9 if asked else 3):
            x, y = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.8, 0.9))
            size = (0.035 if asked else 0.016) * float(rng.uniform(0.6, 1.2)) * (0.4 + 3 * (y - 0.7))
            cap = (rgb("#c8412c"), rgb("#b8743c"), rgb("#d8b070"))[int(rng.integers(3))]
            stem = np.array(
                [
                    (x - 0.16 * size, y),
                    (x - 0.1 * size, y - size),
                    (x + 0.1 * size, y - size),
                    (x + 0.16 * size, y),
                ]
            )
            brush.fill(stem, light.lit(rgb("#e8dcc4"), 0.7))
            a = np.linspace(math.pi, 2 * math.pi, 16)
            dome = np.stack((x + 0.55 * size * np.cos(a), y - 0.85 * size + 0.5 * size * np.sin(a)), 1)
            brush.fill(dome, light.lit(times(cap, 0.75), 0.4))
            brush.fill(
                dome * (0.8, 0.9) + np.array((x * 0.2 + self.sun * 0.06 * size, (y - 0.9 * size) * 0.1)),
                light.lit(cap, 0.95),
            )
            for _ in range(5):
                p = dome[int(rng.integers(3, 13))]
                brush.blob(
                    float(x + 0.7 * (p[0] - x)),
                    float(p[1] + 0.12 * size),
                    size * 0.05,
                    size * 0.035,
                    light.lit((1, 0.96, 0.9), 0.9),
                )
        brush.done()

    def dapple(self, plate: Plate) -> None:
        """Flecks of sun on the floor."""
        light = self.stage.light
        fleck = noise.fbm(*plate.shape, rng=self.stage.place("fleck"), cells=14, octaves=4)
        spots = noise.smoothstep(0.55, 0.7, fleck) * 0.42 * light.strength * (0.4 if light.moon else 1.0)
        warm = np.asarray(light.lit(mix(self.floor, light.glow, 0.35), 1.0), np.float32)
        a = (spots * plate.rgba[..., 3])[..., None]
        plate.rgba[..., :3] += a * (warm * 1.12 - plate.rgba[..., :3])

    def litter(self, brush: Brush, rng: np.random.Generator) -> None:
        """Fallen leaves, larger towards us."""
        spec = self.stage.spec
        if self.cold or self.kind == "pine":
            return
        autumn = spec.season == "autumn"
        names = ("#d8862c", "#c4542a", "#e8b43c", "#9a5a2c") if autumn else ("#8a7a3c", "#6f7f38", "#a08a4c")
        for _ in range(900 if autumn else 240):
            y = 0.74 + 0.36 * float(rng.random()) ** 1.3
            r = 0.0016 + 0.011 * (y - 0.72)
            tone = times(rgb(names[int(rng.integers(len(names)))]), float(rng.uniform(0.65, 1.2)))
            brush.blob(
                float(rng.uniform(-1.4, 1.4)),
                y,
                r * float(rng.uniform(0.6, 1.3)),
                r * 0.5,
                self.stage.light.lit(tone, float(rng.uniform(0.3, 1))),
            )
