"""Grading: which rung of the ladder each sequence is made on, and what that has cost.

What a rung costs is measured from outside, by what the models' studio delivers: the time from one finished
sequence to the next, or from a sequence's beginning if nothing was finished since. While several are at
work that is the slowest stage's time, whatever that stage is; and it holds for endpoints, too, of which
nobody knows what they do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webtv.core.clock import Clock
from webtv.core.events import EventSink
from webtv.engine.jobs import MODELS
from webtv.engine.ladder import Ladder, Need, Rung, Speeds, Stages, rungs
from webtv.engine.pools import PoolOf
from webtv.library.notes import Notes
from webtv.studio.ports import Grade

Grades = Callable[[str, Mapping[str, Any]], Sequence[Grade]]
"""Given a stage and its options: ever cheaper ways of it."""

_NOTE = "speeds"


@dataclass(frozen=True, slots=True)
class _Begun:
    slug: str
    rung: Rung
    seconds: float
    at: float
    pool: str


class Grading:
    """The ladders of all channels, and one book of what rungs cost.

    Args:
        pool_of: tells whose workers take a job with such stages.
        grades: tells ever cheaper ways of a stage.
        notes: keeps the book over a restart.
        clock: measures.
        events: hears of changes.
    """

    def __init__(
        self, pool_of: PoolOf, grades: Grades, notes: Notes, clock: Clock, events: EventSink
    ) -> None:
        self._pool_of = pool_of
        self._grades = grades
        self._notes = notes
        self._clock = clock
        self._events = events
        self._speeds: Speeds | None = None
        self._ladders: dict[str, Ladder] = {}
        self._begun: dict[str, _Begun] = {}
        self._channels: dict[str, Stages] = {}
        self._on_ladders: frozenset[str] = frozenset()  # keys of their rungs; empty until somebody asks
        self._loading: set[str] = set()  # keys of rungs whose latest sequence waited for a model to start
        self._delivered: dict[str, float] = {}  # when each pool finished its latest sequence

    def follow(self, channels: Mapping[str, Stages]) -> None:
        """Take the stages of all channels as their files say now; of those that are gone nothing is kept."""
        self._channels = dict(channels)
        self._on_ladders = frozenset()
        self._ladders = {slug: ladder for slug, ladder in self._ladders.items() if slug in channels}
        self._begun = {name: begun for name, begun in self._begun.items() if begun.slug in channels}

    async def choose(self, slug: str, sequence: str, stages: Stages, need: Need) -> Rung:
        """The rung for a sequence that is to be made now.

        Args:
            slug: its channel.
            sequence: its id.
            stages: as the channel's file says.
            need: how the channel stands.

        Raises:
            WebTVError: the database does not answer.
        """
        if self._speeds is None:
            self._speeds = Speeds(await self._notes.get(_NOTE, {}))
        steps = rungs(stages, self._grades, self._is_apart)
        if slug not in self._ladders:
            self._ladders[slug] = Ladder(slug, self._speeds, self._events)
        rung = self._ladders[slug].choose(steps, need)
        pool = self._pool_of(rung.stages)
        self._begun[sequence] = _Begun(slug, rung, need.sequence, self._clock.monotonic(), pool)
        return rung

    async def finished(self, slug: str, sequence: str, *, loaded: bool = False) -> None:
        """A sequence is made.

        Args:
            slug: its channel.
            sequence: its id.
            loaded: whether a model was started for it. That counts only if the one before it on the same rung
                had to wait for that, too: then it is what this rung costs, and else it was once.

        Raises:
            WebTVError: the database does not answer.
        """
        begun = self._begun.pop(sequence, None)
        if begun is None or self._speeds is None:
            return  # begun by an earlier run: nobody knows how long it took
        now = self._clock.monotonic()
        since = max(begun.at, self._delivered.get(begun.pool, begun.at))
        self._delivered[begun.pool] = now
        self._ladders[slug].made(begun.rung.name)
        once = loaded and begun.rung.key not in self._loading
        (self._loading.add if loaded else self._loading.discard)(begun.rung.key)
        if begun.pool == MODELS and not once:
            self._speeds.note(begun.rung.key, begun.seconds, {begun.pool: now - since})
        await self._write_down(self._speeds)

    def failed(self, slug: str, sequence: str) -> None:
        """A sequence could not be made."""
        if (begun := self._begun.pop(sequence, None)) is not None:
            self._ladders[slug].failed(begun.rung.name)

    async def _write_down(self, speeds: Speeds) -> None:
        if self._channels and not self._on_ladders:
            ladders = [rungs(stages, self._grades, self._is_apart) for stages in self._channels.values()]
            self._on_ladders = frozenset(rung.key for ladder in ladders for rung in ladder)
            speeds.keep_only(self._on_ladders)
        await self._notes.put(_NOTE, speeds.to_json())

    def _is_apart(self, stage: str, options: Mapping[str, Any]) -> bool:
        return self._pool_of({stage: options}) == MODELS
