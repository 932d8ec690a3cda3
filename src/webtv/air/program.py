"""What airs next on one channel: the playlist, else the filler ladder (reruns, ident, slate)."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from webtv.air.blocked import BlockList
from webtv.air.clipsource import ClipSource, Gop, read_gops, read_whole
from webtv.air.cursor import Cursor
from webtv.air.reruns import RerunPool
from webtv.air.slice import Source, Track
from webtv.air.soundtrack import Soundtrack
from webtv.clips.bed import BedReader
from webtv.clips.clip import Kind
from webtv.core.errors import QualityError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, SAMPLE_RATE, HouseFormat
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

PREFETCH = 2  # clips whose bytes are in memory before they are due; the lock horizon ends behind them
_GOP_SAMPLES = GOP_SECONDS * SAMPLE_RATE
_BEDS_OPEN = 4
_SLATES = 8  # between two idents
_DRY = frozenset({"air.filler.reruns", "air.filler.slate"})  # said once per dry spell
_LOOPS = 2  # of the slate in one entry, so that the log gets fewer lines


class Slate(Protocol):
    """Where the slate's GOPs come from: made in memory at start."""

    def __call__(self) -> list[Gop]:
        """Whole GOPs in the channel's format; never empty."""
        ...


class Program:
    """Chooses and prefetches; never raises and never returns nothing.

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
        self._taken = after
        self._upcoming: deque[ClipSource] = deque()
        self._filler: deque[Entry] = deque()
        self._beds: OrderedDict[str, Track] = OrderedDict()
        self._complained: set[str] = set()
        self._slates = 0  # since the last ident

    @property
    def locked(self) -> int:
        """Number of the last entry that is already in memory; what follows may still be changed."""
        return self._taken

    @property
    def upcoming(self) -> list[Entry]:
        """Entries in memory, next first."""
        return [source.entry for source in tuple(self._upcoming)]

    def prepare(self) -> bool:
        """Look around before the channel begins; True if there is anything but ident and slate to air."""
        self.prefetch()
        return bool(self._upcoming or self._pool.next_sequence(self._usable))

    def resume(self, cursor: Cursor) -> Source | None:
        """The rest of what was on air when the last process ended; None if it cannot be had."""
        entry = cursor.entry
        if entry is None or entry.kind is Kind.SLATE:
            return None
        if not cursor.listed and entry.seq:
            # The head-end was amidst a rerun that it chose itself: that goes on, too.
            parts = self._pool.sequence(entry.seq)
            self._filler.extend(part.numbered(0, Kind.RERUN) for part in parts if part.pos > entry.pos)
        if cursor.entry_aired >= entry.frames:
            return None
        return self._load(entry, start=max(0, cursor.entry_aired) // self._form.gop)

    def prefetch(self) -> None:
        """Look at the playlist and read ahead; called when there is time."""
        self._blocked.refresh()
        if self._reader.refresh():
            self._mind_numbers()
        if any(source.entry.clip in self._blocked for source in self._upcoming):
            self._upcoming = deque(s for s in self._upcoming if s.entry.clip not in self._blocked)
        while len(self._upcoming) < PREFETCH and (entry := self._reader.after(self._taken)):
            self._taken = entry.n
            source = self._load(entry)
            if source is not None:
                self._upcoming.append(source)

    def next_source(self) -> Source:
        """What airs now. The ladder: rest of a rerun, playlist, rerun, ident, slate."""
        if self._filler and self._filler[0].pos > 1:  # a rerun that has begun airs whole
            source = self._next_filler()
            if source is not None:
                return source
        if source := self._next_listed():
            self._filler.clear()
            self._complained -= _DRY
            self._slates = 0
            return source
        if not self._filler:
            self._filler.extend(
                entry.numbered(0, Kind.RERUN) for entry in self._pool.next_sequence(self._usable)
            )
        source = self._next_filler()
        if source is not None:
            self._tell_once(
                "air.filler.reruns",
                "The playlist has run dry; a rerun fills in",
                "see whether `webtv serve` is running and what it says",
            )
        return source or self._ident_source() or self._slate_source()

    def is_blocked(self, entry: Entry) -> bool:
        """Whether what is on air must be cut."""
        self._blocked.refresh()
        return entry.clip in self._blocked and entry.kind is not Kind.SLATE

    def aired(self, entry: Entry, at: float) -> None:
        """An entry has gone out.

        Args:
            entry: which one.
            at: UTC second at which it began.
        """
        self._pool.aired(entry, at)

    def _mind_numbers(self) -> None:
        """Follow a playlist whose numbers begin anew because somebody removed the file."""
        entries = self._reader.entries
        if entries and entries[-1].n < self._taken - PREFETCH:
            self._taken = 0
            self._tell(
                "air.playlist.renumbered",
                f"The playlist's numbers begin anew at {entries[0].n}; it airs from its beginning",
                "leave playlist files to the station while it runs",
            )

    def _next_listed(self) -> ClipSource | None:
        while True:
            if not self._upcoming:
                self.prefetch()
            if not self._upcoming:
                return None
            source = self._upcoming.popleft()
            if not self.is_blocked(source.entry):
                return source

    def _next_filler(self) -> Source | None:
        while self._filler:
            source = self._load(self._filler.popleft())
            if source is not None:
                return source
        return None

    def _ident_source(self) -> Source | None:
        # Once in a while between slates, not in a loop: the slate says what is going on.
        if self._slates % _SLATES or (path := self._ident()) is None:
            return None
        self._slates += 1
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
            gops = read_gops(read_whole(path), self._form, self._avcc, path.name)
        except Exception as error:  # whatever a file does to its reader, it must not reach the air
            self._tell_once(
                "air.clip.unusable",
                f"Clip {entry.clip} was passed over: {error}",
                "restore the file from a backup, or let the rundown replace it",
                Severity.ERROR,
            )
            return None
        # What the file holds counts, not what the playlist says it holds.
        entry = replace(entry, frames=len(gops) * self._form.gop)
        return ClipSource(entry, gops, self._bed(entry), _GOP_SAMPLES, start)

    def _bed(self, entry: Entry) -> Track | None:
        if entry.bed is None:
            return None
        if entry.bed in self._beds:
            self._beds.move_to_end(entry.bed)
            return self._beds[entry.bed]
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
            if path.exists() and not path.is_file():  # opening a pipe would wait for ever
                raise QualityError("it is no file", place=path.name)
            bed = Soundtrack(BedReader(path), complain)
        except Exception as error:  # as with clips
            complain(str(error))
            return None
        self._beds[entry.bed] = bed
        while len(self._beds) > _BEDS_OPEN:
            # Not closed here: the mixer may still be fading it out; it goes when nobody holds it.
            self._beds.popitem(last=False)
        return bed

    def _tell_once(self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        """Say it once, and not every four seconds of a week."""
        subject = kind if kind in _DRY else message
        if subject not in self._complained:
            self._complained.add(subject)
            self._tell(kind, message, remedy, severity)

    def _tell(self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        self._events(Event(kind, message, severity, remedy, self._slug))
