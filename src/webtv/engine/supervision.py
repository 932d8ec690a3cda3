"""The station's processes: children kept alive, the head-end started or adopted, one control plane."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from webtv.air.client import HeadEndClient
from webtv.core.clock import Clock
from webtv.core.errors import ConflictError, TransientError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.lock import LockHeld, held, holder_of
from webtv.core.process import Detached, Process, python_command, spawn_detached

HAND_OVER = signal.SIGUSR1  # tells a control plane to leave and to let the head-end air on
_HEALTHY = 30.0
_GLANCE = 5.0  # seconds between two questions to the head-end
_STANDSTILL = 20.0  # seconds without an answer or a cursor written after which it counts as dead
_LOG_BYTES = 10_000_000


@contextlib.contextmanager
def control_lock(data: Path) -> Iterator[None]:
    """Be the only control plane of a data folder while the block lasts.

    Raises:
        ConflictError: another one is.
    """
    try:
        with held(data / "serve.lock"):
            yield
    except LockHeld as lock:
        raise ConflictError(
            f"process {lock.pid} runs this station already",
            place=str(data),
            remedy="end it with `webtv stop`, take its place with --takeover, or choose another --data",
        ) from lock


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


async def departed(pid: int, clock: Clock, patience: float = 1.0) -> None:
    """Wait until a process is gone that has let go of its lock and is no child of ours.

    One that nobody buries stays for ever; hence the patience.
    """
    deadline = clock.monotonic() + patience
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while clock.monotonic() < deadline:
            os.kill(pid, 0)
            await clock.sleep(0.02)


def settle_log(path: Path) -> Path:
    """Prepare a child's log: a large one becomes ``.1``, so that logs never fill the disk.

    Returns:
        The log, or the null device if the disk takes none: a child that says nothing beats one that is not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            # Copied and emptied, not renamed: whoever appends to it goes on in the same file.
            shutil.copyfile(path, path.with_name(path.name + ".1"))
            os.truncate(path, 0)
        with path.open("ab"):
            return path
    except OSError:
        return Path(os.devnull)


def settle_logs(folder: Path) -> None:
    """Cut every log of a folder to size while its writers go on."""
    for path in folder.glob("*.log"):
        settle_log(path)


class Pace:
    """How long to wait before something that ended is started again: at once, then ever longer.

    Args:
        clock: measures how long it ran.
        noise: jitter.
        ceiling: seconds to wait at most.
    """

    def __init__(self, clock: Clock, noise: random.Random, *, ceiling: float) -> None:
        self._clock = clock
        self._noise = noise
        self._ceiling = ceiling
        self._quick = 0
        self._began = clock.monotonic()

    def begin(self) -> None:
        """It starts now."""
        self._began = self._clock.monotonic()

    def ended(self) -> float:
        """It ended now; returns the seconds to wait."""
        healthy = self._clock.monotonic() - self._began > _HEALTHY
        self._quick = 1 if healthy else self._quick + 1
        if self._quick == 1:
            return 0.0
        return min(self._ceiling, 2.0 ** min(self._quick - 2, 30)) * self._noise.uniform(0.5, 1.0)


