"""The endless timeline of one channel: sources spliced by copying, sound mixed, time counted.

No clock in here: :meth:`Timeline.advance` makes the next two seconds whenever it is asked, in real time or
a thousand times faster. All positions are 64-bit counts of frames and samples.
"""

from collections.abc import Callable

from webtv.air.cursor import Cursor
from webtv.air.mixer import Mixer
from webtv.air.program import Program
from webtv.air.slice import Slice, Source
from webtv.core.format import HouseFormat
from webtv.playlist.asrun import Airing, utc_text
from webtv.playlist.entry import Entry


class Timeline:
    """Makes slice after slice.

    Args:
        form: the channel's house format.
        program: chooses what airs.
        epoch: UTC second of frame 0.
        frame: first frame to make, a multiple of the GOP.
        cursor: where the last process stopped, to go on within its clip; None begins anew.
        log: takes each finished airing.
        logged: the latest airing in the log; the last process may have written it and been killed before
            its cursor moved on.
    """

    def __init__(
        self,
        form: HouseFormat,
        program: Program,
        *,
        epoch: float,
        frame: int,
        cursor: Cursor | None,
        log: Callable[[Airing], None],
        logged: Airing | None = None,
    ) -> None:
        self._form = form
        self._program = program
        self._epoch = epoch
        self._frame = frame
        self._log = log
        self._mixer = Mixer(frame * form.samples_per_frame)
        self._source: Source | None = None
        self._start = frame
        self._listed = False
        self._n = cursor.n if cursor else 0
        if cursor and cursor.entry:
            self._resume(cursor, cursor.entry, logged)

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig of the sound."""
        return self._mixer.asc

    @property
    def frame(self) -> int:
        """The next frame to make."""
        return self._frame

    @property
    def entry(self) -> Entry | None:
        """What the latest slice belongs to."""
        return self._source.entry if self._source else None

    @property
    def start(self) -> int:
        """Frame at which it began."""
        return self._start

    @property
    def listed(self) -> bool:
        """Whether it came from the playlist."""
        return self._listed

    def advance(self) -> Slice:
        """Make the next slice: one GOP and the AAC frames that begin within it."""
        frame = self._frame
        if self._source is not None and self._program.is_blocked(self._source.entry):
            self._finish(cut=True)
        joins = False
        gop = self._source.next_gop() if self._source else None
        while gop is None:
            self._finish(cut=False)
            self._source = self._program.next_source()
            self._start, joins = frame, True
            self._listed = self._source.entry.n > 0
            if self._listed:
                self._n = self._source.entry.n
            self._cue(self._source)
            gop = self._source.next_gop()
        assert self._source is not None
        self._frame += self._form.gop
        first_audio, audio = self._mixer.advance(self._frame * self._form.samples_per_frame)
        return Slice(frame, gop, first_audio, audio, self._source.entry, joins)

    def skip(self, frames: int) -> None:
        """Pass over time that was really lost; what was on air is logged as cut and begins no more.

        Args:
            frames: how many, a multiple of the GOP.
        """
        self._finish(cut=True)
        self._frame += frames
        self._mixer = Mixer(self._frame * self._form.samples_per_frame)

    def cursor(self) -> Cursor:
        """Where the timeline stands now."""
        return Cursor(
            epoch=self._epoch,
            frame=self._frame,
            n=self._n,
            entry=self.entry,
            entry_start=self._start,
            listed=self._listed,
            format=self._form.name,
        )

    def _resume(self, cursor: Cursor, entry: Entry, logged: Airing | None) -> None:
        if cursor.frame == self._frame and (source := self._program.resume(cursor)):
            self._source, self._start, self._listed = source, cursor.entry_start, cursor.listed
            # Slices are longer than crossfades, so the bed was alone, and at its full level.
            sample = self._frame * self._form.samples_per_frame
            self._mixer.cue(sample, source.track, source.track_at, goes_on=True)
            return
        # Time was lost, or the clip is over or gone: the log tells how much of it went out.
        if cursor.entry_aired <= 0:
            return
        cut = cursor.entry_aired < entry.frames
        airing = self._airing(entry, cursor.entry_start, cursor.entry_aired, cursor.listed, cut=cut)
        # Not compared by time: the clock may have been set back since.
        if logged is None or (logged.start_frame, logged.clip) != (airing.start_frame, airing.clip):
            self._log(airing)

    def _cue(self, source: Source) -> None:
        self._mixer.cue(self._frame * self._form.samples_per_frame, source.track, source.track_at)

    def _finish(self, *, cut: bool) -> None:
        if self._source is None:
            return
        entry, frames = self._source.entry, self._frame - self._start
        self._source = None
        if frames > 0:
            self._log(self._airing(entry, self._start, frames, self._listed, cut=cut))
            self._program.aired(entry, self._epoch + self._start / self._form.fps)

    def _airing(self, entry: Entry, start: int, frames: int, listed: bool, *, cut: bool) -> Airing:
        utc = utc_text(self._epoch + start / self._form.fps)
        return Airing(entry.n if listed else None, entry.clip, entry.kind, start, frames, utc, cut)
