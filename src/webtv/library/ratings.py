"""Stars: one rating per viewer and clip, which the viewer may change."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from webtv.core.clock import Clock
from webtv.core.errors import InputError
from webtv.db.database import Database
from webtv.db.tables import ClipRow, RatingRow

PRIOR_STARS = 3.0
PRIOR_VOTES = 5


def bayesian_mean(total: float, votes: int) -> float:
    """The mean of the stars as if five more viewers had given three: few votes say little.

    Args:
        total: sum of all stars.
        votes: how many ratings that is.
    """
    return (PRIOR_STARS * PRIOR_VOTES + total) / (PRIOR_VOTES + votes)


@dataclass(frozen=True, slots=True)
class Summary:
    """What viewers think of a clip.

    Attributes:
        votes: number of ratings.
        mean: plain mean of the stars, or None without a vote.
        stars: Bayesian mean, 1 to 5.
    """

    votes: int
    mean: float | None
    stars: float


class Ratings:
    """Takes and sums up ratings.

    Args:
        database: the open database.
        clock: stamps them.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def rate(self, clip: str, viewer: str, stars: int) -> Summary:
        """Take or change a viewer's rating and return what all think now.

        Args:
            clip: id of the clip.
            viewer: hash of the viewer's session.
            stars: 1 to 5.

        Raises:
            InputError: there is no such clip, or these are not one to five stars.
        """
        if not 1 <= stars <= 5:
            raise InputError(f"{stars} stars cannot be given", remedy="give 1 to 5")
        given = {"stars": stars, "at": self._clock.time()}

        async def work(session: AsyncSession) -> Summary:
            if await session.get(ClipRow, clip) is None:
                raise InputError("there is no such clip", place=clip)
            await session.execute(
                insert(RatingRow)
                .values(clip=clip, viewer=viewer, **given)
                .on_conflict_do_update(index_elements=["clip", "viewer"], set_=given)
            )
            return await _summary(session, clip)

        return await self._database.write(work)

    async def summary(self, clip: str) -> Summary:
        """What viewers think of a clip; no votes for one that is unknown."""
        async with self._database.reading() as session:
            return await _summary(session, clip)


async def _summary(session: AsyncSession, clip: str) -> Summary:
    query = select(func.count(), func.coalesce(func.sum(RatingRow.stars), 0)).where(RatingRow.clip == clip)
    votes, total = (await session.execute(query)).one()
    return Summary(votes, total / votes if votes else None, bayesian_mean(total, votes))
