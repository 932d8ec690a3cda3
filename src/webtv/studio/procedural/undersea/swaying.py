"""Swaying: a plate whose things are rooted at the bottom and bend with the current."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.stage import Image, Plate, Stage, lay


class Swaying:
    """Painted once as any plate; shown with its upper parts moved aside by slow waves.

    Args:
        stage: the stage.
        name: stream of chance for the waves.
        plate: the painted plate.
        root: world height that does not move.
        tall: world height above the root where the movement is ``reach``.
        reach: world units.
        pace: 1 is the swell over a reef.
    """

    def __init__(
        self, stage: Stage, name: str, plate: Plate, root: float, tall: float, reach: float, pace: float = 1.0
    ) -> None:
        self.stage, self.plate = stage, plate
        self.root, self.tall, self.reach, self.pace = root, tall, reach, pace
        self.phase = stage.take(name).uniform(0, 6.28, 3)

    def draw(self, frame: Image, t: float) -> None:
        """Lay it over the frame as it stands at t."""
        plate = self.plate
        if plate.empty:
            return
        view = self.stage.view(t, plate.depth)
        h, w = frame.shape[:2]
        top = max(0, math.floor(view.top + view.scale * plate.y0) - 1)
        bottom = min(h, math.ceil(view.top + view.scale * float(plate.y[-1, 0])) + 2)
        if bottom - top < 4:
            return
        hs, ws = max(2, (bottom - top) // 8), max(2, w // 8)
        px = (np.arange(ws, dtype=np.float32) + 0.5) * np.float32(w / ws)
        py = (np.arange(hs, dtype=np.float32) + 0.5) * np.float32((bottom - top) / hs) + top
        x = ((px - view.left) / view.scale)[None, :]
        y = ((py - view.top) / view.scale)[:, None]
        high = np.clip((self.root - y) / self.tall, 0, 1.6)
        p, s = self.phase, self.pace
        wave = (
            np.sin(1.25 * s * t + 2.3 * x - 2.2 * high + p[0])
            + 0.5 * np.sin(2.1 * s * t + 7.0 * x - 3.4 * high + p[1])
            + 0.22 * np.sin(3.4 * s * t + 19.0 * x - 5.0 * high + p[2])
        )
        aside = self.reach * high**1.4 * wave
        k = plate.scale
        map_x = np.asarray((x - aside - plate.x0) * k - 0.5, np.float32)
        map_y = np.asarray(np.repeat((y - plate.y0) * k - 0.5, ws, 1), np.float32)
        size = (w, bottom - top)
        seen = cv2.remap(
            plate.rgba,
            cv2.resize(map_x, size, interpolation=cv2.INTER_LINEAR),
            cv2.resize(map_y, size, interpolation=cv2.INTER_LINEAR),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        lay(frame[top:bottom], seen)
