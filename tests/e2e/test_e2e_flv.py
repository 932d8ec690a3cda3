"""HTTP-FLV from a real head-end through a real web process: players, Chromium, and what is killed."""

import asyncio
import contextlib
import io
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import httpx
import imageio_ffmpeg
import pytest
from browsing import browser, seen, visit
from stationhouse import BACK, until

from flvhouse import BITS, FORM, NUMBERS, SLUG, FlvHouse, flv_tags, number_of, script_number
from servers import free_port
from webtv.core.process import Process, python_command
from webtv.viewers import assets

pytestmark = pytest.mark.e2e

WATCH = """async ([module, url, bits]) => {
  const { LowLatencyStream } = await import(module);
  const video = document.createElement("video");
  video.muted = true;
  document.body.prepend(video);
  const canvas = new OffscreenCanvas(32 * bits, 144);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const stream = new LowLatencyStream(video, url);
  Object.assign(window, { stream, seen: [], states: [] });
  stream.addEventListener("state", (event) => states.push(event.detail));
  const look = (_now, frame) => {
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const row = context.getImageData(0, 16, canvas.width, 1).data;
    let number = 0;
    for (let bit = 0; bit < bits; bit++) if (row[4 * (32 * bit + 16)] > 128) number |= 1 << bit;
    const time = stream.programmeTime;
    if (time !== null) seen.push([number, time - video.currentTime + frame.mediaTime]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await stream.start();
}"""


@dataclass
class Live:
    """Both processes, and what they said."""

    house: FlvHouse
    port: int

    @property
    def url(self) -> str:
        """The origin of the pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        """Address of the stream."""
        return f"{self.url}/live/{SLUG}.flv"

    @contextlib.asynccontextmanager
    async def web(self) -> AsyncIterator[Process]:
        """Run the web process while the block lasts; yields when it answers."""
        argv = python_command("web", "--data", str(self.house.data), "--port", str(self.port))
        async with Process(argv, name="web", grace=5.0) as process:
            async with httpx.AsyncClient(trust_env=False) as client:
                await until("the web process answers", lambda: client.get(f"{self.url}/healthz"), BACK)
            yield process

    async def readers(self) -> int:
        """Subscribers of the head-end."""
        (channel,) = (await self.house.client.status())["channels"]
        return next(output["readers"] for output in channel["outputs"] if output["kind"] == "flv")


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(FlvHouse(tmp_path / "data"), free_port())


async def test_players_read_on_while_the_head_end_is_killed(live: Live) -> None:
    async with live.web(), live.house.on_air() as head_end:
        epoch = await live.house.epoch()
        data = b""
        async with (
            httpx.AsyncClient(trust_env=False, timeout=15) as client,
            client.stream("GET", live.stream) as answer,
        ):
            chunks = answer.aiter_raw()

            async def read(gops: int) -> None:
                nonlocal data
                wanted = sum(tag.key for tag in flv_tags(data)) + gops if data else gops
                while not data or sum(tag.key for tag in flv_tags(data)) < wanted:
                    data += await anext(chunks)

            await read(1)
            os.kill(head_end.pid, signal.SIGKILL)
            await head_end.wait()
            async with live.house.on_air():
                await read(2)
                assert await live.house.epoch() == epoch
                ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-i", live.stream]
                done = await asyncio.to_thread(
                    subprocess.run,
                    [*ffmpeg, "-t", "1", "-f", "null", "-"],
                    capture_output=True,
                    text=True,
                    timeout=30,
                )
                assert (done.returncode, done.stderr) == (0, "")
    tags = flv_tags(data)
    assert script_number(tags[0], "epoch") == epoch
    assert sum(tag.kind == 18 for tag in tags) == 1
    pictures = [tag.stamp for tag in tags if tag.kind == 9 and tag.media]
    sounds = [tag.stamp for tag in tags if tag.kind == 8 and tag.media]
    assert {b - a for a, b in pairwise(pictures)} == {41, 42}
    assert {b - a for a, b in pairwise(sounds)} == {21, 22}
    with av.open(io.BytesIO(data), format="flv") as stream:
        frames = list(stream.decode(video=0))
    assert len(frames) >= len(pictures) - 1
    for frame in frames:
        assert frame.pts is not None
        number = round(frame.pts * FORM.fps / 1000) % NUMBERS
        assert number_of(frame.reformat(format="gray8").to_ndarray()) == number


async def test_chromium_shows_what_it_says_and_survives_the_web_process(live: Live) -> None:
    complaints: list[str] = []
    async with live.house.on_air(), browser() as chromium:
        epoch = await live.house.epoch()
        async with contextlib.AsyncExitStack() as first:
            web = await first.enter_async_context(live.web())
            page = await first.enter_async_context(visit(chromium, live.url, "laptop", complaints))
            await page.goto(f"{live.url}/docs")
            await page.evaluate(WATCH, [assets.address("lowlatency.js"), f"/live/{SLUG}.flv", BITS])
            await seen(page, "window.seen?.length", lambda n: (n or 0) > FORM.fps, BACK)
            assert await live.readers() == 1
            assert complaints == []
            shown = await page.evaluate("() => seen")
            assert {round((time - epoch) * FORM.fps) % NUMBERS - number for number, time in shown} == {0}

            os.kill(web.pid, signal.SIGKILL)
            await web.wait()
            await seen(page, "states.at(-1)", lambda state: state == "reconnecting", BACK)
            async with live.web():
                await page.evaluate("() => { seen.length = 0; }")
                await seen(page, "seen.length", lambda n: n > FORM.fps, BACK)
                assert await page.evaluate("() => states.at(-1)") == "playing"
                shown = await page.evaluate("() => seen")
                assert {round((time - epoch) * FORM.fps) % NUMBERS - number for number, time in shown} == {0}
