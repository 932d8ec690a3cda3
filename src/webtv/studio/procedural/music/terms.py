"""Musical terms in a curator's words: key, metre, tempo, who plays alone and who is not to play."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from webtv.studio.procedural.music.voices import VOICES, understand_instrument

TEMPI = (40, 200)  # beats per minute that are played

_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"flat": -1, "b": -1, "♭": -1, "sharp": 1, "#": 1, "♯": 1}
_MODES = {
    "major": "ionian",
    "ionian": "ionian",
    "minor": "aeolian",
    "aeolian": "aeolian",
    "harmonic minor": "harmonic minor",
    "dorian": "dorian",
    "phrygian": "phrygian",
    "lydian": "lydian",
    "mixolydian": "mixolydian",
}
_MODE = "|".join(sorted(_MODES, key=len, reverse=True))
_ACCIDENTAL = r"(?:[\s-]?(flat|sharp)\b|([#♯♭]|b(?![a-z])))?"

# Between which tempi a word lies: a brief's own tempo moves as little as it must.
_PACES = {
    r"very slow(?:ly)?|largo": (44, 60),
    r"very fast|vivace": (140, 176),
    r"grave|larghissimo": (40, 48),
    r"lento|adagio": (50, 70),
    r"slow(?:ly)?|unhurried": (48, 78),
    r"andante|walking pace": (72, 92),
    r"moderato|mid[- ]?tempo|moderate(?:ly)?": (88, 112),
    r"allegretto": (100, 120),
    r"allegro|fast|quick(?:ly)?|up[- ]?tempo": (116, 156),
    r"presto": (160, 200),
}
_METRES = {
    r"waltz(?:es)?|minuet|mazurka|three[- ]four|3/4(?: time)?": "3/4",
    r"6/8(?: time)?|six[- ]eight|barcarol(?:le|a)|jig|siciliana|boat song": "6/8",
    r"4/4(?: time)?|four[- ]four|common time|march": "4/4",
}
_PERCUSSION = re.compile(r"drum|percussion|\bkit\b|\bbeats?\b|rhythm section")
_TUNE = re.compile(r"melod|\btune\b|\blead\b")


@dataclass(slots=True)
class Terms:
    """What was said in terms of music.

    Attributes:
        tonic: pitch class of the key, or None.
        mode: a name in :data:`~webtv.studio.procedural.music.theory.MODES`, or empty.
        metre: a name in :data:`~webtv.studio.procedural.music.metre.METRES`, or empty.
        tempo: beats per minute said in numbers, or None.
        pace: between which tempi the words lie, or None.
        solo: whether one plays alone.
        voices: instruments named in the text, in order; ``kit`` for percussion.
        without: voices and families that are not to be heard, ``kit``, ``lead``.
        understood: each phrase as it was said, and what it was taken for.
        rest: the words that are left.
    """

    tonic: int | None = None
    mode: str = ""
    metre: str = ""
    tempo: int | None = None
    pace: tuple[int, int] | None = None
    solo: bool = False
    voices: list[str] = field(default_factory=list)
    without: set[str] = field(default_factory=set)
    understood: dict[str, str] = field(default_factory=dict)
    rest: str = ""

    def settled_tempo(self, own: int) -> int:
        """The tempo to play: what was said in numbers, else the brief's own between the words' bounds."""
        low, high = self.pace or TEMPI
        told = self.tempo if self.tempo is not None else min(high, max(low, own))
        return min(TEMPI[1], max(TEMPI[0], told))


def read_terms(text: str) -> Terms:
    """Find the musical terms in a text such as ``dreamy waltz in E flat minor, no drums, 96 bpm``."""
    terms = Terms()
    rest = text.casefold()
    for pattern, take in _RULES:
        rest = pattern.sub(functools.partial(_used, terms, take), rest)
    terms.rest = " ".join(re.sub(r"\s*,(?:\s*,)*\s*", ", ", rest).strip(" ,;.").split())
    return terms


_Taker = Callable[[Terms, "re.Match[str]"], str]


def _used(terms: Terms, take: _Taker, match: "re.Match[str]") -> str:
    meaning = take(terms, match)
    if not meaning:
        return match.group()
    terms.understood[" ".join(match.group().split())] = meaning
    return " "


def _take_bpm(terms: Terms, match: "re.Match[str]") -> str:
    terms.tempo = round(float(match.group(1) or match.group(2)))
    return f"{min(TEMPI[1], max(TEMPI[0], terms.tempo))} bpm"


def _take_key(terms: Terms, match: "re.Match[str]") -> str:
    letter, word, sign, mode = match.groups()
    if not (mode or word or sign) and not match.group().startswith(("in ", "key ")):
        return ""
    shift = _ACCIDENTALS.get(word or sign or "", 0)
    terms.tonic = (_LETTERS[letter] + shift) % 12
    if mode:
        terms.mode = _MODES[" ".join(mode.split())]
    name = letter.upper() + {0: "", 1: " sharp", -1: " flat"}[shift]
    return f"key {name} {terms.mode}".rstrip()


def _take_mode(terms: Terms, match: "re.Match[str]") -> str:
    terms.mode = terms.mode or _MODES[match.group(1)]
    return f"mode {_MODES[match.group(1)]}"


def _take_without(terms: Terms, match: "re.Match[str]") -> str:
    meant = []
    for name in re.split(r",|\band\b|\bor\b|\bnor\b|/", match.group(1)):
        if _PERCUSSION.search(name):
            meant.append("kit")
        elif _TUNE.search(name):
            meant.append("lead")
        elif (voice := understand_instrument(name)) is not None:
            meant.append(voice)
            if voice == VOICES[voice].family:  # the family's own name means all of it
                meant.extend(other.name for other in VOICES.values() if other.family == voice)
    terms.without.update(meant)
    return "without " + ", ".join(dict.fromkeys(meant)) if meant else ""


def _take_solo(terms: Terms, match: "re.Match[str]") -> str:
    words = match.group(1)
    voice = understand_instrument(words)
    if voice is None and words:
        return ""
    terms.solo = True
    if voice is not None:
        terms.voices.append(voice)
    return f"solo {voice or ''}".strip()


def _metre_taker(name: str) -> _Taker:
    def take(terms: Terms, match: "re.Match[str]") -> str:
        terms.metre = terms.metre or name
        return f"{name} time"

    return take


def _pace_taker(bounds: tuple[int, int]) -> _Taker:
    def take(terms: Terms, match: "re.Match[str]") -> str:
        terms.pace = terms.pace or bounds
        return f"{bounds[0]} to {bounds[1]} bpm"

    return take


_NAME = r"[a-z][a-z-]*(?: [a-z-]+){0,2}?"
_ENDS = r"(?=\s*(?:$|[,.;]|in\b|with\b|at\b))"
_BPM = r"\b(\d{2,3}(?:\.\d+)?)\s*(?:bpm|beats per minute)\b|\btempo (\d{2,3})\b"
# What parts the names is never a name: where a word can be read as both, a long list takes for ever.
_NO_NAME = r"(?!(?:and|or|nor|no|without|minus|but|in|with)\b)[a-z-]+"
_NO_NAMES = rf"{_NO_NAME}(?: +{_NO_NAME})*"
_WITHOUT = (
    rf"\b(?:without|with no|minus|no)\s+({_NO_NAMES}"
    rf"(?:\s*(?:(?:,\s*)?\b(?:and|or|nor)\s+(?:no\s+)?|/\s*){_NO_NAMES})*)"
    r"(?=\s*(?:$|[,.;]|(?:no|without|minus|but|in|with)\b))"
)
_KEY = (
    rf"(?:\bin (?:the key of )?|\bkey of |\bkey )?\b([a-g]){_ACCIDENTAL}"
    rf"(?:[\s-]*({_MODE}))?(?![\w♭♯#'])"
)
_SOLO, _ALONE = rf"\bsolo ({_NAME}){_ENDS}", rf"\b({_NAME}) (?:solo|alone)\b"

# In this order: what is found is taken out of the text before the next is looked for.
_RULES: tuple[tuple[re.Pattern[str], _Taker], ...] = tuple(
    (re.compile(pattern), take)
    for pattern, take in (
        (_BPM, _take_bpm),
        (_WITHOUT, _take_without),
        (_KEY, _take_key),
        (rf"\b({_MODE})(?: key| mode)?\b", _take_mode),
        (_SOLO, _take_solo),
        (_ALONE, _take_solo),
        (r"\b(?:solo|unaccompanied)\b()", _take_solo),
        *((rf"\b(?:{words})(?![\w/])", _metre_taker(name)) for words, name in _METRES.items()),
        *((rf"\b(?:{words})\b", _pace_taker(bounds)) for words, bounds in _PACES.items()),
    )
)
