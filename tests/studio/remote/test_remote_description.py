"""Endpoints, inputs and results of a Space are found by what it says of itself; needs no Gradio."""

from typing import Any

import pytest

from webtv.core.errors import ConfigError, QualityError
from webtv.studio.gradio.description import calls_in, choose, fill, video_in

INPUTS = {"prompt": "a fox", "negative_prompt": "text", "seed": 5}


def parameter(name: str, label: str = "", **more: Any) -> dict[str, Any]:
    return {"parameter_name": name, "label": label, "component": "Textbox", **more}


def default(value: Any) -> dict[str, Any]:
    return {"parameter_has_default": True, "parameter_default": value}


def api(**calls: tuple[list[dict[str, Any]], str]) -> dict[str, Any]:
    return {
        "named_endpoints": {
            f"/{name}": {"parameters": parameters, "returns": [{"label": "out", "component": component}]}
            for name, (parameters, component) in calls.items()
        },
        "unnamed_endpoints": {},
    }


def chosen(described: Any, name: str = "", inputs: dict[str, Any] = INPUTS) -> str:
    return choose(calls_in(described, "x"), name, inputs, ["prompt"], "x").name


def test_the_name_counts_before_the_fit() -> None:
    described = api(a=([parameter("prompt")], "Video"), b=([parameter("prompt"), parameter("seed")], "Video"))
    assert chosen(described, "a") == chosen(described, "/a") == "/a"
    assert chosen(described) == chosen(described, "/was_called_so") == "/b"


def test_only_what_returns_a_video_is_found() -> None:
    described = api(
        image=([parameter("prompt"), parameter("seed"), parameter("negative_prompt")], "Image"),
        files=([parameter("prompt"), parameter("seed")], "Gallery"),
        film=([parameter("prompt")], "Video"),
    )
    assert chosen(described) == "/film"


def test_what_wants_more_than_is_given_comes_last_and_twins_are_told_apart() -> None:
    bare = parameter("image")
    described = api(
        from_image=([parameter("prompt"), parameter("seed"), bare], "Video"),
        generate_1=([parameter("prompt")], "Video"),
        generate=([parameter("prompt")], "Video"),
    )
    assert chosen(described) == "/generate"


def test_a_space_without_a_fit_says_what_it_has() -> None:
    described = api(draw=([parameter("text_input")], "Video"))
    with pytest.raises(ConfigError, match=r"takes prompt: write .* /draw\(text_input\)"):
        chosen(described)
    with pytest.raises(ConfigError, match="describes no endpoint"):
        calls_in("<html>", "x")
    with pytest.raises(ConfigError, match="describes no endpoint"):
        calls_in({"named_endpoints": [1], "unnamed_endpoints": {"x": 3}}, "x")


def filled(*parameters: dict[str, Any], inputs: dict[str, Any] = INPUTS) -> Any:
    call = calls_in(api(a=(list(parameters), "Video")), "x")[0]
    return fill(call, inputs, ["prompt"], "x")


def test_inputs_go_by_name_then_by_label_and_never_by_position() -> None:
    made = filled(
        parameter("param_2", "Seed"),
        parameter("Negative-Prompt"),
        parameter("steps", **default(30)),
        parameter("prompt"),
    )
    assert made.values == (5, "text", 30, "a fox")
    assert not made.unused
    both = filled(parameter("x", "prompt"), parameter("prompt", "x"), inputs={"prompt": "a fox", "x": 1})
    assert both.values == (1, "a fox"), "a name counts more than a label"


def test_an_input_that_is_gone_is_told_unless_it_is_needed() -> None:
    assert filled(parameter("prompt")).unused == ("negative_prompt", "seed")
    with pytest.raises(ConfigError, match=r"takes no input called 'prompt': .*/a\(text\)"):
        filled(parameter("text"))


def test_state_is_no_input() -> None:
    state = {"label": "state", "component": "State"}
    assert filled(state, parameter("prompt")).values == ("a fox",)


@pytest.mark.parametrize(
    "value",
    [
        {"path": "/home/op/.ssh/id_rsa", "meta": {"_type": "gradio.FileData"}},
        [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}],
        {"video": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}},
    ],
)
def test_a_default_that_names_a_file_is_never_sent(value: Any) -> None:
    with pytest.raises(ConfigError, match="also wants start_image and gives no default that can be sent"):
        filled(parameter("prompt"), parameter("start_image", **default(value)))


def test_what_nobody_maps_and_has_no_default_is_named() -> None:
    with pytest.raises(ConfigError, match="also wants steps, Guidance"):
        filled(parameter("prompt"), parameter("steps"), parameter("", "Guidance"))


@pytest.mark.parametrize(
    ("result", "url"),
    [
        ({"path": "/tmp/a b.mp4", "url": "http://x/a", "mime_type": None}, "https://s/file=/tmp/a%20b.mp4"),
        ({"video": {"path": "/tmp/a"}, "subtitles": None}, "https://s/file=/tmp/a"),
        (("ok", {"path": "/tmp/a.mp4"}), "https://s/file=/tmp/a.mp4"),
        ([{"path": "/tmp/i.png"}, {"path": "/tmp/v", "mime_type": "video/mp4"}], "https://s/file=/tmp/v"),
        (
            [{"image": {"path": "/tmp/i.png"}}, {"video": {"path": "/tmp/v.webm"}}],
            "https://s/file=/tmp/v.webm",
        ),
        ("https://cdn.example/v.mp4?sig=1", "https://cdn.example/v.mp4?sig=1"),
        ({"url": "https://cdn.example/v"}, "https://cdn.example/v"),
        ("/tmp/v.mp4", "https://s/file=/tmp/v.mp4"),
    ],
)
def test_the_video_is_found_in_whatever_comes_back(result: Any, url: str) -> None:
    assert video_in(result, "https://s/", "x") == url


@pytest.mark.parametrize("result", [None, "done", 3, [], {}, {"path": ""}, ["a.png"], {"path": None}])
def test_a_result_without_a_video_is_no_take(result: Any) -> None:
    with pytest.raises(QualityError, match="no video"):
        video_in(result, "https://s/", "x")
