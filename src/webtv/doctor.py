"""``webtv doctor``: what this machine can do, what is missing, and how to get it. Changes nothing."""

import os
import platform
import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from webtv import __version__, wiring
from webtv.adapters import SYSTEM_PATH, adapter_findings, graphics_cards
from webtv.bench.machine import ffmpeg_binary, ffmpeg_version, processor
from webtv.core.errors import WebTVError
from webtv.core.log import redact
from webtv.core.process import usable_cores
from webtv.core.settings import Settings
from webtv.core.sockets import expect_short
from webtv.finding import Finding, State

_APT = "sudo apt-get install -y "
_REINSTALL = "pip install --force-reinstall "
_RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


_MARKS = {
    State.GOOD: ("✓", "green"),
    State.OPTIONAL: ("○", "dim"),
    State.WEAK: ("!", "yellow"),
    State.BAD: ("✗", "red"),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the station can run."""
        return all(finding.state is not State.BAD for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible object."""
        return {"version": __version__, "ok": self.ok, "findings": [asdict(item) for item in self.findings]}

    def show(self, console: Console) -> None:
        """Print it as a table."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("", "what", "found", "what to do"):
            table.add_column(column, overflow="fold")
        group = ""
        for item in self.findings:
            if item.group != group:
                group = item.group
                table.add_row("", f"[bold]{group}[/bold]", "", "")
            mark, colour = _MARKS[item.state]
            table.add_row(f"[{colour}]{mark}[/{colour}]", item.what, _plain(item.found), _plain(item.remedy))
        console.print(table)
        bad = [item.what for item in self.findings if item.state is State.BAD]
        weak = [item.what for item in self.findings if item.state is State.WEAK]
        console.print()
        if bad:
            console.print(f"[red]The station cannot run yet[/red]: {', '.join(bad)}")
        elif weak:
            console.print(f"[green]The station can run.[/green] Worth a look: {', '.join(weak)}")
        else:
            console.print("[green]The station can run.[/green]")


def examine(settings: Settings) -> Diagnosis:
    """Look at this machine with the eyes of an operator."""
    looks = (_machine, _media, _station, _settings, adapter_findings, _extras)
    found = [finding for look in looks for finding in _looked(look, settings)]
    return Diagnosis(tuple(dict.fromkeys(found)))


def _looked(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """What one look finds; a setting that keeps it from looking on is a finding itself, and is told once."""
    try:
        yield from look(settings)
    except WebTVError as error:
        yield Finding("settings", error.place or "settings", State.BAD, error.message, error.remedy)


def _machine(settings: Settings) -> Iterator[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    new = sys.version_info >= (3, 11)
    yield _finding("machine", "Python", new, found, "install Python 3.11 or newer")
    cores = usable_cores()
    yield _finding(
        "machine",
        "cores",
        cores > 1,
        f"{cores}, {processor()}",
        "two or more make new programmes faster than they air; with one there are more reruns",
        State.WEAK,
    )
    memory, free = _memory()
    yield _finding(
        "machine",
        "memory",
        free >= 1.0,
        f"{free:.1f} of {memory:.1f} GB free",
        "a station with two studio workers takes about 1 GB: stop something, or WEBTV_STUDIO_WORKERS=1",
        State.WEAK,
    )
    folder = _existing(settings.data)
    room = shutil.disk_usage(folder).free / 1e9
    wanted = settings.library_gb + settings.library_min_free_gb
    remedy = "make room, or point WEBTV_DATA to a larger disk"
    if room < settings.library_min_free_gb:
        remedy = f"generation starts above {settings.library_min_free_gb:g} GB only: {remedy}"
    else:
        remedy = f"set WEBTV_LIBRARY_GB to {room - settings.library_min_free_gb:.1f} or less, or {remedy}"
    found = f"{room:.0f} GB free; the library may take {settings.library_gb:g} GB"
    yield _finding("machine", "disk", room >= wanted, found, remedy, State.WEAK)


def _media(settings: Settings) -> Iterator[Finding]:
    try:
        import av
        from av.error import FFmpegError, ProtocolNotFoundError
    except ImportError as error:
        yield Finding("media", "PyAV", State.BAD, str(error), f"{_REINSTALL}'av>=18,<19'")
    else:
        missing = [name for name in ("libx264", "aac") if name not in av.codecs_available]
        found = f"{av.__version__}, {'with' if not missing else 'without'} x264 and AAC"
        yield _finding("media", "PyAV", not missing, found, f"{_REINSTALL}'av>=18,<19'")
        if not missing:
            yield _house_formats()
        for scheme in ("rtmp", "rtmps"):
            try:
                # Nobody listens on the discard port: what matters is how it fails.
                av.open(f"{scheme}://127.0.0.1:9/x/y", timeout=2.0).close()
                able = True
            except ProtocolNotFoundError:
                able = False
            except (FFmpegError, OSError):
                able = True
            found = "can push" if able else "this build of PyAV cannot push"
            yield _finding("media", scheme, able, found, f"{_REINSTALL}'av>=18,<19'", State.WEAK)
    try:
        import cv2

        yield Finding("media", "OpenCV", State.GOOD, f"{cv2.__version__}")
    except ImportError as error:
        remedy = f"{_REINSTALL}opencv-python-headless"
        yield Finding("media", "OpenCV", State.BAD, str(error), remedy)
    try:
        binary = ffmpeg_binary(settings.ffmpeg)
        whose = "set by WEBTV_FFMPEG" if settings.ffmpeg else "bundled"
        yield Finding(
            "media", "FFmpeg", State.GOOD, f"{ffmpeg_version(binary)}, {whose}; for benchmarks only"
        )
    except (WebTVError, ImportError) as error:
        remedy = getattr(error, "remedy", "") or "pip install imageio-ffmpeg"
        message = getattr(error, "message", str(error))
        yield Finding("media", "FFmpeg", State.WEAK, f"{message}; benchmarks need it", remedy)


def _house_formats() -> Finding:
    from webtv.clips.encoder import committed_avcc, make_avcc
    from webtv.core.format import FORMAT_NAMES, house_format

    committed = committed_avcc()
    other = [name for name in FORMAT_NAMES if make_avcc(house_format(name)) != committed[name]]
    found = f"{len(FORMAT_NAMES) - len(other)} of {len(FORMAT_NAMES)} encode as committed"
    remedy = f"this encoder cannot make {', '.join(other)}: install the pinned av (constraints.txt)"
    return _finding("media", "house formats", not other, found, remedy)


def _station(settings: Settings) -> Iterator[Finding]:
    from webtv.core.lock import holder_of
    from webtv.themes.loader import load_folder

    pid = holder_of(settings.data / "serve.lock")
    orphan = holder_of(settings.data / "air.lock")
    if pid is not None:
        yield Finding("station", "running", State.GOOD, f"process {pid} runs the station")
    elif orphan is not None:
        found = f"process {orphan} airs alone"
        yield Finding(
            "station", "running", State.GOOD, found, "`webtv serve` adopts it, `webtv stop` ends it"
        )
    else:
        yield Finding("station", "running", State.GOOD, "nothing runs on this data folder")
    folder = _existing(settings.data)
    remedy = f"make {folder} writable, or point WEBTV_DATA elsewhere"
    writable = os.access(folder, os.W_OK | os.X_OK)
    yield _finding("station", "data folder", writable, str(settings.data), remedy)
    yield _socket(settings.air_socket)
    yield _database(settings.database, running=pid is not None)
    yield _port(settings, running=pid is not None)
    loaded = load_folder(settings.channels, wiring.known_names(settings))
    good = [item.slug for item in loaded if item.channel is not None]
    found = (
        f"{len(good)} of {len(loaded)} valid: {', '.join(good)}" if loaded else f"none in {settings.channels}"
    )
    state = State.GOOD if good and len(good) == len(loaded) else State.WEAK if good else State.BAD
    if state is not State.GOOD:
        remedy = "`webtv check` says what is wrong" if loaded else "name a folder of them: --channels"
    yield Finding("station", "channels", state, found, "" if state is State.GOOD else remedy)


def _socket(path: Path) -> Finding:
    try:
        expect_short(path.absolute())
    except WebTVError as error:
        return Finding("station", "head-end's socket", State.BAD, error.message, error.remedy)
    return Finding("station", "head-end's socket", State.GOOD, "its path is short enough")


def _database(path: Path, *, running: bool) -> Finding:
    if not path.exists():
        return Finding("station", "database", State.GOOD, "none yet; made at the first start")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=2.0, uri=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError as error:
        if running and "locked" in str(error):
            return Finding("station", "database", State.GOOD, "in use")
        remedy = f"check who may write {path} and who holds it"
        return Finding("station", "database", State.BAD, f"cannot be written: {error}", remedy)
    except sqlite3.DatabaseError as error:
        remedy = (
            "stop the station, move the file away and restore a backup; without it the station starts anew"
        )
        return Finding("station", "database", State.BAD, f"damaged: {error}", remedy)
    return Finding("station", "database", State.GOOD, f"writable, {path.stat().st_size / 1e6:.1f} MB")


def _port(settings: Settings, *, running: bool) -> Finding:
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        if running:
            return Finding("station", "web port", State.GOOD, f"{where}, in use by the station")
        why = error.strerror or str(error)
        return Finding("station", "web port", State.BAD, f"{where}: {why}", "choose another one: WEBTV_PORT")
    return Finding("station", "web port", State.GOOD, f"{where} is free")


def _settings(settings: Settings) -> Iterator[Finding]:
    from_file = ", .env is read" if Path(".env").is_file() else ""
    given = sorted(name for name in settings.model_fields_set if name not in {"data", "channels"})
    found = f"set: {', '.join(given)}" if given else "all at their defaults"
    yield Finding("settings", "settings", State.GOOD, found + from_file)
    if settings.writer == "local":
        found = f"{settings.local_writer_model} on this machine; see write: local"
        yield Finding("settings", "LLM writer", State.GOOD, found)
    elif settings.openai_base_url or settings.openai_api_key:
        server = redact(settings.openai_base_url or "OpenAI's own server")
        unused = settings.writer == "grammar" or not (settings.openai_base_url or settings.writer == "openai")
        found = f"{settings.openai_model} at {server}" + ("; not used" if unused else "; not asked now")
        remedy = "set WEBTV_WRITER=openai to use it" if unused else ""
        yield Finding("settings", "LLM writer", State.OPTIONAL if unused else State.GOOD, found, remedy)
    elif settings.writer == "openai":
        remedy = "set WEBTV_OPENAI_BASE_URL, or WEBTV_WRITER=grammar"
        yield Finding("settings", "LLM writer", State.BAD, "asked for, and no server is set", remedy)
    else:
        remedy = "set WEBTV_OPENAI_BASE_URL to any server with OpenAI's chat API"
        yield Finding("settings", "LLM writer", State.OPTIONAL, "none; the grammar writes", remedy)
    yield from _outputs(settings)


def _outputs(settings: Settings) -> Iterator[Finding]:
    from webtv.air.targets import misfits, profile_of, rotation
    from webtv.core.format import house_format
    from webtv.themes.loader import load_folder

    if not settings.outputs:
        remedy = "set WEBTV_OUTPUTS to push channels to RTMP servers"
        yield Finding("settings", "RTMP outputs", State.OPTIONAL, "none", remedy)
        return
    loaded = load_folder(settings.channels, wiring.known_names(settings))
    channels = {item.slug: item.channel for item in loaded if item.channel is not None}
    for name, target in sorted(settings.outputs.items()):
        users = {slug: channel for slug, channel in channels.items() if name in channel.outputs}
        found = f"{profile_of(target).title}, a new session every {rotation(target) / 3600:g} h; " + (
            f"for {', '.join(sorted(users))}" if users else "no channel goes there"
        )
        what = f"output {name}"
        yield Finding("settings", what, State.GOOD, found)
        forms = {house_format(channel.format) for channel in users.values()}
        for misfit in misfits(target, *sorted(forms, key=lambda form: form.name)):
            yield Finding("settings", what, State.WEAK, misfit.message, misfit.remedy)


def _extras(_: Settings) -> Iterator[Finding]:
    from webtv.core.libraries import INSTALL

    yield _graphics_card()
    for package in ("torch", "diffusers"):
        remedy = f"for model adapters: {INSTALL}"
        yield _extra(package, lambda package=package: version(package), remedy)  # type: ignore[misc]
    yield _extra("nginx with RTMP", _nginx, f"to serve RTMP yourself: {_APT}nginx-light libnginx-mod-rtmp")
    yield _extra("Chromium", _chromium, f"for the tests only: {_APT}chromium")


def _extra(what: str, look: Callable[[], str | None], remedy: str) -> Finding:
    try:
        found = look()
    except PackageNotFoundError:
        found = None
    if found is None:
        return Finding("extras", what, State.OPTIONAL, "not installed", remedy)
    return Finding("extras", what, State.GOOD, found)


def _nginx() -> str | None:
    installed = shutil.which("nginx", path=SYSTEM_PATH) and _RTMP_MODULE.exists()
    return "installed; rtmp/nginx.conf is a working configuration" if installed else None


def _chromium() -> str | None:
    names = ("chromium", "google-chrome-stable", "google-chrome")
    return next((name for name in names if shutil.which(name, path=SYSTEM_PATH)), None)


def _graphics_card() -> Finding:
    cards = graphics_cards()
    if cards is None:
        remedy = "only model adapters gain from one; NVIDIA's driver brings nvidia-smi"
        return Finding("extras", "GPU", State.OPTIONAL, "no NVIDIA GPU is visible", remedy)
    found = "; ".join(f"{name}, {gb:.0f} GB" for name, gb in cards)
    return Finding("extras", "GPU", State.GOOD, found)


def _finding(
    group: str, what: str, good: bool, found: str, remedy: str, otherwise: State = State.BAD
) -> Finding:
    return Finding(group, what, State.GOOD if good else otherwise, found, "" if good else remedy)


def _memory() -> tuple[float, float]:
    """Installed and available memory in GB."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = page * os.sysconf("SC_PHYS_PAGES") / 1e9
    try:
        match = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return total, int(match[1]) * 1024 / 1e9 if match else total


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
