"""The route of HTTP-FLV, and the server under it: live streams in, no stale seconds out."""

import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from webtv.air.endless import EndlessAnswer
from webtv.air.flv import FLV_TYPE
from webtv.core.clock import Clock
from webtv.core.errors import RateLimited, ResourceError, TransientError, WebTVError
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
        if _PAGE.isdisjoint(request.headers):
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


class LiveServer(uvicorn.Server):
    """Uvicorn whose connections keep little in the kernel.

    What waits there is out of our reach: a reader that is slow would see it all, seconds late, before the
    keyframe to which it is set forward.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        for server in self.servers:
            for listener in server.sockets:
                if option is not None and listener.family in (socket.AF_INET, socket.AF_INET6):
                    listener.setsockopt(socket.IPPROTO_TCP, option, _UNSENT)  # its connections inherit it
