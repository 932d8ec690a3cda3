"""Channel files: read, checked, and everything wrong with them said at once, with places and remedies."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from webtv.core.errors import WebTVError
from webtv.themes.channel import SLUG, Channel, Stage
from webtv.themes.document import MAX_BYTES, Document, Node, read_document
from webtv.themes.explanation import explain
from webtv.themes.problem import START, Problem, closest, code, one_of

__all__ = ["KnownNames", "Loaded", "Problem", "check_channel", "load_channel", "load_folder"]

STAGES = ("shot", "score", "interpolate", "upscale", "music")
SUFFIXES = (".yaml", ".yml")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|^[~.]*[/\\]|^[a-z]:[/\\]", re.IGNORECASE)
_SECRET = re.compile(r"(^|[_-])(key|token|secret|password|passwd|credentials?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a channel file may refer to by name.

    Attributes:
        stages: names of adapters and endpoints by stage (``shot``, ``score``, ``interpolate``, ``upscale``,
            ``music``).
        outputs: names of the operator's outputs.
        judge: given a stage and its options, ``use`` among them, what the adapter says against them.
        terms: given the same for a channel that serves a business, what the models' terms say against it.
    """

    stages: Mapping[str, frozenset[str]]
    outputs: frozenset[str] = frozenset()
    judge: Callable[[str, Mapping[str, object]], WebTVError | None] = lambda _stage, _options: None
    terms: Callable[[str, Mapping[str, object]], WebTVError | None] = lambda _stage, _options: None


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file after reading.

    Attributes:
        slug: the channel's slug, which is the file's name without its ending.
        path: the file.
        channel: what it says, or None if anything is wrong with it.
        problems: what is wrong, in order of place.
        digest: SHA-256 of the bytes, empty if they could not be read.
    """

    slug: str
    path: Path
    channel: Channel | None
    problems: tuple[Problem, ...] = field(default=())
    digest: str = ""


def load_channel(path: Path, known: KnownNames, *, format_for_life: str | None = None) -> Loaded:
    """Read one channel file; whatever is wrong with it becomes problems.

    Args:
        path: the file; its name gives the slug and its text names the file in problems.
        known: names that it may refer to.
        format_for_life: the format that the channel has already, if it has.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # a larger one is refused anyway
    except OSError as error:
        message = f"the file cannot be read ({error.strerror or error})"
        remedy = "check that it is there, that it is a file, and that it may be read"
        return Loaded(path.stem, path, None, (Problem(str(path), 1, 1, message, remedy),))
    return check_channel(data, path, known, format_for_life=format_for_life)


def check_channel(
    data: bytes, path: Path, known: KnownNames, *, format_for_life: str | None = None
) -> Loaded:
    """Check the bytes of a channel file, saved or not (an editor checks what is being typed).

    Args:
        data: the content.
        path: where it lies or would lie; nothing is read from there.
        known: as in :func:`load_channel`.
        format_for_life: likewise.
    """
    file = str(path)
    document = read_document(data, file)
    problems = [*document.problems, *_bad_name(path)]
    channel = None
    if document.root is None or document.root.value is None:
        if not document.problems:
            problems.append(_empty(file))
    else:
        try:
            channel = Channel.model_validate(document.root.value)
        except ValidationError as error:
            problems += explain(error, document, file)
        problems += _unknown_names(document, known, file)
        if channel and not problems:
            problems += _refused_options(channel, document.root, known, file)
        if channel and format_for_life and channel.format != format_for_life:
            problems.append(_changed_format(document.root, path, format_for_life, channel.format))
    problems = sorted(set(problems), key=lambda item: (item.line, item.column, item.message))
    digest = hashlib.sha256(data).hexdigest()
    return Loaded(path.stem, path, None if problems else channel, tuple(problems), digest)


def load_folder(
    folder: Path,
    known: KnownNames,
    *,
    formats: Mapping[str, str] | None = None,
    earlier: Iterable[Loaded] = (),
) -> list[Loaded]:
    """Read all channel files of a folder, sorted by name; hidden files and other endings are passed over.

    Of two files with one slug, the one that ends with ``.yaml`` counts and the other is a problem.

    Args:
        folder: need not exist.
        known: as in :func:`load_channel`.
        formats: formats that channels have for life, by slug.
        earlier: what was loaded before; a file with the same bytes is not checked again.
    """
    # A ``.yml`` file is always checked: whether it is a twin depends on another file.
    cache = {loaded.path: loaded for loaded in earlier if loaded.digest and loaded.path.suffix == ".yaml"}
    result: list[Loaded] = []
    for path in channel_files(folder):
        before = cache.get(path)
        if before and before.digest == _digest(path):
            result.append(before)
            continue
        loaded = load_channel(path, known, format_for_life=(formats or {}).get(path.stem))
        result.append(_refuse_twin(loaded) if _is_twin(path) else loaded)
    return result


def channel_files(folder: Path) -> list[Path]:
    """The channel files of a folder, sorted; none if it does not exist."""
    try:
        found = [
            path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith(".")
        ]
    except OSError:
        return []
    return sorted(path for path in found if path.is_file())


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(MAX_BYTES + 1)).hexdigest()
    except OSError:
        return ""


def _is_twin(path: Path) -> bool:
    return path.suffix == ".yml" and path.with_suffix(".yaml").is_file()


