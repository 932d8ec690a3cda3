"""Which files of a repository a pipeline loads: repositories hold the same weights several times over.

A pipeline of diffusers names its parts in ``model_index.json``; each is a folder. Beside them lie checkpoints
of other programs, and within them twins in other precisions, called variants (``NAME.fp16.safetensors``).
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from webtv.studio.weights.inspection import PICKLES, SAFE

INDEX = "model_index.json"
_WEIGHTS = re.compile(
    r"(?:diffusion_pytorch_model|pytorch_model|model)(?:\.(?P<early>\w+))?(?:-\d+-of-\d+)?(?:\.(?P<late>\w+))?"
    r"\.(?:safetensors|bin)"
)
_SHARDS = re.compile(
    r"(?:diffusion_pytorch_model|pytorch_model|model)(?:\.(?P<early>\w+))?\.(?:safetensors|bin)"
    r"\.index(?:\.(?P<late>\w+))?\.json"
)


def parts_of(index: bytes) -> frozenset[str]:
    """The folders that a ``model_index.json`` names.

    Raises:
        ValueError: it is no such file.
    """
    data = json.loads(index)
    if not isinstance(data, Mapping):
        raise ValueError("it is no object")
    return frozenset(
        name
        for name, entry in data.items()
        if not name.startswith("_") and isinstance(entry, list) and any(part is not None for part in entry)
    )


def of_pipeline(names: Iterable[str], parts: frozenset[str], variant: str | None) -> list[str]:
    """The files that a pipeline with these parts loads, and what tells about it.

    Args:
        names: all files of the repository that may be fetched.
        parts: the pipeline's folders.
        variant: the twin to take where there is one; None for the plain files.
    """
    paths = [PurePosixPath(name) for name in names]
    there = {(path.parent, _variant(path)) for path in paths if _variant(path) is not None}

    def wanted(path: PurePosixPath) -> bool:
        mine = _variant(path)
        if len(path.parts) == 1:
            return not path.name.lower().endswith((*SAFE, *PICKLES))
        if path.parts[0] not in parts:
            return False
        best = variant if variant and (path.parent, variant) in there else ""
        return mine is None or mine == best or (path.parent, best) not in there

    return [str(path) for path in paths if wanted(path)]


def pickles_needed(names: Iterable[str]) -> list[str]:
    """The pickles that lie in folders without weights that are only numbers: without them a part is empty."""
    paths = [PurePosixPath(name) for name in names]
    safe = {path.parent for path in paths if path.name.lower().endswith(SAFE)}
    return [str(path) for path in paths if path.name.lower().endswith(PICKLES) and path.parent not in safe]


def _variant(path: PurePosixPath) -> str | None:
    """The variant of a file of weights, empty for the plain one; None for any other file."""
    match = _WEIGHTS.fullmatch(path.name) or _SHARDS.fullmatch(path.name)
    if match is None:
        return None
    found = match.groupdict()
    return found.get("early") or found.get("late") or ""
