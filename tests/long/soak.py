"""``make soak HOURS=n``: the whole station for hours, watched on every output, and a report of what came.

Three shipped channels, a working studio, an RTMP server as a target of all channels, in a folder of its own.
Writes ``artifacts/soak/report.md`` and ``report.json``, every ten minutes and at the end; Ctrl-C ends it
early, with a report. Ends with status 1 if a promise of docs/service-level.md was broken.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script, not run by pytest
from soak_report import MB, Sampling, judge, look_at, page

from servers import REPOSITORY, NginxRtmp, free_port, processes_with
from webtv.air.client import HeadEndClient
from webtv.bench.machine import describe_machine, ffmpeg_binary
from webtv.core.clock import SystemClock
from webtv.core.errors import WebTVError
from webtv.core.format import house_format
from webtv.core.log import configure_log
from webtv.core.process import Process, python_command
from webtv.playlist.asrun import AsRunLog, utc_text
from webtv.probe.reading import Reading
from webtv.probe.subscription import subscribe
from webtv.themes.channel import Channel

TARGET = "soak"
SAMPLE = 30.0
REPORT = 600.0
START = 120.0  # seconds until every channel can be watched
STOP = 30.0
CLOCK = SystemClock()


@dataclass
class Soak:
    """What a soak has gathered.

    Attributes:
        folder: its scratch folder.
        marker: by which every process of the station is found.
        readings: by channel and output.
        late: worst lateness of the head-end at each sample, milliseconds.
    """

    folder: Path
    marker: str
    formats: dict[str, str] = field(default_factory=dict)
    readings: dict[str, dict[str, Reading]] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    late: list[float] = field(default_factory=list)
    lost: float = 0.0
    loads: list[float] = field(default_factory=list)
    disk: dict[str, list[float]] = field(default_factory=dict)
    begun: float = 0.0
    started: float = 0.0
    machine: str = ""
    ended: str = ""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    async def sample(self) -> None:
        """Look at processes, disk and head-end once."""
        at = CLOCK.monotonic() - self.started
        seen = await asyncio.to_thread(lambda: [look_at(pid) for pid in processes_with(self.marker)])
        self.sampling.add(at, [process for process in seen if process])
        self.loads.append(os.getloadavg()[0])
        for name, size in (await asyncio.to_thread(sizes, self.data)).items():
            first_last = self.disk.setdefault(name, [round(size, 1), 0.0])
            first_last[1] = round(size, 1)
        with contextlib.suppress(WebTVError):
            channels = (await HeadEndClient(self.data / "air.sock").status())["channels"]
            self.late.append(max(channel["late_ms"] for channel in channels))
            self.lost = max(self.lost, *(channel["lost_seconds"] for channel in channels))

    def report(self) -> dict[str, Any]:
        """Everything so far, judged."""
        found: dict[str, Any] = {
            "begun": utc_text(self.begun),
            "hours": round((CLOCK.monotonic() - self.started) / 3600, 4),
            "machine": self.machine,
            "load": sum(self.loads) / max(1, len(self.loads)),
            "ended": self.ended,
            "head_end": {"late_ms_most": max(self.late, default=0.0), "lost_seconds": self.lost},
            "channels": {
                slug: {
                    "aired": aired(self.data, slug, house_format(self.formats[slug]).fps),
                    "outputs": {kind: reading.report().to_json() for kind, reading in readings.items()},
                }
                for slug, readings in self.readings.items()
            },
            "processes": self.sampling.roles() if self.sampling.rows else {},
            "disk_mb": self.disk,
        }
        # An output that the station does not have brings 404 and nothing else.
        for channel in found["channels"].values():
            flv = channel["outputs"].get("flv")
            if flv and not flv["sessions"] and set(flv["errors"]) == {"status_404"}:
                del channel["outputs"]["flv"]
        found["verdicts"] = [asdict(verdict) for verdict in judge(found)]
        return found


def sizes(data: Path) -> dict[str, float]:
    """MB in each part of the data folder, and all of it."""
    found = {"all": 0.0}
    for path in data.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                size = path.stat().st_size / MB
                part = path.relative_to(data).parts[0]
                found[part] = found.get(part, 0.0) + size
                found["all"] += size
    return {name: size for name, size in found.items() if size >= 0.1}


def aired(data: Path, slug: str, fps: int) -> dict[str, float]:
    """Seconds of each kind of programme, from the as-run log."""
    found: dict[str, float] = {}
    for airing in AsRunLog(data / "asrun" / slug).read():
        found[airing.kind.value] = found.get(airing.kind.value, 0.0) + airing.frames / fps
    return {kind: round(seconds, 1) for kind, seconds in sorted(found.items())}


def lay_out(folder: Path) -> dict[str, str]:
    """Copy the shipped channels, with the target as an output of each; returns their formats."""
    channels = folder / "channels"
    shutil.copytree(REPOSITORY / "channels", channels)
    formats = {}
    for path in sorted(channels.glob("*.yaml")):
        text = path.read_text()
        if "\noutputs:" in text:
            raise SystemExit(f"soak: {path.name} has outputs of its own")
        path.write_text(f"{text.rstrip()}\n\noutputs: [{TARGET}]\n")
        chosen = re.search(r"^format: *(\S+)", text, re.MULTILINE)
        formats[path.stem] = chosen[1] if chosen else str(Channel.model_fields["format"].default)
    return formats


@contextlib.contextmanager
def no_leftovers(marker: str) -> Iterator[None]:
    """Nothing that was started with this marker outlives the block."""
    try:
        yield
    finally:
        for pid in processes_with(marker):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def watch(
    soak: Soak, url: str, server: NginxRtmp, station: Process, stack: contextlib.AsyncExitStack
) -> None:
    """Subscribe to every output; count from when all of them have begun."""
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        async with asyncio.timeout(START):
            while True:
                await asyncio.sleep(0.5)
                if station.returncode is not None:
                    raise SystemExit(f"soak: the station ended with status {station.returncode}")
                with contextlib.suppress(httpx.HTTPError, ValueError):
                    slugs = [str(item["slug"]) for item in (await client.get("/api/channels")).json()]
                    pages = [await client.get(f"/hls/{slug}/index.m3u8") for slug in slugs]
                    if slugs and all("#EXTINF" in index.text for index in pages):
                        break
    for slug in slugs:
        soak.readings[slug] = {
            "hls": await stack.enter_async_context(subscribe(f"{url}/hls/{slug}/index.m3u8")),
            "flv": await stack.enter_async_context(subscribe(f"{url}/live/{slug}.flv")),
            "rtmp": await stack.enter_async_context(subscribe(server.url(slug))),
        }
    outputs = [reading for readings in soak.readings.values() for reading in readings.values()]
    for reading in outputs:
        with contextlib.suppress(TimeoutError):  # what does not begin is told by the report
            await reading.until(lambda report: report.media_seconds > 4, within=60)
    for reading in outputs:
        if reading.report().sessions:
            reading.clear()


async def run(hours: float, artifacts: Path) -> int:
    """The whole soak; returns the exit status."""
    soak_marker, port = f"soak-{uuid.uuid4()}", free_port()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="webtv-soak-") as name, no_leftovers(soak_marker):
        soak = Soak(Path(name), soak_marker, machine=str(describe_machine(ffmpeg_binary(None))))
        soak.formats = lay_out(soak.folder)
        async with NginxRtmp(soak.folder / "nginx") as server, contextlib.AsyncExitStack() as stack:
            station = Process(
                python_command(
                    *("serve", "--data", str(soak.data), "--channels", str(soak.folder / "channels")),
                    *("--port", str(port)),
                ),
                name="station",
                env={
                    "WEBTV_SOAK_MARKER": soak_marker,
                    "WEBTV_OUTPUTS": json.dumps({TARGET: server.url("{channel}")}),
                },
                log=soak.folder / "station.log",
                grace=STOP,
            )
            await stack.enter_async_context(station)
            try:
                await until_stopped(watch(soak, f"http://127.0.0.1:{port}", server, station, stack), stopped)
            except TimeoutError:
                soak.ended = f"not playable after {START:.0f} s"
            soak.begun, soak.started = CLOCK.time(), CLOCK.monotonic()
            say(f"{hours:g} h: {', '.join(soak.readings)}; report in {artifacts}")
            await last(soak, hours * 3600, station, stopped, artifacts)
            found = write(soak, artifacts)
            station.child.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP):
                    await station.wait()
        shutil.copy(soak.folder / "station.log", artifacts / "station.log")
    for verdict in found["verdicts"]:
        say(
            f"{ {True: 'kept', False: 'BROKEN', None: 'not judged'}[verdict['kept']]:>10}  "
            f"{verdict['promise']}: {verdict['measured']}"
        )
    return int(any(verdict["kept"] is False for verdict in found["verdicts"]))


async def until_stopped(work: Any, stopped: asyncio.Event) -> None:
    """Do it, unless somebody wants to stop meanwhile."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        stop.cancel()
        task.cancel()
        await asyncio.gather(task, stop, return_exceptions=True)


