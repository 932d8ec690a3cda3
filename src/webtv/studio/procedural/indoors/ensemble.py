"""Who performs: the cast of a stage, large in the light, with shadow and a gleam on the boards."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage

_DEPTH = 0.8
_AT_HOME = {
    "theatre": (Cast("piano", 1), Cast("harp", 1), Cast("violin", 1)),
    "club": (Cast("piano", 1), Cast("saxophone", 1), Cast("drum", 1)),
    "circus": (Cast("elephant", 1), Cast("poodle", 2)),
}
_WIDE = {"piano": 0.92, "drum": 0.52, "harp": 0.4}  # half widths in heights; others are about 0.55


@dataclass(frozen=True, slots=True)
class Player:
    """One performer: kind, cast entry, world place of the foot, height, facing, phase."""

    kind: str
    cast: Cast
    x: float
    y: float
    tall: float
    facing: float
    phase: float


class Ensemble:
    """A cast on the boards.

    Args:
        stage: the stage.
        light: light of the stage.
        foot: world height where the first of them stands.
        kind: ``theatre``, ``club`` or ``circus``: who performs when the words name nobody.
    """

    def __init__(self, stage: Stage, light: Light, foot: float, kind: str = "theatre") -> None:
        self.stage, self.light = stage, light
        place = stage.place("ensemble")
        cast = [c for c in stage.spec.cast if c.kind in FIGURES] or list(_AT_HOME[kind])[
            : 3 if stage.aspect > 0.9 else 1
        ]
        room = min(1.0, stage.aspect / 1.5)
        players: list[Player] = []
        line: list[Cast] = []
        for member in cast:
            line += [member] * min(5, max(1, member.count))
        line.sort(
            key=lambda m: FIGURES[m.kind].home == "thing" and m.kind not in _WIDE
        )  # the living come first
        line = line[: 7 if stage.aspect > 0.9 else 2]
        living = [member for member in line if FIGURES[member.kind].home == "ground"]
        first = FIGURES[(living or line)[0].kind].size
        main = 0.42 * (0.9 if len(line) > 3 else 1.0)
        main = min(main, 0.33 * stage.aspect / _WIDE.get(line[0].kind, 0.5))
        self.hero = 0.22 * room * (stage.chance("hero place") - 0.5)
        reach = [0.0, 0.0]  # how far the line has grown to the left and to the right
        for k, member in enumerate(line):
            figure = FIGURES[member.kind]
            side = -1.0 if k % 2 else 1.0
            share = float(np.clip((figure.size / first) ** 0.7, 0.5, 1.3)) * 0.92 if k else 1.0
            tall = min(main * share, 0.46)
            if figure.home == "thing" and figure.size < 0.2 and not k:
                tall *= 0.8
            if living and figure.home == "thing" and member.kind not in _WIDE:
                tall = 0.5 * main  # what somebody could hold
            half = _WIDE.get(member.kind, 0.5 if figure.home == "thing" else 0.42) * tall
            x = self.hero
            if k:
                x += side * (reach[k % 2] + half + 0.02)
                reach[k % 2] += 2 * half + 0.02
            else:
                reach = [half, half]
            y = foot - (0.03 if k in {1, 2} else 0.0) - 0.01 * (k // 2)
            if figure.home == "air":
                y -= 0.2 + 0.05 * float(place.random())
                tall *= 0.5
            facing = float(member.heading or (-side if k else stage.side("hero")))
            players.append(Player(member.kind, member, x, y, tall, facing, float(place.random())))
        widest = max(abs(p.x) + 0.35 * p.tall for p in players)
        squeeze = min(1.0, (0.66 if kind == "theatre" else 0.78) * stage.aspect / 2 / widest)
        players = [replace(p, x=p.x * squeeze, tall=p.tall * max(0.72, squeeze)) for p in players]
        self.players = sorted(players, key=lambda p: p.y)

    def draw(self, frame: Image, t: float) -> None:
        """Draw all of them, the farthest first."""
        view = self.stage.view(t, _DEPTH)
        for p in self.players:
            figure = FIGURES[p.kind]
            px, py = view.at(p.x, p.y)
            scale = p.tall * view.scale
            if not -2 * scale < px < frame.shape[1] + 2 * scale:
                continue
            floor = figure.home not in {"air"}
            if floor:
                _shadow(frame, px, py, scale)
            action = p.cast.action or ("rest" if figure.home == "ground" else "")
            bob = 0.0
            if figure.home == "ground" and action in {"walk", "run"}:
                px += 0.05 * scale * math.sin(1.1 * t + 6 * p.phase)
            elif figure.home == "thing":
                bob = 0.004 * scale * math.sin(1.4 * t + 6 * p.phase)
            drawn = figure.draw(Pose(px, py + bob, scale, p.facing, t, p.phase, action, p.cast.colour, 1.0))
            drawn.lay(frame, self.light, -p.facing, 0.0, 1.0, 0.6, 0.3 if floor else 0.0)


def _shadow(frame: Image, x: float, y: float, scale: float) -> None:
    wx, wy = 1.1 * scale, 0.13 * scale
    c0, c1 = max(0, int(x - wx)), min(frame.shape[1], int(x + wx) + 1)
    r0, r1 = max(0, int(y - wy)), min(frame.shape[0], int(y + 1.3 * wy) + 1)
    if c0 >= c1 or r0 >= r1:
        return
    u = (np.arange(c0, c1, dtype=np.float32) - x) / scale
    v = (np.arange(r0, r1, dtype=np.float32) - y - 0.01 * scale) / scale
    # Two lamps from the sides and one from above: a dark middle and two fainter wings.
    across = 0.5 * np.exp(-((u / 0.34) ** 2)) + 0.26 * (
        np.exp(-(((u - 0.42) / 0.36) ** 2)) + np.exp(-(((u + 0.42) / 0.36) ** 2))
    )
    frame[r0:r1, c0:c1] *= cv2.merge(
        [1 - np.outer(np.exp(-((v / 0.055) ** 2)), across).astype(np.float32)] * 3
    )
