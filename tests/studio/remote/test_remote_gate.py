"""The gate lets gradio_client reach the Space and nothing else; needs no Gradio."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from test_remote_guard import resolving
from videos_server import VideosServer, streams, videos_server

from servers import Authority
from webtv.core.errors import ConfigError, QualityError, TransientError
from webtv.studio.gradio.gate import Gate
from webtv.studio.remote.guard import Guard


@pytest.fixture
async def server() -> AsyncIterator[VideosServer]:
    async with videos_server() as running:
        yield running


def gate(url: str, *, max_bytes: int = 1_000_000, allow_private: bool = True) -> Gate:
    guard = Guard([url], allow_private=allow_private, resolver=resolving(["127.0.0.1"]))
    return Gate(url, guard, max_bytes=max_bytes)


def through(opened: Gate, context: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(proxy=opened.url, trust_env=False, verify=context or True, timeout=20)


async def test_requests_and_answers_pass_whole_and_a_proxys_own_headers_do_not(server: VideosServer) -> None:
    async with gate(f"http://space.example:{server.port}") as opened, through(opened) as client:
        for seed in range(3):
            headers = {"proxy-authorization": "secret", "x-mine": "yes"}
            answer = await client.post(
                f"http://space.example:{server.port}/v1/videos?n=1", json={"seed": seed}, headers=headers
            )
            assert answer.json()["id"] == f"video_{seed + 1}"
    assert [fields["seed"] for fields in server.submits] == [0, 1, 2]
    assert server.headers("POST")["host"] == f"space.example:{server.port}"
    assert server.headers("POST")["x-mine"] == "yes"
    assert "proxy-authorization" not in server.headers("POST")


async def test_tls_goes_through_untouched(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with videos_server(authority.server("DNS:space.example")) as server:
        url = f"https://space.example:{server.port}"
        context = ssl.create_default_context(cafile=str(authority.file))
        async with gate(url) as opened, through(opened, context) as client:
            assert (await client.post(f"{url}/v1/videos", json={})).status_code == 200


async def test_no_other_host_or_port_is_reached(server: VideosServer) -> None:
    async with videos_server() as inside, gate(server.url) as opened, through(opened) as client:
        assert (await client.get(f"{inside.url}/v1/videos/x")).status_code == 502
        assert isinstance(opened.trouble, QualityError)
        with pytest.raises(httpx.ProxyError, match="502"):
            await client.get(f"https://127.0.0.1:{inside.port}/v1/videos/x")
        assert not inside.seen


async def test_what_turned_a_request_away_is_known(server: VideosServer) -> None:
    async with gate(server.url, allow_private=False) as opened, through(opened) as client:
        assert (await client.get(server.url)).status_code == 502
        assert isinstance(opened.trouble, ConfigError)
    async with gate("http://127.0.0.1:9") as opened, through(opened) as client:
        assert (await client.get("http://127.0.0.1:9/")).status_code == 502
        assert isinstance(opened.trouble, TransientError)


async def test_too_much_is_cut_off_over_all_requests_together(server: VideosServer) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield bytes(100_000)

    server.on_content = streams(much)
    async with gate(server.url) as opened, through(opened) as client:
        assert len((await client.get(f"{server.url}/v1/videos/1/content")).content) == 600_000
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{server.url}/v1/videos/1/content")
        assert isinstance(opened.trouble, QualityError)


async def test_a_gate_that_closes_ends_what_passes_through(server: VideosServer) -> None:
    server.on_content = streams(server.endless)
    async with gate(server.url, max_bytes=1 << 40) as opened, through(opened) as client:
        async with client.stream("GET", f"{server.url}/v1/videos/1/content") as answer:
            parts = answer.aiter_raw()
            assert await anext(parts)
            await opened.__aexit__(None, None, None)
            with pytest.raises(httpx.HTTPError):
                async for _ in parts:
                    pass
        await opened.__aenter__()
