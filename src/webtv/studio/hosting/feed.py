"""A take on its way to a child: read ahead as far as there is room, handed on as the child asks for it."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from webtv.studio.ports import Chunk, Take


class Feed:
    """Reads a take in a task of its own, as an async context manager.

    Reading goes on while the child is not free yet: so the stage before can finish, and its own child be
    ended, where the card does not hold both. It stops when the block is left; the take is closed by whoever
    began it.

    Args:
        take: what to read.
        most: bytes that may wait; may be changed at any time.
    """

    def __init__(self, take: Take, most: int) -> None:
        self.most = most
        self._take = take
        self._held = 0
        self._chunks: deque[Chunk] = deque()
        self._over = False
        self._error: BaseException | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._read(), name="feed")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def begun(self) -> bool:
        """Wait for the first chunk; whether there is one.

        Raises:
            Exception: whatever the take raised.
        """
        await self._until(lambda: bool(self._chunks) or self._over)
        if not self._chunks and self._error is not None:
            raise self._error
        return bool(self._chunks)

    async def next(self) -> Chunk | None:
        """The next chunk; None after the last one.

        Raises:
            Exception: whatever the take raised.
        """
        if not await self.begun():
            return None
        chunk = self._chunks.popleft()
        self._held -= chunk.frames.nbytes
        self._changed.set()
        return chunk

    async def _read(self) -> None:
        try:
            async for chunk in self._take:
                self._chunks.append(chunk)
                self._held += chunk.frames.nbytes
                self._changed.set()
                await self._until(lambda: self._held < self.most)
        except asyncio.CancelledError as error:
            self._error = error  # a take that was cut short must not pass for a whole one
            raise
        except Exception as error:
            self._error = error
        finally:
            self._over = True
            self._changed.set()

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()
