"""Outlooks: what lies beyond a wet window, far out of focus: a city of lights, a garden, a harbour."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import FLOWERS, LEAVES
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.town.facades import NEON, WARM

_CITY = (*WARM, *NEON, *NEON[:3], rgb("#ff3a2a"), rgb("#fff2d8"))
_Q = 2  # the view is drawn at half the size


@dataclass(frozen=True, slots=True)
class _Disc:
    x: float
    y: float
    size: float
    colour: Colour
    near: float
    phase: float
    sway: float


def outlook_of(stage: Stage) -> str:
    """``city``, ``garden`` or ``harbour``, by the words, else by the hour and chance."""
    extras = stage.spec.extras
    for name, words in (
        ("city", {"street", "skyline"}),
        ("harbour", {"harbour", "beach", "lake", "lighthouse"}),
        ("garden", {"flower", "village", "leaf", "fern", "stream", "garden"}),
    ):
        if extras & words:
            return name
    dark = stage.light.lamps > 0.5
    chance = stage.chance("outlook")
    if chance < (0.7 if dark else 0.25):
        return "city"
    return "harbour" if chance > 0.88 else "garden"


class Outlook:
    """The blurred world outside; lights and leaves are discs of the lens."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name = stage, name
        place, light = stage.place("outlook"), stage.light
        self.still = self._ground(place)
        self.discs = sorted(self._discs(place), key=lambda d: d.near)
        lanes = 7 if name == "city" else 0
        self.cars = [
            (
                float(place.uniform(-1.5, 1.5)),
                0.66 + 0.08 * float(place.random()),
                float(place.choice((-1, 1))),
                float(place.uniform(0.06, 0.14)),
                float(place.uniform(0.018, 0.032)),
            )
            for _ in range(lanes)
        ]
        rng = stage.take("falling")
        snow = stage.spec.weather == "snow"
        self.flakes = rng.uniform(0, 1, (70 if snow else 0, 4))
        self.lamps = light.lamps

    def _ground(self, place: np.random.Generator) -> Image:
        """The view without its lights: sky, what stands before it, ground; float32[H, W, 3], soft."""
        stage, light = self.stage, self.stage.light
        h, w = stage.height // 4, stage.width // 2
        out = np.empty((h, w, 3), np.float32)
        at = np.linspace(0, 1, h)
        sky = np.stack(
            [
                np.interp(at, np.linspace(0, 0.75, len(light.sky)), [c[k] for c in light.sky])
                for k in range(3)
            ],
            1,
        )
        out[:] = sky[:, None, :]
        soft = h / 24
        if self.name == "city":
            x = 0
            while x < w:
                width = int(place.uniform(0.08, 0.26) * h * 1.6)
                top = int(h * place.uniform(0.08, 0.5))
                hue = mix(rgb("#5d5a66"), rgb("#8a7464"), float(place.random()))
                out[top:, x : x + width] = light.far(light.lit(hue, 0.4), float(place.uniform(0.1, 0.55)))
                for _ in range(int(width * 0.5 * light.lamps)):
                    wx, wy = x + int(place.uniform(0, width)), int(place.uniform(top, h * 0.72))
                    out[wy : wy + 2, wx : wx + 2] = times(WARM[int(place.integers(5))], 1.6)
                x += width
            out[int(h * 0.73) :] = light.lit(rgb("#57545c"), 0.5)
        elif self.name == "harbour":
            line = int(h * 0.58)
            hills = (
                line - h * (0.05 + 0.05 * noise.Profile(place, 60.0, 3)(np.arange(w, dtype=np.float32)))
            ).astype(int)
            for c in range(w):
                out[max(0, hills[c]) : line, c] = light.far(light.lit(rgb("#5a6a70"), 0.4), 0.55)
            out[line:] = out[line - 1 :: -1][: h - line] * 0.85
            soft = h / 36
        else:
            leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
            for _ in range(90):
                u, v = float(place.random()), float(place.random())
                x, y = int(u * w), int(h * (0.12 + 0.75 * v))
                hue = mix(leaves[int(place.integers(len(leaves)))], rgb("#3f5a38"), 0.35)
                tone = light.far(light.lit(hue, 0.2 + 0.5 * float(place.random())), 0.45 * (1 - v))
                r = int(h * place.uniform(0.06, 0.17))
                cv2.circle(out, (x, y), r, tone, -1)
            ground = rgb("#e8eef4") if stage.spec.weather == "snow" else mix(leaves[0], rgb("#6f8a4a"), 0.5)
            out[int(h * 0.78) :] = light.lit(ground, 0.6)
        fade = np.linspace(1.0, 0.78, h, dtype=np.float32)[:, None, None]
        return cv2.GaussianBlur(cv2.GaussianBlur(out * fade, (0, 0), soft), (0, 0), h / 40)

    def _discs(self, place: np.random.Generator) -> list[_Disc]:
        light, spec = self.stage.light, self.stage.spec
        out: list[_Disc] = []

        def add(colour: Colour, y: float, size: float, near: float, sway: float) -> None:
            out.append(
                _Disc(
                    float(place.uniform(-1.1, 1.1)),
                    y,
                    size,
                    colour,
                    near,
                    float(place.uniform(0, 6.28)),
                    sway,
                )
            )

        if self.name == "garden":
            leaves = [rgb(c) for c in LEAVES[spec.season]]
            blooms = [rgb(c) for c in FLOWERS[spec.season]] or [rgb("#f4f4f0")]
            blooms = [*spec.palette, *spec.palette, *blooms]
            for _ in range(64):
                near = float(place.random())
                leaf = light.lit(leaves[int(place.integers(len(leaves)))], 0.9)
                add(times(leaf, 0.34), float(place.uniform(0.04, 0.8)), 0.016 + 0.045 * near, near, 0.012)
            for _ in range(22):
                near = float(place.random())
                bloom = light.lit(blooms[int(place.integers(len(blooms)))], 1.0)
                add(times(bloom, 0.6), float(place.uniform(0.55, 0.92)), 0.014 + 0.03 * near, near, 0.01)
            for _ in range(18):  # the sky between leaves
                add(
                    times(light.sky[-2], 0.42),
                    float(place.uniform(0.0, 0.4)),
                    float(place.uniform(0.012, 0.04)),
                    0.2,
                    0.006,
                )
        count = {"city": 96, "harbour": 40, "garden": 16}[self.name] * (0.3 + 0.7 * light.lamps)
        colours: list[Colour] = (
            [*_CITY, *spec.palette, *spec.palette] if self.name == "city" else [*WARM, rgb("#fff2d8")]
        )
        if self.name == "garden" and light.lamps < 0.3:
            count = 0
        for _ in range(int(count)):
            near = float(place.random())
            y = float(np.clip(place.normal(0.54, 0.17), 0.06, 0.93))
            if self.name == "harbour":
                y = (
                    0.57 + 0.02 * float(place.random())
                    if place.random() < 0.75
                    else float(place.uniform(0.62, 0.9))
                )
            colour = times(
                colours[int(place.integers(len(colours)))], (0.5 + 0.35 * near) * (0.2 + 0.8 * light.lamps)
            )
            add(colour, y, 0.011 + 0.055 * near**2.5, near, 0.0)
        return out

    def draw(self, frame: Image, t: float) -> None:
        """Fill the frame."""
        stage = self.stage
        h, w = frame.shape[:2]
        view = stage.view(t, 0.35)
        k = self.still.shape[0] / (view.scale / _Q)
        matrix = np.array(
            [[k, 0, -(view.left / _Q) * k + self.still.shape[1] / 2], [0, k, -(view.top / _Q) * k]],
            np.float32,
        )
        small = cv2.warpAffine(
            self.still,
            matrix,
            (w // _Q, h // _Q),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        discs = np.zeros_like(small)
        middle = t - stage.seconds / 2
        wind = 0.4 + stage.spec.wind
        for d in self.discs:
            v = stage.view(t, 0.25 + 0.5 * d.near)
            x = d.x + d.sway * wind * math.sin(1.1 * t + d.phase)
            px, py = v.at(x, d.y + 0.4 * d.sway * math.sin(0.8 * t + 2 * d.phase))
            power = 0.86 + 0.14 * math.sin(t * (0.5 + d.near) + d.phase)
            _disc(discs, px / _Q, py / _Q, d.size * v.scale / _Q, times(d.colour, power))
        v = stage.view(t, 0.6)
        for x, y, heading, speed, r in self.cars:
            at = (x + heading * speed * middle + 1.5) % 3.0 - 1.5
            colour = rgb("#fff0d0") if heading < 0 else rgb("#ff3326")
            for side in (-0.028, 0.028):
                px, py = v.at(at + side, y)
                _disc(
                    discs, px / _Q, py / _Q, r * v.scale / _Q, times(colour, 0.75 * (0.3 + 0.7 * self.lamps))
                )
        for a, b, c, e in self.flakes:
            v = stage.view(t, 0.4 + 0.4 * c)
            y = (b + t * (0.05 + 0.07 * c)) % 1.2 - 0.1
            px, py = v.at((a - 0.5) * 2.2 + 0.03 * math.sin(t + 6 * e), y)
            _disc(
                discs,
                px / _Q,
                py / _Q,
                (0.006 + 0.014 * c * e) * v.scale / _Q,
                times(stage.light.sky[-1], 0.45),
            )
        glow = cv2.GaussianBlur(
            cv2.resize(discs, (w // 8, h // 8), interpolation=cv2.INTER_AREA), (0, 0), 3.2
        )
        discs = cv2.blur(discs, (2, 2)) + 0.5 * cv2.resize(glow, (discs.shape[1], discs.shape[0]))
        small += discs * np.clip(1.05 - small * 0.6, 0, 1)
        cv2.resize(np.minimum(small, 1.15), (w, h), dst=frame, interpolation=cv2.INTER_LINEAR)


def _disc(discs: Image, x: float, y: float, r: float, colour: Colour) -> None:
    """One out-of-focus point: an even disc with a brighter rim, added to what is there."""
    h, w = discs.shape[:2]
    x0, x1 = max(0, int(x - r) - 1), min(w, int(x + r) + 2)
    y0, y1 = max(0, int(y - r) - 1), min(h, int(y + r) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    dx = np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)
    dy = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)
    d2 = dx * dx + dy * dy
    d = np.sqrt(d2)
    q = d2 * np.float32(1 / (r * r))
    alpha = np.clip(r - d + 0.5, 0, 1) * (0.72 + 0.4 * np.minimum(q * q * q, 1))
    discs[y0:y1, x0:x1] += cv2.merge((alpha * colour[0], alpha * colour[1], alpha * colour[2])).astype(
        np.float32
    )
