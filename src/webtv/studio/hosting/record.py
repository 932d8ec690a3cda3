"""How a model has fared with one set of options, and when it is tried with them again."""

from typing import Final

from webtv.core.errors import RETRYABLE, RateLimited, WebTVError
from webtv.studio.hosting import codec

_REST: Final = 5.0  # seconds after the second failure in a row, doubled by each further one
_REST_MOST: Final = 300.0


class Record:
    """One set of options: a size that does not fit on the card must not keep a smaller one from working.

    Attributes:
        failures: in a row.
        last: latest trouble; None if there was none.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.last: WebTVError | None = None
        self._rests_until = float("-inf")

    def rests(self, now: float) -> bool:
        """Whether it is not tried just now."""
        return now < self._rests_until

    def expect_rested(self, now: float, place: str) -> None:
        """Refuse what has failed repeatedly, until it is tried again.

        Raises:
            RateLimited: with the cause and the time; if trying again is of use.
            WebTVError: the cause itself if it is not.
        """
        if self.last is None or not self.rests(now):
            return
        if self.last.category not in RETRYABLE:
            raise codec.replica(self.last)
        raise RateLimited(
            f"the model failed {self.failures} times in a row, last because: {self.last.message}",
            retry_after=self._rests_until - now,
            place=place,
            remedy=self.last.remedy,
        )

    def succeeded(self) -> None:
        """A request was carried out."""
        self.failures = 0

    def refused(self, error: WebTVError) -> None:
        """A request failed, and not the child."""
        self.last = codec.replica(error)

    def failed(self, error: WebTVError, now: float) -> None:
        """A child did not start, or did not survive a request."""
        self.last = codec.replica(error)
        self.failures += 1
        if self.failures > 1:
            self._rests_until = now + min(_REST * 2 ** min(self.failures - 2, 10), _REST_MOST)
