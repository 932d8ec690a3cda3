"""Kaleidoscope: splinters of coloured glass between mirrors, turning slowly."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import enlarge, looped
from webtv.studio.procedural.worlds.scheme import Scheme

_SIZE = 384
_SHARE = 0.7


class Kaleidoscope:
    """One box of glass, seen in six to ten mirrors around the middle, ring after ring."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage = stage
        stage.focus = (0.0, 0.5)
        rng = stage.place("kaleidoscope")
        self.fold = int(rng.choice((5, 6, 8, 10)))
        self.way = stage.side("kaleidoscope")
        self.box = looped(self._glass(rng, scheme))
        self.beads = looped(self._beads(rng, scheme))
        self.shift = rng.uniform(0, _SIZE, 4)
        self.bands = float(rng.uniform(0.24, 0.34))
        self.scheme = scheme

    @staticmethod
    def _glass(rng: np.random.Generator, scheme: Scheme) -> Image:
        """A seamless tile of splinters: flat colours, each shaded its own way, with lead between them."""
        count = 70
        seeds = rng.uniform(0, _SIZE, (count, 2))
        hue = rng.integers(0, len(scheme.inks) + 1, count)
        gy, gx = np.mgrid[0:_SIZE, 0:_SIZE].astype(np.float32)
        best = np.full((_SIZE, _SIZE), 1e9, np.float32)
        second = best.copy()
        owner = np.zeros((_SIZE, _SIZE), np.intp)
        for k, (sx, sy) in enumerate(seeds):
            dx, dy = np.abs(gx - np.float32(sx)), np.abs(gy - np.float32(sy))
            dx, dy = np.minimum(dx, _SIZE - dx), np.minimum(dy, _SIZE - dy)
            d = np.sqrt(dx * dx + dy * dy)
            nearer = d < best
            second = np.where(nearer, best, np.minimum(second, d))
            owner = np.where(nearer, k, owner)
            best = np.minimum(best, d)
        tones = np.asarray([mix(scheme.ground, scheme.ground, 0), *scheme.inks], np.float32)
        light = rng.uniform(0.72, 1.12, count).astype(np.float32)
        turn = rng.uniform(0, 6.28, count).astype(np.float32)
        cx, cy = seeds[:, 0].astype(np.float32)[owner], seeds[:, 1].astype(np.float32)[owner]
        rx = (gx - cx + _SIZE / 2) % _SIZE - _SIZE / 2
        ry = (gy - cy + _SIZE / 2) % _SIZE - _SIZE / 2
        slant = (rx * np.cos(turn)[owner] + ry * np.sin(turn)[owner]) / 60
        gap = second - best
        shade = light[owner] * (1 + 0.32 * slant) + 0.3 * np.exp(-(((gap - 5) / 3.2) ** 2))
        out = tones[hue[owner]] * shade[..., None]
        lead = np.exp(-((gap / 2.2) ** 2))[..., None]
        edge = np.asarray(mix(scheme.ground, (0, 0, 0), 0.35 if scheme.dark else 0.0), np.float32)
        return np.asarray(out + lead * (edge - out), np.float32)

    @staticmethod
    def _beads(rng: np.random.Generator, scheme: Scheme) -> Image:
        """Premultiplied beads and needles float32[n, n, 4] that tumble over the glass."""
        ink = np.zeros((_SIZE, _SIZE, 4), np.uint8)
        for _ in range(26):
            x, y, r = rng.uniform(0, _SIZE), rng.uniform(0, _SIZE), rng.uniform(4, 15)
            tone = mix(scheme.ink(int(rng.integers(9))), (1, 1, 1), float(rng.uniform(0.15, 0.5)))
            colour = (*(round(255 * c) for c in tone), 235)
            spark = (*(round(255 * c) for c in mix(tone, (1, 1, 1), 0.75)), 255)
            for ox in (-_SIZE, 0, _SIZE):
                for oy in (-_SIZE, 0, _SIZE):
                    centre = (round(x + ox), round(y + oy))
                    if r > 9:
                        cv2.circle(ink, centre, round(r), colour, max(2, round(r * 0.3)), cv2.LINE_AA)
                        cv2.circle(ink, centre, round(r * 0.4), spark, -1, cv2.LINE_AA)
                    else:
                        cv2.circle(ink, centre, round(r), colour, -1, cv2.LINE_AA)
                        away = (centre[0] - round(r / 3), centre[1] - round(r / 3))
                        cv2.circle(ink, away, max(1, round(r * 0.35)), spark, -1, cv2.LINE_AA)
        out = ink.astype(np.float32) / 255
        out[..., :3] *= out[..., 3:]
        return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.7), np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        h, w = round(frame.shape[0] * _SHARE), round(frame.shape[1] * _SHARE)
        view = stage.view(t, 0.85)
        cx, cy = view.at(0.0, 0.5)
        x = (np.arange(w, dtype=np.float32)[None, :] / _SHARE - cx) / view.scale
        y = (np.arange(h, dtype=np.float32)[:, None] / _SHARE - cy) / view.scale
        radius, angle = cv2.cartToPolar(np.repeat(x, h, 0), np.repeat(y, w, 1))
        wedge = 2 * math.pi / self.fold
        angle = noise.wrap(angle + 0.06 * self.way * t, wedge)
        angle = np.abs(angle - wedge / 2)
        # Rings fold too: what leaves the outer mirror comes back, as between three mirrors.
        out = noise.wrap(radius, 2 * self.bands)
        out = self.bands - np.abs(out - self.bands)
        ring = radius + 0.35 * out
        u, v = cv2.polarToCart(np.asarray(ring, np.float32), np.asarray(angle, np.float32))
        s, scale = self.shift, _SIZE * 0.62
        lean = 0.5 + 0.045 * t * self.way
        c, k = math.cos(lean) * scale, math.sin(lean) * scale
        a = noise.wrap(c * u - k * v + s[0] + 5.0 * t, _SIZE)
        b = noise.wrap(k * u + c * v + s[1] - 3.4 * t, _SIZE)
        seen = cv2.remap(self.box, a, b, cv2.INTER_LINEAR)
        a = noise.wrap(c * u * 0.8 + k * v * 0.8 + s[2] - 7.0 * t, _SIZE)
        b = noise.wrap(-k * u * 0.8 + c * v * 0.8 + s[3] + 5.5 * t, _SIZE)
        red, green, blue, alpha = cv2.split(cv2.remap(self.beads, a, b, cv2.INTER_LINEAR))
        rest = 1 - np.asarray(alpha)
        seen = cv2.multiply(seen, cv2.merge([rest, rest, rest])) + cv2.merge([red, green, blue])
        glow = np.exp(-radius * radius * 9) * (0.22 + 0.05 * math.sin(0.8 * t))
        dim = np.clip(1.12 - 0.36 * radius * radius, 0.45, 1.1)
        seen *= cv2.merge([dim, dim, dim])
        warm = np.asarray(mix(self.scheme.ink(2), (1, 1, 1), 0.6), np.float32)
        seen += cv2.merge([glow, glow, glow]) * warm * np.clip(1 - seen, 0, 1)
        enlarge(frame, seen)
