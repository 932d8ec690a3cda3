"""Waves: a sea of fine lines, each hiding those behind it."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import luma, mix, ramp
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import sample, texture
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_ROWS = 44
_SHIFT = 4


class Waves:
    """Rows of one drifting landscape, drawn from the far one to the near one, in a run of colours."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage, self.scheme = stage, scheme
        stage.focus = (0.0, 0.5)
        self.ground = paint_ground(stage, scheme)
        rng = stage.place("waves")
        self.long = texture(rng, 2.6, 1, 6)
        self.short = texture(rng, 1.9, 3, 20)
        self.shift = rng.uniform(0, 1, 4)
        self.way = stage.side("waves")
        inks = [scheme.ink(k) for k in range(4)]
        if not scheme.dark:
            # On paper only deep colours carry a hairline.
            inks = [mix(c, (0.08, 0.09, 0.2), 0.15 + 0.35 * luma(c)) for c in inks]
        self.tones = ramp([(k / 3, c) for k, c in enumerate(inks)], _ROWS)
        self.filled = stage.chance("filled waves?") < 0.5
        self.peak = float(rng.uniform(-0.2, 0.2))

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        h, w = frame.shape[:2]
        canvas = np.clip(self.ground * 255, 0, 255).astype(np.uint8)
        count = max(40, w // 5)
        share = np.linspace(0, 1, _ROWS, dtype=np.float32)
        levels = 0.2 + 1.1 * share**1.25
        px = np.linspace(-4, w + 4, count, dtype=np.float32)
        views = [stage.view(t, 0.35 + 0.6 * float(s)) for s in share]
        x = np.stack([(px - v.left) / v.scale for v in views])
        row = np.repeat(share[:, None] * 0.8, count, 1).astype(np.float32)
        s = self.shift
        lift = sample(self.long, x, row, 0.42, s[0] + 0.02 * t * self.way, s[1] - 0.035 * t)
        fine = sample(self.short, x, row, 0.5, s[2] - 0.03 * t * self.way, s[3] - 0.02 * t)
        middle = np.exp(-(((x - self.peak) / (0.55 + 0.25 * share[:, None])) ** 2))
        high = (0.035 + 0.15 * middle) * np.maximum(lift + 0.6, -0.2) + 0.013 * fine * (0.4 + middle)
        thick = max(1, round(1.5 * h / 360))
        for k in range(_ROWS):
            view = views[k]
            y = (levels[k] - high[k]) * view.scale + view.top
            line = np.round(np.stack((px, y), 1) * (1 << _SHIFT)).astype(np.int32)
            body = np.concatenate((line, [[line[-1, 0], (h + 9) << _SHIFT], [line[0, 0], (h + 9) << _SHIFT]]))
            tone = tuple(float(c) for c in self.tones[k])
            near = float(share[k])
            under = mix(self.scheme.ground, tone, (0.3 + 0.55 * near) if self.filled else 0.05 + 0.05 * near)
            cv2.fillPoly(canvas, [body.astype(np.int32)], [round(255 * c) for c in under], cv2.LINE_8, _SHIFT)
            ink = mix(self.scheme.ground, tone, 0.55 + 0.45 * near)
            if self.filled:
                ink = mix(under, (1, 1, 1), 0.45) if self.scheme.dark else mix(under, tone, 0.75)
            cv2.polylines(canvas, [line], False, [round(255 * c) for c in ink], thick, cv2.LINE_AA, _SHIFT)
        np.multiply(canvas, np.float32(1 / 255), out=frame, casting="unsafe")
