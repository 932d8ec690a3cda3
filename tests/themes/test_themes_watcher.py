"""The channels folder while the station runs, on real files."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from webtv.core.events import Event, EventLog, Severity
from webtv.themes.loader import KnownNames
from webtv.themes.watcher import Changes, ChannelFolder

KNOWN = KnownNames(
    stages={
        "shot": frozenset({"procedural"}),
        "interpolate": frozenset({"dis"}),
        "upscale": frozenset({"detail"}),
        "music": frozenset({"synth"}),
    }
)
GOOD = "name: Tideline\ntheme: The sea.\n"
BROKEN = "name: Tideline\ntheme: The sea.\nstlye: film\nbuffer: 1s\n"


class Station:
    """A folder, what is known of it, and what was told."""

    def __init__(self, path: Path, formats: dict[str, str] | None = None) -> None:
        self.path = path
        self.log = EventLog()
        self.folder = ChannelFolder(path, KNOWN, self.log, formats)

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, text: str) -> None:
        """Save as careful editors do: write another file and rename it."""
        fresh = self.path / f".{name}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.path / name)

    def told(self) -> list[Event]:
        """The events since the last time."""
        events = list(self.log.recent)
        self.log.recent.clear()
        return events

    def kinds(self) -> list[tuple[str, str | None]]:
        return [(event.kind, event.channel) for event in self.told()]


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_a_new_file_is_a_new_channel(station: Station) -> None:
    assert station.folder.reload() == Changes()
    station.write("tideline.yaml", GOOD)
    assert station.folder.reload() == Changes(added=("tideline",))
    assert station.folder.channels["tideline"].name == "Tideline"
    assert station.kinds() == [("themes.channel.added", "tideline")]


def test_the_same_bytes_and_mere_comments_are_no_change(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    station.told()
    station.replace("tideline.yaml", GOOD)
    assert not station.folder.reload()
    station.write("tideline.yaml", "# the sea\n" + GOOD)
    assert not station.folder.reload()
    assert station.told() == []


def test_a_good_edit_takes_effect(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    station.told()
    station.replace("tideline.yaml", GOOD.replace("sea", "ocean"))
    assert station.folder.reload() == Changes(changed=("tideline",))
    assert station.folder.channels["tideline"].theme == "The ocean."
    assert station.kinds() == [("themes.channel.changed", "tideline")]


def test_a_broken_edit_keeps_the_last_good_version_and_says_so(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    before = station.folder.channels["tideline"]
    station.told()

    station.write("tideline.yaml", BROKEN)
    assert station.folder.reload() == Changes(broken=("tideline",))
    assert station.folder.channels["tideline"] is before
    file = station.path / "tideline.yaml"
    (event,) = station.told()
    assert event == Event(
        "themes.channel.broken",
        f"{file}:3:1: there is no key `stlye` in a channel (and 1 more problem); "
        "its last good version stays on air",
        Severity.WARNING,
        "did you mean `style`?",
        "tideline",
        {"problems": [str(problem) for problem in station.folder.problems["tideline"]]},
    )
    assert [problem.line for problem in station.folder.problems["tideline"]] == [3, 4]
    assert not station.folder.reload()  # said once
    assert station.told() == []


def test_a_mended_file_is_told(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    for text, changes in [
        (GOOD, Changes(mended=("tideline",))),
        (GOOD + "rating: teen\n", Changes(changed=("tideline",), mended=("tideline",))),
    ]:
        station.write("tideline.yaml", BROKEN)
        station.folder.reload()
        station.told()
        station.write("tideline.yaml", text)
        assert station.folder.reload() == changes
        assert station.folder.problems == {}
        assert station.kinds()[-1] == ("themes.channel.mended", "tideline")
    assert station.folder.channels["tideline"].rating == "teen"


def test_a_file_that_never_was_good_is_no_channel_until_it_is(station: Station) -> None:
    station.write("tideline.yaml", BROKEN)
    assert station.folder.reload() == Changes(broken=("tideline",))
    assert station.folder.channels == {}
    assert station.told()[0].message.endswith("; it is not on air")
    station.write("tideline.yaml", GOOD)
    assert station.folder.reload() == Changes(added=("tideline",), mended=("tideline",))


def test_a_removed_file_is_a_removed_channel_even_if_it_was_broken(station: Station) -> None:
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        station.write(name, GOOD)
    station.folder.reload()
    station.write("b.yaml", BROKEN)
    station.folder.reload()
    station.told()
    (station.path / "a.yaml").unlink()
    (station.path / "b.yaml").unlink()
    assert station.folder.reload() == Changes(removed=("a", "b"), mended=("b",))
    assert list(station.folder.channels) == ["c"]
    assert station.kinds() == [("themes.channel.removed", "a"), ("themes.channel.removed", "b")]


def test_the_format_of_a_channel_is_fixed_for_life(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    station.told()
    station.write("tideline.yaml", GOOD + "rating: teen\nformat: 1080p25@1\n")
    assert station.folder.reload() == Changes(broken=("tideline",))
    assert station.folder.channels["tideline"].format == "720p24@1"
    assert station.folder.channels["tideline"].rating == "everyone"
    (event,) = station.told()
    assert ":4:9: the format of a channel is fixed for life" in event.message
    assert event.remedy == "write `format: 720p24@1`, or begin a new channel in a new file"


def test_a_format_from_an_earlier_run_counts(tmp_path: Path) -> None:
    station = Station(tmp_path, formats={"tideline": "576p25@1"})
    station.write("tideline.yaml", GOOD)
    assert station.folder.reload() == Changes(broken=("tideline",))
    assert station.folder.problems["tideline"][0].remedy.startswith("write `format: 576p25@1`")


def test_a_twin_is_a_problem_and_the_channel_goes_on(station: Station) -> None:
    station.write("tideline.yaml", GOOD)
    station.folder.reload()
    station.write("tideline.yml", GOOD + "rating: teen\n")
    assert station.folder.reload() == Changes(broken=("tideline",))
    assert station.folder.channels["tideline"].rating == "everyone"
    (station.path / "tideline.yaml").unlink()  # renamed, in effect
    assert station.folder.reload() == Changes(changed=("tideline",), mended=("tideline",))


def test_a_folder_that_goes_takes_no_channel_with_it(tmp_path: Path) -> None:
    station = Station(tmp_path / "channels")
    assert not station.folder.reload()
    assert not station.folder.reload()
    assert station.kinds() == [("themes.folder.missing", None)]
    station.path.mkdir()
    station.write("tideline.yaml", GOOD)
    assert station.folder.reload() == Changes(added=("tideline",))
    station.path.rename(tmp_path / "away")
    assert not station.folder.reload()
    assert list(station.folder.channels) == ["tideline"]
    (tmp_path / "away").rename(station.path)
    assert not station.folder.reload()
    assert [kind for kind, _ in station.kinds()] == [
        "themes.folder.found",
        "themes.channel.added",
        "themes.folder.missing",
        "themes.folder.found",
    ]


async def test_watching_tells_what_is_there_and_then_what_happens(station: Station) -> None:
    station.write("a.yaml", GOOD)
    async with asyncio.timeout(30), contextlib.aclosing(station.folder.watch()) as watch:
        assert await anext(watch) == Changes(added=("a",))
        station.write("b.yaml", GOOD)
        assert await anext(watch) == Changes(added=("b",))
        station.replace("a.yaml", BROKEN)
        assert await anext(watch) == Changes(broken=("a",))
        station.replace("a.yaml", GOOD.replace("sea", "ocean"))
        assert await anext(watch) == Changes(changed=("a",), mended=("a",))
        (station.path / "b.yaml").unlink()
        assert await anext(watch) == Changes(removed=("b",))


async def test_watching_waits_for_a_folder_and_follows_its_replacement(tmp_path: Path) -> None:
    station = Station(tmp_path / "not" / "yet")
    async with asyncio.timeout(30), contextlib.aclosing(station.folder.watch()) as watch:
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(anext(watch))  # type: ignore[arg-type]
            await asyncio.sleep(0)  # the watcher is at the door before the folder is
            station.path.mkdir(parents=True)
            station.write("a.yaml", GOOD)
        assert first.result() == Changes(added=("a",))
        station.path.rename(tmp_path / "not" / "old")
        station.path.mkdir()
        station.write("c.yaml", GOOD)
        assert await anext(watch) == Changes(added=("c",), removed=("a",))


async def test_watching_ends_when_it_is_cancelled(station: Station) -> None:
    async def follow() -> None:
        async for _ in station.folder.watch():
            pass

    async with asyncio.timeout(30):
        task = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
