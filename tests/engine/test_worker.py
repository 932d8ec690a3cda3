"""What a worker does with its job, whatever happens meanwhile."""

import asyncio
import errno
import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from engine_house import House, channel

from webtv.clips.clip import Bed, Clip
from webtv.core.errors import InputError, QualityError, TransientError
from webtv.core.events import Severity
from webtv.engine.jobs import JobState
from webtv.engine.orders import BED, CLIP
from webtv.engine.worker import LEASE, Worker
from webtv.library.storage import BED as FLAC
from webtv.library.storage import CLIP as MP4
from webtv.library.storage import POSTER


@dataclass
class Bench:
    """A production that only pretends, and fails when told to."""

    house: House
    failures: list[Exception] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    abandoned: int = 0

    async def tidy(self) -> None:
        self.made.append("tidy")

    async def catalogued(self, clip: str) -> None:
        self.kept.append(clip)

    async def make_bed(self, order, bed: str, *, attempt: int = 1) -> Bed:
        await self._work(f"bed {attempt}")
        return Bed(bed, self.house.store(FLAC), order.samples)

    async def make_clip(self, order, clip: str, *, channel: str, attempt: int) -> Clip:
        await self._work(f"clip {order.position} {attempt}")
        given: dict[str, Any] = {"sequence": order.sequence, "position": order.position, "of": order.of}
        return self._clip(clip, channel, order.format, order.frames, **given)

    async def make_ident(self, order, clip: str, *, channel: str) -> Clip:
        await self._work("ident")
        return self._clip(clip, channel, order.format, 96, sequence="", position=1, of=1)

    def _clip(self, clip: str, channel: str, form: str, frames: int, **place: Any) -> Clip:
        return Clip(
            id=clip, channel=channel, title="", prompt="", file=self.house.store(MP4),
            poster=self.house.store(POSTER), format=form, frames=frames, bed=None, bed_at=0, bytes=1,
            created=0.0, label="", **place,
        )  # fmt: skip

    async def _work(self, what: str) -> None:
        self.made.append(what)
        self.begun.set()
        try:
            if self.gate:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
async def bench(house: House) -> Bench:
    house.orchestrate({"one": channel(buffer=30)}, workers=0)
    await house.tick()
    return Bench(house)


def worker(bench: Bench, name: str = "ann") -> Worker:
    house = bench.house
    given = {"clock": house.clock, "noise": random.Random(1), "events": house.events}
    return Worker(name, house.ledger, house.catalogue, bench, **given)


async def test_a_sequence_is_made_job_by_job(bench: Bench):
    ann, house = worker(bench), bench.house
    assert await ann.work_once()
    assert not await ann.work_once()
    await house.tick(2)
    assert await ann.work_once()
    assert await ann.work_once()
    assert bench.made == ["bed 1", "clip 1 1", "clip 2 1"]
    assert bench.kept == [job.id for job in await house.ledger.find(kind=CLIP)], "their takes may go"
    assert {job.state for job in await house.ledger.find()} == {JobState.DONE}
    assert len(house.told("engine.job.done")) == 3
    await house.tick(2)
    assert house.entries("one")


async def test_what_a_dead_worker_had_catalogued_is_not_made_again(bench: Bench):
    house = bench.house
    for kind in (BED, CLIP):
        dead = await house.ledger.lease("bob", [kind], LEASE)
        file = await house.do(dead)  # in the catalogue, and killed before it could say so
        house.clock.forward(LEASE + 1)
        assert await worker(bench).work_once()
        job = await house.ledger.get(dead.id)
        assert (job.state, job.result["file"]) == (JobState.DONE, file)
        await house.tick(2)
    assert bench.made == []


async def test_a_known_ident_is_not_made_again(bench: Bench):
    house = bench.house
    await house.work()
    await house.tick(2)
    await house.work()
    await house.tick(2)
    await house.orchestrator.ident("one")
    dead = await house.ledger.lease("bob", ["ident"], LEASE)
    await house.do(dead)
    await house.ledger.cancel(group=(await house.catalogue.planned("one"))[0].id)
    house.clock.forward(LEASE + 1)
    assert await worker(bench).work_once()
    assert (await house.ledger.get(dead.id)).state is JobState.DONE
    assert bench.made == []


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_work_for_a_sequence_that_is_gone_is_dropped_quietly(bench: Bench, when: str):
    house = bench.house
    (job,) = await house.ledger.find(kind=BED)
    if when == "before":
        await house.catalogue.fail_sequence(job.group, "given up")
    else:

        async def gone(_sequence, _bed):
            raise InputError("there is no such sequence")

        house.catalogue.add_bed = gone
    assert await worker(bench).work_once()
    assert (await house.ledger.get(job.id)).state is JobState.FAILED
    assert bench.made == ([] if when == "before" else ["bed 1"])
    assert house.told("engine.job.dropped")[0].severity is Severity.INFO
    assert not house.told("engine.job.failed")


async def test_the_takes_of_a_clip_that_nobody_wants_are_not_kept(bench: Bench):
    house, ann = bench.house, worker(bench)
    assert await ann.work_once()
    await house.tick(2)
    add_clip, away = house.catalogue.add_clip, [TransientError("the database is busy")]

    async def gone(_clip: Clip) -> bool:
        raise away.pop() if away else InputError("there is no such sequence")

    house.catalogue.add_clip = gone
    assert await ann.work_once()
    assert bench.kept == [], "they are needed when it is tried again"
    house.clock.forward(10)
    assert await ann.work_once()
    (dropped,) = house.told("engine.job.dropped")
    assert bench.kept == [dropped.data["job"]]
    house.catalogue.add_clip = add_clip


