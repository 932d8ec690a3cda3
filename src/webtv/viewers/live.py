"""The running station behind the pages: head-end, playlists, as-run logs and database, read afresh.

It holds no state that another web process would need, only caches of what does not change.
"""

import asyncio
import contextlib
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from webtv.air.client import HeadEndClient
from webtv.clips.clip import Clip, Kind
from webtv.core.clock import Clock
from webtv.core.errors import InputError, WebTVError
from webtv.core.events import Event, Severity
from webtv.core.format import house_format
from webtv.core.ids import ALPHABET
from webtv.library.audience import Audience
from webtv.library.catalogue import Catalogue
from webtv.library.journal import Journal
from webtv.library.notes import Notes
from webtv.library.ratings import Ratings
from webtv.library.storage import POSTER, Storage
from webtv.playlist.asrun import Airing, utc_seconds
from webtv.playlist.entry import Entry
from webtv.probe.watch import PROBE, read_findings
from webtv.themes.channel import Channel
from webtv.viewers.listings import Guides
from webtv.viewers.schedule import Schedule, aired, following
from webtv.viewers.station import (
    ChannelGuide,
    ChannelState,
    ChannelView,
    ClipPage,
    ClipView,
    Health,
    Measurements,
    OnAir,
    Trouble,
)
from webtv.viewers.withdrawal import Withdrawals

_FRESH = 0.5  # seconds for which an answer of the head-end is shown to everybody
_CLIPS = 2000
_NEXT = 18
_SHOWN_TROUBLE = 900.0  # seconds for which an error of a channel is shown on its page
_CURSOR = re.compile(f"[{ALPHABET}]{{13}}")
_PLACE = re.compile(r"(?P<file>.+?)(?P<place>:\d+:\d+: .*)", re.DOTALL)
_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/:;,'\"`]+/)+")


