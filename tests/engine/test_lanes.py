"""The models' studio: several jobs at once, each for itself, none longer than it gives a sign of life."""

import asyncio
import contextlib
import random
import shutil
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from engine_house import House, channel, open_house, plan
from lanes_house import Workshop, lanes, order, until

from webtv.core.errors import InputError, TransientError
from webtv.core.events import Severity
from webtv.engine.commissions import Commissions
from webtv.engine.jobs import CORES, MODELS, JobState
from webtv.engine.lanes import Lanes
from webtv.engine.previews import Previews
from webtv.engine.worker import LEASE, Worker
from webtv.studio import leaving
from webtv.studio.progress import tell


@pytest.fixture
def workshop(house: House) -> Workshop:
    return Workshop(house)


@contextlib.asynccontextmanager
async def working(crew: Lanes) -> AsyncIterator[None]:
    task = asyncio.ensure_future(crew.run())
    try:
        yield
        assert not task.done(), "lanes work for ever"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def states(house: House) -> list[JobState]:
    return [job.state for job in await house.ledger.find()]


def all_done(house: House):
    async def look() -> bool:
        return set(await states(house)) == {JobState.DONE}

    return look


async def test_as_many_jobs_at_once_as_there_are_lanes(house: House, workshop: Workshop):
    gate = asyncio.Event()
    names = [f"job {number}" for number in range(5)]
    workshop.doing = dict.fromkeys(names, gate.wait)
    await order(house, *names)
    async with working(lanes(house, workshop, 3)):
        await until(house, lambda: len(workshop.at_work) == 3)
        assert (await states(house)).count(JobState.LEASED) == 3
        gate.set()
        await until(house, all_done(house))
    assert workshop.most == 3
    assert workshop.made.count("tidy") == 1, "tidied before any work, and never beside it"
    assert {job.attempts for job in await house.ledger.find()} == {1}


async def test_a_lane_that_waits_holds_no_other_up(house: House, workshop: Workshop):
    workshop.doing["slow"] = asyncio.Event().wait
    await order(house, "slow", "a", "b", "c")
    async with working(lanes(house, workshop, 2)):
        await until(house, lambda: {"a", "b", "c"} <= set(workshop.made))
        assert workshop.at_work == {"slow"}


async def test_a_worker_of_the_cores_takes_nothing_of_theirs(house: House, workshop: Workshop):
    (job,) = await order(house, "theirs")
    worker = Worker(
        "ann", house.ledger, house.catalogue, workshop,
        clock=house.clock, noise=random.Random(1), events=house.events,
    )  # fmt: skip
    assert not await worker.work_once()
    assert workshop.made == []
    assert (await house.ledger.get(job.id)).state is JobState.QUEUED


async def test_a_job_that_fails_touches_no_other_lane(house: House, workshop: Workshop):
    gate = asyncio.Event()

    async def breaks() -> None:
        raise ZeroDivisionError("a bug of an adapter")

    async def away() -> None:
        raise TransientError("the endpoint is away")

    workshop.doing = {"breaks": breaks, "away": away, "steady": gate.wait}
    jobs = {job.payload["name"]: job.id for job in await order(house, "steady", "breaks", "away")}
    async with working(lanes(house, workshop, 2)):
        await until(house, lambda: len(house.told("engine.job.failed")) >= 2)
        assert workshop.at_work == {"steady"}
        gate.set()
        await until(house, lambda: "steady" in workshop.made)
    assert workshop.abandoned == []
    assert (await house.ledger.get(jobs["breaks"])).state is JobState.FAILED
    assert (await house.ledger.get(jobs["away"])).error["category"] == "transient"


async def test_a_lane_that_stumbles_goes_on_and_the_others_did_all_along(house: House, workshop: Workshop):
    gate = asyncio.Event()
    workshop.doing["steady"] = gate.wait
    lease, asked = house.ledger.lease, []

    async def flaky(*arguments, **options):
        asked.append(1)
        if len(asked) == 2:
            raise RuntimeError("a bug of ours")
        if len(asked) == 3:
            raise TransientError("the database is busy")
        return await lease(*arguments, **options)

    house.ledger.lease = flaky
    await order(house, "steady", "next")
    async with working(lanes(house, workshop, 2)):
        await until(house, lambda: "next" in workshop.made)
        assert workshop.at_work == {"steady"}
        gate.set()
        await until(house, all_done(house))
    bug, busy = house.told("engine.worker.stumbled")
    assert "RuntimeError" in bug.message
    assert "report" in bug.remedy
    assert "nothing is lost" in busy.remedy
    assert workshop.abandoned == []


