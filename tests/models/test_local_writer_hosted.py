"""The local writer over a model in a child: as in this process, and none of this process's trouble."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from test_local_writer import CHANNEL, GOOD, brief
from tiny_writers import save_babbler, save_reciter

from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import InternalError, TransientError
from webtv.core.events import EventLog
from webtv.prompts.desk import ScriptDesk
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.local_model import Chance, Question
from webtv.prompts.local_writer import LocalWriter
from webtv.prompts.memory import Memory
from webtv.prompts.safety import SafetyFilter
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.progress import Progress, heard
from webtv.studio.scribe import Scribe
from webtv.studio.writing import LanguageModel
from webtv.testing.clock import VirtualClock

pytestmark = pytest.mark.models

PATIENCE = 120.0  # seconds of real time after which a child that a test waits for will not come


class House:
    """A scribe, and what is seen of its children."""

    def __init__(self, *, clock: Clock | None = None, **options: Any) -> None:
        self.events = EventLog()
        self._pools: list[ModelPool] = []
        self.model = LanguageModel(options.get("model", "nothing"), clock=SystemClock(), device="cpu")
        self.scribe = Scribe(
            self._pool,
            self.model,
            {"use": "local", **options},
            clock=clock or SystemClock(),
            events=self.events,
            idle=60.0,
        )

    def _pool(self) -> ModelPool:
        path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        env = child_environment(os.environ, threads=1, extra={"PYTHONPATH": path})
        made = ModelPool(env=env, clock=SystemClock(), events=self.events, builder="hosted_writers:build")
        self._pools.append(made)
        return made

    @property
    def pid(self) -> int:
        pid = self._pools[-1].status()[0].pid
        assert pid is not None
        return pid

    def kinds(self) -> list[str]:
        return [event.kind.removeprefix("studio.model.") for event in self.events.recent]


class Ear:
    """Hears progress in the loop's thread, and lets a test wait for it."""

    def __init__(self) -> None:
        self.writes = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        if progress.stage == "write":
            self.writes.set()


def question(seed: int = 7) -> Question:
    return Question([{"role": "user", "content": "go"}], Chance(seed), tokens=96, seconds=PATIENCE)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_child_writes_what_the_model_would_write_here(tmp_path: Path) -> None:
    house = House(model=str(save_babbler(tmp_path / "babbler")))
    async with house.scribe as scribe:
        there = [await scribe.ask(question(seed)) for seed in (1, 2, 1)]
        pid = house.pid
    here = [await house.model.ask(question(seed)) for seed in (1, 2, 1)]
    assert [reply.text.encode() for reply in there] == [reply.text.encode() for reply in here]
    assert there == here
    assert there[0] != there[1]
    assert house.kinds() == ["started"], "one child for all"
    assert not is_there(pid), "leaving the block ended it"
    with pytest.raises(TransientError, match="was ended"):
        await house.scribe.ask(question())


async def test_a_child_that_dies_over_a_sequence_costs_no_more_than_that_sequence(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    descriptor = os.open(gate, os.O_RDWR)
    folder = save_reciter(tmp_path / "gull-writer", GOOD)
    house = House(model=str(folder), gate=str(gate))
    clock = VirtualClock()
    async with house.scribe as scribe, asyncio.timeout(PATIENCE):
        desk = ScriptDesk(
            LocalWriter(folder, scribe.ask),
            GrammarWriter(),
            safety=SafetyFilter(),
            memory=Memory(),
            events=house.events,
            clock=clock,
        )

        async def begun(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
            with heard(ear := Ear()):
                task = asyncio.create_task(work)
                await ear.writes.wait()
            return task

        writing = await begun(desk.write("tideline", CHANNEL, 1))
        os.kill(house.pid, signal.SIGSEGV)
        assert (await writing).writer == "grammar"
        assert house.kinds() == ["started", "crashed", "prompts.writer.fell_back"]
        fell_back = house.events.recent[-1]
        assert (fell_back.data["from"], fell_back.data["reason"]) == ("local:gull-writer", "transient")
        assert "crashed (SIGSEGV)" in fell_back.message

        asking = await begun(scribe.ask(question()))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        os.write(descriptor, b"." * 4096)
        clock.forward(60)  # the desk leaves alone who was away
        plan = await desk.write("tideline", CHANNEL, 2)
        assert (plan.writer, plan.title) == ("local:gull-writer", "Gulls at Dawn")
        assert house.kinds()[3:] == ["started"], "a cancelled question ends no child"
    os.close(descriptor)
    assert await LocalWriter(folder, house.model.ask).write(brief(2)) == plan


async def test_a_child_that_nobody_asks_ends_and_the_next_question_has_another() -> None:
    clock = VirtualClock()
    house = House(clock=clock)
    async with house.scribe as scribe, asyncio.timeout(PATIENCE):

        async def asked() -> int:
            with pytest.raises(InternalError, match="makes no sense"):
                await scribe.ask(question())
            return house.pid

        first = await asked()
        await clock.advance(59)
        assert await asked() == first
        await clock.advance(59)
        assert is_there(first), "it counts from the latest question"
        await clock.advance(1)
        while "recycled" not in house.kinds():
            await clock.advance(0)
        assert not is_there(first)
        assert await asked() != first
        assert house.kinds() == ["started", "recycled", "started"]
