"""The station's processes: what ``webtv serve``, ``air``, ``studio``, ``web`` and ``probe`` run.

What only one of them needs is imported by it, so that a head-end that was killed is back on air soon.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

from webtv.core.allocator import CHUNKS, give_memory_back
from webtv.core.clock import SystemClock
from webtv.core.errors import ConfigError, ConflictError
from webtv.core.events import EventLog, LogSink
from webtv.core.files import write_atomically
from webtv.core.log import configure_log
from webtv.core.process import allow_descriptors
from webtv.core.settings import Settings
from webtv.core.sockets import expect_short

_ADDRESS = "web.address"
_LAST_SECONDS = 5.0


async def serve_station(settings: Settings, *, takeover: bool) -> None:
    """Run the whole station until it is stopped.

    Raises:
        ConflictError: another control plane runs, or the port is taken.
        ConfigError: settings or database are wrong, or the data folder's path is too long.
    """
    from webtv import wiring
    from webtv.air.client import HeadEndClient
    from webtv.engine.station import ControlPlane, Parts, last_good_channels
    from webtv.engine.supervision import Supervisor, control_lock, take_over
    from webtv.library.audience import Audience
    from webtv.status import StatusView
    from webtv.themes.watcher import ChannelFolder

    expect_short(settings.air_socket)
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "logs").mkdir(exist_ok=True)
    seen = sys.stdout.isatty()
    give_memory_back(arenas=2)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((settings.data / "logs" / "station.log").open("a", encoding="utf-8"))
        configure_log(settings.log_level, stream=log if seen else None, as_json=seen)
        clock, noise = SystemClock(), random.Random()
        if takeover:
            await take_over(settings.data, clock)
        stack.enter_context(control_lock(settings.data))
        settings = settings.model_copy(update={"port": claim_port(settings.host, settings.port)})
        events = EventLog(LogSink())
        client = HeadEndClient(settings.air_socket)
        async with (
            wiring.open_stores(settings) as stores,
            wiring.local_writer(settings, clock, events) as local,
        ):
            events.listen(stores.journal)
            kept = last_good_channels(await stores.notes.get("channels", {}), events)
            formats = {slug: channel.format for slug, channel in kept.items()}
            folder = ChannelFolder(settings.channels, wiring.known_names(settings), events, formats)
            folder.reload()
            workers = wiring.worker_count(settings)
            supervisor = Supervisor(
                settings.data,
                wiring.child_environment(settings),
                clock=clock,
                noise=noise,
                events=events,
                own={"studio-models": wiring.models_environment(settings)},
            )
            parts = Parts(
                settings=settings,
                folder=folder,
                orchestrator=await wiring.orchestrator(stores, events, workers, folder.channels, local),
                ledger=stores.ledger,
                journal=stores.journal,
                notes=stores.notes,
                storage=stores.storage,
                eviction=wiring.eviction(stores),
                head_end=client,
                supervisor=supervisor,
                clock=clock,
                events=events,
                pool_of=wiring.pool_of,
            )
            plane = ControlPlane(parts, workers, kept)
            await plane.accept_channels()
            adopted = await supervisor.start_head_end(client)
            audience = Audience(stores.database, clock)
            view = StatusView(plane, parts, audience, workers, adopted=adopted, lively=seen)
            events.listen(view.hear)
            await plane.run(view.run)


async def serve_air(settings: Settings) -> None:
    """Run the head-end until it is stopped.

    Raises:
        ConflictError: another one airs this data folder.
        ConfigError: ``air.json`` is unusable.
    """
    from webtv.air.headend import HeadEnd

    settings.data.mkdir(parents=True, exist_ok=True)
    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    _settle_in()
    head_end = HeadEnd(settings.data, SystemClock(), random.Random(), LogSink())
    await head_end.run()
    # Not by way of the interpreter's end, which waits for every thread: one of them may wait for a disk that
    # hangs, and all that must outlive this process is in files already.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _settle_in() -> None:
    """Fit the interpreter to a process that lives for months and must be punctual.

    Threads that mix hand the interpreter over within a millisecond, so that a deadline is not kept waiting
    for five; and the allocator gives back what one channel once needed (left alone, it keeps holes: 2 MB for
    each channel).
    """
    sys.setswitchinterval(0.001)
    allow_descriptors()
    give_memory_back(arenas=2)


async def serve_studio(settings: Settings, *, leash: bool) -> None:
    """Do jobs until stopped.

    Raises:
        ConfigError: the database is unusable.
    """
    import cv2

    from webtv import wiring
    from webtv.engine.owners import OwnerLock
    from webtv.engine.worker import Worker

    configure_log(settings.log_level)
    give_memory_back(arenas=2, large=CHUNKS)
    os.nice(settings.studio_nice)
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the control plane decides when a worker ends
    if leash:
        _end_with_parent()
    async with wiring.open_stores(settings) as stores:
        owner = f"studio-{os.getpid()}-{stores.ids()}"
        events = EventLog(LogSink(), stores.journal)
        with OwnerLock(settings.data / "owners", owner):
            worker = Worker(
                owner,
                stores.ledger,
                stores.catalogue,
                wiring.production(stores, events),
                clock=stores.clock,
                noise=stores.noise,
                events=events,
            )
            loop = asyncio.get_running_loop()
            stopped = asyncio.Event()
            loop.add_signal_handler(signal.SIGTERM, stopped.set)
            async with asyncio.TaskGroup() as group:
                group.create_task(stores.journal.run())
                group.create_task(worker.run())
                await stopped.wait()
                await stores.ledger.release_owner(owner)
                await stores.journal.flush()
                # A frame in a thread cannot be interrupted; what is begun is abandoned, nothing is lost.
                os._exit(0)


async def serve_models(settings: Settings, *, leash: bool) -> None:
    """Do the jobs that wait for a device or for other machines, several at once, until stopped.

    Raises:
        ConfigError: the database is unusable.
    """
    import cv2

    from webtv import wiring
    from webtv.engine.lanes import Lanes
    from webtv.engine.owners import OwnerLock
    from webtv.engine.previews import Previews

    configure_log(settings.log_level)
    os.nice(settings.studio_nice)
    cv2.setNumThreads(1)
    allow_descriptors()  # frames of takes are handed over as descriptors
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the control plane decides when it ends
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    if leash:
        _end_with_parent(lambda: loop.call_soon_threadsafe(told.set))
    async with wiring.open_stores(settings) as stores:
        owner = f"models-{os.getpid()}-{stores.ids()}"
        events = EventLog(LogSink(), stores.journal)
        with OwnerLock(settings.data / "owners", owner):
            pool = wiring.model_pool(settings, stores.clock, events)
            lanes = Lanes(
                owner,
                settings.models_lanes,
                stores.ledger,
                stores.catalogue,
                wiring.production(stores, events, pool),
                clock=stores.clock,
                noise=stores.noise,
                events=events,
                patience=settings.models_patience,
                previews=Previews(settings.data / "previews"),
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(stores.journal.run())
                async with pool:
                    await lanes.run_until(told)
                await stores.journal.flush()
                # Not by way of the interpreter's end, which waits for threads that a library may hold.
                os._exit(0)


async def serve_web(settings: Settings, *, leash: bool) -> None:
    """Serve pages and API until stopped.

    Raises:
        ConfigError: the database is unusable.
        ConflictError: the port is taken.
    """
    import uvicorn

    from webtv import wiring
    from webtv.air.client import HeadEndClient
    from webtv.viewers.app import LOOPBACK, Site, create_app
    from webtv.viewers.flvstream import LiveServer
    from webtv.viewers.sessions import session_key

    configure_log(settings.log_level)
    if leash:
        _end_with_parent()
    loopback = settings.host in LOOPBACK
    async with wiring.open_stores(settings) as stores:
        site = Site(hosts=LOOPBACK | settings.hosts if loopback or settings.hosts else frozenset())
        key = session_key(settings.data / "session.key")
        application = create_app(
            wiring.live_station(stores),
            stores.clock,
            site,
            session_key=key,
            feed=HeadEndClient(settings.air_socket).slices,
        )
        config = uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            limit_concurrency=allow_descriptors()
            * 3
            // 4,  # the rest is for files, and the head-end's socket
        )
        with contextlib.suppress(OSError):  # on a full disk `webtv probe` has to be told the address
            address = f"http://{_reachable(settings.host)}:{settings.port}\n"
            write_atomically(settings.data / _ADDRESS, address.encode(), durable=False)
        try:
            await LiveServer(config).serve()
        except SystemExit as error:  # uvicorn's way of saying that it could not listen
            raise ConflictError(
                f"port {settings.port} is taken", remedy="choose another one with --port"
            ) from error


def _reachable(host: str) -> str:
    """The host of an address under which this machine reaches what listens on a host."""
    local = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host
    return f"[{local}]" if ":" in local else local


def web_address(settings: Settings) -> str:
    """Where the pages of this data folder's station are, as the web process wrote it down, or should be."""
    try:
        return (settings.data / _ADDRESS).read_text(encoding="utf-8").strip()
    except OSError:
        return f"http://{_reachable(settings.host)}:{settings.port}"


