from hypothesis import given
from hypothesis import strategies as st

from webtv.core.events import EventLog, Severity
from webtv.library.eviction import Eviction
from webtv.library.space import RoomState, Space, room_state

DAY = 86400.0
SEQUENCE = 2 * 1100 + 500


def space_of(house, events, *, budget: int, min_free: int = 0) -> Space:
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    return Space(house.catalogue, house.storage, eviction, events, budget=budget, min_free=min_free)


@given(*[st.integers(0, 10**12)] * 4)
def test_the_verdict(used, free, budget, min_free):
    room = room_state(used, free, budget=budget, min_free=min_free)
    assert room.may_generate == (free >= min_free and used < budget)
    assert (room.state is RoomState.DISK_FULL) == (free < min_free)


async def test_room_enough_is_no_event(house):
    events = EventLog()
    await house.make()
    room = await space_of(house, events, budget=10**9).check(())
    assert room.may_generate
    assert room.used == SEQUENCE
    assert list(events.recent) == []


async def test_old_sequences_make_room(house):
    events = EventLog()
    old = await house.make()
    house.clock.forward(3 * DAY)
    await house.make()
    room = await space_of(house, events, budget=2 * SEQUENCE).check(())
    assert (room.state, room.used) == (RoomState.OK, SEQUENCE)
    assert await house.catalogue.sequence(old) is None
    (event,) = events.recent
    assert event.kind == "library.sequences.evicted"
    assert event.data == {"sequences": 1, "bytes": SEQUENCE}


async def test_a_budget_of_new_content_stops_generation_until_it_has_aged(house):
    events = EventLog()
    space = space_of(house, events, budget=SEQUENCE)
    await house.make()
    for _ in range(2):
        room = await space.check(())
        assert room.state is RoomState.OVER_BUDGET
        assert not room.may_generate
    (event,) = events.recent  # once, though looked at twice
    assert (event.kind, event.severity) == ("library.room.ended", Severity.WARNING)
    assert "WEBTV_LIBRARY_GB" in event.remedy
    house.clock.forward(3 * DAY)
    assert (await space.check(())).may_generate
    assert [event.kind for event in events.recent][1:] == [
        "library.sequences.evicted",
        "library.room.returned",
    ]


async def test_a_full_disk_stops_generation_and_takes_nothing_from_the_air(house):
    events = EventLog()
    sequence = await house.make()
    house.clock.forward(3 * DAY)
    ahead = [clip.id for clip in (await house.catalogue.sequence(sequence)).clips]
    room = await space_of(house, events, budget=10**9, min_free=2**62).check(ahead)
    assert room.state is RoomState.DISK_FULL
    assert not room.may_generate
    assert await house.catalogue.sequence(sequence) is not None
    (event,) = events.recent
    assert (event.kind, event.severity) == ("library.room.ended", Severity.ERROR)
    assert event.remedy
