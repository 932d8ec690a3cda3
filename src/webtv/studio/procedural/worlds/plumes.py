"""Plumes: ink that sinks and blooms in clear water, smoke that rises and curls."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import mix, rgb
from webtv.studio.procedural.stage import Image, Stage, spread
from webtv.studio.procedural.worlds.fields import current, enlarge, grid, sample, texture
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_SHARE = 0.6


class _Current:
    """Where the fluid that is at a place now came from: a few eddies of falling size, undone in turn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.large = current(rng, 2.8, 1, 4)
        self.middle = current(rng, 2.4, 1, 6)
        self.small = current(rng, 2.2, 2, 9)
        self.shift = rng.uniform(0, 1, 8)

    def origin(self, x: Image, y: Image, t: float, amount: Image | float) -> tuple[Image, Image]:
        """World points before the eddies of strength ``amount`` moved them."""
        s = self.shift
        for tile, scale, reach, k in (
            (self.large, 0.55, 0.13, 0),
            (self.middle, 0.95, 0.062, 2),
            (self.small, 1.5, 0.03, 4),
        ):
            speed = 0.012 + 0.005 * k
            u, v = cv2.split(sample(tile, x, y, scale, s[k] + speed * t, s[k + 1] - 0.7 * speed * t))
            x = x - u * (reach * amount)
            y = y - v * (reach * amount)
        return np.asarray(x, np.float32), np.asarray(y, np.float32)


class Ink:
    """Drops of ink that sink through water, mushroom and tear into threads."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        rng = stage.place("ink")
        stage.focus = (0.0, 0.5)
        self.flow = _Current(rng)
        self.threads = texture(rng, 1.5, 2, 26)
        self.ground = paint_ground(stage, scheme)
        count = 5
        slots = (np.arange(count) + 0.5) / count - 0.5
        slots = rng.permutation(slots)
        self.drops = [
            (
                float(slots[k] * stage.aspect * 0.82 + rng.uniform(-0.05, 0.05)),
                float(rng.uniform(0.22, 0.74)),
                float(rng.uniform(0.08, 0.15)),
                k % 3,
            )
            for k in range(count)
        ]
        inks = np.asarray([scheme.ink(k) for k in range(3)], np.float32)
        if scheme.dark:
            self.mix = np.ascontiguousarray(inks.T)
        else:
            # Ink takes light away: three thicknesses become how much of red, green and blue is lost.
            self.mix = np.ascontiguousarray(-np.log(np.clip(inks * 0.92, 0.03, 0.97)).T)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        x, y = grid(stage, t, 0.8, _SHARE)
        px, py = self.flow.origin(x, y, t, 1.0 + 0.035 * t)
        sheet = sample(self.threads, px, py, 0.7, 0.004 * t, -0.012 * t)
        fine = sample(self.threads, px, py, 1.9, 0.31, 0.01 * t)
        # Zero crossings of a stretched noise are thin and long, as threads of ink are.
        lines = np.exp(-3.4 * np.abs(sheet)) + 0.55 * np.exp(-3.0 * np.abs(fine))
        thick = [np.zeros_like(x) for _ in range(3)]
        for at, head, size, ink in self.drops:
            sunk = head + 0.028 * t
            wide = size * (0.5 + 0.5 * np.clip((py + 0.2) / (sunk + 0.2), 0, 1))
            across = (px - at) / wide
            column = np.exp(-across * across * 1.6) * np.clip((sunk - py) / 0.1 + 0.5, 0, 1)
            dx, dy = (px - at) / (size * 1.5), (py - sunk) / (size * 1.05)
            bell = np.exp(-(dx * dx + dy * dy)) * (1 + 0.8 * dx * dx)
            thick[ink] += 0.55 * column + 0.9 * bell
        body = [np.minimum(d, 1.4) * (0.3 + 1.0 * lines) for d in thick]
        stacked = cv2.transform(cv2.merge(body), self.mix)
        ground = cv2.resize(self.ground, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA)
        if self.scheme.dark:
            glow = 1 - np.exp(-0.95 * stacked)
            enlarge(frame, ground + glow * (1 - ground))
        else:
            enlarge(frame, ground * np.exp(-1.15 * stacked))


class Smoke:
    """Strands of smoke that rise straight, then waver, then fold into veils; lit from one side."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage = stage
        rng = stage.place("smoke")
        stage.focus = (0.0, 0.5)
        dark = scheme if scheme.dark else Scheme(mix(rgb("#1c2233"), scheme.ink(1), 0.2), scheme.inks, True)
        self.ground = paint_ground(stage, dark)
        self.flow = _Current(rng)
        self.veil = texture(rng, 1.7, 1, 12)
        self.strands = [
            (
                float((k + 0.5) / 3 - 0.5) * stage.aspect * 0.62 + float(rng.uniform(-0.08, 0.08)),
                float(rng.uniform(0.035, 0.06)),
            )
            for k in range(3)
        ]
        pale = [mix(dark.ink(k), (0.96, 0.95, 0.93), 0.45) for k in range(3)]
        self.mix = np.ascontiguousarray(np.asarray(pale, np.float32).T)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        x, y = grid(stage, t, 0.8, _SHARE)
        rise = np.clip(1.08 - y, 0.0, 2.0)
        # The whole column of eddies climbs, so the flow is read lower as time goes on.
        px, _ = self.flow.origin(x, y + 0.09 * t, t * 0.6, (0.12 + 1.35 * rise * rise).astype(np.float32))
        thick = []
        for k, (at, wide) in enumerate(self.strands):
            across = (px - at) / (wide * (0.55 + 2.4 * rise))
            shape = np.exp(-across * across)
            folds = 0.5 + 0.5 * np.cos(across * (9.0 + 2 * k) + 1.3 * k)
            thick.append(shape * (0.3 + 0.7 * folds * folds))
        veil = np.clip(0.75 + 0.3 * sample(self.veil, px, y, 0.8, 0.0, 0.06 * t), 0.2, 1.5)
        fade = veil * (0.95 + 0.4 * np.clip(y, 0, 1))
        body = cv2.merge([np.asarray(d * fade, np.float32) for d in thick])
        edge = cv2.Sobel(thick[0] + thick[1] + thick[2], cv2.CV_32F, 1, 0, ksize=3)
        lit = np.clip(1 + 0.8 * edge, 0.6, 1.7)
        light = cv2.transform(body, self.mix) * spread(lit)
        ground = cv2.resize(self.ground, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA)
        enlarge(frame, ground + (1 - np.exp(-0.9 * light)) * (1 - ground))
