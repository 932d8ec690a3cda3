"""The models' studio: one process that carries several jobs out at once.

Its jobs wait: for a model in a child process, for another machine, for an encoder in a thread. While one lane
waits for the slowest stage the others interpolate, master and store, so that this stage always has its next
request. All lanes lease under one name and share one production, hence one pool of models.
"""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.jobs import MODELS, JobState, RetryPolicy
from webtv.engine.ledger import Ledger
from webtv.engine.previews import Previews
from webtv.engine.production import Production
from webtv.engine.worker import IDLE, RETRIES, Worker
from webtv.library.catalogue import Catalogue
from webtv.studio import leaving

_REST = 1.0  # seconds that a lane rests after trouble
_LEAVE = 2.0  # seconds that lanes get to end; the supervisor kills after three
_TIDY = 3600.0  # seconds between two looks for previews that somebody left behind
_THREADS = 6  # of each lane: encoder, decoder, interpolation, files, and some that a hung library holds


class Lanes:
    """Works with so many jobs at once until cancelled, or until told to stop.

    Args:
        owner: name under which all lanes lease; its lock is held by the caller.
        number: of lanes, at least 1.
        ledger: where jobs come from.
        catalogue: takes beds and clips.
        production: does the work, for all lanes.
        clock: waits and stamps.
        noise: jitter of retries.
        events: takes what happens.
        patience: seconds for which a job may tell nothing before it is abandoned.
        previews: takes what jobs show of themselves; None shows nothing.
        retries: when failed jobs are tried again.
        pool: whose jobs it takes.
    """

    def __init__(
        self,
        owner: str,
        number: int,
        ledger: Ledger,
        catalogue: Catalogue,
        production: Production,
        *,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
        patience: float | None = None,
        previews: Previews | None = None,
        retries: RetryPolicy = RETRIES,
        pool: str = MODELS,
    ) -> None:
        self._owner = owner
        self._number = number
        self._ledger = ledger
        self._production = production
        self._clock = clock
        self._events = events
        self._previews = previews
        self._worker = Worker(
            owner,
            ledger,
            catalogue,
            production,
            clock=clock,
            noise=noise,
            events=events,
            retries=retries,
            pool=pool,
            patience=patience,
            previews=previews,
        )
        self._asking = asyncio.Lock()

    async def run(self) -> None:
        """Work for ever; what goes wrong in one lane is told and does not touch the others."""
        # The loop's own pool has few threads where there are few cores; lanes that wait would fill it.
        pool = ThreadPoolExecutor(_THREADS * self._number, thread_name_prefix="lane")
        asyncio.get_running_loop().set_default_executor(pool)
        await self._production.tidy()
        async with asyncio.TaskGroup() as group:
            for number in range(self._number):
                group.create_task(self._lane(), name=f"lane {number + 1}")
            if self._previews is not None:
                group.create_task(self._keep_tidy(self._previews), name="previews")

    async def run_until(self, told: asyncio.Event) -> None:
        """Work until told to stop; then abandon what is begun and give every lease back.

        Raises:
            WebTVError: the ledger does not answer; the leases end with the owner's lock.
        """
        work = asyncio.ensure_future(self.run())
        stop = asyncio.ensure_future(told.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # it only ends by trouble
        finally:
            stop.cancel()
            leaving.begin()  # what others were paid for goes on without us, and is asked for again
            work.cancel()
            patience = asyncio.ensure_future(self._clock.sleep(_LEAVE))
            await asyncio.wait({work, patience}, return_when=asyncio.FIRST_COMPLETED)
            patience.cancel()
            await self._ledger.release_owner(self._owner)

    async def _keep_tidy(self, previews: Previews) -> None:
        """Remove what killed processes left of their previews, at the start and from time to time."""
        while True:
            try:
                await previews.tidy(self._is_at_work)
            except (WebTVError, OSError) as error:
                self._stumbled(error, "nothing is lost; it is tried again")
            await self._clock.sleep(_TIDY)

    async def _lane(self) -> None:
        while True:
            try:
                # One lane asks at a time, and waits for all when there is nothing: idle lanes cost no more
                # than one worker does.
                async with self._asking:
                    job = await self._worker.take()
                    if job is None:
                        await self._clock.sleep(IDLE)
                if job is not None:
                    await self._worker.do(job)
            except Exception as error:
                remedy = "nothing is lost; it goes on"
                if not isinstance(error, WebTVError):
                    remedy = "please report this with the log; the lane goes on"
                self._stumbled(error, remedy)
                await self._clock.sleep(_REST)

    def _stumbled(self, error: Exception, remedy: str) -> None:
        message = f"A lane stumbled: {type(error).__name__}: {error}"
        self._events(Event("engine.worker.stumbled", message, Severity.WARNING, remedy))

    async def _is_at_work(self, job: str) -> bool:
        known = await self._ledger.get(job)
        return known is not None and known.state is JobState.LEASED
