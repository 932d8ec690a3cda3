import asyncio

from webtv.library.audience import WATCHING_SECONDS, Audience
from webtv.library.notes import Notes


async def test_viewers_count_until_they_are_silent(house):
    audience = Audience(house.database, house.clock)
    assert await audience.watching() == {}
    await audience.seen("ann", "one")
    await audience.seen("bob", "one")
    await audience.seen("cid", "two")
    await audience.seen("ann", "one")
    assert await audience.watching() == {"one": 2, "two": 1}
    house.clock.forward(WATCHING_SECONDS - 1)
    await audience.seen("bob", "one")
    house.clock.forward(1)
    assert await audience.watching() == {"one": 1}
    house.clock.forward(WATCHING_SECONDS)
    assert await audience.watching() == {}


async def test_a_viewer_who_switches_counts_where_they_are(house):
    audience = Audience(house.database, house.clock)
    await audience.seen("ann", "one")
    await audience.seen("bob", "one")
    await audience.seen("ann", "two")
    assert await audience.watching() == {"one": 1, "two": 1}


async def test_notes_keep_json_under_names(house):
    notes = Notes(house.database, house.clock)
    assert await notes.get("memory/one") is None
    assert await notes.get("memory/one", []) == []
    for value in ({"titles": ["a", "ü"]}, [1, 2], "text", 0, None):
        await notes.put("memory/one", value)
        assert await notes.get("memory/one", "absent") == value


async def test_a_counter_never_gives_a_number_twice(house):
    notes = Notes(house.database, house.clock)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(notes.count("seed/one")) for _ in range(20)]
    assert sorted(task.result() for task in tasks) == list(range(1, 21))
    assert await notes.count("seed/two") == 1
