"""The as-run log: exact lines, whatever a kill left at its end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from webtv.clips.clip import Kind
from webtv.playlist.asrun import Airing, AsRunFollower, AsRunLog, utc_seconds, utc_text

DAY = 1_800_000_000.0


def airing(number: int, day: int = 0, n: int | None = 1) -> Airing:
    return Airing(
        n, f"c{number}", Kind.NEW, number * 96, 96, utc_text(DAY + day * 86_400 + number * 4), False
    )


def test_a_line_has_the_keys_of_the_format_and_comes_back(tmp_path: Path) -> None:
    log = AsRunLog(tmp_path / "asrun")
    written = [airing(1), Airing(None, "ident", Kind.IDENT, 192, 48, utc_text(DAY + 8.0), True)]
    for line in written:
        log.append(line)
    assert list(log.read()) == written
    (path,) = log.files()
    assert path.name == f"{utc_text(DAY)[:10]}.jsonl"
    first = json.loads(path.read_text().splitlines()[0])
    assert list(first) == ["n", "clip", "kind", "start_frame", "frames", "utc", "cut"]


@pytest.mark.parametrize("seconds", [DAY, DAY + 0.001, DAY + 0.999, DAY + 0.9996, 1_799_999_999.123])
def test_times_are_milliseconds_and_invert(seconds: float) -> None:
    text = utc_text(seconds)
    assert len(text) == len("2027-01-15T08:00:00.000Z")
    assert text.endswith("Z")
    assert abs(utc_seconds(text) - seconds) <= 0.0005
    assert utc_text(utc_seconds(text)) == text


@pytest.mark.parametrize(
    "torn", [b'{"n":1,"cl', b"\x00\x00\x00", b"[" * 100_000, b'{"n":"x"}', b"null", b"7"]
)
def test_a_torn_or_strange_line_costs_nobody_else(tmp_path: Path, torn: bytes) -> None:
    log = AsRunLog(tmp_path)
    log.append(airing(1))
    path = log.files()[0]
    path.write_bytes(path.read_bytes() + torn)
    log.append(airing(2))
    assert [line.clip for line in log.read()] == ["c1", "c2"]
    last = log.last()
    assert last is not None
    assert last.clip == "c2"


def test_the_last_airing_is_found_at_the_end_of_a_long_log(tmp_path: Path) -> None:
    log = AsRunLog(tmp_path)
    assert log.last() is None
    for number in range(200):
        log.append(airing(number))
    assert log.last() == airing(199)
    log.append(airing(3, day=1))
    assert log.last() == airing(3, day=1)
    log.files()[-1].write_bytes(b"")
    assert log.last() == airing(199)


def test_days_are_read_from_the_latest_ones_back(tmp_path: Path) -> None:
    log = AsRunLog(tmp_path)
    for day in range(5):
        log.append(airing(1, day))
    assert [line.utc[:10] for line in log.read(days=2)] == [path.stem for path in log.files()[-2:]]


def test_a_follower_hands_each_airing_out_once(tmp_path: Path) -> None:
    log = AsRunLog(tmp_path)
    follower = AsRunFollower(log)
    assert follower.fresh() == []
    log.append(airing(1))
    log.append(airing(2))
    assert [line.clip for line in follower.fresh()] == ["c1", "c2"]
    assert follower.fresh() == []
    path = log.files()[0]
    whole = path.read_bytes()
    log.append(airing(3))
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:20])
    assert follower.fresh() == []  # half a line is left for later
    path.write_bytes(whole + line)
    log.append(airing(1, day=1))
    assert [found.utc[:10] for found in follower.fresh()] == [file.stem for file in log.files()]


def test_a_disk_that_takes_half_a_line_has_taken_none(tmp_path: Path) -> None:
    log = AsRunLog(tmp_path)
    log.append(airing(1))
    (path,) = log.files()
    before = path.read_bytes()
    script = (
        "import resource, signal, sys; from pathlib import Path;"
        "from test_playlist_asrun import airing; from webtv.playlist.asrun import AsRunLog;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try: AsRunLog(Path(sys.argv[1])).append(airing(2))\n"
        "except OSError: print('refused')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(len(before) + 20)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "refused\n"  # so that whoever keeps the books writes it later
    assert path.read_bytes() == before
