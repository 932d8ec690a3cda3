import errno
import hashlib
import os
import resource
import signal
import subprocess
import sys

import pytest

from webtv.core.files import sha256_of, write_atomically

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from webtv.core.files import write_atomically
path = Path(sys.argv[1])
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    write_atomically(path, bytes([turn % 256]) * 300_000, durable=False)
"""


def test_bytes_mode_and_nothing_else(tmp_path):
    path = tmp_path / "air.json"
    write_atomically(path, b"one", mode=0o600)
    write_atomically(path, b"two", mode=0o640, durable=False)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    target = tmp_path / "taken"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_atomically(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path):
    """The file size limit is what a full disk is to a process that may not fill one."""
    path = tmp_path / "file"
    write_atomically(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is asserted below
            write_atomically(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "absent" / "file", b"")


def test_killed_at_any_moment_the_file_is_whole(tmp_path):
    path = tmp_path / "file"
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        with child:
            child.stdout.readline()
            while not path.exists():
                os.sched_yield()
            child.kill()
        data = path.read_bytes()
        assert len(data) == 300_000
        assert len(set(data)) == 1


def test_the_hash_is_of_the_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
