"""docs/formats.md names every key that the code writes."""

import asyncio
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from air_house import FORM, START, House, JumpingClock, channel, fill

from webtv.air.config import AirConfig, ChannelConfig, OutputConfig
from webtv.air.cursor import Cursor
from webtv.core.events import Event
from webtv.playlist.asrun import Airing

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("As-run log", Airing),
        ("Cursor", Cursor),
        ("Configuration", AirConfig),
        ("Configuration", ChannelConfig),
        ("Configuration", OutputConfig),
    ],
)
def test_every_field_is_explained(title: str, kind: type) -> None:
    text = section(title)
    for field in fields(kind):
        assert re.search(rf'[`"]{field.name}[`"]', text), field.name


async def test_every_key_of_entry_and_status_is_explained(house: House) -> None:
    entry = fill(house, 2)[0]
    assert all(f"`{key}`" in section("Playlist") for key in entry.to_json())
    clock, events = JumpingClock(START), list[Event]()
    on_air = channel(house, clock, events, OutputConfig("x", "rtmp://127.0.0.1:1/live/x"))
    assert on_air.status()["state"] == "off"
    task = asyncio.create_task(on_air.run())
    async with asyncio.timeout(20):
        while on_air.status()["now"] is None:  # noqa: ASYNC110 - its threads are at work
            await asyncio.sleep(0.001)
    status = json.loads(json.dumps(on_air.status()))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    text = section("Control socket")
    output = status["outputs"][0]
    extra = set(status["now"]) - set(entry.to_json())
    assert status["now"]["seconds"] == status["now"]["frames"] / FORM.fps
    for key in (*status, *output, *extra):
        assert f"`{key}`" in text, key
