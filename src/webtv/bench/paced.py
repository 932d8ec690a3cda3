"""One channel in real time with HLS, FLV and RTMP, beside AI WebTV's command into the same RTMP server."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from webtv.air.flv import FLV_TYPE
from webtv.bench.footage import Footage
from webtv.bench.measurement import cpu_of, median
from webtv.bench.playout import Playout
from webtv.bench.splicing import reference_command, write_lists
from webtv.core.clock import Clock
from webtv.core.errors import InternalError, TransientError
from webtv.core.format import GOP_SECONDS
from webtv.core.process import Process
from webtv.testing.rtmp import RtmpServer

_NAME = "random"  # as AI WebTV called it
_PATIENCE = 30.0
_LOOK = 0.2
_SLACK = 90  # seconds of programme beyond what is measured: starts take their time
_LATE = 0.5  # seconds by which a burst may be late
_VIDEO = 9  # an FLV tag


@dataclass(frozen=True, slots=True)
class Paced:
    """Shares of a core, in percent, the median of the runs.

    Attributes:
        reference: AI WebTV's command.
        head_end: our head-end with HLS, FLV and RTMP.
        child: its child that holds the RTMP connection.
        child_pss: megabytes of the child.
    """

    reference: float
    head_end: float
    child: float
    child_pss: float


async def measure_paced(
    ffmpeg: Path,
    folder: Path,
    footage: Footage,
    server: RtmpServer,
    clock: Clock,
    *,
    seconds: float,
    runs: int,
    step: float,
) -> Paced:
    """Measure both at the same time, so that whatever else the machine does is the same for both.

    Args:
        ffmpeg: binary of the reference.
        folder: where everything is written.
        footage: what airs.
        server: takes both streams; its own work counts for nobody.
        clock: waits.
        seconds: length of each run.
        runs: the median of so many.
        step: seconds between two looks at whether the head-end has settled.

    Raises:
        WebTVError: one of them did not air what it should; then no figure counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    length = seconds * runs + _SLACK
    write_lists(ffmpeg, folder, footage, int(length))
    argv = reference_command(ffmpeg, server.url(_NAME), paced=True)
    ours = Playout(folder, footage, 1, length, clock, step=step)
    async with ours, _in(folder, argv) as reference, _reading(ours) as reader:
        await ours.push(server)
        await _arrives(server, (_NAME, *ours.slugs), (ours.process, reference), clock)
        await ours.settle()
        shares: list[tuple[float, float, float]] = []
        pss = 0.0
        for _ in range(runs):
            before, seen = ours.usage(), await server.published()
            frames, cpu = reader.frames, cpu_of(reference.pid)
            await clock.sleep(seconds)
            after, cpu_after = ours.usage(), cpu_of(reference.pid)
            wall = after.at - before.at
            shares.append(
                (
                    100 * (cpu_after - cpu) / wall,
                    100 * (after.head_end - before.head_end) / wall,
                    100 * (after.children - before.children) / wall,
                )
            )
            pss = sum(after.children_pss)
            told = await server.published()
            for name in (_NAME, *ours.slugs):
                came = 8 * (told[name].bytes - seen[name].bytes) if name in told else 0
                # The reference encodes at a rate of its own; all that counts is that it goes on.
                rate = footage.bit_rate * (0.2 if name == _NAME else 1.0)
                _expect(came, rate, wall, f"bits of {name} by RTMP")
            if reader.reading is not None and reader.reading.done():
                reader.reading.result()
                raise TransientError("the FLV stream ended")
            _expect(reader.frames - frames, footage.form.fps, wall, "pictures of the FLV stream")
            await ours.expect_programme()
            ours.seen(time.time() - wall, time.time() - _LATE - GOP_SECONDS)
        if reference.returncode is not None:
            raise TransientError("the reference ended: " + " | ".join(reference.tail))
    reference_share, head_end, child = (median(values) for values in zip(*shares, strict=True))
    return Paced(reference_share, head_end, child, pss)


def _expect(came: float, rate: float, wall: float, what: str) -> None:
    """What comes in bursts of two seconds may lack one of them; clips are not all of the same weight."""
    wanted = 0.85 * rate * (wall - GOP_SECONDS - _LATE)
    if came < wanted:
        raise InternalError(f"there were {came:.0f} {what} in {wall:.0f} s, not {wanted:.0f}")


@contextlib.asynccontextmanager
async def _in(folder: Path, argv: list[str]) -> AsyncIterator[Process]:
    """A process that runs in a folder."""
    # `env -C` changes the folder and becomes the program: the process's id is the program's.
    async with Process(["env", "-C", str(folder), *argv], name="the reference") as process:
        yield process


async def _arrives(
    server: RtmpServer, names: tuple[str, ...], processes: tuple[Process, ...], clock: Clock
) -> None:
    """Wait until the server has pictures and sound of every stream."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                for process in processes:
                    if process.returncode is not None:
                        last = " | ".join(process.tail)
                        raise TransientError(f"{process.name} ended: {last}")
                found = await server.published()
                if all(name in found and found[name].width and found[name].audio for name in names):
                    return
                await clock.sleep(_LOOK)
    except TimeoutError as error:
        raise TransientError(f"not every stream reached the RTMP server: {sorted(found)}") from error


class _Reader:
    """Counts the pictures of an FLV stream.

    Attributes:
        frames: how many have come.
        reading: done when no more can come.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.reading: asyncio.Future[None] | None = None
        self._rest = b""
        self._skip = 9 + 4  # the file's header and the first back pointer

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        at = self._skip
        while at + 11 <= len(data):
            self.frames += data[at] == _VIDEO
            at += 11 + int.from_bytes(data[at + 1 : at + 4]) + 4
        self._rest, self._skip = (data[at:], 0) if at <= len(data) else (b"", at - len(data))


@contextlib.asynccontextmanager
async def _reading(playout: Playout) -> AsyncIterator[_Reader]:
    """Read a channel's FLV stream while the block lasts, as one viewer."""
    reader = _Reader()
    transport = httpx.AsyncHTTPTransport(uds=str(playout.socket))
    limit = httpx.Timeout(_PATIENCE)

    async def read(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", f"/live/{playout.slugs[0]}.flv") as answer:
            if answer.headers.get("content-type") != FLV_TYPE:
                raise InternalError(f"what came is no FLV but {answer.headers.get('content-type')}")
            async for data in answer.aiter_raw():
                reader.feed(data)

    async with httpx.AsyncClient(transport=transport, base_url="http://air", timeout=limit) as client:
        reader.reading = asyncio.ensure_future(read(client))
        try:
            yield reader
        finally:
            reader.reading.cancel()
            await asyncio.gather(reader.reading, return_exceptions=True)
