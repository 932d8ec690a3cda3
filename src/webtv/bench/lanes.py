"""How busy the models' studio keeps its slowest stage: real lanes, ledger, takes and storage, known stages.

A stage of known length is a device that one take at a time may use for so many seconds. The slowest one is
the shot maker, as with real models; while it works, other lanes wait for the other devices and store.
It counts as busy for its known length and not for as long as it was held: a turn that ends late because the
process was occupied otherwise is time in which a real device would have stood still.

Mastering is such a stage, too, so that the figure tells of the lanes and not of the cores that happen to be
free. A full run measures once more with the station's own mastering, which takes cores from everything else.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from webtv.bench.report import Rows
from webtv.clips.clip import Clip
from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import InternalError
from webtv.core.events import Event, EventLog, Severity
from webtv.core.format import CROSSFADE
from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.engine.jobs import MODELS, NewJob
from webtv.engine.lanes import Lanes
from webtv.engine.ledger import SqlLedger
from webtv.engine.orders import CLIP, ClipOrder, bed_order, clip_frames, clip_orders
from webtv.engine.production import Production, shot_request
from webtv.engine.scratch import Scratch
from webtv.engine.shooting import Shooting
from webtv.engine.stages import Stages, chained
from webtv.engine.takes import Takes
from webtv.library.catalogue import Catalogue
from webtv.library.storage import CLIP as MP4
from webtv.library.storage import POSTER, Storage
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief
from webtv.studio.capability import Capability
from webtv.studio.ports import Chunk, Credit, Media, ShotRequest, Take
from webtv.studio.progress import tell
from webtv.studio.upscaling import LanczosUpscaler
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots
from webtv.themes.channel import Channel

REQUIRED = 0.95
FORMAT = "576p24@1"
_CHANNEL = Channel.model_validate(
    {
        "name": "Bench",
        "theme": "Boats on a lake.",
        "format": FORMAT,
        "sequence": {"shots": 3, "seconds": 2},
    }
)
_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class LanesWorkload:
    """How much is made, and how long each stage takes.

    Attributes:
        lanes: jobs at once.
        clips: made in all.
        warm_up: of them, whose shots begin before the clock runs.
        shot: seconds that each take holds the shot maker.
        upscale: seconds that each holds the upscaler.
        interpolate: seconds that each holds the interpolator.
        master: seconds that each holds the encoder; 0 masters as the station does.
    """

    lanes: int = 4
    clips: int = 24
    warm_up: int = 6
    shot: float = 1.0
    upscale: float = 0.6
    interpolate: float = 0.3
    master: float = 0.5


FULL = LanesWorkload()
MASTERED = LanesWorkload(clips=12, warm_up=4, shot=3.0, master=0.0)
QUICK = LanesWorkload(clips=12, warm_up=4)


class Device:
    """Does one thing at a time, and each takes as long.

    Args:
        clock: the real one.
        seconds: what each takes.

    Attributes:
        begun: monotonic second at which each turn began.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.begun: list[float] = []
        self.seconds = seconds
        self._clock = clock
        self._one = asyncio.Lock()

    async def work(self) -> None:
        """Wait for a turn and take it."""
        async with self._one:
            self.begun.append(self._clock.monotonic())
            await self._clock.sleep(self.seconds)


def utilisation(begun: Sequence[float], seconds: float, warm_up: int) -> float:
    """Share of the time in which a device was busy, from one turn's beginning to another's.

    Args:
        begun: monotonic second at which each turn began, in order.
        seconds: what each turn takes.
        warm_up: turns at the beginning that do not count; the last one only ends the time.

    Raises:
        InternalError: fewer than two turns would count.
    """
    counted = begun[warm_up:]
    if len(counted) < 2:
        raise InternalError("too few turns were taken to tell how busy a device was")
    return (len(counted) - 1) * seconds / (counted[-1] - counted[0])


async def measure_lanes(folder: Path, workload: LanesWorkload) -> tuple[float, Rows]:
    """Have so many clips made by the models' studio and watch its slowest stage.

    Args:
        folder: an empty folder for the station's files.
        workload: how much.

    Returns:
        The share of time, after the warm-up and while there was more to do, in which the shot maker was
        busy, 0 to 1; and the table.

    Raises:
        InternalError: a clip could not be made.
    """
    clock = SystemClock()
    shot, upscale, interpolate = (
        Device(clock, seconds) for seconds in (workload.shot, workload.upscale, workload.interpolate)
    )
    upscaler = _Upscaler(upscale, sizes=not workload.master)
    stages = Stages(_Shots(shot), _Interpolator(interpolate), upscaler)
    storage = Storage(folder / "library")
    production = _production(stages, storage, folder, clock, workload.master)
    noise = random.Random(1)
    ids = IdFactory(clock, noise)
    done = _Finish(workload.clips)
    async with await open_database(folder / "webtv.sqlite3") as database:
        ledger, catalogue = SqlLedger(database, clock, ids), Catalogue(database, storage, clock, ids)
        jobs = await _jobs(workload.clips, production, catalogue, ids)
        await ledger.enqueue(jobs)
        lanes = Lanes(
            "bench",
            workload.lanes,
            ledger,
            catalogue,
            production,
            clock=clock,
            noise=noise,
            events=EventLog(done),
        )
        began = clock.monotonic()
        working = asyncio.ensure_future(lanes.run_until(done.all))
        async with asyncio.timeout(_LIMIT):
            await working
        took = clock.monotonic() - began
    done.expect()
    share = utilisation(shot.begun, shot.seconds, workload.warm_up)
    return share, _table(share, workload, took)


