"""Continuity: keeps one channel's playlist filled, and notes what really aired.

All it knows is in the playlist, the as-run log and the database; it may be killed between any two lines.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.events import Event, Severity
from webtv.engine.editor import Editor
from webtv.engine.edits import EditQueue, Order
from webtv.engine.idents import Deck
from webtv.engine.presentation import Presenter, is_card, without_cards
from webtv.engine.shelf import Shelf
from webtv.library.catalogue import Catalogue
from webtv.library.notes import Notes
from webtv.library.records import SequenceRecord
from webtv.library.storage import Storage
from webtv.playlist.asrun import AsRunFollower, AsRunLog, utc_seconds
from webtv.playlist.edits import fixed
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist, read_entries
from webtv.playlist.rundown import Policy, arrange
from webtv.themes.channel import Channel

_NOTED_AT_ONCE = (
    20  # airings per look: after days without us, telling the catalogue must not hold the list up
)
_RECENT = 100  # entries before the cursor by which the share of reruns is judged
_ENOUGH = 600  # aired entries that the playlist holds at most: each change to what waits writes it whole
_STALE = 3.0  # seconds after which nobody knows any more what the head-end has in memory
_LOOK_ANYWAY = 10.0  # seconds: a sequence may be finished by somebody who does not tell us


class Continuity:
    """One channel's way from finished sequences to what aired.

    Args:
        slug: the channel.
        data: the station's data folder.
        catalogue: knows what was made.
        notes: remembers up to when airings were noted.
        storage: tells where files are.
        clock: waits and stamps.
        noise: breaks ties.
        ahead: seconds of programme to keep in the playlist.
        tell: takes events of this channel.
        edits: has what people ask for; None where nobody may ask.
        cards: of the channel, which go between its sequences; None where none go.

    Attributes:
        on_air: number of the entry on air, or of the last one that was.
        buffer: seconds of unaired new content in the playlist.
    """

    def __init__(
        self,
        slug: str,
        data: Path,
        *,
        catalogue: Catalogue,
        notes: Notes,
        storage: Storage,
        clock: Clock,
        noise: random.Random,
        ahead: float,
        tell: Callable[[Event], None],
        edits: EditQueue | None = None,
        cards: Deck | None = None,
    ) -> None:
        self.slug = slug
        self.on_air = 0
        self.buffer = 0.0
        self._path = data / "playlists" / f"{slug}.ffconcat"
        self._archive = data / "playlists" / "archive" / slug
        self._catalogue = catalogue
        self._notes = notes
        self._clock = clock
        self._noise = noise
        self._ahead = ahead
        self._tell = tell
        self._shelf = Shelf(slug, data, catalogue=catalogue, storage=storage, clock=clock)
        self._presenter: Presenter | None = None
        if cards is not None:
            self._presenter = Presenter(slug, data, deck=cards, catalogue=catalogue, storage=storage)
        self._presented: tuple[object, ...] = ()
        self._archived: list[Entry] = []  # of the latest day: they tell when which card aired
        self._editor: Editor | None = None
        if edits is not None:
            self._editor = Editor(
                slug,
                data,
                queue=edits,
                catalogue=catalogue,
                notes=notes,
                shelf=self._shelf,
                clock=clock,
                tell=tell,
            )
        self._asrun = AsRunFollower(AsRunLog(data / "asrun" / slug))
        self._playlist: Playlist | None = None
        self._last_ahead: set[str] = set()  # clips, as last known
        self._day = ""
        self._locked: int | None = None
        self._heard = clock.monotonic()
        self._look_at = clock.monotonic()
        self._tried: tuple[object, ...] = ()
        self._unnoted: dict[str, str] = {}  # clip to when it last began to air
        self._noted_until: str | None = None

    def hear(self, status: Mapping[str, Any] | None) -> None:
        """Take what the head-end says of the channel; None while it says nothing."""
        self._locked = None if status is None else int(status["locked"])
        self._heard = self._clock.monotonic()
        now = status["now"] if status is not None else None
        if now and now["n"]:
            self.on_air = max(self.on_air, int(now["n"]))

    def hear_orders(self, orders: Sequence[Order]) -> None:
        """Take the edits that wait for this channel."""
        if self._editor is not None:
            self._editor.hear(orders)

    def expect(self) -> None:
        """A sequence may have been finished: look at once."""
        self._look_at = self._clock.monotonic()

    @property
    def has_listed(self) -> bool:
        """Whether the channel has anything of its own to air."""
        return self._playlist is not None and bool(self._playlist.entries)

    def clips_ahead(self) -> set[str]:
        """Ids of the clips on air and ahead, as last known: these must stay in the library."""
        if self._playlist is not None:
            self._last_ahead = {entry.clip for entry in self._playlist.ahead(self.on_air - 1)}
        return self._last_ahead

    async def follow(self, channel: Channel) -> None:
        """Look once: note what aired, rotate, edit, list what is ready, fill up with reruns.

        Raises:
            WebTVError: the database does not answer; nothing is lost.
            OSError: the disk does not take it; the playlist is read anew next time.
        """
        try:
            playlist = self._playlist
            if playlist is None:
                playlist = self._playlist = await asyncio.to_thread(self._open)
            await self._mend(playlist)
            await self._hear_airings()
            playlist.number_from(max(self.on_air, self._locked or 0) + 1)
            await self._rotate(playlist)
            if self._editor and await self._editor.follow(
                channel, playlist, self.on_air, self._locked, self._heard
            ):
                self._tried = self._presented = ()
            ready = await self._ready(channel, playlist)
            await self._list(channel, playlist, ready)
        except BaseException:
            self.clips_ahead()  # remembered: the file on disk airs on
            self._playlist = None  # an append that failed half way is healed by opening it again
            raise
        await self._note_airings(playlist)

    async def _mend(self, playlist: Playlist) -> None:
        """Write the playlist anew if somebody else changed it: the air would run dry of what it lost."""
        if await asyncio.to_thread(playlist.is_changed):
            await asyncio.to_thread(playlist.restore)
            self._tell(
                Event(
                    "engine.playlist.restored",
                    "somebody changed the playlist's file; it was written anew as the station knows it",
                    Severity.WARNING,
                    "leave playlist files to the station while it runs; use `webtv rundown`",
                    self.slug,
                )
            )

    def _open(self) -> Playlist:
        self._day = _day(self._path.stat().st_mtime if self._path.exists() else self._clock.time())
        self.expect()
        days = sorted(self._archive.glob("*.ffconcat"))[-1:] if self._presenter is not None else []
        self._archived = [entry for day in days for entry in read_entries(day)][-_ENOUGH:]
        return Playlist(self._path, self._archive)

    # What aired

    async def _hear_airings(self) -> None:
        if self._noted_until is None:
            self._noted_until = str(await self._notes.get(f"aired:{self.slug}", ""))
        for airing in await asyncio.to_thread(self._asrun.fresh):
            if airing.n is not None:
                self.on_air = max(self.on_air, airing.n)
            if airing.utc > self._noted_until:
                self._unnoted[airing.clip] = airing.utc

    async def _note_airings(self, playlist: Playlist) -> None:
        if not self._unnoted:
            return
        batch = dict(list(self._unnoted.items())[:_NOTED_AT_ONCE])
        for clip, utc in batch.items():
            sequence = await self._begun_by(clip, playlist)
            if sequence:
                at = utc_seconds(utc)
                await self._catalogue.mark_aired(sequence, at)
                self._shelf.aired(sequence, at)
            del self._unnoted[clip]
            self._noted_until = max(self._noted_until or "", utc)
        if not self._unnoted:
            await self._notes.put(f"aired:{self.slug}", self._noted_until)

    async def _begun_by(self, clip: str, playlist: Playlist) -> str:
        """The sequence that begins with this clip, or nothing; the playlist mostly knows."""
        for entry in _latest(playlist, self.on_air):
            if entry.clip == clip:
                return entry.seq if entry.pos == 1 and not is_card(entry) else ""
        found = await self._catalogue.clip(clip)
        return found.sequence if found and found.position == 1 else ""

    async def _rotate(self, playlist: Playlist) -> None:
        today = _day(self._clock.time())
        if not self.on_air:
            return
        # At midnight and, as clips may be short, whenever it is long; the day's archive takes either.
        if self._day != today or len(playlist.entries) - len(playlist.ahead(self.on_air)) > _ENOUGH:
            noon = datetime.fromisoformat(f"{self._day}T12:00:00+00:00").timestamp()
            listed = list(playlist.entries)
            moved = await asyncio.to_thread(playlist.rotate, self.on_air, noon)
            self._archived = [*self._archived, *listed[:moved]][-_ENOUGH:]
            self._day = today

    # What comes

    async def _ready(self, channel: Channel, playlist: Playlist) -> list[SequenceRecord]:
        """Finished sequences that are not in the playlist yet."""
        now = self._clock.monotonic()
        if now < self._look_at:
            return []
        found = await self._catalogue.ready(self.slug)
        known = {entry.seq for entry in playlist.entries if entry.kind is Kind.NEW} if found else set()
        fresh: list[SequenceRecord] = []
        for record in found:
            if record.id in known:  # the process ended between writing the playlist and saying so
                await self._complete(record, playlist)
                await self._catalogue.mark_listed(record.id)
            elif any(clip.format != channel.format for clip in record.clips):
                await self._refuse(record, channel)
            else:
                fresh.append(record)
        self._look_at = now + _LOOK_ANYWAY
        return fresh

    async def _complete(self, record: SequenceRecord, playlist: Playlist) -> None:
        """Append what a torn write left out, as long as nothing else follows."""
        listed = {entry.clip for entry in playlist.entries if entry.seq == record.id}
        missing = [e for e in self._shelf.programme(record, Kind.NEW).entries if e.clip not in listed]
        if missing and playlist.entries[-1].seq == record.id:
            await asyncio.to_thread(playlist.append, missing)

    async def _refuse(self, record: SequenceRecord, channel: Channel) -> None:
        reason = f"its clips are not in {channel.format}, which the channel airs"
        await self._catalogue.fail_sequence(record.id, reason)
        self._tell(
            Event(
                "engine.sequence.failed",
                f"{record.title!r} cannot air: {reason}",
                Severity.WARNING,
                "nothing needs doing, others are made",
                self.slug,
            )
        )

    async def _list(self, channel: Channel, playlist: Playlist, ready: Sequence[SequenceRecord]) -> None:
        fps = channel.house_format.fps
        ahead = playlist.ahead(self.on_air)
        short = sum(entry.frames for entry in ahead) < self._ahead * fps
        # Short of reruns and nothing moved since: the same question has the same answer.
        state = (self.on_air, playlist.next_n)
        arranges = bool(ready) or (short and state != self._tried)
        if arranges or self._cards_may_move(playlist):
            await self._change(channel, playlist, ahead, ready, arranges=arranges)
            for record in ready:
                await self._catalogue.mark_listed(record.id)
                self._tell(
                    Event("engine.sequence.listed", f"{record.title!r} goes on air next", channel=self.slug)
                )
            if ready:
                self._shelf.forget()
            ahead = playlist.ahead(self.on_air)
        if arranges:
            self._tried = (self.on_air, playlist.next_n)
        self.buffer = sum(entry.frames for entry in ahead if entry.kind is Kind.NEW) / fps

    def _cards_may_move(self, playlist: Playlist) -> bool:
        return self._presenter is not None and self._presented != self._card_state(playlist)

    def _card_state(self, playlist: Playlist) -> tuple[object, ...]:
        version = self._presenter.deck.version if self._presenter is not None else 0
        return self.on_air, self._locked, playlist.next_n, version

    async def _change(
        self,
        channel: Channel,
        playlist: Playlist,
        ahead: Sequence[Entry],
        ready: Sequence[SequenceRecord],
        *,
        arranges: bool,
    ) -> None:
        """Decide what waits, and write it where that is something else than what is listed."""
        # Asked long ago, the horizon may have moved on meanwhile: then nobody knows, and all stays.
        known = self._clock.monotonic() - self._heard <= _STALE
        kept = fixed(ahead, self._locked if known else None)
        waiting = ahead[len(kept) :]
        entries: Sequence[Entry] = waiting
        if self._presenter is not None:
            entries = without_cards(waiting)
        if arranges:
            entries = await self._arrange(channel, playlist, kept, entries, ready)
        if self._presenter is not None:
            listed = playlist.entries[: len(playlist.entries) - len(waiting)]
            first = listed[0].n if listed else playlist.next_n
            before = [*(entry for entry in self._archived if entry.n < first), *listed]
            length = sum(entry.frames for entry in kept)
            entries = await self._presenter.present(channel, before, entries, length)
        if [entry.numbered(0) for entry in entries] != [entry.numbered(0) for entry in waiting]:
            await asyncio.to_thread(_apply, playlist, kept, waiting, entries)
        self._presented = self._card_state(playlist)

    async def _arrange(
        self,
        channel: Channel,
        playlist: Playlist,
        kept: Sequence[Entry],
        waiting: Sequence[Entry],
        ready: Sequence[SequenceRecord],
    ) -> Sequence[Entry]:
        fps = channel.house_format.fps
        fresh = [self._shelf.programme(record, Kind.NEW) for record in ready]
        resting = self._editor.resting if self._editor else frozenset[str]()
        busy = {entry.seq for entry in (*kept, *waiting)} | {programme.seq for programme in fresh} | resting
        candidates = await self._shelf.candidates(round(self._ahead * fps * 2), channel.format, busy)
        arrangement = arrange(
            Policy(
                fps=fps,
                ahead=self._ahead,
                share=channel.reruns.share,
                cooldown=channel.reruns.cooldown,
                plenty=channel.buffer / 2,
            ),
            now=self._clock.time(),
            kept=kept,
            waiting=waiting,
            recent=_latest(playlist, self.on_air),
            fresh=fresh,
            candidates=[each for each in candidates if each.programme.seq not in resting],
            noise=self._noise,
            pinned=self._editor.pinned if self._editor else (),
        )
        return arrangement.entries


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _latest(playlist: Playlist, n: int) -> list[Entry]:
    end = len(playlist.entries) - len(playlist.ahead(n))
    return list(playlist.entries[max(0, end - _RECENT) : end])


def _apply(
    playlist: Playlist, kept: Sequence[Entry], waiting: Sequence[Entry], entries: Sequence[Entry]
) -> None:
    """Append where that is enough; replace what may still change where it is not."""
    if list(entries[: len(waiting)]) == list(waiting):
        playlist.append(entries[len(waiting) :])
    else:
        locked = kept[-1].n if kept else (waiting[0].n - 1 if waiting else playlist.next_n - 1)
        playlist.replace_after(locked, entries)
