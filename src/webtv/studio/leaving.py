"""Whether this process is about to end: what is begun elsewhere is then left to go on, not called off.

A lane that is told to stop cancels its work just as one whose job nobody wants any more. The difference
matters where somebody was paid: a job at another machine that is only waited for must not be cancelled there
because the station restarts; the next process asks for it again.
"""

_leaving = False


def begin() -> None:
    """Say that this process ends: before its work is cancelled. It cannot be taken back."""
    global _leaving
    _leaving = True


def is_leaving() -> bool:
    """Whether a cancellation means that this process ends, and not that nobody wants the work."""
    return _leaving


def reset() -> None:
    """Stay after all: for tests, whose processes go on."""
    global _leaving
    _leaving = False
