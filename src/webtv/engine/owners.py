"""Who holds leases, and whether they still live: each owner keeps a file locked until its process ends.

The kernel drops a lock when the last process that has the file open ends, however it ends: so a job of a
killed worker is free at once and not only after its lease.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from webtv.core.errors import ConflictError


class OwnerLock:
    """Holds ``FOLDER/OWNER.lock`` for as long as the block lasts.

    Give each life of a worker a name of its own. Children made by fork without exec inherit the lock.

    Args:
        folder: made if absent.
        owner: the name under which it leases jobs.

    Raises:
        ConflictError: on entering, if a living owner has this name.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self._folder = folder
        self._path = _lock_file(folder, owner)
        self._owner = owner
        self._handle: int | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Locked before it gets its name: nobody ever finds the file of a living owner unlocked.
        nameless = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(nameless, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not owner_is_alive(self._folder, self._owner):
                self._path.unlink(missing_ok=True)
            os.link(nameless, self._path)
        except (BlockingIOError, FileExistsError) as error:
            os.close(handle)
            raise ConflictError(
                f"another worker lives under the name {self._owner}", place=str(self._path)
            ) from error
        except BaseException:
            os.close(handle)
            raise
        finally:
            nameless.unlink(missing_ok=True)
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def owner_is_alive(folder: Path, owner: str) -> bool:
    """Whether an owner's process holds its lock."""
    try:
        handle = os.open(_lock_file(folder, owner), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def bury(folder: Path) -> list[str]:
    """Remove the lock files of the dead; call it after their jobs were released.

    Returns:
        The names of the dead.
    """
    owners = [path.name.removesuffix(".lock") for path in sorted(folder.glob("*.lock"))]
    dead = [owner for owner in owners if not owner_is_alive(folder, owner)]
    for owner in dead:
        with contextlib.suppress(FileNotFoundError):
            _lock_file(folder, owner).unlink()
    return dead


def _lock_file(folder: Path, owner: str) -> Path:
    return folder / f"{owner}.lock"
