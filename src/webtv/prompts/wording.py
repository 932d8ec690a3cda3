"""Words of prompts: lemmas by simple rules, and what must not be said."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from sys import intern

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_UNEVEN = {
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "wolves": "wolf",
    "passersby": "passerby",
    "children": "child",
    "men": "man",
    "women": "woman",
    "taxis": "taxi",
    "buses": "bus",
}
_SIBILANTS = ("sses", "xes", "zzes", "ches", "shes")


@lru_cache(maxsize=4096)  # phrases come again and again, whole prompts hardly ever
def lemmas(text: str) -> tuple[str, ...]:
    """The words of a text, lower case, in the singular as far as simple rules go."""
    return tuple(intern(singular(match[0])) for match in _WORD.finditer(text))


def singular(word: str) -> str:
    """A word in lower case without a possessive or plural ending, as far as simple rules go."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word in _UNEVEN:
        return _UNEVEN[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(_SIBILANTS):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def tokens(text: str) -> frozenset[str]:
    """The set of lower-case words of a text, numbers removed; what similarity is measured on."""
    return frozenset(match[0].lower() for match in _WORD.finditer(text))


def mentions(words: tuple[str, ...], phrases: Iterable[str]) -> bool:
    """Whether any of the phrases stands among some lemmas."""
    for phrase in phrases:
        wanted = lemmas(phrase)
        size = len(wanted)
        if size and any(words[at : at + size] == wanted for at in range(len(words) - size + 1)):
            return True
    return False


class Avoidance:
    """Phrases that must not be said, in any inflection that :func:`lemmas` knows."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.phrases = tuple(dict.fromkeys(phrase.strip() for phrase in phrases if lemmas(phrase)))
        self._by_head: dict[str, list[tuple[str, ...]]] = {}
        for phrase in self.phrases:
            words = lemmas(phrase)
            self._by_head.setdefault(words[0], []).append(words)

    def hits(self, text: str) -> bool:
        """Whether a text says something that is avoided."""
        words = lemmas(text)
        return not self._by_head.keys().isdisjoint(words) and next(self._spans(words), None) is not None

    def allowed(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """Those of the phrases that say nothing avoided."""
        return tuple(phrase for phrase in phrases if not self.hits(phrase))

    def scrub(self, text: str) -> str:
        """Take avoided words out of a text: the last resort where every wording holds one."""
        if not self.hits(text):
            return text
        while True:
            found = list(_WORD.finditer(text))
            span = next(self._spans(tuple(singular(match[0]) for match in found)), None)
            if span is None:
                break
            text = text[: found[span[0]].start()] + text[found[span[1] - 1].end() :]
        return re.sub(r"\s+([,.;:])", r"\1", re.sub(r"\s{2,}", " ", text)).strip(" ,")

    def _spans(self, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        for at, word in enumerate(words):
            for wanted in self._by_head.get(word, ()):
                if words[at : at + len(wanted)] == wanted:
                    yield at, at + len(wanted)
