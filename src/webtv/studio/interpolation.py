"""Frame interpolation by dense optical flow (DIS), both ways, on one CPU thread.

The flow of both frames is carried to the moment between them, and each pixel there is fetched along it from
both frames, or from the one that shows it. Pixels are fetched by shifted linear interpolation (Blu, Thévenaz,
Unser, "Linear Interpolation Revitalized", IEEE Transactions on Image Processing 2004): sampling between
pixels at the price of linear interpolation, and nearly as sharp as cubic.
"""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import ConfigError
from webtv.studio.flow import PRESETS, Flow, FlowMeter, Index, Mask, Motion, fetch, grid, is_same
from webtv.studio.options import number, whole_number
from webtv.studio.ports import Chunk, Frames, Take
from webtv.studio.retiming import Moments, between, retimed

Floats = NDArray[np.float32]

_SHIFT: Final = 0.12  # of a pixel; 0.21 is sharpest, by the paper, and lifts what is grain or misplaced
_TAPS: Final = 5  # of the filter that goes before; a sixth would weigh a fifteenth of a level
_QUARREL: Final = 8.0  # levels of green by which the two sides of a pixel may differ
_ROWS: Final = 90  # of a frame that are made at once: what they take stays in the processor's cache
_MOST: Final = 2500  # pixels mended of so many rows at most, the worst ones
_CLAIM: Final = 9  # pixels of the small picture over which both frames' claims are weighed
_COLOURS: Final = np.array([[1, 1, 1, 0]], np.float32)  # sums them; the fourth channel holds nothing
_HOLES: Final = (9, 41, 151)  # pixels of the small picture over which holes are filled, ever wider
_TRIED: Final = np.array([(0, -3), (3, 0), (0, 3), (-3, 0)], np.int32)  # pixels of the small picture away


class DISInterpolator:
    """Raises the frame rate of a take by any rational factor.

    Between two frames each pixel is fetched from both along the flow; what is covered or uncovered comes from
    the side that shows it. Across a cut the nearer frame is held; nothing is morphed. The last frame is held
    to the end.

    Args:
        preset: ``ultrafast``, ``fast`` or ``medium``: quality of the flow.
        flow_height: rows at which flow is measured at most, 32 to 1080; less is faster and smoother.
        slow: how many times slower than life, 1 to 8; the take lasts so much longer.

    Raises:
        ConfigError: an option is unknown, no number or out of range.
    """

    def __init__(self, *, preset: str = "fast", flow_height: int = 144, slow: float = 1) -> None:
        if not isinstance(preset, str) or preset not in PRESETS:
            raise ConfigError(
                f"{preset!r} is no DIS preset",
                place="studio.interpolate.preset",
                remedy=f"use one of {', '.join(PRESETS)}",
            )
        self._preset = preset
        self._flow_height = whole_number(flow_height, 32, 1080, place="studio.interpolate.flow_height")
        slowness = number(slow, 1, 8, place="studio.interpolate.slow")
        self._slow = Fraction(slowness).limit_denominator(100)

    def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        """Yield the take at ``fps``; a take that has this rate already passes through untouched."""
        return retimed(take, fps, self._begin, slow=self._slow)

    def _begin(self, height: int, width: int) -> "_Renderer":
        return _Renderer(FlowMeter(height, width, self._preset, self._flow_height), height, width)


