import pytest

from webtv.core.errors import ConfigError
from webtv.core.settings import load_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no `.env` of whoever runs the tests


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEBTV_PORT", "eighty"),
        ("WEBTV_PORT", "65536"),
        ("WEBTV_LOG_LEVEL", "loud"),
        ("WEBTV_LIBRARY_GB", "0"),
        ("WEBTV_LIBRARY_GB", "nan"),
        ("WEBTV_PLAYLIST_AHEAD", "5"),
        ("WEBTV_OUTPUTS", "not json"),
        ("WEBTV_OUTPUTS", '["a"]'),
        ("WEBTV_OUTPUTS", '{"twitch": 5}'),
        ("WEBTV_ALLOWED_NAMES", "{"),
        ("WEBTV_STUDIO_NICE", "-5"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.place == variable
    assert variable in caught.value.remedy


def test_a_bad_value_that_may_be_a_key_is_not_repeated(monkeypatch):
    monkeypatch.setenv("WEBTV_OUTPUTS", '{"twitch": ["rtmp://live.example/app/topsecret"]}')
    with pytest.raises(ConfigError) as caught:
        load_settings()
    error = caught.value
    assert (
        "topsecret"
        not in f"{error} {error.__cause__} {error.__context__ if not error.__suppress_context__ else ''}"
    )


def test_what_was_typed_wins_over_the_environment_and_that_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("WEBTV_PORT=1001\nWEBTV_HOST=::1\nUNRELATED=1\n")
    assert load_settings().port == 1001
    monkeypatch.setenv("WEBTV_PORT", "1002")
    assert load_settings(port=None).port == 1002
    settings = load_settings(port=1003)
    assert (settings.port, settings.host) == (1003, "::1")


def test_secrets_do_not_show(monkeypatch):
    monkeypatch.setenv("WEBTV_OUTPUTS", '{"twitch": "rtmp://live.example/app/topsecret"}')
    monkeypatch.setenv("WEBTV_OPENAI_API_KEY", "sk-topsecret")
    settings = load_settings()
    assert settings.outputs["twitch"].url.get_secret_value() == "rtmp://live.example/app/topsecret"
    assert "topsecret" not in f"{settings!r} {settings}"


def test_everything_a_station_writes_is_in_its_data_folder(tmp_path):
    settings = load_settings(data=tmp_path / "here")
    places = [settings.database, settings.library, settings.air_socket, settings.air_config]
    assert all(place.is_relative_to(settings.data) for place in places)
