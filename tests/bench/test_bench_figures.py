"""The parts of benchmarks that must be right whatever the machine: counting, splitting, comparing."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from webtv.bench.interpolation import Workload, measure_interpolation
from webtv.bench.machine import Machine, describe_machine, ffmpeg_binary, ffmpeg_version
from webtv.bench.measurement import Meter, cpu_of, figure, percentile
from webtv.bench.motions import MOTIONS
from webtv.bench.report import Report, Rows
from webtv.bench.stages import TimedStages, Times, own_times
from webtv.core.errors import ComponentError
from webtv.engine.production import Stages
from webtv.studio.interpolation import DISInterpolator
from webtv.studio.ports import Chunk, Credit, Media, ShotRequest, Take
from webtv.studio.upscaling import LanczosUpscaler

MACHINE = Machine("a processor", 2, 8.0, "Linux x86_64", "3.11", "9", "18", "5", 0.1)
BUSY = "import time\nwhile time.process_time() < 0.2: pass"


def test_cpu_time_of_children_and_threads_counts() -> None:
    with Meter() as idle:
        pass
    with Meter() as busy:
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert busy.cpu >= 0.2 > idle.cpu
    assert busy.wall > idle.wall


def test_cpu_of_a_living_process_is_read_from_the_system() -> None:
    total = sum(os.times()[:4])
    assert cpu_of(os.getpid()) == pytest.approx(total, abs=0.5)
    assert cpu_of(2**22 + 1) == 0.0


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, 0.0), (23.4567, 23.5), (0.012345, 0.0123), (1234.5, 1234.0), (-0.5551, -0.555)]
)
def test_figures_keep_the_digits_that_they_deserve(value: float, shown: float) -> None:
    assert figure(value) == shown


def test_percentiles_are_values_that_were_measured() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.95, 1.0)] == [1.0, 3.0, 5.0, 5.0]


def test_stages_are_split_by_what_each_adds() -> None:
    within: Times = defaultdict(float, {"shot": 1.0, "interpolate": 1.5, "upscale": 2.5})
    assert own_times(within, 4.0) == {"shot": 1.0, "interpolate": 0.5, "upscale": 1.0, "master": 1.5}


class _Grey:
    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        frames = np.full((2, 36, 64, 3), 90, np.uint8)
        for start in (0, 2):
            yield Chunk(frames, start, 12)

    def credit(self, request: ShotRequest) -> Credit:
        return Credit("grey", "grey 1", Media.ALGORITHMIC)


async def test_a_stop_watch_changes_nothing_and_each_stage_has_one(shot_request: ShotRequest) -> None:
    stages = Stages(_Grey(), DISInterpolator(), LanczosUpscaler())
    within: Times = defaultdict(float)
    timed = TimedStages(stages, within).stages

    def chain(stages: Stages) -> Take:
        return stages.upscale.upscale(
            stages.interpolate.interpolate(stages.shot.shoot(shot_request), 24), 128, 72
        )

    plain = [chunk async for chunk in chain(stages)]
    watched = [chunk async for chunk in chain(timed)]
    assert [(c.start_frame, c.fps) for c in watched] == [(c.start_frame, c.fps) for c in plain]
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(plain, watched, strict=True))
    assert 0 < within["shot"] <= within["interpolate"] <= within["upscale"]


@pytest.mark.parametrize("name", MOTIONS)
def test_motions_move_and_are_the_same_every_time(name: str) -> None:
    film = MOTIONS[name](5, 64, 36)
    assert film.shape == (5, 36, 64, 3)
    assert film.dtype == np.uint8
    assert np.array_equal(film, MOTIONS[name](5, 64, 36))
    assert all(not np.array_equal(a, b) for a, b in pairwise(film))


def test_interpolation_is_scored_against_the_frames_that_were_held_out() -> None:
    workload = Workload(width=160, height=96, frames=15, motions=("pan",), runs=1)
    report = measure_interpolation(ffmpeg_binary(None), workload, quick=True)
    scores = report.figures["per_motion"]["pan"]
    # A pan of whole pictures is what motion compensation is for, whoever does it.
    assert scores["dis"] > scores["blend"] + 3
    assert scores["minterpolate"] > scores["blend"] + 3
    assert report.figures["held_out_frames"] == 7


def test_a_report_is_one_flat_object_and_readable_tables() -> None:
    table = Rows("Title", ("what", "value"), [("a thing", "1.5")], "A note.")
    report = Report("air", MACHINE, True, {"ratio_mixed": 1.5}, (table,))
    told = json.loads(json.dumps(report.to_json()))
    assert told["bench"] == "air"
    assert told["ratio_mixed"] == 1.5
    assert told["machine"]["cpu"] == "a processor"
    out = StringIO()
    report.show(Console(file=out, width=120))
    assert all(
        word in out.getvalue()
        for word in ("Title", "a thing", "1.5", "A note.", "a processor", "mean nothing")
    )


def test_the_machine_is_described_without_naming_it() -> None:
    machine = describe_machine(ffmpeg_binary(None))
    text = str(machine)
    assert machine.cores >= 1
    assert machine.memory_gb > 0
    assert os.uname().nodename not in text
    assert "/" not in text.replace(machine.cpu, "")


def test_another_program_in_place_of_ffmpeg_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match="does not run") as caught:
        ffmpeg_version(tmp_path / "none")
    assert "WEBTV_FFMPEG" in caught.value.remedy
