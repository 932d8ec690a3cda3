"""The playlist file: one ffconcat file per channel, tailed by the head-end, written by the control plane.

FFmpeg reads an ffconcat once, at open; so the head-end reads it itself (:class:`PlaylistReader`), by
entry number. The file stays playable as it stands: ``ffmpeg -f concat -safe 0 -i FILE``.
"""

import json
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from webtv.core.errors import ConflictError, InputError
from webtv.core.files import write_atomically
from webtv.playlist.entry import Entry, encode_entry

HEADER = "ffconcat version 1.0\n"
_MARK = b"# webtv "
_FILE = b"file "
_NEXT = re.compile(rb"# next (\d{1,18})\n")  # second line, where the last entry does not tell the next number
_MAX_LINE = 64 * 1024
_TAIL = 1024  # bytes by which a file is known again

Complain = Callable[[str], None]


def _ignore(_: str) -> None:
    """Nobody wants to hear it."""


def _scan(file: BinaryIO, complain: Complain, last: int = 0) -> tuple[list[Entry], int]:
    """Read entries from the file's position on; what is unusable is reported and passed over.

    Args:
        file: an ffconcat file.
        complain: takes one sentence for each unusable entry.
        last: number of the entry before; numbers must grow.

    Returns:
        The entries, and the offset behind what was understood: a line without its end, and a comment
        whose ``file`` line has not been written yet, are left for the next time.
    """
    entries: list[Entry] = []
    comment: bytes | None = None
    at = understood = file.tell()
    while line := file.readline(_MAX_LINE):
        start, at = at, at + len(line)
        if not line.endswith(b"\n"):
            length = len(line)
            while (rest := file.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
                length += len(rest)
            if not rest:
                break
            at += length - len(line) + len(rest)
            complain(f"a line of {length + len(rest)} bytes was passed over")
            comment = None
        elif line.startswith(_MARK):
            comment = line[len(_MARK) :]
            understood = start
            continue
        elif line.startswith(_FILE) and comment is not None:
            try:
                entry = _entry(comment, line)
                if entry.n <= last:
                    raise InputError(f"entry {entry.n} comes after entry {last}")
                entries.append(entry)
                last = entry.n
            except (ValueError, RecursionError, InputError) as error:
                complain(str(error))
            comment = None
        if comment is None:
            understood = at
    return entries, understood


def _entry(comment: bytes, line: bytes) -> Entry:
    data = json.loads(comment.decode(errors="replace"))
    if not isinstance(data, dict):
        raise InputError("an entry's comment is not an object", remedy="write it as docs/formats.md shows")
    text = line[len(_FILE) :].decode(errors="replace").strip()
    if len(text) >= 2 and text[0] == "'" == text[-1]:
        text = text[1:-1].replace("'\\''", "'")
    return Entry.from_json(data, text)


def read_entries(path: Path, complain: Complain = _ignore) -> list[Entry]:
    """All entries of a playlist file; an absent file has none."""
    try:
        with path.open("rb") as file:
            return _scan(file, complain)[0]
    except FileNotFoundError:
        return []


class PlaylistReader:
    """Follows a playlist file that grows or is replaced; never raises for what stands in it.

    A half-written append is harmless: an entry counts once both of its lines have their ends.

    Args:
        path: the file; it may not exist yet.
        complain: takes one sentence per unusable entry.
    """

    def __init__(self, path: Path, complain: Complain = _ignore) -> None:
        self._path = path
        self._complain = complain
        self._seen: tuple[int, ...] | None = None
        self._offset = 0
        self._tail = b""
        self.entries: list[Entry] = []

    def refresh(self) -> bool:
        """Look at the file again; True if the known entries changed."""
        try:
            with self._path.open("rb") as file:
                stat = os.fstat(file.fileno())
                seen = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
                if seen == self._seen:
                    return False
                changed = self._follow(file)
                self._seen = seen
                return changed
        except FileNotFoundError:
            changed = bool(self.entries)
            self.entries, self._seen, self._offset, self._tail = [], None, 0, b""
            return changed
        except OSError as error:
            self._complain(f"{self._path.name} cannot be read ({error.strerror})")
            return False

    def _follow(self, file: BinaryIO) -> bool:
        # The inode would not tell: a replaced file soon gets the number of one that is gone. But numbers
        # never repeat, so where the last known entry still stands in its place, so does what is before it.
        file.seek(self._offset - len(self._tail))
        grown = bool(self._tail) and file.read(len(self._tail)) == self._tail
        start = self._offset if grown else 0
        file.seek(start)
        last = self.entries[-1].n if grown and self.entries else 0
        found, self._offset = _scan(file, self._complain, last)
        if self._offset > start or not grown:
            file.seek(max(0, self._offset - _TAIL))
            self._tail = file.read(self._offset - file.tell())
        if grown:
            self.entries.extend(found)
            return bool(found)
        changed = found != self.entries
        self.entries = found
        return changed

    def after(self, n: int) -> Entry | None:
        """The first entry with a number above ``n``, or None."""
        at = bisect_right(self.entries, n, key=_number)
        return self.entries[at] if at < len(self.entries) else None


class Playlist:
    """The writing side; one process (the control plane) holds it.

    Args:
        path: the ffconcat file.
        archive: folder that takes rotated entries as ``YYYY-MM-DD.ffconcat``.
    """

    def __init__(self, path: Path, archive: Path) -> None:
        self._path = path
        self._archive = archive
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._entries: list[Entry] = []
        self._next = 1
        self._seen: tuple[int, ...] | None = None
        if self._read():
            self._rewrite(self._entries)  # a new file, or what a process that was killed left of one
        self._seen = _signature(path)

    @property
    def path(self) -> Path:
        """The ffconcat file."""
        return self._path

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything in the file, oldest first."""
        return self._entries

    @property
    def next_n(self) -> int:
        """The number that the next entry gets; never one that was used before."""
        return self._next

    def is_changed(self) -> bool:
        """Whether somebody else has changed, cut or removed the file since it was written or read here."""
        return _signature(self._path) != self._seen

    def restore(self) -> None:
        """Write the file as it is known here, whatever has become of it.

        Raises:
            OSError: the disk does not take it.
        """
        self._rewrite(self._entries)

    def number_from(self, n: int) -> None:
        """Give no later entry a number below ``n``: a lost file must not begin again behind the cursor."""
        self._next = max(self._next, n)

    def ahead(self, n: int) -> list[Entry]:
        """Entries after number ``n``."""
        return self._entries[bisect_right(self._entries, n, key=_number) :]

    def append(self, entries: Sequence[Entry]) -> list[Entry]:
        """Number the entries and append them durably in one write; returns them numbered.

        Raises:
            OSError: the disk does not take them; the file is as it was.
        """
        if not entries:
            return []
        numbered = self._numbered(entries)
        if self._path.exists():
            _append(self._path, _encoded(numbered))
            self._seen = _signature(self._path)
            self._entries.extend(numbered)
            self._next += len(numbered)
        else:
            self._rewrite([*self._entries, *numbered])
        return numbered

    def replace_after(self, locked: int, entries: Sequence[Entry]) -> list[Entry]:
        """Put other entries after the lock horizon, atomically; returns them numbered.

        Numbers of entries that fall away are not used again.

        Args:
            locked: number of the last entry that must stay.
            entries: what follows it now.

        Raises:
            ConflictError: ``locked`` lies beyond the end of the file.
            OSError: the disk does not take them; the file is as it was.
        """
        if locked >= self._next:
            raise ConflictError(
                f"entry {locked} is not in the playlist yet", place=self._path.name, remedy="read it again"
            )
        numbered = self._numbered(entries)
        self._rewrite([entry for entry in self._entries if entry.n <= locked] + numbered)
        return numbered

    def rotate(self, aired: int, now: float, keep: int = 50) -> int:
        """Move entries that have aired to the day's archive, except the latest ``keep``; returns how many.

        Args:
            aired: number of the last entry that has aired.
            now: seconds since 1970 UTC; names the archive's day.
            keep: entries that stay before the cursor, for pages and resumption.
        """
        old = self._entries[: max(0, bisect_right(self._entries, aired, key=_number) - keep)]
        if not old:
            return 0
        self._archive.mkdir(parents=True, exist_ok=True)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        target = self._archive / f"{day}.ffconcat"
        # A process that was killed in the midst of this has archived them already.
        last = self._archived()
        # Paths in the archive are relative to its own folder, so that it plays as it stands, too.
        folder = self._path.parent
        moved = [rebase(entry, folder, self._archive) for entry in old if entry.n > last]
        if target.exists():
            _append(target, _encoded(moved))
        else:
            write_atomically(target, HEADER.encode() + _encoded(moved))
        self._rewrite(self._entries[len(old) :])
        return len(old)

    def _read(self) -> bool:
        """Read the file; True if it must be written anew to be whole."""
        complaints: list[str] = []
        try:
            with self._path.open("rb") as file:
                whole = file.readline(_MAX_LINE) == HEADER.encode()
                mark = _NEXT.fullmatch(file.readline(_MAX_LINE))
                file.seek(0)
                self._entries, end = _scan(file, complaints.append)
                whole = whole and not complaints and end == file.seek(0, os.SEEK_END)
        except FileNotFoundError:
            mark, whole = None, False
        if self._entries:
            self._next = self._entries[-1].n + 1
        elif mark is None:
            self._next = self._archived() + 1
        if mark is not None:
            self._next = max(self._next, int(mark[1]))
        return not whole

    def _numbered(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry.numbered(n) for n, entry in enumerate(entries, self._next)]

    def _archived(self) -> int:
        """Number of the last entry in the archive, or 0."""
        for path in sorted(self._archive.glob("*.ffconcat"), reverse=True):
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 2 * _MAX_LINE))
                if entries := _scan(file, _ignore)[0]:
                    return entries[-1].n
        return 0

    def _rewrite(self, entries: list[Entry]) -> None:
        last = entries[-1].n if entries else 0
        following = max(self._next, last + 1)
        mark = f"# next {following}\n" if following != last + 1 else ""
        write_atomically(self._path, (HEADER + mark).encode() + _encoded(entries))
        self._seen = _signature(self._path)
        self._entries, self._next = entries, following


def rebase(entry: Entry, base: Path, folder: Path) -> Entry:
    """The entry with its paths, written relative to ``base``, made relative to ``folder``."""

    def moved(path: str) -> str:
        return os.path.relpath(os.path.normpath(base / path), folder)

    return replace(entry, file=moved(entry.file), bed=moved(entry.bed) if entry.bed else None)


def _signature(path: Path) -> tuple[int, ...] | None:
    """What changes with a file; None while there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _number(entry: Entry) -> int:
    return entry.n


def _encoded(entries: Iterable[Entry]) -> bytes:
    # A model may write half a surrogate pair into a title; a file cannot hold one.
    return "".join(map(encode_entry, entries)).encode(errors="replace")


def _append(path: Path, data: bytes) -> None:
    """Append all of it, durably, or nothing."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(handle).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)  # a torn entry would spoil the one that is appended next
            raise
    finally:
        os.close(handle)
