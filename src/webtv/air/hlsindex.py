"""The media playlist of a live folder, as it stands in the file (RFC 8216), and the names of its segments."""

import hashlib
import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from webtv.core.format import GOP_SECONDS

INDEX = "index.m3u8"
WITHDRAWN = "withdrawn"  # in place of the clip in the name of a segment that shows the slate instead

_COUNT = re.compile(r"#EXT-X-(MEDIA|DISCONTINUITY)-SEQUENCE:(\d{1,18})")
_DATE = "#EXT-X-PROGRAM-DATE-TIME:"
_END = "#EXT-X-ENDLIST"
_NAME = re.compile(r"(\d{1,18})(?:_([A-Za-z0-9]{1,64}))?-(\d{1,18})\.m4s", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SegmentName:
    """What a segment's name tells.

    Attributes:
        epoch: milliseconds of the timeline's epoch.
        tag: its clip as :func:`tag_of` says it; empty if an earlier version wrote it.
        gop: number of its GOP on the timeline.
    """

    epoch: int
    tag: str
    gop: int


def tag_of(clip: str) -> str:
    """A clip's id as it stands in a name: itself where that can be, else a digest."""
    if _PLAIN.fullmatch(clip) and clip != WITHDRAWN:
        return clip
    return "x" + hashlib.sha256(clip.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def segment_name(epoch: float, tag: str, gop: int) -> str:
    """The name of a segment's file.

    The epoch is part of it: caches keep segments, and a timeline begun anew must not find those of the one
    before under its own numbers.
    """
    return f"{round(epoch * 1000)}_{tag}-{gop}.m4s"


def parse_name(name: str) -> SegmentName | None:
    """The inverse; None if it is no segment's name."""
    match = _NAME.fullmatch(name)
    return SegmentName(int(match[1]), match[2] or "", int(match[3])) if match else None


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a playlist.

    Attributes:
        gop: number of its GOP on the timeline.
        name: of its file.
        utc: EXT-X-PROGRAM-DATE-TIME of its first frame.
        discontinuity: whether time was lost before it.
    """

    gop: int
    name: str
    utc: str
    discontinuity: bool


@dataclass(slots=True)
class Index:
    """A media playlist.

    Attributes:
        media: EXT-X-MEDIA-SEQUENCE.
        discontinuities: EXT-X-DISCONTINUITY-SEQUENCE.
        segments: what it lists.
        ended: whether nothing more comes.
        usable: whether one can go on from it; only its counts mean anything otherwise.
    """

    media: int = 0
    discontinuities: int = 0
    segments: deque[Segment] = field(default_factory=deque)
    ended: bool = False
    usable: bool = True

    def drop_first(self) -> Segment:
        """Let the window slide on by one segment, which is returned."""
        old = self.segments.popleft()
        self.media += 1
        # RFC 8216 6.2.2: the count rises when the first segment after a mark leaves.
        self.discontinuities += old.discontinuity
        return old

    def successor(self, at_least: int) -> "Index":
        """An empty playlist whose numbers follow this one's.

        Args:
            at_least: number that it does not begin before.
        """
        marks = sum(segment.discontinuity for segment in self.segments)
        # What comes does not go on from what was: that is one discontinuity more.
        return Index(max(at_least, self.media + len(self.segments)), self.discontinuities + marks + 1)

    def text(self, init: str) -> str:
        """The file's content; it ends only if the station ended it.

        Args:
            init: address of the initialisation segment.
        """
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{GOP_SECONDS}",
            f"#EXT-X-MEDIA-SEQUENCE:{self.media}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self.discontinuities}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="{init}"',
        ]
        for segment in self.segments:
            if segment.discontinuity:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(_DATE + segment.utc)
            lines.append(f"#EXTINF:{GOP_SECONDS:.5f},")
            lines.append(segment.name)
        if self.ended:
            lines.append(_END)
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read what the last process left; None if there is none, or its counts are lost.

        Raises:
            OSError: it is there and cannot be read.
        """
        try:
            lines = (folder / INDEX).read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        counts: dict[str, int] = {}
        index, utc, marked = cls(), "", False
        for line in lines:
            if count := _COUNT.fullmatch(line):
                counts[count[1]] = int(count[2])
            elif line == "#EXT-X-DISCONTINUITY":
                marked = True
            elif line == _END:
                index.ended = True
            elif line.startswith(_DATE):
                utc = line.removeprefix(_DATE)
            elif name := parse_name(line):
                index.segments.append(Segment(name.gop, line, utc, marked))
                utc, marked = "", False
        if len(counts) < 2:
            return None
        index.media, index.discontinuities = counts["MEDIA"], counts["DISCONTINUITY"]
        index.usable = all(segment.utc and (folder / segment.name).is_file() for segment in index.segments)
        return index
