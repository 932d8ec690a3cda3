"""Work that, once begun, is brought to its end whatever its caller hears meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work that must finish; a cancellation that comes meanwhile is raised after it.

    A plain ``asyncio.shield`` is not enough: the caller would go on, the loop might end, and the work be
    cancelled half done.

    Args:
        work: bounded in time by itself.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:  # the task's own: raised by result() below
            break
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen, so that nobody reports it as never retrieved
        raise cancelled
    return task.result()
