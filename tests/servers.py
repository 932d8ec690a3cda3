"""Real servers and programs for tests: on free ports, ended by process id, never looked up by name."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from webtv.core.process import Process
from webtv.testing.rtmp import RtmpServer

REPOSITORY = Path(__file__).resolve().parent.parent
RTMP_CONFIG = REPOSITORY / "rtmp" / "nginx.conf"

_APT = "sudo apt-get install -y nginx-light libnginx-mod-rtmp chromium openssl"
_BROWSERS = ("chromium", "google-chrome-stable", "google-chrome")


class MissingProgram(AssertionError):
    """A program that a test needs is not installed: the test fails, it does not skip."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is missing. As root on Debian or Ubuntu `make test` installs it; else: {_APT}"
        )


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def program(*names: str) -> Path:
    """The first of these programs that is installed; also looks where system daemons live."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise MissingProgram(names[0])


def chromium() -> Path:
    """The browser for ``playwright.chromium.launch(executable_path=...)``."""
    own = sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
    return own[-1] if own else program(*_BROWSERS)


def processes_with(marker: str) -> list[int]:
    """Ids of living processes that were started with this text in their environment (Linux only).

    Give a child an environment variable with a unique value, and every process that comes of it can be
    found again, also one that left its session; not one that writes its title over its environment, as
    nginx does.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return [pid for pid in found if pid != os.getpid()]


def children_of(pid: int) -> list[int]:
    """Ids of a process's living children (Linux only)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class NginxRtmp(RtmpServer):
    """The RTMP server of ``rtmp/nginx.conf`` on free ports, as an async context manager.

    Only what a test must own is changed: its two ports, and that nginx stays a child.

    Args:
        prefix: folder for its pid file and temporary folders.
    """

    def __init__(self, prefix: Path) -> None:
        super().__init__(prefix, RTMP_CONFIG)


async def listening(port: int, process: Process | None = None, host: str = "127.0.0.1") -> None:
    """Wait until somebody listens on a port; bound it with ``asyncio.timeout``.

    Raises:
        AssertionError: the process that should listen has ended; with its last words.
    """
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            if process is not None and process.returncode is not None:
                await asyncio.sleep(0.2)  # its last words may still be in the pipe
                raise AssertionError(f"{process.name} ended: {' | '.join(process.tail)}") from None
            await asyncio.sleep(0.02)  # nothing tells us when a stranger's port opens
        else:
            writer.close()
            await writer.wait_closed()
            return


class Authority:
    """A throw-away certificate authority, made by openssl.

    Args:
        folder: where its files go; ``file`` is what trusts it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.file = folder / "ca.pem"
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=Throw-away authority", "-keyout", "ca.key", "-out", "ca.pem"),
            *("-addext", "keyUsage=critical,keyCertSign"),
        )

    def server(self, *names: str) -> ssl.SSLContext:
        """A server's context with a certificate for these names, such as ``DNS:localhost``."""
        (self._folder / "names").write_text(f"subjectAltName={','.join(names)}")
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"),
        )
        self._openssl(
            *("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "2", "-extfile", "names", "-out", "server.pem"),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        return context

    def _openssl(self, *arguments: str) -> None:
        subprocess.run([program("openssl"), *arguments], cwd=self._folder, check=True, capture_output=True)


class Gate:
    """A TCP proxy on a free port that can misbehave, as an async context manager.

    Args:
        backends: local ports; the first connection goes to the first, and so on, all later ones to the last.
            Without any, connections are accepted and never answered.
        tls: ends TLS here.
        delay: seconds that every stretch takes on its way, in each direction.
    """

    def __init__(self, *backends: int, tls: ssl.SSLContext | None = None, delay: float = 0.0) -> None:
        self.port = 0
        self.history: list[str] = []  # "open 0", "close 0" as clients come and go
        self.resets = False  # whether new connections are reset
        self._backends = backends
        self._tls = tls
        self._delay = delay
        self._moving = asyncio.Event()
        self._moving.set()
        self._writers: dict[asyncio.StreamWriter, socket.socket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)  # a stall is to show soon
        listener.bind(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self._server = await asyncio.start_server(self._serve, sock=listener, ssl=self._tls, limit=1 << 14)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()
        await asyncio.sleep(0)

    def freeze(self) -> None:
        """Read nothing more, and let nobody know."""
        self._moving.clear()

    def thaw(self) -> None:
        """Go on where it froze."""
        self._moving.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer, opened in self._writers.items():
            with contextlib.suppress(OSError):  # closed already
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = sum(line.startswith("open") for line in self.history)
        self.history.append(f"open {number}")
        self._writers[writer] = writer.get_extra_info("socket")
        if self.resets:
            self.cut()
        elif self._backends:
            port = self._backends[min(number, len(self._backends) - 1)]
            try:
                answers, questions = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                self.cut()
                return
            self._writers[questions] = questions.get_extra_info("socket")
            for source, sink, name in ((reader, questions, f"close {number}"), (answers, writer, "")):
                task = asyncio.create_task(self._carry(source, sink, name))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, at_end: str) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                await self._moving.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                sink.write(data)
                await sink.drain()
        if at_end:
            self.history.append(at_end)
        sink.close()
