"""The living status view of ``webtv serve``: on air now, minutes ahead, viewers, last trouble."""

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from webtv.core.errors import WebTVError
from webtv.core.events import Event, Severity
from webtv.core.log import redact
from webtv.engine.station import ControlPlane, Parts
from webtv.library.audience import Audience

_MARKS = {"on_air": ("●", "green"), "filler": ("●", "yellow"), "slate": ("●", "red"), "off": ("○", "red")}


class StatusView:
    """Shows what the station does, on a terminal once a second, elsewhere as a few lines.

    Args:
        plane: knows the channels.
        parts: what it is made of.
        audience: counts viewers.
        workers: studio processes.
        adopted: whether the head-end ran already.
        lively: whether standard output is a terminal.
    """

    def __init__(
        self,
        plane: ControlPlane,
        parts: Parts,
        audience: Audience,
        workers: int,
        *,
        adopted: bool,
        lively: bool,
    ) -> None:
        self._plane = plane
        self._parts = parts
        self._audience = audience
        self._workers = workers
        self._adopted = adopted
        self._lively = lively
        self._trouble: Event | None = None
        self._watching: dict[str, int] = {}

    def hear(self, event: Event) -> None:
        """Take an event; the latest trouble is shown."""
        if event.severity is not Severity.INFO:
            self._trouble = event

    async def run(self) -> AsyncIterator[None]:
        """Show until cancelled."""
        settings = self._parts.settings
        host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::1", "::") else settings.host
        address = f"http://{host}:{settings.port}"
        console = Console(file=sys.stdout, highlight=False)
        how = "adopted a head-end that was on air" if self._adopted else "going on air"
        console.print(f"WebTV is {how}: [bold]{address}[/bold]   (Ctrl-C stops it)")
        clock = self._parts.clock
        if not self._lively:
            while True:
                await clock.sleep(3600.0)
                yield
        with Live(console=console, refresh_per_second=2, transient=False) as live:
            while True:
                await self._count()
                live.update(self._picture(address, await self._status(), self._watching))
                yield
                await clock.sleep(1.0)

    async def _count(self) -> None:
        with contextlib.suppress(WebTVError):  # a busy database: the last count is good enough
            self._watching = await self._audience.watching()

    async def _status(self) -> dict[str, dict[str, Any]]:
        try:
            status = await self._parts.head_end.status()
        except WebTVError:
            return {}
        return {channel["slug"]: channel for channel in status["channels"]}

    def _picture(self, address: str, status: dict[str, dict[str, Any]], watching: dict[str, int]) -> Group:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("", "channel", "on air now", "", "new ahead", "viewers"):
            table.add_column(column, justify="right" if column in ("new ahead", "viewers") else "left")
        for slug, channel in self._plane.channels.items():
            told = status.get(slug)
            now = told["now"] if told else None
            mark, colour = _MARKS[told["state"] if told else "off"]
            minutes = self._parts.orchestrator.buffers.get(slug, 0.0) / 60
            title = (now["title"] or channel.name) if now else "…"
            place = "" if now is None else str(now["kind"])
            if now and now["seq"]:
                place += f" {now['pos']}/{now['of']}"
            table.add_row(
                Text(mark, style=colour),
                Text(channel.name, style="bold"),
                Text(title),
                Text(place, style="dim"),
                f"{minutes:.1f} min",
                str(watching.get(slug, 0)),
            )
        lines: list[Any] = [table]
        if self._trouble is not None:
            event = self._trouble
            where = f"{event.channel}: " if event.channel else ""
            lines.append(Text(f"last trouble  {where}{redact(event.message)}", style="yellow"))
            if event.remedy:
                lines.append(Text(f"what to do    {event.remedy}", style="yellow"))
        lines.append(Text(f"{address}  {self._workers} studio workers", style="dim"))
        return Group(*lines)
