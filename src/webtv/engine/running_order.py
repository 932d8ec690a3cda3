"""The running order of one channel: what is on air, locked and waiting, as playlist and head-end tell it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from webtv.air.config import load_config
from webtv.air.cursor import load_cursor
from webtv.clips.clip import Kind
from webtv.core.errors import InputError, TransientError
from webtv.core.format import house_format
from webtv.playlist.asrun import utc_seconds, utc_text
from webtv.playlist.edits import Run, fixed, runs
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import read_entries

if TYPE_CHECKING:
    from rich.console import Console


class Place(StrEnum):
    """How far an entry is from the air."""

    ON_AIR = "on_air"
    LOCKED = "locked"
    WAITING = "waiting"


class HeadEnd(Protocol):
    """Tells what is on air; adapter: :class:`webtv.air.client.HeadEndClient`."""

    async def status(self) -> dict[str, Any]:
        """What every channel does right now.

        Raises:
            WebTVError: it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One airing of a sequence, past shots of it left out.

    Attributes:
        place: on air, locked, or waiting and open to edits.
        entries: its entries; what the head-end chose by itself has number 0.
        start: when the first of them begins (or began), seconds since 1970 UTC; None if nobody knows.
        fps: frames per second.
    """

    place: Place
    entries: Run
    start: float | None
    fps: int

    @property
    def seconds(self) -> float:
        """Length of its entries."""
        return sum(entry.frames for entry in self.entries) / self.fps

    @property
    def programme(self) -> Run:
        """Its entries without the card that tells of them; a card alone is its own programme."""
        return tuple(entry for entry in self.entries if entry.kind is not Kind.IDENT) or self.entries

    def to_json(self) -> dict[str, Any]:
        """For ``--json``; ``n`` is first and last number, null where no playlist lists it."""
        first, last = self.programme[0], self.programme[-1]
        return {
            "place": self.place.value,
            "n": [first.n, last.n] if first.n else None,
            "sequence": first.seq,
            "kind": first.kind.value,
            "title": first.title,
            "shots": [first.pos, last.pos, first.of],
            "start": utc_text(self.start) if self.start is not None else None,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class RunningOrder:
    """What one channel airs and will air.

    Attributes:
        channel: slug.
        answers: whether the head-end says where it is; while it does not, nothing is open to edits.
        slots: in the order in which they air.
    """

    channel: str
    answers: bool
    slots: tuple[Slot, ...]

    def to_json(self) -> dict[str, Any]:
        """One object for ``--json``."""
        return {
            "channel": self.channel,
            "head_end": self.answers,
            "rundown": [slot.to_json() for slot in self.slots],
        }

    def show(self, console: "Console") -> None:
        """Print a table for people; times are UTC."""
        from rich.table import Table
        from rich.text import Text

        table = Table("UTC", "", "n", "sequence", "kind", "shots", "length", "title", box=None)
        for slot in self.slots:
            first, last = slot.programme[0], slot.programme[-1]
            shots = (
                f"{first.pos}-{last.pos}/{first.of}" if last.pos > first.pos else f"{first.pos}/{first.of}"
            )
            table.add_row(
                utc_text(slot.start)[11:19] if slot.start is not None else "…",
                Text(slot.place.value.replace("_", " "), style="dim" if slot.place is Place.LOCKED else ""),
                f"{first.n}-{last.n}" if last.n > first.n else str(first.n or "-"),
                first.seq,
                first.kind.value,
                shots if first.seq else "",
                f"{slot.seconds:g} s",
                Text(first.title),  # a title may look like markup
            )
        console.print(table)
        if not self.answers:
            console.print("The head-end does not answer: times are unknown and nothing can be edited.")


def running_order(
    slug: str, entries: Sequence[Entry], status: Mapping[str, Any] | None, *, after: int, fps: int
) -> RunningOrder:
    """Put together what is known.

    Args:
        slug: the channel.
        entries: its playlist.
        status: what the head-end says of the channel, or None.
        after: number of the last entry that has been on air, for when it says nothing.
        fps: frames per second of the channel.
    """
    now = status["now"] if status else None
    slots: list[Slot] = []
    start: float | None = None
    on_air: Entry | None = None
    if status and now:
        on_air = Entry.from_json({**now, "n": max(1, now["n"])}, "").numbered(now["n"])
        start = utc_seconds(now["start_utc"])
        # While the head-end fills in by itself, what it holds in memory has not been on air yet.
        after = now["n"] or min(status.get("upcoming") or [status["locked"] + 1]) - 1
    ahead = [entry for entry in entries if entry.n > after]
    stays = len(fixed(ahead, status["locked"] if status else None))
    at = 0
    for run in runs([*([on_air] if on_air else []), *ahead]):
        place = Place.LOCKED if at < stays else Place.WAITING
        if run[0] is on_air:
            place, at = Place.ON_AIR, -1
        slots.append(Slot(place, run, start, fps))
        at += len(run)
        start = None if start is None else start + slots[-1].seconds
    return RunningOrder(slug, status is not None, tuple(slots))


async def read_running_order(data: Path, slug: str, head_end: HeadEnd) -> RunningOrder:
    """Look at a data folder; nothing but files and the head-end's socket is needed.

    Args:
        data: the station's data folder.
        slug: the channel.
        head_end: is asked where it is.

    Raises:
        InputError: there is no such channel.
        ConfigError: no station ever ran on this folder.
        ConflictError: the head-end speaks another protocol.
    """
    config = await asyncio.to_thread(load_config, data / "air.json")
    known = {channel.slug: channel for channel in config.channels}
    if slug not in known:
        raise InputError(
            f"there is no channel {slug!r}", place="CHANNEL", remedy=f"use one of {', '.join(sorted(known))}"
        )
    status = None
    try:
        told = {channel["slug"]: channel for channel in (await head_end.status())["channels"]}
        status = told.get(slug)
    except TransientError:
        pass  # it shows in the answer
    cursor = load_cursor(data / "cursors" / f"{slug}.json")
    entries = await asyncio.to_thread(read_entries, data / "playlists" / f"{slug}.ffconcat")
    fps = house_format(known[slug].format).fps
    return running_order(slug, entries, status, after=cursor.n if cursor else 0, fps=fps)
