"""Outputs that are files: a queue, a thread of their own, and honest words when the disk does not take them.

A disk that is full, read-only or hangs keeps neither the channel nor any other output waiting: what cannot be
written stays in a short queue, what that cannot hold is dropped as whole GOPs.
"""

import asyncio
import contextlib
import errno
import queue
import threading
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Protocol, TypeVar

from webtv.air.clipsource import Gop
from webtv.air.output import GopQueue, OutputKind, OutputState, OutputStatus
from webtv.air.slice import Slice
from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import AAC_FRAME, HouseFormat
from webtv.core.log import redact
from webtv.playlist.entry import Entry

_QUEUE = 4  # slices (eight seconds) that wait for the disk
_HUNG = 5.0  # seconds without an answer after which a disk is said to hang
_PARTING = 2.0  # seconds in which what still waits is written when the output ends

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "make room in the data folder, or lower what it keeps"),
    errno.EDQUOT: ("the disk quota is used up", "raise the quota of the station's user"),
    errno.EROFS: ("the disk is read-only", "look at the system's log for disk errors, and mount it writable"),
    errno.EMFILE: ("too many files are open", "raise the limit of open files (`ulimit -n`, LimitNOFILE)"),
    errno.ENFILE: ("too many files are open", "raise the system's limit of open files (fs.file-max)"),
    errno.EACCES: ("the folder may not be written", "give the station's user the right to write it"),
    errno.EPERM: ("the folder may not be written", "give the station's user the right to write it"),
    errno.EIO: ("the disk fails", "look at the system's log, and replace the disk"),
}
_ANY_REMEDY = "look at the disk's room and rights; the channel and its other outputs go on"

_T = TypeVar("_T")


class FileWriter(Protocol):
    """What writes the files; all methods run in the output's thread.

    Attributes:
        blocked: clips that must not be seen any more; set from outside, so read it once per call.
    """

    blocked: AbstractSet[str]

    def write(self, piece: Slice) -> int:
        """Write a slice; returns bytes written.

        Raises:
            OSError: the disk does not take it; it may be tried again.
        """
        ...

    def withdraw(self) -> None:
        """Take blocked clips out of what is kept.

        Raises:
            OSError: the disk does not take it; it may be tried again.
        """
        ...

    def close(self) -> None:
        """Nothing more comes for now.

        Raises:
            OSError: the disk does not take it.
        """
        ...


