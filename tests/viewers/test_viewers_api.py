import json

import httpx
import pytest
from structlog.testing import capture_logs

from webtv.core.errors import ConflictError
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.sessions import COOKIE
from webtv.viewers.station import Trouble


async def test_channels_are_a_list_with_the_promised_keys(client: httpx.AsyncClient) -> None:
    channels = (await client.get("/api/channels")).json()
    assert [each["slug"] for each in channels] == ["tideline", "night-line", "meadow-tales"]
    promised = {"slug", "name", "theme", "state", "now", "next", "buffer_seconds", "viewers"}
    assert all(promised <= each.keys() for each in channels)
    assert {each["state"] for each in channels} == {"on_air", "filler"}
    assert (await client.get("/api/channels/tideline")).json() == channels[0]


async def test_now_is_a_timeline_without_gaps_around_the_stations_time(
    client: httpx.AsyncClient, clock: VirtualClock
) -> None:
    clock.forward(100.5)
    answer = await client.get("/api/channels/tideline/now")
    now = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert now["utc"] == clock.time()
    assert now["now"]["start_utc"] <= now["utc"] < now["now"]["start_utc"] + now["now"]["seconds"]
    assert now["now"] in now["timeline"]
    assert now["timeline"][0]["start_utc"] < now["utc"] - 60
    for entry, after in zip(now["timeline"], now["timeline"][1:], strict=False):
        assert after["start_utc"] == entry["start_utc"] + entry["seconds"]
        assert after["n"] == entry["n"] + 1
    assert now["now"]["start"].endswith("Z")
    assert int(now["now"]["seed"]) > 2**53


