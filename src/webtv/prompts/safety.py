"""The one filter through which every prompt goes, whoever wrote it.

Words are compared whole, after undoing what people do to get past filters: look-alike letters of other
scripts, invisible characters, digits for letters, s p a c e d letters, stretched words, starred-out letters.
So it refuses disguised words and passes Scunthorpe, cockatoos and assassin bugs. It judges words, not
meaning: what it is, and what it is not, stands in ``docs/safety.md``.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Rating

_STRICTNESS = {Rating.EVERYONE: 0, Rating.TEEN: 1, Rating.MATURE: 2}
_LEET = str.maketrans("0134578@$!|+€£9", "oieastbasiltelg")
_LEET_AS_L = {**_LEET, **str.maketrans("1!", "ll")}
_TOKEN = re.compile(r"[a-z0-9@$!|+€£*#]+(?:['’][a-z]+)?")
_SPACED = re.compile(r"(?<![a-z0-9])(?:[a-z0-9@$][^a-z0-9@$]{1,3}){2,}[a-z0-9@$](?![a-z0-9])")
_INSIDE = re.compile(r"(?<=[a-z0-9])[-._~'’\"^`,:;/\\]+(?=[a-z0-9])")
_RUN = re.compile(r"(.)\1{2,}")
_DOUBLE = re.compile(r"(.)\1+")
_ENDINGS = ("'s", "s", "es", "ed", "d", "ing", "er", "ers")
_LONGEST_PHRASE = 5
_SHORTEST_MASKED = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to refuse.

    Attributes:
        category: name of the word list, e.g. ``gore`` or ``brands``.
        term: the term that was found, masked but for its first letter.
        place: which part of a plan, e.g. ``title`` or ``shot 2 text``; empty for a single text.
    """

    category: str
    term: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.category} ({self.term}){f' in {self.place}' if self.place else ''}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the filter says: allowed, or the reasons why not."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Lists:
    terms: Mapping[
        tuple[str, ...], tuple[str, int]
    ]  # words -> category, strictness up to which it is refused
    benign: frozenset[tuple[str, ...]]


