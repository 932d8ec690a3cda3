"""Leases that ran out: whether their holder is gone, or only the clock went on without it.

Leases end by the wall clock, which all processes share and which steps: somebody sets it, a virtual machine
resumes. So a lease that ran out is a question and not yet an answer.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from webtv.core.clock import Clock

IsAlive = Callable[[str], bool]
"""Tells whether the owner of that name lives; see :func:`webtv.engine.owners.owner_is_alive`."""

STUCK = 600.0
"""Seconds without a sign of life after which a living owner counts as stuck: it beats every five."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that ran out.

    Attributes:
        job: id of the job.
        token: number of the lease.
        owner: who holds it.
        heartbeat: its owner's latest sign of life, by the wall clock; only compared with itself.
    """

    job: str
    token: int
    owner: str | None
    heartbeat: float | None


class Overdue:
    """Decides which leases that ran out are taken away. One for each ledger object.

    Args:
        clock: its monotonic time tells how long an owner has been silent; the wall clock cannot.
        is_alive: tells whether an owner lives; None if nobody can know, so that each lease ends by its time.
    """

    def __init__(self, clock: Clock, is_alive: IsAlive | None = None) -> None:
        self._clock = clock
        self._is_alive = is_alive
        self._silent: dict[Held, float] = {}  # since when, of living owners

    def lost(self, held: Iterable[Held], owner: str, at_work: Collection[str]) -> list[str]:
        """Ids of the jobs that are to be given out again.

        What the asking owner is at stays its own, and what it holds without being at it is lost. Another
        owner that lives keeps its jobs until it has been silent for :data:`STUCK` seconds.

        Args:
            held: all leases that have run out.
            owner: who asks for work.
            at_work: ids of the jobs that it is at.
        """
        now = self._clock.monotonic()
        others = [each for each in held if each.job not in at_work]
        silent = {
            each: self._silent.get(each, now)
            for each in others
            if each.owner is not None and each.owner != owner and self._lives(each.owner)
        }
        self._silent = silent  # whoever beat again, or ended, is forgotten
        return [each.job for each in others if each not in silent or now - silent[each] >= STUCK]

    def _lives(self, owner: str) -> bool:
        return self._is_alive is not None and self._is_alive(owner)
