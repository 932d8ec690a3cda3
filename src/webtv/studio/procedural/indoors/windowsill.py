"""Windowsill: the frame of a window seen from the room, and what stands on its sill."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, PEOPLE, Pose
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.nature.flora import LEAVES, Brush
from webtv.studio.procedural.pen import smooth
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free

SILL = 0.83
_DEPTH = 1.0
_GROWN = 1.45  # how much larger than life things stand before the window
_WOODS = tuple(rgb(c) for c in ("#f0ebe0", "#8a6548", "#6f8078", "#b89a74", "#e6e2da"))
_CLOTHS = tuple(rgb(c) for c in ("#d8c8b0", "#b0735c", "#7f96a4", "#c9a24a", "#8f8fa8"))


def _sits(kind: str) -> bool:
    """Whether a subject can be on a windowsill: things, and animals no larger than a cat."""
    figure = FIGURES[kind]
    return figure.home == "thing" or (figure.home == "ground" and figure.size < 0.16 and kind not in PEOPLE)


class _Grown(Brush):
    """A brush that enlarges what it draws about a foot point."""

    def __init__(self, plate: Plate, factor: float) -> None:
        super().__init__(plate)
        self.factor, self.foot = factor, (0.0, 0.0)

    def points(self, points: Image) -> Image:
        """World points, enlarged, to fixed-point pixels."""
        return super().points((points - self.foot) * self.factor + self.foot)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse, enlarged."""
        f, (px, py) = self.factor, self.foot
        super().blob(px + (x - px) * f, py + (y - py) * f, rx * f, ry * f, colour)

    def line(self, points: Image, wide: float, colour: Colour) -> None:
        """A stroke, enlarged."""
        super().line(points, wide * self.factor, colour)


