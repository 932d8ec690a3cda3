"""A cast on land and in the air: who stands where, how large, and where they are at t."""

import math
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage


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
        self.members: list[_Member] = []
        heading_of_all = stage.side("troupe heading")
        for member in cast:
            figure = FIGURES.get(member.kind)
            if figure is None:
                continue
            count = min(member.count or 1, 14 if figure.home == "air" else 7)
            heading = float(member.heading or heading_of_all)
            for i in range(count):
                near = 1.0 if i == 0 and figure.home == "ground" else float(place.uniform(0.1, 0.95))
                slot = (i + 0.5) / count - 0.5
                if figure.home == "air":
                    y = float(place.uniform(*sky))
                    x = float(slot * spread * 1.2 + place.uniform(-0.12, 0.12))
                    scale = float(place.uniform(0.6, 1.15))
                    if member.kind == "butterfly":
                        y = float(place.uniform(back - 0.08, ground - 0.02))
                else:
                    y = back + (ground - back) * near
                    alone = count == 1
                    x = (
                        float(-0.08 * heading + place.uniform(-0.06, 0.06))
                        if alone
                        else float(slot * spread * (0.55 + 0.1 * count) / 1.1 + place.uniform(-0.05, 0.05))
                    )
                    scale = 0.5 + 0.7 * near
                if figure.home == "ground" and member is cast[0] and figure.size < 0.1:
                    scale *= (
                        2.3 if figure.size < 0.06 else 1.7 if figure.size < 0.08 else 1.35
                    )  # small heroes come nearer
                action = member.action
                if figure.home == "ground" and not action:
                    action = str(place.choice(("walk", "graze", "rest"))) if i else "walk"
                elif action in {"walk", "run"} and i and place.random() < 0.15:
                    action = "rest"
                if figure.home == "air" and member is cast[0]:
                    # A small flyer that the picture is about comes close to the lens.
                    scale *= 2.3 if figure.size < 0.045 else 1.6
                    y = 0.5 * y + 0.5 * ((sky[1] + back) / 2 if member.kind != "butterfly" else ground - 0.1)
                kind = (
                    "stag"
                    if member.kind == "deer" and i == 0 and stage.chance("antlers?") < 0.6
                    else member.kind
                )
                if action in {"fly", "swim", "sail", "drift"} and figure.home == "ground":
                    action = "walk"
                self.members.append(
                    _Member(kind, member, x, y, scale * size, heading, float(place.random()), action)
                )
        self.members.sort(key=lambda m: m.y)

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
            speed = {"walk": 0.62, "run": 2.0, "fly": 1.0, "": 0.6}.get(m.action, 0.0)
            if figure.home == "air":
                speed = max(speed, 0.7) if m.action != "rest" else 0.0
            travel = m.heading * speed * figure.speed * figure.size * m.size * middle
            x, y = m.x + travel, m.y
            if figure.home == "air" and speed:
                y += 0.018 * math.sin(t * 0.9 + m.phase * 6.28)
                if m.kind == "butterfly":
                    x += 0.03 * math.sin(t * 1.1 + m.phase * 9)
                    y += 0.02 * math.sin(t * 3.1 + m.phase * 5)
            px, py = view.at(x, y)
            scale = view.scale * figure.size * m.size
            if not (-3 * scale < px < frame.shape[1] + 3 * scale):
                continue
            if figure.home == "ground":
                _shadow(frame, px, py, scale, stage.light.ambient)
            pen = figure.draw(
                Pose(px, py, scale, m.heading, t, m.phase, m.action, m.cast.colour, stage.light.lamps)
            )
            haze = 0.35 * max(0.0, 1 - m.size) + 0.1 * stage.light.fog
            pen.lay(frame, stage.light, self.sun, haze)


def _shadow(frame: Image, x: float, y: float, scale: float, ambient: tuple[float, float, float]) -> None:

    rx, ry = scale * 0.62, scale * 0.085
    x0, x1 = max(0, int(x - 1.6 * rx)), min(frame.shape[1], int(x + 1.6 * rx) + 1)
    y0, y1 = max(0, int(y - 1.6 * ry)), min(frame.shape[0], int(y + 2.2 * ry) + 1)
    if x0 >= x1 or y0 >= y1:
        return
    dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - x) / rx
    dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - y - ry * 0.3) / ry
    dark = 0.5 * np.exp(-(dx * dx + dy * dy) * 1.6)
    frame[y0:y1, x0:x1] *= 1 - dark[..., None] * np.float32(1.0) * (
        1 - np.asarray(ambient, np.float32) * 0.35
    )
