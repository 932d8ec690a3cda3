"""Edits on their way from a person to the air: durable, in order, each applied once by the control plane."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.core.errors import ConflictError, InputError, TransientError, WebTVError
from webtv.db.database import Database
from webtv.db.tables import EditRow
from webtv.playlist.edits import Action, Edit

_LOOK = 0.1  # seconds between two looks at what became of an edit
_KEPT = 3 * 86_400.0  # seconds for which it is known what became of an edit


class EditState(StrEnum):
    """Where an edit stands."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Order:
    """An edit in the queue.

    Attributes:
        id: grows in the order in which edits were asked for.
        channel: slug.
        edit: what is asked for.
        asked: when, seconds since 1970 UTC.
        begun: number of the first entry that waited when it was begun (-1: none waited), 0 before. Numbers
            never come back, so once that entry is gone from the playlist, the edit is in it.
    """

    id: int
    channel: str
    edit: Edit
    asked: float
    begun: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an edit.

    Attributes:
        state: where it stands.
        message: a sentence about it.
        remedy: what to do, where it was refused.
        place: what of it was wrong, where it was refused.
        seq: id of the sequence that it was about, where it was done.
        category: of the error, where it was refused.
    """

    state: EditState
    message: str = ""
    remedy: str = ""
    place: str = ""
    seq: str = ""
    category: str = ""

    @classmethod
    def refused(cls, error: WebTVError) -> "Outcome":
        """The outcome of an edit that cannot be carried out."""
        return cls(EditState.REFUSED, error.message, error.remedy, error.place, category=error.category.value)


class EditQueue:
    """The queue in the station's database; anybody asks, the one control plane settles.

    Args:
        database: the open database.
        clock: stamps.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ask(self, channel: str, edit: Edit) -> int:
        """Put an edit in; returns its id."""
        now = self._clock.time()
        row = EditRow(
            channel=channel,
            action=edit.action.value,
            seq=edit.seq,
            before=edit.before,
            asked=now,
            begun=0,
            state=EditState.WAITING.value,
            outcome={},
        )

        async def work(session: AsyncSession) -> int:
            await session.execute(
                delete(EditRow).where(EditRow.state != EditState.WAITING.value, EditRow.asked < now - _KEPT)
            )
            session.add(row)
            await session.flush()
            return row.id

        return await self._database.write(work)

    async def waiting(self) -> Mapping[str, tuple[Order, ...]]:
        """All that nobody has settled, by channel, in the order in which they were asked for."""
        query = select(EditRow).where(EditRow.state == EditState.WAITING.value).order_by(EditRow.id)
        async with self._database.reading() as session:
            rows = (await session.scalars(query)).all()
        found: dict[str, tuple[Order, ...]] = defaultdict(tuple)
        for row in rows:
            edit = Edit(Action(row.action), row.seq, row.before)
            found[row.channel] += (Order(row.id, row.channel, edit, row.asked, row.begun),)
        return dict(found)

    async def begin(self, order: int, first: int) -> bool:
        """Note what :attr:`Order.begun` tells, before the playlist is written.

        Returns:
            False if the edit was withdrawn meanwhile: leave the playlist as it is.
        """

        async def work(session: AsyncSession) -> bool:
            open_row = (EditRow.id == order, EditRow.state == EditState.WAITING.value)
            found = await session.scalar(select(EditRow.id).where(*open_row))
            await session.execute(update(EditRow).where(*open_row).values(begun=first))
            return found is not None

        return await self._database.write(work)

    async def settle(self, order: int, outcome: Outcome) -> None:
        """Say what became of an edit."""
        told = {key: value for key, value in asdict(outcome).items() if key != "state"}
        settled = {"state": outcome.state.value, "outcome": told}

        async def work(session: AsyncSession) -> None:
            await session.execute(update(EditRow).where(EditRow.id == order).values(settled))

        await self._database.write(work)

    async def outcome(self, order: int) -> Outcome:
        """What became of an edit so far; one that nobody knows any more was withdrawn."""
        async with self._database.reading() as session:
            row = await session.get(EditRow, order)
        if row is None:
            return Outcome(EditState.WITHDRAWN)
        return Outcome(EditState(row.state), **row.outcome)

    async def withdraw(self, order: int) -> Outcome:
        """Take an edit back unless it was begun or settled; returns where it stands then."""

        async def work(session: AsyncSession) -> None:
            await session.execute(
                update(EditRow)
                .where(EditRow.id == order, EditRow.state == EditState.WAITING.value, EditRow.begun == 0)
                .values(state=EditState.WITHDRAWN.value)
            )

        await self._database.write(work)
        return await self.outcome(order)


async def carried_out(
    queue: EditQueue, channel: str, edit: Edit, *, clock: Clock, patience: float
) -> Outcome:
    """Ask for an edit and wait until it is in the playlist.

    Args:
        queue: takes it.
        channel: slug.
        edit: what to do.
        clock: waits.
        patience: seconds to wait; an edit that nobody took up by then is withdrawn.

    Raises:
        InputError: what it names is not there, or it would part a sequence.
        ConflictError: what it names is on air or locked.
        TransientError: it was not carried out in time.
    """
    order = await queue.ask(channel, edit)
    deadline = clock.monotonic() + patience
    while (outcome := await queue.outcome(order)).state is EditState.WAITING:
        if clock.monotonic() >= deadline:
            outcome = await queue.withdraw(order)
            break
        await clock.sleep(_LOOK)
    if outcome.state is EditState.DONE:
        return outcome
    if outcome.state is EditState.REFUSED:
        kind = {"input": InputError, "conflict": ConflictError}.get(outcome.category, WebTVError)
        raise kind(outcome.message, remedy=outcome.remedy, place=outcome.place)
    taken_back = outcome.state is EditState.WITHDRAWN
    raise TransientError(
        f"the control plane did not carry it out within {patience:g} s"
        + (", and it was withdrawn" if taken_back else "; it goes on trying"),
        place=channel,
        remedy="see that `webtv serve` and its head-end run, and what logs/station.log says",
    )
