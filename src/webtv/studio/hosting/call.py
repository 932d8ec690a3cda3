"""One request to a child, as its parent sees it."""

import asyncio
import contextlib
import contextvars
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webtv.core.errors import WebTVError
from webtv.studio import notes, progress
from webtv.studio.hosting import codec
from webtv.studio.hosting.feed import Feed
from webtv.studio.hosting.limits import Limits
from webtv.studio.hosting.sealed import Array
from webtv.studio.hosting.wire import Message, Packet, pack
from webtv.studio.ports import Chunk

_NOTES_MOST = 1000  # of one request; a take of eight windows has some dozens


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a model.

    Attributes:
        port: ``shoot``, ``upscale``, ``interpolate``, ``compose``, ``score`` or ``call``.
        arguments: JSON-compatible.
        arrays: that belong to it.
    """

    port: str
    arguments: Mapping[str, Any]
    arrays: Sequence[Array] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended.

    Attributes:
        answer: JSON-compatible; empty for a take.
        arrays: that belong to it.
        error: why there is none; None also if it was abandoned.
        spent: whether the child should not be used again.
        memory: whether it ran out of memory.
        abandoned: whether it was given up because nobody wanted it any more.
    """

    answer: Mapping[str, Any]
    arrays: tuple[Array, ...] = ()
    error: WebTVError | None = None
    spent: bool = False
    memory: bool = False
    abandoned: bool = False


class Call:
    """Iterate it for the chunks of a take, or await :meth:`answer`.

    Args:
        number: unlike that of any other request to this child.
        limits: how much may be ahead and arrive.
        now: seconds on the pool's clock.
        send: hands a packet to the child.
        cancel: tells the child to give up.
        at_end: called when it is over, before whoever waits for it goes on.

    Attributes:
        over: how it ended; the child is free from then on, chunks may still wait here.
        began: when it was asked.
        stepped: when the child last had to go on.
        cancelled: when it was told to give up; None if it was not.
        stage: the last stage that was told.
    """

    def __init__(
        self,
        number: int,
        limits: Limits,
        now: Callable[[], float],
        send: Callable[[Packet], None],
        cancel: Callable[[int], None],
        at_end: Callable[[Ending], None],
    ) -> None:
        self.number = number
        self.over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.began = self.stepped = now()
        self.cancelled: float | None = None
        self.stage = ""
        self._limits = limits
        self._now = now
        self._send = send
        self._cancel = cancel
        self._at_end = at_end
        self._context = contextvars.copy_context()
        self._chunks: deque[Chunk] = deque()
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._error: BaseException | None = None
        self._ahead = self._total = self._fed = self._notes = 0
        self._next = 0
        self._form: tuple[int, ...] | None = None

    @property
    def works(self) -> bool:
        """Whether the child has something to do: it neither waits for its input nor for room."""
        return not self._wanted.is_set() and self._ahead < self._limits.ahead

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self._take()

    async def _take(self) -> AsyncIterator[Chunk]:
        while True:
            while not (self._chunks or self._error or self.over.done()):
                self._changed.clear()
                await self._changed.wait()
            if self._error is not None:
                raise self._error
            if not self._chunks:
                break
            chunk = self._chunks.popleft()
            self._room(chunk.frames.nbytes)
            yield chunk
        if (error := self.over.result().error) is not None:
            raise error

    async def answer(self) -> Ending:
        """What the child answered.

        Raises:
            WebTVError: by category.
        """
        ending = await asyncio.shield(self.over)
        if ending.error is not None:
            raise ending.error
        return ending

    @contextlib.asynccontextmanager
    async def fed(self, feed: Feed) -> AsyncIterator[None]:
        """Give the child what it asks for while the block lasts."""
        task = asyncio.create_task(self._feed(feed), name=f"feed-{self.number}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _feed(self, feed: Feed) -> None:
        try:
            while True:
                await self._wanted.wait()
                chunk = await feed.next()
                if chunk is None:
                    packet = pack("end", {"call": self.number})
                else:
                    self._fed += chunk.frames.nbytes
                    if self._fed > self._limits.total:
                        raise codec.too_much(self._fed, self._limits.total)
                    body = {"call": self.number, **codec.chunk_to_json(chunk)}
                    packet = await asyncio.to_thread(pack, "chunk", body, [chunk.frames])
                self._wanted.clear()
                self.stepped = self._now()
                self._give(packet)
        except Exception as error:
            self._error = error  # the stage before failed: it is said as if the child were not there
            self.abandon()
            self._changed.set()

    def abandon(self) -> None:
        """Nobody wants it any more; the child is free when :attr:`over` is done."""
        if not self.over.done() and self.cancelled is None:
            self.cancelled = self._now()
            self._cancel(self.number)
        self._chunks.clear()

    def hear(self, message: Message) -> None:
        """Take what the child says about it, but for its end.

        Raises:
            ValueError: it makes no sense.
            KeyError: something is missing.
        """
        self.stepped = self._now()
        if message.kind == "progress":
            self._progress(message)
        elif message.kind == "note":
            self._note(message)
        elif message.kind == "want":
            self._wanted.set()
        elif message.kind == "chunk":
            self._chunk(message)
        else:
            raise ValueError(f"{message.kind!r} is no message about a request")

    def finish(self, ending: Ending) -> None:
        """It is over."""
        if not self.over.done():
            self.over.set_result(ending)
            self._changed.set()
            self._at_end(ending)

    def _note(self, message: Message) -> None:
        name, fact = codec.text(message.body["name"]), codec.fact(message.body["fact"])
        self._notes += 1
        if self._notes > _NOTES_MOST:
            raise ValueError("it has too much to note")
        try:
            self._context.run(notes.note, name, fact)
        except Exception:  # the listener's fault, and not the child's
            logging.getLogger(__name__).exception("a listener failed")

    def _progress(self, message: Message) -> None:
        stage = codec.text(message.body["stage"])
        done, of = codec.whole(message.body["done"]), codec.whole(message.body["of"])
        preview = codec.picture_shape(message.arrays[0], 3) if message.arrays else None
        self.stage = stage
        try:
            self._context.run(progress.tell, stage, done, of, preview)
        except Exception:  # the listener's fault, and not the child's
            logging.getLogger(__name__).exception("a listener failed")

    def _chunk(self, message: Message) -> None:
        chunk = codec.chunk_from_json(message.body, message.arrays[0])
        if self._ahead >= self._limits.ahead:
            raise ValueError("a chunk came that there was no room for")
        form = (chunk.fps, *chunk.frames.shape[1:])
        if chunk.start_frame != self._next or (self._form is not None and form != self._form):
            raise ValueError(
                f"a chunk at {chunk.start_frame} of {form} followed {self._next} of {self._form}"
            )
        self._next += len(chunk.frames)
        self._form = form
        self._ahead += chunk.frames.nbytes
        self._total += chunk.frames.nbytes
        if self._total > self._limits.total:
            raise ValueError(f"more than {self._limits.total} bytes of frames came")
        if self.cancelled is None:
            self._chunks.append(chunk)
            self._changed.set()

    def _room(self, size: int) -> None:
        if not self.works:
            self.stepped = self._now()
        self._ahead -= size
        self._give(pack("taken", {"call": self.number, "bytes": size}))

    def _give(self, packet: Packet) -> None:
        if self.over.done():
            packet.close()
        else:
            self._send(packet)
