import stat
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from webtv.core.errors import ConfigError, RateLimited
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.allowance import Allowance, Buckets
from webtv.viewers.app import create_app
from webtv.viewers.sessions import COOKIE, session_key

HEARTBEAT = "/api/channels/tideline/heartbeat"


def client_of(app: FastAPI, address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://station")


async def test_a_made_up_session_is_none(app: FastAPI, station: FakeStation, clock: VirtualClock) -> None:
    async with client_of(app) as client:
        await client.get("/c/tideline")
        genuine = client.cookies[COOKIE]
    session, _, signature = genuine.partition(".")
    async with client_of(create_app(station, clock)) as other:  # a key of its own
        await other.get("/c/tideline")
        foreign = other.cookies[COOKIE]
    changed = ("A" if session[0] != "A" else "B") + session[1:]
    for forged in (
        "a" * 40,
        session,
        f"{session}.",
        f"{session}.{'0' * 64}",
        f"{changed}.{signature}",
        foreign,
    ):
        async with client_of(app) as client:
            heard = await client.post(HEARTBEAT, headers={"cookie": f"{COOKIE}={forged}"})
            assert heard.json()["counted"] is False
            assert heard.headers["set-cookie"].startswith(f"{COOKIE}=")
            rating = "/api/clips/tideline-0-0/rating"
            refused = await client.put(rating, json={"stars": 1}, headers={"cookie": f"{COOKIE}={forged}"})
            assert refused.json()["code"] == "no_session"
    async with client_of(app) as client:
        heard = await client.post(HEARTBEAT, headers={"cookie": f"{COOKIE}={genuine}"})
        assert heard.json() == {"viewers": 1, "counted": True, "again_after": 15}


async def test_a_session_outlives_the_process_that_has_its_key(
    station: FakeStation, clock: VirtualClock, tmp_path: Path
) -> None:
    path = tmp_path / "session.key"
    async with client_of(create_app(station, clock, session_key=session_key(path))) as client:
        await client.get("/c/tideline")
        cookie = client.cookies[COOKIE]
    async with client_of(create_app(station, clock, session_key=session_key(path))) as client:
        heard = await client.post(HEARTBEAT, headers={"cookie": f"{COOKIE}={cookie}"})
        assert heard.json()["counted"] is True


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "session.key"
    key = session_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert session_key(path) == key
    path.write_bytes(b"torn")
    assert session_key(path) == path.read_bytes() != b"torn"
    with pytest.raises(ConfigError, match="out of reach"):
        session_key(tmp_path / "nowhere" / "session.key")


async def test_one_session_cannot_write_without_end(app: FastAPI, clock: VirtualClock) -> None:
    async with client_of(app) as client:
        await client.get("/c/tideline")
        answers = [await client.post(HEARTBEAT) for _ in range(30)]
        limited = [answer for answer in answers if answer.status_code == 429]
        assert 10 <= len(limited) < 30
        assert limited[0].headers["content-type"] == "application/problem+json"
        assert limited[0].json()["code"] == "rate_limit"
        wait = int(limited[0].headers["retry-after"])
        rating = await client.put("/api/clips/tideline-0-0/rating", json={"stars": 1})
        assert rating.status_code == 429
        clock.forward(wait)
        assert (await client.post(HEARTBEAT)).status_code == 200


async def test_fresh_sessions_do_not_help_an_address(app: FastAPI) -> None:
    async def beat(address: str, claimed: str) -> int:
        async with client_of(app, address) as client:
            await client.post(HEARTBEAT)
            return (await client.post(HEARTBEAT, headers={"x-forwarded-for": claimed})).status_code

    answers = [await beat("192.0.2.7", f"198.51.100.{number % 250}") for number in range(250)]
    assert 429 in answers
    assert await beat("192.0.2.8", "192.0.2.7") == 200


def test_a_network_of_ipv6_is_one_address(clock: VirtualClock) -> None:
    allowance = Allowance(clock)
    for number in range(200):
        allowance.spend(f"session {number}", f"2001:db8::{number:x}")
    with pytest.raises(RateLimited) as limited:
        allowance.spend("session", "2001:db8::ffff")
    assert limited.value.retry_after > 0
    allowance.spend("another", "2001:db8:0:1::1")
    allowance.spend("local", "testclient")


def test_buckets_are_few_and_fill_again(clock: VirtualClock) -> None:
    buckets = Buckets(clock, rate=1, burst=2, keys=2)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    clock.forward(0.5)
    assert buckets.take("a") == 0.5
    clock.forward(0.5)
    assert buckets.take("a") == 0
    buckets.take("b")
    buckets.take("c")  # the longest unused, a, is forgotten
    assert buckets.take("a") == 0
    assert len(buckets._kept) == 2
