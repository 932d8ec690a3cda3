"""A head-end on air with every kind of output, and a subscriber at each, for tests that break things."""

import asyncio
import contextlib
import os
import re
import resource
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from air_house import SLUG, House, fill

from servers import NginxRtmp
from webtv.air.client import HeadEndClient
from webtv.air.config import AirConfig, OutputConfig, RecordingConfig
from webtv.core.process import Process, python_command
from webtv.probe.reading import Reading
from webtv.probe.subscription import subscribe

PATIENCE = 60.0  # seconds; a bound that only a broken head-end reaches
SMOOTH = 1900.0  # milliseconds of lateness on a machine that runs other tests, too; a lost GOP is 2000


@dataclass
class Broadcast:
    """One channel on HLS, a recording and two RTMP servers, watched everywhere."""

    house: House
    process: Process
    servers: dict[str, NginxRtmp] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    @property
    def client(self) -> HeadEndClient:
        return HeadEndClient(self.house.data / "air.sock", timeout=10.0)

    async def status(self) -> dict[str, Any]:
        (channel,) = (await self.client.status())["channels"]
        return dict(channel)

    async def output(self, name: str) -> dict[str, Any]:
        return next(output for output in (await self.status())["outputs"] if output["name"] == name)

    async def is_settled(self) -> bool:
        """Whether everything that a head-end makes at its start is made."""
        return bool((await self.status())["slate_ready"])

    def said(self, kind: str) -> list[str]:
        """Latest lines of the log that tell of such an event."""
        return [line for line in self.process.tail if f" {kind} " in f"{line} "]

    def clear(self) -> None:
        """Count anew at every subscriber."""
        for reading in self.readings.values():
            reading.clear()

    async def goes_on(self, *outputs: str, seconds: float = 6.0) -> None:
        """So much more media comes on these outputs, and nothing was irregular since :meth:`clear`."""
        async with asyncio.timeout(PATIENCE):
            for name in outputs:
                seen = self.readings[name].report().media_seconds
                await self.readings[name].until(
                    lambda report, seen=seen: report.media_seconds >= seen + seconds, within=PATIENCE
                )
        for name in outputs:
            report = self.readings[name].report()
            irregular = report.regressions, report.jumps, report.discontinuities, report.reconnects
            assert irregular == (0, 0, 0, 0), (name, report.notes)
            assert report.longest_gap_ms < SMOOTH, (name, report.notes)

    async def until(self, what: Callable[[], Any]) -> None:
        """Something is so, at last."""
        async with asyncio.timeout(PATIENCE):
            while not (await found if asyncio.iscoroutine(found := what()) else found):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def children(self) -> list[int]:
        """Process ids of the head-end's children."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in text.split()]

    @contextlib.contextmanager
    def limited(self, what: int, value: int) -> Any:
        """Lower a resource limit of the running head-end while the block lasts."""
        soft, hard = resource.prlimit(self.process.pid, what)
        resource.prlimit(self.process.pid, what, (value, hard))
        try:
            yield
        finally:
            resource.prlimit(self.process.pid, what, (soft, hard))

    def descriptors(self) -> int:
        """How many files the head-end has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@contextlib.asynccontextmanager
async def broadcast(house: House, folder: Path) -> AsyncIterator[Broadcast]:
    """Go on air and wait until every subscriber sees it."""
    fill(house, 10)
    servers = {name: NginxRtmp(folder / name) for name in ("main", "mirror")}
    async with contextlib.AsyncExitStack() as stack:
        # Subscribers first: they ask until they find something, and leave when what they watch is gone.
        readings = {"hls": await stack.enter_async_context(subscribe(house.hls, look=False))}
        for name, server in servers.items():
            readings[name] = await stack.enter_async_context(subscribe(server.url(SLUG), look=False))
        for server in servers.values():
            await stack.enter_async_context(server)
        outputs = tuple(OutputConfig(name, server.url(SLUG)) for name, server in servers.items())
        config = replace(house.config(*outputs), recording=RecordingConfig(hours=1.0))
        AirConfig((config,), hls_window=40.0).save(house.data / "air.json")
        argv = python_command("air", "--data", str(house.data))
        process = await stack.enter_async_context(Process(argv, name="head-end", grace=5.0))
        on = Broadcast(house, process, servers, readings)
        await on.until((house.data / "air.sock").exists)
        for reading in readings.values():
            await reading.until(lambda report: report.media_seconds >= 4, within=PATIENCE)
        await on.until(on.is_settled)
        yield on
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)


def remedy_in(lines: list[str]) -> bool:
    """Whether some line tells a remedy."""
    return any(re.search(r"remedy='[^']+", line) or re.search(r'remedy="[^"]+', line) for line in lines)
