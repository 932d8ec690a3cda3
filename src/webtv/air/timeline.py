"""The endless timeline of one channel: sources spliced by copying, sound mixed, time counted.

No clock in here: :meth:`Timeline.advance` makes the next two seconds whenever it is asked, in real time or
a thousand times faster. All positions are 64-bit counts of frames and samples.
"""

from collections.abc import Callable
from dataclasses import replace

from webtv.air.cursor import Cursor
from webtv.air.mixer import Mixer
from webtv.air.passthrough import SILENT_FRAME
from webtv.air.program import Program
from webtv.air.slice import Slice, SoundPath, Source
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
        sound: makes the channel's sound from a sample of the timeline on.
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
        sound: Callable[[int], SoundPath] = Mixer,
    ) -> None:
        self._form = form
        self._program = program
        self._epoch = epoch
        self._frame = frame
        self._log = log
        self._new_sound = sound
        self._sound = sound(frame * form.samples_per_frame)
        self._source: Source | None = None
        self._start = frame
        self._listed = False
        self._n = cursor.n if cursor else 0
        if cursor and cursor.entry:
            self._resume(cursor, cursor.entry, logged)

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig of the sound."""
        return self._sound.asc

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
            source, joins = self._begin(), True
            self._cue(source)
            gop = source.next_gop()
        assert self._source is not None
        self._frame += self._form.gop
        first_audio, audio = self._sound.advance(self._frame * self._form.samples_per_frame)
        return Slice(frame, gop, first_audio, audio, self._source.entry, joins)

    def recut(self, piece: Slice) -> Slice:
        """Make the latest slice again, because what it shows must not go out any more.

        A bed belongs to the whole sequence: it is encoded already, and goes out until the next slice crosses
        it with another. A clip's own sound falls silent with it.

        Args:
            piece: the latest slice; it has not gone out yet.
        """
        self._frame = piece.frame
        self._finish(cut=True)
        gop = None
        while gop is None:
            source = self._begin()
            gop = source.next_gop()
        self._frame += self._form.gop
        self._cue(source)
        audio = piece.audio
        if self._sound.audio == "passthrough":
            audio = (SILENT_FRAME,) * len(audio)
        return replace(piece, video=gop, audio=audio, entry=source.entry, joins=True)

    def skip(self, frames: int) -> None:
        """Pass over time that was really lost; what was on air is logged as cut and begins no more.

        Args:
            frames: how many, a multiple of the GOP.
        """
        self._finish(cut=True)
        self._frame += frames
        self._sound = self._new_sound(self._frame * self._form.samples_per_frame)

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
            audio=self._sound.audio,
        )

    def _resume(self, cursor: Cursor, entry: Entry, logged: Airing | None) -> None:
        if cursor.frame == self._frame and (source := self._program.resume(cursor)):
            self._source, self._start, self._listed = source, cursor.entry_start, cursor.listed
            # Slices are longer than crossfades, so the bed was alone, and at its full level.
            sample = self._frame * self._form.samples_per_frame
            self._sound.cue(sample, source, goes_on=cursor.audio == self._sound.audio)
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
        self._sound.cue(self._frame * self._form.samples_per_frame, source)

    def _begin(self) -> Source:
        """The next source goes on air with the next frame."""
        source = self._source = self._program.next_source()
        self._start = self._frame
        self._listed = source.entry.n > 0
        if self._listed:
            self._n = source.entry.n
        self._program.began(source.entry, self._epoch + self._start / self._form.fps)
        return source

    def _finish(self, *, cut: bool) -> None:
        if self._source is None:
            return
        entry, frames = self._source.entry, self._frame - self._start
        self._source = None
        if frames > 0:
            self._log(self._airing(entry, self._start, frames, self._listed, cut=cut))

    def _airing(self, entry: Entry, start: int, frames: int, listed: bool, *, cut: bool) -> Airing:
        utc = utc_text(self._epoch + start / self._form.fps)
        return Airing(entry.n if listed else None, entry.clip, entry.kind, start, frames, utc, cut)
