"""What an operator may write under WEBTV_ENDPOINTS."""

from typing import Any

import contract
import pytest
from asks import TOKEN, endpoint, shots

from webtv.core.errors import ConfigError
from webtv.studio.remote.asking import ask
from webtv.studio.remote.endpoint import endpoints

SPACE = {"kind": "gradio", "addresses": "owner/space"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "clips.kind: Field required"),
        (
            {"kind": "magic", "addresses": "https://a.example"},
            "Input should be 'gradio' or 'videos-api'",
        ),
        ({"kind": "gradio", "addresses": []}, "clips.addresses"),
        ({"kind": "gradio", "addresses": "ftp://a.example"}, "begins with https://"),
        (
            {"kind": "gradio", "addresses": f"https://me:{TOKEN}@a.example"},
            "holds no password, query",
        ),
        ({"kind": "gradio", "addresses": f"https://a.example/?key={TOKEN}"}, "a key belongs into `token`"),
        ({"kind": "videos-api", "addresses": "owner/space"}, "only Gradio Spaces have ids"),
        ({"kind": "gradio", "addresses": {"https://a.example": 0}}, "clips.addresses.0.weight"),
        (
            {**SPACE, "inputs": {"text": "{prompt}", "n": "{frame}"}},
            "`n` holds `{frame}`, which nothing fills in",
        ),
        ({**SPACE, "inputs": {"text": "a fox"}}, "no input holds `{prompt}`"),
        ({**SPACE, "options": {"seed": {"default": 1, "least": 0, "most": 9}}}, "filled in already"),
        (
            {**SPACE, "options": {"steps": {"default": 99, "least": 0, "most": 9}}},
            "outside `least`",
        ),
        ({**SPACE, "max_mb": 0}, "clips.max_mb"),
        ({**SPACE, "lengths": [4, -1]}, "clips.lengths"),
        ({**SPACE, "tokn": TOKEN}, "clips.tokn: Extra inputs are not permitted"),
        ({**SPACE, "token": [TOKEN]}, "clips.token"),
        ({**SPACE, "token": f"{TOKEN}\r\nx: y"}, "clips.token: a token is one word"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_without_its_value(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoints({"clips": fields})
    assert said in str(caught.value)
    assert str(caught.value).startswith("WEBTV_ENDPOINTS.clips")
    assert TOKEN not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


def test_a_name_is_small_letters() -> None:
    with pytest.raises(ConfigError, match="no name for an endpoint"):
        endpoints({"My Space": SPACE})


@pytest.mark.parametrize(
    "written",
    [
        "https://a.example",
        ["https://a.example"],
        {"https://a.example": 1},
        {"url": "https://a.example"},
        [{"url": "https://a.example", "weight": 1}],
    ],
)
def test_addresses_are_written_as_it_suits(written: Any) -> None:
    made = endpoints({"clips": {"kind": "videos-api", "addresses": written}})["clips"]
    assert [(address.url, address.weight) for address in made.addresses] == [("https://a.example", 1)]


def test_the_token_shows_nowhere() -> None:
    made = endpoint("https://a.example")
    assert TOKEN not in repr(made) + str(made) + made.model_dump_json()
    assert made.key == TOKEN


def test_a_placeholder_alone_keeps_its_type_and_amid_text_becomes_text() -> None:
    where = endpoint(
        "https://a.example",
        inputs={"a": "{seed}", "b": "seed={seed}", "c": ["{width}", {"d": "{seconds}"}], "e": 30, "f": None},
        options={"steps": {"default": 30, "least": 1, "most": 50}},
    )
    asked = ask("clips", where, {"steps": 20}, contract.shot_request(seconds=2.5))
    assert asked.inputs == {"a": 5, "b": "seed=5", "c": [320, {"d": 2.5}], "e": 30, "f": None}


@pytest.mark.parametrize(
    ("rule", "frames"), [("n", 48), ("4n+1", 49), ("8n+1", 49)], ids=["free", "wan", "ltx"]
)
def test_frames_follow_the_models_rule(rule: str, frames: int) -> None:
    where = endpoint("https://a.example", frame_rule=rule, inputs={"n": "{frames}"})
    assert ask("clips", where, {}, contract.shot_request()).inputs["n"] == frames


def test_the_key_is_of_what_decides_the_take() -> None:
    where = endpoint("https://a.example")
    key = ask("clips", where, {}, contract.shot_request()).key
    assert key == ask("clips", endpoint("https://b.example"), {}, contract.shot_request()).key
    other = [
        ask("clips", where, {}, contract.shot_request(seed=6)).key,
        ask("clips", where, {"steps": 3}, contract.shot_request()).key,
        ask("others", where, {}, contract.shot_request()).key,
        ask("clips", endpoint("https://a.example", model="large"), {}, contract.shot_request()).key,
    ]
    assert len({key, *other}) == 5


def test_a_curator_chooses_within_the_operators_bounds() -> None:
    where = endpoint(
        "https://a.example",
        options={
            "steps": {"default": 30, "least": 1, "most": 50},
            "guidance": {"default": 5.0, "least": 1, "most": 10},
        },
    )
    chosen = shots(where, options={"steps": 20}).credit(contract.shot_request()).details
    assert (chosen["steps"], chosen["guidance"]) == (20, 5.0)
    for written, said in (
        ({"steps": 51}, "studio.shot.steps: 51 will not do: write a whole number from 1 to 50"),
        ({"steps": 2.5}, "studio.shot.steps"),
        ({"guidance": True}, "studio.shot.guidance"),
        (
            {"url": "http://x"},
            "opened no such option: there are steps, guidance",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            shots(where, options=written)
        assert said in str(caught.value)
