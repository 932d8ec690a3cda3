"""Sequences made on the rung that the station can afford, seen through the orchestrator."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from engine_house import House, channel, open_house

from webtv.core.errors import InputError, RateLimited
from webtv.engine.grading import Grading
from webtv.engine.jobs import CORES, MODELS, Job, RetryPolicy
from webtv.engine.orders import BED, CLIP
from webtv.studio.ports import Grade

REMOTE = {"shot": {"use": "remote", "steps": 40}}


def pool_of(stages: Mapping[str, Mapping[str, Any]]) -> str:
    return MODELS if any(options["use"] == "remote" for options in stages.values()) else CORES


def grades(stage: str, options: Mapping[str, Any]) -> Sequence[Grade]:
    return (Grade("fewer steps", {**options, "steps": 10}),) if stage == "shot" else ()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


def begin(house: House, number: int = 1, *, buffer: float = 240) -> None:
    grading = Grading(pool_of, grades, house.notes, house.clock, house.events)
    channels = {f"far-{n}": channel(buffer=buffer, studio=REMOTE) for n in range(number)}
    house.orchestrate(channels, workers=2, lanes=2, pool_of=pool_of, grading=grading)


async def cores(house: House) -> None:
    """What workers do at once."""
    while job := await house.ledger.lease("worker", [BED, CLIP], 60.0, pool=CORES):
        await house.ledger.complete(job, "worker", {"file": await house.do(job)})


async def device(house: House, seconds: float, *, loaded: bool = False) -> Job | None:
    """What the device does: one clip in so many seconds; returns its job."""
    job = await house.ledger.lease("device", [CLIP], 600.0, pool=MODELS)
    if job is not None:
        house.clock.forward(seconds)
        result = {"file": await house.do(job), **({"loaded": True} if loaded else {})}
        await house.ledger.complete(job, "device", result)
    return job


def shot(job: Job) -> Mapping[str, Any]:
    return job.payload["stages"]["shot"]


async def run(house: House, rounds: int, cost: Mapping[int, float]) -> list[Job]:
    """Some rounds of a station whose device takes seconds per clip, by steps; returns what it made."""
    made: list[Job] = []
    for _ in range(rounds):
        await house.tick()
        await cores(house)
        waiting = await house.ledger.find(pool=MODELS)
        steps = next((shot(job)["steps"] for job in waiting if not job.final), 40)
        if job := await device(house, cost[steps]):
            made.append(job)
    return made


async def test_a_device_that_keeps_up_makes_what_the_file_asks_for(house: House) -> None:
    begin(house)
    await run(house, 10, {40: 0.5, 10: 0.2})  # while nobody knows how fast it is, some are drawn
    told = len(house.told("engine.quality.lowered"))
    made = await run(house, 30, {40: 0.5, 10: 0.2})
    assert len(made) > 20
    assert {shot(job)["steps"] for job in made} == {40}
    assert all(job.payload["grades"] == {} for job in made)
    assert len(house.told("engine.quality.lowered")) == told
    assert await house.notes.get("speeds", {})


async def test_one_that_does_not_keep_up_gets_fewer_steps_and_says_so(house: House) -> None:
    begin(house)
    made = await run(house, 60, {40: 30.0, 10: 1.0})
    assert shot(made[0])["steps"] == 40
    assert {shot(job)["steps"] for job in made[-10:]} == {10}
    assert made[-1].payload["grades"] == {"ladder": "fewer steps"}
    told = [event.data["to"] for event in house.events.recent if event.kind.startswith("engine.quality.")]
    assert "fewer steps" in told


async def test_while_the_device_is_busy_an_empty_channel_is_drawn(house: House) -> None:
    begin(house, 3)
    for _ in range(12):  # the device holds what it was given and hands nothing back
        await house.tick()
        await cores(house)
    jobs = await house.ledger.find(kind=CLIP)
    by_group = {job.group: {other.pool for other in jobs if other.group == job.group} for job in jobs}
    assert all(len(pools) == 1 for pools in by_group.values()), "all shots of a sequence are made alike"
    assert [job for job in jobs if job.pool == MODELS]
    drawn = [job for job in jobs if job.pool == CORES]
    assert drawn
    assert {shot(job)["use"] for job in drawn} == {"procedural"}
    assert all(job.payload["stages"]["score"]["use"] == "measures" for job in drawn)


async def test_what_was_measured_outlives_a_restart(house: House) -> None:
    begin(house)
    await run(house, 40, {40: 30.0, 10: 1.0})
    begin(house)
    made = await run(house, 12, {40: 30.0, 10: 1.0})
    fresh = [job for job in made if job.payload["grades"]]
    assert fresh, "nobody has to learn again that it is too slow"
    assert {shot(job)["steps"] for job in made[4:]} == {10}


async def test_a_rung_that_fails_is_passed_over(house: House) -> None:
    begin(house)
    steps: list[int] = []
    for _ in range(60):
        await house.tick()
        await cores(house)
        if job := await house.ledger.lease("device", [CLIP], 600.0, pool=MODELS):
            steps.append(shot(job)["steps"])
            if steps[-1] == 40:
                error = InputError("the model cannot do so many")
                await house.ledger.fail(job, "device", error, None)
                house.clock.forward(300)  # a channel whose sequences fail rests a little
            else:
                await house.ledger.complete(job, "device", {"file": await house.do(job)})
    assert steps.count(10) > 2 * steps.count(40) > 0
    assert any("full failed lately" in event.message for event in house.events.recent)


async def test_an_endpoint_whose_quota_is_used_up_for_the_day_starves_nobody(house: House) -> None:
    begin(house)
    noise, made = random.Random(1), []
    for _ in range(60):
        await house.tick()
        await cores(house)
        if job := await house.ledger.lease("device", [CLIP], 600.0, pool=MODELS):
            if shot(job)["steps"] == 40:
                error = RateLimited("come again tomorrow", retry_after=86_340)
                retry_at = RetryPolicy().retry_at(job, error, house.clock.time(), noise)
                await house.ledger.fail(job, "device", error, retry_at)
                house.clock.forward(300)
            else:
                await house.ledger.complete(job, "device", {"file": await house.do(job)})
                made.append(job)
    assert made, "the ladder steps down"
    assert any("full failed lately" in event.message for event in house.told("engine.quality.lowered"))
    assert len(house.entries("far-0")) > 4
    jobs = await house.ledger.find(kind=CLIP)
    assert not [job for job in jobs if not job.final and job.not_before > house.clock.time() + 900]


async def sequences(house: House, number: int, seconds: float, *, loaded: bool = False) -> None:
    """Some sequences more that the device makes, so many seconds each clip."""
    for _ in range(2 * number):
        for _ in range(5):
            await house.tick()
            await cores(house)
            if await device(house, seconds, loaded=loaded):
                break
    await house.tick(2)


async def test_what_a_model_took_to_start_is_not_what_its_sequences_cost(house: House) -> None:
    begin(house)
    await sequences(house, 1, 300.0, loaded=True)
    assert await house.notes.get("speeds", {}) == {}, "once is no measure"
    await sequences(house, 2, 0.5)
    (kept,) = (await house.notes.get("speeds", {})).values()
    assert kept["cost"] < 1


async def test_a_model_that_is_started_for_each_sequence_costs_just_that(house: House) -> None:
    begin(house)
    await sequences(house, 4, 300.0, loaded=True)
    kept = (await house.notes.get("speeds", {})).values()
    assert max(each["cost"] for each in kept) > 50


async def test_the_book_forgets_rungs_that_no_channel_has(house: House) -> None:
    await house.notes.put("speeds", {"of another channel": {"cost": 2.0, "unused": 0}})
    begin(house)
    await run(house, 12, {40: 0.5, 10: 0.2})
    kept = await house.notes.get("speeds", {})
    assert kept
    assert "of another channel" not in kept


async def test_of_a_channel_that_is_removed_nothing_is_left(house: House) -> None:
    grading = Grading(pool_of, grades, house.notes, house.clock, house.events)
    kept = channel(studio=REMOTE)
    house.orchestrate({"one": kept, "two": kept}, workers=2, lanes=4, pool_of=pool_of, grading=grading)
    for _ in range(6):
        await house.tick()
        await cores(house)
    assert {begun.slug for begun in grading._begun.values()} == {"one", "two"}
    house.orchestrator.set_channels({"one": kept})
    await house.tick()
    assert {begun.slug for begun in grading._begun.values()} == {"one"}
    house.orchestrator.set_channels({"one": kept, "two": kept})
    await run(house, 20, {40: 0.5, 10: 0.2})
    assert not house.told("engine.making.stumbled")
