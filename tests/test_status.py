"""The status view goes on through trouble, and shows what airs rather than what lies in a folder."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from webtv.core.errors import TransientError
from webtv.core.settings import load_settings
from webtv.status import StatusView
from webtv.testing.clock import VirtualClock
from webtv.themes.channel import Channel


class Crowd:
    """An audience whose database is busy at every second look."""

    looks = 0

    async def watching(self) -> dict[str, int]:
        self.looks += 1
        if self.looks % 2 == 0:
            raise TransientError("the database is busy")
        return {"foxes": 40 + self.looks}


class Silent:
    """A head-end that is not there."""

    async def status(self) -> dict[str, Any]:
        raise TransientError("it does not answer")


async def test_a_busy_database_leaves_the_last_count(capsys: pytest.CaptureFixture[str]) -> None:
    clock, crowd = VirtualClock(), Crowd()
    kept = {"foxes": Channel(name="Foxes in the snow", theme="As it was before its file broke.")}
    parts = SimpleNamespace(
        settings=load_settings(),
        head_end=Silent(),
        clock=clock,
        orchestrator=SimpleNamespace(buffers={}),
        folder=SimpleNamespace(channels={}),
    )
    plane = SimpleNamespace(channels=kept)
    view = StatusView(
        cast("Any", plane), cast("Any", parts), cast("Any", crowd), 2, adopted=False, lively=True
    )
    async with contextlib.aclosing(view.run()) as showing:
        await anext(showing)
        following = asyncio.ensure_future(anext(showing))
        await clock.advance(1.0)
        await following
        assert crowd.looks == 2
    shown = capsys.readouterr().out
    assert "Foxes in the snow" in shown
    assert "41" in shown
