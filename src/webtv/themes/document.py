"""YAML as a tree of values with places: safe, bounded, and never more than data.

The events of ruamel.yaml's parser are composed here rather than by its loader, because every value, key and
list item must keep its place, because all that can go on after a fault should (so that one reading reports
many), and because a file may cost only so much: bytes, depth and nodes, aliases counted as what they repeat.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from webtv.themes.problem import START, Place, Problem, code, yaml_text
from webtv.themes.syntax import syntax_problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_NODES = 5000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL = re.compile(r"0o[0-7]{1,300}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(slots=True)
class Node:
    """One value of a file.

    Attributes:
        place: where it begins.
        value: plain Python: None, bool, int, float, str, list or dict.
        source: a scalar as it is written, without quotes.
        nodes: how many values it is made of, aliases counted as what they repeat.
        keys: places of a mapping's keys.
        items: the values of a mapping by key or of a list by index.
        faulty: whether something is known to be wrong with it, so that nothing more needs saying.
    """

    place: Place
    value: Any
    source: str = ""
    nodes: int = 1
    keys: dict[str, Place] = field(default_factory=dict)
    items: dict[str | int, "Node"] = field(default_factory=dict)
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What could be read of a file.

    Attributes:
        root: the outermost value; None if the file cannot be read at all.
        problems: what is wrong with it as YAML.
        lines: its text, line by line.
    """

    root: Node | None
    problems: tuple[Problem, ...]
    lines: tuple[str, ...] = ()


class _Stop(Exception):
    """Reading cannot go on."""

    def __init__(self, place: Place, message: str, remedy: str) -> None:
        super().__init__(message)
        self.place, self.message, self.remedy = place, message, remedy


def read_document(data: bytes, file: str) -> Document:
    """Read the bytes of a YAML 1.2 file; whatever they are, this returns.

    Args:
        data: the whole file.
        file: its name, for problems.
    """

    def broken(place: Place, message: str, remedy: str) -> Document:
        return Document(None, (Problem(file, place.line, place.column, message, remedy),))

    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024} kB"
        return broken(START, message, "a channel is a page of text: write less, or two channels")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        place = place_of(before, len(before))
        return broken(place, "the file is not in UTF-8", "save it again with the encoding UTF-8")
    text = text.removeprefix("\ufeff")
    lines = tuple(re.split("\r\n|\r|\n", text))
    first = next((number for number, line in enumerate(lines, 1) if not re.match(r"\s*(#|$)", line)), 1)
    if lines[first - 1].startswith("%"):  # would change how the rest is read, line ends included
        message = "a line that begins with `%` is an instruction to the parser, and none is obeyed"
        return broken(Place(first, 1), message, "remove the line")
    composer = _Composer(text, file, lines)
    try:
        root = composer.compose()
    except _Stop as stop:
        composer.add(stop.place, stop.message, stop.remedy)
        root = None
    except ReaderError as error:
        place = place_of(text, error.position)
        message = f"an invisible control character (U+{error.character:04X}) stands here"
        return broken(place, message, "delete it and type the text anew")
    except MarkedYAMLError as error:
        composer.problems.append(syntax_problem(error, lines, file))
        root = None
    except (YAMLError, ValueError, OverflowError):  # such as "\UFFFFFFFF", which ruamel.yaml trips over
        message = "YAML cannot be made of this line"
        composer.add(composer.place, message, "write it as plain text, without backslashes")
        root = None
    return Document(root, tuple(composer.problems), lines)


def place_of(text: str, index: int) -> Place:
    """The place of the character at ``index``."""
    before = re.split("\r\n|\r|\n", text[:index])
    return Place(len(before), len(before[-1]) + 1)


