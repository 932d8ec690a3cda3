"""The child that draws and encodes a slate: what to show as JSON on standard input, the MP4 on its output.

In a child of its own, because drawing takes a second of a core, which the air must not feel (the child steps
back, unless a channel has nothing else to air), and leaves tens of megabytes with the allocator, which a
head-end would never get back. Run as ``python -m webtv.air.slatepress``.
"""

import io
import json
import os
import sys

import numpy as np

from webtv.clips.card import slate_frames
from webtv.clips.encoder import encode_mp4
from webtv.core.format import GOP_SECONDS, house_format

SLATE_LINE = "A new programme is being made"
_SECONDS = GOP_SECONDS  # of its loop: the shortest there can be, because a new station waits for it
_NICE = 10  # as far as the studio steps back


def press(name: str, accent: str, format_name: str) -> bytes:
    """Draw and encode a slate.

    Args:
        name: of the channel.
        accent: ``#rrggbb``.
        format_name: house format.

    Returns:
        An MP4 of one GOP.
    """
    form = house_format(format_name)
    target = io.BytesIO()
    sound = np.zeros((_SECONDS * form.fps * form.samples_per_frame, 2), np.float32)
    encode_mp4(slate_frames(form, name, SLATE_LINE, accent, _SECONDS), sound, form, target)
    return target.getvalue()


def main() -> int:
    """Entry point of the child."""
    order = json.load(sys.stdin)
    if not order["hurry"]:
        os.nice(_NICE)
    sys.stdout.buffer.write(press(order["name"], order["accent"], order["format"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
