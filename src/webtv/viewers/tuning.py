"""Routes for IPTV players: the channels as M3U, the guide as XMLTV, logos."""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from webtv.viewers.guide import m3u, xmltv
from webtv.viewers.logos import logo
from webtv.viewers.media import FOREVER
from webtv.viewers.permissions import Permission, permission
from webtv.viewers.problems import Problem
from webtv.viewers.station import ChannelGuide, Station

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_LOGO = re.compile(r"[0-9a-f]{6}\.png")
_KEPT = 8  # texts that are remembered, for as many addresses by which players ask
_CACHE = "public, max-age=30"  # what comes next changes with every sequence

Guide = tuple[ChannelGuide, ...]


def add_tuning(app: FastAPI, station: Station) -> None:
    """Add the routes."""
    written = _Written()

    @app.get("/guide.xml", tags=["live"], response_class=Response, summary="Guide of all channels, XMLTV")
    @permission(Permission.WATCH)
    async def guide(request: Request) -> Response:
        """What aired in the last two hours, airs and will air; asking every few minutes is welcome."""

        def write(guides: Guide, base: str) -> str:
            return xmltv(guides, base, app.title, app.version)

        text = await written.text("guide", await station.guide(), _base(request), write)
        return _answer(request, text, "application/xml")

    @app.get("/channels.m3u", tags=["live"], response_class=Response, summary="List of channels, M3U")
    @permission(Permission.WATCH)
    async def channels(request: Request) -> Response:
        """For IPTV players: the HLS address of every channel, and where the guide is."""

        def write(guides: Guide, base: str) -> str:
            return m3u(guides, base, app.title)

        text = await written.text("channels", await station.guide(), _base(request), write)
        return _answer(request, text, "audio/x-mpegurl")

    @app.get("/logos/{name}", tags=["live"], response_class=Response, summary="Logo of a channel")
    @permission(Permission.WATCH)
    async def logos(
        name: Annotated[str, Path(description="The colour, six hexadecimal digits, and .png.")],
    ) -> Response:
        """A PNG. It never changes, so it may be kept for ever."""
        known = {guide.accent.removeprefix("#").lower() for guide in await station.guide()}
        if not _LOGO.fullmatch(name) or name.removesuffix(".png") not in known:
            raise Problem(
                404, "not_found", "There is no such logo.", remedy="take addresses from /channels.m3u"
            )
        body = await asyncio.to_thread(logo, name.removesuffix(".png"))
        return Response(body, 200, {"Cache-Control": FOREVER}, "image/png")


def _base(request: Request) -> str:
    """The station's address as the player reached it: scheme as a proxy on this machine says, host as asked.

    Raises:
        Problem: the host's name is none.
    """
    if not _HOST.fullmatch(request.url.netloc):
        raise Problem(400, "bad_host", "The host's name is not one.", remedy="ask by a plain host name")
    return str(request.base_url).rstrip("/")


def _answer(request: Request, text: "_Text", media_type: str) -> Response:
    headers = {"Cache-Control": _CACHE, "ETag": text.etag, "Vary": "Accept-Encoding"}
    known = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if text.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(text.zipped, 200, {**headers, "Content-Encoding": "gzip"}, media_type)
    return Response(text.body, 200, headers, media_type)


@dataclass(frozen=True, slots=True)
class _Text:
    guides: Guide
    body: bytes
    zipped: bytes
    etag: str


class _Written:
    """What was written lately: hours of programmes are megabytes, and a loop that zips them serves nobody."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], _Text] = {}
        self._turn = asyncio.Lock()

    async def text(self, what: str, guides: Guide, base: str, write: Callable[[Guide, str], str]) -> _Text:
        """The text for these guides and this address, written in a thread unless it is there."""
        async with self._turn:
            found = self._texts.pop((what, base), None)
            if found is None or found.guides != guides:
                found = await asyncio.to_thread(_text, guides, base, write)
            self._texts[what, base] = found  # the latest last
            while len(self._texts) > _KEPT:
                del self._texts[next(iter(self._texts))]
            return found


def _text(guides: Guide, base: str, write: Callable[[Guide, str], str]) -> _Text:
    body = write(guides, base).encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return _Text(guides, body, gzip.compress(body, 6, mtime=0), etag)
