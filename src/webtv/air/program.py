"""What airs next on one channel: the playlist, else the filler ladder (reruns, ident, slate).

Reading ahead and airing are two sides: :meth:`Program.prefetch` may wait for a disk, in a thread of its
own; :meth:`Program.next_source` only takes what is in memory, so that a disk that hangs costs the channel
its programme and never its signal.
"""

import errno
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from webtv.air.blocked import BlockList
from webtv.air.clipsource import ClipSource, Gop, read_clip, read_whole
from webtv.air.cursor import Cursor
from webtv.air.reruns import RerunPool
from webtv.air.slice import Source, Track
from webtv.air.soundtrack import Soundtrack
from webtv.clips.bed import BedReader
from webtv.clips.clip import Kind
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, SAMPLE_RATE, HouseFormat
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

PREFETCH = 2  # clips whose bytes are in memory before they are due; the lock horizon ends behind them
_GOP_SAMPLES = GOP_SECONDS * SAMPLE_RATE
_SLATES = 8  # between two idents
_DRY = frozenset({"air.filler.reruns", "air.filler.slate"})  # said once per dry spell
_BED = 16 << 20  # bytes of a bed that are held in memory: two minutes of music
_LOOPS = 2  # of the slate in one entry, so that the log gets fewer lines
_SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})  # the machine's trouble, not the clip's


class Slate(Protocol):
    """Where the slate's GOPs come from: made in memory at start."""

    def __call__(self) -> list[Gop]:
        """Whole GOPs in the channel's format; never empty."""
        ...