class Supervisor:
    """Keeps the station's processes alive.

    Args:
        data: the station's data folder.
        env: what children get beside this process's environment.
        clock: waits.
        noise: jitter.
        events: hears of deaths.
        own: what one child alone gets of the environment, by its name.
    """

    def __init__(
        self,
        data: Path,
        env: dict[str, str],
        *,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
        own: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._data = data
        self._env = env
        self._clock = clock
        self._noise = noise
        self._events = events
        self._own = dict(own or {})
        self._head_end: Detached | None = None

    async def keep(self, name: str, arguments: Sequence[str]) -> None:
        """Run ``webtv ARGUMENTS`` for ever: start it again whenever it ends, ever slower if it ends at once.

        The child's standard input is a leash: it ends when this process does, however that ends.
        """
        pace = Pace(self._clock, self._noise, ceiling=30.0)
        env = {**self._env, **self._own.get(name, {})}
        while True:
            pace.begin()
            log = settle_log(self._data / "logs" / f"{name}.log")
            try:
                async with Process(
                    python_command(*arguments), name=name, env=env, stdin=True, log=log
                ) as child:
                    how = f"ended with status {await child.wait()}"
            except (WebTVError, OSError) as error:
                how = f"does not start ({error})"
            wait = pace.ended()
            self._events(
                Event(
                    "engine.process.ended",
                    f"{name} {how}; it starts again in {wait:.0f} s",
                    Severity.WARNING,
                    f"if it goes on, read {name}.log in the logs folder",
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
            # One that holds the lock and does not answer (it starts, or hangs) is on air all the same.
            if holder_of(self._data / "air.lock") is not None:
                return True
            self._spawn()
            return False
        return True

    async def _mind_silence(self, client: HeadEndClient, heard: float) -> float:
        """Ask the head-end something; end one that neither answers nor airs.

        Args:
            client: asks.
            heard: monotonic second at which it last showed that it lives.

        Returns:
            That second, as it is now.
        """
        now, wall = self._clock.monotonic(), self._clock.time()
        pid = holder_of(self._data / "air.lock")
        if pid is None:
            return now  # it is gone, which is seen otherwise
        try:
            await client.status()
        except TransientError:
            books = [path.stat().st_mtime for path in (self._data / "cursors").glob("*.json")]
            if books and wall - max(books) < _GLANCE:
                return now
        except WebTVError:
            return now  # it answers, if not what we understand
        else:
            return now
        if now - heard > _STANDSTILL:
            self._events(
                Event(
                    "engine.head_end.stood_still",
                    f"The head-end neither answers nor airs since {now - heard:.0f} s; it is ended",
                    Severity.ERROR,
                    "if it happens again, read air.log, and see whether the machine is short of memory",
                )
            )
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            return now
        return heard

    async def keep_head_end(self, client: HeadEndClient, interval: float = 0.2) -> None:
        """Start the head-end again whenever it is gone.

        One that only does not answer airs on, as long as its books show that it does: a process that has
        stood still altogether is dead air on every output, so it is ended and started again.
        """
        lock = self._data / "air.lock"
        pace = Pace(self._clock, self._noise, ceiling=10.0)
        pace.begin()
        heard = self._clock.monotonic()
        while True:
            await self._pause(interval)
            if self._clock.monotonic() - heard > _GLANCE:
                heard = await self._mind_silence(client, heard)
            if self._head_end is not None:
                if self._head_end.poll() is None:
                    continue
                status, self._head_end = self._head_end.returncode, None
                message = f"The head-end ended with status {status}"
            elif holder_of(lock) is None:
                message = "No head-end is on air"
            else:
                continue
            if holder_of(lock) is not None:
                continue  # ours lost the race for the lock: another one is on air, and adopted now
            wait = pace.ended()
            self._events(
                Event(
                    "engine.head_end.ended",
                    f"{message}; it starts again in {wait:.0f} s",
                    Severity.ERROR,
                    "if it goes on, read air.log in the logs folder",
                )
            )
            await self._clock.sleep(wait)
            pace.begin()
            try:
                self._spawn()
            except OSError as error:
                message = f"The head-end does not start: {error}"
                self._events(Event("engine.head_end.unstartable", message, Severity.ERROR, "see the message"))

    async def _pause(self, seconds: float) -> None:
        """Wait for so long, or until the head-end ends."""
        pid = self._head_end.pid if self._head_end is not None else holder_of(self._data / "air.lock")
        try:
            ending = os.pidfd_open(pid) if pid else None
        except OSError:  # gone already, or a system without this
            ending = None
        if ending is None:
            await self._clock.sleep(seconds)
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(ending, ended.set)
        waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(ended.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(ending)
            os.close(ending)
            for wait in waits:
                wait.cancel()

    async def stop_head_end(self, client: HeadEndClient, patience: float = 3.0) -> None:
        """End the head-end, adopted or not; kill it if it does not listen."""
        lock = self._data / "air.lock"
        pid = holder_of(lock)
        if pid is None and self._head_end is not None and self._head_end.poll() is None:
            pid = self._head_end.pid  # so young that it has not taken the lock yet
            self._head_end.terminate()
        if pid is None:
            return
        with contextlib.suppress(WebTVError):
            await client.stop()
        deadline = self._clock.monotonic() + patience
        while self._is_on_air(lock) and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)
        if self._is_on_air(lock):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._head_end is not None:
            await asyncio.to_thread(self._head_end.wait)
        else:
            await departed(pid, self._clock)

    def _is_on_air(self, lock: Path) -> bool:
        ours = self._head_end is not None and self._head_end.poll() is None
        return ours or holder_of(lock) is not None

    def _spawn(self) -> None:
        log = settle_log(self._data / "logs" / "air.log")
        self._head_end = spawn_detached(python_command("air"), log=log, env=self._env)
