"""Cards between sequences: in their places, as often as asked for, never waited for, never repeated."""

from itertools import groupby, pairwise
from pathlib import Path

import pytest
from engine_house import House, channel, plan

from webtv.clips.clip import Clip, Kind
from webtv.core.errors import ConflictError, QualityError
from webtv.engine.orders import IDENT, KINDS, CardKind, IdentOrder, card_order, clip_orders
from webtv.engine.production import Production
from webtv.engine.running_order import running_order
from webtv.library.eviction import CARD_SECONDS, Eviction
from webtv.library.storage import BED, CLIP, POSTER
from webtv.playlist.edits import Action, Edit, apply_edit, fixed
from webtv.playlist.entry import Entry
from webtv.testing.clock import VirtualClock
from webtv.themes.channel import Channel
from webtv.wiring import composer, stages

OFTEN = {"next": 60, "ident": 0, "bumper": 0}
SHAPE = {"shots": 2, "seconds": 10}


def one(**branding: object) -> Channel:
    return channel(buffer=300, sequence=SHAPE, branding={**OFTEN, **branding})


def cards(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind is Kind.IDENT]


async def fill(house: House, sequences: int = 8) -> list[Entry]:
    """List so many sequences, have every card made that somebody wants, and look again."""
    await house.make("one", sequences)
    for _ in range(3):
        await house.orchestrator.ident("one")
        await house.work(kinds=[IDENT])
        await house.orchestrator.ident("one")
        await house.tick()
    return house.entries("one")


def each_stands_before_its_sequence(entries: list[Entry]) -> bool:
    told = [(card, after) for card, after in pairwise(entries) if card.kind is Kind.IDENT and card.seq]
    return (
        bool(told)
        and all((after.seq, after.pos) == (card.seq, 1) for card, after in told)
        and entries[-1].kind is not Kind.IDENT
    )


async def test_what_comes_next_is_told_directly_before_it_and_not_too_often(house: House):
    house.orchestrate({"one": one()})
    entries = await fill(house)
    assert each_stands_before_its_sequence(entries)
    runs = [(is_card, list(run)) for is_card, run in groupby(entries, lambda e: e.kind is Kind.IDENT)]
    between = [sum(e.frames for e in run) / 24 for is_card, run in runs[1:-1] if not is_card]
    assert min(between) >= 60
    assert all(len(run) == 1 for is_card, run in runs if is_card)
    assert all(card.title.startswith("Next: one ") for card in cards(entries))
    places = [(e.seq, e.pos) for e in entries if e.kind is not Kind.IDENT]
    assert all(pos == 1 or places[at - 1] == (seq, pos - 1) for at, (seq, pos) in enumerate(places))


async def test_nothing_waits_for_a_card_that_could_not_be_made(house: House):
    house.orchestrate({"one": one()})
    await house.make("one", 2)
    await house.orchestrator.ident("one")
    asked = await house.ledger.find(kind=IDENT)
    assert [job.payload["card"] for job in asked] == ["ident"], "none is due yet"
    await house.make("one", 6)
    await house.orchestrator.ident("one")
    assert "next" in [job.payload["card"] for job in await house.ledger.find(kind=IDENT)]
    job = await house.ledger.lease("worker", [IDENT], 30)
    await house.ledger.fail(job, "worker", QualityError("black"), None)
    house.head_end.air("one", 9)
    await house.tick(3)
    assert not [e for e in house.head_end.air("one", 4) if e.kind is Kind.IDENT]
    assert house.kinds().count("engine.channel.stumbled") == 0


async def test_idents_and_bumpers_come_around_and_never_two_cards_in_a_row(house: House):
    house.orchestrate({"one": one(next=60, ident=100, bumper=40)})
    entries = await fill(house, 12)
    found = {c.clip: c.title for c in cards(entries)}
    kinds = {house.orchestrator._idents.deck("one").kind_of(clip) for clip in found}
    assert kinds == set(CardKind)
    assert not [a for a, b in pairwise(entries) if a.kind is b.kind is Kind.IDENT]
    assert {c.seq for c in cards(entries) if c.title == "One"} == {""}


