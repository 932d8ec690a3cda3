"""Light that can be seen: shafts in dusty air, motes, patches of sun on walls and tables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.glow import screen
from webtv.studio.procedural.stage import Image, Stage

_Q = 8
_SHIFT = 4
Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Beam:
    """One shaft.

    Attributes:
        corners: four world points: two where it enters, two where it ends, in order around it.
        colour: sRGB.
        power: 0..1.
    """

    corners: tuple[tuple[float, float], ...]
    colour: Colour
    power: float


def _poly(ink: Image, points: Corners, value: float) -> None:
    p = np.round(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(ink, [p], value, cv2.LINE_AA, _SHIFT)


def _add(frame: Image, total: Image) -> None:
    """Add light drawn small, only where there is any."""
    lit = total.max(axis=2) > 0.004
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not rows.size:
        return
    (h, w), (th, tw) = frame.shape[:2], total.shape[:2]
    r0, r1, c0, c1 = 0, th, 0, tw
    if (h, w) == (th * _Q, tw * _Q):
        r0, r1 = max(0, int(rows[0]) - 2), min(th, int(rows[-1]) + 3)
        c0, c1 = max(0, int(columns[0]) - 2), min(tw, int(columns[-1]) + 3)
        h, w = (r1 - r0) * _Q, (c1 - c0) * _Q
    part = frame[r0 * _Q : r0 * _Q + h, c0 * _Q : c0 * _Q + w]
    screen(part, cv2.resize(total[r0:r1, c0:c1], (w, h), interpolation=cv2.INTER_CUBIC))


class Dust:
    """Dusty air: shafts glow in it, and motes wander through them.

    Args:
        stage: the stage.
        motes: how many.
    """

    def __init__(self, stage: Stage, motes: int = 90) -> None:
        self.stage = stage
        rng = stage.take("dust")
        haze = noise.tile(128, rng, 1.7, low=2)
        self._haze = cv2.copyMakeBorder(haze, 0, 1, 0, 1, cv2.BORDER_WRAP)
        reach = stage.aspect / 2
        self._motes = [
            (
                float(rng.uniform(-reach, reach)),
                float(rng.uniform(0, 1)),
                float(rng.uniform(0.5, 1.2)),
                float(rng.uniform(0, 6.28)),
                float(rng.uniform(0.25, 1.0) ** 2),
            )
            for _ in range(motes)
        ]

    def draw(self, frame: Image, t: float, beams: Sequence[Beam], depth: float = 0.8) -> None:
        """Add all shafts and the motes in them."""
        h, w = frame.shape[0] // _Q, frame.shape[1] // _Q
        view = self.stage.view(t, depth)
        total = np.zeros((h, w, 3), np.float32)
        for beam in beams:
            mask = np.zeros((h, w), np.float32)
            p = np.array([view.at(*corner) for corner in beam.corners]) / _Q
            enter, end = (p[0] + p[1]) / 2, (p[2] + p[3]) / 2
            middle = np.array((enter, enter, end, end))
            for share, value in ((1.0, 0.34), (0.72, 0.68), (0.44, 1.0)):
                _poly(mask, (middle + (p - middle) * share).tolist(), value)
            along = end - enter
            length = float(along @ along) + 1e-6
            gx = (np.arange(w, dtype=np.float32) - enter[0])[None, :] * np.float32(along[0] / length)
            gy = (np.arange(h, dtype=np.float32) - enter[1])[:, None] * np.float32(along[1] / length)
            mask = cv2.GaussianBlur(mask, (0, 0), max(0.8, h / 48))
            mask *= np.clip(1.08 - 0.62 * (gx + gy), 0, 1) * beam.power
            total += cv2.merge([mask * np.float32(c) for c in beam.colour])
        gx = np.repeat(np.arange(w, dtype=np.float32)[None, :] * np.float32(110 / h) + t * 3.0, h, 0)
        gy = np.repeat(np.arange(h, dtype=np.float32)[:, None] * np.float32(110 / h) + t * 1.3, w, 1)
        drift = cv2.remap(self._haze, noise.wrap(gx, 128), noise.wrap(gy, 128), cv2.INTER_LINEAR)
        air = np.clip(0.95 + 0.11 * drift, 0.5, 1.4)
        total *= cv2.merge((air, air, air))
        _add(frame, total)
        self._specks(frame, t, total)

    def _specks(self, frame: Image, t: float, total: Image) -> None:
        h, w = frame.shape[:2]
        bright = total.max(axis=2)
        ink = np.zeros((h, w), np.uint8)
        reach = self.stage.aspect + 0.1
        for x, y, near, phase, power in self._motes:
            view = self.stage.view(t, near)
            wx = (x + 0.02 * t * near + 0.012 * math.sin(0.7 * t + phase) + reach / 2) % reach - reach / 2
            wy = (y + 0.008 * t + 0.014 * math.sin(0.5 * t + 2 * phase)) % 1.0
            px, py = view.at(wx, wy)
            ix, iy = int(px / _Q), int(py / _Q)
            if not (0 <= ix < total.shape[1] and 0 <= iy < total.shape[0]):
                continue
            lit = min(1.0, 2.6 * float(bright[iy, ix])) * power * (0.7 + 0.3 * math.sin(1.3 * t + 3 * phase))
            if lit > 0.03:
                r = h / 360 * (0.5 + 0.75 * near * power)
                cv2.circle(
                    ink,
                    (int(px * 16), int(py * 16)),
                    max(8, int(r * 16)),
                    int(255 * lit),
                    -1,
                    cv2.LINE_AA,
                    _SHIFT,
                )
        top = np.flatnonzero(ink.any(axis=1))
        if top.size:
            rows = slice(int(top[0]), int(top[-1]) + 1)
            a = ink[rows].astype(np.float32) * (0.6 / 255)
            screen(frame[rows], cv2.merge((a, a * np.float32(0.96), a * np.float32(0.86))))


class Sunpatch:
    """What a window throws: bright panes on a surface, with the moving shadows of leaves in them.

    Args:
        stage: the stage.
        name: stream of chance.
        depth: plane of the surface.
        panes: quadrilaterals in world units.
        colour: of the light.
        power: 0..1.
        leaves: strength of the leaves' shadows, 0..1.
        soft: blur of the edges, in world units.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        depth: float,
        panes: Sequence[Corners],
        colour: Colour,
        power: float,
        leaves: float = 0.6,
        soft: float = 0.006,
    ) -> None:
        self.stage, self.depth, self.panes = stage, depth, panes
        self.colour, self.power, self.leaves, self.soft = colour, power, leaves, soft
        tile = noise.tile(128, stage.place(name), 1.5, low=5, high=40)
        self._tile = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
        self._phase = float(stage.take(name).uniform(0, 6.28))

    def draw(self, frame: Image, t: float, colour: Colour | None = None) -> None:
        """Add the light, in another colour if one is given."""
        view = self.stage.view(t, self.depth)
        every = np.array([view.at(*p) for pane in self.panes for p in pane])
        pad = 4 * self.soft * view.scale + 4
        c0, r0 = (max(0, math.floor(v - pad)) & ~1 for v in every.min(axis=0))
        c1 = min(frame.shape[1], math.ceil(every[:, 0].max() + pad))
        r1 = min(frame.shape[0], math.ceil(every[:, 1].max() + pad))
        if c0 >= c1 - 4 or r0 >= r1 - 4:
            return
        h, w = (r1 - r0 + 1) // 2, (c1 - c0 + 1) // 2
        mask = np.zeros((h, w), np.float32)
        for pane in self.panes:
            _poly(mask, [((px - c0) / 2, (py - r0) / 2) for px, py in (view.at(*p) for p in pane)], 1.0)
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, self.soft * view.scale / 2))
        if self.leaves > 0:
            wind = 0.4 + self.stage.spec.wind
            x = ((np.arange(w) * 2 + c0 - view.left) / view.scale)[None, :].astype(np.float32)
            y = ((np.arange(h) * 2 + r0 - view.top) / view.scale)[:, None].astype(np.float32)
            sway = wind * (2.4 * math.sin(0.9 * t + self._phase) + 1.3 * math.sin(1.7 * t + 2 * self._phase))
            u = np.repeat(x * 46, h, 0) + sway + np.float32(1.2 * wind) * np.sin(y * 9 + 1.3 * t)
            v = np.repeat(y * 46, w, 1) + np.float32(0.8 * wind) * np.sin(x * 8 + 1.1 * t)
            leaf = cv2.remap(self._tile, noise.wrap(u, 128), noise.wrap(v, 128), cv2.INTER_LINEAR)
            mask = mask * (1 - self.leaves * noise.smoothstep(-0.1, 0.9, leaf))
        mask = cv2.resize(mask, (w * 2, h * 2), interpolation=cv2.INTER_LINEAR)[: r1 - r0, : c1 - c0]
        part = frame[r0:r1, c0:c1]
        # Sun multiplies what it falls on, so wood stays wood; a little is added for the glare.
        gain = mask * np.float32(self.power)
        lift = cv2.merge([gain * np.float32(1.15 * c) for c in colour or self.colour])
        part += part * lift + lift * np.float32(0.12)
        np.minimum(part, 1.08, out=part)
