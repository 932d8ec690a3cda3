"""The live folder: blocked clips leave the window, folders of channels that are gone end, disks fail."""

import asyncio
import errno
import itertools
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import pytest
from air_disk import SILENCE, Aired, Listed, bytes_in, gop_of, mark, packets, until
from air_house import (
    FORM,
    GOP,
    SLUG,
    START,
    House,
    JumpingClock,
    air_until,
    channel,
    fill,
    hls_bytes,
    read_back,
)

from webtv.air import hls as module
from webtv.air.clipsource import Gop
from webtv.air.cursor import Cursor
from webtv.air.fileoutput import FileOutput
from webtv.air.hls import HlsOutput, retire_channels
from webtv.air.hlsindex import parse_name, segment_name, tag_of
from webtv.air.output import OutputKind, OutputState
from webtv.air.slice import Slice
from webtv.core.errors import TransientError
from webtv.core.events import Event, Severity
from webtv.core.format import AAC_FRAME
from webtv.playlist.asrun import utc_seconds
from webtv.testing.clock import VirtualClock
from webtv.viewers.media import LIVE_NAME


@pytest.fixture(scope="module")
def aired(tmp_path_factory: pytest.TempPathFactory, footage: object) -> Aired:
    return Aired.make(tmp_path_factory.mktemp("hls") / "data", footage)


def clips_of(pieces: list[Slice]) -> list[str]:
    return list(dict.fromkeys(piece.entry.clip for piece in pieces))


@pytest.mark.parametrize(
    "clip", ["1m7q5d103j6vn", "s1c1", "slate", "withdrawn", "", "../x\n#EXTINF", "é" * 90]
)
def test_a_segments_name_tells_its_clip(clip: str) -> None:
    name = segment_name(START, tag_of(clip), 42)
    found = parse_name(name)
    assert found is not None
    assert (found.epoch, found.tag, found.gop) == (round(START * 1000), tag_of(clip), 42)
    assert LIVE_NAME.fullmatch(name)
    assert tag_of(clip) not in ("withdrawn", "")
    assert name.endswith("-42.m4s")
    assert parse_name("1800000000000-42.m4s") is not None  # as an earlier version wrote it


def watch(folder: Path) -> tuple[dict[str, list[tuple[int, bytes]]], Listed]:
    return packets(hls_bytes(folder)), Listed.read(folder)


