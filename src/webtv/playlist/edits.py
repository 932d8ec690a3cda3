"""Edits of what waits in a playlist: skip, drop, next, move. Pure: entries in, entries out.

What is moved is a run: the entries of one airing of a sequence, from its first shot to its last. No edit
parts a run, and none touches one whose first shot is on air, in the head-end's memory or about to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webtv.clips.clip import Kind
from webtv.core.errors import ConflictError, InputError
from webtv.playlist.entry import Entry

MARGIN = 2  # entries behind the lock horizon that stay: the head-end may be taking them this moment
_LOOK = "look at `webtv rundown CHANNEL` and name one that waits"

Run = tuple[Entry, ...]


class Action(StrEnum):
    """What an edit does."""

    SKIP = "skip"
    DROP = "drop"
    NEXT = "next"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit as somebody asks for it.

    Attributes:
        action: what to do.
        seq: the sequence: its id, or the number of its first entry; empty for a skip.
        before: for a move: the sequence that it shall go before, named likewise.

    Raises:
        InputError: a name is missing, or there is one too many.
    """

    action: Action
    seq: str = ""
    before: str = ""

    def __post_init__(self) -> None:
        wanted = {Action.SKIP: "", Action.MOVE: "SEQ --before SEQ"}.get(self.action, "SEQ")
        given = (bool(self.seq), bool(self.before))
        if given != (wanted != "", self.action is Action.MOVE):
            raise InputError(
                f"{self.action} {f'needs {wanted}' if wanted else 'takes no sequence'}",
                place="edit",
                remedy=f"write `webtv rundown CHANNEL {f'{self.action} {wanted}'.strip()}`",
            )


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit.

    Attributes:
        entries: all that follows the last fixed entry; those that were listed before keep their ``n``.
        run: what was taken out, put in or moved; taken out more than once, its first airing.
        removed: whether it was taken out.
    """

    entries: tuple[Entry, ...]
    run: Run
    removed: bool


def runs(entries: Sequence[Entry]) -> list[Run]:
    """Entries grouped by airing; one without a sequence stands alone."""
    groups: list[list[Entry]] = []
    for entry in entries:
        if groups and _continues(groups[-1][-1], entry):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return [tuple(group) for group in groups]


def fixed(ahead: Sequence[Entry], locked: int | None, margin: int = MARGIN) -> list[Entry]:
    """Entries ahead that stay: up to the lock horizon and a margin more, and the rest of a begun sequence.

    Args:
        ahead: what follows the entry on air.
        locked: number of the last entry in the head-end's memory; None if it does not say, then all stay.
        margin: entries behind it that it may be taking this moment.
    """
    if locked is None:
        return list(ahead)
    count = min(len(ahead), sum(entry.n <= locked for entry in ahead) + margin)
    while 0 < count < len(ahead) and _continues(ahead[count - 1], ahead[count]):
        count += 1
    return list(ahead[:count])


def apply_edit(
    edit: Edit, *, kept: Sequence[Entry], waiting: Sequence[Entry], programme: Sequence[Entry] = ()
) -> Edited:
    """Carry an edit out.

    Args:
        edit: what is asked for.
        kept: what must stay as it is (see :func:`fixed`), the entry on air first if there is one.
        waiting: what follows it.
        programme: for ``next``: the whole sequence without numbers, for when it does not wait already.

    Raises:
        InputError: no such sequence waits, or the edit would part one.
        ConflictError: it is on air or locked, or nothing waits.
    """
    begun = 0  # what goes on with a sequence that has begun belongs to what is kept
    while begun < len(waiting) and _continues((*kept, *waiting[:begun])[-1:], waiting[begun]):
        begun += 1
    head, movable = tuple(waiting[:begun]), runs(waiting[begun:])
    stays = runs([*kept, *head])
    match edit.action:
        case Action.SKIP:
            order, run = _skip(movable)
        case Action.DROP:
            order, run = _drop(edit.seq, movable, stays)
        case Action.NEXT:
            order, run = _next(edit.seq, movable, stays, tuple(programme))
        case Action.MOVE:
            order, run = _move(edit.seq, edit.before, movable, stays)
    entries = (*head, *(entry for group in order for entry in group))
    return Edited(entries, run, removed=edit.action in (Action.SKIP, Action.DROP))


def waits(name: str, entries: Sequence[Entry]) -> bool:
    """Whether a run of that name is among the entries."""
    return any(_is(run, name) for run in runs(entries))


def _skip(movable: list[Run]) -> tuple[list[Run], Run]:
    run = next((run for run in movable if run[0].seq), None)  # cards between sequences come and go
    if run is None:
        raise ConflictError(
            "nothing waits that could be skipped", place="skip", remedy="wait until more is listed"
        )
    return [each for each in movable if each is not run], run


def _drop(name: str, movable: list[Run], stays: list[Run]) -> tuple[list[Run], Run]:
    run = _find(name, movable, stays, "drop")
    # A young station may list it more than once; what is dropped is gone from the whole list.
    seq = run[0].seq
    return [each for each in movable if each is not run and (not seq or each[0].seq != seq)], run


def _next(name: str, movable: list[Run], stays: list[Run], programme: Run) -> tuple[list[Run], Run]:
    if programme and not any(_is(run, name) for run in movable):
        return [programme, *movable], programme
    run = _find(name, movable, stays, "next")
    return [run, *(each for each in movable if each is not run)], run


def _move(name: str, before: str, movable: list[Run], stays: list[Run]) -> tuple[list[Run], Run]:
    run = _find(name, movable, stays, "move")
    target = _find(before, [each for each in movable if each is not run], stays, "--before", run)
    order = [each for each in movable if each is not run]
    at = next(place for place, each in enumerate(order) if each is target)
    return [*order[:at], run, *order[at:]], run


def _find(name: str, movable: list[Run], stays: list[Run], place: str, moved: Run = ()) -> Run:
    """The first run of that name that may still be moved."""
    for run in movable:
        if _is(run, name):
            return run
    if moved and _is(moved, name):
        raise InputError("a sequence cannot go before itself", place=place, remedy=_LOOK)
    for run in (*movable, *stays):
        if name in {str(entry.n) for entry in run[1:]}:
            raise InputError(
                f"entry {name} stands in the midst of {run[0].title!r}, which airs whole",
                place=place,
                remedy=f"name the sequence, {run[0].seq}, or its first entry, {run[0].n}",
            )
    for run in stays:
        if _is(run, name):
            raise ConflictError(
                f"{run[0].title!r} is on air or about to be, and stays as it is",
                place=place,
                remedy=f"{_LOOK}; what must not air at all is listed in DATA/blocked",
            )
    raise InputError(f"no sequence {name!r} waits", place=place, remedy=_LOOK)


def _is(run: Run, name: str) -> bool:
    return bool(run) and name in (run[0].seq or None, str(run[0].n))


def _continues(before: Entry | Sequence[Entry], entry: Entry) -> bool:
    """Whether two entries are of one airing of a sequence; a young station repeats one end to end."""
    last = before if isinstance(before, Entry) else (before[-1] if before else None)
    if last is None or not entry.seq or last.seq != entry.seq:
        return False
    # The card that tells of a sequence has its id, and goes wherever it goes.
    return last.pos < entry.pos or (last.kind is Kind.IDENT and entry.kind is not Kind.IDENT)
