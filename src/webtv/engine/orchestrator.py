"""The orchestrator: fills the emptiest buffer first, rests when all are full, and never takes the air down.

It has sequences written, made (:mod:`webtv.engine.commissions`) and listed (:mod:`webtv.engine.continuity`).
All state is in the database and the playlists, so it may be killed between any two lines and goes on where
it was.
"""

import asyncio
import functools
import random
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from webtv.core.clock import Clock
from webtv.core.errors import InputError, InternalError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.engine.commissions import Commissions
from webtv.engine.continuity import Continuity
from webtv.engine.edits import EditQueue, Outcome
from webtv.engine.grading import Grading
from webtv.engine.idents import Idents
from webtv.engine.jobs import CORES, MODELS, JobState
from webtv.engine.ladder import Need, Rung, Stages
from webtv.engine.ledger import Ledger
from webtv.engine.orders import CLIP, IDENT, derive_seed, picture_stages
from webtv.engine.pools import PoolOf, on_cores
from webtv.library.catalogue import Catalogue
from webtv.library.notes import Notes
from webtv.library.space import Space
from webtv.library.storage import Storage
from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Channel

_CHECK_ROOM = 10.0
_REST_AFTER_WRITING = 30.0  # seconds a channel whose writer failed waits
_REST_AT_MOST = 300.0
_TELL_AGAIN = 60.0  # seconds between two events about the same trouble
_REMOVED = "its channel was removed"


