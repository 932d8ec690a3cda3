"""Libraries that only some stations have: torch and what stands on it, its devices, what its errors mean.

Nothing here imports any of them before it is called.
"""

import importlib
from collections.abc import Iterator
from typing import Any, Final

from webtv.core.errors import ComponentError

INSTALL: Final = "pip install torch==2.13.0 && pip install 'webtv[models]'"

# The hub's client speaks through httpx, whose errors are not OSErrors, and has some of its own.
_UNREACHABLE: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "LocalEntryNotFoundError", "ReadError", "ReadTimeout", "gaierror"}
)


def library(name: str, place: str) -> Any:
    """Import a library, or a module of one.

    Raises:
        ComponentError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ComponentError(f"{name} is not installed", remedy=INSTALL, place=place) from error


def quiet_library(name: str, place: str) -> Any:
    """Import ``diffusers`` or ``transformers``, its progress bars switched off: a log is no terminal.

    Raises:
        ComponentError: it is not installed.
    """
    found = library(name, place)
    library(f"{name}.utils.logging", place).disable_progress_bar()
    return found


def best_device(torch: Any) -> str:
    """The fastest device of this machine, as torch names it."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def no_device(torch: Any, device: str) -> Exception | None:
    """What torch says against a device; None if this machine has it."""
    try:
        torch.empty(0, device=device)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        return error
    return None


def is_out_of_memory(torch: Any, error: BaseException) -> bool:
    """Whether a device, or the machine, had too little memory; each backend says it in its own way."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def is_unreachable(error: BaseException) -> bool:
    """Whether a network, or who should answer on it, is at the bottom of an error, however it was wrapped."""
    return any(
        isinstance(cause, ConnectionError | TimeoutError) or type(cause).__name__ in _UNREACHABLE
        for cause in causes(error)
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it came of, and so on."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
