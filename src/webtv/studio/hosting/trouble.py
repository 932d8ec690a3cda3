"""What may happen to a child, and what its caller is told."""

import signal
from enum import StrEnum

from webtv.core.errors import InternalError, ResourceError, TransientError, WebTVError


class Trouble(StrEnum):
    """Why a child ended that was not meant to; the last part of the event's kind."""

    CRASHED = "crashed"
    KILLED = "killed"
    HUNG = "hung"
    SILENT = "silent"
    DEAF = "deaf"
    CORRUPT = "corrupt"
    OUT_OF_MEMORY = "out_of_memory"


def error_of(trouble: Trouble, why: str, place: str) -> WebTVError:
    """The error of a request that met such trouble.

    Args:
        trouble: the kind of it.
        why: a clause that says what was seen.
        place: ``studio.shot zeroscope``.
    """
    match trouble:
        case Trouble.KILLED | Trouble.OUT_OF_MEMORY:
            remedy = "give the machine more memory, or run fewer models at once"
            return ResourceError(f"the model's process {why}", place=place, remedy=remedy)
        case Trouble.CORRUPT:
            remedy = "report it, with the log of that minute"
            return InternalError(f"the model's process {why}", place=place, remedy=remedy)
        case _:
            remedy = "look for the reason in the log if it happens again"
            return TransientError(f"the model's process {why}", place=place, remedy=remedy)


def death(status: int) -> tuple[Trouble, str]:
    """What an exit status says that nobody here brought about."""
    if status == -signal.SIGKILL:
        return Trouble.KILLED, "was killed by the system, as it does when memory is short"
    if status < 0:
        return Trouble.CRASHED, f"crashed ({signal.Signals(-status).name})"
    return Trouble.CRASHED, f"ended with status {status}"
