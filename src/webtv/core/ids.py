"""Ids: 64 bits that sort by time, written as 13 characters of Crockford's base32."""

import random
import threading

from webtv.core.clock import Clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_BITS = 44  # milliseconds since 1970: enough until the year 2527
_NOISE_BITS = 20


def encode(value: int) -> str:
    """Write a 64-bit value as 13 characters that sort as the value does.

    Raises:
        ValueError: the value does not fit 64 bits.
    """
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{value} is not a 64-bit value")
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


class IdFactory:
    """Makes ids; two from one factory never compare equal and sort in the order they were made."""

    def __init__(self, clock: Clock, noise: random.Random) -> None:
        self._clock = clock
        self._noise = noise
        self._last = -1
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return a new id."""
        millis = int(self._clock.time() * 1000) & ((1 << _TIME_BITS) - 1)
        value = (millis << _NOISE_BITS) | self._noise.getrandbits(_NOISE_BITS)
        with self._lock:
            value = max(value, self._last + 1)  # also when the wall clock steps back
            self._last = value
        return encode(value)
