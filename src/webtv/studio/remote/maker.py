"""The port between a take and whatever speaks an endpoint's language."""

from dataclasses import dataclass
from typing import Protocol

from webtv.studio.remote.asking import Asked
from webtv.studio.remote.fetch import Credentials
from webtv.studio.remote.tickets import Order


@dataclass(frozen=True, slots=True)
class Video:
    """A finished video, still elsewhere.

    Attributes:
        url: where it is said to lie; not to be trusted.
        credentials: for the endpoint's own host.
    """

    url: str
    credentials: Credentials


class Maker(Protocol):
    """One address of an endpoint."""

    async def make(self, asked: Asked, order: Order, deadline: float) -> Video:
        """Have a video made, or go on with one that the order's ticket knows of.

        Cancelled, or past the deadline, it tells the server so and forgets the ticket. An error leaves the
        ticket in place only while the job may still come to an end there.

        Args:
            asked: what is wanted.
            order: its ticket names this address.
            deadline: monotonic time.

        Raises:
            WebTVError: by cause.
        """
        ...
