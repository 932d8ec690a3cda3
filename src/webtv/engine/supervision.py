"""The station's processes: children kept alive, the head-end started or adopted, one control plane."""

import asyncio
import contextlib
import fcntl
import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from webtv.air.client import HeadEndClient
from webtv.core.clock import Clock
from webtv.core.errors import ConflictError, TransientError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.process import Detached, Process, python_command, spawn_detached

HAND_OVER = signal.SIGUSR1  # tells a control plane to leave and to let the head-end air on
_HEALTHY = 30.0
_LOG_BYTES = 10_000_000


def holder_of(lock: Path) -> int | None:
    """Process id of whoever holds a lock file, or None if nobody does."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return int(os.read(handle, 32) or b"0") or None
    else:
        return None
    finally:
        os.close(handle)


@contextlib.contextmanager
def control_lock(data: Path) -> Iterator[None]:
    """Be the only control plane of a data folder while the block lasts.

    Raises:
        ConflictError: another one is.
    """
    path = data / "serve.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = int(os.pread(handle, 32, 0) or b"0")
            raise ConflictError(
                f"process {pid} runs this station already",
                place=str(data),
                remedy="end it with `webtv stop`, take its place with --takeover, or choose another --data",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


async def take_over(data: Path, clock: Clock, patience: float = 10.0) -> None:
    """Make the running control plane leave, with its head-end left on air.

    Raises:
        ConflictError: it does not leave.
    """
    lock = data / "serve.lock"
    pid = holder_of(lock)
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, HAND_OVER)
    deadline = clock.monotonic() + patience
    while holder_of(lock) is not None:
        if clock.monotonic() > deadline:
            raise ConflictError(f"process {pid} does not leave", place=str(data), remedy=f"kill {pid}")
        await clock.sleep(0.1)


def settle_log(path: Path) -> Path:
    """Prepare a child's log: a large one becomes ``.1``, so that logs never fill the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path


class Supervisor:
    """Keeps the station's processes alive.

    Args:
        data: the station's data folder.
        env: what children get beside this process's environment.
        clock: waits.
        noise: jitter.
        events: hears of deaths.
    """

    def __init__(
        self, data: Path, env: dict[str, str], *, clock: Clock, noise: random.Random, events: EventSink
    ) -> None:
        self._data = data
        self._env = env
        self._clock = clock
        self._noise = noise
        self._events = events
        self._head_end: Detached | None = None

    async def keep(self, name: str, arguments: Sequence[str]) -> None:
        """Run ``webtv ARGUMENTS`` for ever: start it again whenever it ends, ever slower if it ends at once.

        The child's standard input is a leash: it ends when this process does, however that ends.
        """
        quick = 0
        while True:
            began = self._clock.monotonic()
            log = settle_log(self._data / "logs" / f"{name}.log")
            command = python_command(*arguments)
            async with Process(command, name=name, env=self._env, stdin=True, log=log) as child:
                status = await child.wait()
            quick = 0 if self._clock.monotonic() - began > _HEALTHY else quick + 1
            wait = 0.0 if quick <= 1 else min(30.0, 2.0 ** (quick - 2)) * self._noise.uniform(0.5, 1.0)
            self._events(
                Event(
                    "engine.process.ended",
                    f"{name} ended with status {status}; it starts again in {wait:.0f} s",
                    Severity.WARNING,
                    f"if it goes on, read {log.name} in the logs folder",
                )
            )
            await self._clock.sleep(wait)

    async def start_head_end(self, client: HeadEndClient) -> bool:
        """Adopt the running head-end, or start one; True if it was adopted.

        Raises:
            ConflictError: one runs that speaks another protocol.
        """
        try:
            await client.status()
        except TransientError:
            self._spawn()
            return False
        await client.reload()
        return True

    async def keep_head_end(self, client: HeadEndClient, interval: float = 1.0) -> None:
        """Start the head-end again whenever it is gone. One that only does not answer airs on."""
        while True:
            await self._clock.sleep(interval)
            if self._head_end is not None and self._head_end.poll() is not None:
                status = self._head_end.returncode
                self._events(
                    Event(
                        "engine.head_end.ended",
                        f"The head-end ended with status {status} and is started again",
                        Severity.ERROR,
                        "read air.log in the logs folder",
                    )
                )
                self._head_end = None
                self._spawn()
            elif self._head_end is None and holder_of(self._data / "air.lock") is None:
                self._events(Event("engine.head_end.missing", "No head-end is on air", Severity.ERROR))
                self._spawn()

    async def stop_head_end(self, client: HeadEndClient, patience: float = 3.0) -> None:
        """End the head-end, adopted or not; kill it if it does not listen."""
        lock = self._data / "air.lock"
        pid = holder_of(lock)
        if pid is None:
            return
        with contextlib.suppress(TransientError, ConflictError):
            await client.stop()
        deadline = self._clock.monotonic() + patience
        while holder_of(lock) is not None and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)
        if holder_of(lock) == pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._head_end is not None:
            await asyncio.to_thread(self._head_end.wait)

    def _spawn(self) -> None:
        log = settle_log(self._data / "logs" / "air.log")
        self._head_end = spawn_detached(python_command("air"), log=log, env=self._env)
