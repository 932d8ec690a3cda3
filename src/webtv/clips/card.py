"""Cards: slate, ident, bumper and "next" of a channel, drawn by the house itself.

All stand on the same backdrop in the channel's colour, use the sizes and the grid of
:mod:`webtv.clips.typography` and carry the channel's mark. What airs between clips begins and ends with an
empty backdrop, so nothing jumps at the cuts.
"""

import math
import random
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.backdrop import Canvas, Light, Sky
from webtv.clips.lettering import legible, rgb
from webtv.clips.mark import Mark
from webtv.clips.overlay import Overlay, Sheet, lettered
from webtv.clips.sweep import Sweep
from webtv.clips.typography import (
    DISPLAY,
    HEADLINE,
    HERO,
    INK,
    LABEL,
    MEDIUM,
    NIGHT,
    REGULAR,
    SEMIBOLD,
    SOFT_INK,
    STEP,
    Colour,
    Grid,
    Lines,
    arrive,
    contrast,
    glide,
    leave,
    readable,
    set_lines,
)
from webtv.core.format import GOP_SECONDS, HouseFormat
from webtv.studio.ports import Frames

IDENT_SECONDS, BUMPER_SECONDS, NEXT_SECONDS = 2 * GOP_SECONDS, GOP_SECONDS, 2 * GOP_SECONDS
"""Lengths, in whole GOPs."""
CARD_SECONDS = {"ident": IDENT_SECONDS, "bumper": BUMPER_SECONDS, "next": NEXT_SECONDS}

_PIECE = 12  # frames handed over at once
_CALM = 4  # seconds in which light may go its whole round; in less it stays nearer
_INSET = 0.08  # of the width, where left-aligned text begins
_SHADE = 0.58  # by which the backdrop is darker behind text
_SOFT = 0.18  # of the height, how gently that begins


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
    canvas, grid = Canvas(format), Grid(format)
    sky = Sky(canvas, rgb(accent), _chance(channel_name), reach=min(1.0, seconds / _CALM))
    left, width = _column(grid)
    name = set_lines(legible(channel_name), grid, DISPLAY, SEMIBOLD, width, most=2, least=0.3)
    words = set_lines(legible(line), grid, LABEL, REGULAR, width, most=2, least=0.6)
    size = grid.px(6 * STEP)
    stack = _Stack(grid, (size, 3.5 * STEP), (name.height, 3 * STEP), (words.height, 3.5 * STEP), (0, 0))
    mark = Overlay.of(Mark.of(channel_name, accent).sheet(size), stack.tops[0], left)
    texts = _Overlays(
        lettered(name, (left, stack.base(1, name)), INK),
        lettered(words, (left + grid.px(2), stack.base(2, words)), SOFT_INK),
    )
    calm = _calm(canvas, texts.box)
    total = seconds * format.fps
    track = (stack.tops[3], left, left + grid.px(18 * STEP))

    def draw(number: int, frame: Frames) -> None:
        phase = number / total
        canvas.enlarge(sky.at(phase) * calm, number, frame)
        mark.lay(frame)
        texts.lay(frame)
        _draw_track(frame, grid, track, phase, readable(accent))

    return _pieces(format, total, draw)


