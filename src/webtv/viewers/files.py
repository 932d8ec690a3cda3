"""Routes of files: live streams, posters, and what the pages are made of."""

import re
from typing import Annotated

from fastapi import FastAPI, Path
from starlette.requests import Request
from starlette.responses import Response

from webtv.themes.channel import SLUG
from webtv.viewers.assets import assets, version
from webtv.viewers.media import FOREVER, LIVE_NAME, live_cache, send_file
from webtv.viewers.permissions import Permission, permission
from webtv.viewers.problems import Problem, not_found
from webtv.viewers.station import Station

_SHA = re.compile(r"[0-9a-f]{64}")


def add_files(app: FastAPI, station: Station) -> None:
    """Add the routes."""

    @app.get("/hls/{slug}/{file}", tags=["live"], response_class=Response, summary="Live playlist or segment")
    @permission(Permission.WATCH)
    async def live(
        request: Request,
        slug: Annotated[str, Path(description="The channel.")],
        file: Annotated[str, Path(description="index.m3u8 or what it names.")],
    ) -> Response:
        """HLS: index.m3u8 is the live playlist; byte ranges are answered."""
        folder = station.hls_folder(slug) if SLUG.fullmatch(slug) else None
        if folder is None:
            raise not_found("channel", slug)
        answer = None
        if LIVE_NAME.fullmatch(file):
            answer = await send_file(request, folder / file, live_cache(file))
        if answer is None:
            raise Problem(
                404,
                "not_found",
                "This part of the stream is not there.",
                remedy=f"begin at /hls/{slug}/index.m3u8; segments leave when the live window moves on",
            )
        return answer

    @app.get("/posters/{name}", tags=["live"], response_class=Response, summary="Poster of a clip")
    @permission(Permission.WATCH)
    async def poster(
        request: Request,
        name: Annotated[str, Path(description="SHA-256 and .jpg, as other answers give it.")],
    ) -> Response:
        """A JPEG. It never changes, so it may be kept for ever."""
        sha = name.removesuffix(".jpg")
        path = await station.poster_path(sha) if name.endswith(".jpg") and _SHA.fullmatch(sha) else None
        answer = await send_file(request, path, FOREVER) if path is not None else None
        if answer is None:
            raise Problem(
                404, "not_found", "There is no such poster.", remedy="take addresses from /api/clips"
            )
        return answer

    @app.get("/static/{digest}/{name:path}", include_in_schema=False)
    @permission(Permission.WATCH)
    async def static(request: Request, digest: str, name: str) -> Response:
        asset = assets().get(name)
        if asset is None:
            raise Problem(404, "not_found", "There is no such file.")
        headers = {
            "ETag": asset.etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": FOREVER if digest == version() else "no-cache",
        }
        if request.headers.get("if-none-match") == asset.etag:
            return Response(status_code=304, headers=headers)
        body = asset.body
        if asset.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = asset.zipped
        return Response(body, 200, headers, asset.media_type)
