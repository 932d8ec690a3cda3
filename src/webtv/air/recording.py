"""Recordings: what a channel aired, as MP4 files that begin at joins of clips and are kept for some hours.

Blocked clips are destroyed in every file, also in those that were closed long ago.
"""

import errno
import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from webtv.air.clipsource import Gop
from webtv.air.config import RecordingConfig
from webtv.air.fileoutput import FileOutput, stand_in
from webtv.air.fmp4 import fragments
from webtv.air.output import OutputKind
from webtv.air.reel import Fragment, Reel
from webtv.air.reels import (
    forget_oldest,
    forget_recordings,
    make_room,
    recording_name,
    recordings,
    repair_recordings,
    withdraw_from,
)
from webtv.air.slice import Slice, StreamHeader
from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS

_LOOK = 150  # GOPs (five minutes) between two looks at what need not be kept any more
_PLACES = 4000  # that can be seeked to in one file at most
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class RecordingOutput(FileOutput):
    """The recording of one channel as an output.

    Args:
        folder: ``DATA/recordings/{channel}``.
        header: the channel's stream header.
        epoch: UTC second of frame 0 of the timeline.
        config: how long what is kept.
        slug: the channel.
        clock: a slice is written when it is due; retention is by its wall time.
        events: hears of troubles with the disk, and of their end.
        slate: makes the GOPs that stand in for what is withdrawn; without it there is a hole.
        silence: one silent AAC frame.
    """

    def __init__(
        self,
        folder: Path,
        header: StreamHeader,
        epoch: float,
        config: RecordingConfig,
        *,
        slug: str,
        clock: Clock,
        events: EventSink,
        slate: Callable[[], list[Gop]] | None = None,
        silence: bytes = b"",
    ) -> None:
        recorder = Recorder(
            folder,
            header,
            epoch,
            config,
            slug=slug,
            now=clock.time,
            events=events,
            slate=slate,
            silence=silence,
        )
        super().__init__(
            recorder, name="recording", kind=OutputKind.RECORDING, slug=slug, clock=clock, events=events
        )


