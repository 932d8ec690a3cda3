"""A still life: what stands on the table, arranged as painters arrange it.

Flowers, fruit, books, cups, candles and pots by hand: still, shaded, painted once per shot.
"""

import math

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.indoors.furniture import BOOKS, GLAZES, box
from webtv.studio.procedural.indoors.hearth import Vapour, Wick
from webtv.studio.procedural.indoors.pottery import (
    BOTTLE,
    BOWL,
    CANDLE,
    CUP,
    FISHBOWL,
    FRUIT,
    JAR,
    JUG,
    PEAR,
    SAUCER,
    VASE,
    Profile,
    Turned,
    glazed,
    set_down,
    shadow,
)
from webtv.studio.procedural.indoors.rooms import Room
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import FLOWERS, Brush
from webtv.studio.procedural.stage import Plate, Stage

_FRUITS: tuple[tuple[Profile, str], ...] = (
    (FRUIT, "#b8352c"),
    (FRUIT, "#e08a2c"),
    (PEAR, "#b9b24a"),
    (FRUIT, "#c9a83a"),
    (FRUIT, "#7fa03f"),
    (FRUIT, "#8f2f3a"),
)
# The first is the largest, the second stands beside it, the third in front.
_COMPANY = {
    "kitchen": (("bowl", "bottle", "jug"), ("jug", "bowl", "fruit"), ("bowl", "jug", "cup")),
    "study": (("books", "candle", "cup"), ("vase", "books", "cup"), ("books", "jug", "candle")),
    "fire": (("books", "cup", "candle"), ("jug", "books", "cup")),
    "cafe": (("cup", "posy", "cup"), ("cup", "bottle", "posy")),
    "workshop": (("brushes", "jar", "jar"), ("brushes", "bottle", "jar")),
    "attic": (("books", "candle", "jug"), ("vase", "books", "candle")),
    "plain": (
        ("vase", "fruit", "cup"),
        ("bowl", "jug", "cup"),
        ("vase", "books", "fruit"),
        ("jug", "fruit", "bowl"),
        ("books", "posy", "cup"),
    ),
}


