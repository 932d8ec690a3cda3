"""Routes of pages: channels on air, watch, and the documentation of the API."""

import asyncio
import re

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from webtv.core.clock import Clock
from webtv.viewers.documentation import document, fields, operations
from webtv.viewers.opening import read_opening
from webtv.viewers.permissions import Permission, permission
from webtv.viewers.problems import not_found
from webtv.viewers.programmes import coming
from webtv.viewers.rendering import page
from webtv.viewers.schemas import NowOut
from webtv.viewers.sessions import Sessions
from webtv.viewers.station import HEARTBEAT_SECONDS, Station

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_UP_NEXT = 4


def add_pages(app: FastAPI, station: Station, clock: Clock, sessions: Sessions) -> None:
    """Add the routes."""

    @app.get("/", include_in_schema=False)
    @permission(Permission.WATCH)
    async def index(request: Request) -> Response:
        views = await station.channels()
        following = {view.slug: coming(view, 1) for view in views}
        return page("channels.html", request, channels=views, following=following, now=clock.time())

    @app.get("/c/{slug}", include_in_schema=False)
    @permission(Permission.WATCH)
    async def watch(request: Request, slug: str) -> Response:
        view = await station.channel(slug)
        if view is None:
            raise not_found("channel", slug)
        folder = station.hls_folder(slug)
        now = clock.time()
        # Who saves data is asked before anything plays, so nothing may be fetched ahead for them.
        ahead = folder is not None and request.headers.get("save-data") != "on"
        opening = await asyncio.to_thread(read_opening, folder, now) if folder and ahead else None
        answer = page(
            "watch.html",
            request,
            channel=view,
            following=coming(view, _UP_NEXT),
            others=[other for other in await station.channels() if other.slug != slug],
            timeline=NowOut.of_view(view, now).model_dump(mode="json"),
            heartbeat=HEARTBEAT_SECONDS,
            opening=opening,
            now=now,
        )
        sessions.give(request, answer)
        return answer

    @app.get("/accents.css", include_in_schema=False)
    @permission(Permission.WATCH)
    async def accents() -> Response:
        # The content policy allows no style attribute, so each channel's colour comes as a rule.
        rules = "".join(
            f'[data-channel="{view.slug}"]{{--accent:{view.accent}}}\n'
            for view in await station.channels()
            if _COLOUR.fullmatch(view.accent)
        )
        return Response(rules, headers={"Cache-Control": "no-cache"}, media_type="text/css; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    @permission(Permission.WATCH)
    async def documentation(request: Request) -> Response:
        api = document(app)
        return page("docs.html", request, api=api, groups=operations(api), schemas=fields(api))