async def test_a_restart_repeats_nothing_and_makes_nothing_again(house: House):
    house.orchestrate({"one": one(ident=100)})
    before = await fill(house)
    jobs = len(await house.ledger.find(kind=IDENT))
    for _ in range(2):
        house.orchestrate({"one": one(ident=100)})
        await house.orchestrator.restore_idents()
        await house.tick(2)
        await house.orchestrator.ident("one")
        await house.tick()
    after = house.entries("one")
    assert after == before
    assert len(await house.ledger.find(kind=IDENT)) == jobs


async def test_what_was_aired_counts_after_a_restart(house: House):
    house.orchestrate({"one": one()})
    entries = await fill(house)
    first = cards(entries)[0]
    house.head_end.air("one", entries.index(first) + 1)
    await house.tick()
    house.orchestrate({"one": channel(paused=True, sequence=SHAPE, branding=OFTEN)})
    await house.orchestrator.restore_idents()
    await house.tick(2)
    left = [e for e in house.entries("one") if e.n > first.n]
    programme = 0.0
    for entry in left:
        if entry.kind is Kind.IDENT:
            break
        programme += entry.frames / 24
    assert programme >= 60


async def test_without_wishes_there_are_no_cards(house: House):
    house.orchestrate({"one": one(next=0)})
    assert cards(await fill(house)) == []


async def test_a_card_whose_file_is_gone_is_made_again(house: House):
    house.orchestrate({"one": one()})
    entries = await fill(house)
    deck = house.orchestrator._idents.deck("one")
    ident = deck.find(card_order("one", one(), CardKind.IDENT))
    house.storage.path(ident.file, CLIP).unlink()
    await fill(house, 1)
    again = deck.find(card_order("one", one(), CardKind.IDENT))
    assert again is not None
    assert again.clip != ident.clip
    assert entries


async def test_a_card_is_no_airing_of_its_sequence(house: House):
    house.orchestrate({"one": one()})
    entries = await fill(house)
    first = cards(entries)[0]
    house.head_end.air("one", entries.index(first) + 1)
    await house.tick()
    told = {each.id: each.last_aired for each in await house.catalogue.every()}
    assert told[first.seq] is None
    house.clock.forward(4)
    house.head_end.air("one", 1)
    await house.tick()
    told = {each.id: each.last_aired for each in await house.catalogue.every()}
    assert told[first.seq] is not None


async def test_old_cards_that_told_what_came_next_are_removed_with_their_files(house: House):
    eviction = Eviction(house.database, house.catalogue, house.storage, house.clock)
    made = {}
    for name, kind in (("old", "next"), ("listed", "next"), ("ident", "ident")):
        made[name] = (house.store(CLIP), house.store(POSTER), house.store(BED))
        file, poster, sound = made[name]
        await house.catalogue.add_clip(
            Clip(name, "one", "", 1, 1, name, "", file, poster, "720p24@1", 96, None, 0, 1000,
                 house.clock.time(), "Algorithmic", {"kind": kind, "sound": sound})
        )  # fmt: skip
    await eviction.sweep(protected_files={made["listed"][0]})
    assert set(await house.catalogue.clips_by_id(made)) == set(made)
    house.clock.forward(CARD_SECONDS + 1)
    assert await eviction.sweep(protected_files={made["listed"][0]}) == 3000
    assert set(await house.catalogue.clips_by_id(made)) == {"listed", "ident"}
    gone = [house.storage.path(sha, ext) for sha, ext in zip(made["old"], (CLIP, POSTER, BED), strict=True)]
    assert not any(path.exists() for path in gone)


