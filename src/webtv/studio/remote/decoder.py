"""The child that decodes one file that came from elsewhere: ``python -m webtv.studio.remote.decoder PARENT``.

Standard input holds orders as lines of JSON: to look at a file, then to play it. On standard output it
answers in such lines, too; one that announces frames is followed by as many bytes. It may have two gigabytes
of addresses and two and a half minutes of a core, so that a file which lies about itself costs this process
and nothing else; it knows no secret, and ends with its parent.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from webtv.core.errors import QualityError
from webtv.studio.remote.playing import Timing, play
from webtv.studio.remote.screening import screen

MOST_MEMORY = 2 << 30  # bytes of address space; a 4096 x 4096 H.264 with all its references takes 1.1 GB
MOST_WORK = 150  # seconds of a core
SAID_NO_MEMORY = 71  # exit status
_PR_SET_PDEATHSIG = 1


def main(parent: int) -> int:
    """Entry point of the child."""
    _confine(parent)
    try:
        for line in sys.stdin.buffer:
            _obey(json.loads(line))
    except MemoryError:
        os._exit(SAID_NO_MEMORY)  # without another allocation
    return 0


def _obey(order: dict[str, Any]) -> None:
    try:
        if order["what"] == "screen":
            received = asdict(screen(Path(order["path"])))
            _say(received={key: value for key, value in received.items() if key != "path"})
        else:
            _play(order)
    except MemoryError:
        raise
    except QualityError as error:
        _say(refused=error.message, remedy=error.remedy)
    # The libraries stumble in ways of their own over what nobody tested them on: that is the file's fault.
    except Exception as error:
        _say(refused=f"the video cannot be decoded ({type(error).__name__})", remedy="")


def _confine(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) or os.getppid() != parent:
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C: the parent ends it in order
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody reads any more
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_WORK, MOST_WORK + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write to a disk
    with suppress(OSError):  # where memory runs out in spite of all, this one goes first
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _play(order: dict[str, Any]) -> None:
    plan = Timing(order["fps"], tuple(order["sources"]), 1.0)
    size = (order["width"], order["height"])
    for chunk in play(Path(order["path"]), order["container"], size, plan):
        _say(frames=chunk.frames.shape)
        sys.stdout.buffer.write(chunk.frames.data)
        sys.stdout.buffer.flush()
    _say(end=True)


def _say(**fields: Any) -> None:
    sys.stdout.buffer.write(json.dumps(fields).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
