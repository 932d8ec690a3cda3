"""Where everything goes between two frames: dense flow both ways, made to hold at the edges of things.

OpenCV's DIS flow (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) is fast, and
smooth where it should not be: around a moving thing the ground is dragged along, and what is seen in one
frame only gets any flow at all. Two repairs follow, each only at the few places that need it:

* Where a pixel does not look like the one that it is said to become, flows from some way off are tried, and
  whichever explains it best is taken.
* What then still has no partner, or disagrees with the flow the other way, is *hidden* in the other frame.
  It takes the flow of matched surroundings that are as bright: it belongs to what it looks like.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.studio.ports import Frames

Flow = NDArray[np.float32]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Light = NDArray[np.float32]
Value = TypeVar("Value", np.uint8, np.float32)

CUT_STEP: Final = 0.12  # mean change of small blurred luma, of 1, from which a pair may be a cut
CUT_LEFT: Final = 0.55  # share of that change that motion fails to explain at a cut
CUT_SURE: Final = 0.3  # mean change that is a cut whatever the flow says

# Finest scale (halvings of the picture measured), pixels between patches, iterations of descent, and of
# variational refinement.
PRESETS: Final = {"ultrafast": (2, 4, 12, 0), "fast": (1, 6, 8, 0), "medium": (1, 4, 16, 3)}

_BLOCK = 2  # pixels of the small picture that are repaired together
_MOST = 2500  # blocks repaired per direction at most, the worst ones: bounds the time on any picture
_AMISS = 0.2  # levels of 255 by which a pixel may differ from what it becomes, on flat ground
_GRAIN = 1.5  # likewise per level of the mean over the picture
_PREFER = 0.05  # levels by which another flow must be better to be taken
_PREFER_GRAIN = 0.3  # likewise per level of that mean
_APART = 4.0  # squared pixels by which there and back may differ, for what looks a little wrong
_FAR_APART = 16.0  # likewise for anything
_WRONG = 4.0  # levels that are a little wrong
_WRONG_GRAIN = 2.0  # likewise per level of the picture's mean
_VERY_WRONG = 30.0  # levels, beyond that mean, that are no match at all
_OUTSIDE = 30.0  # levels of blame for a flow that leaves the picture


def _ring(*radii: float) -> NDArray[np.int32]:
    """Offsets (x, y) in eight directions at each radius, int32[8 * len(radii), 2]."""
    turns = [(k + 0.5 * (n % 2)) * np.pi / 4 for n in range(len(radii)) for k in range(8)]
    reach = np.repeat(radii, 8)
    return np.asarray(np.rint(np.stack((reach * np.cos(turns), reach * np.sin(turns)), axis=1)), np.int32)


_TRIED = _ring(6)[::2]  # blocks away from which flows are tried: beyond the halo that DIS leaves
_ASKED = _ring(2, 5, 12)  # blocks away of which hidden ones ask for a flow
_DISTANCE = 0.7 * np.hypot(*_ASKED.T).astype(np.float32)[:, None]
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_PATCH = np.array([(x, y) for y in (-2, 0, 2) for x in (-2, 0, 2)], np.float32)


@dataclass(frozen=True, slots=True)
class Motion:
    """What is known about two neighbouring frames, on the small picture.

    Attributes:
        cut: whether they show different things; then the rest is of no use.
        ahead: float32[h, w, 2], pixels (x, y) from the first frame to the second.
        back: likewise from the second to the first.
        hidden_ahead: bool[h, w], what the first frame shows and the second does not.
        hidden_back: likewise the other way round.
    """

    cut: bool
    ahead: Flow
    back: Flow
    hidden_ahead: Mask
    hidden_back: Mask


@dataclass(frozen=True, slots=True)
class _Seen:
    """A frame, small: its luma in whole levels and with their fractions."""

    frame: Frames
    grey: Frames
    light: Light


class FlowMeter:
    """Measures the motion between frames of one size; not to be shared between threads.

    Args:
        height: of the frames, pixels.
        width: likewise.
        preset: one of :data:`PRESETS`.
        rows: height of the small picture on which flow is measured, at most.
    """

    def __init__(self, height: int, width: int, preset: str = "fast", rows: int = 180) -> None:
        scale = min(1.0, rows / height)
        self.width, self.height = (_BLOCK * max(8, round(side * scale / _BLOCK)) for side in (width, height))
        self._dis = cv2.DISOpticalFlow_create()  # type: ignore[attr-defined]
        finest, stride, descent, refinement = PRESETS[preset]
        self._dis.setFinestScale(finest)
        self._dis.setPatchStride(stride)
        self._dis.setGradientDescentIterations(descent)
        self._dis.setVariationalRefinementIterations(refinement)
        self.grid: Flow = grid(self.height, self.width)
        self._map = np.empty_like(self.grid)
        self._blocks = (self.height // _BLOCK, self.width // _BLOCK)
        self._last: _Seen | None = None

    def measure(self, a: Frames, b: Frames) -> Motion:
        """The motion from ``a`` to ``b``, each uint8[H, W, 3]."""
        seen_a, seen_b = self._look(a), self._look(b)
        ahead = self._dis.calc(seen_a.grey, seen_b.grey, None)
        if self._is_cut(seen_a.grey, seen_b.grey, ahead):
            nothing = np.zeros(seen_a.grey.shape, np.bool_)
            return Motion(True, ahead, -ahead, nothing, nothing)
        back = self._dis.calc(seen_b.grey, seen_a.grey, None)
        light_a, light_b = seen_a.light, seen_b.light
        amiss_a = self._repair(ahead, light_a, light_b)
        amiss_b = self._repair(back, light_b, light_a)
        hidden_a = self._hidden(ahead, back, amiss_a)
        hidden_b = self._hidden(back, ahead, amiss_b)
        self._lend(ahead, hidden_a, light_a)
        self._lend(back, hidden_b, light_b)
        return Motion(False, ahead, back, hidden_a, hidden_b)

    def forget(self) -> None:
        """Look at the next frames anew, even where they lie in memory that was seen before."""
        self._last = None

    def is_cut(self, a: Frames, b: Frames) -> bool:
        """Whether two frames, each uint8[H, W, 3], show different things."""
        return self._is_cut(self._look(a).grey, self._look(b).grey, None)

    def _look(self, frame: Frames) -> "_Seen":
        # The second frame of a pair is the first one of the next.
        if self._last is not None and is_same(self._last.frame, frame):
            return self._last
        small = cv2.resize(frame, (self.width, self.height), interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        # Luma with its fractions, too: on flat ground a thing differs by less than a level.
        light = np.asarray(cv2.transform(small.astype(np.float32), _LUMA), np.float32)
        self._last = _Seen(frame, grey, light)
        return self._last

    def _is_cut(self, a: Frames, b: Frames, ahead: Flow | None) -> bool:
        # Blurring by halving twice: what remains is light and shape, not texture.
        soft_a, soft_b = (cv2.pyrDown(cv2.pyrDown(x)) for x in (a, b))
        change = float(cv2.norm(soft_a, soft_b, cv2.NORM_L1)) / soft_a.size / 255
        if change < CUT_STEP:
            return False
        if change > CUT_SURE:
            return True
        if ahead is None:
            ahead = self._dis.calc(a, b, None)
        soft_a, soft_b = (np.asarray(cv2.GaussianBlur(x, (0, 0), 2), np.uint8) for x in (a, b))
        before = float(cv2.norm(soft_a, soft_b, cv2.NORM_L1))
        left = float(cv2.norm(soft_a, self._moved(soft_b, ahead), cv2.NORM_L1))
        return left > CUT_LEFT * before

    def _moved(self, picture: NDArray[Value], flow: Flow) -> NDArray[Value]:
        cv2.add(self.grid, flow, dst=self._map)
        return fetch(picture, self._map)

    def _repair(self, flow: Flow, here: Light, there: Light) -> Light:
        """Replace flows, in place, where ones from some way off explain the picture better.

        Returns:
            float32[h, w], levels by which each pixel differs from what it becomes.
        """
        amiss = np.asarray(cv2.blur(cv2.absdiff(here, self._moved(there, flow)), (3, 3)), np.float32)
        usual = cv2.mean(amiss)[0]  # grain differs everywhere, and no flow explains it
        where = self._worst(amiss, _AMISS + _GRAIN * usual)
        if not len(where):
            return amiss
        columns = self._blocks[1]
        near, _ = _around(where, _TRIED, self._blocks)
        own = self._of_blocks(flow)
        centre = np.stack((where % columns, where // columns), axis=1).astype(np.float32) * _BLOCK + 0.5
        samples = _PATCH[:, None] + centre
        wanted = fetch(here, samples)
        best = np.full(len(where), np.inf, np.float32)
        taken = own[where]
        # One candidate after the other: what it takes stays in the processor's cache.
        for n, candidate in enumerate((taken, *own.take(near))):
            by = _pairs(candidate)
            differ = cv2.absdiff(fetch(there, samples + by), wanted)
            cost = cv2.reduce(differ, 0, cv2.REDUCE_AVG)[0]
            cost[self._outside(centre + by)] += _OUTSIDE
            if n:
                cost += _PREFER + _PREFER_GRAIN * usual
            better = cost < best
            np.copyto(best, cost, where=better)
            taken = np.where(better, candidate, taken)
        self._put(flow, where, _pairs(taken))
        self._put(amiss, where, best)
        return amiss

    def _worst(self, amiss: Light, bound: float) -> Index:
        blocks = _greatest(amiss)
        where = np.flatnonzero(blocks > bound)
        if len(where) > _MOST:
            where = where[np.argpartition(blocks[where], -_MOST)[-_MOST:]]
        return where

    def _of_blocks(self, flow: Flow) -> NDArray[np.complex64]:
        """The flow of each block, x and y as one number: one look-up instead of two."""
        return np.ascontiguousarray(flow[::_BLOCK, ::_BLOCK]).view(np.complex64).ravel()

    def _put(self, field: NDArray[np.generic], where: Index, values: NDArray[np.generic]) -> None:
        rows, columns = self._blocks
        blocks = field.reshape(rows, _BLOCK, columns, _BLOCK, *field.shape[2:])
        blocks[where // columns, :, where % columns, :] = values[:, None, None]

    def _outside(self, points: Flow) -> Mask:
        x, y = points[..., 0], points[..., 1]
        return np.asarray((x < 0) | (x > self.width - 1) | (y < 0) | (y > self.height - 1), np.bool_)

    def _hidden(self, there: Flow, again: Flow, amiss: Light) -> Mask:
        cv2.add(self.grid, there, dst=self._map)
        far = (1e3, 1e3)  # outside the picture nothing comes back
        border = cv2.BORDER_CONSTANT
        gap = cv2.remap(again, self._map, None, cv2.INTER_LINEAR, borderMode=border, borderValue=far)  # type: ignore[call-overload]
        cv2.add(gap, there, dst=gap)
        cv2.multiply(gap, gap, dst=gap)
        apart = cv2.transform(gap, np.ones((1, 2), np.float32))
        usual = cv2.mean(amiss)[0]
        wrong = (amiss > _WRONG + _WRONG_GRAIN * usual) & (apart > _APART)
        return np.asarray(wrong | (apart > _FAR_APART) | (amiss > _VERY_WRONG + usual), np.bool_)

    def _lend(self, flow: Flow, hidden: Mask, light: Light) -> None:
        """Give hidden pixels, in place, the flow of matched surroundings that look like them."""
        if not hidden.any():
            return
        rows, columns = self._blocks
        blocks = _greatest(hidden.view(np.uint8))
        where = np.flatnonzero(blocks)
        near, beyond = _around(where, _ASKED, self._blocks)
        levels = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
        unlike = np.abs(levels.take(near) - levels[where]) + _DISTANCE
        unlike[blocks.take(near).view(np.bool_) | beyond] = np.inf
        best = unlike.argmin(axis=0)
        each = np.arange(len(where))
        lent = _pairs(self._of_blocks(flow)[near[best, each]])
        known = np.isfinite(unlike[best, each])
        y, x = np.nonzero(hidden)
        place = np.empty(blocks.shape, np.intp)
        place[where] = each
        of = place[(y // _BLOCK) * columns + x // _BLOCK]
        usable = known[of]
        flow[y[usable], x[usable]] = lent[of[usable]]


def grid(height: int, width: int) -> Flow:
    """Each pixel's own place, float32[height, width, 2] as (x, y)."""
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.dstack((across, down))


