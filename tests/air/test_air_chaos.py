"""Things break while the head-end is on air; whoever watches another output must not notice."""

import contextlib
import io
import itertools
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from air_house import FORM, GOP, House, fill, sine
from chaos_house import Broadcast, broadcast, remedy_in

from webtv.clips.encoder import encode_mp4

RTMP = ("main", "mirror")


@pytest.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Broadcast]:
    async with broadcast(house, tmp_path) as running:
        running.clear()
        yield running


async def test_a_killed_child_comes_back_and_nobody_else_notices(on: Broadcast) -> None:
    before = (await on.output("main"))["sessions"]
    victim = next(pid for pid in on.children() if on.servers["main"].port in _ports_of(pid))
    os.kill(victim, signal.SIGKILL)
    await on.until(lambda: on.said("air.output.failed"))
    await on.goes_on("hls", "mirror")
    await on.until(lambda: _sessions_above(on, before))
    assert remedy_in(on.said("air.output.failed"))
    # Back with headers and a keyframe: a player that comes now decodes from its first packet on.
    seen = on.readings["main"].report().media_seconds
    await on.readings["main"].until(lambda report: report.media_seconds > seen + 4, within=60)


@pytest.mark.long
async def test_a_dead_server_costs_its_own_output_only(on: Broadcast) -> None:
    server = on.servers["main"]
    await server.process.__aexit__(None, None, None)
    await on.until(lambda: on.said("air.output.failed"))
    await on.goes_on("hls", "mirror")
    told = await on.output("main")
    assert told["state"] != "live"
    assert told["error"]
    assert remedy_in(on.said("air.output.failed"))
    await server.__aenter__()
    seen = on.readings["main"].report().media_seconds
    await on.readings["main"].until(lambda report: report.media_seconds > seen + 4, within=60)


async def test_a_disk_that_takes_nothing_costs_hls_only(on: Broadcast) -> None:
    with on.limited(resource.RLIMIT_FSIZE, 0):
        await on.until(lambda: on.said("air.output.failed"))
        await on.goes_on(*RTMP)
        assert (await on.output("hls"))["state"] != "live"
        assert on.said("air.books.waiting")
        assert remedy_in(on.said("air.output.failed"))
        assert remedy_in(on.said("air.books.waiting"))
    await on.until(lambda: _is_live(on, "hls"))
    await on.until(lambda: _is_content(on))
    starts = [(airing.start_frame, airing.frames) for airing in on.house.log.read()]
    assert all(a + b == c for (a, b), (c, _) in itertools.pairwise(starts))  # the books have no gap


@pytest.mark.long
async def test_a_folder_that_cannot_be_written_is_told_and_found_again(on: Broadcast) -> None:
    hidden = on.house.hls.with_name("hidden")
    on.house.hls.rename(hidden)
    on.house.hls.write_bytes(b"no folder")
    await on.until(lambda: on.said("air.output.failed"))
    await on.goes_on(*RTMP)
    on.house.hls.unlink()
    hidden.rename(on.house.hls)
    await on.until(lambda: _is_live(on, "hls"))


@pytest.mark.long
async def test_without_descriptors_what_is_open_goes_on(on: Broadcast) -> None:
    with on.limited(resource.RLIMIT_NOFILE, 3):
        await on.goes_on(*RTMP)
        await on.until(lambda: on.said("air.output.failed"))
    await on.until(lambda: _is_live(on, "hls"))
    fill(on.house, 1)
    seen = on.readings["hls"].report().media_seconds
    await on.readings["hls"].until(lambda report: report.media_seconds > seen + 6, within=60)
    on.clear()
    await on.goes_on(*RTMP)
    assert (await on.status())["state"] == "on_air"


