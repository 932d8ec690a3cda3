"""The guide of each channel, from its as-run log, its playlist and the place where the head-end is."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from webtv.clips.clip import Clip, Kind
from webtv.core.clock import Clock
from webtv.library.catalogue import Catalogue
from webtv.playlist.asrun import Airing, AsRunLog, utc_seconds
from webtv.playlist.entry import Entry
from webtv.themes.channel import Channel
from webtv.viewers.schedule import Schedule, aired, following
from webtv.viewers.showings import Part, showings
from webtv.viewers.station import ChannelGuide, Showing
from webtv.viewers.withdrawal import Withdrawals

_FRESH = 30.0  # seconds for which a guide is shown to everybody: it takes a look at hours
PAST = 2 * 3600.0  # seconds of the past that are told
_MOST = 600.0  # seconds that a sequence may last: the first one told is told whole
_LINE = 220  # bytes of an airing
_SHORTEST = 2.0  # seconds of a clip


class Guides:
    """The guide of all channels, made anew every half minute at most.

    Args:
        data: the station's data folder.
        catalogue: knows the clips.
        blocked: what must not be told.
        clock: tells what is past.
    """

    def __init__(self, data: Path, *, catalogue: Catalogue, blocked: Withdrawals, clock: Clock) -> None:
        self._data = data
        self._catalogue = catalogue
        self._blocked = blocked
        self._clock = clock
        self._turn = asyncio.Lock()
        self._listings: dict[str, Listings] = {}
        self._told: tuple[ChannelGuide, ...] = ()
        self._told_at = clock.monotonic() - _FRESH

    async def channels(
        self,
        channels: Mapping[str, Channel],
        status_of: Callable[[str], Mapping[str, Any] | None],
        schedule_of: Callable[[str], Schedule],
    ) -> tuple[ChannelGuide, ...]:
        """The guide of every channel, in the order of their names.

        Args:
            channels: by slug.
            status_of: what the head-end says of a channel, or None.
            schedule_of: a channel's playlist.
        """
        async with self._turn:
            if self._clock.monotonic() - self._told_at >= _FRESH:
                order = sorted(channels, key=lambda slug: channels[slug].name.casefold())
                told = [
                    await self._channel(slug, channels[slug], status_of(slug), schedule_of(slug))
                    for slug in order
                ]
                self._told, self._told_at = tuple(told), self._clock.monotonic()
            return self._told

    async def _channel(
        self, slug: str, channel: Channel, status: Mapping[str, Any] | None, schedule: Schedule
    ) -> ChannelGuide:
        await schedule.refresh()
        if slug not in self._listings:
            self._listings[slug] = Listings(
                self._data, slug, catalogue=self._catalogue, blocked=self._blocked, clock=self._clock
            )
        fps, name = channel.house_format.fps, channel.name
        return ChannelGuide(
            slug=slug,
            name=name,
            theme=channel.theme,
            language=channel.language,
            rating=channel.rating,
            accent=channel.branding.accent,
            on_air=bool(status and status["now"]),
            showings=await self._listings[slug].showings(schedule, status, fps=fps, name=name),
        )


class Listings:
    """Remembers what it knows of clips, and nothing that another web process would need.

    Args:
        data: the station's data folder.
        slug: the channel.
        catalogue: knows the clips.
        blocked: what must not be told.
        clock: tells what is past.
    """

    def __init__(
        self, data: Path, slug: str, *, catalogue: Catalogue, blocked: Withdrawals, clock: Clock
    ) -> None:
        self._log = AsRunLog(data / "asrun" / slug)
        self._catalogue = catalogue
        self._blocked = blocked
        self._clock = clock
        self._clips: dict[str, Clip] = {}

    async def showings(
        self, schedule: Schedule, status: Mapping[str, Any] | None, *, fps: int, name: str
    ) -> tuple[Showing, ...]:
        """What aired lately, airs and will air.

        Args:
            schedule: the channel's playlist, refreshed.
            status: what the head-end says of the channel, or None; then there is no future.
            fps: frames per second of the channel.
            name: the channel's.
        """
        now = status["now"] if status else None
        until = utc_seconds(now["start_utc"]) if now else self._clock.time()
        since = self._clock.time() - PAST
        size = round((PAST + _MOST) / _SHORTEST) * _LINE
        logged = await asyncio.to_thread(self._log.tail, size)
        airings = [
            airing for airing in aired(logged, status) if since - _MOST <= utc_seconds(airing.utc) < until
        ]
        entries = [entry for entry in following(schedule, status) if entry.clip not in self._blocked]
        rest = await self._rest(now) if now and not now["n"] else []
        current = [str(now["clip"])] if now else []
        wanted = [
            *(a.clip for a in airings),
            *current,
            *(clip.id for clip in rest),
            *(e.clip for e in entries),
        ]
        await self._know(wanted)
        parts = [self._aired(airing, fps) for airing in airings]
        if now:
            begun = Entry.from_json({**now, "n": max(1, now["n"])}, "")
            at = until + float(now["seconds"])
            parts.append(_part(begun, until, at, listed=bool(now["n"])))
            for clip in rest:
                parts.append(
                    Part(
                        at, at + clip.frames / fps, clip.id, Kind.RERUN, clip.sequence, clip.position,
                        clip.title, listed=False,
                    )
                )  # fmt: skip
                at = parts[-1].end
            for entry in entries:
                parts.append(_part(entry, at, at + entry.frames / fps, listed=True))
                at = parts[-1].end
        blocked = frozenset(part.clip for part in parts if part.clip in self._blocked)
        told = showings(parts, self._clips, blocked, name)
        return tuple(each for each in told if each.end_utc > since)

    def _aired(self, airing: Airing, fps: int) -> Part:
        clip = self._clips.get(airing.clip)
        start = utc_seconds(airing.utc)
        return Part(
            start=start,
            end=start + airing.frames / fps,
            clip=airing.clip,
            kind=airing.kind,
            seq=clip.sequence if clip else "",
            pos=clip.position if clip else 1,
            title=clip.title if clip else "",
            listed=airing.n is not None,
        )

    async def _rest(self, now: Mapping[str, Any]) -> list[Clip]:
        """What is left of a rerun that the head-end chose by itself: it airs whole, before the playlist."""
        record = await self._catalogue.sequence(str(now["seq"])) if now["seq"] else None
        return [clip for clip in record.clips if clip.position > now["pos"]] if record else []

    async def _know(self, wanted: Collection[str]) -> None:
        known = {clip: self._clips[clip] for clip in wanted if clip in self._clips}
        missing = {clip for clip in wanted if clip not in known}
        self._clips = {**known, **await self._catalogue.clips_by_id(missing)}


def _part(entry: Entry, start: float, end: float, *, listed: bool) -> Part:
    return Part(start, end, entry.clip, entry.kind, entry.seq, entry.pos, entry.title, listed)
