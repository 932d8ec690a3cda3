"""The live station over a small real data folder."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs
from viewers_house import House, living

from webtv.core.events import Event, Severity
from webtv.playlist.asrun import AsRunLog
from webtv.testing.clock import VirtualClock
from webtv.viewers.app import create_app
from webtv.viewers.station import ChannelView


@pytest.fixture
async def house(clock: VirtualClock, tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path, clock) as house:
        yield house


async def tideline(house: House) -> ChannelView:
    house.clock.forward(2)
    view = await house.station.channel("tideline")
    assert view is not None
    return view


async def test_what_aired_before_midnight_is_there_after_it(house: House) -> None:
    midnight = (house.clock.time() // 86400 + 1) * 86400
    for step in range(2000):  # a long day: only its end is of interest
        house.log(step % 3, midnight - 4 * (2000 - step), step + 1)
    house.log(0, midnight, None)
    house.clock.forward(midnight + 5 - house.clock.time())
    assert len(list((house.data / "asrun" / "tideline").iterdir())) == 2
    earlier = (await tideline(house)).earlier
    assert [entry.n for entry in earlier][-3:] == [1999, 2000, 0]
    assert [entry.start_utc for entry in earlier] == [midnight - 4 * back for back in range(20, -1, -1)]
    assert earlier[-1].prompt == "a pier, shot 1"


async def test_between_log_and_head_end_nothing_is_missing_and_nothing_twice(house: House) -> None:
    house.list(*(house.entry(n, n % 3) for n in range(1, 8)))
    begun = house.clock.time()
    house.log(1, begun, 1)
    await tideline(house)
    # The files are looked at once a second, the head-end is asked twice: another clip begins in between,
    # and of what has just ended the page's look at the log knows nothing.
    house.remembered = [house.airing(n % 3, begun + 4 * (n - 1), n) for n in (1, 2, 3, 4)]
    house.clock.forward(begun + 12 - house.clock.time())
    house.air(house.entry(4, 1))  # of which the head-end has made the end already
    view = await tideline(house)
    assert [entry.n for entry in view.timeline] == [1, 2, 3, 4, 5, 6, 7]
    assert [entry.start_utc for entry in view.timeline] == [begun + 4 * step for step in range(7)]
    house.log(2, begun + 4, 2)
    house.log(0, begun + 8, 3)
    assert (await tideline(house)).timeline == view.timeline


async def test_files_are_looked_at_once_a_second_and_only_their_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    tail = AsRunLog.tail

    def count(log: AsRunLog, size: int) -> list:
        looked.append(size)
        return tail(log, size)

    monkeypatch.setattr(AsRunLog, "tail", count)
    for _ in range(20):
        await house.station.channel("tideline")
        house.clock.forward(0.1)
    assert len(looked) == 2
    assert max(looked) < 32_768


async def test_what_follows_is_what_the_playlist_lists_after_the_entry_on_air(house: House) -> None:
    entries = [house.entry(n, n % 3) for n in (3, 4, 6, 9)]
    house.list(*entries)
    house.air(entries[1])
    view = await tideline(house)
    assert view.now is not None
    assert (view.now.n, [entry.n for entry in view.next], view.buffer_seconds) == (4, [6, 9], 8.0)
    house.list(*entries, house.entry(10, 0))
    assert [entry.n for entry in (await tideline(house)).next] == [6, 9, 10]


async def test_filler_has_no_number(house: House) -> None:
    house.list(house.entry(1, 1))
    house.air(replace(house.entry(1, 0), n=0))
    view = await tideline(house)
    assert view.now is not None
    assert (view.state, view.now.n, [entry.n for entry in view.next]) == ("filler", 0, [1])


async def test_a_blocked_clip_shows_neither_prompt_nor_poster(house: House) -> None:
    house.list(house.entry(1, 0), house.entry(2, 1))
    house.air(house.entry(1, 0))
    house.log(2, house.clock.time() - 4, None)
    clips = {clip.id for clip in house.clips}
    before = await tideline(house)
    assert [entry.clip_id for entry in before.timeline] == [house.clips[i].id for i in (2, 0, 1)]
    assert all(entry.prompt and entry.poster for entry in before.timeline)
    transport = httpx.ASGITransport(app=create_app(house.station, house.clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        poster = f"/posters/{house.clips[0].poster}.jpg"
        assert (await client.get(poster)).status_code == 200
        (house.data / "blocked").write_text("".join(f"{clip}\n" for clip in clips))
        assert (await client.get(poster)).status_code == 404
        (house.data / "blocked").unlink()
        assert (await client.get(poster)).status_code == 200
        (house.data / "blocked").write_text("".join(f"{clip}\n" for clip in clips))
        text = (await client.get("/api/channels/tideline/now")).text
    assert "pier" not in text
    entries = json.loads(text)["timeline"]
    assert len(entries) == 3
    assert all(entry["title"] == "Withdrawn" and entry["poster"] is None for entry in entries)


async def test_a_stored_channel_that_is_not_understood_is_passed_over(house: House) -> None:
    kept = await house.notes.get("channels")
    await house.notes.put("channels", {**kept, "later": {"name": "Later", "hologram": True}})
    with capture_logs() as log:
        assert [view.slug for view in await house.station.channels()] == ["tideline"]
        house.clock.forward(1)
        await house.station.channels()
    assert [(line["event"], line["channel"]) for line in log] == [("viewers.channel.skipped", "later")]


async def test_problems_name_files_and_no_folders(house: House) -> None:
    written = "/srv/my station/channels/tideline.yaml:3:1: `them` is unknown: write `theme`"
    await house.notes.put("channel_problems", {"tideline": [written]})
    failed = "the disk does not take /srv/tv/data/hls/tideline/1.m4s; see https://example.org/a/b"
    await house.journal.add(Event("air.failed", failed, Severity.ERROR, channel="tideline"))
    assert (await tideline(house)).problems == (
        "tideline.yaml:3:1: `them` is unknown: write `theme`",
        "the disk does not take 1.m4s; see https://example.org/a/b",
    )


async def test_without_its_database_the_station_does_not_live(house: House) -> None:
    assert (await house.station.health()).live
    await house.database.close()
    for path in house.data.glob("webtv.sqlite3*"):
        path.write_bytes(b"no database" * 1000)
    house.clock.forward(1)
    transport = httpx.ASGITransport(app=create_app(house.station, house.clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        for path in ("/healthz", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["troubles"][0]["part"]) == (503, "database")
            assert str(house.data) not in answer.text
