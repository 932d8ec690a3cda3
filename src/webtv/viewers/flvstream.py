"""The route of HTTP-FLV, and the server under it: live streams in, no stale seconds out."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from webtv.air.endless import STALL, EndlessAnswer
from webtv.air.flv import FLV_TYPE
from webtv.core.clock import Clock
from webtv.core.errors import RateLimited, ResourceError, TransientError, WebTVError
from webtv.probe.subscription import PROBE_AGENT
from webtv.themes.channel import SLUG
from webtv.viewers.allowance import network
from webtv.viewers.fanout import Fanout
from webtv.viewers.permissions import Permission, permission
from webtv.viewers.problems import Problem, not_found
from webtv.viewers.security import HEAD_KEY
from webtv.viewers.sessions import NewSession
from webtv.viewers.station import HEARTBEAT_SECONDS, Station

_UNSENT = 128 * 1024  # bytes that may wait in the kernel for one reader
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_PAGE = {"sec-fetch-mode", "referer"}  # what pages send; they tell by themselves that somebody watches
_BUSY = {"Retry-After": "10"}
_SOON = {"Retry-After": "2"}


def add_live(
    app: FastAPI, station: Station, clock: Clock, fanout: Fanout | None, new_session: NewSession
) -> None:
    """Add the route.

    Args:
        app: gets it.
        station: knows the channels, and counts viewers.
        clock: tells when a viewer is counted again.
        fanout: sends; None where there is no head-end to ask.
        new_session: makes the session under which a viewer without a page is counted.
    """

    @app.get("/live/{slug}.flv", tags=["live"], response_class=Response, summary="Live stream, FLV")
    @permission(Permission.WATCH)
    async def flv(request: Request, slug: Annotated[str, Path(description="The channel.")]) -> Response:
        """HTTP-FLV, a second or two behind the air: the last keyframe at once, then as it comes."""
        if not SLUG.fullmatch(slug) or station.hls_folder(slug) is None:
            raise not_found("channel", slug)
        head = HEAD_KEY in request.scope
        if fanout is None:
            raise _unavailable("there is no head-end", _BUSY)
        if head:
            return EndlessAnswer(_nothing(), FLV_TYPE, _HEADERS, head=True)
        try:
            # As the socket says: anybody may write anything into X-Forwarded-For.
            pieces = await fanout.join(slug, network(request.client.host if request.client else ""))
        except RateLimited:
            raise
        except ResourceError as error:
            raise _unavailable(error.message, _BUSY) from error
        except TransientError as error:
            raise _unavailable("The channel sends nothing now.", _SOON) from error
        measures = request.headers.get("user-agent", "").startswith(PROBE_AGENT)
        if _PAGE.isdisjoint(request.headers) and not measures:
            pieces = _counted(pieces, station, slug, clock, new_session())
        return EndlessAnswer(pieces, FLV_TYPE, _HEADERS)


def _unavailable(detail: str, headers: dict[str, str]) -> Problem:
    return Problem(
        503,
        "unavailable",
        detail,
        remedy="try again after Retry-After seconds, or watch the HLS stream",
        headers=headers,
    )


async def _nothing() -> AsyncGenerator[bytes, None]:
    return
    yield b""


async def _counted(
    pieces: AsyncGenerator[bytes, None], station: Station, slug: str, clock: Clock, session: str
) -> AsyncGenerator[bytes, None]:
    """The same pieces, and a sign of life of their viewer now and then."""
    heard = clock.monotonic() - HEARTBEAT_SECONDS
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
            if clock.monotonic() - heard >= HEARTBEAT_SECONDS:
                heard = clock.monotonic()
                with suppress(WebTVError):
                    await station.heartbeat(session, slug)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line tells something: that a reader took nothing any more is no error of the application."""
    return not record.getMessage().startswith("ASGI callable returned without completing response")


class LiveServer(uvicorn.Server):
    """Uvicorn whose connections keep little in the kernel.

    What waits there is out of our reach: a reader that is slow would see it all, seconds late, before the
    keyframe to which it is set forward. Who takes nothing any more, or never finishes asking, is let go of,
    so that nobody can use descriptors up by doing nothing.

    Args:
        config: as Uvicorn's.
        asking: seconds that the first request of a connection may take to arrive.
    """

    def __init__(self, config: uvicorn.Config, asking: float = 10.0) -> None:
        super().__init__(config)
        if not config.loaded:
            config.load()
        usual: Any = config.http_protocol_class

        class Prompt(usual):  # type: ignore[misc]
            """The usual protocol, for those who ask something."""

            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                self._asked = asyncio.get_running_loop().call_later(asking, self._let_go)

            def connection_lost(self, error: Exception | None) -> None:
                self._asked.cancel()
                super().connection_lost(error)

            def _let_go(self) -> None:
                if self.cycle is None:
                    self.transport.abort()

        config.http_protocol_class = Prompt
        logging.getLogger("uvicorn.error").addFilter(_is_news)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        options = (("TCP_NOTSENT_LOWAT", _UNSENT), ("TCP_USER_TIMEOUT", round(1000 * STALL)))
        for server in self.servers:
            for listener in server.sockets:
                for name, value in options:  # connections inherit them
                    option = getattr(socket, name, None)
                    if option is not None and listener.family in (socket.AF_INET, socket.AF_INET6):
                        listener.setsockopt(socket.IPPROTO_TCP, option, value)
