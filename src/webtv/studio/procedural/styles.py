"""Style passes: the last look of a frame, with grain and dither so that skies do not band."""

import math
from typing import Protocol

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import luma
from webtv.studio.procedural.stage import Image, Stage, spread


class Style(Protocol):
    """One look: built once per shot, applied to each frame in place or anew."""

    def __init__(self, stage: Stage) -> None: ...

    def apply(self, frame: Image, t: float) -> Image:
        """The finished frame, float32 in about 0..1."""
        ...


def _vignette(stage: Stage, strength: float) -> Image:
    x = np.linspace(-1, 1, stage.width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, stage.height, dtype=np.float32)[:, None]
    fall = np.clip(np.sqrt(x * x * 0.8 + y * y * 0.7) - 0.35, 0, 2)
    mask = (1 - strength * fall * fall).astype(np.float32)
    return cv2.merge((mask, mask, mask))


def _bloom(
    frame: Image, threshold: float, strength: float, tint: tuple[float, float, float] = (1, 1, 1)
) -> None:
    h, w = frame.shape[:2]
    small = cv2.resize(frame, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    bright = np.maximum(small - threshold, 0)
    soft = cv2.GaussianBlur(bright, (0, 0), 2.2) * 0.6 + cv2.GaussianBlur(bright, (0, 0), 7) * 0.7
    soft *= np.asarray(tint, np.float32) * strength
    big = cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR)
    # Screen, so that nothing burns out.
    free = 1 - frame
    np.clip(free, 0, 1, out=free)
    cv2.multiply(free, big, dst=free)
    cv2.add(frame, free, dst=frame)


def _luma(frame: Image) -> Image:
    return cv2.transform(frame, np.array([[0.2126, 0.7152, 0.0722]], np.float32))


def _saturate(frame: Image, amount: float) -> Image:
    grey = _luma(frame)
    return cv2.addWeighted(frame, amount, cv2.merge((grey, grey, grey)), 1 - amount, 0)


def _opening(stage: Stage) -> float:
    """How far the lens is opened: nights without stars have little light and less contrast."""
    light, spec = stage.light, stage.spec
    if spec.weather == "clear" and spec.family != "underwater":
        return 0.0
    if spec.family in {"interior", "hall", "rain_window", "train"}:
        return 0.0  # lamps light the room
    dark = min(1.0, max(0.0, (0.34 - luma(light.ambient)) / 0.08))
    return 0.8 * dark * (1 - light.stars)


def _opened(frame: Image, wide: float) -> Image:
    """Lift what is dark, keep what is bright: f + wide f (1 - f); a frame in 0..1."""
    if wide < 0.02:
        return frame
    square = cv2.multiply(frame, frame)
    return np.asarray(cv2.addWeighted(frame, 1 + wide, square, -wide, 0), np.float32)


