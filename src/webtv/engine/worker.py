"""A studio worker: leases jobs from the ledger, carries them out, hands in what came of them.

Runs in a process of its own, niced, so that pacing never suffers; jobs that wait for a device or for another
machine are done several at once (:mod:`webtv.engine.lanes`). Whatever befalls it, the ledger gives its job to
another one.
"""

import asyncio
import contextlib
import errno
import random
from collections.abc import Iterator
from typing import Any

from webtv.clips.clip import Bed, Clip
from webtv.core.allocator import trim
from webtv.core.clock import Clock
from webtv.core.errors import (
    Category,
    InputError,
    InternalError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.hearing import Hearing
from webtv.engine.jobs import CORES, Job, RetryPolicy, describe
from webtv.engine.ledger import Ledger
from webtv.engine.orders import BED, CLIP, IDENT, KINDS, BedOrder, ClipOrder, IdentOrder
from webtv.engine.previews import Previews
from webtv.engine.production import Production
from webtv.library.catalogue import Catalogue
from webtv.library.records import SequenceState
from webtv.studio.progress import heard

LEASE = 30.0
IDLE = 0.25  # seconds between two questions for work when there is none
RETRIES = RetryPolicy()
_BEAT = 5.0
_LOOK = 1.0  # seconds between two looks at what a job tells; no more often is it written down
_LET_GO = 10.0  # seconds that abandoned work gets to end


class Worker:
    """Works until cancelled. What it knows of a job is in the call that does it: it may do several at once.

    Args:
        owner: name under which it leases; its lock is held by the caller.
        ledger: where jobs come from.
        catalogue: takes beds and clips.
        production: does the work.
        clock: waits and stamps.
        noise: jitter of retries.
        events: takes what happens.
        retries: when failed jobs are tried again.
        pool: whose jobs it takes.
        patience: seconds for which a job may tell nothing before it is abandoned; None waits for ever. Who
            waits for a turn, a download or another machine tells so from time to time.
        previews: takes what jobs show of themselves; None shows nothing.
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
        pool: str = CORES,
        patience: float | None = None,
        previews: Previews | None = None,
    ) -> None:
        self._owner = owner
        self._ledger = ledger
        self._catalogue = catalogue
        self._production = production
        self._clock = clock
        self._noise = noise
        self._events = events
        self._retries = retries
        self._pool = pool
        self._patience = patience
        self._previews = previews
        self._at_work: set[str] = set()
        self._left_behind: set[asyncio.Future[Any]] = set()

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
                await self._clock.sleep(IDLE)

    async def work_once(self) -> bool:
        """Do one job; False if there was none.

        Raises:
            WebTVError: the ledger does not answer.
        """
        job = await self.take()
        if job is not None:
            await self.do(job)
        return job is not None

    async def take(self) -> Job | None:
        """Lease the next job, to be given to :meth:`do`; None if there is none.

        What it is at is never leased to it again, whatever the wall clock says of its lease.

        Raises:
            WebTVError: the ledger does not answer.
        """
        job = await self._ledger.lease(self._owner, KINDS, LEASE, self._pool, except_ids=self._at_work)
        if job is not None:
            self._at_work.add(job.id)
        return job

    async def do(self, job: Job) -> None:
        """Carry a leased job out and hand in what came of it, success or failure.

        Raises:
            WebTVError: the ledger does not answer; the lease ends by itself, and what was made is known then.
        """
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
        finally:
            self._at_work.discard(job.id)

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
        hearing = Hearing(self._clock)
        # Not a group: a group waits for its tasks, and work that hangs would take its lane along.
        with heard(hearing):
            work = asyncio.ensure_future(self._carry_out(job))
        beat = asyncio.ensure_future(self._keep_lease(job, hearing))
        try:
            await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                beat.result()  # raises why the work is abandoned
            result = await work
            return {**result, "loaded": True} if hearing.loaded else result
        finally:
            beat.cancel()
            await self._let_go(job, work, beat)
            if self._previews is not None:
                await self._previews.remove(job.id)

    async def _let_go(self, job: Job, work: asyncio.Future[Any], beat: asyncio.Future[None]) -> None:
        """Wait until abandoned work has ended; leave behind what does not, so that the lane goes on."""
        patience = asyncio.ensure_future(self._clock.sleep(_LET_GO))
        work.cancel()
        try:
            while not (work.done() and beat.done()) and not patience.done():
                pending = [each for each in (work, beat, patience) if not each.done()]
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
            for each in (work, beat):
                self._left_behind.add(each)  # the loop itself holds tasks only weakly
                each.add_done_callback(self._bury)
        if not work.done():
            self._tell(
                job,
                "engine.job.stuck",
                f"A {job.kind} was abandoned and does not let go; it is left behind",
                Severity.ERROR,
                "nothing is lost; if it happens again, look at the adapter or the machine that it waits for",
            )

    def _bury(self, ended: asyncio.Future[Any]) -> None:
        self._left_behind.discard(ended)
        if not ended.cancelled():
            ended.exception()  # seen: it was reported, or nobody waits for it any more

    async def _keep_lease(self, job: Job, hearing: Hearing) -> None:
        beaten = self._clock.monotonic()
        while True:
            await self._clock.sleep(_LOOK)
            if self._patience is not None and hearing.silence > self._patience:
                raise _fell_silent(job, hearing)
            await self._show(job, hearing)
            news, now = hearing.news(), self._clock.monotonic()
            if news is None and now - beaten < _BEAT:
                continue
            beaten = now
            with contextlib.suppress(WebTVError):  # a busy database: the lease lasts for some beats more
                if not await self._ledger.heartbeat(job, self._owner, LEASE, news):
                    raise _LeaseLost

    async def _show(self, job: Job, hearing: Hearing) -> None:
        picture = hearing.picture()
        if self._previews is None or picture is None:
            return
        try:
            await self._previews.show(job.id, picture)
        except (WebTVError, OSError) as error:
            remedy = error.remedy if isinstance(error, WebTVError) else "look at the disk"
            self._tell(job, "engine.preview.dropped", f"A preview is not shown: {error}", remedy=remedy)

    async def _carry_out(self, job: Job) -> dict[str, Any]:
        try:
            with _room():
                return await self._make(job)
        finally:
            trim()

    async def _make(self, job: Job) -> dict[str, Any]:
        # The job's id becomes the id of what it makes: done twice by accident, it is still one thing.
        if job.kind == BED:
            bed = await self._production.make_bed(BedOrder.from_json(job.payload), job.id, attempt=job.take)
            with _wanted():
                await self._catalogue.add_bed(job.group, bed)
            return _bed_result(bed)
        if job.kind == CLIP:
            clip = await self._production.make_clip(
                ClipOrder.from_json(job.payload), job.id, channel=job.channel, attempt=job.take
            )
        elif job.kind == IDENT:
            clip = await self._production.make_ident(
                IdentOrder.from_json(job.payload), job.id, channel=job.channel
            )
        else:
            raise InternalError(f"nobody knows jobs of kind {job.kind!r}")
        try:
            with _wanted():
                await self._catalogue.add_clip(clip)
        except _NotWanted:
            await self._production.catalogued(clip.id)
            raise
        await self._production.catalogued(clip.id)
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


def _fell_silent(job: Job, hearing: Hearing) -> TransientError:
    said = f"since its stage {hearing.stage!r}" if hearing.stage else "at all"
    return TransientError(
        f"this {job.kind} told nothing {said} for {hearing.silence:.0f} s",
        place="studio",
        remedy="see whether the model or the remote server hangs; if it is only slow, raise "
        "WEBTV_MODELS_PATIENCE",
    )


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
