"""Virtual time: a clock that moves only when it is told to."""

import asyncio
import heapq


class VirtualClock:
    """A :class:`webtv.core.clock.Clock` whose time tests set.

    Sleepers wake in order of their deadlines while :meth:`advance` runs; nothing really waits.

    Args:
        start: seconds since 1970 UTC at which it stands.
    """

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._time = start
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def time(self) -> float:
        """Seconds since 1970 UTC."""
        return self._time

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP might; monotonic time stays."""
        self._time += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until somebody advances the clock that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._monotonic + seconds, self._count, future))
        await future

    def forward(self, seconds: float) -> None:
        """Move time on without waking anybody (for code that never sleeps)."""
        self._monotonic += seconds
        self._time += seconds

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its deadline and letting it run."""
        end = self._monotonic + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self.forward(max(0.0, due - self._monotonic))
            if not future.done():
                future.set_result(None)
            await self._settle()
        self.forward(end - self._monotonic)

    async def _settle(self) -> None:
        for _ in range(20):  # lets chains of ready callbacks run before time moves again
            await asyncio.sleep(0)