async def test_a_clock_that_is_set_doubles_no_job_and_kills_none(house: House, workshop: Workshop):
    gate, begun = asyncio.Event(), []

    async def waits() -> None:
        begun.append(1)
        await gate.wait()

    workshop.doing["long"] = waits
    (job,) = await order(house, "long")
    async with working(lanes(house, workshop, 3)):
        await until(house, lambda: begun)
        for _ in range(5):
            house.clock.step(60)
            await until_asked_again(house)
        gate.set()
        await until(house, all_done(house))
    done = await house.ledger.get(job.id)
    assert (len(begun), done.attempts, done.token) == (1, 1, 1)
    assert workshop.abandoned == []
    assert not house.told("engine.job.lost")


async def until_asked_again(house: House) -> None:
    """Let some lanes ask for work, and no worker beat."""
    asked = house.clock.monotonic()
    await until(house, lambda: house.clock.monotonic() >= asked + 2)


async def test_what_could_not_be_handed_in_is_taken_up_again(house: House, workshop: Workshop):
    complete, refused = house.ledger.complete, []

    async def busy(*arguments):
        if not refused:
            refused.append(1)
            raise TransientError("the database is busy")
        return await complete(*arguments)

    house.ledger.complete = busy
    (job,) = await order(house, "job")
    async with working(lanes(house, workshop, 1)):
        await until(house, all_done(house))
    assert (await house.ledger.get(job.id)).attempts == 2
    assert workshop.made.count("job") == 1, "it was in the catalogue already"


async def test_idle_lanes_ask_no_more_often_than_one_worker(house: House, workshop: Workshop):
    lease, asked = house.ledger.lease, []

    async def counted(*arguments, **options):
        asked.append(house.clock.monotonic())
        return await lease(*arguments, **options)

    house.ledger.lease = counted
    async with working(lanes(house, workshop, 4)):
        await until(house, lambda: house.clock.monotonic() > 20)
    assert len(asked) <= 20 / 0.25 + 1
    assert len(asked) > 10


async def test_told_to_stop_they_give_every_lease_back(house: House, workshop: Workshop):
    workshop.doing = dict.fromkeys(("a", "b"), asyncio.Event().wait)
    await order(house, "a", "b", "c")
    stop = asyncio.Event()
    task = asyncio.ensure_future(lanes(house, workshop, 2).run_until(stop))
    await until(house, lambda: len(workshop.at_work) == 2)
    stop.set()
    await task
    assert sorted(workshop.abandoned) == ["a", "b"]
    assert [(job.state, job.attempts, job.lease_owner) for job in await house.ledger.find()] == [
        (JobState.QUEUED, 0, None)
    ] * 3


async def test_told_to_stop_they_say_so_before_they_abandon_anything(house: House, workshop: Workshop):
    said: list[bool] = []

    async def paid() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            said.append(leaving.is_leaving())  # an endpoint's adapter decides here what becomes of its job

    workshop.doing = {"a": paid}
    await order(house, "a")
    stop = asyncio.Event()
    task = asyncio.ensure_future(lanes(house, workshop, 1).run_until(stop))
    await until(house, lambda: workshop.at_work)
    assert not leaving.is_leaving()
    stop.set()
    await task
    assert said == [True]


async def test_a_job_for_which_a_model_was_started_says_so(house: House, workshop: Workshop):
    async def loads() -> None:
        tell("load", 0, 1)
        tell("shot", 1, 1)

    workshop.doing = {"loads": loads}
    loading, other = await order(house, "loads", "other")
    async with working(lanes(house, workshop, 1)):
        await until(house, all_done(house))
    assert (await house.ledger.get(loading.id)).result["loaded"] is True
    assert "loaded" not in (await house.ledger.get(other.id)).result