def _refuse_twin(loaded: Loaded) -> Loaded:
    path = loaded.path
    message = f"{code(path.with_suffix('.yaml').name)} beside it is the same channel, and that file counts"
    remedy = "remove one of the two files, or give this one another name"
    problem = Problem(str(path), START.line, START.column, message, remedy)
    return replace(loaded, channel=None, problems=(problem, *loaded.problems))


def _empty(file: str) -> Problem:
    return Problem(
        file, 1, 1, "the file is empty", "begin with `name: …` and `theme: …`, each on a line of its own"
    )


def _bad_name(path: Path) -> Iterator[Problem]:
    if path.suffix not in SUFFIXES:
        message = f"a channel file ends with `.yaml`, and this is {code(path.name)}"
        yield Problem(str(path), 1, 1, message, f"rename it to {code(_slug(path.stem) + '.yaml')}")
    elif not SLUG.fullmatch(path.stem):
        message = f"the file's name becomes the channel's address, and {code(path.stem)} cannot be one"
        remedy = f"rename it to {code(_slug(path.stem) + path.suffix)}"
        yield Problem(str(path), 1, 1, message, f"{remedy} (at most 40 small letters, digits and `-`)")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "my-channel"


def _changed_format(root: Node, path: Path, fixed: str, wanted: str) -> Problem:
    place = root.items["format"].place if "format" in root.items else root.place
    message = (
        f"the format of a channel is fixed for life: {code(path.stem)} is {code(fixed)}, not {code(wanted)}"
    )
    remedy = f"write `format: {fixed}`, or begin a new channel in a new file"
    return Problem(str(path), place.line, place.column, message, remedy)


def _unknown_names(document: Document, known: KnownNames, file: str) -> Iterator[Problem]:
    """Names of adapters and outputs that nobody defined; addresses and keys that belong to the operator."""
    root = document.root
    assert root is not None

    def problem(node: Node, message: str, remedy: str) -> Problem:
        return Problem(file, node.place.line, node.place.column, message, remedy)

    outputs = root.items.get("outputs")
    seen: set[str] = set()
    for node in outputs.items.values() if outputs and isinstance(outputs.value, list) else ():
        if not isinstance(node.value, str) or not (name := node.value.strip()):
            continue  # the schema says so
        if name in seen:
            yield problem(node, f"{code(name)} stands here a second time", "remove one of the two")
        elif name not in known.outputs and _looks_like_address(name):
            remedy = "the operator defines outputs; write their name"
            yield problem(node, "an address stands where the name of an output belongs", remedy)
        elif name not in known.outputs:
            remedy = _other_name(name, known.outputs, "outputs")
            yield problem(node, f"there is no output {code(name)}", remedy)
        seen.add(name)
    studio = root.items.get("studio")
    for part in STAGES:
        stage = studio.items.get(part) if studio else None
        for key, node in stage.items.items() if stage and isinstance(stage.value, dict) else ():
            if key == "use" and isinstance(node.value, str) and node.value.strip():
                names = known.stages.get(part, frozenset())
                if _looks_like_address(node.value):
                    remedy = "the operator defines endpoints and outputs; write their name"
                    yield problem(node, "an address stands where the name of an adapter belongs", remedy)
                elif node.value.strip() not in names:
                    message = f"there is no adapter {code(node.value)} for {code(part)}"
                    yield problem(node, message, _other_name(node.value, names, "adapters"))
            elif key != "use":
                yield from _operators_business(str(key), node, file)


def _refused_options(channel: Channel, root: Node, known: KnownNames, file: str) -> Iterator[Problem]:
    """Options that an adapter does not take, at the place of the option if the error names it."""
    studio = root.items.get("studio")
    for part in STAGES:
        stage: Stage = getattr(channel.studio, part)
        given = {key: value for key, value in stage.model_dump().items() if value is not None}
        written = stage.model_fields_set - {"use"} or stage.options
        error = known.judge(part, given) if written else None
        if error is None and channel.commercial:
            error = known.terms(part, given)
        if error is None:
            continue
        node = studio.items[part] if studio and part in studio.items else root.items.get("commercial", root)
        said = str(error)
        named = [
            item
            for key, item in node.items.items()
            if key != "use" and re.search(rf"\b{re.escape(str(key))}\b", said)
        ]
        place = (named[0] if named else node).place
        yield Problem(file, place.line, place.column, error.message, error.remedy)


def _operators_business(key: str, node: Node, file: str) -> Iterator[Problem]:
    """Addresses, file paths and secrets among the options of a stage, however deep."""
    if node.items:
        for inner, item in node.items.items():
            yield from _operators_business(inner if isinstance(inner, str) else key, item, file)
    elif isinstance(node.value, str) and (_ADDRESS.search(node.value) or _SECRET.search(key)):
        what = "a key or password" if _SECRET.search(key) else "an address or file path"
        message = f"{code(key)} holds {what}, and those belong to the operator's settings"
        remedy = "remove the line; the operator defines endpoints, and `use` names them"
        yield Problem(file, node.place.line, node.place.column, message, remedy)


def _looks_like_address(text: str) -> bool:
    return bool(_ADDRESS.search(text)) or "/" in text or "\\" in text


def _other_name(word: str, names: frozenset[str], kind: str) -> str:
    if meant := closest(word, names):
        return f"did you mean {code(meant)}?"
    if names:
        return f"write {one_of(sorted(names))}"
    if kind == "outputs":
        return "the operator has defined none; remove the line, or ask for one (`WEBTV_OUTPUTS`)"
    return f"the operator has defined no {kind} here; remove the line"
