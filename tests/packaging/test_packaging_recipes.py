"""The recipes in docs/recipes.md do what they say: nginx before an origin, a backup taken and read."""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from servers import Authority, free_port, listening, program
from webtv.core.process import Process
from webtv.engine.supervision import HAND_OVER

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "recipes.md").read_text(encoding="utf-8")
NAME = "tv.example.org"
SEGMENT = b"segment" * 1000


def block(language: str, holding: str = "") -> str:
    """The one fenced block of a language that holds a text."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (text,) = [text for text in found if holding in text]
    return str(text)


def unit() -> RawConfigParser:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string(block("ini"))
    return parser


def test_a_reload_hands_over_and_systemd_starts_the_next_one() -> None:
    service = unit()["Service"]
    assert HAND_OVER is signal.SIGUSR1
    assert service["ExecReload"] == f"/bin/kill -{HAND_OVER.name.removeprefix('SIG')} $MAINPID"
    # A control plane that left ends well, so only this starts another; and the head-end is in the same group.
    assert (service["Restart"], service["KillMode"]) == ("always", "process")
    assert "ExecStop" not in service, "it would run after a reload as well, and end the head-end"


def test_a_child_that_the_kernel_kills_does_not_stop_the_station() -> None:
    assert unit()["Service"]["OOMPolicy"] == "continue"


@dataclass
class Origin:
    """What stands for the station: it answers like one, and remembers what it was asked."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def times(self, path: str) -> int:
        return [asked for asked, _ in self.asked].count(path)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                path = head[0].split()[1]
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                self.asked.append((path, headers))
                if path.startswith("/live/"):
                    await self._flow(reader, writer)
                    return
                cache = "public, max-age=3600, immutable" if path.endswith(".m4s") else "no-store"
                about = ("HTTP/1.1 200 OK", f"Content-Length: {len(SEGMENT)}", f"Cache-Control: {cache}")
                writer.write("\r\n".join((*about, "Accept-Ranges: bytes", "", "")).encode() + SEGMENT)
                await writer.drain()

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A few bytes of a stream, and then nothing more until the proxy lets go."""
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nFLV\r\n")
        await writer.drain()
        await reader.read()
        self.ended.set()


@dataclass
class Front:
    """The proxy, and what is behind it."""

    origin: Origin
    client: httpx.AsyncClient
    host: str
    plain: int

    def ask(self, path: str, **headers: str) -> httpx.Request:
        given = {"Host": self.host, **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.client.build_request("GET", path, headers=given, extensions={"sni_hostname": NAME})


def configuration(folder: Path, *, station: int, tls: int, plain: int) -> str:
    """The recipe with the ports, paths and the pid file of a test, and nothing else changed."""
    recipe = re.sub(r"^ *listen \[::\].*\n", "", block("nginx"), flags=re.MULTILINE)
    for theirs, ours in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{station};",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": f"{folder}/server.pem",
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": f"{folder}/server.key",
        "/var/cache/nginx/webtv": f"{folder}/cache",
    }.items():
        assert recipe.count(theirs) == 1, theirs
        recipe = recipe.replace(theirs, ours)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""  # its workers have to get into pytest's folder
    return (
        f"{user}\ndaemon off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}\n{recipe}}}\n"
    )


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    authority = Authority(tmp_path)
    authority.server(f"DNS:{NAME}")
    origin = Origin()
    server = await asyncio.start_server(origin.answer, "127.0.0.1", 0)
    station, tls, plain = server.sockets[0].getsockname()[1], free_port(), free_port()
    file = tmp_path / "nginx.conf"
    file.write_text(configuration(tmp_path, station=station, tls=tls, plain=plain), encoding="utf-8")
    trust = ssl.create_default_context(cafile=authority.file)
    argv = [str(program("nginx")), "-p", f"{tmp_path}/", "-c", str(file)]
    async with (
        asyncio.timeout(60),
        server,
        Process(argv, name="nginx") as nginx,
        httpx.AsyncClient(base_url=f"https://127.0.0.1:{tls}", verify=trust, timeout=20) as client,
    ):
        await listening(tls, nginx)
        yield Front(origin, client, f"{NAME}:{tls}", plain)


async def test_the_station_hears_the_name_the_scheme_and_the_true_address(front: Front) -> None:
    request = front.ask("/", X_Forwarded_For="192.0.2.66", X_Forwarded_Proto="http")
    answer = await front.client.send(request)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"]
    ((_, heard),) = front.origin.asked
    assert heard["host"] == front.host, "with the port: else lists of channels lead astray"
    assert heard["x-forwarded-proto"] == "https"
    assert heard["x-forwarded-for"] == "127.0.0.1", "what a viewer wrote must not get through"


async def test_a_segment_is_fetched_once_for_everybody_and_a_playlist_each_time(front: Front) -> None:
    for _ in range(3):
        for path in ("/hls/a/1.m4s", "/hls/a/index.m3u8"):
            assert (await front.client.send(front.ask(path))).content == SEGMENT
    part = await front.client.send(front.ask("/hls/a/1.m4s", Range="bytes=7-13"))
    assert (part.status_code, part.content) == (206, b"segment")
    assert front.origin.times("/hls/a/1.m4s") == 1
    assert front.origin.times("/hls/a/index.m3u8") == 3


async def test_the_first_bytes_of_an_endless_stream_come_at_once_and_its_end_is_told(front: Front) -> None:
    answer = await front.client.send(front.ask("/live/a.flv"), stream=True)
    async for piece in answer.aiter_raw():
        assert piece == b"FLV"
        break
    await answer.aclose()
    await front.origin.ended.wait()


async def test_plain_http_leads_to_the_same_page_with_tls(front: Front) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{front.plain}/c/a?b=1", headers={"Host": NAME})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{NAME}/c/a?b=1")


def test_the_table_names_everything_that_the_station_writes() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "src" / "webtv").rglob("*.py"))
    written = set(re.findall(r'\bdata / "([^"]+)"', source))
    assert len(written) > 15
    told = set(re.findall(r"`([^`]+?)/?`", PAGE[PAGE.index("## Backup") :]))
    assert {name for name in written - told if not name.endswith((".lock", ".sock"))} == set()


def test_a_backup_holds_what_stands_in_the_journal_of_the_database_and_every_file(tmp_path: Path) -> None:
    data, to, etc = tmp_path / "data", tmp_path / "backup", tmp_path / "etc"
    for name in ("playlists/a.ffconcat", "library/ab/clip.mp4", "blocked", "hls/a/1.m4s", "air.json"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(name, encoding="utf-8")
    etc.mkdir()
    (etc / ".env").write_text("WEBTV_PORT=9000\n", encoding="utf-8")
    commands = block("sh", "umask 077")
    shell = re.sub(r" && sqlite3 webtv.sqlite3 .*", "", commands)  # Python's way is taken instead
    assert shell != commands
    script = shell + block("sh", "import sqlite3")
    for theirs, ours in {
        "/var/lib/webtv": data,
        "/srv/backup/webtv": to,
        "/etc/webtv": etc,
        "/opt/webtv/current/bin/python": sys.executable,
    }.items():
        script = script.replace(theirs, str(ours))
    with contextlib.closing(sqlite3.connect(data / "webtv.sqlite3")) as station:
        station.execute("PRAGMA journal_mode=WAL")
        station.execute("CREATE TABLE clips (id TEXT)")
        station.execute("INSERT INTO clips VALUES ('here')")
        station.commit()
        assert (data / "webtv.sqlite3-wal").stat().st_size > 0
        for _ in range(2):  # the second one finds the first
            subprocess.run(["sh", "-e", "-c", script], check=True)
    with contextlib.closing(sqlite3.connect(to / "data" / "webtv.sqlite3")) as copy:
        assert copy.execute("SELECT id FROM clips").fetchall() == [("here",)]
    copied = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
    assert copied == {
        "data/webtv.sqlite3",
        "data/playlists/a.ffconcat",
        "data/library/ab/clip.mp4",
        "data/blocked",
        "etc/.env",
    }
    assert to.stat().st_mode & 0o077 == 0, "keys are in it"
