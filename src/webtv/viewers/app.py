"""The web application: every route in one table, and what stands in front of it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.viewers import problems
from webtv.viewers.api import add_api
from webtv.viewers.fanout import Fanout, Feed
from webtv.viewers.files import add_files
from webtv.viewers.flvstream import add_live
from webtv.viewers.metrics import Counting, Metrics
from webtv.viewers.pages import add_pages
from webtv.viewers.permissions import Gate, Grants, everyone
from webtv.viewers.problems import LastResort, Problem
from webtv.viewers.security import Protection
from webtv.viewers.sessions import NewSession, Sessions, random_session
from webtv.viewers.station import Station
from webtv.viewers.tuning import add_tuning


@dataclass(frozen=True, slots=True)
class Site:
    """What an operator decides about the web pages.

    Attributes:
        name: the station's name in titles.
        hosts: host names under which it answers; empty for all. Give ``LOOPBACK`` where it listens on
            loopback only, and with it the names by which a proxy on the same machine asks.
    """

    name: str = "WebTV"
    hosts: frozenset[str] = frozenset()


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def create_app(
    station: Station,
    clock: Clock,
    site: Site = Site(),
    *,
    grants: Grants = everyone,
    session_key: bytes | None = None,
    new_session: NewSession = random_session,
    feed: Feed | None = None,
) -> FastAPI:
    """Build the application. It holds nothing that another web process would need.

    Args:
        station: what there is to see.
        clock: times requests and stamps answers.
        site: the operator's choices.
        grants: what a visitor may do; decides before any route is reached.
        session_key: signs the viewers' sessions; without one they end with the process.
        new_session: makes the random id of a viewer's session.
        feed: subscribes to a channel's slices at the head-end, for HTTP-FLV.
    """
    metrics = Metrics()
    sessions = Sessions(session_key or secrets.token_bytes(32), new_session)

    def routes() -> Iterator[BaseRoute]:
        return iter(app.router.routes)

    app = FastAPI(
        title=site.name,
        version=version("webtv"),
        description="Channels on air, what they show, and how to watch them.",
        openapi_url=None,  # the documentation is a page of ours: FastAPI's asks other origins
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Protection, hosts=site.hosts),
            Middleware(LastResort),
            Middleware(Counting, metrics=metrics, clock=clock),
            Middleware(Gate, routes=routes, grants=grants),
            Middleware(GZipMiddleware, minimum_size=600, compresslevel=6),
        ],
    )
    for error in (Problem, RequestValidationError, HTTPException, WebTVError):
        app.add_exception_handler(error, problems.handle)
    app.state.site = site
    add_pages(app, station, clock, sessions)
    add_files(app, station)
    add_tuning(app, station)
    app.state.fanout = Fanout(feed, clock) if feed is not None else None
    add_live(app, station, clock, app.state.fanout, new_session)
    add_api(app, station, clock, metrics, sessions)
    return app
