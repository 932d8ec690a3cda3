"""What IPTV players read: the guide as XMLTV and the channels as M3U, judged as such readers do."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as Xml

import av
import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from viewers_broadcast import broadcast, serve
from viewers_house import FRAMES, House, living
from viewers_scenery import Posters

from webtv.clips.clip import Kind
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import LOOPBACK, Site, create_app
from webtv.viewers.guide import AHEAD, m3u, xmltv
from webtv.viewers.showings import Part, showings, without_overlaps
from webtv.viewers.station import ChannelGuide, Showing

# The part of the XMLTV DTD that we use: children in their order, with how often each may come.
CHILDREN = {
    "tv": ("channel*", "programme*"),
    "channel": ("display-name+", "icon*", "url*"),
    "programme": (
        *("title+", "sub-title*", "desc*", "credits?", "date?", "category*", "keyword*", "language?"),
        *("orig-language?", "length?", "icon*", "url*", "country*", "episode-num*", "video?", "audio?"),
        *("previously-shown?", "premiere?", "last-chance?", "new?", "subtitles*", "rating*"),
        *("star-rating*", "review*", "image*"),
    ),
    "rating": ("value", "icon*"),
}
ATTRIBUTES = {
    "tv": (
        "",
        "date source-info-url source-info-name source-data-url generator-info-name generator-info-url",
    ),
    "channel": ("id", ""),
    "display-name": ("", "lang"),
    "icon": ("src", "width height"),
    "url": ("", "system"),
    "programme": ("start channel", "stop pdc-start vps-start showview videoplus clumpidx"),
    "title": ("", "lang"),
    "desc": ("", "lang"),
    "category": ("", "lang"),
    "previously-shown": ("", "start channel"),
    "rating": ("", "system"),
}
TIME = re.compile(r"\d{14} [+-]\d{4}")
NASTY = 'Tide & "Line", <b>; it\'s\n#EXTINF:0,🌊\x0b\ud800'


def judged(element: Xml.Element) -> None:
    """Whether an element is as the DTD says, with all below it."""
    pattern = "".join(
        f"(?:{re.escape(name.rstrip('*+?'))} ){name[-1] if name[-1] in '*+?' else ''}"
        for name in CHILDREN.get(element.tag, ())
    )
    children = "".join(f"{child.tag} " for child in element)
    assert re.fullmatch(pattern, children), f"{element.tag}: {children}"
    needed, allowed = (set(names.split()) for names in ATTRIBUTES.get(element.tag, ("", "")))
    assert needed <= set(element.keys()) <= needed | allowed, f"{element.tag}: {element.keys()}"
    for child in element:
        judged(child)


def time(text: str) -> datetime:
    assert TIME.fullmatch(text), text
    return datetime.strptime(text, "%Y%m%d%H%M%S %z")


def read(text: str) -> dict[str, list[Xml.Element]]:
    """Programmes by channel, of a guide that is valid, in order and without overlaps."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n')
    root = Xml.fromstring(text.encode())
    assert root.tag == "tv"
    judged(root)
    channels = [str(channel.get("id")) for channel in root.iter("channel")]
    assert len(set(channels)) == len(channels)
    found: dict[str, list[Xml.Element]] = {channel: [] for channel in channels}
    for programme in root.iter("programme"):
        found[str(programme.get("channel"))].append(programme)
    for programmes in found.values():
        for one in programmes:
            assert time(one.attrib["start"]) < time(one.attrib["stop"])
        for one, other in pairwise(programmes):
            assert time(one.attrib["stop"]) <= time(other.attrib["start"])
    return found


def said(programmes: list[Xml.Element]) -> list[tuple[str, int]]:
    """Titles and seconds of what is decided."""
    return [
        (p.findtext("title", ""), round((time(p.attrib["stop"]) - time(p.attrib["start"])).total_seconds()))
        for p in programmes
        if p.findtext("category") != "Unscheduled"
    ]


def tuned(text: str) -> list[tuple[dict[str, str], str, str]]:
    """Attributes, name and address of each channel, read as players do: the name follows the last quote."""
    first, *rest = text.splitlines()
    assert first.startswith("#EXTM3U ")
    found = []
    for line, address in zip(rest[::2], rest[1::2], strict=True):
        match = re.fullmatch(r'#EXTINF:-1((?: [a-z-]+="[^"]*")*),([^"]*)', line)
        assert match, line
        found.append((dict(re.findall(r'([a-z-]+)="([^"]*)"', match[1])), match[2], address))
    return found


# Routes


