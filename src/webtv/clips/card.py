"""Cards: the slate and the idents of a channel, drawn by the house itself.

Both are soft light drifting over a dark ground in the channel's colour, with its name. Light is computed
at a quarter of the size, where it is cheap, enlarged, and dithered so that dark gradients do not band.
"""

import colorsys
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.lettering import rgb, text_mask, text_width
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames

_REDUCTION = 4
_PIECE = 12  # frames handed over at once
_WIDEST = 0.84  # of the frame, for a line of text
_CALM = 4  # seconds in which light may go its whole round; in less it stays nearer
_LONG_NAME = 22  # letters; a longer name goes on two lines
_NOISE_SEED = 20_261_107
_WHITE, _GREY = (1.0, 1.0, 1.0), (0.80, 0.82, 0.86)

Light = NDArray[np.float32]


def slate_frames(
    format: HouseFormat, channel_name: str, line: str, accent: str, seconds: int = 4
) -> Iterator[Frames]:
    """The slate: what airs while there is nothing else yet. It loops without a seam.

    Args:
        format: size and rate.
        channel_name: large.
        line: one small line under it, e.g. ``The first programme is being made``.
        accent: the channel's colour, ``#rrggbb``.
        seconds: length of the loop.

    Yields:
        uint8[T, H, W, 3], together ``seconds * fps`` frames.
    """
    canvas = _Canvas(format)
    sky = _Sky(canvas, rgb(accent), random.Random(channel_name), reach=min(1.0, seconds / _CALM))
    height, left = format.height, round(format.width * 0.08)
    lines = _name_lines(channel_name)
    size = _fitting(lines, round(height * 0.118), 600, format.width)
    step = round(size * 1.16)
    top = round(height * 0.53) - step * (len(lines) - 1)
    name = _Lettering.of(canvas, [(text, (left, top + step * n)) for n, text in enumerate(lines)], size, 600)
    base = top + step * (len(lines) - 1)
    small = _fitting([line], round(height * 0.042), 400, format.width)
    words = _Lettering.of(canvas, [(line, (left + 2, base + round(height * 0.105)))], small, 400)
    track = (top - round(size * 1.3), left + 2, left + round(format.width * 0.17))
    total = seconds * format.fps

    def draw(number: int, frame: Frames) -> None:
        phase = number / total
        canvas.enlarge(sky.at(phase), number, frame)
        _draw_track(frame, track, phase, rgb(accent))
        name.lay(frame, _WHITE, 0.96)
        words.lay(frame, _GREY, 0.9)

    return _pieces(format, total, draw)


