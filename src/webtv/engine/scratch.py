"""The studio's scratch folder: a place for each piece of work, gone with it or with the next start."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


class Scratch:
    """Folders for work in progress. Several processes may share one.

    Args:
        folder: on the same file system as storage, so that what is finished need not be copied.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def workplace(self) -> Iterator[Path]:
        """An empty folder for as long as the block lasts."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Named by process, so that what a killed one leaves is known for what it is.
        place = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._folder))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what killed processes left. Call it before this process has any work; blocks."""
        for place in self._folder.glob("*-*"):
            owner = place.name.partition("-")[0]
            # Nothing is at work yet in this process, so what bears its number is of an earlier one.
            if owner == str(os.getpid()) or not _lives(owner):
                shutil.rmtree(place, ignore_errors=True)


def thin(folder: Path, keep: int) -> None:
    """Remove all but the latest notes (``.json``) of a folder, and the clips that go with the others."""
    with contextlib.suppress(OSError):  # another process may be at it, too
        notes = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        for note in notes[:-keep]:
            note.with_suffix(".mp4").unlink(missing_ok=True)
            note.unlink(missing_ok=True)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