@pytest.mark.parametrize("restarted", [False, True], ids=["same process", "another process"])
def test_a_withdrawn_clip_leaves_the_window_and_the_disk(
    aired: Aired, tmp_path: Path, restarted: bool
) -> None:
    writer = aired.writer(tmp_path)
    for piece in aired.pieces:
        writer.write(piece)
    before, listed = watch(tmp_path)
    shown = [piece for piece in aired.pieces if piece.frame // GOP in listed.gops]
    lagging = clips_of(aired.pieces[: -len(shown)])[-1]  # it has left the playlist, and its files stay
    gone = {clips_of(shown)[1], clips_of(shown)[-1], lagging}
    assert all(bytes_in(tmp_path, mark(clip)) for clip in gone)
    if restarted:
        writer = aired.writer(tmp_path, epoch=START + 0.25)
    writer.blocked = gone
    writer.withdraw()
    assert not any(bytes_in(tmp_path, mark(clip)) for clip in gone)
    after, now = watch(tmp_path)
    # Numbers, dates and marks are as they were; only the names of these segments changed.
    assert replace(now, names=[]) == replace(listed, names=[])
    assert now.gops == listed.gops
    for old, new, piece in zip(listed.names, now.names, shown, strict=True):
        assert (old != new) == (piece.entry.clip in gone)
        assert (tmp_path / old).exists() == (old == new)
    assert [at for at, _ in after["video"]] == [at for at, _ in before["video"]]
    assert [at for at, _ in after["audio"]] == [at for at, _ in before["audio"]]
    kept = {unit for piece in shown if piece.entry.clip not in gone for unit in piece.video}
    slate = {unit for gop in aired.slate for unit in gop}
    assert {unit for _, unit in after["video"]} <= kept | slate
    assert sum(unit == SILENCE for _, unit in after["audio"]) > 0
    assert read_back(hls_bytes(tmp_path)).pictures == len(shown) * GOP
    # It goes on as if nothing had been, and a clip that is blocked now never gets there.
    late = aired.at(len(aired.pieces), clip=next(iter(gone)))
    writer.write(late)
    assert Listed.read(tmp_path).gops == [*listed.gops[1:], len(aired.pieces)]
    assert "withdrawn" in Listed.read(tmp_path).names[-1]
    assert not bytes_in(tmp_path, mark(late.entry.clip))


def test_what_was_withdrawn_is_done_once(aired: Aired, tmp_path: Path) -> None:
    writer = aired.writer(tmp_path)
    writer.withdraw()  # there is nothing yet
    assert not list(tmp_path.iterdir())
    for piece in aired.pieces[:8]:
        writer.write(piece)
    writer.blocked = {aired.pieces[7].entry.clip, "never seen"}
    writer.withdraw()
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    writer.withdraw()
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_a_clip_goes_even_if_nothing_can_stand_in_for_it(aired: Aired, tmp_path: Path) -> None:
    writer, away = aired.writer(tmp_path), True

    def slate() -> list[Gop]:
        if away:
            raise TransientError("the head-end is going off air")
        return aired.slate

    writer._slate = slate
    for piece in aired.pieces[:8]:
        writer.write(piece)
    listed = Listed.read(tmp_path)
    writer.blocked = {aired.pieces[7].entry.clip}
    with pytest.raises(TransientError):
        writer.withdraw()
    assert not bytes_in(tmp_path, mark(aired.pieces[7].entry.clip))
    away = False
    writer.withdraw()
    assert Listed.read(tmp_path).gops == listed.gops
    assert read_back(hls_bytes(tmp_path)).pictures == len(listed.gops) * GOP


def test_a_folder_of_another_format_loses_the_clip_too(aired: Aired, tmp_path: Path) -> None:
    writer = aired.writer(tmp_path)
    for piece in aired.pieces[:8]:
        writer.write(piece)
    numbers = Listed.read(tmp_path)
    (tmp_path / "init.mp4").write_bytes(b"another one")
    writer = aired.writer(tmp_path)
    writer.blocked = {aired.pieces[7].entry.clip}
    writer.withdraw()
    assert not bytes_in(tmp_path, mark(aired.pieces[7].entry.clip))
    writer.write(aired.at(2, like=0))  # the timeline began anew; numbers do not
    after = Listed.read(tmp_path)
    assert after.gops == [2]
    assert after.media == numbers.media + len(numbers.names)
    assert after.discontinuities == 1


def test_a_channel_that_is_gone_ends_and_then_leaves(aired: Aired, tmp_path: Path) -> None:
    folder, other = tmp_path / "gone", tmp_path / "stays"
    writer = aired.writer(folder)
    for piece in aired.pieces[:8]:
        writer.write(piece)
        aired.writer(other).write(piece)
    listed = Listed.read(folder)
    now = (folder / "index.m3u8").stat().st_mtime
    assert retire_channels(tmp_path, ["stays"], frozenset(), now) == []
    assert Listed.read(folder) == replace(listed, ended=True)
    assert not Listed.read(other).ended
    assert read_back(hls_bytes(folder)).pictures == len(listed.gops) * GOP
    # It comes back: the end is taken back, and numbers go on.
    writer = aired.writer(folder)
    writer.write(aired.pieces[8])
    back = Listed.read(folder)
    assert (back.media, back.names[:-1], back.ended) == (listed.media, listed.names, False)
    # It leaves for good; nobody plays what ended that long ago.
    retire_channels(tmp_path, ["stays"], frozenset(), now)
    (folder / ".index.m3u8.torn").write_bytes(b"x")
    now = (folder / "index.m3u8").stat().st_mtime
    assert retire_channels(tmp_path, ["stays"], frozenset(), now + 30) == []
    assert retire_channels(tmp_path, ["stays"], frozenset(), now + 60) == ["gone"]
    assert [path.name for path in tmp_path.iterdir()] == ["stays"]
    assert retire_channels(tmp_path / "nothing", [], frozenset(), now) == []


def test_a_blocked_clip_takes_the_folder_of_a_channel_that_is_gone_along(
    aired: Aired, tmp_path: Path
) -> None:
    writer = aired.writer(tmp_path / "gone")
    for piece in aired.pieces[:8]:
        writer.write(piece)
    (tmp_path / "gone" / "notes.txt").write_text("somebody else's")
    now = time.time()
    assert retire_channels(tmp_path, [], {aired.pieces[7].entry.clip}, now) == []
    assert [path.name for path in (tmp_path / "gone").iterdir()] == ["notes.txt"]


def output(
    aired: Aired, folder: Path, clock: VirtualClock, events: list[Event], window: float = 20.0
) -> HlsOutput:
    return HlsOutput(
        folder,
        aired.header,
        START,
        window,
        slug=SLUG,
        slate=lambda: aired.slate,
        silence=SILENCE,
        clock=clock,
        events=events.append,
    )


async def test_an_output_writes_what_is_due_and_ends_with_what_waits(aired: Aired, tmp_path: Path) -> None:
    clock, events = VirtualClock(), list[Event]()
    hls = output(aired, tmp_path, clock, events)
    task = asyncio.create_task(hls.run())
    hls.offer(aired.pieces[0], 0.0)
    await until(lambda: hls.status.sent_bytes)
    assert (hls.status.state, hls.status.sessions, hls.status.kind) == (OutputState.LIVE, 1, OutputKind.HLS)
    hls.offer(aired.pieces[1], 2.0)
    await asyncio.sleep(0.05)
    assert Listed.read(tmp_path).gops == [0]  # not yet
    assert not hls.idle
    await clock.advance(2.0)
    await until(lambda: hls.idle)
    assert Listed.read(tmp_path).gops == [0, 1]
    for n in (2, 3, 4):
        hls.offer(aired.pieces[n], 2.0)  # they come in one go, and the process is told to end
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert Listed.read(tmp_path).gops == [0, 1, 2, 3, 4]
    assert not any(Listed.read(tmp_path).marks)
    assert events == []


async def test_a_blocked_clip_is_out_at_once_and_a_smaller_window_follows(
    aired: Aired, tmp_path: Path
) -> None:
    clock, events = VirtualClock(), list[Event]()
    hls = output(aired, tmp_path, clock, events, window=40.0)
    task = asyncio.create_task(hls.run())
    for n, piece in enumerate(aired.pieces[:12], 1):
        hls.offer(piece, 0.0)
        await until(lambda n=n: hls.status.sent_bytes and len(Listed.read(tmp_path).gops) == n)  # type: ignore[misc]
    clip = aired.pieces[5].entry.clip
    begun = time.monotonic()
    hls.withdraw({clip})
    await until(lambda: not bytes_in(tmp_path, mark(clip)))
    assert time.monotonic() - begun < 10  # a second is promised; this machine may be busy
    hls.keep(12.0)
    hls.offer(aired.pieces[12], 0.0)
    await until(lambda: Listed.read(tmp_path).gops == list(range(7, 13)))
    assert Listed.read(tmp_path).media == 7
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert events == []


@pytest.fixture
def few_descriptors() -> Iterator[Callable[[bool], None]]:
    """Takes this process's descriptors away, or gives them back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def take(away: bool) -> None:
        limit = soft
        if away:
            os.close(limit := os.open(os.devnull, os.O_RDONLY))  # the lowest that is free
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))

    yield take
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_trouble_is_told_once_and_its_end_too(
    aired: Aired, tmp_path: Path, few_descriptors: Callable[[bool], None]
) -> None:
    clock, events = VirtualClock(), list[Event]()
    hls = output(aired, tmp_path, clock, events)
    task = asyncio.create_task(hls.run())
    hls.offer(aired.pieces[0], 0.0)
    await until(lambda: hls.status.sent_bytes)
    few_descriptors(True)
    for n in (1, 2):
        hls.offer(aired.pieces[n], 0.0)
        await asyncio.sleep(0.05)
    few_descriptors(False)
    assert hls.status.state is OutputState.WAITING
    assert "too many files" in hls.status.error
    hls.offer(aired.pieces[3], 0.0)
    await until(lambda: Listed.read(tmp_path).gops == [0, 1, 2, 3])
    # A short trouble costs nothing: what waited is there, and no time was lost.
    assert not any(Listed.read(tmp_path).marks)
    assert (hls.status.state, hls.status.error, hls.status.dropped_gops) == (OutputState.LIVE, "", 0)
    assert [(event.kind, event.severity) for event in events] == [
        ("air.output.failed", Severity.WARNING),
        ("air.output.live", Severity.INFO),
    ]
    assert events[0].remedy
    assert events[0].channel == SLUG
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_long_trouble_drops_whole_gops_and_is_marked(aired: Aired, tmp_path: Path) -> None:
    clock, events, folder = VirtualClock(), list[Event](), tmp_path / "hls" / SLUG
    hls = output(aired, folder, clock, events)
    task = asyncio.create_task(hls.run())
    (tmp_path / "hls").write_text("no folder")
    for n in range(10):
        hls.offer(aired.pieces[n], 0.0)
        await asyncio.sleep(0.02)
    assert not folder.exists()
    (tmp_path / "hls").unlink()
    hls.offer(aired.pieces[10], 0.0)
    await until(lambda: folder.exists() and Listed.read(folder).gops[-1:] == [10])
    listed = Listed.read(folder)
    assert 4 <= len(listed.gops) <= 5  # what the queue held
    assert hls.status.dropped_gops == 11 - len(listed.gops)
    (folder / listed.names[-1]).rename(tmp_path / "aside")
    folder.rename(tmp_path / "hls" / "away")
    folder.write_text("again no folder")
    for n in range(11, 21):
        hls.offer(aired.pieces[n], 0.0)
        await asyncio.sleep(0.02)
    folder.unlink()
    (tmp_path / "hls" / "away").rename(folder)
    hls.offer(aired.pieces[21], 0.0)
    await until(lambda: Listed.read(folder).gops[-1:] == [21])
    listed = Listed.read(folder)
    lost = [later != earlier + 1 for earlier, later in itertools.pairwise(listed.gops)]
    assert listed.marks[1:] == lost
    assert sum(lost) == 1
    assert [event.kind for event in events] == ["air.output.failed", "air.output.live"] * 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_on_a_full_disk_the_window_keeps_sliding(
    aired: Aired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = module.write_atomically, False
    room = 0

    def small_disk(path: Path, data: bytes, **options: object) -> None:
        nonlocal room
        used = sum(each.stat().st_size for each in tmp_path.iterdir())
        if full and used + len(data) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_atomically", small_disk)
    writer = aired.writer(tmp_path)
    for gop in range(24):
        writer.write(aired.at(gop, like=gop))
    full, room = True, sum(each.stat().st_size for each in tmp_path.iterdir())
    for gop in range(24, 50):  # as much as there is, and not a byte more
        writer.write(aired.at(gop, like=gop))
    listed = Listed.read(tmp_path)
    assert listed.gops == list(range(40, 50))
    assert not any(listed.marks)
    room = 0
    with pytest.raises(OSError, match="space"):
        writer.write(aired.at(50))
    assert Listed.read(tmp_path) == listed
    assert all((tmp_path / name).exists() for name in listed.names)


class Hanging:
    """A disk that answers when it is let to."""

    def __init__(self) -> None:
        self.blocked: AbstractSet[str] = frozenset()
        self.written: list[int] = []
        self.withdrawn: list[AbstractSet[str]] = []
        self.gate = threading.Event()

    def write(self, piece: Slice) -> int:
        self.gate.wait(20)
        self.written.append(piece.frame // GOP)
        return 1

    def withdraw(self) -> None:
        self.gate.wait(20)
        self.withdrawn.append(self.blocked)

    def close(self) -> None:
        pass


async def test_a_hung_disk_keeps_nobody_waiting(aired: Aired) -> None:
    disk, events = Hanging(), list[Event]()
    hung = FileOutput(
        disk,
        name="hls",
        kind=OutputKind.HLS,
        slug=SLUG,
        clock=VirtualClock(),
        events=events.append,
        hung=0.05,
    )
    task = asyncio.create_task(hung.run())
    hung.offer(aired.pieces[0], 0.0)
    await until(lambda: events)
    for n in range(1, 9):
        hung.offer(aired.pieces[n], 0.0)
    assert (events[0].kind, hung.status.state) == ("air.output.failed", OutputState.WAITING)
    assert "not answered" in hung.status.error
    hung.withdraw({"a", "b"})
    for n in range(9, 12):
        hung.offer(aired.pieces[n], 0.0)
    disk.gate.set()
    await until(lambda: len(disk.written) == 5 and disk.withdrawn)
    assert disk.written == [0, 8, 9, 10, 11]
    assert hung.status.dropped_gops == 7
    assert disk.withdrawn == [{"a", "b"}]
    assert [event.kind for event in events] == ["air.output.failed", "air.output.live"]
    disk.gate.clear()
    hung.offer(aired.pieces[12], 0.0)
    await until(lambda: not len(hung._queue))
    task.cancel()  # a disk that hangs does not hold up the end either: that takes two seconds
    await asyncio.gather(task, return_exceptions=True)
    assert disk.written[-1] == 11
    disk.gate.set()


def test_decode_times_go_on_over_the_wrap_of_33_bits(aired: Aired, tmp_path: Path) -> None:
    first = 2**33 // 180_000 - 4  # ninety thousand ticks a second, two seconds each
    writer = aired.writer(tmp_path)
    for n in range(5):
        writer.write(aired.at(first + n, like=n))
    writer = aired.writer(tmp_path)  # also where the process ends just there
    for n in range(5, 10):
        writer.write(aired.at(first + n, like=n))
    stream = read_back(hls_bytes(tmp_path))
    assert stream.video.dts[0] < 2**33 < stream.video.dts[-1]
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert stream.pictures == 10 * GOP
    assert not any(Listed.read(tmp_path).marks)
    assert [gop_of(name) for name in Listed.read(tmp_path).names] == list(range(first, first + 10))


async def test_a_channel_airs_on_over_the_wrap(house: House) -> None:
    fill(house, 6)
    gop = 2**33 // 180_000 - 4
    epoch = START - 2 * gop
    house.cursor.parent.mkdir(parents=True)
    Cursor(epoch, gop * GOP, 0, None, gop * GOP, False, FORM.name).save(house.cursor)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 24)
    listed = Listed.read(house.hls)
    assert listed.gops[0] == gop
    assert not any(listed.marks)
    stream = read_back(hls_bytes(house.hls))
    assert stream.video.dts[0] == gop * 180_000 < 2**33 < stream.video.dts[-1]
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert [utc_seconds(date) for date in listed.dates] == [epoch + 2 * n for n in listed.gops]