def listed() -> list[Entry]:
    """Two sequences of two shots, the second one told by a card."""
    shots = [
        Entry(n, f"{seq}{pos}", Kind.NEW, seq, pos, 2, None, 0, 48, seq.upper(), "x.mp4")
        for n, seq, pos in ((1, "a", 1), (2, "a", 2), (4, "b", 1), (5, "b", 2), (7, "c", 1), (8, "c", 2))
    ]
    card = Entry(3, "card", Kind.IDENT, "b", 1, 1, None, 0, 96, "Next: B", "x.mp4")
    ident = Entry(6, "ident", Kind.IDENT, "", 1, 1, None, 0, 96, "One", "x.mp4")
    return [*shots[:2], card, *shots[2:4], ident, *shots[4:]]


def test_edits_take_a_card_along_with_its_sequence():
    entries = listed()
    dropped = apply_edit(Edit(Action.DROP, "b"), kept=entries[:2], waiting=entries[2:])
    assert [e.clip for e in dropped.entries] == ["ident", "c1", "c2"]
    moved = apply_edit(Edit(Action.MOVE, "b", "c"), kept=entries[:2], waiting=entries[2:])
    assert [e.clip for e in moved.entries] == ["ident", "card", "b1", "b2", "c1", "c2"]
    assert [e.clip for e in fixed(entries, 1)] == ["a1", "a2", "card", "b1", "b2"]


def test_a_skip_passes_over_a_sequence_and_not_over_an_ident():
    entries = listed()
    skipped = apply_edit(Edit(Action.SKIP), kept=entries[:5], waiting=entries[5:])
    assert [e.clip for e in skipped.entries] == ["ident"]
    with pytest.raises(ConflictError):
        apply_edit(Edit(Action.SKIP), kept=entries[:5], waiting=entries[5:6])


def test_the_running_order_names_the_sequence_and_not_its_card():
    status = {"now": None, "locked": 0, "upcoming": []}
    slots = running_order("one", listed(), status, after=0, fps=24).slots
    assert [(slot.programme[0].title, slot.programme[0].kind.value) for slot in slots] == [
        ("A", "new"),
        ("B", "new"),
        ("One", "ident"),
        ("C", "new"),
    ]
    assert slots[1].to_json()["n"] == [4, 5]
    assert slots[1].seconds == 8


async def test_cards_are_made_checked_and_heard(tmp_path: Path, house: House):
    works = Production(
        stages,
        composer,
        house.storage,
        scratch=tmp_path / "scratch",
        rejected=tmp_path / "rejected",
        clock=VirtualClock(),
    )
    form = channel(format="576p24@1")
    for card, frames in (("next", 96), ("bumper", 48)):
        order = IdentOrder(
            "Foxes", "#e7b84b", form.format, 5, card=card, instruments=("felt piano",), word="Next",
            title="Foxes at the thaw", line="In the snow",
        )  # fmt: skip
        assert IdentOrder.from_json(order.to_json()) == order
        clip = await works.make_ident(order, card, channel="one")
        assert (clip.frames, clip.sequence, clip.label) == (frames, "", "Algorithmic")
        told = clip.provenance
        assert (told["kind"], told["model"], told["media"]) == (card, "webtv-card 2", "algorithmicMedia")
        assert house.storage.path(told["sound"], BED).is_file()
        assert told["checks"]["figures"]["lufs"] == pytest.approx(-16, abs=1.5)
        assert await house.catalogue.add_clip(clip) is False
    assert set(KINDS) == {"bed", "clip", "ident"}


@pytest.mark.parametrize(
    ("which", "titled"), [("first", [True, False]), ("every", [True, True]), ("off", [False, False])]
)
def test_shots_show_title_and_mark_as_the_channel_asks(which: str, titled: list[bool]):
    asked = channel(branding={"lower_third": which, "bug": which != "off"})
    orders = clip_orders("seq", plan(2), asked, bed="", bed_id="", frames=96)
    assert ["title" in order.graphics for order in orders] == titled
    assert [order.graphics.get("mark") for order in orders] == [None if which == "off" else "One"] * 2
    if titled[0]:
        assert (orders[0].graphics["title"], orders[0].graphics["line"]) == ("Foxes", "Snow")
    assert type(orders[0]).from_json(orders[0].to_json()) == orders[0]