class _Renderer:
    """Makes frames between frames of one size; its buffers are used again for every frame."""

    def __init__(self, meter: FlowMeter, height: int, width: int) -> None:
        self._meter = meter
        self._size = (width, height)
        self._gain = np.array([width / meter.width, height / meter.height], np.float32)
        self._base = grid(height, width) - np.float32(_SHIFT)
        pole = -_SHIFT / (1 - _SHIFT)
        kernel = pole ** np.arange(_TAPS - 1, -1, -1, dtype=np.float32)
        self._kernel = kernel / kernel.sum()
        self._flow = np.empty((height, width, 2), np.float32)
        self._share = np.empty((height, width), np.float32)
        self._canvases = {rows: _Canvas(rows, width) for rows in {min(_ROWS, height), height % _ROWS} - {0}}
        self._bytes = np.empty((height, width, 4), np.uint8)
        self._ready: list[tuple[Frames, Floats]] = []  # frames, filtered; the two newest
        self._spare = [np.empty((height, width, 4), np.float32) for _ in range(2)]

    def __call__(self, frames: Frames, moments: Moments) -> Frames:
        out = np.empty((len(moments), *frames.shape[1:]), np.uint8)
        self._ready.clear()
        self._meter.forget()
        motion: Motion | None = None
        of = -1
        for k, moment in enumerate(moments):
            i, share = between(moment, len(frames))
            if share == 0:
                out[k] = frames[i]
                continue
            a, b = frames[i], frames[i + 1]
            if motion is None or of != i:
                motion, of = self._meter.measure(a, b), i
            if motion.cut:
                out[k] = a if share < Fraction(1, 2) else b
            else:
                self._render(a, b, motion, float(share), out[k])
        return out

    def _render(self, a: Frames, b: Frames, motion: Motion, f: float, out: Frames) -> None:
        flow, share = self._meet(motion, f)
        cv2.resize(flow * self._gain, self._size, dst=self._flow, interpolation=cv2.INTER_LINEAR)
        cv2.resize(share, self._size, dst=self._share, interpolation=cv2.INTER_LINEAR)
        sides = (self._filtered(a), self._filtered(b))
        for top in range(0, self._size[1], _ROWS):
            strip = self._strip(sides, flow, f, slice(top, min(top + _ROWS, self._size[1])))
            cv2.cvtColor(strip, cv2.COLOR_RGBA2RGB, dst=out[top : top + _ROWS])

    def _strip(self, sides: tuple[Floats, Floats], flow: Flow, f: float, rows: slice) -> Frames:
        """Some rows of a frame, uint8[rows, width, 4]."""
        canvas = self._canvases[rows.stop - rows.start]
        of_b = self._share[rows]
        cv2.subtract(1.0, of_b, dst=canvas.of_a)  # type: ignore[call-overload]
        for side, along, seen in zip(sides, (-f, 1 - f), (canvas.seen_a, canvas.seen_b), strict=True):
            cv2.scaleAdd(self._flow[rows], along, self._base[rows], dst=canvas.places)
            cv2.remap(side, canvas.places, None, cv2.INTER_LINEAR, dst=seen, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        cv2.blendLinear(canvas.seen_a, canvas.seen_b, canvas.of_a, of_b, dst=canvas.mixed)
        self._mend(canvas, sides, flow, f, rows)
        return np.asarray(cv2.convertScaleAbs(canvas.mixed, dst=canvas.bytes), np.uint8)

    def _filtered(self, frame: Frames) -> Floats:
        """The frame, ready to be fetched from at places shifted by ``_SHIFT``."""
        for known, filtered in self._ready:
            if is_same(known, frame):
                return filtered
        buffer = self._ready.pop(0)[1] if len(self._ready) == 2 else self._spare[len(self._ready)]
        cv2.cvtColor(frame, cv2.COLOR_RGB2RGBA, dst=self._bytes)  # four channels remap twice as fast
        cv2.sepFilter2D(
            self._bytes,
            cv2.CV_32F,
            self._kernel,
            self._kernel,
            dst=buffer,
            anchor=(_TAPS - 1, _TAPS - 1),
            borderType=cv2.BORDER_REPLICATE,
        )
        self._ready.append((frame, buffer))
        return buffer

    def _meet(self, motion: Motion, f: float) -> tuple[Flow, Floats]:
        """The flow through each pixel of the moment, and the share of the second frame in it.

        Every pixel of both frames lands where it is at that moment. What is hidden in the other frame lands
        first, and what both show lands over it.
        """
        height, width = motion.ahead.shape[:2]
        count = height * width
        # x and y as one number, to be moved at once; the last place is for what lands outside.
        flow = np.full(count + 1, np.nan, np.complex64)
        share = np.full(count + 1, f, np.float32)
        ahead, back = (field.view(np.complex64).ravel() for field in (motion.ahead, motion.back))
        sides = (
            (self._land(motion.ahead, f), ahead, motion.hidden_ahead),
            (self._land(motion.back, 1 - f), -back, motion.hidden_back),
        )
        alone = [np.flatnonzero(hidden) for _, _, hidden in sides]
        for (at, through, _), which in zip(sides, alone, strict=True):
            flow[at[which]] = through[which]
        for at, through, hidden in sides:
            flow[np.where(hidden.ravel(), count, at)] = through
        shown = []  # what is seen from one side only, at this moment
        for (at, through, _), which in zip(sides, alone, strict=True):
            places = at[which]
            shown.append(places[flow[places] == through[which]])
        _share_out(share, shown, (height, width))
        pairs = flow[:count].view(np.float32).reshape(height, width, 2)
        shares = share[:count].reshape(height, width)
        _fill(pairs, shares)
        return pairs, shares

    def _land(self, flow: Flow, share: float) -> Index:
        height, width = flow.shape[:2]
        places = cv2.scaleAdd(flow, share, self._meter.grid)
        nearest, _ = cv2.convertMaps(places, None, cv2.CV_16SC2, nninterpolation=True)  # type: ignore[call-overload]
        x, y = cv2.split(nearest.view(np.uint16))  # what is negative becomes very large
        at = y.astype(np.intp) * width + x
        at[(x >= width) | (y >= height)] = height * width
        return np.asarray(at.ravel(), np.intp)

    def _mend(
        self, canvas: "_Canvas", sides: tuple[Floats, Floats], flow: Flow, f: float, rows: slice
    ) -> None:
        """Where both sides are to be shown and quarrel, try the flows nearby: there is an edge of a thing."""
        cv2.extractChannel(canvas.seen_a, 1, dst=canvas.quarrel)
        cv2.extractChannel(canvas.seen_b, 1, dst=canvas.of_a)
        cv2.absdiff(canvas.quarrel, canvas.of_a, dst=canvas.quarrel)
        loud = cv2.compare(canvas.quarrel, _QUARREL, cv2.CMP_GT)  # type: ignore[call-overload]
        if not cv2.countNonZero(loud):
            return
        cost = canvas.quarrel.ravel()
        where = np.flatnonzero(loud)
        where = where[np.abs(self._share[rows].ravel()[where] - f) < 0.4]
        if not len(where):
            return
        if len(where) > _MOST:
            where = where[np.argpartition(cost[where], -_MOST)[-_MOST:]]
        x, y = where % self._size[0], where // self._size[0] + rows.start
        height, width = flow.shape[:2]
        tried_x = np.clip((x / self._gain[0]).astype(np.intp) + _TRIED[:, :1], 0, width - 1)
        tried_y = np.clip((y / self._gain[1]).astype(np.intp) + _TRIED[:, 1:], 0, height - 1)
        through = flow.view(np.complex64).ravel().take(tried_y * width + tried_x)
        flows = through[..., None].view(np.float32) * self._gain
        here = np.stack((x, y), axis=1).astype(np.float32) - np.float32(_SHIFT)
        seen_a, seen_b = (
            fetch(side, here + np.float32(along) * flows)
            for side, along in zip(sides, (-f, 1 - f), strict=True)
        )
        differ = cv2.transform(cv2.absdiff(seen_a, seen_b), _COLOURS)
        best = differ.argmin(axis=0)
        each = np.arange(len(where))
        better = differ[best, each] < 0.5 * 3 * cost[where]
        best, each = best[better], each[better]
        canvas.mixed.reshape(-1, 4)[where[better]] = (1 - f) * seen_a[best, each] + f * seen_b[best, each]


class _Canvas:
    """Some rows of a frame that are drawn on again and again: fresh memory costs more than the arithmetic."""

    def __init__(self, rows: int, width: int) -> None:
        self.places = np.empty((rows, width, 2), np.float32)
        self.of_a, self.quarrel = (np.empty((rows, width), np.float32) for _ in range(2))
        self.seen_a, self.seen_b, self.mixed = (np.empty((rows, width, 4), np.float32) for _ in range(3))
        self.bytes = np.empty((rows, width, 4), np.uint8)


def _share_out(share: Floats, shown: list[Index], shape: tuple[int, int]) -> None:
    """Give to one frame, in place, what only it shows; and part of it where the other claims as much nearby.

    Where neither frame shows what the other does, as in rain or surf, half of each is better than one.
    """
    claims = []
    for places in shown:
        claim = np.zeros(share.shape, np.float32)
        claim[places] = 1
        claims.append(cv2.blur(claim[:-1].reshape(shape), (_CLAIM, _CLAIM)).ravel())
    for places in shown:
        inside = places[places < len(claims[0])]
        a, b = (claim[inside] for claim in claims)
        share[inside] = b / np.maximum(a + b, 1e-6)


def _fill(flow: Flow, share: Floats) -> None:
    """Fill, in place, where nothing landed (its flow is no number), from what lies around."""
    height, width = share.shape
    numbers = flow.view(np.complex64).reshape(-1)
    shares = share.reshape(-1)
    holes = np.flatnonzero(np.isnan(flow[..., 0]))
    # Most are a pixel wide, where things move apart: a neighbour does.
    for step in (1, -1, width, -width):
        beside = np.clip(holes + step, 0, height * width - 1)
        numbers[holes] = numbers[beside]
        shares[holes] = shares[beside]
        holes = holes[np.isnan(numbers[holes])]
        if not len(holes):
            return
    empty: Mask = np.isnan(flow[..., 0])
    for size in _HOLES:
        there = (~empty).astype(np.float32)
        flow[empty] = 0
        share[empty] = 0
        weight, mean_flow, mean_share = (cv2.blur(x, (size, size)) for x in (there, flow, share))
        filled = empty & (weight > 1e-6)
        flow[filled] = mean_flow[filled] / weight[filled][:, None]
        share[filled] = mean_share[filled] / weight[filled]
        empty &= ~filled
        if not empty.any():
            return
