"""How a player begins: what the page brings along, and what the first picture waits for."""

import asyncio
import base64
import html
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from test_viewers_browser import VIDEO, chromium, until, visit
from viewers_broadcast import broadcast, serve
from viewers_scenery import Posters

from webtv.air.clipsource import read_gops
from webtv.air.fmp4 import init_segment, media_segment
from webtv.air.slice import ASC, Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.clock import SystemClock
from webtv.core.format import AAC_FRAME, SAMPLE_RATE, house_format
from webtv.playlist.asrun import utc_text
from webtv.playlist.entry import Entry
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import create_app
from webtv.viewers.opening import read_opening

FORM = house_format("576p24@1")
AVCC = committed_avcc()[FORM.name]
SEGMENTS = 6
FIRST_NUMBER = 40
HLS = "vendor/hls.js"
# Silence, as FFmpeg's AAC encoder writes it for two channels.
SILENCE = bytes.fromhex("21 10 04 60 8c 1c")
REFUSE = """const known = MediaSource.isTypeSupported;
const refused = "avc1.64001f,mp4a";
MediaSource.isTypeSupported = (type) => !type.includes(refused) && known.call(MediaSource, type);"""


def write_live(folder: Path, published: float) -> Path:
    """A live folder as the head-end writes it, whose newest segment was published at that time."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = folder / "clip.mp4"
    frames = np.random.default_rng(1).integers(0, 255, (FORM.gop, FORM.height, FORM.width, 3), np.uint8)
    sound = np.zeros((2 * SAMPLE_RATE, 2), np.float32)
    encode_mp4([frames], sound, FORM, clip)
    gop = read_gops(clip.read_bytes(), FORM, AVCC, "clip")[0]
    header = StreamHeader(FORM, AVCC, ASC)
    (folder / "init.mp4").write_bytes(init_segment(header))
    entry = Entry(1, "c", Kind.NEW, "s", 1, 1, None, 0, FORM.gop, "Title", "c.mp4")
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:2",
        f"#EXT-X-MEDIA-SEQUENCE:{FIRST_NUMBER}",
    ]
    lines.append('#EXT-X-MAP:URI="init.mp4"')
    for index in range(SEGMENTS):
        frame, end = (FIRST_NUMBER + index) * FORM.gop, (FIRST_NUMBER + index + 1) * FORM.gop
        audio, until_audio = (-(-n * FORM.samples_per_frame // AAC_FRAME) for n in (frame, end))
        piece = Slice(frame, tuple(gop), audio, (SILENCE,) * (until_audio - audio), entry, joins=False)
        name = f"1800000000000-{FIRST_NUMBER + index}.m4s"
        (folder / name).write_bytes(media_segment(piece, header, chunks=(1, 5, 12)))
        date = utc_text(published - 2 * (SEGMENTS - 1 - index))
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{date}", "#EXTINF:2.00000,", name]
    (folder / "index.m3u8").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_live(tmp_path_factory.mktemp("latency"), 1_800_000_000.0)


@pytest.mark.parametrize(("age", "back"), [(0.0, 2), (0.5, 2), (0.7, 1), (1.9, 1), (900.0, 1), (-5.0, 2)])
def test_it_begins_where_the_next_segment_still_comes_in_time(live: Path, age: float, back: int) -> None:
    opening = read_opening(live, 1_800_000_000.0 + age)
    assert opening is not None
    assert opening.number == FIRST_NUMBER + SEGMENTS - 1 - back
    assert opening.segment == f"1800000000000-{opening.number}.m4s"
    assert opening.age == pytest.approx(min(2.0, max(0.0, age)), abs=0.002)
    assert base64.b64decode(opening.init) == (live / "init.mp4").read_bytes()
    assert opening.playlist == (live / "index.m3u8").read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('URI="init.mp4"', 'URI="../init.mp4"'),
        ('URI="init.mp4"', 'URI="gone.mp4"'),
        ("1800000000000-44.m4s", "//elsewhere/44.m4s"),
        ("#EXT-X-MEDIA-SEQUENCE:40", ""),
        ("#EXT-X-PROGRAM-DATE-TIME:", "#EXT-X-OTHER:"),
        ("#EXT-X-PROGRAM-DATE-TIME:2", "#EXT-X-PROGRAM-DATE-TIME:x"),
        ("#EXTINF:2.00000,", "#EXTINF:two,"),
        ("#EXTM3U", "#EXTM3U\n" + "#" * 70_000),
    ],
)
def test_an_odd_playlist_is_left_to_the_player(live: Path, tmp_path: Path, old: str, new: str) -> None:
    text = (live / "index.m3u8").read_text()
    assert old in text
    (tmp_path / "init.mp4").write_bytes(b"init")
    (tmp_path / "index.m3u8").write_text(text)
    assert read_opening(tmp_path, 1_800_000_001.0) is not None
    (tmp_path / "index.m3u8").write_text(text.replace(old, new))
    assert read_opening(tmp_path, 1_800_000_001.0) is None
    assert read_opening(tmp_path / "nothing", 1_800_000_001.0) is None


async def test_the_page_brings_the_beginning_along(live: Path, posters: Posters) -> None:
    clock = VirtualClock(1_800_000_001.0)
    app = create_app(
        FakeStation(clock, posters=posters.files, poster_of=posters.of, live={"tideline": live}), clock
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        page = (await client.get("/c/tideline")).text
        careful = (await client.get("/c/tideline", headers={"save-data": "on"})).text
    told = re.search(r'data-opening="([^"]+)"', page)
    assert told is not None
    opening = json.loads(html.unescape(told[1]))
    assert opening["number"] == FIRST_NUMBER + SEGMENTS - 2
    assert opening["age"] == 1.0
    segment = f'href="/hls/tideline/1800000000000-{opening["number"]}.m4s"'
    assert page.index(segment) < page.index('rel="stylesheet"')
    assert HLS not in page
    # Nothing that the first picture does not need is asked for before it, unless there are no scripts.
    assert 'poster="' in page
    scripted = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    assert 'poster="' not in scripted
    pictures = re.findall(r"<img [^>]+>", scripted)
    assert pictures
    assert all("data-later" in each and 'loading="lazy"' in each for each in pictures)
    assert not re.search(r'<link rel="preload"[^>]+as="(image|font)"', page)
    assert "data-opening" not in careful
    assert 'as="fetch"' not in careful


class Withholding:
    """ASGI middleware that keeps back all of the live segments but their beginning.

    Args:
        app: what it stands before.
        keep: bytes that go out at once, by path.
    """

    def __init__(self, app: ASGIApp, keep: dict[str, int]) -> None:
        self._app = app
        self._keep = keep
        self.free = asyncio.Event()
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def held(message: Message) -> None:
            keep = self._keep.get(scope.get("path", ""))
            if message["type"] != "http.response.body" or keep is None:
                await send(message)
                return
            body = message["body"]
            self.asked.append(scope["path"])
            await send({"type": "http.response.body", "body": body[:keep], "more_body": True})
            await self.free.wait()
            await send({"type": "http.response.body", "body": body[keep:], "more_body": False})

        await self._app(scope, receive, held)


def boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Types of the outermost boxes and where they end."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        at += size
        yield kind, at


async def test_the_first_picture_waits_for_its_own_bytes_only(tmp_path: Path, posters: Posters) -> None:
    clock = SystemClock()
    live = write_live(tmp_path / "live", clock.time())
    keep = {}
    for path in live.glob("*.m4s"):
        keep[f"/hls/tideline/{path.name}"] = next(
            end for kind, end in boxes(path.read_bytes()) if kind == b"mdat"
        )
        assert keep[f"/hls/tideline/{path.name}"] < path.stat().st_size / 4
    station = FakeStation(clock, posters=posters.files, poster_of=posters.of, live={"tideline": live})
    app = FastAPI()
    held = Withholding(create_app(station, clock), keep)
    app.mount("/", held)
    async with serve(app) as origin, chromium() as browser, visit(browser, origin, "laptop", []) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.add_init_script(
            """const watch = () => {
              const video = document.querySelector("video");
              if (video) video.requestVideoFrameCallback(() => { globalThis.shown = true; });
              else requestAnimationFrame(watch);
            };
            watch();"""
        )
        await page.goto(f"{origin}/c/tideline", wait_until="commit")
        assert await until(page, "globalThis.shown", lambda shown: shown is True)
        # One segment was asked for, once, by the page itself, and no playlist.
        assert len(held.asked) == 1
        assert not [url for url in asked if url.endswith((".m3u8", "init.mp4", HLS))]
        assert await page.evaluate(f"() => {VIDEO}.readyState") < 4
        held.free.set()
        await until(page, f"{VIDEO}.currentTime", lambda time: time > 1)
        seen = await page.evaluate("() => document.querySelector('webtv-player').programmeTime")
        assert abs(seen - clock.time()) < 30


@pytest.mark.parametrize("refused", [False, True])
async def test_hls_js_comes_only_where_our_own_engine_cannot_play(
    tmp_path: Path, posters: Posters, refused: bool
) -> None:
    complaints: list[str] = []
    clock = SystemClock()
    async with broadcast(tmp_path / "live", posters.files[posters.of["tideline", 0]]) as live:
        station = FakeStation(clock, posters=posters.files, poster_of=posters.of, live={"tideline": live})
        async with (
            serve(create_app(station, clock)) as origin,
            chromium() as browser,
            visit(browser, origin, "phone", complaints) as page,
        ):
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            if refused:
                await page.add_init_script(REFUSE)
            await page.goto(f"{origin}/c/tideline")
            start = await until(page, f"{VIDEO}?.currentTime", lambda time: bool(time))
            await until(page, f"{VIDEO}.currentTime", lambda time: time > start + 1)
            assert any(url.endswith(HLS) for url in asked) is refused
    assert complaints == []
