"""Real processes on one file: each job goes to one of them, and the killed are relieved at once."""

import json
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from ledger_contract import shot

from webtv.core.clock import SystemClock
from webtv.core.errors import ConflictError
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.jobs import JobState
from webtv.engine.ledger import SqlLedger
from webtv.engine.owners import OwnerLock, bury, owner_is_alive

WORKER = """
import asyncio, json, random, sys
from pathlib import Path
from webtv.core.clock import SystemClock
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.ledger import SqlLedger
from webtv.engine.owners import OwnerLock

async def main(data, owner, hang):
    clock = SystemClock()
    with OwnerLock(data / "workers", owner):
        async with await open_database(data / "webtv.sqlite3") as database:
            ledger = SqlLedger(database, clock, IdFactory(clock, random.Random(owner)))
            print("ready", flush=True)
            sys.stdin.readline()
            while job := await ledger.lease(owner, ["shot"], 3600):
                print(json.dumps([job.payload["number"], job.attempts]), flush=True)
                if hang:
                    sys.stdin.readline()
                assert await ledger.complete(job, owner, {"by": owner})

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "hang"))
"""


class Worker:
    def __init__(self, data: Path, owner: str, mode: str = "run") -> None:
        self.owner = owner
        self.child = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, str(data), owner, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        return self.child.stdout.readline().strip()

    def go(self) -> None:
        self.child.stdin.write("go\n")
        self.child.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.child.kill()
        self.child.communicate()


def ledger_on(database) -> SqlLedger:
    clock = SystemClock()
    return SqlLedger(database, clock, IdFactory(clock, random.Random(0)))


async def test_several_processes_lease_each_job_once(tmp_path):
    async with await open_database(tmp_path / "webtv.sqlite3") as database:
        ledger = ledger_on(database)
        await ledger.enqueue([shot(number) for number in range(60)])
        with Worker(tmp_path, "a") as a, Worker(tmp_path, "b") as b, Worker(tmp_path, "c") as c:
            for worker in (a, b, c):
                assert worker.line() == "ready"
            for worker in (a, b, c):
                worker.go()
            outputs = [worker.child.communicate(timeout=60)[0].splitlines() for worker in (a, b, c)]
            assert [worker.child.returncode for worker in (a, b, c)] == [0, 0, 0]
        leased = sorted(json.loads(line) for output in outputs for line in output)
        assert leased == [[number, 1] for number in range(60)]
        jobs = await ledger.find()
        assert all(job.state is JobState.DONE for job in jobs)
        assert not list((tmp_path / "workers").iterdir())


async def test_a_killed_process_is_relieved_at_once(tmp_path):
    workers = tmp_path / "workers"
    async with await open_database(tmp_path / "webtv.sqlite3") as database:
        ledger = ledger_on(database)
        await ledger.enqueue([shot(1)])
        with Worker(tmp_path, "doomed", "hang") as doomed:
            assert doomed.line() == "ready"
            doomed.go()
            assert json.loads(doomed.line()) == [1, 1]
            assert owner_is_alive(workers, "doomed")
            assert await ledger.release_dead(lambda owner: owner_is_alive(workers, owner)) == 0
            assert await ledger.lease("heir", ["shot"], 30) is None
            doomed.child.send_signal(signal.SIGKILL)
            doomed.child.wait()
        assert not owner_is_alive(workers, "doomed")
        assert await ledger.release_dead(lambda owner: owner_is_alive(workers, owner)) == 1
        job = await ledger.lease("heir", ["shot"], 30)
        assert (job.attempts, job.lease_owner) == (2, "heir")
        assert await ledger.complete(job, "heir", {"by": "heir"})
        assert bury(workers) == ["doomed"]
        assert bury(workers) == []


class SetForward(SystemClock):
    """A machine's clock that somebody has set two hours forward."""

    def time(self) -> float:
        return super().time() + 7200


async def test_a_clock_that_is_set_takes_nothing_from_a_process_that_lives(tmp_path):
    workers, clock = tmp_path / "workers", SetForward()
    async with await open_database(tmp_path / "webtv.sqlite3") as database:
        is_alive = partial(owner_is_alive, workers)
        ledger = SqlLedger(database, clock, IdFactory(clock, random.Random(0)), is_alive)
        await ledger.enqueue([shot(1)])
        with Worker(tmp_path, "steady", "hang") as steady:
            assert steady.line() == "ready"
            steady.go()
            assert json.loads(steady.line()) == [1, 1]
            assert await ledger.lease("thief", ["shot"], 30) is None
            steady.child.send_signal(signal.SIGKILL)
            steady.child.wait()
        job = await ledger.lease("heir", ["shot"], 30)
        assert (job.attempts, job.lease_owner) == (2, "heir")


def test_an_owner_lives_as_long_as_its_block(tmp_path):
    folder = tmp_path / "workers"
    assert not owner_is_alive(folder, "ann")
    with OwnerLock(folder, "ann"):
        assert owner_is_alive(folder, "ann")
        assert bury(folder) == []
        with pytest.raises(ConflictError, match="ann"), OwnerLock(folder, "ann"):
            pass
        assert owner_is_alive(folder, "ann")
    assert not owner_is_alive(folder, "ann")
    with OwnerLock(folder, "ann"):
        assert owner_is_alive(folder, "ann")
    assert list(folder.iterdir()) == []
