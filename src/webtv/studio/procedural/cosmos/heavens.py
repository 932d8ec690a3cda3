"""Heavens: nebulae, spiral galaxies, fields of stars and comets' tails."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free

NEBULAE = (
    ("#2a1a52", "#7a3a8a", "#e07a6a"),
    ("#0f2a52", "#2a6a9a", "#7ad0c8"),
    ("#1a1a4a", "#4a4a9a", "#d0a0d8"),
    ("#2a1430", "#8a3a4a", "#f0b070"),
    ("#0f2e3a", "#2f8a7a", "#e8d890"),
    ("#1c1c40", "#3f5ab0", "#f0a0b8"),
)


def nebula(
    plate: Plate, place: np.random.Generator, tones: tuple[Colour, Colour, Colour], dense: float
) -> None:
    """Paint clouds of gas with lanes of dust; ``dense`` 0 leaves mostly dark sky, 1 fills it."""
    low, middle, high = tones
    h, w = plate.shape
    hs, ws = max(2, h // 2), max(2, w // 2)
    gx, gy = np.meshgrid(np.arange(ws, dtype=np.float32), np.arange(hs, dtype=np.float32))
    base = noise.fbm(hs, ws, place, cells=2, octaves=7, gain=0.55)
    warp = [noise.fbm(hs, ws, place, cells=2, octaves=4) - 0.5 for _ in range(2)]
    a = cv2.remap(
        base,
        gx + warp[0] * hs * 0.5,
        gy + warp[1] * hs * 0.5,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    dust = noise.fbm(hs, ws, place, cells=3, octaves=6, gain=0.6)
    fine = cv2.remap(
        noise.fbm(hs, ws, place, cells=5, octaves=6, gain=0.65),
        gx + warp[1] * hs * 0.7, gy - warp[0] * hs * 0.7, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    y, x = plate.y[::2][:hs], plate.x[:, ::2][:, :ws]
    band = np.exp(-(((y - 0.5 - 0.35 * x * float(place.uniform(-1, 1))) / (0.26 + 0.3 * dense)) ** 2))
    glow = noise.smoothstep(0.36 - 0.16 * dense, 0.85, a) * (0.25 + 0.9 * band)
    core = noise.smoothstep(0.5, 0.92, a) * band * (0.5 + 0.9 * fine)
    rim = np.exp(-(((a - 0.55) / 0.05) ** 2)) * band * 0.35
    body = np.asarray(times(low, 0.62), np.float32) * (0.6 + 0.5 * band[..., None])
    body = body + glow[..., None] * np.asarray(times(middle, 0.8), np.float32)
    body = body + core[..., None] * np.asarray(high, np.float32) * 0.7
    body = body + rim[..., None] * np.asarray(mix(high, (1, 1, 1), 0.4), np.float32) * dense
    body *= (1 - 0.7 * noise.smoothstep(0.5, 0.8, dust) * band)[..., None]
    plate.rgba[..., :3] = cv2.resize(body.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    plate.rgba[..., 3] = 1


class Stars:
    """Stars in depth that come slowly nearer and twinkle."""

    def __init__(self, stage: Stage, count: int = 620) -> None:
        self.stage = stage
        rng = stage.take("stars")
        self.at = rng.uniform(-1, 1, (count, 3)).astype(np.float32)
        self.hue = rng.random(count).astype(np.float32)

    def draw(self, frame: Image, t: float) -> None:
        """Add them to the frame."""
        h, w = frame.shape[:2]
        camera = self.stage.spec.camera
        forward = camera.direction if camera.move == "dolly" else 1
        z = (self.at[:, 2] * 0.5 + 0.5 - t * 0.014 * camera.speed * forward) % 1.0 + 0.12
        pan, tilt, _ = self.stage.travel(t)
        x = (self.at[:, 0] * 0.6 - pan * 0.6) / z * h * 0.9 + w / 2
        y = (self.at[:, 1] * 0.42 - tilt * 0.6) / z * h * 0.9 + h / 2
        fade = np.clip((1.12 - z) * 4, 0, 1) * np.clip((z - 0.12) * 14, 0, 1)
        inside = (x > 1) & (x < w - 2) & (y > 1) & (y < h - 2)
        x, y, hue = x[inside], y[inside], self.hue[inside]
        twinkle = 0.72 + 0.28 * np.sin(t * (1.5 + 3 * hue) + hue * 140)
        power = fade[inside] * twinkle * (0.3 + 0.9 * hue**3)
        ix, iy = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = x - ix, y - iy
        layer = np.zeros((h, w), np.float32)
        for ox, oy, share in (
            (0, 0, (1 - fx) * (1 - fy)),
            (1, 0, fx * (1 - fy)),
            (0, 1, (1 - fx) * fy),
            (1, 1, fx * fy),
        ):
            np.add.at(layer, (iy + oy, ix + ox), power * share * (h / 360))
        screen_free(frame, (1.0, 0.94, 0.86), np.minimum(layer * 1.9, 1))
        lamps = Lamps(frame)
        for px, py, p, tone in zip(x.tolist(), y.tolist(), power.tolist(), hue.tolist(), strict=True):
            if tone > 0.9:
                k = tone * 17 % 1
                lamps.spot(px, py, 1.1 * h / 360, (1.0 - 0.25 * k, 0.92 - 0.1 * k, 0.7 + 0.3 * k), p * 0.8)
        lamps.add(0.6, 2.2, 0.8)


class Spiral:
    """A galaxy seen aslant, turning about its bright middle."""

    _SIZE = 420

    def __init__(self, stage: Stage, tones: tuple[Colour, Colour, Colour]) -> None:
        self.stage = stage
        rng = stage.place("spiral")
        n = self._SIZE
        y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j].astype(np.float32)
        r, a = np.sqrt(x * x + y * y) + 1e-3, np.arctan2(y, x)
        arms = int(rng.choice((2, 2, 3)))
        wind = float(rng.uniform(3.2, 4.4))
        rough = noise.fbm(n, n, rng, cells=7, octaves=6, gain=0.62)
        phase = a * arms + wind * arms * np.log(r + 0.06) + 2.2 * (rough - 0.5)
        arm = (0.5 + 0.5 * np.cos(phase)) ** 2.2
        lane = (0.5 + 0.5 * np.cos(phase - 1.0)) ** 5
        fall = np.exp(-r * 2.6) * np.clip((1 - r) * 3, 0, 1)
        grain = np.clip(noise.fbm(n, n, rng, cells=26, octaves=4, gain=0.75) * 1.5 - 0.1, 0, 1.6)
        knots = noise.smoothstep(0.66, 0.9, noise.fbm(n, n, rng, cells=20, octaves=3)) * arm
        core = np.exp(-((r / 0.13) ** 2)) + 0.6 * np.exp(-r * 7)
        disc = fall * (0.22 + 1.5 * arm * grain) * (1 - 0.55 * lane * np.clip(r * 4, 0, 1))
        warm, cool = (
            np.asarray(rgb("#ffe2b0"), np.float32),
            np.asarray(mix(tones[2], rgb("#a8c4ff"), 0.5), np.float32),
        )
        share = np.clip(r * 2.2, 0, 1)[..., None]
        self.light = disc[..., None] * (warm + share * (cool - warm)) * 1.5
        self.light += core[..., None] * warm * 0.95
        self.light += (knots * fall * 1.6)[..., None] * np.asarray(rgb("#ff7a9a"), np.float32)
        self.light = self.light.astype(np.float32)
        self.lean = float(rng.uniform(0.3, 0.8)) * stage.side("spiral")
        self.flat = float(rng.uniform(0.38, 0.68))
        self.way = stage.side("spiral turn")
        self.at = (float(rng.uniform(-0.12, 0.12)), float(rng.uniform(0.46, 0.54)))

    def draw(self, frame: Image, t: float) -> None:
        """Add it to the frame."""
        view = self.stage.view(t, 0.3)
        px, py = view.at(*self.at)
        r = view.scale * 0.78
        n = self._SIZE
        turn = 0.035 * t * self.way
        c, s = math.cos(self.lean), math.sin(self.lean)
        ct, st = math.cos(turn), math.sin(turn)
        lean = np.array(((c, s), (-s, c)))
        flat = np.array(((1, 0), (0, 1 / self.flat)))
        spin = np.array(((ct, st), (-st, ct)))
        m = spin @ flat @ lean * (n / 2 / r)
        shift = np.array((n / 2, n / 2)) - m @ np.array((px, py))
        matrix = np.concatenate((m, shift[:, None]), 1)
        size = (frame.shape[1], frame.shape[0])
        seen = cv2.warpAffine(self.light, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        frame += seen * np.clip(1.1 - frame, 0, 1)


class Comet:
    """A head of ice and two tails that stream from the sun."""

    def __init__(self, stage: Stage, tones: tuple[Colour, Colour, Colour]) -> None:
        self.stage = stage
        rng = stage.place("comet")
        self.way = stage.side("comet")
        self.hue = mix(tones[2], rgb("#bfe4ff"), 0.65)
        self.dust = mix(tones[2], rgb("#ffe6c0"), 0.6)
        self.streaks = noise.Profile(rng, 0.06, 5, 0.65)
        self.y = float(rng.uniform(0.5, 0.62))
        self.angle = float(rng.uniform(0.3, 0.5))

    def draw(self, frame: Image, t: float) -> None:
        """Add it to the frame."""
        view = self.stage.view(t, 0.6)
        middle = t - self.stage.seconds / 2
        px, py = view.at(0.24 * self.way + 0.028 * middle * self.way, self.y + 0.008 * middle)
        h, w = frame.shape[0] // 3, frame.shape[1] // 3
        scale = np.float32(1 / view.scale)
        dx = (np.arange(w, dtype=np.float32)[None, :] * 3 - np.float32(px)) * scale * np.float32(-self.way)
        dy = (np.arange(h, dtype=np.float32)[:, None] * 3 - np.float32(py)) * scale
        c, s = math.cos(self.angle), math.sin(self.angle)
        along, across = dx * c - dy * s, dx * s + dy * c
        back = np.maximum(along, 0)
        wide = 0.008 + 0.14 * back
        grid = np.linspace(-3, 3, 1024, dtype=np.float32)
        line = np.clip(0.75 + 0.6 * self.streaks(grid + 0.02 * t), 0.1, 1.6).astype(np.float32)
        at = np.clip((across / wide + 3) * (1023 / 6), 0, 1023).astype(np.float32)
        streak = cv2.remap(line[None], at, np.zeros_like(at), cv2.INTER_LINEAR)
        shimmer = 1 + 0.12 * np.sin(along * 34 - 5 * t)
        ion = np.exp(-((across / wide) ** 2)) * np.exp(-back * 1.5) * streak * shimmer * (along > -0.004)
        bend = across + 0.22 * back * back
        dust = (
            np.exp(-(((bend - 0.03 * back) / (0.01 + 0.26 * back)) ** 2))
            * np.exp(-back * 2.2)
            * (along > -0.004)
        )
        r2 = along * along + across * across
        head = np.exp(-r2 / 0.0011) + 0.35 * np.exp(-r2 / 0.012)
        size = (frame.shape[1], frame.shape[0])
        for power, hue in (
            (dust * 0.5, self.dust),
            (ion * 0.75, self.hue),
            (head, mix(self.hue, (1, 1, 1), 0.6)),
        ):
            big = cv2.resize(np.asarray(power, np.float32), size, interpolation=cv2.INTER_LINEAR)
            screen_free(frame, hue, np.minimum(big, 1))
