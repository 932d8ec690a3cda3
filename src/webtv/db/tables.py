"""Every table of the control plane. Times are seconds since 1970 UTC; ids are 13 characters sorting by time.

A change here goes with a migration: ``python -m webtv.db "what changes"`` drafts one. A test holds
that the migrations build exactly these tables.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON(none_as_null=True), Any: JSON()}  # noqa: RUF012


class BedRow(Table):
    """The sound of one sequence."""

    __tablename__ = "beds"

    id: Mapped[str] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(index=True)
    samples: Mapped[int]
    bytes: Mapped[int]
    provenance: Mapped[dict[str, Any]]
    created: Mapped[float]


class SequenceRow(Table):
    """A planned, made, listed or failed sequence."""

    __tablename__ = "sequences"
    __table_args__ = (Index("ix_sequences_channel_state_id", "channel", "state", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    title: Mapped[str]
    plan: Mapped[dict[str, Any]]
    shots: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    writer: Mapped[str]
    state: Mapped[str]
    bed: Mapped[str | None] = mapped_column(ForeignKey("beds.id", ondelete="SET NULL"), index=True)
    created: Mapped[float]
    listed_at: Mapped[float | None]
    reason: Mapped[str]  # why it failed


class ClipRow(Table):
    """A finished clip; ``sequence`` is null for idents and slates."""

    __tablename__ = "clips"
    __table_args__ = (
        UniqueConstraint("sequence", "position"),
        Index("ix_clips_channel_id", "channel", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    sequence: Mapped[str | None] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"))
    position: Mapped[int]
    of: Mapped[int]
    title: Mapped[str]
    prompt: Mapped[str]
    file: Mapped[str] = mapped_column(index=True)
    poster: Mapped[str] = mapped_column(index=True)
    format: Mapped[str]
    frames: Mapped[int]
    bed: Mapped[str | None] = mapped_column(ForeignKey("beds.id", ondelete="SET NULL"), index=True)
    bed_at: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int]
    poster_bytes: Mapped[int]
    created: Mapped[float]
    label: Mapped[str]
    provenance: Mapped[dict[str, Any]]


class AiringRow(Table):
    """When a sequence aired: last, and how often."""

    __tablename__ = "airings"

    sequence: Mapped[str] = mapped_column(ForeignKey("sequences.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str]
    last_aired: Mapped[float]
    times: Mapped[int]


class RatingRow(Table):
    """One viewer's stars for one clip."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),)

    clip: Mapped[str] = mapped_column(ForeignKey("clips.id", ondelete="CASCADE"), primary_key=True)
    viewer: Mapped[str] = mapped_column(primary_key=True)
    stars: Mapped[int]
    at: Mapped[float]


class ViewerRow(Table):
    """Who watches what now: the latest sign of life of a viewer's session on a channel."""

    __tablename__ = "viewers"

    viewer: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    last_seen: Mapped[float] = mapped_column(index=True)


class EventRow(Table):
    """Something that happened; the latest ones are kept."""

    __tablename__ = "events"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    kind: Mapped[str]
    severity: Mapped[str]
    channel: Mapped[str | None]
    message: Mapped[str]
    remedy: Mapped[str]
    data: Mapped[dict[str, Any]]


class NoteRow(Table):
    """A small value under a name: a channel's memory, a seed counter."""

    __tablename__ = "notes"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any]
    at: Mapped[float]


class JobRow(Table):
    """A job of the ledger; see :mod:`webtv.engine.jobs` for what each field means."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_pool_rank_id", "state", "pool", "rank", "id"),
        Index("ix_jobs_group_id", "group", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    channel: Mapped[str]
    group: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]
    rank: Mapped[int]  # minus the priority, so that one index yields highest first, then oldest
    attempts: Mapped[int]
    max_attempts: Mapped[int]
    token: Mapped[int]  # counts leases and never falls: the fence against stale workers
    not_before: Mapped[float]
    lease_owner: Mapped[str | None] = mapped_column(index=True)
    lease_until: Mapped[float | None]
    heartbeat: Mapped[float | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    created: Mapped[float]
    ended: Mapped[float | None]
    pool: Mapped[str] = mapped_column(server_default="cores")
    take: Mapped[int] = mapped_column(server_default="1")
    progress: Mapped[dict[str, Any] | None]


class EditRow(Table):
    """An edit of a channel's rundown; see :mod:`webtv.engine.edits` for what each field means."""

    __tablename__ = "edits"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    action: Mapped[str]
    seq: Mapped[str]
    before: Mapped[str]
    asked: Mapped[float]
    begun: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[dict[str, Any]]