async def test_work_that_does_not_let_go_does_not_keep_them_from_stopping(house: House, workshop: Workshop):
    async def clings() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await over.wait()
                return

    over = asyncio.Event()
    workshop.doing["clings"] = clings
    await order(house, "clings")
    stop = asyncio.Event()
    task = asyncio.ensure_future(lanes(house, workshop, 1).run_until(stop))
    await until(house, lambda: workshop.at_work)
    stop.set()
    await until(house, task.done)
    assert await states(house) == [JobState.QUEUED]
    over.set()
    await until(house, lambda: "clings" in workshop.made)


async def test_trouble_at_the_start_ends_the_process_and_not_quietly(house: House, workshop: Workshop):
    async def tidy() -> None:
        raise OSError("the disk is gone")

    workshop.tidy = tidy
    with pytest.raises(OSError, match="the disk is gone"):
        await lanes(house, workshop, 1).run_until(asyncio.Event())


class TestSignsOfLife:
    async def test_a_job_that_tells_keeps_its_lease_however_long_it_takes(
        self, house: House, workshop: Workshop
    ):
        async def long() -> None:
            for step in range(20):
                await house.clock.sleep(30)
                tell("shot", step + 1, 20)

        workshop.doing["long"] = long
        (job,) = await order(house, "long")
        async with working(lanes(house, workshop, 1, patience=60)):
            await until(house, all_done(house), 2.0)
        done = await house.ledger.get(job.id)
        assert (done.attempts, done.result["seconds"] > 590) == (1, True)
        assert not house.told("engine.job.failed")

    async def test_one_that_falls_silent_is_abandoned_and_tried_again(self, house: House, workshop: Workshop):
        tries = []

        async def hangs() -> None:
            tries.append(house.clock.monotonic())
            tell("load", 1, 2)
            if len(tries) == 1:
                await asyncio.Event().wait()

        workshop.doing["hangs"] = hangs
        (job,) = await order(house, "hangs")
        async with working(lanes(house, workshop, 1, patience=60)):
            await until(house, all_done(house), 0.5)
        assert workshop.abandoned == ["hangs"]
        (event,) = house.told("engine.job.failed")
        assert "'load'" in event.message
        assert "tried again" in event.message
        assert "WEBTV_MODELS_PATIENCE" in event.remedy
        assert 60 < tries[1] - tries[0] < 75
        assert (await house.ledger.get(job.id)).attempts == 2

    async def test_without_patience_silence_means_nothing(self, house: House, workshop: Workshop):
        async def long() -> None:
            await house.clock.sleep(600)

        workshop.doing["long"] = long
        await order(house, "long")
        async with working(lanes(house, workshop, 1)):
            await until(house, all_done(house), 2.0)
        assert workshop.abandoned == []

    async def test_one_that_does_not_let_go_is_left_behind_and_the_lane_goes_on(
        self, house: House, workshop: Workshop
    ):
        over, clung = asyncio.Event(), []

        async def clings() -> None:
            while not over.is_set():
                try:
                    await over.wait()
                except asyncio.CancelledError:
                    clung.append(1)

        workshop.doing["clings"] = clings
        await order(house, "clings", max_attempts=1)
        await order(house, "next")
        async with working(lanes(house, workshop, 1, patience=20)):
            await until(house, lambda: "next" in workshop.made, 0.5)
            (event,) = house.told("engine.job.stuck")
            assert event.severity is Severity.ERROR
            assert clung
            over.set()
            await until(house, lambda: "clings" in workshop.made)


