"""Recordings: whole files after whatever ended the process, blocked clips destroyed in all of them."""

import asyncio
import io
import itertools
import json
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
from air_disk import SILENCE, Aired, boxes, bytes_in, mark, packets, until
from air_house import FORM, GOP, SLUG, START

from webtv.air import recording, reel
from webtv.air.config import RecordingConfig
from webtv.air.output import Output, OutputKind, OutputState
from webtv.air.recording import Recorder, RecordingOutput
from webtv.air.reel import Reel
from webtv.air.reels import (
    forget_oldest,
    forget_recordings,
    make_room,
    recordings,
    repair_recordings,
    withdraw_recordings,
)
from webtv.air.slice import Slice
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME
from webtv.testing.clock import VirtualClock

CONFIG = RecordingConfig(hours=24.0, gb=0.0, file_minutes=60.0, min_free_gb=0.0)


@pytest.fixture(scope="module")
def aired(tmp_path_factory: pytest.TempPathFactory, footage: object) -> Aired:
    return Aired.make(tmp_path_factory.mktemp("recording") / "data", footage, 14)


def recorder(
    aired: Aired,
    folder: Path,
    config: RecordingConfig = CONFIG,
    *,
    epoch: float = START,
    slate: bool = True,
    events: list[Event] | None = None,
) -> Recorder:
    made = (lambda: aired.slate) if slate else None
    return Recorder(
        folder,
        aired.header,
        epoch,
        config,
        slug=SLUG,
        now=lambda: START + 600,
        events=events.append if events is not None else lambda event: None,
        slate=made,
        silence=SILENCE,
    )


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mp4"))


def judged(path: Path, *, decode: bool = False) -> dict[str, list[tuple[int, bytes]]]:
    """Packets of a file that plays through from 0 without an irregular time."""
    data = path.read_bytes()
    list(boxes(data))  # whole boxes from the first byte to the last
    tracks = packets(data)
    video = [at for at, _ in tracks["video"]]
    audio = [at for at, _ in tracks["audio"]]
    assert video == [n * FORM.ticks_per_frame for n in range(len(video))]
    assert 0 <= audio[0] < AAC_FRAME
    assert {b - a for a, b in itertools.pairwise(audio)} == {AAC_FRAME}
    if decode:
        with av.open(io.BytesIO(data), "r", format="mp4") as opened:
            assert sum(1 for _ in opened.decode(video=0)) == len(video)
        argv = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "warning",
            "-xerror",
            "-i",
            str(path),
            "-f",
            "null",
            "-",
        ]
        assert subprocess.run(argv, capture_output=True, check=True).stderr == b""
    return tracks


