"""``webtv bench web``: requests per second and latency of the pages, from a real server process.

The server is what ``webtv web`` runs, over the fake station, so that the figures are the web room's own. The
client keeps its connections open, as browsers and players do, and shares the machine with the server.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, cpu_of, figure, median, percentile
from webtv.bench.report import Report, Rows
from webtv.core.errors import InternalError, TransientError
from webtv.core.process import Process, python_command

SEGMENT_BYTES = 625_000  # two seconds at 2.5 Mb/s
PATHS: Mapping[str, str] = {
    "page": "/",
    "api": "/api/channels",
    "segment": "/hls/tideline/s-000001.m4s",
}
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is asked.

    Attributes:
        connections: open at once.
        requests: in each run, on all connections together.
        runs: the median of so many counts.
    """

    connections: int = 8
    requests: int = 800
    runs: int = RUNS


QUICK = Workload(connections=2, requests=6, runs=1)


@dataclass(frozen=True, slots=True)
class _Run:
    """One path, once: latencies in seconds, wall and server CPU seconds, bytes of one answer."""

    latencies: list[float]
    wall: float
    cpu: float
    size: int


async def measure_web(ffmpeg: Path, folder: Path, workload: Workload, *, quick: bool) -> Report:
    """Measure a server of its own.

    Args:
        ffmpeg: only named in the report.
        folder: an empty folder for the segment.
        workload: how much.
        quick: said in the report.

    Raises:
        TransientError: the server does not come up or breaks off.
        InternalError: it answers with an error.
    """
    machine = describe_machine(ffmpeg)
    noise = np.random.default_rng(1).integers(0, 256, SEGMENT_BYTES, np.uint8)
    (folder / "s-000001.m4s").write_bytes(noise.tobytes())
    argv = [*python_command()[:1], "-m", "webtv.bench.fake_web", str(folder)]
    runs: dict[str, list[_Run]] = {name: [] for name in PATHS}
    async with Process(argv, name="web server", stdout=True) as server:
        async with asyncio.timeout(_PATIENCE):
            line = await server.stdout.readline()
        if not line:
            raise TransientError("the server did not come up: " + " | ".join(server.tail))
        port = int(line)
        for path in PATHS.values():
            await _ask_all(port, path, workload.connections, workload.connections)  # warm
        for _ in range(workload.runs):
            for name, path in PATHS.items():
                before, began = cpu_of(server.pid), time.monotonic()
                latencies, size = await _ask_all(port, path, workload.connections, workload.requests)
                wall = time.monotonic() - began
                runs[name].append(_Run(latencies, wall, cpu_of(server.pid) - before, size))
    routes = {name: _figures(PATHS[name], done, workload) for name, done in runs.items()}
    figures = {"connections": workload.connections, "requests": workload.requests, "runs": workload.runs}
    rows = [
        (
            f"{route['path']}  ({route['bytes'] / 1000:.0f} kB)",
            f"{route['requests_per_second']:.0f}",
            f"{route['p50_ms']:.1f}",
            f"{route['p95_ms']:.1f}",
            f"{route['cpu_ms']:.2f}",
        )
        for route in routes.values()
    ]
    note = (
        f"{workload.connections} connections kept open, {workload.requests} requests, client on the same "
        f"machine, no compression asked for; median of {workload.runs}."
    )
    columns = ("path", "requests per second", "p50 ms", "p95 ms", "server CPU ms")
    return Report("web", machine, quick, {**figures, "routes": routes}, (Rows("Web", columns, rows, note),))


def _figures(path: str, runs: list[_Run], workload: Workload) -> dict[str, Any]:
    return {
        "path": path,
        "bytes": runs[0].size,
        "requests_per_second": figure(median(workload.requests / run.wall for run in runs)),
        "p50_ms": figure(1000 * median(percentile(run.latencies, 0.5) for run in runs)),
        "p95_ms": figure(1000 * median(percentile(run.latencies, 0.95) for run in runs)),
        "cpu_ms": figure(1000 * median(run.cpu / workload.requests for run in runs)),
    }


async def _ask_all(port: int, path: str, connections: int, requests: int) -> tuple[list[float], int]:
    """Ask on several connections until all is asked; latencies and the size of an answer's body."""
    latencies: list[float] = []
    sizes: list[int] = []
    left = iter(range(requests))

    async def visit() -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
            with contextlib.closing(writer):
                for _ in left:
                    began = time.monotonic()
                    sizes.append(await _ask(reader, writer, path))
                    latencies.append(time.monotonic() - began)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise TransientError("the server broke off", place=path) from error

    try:
        async with asyncio.timeout(_PATIENCE + requests), asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(visit())
    except ExceptionGroup as troubles:
        # All visitors fail for the same reason; one line tells it.
        raise troubles.exceptions[0] from None
    return latencies, sizes[-1]


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> int:
    """One GET on an open connection; the size of the body."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise InternalError(f"the server answered {head[:40]!r}", place=path)
    if b"transfer-encoding: chunked" not in head:
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        return size
    size = 0
    while count := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        size += count
        await reader.readexactly(count + 2)
    await reader.readuntil(b"\r\n")
    return size
