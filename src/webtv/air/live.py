"""The live output: a channel's slices for the web processes, which make HTTP-FLV of them.

Each web process subscribes once per channel, whatever the number of its viewers, and gets every slice whole
at the moment at which its first frame is due. It holds two seconds in its hand then, so its viewers notice
nothing when this process is killed and comes back; and this process wakes up for nobody. Who does not ask for
slices gets FLV, a GOP at a time.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from collections.abc import Set as AbstractSet

from starlette.requests import Request
from starlette.responses import Response

from webtv.air.endless import EndlessAnswer
from webtv.air.feed import (
    MEDIA_TYPE,
    Opening,
    packed_head,
    packed_opening,
    packed_withdrawal,
    packets,
)
from webtv.air.flv import FLV_TYPE, opening, session_ends, session_start, tags
from webtv.air.output import OutputKind, OutputState, OutputStatus
from webtv.air.slice import Slice, StreamHeader
from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity

_WAITING = 2  # slices that wait for a web process which reads slowly; beyond that the oldest is dropped


class FlvOutput:
    """Hands one channel's slices to everybody who subscribes; implements :class:`webtv.air.output.Output`.

    Without a subscriber it costs a reference to the latest slice.

    Args:
        header: the channel's stream header.
        epoch: UTC second of frame 0.
        clock: tells how long a slice has been due.
        slug: the channel, for events.
        events: hears of subscribers that are too slow.
    """

    def __init__(
        self,
        header: StreamHeader,
        epoch: float,
        *,
        clock: Clock,
        slug: str | None = None,
        events: EventSink = lambda _: None,
    ) -> None:
        self.status = OutputStatus("flv", OutputKind.FLV, OutputState.LIVE)
        self._header = header
        self._epoch = epoch
        self._slug = slug
        self._clock = clock
        self._events = events
        self._latest: tuple[Slice, float] | None = None
        self._body: tuple[Slice, bytes] | None = None
        self._subscribers: set[_Subscriber] = set()
        self._ended = False

    def offer(self, piece: Slice, due: float) -> None:
        """Take a slice; returns at once.

        Args:
            piece: the slice.
            due: monotonic second at which its first frame is due.
        """
        self._latest = (piece, due)
        self._body = None
        for subscriber in self._subscribers:
            dropped = subscriber.put(piece, due)
            self.status.dropped_gops += dropped
            if dropped and subscriber.dropped == dropped:
                self._tell_slow()

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """Forget these clips and tell every web process to."""
        if self._latest is not None and self._latest[0].entry.clip in clips:
            self._latest = self._body = None
        for subscriber in self._subscribers:
            subscriber.withdraw(clips)

    async def run(self) -> None:
        """Nothing but the subscribers' answers has work to do; they end when this is cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            self._ended = True
            for subscriber in self._subscribers:
                subscriber.end()

    def answer(self, request: Request | None = None) -> Response:
        """The answer to a subscriber: slices from the one on air on, until it leaves.

        Args:
            request: if its ``Accept`` does not name :data:`webtv.air.feed.MEDIA_TYPE`, FLV is sent instead.
        """
        fed = request is None or MEDIA_TYPE in request.headers.get("accept", "")
        pieces, media_type = (self._fed(), MEDIA_TYPE) if fed else (self._flv(), FLV_TYPE)
        return EndlessAnswer(pieces, media_type, {"Cache-Control": "no-store"})

    async def _fed(self) -> AsyncGenerator[bytes, None]:
        with self._subscribed() as subscriber:
            yield packed_opening(Opening(self._header, self._epoch))
            while (item := await subscriber.get()) is not None:
                if not isinstance(item, tuple):
                    yield packed_withdrawal(item)
                    continue
                piece, due = item
                yield self._sent(packed_head(piece, self._clock.monotonic() - due))
                yield self._sent(self._packets(piece))

    async def _flv(self) -> AsyncGenerator[bytes, None]:
        start: int | None = None
        form = self._header.format
        with self._subscribed() as subscriber:
            while (item := await subscriber.get()) is not None:
                if not isinstance(item, tuple):
                    continue
                piece, _ = item
                if start is None:
                    start = session_start(piece.frame, form)
                    stamp = (piece.frame - start) * 1000 // form.fps
                    yield opening(self._header, self._epoch + start / form.fps, stamp)
                elif session_ends(piece.frame, start, form):
                    return
                yield self._sent(tags(piece, self._header, start)[0])

    def _sent(self, data: bytes) -> bytes:
        self.status.sent_bytes += len(data)
        return data

    def _tell_slow(self) -> None:
        self._events(
            Event(
                "air.live.slow",
                "A web process reads the live stream too slowly; its viewers miss parts of it",
                Severity.WARNING,
                "see whether the web process hangs or the machine is overloaded; nothing else is touched",
                self._slug,
            )
        )

    @contextlib.contextmanager
    def _subscribed(self) -> Iterator["_Subscriber"]:
        subscriber = _Subscriber()
        if self._ended:
            subscriber.end()
        if self._latest is not None:
            subscriber.put(*self._latest)
        self._subscribers.add(subscriber)
        self.status.readers += 1
        self.status.sessions += 1
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)
            self.status.readers -= 1

    def _packets(self, piece: Slice) -> bytes:
        """A slice's packets, joined once for all subscribers."""
        if self._body is None or self._body[0] is not piece:
            self._body = (piece, packets(piece))
        return self._body[1]


class _Subscriber:
    """What waits for one subscriber."""

    def __init__(self) -> None:
        self.dropped = 0
        self._slices = deque[tuple[Slice, float]]()
        self._withdrawn: frozenset[str] | None = None
        self._filled = asyncio.Event()
        self._ended = False

    def put(self, piece: Slice, due: float) -> int:
        """Add a slice; returns how many had to make room."""
        dropped = max(0, len(self._slices) + 1 - _WAITING)
        for _ in range(dropped):
            self._slices.popleft()
        self.dropped += dropped
        self._slices.append((piece, due))
        self._filled.set()
        return dropped

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """Forget slices of these clips, and have it told."""
        self._slices = deque(item for item in self._slices if item[0].entry.clip not in clips)
        self._withdrawn = frozenset(clips)
        self._filled.set()

    def end(self) -> None:
        """There will be no more."""
        self._ended = True
        self._filled.set()

    async def get(self) -> frozenset[str] | tuple[Slice, float] | None:
        """Withdrawn clips, the oldest slice, or None at the end; waits for one."""
        while self._withdrawn is None and not self._slices and not self._ended:
            self._filled.clear()
            await self._filled.wait()
        if self._ended:
            return None
        if (clips := self._withdrawn) is not None:
            self._withdrawn = None
            return clips
        return self._slices.popleft()
