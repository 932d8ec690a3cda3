"""One RTMP session: a child, the pipe into it, and what is known about how it fares."""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import ssl
import struct
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import certifi

from webtv.air.faults import Fault
from webtv.core.clock import Clock
from webtv.core.completion import to_its_end
from webtv.core.errors import TransientError
from webtv.core.process import Process

_PIPE = 1 << 18  # bytes in the pipe: a stretch fits, so neither side wakes twice for it
_SOCKET = 1 << 18  # bytes in the socket: a second or so, so that a stall shows and nothing old piles up
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each thing may take.

    Attributes:
        connect: seconds until the server takes the stream.
        stall: seconds without a byte taken.
        leave: seconds to send what is under way and take leave.
    """

    connect: float = 15.0
    stall: float = 10.0
    leave: float = 3.0


class SessionError(TransientError):
    """A session ended.

    Args:
        fault: why.
        words: what the server said, as it came: not to be shown as it is.
    """

    def __init__(self, fault: Fault, words: str = "") -> None:
        super().__init__(fault.meaning, remedy=fault.remedy)
        self.fault = fault
        self.words = words


def trusted_certificates(chosen: str | None) -> str:
    """The PEM file against which servers are checked: the operator's, the machine's, or Python's."""
    machine = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return chosen or next((path for path in machine if path and Path(path).is_file()), certifi.where())


class Session:
    """A child that is started warm, connects when told to, and is fed through a pipe.

    Args:
        name: of the target, for messages.
        url: its address; goes through the pipe only.
        ca_file: PEM file of the CAs that are trusted; None: the machine's.
        clock: tells how long nothing moved.
        patience: how long each thing may take.
    """

    def __init__(self, name: str, url: str, *, ca_file: str | None, clock: Clock, patience: Patience) -> None:
        self.first = 0  # video frame at which its timestamps are 0
        self.taken = 0  # bytes that the child took
        self._clock = clock
        self._patience = patience
        self._moved = clock.monotonic()
        self._written = 0
        self._output = -1
        self._order = json.dumps({"url": url, "options": _options(url, ca_file, patience)}).encode() + b"\n"
        self._process: Process | None = None
        self._name = name

    @property
    def process(self) -> Process:
        """The child."""
        assert self._process is not None, "start it first"
        return self._process

    @property
    def waits(self) -> bool:
        """Whether the child is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the child; it waits until :meth:`connect`."""
        source, self._output = os.pipe()
        os.set_blocking(self._output, False)
        with contextlib.suppress(OSError):  # more than a user may have; then it wakes a little more often
            fcntl.fcntl(self._output, fcntl.F_SETPIPE_SZ, _PIPE)
        argv = [sys.executable, "-m", "webtv.air.pusher"]
        process = Process(argv, name=f"output {self._name}", stdin=source, stdout=True, grace=1.0)
        try:
            self._process = await process.__aenter__()
        finally:
            os.close(source)
        self._put(self._order)

    async def connect(self) -> None:
        """Let the child connect, and return once the server takes the stream.

        Raises:
            SessionError: it does not, or not in time.
        """
        self._put(b"go\n")
        try:
            async with asyncio.timeout(self._patience.connect):
                line = await self.process.stdout.readline()
        except TimeoutError:
            raise SessionError(Fault.UNANSWERED) from None
        if not line:
            raise await self._ended()
        self._moved = self._clock.monotonic()

    async def write(self, data: bytes) -> None:
        """Hand FLV to the child; waits while the pipe is full.

        Raises:
            SessionError: the child has ended, or nothing has been taken for too long.
        """
        left = memoryview(data)
        while left:
            try:
                count = os.write(self._output, left)
            except BlockingIOError:
                await self._room()
            except BrokenPipeError:
                raise await self._ended() from None
            else:
                self._written += count
                left = left[count:]
        self._look()

    async def finish(self) -> None:
        """Let the child send what it has and take leave; then end it."""
        self._close_pipe()
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience.leave):
                    await self._process.wait()
        await self.end()

    async def end(self) -> None:
        """End the child now; may be called again."""
        self._close_pipe()
        if self._process is not None:
            await to_its_end(self._process.end())

    def _close_pipe(self) -> None:
        if self._output >= 0:
            os.close(self._output)
            self._output = -1

    def _put(self, data: bytes) -> None:
        """A line of the order: much smaller than the pipe."""
        with contextlib.suppress(BrokenPipeError):  # then it is seen at the answer
            self._written += os.write(self._output, data)

    def _look(self) -> None:
        """See whether bytes move: a child that hangs or is stopped has no exit status."""
        (left,) = struct.unpack("i", fcntl.ioctl(self._output, termios.FIONREAD, bytes(4)))
        now = self._clock.monotonic()
        if self._written - left > self.taken:
            self.taken, self._moved = self._written - left, now
        elif left and now - self._moved > self._patience.stall:
            raise SessionError(Fault.STALLED)

    async def _room(self) -> None:
        """Wait until the child takes something out of a full pipe."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._output, ready.set)
        try:
            async with asyncio.timeout(self._patience.stall):
                await ready.wait()
        except TimeoutError:
            raise SessionError(Fault.STALLED) from None
        finally:
            loop.remove_writer(self._output)

    async def _ended(self) -> SessionError:
        """What the child said last."""
        await self.finish()
        for line in reversed(self.process.tail):
            if match := re.fullmatch(r"fault (\w+) ?(.*)", line):
                return SessionError(Fault(match[1]), match[2])
        status = self.process.returncode or 0
        return SessionError(Fault.KILLED if status < 0 else Fault.OTHER)


def _options(url: str, ca_file: str | None, patience: Patience) -> dict[str, str]:
    options = {
        # Microseconds. A little before our own patience ends, so that the child can say what it was.
        "rw_timeout": str(int(patience.stall * 0.8e6)),
        "send_buffer_size": str(_SOCKET),
        "tcp_nodelay": "1",
    }
    if url.lower().startswith("rtmps:"):
        options |= {"tls_verify": "1", "ca_file": trusted_certificates(ca_file)}
    return options
