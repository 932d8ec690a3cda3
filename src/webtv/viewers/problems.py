"""Errors over HTTP: RFC 9457 problem details for programs, a page for people."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webtv.core.errors import Category, WebTVError
from webtv.viewers.rendering import page

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    Category.INPUT: 422,
    Category.CONFIG: 500,
    Category.SAFETY: 422,
    Category.CONFLICT: 409,
    Category.COMPONENT: 503,
    Category.TRANSIENT: 503,
    Category.RATE_LIMIT: 429,
    Category.RESOURCE: 507,
    Category.QUALITY: 422,
    Category.INTERNAL: 500,
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}


class Problem(Exception):
    """One error on its way to a client; raise it or answer with :func:`respond`.

    Args:
        status: HTTP status.
        code: stable name that programs may compare.
        detail: what is wrong, as a sentence.
        remedy: what to do about it.
        field: which part of the request is wrong, e.g. ``query.limit``.
        headers: headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str = "",
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.field = field
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


def not_found(what: str, name: str) -> Problem:
    """The answer where a channel, clip or file does not exist."""
    return Problem(
        404, "not_found", f"There is no {what} {name[:80]!r}.", remedy=f"list them at /api/{what}s"
    )


def problem_of(error: Exception) -> Problem:
    """Translate any exception; what is not meant for strangers is not in it."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            return Problem(
                422, "invalid", f"{first['msg']}.", remedy="see /docs for what is allowed", field=where
            )
        case HTTPException():
            code = _CODES.get(error.status_code, f"http_{error.status_code}")
            detail = f"{HTTPStatus(error.status_code).phrase}."
            return Problem(error.status_code, code, detail, headers=error.headers)
        case WebTVError(category=category) if _STATUS[category] < 500:
            wait = getattr(error, "retry_after", None)
            headers = {} if wait is None else {"Retry-After": str(max(1, round(wait)))}
            return Problem(
                _STATUS[category], category.value, error.message, error.remedy, _field(error.place), headers
            )
        case WebTVError(category=category):
            return Problem(_STATUS[category], category.value, "The station has a problem of its own.")
        case _:
            return Problem(500, "internal", "The station has a problem of its own.", remedy="try again later")


def _field(place: str) -> str | None:
    """The part of a request that an error names; a place on our disk is nobody's business."""
    return place if place and "/" not in place else None


def response(problem: Problem, scope: Scope) -> Response:
    """The answer in the form that the client reads."""
    request = Request(scope)
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **problem.headers}
    accepted = request.headers.get("accept", "")
    if "text/html" in accepted and not scope["path"].startswith(("/api/", "/hls/")):
        return page("error.html", request, problem.status, headers, problem=problem)
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": scope["path"],
        "code": problem.code,
        "field": problem.field,
        "remedy": problem.remedy,
    }
    return JSONResponse(body, problem.status, headers, MEDIA_TYPE)


async def respond(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an ASGI request with a problem."""
    await response(problem, scope)(scope, receive, send)


async def handle(request: Request, error: Exception) -> Response:
    """Exception handler for FastAPI."""
    return response(problem_of(error), request.scope)


class LastResort:
    """ASGI middleware: what nobody caught is logged and answered with 500, without a trace of its inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger("webtv.viewers")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # the only place where everything is caught
            self._log.exception("viewers.request.failed", path=scope["path"], error=type(error).__name__)
            if started:
                raise
            await respond(problem_of(error), scope, receive, send)
