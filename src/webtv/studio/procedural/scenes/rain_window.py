"""Rain on a window: lights of a city out of focus, drops that cling, gather and run."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.facades import NEON, WARM
from webtv.studio.procedural.stage import Image, Stage, spread, tint_over

_CITY = (*WARM, *NEON, *NEON[:3], rgb("#ff3a2a"), rgb("#fff2d8"))


class RainWindow:
    """A blurred view behind glass; the glass bends it where water hangs."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place, light = stage.place("window"), stage.light
        stage.focus = (0.0, 0.5)
        self.view_plate = self._outside(place)
        day = 1 - light.lamps
        lights: list[tuple[float, float, float, Colour, float, float]] = []
        count = int(96 * (0.35 + 0.65 * light.lamps))
        colours: list[Colour] = [*_CITY, *stage.spec.palette, *stage.spec.palette]
        for _ in range(count):
            y = float(np.clip(place.normal(0.54, 0.17), 0.06, 0.93))
            near = float(place.random())
            colour = colours[int(place.integers(len(colours)))]
            lights.append(
                (
                    float(place.uniform(-1.1, 1.1)),
                    y,
                    0.011 + 0.055 * near**2.5,
                    times(colour, 1 - 0.4 * day),
                    near,
                    float(place.uniform(0, 6.28)),
                )
            )
        self.lights = sorted(lights, key=lambda item: item[4])
        self.cars = [
            (
                float(place.uniform(-1.5, 1.5)),
                0.66 + 0.1 * float(place.random()),
                float(place.choice((-1, 1))),
                float(place.uniform(0.06, 0.14)),
                float(place.uniform(0.018, 0.034)),
            )
            for _ in range(7)
        ]
        self._glass(stage.take("drops"))

    def _outside(self, place: np.random.Generator) -> Image:
        """The view without its lights: sky, blocks of buildings, street; float32[H, W, 3], already soft."""
        stage, light = self.stage, self.stage.light
        h, w = stage.height // 4, stage.width // 4
        wide = w * 2
        out = np.empty((h, wide, 3), np.float32)
        sky = np.stack(
            [
                np.interp(np.linspace(0, 1, h), np.linspace(0, 1, len(light.sky)), [c[k] for c in light.sky])
                for k in range(3)
            ],
            1,
        )
        out[:] = sky[:, None, :]
        x = 0
        while x < wide:
            width = int(place.uniform(0.06, 0.2) * h * 1.6)
            top = int(h * place.uniform(0.05, 0.5))
            tone = light.far(
                light.lit(mix(rgb("#5d5a66"), rgb("#8a7464"), float(place.random())), 0.4),
                float(place.uniform(0.1, 0.5)),
            )
            out[top:, x : x + width] = tone
            x += width
        street = np.asarray(light.lit(rgb("#57545c"), 0.5), np.float32)
        out[int(h * 0.72) :] = street
        fade = np.linspace(1.0, 0.7, h, dtype=np.float32)[:, None, None]
        soft = cv2.GaussianBlur(out * fade, (0, 0), h / 26)
        return cv2.GaussianBlur(soft, (0, 0), h / 40)

    def _glass(self, rng: np.random.Generator) -> None:
        """Still drops as a map of how far each pixel looks aside, and the paths of those that run."""
        h, w = self.stage.height, self.stage.width
        self.bend = np.zeros((h, w, 2), np.float32)
        self.shine = np.zeros((h, w), np.float32)
        unit = h / 360 * min(1.7, self.stage.zoom**0.9)
        heavy = {"storm": 1.4, "rain": 1.0, "snow": 0.6, "fog": 0.6}.get(self.stage.spec.weather, 0.85)
        for _ in range(int(560 * heavy)):
            r = unit * float(np.clip(rng.pareto(1.9) * 1.5 + 1.0, 1.0, 9.5))
            self._stamp(
                self.bend,
                self.shine,
                float(rng.uniform(0, w)),
                float(rng.uniform(0, h)),
                r,
                r * float(rng.uniform(1.0, 1.35)),
            )
        self.fog = noise.fbm(h // 4, w // 4, rng, cells=2, octaves=3)
        self.runners = [
            (
                float(rng.uniform(0, w)),
                float(rng.uniform(0, 1)),
                float(rng.uniform(0.05, 0.17)),
                unit * float(rng.uniform(4.2, 8.2)),
                float(rng.uniform(0, 6.28)),
                float(rng.uniform(0.25, 0.6)),
            )
            for _ in range(int(26 * heavy))
        ]

    @staticmethod
    def _stamp(
        bend: Image, shine: Image, x: float, y: float, rx: float, ry: float, alpha: float = 1.0
    ) -> None:
        h, w = shine.shape
        x0, x1 = max(0, int(x - rx) - 1), min(w, int(x + rx) + 2)
        y0, y1 = max(0, int(y - ry) - 1), min(h, int(y + ry) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - x) / rx
        dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - y) / ry
        # Drops hang: round below, drawn out above.
        dx = dx * (1 + 0.35 * np.clip(-dy, 0, 1))
        d = np.sqrt(dx * dx + dy * dy)
        inside = np.clip((1 - d) * max(2.0, rx * 0.9), 0, 1) * alpha
        lens = np.clip(1 - d * d, 0, 1)
        part = bend[y0:y1, x0:x1]
        aside = np.dstack((-dx * rx * (4 + 7 * (1 - lens)), -dy * ry * (4 + 7 * (1 - lens))))
        part += inside[..., None] * (aside - part)
        gleam = np.exp(-(((dx + 0.35) / 0.28) ** 2 + ((dy + 0.42) / 0.24) ** 2)) * 0.75
        rim = (
            np.exp(-(((d - 0.9) / 0.16) ** 2)) * np.clip(dy, 0, 1) * 0.42
            - np.exp(-(((d - 0.92) / 0.14) ** 2)) * np.clip(-dy, 0, 1) * 0.3
        )
        core = shine[y0:y1, x0:x1]
        core += inside * (gleam + rim - core)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self._backdrop(frame, t)
        bend, shine, clear = self.bend.copy(), self.shine.copy(), np.zeros(self.fog.shape, np.float32)
        h, w = shine.shape
        for x, start, pace, r, phase, stick in self.runners:
            # They stick and slip: position is a smooth stair of time.
            s = t * pace * 2.2 + start * 1.4
            stair = s + stick * 0.16 * math.sin(s * 2 * math.pi * 2.0 + phase) / (2 * math.pi) * 3.0
            y = ((stair % 1.4) - 0.2) * h
            lap = math.floor(stair / 1.4)
            px = (x + lap * 137.5) % w + r * 1.4 * math.sin(y / h * 9 + phase)
            tail = min(y + 0.2 * h, h * (0.12 + 0.35 * stick))
            steps = max(3, int(tail / (r * 0.9)))
            for k in range(steps, 0, -1):
                ty = y - tail * k / steps
                tx = (x + lap * 137.5) % w + r * 1.4 * math.sin(ty / h * 9 + phase)
                if -4 < ty < h and (k * 7 + int(phase * 10)) % 3:
                    self._stamp(bend, shine, tx, ty, r * 0.3, r * 0.34, 0.9 * (1 - k / steps))
            cv2.line(
                clear,
                (int((x + lap * 137.5) % w / 4), int((y - tail) / 4)),
                (int(px / 4), int(y / 4)),
                1.0,
                max(1, int(r / 2.6)),
                cv2.LINE_AA,
            )
            self._stamp(bend, shine, px, y, r, r * 1.28)
        mist = np.clip(0.34 + 0.3 * (self.fog - 0.5), 0, 1) * (
            1 - 0.75 * cv2.GaussianBlur(clear, (0, 0), 1.0)
        )
        veil = cv2.resize(mist.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
        light = self.stage.light
        wet = np.clip(np.abs(bend[..., 0]) + np.abs(bend[..., 1]), 0, 1)
        grid_x = bend[..., 0] + np.arange(w, dtype=np.float32)[None, :]
        grid_y = bend[..., 1] + np.arange(h, dtype=np.float32)[:, None]
        seen = cv2.remap(frame, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        # Fog on the pane softens and lifts what is behind it, but not behind a drop.
        hazy = mix(light.haze, light.sky[-2], 0.5)
        tint_over(seen, hazy, veil * (1 - wet) * 0.42)
        cv2.multiply(seen, spread(1 + 0.16 * wet + 0.9 * np.minimum(shine, 0)), dst=seen)
        tint_over(
            seen,
            mix((1.0, 1.0, 1.0), light.sky[-1], 0.4),
            np.clip(shine, 0, 1) * (0.35 + 0.45 * (1 - light.lamps)),
        )
        frame[:] = seen

    def _backdrop(self, frame: Image, t: float) -> None:
        stage, light = self.stage, self.stage.light
        h, w = frame.shape[:2]
        view = stage.view(t, 0.35)
        q = 2
        small = np.empty((h // q, w // q, 3), np.float32)
        k = self.view_plate.shape[0] / (view.scale / q)
        matrix = np.array(
            [[k, 0, -(view.left / q) * k + self.view_plate.shape[1] / 2], [0, k, -(view.top / q) * k]],
            np.float32,
        )
        small[:] = cv2.warpAffine(
            self.view_plate,
            matrix,
            (w // q, h // q),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        discs = np.zeros_like(small)
        middle = t - stage.seconds / 2
        for x, y, r, colour, near, phase in self.lights:
            v = stage.view(t, 0.25 + 0.5 * near)
            px, py = v.at(x, y)
            power = (0.42 + 0.4 * near) * (0.86 + 0.14 * math.sin(t * (0.5 + near) + phase))
            self._disc(
                discs, px / q, py / q, r * v.scale / q, times(colour, power * (0.25 + 0.75 * light.lamps))
            )
        v = stage.view(t, 0.6)
        for x, y, heading, speed, r in self.cars:
            at = (x + heading * speed * middle + 1.5) % 3.0 - 1.5
            colour = rgb("#fff0d0") if heading < 0 else rgb("#ff3326")
            for side in (-0.028, 0.028):
                px, py = v.at(at + side, y)
                self._disc(
                    discs, px / q, py / q, r * v.scale / q, times(colour, 0.75 * (0.3 + 0.7 * light.lamps))
                )
        glow = cv2.GaussianBlur(
            cv2.resize(discs, (w // 8, h // 8), interpolation=cv2.INTER_AREA), (0, 0), 3.2
        )
        discs = cv2.blur(discs, (2, 2)) + 0.5 * cv2.resize(glow, (w // q, h // q))
        small += discs * np.clip(1.05 - small * 0.6, 0, 1)
        frame[:] = cv2.resize(np.minimum(small, 1.15), (w, h), interpolation=cv2.INTER_LINEAR)

    @staticmethod
    def _disc(discs: Image, x: float, y: float, r: float, colour: Colour) -> None:
        """One out-of-focus light: an even disc with a brighter rim, added to what is there."""
        h, w = discs.shape[:2]
        x0, x1 = max(0, int(x - r) - 1), min(w, int(x + r) + 2)
        y0, y1 = max(0, int(y - r) - 1), min(h, int(y + r) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = np.arange(x0, x1, dtype=np.float32)[None, :] - x
        dy = np.arange(y0, y1, dtype=np.float32)[:, None] - y
        d = np.sqrt(dx * dx + dy * dy)
        alpha = np.clip(r - d + 0.5, 0, 1) * (0.72 + 0.4 * np.clip(d / r, 0, 1) ** 6)
        discs[y0:y1, x0:x1] += alpha[..., None] * np.asarray(colour, np.float32)
