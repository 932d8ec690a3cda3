"""A circuit breaker per address, and the choice among several by weight.

Closed until enough calls failed in a row; then open: nobody calls for a while that grows with each failed
trial and is never the same twice, so that stations do not come back in step; then half-open: one trial
decides.
"""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

from webtv.core.clock import Clock
from webtv.core.errors import RateLimited

_GROWTH = 2.0
_LONGEST = 1800.0
_JITTER = 0.25


class State(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


Change = Callable[["Breaker", State, str], None]
"""Hears of a breaker that opened or closed, and why."""


class Breaker:
    """One address's breaker.

    Args:
        name: for people.
        clock: counts rests.
        noise: their jitter, a quarter up or down.
        failures: in a row until it opens.
        rest: seconds of the first rest; each failed trial doubles it, up to half an hour.
        on_change: hears when it opens and closes.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        noise: random.Random,
        failures: int = 3,
        rest: float = 30.0,
        on_change: Change | None = None,
    ) -> None:
        self.name = name
        self.opens_again = 0.0  # monotonic time of the next trial, while open
        self._clock = clock
        self._noise = noise
        self._failures = failures
        self._rest = rest
        self._on_change = on_change or (lambda _breaker, _state, _reason: None)
        self._failed = 0
        self._rests = 0
        self._open = False
        self._trial = False

    @property
    def state(self) -> State:
        """Whether calls go through now."""
        if not self._open:
            return State.CLOSED
        return State.OPEN if self._clock.monotonic() < self.opens_again else State.HALF_OPEN

    @property
    def admits(self) -> bool:
        """Whether a call may begin now."""
        return self.state is State.CLOSED or (self.state is State.HALF_OPEN and not self._trial)

    @property
    def wait(self) -> float:
        """Seconds until a call may begin; an unknown time while a trial runs counts as a first rest."""
        if self.admits:
            return 0.0
        return max(0.0, self.opens_again - self._clock.monotonic()) or self._rest

    def begin(self) -> None:
        """A call begins."""
        self._trial = self._trial or self._open

    def succeeded(self) -> None:
        """It succeeded."""
        was_open, self._open, self._trial = self._open, False, False
        self._failed = self._rests = 0
        if was_open:
            self._on_change(self, State.CLOSED, "a trial succeeded")

    def abandoned(self) -> None:
        """Nobody waited for its end: it says nothing about the address."""
        self._trial = False

    def failed(self, reason: str, *, rest: float | None = None) -> None:
        """It failed.

        Args:
            reason: a sentence for people.
            rest: seconds for which the address itself wants no calls, or for which none makes sense; opens
                the breaker at once.
        """
        self._failed += 1
        trial, self._trial = self._trial, False
        if not (trial or rest is not None or self._failed >= self._failures):
            return
        if self._open and not trial and rest is None:
            return  # begun before it opened: known already
        own = min(_LONGEST, self._rest * _GROWTH**self._rests)
        own *= self._noise.uniform(1 - _JITTER, 1 + _JITTER)
        self._rests += 1
        self._open = True
        self.opens_again = self._clock.monotonic() + max(own, rest or 0.0)
        self._on_change(self, State.OPEN, reason)


T = TypeVar("T")


class Rota(Generic[T]):
    """Addresses with their weights and breakers.

    Args:
        items: each with its weight and breaker.
        noise: chooses.
        place: for errors.
    """

    def __init__(
        self, items: Sequence[tuple[T, float, Breaker]], *, noise: random.Random, place: str
    ) -> None:
        self._items = list(items)
        self._noise = noise
        self._place = place

    def breaker(self, item: T) -> Breaker:
        """The breaker of one of them."""
        return next(breaker for mine, _, breaker in self._items if mine == item)

    def __iter__(self) -> Iterator[T]:
        return iter([item for item, _, _ in self._items])

    def choose(self, without: Collection[T] = ()) -> T:
        """One that admits calls, by weight.

        Raises:
            RateLimited: none does; says when the next trial is.
        """
        left = [entry for entry in self._items if entry[0] not in without]
        ready = [entry for entry in left if entry[2].admits]
        if not ready:
            wait = min((breaker.wait for _, _, breaker in left or self._items), default=0.0)
            raise RateLimited(
                f"every address failed lately and rests; the next trial is in {wait:.0f} s",
                retry_after=wait,
                place=self._place,
                remedy="look at the endpoint's events for the reasons",
            )
        return self._noise.choices([entry[0] for entry in ready], [entry[1] for entry in ready])[0]