class Desk(Protocol):
    """Writes sequences for channels; adapter: :class:`webtv.prompts.desk.ScriptDesk`."""

    async def write(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        """Write one sequence that the safety filter has passed.

        Raises:
            WebTVError: nobody could write one.
        """
        ...


class HeadEnd(Protocol):
    """Tells what is on air; adapter: :class:`webtv.air.client.HeadEndClient`."""

    async def status(self) -> dict[str, Any]:
        """What every channel does right now.

        Raises:
            WebTVError: it does not answer.
        """
        ...


@dataclass(slots=True)
class _Work:
    """One channel between two ticks; monotonic times."""

    slug: str
    channel: Channel
    commissions: Commissions
    continuity: Continuity
    writing: bool = False
    clear: bool = True  # whether it is known what it has in the making
    quiet_until: float = 0.0
    told: dict[str, float] = field(default_factory=dict)

    @property
    def ahead(self) -> float:
        """Seconds of new content on its way to the air."""
        return self.continuity.buffer + self.commissions.seconds


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
        workers: studio workers; that many sequences and one more are in the making on cores at once.
        lanes: of the models' studio; likewise, for channels whose clips wait for a device or other machines.
        pool_of: tells which of the two a channel's clips are for.
        grading: chooses how well each sequence is made; None makes all as the channels' files say.
        edits: has what people ask for; None where nobody may ask.
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
        head_end: HeadEnd,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
        ahead: float,
        workers: int,
        lanes: int = 0,
        pool_of: PoolOf = on_cores,
        grading: Grading | None = None,
        edits: EditQueue | None = None,
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
        self._at_once_apart = lanes + 1
        self._pool_of = pool_of
        self._grading = grading
        self._edits = edits
        self._work: dict[str, _Work] = {}
        self._idents = Idents(ledger, notes, storage)
        self._may_generate = False
        self._room_checked = clock.monotonic() - _CHECK_ROOM
        self._swept = False
        self._told: dict[str, float] = {}

    @property
    def buffers(self) -> Mapping[str, float]:
        """Seconds of unaired new content by channel."""
        return {slug: work.continuity.buffer for slug, work in self._work.items()}

    @property
    def idents(self) -> Mapping[str, str]:
        """SHA-256 of the ident of each channel that has one, by slug."""
        return self._idents.files

    def set_channels(self, channels: Mapping[str, Channel]) -> None:
        """Follow the channel files: new ones begin; of gone ones nothing more is made, their files stay."""
        for slug in self._work.keys() - channels.keys():
            del self._work[slug]
            self._swept = False
        for slug, channel in channels.items():
            if slug in self._work:
                self._work[slug].channel = channel
            else:
                self._work[slug] = self._begin(slug, channel)
        if self._grading is not None:
            self._grading.follow({slug: picture_stages(channel) for slug, channel in channels.items()})

    async def restore_idents(self) -> None:
        """Remember the idents that earlier runs made; call it after :meth:`set_channels`."""
        await self._idents.restore({slug: work.channel for slug, work in self._work.items()})

    async def ident(self, slug: str) -> None:
        """Have a channel's ident made, once it has something of its own on air; then it is in :attr:`idents`.

        Raises:
            WebTVError: the database does not answer.
        """
        work = self._work.get(slug)
        if work is not None and work.continuity.has_listed:
            await self._idents.have_made(slug, work.channel)

    async def run(self, interval: float = 0.5) -> None:
        """Tick for ever; trouble with one channel is told and does not touch the others."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self.tick(group)
                await self._clock.sleep(interval)

    async def tick(self, group: asyncio.TaskGroup) -> None:
        """Look at everything once; whatever goes wrong is an event.

        Args:
            group: takes the writing of sequences, which may be slow.
        """
        await self._try(None, "engine.air.unclear", self._look_at_air())
        await self._try(None, "engine.edits.unclear", self._hear_orders())
        await self._try(None, "engine.channel.stumbled", self._sweep())
        for work in list(self._work.values()):
            # Apart, so that a channel airs on what there is whatever hinders it to make more.
            work.clear = await self._try(work, "engine.making.stumbled", self._make(work))
            await self._try(work, "engine.channel.stumbled", work.continuity.follow(work.channel))
        await self._try(None, "engine.room.unclear", self._check_room())
        self._plan(group)

    def _begin(self, slug: str, channel: Channel) -> _Work:
        return _Work(
            slug,
            channel,
            self._commissions(slug),
            Continuity(
                slug,
                self._data,
                catalogue=self._catalogue,
                notes=self._notes,
                storage=self._storage,
                clock=self._clock,
                noise=self._noise,
                ahead=self._ahead,
                tell=self._events,
                edits=self._edits,
                cards=self._idents.deck(slug),
            ),
        )

    def _commissions(self, slug: str) -> Commissions:
        return Commissions(
            slug,
            catalogue=self._catalogue,
            ledger=self._ledger,
            clock=self._clock,
            tell=self._events,
            pool_of=self._pool_of,
            grade=functools.partial(self._grade, slug) if self._grading else None,
        )

    async def _grade(self, slug: str, sequence: str, stages: Stages, seconds: float) -> Rung:
        """Choose how a sequence is made, by how its channel stands."""
        assert self._grading is not None
        work = self._work[slug]
        pools = [each.commissions.pool(each.channel) for each in self._work.values()]
        at_work = await self._ledger.find(pool=MODELS, states=(JobState.QUEUED, JobState.LEASED), limit=1)
        need = Need(
            ahead=max(0.0, work.ahead - seconds),  # without this one
            wanted=work.channel.buffer,
            sequence=seconds,
            sharing=max(1, pools.count(MODELS)),
            idle=not at_work,
        )
        return await self._grading.choose(slug, sequence, stages, need)

    async def _note_speed(self, work: _Work) -> None:
        if self._grading is None:
            return
        made, lost = work.commissions.finished, work.commissions.given_up
        while lost:
            self._grading.failed(work.slug, lost.pop())
        while made:
            jobs = await self._ledger.find(group=made[-1], kind=CLIP)
            loaded = any(job.result is not None and job.result.get("loaded") for job in jobs)
            await self._grading.finished(work.slug, made.pop(), loaded=loaded)

    async def _look_at_air(self) -> None:
        heard: dict[str, Any] = {}
        try:
            heard = {channel["slug"]: channel for channel in (await self._head_end.status())["channels"]}
        except WebTVError:
            pass  # whoever supervises the head-end tells; playlists are kept filled meanwhile
        finally:
            for slug, work in self._work.items():
                work.continuity.hear(heard.get(slug))

    async def _hear_orders(self) -> None:
        if self._edits is None:
            return
        asked = await self._edits.waiting()
        for slug, work in self._work.items():
            work.continuity.hear_orders(asked.get(slug, ()))
        for slug in asked.keys() - self._work.keys():
            error = InputError(f"there is no channel {slug!r} any more", remedy="name another one")
            for order in asked[slug]:
                await self._edits.settle(order.id, Outcome.refused(error))

    async def _sweep(self) -> None:
        """Give up what is in the making for channels that are gone; no worker shall spend time on it."""
        if self._swept:
            return
        open_states = (JobState.QUEUED, JobState.LEASED)
        busy = {c.channel for c in await self._ledger.counts() if c.state in open_states and c.kind != IDENT}
        for slug in busy - self._work.keys():
            await self._commissions(slug).drop(_REMOVED)
        self._swept = True

    async def _make(self, work: _Work) -> None:
        failures = work.commissions.failures
        if await work.commissions.advance(work.channel):
            work.continuity.expect()
        await self._note_speed(work)
        if work.commissions.failures > failures:  # when all fail, ever slower: each costs paper
            rest = min(_REST_AT_MOST, 2.0**work.commissions.failures)
            work.quiet_until = self._clock.monotonic() + rest

    async def _check_room(self) -> None:
        if self._clock.monotonic() - self._room_checked < _CHECK_ROOM:
            return
        self._room_checked = self._clock.monotonic()
        protected = {clip for work in self._work.values() for clip in work.continuity.clips_ahead()}
        self._may_generate = (await self._space.check(protected)).may_generate

    def _plan(self, group: asyncio.TaskGroup) -> None:
        """Have the emptiest channels write, as many as each studio can take.

        What waits for a device or others is counted apart: it never takes the places of what is made here.
        """
        if not self._may_generate:
            return
        room = {CORES: self._at_once}
        pools = {slug: work.commissions.pool(work.channel) for slug, work in self._work.items()}
        for slug, work in self._work.items():
            busy = work.commissions.number * work.clear + work.writing
            room[pools[slug]] = room.get(pools[slug], self._at_once_apart) - busy
        now = self._clock.monotonic()
        hungry = [
            work
            for work in self._work.values()
            if work.clear
            and not work.channel.paused
            and not work.writing
            and now >= work.quiet_until
            and work.ahead < work.channel.buffer
        ]
        hungry.sort(key=lambda work: (work.ahead, work.slug))
        for work in hungry:
            if room[pools[work.slug]] <= 0:
                continue
            room[pools[work.slug]] -= 1
            work.writing = True
            group.create_task(self._write(work), name=f"write {work.slug}")

    async def _write(self, work: _Work) -> None:
        try:
            number = await self._notes.count(f"sequences:{work.slug}")
            plan = await self._desk.write(work.slug, work.channel, derive_seed(work.slug, number))
            if self._work.get(work.slug) is not work:
                return  # the channel was removed meanwhile
            await work.commissions.begin(work.channel, plan)
            self._events(
                Event(
                    "engine.sequence.planned",
                    f"{plan.title!r} was written by {plan.writer}",
                    channel=work.slug,
                )
            )
        except Exception as error:
            work.quiet_until = self._clock.monotonic() + _REST_AFTER_WRITING
            self._trouble(work, "engine.writing.failed", error)
        finally:
            work.writing = False

    async def _try(self, work: _Work | None, kind: str, doing: Awaitable[None]) -> bool:
        try:
            await doing
        except Exception as error:  # a bug in one place must not take the rest of the station down
            self._trouble(work, kind, error)
            return False
        return True

    def _trouble(self, work: _Work | None, kind: str, error: Exception) -> None:
        if not isinstance(error, WebTVError | OSError):
            error = InternalError(
                f"{type(error).__name__}: {error}", remedy="please report this with the log; the rest goes on"
            )
        remedy = error.remedy if isinstance(error, WebTVError) else "look at the disk"
        told = work.told if work else self._told
        said, now = f"{kind} {error}", self._clock.monotonic()
        if now - told.get(said, -_TELL_AGAIN) < _TELL_AGAIN:
            return
        for old in [each for each, at in told.items() if now - at >= _TELL_AGAIN]:
            del told[old]
        told[said] = now
        severity = Severity.WARNING if isinstance(error, InputError) else Severity.ERROR
        self._events(Event(kind, str(error), severity, remedy, work.slug if work else None))
