"""A library on disk: database, storage, catalogue, and sequences to put in."""

from dataclasses import dataclass, field
from pathlib import Path

from webtv.clips.clip import Bed, Clip
from webtv.core.ids import IdFactory
from webtv.db.database import Database
from webtv.library.catalogue import Catalogue
from webtv.library.storage import BED, CLIP, POSTER, Storage
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.testing.clock import VirtualClock


@dataclass
class House:
    folder: Path
    clock: VirtualClock
    ids: IdFactory
    database: Database
    storage: Storage
    catalogue: Catalogue
    stored: int = field(default=0)

    async def store(self, ext: str, size: int = 1000, content: bytes | None = None) -> str:
        """Store a file; each has other bytes unless ``content`` says which."""
        self.stored += 1
        source = self.folder / f"source-{self.stored}"
        source.write_bytes(content if content is not None else str(self.stored).encode().ljust(size, b"."))
        return (await self.storage.add(source, ext)).sha

    async def clip(self, sequence: str, position: int, of: int = 2, **changes) -> Clip:
        clip = Clip(
            id=self.ids(),
            channel="one",
            sequence=sequence,
            position=position,
            of=of,
            title="Foxes",
            prompt=f"a fox, shot {position}",
            file=changes.pop("file", None) or await self.store(CLIP),
            poster=await self.store(POSTER, 100),
            format="720p24@1",
            frames=96,
            bed=changes.pop("bed", None),
            bed_at=192_000 * (position - 1),
            bytes=1000,
            created=self.clock.time(),
            label="Algorithmic",
            provenance={"seed": 2**62, "stages": ["procedural"]},
        )
        return Clip(**{**{name: getattr(clip, name) for name in clip.__slots__}, **changes})

    async def bed(self) -> Bed:
        return Bed(self.ids(), await self.store(BED, 500), 480_000, {"mood": "calm"})

    async def make(self, channel: str = "one", *, shots: int = 2, title: str = "Foxes") -> str:
        """Plan and make a whole sequence."""
        sequence = await self.catalogue.add_sequence(channel, plan(title, shots=shots))
        bed = await self.bed()
        await self.catalogue.add_bed(sequence, bed)
        for position in range(1, shots + 1):
            await self.catalogue.add_clip(
                await self.clip(sequence, position, shots, channel=channel, bed=bed.id)
            )
        return sequence


def plan(title: str = "Foxes", *, shots: int = 2, seed: int = 2**63 - 1) -> SequencePlan:
    each = tuple(
        ShotPrompt(
            "two red foxes", "run", "snow", "wide", "dawn", "blue", "film", "calm", "", f"shot {number}"
        )
        for number in range(shots)
    )
    return SequencePlan(title, each, MusicBrief("calm", 80, ("pad", "piano"), "wind"), seed, "grammar")