class Program:
    """Chooses and prefetches; never raises and never returns nothing.

    ``prefetch`` is called from one thread at a time; the other methods may run beside it.

    Args:
        slug: the channel.
        form: its house format.
        avcc: decoder configuration record that every clip must carry.
        reader: follows the playlist.
        folder: the playlists folder, which paths are relative to.
        pool: reruns for when the playlist has run dry.
        blocked: what must not air.
        slate: the last rung of the ladder.
        ident: tells the path of the channel's ident, or None.
        events: takes what had to be passed over, and why.
        after: number of the latest entry that has been on air.
        passthrough: whether clips bring their own sound; beds are not opened then.
        has_aired: whether the log says that this very entry has been on air.
    """

    def __init__(
        self,
        slug: str,
        form: HouseFormat,
        avcc: bytes,
        *,
        reader: PlaylistReader,
        folder: Path,
        pool: RerunPool,
        blocked: BlockList,
        slate: Slate,
        ident: Callable[[], Path | None],
        events: EventSink,
        after: int,
        passthrough: bool = False,
        has_aired: Callable[[Entry], bool] = lambda _: False,
    ) -> None:
        self._slug = slug
        self._form = form
        self._avcc = avcc
        self._reader = reader
        self._folder = folder
        self._pool = pool
        self._blocked = blocked
        self._slate = slate
        self._ident = ident
        self._events = events
        self._passthrough = passthrough
        self._has_aired = has_aired
        self._lock = threading.Lock()  # guards what the two sides share; never held over a file
        self._taken = after
        self._upcoming: deque[ClipSource] = deque()
        self._filler: deque[ClipSource] = deque()
        self._planned: deque[Entry] = deque()  # rest of the sequence that the filler is taken from
        self._spare_ident: ClipSource | None = None
        self._beds = WeakValueDictionary[str, Soundtrack]()  # held by whoever plays them
        self._complained: set[str] = set()
        self._slates = 0  # since the last ident
        self._short = False  # whether the latest clip could not be read for want of descriptors or memory

    @property
    def locked(self) -> int:
        """Number of the last entry that is already in memory; what follows may still be changed."""
        return self._taken

    @property
    def upcoming(self) -> list[Entry]:
        """Entries in memory, next first."""
        with self._lock:
            return [source.entry for source in self._upcoming]

    def prepare(self) -> bool:
        """Look around before the channel begins; True if there is anything but ident and slate to air."""
        self.prefetch()
        with self._lock:
            return bool(self._upcoming or self._filler)

    def resume(self, cursor: Cursor) -> Source | None:
        """The rest of what was on air when the last process ended; None if it cannot be had."""
        entry = cursor.entry
        if entry is None or entry.kind is Kind.SLATE:
            return None
        if not cursor.listed and entry.seq:
            # The head-end was amidst a rerun that it chose itself: that goes on, too.
            parts = self._pool.sequence(entry.seq)
            with self._lock:
                self._filler.clear()
                self._planned = deque(part.numbered(0, Kind.RERUN) for part in parts if part.pos > entry.pos)
            self.prefetch()
        if cursor.entry_aired >= entry.frames:
            return None
        return self._load(entry, start=max(0, cursor.entry_aired) // self._form.gop)

    def prefetch(self) -> None:
        """Look at the playlist and read ahead, two clips of it or of what fills in; may wait for the disk."""
        self._blocked.refresh()
        if self._reader.refresh():
            self._mind_numbers()
        self.withdraw()
        while len(self._upcoming) < PREFETCH and (entry := self._reader.after(self._taken)):
            self._short = False
            source = self._load(entry)
            if self._short:
                break  # it keeps its place; something else fills in meanwhile
            with self._lock:
                self._taken = entry.n
                if source is not None:
                    self._upcoming.append(source)
        self._prefetch_filler()

    def withdraw(self) -> None:
        """Forget what is in memory of clips that have been blocked."""
        with self._lock:
            self._upcoming = deque(s for s in self._upcoming if s.entry.clip not in self._blocked)
            self._filler = deque(s for s in self._filler if s.entry.clip not in self._blocked)

    def next_source(self) -> Source:
        """What airs now, from memory. The ladder: rest of a rerun, playlist, rerun, ident, slate."""
        with self._lock:
            source = self._take()
        if source is None:
            return self._slate_source()
        entry = source.entry
        if entry.n > 0:
            self._complained -= _DRY
            self._slates = 0
        elif entry.kind is Kind.RERUN:
            self._tell_once(
                "air.filler.reruns",
                "The playlist has run dry; a rerun fills in",
                "see whether `webtv serve` is running and what it says",
            )
        return source

    def is_blocked(self, entry: Entry) -> bool:
        """Whether what is on air must be cut."""
        return entry.clip in self._blocked and entry.kind is not Kind.SLATE

    def began(self, entry: Entry, at: float) -> None:
        """An entry goes out.

        Args:
            entry: which one.
            at: UTC second at which it begins.
        """
        self._pool.aired(entry, at)

    def _take(self) -> ClipSource | None:
        """The best source in memory. Called with the lock held."""
        for waiting in (self._filler, self._upcoming):
            while waiting and self.is_blocked(waiting[0].entry):
                waiting.popleft()
        if self._filler and self._filler[0].entry.pos > 1:  # a rerun that has begun airs whole
            return self._filler.popleft()
        if self._upcoming:
            return self._upcoming.popleft()
        if self._filler:
            return self._filler.popleft()
        # Once in a while between slates, not in a loop: the slate says what is going on.
        if self._spare_ident is not None and self._slates % _SLATES == 0:
            self._slates += 1
            ident, self._spare_ident = self._spare_ident, None
            return ident
        return None

    def _prefetch_filler(self) -> None:
        """Read two clips of a rerun ahead while the playlist may run dry; else, an ident."""
        with self._lock:
            first = self._filler[0].entry if self._filler else self._planned[0] if self._planned else None
        begun = first is not None and first.pos > 1
        if not begun:
            if len(self._upcoming) >= PREFETCH:
                with self._lock:  # not wanted soon, and it is megabytes
                    self._filler.clear()
                self._planned.clear()
                return
            if not self._filler:
                self._planned = deque(
                    entry.numbered(0, Kind.RERUN) for entry in self._pool.next_sequence(self._usable)
                )
        while len(self._filler) < PREFETCH and self._planned:
            source = self._load(self._planned.popleft())
            if source is None and not begun:
                self._planned.clear()  # sequences air whole or not at all; another one comes next time
            elif source is not None:
                with self._lock:
                    self._filler.append(source)
        if not (self._upcoming or self._filler or self._spare_ident):
            self._spare_ident = self._ident_source()

    def _mind_numbers(self) -> None:
        """Follow a playlist whose numbers begin anew because somebody removed the file.

        One that was only cut short ends with what has been on air: it must not air again from its beginning.
        """
        entries = self._reader.entries
        if entries and entries[-1].n < self._taken - PREFETCH and not self._has_aired(entries[-1]):
            self._taken = 0
            self._tell(
                "air.playlist.renumbered",
                f"The playlist's numbers begin anew at {entries[0].n}; it airs from its beginning",
                "leave playlist files to the station while it runs",
            )

    def _ident_source(self) -> ClipSource | None:
        if (path := self._ident()) is None:
            return None
        return self._load(Entry(0, "ident", Kind.IDENT, "", 1, 1, None, 0, 0, "Station ident", str(path)))

    def _slate_source(self) -> Source:
        self._slates += 1
        gops = self._slate() * _LOOPS
        frames = len(gops) * self._form.gop
        self._tell_once(
            "air.filler.slate",
            "Nothing is ready to air; the slate fills in",
            "wait for the studio, or see what `webtv serve` says",
        )
        entry = Entry(0, "slate", Kind.SLATE, "", 1, 1, None, 0, frames, "Back in a moment", "")
        return ClipSource(entry, gops, None, _GOP_SAMPLES)

    def _usable(self, entry: Entry) -> bool:
        return entry.clip not in self._blocked and (self._folder / entry.file).is_file()

    def _load(self, entry: Entry, start: int = 0) -> ClipSource | None:
        if entry.clip in self._blocked:
            self._tell_once("air.clip.blocked", f"Clip {entry.clip} is blocked and was passed over", "")
            return None
        path = self._folder / entry.file
        try:
            clip = read_clip(read_whole(path), self._form, self._avcc, path.name, sound=self._passthrough)
        except Exception as error:  # whatever a file does to its reader, it must not reach the air
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _SHORT:
                self._short = True
                self._tell_once(
                    "air.files.short",
                    f"Clip {entry.clip} has to wait: {error.__cause__.strerror}",
                    "raise the limit of open files (ulimit -n) or free memory; it is tried again",
                    Severity.ERROR,
                )
                return None
            self._tell_once(
                "air.clip.unusable",
                f"Clip {entry.clip} was passed over: {error}",
                "restore the file from a backup, or let the rundown replace it",
                Severity.ERROR,
            )
            return None
        # What the file holds counts, not what the playlist says it holds.
        entry = replace(entry, frames=len(clip.gops) * self._form.gop)
        return ClipSource(entry, clip.gops, self._bed(entry), _GOP_SAMPLES, start, clip.sound)

    def _bed(self, entry: Entry) -> Track | None:
        if entry.bed is None or self._passthrough:
            return None
        if (known := self._beds.get(entry.bed)) is not None:
            return known
        title = entry.title

        def complain(why: str) -> None:
            self._tell_once(
                "air.bed.unusable",
                f"The bed of {title!r} cannot be read, it airs silent: {why}",
                "restore the file from a backup",
                Severity.ERROR,
            )

        path = self._folder / entry.bed
        try:
            # In memory, so that a disk that hangs does not silence what is on air; a very long one would
            # take too much of it for what it protects.
            data = read_whole(path) if not path.is_file() or path.stat().st_size <= _BED else None
            bed = Soundtrack(BedReader(path, data), complain)
        except Exception as error:  # as with clips
            complain(str(error))
            return None
        self._beds[entry.bed] = bed
        return bed

    def _tell_once(self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        """Say it once, and not every four seconds of a week."""
        subject = kind if kind in _DRY else message
        if subject not in self._complained:
            self._complained.add(subject)
            self._tell(kind, message, remedy, severity)

    def _tell(self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        self._events(Event(kind, message, severity, remedy, self._slug))