class SafetyFilter:
    """Judges texts and plans.

    Args:
        allowed_names: names of people, brands or artists that the operator lets pass.
    """

    def __init__(self, allowed_names: Iterable[str] = ()) -> None:
        lists = _load_lists()
        allowed = {_words(name) for name in allowed_names}
        named = {"people", "brands", "artists"}
        self._terms = {
            words: (category, level)
            for words, (category, level) in lists.terms.items()
            if not (category in named and _is_allowed(words, allowed))
        }
        self._benign = lists.benign
        self._stretched = {_DOUBLE.sub(r"\1", words[0]): words for words in self._terms if len(words) == 1}
        self._longest: dict[str, int] = {}  # words of the longest phrase that begins with this one
        for words in self._terms:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 1))
        self._by_length: dict[int, list[tuple[str, ...]]] = {}
        for words in self._terms:
            if len(words) == 1:
                self._by_length.setdefault(len(words[0]), []).append(words)

    def judge(self, text: str, rating: Rating) -> Verdict:
        """Judge one text for a channel of that rating."""
        reasons = self._reasons(text, rating)
        return Verdict(not reasons, reasons)

    def judge_plan(self, plan: SequencePlan, rating: Rating) -> Verdict:
        """Judge everything that a plan asks for or shows; ``negative`` forbids, so it is not judged."""
        reasons: list[Reason] = []
        judged: dict[str, tuple[Reason, ...]] = {}  # shots share most of their parts
        for place, text in _parts(plan):
            if text not in judged:
                judged[text] = self._reasons(text, rating)
            reasons += [replace(reason, place=place) for reason in judged[text]]
        return Verdict(not reasons, tuple(reasons))

    def _reasons(self, text: str, rating: Rating) -> tuple[Reason, ...]:
        level = _STRICTNESS[rating]
        found: dict[tuple[str, ...], None] = {}
        for words in _readings(text):
            found.update(dict.fromkeys(self._hits(self._without_benign(words))))
        reasons = []
        for term in found:
            category, strictest = self._terms[term]
            if level <= strictest:
                reasons.append(Reason(category, _masked(term)))
        return tuple(dict.fromkeys(reasons))

    def _without_benign(self, words: tuple[str, ...]) -> tuple[str, ...]:
        kept = list(words)
        for at in range(len(words)):
            for size in range(1, _LONGEST_PHRASE):
                if words[at : at + size] in self._benign:
                    kept[at : at + size] = [""] * size
        return tuple(kept)

    def _hits(self, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for at, word in enumerate(words):
            if not word:
                continue
            if "*" in word or "#" in word:
                yield from self._starred(word)
                continue
            for size in range(1, min(self._longest.get(word, 1), len(words) - at) + 1):
                yield from self._known(words[at : at + size])
            if _RUN.search(word):
                stretched = self._stretched.get(_DOUBLE.sub(r"\1", word))
                if stretched:
                    yield stretched

    def _known(self, phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for form in _forms(phrase[-1]):
            if (term := (*phrase[:-1], form)) in self._terms:
                yield term
                return

    def _starred(self, word: str) -> Iterator[tuple[str, ...]]:
        shown = sum(letter not in "*#" for letter in word)
        if len(word) >= _SHORTEST_MASKED and shown >= len(word) / 2 and word[0] not in "*#":
            pattern = re.compile(
                re.sub(r"[*#]", "[a-z]", re.escape(word).replace(r"\*", "*").replace(r"\#", "#"))
            )
            yield from (t for t in self._by_length.get(len(word), ()) if pattern.fullmatch(t[0]))


def _is_allowed(words: tuple[str, ...], allowed: set[tuple[str, ...]]) -> bool:
    return any(words == name or (len(words) == 1 and words[0] in name) for name in allowed)


def _parts(plan: SequencePlan) -> Iterator[tuple[str, str]]:
    yield "title", plan.title
    yield "music", ", ".join((plan.music.mood, *plan.music.instruments, plan.music.ambience))
    for number, shot in enumerate(plan.shots, 1):
        for name, text in shot.to_json().items():
            if name != "negative":
                yield f"shot {number} {name}", text


def _readings(text: str) -> Iterator[tuple[str, ...]]:
    """The ways in which people would read a text, each as its words."""
    plain = unmask(text)
    seen: set[tuple[str, ...]] = set()
    joined = _SPACED.sub(lambda match: re.sub(r"[^a-z0-9@$]", "", match[0]), plain)
    for version in (plain, _INSIDE.sub("", joined), joined):
        tokens = _TOKEN.findall(version)
        for table in (_LEET, _LEET_AS_L) if "1" in version or "!" in version else (_LEET,):
            words = tuple(_unleet(token, table) for token in tokens)
            if words not in seen:
                seen.add(words)
                yield words


def unmask(text: str) -> str:
    """Lower-case Latin as far as it goes: compatibility forms, marks and look-alikes undone."""
    table = _load_confusables()
    letters = []
    for char in unicodedata.normalize("NFKD", text).casefold():
        kind = unicodedata.category(char)
        if kind in {"Mn", "Me", "Cf"} or char in "\u115f\u1160\u3164\uffa0":
            continue
        if "\U0001f1e6" <= char <= "\U0001f1ff":  # regional indicators
            letters.append(chr(ord(char) - 0x1F1E6 + 97))
        elif "\U0001f130" <= char <= "\U0001f189":  # squared and circled capitals
            letters.append(chr((ord(char) - 0x1F130) % 32 + 97) if (ord(char) - 0x1F130) % 32 < 26 else char)
        else:
            letters.append(table.get(char, char))
    return "".join(letters)


def _unleet(token: str, table: dict[int, int]) -> str:
    if token.isalpha():
        return token
    token = token.replace("’", "'")
    core = token.rstrip("!|+")  # an exclamation mark at the end is one
    if not any("a" <= letter <= "z" for letter in core):
        return core
    if re.fullmatch(r"\d+[a-z]{1,2}", core):  # 8k, 35mm, 4th
        return core
    return core.translate(table).lstrip("#")


@lru_cache(maxsize=16384)
def _forms(word: str) -> tuple[str, ...]:
    """A word and what it may be an inflection of."""
    return tuple(_bases(word))


def _bases(word: str) -> Iterator[str]:
    yield word
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) > 2:
            yield base
            if ending in {"ed", "ing", "er", "ers", "es"}:
                yield base + "e"
                if base[-1] == base[-2]:
                    yield base[:-1]
            if ending in {"es", "ed"} and base.endswith("i"):
                yield base[:-1] + "y"


def _words(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(unmask(text).replace("-", " ")))


def _masked(term: tuple[str, ...]) -> str:
    return " ".join(word[0] + "*" * (len(word) - 1) for word in term)


@cache
def _load_lists() -> _Lists:
    terms: dict[tuple[str, ...], tuple[str, int]] = {}
    benign: set[tuple[str, ...]] = set()
    for file in sorted(files("webtv.prompts.wordlists").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".txt") or file.name == "confusables.txt":
            continue
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        entries = [line for line in lines if line and not line.startswith("#")]
        if file.name == "benign.txt":
            benign.update(map(_words, entries))
            continue
        category, rating, *coding = file.name.removesuffix(".txt").split(".")
        for entry in entries:
            words = _words(codecs.decode(entry, "rot13") if coding else entry)
            level = _STRICTNESS[Rating(rating)]
            for form in {words, ("".join(words),)}:
                terms[form] = max(
                    terms.get(form, (category, -1)), (category, level), key=lambda pair: pair[1]
                )
    return _Lists(terms, frozenset(benign))


@cache
def _load_confusables() -> dict[str, str]:
    text = files("webtv.prompts.wordlists").joinpath("confusables.txt").read_text("utf-8")
    table: dict[str, str] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            letter, alike = line.split()
            for char in alike:
                for folded in unicodedata.normalize("NFKD", char).casefold():
                    if not folded.isascii():
                        table.setdefault(folded, letter)
    return table
