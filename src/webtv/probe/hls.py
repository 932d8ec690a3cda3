"""Subscribing to HLS as a live player does: playlist polled, each new segment fetched and read at once."""

import asyncio
import io
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

import av
import av.error
import httpx

from webtv.core.clock import Clock
from webtv.core.errors import InputError
from webtv.probe.decoder import OPEN_OPTIONS, Decoder
from webtv.probe.m3u8 import MediaPlaylist, Segment, read_playlist
from webtv.probe.reading import Reading

PATIENCE = 5.0  # seconds that an answer may take
_SOON = 0.1  # seconds between two looks when a segment is due
_EARLY = 0.02  # so much earlier comes the next look after one that found something at once, and so too late
_LATER = 0.1  # by so much at most the rhythm follows a segment that was late: the next one may be in time
_CALM = 2.0  # seconds by which a segment is late before looks become rare
_RARE = 0.5
_CEILING = 0.5  # seconds between two tries at most: how long an outage was is what we want to know


class Failure(Exception):
    """What a viewer would have met, by kind; never an address."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Shelf(Protocol):
    """Where playlist and segments lie."""

    async def get(self, name: str | None) -> bytes:
        """A file by its name in the playlist; None for the playlist itself.

        Raises:
            Failure: it cannot be had.
        """
        ...


class WebShelf:
    """Behind a web server.

    Args:
        client: asks.
        address: of the playlist.
        patience: seconds that an answer may take.
    """

    def __init__(self, client: httpx.AsyncClient, address: str, patience: float = PATIENCE) -> None:
        self._client = client
        self._address = address
        self._patience = patience

    async def get(self, name: str | None) -> bytes:
        """Ask for it."""
        try:
            async with asyncio.timeout(self._patience):
                response = await self._client.get(urljoin(self._address, name or ""))
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Failure("timeout") from error
        except httpx.ConnectError as error:
            raise Failure("refused") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure("ended") from error
        if response.status_code != 200:
            raise Failure(f"status_{response.status_code}")
        return response.content


class FolderShelf:
    """A folder on this machine, for looking at the head-end's work with nothing between.

    Args:
        folder: such as ``DATA/hls/tideline``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, name: str | None) -> bytes:
        """Read it."""
        try:
            return await asyncio.to_thread((self._folder / Path(name or "index.m3u8").name).read_bytes)
        except OSError as error:
            raise Failure("status_404" if isinstance(error, FileNotFoundError) else "unreadable") from error


