"""The slate: made in memory, once, so that there is something to air with an empty or a full disk."""

import io
import threading
from collections.abc import Iterator

import numpy as np

from webtv.air.clipsource import Gop, read_gops
from webtv.air.config import ChannelConfig
from webtv.clips.card import slate_frames
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.errors import TransientError
from webtv.core.format import GOP_SECONDS, house_format
from webtv.studio.ports import Frames

SLATE_LINE = "A new programme is being made"
_SECONDS = GOP_SECONDS  # of its loop: the shortest there can be, because a new station waits for it


class SlateMaker:
    """Makes a channel's slate when it is first called, and then has it.

    Args:
        config: whose name and colour it shows.
    """

    def __init__(self, config: ChannelConfig) -> None:
        self._config = config
        self._gops: list[Gop] = []
        self._stale = True
        self._lock = threading.Lock()
        self._abandoned = False

    def __call__(self) -> list[Gop]:
        """The slate's GOPs; blocks for about a second of one core the first time.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        with self._lock:
            if self._stale:
                self._stale = False
                form = house_format(self._config.format)
                target = io.BytesIO()
                sound = np.zeros((_SECONDS * form.fps * form.samples_per_frame, 2), np.float32)
                encode_mp4(self._pictures(), sound, form, target)
                self._gops = read_gops(target.getvalue(), form, committed_avcc()[form.name], "slate")
            return self._gops

    def apply(self, config: ChannelConfig) -> None:
        """Follow a changed name or colour: the slate is made anew when it is next needed. Never waits."""
        if (config.name, config.accent) != (self._config.name, self._config.accent):
            self._stale = True
        self._config = config

    def abandon(self) -> None:
        """Let a process that is ending not wait for a slate that is being made."""
        self._abandoned = True

    def _pictures(self) -> Iterator[Frames]:
        config = self._config
        form = house_format(config.format)
        for piece in slate_frames(form, config.name, SLATE_LINE, config.accent, _SECONDS):
            if self._abandoned:
                raise TransientError("the head-end is going off air")
            yield piece
