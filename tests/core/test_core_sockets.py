"""What the address of a Unix socket takes, and that nothing starts where it would not fit."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from webtv.core.errors import ConfigError
from webtv.core.sockets import LONGEST, expect_short


def path_of(folder: Path, length: int) -> Path:
    """A path for a socket in a folder of its own, that many bytes long, with a letter of two bytes in it."""
    letters = length - len(os.fsencode(folder)) - len("/ä/air.sock") - 1
    path = folder / ("ä" + "a" * letters) / "air.sock"
    path.parent.mkdir()
    assert len(os.fsencode(path)) == length
    return path


def test_the_limit_is_the_systems(tmp_path: Path) -> None:
    good, bad = path_of(tmp_path, LONGEST), path_of(tmp_path, LONGEST + 1)
    expect_short(good)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(good))
    with pytest.raises(ConfigError, match="by 1 or more"):
        expect_short(bad)
    with socket.socket(socket.AF_UNIX) as listener, pytest.raises(OSError, match="too long"):
        listener.bind(str(bad))


def test_a_station_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 100)
    argv = [sys.executable, "-m", "webtv", "serve", "--port", "0", "--data", str(data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "choose a shorter --data" in done.stderr
    assert not data.exists()
