"""The contract on both ledgers, random interleavings on both, and what only the durable one can do."""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_contract import LedgerContract, shot

from webtv.core.errors import QualityError, TransientError
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.jobs import JobState
from webtv.engine.ledger import Ledger, SqlLedger
from webtv.testing.clock import VirtualClock
from webtv.testing.engine import MemoryLedger


@asynccontextmanager
async def sql_ledger(
    folder: Path, clock: VirtualClock, living: Collection[str] = ()
) -> AsyncIterator[SqlLedger]:
    async with await open_database(folder / "webtv.sqlite3") as database:
        yield SqlLedger(database, clock, IdFactory(clock, random.Random(1)), living.__contains__)


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, clock: VirtualClock, living: set[str]) -> MemoryLedger:
        return MemoryLedger(clock, IdFactory(clock, random.Random(1)), living.__contains__)


class TestSqlLedger(LedgerContract):
    @pytest.fixture
    async def ledger(self, clock: VirtualClock, living: set[str], tmp_path: Path) -> AsyncIterator[SqlLedger]:
        async with sql_ledger(tmp_path, clock, living) as ledger:
            yield ledger

    async def test_jobs_outlive_the_process(self, tmp_path, clock):
        async with sql_ledger(tmp_path / "a", clock) as ledger:
            await ledger.enqueue([shot(1), shot(2)])
            job = await ledger.lease("ann", ["shot"], 30)
            await ledger.complete(job, "ann", {"file": "abc"})
        async with sql_ledger(tmp_path / "a", clock) as ledger:
            assert [each.state for each in await ledger.find()] == [JobState.DONE, JobState.QUEUED]

    async def test_a_result_is_written_though_its_worker_is_cancelled(self, ledger):
        (job,) = await ledger.enqueue([shot(1)])
        leased = await ledger.lease("ann", ["shot"], 30)
        task = asyncio.ensure_future(ledger.complete(leased, "ann", {"file": "abc"}))
        for _ in range(3):  # it has the lock and has begun
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await ledger.get(job.id)).state is JobState.DONE

    async def test_many_workers_of_one_process_never_share_a_job(self, ledger):
        await ledger.enqueue([shot(number) for number in range(40)])
        taken: list[str] = []

        async def work(owner: str) -> None:
            while job := await ledger.lease(owner, ["shot"], 30):
                taken.append(job.id)
                assert await ledger.complete(job, owner, {})

        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(work(f"worker-{number}"))
        assert len(taken) == len(set(taken)) == 40


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "lease",
                "lease",
                "heartbeat",
                "complete",
                "complete",
                "retry",
                "refuse",
                "fail",
                "late",
                "wait",
                "leave",
                "die",
            ]
        ),
        st.integers(0, 2),
    ),
    min_size=5,
    max_size=60,
)


async def play(ledger: Ledger, clock: VirtualClock, steps: list[tuple[str, int]]) -> list[tuple]:
    """Three workers do as they are told; returns what a bystander saw and checks what must always hold."""
    jobs = await ledger.enqueue([shot(number, max_attempts=3) for number in range(4)])
    hands: list[list] = [[], [], []]  # every lease a worker ever got: it may try to use an old one
    accepted: Counter[str] = Counter()
    seen: list[tuple] = []
    for step, number in steps:
        owner, hand = f"worker-{number}", hands[number]
        answer: object = None
        if step == "lease":
            job = await ledger.lease(owner, ["shot"], 30)
            if job:
                hand.append(job)
                answer = (job.payload["number"], job.attempts, job.token, job.take)
        elif step == "wait":
            clock.forward(11)
        elif step == "leave":
            answer = await ledger.release_owner(owner)
        elif step == "die":
            answer = await ledger.release_dead(lambda who, dead=owner: who != dead)
        elif hand:
            job = hand[0] if step == "late" else hand[-1]
            spent = job.attempts >= job.max_attempts  # then the policy of retries asks for no other
            if step == "heartbeat":
                answer = await ledger.heartbeat(job, owner, 30, {"stage": "shot", "done": len(seen), "of": 0})
            elif step == "retry":
                answer = await ledger.fail(
                    job, owner, TransientError("again"), None if spent else clock.time() + 5
                )
            elif step == "refuse":
                answer = await ledger.fail(job, owner, QualityError("black"), None if spent else clock.time())
            elif step == "fail":
                answer = await ledger.fail(job, owner, ValueError("never"), None)
            else:
                answer = await ledger.complete(job, owner, {"by": owner, "token": job.token})
                accepted[job.id] += bool(answer)
        now = await ledger.find()
        assert {job.id for job in now} == {job.id for job in jobs}, "no job is ever lost"
        for job in now:
            assert (job.lease_owner is not None) == (job.state is JobState.LEASED)
            assert job.progress is None or job.state is JobState.LEASED
            assert job.attempts <= job.max_attempts
            assert accepted[job.id] == (job.state is JobState.DONE), "done exactly if one result was taken"
            if job.state is JobState.DONE:
                assert job.result is not None
        told = tuple((job.state, job.attempts, job.token, job.take, job.progress) for job in now)
        seen.append((step, answer, told))
    # Whatever happened, one last worker brings every job to an end.
    for _ in range(20):
        clock.forward(31)
        while job := await ledger.lease("last", ["shot"], 30):
            assert await ledger.complete(job, "last", {"by": "last"})
    assert all(job.final for job in await ledger.find())
    return seen


@settings(max_examples=25)
@given(STEPS)
def test_no_interleaving_loses_a_job_or_takes_two_results(steps):
    async def run() -> None:
        clock = VirtualClock()
        fake = await play(MemoryLedger(clock, IdFactory(clock, random.Random(1))), clock, steps)
        clock = VirtualClock()
        with tempfile.TemporaryDirectory() as folder:
            async with sql_ledger(Path(folder), clock) as ledger:
                real = await play(ledger, clock, steps)
        assert fake == real, "the fake does what the real one does"

    asyncio.run(run())
