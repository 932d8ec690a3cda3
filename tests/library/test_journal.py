import asyncio
from pathlib import Path

import pytest

from webtv.core.events import Event, Severity
from webtv.library.journal import Journal


def event(number: int, **options) -> Event:
    return Event("studio.shot.made", f"number {number}", **options)


async def test_events_are_kept_as_they_were(house):
    journal = Journal(house.database, house.clock)
    whole = Event("a.b", "it broke", Severity.ERROR, "mend it", "one", {"tries": 3, "names": ["x"]})
    await journal.add(whole)
    (entry,) = await journal.recent()
    assert (entry.event, entry.at) == (whole, house.clock.time())


async def test_the_latest_come_first_filtered_and_in_pages(house):
    journal = Journal(house.database, house.clock)
    await journal.add(event(1, channel="one"), event(2, severity=Severity.ERROR), event(3, channel="one"))

    async def numbers(**wanted) -> list[str]:
        return [entry.event.message[-1] for entry in await journal.recent(**wanted)]

    assert await numbers() == ["3", "2", "1"]
    assert await numbers(channel="one") == ["3", "1"]
    assert await numbers(severities=frozenset({Severity.ERROR})) == ["2"]
    (newest,) = await journal.recent(limit=1)
    assert await numbers(before=newest.id) == ["2", "1"]


async def test_only_the_latest_are_kept(house):
    journal = Journal(house.database, house.clock, keep=10)
    for start in range(0, 25, 5):
        await journal.add(*(event(start + number) for number in range(5)))
    kept = await journal.recent(limit=100)
    assert [entry.event.message for entry in kept] == [f"number {number}" for number in range(24, 14, -1)]


async def test_a_sink_that_writes_while_it_runs_and_the_rest_at_the_end(house):
    journal = Journal(house.database, house.clock)
    task = asyncio.ensure_future(journal.run())
    journal(event(1, data={"path": Path("x"), "odd": {1, 2}.__class__}))  # not JSON: kept as text
    async with asyncio.timeout(10):
        while not await journal.recent():
            pass
    house.clock.forward(7)
    journal(event(2))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    newest, oldest = await journal.recent()
    assert (newest.event.message, newest.at - oldest.at) == ("number 2", 7.0)
    assert oldest.event.data["path"] == "x"


async def test_a_flood_is_taken_whole_while_the_database_answers(house):
    journal = Journal(house.database, house.clock)
    for number in range(900):
        journal(event(number))
    await journal.flush()
    assert len(await journal.recent(limit=2000)) == 900


async def test_a_name_that_is_no_text_is_kept_as_near_as_can_be(house):
    journal = Journal(house.database, house.clock)
    name = b"caf\xe9.yaml".decode(errors="surrogateescape")
    odd = Event(name, name, Severity.WARNING, name, name, {"file": name, name: [name]})
    journal(odd)
    journal(event(2))
    await journal.flush()
    _, entry = await journal.recent()
    kept = "caf?.yaml"
    assert entry.event == Event(kept, kept, Severity.WARNING, kept, kept, {"file": kept, kept: [kept]})


async def test_one_event_that_cannot_be_kept_holds_up_no_other_and_ends_nothing(house, caplog):
    journal = Journal(house.database, house.clock)
    task = asyncio.ensure_future(journal.run())
    journal(event(1))
    journal(event(2, data={("no", "key"): 1}))
    journal(event(3))
    async with asyncio.timeout(10):
        while len(await journal.recent()) < 2:
            pass
    assert not task.done()
    assert [entry.event.message for entry in await journal.recent()] == ["number 3", "number 1"]
    assert "an event is dropped" in caplog.text
    assert "number 2" in caplog.text
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_trouble_that_nobody_foresaw_does_not_end_it(house, caplog, monkeypatch):
    journal = Journal(house.database, house.clock)
    write = journal._add_what_can_be

    tried = asyncio.Event()

    async def broken(_waiting):
        tried.set()
        raise RuntimeError("a bug")

    monkeypatch.setattr(journal, "_add_what_can_be", broken)
    task = asyncio.ensure_future(journal.run())
    journal(event(1))
    await asyncio.wait_for(tried.wait(), 10)
    monkeypatch.setattr(journal, "_add_what_can_be", write)
    await house.clock.advance(10)
    assert "a bug" in caplog.text
    async with asyncio.timeout(10):
        while not await journal.recent():
            pass
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_flushing_side_by_side_writes_once(house):
    journal = Journal(house.database, house.clock)
    for number in range(5):
        journal(event(number))
    await asyncio.gather(journal.flush(), journal.flush(), journal.flush())
    assert len(await journal.recent()) == 5


@pytest.mark.parametrize("rounds", range(1, 8))
async def test_stopped_in_the_midst_of_writing_it_writes_once(house, rounds):
    journal = Journal(house.database, house.clock)
    task = asyncio.ensure_future(journal.run())
    journal(event(1))
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await journal.recent()) == 1
