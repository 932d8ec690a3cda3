"""A whole station with a subscriber at every output of every channel, for tests that break things."""

import asyncio
import atexit
import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from stationhouse import House, small_channel, until

from servers import NginxRtmp, children_of
from webtv.core.process import Process
from webtv.probe.reading import Reading
from webtv.probe.report import Report
from webtv.probe.subscription import subscribe

SLUGS = ("quay", "mill", "wood")
SATED = "mill"  # the channel that has all the new programmes that it wants
WEB = ("hls", "flv")  # outputs that come through the web process
PUSHED = ("main", "mirror")
OUTPUTS = ("folder", *WEB, *PUSHED)
PATIENCE = 120.0  # seconds; a bound that only a broken station reaches
# Milliseconds by which media may come late on a machine with more work than cores. A GOP that is lost is a
# hole, a missed segment or a reconnect, however late: those are held to zero.
LATE = 1900.0
_SEEN = 6.0  # seconds of media that must come after a case before it is judged
_EVENT = re.compile(r"^\S+Z \[(\w+) *\] ([a-z_]+\.[a-z_.]+) (.*)$")
_SAID = re.compile(r"""(\w+)=('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)""")


@dataclass(frozen=True)
class Line:
    """One event in a log."""

    kind: str
    severity: str
    message: str
    remedy: str


