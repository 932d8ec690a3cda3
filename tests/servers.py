"""Real servers and programs for tests: on free ports, ended by process id, never looked up by name."""

import asyncio
import os
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from webtv.core.process import Process

REPOSITORY = Path(__file__).resolve().parent.parent
RTMP_CONFIG = REPOSITORY / "rtmp" / "nginx.conf"

_RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_APT = "sudo apt-get install -y nginx-light libnginx-mod-rtmp chromium"
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


class NginxRtmp:
    """The RTMP server of ``rtmp/nginx.conf`` on free ports, as an async context manager.

    Only what a test must own is changed: its two ports, and that nginx stays a child.

    Args:
        prefix: folder for its pid file and temporary folders.
    """

    def __init__(self, prefix: Path) -> None:
        self.port = free_port()
        self.stat_port = free_port()
        self._prefix = prefix
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running nginx master."""
        assert self._process is not None, "use `async with`"
        return self._process

    def url(self, name: str) -> str:
        """Address for publishing and playing a stream."""
        return f"rtmp://127.0.0.1:{self.port}/live/{name}"

    @property
    def stat_url(self) -> str:
        """Address of its statistics, XML."""
        return f"http://127.0.0.1:{self.stat_port}/stat"

    def configuration(self) -> str:
        """The committed configuration with this server's ports."""
        text = RTMP_CONFIG.read_text()
        for old, new in {
            "listen 127.0.0.1:1935;": f"listen 127.0.0.1:{self.port};",
            "listen 127.0.0.1:8935;": f"listen 127.0.0.1:{self.stat_port};",
        }.items():
            assert text.count(old) == 1, f"{RTMP_CONFIG.name} should say `{old}` once"
            text = text.replace(old, new)
        return text

    async def __aenter__(self) -> Self:
        nginx = program("nginx")
        if not _RTMP_MODULE.exists():
            raise MissingProgram("nginx's RTMP module")
        self._prefix.mkdir(parents=True, exist_ok=True)
        config = self._prefix / "nginx.conf"
        config.write_text(self.configuration())
        argv = [str(nginx), "-p", f"{self._prefix}/", "-c", str(config), "-g", "daemon off;"]
        self._process = await Process(argv, name="nginx").__aenter__()
        try:
            await self._listening()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.__aexit__(kind, error, trace)

    async def _listening(self, timeout: float = 10.0) -> None:
        async with asyncio.timeout(timeout):
            for port in (self.port, self.stat_port):
                await listening(port, self.process)


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
