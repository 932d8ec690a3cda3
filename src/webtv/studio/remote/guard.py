"""Which machines may be spoken to. An address that came from elsewhere never reaches into a private network.

A name is resolved here, all its addresses are judged, and the connection goes to the very address that was
judged, so a name that resolves differently a moment later (DNS rebinding) gains nothing. Addresses that the
operator wrote into an endpoint may be private if he said so; everything that a server redirects to or
answers with may not.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import httpx

from webtv.core.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Gives the numeric addresses of a host; raises OSError if there are none."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_MOST = 4  # addresses of a host that are tried
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")
_ASSIGNMENTS = ipaddress.ip_network("192.0.0.0/24")  # some of them pass for global; none is anybody's server


async def resolve(host: str, port: int) -> list[str]:
    """Ask the machine's own resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def shown(url: str | httpx.URL) -> str:
    """A URL for people: scheme, host and path; never credentials or a query, in which keys travel."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return "…"
    if not parts.host:
        return "…"
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    port = "" if parts.port is None else f":{parts.port}"
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{host}{port}{path}"[:160]


def origin_of(url: str | httpx.URL) -> tuple[str, int]:
    """Host, in small letters without a dot at its end, and port of an http(s) URL."""
    parts = httpx.URL(url)
    return parts.host.lower().rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)


def trouble_with(address: str) -> str:
    """Why a numeric address is not one of the public internet; empty if it is.

    Addresses within addresses (mapped, compatible, 6to4, NAT64) are judged by what is inside.
    """
    try:
        ip: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    if (inner := _inside(ip)) is not None:
        return trouble_with(str(inner))
    kinds = (
        ("a loopback address", ip.is_loopback),
        ("a link-local address", ip.is_link_local),
        ("a multicast address", ip.is_multicast),
        ("an unspecified address", ip.is_unspecified),
        ("a private address", ip.is_private or ip in _LOCAL_NAT64 or _is_site_local(ip)),
        ("a reserved address", ip.is_reserved or not ip.is_global or ip in _ASSIGNMENTS),
    )
    return next((kind for kind, applies in kinds if applies), "")


def _is_site_local(ip: IPAddress) -> bool:
    return isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local


def _inside(ip: IPAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a packet for an IPv6 one goes in the end."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


class Guard:
    """Admits connections.

    Args:
        named: addresses that the operator wrote down.
        allow_private: whether those may be private.
        resolver: looks hosts up.
    """

    def __init__(
        self, named: Iterable[str] = (), *, allow_private: bool = False, resolver: Resolver = resolve
    ) -> None:
        self._named = frozenset(origin_of(url) for url in named if "://" in url)
        self._allow_private = allow_private
        self._resolver = resolver

    async def admit(self, host: str, port: int) -> list[str]:
        """The addresses of a host to which a connection may go now.

        Raises:
            ConfigError: the host is private, and the operator did not name it or did not allow that.
            TransientError: the name cannot be resolved.
        """
        place = f"{host}:{port}"
        named = (host.lower().rstrip("."), port) in self._named
        try:
            addresses = await self._resolver(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            raise TransientError(
                "the name cannot be resolved", place=place, remedy="check the name and the network"
            ) from error
        if not addresses:
            raise TransientError(
                "the name has no address", place=place, remedy="check the name and the network"
            )
        if named and self._allow_private:
            return addresses[:_MOST]
        # One private address among public ones is how a trap looks, so one is enough.
        if trouble := next((what for what in map(trouble_with, addresses) if what), ""):
            if named:
                raise ConfigError(
                    f"this is {trouble}",
                    place=place,
                    remedy="set allow_private to true for the endpoint if that is meant",
                )
            raise ConfigError(
                f"the answer leads to {trouble}, which is refused",
                place=place,
                remedy="have the server answer with public addresses, or name this one among the endpoint's "
                "and set allow_private",
            )
        return addresses[:_MOST]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends each request to an address that the guard admitted a moment ago.

    TLS still proves the name: it goes along as server name, and the certificate must be for it.

    Args:
        guard: admits.
        context: decides whose certificates are trusted.
    """

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        self._guard = guard
        # No connection is kept: one made for a name must not serve another name at the same address.
        self._inner = httpx.AsyncHTTPTransport(
            verify=context, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            WebTVError: see :meth:`Guard.admit`.
            httpx.DecodingError: the answer is packed; not a byte of it is read.
            httpx.TransportError: as httpx does.
        """
        host, port = origin_of(request.url)
        # What is read is counted as it comes, so nothing may grow by unpacking.
        request.headers["accept-encoding"] = "identity"
        failure: httpx.TransportError | None = None
        for address in await self._guard.admit(request.url.host, port):
            direct = httpx.Request(
                request.method,
                request.url.copy_with(host=address.partition("%")[0]),
                headers=request.headers,  # with the Host that was asked for
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await _plain(await self._inner.handle_async_request(direct), request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("the host has no address")

    async def aclose(self) -> None:
        """Close connections."""
        await self._inner.aclose()


async def _plain(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """An answer as it is; httpx would unpack a packed one without asking how large it becomes."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity"):
        return response
    await response.aclose()
    raise httpx.DecodingError("the answer is packed", request=request)


def packed(place: str) -> ConfigError:
    """The error that a :class:`httpx.DecodingError` of a guarded client amounts to."""
    return ConfigError(
        "the answer is packed, which nobody asked for",
        place=place,
        remedy="have the server, or the proxy before it, heed `Accept-Encoding: identity`",
    )


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whose certificates are trusted: the usual authorities, or those in a file.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=str(ca_file or certifi.where()))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"ca_file cannot be read: {error.strerror or 'it holds no certificates'}",
            place="WEBTV_ENDPOINTS",
            remedy="write the path of a PEM file",
        ) from error


@asynccontextmanager
async def guarded_client(guard: Guard, context: ssl.SSLContext) -> "AsyncIterator[httpx.AsyncClient]":
    """An HTTP client that goes where the guard lets it, follows no redirect and knows no proxy or netrc."""
    transport = GuardedTransport(guard, context)
    timeout = httpx.Timeout(30.0, connect=10.0)
    headers = {"user-agent": "WebTV", "accept-encoding": "identity"}
    async with httpx.AsyncClient(
        transport=transport, timeout=timeout, headers=headers, trust_env=False
    ) as client:
        yield client
