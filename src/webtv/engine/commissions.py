"""Commissions: one channel's sequences in the making, from a written plan to the last clip."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from webtv.core.clock import Clock
from webtv.core.events import Event, Severity
from webtv.core.format import CROSSFADE
from webtv.engine.jobs import Job, JobState, NewJob
from webtv.engine.ladder import FULL, Rung, Stages
from webtv.engine.ledger import Ledger
from webtv.engine.orders import (
    BED,
    CLIP,
    ClipOrder,
    bed_order,
    clip_frames,
    clip_orders,
    due_orders,
    picture_stages,
)
from webtv.engine.pools import PoolOf, on_cores
from webtv.library.catalogue import Catalogue
from webtv.library.records import SequenceRecord, SequenceState
from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Channel

# Beds first, as every clip of a sequence waits for its bed; then clips in the order in which they were asked
# for, so that the oldest sequence is finished before the next is begun.
PRIORITY = {BED: 10, CLIP: 5}
Grade = Callable[[str, Stages, float], Awaitable[Rung]]

_LOOK = 0.5
_LOOK_ANYWAY = 10.0


class Commissions:
    """What one channel has in the making. Its state is in catalogue and ledger; here is only a view of it.

    Args:
        slug: the channel.
        catalogue: has the plans and what was made of them.
        ledger: has the jobs.
        clock: decides when to look.
        tell: takes events of this channel.
        pool_of: tells whose workers take a job with such stages.
        grade: chooses how a sequence's pictures are made, given its id, the stages as the channel's file says
            and its seconds; None makes all as the file says.

    Attributes:
        finished: ids of sequences that were finished since somebody took them.
        given_up: ids of those that could not be made, likewise.
        failures: sequences that failed since the last one that was finished.
    """

    def __init__(
        self,
        slug: str,
        *,
        catalogue: Catalogue,
        ledger: Ledger,
        clock: Clock,
        tell: Callable[[Event], None],
        pool_of: PoolOf = on_cores,
        grade: Grade | None = None,
    ) -> None:
        self.slug = slug
        self.failures = 0
        self._catalogue = catalogue
        self._ledger = ledger
        self._clock = clock
        self._tell = tell
        self.finished: list[str] = []
        self.given_up: list[str] = []
        self._pool_of = pool_of
        self._grade = grade
        self._making: dict[str, float] = {}
        self._look_at = clock.monotonic()

    @property
    def number(self) -> int:
        """Sequences in the making."""
        return len(self._making)

    @property
    def seconds(self) -> float:
        """Their length together."""
        return sum(self._making.values())

    def pool(self, channel: Channel) -> str:
        """The pool that makes the clips of a channel."""
        return self._pool_of(picture_stages(channel))

    async def begin(self, channel: Channel, plan: SequencePlan) -> str:
        """Take a plan in and have its bed made; returns the id of the sequence."""
        sequence = await self._catalogue.add_sequence(self.slug, plan)
        self._making[sequence] = _seconds(plan, channel)
        self._look_at = self._clock.monotonic() + _LOOK
        await self._ledger.enqueue([self._bed_job(channel, sequence, plan)])
        return sequence

    async def advance(self, channel: Channel) -> bool:
        """Have made what is due next; True if a sequence may have been finished.

        Raises:
            WebTVError: the database does not answer; nothing is lost.
        """
        now = self._clock.monotonic()
        if now < self._look_at:
            return False
        before = set(self._making)
        records = await self._catalogue.planned(self.slug)
        self._making = {record.id: _seconds(record.plan, channel) for record in records}
        self._look_at = now + (_LOOK if records else _LOOK_ANYWAY)
        ended = before - self._making.keys()
        finished = bool(ended)
        if finished:
            self.failures = 0
            self.finished += sorted(ended)
        for record in records:
            await self._move(record, channel)
        return finished

    async def drop(self, reason: str) -> None:
        """Give up all that is in the making."""
        for record in await self._catalogue.planned(self.slug):
            await self._ledger.cancel(group=record.id)
            await self._catalogue.fail_sequence(record.id, reason)
        self._making.clear()

    async def _move(self, record: SequenceRecord, channel: Channel) -> None:
        jobs = await self._ledger.find(group=record.id)
        failed = [job for job in jobs if job.state is JobState.FAILED]
        beds = [job for job in jobs if job.kind == BED]
        clips = [job for job in jobs if job.kind == CLIP]
        if failed:
            await self._give_up(record, str((failed[0].error or {}).get("message", "a job failed")))
        elif record.bed is None and not beds:
            await self._ledger.enqueue([self._bed_job(channel, record.id, record.plan)])
        elif record.bed is not None and (due := await self._due_jobs(channel, record, clips)):
            await self._ledger.enqueue(due)
        elif _all_done(beds if record.bed is None else clips) and await self._is_stuck(record):
            await self._give_up(record, "all its jobs are done and yet something is missing")

    async def _is_stuck(self, record: SequenceRecord) -> bool:
        """Whether nothing will ever come, and not only since we looked at the catalogue before the ledger."""
        again = await self._catalogue.sequence(record.id)
        return (
            again is not None
            and again.state is SequenceState.PLANNED
            and (again.bed, len(again.clips)) == (record.bed, len(record.clips))
        )

    def _bed_job(self, channel: Channel, sequence: str, plan: SequencePlan) -> NewJob:
        order = bed_order(sequence, plan, channel, CROSSFADE)
        # Keyed by the sequence alone: an edit of the channel file meanwhile does not make a second bed.
        return NewJob(
            BED,
            self.slug,
            order.to_json(),
            sequence,
            PRIORITY[BED],
            key=f"{BED}:{sequence}",
            pool=self._pool_of({"music": order.stage}),
        )

    async def _due_jobs(self, channel: Channel, record: SequenceRecord, begun: Sequence[Job]) -> list[NewJob]:
        """Jobs for the clips that can be made now and are not begun."""
        if len(begun) == len(record.plan.shots):
            return []
        assert record.bed is not None
        shots = len(record.plan.shots)
        # As long as the bed says: the channel file may ask for another length since it was made.
        frames = (record.bed.samples - CROSSFADE) // (channel.house_format.samples_per_frame * shots)
        orders = clip_orders(
            record.id, record.plan, channel, bed=record.bed.file, bed_id=record.bed.id, frames=frames
        )
        positions = {int(job.payload["position"]) for job in begun}
        due = due_orders(orders, record.clips, positions)
        if due and begun:  # all shots of a sequence are made alike
            first = ClipOrder.from_json(begun[0].payload)
            due = [replace(order, stages=first.stages, grades=first.grades) for order in due]
        elif due and self._grade is not None:
            seconds = shots * frames / channel.house_format.fps
            rung = await self._grade(record.id, orders[0].stages, seconds)
            grades = {} if rung.name == FULL else {"ladder": rung.name}
            due = [replace(order, stages=rung.stages, grades=grades) for order in due]
        return [
            NewJob(
                CLIP,
                self.slug,
                order.to_json(),
                record.id,
                PRIORITY[CLIP],
                key=f"{CLIP}:{record.id}:{order.position}",
                pool=self._pool_of(order.stages),
            )
            for order in due
        ]

    async def _give_up(self, record: SequenceRecord, reason: str) -> None:
        await self._ledger.cancel(group=record.id)
        await self._catalogue.fail_sequence(record.id, reason)
        self._making.pop(record.id, None)
        self.given_up.append(record.id)
        self.failures += 1
        self._tell(
            Event(
                "engine.sequence.failed",
                f"{record.title!r} could not be made: {reason}",
                Severity.ERROR,
                "the next one is being written; if they all fail, read the studio's log",
                self.slug,
            )
        )


def _seconds(plan: SequencePlan, channel: Channel) -> float:
    return len(plan.shots) * clip_frames(channel) / channel.house_format.fps


def _all_done(jobs: Sequence[Job]) -> bool:
    return bool(jobs) and all(job.state is JobState.DONE for job in jobs)
