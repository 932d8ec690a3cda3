"""The ledger's table: what its changes and questions have in common."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Update, case, literal, select, update

from webtv.db.tables import JobRow
from webtv.engine.jobs import WORKER_DIED, Job, JobState

OPEN = (JobState.QUEUED, JobState.LEASED)
FINAL = (JobState.DONE, JobState.FAILED)
FREE: Mapping[str, Any] = {"lease_owner": None, "lease_until": None, "heartbeat": None, "progress": None}
LEASED = select(JobRow.id, JobRow.token, JobRow.lease_owner, JobRow.heartbeat).where(
    JobRow.state == JobState.LEASED
)
"""Asks for leases, as :class:`webtv.engine.leases.Held` takes them."""


def held(job: Job, owner: str) -> Update:
    """A change to a job for as long as this very lease holds."""
    return update(JobRow).where(
        JobRow.id == job.id,
        JobRow.state == JobState.LEASED,
        JobRow.lease_owner == owner,
        JobRow.token == job.token,
    )


def reclaimed(now: float) -> Update:
    """Takes leased jobs away from owners that cannot go on: queued again, or failed if attempts are spent."""
    spent = JobRow.attempts >= JobRow.max_attempts
    died = literal(WORKER_DIED, JobRow.__table__.c.error.type)
    return (
        update(JobRow)
        .where(JobRow.state == JobState.LEASED)
        .values(
            state=case((spent, JobState.FAILED), else_=JobState.QUEUED),
            error=case((spent, died), else_=JobRow.error),
            ended=case((spent, now), else_=None),
            **FREE,
        )
    )


def conditions(**wanted: str | None) -> list[ColumnElement[bool]]:
    """Columns by name, each equal to what is wanted; None wants nothing."""
    return [getattr(JobRow, name) == value for name, value in wanted.items() if value is not None]


def job_of(row: JobRow) -> Job:
    """A row as a value."""
    return Job(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        group=row.group,
        key=row.key,
        payload=row.payload,
        state=JobState(row.state),
        priority=-row.rank,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        token=row.token,
        not_before=row.not_before,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        heartbeat=row.heartbeat,
        result=row.result,
        error=row.error,
        created=row.created,
        ended=row.ended,
        pool=row.pool,
        take=row.take,
        progress=row.progress,
    )
