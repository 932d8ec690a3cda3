"""One order for one take in this process, however many lanes want it.

A job whose lease was lost is leased again by another lane while the first still works at it. Both want the
same take: the second waits, and finds the ticket of the first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from webtv.core.clock import Clock
from webtv.studio.progress import tell
from webtv.studio.remote.patience import within
from webtv.studio.remote.tickets import Tickets

_WORD = 30.0  # seconds between two words of one that waits


@dataclass(slots=True)
class _Flight:
    free: asyncio.Event = field(default_factory=asyncio.Event)
    holders: int = 0


_flights: dict[tuple[Tickets, str], _Flight] = {}


@contextlib.asynccontextmanager
async def only_one(tickets: Tickets, key: str, clock: Clock) -> AsyncIterator[Callable[[], bool]]:
    """Be the only one in this process who orders a take, while the block lasts; wait for that.

    Args:
        tickets: where its ticket is kept.
        key: content key of the take.
        clock: says now and then that somebody waits.

    Yields:
        Tells whether nobody else waits for the same take now.
    """
    flight = _flights.get((tickets, key))
    if flight is None:
        flight = _flights[tickets, key] = _Flight()
        flight.free.set()
    flight.holders += 1
    try:
        while not flight.free.is_set():
            tell("queue", 0)
            with contextlib.suppress(TimeoutError):
                await within(clock, _WORD, _wait(flight.free))
        flight.free.clear()  # nothing is awaited since it was seen to be free
        try:
            yield lambda: flight.holders == 1
        finally:
            flight.free.set()
    finally:
        flight.holders -= 1
        if not flight.holders:
            del _flights[tickets, key]


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
