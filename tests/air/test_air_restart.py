"""Cursor and restarts: the next process goes on where the last one was killed, to the frame."""

import asyncio
import itertools
import json
from pathlib import Path

import av
import numpy as np
import pytest
from air_house import (
    FORM,
    GOP,
    SLUG,
    START,
    House,
    JumpingClock,
    Rig,
    air_until,
    channel,
    fill,
    hls_bytes,
    read_back,
)

from webtv.air.cursor import Cursor, load_cursor
from webtv.clips.clip import Kind
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME
from webtv.playlist.asrun import utc_seconds


def killed(rig: Rig) -> Rig:
    """The next process after a kill: it has the cursor and the files, nothing else."""
    rig.timeline.cursor().save(rig.house.data / "cursor.json")
    cursor = load_cursor(rig.house.data / "cursor.json")
    assert cursor is not None
    assert cursor == rig.timeline.cursor()
    return rig.house.timeline(cursor=cursor)


def test_a_clip_goes_on_at_its_next_gop(house: House) -> None:
    entries = fill(house, 3)
    whole, pieces = house.timeline(), []
    expected = whole.air(14)
    house.log.files()[0].unlink()
    rig = house.timeline()
    for _ in range(14):  # killed after every single slice
        pieces += rig.air(1)
        rig = killed(rig)
    assert [piece.video for piece in pieces] == [piece.video for piece in expected]
    assert [piece.frame for piece in pieces] == [piece.frame for piece in expected]
    assert [piece.entry.clip for piece in pieces] == [piece.entry.clip for piece in expected]
    logged = list(house.log.read())
    assert logged == whole.airings[: len(logged)]
    assert len(logged) >= len(entries) - 1


def test_the_sound_goes_on_over_a_kill(house: House) -> None:
    fill(house, 1, clips=3)
    straight = house.timeline().air(5)
    rig = house.timeline()
    broken = rig.air(3)
    rig = killed(rig)
    broken += rig.air(2)
    numbers = [n for piece in broken for n in range(piece.audio_frame, piece.audio_frame + len(piece.audio))]
    assert numbers == list(range(len(numbers)))

    def decoded(frames: list[bytes]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        context = av.CodecContext.create("aac", "r")
        context.extradata = rig.header.asc
        return np.concatenate(
            [frame.to_ndarray()[0] for data in frames for frame in context.decode(av.Packet(data))]
        )

    one, other = (
        decoded([unit for piece in pieces for unit in piece.audio]) for pieces in (straight, broken)
    )
    at = broken[3].audio_frame * AAC_FRAME
    near = slice(at - 2048, at + 4096)
    # The bed neither fades nor jumps: what differs is the noise of the encoding.
    assert np.sqrt(np.mean((one[near] - other[near]) ** 2)) < 0.02 * np.sqrt(np.mean(one[near] ** 2)) + 0.003
    second = np.abs(np.diff(other.astype(np.float64), 2))
    assert second[at - 64 : at + 1088].max() < 1.5 * second[at - 20_000 : at - 2000].max()


def test_a_rerun_that_was_chosen_by_the_head_end_goes_on_whole(house: House) -> None:
    entries = fill(house, 3)
    rig = house.timeline()
    rig.air(sum(entry.frames for entry in entries) // GOP + 2)
    seq = rig.slices[-1].entry.seq
    assert rig.slices[-1].entry.kind is Kind.RERUN
    before = [piece.entry.pos for piece in rig.slices if piece.joins and piece.entry.kind is Kind.RERUN]
    again = killed(rig)
    again.air(8)
    after = [piece.entry for piece in again.slices if piece.joins]
    assert [*before, *(entry.pos for entry in after)][:3] == [1, 2, 3]
    assert after[0].seq == seq
    assert after[0].n == 0


def test_a_line_that_was_logged_before_the_kill_is_not_logged_again(house: House) -> None:
    fill(house, 1)
    rig = house.timeline()
    rig.air(2)  # the first clip, two GOPs
    cursor = rig.timeline.cursor()
    assert cursor.entry_aired == cursor.entry.frames if cursor.entry else False
    rig.air(1)  # logs it; killed before the cursor was saved again
    assert len(list(house.log.read())) == 1
    again = house.timeline(cursor=cursor)
    again.air(3)
    starts = [airing.start_frame for airing in house.log.read()]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version":1}', '{"version":1,"epoch":"x"}', "\x00" * 50, '{"version":9}'],
)
def test_an_unusable_cursor_begins_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cursor.json"
    path.write_text(text)
    assert load_cursor(path) is None
    assert load_cursor(tmp_path / "none.json") is None


@pytest.mark.parametrize("change", [{"frame": 47}, {"entry_start": 480}, {"epoch": 1e999}, {"format": "4k"}])
def test_an_impossible_cursor_is_not_followed(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "cursor.json"
    Cursor(START, 96, 3, None, 48, True, FORM.name).save(path)
    assert load_cursor(path) is not None
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert load_cursor(path) is None


def marks(house: House) -> list[str]:
    return (house.hls / "index.m3u8").read_text().splitlines()


def counted(house: House, name: str) -> int:
    return int(next(line for line in marks(house) if line.startswith(f"#EXT-X-{name}:")).partition(":")[2])


def gops(house: House) -> list[int]:
    return [int(line[:-4].partition("-")[2]) for line in marks(house) if line.endswith(".m4s")]


async def test_a_short_gap_leaves_no_mark_and_nothing_out(house: House) -> None:
    fill(house, 12)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 24)
    before, sequence = gops(house), counted(house, "MEDIA-SEQUENCE")
    clock.forward(7)
    await air_until(channel(house, clock, events), clock, 20)
    assert "#EXT-X-DISCONTINUITY" not in marks(house)
    assert all(b - a == 1 for a, b in itertools.pairwise(gops(house)))
    assert counted(house, "MEDIA-SEQUENCE") >= sequence
    assert gops(house)[-1] > before[-1]
    starts = [(airing.start_frame, airing.frames) for airing in house.log.read()]
    assert all(a + b == c for (a, b), (c, _) in itertools.pairwise(starts))
    numbers = [airing.n for airing in house.log.read()]
    assert numbers == list(range(1, len(numbers) + 1))
    stream = read_back(hls_bytes(house.hls))
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}


