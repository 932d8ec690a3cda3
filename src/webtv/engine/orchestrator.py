"""The orchestrator: fills the emptiest buffer first, rests when all are full, and never takes the air down.

It plans sequences (writer), enqueues their jobs (ledger), and lists what is finished (rundown). All state
is in the database and the playlists, so it may be killed between any two lines and goes on where it was.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from webtv.air.client import HeadEndClient
from webtv.clips.clip import Clip, Kind
from webtv.core.clock import Clock
from webtv.core.errors import InputError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import CROSSFADE
from webtv.engine.jobs import JobState, NewJob
from webtv.engine.ledger import Ledger
from webtv.engine.orders import BED, CLIP, IDENT, IdentOrder, bed_order, clip_orders, derive_seed
from webtv.library.catalogue import Catalogue
from webtv.library.notes import Notes
from webtv.library.records import SequenceRecord
from webtv.library.space import Space
from webtv.library.storage import BED as BED_FILE
from webtv.library.storage import CLIP as CLIP_FILE
from webtv.library.storage import Storage
from webtv.playlist.asrun import AsRunFollower, AsRunLog, utc_seconds
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist
from webtv.playlist.rundown import Candidate, Policy, Programme, arrange
from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Channel

_PRIORITY = {BED: 10, IDENT: 8, CLIP: 5}
_CHECK_ROOM = 10.0
_MARGIN = 2  # entries behind the lock horizon that stay: the head-end may be taking them this moment


class Desk(Protocol):
    """Writes sequences for channels; adapter: :class:`webtv.prompts.desk.ScriptDesk`."""

    async def write(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        """Write one sequence that the safety filter has passed.

        Raises:
            WebTVError: nobody could write one.
        """
        ...


@dataclass(slots=True)
class ChannelWork:
    """What the orchestrator knows of one channel between two ticks."""

    slug: str
    channel: Channel
    playlist: Playlist
    asrun: AsRunFollower
    on_air: int = 0  # number of the entry on air, or the last one that was
    locked: int = 0
    day: str = ""
    buffer: float = 0.0  # seconds of unaired new content, in the playlist or ready for it
    making: float = 0.0  # seconds in the making
    writing: bool = False
    quiet_until: float = 0.0
    requested: set[str] = field(default_factory=set)  # sequences whose clips are in the ledger


class Orchestrator:
    """Keeps every channel's buffer filled.

    Args:
        data: the station's data folder.
        desk: writes sequences.
        ledger: takes jobs.
        catalogue: knows what was made.
        notes: small durable values.
        storage: tells where files are.
        space: tells whether there is room to make more.
        head_end: tells what is on air.
        clock: waits and stamps.
        noise: breaks ties.
        events: takes what happens.
        ahead: seconds of programme to keep in each playlist.
        workers: studio workers; that many sequences and one more are in the making at once.
    """

    def __init__(
        self,
        data: Path,
        *,
        desk: Desk,
        ledger: Ledger,
        catalogue: Catalogue,
        notes: Notes,
        storage: Storage,
        space: Space,
        head_end: HeadEndClient,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
        ahead: float,
        workers: int,
    ) -> None:
        self._data = data
        self._desk = desk
        self._ledger = ledger
        self._catalogue = catalogue
        self._notes = notes
        self._storage = storage
        self._space = space
        self._head_end = head_end
        self._clock = clock
        self._noise = noise
        self._events = events
        self._ahead = ahead
        self._at_once = workers + 1
        self._work: dict[str, ChannelWork] = {}
        self._may_generate = True
        self._room_checked = -_CHECK_ROOM
        self.idents: dict[str, str] = {}

    @property
    def buffers(self) -> Mapping[str, float]:
        """Seconds of unaired new content by channel."""
        return {slug: work.buffer for slug, work in self._work.items()}

    def set_channels(self, channels: Mapping[str, Channel]) -> None:
        """Follow the channel files: new ones begin, gone ones are forgotten (their files stay)."""
        for slug in self._work.keys() - channels.keys():
            del self._work[slug]
        for slug, channel in channels.items():
            if slug in self._work:
                self._work[slug].channel = channel
            else:
                folder = self._data / "playlists"
                playlist = Playlist(folder / f"{slug}.ffconcat", folder / "archive" / slug)
                follower = AsRunFollower(AsRunLog(self._data / "asrun" / slug))
                self._work[slug] = ChannelWork(slug, channel, playlist, follower)

    async def run(self, interval: float = 0.5) -> None:
        """Tick for ever; trouble with one channel is told and does not touch the others."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self.tick(group)
                await self._clock.sleep(interval)

    async def tick(self, group: asyncio.TaskGroup) -> None:
        """Look at everything once.

        Args:
            group: takes the writing of sequences, which may be slow.
        """
        await self._look_at_air()
        for work in list(self._work.values()):
            try:
                await self._advance(work)
                await self._list(work)
            except (WebTVError, OSError) as error:
                self._trouble(work, "engine.channel.stumbled", error)
        await self._check_room()
        self._plan(group)

    # Air

    async def _look_at_air(self) -> None:
        try:
            status = await self._head_end.status()
        except WebTVError:
            return  # whoever supervises the head-end tells; playlists are kept filled meanwhile
        for channel in status["channels"]:
            work = self._work.get(channel["slug"])
            if work is None:
                continue
            work.locked = max(work.locked, int(channel["locked"]))
            now = channel["now"]
            if now and now["n"]:
                work.on_air = max(work.on_air, int(now["n"]))

    async def _note_airings(self, work: ChannelWork) -> None:
        for airing in await asyncio.to_thread(work.asrun.fresh):
            clip = await self._catalogue.clip(airing.clip)
            if airing.n is not None:
                work.on_air = max(work.on_air, airing.n)
            if clip and clip.sequence and clip.position == 1:
                await self._catalogue.mark_aired(clip.sequence, utc_seconds(airing.utc))

    # Making

    async def _advance(self, work: ChannelWork) -> None:
        """Move the sequences in the making on: clips once the bed is there, an end when something failed."""
        planned = await self._catalogue.planned(work.slug)
        work.making = 0.0
        for record in planned:
            failed = await self._ledger.find(group=record.id, states=(JobState.FAILED,))
            if failed:
                reason = str((failed[0].error or {}).get("message", "a job failed"))
                await self._give_up(work, record, reason)
                continue
            work.making += len(record.plan.shots) * work.channel.sequence.seconds
            if record.bed is None:
                await self._ledger.enqueue([self._bed_job(work, record)])
            elif record.id not in work.requested:
                await self._ledger.enqueue(self._clip_jobs(work, record, record.bed.file, record.bed.id))
                work.requested.add(record.id)
        work.requested &= {record.id for record in planned}

    def _bed_job(self, work: ChannelWork, record: SequenceRecord) -> NewJob:
        order = bed_order(record.id, record.plan, work.channel, CROSSFADE)
        # Keyed by the sequence alone: an edit of the channel file meanwhile does not make a second bed.
        return NewJob(BED, work.slug, order.to_json(), record.id, _PRIORITY[BED], key=f"{BED}:{record.id}")

    def _clip_jobs(self, work: ChannelWork, record: SequenceRecord, bed: str, bed_id: str) -> list[NewJob]:
        orders = clip_orders(record.id, record.plan, work.channel, bed=bed, bed_id=bed_id)
        return [
            NewJob(
                CLIP,
                work.slug,
                order.to_json(),
                record.id,
                _PRIORITY[CLIP],
                key=f"{CLIP}:{record.id}:{order.position}",
            )
            for order in orders
        ]

    async def _give_up(self, work: ChannelWork, record: SequenceRecord, reason: str) -> None:
        await self._ledger.cancel(group=record.id)
        await self._catalogue.fail_sequence(record.id, reason)
        self._tell(
            work,
            "engine.sequence.failed",
            f"{record.title!r} could not be made: {reason}",
            Severity.ERROR,
            "the next one is being written; if they all fail, read the studio's log",
        )

    def _plan(self, group: asyncio.TaskGroup) -> None:
        """Have the emptiest channels write, as many as the studio can take."""
        if not self._may_generate:
            return
        length = {w.slug: w.channel.sequence.shots * w.channel.sequence.seconds for w in self._work.values()}
        busy = sum(work.making / length[work.slug] for work in self._work.values())
        busy += sum(work.writing for work in self._work.values())
        now = self._clock.time()
        hungry = [
            work
            for work in self._work.values()
            if not work.channel.paused
            and not work.writing
            and now >= work.quiet_until
            and work.buffer + work.making < work.channel.buffer
        ]
        hungry.sort(key=lambda work: (work.buffer + work.making, work.slug))
        for work in hungry[: max(0, round(self._at_once - busy))]:
            work.writing = True
            group.create_task(self._write(work), name=f"write {work.slug}")

    async def _write(self, work: ChannelWork) -> None:
        try:
            number = await self._notes.count(f"sequences:{work.slug}")
            plan = await self._desk.write(work.slug, work.channel, derive_seed(work.slug, number))
            sequence = await self._catalogue.add_sequence(work.slug, plan)
            work.making += len(plan.shots) * work.channel.sequence.seconds
            record = await self._catalogue.sequence(sequence)
            if record is not None:
                await self._ledger.enqueue([self._bed_job(work, record)])
            self._tell(work, "engine.sequence.planned", f"{plan.title!r} was written by {plan.writer}")
        except (WebTVError, OSError) as error:
            work.quiet_until = self._clock.time() + 30.0
            self._trouble(work, "engine.writing.failed", error)
        finally:
            work.writing = False

    async def ident(self, slug: str, name: str) -> None:
        """Have a channel's ident made unless that has been done; its clip's id is in :attr:`idents` then."""
        channel = self._work[slug].channel
        accent = channel.branding.accent
        order = IdentOrder(name, accent, channel.format, derive_seed(slug, "ident"))
        (job,) = await self._ledger.enqueue([NewJob(IDENT, slug, order.to_json(), "", _PRIORITY[IDENT])])
        if job.state is JobState.DONE and job.result:
            self.idents[slug] = str(job.result["file"])

    # Listing

    async def _list(self, work: ChannelWork) -> None:
        await self._note_airings(work)
        await self._rotate(work)
        ahead = work.playlist.ahead(work.on_air)
        kept = _kept(ahead, work.locked)
        waiting = ahead[len(kept) :]
        ready = await self._catalogue.ready(work.slug)
        fps = work.channel.house_format.fps
        policy = Policy(
            fps=fps,
            ahead=self._ahead,
            share=work.channel.reruns.share,
            cooldown=work.channel.reruns.cooldown,
            plenty=work.channel.buffer / 2,
        )
        short = sum(entry.frames for entry in ahead) / fps < self._ahead
        candidates = await self._candidates(work, fps) if short or ready else []
        recent = [entry for entry in work.playlist.entries[-100:] if entry.n <= work.on_air]
        arrangement = arrange(
            policy,
            now=self._clock.time(),
            kept=kept,
            waiting=waiting,
            recent=recent,
            fresh=[self._programme(record, Kind.NEW) for record in ready],
            candidates=candidates,
            noise=self._noise,
        )
        if arrangement.changed:
            await asyncio.to_thread(_apply, work.playlist, kept, waiting, arrangement.entries)
            for sequence in arrangement.listed:
                await self._catalogue.mark_listed(sequence)
            if arrangement.listed:
                titles = ", ".join(repr(record.title) for record in ready)
                self._tell(work, "engine.sequence.listed", f"{titles} goes on air next")
        now_ahead = work.playlist.ahead(work.on_air)
        work.buffer = sum(entry.frames for entry in now_ahead if entry.kind is Kind.NEW) / fps

    async def _candidates(self, work: ChannelWork, fps: int) -> list[Candidate]:
        """The best rested sequences, with their clips; a few are enough for any gap."""
        candidates: list[Candidate] = []
        needed = self._ahead * fps * 2
        for stats in await self._catalogue.reruns(work.slug):
            if needed <= 0:
                break
            record = await self._catalogue.sequence(stats.id)
            if record is None or not record.complete:
                continue
            programme = self._programme(record, Kind.RERUN)
            # Listed and never aired counts as aired when it was listed.
            last = stats.last_aired or stats.listed_at or stats.created
            candidates.append(Candidate(programme, last, stats.stars))
            needed -= programme.frames
        return candidates

    def _programme(self, record: SequenceRecord, kind: Kind) -> Programme:
        bed = self._relative(self._storage.path(record.bed.file, BED_FILE)) if record.bed else None
        return Programme(record.id, tuple(self._entry(clip, bed, kind) for clip in record.clips))

    def _entry(self, clip: Clip, bed: str | None, kind: Kind) -> Entry:
        return Entry(
            n=0,
            clip=clip.id,
            kind=kind,
            seq=clip.sequence,
            pos=clip.position,
            of=clip.of,
            bed=bed,
            bed_at=clip.bed_at,
            frames=clip.frames,
            title=clip.title,
            file=self._relative(self._storage.path(clip.file, CLIP_FILE)),
        )

    def _relative(self, path: Path) -> str:
        return f"../{path.relative_to(self._data).as_posix()}"

    async def _rotate(self, work: ChannelWork) -> None:
        today = datetime.fromtimestamp(self._clock.time(), UTC).date().isoformat()
        if work.day and work.day != today:
            await asyncio.to_thread(work.playlist.rotate, work.on_air, self._clock.time() - 3600)
        work.day = today

    # Room

    async def _check_room(self) -> None:
        if self._clock.monotonic() - self._room_checked < _CHECK_ROOM:
            return
        self._room_checked = self._clock.monotonic()
        protected = {
            entry.clip for work in self._work.values() for entry in work.playlist.ahead(work.on_air - 1)
        }
        self._may_generate = (await self._space.check(protected)).may_generate

    def _trouble(self, work: ChannelWork, kind: str, error: Exception) -> None:
        remedy = error.remedy if isinstance(error, WebTVError) else "look at the disk"
        severity = Severity.WARNING if isinstance(error, InputError) else Severity.ERROR
        self._tell(work, kind, str(error), severity, remedy)

    def _tell(
        self,
        work: ChannelWork,
        kind: str,
        message: str,
        severity: Severity = Severity.INFO,
        remedy: str = "",
    ) -> None:
        self._events(Event(kind, message, severity, remedy, work.slug))


def _kept(ahead: Sequence[Entry], locked: int) -> list[Entry]:
    """Entries ahead that stay: behind the lock horizon with a margin, and the rest of a begun sequence."""
    count = sum(entry.n <= locked for entry in ahead)
    count = min(len(ahead), count + _MARGIN)
    while 0 < count < len(ahead) and ahead[count].seq and ahead[count].seq == ahead[count - 1].seq:
        count += 1
    return list(ahead[:count])


def _apply(
    playlist: Playlist, kept: Sequence[Entry], waiting: Sequence[Entry], entries: Sequence[Entry]
) -> None:
    """Append where that is enough; replace what may still change where it is not."""
    if list(entries[: len(waiting)]) == list(waiting):
        playlist.append(entries[len(waiting) :])
    else:
        locked = kept[-1].n if kept else (waiting[0].n - 1 if waiting else playlist.next_n - 1)
        playlist.replace_after(locked, entries)
