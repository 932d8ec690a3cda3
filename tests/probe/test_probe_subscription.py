"""Subscriptions to servers that behave, and to servers that do not."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import av
import pytest
from probe_stage import Stage, epoch_tag, film, flv_parts, hangs, live, live_index, says, streams

from servers import Gate, NginxRtmp
from webtv.core.errors import InputError
from webtv.probe.subscription import subscribe

PIECE = 0.5  # seconds of a segment
PATIENCE = 0.4


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with a keyframe twice a second."""
    return film(tmp_path_factory.mktemp("film") / "programme.flv", [(6, "moving", "tone")], gop=12)


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same as fragmented MP4: init.mp4, 0.m4s to 11.m4s."""
    folder = tmp_path_factory.mktemp("hls")
    options = {"hls_time": str(PIECE), "hls_segment_type": "fmp4", "hls_list_size": "0"}
    options |= {"hls_fmp4_init_filename": "init.mp4", "hls_segment_filename": f"{folder}/%d.m4s"}
    film(folder / "index.m3u8", [(6, "moving", "tone")], gop=12, **options)
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".m4s", ".mp4")}
    assert len(found) == 13
    return found


class Broadcast:
    """Plays segments out in real time, to a stage or into a folder."""

    def __init__(
        self, segments: dict[str, bytes], stage: Stage | None = None, folder: Path | None = None
    ) -> None:
        self._segments = segments
        self._stage = stage
        self._folder = folder
        self._aired = 0
        self.start = time.time()
        self.put("init.mp4", segments["init.mp4"])

    def put(self, name: str, body: bytes) -> None:
        if self._stage:
            self._stage.parts[f"/{name}"] = says(body)
        if self._folder:
            (self._folder / f".{name}").write_bytes(body)
            (self._folder / f".{name}").replace(self._folder / name)

    def air(self) -> None:
        """The next segment."""
        name = f"{self._aired}.m4s"
        self.put(name, self._segments[name])
        self._aired += 1
        first = max(0, self._aired - 8)
        names = [f"{n}.m4s" for n in range(first, self._aired)]
        self.put("index.m3u8", live_index(names, first, self.start + first * PIECE, PIECE).encode())

    async def run(self, count: int) -> None:
        """So many segments, one after the other."""
        for _ in range(count):
            self.air()
            await asyncio.sleep(PIECE)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as found:
        yield found


async def test_a_live_playlist_is_followed(stage: Stage, segments: dict[str, bytes]) -> None:
    broadcast = Broadcast(segments, stage)
    async with subscribe(f"{stage.url}/index.m3u8") as reading, live(broadcast.run(9)):
        report = await reading.until(lambda report: report.media_seconds >= 1.4, within=20)
    assert (report.regressions, report.jumps, report.missed_segments, report.discontinuities) == (0, 0, 0, 0)
    assert (report.date_jumps, report.sequence_regressions, report.undecodable) == (0, 0, 0)
    assert set(report.errors or {}) <= {"status_404"}, "before the first segment there was none"
    assert report.lag_ms is not None
    assert report.lag_ms > -1
    assert report.worst_skew_ms is not None
    assert abs(report.worst_skew_ms) < 100


async def test_a_folder_is_followed_without_a_server(tmp_path: Path, segments: dict[str, bytes]) -> None:
    broadcast = Broadcast(segments, folder=tmp_path)
    async with subscribe(tmp_path) as reading, live(broadcast.run(6)):
        report = await reading.until(lambda report: report.media_seconds >= 1.5, within=20)
    assert (report.regressions, report.jumps, report.output) == (0, 0, "hls")


async def test_a_pause_of_the_segments_is_a_gap(stage: Stage, segments: dict[str, bytes]) -> None:
    broadcast = Broadcast(segments, stage)
    async with subscribe(f"{stage.url}/index.m3u8") as reading:
        await broadcast.run(3)
        await asyncio.sleep(1.2)
        await broadcast.run(1)
        report = await reading.until(lambda report: report.media_seconds >= 1.4, within=20)
    assert report.longest_gap_ms > 500
    assert report.gaps >= 1
    assert report.playlist_late_ms > 500
    assert report.jumps == 0


async def test_lost_time_and_its_mark_are_seen(stage: Stage, segments: dict[str, bytes]) -> None:
    broadcast = Broadcast(segments, stage)
    async with subscribe(f"{stage.url}/index.m3u8") as reading:
        await broadcast.run(4)
        await reading.until(lambda report: report.media_seconds >= 1.4, within=20)
        names = [f"{n}.m4s" for n in (1, 2, 3, 6)]
        broadcast.put("6.m4s", segments["6.m4s"])
        index = live_index(names, 1, broadcast.start + PIECE, PIECE, marked=frozenset({"6.m4s"}))
        stage.parts["/index.m3u8"] = says(index.encode())
        report = await reading.until(lambda report: report.media_seconds >= 1.9, within=20)
    assert report.discontinuities == 1
    assert report.regressions == 0
    assert report.jumps == 0, "the mark tells players of it"


async def test_a_sequence_that_goes_back_is_seen_and_followed(
    stage: Stage, segments: dict[str, bytes]
) -> None:
    async with subscribe(f"{stage.url}/index.m3u8") as reading:
        broadcast = Broadcast(segments, stage)
        await broadcast.run(4)
        await reading.until(lambda report: report.media_seconds >= 1.0, within=20)
        await Broadcast(segments, stage).run(2)
        report = await reading.until(lambda report: report.sessions >= 2, within=20)
    assert report.sequence_regressions == 1


async def test_trouble_of_every_kind_is_counted_and_survived(
    stage: Stage, segments: dict[str, bytes]
) -> None:
    broadcast = Broadcast(segments, stage)
    async with subscribe(f"{stage.url}/index.m3u8", patience=PATIENCE) as reading:
        for kind, part in {
            "status_404": says(b"", "404 Not Found"),
            "status_503": says(b"", "503 Service Unavailable"),
            "timeout": hangs,
            "garbage": says(b"<html>\xff"),
            "ended": says(b"", "what"),
        }.items():
            stage.parts["/index.m3u8"] = part
            await reading.until(lambda report, kind=kind: kind in (report.errors or {}), within=20)
        async with live(broadcast.run(12)):
            report = await reading.until(lambda report: report.media_seconds >= 1.4, within=20)
    assert report.up


async def test_a_segment_that_is_garbage_is_counted_and_the_next_one_played(
    stage: Stage, segments: dict[str, bytes]
) -> None:
    spoilt = {**segments, "2.m4s": b"\x00\x01garbage" * 100}
    async with subscribe(f"{stage.url}/index.m3u8") as reading, live(Broadcast(spoilt, stage).run(9)):
        report = await reading.until(
            lambda report: "garbage" in (report.errors or {}) and report.media_seconds > 1.4, within=20
        )
    assert report.reconnects >= 1


def paced(data: bytes, epoch: float) -> tuple[bytes, list[tuple[float, bytes]]]:
    """An FLV's head and its tags, each with the seconds after the one before at which it is due."""
    head, tags = flv_parts(data)
    pieces, before = [], 0
    for stamp, tag in tags:
        pieces.append(((stamp - before) / 1000, tag))
        before = stamp
    return head[:13] + epoch_tag(epoch) + head[13:], pieces


