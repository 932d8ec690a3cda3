"""HTTP-FLV from the head-end's slices to any number of viewers."""

import asyncio
import contextlib
import io
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

import av
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from viewers_broadcast import serve

from flvhouse import FORM, HEADER, Tag, flv_tags, script_number, slices
from webtv.air.feed import Gop, Message, Opening, Withdrawal
from webtv.air.flv import session_start, tags
from webtv.air.slice import Slice
from webtv.core.errors import RateLimited, ResourceError, TransientError
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import create_app
from webtv.viewers.fanout import FIRST, PARTS, Fanout
from webtv.viewers.flvstream import LiveServer

EPOCH = 1_800_000_000.0
STEP = 2 / PARTS
WEEK = 7 * 86_400 * FORM.fps


@dataclass
class Signal:
    """A head-end in memory, which airs when it is told to."""

    subscriptions: list[asyncio.Queue[Message | None]] = field(default_factory=list)
    asked: int = 0
    epoch: float = EPOCH
    up: bool = True

    async def feed(self, slug: str) -> AsyncGenerator[Message, None]:
        self.asked += 1
        if not self.up or slug != "tideline":
            raise TransientError("there is no head-end")
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        queue.put_nowait(Opening(HEADER, self.epoch))
        self.subscriptions.append(queue)
        try:
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self.subscriptions.remove(queue)

    def air(self, piece: Slice, age: float = 0.0) -> None:
        self.tell(Gop(piece.frame, piece.video, piece.audio_frame, piece.audio, piece.entry.clip, age))

    def tell(self, message: Message | None) -> None:
        for queue in self.subscriptions:
            queue.put_nowait(message)


@dataclass
class Stage:
    """A fan-out on virtual time, with a signal to send."""

    clock: VirtualClock
    signal: Signal
    fanout: Fanout
    watching: list["Viewer"] = field(default_factory=list)

    async def join(self, network: str = "a") -> "Viewer":
        """A reader that reads whatever comes, until it is taken out of ``watching``."""
        viewer = Viewer(await self.fanout.join("tideline", network))
        await viewer.read()
        self.watching.append(viewer)
        return viewer

    async def begin(self, piece: Slice, network: str = "a") -> "Viewer":
        """The first reader; the slice is on air when it comes."""
        joining = asyncio.create_task(self.join(network))
        while not self.signal.subscriptions:  # noqa: ASYNC110 - time stands still
            await asyncio.sleep(0)
        self.signal.air(piece)
        await self.clock.advance(0)
        return await joining

    async def air(self, *pieces: Slice) -> None:
        for piece in pieces:
            self.signal.air(piece)
            await self.advance(2.0)

    async def advance(self, seconds: float) -> None:
        """Let time pass while everybody watches."""
        for _ in range(round(seconds / STEP)):
            await self.clock.advance(STEP)
            for viewer in self.watching:
                await viewer.read()


