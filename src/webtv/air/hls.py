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
_COUNT = re.compile(r"#EXT-X-(MEDIA|DISCONTINUITY)-SEQUENCE:(\d{1,18})")
_DATE = "#EXT-X-PROGRAM-DATE-TIME:"
_SEGMENT = re.compile(r"\d{1,18}-(\d{1,18})\.m4s")


@dataclass(frozen=True, slots=True)
class _Segment:
    gop: int
    name: str
    utc: str
    discontinuity: bool


class HlsWriter:
    """Writes one channel's live folder. The folder is opened with the first segment.

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
        self.keep(window)
        self._segments: deque[_Segment] = deque()
        self._behind: deque[str] = deque()  # names that have left the playlist and stay for players that lag
        self._media_sequence = 0
        self._discontinuities = 0
        self._open = False

    def keep(self, window: float) -> None:
        """Let viewers seek back so many seconds from now on; the playlist grows or shrinks to it."""
        self._length = max(6, int(window / GOP_SECONDS))

    def write(self, piece: Slice) -> None:
        """Add one slice as a segment and slide the window.

        Raises:
            OSError: the disk does not take it; the playlist still names only whole segments.
        """
        gop = piece.frame // self._header.format.gop
        if not self._open:
            self._begin(gop)
        if self._segments and self._segments[-1].gop == gop:
            # The last process was killed between this segment and its cursor: the same one comes again.
            segment = self._segments.pop()
        else:
            lost = bool(self._segments) and gop != self._segments[-1].gop + 1
            # The epoch is part of the name: caches keep segments, and a timeline begun anew must not
            # find those of the one before under its own numbers.
            name = f"{round(self._epoch * 1000)}-{gop}.m4s"
            segment = _Segment(gop, name, utc_text(self._epoch + gop * GOP_SECONDS), lost)
        if segment.name in self._behind:
            self._behind.remove(segment.name)
        write_atomically(self._folder / segment.name, media_segment(piece, self._header), durable=False)
        self._segments.append(segment)
        while len(self._segments) > self._length:
            old = self._segments.popleft()
            self._media_sequence += 1
            # RFC 8216 6.2.2: the count rises when the first segment after a mark leaves.
            self._discontinuities += old.discontinuity
            self._behind.append(old.name)
        write_atomically(self._folder / INDEX, self._index().encode(), durable=False)
        # RFC 8216 6.2.2: a segment stays for its own length and that of a whole playlist.
        while len(self._behind) > self._length + 1:
            with contextlib.suppress(OSError):
                (self._folder / self._behind.popleft()).unlink()

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
            lines.append(_DATE + segment.utc)
            lines.append(f"#EXTINF:{GOP_SECONDS:.5f},")
            lines.append(segment.name)
        return "\n".join(lines) + "\n"

    def _begin(self, gop: int) -> None:
        """Open the folder: go on where the last process stopped, or begin."""
        self._folder.mkdir(parents=True, exist_ok=True)
        init = init_segment(self._header)
        path = self._folder / "init.mp4"
        if not (path.exists() and path.read_bytes() == init and self._resume()):
            # Nothing, or of another format or version: what the folder holds cannot follow this header.
            # Counts of segments never go back, so the number of the GOP is a good one to begin with.
            self._segments.clear()
            self._media_sequence, self._discontinuities = gop, 0
            (self._folder / INDEX).unlink(missing_ok=True)
            write_atomically(path, init, durable=False)
        self._sweep()
        self._open = True

    def _resume(self) -> bool:
        """Read the playlist that the last process left; False if there is none to go on from."""
        try:
            lines = (self._folder / INDEX).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        counts: dict[str, int | None] = {"MEDIA": None, "DISCONTINUITY": None}
        utc, marked = "", False
        for line in lines:
            if count := _COUNT.fullmatch(line):
                counts[count[1]] = int(count[2])
            elif line == "#EXT-X-DISCONTINUITY":
                marked = True
            elif line.startswith(_DATE):
                utc = line.removeprefix(_DATE)
            elif match := _SEGMENT.fullmatch(line):
                self._segments.append(_Segment(int(match[1]), line, utc, marked))
                marked = False
        media, discontinuities = counts["MEDIA"], counts["DISCONTINUITY"]
        if media is None or discontinuities is None:
            return False
        self._media_sequence, self._discontinuities = media, discontinuities
        return all((self._folder / segment.name).is_file() and segment.utc for segment in self._segments)

    def _sweep(self) -> None:
        """Remove what a killed process left behind; segments that have just left the playlist stay."""
        listed = {segment.name for segment in self._segments}
        first = self._segments[0].gop if self._segments else 0
        behind: list[tuple[int, str]] = []
        for path in self._folder.iterdir():
            match = _SEGMENT.fullmatch(path.name)
            if match and first - self._length <= int(match[1]) < first:
                behind.append((int(match[1]), path.name))
            elif path.name.startswith(".") or (match and path.name not in listed):
                path.unlink(missing_ok=True)
        self._behind = deque(name for _, name in sorted(behind))
