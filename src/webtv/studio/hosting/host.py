"""One child as its parent sees it: started, watched, judged, killed, reaped."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from webtv.core.clock import Clock
from webtv.core.completion import to_its_end
from webtv.core.errors import InternalError, ResourceError, TransientError, WebTVError
from webtv.studio.hosting import codec
from webtv.studio.hosting.call import Ask, Call, Ending
from webtv.studio.hosting.limits import Limits
from webtv.studio.hosting.sealed import expect_memfd
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.trouble import Trouble, death, error_of
from webtv.studio.hosting.wire import Inbox, Message, Outbox, Packet, pack
from webtv.studio.hosting.words import Words

_CHILD = "webtv.studio.hosting.child"
_LOOK = 0.5  # seconds between two looks at the limits
_READS = 64  # of the socket in one go, so that a talkative child keeps nobody from working


class Host:
    """One child with one model.

    It is killed rather than asked to end: it keeps nothing, and the kernel frees a device's memory best.

    Args:
        spec: what it is built of.
        builder: ``module:function``, called in the child with stage and options.
        env: its whole environment; nothing is inherited.
        clock: for the limits.
        limits: see :class:`webtv.studio.hosting.limits.Limits`.
        at_end: called when it is gone, before what it was asked fails.

    Attributes:
        adapter: name that the adapter gives itself.
        trouble: why it ended, with a clause; None while it runs and if it was meant to.
        tail: what it said last, secrets hidden; known once it is gone.
        rss: bytes of memory, as last heard.
        vram: bytes of device memory, as last heard.
        peak: its highest since the latest request began.
        steps: that its model has made.
        gone: done once it is reaped.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        builder: str,
        env: Mapping[str, str],
        clock: Clock,
        limits: Limits,
        at_end: Callable[["Host"], None],
    ) -> None:
        self.spec = spec
        self.adapter = spec.adapter
        self.trouble: tuple[Trouble, str] | None = None
        self.tail: list[str] = []
        self.rss = self.vram = self.peak = self.steps = 0
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._builder = builder
        self._env = dict(env)
        self._clock = clock
        self._limits = limits
        self._at_end = at_end
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._words: Words | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._call: Call | None = None
        self._port = ""
        self._calls = 0
        self._loaded = False
        self._ended = self._lost = False
        self._born = self._beat = clock.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """Process id, None before the start."""
        return self._process.pid if self._process else None

    @property
    def usable(self) -> bool:
        """Whether it may be asked."""
        return self._ready.done() and not self._ended

    @property
    def doing(self) -> str:
        """The stage that it is at, or the port that it was asked at; empty if nothing is asked of it."""
        call = self._call
        return "" if call is None or call.over.done() else call.stage or self._port

    @property
    def ending(self) -> bool:
        """Whether it was killed and is not reaped yet: its device memory is not free."""
        return self._ended and not self.gone.done()

    async def start(self) -> None:
        """Start it and wait until it is built.

        Raises:
            ComponentError: this system has no sealed memory.
            WebTVError: whatever the adapter's factory said, or why the child ended.
        """
        expect_memfd()
        try:
            await self._start()
        except BaseException as error:
            self._ended = True
            self.gone.set_result(None)
            self._at_end(self)
            if isinstance(error, OSError):
                raise ResourceError(
                    f"no process can be started: {error.strerror}",
                    place=self.spec.place,
                    remedy="raise the limits of processes and open files, or give the machine more memory",
                ) from error
            raise
        try:
            await asyncio.shield(self._ready)
        except BaseException:
            await to_its_end(self.end())
            raise

    async def _start(self) -> None:
        order = {"builder": self._builder, "stage": self.spec.stage, "options": dict(self.spec.options)}
        packet = pack("build", order)
        ours, theirs = socket.socketpair()
        try:
            read, write = os.pipe()
        except OSError:
            ours.close()
            theirs.close()
            raise
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-X", "faulthandler", "-m", _CHILD),
                *(str(theirs.fileno()), str(os.getpid())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=write,
                pass_fds=[theirs.fileno()],
                env=self._env,
                start_new_session=True,  # so that what it starts can be killed with it
            )
        except BaseException:
            ours.close()
            os.close(read)
            raise
        finally:
            theirs.close()
            os.close(write)
        ours.setblocking(False)
        self._socket, self._words = ours, Words(read, self.spec.place)
        self._inbox, self._outbox = Inbox(ours, self._limits.message), Outbox(ours)
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, self._listen)
        loop.add_reader(self._words, self._overhear)
        self._spawn(self._reap(self._process), "reap")
        self._spawn(self._watch(), "watch")
        self._send(packet)

    async def ask(self, ask: Ask, options: Mapping[str, Any], at_end: Callable[[Ending], None]) -> Call:
        """Ask for something; one request at a time.

        Args:
            ask: for what.
            options: the stage's, with which it is done; those of the spec, or others that load the same.
            at_end: called when it is over, before whoever waits for it goes on.

        Raises:
            WebTVError: it cannot be handed over, or the child has died.
        """
        self._calls += 1
        body = {"call": self._calls, "port": ask.port, "arguments": ask.arguments, "options": dict(options)}
        packet = await asyncio.to_thread(pack, "call", {**body, "ahead": self._limits.ahead}, ask.arrays)
        if self.gone.done():
            packet.close()
            raise self._error()
        now = self._clock.monotonic
        self._port = ask.port
        self._call = Call(self._calls, self._limits, now, self._send, self._cancel, at_end)
        self._send(packet)
        return self._call

    async def end(self) -> None:
        """Kill and reap it; what it is asked just now fails."""
        self.kill()
        await asyncio.shield(self.gone)

    def kill(self, trouble: Trouble | None = None, why: str = "") -> None:
        """Kill it, for a reason if there is one; it is gone when :attr:`gone` is done."""
        if self._ended:
            return
        self._ended = True
        self.trouble = (trouble, why) if trouble else None
        self._shoot()

    def _shoot(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"{name} {self.spec.place}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reap(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        while self._listen():  # what it said before it died still counts
            pass
        if not self._ended:
            self._ended = True
            self.trouble = death(status)
        self._close()
        error = self._error()
        self.gone.set_result(None)
        self._at_end(self)
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # nobody may be waiting any more
        if self._call is not None:
            memory = self.trouble is not None and self.trouble[0] is Trouble.OUT_OF_MEMORY
            self._call.finish(Ending({}, error=error, spent=True, memory=memory))

    def _error(self) -> WebTVError:
        if self.trouble is None:
            return TransientError("the model was ended", place=self.spec.place, remedy="try again")
        return error_of(*self.trouble, self.spec.place)

    def _close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            self._inbox.close()
            self._outbox.close()
            self._socket.close()
            self._socket = None
        if self._words is not None:
            loop.remove_reader(self._words)
            self._words.close()
            self.tail.extend(self._words.tail)
            self._words = None
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    async def _watch(self) -> None:
        while not self._ended:
            await self._clock.sleep(_LOOK)
            if self._verdict() is not None:
                # This process may have slept itself: what waits in the socket is a sign of life.
                while self._listen():
                    pass
                if (verdict := self._verdict()) is not None:
                    self.kill(*verdict)

    def _verdict(self) -> tuple[Trouble, str] | None:
        now, limits, call = self._clock.monotonic(), self._limits, self._call
        if not self._ready.done():
            if now - self._born > limits.load:
                return Trouble.HUNG, f"was not ready after {limits.load:g} s"
            return None
        if call is None or call.over.done():
            return None
        if call.cancelled is not None and now - call.cancelled > limits.cancel:
            return Trouble.DEAF, f"did not give up within {limits.cancel:g} s"
        loads = not self._loaded or call.stage == "load"
        beat, step = (limits.load, limits.load) if loads else (limits.beat, limits.step)
        if now - self._beat > beat:
            return Trouble.SILENT, f"gave no sign of life for {beat:g} s"
        if call.works and now - call.stepped > step:
            return Trouble.HUNG, f"made no step for {step:g} s"
        if now - call.began > limits.request:
            return Trouble.HUNG, f"was not done after {limits.request:g} s"
        return None

    def _send(self, packet: Packet) -> None:
        if self._socket is None or self._ended:
            packet.close()
            return
        self._outbox.push(packet)
        self._flush()

    def _flush(self) -> None:
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        try:
            done = self._outbox.flush()
        except OSError:  # it is dead, and about to be reaped
            self._outbox.close()
            done = True
        if done:
            loop.remove_writer(self._socket)
        else:
            loop.add_writer(self._socket, self._flush)

    def _cancel(self, number: int) -> None:
        self._send(pack("cancel", {"call": number}))

    def _listen(self) -> bool:
        """Take messages that are there; whether there may be more."""
        if self._socket is None or self._lost:
            return False
        try:
            for _ in range(_READS):
                message = self._inbox.receive()
                if message is not None:
                    self._hear(message)
        except BlockingIOError:
            return False
        except (EOFError, OSError):
            # Usually it has just died and has a status already, which a signal does not change any more.
            self._lose()
            self._shoot()
            return False
        except (InternalError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            said = error.message if isinstance(error, WebTVError) else f"{type(error).__name__}: {error}"
            self._refuse(Trouble.CORRUPT, f"said what makes no sense ({said})")
            return False
        except WebTVError as error:
            self._refuse(Trouble.OUT_OF_MEMORY, f"handed over what cannot be taken ({error.message})")
            return False
        return True

    def _refuse(self, trouble: Trouble, why: str) -> None:
        self._lose()
        self.kill(trouble, why)

    def _lose(self) -> None:
        """Nothing more is read: there is no more, or it cannot be told where a message begins."""
        self._lost = True
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)

    def _hear(self, message: Message) -> None:
        body, call = message.body, self._call
        if message.kind == "beat":
            self._beat = self._clock.monotonic()
            self._measure(body)
            self.steps = codec.whole(body["steps"])
        elif message.kind == "ready" and not self._ready.done():
            self.adapter = codec.text(body["adapter"])[:80] or self.adapter
            self._measure(body)
            self._beat = self._clock.monotonic()
            self._ready.set_result(None)
        elif message.kind == "refused" and not self._ready.done():
            self._ready.set_exception(codec.error_from_json(body["error"]))
        elif call is None or call.over.done() or body["call"] != call.number:
            raise ValueError(f"{message.kind!r} about a request that nobody made")
        elif message.kind == "over":
            self._measure(body)
            self._loaded = self._loaded or "answer" in body
            call.finish(_ending(message))
        else:
            call.hear(message)
            self._loaded = self._loaded or message.kind == "chunk" or call.stage not in ("", "load")

    def _measure(self, body: Mapping[str, object]) -> None:
        self.rss, self.vram = codec.whole(body["rss"]), codec.whole(body["vram"])
        self.peak = codec.whole(body["peak"])

    def _overhear(self) -> None:
        if self._words is not None:
            with contextlib.suppress(BlockingIOError):
                if not self._words.read():
                    asyncio.get_running_loop().remove_reader(self._words)


def _ending(message: Message) -> Ending:
    """How a request ended, as the child says.

    Raises:
        ValueError: it makes no sense.
        KeyError: likewise.
    """
    body = message.body
    error = codec.error_from_json(body["error"]) if "error" in body else None
    abandoned = "abandoned" in body
    answer: Mapping[str, object] = {} if error or abandoned else body["answer"]
    spent, memory = bool(body.get("spent")), bool(body.get("memory"))
    return Ending(answer, message.arrays, error, spent, memory, abandoned)
