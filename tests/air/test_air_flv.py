"""FLV and the feed of slices: what the head-end sends to those who read live."""

import asyncio
import contextlib
import io
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from flvhouse import FORM, HEADER, SLUG, flv_tags, script_number, slices
from webtv.air.client import HeadEndClient
from webtv.air.endless import EndlessAnswer
from webtv.air.feed import (
    MEDIA_TYPE,
    Gop,
    Opening,
    Unpacker,
    Withdrawal,
    packed_head,
    packed_opening,
    packed_withdrawal,
    packets,
)
from webtv.air.flv import opening, session_ends, session_start, tags
from webtv.air.live import FlvOutput
from webtv.air.output import OutputKind
from webtv.air.slice import Slice
from webtv.core.errors import InputError, TransientError
from webtv.core.events import Event
from webtv.testing.clock import VirtualClock

EPOCH = 1_800_000_000.125
WEEK = 7 * 86_400 * FORM.fps


def weight(pieces: list[Slice]) -> int:
    return sum(len(packets(piece)) for piece in pieces)


class _Server(uvicorn.Server):
    """Leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def socket_of(output: FlvOutput, path: Path) -> AsyncIterator[HeadEndClient]:
    """The output behind a control socket, as the head-end has it."""

    async def live(request: Request) -> Response:
        if request.path_params["slug"] != SLUG:
            return JSONResponse({"error": "not on air"}, 404)
        return output.answer(request)

    app = Starlette(routes=[Route("/live/{slug}.flv", live)])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield HeadEndClient(path, timeout=5.0)
        server.should_exit = server.force_exit = True
        await serving


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def output(clock: VirtualClock, events: list[Event]) -> FlvOutput:
    return FlvOutput(HEADER, EPOCH, clock=clock, slug=SLUG, events=events.append)


# Tags


@pytest.mark.parametrize("parts", [1, 4, 8])
def test_stretches_are_the_whole_cut_between_tags(parts: int) -> None:
    head = opening(HEADER, EPOCH)
    for piece in slices(3):
        (whole,) = tags(piece, HEADER, 0)
        stretches = tags(piece, HEADER, 0, parts)
        assert len(stretches) == parts
        assert b"".join(stretches) == whole
        for number, stretch in enumerate(stretches):
            begin = (piece.frame / FORM.fps + 2 * number / parts) * 1000
            stamps = [tag.stamp for tag in flv_tags(head + stretch) if tag.media]
            assert stamps == sorted(stamps)
            assert begin - 1 <= stamps[0] <= stamps[-1] < begin + 2000 / parts
            assert b"".join(stretches[:number]) + stretch == whole[: sum(map(len, stretches[: number + 1]))]
        assert [tag.key for tag in flv_tags(head + whole) if tag.kind == 9 and tag.media] == [True] + [
            False
        ] * (FORM.gop - 1)


def test_the_metadata_tells_what_time_it_is() -> None:
    script, *headers = flv_tags(opening(HEADER, EPOCH, 7000))
    assert script_number(script, "epoch") == EPOCH
    assert script_number(script, "start") == 7.0
    assert script_number(script, "width") == FORM.width
    assert [(tag.kind, tag.stamp, tag.media) for tag in headers] == [(9, 7000, False), (8, 7000, False)]
    assert headers[0].data[5:] == HEADER.avcc
    assert headers[1].data[2:] == HEADER.asc


@given(st.integers(0, 10**12), st.integers(0, 30 * 86_400 // 2))
def test_a_session_ends_before_31_bits_are_used_up(gop: int, later: int) -> None:
    begin = gop * FORM.gop
    start = session_start(begin, FORM)
    assert start <= begin < start + WEEK
    assert start % FORM.gop == 0
    frame = begin + later * FORM.gop
    unit = (b"\0" * 8,)
    piece = SimpleNamespace(
        frame=frame, video=unit * FORM.gop, audio_frame=-(-frame * FORM.samples_per_frame // 1024), audio=unit
    )
    stamps = [tag.stamp for tag in flv_tags(opening(HEADER, EPOCH) + tags(piece, HEADER, start)[0])]
    if not session_ends(frame, start, FORM):
        assert max(stamps) < 2**31
        assert max(stamps) == (frame + FORM.gop - 1 - start) * 1000 // FORM.fps


def test_players_read_a_session_across_24_bits_and_late_in_its_life() -> None:
    for first in (2**24 * FORM.fps // 1000 // FORM.gop * FORM.gop - FORM.gop, 3 * WEEK - 4 * FORM.gop):
        data = opening(HEADER, EPOCH, first * 1000 // FORM.fps)
        data += b"".join(tags(piece, HEADER, 0)[0] for piece in slices(4, first))
        for kind in ("video", "audio"):
            with av.open(io.BytesIO(data), format="flv") as stream:
                assert [each.type for each in stream.streams] == ["video", "audio"]
                times = [packet.dts for packet in stream.demux(**{kind: 0}) if packet.dts is not None]
                assert len(times) >= 4 * (FORM.gop if kind == "video" else 93)
                assert {b - a for a, b in pairwise(times)} <= {21, 22, 41, 42}
        with av.open(io.BytesIO(data), format="flv") as stream:
            assert sum(1 for _ in stream.decode(video=0)) == 4 * FORM.gop


# The feed


@given(st.data())
def test_messages_come_out_as_they_went_in(data: st.DataObject) -> None:
    one, two = slices(2)
    told = Opening(HEADER, EPOCH)
    wire = packed_opening(told) + packed_head(one, 0.25) + packets(one)
    wire += packed_withdrawal({"b", "a"}) + packed_head(two, 0.0) + packets(two)
    unpacker, found = Unpacker(), []
    at = 0
    while at < len(wire):
        size = data.draw(st.sampled_from((1, 7, 4096, 65_536, 10**6)) if at else st.integers(1, 12))
        size = max(size, len(wire) // 50)
        found += unpacker.feed(wire[at : at + size])
        at += size
    first, gop, withdrawal, other = found
    assert first == told
    assert gop == Gop(one.frame, one.video, one.audio_frame, one.audio, "numbers", 0.25)
    assert withdrawal == Withdrawal(frozenset("ab"))
    assert isinstance(other, Gop)
    assert (other.frame, other.video, other.audio) == (two.frame, two.video, two.audio)


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        (2).to_bytes(4) + (0).to_bytes(4) + b"{}",
        (2).to_bytes(4) + (0).to_bytes(4) + b"[]",
        (1).to_bytes(4) + (0).to_bytes(4) + b"{",
        (14).to_bytes(4) + (0).to_bytes(4) + b'{"kind":"new"}',
    ],
)
def test_what_is_no_feed_is_refused(garbage: bytes) -> None:
    with pytest.raises(InputError):
        list(Unpacker().feed(garbage))


# Answers without an end


async def pieces_for_ever(closed: list[bool]) -> AsyncGenerator[bytes, None]:
    try:
        while True:
            yield b"piece"
            await asyncio.sleep(0)
    finally:
        closed.append(True)


@pytest.mark.parametrize("why", ["takes nothing", "goes", "breaks", "wants the head"])
async def test_an_answer_ends_when_its_reader_does(why: str) -> None:
    sent: list[str] = []
    closed: list[bool] = []
    gone = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if len(sent) == 4:
            if why == "takes nothing":
                await asyncio.Event().wait()
            if why == "breaks":
                raise BrokenPipeError
            gone.set()

    async def receive() -> Message:
        if sent:
            await gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    pieces = pieces_for_ever(closed)
    answer = EndlessAnswer(pieces, "video/x-flv", head=why == "wants the head", stall=0.05)
    async with asyncio.timeout(10):
        await answer({"type": "http"}, receive, send)
    assert sent[:2] == ["http.response.start", "http.response.body"]
    if why == "wants the head":
        assert len(sent) == 2
    else:
        assert closed == [True]
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


# The output


async def test_a_subscriber_gets_the_slice_on_air_then_each_as_it_airs(
    output: FlvOutput, clock: VirtualClock, tmp_path: Path
) -> None:
    pieces = slices(4)
    output.offer(pieces[0], clock.monotonic())
    output.offer(pieces[1], clock.monotonic())
    clock.forward(0.75)
    async with socket_of(output, tmp_path / "s") as client:
        async with aclosing(client.slices(SLUG)) as one, aclosing(client.slices(SLUG)) as two:
            for feed in (one, two):
                assert await anext(feed) == Opening(HEADER, EPOCH)
                gop = await anext(feed)
                assert isinstance(gop, Gop)
                assert (gop.frame, gop.video, gop.age) == (pieces[1].frame, pieces[1].video, 0.75)
            status = output.status.to_json()
            assert (status["kind"], status["readers"]) == (OutputKind.FLV, 2)
            assert status["sent_bytes"] > 2 * weight(pieces[1:2])
            output.offer(pieces[2], clock.monotonic())
            for feed in (one, two):
                gop = await anext(feed)
                assert isinstance(gop, Gop)
                assert (gop.frame, gop.audio, gop.age) == (pieces[2].frame, pieces[2].audio, 0.0)
        async with asyncio.timeout(5):
            while output.status.readers:  # noqa: ASYNC110 - the server hears of it when it hears of it
                await asyncio.sleep(0.01)
        with pytest.raises(TransientError):
            await anext(client.slices("nowhere"))
    with pytest.raises(TransientError):
        await anext(client.slices(SLUG))
    assert output.status.dropped_gops == 0


async def test_withdrawn_clips_are_forgotten_and_told(
    output: FlvOutput, clock: VirtualClock, tmp_path: Path
) -> None:
    bad, good = slices(1, clip_id="bad")[0], slices(1, FORM.gop)[0]
    output.offer(bad, clock.monotonic())
    async with (
        socket_of(output, tmp_path / "s") as client,
        aclosing(client.slices(SLUG)) as before,
        aclosing(client.slices(SLUG)) as after,
    ):
        assert isinstance(await anext(before), Opening)
        assert isinstance(await anext(before), Gop)
        output.withdraw({"bad", "other"})
        assert await anext(before) == Withdrawal(frozenset({"bad", "other"}))
        assert isinstance(await anext(after), Opening)
        output.offer(good, clock.monotonic())
        gop = await anext(after)
        assert isinstance(gop, Gop)
        assert gop.frame == good.frame


async def test_a_web_process_that_hangs_loses_gops_and_nobody_waits_for_it(
    output: FlvOutput, clock: VirtualClock, events: list[Event], tmp_path: Path
) -> None:
    pieces = slices(12)
    async with socket_of(output, tmp_path / "s") as client:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s", limit=1024)
        request = f"GET /live/{SLUG}.flv HTTP/1.1\r\nHost: air\r\nAccept: {MEDIA_TYPE}\r\n\r\n"
        writer.write(request.encode())
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with aclosing(client.slices(SLUG)) as quick:
            assert isinstance(await anext(quick), Opening)
            while output.status.readers < 2:  # noqa: ASYNC110 - the request is on its way
                await asyncio.sleep(0.005)
            for piece in pieces:
                output.offer(piece, clock.monotonic())
                gop = await anext(quick)
                assert isinstance(gop, Gop)
                assert gop.video == piece.video
        dropped = output.status.dropped_gops
        assert 6 <= dropped <= 11  # two wait here, one or two are on the way
        assert [event.kind for event in events] == ["air.live.slow"]
        assert output.status.sent_bytes < weight(pieces) * (24 - dropped) / 12 * 1.5

        # It comes to its senses: what it gets is whole, and begins with the slices that waited.
        unpacker, frames = Unpacker(), []
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await reader.readuntil(b"\r\n\r\n")
        while not frames or frames[-1] != pieces[-1].frame:
            size = int((await reader.readline()).strip(), 16)
            messages = unpacker.feed(await reader.readexactly(size))
            frames += [message.frame for message in messages if isinstance(message, Gop)]
            await reader.readexactly(2)
        assert frames == sorted(set(frames))
        assert len(frames) == len(pieces) - dropped
        writer.close()


async def test_it_ends_with_the_channel(output: FlvOutput, tmp_path: Path) -> None:
    running = asyncio.create_task(output.run())
    async with socket_of(output, tmp_path / "s") as client, aclosing(client.slices(SLUG)) as feed:
        assert isinstance(await anext(feed), Opening)
        running.cancel()
        with pytest.raises(StopAsyncIteration):
            await anext(feed)
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_socket_tells_flv_to_everybody_else(
    output: FlvOutput, clock: VirtualClock, tmp_path: Path
) -> None:
    pieces = slices(3, 5 * FORM.gop)
    output.offer(pieces[0], clock.monotonic())
    async with socket_of(output, tmp_path / "s"):
        transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "s"), verify=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://air") as client,
            client.stream("GET", "/live/tideline.flv") as answer,
        ):
            assert answer.headers["content-type"] == "video/x-flv"
            output.offer(pieces[1], clock.monotonic())
            data = b""
            async for chunk in answer.aiter_raw():
                data += chunk
                if len(data) > weight(pieces[:2]):
                    break
    read = flv_tags(data)
    assert script_number(read[0], "epoch") == EPOCH
    assert [tag.stamp for tag in read if tag.key] == [10_000, 12_000]
