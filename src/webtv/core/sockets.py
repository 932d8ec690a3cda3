"""Unix sockets: a path that is too long for one is refused before anything starts."""

import os
import sys
from pathlib import Path

from webtv.core.errors import ConfigError

LONGEST = 107 if sys.platform == "linux" else 103  # bytes that a socket's address has for its path


def expect_short(path: Path) -> None:
    """Hold a path to what a Unix socket's address has room for.

    Raises:
        ConfigError: it is too long.
    """
    length = len(os.fsencode(path))
    if length > LONGEST:
        raise ConfigError(
            f"the head-end's socket would have a path of {length} bytes, and {LONGEST} is the most",
            place=str(path),
            remedy=f"choose a shorter --data (WEBTV_DATA), by {length - LONGEST} or more",
        )
