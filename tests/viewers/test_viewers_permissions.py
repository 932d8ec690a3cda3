import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import LOOPBACK, Site, create_app
from webtv.viewers.permissions import EVERYONE, Permission, stated


def client_of(app: FastAPI, host: str = "station") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}")


def test_every_route_states_its_permission(app: FastAPI) -> None:
    routes = list(app.router.routes)
    assert len(routes) >= 18
    assert [route for route in routes if stated(route) is None] == []
    assert {stated(route) for route in routes} == set(Permission)


async def test_a_route_that_states_none_is_refused(app: FastAPI, tmp_path: object) -> None:
    called = []

    @app.get("/forgotten")
    async def forgotten() -> str:
        called.append(True)
        return "secret"

    app.router.routes.append(Mount("/files", StaticFiles(directory=str(tmp_path))))
    app.add_route("/plain", lambda _request: PlainTextResponse("secret"))
    async with client_of(app) as client:
        for path in ("/forgotten", "/files/x", "/plain"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert called == []


@pytest.mark.parametrize("missing", list(Permission))
async def test_without_the_permission_no_route_is_reached(
    station: FakeStation, clock: VirtualClock, missing: Permission
) -> None:
    app = create_app(station, clock, grants=lambda _scope: EVERYONE - {missing})
    example = {"slug": "tideline", "file": "index.m3u8", "name": "x", "digest": "x", "clip_id": "x"}
    async with client_of(app) as client:
        for route in app.router.routes:
            path = route.path.replace(":path", "").format(**example)  # type: ignore[attr-defined]
            for method in route.methods:  # type: ignore[attr-defined]
                answer = await client.request(method, path)
                assert (answer.status_code == 403) == (stated(route) is missing), path


async def test_a_station_on_loopback_answers_to_its_loopback_names_only(
    station: FakeStation, clock: VirtualClock
) -> None:
    app = create_app(station, clock, Site(hosts=LOOPBACK))
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        async with client_of(app, host) as client:
            assert (await client.get("/api/channels")).status_code == 200
    behind_proxy = create_app(station, clock, Site(hosts=LOOPBACK | {"TV.example.org"}))
    async with client_of(behind_proxy, "tv.example.org") as client:
        assert (await client.get("/api/channels")).status_code == 200
    async with client_of(app, "rebound.example:8000") as client:
        answer = await client.get("/api/channels")
        assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")
