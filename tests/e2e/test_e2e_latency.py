"""How old a picture is when it is seen: its burned-in number against the head-end's emission time.

The distance from the air is decided by the protocol and the players, not by how fast the machine is.
"""

import asyncio
import json
import statistics
from pathlib import Path

import pytest
from browsing import browser, seen, visit
from framecode import begin_watching, numbered_clips, what_was_seen
from playwright.async_api import Page, Route

from webtv.bench.broadcast import OnAir, on_air
from webtv.core.clock import SystemClock
from webtv.core.format import house_format
from webtv.viewers import assets

pytestmark = pytest.mark.e2e

FORM = house_format("576p24@1")
CLIPS, SECONDS = 6, 4
CYCLE = CLIPS * SECONDS * FORM.fps
WATCHED = 22.0  # seconds after the start
OURS, DEFAULTS = 6.0, 8.0
BARE = """<!doctype html><title>bare</title><video muted autoplay playsinline width="1024"></video>
<script type="module">
import { Hls } from "HLS";
const hls = new Hls();
hls.loadSource("INDEX");
hls.attachMedia(document.querySelector("video"));
</script>"""


async def test_glass_to_glass(tmp_path: Path, artifacts: Path) -> None:
    clips = await asyncio.to_thread(numbered_clips, tmp_path, FORM, clips=CLIPS, seconds=SECONDS)
    complaints: list[str] = []
    async with (
        on_air(tmp_path, FORM, clips, SystemClock(), rounds=100) as station,
        browser() as chromium,
        visit(chromium, station.url, "laptop", complaints) as ours,
        visit(chromium, station.url, "laptop", complaints) as bare,
    ):
        await bare.route("**/bare", lambda route: answer(route, station))
        await asyncio.gather(
            open_player(ours, f"{station.url}/c/{station.slug}"), open_player(bare, f"{station.url}/bare")
        )
        await asyncio.sleep(WATCHED)
        found = {
            "our player": await what_was_seen(ours, station.epoch, FORM.fps, CYCLE),
            "hls.js at its defaults": await what_was_seen(bare, station.epoch, FORM.fps, CYCLE),
        }
    figures = {
        name: {
            "median": round(statistics.median(glass.latencies), 2),
            "worst": round(max(glass.latencies), 2),
            "pictures": len(glass.latencies),
            "stalls": glass.stalls,
            "dropped": glass.dropped,
            "first": round(glass.first, 2),
        }
        for name, glass in found.items()
    }
    (artifacts / "e2e-latency.json").write_text(json.dumps(figures, indent=1))
    for name, most in (("our player", OURS), ("hls.js at its defaults", DEFAULTS)):
        glass = found[name]
        # A busy machine shows fewer pictures than there are, but those that it shows can be read.
        assert len(glass.latencies) > WATCHED * FORM.fps / 4, figures
        assert glass.misread <= len(glass.latencies) / 50, figures
        # The median: a machine that stands still for a moment stops the picture, and we are not asking that.
        assert statistics.median(glass.latencies) < most, figures
        assert min(glass.latencies) > 0, figures
    assert complaints == []


async def answer(route: Route, station: OnAir) -> None:
    page = BARE.replace("HLS", assets.address("vendor/hls.js"), 1)
    index = f"/hls/{station.slug}/index.m3u8"
    await route.fulfill(body=page.replace("INDEX", index), content_type="text/html")


async def open_player(page: Page, address: str) -> None:
    await page.goto(address)
    await seen(page, "document.querySelector('video')?.readyState ?? 0", lambda state: state >= 2, 30)
    await begin_watching(page)
