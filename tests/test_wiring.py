"""Adapters are chosen in one place, and what they refuse is said at the place where it was written."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from webtv import wiring
from webtv.core.clock import SystemClock
from webtv.core.errors import ConfigError, WebTVError
from webtv.core.events import Event, LogSink
from webtv.core.settings import Settings, load_settings
from webtv.studio.interpolation import DISInterpolator
from webtv.themes.loader import check_channel
from webtv.wiring import adapters

NAMED = {
    "text-to-video": ("shot", "WEBTV_TEXT_TO_VIDEO_MODEL"),
    "film": ("interpolate", "WEBTV_FILM_MODEL"),
    "spandrel": ("upscale", "WEBTV_SPANDREL_MODEL"),
}
HEAD = "name: Foxes\ntheme: Foxes in the snow.\n"


@pytest.mark.parametrize("stage", sorted(wiring.ADAPTERS))
def test_every_built_in_adapter_can_be_built_without_options(stage: str) -> None:
    for name in wiring.ADAPTERS[stage].keys() - NAMED.keys():
        assert wiring.build(stage, {"use": name}) is not None


@pytest.mark.parametrize("name", sorted(NAMED))
def test_one_without_a_usual_model_wants_the_operator_to_name_one(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage, setting = NAMED[name]
    with pytest.raises(ConfigError, match=setting):
        wiring.build(stage, {"use": name})
    monkeypatch.setenv(setting, str(tmp_path / "weights.safetensors"))
    assert wiring.build(stage, {"use": name}) is not None


def test_an_adapter_is_built_once_for_the_same_options() -> None:
    fast = adapters.adapter("interpolate", {"use": "dis", "preset": "fast"})
    assert isinstance(fast, DISInterpolator)
    assert adapters.adapter("interpolate", {"preset": "fast", "use": "dis"}) is fast
    assert adapters.adapter("interpolate", {"use": "dis", "preset": "medium"}) is not fast


def test_an_unknown_adapter_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"studio\.upscale: there is no adapter 'magic'.*detail, lanczos"):
        wiring.build("upscale", {"use": "magic"})


@pytest.mark.parametrize(
    ("studio", "said"),
    [
        (
            "studio:\n  upscale:\n    use: detail\n    detail: 9\n",
            "foxes.yaml:6:13: 9 will not do: write a number from 0 to 2",
        ),
        (
            "studio:\n  interpolate: {use: dis, presett: fast}\n",
            "foxes.yaml:4:36: dis does not take 'presett': it takes preset, flow_height, slow",
        ),
        (
            "studio:\n  shot:\n    use: zeroscope\n    width: 500\n",
            "foxes.yaml:6:12: 500 is no multiple of 8: write 496",
        ),
        (
            "studio:\n  music: {use: synth, volume: 11}\n",
            "foxes.yaml:4:31: synth does not take 'volume': remove it, this adapter has no options",
        ),
    ],
)
def test_refused_options_are_told_where_they_stand(studio: str, said: str) -> None:
    known = wiring.known_names(load_settings())
    loaded = check_channel((HEAD + studio).encode(), Path("foxes.yaml"), known)
    assert loaded.channel is None
    assert [str(problem) for problem in loaded.problems] == [said]


def test_whatever_an_adapter_raises_is_told_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(size: int) -> None:
        raise RuntimeError("no GPU of mine")

    monkeypatch.setattr(adapters, "odd", odd, raising=False)
    more = {**wiring.ADAPTERS, "shot": {**wiring.ADAPTERS["shot"], "odd": "webtv.wiring.adapters:odd"}}
    monkeypatch.setattr(adapters, "ADAPTERS", more)
    known = wiring.known_names(load_settings())
    text = HEAD + "studio:\n  shot: {use: odd, size: 1}\n"
    loaded = check_channel(text.encode(), Path("foxes.yaml"), known)
    (problem,) = loaded.problems
    assert "odd cannot be built: RuntimeError: no GPU of mine" in problem.message
    assert isinstance(wiring.refusal("shot", {"use": "odd", "size": 1}), ConfigError)


def test_good_options_are_taken() -> None:
    known = wiring.known_names(load_settings())
    text = HEAD + "studio:\n  upscale: {use: detail, detail: 0.5}\n"
    assert check_channel(text.encode(), Path("foxes.yaml"), known).problems == ()


def test_the_openai_writer_needs_a_server() -> None:
    settings = load_settings(writer="openai", openai_base_url=None, openai_api_key=None)
    with pytest.raises(WebTVError, match="WEBTV_OPENAI_BASE_URL"):
        wiring.script_desk(settings, SystemClock(), lambda _event: None)


@pytest.mark.parametrize(
    ("studio", "said"),
    [
        (
            "studio:\n  shot: {use: zeroscope}\ncommercial: true\n",
            "foxes.yaml:4:9: the terms of cerspense/zeroscope_v2_576w (CC-BY-NC-4.0) do not allow a "
            "channel that is commercial: "
            "use another adapter, or have the operator set another model for this one",
        ),
        (
            "commercial: true\nstudio:\n  music: {use: musicgen}\n",
            "foxes.yaml:5:10: the terms of facebook/musicgen-small (CC-BY-NC-4.0) do not allow a "
            "channel that is commercial: "
            "use another adapter, or have the operator set another model for this one",
        ),
        (
            "studio:\n  shot: {use: procedural, carry: last}\n",
            "foxes.yaml:4:34: procedural cannot go on from a picture: "
            "remove carry, or use an adapter that begins with a picture (docs/channels.md)",
        ),
    ],
)
def test_what_a_channel_may_not_ask_of_an_adapter(studio: str, said: str) -> None:
    known = wiring.known_names(load_settings())
    loaded = check_channel((HEAD + studio).encode(), Path("foxes.yaml"), known)
    assert [str(problem) for problem in loaded.problems] == [said]


def test_a_commercial_channel_may_use_what_its_terms_allow() -> None:
    known = wiring.known_names(load_settings())
    text = HEAD + "commercial: true\nstudio: {shot: {use: wan, carry: last}}\n"
    problems = check_channel(text.encode(), Path("foxes.yaml"), known).problems
    assert not [each for each in problems if "terms" in each.message]


def test_jobs_go_where_their_stages_work() -> None:
    embedded = {"shot": {"use": "procedural"}, "interpolate": {"use": "dis"}, "upscale": {"use": "detail"}}
    assert wiring.pool_of(embedded) == "cores"
    assert wiring.pool_of({**embedded, "shot": {"use": "zeroscope"}}) == "models"
    assert wiring.pool_of({**embedded, "upscale": {"use": "zeroscope-xl", "steps": 20}}) == "models"
    assert wiring.pool_of({"music": {"use": "musicgen"}}) == "models"
    assert wiring.pool_of({**embedded, "score": {"use": "clip", "threshold": 0.4, "takes": 3}}) == "models"
    assert wiring.pool_of({"shot": {"use": "nobody knows"}}) == "cores"


def test_an_endpoint_is_an_adapter_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from webtv.wiring import models

    farm = {"kind": "videos-api", "addresses": "https://video.example/v1", "model": "any", "token": "s3cret"}
    text = json.dumps({"farm": farm})
    monkeypatch.setenv("WEBTV_ENDPOINTS", text)
    models.endpoints.cache_clear()
    adapters._kept.cache_clear()
    try:
        assert "farm" in wiring.adapter_names("shot")
        assert "farm" not in wiring.adapter_names("music")
        assert wiring.pool_of({"shot": {"use": "farm"}}) == "models"
        assert "s3cret" not in repr(load_settings())

        # Whoever listens in this process hears of it, even if the adapter was built before.
        heard: list[Event] = []
        models.hear_endpoints(heard.append)
        (address,) = rota = models._rota("farm")
        rota.breaker(address).failed("it answers 503", rest=60.0)
        assert [(event.kind, event.data["endpoint"]) for event in heard] == [("studio.remote.opened", "farm")]
        monkeypatch.setenv("WEBTV_ENDPOINTS", text.replace("farm", "zeroscope"))
        models.endpoints.cache_clear()
        with pytest.raises(ConfigError, match=r"WEBTV_ENDPOINTS\.zeroscope: an adapter has this name"):
            wiring.adapter_names("shot")
    finally:
        monkeypatch.undo()
        models.hear_endpoints(LogSink())
        models._rota.cache_clear()
        models.endpoints.cache_clear()
        adapters._kept.cache_clear()


@pytest.mark.parametrize("environment", [wiring.model_environment, wiring.child_environment])
def test_a_child_is_told_no_secret_and_finds_none(
    environment: Callable[[Settings], dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    farm = {"farm": {"kind": "videos-api", "addresses": "https://video.example/v1", "token": "s3cret"}}
    lines = {
        "WEBTV_ENDPOINTS": json.dumps(farm),
        "WEBTV_MODELS_TOKEN": "s3cret",
        "WEBTV_OPENAI_API_KEY": "s3cret",
        "WEBTV_OUTPUTS": '{"mirror": "rtmp://live.example/app/s3cret"}',
        "WEBTV_MODELS_DEVICE": "cpu",
    }
    (tmp_path / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in lines.items()))
    settings = load_settings()
    assert settings.models_token is not None
    told = environment(settings)
    assert "s3cret" not in " ".join(told.values())
    for name in [name for name in os.environ if name.startswith("WEBTV_")]:
        monkeypatch.delenv(name)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    seen = load_settings()  # in the same folder, as a child does
    assert seen.models_device == "cpu"
    assert (seen.endpoints, seen.outputs) == ({}, {})
    assert not seen.models_token
    assert not seen.openai_api_key