class Viewer:
    """One reader and what it has got."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        self.pieces = pieces
        self.data = b""
        self._next: asyncio.Task[bytes] | None = None

    async def read(self) -> int:
        """Take all there is; how many pieces that was."""
        taken = 0
        while True:
            self._next = self._next or asyncio.ensure_future(anext(self.pieces))  # type: ignore[arg-type]
            for _ in range(3):
                await asyncio.sleep(0)
            if not self._next.done():
                return taken
            done, self._next = self._next, None
            self.data += done.result()
            taken += 1

    async def ended(self) -> bool:
        try:
            await self.read()
        except StopAsyncIteration:
            return True
        return False

    async def leave(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
        await self.pieces.aclose()

    @property
    def tags(self) -> list[Tag]:
        read = flv_tags(self.data)
        assert sum(len(tag.data) + 15 for tag in read) + 13 == len(self.data)  # never half a tag
        for kind in (8, 9):
            stamps = [tag.stamp for tag in read if tag.kind == kind and tag.media]
            assert stamps == sorted(set(stamps))
        return read

    @property
    def pictures(self) -> list[int]:
        """Frames of the timeline."""
        return [round(tag.stamp * FORM.fps / 1000) for tag in self.tags if tag.kind == 9 and tag.media]


@pytest.fixture
async def stage(clock: VirtualClock) -> AsyncIterator[Stage]:
    signal = Signal()
    fanout = Fanout(signal.feed, clock, total=60, per_network=55)
    yield Stage(clock, signal, fanout)
    await fanout.close()


async def test_a_reader_gets_the_gop_on_air_at_once_and_then_what_is_due(stage: Stage) -> None:
    pieces = slices(4, 30 * FORM.gop)
    one = await stage.begin(pieces[0])
    await one.read()
    first = pieces[0].frame
    assert one.pictures == list(range(first, first + FIRST * FORM.gop // PARTS))  # enough to begin with
    script = one.tags[0]
    assert script_number(script, "epoch") == EPOCH
    assert script_number(script, "start") == first / FORM.fps
    await stage.clock.advance(5 * STEP)
    assert await one.read() == 6 - FIRST
    two = await stage.join("b")
    await two.read()
    assert two.pictures == one.pictures == list(range(first, first + 6 * FORM.gop // PARTS))
    await stage.advance(3 * STEP)
    await stage.air(*pieces[1:])
    for viewer in (one, two):
        await viewer.read()
        assert viewer.pictures == list(range(first, first + 4 * FORM.gop))
        start = session_start(first, FORM)
        assert viewer.data.endswith(b"".join(tags(piece, HEADER, start)[0] for piece in pieces[1:]))
    assert stage.signal.asked == 1
    with av.open(io.BytesIO(two.data), format="flv") as stream:
        assert sum(1 for _ in stream.decode(video=0)) == 4 * FORM.gop
        assert stream.metadata["epoch"] == f"{EPOCH:.6f}".rstrip("0").rstrip(".")


async def test_a_head_end_that_comes_back_leaves_no_gap(stage: Stage) -> None:
    pieces = slices(5)
    viewer = await stage.begin(pieces[0])
    await stage.advance(2.0)
    stage.signal.air(pieces[1])
    await stage.advance(0.5)
    stage.signal.up = False
    stage.signal.tell(None)  # killed while a GOP is on air
    await stage.advance(1.5)
    assert viewer.pictures == list(range(2 * FORM.gop))  # all of which comes nevertheless
    stage.signal.up = True
    await stage.advance(0.25)
    stage.signal.air(pieces[1], age=2.25)  # it does not know how much of that went out
    await stage.clock.advance(0)
    stage.signal.air(pieces[2], age=0.25)
    await stage.advance(1.75)
    await stage.air(*pieces[3:])
    await viewer.read()
    assert viewer.pictures == list(range(5 * FORM.gop))
    assert sum(tag.kind == 18 for tag in viewer.tags) == 1


async def test_readers_begin_anew_where_the_clock_of_the_stream_changes(stage: Stage) -> None:
    pieces = slices(3)
    viewer = await stage.begin(pieces[0])
    await stage.advance(2.0)
    stage.signal.epoch -= 3600
    stage.signal.tell(None)
    stage.watching.clear()
    await stage.advance(0.5)
    assert await viewer.ended()
    stage.signal.air(pieces[0])  # the count may begin anew as well
    await stage.clock.advance(0)
    again = await stage.join()
    await again.read()
    assert again.pictures[0] == pieces[0].frame
    assert script_number(again.tags[0], "epoch") == EPOCH - 3600


async def test_a_slow_reader_is_set_forward_and_hurts_nobody(stage: Stage) -> None:
    pieces = slices(20)
    slow = await stage.begin(pieces[0])
    quick = await stage.join("b")
    await stage.advance(2.0)
    stage.watching.remove(slow)
    await stage.air(*pieces[1:12])
    before = len(slow.data)
    await slow.read()
    stage.watching.append(slow)
    largest = max(len(tags(piece, HEADER, 0)[0]) for piece in pieces)
    assert len(slow.data) - before < 2 * largest  # however long it has slept
    (reading,) = stage.fanout.readings()
    assert reading.readers == 2
    assert 8 <= reading.dropped_gops <= 10
    await stage.air(*pieces[12:])
    for viewer in (slow, quick):
        await viewer.read()
    assert quick.pictures == list(range(20 * FORM.gop))
    gaps = [(a, b) for a, b in pairwise(slow.pictures) if b != a + 1]
    assert len(gaps) == 1
    assert gaps[0][1] % FORM.gop == 0  # goes on with a keyframe, on the stream's own clock
    assert slow.pictures[-1] == 20 * FORM.gop - 1


async def test_fifty_readers_share_one_subscription_and_leave_nothing_behind(stage: Stage) -> None:
    pieces = slices(3)
    crowd = [await stage.begin(pieces[0])]
    crowd += [await stage.join() for _ in range(49)]
    await stage.advance(2.0)
    await stage.air(*pieces[1:])
    for viewer in crowd:
        assert len(viewer.data) == len(crowd[0].data)
    assert crowd[7].pictures == list(range(3 * FORM.gop))
    assert (stage.signal.asked, stage.fanout.readings()[0].readers) == (1, 50)
    for viewer in crowd:
        await viewer.leave()
    stage.watching.clear()
    assert stage.fanout.readings()[0].readers == 0
    await stage.advance(3.0)
    assert len(stage.signal.subscriptions) == 1  # they may come back
    await stage.advance(5.0)
    assert stage.signal.subscriptions == []
    assert stage.fanout.readings() == ()


async def test_a_withdrawn_clip_is_neither_kept_nor_sent_on(stage: Stage) -> None:
    bad, good = slices(1, clip_id="bad")[0], slices(1, FORM.gop)[0]
    viewer = await stage.begin(bad)
    await stage.clock.advance(4 * STEP)
    stage.signal.tell(Withdrawal(frozenset({"bad"})))
    await stage.clock.advance(0)
    await viewer.read()
    seen = list(viewer.pictures)
    joining = asyncio.create_task(stage.join("b"))
    await stage.clock.advance(4 * STEP)
    await viewer.read()
    assert viewer.pictures == seen
    assert not joining.done()
    await stage.air(good)
    newcomer = await joining
    for each in (viewer, newcomer):
        await each.read()
    assert newcomer.pictures == list(range(FORM.gop, 2 * FORM.gop))
    assert viewer.pictures == [*seen, *newcomer.pictures]


async def test_timestamps_go_on_past_a_week_and_end_before_31_bits(stage: Stage) -> None:
    before = slices(4, WEEK - 2 * FORM.gop)
    old = await stage.begin(before[0])
    await stage.advance(2.0)
    await stage.air(*before[1:])
    new = await stage.join()
    for viewer in (old, new):
        await viewer.read()
    assert old.pictures == list(range(WEEK - 2 * FORM.gop, WEEK + 2 * FORM.gop))
    assert new.pictures == list(range(FORM.gop, 2 * FORM.gop))
    assert script_number(new.tags[0], "epoch") == EPOCH + WEEK / FORM.fps
    await stage.air(*slices(1, 3 * WEEK - FORM.gop))
    stage.watching.remove(old)
    await stage.air(*slices(1, 3 * WEEK))
    assert await old.ended()
    assert max(tag.stamp for tag in old.tags) < 2**31
    await new.read()
    assert new.pictures[-1] == 2 * WEEK + FORM.gop - 1


async def test_there_are_limits(stage: Stage) -> None:
    piece = slices(1)[0]
    crowd = [await stage.begin(piece)]
    crowd += [await stage.join() for _ in range(54)]
    with pytest.raises(RateLimited):
        await stage.join()
    late = [await stage.fanout.join("tideline", "b") for _ in range(8)]  # all of them asked in time
    crowd += [await stage.join("b") for _ in range(5)]
    with pytest.raises(ResourceError):
        await stage.join("c")
    assert [await anext(pieces, b"full") for pieces in late] == [b"full"] * 8
    await crowd.pop().leave()
    await (await stage.join("c")).leave()
    for viewer in crowd:
        await viewer.leave()


# Over HTTP


class HurriedClock:
    """The machine's clock, eight times as fast."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() * 8

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / 8)


