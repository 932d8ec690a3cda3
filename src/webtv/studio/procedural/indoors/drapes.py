"""Cloth that hangs: curtains in folds that breathe in the air of a room."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, Stage, lay


class Drape:
    """One hanging of cloth.

    Args:
        stage: the stage.
        name: stream of chance.
        depth: plane.
        x0: world x of its left edge.
        x1: world x of its right edge.
        y0: world height of its rail.
        y1: world height of its hem.
        colour: local colour.
        light: light on it.
        folds: how many.
        sun: side the light comes from.
        sheer: how much light comes through, 0..1; it also makes it transparent.
        tie: how far it is drawn in at the tie, 0..1, towards ``anchor``.
        anchor: edge that does not move when it is tied: -1 left, 1 right.
        breath: how far it moves.
        hem: a border of another colour along the foot.
        swags: how many scallops its foot has; 0 for a straight one.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        depth: float,
        x0: float,
        x1: float,
        y0: float,
        y1: float,
        colour: Colour,
        light: Light,
        folds: float = 7,
        sun: float = 1.0,
        sheer: float = 0.0,
        tie: float = 0.0,
        anchor: float = -1.0,
        breath: float = 1.0,
        hem: Colour | None = None,
        swags: int = 0,
    ) -> None:
        self.stage, self.depth = stage, depth
        self.x0, self.x1, self.y0, self.y1 = x0, x1, y0, y1
        self.tie, self.anchor = tie, anchor
        self.folds, self.breath = folds, breath * (0.5 + stage.spec.wind)
        self._phase = stage.take(name).uniform(0, 6.28, 4)
        place = stage.place(name)
        finest = stage.bounds(depth)[4]
        w, h = max(8, int((x1 - x0) * finest)), max(8, int((y1 - y0) * finest))
        u = ((np.arange(w) + 0.5) / w)[None, :].astype(np.float32)
        v = ((np.arange(h) + 0.5) / h)[:, None].astype(np.float32)
        wander = noise.Profile(place, 0.5, 3)
        bent = u + 0.05 * wander(u[0])[None, :] + 0.02 * wander(v[:, 0] * 0.7 + 9)[:, None] * v
        phase = 2 * math.pi * folds * bent
        ridge = np.cos(phase) + 0.28 * np.cos(2.0 * phase + 1.3 + 2 * v)
        facing = np.sin(phase + 0.5) * sun
        shade = 0.62 + 0.25 * ridge + 0.17 * facing
        shade -= 0.2 * np.clip(-ridge - 0.45, 0, 1)
        shade *= 1.0 - 0.22 * np.exp(-v * 9) - 0.16 * v**3
        weave = noise.fbm(h, w, place, cells=6, octaves=4) - 0.5
        shade = shade + 0.05 * weave
        body = np.empty((h, w, 3), np.float32)
        body[:] = light.lit(colour, 0.75)
        foot = np.ones_like(u)
        if swags:
            foot = 1 - 0.34 * (1 - np.abs(np.sin(math.pi * u * swags)) ** 0.8)
        if hem is not None:
            thin = (0.02 if not swags else 0.07) * foot
            border = np.clip((v - foot + 2.2 * thin) * h / 2, 0, 1) * np.clip(
                (foot - 0.6 * thin - v) * h / 2, 0, 1
            )
            body += (border + 0 * u)[..., None] * (np.asarray(light.lit(hem, 0.9), np.float32) - body)
        body *= shade[..., None]
        if sheer > 0:
            through = np.asarray(light.sky[-2], np.float32) * np.asarray(colour, np.float32)
            body += sheer * (0.9 - 0.35 * ridge)[..., None].clip(0.2, 1) * (through * 1.05 - body)
        alpha = np.full((h, w), 1.0, np.float32) if sheer <= 0 else (1 - 0.42 * sheer * (0.6 - 0.4 * ridge))
        edge = np.minimum(np.minimum(u, 1 - u) * w, (foot - v) * h)
        alpha = alpha * np.clip(edge, 0, 1)
        self.cloth = np.dstack((np.clip(body, 0, 1) * alpha[..., None], alpha)).astype(np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Lay it over the frame as it hangs at t."""
        view = self.stage.view(t, self.depth)
        slack = 0.05 * (self.x1 - self.x0) + 0.02
        ax, ay = view.at(self.x0 - slack, self.y0)
        bx, by = view.at(self.x1 + slack, self.y1)
        c0, c1 = max(0, math.floor(ax)), min(frame.shape[1], math.ceil(bx))
        r0, r1 = max(0, math.floor(ay)), min(frame.shape[0], math.ceil(by))
        if c0 >= c1 or r0 >= r1:
            return
        h, w = self.cloth.shape[:2]
        x = (np.arange(c0, c1, dtype=np.float32) + 0.5 - view.left) / view.scale
        y = (np.arange(r0, r1, dtype=np.float32) + 0.5 - view.top) / view.scale
        u = ((x - self.x0) / (self.x1 - self.x0))[None, :]
        v = ((y - self.y0) / (self.y1 - self.y0))[:, None]
        a, b, c, d = self._phase
        hang = np.clip(v, 0, 1) ** 1.4 * self.breath
        swing = hang * (0.026 * np.sin(1.05 * t + a - 1.6 * v) + 0.014 * np.sin(1.9 * t + b - 3.0 * v))
        across = 0.012 * self.breath / max(1.0, self.folds / 7) ** 0.5
        ripple = (
            np.sin(2 * math.pi * u * 1.7 + c - 1.3 * t) * across + np.sin(9 * u + d + 0.8 * t) * across * 0.6
        )
        su = u - swing - ripple * (0.25 + 0.75 * v)
        if self.tie > 0:
            narrow = (
                1 - self.tie * np.exp(-(((v - 0.6) / 0.26) ** 2)) - 0.3 * self.tie * np.clip(v - 0.6, 0, 1)
            )
            su = su / narrow if self.anchor < 0 else 1 - (1 - su) / narrow
        seen = cv2.remap(
            self.cloth,
            np.asarray(su * w - 0.5, np.float32),
            np.asarray(np.broadcast_to(v * h - 0.5, su.shape), np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        lay(frame[r0:r1, c0:c1], seen)