async def last(soak: Soak, seconds: float, station: Process, stopped: asyncio.Event, artifacts: Path) -> None:
    """Sample until the time is over, somebody stops it, or the station ends."""
    end, written = soak.started + seconds, soak.started
    while not soak.ended:
        await soak.sample()
        if CLOCK.monotonic() - written > REPORT:
            write(soak, artifacts)
            written = CLOCK.monotonic()
        left = end - CLOCK.monotonic()
        if left <= 0 or stopped.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(SAMPLE, left)):
                await stopped.wait()
        if station.returncode is not None and not stopped.is_set():
            soak.ended = f"the station ended with status {station.returncode}"


def write(soak: Soak, artifacts: Path) -> dict[str, Any]:
    """Write both reports; returns what is in them."""
    found = soak.report()
    artifacts.mkdir(parents=True, exist_ok=True)
    (artifacts / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (artifacts / "report.md").write_text(page(found))
    return found


def say(text: str) -> None:
    """One line for whoever watches."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Run the whole station for hours and report what viewers got."
    )
    parser.add_argument("--hours", type=float, default=2.0, help="how long (2)")
    parser.add_argument(
        "--artifacts", type=Path, default=Path("artifacts/soak"), help="where the report goes"
    )
    wanted = parser.parse_args()
    configure_log("error")
    sys.exit(asyncio.run(run(wanted.hours, wanted.artifacts.resolve())))
