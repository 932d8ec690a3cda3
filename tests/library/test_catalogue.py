import pytest
from library_house import plan
from sqlalchemy import text

from webtv.core.errors import InputError, InternalError
from webtv.library.plans import plan_from_json, plan_to_json
from webtv.library.ratings import Ratings
from webtv.library.records import SequenceState
from webtv.library.storage import CLIP


def test_a_plan_survives_json():
    assert plan_from_json(plan_to_json(plan())) == plan()


async def test_a_sequence_is_made_when_all_is_there_in_any_order(house):
    catalogue = house.catalogue
    sequence = await catalogue.add_sequence("one", plan())
    record = await catalogue.sequence(sequence)
    assert record.state is SequenceState.PLANNED
    assert (record.plan, record.missing, record.complete) == (plan(), (1, 2), False)
    assert [each.id for each in await catalogue.planned("one")] == [sequence]

    second, first, bed = await house.clip(sequence, 2), await house.clip(sequence, 1), await house.bed()
    assert not await catalogue.add_clip(second)
    assert (await catalogue.sequence(sequence)).missing == (1,)
    assert not await catalogue.add_bed(sequence, bed)
    assert await catalogue.ready("one") == ()
    assert await catalogue.add_clip(first)

    (ready,) = await catalogue.ready("one")
    assert ready.state is SequenceState.MADE
    assert ready.clips == (first, second)
    assert ready.bed == bed
    assert ready.complete
    assert (ready.missing, ready.title) == ((), "Foxes")
    assert await catalogue.ready("two") == ()
    assert await catalogue.planned("one") == ()
    assert await catalogue.clip(first.id) == first


async def test_adding_again_changes_nothing(house):
    catalogue = house.catalogue
    sequence = await catalogue.add_sequence("one", plan())
    clip, rival, bed = await house.clip(sequence, 1), await house.clip(sequence, 1), await house.bed()
    other = await house.bed()
    for _ in range(2):
        assert not await catalogue.add_clip(clip)
        assert not await catalogue.add_clip(rival)
        assert not await catalogue.add_bed(sequence, bed)
        assert not await catalogue.add_bed(sequence, other)
    record = await catalogue.sequence(sequence)
    assert record.clips == (clip,)
    assert record.bed == bed
    assert (await catalogue.totals()).beds == 1
    last = await house.clip(sequence, 2)
    assert await catalogue.add_clip(last)
    assert await catalogue.add_clip(last), "a replay learns the same"


async def test_a_row_never_points_at_a_file_that_is_not_there(house):
    sequence = await house.catalogue.add_sequence("one", plan())
    clip = await house.clip(sequence, 1)
    await house.storage.remove(clip.file, CLIP)
    with pytest.raises(InternalError, match="before it was stored"):
        await house.catalogue.add_clip(clip)
    assert await house.catalogue.clip(clip.id) is None


async def test_nothing_is_added_to_a_sequence_that_is_not_there(house):
    with pytest.raises(InputError, match="no such sequence"):
        await house.catalogue.add_clip(await house.clip("0000000000000", 1))
    with pytest.raises(InputError, match="no such sequence"):
        await house.catalogue.add_bed("0000000000000", await house.bed())


async def test_idents_stand_alone_and_outside_the_pages(house):
    first, second = await house.clip("", 1), await house.clip("", 1)
    assert not await house.catalogue.add_clip(first)
    assert not await house.catalogue.add_clip(second)
    assert await house.catalogue.clip(first.id) == first
    assert (await house.catalogue.clips()).clips == ()


async def test_from_listed_to_rerun(house):
    catalogue = house.catalogue
    old, young = await house.make(), await house.make()
    assert [record.id for record in await catalogue.ready("one")] == [old, young]
    assert await catalogue.reruns("one") == ()
    await catalogue.mark_listed(old)
    listed_at = house.clock.time()
    assert [record.id for record in await catalogue.ready("one")] == [young]
    house.clock.forward(100)
    await catalogue.mark_listed(old)
    await catalogue.mark_listed(young)
    assert (await catalogue.sequence(old)).listed_at == listed_at

    await catalogue.mark_aired(old, 1000.0)
    await catalogue.mark_aired(old, 5000.0)
    await catalogue.mark_aired(old, 5000.0)
    await catalogue.mark_aired(old, 2000.0)
    await catalogue.mark_aired(young, 3000.0)
    await catalogue.mark_aired("0000000000000", 3000.0)
    reruns = await catalogue.reruns("one")
    assert [(each.id, each.last_aired, each.times) for each in reruns] == [
        (young, 3000.0, 1),
        (old, 5000.0, 2),
    ]
    assert await catalogue.reruns("two") == ()
    stats = reruns[1]
    assert await catalogue.every() == tuple(sorted(reruns, key=lambda each: each.id))
    assert (stats.clips, stats.frames, stats.bytes, stats.complete) == (2, 192, 2 * 1100 + 500, True)
    assert (stats.votes, stats.stars, stats.title, stats.state) == (0, 3.0, "Foxes", SequenceState.LISTED)