async def serve_probe(settings: Settings, *, leash: bool) -> None:
    """Watch every channel of the station as a viewer does, and write ``DATA/probe.json``, until stopped."""
    from webtv.air.client import HeadEndClient
    from webtv.probe.subscription import http_client
    from webtv.probe.watch import PROBE, HeadEndGuide, Watch

    configure_log(settings.log_level)
    if leash:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the control plane decides when it ends
        _end_with_parent()
    local = _reachable(settings.host)
    # Pages that answer under certain names only are asked under one of those.
    headers = {"Host": min(settings.hosts)} if settings.hosts and not local.startswith("127.") else None
    async with http_client(headers) as client:
        guide = HeadEndGuide(HeadEndClient(settings.air_socket))
        watch = Watch(f"http://{local}:{settings.port}", guide, client, SystemClock())
        async with asyncio.TaskGroup() as group:
            group.create_task(watch.run())
            group.create_task(watch.keep(settings.data / PROBE, LogSink()))


def claim_port(host: str, port: int) -> int:
    """The port to listen on; 0 becomes a free one.

    Raises:
        ConflictError: somebody listens there already.
        ConfigError: this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise ConfigError(
                f"port {port} needs more rights", remedy="choose one above 1023 with --port"
            ) from error
        except socket.gaierror as error:
            raise ConfigError(
                f"{host!r} is no address", remedy="use 127.0.0.1, or 0.0.0.0 for all"
            ) from error
        except OSError as error:
            raise ConflictError(
                f"{host}:{port} is taken by another program", remedy="choose another port with --port"
            ) from error
        return int(probe.getsockname()[1])


def _end_with_parent(say: Callable[[], object] | None = None) -> None:
    """End this process when its standard input does: the parent holds the other end while it lives.

    Args:
        say: tells the process to end in good order; it gets a few seconds for that.
    """

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        if say is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                say()
            time.sleep(_LAST_SECONDS)
        os._exit(0)

    threading.Thread(target=wait, name="leash", daemon=True).start()