class LiveStation:
    """:class:`webtv.viewers.station.Station` over the real thing.

    Args:
        data: the station's data folder.
        head_end: tells what is on air.
        catalogue: clips and ratings' subjects.
        storage: where posters lie.
        ratings: takes ratings.
        audience: counts viewers.
        journal: events.
        notes: the channels as the control plane last accepted them.
        clock: stamps.
        window: seconds that viewers can seek back to.
    """

    def __init__(
        self,
        data: Path,
        *,
        head_end: HeadEndClient,
        catalogue: Catalogue,
        storage: Storage,
        ratings: Ratings,
        audience: Audience,
        journal: Journal,
        notes: Notes,
        clock: Clock,
        window: float,
    ) -> None:
        self._data = data
        self._head_end = head_end
        self._catalogue = catalogue
        self._storage = storage
        self._ratings = ratings
        self._audience = audience
        self._journal = journal
        self._notes = notes
        self._clock = clock
        self._window = window
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self._schedules: dict[str, Schedule] = {}
        self._blocked = Withdrawals(data / "blocked", catalogue)
        self._guides = Guides(data, catalogue=catalogue, blocked=self._blocked, clock=clock)
        self._log = structlog.get_logger("webtv.viewers")
        self._turn = asyncio.Lock()
        self._asked = -_FRESH
        self._status: dict[str, Any] | None = None
        self._kept: Mapping[str, Any] = {}
        self._channels: dict[str, Channel] = {}
        self._problems: dict[str, list[str]] = {}

    async def channels(self) -> tuple[ChannelView, ...]:
        """All channels, in the order of their names."""
        await self._refresh()
        watching = await self._audience.watching()
        order = sorted(self._channels, key=lambda slug: self._channels[slug].name.casefold())
        return tuple([await self._view(slug, watching) for slug in order])

    async def channel(self, slug: str) -> ChannelView | None:
        """One channel."""
        await self._refresh()
        if slug not in self._channels:
            return None
        return await self._view(slug, await self._audience.watching())

    async def guide(self) -> tuple[ChannelGuide, ...]:
        """The guide of all channels, in the order of their names."""
        await self._refresh()
        return await self._guides.channels(self._channels, self._air, self._schedule)

    async def clip(self, clip_id: str) -> ClipView | None:
        """One clip that is not blocked."""
        await self._blocked.refresh()
        clip = await self._catalogue.clip(clip_id)
        if clip is None or not clip.sequence or clip.id in self._blocked:
            return None
        return await self._clip_view(clip)

    async def clips(self, cursor: str | None, limit: int, channel: str | None) -> ClipPage:
        """Clips, newest first, without the blocked ones."""
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise InputError(
                "This cursor is not one of ours.", remedy="begin without one", place="query.cursor"
            )
        await self._blocked.refresh()
        page = await self._catalogue.clips(channel, cursor=cursor, limit=limit)
        shown = [clip for clip in page.clips if clip.id not in self._blocked]
        return ClipPage(tuple([await self._clip_view(clip) for clip in shown]), page.next)

    async def heartbeat(self, session: str, channel: str) -> int | None:
        """A viewer is watching; how many are now."""
        await self._refresh()
        if channel not in self._channels:
            return None
        await self._audience.seen(_hashed(session), channel)
        return (await self._audience.watching()).get(channel, 0)

    async def rate(self, clip_id: str, session: str, stars: int) -> ClipView | None:
        """Keep a viewer's rating."""
        if await self.clip(clip_id) is None:
            return None
        await self._ratings.rate(clip_id, _hashed(session), stars)
        return await self.clip(clip_id)

    async def health(self) -> Health:
        """Whether the station lives and viewers can watch."""
        try:
            await self._refresh()
        except WebTVError as error:
            # Its place is a path on our disk, and not for everybody.
            return Health(False, False, (Trouble("database", _without_folders(error.message)),))
        troubles: list[Trouble] = []
        if self._status is None:
            troubles.append(
                Trouble("head-end", "the head-end does not answer", "start it with `webtv serve`")
            )
        if not self._channels:
            troubles.append(Trouble("channels", "there is no channel", "write one into the channels folder"))
        missing = [slug for slug in self._channels if not self._index(slug).is_file()]
        if missing and self._status is not None:
            troubles.append(Trouble("hls", f"no stream yet on {', '.join(missing)}", "wait a few seconds"))
        return Health(live=True, ready=not troubles, troubles=tuple(troubles))

    async def measurements(self) -> Measurements:
        """The head-end's status and the probe's file as they are now."""
        with contextlib.suppress(WebTVError):
            await self._refresh()
        probe = await asyncio.to_thread(read_findings, self._data / PROBE)
        return Measurements(self._clock.time(), self._status, probe)

    async def events(self, limit: int) -> tuple[Event, ...]:
        """The latest events, newest first."""
        return tuple(entry.event for entry in await self._journal.recent(limit=limit))

    async def poster_path(self, sha: str) -> Path | None:
        """Where a poster lies, unless its clip is blocked."""
        await self._blocked.refresh()
        if self._blocked.hides(sha):
            return None
        path = self._storage.path(sha, POSTER)
        return path if path.is_file() else None

    def hls_folder(self, slug: str) -> Path | None:
        """Folder with a channel's live files."""
        path = self._data / "hls" / slug
        return path if slug in self._channels or path.is_dir() else None

    # What pages are made of

    async def _refresh(self) -> None:
        await self._blocked.refresh()
        async with self._turn:
            if self._clock.monotonic() - self._asked < _FRESH:
                return
            try:
                self._status = await self._head_end.status()
            except WebTVError:
                self._status = None
            kept = await self._notes.get("channels", {})
            self._problems = await self._notes.get("channel_problems", {})
            if kept != self._kept:
                self._channels = self._understood(kept)
                self._kept = kept
            self._asked = self._clock.monotonic()

    def _understood(self, kept: Mapping[str, Any]) -> dict[str, Channel]:
        """The stored channels, without those that this version does not understand."""
        found: dict[str, Channel] = {}
        for slug, data in kept.items():
            try:
                found[slug] = Channel.model_validate(data)
            except ValidationError as error:
                where = ".".join(map(str, error.errors()[0]["loc"]))
                self._log.error(
                    "viewers.channel.skipped", channel=slug, error=error.errors()[0]["msg"], at=where
                )
        return found

    async def _view(self, slug: str, watching: Mapping[str, int]) -> ChannelView:
        channel = self._channels[slug]
        fps = channel.house_format.fps
        status = self._air(slug)
        schedule = self._schedule(slug)
        await schedule.refresh()
        now: OnAir | None = None
        ahead: list[OnAir] = []
        buffer = 0.0
        if status and status["now"]:
            told = status["now"]
            start = utc_seconds(told["start_utc"])
            entry = Entry.from_json({**told, "n": max(1, told["n"])}, "")
            now = await self._on_air(entry, told["n"], start, channel)
            at = start + told["seconds"]
            coming = following(schedule, status)
            for next_entry in coming[:_NEXT]:
                ahead.append(await self._on_air(next_entry, next_entry.n, at, channel))
                at += next_entry.frames / fps
            buffer = sum(e.frames for e in coming if e.kind is Kind.NEW) / fps
        return ChannelView(
            slug=slug,
            name=channel.name,
            theme=channel.theme,
            state=self._state(channel, status),
            now=now,
            next=tuple(ahead),
            earlier=await self._earlier(aired(schedule.airings, status), channel),
            buffer_seconds=buffer,
            viewers=watching.get(slug, 0),
            accent=channel.branding.accent,
            rating=channel.rating,
            language=channel.language,
            problems=await self._troubles(slug),
        )

    def _schedule(self, slug: str) -> Schedule:
        return self._schedules.setdefault(slug, Schedule(self._data, slug, self._clock))

    def _air(self, slug: str) -> dict[str, Any] | None:
        channels = self._status["channels"] if self._status else []
        return next((channel for channel in channels if channel["slug"] == slug), None)

    @staticmethod
    def _state(channel: Channel, status: dict[str, Any] | None) -> ChannelState:
        if status is None:
            return ChannelState.OFF
        if channel.paused and status["state"] == "on_air":
            return ChannelState.PAUSED
        return ChannelState(status["state"])

    async def _earlier(self, airings: Sequence[Airing], channel: Channel) -> tuple[OnAir, ...]:
        since = self._clock.time() - self._window - 30
        found: list[OnAir] = []
        for airing in airings:
            start = utc_seconds(airing.utc)
            if start < since:
                continue
            clip = await self._known_clip(airing.clip)
            entry = Entry(
                n=max(1, airing.n or 1),
                clip=airing.clip,
                kind=airing.kind,
                seq=clip.sequence if clip else "",
                pos=clip.position if clip else 1,
                of=clip.of if clip else 1,
                bed=None,
                bed_at=0,
                frames=airing.frames,
                title=clip.title if clip else channel.name,
                file="",
            )
            found.append(await self._on_air(entry, airing.n or 0, start, channel))
        return tuple(found)

    async def _on_air(self, entry: Entry, n: int, start: float, channel: Channel) -> OnAir:
        clip = await self._known_clip(entry.clip)
        about = clip.provenance if clip else {}
        seed = about.get("seed")
        title = entry.title if entry.seq else channel.name
        withdrawn = entry.clip in self._blocked
        return OnAir(
            n=n,
            clip_id=entry.clip,
            kind=entry.kind,
            title="Withdrawn" if withdrawn else title,
            prompt=clip.prompt if clip and not withdrawn else "",
            model=str(about.get("model", "")),
            label=clip.label if clip else "Algorithmic",
            seed=int(seed) if seed is not None else None,
            writer=str(about.get("writer", "")),
            sequence=entry.seq,
            position=entry.pos,
            of=entry.of,
            start_utc=start,
            seconds=entry.frames / channel.house_format.fps,
            poster=clip.poster if clip and not withdrawn else None,
        )

    async def _known_clip(self, clip_id: str) -> Clip | None:
        if clip_id in self._clips:
            self._clips.move_to_end(clip_id)
            return self._clips[clip_id]
        clip = await self._catalogue.clip(clip_id)
        if clip is not None:
            self._clips[clip_id] = clip
            while len(self._clips) > _CLIPS:
                self._clips.popitem(last=False)
        return clip

    async def _clip_view(self, clip: Clip) -> ClipView:
        summary = await self._ratings.summary(clip.id)
        about = clip.provenance
        seed = about.get("seed")
        return ClipView(
            id=clip.id,
            channel=clip.channel,
            title=clip.title,
            prompt=clip.prompt,
            model=str(about.get("model", "")),
            label=clip.label,
            seed=int(seed) if seed is not None else None,
            writer=str(about.get("writer", "")),
            sequence=clip.sequence,
            position=clip.position,
            of=clip.of,
            seconds=clip.frames / house_format(clip.format).fps,
            created=clip.created,
            poster=clip.poster,
            stars=summary.mean if summary.votes else None,
            ratings=summary.votes,
            provenance=about,
        )

    async def _troubles(self, slug: str) -> tuple[str, ...]:
        loud = frozenset({Severity.ERROR})
        entries = await self._journal.recent(limit=5, channel=slug, severities=loud)
        since = self._clock.time() - _SHOWN_TROUBLE
        told = [
            f"{entry.event.message}. {entry.event.remedy}".strip(". ")
            for entry in entries
            if entry.at > since
        ]
        return tuple(_without_folders(text) for text in (*self._problems.get(slug, ()), *told))

    def _index(self, slug: str) -> Path:
        return self._data / "hls" / slug / "index.m3u8"


def _without_folders(text: str) -> str:
    """A sentence for everybody: ``file:line:column`` and file names stay, our folders do not."""
    match = _PLACE.fullmatch(text)
    if match:
        text = Path(match["file"]).name + match["place"]
    return _FOLDERS.sub("", text)


def _hashed(session: str) -> str:
    """Sessions are kept as hashes: the database tells nobody's cookie."""
    return hashlib.sha256(session.encode()).hexdigest()
