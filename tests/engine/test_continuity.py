"""What is listed: whole, once, ahead of the air, through crashes, midnights and lost files."""

import asyncio
from datetime import UTC, datetime

import pytest
from engine_house import House, channel

from webtv.clips.clip import Kind
from webtv.core.errors import TransientError
from webtv.engine import continuity
from webtv.engine.shelf import Shelf
from webtv.library.records import SequenceState, SequenceStats
from webtv.playlist.ffconcat import read_entries

DAY = 86_400.0
LONG = channel(buffer=300, sequence={"shots": 8, "seconds": 2})


def whole(entries) -> bool:
    """Whether every sequence in the list runs from its first clip to its last."""
    places = [(entry.seq, entry.pos) for entry in entries]
    return all(pos == 1 or places[at - 1] == (seq, pos - 1) for at, (seq, pos) in enumerate(places)) and (
        entries[-1].pos == entries[-1].of
    )


async def stats(house: House, sequence: str) -> SequenceStats:
    return next(each for each in await house.catalogue.every() if each.id == sequence)


async def test_reruns_fill_what_new_content_leaves_and_sequences_stay_whole(house: House):
    house.orchestrate({"one": channel(paused=False, buffer=30)}, ahead=40.0)
    await house.make("one", 3)
    entries = house.entries("one")
    assert whole(entries)
    seconds = sum(entry.frames for entry in entries) / 24
    assert 40 <= seconds < 60
    assert {entry.kind for entry in entries} == {Kind.NEW, Kind.RERUN}


async def test_written_but_not_marked_it_is_marked_and_not_listed_twice(house: House):
    house.orchestrate({"one": channel()})
    mark = house.catalogue.mark_listed

    async def killed(_sequence):
        raise asyncio.CancelledError

    house.catalogue.mark_listed = killed
    with pytest.raises(asyncio.CancelledError):
        await house.make("one")
    listed = [entry.seq for entry in house.entries("one") if entry.kind is Kind.NEW]
    assert listed
    house.catalogue.mark_listed = mark
    house.orchestrate({"one": channel(paused=True)})
    await house.tick(2)
    again = [entry.seq for entry in house.entries("one") if entry.kind is Kind.NEW]
    assert again == listed
    record = await house.catalogue.sequence(listed[0])
    assert record.state is SequenceState.LISTED


