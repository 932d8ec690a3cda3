"""What was found out while a take was made: told from wherever the work happens, heard by whoever asked.

A credit is answered before anything is loaded, and says what was asked for. Which precision and device
``auto`` meant, and which words of a long prompt a model with room for few of them was given, is known only
then. An adapter says it with :func:`note`; whoever drives it hears it with :func:`noted`, as with
:mod:`webtv.studio.progress`, from a child of this process too.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Fact = str | int | float | bool
Hearer = Callable[[str, Fact], None]
"""Takes a fact by its name; called in the thread that works, must neither block nor raise."""

_HEARER: ContextVar[Hearer | None] = ContextVar("notes_hearer", default=None)


def note(name: str, fact: Fact) -> None:
    """Say what was found out, the stage first: ``shot.dtype``, ``upscale.prompt_read``."""
    if (hearer := _HEARER.get()) is not None:
        hearer(name, fact)


@contextlib.contextmanager
def noted(hearer: Hearer) -> Iterator[None]:
    """Hear what adapters note that are driven, or threads that are begun, while the block lasts."""
    token = _HEARER.set(hearer)
    try:
        yield
    finally:
        _HEARER.reset(token)
