import io
import json

import pytest
import structlog

from webtv.core.events import Event, LogSink, Severity
from webtv.core.log import configure_log, redact


@pytest.fixture(autouse=True)
def default_log():
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("push to rtmp://live.example/app/s3cret failed", "push to rtmp://live.example/… failed"),
        ("rtmps://live.example:443/app/s3cret", "rtmps://live.example:443/…"),
        ("https://user:s3cret@host.example/path?a=1", "https://host.example/…"),
        ("https://host.example?token=s3cret", "https://host.example/…"),
        ("https://host.example#s3cret", "https://host.example/…"),
        ("https://user:s3/cret@host.example/", "https://…"),
        ("srt://host.example:9000?passphrase=s3cret", "srt://host.example:9000/…"),
        ("postgresql+asyncpg://user:s3cret@db/webtv", "postgresql+asyncpg://db/…"),
        ("HTTP://[::1]:8000/s3cret", "HTTP://[::1]:8000/…"),
        ("Authorization: Bearer s3cret.s3cret", "Authorization: Bearer …"),
        ("OPENAI_API_KEY=s3cret, so", "OPENAI_API_KEY=…, so"),
        ("""{"password": "s3cret s3cret"}""", """{"password": …}"""),
        ("the key sk-proj-s3cret12 was refused", "the key sk-… was refused"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("unknown key: buffr", "unknown key: buffr"),
        ("file:///var/lib/webtv", "file:///var/lib/webtv"),
        (
            "channels/tideline.yaml:3:1: what is this: write that",
            "channels/tideline.yaml:3:1: what is this: write that",
        ),
    ],
)
def test_what_may_be_secret_is_hidden_and_nothing_else(text, shown):
    assert redact(text) == shown
    assert "s3cret" not in redact(text)


def test_a_very_long_text_is_soon_done():
    assert redact("a-" * 100_000).startswith("a-a-")
    assert redact("https://" + "a:" * 50_000) == "https://…"


def test_every_line_of_the_log_is_redacted():
    stream = io.StringIO()
    configure_log("info", stream=stream, as_json=True)
    data = {
        "url": "rtmp://live.example/app/s3cret",
        "stream_key": "s3cret",
        "nested": {"Authorization": "s3cret", "list": ["https://u:s3cret@host"]},
        "message": "data does not win",
        "channel": "nor here",
    }
    LogSink()(Event("a.b", "to https://h?key=s3cret", Severity.ERROR, "look at it", "one", data))
    try:
        raise ValueError("rtmp://live.example/app/s3cret")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "s3cret" not in stream.getvalue()
    line = json.loads(stream.getvalue().splitlines()[0])
    assert (line["event"], line["level"], line["message"]) == ("a.b", "error", "to https://h/…")
    assert (line["channel"], line["remedy"]) == ("one", "look at it")
    assert line["nested"] == {"Authorization": "…", "list": ["https://host"]}


def test_a_log_that_takes_no_more_hurts_nobody():
    stream = io.StringIO()
    configure_log("info", stream=stream, as_json=True)
    stream.close()
    LogSink()(Event("a.b", "said to nobody"))


def test_less_is_told_when_less_is_asked_for():
    stream = io.StringIO()
    configure_log("warning", stream=stream)
    LogSink()(Event("a.b", "quiet"))
    LogSink()(Event("c.d", "loud", Severity.WARNING))
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
