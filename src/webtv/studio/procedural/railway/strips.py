"""Strips: what scrolls past a train window; painted once, repeated for ever."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.stage import Image, Plate, Stage, lay

LAP = 4.2  # world width after which a strip repeats


def grain(shape: tuple[int, int], place: np.random.Generator, cells: float, octaves: int) -> Image:
    """Noise float32[h, w] in 0..1 whose right edge goes over into its left one."""
    rows, columns = shape
    lap = max(1, min(columns // 3, rows))
    wide = noise.fbm(rows, columns + lap, rng=place, cells=cells, octaves=octaves)
    share = noise.smoothstep(0, 1, (np.arange(lap, dtype=np.float32) + 0.5) / lap)[None, :]
    # Weights of equal power: plainly mixed, the joint would be flatter than the rest.
    share /= np.hypot(share, 1 - share)
    rest = share[:, ::-1]
    out = wide[:, :columns].copy()
    out[:, :lap] = 0.5 + share * (wide[:, :lap] - 0.5) + rest * (wide[:, columns:] - 0.5)
    return np.asarray(np.clip(out, 0, 1), np.float32)


class Strip:
    """A plate that scrolls by and repeats: drawn once, laid where the train is, as the camera sees it.

    Args:
        stage: the stage.
        speed: world units per second to the left; the faster, the nearer.
        top: world height of its upper edge.
        bottom: of its lower edge.
    """

    def __init__(self, stage: Stage, speed: float, top: float, bottom: float = 1.02) -> None:
        self.stage, self.speed = stage, speed
        self.depth = min(0.9, 0.3 + 0.6 * abs(speed))
        self.begin = float(stage.take("journey").uniform(0, 900))  # seconds since the train set out
        self.plate = Plate(stage, 0.0, top, bottom, 1.0)
        scale = self.plate.scale = stage.height * min(1.3, stage.zoom)
        w, h = int(LAP * scale), math.ceil((bottom - top) * scale)
        self.plate.x0, self.plate.y0, self.plate.empty = 0.0, top, False
        self.plate.x = ((np.arange(w, dtype=np.float32) + 0.5) / scale)[None, :]
        self.plate.y = (top + (np.arange(h, dtype=np.float32)[:, None] + 0.5) / scale).astype(np.float32)
        self.plate.rgba = np.zeros((h, w, 4), np.float32)

    def finish(self, blur: float = 0.0) -> "Strip":
        """Smear it as fast things smear, and close the loop."""
        if blur > 0.5:
            n = int(blur) * 2 + 1
            wide = cv2.copyMakeBorder(self.plate.rgba, 0, 0, n, n, cv2.BORDER_WRAP)
            self.plate.rgba = np.ascontiguousarray(cv2.blur(wide, (n, 1))[:, n:-n])
        reach = math.ceil(1.15 * self.stage.aspect * self.plate.scale) + 8
        self.loop = cv2.copyMakeBorder(self.plate.rgba, 0, 0, 0, reach, cv2.BORDER_WRAP)
        return self

    def draw(self, frame: Image, t: float, lift: float = 0.0) -> None:
        """Lay the part that is before the window at t."""
        scale, view = self.plate.scale, self.stage.view(t, self.depth)
        h, w = frame.shape[:2]
        left = -view.left / view.scale + self.speed * (t + self.begin) + LAP / 4
        at = (left % LAP) * scale
        top = view.at(0, self.plate.y0)[1] + lift
        k = scale / view.scale
        r0 = max(0, math.floor(top))
        r1 = min(h, math.ceil(top + self.plate.shape[0] / k))
        if r1 - r0 < 2:
            return
        matrix = np.array([[k, 0, at], [0, k, (r0 - top) * k]], np.float64)
        seen = cv2.warpAffine(
            self.loop,
            matrix,
            (w, r1 - r0),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        lay(frame[r0:r1], seen)
