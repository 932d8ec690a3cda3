"""The ledger in memory: for tests and dry runs; forgets everything with its process."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from webtv.core.clock import Clock
from webtv.core.errors import Category, WebTVError
from webtv.engine.jobs import CANCELLED, CORES, WORKER_DIED, Count, Job, JobState, NewJob, describe
from webtv.engine.leases import Held, IsAlive, Overdue


class MemoryLedger:
    """A :class:`webtv.engine.ledger.Ledger` that verifies by the same contract suite as the real one.

    Args:
        clock: decides over leases.
        ids: makes job ids.
        is_alive: tells whether an owner lives; without it each lease ends by its time alone.
    """

    def __init__(self, clock: Clock, ids: Callable[[], str], is_alive: IsAlive | None = None) -> None:
        self._clock = clock
        self._ids = ids
        self._overdue = Overdue(clock, is_alive)
        self._jobs: dict[str, Job] = {}

    async def enqueue(self, jobs: Iterable[NewJob]) -> tuple[Job, ...]:
        """Add jobs that are not known by their key."""
        return tuple(self._enqueue(job) for job in jobs)

    async def lease(
        self,
        owner: str,
        kinds: Sequence[str],
        seconds: float,
        pool: str = CORES,
        *,
        except_ids: Collection[str] = (),
    ) -> Job | None:
        """Take the job of highest priority, then the oldest."""
        now = self._clock.time()
        ended = self._where(lambda job: _expired(job, now))
        held = [Held(job.id, job.token, job.lease_owner, job.heartbeat) for job in ended]
        self._take_back([self._jobs[job] for job in self._overdue.lost(held, owner, except_ids)])
        free = self._where(
            lambda job: (
                job.kind in kinds
                and job.pool == pool
                and job.state is JobState.QUEUED
                and job.not_before <= now
            )
        )
        if not free:
            return None
        job = min(free, key=lambda job: (-job.priority, job.id))
        return self._put(
            replace(
                job,
                state=JobState.LEASED,
                attempts=job.attempts + 1,
                token=job.token + 1,
                lease_owner=owner,
                lease_until=now + seconds,
                heartbeat=now,
                progress=None,
            )
        )

    async def heartbeat(
        self, job: Job, owner: str, seconds: float, progress: Mapping[str, Any] | None = None
    ) -> bool:
        """Extend a lease."""
        now = self._clock.time()
        held = self._held(job, owner)
        if held:
            told = held.progress if progress is None else _stored(progress)
            self._put(replace(held, lease_until=now + seconds, heartbeat=now, progress=told))
        return held is not None

    async def complete(self, job: Job, owner: str, result: Mapping[str, Any]) -> bool:
        """Hand in a result."""
        held = self._held(job, owner)
        if held:
            self._end(held, JobState.DONE, result=_stored(result))
        return held is not None

    async def fail(self, job: Job, owner: str, error: BaseException, retry_at: float | None) -> bool:
        """Report a failure."""
        held = self._held(job, owner)
        if held and retry_at is None:
            self._end(held, JobState.FAILED, error=describe(error))
        elif held and retry_at is not None:
            refused = isinstance(error, WebTVError) and error.category is Category.QUALITY
            take = held.take + 1 if refused else held.take
            self._queue(replace(held, error=describe(error), not_before=retry_at, take=take))
        return held is not None

    async def release_owner(self, owner: str) -> int:
        """Give back all that an owner holds."""
        held = self._where(lambda job: job.lease_owner == owner)
        for job in held:
            self._queue(replace(job, attempts=job.attempts - 1))
        return len(held)

    async def release_dead(self, is_alive: Callable[[str], bool]) -> int:
        """Take back what the dead hold."""
        held = self._where(lambda job: job.lease_owner is not None and not is_alive(job.lease_owner))
        self._take_back(held)
        return len(held)

    async def cancel(self, *, job: str | None = None, group: str | None = None) -> int:
        """Fail one job or a group as cancelled."""
        if job is None and group is None:
            return 0
        chosen = self._where(
            lambda each: not each.final and job in (None, each.id) and group in (None, each.group)
        )
        for each in chosen:
            self._end(each, JobState.FAILED, error=CANCELLED)
        return len(chosen)

    async def get(self, job: str) -> Job | None:
        """One job by its id."""
        return self._jobs.get(job)

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
        return tuple(
            self._where(
                lambda job: (
                    group in (None, job.group)
                    and channel in (None, job.channel)
                    and kind in (None, job.kind)
                    and pool in (None, job.pool)
                    and (not states or job.state in states)
                )
            )[:limit]
        )

    async def counts(self) -> tuple[Count, ...]:
        """How many jobs there are by channel, kind, state and pool."""
        labels = sorted((job.channel, job.kind, job.state, job.pool) for job in self._jobs.values())
        return tuple(Count(*label, len(list(same))) for label, same in groupby(labels))

    async def forget(self, before: float) -> int:
        """Delete final jobs that ended before that time."""
        old = self._where(lambda job: job.ended is not None and job.ended < before)
        for job in old:
            del self._jobs[job.id]
        return len(old)

    def _enqueue(self, new: NewJob) -> Job:
        known = self._where(lambda job: job.key == new.key)
        if known:
            return known[0]
        return self._put(
            Job(
                id=self._ids(),
                kind=new.kind,
                channel=new.channel,
                group=new.group,
                key=new.key,
                payload=_stored(new.payload),
                state=JobState.QUEUED,
                priority=new.priority,
                attempts=0,
                max_attempts=new.max_attempts,
                token=0,
                not_before=new.not_before,
                lease_owner=None,
                lease_until=None,
                heartbeat=None,
                result=None,
                error=None,
                created=self._clock.time(),
                ended=None,
                pool=new.pool,
            )
        )

    def _where(self, wanted: Callable[[Job], bool]) -> list[Job]:
        return sorted((job for job in self._jobs.values() if wanted(job)), key=lambda job: job.id)

    def _held(self, job: Job, owner: str) -> Job | None:
        now = self._jobs.get(job.id)
        return now if now and now.lease_owner == owner and now.token == job.token else None

    def _put(self, job: Job) -> Job:
        self._jobs[job.id] = job
        return job

    def _take_back(self, held: Iterable[Job]) -> None:
        for job in held:
            if job.attempts >= job.max_attempts:
                self._end(job, JobState.FAILED, error=WORKER_DIED)
            else:
                self._queue(job)

    def _queue(self, job: Job) -> None:
        self._put(
            replace(
                job,
                state=JobState.QUEUED,
                lease_owner=None,
                lease_until=None,
                heartbeat=None,
                progress=None,
            )
        )

    def _end(
        self,
        job: Job,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        self._put(
            replace(
                job,
                state=state,
                result=result,
                error=error,
                ended=self._clock.time(),
                lease_owner=None,
                lease_until=None,
                heartbeat=None,
                progress=None,
            )
        )


def _expired(job: Job, now: float) -> bool:
    return job.state is JobState.LEASED and job.lease_until is not None and job.lease_until <= now


def _stored(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a database gives back: JSON, and nobody else's object."""
    stored: dict[str, Any] = json.loads(json.dumps(value))
    return stored
