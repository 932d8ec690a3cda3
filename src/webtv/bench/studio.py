"""``webtv bench studio``: finished seconds per second, through the real chain and through two naive ones.

Beside it, every family of scenes alone, how soon a cold start has its first clip, the memory that all of it
takes, and how busy the models' studio keeps its slowest stage (:mod:`webtv.bench.lanes`).

The prompts are what the shipped channels' grammar writes. One process per core works, as the station does;
ours goes through :class:`webtv.engine.production.Production`, from prompt and brief to checked, labelled and
stored clips. The naive ways are described in :mod:`webtv.bench.naive`: on one core, one thing after the
other. All ways make the same clips.
"""

import asyncio
import multiprocessing
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from webtv import wiring
from webtv.bench.lanes import FULL, MASTERED, REQUIRED, LanesWorkload, measure_lanes
from webtv.bench.lanes import QUICK as QUICK_LANES
from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, Meter, descendants, figure, median, pss_of
from webtv.bench.naive import WAYS, make_naively, write_bed
from webtv.bench.report import Report, Rows
from webtv.bench.scripts import Script, channel_scripts, family_scripts
from webtv.bench.stages import TimedStages, Times, own_times
from webtv.core.allocator import CHUNKS, give_memory_back, trim
from webtv.core.clock import SystemClock
from webtv.core.errors import QualityError
from webtv.core.process import usable_cores
from webtv.core.settings import Settings
from webtv.engine.orders import BedOrder, ClipOrder, derive_seed
from webtv.engine.production import Production
from webtv.library.storage import Storage
from webtv.studio.ports import BedRequest, ShotRequest

