"""Who of a cast appears in a place."""

from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.spec import Cast

LAND = frozenset({"ground", "air", "road", "thing"})


PAINTED = frozenset({"round-tree", "fir", "bare-tree"})
"""Kinds that landscapes paint themselves, and better."""


def present(cast: tuple[Cast, ...], homes: frozenset[str] = LAND) -> tuple[Cast, ...]:
    """The members that can be drawn and belong here; the first one always appears, wherever it belongs.

    Args:
        cast: what the words ask for, most important first.
        homes: homes of figures that this place has room for.
    """
    drawn = tuple(c for c in cast if c.kind in FIGURES)
    return tuple(c for i, c in enumerate(drawn) if i == 0 or FIGURES[c.kind].home in homes)
