"""Watching a whole station: every channel, each output that viewers have, and what kind of programme airs."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx

from webtv.air.client import HeadEndClient
from webtv.air.output import OutputKind
from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.files import write_atomically
from webtv.probe.reading import Reading
from webtv.probe.report import Report
from webtv.probe.subscription import subscribe

PROBE = "probe.json"  # in the data folder
VERSION = 1
_LOOK = 4.0  # seconds between two looks at what is on air
_WRITE = 5.0
_OUTPUTS = {OutputKind.HLS: "/hls/{}/index.m3u8", OutputKind.FLV: "/live/{}.flv"}


class Guide(Protocol):
    """Tells what is on air."""

    async def on_air(self) -> dict[str, str | None]:
        """The kind of what is on, by channel; None while a channel is off.

        Raises:
            WebTVError, httpx.HTTPError, ValueError, LookupError: nobody tells.
        """
        ...


class WebGuide:
    """Asks the API, as any program outside does.

    Args:
        client: asks.
        base: the station's address.
    """

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._client = client
        self._base = base

    async def on_air(self) -> dict[str, str | None]:
        """Ask once."""
        response = await self._client.get(f"{self._base}/api/channels")
        response.raise_for_status()
        return {str(item["slug"]): (item["now"] or {}).get("kind") for item in response.json()}


class HeadEndGuide:
    """Asks the head-end itself, so that a web process that is down hides no channel.

    Args:
        client: asks.
    """

    def __init__(self, client: HeadEndClient) -> None:
        self._client = client

    async def on_air(self) -> dict[str, str | None]:
        """Ask once."""
        status = await self._client.status()
        return {str(item["slug"]): (item["now"] or {}).get("kind") for item in status["channels"]}


class Watch:
    """Subscribes to every channel that airs.

    Args:
        base: the station's web address, without a slash at its end.
        guide: tells which channels there are.
        client: fetches.
        clock: waits and stamps.
        only: slugs of the channels to watch; all by default.
    """

    def __init__(
        self, base: str, guide: Guide, client: httpx.AsyncClient, clock: Clock, only: Sequence[str] = ()
    ) -> None:
        self._base = base
        self._guide = guide
        self._client = client
        self._clock = clock
        self._only = frozenset(only)
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._readings: dict[str, dict[OutputKind, Reading]] = {}
        self._aired: dict[str, dict[str, float]] = {}
        self._unanswered = 0
        self._looked: float | None = None

    async def run(self) -> None:
        """Follow the list of channels; for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    on_air = await self._guide.on_air()
                except (WebTVError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, LookupError):
                    self._unanswered += 1  # the outputs may be fine: nothing that is watched is let go
                    self._looked = None
                except (TypeError, AttributeError):
                    self._unanswered += 1  # an answer of another shape: not a station
                    self._looked = None
                else:
                    self._follow(on_air, group)
                    self._count(on_air)
                await self._clock.sleep(_LOOK)

    def reports(self) -> dict[str, dict[str, Report]]:
        """Figures by channel and output; without outputs that the station does not offer."""
        return {
            slug: {
                kind.value: report
                for kind, reading in readings.items()
                if _offered(kind, report := reading.report())
            }
            for slug, readings in self._readings.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, as ``DATA/probe.json`` holds it."""
        return {
            "version": VERSION,
            "utc": round(self._clock.time(), 3),
            "unanswered": self._unanswered,
            "channels": {
                slug: {
                    "outputs": {kind: report.to_json() for kind, report in reports.items()},
                    "aired_seconds": {
                        kind: round(seconds, 1) for kind, seconds in self._aired.get(slug, {}).items()
                    },
                }
                for slug, reports in self.reports().items()
            },
        }

    async def keep(self, path: Path, events: EventSink) -> None:
        """Write the file every few seconds; for ever. A disk that does not take it is told once."""
        told = False
        while True:
            try:
                write_atomically(path, json.dumps(self.to_json()).encode(), durable=False)
                told = False
            except OSError as error:
                if not told:
                    message = f"The probe's figures cannot be written ({error.strerror})"
                    remedy = "look at the disk's room and rights; measuring goes on"
                    events(Event("probe.file.trouble", message, Severity.WARNING, remedy))
                told = True
            await self._clock.sleep(_WRITE)

    def _follow(self, on_air: dict[str, str | None], group: asyncio.TaskGroup) -> None:
        wanted = {slug for slug in on_air if not self._only or slug in self._only}
        for gone in self._tasks.keys() - wanted:
            for task in self._tasks.pop(gone):
                task.cancel()
            self._readings.pop(gone, None)
            self._aired.pop(gone, None)
        for slug in sorted(wanted - self._tasks.keys()):
            self._tasks[slug] = [group.create_task(self._subscribe(slug, kind)) for kind in _OUTPUTS]

    def _count(self, on_air: dict[str, str | None]) -> None:
        now, before = self._clock.monotonic(), self._looked
        self._looked = now
        if before is None:
            return
        for slug, kind in on_air.items():
            if kind and slug in self._tasks:
                aired = self._aired.setdefault(slug, {})
                aired[kind] = aired.get(kind, 0.0) + now - before

    async def _subscribe(self, slug: str, kind: OutputKind) -> None:
        address = self._base + _OUTPUTS[kind].format(slug)
        look = kind is OutputKind.HLS  # all outputs carry the same pictures: looking once is enough
        async with subscribe(address, kind, self._clock, look=look, client=self._client) as reading:
            self._readings.setdefault(slug, {})[kind] = reading
            await asyncio.Event().wait()


def _offered(kind: OutputKind, report: Report) -> bool:
    """Whether a station has this output at all; HLS it always has."""
    return kind is OutputKind.HLS or report.sessions > 0 or bool(set(report.errors or {}) - {"status_404"})


def read_findings(path: Path) -> dict[str, Any] | None:
    """What the station's probe wrote last; None if there is nothing of this version."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("version") == VERSION else None