class Recorder:
    """Writes one channel's recordings; a :class:`webtv.air.fileoutput.FileWriter`.

    Args:
        folder: ``DATA/recordings/{channel}``.
        header: the channel's stream header.
        epoch: UTC second of frame 0 of the timeline.
        config: how long what is kept.
        slug: the channel.
        now: seconds since 1970 UTC.
        events: hears when recordings go before their time.
        slate: makes the GOPs that stand in for what is withdrawn, or None.
        silence: one silent AAC frame.
    """

    def __init__(
        self,
        folder: Path,
        header: StreamHeader,
        epoch: float,
        config: RecordingConfig,
        *,
        slug: str,
        now: Callable[[], float],
        events: EventSink,
        slate: Callable[[], list[Gop]] | None = None,
        silence: bytes = b"",
    ) -> None:
        self.blocked: AbstractSet[str] = frozenset()
        self._folder = folder
        self._header = header
        self._epoch = epoch
        self._config = config
        self._slug = slug
        self._now = now
        self._events = events
        self._slate = slate
        self._silence = silence
        self._reel: Reel | None = None
        self._next = -1  # frame that goes on from what was written
        self._searched: AbstractSet[str] = frozenset()  # blocked clips that are in no file any more
        self._repaired = False
        self._unlooked = 0
        self._short = False

    def write(self, piece: Slice) -> int:
        """Add a slice to the file, or begin the next one.

        Raises:
            OSError: the disk does not take it; what was written stays whole.
        """
        form = self._header.format
        if self._reel and piece.frame == self._next - form.gop:
            return 0  # written already
        if not self._repaired:
            self._folder.mkdir(parents=True, exist_ok=True)
            repair_recordings(self._folder)
            self._repaired = True
        self._look(self._epoch + piece.frame / form.fps)
        clip: str | None = piece.entry.clip
        if clip in self.blocked:
            video = self._video(piece.frame // form.gop)
            if video is None:
                return 0
            piece, clip = stand_in(piece.frame // form.gop, video, self._silence, form), None
        if self._reel and (piece.frame != self._next or self._is_over(self._reel, piece)):
            self.close()
        while True:
            try:
                size = self._append(piece, clip)
            except OSError as error:
                # Whoever records wants the newest; and everything else on this disk comes first.
                if error.errno not in _NO_ROOM or not forget_oldest(self._folder.parent):
                    raise
                self._shorten(1)
            else:
                self._next = piece.frame + form.gop
                return size

    def withdraw(self) -> None:
        """Destroy every GOP of a blocked clip in all files of the channel, the newest first.

        Raises:
            OSError: a file could not be changed; the others were.
        """
        blocked = self.blocked
        fresh = blocked - self._searched
        self._searched &= blocked
        trouble = withdraw_from(recordings(self._folder), fresh, self._stand_in, self._reel)
        if trouble:
            raise trouble
        self._searched = self._searched | fresh

    def close(self) -> None:
        """Finish the file; what comes begins another one.

        Raises:
            OSError: the disk does not take it; the file plays all the same, and is repaired later.
        """
        reel, self._reel = self._reel, None
        if reel is not None:
            with suppress(FileNotFoundError):  # somebody removed it
                reel.finish()

    def _append(self, piece: Slice, clip: str | None) -> int:
        for _ in range(2):
            reel = self._reel = self._reel or self._begin(piece.frame)
            data = b"".join(fragments(piece, self._header, first_frame=reel.frame))
            try:
                reel.append(data, piece.frame, clip)
            except FileNotFoundError:
                self._reel = None  # somebody removed it: go on in another one
            else:
                return len(data)
        raise FileNotFoundError(errno.ENOENT, "the recording is removed while it is written")

    def _begin(self, frame: int) -> Reel:
        config, start = self._config, self._epoch + frame / self._header.format.fps
        gops = math.ceil(config.file_minutes * 60 / GOP_SECONDS)
        for number in range(1, 1000):
            path = self._folder / recording_name(start, number)
            if path.exists() or path.with_suffix(".jsonl").exists():
                continue  # the wall clock was set back
            places = min(_PLACES, gops + 300)
            return Reel.begin(path, self._header, self._epoch, frame, channel=self._slug, gops=places)
        raise FileExistsError(errno.EEXIST, "too many recordings of one second")

    def _is_over(self, reel: Reel, piece: Slice) -> bool:
        """Whether the next file begins with this slice: at a join, or after twice the length without one."""
        fps, length = self._header.format.fps, self._config.file_minutes * 60
        first, here = (self._epoch + frame / fps for frame in (reel.frame, piece.frame))
        return (piece.joins and here // length != first // length) or here - first >= 2 * length

    def _look(self, airs: float) -> None:
        """Now and then, delete what need not be kept any more.

        Args:
            airs: UTC second of what is written now, as the timeline counts it.
        """
        if self._unlooked % _LOOK == 0:
            root, gone = self._folder.parent, 0
            with suppress(OSError):  # another time, then
                # A wall clock that was set forward makes nothing old: what airs is dated by the timeline.
                forget_recordings(root, self._config, min(airs, self._now()))
                gone = make_room(root, self._config.min_free_gb)
            self._shorten(gone)
        self._unlooked += 1

    def _shorten(self, gone: int) -> None:
        """Tell once that recordings had to go before their time."""
        if gone and not self._short:
            text = "The disk is short of room: the oldest recordings are deleted before their time"
            remedy = "make room, or lower WEBTV_RECORD_HOURS, WEBTV_RECORD_GB or WEBTV_LIBRARY_GB"
            self._events(Event("air.recording.shortened", text, Severity.WARNING, remedy, self._slug))
        self._short = gone > 0

    def _video(self, gop: int) -> Gop | None:
        if self._slate is None:
            return None
        slate = self._slate()
        return slate[gop % len(slate)]

    def _stand_in(self, reel: Reel, fragment: Fragment) -> bytes | None:
        """The slate, if it is not longer than what it replaces."""
        form = self._header.format
        if reel.head.get("format") != form.name:
            return None
        gop = fragment.frame // form.gop
        if (video := self._video(gop)) is None:
            return None
        piece = stand_in(gop, video, self._silence, form)
        data = b"".join(fragments(piece, self._header, first_frame=reel.frame))
        return data if len(data) <= fragment.bytes else None
