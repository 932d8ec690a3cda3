"""The pages in a real browser, with a real stream, at the size of a phone and of a laptop."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Page, async_playwright
from viewers_broadcast import broadcast, serve
from viewers_scenery import Posters

from webtv.core.clock import SystemClock
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import SHOT_SECONDS, FakeStation
from webtv.viewers import assets
from webtv.viewers.app import create_app

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (375, 667), "laptop": (1280, 800)}
VIDEO = "document.querySelector('video')"
WATCH_CLS = """() => { window.shift = 0; new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("these tests need a browser: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def visit(
    browser: Browser, origin: str, size: str, complaints: list[str], **options: Any
) -> AsyncIterator[Page]:
    """A page whose console errors, script errors, failed answers and foreign requests are complaints."""
    width, height = SIZES[size]
    phone = size == "phone"
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=phone,
        has_touch=phone,
        **({"color_scheme": "dark"} | options),
    )
    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "response",
        lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((origin, "data:", f"blob:{origin}"))
            else complaints.append(f"foreign: {request.url}")
        ),
    )
    try:
        yield page
    finally:
        await context.close()


async def until(page: Page, expression: str, holds: Callable[[Any], bool], seconds: float = 30) -> Any:
    """Ask the page again and again; evaluated from outside, because the page allows itself no eval."""
    value: Any = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(Error):
                    value = await page.evaluate(f"() => {expression}")
                    if holds(value):
                        return value
                await page.wait_for_timeout(50)
    except TimeoutError:
        pytest.fail(f"{expression} stayed {value!r}")


@pytest.fixture
async def on_air(posters: Posters, tmp_path: Path) -> AsyncIterator[FakeStation]:
    async with broadcast(tmp_path / "live", posters.files[posters.of["tideline", 0]]) as live:
        yield FakeStation(SystemClock(), posters=posters.files, poster_of=posters.of, live={"tideline": live})


@pytest.mark.parametrize("size", SIZES)
async def test_watching(on_air: FakeStation, artifacts: Path, size: str) -> None:
    complaints: list[str] = []
    app = create_app(on_air, SystemClock())
    async with serve(app) as origin, chromium() as browser, visit(browser, origin, size, complaints) as page:
        await page.goto(f"{origin}/")
        await page.evaluate(WATCH_CLS)
        await page.get_by_role("heading", name="On air now").wait_for()
        await until(
            page, "document.images[0].complete && document.images[0].naturalWidth", lambda w: w == 1280
        )
        await page.screenshot(path=artifacts / f"viewers-channels-{size}.png", full_page=True)
        assert await page.evaluate("() => window.shift") < 0.05

        await page.get_by_role("link", name="Tideline").click()
        await page.evaluate(WATCH_CLS)
        start = await until(page, f"{VIDEO}?.currentTime", lambda time: bool(time))
        await until(page, f"{VIDEO}.currentTime", lambda time: time > start + 1)
        assert await page.evaluate(f"() => {VIDEO}.muted")  # no sound that starts by itself
        assert await page.evaluate(f"() => {VIDEO}.videoWidth") == 640

        # What stands below the picture is what this viewer sees, by the stream's own clock.
        timeline = await page.evaluate("() => fetch('/api/channels/tideline/now').then(r => r.json())")
        seen, seed = await page.evaluate(
            """() => [document.querySelector("webtv-player").programmeTime,
                      document.querySelector("#watch [data-part=seed]").textContent]"""
        )
        assert seen is not None
        near = {
            entry["seed"]
            for entry in timeline["timeline"]
            if entry["start_utc"] - 0.3 <= seen <= entry["start_utc"] + entry["seconds"] + 1.2
        }
        assert seed in near

        await until(
            page,
            "document.querySelector('#watch [data-part=viewers]').textContent",
            lambda t: t == "1 viewer",
        )
        await page.screenshot(path=artifacts / f"viewers-watch-{size}.png")
        await page.get_by_role("button", name="Turn sound on").click()
        assert not await page.evaluate(f"() => {VIDEO}.muted")
        await page.keyboard.press("m")
        assert await page.evaluate(f"() => {VIDEO}.muted")
        await page.evaluate("() => document.activeElement.blur()")
        await page.keyboard.press("Space")
        assert await page.evaluate(f"() => {VIDEO}.paused")
        await page.keyboard.press("Space")
        await until(page, f"{VIDEO}.paused", lambda paused: not paused)

        assert await page.evaluate("() => window.shift") < 0.05
        assert await page.evaluate("() => document.documentElement.scrollWidth") == SIZES[size][0]
        small = await page.evaluate(
            """() => [...document.querySelectorAll("button, a, input")]
              .filter(e => e.checkVisibility() && !e.matches(".skip"))
              .map(e => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])
              .filter(([, box]) => box.width < 24 || box.height < 24)"""
        )
        assert [
            each for each in small if 'href="/c/' not in each[0]
        ] == []  # cards: the whole card is the link
        for locator in await page.locator("img[loading=lazy]:visible").all():
            await locator.scroll_into_view_if_needed()
        await page.evaluate("() => [window, document.querySelector('.strip')].forEach(e => e.scrollTo(0, 0))")
        await page.screenshot(path=artifacts / f"viewers-watch-{size}-whole.png", full_page=True)
    assert complaints == []


