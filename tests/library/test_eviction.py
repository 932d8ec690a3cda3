import random

from hypothesis import given
from hypothesis import strategies as st
from library_house import plan

from webtv.library.eviction import KEEP_AT_LEAST, KEEP_SECONDS, STAR_SECONDS, Eviction, choose
from webtv.library.ratings import Ratings
from webtv.library.records import SequenceState, SequenceStats
from webtv.library.storage import CLIP, PICTURE, POSTER

NOW = 1_800_000_000.0
DAY = 86400.0


def stats(number: int, *, age: float, size: int = 100, stars: float = 3.0, state=SequenceState.LISTED):
    made = NOW - age
    return SequenceStats(
        id=f"{number:013}",
        channel="one",
        title="",
        state=state,
        clips=1,
        frames=96,
        bytes=size,
        complete=True,
        created=made,
        newest=made,
        listed_at=None,
        last_aired=None,
        times=0,
        votes=0,
        stars=stars,
    )


def ids(chosen) -> list[int]:
    return [int(each.id) for each in chosen]


def test_the_oldest_goes_first_and_no_more_than_needed():
    library = [stats(number, age=(10 - number) * DAY) for number in range(5)]
    random.Random(1).shuffle(library)
    assert ids(choose(library, 250, now=NOW)) == [0, 1, 2]
    assert ids(choose(library, 200, now=NOW)) == [0, 1]
    assert choose(library, 0, now=NOW) == []


def test_the_last_two_days_and_the_protected_stay():
    library = [stats(1, age=30 * DAY), stats(2, age=KEEP_SECONDS), stats(3, age=KEEP_SECONDS + 1)]
    assert ids(choose(library, 10**9, now=NOW, protected={"0000000000001"})) == [3]


def test_a_liked_sequence_outlives_a_younger_one():
    liked = stats(1, age=10 * DAY, stars=4.5)
    plain = stats(2, age=5 * DAY)
    disliked = stats(3, age=4 * DAY, stars=2.0)
    assert ids(choose([liked, plain, disliked], 300, now=NOW)) == [3, 2, 1]
    ancient = stats(1, age=5 * DAY + 1.5 * STAR_SECONDS + 1, stars=4.5)
    assert ids(choose([ancient, plain], 100, now=NOW)) == [1], "love is finite"


def test_what_is_in_the_making_stays():
    assert choose([stats(1, age=30 * DAY, state=SequenceState.PLANNED)], 100, now=NOW) == []


def test_what_failed_goes_before_everything():
    library = [stats(1, age=30 * DAY), stats(2, age=3 * DAY, state=SequenceState.FAILED)]
    assert ids(choose(library, 100, now=NOW)) == [2]


LIBRARIES = st.lists(
    st.tuples(st.floats(0, 60 * DAY), st.integers(0, 1000), st.floats(1, 5), st.booleans(), st.booleans()),
    max_size=30,
)


@given(LIBRARIES, st.integers(-10, 20_000))
def test_what_always_holds(library, need):
    sequences = [
        stats(
            number,
            age=age,
            size=size,
            stars=stars,
            state=SequenceState.FAILED if failed else SequenceState.LISTED,
        )
        for number, (age, size, stars, failed, _) in enumerate(library)
    ]
    protected = {each.id for each, (*_, safe) in zip(sequences, library, strict=True) if safe}
    chosen = choose(sequences, need, now=NOW, protected=protected)
    free = [each for each in sequences if each.id not in protected and NOW - each.newest > KEEP_SECONDS]
    assert len({each.id for each in chosen}) == len(chosen)
    assert all(each in free for each in chosen)
    freed = sum(each.bytes for each in chosen)
    assert freed >= need or freed == sum(each.bytes for each in free), "enough, or all that may go"
    if chosen:
        assert freed - chosen[-1].bytes < need, "never one too many"
    for gone in chosen:
        for kept in free:
            if kept not in chosen and kept.bytes and kept.state is gone.state:
                older, less_liked = kept.newest < gone.newest, kept.stars < gone.stars
                assert not (older and less_liked), "nothing older and less liked is kept"


