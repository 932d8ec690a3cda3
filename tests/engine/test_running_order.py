"""What `webtv rundown` shows, and its way to the one control plane, typed as people type it."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from engine_house import House, channel

from webtv.air.config import AirConfig, ChannelConfig
from webtv.air.cursor import Cursor
from webtv.clips.clip import Kind
from webtv.core.errors import ConfigError, InputError
from webtv.core.lock import held
from webtv.engine.running_order import Place, read_running_order, running_order
from webtv.playlist.asrun import utc_text
from webtv.playlist.entry import Entry

SLUG = "one"
START = 1_800_000_000.0


def entries(*groups: tuple[str, int, int]) -> list[Entry]:
    """Groups of sequence, first number, shots."""
    return [
        Entry(n + pos, f"{seq}{pos}", Kind.NEW, seq, pos + 1, shots, None, 0, 48, seq.upper(), "x.mp4")
        for seq, n, shots in groups
        for pos in range(shots)
    ]


def status(now: Entry, locked: int, **more: Any) -> dict[str, Any]:
    return {
        "slug": SLUG,
        "now": {**now.to_json(), "n": now.n, "start_utc": utc_text(START), "seconds": 2.0},
        "locked": locked,
        **more,
    }


LISTED = entries(("a", 1, 3), ("b", 4, 3), ("c", 7, 3), ("d", 10, 2))


def test_on_air_locked_and_waiting_with_their_times() -> None:
    order = running_order(SLUG, LISTED, status(LISTED[1], 3), after=0, fps=24)
    told = [slot.to_json() for slot in order.slots]
    assert [(each["place"], each["n"], each["shots"]) for each in told] == [
        ("on_air", [2, 3], [2, 3, 3]),
        ("locked", [4, 6], [1, 3, 3]),  # within the margin, and whole
        ("waiting", [7, 9], [1, 3, 3]),
        ("waiting", [10, 11], [1, 2, 2]),
    ]
    assert [each["start"] for each in told] == [utc_text(START + at) for at in (0, 4, 10, 16)]
    assert [each["sequence"] for each in told] == list("abcd")


def test_while_the_head_end_fills_in_nothing_listed_has_aired() -> None:
    slate = Entry(1, "slate", Kind.SLATE, "", 1, 1, None, 0, 96, "Back in a moment", "").numbered(0)
    order = running_order(SLUG, LISTED, status(slate, 5, upcoming=[4, 5]), after=0, fps=24)
    assert [slot.place for slot in order.slots] == [Place.ON_AIR, Place.LOCKED, Place.LOCKED, Place.WAITING]
    assert order.slots[0].to_json()["n"] is None
    assert order.slots[1].to_json()["n"] == [4, 6]


def test_while_the_head_end_is_silent_times_are_unknown_and_all_stays() -> None:
    order = running_order(SLUG, LISTED, None, after=6, fps=24)
    assert not order.answers
    assert [(slot.place, slot.start) for slot in order.slots] == [(Place.LOCKED, None)] * 2


class Silent:
    async def status(self) -> dict[str, Any]:
        return {"channels": []}


async def test_the_folder_alone_tells_what_was_listed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"air\.json"):
        await read_running_order(tmp_path, SLUG, Silent())
    AirConfig((ChannelConfig(SLUG, "One", "#ffffff", "576p24@1"),)).save(tmp_path / "air.json")
    with pytest.raises(InputError, match="use one of one"):
        await read_running_order(tmp_path, "two", Silent())
    (tmp_path / "cursors").mkdir()
    Cursor(START, 480, 7, None, 0, True, "576p24@1").save(tmp_path / "cursors" / f"{SLUG}.json")
    order = await read_running_order(tmp_path, SLUG, Silent())
    assert order.slots == ()


# Typed


async def typed(*words: str, data: Path) -> tuple[int, str, str]:
    """Run ``webtv`` to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webtv", "rundown", *words, "--data", str(data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def station(house: House) -> House:
    """A station with six new sequences, at the time of the real clock."""
    house.clock.step(time.time() - house.clock.time())
    AirConfig((ChannelConfig(SLUG, "One", "#ffffff", "720p24@1"),)).save(house.data / "air.json")
    house.orchestrate({SLUG: channel(buffer=600)}, ahead=20.0)
    await house.make(SLUG, 6)
    house.head_end.air(SLUG)
    await house.tick()
    return house


async def test_without_a_control_plane_an_edit_is_refused_in_words(station: House) -> None:
    before = station.entries(SLUG)
    status, out, err = await typed(SLUG, "skip", data=station.data)
    assert (status, out) == (1, "")
    assert "no control plane runs here" in err
    assert "start `webtv serve`" in err
    assert station.entries(SLUG) == before
    assert await station.edits.waiting() == {}
    status, out, _ = await typed(SLUG, data=station.data)
    assert status == 0
    assert before[-1].seq in out
    assert "The head-end does not answer" in out


async def test_an_edit_typed_is_in_the_playlist_when_the_command_ends(station: House) -> None:
    last = [entry for entry in station.entries(SLUG) if entry.pos == 1][-1]
    with held(station.data / "serve.lock"):
        told = asyncio.ensure_future(typed(SLUG, "next", last.seq, "--json", data=station.data))
        while not told.done():
            await station.tick()
            await asyncio.sleep(0.05)
        status, out, err = told.result()
        assert status == 0, err
        answer = json.loads(out)
        assert answer["edited"] == {
            "message": f"{last.title!r} ({last.seq}) comes next",
            "sequence": last.seq,
        }
        shown = [each["sequence"] for each in answer["rundown"]]
        assert shown == list(dict.fromkeys(shown))
        assert shown.index(last.seq) < len(shown) - 2

        refused = asyncio.ensure_future(typed(SLUG, "drop", "nothing", data=station.data))
        while not refused.done():
            await station.tick()
            await asyncio.sleep(0.05)
        status, out, err = refused.result()
        assert (status, out) == (1, "")
        assert "no sequence 'nothing' waits" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("move", "x"), "move needs SEQ --before SEQ"),
        (("skip", "x"), "skip takes no sequence"),
        (("drop",), "drop needs SEQ"),
        (("--before", "x"), "says nothing of what to do"),
    ],
)
async def test_what_is_typed_wrong_is_told(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    status, _, err = await typed(SLUG, *words, data=tmp_path)
    assert status == 1
    assert says in err
    assert len(err.splitlines()) == 1
