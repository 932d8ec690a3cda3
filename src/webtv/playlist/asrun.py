"""The as-run log: what really aired, when, to the frame. One JSON line per airing, one file per UTC day."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webtv.clips.clip import Kind

_TAIL = 8192  # bytes in which at least one whole line stands


@dataclass(frozen=True, slots=True)
class Airing:
    """One line of the as-run log.

    Attributes:
        n: number of the playlist entry, or None for filler that the head-end chose itself.
        clip: id of the clip.
        kind: why it aired.
        start_frame: frame of the channel's timeline at which it began.
        frames: frames that aired.
        utc: when it began, ISO 8601 with milliseconds.
        cut: whether it was ended before its last frame.
    """

    n: int | None
    clip: str
    kind: Kind
    start_frame: int
    frames: int
    utc: str
    cut: bool

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Airing":
        """The inverse of :func:`dataclasses.asdict`.

        Raises:
            ValueError, TypeError, KeyError, OverflowError: this is not an airing.
        """
        return cls(
            n=None if data["n"] is None else int(data["n"]),
            clip=str(data["clip"]),
            kind=Kind(data["kind"]),
            start_frame=int(data["start_frame"]),
            frames=int(data["frames"]),
            utc=utc_text(utc_seconds(data["utc"])),
            cut=bool(data["cut"]),
        )


def utc_text(seconds: float) -> str:
    """ISO 8601 with milliseconds and Z, as in EXT-X-PROGRAM-DATE-TIME."""
    moment = datetime.fromtimestamp(round(seconds * 1000) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_seconds(text: str) -> float:
    """The inverse of :func:`utc_text`."""
    return datetime.fromisoformat(text).timestamp()


class AsRunLog:
    """Appends airings of one channel; survives the end of the process at any byte.

    Args:
        folder: ``DATA/asrun/{channel}``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, airing: Airing) -> None:
        """Write one line.

        Raises:
            OSError: the disk does not take it, and the log is as it was; the caller airs on.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{airing.utc[:10]}.jsonl"
        line = json.dumps(asdict(airing), ensure_ascii=False, separators=(",", ":"))
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            rest = memoryview((("\n" if torn else "") + line + "\n").encode())
            try:
                while rest:  # a disk that becomes full takes a part of it without a word
                    rest = rest[os.write(handle, rest) :]
            except OSError:
                os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)

    def read(self, days: int = 8) -> Iterator[Airing]:
        """Airings of the latest ``days`` files, oldest first; unusable lines are passed over."""
        for path in self.files()[-days:]:
            with path.open("rb") as file:
                yield from _airings(file)

    def tail(self, size: int) -> list[Airing]:
        """Airings in the last ``size`` bytes of the two latest files, oldest first; quick on a long log."""
        airings: list[Airing] = []
        for path in reversed(self.files()[-2:]):
            with path.open("rb") as file:
                length = path.stat().st_size
                file.seek(max(0, length - size))
                airings = [*_airings(file), *airings]
            size -= length
            if size <= 0:
                break
        return airings

    def last(self) -> Airing | None:
        """The latest airing."""
        airings = self.tail(_TAIL)
        return airings[-1] if airings else None

    def files(self) -> list[Path]:
        """The log's files, oldest first."""
        return sorted(self._folder.glob("*.jsonl"))


class AsRunFollower:
    """Hands out each airing once, as the log grows.

    Args:
        log: the log to follow.
        days: how far back the first look goes.
    """

    def __init__(self, log: AsRunLog, days: int = 2) -> None:
        self._log = log
        self._days = days
        self._done: dict[str, int] = {}

    def fresh(self) -> list[Airing]:
        """What was written since the last look; a line without its end is left for the next one."""
        found: list[Airing] = []
        for path in self._log.files()[-self._days :]:
            start = self._done.get(path.name, 0)
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._done[path.name] = start + len(whole)
            found.extend(_airings(whole.splitlines()))
        return found


def _airings(lines: Iterable[bytes]) -> Iterator[Airing]:
    for line in lines:
        try:
            yield Airing.from_json(json.loads(line))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            continue  # torn by a process that was killed, or written by somebody else
