"""The rundown: the policy that decides what follows in a playlist. Pure: values in, an order out.

New sequences come first, in the order in which they were made, and air whole. Reruns fill what is left of
the time to be kept ahead, best rested first; a share of them is mixed in while new content is plentiful.
While there is anything at all to air, that time is always filled. What a person put where it is stays there.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from webtv.clips.clip import Kind
from webtv.playlist.edits import runs
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
    pinned: Collection[str] = (),
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
        pinned: sequences that a person put where they wait: new content goes behind the last of them.
    """
    if not fresh and _seconds([*kept, *waiting], policy) >= policy.ahead:
        return Arrangement(tuple(waiting), (), changed=False)

    # Reruns that only wait to fill in make room for what is new; those mixed in between stay where they are.
    filling = next((n for n in range(len(waiting), 0, -1) if _stays(waiting[n - 1], pinned)), 0)
    order, reruns = list(waiting[:filling]), waiting[filling:]
    busy = {entry.seq for entry in (*kept, *order)} | {programme.seq for programme in fresh}
    ranked = _rested(policy, now, candidates, noise)
    rested = [candidate for candidate in ranked if candidate.programme.seq not in busy]
    ready = [c.programme for c in rested if now - c.last_aired >= policy.cooldown]

    plentiful = _new_seconds([*kept, *order], policy) + sum(p.frames for p in fresh) / policy.fps
    mixable = list(ready)
    for programme in fresh:
        if plentiful >= policy.plenty and mixable and _share([*recent, *kept, *order]) < policy.share:
            order.extend(_as_rerun(mixable.pop(0)))
        order.extend(programme.entries)

    # What was waiting to fill in goes on waiting, as far as there is room for it. A young station has
    # nothing that rested long enough; what rested longest is better than nothing.
    placed = {entry.seq for entry in order[filling:]}
    queue = [group for group in runs(reruns) if group[0].seq not in placed]
    used = busy | placed | {entry.seq for entry in reruns}
    for programme in (*ready, *(candidate.programme for candidate in rested)):
        if programme.seq not in used:
            used.add(programme.seq)
            queue.append(_as_rerun(programme))
    length = _seconds([*kept, *order], policy)
    for group in queue:
        if length >= policy.ahead:
            break
        order.extend(group)
        length += _seconds(group, policy)
    # A very young one has so little that it comes round and round.
    again = [_as_rerun(candidate.programme) for candidate in ranked if candidate.programme.frames]
    while again and length < policy.ahead:
        latest = [entry.seq for entry in (*kept, *order)]
        group = max(again, key=lambda group: _distance(latest, group[0].seq))
        order.extend(group)
        length += _seconds(group, policy)
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


def _stays(entry: Entry, pinned: Collection[str]) -> bool:
    return entry.kind is not Kind.RERUN or entry.seq in pinned


def _distance(latest: Sequence[str], seq: str) -> int:
    """How many entries ago a sequence was last planned."""
    return next((n for n, planned in enumerate(reversed(latest)) if planned == seq), len(latest))


def _seconds(entries: Sequence[Entry], policy: Policy) -> float:
    return sum(entry.frames for entry in entries) / policy.fps


def _new_seconds(entries: Sequence[Entry], policy: Policy) -> float:
    return _seconds([entry for entry in entries if entry.kind is Kind.NEW], policy)


def _share(entries: Sequence[Entry]) -> float:
    latest = entries[-60:]
    return sum(entry.kind is Kind.RERUN for entry in latest) / len(latest) if latest else 0.0
