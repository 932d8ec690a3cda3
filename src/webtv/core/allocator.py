"""The C library's allocator, fitted to processes that live for months."""

import contextlib
import ctypes

_TRIM, _LARGE, _ARENAS = -1, -3, -8  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of malloc.h
WHOLE = 256 * 1024  # bytes from which a block is the system's: clips, beds and GOPs come and go whole
CHUNKS = 4 * 1024 * 1024  # the same where pictures are made: single frames come and go too often for that

_KEPT = 32 * 1024 * 1024  # what a maker of pictures keeps between frames: asking again costs page faults


def trim() -> None:
    """Give back what a piece of work has left behind; for the moment after it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def give_memory_back(arenas: int, large: int = WHOLE) -> None:
    """Let glibc return what is not needed any more; nothing happens with another C library.

    Left alone, it keeps eight arenas per core, each of which holds on to what it once needed, and raises the
    size from which blocks are returned to that of the largest that it has seen, which leaves holes. Giving
    the limits keeps it from moving them.

    Args:
        arenas: how many threads may allocate without waiting for each other.
        large: bytes from which a block is taken from the system and given back to it.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENAS, arenas)
        library.mallopt(_LARGE, large)
        library.mallopt(_TRIM, 2 * WHOLE if large == WHOLE else _KEPT)
