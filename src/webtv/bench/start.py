"""``webtv bench start``: how soon a station can be watched, on an empty folder and on the same one again.

A real ``webtv serve`` is started with the shipped channels. It counts as playable when the web serves a
playlist with a segment of at least one channel, that playlist's initialisation and its latest segment.
"""

import asyncio
import contextlib
import re
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from webtv.bench.machine import describe_machine
from webtv.bench.measurement import figure
from webtv.bench.report import Report, Rows
from webtv.core.clock import Clock
from webtv.core.errors import TransientError, WebTVError
from webtv.core.process import Process, python_command
from webtv.core.settings import Settings

_LOOK = 0.05
_GRACE = 20.0
_INIT = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Workload:
    """How long to wait.

    Attributes:
        patience: seconds after which the benchmark gives up.
        new: whether to wait for a newly generated clip on air as well.
    """

    patience: float = 180.0
    new: bool = True


QUICK = Workload(new=False)


@dataclass(frozen=True, slots=True)
class _Start:
    """Seconds from launch; ``new`` is None if nobody waited for it. ``ended`` counts from the signal."""

    playable: float
    all_playable: float
    new: float | None
    ended: float


async def measure_start(
    settings: Settings, ffmpeg: Path, folder: Path, clock: Clock, workload: Workload, *, quick: bool
) -> Report:
    """Start a station twice on one data folder.

    Args:
        settings: say where the channels are.
        ffmpeg: only named in the report.
        folder: an empty folder for the station's data.
        clock: waits between looks.
        workload: how long to wait.
        quick: said in the report.

    Raises:
        TransientError: the station ended, did not become playable or did not end well.
    """
    machine = describe_machine(ffmpeg)
    empty = await _start(settings, folder, clock, workload)
    again = await _start(settings, folder, clock, Workload(workload.patience, new=False))
    figures = {
        "playable_empty": figure(empty.playable),
        "all_playable_empty": figure(empty.all_playable),
        "new_on_air": figure(empty.new) if empty.new is not None else None,
        "playable_again": figure(again.playable),
        "all_playable_again": figure(again.all_playable),
        "stop_seconds": figure(max(empty.ended, again.ended)),
    }
    rows = [
        ("first channel playable", f"{empty.playable:.1f}", f"{again.playable:.1f}"),
        ("all channels playable", f"{empty.all_playable:.1f}", f"{again.all_playable:.1f}"),
        ("new clip on air", "" if empty.new is None else f"{empty.new:.1f}", ""),
        ("stopped after Ctrl-C", f"{empty.ended:.1f}", f"{again.ended:.1f}"),
    ]
    note = "Seconds from launching `webtv serve` in a ready environment; one start each."
    columns = ("start", "empty folder, s", "again, s")
    return Report("start", machine, quick, figures, (Rows("Start", columns, rows, note),))


async def _start(settings: Settings, folder: Path, clock: Clock, workload: Workload) -> _Start:
    port = _free_port()
    data, log = folder / "data", folder / "station.log"
    argv = python_command(
        "serve",
        "--data",
        str(data),
        "--channels",
        str(settings.channels),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    )
    address = f"http://127.0.0.1:{port}"
    station = Process(argv, name="station", log=log, grace=_GRACE)
    began = time.monotonic()
    try:
        async with station, httpx.AsyncClient(base_url=address, timeout=5, trust_env=False) as client:
            async with asyncio.timeout(workload.patience):
                first, every = await _playable(client, station, clock, began)
                new = await _new_on_air(client, station, clock, began) if workload.new else None
            asked = time.monotonic()
            station.child.send_signal(signal.SIGINT)
            async with asyncio.timeout(_GRACE):
                status = await station.wait()
            ended = time.monotonic() - asked
    except TimeoutError as error:
        raise TransientError(
            f"the station was not ready after {workload.patience:g} s: {_last_words(log)}"
        ) from error
    except BaseException:
        await _clear_away(data)
        raise
    if status not in (0, 130):
        raise TransientError(f"the station ended with status {status}: {_last_words(log)}")
    return _Start(first, every, new, ended)


async def _playable(
    client: httpx.AsyncClient, station: Process, clock: Clock, began: float
) -> tuple[float, float]:
    """Seconds until the first channel, and until all channels can be played."""
    first: float | None = None
    waiting: set[str] | None = None
    while True:
        _expect_running(station)
        with contextlib.suppress(httpx.HTTPError, ValueError):
            if not waiting:
                waiting = {str(channel["slug"]) for channel in (await client.get("/api/channels")).json()}
            for slug in sorted(waiting):
                if await _plays(client, slug):
                    waiting.discard(slug)
                    first = first if first is not None else time.monotonic() - began
            if first is not None and not waiting:
                return first, time.monotonic() - began
        await clock.sleep(_LOOK)


async def _plays(client: httpx.AsyncClient, slug: str) -> bool:
    """Whether index, initialisation and latest segment are served."""
    index = await client.get(f"/hls/{slug}/index.m3u8")
    segments = [line for line in index.text.splitlines() if line and not line.startswith("#")]
    start = _INIT.search(index.text)
    if index.status_code != 200 or not segments or start is None:
        return False
    names = (start[1], segments[-1])
    files = [await client.get(f"/hls/{slug}/{name}") for name in names]
    return all(file.status_code == 200 for file in files)


async def _new_on_air(client: httpx.AsyncClient, station: Process, clock: Clock, began: float) -> float:
    """Seconds until any channel airs a newly generated clip."""
    while True:
        _expect_running(station)
        with contextlib.suppress(httpx.HTTPError, ValueError):
            channels = (await client.get("/api/channels")).json()
            if any((channel["now"] or {}).get("kind") == "new" for channel in channels):
                return time.monotonic() - began
        await clock.sleep(_LOOK)


def _expect_running(station: Process) -> None:
    if station.returncode is not None:
        raise TransientError(f"the station ended with status {station.returncode}")


async def _clear_away(data: Path) -> None:
    """A head-end outlives a station that ended badly; a benchmark must not leave one on air."""
    stop = Process(python_command("stop", "--data", str(data)), name="webtv stop", grace=_GRACE)
    with contextlib.suppress(WebTVError, TimeoutError):
        async with stop, asyncio.timeout(_GRACE):
            await stop.wait()


def _last_words(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
