"""Edits reach the air: a head-end on air, the control plane beside it, and what the as-run log says then."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from air_house import FORM, LENGTHS, SLUG, START, Footage, House, JumpingClock, channel

from webtv.air.channel import ChannelOnAir
from webtv.clips.clip import Bed, Clip, Kind
from webtv.core.events import Event
from webtv.core.format import CROSSFADE
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.continuity import Continuity
from webtv.engine.edits import EditQueue, EditState, Outcome
from webtv.engine.running_order import Place, RunningOrder, running_order
from webtv.library.catalogue import Catalogue
from webtv.library.notes import Notes
from webtv.library.storage import BED, CLIP, POSTER, Storage
from webtv.playlist.asrun import Airing
from webtv.playlist.edits import Action, Edit, runs
from webtv.playlist.ffconcat import read_entries
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.themes.channel import Channel

SHOTS = 3
CHANNEL = Channel(name="Tide", theme="the sea", format=FORM.name, paused=True)


@dataclass
class Newsroom:
    """The part of the control plane that lists, over a real library, beside a head-end on a jumping clock."""

    house: House
    clock: JumpingClock
    catalogue: Catalogue
    storage: Storage
    queue: EditQueue
    continuity: Continuity
    ids: IdFactory
    events: list[Event] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    stop_at: float = 0.0

    async def make(self, footage: Footage, number: int) -> None:
        """One more finished sequence in the library, of real clips and a real bed."""
        shot = ShotPrompt("", "", "", "", "", "", "", "", "", "waves")
        plan = SequencePlan(f"Part {number}", (shot,) * SHOTS, MusicBrief("calm", 80, ("pad",)), 1, "test")
        sequence = await self.catalogue.add_sequence(SLUG, plan)
        bed = await self.store(footage.folder / f"{number % 3}.flac", BED)
        lengths = [LENGTHS[(number + i) % len(LENGTHS)] for i in range(SHOTS)]
        samples = sum(lengths) * FORM.gop * FORM.samples_per_frame + CROSSFADE
        await self.catalogue.add_bed(sequence, Bed(f"bed{number}", bed, samples))
        at = 0
        for position, gops in enumerate(lengths, 1):
            file = await self.store(footage.folder / f"{gops}.mp4", CLIP)
            clip = Clip(
                id=self.ids(),
                channel=SLUG,
                sequence=sequence,
                position=position,
                of=SHOTS,
                title=plan.title,
                prompt="waves",
                file=file,
                poster=await self.store(footage.folder / f"{gops}.mp4", POSTER),
                format=FORM.name,
                frames=gops * FORM.gop,
                bed=f"bed{number}",
                bed_at=at,
                bytes=1,
                created=self.clock.time(),
                label="Algorithmic",
            )
            await self.catalogue.add_clip(clip)
            at += clip.frames * FORM.samples_per_frame
        self.made.append(sequence)

    async def store(self, source: Path, ext: str) -> str:
        copy = self.house.data / "copy"
        shutil.copyfile(source, copy)
        return (await self.storage.add(copy, ext)).sha

    async def look(self, on_air: ChannelOnAir) -> None:
        """What the control plane does twice a second."""
        self.continuity.hear(on_air.status())
        self.continuity.hear_orders((await self.queue.waiting()).get(SLUG, ()))
        await self.continuity.follow(CHANNEL)

    def order(self, on_air: ChannelOnAir) -> RunningOrder:
        entries = read_entries(self.house.playlist.path)
        return running_order(SLUG, entries, on_air.status(), after=0, fps=FORM.fps)

    def waiting(self, on_air: ChannelOnAir) -> list[str]:
        slots = self.order(on_air).slots
        return [slot.entries[0].seq for slot in slots if slot.place is Place.WAITING]

    async def edit(self, on_air: ChannelOnAir, edit: Edit) -> Outcome:
        order = await self.queue.ask(SLUG, edit)
        await self.look(on_air)
        return await self.queue.outcome(order)


@asynccontextmanager
async def newsroom(house: House) -> AsyncIterator[Newsroom]:
    clock, noise = JumpingClock(START), random.Random(1)
    ids = IdFactory(clock, noise)
    events: list[Event] = []
    storage = Storage(house.data / "library")
    async with await open_database(house.data / "webtv.sqlite3") as database:
        catalogue = Catalogue(database, storage, clock, ids)
        queue = EditQueue(database, clock)
        continuity = Continuity(
            SLUG,
            house.data,
            catalogue=catalogue,
            notes=Notes(database, clock),
            storage=storage,
            clock=clock,
            noise=noise,
            ahead=40.0,
            tell=events.append,
            edits=queue,
        )
        yield Newsroom(house, clock, catalogue, storage, queue, continuity, ids, events)


async def air(room: Newsroom, plan: list[tuple[float, Callable[[ChannelOnAir], Awaitable[Any]]]]) -> None:
    """Air on a jumping clock that stops at given seconds until what is planned for then is done."""
    on_air = channel(room.house, room.clock, room.events)
    due = plan[0][0]
    room.clock.ready = lambda: on_air.idle and room.clock.monotonic() < due
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        task = group.create_task(on_air.run())
        for following, (at, act) in zip([*plan[1:], None], plan, strict=True):
            while room.clock.monotonic() < at:  # noqa: ASYNC110 - the clock belongs to the head-end
                await asyncio.sleep(0.001)
            await act(on_air)
            due = following[0] if following else due
        task.cancel()


def aired(house: House, seq_of: dict[str, tuple[str, int]]) -> list[tuple[str, list[int]]]:
    """Sequences and the shots of each that went out, in order, as the log says."""
    found: list[tuple[str, list[int]]] = []
    for airing in house.log.read():
        seq, pos = seq_of[airing.clip]
        if found and found[-1][0] == seq and found[-1][1][-1] < pos:
            found[-1][1].append(pos)
        else:
            found.append((seq, [pos]))
    return found


async def test_each_edit_is_seen_in_the_log(house: House, footage: Footage) -> None:
    async with newsroom(house) as room:
        for number in range(9):
            await room.make(footage, number)
        await room.continuity.follow(CHANNEL)
        first = room.made[0]
        seen: dict[str, Any] = {}

        async def move_and_skip(on_air: ChannelOnAir) -> None:
            await room.look(on_air)
            a, b, c, d, *_ = room.waiting(on_air)
            assert (await room.edit(on_air, Edit(Action.MOVE, d, b))).state is EditState.DONE
            assert room.waiting(on_air)[:4] == [a, d, b, c]
            skipped = await room.edit(on_air, Edit(Action.SKIP))
            assert (skipped.state, skipped.seq) == (EditState.DONE, a)
            seen.update(skipped=a, moved=d, before=b, dropped=c)

        async def next_and_drop(on_air: ChannelOnAir) -> None:
            await room.look(on_air)
            last = room.order(on_air).slots
            fixed = [slot.entries[0].seq for slot in last if slot.place is not Place.WAITING]
            done = await room.edit(on_air, Edit(Action.NEXT, first))
            assert (done.state, done.seq) == (EditState.DONE, first)
            dropped = await room.edit(on_air, Edit(Action.DROP, seen["dropped"]))
            assert dropped.state is EditState.DONE
            too_late = await room.edit(on_air, Edit(Action.DROP, fixed[-1]))
            assert (too_late.state, too_late.category) == (EditState.REFUSED, "conflict")
            seen.update(after=fixed[-1])

        stops = [(10.0, move_and_skip), (16.0, next_and_drop)]
        await air(room, [*stops, *((at, room.look) for at in range(18, 80, 2))])

        entries = read_entries(house.playlist.path)
        assert [entry.n for entry in entries] == sorted({entry.n for entry in entries})
        seq_of = {entry.clip: (entry.seq, entry.pos) for entry in entries}
        log = aired(house, seq_of)
        order = [seq for seq, _ in log]
        assert [shots for _, shots in log[:-1]] == [[1, 2, 3]] * (len(log) - 1)  # the last is still on
        assert order[order.index(seen["after"]) + 1] == first
        assert order.count(first) >= 2
        assert order.index(seen["moved"]) < order.index(seen["before"])
        assert seen["skipped"] not in order
        assert seen["dropped"] not in order
        # What aired is what the edited playlist says, to the frame and without anything between.
        assert order == [run[0].seq for run in runs(entries)][: len(order)]
        airings: list[Airing] = list(house.log.read())
        assert {airing.kind for airing in airings} <= {Kind.NEW, Kind.RERUN}
        ends = [airing.start_frame + airing.frames for airing in airings]
        assert [airing.start_frame for airing in airings[1:]] == ends[:-1]
        assert not any(airing.cut for airing in airings)
        assert [event.kind for event in room.events].count("engine.edit.done") == 4
