"""HTTP-FLV for any number of viewers from one subscription per channel at the head-end.

A slice comes whole when its first frame is due; it is cut into stretches, and each stretch is sent when it is
due. So this process always holds what airs in the next two seconds: a head-end that is killed and comes back
within that time leaves no gap, and a new reader gets as much at once as its player needs to begin.

All readers of a channel share the same bytes. One that reads too slowly is set forward to the next keyframe.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from webtv.air.feed import Gop, Message, Opening, Withdrawal
from webtv.air.flv import opening, session_ends, session_start, tags
from webtv.core.clock import Clock
from webtv.core.errors import RateLimited, ResourceError, TransientError, WebTVError
from webtv.core.format import GOP_SECONDS

PARTS = 8  # stretches of a GOP, a quarter of a second each
FIRST = 3  # stretches that a new reader gets at least: players begin with more than half a second
_STEP = GOP_SECONDS / PARTS
_ARRIVED = 8  # slices that may wait to be sent, as after a burst
_RETRY = 0.25  # seconds between attempts to reach the head-end
_PATIENCE = 3.0  # seconds that a new reader waits for the head-end: it is back within two
_SILENCE = 20.0  # seconds without anything to send after which readers are sent away
_LINGER = 5.0  # seconds for which a channel without readers stays subscribed: players come back

Feed = Callable[[str], AsyncGenerator[Message, None]]
"""Subscribes to a channel's slices; adapter: :meth:`webtv.air.client.HeadEndClient.slices`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Figures of one channel.

    Attributes:
        slug: the channel.
        readers: how many read it now.
        dropped_gops: GOPs of which slow readers missed something, since this process began to send it.
    """

    slug: str
    readers: int
    dropped_gops: int


class Fanout:
    """Sends channels to readers; closes subscriptions that nobody needs.

    Args:
        feed: subscribes to a channel.
        clock: paces.
        total: readers at most.
        per_network: readers at most from one address; a house behind one router or proxy counts as one.
    """

    def __init__(self, feed: Feed, clock: Clock, *, total: int = 1000, per_network: int = 200) -> None:
        self._feed = feed
        self._clock = clock
        self._total = total
        self._per_network = per_network
        self._networks: Counter[str] = Counter()
        self._relays: dict[str, _Relay] = {}
        self._log = structlog.get_logger("webtv.viewers")
        self._tasks: set[asyncio.Task[None]] = set()

    def readings(self) -> tuple[Reading, ...]:
        """Figures of the channels that are read."""
        return tuple(Reading(slug, len(relay.readers), relay.dropped) for slug, relay in self._relays.items())

    async def join(self, slug: str, network: str) -> AsyncGenerator[bytes, None]:
        """Let somebody read.

        Args:
            slug: the channel.
            network: where the reader is.

        Returns:
            FLV: headers, the GOP on air up to now, and then whatever airs, in pieces of whole tags. Reading
            begins with the first piece that is asked for, and lasts until it is closed.

        Raises:
            ResourceError: there are too many readers.
            RateLimited: there are too many of this network.
            TransientError: the channel is not on air.
        """
        self._admit(network)
        await self._relay(slug).ready()
        return self._read(slug, network)

    def _admit(self, network: str) -> None:
        if self._networks.total() >= self._total:
            raise ResourceError("The live stream has as many viewers as this station can serve.")
        if self._networks[network] >= self._per_network:
            raise RateLimited("There are too many viewers at this address.", retry_after=10)

    async def _read(self, slug: str, network: str) -> AsyncGenerator[bytes, None]:
        relay = self._relay(slug)
        try:
            self._admit(network)  # others may have come meanwhile
            reader = relay.join()
        except WebTVError:
            return
        self._networks[network] += 1
        try:
            while (piece := await reader.get()) is not None:
                yield piece
        finally:
            relay.leave(reader)
            self._networks[network] -= 1
            self._networks += Counter()  # forgets those of whom nobody is left

    async def close(self) -> None:
        """End all subscriptions, and with them all readers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _relay(self, slug: str) -> "_Relay":
        if slug not in self._relays:
            relay = self._relays[slug] = _Relay(slug, self._feed, self._clock)
            # No request owns it: it outlives the reader who happened to come first.
            task = asyncio.create_task(self._serve(relay), name=f"live {slug}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._relays[slug]

    async def _serve(self, relay: "_Relay") -> None:
        try:
            await relay.run()
        except* Exception as errors:
            self._log.exception("viewers.live.failed", channel=relay.slug, errors=repr(errors.exceptions))
        finally:
            del self._relays[relay.slug]
            relay.end()


@dataclass(slots=True)
class _Cut:
    """A GOP, cut into stretches for each session that is being read."""

    gop: Gop
    opening: Opening
    due: float
    sent: int = 0
    stretches: dict[int, list[bytes]] = field(default_factory=dict)

    def of(self, start: int) -> list[bytes]:
        """Its stretches in the session that began at this frame."""
        if start not in self.stretches:
            self.stretches[start] = tags(self.gop, self.opening.header, start, PARTS)
        return self.stretches[start]


class _Relay:
    """One channel: subscribed once, paced, sent to all of its readers."""

    def __init__(self, slug: str, feed: Feed, clock: Clock) -> None:
        self.slug = slug
        self.readers: set[_Reader] = set()
        self.dropped = 0
        self._feed = feed
        self._clock = clock
        self._opening: Opening | None = None
        self._arrived = deque[_Cut](maxlen=_ARRIVED)
        self._filled = asyncio.Event()
        self._current: _Cut | None = None
        self._ready = asyncio.Event()  # there is a GOP to begin with
        self._last = -1
        self._recent = deque[tuple[int, str]](maxlen=_ARRIVED)  # frame and clip of the latest GOPs
        self._used = clock.monotonic()
        self._trouble = "nothing has come yet"

    async def run(self) -> None:
        """Relay until nobody has read for a while."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._receive()), group.create_task(self._pace())]
            while self.readers or self._clock.monotonic() - self._used < _LINGER:
                await self._clock.sleep(1.0)
            for task in tasks:
                task.cancel()

    async def ready(self) -> None:
        """Wait until there is something to read.

        Raises:
            TransientError: nothing comes.
        """
        self._used = self._clock.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ready.wait()
        except TimeoutError:
            raise self._silent() from None

    def join(self) -> "_Reader":
        """Begin to read.

        Raises:
            TransientError: there is nothing to read.
        """
        if self._current is None:
            raise self._silent()
        form = self._current.opening.header.format
        reader = _Reader(self._current, session_start(self._current.gop.frame, form))
        self.readers.add(reader)
        return reader

    def _silent(self) -> TransientError:
        return TransientError(f"The channel sends nothing: {self._trouble}.", place=self.slug)

    def leave(self, reader: "_Reader") -> None:
        """Stop reading."""
        self.readers.discard(reader)
        self._used = self._clock.monotonic()

    def end(self) -> None:
        """Send all readers away."""
        for reader in self.readers:
            reader.end()

    async def _receive(self) -> None:
        """Stay subscribed."""
        while True:
            try:
                async with aclosing(self._feed(self.slug)) as messages:
                    async for message in messages:
                        self._take(message)
            except WebTVError as error:
                self._trouble = error.message
            await self._clock.sleep(_RETRY)

    def _take(self, message: Message) -> None:
        match message:
            case Opening():
                if self._opening not in (None, message):
                    # Another clock or another format: players begin anew.
                    self.end()
                    self._forget(lambda _: True)
                    self._last = -1
                self._opening = message
            case Gop() if self._opening is not None and message.frame > self._last:
                # A head-end that comes back may repeat what the last one sent.
                self._last = message.frame
                self._recent.append((message.frame, message.clip))
                due = self._clock.monotonic() - message.age
                self._arrived.append(_Cut(message, self._opening, due))
                self._filled.set()
            case Withdrawal():
                clips: AbstractSet[str] = message.clips
                self._forget(lambda cut: cut.gop.clip in clips)
                frames = {frame for frame, clip in self._recent if clip in clips}
                for reader in self.readers:
                    reader.forget(frames)

    def _forget(self, gone: Callable[[_Cut], bool]) -> None:
        """Neither keep nor send these; who is reading one gets no more of it."""
        self._arrived = deque((cut for cut in self._arrived if not gone(cut)), _ARRIVED)
        if self._current is not None and gone(self._current):
            self._current = None
            self._ready.clear()

    async def _pace(self) -> None:
        """Send each stretch when it is due."""
        while True:
            cut = self._current = await self._next()
            for part in range(PARTS):
                await self._clock.sleep(cut.due + part * _STEP - self._clock.monotonic())
                if self._current is not cut:
                    break  # withdrawn
                self._send(cut, part)
                cut.sent = part + 1
                self._ready.set()

    async def _next(self) -> _Cut:
        while not self._arrived:
            self._filled.clear()
            try:
                async with asyncio.timeout(_SILENCE):
                    await self._filled.wait()
            except TimeoutError:
                self._forget(lambda _: True)
                self.end()
        return self._arrived.popleft()

    def _send(self, cut: _Cut, part: int) -> None:
        for reader in self.readers:
            self.dropped += reader.put(cut, part)


class _Reader:
    """What waits for one reader: less than two GOPs, because a keyframe replaces what is older than one.

    Args:
        cut: the GOP on air; what has been sent of it goes first, and some more where that is little.
        start: the frame at which timestamps are 0.
    """

    def __init__(self, cut: _Cut, start: int) -> None:
        self._opening = cut.opening
        self._start = start
        self._ahead = (cut.gop.frame, max(cut.sent, FIRST))  # the GOP, and how many of its stretches it has
        first = b"".join(cut.of(start)[: self._ahead[1]])
        self._waiting = deque([(cut.gop.frame, first)])  # the GOP's frame, tags
        self._begun = False
        self._ended = False
        self._filled = asyncio.Event()

    def put(self, cut: _Cut, part: int) -> int:
        """Add a stretch unless the reader has it; returns how many GOPs had to give way."""
        frame = cut.gop.frame
        if self._ended or (frame == self._ahead[0] and part < self._ahead[1]):
            return 0
        dropped = 0
        if part == 0:
            if session_ends(frame, self._start, self._opening.header.format):
                self.end()
                return 0
            if len(self._waiting) > PARTS:
                dropped = len({waiting for waiting, _ in self._waiting})
                self._waiting.clear()
        self._waiting.append((frame, cut.of(self._start)[part]))
        self._filled.set()
        return dropped

    def forget(self, frames: AbstractSet[int]) -> None:
        """Send nothing more of these GOPs; it goes on with the next keyframe."""
        self._waiting = deque(item for item in self._waiting if item[0] not in frames)

    def end(self) -> None:
        """No more will come; what waits is still sent."""
        self._ended = True
        self._filled.set()

    async def get(self) -> bytes | None:
        """The next piece, or None at the end; waits for one."""
        while not self._waiting and not self._ended:
            self._filled.clear()
            await self._filled.wait()
        if not self._waiting:
            return None
        frame, piece = self._waiting.popleft()
        if self._begun:
            return piece
        self._begun = True
        header, fps = self._opening.header, self._opening.header.format.fps
        epoch = self._opening.epoch + self._start / fps
        return opening(header, epoch, (frame - self._start) * 1000 // fps) + piece