def is_same(a: Frames, b: Frames) -> bool:
    """Whether two names are of one frame in one array."""
    return a is b or (a.base is not None and a.base is b.base and a.ctypes.data == b.ctypes.data)


def fetch(picture: NDArray[Value], places: Flow) -> NDArray[Value]:
    """What is seen at fractional places (x, y), its edge repeated outside."""
    return np.asarray(
        cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),  # type: ignore[call-overload]
        picture.dtype,
    )


def _pairs(numbers: NDArray[np.complex64]) -> Flow:
    return numbers[..., None].view(np.float32)


def _greatest(field: NDArray[Value]) -> NDArray[Value]:
    """The greatest value of each block, [blocks]."""
    grown = cv2.dilate(field, np.ones((_BLOCK, _BLOCK), np.uint8), anchor=(0, 0))
    return np.asarray(grown[::_BLOCK, ::_BLOCK].ravel(), field.dtype)


def _around(where: Index, offsets: NDArray[np.int32], shape: tuple[int, int]) -> tuple[Index, Mask]:
    """What lies around each place, intp[offsets, places], and which of it would be beyond the edge."""
    rows, columns = shape
    x = (where % columns)[None] + offsets[:, :1]
    y = (where // columns)[None] + offsets[:, 1:]
    beyond = (x < 0) | (x >= columns) | (y < 0) | (y >= rows)
    return np.clip(y, 0, rows - 1) * columns + np.clip(x, 0, columns - 1), beyond
