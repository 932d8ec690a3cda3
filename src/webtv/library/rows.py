"""Rows of the database as values."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.clips.clip import Bed, Clip
from webtv.db.tables import AiringRow, BedRow, ClipRow, RatingRow, SequenceRow
from webtv.library.plans import plan_from_json
from webtv.library.ratings import bayesian_mean
from webtv.library.records import SequenceRecord, SequenceState, SequenceStats


async def records(session: AsyncSession, rows: Sequence[SequenceRow]) -> list[SequenceRecord]:
    """Sequences with their clips and beds, in the given order."""
    if not rows:
        return []
    ours: ColumnElement[bool] = ClipRow.sequence.in_([row.id for row in rows])
    clips: dict[str | None, list[Clip]] = {row.id: [] for row in rows}
    for clip in await session.scalars(select(ClipRow).where(ours).order_by(ClipRow.position)):
        clips[clip.sequence].append(as_clip(clip))
    wanted = [row.bed for row in rows if row.bed is not None]
    found = await session.scalars(select(BedRow).where(BedRow.id.in_(wanted)))
    beds: dict[str | None, Bed] = {bed.id: as_bed(bed) for bed in found}
    return [
        SequenceRecord(
            id=row.id,
            channel=row.channel,
            plan=plan_from_json(row.plan),
            state=SequenceState(row.state),
            clips=tuple(clips[row.id]),
            bed=beds.get(row.bed),
            created=row.created,
            listed_at=row.listed_at,
            reason=row.reason,
        )
        for row in rows
    ]


def stats_query() -> Select[Any]:
    """Selects, oldest first, what :func:`sequence_stats` reads."""
    clips = (
        select(
            ClipRow.sequence,
            func.count().label("clips"),
            func.sum(ClipRow.frames).label("frames"),
            func.sum(ClipRow.bytes + ClipRow.poster_bytes).label("bytes"),
            func.max(ClipRow.created).label("newest"),
        )
        .group_by(ClipRow.sequence)
        .subquery()
    )
    votes = (
        select(ClipRow.sequence, func.count().label("votes"), func.sum(RatingRow.stars).label("total"))
        .join(RatingRow, RatingRow.clip == ClipRow.id)
        .group_by(ClipRow.sequence)
        .subquery()
    )
    # Column by column: a plan is by far the largest of them, and nobody chooses by it.
    columns: tuple[Any, ...] = (
        SequenceRow.id,
        SequenceRow.channel,
        SequenceRow.title,
        SequenceRow.state,
        SequenceRow.shots,
        SequenceRow.created,
        SequenceRow.listed_at,
        AiringRow.last_aired,
        AiringRow.times,
        BedRow.bytes.label("bed_bytes"),
        clips.c.clips,
        clips.c.frames,
        clips.c.bytes.label("clip_bytes"),
        clips.c.newest,
        votes.c.votes,
        votes.c.total,
    )
    return (
        select(*columns)
        .outerjoin(clips, clips.c.sequence == SequenceRow.id)
        .outerjoin(BedRow, BedRow.id == SequenceRow.bed)
        .outerjoin(AiringRow, AiringRow.sequence == SequenceRow.id)
        .outerjoin(votes, votes.c.sequence == SequenceRow.id)
        .order_by(SequenceRow.id)
    )


def sequence_stats(row: Row[Any]) -> SequenceStats:
    """How a sequence fared, from one row of :func:`stats_query`."""
    return SequenceStats(
        id=row.id,
        channel=row.channel,
        title=row.title,
        state=SequenceState(row.state),
        clips=row.clips or 0,
        frames=row.frames or 0,
        bytes=(row.clip_bytes or 0) + (row.bed_bytes or 0),
        complete=row.clips == row.shots and row.bed_bytes is not None,
        created=row.created,
        newest=max(row.created, row.newest or 0.0),
        listed_at=row.listed_at,
        last_aired=row.last_aired,
        times=row.times or 0,
        votes=row.votes or 0,
        stars=bayesian_mean(row.total or 0, row.votes or 0),
    )


def as_clip(row: ClipRow) -> Clip:
    """A clip from its row."""
    return Clip(
        id=row.id,
        channel=row.channel,
        sequence=row.sequence or "",
        position=row.position,
        of=row.of,
        title=row.title,
        prompt=row.prompt,
        file=row.file,
        poster=row.poster,
        format=row.format,
        frames=row.frames,
        bed=row.bed,
        bed_at=row.bed_at,
        bytes=row.bytes,
        created=row.created,
        label=row.label,
        provenance=row.provenance,
    )


def as_bed(row: BedRow) -> Bed:
    """A bed from its row."""
    return Bed(id=row.id, file=row.file, samples=row.samples, provenance=row.provenance)
