"""How a take moves: camera and subjects apart, by optical flow between neighbouring frames."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames

Greys = NDArray[np.uint8]
Flow = NDArray[np.float32]

WIDTH = 128
"""Pixels at which motion is measured."""
FROZEN = 0.05
"""Mean change in code values below which two pictures are the same one."""

_STEP = 4  # flow is looked at on every fourth pixel


@dataclass(frozen=True, slots=True)
class Motion:
    """What moves in a take, in widths of the picture per second.

    Attributes:
        pan: how the picture as a whole moves to the left, per pair: as the camera turns to the right.
        tilt: how it moves down, per pair: as the camera turns up.
        zoom: how it grows, as a share per second and pair.
        heading: where what moves by itself goes, -1 all to the left to 1 all to the right.
        change: mean change of brightness from frame to frame, in code values, per pair.
        unexplained: share of that change which motion does not explain, per pair.
        light: mean brightness of each frame, in code values.
        fps: of the frames that were looked at.
    """

    pan: NDArray[np.float32]
    tilt: NDArray[np.float32]
    zoom: NDArray[np.float32]
    heading: float
    change: NDArray[np.float32]
    unexplained: NDArray[np.float32]
    light: NDArray[np.float32]
    fps: float


class Flowmeter:
    """Measures motion between small grey pictures of one size.

    Args:
        height: of the pictures, pixels.
        width: likewise.
    """

    def __init__(self, height: int, width: int) -> None:
        self._dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
        self._grid = np.dstack(
            np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        )
        points = self._grid[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].reshape(-1, 2)
        self._around = (points - [(width - 1) / 2, (height - 1) / 2]) / width
        self._width = width

    def measure(self, greys: Greys, fps: float) -> Motion:
        """Measure a take.

        Args:
            greys: uint8[T, H, W], T >= 2.
            fps: their rate.
        """
        camera = np.zeros((len(greys) - 1, 3), np.float32)
        change, unexplained = np.zeros(len(camera), np.float32), np.zeros(len(camera), np.float32)
        heading = weight = 0.0
        for k in range(len(camera)):
            before, after = greys[k], greys[k + 1]
            change[k] = cv2.norm(before, after, cv2.NORM_L1) / before.size
            if change[k] < FROZEN:  # flow would be noise
                continue
            flow = self._dis.calc(before, after, None)
            back = cv2.remap(
                after, self._grid + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )  # type: ignore[call-overload]
            unexplained[k] = cv2.norm(before, back, cv2.NORM_L1) / before.size / change[k]
            seen = flow[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].reshape(-1, 2) / self._width * fps
            firm = self._texture(before)
            camera[k] = self._camera(seen, firm)
            rest = seen - self._moved(camera[k])
            speed = np.hypot(rest[:, 0], rest[:, 1])
            loud = speed * firm
            heading += float((rest[:, 0] * loud).sum())
            weight += float((speed * loud).sum())
        return Motion(
            pan=-camera[:, 0],
            tilt=camera[:, 1],
            zoom=camera[:, 2],
            heading=heading / max(weight, 1e-9),
            change=change,
            unexplained=unexplained,
            light=np.asarray(greys.mean(axis=(1, 2)), np.float32),
            fps=fps,
        )

    @staticmethod
    def _texture(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Where flow can be trusted: 0 on what is flat, up to 1 on edges."""
        edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        firm = edges[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].reshape(-1).astype(np.float32)
        return np.minimum(firm / 24, 1) + np.float32(1e-3)

    def _moved(self, camera: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(camera[:2] + camera[2] * self._around, np.float32)

    def _camera(self, seen: Flow, firm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shift and growth that most of the picture follows: least squares, reweighted once."""
        weights = firm
        fit = np.zeros(3, np.float32)
        x, y = self._around[:, 0], self._around[:, 1]
        for _ in range(2):
            total = weights.sum()
            mx, my = (weights @ x) / total, (weights @ y) / total
            mu, mv = (weights @ seen[:, 0]) / total, (weights @ seen[:, 1]) / total
            dx, dy = x - mx, y - my
            spread = weights @ (dx * dx + dy * dy)
            grow = (weights @ (dx * (seen[:, 0] - mu) + dy * (seen[:, 1] - mv))) / max(float(spread), 1e-9)
            fit = np.array([mu - grow * mx, mv - grow * my, grow], np.float32)
            off = np.hypot(*(seen - self._moved(fit)).T)
            weights = firm / (1 + (off / max(float(np.median(off)), 1e-3)) ** 2)
        return fit


def small_greys(frames: Frames) -> Greys:
    """Pictures, uint8[T, H, W, 3], as small grey ones: uint8[T, h, WIDTH]."""
    height = max(16, round(WIDTH * frames.shape[1] / frames.shape[2]))
    out = np.empty((len(frames), height, WIDTH), np.uint8)
    for picture, small in zip(frames, out, strict=True):
        cv2.cvtColor(shrunk(picture, WIDTH, height), cv2.COLOR_RGB2GRAY, dst=small)
    return out


def shrunk(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture, uint8[H, W, 3], made small: four points averaged for each pixel."""
    twice = cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(twice, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
