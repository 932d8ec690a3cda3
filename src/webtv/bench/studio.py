"""``webtv bench studio``: finished seconds per second, through the real chain and through two naive ones.

Beside it, how busy the models' studio keeps its slowest stage (:mod:`webtv.bench.lanes`).

The prompts are what the shipped channels' grammar writes. One process per core works, as the station does;
ours goes through :class:`webtv.engine.production.Production`, from prompt and brief to checked, labelled and
stored clips. The naive ways are described in :mod:`webtv.bench.naive`. All ways make the same clips.
"""

import asyncio
import multiprocessing
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from webtv import wiring
from webtv.bench.lanes import FULL, MASTERED, REQUIRED, LanesWorkload, measure_lanes
from webtv.bench.lanes import QUICK as QUICK_LANES
from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, Meter, figure, median
from webtv.bench.naive import WAYS, make_naively, write_bed
from webtv.bench.report import Report, Rows
from webtv.bench.stages import TimedStages, Times, own_times
from webtv.core.clock import SystemClock
from webtv.core.errors import InputError, QualityError
from webtv.core.format import CROSSFADE
from webtv.core.process import usable_cores
from webtv.core.settings import Settings
from webtv.engine.orders import BedOrder, ClipOrder, bed_order, clip_frames, clip_orders, derive_seed
from webtv.engine.production import Production
from webtv.library.storage import Storage
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief
from webtv.studio.ports import BedRequest, ShotRequest
from webtv.themes.channel import Channel
from webtv.themes.loader import load_folder

OURS = "ours"
STAGES = ("shot", "interpolate", "upscale", "master")


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is made in each run.

    Attributes:
        channels: at most so many channels.
        shots: of the first sequence of each channel.
        seconds: length of each shot; 0 takes the channel's.
        runs: the median of so many counts.
        lanes: what the models' studio does with stages of known length.
        mastered: the same with the station's own mastering; None leaves it out.
    """

    channels: int = 99
    shots: int = 3
    seconds: int = 0
    runs: int = RUNS
    lanes: LanesWorkload = FULL
    mastered: LanesWorkload | None = MASTERED


QUICK = Workload(channels=1, shots=1, seconds=2, runs=1, lanes=QUICK_LANES, mastered=None)


@dataclass(frozen=True, slots=True)
class Script:
    """One sequence to make, as its channel would."""

    slug: str
    channel: Channel
    plan: SequencePlan


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker does at a time: a bed, or a clip.

    Attributes:
        way: ``ours``, ``render`` or ``steps``.
        folder: where results go.
        ffmpeg: binary of the naive ways.
        bed: the order for a bed, or None.
        clip: the order for a clip, or None.
    """

    way: str
    folder: Path
    ffmpeg: Path
    bed: BedOrder | None = None
    clip: ClipOrder | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job.

    Attributes:
        cpu: CPU seconds, children included.
        seconds: finished seconds of video.
        frames: finished frames.
        bed: SHA-256 or path of the bed that was made.
        refused: why a clip failed its checks.
        times: CPU seconds by stage.
    """

    cpu: float
    seconds: float = 0.0
    frames: int = 0
    bed: str = ""
    refused: str = ""
    times: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One way, once through the whole workload."""

    wall: float
    results: Sequence[Result]

    @property
    def seconds(self) -> float:
        """Finished seconds of video."""
        return sum(result.seconds for result in self.results)

    @property
    def realtime_factor(self) -> float:
        """Finished seconds per second."""
        return self.seconds / self.wall

    @property
    def cpu_per_second(self) -> float:
        """CPU seconds per finished second, beds included."""
        return sum(result.cpu for result in self.results) / self.seconds


