"""The gate lets gradio_client reach the Space and nothing else; needs no Gradio."""

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from test_remote_guard import resolving
from videos_server import VideosServer, answers, streams, videos_server

from servers import Authority
from webtv.core.errors import ConfigError, QualityError, TransientError
from webtv.studio.gradio.gate import Gate
from webtv.studio.remote.guard import Guard, guarded_client, trust


@pytest.fixture
async def server() -> AsyncIterator[VideosServer]:
    async with videos_server() as running:
        yield running


@contextlib.asynccontextmanager
async def gate(
    url: str, *, max_bytes: int = 1_000_000, allow_private: bool = True, ca: Path | None = None
) -> AsyncIterator[Gate]:
    guard = Guard([url], allow_private=allow_private, resolver=resolving(["127.0.0.1"]))
    async with guarded_client(guard, trust(ca)) as client, Gate(url, client, max_bytes=max_bytes) as opened:
        yield opened


def through(opened: Gate) -> httpx.AsyncClient:
    return httpx.AsyncClient(proxy=opened.url, trust_env=False, timeout=20)


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
    assert server.headers("POST")["accept-encoding"] == "identity"
    assert "proxy-authorization" not in server.headers("POST")


async def test_inside_it_is_plain_http_and_outside_tls_that_is_proven(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with videos_server(authority.server("DNS:space.example")) as server:
        url = f"https://space.example:{server.port}"
        async with gate(url, ca=authority.file) as opened, through(opened) as client:
            assert opened.inside == f"http://space.example:{server.port}"
            assert (await client.post(f"{opened.inside}/v1/videos", json={})).status_code == 200
            assert opened.outside(f"{opened.inside}/gradio_api/") == f"{url}/gradio_api/"
            with pytest.raises(QualityError, match="leads elsewhere"):
                opened.outside("http://elsewhere.example/gradio_api/")
        async with gate(url) as opened, through(opened) as client:
            assert (await client.post(f"{opened.inside}/v1/videos", json={})).status_code == 502
            assert isinstance(opened.trouble, TransientError), "an authority that nobody knows"
    assert len(server.submits) == 1


async def test_the_usual_ports_keep_their_names() -> None:
    async with gate("https://space.example/app/") as opened:
        assert opened.inside == "http://space.example:443/app/"
        assert opened.outside("http://space.example:443/app/gradio_api/") == (
            "https://space.example/app/gradio_api/"
        )


async def test_nothing_is_tunnelled_through_not_even_to_the_space(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with videos_server(authority.server("DNS:space.example")) as server:
        url = f"https://space.example:{server.port}"
        async with gate(url, ca=authority.file) as opened, through(opened) as client:
            with pytest.raises(httpx.ProxyError, match="502"):
                await client.get(f"{url}/v1/videos/x")
        assert not server.seen


PACKED = {
    "gzip": gzip.compress(bytes(50_000_000)),
    "deflate": zlib.compress(bytes(50_000_000)),
    "br": b"\x0b\x02\x80hello\x03",
    "identity, gzip": gzip.compress(b"{}"),
    "GZIP": gzip.compress(b"{}"),
}


@pytest.mark.parametrize("packing", PACKED)
async def test_what_comes_packed_is_turned_away_before_a_byte_of_it_is_read(
    server: VideosServer, packing: str
) -> None:
    server.on_content = answers(PACKED[packing], content_encoding=packing)
    async with gate(server.url) as opened, through(opened) as client:
        answer = await client.get(f"{server.url}/v1/videos/1/content")
        assert (answer.status_code, answer.content) == (502, b"")
        assert isinstance(opened.trouble, ConfigError)
        assert "packed" in str(opened.trouble)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-encoding:\r\n gzip\r\ncontent-length: %d\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: %d\n\n",
        b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\ncontent-length: %d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\nx: %d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: gzip\r\n"
        b"content-length: %d\r\n\r\n",
    ],
    ids=["folded", "bare line feeds", "after a hint", "in transfer", "said twice"],
)
async def test_no_way_of_saying_that_it_is_packed_gets_through(head: bytes) -> None:
    body = gzip.compress(bytes(50_000_000))

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head % len(body) + body)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    speaker = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with speaker:
        url = f"http://127.0.0.1:{speaker.sockets[0].getsockname()[1]}"
        async with gate(url) as opened, through(opened) as client:
            answer = await client.get(url)
            assert (answer.status_code, answer.content) == (502, b"")
            assert opened.trouble is not None


async def test_a_connection_carries_one_answer(server: VideosServer) -> None:
    async with gate(server.url) as opened, through(opened) as client:
        for _ in range(2):
            answer = await client.post(f"{server.url}/v1/videos", json={})
            assert answer.headers["connection"] == "close", "what follows it is nobody's answer"


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