def test_a_file_tells_when_it_began_and_is_seeked_in(aired: Aired, tmp_path: Path) -> None:
    writer = recorder(aired, tmp_path / SLUG)
    pieces = aired.pieces[3:]
    for piece in pieces:
        writer.write(piece)
    (path,) = files(tmp_path / SLUG)
    assert path.name == "2027-01-15T08-00-06Z.mp4"
    judged(path)  # while it grows, too
    writer.close()
    tracks = judged(path, decode=True)
    assert [unit for _, unit in tracks["video"]] == [unit for piece in pieces for unit in piece.video]
    assert [unit for _, unit in tracks["audio"]] == [unit for piece in pieces for unit in piece.audio]
    with av.open(str(path)) as opened:
        assert opened.metadata["creation_time"] == "2027-01-15T08:00:06.000000Z"
        assert opened.duration == pytest.approx(len(pieces) * 2e6, abs=1e5)
        for second in (19.0, 7.0, 12.5):
            opened.seek(int(second * 1e6))
            packet = next(opened.demux(video=0))
            assert packet.is_keyframe
            assert packet.pts == int(second // 2) * 180_000
    assert reel_of(path).closed


def reel_of(path: Path) -> Reel:
    return Reel.open(path)


def test_the_next_file_begins_at_a_join_after_the_hour(aired: Aired, tmp_path: Path) -> None:
    writer = recorder(aired, tmp_path / SLUG, replace(CONFIG, file_minutes=0.1))
    for piece in aired.pieces:
        writer.write(piece)
    writer.close()
    first, *others = files(tmp_path / SLUG)
    assert len(others) >= 2
    frames = [reel_of(path).frame for path in [first, *others]]
    joins = {piece.frame for piece in aired.pieces if piece.joins}
    for before, after in itertools.pairwise(frames):
        assert after in joins
        hour = -(-(before + 1) // (6 * FORM.fps)) * 6 * FORM.fps
        assert not [join for join in joins if hour <= join < after]
        assert after >= hour
    shown = [unit for path in [first, *others] for _, unit in judged(path)["video"]]
    assert shown == [unit for piece in aired.pieces for unit in piece.video]


def test_what_has_no_joins_is_cut_all_the_same(aired: Aired, tmp_path: Path) -> None:
    writer = recorder(aired, tmp_path / SLUG, replace(CONFIG, file_minutes=0.1))
    for piece in aired.pieces:
        writer.write(replace(piece, joins=False))
    assert len(files(tmp_path / SLUG)) == -(-len(aired.pieces) * 2 // 12)


def test_lost_time_begins_a_file_and_the_same_gop_is_written_once(aired: Aired, tmp_path: Path) -> None:
    writer = recorder(aired, tmp_path / SLUG)
    for n in (0, 1, 1, 2, 5, 6):
        writer.write(aired.pieces[n])
    writer.close()
    one, other = files(tmp_path / SLUG)
    assert [len(judged(path)["video"]) // GOP for path in (one, other)] == [3, 2]
    assert other.name == "2027-01-15T08-00-10Z.mp4"


KILLED = """
import os, pickle, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
aired = pickle.loads(Path({pickled!r}).read_bytes())
from test_air_recording import recorder
writer = recorder(aired, Path({folder!r}))
for piece in aired.pieces[:7]:
    writer.write(piece)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_but_a_torn_tail(aired: Aired, tmp_path: Path) -> None:
    folder, pickled = tmp_path / SLUG, tmp_path / "aired"
    pickled.write_bytes(pickle.dumps(aired))
    script = KILLED.format(path=sys.path, pickled=str(pickled), folder=str(folder))
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    (path,) = files(folder)
    whole = path.read_bytes()
    for torn in (0, 1, 7, 5000, 40_000):
        with path.open("ab") as file:  # the fragment that it was writing
            file.write(whole[40_000 : 40_000 + torn])
        with path.with_suffix(".jsonl").open("ab") as file:
            file.write(b'{"at":1234,"by' if torn else b"")
        writer = recorder(aired, folder, epoch=START + 100 * (torn + 1))
        writer.write(aired.pieces[7])
        tracks = judged(path)
        assert [unit for _, unit in tracks["video"]] == [
            unit for piece in aired.pieces[:7] for unit in piece.video
        ]
        assert reel_of(path).closed
        path.write_bytes(whole)  # again
        notes = [
            line for line in path.with_suffix(".jsonl").read_text().splitlines(True) if "closed" not in line
        ]
        path.with_suffix(".jsonl").write_text("".join(notes))
    # After a power cut the index may know more than the disk does.
    os.truncate(path, len(whole) - 10)
    repair_recordings(folder)
    assert len(judged(path)["video"]) == 6 * GOP
    # One that had only begun goes.
    begun = recorder(aired, folder, epoch=START + 10**6)
    begun._begin(0)
    count = len(files(folder))
    repair_recordings(folder)
    assert len(files(folder)) == count - 1


@pytest.mark.parametrize("where", ["open", "closed", "earlier process", "no recorder"])
@pytest.mark.parametrize("slate", [True, False], ids=["slate", "hole"])
def test_a_withdrawn_clip_is_destroyed_where_it_lies(
    aired: Aired, tmp_path: Path, where: str, slate: bool
) -> None:
    folder = tmp_path / SLUG
    writer = recorder(aired, folder, slate=slate)
    for piece in aired.pieces:
        writer.write(piece)
    if where != "open":
        writer.close()
    if where == "earlier process":
        writer = recorder(aired, folder, slate=slate)
    clips = list(dict.fromkeys(piece.entry.clip for piece in aired.pieces))
    gone = {clips[0], clips[4], clips[-1]}
    (path,) = files(folder)
    size, stamp = path.stat().st_size, path.stat().st_mtime_ns
    assert all(bytes_in(folder, mark(clip)) == [path.name] for clip in gone)
    if where == "no recorder":
        withdraw_recordings(tmp_path, gone, skip=["another"])
        slate = False
    else:
        writer.blocked = gone | {f"other{n}" for n in range(30)}
        writer.withdraw()
    assert not any(bytes_in(folder, mark(clip)) for clip in gone)
    assert not any(json.dumps(clip) in path.with_suffix(".jsonl").read_text() for clip in gone)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (size, stamp)
    kept = [piece for piece in aired.pieces if piece.entry.clip not in gone]
    if where == "open":
        late = aired.at(len(aired.pieces), clip=clips[0])  # it comes too late, and is not let in
        writer.write(late)
        writer.close()
        assert not bytes_in(folder, mark(clips[0]))
    tracks = packets(path.read_bytes())
    if slate:
        tracks = judged(path, decode=where == "open")
        assert len(tracks["video"]) == (len(aired.pieces) + (where == "open")) * GOP
        pictures = {unit for gop in aired.slate for unit in gop} | {unit for p in kept for unit in p.video}
        assert {unit for _, unit in tracks["video"]} == pictures
    else:
        assert [unit for _, unit in tracks["video"]] == [unit for piece in kept for unit in piece.video]
        times = [at for at, _ in tracks["video"]]
        assert times == [(p.frame + n) * FORM.ticks_per_frame for p in kept for n in range(GOP)]
        if where == "closed":
            with av.open(str(path)) as opened:
                assert sum(1 for _ in opened.decode(video=0)) == len(kept) * GOP
    with av.open(str(path)) as opened:  # the index by which players seek still holds
        opened.seek(int(12.5e6))
        assert next(opened.demux(video=0)).pts == 6 * 180_000
    before = path.stat().st_ino, path.with_suffix(".jsonl").stat().st_ino
    writer.withdraw()
    assert (path.stat().st_ino, path.with_suffix(".jsonl").stat().st_ino) == before


def test_a_clip_that_is_blocked_a_second_time_goes_a_second_time(aired: Aired, tmp_path: Path) -> None:
    writer, clip = recorder(aired, tmp_path / SLUG), aired.pieces[0].entry.clip
    writer.write(aired.pieces[0])
    writer.blocked = {clip}
    writer.withdraw()
    writer.blocked = frozenset()
    writer.withdraw()
    writer.write(aired.at(1, clip=clip))
    assert bytes_in(tmp_path, mark(aired.pieces[0].entry.clip))
    writer.blocked = {clip}
    writer.withdraw()
    assert not bytes_in(tmp_path, mark(clip))


def test_destroying_may_be_broken_off_at_any_write(
    aired: Aired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = recorder(aired, tmp_path / SLUG)
    for piece in aired.pieces[:6]:
        writer.write(piece)
    writer.close()
    (path,) = files(tmp_path / SLUG)
    clip, real = aired.pieces[2].entry.clip, os.pwrite
    data, notes = path.read_bytes(), path.with_suffix(".jsonl").read_bytes()
    hit = sum(piece.entry.clip == clip for piece in aired.pieces[:6])
    for last in range(3 * hit):
        path.write_bytes(data)
        path.with_suffix(".jsonl").write_bytes(notes)
        writer = recorder(aired, tmp_path / SLUG)
        writer.blocked = {clip}
        left = last

        def failing(handle: int, view: bytes, at: int) -> int:
            nonlocal left
            if left == 0:
                raise OSError(5, "Input/output error")
            left -= 1
            return real(handle, view, at)

        monkeypatch.setattr(reel.os, "pwrite", failing)
        with pytest.raises(OSError, match="Input/output"):
            writer.withdraw()
        monkeypatch.setattr(reel.os, "pwrite", real)
        assert path.stat().st_size == len(data)
        assert len(packets(path.read_bytes())["video"]) >= (6 - hit) * GOP
        writer.withdraw()
        assert not bytes_in(tmp_path, mark(clip))
        assert len(judged(path)["video"]) == 6 * GOP


def many(aired: Aired, root: Path, slug: str, hours: int, config: RecordingConfig = CONFIG) -> list[Path]:
    """Recordings of one GOP each, one an hour."""
    writer = recorder(aired, root / slug, config)
    for hour in range(hours):
        writer.write(aired.at(hour * 1800))
        writer.close()
    return files(root / slug)


def test_a_file_with_an_impossible_date_is_none_of_ours(aired: Aired, tmp_path: Path) -> None:
    folder = tmp_path / "tide"
    folder.mkdir()
    (folder / "2026-02-30T00-00-00Z.mp4").write_bytes(b"what somebody put there")
    assert recordings(folder) == []
    withdraw_recordings(tmp_path, {"clip"})


def test_recordings_are_kept_for_hours_and_gigabytes(aired: Aired, tmp_path: Path) -> None:
    one, other = many(aired, tmp_path, "one", 6), many(aired, tmp_path, "other", 6)
    end = START + 6 * 3600
    assert forget_recordings(tmp_path, replace(CONFIG, hours=10.0), end) == 0
    # The last hours, and what reaches into them.
    assert forget_recordings(tmp_path, replace(CONFIG, hours=2.5), end) == 2 * 3
    assert files(tmp_path / "one") == one[3:]
    assert sorted(path.suffix for path in (tmp_path / "one").iterdir()) == [".jsonl"] * 3 + [".mp4"] * 3
    size = one[-1].stat().st_size + one[-1].with_suffix(".jsonl").stat().st_size
    assert forget_recordings(tmp_path, replace(CONFIG, gb=4.5 * size / 1e9), end) == 2
    assert files(tmp_path / "one") == one[4:]
    assert files(tmp_path / "other") == other[4:]
    # What is being written stays, however little there is.
    assert forget_recordings(tmp_path, replace(CONFIG, gb=1e-9), end) == 2
    assert make_room(tmp_path, 1e9) == 0
    assert not forget_oldest(tmp_path)
    assert (files(tmp_path / "one"), files(tmp_path / "other")) == (one[5:], other[5:])
    # A channel that is gone has none to write; its last one goes with the hours.
    assert forget_recordings(tmp_path, replace(CONFIG, hours=2.0), end + 4 * 3600) == 2
    assert forget_recordings(tmp_path / "nothing", CONFIG, end) == 0


def test_on_a_full_disk_the_oldest_recording_makes_room(
    aired: Aired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = many(aired, tmp_path, "old", 3)
    room, real = sum(path.stat().st_size for path in tmp_path.rglob("*")), os.pwrite

    def small_disk(handle: int, data: bytes, at: int) -> int:
        used = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
        if used + len(data) > room:
            raise OSError(28, os.strerror(28))
        return real(handle, data, at)

    monkeypatch.setattr(reel.os, "pwrite", small_disk)
    events: list[Event] = []
    writer = recorder(aired, tmp_path / SLUG, events=events)
    writer.write(aired.pieces[0])
    assert [event.kind for event in events] == ["air.recording.shortened"]
    assert files(tmp_path / "old") == old[1:] or files(tmp_path / "old") == old[2:]

    def fill_it() -> None:
        for piece in aired.pieces[1:]:
            writer.write(piece)

    with pytest.raises(OSError, match="space"):
        fill_it()
    assert files(tmp_path / "old") == old[2:]
    monkeypatch.setattr(reel.os, "pwrite", real)
    written = len(reel_of(files(tmp_path / SLUG)[0]).fragments)
    assert len(judged(files(tmp_path / SLUG)[0])["video"]) == written * GOP
    writer.write(aired.pieces[written])
    assert len(judged(files(tmp_path / SLUG)[0])["video"]) == (written + 1) * GOP


def test_a_file_that_somebody_removes_is_followed_by_another(aired: Aired, tmp_path: Path) -> None:
    writer = recorder(aired, tmp_path / SLUG)
    writer.write(aired.pieces[0])
    for path in (tmp_path / SLUG).iterdir():
        path.unlink()
    writer.write(aired.pieces[1])
    writer.close()
    (path,) = files(tmp_path / SLUG)
    assert reel_of(path).frame == aired.pieces[1].frame
    judged(path)
    # The clock was set back: two begin in the same second, and both stay.
    writer.write(aired.pieces[1])
    writer.close()
    assert len(files(tmp_path / SLUG)) == 2
    (tmp_path / SLUG / "holiday.mp4").write_bytes(b"mine")
    (tmp_path / SLUG / "2026-01-01T00-00-00Z.mp4").write_bytes(b"not ours")
    repair_recordings(tmp_path / SLUG)
    withdraw_recordings(tmp_path, {aired.pieces[1].entry.clip})
    assert not bytes_in(tmp_path, mark(aired.pieces[1].entry.clip))
    assert (tmp_path / SLUG / "holiday.mp4").read_bytes() == b"mine"


async def test_as_an_output(aired: Aired, tmp_path: Path) -> None:
    clock, events = VirtualClock(), list[Event]()
    output: Output = RecordingOutput(
        tmp_path / "recordings" / SLUG,
        aired.header,
        START,
        CONFIG,
        slug=SLUG,
        clock=clock,
        events=events.append,
        slate=lambda: aired.slate,
        silence=SILENCE,
    )
    task = asyncio.create_task(output.run())
    folder = tmp_path / "recordings" / SLUG

    async def offered(pieces: list[Slice]) -> None:
        for piece in pieces:
            output.offer(piece, 0.0)
            await until(lambda frame=piece.frame: output.status.frame == frame)  # type: ignore[misc]

    await offered(aired.pieces[:6])
    assert output.status.kind is OutputKind.RECORDING
    assert output.status.sent_bytes == sum(f.bytes for f in reel_of(files(folder)[0]).fragments)
    output.withdraw({aired.pieces[5].entry.clip})
    await until(lambda: '"clip":null' in files(folder)[0].with_suffix(".jsonl").read_text())
    assert not bytes_in(folder, mark(aired.pieces[5].entry.clip))
    folder.rename(tmp_path / "away")
    folder.write_text("no folder")
    output.offer(aired.pieces[6], 0.0)
    await until(lambda: events)
    assert output.status.state is OutputState.WAITING
    folder.unlink()
    (tmp_path / "away").rename(folder)
    output.offer(aired.pieces[7], 0.0)
    await until(lambda: output.status.frame == aired.pieces[7].frame)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [event.kind for event in events] == ["air.output.failed", "air.output.live"]
    assert sum(len(judged(path)["video"]) for path in files(folder)) == 8 * GOP
    assert all(reel_of(path).closed for path in files(folder))


def test_a_long_file_has_fewer_places(aired: Aired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_PLACES", 5)
    writer = recorder(aired, tmp_path / SLUG)
    for piece in aired.pieces:
        writer.write(piece)
    writer.close()
    (path,) = files(tmp_path / SLUG)
    judged(path)
    with av.open(str(path)) as opened:
        opened.seek(int(23e6))
        packet = next(opened.demux(video=0))  # three GOPs share a place
        assert packet.is_keyframe
        assert packet.pts is not None
        assert 3 * 3 * 180_000 <= packet.pts <= 23 * 90_000


def test_recordings_go_before_the_disk_is_full(aired: Aired, tmp_path: Path) -> None:
    old = many(aired, tmp_path, "old", 3)
    events: list[Event] = []
    writer = recorder(aired, tmp_path / SLUG, replace(CONFIG, min_free_gb=1e9), events=events)
    for piece in aired.pieces[:3]:
        writer.write(piece)
    assert files(tmp_path / "old") == old[2:]
    assert [event.kind for event in events] == ["air.recording.shortened"]
