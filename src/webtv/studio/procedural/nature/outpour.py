"""What pours out of a mountain: water over a cliff, steam and glow from a crater."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb
from webtv.studio.procedural.glow import screen
from webtv.studio.procedural.nature.massif import Massif
from webtv.studio.procedural.stage import Image, Stage, tint_over

_DEPTH = 0.26


class Waterfall:
    """White water down the step of a massif, and its spray.

    Args:
        stage: the stage.
        massif: with a cliff.
        x: world x of the cliff at its own distance.
        near: distance of the shore.
        horizon: world height of the horizon.
        eye: height of the eye over the valley floor.
    """

    def __init__(
        self, stage: Stage, massif: Massif, x: float, near: float, horizon: float, eye: float
    ) -> None:
        self.stage = stage
        z = np.linspace(near, near + 1.3, 160, dtype=np.float32)[:, None]
        height = massif(np.full_like(z, x), z)
        seen = (horizon + (eye - height) / z)[:, 0]
        # The lip is where the cliff's wall ends: the highest point before the land lies level again.
        step = np.diff(height[:, 0])
        wall = int(np.argmax(step))
        lip = wall + int(np.argmax(step[wall:] < 0.2 * step[wall]))
        self.x = x / float(z[lip, 0])
        self.top, self.foot = float(seen[lip]), float(seen[max(0, wall - 6)])
        self.wide = 0.011
        tile = noise.tile(256, stage.take("fall"), 1.1, low=3, high=60)
        self._tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Lay water and spray over the frame."""
        view, light = self.stage.view(t, _DEPTH), self.stage.light
        x, top = view.at(self.x, self.top)
        _, foot = view.at(self.x, self.foot)
        wide = self.wide * view.scale
        h, w = frame.shape[:2]
        x0, x1 = max(0, int(x - wide * 7)), min(w, int(x + wide * 7) + 1)
        y0, y1 = max(0, int(top) - 2), min(h, int(foot + wide * 2.5) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        px = (np.arange(x0, x1, dtype=np.float32)[None, :] + 0.5 - x) / wide
        fall = np.clip(
            (np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5 - top) / max(1.0, foot - top), -0.1, 1.4
        )
        u = noise.wrap(px * 26 + 60 + 0 * fall)
        v = noise.wrap((np.sqrt(np.clip(fall, 0, 2)) * 70 - t * 46 + 0 * px).astype(np.float32))
        strand = cv2.remap(self._tile, u.astype(np.float32), v, cv2.INTER_LINEAR)
        spread = 0.7 + 0.6 * fall + 0.1 * strand
        body = (
            np.clip(1.25 - np.abs(px) / spread, 0, 1)
            * np.clip((foot + 2 - (np.arange(y0, y1) + 0.5)) / 3, 0, 1)[:, None]
        )
        body *= np.clip((np.arange(y0, y1) + 0.5 - top) / 2, 0, 1)[:, None]
        water = np.clip(body * (0.75 + 0.33 * strand), 0, 0.95).astype(np.float32)
        white = light.lit((1.04, 1.06, 1.1), 0.9)
        part = frame[y0:y1, x0:x1]
        tint_over(part, white, water)
        drift = cv2.remap(
            self._tile,
            noise.wrap(px * 14 + t * 5 + 0 * fall).astype(np.float32),
            noise.wrap(fall * 60 + t * 9 + 0 * px).astype(np.float32),
            cv2.INTER_LINEAR,
        )
        spray = np.exp(-((px / 3.2) ** 2) - ((fall - 1.0) / 0.16) ** 2) * (0.55 + 0.22 * drift)
        tint_over(part, mix(white, light.haze, 0.3), np.clip(spray, 0, 0.85).astype(np.float32))


class Plume:
    """Steam and ash over a crater, lit from below at night.

    Args:
        stage: the stage.
        x: world x of the crater as seen.
        y: world height of its rim as seen.
    """

    def __init__(self, stage: Stage, x: float, y: float) -> None:
        self.stage, self.x, self.y = stage, x, y
        tile = noise.tile(256, stage.take("plume"), 1.7, low=2, high=60)
        self._tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
        self._lean = stage.side("plume") * (0.25 + 0.5 * stage.spec.wind)

    def draw(self, frame: Image, t: float) -> None:
        """Lay the plume over the frame."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.1)
        x, y = view.at(self.x, self.y)
        q = 2
        h, w = frame.shape[0] // q, frame.shape[1] // q
        up = (y + 4 - (np.arange(h, dtype=np.float32)[:, None] + 0.5) * q) / view.scale
        across = ((np.arange(w, dtype=np.float32)[None, :] + 0.5) * q - x) / view.scale
        rise = np.maximum(up, 0)
        across = across - self._lean * rise**1.4 - 0.012 * np.sin(rise * 16 - t * 0.9)
        wide = 0.028 + 0.26 * rise
        u = noise.wrap(across / wide * 24 + 40)
        v = noise.wrap(np.log1p(rise * 14) * 60 - t * 7 + 0 * across)
        billow = cv2.remap(self._tile, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
        lump = cv2.remap(
            self._tile,
            noise.wrap(u * 0.5 + 90).astype(np.float32),
            noise.wrap(v * 0.6).astype(np.float32),
            cv2.INTER_LINEAR,
        )
        body = np.clip(1.15 - np.abs(across / wide) + 0.22 * billow + 0.18 * lump, 0, 1)
        alpha = noise.smoothstep(0.1, 0.75, body) * np.clip(1.1 - rise * 1.7, 0, 1) * (up > 0)
        side = 1.0 if light.moon else 0.8
        lit = np.clip(0.55 + 0.3 * across / wide * side + 0.2 * billow, 0, 1)
        dark, bright = light.lit(rgb("#5d5860"), 0.2), light.lit(rgb("#d8d2d2"), 0.9)
        size = (frame.shape[1], frame.shape[0])
        colour = cv2.merge(
            [np.asarray(d + (b - d) * lit, np.float32) for d, b in zip(dark, bright, strict=True)]
        )
        big = cv2.resize(np.asarray(alpha * 0.9, np.float32), size, interpolation=cv2.INTER_LINEAR)
        wide_colour = cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR)
        frame += cv2.merge((big, big, big)) * (wide_colour - frame)
        if light.lamps > 0.1:
            breath = 0.8 + 0.2 * math.sin(t * 0.9)
            fire = (
                np.exp(-((across / 0.05) ** 2) - rise * 16) * alpha * 1.1
                + np.exp(-((across / 0.1) ** 2) - (up / 0.06) ** 2) * 0.5
            )
            glow = cv2.resize(np.asarray(fire * light.lamps * breath, np.float32), size)
            screen(frame, cv2.merge((glow, glow * 0.42, glow * 0.14)))
