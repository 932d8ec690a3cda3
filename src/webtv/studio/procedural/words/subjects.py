"""Who and what is in the picture: subjects with their number, colour, action and heading, read from words."""

from collections.abc import Sequence
from dataclasses import replace

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.colour import NAMED, Colour, mix
from webtv.studio.procedural.figures import FIGURES, PEOPLE
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.forms import stem
from webtv.studio.procedural.words.reading import Reading, first
from webtv.studio.procedural.words.rewording import fielded, known_words, tokens

_MOST = 60
_PAINTED = frozenset({"red", "coloured", "colored", "painted", "striped", "spotted", "tinted", "dyed"})
_IDIOMS = frozenset({"stand guard", "stands guard", "standing guard", "on guard", "keeping watch"})
_NO_COLOURS = frozenset({"sky", "pastel", "midnight"})


def read_cast(reading: Reading, prompt: ShotPrompt, text: str) -> tuple[Cast, ...]:
    """The subjects of a prompt, as they are named.

    Args:
        reading: notes what was understood.
        prompt: its structured fields count first.
        text: read where there are none.
    """
    heading = _heading(prompt.action if fielded(prompt) else text)
    action = first(words.ACTIONS, prompt.action if fielded(prompt) else text) or ""
    out: dict[str, list[Cast]] = {}
    sources = (prompt.subject, prompt.action, prompt.setting) if fielded(prompt) else (text,)
    for source in sources:
        raw = tokens(source)
        for i, word in enumerate(raw):
            kind = _kind(raw, i)
            if i and word in words.NUMBERS and (herd := out.get(words.KINDS.get(stem(raw[i - 1]), ""))):
                herd[-1] = replace(herd[-1], count=words.NUMBERS[word])  # an elephant family
                continue
            if kind is None or kind in out:
                continue
            if source is not sources[0] and out and _is_speech(raw, i, kind):
                continue
            if _is_young(raw, i) and out:  # an elephant and its baby are two elephants
                parent = next(iter(out.values()))
                parent[0] = replace(parent[0], count=parent[0].count + 1)
                continue
            count = _count(raw, i)
            colours = _colours_after(raw, i) or _colours_before(raw, i) or [None]
            share = max(1, round(count / len(colours)))
            out[kind] = [Cast(kind, share, colour, action, heading) for colour in colours]
            brought = words.BRINGS.get(stem(word))
            if brought is not None and brought not in out:
                out[brought] = [Cast(brought, 1, None, "", heading)]
    cast = tuple(member for members in out.values() for member in members)
    if cast:
        told = [{"kind": c.kind, "count": c.count, "coloured": c.colour is not None} for c in cast]
        reading.note("cast", told)
    if action:
        reading.note("action", action)
    if heading:
        reading.note("heading", "right" if heading > 0 else "left")
    return cast


def _kind(raw: Sequence[str], index: int) -> str | None:
    """The figure that a word, or it and the word before it, means there."""
    if fruit := _fruit(raw, index):
        return fruit
    word = raw[index]
    # A crowd of jellyfish, a cup of tea; and cherries have no part in cherry blossom.
    if (word in words.NUMBERS or word in words.HOLDERS) and raw[index + 1 : index + 2] == ["of"]:
        return None
    if index and f"{raw[index - 1]} {word}" in _IDIOMS:
        return None
    pair = words.KINDS.get(f"{raw[index - 1]}-{stem(word)}") if index else None
    kind = pair or words.KINDS.get(stem(word))
    return None if kind is None or _within(raw, index, kind) else kind


def _fruit(raw: Sequence[str], index: int) -> str | None:
    """The fruit that a name of a colour means: in plural, or where no noun comes that it could colour."""
    base = stem(raw[index])
    if base not in words.FRUITS:
        return None
    after = raw[index + 1 : index + 2]
    alone = raw[index - 1 : index] in (["a"], ["an"], ["one"]) and (not after or after[0] in words.STOP)
    return words.FRUITS[base] if base != raw[index] or alone else None


def _within(raw: Sequence[str], index: int, kind: str) -> bool:
    """Whether a word is the first part of what means something else."""
    after = raw[index + 1 : index + 2]
    pair = f"{raw[index]}-{stem(after[0])}" if after else ""
    if pair in known_words() and words.KINDS.get(pair) != kind:
        return True
    # A pirate ship has no pirate beside it.
    other = words.KINDS.get(stem(after[0])) if after else None
    return (
        kind in PEOPLE
        and other is not None
        and other != kind
        and other in FIGURES
        and FIGURES[other].home != "thing"
    )


def _is_speech(raw: Sequence[str], index: int, kind: str) -> bool:
    """Whether a word beside the subject is a figure of speech: the crown of a tree, standing guard."""
    if kind in PEOPLE:
        before = raw[index - 1] if index else ""
        return stem(raw[index]) == raw[index] and before not in {
            "a",
            "an",
            "the",
            "one",
            "his",
            "her",
            "their",
        }
    return kind in FIGURES and (FIGURES[kind].home == "thing" or kind == "campfire")


def _is_young(raw: Sequence[str], index: int) -> bool:
    return stem(raw[index]) in {"baby", "cub", "calf"} and raw[index - 1 : index] in (["its"], ["their"])


def _count(raw: Sequence[str], index: int) -> int:
    """How many: by the number before the noun, else by its form."""
    word = raw[index]
    if word in words.NUMBERS:
        return words.NUMBERS[word]
    for back in range(1, min(5, index + 1)):
        before = raw[index - back]
        if before in words.NUMBERS and before not in {"a", "an"}:
            return words.NUMBERS[before]
        if before.isdecimal():
            return min(_MOST, int(before[:6]))
        if before in {"a", "an", "and", "with"}:
            break
    return 3 if stem(word) != word else 1


def _colours_before(raw: Sequence[str], index: int) -> list[Colour | None]:
    """The colours before a noun: one of ``two small red foxes``, two of ``red and blue birds``."""
    found: list[Colour | None] = []
    back = index - 1
    while back >= max(0, index - 3 - 2 * len(found)):
        word = raw[back]
        # A red-crowned crane is no red crane.
        part = raw[back + 1].endswith("ed") and raw[back + 1] not in _PAINTED
        if word in NAMED and word not in _NO_COLOURS and not part:
            found.insert(0, _shade(raw, back))
        elif word == "and" and found and back and raw[back - 1] in NAMED:
            pass
        elif stem(word) in words.KINDS or word in {"and", "with", "of"}:
            break
        back -= 1
    return found[:4]


def _colours_after(raw: Sequence[str], index: int) -> list[Colour | None]:
    """Both colours of ``two parrots, one red and one blue``."""
    after = raw[index + 1 : index + 9]
    found: list[Colour | None] = []
    for at, word in enumerate(after[:-1]):
        if word in {"one", "other", "another", "third"} and after[at + 1] in NAMED:
            found.append(_shade(after, at + 1))
    return found if len(found) > 1 else []


def _shade(raw: Sequence[str], index: int) -> Colour:
    before = raw[index - 1] if index else ""
    colour = NAMED[raw[index]]
    if before in {"pale", "light", "soft"}:
        return mix(colour, (1, 1, 1), 0.35)
    if before in {"dark", "deep"}:
        return mix(colour, (0, 0, 0), 0.35)
    return colour


def _heading(text: str) -> int:
    raw = tokens(text)
    for i, word in enumerate(raw):
        before = raw[max(0, i - 2) : i]
        if word in words.LEFT:
            return 1 if "from" in before else -1
        if word in words.RIGHT:
            return -1 if "from" in before else 1
    return 0