class Grain:
    """Plates of noise, another one for every frame; also the dither that hides banding."""

    def __init__(self, stage: Stage, strength: float, size: float = 1.0) -> None:
        rng = stage.take("grain")
        h, w = stage.height + 64, stage.width + 64
        plate = rng.standard_normal((h, w), dtype=np.float32)
        if size > 1:
            plate = np.asarray(cv2.GaussianBlur(plate, (0, 0), size / 2), np.float32)
            plate /= plate.std()
        self._plate = plate * strength
        self._seed = int(rng.integers(2**31))
        self._height, self._width = stage.height, stage.width

    def add(self, frame: Image, t: float) -> None:
        """Add the grain of this instant."""
        key = round(t * 1000) * 2654435761 + self._seed
        dx, dy = key % 64, (key // 64) % 64
        g = self._plate[dy : dy + self._height, dx : dx + self._width]
        cv2.add(frame, cv2.merge((g, g, g)), dst=frame)


class Photographic:
    """A clean photographic grade: gentle contrast, bloom, a hint of vignette."""

    def __init__(self, stage: Stage) -> None:
        self._vignette = _vignette(stage, 0.16)
        self._grain = Grain(stage, 0.0055)
        self._wide = _opening(stage)

    def apply(self, frame: Image, t: float) -> Image:
        """Grade one frame."""
        _bloom(frame, 0.72, 0.55)
        frame = _saturate(frame, 1.1)
        np.clip(frame, 0, 1, out=frame)
        frame = _opened(frame, self._wide)
        curve = frame * frame * (3 - 2 * frame)
        frame = cv2.addWeighted(frame, 0.78, curve, 0.22, 0.0)
        cv2.multiply(frame, self._vignette, dst=frame)
        self._grain.add(frame, t)
        return frame


_SPLIT = ((0.035, -0.012), (0.012, 0.012), (-0.035, 0.03))  # per channel: in the lights, in the shadows


class Film:
    """Film stock: halation, lifted blacks, warm lights over cool shadows, grain, a breath of gate weave."""

    def __init__(self, stage: Stage) -> None:
        self._vignette = _vignette(stage, 0.24)
        # Fine enough to survive the upscaler and the encoder; coarse grain comes out as blotches.
        self._grain = Grain(stage, 0.013, 1.1)
        self._wide = _opening(stage)
        self._phase = stage.take("weave").uniform(0, 6.28, 2)

    def apply(self, frame: Image, t: float) -> Image:
        """Grade one frame."""
        _bloom(frame, 0.6, 0.75, (1.0, 0.62, 0.4))
        grey = np.clip(_luma(frame), 0, 1)
        frame = _saturate(frame, 0.94)
        np.clip(frame, 0, 1, out=frame)
        frame = _opened(frame, self._wide)
        frame = cv2.addWeighted(frame, 0.7, frame * frame * (3 - 2 * frame), 0.3, 0)
        # Warm lights, cool shadows, black lifted a little.
        tones = [grey * np.float32(0.93 * (w - c)) + np.float32(0.93 * c + 0.035) for w, c in _SPLIT]
        frame = cv2.addWeighted(frame, 0.93, cv2.merge(tones), 1.0, 0)
        cv2.multiply(frame, self._vignette, dst=frame)
        dx = 0.25 * math.sin(t * 7.3 + self._phase[0])
        dy = 0.3 * math.sin(t * 5.1 + self._phase[1])
        # A shift by less than a pixel mixes each with one neighbour.
        across, down = (np.array((max(0, d), 1 - abs(d), max(0, -d)), np.float32) for d in (dx, dy))
        frame = cv2.sepFilter2D(frame, -1, across, down, borderType=cv2.BORDER_REPLICATE)
        self._grain.add(frame, t)
        return frame


class Watercolour:
    """Watercolour: washes with wobbling, darkened edges, pigment in the paper's grain, a white margin."""

    def __init__(self, stage: Stage) -> None:
        rng = stage.place("paper")
        h, w = stage.height, stage.width
        paper = noise.fbm(h, w, rng, cells=h / 6, octaves=2, gain=0.7)
        broad = noise.fbm(h, w, rng, cells=3.5, octaves=5)
        sheet = ((0.965 + 0.09 * (paper - 0.5)) * (0.965 + 0.07 * broad)).astype(np.float32)
        self._granules = (0.94 + (paper - 0.5) * 0.12 + (broad - 0.5) * 0.2).astype(np.float32)
        wobble = [noise.fbm(h, w, rng, cells=22, octaves=3) - 0.5 for _ in range(2)]
        gx, gy = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        reach = h / 360 * 7.0
        self._map_a, self._map_b = cv2.convertMaps(
            (gx + reach * wobble[0]).astype(np.float32),
            (gy + reach * wobble[1]).astype(np.float32),
            cv2.CV_16SC2,
        )
        x = np.minimum(gx, w - 1 - gx) / h
        y = np.minimum(gy, h - 1 - gy) / h
        border = np.minimum(x, y) + 0.035 * (broad - 0.5) + 0.012 * (paper - 0.5)
        margin = noise.smoothstep(0.004, 0.022, border.astype(np.float32))
        # Within the margin the paper is painted, outside it stays white; pigment takes from it.
        self._bare = cv2.merge([(margin * sheet + 1 - margin) * np.float32(c) for c in (0.985, 0.968, 0.932)])
        self._pigment = cv2.merge([margin * sheet * np.float32(c) for c in (0.97, 0.94, 0.89)])
        self._grain = Grain(stage, 0.004)

    def apply(self, frame: Image, t: float) -> Image:
        """Paint one frame."""
        np.clip(frame, 0, 1, out=frame)
        eight = cv2.convertScaleAbs(frame, alpha=255)
        eight = cv2.medianBlur(eight, 5)
        eight = cv2.remap(eight, self._map_a, self._map_b, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        wash = eight.astype(np.float32) * (1 / 255)
        h, w = wash.shape[:2]
        small = cv2.resize(wash, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
        soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.6), (w, h), interpolation=cv2.INTER_LINEAR)
        # Pigment gathers where a wash ends: darker just inside edges.
        grey, around = _luma(wash), _luma(soft)
        apart = around - grey
        pool = np.clip(apart, 0, 0.25) * 0.9 + np.clip(np.abs(apart) - 0.02, 0, 0.2) * 0.5
        # Transparent paint: density rises with darkness, granulates in the paper. 1 less four parts of wash
        # and one of what is around, saturated by 1.38.
        density = cv2.addWeighted(wash, -0.8 * 1.38, soft, -0.2 * 1.38, 1)
        cv2.add(density, spread(cv2.addWeighted(grey, 0.8 * 0.38, around, 0.2 * 0.38, 0)), dst=density)
        np.clip(density, 0, 1, out=density)
        cv2.multiply(density, spread(self._granules + pool), dst=density)
        cv2.multiply(density, self._pigment, dst=density)
        out = cv2.subtract(self._bare, density)
        self._grain.add(out, t)
        return out


class Flat:
    """Flat illustration: few tones, clean shapes, clear colour."""

    def __init__(self, stage: Stage) -> None:
        self._grain = Grain(stage, 0.006)
        x = np.linspace(0, 1, 256)
        levels = 7.0
        step = x * levels
        base = np.floor(step)
        f = step - base
        soft = 1 / (1 + np.exp(-(f - 0.5) * 18))
        self._curve = np.clip((base + soft) / levels, 0, 1).astype(np.float32)[None, :]

    def apply(self, frame: Image, t: float) -> Image:
        """Simplify one frame."""
        np.clip(frame, 0, 1, out=frame)
        eight = cv2.medianBlur(cv2.convertScaleAbs(frame, alpha=255), 5)
        eight = cv2.medianBlur(eight, 5)
        out = eight.astype(np.float32) / 255
        grey = np.clip(_luma(out), 0.004, 1)
        position = (grey * 255).astype(np.float32)
        toned = cv2.remap(self._curve, position, np.zeros_like(position), cv2.INTER_LINEAR)
        gain = np.clip(toned / grey, 0.6, 1.5)
        out = _saturate(cv2.multiply(out, spread(gain)), 1.25)
        self._grain.add(out, t)
        return out


class Neon:
    """Neon: night colours, glowing contours."""

    def __init__(self, stage: Stage) -> None:
        self._grain = Grain(stage, 0.006)
        self._vignette = _vignette(stage, 0.22)

    def apply(self, frame: Image, t: float) -> Image:
        """Light one frame."""
        np.clip(frame, 0, 1, out=frame)
        grey = _luma(frame)
        smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
        gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        edge = np.clip(np.sqrt(gx * gx + gy * gy) * 1.2 - 0.08, 0, 1)
        # Tubes glow in the dark only: a day is turned down to an evening.
        dim = min(1.0, 0.37 / max(float(cv2.mean(grey)[0]), 0.01))
        grey = grey * np.float32(dim)
        square = grey * grey
        duo = cv2.merge(
            [square * np.float32(b - a) + np.float32(a) for a, b in ((0.09, 0.98), (0.05, 0.5), (0.22, 0.86))]
        )
        out = cv2.addWeighted(_saturate(frame, 1.5), 0.45 * dim, duo, 0.5, 0)
        down = np.linspace(0, 0.75, frame.shape[0], dtype=np.float32)[:, None]
        line = [edge * (a * (0.75 - down) + b * down) for a, b in ((0.25, 1.0), (0.95, 0.35), (1.0, 0.8))]
        cv2.add(out, cv2.merge([np.asarray(c, np.float32) for c in line]), dst=out)
        _bloom(out, 0.45, 1.0)
        cv2.multiply(out, self._vignette, dst=out)
        self._grain.add(out, t)
        return out


class Noir:
    """Noir: silver and black, hard light, grain."""

    def __init__(self, stage: Stage) -> None:
        self._grain = Grain(stage, 0.015, 1.1)
        self._vignette = _vignette(stage, 0.34)

    def apply(self, frame: Image, t: float) -> Image:
        """Grade one frame."""
        _bloom(frame, 0.6, 0.8)
        grey = np.clip(cv2.transform(frame, np.array([[0.34, 0.56, 0.1]], np.float32)), 0, 1)
        mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(grey))
        level, hard = min(max(mean, 0.08), 0.6), min(max(0.2 / max(deviation, 0.01), 1.28), 2.2)
        grey = np.clip((grey - level) * hard + 0.2 + 0.5 * level, 0, 1) ** 1.06
        out = np.asarray(cv2.merge((grey * 0.985 + 0.012, grey * 0.995 + 0.014, grey + 0.02)))
        cv2.multiply(out, self._vignette, dst=out)
        self._grain.add(out, t)
        return out


