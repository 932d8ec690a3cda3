"""RTMP sessions are renewed as planned: at a join, warm, make before break where two are let in."""

import asyncio
import contextlib
import itertools
import os
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from air_house import FORM, GOP, Footage
from rtmp_house import children, pull, pushing, until

from servers import Gate, NginxRtmp

PACE = 4.0
CLIP = 2 * GOP  # frames between joins
STEPS = {1000 // FORM.fps, 1000 // FORM.fps + 1}


@dataclass
class Viewer:
    """Stays with one stream, whoever publishes it."""

    url: str
    stamps: list[tuple[int, bool]] = field(default_factory=list)  # decoding time of pictures, keyframe
    gone: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        with av.open(self.url, "r", timeout=(10.0, 10.0)) as opened:
            for packet in opened.demux(opened.streams.video[0]):
                if packet.dts is not None:
                    self.stamps.append((packet.dts, packet.is_keyframe))
                if self.gone.is_set():
                    return

    def sessions(self) -> list[list[tuple[int, bool]]]:
        """The pictures of each session: they begin where time falls back."""
        found: list[list[tuple[int, bool]]] = [[]]
        for before, now in itertools.pairwise([(-1, False), *self.stamps]):
            if now[0] < before[0]:
                found.append([])
            found[-1].append(now)
        return found


@contextlib.asynccontextmanager
async def watched(url: str) -> AsyncIterator[Viewer]:
    viewer = Viewer(url)
    watching = asyncio.create_task(asyncio.to_thread(viewer.watch))
    try:
        yield viewer
    finally:
        viewer.gone.set()
        await watching


def seamless(session: list[tuple[int, bool]]) -> bool:
    stamps = [stamp for stamp, _ in session]
    return {b - a for a, b in itertools.pairwise(stamps)} <= STEPS


async def loses_no_picture(footage: Footage, nginx: NginxRtmp) -> None:
    async with (
        Gate(nginx.port) as gate,
        pushing(footage, f"rtmp://127.0.0.1:{gate.port}/live/one", pace=2.0, rotate=1.0) as rig,
    ):
        await rig.live()
        dropped = rig.output.status.dropped_gops
        async with watched(nginx.url("one")) as viewer:
            await rig.live(3)
            await until(lambda: len(viewer.sessions()) == 3 and len(viewer.sessions()[2]) > 10)
    first, second, third, *_ = viewer.sessions()
    assert all(map(seamless, (first, second, third)))
    assert second[0] == third[0] == (0, True), "a session begins with a keyframe"
    assert len(second) % CLIP == 0, "it ends where a clip does, and nothing is left out"
    assert rig.kinds()[:3] == ["live", "renewed", "renewed"]
    assert rig.output.status.dropped_gops == dropped
    assert gate.history[:5] == ["open 0", "close 0", "open 1", "close 1", "open 2"]


async def makes_before_it_breaks(footage: Footage, one: NginxRtmp, two: NginxRtmp) -> None:
    async with (
        Gate(one.port, two.port) as gate,
        pushing(
            footage, f"rtmp://127.0.0.1:{gate.port}/live/two", pace=PACE, rotate=1.0, overlap=True
        ) as rig,
    ):
        await until(lambda: "open 1" in gate.history)
        video, _, leads = await asyncio.to_thread(pull, two.url("two"), CLIP)
        assert leads
        assert video[0] % 1000 == 0, "from a keyframe on"
        await until(lambda: "close 0" in gate.history)
    assert gate.history[:3] == ["open 0", "open 1", "close 0"]
    assert rig.kinds()[:2] == ["live", "renewed"]


async def stays_where_one_is_let_in(footage: Footage, nginx: NginxRtmp) -> None:
    async with pushing(footage, nginx.url("three"), pace=PACE, rotate=1.0, overlap=True) as rig:
        await rig.live()
        async with watched(nginx.url("three")) as viewer:
            await until(lambda: "overlap_refused" in rig.kinds())
            assert rig.output.status.sessions == 1
            await rig.live(2)
            await until(lambda: len(viewer.sessions()) >= 2)
    assert all(map(seamless, viewer.sessions()[:2]))
    assert rig.kinds()[:3] == ["live", "overlap_refused", "renewed"]


async def renews_where_nothing_joins(footage: Footage, nginx: NginxRtmp) -> None:
    async with pushing(footage, nginx.url("four"), pace=PACE, rotate=0.5, joins=False) as rig:
        await rig.live(2)
    assert rig.kinds()[:2] == ["live", "renewed"]


async def test_a_killed_spare_ends_nothing(footage: Footage, tmp_path: Path) -> None:
    async with (
        asyncio.timeout(60),
        NginxRtmp(tmp_path / "nginx") as nginx,
        pushing(footage, nginx.url("x"), pace=PACE, rotate=2.0) as rig,
    ):
        await rig.live()
        (first,) = children()
        await until(lambda: len(children()) == 2)
        (spare,) = set(children()) - {first}
        os.kill(spare, signal.SIGKILL)
        await rig.live(2)
    assert rig.kinds()[:2] == ["live", "renewed"]


async def test_sessions_are_renewed_as_planned(footage: Footage, tmp_path: Path) -> None:
    async with (
        asyncio.timeout(60),
        NginxRtmp(tmp_path / "one") as one,
        NginxRtmp(tmp_path / "two") as two,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(loses_no_picture(footage, one))
        group.create_task(makes_before_it_breaks(footage, one, two))
        group.create_task(stays_where_one_is_let_in(footage, one))
        group.create_task(renews_where_nothing_joins(footage, one))
