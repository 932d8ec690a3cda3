"""The job ledger: durable, leased, idempotent. Whoever dies, no work is lost and none is done twice at once.

Contract suite: ``tests/engine/ledger_contract.py``; shipped fake:
:class:`webtv.testing.engine.MemoryLedger`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.core.errors import Category, WebTVError
from webtv.db.database import Database
from webtv.db.tables import JobRow
from webtv.engine.jobs import CANCELLED, CORES, Count, Job, JobState, NewJob, describe
from webtv.engine.leases import Held, IsAlive, Overdue
from webtv.engine.ledger_rows import FINAL, FREE, LEASED, OPEN, conditions, held, job_of, reclaimed


class Ledger(Protocol):
    """What is to be done, by whom, and what came of it."""

    async def enqueue(self, jobs: Iterable[NewJob]) -> tuple[Job, ...]:
        """Add jobs; one whose content key is known already stays as it is.

        Returns:
            The jobs as they now stand in the ledger, in the given order: new, under way or long done.
        """
        ...

    async def lease(
        self,
        owner: str,
        kinds: Sequence[str],
        seconds: float,
        pool: str = CORES,
        *,
        except_ids: Collection[str] = (),
    ) -> Job | None:
        """Take the job of highest priority, then the oldest, of these kinds and of this pool.

        It is leased for so many seconds.

        A lease that ended without a result is given out again, unless the job has used up its attempts; not
        so those in ``except_ids``, which the owner is at, and those of other owners that are known to live
        (:class:`webtv.engine.leases.Overdue`): their clock was set, or the machine slept.
        A caller that is cancelled meanwhile may own a job unknowingly: :meth:`release_owner` on the way out.

        Returns:
            The job, now owned, or None if there is nothing to do at present.
        """
        ...

    async def heartbeat(
        self, job: Job, owner: str, seconds: float, progress: Mapping[str, Any] | None = None
    ) -> bool:
        """Extend a lease to so many seconds from now.

        Args:
            job: as leased.
            owner: who leased it.
            seconds: from now.
            progress: how far the work is; None leaves what was told before. Gone with the lease.

        Returns:
            False if the job is no longer the owner's: stop working on it.
        """
        ...

    async def complete(self, job: Job, owner: str, result: Mapping[str, Any]) -> bool:
        """Hand in a result. Survives cancellation of the caller.

        Returns:
            False if the job is no longer the owner's: the result was not taken.
        """
        ...

    async def fail(self, job: Job, owner: str, error: BaseException, retry_at: float | None) -> bool:
        """Report a failure: tried again from ``retry_at`` on, or failed for good if it is None.

        A failed check moves the job on to its next take; any other failure asks for the same one again.

        Returns:
            False if the job is no longer the owner's.
        """
        ...

    async def release_owner(self, owner: str) -> int:
        """Give back all that an owner holds, in good order: its attempts do not count.

        Returns:
            Number of jobs released.
        """
        ...

    async def release_dead(self, is_alive: Callable[[str], bool]) -> int:
        """Take back at once what owners hold who are known dead; a job that used up its attempts fails.

        Args:
            is_alive: tells whether an owner lives; see :func:`webtv.engine.owners.owner_is_alive`.

        Returns:
            Number of jobs taken back.
        """
        ...

    async def cancel(self, *, job: str | None = None, group: str | None = None) -> int:
        """Fail for good, as cancelled, one job or a group; whoever works on it learns by heartbeat.

        Returns:
            Number of jobs cancelled; final ones stay as they are.
        """
        ...

    async def get(self, job: str) -> Job | None:
        """One job by its id."""
        ...

    async def find(
        self,
        *,
        group: str | None = None,
        channel: str | None = None,
        kind: str | None = None,
        pool: str | None = None,
        states: Sequence[JobState] = (),
        limit: int = 1000,
    ) -> tuple[Job, ...]:
        """Jobs that match everything given, oldest first."""
        ...

    async def counts(self) -> tuple[Count, ...]:
        """How many jobs there are by channel, kind, state and pool, sorted."""
        ...

    async def forget(self, before: float) -> int:
        """Delete final jobs that ended before that time; their keys may be enqueued again.

        Returns:
            Number of jobs deleted.
        """
        ...


class SqlLedger:
    """The ledger in the station's database; any number of processes may work on it.

    Args:
        database: the open database.
        clock: wall time decides over leases; all processes of a machine share it.
        ids: makes job ids.
        is_alive: tells whether an owner lives; without it each lease ends by its time alone.
    """

    def __init__(
        self, database: Database, clock: Clock, ids: Callable[[], str], is_alive: IsAlive | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._overdue = Overdue(clock, is_alive)

    async def enqueue(self, jobs: Iterable[NewJob]) -> tuple[Job, ...]:
        """Add jobs; see :class:`Ledger`."""
        wanted = list(jobs)
        if not wanted:
            return ()
        now = self._clock.time()
        rows = [
            {
                "id": self._ids(),
                "kind": job.kind,
                "channel": job.channel,
                "group": job.group,
                "key": job.key,
                "payload": dict(job.payload),
                "state": JobState.QUEUED,
                "rank": -job.priority,
                "attempts": 0,
                "max_attempts": job.max_attempts,
                "token": 0,
                "not_before": job.not_before,
                "created": now,
                "pool": job.pool,
            }
            for job in wanted
        ]

        async def work(session: AsyncSession) -> dict[str, Job]:
            await session.execute(insert(JobRow).on_conflict_do_nothing(index_elements=["key"]), rows)
            stored = await session.scalars(select(JobRow).where(JobRow.key.in_([job.key for job in wanted])))
            return {row.key: job_of(row) for row in stored}

        found = await self._database.write(work)
        return tuple(found[job.key] for job in wanted)

    async def lease(
        self,
        owner: str,
        kinds: Sequence[str],
        seconds: float,
        pool: str = CORES,
        *,
        except_ids: Collection[str] = (),
    ) -> Job | None:
        """Take a job; see :class:`Ledger`."""

        async def work(session: AsyncSession) -> Job | None:
            now = self._clock.time()  # read under the lock: waiting for it may have taken a while
            ended = await session.execute(LEASED.where(JobRow.lease_until <= now))
            if lost := self._overdue.lost([Held(*row) for row in ended], owner, except_ids):
                await session.execute(reclaimed(now).where(JobRow.id.in_(lost)))
            candidate = (
                select(JobRow.id)
                .where(
                    JobRow.state == JobState.QUEUED,
                    JobRow.pool == pool,
                    JobRow.not_before <= now,
                    JobRow.kind.in_(kinds),
                )
                .order_by(JobRow.rank, JobRow.id)
                .limit(1)
            )
            taken = await session.scalars(
                update(JobRow)
                .where(JobRow.id == candidate.scalar_subquery())
                .values(
                    state=JobState.LEASED,
                    attempts=JobRow.attempts + 1,
                    token=JobRow.token + 1,
                    lease_owner=owner,
                    lease_until=now + seconds,
                    heartbeat=now,
                )
                .returning(JobRow)
            )
            row = taken.one_or_none()
            return job_of(row) if row else None

        return await self._database.write(work)

    async def heartbeat(
        self, job: Job, owner: str, seconds: float, progress: Mapping[str, Any] | None = None
    ) -> bool:
        """Extend a lease; see :class:`Ledger`."""
        now = self._clock.time()
        change = held(job, owner).values(lease_until=now + seconds, heartbeat=now)
        if progress is not None:
            change = change.values(progress=dict(progress))
        return await self._change(change) == 1

    async def complete(self, job: Job, owner: str, result: Mapping[str, Any]) -> bool:
        """Hand in a result; see :class:`Ledger`."""
        change = held(job, owner).values(
            state=JobState.DONE, result=dict(result), error=None, ended=self._clock.time(), **FREE
        )
        return await self._change(change) == 1

    async def fail(self, job: Job, owner: str, error: BaseException, retry_at: float | None) -> bool:
        """Report a failure; see :class:`Ledger`."""
        change = held(job, owner).values(error=describe(error), **FREE)
        if retry_at is None:
            change = change.values(state=JobState.FAILED, ended=self._clock.time())
        else:
            refused = isinstance(error, WebTVError) and error.category is Category.QUALITY
            change = change.values(
                state=JobState.QUEUED, not_before=retry_at, take=JobRow.take + 1 if refused else JobRow.take
            )
        return await self._change(change) == 1

    async def release_owner(self, owner: str) -> int:
        """Give back all that an owner holds; see :class:`Ledger`."""
        return await self._change(
            update(JobRow)
            .where(JobRow.state == JobState.LEASED, JobRow.lease_owner == owner)
            .values(state=JobState.QUEUED, attempts=JobRow.attempts - 1, **FREE)
        )

    async def release_dead(self, is_alive: Callable[[str], bool]) -> int:
        """Take back what the dead hold; see :class:`Ledger`."""
        async with self._database.reading() as session:
            owners = await session.scalars(
                select(JobRow.lease_owner).where(JobRow.state == JobState.LEASED).distinct()
            )
        dead = [owner for owner in owners if owner is not None and not is_alive(owner)]
        if not dead:
            return 0
        now = self._clock.time()
        return await self._change(reclaimed(now).where(JobRow.lease_owner.in_(dead)))

    async def cancel(self, *, job: str | None = None, group: str | None = None) -> int:
        """Fail one job or a group as cancelled; see :class:`Ledger`."""
        wanted = conditions(id=job, group=group)
        if not wanted:
            return 0
        return await self._change(
            update(JobRow)
            .where(JobRow.state.in_(OPEN), *wanted)
            .values(state=JobState.FAILED, error=CANCELLED, ended=self._clock.time(), **FREE)
        )

    async def get(self, job: str) -> Job | None:
        """One job by its id."""
        async with self._database.reading() as session:
            row = await session.get(JobRow, job)
        return job_of(row) if row else None

    async def find(
        self,
        *,
        group: str | None = None,
        channel: str | None = None,
        kind: str | None = None,
        pool: str | None = None,
        states: Sequence[JobState] = (),
        limit: int = 1000,
    ) -> tuple[Job, ...]:
        """Jobs that match everything given, oldest first."""
        query = select(JobRow).where(*conditions(group=group, channel=channel, kind=kind, pool=pool))
        if states:
            query = query.where(JobRow.state.in_(states))
        async with self._database.reading() as session:
            return tuple(job_of(row) for row in await session.scalars(query.order_by(JobRow.id).limit(limit)))

    async def counts(self) -> tuple[Count, ...]:
        """How many jobs there are by channel, kind, state and pool, sorted."""
        by = (JobRow.channel, JobRow.kind, JobRow.state, JobRow.pool)
        async with self._database.reading() as session:
            rows = await session.execute(select(*by, func.count()).group_by(*by).order_by(*by))
        return tuple(
            Count(channel, kind, JobState(state), pool, number) for channel, kind, state, pool, number in rows
        )

    async def forget(self, before: float) -> int:
        """Delete final jobs that ended before that time; see :class:`Ledger`."""

        async def work(session: AsyncSession) -> int:
            gone = await session.scalars(
                delete(JobRow).where(JobRow.state.in_(FINAL), JobRow.ended < before).returning(JobRow.id)
            )
            return len(gone.all())

        return await self._database.write(work)

    async def _change(self, change: Update) -> int:
        async def work(session: AsyncSession) -> int:
            return await _count(session, change)

        return await self._database.write(work)


async def _count(session: AsyncSession, change: Update) -> int:
    return len((await session.scalars(change.returning(JobRow.id))).all())
