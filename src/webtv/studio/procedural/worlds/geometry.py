"""Geometry: discs, arcs, bars and triangles on a grid, sliding and turning in time with each other."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_SHIFT = 4
_CELL = 0.25
_BEAT = 2.2  # seconds of one move, with its rest
_Outline = NDArray[np.float64]


def _arc(r: float, start: float, end: float, count: int = 40) -> _Outline:
    a = np.linspace(start, end, count)
    return np.stack((r * np.cos(a), r * np.sin(a)), 1)


def _box(x0: float, x1: float, y0: float, y1: float) -> _Outline:
    return np.array(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _around(r: float, x: float = 0.0, y: float = 0.0) -> _Outline:
    return np.add(_arc(r, 0, 2 * math.pi, 48)[:-1], (x, y))


_QUARTER = 0.5 * math.pi
# Each form within -0.5..0.5; outlines that overlap cut each other out.
_FORMS: dict[str, list[_Outline]] = {
    "disc": [_around(0.5)],
    "ring": [_around(0.5), _around(0.3)],
    "half": [_arc(0.5, 0, math.pi)],
    "quarter": [np.concatenate((_arc(1.0, 0, _QUARTER), [(0.0, 0.0)])) - 0.5],
    "arcs": [
        np.concatenate((_arc(r, 0, _QUARTER), _arc(r - 0.15, _QUARTER, 0))) - 0.5 for r in (1.0, 0.7, 0.4)
    ],
    "triangle": [np.array(((-0.5, 0.5), (0.5, 0.5), (-0.5, -0.5)))],
    "peak": [np.array(((-0.5, 0.43), (0.5, 0.43), (0.0, -0.43)))],
    "bar": [_box(-0.5, 0.5, -0.12, 0.12)],
    "stripes": [_box(-0.5, 0.5, y - 0.06, y + 0.06) for y in (-0.44, -0.147, 0.147, 0.44)],
    "dots": [_around(0.1, x, y) for x in (-0.36, 0.0, 0.36) for y in (-0.36, 0.0, 0.36)],
    "square": [_box(-0.5, 0.5, -0.5, 0.5)],
    "frame": [_box(-0.5, 0.5, -0.5, 0.5), _box(-0.36, 0.36, -0.36, 0.36)],
}
_LARGE = ("disc", "quarter", "half", "ring", "arcs", "peak")
_SMALL = ("disc", "quarter", "triangle", "bar", "stripes", "dots", "half", "square", "ring", "frame")


@dataclass(frozen=True, slots=True)
class _Piece:
    form: str
    x: float
    y: float
    size: float
    turn: float
    colour: Colour
    solid: bool
    move: str
    way: tuple[float, float]
    phase: float
    depth: float


def _ease(x: float) -> float:
    """Rest, a quick smooth move, rest."""
    x = min(1.0, max(0.0, (x - 0.08) / 0.8))
    return x * x * x * (x * (6 * x - 15) + 10)


class Geometry:
    """A print of large and small forms that takes itself apart and together again."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("geometry")
        self.pieces: list[_Piece] = []
        columns = math.ceil(stage.aspect / _CELL / 2) + 1
        spots = [(c * _CELL, (r + 0.5) * _CELL) for c in range(-columns, columns + 1) for r in range(-1, 5)]
        for large, count in ((True, 4 + round(3 * stage.aspect)), (False, 12 + round(9 * stage.aspect))):
            order = rng.permutation(len(spots))
            taken: list[tuple[float, float]] = []
            for index in order:
                x, y = spots[int(index)]
                apart = 1.9 * _CELL if large else 0.9 * _CELL
                if len(taken) >= count or any(abs(x - a) + abs(y - b) < apart for a, b in taken):
                    continue
                taken.append((x, y))
                self.pieces.append(self._piece(rng, x, y, large))

    def _piece(self, rng: np.random.Generator, x: float, y: float, large: bool) -> _Piece:
        forms = _LARGE if large else _SMALL
        size = _CELL * float(rng.choice((2.0, 2.0, 3.0)) if large else rng.choice((0.5, 1.0, 1.0)))
        move = str(rng.choice(("turn", "turn", "slide", "spin") if large else ("turn", "slide", "slide")))
        along = bool(rng.random() < 0.6)
        reach = _CELL * float(rng.choice((-2, -1, 1, 2)))
        return _Piece(
            forms[int(rng.integers(len(forms)))],
            x,
            y,
            size,
            float(rng.integers(4)) * _QUARTER,
            self.scheme.ink(int(rng.integers(len(self.scheme.inks)))),
            bool(rng.random() < (0.25 if large else 0.6)),
            move,
            (reach, 0.0) if along else (0.0, reach),
            float(rng.random()),
            float(rng.uniform(0.6, 1.0)) if large else float(rng.uniform(0.75, 1.1)),
        )

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        frame[:] = self.ground
        for piece in self.pieces:
            self._draw(frame, piece, t)

    def _draw(self, frame: Image, piece: _Piece, t: float) -> None:
        beat = t / _BEAT + piece.phase
        step, moved = math.floor(beat), _ease(beat % 1)
        x, y, turn = piece.x, piece.y, piece.turn
        if piece.move == "slide":
            out = moved if step % 2 == 0 else 1 - moved
            x, y = x + piece.way[0] * out, y + piece.way[1] * out
        elif piece.move == "turn":
            turn += math.copysign(_QUARTER, piece.way[0] + piece.way[1]) * (step + moved)
        else:
            turn += 0.35 * t * math.copysign(1.0, piece.way[0] + piece.way[1])
        view = self.stage.view(t, piece.depth)
        px, py = view.at(x, y)
        size = piece.size * view.scale
        h, w = frame.shape[:2]
        reach = size * 0.75 + 3
        x0, x1 = max(0, int(px - reach)), min(w, int(px + reach) + 1)
        y0, y1 = max(0, int(py - reach)), min(h, int(py + reach) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        c, s = math.cos(turn) * size, math.sin(turn) * size
        spin = np.array(((c, s), (-s, c)))
        outlines = [
            np.round((o @ spin + (px - x0, py - y0)) * (1 << _SHIFT)).astype(np.int32)
            for o in _FORMS[piece.form]
        ]
        ink = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(ink, outlines, 255, cv2.LINE_AA, _SHIFT)
        mask = ink.astype(np.float32) * np.float32(1 / 255)
        part = frame[y0:y1, x0:x1]
        lost = cv2.merge([mask, mask, mask])
        if piece.solid:
            lift = max(2.0, 0.02 * view.scale)
            shade = cv2.GaussianBlur(
                cv2.warpAffine(mask, np.array(((1, 0, lift * 0.5), (0, 1, lift))), mask.shape[::-1]),
                (0, 0),
                lift * 0.6,
            )
            part *= 1 - 0.2 * cv2.merge([shade, shade, shade])
            part += lost * (np.asarray(piece.colour, np.float32) - part)
        elif self.scheme.dark:
            part += lost * (np.asarray(piece.colour, np.float32) * 0.85 * (1 - part))
        else:
            part *= 1 - lost * (1 - np.asarray(piece.colour, np.float32))
