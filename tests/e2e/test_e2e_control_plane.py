"""The control plane is killed in the middle of its work: the air goes on, nothing is lost or done twice."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hlswatch import GOP, Index
from stationhouse import BACK, ON_AIR, House, house, small_channel, until

pytestmark = pytest.mark.e2e

SLUG = "quay"


@pytest.fixture
def home(tmp_path: Path, artifacts: Path) -> Iterator[House]:
    # So long that nothing of the stream leaves the window of the live playlist meanwhile.
    with house(tmp_path / "e2e-control-plane", artifacts, {"WEBTV_HLS_WINDOW": "3600"}) as found:
        # Buffers that never fill: the studio is always in the middle of something.
        found.write_channel(SLUG, small_channel("The Quay", shots=3, seconds=4, buffer="2h"))
        yield found


def index(home: House) -> Index:
    """The live playlist as it lies on the disk: nobody serves it while the control plane is dead."""
    return Index.read((home.data / "hls" / SLUG / "index.m3u8").read_text())


def last_segment(home: House) -> int:
    found = index(home)
    return found.sequence + len(found.names) - 1


def clips(home: House) -> dict[str, tuple[str, str, int]]:
    return {
        str(row["id"]): (str(row["file"]), str(row["sequence"]), int(row["position"]))
        for row in home.rows("SELECT id, file, sequence, position FROM clips")
    }


def jobs(home: House) -> dict[str, str]:
    return {str(row["id"]): str(row["state"]) for row in home.rows("SELECT id, state FROM jobs")}


def leased(home: House) -> set[str]:
    return {job for job, state in jobs(home).items() if state == "leased"}


def owners(home: House) -> set[str]:
    return {
        str(row["lease_owner"]) for row in home.rows("SELECT lease_owner FROM jobs WHERE state = 'leased'")
    }


async def test_killed_in_the_middle_of_a_job(home: House) -> None:
    async with home.serving() as station:
        await home.airing(SLUG)
        under_way = await until("clips are being made", lambda: leased(home), BACK)
        head_end, dead = await home.head_end_pid(), owners(home)
        before = clips(home)
        station.child.kill()
        assert await station.wait() != 0
        killed_at = last_segment(home)

    # Web and studio go with it; only the head-end stays, and it airs on.
    await until("only the head-end is left", lambda: home.everyone() == [head_end], BACK)
    await until("the air goes on", lambda: last_segment(home) >= killed_at + 3, BACK)
    assert jobs(home).keys() >= under_way

    async with home.serving():
        await home.playable(SLUG)
        assert await home.head_end_pid() == head_end
        assert "adopted" in home.log.read_text()
        await until("what was begun is finished", lambda: finished(home, under_way), ON_AIR)
        assert not dead & owners(home)
        after, done = clips(home), jobs(home)
        assert before.items() <= after.items()
        assert set(done.values()) <= {"queued", "leased", "done"}
        nothing_twice(home)

    # From the first segment until now: one stream without a gap.
    whole = index(home)
    assert whole.sequence == 0
    assert whole.discontinuities == 0
    assert {after - before for before, after in pairwise(whole.dates)} == {GOP * 1000}


def finished(home: House, under_way: set[str]) -> bool:
    done = jobs(home)
    return all(done[job] == "done" for job in under_way)


def nothing_twice(home: House) -> None:
    """No job, clip or file exists twice, and no file without its clip but for what just moves in."""
    keys = Counter(row["key"] for row in home.rows("SELECT key FROM jobs"))
    assert set(keys.values()) == {1}
    shots = home.rows("SELECT sequence, position FROM clips WHERE sequence IS NOT NULL")
    places = Counter((row["sequence"], row["position"]) for row in shots)
    assert set(places.values()) == {1}
    made = {str(row["id"]) for row in home.rows("SELECT id FROM jobs WHERE state = 'done' AND kind = 'clip'")}
    at_work = len(leased(home))
    files = {path.stem for path in (home.data / "library").rglob("*.mp4")}
    known = {clip: file for clip, (file, _, _) in clips(home).items()}
    assert made <= known.keys()
    assert len(files - set(known.values())) <= at_work
    for file in known.values():
        assert (home.data / "library" / file[:2] / f"{file}.mp4").is_file()


async def test_killed_again_and_again(home: House) -> None:
    for _ in range(2):
        async with home.serving() as station:
            await home.playable(SLUG)
            await until("something is being made", lambda: leased(home), ON_AIR)
            station.child.kill()
            await station.wait()
    async with home.serving():
        await home.airing(SLUG)
        nothing_twice(home)