OURS = "ours"
TIMED = "timed"
FASTER, THAN_NAIVE = 1.5, 1.2  # what is required on two cores
_LOOK = 0.5  # seconds between two looks at the memory
STAGES = ("shot", "interpolate", "upscale", "master")


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is made in each run.

    Attributes:
        channels: at most so many channels.
        shots: of the first sequence of each channel.
        seconds: length of each shot; 0 takes the channel's.
        runs: the median of so many counts.
        families: at most so many families of scenes alone, as many clips of each as there are cores.
        lanes: what the models' studio does with stages of known length.
        mastered: the same with the station's own mastering; None leaves it out.
    """

    channels: int = 99
    shots: int = 3
    seconds: int = 0
    runs: int = RUNS
    families: int = 99
    lanes: LanesWorkload = FULL
    mastered: LanesWorkload | None = MASTERED


QUICK = Workload(channels=1, shots=1, seconds=2, runs=1, families=1, lanes=QUICK_LANES, mastered=None)


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker does at a time: a bed, or a clip.

    Attributes:
        way: ``ours``, ``timed`` (ours, one stage at a time), ``render`` or ``steps``.
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
    """One way, once through the whole workload.

    Attributes:
        wall: seconds that it took.
        results: of its jobs, beds first.
        memory: megabytes of all processes together at their highest (PSS).
    """

    wall: float
    results: Sequence[Result]
    memory: float

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
    scripts = channel_scripts(
        settings, channels=workload.channels, shots=workload.shots, seconds=workload.seconds
    )
    # A process beyond the last clip would have nothing to do.
    cores = min(usable_cores(), sum(len(script.plan.shots) for script in scripts))
    runs: dict[str, list[Run]] = {way: [] for way in (OURS, *WAYS)}
    for number in range(workload.runs):
        for way, done in runs.items():
            place = folder / f"{way}{number}"
            done.append(_run(way, place, ffmpeg, scripts, cores if way == OURS else 1))
    ours = runs[OURS]
    if not any(run.seconds for run in ours):
        reasons = {result.refused for result in ours[0].results if result.refused}
        raise QualityError("no clip passed its checks: " + "; ".join(sorted(reasons)))
    cost = {way: median(run.cpu_per_second for run in done) for way, done in runs.items()}
    factor = {way: median(run.realtime_factor for run in done) for way, done in runs.items()}
    first = median(_first_clip(folder / f"first{n}", ffmpeg, scripts[0]) for n in range(workload.runs))
    families = {
        family: _run(OURS, folder / f"family-{family}", ffmpeg, [script], cores).realtime_factor
        for family, script in family_scripts(scripts[0], workload.families, cores).items()
    }
    busy, busy_rows = asyncio.run(measure_lanes(folder / "lanes", workload.lanes))
    refused = [result.refused for result in ours[0].results if result.refused]
    figures: dict[str, Any] = {
        "cores": cores,
        "runs": workload.runs,
        "clips": sum(1 for result in ours[0].results if result.frames),
        "refused": refused,
        "seconds": ours[0].seconds,
        "realtime_factor": figure(factor[OURS]),
        "realtime_factor_required": FASTER,
        "realtime_factor_per_core": figure(1 / cost[OURS]),
        "realtime_factor_naive": figure(factor["render"]),
        "realtime_factor_naive_steps": figure(factor["steps"]),
        "ratio_to_naive": figure(factor[OURS] / factor["steps"]),
        "ratio_to_naive_required": THAN_NAIVE,
        "ratio_naive": figure(cost["render"] / cost[OURS]),
        "ratio_naive_steps": figure(cost["steps"] / cost[OURS]),
        "realtime_factor_per_scene": {
            "worst": figure(min(families.values())),
            "median": figure(median(families.values())),
            "by_scene": {family: figure(value) for family, value in families.items()},
        },
        "rss_mb": figure(median(run.memory for run in ours)),
        "time_to_first_clip_s": figure(first),
        "ms_per_frame": _per_frame(_run(TIMED, folder / TIMED, ffmpeg, scripts, cores)),
        "bottleneck_utilisation": figure(busy),
        "bottleneck_utilisation_required": REQUIRED,
    }
    tables = (*_tables(figures, factor, cost, workload), busy_rows)
    if workload.mastered is not None:
        busy, busy_rows = asyncio.run(measure_lanes(folder / "mastered", workload.mastered))
        figures["bottleneck_utilisation_mastered"] = figure(busy)
        tables = (*tables, busy_rows)
    return Report("studio", machine, quick, figures, tables)


def _per_frame(run: Run) -> dict[str, float]:
    """CPU milliseconds per finished frame, by stage."""
    frames = sum(result.frames for result in run.results)
    spent: Counter[str] = Counter()
    for result in run.results:
        spent.update(result.times)
    return {stage: figure(1000 * spent[stage] / frames) for stage in (*STAGES, "bed")}


def _tables(
    figures: dict[str, Any], factor: dict[str, float], cost: dict[str, float], workload: Workload
) -> tuple[Rows, ...]:
    names = {
        OURS: "ours: checked, labelled, stored",
        "render": "naive, one process: every frame drawn in full",
        "steps": "naive, one process: the same steps",
    }
    rows = [
        (names[way], f"{factor[way]:.2f}", f"{1 / cost[way]:.2f}", f"{cost[way] / cost[OURS]:.2f}")
        for way in names
    ]
    columns = ("finished seconds", "per second", "per second of CPU", "CPU, ours = 1")
    note = (
        f"{figures['clips']} clips, {figures['seconds']:g} s of video, {figures['cores']} worker processes, "
        f"beds included, {len(figures['refused'])} clips refused by the checks; median of {workload.runs}. "
        f"{figures['rss_mb']:.0f} MB; "
        f"first clip of a cold start after {figures['time_to_first_clip_s']:.1f} s."
    )
    stages = [(stage, f"{value:.1f}") for stage, value in figures["ms_per_frame"].items()]
    stages.append(("together", f"{sum(figures['ms_per_frame'].values()):.1f}"))
    scenes = figures["realtime_factor_per_scene"]
    alone = sorted(scenes["by_scene"].items(), key=lambda item: float(item[1]))
    return (
        Rows("Studio", columns, rows, note),
        Rows("Where it goes", ("stage", "CPU ms per finished frame"), stages),
        Rows("Scenes alone", ("scene", "per second"), [(name, f"{value:.2f}") for name, value in alone]),
    )


def _run(way: str, folder: Path, ffmpeg: Path, scripts: Sequence[Script], cores: int) -> Run:
    """Make everything once with so many processes, started and warm before the clock runs."""
    folder.mkdir()
    with _one_thread_each(), _Watch() as memory:
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(cores)
        started = (ready, way in WAYS)
        with ProcessPoolExecutor(cores, context, initializer=_open_shop, initargs=started) as pool:
            for waiting in [pool.submit(_get_ready) for _ in range(cores)]:
                waiting.result()
            began = time.monotonic()
            orders = [Job(way, folder, ffmpeg, bed=script.bed()) for script in scripts]
            results = list(pool.map(carry_out, orders))
            clips = [
                Job(way, folder, ffmpeg, clip=order)
                for script, bed in zip(scripts, list(results), strict=True)
                for order in script.clips(bed.bed)
            ]
            results += pool.map(carry_out, clips)
            return Run(time.monotonic() - began, results, memory.highest)


def _first_clip(folder: Path, ffmpeg: Path, script: Script) -> float:
    """Seconds from nothing to a channel's first clip: a cold process, the whole bed, one shot."""
    folder.mkdir()
    began = time.monotonic()
    with _one_thread_each():
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(1)
        with ProcessPoolExecutor(1, context, initializer=_open_shop, initargs=(ready, False)) as pool:
            bed = pool.submit(carry_out, Job(OURS, folder, ffmpeg, bed=script.bed())).result()
            pool.submit(carry_out, Job(OURS, folder, ffmpeg, clip=script.clips(bed.bed)[0])).result()
            return time.monotonic() - began


class _Watch:
    """Looks at the memory of this process's children while a block runs.

    Attributes:
        highest: megabytes of all of them together (PSS).
    """

    def __init__(self) -> None:
        self.highest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.highest = max(self.highest, sum(map(pss_of, descendants(os.getpid()))))
            if self._over.wait(_LOOK):
                return


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


def _open_shop(ready: Barrier, alone: bool) -> None:
    """Set a process up as the station does with its workers."""
    import cv2

    give_memory_back(arenas=2, large=CHUNKS)

    if alone and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # FFmpeg, its child, shares that core

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
            made, times = (_naively(job), {}) if job.way in WAYS else asyncio.run(_ours(job))
        except QualityError as error:
            if job.clip is None:
                raise
            made = {"refused": str(error)}
    trim()
    return Result(cpu=meter.cpu, times=times, **made)


async def _ours(job: Job) -> tuple[dict[str, Any], dict[str, float]]:
    within: Times = defaultdict(float)
    production = Production(
        wiring.stages
        if job.way == OURS
        else lambda options: TimedStages(wiring.stages(options), within).stages,
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
