"""Fetching what a server says it made: no more bytes, time or redirects than allowed, no key too many."""

import asyncio
import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from webtv.core.clock import Clock
from webtv.core.errors import ConfigError, ResourceError, TransientError, WebTVError
from webtv.studio.remote.guard import origin_of, packed, shown
from webtv.studio.remote.patience import within

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_BLOCK = 1 << 20
_SERVE = "have the server serve its videos itself, or from a public https address"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers that only one host may see.

    Attributes:
        url: an address at that host.
        headers: what it gets.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)

    def for_url(self, url: httpx.URL) -> Mapping[str, str]:
        """The headers if the URL is at that very host, port and scheme, nothing else."""
        ours = httpx.URL(self.url)
        same = ours.scheme == url.scheme and origin_of(ours) == origin_of(url)
        return self.headers if same else {}


Refusal = Callable[[httpx.Response], WebTVError]
"""Makes an error of an answer that is neither a file nor a redirect."""


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    to: Path,
    *,
    credentials: Credentials,
    max_bytes: int,
    seconds: float,
    clock: Clock,
    refusal: Refusal,
) -> int:
    """Bring a file here.

    Args:
        client: made by :func:`webtv.studio.remote.guard.guarded_client`: it judges each host that is met.
        url: where it is said to be.
        to: the file to write; it must not exist.
        credentials: for one host.
        max_bytes: size at most, whatever is announced.
        seconds: for all of it.
        clock: counts them.
        refusal: see :data:`Refusal`.

    Returns:
        Its size in bytes.

    Raises:
        ConfigError: too big, packed, not http(s), too many redirects, or a host that is refused. No other
            take would fare better, and this one is still there: whoever corrects it asks again.
        TransientError: it broke off, stalled, or the server failed.
        ResourceError: the disk is full.
    """
    place = shown(url)

    async def follow() -> int:
        nonlocal place
        target = _checked(url, None)
        for _ in range(_MOST_REDIRECTS + 1):
            place = shown(target)
            async with client.stream("GET", target, headers=credentials.for_url(target)) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    target = _checked(response.headers["location"], target)
                    continue
                if response.status_code != 200:
                    raise refusal(response)
                return await _save(response, to, max_bytes, place)
        raise ConfigError(f"more than {_MOST_REDIRECTS} redirects", place=place, remedy=_SERVE)

    try:
        return await within(clock, seconds, follow())
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TransientError("the file does not arrive in time", place=place) from error
    except httpx.DecodingError as error:
        raise packed(place) from error
    except httpx.RemoteProtocolError as error:
        raise TransientError("the file broke off before its end", place=place) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransientError(
            f"the file cannot be fetched ({type(error).__name__})", place=place, remedy="check the network"
        ) from error


def _checked(url: str, base: httpx.URL | None) -> httpx.URL:
    try:
        target = httpx.URL(url) if base is None else base.join(url)
    except httpx.InvalidURL:
        raise ConfigError("the answer leads to no address at all", remedy=_SERVE) from None
    if target.scheme not in ("http", "https") or not target.host:
        what = target.scheme or "no scheme"
        raise ConfigError(f"the answer leads to {what}:, which is refused", remedy=_SERVE)
    place = shown(target)
    if target.userinfo:
        raise ConfigError("the answer leads to an address with a password in it", place=place, remedy=_SERVE)
    if base is not None and base.scheme == "https" and target.scheme == "http":
        raise ConfigError("the answer leads from https to http, which is refused", place=place, remedy=_SERVE)
    return target


async def _save(response: httpx.Response, to: Path, max_bytes: int, place: str) -> int:
    too_big = ConfigError(
        f"the video is larger than {max_bytes / 1e6:g} MB",
        place=place,
        remedy="raise the endpoint's max_mb; the video that was made is fetched then",
    )
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise too_big
    size = 0
    block = bytearray()
    try:
        file = await asyncio.to_thread(to.open, "xb")
        try:
            async for part in response.aiter_raw():
                size += len(part)
                if size > max_bytes:
                    raise too_big
                block += part
                if len(block) >= _BLOCK:
                    await asyncio.to_thread(_write, file, block)
            await asyncio.to_thread(_write, file, block)
        finally:
            file.close()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceError("the disk is full", place=str(to.parent), remedy="make room") from error
        raise ConfigError(
            f"cannot be written: {error.strerror}", place=str(to.parent), remedy="let the station write there"
        ) from error
    return size


def _write(file: IO[bytes], block: bytearray) -> None:
    file.write(block)
    block.clear()
