"""Whether a model's files hold the very weights that its class has: no more, and no fewer.

diffusers warns of weights that it has no place for, and goes on; of a model that was trained with a layer
which its class lacks, what is loaded is another model that makes noise or worse. FastWan2.1 is one: its video
sparse attention has gates (``to_gate_compress``) that diffusers' Wan does not know.
"""

import json
import re
import struct
from pathlib import Path
from typing import Any, Final

from webtv.core.errors import ConfigError

_PARTS: Final = re.compile(r"(transformer|unet|vae)(_\d+)?")
_HEADER_MOST: Final = 100_000_000  # bytes; the limit of safetensors itself


def expect_whole(torch: Any, pipeline: Any, source: str | Path, variant: str | None, place: str) -> None:
    """Compare denoisers and autoencoder with the files that they were loaded from.

    Args:
        torch: the library.
        pipeline: just loaded; nothing is added to it yet.
        source: where from; an id on the hub, whose files nobody knows, is not looked into.
        variant: which files of a model that comes in several.
        place: for errors.

    Raises:
        ConfigError: a file holds weights that the model has no place for, or lacks some; names the first.
    """
    for name, part in pipeline.components.items():
        folder = Path(source) / name
        if not _PARTS.fullmatch(name) or not isinstance(part, torch.nn.Module) or not _is_of(part, folder):
            continue
        if (written := _written(part, files_of(folder, variant))) is None:
            continue
        has = set(part.state_dict())
        unknown = {key for key in written - has if not _is_ignored(part, key)}
        missing = {key for key, _ in part.named_parameters()} - written
        if unknown or missing:
            raise _unfit(name, part, min(unknown or missing), bool(unknown), place)


def files_of(folder: Path, variant: str | None) -> list[Path]:
    """The safetensors files of a part: those of the variant, or the plain ones of a part that has none."""
    files = sorted(folder.glob("*.safetensors"))
    return [file for file in files if is_of_variant(file, variant)] or [
        file for file in files if is_of_variant(file, None)
    ]


def is_of_variant(file: Path, variant: str | None) -> bool:
    """Whether a file is of the variant that is loaded: ``x.fp16.safetensors`` is, of ``fp16``."""
    return file.stem.partition(".")[2].partition("-")[0] == (variant or "")


def _is_of(part: Any, folder: Path) -> bool:
    """Whether a part is what its folder says: no other thing made of it by a pipeline, and not quantised."""
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return False
    return config.get("_class_name") == type(part).__name__ and "quantization_config" not in config


def _written(part: Any, files: list[Path]) -> set[str] | None:
    """The names of the weights in files as the class knows them today; None if there are none to be read."""
    keys: dict[str, Any] = {}
    for file in files:
        try:
            with file.open("rb") as opened:
                (size,) = struct.unpack("<Q", opened.read(8))
                header = json.loads(opened.read(min(size, _HEADER_MOST)))
        except (OSError, ValueError, struct.error):
            return None  # whoever loads it has said so
        keys |= dict.fromkeys(key for key in header if key != "__metadata__")
    if hasattr(part, "_fix_state_dict_keys_on_load"):
        part._fix_state_dict_keys_on_load(keys)  # attention had other names before diffusers 0.17
    return set(keys) or None


def _is_ignored(part: Any, key: str) -> bool:
    patterns = getattr(part, "_keys_to_ignore_on_load_unexpected", None) or ()
    return any(re.search(pattern, key) for pattern in patterns)


def _unfit(name: str, part: Any, key: str, stray: bool, place: str) -> ConfigError:
    kind = type(part).__name__
    said = f"hold {key}, for which {kind} has no place" if stray else f"lack {key}, which {kind} needs"
    return ConfigError(
        f"the weights in {name} {said}: diffusers would make another model of them",
        place=place,
        remedy="name weights that were made for this pipeline of diffusers",
    )
