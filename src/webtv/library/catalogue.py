"""The catalogue: sequences from plan to rerun, with their clips and beds.

A row never points at a file that is not in storage: add the file first, then the clip or bed.
"""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.clips.clip import Bed, Clip
from webtv.core.clock import Clock
from webtv.core.errors import InputError, InternalError
from webtv.db.database import Database
from webtv.db.tables import AiringRow, BedRow, ClipRow, RatingRow, SequenceRow
from webtv.library.plans import plan_from_json, plan_to_json
from webtv.library.records import ClipPage, SequenceRecord, SequenceState, SequenceStats, Totals
from webtv.library.rows import as_clip, records, sequence_stats, stats_query
from webtv.library.storage import BED, CLIP, POSTER, Storage
from webtv.prompts.sequence import SequencePlan

_AT_ONCE = 500  # clips of one read


class Catalogue:
    """What was planned and made.

    Args:
        database: the open database.
        storage: where the files are.
        clock: stamps plans and listings.
        ids: makes ids of sequences.
    """

    def __init__(self, database: Database, storage: Storage, clock: Clock, ids: Callable[[], str]) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._ids = ids

    # Making

    async def add_sequence(self, channel: str, plan: SequencePlan) -> str:
        """Take a plan in and return the id of its sequence."""
        row = SequenceRow(
            id=self._ids(),
            channel=channel,
            title=plan.title,
            plan=plan_to_json(plan),
            shots=len(plan.shots),
            seed=plan.seed,
            writer=plan.writer,
            state=SequenceState.PLANNED.value,
            created=self._clock.time(),
            reason="",
        )

        async def work(session: AsyncSession) -> None:
            session.add(row)

        await self._database.write(work)
        return row.id

    async def add_bed(self, sequence: str, bed: Bed) -> bool:
        """Take a sequence's bed in; one that it has already stays.

        Returns:
            Whether the sequence is now made and waits to be listed.

        Raises:
            InputError: there is no such sequence (evicted, perhaps).
            InternalError: the file is not in storage.
        """
        values = {
            "id": bed.id,
            "file": bed.file,
            "samples": bed.samples,
            "bytes": self._size(bed.file, BED),
            "provenance": dict(bed.provenance),
            "created": self._clock.time(),
        }

        async def work(session: AsyncSession) -> bool:
            row = await _known(session, sequence)
            if row.bed is None:
                await session.execute(insert(BedRow).values(values).on_conflict_do_nothing())
                row.bed = bed.id
                await session.flush()
            return await _advance(session, row)

        return await self._database.write(work)

    async def add_clip(self, clip: Clip) -> bool:
        """Take a clip in; one that is there already, by id or by place in its sequence, stays.

        Idents and slates have an empty ``sequence`` and stand alone.

        Returns:
            Whether its sequence is now made and waits to be listed.

        Raises:
            InputError: there is no such sequence (evicted, perhaps).
            InternalError: a file is not in storage.
        """
        values = {
            "id": clip.id,
            "channel": clip.channel,
            "sequence": clip.sequence or None,
            "position": clip.position,
            "of": clip.of,
            "title": clip.title,
            "prompt": clip.prompt,
            "file": clip.file,
            "poster": clip.poster,
            "format": clip.format,
            "frames": clip.frames,
            "bed": clip.bed,
            "bed_at": clip.bed_at,
            "bytes": self._size(clip.file, CLIP),
            "poster_bytes": self._size(clip.poster, POSTER),
            "created": clip.created,
            "label": clip.label,
            "provenance": dict(clip.provenance),
        }

        async def work(session: AsyncSession) -> bool:
            row = await _known(session, clip.sequence) if clip.sequence else None
            await session.execute(insert(ClipRow).values(values).on_conflict_do_nothing())
            return await _advance(session, row) if row else False

        return await self._database.write(work)

    async def fail_sequence(self, sequence: str, reason: str) -> None:
        """Give a sequence up; what was made of it is never listed and is evicted first."""
        await self._change(sequence, state=SequenceState.FAILED.value, reason=reason)

    # Airing

    async def mark_listed(self, sequence: str) -> None:
        """A sequence went into the playlist; the first time is what counts."""
        first = func.coalesce(SequenceRow.listed_at, self._clock.time())
        await self._change(sequence, state=SequenceState.LISTED.value, listed_at=first)

    async def mark_aired(self, sequence: str, at: float) -> None:
        """A sequence began to air; telling it again, or of an earlier time, changes nothing.

        Args:
            sequence: its id; one that was evicted meanwhile is passed over.
            at: when, seconds since 1970 UTC, as the as-run log says.
        """

        async def work(session: AsyncSession) -> None:
            row = await session.get(SequenceRow, sequence)
            if row is None:
                return
            await session.execute(
                insert(AiringRow)
                .values(sequence=sequence, channel=row.channel, last_aired=at, times=1)
                .on_conflict_do_update(
                    index_elements=["sequence"],
                    set_={"last_aired": at, "times": AiringRow.times + 1},
                    where=AiringRow.last_aired < at,
                )
            )

        await self._database.write(work)

    async def ready(self, channel: str, *, limit: int = 20) -> tuple[SequenceRecord, ...]:
        """Sequences that are made and not listed yet, oldest first."""
        return await self._sequences(channel, SequenceState.MADE, limit)

    async def planned(self, channel: str, *, limit: int = 100) -> tuple[SequenceRecord, ...]:
        """Sequences in the making, oldest first."""
        return await self._sequences(channel, SequenceState.PLANNED, limit)

    async def reruns(self, channel: str) -> tuple[SequenceStats, ...]:
        """Complete sequences that were listed before, longest unaired first."""
        query = stats_query().where(
            SequenceRow.channel == channel, SequenceRow.state == SequenceState.LISTED.value
        )
        found = [record for record in await self._stats(query) if record.complete]
        return tuple(sorted(found, key=lambda record: (record.last_aired or 0.0, record.id)))

    # Looking

    async def sequence(self, sequence: str) -> SequenceRecord | None:
        """One sequence with its clips and bed."""
        async with self._database.reading() as session:
            row = await session.get(SequenceRow, sequence)
            return (await records(session, [row]))[0] if row else None

    async def clip(self, clip: str) -> Clip | None:
        """One clip."""
        async with self._database.reading() as session:
            row = await session.get(ClipRow, clip)
        return as_clip(row) if row else None

    async def clips_by_id(self, ids: Collection[str]) -> dict[str, Clip]:
        """Those of many clips that are known, by id; a few reads, however many they are."""
        wanted = sorted(ids)
        found: dict[str, Clip] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(ClipRow).where(ClipRow.id.in_(wanted[start : start + _AT_ONCE]))
            async with self._database.reading() as session:
                found |= {row.id: as_clip(row) for row in await session.scalars(query)}
        return found

    async def clips(
        self, channel: str | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> ClipPage:
        """A page of clips that belong to sequences, newest first.

        Args:
            channel: slug; all channels without it.
            cursor: ``next`` of the page before.
            limit: clips a page.
        """
        query = select(ClipRow).where(ClipRow.sequence.is_not(None))
        if channel is not None:
            query = query.where(ClipRow.channel == channel)
        if cursor is not None:
            query = query.where(ClipRow.id < cursor)
        async with self._database.reading() as session:
            rows = (await session.scalars(query.order_by(ClipRow.id.desc()).limit(limit + 1))).all()
        page = tuple(as_clip(row) for row in rows[:limit])
        return ClipPage(page, page[-1].id if len(rows) > limit else None)

    async def recent_plans(self, channel: str, *, limit: int = 12) -> tuple[SequencePlan, ...]:
        """The latest plans of a channel, newest last: a writer's memory."""
        query = (
            select(SequenceRow.plan)
            .where(SequenceRow.channel == channel)
            .order_by(SequenceRow.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as session:
            plans = (await session.scalars(query)).all()
        return tuple(plan_from_json(plan) for plan in reversed(plans))

    async def totals(self, channel: str | None = None) -> Totals:
        """What the library holds, of one channel or altogether."""
        clips = select(
            func.count(),
            func.coalesce(func.sum(ClipRow.frames), 0),
            func.coalesce(func.sum(ClipRow.bytes + ClipRow.poster_bytes), 0),
        )
        beds = select(func.count(), func.coalesce(func.sum(BedRow.bytes), 0))
        states = select(SequenceRow.state, func.count()).group_by(SequenceRow.state)
        ratings = select(func.count()).select_from(RatingRow)
        if channel is not None:
            clips = clips.where(ClipRow.channel == channel)
            beds = beds.join(SequenceRow, SequenceRow.bed == BedRow.id).where(SequenceRow.channel == channel)
            states = states.where(SequenceRow.channel == channel)
            ratings = ratings.join(ClipRow, ClipRow.id == RatingRow.clip).where(ClipRow.channel == channel)
        async with self._database.reading() as session:
            clip_count, frames, clip_bytes = (await session.execute(clips)).one()
            bed_count, bed_bytes = (await session.execute(beds)).one()
            by_state = {SequenceState(state): number for state, number in await session.execute(states)}
            votes = await session.scalar(ratings) or 0
        return Totals(clip_count, frames, bed_count, by_state, clip_bytes + bed_bytes, votes)

    async def every(self) -> tuple[SequenceStats, ...]:
        """How all sequences fared, oldest first."""
        return tuple(await self._stats(stats_query()))

    async def _sequences(self, channel: str, state: SequenceState, limit: int) -> tuple[SequenceRecord, ...]:
        query = (
            select(SequenceRow)
            .where(SequenceRow.channel == channel, SequenceRow.state == state.value)
            .order_by(SequenceRow.id)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return tuple(await records(session, (await session.scalars(query)).all()))

    async def _stats(self, query: Select[Any]) -> list[SequenceStats]:
        async with self._database.reading() as session:
            return [sequence_stats(row) for row in await session.execute(query)]

    async def _change(self, sequence: str, **values: object) -> None:
        async def work(session: AsyncSession) -> None:
            await session.execute(update(SequenceRow).where(SequenceRow.id == sequence).values(**values))

        await self._database.write(work)

    def _size(self, sha: str, ext: str) -> int:
        path = self._storage.path(sha, ext)
        try:
            return path.stat().st_size
        except FileNotFoundError as error:
            raise InternalError("a file was catalogued before it was stored", place=path.name) from error


async def _known(session: AsyncSession, sequence: str) -> SequenceRow:
    row = await session.get(SequenceRow, sequence)
    if row is None:
        raise InputError("there is no such sequence", place=sequence)
    return row


async def _advance(session: AsyncSession, row: SequenceRow) -> bool:
    """Move a planned sequence on to made once everything is there."""
    clips = await session.scalar(select(func.count()).where(ClipRow.sequence == row.id))
    if row.state == SequenceState.PLANNED and row.bed is not None and clips == row.shots:
        row.state = SequenceState.MADE.value
        await session.flush()
    return row.state == SequenceState.MADE