def stand_in(gop: int, video: Gop, silence: bytes, form: HouseFormat) -> Slice:
    """A slice that stands in for one that must not be seen: the same place and length, the slate, no sound.

    Args:
        gop: number of the GOP on the timeline.
        video: a GOP of the slate.
        silence: one silent AAC frame.
        form: the channel's house format.
    """
    frame = gop * form.gop
    # The AAC frames of a slice are those that begin within it; every sound path keeps to that.
    first, end = (-(-n * form.samples_per_frame // AAC_FRAME) for n in (frame, frame + form.gop))
    entry = Entry(0, "", Kind.SLATE, "", 1, 1, None, 0, form.gop, "", "")
    return Slice(frame, video, first, (silence,) * (end - first), entry, joins=False)


class FileThread:
    """One thread for one output's files.

    It is a daemon and no executor, because Python waits for the threads of executors at its end, and one
    that a disk holds would keep a stopped head-end from going.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._jobs = queue.SimpleQueue[Callable[[], None] | None]()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def call(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Have it done after everything that was asked for before."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()

        def tell(result: _T | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def job() -> None:
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # whatever it is, whoever asked hears it
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits
                loop.call_soon_threadsafe(tell, result, error)

        self._jobs.put(job)
        return future

    def end(self) -> None:
        """Let it go when it has done what was asked for."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class FileOutput:
    """One channel's slices on their way to files; an :class:`webtv.air.output.Output`.

    Args:
        writer: writes them.
        name: what it is called in status and events.
        kind: what it is.
        slug: the channel.
        clock: a slice is written when it is due.
        events: hears of troubles, once each, and of their end.
        limit: slices that wait for the disk.
        hung: seconds without an answer after which the disk is said to hang.
    """

    def __init__(
        self,
        writer: FileWriter,
        *,
        name: str,
        kind: OutputKind,
        slug: str,
        clock: Clock,
        events: EventSink,
        limit: int = _QUEUE,
        hung: float = _HUNG,
    ) -> None:
        self.status = OutputStatus(name, kind)
        self._writer = writer
        self._slug = slug
        self._clock = clock
        self._events = events
        self._limit = limit
        self._hung = hung
        self._queue = GopQueue(limit, self.status)
        self._held: tuple[Slice, float] | None = None  # taken from the queue, not written yet
        self._offered = asyncio.Event()
        self._withdrawn = asyncio.Event()
        self._slow = False  # whether the disk let the latest work wait for long
        self._reluctance = ""  # why what is blocked could not be taken out yet

    @property
    def idle(self) -> bool:
        """Whether nothing waits for the disk."""
        return self._held is None and not len(self._queue) and not self._withdrawn.is_set()

    def offer(self, piece: Slice, due: float) -> None:
        """Take a slice; returns at once, and drops the oldest GOP when there is no room.

        Args:
            piece: the slice.
            due: monotonic second at which its first frame is due.
        """
        self._queue.put(piece, due)
        self._offered.set()

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """These clips must not be seen any more; all of them, each time that changes. Returns at once."""
        self._writer.blocked = frozenset(clips)
        self._withdrawn.set()

    async def run(self) -> None:
        """Write until cancelled; whatever fails is told and tried again."""
        thread = await self._thread()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write_all(thread))
                group.create_task(self._withdraw_all(thread))
        finally:
            closing = thread.call(partial(self._finish, await self._due()))
            thread.end()
            await asyncio.wait({closing}, timeout=_PARTING)
            if closing.done() and not closing.cancelled():
                closing.exception()  # heard; the disk has been complained of before

    async def _thread(self) -> FileThread:
        """A thread of its own; where the system gives none, it is asked again."""
        while True:
            try:
                return FileThread(f"{self._slug} {self.status.name}")
            except RuntimeError as error:
                self._fail(str(error), "raise the limit of threads (pids.max, `ulimit -u`) or free memory")
                await self._clock.sleep(2.0)

    async def _due(self) -> list[Slice]:
        """What is due and still waits."""
        waiting = [self._held] if self._held else []
        while len(self._queue):
            waiting.append(await self._queue.get())
        return [piece for piece, due in waiting if due <= self._clock.monotonic()]

    def _finish(self, waiting: list[Slice]) -> None:
        try:
            for piece in waiting:
                self._writer.write(piece)
        finally:
            self._writer.close()

    async def _write_all(self, thread: FileThread) -> None:
        while True:
            piece, due = await self._queue.get()
            self._held = piece, due
            await self._clock.sleep(due - self._clock.monotonic())
            while not await self._write(thread, piece):
                self._offered.clear()
                await self._offered.wait()
                if len(self._queue) >= self._limit:
                    self.status.dropped_gops += 1
                    break
            self._held = None

    async def _write(self, thread: FileThread, piece: Slice) -> bool:
        """Try once; True if it was written."""
        try:
            size = await self._patiently(thread, lambda: self._writer.write(piece))
        except Exception as error:  # whatever it is, it must not reach the channel
            self._fail(*_words(error))
            return False
        self.status.sent_bytes += size
        self.status.frame = piece.frame
        if self.status.state is not OutputState.LIVE and not self._slow:
            before, self.status.error = self.status.error, ""
            self.status.state = OutputState.LIVE
            self.status.sessions += 1
            if before:
                self._tell("air.output.live", f"Output {self.status.name} is written again")
        return True

    async def _withdraw_all(self, thread: FileThread) -> None:
        while True:
            await self._withdrawn.wait()
            self._withdrawn.clear()
            try:
                await self._patiently(thread, self._writer.withdraw)
            except Exception as error:  # it must come to its end, so it is tried again
                cause, remedy = _words(error)
                if cause != self._reluctance:
                    self._reluctance = cause
                    text = f"A blocked clip could not be taken out of output {self.status.name} yet ({cause})"
                    self._tell("air.output.unwithdrawn", text, remedy, Severity.ERROR)
                self._offered.clear()
                await self._offered.wait()
                self._withdrawn.set()
            else:
                if self._reluctance:
                    self._reluctance = ""
                    self._tell("air.output.withdrawn", f"Blocked clips are out of output {self.status.name}")

    async def _patiently(self, thread: FileThread, work: Callable[[], _T]) -> _T:
        """Wait for the thread however long it takes, but say so when that is too long."""
        future = thread.call(work)
        done, _ = await asyncio.wait({future}, timeout=self._hung)
        self._slow = not done
        if self._slow:
            self._fail(f"the disk has not answered for {self._hung:g} s", "look at the disk or network mount")
        return await future

    def _fail(self, cause: str, remedy: str) -> None:
        self.status.state = OutputState.WAITING
        if cause != self.status.error:
            self.status.error = cause
            text = f"Output {self.status.name} is not written ({cause}); it is tried again every two seconds"
            self._tell("air.output.failed", text, remedy, Severity.WARNING)

    def _tell(self, kind: str, message: str, remedy: str = "", severity: Severity = Severity.INFO) -> None:
        self._events(Event(kind, message, severity, remedy, self._slug))


def _words(error: Exception) -> tuple[str, str]:
    """Cause and remedy, without a path."""
    if isinstance(error, OSError):
        known = _CAUSES.get(error.errno or 0)
        return known or (error.strerror or type(error).__name__, _ANY_REMEDY)
    return redact(str(error)) or type(error).__name__, "please report this with the log if it stays"
