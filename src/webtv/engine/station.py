"""The whole station in one command: head-end started or adopted, web and studio as children."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from webtv.air.client import HeadEndClient
from webtv.air.config import AirConfig, ChannelConfig, OutputConfig, RecordingConfig
from webtv.air.targets import misfits, rotation
from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import house_format
from webtv.core.settings import OutputTarget, Settings
from webtv.engine.jobs import MODELS
from webtv.engine.ledger import Ledger
from webtv.engine.orchestrator import Orchestrator
from webtv.engine.owners import bury, owner_is_alive
from webtv.engine.pools import PoolOf, Pools, needed_pools, on_cores
from webtv.engine.retention import forget_days, listed_files
from webtv.engine.supervision import HAND_OVER, Supervisor, settle_logs
from webtv.library.eviction import Eviction
from webtv.library.journal import Journal
from webtv.library.notes import Notes
from webtv.library.space import GB
from webtv.library.storage import CLIP, Storage
from webtv.themes.channel import Channel
from webtv.themes.watcher import ChannelFolder

_FORGET_AFTER = 3 * 86_400.0
_FIRST_AIR = 10.0  # seconds of a start after which the studio is not held back any longer
_GLANCE = 0.1
_LOOK_AT_MODELS = 1.0
_LOOK_AT_POOLS = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the control plane is made of; wiring puts it together."""

    settings: Settings
    folder: ChannelFolder
    orchestrator: Orchestrator
    ledger: Ledger
    journal: Journal
    notes: Notes
    storage: Storage
    eviction: Eviction
    head_end: HeadEndClient
    supervisor: Supervisor
    clock: Clock
    events: EventSink
    pool_of: PoolOf = on_cores


def air_config(
    settings: Settings, channels: Mapping[str, Channel], idents: Mapping[str, str], storage: Storage
) -> AirConfig:
    """What the head-end is told: formats, names, outputs with their addresses, idents."""

    def outputs(slug: str, channel: Channel) -> tuple[OutputConfig, ...]:
        return tuple(
            _output(name, settings.outputs[name], slug)
            for name in channel.outputs
            if name in settings.outputs
        )

    def ident(slug: str) -> str | None:
        if slug not in idents:
            return None
        return f"../{storage.path(idents[slug], CLIP).relative_to(settings.data).as_posix()}"

    recording = None
    if settings.record_hours:
        recording = RecordingConfig(
            hours=settings.record_hours,
            gb=settings.record_gb,
            file_minutes=settings.record_file_minutes,
            min_free_gb=2 * settings.library_min_free_gb,  # recordings go before the studio has to rest
        )
    return AirConfig(
        tuple(
            ChannelConfig(
                slug=slug,
                name=channel.name,
                accent=channel.branding.accent,
                format=channel.format,
                outputs=outputs(slug, channel),
                ident=ident(slug),
                recording=recording,
                audio=channel.audio.value,
            )
            for slug, channel in sorted(channels.items())
        ),
        hls_window=settings.hls_window,
        orphan_days=settings.orphan_days,
    )


def _output(name: str, target: OutputTarget, slug: str) -> OutputConfig:
    return OutputConfig(
        name,
        target.url.get_secret_value().replace("{channel}", slug),
        rotate=rotation(target),
        overlap=target.overlap,
        ca_file=str(target.ca_file.absolute()) if target.ca_file else None,
    )


def unfit_outputs(settings: Settings, channels: Mapping[str, Channel]) -> Iterator[Event]:
    """What the services that channels go to document otherwise; looked at when they are configured."""
    for slug, channel in sorted(channels.items()):
        for name in channel.outputs:
            if (target := settings.outputs.get(name)) is None:
                continue  # `webtv check` tells
            for misfit in misfits(target, house_format(channel.format)):
                yield Event(
                    "engine.output.unfit",
                    f"Output {name}: {misfit.message}",
                    misfit.severity,
                    misfit.remedy,
                    slug,
                    {"output": name},
                )


def last_good_channels(stored: Mapping[str, Any], events: EventSink) -> dict[str, Channel]:
    """Channels as an earlier run kept them; one that this version does not understand is told and left out.

    Args:
        stored: what :meth:`ControlPlane.accept_channels` noted, by slug.
        events: hears what is left out.
    """
    channels: dict[str, Channel] = {}
    for slug, data in stored.items():
        try:
            channels[slug] = Channel.model_validate(data)
        except ValidationError as error:
            events(
                Event(
                    "engine.channel.forgotten",
                    f"what an earlier version kept of {slug} is not understood: {error.error_count()} errors",
                    Severity.WARNING,
                    "nothing needs doing while its file is good; `webtv check` tells",
                    slug,
                )
            )
    return channels


