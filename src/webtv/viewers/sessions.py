"""The viewer's session: a random id from the server, so that people are counted and not their addresses."""

import re
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "webtv_viewer"
_ID = re.compile(r"[A-Za-z0-9_-]{22,64}")

NewSession = Callable[[], str]


def random_session() -> str:
    """A new id of 144 random bits."""
    return secrets.token_urlsafe(18)


def session_of(request: Request) -> str | None:
    """The id that the viewer brought back, or None."""
    value = request.cookies.get(COOKIE, "")
    return value if _ID.fullmatch(value) else None


def give_session(request: Request, response: Response, new: NewSession) -> None:
    """Give the viewer an id unless there is one; it ends with the browser's session."""
    if session_of(request) is None:
        response.set_cookie(
            COOKIE, new(), httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/"
        )
