"""The control plane whole, over real processes that are scripted."""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crew import Crew, Line, crew_in, lives, until
from engine_house import House

from webtv.clips.clip import Kind
from webtv.core.clock import SystemClock
from webtv.core.events import EventLog
from webtv.core.settings import Settings, load_settings
from webtv.engine.jobs import CORES, MODELS, NewJob
from webtv.engine.station import ControlPlane, Parts, air_config, last_good_channels
from webtv.engine.supervision import Supervisor
from webtv.library.eviction import Eviction
from webtv.library.journal import Journal
from webtv.library.storage import CLIP
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER
from webtv.themes.channel import Channel
from webtv.themes.loader import KnownNames
from webtv.themes.watcher import ChannelFolder

FOXES = "name: Foxes\ntheme: Foxes in the snow.\n"


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    with crew_in(tmp_path) as crew:
        yield crew


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "foxes.yaml").write_text(FOXES)
    return load_settings(
        data=tmp_path,
        channels=tmp_path / "channels",
        outputs={"twitch": "rtmp://live.example/app/{channel}-key"},
    )


@pytest.fixture
def parts(house: House, crew: Crew, settings: Settings) -> Parts:
    known = KnownNames(
        stages={
            "shot": frozenset({"procedural"}),
            "interpolate": frozenset({"dis"}),
            "upscale": frozenset({"detail"}),
            "music": frozenset({"synth"}),
        },
        outputs=frozenset(settings.outputs),
    )
    folder = ChannelFolder(settings.channels, known, house.events)
    folder.reload()
    clock = SystemClock()
    return Parts(
        settings=settings,
        folder=folder,
        orchestrator=house.orchestrate({}),
        ledger=house.ledger,
        journal=Journal(house.database, house.clock),
        notes=house.notes,
        storage=house.storage,
        eviction=Eviction(house.database, house.catalogue, house.storage, clock),
        head_end=Line(crew),
        supervisor=Supervisor(crew.data, crew.env, clock=clock, noise=random.Random(1), events=house.events),
        clock=clock,
        events=house.events,
    )


@contextlib.asynccontextmanager
async def on_air(parts: Parts, crew: Crew, **options) -> AsyncIterator[ControlPlane]:
    plane = ControlPlane(parts, 2, {})
    await plane.accept_channels()
    await parts.supervisor.start_head_end(parts.head_end)
    task = asyncio.ensure_future(plane.run(**options))
    try:
        await until(lambda: crew.on_air and crew.pids("web") and len(crew.pids("studio")) >= 2)
        yield plane
        async with asyncio.timeout(15):
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_stopping_stops_everything(parts: Parts, crew: Crew):
    async with on_air(parts, crew) as plane:
        plane.stop()
    assert crew.living() == []
    assert crew.on_air is None


async def test_leaving_leaves_the_head_end_on_air(parts: Parts, crew: Crew):
    async with on_air(parts, crew) as plane:
        before = crew.on_air
        plane.leave()
    assert crew.living() == [before]
    assert crew.on_air == before


async def test_a_view_that_breaks_takes_nothing_along(parts: Parts, crew: Crew, house: House):
    async def view():
        yield
        raise OSError("the terminal is gone")

    async with on_air(parts, crew, view=view) as plane:
        await until(lambda: house.told("engine.control.stumbled"))
        assert crew.on_air
        plane.stop()


async def test_a_channel_that_is_added_is_told_to_the_head_end(parts: Parts, crew: Crew):
    async with on_air(parts, crew) as plane:
        (parts.settings.channels / "owls.yaml").write_text(FOXES.replace("Foxes", "Owls"))
        await until(lambda: "owls" in parts.settings.air_config.read_text())
        await until(lambda: parts.head_end.reloads)
        assert set(plane.channels) == {"foxes", "owls"}
        plane.stop()


REMOTE = "studio:\n  shot: {use: remote}\n"


def needs_models(stages) -> str:
    return MODELS if any(stage["use"] == "remote" for stage in stages.values()) else CORES


async def test_the_models_studio_runs_while_a_channel_needs_it(parts: Parts, crew: Crew, house: House):
    stages = {**parts.folder._known.stages, "shot": frozenset({"procedural", "remote"})}
    known = replace(parts.folder._known, stages=stages)
    folder = ChannelFolder(parts.settings.channels, known, house.events)
    folder.reload()
    file = parts.settings.channels / "owls.yaml"

    def lives_now() -> list[int]:
        return [pid for pid in crew.pids("studio-models") if lives(pid)]

    async with on_air(replace(parts, folder=folder, pool_of=needs_models), crew) as plane:
        assert crew.pids("studio-models") == []
        file.write_text(FOXES.replace("Foxes", "Owls") + REMOTE)
        await until(lambda: len(lives_now()) == 1)
        (job,) = await house.ledger.enqueue([NewJob("clip", "owls", {}, pool=MODELS)])
        file.write_text(FOXES.replace("Foxes", "Owls"))
        await until(lambda: plane.channels["owls"].studio.shot.use == "procedural")
        await plane._see_who_needs_models()
        assert len(lives_now()) == 1, "what was ordered from it is made before it ends"
        await house.ledger.cancel(job=job.id)
        await until(lambda: not lives_now())
        file.write_text(FOXES.replace("Foxes", "Owls") + REMOTE)
        await until(lambda: len(lives_now()) == 1)
        assert len(crew.pids("studio-models")) == 2
        plane.stop()
    assert crew.living() == []
    assert not house.told("engine.control.stumbled")


async def test_a_judge_of_pools_that_breaks_takes_nothing_along(parts: Parts, crew: Crew, house: House):
    def breaks(stages) -> str:
        raise RuntimeError("a bug of an adapter")

    async with on_air(replace(parts, pool_of=breaks), crew) as plane:
        await until(lambda: house.told("engine.control.stumbled"))
        assert crew.on_air
        plane.stop()
    assert crew.pids("studio-models") == []