async def test_rows_and_files_of_whole_sequences_go(house):
    catalogue = house.catalogue
    eviction = Eviction(house.database, catalogue, house.storage, house.clock)
    old = await house.make()
    record = await catalogue.sequence(old)
    await Ratings(house.database, house.clock).rate(record.clips[0].id, "ann", 5)
    await catalogue.mark_listed(old)
    await catalogue.mark_aired(old, 5.0)
    house.clock.forward(3 * DAY)
    young = await house.make()

    gone = await eviction.make_room(1, ())
    assert (gone.sequences, gone.bytes) == (1, 2 * 1100 + 500)
    assert await catalogue.sequence(old) is None
    assert await catalogue.clip(record.clips[0].id) is None
    assert (await catalogue.totals()).ratings == 0
    assert not house.storage.path(record.clips[0].file, CLIP).exists()
    assert not house.storage.path(record.clips[0].poster, POSTER).exists()
    stored = sum(file.bytes for file in house.storage.files())
    assert stored == (await catalogue.totals()).bytes == 2 * 1100 + 500

    assert (await eviction.make_room(10**9, ())).sequences == 0, "the new one stays whatever the need"
    assert await catalogue.sequence(young) is not None


async def test_two_days_are_kept_only_where_the_budget_holds_them(house):
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    oldest = await house.make()
    house.clock.forward(3 * DAY)
    middle = await house.make()
    house.clock.forward(KEEP_AT_LEAST + 1)
    newest = await house.make()
    one = 2 * 1100 + 500

    assert (await eviction.make_room(one, ())).sequences == 1, "what is older than two days is enough"
    assert await house.catalogue.sequence(oldest) is None
    assert (await eviction.make_room(one, ())).sequences == 1, "else the oldest goes before two days are over"
    assert await house.catalogue.sequence(middle) is None
    assert (await eviction.make_room(10**9, ())).sequences == 0, "the latest hours stay in any case"
    assert await house.catalogue.sequence(newest) is not None


async def test_one_protected_clip_protects_its_sequence(house):
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    first, second = await house.make(), await house.make()
    house.clock.forward(3 * DAY)
    ahead = (await house.catalogue.sequence(first)).clips[1].id
    assert (await eviction.make_room(10**9, [ahead, "0000000000000"])).sequences == 1
    assert await house.catalogue.sequence(first) is not None
    assert await house.catalogue.sequence(second) is None


async def test_a_file_that_another_clip_names_stays(house):
    catalogue = house.catalogue
    eviction = Eviction(house.database, catalogue, house.storage, house.clock)
    old = await house.make()
    shared = (await catalogue.sequence(old)).clips[0].file
    house.clock.forward(3 * DAY)
    ident = await house.clip("", 1, file=shared)
    await catalogue.add_clip(ident)
    assert (await eviction.make_room(1, ())).sequences == 1
    assert house.storage.path(shared, CLIP).exists()


async def test_sweeping_takes_old_files_without_a_row(house):
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    await house.make()
    orphan = await house.store(CLIP, 700)
    kept = len(list(house.storage.files())) - 1
    newest = max(file.path.stat().st_mtime for file in house.storage.files())
    house.clock.step(newest - house.clock.time())
    assert await eviction.sweep(60.0) == 0
    house.clock.forward(100)
    assert await eviction.sweep(60.0, {orphan}) == 0, "a playlist names it"
    assert await eviction.sweep(60.0) == 700
    assert not house.storage.path(orphan, CLIP).exists()
    assert len(list(house.storage.files())) == kept


async def test_pictures_that_a_sequence_carries_stay_and_go_with_its_clips(house):
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    begun_with, handed_on = await house.store(PICTURE, 90), await house.store(PICTURE, 80)
    sequence = await house.catalogue.add_sequence("one", plan("Foxes", shots=1))
    bed = await house.bed()
    await house.catalogue.add_bed(sequence, bed)
    told = {"image": begun_with, "hands_on": handed_on, "seed": 3}
    await house.catalogue.add_clip(await house.clip(sequence, 1, 1, bed=bed.id, provenance=told))
    newest = max(file.path.stat().st_mtime for file in house.storage.files())
    house.clock.step(newest - house.clock.time() + 100)
    assert await eviction.sweep(60.0) == 0
    house.clock.step(60 * DAY)
    assert (await eviction.make_room(10**9, ())).sequences == 1
    assert not list(house.storage.files())
