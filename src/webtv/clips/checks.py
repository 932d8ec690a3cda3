"""What a clip must pass before it may enter the library.

Everything is measured on a picture of 64 x 36 cells, which is cheap and in which grain averages out:
a still with grain over it is still a still.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.flashes import MOST_SWINGS, FlashMeter
from webtv.clips.loudness import NEARLY_SILENT, SHORTEST, measure
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames, Sound

ROWS, COLUMNS = 36, 64

_BLACK = 24.0  # code value; the brightest hundredth of a picture must exceed it
_BLACK_SECONDS = 1.0  # a fade from and to black is no fault
_FLAT = 1.0  # code values of standard deviation over the whole picture
_STILL = 0.8  # code values by which the busiest hundredth must change
_STILL_SECONDS = 1.5
_BLUR = 1.5  # cells
_BLOCKS_PER_SECOND = 4  # stillness compares averages over a quarter of a second
_LOUDEST = -5.0  # LUFS
_CLIPPED = 1e-3  # share of samples at full scale


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found.

    Attributes:
        reasons: why the clip is refused, one sentence each; empty if it is not.
        figures: what was measured, JSON-compatible.
    """

    reasons: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the clip may enter the library."""
        return not self.reasons

    def joined(self, other: "Report") -> "Report":
        """Both reports as one."""
        return Report(self.reasons + other.reasons, {**self.figures, **other.figures})

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary, for provenance."""
        return {"ok": self.ok, "reasons": list(self.reasons), "figures": dict(self.figures)}


def small_picture(frame: Frames) -> Frames:
    """Average a frame, uint8[H, W, 3] or its luma uint8[H, W], down to the cells that checks look at."""
    return np.asarray(cv2.resize(frame, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.uint8)


class ClipChecker:
    """Watches a clip's pictures go by while it is mastered, before the label is burned in.

    Args:
        format: the house format.
    """

    def __init__(self, format: HouseFormat) -> None:
        self._fps = format.fps
        self._flashes = FlashMeter(ROWS, COLUMNS, format.fps)
        self._brightest: list[float] = []
        self._spread: list[float] = []
        self._block: list[Frames] = []
        self._blocks: list[NDArray[np.float32]] = []
        self.mean = np.zeros((ROWS, COLUMNS, 3), np.float64)

    def add(self, small: Frames) -> None:
        """Take the next frame as :func:`small_picture` gives it, uint8[36, 64, 3]."""
        luma = small @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        top = luma.size // 100
        self._brightest.append(float(np.partition(luma, -top, axis=None)[-top]))
        self._spread.append(float(luma.std()))
        self._flashes.add(small)
        self.mean += small
        self._block.append(small)
        if len(self._block) * _BLOCKS_PER_SECOND >= self._fps:
            block = np.asarray(np.mean(self._block, axis=0, dtype=np.float32))
            self._blocks.append(np.asarray(cv2.GaussianBlur(block, (0, 0), _BLUR), np.float32))
            self._block = []

    def report(self) -> Report:
        """What the pictures so far amount to."""
        black = _longest_run([value < _BLACK for value in self._brightest]) / self._fps
        flat = float(np.median(self._spread)) if self._spread else 0.0
        still = _longest_still(self._blocks) / _BLOCKS_PER_SECOND
        figures = {
            "black_seconds": round(black, 3),
            "contrast": round(flat, 2),
            "still_seconds": round(still, 3),
            "flash_swings": self._flashes.swings,
            "red_swings": self._flashes.red_swings,
        }
        reasons = []
        if black >= _BLACK_SECONDS:
            reasons.append(f"the picture is black for {black:.1f} s")
        elif flat < _FLAT:
            reasons.append("the picture shows nothing: it is one flat colour")
        if still > _STILL_SECONDS:
            reasons.append(f"the picture stands still for {still:.1f} s")
        if self._flashes.swings > MOST_SWINGS:
            reasons.append(f"the picture flashes {self._flashes.swings / 2:g} times within a second")
        if self._flashes.red_swings > MOST_SWINGS:
            reasons.append(f"the picture flashes red {self._flashes.red_swings / 2:g} times within a second")
        return Report(tuple(reasons), figures)


def check_sound(sound: Sound, *, allow_silence: bool = False) -> Report:
    """Judge the slice of a bed that a clip carries.

    Args:
        sound: float32[n, 2] at 48 kHz.
        allow_silence: for slates and idents without a bed.
    """
    if not np.isfinite(sound).all():
        return Report(("the sound holds values that are no numbers",))
    peak = float(np.abs(sound).max(initial=0.0))
    clipped = float((np.abs(sound) >= 1.0).mean()) if sound.size else 0.0
    lufs = measure(sound).lufs if len(sound) >= SHORTEST else -math.inf
    silent = lufs <= NEARLY_SILENT
    figures = {"lufs": round(max(lufs, -120.0), 1), "peak": round(peak, 4), "clipped": round(clipped, 6)}
    reasons = []
    if silent and not allow_silence:
        reasons.append("the sound is silent")
    if lufs > _LOUDEST:
        reasons.append(f"the sound is far too loud ({lufs:.1f} LUFS)")
    if clipped > _CLIPPED:
        reasons.append(f"{clipped:.1%} of the sound is clipped")
    return Report(tuple(reasons), figures)


def _longest_run(flags: list[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def _longest_still(blocks: list[NDArray[np.float32]]) -> int:
    # Against the first picture of a run, not the one before: slow motion adds up, a still does not.
    longest = run = 0
    anchor: NDArray[np.float32] | None = None
    for block in blocks:
        if anchor is not None and _change(anchor, block) < _STILL:
            run += 1
        else:
            anchor, run = block, 1
        longest = max(longest, run)
    return longest


def _change(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    change = np.abs(after - before).max(axis=2)
    top = change.size // 100
    return float(np.partition(change, -top, axis=None)[-top])
