"""The rule by which turns are given: who may use its model next, and which idle children end for it.

Turns go in the order of asking. A model that is there and idle serves at once; one that is not there begins
when it fits, idle children ending for it, the one that was used longest ago first; so does one that is there
and has to grow, because more is asked of it than before. While somebody waits for
room on the device, nobody who came later may take a child that holds some of it: two models that do not fit
together take turns by batches of what was waiting, and none starves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Resident:
    """A child that there is.

    Attributes:
        vram: GB of device memory at its peak.
        busy: whether it serves a request, or starts.
        used: grows with each use of any child.
    """

    vram: float
    busy: bool
    used: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody who waits for a model.

    Attributes:
        key: of the model.
        vram: GB of device memory that it takes for what is asked; a child that is there may have to grow.
    """

    key: str
    vram: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is.

    Attributes:
        index: of the wish.
        ends: keys of the children that end first.
    """

    index: int
    ends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """What there is for children.

    Attributes:
        vram: GB of device memory; None for no bound.
        children: processes at most.
    """

    vram: float | None
    children: int

    def holds(self, wish: Wish, residents: Iterable[Resident]) -> bool:
        """Whether the wish fits beside these children."""
        there = list(residents)
        fits = self.vram is None or sum(r.vram for r in there) + wish.vram <= self.vram + _EPSILON
        return len(there) < self.children and (fits or wish.vram == 0)


def next_turn(wishes: Sequence[Wish], residents: Mapping[str, Resident], room: Room) -> Turn | None:
    """The next turn that can be given; None if everybody has to wait.

    Args:
        wishes: oldest first.
        residents: children by the key of their model.
        room: what there is for them.
    """
    somebody_waits = False
    for index, wish in enumerate(wishes):
        resident = residents.get(wish.key)
        if resident is not None and resident.busy:
            continue
        if resident is not None and wish.vram <= resident.vram + _EPSILON:
            if not (somebody_waits and resident.vram > 0):
                return Turn(index)
            continue
        others = {key: item for key, item in residents.items() if key != wish.key}
        ends = _ends(wish, others, room)
        # Whoever waits for device memory is not delayed by what takes none of it and ends nobody.
        if ends is not None and not (somebody_waits and (ends or wish.vram > 0)):
            return Turn(index, ends)
        somebody_waits = True
    return None


def _ends(wish: Wish, residents: Mapping[str, Resident], room: Room) -> tuple[str, ...] | None:
    """Keys of as few idle children as make room, those used longest ago; None if all do not suffice."""
    idle = sorted(
        (key for key, item in residents.items() if not item.busy), key=lambda key: residents[key].used
    )
    stay = dict(residents)
    ended = []
    for key in sorted(idle, key=lambda key: residents[key].used):
        if room.holds(wish, stay.values()):
            break
        ended.append(key)
        del stay[key]
    if not room.holds(wish, stay.values()):
        return None
    for key in list(ended):  # the oldest may have gone in vain: it held too little, or none
        if room.holds(wish, (*stay.values(), residents[key])):
            stay[key] = residents[key]
            ended.remove(key)
    return tuple(ended)
