"""What lies in a model's folder: files that are only numbers, and files that can run code when they are read.

A pickle is a program, and TorchScript and Keras archives hold some: whoever wrote such a file commands the
process that loads it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webtv.core.errors import ConfigError

SAFE = (".safetensors",)
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5", ".joblib", ".npy", ".npz")
CODE = (".py", ".so", ".dll", ".torchscript", ".ts", ".onnx_data")
WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.md", "LICENSE*")
"""What is fetched of a model by default: nothing that can run code."""
UNSAFE = (
    "use a model with .safetensors files, or, if you trust whoever made it, add it to WEBTV_MODELS_UNSAFE"
)


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a model, relative to its folder.

    Attributes:
        weights: numbers alone.
        pickles: read by unpickling.
        code: programs.
    """

    weights: tuple[str, ...]
    pickles: tuple[str, ...]
    code: tuple[str, ...]


def files_of(folder: Path) -> Iterator[Path]:
    """Every regular file of a model; what the hub's own client keeps beside it is none of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".cache" not in path.relative_to(folder).parts:
            yield path


def contents(place: Path) -> Contents:
    """Look at a model's folder, or at a single file, by names. Blocks."""
    root = place if place.is_dir() else place.parent
    paths = list(files_of(place)) if place.is_dir() else [place]
    names = [path.relative_to(root).as_posix() for path in paths]

    def having(suffixes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name.lower().endswith(suffixes))

    return Contents(having(SAFE), having(PICKLES), having(CODE))


def expect_safe(model: str, place: Path, *, allowed: bool) -> None:
    """Refuse weights that would have to be unpickled. Blocks.

    A folder that has its weights both ways passes: loaders are told to take the safe ones.

    Args:
        model: what the operator calls it.
        place: its folder or file.
        allowed: the operator's explicit word for this model.

    Raises:
        ConfigError: there is nothing safe to load.
    """
    found = contents(place)
    if allowed or found.weights or not (found.pickles or found.code):
        return
    worst = (found.pickles or found.code)[0]
    raise ConfigError(
        f"{worst} of {model} can run code when it is loaded",
        place="models",
        remedy=UNSAFE,
    )
