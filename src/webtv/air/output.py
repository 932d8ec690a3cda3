"""What every output is: one place where a channel's stream goes, with its own queue and its own task.

The channel hands each slice to every output and never waits for one. What an output cannot take in time is
dropped as whole GOPs, so it comes back with a keyframe.
"""

import asyncio
from collections import deque
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from webtv.air.slice import Slice


class OutputKind(StrEnum):
    """What kind of place it is."""

    HLS = "hls"
    FLV = "flv"
    RTMP = "rtmp"
    RECORDING = "recording"


class OutputState(StrEnum):
    """What an output is doing."""

    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"


@dataclass(slots=True)
class OutputStatus:
    """Figures of one output, for pages and metrics; never an address or a key.

    Attributes:
        name: the operator's name of the target, or the kind of a built-in output.
        kind: what it is.
        state: what it is doing.
        sessions: how often it went live; each beyond the first planned ones was a reconnect.
        dropped_gops: GOPs that it could not take in time.
        sent_bytes: bytes that left.
        frame: first frame of the latest GOP that left; None before the first.
        readers: how many are connected to it, where it knows.
        error: why it is not live, in words that may be shown.
    """

    name: str
    kind: OutputKind
    state: OutputState = OutputState.CONNECTING
    sessions: int = 0
    dropped_gops: int = 0
    sent_bytes: int = 0
    frame: int | None = None
    readers: int = 0
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """What the control socket tells."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "state": self.state.value,
            "sessions": self.sessions,
            "dropped_gops": self.dropped_gops,
            "sent_bytes": self.sent_bytes,
            "frame": self.frame,
            "readers": self.readers,
            "error": self.error,
        }


class Output(Protocol):
    """One output of one channel. Nothing in it may raise into the channel, or wait in its name."""

    @property
    def status(self) -> OutputStatus:
        """Its figures."""
        ...

    def offer(self, piece: Slice, due: float) -> None:
        """Take a slice; returns at once, and drops the oldest GOP when there is no room.

        Args:
            piece: the slice.
            due: monotonic second at which its first frame is due.
        """
        ...

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """These clips must not be seen any more: forget them where they wait, purge them where they are kept.

        Called each time the list of blocked clips changes, with all of it. Returns at once; the work is done
        by :meth:`run`, within a second.
        """
        ...

    async def run(self) -> None:
        """Serve until cancelled; whatever fails is told as an event and tried again."""
        ...


class GopQueue:
    """A bounded queue of slices between the channel and one output.

    Args:
        limit: slices that it holds; beyond it the oldest is dropped.
        status: counts what was dropped.
    """

    def __init__(self, limit: int, status: OutputStatus) -> None:
        self._limit = limit
        self._status = status
        self._waiting = deque[tuple[Slice, float]]()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, piece: Slice, due: float) -> None:
        """Add a slice; never waits."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._status.dropped_gops += 1
        self._waiting.append((piece, due))
        self._filled.set()

    def put_back(self, piece: Slice, due: float) -> None:
        """Return a slice that was taken too early."""
        self._waiting.appendleft((piece, due))
        self._filled.set()

    def keep_latest(self, count: int = 1) -> None:
        """Forget all but the latest: what queued up while there was nobody to take it is old."""
        while len(self._waiting) > count:
            self._waiting.popleft()

    def withdraw(self, clips: AbstractSet[str]) -> None:
        """Forget slices of these clips."""
        self._waiting = deque(item for item in self._waiting if item[0].entry.clip not in clips)

    async def get(self) -> tuple[Slice, float]:
        """The oldest slice and the monotonic second at which it is due; waits for one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()