async def test_flv_over_http_is_played_and_comes_back(stage: Stage, programme: Path) -> None:
    head, pieces = paced(programme.read_bytes(), time.time())
    stage.parts["/live/x.flv"] = streams((0, head), *pieces[:140])  # some two seconds, then it ends
    async with subscribe(f"{stage.url}/live/x.flv") as reading:
        first = await reading.until(lambda report: bool(report.errors), within=20)
        assert first.errors == {"ended": 1}
        assert first.lag_ms is not None, "the epoch is in the metadata"
        assert (first.regressions, first.jumps, first.undecodable) == (0, 0, 0)
        report = await reading.until(lambda report: report.sessions == 2, within=20)
    assert report.reconnects == 1
    assert report.regressions == 0


async def test_a_server_that_falls_silent_is_left_and_asked_again(stage: Stage, programme: Path) -> None:
    head, pieces = paced(programme.read_bytes(), time.time())
    burst = b"".join(tag for _, tag in pieces[:100])
    stage.parts["/live/x.flv"] = streams((0, head + burst), hold=3600)
    async with subscribe(f"{stage.url}/live/x.flv", patience=PATIENCE) as reading:
        report = await reading.until(lambda report: report.sessions >= 2, within=20)
    assert (report.errors or {})["timeout"] >= 1


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (says(b"", "404 Not Found"), "status_404"),
        (says(b"no such thing" * 1000), "garbage"),
        (streams((0, b"\x00" * 5000), hold=3600), "timeout"),
        (hangs, "timeout"),
    ],
)
async def test_flv_that_is_none_is_counted(stage: Stage, part: object, kind: str) -> None:
    stage.parts["/live/x.flv"] = part  # type: ignore[assignment]
    async with subscribe(f"{stage.url}/live/x.flv", patience=PATIENCE) as reading:
        report = await reading.until(lambda report: bool(report.errors), within=20)
    assert kind in (report.errors or {}), report
    assert report.sessions == 0