def _production(stages: Stages, storage: Storage, folder: Path, clock: Clock, master: float) -> Production:
    takes = Takes(folder / "takes", clock, min_free=0)
    given: dict[str, Any] = {
        "scratch": folder / "scratch",
        "rejected": folder / "rejected",
        "clock": clock,
        "takes": takes,
    }
    if not master:
        return Production(lambda _: stages, lambda _: FakeComposer(), storage, **given)
    encoder = Device(clock, master)
    return _KnownMastering(stages, encoder, storage, **given)


def _table(share: float, workload: LanesWorkload, took: float) -> Rows:
    alone = workload.shot + workload.upscale + workload.interpolate + workload.master
    rows = [
        ("slowest stage busy", f"{100 * share:.1f} %"),
        ("required", f"{100 * REQUIRED:.0f} %"),
        ("one job at a time, at best", f"{100 * workload.shot / alone:.1f} %"),
    ]
    note = (
        f"{workload.clips} clips in {took:.1f} s, {workload.lanes} lanes; a take holds the shot maker for "
        f"{workload.shot:g} s, the upscaler for {workload.upscale:g} s, the interpolator for "
        f"{workload.interpolate:g} s and the encoder for {workload.master:g} s; lanes, ledger, takes and "
        "storage are the station's own."
    )
    return Rows("Models' studio", ("stages of known length", "share of time"), rows, note)


async def _jobs(clips: int, production: Production, catalogue: Catalogue, ids: IdFactory) -> list[NewJob]:
    """Sequences with their beds made, and the jobs for their clips."""
    writer = GrammarWriter()
    jobs: list[NewJob] = []
    while len(jobs) < clips:
        plan: SequencePlan = await writer.write(Brief("bench", _CHANNEL, len(jobs) + 1))
        plan = replace(plan, shots=plan.shots[: clips - len(jobs)])
        sequence = await catalogue.add_sequence("bench", plan)
        bed = await production.make_bed(bed_order(sequence, plan, _CHANNEL, CROSSFADE), ids())
        await catalogue.add_bed(sequence, bed)
        orders = clip_orders(
            sequence, plan, _CHANNEL, bed=bed.file, bed_id=bed.id, frames=clip_frames(_CHANNEL)
        )
        jobs += [NewJob(CLIP, "bench", order.to_json(), sequence, pool=MODELS) for order in orders]
    return jobs


class _Finish:
    """Hears when all clips are made, or when one cannot be."""

    def __init__(self, clips: int) -> None:
        self.all = asyncio.Event()
        self._left = clips
        self._trouble: Event | None = None

    def __call__(self, event: Event) -> None:
        if event.severity is not Severity.INFO:
            self._trouble = event
            self.all.set()
        elif event.kind == "engine.job.done":
            self._left -= 1
            if not self._left:
                self.all.set()

    def expect(self) -> None:
        """Say so if not all clips were made."""
        if self._trouble is not None:
            raise InternalError(f"the lanes were not measured: {self._trouble.message}")


class _KnownMastering(Production):
    """Production with an encoder of known length: everything else is as it is, files included."""

    def __init__(self, stages: Stages, encoder: Device, storage: Storage, **given: Any) -> None:
        super().__init__(lambda _: stages, lambda _: FakeComposer(), storage, **given)
        self._chain = stages
        self._encoder = encoder
        self._library = storage
        self._kept: Takes = given["takes"]
        self._desk = Scratch(given["scratch"])

    async def make_clip(self, order: ClipOrder, clip: str, *, channel: str, attempt: int) -> Clip:
        """Have the take made, kept and drawn through the chain, wait for the encoder, store two files."""
        request = shot_request(order, attempt=attempt)
        with self._desk.workplace() as folder:
            shooting = Shooting(self._chain, order.stages["shot"], folder=folder, kept=self._kept)
            chosen = await shooting.best(request)
            async with chained(self._chain, chosen.take.play(), request, order.house_format) as chain:
                async for _ in chain:
                    pass
            await self._encoder.work()
            files = []
            for ext in (MP4, POSTER):
                (folder / ext).write_text(f"{clip} {ext}", encoding="utf-8")
                files.append(await self._library.add(folder / ext, ext))
        await self._kept.drop(chosen.keys)
        return Clip(
            id=clip,
            channel=channel,
            sequence=order.sequence,
            position=order.position,
            of=order.of,
            title=order.title,
            prompt=order.prompt.text,
            file=files[0].sha,
            poster=files[1].sha,
            format=order.format,
            frames=order.frames,
            bed=order.bed_id,
            bed_at=order.bed_at,
            bytes=files[0].bytes,
            created=0.0,
            label="Algorithmic",
        )


class _Shots:
    capability = Capability("known", "shot", hosted=True)

    def __init__(self, device: Device) -> None:
        self._device = device
        self._frames = FakeShots(fps=12, scale=0.25)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        await self._device.work()  # a model hands its frames over when all of them are made
        tell("shot", 1, 1)
        async for chunk in self._frames.shoot(request):
            yield chunk

    def credit(self, request: ShotRequest) -> Credit:
        return Credit("known", "known length 1", Media.ALGORITHMIC, {"seed": request.seed})


class _Interpolator:
    def __init__(self, device: Device) -> None:
        self._device = device

    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        await self._device.work()
        async for chunk in FakeInterpolator().interpolate(take, fps):
            yield chunk


class _Upscaler:
    """Where nobody encodes what comes of it, it leaves the pixels as they are: that is a core's work."""

    def __init__(self, device: Device, *, sizes: bool) -> None:
        self._device = device
        self._sizes = sizes

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        await self._device.work()
        sized = LanczosUpscaler().upscale(take, width, height, request) if self._sizes else take
        async for chunk in sized:
            yield chunk
