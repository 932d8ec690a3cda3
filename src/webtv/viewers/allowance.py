"""How much a viewer may write: token buckets by session and by client address, in bounded memory."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network

from webtv.core.clock import Clock
from webtv.core.errors import RateLimited

_KEYS = 20_000


class Buckets:
    """A token bucket for each of many keys; beyond the limit the longest unused one is forgotten.

    Args:
        clock: its monotonic time fills the buckets.
        rate: tokens a second.
        burst: tokens that a full bucket holds.
        keys: buckets remembered at most.
    """

    def __init__(self, clock: Clock, *, rate: float, burst: float, keys: int = _KEYS) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._keys = keys
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take a token; 0 if there was one, else the seconds until there will be."""
        now = self._clock.monotonic()
        tokens, at = self._kept.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        short = max(0.0, 1 - tokens)
        self._kept[key] = (tokens if short else tokens - 1, now)
        while len(self._kept) > self._keys:
            self._kept.popitem(last=False)
        return short / self._rate


class Allowance:
    """What one viewer, and one address, may write: heartbeats and ratings together.

    A session stands for a person with a few tabs; an address may be a whole house behind one router or
    proxy, some 300 viewers.

    Args:
        clock: fills the buckets.
    """

    def __init__(self, clock: Clock) -> None:
        self._sessions = Buckets(clock, rate=0.5, burst=12)
        self._addresses = Buckets(clock, rate=20, burst=200)

    def spend(self, session: str, address: str) -> None:
        """Count one write.

        Args:
            session: the viewer's session; asked first, so that one that floods uses up nobody else's share.
            address: where the request came from, as the socket says.

        Raises:
            RateLimited: it is too much.
        """
        wait = self._sessions.take(session) or self._addresses.take(network(address))
        if wait:
            raise RateLimited(
                "This is too much at once.", retry_after=wait, remedy="wait as long as Retry-After says"
            )


def network(address: str) -> str:
    """What limits count: the address; of IPv6 the network of 64 bits, all of which a single customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