async def test_nobody_there_is_counted(stage: Stage) -> None:
    for address in ("http://127.0.0.1:1/index.m3u8", "http://127.0.0.1:1/a.flv", "rtmp://127.0.0.1:1/live/a"):
        async with subscribe(address) as reading:
            report = await reading.until(lambda report: bool(report.errors), within=20)
        assert report.errors == {"refused": 1}
        assert not report.up


async def test_rtmp_is_pulled_from_a_real_server(tmp_path: Path, programme: Path) -> None:
    over = threading.Event()
    async with (
        NginxRtmp(tmp_path / "nginx") as server,
        live(asyncio.to_thread(publish, programme, server.url("x"), over)),
        subscribe(server.url("x")) as reading,
    ):
        report = await reading.until(lambda report: report.media_seconds > 1.5, within=20)
        assert (report.regressions, report.jumps, report.undecodable) == (0, 0, 0)
        over.set()
        await server.process.end()
        ended = await reading.until(lambda report: bool(report.errors), within=20)
    assert ended.sessions == 1


async def test_an_rtmp_server_that_hangs_is_left() -> None:
    async with (
        Gate() as gate,
        subscribe(f"rtmp://127.0.0.1:{gate.port}/live/x", patience=PATIENCE) as reading,
    ):
        report = await reading.until(lambda report: len(report.errors or {}) > 0, within=20)
    assert set(report.errors or {}) == {"timeout"}


def publish(path: Path, address: str, over: threading.Event) -> None:
    """Publish a file in real time, until it is over."""
    begun = time.monotonic()
    # Whoever is cut off says so; the test knows.
    with suppress(OSError), av.open(path) as source, av.open(address, "w", format="flv") as out:
        video, sound = (
            out.add_stream_from_template(s) for s in (source.streams.video[0], source.streams.audio[0])
        )
        for packet in source.demux():
            if packet.dts is None:
                continue
            if over.wait(max(0.0, begun + float(packet.dts * packet.time_base) - time.monotonic())):
                return
            packet.stream = video if packet.stream.type == "video" else sound
            out.mux(packet)


async def test_what_the_block_raises_is_raised_as_it_is(stage: Stage) -> None:
    with pytest.raises(LookupError):
        async with subscribe(f"{stage.url}/index.m3u8"):
            raise LookupError


async def test_an_address_of_nothing_is_refused() -> None:
    with pytest.raises(InputError):
        async with subscribe("gopher://127.0.0.1/x"):
            pass
