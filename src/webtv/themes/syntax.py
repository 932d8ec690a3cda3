"""What a YAML parser complains of, in the words of somebody who writes a page of text."""

import re

from ruamel.yaml.error import MarkedYAMLError

from webtv.themes.problem import Place, Problem, code, in_quotes, yaml_text

_KEY = re.compile(r"(?P<lead>\s*(?:- +)?)(?P<key>[^\s:#'\"\[{][^:#]*?):(?: +(?P<rest>.*))?")
_ITEM = re.compile(r"\s*- +(?P<rest>.*)")
_ANYWAY = "compare the lines around here with docs/channels.md"


def syntax_problem(error: MarkedYAMLError, lines: tuple[str, ...], file: str) -> Problem:
    """Translate the parser's error.

    Args:
        error: as ruamel.yaml raised it.
        lines: the text that was parsed.
        file: its name.
    """
    place, message, remedy = _Reading(error, lines).explain()
    return Problem(file, place.line, place.column, message, remedy)


class _Reading:
    """One complaint and the lines that it is about."""

    def __init__(self, error: MarkedYAMLError, lines: tuple[str, ...]) -> None:
        self.what = error.problem or "this cannot be read"
        self.during = error.context or ""
        mark, opened = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
        self.place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        self.opened = Place(opened.line + 1, opened.column + 1) if opened else self.place
        self._lines = lines

    def line(self, number: int) -> str:
        """A line by its number from 1; empty beyond the end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def explain(self) -> tuple[Place, str, str]:
        """Place, message and remedy."""
        line = self.line(self.place.line)
        here = line[self.place.column - 1 : self.place.column]
        if "cannot start any token" in self.what:
            return self._no_beginning(here, line)
        if "mapping values are not allowed" in self.what:
            return self._second_colon(line)
        if "could not find expected ':'" in self.what:
            return self._no_colon()
        if "quoted scalar" in self.during and "unexpected" in self.what:
            quote = self.line(self.opened.line)[self.opened.column - 1 : self.opened.column] or '"'
            closed = code(self.line(self.opened.line).strip() + quote)
            return (
                self.opened,
                "the quote that opens here is never closed",
                f"close it where the text ends: {closed}",
            )
        if "escape" in self.what or "escape" in self.during or "expected escape sequence" in self.what:
            return (
                self.place,
                "a backslash in double quotes begins a code, and this is none",
                r"write `\\` for a backslash, or put the text in single quotes",
            )
        if "anchor" in self.during or "alias" in self.during:
            return (
                self.opened,
                f"YAML reads the {code(self._char(self.opened))} here as a reference",
                self._quoted(self.opened),
            )
        if "block scalar" in self.during:
            return (
                self.place,
                "a text that begins with `|` or `>` starts on the next line",
                "break the line after the mark and indent the text by two spaces",
            )
        if "flow sequence" in self.during or "flow mapping" in self.during:
            return self._open_bracket(here)
        if "document start" in self.what:
            message = "the file goes on here after its one value has ended"
            return self.place, message, "begin with `name: …` and `theme: …`, each on a line of its own"
        if "expected <block end>" in self.what:
            return self._wrong_level(here, line)
        if "tag" in self.during:
            return self.opened, "YAML reads the `!` here as the beginning of a tag", self._quoted(self.opened)
        return self.place, f"this is not YAML ({self.what})", _ANYWAY

    def _char(self, place: Place) -> str:
        return self.line(place.line)[place.column - 1 : place.column]

    def _quoted(self, place: Place) -> str:
        """The line at a place with its value in quotes."""
        line = self.line(place.line)
        if match := _KEY.fullmatch(line):
            return f"if it is a text, write {in_quotes(match['key'], match['rest'] or '')}"
        if match := _ITEM.fullmatch(line):
            return f"if it is a text, write {code('- ' + yaml_text(match['rest'].strip()))}"
        return "put the text in quotes"

    def _no_beginning(self, here: str, line: str) -> tuple[Place, str, str]:
        if here == "\t":
            if line[: self.place.column - 1].strip():
                return (
                    self.place,
                    "a tab stands here, and YAML takes only spaces",
                    "write one space in its place",
                )
            return (
                self.place,
                "the line is indented with a tab, and YAML takes only spaces",
                "write two spaces for each level in place of the tab",
            )
        return self.place, f"a text without quotes cannot begin with {code(here)}", self._quoted(self.place)

    def _second_colon(self, line: str) -> tuple[Place, str, str]:
        match = _KEY.fullmatch(line)
        if match and len(match["lead"]) + len(match["key"]) + 1 < self.place.column:
            return (
                self.place,
                "a second colon on one line makes YAML look for a second key",
                f"put the text in quotes: {in_quotes(match['key'], match['rest'] or '')}",
            )
        indent = len(line) - len(line.lstrip())
        above = self._above(self.place.line)
        if indent > above:
            message = "the line is indented deeper than the one above, which has a value already"
            return (
                Place(self.place.line, indent + 1),
                message,
                f"begin it {_spaces(above)}, like the line above",
            )
        return self.place, "a colon stands where none is expected", "put the whole text in quotes"

    def _above(self, number: int) -> int:
        """Indentation of the nearest line above that says something."""
        for above in range(number - 1, 0, -1):
            text = self.line(above)
            if text.strip() and not text.lstrip().startswith("#"):
                return len(text) - len(text.lstrip())
        return 0

    def _no_colon(self) -> tuple[Place, str, str]:
        text = self.line(self.opened.line)[self.opened.column - 1 :].split(" #")[0].strip()
        if re.match(r"-[^\s-]", text):
            remedy = f"write {code('- ' + text[1:])}"
            return self.opened, "a space is missing after the dash", remedy
        if match := re.match(r"([\w-]+):(\S.*)", text):
            remedy = f"write {code(match[1] + ': ' + match[2])}"
            return self.opened, f"a space is missing after the colon of {code(match[1])}", remedy
        if re.fullmatch(r"[\w-]+", text):
            return (
                self.opened,
                f"{code(text)} has neither colon nor value",
                f"write `{text}: …`, or remove the line",
            )
        return (
            self.opened,
            "this line is no key with a value",
            "if it continues the text above, indent it by two spaces; if it is a key, write `key: value`",
        )

    def _open_bracket(self, here: str) -> tuple[Place, str, str]:
        bracket = self._char(self.opened)
        kind, close = ("group", "}") if "mapping" in self.during else ("list", "]")
        if self.place.line == self.opened.line and here not in ("", ":"):
            return (
                self.place,
                f"a comma is missing in the {kind} that `{bracket}` opens",
                f"write `,` between two of its parts, and `{close}` after the last",
            )
        return (
            self.opened,
            f"the {kind} that `{bracket}` opens here is never closed",
            f"write `{close}` after its last part",
        )

    def _wrong_level(self, here: str, line: str) -> tuple[Place, str, str]:
        before = line[: self.place.column - 1]
        if here in {"]", "}"}:
            return self.place, f"a `{here}` closes what nothing opened", f"remove the `{here}`"
        if before.strip() and (quote := next((char for char in before if char in "'\""), "")):
            remedy = f"remove the quotes {code(quote)} at its ends, or use the other kind"
            if (match := _KEY.fullmatch(line)) and (match["rest"] or "").startswith(quote):
                text = (match["rest"] or "").strip().removeprefix(quote).removesuffix(quote)
                if text.count(quote) == 1:  # an apostrophe
                    remedy = f"write {in_quotes(match['key'], text)}"
            return self.place, "more text follows after the closing quote", remedy
        above = self._above(self.place.line)
        if here == "-":
            return (
                self.place,
                "a list item stands here on the level of keys",
                "indent it by two spaces under the key that it belongs to",
            )
        if "block collection" in self.during:
            return (
                self.place,
                "a key stands here among the items of a list",
                "begin it at the column of the list's key, or write it as an item with `- `",
            )
        indent = len(line) - len(line.lstrip())
        if not before.strip() and indent != above:
            return (
                self.place,
                "the line is indented neither like the one above nor like its key",
                f"begin it {_spaces(above)}, like the line above",
            )
        return self.place, f"this is not expected here ({self.what})", _ANYWAY


def _spaces(count: int) -> str:
    return "without spaces" if not count else f"with {count} space{'s' * (count > 1)}"
