"""The stage: camera, size, chance and light of one shot, and the plates that static layers are painted on.

World units: at a wide framing with the camera at rest the frame spans ``-aspect/2..aspect/2`` in x and
0 (top) to 1 (bottom) in y. Depth 0 is infinitely far, 1 the plane of the subjects, above 1 the
foreground; nearer planes move more when the camera moves.
"""

import math
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.procedural.light import Light, light_of
from webtv.studio.procedural.spec import SceneSpec

Image = NDArray[Any]  # float32 unless a docstring says otherwise; OpenCV's stubs do not keep dtypes

ZOOM = {"wide": 1.0, "medium": 1.38, "close": 1.9, "detail": 2.5}
_SPARE = 1.2  # plates are a little finer than the frame, so that resampling stays crisp


@dataclass(frozen=True, slots=True)
class View:
    """World to pixels at one time and depth: ``px = scale * x + left``, ``py = scale * y + top``."""

    scale: float
    left: float
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixel position of a world point."""
        return self.scale * x + self.left, self.scale * y + self.top


class Stage:
    """Everything that the layers of one shot share.

    Args:
        spec: the scene.
        width: pixels of the rendered frame.
        height: likewise.
        seconds: length of the shot.
        place_seed: seed of the sequence: place and cast follow from it.
        take_seed: seed of the shot: weather's small accidents follow from it.
    """

    def __init__(
        self, spec: SceneSpec, width: int, height: int, seconds: float, place_seed: int, take_seed: int
    ) -> None:
        self.spec = spec
        self.width = width
        self.height = height
        self.seconds = seconds
        self.aspect = width / height
        self.light: Light = light_of(spec)
        self.focus = (0.0, 0.55)
        self._place_seed = place_seed
        self._take_seed = take_seed
        self._phase = self.take("camera").uniform(0, 2 * math.pi, 3)
        self._stand = self._set_up()

    @property
    def zoom(self) -> float:
        """Magnification of the framing."""
        return ZOOM[self.spec.camera.framing]

    def _set_up(self) -> tuple[float, float, float]:
        """Where the camera of this shot stands: to the right and up in world units, and how near.

        No two shots of a sequence are taken from one spot. The way to the side is cut to the frame's width.
        """
        x, y, near = self.take("set-up").uniform(-1, 1, 3)
        wide = min(0.16, 0.22 * self.aspect / 2)
        return float(np.sign(x) * (0.35 + 0.65 * abs(x)) * wide), 0.022 * float(y), 1.05 + 0.09 * float(near)

    def place(self, name: str) -> np.random.Generator:
        """Chance that all shots of a sequence share, one stream per name."""
        return np.random.default_rng([self._place_seed & (2**63 - 1), zlib.crc32(name.encode())])

    def chance(self, name: str) -> float:
        """One decision of the place, 0..1, that does not depend on how many were made before it."""
        return float(self.place(name).random())

    def side(self, name: str) -> float:
        """Left (-1) or right (1), decided for the place."""
        return 1.0 if self.chance(name) < 0.5 else -1.0

    def take(self, name: str) -> np.random.Generator:
        """Chance of this shot alone."""
        return np.random.default_rng(
            [self._take_seed & (2**63 - 1), self._place_seed & (2**63 - 1), zlib.crc32(name.encode())]
        )

    def travel(self, t: float) -> tuple[float, float, float]:
        """The camera at t: shift right and down in world units, magnification beyond the framing."""
        camera = self.spec.camera
        middle = t - self.seconds / 2
        amount = camera.speed * camera.direction * middle
        sway = 0.0016 if camera.move != "static" else 0.0
        x = sway * math.sin(0.9 * t + self._phase[0])
        y = sway * math.sin(0.7 * t + self._phase[1])
        grow = 0.0
        if camera.move in {"pan", "orbit"}:
            x += 0.05 * amount / self.zoom
        elif camera.move in {"tilt", "crane"}:
            y -= 0.034 * amount / self.zoom
        elif camera.move == "dolly":
            grow = 0.028 * amount
        elif camera.move == "drift":
            x += 0.012 * amount / self.zoom
            grow = 0.007 * camera.speed * middle
        return x, y, math.exp(grow)

    def view(self, t: float, depth: float) -> View:
        """How world points of a plane land in the frame at t."""
        x, y, grow = self.travel(t)
        right, up, near = self._stand
        x, y, grow = x + right, y - up, grow * near
        share, rise = _parallax(self.spec.camera.move, depth)
        zoom = self.zoom * grow ** (0.25 + 0.75 * depth)
        fx, fy = self.focus
        keep = 1 / self.zoom
        scale = self.height * zoom
        sx = fx * keep
        sy = 0.54 + (fy - 0.54) * keep
        left = self.width / 2 + self.height * sx - scale * (fx + x * share)
        top = self.height * sy - scale * (fy + y * rise)
        return View(scale, left, top)

    def bounds(self, depth: float) -> tuple[float, float, float, float, float]:
        """World rectangle (x0, x1, y0, y1) that the shot ever shows of a plane, and its finest scale."""
        views = [self.view(t, depth) for t in np.linspace(0, self.seconds, 9).tolist()]
        pad = 3 / self.height
        return (
            min(-v.left / v.scale for v in views) - pad,
            max((self.width - v.left) / v.scale for v in views) + pad,
            min(-v.top / v.scale for v in views) - pad,
            max((self.height - v.top) / v.scale for v in views) + pad,
            max(v.scale for v in views),
        )

    def plate(self, depth: float, top: float = -9.0, bottom: float = 9.0, spare: float = _SPARE) -> "Plate":
        """An empty plate at a depth, between two world heights."""
        return Plate(self, depth, top, bottom, spare)


def _parallax(move: str, depth: float) -> tuple[float, float]:
    """How much of the camera's way a plane shows, across and up.

    A tilt turns the camera, so that far and near go together; a crane lifts it, and the far stays where it
    is. An orbit goes around the plane of the subjects: what is behind and what is before go opposite ways.
    """
    if move == "tilt":
        return 0.3 + 0.7 * depth, 0.7 + 0.3 * depth
    if move == "crane":
        return 0.3 + 0.7 * depth, 0.1 + 1.1 * depth
    if move == "orbit":
        return 1.7 * (depth - 0.72), 0.3 + 0.7 * depth
    return 0.3 + 0.7 * depth, 0.3 + 0.7 * depth


def tint_over(frame: Image, colour: tuple[float, float, float], alpha: Image) -> None:
    """Lay one colour over the frame through a mask, in place."""
    step = cv2.subtract((*(float(c) for c in colour), 0.0), frame)  # type: ignore[call-overload]
    cv2.multiply(step, spread(alpha), dst=step)
    cv2.add(frame, step, dst=frame)


def blend(frame: Image, image: Image, alpha: Image) -> None:
    """Lay an image over the frame through a mask, in place."""
    step = cv2.subtract(image, frame)
    cv2.multiply(step, spread(alpha), dst=step)
    cv2.add(frame, step, dst=frame)


def lay(frame: Image, rgba: Image) -> None:
    """Lay a premultiplied picture [H, W, 4] over the frame, in place."""
    colour, rest = parted(rgba)
    cv2.multiply(frame, rest, dst=frame)
    cv2.add(frame, colour, dst=frame)


def parted(rgba: Image) -> tuple[Image, Image]:
    """A premultiplied picture [H, W, 4] as its colour and what it lets through, both [H, W, 3].

    OpenCV converts colours several times faster than it splits four channels.
    """
    if not len(rgba):
        return rgba[..., :3], rgba[..., :3]
    rest = 1 - cv2.extractChannel(rgba, 3)
    return cv2.cvtColor(rgba, cv2.COLOR_BGRA2BGR), cv2.merge((rest, rest, rest))


def spread(mask: Image) -> Image:
    """A mask [H, W] as [H, W, 3]; OpenCV multiplies that much faster than NumPy broadcasts."""
    m = np.asarray(mask, np.float32)
    return np.asarray(cv2.merge((m, m, m)), np.float32)


class Plate:
    """A static layer: painted once per shot, moved under the camera per frame.

    Attributes:
        depth: its plane.
        x: world x of each column, float32[1, w].
        y: world y of each row, float32[h, 1].
        scale: its pixels per world unit.
        rgba: premultiplied float32[h, w, 4]; painters fill it.
    """

    def __init__(self, stage: Stage, depth: float, top: float, bottom: float, spare: float) -> None:
        x0, x1, y0, y1, finest = stage.bounds(depth)
        y0, y1 = max(y0, top), min(y1, bottom)
        self.stage = stage
        self.depth = depth
        self.scale = finest * spare
        self.x0, self.y0 = x0, y0
        w = max(2, math.ceil((x1 - x0) * self.scale))
        h = max(2, math.ceil((y1 - y0) * self.scale))
        self.empty = y1 <= y0
        self.x: Image = (x0 + (np.arange(w, dtype=np.float32) + 0.5) / self.scale)[None, :].astype(np.float32)
        self.y: Image = (y0 + (np.arange(h, dtype=np.float32) + 0.5) / self.scale)[:, None].astype(np.float32)
        self.rgba: Image = np.zeros((h, w, 4), np.float32)
        self._last: tuple[float, float, float] | None = None
        self._shown: tuple[int, int, Image, Image, Image] | None = None
        self._rows: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rgba.shape[0], self.rgba.shape[1]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Plate pixel of a world point."""
        return (x - self.x0) * self.scale, (y - self.y0) * self.scale

    def fill(self, colour: Image, alpha: Image) -> None:
        """Lay a colour ([h, w, 3] or [3]) over the plate through a mask [h, w]."""
        a = alpha[..., None]
        self.rgba[..., :3] = self.rgba[..., :3] * (1 - a) + np.asarray(colour, np.float32) * a
        self.rgba[..., 3] = self.rgba[..., 3] * (1 - alpha) + alpha

    def edge(self, height: Image, soft: float = 1.2) -> Image:
        """Mask of everything below a world height per column (float32[w]), with a smooth edge."""
        return np.clip((self.y - height[None, :]) * self.scale / soft + 0.5, 0, 1).astype(np.float32)

    def show(self, frame: Image, t: float) -> None:
        """Lay the plate over the frame as the camera sees it at t."""
        if self.empty:
            return
        view = self.stage.view(t, self.depth)
        key = (view.scale, view.left, view.top)
        if self._last != key or self._shown is None:
            self._shown = self._warp(view, frame.shape[1], frame.shape[0])
            self._last = key
        top, middle, colour, rest, solid = self._shown
        band = frame[top:middle]
        if len(band):
            cv2.multiply(band, rest, dst=band)
            cv2.add(band, colour, dst=band)
        if len(solid):
            frame[middle : middle + len(solid)] = solid

    def _extent(self) -> tuple[int, int]:
        """The first painted row, and the row from which on nothing shows through to the bottom."""
        alpha = self.rgba[..., 3]
        painted = np.flatnonzero(alpha.max(axis=1) > 0)
        clear = np.flatnonzero(alpha.min(axis=1) < 0.999)
        first = int(painted[0]) if len(painted) else alpha.shape[0]
        return first, int(clear[-1]) + 1 if len(clear) else 0

    def _warp(self, view: View, width: int, height: int) -> tuple[int, int, Image, Image, Image]:
        """Top row, first solid row, colour and what it lets through down to there, and the solid rest."""
        if self._rows is None:
            self._rows = self._extent()
        k = view.scale / self.scale  # frame pixels in one of the plate
        start = view.top + view.scale * self.y0
        end = math.ceil(view.top + view.scale * float(self.y[-1, 0])) + 2
        bottom = max(0, min(height, end))
        top = min(bottom, max(0, math.floor(start + k * self._rows[0]) - 1))
        middle = min(bottom, max(top, math.ceil(start + k * (self._rows[1] + 1))))
        if self._rows[1] >= self.rgba.shape[0]:
            middle = bottom  # it ends in the air: nothing of it is solid
        colour, rest = parted(self._seen(view, width, top, middle))
        solid = self._seen(view, width, middle, bottom)
        if len(solid):
            solid = cv2.cvtColor(solid, cv2.COLOR_BGRA2BGR)
        return top, middle, colour, rest, solid

    def _seen(self, view: View, width: int, top: int, bottom: int) -> Image:
        """What a band of the frame shows of the plate, float32[rows, width, 4]."""
        if top >= bottom:
            return np.zeros((0, width, 4), np.float32)
        k = self.scale / view.scale
        matrix = np.array(
            [
                [k, 0, (0.5 - view.left) * k - self.x0 * self.scale - 0.5],
                [0, k, (top + 0.5 - view.top) * k - self.y0 * self.scale - 0.5],
            ]
        )
        return cv2.warpAffine(
            self.rgba,
            matrix,
            (width, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def screen_free(frame: Image, colour: tuple[float, float, float], power: Image) -> None:
    """Add light of one colour by a mask [H, W], never beyond white, in place."""
    free = 1 - frame
    np.clip(free, 0, 1, out=free)
    cv2.multiply(free, cv2.merge([power * np.float32(c) for c in colour]), dst=free)
    cv2.add(frame, free, dst=frame)
