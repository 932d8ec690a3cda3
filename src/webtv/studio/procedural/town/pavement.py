"""Who walks in a street and what stands along it, in the street's perspective."""

import math
from collections.abc import Callable

import numpy as np

from webtv.studio.procedural.casting import LAND, present
from webtv.studio.procedural.colour import Colour, mix
from webtv.studio.procedural.figures import FIGURES, PEOPLE, SHELTERED, STILL, Pose
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.town.kerbside import Cutout, bicycle, cafe, stall, tree

_TALL = 1.72  # metres, of a grown person
_NEAR = 5.6  # metres: whoever is nearer passes before those whom the words ask for
_IN_PLACE = STILL | {"dance", "wave", "work", "play"}
Project = Callable[[float, float, float], tuple[float, float, float]]
"""Street metres (right, up, ahead) to pixel x, y and pixels per metre."""


class Pavement:
    """Walkers, whom the words ask for, trees, tables, stalls and bicycles.

    Args:
        stage: the stage.
        wall: metres from the middle of the street to its walls.
        pace: metres per second at which the camera goes on.
        wet: how wet the ground is, 0..1.
        old: whether this is an old town.
        snow: whether snow lies.
    """

    def __init__(self, stage: Stage, wall: float, pace: float, wet: float, old: bool, snow: bool) -> None:
        self.stage = stage
        self.wall, self.pace, self.wet, self.old, self.snow = wall, pace, wet, old, snow
        self.alley = wall < 6
        # The same people, met at another moment; the same trees, seen from between others.
        self.on = int(stage.take("walkers").integers(4))
        self.off = float(stage.take("kerb").uniform(0, 12))
        self._crowd(stage.place("crowd"))
        self._furnish(stage.place("kerbside"))
        self.heroes = tuple(
            c
            for c in present(stage.spec.cast, LAND)
            if c.kind != "car" and c.kind not in PEOPLE and FIGURES[c.kind].home != "air"
        )

    def _crowd(self, place: np.random.Generator) -> None:
        """People as (kind, x, z, heading, phase, action, colour); some close, some far, some crossing."""
        spec = self.stage.spec
        asked = [c for c in spec.cast if c.kind in PEOPLE for _ in range(max(1, min(c.count, 8)))]
        wet = spec.weather in {"rain", "storm"} or "umbrella" in spec.extras
        count = max(5, min(12, len(asked) + 5))
        # Who came for something else is not shown strangers' heads: they keep away from a near lens.
        away = 0.0 if asked or spec.camera.framing == "wide" else 5.0
        side = self.stage.side("first walker")
        self.walkers: list[tuple[str, float, float, float, float, str, Colour | None]] = []
        for k in range(count):
            member = asked[k] if k < len(asked) else None
            kind = member.kind if member else "person"
            dry = place.random() < 0.8 or member is not None
            action = "umbrella" if wet and dry and kind in SHELTERED else "walk"
            if member and member.action in _IN_PLACE:
                action = member.action
            colour = member.colour if member else None
            phase = float(place.random())
            if k < 4 or self.alley:  # near ones, left and right in turn, none in the middle of the view
                x = (side if k % 2 else -side) * float(place.uniform(0.45, 0.72)) * min(self.wall, 6.0)
                z = (5.2, 6.4, 8.2, 11.0)[(k + self.on) % 4] + float(place.uniform(-0.4, 0.6)) + 6 * (k // 4)
                z += away
            else:
                x = float(place.choice((-1, 1)) * place.uniform(5.6, 7.6))
                z = float(place.uniform(10, 42))
            self.walkers.append((kind, x, z, float(place.choice((-1, 1))), phase, action, colour))
        if asked or (wet and not spec.cast and not away):
            kind, _, _, heading, phase, action, colour = self.walkers[0]
            heading = float(asked[0].heading or heading) if asked else heading
            self.walkers[0] = (kind, -1.1 * heading, 5.0, heading, phase, action, colour)

    def _furnish(self, place: np.random.Generator) -> None:
        """What stands along the kerb as (cut-out, x, z), near the eye first."""
        stage, extras = self.stage, self.stage.spec.extras
        self.things: list[tuple[Cutout, float, float]] = []
        if self.alley:
            pots = (
                [cafe(stage, place) for _ in range(2)]
                if "cafe" in extras or stage.chance("alley cafe?") < 0.5
                else []
            )
            self.things += [(pot, (2.6 if k else -2.6), 9.0 + 7 * k) for k, pot in enumerate(pots)]
        else:
            trees = [tree(stage, place, 1.0) for _ in range(3)]
            leafy = "tree" in extras or self.old or stage.chance("trees?") < 0.7
            if leafy:
                self.things += [
                    (trees[k % 3], (k % 2 * 2 - 1) * 5.9, 14.0 + 12 * (k // 2) + 4 * (k % 2))
                    for k in range(8)
                ]
            if "market" in extras:
                stalls = [stall(stage, place) for _ in range(4)]
                self.things += [
                    (stalls[k % 4], (k % 2 * 2 - 1) * 4.6, 8.0 + 4.5 * (k // 2)) for k in range(10)
                ]
            elif "cafe" in extras or (
                self.old and not self.snow and stage.spec.weather in {"clear", "cloudy"}
            ):
                sets, side = [cafe(stage, place) for _ in range(3)], stage.side("cafe")
                self.things += [(sets[k % 3], side * (6.6 - 0.9 * (k % 2)), 7.5 + 2.6 * k) for k in range(6)]
            bikes = [bicycle(stage, place) for _ in range(2)]
            side = -stage.side("cafe")
            self.things += [(bikes[k % 2], side * 5.6, 6.5 + 1.5 * k) for k in range(3)]
        self.things.sort(key=lambda item: item[2])

    def draw(self, frame: Image, t: float, project: Project) -> None:
        """People and what stands along the kerb, far ones first, in the street's perspective at t."""
        light = self.stage.light
        haze = mix(light.haze, light.sky[-1], 0.35)
        placed: list[tuple[float, int, int]] = []
        for i, (_, _, z0) in enumerate(self.things):
            z = (z0 - self.off - self.pace * t) % 72 if z0 > 13 else z0 - 0.6 * self.pace * t
            placed.append((z, 0, i))
        for i, (_, x, z0, heading, _, action, _) in enumerate(self.walkers):
            along = (
                heading * 0.9 * (t - self.stage.seconds / 2)
                if abs(x) > 4 and action not in _IN_PLACE
                else 0.0
            )
            placed.append((z0 - self.pace * t * 0.6 + along, 1, i))
        starred = False
        for z, what, i in sorted(placed, reverse=True):
            if not starred and z < _NEAR:
                self._star(frame, t, project)
                starred = True
            if z < 2.6:
                continue
            if what == 0:
                picture, x, _ = self.things[i]
                px, py, s = project(x, 0, z)
                share = 1 - math.exp(-z / (150 * (1 - 0.6 * light.fog)))
                picture.draw(frame, px, py, s, haze, share, min(1.0, (z - 2.6) / 1.5, (72 - z) / 10))
            else:
                self._person(frame, t, project, z, i)
        if not starred:
            self._star(frame, t, project)

    def _person(self, frame: Image, t: float, project: Project, z: float, i: int) -> None:
        kind, x, _, heading, phase, action, colour = self.walkers[i]
        across = (
            heading * 0.75 * (t - self.stage.seconds / 2) if abs(x) < 2 and action not in _IN_PLACE else 0.0
        )
        px, py, s = project(x + across, 0, z)
        scale = _TALL * FIGURES[kind].size / FIGURES["person"].size * s
        if not _visible(px, py, scale, frame):
            return
        pen = FIGURES[kind].draw(Pose(px, py, scale, heading, t, phase, action, colour))
        side = -math.copysign(1, x)
        pen.lay(frame, self.stage.light, side, min(0.6, z / 90), rim=0.8, reflect=0.45 * self.wet)

    def _star(self, frame: Image, t: float, project: Project) -> None:
        """Whom the words ask for, if neither walker nor car: in the street, large enough to be seen."""
        middle = t - self.stage.seconds / 2
        for k, member in enumerate(self.heroes[:3]):
            figure = FIGURES[member.kind]
            count = min(5, member.count or 1)
            for i in range(count):
                z = 6.0 + 1.3 * k + 0.9 * i
                tall = min(3.6, max(1.25, figure.size / FIGURES["person"].size * _TALL)) * (
                    1.35 if figure.home == "road" else 1.0
                )
                heading = float(member.heading or self.stage.side(f"hero{k}"))
                moves = figure.home in {"ground", "road"} and member.action not in {"rest", "graze"}
                x = 1.9 * (i - (count - 1) / 2) + 0.8 * k * (-1) ** k
                x += heading * figure.speed * tall * (1.6 if member.action == "run" else 0.6) * middle * moves
                px, py, s = project(x, 0, z)
                phase = (0.37 * i + 0.2 * k) % 1.0
                action = member.action or ("walk" if moves else "rest")
                pose = Pose(
                    px, py, tall * s, heading, t, phase, action, member.colour, self.stage.light.lamps
                )
                figure.draw(pose).lay(frame, self.stage.light, 1.0, 0.03, rim=0.6, reflect=0.45 * self.wet)


def _visible(x: float, y: float, scale: float, frame: Image) -> bool:
    """Whether a figure of that size can be seen."""
    return -scale < x < frame.shape[1] + scale and scale > 5 and y - scale * 1.4 < frame.shape[0]
