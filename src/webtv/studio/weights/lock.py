"""The lock file: which revision of each model was fetched, and the SHA-256 of each of its files.

Written once, when a model is fetched; from then on the station loads these bytes or none.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from webtv.core.errors import ConfigError
from webtv.core.files import write_atomically

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file: bytes and SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Locked:
    """One model as it was fetched.

    Attributes:
        revision: commit on the hub, 40 hexadecimal digits.
        fetched: when, ISO 8601 UTC.
        files: by path within the model's folder.
    """

    revision: str
    fetched: str
    files: Mapping[str, LockedFile]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files.values())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :func:`dataclasses.asdict`.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        files = {
            str(name): LockedFile(int(each["bytes"]), str(each["sha256"]))
            for name, each in data["files"].items()
        }
        return cls(str(data["revision"]), str(data["fetched"]), files)


def read_lock(path: Path) -> dict[str, Locked]:
    """Every locked model by its id; nothing if there is no file yet. Blocks.

    Raises:
        ConfigError: it is no lock file; it is not silently begun anew, or anything could be loaded.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {str(model): Locked.from_json(entry) for model, entry in data["models"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            "the lock file of the models cannot be read",
            place=path.name,
            remedy="restore it from a backup, or delete it and fetch the models again: webtv models pull",
        ) from error


def write_lock(path: Path, models: Mapping[str, Locked]) -> None:
    """Write the lock file whole. Blocks.

    Raises:
        OSError: as the system says.
    """
    entries = {model: asdict(models[model]) for model in sorted(models)}
    text = json.dumps({"version": _VERSION, "models": entries}, indent=2, sort_keys=True)
    write_atomically(path, f"{text}\n".encode())