async def test_the_guide_of_a_station(client: httpx.AsyncClient, clock: VirtualClock) -> None:
    answer = await client.get("/guide.xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == "application/xml"
    assert answer.headers["cache-control"] == "public, max-age=30"
    guide = read(answer.text)
    assert list(guide) == ["tideline", "night-line", "meadow-tales"]
    now = datetime.fromtimestamp(clock.time(), UTC)
    for programmes in guide.values():
        assert all(a.get("stop") == b.get("start") for a, b in pairwise(programmes))  # no gap
        assert any(time(p.attrib["start"]) <= now < time(p.attrib["stop"]) for p in programmes)
        assert time(programmes[-1].attrib["stop"]) - now >= timedelta(seconds=AHEAD)
        assert programmes[-1].findtext("category") == "Unscheduled"
        assert "made and chosen shortly before" in programmes[-1].findtext("desc", "")
    first = guide["tideline"][1]
    assert first.findtext("title") in {
        "Low water at the old pier",
        "Lamps across the harbour",
        "Weather from the west",
    }
    assert first.find("new") is not None
    icon = first.find("icon")
    assert icon is not None
    assert (await client.get(icon.attrib["src"])).headers["content-type"] == "image/jpeg"
    filler = guide["meadow-tales"][0]
    assert filler.findtext("category") == "Filler"
    assert filler.find("previously-shown") is not None
    assert "fills in" in filler.findtext("desc", "")


async def test_the_list_of_channels_names_streams_that_are_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/channels.m3u")
    assert answer.headers["content-type"].split(";")[0] == "audio/x-mpegurl"
    assert 'url-tvg="http://station/guide.xml"' in answer.text.splitlines()[0]
    channels = tuned(answer.text)
    assert [(about["tvg-id"], name) for about, name, _ in channels] == [
        ("tideline", "Tideline"),
        ("night-line", "Night Line"),
        ("meadow-tales", "Meadow Tales"),
    ]
    about, name, address = channels[0]
    assert about["tvg-name"] == name
    assert about["group-title"] == "WebTV"
    assert address == "http://station/hls/tideline/index.m3u8"
    assert (await client.get(address)).text.startswith("#EXTM3U")
    logo = await client.get(about["tvg-logo"])
    assert logo.headers["content-type"] == "image/png"
    assert "immutable" in logo.headers["cache-control"]
    picture = cv2.imdecode(np.frombuffer(logo.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (320, 320, 4)
    assert picture[130, 160].tolist() == [0xD8, 0xC3, 0x6F, 255]  # the channel's colour, BGR
    assert picture[0, 0, 3] == 0


@pytest.mark.parametrize("address", ["/guide.xml", "/channels.m3u"])
async def test_a_player_that_has_it_gets_it_again_only_when_it_changed(
    client: httpx.AsyncClient, address: str, clock: VirtualClock
) -> None:
    answer = await client.get(address)
    head = await client.head(address)
    assert head.content == b""
    assert head.headers["etag"] == answer.headers["etag"]
    known = {"If-None-Match": f'"other", {answer.headers["etag"]}'}
    assert (await client.get(address, headers=known)).status_code == 304
    clock.forward(3600)
    assert (await client.get(address, headers=known)).status_code == (200 if "xml" in address else 304)


async def test_addresses_are_those_by_which_the_player_asked(
    station: FakeStation, clock: VirtualClock
) -> None:
    app = create_app(station, clock, Site(hosts=LOOPBACK | {"tv.example.org"}))

    async def ask(base: str, host: str | None = None) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.get("/channels.m3u", headers={"Host": host} if host else {})

    for base in ("https://tv.example.org", "http://127.0.0.1:8000", "http://[::1]:8000"):
        answer = await ask(base)
        assert {address.split("/hls/")[0] for _, _, address in tuned(answer.text)} == {base}
        assert f'url-tvg="{base}/guide.xml"' in answer.text
    assert (await ask("http://station", "evil.example")).status_code == 421
    app = create_app(station, clock)  # a station that answers to any name still writes none that is not one
    for host in ('a"b', "user@host", "a<b", "a b"):
        answer = await ask("http://station", host)
        assert answer.status_code == 400 or host not in answer.text


async def test_behind_a_proxy_with_tls_addresses_say_https(station: FakeStation, clock: VirtualClock) -> None:
    async with serve(create_app(station, clock)) as address, httpx.AsyncClient(trust_env=False) as client:
        headers = {"Host": "tv.example.org", "X-Forwarded-Proto": "https"}
        text = (await client.get(f"{address}/channels.m3u", headers=headers)).text
    assert tuned(text)[0][2] == "https://tv.example.org/hls/tideline/index.m3u8"


async def test_only_logos_of_channels_are_drawn(client: httpx.AsyncClient) -> None:
    for name in ("000000.png", "6fc3d8", "6FC3D8.png", "..png", "6fc3d8.svg"):
        assert (await client.get(f"/logos/{name}")).status_code == 404


async def test_a_real_player_opens_what_the_list_names(
    station: FakeStation, clock: VirtualClock, posters: Posters, tmp_path: Path
) -> None:
    async with broadcast(tmp_path / "live", posters.files[posters.of["tideline", 0]]) as live:
        station.live = {"tideline": live}
        async with serve(create_app(station, clock)) as address:
            async with httpx.AsyncClient(trust_env=False) as client:
                listed = tuned((await client.get(f"{address}/channels.m3u")).text)

            def watch() -> tuple[set[str], int]:
                with av.open(listed[0][2], timeout=20) as stream:
                    kinds = {each.type for each in stream.streams}
                    frames = stream.decode(video=0)
                    return kinds, sum(1 for _, _ in zip(range(30), frames, strict=False))

            assert await asyncio.to_thread(watch) == ({"video", "audio"}, 30)


# A real data folder


@pytest.fixture
async def house(clock: VirtualClock, tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path, clock) as house:
        await house.make(2)  # a second sequence: clips 3 and 4
        yield house


async def guide_of(house: House) -> list[Xml.Element]:
    house.clock.forward(31)
    guides = await house.station.guide()
    return read(xmltv(guides, "http://tv", "WebTV", "1"))["tideline"]


def log(house: House, index: int, at: float, kind: Kind = Kind.NEW, n: int | None = 1) -> None:
    clip = house.clips[index].id if index >= 0 else kind.value
    airing = Airing(n, clip, kind, 0, FRAMES, utc_text(at), cut=False)
    AsRunLog(house.data / "asrun" / "tideline").append(airing)


async def test_past_present_and_future_are_sequences_at_their_real_times(house: House) -> None:
    start = house.clock.time() - 24.123
    for step, index in enumerate((0, 1, 2, 3, 4)):
        log(house, index, start + 4 * step)
    log(house, 0, start + 20)
    entries = [house.entry(n, index) for n, index in ((10, 1), (11, 2), (12, 3), (13, 4), (14, 3), (15, 4))]
    house.list(*entries)
    house.air(entries[0])
    house.on_air["tideline"]["start_utc"] = utc_text(start + 24)
    programmes = await guide_of(house)
    assert said(programmes) == [
        ("Low water", 12),
        ("Low water", 8),
        ("Low water", 12),
        *[("Low water", 8)] * 2,
    ]
    begun = datetime.fromtimestamp(int(start), UTC)
    assert time(programmes[0].attrib["start"]) == begun
    assert all(a.get("stop") == b.get("start") for a, b in pairwise(programmes))
    assert programmes[0].findtext("date") == datetime.fromtimestamp(house.clock.time(), UTC).strftime(
        "%Y%m%d"
    )
    assert "a pier, shot 1" in programmes[0].findtext("desc", "")


async def test_filler_and_lost_time_are_told_as_they_were(house: House) -> None:
    start = house.clock.time() - 60
    log(house, 0, start)
    log(house, -1, start + 4, Kind.SLATE, None)
    log(house, -1, start + 8, Kind.IDENT, None)
    log(house, -1, start + 12, Kind.SLATE, None)
    log(house, 3, start + 16, Kind.RERUN, None)
    log(house, 4, start + 20, Kind.RERUN, None)
    log(house, 1, start + 40, Kind.RERUN)  # 16 s were lost before it
    programmes = await guide_of(house)
    assert said(programmes) == [
        ("Low water", 4),
        ("Back in a moment", 12),
        ("Low water", 8),
        ("Low water", 4),
    ]
    new, slate, own, rerun = programmes
    assert new.find("new") is not None
    assert slate.findtext("category") == own.findtext("category") == "Filler"
    assert own.find("previously-shown") is not None
    assert "fills in" in own.findtext("desc", "")
    assert "fills in" not in rerun.findtext("desc", "")
    assert time(rerun.attrib["start"]) - time(own.attrib["stop"]) == timedelta(seconds=16)


async def test_a_rerun_that_fills_in_ends_before_the_playlist_goes_on(house: House) -> None:
    house.list(house.entry(7, 3), house.entry(8, 4), house.entry(9, 3))
    house.air(replace(house.entry(1, 0), n=0, kind=Kind.RERUN))
    house.on_air["tideline"]["n"] = 0
    status = house.status
    house.status = lambda: {  # type: ignore[method-assign]
        **status(),
        "channels": [{**channel, "locked": 8, "upcoming": [7, 8]} for channel in status()["channels"]],
    }
    programmes = await guide_of(house)
    assert said(programmes)[:3] == [("Low water", 12), ("Low water", 8), ("Low water", 4)]
    assert [p.find("previously-shown") is not None for p in programmes[:3]] == [True, False, False]


async def test_of_what_was_withdrawn_nothing_is_told_and_none_of_it_comes(house: House) -> None:
    log(house, 3, house.clock.time() - 8)
    log(house, 4, house.clock.time() - 4)
    entries = [house.entry(n, n) for n in (0, 1, 2)]
    entries = [replace(entry, n=entry.n + 1) for entry in entries]
    house.list(*entries)
    house.air(entries[0])
    blocked = [house.clips[index].id for index in (1, 3, 4)]
    (house.data / "blocked").write_text("\n".join(blocked))
    programmes = await guide_of(house)
    assert said(programmes) == [("Withdrawn", 8), ("Low water", 8)]
    assert programmes[0].find("icon") is None
    assert "a pier" not in programmes[0].findtext("desc", "")


async def test_a_channel_off_air_has_a_past_only(house: House) -> None:
    log(house, 0, house.clock.time() - 4)
    log(house, 3, house.clock.time() - 4 * 3600)  # too long ago
    assert said(await guide_of(house)) == [("Low water", 4)]


async def test_hours_of_airings_are_one_look(house: House) -> None:
    began = house.clock.time() - 3 * 3600
    for step in range(2700):
        log(house, step % 3, began + 4 * step)
    programmes = await guide_of(house)
    assert 596 <= len(programmes) <= 599
    assert {seconds for _, seconds in said(programmes)[:-1]} == {12}


# Pure


@pytest.mark.parametrize("name", [NASTY, "Plain", "a,b,c", '"', "]]>", "\u2028\u0085"])
def test_whatever_a_channel_is_called_readers_are_not_misled(name: str) -> None:
    showing = Showing(name, Kind.NEW, 0.0, 10.0, prompt=name, label=name, poster="0" * 64, made=5.0)
    guide = ChannelGuide("tideline", name, name, accent="#ABCDEF", showings=(showing,))
    programmes = read(xmltv([guide], "http://tv", name, "1"))["tideline"]
    writable = re.sub("[\x0b\ud800]", "\ufffd", name)
    assert programmes[0].findtext("title") == writable.replace("\r", "\n")
    ((about, told, address),) = tuned(m3u([guide], "http://tv", name))
    assert address == "http://tv/hls/tideline/index.m3u8"
    assert about["tvg-logo"] == "http://tv/logos/abcdef.png"
    assert '"' not in told
    assert "\n" not in told
    assert about["tvg-name"] == told == about["group-title"]


starts = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 30)), max_size=30)