class TestProgress:
    async def test_it_stands_in_the_ledger_and_is_written_no_more_than_once_a_second(
        self, house: House, workshop: Workshop
    ):
        beat, told = house.ledger.heartbeat, []

        async def counted(job, owner, seconds, progress=None):
            told.append((house.clock.monotonic(), progress))
            return await beat(job, owner, seconds, progress)

        house.ledger.heartbeat = counted
        go_on = asyncio.Event()

        async def steps() -> None:
            for step in range(200):
                await house.clock.sleep(0.05)
                await asyncio.to_thread(tell, "shot", step + 1, 200)
            await go_on.wait()

        workshop.doing["steps"] = steps
        (job,) = await order(house, "steps")

        async def stands() -> bool:
            return (await house.ledger.get(job.id)).progress == {"stage": "shot", "done": 200, "of": 200}

        async with working(lanes(house, workshop, 1)):
            await until(house, stands, 0.05)
            last = house.clock.monotonic()
            go_on.set()
            await until(house, all_done(house), 0.05)
        times = [at for at, _ in told]
        assert len(told) <= last + 1
        assert all(after - before >= 0.9 for before, after in pairwise(times))
        done = [progress["done"] for _, progress in told if progress]
        assert done == sorted(done)
        assert (await house.ledger.get(job.id)).progress is None

    async def test_what_is_no_progress_costs_no_work(self, house: House, workshop: Workshop):
        async def nonsense() -> None:
            tell("shot", "three", None)
            await house.clock.sleep(3)

        workshop.doing["nonsense"] = nonsense
        await order(house, "nonsense")
        async with working(lanes(house, workshop, 1)):
            await until(house, all_done(house))
        assert not house.told("engine.job.failed")

    async def test_each_lane_hears_its_own_job(self, house: House, workshop: Workshop):
        both = threading.Barrier(2)

        def work(stage: str) -> None:
            both.wait(10)
            tell(stage, 1, 3)

        def in_thread(stage: str):
            async def doing() -> None:
                await asyncio.to_thread(work, stage)
                await asyncio.Event().wait()

            return doing

        workshop.doing = {"a": in_thread("upscale"), "b": in_thread("interpolate")}
        jobs = await order(house, "a", "b")

        async def stages() -> bool:
            told = [(await house.ledger.get(job.id)).progress for job in jobs]
            return [each and each["stage"] for each in told] == ["upscale", "interpolate"]

        async with working(lanes(house, workshop, 2)):
            await until(house, stages)


