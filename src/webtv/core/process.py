"""One child process: spawned, its last words kept, ended by TERM then KILL, always reaped."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from webtv.core.completion import to_its_end
from webtv.core.errors import ComponentError

_TAIL_LINES = 40
_LINE_LIMIT = 64 * 1024
_LOOK = 0.2
_LAST_WORDS = 0.5  # seconds for what a dead child said last; a grandchild may hold its pipe for ever


def allow_descriptors(wanted: int = 65_536) -> int:
    """Let this process open as many files as the system allows it to, up to so many; returns how many.

    The usual soft limit of 1024 is an old courtesy to programs that use ``select``.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(limit, soft)


def usable_cores() -> int:
    """Logical cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Process:
    """A supervised child as an async context manager.

    Leaving the block closes standard input, sends TERM, waits ``grace`` seconds, sends KILL and reaps;
    it does so to the end however often it is cancelled, so there is never a zombie.

    Args:
        argv: program and arguments; never put a secret here, every process can read it.
        name: what the child is called in messages.
        env: variables added to the environment.
        stdin: whether the parent writes to the child; or a descriptor that the child reads instead, which the
            caller closes.
        stdout: whether the parent reads from the child; otherwise it goes to ``log`` or nowhere.
        log: file that takes the child's standard error (and output); without it the tail is kept in memory.
        grace: seconds between TERM and KILL.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        stdin: bool | int = False,
        stdout: bool = False,
        log: Path | None = None,
        grace: float = 3.0,
    ) -> None:
        self.argv = list(argv)
        self.name = name
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._env = dict(env or {})
        chosen = asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL
        self._source = chosen if isinstance(stdin, bool) else stdin
        self._want_stdout = stdout
        self._log = log
        self._grace = grace
        self._child: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def child(self) -> asyncio.subprocess.Process:
        """The running child.

        Raises:
            RuntimeError: the block was not entered.
        """
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started: use `async with`")
        return self._child

    @property
    def pid(self) -> int:
        """Process id."""
        return self.child.pid

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """The pipe into the child; asked for with ``stdin=True``."""
        assert self.child.stdin is not None, "started without stdin=True"
        return self.child.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        """The pipe out of the child; asked for with ``stdout=True``."""
        assert self.child.stdout is not None, "started without stdout=True"
        return self.child.stdout

    @property
    def returncode(self) -> int | None:
        """Exit status, or None while it runs."""
        return self.child.returncode

    async def wait(self) -> int:
        """Wait for the child to end by itself and return its exit status."""
        waiting = asyncio.ensure_future(self.child.wait())
        try:
            # Asyncio's own wait goes on while a grandchild holds a pipe; the status tells that it is over.
            while (status := self.child.returncode) is None:
                await asyncio.wait({waiting}, timeout=_LOOK)
        finally:
            waiting.cancel()
        return status

    async def __aenter__(self) -> Self:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self._log.open("ab")) if self._log else None
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *self.argv,
                    stdin=self._source,
                    stdout=pipe if self._want_stdout else (log or null),
                    stderr=log or pipe,
                    env={**os.environ, **self._env},
                    limit=_LINE_LIMIT,
                )
            except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
                fault = "may not be run" if isinstance(error, PermissionError) else "is not there"
                raise ComponentError(
                    f"{self.argv[0]} {fault}", place=self.name, remedy="run `webtv doctor`"
                ) from error
        if self._child.stderr is not None:
            self._reader = asyncio.create_task(self._keep_tail(self._child.stderr), name=f"{self.name}-tail")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await to_its_end(self.end())

    async def end(self) -> int:
        """End the child now (TERM, ``grace``, KILL), reap it and return its exit status."""
        child = self.child
        if child.stdin is not None:
            child.stdin.close()
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(self._grace):
                    await self.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
        status = await self.wait()
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=_LAST_WORDS)
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        # Asyncio offers no other way to let go of pipes that a grandchild still holds open.
        child._transport.close()  # type: ignore[attr-defined]
        return status

    async def _keep_tail(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the limit: its rest comes as the next one
                continue
            if not line:
                return
            self.tail.append(line.decode(errors="replace").rstrip())


class Detached(subprocess.Popen[bytes]):
    """A child that is meant to outlive whoever started it: being let go while it runs is no mistake."""

    def __del__(self) -> None:
        """Warn of nothing."""


def spawn_detached(argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> Detached:
    """Start a child in a session of its own that outlives this process, whatever ends it.

    Not an asyncio child: those are killed when their transport is collected.

    Args:
        argv: program and arguments, free of secrets.
        log: file that takes what it says.
        env: variables added to the environment.
    """
    with log.open("ab") as file:
        return Detached(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )


def python_command(*arguments: str) -> list[str]:
    """Argument list that runs ``webtv ARGUMENTS`` with this interpreter."""
    return [sys.executable, "-m", "webtv", *arguments]
