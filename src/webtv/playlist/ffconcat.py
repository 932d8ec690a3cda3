"""The playlist file: one ffconcat file per channel, tailed by the head-end, written by the control plane.

FFmpeg reads an ffconcat once, at open; so the head-end reads it itself (:class:`PlaylistReader`), by
entry number. The file stays playable as it stands: ``ffmpeg -f concat -safe 0 -i FILE``.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from webtv.core.errors import ConflictError, InputError
from webtv.core.files import write_atomically
from webtv.playlist.entry import Entry, encode_entry

HEADER = "ffconcat version 1.0\n"
_MARK = "# webtv "
_MAX_LINE = 64 * 1024


def parse_lines(lines: Iterable[str], complain: Callable[[str], None]) -> list[Entry]:
    """Entries of the given lines; what is unusable is reported and passed over.

    Args:
        lines: complete lines of an ffconcat file, without line ends.
        complain: takes one sentence for each unusable entry.
    """
    entries: list[Entry] = []
    comment: str | None = None
    for line in lines:
        if len(line) > _MAX_LINE:
            complain(f"a line of {len(line)} characters was passed over")
            comment = None
        elif line.startswith(_MARK):
            comment = line[len(_MARK) :]
        elif line.startswith("file ") and comment is not None:
            try:
                data = json.loads(comment)
                if not isinstance(data, dict):
                    raise InputError("an entry's comment is not an object")
                entry = Entry.from_json(data, _unquote(line[5:].strip()))
                if entries and entry.n <= entries[-1].n:
                    raise InputError(f"entry {entry.n} comes after entry {entries[-1].n}")
                entries.append(entry)
            except (ValueError, RecursionError, InputError) as error:
                complain(str(error))
            comment = None
    return entries


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == "'" == text[-1]:
        return text[1:-1].replace("'\\''", "'")
    return text


def read_entries(path: Path, complain: Callable[[str], None] = lambda _: None) -> list[Entry]:
    """All entries of a playlist file; an absent file has none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return parse_lines(text[: text.rfind("\n") + 1].split("\n"), complain)


class PlaylistReader:
    """Follows a playlist file that grows or is replaced; never raises for what stands in it.

    A line without its line end is left for the next look, so a half-written append is harmless.

    Args:
        path: the file; it may not exist yet.
        complain: takes one sentence per unusable entry.
    """

    def __init__(self, path: Path, complain: Callable[[str], None] = lambda _: None) -> None:
        self._path = path
        self._complain = complain
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        self._carry: str | None = None
        self.entries: list[Entry] = []

    def refresh(self) -> bool:
        """Look at the file again; True if the known entries changed."""
        try:
            with self._path.open("rb") as file:
                stat = os.fstat(file.fileno())
                identity = (stat.st_dev, stat.st_ino)
                appended = identity == self._identity and stat.st_size >= self._offset
                if appended and stat.st_size == self._offset:
                    return False
                if not appended:
                    self._offset, self._carry = 0, None
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            changed = bool(self.entries)
            self.entries, self._identity, self._offset = [], None, 0
            return changed
        except OSError as error:
            self._complain(f"{self._path.name} cannot be read ({error.strerror})")
            return False
        self._identity = identity
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode(errors="replace").split("\n")[:-1]
        if self._carry is not None:
            lines.insert(0, self._carry)
        # A comment whose `file` line has not been written yet is carried to the next look.
        self._carry = lines[-1] if lines and lines[-1].startswith(_MARK) else None
        self._offset += len(whole)
        found = parse_lines(lines, self._complain)
        if appended:
            last = self.entries[-1].n if self.entries else 0
            fresh = [entry for entry in found if entry.n > last]
            self.entries.extend(fresh)
            return bool(fresh)
        changed = found != self.entries
        self.entries = found
        return changed

    def after(self, n: int) -> Entry | None:
        """The first entry with a number above ``n``, or None."""
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            if self.entries[middle].n <= n:
                low = middle + 1
            else:
                high = middle
        return self.entries[low] if low < len(self.entries) else None


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
        self._entries = read_entries(path)
        if not path.exists():
            write_atomically(path, HEADER.encode())
        elif not path.read_bytes().endswith(b"\n"):
            self._rewrite(self._entries)  # a torn append of a process that was killed

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
        """The number that the next entry gets."""
        return self._entries[-1].n + 1 if self._entries else 1

    def ahead(self, n: int) -> list[Entry]:
        """Entries after number ``n``."""
        return [entry for entry in self._entries if entry.n > n]

    def append(self, entries: Sequence[Entry]) -> list[Entry]:
        """Number the entries and append them durably in one write; returns them numbered."""
        if not entries:
            return []
        numbered = [entry.numbered(self.next_n + i) for i, entry in enumerate(entries)]
        with self._path.open("ab") as file:
            file.write("".join(map(encode_entry, numbered)).encode())
            file.flush()
            os.fsync(file.fileno())
        self._entries.extend(numbered)
        return numbered

    def replace_after(self, locked: int, entries: Sequence[Entry]) -> list[Entry]:
        """Put other entries after the lock horizon, atomically; returns them numbered.

        Numbers of entries that fall away are not used again.

        Args:
            locked: number of the last entry that must stay.
            entries: what follows it now.

        Raises:
            ConflictError: ``locked`` lies beyond the end of the file.
        """
        if locked >= self.next_n:
            raise ConflictError(
                f"entry {locked} is not in the playlist yet", place=self._path.name, remedy="read it again"
            )
        first = self.next_n
        numbered = [entry.numbered(first + i) for i, entry in enumerate(entries)]
        self._rewrite([entry for entry in self._entries if entry.n <= locked] + numbered)
        return numbered

    def rotate(self, aired: int, now: float, keep: int = 50) -> int:
        """Move entries that have aired to the day's archive, except the latest ``keep``; returns how many.

        Args:
            aired: number of the last entry that has aired.
            now: seconds since 1970 UTC; names the archive's day.
            keep: entries that stay before the cursor, for pages and resumption.
        """
        old = [entry for entry in self._entries if entry.n <= aired][:-keep]
        if not old:
            return 0
        self._archive.mkdir(parents=True, exist_ok=True)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        target = self._archive / f"{day}.ffconcat"
        known = read_entries(target)
        last = known[-1].n if known else 0
        # Paths in the archive are relative to its own folder, so that it plays as it stands, too.
        folder = self._path.parent
        moved = [rebase(entry, folder, self._archive) for entry in old if entry.n > last]
        write_atomically(target, (HEADER + "".join(map(encode_entry, [*known, *moved]))).encode())
        self._rewrite(self._entries[len(old) :])
        return len(old)

    def _rewrite(self, entries: list[Entry]) -> None:
        write_atomically(self._path, (HEADER + "".join(map(encode_entry, entries))).encode())
        self._entries = entries


def rebase(entry: Entry, base: Path, folder: Path) -> Entry:
    """The entry with its paths, written relative to ``base``, made relative to ``folder``."""

    def moved(path: str) -> str:
        return os.path.relpath(os.path.normpath(base / path), folder)

    return replace(entry, file=moved(entry.file), bed=moved(entry.bed) if entry.bed else None)
