"""The wall clock is set while a channel is on air: no viewer can tell; only the next process follows it."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from air_house import SLUG, START, Footage, House, JumpingClock, channel, fill

from webtv.air.channel import ChannelOnAir
from webtv.air.config import RecordingConfig
from webtv.air.cursor import load_cursor
from webtv.air.hlsindex import Index
from webtv.air.recording import Recorder
from webtv.air.reels import recording_name, recordings
from webtv.core.events import Event
from webtv.core.format import GOP_SECONDS
from webtv.playlist.asrun import utc_seconds

HOUR = 3600.0
WINDOW = 300.0  # seconds: nothing leaves the playlist while a test looks
LONG = 40.0  # seconds on air


class SetClock(JumpingClock):
    """A jumping clock that somebody sets at given monotonic seconds, and that stands still at the end."""

    def __init__(self, end: float, *jumps: tuple[float, float], start: float = START) -> None:
        super().__init__(start)
        self.end = end
        self._jumps = sorted(jumps)
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if self.monotonic() + max(0.0, seconds) > self.end:
            self.over.set()
            await asyncio.Event().wait()
        await super().sleep(seconds)
        while self._jumps and self._jumps[0][0] <= self.monotonic():
            self.step(self._jumps.pop(0)[1])


async def air(house: House, clock: SetClock, events: list[Event]) -> tuple[ChannelOnAir, dict[str, Any]]:
    """Run a channel until the clock stands still; its status just before it is ended as by a kill."""
    on_air = channel(house, clock, events, window=WINDOW)

    def published() -> bool:
        status = on_air.status()
        hls = next((output for output in status["outputs"] if output["kind"] == "hls"), None)
        return on_air.idle and (hls is None or hls["frame"] == status["frame"])

    clock.ready = published
    task = asyncio.create_task(on_air.run())
    over = asyncio.create_task(clock.over.wait())
    await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
    while not (task.done() or published()):  # noqa: ASYNC110 - its threads are at work
        await asyncio.sleep(0.001)
    status = on_air.status()
    over.cancel()
    task.cancel()
    await asyncio.gather(task, over, return_exceptions=True)
    if not task.cancelled() and (error := task.exception()):
        raise error
    return on_air, status


def contents(house: House) -> Mapping[str, bytes]:
    """Everything that a channel has written for others, by path."""
    folders = (house.hls, house.log.files()[0].parent, house.cursor.parent)
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(house.data)): path.read_bytes() for path in files}


@pytest.fixture
def twin(tmp_path: Path, footage: Footage) -> House:
    """The same house again, in which nobody touches the clock."""
    return House(tmp_path / "twin", footage)


@pytest.mark.parametrize(
    ("jumps", "strays"),
    [
        pytest.param([(9.0, 5 * HOUR)], 5 * HOUR, id="forward"),
        pytest.param([(9.0, -5 * HOUR)], -5 * HOUR, id="back"),
        pytest.param([(9.0, -5 * HOUR), (21.0, 8 * HOUR)], 3 * HOUR, id="back and far forward"),
        pytest.param([(9.0, 40 * 24 * HOUR), (21.0, -40 * 24 * HOUR)], 0.0, id="forward and taken back"),
    ],
)
async def test_a_clock_that_is_set_changes_nothing_on_air(
    house: House, twin: House, jumps: list[tuple[float, float]], strays: float
) -> None:
    told, quiet = list[Event](), list[Event]()
    for one in (house, twin):
        fill(one, 8)
    _, undisturbed = await air(twin, SetClock(LONG), quiet)
    clock = SetClock(LONG, *jumps)
    on_air, status = await air(house, clock, told)

    # Every file that a viewer, a recorder or the next process reads is the same to the byte.
    assert contents(house).keys() == contents(twin).keys()
    assert contents(house) == contents(twin)
    assert len(list(house.hls.glob("*.m4s"))) >= LONG / GOP_SECONDS
    index = Index.read(house.hls)
    assert index is not None
    dates = [utc_seconds(segment.utc) for segment in index.segments]
    assert {round(b - a, 3) for a, b in itertools.pairwise(dates)} == {GOP_SECONDS}
    assert not any(segment.discontinuity for segment in index.segments)
    assert on_air.lost_seconds == 0

    # It is told once, with what to do, and shown as long as it lasts.
    assert [event.kind for event in told if event.kind.startswith("air.clock.")] == ["air.clock.jumped"]
    (event,) = (event for event in told if event.kind == "air.clock.jumped")
    assert event.remedy
    assert f"{jumps[0][1]:+.0f} s" in event.message
    assert event.channel == SLUG
    assert status["stray_seconds"] == pytest.approx(strays, abs=0.1)
    assert status == {**undisturbed, "stray_seconds": status["stray_seconds"]}


async def test_a_clock_that_is_corrected_a_little_is_not_worth_a_word(house: House) -> None:
    fill(house, 6)
    events = list[Event]()
    _, status = await air(house, SetClock(20.0, (5.0, 2.0), (9.0, -4.0)), events)
    assert status["stray_seconds"] == pytest.approx(-2.0, abs=0.1)
    assert [event.kind for event in events if event.kind.startswith("air.clock.")] == []


@pytest.mark.parametrize("jump", [5 * HOUR, -5 * HOUR])
async def test_the_process_after_the_jump_follows_the_clock(house: House, jump: float) -> None:
    fill(house, 12)
    events = list[Event]()
    clock = SetClock(20.0, (9.0, jump))
    await air(house, clock, events)
    before = Index.read(house.hls)
    assert before is not None
    cursor = load_cursor(house.cursor)
    assert cursor is not None

    clock.end += 20.0
    clock.over.clear()
    events.clear()
    on_air, status = await air(house, clock, events)
    after = Index.read(house.hls)
    assert after is not None
    old = [*before.segments]
    new = [*after.segments][len(old) :]

    # What was said of a segment stays said, and what is new is at the clock's time.
    assert [*after.segments][: len(old)] == old
    assert after.media == before.media
    assert len(new) >= 20.0 / GOP_SECONDS - 1
    assert [segment.gop for segment in new] == list(range(new[0].gop, new[0].gop + len(new)))
    assert abs(utc_seconds(new[-1].utc) - clock.time()) < 6
    assert abs(status["stray_seconds"]) < 0.1
    lost = new[0].gop - old[-1].gop - 1
    if jump > 0:  # the time between is left out, with one discontinuity; the schedule's start stays
        assert [segment.discontinuity for segment in new] == [True] + [False] * (len(new) - 1)
        assert on_air.lost_seconds == lost * GOP_SECONDS == pytest.approx(jump, abs=10)
        assert [event.kind for event in events] == ["air.time.lost"]
        assert status["epoch"] == cursor.epoch
    else:  # the count goes on where it was, on a schedule that began earlier
        assert lost == 0
        assert not any(segment.discontinuity for segment in new)
        assert [event.kind for event in events] == ["air.clock.back"]
        assert status["epoch"] == pytest.approx(cursor.epoch + jump, abs=10)
        dates = [utc_seconds(segment.utc) for segment in new]
        assert dates == sorted(dates)
    assert all(event.remedy for event in events)

    # Every entry airs once and in its turn; what was on at the kill goes on, or ends with what was lost.
    airings = list(house.log.read())
    starts = [airing.start_frame for airing in airings]
    assert starts == sorted(set(starts))
    numbers = [airing.n for airing in airings]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > cursor.n
    assert [airing.n for airing in airings if airing.cut] in ([], [cursor.n])


def test_a_clock_that_is_set_forward_deletes_no_recording(house: House, tmp_path: Path) -> None:
    fill(house, 4)
    rig = house.timeline()
    rig.air(6)
    folder = tmp_path / "recordings" / SLUG
    folder.mkdir(parents=True)
    older = [folder / recording_name(START - hours * HOUR) for hours in (1, 2, 30, 31)]
    for path in older:
        path.write_bytes(b"kept")
        path.with_suffix(".jsonl").write_bytes(b"")
    events = list[Event]()

    def record(now: Callable[[], float]) -> None:
        recorder = Recorder(
            folder,
            rig.header,
            START,
            RecordingConfig(hours=24.0),
            slug=SLUG,
            now=now,
            events=events.append,
        )
        for piece in rig.slices:
            recorder.write(piece)
        recorder.close()

    record(lambda: START + 40 * 24 * HOUR)
    # What is old by the timeline goes (a file ends where the next one begins); by a wrong clock, nothing.
    assert [path.exists() for path in older] == [True, True, True, False]
    assert events == []
    record(lambda: START - 40 * 24 * HOUR)
    assert [path.exists() for path in older] == [True, True, True, False]
    assert len(recordings(folder)) == 5
