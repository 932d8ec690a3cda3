"""What every ledger must do; each test gets a fresh one and the virtual clock that it lives by."""

import pytest

from webtv.core.errors import QualityError, TransientError
from webtv.engine.jobs import CORES, MODELS, JobState, NewJob
from webtv.engine.leases import STUCK
from webtv.engine.ledger import Ledger
from webtv.testing.clock import VirtualClock

KINDS = ("shot", "bed")


def shot(number: int, **options) -> NewJob:
    return NewJob(options.pop("kind", "shot"), options.pop("channel", "one"), {"number": number}, **options)


class LedgerContract:
    """Subclass it and give a fixture ``ledger`` that lives by ``clock`` and asks ``living``."""

    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock()

    @pytest.fixture
    def living(self) -> set[str]:
        """Names of the owners that are known to live."""
        return set()

    async def test_a_job_goes_from_queued_to_done(self, ledger: Ledger, clock):
        (job,) = await ledger.enqueue([shot(1, group="seq", priority=3)])
        assert (job.state, job.attempts, job.token, job.priority) == (JobState.QUEUED, 0, 0, 3)
        assert (job.payload, job.created, job.lease_owner) == ({"number": 1}, clock.time(), None)
        leased = await ledger.lease("ann", KINDS, 30)
        assert leased is not None
        assert (leased.id, leased.state, leased.attempts, leased.lease_owner) == (
            job.id,
            JobState.LEASED,
            1,
            "ann",
        )
        assert (leased.lease_until, leased.heartbeat) == (clock.time() + 30, clock.time())
        assert await ledger.lease("bob", KINDS, 30) is None
        clock.forward(5)
        assert await ledger.complete(leased, "ann", {"file": "abc"})
        done = await ledger.get(job.id)
        assert done is not None
        assert (done.state, done.result, done.ended, done.final) == (
            JobState.DONE,
            {"file": "abc"},
            clock.time(),
            True,
        )
        assert (done.lease_owner, done.lease_until, done.error) == (None, None, None)

    async def test_the_same_work_is_enqueued_once(self, ledger: Ledger):
        first = await ledger.enqueue([shot(1), shot(2), shot(1)])
        again = await ledger.enqueue([shot(2), shot(3)])
        assert first[0] == first[2]
        assert again[0] == first[1]
        assert len(await ledger.find()) == 3

    async def test_finished_work_is_not_queued_again(self, ledger: Ledger):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        await ledger.complete(job, "ann", {"file": "abc"})
        (known,) = await ledger.enqueue([shot(1, priority=9)])
        assert (known.state, known.result, known.priority) == (JobState.DONE, {"file": "abc"}, 0)
        assert await ledger.lease("bob", KINDS, 30) is None

    async def test_the_highest_priority_goes_first_then_the_oldest(self, ledger: Ledger):
        await ledger.enqueue(
            [shot(1), shot(2, priority=5), shot(3), shot(4, priority=5), shot(5, priority=-1)]
        )
        order = [(await ledger.lease("ann", KINDS, 30)).payload["number"] for _ in range(5)]
        assert order == [2, 4, 1, 3, 5]

    async def test_only_the_kinds_that_were_asked_for(self, ledger: Ledger):
        await ledger.enqueue([shot(1), shot(2, kind="bed")])
        assert (await ledger.lease("ann", ["bed"], 30)).kind == "bed"
        assert await ledger.lease("ann", ["bed"], 30) is None
        assert await ledger.lease("ann", [], 30) is None

    async def test_only_of_the_pool_that_was_asked_for(self, ledger: Ledger):
        await ledger.enqueue([shot(1, pool=MODELS, priority=9), shot(2), shot(3, pool="elsewhere")])
        mine = await ledger.lease("ann", KINDS, 30)
        assert (mine.payload["number"], mine.pool) == (2, CORES)
        assert await ledger.lease("ann", KINDS, 30) is None
        theirs = await ledger.lease("bob", KINDS, 30, MODELS)
        assert (theirs.payload["number"], theirs.pool) == (1, MODELS)
        assert await ledger.lease("bob", KINDS, 30, MODELS) is None
        assert [job.payload["number"] for job in await ledger.find(pool="elsewhere")] == [3]

    async def test_a_job_of_a_pool_whose_worker_is_silent_goes_to_its_own_pool_again(
        self, ledger: Ledger, clock
    ):
        await ledger.enqueue([shot(1, pool=MODELS)])
        await ledger.lease("ann", KINDS, 30, MODELS)
        clock.forward(31)
        assert await ledger.lease("bob", KINDS, 30) is None
        assert (await ledger.lease("cid", KINDS, 30, MODELS)).attempts == 2

    async def test_not_before_its_time(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1, not_before=clock.time() + 10)])
        assert await ledger.lease("ann", KINDS, 30) is None
        clock.forward(10)
        assert await ledger.lease("ann", KINDS, 30) is not None

    async def test_an_expired_lease_is_given_to_another(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        stale = await ledger.lease("ann", KINDS, 30)
        clock.forward(29.9)
        assert await ledger.lease("bob", KINDS, 30) is None
        clock.forward(0.1)
        fresh = await ledger.lease("bob", KINDS, 30)
        assert (fresh.id, fresh.attempts, fresh.lease_owner) == (stale.id, 2, "bob")
        assert not await ledger.heartbeat(stale, "ann", 30)
        assert not await ledger.complete(stale, "ann", {"by": "ann"})
        assert not await ledger.fail(stale, "ann", TransientError("late"), None)
        assert await ledger.complete(fresh, "bob", {"by": "bob"})
        assert (await ledger.get(fresh.id)).result == {"by": "bob"}

    async def test_a_clock_that_is_set_takes_nothing_from_an_owner_that_is_at_it(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1), shot(2, max_attempts=1)])
        mine = [await ledger.lease("ann", KINDS, 30) for _ in range(2)]
        at_work = {job.id for job in mine}
        for _ in range(5):
            clock.step(3600)
            assert await ledger.lease("ann", KINDS, 30, except_ids=at_work) is None
            assert [await ledger.heartbeat(job, "ann", 30) for job in mine] == [True, True]
        clock.step(3600)
        at_work.remove(mine[0].id)  # it could not say that it was done
        again = await ledger.lease("ann", KINDS, 30, except_ids=at_work)
        assert (again.id, again.attempts) == (mine[0].id, 2)
        assert await ledger.complete(mine[1], "ann", {})

    async def test_nor_from_another_owner_that_lives(self, ledger: Ledger, clock, living):
        living |= {"ann", "bob"}
        await ledger.enqueue([shot(1), shot(2, max_attempts=1), shot(3)])
        held = [await ledger.lease(owner, KINDS, 30) for owner in ("ann", "bob", "dead")]
        for _ in range(5):
            clock.step(3600)
            taken = await ledger.lease("cid", KINDS, 3600 * 24)
            assert taken is None or taken.id == held[2].id
        assert [job.lease_owner for job in await ledger.find()] == ["ann", "bob", "cid"]
        assert await ledger.heartbeat(held[0], "ann", 30)
        assert await ledger.complete(held[1], "bob", {})

    async def test_a_living_owner_that_is_silent_for_long_is_relieved(self, ledger: Ledger, clock, living):
        living.add("ann")
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        clock.forward(31)
        assert await ledger.lease("bob", KINDS, 30) is None
        clock.forward(STUCK - 1)
        assert await ledger.lease("bob", KINDS, 30) is None
        assert await ledger.heartbeat(job, "ann", 30)  # it was only slow
        clock.forward(31)
        assert await ledger.lease("bob", KINDS, 30) is None
        clock.forward(STUCK)
        assert (await ledger.lease("bob", KINDS, 30)).attempts == 2
        assert not await ledger.heartbeat(job, "ann", 30)

    async def test_a_late_result_counts_while_nobody_else_took_the_job(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        clock.forward(100)
        assert await ledger.complete(job, "ann", {"by": "ann"})
        assert not await ledger.complete(job, "ann", {"by": "ann again"})
        assert (await ledger.get(job.id)).result == {"by": "ann"}

    async def test_an_owner_is_told_apart_from_its_own_earlier_lease(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        stale = await ledger.lease("ann", KINDS, 30)
        clock.forward(31)
        fresh = await ledger.lease("ann", KINDS, 30)
        assert not await ledger.heartbeat(stale, "ann", 30)
        assert not await ledger.complete(stale, "ann", {"lease": 1})
        assert await ledger.complete(fresh, "ann", {"lease": 2})

    async def test_a_heartbeat_keeps_the_lease(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        for _ in range(5):
            clock.forward(20)
            assert await ledger.heartbeat(job, "ann", 30)
            assert await ledger.lease("bob", KINDS, 30) is None
        assert (await ledger.get(job.id)).heartbeat == clock.time()
        assert not await ledger.heartbeat(job, "bob", 30)

    async def test_what_a_worker_tells_stands_in_the_ledger_while_it_works(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1), shot(2)])
        job = await ledger.lease("ann", KINDS, 30)
        assert job.progress is None
        told = {"stage": "shot", "done": 3, "of": 20}
        assert await ledger.heartbeat(job, "ann", 30, told)
        told["done"] = 4  # the ledger has a copy of its own
        assert (await ledger.get(job.id)).progress == {"stage": "shot", "done": 3, "of": 20}
        assert await ledger.heartbeat(job, "ann", 30)
        assert (await ledger.get(job.id)).progress["done"] == 3, "a mere sign of life takes nothing back"
        assert not await ledger.heartbeat(job, "bob", 30, {"stage": "shot", "done": 9, "of": 20})
        assert (await ledger.get(job.id)).progress["done"] == 3
        assert await ledger.complete(job, "ann", {})
        assert (await ledger.get(job.id)).progress is None

    @pytest.mark.parametrize("end", ["fail", "retry", "release", "die", "cancel", "expire"])
    async def test_progress_is_gone_with_the_lease(self, ledger: Ledger, clock, end: str):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        assert await ledger.heartbeat(job, "ann", 30, {"stage": "load", "done": 1, "of": 0})
        if end == "fail":
            await ledger.fail(job, "ann", ValueError("broken"), None)
        elif end == "retry":
            await ledger.fail(job, "ann", TransientError("away"), clock.time())
        elif end == "release":
            await ledger.release_owner("ann")
        elif end == "die":
            await ledger.release_dead(lambda _owner: False)
        elif end == "cancel":
            await ledger.cancel(job=job.id)
        else:
            clock.forward(31)
            assert (await ledger.lease("bob", KINDS, 30)).progress is None
        assert (await ledger.get(job.id)).progress is None

    async def test_only_a_failed_check_asks_for_another_take(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1, max_attempts=9)])
        takes = []
        for end in ("away", "died", "left", "refused", "away", "refused", "done"):
            job = await ledger.lease("ann", KINDS, 30)
            takes.append(job.take)
            if end == "away":
                await ledger.fail(job, "ann", TransientError("no answer"), clock.time())
            elif end == "died":
                await ledger.release_dead(lambda _owner: False)
            elif end == "left":
                await ledger.release_owner("ann")
            elif end == "refused":
                await ledger.fail(job, "ann", QualityError("black"), clock.time())
            else:
                await ledger.complete(job, "ann", {})
        assert takes == [1, 1, 1, 1, 2, 2, 3]

    async def test_a_failure_is_tried_again_when_it_said(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        error = TransientError("no answer", remedy="wait", place="studio")
        assert await ledger.fail(job, "ann", error, clock.time() + 8)
        queued = await ledger.get(job.id)
        assert queued.state is JobState.QUEUED
        assert queued.error == {
            "category": "transient",
            "message": "no answer",
            "remedy": "wait",
            "place": "studio",
        }
        assert await ledger.lease("ann", KINDS, 30) is None
        clock.forward(8)
        again = await ledger.lease("bob", KINDS, 30)
        assert again.attempts == 2
        assert await ledger.complete(again, "bob", {})
        assert (await ledger.get(job.id)).error is None

    async def test_a_final_failure_stays(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1)])
        job = await ledger.lease("ann", KINDS, 30)
        assert await ledger.fail(job, "ann", ValueError("broken"), None)
        failed = await ledger.get(job.id)
        assert (failed.state, failed.ended) == (JobState.FAILED, clock.time())
        assert failed.error["category"] == "internal"
        assert failed.error["message"] == "ValueError: broken"
        assert not await ledger.fail(job, "ann", ValueError("twice"), clock.time())
        clock.forward(1000)
        assert await ledger.lease("bob", KINDS, 30) is None

    async def test_a_job_that_kills_its_workers_fails_in_the_end(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1, max_attempts=2)])
        for _ in range(2):
            assert await ledger.lease("ann", KINDS, 30) is not None
            clock.forward(31)
        assert await ledger.lease("ann", KINDS, 30) is None
        (job,) = await ledger.find()
        assert (job.state, job.ended, job.lease_owner) == (JobState.FAILED, clock.time(), None)
        assert "died" in job.error["message"]

    async def test_an_owner_that_leaves_in_good_order_uses_up_no_attempt(self, ledger: Ledger):
        await ledger.enqueue([shot(1), shot(2), shot(3)])
        mine = [await ledger.lease("ann", KINDS, 30) for _ in range(2)]
        theirs = await ledger.lease("bob", KINDS, 30)
        assert await ledger.release_owner("ann") == 2
        assert await ledger.release_owner("ann") == 0
        assert not await ledger.complete(mine[0], "ann", {})
        back = await ledger.lease("cid", KINDS, 30)
        assert (back.id, back.attempts) == (mine[0].id, 1)
        assert back.token > mine[0].token
        assert await ledger.complete(theirs, "bob", {})

    async def test_the_dead_are_relieved_at_once(self, ledger: Ledger):
        await ledger.enqueue([shot(1), shot(2), shot(3, max_attempts=1)])
        held = [await ledger.lease(owner, KINDS, 3600) for owner in ("alive", "dead", "dead")]
        asked = []

        def is_alive(owner: str) -> bool:
            asked.append(owner)
            return owner == "alive"

        assert await ledger.release_dead(is_alive) == 2
        assert set(asked) == {"alive", "dead"}
        again = await ledger.lease("new", KINDS, 30)
        assert (again.id, again.attempts) == (held[1].id, 2)
        assert (await ledger.get(held[2].id)).state is JobState.FAILED
        assert await ledger.complete(held[0], "alive", {})
        assert await ledger.release_dead(lambda _owner: True) == 0

    async def test_cancelling(self, ledger: Ledger):
        jobs = await ledger.enqueue(
            [
                shot(1, group="a"),
                shot(2, group="a"),
                shot(3, group="a"),
                shot(4, group="b"),
                shot(5, group="b"),
            ]
        )
        done = await ledger.lease("ann", KINDS, 30)
        await ledger.complete(done, "ann", {})
        running = await ledger.lease("ann", KINDS, 30)
        assert await ledger.cancel(group="a") == 2
        assert not await ledger.heartbeat(running, "ann", 30)
        assert not await ledger.complete(running, "ann", {})
        states = [job.state for job in await ledger.find(group="a")]
        assert states == [JobState.DONE, JobState.FAILED, JobState.FAILED]
        assert (await ledger.get(running.id)).error["category"] == "cancelled"
        assert await ledger.cancel(job=jobs[3].id) == 1
        assert (await ledger.lease("ann", KINDS, 30)).id == jobs[4].id
        assert await ledger.cancel() == 0

    async def test_finding(self, ledger: Ledger):
        await ledger.enqueue(
            [shot(1, group="a"), shot(2, group="b", channel="two"), shot(3, group="a", kind="bed")]
        )

        async def numbers(**wanted) -> list[int]:
            return [job.payload["number"] for job in await ledger.find(**wanted)]

        assert await numbers() == [1, 2, 3]
        assert await numbers(group="a") == [1, 3]
        assert await numbers(channel="two") == [2]
        assert await numbers(kind="bed") == [3]
        await ledger.lease("ann", ["bed"], 30)
        assert await numbers(states=[JobState.QUEUED]) == [1, 2]
        assert await numbers(group="a", states=[JobState.LEASED, JobState.DONE]) == [3]
        assert await numbers(limit=2) == [1, 2]
        assert await ledger.get("nothing") is None

    async def test_counting(self, ledger: Ledger):
        await ledger.enqueue([shot(1), shot(2), shot(3, channel="two"), shot(4, kind="bed")])
        await ledger.enqueue([shot(5, pool=MODELS)])
        await ledger.lease("ann", ["bed"], 30)
        counted = [
            (each.channel, each.kind, each.state.value, each.pool, each.number)
            for each in await ledger.counts()
        ]
        assert counted == [
            ("one", "bed", "leased", "cores", 1),
            ("one", "shot", "queued", "cores", 2),
            ("one", "shot", "queued", "models", 1),
            ("two", "shot", "queued", "cores", 1),
        ]

    async def test_forgetting_what_is_long_done(self, ledger: Ledger, clock):
        await ledger.enqueue([shot(1), shot(2)])
        job = await ledger.lease("ann", KINDS, 30)
        await ledger.complete(job, "ann", {})
        assert await ledger.forget(clock.time()) == 0
        clock.forward(60)
        assert await ledger.forget(clock.time()) == 1
        assert [each.payload["number"] for each in await ledger.find()] == [2]
        (fresh,) = await ledger.enqueue([shot(1)])
        assert fresh.state is JobState.QUEUED

    async def test_nothing_to_do(self, ledger: Ledger):
        assert await ledger.enqueue([]) == ()
        assert await ledger.lease("ann", KINDS, 30) is None
        assert await ledger.counts() == ()
