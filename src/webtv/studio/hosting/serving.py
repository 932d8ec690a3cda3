"""The adapter in its child: carries out one request after the other, gives up when it is told to."""

import asyncio
import concurrent.futures
import contextlib
import gc
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from webtv.core.errors import InternalError, ResourceError, WebTVError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.hosting import codec, meter
from webtv.studio.hosting.adoption import hand_over
from webtv.studio.hosting.post import Post, Reporter
from webtv.studio.hosting.sealed import Array
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.wire import Message
from webtv.studio.notes import noted
from webtv.studio.ports import Chunk, Take
from webtv.studio.progress import heard

_THREADS = 8
Builder = Callable[[str, Mapping[str, Any]], Any]
"""Builds an adapter of a stage and its options."""

Answer = tuple[Mapping[str, Any], tuple[Array, ...]]


class Bench(concurrent.futures.ThreadPoolExecutor):
    """The threads that ``asyncio.to_thread`` uses; says when nothing goes on in them any more."""

    def __init__(self) -> None:
        super().__init__(_THREADS, thread_name_prefix="adapter")
        self._going: set[concurrent.futures.Future[Any]] = set()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        """Begin work in a thread."""
        future = super().submit(fn, *args, **kwargs)
        self._going.add(future)
        future.add_done_callback(self._going.discard)
        return future

    async def idle(self) -> None:
        """Wait for all work: a cancelled ``to_thread`` returns at once, and its thread goes on."""
        while going := [asyncio.wrap_future(future) for future in self._going.copy()]:
            await asyncio.gather(*going, return_exceptions=True)


class Request:
    """One request as it is carried out.

    Args:
        body: its number, port, arguments and the stage's options, and how many bytes may be ahead.
        arrays: that came with it.
        post: takes chunks and progress.
    """

    def __init__(self, body: Mapping[str, Any], arrays: tuple[Array, ...], post: Post) -> None:
        self.number = codec.whole(body["call"])
        self.port = codec.text(body["port"])
        self.arguments: Mapping[str, Any] = body["arguments"]
        self.options: Mapping[str, Any] = body["options"]
        self.arrays = arrays
        self._room = codec.whole(body["ahead"])
        self._post = post
        self._input: deque[Chunk | None] = deque()
        self._changed = asyncio.Event()

    def receive(self, message: Message) -> None:
        """Take what the parent says about it.

        Raises:
            ValueError: it makes no sense.
            KeyError: something is missing.
        """
        if message.kind == "chunk":
            self._input.append(codec.chunk_from_json(message.body, message.arrays[0]))
        elif message.kind == "end":
            self._input.append(None)
        elif message.kind == "taken":
            self._room += codec.whole(message.body["bytes"])
        else:
            raise ValueError(f"{message.kind!r} is no message")
        self._changed.set()

    async def take(self) -> AsyncIterator[Chunk]:
        """The take that the request is about; asked for chunk by chunk."""
        while True:
            self._post.send("want", {"call": self.number})
            await self._until(lambda: bool(self._input))
            chunk = self._input.popleft()
            if chunk is None:
                return
            yield chunk

    async def hand_over(self, chunk: Chunk) -> None:
        """Hand a chunk over once there is room for it."""
        await self._until(lambda: self._room > 0)
        self._room -= chunk.frames.nbytes
        self._post.send("chunk", {"call": self.number, **codec.chunk_to_json(chunk)}, [chunk.frames])

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()