async def test_trouble_with_an_order_is_not_mistaken_for_that(bench: Bench):
    bench.failures = [InputError("no such instrument", remedy="choose another")]
    assert await worker(bench).work_once()
    (event,) = bench.house.told("engine.job.failed")
    assert (event.severity, event.remedy) == (Severity.ERROR, "choose another")


async def test_a_failed_check_is_tried_again_with_another_attempt(bench: Bench):
    bench.failures = [QualityError("silent"), QualityError("silent")]
    ann = worker(bench)
    for _ in range(3):
        assert await ann.work_once()
    assert bench.made == ["bed 1", "bed 2", "bed 3"]


async def test_what_a_worker_died_at_or_a_server_was_away_for_is_asked_for_again_unchanged(bench: Bench):
    ann, house = worker(bench), bench.house
    await house.ledger.lease("bob", [BED], LEASE)
    await house.ledger.release_dead(lambda _owner: False)
    bench.failures = [TransientError("the endpoint is away"), QualityError("silent")]
    for _ in range(3):
        assert await ann.work_once()
        house.clock.forward(30)
    assert bench.made == ["bed 1", "bed 1", "bed 2"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_waited_for_however_often(bench: Bench, number: int):
    ann, house = worker(bench), bench.house
    bench.failures = [OSError(number, os.strerror(number)) for _ in range(6)]
    for _ in range(7):
        assert await ann.work_once()
        house.clock.forward(1000)
    assert (await house.ledger.find(kind=BED))[0].state is JobState.DONE
    assert {event.data["attempt"] for event in house.told("engine.job.failed")} == set(range(1, 7))
    assert "free some space" in house.told("engine.job.failed")[0].remedy


async def test_another_trouble_of_the_system_is_given_up(bench: Bench):
    bench.failures = [OSError(errno.EACCES, "no")]
    assert await worker(bench).work_once()
    assert (await bench.house.ledger.find(kind=BED))[0].state is JobState.FAILED


async def test_a_bug_fails_the_job_for_good_and_asks_for_a_report(bench: Bench):
    bench.failures = [ZeroDivisionError("oh")]
    assert await worker(bench).work_once()
    (event,) = bench.house.told("engine.job.failed")
    assert "report" in event.remedy
    assert (await bench.house.ledger.find(kind=BED))[0].state is JobState.FAILED


async def until(condition, clock, step: float = 5.0) -> None:
    for _ in range(2000):
        if await condition():
            return
        await clock.advance(step)
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen")


async def test_long_work_keeps_its_lease(bench: Bench):
    house, bench.gate = bench.house, asyncio.Event()
    task = asyncio.ensure_future(worker(bench).work_once())
    await bench.begun.wait()
    (job,) = await house.ledger.find(kind=BED)
    began = job.lease_until

    async def beaten_long() -> bool:
        return (await house.ledger.get(job.id)).lease_until > began + 3 * LEASE

    await until(beaten_long, house.clock)
    bench.gate.set()
    assert await task
    assert (await house.ledger.get(job.id)).state is JobState.DONE


async def test_work_that_was_given_to_another_is_abandoned(bench: Bench):
    house, bench.gate = bench.house, asyncio.Event()
    task = asyncio.ensure_future(worker(bench).work_once())
    await bench.begun.wait()
    (job,) = await house.ledger.find(kind=BED)
    await house.ledger.cancel(job=job.id)

    async def ended() -> bool:
        return task.done()

    await until(ended, house.clock)
    assert bench.abandoned == 1
    assert house.told("engine.job.lost")


async def test_a_database_that_is_busy_at_a_heartbeat_costs_no_work(bench: Bench):
    house, bench.gate = bench.house, asyncio.Event()
    beats = []

    async def busy(*_arguments):
        beats.append(1)
        raise TransientError("the database is busy")

    house.ledger.heartbeat = busy
    task = asyncio.ensure_future(worker(bench).work_once())
    await bench.begun.wait()

    async def twice() -> bool:
        return len(beats) > 1

    await until(twice, house.clock)
    bench.gate.set()
    await task
    assert (await house.ledger.find(kind=BED))[0].state is JobState.DONE


async def test_a_worker_that_is_cancelled_leaves_its_job_to_be_released(bench: Bench):
    house, bench.gate = bench.house, asyncio.Event()
    task = asyncio.ensure_future(worker(bench).run())
    await bench.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.made == ["tidy", "bed 1"]
    assert bench.abandoned == 1
    assert await house.ledger.release_owner("ann") == 1
    (job,) = await house.ledger.find(kind=BED)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


async def test_a_worker_waits_for_a_database_that_does_not_answer(bench: Bench):
    house = bench.house
    lease, tries = house.ledger.lease, []

    async def flaky(*arguments, **options):
        tries.append(1)
        if len(tries) < 3:
            raise TransientError("the database is busy")
        return await lease(*arguments, **options)

    house.ledger.lease = flaky
    task = asyncio.ensure_future(worker(bench).run())

    async def done() -> bool:
        return (await house.ledger.find(kind=BED))[0].state is JobState.DONE

    await until(done, house.clock, 0.25)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert house.told("engine.worker.stumbled")
