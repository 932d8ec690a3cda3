"""The control plane is killed in the middle of its work: the air goes on, and nothing is lost or done twice."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hlswatch import GOP, Index
from stationhouse import BACK, ON_AIR, House, house, small_channel, until

pytestmark = pytest.mark.e2e

SLUG = "quay"


@pytest.fixture
def home(tmp_path: Path, artifacts: Path) -> Iterator[House]:
    with house(tmp_path / "e2e-control-plane", artifacts) as found:
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
    begun = index(home)

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

    # From before the murder until now: one stream without a gap.
    now = index(home)
    assert now.discontinuities == 0
    played = dict(zip([*begun.names, *now.names], [*begun.dates, *now.dates], strict=True))
    dates = sorted(played.values())
    if now.sequence <= begun.sequence + len(begun.names):  # else it is out of the window that one can see
        assert {after - before for before, after in zip(dates, dates[1:], strict=False)} == {GOP * 1000}


def finished(home: House, under_way: set[str]) -> bool:
    done = jobs(home)
    return all(done[job] == "done" for job in under_way)


def nothing_twice(home: House) -> None:
    """No job, no clip and no file exists twice, and no file without its clip but for what is just moving in."""
    keys = Counter(row["key"] for row in home.rows("SELECT key FROM jobs"))
    assert set(keys.values()) == {1}
    places = Counter(
        (sequence, position) for _, sequence, position in clips(home).values() if sequence != "None"
    )
    assert set(places.values()) == {1}
    for file, _, _ in clips(home).values():
        assert (home.data / "library" / file[:2] / f"{file}.mp4").is_file()
    made = home.rows("SELECT id FROM jobs WHERE state = 'done' AND kind IN ('clip', 'ident')")
    assert {str(row["id"]) for row in made} <= clips(home).keys()
    files = {path.stem for path in (home.data / "library").rglob("*.mp4")}
    unknown = files - {file for file, _, _ in clips(home).values()}
    assert len(unknown) <= len(leased(home))


async def test_killed_again_and_again(home: House) -> None:
    for _ in range(3):
        async with home.serving() as station:
            await until("something is being made", lambda: database_is_there(home) and leased(home), ON_AIR)
            await asyncio.to_thread(station.child.kill)
            await station.wait()
    async with home.serving():
        await home.airing(SLUG)
        nothing_twice(home)


def database_is_there(home: House) -> bool:
    return (home.data / "webtv.sqlite3").exists()