@given(starts)
def test_parts_never_overlap_and_lose_no_time_that_was_filled(times: list[tuple[int, int]]) -> None:
    parts = [
        Part(2.0 * at, 2.0 * (at + length), f"c{n}", Kind.NEW, f"s{n}", 1, "t", listed=True)
        for n, (at, length) in enumerate(times)
    ]
    parts.sort(key=lambda part: part.start)
    told = without_overlaps(parts)
    assert all(a.end <= b.start for a, b in pairwise(told))
    covered = {at for part in parts for at in range(int(part.start), int(part.end))}
    assert {at for part in told for at in range(int(part.start), int(part.end))} <= covered
    assert [each.title for each in showings(parts, {}, (), "name")] == ["t"] * len(told)


def test_two_airings_of_one_sequence_end_to_end_are_two_programmes() -> None:
    def part(at: float, pos: int) -> Part:
        return Part(at, at + 2, f"c{pos}", Kind.RERUN, "s", pos, "Foxes", listed=True)

    told = showings([part(0, 1), part(2, 2), part(4, 1), part(6, 2)], {}, (), "name")
    assert [(each.start_utc, each.end_utc) for each in told] == [(0, 4), (4, 8)]


def test_every_address_states_that_it_is_for_watching(app: FastAPI) -> None:
    paths = {route.path for route in app.router.routes}  # type: ignore[attr-defined]
    assert {"/guide.xml", "/channels.m3u", "/logos/{name}"} <= paths


def test_a_card_belongs_to_the_programme_before_it() -> None:
    first = Part(0, 4, "a", Kind.NEW, "s1", 1, "Foxes", True)
    card = Part(4, 8, "next", Kind.IDENT, "s2", 0, "Owls", True)
    second = Part(8, 12, "b", Kind.NEW, "s2", 1, "Owls", True)
    told = showings([first, card, second], {}, (), "name")
    assert [(each.title, each.start_utc, each.end_utc) for each in told] == [("Foxes", 0, 8), ("Owls", 8, 12)]
    long = Part(4, 64, "filler", Kind.IDENT, "", 0, "", False)
    assert len(showings([first, long], {}, (), "name")) == 2, "what fills a minute is told"
