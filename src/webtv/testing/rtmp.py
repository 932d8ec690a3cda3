"""A real RTMP server for tests and benchmarks: nginx with its RTMP module, on free ports of this machine."""

import asyncio
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

import httpx

from webtv.core.errors import ComponentError
from webtv.core.process import Process

RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_APT = "sudo apt-get install -y nginx-light libnginx-mod-rtmp"
_PATIENCE = 10.0
_STREAM, _STAT = "listen 127.0.0.1:1935;", "listen 127.0.0.1:8935;"
_PLAIN = f"""\
load_module {RTMP_MODULE};
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 512; }}
rtmp {{
    access_log off;
    server {{
        {_STREAM}
        chunk_size 4096;
        application live {{ live on; record off; }}
    }}
}}
http {{
    access_log off;
    client_body_temp_path client_body_temp;
    proxy_temp_path proxy_temp;
    fastcgi_temp_path fastcgi_temp;
    uwsgi_temp_path uwsgi_temp;
    scgi_temp_path scgi_temp;
    server {{
        {_STAT}
        location = /stat {{ rtmp_stat all; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Published:
    """What the server has of one stream.

    Attributes:
        bytes: received from its publisher.
        width: of the pictures, in pixels; 0 before the first of them.
        video: name of the video codec.
        audio: name of the audio codec.
    """

    bytes: int
    width: int
    video: str
    audio: str


def nginx_binary() -> Path:
    """nginx, once it is sure that its RTMP module is there.

    Raises:
        ComponentError: one of them is not installed.
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
    found = shutil.which("nginx", path=path)
    if found is None or not RTMP_MODULE.exists():
        missing = "nginx" if found is None else "nginx's RTMP module"
        raise ComponentError(f"{missing} is not installed", remedy=f"on Debian or Ubuntu: {_APT}")
    return Path(found)


class RtmpServer:
    """nginx-rtmp as a child, as an async context manager.

    Args:
        prefix: folder for its configuration, pid file and temporary folders.
        template: a configuration that listens on 127.0.0.1:1935 (RTMP) and 127.0.0.1:8935 (statistics at
            ``/stat``); only these ports are changed. None: the plainest that takes every stream.
    """

    def __init__(self, prefix: Path, template: Path | None = None) -> None:
        self.port = _free_port()
        self.stat_port = _free_port()
        self._prefix = prefix
        self._template = template
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
        """The configuration with this server's ports."""
        text = _PLAIN if self._template is None else self._template.read_text()
        for line, standard, port in ((_STREAM, "1935", self.port), (_STAT, "8935", self.stat_port)):
            assert text.count(line) == 1, f"the configuration should say `{line}` once"
            text = text.replace(line, line.replace(standard, str(port)))
        return text

    async def published(self) -> dict[str, Published]:
        """Every stream that somebody publishes now, by name.

        Raises:
            httpx.HTTPError: the server does not answer.
        """
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
            answer = await client.get(self.stat_url)
        return _streams(answer.raise_for_status().text)

    async def __aenter__(self) -> Self:
        nginx = nginx_binary()
        self._prefix.mkdir(parents=True, exist_ok=True)
        config = self._prefix / "nginx.conf"
        config.write_text(self.configuration())
        argv = [str(nginx), "-p", f"{self._prefix}/", "-c", str(config), "-g", "daemon off;"]
        self._process = await Process(argv, name="nginx").__aenter__()
        try:
            async with asyncio.timeout(_PATIENCE):
                for port in (self.port, self.stat_port):
                    await self._listening(port)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.__aexit__(kind, error, trace)

    async def _listening(self, port: int) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if self.process.returncode is not None:
                    await asyncio.sleep(0.2)  # its last words may still be in the pipe
                    raise ComponentError(f"nginx ended: {' | '.join(self.process.tail)}") from None
                await asyncio.sleep(0.02)  # nothing tells us when a stranger's port opens
            else:
                writer.close()
                await writer.wait_closed()
                return


def _streams(xml: str) -> dict[str, Published]:
    found: dict[str, Published] = {}
    # Our own server on loopback wrote it.
    for stream in ElementTree.fromstring(xml).iter("stream"):
        if stream.find("publishing") is None:
            continue
        text = {key: stream.findtext(key, "") for key in ("name", "bytes_in")}
        video, audio = stream.find("meta/video"), stream.find("meta/audio")
        found[text["name"]] = Published(
            bytes=int(text["bytes_in"] or 0),
            width=int(video.findtext("width", "0")) if video is not None else 0,
            video=video.findtext("codec", "") if video is not None else "",
            audio=audio.findtext("codec", "") if audio is not None else "",
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
