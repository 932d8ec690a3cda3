"""Adapters are chosen in one place, and what they refuse is said at the place where it was written."""

from pathlib import Path

import pytest

from webtv import wiring
from webtv.core.errors import ConfigError, WebTVError
from webtv.core.settings import load_settings
from webtv.studio.interpolation import DISInterpolator
from webtv.themes.loader import check_channel

HEAD = "name: Foxes\ntheme: Foxes in the snow.\n"


@pytest.mark.parametrize("stage", sorted(wiring.ADAPTERS))
def test_every_built_in_adapter_can_be_built_without_options(stage: str) -> None:
    for name in wiring.ADAPTERS[stage]:
        assert wiring.build(stage, {"use": name}) is not None


def test_an_adapter_is_built_once_for_the_same_options() -> None:
    fast = wiring.adapter("interpolate", {"use": "dis", "preset": "fast"})
    assert isinstance(fast, DISInterpolator)
    assert wiring.adapter("interpolate", {"preset": "fast", "use": "dis"}) is fast
    assert wiring.adapter("interpolate", {"use": "dis", "preset": "medium"}) is not fast


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
            "foxes.yaml:4:36: dis does not take 'presett': it takes preset, flow_height",
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

    monkeypatch.setattr(wiring, "odd", odd, raising=False)
    adapters = {**wiring.ADAPTERS, "shot": {**wiring.ADAPTERS["shot"], "odd": "webtv.wiring:odd"}}
    monkeypatch.setattr(wiring, "ADAPTERS", adapters)
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
        wiring.script_desk(settings, wiring.SystemClock(), lambda _event: None)
