"""Which machines are spoken to: addresses are judged, names resolved once, TLS proven, redirects our own."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from videos_server import serving

from servers import Authority
from webtv.core.clock import SystemClock
from webtv.core.errors import ConfigError, TransientError, WebTVError
from webtv.studio.remote.fetch import Credentials, fetch
from webtv.studio.remote.guard import Guard, guarded_client, origin_of, shown, trouble_with, trust


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("93.184.215.14", ""),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", ""),
        ("127.0.0.1", "a loopback address"),
        ("127.255.255.254", "a loopback address"),
        ("::1", "a loopback address"),
        ("10.1.2.3", "a private address"),
        ("172.31.0.1", "a private address"),
        ("192.168.1.1", "a private address"),
        ("fd00::1", "a private address"),
        ("169.254.169.254", "a link-local address"),
        ("fe80::1%eth0", "a link-local address"),
        ("224.0.0.1", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("0.0.0.0", "an unspecified address"),
        ("::", "an unspecified address"),
        ("100.64.0.1", "a reserved address"),
        ("240.0.0.1", "a private address"),
        ("255.255.255.255", "a private address"),
        ("192.0.2.1", "a private address"),
        ("192.0.0.8", "a reserved address"),
        ("192.0.0.10", "a reserved address"),
        ("64:ff9b::c000:8", "a reserved address"),
        ("fec0::1", "a private address"),
        ("feff::1", "a private address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:10.0.0.1", "a private address"),
        ("::127.0.0.1", "a loopback address"),
        ("2002:7f00:1::", "a loopback address"),
        ("2002:a00:1::", "a private address"),
        ("64:ff9b::7f00:1", "a loopback address"),
        ("64:ff9b::a9fe:a9fe", "a link-local address"),
        ("64:ff9b:1::1", "a private address"),
        ("2001:db8::1", "a private address"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "a private address"),
        ("localhost", "no address"),
        ("", "no address"),
    ],
)
def test_every_address_is_judged_by_what_it_reaches(address: str, trouble: str) -> None:
    assert trouble_with(address) == trouble


@given(ip_addresses(v=4))
def test_an_address_within_an_address_is_judged_as_itself(ip: ipaddress.IPv4Address) -> None:
    trouble = trouble_with(str(ip))
    assigned = ip in ipaddress.ip_network("192.0.0.0/24")
    assert bool(trouble) == (not ip.is_global or ip.is_multicast or assigned)
    inside = int(ip)
    for outer in (0xFFFF << 32 | inside, 0x64FF9B << 96 | inside, 0x2002 << 112 | inside << 80):
        assert trouble_with(str(ipaddress.IPv6Address(outer))) == trouble


def resolving(*answers: list[str]) -> "FakeResolver":
    return FakeResolver(list(answers))


class FakeResolver:
    """Gives prepared answers, the last one for ever; counts."""

    def __init__(self, answers: list[list[str]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def test_one_private_address_among_public_ones_is_refused() -> None:
    guard = Guard(resolver=resolving(["93.184.215.14", "127.0.0.1"]))
    with pytest.raises(ConfigError, match="loopback"):
        await guard.admit("mixed.example", 443)


async def test_the_operators_word_holds_for_his_host_and_port_alone() -> None:
    resolver = resolving(["10.0.0.5"])
    guard = Guard(["http://GPU.lan.:7860/app"], allow_private=True, resolver=resolver)
    assert await guard.admit("gpu.lan", 7860) == ["10.0.0.5"]
    for host, port in (("gpu.lan", 6379), ("other.lan", 7860)):
        with pytest.raises(ConfigError, match="private address"):
            await guard.admit(host, port)


async def test_a_named_host_that_turns_private_is_a_matter_of_settings() -> None:
    guard = Guard(["https://space.example"], resolver=resolving(["192.168.0.9"]))
    with pytest.raises(ConfigError, match="allow_private"):
        await guard.admit("space.example", 443)


async def test_a_name_without_an_address_is_not_connected_to() -> None:
    with pytest.raises(TransientError, match="has no address"):
        await Guard(["http://a.lan"], allow_private=True, resolver=resolving([])).admit("a.lan", 80)


async def test_a_name_that_does_not_resolve_may_next_time() -> None:
    async def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(TransientError, match="cannot be resolved"):
        await Guard(resolver=nobody).admit("nobody.example", 443)


def test_a_url_is_shown_without_what_may_be_a_key() -> None:
    assert shown("https://me:pass@host.example:8443/a/b?sig=abc#x") == "https://host.example:8443/a/b"
    assert shown("http://[::1]:80/") == "http://[::1]"
    assert shown("not a url") == "…"
    assert origin_of("HTTPS://Host.Example./x") == ("host.example", 443)


class Files:
    """A server whose paths lead about; remembers who asked."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.to = "/file"

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/file", self._file), Route("/on", self._on), Route("/slow", self._slow)]
        )

    async def _file(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        return PlainTextResponse("content")

    async def _on(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        return RedirectResponse(self.to)

    async def _slow(self, _: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
async def files() -> AsyncIterator[tuple[Files, int]]:
    served = Files()
    async with serving(served.app()) as port:
        yield served, port


async def bring(
    url: str, to: Path, guard: Guard, *, token_for: str = "", seconds: float = 20, ca: Path | None = None
) -> int:
    async with guarded_client(guard, trust(ca)) as client:
        return await fetch(
            client,
            url,
            to,
            credentials=Credentials(token_for or url, {"authorization": "Bearer secret"}),
            max_bytes=1000,
            seconds=seconds,
            clock=SystemClock(),
            refusal=lambda response: TransientError(f"status {response.status_code}"),
        )


async def test_the_connection_goes_to_the_address_that_was_judged(
    files: tuple[Files, int], tmp_path: Path
) -> None:
    served, port = files
    # Nobody else knows this name, so a second look-up would fail; a rebound one would be refused.
    resolver = resolving(["127.0.0.1"], ["203.0.113.9"])
    url = f"http://space.example:{port}/file"
    assert await bring(url, tmp_path / "a", Guard([url], allow_private=True, resolver=resolver)) == 7
    assert resolver.asked == [("space.example", port)]
    assert served.seen[0]["host"] == f"space.example:{port}"
    assert served.seen[0]["authorization"] == "Bearer secret"
    assert (tmp_path / "a").read_text() == "content"


async def test_another_address_is_tried_when_the_first_does_not_answer(
    files: tuple[Files, int], tmp_path: Path
) -> None:
    _, port = files
    url = f"http://space.example:{port}/file"
    guard = Guard([url], allow_private=True, resolver=resolving(["127.0.0.2", "127.0.0.1"]))
    assert await bring(url, tmp_path / "a", guard) == 7


async def test_each_redirect_is_judged_anew(files: tuple[Files, int], tmp_path: Path) -> None:
    served, port = files
    resolver = resolving(["127.0.0.1"], ["10.0.0.1"])
    served.to = "http://elsewhere.example/file"
    url = f"http://space.example:{port}/on"
    with pytest.raises(ConfigError, match="private address"):
        await bring(url, tmp_path / "a", Guard([url], allow_private=True, resolver=resolver))
    assert [host for host, _ in resolver.asked] == ["space.example", "elsewhere.example"]


async def test_a_key_stays_with_its_host_port_and_scheme(files: tuple[Files, int], tmp_path: Path) -> None:
    served, port = files
    url, other = f"http://127.0.0.1:{port}/on", f"http://space.example:{port}/file"
    guard = Guard([url, other], allow_private=True, resolver=resolving(["127.0.0.1"]))
    served.to = other
    await bring(url, tmp_path / "a", guard)
    assert ["authorization" in headers for headers in served.seen] == [True, False]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("file:///etc/passwd", "leads to file:, which is refused"),
        ("ftp://127.0.0.1/x", "leads to ftp:"),
        ("//user:word@127.0.0.1/x", "with a password"),
        ("/on", "more than 5 redirects"),
    ],
)
async def test_a_redirect_out_of_http_or_in_a_circle_is_refused(
    files: tuple[Files, int], tmp_path: Path, to: str, said: str
) -> None:
    served, port = files
    served.to = to
    url = f"http://127.0.0.1:{port}/on"
    with pytest.raises(ConfigError, match=said):
        await bring(url, tmp_path / "a", Guard([url], allow_private=True))
    assert not (tmp_path / "a").exists()


async def test_a_file_that_stalls_is_not_waited_for(files: tuple[Files, int], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{files[1]}/slow"
    with pytest.raises(TransientError, match="in time"):
        await bring(url, tmp_path / "a", Guard([url], allow_private=True), seconds=0.05)


async def test_tls_is_proven_for_the_name_although_the_address_was_dialled(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    context = authority.server("DNS:space.example")
    served = Files()
    async with serving(served.app(), context) as port:

        async def get(host: str, ca: Path | None) -> int:
            url = f"https://{host}:{port}/file"
            guard = Guard([url], allow_private=True, resolver=resolving(["127.0.0.1"]))
            return await bring(url, tmp_path / host, guard, ca=ca)

        assert await get("space.example", authority.file) == 7
        for host, ca in (("other.example", authority.file), ("unknown-ca.example", None)):
            with pytest.raises(TransientError, match="cannot be fetched"):
                await get(host, ca)

        url = f"https://space.example:{port}/on"
        served.to = f"http://space.example:{port}/file"
        guard = Guard([url], allow_private=True, resolver=resolving(["127.0.0.1"]))
        with pytest.raises(ConfigError, match="from https to http"):
            await bring(url, tmp_path / "down", guard, ca=authority.file)


async def test_proxies_and_netrc_of_the_environment_are_not_asked(
    files: tuple[Files, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    url = f"http://127.0.0.1:{files[1]}/file"
    assert await bring(url, tmp_path / "a", Guard([url], allow_private=True)) == 7


def test_a_ca_file_that_is_none_is_the_operators_matter(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        trust(tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(WebTVError, match="ca_file"):
        trust(tmp_path / "empty.pem")
