"""Content-addressed files: named by their SHA-256, complete or absent, never changed."""

import asyncio
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webtv.core.errors import InputError, ResourceError
from webtv.core.files import sha256_of, sync_folder

CLIP = "mp4"
BED = "flac"
POSTER = "jpg"
PICTURE = "png"

_SHA = re.compile(r"[0-9a-f]{64}")
_EXT = re.compile(r"[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage.

    Attributes:
        sha: SHA-256 of its bytes in hexadecimal.
        ext: extension without a dot.
        bytes: size.
        path: where it lies; read it, never write it.
    """

    sha: str
    ext: str
    bytes: int
    path: Path


class Storage:
    """Files under ``ROOT/ab/<sha256>.<ext>``. Blocking work is done in threads.

    Args:
        root: folder; made when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha: str, ext: str) -> Path:
        """Where such a file lies or would lie.

        Raises:
            InputError: this is no SHA-256 or no extension.
        """
        if not _SHA.fullmatch(sha) or not _EXT.fullmatch(ext):
            raise InputError(f"{sha}.{ext} is no name of a stored file")
        return self.root / sha[:2] / f"{sha}.{ext}"

    async def add(self, source: Path, ext: str) -> StoredFile:
        """Move a finished file in; it survives a power cut once this returns.

        The same bytes twice are one file. ``source`` is gone afterwards; on the same disk it is not copied.

        Raises:
            ResourceError: the disk is full; nothing is left half written.
            OSError: as the system says.
        """
        return await asyncio.to_thread(self._add, source, ext)

    async def remove(self, sha: str, ext: str) -> bool:
        """Delete a file; False if it was not there."""
        return await asyncio.to_thread(_unlink, self.path(sha, ext))

    def free(self) -> int:
        """Bytes that the station may still write on this disk."""
        folder = self.root
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def files(self) -> Iterator[StoredFile]:
        """Every file, in no order; what does not look like one of ours is passed over."""
        if not self.root.is_dir():
            return
        for folder in self.root.iterdir():
            if len(folder.name) != 2 or not folder.is_dir():
                continue
            for path in folder.iterdir():
                sha, _, ext = path.name.partition(".")
                if _SHA.fullmatch(sha) and _EXT.fullmatch(ext):
                    try:
                        size = path.stat().st_size
                    except FileNotFoundError:  # removed while we look
                        continue
                    yield StoredFile(sha, ext, size, path)

    def _add(self, source: Path, ext: str) -> StoredFile:
        size = source.stat().st_size
        sha = sha256_of(source)
        target = self.path(sha, ext)
        try:
            if target.exists():
                os.utime(target)  # young again, so that no sweep takes it before it is catalogued
                source.unlink()
            else:
                self._move(source, target)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ResourceError(
                    "the disk of the library is full",
                    place=str(self.root),
                    remedy="free some space, or set WEBTV_LIBRARY_GB lower",
                ) from error
            raise
        return StoredFile(sha, ext, size, target)

    def _move(self, source: Path, target: Path) -> None:
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self.root)
        try:
            _settle(source)
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(source, target)  # from another disk
            source.unlink()
        sync_folder(target.parent)


def _settle(path: Path) -> None:
    """Readable by other accounts (a web server, say), and on the disk itself."""
    path.chmod(0o644)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(source: Path, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".incoming.")
    os.close(handle)
    try:
        shutil.copyfile(source, name)
        _settle(Path(name))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
