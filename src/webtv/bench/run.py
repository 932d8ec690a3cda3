"""Running a benchmark by its name, in a folder of its own that is gone afterwards."""

import asyncio
import tempfile
from pathlib import Path

from webtv.bench.machine import ffmpeg_binary
from webtv.bench.report import Report
from webtv.core.clock import SystemClock
from webtv.core.log import configure_log
from webtv.core.settings import Settings


def run_bench(name: str, settings: Settings, *, quick: bool) -> Report:
    """Run one benchmark.

    Args:
        name: ``air``, ``studio``, ``interpolate``, ``web``, ``start`` or ``viewer``.
        settings: name the channels and, if need be, another FFmpeg.
        quick: a tiny workload, which shows that everything works.

    Raises:
        WebTVError: it could not be run to its end; then there are no figures.
        KeyError: there is no such benchmark.
    """
    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    ffmpeg = ffmpeg_binary(settings.ffmpeg)
    with tempfile.TemporaryDirectory(prefix="webtv-bench-") as scratch:
        return _BENCHES[name](settings, ffmpeg, Path(scratch), quick)


# Each imports its room late: a benchmark of pages needs no OpenCV.
def _air(_: Settings, ffmpeg: Path, folder: Path, quick: bool) -> Report:
    from webtv.bench import air

    workload = air.QUICK if quick else air.Workload()
    return asyncio.run(air.measure_air(ffmpeg, folder, SystemClock(), workload, quick=quick))


def _studio(settings: Settings, ffmpeg: Path, folder: Path, quick: bool) -> Report:
    from webtv.bench import studio

    workload = studio.QUICK if quick else studio.Workload()
    return studio.measure_studio(settings, ffmpeg, folder, workload, quick=quick)


def _interpolate(_: Settings, ffmpeg: Path, _folder: Path, quick: bool) -> Report:
    from webtv.bench import interpolation

    workload = interpolation.QUICK if quick else interpolation.Workload()
    return interpolation.measure_interpolation(ffmpeg, workload, quick=quick)


def _web(_: Settings, ffmpeg: Path, folder: Path, quick: bool) -> Report:
    from webtv.bench import web

    return asyncio.run(web.measure_web(ffmpeg, folder, web.QUICK if quick else web.Workload(), quick=quick))


def _start(settings: Settings, ffmpeg: Path, folder: Path, quick: bool) -> Report:
    from webtv.bench import start

    workload = start.QUICK if quick else start.Workload()
    work = start.measure_start(settings, ffmpeg, folder, SystemClock(), workload, quick=quick)
    return asyncio.run(work)


def _viewer(_: Settings, ffmpeg: Path, folder: Path, quick: bool) -> Report:
    from webtv.bench import viewer

    workload = viewer.QUICK if quick else viewer.Workload()
    return asyncio.run(viewer.measure_viewer(ffmpeg, folder, SystemClock(), workload, quick=quick))


_BENCHES = {
    "air": _air,
    "studio": _studio,
    "interpolate": _interpolate,
    "web": _web,
    "start": _start,
    "viewer": _viewer,
}
