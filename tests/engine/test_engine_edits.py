"""Edits from a person to the playlist: through the queue, once each, over restarts, and not undone."""

import asyncio

import pytest
from engine_house import House, channel

from webtv.clips.clip import Kind
from webtv.core.errors import ConflictError, InputError, TransientError
from webtv.engine.edits import EditQueue, EditState, Outcome, carried_out
from webtv.engine.running_order import Place, running_order
from webtv.playlist.edits import Action, Edit, runs
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist

QUIET = channel(paused=True, buffer=60)
SLUG = "one"


def names(entries: list[Entry]) -> list[str]:
    return [run[0].seq for run in runs(entries)]


def locked(house: House) -> int:
    entry = house.head_end.on_air[SLUG]
    return entry.n + house.head_end.ahead if entry else 0


def waiting(house: House) -> list[Entry]:
    """What may be moved: behind horizon, margin and the sequence that these reach into."""
    on_air = house.head_end.on_air[SLUG]
    order = running_order(
        SLUG,
        house.entries(SLUG),
        {
            "now": {**on_air.to_json(), "start_utc": "2026-11-21T00:00:00.000Z"} if on_air else None,
            "locked": locked(house),
        },
        after=0,
        fps=24,
    )
    return [entry for slot in order.slots if slot.place is Place.WAITING for entry in slot.entries]


async def station(house: House, sequences: int = 6) -> None:
    """A station on air with so many new sequences, and a studio at rest."""
    house.orchestrate({SLUG: channel(buffer=600)}, ahead=20.0)
    await house.make(SLUG, sequences)
    await rest(house)
    house.head_end.air(SLUG)


async def rest(house: House, ahead: float = 20.0) -> None:
    """Give up what is in the making; from now on only what there is airs."""
    for record in await house.catalogue.planned(SLUG):
        await house.ledger.cancel(group=record.id)
        await house.catalogue.fail_sequence(record.id, "test")
    house.orchestrate({SLUG: QUIET}, ahead=ahead)
    await house.tick()


async def put_in(house: House, edit: Edit) -> Outcome:
    order = await house.edits.ask(SLUG, edit)
    await house.tick()
    return await house.edits.outcome(order)


async def test_each_edit_reaches_the_playlist_and_what_is_locked_stays(house: House):
    await station(house)
    before = house.entries(SLUG)
    a, b, c, d = names(waiting(house))[:4]
    fixed = [entry for entry in before if entry.n < waiting(house)[0].n]

    assert (await put_in(house, Edit(Action.MOVE, d, b))).state is EditState.DONE
    assert names(waiting(house))[:4] == [a, d, b, c]
    skipped = await put_in(house, Edit(Action.SKIP))
    assert skipped.seq == a
    assert names(waiting(house))[:3] == [d, b, c]
    assert (await put_in(house, Edit(Action.DROP, b))).state is EditState.DONE
    assert names(waiting(house))[:2] == [d, c]
    assert (await put_in(house, Edit(Action.NEXT, c))).state is EditState.DONE
    assert names(waiting(house))[:2] == [c, d]

    after = house.entries(SLUG)
    assert after[: len(fixed)] == fixed
    numbers = [entry.n for entry in after]
    assert numbers == sorted(set(numbers))
    kinds = [kind for kind in house.kinds() if kind.startswith("engine.edit")]
    assert kinds == ["engine.edit.done"] * 4
    aired = house.head_end.air(SLUG, len(after) - 1)
    assert names(aired)[-len(names(waiting(house))) - 3 :][:2] != [a, b]
    assert [seq for seq in names(aired) if seq in (a, b, c, d)] == [c, d]


async def test_what_aired_can_come_next_again_and_new_content_goes_behind_it(house: House):
    await station(house, 4)
    first = house.entries(SLUG)[0].seq
    house.head_end.air(SLUG, 3)
    outcome = await put_in(house, Edit(Action.NEXT, first))
    assert outcome.state is EditState.DONE
    assert names(waiting(house))[0] == first
    assert {entry.kind for entry in waiting(house)[:2]} == {Kind.RERUN}
    house.orchestrate({SLUG: channel(buffer=600)})  # as after a restart: it is still known
    await house.make(SLUG, 1)
    assert names(waiting(house))[0] == first


