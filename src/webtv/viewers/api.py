"""Routes of the API: channels, clips, heartbeats, ratings, health and metrics."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from webtv.core.clock import Clock
from webtv.viewers import schemas
from webtv.viewers.allowance import Allowance
from webtv.viewers.documentation import document
from webtv.viewers.fanout import Fanout
from webtv.viewers.metrics import CONTENT_TYPE, Metrics
from webtv.viewers.permissions import Permission, permission
from webtv.viewers.problems import Problem, not_found
from webtv.viewers.sessions import Sessions
from webtv.viewers.station import HEARTBEAT_SECONDS, ChannelView, Station

Slug = Annotated[str, Path(description="The channel's name in addresses.", max_length=40)]
ClipId = Annotated[str, Path(description="Id of the clip.", max_length=40)]
Spend = Callable[[str, Request], None]


def add_api(app: FastAPI, station: Station, clock: Clock, metrics: Metrics, sessions: Sessions) -> None:
    """Add the routes."""
    allowance = Allowance(clock)

    def spend(session: str, request: Request) -> None:
        # As the socket says: anybody may write anything into X-Forwarded-For.
        allowance.spend(session, request.client.host if request.client else "")

    _add_channels(app, station, clock, sessions, spend)
    _add_clips(app, station, sessions, spend)
    _add_health(app, station, metrics)

    @app.get("/openapi.json", include_in_schema=False)
    @permission(Permission.WATCH)
    async def schema() -> JSONResponse:
        return JSONResponse(document(app))


def _add_channels(app: FastAPI, station: Station, clock: Clock, sessions: Sessions, spend: Spend) -> None:
    async def find(slug: str) -> ChannelView:
        view = await station.channel(slug)
        if view is None:
            raise not_found("channel", slug)
        return view

    @app.get("/api/channels", tags=["channels"], summary="All channels")
    @permission(Permission.WATCH)
    async def channels() -> list[schemas.ChannelOut]:
        """Every channel with what it shows now and next."""
        return [schemas.ChannelOut.of_view(view) for view in await station.channels()]

    @app.get("/api/channels/{slug}", tags=["channels"], summary="One channel")
    @permission(Permission.WATCH)
    async def channel(slug: Slug) -> schemas.ChannelOut:
        """One channel with what it shows now and next."""
        return schemas.ChannelOut.of_view(await find(slug))

    @app.get("/api/channels/{slug}/now", tags=["channels"], summary="On air around now")
    @permission(Permission.WATCH)
    async def now(slug: Slug, response: Response) -> schemas.NowOut:
        """The timeline around now. A player is seconds behind the air: it shows the entry at its own time."""
        response.headers["Cache-Control"] = "no-store"
        return schemas.NowOut.of_view(await find(slug), clock.time())

    @app.post("/api/channels/{slug}/heartbeat", tags=["channels"], summary="I am watching")
    @permission(Permission.WATCH)
    async def heartbeat(slug: Slug, request: Request, response: Response) -> schemas.Heard:
        """Send it every 15 seconds while playing. It counts once the session cookie comes back with it."""
        session = sessions.of(request)
        if session is not None:
            spend(session, request)
        view = await find(slug)
        sessions.give(request, response)
        response.headers["Cache-Control"] = "no-store"
        viewers = await station.heartbeat(session, slug) if session else None
        return schemas.Heard(
            viewers=view.viewers if viewers is None else viewers,
            counted=viewers is not None,
            again_after=HEARTBEAT_SECONDS,
        )


def _add_clips(app: FastAPI, station: Station, sessions: Sessions, spend: Spend) -> None:
    @app.get("/api/clips", tags=["clips"], summary="Clips, newest first")
    @permission(Permission.WATCH)
    async def clips(
        cursor: Annotated[str | None, Query(description="From an earlier answer.", max_length=200)] = None,
        limit: Annotated[int, Query(description="Clips at most.", ge=1, le=100)] = 20,
        channel: Annotated[str | None, Query(description="Only of this channel.", max_length=40)] = None,
    ) -> schemas.ClipsOut:
        """The catalogue, a page at a time."""
        return schemas.ClipsOut.of_page(await station.clips(cursor, limit, channel))

    @app.get("/api/clips/{clip_id}", tags=["clips"], summary="One clip")
    @permission(Permission.WATCH)
    async def clip(clip_id: ClipId) -> schemas.ClipOut:
        """One clip with its whole provenance."""
        view = await station.clip(clip_id)
        if view is None:
            raise not_found("clip", clip_id)
        return schemas.ClipOut.of_view(view)

    @app.put("/api/clips/{clip_id}/rating", tags=["clips"], summary="Rate a clip")
    @permission(Permission.RATE)
    async def rate(clip_id: ClipId, stars: schemas.Stars, request: Request) -> schemas.ClipOut:
        """1 to 5 stars, one rating per session; a second one replaces the first."""
        session = sessions.of(request)
        if session is None:
            raise Problem(403, "no_session", "A rating needs a session.", remedy="open a watch page first")
        spend(session, request)
        view = await station.rate(clip_id, session, stars.stars)
        if view is None:
            raise not_found("clip", clip_id)
        return schemas.ClipOut.of_view(view)


def _add_health(app: FastAPI, station: Station, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["health"], summary="Do the web pages work?")
    @permission(Permission.OBSERVE)
    async def live(response: Response) -> schemas.HealthOut:
        """200, or 503 while the database cannot be read."""
        health = await station.health()
        response.status_code = 200 if health.live else 503
        return schemas.HealthOut.of_health(health, ok=health.live)

    @app.get("/readyz", tags=["health"], summary="Can viewers watch?")
    @permission(Permission.OBSERVE)
    async def ready(response: Response) -> schemas.HealthOut:
        """200, or 503 with the reasons."""
        health = await station.health()
        response.status_code = 200 if health.live and health.ready else 503
        return schemas.HealthOut.of_health(health, ok=health.live and health.ready)

    @app.get("/metrics", tags=["health"], summary="For Prometheus", response_class=PlainTextResponse)
    @permission(Permission.OBSERVE)
    async def scrape(request: Request) -> Response:
        """Requests, every channel's state, buffer and viewers, the head-end's figures and the probe's."""
        fanout: Fanout | None = request.app.state.fanout
        live = fanout.readings() if fanout is not None else ()
        body = metrics.scrape(
            await station.channels(), await station.health(), await station.measurements(), live
        )
        return Response(body, media_type=CONTENT_TYPE)
