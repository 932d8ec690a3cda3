"""A real station for tests: started as a process, asked over HTTP and through its files, ended for good."""

import asyncio
import contextlib
import inspect
import json
import os
import signal
import sqlite3
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

from servers import REPOSITORY, children_of, free_port, processes_with
from webtv.air.client import HeadEndClient
from webtv.core.process import Process, python_command

SHIPPED = REPOSITORY / "channels"

# Time-outs at three times what is promised: how fast it is, benchmarks say.
PLAYABLE = 3 * 15.0
ON_AIR = 3 * 60.0
BACK = 3 * 5.0
STOPPED = 3 * 5.0

SMALL = """\
name: {name}
theme: >
  A small harbour by day and night. Fishing boats come home over a calm bay, gulls circle above the quay,
  waves roll up the beach, clouds pass over the lighthouse.
sequence: {{ shots: {shots}, seconds: {seconds} }}
format: 576p24@1
buffer: {buffer}
"""

T = TypeVar("T")


def small_channel(name: str, *, shots: int = 2, seconds: int = 2, buffer: str = "30s") -> str:
    """A channel file whose sequences are quickly made."""
    return SMALL.format(name=name, shots=shots, seconds=seconds, buffer=buffer)


async def until(
    what: str, condition: Callable[[], T | Awaitable[T]], seconds: float, *, every: float = 0.1
) -> T:
    """Ask again and again until the answer is true; what the world does not tell, one has to ask.

    Raises:
        AssertionError: it did not become true in time; with the last answer.
    """
    answer: Any = None
    said = "no answer"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                try:
                    answer = condition()
                    if inspect.isawaitable(answer):
                        answer = await answer
                except (httpx.HTTPError, ValueError) as error:
                    answer = None
                    said = repr(error)
                else:
                    said = repr(answer)
                if answer:
                    return answer  # type: ignore[no-any-return]
                await asyncio.sleep(every)
    raise AssertionError(f"after {seconds:g} s still not: {what} (the last answer was {said})")


class House:
    """A data folder, a folder of channels, and whatever of a station runs on them.

    Args:
        folder: for everything that it writes.
        env: settings beside the defaults.
    """

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.data = folder / "data"
        self.channels = folder / "channels"
        self.log = folder / "station.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.marker = f"e2e-{uuid.uuid4()}"
        self.env = {"WEBTV_E2E_MARKER": self.marker, **(env or {})}
        self.head_end = HeadEndClient(self.data / "air.sock", timeout=10)
        self.channels.mkdir(parents=True)
        self.station: Process | None = None

    # Files and processes

    def write_channel(self, slug: str, text: str) -> Path:
        """Write a channel file as a careful editor does: complete, then in its place."""
        path = self.channels / f"{slug}.yaml"
        whole = path.with_suffix(".new")
        whole.write_text(text)
        whole.replace(path)
        return path

    def command(self, name: str, *more: str) -> list[str]:
        """A ``webtv`` command line for this house."""
        return python_command(name, "--data", str(self.data), *more)

    def serve_command(self, *more: str) -> list[str]:
        """The command line that runs the whole station."""
        return self.command("serve", "--channels", str(self.channels), "--port", str(self.port), *more)

    @contextlib.asynccontextmanager
    async def serving(self, *more: str) -> AsyncIterator[Process]:
        """Run ``webtv serve`` while the block lasts."""
        process = Process(
            self.serve_command(*more), name="station", env=self.env, log=self.log, grace=STOPPED
        )
        async with process:
            self.station = process
            yield process

    def everyone(self) -> list[int]:
        """Ids of all living processes of this house, this test's own excepted."""
        return processes_with(self.marker)

    def child(self, part: str) -> int | None:
        """Id of the control plane's child that runs this part, ``web`` or ``studio``."""
        assert self.station is not None
        with contextlib.suppress(OSError):
            for pid in children_of(self.station.pid):
                if f"\0{part}\0" in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return None

    async def head_end_pid(self) -> int:
        """Process id of the head-end on air."""
        return int((await self.head_end.status())["pid"])

    # What it says

    def last_words(self) -> str:
        """The end of its log, for who has to find out why a test failed."""
        logs = [self.log, *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(
            "\n".join([f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-200:]])
            for log in logs
            if log.exists()
        )

    async def get(self, path: str) -> httpx.Response:
        """Ask the web process; a refused connection raises :class:`httpx.HTTPError`."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False) as client:
            return await client.get(path)

    async def json(self, path: str) -> Any:
        """A JSON answer of the web process.

        Raises:
            ValueError: it did not answer 200.
        """
        response = await self.get(path)
        if response.status_code != 200:
            raise ValueError(f"{path}: {response.status_code}")
        return response.json()

    async def channel(self, slug: str) -> dict[str, Any]:
        """A channel as the API tells it."""
        found: dict[str, Any] = await self.json(f"/api/channels/{slug}")
        return found

    async def segments(self, slug: str) -> list[str]:
        """Names of the segments in a channel's HLS playlist, as served."""
        response = await self.get(f"/hls/{slug}/index.m3u8")
        return [line for line in response.text.splitlines() if line.endswith(".m4s")]

    async def playable(self, *slugs: str, seconds: float = PLAYABLE) -> None:
        """Wait until every channel can be played."""
        for slug in slugs:
            await until(f"{slug} is playable", lambda slug=slug: self.segments(slug), seconds)

    async def airing(
        self, slug: str, *kinds: str, seconds: float = ON_AIR, writer: str | None = None
    ) -> dict[str, Any]:
        """Wait until a programme is on air; returns its entry.

        Args:
            slug: the channel.
            kinds: what counts as one; new ones and reruns by default.
            seconds: how long to wait.
            writer: only a programme whose prompts this one wrote.
        """

        async def look() -> dict[str, Any] | None:
            now = (await self.channel(slug))["now"]
            if not now or now["kind"] not in (kinds or ("new", "rerun")):
                return None
            return now if writer in (None, now["writer"]) else None

        found = await until(f"{slug} airs a programme", look, seconds)
        assert found is not None
        return found

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Ask the station's database, without writing to it."""
        path = self.data / "webtv.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of this kind, oldest first, with their details as a dictionary."""
        found = self.rows("SELECT * FROM events WHERE kind = ? ORDER BY id", kind)
        return [{**event, "data": json.loads(event["data"])} for event in found]

    # The end

    def end_everybody(self) -> None:
        """Kill what is left."""
        for pid in self.everyone():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def house(folder: Path, artifacts: Path, env: dict[str, str] | None = None) -> Iterator[House]:
    """A house that is empty again when the block ends; its last words are among the artifacts."""
    found = House(folder, env)
    try:
        yield found
    finally:
        found.end_everybody()
        (artifacts / f"{folder.name.rstrip('0123456789')}.log").write_text(found.last_words())


def gop_number(segment: str) -> int:
    """Number of a live segment's GOP, out of its name."""
    return int(segment.removesuffix(".m4s").partition("-")[2])
