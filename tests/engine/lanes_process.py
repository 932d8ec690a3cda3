"""A models' studio as a process of its own, with a shot maker that costs money and stops where it is told to.

Run as ``python lanes_process.py DATA ENDPOINT STAGE``; it says ``at STAGE`` once per job and goes no further.
"""

import asyncio
import hashlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np

from webtv.core.clock import SystemClock
from webtv.core.events import EventLog
from webtv.core.files import write_atomically
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.lanes import Lanes
from webtv.engine.ledger import SqlLedger
from webtv.engine.owners import OwnerLock
from webtv.engine.previews import Previews
from webtv.engine.production import Production, Stages
from webtv.engine.takes import Takes
from webtv.library.catalogue import Catalogue
from webtv.library.storage import CLIP, Storage, StoredFile
from webtv.studio.capability import Capability
from webtv.studio.ports import Chunk, Credit, Media, ShotRequest, Take
from webtv.studio.progress import tell
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler

stop_at = sys.argv[3] if len(sys.argv) > 3 else ""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def pause(stage: str) -> None:
    if stage == stop_at:
        say(f"at {stage}")
        await asyncio.Event().wait()


class PaidShots:
    """Orders a take and keeps the receipt, ``tickets/{key}``; with a receipt it only fetches."""

    capability = Capability("paid", "shot", remote=True)

    def __init__(self, endpoint: str, tickets: Path) -> None:
        self._endpoint = endpoint
        self._tickets = tickets

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        asked = f"{request.prompt.text} {request.seconds} {request.seed}"
        ticket = self._tickets / hashlib.sha256(asked.encode()).hexdigest()
        async with httpx.AsyncClient(trust_env=False) as client:
            if not ticket.exists():
                answer = await client.post(self._endpoint, content=ticket.name)
                write_atomically(ticket, answer.raise_for_status().content)
            tell("shot", 1, 2, np.full((90, 160, 3), 90, np.uint8))
            await pause("shot")
            (await client.get(f"{self._endpoint}/{ticket.read_text()}")).raise_for_status()
        async for chunk in FakeShots(fps=12).shoot(request):
            yield chunk

    def credit(self, request: ShotRequest) -> Credit:
        return Credit("paid", "paid 1", Media.TRAINED)


class Stopping:
    """A stage that hands one chunk on before it stops."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    async def go_on(self, take: Take) -> AsyncIterator[Chunk]:
        async for chunk in take:
            yield chunk
            await pause(self._stage)


class Interpolate(FakeInterpolator):
    def interpolate(self, take: Take, fps: int) -> Take:
        return Stopping("interpolate").go_on(super().interpolate(take, fps))


class Upscale(FakeUpscaler):
    def upscale(self, take: Take, width: int, height: int, request: ShotRequest | None = None) -> Take:
        # What comes of it goes straight to the encoder: one that stops here stops in the midst of mastering.
        return Stopping("master").go_on(super().upscale(take, width, height, request))


class Store(Storage):
    async def add(self, source: Path, ext: str) -> StoredFile:
        stored = await super().add(source, ext)
        if ext == CLIP:
            await pause("store")  # in storage, and not in the catalogue
        return stored


async def main(data: Path, endpoint: str) -> None:
    clock, noise = SystemClock(), random.Random()
    (data / "tickets").mkdir(exist_ok=True)
    stages = Stages(PaidShots(endpoint, data / "tickets"), Interpolate(), Upscale())
    storage = Store(data / "library")
    async with await open_database(data / "webtv.sqlite3") as database:
        ids = IdFactory(clock, noise)
        ledger = SqlLedger(database, clock, ids)
        owner = f"models-{os.getpid()}"
        production = Production(
            lambda _: stages,
            lambda _: FakeComposer(),
            storage,
            scratch=data / "scratch",
            rejected=data / "rejected",
            clock=clock,
            takes=Takes(data / "takes", clock, min_free=0),
        )
        with OwnerLock(data / "owners", owner):
            lanes = Lanes(
                owner,
                2,
                ledger,
                Catalogue(database, storage, clock, ids),
                production,
                clock=clock,
                noise=noise,
                events=EventLog(),
                previews=Previews(data / "previews"),
            )
            told = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
            say("ready")
            await lanes.run_until(told)
            os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
