"""The C library's allocator, fitted to processes that live for months."""

import contextlib
import ctypes

_TRIM, _LARGE, _ARENAS = -1, -3, -8  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of malloc.h
_WHOLE = 256 * 1024  # bytes from which a block is the system's: clips, beds and GOPs come and go whole


def give_memory_back(arenas: int) -> None:
    """Let glibc return what is not needed any more; nothing happens with another C library.

    Left alone, it keeps eight arenas per core, each of which holds on to what it once needed, and raises the
    size from which blocks are returned to that of the largest that it has seen, which leaves holes. Giving
    the limits keeps it from moving them.

    Args:
        arenas: how many threads may allocate without waiting for each other.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENAS, arenas)
        library.mallopt(_LARGE, _WHOLE)
        library.mallopt(_TRIM, 2 * _WHOLE)