class _Composer:
    """Makes nodes of events."""

    def __init__(self, text: str, file: str, lines: tuple[str, ...]) -> None:
        self.problems: list[Problem] = []
        self.place = START
        self._file = file
        self._lines = lines
        # Only the parser is used: no constructor, so no tag can ever make an object.
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, Node | None] = {}  # None while the anchored value is still open
        self._nodes = 0

    def add(self, place: Place, message: str, remedy: str) -> None:
        self.problems.append(Problem(self._file, place.line, place.column, message, remedy))

    def compose(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            place = self._at(event)
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Stop(
                        place,
                        "a second document begins here, and one file is one channel",
                        "remove the line, or move what follows it into a file of its own",
                    )
            elif isinstance(event, NodeEvent):
                root = self._value(event, 0)
        return root

    def _at(self, event: Event) -> Place:
        self.place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        return self.place

    def _count(self, nodes: int, place: Place) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES} values"
            raise _Stop(place, message, "a channel is a page of text: write less, and repeat less with `*`")

    def _value(self, event: Event, depth: int) -> Node:
        assert isinstance(event, AliasEvent | ScalarEvent | CollectionStartEvent)
        place = self._at(event)
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, place)
        if depth > MAX_DEPTH:
            raise _Stop(
                place, f"values are nested more than {MAX_DEPTH} deep", "write fewer brackets and levels"
            )
        self._count(1, place)
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            node = _scalar(event, place)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(place, depth)
        else:
            node = self._mapping(place, depth)
        if tag := event.tag:
            self._refuse_tag(str(tag), node, scalar=isinstance(event, ScalarEvent))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _refuse_tag(self, tag: str, node: Node, *, scalar: bool) -> None:
        line = self._lines[node.place.line - 1][node.place.column - 1 :]
        tag = line.split()[0] if line.split() else tag
        remedy = f"write {code(yaml_text(line.strip()))}" if scalar else f"remove {code(tag)}"
        self.add(
            node.place,
            f"YAML reads {code(tag)} as a tag because of the `!`, and tags mean nothing here",
            remedy,
        )
        node.faulty = True

    def _alias(self, name: str, place: Place) -> Node:
        node = self._anchors.get(name)
        if node is not None:
            self._count(node.nodes, place)
            return Node(place, node.value, node.source, node.nodes, node.keys, node.items, node.faulty)
        self._count(1, place)
        if name in self._anchors:
            message = f"`*{name}` repeats a value inside itself"
            remedy = "write the value out"
        else:
            message = f"YAML reads {code('*' + name)} as a reference, and no `&{name}` stands above"
            rest = self._lines[place.line - 1][place.column - 1 :].strip()
            remedy = f"if it is a text, write it in quotes: {code(yaml_text(rest))}"
        self.add(place, message, remedy)
        return Node(place, None, faulty=True)

    def _list(self, place: Place, depth: int) -> Node:
        node = Node(place, [])
        while not isinstance(event := next(self._events), SequenceEndEvent):
            item = self._value(event, depth + 1)
            node.items[len(node.value)] = item
            node.value.append(item.value)
            node.nodes += item.nodes
        return node

    def _mapping(self, place: Place, depth: int) -> Node:
        node = Node(place, {})
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._value(event, depth + 1)
            value = self._value(next(self._events), depth + 1)
            node.nodes += key.nodes + value.nodes
            name = key.source
            if isinstance(key.value, list | dict) or key.faulty or not name:
                if not key.faulty:
                    self.add(
                        key.place,
                        "a key is missing before the colon",
                        "write one word before it, as in `name: …`",
                    )
            elif name == "<<":
                self.add(key.place, "`<<` merges nothing here", "write the keys out")
            elif name in node.keys:
                first = node.keys[name]
                message = f"{code(name)} stands here a second time; the first is on line {first.line}"
                self.add(key.place, message, "remove one of the two")
            else:
                node.keys[name] = key.place
                node.items[name] = value
                node.value[name] = value.value
        return node


def _scalar(event: ScalarEvent, place: Place) -> Node:
    source: str = event.value
    return Node(place, source if event.style else _plain_value(source), source)


def _plain_value(source: str) -> object:
    """Resolve an unquoted scalar as YAML 1.2's core schema says: ``no`` and ``12:30`` are texts."""
    if source in _NULL:
        return None
    if source in _TRUTH:
        return _TRUTH[source]
    if _INTEGER.fullmatch(source):
        return int(source)
    if _OCTAL.fullmatch(source) or _HEXADECIMAL.fullmatch(source):
        return int(source, 0)
    if _FLOAT.fullmatch(source):
        return float(source)
    if _SPECIAL.fullmatch(source):
        return float(source.replace(".", "").lower())
    return source
