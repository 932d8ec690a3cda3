"""Papercut: sheets of coloured paper cut along the lines of an imagined land, one above the other."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import luma, mix
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.fields import enlarge, grid, sample, texture
from webtv.studio.procedural.worlds.scheme import Scheme, paint_ground

_SHARE = 0.6
_SHEETS = 8


class Papercut:
    """A slowly changing height, cut at eight levels; each sheet throws its shadow on the one below."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None:
        self.stage = stage
        stage.focus = (0.0, 0.5)
        rng = stage.place("papercut")
        self.a, self.b = texture(rng, 2.9, 1, 5), texture(rng, 2.9, 1, 5)
        self.shift = rng.uniform(0, 1, 4)
        self.sun = stage.side("papercut")
        inks = sorted(scheme.inks[:4], key=luma)
        if stage.chance("rising light?") < 0.5:
            inks.reverse()
        between = np.linspace(0, len(inks) - 1, _SHEETS)
        self.tones = [mix(inks[int(p)], inks[min(len(inks) - 1, int(p) + 1)], float(p % 1)) for p in between]
        self.tooth = paint_ground(stage, Scheme((0.96, 0.96, 0.96), ((0.8, 0.8, 0.8),) * 2, False))

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        x, y = grid(self.stage, t, 0.8, _SHARE)
        s = self.shift
        a = sample(self.a, x, y, 0.75, s[0] + 0.016 * t, s[1] + 0.004 * t)
        b = sample(self.b, x, y, 0.95, s[2] - 0.013 * t, s[3] + 0.011 * t)
        value = cv2.addWeighted(a, 0.6, b, 0.5, 0.0)
        gx, gy = (
            cv2.Sobel(value, cv2.CV_32F, 1, 0, scale=0.125),
            cv2.Sobel(value, cv2.CV_32F, 0, 1, scale=0.125),
        )
        steep = np.sqrt(gx * gx + gy * gy) + 1e-4
        reach = 7.0 * frame.shape[0] * _SHARE / 270
        moved = np.array(((1, 0, self.sun * reach * 0.6), (0, 1, reach)), np.float32)
        size = (value.shape[1], value.shape[0])
        over = cv2.warpAffine(value, moved, size, borderMode=cv2.BORDER_REPLICATE)
        wide = cv2.GaussianBlur(over, (0, 0), reach * 0.35)
        small = np.empty((*value.shape, 3), np.float32)
        small[:] = self.tones[0]
        for k, tone in enumerate(self.tones[1:], 1):
            level = -1.3 + 2.6 * (k - 0.5) / _SHEETS
            shade = np.clip((wide - level) / (steep * reach * 0.9), 0, 1)
            sheet = np.clip((value - level) / steep + 0.5, 0, 1)
            dark = 1 - 0.42 * shade
            small *= cv2.merge([dark, dark, dark])
            # A lit edge, as thick paper has.
            edge = np.clip(1 - np.abs((value - level) / steep - 1.2), 0, 1) * np.clip(
                0.4 - 0.6 * gy / steep, 0, 1
            )
            small += cv2.merge([sheet, sheet, sheet]) * (np.asarray(tone, np.float32) - small)
            small += cv2.merge([edge, edge, edge]) * 0.16
        enlarge(frame, small)
        frame *= self.tooth
