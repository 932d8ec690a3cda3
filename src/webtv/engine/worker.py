"""A studio worker: leases jobs from the ledger, carries them out, hands in what came of them.

Runs in a process of its own, niced, so that pacing never suffers. Whatever befalls it, the ledger gives
its job to another one.
"""

import asyncio
import contextlib
import errno
import random
from collections.abc import Iterator
from typing import Any

from webtv.clips.clip import Bed, Clip
from webtv.core.clock import Clock
from webtv.core.errors import Category, InputError, InternalError, ResourceError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.jobs import Job, RetryPolicy, describe
from webtv.engine.ledger import Ledger
from webtv.engine.orders import BED, CLIP, IDENT, KINDS, BedOrder, ClipOrder, IdentOrder
from webtv.engine.production import Production
from webtv.library.catalogue import Catalogue
from webtv.library.records import SequenceState

LEASE = 30.0
RETRIES = RetryPolicy()
_BEAT = 5.0
_IDLE = 0.25


class Worker:
    """Works until cancelled.

    Args:
        owner: name under which it leases; its lock is held by the caller.
        ledger: where jobs come from.
        catalogue: takes beds and clips.
        production: does the work.
        clock: waits and stamps.
        noise: jitter of retries.
        events: takes what happens.
        retries: when failed jobs are tried again.
    """

    def __init__(
        self,
        owner: str,
        ledger: Ledger,
        catalogue: Catalogue,
        production: Production,
        *,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
        retries: RetryPolicy = RETRIES,
    ) -> None:
        self._owner = owner
        self._ledger = ledger
        self._catalogue = catalogue
        self._production = production
        self._clock = clock
        self._noise = noise
        self._events = events
        self._retries = retries

    async def run(self) -> None:
        """Lease and work for ever; a database that does not answer is waited for."""
        await self._production.tidy()
        while True:
            try:
                worked = await self.work_once()
            except WebTVError as error:
                self._events(
                    Event(
                        "engine.worker.stumbled", str(error), Severity.WARNING, "nothing is lost; it goes on"
                    )
                )
                worked = False
            if not worked:
                await self._clock.sleep(_IDLE)

    async def work_once(self) -> bool:
        """Do one job; False if there was none.

        Raises:
            WebTVError: the ledger does not answer.
        """
        job = await self._ledger.lease(self._owner, KINDS, LEASE)
        if job is None:
            return False
        began = self._clock.monotonic()
        try:
            result = await self._known_result(job) or await self._carry_out_with_heartbeat(job)
        except _LeaseLost:
            self._tell(job, "engine.job.lost", "Somebody else does this job now; what was made is dropped")
        except _NotWanted:
            await self._ledger.fail(job, self._owner, InputError("nobody wants it any more"), None)
            self._tell(job, "engine.job.dropped", f"Nobody wants this {job.kind} any more", Severity.INFO)
        except Exception as error:
            await self._report(job, error)
        else:
            took = self._clock.monotonic() - began
            if await self._ledger.complete(job, self._owner, {**result, "seconds": round(took, 3)}):
                self._tell(job, "engine.job.done", f"Made a {job.kind} in {took:.1f} s", Severity.INFO)
        return True

    async def _known_result(self, job: Job) -> dict[str, Any] | None:
        """What this job was to make, if a worker that died had catalogued it already."""
        if job.kind == IDENT:
            ident = await self._catalogue.clip(job.id)
            return _clip_result(ident) if ident else None
        record = await self._catalogue.sequence(job.group)
        if record is None or record.state is SequenceState.FAILED:
            raise _NotWanted
        if job.kind == BED:
            return _bed_result(record.bed) if record.bed else None
        made = {clip.position: clip for clip in record.clips}.get(int(job.payload["position"]))
        return _clip_result(made) if made else None

    async def _carry_out_with_heartbeat(self, job: Job) -> dict[str, Any]:
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._keep_lease(job), name="heartbeat")
                result = await self._carry_out(job)
                beat.cancel()
        except BaseExceptionGroup as trouble:
            raise trouble.exceptions[0] from None
        return result

    async def _keep_lease(self, job: Job) -> None:
        while True:
            await self._clock.sleep(_BEAT)
            with contextlib.suppress(WebTVError):  # a busy database: the lease lasts for some beats more
                if not await self._ledger.heartbeat(job, self._owner, LEASE):
                    raise _LeaseLost

    async def _carry_out(self, job: Job) -> dict[str, Any]:
        with _room():
            return await self._make(job)

    async def _make(self, job: Job) -> dict[str, Any]:
        # The job's id becomes the id of what it makes: done twice by accident, it is still one thing.
        if job.kind == BED:
            bed = await self._production.make_bed(
                BedOrder.from_json(job.payload), job.id, attempt=job.attempts
            )
            with _wanted():
                await self._catalogue.add_bed(job.group, bed)
            return _bed_result(bed)
        if job.kind == CLIP:
            clip = await self._production.make_clip(
                ClipOrder.from_json(job.payload), job.id, channel=job.channel, attempt=job.attempts
            )
        elif job.kind == IDENT:
            clip = await self._production.make_ident(
                IdentOrder.from_json(job.payload), job.id, channel=job.channel
            )
        else:
            raise InternalError(f"nobody knows jobs of kind {job.kind!r}")
        with _wanted():
            await self._catalogue.add_clip(clip)
        return _clip_result(clip)

    async def _report(self, job: Job, error: Exception) -> None:
        retry_at = self._retries.retry_at(job, error, self._clock.time(), self._noise)
        await self._ledger.fail(job, self._owner, error, retry_at)
        said = describe(error)
        category = said["category"]
        again = "it is tried again" if retry_at is not None else "it is given up"
        severity = (
            Severity.WARNING if retry_at is not None or category == Category.QUALITY else Severity.ERROR
        )
        remedy = said["remedy"] if isinstance(error, WebTVError) else "please report this with the log"
        self._tell(
            job, "engine.job.failed", f"A {job.kind} failed ({said['message']}); {again}", severity, remedy
        )

    def _tell(
        self, job: Job, kind: str, message: str, severity: Severity = Severity.WARNING, remedy: str = ""
    ) -> None:
        data = {"job": job.id, "kind": job.kind, "group": job.group, "attempt": job.attempts}
        self._events(Event(kind, message, severity, remedy, job.channel, data))


def _bed_result(bed: Bed) -> dict[str, Any]:
    return {"bed": bed.id, "file": bed.file}


def _clip_result(clip: Clip) -> dict[str, Any]:
    return {"clip": clip.id, "file": clip.file, "frames": clip.frames}


@contextlib.contextmanager
def _wanted() -> Iterator[None]:
    """Around the catalogue: it refuses what belongs to a sequence that was evicted meanwhile."""
    try:
        yield
    except InputError as error:
        raise _NotWanted from error


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Around all work: a full disk, whoever meets it, is waited for and no reason to give a job up."""
    try:
        yield
    except Exception as error:  # FFmpeg's errors have a number, too, and not all of them are an OSError
        if getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ResourceError(
            "the disk is full",
            place="studio",
            remedy="free some space on the disk of the data folder, or lower WEBTV_LIBRARY_GB",
        ) from error


class _LeaseLost(Exception):
    """The ledger gave the job to somebody else."""


class _NotWanted(Exception):
    """The sequence was given up or evicted."""