def ident_frames(
    format: HouseFormat, channel_name: str, accent: str, seed: int, seconds: int = IDENT_SECONDS
) -> Iterator[Frames]:
    """A channel ident: ribbons of light; mark and name come and go; the last frame leads to the first.

    Args:
        format: size and rate.
        channel_name: large, beside the mark; beneath it in upright pictures.
        accent: the channel's colour, ``#rrggbb``.
        seed: another seed, another ident.
        seconds: length, 4 or more for a name that can be read.

    Yields:
        uint8[T, H, W, 3], together ``seconds * fps`` frames.
    """
    canvas, grid = Canvas(format), Grid(format)
    sky = Sky(canvas, rgb(accent), _chance(channel_name, seed), ribbons=3)
    mark = Mark.of(channel_name, accent)
    text, size, gap = legible(channel_name), grid.px(13 * STEP), grid.px(4 * STEP)
    width = grid.width if grid.upright else grid.width - size - gap
    name = set_lines(text, grid, HERO, SEMIBOLD, width, most=2, least=0.3)
    if grid.upright or not name.texts:
        stack = _Stack(grid, (size, 4 * STEP), (name.height, 0), middle=0.5)
        top, left = stack.tops[0], (format.width - size) // 2
        at = ((format.width - name.width) // 2, stack.base(1, name))
    else:
        left = (format.width - size - gap - name.width) // 2
        top = (format.height - size) // 2
        at = (left + size + gap, (format.height - name.height) // 2 + round(name.size * 0.7))
    words = _centred(name, at) if grid.upright else lettered(name, at, INK)
    opened = Overlay.of(mark.sheet(size), top, left)
    calm = _calm(canvas, _Overlays(opened, words).box)
    total = seconds * format.fps

    def draw(number: int, frame: Frames) -> None:
        now = number / format.fps
        gone = seconds - now
        shown = arrive((now - 0.75) / 0.7) * (1 - leave((1.05 - gone) / 0.45))
        canvas.enlarge(sky.at(number / total) * (1 - (1 - calm) * glide(now) * glide(gone)), number, frame)
        grown = _cells(now - 0.3, gone - 0.2)
        if any(grown):
            Overlay.of(mark.sheet(size, grown=grown), top, left).lay(frame)
        words.lay(frame, shown, across=(shown - 1) * grid.px(2 * STEP))

    return _pieces(format, total, draw)


def bumper_frames(
    format: HouseFormat, channel_name: str, accent: str, seed: int, seconds: int = BUMPER_SECONDS
) -> Iterator[Frames]:
    """A bumper: the channel's colours sweep through, the mark opens and closes; it begins and ends dark.

    Args:
        format: size and rate.
        channel_name: decides the mark.
        accent: the channel's colour, ``#rrggbb``.
        seed: another seed, another backdrop.
        seconds: length.

    Yields:
        uint8[T, H, W, 3], together ``seconds * fps`` frames.
    """
    canvas, grid = Canvas(format), Grid(format)
    sky = Sky(canvas, rgb(accent), _chance(channel_name, seed), dim=0.7)
    ground = readable(accent)
    sweep = Sweep(format, ground)
    # Dark on most colours, which are light by now; light on the few that are not.
    inks = (NIGHT, INK) if contrast(ground, NIGHT) >= contrast(ground, INK) else (INK, NIGHT)
    mark, size = Mark.of(channel_name, accent), grid.px(20 * STEP)
    top, left = (format.height - size) // 2, (format.width - size) // 2
    total = seconds * format.fps

    def draw(number: int, frame: Frames) -> None:
        now = number / format.fps
        gone = seconds - now
        canvas.enlarge(sky.at(number / total), number, frame)
        sweep.lay(frame, glide(now / 0.75), glide(1 - (gone - 0.1) / 0.6))
        grown = _cells(now - 0.42, gone - 0.5)
        if any(grown):
            Overlay.of(mark.sheet(size, grown=grown, inks=inks), top, left).lay(frame)

    return _pieces(format, total, draw)


def next_frames(
    format: HouseFormat,
    channel_name: str,
    accent: str,
    seed: int,
    *,
    word: str,
    title: str,
    line: str = "",
    seconds: int = NEXT_SECONDS,
) -> Iterator[Frames]:
    """What comes next: its title, a line about it, and a bar that fills until it begins.

    Args:
        format: size and rate.
        channel_name: decides the mark.
        accent: the channel's colour, ``#rrggbb``.
        seed: another seed, another backdrop.
        word: ``Next`` in the channel's language.
        title: of the coming sequence.
        line: beneath it; may be empty.
        seconds: length.

    Yields:
        uint8[T, H, W, 3], together ``seconds * fps`` frames.
    """
    canvas, grid = Canvas(format), Grid(format)
    sky = Sky(canvas, rgb(accent), _chance(channel_name, seed), ribbons=1, dim=0.85)
    mark, size = Mark.of(channel_name, accent), grid.px(5 * STEP)
    left, width = _column(grid)
    lines = 4 if grid.upright else 3
    over = set_lines(legible(word), grid, LABEL, MEDIUM, width - 2 * size, least=0.5)
    large = set_lines(legible(title), grid, DISPLAY, SEMIBOLD, width, most=lines, least=HEADLINE / DISPLAY)
    small = set_lines(legible(line), grid, LABEL, REGULAR, width, most=2, least=0.8)
    stack = _Stack(
        grid,
        (size, 3.5 * STEP),
        (large.height, 3.5 * STEP if small.texts else 0),
        (small.height, 4 * STEP),
        (0, 0),
    )
    beside = (left + size + grid.px(1.5 * STEP), stack.tops[0] + (size + round(over.size * 0.7)) // 2)
    parts = (
        lettered(over, beside, readable(accent)),
        lettered(large, (left, stack.base(1, large)), INK),
        lettered(small, (left + grid.px(2), stack.base(2, small)), SOFT_INK),
    )
    calm = _calm(canvas, _Overlays(*parts).box)
    bar = (stack.tops[3], left, left + min(width, grid.px(48 * STEP)))
    total = seconds * format.fps

    def draw(number: int, frame: Frames) -> None:
        now = number / format.fps
        gone = seconds - now
        canvas.enlarge(sky.at(number / total) * (1 - (1 - calm) * glide(now) * glide(gone)), number, frame)
        out = leave((0.75 - gone) / 0.5)
        grown = _cells(now - 0.15, gone - 0.2)
        if any(grown):
            Overlay.of(mark.sheet(size, grown=grown), stack.tops[0], left).lay(frame)
        for number_of, part in enumerate(parts):
            come = arrive((now - 0.25 - 0.14 * number_of) / 0.7)
            part.lay(frame, come * (1 - out), down=(1 - come) * grid.px(2 * STEP) - out * grid.px(STEP))
        _draw_bar(frame, grid, bar, now / seconds, glide((now - 0.3) / 0.5) * (1 - out), readable(accent))

    return _pieces(format, total, draw)


def _chance(*of: str | int) -> random.Random:
    """Chance that follows from a name, whatever stands in it."""
    return random.Random("/".join(map(str, of)).encode("utf-8", "replace"))


class _Stack:
    """Things above each other, as a block around a share of the height.

    Args:
        grid: measures.
        parts: height in pixels of each, and the points beneath it.
        middle: where the block's middle is, from the top.
    """

    def __init__(self, grid: Grid, *parts: tuple[int, float], middle: float = 0.47) -> None:
        heights = [height + (grid.px(below) if below else 0) for height, below in parts]
        top = round(grid.format.height * middle) - sum(heights) // 2
        self.tops = [top + sum(heights[:number]) for number in range(len(heights))]

    def base(self, number: int, lines: Lines) -> int:
        """First baseline of a part that is text."""
        return self.tops[number] + round(lines.size * 0.7)


class _Overlays:
    """Some overlays that are laid together."""

    def __init__(self, *overlays: Overlay) -> None:
        self._overlays = overlays

    def lay(self, frame: Frames) -> None:
        for overlay in self._overlays:
            overlay.lay(frame)

    @property
    def box(self) -> tuple[int, int, int, int]:
        boxes = [overlay.box for overlay in self._overlays if overlay.ink.size] or [(0, 0, 0, 0)]
        tops, lefts, bottoms, rights = zip(*boxes, strict=True)
        return min(tops), min(lefts), max(bottoms), max(rights)


def _cells(since: float, left: float) -> tuple[float, float, float, float]:
    """How far the cells of a mark have grown: one after the other, and gone again in that order."""
    come = [arrive((since - 0.09 * number) / 0.55) for number in range(4)]
    stay = [arrive((left - 0.07 * (3 - number)) / 0.35) for number in (3, 2, 1, 0)]
    first, second, third, fourth = (min(a, b) for a, b in zip(come, stay, strict=True))
    return first, second, third, fourth


def _column(grid: Grid) -> tuple[int, int]:
    """Where left-aligned text begins, and its widest line, in pixels."""
    left = max(grid.margin, round(grid.format.width * _INSET))
    return left, grid.format.width - left - grid.margin - (0 if grid.upright else left - grid.margin)


def _centred(lines: Lines, at: tuple[int, int]) -> Overlay:
    """Lines each in the middle of the widest."""
    parts = [
        lettered(
            alone,
            (at[0] + (lines.width - alone.width) // 2, at[1] + number * lines.leading),
            INK,
        )
        for number, alone in enumerate(Lines((text,), lines.size, lines.weight) for text in lines.texts)
    ]
    if not parts:
        return Overlay.of(Sheet(1, 1), at[1], at[0])
    top, left, bottom, right = _Overlays(*parts).box
    sheet = Sheet(bottom - top, right - left)
    for part in parts:
        rows, columns = part.ink.shape[:2]
        place = (
            slice(part.top - top, part.top - top + rows),
            slice(part.left - left, part.left - left + columns),
        )
        sheet.colour[place] += part.ink
        sheet.coverage[place] += 1 - part.through[..., 0] / np.float32(255)
    return Overlay.of(sheet, top, left)


def _calm(canvas: Canvas, box: tuple[int, int, int, int]) -> Light:
    """What the backdrop is multiplied by, so that text can be read on it wherever light drifts."""
    rows, columns = canvas.rows, canvas.columns
    scale = rows / canvas.height
    top, left, bottom, right = (edge * scale for edge in box)
    inside = (
        slice(max(0, int(top)), max(1, math.ceil(bottom))),
        slice(max(0, int(left)), max(1, math.ceil(right))),
    )
    mask = np.zeros((rows, columns), np.float32)
    mask[inside] = 1
    blurred = cv2.GaussianBlur(mask, (0, 0), max(2.0, rows * _SOFT))
    # As dark behind the last letter as in the middle: a blurred edge is less dark than what it surrounds.
    even = 1 - np.exp(-1.8 * blurred / max(float(blurred[inside].min()), 1e-3))
    return np.asarray(1 - _SHADE * even[..., None], np.float32)


def _draw_track(frame: Frames, grid: Grid, track: tuple[int, int, int], phase: float, ink: Colour) -> None:
    """A short line with a glow that travels along it once per loop."""
    y, left, right = track
    x = np.linspace(0, 1, right - left, dtype=np.float32)
    distance = np.abs((x - phase + 0.5) % 1 - 0.5)  # around the loop: what leaves comes back in
    ends = np.clip(np.minimum(x, 1 - x) * 9, 0, 1)
    _blend_line(frame, grid, y, left, (0.30 + 0.70 * np.exp(-((distance / 0.16) ** 2))) * ends, ink)


def _draw_bar(
    frame: Frames, grid: Grid, bar: tuple[int, int, int], share: float, opacity: float, ink: Colour
) -> None:
    """A line of which a share is bright."""
    y, left, right = bar
    x = np.arange(right - left, dtype=np.float32) + 0.5
    _blend_line(frame, grid, y, left, np.full(len(x), 0.22 * opacity, np.float32), INK)
    _blend_line(frame, grid, y, left, np.clip(share * len(x) - x + 0.5, 0, 1) * opacity, ink)


def _blend_line(
    frame: Frames, grid: Grid, y: int, left: int, coverage: NDArray[np.float32], ink: Colour
) -> None:
    place = frame[y : y + grid.px(STEP / 3), left : left + len(coverage)]
    over = coverage[None, :, None]
    place[:] = place * (1 - over) + over * np.array(ink, np.float32) + 0.5


def _pieces(format: HouseFormat, total: int, draw: Callable[[int, Frames], None]) -> Iterator[Frames]:
    for start in range(0, total, _PIECE):
        piece = np.empty((min(_PIECE, total - start), format.height, format.width, 3), np.uint8)
        for number, frame in enumerate(piece, start):
            draw(number, frame)
        yield piece