def measure_studio(
    settings: Settings, ffmpeg: Path, folder: Path, workload: Workload, *, quick: bool
) -> Report:
    """Measure our chain and the naive ones.

    Args:
        settings: say where the channels are.
        ffmpeg: binary of the naive ways.
        folder: an empty folder for results.
        workload: how much.
        quick: said in the report.

    Raises:
        InputError: there is no usable channel.
        QualityError: not one clip passed its checks.
    """
    machine = describe_machine(ffmpeg)
    sequences = asyncio.run(_write(settings, workload))
    # A process beyond the last clip would have nothing to do.
    cores = min(usable_cores(), sum(len(script.plan.shots) for script in sequences))
    runs: dict[str, list[Run]] = {way: [] for way in (OURS, *WAYS)}
    for number in range(workload.runs):
        for way, done in runs.items():
            place = folder / f"{way}{number}"
            place.mkdir()
            done.append(_run(way, place, ffmpeg, sequences, cores))
    ours = runs[OURS]
    if not any(run.seconds for run in ours):
        reasons = {result.refused for result in ours[0].results if result.refused}
        raise QualityError("no clip passed its checks: " + "; ".join(sorted(reasons)))
    cost = {way: median(run.cpu_per_second for run in done) for way, done in runs.items()}
    factor = {way: median(run.realtime_factor for run in done) for way, done in runs.items()}
    frames = sum(result.frames for run in ours for result in run.results)
    spent: Counter[str] = Counter()
    for run in ours:
        for result in run.results:
            spent.update(result.times)
    busy, busy_rows = asyncio.run(measure_lanes(folder / "lanes", workload.lanes))
    per_frame = {stage: figure(1000 * spent[stage] / frames) for stage in (*STAGES, "bed")}
    refused = [result.refused for result in ours[0].results if result.refused]
    figures: dict[str, Any] = {
        "cores": cores,
        "runs": workload.runs,
        "clips": sum(1 for result in ours[0].results if result.frames),
        "refused": refused,
        "seconds": ours[0].seconds,
        "realtime_factor": figure(factor[OURS]),
        "realtime_factor_per_core": figure(1 / cost[OURS]),
        "realtime_factor_naive": figure(factor["render"]),
        "realtime_factor_naive_steps": figure(factor["steps"]),
        "ratio_naive": figure(cost["render"] / cost[OURS]),
        "ratio_naive_steps": figure(cost["steps"] / cost[OURS]),
        "ms_per_frame": per_frame,
        "bottleneck_utilisation": figure(busy),
        "bottleneck_utilisation_required": REQUIRED,
    }
    tables = (*_tables(figures, factor, cost, workload), busy_rows)
    if workload.mastered is not None:
        busy, busy_rows = asyncio.run(measure_lanes(folder / "mastered", workload.mastered))
        figures["bottleneck_utilisation_mastered"] = figure(busy)
        tables = (*tables, busy_rows)
    return Report("studio", machine, quick, figures, tables)


def _tables(
    figures: dict[str, Any], factor: dict[str, float], cost: dict[str, float], workload: Workload
) -> tuple[Rows, ...]:
    names = {
        OURS: "ours: checked, labelled, stored",
        "render": "naive: every frame drawn in full",
        "steps": "naive: the same steps",
    }
    rows = [
        (names[way], f"{factor[way]:.2f}", f"{1 / cost[way]:.2f}", f"{cost[way] / cost[OURS]:.2f}")
        for way in names
    ]
    columns = ("finished seconds", "per second", "per second of CPU", "CPU, ours = 1")
    note = (
        f"{figures['clips']} clips, {figures['seconds']:g} s of video, {figures['cores']} worker processes, "
        f"beds included, {len(figures['refused'])} clips refused by the checks; median of {workload.runs}."
    )
    stages = [(stage, f"{value:.1f}") for stage, value in figures["ms_per_frame"].items()]
    stages.append(("together", f"{sum(figures['ms_per_frame'].values()):.1f}"))
    return (
        Rows("Studio", columns, rows, note),
        Rows("Where it goes", ("stage", "CPU ms per finished frame"), stages),
    )


async def _write(settings: Settings, workload: Workload) -> list[Script]:
    """The first sequence of each channel, cut to the workload."""
    loaded = [item for item in load_folder(settings.channels, wiring.known_names(settings)) if item.channel]
    if not loaded:
        raise InputError("there is no usable channel", remedy="name a folder of them with --channels")
    writer = GrammarWriter()
    sequences = []
    for item in loaded[: workload.channels]:
        assert item.channel is not None
        shape = item.channel.sequence
        shape = shape.model_copy(update={"seconds": workload.seconds or shape.seconds})
        channel = item.channel.model_copy(update={"sequence": shape})
        plan = await writer.write(Brief(item.slug, channel, derive_seed(item.slug, "bench")))
        sequences.append(Script(item.slug, channel, replace(plan, shots=plan.shots[: workload.shots])))
    return sequences