class TestPreviews:
    @pytest.fixture
    def previews(self, tmp_path: Path) -> Previews:
        return Previews(tmp_path / "previews")

    @pytest.mark.parametrize("end", ["done", "fails", "stopped"])
    async def test_a_small_picture_is_there_while_the_job_is_made(
        self, house: House, workshop: Workshop, previews: Previews, tmp_path: Path, end: str
    ):
        go_on = asyncio.Event()

        async def shows() -> None:
            tell("shot", 1, 4, np.full((360, 640, 3), (200, 40, 40), np.uint8))
            await go_on.wait()
            if end == "fails":
                raise InputError("no")

        workshop.doing["shows"] = shows
        (job,) = await order(house, "shows")
        path = tmp_path / "previews" / f"{job.id}.jpg"
        stop = asyncio.Event()
        task = asyncio.ensure_future(lanes(house, workshop, 1, previews=previews).run_until(stop))
        await until(house, path.exists)
        picture = cv2.imread(str(path))
        assert picture.shape == (180, 320, 3)
        assert np.allclose(picture[90, 160][::-1], (200, 40, 40), atol=6), "sRGB, not BGR"
        (stop if end == "stopped" else go_on).set()
        await until(house, lambda: not path.exists())
        stop.set()
        await task
        assert list(path.parent.iterdir()) == []

    @pytest.mark.parametrize(
        "picture",
        [
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8),
            "a picture",
        ],
    )
    async def test_one_that_is_no_picture_is_told_and_costs_no_work(
        self, house: House, workshop: Workshop, previews: Previews, picture: object
    ):
        async def shows() -> None:
            tell("shot", 1, 4, picture)
            await house.clock.sleep(3)

        workshop.doing["shows"] = shows
        await order(house, "shows")
        async with working(lanes(house, workshop, 1, previews=previews)):
            await until(house, all_done(house))
        (event,) = house.told("engine.preview.dropped")
        assert "uint8[H, W, 3]" in event.message

    async def test_those_of_killed_processes_are_removed_at_the_start(
        self, house: House, workshop: Workshop, previews: Previews, tmp_path: Path
    ):
        elsewhere, gone = await order(house, "elsewhere", "gone")
        assert (await house.ledger.lease("another process", ["ident"], LEASE, MODELS)).id == elsewhere.id
        await house.ledger.cancel(job=gone.id)
        for name in (elsewhere.id, gone.id, "nobody"):
            await previews.show(name, np.zeros((8, 8, 3), np.uint8))
        path = tmp_path / "previews" / f"{elsewhere.id}.jpg"
        async with working(lanes(house, workshop, 1, previews=previews)):
            await until(house, lambda: len(list(path.parent.iterdir())) == 1)
            assert path.exists()
            # And of those that are killed later, in time.
            await house.ledger.cancel(job=elsewhere.id)
            await until(house, lambda: not path.exists(), 60.0)

    async def test_tidying_that_fails_touches_no_lane(
        self, house: House, workshop: Workshop, previews: Previews
    ):
        await previews.show("nobody", np.zeros((8, 8, 3), np.uint8))
        get = house.ledger.get

        async def away(_job: str) -> None:
            raise TransientError("the database is busy")

        house.ledger.get = away
        await order(house, "job")
        async with working(lanes(house, workshop, 1, previews=previews)):
            await until(house, lambda: house.told("engine.worker.stumbled"))
            house.ledger.get = get
            await until(house, all_done(house))

    async def test_one_that_is_written_while_its_job_ends_does_not_stay(
        self, previews: Previews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        begun, go_on = threading.Event(), threading.Event()

        def slowly(path: Path, data: bytes, *, durable: bool) -> None:
            begun.set()
            assert go_on.wait(10)
            path.write_bytes(data)

        monkeypatch.setattr("webtv.engine.previews.write_atomically", slowly)
        show = asyncio.ensure_future(previews.show("job", np.zeros((8, 8, 3), np.uint8)))
        assert await asyncio.to_thread(begun.wait, 10)
        show.cancel()
        with pytest.raises(asyncio.CancelledError):
            await show
        removed = asyncio.ensure_future(previews.remove("job"))
        await asyncio.sleep(0)
        go_on.set()
        await removed
        assert list((tmp_path / "previews").iterdir()) == []


def pool_of(stages) -> str:
    return MODELS if any(stage["use"] == "remote" for stage in stages.values()) else CORES


def commissions(house: House, slug: str) -> Commissions:
    return Commissions(
        slug, catalogue=house.catalogue, ledger=house.ledger, clock=house.clock, tell=house.events,
        pool_of=pool_of,
    )  # fmt: skip


async def test_a_job_goes_to_the_pool_of_its_own_stages(house: House):
    far = channel(studio={"shot": {"use": "remote"}})
    making = commissions(house, "far")
    assert making.pool(far) == MODELS
    sequence = await making.begin(far, plan())
    (bed,) = await house.ledger.find()
    assert bed.pool == CORES, "its music is composed here"
    await house.work()
    house.clock.forward(1)
    await making.advance(far)
    assert [job.pool for job in await house.ledger.find(group=sequence, kind="clip")] == [MODELS, MODELS]


async def test_an_endpoint_that_takes_five_minutes_does_not_hold_up_a_channel_of_this_machine(
    tmp_path: Path, empty_database: Path
):
    shutil.copyfile(empty_database, tmp_path / "webtv.sqlite3")
    async with open_house(tmp_path, in_memory=True) as house:
        await far_and_near(house, Workshop(house))


async def far_and_near(house: House, workshop: Workshop) -> None:
    async def remote() -> None:
        for _ in range(10):
            await house.clock.sleep(30)
            tell("shot", 1)

    workshop.doing["remote"] = remote
    channels = {"far": channel(studio={"shot": {"use": "remote"}}), "near": channel()}
    makings = {slug: commissions(house, slug) for slug in channels}
    for slug, sequences in (("far", 1), ("near", 3)):
        for _ in range(sequences):
            await makings[slug].begin(channels[slug], plan())
    worker = Worker(
        "ann", house.ledger, house.catalogue, workshop,
        clock=house.clock, noise=random.Random(1), events=house.events,
    )  # fmt: skip
    began = house.clock.monotonic()
    made_at: dict[str, float] = {}

    async def made(slug: str) -> bool:
        await makings[slug].advance(channels[slug])
        if makings[slug].number == 0:
            made_at.setdefault(slug, house.clock.monotonic() - began)
        return slug in made_at

    async def both() -> bool:
        return all([await made(slug) for slug in channels])

    embedded = asyncio.ensure_future(worker.run())
    try:
        async with working(lanes(house, workshop, 2, patience=120)):
            await until(house, both, 1.0)
    finally:
        embedded.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await embedded
    assert made_at["near"] < 60
    assert 300 <= made_at["far"] < 400, "two clips of five minutes, in two lanes"
    assert not house.told("engine.job.failed")
