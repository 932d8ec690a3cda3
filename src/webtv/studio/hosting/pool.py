"""The children of one process: which there are, who uses one next, when one is renewed."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from webtv.core.clock import Clock
from webtv.core.completion import to_its_end
from webtv.core.errors import TransientError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.studio import progress
from webtv.studio.capability import Capability
from webtv.studio.hosting.call import Ask, Call, Ending
from webtv.studio.hosting.host import Host
from webtv.studio.hosting.limits import Limits, Recycling
from webtv.studio.hosting.line import Line, expect_fit
from webtv.studio.hosting.sealed import expect_memfd
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.status import ModelStatus
from webtv.studio.hosting.trouble import Trouble
from webtv.studio.hosting.turns import Room, Wish, next_turn

BUILDER: Final = "webtv.wiring:build"
_WORD: Final = 30.0  # seconds between two words of somebody who waits
_WORDS: Final = 25  # lines of what a child said last that its event carries
_WORDS_LONG: Final = 200
_LINES_KEPT: Final = 64  # models without a child of which the pool remembers what it measured


@dataclass(eq=False, slots=True)
class _Ticket:
    """Somebody who waits for a model."""

    line: Line
    spec: ModelSpec
    said: float  # GB of device memory, as the adapter says
    turn: asyncio.Future[None]
    grows: bool = False  # whether a child that is there has to take more of the device than before


class ModelPool:
    """Runs models in child processes, as an async context manager; leaving the block ends them all.

    It belongs to the loop in which it is entered, and its thread must live as long: children end with it.

    Args:
        env: the children's whole environment; see :func:`webtv.studio.hosting.environment.child_environment`.
        clock: for all limits.
        events: hears of starts, ends and troubles: ``studio.model.started``, ``.ended``, ``.crashed``, ...
        vram_gb: device memory for all children together, in 10^9 bytes; None for no bound.
        children: processes at most.
        limits: what a child is held to.
        recycling: when a child is renewed.
        builder: ``module:function``, called in the child with stage and options; returns the adapter.

    Raises:
        ComponentError: on entering, if this system has no sealed memory.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        clock: Clock,
        events: EventSink,
        vram_gb: float | None = None,
        children: int = 8,
        limits: Limits | None = None,
        recycling: Recycling | None = None,
        builder: str = BUILDER,
    ) -> None:
        self.limits = limits or Limits()
        self._recycling = recycling or Recycling()
        self._env = dict(env)
        self._clock = clock
        self._events = events
        self._room = Room(vram_gb, children)
        self._builder = builder
        self._lines: dict[str, Line] = {}
        self._tickets: list[_Ticket] = []
        self._hosts: set[Host] = set()
        self._uses = itertools.count(1)
        self._open = False

    async def __aenter__(self) -> Self:
        expect_memfd()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for ticket in self._tickets:
            if not ticket.turn.done():
                ticket.turn.set_exception(_closed(ticket.line))
        self._tickets.clear()
        for host in self._hosts:
            host.kill()
        await to_its_end(self._all_gone())

    def status(self) -> list[ModelStatus]:
        """What each model is doing, those with a child first."""
        waiting = [ticket.line for ticket in self._tickets]
        said = [line.status(waiting.count(line), self._clock.monotonic()) for line in self._lines.values()]
        return sorted(said, key=lambda item: (item.pid is None, item.spec.stage, item.adapter))

    @contextlib.asynccontextmanager
    async def call(self, spec: ModelSpec, capability: Capability, ask: Ask) -> AsyncIterator[Call]:
        """Ask a model for something, when it is its turn; leaving the block abandons what is not over.

        Args:
            spec: the model, and the options with which it is asked.
            capability: its own, with these options.
            ask: port, arguments and arrays.

        Raises:
            ConfigError: it can never fit.
            RateLimited: it failed repeatedly and is tried again later.
            WebTVError: by category, if it cannot be started.
        """
        line = self._line(spec, capability)
        expect_fit(capability.vram_gb, self._room.vram, spec.place)
        line.record(spec).expect_rested(self._clock.monotonic(), spec.place)
        ticket = _Ticket(line, spec, capability.vram_gb, asyncio.get_running_loop().create_future())
        telling = asyncio.create_task(self._tell(ticket), name=f"queue {spec.place}")
        try:
            await self._turn(ticket)
            try:
                host = await self._host(ticket)
                call = await host.ask(ask, spec.options, lambda ending: self._over(line, host, ending))
            except BaseException:
                self._free(line)
                raise
        finally:
            telling.cancel()
        try:
            yield call
        finally:
            call.abandon()

    def _line(self, spec: ModelSpec, capability: Capability) -> Line:
        if not self._open:
            raise TransientError("the models' studio is not open", place=spec.place, remedy="try again later")
        if spec.key not in self._lines:
            waiting = {ticket.line for ticket in self._tickets}
            idle = [key for key, line in self._lines.items() if line.host is None and line not in waiting]
            for key in idle[: max(0, len(self._lines) - _LINES_KEPT)]:
                if not self._lines[key].busy:
                    del self._lines[key]
            self._lines[spec.key] = Line(spec, capability)
        return self._lines[spec.key]

    async def _tell(self, ticket: _Ticket) -> None:
        """Say again and again how long the queue is: a job that tells nothing passes for one that hangs."""
        longest = 0
        while True:
            if ticket in self._tickets:
                before = self._tickets.index(ticket)
                longest = max(longest, before + 1)
                progress.tell("queue", longest - before - 1, longest)
            await self._clock.sleep(_WORD)
            if ticket not in self._tickets:
                progress.tell("load", 0, 1)  # it has its turn, and its child is being started

    async def _turn(self, ticket: _Ticket) -> None:
        """Wait for a turn."""
        line = ticket.line
        self._tickets.append(ticket)
        self._give_turns()
        try:
            await ticket.turn
        except BaseException:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
                self._give_turns()
            elif self._open and not ticket.turn.cancelled():
                self._free(line)  # its turn came in the moment in which it was cancelled
            raise

    def _give_turns(self) -> None:
        most = float("inf") if self._room.vram is None else self._room.vram
        while True:
            self._tickets = [ticket for ticket in self._tickets if not ticket.turn.done()]
            # What was measured may be more than the budget: it did fit, when it was alone.
            wishes = [Wish(item.spec.key, min(item.line.takes(item.said), most)) for item in self._tickets]
            residents = {key: line.resident for key, line in self._lines.items() if line.resides}
            turn = next_turn(wishes, residents, self._room)
            if turn is None:
                return
            ticket, wish = self._tickets.pop(turn.index), wishes[turn.index]
            ticket.grows = wish.key in residents and wish.vram > residents[wish.key].vram
            ticket.line.begin(ticket.spec, ticket.said, next(self._uses))
            for key in turn.ends:
                self._say(self._lines[key], "evicted", "makes room for another model", Severity.INFO)
                self._retire(self._lines[key])
            ticket.turn.set_result(None)

    async def _host(self, ticket: _Ticket) -> Host:
        """The line's child, started if there is none; device memory that it takes is free by then."""
        line, spec = ticket.line, ticket.spec
        if line.host is not None and line.host.usable and not ticket.grows:
            return line.host
        line.record(spec).expect_rested(self._clock.monotonic(), spec.place)
        while ending := [host.gone for host in self._hosts if host.ending]:
            await asyncio.wait(ending)
        if line.host is not None and line.host.usable:
            return line.host
        host = Host(
            spec,
            builder=self._builder,
            env=self._env,
            clock=self._clock,
            limits=self.limits,
            at_end=lambda host: self._gone(line, host),
        )
        line.renew(host)
        self._hosts.add(host)
        try:
            await host.start()
        except WebTVError as error:
            line.fail(error, self._clock.monotonic())
            self._say(line, "not_started", error.message, Severity.ERROR, error.remedy)
            raise
        self._say(line, "started", f"started (pid {host.pid})", Severity.INFO)
        return host

    def _over(self, line: Line, host: Host, ending: Ending) -> None:
        """A request is over: account for it, renew the child if it has to be, let the next one have it."""
        line.served(host, ending, self._clock.monotonic())
        if ending.memory and host.trouble is None and ending.error is not None:
            self._say(line, Trouble.OUT_OF_MEMORY, ending.error.message, Severity.ERROR, ending.error.remedy)
        if line.host is host:
            reason = "its state is not known after a failure" if ending.spent else line.worn(self._recycling)
            if reason:
                self._say(line, "recycled", reason, Severity.INFO)
                self._retire(line)
        self._free(line)

    def _free(self, line: Line) -> None:
        line.busy = False
        self._give_turns()

    def _retire(self, line: Line) -> None:
        if line.host is not None:
            line.host.kill()
            line.host = None

    def _gone(self, line: Line, host: Host) -> None:
        self._hosts.discard(host)
        if line.host is host:
            line.host = None
        if host.trouble is not None:
            trouble, why = host.trouble
            self._say(line, trouble, why, Severity.ERROR, "look for the reason in the log", tail=host.tail)
        self._give_turns()

    def _say(
        self, line: Line, what: str, why: str, severity: Severity, remedy: str = "", **data: Any
    ) -> None:
        place = line.spec.place
        details = {"stage": line.spec.stage, "adapter": line.adapter, "model": line.spec.key}
        if "tail" in data:
            details["tail"] = "\n".join(line[:_WORDS_LONG] for line in list(data["tail"])[-_WORDS:])
        self._events(Event(f"studio.model.{what}", f"{place}: {why}", severity, remedy, data=details))

    async def _all_gone(self) -> None:
        while gone := [host.gone for host in self._hosts]:
            await asyncio.wait(gone)


def _closed(line: Line) -> WebTVError:
    return TransientError("the models' studio has closed", place=line.spec.place, remedy="try again later")
