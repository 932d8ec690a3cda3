"""Events that outlive the process: what curators and admins read, bounded to the latest ones."""

import asyncio
import contextlib
import json
import logging
from collections import deque
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.core.completion import to_its_end
from webtv.core.errors import WebTVError
from webtv.core.events import Event, Severity
from webtv.db.database import Database
from webtv.db.tables import EventRow

KEEP = 10_000
_PENDING = 1_000
_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the journal.

    Attributes:
        id: counts up; the cursor of a page.
        at: when it happened, seconds since 1970 UTC.
        event: what happened.
    """

    id: int
    at: float
    event: Event


class Journal:
    """Keeps events. As an event sink it takes them at once and writes them while :meth:`run` runs.

    Args:
        database: the open database.
        clock: stamps events as they come.
        keep: how many of the latest events are kept.
    """

    def __init__(self, database: Database, clock: Clock, *, keep: int = KEEP) -> None:
        self._database = database
        self._clock = clock
        self._keep = keep
        self._pending: deque[tuple[float, Event]] = deque(maxlen=_PENDING)
        self._news = asyncio.Event()
        self._flushing = asyncio.Lock()

    def __call__(self, event: Event, /) -> None:
        """Take an event; while the database is away only the latest thousand wait. Call it on the loop."""
        self._pending.append((self._clock.time(), event))
        self._news.set()

    async def run(self) -> None:
        """Write events as they come until cancelled, then the last ones; nothing else ends it."""
        try:
            while True:
                await self._news.wait()
                try:
                    await self.flush()
                except WebTVError:  # they wait; the log has them anyway
                    await self._clock.sleep(_RETRY_SECONDS)
                except Exception:  # a journal is no reason to go off the air
                    logging.getLogger(__name__).exception("events could not be written")
                    await self._clock.sleep(_RETRY_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await self.flush()

    async def flush(self) -> None:
        """Write all that waits, each event once, whoever else flushes and even if the caller is cancelled.

        Raises:
            WebTVError: the database is away; the events wait on.
        """
        await to_its_end(self._flush())

    async def _flush(self) -> None:
        async with self._flushing:
            while self._pending:
                waiting = list(self._pending)
                await self._add_what_can_be(waiting)
                for written in waiting:
                    if self._pending and self._pending[0] is written:
                        self._pending.popleft()
            self._news.clear()

    async def _add_what_can_be(self, waiting: list[tuple[float, Event]]) -> None:
        """Write events; one that the database refuses for what is in it does not hold up the others."""
        try:
            await self._add(waiting)
            return
        except WebTVError:
            raise
        except Exception as error:
            if len(waiting) == 1:
                # Shown as ASCII: what a database refuses may be what a log cannot take either.
                logging.getLogger(__name__).warning("an event is dropped: %a (%a)", waiting[0][1], error)
                return
        for one in waiting:
            await self._add_what_can_be([one])

    async def add(self, *events: Event) -> None:
        """Write events now."""
        now = self._clock.time()
        await self._add([(now, event) for event in events])

    async def recent(
        self,
        *,
        limit: int = 100,
        channel: str | None = None,
        severities: frozenset[Severity] = frozenset(Severity),
        before: int | None = None,
    ) -> tuple[Entry, ...]:
        """The latest events, newest first.

        Args:
            limit: how many at most.
            channel: only this channel's.
            severities: only these.
            before: id of an entry; only older ones.
        """
        query = select(EventRow).where(EventRow.severity.in_(severities))
        if channel is not None:
            query = query.where(EventRow.channel == channel)
        if before is not None:
            query = query.where(EventRow.id < before)
        async with self._database.reading() as session:
            rows = await session.scalars(query.order_by(EventRow.id.desc()).limit(limit))
            return tuple(_entry(row) for row in rows)

    async def _add(self, stamped: list[tuple[float, Event]]) -> None:
        async def work(session: AsyncSession) -> None:
            session.add_all(_row(at, event) for at, event in stamped)
            await session.flush()
            newest = await session.scalar(select(func.max(EventRow.id))) or 0
            await session.execute(delete(EventRow).where(EventRow.id <= newest - self._keep))

        await self._database.write(work)


def _row(at: float, event: Event) -> EventRow:
    return EventRow(
        at=at,
        kind=_writable(event.kind),
        severity=event.severity.value,
        channel=None if event.channel is None else _writable(event.channel),
        message=_writable(event.message),
        remedy=_writable(event.remedy),
        data=json.loads(_writable(json.dumps(dict(event.data), default=str, ensure_ascii=False))),
    )


def _writable(text: str) -> str:
    """The text without lone surrogates, which a file name that is no UTF-8 brings along."""
    return text.encode(errors="replace").decode()


def _entry(row: EventRow) -> Entry:
    event = Event(
        kind=row.kind,
        message=row.message,
        severity=Severity(row.severity),
        remedy=row.remedy,
        channel=row.channel,
        data=row.data,
    )
    return Entry(row.id, row.at, event)
