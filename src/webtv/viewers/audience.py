"""Who is watching now: sessions with a heartbeat in the last 45 seconds, and nothing else about them."""

from webtv.core.clock import Clock

HEARTBEAT_SECONDS = 15
EXPIRY_SECONDS = 45


class Audience:
    """Counts the people who watch each channel. A session watches one channel at a time.

    Args:
        clock: its monotonic time decides who is gone.
        expiry: seconds after which a silent session is gone.
        limit: sessions remembered at most, so that a flood cannot fill the memory; beyond it the longest
            silent one is forgotten.
    """

    def __init__(self, clock: Clock, *, expiry: float = EXPIRY_SECONDS, limit: int = 100_000) -> None:
        self._clock = clock
        self._expiry = expiry
        self._limit = limit
        self._seen: dict[str, tuple[str, float]] = {}  # in the order of the last heartbeat, oldest first
        self._counts: dict[str, int] = {}

    def beat(self, session: str, channel: str) -> int:
        """Take a heartbeat and return how many watch that channel."""
        self._forget(session)
        self._seen[session] = (channel, self._clock.monotonic())
        self._counts[channel] = self._counts.get(channel, 0) + 1
        if len(self._seen) > self._limit:
            self._forget(next(iter(self._seen)))
        return self.watching(channel)

    def watching(self, channel: str) -> int:
        """How many watch a channel now."""
        oldest = self._clock.monotonic() - self._expiry
        while self._seen:
            session, (_, at) = next(iter(self._seen.items()))
            if at >= oldest:
                break
            self._forget(session)
        return self._counts.get(channel, 0)

    def _forget(self, session: str) -> None:
        seen = self._seen.pop(session, None)
        if seen is not None:
            self._counts[seen[0]] -= 1
            if not self._counts[seen[0]]:
                del self._counts[seen[0]]
