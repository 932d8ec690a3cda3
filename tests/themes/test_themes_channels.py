"""The channels that ship, the schema for editors, and the page that explains both."""

import re
from pathlib import Path
from typing import Any

import pytest

from webtv.core.format import FORMAT_NAMES
from webtv.themes.channel import Channel
from webtv.themes.loader import KnownNames, check_channel, load_folder
from webtv.themes.schema import channel_schema, channel_schema_text, every_key

ROOT = Path(__file__).parents[2]
DEFAULTS = KnownNames(
    stages={
        "shot": frozenset({"procedural"}),
        "interpolate": frozenset({"dis"}),
        "upscale": frozenset({"detail"}),
        "music": frozenset({"synth"}),
    }
)
PAGE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
SHIPPED = load_folder(ROOT / "channels", DEFAULTS)


def test_three_channels_ship_and_nothing_is_wrong_with_them() -> None:
    assert [str(problem) for loaded in SHIPPED for problem in loaded.problems] == []
    assert [loaded.slug for loaded in SHIPPED] == ["meadow-tales", "night-line", "tideline"]


def test_shipped_channels_differ_and_can_rerun_while_the_station_is_young() -> None:
    channels = [loaded.channel for loaded in SHIPPED if loaded.channel]
    for different in ("name", "theme", "style", "music", "branding"):
        assert len({repr(getattr(channel, different)) for channel in channels}) == 3
    for channel in channels:
        assert channel.sequence.seconds == 4
        assert 4 <= channel.sequence.shots <= 6
        assert channel.reruns.cooldown <= 1800
        assert channel.outputs == ()


@pytest.mark.parametrize("loaded", SHIPPED, ids=lambda loaded: loaded.slug)
def test_shipped_files_are_pages_that_editors_understand(loaded: Any) -> None:
    lines = loaded.path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../docs/channel.schema.json"
    assert max(map(len, lines)) <= 110
    assert len(lines) <= 60


def test_the_written_schema_is_current() -> None:
    """To write it anew: ``python -m webtv.themes.schema > docs/channel.schema.json``."""
    assert (ROOT / "docs" / "channel.schema.json").read_text(encoding="utf-8") == channel_schema_text()


def test_the_schema_describes_every_key_with_an_example() -> None:
    schema = channel_schema()
    assert schema["required"] == ["name", "theme"]
    assert schema["additionalProperties"] is False
    for group in (schema, *schema["$defs"].values()):
        for key, field in group.get("properties", {}).items():
            group_of_key = schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
            assert field.get("description", group_of_key.get("description", "")).endswith("."), key
            assert field["examples"], key
    assert schema["properties"]["format"]["enum"] == list(FORMAT_NAMES)


def test_the_schema_takes_durations_as_numbers_and_as_texts() -> None:
    number, text = channel_schema()["properties"]["buffer"]["anyOf"]
    assert number == {"type": "number", "minimum": 30, "maximum": 86400}
    for good in ("90s", "1.5 h", "10m", "600"):
        assert re.fullmatch(text["pattern"].strip("^$"), good)
        assert Channel(name="a", theme="b", buffer=good).buffer >= 90  # type: ignore[arg-type]
    assert not re.fullmatch(text["pattern"].strip("^$"), "2 hours")


def test_the_examples_of_the_schema_are_good_channels() -> None:
    for example in channel_schema()["examples"]:
        Channel.model_validate(example)
    for key, field in Channel.model_fields.items():
        for example in field.examples or []:
            Channel.model_validate({"name": "a", "theme": "b", key: example})


def test_the_page_names_every_key_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)
    known = [".".join(path) for path in every_key()]
    assert sorted(rows) == sorted(known)
    assert {"music.tempo", "studio.shot.use", "branding.accent"} <= set(known)


def test_the_page_names_the_defaults() -> None:
    rows = {
        cells[1].strip(" `"): cells[3].strip(" `")
        for cells in map(_cells, PAGE.splitlines())
        if len(cells) > 4
    }
    channel = Channel(name="a", theme="b")
    assert rows["sequence.shots"] == str(channel.sequence.shots)
    assert rows["sequence.seconds"] == str(channel.sequence.seconds)
    assert rows["music.tempo"] == str(channel.music.tempo)
    assert rows["music.instruments"] == f"[{', '.join(channel.music.instruments)}]"
    assert rows["buffer"] == f"{channel.buffer / 60:g}m"
    assert rows["reruns.share"] == str(channel.reruns.share)
    assert rows["reruns.cooldown"] == f"{channel.reruns.cooldown / 3600:g}h"
    assert rows["format"] == channel.format
    assert rows["rating"] == channel.rating
    for stage in ("shot", "interpolate", "upscale", "music"):
        assert rows[f"studio.{stage}.use"] == getattr(channel.studio, stage).use


def _cells(line: str) -> list[str]:
    return line.split("|")


def test_the_channel_in_one_minute_works_and_its_mistakes_read_as_shown() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    path = Path("channels/harbour-lights.yaml")
    loaded = check_channel(example[1].encode(), path, DEFAULTS)
    assert loaded.channel
    assert loaded.channel.name == "Harbour Lights"
    broken = example[1] + "music:\n  temp: 60\n  mood: calm\nbuffer: 2 hours\n"
    shown = re.search(r"```\n(channels/harbour-lights.*?)```", PAGE, re.DOTALL)
    assert shown
    assert "\n".join(map(str, check_channel(broken.encode(), path, DEFAULTS).problems)) + "\n" == shown[1]
