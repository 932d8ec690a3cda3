"""Chaos against a whole station: one thing after another breaks; who watches another output sees nothing.

Writes ``artifacts/chaos/report.md``.
"""

import asyncio
import contextlib
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from chaos_station import OUTPUTS, PATIENCE, SATED, SLUGS, WEB, Chaos, SmallDisk, answers, chaos
from stationhouse import house, until

from servers import children_of
from webtv.air.reel import Reel
from webtv.air.reels import recordings
from webtv.core.format import GOP_SECONDS
from webtv.playlist.asrun import AsRunLog
from webtv.playlist.ffconcat import read_entries

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

FORM_FPS = 24
DISK_MB = 1200
SHORT, LONG = 10.0, 20.0  # seconds for which a process is stopped; the long one outlasts every buffer
SETTINGS = {
    "WEBTV_RECORD_HOURS": "1",
    "WEBTV_RECORD_GB": "0.25",
    "WEBTV_RECORD_FILE_MINUTES": "2",
    "WEBTV_STUDIO_WORKERS": "2",
    "WEBTV_LIBRARY_MIN_FREE_GB": "0.02",
    "WEBTV_LIBRARY_GB": "0.3",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> AsyncIterator[Chaos]:
    """The station, for all tests in here."""
    folder = tmp_path_factory.mktemp("chaos")
    disk = SmallDisk(folder / "data", DISK_MB)
    try:
        with house(folder, artifacts, SETTINGS) as home:
            async with chaos(home, folder) as running:
                running.disk = disk
                running.artifact = artifacts / "chaos" / "report.md"
                running.artifact.parent.mkdir(exist_ok=True)
                for slug in SLUGS:
                    await home.airing(slug, seconds=300)
                yield running
    finally:
        disk.end()


# Children of the control plane


async def test_the_web_process_is_killed(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of the web process",
        *WEB,
        says=["engine.process.ended"],
        moves="webtv_probe_errors_total",
    ):
        (gone,) = on.children("web")
        os.kill(gone, signal.SIGKILL)
        await until("it serves again", lambda: answers(on.home), PATIENCE)


async def test_the_web_process_stands_still(on: Chaos) -> None:
    async with (
        on.case(
            "SIGSTOP of the web process, 10 s",
            *WEB,
            says=["air.live.slow"],
            moves="webtv_probe_errors_total",
            loses=["flv"],
        ),
        on.stopped(*on.children("web"), seconds=SHORT),
    ):
        pass


async def test_studio_workers_are_killed(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of every studio worker", says=["engine.process.ended", "engine.lease.reclaimed"]
    ):
        gone = on.children("studio")
        assert gone
        for pid in gone:
            os.kill(pid, signal.SIGKILL)
        await until("others are at work", lambda: set(on.children("studio")) - set(gone), PATIENCE)


async def test_studio_workers_stand_still(on: Chaos) -> None:
    async with (
        on.case("SIGSTOP of every studio worker, 20 s"),
        on.stopped(*on.children("studio"), seconds=LONG),
    ):
        pass


async def test_the_probe_is_killed_and_stands_still(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of the probe, then SIGSTOP of the next one, 10 s",
        says=["engine.process.ended"],
        moves="webtv_probe_watched_seconds_total",
    ):
        (gone,) = on.children("probe")
        os.kill(gone, signal.SIGKILL)
        await until("another one watches", lambda: set(on.children("probe")) - {gone}, PATIENCE)
        async with on.stopped(*on.children("probe"), seconds=SHORT):
            pass


# The control plane


async def test_the_control_plane_stands_still(on: Chaos) -> None:
    async with (
        on.case("SIGSTOP of the control plane, 20 s"),
        on.stopped(on.station.pid, seconds=LONG),
    ):
        pass


async def test_the_control_plane_is_killed(on: Chaos) -> None:
    before = await on.home.head_end_pid()
    async with on.case(
        "`kill -9` of the control plane, `webtv serve` again after 5 s",
        *WEB,
        moves="webtv_probe_watched_seconds_total",
    ) as case:
        on.station.child.kill()
        await on.station.wait()
        await asyncio.sleep(5.0)
        await on.stack.enter_async_context(on.home.serving())
        await until("it serves", lambda: answers(on.home), PATIENCE)
        assert await on.home.head_end_pid() == before
        case.notes.append("the head-end is the same process")


async def test_another_control_plane_takes_over(on: Chaos) -> None:
    before = await on.home.head_end_pid()
    async with on.case("`webtv serve --takeover`", *WEB, moves="webtv_probe_watched_seconds_total") as case:
        first = on.station
        await on.stack.enter_async_context(on.home.serving("--takeover"))
        async with asyncio.timeout(PATIENCE):
            assert await first.wait() == 0
        await until("it serves", lambda: answers(on.home), PATIENCE)
        assert await on.home.head_end_pid() == before
        case.notes.append("the head-end is the same process")


# RTMP


async def test_rtmp_children_are_killed(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of every child that pushes to `main`",
        "main",
        renews=True,
        says=["air.output.failed"],
        moves="webtv_air_output_sessions_total",
        labels={"output": "main"},
    ):
        gone = await on.pushers("main")
        assert len(gone) == len(SLUGS)
        for pid in gone:
            os.kill(pid, signal.SIGKILL)


async def test_rtmp_children_stand_still(on: Chaos) -> None:
    async with (
        on.case(
            "SIGSTOP of every child that pushes to `main`, 20 s",
            "main",
            renews=True,
            says=["air.output.failed"],
            moves="webtv_air_output_sessions_total",
            labels={"output": "main"},
        ),
        on.stopped(*await on.pushers("main"), seconds=LONG),
    ):
        pass


async def test_the_rtmp_server_is_killed_and_comes_back(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of nginx-rtmp `main`, started again after 5 s",
        "main",
        renews=True,
        says=["air.output.failed"],
        moves="webtv_air_events_total",
        labels={"kind": "air.output.failed"},
    ):
        await kill_server(on)
        await until("all of its outputs wait", lambda: everywhere(on, "main", "waiting"), PATIENCE)
        await asyncio.sleep(5.0)
        await on.main.__aenter__()


async def test_the_rtmp_server_is_restarted(on: Chaos) -> None:
    async with on.case(
        "nginx-rtmp `main` restarted",
        "main",
        renews=True,
        says=["air.output.failed"],
        moves="webtv_air_output_sessions_total",
        labels={"output": "main"},
    ):
        await on.main.__aexit__(None, None, None)
        await on.main.__aenter__()


async def test_the_rtmp_server_hangs(on: Chaos) -> None:
    pids = [on.main.process.pid, *children_of(on.main.process.pid)]
    async with (
        on.case(
            "SIGSTOP of nginx-rtmp `main`, 20 s: connections stay, nothing is read",
            "main",
            renews=True,
            says=["air.output.failed"],
            moves="webtv_air_events_total",
            labels={"kind": "air.output.failed"},
        ),
        on.stopped(*pids, seconds=LONG),
    ):
        await until("a stall is seen", lambda: everywhere(on, "main", "waiting", "connecting"), PATIENCE)


async def test_a_port_that_accepts_and_never_reads(on: Chaos) -> None:
    async with on.case(
        "nginx-rtmp `main` replaced by a port that accepts and never reads, 20 s",
        "main",
        renews=True,
        says=["air.output.failed"],
        moves="webtv_air_events_total",
        labels={"kind": "air.output.failed"},
    ):
        accepted: list[asyncio.StreamWriter] = []
        await kill_server(on)
        deaf = await asyncio.start_server(
            lambda _reader, writer: accepted.append(writer), "127.0.0.1", on.main.port, limit=1
        )
        await until("somebody calls", lambda: accepted, PATIENCE)
        await asyncio.sleep(LONG)
        deaf.close()
        for writer in accepted:
            writer.transport.abort()
        await on.main.__aenter__()


# Files

SPOILERS: dict[str, Callable[[Path], object]] = {
    "vanished": lambda path: path.unlink(),
    "truncated": lambda path: replace(path, path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: replace(path, b""),
    "of another format": lambda path: replace(path, b"RIFF" + bytes(4000)),
}


async def test_clips_and_beds_are_spoiled(on: Chaos) -> None:
    slug = SLUGS[0]
    async with on.case(
        "clips and beds that wait: vanished, truncated, empty, of another format",
        says=["air.clip.unusable"],
        moves="webtv_air_events_total",
        labels={"kind": "air.clip.unusable"},
    ):
        folder = on.home.data / "playlists"
        path = folder / f"{slug}.ffconcat"
        spoiled: dict[Path, bytes] = {}
        sequences: list[str] = []
        clips, beds = [*SPOILERS], [*SPOILERS]

        async def enough() -> bool:
            """Of the sequences that wait, every second one loses two clips, the others their beds."""
            locked = (await on.status(slug))["locked"]
            for entry in read_entries(path):
                if entry.n <= locked or entry.pos == entry.of:
                    continue
                if entry.seq not in sequences:
                    if entry.pos > 1:
                        continue
                    sequences.append(entry.seq)
                kinds, name = (beds, entry.bed) if sequences.index(entry.seq) % 2 else (clips, entry.file)
                file = folder / name if name else None
                if kinds and file is not None and file not in spoiled and file.exists():
                    spoiled[file] = file.read_bytes()
                    SPOILERS[kinds.pop(0)](file)
            return not clips and len(beds) < len(SPOILERS)

        try:
            await until("clips and beds wait", enough, 3 * PATIENCE)
            for kind, count in (("clip", len(SPOILERS)), ("bed", len(SPOILERS) - len(beds))):
                name = f"air.{kind}.unusable"
                await until(f"{name} is told", lambda n=name, c=count: told(on, slug, n, c), 3 * PATIENCE)
        finally:
            for file, data in spoiled.items():
                file.unlink(missing_ok=True)
                file.write_bytes(data)


PLAYLISTS: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: replace(path, path.read_bytes()[:700]),
    "replaced by garbage": lambda path: replace(path, os.urandom(50_000)),
    "with a line of 10 MB": lambda path: append(path, b"# webtv " + b"x" * 10_000_000 + b"\n"),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", PLAYLISTS)
async def test_a_playlist_is_spoiled(on: Chaos, how: str) -> None:
    path = on.home.data / "playlists" / f"{SATED}.ffconcat"
    async with on.case(f"a playlist {how}", says=["engine.playlist.restored"]) as case:
        before = max((entry.n for entry in read_entries(path)), default=0)
        PLAYLISTS[how](path)
        # The control plane goes on writing it, and what it writes reaches the air.

        async def new_on_air() -> bool:
            now = (await on.status(SATED))["now"]
            return bool(now and now["listed"] and now["n"] > before)

        await until("new entries are on air", new_on_air, 2 * PATIENCE)
        case.notes.append("new entries reach the air")


# Disk


NO_ROOM = ("air.output.failed", "air.books.waiting", "air.recording.shortened")


async def test_the_disk_is_full(on: Chaos) -> None:
    async with on.case(
        "disk full, 15 s",
        "hls",
        "folder",
        says=NO_ROOM,
        moves="webtv_air_events_total",
        loses=["hls", "folder"],
    ) as case:
        before = await events(on, *NO_ROOM)
        async with no_room(on) as how:
            # Old recordings and what has left the window make room, so HLS may go on for long.
            await until("the head-end tells", lambda: more_events(on, before, *NO_ROOM), PATIENCE)
            await asyncio.sleep(15.0)
        case.notes.append(how)
        await until("HLS is written again", lambda: everywhere(on, "hls", "live"), PATIENCE)
        await until("recordings, too", lambda: everywhere(on, "recording", "live"), PATIENCE)


async def test_the_disk_is_read_only(on: Chaos) -> None:
    async with on.case(
        "disk read-only, 15 s",
        "hls",
        "folder",
        says=["air.output.failed"],
        moves="webtv_air_events_total",
        labels={"kind": "air.output.failed"},
        loses=["hls", "folder"],
    ) as case:
        with read_only(on) as how:
            await until("HLS waits", lambda: everywhere(on, "hls", "waiting"), PATIENCE)
            await asyncio.sleep(15.0)
        case.notes.append(how)
        await until("HLS is written again", lambda: everywhere(on, "hls", "live"), PATIENCE)
    # The head-end's lock lies on that disk; who cannot write it must not take it for free.
    assert not [line for line in case.said if line.kind == "engine.head_end.ended"]


async def test_the_head_end_has_no_descriptors(on: Chaos) -> None:
    async with on.case(
        "the head-end may open no more files, 15 s",
        "hls",
        "folder",
        says=["air.output.failed"],
        moves="webtv_air_events_total",
        labels={"kind": "air.output.failed"},
        loses=["hls", "folder"],
    ):
        with on.limited(await on.home.head_end_pid(), resource.RLIMIT_NOFILE, 3):
            await asyncio.sleep(15.0)
        await until("HLS is written again", lambda: everywhere(on, "hls", "live"), PATIENCE)


# The head-end


async def test_the_head_end_is_killed(on: Chaos) -> None:
    async with on.case(
        "`kill -9` of the head-end",
        *OUTPUTS,
        renews=True,
        says=["engine.head_end.ended"],
        moves="webtv_probe_stalled_seconds_total",
    ) as case:
        gone = await on.home.head_end_pid()
        frames = {slug: (await on.status(slug))["frame"] for slug in SLUGS}
        on_air = {slug: (await on.status(slug))["now"] for slug in SLUGS}
        os.kill(gone, signal.SIGKILL)
        killed = time.monotonic()
        waits: list[float] = []
        for slug in SLUGS:
            await until(f"{slug} is on air", lambda slug=slug: goes_on(on, slug, gone), PATIENCE, every=0.02)
            waits.append(time.monotonic() - killed)
        case.notes.append(f"every channel on air again after {max(waits):.1f} s")
        for slug in SLUGS:
            status = await on.status(slug)
            # It goes on within the clip, or right behind it.
            assert status["now"]["start_frame"] >= on_air[slug]["start_frame"]
            assert status["frame"] >= frames[slug]
            assert status["lost_seconds"] == 0
    for slug in SLUGS:
        report = on.readings[slug, "flv"].report()
        assert not report.reconnects, f"{slug}: a reader of FLV was cut off: {report.notes}"
        assert not report.errors, f"{slug}: {report.errors}"


async def test_the_head_end_stands_still_for_a_moment(on: Chaos) -> None:
    async with (
        on.case(
            "SIGSTOP of the head-end, 6 s", *OUTPUTS, renews=True, moves="webtv_probe_stalled_seconds_total"
        ),
        on.stopped(await on.home.head_end_pid(), seconds=6.0),
    ):
        pass


async def test_the_head_end_stands_still_for_long(on: Chaos) -> None:
    async with (
        on.case(
            "SIGSTOP of the head-end, 20 s",
            *OUTPUTS,
            renews=True,
            says=["air.time.lost"],
            moves="webtv_air_lost_seconds_total",
            loses=OUTPUTS,
        ),
        on.stopped(await on.home.head_end_pid(), seconds=LONG),
    ):
        pass
    for slug in SLUGS:
        # Out of time once, and told so.
        assert on.readings[slug, "hls"].report().discontinuities == 1


# After all of it


async def test_the_station_is_well_afterwards(on: Chaos) -> None:
    assert (await on.home.get("/readyz")).status_code == 200
    made = len(on.home.rows("SELECT id FROM clips"))
    await until("the studio makes clips", lambda: len(on.home.rows("SELECT id FROM clips")) > made, PATIENCE)
    lost = {slug: (await on.status(slug))["lost_seconds"] for slug in SLUGS}
    for slug in SLUGS:
        airings = list(AsRunLog(on.home.data / "asrun" / slug).read())
        holes = [b.start_frame - a.start_frame - a.frames for a, b in pairwise(airings)]
        assert min(holes) >= 0, "nothing aired at the same time"
        assert sum(holes) == lost[slug] * FORM_FPS, "what was lost is all that is missing in the log"
        listed = [airing.n for airing in airings if airing.n is not None]
        assert len(set(listed)) >= 0.5 * len(listed)
        gops = recorded(on.home.data / "recordings" / slug)
        assert gops == sorted(set(gops)), "the recording holds everything once and in order"
        assert len(gops) > 50
    words = on.home.last_words()
    assert "Traceback" not in words


def recorded(folder: Path) -> list[int]:
    """Numbers of the GOPs in a channel's recordings, in order."""
    found: list[int] = []
    for path in reversed(recordings(folder)):
        found += [fragment.frame // int(FORM_FPS * GOP_SECONDS) for fragment in Reel.open(path).fragments]
    return found


async def kill_server(on: Chaos) -> None:
    """``kill -9`` of nginx ``main`` with its worker."""
    for pid in [*children_of(on.main.process.pid), on.main.process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await on.main.process.wait()
    await on.main.__aexit__(None, None, None)


async def everywhere(on: Chaos, output: str, *states: str) -> bool:
    """Whether an output is in one of these states on every channel."""
    return all([(await on.output(slug, output))["state"] in states for slug in SLUGS])


async def events(on: Chaos, *kinds: str) -> int:
    """How many such events the head-end has told of, on all channels."""
    counts = (await on.home.head_end.status())["events"]
    return sum(item["count"] for item in counts if item["kind"] in kinds)


async def more_events(on: Chaos, before: int, *kinds: str) -> bool:
    """Whether there are more of them now."""
    return await events(on, *kinds) > before


async def told(on: Chaos, slug: str, kind: str, count: int) -> bool:
    """Whether the head-end has told of so many such events on a channel."""
    counts = (await on.home.head_end.status())["events"]
    return count <= sum(item["count"] for item in counts if (item["kind"], item["channel"]) == (kind, slug))


async def goes_on(on: Chaos, slug: str, gone: int) -> bool:
    """Whether the head-end that followed one that is gone airs a channel."""
    from webtv.core.errors import WebTVError

    with contextlib.suppress(WebTVError):
        status = await on.home.head_end.status()
        return status["pid"] != gone and (await on.status(slug))["frame"] is not None
    return False


@contextlib.asynccontextmanager
async def no_room(on: Chaos) -> AsyncIterator[str]:
    """Nothing can be written: the disk is full, or as good as full where nobody may mount one."""
    if on.disk.mounted:
        async with on.disk.full():
            yield f"a file system of {DISK_MB} MB under the whole data folder, filled up"
    else:
        with on.limited(await on.home.head_end_pid(), resource.RLIMIT_FSIZE, 0):
            yield "RLIMIT_FSIZE of the head-end: this user may not mount"


@contextlib.contextmanager
def read_only(on: Chaos):  # type: ignore[no-untyped-def]
    """Nothing can be written: the data folder is mounted read-only, or its HLS folders may not be written."""
    if on.disk.mounted:
        with on.disk.read_only(on.home.data):
            yield "the whole data folder mounted read-only over itself"
    else:
        folders = [on.home.data / "hls" / slug for slug in SLUGS]
        for folder in folders:
            folder.chmod(0o500)
        try:
            yield "the HLS folders without the right to write: this user may not mount"
        finally:
            for folder in folders:
                folder.chmod(0o700)


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another."""
    path.unlink()
    path.write_bytes(data)


def append(path: Path, data: bytes) -> None:
    """Add to a file."""
    with path.open("ab") as file:
        file.write(data)
