"""Who watches what now: pages send a sign of life, silence for 45 seconds is a farewell."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.db.database import Database
from webtv.db.tables import ViewerRow

WATCHING_SECONDS = 45.0


class Audience:
    """Counts viewers by their signs of life.

    Args:
        database: the open database.
        clock: stamps and expires the signs.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def seen(self, viewer: str, channel: str) -> None:
        """A viewer's session (its hash) watches a channel, and no other one any more."""
        now = self._clock.time()

        async def work(session: AsyncSession) -> None:
            await session.execute(
                delete(ViewerRow).where(ViewerRow.viewer == viewer, ViewerRow.channel != channel)
            )
            await session.execute(
                insert(ViewerRow)
                .values(viewer=viewer, channel=channel, last_seen=now)
                .on_conflict_do_update(index_elements=["viewer", "channel"], set_={"last_seen": now})
            )
            await session.execute(delete(ViewerRow).where(ViewerRow.last_seen <= now - WATCHING_SECONDS))

        await self._database.write(work)

    async def watching(self) -> dict[str, int]:
        """Viewers by channel; channels without any are absent."""
        query = (
            select(ViewerRow.channel, func.count())
            .where(ViewerRow.last_seen > self._clock.time() - WATCHING_SECONDS)
            .group_by(ViewerRow.channel)
        )
        async with self._database.reading() as session:
            return {row[0]: row[1] for row in await session.execute(query)}
