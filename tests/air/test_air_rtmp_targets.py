"""Targets: what services document is compared with what a channel has, and a session is renewed in time."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from webtv.air.config import AirConfig, ChannelConfig, OutputConfig, load_config
from webtv.air.faults import Fault
from webtv.air.targets import AUDIO_RATE, PROFILES, misfits, profile_of, rotation
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import ConfigError
from webtv.core.events import Severity
from webtv.core.format import FORMAT_NAMES, house_format
from webtv.core.settings import OutputTarget, load_settings
from webtv.engine.station import unfit_outputs
from webtv.themes.channel import Channel

PAGE = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text()
KEY = "live_123_s3cr3t"
WRAP = 2**31 / 1000  # seconds until timestamps have used up 31 bits


def target(**fields: Any) -> OutputTarget:
    return load_settings(outputs={"x": fields}).outputs["x"]


def told(fields: Mapping[str, Any], form: str) -> list[tuple[Severity, str]]:
    found = list(misfits(target(**fields), house_format(form)))
    assert all(item.remedy and KEY not in item.message + item.remedy for item in found)
    return [(item.severity, item.message) for item in found]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("sfo.contribute.live-video.net", "twitch"),
        ("live-ams.TWITCH.tv", "twitch"),
        ("a.rtmps.youtube.com", "youtube"),
        ("b.rtmp.youtube.com:1935", "youtube"),
        ("127.0.0.1", "plain"),
        ("nottwitch.tv", "plain"),
        ("twitch.tv.example.org", "plain"),
    ],
)
def test_the_host_tells_the_profile(host: str, name: str) -> None:
    assert profile_of(target(url=f"rtmp://{host}/app/{KEY}")).name == name
    assert profile_of(target(url=f"rtmp://{host}/app/{KEY}", profile="youtube")).name == "youtube"


def test_what_fits_is_not_talked_about() -> None:
    for form in FORMAT_NAMES:
        assert told({"url": f"rtmp://tv.example/live/{KEY}"}, form) == []
    assert told({"url": f"rtmps://a.rtmps.youtube.com/live2/{KEY}"}, "1080p24@1") == []


def test_a_channel_that_does_not_fit_is_told() -> None:
    twitch = {"url": f"rtmps://sfo.contribute.live-video.net/app/{KEY}"}
    assert told(twitch, "1080p24@1") == [
        (Severity.WARNING, "1080p24@1 rises to 6.75 Mb/s, and Twitch takes 6 Mb/s"),
        (Severity.WARNING, "1080p24@1 has 24 pictures a second, and Twitch names 25, 30, 50, 60"),
    ]
    assert told(twitch, "720p25@1") == [
        (Severity.WARNING, "720p25@1 has 2.5 Mb/s, and Twitch advises 3 Mb/s or more")
    ]
    assert told({**twitch, "rotate_hours": 48}, "1080p30@1")[0][0] is Severity.ERROR
    (first, *_) = told({"url": f"rtmp://a.rtmp.youtube.com/live2/{KEY}"}, "1080p30@1")
    assert first == (Severity.WARNING, "the stream key goes to YouTube unencrypted")
    (missing,) = misfits(target(url="rtmps://h/x/y", ca_file="/nowhere/ca.pem"))
    assert missing.severity is Severity.ERROR


def test_the_station_tells_it_when_a_channel_is_configured() -> None:
    settings = load_settings(outputs={"mirror": f"rtmp://live.twitch.tv/app/{KEY}"})
    channels = {
        "foxes": Channel(name="Foxes", theme="Foxes.", outputs=("mirror", "nobody's"), format="720p24@1"),
        "owls": Channel(name="Owls", theme="Owls."),
    }
    events = list(unfit_outputs(settings, channels))
    assert len(events) == 3
    assert {event.channel for event in events} == {"foxes"}
    assert {event.kind for event in events} == {"engine.output.unfit"}
    assert KEY not in repr(events)


def test_sessions_end_long_before_the_wrap_and_before_a_service_ends_them() -> None:
    for profile in PROFILES.values():
        assert profile.rotate < WRAP / 3
        assert not profile.limit or profile.rotate <= profile.limit / 2
        if profile.name != "plain":
            assert profile.rotate <= 86_400, "mirrors daily"
    hours = OutputTarget.model_fields["rotate_hours"].metadata
    assert max(getattr(rule, "le", 0) for rule in hours) * 3600 < 0.9 * WRAP
    assert rotation(target(url="rtmp://h/x/y", rotate_hours=6)) == 6 * 3600


def test_the_video_is_of_a_codec_that_all_take() -> None:
    assert all(avcc[1] == 100 for avcc in committed_avcc().values()), "H.264 High"
    assert AUDIO_RATE == 128_000


@pytest.mark.parametrize(
    "fields",
    [
        f"http://h/live/{KEY}",
        f"rtmp:///live/{KEY}",
        {"url": f"/live/{KEY}"},
        {"url": f"rtmp://h/live/{KEY}", "rotate": 3},
        {"url": f"rtmp://h/live/{KEY}", "rotate_hours": 597},
        {"url": f"rtmp://h/live/{KEY}", "profile": KEY},
        {"key": KEY},
    ],
)
def test_a_target_that_will_not_do_is_refused_without_its_key(fields: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(outputs={"x": fields})
    assert caught.value.place == "WEBTV_OUTPUTS"
    assert KEY not in str(caught.value)


def test_a_target_is_kept_in_the_head_ends_file_and_nowhere_else(tmp_path: Path) -> None:
    output = OutputConfig("x", f"rtmps://h/live/{KEY}", rotate=3600.0, overlap=True, ca_file="/ca.pem")
    config = AirConfig((ChannelConfig("tide", "Tide", "#7fb3d0", "720p24@1", (output,)),))
    path = tmp_path / "air.json"
    config.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_config(path).channels[0].outputs == (output,)
    assert KEY not in repr(config)
    data = json.loads(path.read_text())
    data["channels"][0]["outputs"] = [{"name": "x", "url": "rtmp://h/x/y"}]  # of an earlier version
    path.write_text(json.dumps(data))
    assert load_config(path).channels[0].outputs == (OutputConfig("x", "rtmp://h/x/y"),)


def test_the_page_tells_every_key_and_every_fault() -> None:
    for name, field in OutputTarget.model_fields.items():
        assert re.search(rf"^\| `{name}` \| .* \| {re.escape(field.description or '?')} \|$", PAGE, re.M), (
            name
        )
    assert all(f"`{fault.value}`" in PAGE for fault in Fault)
    for profile in PROFILES.values():
        assert all(f"`{host}`" in PAGE for host in profile.hosts)
