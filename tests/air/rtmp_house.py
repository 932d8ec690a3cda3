"""An RTMP output on its own: slices of one clip, over and over, offered as a channel would."""

import asyncio
import contextlib
import itertools
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
from air_house import AVCC, FORM, GOP, START, Footage

from webtv.air.clipsource import read_gops
from webtv.air.flv import opening, tags
from webtv.air.mixer import Mixer
from webtv.air.output import OutputState
from webtv.air.rtmp import RtmpOutput
from webtv.air.session import Patience, Session
from webtv.air.slice import Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.core.clock import SystemClock
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME, GOP_SECONDS, SAMPLE_RATE
from webtv.playlist.entry import Entry

KEY = "s3cr3t-key_x9%2Fy|z'w"  # what a key may look like, and what libavformat's own words would stumble over
HASTY = Patience(stall=2.0)  # for tests of what stalls; a busy machine makes others stall as well


class Feed:
    """Slices without end; a clip of two GOPs joins every four seconds.

    Args:
        footage: where the clip is.
        frame: video frame of the first slice.
        joins: whether anything joins after the first slice.
    """

    def __init__(self, footage: Footage, frame: int = 0, *, joins: bool = True) -> None:
        self._gops = read_gops(footage.clip(1).read_bytes(), FORM, AVCC, "clip")
        self._mixer = Mixer(frame * FORM.samples_per_frame)
        self._frame = frame
        self.header = StreamHeader(FORM, AVCC, self._mixer.asc)
        self._joins = joins

    def __iter__(self) -> Iterator[Slice]:
        for number in itertools.count():
            place = number % len(self._gops)
            after = (self._frame + GOP) * FORM.samples_per_frame
            first, audio = self._mixer.advance(after)
            entry = Entry(
                1,
                f"c{number // len(self._gops)}",
                Kind.NEW,
                "s",
                1,
                1,
                None,
                0,
                len(self._gops) * GOP,
                "Title",
                "clip.mp4",
            )
            yield Slice(self._frame, self._gops[place], first, audio, entry, place == 0 and self._joins)
            self._frame += GOP


@dataclass
class Rig:
    """An output, its events, and what was offered to it."""

    output: RtmpOutput
    feed: Feed
    events: list[Event] = field(default_factory=list)
    offered: int = 0

    @property
    def state(self) -> OutputState:
        return self.output.status.state

    @property
    def failed(self) -> list[Event]:
        return [event for event in self.events if event.kind == "air.output.failed"]

    def kinds(self) -> list[str]:
        return [event.kind.removeprefix("air.output.") for event in self.events]

    async def live(self, sessions: int = 1) -> None:
        await until(lambda: self.output.status.sessions >= sessions and self.state is OutputState.LIVE)

    async def down(self, times: int = 1) -> Event:
        await until(lambda: len(self.failed) >= times)
        return self.failed[times - 1]


@contextlib.asynccontextmanager
async def pushing(
    footage: Footage, url: str, *, pace: float = 1.0, joins: bool = True, **options: Any
) -> AsyncIterator[Rig]:
    """Run an output, fed in real time (or so many times faster), until the block ends."""
    feed, events, clock = Feed(footage, joins=joins), list[Event](), SystemClock()
    given = {"clock": clock, "noise": random.Random(1), **options}
    output = RtmpOutput(
        "mirror",
        url,
        slug="tide",
        header=feed.header,
        epoch=START,
        events=events.append,
        **given,
    )
    rig = Rig(output, feed, events)

    async def offer() -> None:
        begun = clock.monotonic()
        for number, piece in enumerate(feed):
            due = begun + number * GOP_SECONDS / pace
            await clock.sleep(due - clock.monotonic())
            output.offer(piece, due if pace <= 1 else 0.0)
            rig.offered += 1

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(output.run()), group.create_task(offer())]
        try:
            yield rig
        finally:
            for task in tasks:
                task.cancel()


async def until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - other processes tell nobody
            await asyncio.sleep(0.02)


