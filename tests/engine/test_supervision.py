"""Real processes that die, hang and come back."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from crew import Crew, Line, crew_in, lives, until

from webtv.core.clock import SystemClock
from webtv.core.errors import ConflictError
from webtv.core.events import EventLog
from webtv.core.lock import holder_of
from webtv.core.process import Process
from webtv.engine.supervision import (
    HAND_OVER,
    Pace,
    Supervisor,
    control_lock,
    settle_log,
    settle_logs,
    take_over,
)
from webtv.testing.clock import VirtualClock

HOLD = """
import os, signal, sys, time
from pathlib import Path
from webtv.engine.supervision import control_lock
deaf = len(sys.argv) > 2
signal.signal(signal.SIGUSR1, signal.SIG_IGN if deaf else lambda *_: sys.exit(0))
with control_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
SIGN_LATE = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
time.sleep(0.05)
os.write(handle, f"{os.getpid()}\\n".encode())
time.sleep(60)
"""


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    with crew_in(tmp_path) as crew:
        yield crew


@pytest.fixture
def events() -> EventLog:
    return EventLog()


@pytest.fixture
def supervisor(crew: Crew, events: EventLog) -> Supervisor:
    return Supervisor(crew.data, crew.env, clock=SystemClock(), noise=random.Random(1), events=events)


@contextlib.asynccontextmanager
async def running(work) -> AsyncIterator[asyncio.Task]:
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def script(code: str, *arguments: object, **options) -> Process:
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    return Process(argv, name="holder", stdout=True, grace=0.2, **options)


class TestChildren:
    async def test_one_that_dies_starts_again_and_what_happened_is_told(self, crew, supervisor, events):
        crew.behave("web", "dies")
        async with running(supervisor.keep("web", ["web"])):
            await until(lambda: len(crew.pids("web")) >= 3)
        kinds = {event.kind for event in events.recent}
        assert kinds == {"engine.process.ended"}
        assert "status 3" in events.recent[0].message
        assert "web.log" in events.recent[0].remedy
        assert crew.living() == []

    async def test_one_that_is_killed_starts_again_at_once(self, crew, supervisor):
        async with running(supervisor.keep("web", ["web"])):
            await until(lambda: crew.pids("web"))
            os.kill(crew.pids("web")[0], signal.SIGKILL)
            await until(lambda: len(crew.pids("web")) == 2)
        assert crew.living() == []

    async def test_one_that_does_not_listen_is_killed(self, crew, supervisor):
        crew.behave("web", "deaf")
        async with running(supervisor.keep("web", ["web"])):
            await until(lambda: crew.pids("web"))
        assert crew.living() == []

    async def test_one_that_cannot_be_started_is_told_and_tried_again(self, supervisor, events, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        async with running(supervisor.keep("web", ["web"])):
            await until(lambda: len(events.recent) >= 2)
        assert "/nowhere/python is not there" in events.recent[0].message


def test_the_pace_slows_down_and_recovers():
    clock = VirtualClock()
    pace = Pace(clock, random.Random(1), ceiling=30.0)
    waits = []
    for _ in range(40):
        pace.begin()
        clock.forward(1)
        waits.append(pace.ended())
    assert waits[0] == 0.0
    assert all(0.5 * 2**n <= waits[n + 1] <= 2**n for n in range(5))
    assert all(15 <= wait <= 30 for wait in waits[6:])
    pace.begin()
    clock.forward(31)
    assert pace.ended() == 0.0


class TestHeadEnd:
    async def test_started_adopted_and_brought_back(self, crew, supervisor, events):
        line = Line(crew)
        assert await supervisor.start_head_end(line) is False
        await until(lambda: crew.on_air)
        later = Supervisor(crew.data, crew.env, clock=SystemClock(), noise=random.Random(), events=events)
        assert await later.start_head_end(line) is True
        async with running(later.keep_head_end(line, 0.02)):
            first = crew.on_air
            os.kill(first, signal.SIGKILL)  # the adopted one
            await until(lambda: crew.on_air not in (None, first))
            second = crew.on_air
            os.kill(second, signal.SIGKILL)  # our own
            await until(lambda: crew.on_air not in (None, first, second))
        assert [event.kind for event in events.recent] == ["engine.head_end.ended"] * 2
        await later.stop_head_end(line)
        assert crew.on_air is None
        assert crew.living() == []

    @pytest.mark.parametrize("adopted", [True, False])
    async def test_a_death_is_seen_at_once_and_not_at_the_next_look(self, crew, supervisor, events, adopted):
        line, still = Line(crew), VirtualClock()  # it never moves: nobody looks a second time
        keeper = Supervisor(crew.data, crew.env, clock=still, noise=random.Random(), events=events)
        await (supervisor if adopted else keeper).start_head_end(line)
        await until(lambda: crew.on_air)
        first = crew.on_air
        async with running(keeper.keep_head_end(line, 3600.0)):
            await until(lambda: still._sleepers)
            os.kill(first, signal.SIGKILL)
            await until(lambda: crew.on_air not in (None, first))
        assert [event.kind for event in events.recent] == ["engine.head_end.ended"]

    async def test_one_that_hangs_is_not_doubled(self, crew, supervisor, events):
        line = Line(crew)
        await supervisor.start_head_end(line)
        await until(lambda: crew.on_air)
        line.answers = False
        later = Supervisor(crew.data, crew.env, clock=SystemClock(), noise=random.Random(), events=events)
        assert await later.start_head_end(line) is True
        looks = VirtualClock()
        later._clock = looks
        async with running(later.keep_head_end(line)):
            for _ in range(5):
                await looks.advance(1.0)
        assert len(crew.pids("air")) == 1
        assert not events.recent

    async def test_one_that_stands_still_altogether_is_ended(self, crew, supervisor, events):
        line = Line(crew)
        await supervisor.start_head_end(line)
        await until(lambda: crew.on_air)
        first = crew.on_air
        line.answers = False
        looks = VirtualClock(time.time())
        later = Supervisor(crew.data, crew.env, clock=looks, noise=random.Random(), events=events)
        cursor = crew.data / "cursors" / "tide.json"
        cursor.parent.mkdir()
        async with running(later.keep_head_end(line, 1.0)):
            for _ in range(60):  # it does not answer, and airs: its books move on
                cursor.touch()
                os.utime(cursor, (looks.time(), looks.time()))
                await looks.advance(1.0)
            assert crew.on_air == first
            for _ in range(60):
                await looks.advance(1.0)
            await until(lambda: crew.on_air != first)
        assert "engine.head_end.stood_still" in {event.kind for event in events.recent}

    async def test_one_that_lost_the_race_is_not_started_again(self, crew, supervisor, events):
        line = Line(crew)
        supervisor._spawn()
        await until(lambda: crew.on_air)
        holder = crew.on_air
        supervisor._spawn()  # ends, as the lock is taken
        async with running(supervisor.keep_head_end(line, 0.02)):
            await until(lambda: len(crew.pids("air")) == 2 and len(crew.living()) == 1)
            await until(lambda: supervisor._head_end is None)
        assert crew.on_air == holder
        assert len(crew.pids("air")) == 2
        assert not events.recent

    async def test_another_protocol_is_the_operators_to_solve(self, crew, supervisor):
        line = Line(crew)
        line.trouble = ConflictError("the head-end speaks protocol 9")
        with pytest.raises(ConflictError):
            await supervisor.start_head_end(line)
        assert crew.pids("air") == []

    @pytest.mark.parametrize("manner", ["deaf", "late"])
    async def test_one_that_does_not_listen_or_has_hardly_begun_is_stopped(self, crew, supervisor, manner):
        crew.behave("air", manner)
        line = Line(crew)
        line.answers = False
        await supervisor.start_head_end(line)
        await until(lambda: crew.on_air if manner == "deaf" else crew.pids("air"))
        await supervisor.stop_head_end(line, patience=0.2)
        assert crew.living() == []

    async def test_none_is_stopped_where_there_is_none(self, crew, supervisor):
        await supervisor.stop_head_end(Line(crew))

    async def test_it_is_detached_and_leaves_no_file_open(self, crew, supervisor):
        await supervisor.start_head_end(Line(crew))
        await until(lambda: crew.on_air)
        assert os.getsid(crew.on_air) == crew.on_air
        await supervisor.stop_head_end(Line(crew))


class TestLocks:
    def test_nobody_holds_what_is_not_there_or_free(self, tmp_path: Path):
        assert holder_of(tmp_path / "absent.lock") is None
        (tmp_path / "stale.lock").write_text("999999\n")
        assert holder_of(tmp_path / "stale.lock") is None

    def test_only_one_control_plane(self, tmp_path: Path):
        with control_lock(tmp_path):
            assert holder_of(tmp_path / "serve.lock") == os.getpid()
            with pytest.raises(ConflictError, match=f"process {os.getpid()} runs"), control_lock(tmp_path):
                pass
        assert holder_of(tmp_path / "serve.lock") is None
        assert (tmp_path / "serve.lock").read_text() == ""
        with control_lock(tmp_path):
            pass

    async def test_a_killed_one_holds_nothing(self, tmp_path: Path):
        async with script(HOLD, tmp_path) as holder:
            await holder.stdout.readline()
            assert holder_of(tmp_path / "serve.lock") == holder.pid
            os.kill(holder.pid, signal.SIGKILL)
            await holder.wait()
        assert holder_of(tmp_path / "serve.lock") is None

    async def test_one_who_has_not_signed_yet_is_waited_for(self, tmp_path: Path):
        lock = tmp_path / "air.lock"
        async with script(SIGN_LATE, lock, stdin=True) as holder:
            await holder.stdout.readline()
            holder.stdin.write(b"\n")
            await holder.stdin.drain()
            assert await asyncio.to_thread(holder_of, lock) == holder.pid

    async def test_a_take_over(self, tmp_path: Path):
        await take_over(tmp_path, SystemClock())  # nobody there
        async with script(HOLD, tmp_path) as holder:
            await holder.stdout.readline()
            await take_over(tmp_path, SystemClock())
            with control_lock(tmp_path):
                assert await holder.wait() == 0

    async def test_one_that_does_not_leave_is_named(self, tmp_path: Path):
        async with script(HOLD, tmp_path, "deaf") as holder:
            await holder.stdout.readline()
            with pytest.raises(ConflictError, match=f"process {holder.pid} does not leave"):
                await take_over(tmp_path, SystemClock(), patience=0.2)
            assert lives(holder.pid)

    def test_the_signal_to_hand_over_is_not_the_one_to_end(self):
        assert HAND_OVER not in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class TestLogs:
    def test_a_large_log_is_cut_while_it_is_written(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr("webtv.engine.supervision._LOG_BYTES", 1000)
        path = tmp_path / "logs" / "web.log"
        assert settle_log(path) == path
        with path.open("ab") as writer:
            writer.write(b"x" * 1001)
            writer.flush()
            settle_logs(path.parent)
            assert path.stat().st_size == 0
            writer.write(b"after")
        assert path.read_bytes() == b"after"
        assert (path.parent / "web.log.1").stat().st_size == 1001

    def test_where_no_log_can_be_the_child_goes_without(self, tmp_path: Path):
        (tmp_path / "logs").write_text("a file in the way")
        assert settle_log(tmp_path / "logs" / "web.log") == Path(os.devnull)
