"""A real server with OpenAI's ``/v1/videos`` shape on a free loopback port, which misbehaves on demand."""

import asyncio
import contextlib
import email
import email.policy
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from films import film, pictures
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[[Request], Awaitable[Response | None]]


@dataclass
class VideosServer:
    """What it was asked, and what it is to answer.

    Attributes:
        submits: bodies of all submissions, oldest first.
        seen: method, path and headers of every request.
        looks: polls so far.
        deleted: ids of cancelled jobs.
        states: what polls find, in order; the last one stays.
        on_submit: answers a submission in its place; None answers as usual.
        on_look: likewise a poll.
        on_content: likewise a download.
        on_delete: likewise a cancellation.
        sent: bytes of endless content that went out.
    """

    port: int = 0
    scheme: str = "http"
    submits: list[dict[str, Any]] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    looks: int = 0
    deleted: list[str] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=lambda: [{"status": "completed", "progress": 100}])
    on_submit: Answer | None = None
    on_look: Answer | None = None
    on_content: Answer | None = None
    on_delete: Answer | None = None
    sent: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def headers(self, method: str, index: int = 0) -> dict[str, str]:
        """Headers of the n-th request with this method."""
        return [headers for verb, _, headers in self.seen if verb == method][index]

    def app(self) -> Starlette:
        """Its routes."""
        return Starlette(
            routes=[
                Route("/v1/videos", self._submit, methods=["POST"]),
                Route("/v1/videos/{id}", self._look, methods=["GET"]),
                Route("/v1/videos/{id}", self._delete, methods=["DELETE"]),
                Route("/v1/videos/{id}/content", self._content),
            ]
        )

    async def endless(self) -> AsyncIterator[bytes]:
        """Ten gigabytes, counted as they go out."""
        for _ in range(10_000):
            self.sent += 1_000_000
            yield bytes(1_000_000)
            await asyncio.sleep(0)  # so that the server hears that nobody listens any more

    def _note(self, request: Request) -> None:
        self.seen.append((request.method, request.url.path, dict(request.headers)))

    async def _submit(self, request: Request) -> Response:
        self._note(request)
        if request.headers["content-type"].startswith("application/json"):
            self.submits.append(await request.json())
        else:
            head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
            form = email.message_from_bytes(head + await request.body(), policy=email.policy.HTTP)
            self.submits.append(
                {
                    part.get_param("name", header="content-disposition"): part.get_content()
                    for part in form.iter_parts()
                }
            )
        if self.on_submit and (answer := await self.on_submit(request)):
            return answer
        return JSONResponse({"id": f"video_{len(self.submits)}", "object": "video", "status": "queued"})

    async def _look(self, request: Request) -> Response:
        self._note(request)
        self.looks += 1
        self.looked.set()
        if self.on_look and (answer := await self.on_look(request)):
            return answer
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return JSONResponse({"id": request.path_params["id"], "object": "video", **state})

    async def _delete(self, request: Request) -> Response:
        self._note(request)
        self.deleted.append(request.path_params["id"])
        if self.on_delete and (answer := await self.on_delete(request)):
            return answer
        return JSONResponse({"id": request.path_params["id"], "deleted": True})

    async def _content(self, request: Request) -> Response:
        self._note(request)
        if self.on_content and (answer := await self.on_content(request)):
            return answer
        asked = self.submits[int(request.path_params["id"].partition("_")[2]) - 1] if self.submits else {}
        frames = pictures(seconds=float(asked.get("seconds", 2)), seed=int(asked.get("seed", 0)))
        return Response(film(frames), media_type="video/mp4")


def answers(content: bytes | str, status: int = 200, **headers: str) -> Answer:
    """Always this."""

    async def answer(_: Request) -> Response:
        return Response(content, status, {key.replace("_", "-"): value for key, value in headers.items()})

    return answer


def tells(fields: Any, status: int = 200, **headers: str) -> Answer:
    """Always this JSON."""
    return answers(json.dumps(fields), status, content_type="application/json", **headers)


def streams(body: Callable[[], AsyncIterator[bytes]], **headers: str) -> Answer:
    """A body that comes piece by piece."""

    async def answer(_: Request) -> Response:
        return StreamingResponse(
            body(), headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    return answer


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to pytest."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Any, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve an ASGI app on a free loopback port while the block lasts; yields the port."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    config.load()
    config.ssl = context
    server = _Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.serve([listener]))
            async with asyncio.timeout(20):
                await server.up.wait()
            try:
                yield listener.getsockname()[1]
            finally:
                server.force_exit = server.should_exit = True
                await running


@contextlib.asynccontextmanager
async def videos_server(context: ssl.SSLContext | None = None) -> AsyncIterator[VideosServer]:
    """A videos server while the block lasts."""
    server = VideosServer(scheme="https" if context else "http")
    async with serving(server.app(), context) as server.port:
        yield server
