"""A cast indoors: arranged on the table or the rug as painters arrange things, drawn as it moves."""

import math
from dataclasses import dataclass, replace

import numpy as np

from webtv.studio.procedural.figures import FIGURES, PEOPLE, Pose
from webtv.studio.procedural.indoors.hearth import Vapour
from webtv.studio.procedural.indoors.pottery import shadow
from webtv.studio.procedural.indoors.rooms import Room
from webtv.studio.procedural.indoors.stilllife import Painter
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage

_STEAMING = frozenset({"coffee", "tea", "soup", "teapot", "noodles", "spaghetti", "pie", "rice"})
_STANDS = frozenset({"sofa", "bed", "chair", "bathtub", "ladder", "piano", "harp", "broom"})
_SMALL = 0.115  # natural height up to which an animal may sit on a table
_MANY = 5


def grounded(cast: tuple[Cast, ...]) -> bool:
    """Whether anybody in it stands somewhere rather than flies by."""
    return any(c.kind in FIGURES and FIGURES[c.kind].home != "air" for c in cast)


def needs_floor(cast: tuple[Cast, ...]) -> bool:
    """Whether it is too large for a table, and nothing in it belongs on one."""
    kinds = [c.kind for c in cast if c.kind in FIGURES and FIGURES[c.kind].home != "air"]
    if any(FIGURES[kind].home == "thing" and kind not in _STANDS for kind in kinds):
        return False
    return any(kind in _STANDS or _large(kind) for kind in kinds)


def _swims(kind: str) -> bool:
    return FIGURES[kind].home == "under"


def _large(kind: str) -> bool:
    return FIGURES[kind].home == "ground" and FIGURES[kind].size > _SMALL


@dataclass(frozen=True, slots=True)
class Piece:
    """One figure: kind, cast entry, world place of its foot, height, facing, phase, pace when it walks."""

    kind: str
    cast: Cast
    x: float
    y: float
    tall: float
    facing: float
    phase: float
    pace: float = 0.0