async def test_an_inserted_rerun_stays_though_new_content_would_take_its_place(house: House):
    await station(house, 3)
    while [entry.kind for entry in waiting(house)] != [Kind.RERUN] * len(waiting(house)):
        house.head_end.air(SLUG)
        await house.tick()
    target = names(waiting(house))[-1]
    await put_in(house, Edit(Action.NEXT, target))
    first, *_ = waiting(house)
    assert first.seq == target
    house.orchestrate({SLUG: channel(buffer=600)}, ahead=20.0)
    await house.make(SLUG, 2)
    new = [run[0].kind for run in runs(waiting(house))]
    assert names(waiting(house))[0] == target
    assert Kind.NEW in new[1:]


async def test_what_was_dropped_rests_on_the_shelf_for_the_cooldown(house: House):
    await station(house, 5)
    gone = names(waiting(house))[0]
    assert (await put_in(house, Edit(Action.DROP, gone))).state is EditState.DONE
    house.orchestrate({SLUG: QUIET}, ahead=20.0)  # a restart forgets nothing
    listed: list[str] = []
    for _ in range(40):
        house.head_end.air(SLUG)
        await house.tick(seconds=2.0)
        listed += names(waiting(house))
    assert listed
    assert gone not in listed
    house.clock.forward(QUIET.reruns.cooldown)
    for _ in range(40):
        house.head_end.air(SLUG)
        await house.tick(seconds=2.0)
        listed += names(waiting(house))
    assert gone in listed


@pytest.mark.parametrize(
    ("edit", "kind", "says"),
    [
        (Edit(Action.DROP, "1"), ConflictError, "on air or about to be"),
        (Edit(Action.DROP, "nothing"), InputError, "no sequence 'nothing' waits"),
        (Edit(Action.NEXT, "nothing"), InputError, "the channel has no sequence 'nothing'"),
    ],
)
async def test_what_is_refused_says_why_and_changes_nothing(house: House, edit: Edit, kind, says: str):
    await station(house, 3)
    before = house.entries(SLUG)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(refusal(house, edit))
        await asyncio.sleep(0)
        while not asked.done():
            await house.tick()
            await house.clock.advance(0.2)
    error = asked.result()
    assert isinstance(error, kind)
    assert says in str(error)
    assert error.remedy
    assert house.entries(SLUG)[: len(before)] == before
    assert house.told("engine.edit.refused")


async def refusal(house: House, edit: Edit) -> Exception:
    with pytest.raises((ConflictError, InputError, TransientError)) as refused:
        await carried_out(house.edits, SLUG, edit, clock=house.clock, patience=60.0)
    return refused.value


async def test_a_sequence_that_cannot_air_is_not_put_in(house: House):
    await station(house)
    failed = next(each.id for each in await house.catalogue.every() if each.state == "failed")
    assert "is not finished" in (await put_in(house, Edit(Action.NEXT, failed))).message
    aired = house.entries(SLUG)[0]
    (house.data / "blocked").write_text(f"{aired.clip}\n")
    outcome = await put_in(house, Edit(Action.NEXT, aired.seq))
    assert (outcome.state, outcome.category) == (EditState.REFUSED, "input")


async def test_one_that_was_never_listed_goes_on_air_as_new_and_only_once(house: House):
    await station(house, 3)
    ready = house.catalogue.ready

    async def nothing(_slug, **_options):
        return ()

    house.catalogue.ready = nothing
    house.orchestrate({SLUG: channel(buffer=600)})
    await house.tick()
    for _ in range(3):
        await house.work()
        await house.tick()
    made = next(each.id for each in await house.catalogue.every() if each.state == "made")
    assert (await put_in(house, Edit(Action.NEXT, made))).state is EditState.DONE
    house.catalogue.ready = ready
    await house.tick(30)
    listed = [entry for entry in house.entries(SLUG) if entry.seq == made]
    assert [entry.kind for entry in listed if entry.kind is Kind.NEW] == [Kind.NEW] * listed[0].of


