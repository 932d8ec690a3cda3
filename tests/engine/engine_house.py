"""A station without its processes: real stores and playlists, a scripted desk and head-end."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.clips.clip import Bed, Clip, Kind
from webtv.core.errors import TransientError
from webtv.core.events import Event, EventLog
from webtv.core.ids import IdFactory
from webtv.db.database import Database, open_database
from webtv.engine.edits import EditQueue
from webtv.engine.jobs import Job
from webtv.engine.ledger import Ledger, SqlLedger
from webtv.engine.orchestrator import Orchestrator
from webtv.engine.orders import BED, IDENT, KINDS
from webtv.library.catalogue import Catalogue
from webtv.library.eviction import Eviction
from webtv.library.notes import Notes
from webtv.library.space import Space
from webtv.library.storage import BED as FLAC
from webtv.library.storage import CLIP as MP4
from webtv.library.storage import POSTER, Storage
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import read_entries
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.testing.clock import VirtualClock
from webtv.testing.engine import MemoryLedger
from webtv.themes.channel import Channel


def channel(name: str = "One", **changes: Any) -> Channel:
    given = {
        "name": name,
        "theme": "Foxes in the snow.",
        "sequence": {"shots": 2, "seconds": 2},
        "buffer": 60,
    }
    return Channel.model_validate({**given, **changes})


def plan(shots: int = 2, *, title: str = "Foxes", seed: int = 7) -> SequencePlan:
    each = tuple(
        ShotPrompt("two red foxes", "run", "snow", "wide", "dawn", "blue", "film", "calm", "", f"shot {n}")
        for n in range(shots)
    )
    return SequencePlan(title, each, MusicBrief("calm", 80, ("pad", "piano"), "wind"), seed, "scripted")


class ScriptedDesk:
    """Writes what it is told to; each failure is raised once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.failures: dict[str, list[Exception]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.begun = asyncio.Event()

    async def write(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        self.asked.append((slug, seed))
        self.begun.set()
        if slug in self.gates:
            await self.gates[slug].wait()
        if self.failures.get(slug):
            raise self.failures[slug].pop(0)
        return plan(channel.sequence.shots, title=f"{slug} {len(self.asked)}", seed=seed)


class ScriptedHeadEnd:
    """Airs a playlist when told to, as far as told; says so unless it is down."""

    def __init__(self, data: Path, clock: VirtualClock) -> None:
        self.down = False
        self.trouble: Exception | None = None
        self.reloads = 0
        self.stopped = False
        self.on_air: dict[str, Entry | None] = {}
        self.ahead = 2
        self._data = data
        self._clock = clock

    def add(self, *slugs: str) -> None:
        for slug in slugs:
            self.on_air.setdefault(slug, None)  # a new control plane changes nothing on air

    async def status(self) -> dict[str, Any]:
        if self.trouble:
            raise self.trouble
        if self.down:
            raise TransientError("the head-end does not answer")
        return {"channels": [self._channel(slug, entry) for slug, entry in self.on_air.items()]}

    async def reload(self) -> None:
        if self.down:
            raise TransientError("the head-end does not answer")
        self.reloads += 1

    async def stop(self) -> None:
        self.stopped = True

    def air(self, slug: str, count: int = 1) -> list[Entry]:
        """Air the next entries and log them; returns them."""
        aired: list[Entry] = []
        for _ in range(count):
            before = self.on_air.get(slug)
            waiting = [e for e in self._entries(slug) if e.n > (before.n if before else 0)]
            if not waiting:
                break
            aired.append(waiting[0])
            self.on_air[slug] = waiting[0]
            self.log(slug, waiting[0])
        return aired

    def log(self, slug: str, entry: Entry, *, utc: float | None = None, n: int | None = -1) -> None:
        at = self._clock.time() if utc is None else utc
        number = entry.n if n == -1 else n
        airing = Airing(number, entry.clip, entry.kind, 0, entry.frames, utc_text(at), cut=False)
        AsRunLog(self._data / "asrun" / slug).append(airing)

    def _entries(self, slug: str) -> list[Entry]:
        return read_entries(self._data / "playlists" / f"{slug}.ffconcat")

    def _channel(self, slug: str, entry: Entry | None) -> dict[str, Any]:
        return {
            "slug": slug,
            "locked": entry.n + self.ahead if entry else 0,
            "now": entry.to_json() if entry else None,
        }


class SmallDisk(Storage):
    """Storage on a disk with as much room as a test says."""

    room = 10**12

    def free(self) -> int:
        return self.room


@dataclass
class House:
    data: Path
    clock: VirtualClock
    ids: IdFactory
    database: Database
    storage: SmallDisk
    catalogue: Catalogue
    notes: Notes
    ledger: Ledger
    events: EventLog
    desk: ScriptedDesk
    head_end: ScriptedHeadEnd
    space: Space
    edits: EditQueue
    orchestrator: Orchestrator = field(init=False)
    stored: int = 0

    def orchestrate(
        self, channels: Mapping[str, Channel], *, workers: int = 2, ahead: float = 20.0, **options: Any
    ) -> Orchestrator:
        """A new orchestrator, as after a restart."""
        self.orchestrator = Orchestrator(
            self.data,
            desk=self.desk,
            ledger=self.ledger,
            catalogue=self.catalogue,
            notes=self.notes,
            storage=self.storage,
            space=self.space,
            head_end=self.head_end,
            clock=self.clock,
            noise=random.Random(1),
            events=self.events,
            ahead=ahead,
            workers=workers,
            edits=self.edits,
            **options,
        )
        self.orchestrator.set_channels(channels)
        self.head_end.add(*channels)
        return self.orchestrator

    async def tick(self, times: int = 1, *, seconds: float = 0.5) -> None:
        """Tick, let all writing end, move time on."""
        for _ in range(times):
            async with asyncio.TaskGroup() as group:
                await self.orchestrator.tick(group)
            self.clock.forward(seconds)

    async def work(self, limit: int = 1000, *, kinds: Iterable[str] = KINDS) -> list[Job]:
        """Do jobs as a worker would, with files that only pretend."""
        done: list[Job] = []
        while len(done) < limit and (job := await self.ledger.lease("worker", tuple(kinds), 30.0)):
            file = await self.do(job)
            await self.ledger.complete(job, "worker", {"clip": job.id, "file": file, "frames": 96})
            done.append(job)
        return done

    async def do(self, job: Job) -> str:
        order = job.payload
        if job.kind == BED:
            bed = Bed(job.id, self.store(FLAC), order["samples"])
            await self.catalogue.add_bed(job.group, bed)
            return bed.file
        ident = job.kind == IDENT
        clip = Clip(
            id=job.id,
            channel=job.channel,
            sequence="" if ident else order["sequence"],
            position=1 if ident else order["position"],
            of=1 if ident else order["of"],
            title="" if ident else order["title"],
            prompt="",
            file=self.store(MP4),
            poster=self.store(POSTER),
            format=order["format"],
            frames=96 if ident else order["frames"],
            bed=None if ident else order["bed_id"],
            bed_at=0 if ident else order["bed_at"],
            bytes=1000,
            created=self.clock.time(),
            label="Algorithmic",
        )
        await self.catalogue.add_clip(clip)
        return clip.file

    def store(self, ext: str) -> str:
        self.stored += 1
        content = str(self.stored).encode().ljust(1000, b".")
        sha = hashlib.sha256(content).hexdigest()
        path = self.storage.path(sha, ext)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return sha

    async def make(self, slug: str, count: int = 1) -> None:
        """Tick and work until so many sequences more are in the playlist."""
        wanted = len({e.seq for e in self.entries(slug) if e.kind is Kind.NEW}) + count
        for _ in range(20 * count):
            await self.tick()
            await self.work()
            if len({e.seq for e in self.entries(slug) if e.kind is Kind.NEW}) >= wanted:
                return
        raise AssertionError(f"{slug} did not get {count} sequences: {self.kinds()}")

    def entries(self, slug: str) -> list[Entry]:
        complaints: list[str] = []
        entries = read_entries(self.data / "playlists" / f"{slug}.ffconcat", complaints.append)
        assert not complaints
        return entries

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events.recent]

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events.recent if event.kind == kind]


@asynccontextmanager
async def open_house(data: Path, *, in_memory: bool = False, budget: int = 10**12) -> AsyncIterator[House]:
    clock = VirtualClock()
    ids = IdFactory(clock, random.Random(1))
    storage = SmallDisk(data / "library")
    events = EventLog()
    async with await open_database(data / "webtv.sqlite3") as database:
        catalogue = Catalogue(database, storage, clock, ids)
        eviction = Eviction(database, catalogue, storage, clock)
        yield House(
            data,
            clock,
            ids,
            database,
            storage,
            catalogue,
            Notes(database, clock),
            MemoryLedger(clock, ids) if in_memory else SqlLedger(database, clock, ids),
            events,
            ScriptedDesk(),
            ScriptedHeadEnd(data, clock),
            Space(catalogue, storage, eviction, events, budget=budget, min_free=10**9),
            EditQueue(database, clock),
        )
