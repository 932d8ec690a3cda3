"""One running station with the shipped channels: watched, pushed, browsed, edited and hurt."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import pytest_asyncio
from browsing import SIZES, browser, seen, visit
from hlswatch import GOP, Index, Recording, decibels, decode
from playwright.async_api import Page
from stationhouse import BACK, ON_AIR, PLAYABLE, SHIPPED, House, gop_number, house, small_channel, until

from servers import NginxRtmp

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

WATCHED = "meadow-tales"  # the first in every list: it is made first
SLUGS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
SECRET = "stream-key-that-nobody-may-read"
MINUTE = 60
VIDEO = "document.querySelector('video')"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rtmp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NginxRtmp]:
    async with NginxRtmp(tmp_path_factory.mktemp("nginx")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def station(
    rtmp: NginxRtmp, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> AsyncIterator[House]:
    outputs = f'{{"local": "rtmp://127.0.0.1:{rtmp.port}/live/{{channel}}?key={SECRET}"}}'
    with house(tmp_path_factory.mktemp("e2e-station"), artifacts, {"WEBTV_OUTPUTS": outputs}) as found:
        for slug in SLUGS:
            text = (SHIPPED / f"{slug}.yaml").read_text()
            found.write_channel(slug, text + ("\noutputs: [local]\n" if slug == WATCHED else ""))
        async with found.serving():
            yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recording(station: House) -> AsyncIterator[Recording]:
    """Everything that the watched channel sends, from the first segment on."""
    found = Recording()
    task = asyncio.create_task(found.follow(station.url, WATCHED))
    yield found
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_it_is_playable_soon_and_airs_something_new(station: House, recording: Recording) -> None:
    began = time.monotonic()
    await station.playable(*SLUGS)
    await until("it is ready", lambda: station.json("/readyz"), PLAYABLE)
    entry = await station.airing(WATCHED, "new", seconds=ON_AIR - (time.monotonic() - began))
    assert entry["label"] == "Algorithmic"
    assert entry["prompt"]
    assert entry["writer"] == "grammar"
    clip = await station.json(f"/api/clips/{entry['clip']}")
    assert clip["prompt"] == entry["prompt"]
    assert str(clip["provenance"]["seed"]) == entry["seed"]
    assert clip["channel"] == WATCHED


async def test_what_the_api_says(station: House) -> None:
    await station.airing(WATCHED)
    channels = await station.json("/api/channels")
    assert sorted(channel["slug"] for channel in channels) == SLUGS
    for channel in channels:
        assert {"slug", "name", "theme", "state", "now", "next", "buffer_seconds", "viewers"} <= set(channel)
        assert channel["state"] in {"on_air", "filler", "slate"}
        assert channel["problems"] == []
    watched = next(channel for channel in channels if channel["slug"] == WATCHED)
    assert watched["state"] == "on_air"
    assert watched["now"]["title"]
    assert watched["buffer_seconds"] >= 0

    now = await station.json(f"/api/channels/{WATCHED}/now")
    starts = [entry["start_utc"] for entry in now["timeline"]]
    assert starts == sorted(starts)
    ends = [entry["start_utc"] + entry["seconds"] for entry in now["timeline"]]
    # What aired, airs and follows is one line of time, to the millisecond that logs can say.
    assert max(abs(end - start) for end, start in zip(ends, starts[1:], strict=False)) < 0.003
    on_air = next(entry for entry in now["timeline"] if entry["n"] == now["now"]["n"])
    assert on_air["start_utc"] - 3 <= now["utc"] <= on_air["start_utc"] + on_air["seconds"] + 3

    assert await station.json("/healthz") == {"ok": True, "troubles": []}
    assert await station.json("/readyz") == {"ok": True, "troubles": []}
    metrics = (await station.get("/metrics")).text
    assert "\nwebtv_ready 1.0\n" in metrics
    for slug in SLUGS:
        states = re.findall(rf'webtv_channel_state{{channel="{slug}",state="(\w+)"}} 1\.0', metrics)
        assert len(states) == 1
        assert re.search(rf'webtv_channel_buffer_seconds{{channel="{slug}"}} \d', metrics)
        assert f'webtv_channel_viewers{{channel="{slug}"}} 0.0' in metrics
    missing = await station.get("/api/channels/no-such-channel")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json()["remedy"]


async def test_pushed_to_an_rtmp_server_and_pulled_back(station: House, rtmp: NginxRtmp) -> None:
    await station.airing(WATCHED)

    async def published() -> bool:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            return WATCHED in (await client.get(rtmp.stat_url)).text

    await until("the stream is at the RTMP server", published, BACK)
    pulled = await asyncio.to_thread(pull, rtmp.url(WATCHED), 10)
    assert len(pulled["video"]) >= 10 * 24
    assert pulled["pictures"] >= 9 * 24
    assert pulled["sounds"] >= 9 * 46
    # RTMP counts whole milliseconds: a step may be off by the rounding, never more.
    for kind, step in (("video", Fraction(1, 24)), ("audio", Fraction(1024, 48000))):
        steps = np.diff(np.array(pulled[kind], dtype=float))
        assert np.abs(steps - float(step)).max() <= 0.0011, kind


def pull(url: str, seconds: int) -> dict[str, Any]:
    """Play a stream for so long by its own clock."""
    times: dict[str, list[Fraction]] = {"video": [], "audio": []}
    decoded = {"video": 0, "audio": 0}
    with av.open(url, timeout=(20, 20)) as stream:
        for packet in stream.demux():
            if packet.dts is None:
                continue
            kind = packet.stream.type
            times[kind].append(packet.dts * Fraction(packet.time_base))
            decoded[kind] += len(packet.decode())
            if kind == "video" and times[kind][-1] - times[kind][0] >= seconds:
                break
    return {**times, "pictures": decoded["video"], "sounds": decoded["audio"]}


async def test_an_output_address_is_read_by_nobody(station: House) -> None:
    await station.airing(WATCHED)
    secret = SECRET.encode()
    assert station.everyone()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            assert secret not in (folder / "cmdline").read_bytes(), f"process {folder.name}"
    holders = [
        path for path in [station.log, *station.data.rglob("*")] if path.is_file() and holds(path, secret)
    ]
    assert [path.name for path in holders] == ["air.json"]
    assert holders[0].stat().st_mode & 0o777 == 0o600
    for path in (f"/api/channels/{WATCHED}", "/api/channels", "/metrics", f"/c/{WATCHED}"):
        assert SECRET not in (await station.get(path)).text


def holds(path: Path, text: bytes) -> bool:
    """Whether a file holds this text; one that went meanwhile does not."""
    try:
        return text in path.read_bytes()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("size", SIZES)
async def test_a_browser_plays_it(station: House, artifacts: Path, size: str) -> None:
    await station.airing(WATCHED)
    complaints: list[str] = []
    async with browser() as chromium, visit(chromium, station.url, size, complaints) as page:
        await page.goto(f"{station.url}/")
        await page.get_by_role("heading", name="On air now").wait_for()
        for locator in await page.locator("img[loading=lazy]:visible").all():
            await locator.scroll_into_view_if_needed()
        await page.evaluate("() => window.scrollTo(0, 0)")
        await page.screenshot(path=artifacts / f"e2e-channels-{size}.png", full_page=True)

        await page.locator(f'a[href="/c/{WATCHED}"]').first.click()
        start = await seen(page, f"{VIDEO}?.currentTime", bool, PLAYABLE, "the picture moves")
        await seen(page, f"{VIDEO}.currentTime", lambda at: at >= start + 5, 60, "five seconds play")
        assert await page.evaluate(f"() => [{VIDEO}.videoWidth, {VIDEO}.videoHeight]") == [1280, 720]
        assert await page.evaluate("() => document.documentElement.scrollWidth") == SIZES[size][0]
        await the_page_tells_what_it_shows(page)
        await seen(
            page,
            "document.querySelector('#watch [data-part=viewers]').textContent",
            lambda text: text in {"1 viewer", "2 viewers"},  # whoever left counts for 45 s more
            BACK,
        )
        await page.screenshot(path=artifacts / f"e2e-watch-{size}.png")
        await page.screenshot(path=artifacts / f"e2e-watch-{size}-whole.png", full_page=True)
    assert complaints == []


async def the_page_tells_what_it_shows(page: Page) -> None:
    """What stands beneath the picture is what the API tells for the time of the frame on screen."""
    asked = f"""fetch('/api/channels/{WATCHED}/now').then(answer => answer.json()).then(now => [
      now.timeline, document.querySelector('webtv-player').programmeTime,
      ...['title', 'prompt', 'seed', 'shot'].map(
        part => document.querySelector('#watch [data-part=' + part + ']').textContent)])"""

    def agrees(told: list[Any]) -> bool:
        timeline, at, title, prompt, seed, shot = told
        entry = next(
            (each for each in timeline if each["start_utc"] <= at < each["start_utc"] + each["seconds"]), None
        )
        if entry is None:
            return False
        shown = (title, prompt, seed, shot)
        place = f"{entry['position']} of {entry['of']}"
        return shown == (entry["title"], entry["prompt"], entry["seed"] or "–", place)

    # The page looks once a second: at a join it may lag by that much, not longer.
    await seen(page, asked, agrees, 3, "the page tells what it shows")


async def test_a_minute_of_hls(station: House, recording: Recording) -> None:
    await station.airing(WATCHED)
    programme = len(recording.segments) + 6  # some of it is programme, also if this test runs alone
    needed = MINUTE // GOP
    await until("a minute was sent", lambda: len(recording.segments) >= max(needed, programme), 2 * MINUTE)
    seen_so_far = len(recording.segments)
    numbers, dates = recording.numbers[:seen_so_far], recording.dates[:seen_so_far]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert np.diff(dates).tolist() == [GOP * 1000] * (len(dates) - 1)
    assert recording.discontinuities == 0

    timeline = (await station.json(f"/api/channels/{WATCHED}/now"))["timeline"]
    watched = await asyncio.to_thread(
        decode, recording.init, recording.segments[seen_so_far - needed : seen_so_far]
    )
    began = dates[seen_so_far - needed] / 1000
    rate, fps = watched.rate, watched.fps
    assert len(watched.frames) == MINUTE * fps
    assert set(np.diff(watched.video)) == {int(watched.video_step)}
    assert set(np.diff(watched.audio)) == {1024}
    assert abs(len(watched.sound) / rate - MINUTE) < 2 * 1024 / rate
    assert abs(watched.frames[0] - Fraction(watched.audio[0], rate)) < Fraction(1, 20)

    contrast = watched.small.reshape(len(watched.small), -1).std(axis=1)
    assert contrast.min() > 2, "a picture was empty"
    assert watched.small.mean() > 16, "the picture was black"
    programmes = 0
    for entry in timeline:
        at = entry["start_utc"] - began
        if entry["kind"] not in {"new", "rerun"} or at < 0 or at + entry["seconds"] > MINUTE:
            continue
        programmes += 1
        sound = watched.sound[int(at * rate) : int((at + entry["seconds"]) * rate)]
        assert decibels(sound) > -45, f"{entry['title']} was silent"
        first = round(at * fps)
        pictures = watched.small[first : first + round(entry["seconds"] * fps)].astype(np.int16)
        assert np.abs(pictures[12:] - pictures[:-12]).max() > 8, f"{entry['title']} stood still"
    assert programmes >= 2


async def test_a_broken_edit_keeps_what_was_good(station: House) -> None:
    path = station.channels / f"{WATCHED}.yaml"
    good = path.read_text()
    before = await station.channel(WATCHED)
    station.write_channel(WATCHED, good.replace("tempo: 112", "temp: 112"))

    async def told() -> list[str]:
        problems: list[str] = (await station.channel(WATCHED))["problems"]
        return problems

    line = 1 + good[: good.index("tempo: 112")].count("\n")
    problems = await until("the mistake is told", told, BACK)
    assert f"{WATCHED}.yaml:{line}:3" in problems[0]
    assert "`temp`" in problems[0]
    assert "`tempo`" in problems[0]
    during = await station.channel(WATCHED)
    assert during["name"] == before["name"]
    assert during["state"] in {"on_air", "filler"}
    sent = await station.segments(WATCHED)
    await until("it stays on air", lambda: gone_on(station, WATCHED, sent[-1], 2), BACK)

    station.write_channel(WATCHED, good.replace("name: Meadow Tales", "name: Meadow and Hill"))

    async def mended() -> bool:
        channel = await station.channel(WATCHED)
        return channel["name"] == "Meadow and Hill" and channel["problems"] == []

    await until("the good edit is in effect", mended, BACK)


async def gone_on(station: House, slug: str, after: str, by: int) -> bool:
    """Whether a channel has sent so many segments after one."""
    names = await station.segments(slug)
    number = gop_number(after)
    return bool(names) and gop_number(names[-1]) >= number + by


async def test_a_new_file_is_a_new_channel(station: House) -> None:
    station.write_channel("quay", small_channel("The Quay"))
    await until("the channel is listed", lambda: station.channel("quay"), BACK)
    await station.playable("quay")
    index = Index.read((await station.get("/hls/quay/index.m3u8")).text)
    assert index.discontinuities == 0
    assert "The Quay" in (await station.get("/c/quay")).text

    (station.channels / "quay.yaml").unlink()

    async def gone() -> bool:
        return (await station.get("/api/channels/quay")).status_code == 404

    await until("a removed channel is gone", gone, BACK)


async def test_the_web_process_comes_back(station: House, recording: Recording) -> None:
    await station.playable(WATCHED)
    head_end, web = await station.head_end_pid(), station.child("web")
    assert web is not None
    last = (await station.segments(WATCHED))[-1]
    os.kill(web, signal.SIGKILL)
    await until("HLS is served again", lambda: gone_on(station, WATCHED, last, 1), BACK)
    assert station.child("web") not in {None, web}
    assert await station.head_end_pid() == head_end
    await until("it is ready", lambda: station.json("/readyz"), BACK)
    ended = station.events("engine.process.ended")
    assert any(event["message"].startswith("web ended") for event in ended)
    # A viewer who was watching has missed nothing.
    enough = len(recording.segments) + 1
    await until("the viewer goes on", lambda: len(recording.segments) >= enough, BACK)
    assert np.diff(recording.dates).tolist() == [GOP * 1000] * (len(recording.dates) - 1)
    assert recording.discontinuities == 0
