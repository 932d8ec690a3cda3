"""A channel's past and future as its files tell them, looked at in a thread and once a second at most."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from webtv.core.clock import Clock
from webtv.playlist.asrun import Airing, AsRunLog, utc_seconds
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

_FRESH = 1.0  # seconds for which a look at the files counts
_AIRINGS = 40
_LINE = 400  # bytes that an airing takes at most, generously


class Schedule:
    """What aired and what is listed on one channel; call :meth:`refresh` before asking.

    Args:
        data: the station's data folder.
        slug: the channel.
        clock: says when it is time for another look.
    """

    def __init__(self, data: Path, slug: str, clock: Clock) -> None:
        self._reader = PlaylistReader(data / "playlists" / f"{slug}.ffconcat")
        self._log = AsRunLog(data / "asrun" / slug)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._looked = -_FRESH
        self._entries: tuple[Entry, ...] = ()
        self._airings: tuple[Airing, ...] = ()

    async def refresh(self) -> None:
        """Look at the files again if the last look was a while ago."""
        async with self._turn:
            if self._clock.monotonic() - self._looked >= _FRESH:
                await asyncio.to_thread(self._look)
                self._looked = self._clock.monotonic()

    @property
    def airings(self) -> tuple[Airing, ...]:
        """The latest airings, oldest first."""
        return self._airings

    def after(self, n: int) -> tuple[Entry, ...]:
        """All entries with a number above ``n``."""
        return self._entries[bisect_right(self._entries, n, key=lambda entry: entry.n) :]

    def _look(self) -> None:
        if self._reader.refresh():
            self._entries = tuple(self._reader.entries)
        # The end of the log is enough, and spans midnight; a day's file is long by the evening.
        self._airings = tuple(self._log.tail(_AIRINGS * _LINE)[-_AIRINGS:])


def aired(airings: Iterable[Airing], status: Mapping[str, Any] | None) -> tuple[Airing, ...]:
    """What was on air before what is on air now, without a hole between log and head-end.

    The log was read a moment before or after the head-end was asked, and is written a moment behind the
    air: what ended in between is told by the head-end, from memory.

    Args:
        airings: the end of the as-run log, oldest first.
        status: what the head-end says of the channel, or None.
    """
    logged = tuple(airings)
    if status is None:
        return logged
    known = {(airing.utc, airing.clip) for airing in logged}
    told = (Airing.from_json(data) for data in status.get("aired", ()))
    everything = (*logged, *(airing for airing in told if (airing.utc, airing.clip) not in known))
    if not status["now"]:
        return everything
    begun = utc_seconds(status["now"]["start_utc"])
    return tuple(airing for airing in everything if utc_seconds(airing.utc) < begun)


def following(schedule: Schedule, status: Mapping[str, Any] | None) -> tuple[Entry, ...]:
    """Entries that air after the one on air.

    Args:
        schedule: the channel's, refreshed.
        status: what the head-end says of the channel; nothing follows while it says nothing.
    """
    if status is None or not status["now"]:
        return ()
    # While the head-end fills in by itself, what it holds in memory has not been on air yet.
    after = status["now"]["n"] or min(status.get("upcoming") or [status["locked"] + 1]) - 1
    return schedule.after(after)