class Painterly:
    """Oil on canvas: brushed contours, rich colour, a trace of weave."""

    def __init__(self, stage: Stage) -> None:
        rng = stage.place("canvas")
        h, w = stage.height, stage.width
        gx, gy = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        angle = noise.fbm(h, w, rng, cells=5, octaves=3) * 9
        stroke = noise.fbm(h, w, rng, cells=48, octaves=2) - 0.5
        reach = h / 360 * 6.5
        self._map_a, self._map_b = cv2.convertMaps(
            (gx + reach * stroke * np.cos(angle)).astype(np.float32),
            (gy + reach * stroke * np.sin(angle)).astype(np.float32),
            cv2.CV_16SC2,
        )
        self._weave = cv2.multiply(spread(1 + stroke * 0.035), _vignette(stage, 0.16))
        self._grain = Grain(stage, 0.006)
        self._wide = _opening(stage)

    def apply(self, frame: Image, t: float) -> Image:
        """Paint one frame."""
        _bloom(frame, 0.7, 0.5)
        np.clip(frame, 0, 1, out=frame)
        frame = _opened(frame, self._wide)
        eight = cv2.medianBlur(cv2.convertScaleAbs(frame, alpha=255), 3)
        eight = cv2.remap(eight, self._map_a, self._map_b, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        soft = cv2.GaussianBlur(eight, (7, 7), 1.4)
        out = cv2.addWeighted(eight, 1.6 / 255, soft, -0.6 / 255, 0, dtype=cv2.CV_32F)
        out = _saturate(np.asarray(out, np.float32), 1.14)
        cv2.multiply(out, self._weave, dst=out)
        self._grain.add(out, t)
        return out


STYLES: dict[str, type[Style]] = {
    "photographic": Photographic,
    "film": Film,
    "watercolour": Watercolour,
    "flat": Flat,
    "neon": Neon,
    "noir": Noir,
    "painterly": Painterly,
}
