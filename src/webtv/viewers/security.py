"""What protects viewers: headers on every answer, the host's name, and no writing from other sites."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webtv.viewers.problems import Problem, respond

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HEAD_KEY = "webtv.head"  # in the scope of a HEAD request, which routes see as GET
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_LIMIT = 64 * 1024


class Protection:
    """ASGI middleware; stands outside of everything else.

    Args:
        app: what it protects.
        hosts: names under which the station may be addressed, without port; empty allows all. A station
            that listens on loopback only sets its loopback names, so that no page can reach it by
            rebinding a name of its own.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            elif head and message["type"] == "http.response.body":
                message = {
                    "type": "http.response.body",
                    "body": b"",
                    "more_body": message.get("more_body", False),
                }
            await send(message)

        problem = self._refusal(scope)
        if problem is not None:
            await respond(problem, scope, receive, guarded)
            return
        # Every GET answers HEAD as well, with the same headers and no body; endless ones look for the key.
        await self._app({**scope, "method": "GET", HEAD_KEY: True} if head else scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts and _host_name(f"//{host}") not in self._hosts:
            return Problem(421, "wrong_host", "The station does not go by this name.")
        if scope["method"] in _SAFE:
            return None
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = site not in {"same-origin", "none"} if site else origin and _place(origin) != host
        if foreign:
            return Problem(403, "cross_site", "Requests from other sites may not change anything.")
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            return Problem(411, "length_required", "The body must say how long it is.")
        if int(length) > _BODY_LIMIT:
            return Problem(
                413, "too_large", "The body is too large.", remedy=f"send {_BODY_LIMIT} bytes at most"
            )
        return None


def _host_name(address: str) -> str:
    """The host that an address names; empty for what is no address."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    """Host and port of an origin; empty for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
