"""What reads ahead ends with whoever reads, whatever goes wrong and whenever."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
import pytest

from webtv.engine.stages import close, read_ahead
from webtv.studio.ports import Chunk


async def take(chunks: int, closed: list[str] | None = None) -> AsyncIterator[Chunk]:
    try:
        for number in range(chunks):
            await asyncio.to_thread(lambda: None)
            yield Chunk(np.full((1, 2, 2, 3), number, np.uint8), number, 24)
    finally:
        if closed is not None:
            closed.append("closed")


async def read(source: AsyncIterator[Chunk]) -> list[int]:
    """As a chain is read: the last stage is closed first."""
    ahead = read_ahead(source)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(close, source)
        stack.push_async_callback(close, ahead)
        return [chunk.start_frame async for chunk in ahead]


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_reader_that_is_cancelled_at_any_point_leaves_nothing_behind(times: int) -> None:
    for turns in range(24):
        closed: list[str] = []
        task = asyncio.ensure_future(read(take(6, closed)))
        for _ in range(turns):
            await asyncio.sleep(0)
        begun = turns > 2
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError) or result == list(range(6)), (turns, result)
        assert not others(), turns
        assert closed == ["closed"] or not begun, turns


async def test_a_stage_that_is_cancelled_from_within_does_not_keep_its_reader_waiting() -> None:
    async def cancelled() -> AsyncIterator[Chunk]:
        yield Chunk(np.zeros((1, 2, 2, 3), np.uint8), 0, 24)
        raise asyncio.CancelledError

    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await read(cancelled())
    assert not others()


@pytest.mark.parametrize("taken", [1, 2])
async def test_a_stage_that_answers_its_closing_with_an_error_does_not_keep_its_reader_waiting(
    taken: int,
) -> None:
    async def stubborn() -> AsyncIterator[Chunk]:
        for number in range(2):
            yield Chunk(np.zeros((1, 2, 2, 3), np.uint8), number, 24)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise RuntimeError("the model is gone") from error

    ahead = read_ahead(stubborn())
    async with asyncio.timeout(5):
        assert [(await anext(ahead)).start_frame for _ in range(taken)] == list(range(taken))
        for _ in range(8):
            await asyncio.sleep(0)  # it has made all it makes; where one was taken, the other one waits
        await close(ahead)
    assert not others()
