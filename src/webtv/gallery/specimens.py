"""Specimens: one subject on a plain plate, by day and by night, and in motion."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webtv.core.errors import InternalError
from webtv.gallery.images import save, strip
from webtv.gallery.work import Made
from webtv.studio.ports import Picture
from webtv.studio.procedural.colour import Colour, mix, ramp, rgb
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.light import Light, light_of
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.stage import Image

SIDE = 192
TIMES = ("day", "night")
# Where a home's figures stand: height of the horizon and of their feet (None: their middle), and the ground.
_PLATES: dict[str, tuple[float, float | None, str]] = {
    "ground": (0.60, 0.84, "#7f9a58"),
    "road": (0.60, 0.84, "#6f7277"),
    "thing": (0.64, 0.84, "#9a7353"),
    "water": (0.56, 0.78, "#3f7f9c"),
    "air": (1.10, None, "#7f9a58"),
    "under": (0.0, None, "#1d6f8c"),
}
_ROOMY = 600  # pixels of the plate on which a figure is measured
_UNIT = 120.0
_CALM = 0.5  # how much of the sky is haze: a plate is no picture


@dataclass(frozen=True, slots=True)
class Extent:
    """What a figure covers around its origin, in its own units: left, right, above, below."""

    left: float
    right: float
    above: float
    below: float


def extent(kind: str, action: str, moments: tuple[float, ...]) -> Extent:
    """Measure a figure over some moments.

    Raises:
        InternalError: it draws nothing.
    """
    middle = _ROOMY / 2
    boxes = []
    for t in moments:
        cover = _cover(kind, Pose(middle, middle, _UNIT, 1.0, t, 0.3, action))
        ys, xs = np.nonzero(cover > 0.1)
        if len(ys):
            boxes.append((xs.min(), xs.max() + 1, ys.min(), ys.max() + 1))
    if not boxes:
        raise InternalError(f"the figure {kind!r} draws nothing", place="figures")
    lefts, rights, tops, bottoms = zip(*boxes, strict=True)
    x0, x1, y0, y1 = min(lefts), max(rights), min(tops), max(bottoms)
    return Extent((middle - x0) / _UNIT, (x1 - middle) / _UNIT, (middle - y0) / _UNIT, (y1 - middle) / _UNIT)


def _cover(kind: str, pose: Pose) -> Image:
    """How much of each pixel a figure covers, whatever its colours: laid on black and on white."""
    drawing = FIGURES[kind].draw(pose)
    black = np.zeros((_ROOMY, _ROOMY, 3), np.float32)
    white = np.ones((_ROOMY, _ROOMY, 3), np.float32)
    drawing.lay(black)
    drawing.lay(white)
    return np.asarray(1 - (white - black).mean(axis=2), np.float32)


def plate(home: str, light: Light, side: int = SIDE) -> Image:
    """The ground that a home's figures stand before, float32[side, side, 3]."""
    horizon, _, colour = _PLATES.get(home, _PLATES["ground"])
    frame = np.empty((side, side, 3), np.float32)
    if home == "under":
        bright, deep = light.lit(rgb("#5fb6c4"), 0.9), light.lit(rgb("#0d3d5c"), 0.7)
        frame[:] = ramp([(0, bright), (1, deep)], side)[:, None]
        return frame
    if home == "thing":
        wall = light.lit(rgb("#a9a49b"), 0.35)
        frame[:] = ramp([(0, mix(wall, light.sky[0], 0.15)), (1, wall)], side)[:, None]
    else:
        count = len(light.sky) - 1
        air = [(n / count, mix(c, light.haze, _CALM)) for n, c in enumerate(light.sky)]
        frame[:] = ramp(air, side)[:, None]
    top = round(side * horizon)
    if top < side:
        near: Colour = light.lit(rgb(colour), 0.75)
        far = light.far(near, 0.55)
        frame[top:] = ramp([(0, far), (1, near)], side - top)[:, None]
        frame[max(0, top - 1) : top + 1] = mix(far, light.haze, 0.5)
    return frame


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a figure stands on its plate so that it fills it well, at all its moments."""

    kind: str
    action: str
    extent: Extent
    side: int

    def draw(self, time: str, t: float) -> Picture:
        """One moment, uint8[side, side, 3]."""
        figure = FIGURES[self.kind]
        home = figure.home
        feet = _PLATES.get(home, _PLATES["ground"])[1]
        light = light_of(SceneSpec("meadow", time=time))
        frame = plate(home, light, self.side)
        room, seen = 0.82 * self.side, self.extent
        wide, tall = seen.left + seen.right, seen.above + seen.below
        scale = min(room / wide, 0.74 * self.side / max(seen.above, 0.1) if feet else room / tall)
        x = self.side / 2 + scale * (seen.left - seen.right) / 2
        y = self.side * feet if feet else self.side / 2 + scale * (seen.above - seen.below) / 2
        if home == "thing":
            y = self.side * 0.84 - scale * max(0.0, seen.below)
        if home in {"ground", "road", "thing"}:
            _shadow(frame, self.side / 2, y, scale * wide / 2)
        pose = Pose(x, y, scale, 1.0, t, 0.3, self.action, None, light.lamps)
        figure.draw(pose).lay(frame, light, -0.7, 0.0, reflect=0.3 if home == "water" else 0.0)
        return np.asarray(np.clip(frame * 255 + 0.5, 0, 255), np.uint8)


def _shadow(frame: Image, x: float, y: float, half: float) -> None:
    rows, columns = np.ogrid[: frame.shape[0], : frame.shape[1]]
    away = ((columns - x) / (0.95 * half + 1)) ** 2 + ((rows - y) / (0.13 * half + 2)) ** 2
    frame *= (1 - 0.34 * np.exp(-1.4 * away))[..., None].astype(np.float32)


def action_of(kind: str) -> str:
    """What a kind does when nobody says what it should do, by its home."""
    figure = FIGURES[kind]
    if figure.speed <= 0:
        return "rest"
    return {"air": "fly", "under": "swim", "water": "sail"}.get(figure.home, "walk")


@dataclass(frozen=True, slots=True)
class Specimen:
    """One subject by day and by night, side by side.

    Attributes:
        name: of the file, without its ending.
        kind: a key of FIGURES.
    """

    name: str
    kind: str

    @property
    def cost(self) -> float:
        """Two small drawings and a large one to measure."""
        return 0.08

    def make(self, folder: Path) -> Made:
        """Draw it."""
        action = action_of(self.kind)
        stand = Stand(self.kind, action, extent(self.kind, action, (1.0,)), SIDE)
        file = f"{self.name}.webp"
        save(folder / file, strip([stand.draw(time, 1.0) for time in TIMES], gap=0), quality=86)
        return Made((file,))


@dataclass(frozen=True, slots=True)
class Motion:
    """Successive moments of one subject, as in the first motion studies.

    Attributes:
        name: of the file, without its ending.
        kind: a key of FIGURES.
        action: what it does.
        moments: how many.
        every: seconds from one to the next.
    """

    name: str
    kind: str
    action: str
    moments: int = 6
    every: float = 0.16

    @property
    def cost(self) -> float:
        """A small drawing for each moment, and a large one to measure it."""
        return 0.05 * self.moments

    def make(self, folder: Path) -> Made:
        """Draw it."""
        moments = tuple(self._moments())
        stand = Stand(self.kind, self.action, extent(self.kind, self.action, moments), SIDE)
        file = f"{self.name}.webp"
        save(folder / file, strip([stand.draw("golden", t) for t in moments]), quality=86)
        return Made((file,), {"moments": f"every {self.every:g} s"})

    def _moments(self) -> Iterator[float]:
        return (1.0 + self.every * n for n in range(self.moments))
