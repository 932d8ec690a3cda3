"""The whole station in one command: head-end started or adopted, web and studio as children."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from webtv.air.client import HeadEndClient
from webtv.air.config import AirConfig, ChannelConfig, OutputConfig
from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.settings import Settings
from webtv.engine.ledger import Ledger
from webtv.engine.orchestrator import Orchestrator
from webtv.engine.owners import bury, owner_is_alive
from webtv.engine.supervision import HAND_OVER, Supervisor
from webtv.library.journal import Journal
from webtv.library.notes import Notes
from webtv.library.storage import CLIP, Storage
from webtv.themes.channel import Channel
from webtv.themes.watcher import ChannelFolder

_FORGET_AFTER = 3 * 86_400.0


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
    head_end: HeadEndClient
    supervisor: Supervisor
    clock: Clock
    events: EventSink


def air_config(
    settings: Settings, channels: Mapping[str, Channel], idents: Mapping[str, str], storage: Storage
) -> AirConfig:
    """What the head-end is told: formats, names, outputs with their addresses, idents."""

    def outputs(slug: str, channel: Channel) -> tuple[OutputConfig, ...]:
        return tuple(
            OutputConfig(name, settings.outputs[name].get_secret_value().replace("{channel}", slug))
            for name in channel.outputs
            if name in settings.outputs
        )

    def ident(slug: str) -> str | None:
        if slug not in idents:
            return None
        return f"../{storage.path(idents[slug], CLIP).relative_to(settings.data).as_posix()}"

    return AirConfig(
        tuple(
            ChannelConfig(
                slug=slug,
                name=channel.name,
                accent=channel.branding.accent,
                format=channel.format,
                outputs=outputs(slug, channel),
                ident=ident(slug),
            )
            for slug, channel in sorted(channels.items())
        ),
        hls_window=settings.hls_window,
        orphan_days=settings.orphan_days,
    )


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
        self._told: AirConfig | None = None

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
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(HAND_OVER, self.leave)
        owners = parts.settings.data / "owners"
        await parts.ledger.release_dead(lambda owner: owner_is_alive(owners, owner))
        bury(owners)
        await parts.ledger.forget(parts.clock.time() - _FORGET_AFTER)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(parts.journal.run(), name="journal"),
                    group.create_task(self._watch(), name="channel files"),
                    group.create_task(parts.orchestrator.run(), name="orchestrator"),
                    group.create_task(self._idents(), name="idents"),
                    group.create_task(self._reclaim(owners), name="leases"),
                    group.create_task(parts.supervisor.keep_head_end(parts.head_end), name="head-end"),
                    group.create_task(parts.supervisor.keep("web", ["web", "--leash"]), name="web"),
                ]
                tasks += [
                    group.create_task(parts.supervisor.keep(f"studio-{i + 1}", ["studio", "--leash"]))
                    for i in range(self._workers)
                ]
                if view is not None:
                    tasks.append(group.create_task(_drain(view()), name="view"))
                await self._stop.wait()
                ending = None if self._hand_over else parts.supervisor.stop_head_end(parts.head_end)
                for task in tasks:
                    task.cancel()
                if ending is not None:
                    await ending
        finally:
            if not self._hand_over:
                (parts.settings.data / "serve.ready").unlink(missing_ok=True)

    async def accept_channels(self) -> None:
        """Tell orchestrator, head-end and pages which channels there are now."""
        parts, channels = self._parts, self.channels
        self._kept.update(channels)
        parts.orchestrator.set_channels(channels)
        await self.tell_head_end()
        await parts.notes.put(
            "channels", {slug: channel.model_dump(mode="json") for slug, channel in channels.items()}
        )
        problems = {slug: [str(p) for p in found] for slug, found in parts.folder.problems.items()}
        await parts.notes.put("channel_problems", problems)

    async def tell_head_end(self) -> None:
        """Write ``air.json`` anew if anything in it changed, and have it read."""
        parts = self._parts
        config = air_config(parts.settings, self.channels, parts.orchestrator.idents, parts.storage)
        if config == self._told:
            return
        config.save(parts.settings.air_config)
        if self._told is not None:
            with contextlib.suppress(WebTVError):  # it reads the file at its own start anyway
                await parts.head_end.reload()
        self._told = config

    async def _watch(self) -> None:
        async with contextlib.aclosing(self._parts.folder.watch()) as changes:
            async for _ in changes:
                await self.accept_channels()

    async def _idents(self) -> None:
        """Have an ident made for each channel once it has something of its own on air."""
        parts = self._parts
        while True:
            for slug, channel in self.channels.items():
                with contextlib.suppress(KeyError, WebTVError):
                    await parts.orchestrator.ident(slug, channel.name)
            await self.tell_head_end()
            await parts.clock.sleep(5.0)

    async def _reclaim(self, owners: Path) -> None:
        """Give jobs of workers that died to others at once, and not only after their leases."""
        while True:
            await self._parts.clock.sleep(2.0)
            freed = await self._parts.ledger.release_dead(lambda owner: owner_is_alive(owners, owner))
            bury(owners)
            if freed:
                self._parts.events(
                    Event(
                        "engine.lease.reclaimed",
                        f"{freed} jobs of a worker that died go to others",
                        Severity.WARNING,
                    )
                )


async def _drain(view: AsyncIterator[None]) -> None:
    async for _ in view:
        pass
