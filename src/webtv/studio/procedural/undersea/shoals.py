"""Shoals: many small fish that turn together, and the larger swimmers of a scene."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, luma, mix, rgb
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage, lay, screen_free

_SHIFT = 4
_BODY = np.array(
    (
        (0.5, 0.0),
        (0.34, 0.13),
        (0.08, 0.2),
        (-0.2, 0.12),
        (-0.34, 0.03),
        (-0.34, -0.03),
        (-0.2, -0.12),
        (0.08, -0.19),
        (0.34, -0.12),
    )
)
_TAIL = np.array(((-0.3, 0.0), (-0.55, 0.17), (-0.47, 0.0), (-0.55, -0.17)))
# What walks or lies on the floor; some of it lives on beaches too.
FLOOR = frozenset({"crab", "lobster", "shell", "snail", "oyster", "treasure", "anchor", "amphora", "skull"})
_GREAT = frozenset({"whale", "orca", "shark", "ray", "submarine"})


class Shoal:
    """Fish that follow one path, each a little late, so that a turn runs through the whole shoal.

    Args:
        stage: the stage.
        name: stream of chance.
        count: how many.
        size: length of a fish in world units.
        colour: of their backs.
        depth: plane.
        middle: world point around which they swim.
        light: light under water.
        haze: how much water is in between, 0..1.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        count: int,
        size: float,
        colour: Colour,
        depth: float,
        middle: tuple[float, float],
        light: Light,
        haze: float,
    ) -> None:
        self.stage, self.depth, self.middle = stage, depth, middle
        rng = stage.place(name)
        spread = size * math.sqrt(count) * 0.6
        self.offset = rng.normal(0, 1, (count, 2)) * (spread * 1.35, spread * 0.5)
        self.lag = 0.5 * self.offset[:, 0] / (spread + 1e-9) + rng.normal(0, 0.18, count)
        self.size = size * rng.uniform(0.75, 1.2, count)
        self.phase = rng.uniform(0, 6.28, count)
        self.rate = rng.uniform(0.9, 1.2)
        self.start = float(rng.uniform(0, 6.28))
        back = light.far(light.lit(colour, 0.6), haze)
        belly = light.far(light.lit(mix(colour, (1, 1, 1), 0.65), 1.0), haze)
        self.tones = [mix(back, belly, k / 3) for k in range(4)]

    def _path(self, s: Image) -> tuple[Image, Image]:
        x = 0.3 * np.sin(0.34 * s * self.rate + self.start) + 0.08 * np.sin(0.9 * s + 1)
        y = 0.06 * np.sin(0.5 * s + self.start * 2)
        return x, y

    def draw(self, frame: Image, t: float) -> None:
        """Draw the shoal."""
        s = t - self.lag
        x, y = self._path(s)
        ahead = self._path(s + 0.1)
        vx, vy = (ahead[0] - x) * 10, (ahead[1] - y) * 10
        view = self.stage.view(t, self.depth)
        px = (self.middle[0] + x + self.offset[:, 0]) * view.scale + view.left
        wobble = 0.006 * np.sin(1.7 * t + self.phase)
        py = (self.middle[1] + y + self.offset[:, 1] + wobble) * view.scale + view.top
        face = np.tanh(vx * 22)
        pitch = np.clip(vy / (np.abs(vx) + 0.03), -0.6, 0.6) * np.sign(face)
        beat = 0.16 * np.sin(9 * t + self.phase * 3)
        h, w = frame.shape[:2]
        order = np.argsort(self.size)
        x0, x1 = int(np.clip(px.min() - 40, 0, w)), int(np.clip(px.max() + 40, 0, w))
        y0, y1 = int(np.clip(py.min() - 30, 0, h)), int(np.clip(py.max() + 30, 0, h))
        if x1 - x0 < 4 or y1 - y0 < 4:
            return
        ink = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
        # Seen from the front a fish is short; broadside, while it turns, its flank flashes.
        scale = self.size * view.scale
        long = scale * np.sign(face) * (0.3 + 0.7 * np.abs(face))
        shine = np.clip((1 - np.abs(face)) * 2.2 + 0.25 * np.sin(2.2 * t + self.phase) + 0.3, 0, 0.999)
        shapes = []
        for shape, swing in ((_TAIL, beat * scale), (_BODY, 0.0 * beat)):
            x_ = shape[None, :, 0] * long[:, None]
            y_ = -shape[None, :, 1] * scale[:, None] + x_ * (0.7 * pitch)[:, None]
            y_ = y_ + swing[:, None] * (shape[None, :, 0] < -0.4)
            at = np.dstack((x_ + (px - x0)[:, None], y_ + (py - y0)[:, None]))
            shapes.append(np.round(at * (1 << _SHIFT)).astype(np.int32))
        inks = [(*(round(255 * min(1.0, c)) for c in tone), 255) for tone in self.tones]
        tone_of = (shine * 4).astype(int).tolist()
        for i in order.tolist():
            for points in shapes:
                cv2.fillPoly(ink, [points[i]], inks[tone_of[i]], cv2.LINE_AA, _SHIFT)
        lay(frame[y0:y1, x0:x1], ink.astype(np.float32) * np.float32(1 / 255))


@dataclass(frozen=True, slots=True)
class _Swimmer:
    kind: str
    cast: Cast
    x: float
    y: float
    size: float  # world height
    near: float
    heading: float
    phase: float


