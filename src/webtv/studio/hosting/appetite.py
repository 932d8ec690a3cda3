"""What a model takes of a device's memory, which depends on what is asked of it."""

from typing import Final

GB: Final = 1e9
CONTEXT_GB: Final = 0.5  # of device memory that a process takes beside what torch's allocator counts


class Appetite:
    """Device memory of one model by what its adapter says that it takes: said until measured.

    A smaller picture takes less, so what was measured of one request bounds what is believed of others: those
    that are said to take less take no more than it did, those that are said to take more no less.
    """

    def __init__(self) -> None:
        self._peaks: dict[float, float] = {}

    def of(self, said: float) -> float:
        """GB that a request takes of which the adapter says that it takes so many."""
        least = max((peak for size, peak in self._peaks.items() if size <= said), default=0.0)
        most = min((peak for size, peak in self._peaks.items() if size >= said), default=said)
        return max(least, min(said, most))

    def learn(self, said: float, peak: int, *, whole: bool) -> None:
        """Take a measurement.

        Args:
            said: GB that the adapter said.
            peak: bytes that torch's allocator had reserved at most; 0 where nobody counts.
            whole: whether the request was carried out. One that was not may still have taken more than was
                believed; that it took less means nothing.
        """
        taken = peak / GB + CONTEXT_GB
        if peak and (whole or taken > self.of(said)):
            self._peaks[said] = max(taken, self._peaks.get(said, 0.0))