SPOILERS: dict[str, Callable[[Path], object]] = {
    "vanished": lambda path: path.unlink(),
    "truncated": lambda path: _replace(path, path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: _replace(path, b""),
    "another format": lambda path: _replace(path, b"RIFF" + bytes(4000)),
}


@pytest.mark.long
async def test_spoiled_clips_and_beds_are_passed_over_without_a_gap(on: Broadcast) -> None:
    waiting = fill(on.house, 4, clips=4)
    for name, entry in zip(SPOILERS, waiting[1::4], strict=True):
        SPOILERS[name](on.house.file(entry.clip))
    for name, entry in zip(SPOILERS, waiting[3::4], strict=True):
        SPOILERS[name](on.house.folder / str(entry.bed))
    status = await on.status()
    kept = [entry for entry in on.house.playlist.ahead(status["locked"]) if entry.n >= waiting[0].n]
    on.house.playlist.replace_after(status["locked"], kept)  # next, and not in five minutes
    await on.until(lambda: len(on.said("air.clip.unusable")) >= len(SPOILERS))
    await on.until(lambda: len(on.said("air.bed.unusable")) >= len(SPOILERS))
    await on.goes_on("hls", *RTMP)
    assert remedy_in(on.said("air.clip.unusable"))
    assert remedy_in(on.said("air.bed.unusable"))


PLAYLISTS: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: _replace(path, path.read_bytes()[:700]),
    "garbage": lambda path: _replace(path, os.urandom(50_000)),
    "a line of ten megabytes": lambda path: _append(path, b"# webtv " + b"x" * 10_000_000 + b"\n"),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.long
async def test_whatever_stands_in_the_playlist_the_air_goes_on(on: Broadcast) -> None:
    for spoil in PLAYLISTS.values():
        spoil(on.house.playlist.path)
        await on.goes_on("hls", *RTMP, seconds=3.0)
    on.house.playlist.path.unlink(missing_ok=True)
    os.mkfifo(on.house.playlist.path)  # a disk that hangs: whoever opens this waits
    await on.until(lambda: _state_is(on, "slate", "filler"))
    await on.goes_on("hls", *RTMP)
    with on.house.playlist.path.open("wb"):
        pass  # it lets go
    on.house.playlist.path.unlink()


async def test_what_is_blocked_leaves_the_air_the_window_and_the_recording(on: Broadcast) -> None:
    status = await on.status()
    (entry,) = on.house.sequence(1)
    _replace(on.house.file(entry.clip), _clip_of_its_own(on.house.file(entry.clip)))
    unit = _a_picture_of(on.house.file(entry.clip))
    on.house.playlist.replace_after(status["locked"], [entry, *on.house.sequence(4), *on.house.sequence(4)])
    await on.until(lambda: _holds(on.house.hls.glob("*.m4s"), unit))
    await on.until(lambda: _holds(_recordings(on), unit))
    (on.house.data / "blocked").write_text(entry.clip + "\n")
    await on.until(lambda: not _holds(on.house.hls.glob("*.m4s"), unit))
    await on.until(lambda: not _holds(_recordings(on), unit))
    await on.until(lambda: _airs_not(on, entry.clip))
    await on.goes_on(*RTMP)
    # Whoever was about to fetch a segment of it does not get that one; nothing else is missing.
    seen = on.readings["hls"].report().media_seconds
    await on.readings["hls"].until(lambda report: report.media_seconds > seen + 4, within=60)
    report = on.readings["hls"].report()
    assert (report.discontinuities, report.regressions, report.sequence_regressions) == (0, 0, 0), (
        report.notes
    )
    airing = next(airing for airing in on.house.log.read() if airing.clip == entry.clip)
    assert airing.cut == (airing.frames < 4 * GOP)


def _clip_of_its_own(like: Path) -> bytes:
    """A clip of eight seconds whose bytes stand in no other."""
    noise = np.random.default_rng(11)
    frames = noise.integers(0, 256, (4 * GOP, FORM.height // 16, FORM.width // 16, 3), np.uint8)
    large = np.stack([cv2.resize(frame, (FORM.width, FORM.height)) for frame in frames])
    target = io.BytesIO()
    encode_mp4([np.asarray(large, np.uint8)], sine(4 * 2, 300.0), FORM, target)
    assert target.getvalue() != like.read_bytes()
    return target.getvalue()


def _holds(paths: Iterable[Path], unit: bytes) -> bool:
    with contextlib.suppress(FileNotFoundError):  # the window moves on
        return any(unit in path.read_bytes() for path in paths)
    return True


def _recordings(on: Broadcast) -> list[Path]:
    return list((on.house.data / "recordings").rglob("*.mp4"))


def _a_picture_of(path: Path) -> bytes:
    """A stretch of bytes that stands in this clip's pictures."""
    data = path.read_bytes()
    at = data.index(b"mdat") + 4
    return data[at + 2000 : at + 2200]


async def _airs_not(on: Broadcast, clip: str) -> bool:
    return bool((await on.status())["now"]["clip"] != clip)


async def _is_live(on: Broadcast, name: str) -> bool:
    return bool((await on.output(name))["state"] == "live")


async def _is_content(on: Broadcast) -> bool:
    return not (await on.status())["last_error"]


async def _sessions_above(on: Broadcast, count: int) -> bool:
    return bool((await on.output("main"))["sessions"] > count)


async def _state_is(on: Broadcast, *states: str) -> bool:
    return (await on.status())["state"] in states


def _replace(path: Path, data: bytes) -> None:
    path.unlink()  # others share the inode
    path.write_bytes(data)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _ports_of(pid: int) -> set[int]:
    """Remote TCP ports that a process is connected to."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[9] in inodes:
            ports.add(int(words[2].rpartition(":")[2], 16))
    return ports
