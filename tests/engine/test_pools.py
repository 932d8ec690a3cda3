"""Which pools the channels need, and jobs that nobody takes."""

import pytest
from engine_house import House, channel

from webtv.core.errors import TransientError
from webtv.core.events import Severity
from webtv.engine.jobs import CORES, MODELS, JobState, NewJob
from webtv.engine.pools import Pools, needed_pools, on_cores


def pool_of(stages) -> str:
    return MODELS if any(stage["use"] in ("remote", "musicgen") for stage in stages.values()) else CORES


@pytest.fixture
def pools(house: House) -> Pools:
    return Pools(house.ledger, house.clock, house.events)


async def order(house: House, number: int, pool: str, **options) -> None:
    await house.ledger.enqueue([NewJob("clip", "one", {"number": number}, pool=pool, **options)])


def test_the_pools_of_channels_are_those_of_their_clips_and_their_beds():
    remote = channel(studio={"shot": {"use": "remote"}})
    music = channel(studio={"music": {"use": "musicgen"}})
    assert needed_pools([], pool_of) == set()
    assert needed_pools([channel()], pool_of) == {CORES}
    assert needed_pools([channel(), remote], pool_of) == {CORES, MODELS}
    assert needed_pools([music], pool_of) == {CORES, MODELS}
    assert needed_pools([remote, music], on_cores) == {CORES}


async def test_jobs_that_nobody_takes_are_told_once_with_what_to_do(house: House, pools: Pools):
    for number in range(3):
        await order(house, number, MODELS)
    await pools.look()
    house.clock.forward(59)
    await pools.look()
    assert not house.told("engine.pool.unserved"), "a process may take a while to start"
    house.clock.forward(1)
    await pools.look()
    (event,) = house.told("engine.pool.unserved")
    assert (event.severity, event.data) == (Severity.ERROR, {"pool": "models", "jobs": 3, "seconds": 60})
    assert "webtv studio --models" in event.remedy
    house.clock.forward(10)
    await pools.look()
    assert len(house.told("engine.pool.unserved")) == 1
    house.clock.forward(600)
    await pools.look()
    assert len(house.told("engine.pool.unserved")) == 2


@pytest.mark.parametrize(("pool", "said"), [(CORES, "studio-1.log"), ("elsewhere", "start what serves")])
async def test_every_pool_has_a_remedy(house: House, pools: Pools, pool: str, said: str):
    await order(house, 1, pool)
    house.clock.forward(60)
    await pools.look()
    assert said in house.told("engine.pool.unserved")[0].remedy


async def test_a_pool_in_which_somebody_works_is_served_however_long_its_queue(house: House, pools: Pools):
    for number in range(3):
        await order(house, number, MODELS)
    job = await house.ledger.lease("models", ["clip"], 5000, MODELS)
    house.clock.forward(1000)
    await pools.look()
    assert not house.told("engine.pool.unserved")
    await house.ledger.fail(job, "models", TransientError("away"), house.clock.time() + 300)
    await pools.look()
    assert house.told("engine.pool.unserved")[0].data["jobs"] == 2
    await house.ledger.lease("models", ["clip"], 5000, MODELS)
    await pools.look()
    assert house.told("engine.pool.served")


async def test_a_job_that_is_to_be_tried_again_later_does_not_count_as_waiting(house: House, pools: Pools):
    await order(house, 1, MODELS, not_before=house.clock.time() + 300)
    house.clock.forward(300)
    await pools.look()
    assert not house.told("engine.pool.unserved")
    house.clock.forward(60)
    await pools.look()
    assert house.told("engine.pool.unserved")


async def test_open_jobs_of_a_pool_are_those_that_wait_or_are_at_work(house: House, pools: Pools):
    await order(house, 1, CORES)
    assert not await pools.has_open(MODELS)
    await order(house, 2, MODELS)
    assert await pools.has_open(MODELS)
    job = await house.ledger.lease("models", ["clip"], 30, MODELS)
    assert await pools.has_open(MODELS)
    await house.ledger.complete(job, "models", {})
    assert not await pools.has_open(MODELS)
    assert (await house.ledger.get(job.id)).state is JobState.DONE
