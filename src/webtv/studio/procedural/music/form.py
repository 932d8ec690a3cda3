"""Form: which sections a piece of so many phrases has, and what sets one apart from the next."""

from dataclasses import dataclass
from enum import StrEnum

_LONGEST = 10  # phrases of one movement: about two minutes, then new thoughts are due


class Section(StrEnum):
    """What a phrase is for."""

    INTRO = "intro"
    THEME = "theme"
    CONTRAST = "contrast"
    BREAK = "break"
    PEAK = "peak"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Four chords of the form.

    Attributes:
        section: what it is for.
        movement: number of the movement: another key, other chords, another leading voice.
        turn: how often the section was there before in this movement.
    """

    section: Section
    movement: int
    turn: int


_INTRO, _THEME, _CONTRAST, _BREAK, _PEAK = Section
_MOVEMENTS: dict[int, tuple[Section, ...]] = {
    1: (_THEME,),
    2: (_THEME, _PEAK),
    3: (_THEME, _CONTRAST, _PEAK),
    4: (_THEME, _THEME, _CONTRAST, _PEAK),
    5: (_THEME, _THEME, _CONTRAST, _BREAK, _PEAK),
    6: (_INTRO, _THEME, _THEME, _CONTRAST, _BREAK, _PEAK),
    7: (_INTRO, _THEME, _THEME, _CONTRAST, _THEME, _BREAK, _PEAK),
    8: (_INTRO, _THEME, _THEME, _CONTRAST, _THEME, _BREAK, _CONTRAST, _PEAK),
    9: (_INTRO, _THEME, _THEME, _CONTRAST, _THEME, _BREAK, _CONTRAST, _PEAK, _PEAK),
    10: (_INTRO, _THEME, _THEME, _CONTRAST, _CONTRAST, _THEME, _BREAK, _CONTRAST, _PEAK, _PEAK),
}

# From and to which intensity a section goes.
_ARCS = {
    _INTRO: (0.1, 0.4),
    _THEME: (0.4, 0.65),
    _CONTRAST: (0.65, 0.8),
    _BREAK: (0.3, 0.4),
    _PEAK: (1.0, 0.85),
}


def phrases(count: int) -> tuple[Phrase, ...]:
    """The form of a piece, movement by movement, as even in length as they can be.

    Args:
        count: phrases in all, 0 or more.
    """
    movements = -(-count // _LONGEST)
    found: list[Phrase] = []
    for movement in range(movements):
        size = (count * (movement + 1)) // movements - (count * movement) // movements
        seen: dict[Section, int] = {}
        for section in _MOVEMENTS[size]:
            found.append(Phrase(section, movement, seen.get(section, 0)))
            seen[section] = seen.get(section, 0) + 1
    return tuple(found)


def intensity(phrase: Phrase, share: float, arc: float) -> float:
    """How much goes on, 0 to 1.

    Args:
        phrase: of the form.
        share: how far into it, 0 to 1.
        arc: how much the mood swells, 0 to 1.
    """
    start, end = _ARCS[phrase.section]
    height = start + (end - start) * share
    if phrase.section is Section.THEME:
        height += 0.1 * min(2, phrase.turn)
    return 1 - (0.25 + 0.5 * arc) * (1 - height)