class Painter:
    """Sets hand-drawn things down on a plate.

    Args:
        stage: the stage.
        room: the room.
        plate: a plate of depth 1.
    """

    def __init__(self, stage: Stage, room: Room, plate: Plate) -> None:
        self.stage, self.room, self.plate = stage, room, plate
        self.light: Light = room.light
        self.sun = room.side if room.evening < 0.5 else (1.0 if room.lamp[0] > room.hero[0] else -1.0)
        self.place = stage.place("things")
        self.vapours: list[Vapour] = []
        self.wicks: list[Wick] = []

    def put(self, name: str, x: float, y: float, tall: float) -> None:
        """Set one thing down by name; ``tall`` is about its height in world units."""
        getattr(self, f"_{name}")(x, y, tall)

    def company(self) -> tuple[str, ...]:
        """What usually stands in such a room, the most telling first."""
        usual = _COMPANY[self.room.kind]
        return usual[int(self.stage.chance("company") * len(usual))]

    def _set(
        self, thing: Turned, x: float, y: float, tall: float, dark: float = 0.6, polish: float = 0.34
    ) -> None:
        set_down(self.plate, thing, x, y, tall, self.light, self.sun, polish, dark)

    def _glaze(self) -> Colour:
        if self.stage.spec.palette and self.place.random() < 0.6:
            return self.stage.spec.palette[int(self.place.integers(len(self.stage.spec.palette)))]
        return rgb(GLAZES[int(self.place.integers(len(GLAZES)))])

    def _jug(self, x: float, y: float, tall: float) -> None:
        tall *= 0.85
        glaze = self._glaze()
        brush = Brush(self.plate)
        side = -self.sun
        a = np.linspace(-1.85, 1.85, 18)
        ring = np.stack((x + side * tall * (0.2 + 0.2 * np.cos(a)), y - tall * (0.62 + 0.24 * np.sin(a))), 1)
        brush.line(ring, tall * 0.055, times(self.light.lit(glaze, 0.5), 0.7))
        brush.done()
        self._set(
            Turned(JUG, glaze, 0.7, inside=times(glaze, 0.35), bands=glazed(glaze, times(glaze, 0.6))),
            x,
            y,
            tall,
        )

    def _bottle(self, x: float, y: float, tall: float) -> None:
        hue = rgb(("#3f5f3f", "#6a4a28", "#4f6f7a")[int(self.place.integers(3))])
        self._set(
            Turned(BOTTLE, hue, 1.0, 0.2, bands=((0.14, 0.4, rgb("#e6dcc2")), (0.93, 1.0, rgb("#7a3a2f")))),
            x,
            y,
            tall * 1.15,
        )

    def _jar(self, x: float, y: float, tall: float) -> None:
        hue = rgb(("#c9924a", "#b8482f", "#5f7fa0", "#e0c24a")[int(self.place.integers(4))])
        self._set(
            Turned(JAR, hue, 0.9, bands=((0.7, 0.84, rgb("#d6dcd8")), (0.84, 1, rgb("#8a6a44")))),
            x,
            y,
            tall * 0.6,
        )

    def _cup(self, x: float, y: float, tall: float) -> None:
        glaze = self._glaze()
        tall *= 0.5
        self._set(
            Turned(SAUCER, mix(glaze, (1, 1, 1), 0.25), 0.4, inside=times(glaze, 0.92)),
            x,
            y,
            tall * 0.16,
            0.5,
        )
        brush = Brush(self.plate)
        side = -self.room.side
        a = np.linspace(-1.7, 1.7, 16)
        foot = y - tall * 0.13
        ring = np.stack(
            (x + side * tall * (0.47 + 0.23 * np.cos(a)), foot - tall * (0.56 + 0.24 * np.sin(a))), 1
        )
        brush.line(ring, tall * 0.085, times(self.light.lit(glaze, 0.6), 0.75))
        brush.done()
        self._set(
            Turned(CUP, glaze, 0.8, inside=rgb("#4a2c1c"), bands=((0.86, 1.0, mix(glaze, (1, 1, 1), 0.3)),)),
            x,
            foot,
            tall,
            0.35,
            0.1,
        )
        self.vapours.append(Vapour(x, foot - tall, tall * 2.1, float(self.place.random())))

    def _candle(self, x: float, y: float, tall: float) -> None:
        brass = rgb("#b08a4a")
        self._set(Turned(SAUCER, brass, 0.8, inside=times(brass, 0.85)), x, y, tall * 0.045)
        self._set(
            Turned(CANDLE, rgb("#f2e6cc"), 0.3, inside=rgb("#fff3d0")),
            x,
            y - tall * 0.02,
            tall * 0.62,
            0,
            0.2,
        )
        top = y - tall * 0.64
        brush = Brush(self.plate)
        box(brush, x - 0.0014, x + 0.0014, top - tall * 0.045, top, rgb("#2a2320"))
        brush.done()
        self.wicks.append(Wick(x, top - tall * 0.02, tall * 0.24, float(self.place.uniform(0, 6.28))))

    def _fishbowl(self, x: float, y: float, tall: float) -> None:
        water = rgb("#8fc4cf")
        shadow(self.plate, x, y, tall * 0.42, self.sun, 0.45)
        self._set(
            Turned(FISHBOWL, mix(water, (1, 1, 1), 0.35), 1.0, 0.62, inside=water), x, y, tall, 0.0, 0.2
        )

    def _fruit(self, x: float, y: float, tall: float) -> None:
        profile, hue = _FRUITS[int(self.place.integers(len(_FRUITS)))]
        for dx, dy, share in ((-0.22, -0.012, 0.3), (0.12, 0.0, 0.32)):
            self._one(profile, rgb(hue), x + dx * tall, y + dy, tall * share)

    def _one(self, profile: Profile, hue: Colour, x: float, y: float, tall: float) -> None:
        if profile is PEAR:
            tall *= 1.25
        self._set(Turned(profile, hue, 0.45), x, y, tall, 0.55, 0.25)
        brush = Brush(self.plate)
        stalk = np.array(
            [(x, y - tall * 0.97), (x + 0.012 * tall, y - tall * 1.06), (x + 0.07 * tall, y - tall * 1.14)]
        )
        brush.line(stalk, tall * 0.03, self.light.lit(rgb("#4f3a22"), 0.5))
        brush.done()

    def _bowl(self, x: float, y: float, tall: float) -> None:
        glaze, deep = self._glaze(), tall * 0.3
        pick = self.place.permutation(len(_FRUITS))
        rim = y - deep
        self._set(Turned(BOWL, glaze, 0.7, inside=times(glaze, 0.4)), x, y, deep)
        for k, (dx, dy) in enumerate(((-0.56, 0.02), (0.55, 0.03), (0.0, 0.0), (-0.3, 0.12), (0.31, 0.14))):
            profile, hue = _FRUITS[int(pick[k])]
            lift = 0.5 if k == 2 else 0.02
            size = tall * (0.36, 0.34, 0.37, 0.35, 0.33)[k]
            self._set(
                Turned(profile, rgb(hue), 0.45),
                x + dx * deep,
                rim + dy * deep - lift * deep + size * 0.38,
                size,
                0,
                0,
            )
        # The near side of the bowl in front of the fruit.
        front = Turned(BOWL, glaze, 0.7, bands=((0.86, 0.91, mix(glaze, (1, 1, 1), 0.35)),))
        self._set(front, x, y, deep, 0, 0)

    def _books(self, x: float, y: float, tall: float) -> None:
        count = 3 + int(self.place.integers(2))
        wide = tall * 0.86
        shadow(self.plate, x, y, wide * 0.55, self.sun, 0.6)
        brush = Brush(self.plate)
        foot = y
        for k in range(count):
            thick = tall * float(self.place.uniform(0.13, 0.19))
            half = wide * float(self.place.uniform(0.44, 0.54))
            at = x + tall * float(self.place.uniform(-0.05, 0.05))
            deep = 0.012 + 0.01 * (k == count - 1)
            cover = self.light.lit(rgb(BOOKS[int(self.place.integers(len(BOOKS)))]), 0.75)
            top = foot - thick
            turn = float(self.place.uniform(-0.014, 0.014))
            brush.fill(
                np.array(
                    [(at - half, foot), (at + half, foot + turn * 0.3), (at + half, top), (at - half, top)]
                ),
                times(cover, 0.78),
            )
            pages = self.light.lit(rgb("#e8dfc8"), 0.7)
            if self.place.random() < 0.4:  # the pages look at us
                box(
                    brush,
                    at - half * 0.97,
                    at + half,
                    top + thick * 0.16,
                    foot - thick * 0.16,
                    times(pages, 0.85),
                )
                for q in (0.35, 0.55, 0.75):
                    box(
                        brush,
                        at - half * 0.97,
                        at + half,
                        top + thick * q,
                        top + thick * q + 0.0012,
                        times(pages, 0.68),
                    )
            else:
                gilt = mix(cover, self.light.lit(rgb("#e8c878"), 1), 0.6)
                for q in (-0.82, -0.74, 0.72, 0.8):
                    box(brush, at + half * q, at + half * q + tall * 0.014, top, foot, gilt)
                box(
                    brush,
                    at - half,
                    at + half,
                    top + thick * 0.08,
                    top + thick * 0.24,
                    mix(cover, self.light.key, 0.16),
                )
            lean = 0.02 * self.sun
            brush.fill(
                np.array(
                    [
                        (at - half, top),
                        (at + half, top),
                        (at + half * 0.94 + lean, top - deep),
                        (at - half * 0.94 + lean, top - deep),
                    ]
                ),
                times(cover, 1.2),
            )
            foot = top - deep * 0.4
        brush.done()

    def _brushes(self, x: float, y: float, tall: float) -> None:
        pot = tall * 0.5
        brush = Brush(self.plate)
        for k in range(7):
            a = -0.36 + 0.12 * k + float(self.place.uniform(-0.04, 0.04))
            long = tall * float(self.place.uniform(0.82, 1.08))
            end = (x + math.sin(a) * long * 0.8, y - math.cos(a) * long)
            near = (x + math.sin(a) * long * 0.62, y - math.cos(a) * long * 0.78)
            stick = self.light.lit(rgb(("#c98a4a", "#2f3a4a", "#a83a2f", "#d8b878")[k % 4]), 0.7)
            brush.line(np.array([(x + 0.2 * pot * a, y - pot * 0.4), near]), tall * 0.02, stick)
            brush.line(
                np.array([near, ((near[0] + end[0]) / 2, (near[1] + end[1]) / 2)]),
                tall * 0.028,
                self.light.lit(rgb("#c8ccce"), 0.8),
            )
            brush.line(
                np.array([((near[0] + end[0]) / 2, (near[1] + end[1]) / 2), end]),
                tall * 0.036,
                self.light.lit(rgb("#4a3626"), 0.7),
            )
        brush.done()
        self._set(Turned(JUG, self._glaze(), 0.6), x, y, pot)

    def _posy(self, x: float, y: float, tall: float) -> None:
        self._vase(x, y, tall * 0.7)

    def _vase(self, x: float, y: float, tall: float) -> None:
        """A bouquet: stems and leaves fan out of a vase, blossoms largest in front."""
        spec, place = self.stage.spec, self.place
        high = tall * 0.56
        mouth = y - high
        hues = [rgb(c) for c in FLOWERS[spec.season]] or [rgb(c) for c in ("#b8352c", "#f2ead8", "#8f2f3a")]
        hues = [*spec.palette, *hues[: 2 if spec.palette else 9]]
        brush = Brush(self.plate)
        green = [self.light.lit(rgb(c), 0.55) for c in ("#5a7a3c", "#45663a", "#76904a")]
        heads: list[tuple[float, float, float]] = []
        count = 12
        for k in range(count):
            a = (k / (count - 1) - 0.5) * 2.3 + float(place.uniform(-0.1, 0.1))
            long = tall * (0.64 - 0.13 * abs(a)) * float(place.uniform(0.72, 1.06))
            end = (x + math.sin(a) * long * 0.86, mouth - math.cos(a) * long * 0.95 + 0.02 * tall)
            bend = (x + math.sin(a) * long * 0.3, mouth - math.cos(a) * long * 0.6)
            s = np.linspace(0, 1, 12)[:, None]
            curve = (
                (1 - s) ** 2 * np.array((x, mouth + 0.02))
                + 2 * s * (1 - s) * np.array(bend)
                + s**2 * np.array(end)
            )
            brush.line(curve, tall * 0.011, green[k % 3])
            heads.append((end[0], end[1], tall * float(place.uniform(0.055, 0.1))))
            for q in (4, 7):
                px, py = curve[q]
                turn = a + (0.9 if (k + q) % 2 else -0.9)
                leaf = tall * float(place.uniform(0.09, 0.15))
                tip = (px + math.sin(turn) * leaf, py - math.cos(turn) * leaf * 0.8)
                side = (math.cos(turn) * leaf * 0.2, math.sin(turn) * leaf * 0.2)
                middle = ((px + tip[0]) / 2, (py + tip[1]) / 2)
                brush.fill(
                    np.array(
                        [
                            (px, py),
                            (middle[0] + side[0], middle[1] + side[1]),
                            tip,
                            (middle[0] - side[0], middle[1] - side[1]),
                        ]
                    ),
                    green[(k + q) % 3],
                )
        for k in np.argsort([head[2] for head in heads]):
            self._blossom(brush, *heads[int(k)], hues[int(place.integers(len(hues)))], k=int(k))
        brush.done()
        glaze = self._glaze()
        self._set(
            Turned(
                VASE, glaze, 0.8, inside=times(glaze, 0.25), bands=glazed(glaze, mix(glaze, (1, 1, 1), 0.4))
            ),
            x,
            y,
            high,
        )

    def _blossom(self, brush: Brush, x: float, y: float, r: float, hue: Colour, k: int) -> None:
        light, sun = self.light, self.sun
        petals = 9
        for ring, (reach, size, tone) in enumerate(
            ((0.62, 0.46, 0.62), (0.5, 0.42, 0.85), (0.26, 0.36, 1.06))
        ):
            for p in range(petals - 2 * ring):
                a = 2 * math.pi * (p + 0.5 * ring) / (petals - 2 * ring) + k
                px, py = x + math.cos(a) * r * reach, y + math.sin(a) * r * reach * 0.84
                lit = 0.5 + 0.5 * (math.cos(a) * sun * 0.6 - math.sin(a) * 0.6)
                colour = light.lit(mix(hue, (1, 1, 1), 0.1 * ring), 0.3 + 0.7 * lit)
                brush.blob(px, py, r * size, r * size * 0.88, times(colour, tone * (0.86 + 0.24 * lit)))
        if k % 3 == 0:
            brush.blob(x, y, r * 0.24, r * 0.2, light.lit(rgb("#e8b83a"), 0.8))
        else:
            brush.blob(x - 0.05 * r * sun, y, r * 0.2, r * 0.17, times(light.lit(hue, 0.5), 0.8))
