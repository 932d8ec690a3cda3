"""A live media playlist as a player reads it (RFC 8216); tolerant of what it does not know."""

import re
from dataclasses import dataclass
from datetime import datetime

from webtv.core.errors import InputError

_LIMIT = 1 << 20  # characters; a live window is a few kilobytes
_URI = re.compile(r'URI="([^"]{1,1000})"')


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of the window.

    Attributes:
        number: media sequence number.
        name: address, relative to the playlist's.
        seconds: EXTINF.
        date: EXT-X-PROGRAM-DATE-TIME as a UTC second, or None.
        discontinuity: whether one is marked before it.
    """

    number: int
    name: str
    seconds: float
    date: float | None
    discontinuity: bool


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """The window as it is now.

    Attributes:
        target: EXT-X-TARGETDURATION in seconds.
        sequence: EXT-X-MEDIA-SEQUENCE.
        init: address of the initialisation segment, or None.
        segments: oldest first.
    """

    target: float
    sequence: int
    init: str | None
    segments: tuple[Segment, ...]


def read_playlist(text: str) -> MediaPlaylist:
    """Read a media playlist.

    Raises:
        InputError: it is none.
    """
    if not text.startswith("#EXTM3U") or len(text) > _LIMIT:
        raise InputError("this is no media playlist", remedy="look at what the address answers")
    target, sequence, init = 0.0, 0, None
    seconds, date, marked = 0.0, None, False
    segments: list[Segment] = []
    try:
        for line in text.splitlines():
            tag, _, value = line.partition(":")
            if tag == "#EXTINF":
                seconds = float(value.partition(",")[0])
            elif tag == "#EXT-X-PROGRAM-DATE-TIME":
                date = datetime.fromisoformat(value.strip()).timestamp()
            elif tag == "#EXT-X-DISCONTINUITY":
                marked = True
            elif tag == "#EXT-X-TARGETDURATION":
                target = float(value)
            elif tag == "#EXT-X-MEDIA-SEQUENCE":
                sequence = int(value)
            elif tag == "#EXT-X-MAP" and (match := _URI.search(value)):
                init = match[1]
            elif line and not line.startswith("#"):
                number = sequence + len(segments)
                segments.append(Segment(number, line.strip(), seconds, date, marked))
                date, marked = None, False
    except ValueError as error:
        raise InputError(f"the media playlist is broken ({error})", remedy="look at the file") from error
    return MediaPlaylist(target, sequence, init, tuple(segments))