async def test_a_torn_write_is_completed(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    await house.work()
    await house.tick()
    await house.work()
    path = house.data / "playlists" / "one.ffconcat"
    mark = house.catalogue.mark_listed

    async def killed(_sequence):
        whole_file = path.read_text()
        cut = whole_file.index("# webtv", whole_file.index("# webtv") + 1)
        path.write_text(whole_file[: cut + 40])  # the power went in the midst of the second entry
        raise asyncio.CancelledError

    house.catalogue.mark_listed = killed
    with pytest.raises(asyncio.CancelledError):
        await house.tick()
    house.catalogue.mark_listed = mark
    house.orchestrate({"one": channel(paused=True)})
    await house.tick()
    entries = [entry for entry in house.entries("one") if entry.kind is Kind.NEW]
    assert [entry.pos for entry in entries] == [1, 2]
    assert len({entry.seq for entry in entries}) == 1


async def test_what_lies_behind_the_horizon_never_changes(house: House):
    house.orchestrate({"one": channel(buffer=30)}, ahead=30.0)
    await house.make("one", 2)
    house.orchestrator.set_channels({"one": channel(buffer=600)})
    for _ in range(12):
        house.head_end.air("one")
        await house.tick()
        now = house.head_end.on_air["one"].n
        before = [entry for entry in house.entries("one") if entry.n <= now + house.head_end.ahead + 2]
        await house.work(2)
        await house.tick()
        assert house.entries("one")[: len(before)] == before
    numbers = [entry.n for entry in house.entries("one")]
    assert numbers == sorted(set(numbers))
    assert whole(house.entries("one"))


async def test_new_content_goes_before_waiting_reruns(house: House):
    house.orchestrate({"one": channel(buffer=30)}, ahead=60.0)
    await house.make("one", 2)
    assert house.entries("one")[-1].kind is Kind.RERUN
    house.head_end.air("one")
    await house.make("one")
    await house.tick()
    kinds = [entry.kind for entry in house.entries("one")]
    last_new = len(kinds) - 1 - kinds[::-1].index(Kind.NEW)
    assert Kind.RERUN in kinds[last_new:]


async def test_while_the_head_end_is_silent_nothing_is_moved(house: House):
    house.orchestrate({"one": channel(buffer=30)}, ahead=60.0)
    await house.make("one", 2)
    house.head_end.air("one")
    house.head_end.down = True
    for _ in range(6):
        before = house.entries("one")
        await house.tick()
        await house.work(2)
        assert house.entries("one")[: len(before)] == before


async def test_the_cursor_is_known_from_the_log_when_nobody_answers(house: House):
    house.orchestrate({"one": channel()})
    await house.make("one", 3)
    last = house.head_end.air("one", 4)[-1]
    house.head_end.down = True
    house.orchestrate({"one": channel(paused=True)})
    await house.tick()
    left = [e for e in house.entries("one") if e.n > last.n and e.kind is Kind.NEW]
    assert left
    assert house.orchestrator.buffers["one"] == sum(entry.frames for entry in left) / 24


async def test_midnight_moves_what_aired_to_the_days_archive(house: House):
    midnight = (house.clock.time() // DAY + 1) * DAY
    house.orchestrate({"one": LONG}, ahead=130.0)
    await house.make("one", 8)
    aired = [entry.n for entry in house.head_end.air("one", 58)]
    house.clock.forward(midnight - house.clock.time() - 1)
    await house.tick()
    day = datetime.fromtimestamp(house.clock.time(), UTC).date().isoformat()
    assert not (house.data / "playlists" / "archive").exists()
    await house.tick(3)
    archive = house.data / "playlists" / "archive" / "one"
    (file,) = archive.iterdir()
    assert file.name == f"{day}.ffconcat"
    archived = read_entries(file)
    assert [entry.n for entry in archived] == aired[:8]
    assert all((archive / entry.file).is_file() for entry in archived)
    assert house.entries("one")[0].n == aired[8]


async def test_a_long_list_of_what_aired_moves_before_midnight(house: House, monkeypatch):
    monkeypatch.setattr(continuity, "_ENOUGH", 53)
    house.clock.forward(DAY / 2 - house.clock.time() % DAY)
    house.orchestrate({"one": LONG}, ahead=130.0)
    await house.make("one", 8)
    archive = house.data / "playlists" / "archive" / "one"
    house.head_end.air("one", 53)
    await house.tick()
    assert not archive.exists()
    aired = [entry.n for entry in house.entries("one")]
    house.head_end.air("one")
    await house.tick()
    (file,) = archive.iterdir()
    assert [entry.n for entry in read_entries(file)] == aired[:4]
    house.head_end.air("one", 4)
    await house.tick()
    assert list(archive.iterdir()) == [file], "one file a day, however often it rotates"
    assert [entry.n for entry in read_entries(file)] == aired[:8]
    assert house.entries("one")[0].n == aired[8]
    day = datetime.fromtimestamp(house.clock.time(), UTC).date().isoformat()
    assert file.name == f"{day}.ffconcat"


async def test_what_lies_ahead_is_protected_although_the_last_look_failed(house: House):
    house.orchestrate({"one": channel(buffer=30)})
    await house.make("one", 2)
    last = house.head_end.air("one")[-1]
    await house.tick()
    protected: list[set[str]] = []
    check = house.space.check

    async def heard(clips):
        protected.append(set(clips))
        return await check(clips)

    async def down(_slug):
        raise TransientError("the database is busy")

    house.space.check = heard
    house.catalogue.ready = down
    await house.tick(25)
    assert house.told("engine.channel.stumbled")
    protected.clear()
    await house.tick(25)  # every look fails now
    assert protected
    assert protected[-1] == {entry.clip for entry in house.entries("one") if entry.n >= last.n}


async def test_a_midnight_that_nobody_saw_is_made_up_for(house: House):
    house.orchestrate({"one": LONG}, ahead=130.0)
    await house.make("one", 8)
    house.head_end.air("one", 58)
    house.clock.forward(3 * DAY)  # the file's own time is the machine's, days before
    house.orchestrate({"one": channel(paused=True)})
    await house.tick()
    assert len(list((house.data / "playlists" / "archive" / "one").iterdir())) == 1


async def test_a_lost_playlist_does_not_begin_again_behind_the_cursor(house: House):
    house.orchestrate({"one": channel()})
    await house.make("one", 2)
    house.head_end.air("one", 4)
    (house.data / "playlists" / "one.ffconcat").unlink()
    house.orchestrate({"one": channel(paused=True)})
    await house.tick(20)
    entries = house.entries("one")
    assert entries[0].n > 4
    assert 20 <= sum(entry.frames for entry in entries) / 24 <= 28  # and not more with every look


async def test_airings_are_noted_once_over_restarts(house: House):
    house.orchestrate({"one": channel()})
    await house.make("one", 2)
    first = house.head_end.air("one", 2)[0]
    await house.tick()
    noted = await stats(house, first.seq)
    assert noted.times == 1
    assert noted.last_aired == pytest.approx(house.clock.time() - 0.5)
    writes = []
    mark = house.catalogue.mark_aired

    async def counted(sequence, at):
        writes.append(sequence)
        await mark(sequence, at)

    house.catalogue.mark_aired = counted
    house.orchestrate({"one": channel(paused=True)})
    await house.tick(3)
    assert writes == []


async def test_reruns_of_the_head_ends_own_are_noted_too(house: House):
    house.orchestrate({"one": channel(paused=True)})
    house.orchestrator.set_channels({"one": channel()})
    await house.make("one")
    first = house.head_end.air("one", 2)[0]
    house.clock.forward(5)
    house.head_end.log("one", first.numbered(1, Kind.RERUN), n=None)
    await house.tick(2)
    assert (await stats(house, first.seq)).times == 1  # both at one look: the latest counts
    house.clock.forward(5)
    house.head_end.log("one", first.numbered(1, Kind.RERUN), n=None)
    house.head_end.log("one", first.numbered(1, Kind.IDENT), n=None)
    await house.tick(2)
    noted = await stats(house, first.seq)
    assert (noted.times, noted.last_aired) == (2, pytest.approx(house.clock.time() - 1, abs=0.01))


async def test_days_of_airings_are_noted_little_by_little(house: House):
    house.orchestrate({"one": channel(buffer=300)}, ahead=150.0)
    await house.make("one", 15)
    entries = [entry for entry in house.entries("one") if entry.kind is Kind.NEW]
    for turn in range(20):
        for place, entry in enumerate(entries):
            at = house.clock.time() - 3600 + turn * 100 + place
            house.head_end.log("one", entry, utc=at, n=None)
    marked = []
    mark = house.catalogue.mark_aired

    async def counted(sequence, at):
        marked.append(sequence)
        await mark(sequence, at)

    house.catalogue.mark_aired = counted
    house.orchestrate({"one": channel(paused=True)})
    await house.tick()
    assert 0 < len(marked) <= 10
    await house.tick(4)
    assert sorted(marked) == sorted({entry.seq for entry in entries})  # once each, not twenty times


async def test_clips_of_another_format_are_not_spliced_in(house: House):
    house.orchestrate({"one": channel(format="576p24@1")}, workers=0)
    await house.tick()
    await house.work()
    await house.tick()
    await house.work()
    house.orchestrate({"one": channel(paused=True)})
    await house.tick()
    assert house.entries("one") == []
    assert "720p24@1" in house.told("engine.sequence.failed")[0].message


async def test_a_disk_that_takes_no_playlist_is_told_and_listed_later(house: House):
    house.orchestrate({"one": channel()}, workers=0)
    await house.tick()
    await house.work()
    await house.tick()
    await house.work()
    path = house.data / "playlists" / "one.ffconcat"
    path.unlink()
    path.mkdir()  # what cannot be written
    await house.tick(3)
    assert house.told("engine.channel.stumbled")[0].severity == "error"
    path.rmdir()
    await house.tick()
    assert [entry.pos for entry in house.entries("one") if entry.kind is Kind.NEW] == [1, 2]


class TestShelf:
    @pytest.fixture
    async def made(self, house: House) -> House:
        house.orchestrate({"one": channel(buffer=30)}, ahead=20.0)
        await house.make("one", 4)
        return house

    def shelf(self, house: House) -> Shelf:
        return Shelf("one", house.data, catalogue=house.catalogue, storage=house.storage, clock=house.clock)

    async def test_the_best_rested_come_first_and_no_more_than_asked_for(self, made: House):
        shelf = self.shelf(made)
        found = await shelf.candidates(150, "720p24@1", ())
        assert [candidate.programme.frames for candidate in found] == [96, 96]
        shelf.aired(found[0].programme.seq, made.clock.time() + 100)
        later = await shelf.candidates(150, "720p24@1", ())
        assert later[0].programme.seq == found[1].programme.seq

    async def test_the_busy_do_not_count(self, made: House):
        shelf = self.shelf(made)
        first = (await shelf.candidates(1, "720p24@1", ()))[0].programme.seq
        found = await shelf.candidates(1, "720p24@1", {first})
        assert [candidate.programme.seq == first for candidate in found] == [True, False]

    async def test_another_format_or_a_file_that_is_gone_is_no_candidate(self, made: House):
        shelf = self.shelf(made)
        assert await shelf.candidates(1000, "576p24@1", ()) == []
        found = await shelf.candidates(10_000, "720p24@1", ())
        gone = found[0].programme
        (made.data / "playlists" / gone.entries[-1].file).unlink()
        left = await shelf.candidates(10_000, "720p24@1", ())
        assert [c.programme.seq for c in left] == [c.programme.seq for c in found[1:]]

    async def test_the_catalogue_is_asked_seldom(self, made: House):
        asked = []
        reruns = made.catalogue.reruns

        async def counted(slug):
            asked.append(slug)
            return await reruns(slug)

        made.catalogue.reruns = counted
        shelf = self.shelf(made)
        for _ in range(10):
            await shelf.candidates(1000, "720p24@1", ())
            made.clock.forward(5.0)
        assert len(asked) == 1
        shelf.forget()
        await shelf.candidates(1000, "720p24@1", ())
        assert len(asked) == 2


@pytest.mark.parametrize("data", [None, b"", b"ffconcat version 1.0\n", b"\xff" * 500])
async def test_a_playlist_that_somebody_spoils_is_written_anew(house: House, data: bytes | None):
    """Its control plane knows what is ahead; without this a full buffer would never list anything again."""
    house.orchestrate({"one": channel(buffer=30)}, ahead=40.0)
    await house.make("one", 3)
    path = house.data / "playlists" / "one.ffconcat"
    house.orchestrator.set_channels({"one": channel(paused=True)})  # nothing new comes to its help
    await house.tick(2)
    entries = house.entries("one")
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    await house.tick(2)
    assert house.entries("one") == entries
    (told,) = house.told("engine.playlist.restored")
    assert told.remedy
    assert told.channel == "one"
