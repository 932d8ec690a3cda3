"""One entry of a playlist: what airs, which sound goes with it, and its number that never repeats."""

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from webtv.clips.clip import Kind
from webtv.core.errors import InputError

_LIMIT = 1 << 62  # whatever counts stays well within 64 bits


@dataclass(frozen=True, slots=True)
class Entry:
    """One playlist entry.

    Attributes:
        n: number within the channel; grows along the file and never repeats.
        clip: id of the clip.
        kind: why it airs.
        seq: id of its sequence; empty for idents and slates.
        pos: place in the sequence, from 1.
        of: clips in the sequence.
        bed: path of the sequence's bed as written in the file (relative to it), or None.
        bed_at: sample of the bed at which this clip begins (48 kHz).
        frames: video frames that air.
        title: for people.
        file: path of the MP4 as written in the file (relative to it).
    """

    n: int
    clip: str
    kind: Kind
    seq: str
    pos: int
    of: int
    bed: str | None
    bed_at: int
    frames: int
    title: str
    file: str

    def numbered(self, n: int, kind: Kind | None = None) -> Self:
        """The same entry under another number, and perhaps for another reason."""
        return replace(self, n=n, kind=kind or self.kind)

    def to_json(self) -> dict[str, Any]:
        """The object of the entry's comment line."""
        return {
            "n": self.n,
            "clip": self.clip,
            "kind": self.kind.value,
            "seq": self.seq,
            "pos": self.pos,
            "of": self.of,
            "bed": self.bed,
            "bed_at": self.bed_at,
            "frames": self.frames,
            "title": self.title,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], file: str) -> Self:
        """Read the comment's object.

        Raises:
            InputError: a key is missing or of the wrong kind.
        """
        try:
            entry = cls(
                n=int(data["n"]),
                clip=str(data["clip"]),
                kind=Kind(data["kind"]),
                seq=str(data.get("seq") or ""),
                pos=int(data.get("pos", 1)),
                of=int(data.get("of", 1)),
                bed=str(data["bed"]) if data.get("bed") else None,
                bed_at=int(data.get("bed_at", 0)),
                frames=int(data["frames"]),
                title=str(data.get("title", "")),
                file=file,
            )
            for text in (entry.clip, entry.seq, entry.bed or "", entry.title, entry.file):
                text.encode()  # half a surrogate pair passes JSON, and no file
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"an entry's comment is not usable ({error})", remedy="write it as docs/formats.md shows"
            ) from error
        counts = (entry.n, entry.frames, entry.pos, entry.of - entry.pos + 1, entry.bed_at + 1)
        if not all(1 <= count < _LIMIT for count in counts):
            raise InputError(
                f"entry {entry.n} has impossible numbers",
                remedy="n, frames and pos begin at 1, bed_at at 0, and pos is at most of",
            )
        return entry


def encode_entry(entry: Entry) -> str:
    """The two lines of an entry in an ffconcat file.

    Raises:
        InputError: the path cannot stand on one line.
    """
    if not entry.file or any(letter in entry.file for letter in "\r\n\0"):
        raise InputError(f"{entry.file!r} is no path for a playlist", remedy="name a file on one line")
    comment = json.dumps(entry.to_json(), ensure_ascii=False, separators=(",", ":"))
    quoted = entry.file.replace("'", "'\\''")
    return f"# webtv {comment}\nfile '{quoted}'\n"
