"""Writes down what must outlive the process, as-run log and cursor, without ever keeping the air waiting."""

import asyncio
import contextlib
import threading
from collections import deque
from pathlib import Path

from webtv.air.cursor import Cursor
from webtv.core.events import Event, EventSink, Severity
from webtv.playlist.asrun import Airing, AsRunLog

_PARTING = 1.0  # seconds in which what still waits is written at the end
_WAITING = 10_000  # airings that wait while the disk takes nothing: half a day of them, and little memory
_LATEST = 8  # airings that are told before anybody has read the log


class Clerk:
    """Keeps one channel's books.

    An airing is written before the cursor that stands behind it, so whatever moment the process is killed
    at, the next one finds either both or can tell what is missing.

    Args:
        log: takes airings.
        cursor: the cursor's file.
        slug: the channel, for events.
        events: hears when the disk refuses, and when it takes again.

    Attributes:
        trouble: what is wrong now; empty while all is well.
    """

    def __init__(self, log: AsRunLog, cursor: Path, *, slug: str, events: EventSink) -> None:
        self.trouble = ""
        self._log = log
        self._path = cursor
        self._slug = slug
        self._events = events
        self._airings = deque[Airing](maxlen=_WAITING)
        self._latest = deque[Airing](maxlen=_LATEST)
        self._cursor: Cursor | None = None
        self._called = asyncio.Event()
        self._writing = False
        self._lock = threading.Lock()

    @property
    def idle(self) -> bool:
        """Whether everything that it was given is written."""
        return not (self._writing or self._called.is_set())

    def note(self, airing: Airing) -> None:
        """An airing is over. May be called from any thread; it is written with the next cursor."""
        self._airings.append(airing)
        self._latest.append(airing)

    @property
    def latest(self) -> tuple[Airing, ...]:
        """The latest airings of this process, oldest first, whether they are written yet or not."""
        return tuple(self._latest)

    def stand(self, cursor: Cursor) -> None:
        """The timeline stands here now; only the latest counts."""
        self._cursor = cursor
        self._called.set()

    async def run(self) -> None:
        """Write until cancelled; what a disk does not take now is written when it does."""
        try:
            while True:
                await self._called.wait()
                self._called.clear()
                self._writing = True
                await asyncio.to_thread(self._write)
                self._writing = False
        finally:
            if self._airings or self._cursor is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PARTING):
                        await asyncio.to_thread(self._write)

    def _write(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # the one before hangs; it will find what waits
        try:
            while self._airings:
                self._log.append(self._airings[0])
                self._airings.popleft()
            cursor, self._cursor = self._cursor, None
            if cursor is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                cursor.save(self._path)
        except Exception as error:  # whatever it is, it must not reach the channel
            why = getattr(error, "strerror", None) or error
            self._say(f"The disk takes neither as-run log nor cursor ({why})")
        else:
            self._say("")
        finally:
            self._lock.release()

    def _say(self, trouble: str) -> None:
        before, self.trouble = self.trouble, trouble
        if trouble and trouble != before:
            remedy = "look at the disk's room and rights; the stream goes on, and they are written later"
            self._events(Event("air.books.waiting", trouble, Severity.ERROR, remedy, self._slug))
        elif before and not trouble:
            message = "As-run log and cursor are written again"
            self._events(Event("air.books.written", message, channel=self._slug))
