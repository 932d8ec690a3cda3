"""A real head-end on air over given clips, and what a bystander sees of it: CPU, memory, segments on time."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from webtv.air.client import HeadEndClient
from webtv.air.config import AirConfig, ChannelConfig, OutputConfig
from webtv.air.hlsindex import INDEX
from webtv.bench.footage import Footage, write_playlist
from webtv.bench.measurement import cpu_of, descendants, pss_of
from webtv.core.clock import Clock
from webtv.core.errors import InternalError, TransientError
from webtv.core.format import GOP_SECONDS
from webtv.core.process import Process, python_command
from webtv.testing.rtmp import RtmpServer

_DATE = "#EXT-X-PROGRAM-DATE-TIME:"
_LOOK = 0.2
_PATIENCE = 120.0
_WINDOW = 180.0  # seconds that viewers can seek back to: longer than any measurement
_EARLY = 0.3  # seconds by which a file may seem to be before its time: two clocks, rounded
_SETTLED = 0.9  # of the CPU time of the step before: less, and the start is not over

Ready = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes have used up to a moment, and hold at it.

    Attributes:
        at: monotonic second.
        head_end: CPU seconds of the head-end.
        children: CPU seconds of its children, living and gone.
        pss: megabytes of the head-end.
        children_pss: megabytes of each living child.
    """

    at: float
    head_end: float
    children: float
    pss: float
    children_pss: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One published segment.

    Attributes:
        due: UTC second at which it was due.
        late: seconds after it at which its file was complete.
    """

    due: float
    late: float


class Playout:
    """``webtv air`` with a number of channels, an async context manager; on air when its block begins.

    Args:
        folder: an empty folder.
        footage: what airs; channels begin with different clips.
        channels: how many.
        seconds: how long the playlists last.
        clock: waits between looks.
        step: seconds between two looks at whether it has settled.
    """

    def __init__(
        self,
        folder: Path,
        footage: Footage,
        channels: int,
        seconds: float,
        clock: Clock,
        *,
        step: float = 2.0 * GOP_SECONDS,
    ) -> None:
        self.slugs = [f"c{number:02}" for number in range(channels)]
        self._data = folder / "data"
        self._log = folder / "air.log"
        self._footage = footage
        self._entries = -(-int(seconds) // footage.clip_seconds)
        self._clock = clock
        self._step = step
        self._config = AirConfig(
            tuple(ChannelConfig(slug, slug.upper(), "#7fb3d0", footage.form.name) for slug in self.slugs),
            hls_window=_WINDOW,
        )
        self._process: Process | None = None
        self._client = HeadEndClient(self.socket, timeout=10.0)

    @property
    def socket(self) -> Path:
        """Its control socket."""
        return self._data / "air.sock"

    @property
    def process(self) -> Process:
        """The head-end."""
        assert self._process is not None, "use `async with`"
        return self._process

    async def __aenter__(self) -> Self:
        folder = self._data / "playlists"
        folder.mkdir(parents=True)
        for number, slug in enumerate(self.slugs):
            write_playlist(self._footage, folder / f"{slug}.ffconcat", self._entries, first=number)
        self._config.save(self._data / "air.json")
        argv = python_command("air", "--data", str(self._data))
        self._process = await Process(argv, name="head-end", log=self._log).__aenter__()
        try:
            await self._until(lambda channel: channel["state"] == "on_air")
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.__aexit__(kind, error, trace)

    async def status(self) -> Mapping[str, Any]:
        """Each channel's status, by its slug.

        Raises:
            TransientError: the head-end has ended, or does not answer.
        """
        if self.process.returncode is not None:
            raise TransientError(f"the head-end ended: {self._last_words()}")
        return {channel["slug"]: channel for channel in (await self._client.status())["channels"]}

    async def push(self, server: RtmpServer) -> None:
        """Give every channel an RTMP output, and return when all of them are live.

        Raises:
            TransientError: one of them does not become it.
        """
        channels = tuple(
            replace(channel, outputs=(OutputConfig("bench", server.url(channel.slug)),))
            for channel in self._config.channels
        )
        self._config = replace(self._config, channels=channels)
        self._config.save(self._data / "air.json")
        await self._client.reload()
        await self._until(_pushes)

    async def settle(self) -> None:
        """Wait until what a start costs is over: slates are made, children have started."""
        before = float("inf")
        end = time.monotonic() + _PATIENCE
        while not all(channel["slate_ready"] for channel in (await self.status()).values()):
            if time.monotonic() > end:
                raise InternalError("the slates of the benchmark's channels are not made")
            await self._clock.sleep(self._step)
        used = self._cpu()
        while time.monotonic() < end:
            await self._clock.sleep(self._step)
            now = self._cpu()
            if now - used > _SETTLED * before:
                return
            before, used = now - used, now

    def _cpu(self) -> float:
        usage = self.usage()
        return usage.head_end + usage.children

    def usage(self) -> Usage:
        """Look at the processes now."""
        pid = self.process.pid
        own = cpu_of(pid, children=False)
        children = descendants(pid)
        below = cpu_of(pid) - own + sum(map(cpu_of, children))
        return Usage(time.monotonic(), own, below, pss_of(pid), tuple(filter(None, map(pss_of, children))))

    def seen(self, since: float, until: float) -> list[Seen]:
        """Segments of all channels that were due in a span of UTC seconds.

        Raises:
            InternalError: one is missing, came before its time, or does not follow the one before.
        """
        found: list[Seen] = []
        for slug in self.slugs:
            folder = self._data / "hls" / slug
            segments = [
                Seen(due, (folder / name).stat().st_mtime - due)
                for due, name in _listed((folder / INDEX).read_text(), slug, since)
                if due < until
            ]
            wanted = (until - since) / GOP_SECONDS
            if not int(wanted) <= len(segments) <= wanted + 1:
                raise InternalError(f"{slug} has {len(segments)} segments where {wanted:.0f} were due")
            if any(segment.late < -_EARLY for segment in segments):
                raise InternalError(f"{slug} published a segment before its time")
            found += segments
        return found

    async def lost_seconds(self) -> float:
        """How much time the channels have lost together since their start."""
        return sum(float(channel["lost_seconds"]) for channel in (await self.status()).values())

    async def expect_programme(self) -> None:
        """Hold what is on air against the playlists.

        Raises:
            InternalError: something else is on air.
        """
        for slug, channel in (await self.status()).items():
            if channel["state"] != "on_air":
                raise InternalError(f"{slug} does not air its playlist: its state is {channel['state']}")

    async def _until(self, ready: Ready) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    try:
                        channels = await self.status()
                        if len(channels) == len(self.slugs) and all(map(ready, channels.values())):
                            return
                    except TransientError:
                        if self.process.returncode is not None:
                            raise
                    await self._clock.sleep(_LOOK)
        except TimeoutError as error:
            raise TransientError(
                f"the channels were not on air after {_PATIENCE:.0f} s: {self._last_words()}"
            ) from error

    def _last_words(self) -> str:
        return " | ".join(self._log.read_text(errors="replace").splitlines()[-3:])


def _pushes(channel: Mapping[str, Any]) -> bool:
    states = [output["state"] for output in channel["outputs"] if output.get("kind", "rtmp") == "rtmp"]
    return bool(states) and all(state == "live" for state in states)


def _listed(index: str, slug: str, since: float) -> Iterator[tuple[float, str]]:
    """Due times and names of the segments in a media playlist from a UTC second on."""
    due, lost = 0.0, False
    for line in index.splitlines():
        if line.startswith(_DATE):
            due = datetime.fromisoformat(line.removeprefix(_DATE)).timestamp()
        elif line == "#EXT-X-DISCONTINUITY":
            lost = True
        elif line and not line.startswith("#"):
            if lost and due >= since:
                raise InternalError(f"{slug} lost time")
            if due >= since:
                yield due, line
            lost = False
