"""Synthetic motions whose every frame is known, so that frames can be held out and compared.

Each comes with other textures (``seed``) and at other speeds (``speed``), so that a method that was tuned on
the benchmark can be tried on what it has not seen.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames

Picture = NDArray[np.float32]


class Motion(Protocol):
    """A film of one kind of motion."""

    def __call__(self, count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
        """Draw it.

        Args:
            count: frames.
            width: pixels.
            height: likewise.
            seed: chooses the textures; the benchmark's are 0.
            speed: times as fast as in the benchmark.

        Returns:
            uint8[count, height, width, 3], the same every time.
        """
        ...


_FINE = 0.72  # how much weaker each finer layer of a texture is; near what photographs have
_SHAPES = 60


def _texture(rows: int, columns: int, seed: int) -> Picture:
    """Like a photograph, with detail at every size and hard edges: float32[rows, columns, 3] in 0..255."""
    dice = np.random.default_rng(seed)
    picture = np.zeros((rows, columns, 3), np.float32)
    layer = 0
    while 3 * 2**layer < rows:
        coarse = dice.standard_normal((3 * 2**layer + 1, 5 * 2**layer + 1, 1)).astype(np.float32)
        colour = dice.uniform(0.7, 1.3, 3).astype(np.float32)
        fine = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
        picture += fine[..., None] * colour * _FINE**layer
        layer += 1
    picture = (picture - picture.mean()) * (36 / picture.std()) + 120
    for _ in range(_SHAPES):
        x, y, size = dice.uniform(0, columns), dice.uniform(0, rows), dice.uniform(0.02, 0.1) * columns
        corners = np.array([x, y]) + dice.uniform(-size, size, (int(dice.integers(3, 7)), 2))
        mask = np.zeros((rows, columns), np.float32)
        hull = cv2.convexHull(corners.astype(np.float32)) * 16
        cv2.fillConvexPoly(mask, hull.astype(np.int32), 1.0, lineType=cv2.LINE_AA, shift=4)
        picture += mask[..., None] * dice.uniform(-60, 60, 3).astype(np.float32)
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _seen(world: Picture, matrix: NDArray[np.float64], width: int, height: int) -> Picture:
    """The world through a camera: ``matrix`` takes pixels of the frame to pixels of the world."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(world, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT), np.float32
    )


def _camera(
    world: Picture, width: int, height: int, *, x: float = 0, y: float = 0, zoom: float = 1, turn: float = 0
) -> Picture:
    rows, columns = world.shape[:2]
    cos, sin = math.cos(turn) / zoom, math.sin(turn) / zoom
    across = columns / 2 + x - cos * width / 2 + sin * height / 2
    down = rows / 2 + y - sin * width / 2 - cos * height / 2
    return _seen(world, np.array([[cos, -sin, across], [sin, cos, down]]), width, height)


def _disc(frame: Picture, x: float, y: float, radius: float, fill: Picture) -> Picture:
    """Lay a textured disc over the frame; its texture moves with it."""
    height, width = frame.shape[:2]
    across = np.arange(width, dtype=np.float32)[None, :] - np.float32(x)
    down = np.arange(height, dtype=np.float32)[:, None] - np.float32(y)
    mask = np.clip(radius + 0.5 - np.hypot(across, down), 0, 1)[..., None].astype(np.float32)
    side = fill.shape[0] / 2
    matrix = np.array([[1, 0, side - x], [0, 1, side - y]], np.float64)
    return np.asarray(frame * (1 - mask) + _seen(fill, matrix, width, height) * mask, np.float32)


def _film(count: int, draw: Callable[[int], Picture]) -> Frames:
    return np.stack([np.clip(np.rint(draw(t)), 0, 255).astype(np.uint8) for t in range(count)])


def _number(seed: int, texture: int) -> int:
    return 1000 * seed + texture


def _pan(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    world = _texture(2 * height, 2 * width, _number(seed, 1))
    step = 0.005 * width * speed
    return _film(count, lambda t: _camera(world, width, height, x=step * (t - count / 2), y=0.3 * step * t))


def _zoom(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    world = _texture(2 * height, 2 * width, _number(seed, 2))
    return _film(count, lambda t: _camera(world, width, height, zoom=1.0 + 0.012 * speed * t))


def _rotation(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    world = _texture(2 * height, 2 * width, _number(seed, 3))
    return _film(count, lambda t: _camera(world, width, height, turn=0.012 * speed * t))


def _occlusion(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    world = _texture(2 * height, 2 * width, _number(seed, 4))
    fills = [_texture(height, height, _number(seed, 40 + n)) for n in range(3)]
    step = 0.008 * width * speed

    def draw(t: int) -> Picture:
        frame = _camera(world, width, height, x=-0.4 * step * t)
        for n, fill in enumerate(fills):
            x = width * (0.2 + 0.3 * n) + step * (1 - n) * (t - count / 2)
            y = height * (0.5 + 0.16 * math.sin(0.15 * speed * t + 2 * n))
            frame = _disc(frame, x, y, 0.17 * height, fill)
        return frame

    return _film(count, draw)


def _large(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    world = _texture(2 * height, 3 * width, _number(seed, 5))
    step = 0.025 * width * speed
    return _film(count, lambda t: _camera(world, width, height, x=step * (t - count / 2)))


def _flat(count: int, width: int, height: int, *, seed: int = 0, speed: float = 1.0) -> Frames:
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, bottom = np.array([120, 160, 210], np.float32), np.array([230, 190, 160], np.float32)
    sky = top + (bottom - top) * down
    soft = cv2.GaussianBlur(_texture(height, 2 * width, _number(seed, 61)), (0, 0), height / 12)
    haze = np.asarray(soft - 120, np.float32)
    fill = _texture(height, height, _number(seed, 60))
    step = 0.006 * width * speed

    def draw(t: int) -> Picture:
        frame = sky + 0.3 * _camera(haze, width, height, x=0.12 * step * t)
        return _disc(frame, 0.3 * width + step * t, 0.45 * height, 0.09 * height, fill)

    return _film(count, draw)


MOTIONS: Mapping[str, Motion] = {
    "pan": _pan,
    "zoom": _zoom,
    "rotation": _rotation,
    "occlusion": _occlusion,
    "large motion": _large,
    "flat areas": _flat,
}
"""By name."""
