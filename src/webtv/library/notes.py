"""Small values under names that must survive a restart: a channel's memory, seed counters."""

from typing import Any

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.db.database import Database
from webtv.db.tables import NoteRow


class Notes:
    """A durable dictionary of JSON values.

    Args:
        database: the open database.
        clock: stamps the values.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, name: str, default: Any = None) -> Any:
        """The value under a name, or ``default``."""
        async with self._database.reading() as session:
            row = await session.get(NoteRow, name)
        return default if row is None else row.value

    async def put(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""

        async def work(session: AsyncSession) -> None:
            await _put(session, name, value, self._clock.time())

        await self._database.write(work)

    async def count(self, name: str) -> int:
        """Count up under a name: 1, 2, 3 and so on, never the same twice, whoever asks."""

        async def work(session: AsyncSession) -> int:
            row = await session.get(NoteRow, name)
            number = int(row.value) + 1 if row else 1
            await _put(session, name, number, self._clock.time())
            return number

        return await self._database.write(work)


async def _put(session: AsyncSession, name: str, value: Any, at: float) -> None:
    kept = {"value": value, "at": at}
    await session.execute(
        insert(NoteRow).values(name=name, **kept).on_conflict_do_update(index_elements=["name"], set_=kept)
    )
