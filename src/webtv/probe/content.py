"""What a stream shows and plays: black, still, silent. Pure arithmetic on decoded pictures and sound."""

import numpy as np
from numpy.typing import NDArray

BLACK = 24.0  # mean luma (limited range: black is 16) up to which a picture can be black
_BRIGHT = 40  # luma that hardly any pixel of a black picture reaches
_STILL = 0.4  # mean difference of luma up to which two pictures are the same
_MOVING = 4_000  # bytes a second between two keyframes from which something moves, though they look the same
_SILENT = 1e-6  # mean square up to which sound is silence: -60 dB of full scale
_TORN = 6.0  # seconds between two pictures beyond which nobody knows what was shown between them
_RUN = 1.0  # seconds that silence must last to count: pauses are part of music


class Pictures:
    """Black and frozen time, told from one picture in a while (keyframes)."""

    def __init__(self) -> None:
        self.black = 0.0  # seconds
        self.frozen = 0.0  # seconds
        self._last: NDArray[np.uint8] | None = None
        self._at = 0.0

    def add(self, luma: NDArray[np.uint8], at: float, between: int = 0) -> None:
        """Take a picture.

        Args:
            luma: uint8[H, W], limited range; a grid of points of the picture is enough.
            at: media second at which it is shown.
            between: bytes of the pictures that came between it and the one before: a short clip that is
                repeated begins with the same picture, and moves all the same.
        """
        last, passed = self._last, at - self._at
        self._last, self._at = luma, at
        if last is None or not 0 < passed <= _TORN:
            return
        if _is_black(last):
            self.black += passed
        still = between < _MOVING * passed and last.shape == luma.shape
        if still and _difference(last, luma) <= _STILL:
            self.frozen += passed

    def forget(self) -> None:
        """What comes next does not follow what came before."""
        self._last = None


def _is_black(luma: NDArray[np.uint8]) -> bool:
    return float(luma.mean()) <= BLACK and float((luma > _BRIGHT).mean()) < 0.005


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


class Sounds:
    """Silent time: runs of at least a second."""

    def __init__(self) -> None:
        self.silent = 0.0  # seconds
        self._run = 0.0

    def add(self, samples: NDArray[np.float32], rate: int) -> None:
        """Take decoded sound.

        Args:
            samples: float32[channels, N], full scale 1.
            rate: samples per second.
        """
        flat = samples.reshape(-1)
        if flat.size == 0:
            return
        if float(np.dot(flat, flat)) / flat.size > _SILENT:
            self._run = 0.0
            return
        seconds = samples.shape[-1] / rate
        before, self._run = self._run, self._run + seconds
        if self._run >= _RUN:
            self.silent += seconds if before >= _RUN else self._run