@contextlib.asynccontextmanager
async def serving(app: FastAPI, asking: float = 10.0) -> AsyncIterator[int]:
    """The server that a station has; yields its port."""

    class Server(LiveServer):
        @contextlib.contextmanager
        def capture_signals(self):  # type: ignore[no-untyped-def]
            yield

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none")
    server = Server(config, asking)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task


async def air_for_ever(signal: Signal) -> None:
    """Air GOP after GOP, eight times as fast as a head-end."""
    loop, begun = asyncio.get_running_loop(), time.monotonic()
    pieces = await loop.run_in_executor(None, slices, 400)
    for number, piece in enumerate(pieces):
        await asyncio.sleep(begun + number * 2 / 8 - time.monotonic())
        signal.air(piece)


@pytest.fixture
async def running(station: FakeStation) -> AsyncIterator[tuple[Signal, FastAPI]]:
    signal = Signal()
    app = create_app(station, HurriedClock(), feed=signal.feed)
    airing = asyncio.create_task(air_for_ever(signal))
    yield signal, app
    airing.cancel()
    await app.state.fanout.close()


async def test_who_never_finishes_asking_is_let_go(running: tuple[Signal, FastAPI]) -> None:
    async with serving(running[1], asking=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live/tideline.flv HT")
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
        # Who asks in time stays for as long as there is something to see.
        status = b""
        async with asyncio.timeout(20):
            while not status.startswith(b"HTTP/1.1 200"):  # nothing has been aired at first
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /live/tideline.flv HTTP/1.0\r\nHost: localhost\r\n\r\n")
                status = await reader.readline()
                if not status.startswith(b"HTTP/1.1 200"):
                    writer.close()
            begun, seen = time.monotonic(), 0
            while seen < 100_000 or time.monotonic() - begun < 0.6:
                data = await reader.read(65536)
                assert data
                seen += len(data)
        writer.close()


async def test_a_crawling_socket_loses_gops_while_others_lose_nothing(
    running: tuple[Signal, FastAPI],
) -> None:
    signal, app = running
    async with serving(app) as port:
        with socket.socket() as crawling:
            crawling.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            crawling.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(crawling, ("127.0.0.1", port))
            await loop.sock_sendall(crawling, b"GET /live/tideline.flv HTTP/1.1\r\nHost: a\r\n\r\n")
            taken = b""

            async def crawl() -> None:
                nonlocal taken
                while True:
                    taken += await loop.sock_recv(crawling, 1000)
                    await asyncio.sleep(0.1)

            slow = asyncio.create_task(crawl())
            data = b""
            async with (
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
                client.stream("GET", "/live/tideline.flv") as answer,
            ):
                assert answer.status_code == 200
                async for chunk in answer.aiter_raw():
                    data += chunk
                    (reading,) = app.state.fanout.readings()
                    if reading.dropped_gops >= 8:
                        break
            slow.cancel()
            await asyncio.gather(slow, return_exceptions=True)
        pictures = [tag.stamp for tag in flv_tags(data) if tag.kind == 9 and tag.media]
        assert len(pictures) > 6 * FORM.gop  # while the other one lost them
        assert {b - a for a, b in pairwise(pictures)} == {41, 42}
        assert len(taken) < len(data) / 4
        async with asyncio.timeout(5):
            while app.state.fanout.readings()[0].readers:  # noqa: ASYNC110 - the server hears it from the kernel
                await asyncio.sleep(0.01)
    assert signal.asked == 1


async def test_players_that_are_no_browsers_are_counted(
    running: tuple[Signal, FastAPI], station: FakeStation
) -> None:
    _, app = running
    async with serve(app) as origin, httpx.AsyncClient(base_url=origin, trust_env=False) as client:

        async def watch(seconds: int, headers: dict[str, str]) -> None:
            taken = 0
            async with client.stream("GET", "/live/tideline.flv", headers=headers) as answer:
                async for chunk in answer.aiter_raw():
                    taken += len(chunk)
                    if taken > seconds * 100_000:
                        return

        for header in ("Sec-Fetch-Mode", "Referer"):
            await watch(2, {header: "cors"})  # its page does that
            view = await station.channel("tideline")
            assert view is not None
            assert view.viewers == 0
        await watch(4, {})
        view = await station.channel("tideline")
        assert view is not None
        assert view.viewers == 1


async def test_headers_heads_and_refusals(client: httpx.AsyncClient, running: tuple[Signal, FastAPI]) -> None:
    answer = await client.get("/live/tideline.flv")  # a station without a head-end
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    signal, app = running
    async with serve(app) as origin, httpx.AsyncClient(base_url=origin, trust_env=False) as real:
        for path in ("/live/nowhere.flv", "/live/..flv", "/live/tideline", "/live/Tide%2f.flv"):
            answer = await real.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"
        answer = await real.head("/live/tideline.flv")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "video/x-flv"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert signal.asked == 0
        async with real.stream("GET", "/live/tideline.flv", headers={"Accept-Encoding": "gzip"}) as stream:
            assert "content-encoding" not in stream.headers
            assert "content-length" not in stream.headers
            assert (await anext(stream.aiter_raw()))[:3] == b"FLV"


async def test_a_channel_that_sends_nothing_is_unavailable(
    station: FakeStation, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webtv.viewers.fanout._PATIENCE", 0.05)
    app = create_app(station, clock, feed=Signal(up=False).feed)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        answer = await client.get("/live/tideline.flv")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    await app.state.fanout.close()
