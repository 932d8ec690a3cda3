import re
from dataclasses import replace
from html.parser import HTMLParser

import httpx
import pytest

from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import SCRIPTS, FakeStation, Script
from webtv.viewers import assets
from webtv.viewers.app import create_app
from webtv.viewers.security import POLICY
from webtv.viewers.station import HEARTBEAT_SECONDS, ChannelState

PAGES = ("/", "/c/tideline", "/c/meadow-tales", "/docs", "/nothing-here")
HTML = {"accept": "text/html,application/xhtml+xml"}
ATTACK = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'</style>{{7*7}}&amp;"


class Elements(HTMLParser):
    """Start tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_to_the_policy_and_ask_no_other_origin(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=HTML)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    elements = Elements(answer.text)
    for tag, attributes in elements.found:
        assert tag not in {"style", "base", "iframe", "object", "embed"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "poster", "action"):
            address = attributes.get(name)
            assert address is None or re.match(r"/(?!/)|#", address), address
    assert all(script.get("src") and script.get("type") == "module" for script in elements.of("script"))
    for address in [each["src"] for each in elements.of("script")] + [
        each["href"] for each in elements.of("link") if each["rel"] != "preload" or each["as"] == "font"
    ]:
        assert (await client.get(str(address))).status_code == 200


async def test_channels_are_told_without_javascript(client: httpx.AsyncClient) -> None:
    html = (await client.get("/")).text
    assert "3 channels on air" in html
    for words in (
        "Tideline",
        "Night Line",
        "Meadow Tales",
        "14 min of new programme ahead",
        "Between programmes",
    ):
        assert words in html
    pictures = Elements(html).of("img")
    assert len(pictures) == 3
    assert all(each["width"] == "1280" and each["height"] == "720" for each in pictures)
    assert pictures[0]["fetchpriority"] == "high"


async def test_the_watch_page_tells_what_is_on_air(client: httpx.AsyncClient) -> None:
    now = (await client.get("/api/channels/tideline/now")).json()["now"]
    html = (await client.get("/c/tideline")).text
    for words in (
        now["title"],
        now["prompt"].replace("'", "&#39;"),
        now["seed"],
        "Algorithmic",
        "procedural 1.0",
    ):
        assert words in html
    assert f"{now['position']} of {now['of']}" in html
    assert f'data-heartbeat="{HEARTBEAT_SECONDS}"' in html
    (video,) = Elements(html).of("video")
    assert video["poster"] == now["poster"]
    assert Elements(html).of("h1")
    assert html.count("<main") == html.count("<header") == html.count("<footer") == 1


async def test_what_machines_write_stays_text(posters: object, clock: VirtualClock) -> None:
    view = replace(SCRIPTS[0].view, name=ATTACK, theme=ATTACK, accent="red}*{background:url(//x.example)")
    station = FakeStation(
        clock, (Script(view, ATTACK, ((ATTACK, (ATTACK,)), ("second", (ATTACK,)))), *SCRIPTS[1:])
    )
    transport = httpx.ASGITransport(app=create_app(station, clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        for path in ("/", "/c/tideline", f"/c/{ATTACK.replace('/', '')}", "/api/channels"):
            answer = await client.get(path, headers=HTML)
            if "html" in answer.headers["content-type"]:
                assert "<script>" not in answer.text
                assert "<img src=x" not in answer.text
                assert ">49<" not in answer.text
                assert "{{7*7}}" in answer.text
        timeline = Elements((await client.get("/c/tideline")).text)
        (data,) = [each["data-timeline"] for each in timeline.of("div") if "data-timeline" in each]
        assert data is not None
        assert httpx.Response(200, text=data).json()["timeline"][0]["title"] in {ATTACK, "second"}
        assert "red" not in (await client.get("/accents.css")).text


async def test_people_get_pages_and_programs_get_problems(client: httpx.AsyncClient) -> None:
    page = await client.get("/c/nowhere", headers=HTML)
    assert page.status_code == 404
    assert "This is not on air" in page.text
    program = await client.get("/c/nowhere")
    assert program.headers["content-type"] == "application/problem+json"
    api = await client.get("/api/channels/nowhere", headers=HTML)
    assert api.headers["content-type"] == "application/problem+json"


async def test_an_empty_station_and_a_channel_off_air(clock: VirtualClock) -> None:
    off = Script(
        replace(SCRIPTS[0].view, state=ChannelState.OFF, buffer_seconds=0.0), "", SCRIPTS[0].sequences
    )
    for scripts, path, words in (
        ((), "/", "No channel yet"),
        ((off,), "/", "Off air"),
        ((off,), "/c/tideline", "is off air"),
    ):
        transport = httpx.ASGITransport(app=create_app(FakeStation(clock, scripts), clock))
        async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
            answer = await client.get(path)
            assert answer.status_code == 200
            assert words in answer.text


async def test_static_files_are_kept_for_ever_under_their_digest(client: httpx.AsyncClient) -> None:
    address = assets.address("vendor/hls.js")
    whole = await client.get(address)
    assert whole.headers["content-encoding"] == "gzip"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["content-type"].startswith("text/javascript")
    again = await client.get(address, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await client.get(address, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == whole.content
    old = await client.get("/static/000000000000/station.css")
    assert old.headers["cache-control"] == "no-cache"


async def test_text_is_compressed_and_head_has_no_body(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-encoding"] == "gzip"
    head = await client.head("/api/channels")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/json"
