"""What the schema finds wrong, in the words of somebody who writes a page of text, at its place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from annotated_types import Ge, Le, MaxLen
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webtv.core.format import FORMAT_NAMES
from webtv.themes.channel import Rating
from webtv.themes.document import Document, Node
from webtv.themes.problem import Place, Problem, closest, code, in_quotes, one_of, yaml_text
from webtv.themes.schema import Location, every_key, keys_at

_DURATIONS = frozenset({"buffer", "cooldown"})
_NUMBERS = frozenset(
    {"int_type", "int_parsing", "int_from_float", "int_parsing_size", "float_type", "float_parsing"}
    | {"truth_for_number", "finite_number"}
)
# Words that people write before they have read the documentation.
_SYNONYMS = {
    "title": "name",
    "description": "theme",
    "idea": "theme",
    "prompt": "theme",
    "look": "style",
    "negative": "avoid",
    "lang": "language",
    "bpm": "tempo",
    "adapter": "use",
    "model": "use",
    "duration": "seconds",
    "length": "seconds",
    "color": "accent",
    "colour": "accent",
    "targets": "outputs",
    "rest": "cooldown",
}
_LANGUAGES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
    "japanese": "ja",
    "chinese": "zh",
}


def explain(error: ValidationError, document: Document, file: str) -> Iterator[Problem]:
    """Translate all that Pydantic found; nothing twice, and nothing that was said already.

    Args:
        error: of validating the document's root as a :class:`~webtv.themes.channel.Channel`.
        document: what was validated; its root is a mapping.
        file: its name.
    """
    assert document.root is not None
    details = error.errors(include_url=False)
    misspelt = {
        (*item["loc"][:-1], meant)
        for item in details
        if item["type"] == "extra_forbidden" and (meant := _meant(item["loc"]))
    }
    for item in details:
        if item["type"] == "missing" and item["loc"] in misspelt:
            continue  # said at the misspelt key
        found = _Finding(item, document.root, document.lines)
        if not found.faulty:
            message, remedy = found.explain()
            yield Problem(file, found.place.line, found.place.column, message, remedy)


def _meant(location: Location) -> str | None:
    """The key that somebody meant who wrote this unknown one."""
    known = keys_at(location[:-1])
    word = str(location[-1])
    synonym = _SYNONYMS.get(word.lower())
    if synonym in known:
        return synonym
    # A slip of the finger first, then a key of another level, then whatever is alike.
    return closest(word, known, 0.8) or (None if _elsewhere(location) else closest(word, known))


def _elsewhere(location: Location) -> tuple[str, ...] | None:
    """The place on another level where this unknown key, or one that means the same, is known."""
    word = str(location[-1])
    keys = {word, _SYNONYMS.get(word.lower(), word)}
    return next((path for path in every_key() if path[-1] in keys and path[:-1] != location[:-1]), None)


class _Finding:
    """One thing that Pydantic found."""

    def __init__(self, error: ErrorDetails, root: Node, lines: tuple[str, ...]) -> None:
        self._kind = error["type"]
        self._text = error["msg"]
        self._limits: Mapping[str, Any] = error.get("ctx", {})
        self._location = location = error["loc"]
        self._lines = lines
        parent, node, place = root, root, root.place
        self.faulty = False
        for part in location:
            parent = node
            if part not in node.items:
                break
            node = node.items[part]
            self.faulty |= node.faulty
            key = parent.keys.get(str(part))
            place = key if key and (node.value is None or self._kind == "extra_forbidden") else node.place
        self.place: Place = place
        self._node = node
        fields = [part for part in location if isinstance(part, str)]
        self._key = fields[-1] if fields else ""
        self._field = keys_at(tuple(fields[:-1])).get(self._key)
        self._item = location[-1] if location and isinstance(location[-1], int) else None
        self._name = code(self._key) if self._item is None else f"item {self._item + 1} of {code(self._key)}"

    def explain(self) -> tuple[str, str]:
        """Message and remedy."""
        if self._kind == "missing":
            return self._missing()
        if self._kind == "extra_forbidden":
            return self._unknown_key()
        if self._node.value is None or self._kind in {"string_too_short", "too_short"}:
            return self._nothing()
        if self._kind in {"greater_than_equal", "less_than_equal"} and not isinstance(self._node.value, bool):
            return self._out_of_bounds()
        if self._kind in _NUMBERS:
            return self._no_number()
        special = {
            "model_type": self._no_group,
            "model_attributes_type": self._no_group,
            "tuple_type": self._no_list,
            "too_long": self._too_many,
            "string_type": self._no_text,
            "string_too_long": self._too_long,
            "string_pattern_mismatch": self._no_match,
            "string_unicode": self._half_character,
            "enum": self._no_rating,
            "house_format": self._no_format,
            "whole_gops": self._odd_seconds,
            "bool_type": self._no_truth,
            "bool_parsing": self._no_truth,
        }.get(self._kind)
        if special:
            return special()
        return f"{self._name}: {self._text}", f"write {self._example()}"

    def _missing(self) -> tuple[str, str]:
        # The options of a stage are free, so a misspelt `use` is no unknown key.
        if slip := closest(self._key, set(self._node.keys) - set(keys_at(self._location[:-1]))):
            self.place = self._node.keys[slip]
            return (
                f"{code(self._key)} is missing, and {code(slip)} stands here",
                f"did you mean {code(self._key)}?",
            )
        return f"{code(self._key)} is missing", f"write {self._example()}"

    def _line(self, value: object) -> str:
        """Code that writes a value for the key, or for the item of a list."""
        text = _inline(value)
        return code(f"- {text}" if self._item is not None else f"{self._key}: {text}")

    def _example(self) -> str:
        examples = self._field.examples if self._field else None
        value: object = examples[0] if examples else "…"
        if self._key == "use" and (stage := keys_at(self._location[:1]).get(str(self._location[1]))):
            value = stage.default.use
        return self._line(value[0] if self._item is not None and isinstance(value, list) else value)

    def _or_nothing(self) -> str:
        required = self._item is None and self._field is not None and self._field.is_required()
        return "" if required else ", or remove the line"

    def _unknown_key(self) -> tuple[str, str]:
        parents = self._location[:-1]
        of = f"under {code(parents[-1])}" if parents else "in a channel"
        message = f"there is no key {self._name} {of}"
        if meant := _meant(self._location):
            return message, f"did you mean {code(meant)}?"
        known = keys_at(parents)
        elsewhere = _elsewhere(self._location)
        if elsewhere and len(elsewhere) == 1:
            return (
                message,
                f"{code(elsewhere[0])} belongs to the channel itself: begin the line without spaces",
            )
        if elsewhere:
            return (
                message,
                f"it belongs under {code(elsewhere[-2])}: write `{_nested(elsewhere, self._node)}`",
            )
        return message, f"write one of {one_of(known)}"

    def _nothing(self) -> tuple[str, str]:
        line = self._lines[self.place.line - 1]
        empty = "is an empty list" if isinstance(self._node.value, list) else "is empty"
        if self._node.value is None:
            empty = "has no value"
            if re.search(r":\s+#|^\s*-\s+#", line) and not self._node.source:
                hidden = line[line.index("#") :].strip()
                if self._key == "accent":
                    return f"{self._name} has no value, because `#` begins a comment", (
                        f"write the colour in quotes: {in_quotes('accent', hidden)}"
                    )
                empty += ", because `#` begins a comment"
        return f"{self._name} {empty}", f"write {self._example()}{self._or_nothing()}"

    def _said(self) -> str:
        """What stands there, for a message."""
        value = self._node.value
        if isinstance(value, dict):
            return "a group of keys"
        if isinstance(value, list):
            return "a list"
        return code(self._node.source)

    def _bound(self, kind: type[Ge] | type[Le]) -> float:
        assert self._field is not None
        found = next(item for item in self._field.metadata if isinstance(item, kind))
        return float(found.ge if isinstance(found, Ge) else found.le)  # type: ignore[arg-type]

    def _shown(self, number: float) -> str:
        return _duration(number) if self._key in _DURATIONS else f"{number:g}"

    def _out_of_bounds(self) -> tuple[str, str]:
        low, high = self._bound(Ge), self._bound(Le)
        value = self._node.value
        if self._kind == "less_than_equal":
            message = f"{self._name} is {code(self._node.source)}, and {self._shown(high)} is the most"
            if self._key == "share" and isinstance(value, int | float) and 1 < value <= 100:
                return message, f"for {value:g} % write `share: {value / 100:g}`"
            return message, f"write `{self._key}: {self._shown(high)}` or less"
        message = f"{self._name} is {code(self._node.source)}, and {self._shown(low)} is the least"
        return message, f"write `{self._key}: {self._shown(low)}` or more"

    def _no_number(self) -> tuple[str, str]:
        low, high = self._bound(Ge), self._bound(Le)
        source = self._node.source
        match = re.search(r"(\d+(?:[.,]\d+)?)\s*(%|[^\W\d]*)", source)
        number = float(match[1].replace(",", ".")) if match and len(match[1]) < 10 else None
        if self._key in _DURATIONS:
            remedy = "write seconds, or a number with `s`, `m` or `h`, such as " + self._example()
            unit = match[2][:1].lower() if match else ""
            if number is not None and unit in {"s", "m", "h", "d"}:
                hours = unit == "d"
                remedy = f"write `{self._key}: {number * (24 if hours else 1):g}{'h' if hours else unit}`"
            return f"{self._name} is {self._said()}, and that is no length of time", remedy
        whole = self._key != "share"
        kind = "whole number" if whole else "number"
        remedy = f"write a {kind} from {low:g} to {high:g}, such as {self._example()}"
        if number is not None and match and match[2] == "%":
            number /= 100
        if number is not None and low <= number <= high and (not whole or number.is_integer()):
            remedy = f"write `{self._key}: {number:g}`"
        return f"{self._name} is {self._said()}, and a {kind} is expected", remedy

    def _no_group(self) -> tuple[str, str]:
        if not self._location:
            return self._no_channel()
        value, source = self._node.value, self._node.source
        keys = keys_at(self._location)
        message = f"{self._name} is {self._said()}, and keys are expected under it"
        if isinstance(value, str) and "use" in keys:
            return message, f"write `{self._key}: {{use: {source}}}`"
        if isinstance(value, str) and (match := re.fullmatch(r"([\w-]+):(\S.*)", source)):
            return message, f"write a space after the colon: {code(f'{match[1]}: {match[2]}')}"
        if source in keys:
            examples = keys[source].examples or ["…"]
            return message, f"give it a value: `{source}: {_inline(examples[0])}`"
        return message, f"write {self._example()}"

    def _no_channel(self) -> tuple[str, str]:
        value = self._node.value
        if isinstance(value, list):
            return "the file is a list, and a channel is a page of keys", (
                "remove the dashes at the left, and begin with `name: …` and `theme: …`"
            )
        if isinstance(value, str) and (match := re.match(r"([\w-]+):(\S[^:]*?)(?= [\w-]+:|$)", value)):
            return "the file is one text without keys", (
                f"write a space after each colon: {code(f'{match[1]}: {match[2]}')}"
            )
        return (
            "the file is one value without keys",
            "begin with `name: …` and `theme: …`, each on a line of its own",
        )

    def _no_list(self) -> tuple[str, str]:
        value, source = self._node.value, self._node.source
        if isinstance(value, dict):
            return f"{self._name} is a group of keys, and a list is expected", f"write {self._example()}"
        parts = [part.strip() for part in source.split(",") if part.strip()]
        return f"{self._name} is one value, and a list is expected", f"write {self._line(parts)}"

    def _too_many(self) -> tuple[str, str]:
        assert self._field is not None
        most = next(item.max_length for item in self._field.metadata if isinstance(item, MaxLen))
        number = len(self._node.value)
        return f"{self._name} has {number} items, and {most} are the most", f"remove {number - most}"

    def _no_text(self) -> tuple[str, str]:
        value, source = self._node.value, self._node.source
        if isinstance(value, dict):
            pairs = list(value.items())
            if len(pairs) == 1 and isinstance(pairs[0][1], str):
                text = f"{pairs[0][0]}: {pairs[0][1]}"
                return (
                    f"{self._name} is not one text, because of its colon",
                    f"put it in quotes: {self._line(text)}",
                )
            return f"{self._name} is a group of keys, and a text is expected", f"write {self._example()}"
        if isinstance(value, list):
            return f"{self._name} is a list, and a text is expected", f"write {self._example()}"
        kind = "true or false" if isinstance(value, bool) else "a number"
        wanted = _colour(source) if self._key == "accent" else None
        line = code(f"{'-' if self._item is not None else self._key + ':'} {yaml_text(wanted or source)}")
        return f"{self._name} is {kind} to YAML, and a text is expected", f"put it in quotes: {line}"

    def _too_long(self) -> tuple[str, str]:
        most = int(self._limits["max_length"])
        number = len(self._node.value.strip())
        over = number - most
        return f"{self._name} is {number} characters long, and {most} are the most", (
            f"shorten it by {over} character{'s' * (over > 1)}"
        )

    def _no_match(self) -> tuple[str, str]:
        source = self._node.source.strip()
        if self._key == "accent":
            wanted = _colour(source) or "#8fb8de"
            return f"{code(source)} is no colour in the form that pages need", (
                f"write `#` and six hexadecimal digits in quotes, such as {in_quotes('accent', wanted)}"
            )
        first, *others = re.split(r"[-_]", source)
        tag = _LANGUAGES.get(source.lower()) or "-".join([first.lower(), *others])
        assert self._field is not None
        pattern = next(p for item in self._field.metadata if (p := getattr(item, "pattern", None)))
        example = tag if re.fullmatch(pattern, tag) else "en"
        return f"{code(source)} is no language tag", f"write a short tag such as `language: {example}`"

    def _half_character(self) -> tuple[str, str]:
        return f"{self._name} holds half a character (a `\\ud…` code)", "write the character itself"

    def _no_rating(self) -> tuple[str, str]:
        ratings = [rating.value for rating in Rating]
        meant = closest(self._node.source, ratings)
        remedy = f"did you mean {code(meant)}?" if meant else f"write {one_of(ratings)}"
        return f"{self._said()} is no {self._key}", remedy

    def _no_format(self) -> tuple[str, str]:
        source = self._node.source
        begun = (name for name in FORMAT_NAMES if name.startswith(source.lower()))
        meant = next(begun, None) or closest(source, FORMAT_NAMES)
        remedy = f"did you mean {code(meant)}?" if meant else f"write one of {one_of(FORMAT_NAMES)}"
        return f"{code(source)} is no house format", remedy

    def _odd_seconds(self) -> tuple[str, str]:
        value = int(self._node.value)
        near = f"`seconds: {value - 1}` or `seconds: {value + 1}`" if 2 < value < 30 else "`seconds: 4`"
        return (
            f"{self._name} is {value}, and must be even, because clips are cut every two seconds",
            f"write {near}",
        )

    def _no_truth(self) -> tuple[str, str]:
        message = f"{self._name} is {self._said()}, and can only be true or false"
        return message, f"write `{self._key}: true` or `{self._key}: false`"


def _inline(value: object) -> str:
    """A value as YAML on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    text = str(value)
    return yaml_text(text) if isinstance(value, str) and re.search(r"^\W|: | #|^$", text) else text


def _nested(path: tuple[str, ...], node: Node) -> str:
    """``music: {tempo: 80}`` for a key that stands at the wrong level."""
    value = node.source or "…"
    text = f"{path[-1]}: {value if len(value) < 40 else '…'}"
    for key in reversed(path[:-1]):
        text = f"{key}: {{{text}}}"
    return text


def _duration(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def _colour(text: str) -> str | None:
    """The six-digit colour that a text most likely means."""
    digits = text.strip().removeprefix("#").removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        return None
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)
