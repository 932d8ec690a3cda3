"""Looking words up, and what one prompt was taken to mean."""

from itertools import pairwise
from typing import Any

from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.forms import stem, variants
from webtv.studio.procedural.words.rewording import tokens

_WHOLE = (words.FAMILIES, words.HINTS, words.TIMES, words.WEATHERS)


def stems_of(text: str) -> list[str]:
    """Stems, with two-word compounds after the second word (``golden hour`` gives ``golden-hour`` too)."""
    raw = tokens(text)
    out: list[str] = []
    for i, word in enumerate(raw):
        out.append(stem(word))
        if i:
            out.append(f"{raw[i - 1]}-{stem(word)}")
    return out


def units_of(text: str) -> list[str]:
    """Stems and compounds as in :func:`stems_of`, without the parts of compounds that mean a place or a time.

    A heat wave is no wave, and nobody runs in the rush hour.
    """
    raw = tokens(text)
    pairs = ["", *(f"{word}-{stem(after)}" for word, after in pairwise(raw))]
    ends = {i for i, pair in enumerate(pairs) if any(pair in table for table in _WHOLE)}
    out: list[str] = []
    for i, word in enumerate(raw):
        if i not in ends and i + 1 not in ends:
            out.append(stem(word))
        if i:
            out.append(pairs[i])
    return out


def look(table: dict[str, str], word: str) -> str | None:
    """The meaning of a stem, or of what stands under its verb ending."""
    return next((table[v] for v in variants(word) if v in table), None)


def first(table: dict[str, str], *texts: str) -> str | None:
    """The meaning of the first known word; compounds count before their parts."""
    for text in texts:
        for word in sorted(stems_of(text), key=lambda w: "-" not in w):
            if meaning := look(table, word):
                return meaning
    return None


class Reading:
    """What one prompt was taken to mean, for its provenance."""

    def __init__(self) -> None:
        self.understood: dict[str, Any] = {}

    def note(self, field: str, value: Any) -> None:
        """Note what a field was taken to mean."""
        self.understood[field] = value

    def choose(self, field: str, table: dict[str, str], *texts: str, default: str) -> str:
        """The meaning of the first known word, noted; the default is not."""
        meaning = first(table, *texts)
        if meaning is not None:
            self.note(field, meaning)
        return meaning or default
