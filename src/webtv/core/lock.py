"""A file that one process at a time holds, with that process's id in it. The kernel lets go when it ends."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_TRIES = 20
_PAUSE = 0.01


class LockHeld(Exception):
    """Another process holds the lock.

    Attributes:
        pid: its process id, 0 if it has not written it yet.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} holds the lock")
        self.pid = pid


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file while the block lasts.

    Raises:
        LockHeld: another process does.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(handle):
            raise LockHeld(_written_pid(handle))
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(handle, 0)  # so that nobody ever reads the number of a process that is long gone
    finally:
        os.close(handle)


def holder_of(path: Path) -> int | None:
    """Process id of whoever holds a lock file, or None if nobody does."""
    try:
        handle = _open(path)
    except OSError:
        return None
    try:
        for _ in range(_TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if pid := _written_pid(handle):
                    return pid
                time.sleep(_PAUSE)  # it was taken this moment and its holder has not signed yet
            else:
                return None
        return None
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
        return os.open(path, os.O_RDONLY)  # a disk that has become read-only: the lock is held all the same


def _take(handle: int) -> bool:
    """Lock a file; somebody who only looks who holds it (:func:`holder_of`) is waited for."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _written_pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0
