"""A small real data folder with a live station over it, and a head-end that says what it is told to."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from webtv.air.client import HeadEndClient
from webtv.air.config import PROTOCOL
from webtv.clips.clip import Clip, Kind
from webtv.core.ids import IdFactory
from webtv.db.database import Database, open_database
from webtv.library.audience import Audience
from webtv.library.catalogue import Catalogue
from webtv.library.journal import Journal
from webtv.library.notes import Notes
from webtv.library.ratings import Ratings
from webtv.library.storage import CLIP, POSTER, Storage
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.testing.clock import VirtualClock
from webtv.themes.channel import Channel
from webtv.viewers.live import LiveStation

FRAMES, FPS = 96, 24


@dataclass
class House:
    data: Path
    clock: VirtualClock
    ids: IdFactory
    database: Database
    storage: Storage
    catalogue: Catalogue
    notes: Notes
    journal: Journal
    station: LiveStation
    clips: list[Clip] = field(default_factory=list)
    on_air: dict[str, Any] = field(default_factory=dict)
    remembered: list[Airing] = field(default_factory=list)

    async def make(self, shots: int) -> None:
        """A sequence with so many finished clips on the channel ``tideline``."""
        shot = ShotPrompt("a pier", "", "", "", "", "", "", "", "", "a pier")
        plan = SequencePlan("Low water", (shot,) * shots, MusicBrief("calm", 80, ("pad",)), 1, "grammar")
        sequence = await self.catalogue.add_sequence("tideline", plan)
        for position in range(1, shots + 1):
            clip = Clip(
                id=self.ids(),
                channel="tideline",
                sequence=sequence,
                position=position,
                of=shots,
                title="Low water",
                prompt=f"a pier, shot {position}",
                file=await self._store(CLIP, position),
                poster=await self._store(POSTER, position),
                format="720p24@1",
                frames=FRAMES,
                bed=None,
                bed_at=0,
                bytes=100,
                created=self.clock.time(),
                label="Algorithmic",
                provenance={"seed": position},
            )
            await self.catalogue.add_clip(clip)
            self.clips.append(clip)

    async def _store(self, ext: str, number: int) -> str:
        source = self.data / "source"
        source.write_text(f"{ext} {number}")
        return (await self.storage.add(source, ext)).sha

    def entry(self, n: int, index: int) -> Entry:
        clip = self.clips[index]
        return Entry(
            n=n,
            clip=clip.id,
            kind=Kind.NEW,
            seq=clip.sequence,
            pos=clip.position,
            of=clip.of,
            bed=None,
            bed_at=0,
            frames=FRAMES,
            title=clip.title,
            file=f"{n}.mp4",
        )

    def list(self, *entries: Entry) -> None:
        path = self.data / "playlists" / "tideline.ffconcat"
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEADER + "".join(encode_entry(entry) for entry in entries))

    def air(self, entry: Entry) -> None:
        """The head-end says that this began just now."""
        self.on_air["tideline"] = {
            **entry.to_json(),
            "start_utc": utc_text(self.clock.time()),
            "seconds": FRAMES / FPS,
        }

    def airing(self, index: int, at: float, n: int | None) -> Airing:
        return Airing(n, self.clips[index].id, Kind.RERUN, 0, FRAMES, utc_text(at), cut=False)

    def log(self, index: int, at: float, n: int | None) -> None:
        """The as-run log says that this aired."""
        AsRunLog(self.data / "asrun" / "tideline").append(self.airing(index, at, n))

    def status(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "channels": [
                {
                    "slug": slug,
                    "state": "on_air" if now["n"] else "filler",
                    "now": now,
                    "aired": [asdict(airing) for airing in self.remembered],
                    "locked": 0,
                }
                for slug, now in self.on_air.items()
            ],
        }

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the head-end answers on its socket, whatever is asked."""
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(self.status()).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def living(data: Path, clock: VirtualClock) -> AsyncIterator[House]:
    """A station with one channel, ``tideline``, three clips, and nothing on air yet."""
    ids = IdFactory(clock, random.Random(1))
    storage = Storage(data / "library")
    async with await open_database(data / "webtv.sqlite3") as database:
        catalogue, notes = Catalogue(database, storage, clock, ids), Notes(database, clock)
        journal = Journal(database, clock)
        station = LiveStation(
            data,
            head_end=HeadEndClient(data / "air.sock"),
            catalogue=catalogue,
            storage=storage,
            ratings=Ratings(database, clock),
            audience=Audience(database, clock),
            journal=journal,
            notes=notes,
            clock=clock,
            window=60.0,
        )
        house = House(data, clock, ids, database, storage, catalogue, notes, journal, station)
        channel = Channel(name="Tideline", theme="the sea").model_dump(mode="json")
        await notes.put("channels", {"tideline": channel})
        await house.make(3)
        async with await asyncio.start_unix_server(house.answer, data / "air.sock"):
            yield house
