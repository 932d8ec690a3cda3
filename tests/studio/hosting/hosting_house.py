"""A pool over the adapters of these tests, and what tests wait for."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import hosting_adapters

from webtv.core.clock import Clock, SystemClock
from webtv.core.events import Event
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.limits import Limits, Recycling
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.progress import Progress
from webtv.testing.clock import VirtualClock

T = TypeVar("T")
PATIENCE = 30.0  # seconds of real time after which something that a test waits for will not come
BUILDER = "hosting_adapters:build"


def environment(**extra: str) -> dict[str, str]:
    """The environment of a child that finds the adapters of these tests."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return child_environment(os.environ, threads=1, extra={"PYTHONPATH": path, **extra})


async def soon(work: Awaitable[T]) -> T:
    """Await what happens in real time."""
    async with asyncio.timeout(PATIENCE):
        return await work


class Ears:
    """Hears events, or progress, and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.progress: list[Progress] = []
        self._changed = asyncio.Event()

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)
        self._changed.set()

    def hear(self, progress: Progress) -> None:
        self.progress.append(progress)
        self._changed.set()

    def kinds(self) -> list[str]:
        return [event.kind.removeprefix("studio.model.") for event in self.events]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def event(self, kind: str) -> Event:
        await self.until(lambda: kind in self.kinds())
        return self.events[self.kinds().index(kind)]

    async def steps(self, count: int) -> None:
        await self.until(lambda: len(self.progress) >= count)


@contextlib.asynccontextmanager
async def pool(
    ears: Ears,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    recycling: Recycling | None = None,
    **more: Any,
) -> AsyncIterator[ModelPool]:
    """A pool whose children are built by these tests."""
    options = {"env": environment(), "builder": BUILDER, **more}
    opened = ModelPool(
        clock=clock or SystemClock(), events=ears, limits=limits, recycling=recycling, **options
    )
    async with opened:
        yield opened


def stand_in(opened: ModelPool, use: str, stage: str = "shot", **options: Any) -> Any:
    """A hosted adapter of these tests; its own constructor, which may fail, runs in the child only."""
    given = {"use": use, **options}
    local = hosting_adapters.Plain(**{"stage": stage, **given})
    return hosted(opened, stage, given, local)


def handing(opened: ModelPool, **options: Any) -> Any:
    """A hosted adapter that says what it loads."""
    given = {"use": "Handing", **options}
    return hosted(opened, "shot", given, hosting_adapters.Handing(stage="shot", **given))


async def past(clock: VirtualClock, task: "asyncio.Task[Any]", step: float = 1.0) -> None:
    """Move time on until a task is done; real processes die meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not task.done():
            await clock.advance(step)


class Gate:
    """A FIFO by which a test lets an adapter's steps go, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "gate")
        os.mkfifo(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)

    def open(self, steps: int = 1) -> None:
        os.write(self._descriptor, b"." * steps)

    def close(self) -> None:
        os.close(self._descriptor)
