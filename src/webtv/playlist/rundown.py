"""The rundown: the policy that decides what follows in a playlist. Pure: values in, an order out.

New sequences come first, in the order in which they were made, and air whole. Reruns fill what is left of
the time to be kept ahead, best rested first; a share of them is mixed in while new content is plentiful.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from webtv.clips.clip import Kind
from webtv.playlist.entry import Entry


@dataclass(frozen=True, slots=True)
class Programme:
    """A whole sequence as entries, not numbered yet (``n`` is 0)."""

    seq: str
    entries: tuple[Entry, ...]

    @property
    def frames(self) -> int:
        """Length."""
        return sum(entry.frames for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sequence that may come back.

    Attributes:
        programme: what would air.
        last_aired: seconds since 1970 UTC at which it last aired.
        rating: mean rating from 1 to 5; 3 where nobody has rated.
    """

    programme: Programme
    last_aired: float
    rating: float = 3.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What the channel's curator and the operator want.

    Attributes:
        fps: frames per second of the channel.
        ahead: seconds of programme to keep in the playlist.
        share: share of reruns while new content is plentiful, 0 to 1.
        cooldown: seconds that a sequence rests before it may air again.
        plenty: seconds of unaired new content from which on it counts as plentiful.
    """

    fps: int
    ahead: float
    share: float
    cooldown: float
    plenty: float


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What follows the last locked entry.

    Attributes:
        entries: in order; those that were in the playlist already keep their old ``n``.
        listed: ids of the fresh sequences among them.
        changed: whether it differs from what the playlist holds.
    """

    entries: tuple[Entry, ...]
    listed: tuple[str, ...]
    changed: bool


def arrange(
    policy: Policy,
    *,
    now: float,
    kept: Sequence[Entry],
    waiting: Sequence[Entry],
    recent: Sequence[Entry],
    fresh: Sequence[Programme],
    candidates: Sequence[Candidate],
    noise: random.Random,
) -> Arrangement:
    """Decide what follows.

    Args:
        policy: the channel's wishes.
        now: seconds since 1970 UTC.
        kept: entries ahead that cannot or must not change (locked, or the rest of a begun sequence).
        waiting: entries behind those that may still be moved or dropped.
        recent: entries that aired lately, for the share of reruns.
        fresh: whole new sequences that are not in the playlist yet.
        candidates: what may come back.
        noise: breaks ties among equally rested reruns.
    """
    news = [entry for entry in waiting if entry.kind is not Kind.RERUN]
    reruns = [entry for entry in waiting if entry.kind is Kind.RERUN]
    if not fresh and _seconds([*kept, *waiting], policy) >= policy.ahead:
        return Arrangement(tuple(waiting), (), changed=False)

    busy = {entry.seq for entry in (*kept, *news)} | {programme.seq for programme in fresh}
    rested = _rested(policy, now, [c for c in candidates if c.programme.seq not in busy], noise)
    ready = [c.programme for c in rested if now - c.last_aired >= policy.cooldown]

    order: list[Entry] = list(news)
    plentiful = _new_seconds([*kept, *news], policy) + sum(p.frames for p in fresh) / policy.fps
    for programme in fresh:
        if plentiful >= policy.plenty and ready and _share([*recent, *kept, *order]) < policy.share:
            order.extend(_as_rerun(ready.pop(0)))
        order.extend(programme.entries)

    # What was waiting to fill in goes on waiting, as far as there is room for it.
    used = busy | {entry.seq for entry in order}
    queue = [*_sequences(reruns), *(list(_as_rerun(p)) for p in ready)]
    # A young station has nothing that rested long enough; what rested longest is better than nothing.
    queue.extend(list(_as_rerun(c.programme)) for c in rested)
    for group in queue:
        if _seconds([*kept, *order], policy) >= policy.ahead:
            break
        if group[0].seq not in used:
            used.add(group[0].seq)
            order.extend(group)
    listed = tuple(programme.seq for programme in fresh)
    return Arrangement(tuple(order), listed, changed=order != list(waiting))


def _rested(
    policy: Policy, now: float, candidates: Sequence[Candidate], noise: random.Random
) -> list[Candidate]:
    """Best rested first; a well-liked sequence counts as rested up to twice as long, a disliked half."""
    weight = {c.programme.seq: (now - c.last_aired) * 2 ** ((c.rating - 3) / 2) for c in candidates}
    return sorted(candidates, key=lambda c: (-weight[c.programme.seq], noise.random()))


def _as_rerun(programme: Programme) -> tuple[Entry, ...]:
    return tuple(entry.numbered(0, Kind.RERUN) for entry in programme.entries)


def _sequences(entries: Sequence[Entry]) -> list[list[Entry]]:
    groups: list[list[Entry]] = []
    for entry in entries:
        if groups and groups[-1][0].seq == entry.seq:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _seconds(entries: Sequence[Entry], policy: Policy) -> float:
    return sum(entry.frames for entry in entries) / policy.fps


def _new_seconds(entries: Sequence[Entry], policy: Policy) -> float:
    return _seconds([entry for entry in entries if entry.kind is Kind.NEW], policy)


def _share(entries: Sequence[Entry]) -> float:
    latest = entries[-60:]
    return sum(entry.kind is Kind.RERUN for entry in latest) / len(latest) if latest else 0.0
