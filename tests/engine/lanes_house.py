"""A production whose work takes as long as a test says, on virtual time, and the lanes that drive it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from engine_house import House

from webtv.clips.clip import Bed, Clip
from webtv.engine.jobs import MODELS, Job, NewJob
from webtv.engine.lanes import Lanes
from webtv.engine.orders import IDENT, IdentOrder
from webtv.library.storage import BED as FLAC
from webtv.library.storage import CLIP as MP4
from webtv.library.storage import POSTER

Doing = Callable[[], Awaitable[None]]


@dataclass
class Workshop:
    """Makes files that only pretend; ``doing`` says what each piece of work does meanwhile, by its name."""

    house: House
    doing: dict[str, Doing] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    at_work: set[str] = field(default_factory=set)
    most: int = 0
    abandoned: list[str] = field(default_factory=list)

    async def tidy(self) -> None:
        self.made.append("tidy")

    async def catalogued(self, clip: str) -> None:
        pass

    async def make_bed(self, order: Any, bed: str, *, attempt: int = 1) -> Bed:
        await self._work(f"bed {order.sequence}", order.stage.get("use", ""))
        return Bed(bed, self.house.store(FLAC), order.samples)

    async def make_clip(self, order: Any, clip: str, *, channel: str, attempt: int) -> Clip:
        await self._work(f"{channel} {order.position} {attempt}", order.stages["shot"]["use"])
        place = {"sequence": order.sequence, "position": order.position, "of": order.of}
        return self._clip(clip, channel, order.format, order.frames, place)

    async def make_ident(self, order: Any, clip: str, *, channel: str) -> Clip:
        await self._work(order.name, "")
        return self._clip(clip, channel, order.format, 96, {"sequence": "", "position": 1, "of": 1})

    async def _work(self, name: str, use: str) -> None:
        self.at_work.add(name)
        self.most = max(self.most, len(self.at_work))
        try:
            for key in (name, use):
                if key in self.doing:
                    await self.doing[key]()
        except asyncio.CancelledError:
            self.abandoned.append(name)
            raise
        finally:
            self.at_work.discard(name)
        self.made.append(name)

    def _clip(self, clip: str, channel: str, form: str, frames: int, place: dict[str, Any]) -> Clip:
        return Clip(
            id=clip, channel=channel, title="", prompt="", file=self.house.store(MP4),
            poster=self.house.store(POSTER), format=form, frames=frames, bed=None, bed_at=0, bytes=1,
            created=0.0, label="", **place,
        )  # fmt: skip


def lanes(house: House, workshop: Workshop, number: int = 2, **options: Any) -> Lanes:
    given = {"clock": house.clock, "noise": random.Random(1), "events": house.events}
    return Lanes("models", number, house.ledger, house.catalogue, workshop, **given, **options)


async def order(house: House, *names: str, **options: Any) -> list[Job]:
    """Enqueue work for the models' studio; an ident needs nothing else in the catalogue."""
    orders = [IdentOrder(name, "#8fb8de", "720p24@1", 1).to_json() for name in names]
    return list(
        await house.ledger.enqueue([NewJob(IDENT, "far", each, pool=MODELS, **options) for each in orders])
    )


async def until(house: House, condition: Callable[[], Any], step: float = 0.25) -> None:
    """Let virtual time pass until something holds; threads and the database get a little real time."""
    async with asyncio.timeout(30):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await house.clock.advance(step)
            await asyncio.sleep(0.001)
