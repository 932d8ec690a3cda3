"""Making room: whole sequences go, the oldest and least liked first; never what is about to air."""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.db.database import Database
from webtv.db.tables import BedRow, ClipRow, SequenceRow
from webtv.library.catalogue import Catalogue
from webtv.library.ratings import PRIOR_STARS
from webtv.library.records import SequenceState, SequenceStats
from webtv.library.storage import BED, CLIP, PICTURE, POSTER, Storage, StoredFile

_CARRIED = ("image", "hands_on")  # of a clip's provenance: pictures that a sequence carries on
_SOUND = "sound"  # of a card's: what is heard with it
KEEP_SECONDS = 48 * 3600.0
KEEP_AT_LEAST = 2 * 3600.0
"""What stays even where the budget does not hold two days: docs/decisions/0009."""
STAR_SECONDS = 7 * 86400.0
"""A star more in the mean makes up for a week of age."""

ORPHAN_SECONDS = 7 * 86400.0
CARD_SECONDS = 86400.0
"""How long a card that told what comes next is kept; it is made again if its sequence comes again."""

_File = tuple[str, str]


def choose(
    sequences: Iterable[SequenceStats],
    need: int,
    *,
    now: float,
    protected: Collection[str] = (),
    keep: float = KEEP_SECONDS,
) -> list[SequenceStats]:
    """Choose what to evict, in that order; a pure function.

    Failed sequences go first. Of the others age decides, and a star more than the usual three makes a
    sequence a week younger.

    Args:
        sequences: everything there is.
        need: bytes to free; no more is chosen than that takes.
        now: seconds since 1970 UTC.
        protected: ids of sequences that must stay: in the playlist. What is in the making stays anyway.
        keep: seconds for which everything new stays, whatever the need.
    """
    free = [
        each
        for each in sequences
        if each.id not in protected
        and each.state is not SequenceState.PLANNED
        and now - _newest(each) > keep
        and each.bytes
    ]
    chosen: list[SequenceStats] = []
    for each in sorted(
        free, key=lambda each: (each.state is not SequenceState.FAILED, _worth(each), each.id)
    ):
        if need <= 0:
            break
        chosen.append(each)
        need -= each.bytes
    return chosen


@dataclass(frozen=True, slots=True)
class Evicted:
    """What an eviction did.

    Attributes:
        sequences: number of sequences that are gone.
        bytes: room that this made.
    """

    sequences: int
    bytes: int