class Windowsill:
    """Jambs, glazing bars, a sill, sometimes a curtain; a cup, plants, books, a candle, or who sits there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        light = stage.light
        place = stage.place("windowsill")
        # Inside it is warm: lamplight in the evening, by day only what comes back from the walls.
        evening = light.lamps
        self.room = mix(times(light.ambient, 0.62), rgb("#ffc48a"), 0.25 + 0.5 * evening)
        self.level = 0.5 + 0.16 * evening
        self.sky_light = mix(light.sky[-2], (1, 1, 1), 0.15)
        self.wood = _WOODS[int(place.integers(len(_WOODS)))]
        self.plate = stage.plate(_DEPTH)
        self.half = min(0.8, stage.aspect / 2 - 0.06)
        self._frame(place)
        self.things = self._things(place)
        self.steam = noise.tile(128, place, 1.8, low=1, high=16)
        small = [c for c in stage.spec.cast if c.kind in FIGURES and _sits(c.kind)]
        self.cast = [c for c in small for _ in range(max(1, min(c.count, 3)))][:3]

    def _tone(self, colour: Colour, face: float) -> Colour:
        """A colour of the room; ``face`` 0 looks into the room, 1 towards the window."""
        inside = times(colour, times(self.room, self.level + 0.25))
        return mix(inside, times(colour, times(self.sky_light, 0.95)), 0.62 * face)

    def _frame(self, place: np.random.Generator) -> None:
        plate, w = self.plate, self.wood
        grain = 1 + 0.05 * noise.Profile(place, 0.02, 3)(plate.x[0] * 0.3 + 1)[None, :, None]

        def slab(x0: float, x1: float, y0: float, y1: float, colour: Colour) -> None:
            ax, ay = plate.at(x0, y0)
            bx, by = plate.at(x1, y1)
            c0, c1 = max(0, round(ax)), min(plate.shape[1], round(bx))
            r0, r1 = max(0, round(ay)), min(plate.shape[0], round(by))
            if c0 < c1 and r0 < r1:
                body = np.asarray(colour, np.float32) * grain[:, c0:c1]
                plate.rgba[r0:r1, c0:c1, :3] = body
                plate.rgba[r0:r1, c0:c1, 3] = 1

        half, bar = self.half, 0.018
        style = self.stage.chance("window style")
        uprights = (
            [0.0]
            if style < 0.4
            else [-0.32 * half, 0.36 * half]
            if style < 0.6
            else [0.3 * half * self.stage.side("bar")]
        )
        rails = [0.34] if self.stage.chance("glazing bar?") < 0.5 else []
        for x in uprights:
            slab(x - bar, x + bar, -9, SILL, self._tone(w, 0.25))
            slab(x - bar, x - bar * 0.45, -9, SILL, self._tone(w, 0.85))
            slab(x + bar * 0.6, x + bar, -9, SILL, self._tone(times(w, 0.7), 0.0))
        for y in rails:
            slab(-half, half, y - bar * 0.7, y + bar * 0.7, self._tone(w, 0.2))
            slab(-half, half, y + bar * 0.4, y + bar * 0.7, self._tone(w, 0.8))
        for s in (-1.0, 1.0):
            inner, outer = s * half, s * (half + 0.05)
            slab(min(inner, outer), max(inner, outer), -9, SILL, self._tone(w, 0.3))
            lip = s * (half + 0.012)
            slab(min(inner, lip), max(inner, lip), -9, SILL, self._tone(w, 0.95 if s < 0 else 0.55))
            wall = s * 9.0
            slab(min(outer, wall), max(outer, wall), -9, 9, self._tone(mix(rgb("#cdbfae"), w, 0.2), 0.0))
        slab(-9, 9, -9, 0.035, self._tone(times(w, 0.8), 0.0))
        slab(-half - 0.05, half + 0.05, 0.035, 0.05, self._tone(times(w, 0.6), 0.0))
        # The sill: the light of the sky lies on it, brightest at the glass.
        level = plate.y[:, 0]
        face = np.clip(1 - (level - SILL) / 0.14, 0, 1)
        rows = np.nonzero((level >= SILL) & (level < SILL + 0.1))[0]
        for r in rows:
            plate.rgba[r, :, :3] = (
                np.asarray(self._tone(w, 0.35 + 0.6 * float(face[r]) ** 2), np.float32) * grain[0]
            )
            plate.rgba[r, :, 3] = 1
        slab(-9, 9, SILL + 0.1, SILL + 0.125, self._tone(mix(w, (1, 1, 1), 0.2), 0.2))
        slab(-9, 9, SILL + 0.125, 9, self._tone(times(mix(rgb("#cdbfae"), w, 0.2), 0.62), 0.0))
        if self.stage.aspect > 0.9 and self.stage.chance("curtain?") < 0.55:
            self._curtain(place)

    def _curtain(self, place: np.random.Generator) -> None:
        plate, side = self.plate, self.stage.side("curtain")
        cloth = _CLOTHS[int(place.integers(len(_CLOTHS)))]
        edge = side * (self.half - 0.14)
        y = plate.y
        # Gathered by a band at two thirds of its height.
        tie = 0.055 * np.exp(-(((y - 0.62) / 0.22) ** 2)) - 0.03 * np.clip(y - 0.7, 0, 1)
        inside = (plate.x - edge - side * tie - side * 0.012 * np.sin(8 * y)) * side
        alpha = np.clip(inside * plate.scale, 0, 1)
        fold = 0.5 + 0.5 * np.sin(
            ((plate.x - edge) * 66 - side * 66 * tie * 0.7 + 0.5 * np.sin(3 * y))
            * (1 + 1.2 * np.exp(-(((y - 0.62) / 0.25) ** 2)) * 0.2)
        )
        dark, bright = (
            np.asarray(self._tone(times(cloth, 0.62), 0.05), np.float32),
            np.asarray(self._tone(cloth, 0.6), np.float32),
        )
        glow = np.exp(-np.clip(inside, 0, 1) * 7)
        body = dark + (0.25 + 0.45 * fold + 0.3 * glow)[..., None] * (bright - dark)
        plate.fill(body.astype(np.float32), alpha.astype(np.float32))

    def _things(self, place: np.random.Generator) -> list[tuple[str, float]]:
        """What stands where; painted on the plate, but flames and steam move."""
        stage = self.stage
        brush = _Grown(self.plate, _GROWN)
        kinds = ["mug", "plant", "books", "candle", "vase", "plant", "teapot"]
        order = place.permutation(len(kinds))
        busy = any(c.kind in FIGURES and _sits(c.kind) for c in stage.spec.cast)
        count = (
            1
            if busy or stage.aspect < 0.9 or stage.chance("things") < 0.35
            else 2
            if stage.aspect < 1.2
            else 3
        )
        side = stage.side("things")
        spots = [side * 0.5 * self.half, side * 0.78 * self.half, -side * 0.66 * self.half]
        out = []
        for k in range(count):
            kind = kinds[int(order[k])]
            x, y = spots[k] + float(place.uniform(-0.03, 0.03)), SILL + 0.055
            brush.foot = (x, y)
            getattr(self, "_" + kind)(brush, place, x, y)
            out.append((kind, x))
        brush.done()
        return out

    def _shadow(self, brush: Brush, x: float, y: float, wide: float) -> None:
        brush.blob(x, y + 0.004, wide, 0.01, self._tone(times(self.wood, 0.5), 0.1))

    def _round(
        self, brush: Brush, x: float, y: float, w0: float, w1: float, tall: float, hue: Colour
    ) -> None:
        """A turned body: narrow at the foot, wide at the rim, light from the window on one flank."""
        for k in range(9):
            u = -1 + 2 * k / 8
            face = 0.75 * math.exp(-((u + 0.55) ** 2) * 3) + 0.25 * max(0.0, u)
            a, b = -1 + 2 * k / 9, -1 + 2 * (k + 1.06) / 9
            brush.fill(
                np.array(
                    (
                        (x + a * w0, y),
                        (x + a * w1, y - tall),
                        (x + min(b, 1) * w1, y - tall),
                        (x + min(b, 1) * w0, y),
                    )
                ),
                self._tone(hue, face),
            )
        brush.blob(x, y, w0, w0 * 0.18, self._tone(hue, 0.1))
        brush.blob(x, y - tall, w1, w1 * 0.2, self._tone(mix(hue, (1, 1, 1), 0.25), 0.8))
        brush.blob(x, y - tall + w1 * 0.04, w1 * 0.86, w1 * 0.14, self._tone(times(hue, 0.35), 0.1))

    def _mug(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        hue = (rgb("#e8e2d6"), rgb("#b5523b"), rgb("#4f7f92"), rgb("#e0a83f"))[int(place.integers(4))]
        self._shadow(brush, x, y, 0.06)
        a = np.linspace(-1.4, 1.4, 12)
        brush.line(
            np.stack((x + 0.04 + 0.026 * np.cos(a), y - 0.042 + 0.026 * np.sin(a)), 1),
            0.009,
            self._tone(hue, 0.3),
        )
        self._round(brush, x, y, 0.036, 0.043, 0.08, hue)

    def _teapot(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        hue = (rgb("#7f9a8f"), rgb("#c98a6a"), rgb("#e6dcc6"))[int(place.integers(3))]
        self._shadow(brush, x, y, 0.09)
        a = np.linspace(-1.5, 1.5, 12)
        brush.line(
            np.stack((x + 0.065 + 0.035 * np.cos(a), y - 0.055 + 0.035 * np.sin(a)), 1),
            0.009,
            self._tone(hue, 0.2),
        )
        brush.fill(
            np.array(
                ((x - 0.05, y - 0.03), (x - 0.105, y - 0.095), (x - 0.09, y - 0.1), (x - 0.045, y - 0.07))
            ),
            self._tone(hue, 0.6),
        )
        for k in range(7):
            s = 1 - 0.12 * k
            brush.blob(
                x - 0.02 * k / 6,
                y - 0.052 - 0.012 * k / 6,
                0.07 * s,
                0.054 * s,
                self._tone(hue, 0.06 + 0.11 * k),
            )
        brush.blob(x, y - 0.1, 0.034, 0.01, self._tone(times(hue, 0.8), 0.6))
        brush.blob(x, y - 0.112, 0.011, 0.011, self._tone(hue, 0.8))

    def _plant(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        pot = (rgb("#b8694a"), rgb("#e2dccf"), rgb("#5f7a80"))[int(place.integers(3))]
        self._shadow(brush, x, y, 0.07)
        green = rgb(LEAVES["summer"][int(place.integers(3))])
        tall = float(place.uniform(0.16, 0.26))
        for k in range(15):
            a = (k + 0.5) / 15 * 2.4 - 1.2 + float(place.normal(0, 0.1))
            r = tall * float(place.uniform(0.6, 1.1))
            bx, by = x + r * 0.35 * math.sin(a), y - 0.075 - r * 0.55
            tip = (x + r * math.sin(a) * 0.9, y - 0.075 - r * math.cos(a) * 0.85)
            brush.line(np.array(((x, y - 0.07), (bx, by), tip)), 0.0035, self._tone(times(green, 0.6), 0.2))
            dx, dy = tip[0] - bx, tip[1] - by
            n = math.hypot(dx, dy) + 1e-6
            nx, ny, wide = -dy / n, dx / n, tall * 0.1
            leaf = smooth(
                [
                    (bx, by),
                    ((bx + tip[0]) / 2 + nx * wide, (by + tip[1]) / 2 + ny * wide),
                    tip,
                    ((bx + tip[0]) / 2 - nx * wide, (by + tip[1]) / 2 - ny * wide),
                ]
            )
            brush.fill(leaf, self._tone(green, 0.25 + 0.6 * float(place.random())))
        self._round(brush, x, y, 0.042, 0.056, 0.078, pot)

    def _vase(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        self._shadow(brush, x, y, 0.05)
        hues = ("#f0a04a", "#e8708a", "#f4e9d6", "#d8483a", "#b48ad8")
        hue = self.stage.spec.palette[0] if self.stage.spec.palette else rgb(hues[int(place.integers(5))])
        for k in range(5):
            a = (k - 2) * 0.24 + float(place.normal(0, 0.06))
            r = float(place.uniform(0.15, 0.22))
            tip = (x + r * math.sin(a), y - 0.08 - r * math.cos(a))
            brush.line(
                np.array(((x, y - 0.06), ((x + tip[0]) / 2 + 0.004, (y - 0.08 + tip[1]) / 2), tip)),
                0.004,
                self._tone(rgb("#5f7f45"), 0.4),
            )
            for q in range(7):
                b = q / 7 * 2 * math.pi + k
                brush.blob(
                    tip[0] + 0.015 * math.cos(b),
                    tip[1] + 0.012 * math.sin(b),
                    0.013,
                    0.011,
                    self._tone(hue, 0.4 + 0.07 * q),
                )
            brush.blob(*tip, 0.009, 0.008, self._tone(rgb("#7a5a34"), 0.4))
        self._round(brush, x, y, 0.03, 0.024, 0.1, rgb("#8fb0b4"))

    def _books(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        self._shadow(brush, x, y, 0.1)
        top = y
        for _ in range(int(place.integers(2, 5))):
            hue = (rgb("#8a3f34"), rgb("#34586f"), rgb("#c49a4a"), rgb("#5f6f4a"), rgb("#d8cdb8"))[
                int(place.integers(5))
            ]
            high, wide, off = (
                float(place.uniform(0.018, 0.03)),
                float(place.uniform(0.07, 0.095)),
                float(place.normal(0, 0.008)),
            )
            a, b = x - wide + off, x + wide + off
            brush.fill(
                np.array(((a, top), (a, top - high), (b, top - high), (b, top))), self._tone(hue, 0.25)
            )
            brush.fill(
                np.array(((a, top - high * 0.75), (a, top - high), (b, top - high), (b, top - high * 0.75))),
                self._tone(hue, 0.8),
            )
            for u in (0.12, 0.18, 0.82):
                m = a + (b - a) * u
                brush.fill(
                    np.array(((m, top), (m, top - high), (m + 0.004, top - high), (m + 0.004, top))),
                    self._tone(rgb("#e0c88a"), 0.4),
                )
            top -= high

    def _candle(self, brush: Brush, place: np.random.Generator, x: float, y: float) -> None:
        self._shadow(brush, x, y, 0.05)
        brush.blob(x, y, 0.05, 0.011, self._tone(rgb("#b08a4a"), 0.4))
        self._round(brush, x, y - 0.005, 0.019, 0.019, 0.1, rgb("#f0e4cc"))
        brush.line(np.array(((x, y - 0.105), (x + 0.001, y - 0.118))), 0.003, rgb("#2a2420"))

    def draw(self, frame: Image, t: float) -> None:
        """Draw the frame of the window and everything on the sill."""
        self.plate.show(frame, t)
        self._lamplight(frame, t)
        view = self.stage.view(t, _DEPTH)
        lamps = Lamps(frame)
        burning = False
        for kind, x in self.things:
            if kind in {"mug", "teapot"}:
                self._steam(frame, t, *view.at(x, SILL + 0.055 - _GROWN * 0.078), view.scale)
            elif kind == "candle":
                burning = True
                flicker = 0.9 + 0.06 * math.sin(5.1 * t) + 0.04 * math.sin(8.3 * t + 1)
                px, py = view.at(x + 0.0015 * math.sin(3.1 * t), SILL + 0.055 - _GROWN * 0.132)
                lamps.oval(px, py, view.scale * 0.011, view.scale * 0.026 * flicker, rgb("#ffd890"), 1.0)
                lamps.oval(
                    px,
                    py - view.scale * 0.002,
                    view.scale * 0.05,
                    view.scale * 0.055,
                    rgb("#7a4a20"),
                    0.3 * flicker,
                )
        if burning:
            lamps.add(0.8, view.scale * 0.02, 0.95)
        for k, member in enumerate(self.cast):
            figure = FIGURES[member.kind]
            spot = (-0.12 + 0.3 * (k - (len(self.cast) - 1) / 2)) * self.half * self.stage.side("things")
            px, py = view.at(spot, SILL + 0.06)
            size = view.scale * min(0.3, max(0.17, figure.size * 1.6))
            heading = float(member.heading or self.stage.side("who sits"))
            pose = Pose(px, py, size, heading, t, 0.3, "rest", member.colour, self.stage.light.lamps)
            figure.draw(pose).lay(frame, self.stage.light, -heading, 0.0, 1.0, 0.5)

    def _lamplight(self, frame: Image, t: float) -> None:
        """A lamp somewhere in the room warms one side of everything inside, and a little of the glass."""
        power = self.stage.light.lamps
        if power < 0.2:
            return
        h, w = frame.shape[0] // 8, frame.shape[1] // 8
        x, y = self.stage.view(t, _DEPTH).at(-self.half * 1.05 * self.stage.side("curtain"), 0.9)
        dx = (np.arange(w, dtype=np.float32)[None, :] * 8 - x) / (0.75 * self.stage.height)
        dy = (np.arange(h, dtype=np.float32)[:, None] * 8 - y) / (0.6 * self.stage.height)
        pool = np.exp(-(dx * dx + dy * dy)) * (0.3 * power)
        big = cv2.resize(
            pool.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        screen_free(frame, rgb("#ffb66a"), big)

    def _steam(self, frame: Image, t: float, x: float, y: float, scale: float) -> None:
        """Two wisps above a cup, at a quarter of the size."""
        w, h = scale * 0.09, scale * 0.2
        x0, x1 = max(0, int(x - w / 2)), min(frame.shape[1], int(x + w / 2))
        y0, y1 = max(0, int(y - h)), min(frame.shape[0], int(y))
        if x1 - x0 < 8 or y1 - y0 < 8:
            return
        gx = ((np.arange(x0, x1, 4, dtype=np.float32) - x) / scale)[None, :]
        up = ((y - np.arange(y0, y1, 4, dtype=np.float32)) / scale)[:, None]
        drift = 0.012 * np.sin(up * 34 - 1.8 * t) * (0.3 + up * 9) + 0.006 * np.sin(up * 61 - 2.7 * t)
        wisps = np.exp(-(((gx - drift - 0.012) / (0.006 + 0.05 * up)) ** 2)) + 0.8 * np.exp(
            -(((gx + 0.8 * drift + 0.012) / (0.005 + 0.045 * up)) ** 2)
        )
        wisps *= np.clip(up / 0.02, 0, 1) * np.clip(1.05 - up / 0.19, 0, 1) * 0.34
        big = cv2.resize(wisps.astype(np.float32), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        screen_free(frame[y0:y1, x0:x1], mix(self.sky_light, self.room, 0.3), big)
