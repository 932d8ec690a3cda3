"""The table of kinds that are drawn from Noto Emoji art: icon, words, size, home, motion."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from webtv.core.errors import InternalError
from webtv.studio.procedural.colour import NAMED, Colour, rgb
from webtv.studio.procedural.words.forms import stem

HOMES_OF_FIGURES = ("ground", "air", "water", "under", "road", "thing")
BY_HAND = "@"
_TABLE = "noto/kinds.txt"
_SIDES = {"left": -1, "front": 0, "right": 1}


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table.

    Attributes:
        name: of the figure.
        icons: of the icon set, without colon; empty for what a pen draws.
        size: natural height in frame heights at a wide framing.
        home: a word of :data:`HOMES_OF_FIGURES`.
        motion: a key of :data:`webtv.studio.procedural.figures.motions.MOTIONS`.
        faces: -1 the art looks left, 1 right, 0 to the lens (never mirrored).
        family: the scene where it lives when the words name no place.
        group: how many come together when the words do not say.
        dyes: the colour of each icon that a colour word replaces, or of all; none takes the commonest.
        coats: colours in which members differ when the words name none.
        words: that mean it; two-word names with a hyphen.
    """

    name: str
    icons: tuple[str, ...]
    size: float
    home: str
    motion: str
    faces: int
    family: str
    group: int
    dyes: tuple[Colour, ...]
    coats: tuple[Colour, ...]
    words: tuple[str, ...]


def _kind(line: str, number: int) -> Kind:
    try:
        name, icons, size, home, motion, faces, family, group, dye, coats, *words = line.split()
        if home not in HOMES_OF_FIGURES:
            raise ValueError(home)
        return Kind(
            name,
            () if icons == BY_HAND else tuple(icons.split(",")),
            float(size),
            home,
            motion,
            _SIDES[faces],
            family,
            int(group),
            () if dye == "-" else tuple(rgb(code) for code in dye.split(",")),
            () if coats == "-" else tuple(NAMED[coat] for coat in coats.split(",")),
            tuple(words),
        )
    except (ValueError, KeyError) as error:
        raise InternalError(
            f"this row of the table of kinds cannot be read ({error})",
            place=f"{_TABLE}:{number}",
            remedy="compare it with the columns that the head of the file names",
        ) from error


@cache
def kinds() -> dict[str, Kind]:
    """All rows by name, in the table's order."""
    text = files(__package__).joinpath(_TABLE).read_text(encoding="utf-8")
    rows = [_kind(line, n) for n, line in enumerate(text.splitlines(), 1) if line and line[0] != "#"]
    return {row.name: row for row in rows}


def stemmed(word: str) -> str:
    """A word of the table as the lexicon looks it up: the stem of its last part."""
    *first, last = word.split("-")
    return "-".join((*first, stem(last)))


WORDS: dict[str, str] = {stemmed(word): kind.name for kind in kinds().values() for word in kind.words}
"""Stem -> kind."""

HOMES: dict[str, str] = {kind.name: kind.family for kind in kinds().values()}
"""Kind -> the scene family where it lives when the words name no place."""

GROUPS: dict[str, int] = {kind.name: kind.group for kind in kinds().values()}
"""Kind -> how many come together when the words do not say."""
