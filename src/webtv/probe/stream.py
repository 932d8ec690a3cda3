"""Subscribing to streams without an end: HTTP-FLV, read as a desktop player reads it, and RTMP."""

import asyncio
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import av
import av.error
import httpx
from av.container import InputContainer

from webtv.core.clock import Clock
from webtv.probe.decoder import LIVE_OPTIONS, Decoder
from webtv.probe.hls import PATIENCE, Failure
from webtv.probe.reading import Medium, Reading

_ROOM = 8 << 20  # bytes that wait for the demuxer at most; more means that it stands still
_HEAD = 4096  # bytes of a stream in which its metadata stands
_EPOCH = b"\x00\x05epoch\x00"
_FIRST, _CEILING = 0.1, 0.5  # seconds to wait after a failure, at first and at most
_RARE = 10.0  # the same where the station does not offer the output
_STEADY = 10.0  # seconds after which a connection was a good one
_NOT_OFFERED = "status_404"

T = TypeVar("T")


class Pipe:
    """Bytes on their way from the event loop to a demuxer in a thread: a file that blocks while empty."""

    def __init__(self) -> None:
        self._chunks = bytearray()
        self._changed = threading.Condition()
        self._ended = False

    def write(self, data: bytes) -> None:
        """Add bytes; never waits.

        Raises:
            Failure: nobody reads.
        """
        with self._changed:
            if self._ended or len(self._chunks) > _ROOM:
                raise Failure("garbage")
            self._chunks += data
            self._changed.notify()

    def close(self) -> None:
        """No more bytes."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def read(self, count: int) -> bytes:
        """At most so many bytes, as soon as there are any; none at the end."""
        with self._changed:
            while not self._chunks and not self._ended:
                self._changed.wait()
            data = bytes(self._chunks[:count])
            del self._chunks[:count]
            return data


class StreamSubscriber:
    """Follows one endless stream until cancelled; connects again whenever it ends.

    Args:
        address: ``http(s)://….flv`` or ``rtmp(s)://…``.
        reading: takes what comes.
        decoder: takes the media.
        clock: waits and stamps.
        client: asks, for HTTP.
        patience: seconds that media may keep it waiting before it connects again.
    """

    def __init__(
        self,
        address: str,
        reading: Reading,
        decoder: Decoder,
        clock: Clock,
        client: httpx.AsyncClient,
        patience: float = PATIENCE,
    ) -> None:
        self._patience = patience
        self._address = address
        self._reading = reading
        self._decoder = decoder
        self._clock = clock
        self._client = client
        self._epoch: float | None = None

    async def run(self) -> None:
        """Connect, read, connect again; for ever."""
        failures = 0
        play = self._play_http if self._address.startswith("http") else self._play_rtmp
        while True:
            began = self._clock.monotonic()
            self._reading.session()
            self._decoder.forget()
            self._epoch = None
            try:
                await play()
                kind = "ended"
            except Failure as failure:
                kind = failure.kind
            now = self._clock.monotonic()
            self._reading.failed(kind, now)
            failures = 1 if now - began > _STEADY else failures + 1
            ceiling = _RARE if kind == _NOT_OFFERED else _CEILING
            await self._clock.sleep(min(ceiling, _FIRST * 2 ** min(failures - 1, 10)))

    async def _play_http(self) -> None:
        """One connection over HTTP; returns when it ends.

        Raises:
            Failure: it could not be played.
        """
        pipe = Pipe()
        demuxing = _in_thread(lambda: self._demux_pipe(pipe))
        try:
            async with self._client.stream("GET", self._address, timeout=self._patience) as response:
                if response.status_code != 200:
                    raise Failure(f"status_{response.status_code}")
                head = b""
                chunks = response.aiter_raw()
                while not demuxing.done():
                    try:
                        async with asyncio.timeout(self._patience):
                            chunk = await anext(chunks, b"")
                    except TimeoutError as error:
                        raise Failure("timeout") from error
                    if not chunk:
                        break
                    if len(head) < _HEAD:
                        head += chunk[: _HEAD - len(head)]
                        self._epoch = epoch_in(head)
                    pipe.write(chunk)
        except httpx.TimeoutException as error:
            raise Failure("timeout") from error
        except httpx.ConnectError as error:
            raise Failure("refused") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Failure("ended") from error
        finally:
            pipe.close()
            await asyncio.wait({demuxing}, timeout=self._patience)
        if demuxing.done() and not demuxing.result():
            raise Failure("garbage")

    def _demux_pipe(self, pipe: Pipe) -> bool:
        try:
            with av.open(pipe, "r", format="flv", options=LIVE_OPTIONS) as container:
                return self._demux(container, lambda: False)
        except (av.error.FFmpegError, OSError, ValueError):
            return False
        finally:
            pipe.close()

    async def _play_rtmp(self) -> None:
        stopped = threading.Event()
        playing = _in_thread(lambda: self._demux_rtmp(stopped))
        try:
            kind = await asyncio.shield(playing)
        finally:
            stopped.set()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({playing}, timeout=2 * self._patience)
        if kind:
            raise Failure(kind)

    def _demux_rtmp(self, stopped: threading.Event) -> str:
        """One RTMP connection; returns how it failed, or nothing if the stream ended."""
        try:
            options = {**LIVE_OPTIONS, "rtmp_live": "live"}
            with av.open(
                self._address, "r", options=options, timeout=(self._patience, self._patience)
            ) as container:
                return "" if self._demux(container, stopped.is_set) else "garbage"
        except av.error.ExitError:
            return "timeout"
        except (av.error.ConnectionRefusedError, ConnectionRefusedError):
            return "refused"
        except (av.error.EOFError, OSError, ValueError):
            return "ended"
        except av.error.FFmpegError:
            return "garbage"

    def _demux(self, container: InputContainer, stopped: Callable[[], bool]) -> bool:
        """Read packets until the end; False if there never was picture and sound."""
        try:
            tracks = self._decoder.tracks(container)
        except av.error.FFmpegError:
            return False
        for packet in container.demux():
            if stopped():
                break
            track = tracks.get(packet.stream_index)
            if track is None:
                continue
            arrival = self._clock.monotonic()
            self._decoder.take(packet, track, arrival)
            if self._epoch is not None and track.medium is Medium.VIDEO and packet.is_keyframe:
                at = self._epoch + (packet.dts or 0) * track.base
                self._reading.aired(at, self._clock.time(), arrival)
        return True


def _in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run it in a thread of its own: the loop's few threads must not be held by what has no end."""
    executor = ThreadPoolExecutor(1, "probe")
    try:
        return asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown(wait=False)


def epoch_in(head: bytes) -> float | None:
    """``epoch`` of FLV's onMetaData, the UTC second of timestamp 0; FFmpeg's demuxer would round it."""
    place = head.find(_EPOCH)
    number = head[place + len(_EPOCH) :][:8]
    if place < 0 or len(number) < 8:
        return None
    return float(struct.unpack(">d", number)[0])
