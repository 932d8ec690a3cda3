"""Six hours on air: the real channel on virtual time, every segment of it read back as it comes out."""

import gc
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from air_house import FORM, GOP, START, House, JumpingClock, air_until, channel, fill, read_back

from webtv.clips.clip import Kind
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME, GOP_SECONDS

pytestmark = pytest.mark.long

HOURS = 6
HOUR = 3600.0
EVENING = START + 12 * HOUR  # 20:00 UTC: midnight comes two thirds of the way
WINDOW = 40.0
FEED, FED = 120.0, 8  # every so many seconds so many sequences, some 70 s: it runs dry again and again
ALONE = (3 * HOUR, 4 * HOUR)  # the control plane is dead meanwhile
GROWTH = 16 << 20  # bytes that the process may grow by after its first hour; what leaks for ever leaks more
_DRY = {"air.filler.reruns"}


class WatchedClock(JumpingClock):
    """Lets somebody look whenever the channel waits, so that nothing comes and goes unseen."""

    def __init__(self, start: float, look: Callable[[float], None]) -> None:
        super().__init__(start)
        self._look = look

    async def sleep(self, seconds: float) -> None:
        self._look(self.monotonic())
        await super().sleep(seconds)


@dataclass
class Viewer:
    """Takes every segment once, and holds its timestamps to those of the one before."""

    folder: Path
    segments: int = 0
    sound: int = 0  # AAC frames so far
    seen: int = -1  # number of the latest segment
    irregular: list[str] = field(default_factory=list)

    def look(self) -> None:
        try:
            text = (self.folder / "index.m3u8").read_text()
        except FileNotFoundError:
            return
        if "#EXT-X-DISCONTINUITY\n" in text:
            self.irregular.append(f"a discontinuity after segment {self.seen}")
        init = (self.folder / "init.mp4").read_bytes()
        for name, number in re.findall(r"^((?:.*-)?(\d+)\.m4s)$", text, re.MULTILINE):
            if int(number) > self.seen:
                self._take(int(number), init + (self.folder / name).read_bytes())

    def _take(self, number: int, data: bytes) -> None:
        stream = read_back(data, decode=False)
        step, first = FORM.ticks_per_frame, self.segments * GOP
        good = (
            number == self.seen + 1
            and stream.video.dts == [frame * step for frame in range(first, first + GOP)]
            and stream.video.pts == stream.video.dts
            and stream.video.keys == [True] + [False] * (GOP - 1)
            and stream.audio.dts
            == [frame * AAC_FRAME for frame in range(self.sound, self.sound + len(stream.audio.dts))]
        )
        if not good:
            self.irregular.append(f"segment {number} after {self.seen}")
        self.seen = number
        self.segments += 1
        self.sound += len(stream.audio.dts)


class ControlPlane:
    """Feeds the playlist and moves what has aired to the archive, as a station does, until it is dead."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._next = 0.0

    def look(self, now: float) -> None:
        if now < self._next:
            return
        self._next += FEED
        if not ALONE[0] <= now < ALONE[1]:
            cursor = self._house.cursor
            aired = json.loads(cursor.read_text())["n"] if cursor.exists() else 0
            self._house.playlist.rotate(aired, EVENING + now)
            fill(self._house, FED)


def resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(kilobytes) * 1024


def descriptors() -> int:
    """Files that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_six_hours_on_air(house: House) -> None:
    viewer, plane = Viewer(house.hls), ControlPlane(house)
    sizes: list[tuple[int, int]] = []  # memory and open files, at every full hour

    def look(now: float) -> None:
        plane.look(now)
        viewer.look()
        if now >= (len(sizes) + 1) * HOUR:
            sizes.append((resident(), descriptors()))

    clock, events = WatchedClock(EVENING, look), list[Event]()
    on_air = channel(house, clock, events, window=WINDOW)
    await air_until(on_air, clock, HOURS * HOUR + 1.0)

    # Every picture and every sample, in time.
    assert viewer.irregular == []
    assert viewer.segments >= HOURS * HOUR / GOP_SECONDS
    assert on_air.lost_seconds == 0
    assert {event.kind for event in events} <= _DRY

    # The as-run log is complete: each line begins where the last one ended, nothing was cut.
    airings = list(house.log.read())
    at = 0
    for airing in airings:
        assert airing.start_frame == at
        at += airing.frames
    assert at >= (HOURS * HOUR - 10) * FORM.fps
    assert not any(airing.cut for airing in airings)
    assert {airing.kind for airing in airings} == {Kind.NEW, Kind.RERUN}
    listed = [airing.n for airing in airings if airing.n is not None]
    assert listed == list(range(1, len(listed) + 1)), "what was listed aired once and in order"
    hours = HOURS - (ALONE[1] - ALONE[0]) / HOUR
    assert len(listed) >= 0.9 * 3 * FED * hours * HOUR / FEED, "new sequences came in all the time"
    assert len(list((house.data / "asrun" / house.hls.name).iterdir())) == 2, "one file a day"

    # Nothing piles up.
    memory, files = zip(*sizes, strict=True)
    assert len(sizes) == HOURS
    assert max(memory[1:]) - memory[0] < GROWTH, [size >> 20 for size in memory]
    assert max(files) <= files[0] + 4, files
    assert len(list(house.hls.iterdir())) <= 2 * WINDOW / GOP_SECONDS + 6
