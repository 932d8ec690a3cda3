"""Pools at work: which ones the channels need, and whether anybody takes their jobs."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.jobs import CORES, MODELS, JobState
from webtv.engine.ledger import Ledger
from webtv.engine.orders import stages_of
from webtv.themes.channel import Channel

PoolOf = Callable[[Mapping[str, Mapping[str, Any]]], str]
"""Tells which pool a job with these stages (name to ``use`` and options) belongs to; it never raises."""

_UNSERVED_AFTER = 60.0  # seconds; a models' studio that starts has imported its libraries by then
_TELL_AGAIN = 600.0
_REMEDIES = {
    CORES: "see whether `webtv serve` runs, and read studio-1.log in the logs folder",
    MODELS: "see whether `webtv serve` or `webtv studio --models` runs, and read studio-models.log in the "
    "logs folder; or have the channel use adapters that work on this machine's cores",
}


def on_cores(stages: Mapping[str, Mapping[str, Any]]) -> str:
    """The pool of every job of a station whose adapters all work on its cores."""
    return CORES


def needed_pools(channels: Iterable[Channel], pool_of: PoolOf) -> frozenset[str]:
    """The pools that take the beds and clips of these channels."""
    needed = set()
    for channel in channels:
        stages = stages_of(channel)
        music = stages.pop("music")
        needed |= {pool_of(stages), pool_of({"music": music})}
    return frozenset(needed)


class Pools:
    """Looks at the queues of all pools.

    Args:
        ledger: has the jobs.
        clock: measures how long they wait.
        events: hears of jobs that nobody takes.
    """

    def __init__(self, ledger: Ledger, clock: Clock, events: EventSink) -> None:
        self._ledger = ledger
        self._clock = clock
        self._events = events
        self._told: dict[str, float] = {}

    async def has_open(self, pool: str) -> bool:
        """Whether a pool has jobs that wait or are at work.

        Raises:
            WebTVError: the ledger does not answer.
        """
        return bool(await self._ledger.find(pool=pool, states=(JobState.QUEUED, JobState.LEASED), limit=1))

    async def look(self) -> None:
        """Tell which pools have jobs that have been due for a minute and that nobody takes.

        A pool in which anything at all is at work is served, however long its queue is.

        Raises:
            WebTVError: the ledger does not answer.
        """
        late: dict[str, list[float]] = {}
        for job in await self._ledger.find(states=(JobState.QUEUED,)):
            waits = self._clock.time() - max(job.created, job.not_before)
            if waits >= _UNSERVED_AFTER:
                late.setdefault(job.pool, []).append(waits)
        for pool in list(late):
            if await self._ledger.find(pool=pool, states=(JobState.LEASED,), limit=1):
                del late[pool]
        for pool in self._told.keys() - late.keys():
            del self._told[pool]
            self._events(Event("engine.pool.served", f"Jobs for {pool!r} are taken again"))
        for pool, waits_of in sorted(late.items()):
            self._tell(pool, waits_of)

    def _tell(self, pool: str, late: Sequence[float]) -> None:
        now = self._clock.monotonic()
        if now - self._told.get(pool, -math.inf) < _TELL_AGAIN:
            return
        self._told[pool] = now
        self._events(
            Event(
                "engine.pool.unserved",
                f"{len(late)} jobs for {pool!r} wait for up to {max(late):.0f} s, and nobody takes one",
                Severity.ERROR,
                _REMEDIES.get(pool, "start what serves this pool, or have the channel use other adapters"),
                data={"pool": pool, "jobs": len(late), "seconds": round(max(late))},
            )
        )