async def test_what_the_head_end_is_told(parts: Parts, settings: Settings, house: House):
    channel = Channel(name="Foxes", theme="Foxes.", outputs=("twitch", "forgotten"))
    sha = "ab" * 32
    config = air_config(settings, {"foxes": channel}, {"foxes": sha, "gone": sha}, house.storage)
    (told,) = config.channels
    assert [(output.name, output.url) for output in told.outputs] == [
        ("twitch", "rtmp://live.example/app/foxes-key")
    ]
    assert told.ident == f"../library/ab/{sha}.mp4"
    assert "key" not in repr(config)


async def test_a_reload_that_was_not_heard_is_told_again(parts: Parts, crew: Crew):
    plane = ControlPlane(parts, 0, {})
    await plane.accept_channels()  # nobody on air yet
    assert json.loads(parts.settings.air_config.read_text())["channels"][0]["slug"] == "foxes"
    assert parts.settings.air_config.stat().st_mode & 0o777 == 0o600
    await parts.supervisor.start_head_end(parts.head_end)
    await until(lambda: crew.on_air)
    await plane.tell_head_end()
    await plane.tell_head_end()
    assert parts.head_end.reloads == 1


async def test_a_channel_broken_while_nothing_ran_stays_in_its_last_good_version(parts: Parts, house: House):
    kept = {"foxes": Channel(name="Foxes", theme="As it was."), "gone": Channel(name="Gone", theme="x")}
    (parts.settings.channels / "foxes.yaml").write_text("name: [\n")
    parts.folder.reload()
    fresh = ChannelFolder(parts.settings.channels, parts.folder._known, house.events)
    fresh.reload()
    plane = ControlPlane(replace(parts, folder=fresh), 0, kept)
    await plane.accept_channels()
    assert plane.channels == {"foxes": kept["foxes"]}
    assert list(await house.notes.get("channels")) == ["foxes"]
    assert "foxes" in await house.notes.get("channel_problems")


async def test_idents_of_earlier_runs_are_in_the_first_air_json(parts: Parts, house: House):
    channel = dict(parts.folder.channels)["foxes"]
    house.orchestrator.set_channels({"foxes": channel})
    house.head_end.add("foxes")
    await house.make("foxes")
    for _ in range(2):
        await house.orchestrator.ident("foxes")
        await house.work()
    file = house.orchestrator.idents["foxes"]
    orchestrator = house.orchestrate({})
    again = replace(parts, orchestrator=orchestrator)
    await ControlPlane(again, 0, {}).accept_channels()
    (told,) = json.loads(parts.settings.air_config.read_text())["channels"]
    assert told["ident"] == f"../library/{file[:2]}/{file}.mp4"


async def test_days_long_past_and_orphans_go_and_what_is_listed_stays(parts: Parts, crew: Crew, house: House):
    now = parts.clock.time()
    days = [datetime.fromtimestamp(now - age * 86_400.0, UTC).date().isoformat() for age in (90, 31, 29, 0)]
    archive, asrun = crew.data / "playlists" / "archive" / "foxes", crew.data / "asrun" / "foxes"
    for folder, ending in ((archive, "ffconcat"), (asrun, "jsonl")):
        folder.mkdir(parents=True)
        for day in days:
            (folder / f"{day}.{ending}").write_text("")
    (asrun / "notes.txt").write_text("not ours")
    rests = crew.data / "asrun" / "owls"
    rests.mkdir()
    (rests / f"{days[0]}.jsonl").write_text("")
    orphan, listed, fresh = (house.storage.path(house.store(CLIP), CLIP) for _ in range(3))
    for path in (orphan, listed):
        os.utime(path, (0, now - 8 * 86_400.0))
    entry = Entry(
        1, "gone", Kind.NEW, "", 1, 1, None, 0, 96, "", f"../library/{listed.parent.name}/{listed.name}"
    )
    (crew.data / "playlists" / "lost.ffconcat").write_text(HEADER + encode_entry(entry))
    async with on_air(parts, crew) as plane:
        await until(lambda: house.told("library.orphans.removed"))
        plane.stop()
    assert sorted(path.stem for path in archive.iterdir()) == sorted(days[2:])
    assert sorted(path.name for path in asrun.iterdir()) == sorted(
        [*(f"{day}.jsonl" for day in days[2:]), "notes.txt"]
    )
    assert len(list(rests.iterdir())) == 1, "the latest of a channel that rests stays"
    assert not orphan.exists()
    assert listed.exists()
    assert fresh.exists()
    assert not house.told("engine.control.stumbled")


def test_a_channel_kept_by_another_version_is_told_and_left_out():
    events = EventLog()
    good = Channel(name="Foxes", theme="As it was.")
    stored = {"foxes": good.model_dump(mode="json"), "odd": {"name": "Odd", "laser": True}, "none": None}
    assert last_good_channels(stored, events) == {"foxes": good}
    assert [event.channel for event in events.recent] == ["odd", "none"]
    assert {event.kind for event in events.recent} == {"engine.channel.forgotten"}


async def test_trouble_with_the_channel_files_ends_nothing(parts: Parts, crew: Crew, house: House):
    class Stumbling(ChannelFolder):
        async def watch(self):
            raise RuntimeError("a bug of an adapter")
            yield

    folder = Stumbling(parts.settings.channels, parts.folder._known, house.events)
    folder.reload()
    async with on_air(replace(parts, folder=folder), crew) as plane:
        await until(lambda: house.told("engine.control.stumbled"))
        assert "a bug of an adapter" in house.told("engine.control.stumbled")[0].message
        assert crew.on_air
        plane.stop()
