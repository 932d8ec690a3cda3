"""The head-end process: airs every channel of the machine, told by ``air.json``, controlled over a socket.

It needs playlist and clip files and nothing else: no database, no model, no web server. Its control
socket speaks HTTP: ``GET /status``, ``POST /reload``, ``POST /stop``, ``GET /live/{channel}.flv``.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webtv import __version__
from webtv.air.blocked import BlockList
from webtv.air.channel import ChannelOnAir
from webtv.air.config import PROTOCOL, AirConfig, ChannelConfig, load_config
from webtv.air.hls import retire_channels
from webtv.air.reels import withdraw_recordings
from webtv.air.slate import SlateMaker, forget_slates
from webtv.clips.encoder import committed_avcc
from webtv.core.clock import Clock
from webtv.core.errors import ConflictError, WebTVError
from webtv.core.events import Event, EventLog, EventSink, Severity
from webtv.core.format import GOP_SECONDS
from webtv.core.lock import LockHeld, held
from webtv.core.log import redact

_THREADS = 256  # that may wait for files: a disk that hangs holds a few of each channel's, and nobody else's
_MIXERS = 4  # threads that make slices: this is work for cores, and no disk can hold them up
_HOUR = 3600.0
_GLANCE = 0.2  # seconds between two looks at the list of blocked clips
_GOLDEN = 0.6180339887  # phases that follow it spread evenly, however many channels there are


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the lock that makes this the only head-end of a data folder.

    Raises:
        ConflictError: another one airs already.
    """
    try:
        with held(data / "air.lock"):
            yield
    except LockHeld as lock:
        raise ConflictError(
            "a head-end airs this data folder already",
            place=str(data),
            remedy="end it with `webtv stop`, or choose another --data folder",
        ) from lock