async def test_what_is_told_follows_the_filler(posters: Posters) -> None:
    """Filler has no number: its airings are told apart by clip and time."""
    clock = VirtualClock()
    station = FakeStation(clock, posters=posters.files, poster_of=posters.of)
    seed = "document.querySelector('#watch [data-part=seed]').textContent"
    app = create_app(station, clock)
    async with (
        serve(app) as origin,
        chromium() as browser,
        visit(browser, origin, "laptop", []) as page,
    ):
        await page.goto(f"{origin}/c/meadow-tales")
        for _ in range(2):
            before = await page.evaluate(f"() => {seed}")
            clock.forward(SHOT_SECONDS)
            view = await station.channel("meadow-tales")
            assert view is not None
            assert view.now is not None
            assert view.now.n == 0
            await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
            assert await until(page, seed, lambda now, old=before: now != old) == str(view.now.seed)
        titles = "[...document.querySelectorAll('.strip [data-part=title]')].map(e => e.textContent)"
        coming = await page.evaluate(f"() => {titles}")
        later = [entry.title for entry in view.next]
        assert coming[:1] == [title for title in later if title != view.now.title][:1]

        # What aired before the filler had numbers, and must not come again in what follows.
        listed = {"kind": "new", "seconds": 4, "poster": None}
        timeline = [
            {**listed, "n": 7, "clip": "a", "sequence": "past", "start_utc": 100},
            {**listed, "n": 0, "clip": "b", "sequence": "filler", "start_utc": 104},
            {**listed, "n": 8, "clip": "c", "sequence": "to come", "start_utc": 108},
        ]
        names = await page.evaluate(
            """async ([address, timeline]) => (await import(address))
              .comingAfter(timeline, timeline[1], 4).map(entry => entry.sequence)""",
            [assets.address("timeline.js"), timeline],
        )
        assert names == ["to come"]


async def test_daylight_and_the_documentation(on_air: FakeStation, artifacts: Path) -> None:
    complaints: list[str] = []
    app = create_app(on_air, SystemClock())
    async with serve(app) as origin, chromium() as browser:
        async with visit(browser, origin, "laptop", complaints, color_scheme="light") as page:
            await page.goto(f"{origin}/")
            await page.screenshot(path=artifacts / "viewers-channels-light.png")
            await page.goto(f"{origin}/docs")
            await page.screenshot(path=artifacts / "viewers-docs.png")
        async with visit(browser, origin, "phone", complaints, java_script_enabled=False) as page:
            await page.goto(f"{origin}/c/night-line")  # nothing live: the page still tells everything
            await page.get_by_role("heading", name="Up next").wait_for()
            await page.screenshot(path=artifacts / "viewers-without-javascript.png")
    assert [each for each in complaints if "/hls/night-line/" not in each] == []


async def test_reduced_motion_waits_for_the_viewer(on_air: FakeStation) -> None:
    complaints: list[str] = []
    app = create_app(on_air, SystemClock())
    async with (
        serve(app) as origin,
        chromium() as browser,
        visit(browser, origin, "phone", complaints, reduced_motion="reduce") as page,
    ):
        await page.goto(f"{origin}/c/tideline")
        begin = page.locator("button.begin")
        await begin.wait_for()
        assert await page.evaluate(f"() => {VIDEO}.paused && {VIDEO}.readyState === 0")
        await begin.click()
        await until(page, f"{VIDEO}.currentTime", lambda time: time > 0)
        await begin.wait_for(state="hidden")
    assert complaints == []


async def test_the_player_survives_a_restart_of_the_server(on_air: FakeStation) -> None:
    app = create_app(on_air, SystemClock())
    refused: asyncio.Queue[str] = asyncio.Queue()
    async with chromium() as browser, contextlib.AsyncExitStack() as stack:
        first = contextlib.AsyncExitStack()
        origin = await first.enter_async_context(serve(app))
        page = await stack.enter_async_context(visit(browser, origin, "laptop", []))
        page.on("requestfailed", lambda request: refused.put_nowait(request.url))
        await page.goto(f"{origin}/c/tideline")
        await until(page, f"{VIDEO}?.currentTime", lambda time: bool(time))
        await first.aclose()
        async with asyncio.timeout(30):
            asked = 0
            while asked < 5:  # more often than hls.js by itself: from here on it is our own doing
                asked += (await refused.get()).endswith(".m3u8")
        end = f"({VIDEO}.buffered.length && {VIDEO}.buffered.end({VIDEO}.buffered.length - 1))"
        before = await page.evaluate(f"() => {end}")
        port = re.search(r":(\d+)$", origin)
        assert port is not None
        await stack.enter_async_context(serve(app, int(port[1])))
        await until(page, end, lambda time: time > before + 2)
        now = await page.evaluate(f"() => {VIDEO}.currentTime")
        await until(page, f"{VIDEO}.currentTime", lambda time: time > now + 1)