class ControlPlane:
    """Runs everything but the head-end until it is told to stop.

    Args:
        parts: what it is made of.
        workers: number of studio processes.
        kept: last good versions of channels from the run before, by slug.
    """

    def __init__(self, parts: Parts, workers: int, kept: Mapping[str, Channel]) -> None:
        self._parts = parts
        self._workers = workers
        self._kept = dict(kept)
        self._stop = asyncio.Event()
        self._hand_over = False
        self._written: AirConfig | None = None
        self._unfit: list[Event] = []  # told already
        self._read = False
        self._needs_models = False
        self._pools = Pools(parts.ledger, parts.clock, parts.events)

    @property
    def channels(self) -> dict[str, Channel]:
        """Every channel in its last good version; one that was broken while nothing ran counts, too."""
        folder = self._parts.folder
        kept = {slug: self._kept[slug] for slug in folder.problems if slug in self._kept}
        return {**kept, **folder.channels}

    def stop(self) -> None:
        """Stop everything, the head-end too."""
        self._stop.set()

    def leave(self) -> None:
        """Stop, and leave the head-end on air for the next control plane."""
        self._hand_over = True
        self._stop.set()

    async def run(self, view: Callable[[], AsyncIterator[None]] | None = None) -> None:
        """Run until told to stop.

        Args:
            view: a living status view that runs beside; an async generator.
        """
        parts = self._parts
        owners = parts.settings.data / "owners"
        await parts.ledger.release_dead(lambda owner: owner_is_alive(owners, owner))
        bury(owners)
        with self._listening():
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(parts.journal.run(), name="journal"),
                    group.create_task(self._watch(), name="channel files"),
                    group.create_task(parts.orchestrator.run(), name="orchestrator"),
                    group.create_task(self._idents(), name="idents"),
                    group.create_task(self._reclaim(owners), name="leases"),
                    group.create_task(self._keep_house(), name="house"),
                    group.create_task(parts.supervisor.keep_head_end(parts.head_end), name="head-end"),
                    group.create_task(parts.supervisor.keep("web", ["web", "--leash"]), name="web"),
                ]
                rest = [f"studio-{i + 1}" for i in range(self._workers)]
                if parts.settings.probe:
                    rest.append("probe")
                aired = group.create_task(self._first_air(), name="first air")
                tasks += [aired, *(group.create_task(self._keep_after(aired, name)) for name in rest)]
                tasks += [
                    group.create_task(self._keep_models(aired), name="models"),
                    group.create_task(self._look_at_pools(), name="pools"),
                ]
                if view is not None:
                    tasks.append(group.create_task(self._show(view), name="view"))
                await self._stop.wait()
                for task in tasks:
                    task.cancel()
                if not self._hand_over:
                    await parts.supervisor.stop_head_end(parts.head_end)

    async def _first_air(self) -> None:
        """Wait until every channel is on air: what a start has of cores goes to what viewers wait for."""
        head_end, clock = self._parts.head_end, self._parts.clock
        end = clock.monotonic() + _FIRST_AIR
        while clock.monotonic() < end:
            with contextlib.suppress(WebTVError):
                on_air = {c["slug"] for c in (await head_end.status())["channels"] if c["state"] != "off"}
                if on_air >= self.channels.keys():
                    return
            await clock.sleep(_GLANCE)

    async def _keep_after(self, aired: asyncio.Task[None], name: str) -> None:
        """Keep a child alive from then on; it is called after its command."""
        await asyncio.wait([aired])
        await self._parts.supervisor.keep(name, [name.partition("-")[0], "--leash"])

    async def _keep_models(self, aired: asyncio.Task[None]) -> None:
        """Have the models' studio run for as long as a channel or a job needs it."""
        parts = self._parts
        await asyncio.wait([aired])
        keeping: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            while True:
                await self._try(self._see_who_needs_models())
                if self._needs_models and keeping is None:
                    keeping = group.create_task(
                        parts.supervisor.keep("studio-models", ["studio", "--models", "--leash"])
                    )
                elif not self._needs_models and keeping is not None:
                    keeping.cancel()
                    await asyncio.wait([keeping])
                    keeping = None
                await parts.clock.sleep(_LOOK_AT_MODELS)

    async def _see_who_needs_models(self) -> None:
        needed = MODELS in needed_pools(self.channels.values(), self._parts.pool_of)
        # Or jobs of a channel whose file named other adapters until now: they are made as they were ordered.
        self._needs_models = needed or await self._pools.has_open(MODELS)

    async def _look_at_pools(self) -> None:
        while True:
            await self._parts.clock.sleep(_LOOK_AT_POOLS)
            await self._try(self._pools.look())

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear signals while the block lasts."""
        loop = asyncio.get_running_loop()
        heard = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), self.stop)
        for number, act in {**heard, HAND_OVER: self.leave}.items():
            loop.add_signal_handler(number, act)
        try:
            yield
        finally:
            for number in (*heard, HAND_OVER):
                loop.remove_signal_handler(number)

    async def accept_channels(self) -> None:
        """Tell orchestrator, head-end and pages which channels there are now."""
        parts, channels = self._parts, self.channels
        self._kept.update(channels)
        parts.orchestrator.set_channels(channels)
        await parts.orchestrator.restore_idents()
        await self.tell_head_end()
        for event in unfit_outputs(parts.settings, channels):
            if event not in self._unfit:
                self._unfit.append(event)
                parts.events(event)
        await parts.notes.put(
            "channels", {slug: channel.model_dump(mode="json") for slug, channel in channels.items()}
        )
        problems = {slug: [str(p) for p in found] for slug, found in parts.folder.problems.items()}
        await parts.notes.put("channel_problems", problems)

    async def tell_head_end(self) -> None:
        """Write ``air.json`` anew if anything in it changed, and have it read; called again until it was."""
        parts = self._parts
        config = air_config(parts.settings, self.channels, parts.orchestrator.idents, parts.storage)
        if config != self._written:
            config.save(parts.settings.air_config)
            self._written, self._read = config, False
        if not self._read:
            with contextlib.suppress(
                WebTVError
            ):  # not on air yet: it reads the file at its start, or next time
                await parts.head_end.reload()
                self._read = True

    async def _watch(self) -> None:
        while True:
            await self._try(self._follow_files())
            await self._parts.clock.sleep(5.0)  # it only ends by trouble

    async def _follow_files(self) -> None:
        async for _ in self._parts.folder.watch():
            await self._try(self.accept_channels())

    async def _idents(self) -> None:
        """Have an ident made for each channel, and tell the head-end what it has not heard yet."""
        parts = self._parts
        while True:
            for slug in self.channels:
                await self._try(parts.orchestrator.ident(slug))
            await self._try(self.tell_head_end())
            await parts.clock.sleep(5.0)

    async def _keep_house(self) -> None:
        """What a station that runs for months must not let grow: ledger, days past, orphans, logs."""
        parts = self._parts
        while True:
            await self._try(self._forget())
            await self._try(self._sweep())
            settle_logs(parts.settings.data / "logs")
            await parts.clock.sleep(3600.0)

    async def _forget(self) -> None:
        parts = self._parts
        await parts.ledger.forget(parts.clock.time() - _FORGET_AFTER)
        await asyncio.to_thread(forget_days, parts.settings.data, parts.clock.time())

    async def _sweep(self) -> None:
        parts = self._parts
        listed = await asyncio.to_thread(listed_files, parts.settings.data)
        if freed := await parts.eviction.sweep(protected_files=listed):
            message = f"files that nobody knows any more made room ({freed / GB:.2f} GB)"
            parts.events(Event("library.orphans.removed", message, data={"bytes": freed}))

    async def _show(self, view: Callable[[], AsyncIterator[None]]) -> None:
        async def drain() -> None:
            async for _ in view():
                pass

        await self._try(drain())  # a terminal that is gone takes nothing else along

    async def _try(self, doing: Awaitable[None]) -> None:
        """Await it; trouble is told, and the rest of the station goes on."""
        try:
            await doing
        except Exception as error:
            remedy = error.remedy if isinstance(error, WebTVError) else "please report this with the log"
            message = f"{type(error).__name__}: {error}"
            self._parts.events(Event("engine.control.stumbled", message, Severity.ERROR, remedy))

    async def _reclaim(self, owners: Path) -> None:
        """Give jobs of workers that died to others at once, and not only after their leases."""
        while True:
            await self._parts.clock.sleep(2.0)
            await self._try(self._release(owners))

    async def _release(self, owners: Path) -> None:
        freed = await self._parts.ledger.release_dead(lambda owner: owner_is_alive(owners, owner))
        bury(owners)
        if freed:
            message = f"{freed} jobs of a worker that died go to others"
            self._parts.events(Event("engine.lease.reclaimed", message, Severity.WARNING))
