"""How far a stage is: told from wherever the work happens, heard by whoever asked for it.

An adapter calls :func:`tell` after each step, in whichever thread it works; whoever drives it listens with
:func:`heard`. The listener travels in the context, which :func:`asyncio.to_thread` copies, so no port has to
carry it and an adapter that nobody listens to pays next to nothing.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from webtv.studio.ports import Frames


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a stage.

    Attributes:
        stage: ``queue``, ``load``, ``shot``, ``upscale``, ``interpolate``, ``music``, ``score``, ``write`` or
            ``master``.
        done: steps done.
        of: steps in all; 0 if nobody knows.
        preview: uint8[H, W, 3] sRGB of what is there so far, small; None if there is none.
    """

    stage: str
    done: int
    of: int = 0
    preview: Frames | None = None


Listener = Callable[[Progress], None]
"""Takes progress; called in the thread that works, must neither block nor raise."""

_LISTENER: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def tell(stage: str, done: int, of: int = 0, preview: Frames | None = None) -> None:
    """Say how far a stage is."""
    if (listener := _LISTENER.get()) is not None:
        listener(Progress(stage, done, of, preview))


@contextlib.contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Hear what stages tell that are driven, or threads that are begun, while the block lasts."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
