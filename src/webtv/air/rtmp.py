"""An RTMP output: a bounded queue of slices and a supervised child; it never delays anybody else."""

import asyncio
import json
import random
import re
import sys
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from webtv.air.flv import opening, tags
from webtv.air.slice import Slice, StreamHeader
from webtv.core.clock import Clock
from webtv.core.errors import TransientError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS
from webtv.core.log import redact
from webtv.core.process import Process

_QUEUE = 4  # slices (eight seconds); beyond it the oldest GOP is dropped whole
_PARTS = 4  # stretches of half a second: servers get a steady stream, the child wakes seldom
_STALL = 20.0  # seconds without a byte taken after which the child is ended
_HEALTHY = 60.0  # seconds after which a session counts as good and the backoff begins anew
_SECRET = 4  # letters from which on a part of an address is hidden
_SESSION = 24 * 3600.0  # seconds after which a session is renewed at a join, long before 31 bits are used up


class OutputState(StrEnum):
    """What an output is doing."""

    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"


@dataclass(slots=True)
class OutputStatus:
    """Figures of one output, for pages and metrics."""

    name: str
    state: OutputState = OutputState.CONNECTING
    sessions: int = 0
    dropped_gops: int = 0
    sent_bytes: int = 0
    error: str = ""


class RtmpOutput:
    """Pushes one channel's slices to one RTMP address, session after session.

    Args:
        name: the operator's name of the target.
        url: its address; never logged.
        slug: the channel.
        header: what opens each session.
        epoch: UTC second of frame 0.
        clock: paces the stretches and the backoff.
        noise: jitter of the backoff.
        events: takes connects and failures.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        slug: str,
        header: StreamHeader,
        epoch: float,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
    ) -> None:
        self.status = OutputStatus(name)
        self._url = url
        self._slug = slug
        self._header = header
        self._epoch = epoch
        self._clock = clock
        self._noise = noise
        self._events = events
        self._queue: deque[tuple[Slice, float]] = deque()
        self._filled = asyncio.Event()

    def offer(self, piece: Slice, due: float) -> None:
        """Take a slice to send; drops the oldest when the queue is full. Never waits.

        Args:
            piece: the slice.
            due: monotonic second at which its first frame is due.
        """
        if len(self._queue) >= _QUEUE:
            self._queue.popleft()
            self.status.dropped_gops += 1
        self._queue.append((piece, due))
        self._filled.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        failures = 0
        while True:
            began = self._clock.monotonic()
            try:
                await self._session()
                failures = 0
                continue  # renewed as planned
            except Exception as error:  # whatever it is, it must not reach the channel
                self.status.error = self._private(str(error)) or type(error).__name__
            if self._clock.monotonic() - began > _HEALTHY:
                failures = 0
            failures += 1
            wait = min(60.0, 2.0 ** min(failures, 6)) * self._noise.uniform(0.5, 1.0)
            self.status.state = OutputState.WAITING
            self._events(
                Event(
                    "air.output.failed",
                    f"Output {self.status.name} is down ({self.status.error}); next try in {wait:.0f} s",
                    Severity.WARNING,
                    "check that the server runs and that the address and key in WEBTV_OUTPUTS are right",
                    self._slug,
                )
            )
            await self._clock.sleep(wait)

    def _private(self, text: str) -> str:
        """A child's words without the address and whatever of it may be a key."""
        address = urlsplit(self._url)
        secrets = re.split(r"[/?&=]", f"{address.path}?{address.query}")
        for secret in sorted(
            (*secrets, address.password or "", address.username or ""), key=len, reverse=True
        ):
            if len(secret) >= _SECRET:
                text = text.replace(secret, "…")
        return redact(text)

    async def _session(self) -> None:
        self.status.state = OutputState.CONNECTING
        # What queued up while there was no session is old; begin with what is on air.
        while len(self._queue) > 1:
            self._queue.popleft()
        began = self._clock.monotonic()
        argv = [sys.executable, "-m", "webtv.air.pusher"]
        async with Process(argv, name=f"output {self.status.name}", stdin=True) as child:
            await self._write(child, json.dumps({"url": self._url}).encode() + b"\n")
            first: int | None = None
            while True:
                piece, due = await self._next()
                if first is None:
                    first = piece.frame
                    start = self._epoch + first / self._header.format.fps
                    await self._write(child, opening(self._header, start))
                elif piece.joins and self._clock.monotonic() - began > _SESSION:
                    self._queue.appendleft((piece, due))
                    return
                for i, stretch in enumerate(tags(piece, self._header, first, _PARTS)):
                    await self._clock.sleep(due + i * GOP_SECONDS / _PARTS - self._clock.monotonic())
                    await self._write(child, stretch)
                if self.status.state is not OutputState.LIVE and piece.frame > first:
                    self._live()

    def _live(self) -> None:
        self.status.state = OutputState.LIVE
        self.status.sessions += 1
        self.status.error = ""
        self._events(Event("air.output.live", f"Output {self.status.name} is live", channel=self._slug))

    async def _next(self) -> tuple[Slice, float]:
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        return self._queue.popleft()

    async def _write(self, child: Process, data: bytes) -> None:
        if child.returncode is not None:
            raise TransientError(child.tail[-1] if child.tail else f"ended with {child.returncode}")
        child.stdin.write(data)
        try:
            async with asyncio.timeout(_STALL):
                await child.stdin.drain()
        except TimeoutError as error:
            raise TransientError(f"the server has taken nothing for {_STALL:.0f} s") from error
        except ConnectionError as error:
            # The pipe breaks a moment before the child's last words have been read.
            await child.wait()
            await asyncio.sleep(0)
            raise TransientError(child.tail[-1] if child.tail else "the child ended") from error
        self.status.sent_bytes += len(data)
