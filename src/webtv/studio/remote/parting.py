"""What must still be said to a server although nobody waits for the take any more."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

PATIENCE = 10.0  # seconds


async def finished(work: Coroutine[Any, Any, None], patience: float = PATIENCE) -> None:
    """Carry something short through to its end, cancelled or not.

    A cancellation that comes meanwhile is raised afterwards, once the work has ended or ``patience`` seconds
    have passed; what the work raises is lost in that case only.
    """
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_outcome(work))
        try:
            error = await asyncio.shield(task)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(task, patience)
            raise
    if error is not None:
        raise error


async def _outcome(work: Coroutine[Any, Any, None]) -> Exception | None:
    try:
        await work
    except Exception as error:
        return error
    return None
