"""The shelf: what a channel may rerun, best rested first; looked up seldom, as it changes seldom."""

from collections.abc import Collection
from pathlib import Path

from webtv.clips.clip import Clip, Kind
from webtv.core.clock import Clock
from webtv.library.catalogue import Catalogue
from webtv.library.records import SequenceRecord, SequenceStats
from webtv.library.storage import BED, CLIP, Storage
from webtv.playlist.entry import Entry
from webtv.playlist.rundown import Candidate, Programme

_GOOD_FOR = 60.0  # seconds; new ratings and evictions are seen within that time
_PROGRAMMES = 1000


class Shelf:
    """The finished sequences of one channel as programmes.

    Args:
        slug: the channel.
        data: the station's data folder.
        catalogue: knows them.
        storage: tells where their files are.
        clock: decides when to look again.
    """

    def __init__(
        self, slug: str, data: Path, *, catalogue: Catalogue, storage: Storage, clock: Clock
    ) -> None:
        self._slug = slug
        self._data = data
        self._catalogue = catalogue
        self._storage = storage
        self._clock = clock
        self._stats: tuple[SequenceStats, ...] = ()
        self._until = clock.monotonic()
        self._aired: dict[str, float] = {}
        self._programmes: dict[str, Programme] = {}

    def forget(self) -> None:
        """Look anew next time: something was listed, or is gone."""
        self._until = self._clock.monotonic()

    def aired(self, sequence: str, at: float) -> None:
        """A sequence began to air."""
        self._aired[sequence] = max(at, self._aired.get(sequence, 0.0))

    async def candidates(self, frames: int, form: str, busy: Collection[str]) -> list[Candidate]:
        """The best rested sequences, until there is enough of those that are not busy.

        Args:
            frames: how much is wanted.
            form: name of the channel's house format; clips of another one cannot be spliced.
            busy: ids of sequences that lie ahead in the playlist; they are candidates but do not count.
        """
        if self._clock.monotonic() >= self._until:
            self._stats = await self._catalogue.reruns(self._slug)
            self._until = self._clock.monotonic() + _GOOD_FOR
            self._aired = {each.id: self._aired[each.id] for each in self._stats if each.id in self._aired}
        found: list[Candidate] = []
        for each in sorted(self._stats, key=lambda each: (self._rested_since(each), each.id)):
            if frames <= 0:
                break
            programme = await self._programme(each.id, form)
            if programme is None or not self.is_there(programme):
                continue
            found.append(Candidate(programme, self._rested_since(each), each.stars))
            if each.id not in busy:
                frames -= programme.frames
        return found

    def programme(self, record: SequenceRecord, kind: Kind) -> Programme:
        """A finished sequence as playlist entries without numbers."""
        bed = self._relative(record.bed.file, BED) if record.bed else None
        return Programme(record.id, tuple(self._entry(clip, bed, kind) for clip in record.clips))

    def is_there(self, programme: Programme) -> bool:
        """Whether its clips are still in storage: what is remembered may have been evicted since."""
        folder = self._data / "playlists"
        return all((folder / entry.file).is_file() for entry in programme.entries)

    def _rested_since(self, each: SequenceStats) -> float:
        # Listed and never aired counts as aired when it was listed.
        known = each.last_aired or each.listed_at or each.created
        return max(known, self._aired.get(each.id, 0.0))

    async def _programme(self, sequence: str, form: str) -> Programme | None:
        if sequence not in self._programmes:
            record = await self._catalogue.sequence(sequence)
            if record is None or not record.complete or any(clip.format != form for clip in record.clips):
                return None
            if len(self._programmes) >= _PROGRAMMES:
                del self._programmes[next(iter(self._programmes))]
            self._programmes[sequence] = self.programme(record, Kind.RERUN)
        return self._programmes[sequence]

    def _entry(self, clip: Clip, bed: str | None, kind: Kind) -> Entry:
        return Entry(
            n=0,
            clip=clip.id,
            kind=kind,
            seq=clip.sequence,
            pos=clip.position,
            of=clip.of,
            bed=bed,
            bed_at=clip.bed_at,
            frames=clip.frames,
            title=clip.title,
            file=self._relative(clip.file, CLIP),
        )

    def _relative(self, sha: str, ext: str) -> str:
        return f"../{self._storage.path(sha, ext).relative_to(self._data).as_posix()}"
