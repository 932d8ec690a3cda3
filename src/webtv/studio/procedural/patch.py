"""A patch: one drawn figure with its transparency, lit by the scene's light and laid into the frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, screen_free, spread

_RELIEF_BLUR = 0.11  # of the patch's smaller side: how round a flat drawing is taken to be


@dataclass(frozen=True, slots=True)
class Glow:
    """Light that a figure gives off itself.

    Attributes:
        mask: float32[h, w], 0..1, where the patch shines.
        colour: of the light.
        power: 0..1, of the halo around it.
        reach: radius of the halo in pixels.
    """

    mask: Image
    colour: Colour
    power: float
    reach: float


@dataclass(frozen=True, slots=True)
class Patch:
    """A small premultiplied picture at a place in the frame.

    Attributes:
        colour: float32[h, w, 3], local colours times alpha.
        alpha: float32[h, w].
        x0: frame column of its left edge.
        y0: frame row of its upper edge.
        foot: frame row of the figure's origin; mirror images fold there.
        scale: pixels per figure unit.
        relief: how far light models the flat drawing, 0..1.
        glow: light of its own, or None.
    """

    colour: Image
    alpha: Image
    x0: int
    y0: int
    foot: float
    scale: float
    relief: float = 0.0
    glow: Glow | None = None

    def lay(
        self,
        frame: Image,
        light: Light | None = None,
        sun: float = 1.0,
        haze: float = 0.0,
        alpha: float = 1.0,
        rim: float = 0.35,
        reflect: float = 0.0,
    ) -> None:
        """Light the drawing and lay it into the frame.

        Args:
            frame: where to.
            light: scene light; None leaves colours as they are.
            sun: direction of the key light, -1 from the left to 1 from the right.
            haze: how much air is in between, 0..1.
            alpha: opacity.
            rim: strength of the lit edge.
            reflect: opacity of a mirror image below the origin (on water), 0 for none.
        """
        h, w = self.alpha.shape
        if (
            alpha <= 0
            or self.x0 >= frame.shape[1]
            or self.x0 + w <= 0
            or self.y0 >= frame.shape[0]
            or (self.y0 + h <= 0 and reflect <= 0)
        ):
            return
        colour = self.colour if light is None else self._lit(light, sun, haze, rim)
        if reflect > 0:
            self._mirror(frame, colour, reflect * alpha)
        if alpha < 1:
            _over(frame, colour * np.float32(alpha), self.alpha * np.float32(alpha), self.x0, self.y0)
        else:
            _over(frame, colour, self.alpha, self.x0, self.y0)
        if self.glow is not None and light is not None:
            self._halo(frame, self.glow, alpha * (1 - 0.6 * haze) * (0.15 + 0.85 * light.lamps))

    def _lit(self, light: Light, sun: float, haze: float, rim: float) -> Image:
        a, h = self.alpha, self.alpha.shape[0]
        down = np.linspace(0, 1, h, dtype=np.float32)[:, None]
        direct: Image = 0.52 - 0.34 * down
        around: Image = 0.72 - 0.12 * down
        if self.relief > 0:
            side: Image = self._side(sun) * np.float32(self.relief * (0.35 + 0.65 * light.strength))
            # Shade models more than light does, or pale figures would burn out.
            side = np.float32(0.725) * side - np.float32(0.225) * np.abs(side)  # a half, or nearly all
            direct, around = direct * (1 + side), around * (1 + np.float32(0.25) * side)
        clear = np.float32(1 - haze)
        edge = np.zeros_like(a)
        if rim > 0:
            # A modelled figure needs less of an edge, or it looks cut out of paper.
            rim *= 1 - 0.5 * self.relief
            step = max(1, round(self.scale * 0.014))
            moved = cv2.warpAffine(
                a, np.array([[1, 0, -sun * step], [0, 1, step]], np.float32), a.shape[::-1]
            )
            edge = np.maximum(a - moved, 0) * np.float32(rim * (0.25 + 0.75 * light.strength))
        keep, lit_edge = (1 - np.float32(0.5) * edge) * clear, edge * a * clear
        shade, shine = around * keep, direct * keep
        times, plus = [], []
        for ambient, key, air in zip(light.ambient, light.key, light.haze, strict=True):
            times.append(cv2.addWeighted(shade, ambient, shine, key, 0))
            plus.append(cv2.addWeighted(lit_edge, key, a, haze * air, 0))
        lit = cv2.multiply(self.colour, cv2.merge(times))
        cv2.add(lit, cv2.merge(plus), dst=lit)
        if self.glow is not None:
            on = spread(self.glow.mask * np.float32((0.25 + 0.75 * light.lamps) * clear))
            lit += on * (self.colour * np.float32(1.08) - lit)
        return np.asarray(lit, np.float32)

    def _side(self, sun: float) -> Image:
        """How far each pixel of the rounded drawing faces the light, about -1..1, float32[h, w]."""
        h, w = self.alpha.shape
        coarse = max(1, min(h, w) // 48)
        small = cv2.resize(
            self.alpha, (max(1, w // coarse), max(1, h // coarse)), interpolation=cv2.INTER_AREA
        )
        size = max(3, 2 * round(_RELIEF_BLUR * min(small.shape)) + 1)
        solid = cv2.blur(cv2.blur(small, (size, size)), (size, size))
        across = cv2.Sobel(solid, cv2.CV_32F, 1, 0, ksize=3, scale=0.125 * size)
        upward = cv2.Sobel(solid, cv2.CV_32F, 0, 1, ksize=3, scale=0.125 * size)
        side = np.clip(upward * np.float32(0.75) - across * np.float32(sun), -0.6, 0.6) * np.float32(1.5)
        return np.asarray(cv2.resize(side, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)

    def _mirror(self, frame: Image, colour: Image, strength: float) -> None:
        top = round(self.foot)
        rows = min(self.alpha.shape[0], max(0, top - self.y0))
        if rows < 2:
            return
        shown = min(rows, frame.shape[0] - top)
        if shown < 1:
            return
        # Ten rows more than are shown: the blur reaches for them.
        first = max(0, rows - shown - 10)
        flipped, mask = (
            cv2.GaussianBlur(cv2.flip(image[first:rows], 0), (5, 11), 0.8, sigmaY=2.2)[:shown]
            for image in (colour, self.alpha)
        )
        fall = np.linspace(strength, 0.25 * strength, rows, dtype=np.float32)[:shown, None]
        fade = np.repeat(fall, mask.shape[1], 1)
        cv2.multiply(flipped, spread(fade), dst=flipped, scale=0.85)
        _over(frame, flipped, mask * fade, self.x0, top)

    def _halo(self, frame: Image, glow: Glow, share: float) -> None:
        power = glow.power * share
        weight = float(glow.mask.sum())
        if power < 0.01 or weight < 0.5:
            return
        cx = self.x0 + float((glow.mask.sum(axis=0) * np.arange(glow.mask.shape[1])).sum()) / weight
        cy = self.y0 + float((glow.mask.sum(axis=1) * np.arange(glow.mask.shape[0])).sum()) / weight
        r = max(2.0, glow.reach)
        x0, x1 = max(0, int(cx - 2 * r)), min(frame.shape[1], int(cx + 2 * r) + 1)
        y0, y1 = max(0, int(cy - 2 * r)), min(frame.shape[0], int(cy + 2 * r) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32) - np.float32(cx)) / np.float32(r)
        dy = (np.arange(y0, y1, dtype=np.float32) - np.float32(cy)) / np.float32(r)
        # A product of two bells is round and ends softly before the edge of the square.
        soft = np.outer(np.exp(-2.2 * dy * dy), np.exp(-2.2 * dx * dx)) * np.float32(power)
        region = frame[y0:y1, x0:x1]
        screen_free(region, glow.colour, soft)


def _over(frame: Image, colour: Image, a: Image, x0: int, y0: int) -> None:
    h, w = a.shape
    fx0, fy0 = max(0, x0), max(0, y0)
    fx1, fy1 = min(frame.shape[1], x0 + w), min(frame.shape[0], y0 + h)
    if fx0 >= fx1 or fy0 >= fy1:
        return
    part = slice(fy0 - y0, fy1 - y0), slice(fx0 - x0, fx1 - x0)
    region = frame[fy0:fy1, fx0:fx1]
    cv2.multiply(region, spread(1 - a[part]), dst=region)
    cv2.add(region, colour[part], dst=region)