def children(output: str = "webtv.air.pusher") -> list[int]:
    """Ids of the pushers that this process has."""
    own = Path("/proc/self/task")
    found = [int(pid) for task in own.iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in found if output.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def visible() -> Iterator[bytes]:
    """Arguments and environment of every process that can be read."""
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                yield (folder / name).read_bytes()


def spellings(secret: str) -> list[str]:
    """Parts of a secret that would betray it, as it is and percent-encoded."""
    return [part for part in re.split(r"\W|%2F", secret) if len(part) > 3]


def pull(url: str, pictures: int, timeout: float = 10.0) -> tuple[list[int], list[int], bool]:
    """Play until so many pictures have been decoded: decoding times, and whether a keyframe led."""
    video, audio, leads = list[int](), list[int](), False
    decoded = 0
    with av.open(url, "r", timeout=(timeout, timeout)) as opened:
        for packet in opened.demux(opened.streams.video[0], opened.streams.audio[0]):
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                leads = leads or (not video and packet.is_keyframe)
                video.append(packet.dts)
                decoded += len(packet.decode())
            else:
                audio.append(packet.dts)
            if decoded >= pictures and audio:
                return video, audio, leads
    raise AssertionError(f"the stream ended after {decoded} pictures")


@dataclass
class Carried:
    """What a viewer got, in milliseconds, and what there was to get."""

    sent_video: list[int]
    sent_audio: list[int]
    video: list[int] = field(default_factory=list)
    audio: list[int] = field(default_factory=list)

    def whole(self) -> bool:
        """Whether it is all that was sent from the first keyframe seen on, to the millisecond."""
        return (
            len(self.video) > GOP
            and self.video == self.sent_video[-len(self.video) :]
            and self.audio[0] >= self.video[0]
            and self.audio == self.sent_audio[-len(self.audio) :]
        )


async def carry(footage: Footage, url: str, *, start: int, first: int, gops: int) -> Carried:
    """Send slices through one session as fast as a viewer takes them.

    Args:
        footage: where the clip is.
        url: of a server that is there.
        start: number of the first frame on the channel's timeline.
        first: frame at which the session's timestamps are 0.
        gops: how many slices.
    """
    feed = Feed(footage, start)
    end = start + gops * GOP
    heard = range(
        -(-start * FORM.samples_per_frame // AAC_FRAME), -(-end * FORM.samples_per_frame // AAC_FRAME)
    )
    zero = first * FORM.samples_per_frame
    carried = Carried(
        [(frame - first) * 1000 // FORM.fps for frame in range(start, end)],
        [(frame * AAC_FRAME - zero) * 1000 // SAMPLE_RATE for frame in heard],
    )

    def watch() -> None:
        with av.open(url, "r", timeout=(20.0, 20.0)) as opened:
            for packet in opened.demux(opened.streams.video[0], opened.streams.audio[0]):
                if packet.dts is not None:
                    (carried.video if packet.stream.type == "video" else carried.audio).append(packet.dts)
                if (
                    carried.video[-1:] == carried.sent_video[-1:]
                    and carried.audio[-1:] == carried.sent_audio[-1:]
                ):
                    return

    session = Session("x", url, ca_file=None, clock=SystemClock(), patience=HASTY)
    try:
        await session.start()
        await session.connect()
        stamp = carried.sent_video[0]
        await session.write(opening(feed.header, START, stamp))
        watching = asyncio.create_task(asyncio.to_thread(watch))
        for number, piece in enumerate(itertools.islice(feed, gops)):
            await session.write(tags(piece, feed.header, first)[0])
            # The server drops for a viewer who is more than some seconds behind; at first he only looks.
            begun = carried.sent_video[number * GOP]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20.0 if carried.video else 0.2):
                    while not carried.video or carried.video[-1] < begun:  # noqa: ASYNC110 - a thread is at work
                        await asyncio.sleep(0.002)
        async with asyncio.timeout(20):
            await watching
        await session.finish()
    finally:
        await session.end()
    return carried
