"""What hangs in the gallery: an exhibit is a title, what was asked for, and the work that makes its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a work.

    Attributes:
        files: that were written, relative to the gallery's folder; the one to be shown first.
        facts: what to tell beside it, in order: ``understood``, ``key``, ``command``, ...
        refused: why there is nothing to be shown; empty if there is.
    """

    files: tuple[str, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


class Work(Protocol):
    """Something that can be made in a process of its own; a value that is pickled."""

    @property
    def cost(self) -> float:
        """About how many seconds of a core it takes; what takes longest is begun first."""
        ...

    def make(self, folder: Path) -> Made:
        """Write the files below a folder; the same work gives the same pictures.

        Raises:
            WebTVError: by category.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One thing on the wall.

    Attributes:
        name: of its files, e.g. ``scenes/coast-dawn``; unique in the gallery.
        title: a word or two.
        medium: ``picture``, ``strip``, ``film`` or ``sound``: how the page shows it.
        alt: what is to be seen or heard, for those who do not see it.
        work: makes it.
        asked: the prompt or brief, as it was given.
    """

    name: str
    title: str
    medium: str
    alt: str
    work: Work
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
    """Exhibits that belong together: a family, a home, a style.

    Attributes:
        key: for anchors, e.g. ``scenes-coast``.
        title: heading.
        exhibits: in order; films come first.
        note: a sentence under the heading.
        columns: of its contact sheet; 0 makes none.
    """

    key: str
    title: str
    exhibits: tuple[Exhibit, ...]
    note: str = ""
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """One part of the gallery.

    Attributes:
        key: what ``--only`` calls it.
        title: heading.
        lead: how what hangs here was made.
        walls: in order.
    """

    key: str
    title: str
    lead: str
    walls: tuple[Wall, ...]
