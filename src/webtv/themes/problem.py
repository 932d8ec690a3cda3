"""What is wrong in a channel file, where, and what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A character of a file, counted as editors count.

    Attributes:
        line: from 1.
        column: from 1, in characters.
    """

    line: int
    column: int


START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file. As a text it is ``file:line:column: what is wrong: what to write``.

    Attributes:
        file: the file, as the reader knows it.
        line: from 1.
        column: from 1, in characters.
        message: what is wrong, in words that a curator uses.
        remedy: what to write instead, as concretely as can be said.
    """

    file: str
    line: int
    column: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}: {self.remedy}"


def code(text: object) -> str:
    """Quote something that stands, or could stand, in a file: one line, not too long, printable."""
    line = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    if len(line) > _LONGEST_QUOTE:
        line = line[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return f"`{line}`"


def yaml_text(text: str) -> str:
    """Write a text as YAML in quotes, choosing those that need no escape."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def in_quotes(key: str, text: str) -> str:
    """What to write for a key whose text needs quotes."""
    return code(f"{key}: {yaml_text(text.strip())}")


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that somebody who wrote ``word`` most likely meant, or None.

    Args:
        word: what stands there.
        known: what could stand there.
        cutoff: how alike they must be, from 0 to 1.
    """
    spelled = {_plain(name): name for name in sorted(known)}
    found = difflib.get_close_matches(_plain(word), spelled, n=1, cutoff=cutoff)
    return spelled[found[0]] if found else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")


def one_of(words: Iterable[str]) -> str:
    """List words that may be written: ``a``, ``b`` or ``c``."""
    *firsts, last = (code(word) for word in words)
    return f"{', '.join(firsts)} or {last}" if firsts else last
