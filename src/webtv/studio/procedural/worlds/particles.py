"""Particles: thousands of motes that follow a current and draw its lines."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import current, sample
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_STEPS = 120  # points of a path
_STEP = 0.0075  # world units between them
_PACE = 15.0  # points a second
_TAIL = 21  # points of a trail
_SHIFT = 4


class Particles:
    """Paths are traced once; every mote walks its path for ever, fading in and out at the ends."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("particles")
        flow = current(rng, 2.7, 1, 5)
        wide = stage.aspect + 0.7
        count = int(340 * wide)
        at = rng.uniform((-wide / 2, -0.15), (wide / 2, 1.15), (count, 2)).astype(np.float32)
        drift = np.array((0.55 * stage.side("particles"), 0.0), np.float32)
        paths = np.empty((count, _STEPS, 2), np.float32)
        for k in range(_STEPS):
            paths[:, k] = at
            v = sample(flow, at[None, :, 0].copy(), at[None, :, 1].copy(), 0.62)[0] + drift
            at = at + _STEP * v / (0.35 + np.sqrt((v * v).sum(1, keepdims=True)))
        self.paths = paths
        self.start = rng.uniform(0, _STEPS, count)
        self.pace = rng.uniform(0.7, 1.35, count) * _PACE
        # Neighbours share a colour: patches of ink, not confetti.
        hue = sample(current(rng, 3.0, 1, 3), paths[None, :, 0, 0].copy(), paths[None, :, 0, 1].copy(), 0.4)[
            0
        ]
        order = np.clip((hue[:, 0] * 0.4 + 0.5) * len(scheme.inks), 0, len(scheme.inks) - 1).astype(int)
        self.hue = np.where(rng.random(count) < 0.15, rng.integers(0, len(scheme.inks), count), order)
        self.depth = rng.choice((0, 1, 2), count, p=(0.45, 0.4, 0.15))

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, scheme = self.stage, self.scheme
        h, w = frame.shape[:2]
        reach = _STEPS - _TAIL - 1
        along = (self.start + self.pace * t) % reach
        life = np.clip(np.minimum(along, reach - along) / 14, 0, 1)
        first = along.astype(int)
        rest = (along - first).astype(np.float32)[:, None, None]
        index = first[:, None] + np.arange(_TAIL + 1)[None, :]
        points = np.take_along_axis(self.paths, index[..., None], 1)
        points = points[:, :-1] + rest * (points[:, 1:] - points[:, :-1])
        canvas = np.clip(self.ground * 255, 0, 255).astype(np.uint8)
        heads: list[tuple[int, int, Colour, int]] = []
        for depth in (0, 1, 2):
            view = stage.view(t, 0.45 + 0.3 * depth)
            thick = max(1, round((0.8 + 0.75 * depth) * h / 360))
            here = self.depth == depth
            for ink in range(len(scheme.inks)):
                for level in (0, 1):
                    chosen = here & (self.hue == ink) & (life > 0.06) & ((life > 0.6) == bool(level))
                    if not chosen.any():
                        continue
                    pixels = points[chosen] * np.float32(view.scale) + np.array(
                        (view.left, view.top), np.float32
                    )
                    seen = (
                        (pixels[:, -1, 0] > -30)
                        & (pixels[:, -1, 0] < w + 30)
                        & (pixels[:, -1, 1] > -30)
                        & (pixels[:, -1, 1] < h + 30)
                    )
                    fixed = np.round(pixels[seen] * (1 << _SHIFT)).astype(np.int32)
                    power = (0.35 + 0.22 * depth) * (1.0 if level else 0.45)
                    for part, share in ((slice(0, 11), 0.42), (slice(10, _TAIL), 1.0)):
                        tone = mix(scheme.ground, scheme.ink(ink), min(1.0, share * power * 1.35))
                        colour = [round(255 * c) for c in tone]
                        cv2.polylines(canvas, list(fixed[:, part]), False, colour, thick, cv2.LINE_AA, _SHIFT)
                    if level and depth:
                        tip = mix(scheme.ink(ink), (1, 1, 1) if scheme.dark else (0, 0, 0), 0.25)
                        heads += [(int(p[0]), int(p[1]), tip, depth) for p in fixed[:, -1]]
        for x, y, tip, depth in heads:
            r = int((0.55 + 0.75 * depth) * h / 360 * (1 << _SHIFT))
            cv2.circle(canvas, (x, y), r, [round(255 * c) for c in tip], -1, cv2.LINE_AA, _SHIFT)
        np.multiply(canvas, np.float32(1 / 255), out=frame, casting="unsafe")
        if scheme.dark:
            small = cv2.resize(frame, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
            ground = np.asarray(scheme.ground, np.float32)
            soft: Image = cv2.GaussianBlur(np.maximum(np.asarray(small) - ground * 1.5, 0), (0, 0), 3.0)
            frame += cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR) * (1 - frame) * 0.9
