"""Every route denies by default: one that does not state its permission is never reached."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from webtv.viewers.problems import Problem, respond

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_MARK = "__webtv_permission__"


class Permission(StrEnum):
    """What a visitor may be allowed to do."""

    WATCH = "watch"
    RATE = "rate"
    OBSERVE = "observe"


EVERYONE = frozenset({Permission.WATCH, Permission.RATE, Permission.OBSERVE})

Grants = Callable[[Scope], frozenset[Permission]]


def everyone(_scope: Scope) -> frozenset[Permission]:
    """The grants of a station without accounts: all may watch, rate and observe."""
    return EVERYONE


def permission(needed: Permission) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint with the permission that a visitor needs; stands below the route's decorator."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, needed)
        return endpoint

    return mark


def stated(route: BaseRoute) -> Permission | None:
    """The permission that a route states, or None; mounts and included routers state none."""
    value = getattr(getattr(route, "endpoint", None), _MARK, None)
    return value if isinstance(value, Permission) else None


class Gate:
    """ASGI middleware that lets a request through only to a route whose permission the visitor has.

    Args:
        app: what stands behind the gate.
        routes: gives the route table at the time of the request, in the order in which it is searched.
        grants: what the visitor may do.
    """

    def __init__(self, app: ASGIApp, routes: Callable[[], Iterator[BaseRoute]], grants: Grants) -> None:
        self._app = app
        self._routes = routes
        self._grants = grants

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        route = self._route(scope)
        needed = stated(route) if route is not None else None
        if route is None:
            problem = Problem(404, "not_found", "There is nothing at this address.", remedy="start at /")
        elif needed is None or needed not in self._grants(scope):
            problem = Problem(403, "forbidden", "You may not do this.")
        else:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem.detail})
            return
        await respond(problem, scope, receive, send)

    def _route(self, scope: Scope) -> BaseRoute | None:
        partial = None
        for route in self._routes():
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return route
            if match is Match.PARTIAL and partial is None:
                partial = route
        return partial