def ident_frames(
    format: HouseFormat, channel_name: str, accent: str, seed: int, seconds: int = 4
) -> Iterator[Frames]:
    """A channel ident: ribbons of light, the name comes and goes; the last frame leads to the first.

    Args:
        format: size and rate.
        channel_name: large, in the middle.
        accent: the channel's colour, ``#rrggbb``.
        seed: another seed, another ident.
        seconds: length, 4 or more for a name that can be read.

    Yields:
        uint8[T, H, W, 3], together ``seconds * fps`` frames.
    """
    canvas = _Canvas(format)
    sky = _Sky(canvas, rgb(accent), random.Random(f"{channel_name}/{seed}"), ribbons=3)
    lines = _name_lines(channel_name)
    size = _fitting(lines, round(format.height * 0.135), 600, format.width)
    step = round(size * 1.16)
    middle, base = format.width // 2, round(format.height * 0.5 + size * 0.34) - step * (len(lines) - 1) // 2
    name = _Lettering.of(
        canvas,
        [
            (text, (middle - text_width(text, size, 600) // 2, base + step * n))
            for n, text in enumerate(lines)
        ],
        size,
        600,
    )
    rule = base + step * (len(lines) - 1) + round(size * 0.52)
    total = seconds * format.fps

    def draw(number: int, frame: Frames) -> None:
        phase = number / total
        canvas.enlarge(sky.at(phase), number, frame)
        shown = _ease((phase - 0.12) / 0.22) * (1 - _ease((phase - 0.80) / 0.16))
        drawn = _ease((phase - 0.20) / 0.26) * (1 - _ease((phase - 0.76) / 0.18))
        name.lay(frame, _WHITE, 0.97 * shown, down=(1 - _ease((phase - 0.12) / 0.30)) * size * 0.14)
        _draw_rule(frame, rule, drawn * format.width * 0.07, rgb(accent))

    return _pieces(format, total, draw)


class _Canvas:
    """Sizes, and the way from light to a picture."""

    def __init__(self, format: HouseFormat) -> None:
        self.width, self.height = format.width, format.height
        self.rows, self.columns = format.height // _REDUCTION, format.width // _REDUCTION
        noise = np.random.default_rng(_NOISE_SEED)
        grain = noise.integers(0, 256, (format.height + 64, format.width + 64, 1), np.uint16)
        self._grain = np.repeat(grain, 3, axis=2)
        self._offsets = noise.integers(0, 64, (997, 2))
        self._large = np.empty((format.height, format.width, 3), np.uint16)  # touching new memory is slow

    def enlarge(self, light: Light, number: int, frame: Frames) -> None:
        """Paint light in 0..1 over a frame; in 8.8 fixed point until the dither has been added."""
        fixed = np.clip(light * 65_280 - 128, 0, 65_000).astype(np.uint16)
        cv2.resize(fixed, (self.width, self.height), dst=self._large, interpolation=cv2.INTER_CUBIC)
        y, x = self._offsets[number % len(self._offsets)]
        cv2.add(self._large, self._grain[y : y + self.height, x : x + self.width], dst=self._large)
        cv2.convertScaleAbs(self._large, dst=frame, alpha=1 / 256)


class _Sky:
    """Light that drifts and comes back: everything turns a whole number of times in one phase."""

    def __init__(
        self,
        canvas: _Canvas,
        accent: tuple[int, int, int],
        noise: random.Random,
        *,
        ribbons: int = 0,
        reach: float = 1.0,
    ) -> None:
        aspect = canvas.columns / canvas.rows
        self._x = np.linspace(0, aspect, canvas.columns, dtype=np.float32)
        self._y = np.linspace(0, 1, canvas.rows, dtype=np.float32)
        self._ground = _shade(accent, 0.0, 0.085)[None, None] * (1.25 - 0.5 * self._y[:, None, None])
        self._blobs = [
            _Blob(
                colour=_shade(accent, turn, strength),
                x=aspect * x,
                y=y,
                radius=radius,
                reach=reach * noise.uniform(0.10, 0.17),
                start=noise.uniform(0, 2 * math.pi),
                way=noise.choice((-1, 1)),
            )
            for turn, strength, x, y, radius in (
                (0.0, 0.50, 0.80, 0.18, 0.46),
                (0.07, 0.34, 0.98, 0.72, 0.42),
                (-0.09, 0.30, 0.22, 0.02, 0.50),
                (0.03, 0.16, 0.06, 1.00, 0.40),
            )
        ]
        self._ribbons = [
            _Ribbon(
                colour=_shade(accent, (-0.05, 0.0, 0.06)[n % 3], (0.34, 0.46, 0.30)[n % 3]),
                y=0.5 + (n - (ribbons - 1) / 2) * 0.17 + noise.uniform(-0.04, 0.04),
                swing=noise.uniform(0.10, 0.17),
                bends=noise.uniform(0.42, 0.75),
                start=noise.uniform(0, 2 * math.pi),
                way=noise.choice((-1, 1)),
                width=noise.uniform(0.05, 0.10),
            )
            for n in range(ribbons)
        ]

    def at(self, phase: float) -> Light:
        turn = 2 * math.pi * phase
        across, along = [], []
        for blob in self._blobs:
            x = blob.x + blob.reach * math.cos(blob.start + blob.way * turn)
            y = blob.y + blob.reach * 0.8 * math.sin(blob.start + blob.way * turn)
            profile = np.exp(-(((self._x - x) / (blob.radius * 1.25)) ** 2))
            across.append(np.outer(profile, blob.colour).ravel())
            along.append(np.exp(-(((self._y - y) / blob.radius) ** 2)))
        # A round blob is a product of two profiles, so all of them together are one matrix product.
        light = (np.stack(along, 1) @ np.stack(across)).reshape(len(self._y), len(self._x), 3) + self._ground
        for ribbon in self._ribbons:
            light += self._band(ribbon, turn)[..., None] * ribbon.colour
        return np.asarray(1 - np.exp(-1.15 * light), np.float32)

    def _band(self, ribbon: "_Ribbon", turn: float) -> Light:
        wave = np.sin(2 * math.pi * ribbon.bends * self._x / 1.78 + ribbon.start + ribbon.way * turn)
        slow = np.sin(math.pi * ribbon.bends * self._x + 2 * ribbon.start - ribbon.way * turn)
        centre = ribbon.y + ribbon.swing * (0.7 * wave + 0.5 * slow)
        width = ribbon.width * (1.0 + 0.45 * np.cos(2.3 * self._x + ribbon.start + turn))
        away = (self._y[:, None] - centre[None]) / width[None]
        # A crisp upper edge and a long fall below it: light on cloth, not a glowing pipe.
        away = np.where(away < 0, away * 2.2, away * 0.55)
        return np.asarray(np.exp(-(away**2)) * (0.62 + 0.38 * slow[None]), np.float32)


@dataclass(frozen=True, slots=True)
class _Blob:
    colour: Light
    x: float
    y: float
    radius: float
    reach: float
    start: float
    way: int


@dataclass(frozen=True, slots=True)
class _Ribbon:
    colour: Light
    y: float
    swing: float
    bends: float
    start: float
    way: int
    width: float


@dataclass(frozen=True, slots=True)
class _Lettering:
    """Lines of text as coverage, cut to what they cover."""

    coverage: NDArray[np.float32]
    top: int
    left: int

    @classmethod
    def of(
        cls, canvas: _Canvas, lines: list[tuple[str, tuple[int, int]]], size: int, weight: int
    ) -> "_Lettering":
        mask = np.zeros((canvas.height, canvas.width), np.uint8)
        for text, at in lines:
            mask = np.maximum(mask, text_mask(mask.shape, text, at, size, weight))
        ys, xs = np.nonzero(mask)
        if not len(ys):
            return cls(np.zeros((1, 1), np.float32), 0, 0)
        pad = size // 3  # room to slide in
        top, bottom = max(0, int(ys.min()) - pad), min(canvas.height, int(ys.max()) + pad)
        left, right = max(0, int(xs.min()) - 1), min(canvas.width, int(xs.max()) + 2)
        return cls(np.asarray(mask[top:bottom, left:right] / 255, np.float32), top, left)

    def lay(self, frame: Frames, ink: tuple[float, float, float], opacity: float, down: float = 0.0) -> None:
        if opacity <= 0:
            return
        coverage = self.coverage
        rows, columns = coverage.shape
        if down:
            shift = np.array([[1, 0, 0], [0, 1, down]], np.float32)
            coverage = np.asarray(cv2.warpAffine(coverage, shift, (columns, rows)), np.float32)
        over = (coverage * opacity)[..., None]
        place = frame[self.top : self.top + rows, self.left : self.left + columns]
        place[:] = place * (1 - over) + over * (255 * np.array(ink, np.float32)) + 0.5


def _draw_track(
    frame: Frames, track: tuple[int, int, int], phase: float, accent: tuple[int, int, int]
) -> None:
    """A short line with a glow that travels along it once per loop."""
    y, left, right = track
    x = np.linspace(0, 1, right - left, dtype=np.float32)
    distance = np.abs((x - phase + 0.5) % 1 - 0.5)  # around the loop: what leaves comes back in
    ends = np.clip(np.minimum(x, 1 - x) * 9, 0, 1)
    bright = (0.30 + 0.70 * np.exp(-((distance / 0.16) ** 2))) * ends
    _blend_line(frame, y, left, bright, accent)


def _draw_rule(frame: Frames, y: int, half: float, accent: tuple[int, int, int]) -> None:
    """A short line that grows from the middle; ``half`` is its half length in pixels."""
    reach = math.ceil(half) + 1
    if half <= 0:
        return
    middle = frame.shape[1] // 2
    x = np.arange(-reach, reach, dtype=np.float32) + 0.5
    _blend_line(frame, y, middle - reach, np.clip(half - np.abs(x) + 0.5, 0, 1) * 0.95, accent)


def _blend_line(
    frame: Frames, y: int, left: int, coverage: NDArray[np.float32], ink: tuple[int, int, int]
) -> None:
    thick = max(2, round(frame.shape[0] / 240))
    place = frame[y : y + thick, left : left + len(coverage)]
    over = coverage[None, :, None]
    place[:] = place * (1 - over) + over * np.array(_bright(ink), np.float32) + 0.5


def _shade(accent: tuple[int, int, int], turn: float, value: float) -> Light:
    """The accent's hue turned by a share of the circle, at a brightness."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in accent))
    saturation = min(0.85, saturation * 1.15 + 0.12) if saturation > 0.02 else 0.0
    return np.array(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value), np.float32)


def _bright(accent: tuple[int, int, int]) -> tuple[float, ...]:
    """The accent, never darker than can be seen on the ground."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in accent))
    return tuple(255 * part for part in colorsys.hsv_to_rgb(hue, min(saturation, 0.7), max(value, 0.8)))


def _ease(at: float) -> float:
    at = min(1.0, max(0.0, at))
    return at * at * at * (at * (6 * at - 15) + 10)


def _name_lines(name: str) -> list[str]:
    gaps = [at for at, letter in enumerate(name) if letter == " "]
    if len(name) <= _LONG_NAME or not gaps:
        return [name]
    cut = min(gaps, key=lambda at: abs(at - len(name) / 2))
    return [name[:cut], name[cut + 1 :]]


def _fitting(lines: list[str], size: int, weight: int, width: int) -> int:
    """The type size, smaller if the longest line would not fit."""
    longest = max(text_width(text, size, weight) for text in lines)
    return min(size, int(size * width * _WIDEST / max(1, longest)))


def _pieces(format: HouseFormat, total: int, draw: Callable[[int, Frames], None]) -> Iterator[Frames]:
    for start in range(0, total, _PIECE):
        piece = np.empty((min(_PIECE, total - start), format.height, format.width, 3), np.uint8)
        for number, frame in enumerate(piece, start):
            draw(number, frame)
        yield piece
