"""What a child says: answers in order, heartbeats, and progress as far as somebody keeps up with it."""

import contextlib
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from webtv.core.errors import WebTVError
from webtv.studio.hosting.codec import picture_shape
from webtv.studio.hosting.meter import taken
from webtv.studio.hosting.sealed import Array
from webtv.studio.hosting.wire import Outbox, Packet, pack
from webtv.studio.notes import Fact
from webtv.studio.ports import Frames
from webtv.studio.progress import Progress

BEAT: Final = 1.0  # seconds between heartbeats
_CROWDED: Final = 64  # packets that wait, from which progress is left out: no adapter waits for a listener
_PREVIEW_GAP: Final = 0.5  # seconds
_PREVIEW_SIDE: Final = 512  # pixels of a preview's longer side at most


class Post:
    """Sends from any thread; two threads of its own write and beat.

    If nobody is there any more, the process ends on the spot.

    Args:
        sock: blocking; written to by one thread.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.steps = 0
        self._outbox = Outbox(sock)
        self._packets: queue.SimpleQueue[Packet] = queue.SimpleQueue()
        for work in (self._write, self._beat):
            threading.Thread(target=work, name=f"hosting{work.__name__}", daemon=True).start()

    def send(self, kind: str, body: Mapping[str, Any] | None = None, arrays: Sequence[Array] = ()) -> None:
        """Send a message.

        Raises:
            WebTVError: see :func:`webtv.studio.hosting.wire.pack`.
        """
        self._packets.put(pack(kind, body, arrays))

    @property
    def crowded(self) -> bool:
        """Whether what is not needed should be left out."""
        return self._packets.qsize() > _CROWDED

    def _write(self) -> None:
        while True:
            self._outbox.push(self._packets.get())
            try:
                self._outbox.flush()
            except OSError:
                os._exit(0)

    def _beat(self) -> None:
        while True:
            self.send("beat", {**taken(), "steps": self.steps})
            time.sleep(BEAT)


class Reporter:
    """Tells the progress of one request: each step while somebody keeps up, two previews a second.

    Args:
        post: sends it.
        call: number of the request.
        monotonic: seconds that never go back.
    """

    def __init__(self, post: Post, call: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._call = call
        self._monotonic = monotonic
        self._shown = float("-inf")
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Hear one step, in whichever thread it was made; neither blocks nor raises."""
        self._post.steps += 1
        if self._post.crowded:
            return
        body = {"call": self._call, "stage": progress.stage, "done": progress.done, "of": progress.of}
        with contextlib.suppress(WebTVError):  # such as one that is no JSON: the work goes on untold
            self._post.send("progress", body, self._preview(progress.preview))

    def note(self, name: str, fact: Fact) -> None:
        """Hear what was found out; unlike progress, never left out."""
        with contextlib.suppress(WebTVError):
            self._post.send("note", {"call": self._call, "name": name, "fact": fact})

    def _preview(self, picture: Frames | None) -> list[Array]:
        with self._lock:
            now = self._monotonic()
            if picture is None or now - self._shown < _PREVIEW_GAP:
                return []
            self._shown = now
        try:
            return [thumbnail(picture)]
        except (ValueError, AttributeError):  # an adapter's mistake, and no reason to stop it
            return []


def thumbnail(picture: Frames) -> Frames:
    """A picture of no more than 512 pixels a side, by leaving rows and columns out.

    Raises:
        ValueError: it is no picture.
    """
    step = -(-max(picture_shape(picture, 3).shape[:2]) // _PREVIEW_SIDE)
    return picture[::step, ::step]
