"""A cast on land and in the air: who stands where, how large, and where they are at t."""

import math
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.figures import FIGURES, PEOPLE, SHELTERED, STILL, Figure, Pose
from webtv.studio.procedural.figures.rails import ON_RAILS, rails, road
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage

_LOW = frozenset({"butterfly", "monarch", "bee", "mosquito", "fly", "fairy"})  # fly among the flowers
_LONE, _FLOCK = (
    0.135,
    0.105,
)  # frame heights: the least height of whom the picture is about, alone and in a group
_TALLEST = 0.42
_PACE = {"walk": 0.62, "run": 2.0, "fly": 1.0, "drift": 0.62, "umbrella": 0.62, "": 0.6}
_ON_GROUND = 0.8  # sizes of things are those on a table
_BESIDE = 0.45  # of that, where somebody stands beside them
_LEAST = 0.06  # frame heights: nobody is smaller than that
_LONE_WING, _FLOCK_WING = 0.105, 0.085
_WIDE, _WIDE_OF_MANY = 0.66, 0.4  # shares of the frame's width


@dataclass(frozen=True, slots=True)
class _Member:
    kind: str
    cast: Cast
    x: float
    y: float
    size: float
    heading: float
    phase: float
    action: str


class Troupe:
    """The subjects of a scene on solid ground, and what flies above it.

    Args:
        stage: the stage.
        cast: who.
        ground: world height where the nearest stand.
        back: world height where the farthest stand.
        size: scales everybody.
        sun: side of the light, -1 or 1.
        sky: world heights between which flyers keep.
        spread: world width over which they stand.
    """

    def __init__(
        self,
        stage: Stage,
        cast: tuple[Cast, ...],
        ground: float,
        back: float,
        size: float = 1.0,
        sun: float = 1.0,
        sky: tuple[float, float] = (0.12, 0.4),
        spread: float = 0.9,
    ) -> None:
        self.stage, self.sun = stage, sun
        place = stage.place("troupe")
        spread = min(spread, 0.85 * stage.aspect)  # in a tall frame they stand closer
        self.members: list[_Member] = []
        self.hero: _Member | None = None
        standing = [
            FIGURES[c.kind] for c in cast if c.kind in FIGURES and FIGURES[c.kind].home in {"ground", "road"}
        ]
        heading_of_all = stage.side("troupe heading")
        for member in cast:
            figure = FIGURES.get(member.kind)
            if figure is None or figure.home == "under":
                continue
            count = min(member.count or figure.group, 14 if figure.home == "air" else 7)
            heading = float(member.heading or heading_of_all)
            hero = member is cast[0]
            share = _share(figure, standing)
            room_for_one = (_WIDE if count == len(cast) == 1 else _WIDE_OF_MANY) * stage.aspect
            widest = room_for_one / (figure.size * figure.width()) / max(1.0, stage.zoom / 1.25)
            for i in range(count):
                kind = member.kind
                if kind == "deer" and i == 0 and stage.chance("antlers?") < 0.6:
                    kind = "stag"
                if kind == "car":
                    kind = (
                        "jeep"  # the drawn car comes towards us, as cars in a street do; this one has a side
                    )
                if figure.home == "air":
                    slot = (i + 0.5) / count - 0.5
                    y = float(place.uniform(*sky))
                    x = float(slot * spread * 1.2 + place.uniform(-0.12, 0.12) * min(1.0, stage.aspect))
                    scale = float(place.uniform(0.6, 1.15))
                    if kind in _LOW:
                        y = float(place.uniform(back - 0.08, ground - 0.02))
                    if hero:
                        # A small flyer that the picture is about comes close to the lens.
                        least = (_LONE_WING if count == 1 else _FLOCK_WING) * scale
                        least *= member in stage.spec.cast  # birds that only belong to the place stay far
                        scale *= 2.3 if figure.size < 0.045 else 1.6
                        scale = min(max(scale, least / figure.size), _TALLEST / figure.size)
                        y = 0.5 * y + 0.5 * (ground - 0.1 if kind in _LOW else (sky[1] + back) / 2)
                else:
                    near = 1.0 if i == 0 else float(place.uniform(0.05, 0.95))
                    if share < 0.8:
                        near = 0.5 + 0.5 * near  # the small keep to the front, or grass hides them
                    scale = (0.5 + 0.7 * near) * (_ON_GROUND if figure.home == "thing" else 1.0)
                    if hero:
                        least = (_LONE if count < 4 else _FLOCK) * (0.6 + 0.4 * near)
                        scale = max(scale, least / figure.size)
                    scale = min(max(scale * share, _LEAST / figure.size), _TALLEST / figure.size)
                    y = back + (ground - back) * near
                    if count == 1 and len(cast) == 1:
                        x = float(-0.08 * heading + place.uniform(-0.06, 0.06))
                    else:
                        room = min(spread * (0.55 + 0.1 * count) / 1.1, 0.85 * stage.aspect)
                        x = self._free(place, room, y, scale * figure.size * figure.width())
                scale = min(scale, widest)
                action = self._action(place, member, figure, i)
                phase = float(place.random())
                self.members.append(_Member(kind, member, x, y, scale * size, heading, phase, action))
                if hero and i == (count // 2 if figure.home == "air" else 0):
                    self.hero = self.members[-1]
        self.members.sort(key=lambda m: m.y)

    def attend(self) -> None:
        """Let closer framings look at whom the picture is about; call it before anything is painted."""
        hero, stage = self.hero, self.stage
        if hero is not None and stage.zoom > 1:
            flies = FIGURES[hero.kind].home == "air"
            stage.focus = (hero.x, hero.y if flies else stage.focus[1])

    def _free(self, place: np.random.Generator, room: float, y: float, width: float) -> float:
        """The x of a few drawn by lot that is farthest from everybody who stands there already."""
        best, clear = 0.0, -1.0
        for x in place.uniform(-0.5, 0.5, 16) * room:
            apart = 9.0
            for other in self.members:
                figure = FIGURES[other.kind]
                if figure.home != "air":
                    half = 0.5 * (width + other.size * figure.size * figure.width())
                    apart = min(apart, math.hypot((x - other.x) / half, (y - other.y) / 0.12))
            if apart > clear:
                best, clear = float(x), apart
        return best

    def _action(self, place: np.random.Generator, member: Cast, figure: Figure, i: int) -> str:
        action = member.action
        if figure.home == "thing":
            # A ball rolls; a cup stands.
            return "rest" if action in STILL or figure.speed == 0 else "drift"
        if figure.home in {"ground", "road"}:
            if action in {"fly", "swim", "sail", "drift"}:
                action = "walk"
            if not action:
                action = "walk" if i == 0 or figure.restless else str(place.choice(("walk", "graze", "rest")))
                if member.kind in PEOPLE and action == "graze":
                    action = "rest"
            if action in {"walk", "run"} and i and not figure.restless and place.random() < 0.15:
                action = "rest"
            spec = self.stage.spec
            wet = spec.weather in {"rain", "storm"} or "umbrella" in spec.extras
            if wet and action == "walk" and member.kind in SHELTERED:
                return "umbrella"
        return action

    def draw(self, frame: Image, t: float, low: float = -9.0, high: float = 9.0) -> None:
        """Draw everybody whose feet are between two world heights."""
        stage = self.stage
        middle = t - stage.seconds / 2
        for m in self.members:
            figure = FIGURES[m.kind]
            if not low <= m.y < high and figure.home != "air":
                continue
            if figure.home == "air" and high < 9.0:
                continue
            depth = 0.55 + 0.4 * min(1.0, m.size)
            view = stage.view(t, depth)
            speed = _PACE.get(m.action, 0.0)
            if figure.home == "air":
                speed = max(speed, 0.7) if m.action not in STILL else 0.0
            pace = speed * figure.speed * figure.size * m.size
            # Who runs stays in the frame.
            way = (0.48 if stage.zoom > 1.25 else 0.62) * stage.aspect / stage.zoom
            pace = min(pace, way / stage.seconds)
            travel = m.heading * pace * middle
            x, y = m.x + travel, m.y
            if figure.home == "air" and speed:
                y += 0.018 * math.sin(t * 0.9 + m.phase * 6.28)
                if m.kind in _LOW:
                    x += 0.03 * math.sin(t * 1.1 + m.phase * 9)
                    y += 0.02 * math.sin(t * 3.1 + m.phase * 5)
            px, py = view.at(x, y)
            scale = view.scale * figure.size * m.size
            if not (-3 * scale < px < frame.shape[1] + 3 * scale):
                continue
            if m.kind in ON_RAILS:
                track = rails(view.at(0.0, y)[0], py, scale, frame.shape[1], m.phase)
                track.lay(frame, stage.light, self.sun, 0.1 * stage.light.fog, rim=0.0)
            elif figure.home == "road":
                tarmac = road(view.at(0.0, y)[0], py, scale, frame.shape[1])
                tarmac.lay(frame, stage.light, self.sun, 0.1 * stage.light.fog, rim=0.0)
            if figure.home != "air":
                _shadow(frame, px, py, scale, min(0.62, 0.55 * figure.width()), stage.light.ambient)
            drawn = figure.draw(
                Pose(px, py, scale, m.heading, t, m.phase, m.action, m.cast.colour, stage.light.lamps)
            )
            haze = 0.35 * max(0.0, 1 - m.size) + 0.1 * stage.light.fog
            # By night an edge of moonlight tells who stands there.
            drawn.lay(frame, stage.light, self.sun, haze, rim=0.35 + 0.45 * stage.light.stars)


def _share(figure: Figure, standing: list[Figure]) -> float:
    """How much smaller somebody is drawn for those who stand there too.

    Sizes of kinds lie closer together than nature's, so that a mouse is seen on its own; side by side a dog
    would be a lion.
    """
    if not standing or figure.home == "air":
        return 1.0
    if figure.home == "thing":
        return _BESIDE * (1.0 if figure.size <= 0.2 else 1.25)
    return float((figure.size / max(other.size for other in standing)) ** 0.55)


def _shadow(
    frame: Image, x: float, y: float, scale: float, half: float, ambient: tuple[float, float, float]
) -> None:
    rx, ry = scale * half, scale * 0.085
    x0, x1 = max(0, int(x - 1.6 * rx)), min(frame.shape[1], int(x + 1.6 * rx) + 1)
    y0, y1 = max(0, int(y - 1.6 * ry)), min(frame.shape[0], int(y + 2.2 * ry) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - x) / rx
    dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - y + ry * 0.1) / ry
    dark = 0.56 * np.exp(-(dx * dx + dy * dy) * 1.6)
    frame[y0:y1, x0:x1] *= 1 - dark[..., None] * np.float32(1.0) * (
        1 - np.asarray(ambient, np.float32) * 0.35
    )
