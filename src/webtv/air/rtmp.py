"""An RTMP output: a bounded queue of slices and supervised children; it never delays anybody else.

A session is renewed as planned, long before its timestamps use up 31 bits and before a platform ends it: the
next child is started ahead and waits, warm; at a join the old one takes leave and the new one connects, while
the queue holds what airs meanwhile. Where the server lets two publish at once, the new one is live before the
old one ends.
"""

import asyncio
import random
import re
from collections.abc import Set as AbstractSet
from urllib.parse import quote, unquote, urlsplit

from webtv.air.faults import Fault
from webtv.air.flv import opening, tags
from webtv.air.output import GopQueue, OutputKind, OutputState, OutputStatus
from webtv.air.session import Patience, Session, SessionError
from webtv.air.slice import Slice, StreamHeader
from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS
from webtv.core.log import redact

DAY = 86_400.0
_QUEUE = 4  # slices (eight seconds); beyond it the oldest GOP is dropped whole
_PARTS = 4  # stretches of half a second: servers get a steady stream, the child wakes seldom
_REMIND = 3600.0  # seconds after which a failure that stays is told again
_HEALTHY = 60.0  # seconds after which a session counts as good and the backoff begins anew
_SECRET = 4  # letters from which on a part of an address is hidden
_WARM = 5.0  # seconds that the next child is given to start
_GRACE = 600.0  # seconds after which a session is renewed even where nothing joins
_WORDS = 120  # letters of what a server says


