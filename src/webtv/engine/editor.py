"""The editor: puts what people ask for into one channel's playlist, and sees to it that it stays there.

What was put somewhere is pinned while it waits: new content goes behind it. What was skipped or dropped goes
back to the shelf and rests there for the cooldown before the rundown may choose it again.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from webtv.air.blocked import BlockList
from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.errors import InputError, InternalError, WebTVError
from webtv.core.events import Event, Severity
from webtv.engine.edits import EditQueue, EditState, Order, Outcome
from webtv.engine.shelf import Shelf
from webtv.library.catalogue import Catalogue
from webtv.library.notes import Notes
from webtv.library.records import SequenceState
from webtv.playlist.edits import Action, Edited, Run, apply_edit, fixed, waits
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist
from webtv.themes.channel import Channel

_STALE = 600.0  # seconds after which nobody expects an edit any more, e.g. when no control plane ran
_OLD = 3.0  # seconds after which the lock horizon is asked for anew; the margin is four seconds at least
_REST = 600.0  # seconds that what was taken out rests, however short the channel's cooldown


class Editor:
    """Carries out the edits of one channel.

    Args:
        slug: the channel.
        data: the station's data folder.
        queue: has the edits.
        catalogue: knows what was made.
        notes: remembers what is pinned and what rests.
        shelf: gives whole sequences.
        clock: stamps.
        tell: takes events of this channel.
    """

    def __init__(
        self,
        slug: str,
        data: Path,
        *,
        queue: EditQueue,
        catalogue: Catalogue,
        notes: Notes,
        shelf: Shelf,
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self._slug = slug
        self._queue = queue
        self._catalogue = catalogue
        self._notes = notes
        self._shelf = shelf
        self._clock = clock
        self._tell = tell
        self._blocked = BlockList(data / "blocked")
        self._orders: tuple[Order, ...] = ()
        self._pinned: set[str] | None = None  # None until the notes were read
        self._resting: dict[str, float] = {}

    @property
    def pinned(self) -> frozenset[str]:
        """Sequences that wait where a person put them."""
        return frozenset(self._pinned or ())

    @property
    def resting(self) -> frozenset[str]:
        """Sequences that the rundown must leave on the shelf for now."""
        now = self._clock.time()
        return frozenset(seq for seq, until in self._resting.items() if until > now)

    def hear(self, orders: Sequence[Order]) -> None:
        """Take what waits in the queue for this channel."""
        self._orders = tuple(orders)

    async def follow(
        self, channel: Channel, playlist: Playlist, on_air: int, locked: int | None, heard: float
    ) -> bool:
        """Carry out what waits; True if the playlist was changed.

        Args:
            channel: says how long what was taken out rests.
            playlist: is edited.
            on_air: number of the entry on air.
            locked: number of the last entry in the head-end's memory; while it is None all edits wait.
            heard: monotonic second at which the head-end was asked for it.

        Raises:
            WebTVError: the database does not answer; nothing is lost.
            OSError: the disk does not take the playlist; the edit is tried again.
        """
        if self._pinned is None:
            kept = await self._notes.get(self._note, {})
            self._pinned, self._resting = set(kept.get("pinned", ())), dict(kept.get("resting", {}))
        await self._unpin(playlist, on_air)
        if locked is None:
            return False
        changed = False
        orders, self._orders = self._orders, ()
        for order in orders:
            changed |= await self._carry_out(order, channel, playlist, on_air, locked, heard)
        return changed

    @property
    def _note(self) -> str:
        return f"edits:{self._slug}"

    async def _carry_out(
        self, order: Order, channel: Channel, playlist: Playlist, on_air: int, locked: int, heard: float
    ) -> bool:
        if order.begun > 0 and all(entry.n != order.begun for entry in playlist.entries):
            # The process ended after it had written the playlist and before it could say so.
            await self._queue.settle(order.id, Outcome(EditState.DONE, "it is in the playlist"))
            return False
        ahead = playlist.ahead(on_air)
        kept = fixed(ahead, locked)
        waiting = ahead[len(kept) :]
        try:
            edited = await self._edited(order, channel, [*playlist.ahead(on_air - 1)[:1], *kept], waiting)
        except Exception as error:  # whatever somebody asks for, the channel goes on
            await self._refuse(order, error)
            return False
        after = kept[-1].n if kept else (waiting[0].n - 1 if waiting else playlist.next_n - 1)
        if not await self._queue.begin(order.id, waiting[0].n if waiting else -1):
            return False  # whoever asked for it has given up waiting
        if self._clock.monotonic() - heard > _OLD:
            # The head-end may have come past the margin meanwhile: again, with what it says then.
            await self._queue.begin(order.id, 0)
            return False
        await self._remember(order.edit.action, edited, channel)
        for seq in {entry.seq for entry in edited.run if entry.kind is Kind.NEW}:
            await self._catalogue.mark_listed(seq)  # or it would be listed once more
        await asyncio.to_thread(playlist.replace_after, after, edited.entries)
        message = _sentence(order.edit.action, edited.run)
        await self._queue.settle(order.id, Outcome(EditState.DONE, message, seq=edited.run[0].seq))
        self._tell(Event("engine.edit.done", message, channel=self._slug))
        return True

    async def _edited(
        self, order: Order, channel: Channel, kept: Sequence[Entry], waiting: Sequence[Entry]
    ) -> Edited:
        if self._clock.time() - order.asked > _STALE:
            raise InputError(
                "the edit waited for a control plane for too long",
                remedy="ask for it again if it still counts",
            )
        edit, programme = order.edit, Run()
        if edit.action is Action.NEXT and not waits(edit.seq, waiting):
            numbered = {str(entry.n): entry.seq for entry in kept if entry.seq}
            programme = await self._programme(numbered.get(edit.seq, edit.seq), channel)
        return apply_edit(edit, kept=kept, waiting=waiting, programme=programme)

    async def _programme(self, seq: str, channel: Channel) -> Run:
        """A sequence of the library, whole; as a rerun unless it never was listed."""
        record = await self._catalogue.sequence(seq)
        if record is None or record.channel != self._slug:
            raise InputError(
                f"the channel has no sequence {seq!r}",
                place="next",
                remedy="take its id from `webtv rundown CHANNEL` or from a clip's `sequence` at /api/clips",
            )
        if not record.complete or record.state not in (SequenceState.MADE, SequenceState.LISTED):
            raise InputError(
                f"{record.title!r} is not finished ({record.state})",
                place="next",
                remedy="wait until it is made, or name another one",
            )
        kind = Kind.NEW if record.state is SequenceState.MADE else Kind.RERUN
        programme = self._shelf.programme(record, kind)
        self._blocked.refresh()
        bad = {clip.format for clip in record.clips} - {channel.format}
        if bad or not self._shelf.is_there(programme) or any(c.id in self._blocked for c in record.clips):
            raise InputError(
                f"{record.title!r} cannot air: a clip of it is blocked, gone or of another format",
                place="next",
                remedy="name another one",
            )
        return programme.entries

    async def _refuse(self, order: Order, error: Exception) -> None:
        if not isinstance(error, WebTVError):
            error = InternalError(
                f"{type(error).__name__}: {error}",
                remedy="please report this with the log; nothing was changed",
            )
        elif error.retryable:
            raise error
        await self._queue.settle(order.id, Outcome.refused(error))
        message = f"An edit was refused: {error.message}"
        self._tell(Event("engine.edit.refused", message, Severity.WARNING, error.remedy, self._slug))

    async def _remember(self, action: Action, edited: Edited, channel: Channel) -> None:
        assert self._pinned is not None
        seq, now = edited.run[0].seq, self._clock.time()
        self._resting = {each: until for each, until in self._resting.items() if until > now}
        if edited.removed:
            self._pinned.discard(seq)
            self._resting[seq] = now + max(_REST, channel.reruns.cooldown)
        else:
            self._pinned.add(seq)
            self._resting.pop(seq, None)
        await self._keep()

    async def _unpin(self, playlist: Playlist, on_air: int) -> None:
        """What is on air or gone is pinned no more."""
        if self._pinned and (gone := self._pinned - {entry.seq for entry in playlist.ahead(on_air)}):
            self._pinned -= gone
            await self._keep()

    async def _keep(self) -> None:
        kept = {"pinned": sorted(self._pinned or ()), "resting": self._resting}
        await self._notes.put(self._note, kept)


def _sentence(action: Action, run: Run) -> str:
    name = f"{run[-1].title!r} ({run[-1].seq})"  # the first may be a card that tells of it
    return {
        Action.SKIP: f"{name} is skipped",
        Action.DROP: f"{name} is dropped",
        Action.NEXT: f"{name} comes next",
        Action.MOVE: f"{name} is moved",
    }[action]
