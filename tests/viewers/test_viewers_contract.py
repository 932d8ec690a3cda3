"""What every station promises: the shipped fake and the real one over a small data folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from viewers_house import living

from webtv.core.errors import InputError
from webtv.library.audience import WATCHING_SECONDS
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.station import HEARTBEAT_SECONDS, Station


@pytest.fixture(params=["fake", "live"])
async def any_station(
    request: pytest.FixtureRequest, clock: VirtualClock, tmp_path: Path
) -> AsyncIterator[Station]:
    if request.param == "fake":
        yield FakeStation(clock)
    else:
        async with living(tmp_path, clock) as house:
            yield house.station


async def test_what_is_unknown_is_none(any_station: Station) -> None:
    assert await any_station.channel("nowhere") is None
    assert await any_station.heartbeat("a", "nowhere") is None
    assert await any_station.clip("nothing") is None
    assert await any_station.rate("nothing", "a", 3) is None
    assert await any_station.poster_path("0" * 64) is None
    assert any_station.hls_folder("nowhere") is None


@pytest.mark.parametrize("cursor", ["~", "", "-1", "x" * 200])
async def test_a_cursor_that_is_none_is_refused(any_station: Station, cursor: str) -> None:
    with pytest.raises(InputError) as refused:
        await any_station.clips(cursor, 10, None)
    assert refused.value.place == "query.cursor"


async def test_clips_come_once_each_newest_first(any_station: Station) -> None:
    whole = (await any_station.clips(None, 100, "tideline")).clips
    assert len(whole) >= 3
    assert [clip.created for clip in whole] == sorted((clip.created for clip in whole), reverse=True)
    cursor, seen = None, []
    while True:
        page = await any_station.clips(cursor, 2, "tideline")
        seen += page.clips
        cursor = page.cursor
        if cursor is None:
            break
    assert tuple(seen) == whole
    assert await any_station.clip(whole[0].id) == whole[0]


async def test_heartbeats_count_sessions_until_they_fall_silent(
    any_station: Station, clock: VirtualClock
) -> None:
    assert await any_station.heartbeat("a", "tideline") == 1
    assert await any_station.heartbeat("a", "tideline") == 1
    clock.forward(WATCHING_SECONDS - HEARTBEAT_SECONDS)
    assert await any_station.heartbeat("b", "tideline") == 2
    clock.forward(HEARTBEAT_SECONDS + 1)
    view = await any_station.channel("tideline")
    assert view is not None
    assert view.viewers == 1


async def test_a_second_rating_of_a_session_replaces_the_first(any_station: Station) -> None:
    clip = (await any_station.clips(None, 1, "tideline")).clips[0]
    await any_station.rate(clip.id, "a", 5)
    await any_station.rate(clip.id, "b", 4)
    rated = await any_station.rate(clip.id, "a", 2)
    assert rated is not None
    assert (rated.stars, rated.ratings) == (3.0, 2)
