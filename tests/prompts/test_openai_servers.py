"""The openai writer against servers as they are, each with its own words and its own ways of failing."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

import pytest
from model_servers import SERVERS, Answer, Endless, LlamaCpp, ModelServer, Ollama, Vllm
from prompt_samples import TIDELINE, ImpatientClock, answer, brief

from webtv.core.errors import (
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.events import EventLog
from webtv.prompts.desk import ScriptDesk
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.memory import Memory
from webtv.prompts.openai_reply import LONGEST_BODY
from webtv.prompts.openai_writer import OpenAIWriter
from webtv.prompts.safety import SafetyFilter

GOOD = json.dumps(answer())
DRAFT = json.dumps(answer(title="A First Draft"))
QUOTA = {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "param": None}}
EVERY_SERVER = pytest.mark.parametrize("kind", SERVERS)


def writer(server: ModelServer, clock: ImpatientClock | None = None, **options: Any) -> OpenAIWriter:
    options = {"model": "m", "timeout": 20.0} | options
    return OpenAIWriter(clock=clock or ImpatientClock(), base_url=server.url, **options)


async def refused(server: ModelServer, **options: Any) -> WebTVError:
    """What a writer says against a server."""
    async with server, writer(server, **options) as model:
        with pytest.raises(WebTVError) as caught:
            await model.write(brief())
    assert caught.value.place == model.name
    return caught.value


async def title(server: ModelServer, clock: ImpatientClock | None = None) -> str:
    """Title of what a writer gets out of a server."""
    async with server, writer(server, clock) as model:
        return (await model.write(brief())).title


# Form.


@EVERY_SERVER
async def test_a_server_that_grants_schemas_is_asked_once(kind: type[ModelServer]) -> None:
    server = kind(GOOD)
    assert await title(server) == "Gulls at Dawn"
    assert server.forms == ["json_schema"]


@EVERY_SERVER
async def test_a_server_that_refuses_schemas_is_asked_for_less_and_it_is_told_once(
    kind: type[ModelServer],
) -> None:
    events = EventLog()
    async with kind(GOOD, refuses=("json_schema",)) as server, writer(server, events=events) as model:
        await asyncio.gather(*(model.write(brief(seed=seed)) for seed in range(3)))
        await model.write(brief(seed=3))
    assert sorted(server.forms[:-1]) == ["json_object"] * 3 + ["json_schema"] * 3
    assert server.forms[-1] == "json_object"
    (event,) = events.recent
    assert event.kind == "prompts.writer.asks_for_less"
    assert event.data == {"writer": "openai:m", "refused": "json_schema", "granted": "json_object"}
    assert event.remedy


@EVERY_SERVER
async def test_a_server_without_any_form_gets_the_schema_in_words(kind: type[ModelServer]) -> None:
    events = EventLog()
    async with (
        kind(GOOD, refuses=("json_schema", "json_object")) as server,
        writer(server, events=events) as model,
    ):
        assert (await model.write(brief())).title == "Gulls at Dawn"
    assert server.forms == ["json_schema", "json_object", "plain"]
    assert "additionalProperties" in server.asked[-1]["messages"][1]["content"]
    assert [event.data["granted"] for event in events.recent] == ["plain text"]


async def test_a_refusal_that_is_not_about_the_form_leaves_the_form() -> None:
    events = EventLog()
    wrong = Vllm.error(Vllm(), 400, "Conversation roles must alternate user/assistant")
    async with Vllm(wrong, wrong, wrong, GOOD) as server, writer(server, events=events) as model:
        with pytest.raises(ConfigError, match="roles must alternate"):
            await model.write(brief())
        await model.write(brief())
    assert server.forms == ["json_schema", "json_object", "plain", "json_schema"]
    assert not events.recent


async def test_a_failure_of_the_server_leaves_the_form() -> None:
    clock = ImpatientClock()
    server = Vllm(Vllm.error(Vllm(), 500, "EngineCore encountered an issue"), GOOD)
    assert await title(server, clock) == "Gulls at Dawn"
    assert server.forms == ["json_schema"] * 2
    assert len(clock.waits) == 1


# What models write.


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Sure! {{smiling}} Here it is:\n\n{GOOD}\n\nShall I write {{another}}?",
        f"<think>\nThe channel wants {{gulls}}. Draft: {DRAFT}\n</think>\n\n{GOOD}",
        f"Draft: {DRAFT} No, wait.\n</think>\n{GOOD}",
        f"<thinking>{{</thinking>{GOOD}<think>should I have",
        f"{DRAFT}\n\nA better one:\n```\n{GOOD}\n```",
        "\ufeff" + GOOD,
    ],
    ids=["fenced", "prose", "thoughts", "thoughts unopened", "thoughts unclosed", "twice", "mark"],
)
async def test_what_surrounds_the_answer_is_left_out(text: str) -> None:
    server = Ollama(text)
    assert await title(server) == "Gulls at Dawn"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "message",
    [
        {
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "sequence", "arguments": GOOD}}
            ]
        },
        {"tool_calls": [{"function": {"name": "sequence", "arguments": answer()}}]},
        {"content": [{"type": "text", "text": GOOD[:90]}, {"type": "text", "text": GOOD[90:]}]},
    ],
    ids=["tool call", "tool call with an object", "parts"],
)
async def test_an_answer_in_another_place_is_found(message: dict[str, Any]) -> None:
    server = LlamaCpp(LlamaCpp.completion(LlamaCpp(), None, **message))
    assert await title(server) == "Gulls at Dawn"
    assert len(server.asked) == 1


async def test_json_under_a_wrong_content_type_is_read() -> None:
    good = Vllm.completion(Vllm(), GOOD)
    assert await title(Vllm(Answer(good.body, kind="text/plain"))) == "Gulls at Dawn"


async def test_an_answer_that_was_cut_off_is_asked_for_again_and_shorter() -> None:
    server = Vllm(Vllm.completion(Vllm(), GOOD[:900], "length"), GOOD)
    assert await title(server) == "Gulls at Dawn"
    assert "cut off before its end" in server.asked[1]["messages"][-1]["content"]
    assert len(server.asked) == 2


async def test_thoughts_without_an_answer_are_not_paid_for_twice() -> None:
    silent = Vllm.completion(Vllm(), None, "length", reasoning="The channel wants gulls, so I could")
    server = Vllm(silent)
    error = await refused(server)
    assert isinstance(error, QualityError)
    assert "switch the model's thinking off" in error.remedy
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": None, "refusal": "I can't help with gulls."}}]},
        {"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]},
        [],
        "completion",
        b'{"choices": [{"message": {"content": "',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_completion_is_not_paid_for_twice(body: Any) -> None:
    server = Vllm(Answer(body))
    assert isinstance(await refused(server), QualityError)
    assert len(server.asked) == 1


async def test_an_empty_message_gets_its_one_repair() -> None:
    server = LlamaCpp(LlamaCpp.completion(LlamaCpp(), None), GOOD)
    assert await title(server) == "Gulls at Dawn"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000,
        '{"a":' * 50_000,
        '{"shots": ' + "[" * 90_000,
        "<think>" * 50_000,
        json.dumps({"title": "x" * 500_000}),
        json.dumps(
            answer(subject="a gull") | {"shots": [answer()["shots"][0] | {"subject": "y " * 4000}] * 4}
        ),
        json.dumps(answer(2000)),
    ],
    ids=["braces", "deep", "deep list", "thoughts", "long title", "long subject", "many shots"],
)
async def test_monstrous_answers_are_bad_answers(text: str) -> None:
    server = Ollama(text)
    error = await refused(server)
    assert isinstance(error, QualityError)
    assert len(server.asked) == 2
    assert len(error.message) < 1000
    assert len(json.dumps(server.asked[1])) < 60_000, "what is sent back is paid for"


# What servers do.


@EVERY_SERVER
async def test_a_key_that_is_wrong(kind: type[ModelServer]) -> None:
    server = kind(GOOD, key="right-key")
    error = await refused(server, api_key="wrong-key-of-mine")
    assert isinstance(error, ConfigError)
    assert error.remedy == "set WEBTV_OPENAI_API_KEY"
    assert "401" in error.message
    assert len(server.asked) == 1


async def test_a_server_that_repeats_the_key_does_not_bring_it_into_the_log() -> None:
    error = await refused(Vllm(Answer({"error": "bad key my own-word"}, 401)), api_key="my own-word")
    assert "own-word" not in str(error)


@pytest.mark.parametrize("kind", [Vllm, Ollama])
async def test_a_model_that_is_not_there_names_those_that_are(kind: type[ModelServer]) -> None:
    server = kind(GOOD, models=("qwen3:8b", "gemma3:latest", "evil\u202e\n[31m"))
    error = await refused(server, model="gpt-5-mini")
    assert isinstance(error, ConfigError)
    assert error.message == "the server has no model gpt-5-mini"
    assert error.remedy == "set WEBTV_OPENAI_MODEL to qwen3:8b, gemma3:latest, evil [31m"
    assert len(server.asked) == 1


async def test_the_list_of_models_is_short() -> None:
    server = Vllm(GOOD, models=tuple(f"model-{n}" for n in range(300)))
    error = await refused(server, model="other")
    assert error.remedy.endswith("model-7 or one of 292 more")


async def test_ollama_knows_a_model_without_its_tag() -> None:
    async with Ollama(GOOD, models=("gemma3:latest",)) as server, writer(server, model="gemma3") as model:
        assert (await model.write(brief())).writer == "openai:gemma3"


async def test_a_wrong_address_is_told_as_one() -> None:
    async with Ollama(GOOD) as server:
        model = OpenAIWriter(model="m", clock=ImpatientClock(), base_url=server.url.removesuffix("/v1"))
        async with model:
            with pytest.raises(ConfigError, match="WEBTV_OPENAI_BASE_URL"):
                await model.write(brief())


async def test_a_page_in_place_of_an_answer_is_a_wrong_address() -> None:
    server = Vllm(Answer(b"<html>Welcome to nginx!</html>", kind="text/html"))
    error = await refused(server)
    assert isinstance(error, ConfigError)
    assert "text/html" in error.message
    assert "/v1" in error.remedy
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "error",
    [
        LlamaCpp.error(
            LlamaCpp(),
            400,
            "the request exceeds the available context size",
            "exceed_context_size_error",
            n_prompt_tokens=5000,
            n_ctx=4096,
        ),
        Answer({"error": {"message": "maximum model context", "code": "context_length_exceeded"}}, 400),
    ],
    ids=["llama.cpp", "OpenAI"],
)
async def test_a_context_that_is_too_short_has_its_own_remedy(error: Answer) -> None:
    told = await refused(LlamaCpp(error))
    assert isinstance(told, ConfigError)
    assert "longer context" in told.remedy


async def test_a_model_that_is_being_loaded_is_waited_for() -> None:
    clock = ImpatientClock()
    server = LlamaCpp(GOOD, loading=2)
    assert await title(server, clock) == "Gulls at Dawn"
    assert len(server.asked) == 3
    assert clock.waits == [1.0, 4.0]


async def test_a_model_that_stays_unloaded_is_left_to_the_grammar() -> None:
    async with LlamaCpp(GOOD, loading=99) as server, writer(server) as model:
        plan, events = await by_desk(model)
    assert plan == "grammar"
    assert "Loading model" in events.recent[0].message
    assert events.recent[0].data["reason"] == "transient"
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_says_for_how_long_is_waited_for(status: int) -> None:
    clock = ImpatientClock()
    busy = {"error": {"message": "server busy", "type": "api_error"}}
    server = Ollama(
        Answer(busy, status, {"Retry-After": "7"}),
        Answer(busy, status, {"Retry-After": formatdate(clock.time() + 40, usegmt=True)}),
        GOOD,
    )
    assert await title(server, clock) == "Gulls at Dawn"
    assert clock.waits == [7.0, pytest.approx(33)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("inf", 20.0),
        ("nan", 20.0),
        ("soon", 20.0),
        ("-5", 0.0),
        ("1e300", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0.0),
    ],
)
async def test_a_wait_that_makes_no_sense_is_bounded(header: str, seconds: float) -> None:
    busy = Answer({"error": {"message": "slow down"}}, 429, {"Retry-After": header})
    async with Vllm(busy) as server, writer(server, attempts=1) as model:
        with pytest.raises(RateLimited) as caught:
            await model.write(brief())
        assert caught.value.retry_after == seconds
        plan, events = await by_desk(model)
    assert plan == "grammar"
    assert events.recent[0].data["until"]


async def test_an_account_that_is_used_up_is_not_tried_again() -> None:
    clock = ImpatientClock()
    server = Vllm(Answer(QUOTA, 429))
    async with server, writer(server, clock) as model:
        with pytest.raises(ResourceError, match="used up"):
            await model.write(brief())
    assert len(server.asked) == 1
    assert clock.waits == []


async def test_a_connection_that_breaks_in_the_body_is_tried_as_often_as_the_policy_says() -> None:
    half = Vllm.completion(Vllm(), GOOD).payload()[:500]
    server = Vllm(Answer(half, length=5000))
    error = await refused(server)
    assert isinstance(error, TransientError)
    assert len(server.asked) == 3
    whole = Vllm(Answer(half, length=5000), GOOD)
    assert await title(whole) == "Gulls at Dawn"
    assert len(whole.asked) == 2


async def forever() -> AsyncIterator[None]:
    while True:
        await asyncio.Event().wait()
        yield


async def now_and_then() -> AsyncIterator[None]:
    while True:
        for _ in range(200):
            await asyncio.sleep(0)
        yield


@pytest.mark.parametrize("pause", [forever, now_and_then], ids=["one byte and silence", "byte by byte"])
async def test_a_server_that_drips_is_given_up(pause: Any) -> None:
    server = Vllm(Endless(Answer(b"", length=10_000_000), b" ", pause))
    async with server, writer(server, timeout=0.3, attempts=1) as model:
        with pytest.raises(TransientError, match=r"no answer within 0\.3 s"):
            await model.write(brief())
    assert server.sent >= 1


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    server = Vllm(Endless(Answer(b'{"choices": "', length=10**10), b"x" * 65_536))
    error = await refused(server)
    assert isinstance(error, QualityError)
    assert "longer than" in error.message
    assert len(server.asked) == 1
    assert LONGEST_BODY / 2 < server.sent < 8 * LONGEST_BODY, "what lay in buffers counts too"


async def test_an_error_without_end_is_still_that_error() -> None:
    server = Vllm(Endless(Answer(b'{"error": "', 404, length=10**10), b"x" * 65_536), models=("m", "n"))
    assert isinstance(await refused(server), ConfigError)
    assert server.sent < 8 * LONGEST_BODY


async def test_an_answer_that_swells_is_refused() -> None:
    packed = gzip.compress(b" " * 200_000_000, 9)
    server = Vllm(Answer(packed, headers={"Content-Encoding": "gzip"}))
    assert isinstance(await refused(server), QualityError)


async def test_a_small_answer_may_be_packed_though_nobody_asked_for_it() -> None:
    packed = gzip.compress(Vllm.completion(Vllm(), GOOD).payload())
    assert await title(Vllm(Answer(packed, headers={"Content-Encoding": "gzip"}))) == "Gulls at Dawn"


async def test_every_request_counts_for_the_budget() -> None:
    async with Vllm(GOOD, refuses=("json_schema",)) as server, writer(server, hourly_calls=3) as model:
        await model.write(brief())
        await model.write(brief(seed=8))
        with pytest.raises(ResourceError, match="3 calls were made within the hour"):
            await model.write(brief(seed=9))
    assert len(server.asked) == 3


# What models hide.


async def by_desk(model: OpenAIWriter) -> tuple[str, EventLog]:
    """Who wrote in the end, and what was told."""
    events = EventLog()
    desk = ScriptDesk(
        model,
        GrammarWriter(),
        safety=SafetyFilter(),
        memory=Memory(),
        events=events,
        clock=ImpatientClock(),
    )
    return (await desk.write("tideline", TIDELINE, 5)).writer.partition(":")[0], events


@pytest.mark.parametrize("place", ["text", "title", "music_mood"])
@pytest.mark.parametrize(
    "disguise",
    [
        "p\u043ern",  # Cyrillic
        "\u0440\u043e\u0433n",
        "po\u200brn",  # zero width space
        "p\u2060o\u00adr\ufeffn",
        "po\U000e0072rn",  # a tag character
        "po\u0378rn",  # not assigned
        "p0rn",
        "pörn",
        "ｐｏｒｎ",
        "𝖕𝖔𝖗𝖓",
        "ⓟⓞⓡⓝ",
        "🅿🅾🆁🅽",
        "p o r n",
        "p.o.r.n",
        "pooorn",
        "p*rn",
        "PО\u0301RN",
    ],
)
async def test_a_word_that_hides_is_found_behind_the_desk(disguise: str, place: str) -> None:
    told = f"{disguise} on the pier"
    hidden = answer(text=f"and {told}") if place == "text" else answer(**{place: told})
    async with Ollama(json.dumps(hidden)) as server, writer(server) as model:
        wrote, events = await by_desk(model)
    assert wrote == "grammar"
    assert events.recent[0].data["reason"] == "safety"
    assert "porn" not in events.recent[0].message
    assert "p***" in events.recent[0].message


async def test_characters_without_a_shape_never_reach_a_plan() -> None:
    odd = answer(title="Gu\u200blls at\u00a0Da\u202ewn", text="with\tfoam\ud800 and\u2028spray")
    async with Ollama(json.dumps(odd)) as server, writer(server) as model:
        plan = await model.write(brief())
    assert plan.title == "Gulls at Dawn"
    assert "with foam and spray" in plan.shots[0].text
