"""Nearest meaning: the lexicon's word for a word that the lexicon does not have.

``nearest.txt`` says for 10,000 words which word of the lexicon means most nearly the same: a ``corgi`` is a
``dog``. ``tools/nearest_meanings.py`` made it from WordNet. It is read at the first unknown word.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from string import ascii_lowercase

NOTHING = "-"
_ASSET = "nearest.txt"
_SHORTEST_MISSPELLING, _SHORTEST_KNOWN = 5, 4  # letters
_LONGEST_MISSPELLING = 24  # letters; the slips of a word take the square of its length


@cache
def _meanings() -> dict[str, str]:
    """Word -> word of the lexicon, or ``-`` for English words that only look like one of the lexicon's."""
    text = files(__package__).joinpath(_ASSET).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        target, _, words = line.partition(": ")
        if not target.startswith("#"):
            found.update(dict.fromkeys(words.split(), target))
    return found


def nearest(word: str) -> str | None:
    """The lexicon's word that means most nearly what a word means.

    Args:
        word: a lower-case stem, or two words joined by ``-``.

    Returns:
        A word of the lexicon; ``-`` for English that means nothing to it (no dog is a ``hot-dog``);
        None for what is not in the table.
    """
    return _meanings().get(word)


def corrected(word: str, known: frozenset[str]) -> str | None:
    """The known word that a misspelt word stands for.

    Two letters swapped, one doubled, missing, changed or too many, in this order; never the first letter.

    Args:
        word: a lower-case word that is not in the table; words under five letters have too many neighbours,
            and very long ones are no word.
        known: correctly spelt words.
    """
    if not _SHORTEST_MISSPELLING <= len(word) <= _LONGEST_MISSPELLING:
        return None
    return next((slip for slip in slips(word) if slip in known and len(slip) >= _SHORTEST_KNOWN), None)


def slips(word: str) -> Iterator[str]:
    """All words that differ by one slip of the fingers, the likelier slips first."""
    halves = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    yield from (head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1)
    yield from (head + tail[1:] for head, tail in halves if tail and head[-1] == tail[0])
    yield from (head + letter + tail for head, tail in halves for letter in ascii_lowercase)
    yield from (head + letter + tail[1:] for head, tail in halves if tail for letter in ascii_lowercase)
    yield from (head + tail[1:] for head, tail in halves if tail)