class Swimmers:
    """The cast under water: as large as their number allows, the first of them near the middle."""

    def __init__(self, stage: Stage, cast: tuple[Cast, ...], light: Light, floor: float = 0.86) -> None:
        self.stage, self.light = stage, light
        place = stage.place("swimmers")
        self.members: list[_Swimmer] = []
        self.hero: _Swimmer | None = None
        self.dark = float(luma(light.ambient) < 0.36)
        for rank, member in enumerate(cast):
            figure = FIGURES[member.kind]
            count = max(1, min(member.count or 1, 14))
            heading = float(member.heading or stage.side("swim " + member.kind))
            least = 0.24 if count == 1 else 0.17 if count <= 3 else 0.125 if count <= 7 else 0.075
            if rank:
                least *= 0.7
            if member.kind in FLOOR:
                least *= 0.75
            tall = min(0.46, max(figure.size * (1.5 if member.kind in _GREAT else 1.15), least))
            if figure.size < 0.07 and member.kind == "fish":
                tall = least * 0.85
            room = (0.8 if count == 1 else 0.5) * stage.aspect / max(1.0, stage.zoom / 1.25)
            tall = min(tall, room / figure.width())
            middle = (float(place.uniform(-0.1, 0.1)) + 0.22 * rank, 0.44 + 0.1 * (rank % 2))
            for i in range(count):
                near = 1.0 if i == 0 else float(place.uniform(0.35, 0.95))
                size = tall * (0.55 + 0.45 * near)
                if member.kind in FLOOR:
                    x = ((i + 0.5) / count - 0.5) * 1.3 * stage.aspect * 0.6 + float(
                        place.uniform(-0.06, 0.06)
                    )
                    y = floor - 0.02 + 0.08 * near
                elif count == 1:
                    x, y = middle
                elif figure.size < 0.07:
                    angle = 2.4 * i
                    r = 0.13 * math.sqrt(i)
                    x, y = middle[0] + r * 1.5 * math.cos(angle), middle[1] + r * 0.62 * math.sin(angle)
                else:
                    # The nearest swims in the middle, the others to both sides of it.
                    slot = (count // 2 + (i + 1) // 2 * (1 if i % 2 else -1)) % count
                    wide = stage.aspect * (0.82 if count > 2 else 0.5)
                    x = ((slot + 0.5) / count - 0.5) * wide + float(place.uniform(-0.05, 0.05))
                    y = 0.46 + (0.17 if slot % 2 else -0.13) + float(place.uniform(-0.06, 0.06))
                self.members.append(
                    _Swimmer(member.kind, member, x, y, size, near, heading, float(place.random()))
                )
                if self.hero is None:
                    self.hero = self.members[-1]
        self.members.sort(key=lambda m: m.near)

    def attend(self) -> None:
        """Let closer framings look at whom the picture is about; call it before anything is painted."""
        if self.hero is not None and self.stage.zoom > 1:
            self.stage.focus = (self.hero.x, self.hero.y)

    def draw(self, frame: Image, t: float, low: float = 0.0, high: float = 2.0) -> None:
        """Draw everybody whose nearness is between two bounds."""
        middle = t - self.stage.seconds / 2
        for m in self.members:
            if not low <= m.near < high:
                continue
            figure = FIGURES[m.kind]
            view = self.stage.view(t, 0.4 + 0.5 * m.near)
            quick = 0.25 if m.cast.action == "rest" else 1.0
            on_floor = m.kind in FLOOR
            pace = m.heading * min(figure.speed, 0.55) * m.size * quick * (0.4 if on_floor else 1.0)
            x = m.x + pace * middle * (0.85 + 0.3 * m.phase)
            y = m.y
            if not on_floor:
                x += 0.008 * math.sin(t * 0.9 + m.phase * 6)
                y += 0.014 * math.sin(t * (0.7 + 0.5 * m.phase) + m.phase * 9)
            if m.kind == "jellyfish":
                y -= 0.012 * middle + 0.008 * math.sin((t * 0.42 + m.phase) * 6.28)
            px, py = view.at(x, y)
            scale = view.scale * m.size
            if not -3 * scale < px < frame.shape[1] + 3 * scale:
                continue
            pen = figure.draw(
                Pose(px, py, scale, m.heading, t, m.phase, m.cast.action or "swim", m.cast.colour, 0.6)
            )
            glassy = m.kind == "jellyfish"
            if glassy and self.dark > 0:
                # In the deep it is its own lamp.
                glow = mix(m.cast.colour or rgb("#a8d8f8"), (1, 1, 1), 0.2)
                breath = 0.24 + 0.05 * math.sin((t * 0.42 + m.phase) * 6.28)
                _shine(frame, px, py - 0.1 * scale, 1.1 * scale, glow, breath * self.dark)
                pen.lay(frame, None, 0.2, 0.0, 0.8 * self.dark)
                continue
            pen.lay(frame, self.light, 0.2, 0.5 * (1 - m.near), 0.84 if glassy else 1.0, 0.3)


def _shine(frame: Image, x: float, y: float, r: float, colour: Colour, power: float) -> None:
    """A round glow in the water; a product of two bells."""
    x0, x1 = max(0, int(x - 2 * r)), min(frame.shape[1], int(x + 2 * r) + 1)
    y0, y1 = max(0, int(y - 2 * r)), min(frame.shape[0], int(y + 2 * r) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32) - np.float32(x)) / np.float32(r)
    dy = (np.arange(y0, y1, dtype=np.float32) - np.float32(y)) / np.float32(r)
    soft = np.outer(np.exp(-2.2 * dy * dy), np.exp(-2.2 * dx * dx)) * np.float32(power)
    screen_free(frame[y0:y1, x0:x1], colour, soft)


SILVER = rgb("#9fc0d8")
REEF_FISH = tuple(rgb(c) for c in ("#ffcf4a", "#ff9a4a", "#6fb8ff", "#f07ab0", "#b8e86a"))
