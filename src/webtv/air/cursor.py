"""The durable cursor: where a channel's timeline stands, so that the next process goes on there."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtv.core.errors import InputError
from webtv.core.files import write_atomically
from webtv.core.format import house_format
from webtv.playlist.entry import Entry

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the timeline stands after the last slice that went out.

    Attributes:
        epoch: UTC second of frame 0; fixed, unless the wall clock is set back between two processes.
        frame: the next frame to go out.
        n: number of the latest playlist entry that went on air.
        entry: what is on air, or None.
        entry_start: frame at which it began.
        listed: whether it came from the playlist (and not from the head-end's own filler).
        format: the channel's house format; a cursor of another format is not followed.
        audio: how its sound was made; made in another way, it does not go on but is joined.
    """

    epoch: float
    frame: int
    n: int
    entry: Entry | None
    entry_start: int
    listed: bool
    format: str
    audio: str = "mixed"

    @property
    def entry_aired(self) -> int:
        """Frames of the entry that have gone out."""
        return self.frame - self.entry_start

    def save(self, path: Path) -> None:
        """Replace the file. Not synced: it must survive the process, and after a power cut a little less."""
        entry = {**self.entry.to_json(), "file": self.entry.file} if self.entry else None
        data: dict[str, Any] = {
            "version": _VERSION,
            "epoch": self.epoch,
            "frame": self.frame,
            "n": self.n,
            "entry": entry,
            "entry_start": self.entry_start,
            "listed": self.listed,
            "format": self.format,
            "audio": self.audio,
        }
        write_atomically(path, json.dumps(data, ensure_ascii=False).encode(), durable=False)


def load_cursor(path: Path) -> Cursor | None:
    """Read a cursor; None if there is none or it is unusable (the channel then begins anew)."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != _VERSION:
            return None
        cursor = Cursor(
            epoch=float(data["epoch"]),
            frame=int(data["frame"]),
            n=int(data["n"]),
            entry=_entry(data["entry"]) if data["entry"] else None,
            entry_start=int(data["entry_start"]),
            listed=bool(data["listed"]),
            format=str(data["format"]),
            audio=str(data.get("audio", "mixed")),
        )
        gop = house_format(cursor.format).gop
    except (OSError, ValueError, KeyError, TypeError, OverflowError, InputError):
        return None
    usable = math.isfinite(cursor.epoch) and 0 <= cursor.entry_start <= cursor.frame
    return cursor if usable and cursor.frame % gop == 0 == cursor.entry_start % gop else None


def _entry(data: dict[str, Any]) -> Entry:
    # What the head-end chose itself stands in no playlist and has the number 0.
    number = int(data["n"])
    return Entry.from_json({**data, "n": max(1, number)}, str(data["file"])).numbered(number)