class HeadEnd:
    """All channels of a machine.

    Args:
        data: the station's data folder.
        clock: paces.
        noise: reruns and backoff.
        events: takes what happens.
    """

    def __init__(self, data: Path, clock: Clock, noise: random.Random, events: EventSink) -> None:
        self._data = data
        self._clock = clock
        self._noise = noise
        self._told = Counter[tuple[str, str]]()  # events by kind and channel
        self._log = EventLog(events, self._count, keep=100)
        self._blocked = BlockList(data / "blocked")
        self._mixers = ThreadPoolExecutor(_MIXERS, thread_name_prefix="mixer")
        self._tidy = asyncio.Event()
        self._begun = 0  # channels so far, for their phases
        self._channels: dict[str, ChannelOnAir] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slates: dict[str, SlateMaker] = {}
        self._stop = asyncio.Event()
        self._contact = clock.monotonic()
        self._config = AirConfig(())

    async def run(self) -> None:
        """Air until told to stop.

        Raises:
            ConflictError: another head-end holds the data folder.
            ConfigError: ``air.json`` is unusable.
        """
        with only_one(self._data):
            config = load_config(self._data / "air.json")
            self._blocked.refresh()
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="air"))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop.set)
            async with asyncio.TaskGroup() as group, self._control():
                self._group = group
                self._apply(config)
                watches = [
                    group.create_task(self._watch_orphanage()),
                    group.create_task(self._watch_blocked()),
                    group.create_task(self._keep_tidy()),
                ]
                await self._stop.wait()
                for watch in watches:
                    watch.cancel()
                for slug in list(self._channels):
                    self._end(slug)

    def _apply(self, config: AirConfig) -> None:
        self._config = config
        wanted = {channel.slug: channel for channel in config.channels}
        for slug in self._channels.keys() - wanted.keys():
            self._end(slug)
        for slug, channel in wanted.items():
            running = self._channels.get(slug)
            if running is not None and running.shape != (channel.format, channel.audio):
                self._end(slug)  # pictures or sound are made otherwise: its outputs begin anew
            if slug in self._channels:
                self._channels[slug].apply(channel, config.hls_window)
                if self._slates[slug].apply(channel):
                    self._group.create_task(self._make_slate(self._slates[slug], slug))
            else:
                self._start(channel, config.hls_window)
        self._tidy.set()

    def _start(self, config: ChannelConfig, window: float) -> None:
        slug = config.slug
        self._slates[slug] = SlateMaker(config, self._log, self._data / "slates")
        self._channels[slug] = ChannelOnAir(
            config,
            self._data,
            avcc=committed_avcc()[config.format],
            slate=self._slates[slug],
            hls_window=window,
            clock=self._clock,
            noise=self._noise,
            events=self._log,
            blocked=self._blocked,
            phase=self._begun * _GOLDEN % 1 * GOP_SECONDS,
            threads=self._mixers,
            slate_ready=lambda slate=self._slates[slug]: slate.ready,  # type: ignore[misc]
            prepare_slate=self._slates[slug].prepare,
        )
        self._begun += 1
        before = self._tasks.get(slug)
        self._tasks[slug] = self._group.create_task(self._air(self._channels[slug], before), name=slug)

    async def _make_slate(self, slate: SlateMaker, slug: str) -> None:
        """Make a slate anew whose name or colour has changed; the old one serves if that fails."""
        try:
            await asyncio.to_thread(slate.refresh)
        except Exception as error:  # whatever it is, it must not reach the channels
            remedy = error.remedy if isinstance(error, WebTVError) else "please report this with the log"
            self._log(Event("air.slate.stale", redact(str(error)), Severity.WARNING, remedy, slug))

    def _end(self, slug: str) -> None:
        del self._channels[slug]
        self._slates.pop(slug).abandon()
        self._tasks[slug].cancel()

    async def _air(self, channel: ChannelOnAir, before: asyncio.Task[None] | None) -> None:
        """Keep one channel on air whatever happens to it; never takes the others down."""
        if before is not None:
            await asyncio.wait([before])  # the same channel, taken off a moment ago
        while True:
            try:
                await channel.run()
            except* Exception as group:
                error: BaseException = group
                while isinstance(error, BaseExceptionGroup):
                    error = error.exceptions[0]
                self._log(
                    Event(
                        "air.channel.restarted",
                        f"The channel stumbled and starts again: {redact(repr(error))}",
                        Severity.ERROR,
                        "please report this with the log; no other channel is touched",
                        channel.config.slug,
                    )
                )
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError  # Python 3.11's groups lose it where both come at once
            await self._clock.sleep(1.0)

    async def _watch_orphanage(self) -> None:
        while True:
            await self._clock.sleep(60.0)
            limit = self._config.orphan_days * 86_400
            if limit and self._clock.monotonic() - self._contact > limit:
                self._log(
                    Event("air.orphan.ended", "No control plane has called for too long; going off air")
                )
                self._stop.set()

    async def _watch_blocked(self) -> None:
        """What must not air is cut and purged within a second, whatever the rest of the disk does."""
        ids = self._blocked.ids
        while True:
            await asyncio.to_thread(self._blocked.refresh)
            if self._blocked.ids != ids:
                fresh, ids = self._blocked.ids - ids, self._blocked.ids
                for channel in self._channels.values():
                    channel.withdraw()
                if fresh:
                    self._log(
                        Event(
                            "air.clips.withdrawn",
                            f"{len(fresh)} clips were blocked: off the air, out of windows and recordings",
                            Severity.WARNING,
                        )
                    )
                self._tidy.set()
            await self._clock.sleep(_GLANCE)

    async def _keep_tidy(self) -> None:
        """What channels left behind that are not on air, or not recorded, any more: end it, purge it."""
        while True:
            self._tidy.clear()
            try:
                await asyncio.to_thread(self._sweep)
            except Exception as error:  # whatever it is, it must not reach the channels
                why = getattr(error, "strerror", None) or error
                message = f"What channels left behind could not be put in order ({why})"
                remedy = "look at the disk's room and rights; it is tried again within the hour"
                self._log(Event("air.house.untidy", message, Severity.WARNING, remedy))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HOUR):
                    await self._tidy.wait()

    def _sweep(self) -> None:
        on_air = self._config.channels
        recorded = [channel.slug for channel in on_air if channel.recording is not None]
        wanted = [channel.slug for channel in on_air]
        retire_channels(self._data / "hls", wanted, self._blocked.ids, self._clock.time())
        forget_slates(self._data / "slates", wanted)
        if self._blocked.ids:
            withdraw_recordings(self._data / "recordings", self._blocked.ids, skip=recorded)

    @contextlib.asynccontextmanager
    async def _control(self) -> AsyncIterator[None]:
        """Serve the control socket while the block runs."""
        app = Starlette(
            routes=[
                Route("/status", self._status),
                Route("/reload", self._reload, methods=["POST"]),
                Route("/stop", self._stop_request, methods=["POST"]),
                Route("/live/{slug}.flv", self._live),
            ]
        )
        path = self._data / "air.sock"
        path.unlink(missing_ok=True)  # the lock is ours, so whoever bound it is gone
        # Bound here, so that nobody but the owner can connect from its first moment on.
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(16)
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
            server = _QuietServer(config)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(server.serve(sockets=[listener]))
                    try:
                        yield
                    finally:
                        server.should_exit = server.force_exit = True
            finally:
                path.unlink(missing_ok=True)

    async def _status(self, _request: Request) -> Response:
        self._contact = self._clock.monotonic()
        last = self._log.last_error()
        body: dict[str, Any] = {
            "protocol": PROTOCOL,
            "version": __version__,
            "pid": os.getpid(),
            "utc": self._clock.time(),
            "channels": [
                {**channel.status(), "slate_ready": self._slates[slug].ready}
                for slug, channel in self._channels.items()
            ],
            "events": [
                {"kind": kind, "channel": channel, "count": count}
                for (kind, channel), count in list(self._told.items())
            ],
            "last_error": {"message": redact(last.message), "remedy": last.remedy, "channel": last.channel}
            if last
            else None,
        }
        return JSONResponse(body)

    def _count(self, event: Event) -> None:
        self._told[event.kind, event.channel or ""] += 1

    async def _live(self, request: Request) -> Response:
        channel = self._channels.get(request.path_params["slug"])
        if channel is None or channel.flv is None:
            return JSONResponse({"error": "this channel is not on air"}, status_code=404)
        return channel.flv.answer(request)

    async def _reload(self, _request: Request) -> Response:
        try:
            self._apply(load_config(self._data / "air.json"))
        except WebTVError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"channels": list(self._channels)})

    async def _stop_request(self, _request: Request) -> Response:
        self._stop.set()
        return JSONResponse({"stopping": True})


class _QuietServer(uvicorn.Server):
    """Uvicorn inside a process that handles its signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