async def test_time_that_was_lost_is_marked_once_and_told(house: House) -> None:
    fill(house, 12)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 20)
    last = gops(house)[-1]
    clock.forward(100)
    on_air = channel(house, clock, events)
    await air_until(on_air, clock, 20)
    assert marks(house).count("#EXT-X-DISCONTINUITY") == 1
    lost = next(b - a - 1 for a, b in itertools.pairwise(gops(house)) if b - a > 1)
    assert on_air.lost_seconds == lost * 2
    assert 88 <= lost * 2 <= 100
    assert [event.kind for event in events].count("air.time.lost") == 1
    assert last in gops(house)
    starts = [(airing.start_frame, airing.start_frame + airing.frames) for airing in house.log.read()]
    assert [b - a for (_, a), (b, _) in itertools.pairwise(starts) if b != a] == [lost * GOP]
    # What is on air is what the clock says, within the burst that a stream begins with.
    assert abs(START + gops(house)[-1] * 2 - clock.time()) < 12
    # Once the mark has slid out, players are told by the other count.
    await air_until(channel(house, clock, events), clock, 60)
    assert "#EXT-X-DISCONTINUITY" not in marks(house)
    assert counted(house, "DISCONTINUITY-SEQUENCE") == 1


@pytest.mark.parametrize("step", [-3600.0, -5.0, 4.0, 3600.0])
async def test_the_wall_clock_may_step_between_two_processes(house: House, step: float) -> None:
    fill(house, 12)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 20)
    last, written = gops(house)[-1], marks(house)
    clock.step(step)
    before = clock.monotonic()
    on_air = channel(house, clock, events)
    await air_until(on_air, clock, 12)
    assert clock.monotonic() - before < 18
    new = gops(house)[gops(house).index(last) + 1 :]
    assert len(new) >= 4  # nobody waited for the clock to come back
    assert new == list(range(new[0], new[0] + len(new)))
    assert marks(house).count("#EXT-X-DISCONTINUITY") == (step > 12)
    # What the playlist said of a segment before, it still says.
    assert date_of(marks(house), last) == date_of(written, last)
    assert abs(utc_seconds(marks(house)[-3].partition(":")[2]) - clock.time()) < 8
    starts = [airing.start_frame for airing in house.log.read()]
    assert starts == sorted(set(starts))


