"""What a browser plays: live HLS across the wrap of 33 bits by hls.js, a recording by the browser itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from air_disk import SILENCE, Aired, Listed
from air_house import SLUG, START
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from servers import REPOSITORY, chromium, free_port, listening
from webtv.air.config import RecordingConfig
from webtv.air.hls import retire_channels
from webtv.air.recording import Recorder

VENDOR = REPOSITORY / "src" / "webtv" / "viewers" / "static" / "vendor"
PAGE = "<!doctype html><video muted></video>"
PLAY_HLS = """async () => {
  const { Hls } = await import("/vendor/hls.js");
  window.errors = []; window.dates = [];
  const video = document.querySelector("video"), hls = new Hls({ startPosition: 6.5, maxBufferLength: 60 });
  hls.on(Hls.Events.ERROR, (_, data) => window.errors.push(data.details));
  hls.on(Hls.Events.FRAG_CHANGED, (_, data) => window.dates.push(data.frag.programDateTime));
  hls.loadSource("/hls/index.m3u8");
  hls.attachMedia(video);
  await new Promise(done => hls.on(Hls.Events.BUFFER_EOS, done));
  video.playbackRate = 2;
  await video.play();
}"""
STATE = """() => { const video = document.querySelector("video"), seen = video.getVideoPlaybackQuality();
  return { time: video.currentTime, duration: video.duration, ended: video.ended,
           error: video.error && video.error.message, ready: video.readyState,
           ranges: video.buffered.length, seen: seen.totalVideoFrames, waits: window.waits,
           errors: window.errors, dates: window.dates }; }"""


@pytest.fixture(scope="module")
def aired(tmp_path_factory: pytest.TempPathFactory, footage: object) -> Aired:
    return Aired.make(tmp_path_factory.mktemp("browser") / "data", footage, 8)


@contextlib.asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Page]:
    """A page with a player, and the folder under /hls/."""

    async def index(_request: object) -> HTMLResponse:
        return HTMLResponse(PAGE)

    app = Starlette(
        routes=[
            Route("/", index),
            Mount("/vendor", StaticFiles(directory=VENDOR)),
            Mount("/hls", StaticFiles(directory=folder)),
        ]
    )
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        async with asyncio.timeout(10):
            await listening(port)
        async with async_playwright() as playwright:
            arguments = ["--autoplay-policy=no-user-gesture-required", "--no-sandbox"]
            browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
            try:
                page = await browser.new_page()
                await page.goto(f"http://127.0.0.1:{port}/")
                await page.evaluate(
                    "() => { window.waits = []; const video = document.querySelector('video');"
                    "video.addEventListener('waiting', () => { window.waits.push(video.currentTime); }); }"
                )
                yield page
            finally:
                await browser.close()
        server.should_exit = True


async def ended(page: Page) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            state: dict[str, Any] = await page.evaluate(STATE)
            if state["ended"] or state["error"]:
                return state
            await page.wait_for_timeout(50)


async def test_hls_js_plays_across_the_wrap(aired: Aired, tmp_path: Path) -> None:
    folder, first = tmp_path / SLUG, 2**33 // 180_000 - 4
    writer = aired.writer(folder, window=40.0)
    for n in range(7):
        writer.write(aired.at(first + n, like=n))
    retire_channels(tmp_path, [], frozenset(), START)  # so that the player comes to an end
    listed = Listed.read(folder)
    assert listed.ended
    assert len(listed.names) == 7
    async with browsing(folder) as page:
        await page.evaluate(PLAY_HLS)
        state = await ended(page)
    assert state["error"] is None
    assert state["errors"] == []
    assert state["ranges"] == 1
    wrap = 2**33 / 90_000 - 2 * first  # on the player's clock
    assert 8 < wrap < 12
    assert [at for at in state["waits"] if abs(at - wrap) < 2] == []
    assert state["time"] == pytest.approx(14.0, abs=0.1)
    # From where it began, the player went through every segment in turn, and knew what time it was.
    dates = [date for n, date in enumerate(state["dates"]) if not n or date != state["dates"][n - 1]]
    assert dates == [round((START + 2 * gop) * 1000) for gop in listed.gops[3:]]


async def test_a_browser_plays_and_seeks_a_recording(aired: Aired, tmp_path: Path) -> None:
    """Also where a clip was withdrawn: with the slate in its place, and with a hole."""
    for slate in (True, False):
        record(aired, tmp_path / str(slate), slate)
    async with browsing(tmp_path) as page:
        for path in sorted(tmp_path.glob("*/*.mp4")):
            await page.evaluate(
                f"""async () => {{ const video = document.querySelector("video");
                video.src = "/hls/{path.relative_to(tmp_path)}";
                await new Promise(done => video.addEventListener("loadedmetadata", done)); }}"""
            )
            state = await page.evaluate(STATE)
            assert state["duration"] == pytest.approx(16.0, abs=0.1)
            for second in (11.0, 3.0):
                await page.evaluate(
                    f"""async () => {{ const video = document.querySelector("video");
                    const there = new Promise(done => video.onseeked = done);
                    video.currentTime = {second}; await there; }}"""
                )
                state = await page.evaluate(STATE)
                assert state["time"] == pytest.approx(second)
                assert state["ready"] >= 2
            await page.evaluate(
                """async () => { const video = document.querySelector("video");
                video.playbackRate = 6; await video.play(); }"""
            )
            state = await ended(page)
            assert state["error"] is None
            assert state["time"] == pytest.approx(16.0, abs=0.1)


def record(aired: Aired, folder: Path, slate: bool) -> None:
    """A recording in which a clip was withdrawn."""
    writer = Recorder(
        folder,
        aired.header,
        START,
        RecordingConfig(hours=1.0),
        slug=SLUG,
        now=lambda: START,
        events=lambda event: None,
        slate=(lambda: aired.slate) if slate else None,
        silence=SILENCE,
    )
    for piece in aired.pieces:
        writer.write(piece)
    writer.close()
    writer.blocked = {aired.pieces[4].entry.clip}
    writer.withdraw()
