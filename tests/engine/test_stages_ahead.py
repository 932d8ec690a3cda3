"""A chain works ahead of whoever iterates it, and stops when it is told to."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from webtv.core.errors import QualityError
from webtv.engine.stages import read_ahead
from webtv.studio.ports import Chunk


def chunk(number: int) -> Chunk:
    return Chunk(np.full((1, 2, 2, 3), number, np.uint8), number, 24)


class Maker:
    """Makes chunks one after the other and tells how far it got and how it ended."""

    def __init__(self, chunks: int, fails: bool = False) -> None:
        self._chunks = chunks
        self._fails = fails
        self.made = [asyncio.Event() for _ in range(chunks)]
        self.abandoned = asyncio.Event()

    async def take(self) -> AsyncIterator[Chunk]:
        try:
            for number in range(self._chunks):
                self.made[number].set()
                yield chunk(number)
                await asyncio.sleep(0)
            if self._fails:
                raise QualityError("the picture is black", remedy="make it again")
        except (asyncio.CancelledError, GeneratorExit):
            self.abandoned.set()
            raise


async def test_the_next_chunk_is_made_while_the_first_one_is_worked_on() -> None:
    maker = Maker(5)
    ahead = read_ahead(maker.take())
    first = await anext(ahead)
    async with asyncio.timeout(5):
        await maker.made[2].wait()  # nobody has asked for more than the first
    assert first.start_frame == 0
    assert not maker.made[4].is_set(), "no more than two chunks wait"
    assert [piece.start_frame async for piece in ahead] == [1, 2, 3, 4]


async def test_what_a_take_raises_comes_after_its_chunks() -> None:
    ahead = read_ahead(Maker(3, fails=True).take())
    assert [(await anext(ahead)).start_frame for _ in range(3)] == [0, 1, 2]
    with pytest.raises(QualityError, match="black"):
        await anext(ahead)


async def test_a_chain_that_is_left_stops_working() -> None:
    maker = Maker(100)
    take = maker.take()
    ahead = read_ahead(take)
    await anext(ahead)
    await ahead.aclose()
    await take.aclose()  # type: ignore[attr-defined]
    assert maker.abandoned.is_set()
    assert not maker.made[10].is_set()
