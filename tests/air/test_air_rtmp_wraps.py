"""Counters that overflow elsewhere, with real packets through a real server; at length in tests/long."""

from pathlib import Path

import pytest
from air_house import FORM, GOP, Footage
from rtmp_house import carry

from servers import NginxRtmp

MARKS = {"24 bits of milliseconds": 2**24, "31 bits": 2**31, "32 bits": 2**32}
GOPS = 6


def gop_before(milliseconds: int, gops: int) -> int:
    """The frame of a GOP that begins so many GOPs before a time."""
    return (milliseconds * FORM.fps // 1000 // GOP - gops) * GOP


@pytest.mark.parametrize("mark", MARKS)
async def test_a_viewer_sees_nothing_of_it(footage: Footage, tmp_path: Path, mark: str) -> None:
    start = gop_before(MARKS[mark], GOPS // 2)
    # 24 bits overflow within every day's session; the others on the channel's timeline only.
    first = 0 if MARKS[mark] == 2**24 else start
    async with NginxRtmp(tmp_path / "nginx") as nginx:
        carried = await carry(footage, nginx.url("x"), start=start, first=first, gops=GOPS)
    assert carried.whole(), carried
    passed = (start + (GOPS - 1) * GOP) * 1000 // FORM.fps
    assert start * 1000 // FORM.fps < MARKS[mark] < passed