class HlsSubscriber:
    """Follows one live playlist until cancelled.

    Args:
        shelf: where it lies.
        reading: takes what comes.
        decoder: takes the media.
        clock: waits and stamps.
    """

    def __init__(self, shelf: Shelf, reading: Reading, decoder: Decoder, clock: Clock) -> None:
        self._shelf = shelf
        self._reading = reading
        self._decoder = decoder
        self._clock = clock
        self._latest: Segment | None = None
        self._sequence = -1
        self._init_name: str | None = None
        self._init = b""
        self._found = -1.0  # when the playlist was last found replaced
        self._due: float | None = None  # when the next segment comes, once the rhythm is known
        self._looked_early = False  # the latest look found nothing new: what comes next has just come

    async def run(self) -> None:
        """Poll, fetch, read; for ever."""
        failures = 0
        while True:
            try:
                wait = await self._look()
                failures = 0
            except Failure as failure:
                self._reading.failed(failure.kind, self._clock.monotonic())
                failures += 1
                self._due = None
                wait = min(_CEILING, 0.1 * 2 ** min(failures, 10))
                self._overdue(2.0)
            await self._clock.sleep(wait)

    async def _look(self) -> float:
        """Look once; returns how long to wait until the next time."""
        clock = self._clock
        try:
            playlist = read_playlist((await self._shelf.get(None)).decode())
        except (InputError, UnicodeDecodeError) as error:
            raise Failure("garbage") from error
        now = clock.monotonic()
        target = playlist.target or 2.0
        begins = self._latest is None
        fresh = self._fresh(playlist, now)
        early, self._looked_early = self._looked_early, not fresh
        if not fresh:
            late = self._overdue(target)
            return _SOON if late < _CALM else _RARE
        self._found = now
        if begins:
            return _SOON  # nobody knows how old it is: the next one tells the rhythm
        for segment in fresh:
            await self._take(playlist, segment)
        self._keep_step(now, early, target * len(fresh))
        if self._due is not None:  # several came at once, which says nothing of when the next one does
            self._due = min(self._due, now + target)
        return _SOON if self._due is None else max(0.0, self._due - clock.monotonic())

    def _keep_step(self, now: float, early: bool, seconds: float) -> None:
        """Learn when the next segment comes: so that it is found soon after, without asking all the time."""
        if self._due is None:
            self._due = now + seconds if early else None
            return
        self._due += seconds + (min(_LATER, max(0.0, now - self._due)) if early else -_EARLY)
        if self._due < now:
            self._due = None

    def _overdue(self, target: float) -> float:
        """Seconds by which the next segment is late; told to the reading."""
        if self._found < 0:
            return 0.0
        due = self._found + target if self._due is None else self._due
        late = self._clock.monotonic() - due
        if late > 0:
            self._reading.playlist_late(late)
        return late

    def _fresh(self, playlist: MediaPlaylist, now: float) -> list[Segment]:
        """The segments that were not there before; at first, and when the timeline began anew, the newest."""
        segments, latest = playlist.segments, self._latest
        if latest is None:
            self._sequence = playlist.sequence
            self._latest = segments[-1] if segments else None
            return list(segments[-1:])
        anew = bool(segments) and segments[-1].number < latest.number
        if playlist.sequence < self._sequence or anew:
            self._reading.sequence_went_back(now)
        self._sequence = playlist.sequence
        if anew:
            # Numbers begin anew: so does what plays them.
            self._reading.session()
            self._decoder.forget()
            return list(segments[-1:])
        fresh = [segment for segment in segments if segment.number > latest.number]
        if fresh and (missed := fresh[0].number - latest.number - 1):
            self._reading.missed(missed, now)
            self._reading.discontinuity(now, marked=False)
        return fresh

    async def _take(self, playlist: MediaPlaylist, segment: Segment) -> None:
        clock, reading = self._clock, self._reading
        if segment.discontinuity and self._latest is not None:
            reading.discontinuity(clock.monotonic(), marked=True)
        self._latest = segment  # one that cannot be had is not asked for again: a player goes on, too
        if playlist.init and (playlist.init != self._init_name or segment.discontinuity):
            self._init = await self._shelf.get(playlist.init)
            self._init_name = playlist.init
        try:
            body = await self._shelf.get(segment.name)
        except Failure:
            reading.missed(1, clock.monotonic())
            reading.discontinuity(clock.monotonic(), marked=False)
            raise
        arrival, wall = clock.monotonic(), clock.time()
        if segment.date is not None:
            reading.aired(segment.date, wall, arrival)
            reading.dated(segment.date, segment.seconds, arrival)
        if not await asyncio.to_thread(self._read, body, arrival):
            self._init_name = None  # perhaps of another format: look again
            raise Failure("garbage")

    def _read(self, body: bytes, arrival: float) -> bool:
        """Demux a segment; False if it is none."""
        try:
            with av.open(io.BytesIO(self._init + body), "r", options=OPEN_OPTIONS) as container:
                tracks = self._decoder.tracks(container)
                found = False
                for packet in container.demux():
                    if packet.stream_index in tracks and packet.dts is not None:
                        found = True
                        self._decoder.take(packet, tracks[packet.stream_index], arrival)
        except (av.error.FFmpegError, OSError, ValueError):
            return False
        self._reading.segment_ended()
        return found