@dataclass
class Case:
    """What was broken, and what came of it: a row of the report."""

    what: str
    saw: dict[str, str] = field(default_factory=dict)
    said: list[Line] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Chaos:
    """The running station, whoever watches it, and the report so far."""

    home: House
    main: NginxRtmp
    mirror: NginxRtmp
    stack: contextlib.AsyncExitStack
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    disk: "SmallDisk" = field(init=False)
    artifact: Path = field(init=False)

    # Processes

    @property
    def station(self) -> Process:
        """The control plane."""
        assert self.home.station is not None
        return self.home.station

    def children(self, part: str) -> list[int]:
        """Ids of the control plane's children that run ``web``, ``studio`` or ``probe``."""
        found = []
        for pid in children_of(self.station.pid):
            with contextlib.suppress(OSError):
                if f"\0{part}\0".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    async def pushers(self, output: str) -> list[int]:
        """Ids of all children that push to a server."""
        server = self.main if output == "main" else self.mirror
        return [
            pid for pid in children_of(await self.home.head_end_pid()) if server.port in remote_ports(pid)
        ]

    @contextlib.asynccontextmanager
    async def stopped(self, *pids: int, seconds: float) -> AsyncIterator[None]:
        """SIGSTOP, the block, and SIGCONT after so many seconds."""
        begun = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
            await asyncio.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def limited(self, pid: int, what: int, value: int) -> Iterator[None]:
        """Lower a resource limit of a running process while the block lasts."""
        soft, hard = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (value, hard))
        try:
            yield
        finally:
            resource.prlimit(pid, what, (soft, hard))

    # What it says

    async def status(self, slug: str) -> dict[str, Any]:
        """A channel as the head-end tells it."""
        channels = (await self.home.head_end.status())["channels"]
        return next(dict(channel) for channel in channels if channel["slug"] == slug)

    async def output(self, slug: str, name: str) -> dict[str, Any]:
        """An output as the head-end tells it."""
        return next(output for output in (await self.status(slug))["outputs"] if output["name"] == name)

    async def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Everything on ``/metrics``, by name and labels."""
        text = (await self.home.get("/metrics")).raise_for_status().text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name.startswith("webtv_")
        }

    def logs(self) -> dict[Path, int]:
        """Length of every log now."""
        files = [self.home.log, *(self.home.data / "logs").glob("*.log")]
        return {path: path.stat().st_size for path in files if path.exists()}

    def said(self, since: Mapping[Path, int]) -> list[Line]:
        """Events that the logs tell since then."""
        found = []
        for path in self.logs():
            with path.open("rb") as file:
                file.seek(since.get(path, 0))
                for text in file.read().decode(errors="replace").splitlines():
                    if match := _EVENT.match(text):
                        words = {key: value.strip("'\"") for key, value in _SAID.findall(match[3])}
                        found.append(
                            Line(match[2], match[1], words.get("message", ""), words.get("remedy", ""))
                        )
        return found

    # Judging

    def reports(self) -> dict[tuple[str, str], Report]:
        """What every subscriber has seen since it was last cleared."""
        return {key: reading.report() for key, reading in self.readings.items()}

    async def calm(self) -> None:
        """Wait until every output of every channel is regular for some seconds; then count anew."""
        for _ in range(12):
            for reading in self.readings.values():
                reading.clear()
            await self.more(dict.fromkeys(self.readings, 0.0), _SEEN)
            if all(regular(report) for report in self.reports().values()):
                break
        else:
            found = {key: report.notes for key, report in self.reports().items() if not regular(report)}
            raise AssertionError(f"the station does not come to rest: {found}")
        for reading in self.readings.values():
            reading.clear()

    async def more(self, seen: Mapping[tuple[str, str], float], seconds: float) -> None:
        """Wait until so many seconds of media have come on these outputs beyond what was seen."""
        async with asyncio.timeout(PATIENCE):
            for key, before in seen.items():
                reading = self.readings[key]
                await reading.until(
                    lambda report, before=before: report.up and report.media_seconds >= before + seconds,
                    within=PATIENCE,
                )

    @contextlib.asynccontextmanager
    async def case(
        self,
        what: str,
        *victims: str | tuple[str, str],
        says: Collection[str] = (),
        moves: str = "",
        labels: Mapping[str, str] | None = None,
        loses: Collection[str] = (),
        renews: bool = False,
    ) -> AsyncIterator[Case]:
        """Break something in the block; then everything must be as it should.

        Args:
            what: for the report.
            victims: outputs that may notice, of all channels or of one.
            says: kinds of events of which the log must tell at least one, with its remedy.
            moves: metric that must have changed.
            labels: which samples of it are summed up.
            loses: victims that may lose media, in whole GOPs.
            renews: whether RTMP sessions begin anew among the victims, and their timestamps with them.
        """
        await self.calm()
        case, since, before = Case(what), self.logs(), await self.metrics()
        self.cases.append(case)
        hit = {key for key in self.readings if key[1] in victims or key in victims}
        begun = time.monotonic()
        yield case
        try:
            others = {key: 0.0 for key in self.readings if key not in hit}
            await self.more(others, _SEEN)
            now = self.reports()
            await self.more({key: now[key].media_seconds for key in hit}, _SEEN)
        except TimeoutError as error:
            case.wrong.append(f"nothing comes any more: {error}")
        for key, report in self.reports().items():
            lossy, anew = key in hit and key[1] in loses, renews and key in hit and key[1] in PUSHED
            for trouble in troubles(report, victim=key in hit, loses=lossy, renews=anew):
                case.wrong.append(f"{'/'.join(key)}: {trouble} {list(report.notes)[-6:]}")
        case.saw = {
            name: summary([r for (_, o), r in self.reports().items() if o == name]) for name in OUTPUTS
        }
        await self._heard(case, since, says)
        if moves:
            await self._moved(case, before, moves, dict(labels or {}))
        case.notes.append(f"{time.monotonic() - begun:.0f} s")
        self.artifact.write_text(self.page())
        assert not case.wrong, f"{what}:\n" + "\n".join(case.wrong)

    async def _heard(self, case: Case, since: Mapping[Path, int], says: Collection[str]) -> None:
        def look() -> bool:
            case.said = self.said(since)
            told = {line.kind for line in case.said if line.remedy}
            return not says or bool(told & set(says))

        try:
            await until("the log tells", look, 30.0)
        except AssertionError:
            kinds = sorted({line.kind for line in case.said})
            case.wrong.append(f"the log tells none of {sorted(says)} with a remedy, only {kinds}")

    async def _moved(
        self,
        case: Case,
        before: Mapping[tuple[str, frozenset[tuple[str, str]]], float],
        name: str,
        labels: Mapping[str, str],
    ) -> None:
        def total(found: Mapping[tuple[str, frozenset[tuple[str, str]]], float]) -> float:
            return sum(
                v for (n, own), v in found.items() if n == name and labels.items() <= dict(own).items()
            )

        values: list[float] = []

        async def look() -> bool:
            values[:] = [total(await self.metrics())]
            return values[0] != total(before)

        shown = name + ("{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}" if labels else "")
        try:
            await until(f"{shown} moves", look, 40.0, every=0.5)
        except AssertionError as error:
            case.wrong.append(str(error))
        else:
            case.moved.append(f"`{shown}` {total(before):g} to {values[0]:g}")

    # The report

    def page(self) -> str:
        """All cases so far, as Markdown."""
        head = ["what was broken", *OUTPUTS, "what the log said", "what moved on /metrics", "remarks"]
        lines = [
            "# Chaos",
            "",
            f"A whole station, channels {', '.join(SLUGS)}, its studio at work, a subscriber at every output "
            "of every channel: `folder` reads the HLS files themselves, `hls` and `flv` come through the web "
            "process, `main` and `mirror` are pulled from two nginx-rtmp. Each cell is the worst of all "
            "channels from the fault until some seconds after it was over; `late` is by how much media came "
            "later than its schedule (`docs/service-level.md`), on a machine that did all of this at once: "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
            "",
            "| " + " | ".join(head) + " |",
            "|" + "---|" * len(head),
        ]
        for case in self.cases:
            told: dict[str, str] = {}
            for line in case.said:
                if line.severity != "info":
                    told.setdefault(line.kind, line.remedy)
            said = "<br>".join(f"`{kind}`: {remedy or '-'}" for kind, remedy in told.items()) or "nothing"
            cells = [
                case.what,
                *(case.saw.get(name, "?") for name in OUTPUTS),
                said,
                "<br>".join(case.moved) or "-",
                "<br>".join([*case.notes, *(f"**{text}**" for text in case.wrong)]),
            ]
            lines.append(
                "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
            )
        return "\n".join(lines) + "\n"


def regular(report: Report) -> bool:
    """Whether a subscriber has nothing to complain of."""
    return not list(troubles(report, victim=False))


def troubles(report: Report, *, victim: bool, loses: bool = False, renews: bool = False) -> Iterator[str]:
    """What is wrong with what a subscriber saw.

    Args:
        report: what it saw.
        victim: it may have been cut off and have waited; what it got then must follow all the same.
        loses: it may have lost media, in whole GOPs, and have been told so.
        renews: nginx-rtmp may have kept it connected while the next session began at timestamp 0.
    """
    if report.regressions and not renews:
        yield f"{report.regressions} timestamps went back"
    if report.undecodable:
        yield f"{report.undecodable} packets could not be decoded"
    if report.sequence_regressions:
        yield "the media sequence went back"
    if not (loses or renews):
        for count, text in (
            (report.jumps, "holes in the timestamps"),
            (report.discontinuities, "discontinuities"),
            (report.date_jumps, "steps of the dates"),
            (report.missed_segments, "segments were missed"),
        ):
            if count:
                yield f"{count} {text}"
    if not victim:
        if report.reconnects or report.errors:
            yield f"{report.reconnects} reconnects, {dict(report.errors or {})}"
        if report.longest_gap_ms > LATE:
            yield f"late by {report.longest_gap_ms:.0f} ms"


def summary(reports: list[Report]) -> str:
    """The worst of some channels in a few words."""
    words = [f"late {max(report.longest_gap_ms for report in reports) / 1000:.1f} s"]
    for name, text in (
        ("reconnects", "reconnects"),
        ("missed_segments", "missed segments"),
        ("jumps", "holes"),
        ("discontinuities", "discontinuities"),
        ("regressions", "regressions"),
    ):
        if count := sum(getattr(report, name) for report in reports):
            words.append(f"{count} {text}")
    return ", ".join(words)


def remote_ports(pid: int) -> set[int]:
    """Remote TCP ports that a process is connected to."""
    with contextlib.suppress(OSError):
        names = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
        sockets = {name[8:-1] for name in names if name.startswith("socket:[")}
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        return {int(row[2].rpartition(":")[2], 16) for row in rows if row[9] in sockets}
    return set()


class SmallDisk:
    """A file system of its own for a folder, where this user may mount one.

    Args:
        folder: where it goes.
        megabytes: its size.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mounted = _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))
        self._filler = folder / "filler"
        atexit.register(self.end)  # also of a run that somebody interrupts

    @contextlib.asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Not a byte is free while the block lasts, whatever others delete."""
        filling = asyncio.create_task(self._fill())
        try:
            yield
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
            self._filler.unlink(missing_ok=True)

    async def _fill(self) -> None:
        while True:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
                    while file.write(bytes(size)):
                        pass
            await asyncio.sleep(0.02)

    @contextlib.contextmanager
    def read_only(self, folder: Path) -> Iterator[None]:
        """Nothing in a folder of this disk can be written anew while the block lasts."""
        assert _mount("--bind", str(folder), str(folder))
        try:
            assert _mount("-o", "remount,bind,ro", str(folder))
            yield
        finally:
            unmount(folder)

    def end(self) -> None:
        """Let it go."""
        if self.mounted:
            unmount(self.folder)
            self.mounted = False


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    """Lazily: what is still open goes on."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@contextlib.asynccontextmanager
async def chaos(home: House, folder: Path) -> AsyncIterator[Chaos]:
    """Start the station, subscribe to everything, and wait until all of it comes."""
    for slug in SLUGS:
        # Buffers that never fill keep the studio at work; one that is full leaves a channel to its playlist.
        buffer = "30s" if slug == SATED else "2h"
        text = small_channel(f"The {slug.title()}", shots=3, seconds=4, buffer=buffer)
        home.write_channel(slug, f"{text}outputs: [main, mirror]\n")
    async with contextlib.AsyncExitStack() as stack:
        main = await stack.enter_async_context(NginxRtmp(folder / "main"))
        mirror = await stack.enter_async_context(NginxRtmp(folder / "mirror"))
        home.env["WEBTV_OUTPUTS"] = (
            f'{{"main": "{main.url("{channel}")}", "mirror": "{mirror.url("{channel}")}"}}'
        )
        found = Chaos(home, main, mirror, stack)
        await stack.enter_async_context(home.serving())
        await home.playable(*SLUGS, seconds=PATIENCE)
        for slug in SLUGS:
            where: dict[str, str | Path] = {
                "folder": home.data / "hls" / slug,
                "hls": f"{home.url}/hls/{slug}/index.m3u8",
                "flv": f"{home.url}/live/{slug}.flv",
                "main": main.url(slug),
                "mirror": mirror.url(slug),
            }
            for name in OUTPUTS:
                reading = await stack.enter_async_context(subscribe(where[name], look=False))
                found.readings[slug, name] = reading
        await found.more(dict.fromkeys(found.readings, 0.0), 4.0)
        yield found


async def answers(home: House) -> bool:
    """Whether the web process serves."""
    with contextlib.suppress(httpx.HTTPError):
        return (await home.get("/healthz")).status_code == 200
    return False
