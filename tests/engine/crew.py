"""Real processes in place of the station's: `python -m webtv` finds the scripted package written here."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from webtv.core.errors import TransientError
from webtv.core.lock import holder_of

SCRIPT = """
import fcntl, os, signal, sys, time
from pathlib import Path
data = Path(os.environ["CREW_DATA"])
role = "studio-models" if "--models" in sys.argv else sys.argv[1]
with (data / f"{role}.pids").open("a") as file:
    file.write(f"{os.getpid()}\\n")
manner = (data / f"{role}.manner").read_text() if (data / f"{role}.manner").exists() else ""
if manner == "dies":
    sys.exit(3)
if "deaf" in manner:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if role == "air":
    if manner == "late":
        time.sleep(60)
    handle = os.open(data / "air.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(5)
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\\n".encode())
    time.sleep(120)
while "deaf" in manner or sys.stdin.buffer.read(1):
    time.sleep(0.05)
"""


class Crew:
    """What the scripted processes did and how they shall behave; ends all that are left."""

    def __init__(self, data: Path) -> None:
        self.data = data
        package = data / "package" / "webtv"
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(SCRIPT)
        (package / "__init__.py").write_text("")
        self.env = {"PYTHONPATH": str(package.parent), "CREW_DATA": str(data)}

    def behave(self, role: str, manner: str) -> None:
        (self.data / f"{role}.manner").write_text(manner)

    def pids(self, role: str) -> list[int]:
        path = self.data / f"{role}.pids"
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def living(self) -> list[int]:
        return [pid for path in self.data.glob("*.pids") for pid in self.pids(path.stem) if lives(pid)]

    @property
    def on_air(self) -> int | None:
        return holder_of(self.data / "air.lock")

    def end(self) -> None:
        for pid in self.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie that init has yet to reap does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Line:
    """A head-end's control line: stops the process that holds the lock unless it shall not."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.answers = True
        self.reloads = 0
        self.trouble: Exception | None = None

    async def status(self) -> dict[str, Any]:
        if self.trouble:
            raise self.trouble
        if not self.answers or self.crew.on_air is None:
            raise TransientError("the head-end does not answer")
        config = self.crew.data / "air.json"
        told = json.loads(config.read_text())["channels"] if config.exists() else []
        return {"channels": [{"slug": channel["slug"], "state": "on_air"} for channel in told]}

    async def reload(self) -> None:
        await self.status()
        self.reloads += 1

    async def stop(self) -> None:
        await self.status()
        if (pid := self.crew.on_air) is not None:
            os.kill(pid, signal.SIGTERM)


async def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for something that happens soon; a deadline, not a pause."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def crew_in(data: Path) -> Iterator[Crew]:
    crew = Crew(data)
    try:
        yield crew
    finally:
        crew.end()
