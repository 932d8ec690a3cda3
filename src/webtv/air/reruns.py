"""Reruns that the head-end finds when nobody feeds it: whole sequences that it has aired before."""

import random
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from webtv.clips.clip import Kind
from webtv.playlist.asrun import AsRunLog, utc_seconds
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import read_entries, rebase

_SEQUENCES = 1000  # that are remembered: hours of programme, and little memory
_DAYS = 8
_LOG = 1 << 20  # bytes of the as-run log that are looked at: some hours


class RerunPool:
    """The sequences that have aired whole, and when each did last.

    The one that rested longest comes next, with some chance among the oldest third, so that a week of
    reruns is not the same loop every hour. May be used from several threads.

    Args:
        noise: randomness, passed in.
    """

    def __init__(self, noise: random.Random) -> None:
        self._noise = noise
        self._parts: dict[str, dict[int, Entry]] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return sum(map(self._whole, self._last))

    def aired(self, entry: Entry, at: float) -> None:
        """A clip went out.

        Args:
            entry: with paths relative to the playlists folder.
            at: UTC second, or anything smaller that sorts if only the order is known.
        """
        if not entry.seq or entry.kind not in (Kind.NEW, Kind.RERUN):
            return
        with self._lock:
            self._parts.setdefault(entry.seq, {})[entry.pos] = entry
            self._last[entry.seq] = max(at, self._last.get(entry.seq, at))
            if len(self._last) > _SEQUENCES:
                oldest = min(self._last, key=self._last.__getitem__)
                del self._last[oldest], self._parts[oldest]

    def recall(self, entries: Iterable[Entry], log: AsRunLog) -> None:
        """Begin with what the playlist still lists of the past; the log tells when it last aired.

        Args:
            entries: that have aired, with paths relative to the playlists folder.
            log: the channel's as-run log.
        """
        seq_of: dict[str, str] = {}
        for entry in entries:
            self.aired(entry, float(entry.n))
            seq_of[entry.clip] = entry.seq
        airings = [(seq_of[a.clip], a.utc) for a in log.tail(_LOG) if a.clip in seq_of]
        with self._lock:
            for seq, utc in airings:
                if seq in self._last:
                    self._last[seq] = max(self._last[seq], utc_seconds(utc))

    def deepen(self, archive: Path, folder: Path, log: AsRunLog) -> None:
        """Add what the archived playlists of the latest days list, the youngest first; takes a while.

        Args:
            archive: folder of the archived playlists.
            folder: playlists folder, which paths become relative to.
            log: the channel's as-run log.
        """
        found: list[Entry] = []
        known: set[str] = set()
        for path in sorted(archive.glob("*.ffconcat"), reverse=True)[:_DAYS]:
            if len(self._last) + len(known) >= _SEQUENCES:
                break
            entries = read_entries(path)
            found.extend(rebase(entry, archive, folder) for entry in entries)
            known.update(entry.seq for entry in entries)
        self.recall(found, log)

    def next_sequence(self, usable: Callable[[Entry], bool]) -> list[Entry]:
        """A whole sequence whose clips are all usable, best rested first; empty if there is none."""
        with self._lock:
            rested = sorted(filter(self._whole, self._last), key=self._last.__getitem__)
        while rested:
            entries = self.sequence(rested.pop(self._noise.randrange(max(1, len(rested) // 3))))
            if all(map(usable, entries)):
                return entries
        return []

    def sequence(self, seq: str) -> list[Entry]:
        """What is known of a sequence, in order."""
        with self._lock:
            parts = self._parts.get(seq, {})
            return [parts[pos] for pos in sorted(parts)]

    def _whole(self, seq: str) -> bool:
        parts = self._parts[seq]
        return len(parts) == next(iter(parts.values())).of
