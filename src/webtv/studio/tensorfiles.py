"""Reading tensors from the files in which models are passed around; none that can run code without a word."""

import pickle
import shlex
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webtv.core.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

_RISKY = (".pth", ".pt", ".ckpt")
_WRAPPERS = ("state_dict", "model_state_dict", "params_ema", "params-ema", "params", "model", "net")


def read(path: Path, *, place: str, trusted: bool = False) -> "Mapping[str, Tensor]":
    """The tensors of a file by the names that they have there, on the CPU.

    Args:
        path: ``.safetensors``; with the operator's word a state dict (``.pth``, ``.ckpt``) or TorchScript.
        place: the stage that reads, for errors.
        trusted: the operator's word that a file which can hold code may be opened. A state dict is still read
            with ``weights_only``; TorchScript runs what it holds.

    Raises:
        ConfigError: it is no file of weights, or one that is not trusted.
    """
    if path.suffix.lower() == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            read: Mapping[str, Any] = load_file(path)
            return read
        except (SafetensorError, OSError) as error:
            raise ConfigError(
                f"{path.name} is no readable safetensors file", remedy="fetch it again", place=place
            ) from error
    scripted = _is_torchscript(path)
    if not trusted:
        what = "TorchScript, which runs what it holds" if scripted else "a pickle, which can run code"
        raise ConfigError(f"{path.name} is {what}", remedy=_conversion(path, scripted=scripted), place=place)
    import torch

    try:
        if scripted:
            jit: Any = torch.jit
            return dict(jit.load(str(path), map_location="cpu").state_dict())
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ConfigError(
            f"{path.name} holds no weights that can be read", remedy="name another file", place=place
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ConfigError(
            f"{path.name} holds no plain state dict",
            remedy="name a file that holds tensors by name",
            place=place,
        )
    return found


def find(where: Path, *, hint: str = "", place: str, trusted: bool = False) -> Path:
    """The file of weights that a folder holds, or the file itself.

    Args:
        where: what the operator named.
        hint: part of the file's name, if a folder holds several.
        place: the stage that reads, for errors.
        trusted: the operator's word that a file which can hold code may be opened. Where there are
            safetensors, they are taken all the same.

    Raises:
        ConfigError: there is none, or more than one.
    """
    if where.is_file():
        return where
    there = [path for path in sorted(where.rglob("*")) if path.is_file()]
    files = [path for path in there if path.suffix.lower() == ".safetensors"]
    risky = [path for path in there if path.suffix.lower() in _RISKY]
    if not files and trusted:
        files = risky
    named = [file for file in files if hint in file.name.lower()] or files
    if len(named) == 1:
        return named[0]
    if named:
        names = ", ".join(file.relative_to(where).as_posix() for file in named[:4])
        raise ConfigError(
            f"{where.name} holds several models: {names}", remedy="name one file by its path", place=place
        )
    remedy = "name a file or folder that holds one"
    if risky:
        remedy += ", or allow this model by name in the settings if you trust whoever made it"
    elif trusted:
        remedy = f"name a file or folder that holds one, or one of {', '.join(_RISKY)}"
    raise ConfigError(f"{where.name} holds no .safetensors file", remedy=remedy, place=place)


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") or "/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _conversion(path: Path, *, scripted: bool) -> str:
    load = "torch.jit.load(f).state_dict()" if scripted else "torch.load(f, weights_only=True)"
    code = f"import sys, torch, safetensors.torch as s; _, f, to = sys.argv; s.save_file({load}, to)"
    # The name is somebody else's, and this is a line to type.
    names = shlex.join([path.name, f"{path.stem}.safetensors"])
    convert = f'convert it where you trust it, python -c "{code}" {names}'
    return f"{convert}, or allow this model by name in the settings"