class Eviction:
    """Carries evictions out: the rows go in one transaction, then the files.

    Args:
        database: the open database.
        catalogue: tells what there is.
        storage: where the files are.
        clock: decides what is new.
        keep: seconds for which everything new stays, if there is room for so much.
        at_least: seconds for which it stays in any case.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        storage: Storage,
        clock: Clock,
        *,
        keep: float = KEEP_SECONDS,
        at_least: float = KEEP_AT_LEAST,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._storage = storage
        self._clock = clock
        self._keep = keep
        self._at_least = min(keep, at_least)

    async def make_room(self, need: int, protected_clips: Collection[str]) -> Evicted:
        """Free so many bytes, or as many as may be freed.

        Args:
            need: bytes.
            protected_clips: ids of clips that must stay, their whole sequences with them: everything in a
                playlist ahead of a cursor. List nothing else before this returns.
        """
        if need <= 0:
            return Evicted(0, 0)
        sequences = await self._catalogue.every()
        protected = await self._sequences_of(protected_clips)
        now = self._clock.time()
        chosen = choose(sequences, need, now=now, protected=protected, keep=self._keep)
        if sum(each.bytes for each in chosen) < need:
            # The budget does not hold what is made in two days: better to go on making than to rest for one.
            chosen = choose(sequences, need, now=now, protected=protected, keep=self._at_least)
        files = await self._database.write(lambda session: _forget(session, [each.id for each in chosen]))
        # A crash between rows and files leaves files without rows, which `sweep` finds; never the reverse.
        for sha, ext in files:
            await self._storage.remove(sha, ext)
        return Evicted(len(chosen), sum(each.bytes for each in chosen))

    async def sweep(self, older_than: float = ORPHAN_SECONDS, protected_files: Collection[str] = ()) -> int:
        """Remove files that no row names and that have lain there for long; returns their bytes.

        A file without a row may belong to a finished job that nobody has catalogued yet, hence the age.

        Args:
            older_than: seconds that a file must have lain there.
            protected_files: SHA-256 of files that stay anyway: a playlist outlives a database that is lost.
        """
        freed = await self._forget_cards(protected_files)
        for file in await asyncio.to_thread(self._old, self._clock.time() - older_than):
            if file.sha in protected_files:
                continue
            async with self._database.reading() as session:
                if await _named(session, file.sha):
                    continue
            if await self._storage.remove(file.sha, file.ext):
                freed += file.bytes
        return freed

    async def _forget_cards(self, protected_files: Collection[str]) -> int:
        """Remove cards that told what comes next, long after that; returns their bytes."""
        before = self._clock.time() - CARD_SECONDS

        async def work(session: AsyncSession) -> list[_File]:
            query = select(ClipRow).where(
                ClipRow.sequence.is_(None),
                ClipRow.created < before,
                ClipRow.provenance["kind"].as_string() == "next",
            )
            gone = [row for row in await session.scalars(query) if row.file not in protected_files]
            files = [pair for row in gone for pair in ((row.file, CLIP), (row.poster, POSTER))]
            files += [(str(row.provenance[_SOUND]), BED) for row in gone if row.provenance.get(_SOUND)]
            for row in gone:
                await session.delete(row)
            await session.flush()
            return [file for file in dict.fromkeys(files) if not await _named(session, file[0])]

        freed = 0
        for sha, ext in await self._database.write(work):
            path = self._storage.path(sha, ext)
            size = path.stat().st_size if path.is_file() else 0
            freed += size if await self._storage.remove(sha, ext) else 0
        return freed

    def _old(self, before: float) -> list[StoredFile]:
        found: list[StoredFile] = []
        for file in self._storage.files():
            with contextlib.suppress(FileNotFoundError):  # removed while we look
                if file.path.stat().st_mtime < before:
                    found.append(file)
        return found

    async def _sequences_of(self, clips: Collection[str]) -> set[str]:
        found: set[str] = set()
        wanted = list(clips)
        async with self._database.reading() as session:
            for start in range(0, len(wanted), 500):  # SQLite bounds the variables of a statement
                query = select(ClipRow.sequence).where(ClipRow.id.in_(wanted[start : start + 500]))
                found.update(sequence for sequence in await session.scalars(query) if sequence)
        return found


def _newest(each: SequenceStats) -> float:
    return max(each.newest, each.listed_at or 0.0)


def _worth(each: SequenceStats) -> float:
    return _newest(each) + (each.stars - PRIOR_STARS) * STAR_SECONDS


async def _forget(session: AsyncSession, sequences: Sequence[str]) -> list[_File]:
    """Delete sequences with clips, ratings, airings and beds; return the files that nobody names any more."""
    files: list[_File] = []
    for sequence in sequences:
        row = await session.get(SequenceRow, sequence)
        if row is None:
            continue
        bed = await session.get(BedRow, row.bed) if row.bed else None
        clips = (await session.scalars(select(ClipRow).where(ClipRow.sequence == sequence))).all()
        for clip in clips:
            files += [(clip.file, CLIP), (clip.poster, POSTER)]
            files += [(sha, PICTURE) for sha in _pictures(clip.provenance)]
        await session.execute(delete(SequenceRow).where(SequenceRow.id == sequence))
        if bed is not None:
            files.append((bed.file, BED))
            await session.execute(delete(BedRow).where(BedRow.id == bed.id))
    return [file for file in dict.fromkeys(files) if not await _named(session, file[0])]


def _pictures(provenance: Mapping[str, Any]) -> list[str]:
    """SHA-256 of the pictures that a clip began with and hands on."""
    return [str(provenance[key]) for key in _CARRIED if provenance.get(key)]


async def _named(session: AsyncSession, sha: str) -> bool:
    clip: ColumnElement[bool] = exists().where(or_(ClipRow.file == sha, ClipRow.poster == sha))
    bed: ColumnElement[bool] = exists().where(BedRow.file == sha)
    carried: ColumnElement[bool] = exists().where(
        or_(*(ClipRow.provenance[key].as_string() == sha for key in (*_CARRIED, _SOUND)))
    )
    return bool(await session.scalar(select(or_(clip, bed)))) or bool(await session.scalar(select(carried)))
