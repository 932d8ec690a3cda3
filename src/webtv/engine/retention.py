"""Retention: files named by their day, which a station that runs for years must not let grow."""

import contextlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from webtv.playlist.ffconcat import read_entries

KEEP_DAYS = 30

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_SECONDS = 86_400.0


def forget_days(data: Path, now: float, *, days: int = KEEP_DAYS) -> int:
    """Delete archived playlists and as-run logs of days long past; returns how many. Blocks.

    The latest file of each folder stays however old it is: numbers and places go on from there.

    Args:
        data: the station's data folder.
        now: seconds since 1970 UTC.
        days: how many days back are kept.
    """
    first = datetime.fromtimestamp(now - days * _DAY_SECONDS, UTC).date().isoformat()
    gone = 0
    for folders, pattern in ((data / "playlists" / "archive", "*.ffconcat"), (data / "asrun", "*.jsonl")):
        for folder in _folders(folders):
            dated = sorted(path for path in folder.glob(pattern) if _DAY.fullmatch(path.stem))
            for path in dated[:-1]:
                if path.stem >= first:
                    break
                with contextlib.suppress(OSError):  # another day, then
                    path.unlink()
                    gone += 1
    return gone


def listed_files(data: Path) -> frozenset[str]:
    """SHA-256 of every clip and bed that a playlist names, aired or not. Blocks."""
    names: set[str] = set()
    for path in (data / "playlists").glob("*.ffconcat"):
        for entry in read_entries(path):
            names.update(Path(name).stem for name in (entry.file, entry.bed) if name)
    return frozenset(names)


def _folders(parent: Path) -> Iterable[Path]:
    try:
        return [folder for folder in parent.iterdir() if folder.is_dir()]
    except OSError:
        return []
