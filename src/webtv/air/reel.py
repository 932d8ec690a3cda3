"""One file of a recording: fragmented MP4 that grows by a GOP at a time, and an index that tells its clips.

Nothing is held open between two GOPs, so whatever a process dies of, the file holds all that was written, and
the index tells where the last whole fragment ends.
"""

import json
import os
import struct
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from webtv.air.fmp4 import free_box, index_room, init_segment, segment_index
from webtv.air.slice import StreamHeader
from webtv.core.files import write_atomically
from webtv.core.format import GOP_SECONDS, VIDEO_TIMESCALE
from webtv.playlist.asrun import utc_text

_GOP_TICKS = GOP_SECONDS * VIDEO_TIMESCALE


@dataclass(frozen=True, slots=True)
class Fragment:
    """One GOP in the file.

    Attributes:
        at: byte at which it begins.
        bytes: its length.
        frame: its first frame on the channel's timeline.
        clip: what it shows; None once that was withdrawn.
    """

    at: int
    bytes: int
    frame: int
    clip: str | None


StandIn = Callable[[Fragment], bytes | None]
"""Makes what is put in a withdrawn fragment's place, if there is anything."""


class Reel:
    """A recorded file and its index beside it, ``.mp4`` and ``.jsonl``.

    Args:
        path: of the MP4.
        head: the first line of the index: ``format``, ``epoch``, ``frame``, ``utc``, ``index_at`` and
            ``index_bytes`` (room for a segment index), ``channel``.
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self.head = head
        self.fragments: list[Fragment] = []
        self.closed = False
        self._end = int(head["index_at"]) + int(head["index_bytes"])
        self._notes = 0  # bytes of the index

    @property
    def notes(self) -> Path:
        """The index."""
        return self.path.with_suffix(".jsonl")

    @property
    def frame(self) -> int:
        """Frame of the timeline at which its decode times are 0."""
        return int(self.head["frame"])

    @classmethod
    def begin(
        cls, path: Path, header: StreamHeader, epoch: float, frame: int, *, channel: str, gops: int
    ) -> Self:
        """Begin a file.

        Args:
            path: of the MP4; nothing may be there.
            header: the channel's stream header.
            epoch: UTC second of frame 0 of the timeline.
            frame: the first frame.
            channel: slug.
            gops: how many may be seeked to one by one; beyond it several share a place.

        Raises:
            OSError: the disk does not take it; nothing is left behind.
        """
        start = epoch + frame / header.format.fps
        init = init_segment(header, created=start)
        room = index_room(gops)
        head = {
            "channel": channel,
            "format": header.format.name,
            "epoch": epoch,
            "frame": frame,
            "utc": utc_text(start),
            "index_at": len(init),
            "index_bytes": room,
        }
        reel = cls(path, head)
        try:
            for file, data in ((path, init + free_box(room)), (reel.notes, _line(head))):
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
                _extend(file, 0, data)
        except FileExistsError:
            raise
        except OSError:
            reel.delete()
            raise
        reel._notes = len(_line(head))
        return reel

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read what an earlier process left.

        Raises:
            OSError: there is no index, or it cannot be read.
            ValueError: the index is none.
        """
        lines = path.with_suffix(".jsonl").read_bytes().splitlines(keepends=True)
        try:
            reel = cls(path, json.loads(lines[0]))
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # torn by a process that was killed
                data = json.loads(line)
                if "closed" in data:
                    reel.closed = True
                elif "at" in data:
                    reel._take(Fragment(data["at"], data["bytes"], data["frame"], data["clip"]))
                reel._notes += len(line)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.stem}.jsonl is no index of a recording") from error
        return reel

    def append(self, data: bytes, frame: int, clip: str | None) -> None:
        """Add a GOP.

        Args:
            data: its fragments.
            frame: its first frame on the timeline.
            clip: what it shows.

        Raises:
            FileNotFoundError: somebody removed or shortened the file.
            OSError: the disk does not take it; the file is as it was.
        """
        fragment = Fragment(self._end, len(data), frame, clip)
        _extend(self.path, self._end, data)
        self._note(_note(fragment))
        self._take(fragment)

    def repair(self) -> None:
        """Cut off what a killed process had not finished, then close the file; an empty one is deleted.

        Raises:
            OSError: the disk does not take it.
        """
        size = self.path.stat().st_size
        while self.fragments and self._end > size:  # a power cut lost what the index had already
            self._end = self.fragments.pop().at
        if not self.fragments:
            self.delete()
            return
        os.truncate(self.path, self._end)
        self._rewrite()
        self.finish()

    def finish(self) -> None:
        """Close the file: write the index by which players seek.

        Raises:
            OSError: the disk does not take it; it plays all the same.
        """
        at, room = int(self.head["index_at"]), int(self.head["index_bytes"])
        box = segment_index([fragment.bytes for fragment in self.fragments], _GOP_TICKS, room)
        handle = os.open(self.path, os.O_WRONLY)
        try:
            _swap(handle, at, box)
        finally:
            os.close(handle)
        self._note(_line({"closed": self._end}))
        self.closed = True

    def withdraw(self, clips: AbstractSet[str], make: StandIn) -> int:
        """Destroy every GOP of these clips where it lies; nothing else in the file moves.

        Returns:
            How many there were.

        Raises:
            OSError: the disk does not take it; calling it again goes on.
        """
        hit = {fragment.at: fragment for fragment in self.fragments if fragment.clip in clips}
        if not hit:
            return 0
        handle = os.open(self.path, os.O_RDWR)
        times = os.fstat(handle)
        try:
            for fragment in hit.values():
                box = make(fragment) or b""
                spare = fragment.bytes - len(box)
                if spare and spare < 8:
                    box, spare = b"", fragment.bytes
                _swap(handle, fragment.at, box + (free_box(spare) if spare else b""))
            os.fsync(handle)
            os.utime(handle, ns=(times.st_atime_ns, times.st_mtime_ns))
        finally:
            os.close(handle)
        self.fragments = [replace(each, clip=None) if each.at in hit else each for each in self.fragments]
        self._rewrite()
        return len(hit)

    def delete(self) -> None:
        """Remove both files."""
        for file in (self.path, self.notes):
            file.unlink(missing_ok=True)

    def _take(self, fragment: Fragment) -> None:
        self.fragments.append(fragment)
        self._end = fragment.at + fragment.bytes

    def _note(self, line: bytes) -> None:
        _extend(self.notes, self._notes, line)
        self._notes += len(line)

    def _rewrite(self) -> None:
        """Write the index anew."""
        lines = [_line(self.head), *map(_note, self.fragments)]
        if self.closed:
            lines.append(_line({"closed": self._end}))
        data = b"".join(lines)
        write_atomically(self.notes, data)
        self._notes = len(data)


def _note(fragment: Fragment) -> bytes:
    return _line({"at": fragment.at, "bytes": fragment.bytes, "frame": fragment.frame, "clip": fragment.clip})


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def _extend(path: Path, size: int, data: bytes) -> None:
    """Write behind the first ``size`` bytes of a file; what else stood there is cut off.

    Raises:
        FileNotFoundError: it is not there, or shorter.
        OSError: the disk does not take it; the file ends at ``size`` again.
    """
    handle = os.open(path, os.O_WRONLY)
    try:
        if (now := os.fstat(handle).st_size) < size:
            raise FileNotFoundError(f"{path.name} is shorter than it was")
        if now > size:
            os.ftruncate(handle, size)
        try:
            _write(handle, size, data)
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def _swap(handle: int, at: int, boxes: bytes) -> None:
    """Put boxes in the place of others of the same length; whenever it is broken off, the file is valid."""
    _write(handle, at, struct.pack(">I4s", len(boxes), b"free"))
    _write(handle, at + 8, boxes[8:])
    _write(handle, at, boxes[:8])


def _write(handle: int, at: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view, at)
        view, at = view[done:], at + done