class RtmpOutput:
    """Pushes one channel's slices to one RTMP address, session after session.

    Args:
        name: the operator's name of the target.
        url: its address; never logged.
        slug: the channel.
        header: what opens each session.
        epoch: UTC second of frame 0.
        clock: paces the stretches, the backoff and the renewal.
        noise: jitter of the backoff and of the renewal.
        events: takes connects and failures.
        rotate: seconds after which a session is renewed, at most; up to a tenth less.
        overlap: whether the server lets two publish under the same name at once, or the second take over.
        ca_file: PEM file of the CAs that are trusted for ``rtmps://``; None: the machine's.
        patience: how long each thing may take.
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
        rotate: float = DAY,
        overlap: bool = False,
        ca_file: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.status = OutputStatus(name, OutputKind.RTMP)
        self._url = url
        self._slug = slug
        self._header = header
        self._epoch = epoch
        self._clock = clock
        self._noise = noise
        self._events = events
        self._rotate = rotate
        self._overlap = overlap
        self._ca_file = ca_file
        self._patience = patience or Patience()
        self._queue = GopQueue(_QUEUE, self.status)
        self._sent = 0  # bytes of the sessions before this one

    def offer(self, piece: Slice, due: float) -> None:
        """Take a slice to send; drops the oldest when the queue is full. Never waits.

        Args:
            piece: the slice.
            due: monotonic second at which its first frame is due.
        """
        self._queue.put(piece, due)

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """Forget slices of these clips that still wait; what has left cannot be taken back."""
        self._queue.withdraw(clips)

    async def run(self) -> None:
        """Serve until cancelled."""
        failures = 0
        told: Fault | None = None
        told_at = 0.0
        while True:
            began = self._clock.monotonic()
            try:
                await self._serve()
            except SessionError as error:
                fault, words = error.fault, self._private(error.words)[:_WORDS]
            except Exception as error:  # whatever it is, it must not reach the channel
                fault, words = Fault.OTHER, type(error).__name__
            if self._clock.monotonic() - began > _HEALTHY:
                failures, told = 0, None
            failures += 1
            wait = min(60.0, 2.0 ** min(failures, 6)) * self._noise.uniform(0.5, 1.0)
            self.status.error = f"{fault.meaning}: {words}" if words else fault.meaning
            self.status.state = OutputState.WAITING
            now = self._clock.monotonic()
            # A target that stays dead is a warning once and each hour, and not every minute of a year.
            loud = fault is not told or now - told_at >= _REMIND
            if loud:
                told, told_at = fault, now
            self._tell(
                "air.output.failed",
                f"Output {self.status.name} is down ({self.status.error}); next try in {wait:.0f} s",
                fault.remedy,
                Severity.WARNING if loud else Severity.INFO,
                fault=fault.value,
            )
            await self._clock.sleep(wait)

    async def _serve(self) -> None:
        """Session after session, until one fails."""
        self.status.state = OutputState.CONNECTING
        session, spare = self._session(), None
        try:
            await session.start()
            await session.connect()
            # What queued up while there was no session is old; begin with what is on air.
            self._queue.keep_latest()
            piece, due = await self._queue.get()
            await self._open(session, piece)
            self._live("air.output.live", "is live")
            now = self._clock.monotonic()
            due_for_renewal = self._next_renewal(now)
            while True:
                if spare is not None and self._is_time(piece, now, due_for_renewal):
                    session, spare = await self._renew(session, spare, piece, due), None
                    due_for_renewal = self._next_renewal(now)
                else:
                    await self._send(session, piece, due)
                piece, due = await self._queue.get()
                now = self._clock.monotonic()
                if spare is not None and not spare.waits:  # killed; nothing was to end for it
                    await spare.end()
                    spare = None
                if spare is None and now >= due_for_renewal:
                    spare = self._session()
                    await spare.start()
        finally:
            self._retire(session)
            for each in (session, spare):
                if each is not None:
                    await each.end()

    def _session(self) -> Session:
        return Session(
            self.status.name, self._url, ca_file=self._ca_file, clock=self._clock, patience=self._patience
        )

    def _next_renewal(self, now: float) -> float:
        # Outputs that began together are not all renewed together.
        return now + self._rotate * self._noise.uniform(0.9, 1.0)

    def _is_time(self, piece: Slice, now: float, due: float) -> bool:
        """Whether to renew with this slice: at a join, if one comes, once the next child has started."""
        late = now - due
        return late >= min(_GRACE, 3 * self._rotate) or (piece.joins and late >= min(_WARM, self._rotate))

    async def _open(self, session: Session, piece: Slice) -> None:
        session.first = piece.frame
        await session.write(self._opening(piece))

    def _opening(self, piece: Slice) -> bytes:
        return opening(self._header, self._epoch + piece.frame / self._header.format.fps)

    async def _send(self, session: Session, piece: Slice, due: float) -> None:
        for number, stretch in enumerate(tags(piece, self._header, session.first, _PARTS)):
            await self._pace(due, number)
            await self._write(session, stretch)
        self.status.frame = piece.frame

    async def _pace(self, due: float, number: int) -> None:
        await self._clock.sleep(due + number * GOP_SECONDS / _PARTS - self._clock.monotonic())

    async def _write(self, session: Session, data: bytes) -> None:
        await session.write(data)
        self.status.sent_bytes = self._sent + session.taken

    async def _renew(self, old: Session, new: Session, piece: Slice, due: float) -> Session:
        """Go over to the next child with this slice; returns the session that goes on."""
        if self._overlap:
            return await self._make_before_break(old, new, piece, due)
        await old.finish()
        self._retire(old)
        await new.connect()
        await self._open(new, piece)
        self._live("air.output.renewed", "began its next session, as planned")
        await self._send(new, piece, due)
        return new

    async def _make_before_break(self, old: Session, new: Session, piece: Slice, due: float) -> Session:
        """Feed the old one until the new one is live; that one then gets at once all since the join."""
        new.first = piece.frame
        held = [self._opening(piece)]
        connecting = asyncio.ensure_future(new.connect())
        try:
            while True:
                for_old = tags(piece, self._header, old.first, _PARTS)
                for_new = tags(piece, self._header, new.first, _PARTS)
                for number in range(_PARTS):
                    await self._pace(due, number)
                    held.append(for_new[number])
                    if not connecting.done():
                        if await self._goes_on(old, for_old[number]):
                            continue
                        await connecting  # nothing to go back to
                    if error := connecting.exception():
                        await self._stay(new, error)
                        await self._write(old, b"".join(for_old[number:]))
                        return old
                    await old.finish()
                    self._retire(old)
                    self._live("air.output.renewed", "began its next session, as planned")
                    await self._write(new, b"".join(held))
                    for rest in range(number + 1, _PARTS):
                        await self._pace(due, rest)
                        await self._write(new, for_new[rest])
                    return new
                piece, due = await self._queue.get()
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    async def _goes_on(self, old: Session, data: bytes) -> bool:
        """Feed a session that may be cut off any moment: some servers let the next one take over."""
        try:
            await self._write(old, data)
        except SessionError:
            return False
        return True

    async def _stay(self, new: Session, error: BaseException) -> None:
        """The server did not let two in: stay with the old session, and break before making from now on."""
        await new.end()
        self._overlap = False
        fault = error.fault if isinstance(error, SessionError) else Fault.OTHER
        self._tell(
            "air.output.overlap_refused",
            f"Output {self.status.name} could not begin a session beside its old one ({fault.meaning}); "
            "it stays on, and ends before the next one begins",
            "remove `overlap` from the target in WEBTV_OUTPUTS",
            fault=fault.value,
        )

    def _retire(self, session: Session) -> None:
        self._sent += session.taken
        session.taken = 0

    def _live(self, kind: str, what: str) -> None:
        self.status.state = OutputState.LIVE
        self.status.sessions += 1
        self.status.error = ""
        self._events(Event(kind, f"Output {self.status.name} {what}", channel=self._slug))

    def _tell(
        self, kind: str, message: str, remedy: str, severity: Severity = Severity.WARNING, **data: str
    ) -> None:
        self._events(Event(kind, message, severity, remedy, self._slug, {"output": self.status.name, **data}))

    def _private(self, text: str) -> str:
        """A server's words without the address and whatever of it may be a key, however it is spelt."""
        address = urlsplit(self._url)
        parts = {*re.split(r"[/?&=]", f"{address.path}?{address.query}"), address.fragment}
        parts |= {address.password or "", address.username or ""}
        spelt = {word for part in parts for word in (part, unquote(part), quote(unquote(part), safe=""))}
        for secret in sorted(spelt, key=len, reverse=True):
            if len(secret) >= _SECRET:
                text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
        return redact("".join(sign for sign in text if sign.isprintable()))
