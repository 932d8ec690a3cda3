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
from webtv.clips.bed import BedReader
from webtv.clips.clip import Kind
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, SAMPLE_RATE, HouseFormat
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

PREFETCH = 2  # clips whose bytes are in memory before they are due; the lock horizon ends behind them
_GOP_SAMPLES = GOP_SECONDS * SAMPLE_RATE
_BEDS_OPEN = 4


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
        pool: reruns for when the playlist has run dry.
        blocked: what must not air.
        slate: the last rung of the ladder.
        ident: path of the channel's ident, or None.
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
        self._beds: OrderedDict[str, BedReader] = OrderedDict()
        self._complained: set[str] = set()
        self._ident_due = True

    @property
    def locked(self) -> int:
        """Number of the last entry that is already in memory; what follows may still be changed."""
        return self._taken

    @property
    def upcoming(self) -> list[Entry]:
        """Entries in memory, next first."""
        return [source.entry for source in self._upcoming]

    def resume(self, cursor: Cursor) -> Source | None:
        """The rest of what was on air when the last process ended; None if it cannot be had."""
        entry = cursor.entry
        if entry is None or entry.kind is Kind.SLATE or cursor.entry_aired >= entry.frames:
            return None
        return self._load(entry, start=max(0, cursor.entry_aired) // self._form.gop)

    def prefetch(self) -> None:
        """Look at the playlist and read ahead."""
        self._blocked.refresh()
        if self._reader.refresh():
            self._pool.learn(self._reader.entries[-2000:])
        if any(source.entry.clip in self._blocked for source in self._upcoming):
            self._upcoming = deque(s for s in self._upcoming if s.entry.clip not in self._blocked)
        while len(self._upcoming) < PREFETCH and (entry := self._reader.after(self._taken)):
            self._taken = entry.n
            source = self._load(entry)
            if source is not None:
                self._upcoming.append(source)

    def next_source(self) -> Source:
        """What airs now. The ladder: playlist, rest of a rerun, rerun, ident, slate."""
        self.prefetch()
        if self._filler and self._filler[0].pos > 1:  # a rerun that has begun airs whole
            source = self._next_filler()
            if source is not None:
                return source
        if self._upcoming:
            self._filler.clear()
            self._ident_due = True
            self._complained.clear()
            return self._upcoming.popleft()
        if not self._filler:
            self._filler.extend(
                entry.numbered(0, Kind.RERUN) for entry in self._pool.next_sequence(self._usable)
            )
            if self._filler:
                self._tell(
                    "air.filler.reruns",
                    "The playlist has run dry; a rerun fills in",
                    "see whether `webtv serve` is running and what it says",
                )
        return self._next_filler() or self._ident_source() or self._slate_source()

    def is_blocked(self, entry: Entry) -> bool:
        """Whether what is on air must be cut."""
        self._blocked.refresh()
        return entry.clip in self._blocked

    def aired(self, entry: Entry) -> None:
        """An entry has gone out."""
        self._pool.aired(entry.seq)

    def _next_filler(self) -> Source | None:
        while self._filler:
            source = self._load(self._filler.popleft())
            if source is not None:
                return source
        return None

    def _ident_source(self) -> Source | None:
        # Once between slates, not in a loop: the slate says what is going on.
        if not self._ident_due or (path := self._ident()) is None:
            return None
        self._ident_due = False
        entry = Entry(0, "ident", Kind.IDENT, "", 1, 1, None, 0, 0, "Station ident", str(path))
        return self._load(entry)

    def _slate_source(self) -> Source:
        self._ident_due = True
        gops = self._slate()
        frames = len(gops) * self._form.gop
        entry = Entry(0, "slate", Kind.SLATE, "", 1, 1, None, 0, frames, "Back in a moment", "")
        self._tell(
            "air.filler.slate",
            "Nothing is ready to air; the slate fills in",
            "wait for the studio, or see what `webtv serve` says",
        )
        return ClipSource(entry, gops, None, _GOP_SAMPLES)

    def _usable(self, entry: Entry) -> bool:
        return entry.clip not in self._blocked and (self._folder / entry.file).is_file()

    def _load(self, entry: Entry, start: int = 0) -> ClipSource | None:
        if entry.clip in self._blocked:
            self._tell("air.clip.blocked", f"Clip {entry.clip} is blocked and was passed over", "")
            return None
        path = self._folder / entry.file
        try:
            gops = read_gops(read_whole(path), self._form, self._avcc, path.name)
        except WebTVError as error:
            self._tell(
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
        try:
            bed = BedReader(self._folder / entry.bed)
        except (WebTVError, OSError) as error:
            self._tell(
                "air.bed.unusable",
                f"The bed of {entry.title!r} cannot be read, it airs silent: {error}",
                "restore the file from a backup",
                Severity.ERROR,
            )
            return None
        self._beds[entry.bed] = bed
        while len(self._beds) > _BEDS_OPEN:
            # Not closed here: the mixer may still be fading it out; it goes when nobody holds it.
            self._beds.popitem(last=False)
        return bed

    def _tell(self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        if kind.startswith("air.filler."):
            # Said once per dry spell, not every four seconds of a week.
            if kind in self._complained:
                return
            self._complained.add(kind)
        self._events(Event(kind, message, severity, remedy, self._slug))
