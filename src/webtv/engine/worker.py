"""A studio worker: leases jobs from the ledger, carries them out, hands in what came of them.

Runs in a process of its own, niced, so that pacing never suffers. Whatever befalls it, the ledger gives
its job to another one.
"""

import asyncio
import contextlib
import random
from typing import Any

from webtv.core.clock import Clock
from webtv.core.errors import Category, InternalError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.jobs import Job, RetryPolicy, describe
from webtv.engine.ledger import Ledger
from webtv.engine.orders import BED, CLIP, IDENT, KINDS, BedOrder, ClipOrder, IdentOrder
from webtv.engine.production import Production
from webtv.library.catalogue import Catalogue

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
        """Lease and work for ever."""
        while True:
            if not await self.work_once():
                await self._clock.sleep(_IDLE)

    async def work_once(self) -> bool:
        """Do one job; False if there was none."""
        job = await self._ledger.lease(self._owner, KINDS, LEASE)
        if job is None:
            return False
        began = self._clock.monotonic()
        try:
            result = await self._carry_out_with_heartbeat(job)
        except _LeaseLost:
            self._tell(job, "engine.job.lost", "Somebody else does this job now; what was made is dropped")
        except Exception as error:
            await self._report(job, error)
        else:
            took = self._clock.monotonic() - began
            if await self._ledger.complete(job, self._owner, {**result, "seconds": round(took, 3)}):
                self._tell(job, "engine.job.done", f"Made a {job.kind} in {took:.1f} s", Severity.INFO)
        return True

    async def _carry_out_with_heartbeat(self, job: Job) -> dict[str, Any]:
        work = asyncio.ensure_future(self._carry_out(job))
        try:
            while True:
                done, _ = await asyncio.wait({work}, timeout=_BEAT)
                if done:
                    return work.result()
                if not await self._ledger.heartbeat(job, self._owner, LEASE):
                    raise _LeaseLost
        finally:
            if not work.done():
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await work

    async def _carry_out(self, job: Job) -> dict[str, Any]:
        # The job's id becomes the id of what it makes: done twice by accident, it is still one thing.
        if job.kind == BED:
            bed = await self._production.make_bed(BedOrder.from_json(job.payload), job.id)
            await self._catalogue.add_bed(job.group, bed)
            return {"bed": bed.id, "file": bed.file}
        if job.kind == CLIP:
            clip_order = ClipOrder.from_json(job.payload)
            clip = await self._production.make_clip(
                clip_order, job.id, channel=job.channel, attempt=job.attempts
            )
            await self._catalogue.add_clip(clip)
            return {"clip": clip.id, "file": clip.file, "frames": clip.frames}
        if job.kind == IDENT:
            ident = await self._production.make_ident(
                IdentOrder.from_json(job.payload), job.id, channel=job.channel
            )
            await self._catalogue.add_clip(ident)
            return {"clip": ident.id, "file": ident.file, "frames": ident.frames}
        raise InternalError(f"nobody knows jobs of kind {job.kind!r}")

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


class _LeaseLost(Exception):
    """The ledger gave the job to somebody else."""
