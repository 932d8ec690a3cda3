"""The control plane whole, over real processes that are scripted."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crew import Crew, Line, crew_in, until
from engine_house import House

from webtv.core.clock import SystemClock
from webtv.core.settings import Settings, load_settings
from webtv.engine.station import ControlPlane, Parts, air_config
from webtv.engine.supervision import Supervisor
from webtv.library.journal import Journal
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
