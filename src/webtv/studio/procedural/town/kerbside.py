"""What stands along a street: trees, café tables under parasols, stalls, bicycles, as upright cut-outs."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.nature.flora import LEAVES, tints
from webtv.studio.procedural.nature.trees import specimen, stamp
from webtv.studio.procedural.stage import Image, Stage

_PX = 260  # pixels of a cut-out's height
_CLOTH = tuple(rgb(c) for c in ("#c8443a", "#e0b04a", "#3f7a6a", "#f0e8d8", "#4f6f9a"))


class Cutout:
    """An upright picture with its foot at the bottom middle.

    Attributes:
        tall: its height in metres.
    """

    def __init__(self, ink: Image, tall: float) -> None:
        self.tall = tall
        full = cv2.resize(ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        self._levels: list[Image] = [full]
        while self._levels[-1].shape[0] > 24:
            self._levels.append(
                cv2.resize(self._levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            )

    def draw(
        self, frame: Image, x: float, y: float, per_metre: float, haze: Colour, share: float, alpha: float
    ) -> None:
        """Lay it into the frame with its foot at a pixel, ``share`` of haze in between."""
        tall = self.tall * per_metre
        level = self._levels[0]
        for smaller in self._levels:
            if smaller.shape[0] >= tall:
                level = smaller
        k = tall / level.shape[0]
        w = level.shape[1] * k
        x0, y0 = max(0, math.floor(x - w / 2)), max(0, math.floor(y - tall))
        x1, y1 = min(frame.shape[1], math.ceil(x + w / 2) + 1), min(frame.shape[0], math.ceil(y) + 1)
        if x0 >= x1 or y0 >= y1 or tall < 2:
            return
        matrix = np.array(
            [[1 / k, 0, (x0 + 0.5 - x + w / 2) / k - 0.5], [0, 1 / k, (y0 + 0.5 - y + tall) / k - 0.5]]
        )
        seen = cv2.warpAffine(
            level, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        *bands, a = cv2.split(seen)
        if alpha < 1:
            a *= np.float32(alpha)
        near, rest = np.float32(alpha * (1 - share)), 1 - a
        colour = cv2.merge(
            [band * near + a * np.float32(h * share) for band, h in zip(bands, haze, strict=True)]
        )
        part = frame[y0:y1, x0:x1]
        cv2.multiply(part, cv2.merge((rest, rest, rest)), dst=part)
        cv2.add(part, colour, dst=part)


class _Board:
    """Drawing a cut-out in metres: x from its middle, y up."""

    def __init__(self, stage: Stage, wide: float, tall: float) -> None:
        self.light, self.tall, self.k = stage.light, tall, 2 * _PX / tall
        self.middle = wide * self.k / 2
        self.ink = np.zeros((2 * _PX, int(wide * self.k), 4), np.uint8)

    def _at(self, points: list[tuple[float, float]]) -> Image:
        p = np.array(points) * (self.k, -self.k) + (self.middle, self.ink.shape[0])
        return np.round(p * 16).astype(np.int32)

    def _tone(self, colour: Colour, shade: float) -> tuple[int, int, int, int]:
        r, g, b = (round(255 * min(1.0, c)) for c in self.light.lit(colour, shade))
        return r, g, b, 255

    def fill(self, points: list[tuple[float, float]], colour: Colour, shade: float) -> None:
        cv2.fillPoly(self.ink, [self._at(points)], self._tone(colour, shade), cv2.LINE_8, 4)

    def line(
        self,
        points: list[tuple[float, float]],
        wide: float,
        colour: Colour,
        shade: float,
        closed: bool = False,
    ) -> None:
        thick = max(1, round(wide * self.k))
        cv2.polylines(self.ink, [self._at(points)], closed, self._tone(colour, shade), thick, cv2.LINE_8, 4)

    def ring(self, x: float, y: float, r: float, wide: float, colour: Colour, shade: float) -> None:
        a = np.linspace(0, 2 * math.pi, 40)
        self.line([(x + r * math.cos(v), y + r * math.sin(v)) for v in a], wide, colour, shade)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour, shade: float) -> None:
        a = np.linspace(0, 2 * math.pi, 24)
        self.fill([(x + rx * math.cos(v), y + ry * math.sin(v)) for v in a], colour, shade)

    def done(self) -> Cutout:
        return Cutout(self.ink, self.tall)


def tree(stage: Stage, rng: np.random.Generator, sun: float) -> Cutout:
    """A street tree, 7 metres, in its iron guard."""
    board = _Board(stage, 6.2, 7.0)
    names = LEAVES[stage.spec.season]
    leaf = rgb(names[int(rng.integers(len(names)))])
    other = {"autumn": rgb("#e8b03c"), "spring": rgb("#c4d860")}.get(stage.spec.season, rgb("#9ab84a"))
    bare = stage.spec.season == "winter" or stage.spec.weather == "snow"
    species = "bare" if bare else "beech"
    white = stage.spec.weather == "snow" or (bare and rng.random() < 0.5)
    colours = tints(stage, leaf, other, 0.85, 0.0)
    stamp(
        board.ink,
        specimen(species, int(rng.integers(5)), white),
        board.middle,
        2 * _PX - 4,
        2 * _PX * 0.93,
        colours,
        sun,
        1.1,
    )
    return board.done()


def cafe(stage: Stage, rng: np.random.Generator) -> Cutout:
    """A round table with two chairs under a parasol."""
    board = _Board(stage, 3.2, 2.7)
    cloth, wood = _CLOTH[int(rng.integers(len(_CLOTH)))], rgb("#5d4636")
    board.line([(0, 0), (0, 2.45)], 0.06, rgb("#d8cdb8"), 0.8)
    for side in (-1, 1):
        x = side * 0.72
        board.line([(x - 0.2 * side, 0), (x - 0.2 * side, 0.46)], 0.05, wood, 0.4)
        board.line([(x + 0.2 * side, 0), (x + 0.24 * side, 0.95)], 0.055, wood, 0.6)
        board.fill([(x - 0.24, 0.43), (x + 0.24, 0.43), (x + 0.24, 0.5), (x - 0.24, 0.5)], wood, 0.8)
        board.fill(
            [(x + 0.17 * side, 0.6), (x + 0.3 * side, 0.6), (x + 0.3 * side, 0.95), (x + 0.2 * side, 0.95)],
            times(wood, 1.2),
            0.7,
        )
    board.fill([(-0.45, 0.7), (0.45, 0.7), (0.45, 0.76), (-0.45, 0.76)], rgb("#efe8da"), 0.9)
    board.line([(0, 0), (0, 0.7)], 0.09, rgb("#3a3a40"), 0.4)
    board.blob(-0.18, 0.82, 0.06, 0.06, rgb("#f4efe6"), 0.9)
    board.blob(0.2, 0.85, 0.04, 0.1, rgb("#b8d0d8"), 0.8)
    for k in range(6):
        a, b = -1.45 + 2.9 * k / 6, -1.45 + 2.9 * (k + 1) / 6
        tone = cloth if k % 2 else rgb("#f4ecdc")
        board.fill([(0, 2.62), (a, 2.06), (a, 1.92), (b, 1.92), (b, 2.06)], tone, 0.5 + 0.5 * (k / 5))
    return board.done()


def stall(stage: Stage, rng: np.random.Generator) -> Cutout:
    """A market stall: a striped roof over crates of fruit and flowers."""
    board = _Board(stage, 3.6, 2.9)
    cloth, wood = _CLOTH[int(rng.integers(len(_CLOTH)))], rgb("#8a6a4c")
    for x in (-1.5, 1.5):
        board.line([(x, 0), (x, 2.3)], 0.09, wood, 0.5)
    board.fill([(-1.5, 0.95), (1.5, 0.95), (1.5, 2.1), (-1.5, 2.1)], rgb("#3c3430"), 0.25)
    board.fill([(-1.6, 0.0), (1.6, 0.0), (1.6, 0.62), (-1.6, 0.62)], times(wood, 0.85), 0.6)
    for k in range(1, 9):
        board.line([(-1.6 + 0.4 * k, 0), (-1.6 + 0.4 * k, 0.62)], 0.02, times(wood, 0.6), 0.4)
    fruit = (rgb("#d8402f"), rgb("#f09a2c"), rgb("#e8d04a"), rgb("#6f9a3c"), rgb("#8a4a8a"), rgb("#f0a0b8"))
    for row, base in enumerate((0.62, 0.92)):
        for c in range(4):
            x0 = -1.56 + 0.79 * c
            board.fill(
                [(x0, base), (x0 + 0.74, base), (x0 + 0.74, base + 0.14), (x0, base + 0.14)],
                wood,
                0.75 - 0.2 * row,
            )
            hue = fruit[int(rng.integers(len(fruit)))]
            for _ in range(26):
                fx, fy = x0 + float(rng.uniform(0.06, 0.68)), base + 0.14 + float(rng.uniform(0.0, 0.13))
                board.blob(
                    fx,
                    fy,
                    0.055,
                    0.055,
                    times(hue, float(rng.uniform(0.75, 1.1))),
                    float(rng.uniform(0.4, 1)),
                )
    for k in range(8):
        a, b = -1.75 + 3.5 * k / 8, -1.75 + 3.5 * (k + 1) / 8
        tone = cloth if k % 2 else rgb("#f4ecdc")
        board.fill([(a * 0.86, 2.85), (b * 0.86, 2.85), (b, 2.3), (a, 2.3)], tone, 0.9)
        board.fill([(a, 2.3), (b, 2.3), (b - 0.04, 2.12), (a + 0.04, 2.12)], times(tone, 0.85), 0.6)
    return board.done()


def bicycle(stage: Stage, rng: np.random.Generator) -> Cutout:
    """A parked bicycle, seen from the side."""
    board = _Board(stage, 2.0, 1.15)
    paint = _CLOTH[int(rng.integers(len(_CLOTH)))]
    dark = rgb("#26282c")
    for x in (-0.56, 0.56):
        board.ring(x, 0.36, 0.33, 0.05, dark, 0.4)
        for a in np.linspace(0, math.pi, 6):
            dx, dy = 0.31 * math.cos(a), 0.31 * math.sin(a)
            board.line([(x - dx, 0.36 - dy), (x + dx, 0.36 + dy)], 0.009, rgb("#b8bcc0"), 0.7)
    board.line([(-0.56, 0.36), (-0.06, 0.34), (0.36, 0.8), (-0.2, 0.78), (-0.56, 0.36)], 0.045, paint, 0.8)
    board.line([(-0.06, 0.34), (-0.24, 0.9)], 0.045, paint, 0.8)
    board.line([(0.56, 0.36), (0.33, 0.98)], 0.045, paint, 0.8)
    board.line([(0.33, 0.98), (0.2, 1.03)], 0.04, dark, 0.5)
    board.line([(-0.36, 0.92), (-0.12, 0.92)], 0.07, rgb("#5a3a2c"), 0.6)
    board.fill([(0.36, 0.62), (0.68, 0.62), (0.64, 0.86), (0.4, 0.86)], rgb("#a8845c"), 0.7)
    board.blob(-0.06, 0.34, 0.09, 0.09, rgb("#9a9ea4"), 0.6)
    return board.done()
