"""Arrays handed to another process: written once into anonymous memory, sealed, and mapped where they arrive.

Nothing has a name, so nothing is left behind by a kill; and because the seals forbid to shrink it and to
open it for writing again, the other side may map it without copying and without fear of SIGBUS. Memory of
this kind is bounded by the machine (or its cgroup), not by the size of ``/dev/shm``. Linux 5.1 or newer.
"""

import contextlib
import fcntl
import math
import mmap
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import ComponentError, InternalError, ResourceError

Array = NDArray[Any]

DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "uint8": np.dtype(np.uint8),
    "float32": np.dtype(np.float32),
}
MOST_DIMENSIONS = 4
_PLACE = "studio.hosting"
_PIECE = 1 << 30  # Linux writes at most 2 GiB - 4 KiB at a time
# F_SEAL_WRITE would wait for every page that somebody refers to, the kernel's own lists included, and on a
# busy machine it fails with EBUSY at times. This one (Python has no name for it before 3.13) forbids the same
# to whoever does not hold a mapping already; the size is what safety hangs on.
_F_SEAL_FUTURE_WRITE = 0x10


def expect_memfd() -> None:
    """Say so if this system cannot hand memory over.

    Raises:
        ComponentError: it has no sealed memory.
    """
    if not (hasattr(os, "memfd_create") and hasattr(fcntl, "F_ADD_SEALS")):
        raise ComponentError(
            "this system has no sealed memory (memfd), which hosted models need",
            place=_PLACE,
            remedy="run models on Linux, or use adapters that need no child",
        )


def size_of(dtype: str, shape: Sequence[int]) -> int:
    """Bytes of such an array.

    Raises:
        InternalError: it is none that may be handed over.
    """
    sane = len(shape) <= MOST_DIMENSIONS and all(type(side) is int and 1 <= side < 1 << 31 for side in shape)
    if dtype not in DTYPES or not shape or not sane:
        raise InternalError(f"{dtype} {list(shape)} is no array that may be handed over", place=_PLACE)
    return math.prod(shape) * DTYPES[dtype].itemsize


def seal(array: Array) -> int:
    """Copy an array into sealed memory and return its descriptor, which the caller closes.

    Raises:
        InternalError: not uint8 or float32, empty, or of too many dimensions.
        ComponentError: the system has no sealed memory.
        ResourceError: out of memory or descriptors.
    """
    expect_memfd()
    size_of(array.dtype.name, array.shape)
    try:
        # Written rather than mapped and copied: pages are filled without being cleared and faulted in first.
        descriptor = os.memfd_create("webtv", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            rest = np.ascontiguousarray(array).data.cast("B")
            while rest:
                rest = rest[os.write(descriptor, rest[:_PIECE]) :]
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _seals() | fcntl.F_SEAL_SEAL)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise ResourceError(
            f"frames cannot be handed over: {error.strerror}",
            place=_PLACE,
            remedy="give the machine more memory, or run fewer models at once",
        ) from error
    return descriptor


def _seals() -> int:
    return fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | _F_SEAL_FUTURE_WRITE


def unseal(descriptor: int, dtype: str, shape: Sequence[int], *, most: int) -> Array:
    """Map what arrived; the descriptor is closed in any case.

    Returns:
        The array: the sender's memory, private where it is written to. It keeps a descriptor of its own until
        it is let go.

    Raises:
        InternalError: it is not what the sender says: dtype, shape, size or seals.
        ResourceError: out of memory or descriptors.
    """
    try:
        size = size_of(dtype, shape)
        if size > most:
            raise InternalError(f"{size} bytes arrived, and {most} is the most", place=_PLACE)
        seals = -1
        with contextlib.suppress(OSError):  # raised by what is no sealed memory, such as a file or a pipe
            seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        if seals < 0 or seals & _seals() != _seals():
            raise InternalError("memory arrived that its sender can still change", place=_PLACE)
        there = os.fstat(descriptor).st_size
        if there != size:
            raise InternalError(f"{there} bytes arrived where {size} were announced", place=_PLACE)
        try:
            mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)
        except OSError as error:
            raise ResourceError(
                f"frames cannot be mapped: {error.strerror}",
                place=_PLACE,
                remedy="raise the limit of open files, or give the machine more memory",
            ) from error
        return np.frombuffer(mapped, DTYPES[dtype]).reshape(tuple(shape))
    finally:
        os.close(descriptor)
