"""Liquid: drops that meet, merge and part, glossy as glass; and orbs that float past each other."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import enlarge, grid
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_SHARE = 0.6


class Liquid:
    """Metaballs: a sum of soft drops, cut at a level and lit as a surface."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("liquid")
        count = round(6 + 5 * stage.aspect)
        self.drops = [
            (
                float((k + 0.5) / count - 0.5) * stage.aspect * 1.05 + float(rng.uniform(-0.08, 0.08)),
                float(rng.uniform(0.05, 0.95)),
                float(rng.uniform(0.075, 0.15)),
                float(rng.uniform(0.08, 0.16)),
                float(rng.uniform(0, 6.28)),
                float(rng.uniform(0.22, 0.5)),
                k % min(4, len(scheme.inks)),
            )
            for k in rng.permutation(count).tolist()
        ]

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        x, y = grid(self.stage, t, 0.85, _SHARE)
        total = np.zeros_like(x)
        shares = [np.zeros_like(x) for _ in range(4)]
        for at, level, size, sway, phase, pace, ink in self.drops:
            cx = at + sway * math.sin(pace * t + phase)
            cy = level + 0.22 * math.sin(0.55 * pace * t + 2.3 * phase) + 0.03 * math.sin(1.3 * t + phase)
            dx, dy = x - np.float32(cx), y - np.float32(cy)
            power = np.float32(size * size) / (dx * dx + dy * dy + np.float32(0.25 * size * size))
            total += power
            shares[ink] += power
        lens = cv2.log(total)  # a gentle height whose zero is the skin
        gx, gy = (
            cv2.Sobel(lens, cv2.CV_32F, 1, 0, scale=0.125),
            cv2.Sobel(lens, cv2.CV_32F, 0, 1, scale=0.125),
        )
        steep = np.sqrt(gx * gx + gy * gy) + 1e-4
        level = 0.25
        mask = np.clip((lens - level) / steep + 0.5, 0, 1)
        # A dome over the skin: flat inside, falling steeply at the rim.
        dome = cv2.exp(-0.85 * np.maximum(lens - level, -0.5))
        k = frame.shape[0] * _SHARE / 9
        nx, ny = gx * dome * k, gy * dome * k
        nz = 1 / np.sqrt(1 + nx * nx + ny * ny)
        facing = np.clip((0.5 * nx + 0.75 * ny) * nz * 1.0 + 0.55 * nz, -0.2, 1)
        gleam = np.clip((0.46 * nx + 0.66 * ny + 0.62) * nz, 0, 1) ** 26
        rim = (1 - nz) ** 2
        colours = np.asarray([self.scheme.ink(i) for i in range(4)], np.float32)
        inv = 1 / (total + 1e-6)
        body: Image = cv2.transform(cv2.merge([s * inv for s in shares]), np.ascontiguousarray(colours.T))
        light = np.asarray(0.62 + 0.42 * facing, np.float32)
        body *= cv2.merge([light, light, light])
        body += (
            cv2.merge([rim, rim, rim])
            * np.asarray(mix(self.scheme.ink(4), (1, 1, 1), 0.4), np.float32)
            * 0.32
        )
        body += cv2.merge([gleam, gleam, gleam]) * 0.75
        size_ = (x.shape[1], x.shape[0])
        small: Image = cv2.resize(self.ground, size_, interpolation=cv2.INTER_AREA)
        shade = cv2.GaussianBlur(
            cv2.warpAffine(mask, np.array(((1, 0, 0), (0, 1, 9.0 * size_[1] / 216))), size_),
            (0, 0),
            7 * size_[1] / 216,
        )
        dark = 1 - 0.3 * shade
        small *= cv2.merge([dark, dark, dark])
        small += cv2.merge([mask, mask, mask]) * (body - small)
        enlarge(frame, small)


@dataclass(frozen=True, slots=True)
class _Orb:
    depth: float
    x: float
    y: float
    size: float
    colour: Colour
    second: Colour
    phase: float
    pace: float


class Orbs:
    """Spheres of glass and chalk at many distances, rising, sharp only at one of them."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("orbs")
        self.orbs = []
        for _ in range(34):
            depth = float(rng.uniform(0.15, 1.15))
            ink = int(rng.integers(len(scheme.inks)))
            self.orbs.append(
                _Orb(
                    depth,
                    float(rng.uniform(-0.62, 0.62)) * stage.aspect,
                    float(rng.uniform(0, 1)),
                    0.02 + 0.2 * depth * float(rng.uniform(0.3, 1.0)) ** 2,
                    mix(scheme.ink(ink), scheme.ground, 0.35 * max(0.0, 1 - depth)),
                    scheme.ink(ink + 1),
                    float(rng.uniform(0, 6.28)),
                    float(rng.uniform(0.6, 1.2)),
                )
            )
        self.orbs.sort(key=lambda orb: orb.depth)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        frame[:] = self.ground
        for orb in self.orbs:
            view = self.stage.view(t, orb.depth)
            y = (orb.y - 0.035 * orb.pace * orb.depth * t + 0.25) % 1.5 - 0.25
            x = orb.x + 0.03 * orb.depth * math.sin(0.5 * orb.pace * t + orb.phase)
            px, py = view.at(x, y)
            self._orb(frame, px, py, orb, orb.size * view.scale)

    def _orb(self, frame: Image, px: float, py: float, orb: _Orb, r: float) -> None:
        h, w = frame.shape[:2]
        blur = 1.0 + abs(orb.depth - 0.8) * 0.09 * r + (3.0 * max(0.0, orb.depth - 0.95) * h / 36)
        reach = r + blur + 1
        x0, x1 = max(0, int(px - reach)), min(w, int(px + reach) + 2)
        y0, y1 = max(0, int(py - reach)), min(h, int(py + reach) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - px) / np.float32(r)
        dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - py) / np.float32(r)
        d2 = dx * dx + dy * dy
        alpha = np.clip((1 - np.sqrt(d2)) * (r / blur) + 0.5, 0, 1)
        nz = np.sqrt(np.clip(1 - d2, 0, 1))
        face = np.clip(0.5 - 0.34 * dx - 0.5 * dy + 0.3 * nz, 0, 1.2)
        gleam = np.exp(-((dx + 0.36) ** 2 + (dy + 0.42) ** 2) * 26) * 0.7 + 0.22 * (1 - nz) * np.clip(
            dy, 0, 1
        )
        tone = np.asarray(mix(orb.colour, (0.06, 0.06, 0.16), 0.35), np.float32)
        step = np.subtract(mix(orb.colour, orb.second, 0.25), tone).astype(np.float32)
        body = tone + face[..., None] * step + gleam[..., None]
        part = frame[y0:y1, x0:x1]
        part += (alpha * (0.94 if orb.depth < 0.95 else 0.7))[..., None] * (body - part)