class Arrangement:
    """The cast of a room, and the hand-drawn things that keep it company.

    Args:
        stage: the stage.
        room: the room.
        painter: sets still things down.
        cast: who and what.
    """

    def __init__(self, stage: Stage, room: Room, painter: Painter, cast: tuple[Cast, ...]) -> None:
        self.stage, self.room, self.sun = stage, room, painter.sun
        self.pieces: list[Piece] = []
        self.behind: list[Piece] = []
        place = stage.place("arrangement")
        things: list[Cast] = []
        for member in cast:
            if not grounded((member,)) and member.kind != "butterfly":
                continue
            count = min(_MANY, member.count or 1)
            if not room.floor and _large(member.kind):
                self._walk_behind(member, min(3, count), place)
            else:
                things += [member] * count
        first = FIGURES[things[0].kind].size if things else 0.15
        main = min(0.37, 0.5 * stage.aspect)
        if room.floor:
            main = float(np.clip(first * 2.7, 0.3, 0.56)) * min(1.0, stage.aspect / 1.3)
        elif things:
            main *= float(np.clip(0.78 + (first - 0.1) * 1.6, 0.72, 1.1))
        self._place(things, main, first, place)
        if not room.floor:
            self._accompany(painter, {c.kind for c in things}, len(things), main)
        for p in self.pieces:
            if _swims(p.kind):
                painter.put("fishbowl", p.x, p.y, p.tall)
            elif p.kind != "butterfly":
                shadow(painter.plate, p.x, p.y, p.tall * 0.36, painter.sun, 0.6)
            if p.kind in _STEAMING:
                painter.vapours.append(Vapour(p.x, p.y - p.tall * 0.72, p.tall * 0.9, p.phase))

    def _walk_behind(self, member: Cast, count: int, place: np.random.Generator) -> None:
        """Whoever is too large for the table passes behind it."""
        away = -self.room.side
        heading = float(member.heading or self.stage.side("heading"))
        tall = float(np.clip(FIGURES[member.kind].size * 3.2, 0.4, 0.7))
        for k in range(count):
            x = away * (0.02 + 0.34 * k)
            phase = float(place.random())
            self.behind.append(Piece(member.kind, member, x, 0.9, tall, heading, phase, 0.035))

    def _place(self, things: list[Cast], main: float, first: float, place: np.random.Generator) -> None:
        away = -self.room.side
        hx, hy = self.room.hero
        slots = [
            (0.0, 0.0), (away * 0.86, -0.035), (-away * 0.81, 0.03),
            (away * 0.54, 0.06), (-away * 1.22, -0.06), (away * 1.35, 0.02),
        ]  # fmt: skip
        for k, (member, (dx, dy)) in enumerate(zip(things, slots, strict=False)):
            nature = 0.92 * float(np.clip((FIGURES[member.kind].size / first) ** 0.75, 0.45, 1.25))
            share = 1.0 if k == 0 else 0.9 if member is things[0] else nature
            tall = main * share * (0.82 if len(things) > 3 else 1.0) * (0.95 if dy < 0 else 1.0)
            facing = float(member.heading or (away if dx <= 0 else -away))
            y = hy + dy
            if member.kind == "butterfly":
                y, tall = y - main * (0.9 + 0.2 * k), 0.085
            phase = float(place.random())
            self.pieces.append(Piece(member.kind, member, hx + dx * main, y, tall, facing, phase))
        self.pieces.sort(key=lambda p: p.y)

    def _accompany(self, painter: Painter, taken: set[str], count: int, main: float) -> None:
        room = self.room
        away = -room.side
        hx, hy = room.hero
        company = painter.company()
        if taken <= {"butterfly"}:
            one, two, three = company
            painter.put(two, hx + away * main * 0.95, hy - 0.055, main * 0.86)
            painter.put(one, hx, hy, main * 1.04)
            painter.put(three, hx - away * main * 0.8, hy + 0.045, main * 0.6)
        else:
            taken = {*taken, "cup"} if taken & _STEAMING else taken
            free = [name for name in company if name not in taken]
            back = ((away * 1.5, 0.075, 0.72), (-away * 1.25, 0.09, 0.62))
            for name, (dx, dy, share) in zip(free, back[: 2 if count < 3 else 1], strict=False):
                painter.put(name, hx + dx * main, room.table + dy, main * share)
        dark = room.evening > 0.6 and room.kind != "cafe"
        if dark and not painter.wicks and "candle" not in taken:
            painter.put("candle", hx - away * main * 1.15, room.table + 0.08, main * 0.62)

    def draw_behind(self, frame: Image, t: float) -> None:
        """Draw who passes behind the table."""
        for p in self.behind:
            self._figure(frame, t, p, 0.8, 0.0)

    def draw(self, frame: Image, t: float) -> None:
        """Draw what stands in front, the farthest first."""
        for p in self.pieces:
            self._figure(frame, t, p, 1.0, 0.0 if p.kind == "butterfly" or _swims(p.kind) else 0.3)

    def _figure(self, frame: Image, t: float, p: Piece, depth: float, reflect: float) -> None:
        stage = self.stage
        view = stage.view(t, depth)
        x, y, action = p.x, p.y, p.cast.action
        if p.pace:
            if p.kind in PEOPLE and not action:
                action = "rest"  # busy with what they do, or just there
            if action in {"walk", "run", ""}:
                x += p.facing * p.pace * (t - stage.seconds / 2)
                action = "walk"
        elif p.kind == "butterfly":
            x += 0.06 * math.sin(0.8 * t + 6 * p.phase)
            y += 0.025 * math.sin(1.7 * t + 9 * p.phase)
        elif _swims(p.kind):  # in a bowl of its own
            turn = 0.7 * t + 6 * p.phase
            x += 0.16 * p.tall * math.sin(turn)
            y -= p.tall * (0.42 + 0.07 * math.sin(1.1 * t + 4 * p.phase))
            p = replace(p, tall=0.4 * p.tall, facing=math.copysign(1.0, math.cos(turn)))
        elif FIGURES[p.kind].home == "ground" and action != "graze":
            action = "rest"
        px, py = view.at(x, y)
        scale = p.tall * view.scale
        if not -2 * scale < px < frame.shape[1] + 2 * scale:
            return
        pose = Pose(px, py, scale, p.facing, t, p.phase, action, p.cast.colour, self.room.evening)
        FIGURES[p.kind].draw(pose).lay(frame, self.room.light, self.sun, 0.0, 1.0, 0.3, reflect)
