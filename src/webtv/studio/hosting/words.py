"""What a child says to people: relayed to this process's standard error, and the last of it kept."""

import contextlib
import os
import sys
from collections import deque
from typing import Final

from webtv.core.log import redact

_TAIL: Final = 40
_LINE: Final = 4096
_READ: Final = 65_536


class Words:
    """The reading end of a child's standard error.

    Args:
        descriptor: closed by :meth:`close`.
        speaker: put before each line.

    Attributes:
        tail: its last lines, secrets hidden.
    """

    def __init__(self, descriptor: int, speaker: str) -> None:
        os.set_blocking(descriptor, False)
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._descriptor = descriptor
        self._speaker = speaker
        self._begun = b""

    def fileno(self) -> int:
        """The descriptor, for a loop to watch."""
        return self._descriptor

    def read(self) -> bool:
        """Take what is there; whether there may ever be more.

        Raises:
            BlockingIOError: nothing is there now.
        """
        said = os.read(self._descriptor, _READ)
        *lines, self._begun = (self._begun + said).split(b"\n")
        if not said or len(self._begun) > _LINE:
            lines, self._begun = [*lines, self._begun], b""
        for line in lines:
            self._keep(line)
        return bool(said)

    def close(self) -> None:
        """Take what is there still; a process that the child left behind may hold the other end for ever."""
        with contextlib.suppress(BlockingIOError):
            while self.read():
                pass
        self._keep(self._begun)
        os.close(self._descriptor)

    def _keep(self, line: bytes) -> None:
        # A progress bar overwrites itself: only its last state is a line.
        text = redact(line.decode(errors="replace").rstrip().rpartition("\r")[2][:_LINE])
        if text.strip():
            self.tail.append(text)
            with contextlib.suppress(OSError, ValueError):  # a log that cannot be written stops nobody
                sys.stderr.write(f"{self._speaker}: {text}\n")
