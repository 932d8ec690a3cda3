"""A bed as the mixer reads it: one that turns out to be damaged while it airs falls silent, and says so."""

from collections.abc import Callable

from webtv.clips.bed import BedReader, silence
from webtv.core.errors import WebTVError
from webtv.studio.ports import Sound


class Soundtrack:
    """A bed as a :class:`webtv.air.slice.Track` that never raises.

    Args:
        bed: the open bed.
        complain: takes one sentence, once.
    """

    def __init__(self, bed: BedReader, complain: Callable[[str], None]) -> None:
        self._bed = bed
        self._complain: Callable[[str], None] | None = complain

    def read(self, start: int, count: int) -> Sound:
        """Samples ``start`` to ``start + count``; silence where the bed is not or cannot be read."""
        try:
            return self._bed.read(start, count)
        except (WebTVError, OSError) as error:
            if self._complain is not None:
                self._complain(str(error))
                self._complain = None
            return silence(count)
