"""Entries told as programmes: shots of one sequence that follow each other are one thing to a viewer."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from webtv.clips.clip import Kind
from webtv.viewers.station import ChannelView, OnAir

_PROGRAMMES = frozenset({Kind.NEW, Kind.RERUN, Kind.LIVE})


@dataclass(frozen=True, slots=True)
class Programme:
    """One sequence in the timeline.

    Attributes:
        entries: its shots, in order; never empty.
    """

    entries: tuple[OnAir, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return self.entries[0].title

    @property
    def label(self) -> str:
        """How its pictures came about."""
        return self.entries[0].label

    @property
    def kind(self) -> Kind:
        """Why it airs."""
        return self.entries[0].kind

    @property
    def poster(self) -> str | None:
        """SHA-256 of the first poster that there is."""
        return next((entry.poster for entry in self.entries if entry.poster), None)

    @property
    def start_utc(self) -> float:
        """When it begins."""
        return self.entries[0].start_utc

    @property
    def seconds(self) -> float:
        """Its length as far as it is known."""
        return sum(entry.seconds for entry in self.entries)


def programmes(entries: Iterable[OnAir]) -> tuple[Programme, ...]:
    """Group consecutive entries by sequence and kind."""
    groups = groupby(entries, key=lambda entry: (entry.sequence, entry.kind))
    return tuple(Programme(tuple(group)) for _, group in groups)


def coming(view: ChannelView, most: int) -> tuple[Programme, ...]:
    """The programmes after the one on air; idents and slates are no programmes."""
    entries = (*((view.now,) if view.now else ()), *view.next)
    groups = programmes(entries)
    if view.now is not None:
        groups = groups[1:]
    return tuple(group for group in groups if group.kind in _PROGRAMMES)[:most]
