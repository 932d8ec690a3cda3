"""What is made: whose turn it is, and that nothing that fails takes the rest along."""

import asyncio
import shutil
from dataclasses import replace

import pytest
from engine_house import House, channel, plan

from webtv.clips.clip import Kind
from webtv.core.errors import InputError, QualityError, ResourceError, TransientError
from webtv.core.events import Severity
from webtv.engine.jobs import CORES, MODELS, JobState
from webtv.engine.orders import BED, CLIP
from webtv.library.records import SequenceState

THREE = {"one": channel("One"), "two": channel("Two"), "three": channel("Three")}


async def sequences(house: House, state: SequenceState) -> list[str]:
    return [each.channel for each in await house.catalogue.every() if each.state is state]


async def test_a_theme_becomes_a_playlist(either_house: House):
    house = either_house
    house.orchestrate({"one": channel()})
    await house.make("one")
    entries = [entry for entry in house.entries("one") if entry.kind is Kind.NEW]
    assert [(entry.pos, entry.of, entry.frames) for entry in entries[:2]] == [(1, 2, 48), (2, 2, 48)]
    assert all((house.data / "playlists" / entry.file).is_file() for entry in entries)
    assert all((house.data / "playlists" / entry.bed).is_file() for entry in entries)
    assert entries[1].bed_at == 96_000
    assert {"engine.sequence.planned", "engine.sequence.listed"} <= set(house.kinds())


async def test_the_studio_gets_one_sequence_more_than_it_has_workers(house: House):
    house.orchestrate(THREE, workers=1)
    await house.tick(5)
    assert len(await sequences(house, SequenceState.PLANNED)) == 2
    assert [slug for slug, _ in house.desk.asked] == ["one", "three"]  # all are empty: by name


async def test_the_emptiest_buffer_is_filled_first_and_full_ones_rest(house: House):
    shape = {"sequence": {"shots": 1, "seconds": 6}, "buffer": 30}
    house.orchestrate({slug: channel(slug, **shape) for slug in THREE}, workers=1)
    for _ in range(20):
        await house.tick()
        await house.work()
    assert house.orchestrator.buffers == dict.fromkeys(THREE, 30.0)
    counts = [sum(1 for asked, _ in house.desk.asked if asked == slug) for slug in THREE]
    assert max(counts) - min(counts) <= 1
    asked = len(house.desk.asked)
    await house.tick(10)
    assert len(house.desk.asked) == asked
    assert await house.work() == []


async def test_what_airs_makes_room_for_more(house: House):
    house.orchestrate({"one": channel(sequence={"shots": 1, "seconds": 10})})
    for _ in range(12):
        await house.tick()
        await house.work()
    asked = len(house.desk.asked)
    assert asked == 6
    house.head_end.air("one", 2)
    await house.tick(2)
    assert len(house.desk.asked) > asked


async def test_beds_come_first_and_the_oldest_sequence_is_finished_first(house: House):
    house.orchestrate(THREE, workers=2)
    await house.tick()
    done = []
    for _ in range(12):
        done += await house.work(1)
        await house.tick()
    first = [job for job in done if job.kind == BED][:3]
    assert [job.kind for job in done[:3]] == [BED, BED, BED]
    clips = [job.group for job in done if job.kind == CLIP][:6]
    assert clips == [job.group for job in first for _ in range(2)]


async def test_a_paused_channel_writes_nothing_and_airs_on(house: House):
    house.orchestrate({"one": channel()})
    await house.make("one")
    house.orchestrator.set_channels({"one": channel(paused=True)})
    await house.tick()
    asked = len(house.desk.asked)
    for _ in range(10):
        house.head_end.air("one", 2)
        await house.tick(2)
        await house.work()
    assert len(house.desk.asked) == asked
    left = [e for e in house.entries("one") if e.n > house.head_end.on_air["one"].n]
    assert {entry.kind for entry in left} == {Kind.RERUN}


