"""What a watch page brings along so that its player can begin without asking.

The live playlist, the initialisation segment, and which segment to begin with: the browser fetches that one
while it reads the page.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

START_BEHIND = 2.6  # seconds behind the air at least, so that the next segment can arrive; static/live.js too
_LONGEST = 64 * 1024  # of a playlist that is worth bringing along
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(m4s|mp4)")


@dataclass(frozen=True, slots=True)
class Opening:
    """How a player begins.

    Attributes:
        playlist: text of the media playlist.
        init: the initialisation segment in base64.
        number: media sequence number of the segment to begin with.
        segment: its file name.
        age: seconds since the newest segment was published.
    """

    playlist: str
    init: str
    number: int
    segment: str
    age: float

    def to_json(self) -> dict[str, object]:
        """What static/live.js reads."""
        return {
            "playlist": self.playlist,
            "init": self.init,
            "number": self.number,
            "age": round(self.age, 3),
        }


def read_opening(folder: Path, now: float) -> Opening | None:
    """Read a channel's live folder; None if there is nothing there to begin with. Blocks.

    Args:
        folder: the channel's live files.
        now: UTC second.
    """
    try:
        text = (folder / "index.m3u8").read_text(encoding="utf-8")
        place = re.search(r'#EXT-X-MAP:URI="([^"]+)"', text)
        if place is None or not _SAFE.fullmatch(place[1]) or len(text) > _LONGEST:
            return None
        init = (folder / place[1]).read_bytes()
    except (OSError, UnicodeDecodeError):
        return None
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    first = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d{1,18})$", text, re.MULTILINE)
    dates = re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(.+)", text)
    lengths = re.findall(r"#EXTINF:([\d.]{1,12}),", text)
    if not names or first is None or len(dates) != len(names) or len(lengths) != len(names):
        return None
    try:
        published, length = datetime.fromisoformat(dates[-1]).timestamp(), float(lengths[-1])
    except ValueError:
        return None
    # A segment is published when its first picture is due. An age that cannot be says that the clocks of
    # this machine and of the head-end differ, or that the channel stands still.
    age = min(max(0.0, now - published), length)
    index = len(names) - 2
    if age + length < START_BEHIND:
        index -= 1
    index = max(0, index)
    if not _SAFE.fullmatch(names[index]):
        return None
    return Opening(text, base64.b64encode(init).decode(), int(first[1]) + index, names[index], age)
