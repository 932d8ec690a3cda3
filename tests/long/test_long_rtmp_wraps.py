"""Half an hour of real packets around each counter that overflows, through a real server and back."""

from pathlib import Path

import pytest
from air_house import FORM, GOP, Footage
from rtmp_house import carry

from servers import NginxRtmp

pytestmark = pytest.mark.long

GOPS = 900  # thirty minutes
AFTER_24_HOURS = 86_400_000


@pytest.mark.parametrize(
    ("mark", "offset"),
    [
        (2**24, 2**24),  # a session's own timestamps cross it, at 4 h 40 min
        (AFTER_24_HOURS, AFTER_24_HOURS),  # the end of a day's session
        (2**31, 0),  # the channel's timeline crosses them, in sessions that begin half an hour before
        (2**32, 0),
        (2**33 // 90, 0),
    ],
)
async def test_half_an_hour_around_it(footage: Footage, tmp_path: Path, mark: int, offset: int) -> None:
    start = (mark * FORM.fps // 1000 // GOP - GOPS // 2) * GOP
    first = start - max(0, offset * FORM.fps // 1000 // GOP - GOPS // 2) * GOP
    async with NginxRtmp(tmp_path / "nginx") as nginx:
        carried = await carry(footage, nginx.url("x"), start=start, first=first, gops=GOPS)
    assert carried.whole()
    assert len(carried.video) > (GOPS - 10) * GOP
    assert start * 1000 // FORM.fps < mark < (start + GOPS * GOP) * 1000 // FORM.fps