class Serving:
    """Serves an adapter's ports, one request at a time.

    Args:
        adapter: whatever the builder built.
        post: takes answers.
        spec: what it was built of.
        builder: builds another one, of other options that load the same.
    """

    def __init__(self, adapter: Any, post: Post, spec: ModelSpec, builder: Builder) -> None:
        self._adapter = adapter
        self._post = post
        self._stage = spec.stage
        self._options = spec.options
        self._place = spec.place
        self._builder = builder
        self._bench = Bench()
        self._request: Request | None = None
        self._task: asyncio.Task[None] | None = None
        self._ports: Mapping[str, Callable[[Request], Awaitable[Answer]]] = {
            "shoot": self._shoot,
            "upscale": self._upscale,
            "interpolate": self._interpolate,
            "compose": self._compose,
            "score": self._score,
            "call": self._call,
        }

    async def run(self, inbox: asyncio.Queue[Message]) -> None:
        """Serve until the process ends.

        Raises:
            ValueError: the parent says what makes no sense.
            KeyError: likewise.
        """
        asyncio.get_running_loop().set_default_executor(self._bench)
        while True:
            message = await inbox.get()
            if message.kind == "call":
                if self._task is not None and not self._task.done():
                    raise ValueError("a request came while another was being served")
                self._request = Request(message.body, message.arrays, self._post)
                self._task = asyncio.create_task(self._serve(self._request), name=self._request.port)
            elif self._request is None or message.body["call"] != self._request.number:
                continue  # about a request that is over here and not yet there
            elif message.kind == "cancel":
                if self._task is not None:
                    self._task.cancel()
            else:
                self._request.receive(message)

    async def _serve(self, request: Request) -> None:
        body: dict[str, Any]
        arrays: tuple[Array, ...] = ()
        meter.begin()
        try:
            self._set_to(request.options)
            reporter = Reporter(self._post, request.number)
            with heard(reporter), noted(reporter.note):
                if request.port not in self._ports:
                    raise InternalError(f"{request.port!r} is no port", place=self._place)
                answer, arrays = await self._ports[request.port](request)
                body = {"answer": answer}
        except asyncio.CancelledError:
            body = {"abandoned": True}
        except BaseException as error:
            body = self._failure(error)
        # Only now is the model free, and what was measured is what it keeps.
        await self._bench.idle()
        if "answer" not in body:
            gc.collect()  # a traceback's frames hold tensors in cycles
        try:
            meter.give_back()
        except Exception as error:  # the device's context is gone, and so is whatever stands on it
            body, arrays = self._failure(error), ()
        closing = {"call": request.number, **meter.taken()}
        try:
            self._post.send("over", {**closing, **body}, arrays)
        except WebTVError as error:  # an answer that is no JSON, or no array that may be handed over
            self._post.send("over", {**closing, **self._failure(error)})

    def _set_to(self, options: Mapping[str, Any]) -> None:
        """Have the adapter work with these options; what is loaded stays, whatever goes wrong.

        Raises:
            WebTVError: the adapter does not take them; the one before it stays.
            InternalError: they are of another model.
        """
        if options == self._options:
            return
        adapter = self._builder(self._stage, options)
        hand_over(self._adapter, adapter, self._place)
        self._adapter, self._options = adapter, options

    def _failure(self, error: BaseException) -> dict[str, Any]:
        """What is said of it; ``spent`` if the process should not be used again."""
        memory = meter.out_of_memory(error)
        if isinstance(error, WebTVError):
            return {"error": codec.error_to_json(error), "spent": memory, "memory": memory}
        # Nobody foresaw it: the reason stands in the log with its traceback, and the state is unknown.
        logging.getLogger(__name__).error("%s failed", self._place, exc_info=error)
        said = f"{type(error).__name__}: {error}"
        kind: WebTVError
        if memory:
            kind = ResourceError(
                f"out of memory ({said})",
                place=self._place,
                remedy="lower frames, width or height, or stop what else uses the device",
            )
        else:
            kind = InternalError(f"the adapter failed: {said}", place=self._place, remedy="report it")
        return {"error": codec.error_to_json(kind), "spent": True, "memory": memory}

    async def _shoot(self, request: Request) -> Answer:
        shot = codec.shot_from_json(request.arguments, request.arrays[0] if request.arrays else None)
        return await self._flow(request, self._adapter.shoot(shot))

    async def _upscale(self, request: Request) -> Answer:
        size = codec.whole(request.arguments["width"]), codec.whole(request.arguments["height"])
        about = request.arguments["request"]
        shot = None if about is None else codec.shot_from_json(about, *request.arrays[:1])
        async with contextlib.aclosing(request.take()) as take:  # type: ignore[type-var]
            return await self._flow(request, self._adapter.upscale(take, *size, shot))

    async def _interpolate(self, request: Request) -> Answer:
        fps = codec.whole(request.arguments["fps"])
        async with contextlib.aclosing(request.take()) as take:  # type: ignore[type-var]
            return await self._flow(request, self._adapter.interpolate(take, fps))

    async def _flow(self, request: Request, take: Take) -> Answer:
        try:
            async for chunk in take:
                await request.hand_over(chunk)
        finally:
            if hasattr(take, "aclose"):
                await take.aclose()
        return {}, ()

    async def _compose(self, request: Request) -> Answer:
        return {}, (await self._adapter.compose(codec.bed_from_json(request.arguments)),)

    async def _score(self, request: Request) -> Answer:
        prompt = ShotPrompt.from_json(request.arguments["prompt"])
        score = await self._adapter.score(request.arrays[0], codec.whole(request.arguments["fps"]), prompt)
        return codec.score_to_json(score), ()

    async def _call(self, request: Request) -> Answer:
        name = codec.text(request.arguments["method"])
        method = getattr(self._adapter, name, None)
        if name.startswith("_") or not callable(method):
            raise InternalError(f"there is no method {name!r}", place=self._place)
        value = method(**request.arguments["arguments"])
        return {"value": await value if inspect.isawaitable(value) else value}, ()
