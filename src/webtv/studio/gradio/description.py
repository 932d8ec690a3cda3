"""A Space's own description of itself: which of its endpoints makes videos, and what goes into its inputs.

Nothing is done by position: owners of Spaces rename, reorder and add. An endpoint is found by its name, else
by what fits the operator's inputs best; an input by its parameter name, else by its label.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from webtv.core.errors import ConfigError, QualityError

_VIDEOS = ("video", "playablevideo")
_FILES = ("gallery", "file", "files", "downloadbutton")
_STATELESS = ("state",)
_SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of an endpoint.

    Attributes:
        name: its parameter name; empty in old apps.
        label: what people read.
        has_default: whether it may be left out.
        default: what it is then, as the Space says.
    """

    name: str
    label: str
    has_default: bool
    default: object

    def called(self, wanted: str) -> int:
        """2 if that is its name, 1 if it is its label, else 0."""
        if self.name and _plain(self.name) == _plain(wanted):
            return 2
        return int(bool(self.label) and _plain(self.label) == _plain(wanted))


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint of a Space.

    Attributes:
        name: such as ``/generate``; empty if it has none.
        index: its number in the Space, for those without a name.
        inputs: in the Space's order.
        video: 2 if it returns a video, 1 if files of any kind, 0 if neither.
    """

    name: str
    index: int
    inputs: tuple[Input, ...]
    video: int

    def find(self, wanted: str) -> Input | None:
        """The input of that name, else of that label."""
        best = max(self.inputs, key=lambda item: item.called(wanted), default=None)
        return best if best is not None and best.called(wanted) else None

    @property
    def shown(self) -> str:
        """For people."""
        return self.name or f"number {self.index}"


@dataclass(frozen=True, slots=True)
class Filled:
    """Values for a call.

    Attributes:
        values: one for each of its inputs, in its order.
        unused: inputs of the operator's that the call does not have.
    """

    values: tuple[Any, ...]
    unused: tuple[str, ...] = field(default=())


def calls_in(api: object, place: str) -> list[Call]:
    """The endpoints that a Space describes, as gradio_client's ``view_api(return_format="dict")`` gives them.

    Raises:
        ConfigError: it describes none.
    """
    fields = api if isinstance(api, Mapping) else {}
    named, unnamed = fields.get("named_endpoints"), fields.get("unnamed_endpoints")
    out = [_call(str(name), -1, about) for name, about in _items(named)]
    out += [_call("", int(number), about) for number, about in _items(unnamed) if str(number).isdecimal()]
    if not out:
        raise ConfigError(
            "the Space describes no endpoint", place=place, remedy="use a Space whose API is open"
        )
    return out


def choose(
    calls: Sequence[Call], name: str, inputs: Mapping[str, Any], needed: Sequence[str], place: str
) -> Call:
    """The endpoint of that name, else the one that fits best and returns a video.

    Args:
        calls: what there is.
        name: the operator's; may be empty, or out of date.
        inputs: the operator's.
        needed: those without which a take would not show what was asked for.
        place: for errors.

    Raises:
        ConfigError: none returns a video and takes what is needed; says what there is.
    """
    wanted = f"/{name.strip('/')}" if name else ""
    if found := [call for call in calls if wanted and call.name == wanted]:
        return found[0]
    fit = [call for call in calls if call.video and all(call.find(item) for item in needed)]
    if not fit:
        there = "; ".join(_told(call) for call in calls[:6])
        raise ConfigError(
            f"no endpoint of the Space returns a video and takes {', '.join(needed)}",
            place=place,
            remedy=f"write the endpoint's inputs as the Space names them: {there}",
        )
    return min(fit, key=lambda call: _unfitness(call, inputs))


def fill(call: Call, inputs: Mapping[str, Any], needed: Sequence[str], place: str) -> Filled:
    """Values for a call: the operator's where he wrote any, else the Space's defaults.

    Raises:
        ConfigError: a needed input is not there, or one that is there has no default that can be sent.
    """
    given: dict[int, Any] = {}
    unused = []
    for name, value in inputs.items():
        found = call.find(name)
        if found is None:
            unused.append(name)
        else:
            given[call.inputs.index(found)] = value
    if lost := [name for name in needed if name in unused]:
        raise ConfigError(
            f"{call.shown} takes no input called {lost[0]!r}",
            place=place,
            remedy=f"write the endpoint's inputs as the Space names them: {_told(call)}",
        )
    values: list[Any] = []
    bare = []
    for index, item in enumerate(call.inputs):
        if index in given:
            values.append(given[index])
        elif item.has_default and _harmless(item.default):
            values.append(item.default)
        else:
            bare.append(item.name or item.label or f"number {index + 1}")
    if bare:
        raise ConfigError(
            f"{call.shown} also wants {', '.join(bare)} and gives no default that can be sent",
            place=place,
            remedy="write a value for each into the endpoint's inputs",
        )
    return Filled(tuple(values), tuple(unused))


def video_in(result: object, root: str, place: str) -> str:
    """Where the first video in a result lies: in a file record, a link, a list, a gallery or a tuple.

    Args:
        result: as the Space sent it.
        root: the Space's address under which it serves files, with a slash at its end.
        place: for errors.

    Raises:
        QualityError: there is none.
    """
    found = list(_files(result))
    videos = [path for path, kind in found if kind == "video" or _is_video(path)]
    path = next(iter(videos or [path for path, _ in found]), None)
    if path is None:
        raise QualityError("the Space returned no video", place=place)
    if re.match(r"[a-z][a-z0-9+.-]*://", path, re.IGNORECASE):
        return path
    return f"{root}file={quote(path, safe='/')}"


def _files(value: object, kind: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if _is_video(value):
            yield value, kind
    elif isinstance(value, Mapping):
        path, mime = value.get("path") or value.get("url"), str(value.get("mime_type") or "")
        if isinstance(path, str) and path:
            yield path, "video" if mime.startswith("video/") else kind
            return
        for key in ("video", "value", "data", "image", "file"):  # a video with captions, a gallery's entry
            if key in value:
                yield from _files(value[key], "video" if key == "video" else kind)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _files(item, kind)


def _is_video(path: str) -> bool:
    return path.partition("?")[0].lower().endswith(_SUFFIXES)


def _items(value: object) -> list[tuple[Any, Mapping[str, Any]]]:
    if not isinstance(value, Mapping):
        return []
    return [(key, about) for key, about in value.items() if isinstance(about, Mapping)]


def _call(name: str, index: int, about: Mapping[str, Any]) -> Call:
    parameters = [item for item in about.get("parameters") or [] if isinstance(item, Mapping)]
    returns = [item for item in about.get("returns") or [] if isinstance(item, Mapping)]
    kinds = [str(item.get("component") or "").lower() for item in returns]
    return Call(
        name=name,
        index=index,
        inputs=tuple(
            Input(
                str(item.get("parameter_name") or ""),
                str(item.get("label") or ""),
                item.get("parameter_has_default") is True,
                item.get("parameter_default"),
            )
            for item in parameters
            if str(item.get("component") or "").lower() not in _STATELESS
        ),
        video=2 if any(kind in _VIDEOS for kind in kinds) else int(any(kind in _FILES for kind in kinds)),
    )


def _unfitness(call: Call, inputs: Mapping[str, Any]) -> tuple[int, int, int, int, str]:
    scores = [found.called(name) for name in inputs if (found := call.find(name))]
    taken = {id(found) for name in inputs if (found := call.find(name))}
    bare = sum(not item.has_default and id(item) not in taken for item in call.inputs)
    # Gradio numbers what is bound twice (/generate, /generate_1): the shorter name is the first of them.
    return (bare, -call.video, -sum(scores), len(call.name), call.name)


def _harmless(default: object) -> bool:
    """Whether a default may be sent back.

    A record of a file may not: gradio_client would read the file that the Space names from this machine and
    upload it.
    """
    if isinstance(default, list | tuple):
        return all(_harmless(item) for item in default)
    return default is None or isinstance(default, str | int | float | bool)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _told(call: Call) -> str:
    return f"{call.shown}({', '.join(item.name or item.label for item in call.inputs)})"[:200]