@pytest.mark.parametrize("error", [TransientError("away", remedy="wait"), RuntimeError("a bug")])
async def test_a_writer_that_fails_for_one_channel_stops_no_other(house: House, error):
    house.desk.failures["one"] = [error] * 99
    house.orchestrate({"one": channel("One"), "two": channel("Two")})
    await house.make("two", 2)
    (trouble,) = house.told("engine.writing.failed")
    assert (trouble.channel, trouble.severity) == ("one", Severity.ERROR)
    assert trouble.remedy
    tries = sum(1 for slug, _ in house.desk.asked if slug == "one")
    assert tries == 1  # it waits before it tries again
    house.clock.forward(30)
    await house.make("two")
    assert sum(1 for slug, _ in house.desk.asked if slug == "one") > 1


async def test_a_slow_writer_holds_nobody_up(house: House):
    gate = house.desk.gates["one"] = asyncio.Event()
    house.orchestrate({"one": channel("One"), "two": channel("Two")}, workers=1)
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            await house.orchestrator.tick(group)
            await house.work()
            house.clock.forward(0.5)
            await asyncio.sleep(0)
        assert [entry.kind for entry in house.entries("two")].count(Kind.NEW) >= 4
        assert [slug for slug, _ in house.desk.asked].count("one") == 1
        gate.set()


async def test_a_failed_job_ends_its_sequence_and_the_next_one_is_written(either_house: House):
    house = either_house
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    job = await house.ledger.lease("worker", [BED], 30)
    await house.ledger.fail(job, "worker", QualityError("nearly silent"), None)
    await house.tick(2)
    (failed,) = house.told("engine.sequence.failed")
    assert "nearly silent" in failed.message
    assert await sequences(house, SequenceState.FAILED) == ["one"]
    await house.tick(6)
    assert len(house.desk.asked) == 2
    await house.make("one")