async def test_the_longest_unaired_comes_first_and_ratings_count(house):
    catalogue, ratings = house.catalogue, Ratings(house.database, house.clock)
    aired, never = await house.make(), await house.make()
    for sequence in (aired, never):
        await catalogue.mark_listed(sequence)
    await catalogue.mark_aired(aired, 1000.0)
    clips = (await catalogue.sequence(aired)).clips
    await ratings.rate(clips[0].id, "ann", 5)
    await ratings.rate(clips[1].id, "ann", 4)
    first, second = await catalogue.reruns("one")
    assert (first.id, first.last_aired, first.times, first.votes) == (never, None, 0, 0)
    assert (second.id, second.votes, second.stars) == (aired, 2, pytest.approx((15 + 9) / 7))
    assert second.clips == 2, "ratings do not multiply clips"
    assert second.frames == 192


async def test_choosing_reads_no_plan(house):
    sequence = await house.make()
    await house.catalogue.mark_listed(sequence)

    async def spoil(session) -> None:
        await session.execute(text("UPDATE sequences SET plan = 'no JSON'"))

    await house.database.write(spoil)
    assert [each.id for each in await house.catalogue.reruns("one")] == [sequence]
    assert [each.title for each in await house.catalogue.every()] == ["Foxes"]


async def test_a_failed_sequence_is_never_listed(house):
    catalogue = house.catalogue
    sequence = await catalogue.add_sequence("one", plan(shots=1))
    await catalogue.fail_sequence(sequence, "no picture in four attempts")
    await catalogue.add_bed(sequence, await house.bed())
    assert not await catalogue.add_clip(await house.clip(sequence, 1, 1))
    record = await catalogue.sequence(sequence)
    assert (record.state, record.reason) == (SequenceState.FAILED, "no picture in four attempts")
    assert (
        await catalogue.ready("one") == await catalogue.planned("one") == await catalogue.reruns("one") == ()
    )


async def test_pages_go_newest_first_and_come_to_an_end(house):
    for number in range(5):
        await house.make(title=f"Title {number}")
    await house.make("two")
    everything = await house.catalogue.clips(limit=100)
    assert everything.next is None
    assert len(everything.clips) == 12
    assert [clip.id for clip in everything.clips] == sorted((c.id for c in everything.clips), reverse=True)
    found, cursor = [], None
    for _ in range(4):
        page = await house.catalogue.clips("one", cursor=cursor, limit=3)
        found += page.clips
        cursor = page.next
        await house.make()  # newcomers do not disturb a reader
    assert cursor is None
    assert found == [clip for clip in everything.clips if clip.channel == "one"]


async def test_recent_plans_are_the_writers_memory(house):
    for number in range(4):
        await house.catalogue.add_sequence("one", plan(f"Title {number}"))
    await house.catalogue.add_sequence("two", plan("Other"))
    recent = await house.catalogue.recent_plans("one", limit=3)
    assert [each.title for each in recent] == ["Title 1", "Title 2", "Title 3"]


async def test_totals(house):
    await house.make()
    listed = await house.make("two", shots=3)
    await house.catalogue.mark_listed(listed)
    clip = (await house.catalogue.sequence(listed)).clips[0]
    await Ratings(house.database, house.clock).rate(clip.id, "ann", 5)
    totals = await house.catalogue.totals()
    assert (totals.clips, totals.frames, totals.beds, totals.ratings) == (5, 5 * 96, 2, 1)
    assert totals.sequences == {SequenceState.MADE: 1, SequenceState.LISTED: 1}
    assert totals.bytes == sum(file.bytes for file in house.storage.files()) == 5 * 1100 + 2 * 500
    two = await house.catalogue.totals("two")
    assert (two.clips, two.beds, two.ratings, two.bytes) == (3, 1, 1, 3 * 1100 + 500)
    assert two.sequences == {SequenceState.LISTED: 1}
    assert (await house.catalogue.totals("three")).clips == 0
