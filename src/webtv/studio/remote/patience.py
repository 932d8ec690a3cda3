"""How long anything that others do may take in all, on the clock that everything else is counted on.

A timeout between two bytes bounds nothing: a server that sends one every few seconds is never late.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from webtv.core.clock import Clock

T = TypeVar("T")

NAME = "patience"
"""Of the tasks that count: clocks of tests tell them from those that wait for something to do."""


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Await work for so many seconds at most; then it is cancelled.

    Raises:
        TimeoutError: it took longer.
        Exception: its own.
    """
    working = asyncio.ensure_future(work)
    waiting = asyncio.create_task(clock.sleep(seconds), name=NAME)
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise TimeoutError
        return working.result()
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
