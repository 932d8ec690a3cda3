"""Live HLS as files: fMP4 segments of one GOP each and a media playlist that slides over them.

Any web server can serve the folder with everything else dead. The state lives in the files themselves,
so media sequence numbers go on after a restart; a discontinuity is marked only where time was lost.
"""

import contextlib
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from webtv.air.fmp4 import init_segment, media_segment
from webtv.air.slice import Slice, StreamHeader
from webtv.core.files import write_atomically
from webtv.core.format import GOP_SECONDS
from webtv.playlist.asrun import utc_text

INDEX = "index.m3u8"
_KEEP_BEHIND = 8  # segments that stay on disk after they left the playlist, for players that lag
_SEGMENT = re.compile(r"(\d+)\.m4s")


@dataclass(frozen=True, slots=True)
class _Segment:
    gop: int
    discontinuity: bool

    @property
    def name(self) -> str:
        return f"{self.gop}.m4s"


class HlsWriter:
    """Writes one channel's live folder.

    Args:
        folder: ``DATA/hls/{channel}``.
        header: what stands in the initialisation segment.
        epoch: UTC second of frame 0 of the timeline.
        window: seconds that viewers can seek back to.
    """

    def __init__(self, folder: Path, header: StreamHeader, epoch: float, window: float) -> None:
        self._folder = folder
        self._header = header
        self._epoch = epoch
        self._length = max(6, int(window / GOP_SECONDS))
        self._segments: deque[_Segment] = deque()
        self._media_sequence = 0
        self._discontinuities = 0
        self._behind: deque[_Segment] = deque()
        folder.mkdir(parents=True, exist_ok=True)
        init = init_segment(header)
        path = folder / "init.mp4"
        if path.exists() and path.read_bytes() == init:
            self._resume()
        else:
            # Another format or version: what the folder holds cannot follow this header.
            (folder / INDEX).unlink(missing_ok=True)
            write_atomically(path, init, durable=False)
        self._sweep()

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._folder

    def write(self, piece: Slice) -> None:
        """Add one slice as a segment and slide the window.

        Raises:
            OSError: the disk does not take it; the playlist still names only whole segments.
        """
        gop = piece.frame // self._header.format.gop
        lost = bool(self._segments) and gop != self._segments[-1].gop + 1
        segment = _Segment(gop, lost)
        write_atomically(self._folder / segment.name, media_segment(piece, self._header), durable=False)
        self._segments.append(segment)
        while len(self._segments) > self._length:
            old = self._segments.popleft()
            self._media_sequence += 1
            # RFC 8216 6.2.2: the count rises when the first segment after a mark leaves.
            self._discontinuities += old.discontinuity
            self._behind.append(old)
        write_atomically(self._folder / INDEX, self._index().encode(), durable=False)
        while len(self._behind) > _KEEP_BEHIND:
            with contextlib.suppress(OSError):
                (self._folder / self._behind.popleft().name).unlink()

    def _index(self) -> str:
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{GOP_SECONDS}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._media_sequence}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            '#EXT-X-MAP:URI="init.mp4"',
        ]
        for segment in self._segments:
            if segment.discontinuity:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{utc_text(self._epoch + segment.gop * GOP_SECONDS)}")
            lines.append(f"#EXTINF:{GOP_SECONDS:.5f},")
            lines.append(segment.name)
        return "\n".join(lines) + "\n"

    def _resume(self) -> None:
        try:
            lines = (self._folder / INDEX).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return
        marked = False
        for line in lines:
            if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
                self._media_sequence = int(line.partition(":")[2])
            elif line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE:"):
                self._discontinuities = int(line.partition(":")[2])
            elif line == "#EXT-X-DISCONTINUITY":
                marked = True
            elif match := _SEGMENT.fullmatch(line):
                self._segments.append(_Segment(int(match[1]), marked))
                marked = False

    def _sweep(self) -> None:
        known = {segment.name for segment in self._segments}
        for path in self._folder.iterdir():
            stray_segment = _SEGMENT.fullmatch(path.name) and path.name not in known
            if stray_segment or path.name.startswith("."):
                path.unlink(missing_ok=True)
