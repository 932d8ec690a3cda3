"""What a child takes: its memory, and the device's as torch counts it."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from webtv.core.libraries import causes

_STATM = Path("/proc/self/statm")


def begin() -> None:
    """Count the peak of the device's memory anew, so that it is that of the next request."""
    cuda = _cuda()
    if cuda is None:
        return
    with contextlib.suppress(RuntimeError):  # the context has died; the request will say so
        for device in range(cuda.device_count()):
            cuda.reset_peak_memory_stats(device)


def taken() -> dict[str, int]:
    """Bytes of resident memory, of device memory held now, and of its peak since :func:`begin`.

    torch is asked only if something has loaded it and a device is in use: asking must start neither. It
    counts what its allocator reserved; the context of the device comes on top.
    """
    rss = 0
    if _STATM.exists():
        rss = int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    now, peak = _device()
    return {"rss": rss, "vram": now, "peak": peak}


def give_back() -> None:
    """Give the device memory that lies idle to whoever else needs it."""
    cuda = _cuda()
    if cuda is not None:
        cuda.empty_cache()


def _cuda() -> Any:
    try:
        cuda = sys.modules["torch"].cuda
        return cuda if cuda.is_initialized() else None
    except (KeyError, AttributeError):  # not imported, or just being imported by another thread
        return None


def _device() -> tuple[int, int]:
    cuda = _cuda()
    if cuda is None:
        return 0, 0
    try:
        devices = range(cuda.device_count())
        now = sum(int(cuda.memory_reserved(device)) for device in devices)
        return now, sum(int(cuda.max_memory_reserved(device)) for device in devices)
    except RuntimeError:  # the context has died; the request will say so, and a heartbeat must go on
        return 0, 0


def out_of_memory(error: BaseException) -> bool:
    """Whether memory, the device's or the machine's, is at the bottom of an error, however it was wrapped."""
    torch = sys.modules.get("torch")
    kinds = tuple(kind for kind in (MemoryError, getattr(torch, "OutOfMemoryError", None)) if kind)
    return any(isinstance(cause, kinds) for cause in causes(error))
