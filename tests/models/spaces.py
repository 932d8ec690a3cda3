"""Real Gradio servers as Spaces, on free loopback ports: well-behaved, renamed, broken and hostile ones."""

import asyncio
import contextlib
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import uvicorn

try:
    import gradio
    import gradio_client  # noqa: F401 - missing, it should be named here
except ImportError as error:
    raise AssertionError(f"{error.name} is missing: make test-models installs it") from error

from fastapi import FastAPI
from starlette.responses import HTMLResponse, RedirectResponse

Scope, Receive, Send = (
    MutableMapping[str, Any],
    Callable[[], Awaitable[Any]],
    Callable[[Any], Awaitable[None]],
)

FILES = "/gradio_api/file="


def film(path: Path, seed: int = 0, seconds: float = 2.0, fps: int = 12) -> Path:
    """A small H.264 film of a square that crosses a seeded ground."""
    rng = np.random.default_rng(seed)
    ground = np.kron(rng.integers(20, 120, (9, 16, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    count = round(seconds * fps)
    with av.open(str(path), "w", format="mp4") as file:
        stream: Any = file.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for i in range(count):
            picture = ground.copy()
            at = int(110 * i / count)
            picture[30:60, at : at + 32] = (220, 180, 90)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return path


@dataclass
class Space:
    """A Gradio app with one endpoint that makes films, and what befell it.

    Attributes:
        folder: where its films lie.
        calls: arguments of all calls, oldest first.
        paths: of all requests, with their method.
        headers: of all requests.
        begun: set when a call begins.
        go_on: calls wait for it, if they are held.
        held: whether calls wait.
        silent: whether it says nothing of its progress.
        fails: whether the n-th call, counted from 1, raises.
        trap: answers requests in the app's place; None lets the app answer.
        sent: bytes of endless bodies that went out.
    """

    folder: Path
    port: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    silent: bool = False
    fails: Callable[[int], bool] = lambda _: False
    trap: Callable[[str], Any] | None = None
    sent: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def of(self, path: str) -> list[str]:
        """Requests to a path."""
        return [one for one in self.paths if path in one]

    def forget(self) -> None:
        """Be as new, on the same port; calls that still wait go on."""
        self.go_on.set()
        new = Space(self.folder)
        names = ("calls", "paths", "headers", "begun", "go_on", "held", "silent", "fails", "trap", "sent")
        for name in names:
            setattr(self, name, getattr(new, name))

    def make(self, prompt: str, seed: float, steps: float, progress: gradio.Progress) -> str:
        """What its endpoint does."""
        self.calls.append({"prompt": prompt, "seed": seed, "steps": steps})
        for step in range(0 if self.silent else 3):
            progress((step, 3), desc="denoising")
        self.begun.set()
        if self.held and not self.go_on.wait(60):
            raise AssertionError("nobody let the call go on")
        if self.fails(len(self.calls)):
            raise gradio.Error("CUDA out of memory")
        return str(film(self.folder / f"{uuid.uuid4().hex}.mp4", int(seed)))

    def blocks(self, name: str = "generate", extra: Any = None) -> gradio.Blocks:
        """The app: its inputs stand in an order of their own, and one is known by its label only."""
        with gradio.Blocks(analytics_enabled=False) as blocks:
            steps = gradio.Slider(1, 50, value=25, label="Steps")
            seed = gradio.Number(value=1, label="Seed")
            prompt = gradio.Textbox(label="Prompt")
            out = gradio.Video(label="Film")
            note = gradio.Textbox(label="Note")

            def run(
                number: float,
                count: float,
                text: str,
                progress: gradio.Progress = gradio.Progress(),  # noqa: B008
            ) -> tuple[str, str]:
                return self.make(text, number, count, progress), "done"

            gradio.Button("Go").click(run, [seed, steps, prompt], [out, note], api_name=name)
            gradio.Button("Greet").click(lambda text: f"hello {text}", prompt, note, api_name="greet")
            if extra is not None:
                extra(prompt, out)
        return blocks

    async def endless(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer with ten gigabytes, counted as they go out, until the client goes."""

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        await send({"type": "http.response.start", "status": 200, "headers": []})
        async with asyncio.TaskGroup() as group:
            going = group.create_task(gone())
            while not going.done() and self.sent < 10_000_000_000:
                await send({"type": "http.response.body", "body": b" " * 1_000_000, "more_body": True})
                self.sent += 1_000_000
                await asyncio.sleep(0)
            going.cancel()

    def app(self, blocks: gradio.Blocks) -> Any:
        """The app as ASGI, behind the trap."""
        blocks.queue(default_concurrency_limit=1)
        inner = gradio.mount_gradio_app(FastAPI(), blocks, path="")

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                path = scope["path"]
                self.paths.append(f"{scope['method']} {path}")
                self.headers.append({key.decode(): value.decode() for key, value in scope["headers"]})
                if self.trap and (response := self.trap(path)) is not None:
                    await response(scope, receive, send)
                    return
            await inner(scope, receive, send)

        return answer


def page(path: str) -> HTMLResponse:
    """A trap: a web page, whatever was asked for."""
    return HTMLResponse(f"<!doctype html><title>Space</title><p>{path} is being built")


def files_lead_to(url: str) -> Callable[[str], RedirectResponse | None]:
    """A trap: files are elsewhere."""
    return lambda path: RedirectResponse(url) if path.startswith(FILES) else None


def endless_at(space: Space, start: str) -> Callable[[str], Any]:
    """A trap: a body of ten gigabytes at paths that begin so."""
    return lambda path: space.endless if path.startswith(start) else None


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to pytest."""

    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self.up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serving(space: Space, blocks: Callable[[], gradio.Blocks] | None = None) -> Iterator[Space]:
    """Serve a Space in a thread of its own while the block lasts."""
    up = threading.Event()
    servers: list[_Server] = []

    async def serve(listener: socket.socket) -> None:
        # Built where it runs: without a running loop Gradio makes loops that nobody closes.
        app = space.app((blocks or space.blocks)())
        servers.append(_Server(uvicorn.Config(app, log_config=None, lifespan="on", ws="none"), up))
        await servers[0].serve([listener])

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        space.port = listener.getsockname()[1]
        thread = threading.Thread(target=lambda: asyncio.run(serve(listener)), name="space")
        thread.start()
        try:
            assert up.wait(30)
            yield space
        finally:
            space.go_on.set()
            for server in servers:
                server.should_exit = server.force_exit = True
            thread.join(30)
