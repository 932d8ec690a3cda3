"""Reruns that the head-end finds when nobody feeds it: whole sequences out of its own as-run log."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

from webtv.clips.clip import Kind
from webtv.playlist.asrun import AsRunLog
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import read_entries, rebase


class RerunPool:
    """The sequences that have aired whole, and when each did last.

    The one that rested longest comes next, with some chance among the oldest third, so that a week of
    reruns is not the same loop every hour.

    Args:
        noise: randomness, passed in.
    """

    def __init__(self, noise: random.Random) -> None:
        self._noise = noise
        self._parts: dict[str, dict[int, Entry]] = {}
        self._last: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return sum(1 for seq in self._last if self._whole(seq))

    def learn(self, entries: Iterable[Entry]) -> None:
        """Remember where the clips of sequences are."""
        for entry in entries:
            if entry.seq and entry.kind in (Kind.NEW, Kind.RERUN):
                self._parts.setdefault(entry.seq, {})[entry.pos] = entry

    def aired(self, seq: str) -> None:
        """A clip of this sequence went out just now."""
        if seq:
            self._count += 1
            self._last[seq] = self._count

    def next_sequence(self, usable: Callable[[Entry], bool]) -> list[Entry]:
        """A whole sequence whose clips are all usable, best rested first; empty if there is none."""
        rested = sorted((seq for seq in self._last if self._whole(seq)), key=self._last.__getitem__)
        while rested:
            seq = rested.pop(self._noise.randrange(max(1, len(rested) // 3)))
            parts = self._parts[seq]
            entries = [parts[pos] for pos in sorted(parts)]
            if all(map(usable, entries)):
                return entries
        return []

    def _whole(self, seq: str) -> bool:
        parts = self._parts.get(seq)
        return parts is not None and len(parts) == next(iter(parts.values())).of


def load_pool(noise: random.Random, log: AsRunLog, playlist: Path, archive: Path, days: int = 8) -> RerunPool:
    """Build the pool from the latest days: playlists tell where clips are, the log what aired."""
    pool = RerunPool(noise)
    sequence_of: dict[str, str] = {}
    folder = playlist.parent
    for path in [*sorted(archive.glob("*.ffconcat"))[-days:], playlist]:
        entries = [rebase(entry, path.parent, folder) for entry in read_entries(path)]
        pool.learn(entries)
        sequence_of.update((entry.clip, entry.seq) for entry in entries)
    for airing in log.read(days):
        pool.aired(sequence_of.get(airing.clip, ""))
    return pool