async def test_one_failed_clip_calls_its_siblings_off(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    await house.work(1)
    await house.tick(2)
    first = await house.ledger.lease("worker", [CLIP], 30)
    await house.ledger.fail(first, "worker", QualityError("frozen"), None)
    await house.tick()
    second = next(j for j in await house.ledger.find(group=first.group, kind=CLIP) if j.id != first.id)
    assert (second.state, second.error["category"]) == (JobState.FAILED, "cancelled")


async def test_when_all_fail_it_tries_ever_slower(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    for _ in range(100):
        await house.tick(seconds=2)
        while job := await house.ledger.lease("worker", [BED], 30):
            await house.ledger.fail(job, "worker", InputError("no such adapter"), None)
    assert 5 <= len(house.desk.asked) <= 9


async def test_a_full_disk_stops_writing_and_not_listing(house: House):
    house.orchestrate({"one": channel()})
    await house.tick()
    await house.work()
    house.storage.room = 1000
    await house.tick(21)
    asked = len(house.desk.asked)
    assert [event.kind for event in house.told("library.room.ended")] == ["library.room.ended"]
    for _ in range(6):
        await house.tick()
        await house.work()
    assert house.entries("one")
    assert len(house.desk.asked) == asked
    house.storage.room = 10**12
    await house.tick(21)
    assert house.told("library.room.returned")
    assert len(house.desk.asked) > asked


async def test_room_that_cannot_be_measured_is_told_once_and_stops_nothing(house: House):
    house.orchestrate({"one": channel()})
    await house.tick()

    async def unclear(_protected):
        raise ResourceError("cannot look", remedy="mount it")

    house.space.check = unclear
    await house.tick(30)
    assert len(house.told("engine.room.unclear")) == 1
    await house.work()
    await house.tick()
    await house.work()
    await house.make("one")


async def test_a_length_edited_while_a_sequence_is_made_is_the_next_ones(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    (bed,) = await house.work()
    house.orchestrator.set_channels({"one": channel(sequence={"shots": 3, "seconds": 6})})
    await house.tick(2)
    first = await house.work()
    assert [job.payload["frames"] for job in first] == [48, 48]
    end = first[-1].payload["bed_at"] + 48 * 2000
    assert bed.payload["samples"] == end + 48_000
    await house.make("one", 2)
    assert [e.frames for e in house.entries("one") if e.kind is Kind.NEW][2:5] == [144, 144, 144]


async def test_what_is_made_for_a_removed_channel_is_called_off(either_house: House):
    house = either_house
    house.orchestrate({"one": channel("One"), "two": channel("Two")})
    await house.tick()
    house.orchestrator.set_channels({"two": channel("Two")})
    await house.tick()
    jobs = await house.ledger.find(channel="one")
    assert jobs
    assert {job.state for job in jobs} == {JobState.FAILED}
    assert await sequences(house, SequenceState.FAILED) == ["one"]
    house.orchestrator.set_channels({"one": channel("One"), "two": channel("Two")})
    await house.make("one")


async def test_a_channel_removed_while_nothing_ran_is_swept_at_the_start(house: House):
    house.orchestrate({"one": channel("One"), "two": channel("Two")})
    await house.tick()
    house.orchestrate({"two": channel("Two")})
    await house.tick()
    assert await sequences(house, SequenceState.FAILED) == ["one"]


async def test_a_plan_for_a_channel_removed_meanwhile_is_dropped(house: House):
    gate = house.desk.gates["one"] = asyncio.Event()
    house.orchestrate({"one": channel()})
    async with asyncio.TaskGroup() as group:
        await house.orchestrator.tick(group)
        await house.desk.begun.wait()
        house.orchestrator.set_channels({})
        gate.set()
    assert await house.catalogue.every() == ()


async def test_killed_between_any_two_steps_a_new_one_goes_on(house: House):
    one = {"one": channel(buffer=30)}
    for _ in range(30):
        house.orchestrate(one, workers=1)  # knows nothing of what the one before did
        await house.tick()
        await house.work(1)
    entries = [entry for entry in house.entries("one") if entry.kind is Kind.NEW]
    assert len(entries) == len({entry.clip for entry in entries}) >= 8
    assert len({job.key for job in await house.ledger.find()}) == len(await house.ledger.find())
    assert not house.told("engine.sequence.failed")


async def test_a_plan_without_jobs_gets_them(house: House):
    await house.catalogue.add_sequence("one", plan())  # written, and killed before the bed was ordered
    house.orchestrate({"one": channel(buffer=30)}, workers=0)
    await house.make("one")


async def test_jobs_that_are_done_and_left_nothing_do_not_block_for_ever(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    job = await house.ledger.lease("worker", [BED], 30)
    await house.ledger.complete(job, "worker", {})
    await house.tick(2)
    assert "something is missing" in house.told("engine.sequence.failed")[0].message


async def test_a_head_end_that_is_away_or_talks_nonsense_stops_nothing(house: House):
    house.head_end.down = True
    house.orchestrate({"one": channel()})
    await house.make("one")
    house.head_end.down = False
    house.head_end.trouble = KeyError("channels")
    await house.make("one", 2)
    assert len(house.told("engine.air.unclear")) == 1


async def test_a_broken_playlist_folder_of_one_channel_stops_no_other(house: House):
    playlists = house.data / "playlists"
    (playlists / "one.ffconcat").mkdir(parents=True)
    house.orchestrate({"one": channel("One"), "two": channel("Two")})
    await house.make("two", 2)
    (trouble,) = house.told("engine.channel.stumbled")
    assert trouble.channel == "one"
    shutil.rmtree(playlists / "one.ffconcat")
    await house.make("one")


async def test_a_bug_in_one_channel_is_told_as_ours_and_stops_no_other(house: House):
    house.orchestrate({"one": channel("One"), "two": channel("Two")})
    broken = replace(plan(), shots=5)
    await house.catalogue.add_sequence("one", plan())
    planned = house.catalogue.planned

    async def mixed(slug):
        found = await planned(slug)
        return tuple(replace(record, plan=broken) for record in found) if slug == "one" else found

    house.catalogue.planned = mixed
    await house.make("two")
    (trouble,) = house.told("engine.making.stumbled")
    assert (trouble.channel, trouble.severity) == ("one", Severity.ERROR)
    assert "report" in trouble.remedy


async def test_it_runs_until_it_is_cancelled(house: House):
    orchestrator = house.orchestrate({"one": channel()})
    task = asyncio.ensure_future(orchestrator.run())
    await house.desk.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestIdents:
    async def test_made_once_something_of_its_own_is_on_air(self, house: House):
        orchestrator = house.orchestrate({"one": channel()})
        await orchestrator.ident("one")
        await orchestrator.ident("nowhere")
        assert await house.ledger.find(kind="ident") == ()
        await house.make("one")
        await orchestrator.ident("one")
        await house.work()
        await orchestrator.ident("one")
        assert (house.storage.path(orchestrator.idents["one"], "mp4")).is_file()

    async def test_known_again_after_a_restart_though_the_ledger_forgot(self, house: House):
        orchestrator = house.orchestrate({"one": channel()})
        await house.make("one")
        await orchestrator.ident("one")
        await house.work()
        await orchestrator.ident("one")
        made = dict(orchestrator.idents)
        house.clock.forward(4 * 86_400)
        await house.ledger.forget(house.clock.time() - 3 * 86_400)
        orchestrator = house.orchestrate({"one": channel()})
        await orchestrator.restore_idents()
        assert orchestrator.idents == made
        await house.tick()
        await orchestrator.ident("one")
        assert await house.ledger.find(kind="ident") == ()

    async def test_another_name_gets_another_and_the_first_one_is_remembered(self, house: House):
        orchestrator = house.orchestrate({"one": channel("One")})
        await house.make("one")
        for name in ("One", "Uno", "One"):
            orchestrator.set_channels({"one": channel(name)})
            for _ in range(2):
                await orchestrator.ident("one")
                await house.work()
        jobs = await house.ledger.find(kind="ident")
        assert [job.payload["name"] for job in jobs] == ["One", "Uno"]
        assert orchestrator.idents["one"] == jobs[0].result["file"]

    async def test_one_that_failed_is_not_asked_for_again_and_again(self, house: House):
        orchestrator = house.orchestrate({"one": channel()})
        await house.make("one")
        await orchestrator.ident("one")
        job = await house.ledger.lease("worker", ["ident"], 30)
        await house.ledger.fail(job, "worker", QualityError("black"), None)
        for _ in range(3):
            await orchestrator.ident("one")
        assert len(await house.ledger.find(kind="ident")) == 1
        assert orchestrator.idents == {}

    async def test_of_a_removed_channel_or_a_lost_file_nothing_is_kept(self, house: House):
        orchestrator = house.orchestrate({"one": channel()})
        await house.make("one")
        for _ in range(2):
            await orchestrator.ident("one")
            await house.work()
        file = orchestrator.idents["one"]
        orchestrator.set_channels({})
        await orchestrator.restore_idents()
        assert orchestrator.idents == {}
        house.storage.path(file, "mp4").unlink()
        orchestrator = house.orchestrate({"one": channel()})
        await orchestrator.restore_idents()
        assert orchestrator.idents == {}


async def test_channels_whose_endpoint_is_slow_take_no_places_of_those_made_here(house: House):
    def pool_of(stages) -> str:
        return MODELS if stages.get("shot", {}).get("use") == "remote" else CORES

    remote = {"shot": {"use": "remote"}}
    far = {f"far-{number}": channel(buffer=600, studio=remote) for number in range(4)}
    house.orchestrate({**far, "near": channel(buffer=60)}, workers=1, lanes=2, pool_of=pool_of)
    for _ in range(40):  # nothing ever comes back from the endpoint
        await house.tick()
        while job := await house.ledger.lease("worker", [BED, CLIP], 30.0):
            await house.ledger.complete(job, "worker", {"file": await house.do(job)})
    assert house.orchestrator.buffers["near"] >= 60
    waiting = await house.ledger.find(pool=MODELS)
    assert len({job.group for job in waiting}) == 3, "one sequence for each lane and one more"
    assert {job.state for job in waiting} == {JobState.QUEUED}
