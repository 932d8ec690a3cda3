"""One suite for every writer: the shipped fake, the grammar, and the model writer on a local server."""

import json
from collections.abc import AsyncIterator

import pytest
from prompt_samples import CHANNELS, ImpatientClock, brief, good
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.openai_writer import OpenAIWriter
from webtv.prompts.rules import broken_rules
from webtv.prompts.writer import Writer
from webtv.testing.prompts import FakeWriter
from webtv.themes.channel import Channel


def reply(call: Request) -> Response:
    """Answer as a good model does, with as many shots as the request says."""
    asked = call.get_json()["messages"][1]["content"]
    shots = next(number for number in range(1, 25) if f"exactly {number} shots" in asked)
    return Response(json.dumps(good(shots)), content_type="application/json")


@pytest.fixture(params=["fake", "grammar", "openai"])
async def writer(request: pytest.FixtureRequest, httpserver: HTTPServer) -> AsyncIterator[Writer]:
    if request.param == "fake":
        yield FakeWriter()
    elif request.param == "grammar":
        yield GrammarWriter()
    else:
        httpserver.expect_request("/v1/chat/completions").respond_with_handler(reply)
        url = httpserver.url_for("/v1")
        async with OpenAIWriter(model="m", clock=ImpatientClock(), base_url=url) as model:
            yield model


@pytest.mark.parametrize("slug", CHANNELS)
async def test_a_sequence_has_the_shape_that_the_channel_asks_for(writer: Writer, slug: str) -> None:
    channel = CHANNELS[slug]
    plan = await writer.write(brief(channel, 11))
    assert len(plan.shots) == channel.sequence.shots
    assert broken_rules(plan, channel) == ()
    assert plan.seed == 11
    assert plan.writer == writer.name
    assert plan.title


@pytest.mark.parametrize("shots", [1, 2, 3, 24])
async def test_any_number_of_shots(writer: Writer, shots: int) -> None:
    channel = Channel(name="C", theme="Gulls over a harbour", sequence={"shots": shots})
    plan = await writer.write(brief(channel))
    assert len(plan.shots) == shots


async def test_what_is_avoided_is_named_in_negative_of_every_shot(writer: Writer) -> None:
    channel = CHANNELS["tideline"]
    plan = await writer.write(brief(channel))
    for shot in plan.shots:
        assert set(channel.avoid) <= set(shot.negative.split(", "))


async def test_the_tempo_stays_within_ten_percent(writer: Writer) -> None:
    for slug, channel in CHANNELS.items():
        for seed in range(20):
            plan = await writer.write(brief(channel, seed))
            wanted = channel.music.tempo
            assert 0.9 * wanted <= plan.music.tempo <= 1.1 * wanted, slug


async def test_extreme_seeds(writer: Writer) -> None:
    for seed in (0, 2**63 - 1):
        assert (await writer.write(brief(seed=seed))).seed == seed