def _run(way: str, folder: Path, ffmpeg: Path, sequences: Sequence[Script], cores: int) -> Run:
    """Make everything once with as many processes as cores, started and warm before the clock runs."""
    with _one_thread_each():
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(cores)
        with ProcessPoolExecutor(cores, context, initializer=_open_shop, initargs=(ready,)) as pool:
            for waiting in [pool.submit(_get_ready) for _ in range(cores)]:
                waiting.result()
            began = time.monotonic()
            beds = [bed_order(seq.slug, seq.plan, seq.channel, CROSSFADE) for seq in sequences]
            results = list(pool.map(carry_out, [Job(way, folder, ffmpeg, bed=bed) for bed in beds]))
            clips = [
                Job(way, folder, ffmpeg, clip=order)
                for script, bed in zip(sequences, list(results), strict=True)
                for order in _clip_orders(script, bed.bed)
            ]
            results += pool.map(carry_out, clips)
            return Run(time.monotonic() - began, results)


def _clip_orders(script: Script, bed: str) -> list[ClipOrder]:
    frames = clip_frames(script.channel)
    return clip_orders(script.slug, script.plan, script.channel, bed=bed, bed_id=script.slug, frames=frames)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers inherit what the station gives to its own: one thread for each numerical library."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_ready: Barrier | None = None


def _open_shop(ready: Barrier) -> None:
    import cv2

    global _ready  # the only way from a pool's initializer to its jobs
    _ready = ready
    cv2.setNumThreads(1)


def _get_ready() -> None:
    if _ready is not None:
        _ready.wait()  # nobody leaves until every process is up, so each got one of these


def carry_out(job: Job) -> Result:
    """Do a job in this process.

    Raises:
        WebTVError: a stage failed; a clip that its checks refuse is a result, not an error.
    """
    times: dict[str, float] = {}
    made: dict[str, Any] = {}
    with Meter() as meter:
        try:
            made, times = asyncio.run(_ours(job)) if job.way == OURS else (_naively(job), {})
        except QualityError as error:
            if job.clip is None:
                raise
            made = {"refused": str(error)}
    return Result(cpu=meter.cpu, times=times, **made)


async def _ours(job: Job) -> tuple[dict[str, Any], dict[str, float]]:
    within: Times = defaultdict(float)
    production = Production(
        lambda options: TimedStages(wiring.stages(options), within).stages,
        wiring.composer,
        Storage(job.folder / "library"),
        scratch=job.folder / "scratch",
        rejected=job.folder / "rejected",
        clock=SystemClock(),
    )
    began = time.process_time()
    if job.bed is not None:
        bed = await production.make_bed(job.bed, job.bed.sequence)
        return {"bed": bed.file}, {"bed": time.process_time() - began}
    assert job.clip is not None
    order = job.clip
    clip = await production.make_clip(
        order, f"{order.sequence}-{order.position}", channel=order.sequence, attempt=1
    )
    total = time.process_time() - began
    return {"frames": clip.frames, "seconds": clip.frames / order.house_format.fps}, own_times(within, total)


def _naively(job: Job) -> dict[str, Any]:
    if job.bed is not None:
        composer = wiring.composer(job.bed.stage)
        path = job.folder / f"{job.bed.sequence}.wav"
        sound = asyncio.run(composer.compose(BedRequest(job.bed.music, job.bed.samples, job.bed.seed)))
        write_bed(sound, path)
        return {"bed": str(path)}
    assert job.clip is not None
    order, form = job.clip, job.clip.house_format
    request = ShotRequest(
        prompt=order.prompt,
        seconds=order.frames / form.fps,
        width=form.width,
        height=form.height,
        fps=form.fps,
        seed=derive_seed(order.sequence_seed, order.position, 1),
        shot=order.position - 1,
        shots=order.of,
        sequence_seed=order.sequence_seed,
    )
    target = job.folder / f"{order.sequence}-{order.position}.mp4"
    make_naively(job.way, job.ffmpeg, request, form, bed=Path(order.bed), bed_at=order.bed_at, target=target)
    return {"frames": order.frames, "seconds": request.seconds}
