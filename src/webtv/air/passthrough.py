"""The cheap sound of a channel: each clip's own AAC frames, copied onto the channel's grid.

A clip's track begins at the first frame of the grid at or after the clip's first picture, so it is late by
less than one frame (21.3 ms), and each clip anew: nothing adds up. Clips are a little longer than their
whole AAC frames; where a frame of the grid is left over between two of them, a silent one fills it.

AAC frames overlap by half. Mastered clips begin and end with a silent frame, so whatever is joined there is
joined in silence. Where a track is entered or left elsewhere (beside a blocked clip that was cut), one
silent frame stands between what was and what comes: half a window fades out over it, another fades in.
A process that takes over from one that was killed hands out the very next frame of the track: no join at all.
"""

from collections.abc import Sequence

from webtv.air.slice import ASC, Source
from webtv.core.format import AAC_FRAME

SILENT_FRAME = bytes.fromhex("211004608c1c")  # ISO 14496-3: a channel pair element without any band


class Passthrough:
    """Sources' own AAC frames in, AAC frames out; a :class:`webtv.air.slice.SoundPath`.

    Args:
        first_sample: sample of the timeline at which the process begins; the first AAC frame that
            is handed out is the first that begins at or after it.
    """

    def __init__(self, first_sample: int) -> None:
        self._next = _frame_at(first_sample)
        self._sound: Sequence[bytes] = ()
        self._start = self._next  # frame of the grid that the track's first frame stands on
        self._hush: int | None = None  # frame of the grid that is silent whatever the track has there

    @property
    def audio(self) -> str:
        """``passthrough``."""
        return "passthrough"

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig, which clips are held to when they are read."""
        return ASC

    @property
    def next_frame(self) -> int:
        """Number of the next AAC frame that will be handed out."""
        return self._next

    def cue(self, sample: int, source: Source, *, goes_on: bool = False) -> None:
        """From this sample on, this source's own sound is copied; a source without any is silent."""
        self._sound = source.sound
        self._start = _frame_at(sample - source.sound_at)
        entered = max(self._next, _frame_at(sample))
        self._hush = entered if entered > self._start and not goes_on else None

    def advance(self, until: int) -> tuple[int, tuple[bytes, ...]]:
        """Hand out every AAC frame that begins before sample ``until`` and has not been handed out."""
        first, end = self._next, max(self._next, _frame_at(until))
        self._next = end
        frames = list(self._sound[max(0, first - self._start) : max(0, end - self._start)])
        frames[:0] = [SILENT_FRAME] * min(max(0, self._start - first), end - first)
        frames += [SILENT_FRAME] * (end - first - len(frames))
        if self._hush is not None and first <= self._hush < end:
            frames[self._hush - first] = SILENT_FRAME
        return first, tuple(frames)


def _frame_at(sample: int) -> int:
    """The first AAC frame that begins at or after a sample."""
    return -(-sample // AAC_FRAME)
