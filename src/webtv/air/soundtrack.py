"""A bed as the mixer reads it: it ends without a click, and falls silent if it is damaged, and says so."""

from collections.abc import Callable

import numpy as np

from webtv.clips.bed import BedReader, silence
from webtv.core.errors import WebTVError
from webtv.studio.ports import Sound

# Samples over which a bed ends. One of the right length is beneath its crossfade there, all but unheard;
# one that is shorter than the clips that it goes with would end in a step.
_END = 960


class Soundtrack:
    """A bed as a :class:`webtv.air.slice.Track` that never raises.

    Args:
        bed: the open bed; its bytes are in memory, so that the air does not wait for a disk.
        complain: takes one sentence, once.
    """

    def __init__(self, bed: BedReader, complain: Callable[[str], None]) -> None:
        self._bed = bed
        self._complain: Callable[[str], None] | None = complain

    def read(self, start: int, count: int) -> Sound:
        """Samples ``start`` to ``start + count``; silence where the bed is not or cannot be read."""
        try:
            sound = self._bed.read(start, count)
        except (WebTVError, OSError) as error:
            if self._complain is not None:
                self._complain(str(error))
                self._complain = None
            return silence(count)
        end = self._bed.samples - start  # within what was read
        if 0 < end < count + _END:
            first = max(0, end - _END)
            left = (end - np.arange(first, min(end, count), dtype=np.float32)) / _END
            sound[first:end] *= (0.5 - 0.5 * np.cos(np.pi * left))[:, None]
        return sound
