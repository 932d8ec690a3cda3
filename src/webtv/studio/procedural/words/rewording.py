"""A prompt in words that the lexicon knows; others give way to the nearest in meaning or in spelling."""

import re
from dataclasses import dataclass, replace
from functools import cache

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.colour import NAMED
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.forms import plural, stem, variants
from webtv.studio.procedural.words.nearest import NOTHING, corrected, nearest

_WORD = re.compile(r"[^\W\d_]+|\d+(?:mm)?", re.UNICODE)
_SHORTEST = 3  # letters of a word that can mean something
# Camera and style speak a jargon in which nearest meanings mislead ("dolly" the toy).
_FIELDS = ("subject", "action", "setting", "light", "palette", "mood")

TABLES = (
    words.FAMILIES,
    words.HINTS,
    words.TIMES,
    words.WEATHERS,
    words.SEASONS,
    words.STYLES,
    words.KINDS,
    words.ACTIONS,
    words.FRAMINGS,
    words.MOVES,
    words.EXTRAS,
)


@dataclass(frozen=True, slots=True)
class Reworded:
    """A prompt in known words.

    Attributes:
        prompt: the prompt; what was known already stands as it stood.
        nearest: word of the prompt -> the lexicon's word that took its place.
        ignored: words of the prompt that mean nothing to the lexicon, in order.
    """

    prompt: ShotPrompt
    nearest: dict[str, str]
    ignored: tuple[str, ...]


@cache
def known_words() -> frozenset[str]:
    """Every word and two-word compound that the lexicon reads, as stems."""
    return frozenset().union(
        *TABLES,
        NAMED,
        words.STOP,
        words.NUMBERS,
        words.LEFT,
        words.RIGHT,
        words.STILL,
        words.WINDY,
        words.SLOW,
        words.FAST,
        words.ABOVE,
    )


def tokens(text: str) -> list[str]:
    """Lower-case words of a text, in order."""
    return _WORD.findall(text.lower())


def fielded(prompt: ShotPrompt) -> bool:
    """Whether the structured fields say what is seen; else only the text does."""
    return bool((prompt.subject + prompt.setting + prompt.action).strip())


def reworded(prompt: ShotPrompt) -> Reworded:
    """The prompt in known words.

    Args:
        prompt: any prompt; its camera, style and negative words stay as they are.
    """
    took: dict[str, str] = {}
    ignored: dict[str, None] = {}
    names = _FIELDS if fielded(prompt) else ("text",)
    changed = {name: _plain(getattr(prompt, name), took, ignored) for name in names}
    if fielded(prompt):
        for text in (prompt.camera, prompt.style):
            ignored.update(dict.fromkeys(word for word in tokens(text) if not _known(word)))
    return Reworded(
        replace(prompt, **changed), took, tuple(word for word in ignored if len(word) >= _SHORTEST)
    )


def _plain(text: str, took: dict[str, str], ignored: dict[str, None]) -> str:
    """A text in known words; notes what took whose place, and what is left over."""
    raw = tokens(text)
    out: list[str] = []
    i = 0
    while i < len(raw):
        word, after = raw[i], raw[i + 1] if i + 1 < len(raw) else ""
        pair = f"{word}-{stem(after)}"
        if pair in known_words():
            out += (word, after)
            i += 2
        elif found := nearest(pair):
            if found == NOTHING:
                ignored.update(dict.fromkeys((word, after)))
            else:
                took[f"{word} {after}"] = found
                out.append(_in_number(found, after))
            i += 2
        else:
            found = None if _known(word) else _near(word)
            if found is not None:
                took[word] = found
            elif not _known(word):
                ignored[word] = None
            out.append(word if found is None else _in_number(found, word))
            i += 1
    return text if out == raw else " ".join(out)


def _known(word: str) -> bool:
    base = stem(word)
    if len(base) < _SHORTEST or word in known_words():
        return True
    return any(form in known_words() for form in variants(base))


def _in_number(target: str, word: str) -> str:
    return plural(target) if stem(word) != word else target


def _near(word: str) -> str | None:
    """The lexicon's word for an unknown one; None when nothing is near."""
    base = stem(word)
    for form in (word, base):
        if found := nearest(form):
            return None if found == NOTHING else found
    for form in variants(base):
        # "guarding" is what a guard does, but it is no guard: under verb endings only verbs count.
        found = nearest(form)
        if found in words.ACTIONS or found in words.WEATHERS:
            return found
    return corrected(word, known_words()) or corrected(base, known_words())
