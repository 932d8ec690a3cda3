"""Jobs as values, and when one that failed is tried again."""

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from webtv.core.errors import Category, RateLimited, WebTVError

CORES, MODELS = "cores", "models"
"""Pools: who takes a job. ``cores`` are the studio's processes, one job each; ``models`` is the one process
whose lanes wait for a device or for other machines."""


class JobState(StrEnum):
    """Where a job stands. ``done`` and ``failed`` are final."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


def content_key(kind: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 of a job's kind and payload as canonical JSON: the same work has the same key.

    Raises:
        TypeError: the payload is not JSON.
        ValueError: it holds a number that JSON cannot write.
    """
    canonical = json.dumps(
        [kind, payload], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue.

    Attributes:
        kind: what to do; workers lease by kind.
        channel: slug of the channel that it is for.
        payload: everything the worker needs, as JSON.
        group: what belongs together, usually the id of the sequence; may be empty.
        priority: the highest is leased first.
        max_attempts: leases at most, before the job has failed for good.
        not_before: seconds since 1970 UTC before which nobody leases it.
        key: content key; made of kind and payload unless given.
        pool: whose workers take it, :data:`CORES` or :data:`MODELS`.
    """

    kind: str
    channel: str
    payload: Mapping[str, Any]
    group: str = ""
    priority: int = 0
    max_attempts: int = 4
    not_before: float = 0.0
    key: str = ""
    pool: str = CORES

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", content_key(self.kind, self.payload))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands in the ledger. Times are seconds since 1970 UTC.

    Attributes:
        id: its id; ids sort by time of enqueueing.
        kind: what to do.
        channel: slug of the channel that it is for.
        group: what belongs together, usually the id of the sequence.
        key: content key, unique in the ledger.
        payload: everything the worker needs.
        state: where it stands.
        priority: the highest is leased first, then the oldest.
        attempts: leases so far that counted, this one included; 1 during the first.
        max_attempts: leases at most.
        token: number of this lease; a result handed in under an older one is refused.
        not_before: nobody leases it earlier.
        lease_owner: who works on it.
        lease_until: when the lease ends unless a heartbeat extends it.
        heartbeat: the owner's latest sign of life.
        result: what the worker handed in.
        error: what went wrong last: ``category``, ``message``, ``remedy``, ``place``.
        created: when it was enqueued.
        ended: when it was done or had failed for good.
        pool: whose workers take it.
        take: number of the take that is to be made, from 1; a worker seeds with it. A failed check moves it
            on. A worker that died or a server that was away does not: the next lease asks for the very same,
            and finds what was paid for already.
        progress: how far the work under this lease is, as the worker told last: ``stage``, ``done``, ``of``;
            None while nobody works on it or nothing was told.
    """

    id: str
    kind: str
    channel: str
    group: str
    key: str
    payload: Mapping[str, Any]
    state: JobState
    priority: int
    attempts: int
    max_attempts: int
    token: int
    not_before: float
    lease_owner: str | None
    lease_until: float | None
    heartbeat: float | None
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    created: float
    ended: float | None
    pool: str = CORES
    take: int = 1
    progress: Mapping[str, Any] | None = None

    @property
    def final(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in (JobState.DONE, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Count:
    """How many jobs of one channel, kind and pool are in one state."""

    channel: str
    kind: str
    state: JobState
    pool: str
    number: int


def describe(error: BaseException) -> dict[str, Any]:
    """An error as the ledger keeps it; whatever is not of our tree is internal."""
    if isinstance(error, WebTVError):
        return {
            "category": error.category.value,
            "message": error.message,
            "remedy": error.remedy,
            "place": error.place,
        }
    return {
        "category": Category.INTERNAL.value,
        "message": f"{type(error).__name__}: {error}",
        "remedy": "",
        "place": "",
    }


WORKER_DIED = {
    "category": Category.INTERNAL.value,
    "message": "every worker that took this job died at it",
    "remedy": "look into the workers' logs; memory may be short",
    "place": "",
}
CANCELLED = {"category": "cancelled", "message": "cancelled", "remedy": "", "place": ""}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed job is tried again, by the category of its error alone.

    Trouble of others and spent resources: later, ever later. A failed check: at once, with another seed (the
    worker reads ``job.take``). Everything else: never. Running out of room uses up no patience:
    such a job is tried until there is room. A service that asks for more patience than there is gets none:
    the sequence is given up, and the ladder has the next one made otherwise.

    Attributes:
        base: seconds before the second attempt.
        ceiling: seconds between attempts at most.
        room: seconds before trying again when a resource was used up.
        longest: seconds that a service may ask to wait; one that asks for more is not asked again.
    """

    base: float = 2.0
    ceiling: float = 300.0
    room: float = 30.0
    longest: float = 900.0

    def retry_at(self, job: Job, error: BaseException, now: float, noise: random.Random) -> float | None:
        """The earliest time of the next attempt, or None if there is none.

        Args:
            job: as leased; its attempts count the one that failed.
            error: what went wrong.
            now: seconds since 1970 UTC.
            noise: jitter between half and the whole of each delay, so that workers do not come back at once.
        """
        if not isinstance(error, WebTVError) or not error.retryable:
            return None
        if job.attempts >= job.max_attempts and error.category is not Category.RESOURCE:
            return None
        if isinstance(error, RateLimited) and not error.retry_after <= self.longest:
            return None
        if error.category is Category.QUALITY:
            return now
        base = self.room if error.category is Category.RESOURCE else self.base
        delay = min(self.ceiling, base * 2.0 ** min(job.attempts - 1, 30)) * noise.uniform(0.5, 1.0)
        if isinstance(error, RateLimited):
            delay += error.retry_after
        return now + delay