async def test_clips_are_paged_by_cursor_without_loss(client: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 4, "channel": "tideline"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/clips", params=query)).json()
        seen += [clip["id"] for clip in page["clips"]]
        cursor = page["cursor"]
        if cursor is None:
            break
        assert len(page["clips"]) == 4
    assert len(seen) == len(set(seen)) == 10
    clip = (await client.get(f"/api/clips/{seen[0]}")).json()
    assert clip["provenance"]["writer"] == "grammar"
    assert clip["poster"].startswith("/posters/")
    poster = await client.get(clip["poster"])
    assert poster.headers["content-type"] == "image/jpeg"
    assert "immutable" in poster.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/api/channels/nowhere", 404, "not_found", None),
        ("/api/channels/nowhere/now", 404, "not_found", None),
        ("/api/clips/nothing", 404, "not_found", None),
        ("/api/clips?limit=0", 422, "invalid", "query.limit"),
        ("/api/clips?limit=many", 422, "invalid", "query.limit"),
        ("/api/clips?cursor=~", 422, "input", "query.cursor"),
        ("/hls/nowhere/index.m3u8", 404, "not_found", None),
        ("/hls/tideline/gone.m4s", 404, "not_found", None),
        ("/posters/zz.jpg", 404, "not_found", None),
        ("/nothing/here", 404, "not_found", None),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, path: str, status: int, code: str, field: str | None
) -> None:
    answer = await client.get(path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["field"] == field
    assert problem["detail"]
    assert problem["remedy"]
    assert problem["instance"] == path.partition("?")[0]


async def test_a_method_that_is_not_allowed_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/channels")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer.headers["allow"]


async def test_a_failure_inside_shows_nothing_of_it(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: FakeStation) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(FakeStation, "channels", fail)
    with capture_logs() as log:
        answer = await client.get("/api/channels")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "swordfish" not in answer.text
    assert "content-security-policy" in answer.headers
    assert log[0]["event"] == "viewers.request.failed"
    assert log[0]["path"] == "/api/channels"


async def test_a_place_on_disk_is_nobodys_business(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: FakeStation) -> None:
        raise ConflictError("somebody else holds it", place="/srv/tv/data/webtv.sqlite3")

    monkeypatch.setattr(FakeStation, "channels", fail)
    answer = await client.get("/api/channels")
    assert (answer.status_code, answer.json()["field"]) == (409, None)
    assert "/srv" not in answer.text


async def test_viewers_are_counted_once_each_and_forgotten(
    app: object, client: httpx.AsyncClient, clock: VirtualClock
) -> None:
    async def watch(channel: str) -> httpx.AsyncClient:
        viewer = httpx.AsyncClient(transport=client._transport, base_url="http://station")
        page = await viewer.get(f"/c/{channel}")
        cookie = page.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        return viewer

    viewers = [await watch("tideline") for _ in range(5)] + [await watch("night-line") for _ in range(2)]
    for _ in range(3):  # repeated heartbeats count nobody twice
        for index, viewer in enumerate(viewers):
            heard = await viewer.post(f"/api/channels/{'tideline' if index < 5 else 'night-line'}/heartbeat")
            assert heard.json()["counted"] is True
        clock.forward(15)
    counts = {each["slug"]: each["viewers"] for each in (await client.get("/api/channels")).json()}
    assert counts == {"tideline": 5, "night-line": 2, "meadow-tales": 0}

    heard = await viewers[0].post("/api/channels/night-line/heartbeat")  # moves over, is not counted twice
    assert heard.json() == {"viewers": 3, "counted": True, "again_after": 15}
    clock.forward(40)
    counts = {each["slug"]: each["viewers"] for each in (await client.get("/api/channels")).json()}
    assert counts == {"tideline": 0, "night-line": 1, "meadow-tales": 0}


async def test_a_heartbeat_without_the_cookie_is_not_counted_but_answered_with_one(
    client: httpx.AsyncClient,
) -> None:
    first = await client.post("/api/channels/tideline/heartbeat")
    assert first.json()["counted"] is False
    assert first.json()["viewers"] == 0
    assert COOKIE in first.headers["set-cookie"]
    second = await client.post("/api/channels/tideline/heartbeat")
    assert second.json() == {"viewers": 1, "counted": True, "again_after": 15}
    assert "set-cookie" not in second.headers
    forged = await client.post("/api/channels/tideline/heartbeat", headers={"cookie": f"{COOKIE}=me"})
    assert forged.json()["counted"] is False


async def test_other_sites_may_not_write(client: httpx.AsyncClient) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
    ):
        answer = await client.post("/api/channels/tideline/heartbeat", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://station"}):
        answer = await client.post("/api/channels/tideline/heartbeat", headers=headers)
        assert answer.status_code == 200


async def test_ratings_replace_each_other_by_session(client: httpx.AsyncClient) -> None:
    address = "/api/clips/tideline-0-0/rating"
    assert (await client.put(address, json={"stars": 5})).json()["code"] == "no_session"
    await client.get("/c/tideline")
    assert (await client.put(address, json={"stars": 5})).json()["stars"] == 5
    assert (await client.put(address, json={"stars": 2})).json() | {"stars": 2, "ratings": 1} == (
        await client.get("/api/clips/tideline-0-0")
    ).json()
    for wrong in ({"stars": 6}, {"stars": "5"}, {"stars": 3, "more": 1}, {}):
        answer = await client.put(address, json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert (await client.put("/api/clips/nothing/rating", json={"stars": 3})).status_code == 404
    too_large = await client.put(address, content=b"x" * 70_000, headers={"content-type": "application/json"})
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")


async def test_health_tells_reasons(client: httpx.AsyncClient, station: FakeStation) -> None:
    assert (await client.get("/readyz")).json() == {"ok": True, "troubles": []}
    station.trouble = (Trouble("head-end", "The head-end does not answer.", "look at its log"),)
    ready, live = await client.get("/readyz"), await client.get("/healthz")
    assert (ready.status_code, live.status_code) == (503, 200)
    assert ready.json()["troubles"][0]["remedy"] == "look at its log"


async def test_metrics_tell_channels_and_requests_by_pattern(client: httpx.AsyncClient) -> None:
    await client.get("/api/channels/tideline")
    await client.get("/api/channels/night-line")
    await client.get("/no/such/address")
    text = (await client.get("/metrics")).text
    assert 'webtv_channel_state{channel="tideline",state="on_air"} 1.0' in text
    assert 'webtv_channel_state{channel="tideline",state="off"} 0.0' in text
    assert 'webtv_channel_buffer_seconds{channel="night-line"} 312.0' in text
    assert 'webtv_http_requests_total{method="GET",route="/api/channels/{slug}",status="200"} 2.0' in text
    assert 'webtv_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "no/such" not in text
    assert "webtv_ready 1.0" in text


async def test_the_documentation_is_ours_and_complete(client: httpx.AsyncClient) -> None:
    api = (await client.get("/openapi.json")).json()
    assert "HTTPValidationError" not in json.dumps(api)
    page = (await client.get("/docs")).text
    for path in api["paths"]:
        assert path in page
    for operation in (operation for methods in api["paths"].values() for operation in methods.values()):
        assert operation["summary"] in page
        assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