async def test_killed_after_the_playlist_was_written_it_is_not_done_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await station(house)
    order = await house.edits.ask(SLUG, Edit(Action.SKIP))
    before = names(waiting(house))
    with monkeypatch.context() as patch:

        async def killed(*_):
            raise asyncio.CancelledError

        patch.setattr(EditQueue, "settle", killed)
        with pytest.raises(asyncio.CancelledError):
            await house.tick()
    assert names(waiting(house)) == before[1:]
    house.orchestrate({SLUG: QUIET})
    await house.tick(2)
    assert (await house.edits.outcome(order)).state is EditState.DONE
    assert names(waiting(house))[: len(before) - 1] == before[1:]


async def test_killed_before_the_playlist_was_written_it_is_done_after_the_restart(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await station(house)
    order = await house.edits.ask(SLUG, Edit(Action.SKIP))
    before = names(waiting(house))
    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError(28, "No space left on device")

        patch.setattr(Playlist, "replace_after", full)
        await house.tick(2)  # the disk is full: told, and tried again
        assert (await house.edits.outcome(order)).state is EditState.WAITING
        assert house.told("engine.channel.stumbled")
        assert (await house.edits.withdraw(order)).state is EditState.WAITING  # begun: too late for that
    house.orchestrate({SLUG: QUIET})
    await house.tick()
    assert (await house.edits.outcome(order)).state is EditState.DONE
    assert names(waiting(house))[: len(before) - 1] == before[1:]


async def test_while_the_head_end_is_silent_edits_wait_and_are_withdrawn_in_time(house: House):
    await station(house)
    house.head_end.down = True
    before = house.entries(SLUG)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(refusal(house, Edit(Action.SKIP)))
        await asyncio.sleep(0)
        while not asked.done():
            await house.tick()
            await house.clock.advance(5.0)
    assert "was withdrawn" in str(asked.result())
    house.head_end.down = False
    await house.tick(2)
    assert house.entries(SLUG)[: len(before)] == before


async def test_an_edit_that_waited_too_long_and_one_of_a_gone_channel_are_refused(house: House):
    await station(house, 3)
    late = await house.edits.ask(SLUG, Edit(Action.SKIP))
    lost = await house.edits.ask("gone", Edit(Action.SKIP))
    house.clock.forward(3600)
    await house.tick()
    assert "too long" in (await house.edits.outcome(late)).message
    assert "no channel 'gone'" in (await house.edits.outcome(lost)).message
    assert await house.edits.waiting() == {}


async def test_what_nobody_asks_for_any_more_is_forgotten_in_days(house: House):
    await station(house, 3)
    order = await house.edits.ask(SLUG, Edit(Action.SKIP))
    await house.tick()
    house.clock.forward(4 * 86_400)
    await house.edits.ask(SLUG, Edit(Action.SKIP))
    assert (await house.edits.outcome(order)).state is EditState.WITHDRAWN


async def test_what_the_head_end_said_long_ago_is_not_relied_upon(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await station(house)
    order = await house.edits.ask(SLUG, Edit(Action.SKIP))
    before = names(waiting(house))
    begin = EditQueue.begin

    async def slow(queue: EditQueue, asked: int, first: int) -> bool:
        house.clock.forward(10 if first else 0)
        return await begin(queue, asked, first)

    with monkeypatch.context() as patch:
        patch.setattr(EditQueue, "begin", slow)
        await house.tick()
    assert [each.begun for each in (await house.edits.waiting())[SLUG]] == [0]
    assert names(waiting(house))[: len(before)] == before
    await house.tick()
    assert (await house.edits.outcome(order)).state is EditState.DONE
    assert names(waiting(house))[0] == before[1]