def date_of(lines: list[str], gop: int) -> str:
    return next(lines[n - 2] for n, line in enumerate(lines) if line.endswith(f"-{gop}.m4s"))


async def test_a_lost_cursor_or_folder_does_not_make_the_stream_run_backwards(house: House) -> None:
    fill(house, 12)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 40)
    sequence = counted(house, "MEDIA-SEQUENCE")
    aired = max(airing.n or 0 for airing in house.log.read())
    house.cursor.write_bytes(b"")
    await air_until(channel(house, clock, events), clock, 20)
    assert counted(house, "MEDIA-SEQUENCE") >= sequence
    assert marks(house).count("#EXT-X-DISCONTINUITY") == 1
    again = [airing.n for airing in list(house.log.read()) if airing.start_frame == 0][1:]
    assert again == [aired + 1]
    for junk in (
        "",
        "\x00" * 300,
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x\n",
        "#EXT-X-MEDIA-SEQUENCE:9\n1-1.m4s\n",
    ):
        (house.hls / "index.m3u8").write_text(junk)
        await air_until(channel(house, clock, events), clock, 4)
        assert counted(house, "MEDIA-SEQUENCE") == gops(house)[0]


async def test_a_segment_that_a_kill_left_without_its_cursor_comes_once(house: House) -> None:
    fill(house, 6)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 16)
    saved = json.loads(house.cursor.read_text())
    house.cursor.write_text(json.dumps(saved | {"frame": saved["frame"] - GOP}))
    await air_until(channel(house, clock, events), clock, 8)
    assert gops(house) == sorted(set(gops(house)))
    assert "#EXT-X-DISCONTINUITY" not in marks(house)


async def test_times_agree_to_the_millisecond(house: House) -> None:
    fill(house, 8)
    clock, events = JumpingClock(START + 0.1234567), list[Event]()
    on_air = channel(house, clock, events)
    seen: dict[int, str] = {}
    end = clock.monotonic() + 24
    task = asyncio.create_task(on_air.run())
    while clock.monotonic() < end:
        await asyncio.sleep(0.001)
        if now := on_air.status()["now"]:
            seen[now["start_frame"]] = now["start_utc"]
            assert on_air.status()["slug"] == SLUG
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    lines = marks(house)
    dates = {
        int(line[:-4].partition("-")[2]): lines[n - 2].partition(":")[2]
        for n, line in enumerate(lines)
        if ".m4s" in line
    }
    airings = {airing.start_frame: airing.utc for airing in house.log.read()}
    assert len(airings) >= 5
    for frame, utc in airings.items():
        assert dates[frame // GOP] == utc
        assert seen.get(frame, utc) == utc
    assert len(seen) >= 4


async def test_what_has_just_aired_is_told_before_any_disk_has_it(house: House) -> None:
    fill(house, 8)
    (house.data / "asrun").write_text("a file where a folder should be: nothing can be logged")
    clock, events = JumpingClock(START), list[Event]()
    on_air = channel(house, clock, events)
    joined: set[int] = set()
    end = clock.monotonic() + 24
    task = asyncio.create_task(on_air.run())
    while clock.monotonic() < end:
        await asyncio.sleep(0.001)
        told = on_air.status()
        if (now := told["now"]) and now["start_frame"]:
            over = [airing for airing in told["aired"] if airing["start_frame"] < now["start_frame"]]
            assert over[-1]["start_frame"] + over[-1]["frames"] == now["start_frame"]
            joined.add(now["start_frame"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(joined) >= 4
    assert "air.books.waiting" in [event.kind for event in events]
