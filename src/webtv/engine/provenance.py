"""What is known about the making of a clip or bed, as JSON."""

import math
from collections.abc import Mapping
from enum import Enum
from importlib.metadata import version
from typing import Any

import numpy as np

from webtv import __version__

_PACKAGES = ("av", "numpy", "opencv-python-headless")


def versions() -> dict[str, str]:
    """What a clip was made with."""
    return {"webtv": __version__, **{name: version(name) for name in _PACKAGES}}


def plain(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance as JSON takes it, whatever an adapter put into its credit."""
    return {str(name): _plain(value) for name, value in provenance.items()}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON has no infinity; silence measures as minus that
    return value if value is None or isinstance(value, str | int) else str(value)
