import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from email.utils import formatdate

import pytest
from prompt_samples import ImpatientClock, answer, brief, completion, good
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from servers import free_port
from webtv.core.errors import ConfigError, QualityError, RateLimited, ResourceError, TransientError
from webtv.prompts.openai_writer import OpenAIWriter

PATH = "/v1/chat/completions"
Handler = Callable[[Request], Response]


def said(body: object, status: int = 200, **headers: str) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json", headers=headers)


class Script:
    """A server that gives its replies in order, the last one for ever, and keeps what it was asked."""

    def __init__(self, httpserver: HTTPServer, *replies: Response | Handler) -> None:
        self.replies = list(replies)
        self.asked: list[dict[str, object]] = []
        httpserver.expect_request(PATH, method="POST").respond_with_handler(self)
        self.url = httpserver.url_for("/v1")

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.get_json())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply if isinstance(reply, Response) else reply(request)

    @property
    def forms(self) -> list[str]:
        return [str((a.get("response_format") or {"type": "plain"})["type"]) for a in self.asked]  # type: ignore[index]


def writer(url: str, clock: ImpatientClock | None = None, **options: object) -> OpenAIWriter:
    return OpenAIWriter(model="m", clock=clock or ImpatientClock(), base_url=url, **options)  # type: ignore[arg-type]


async def test_a_good_answer_becomes_a_plan(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said(good()))
    async with writer(script.url, api_key="k") as model:
        plan = await model.write(brief(recent=("Foxes at Noon",)))
    assert plan.title == "Gulls at Dawn"
    assert plan.writer == "openai:m"
    assert plan.shots[1].action == "landing on a post"
    assert plan.music.ambience == "waves"
    asked = json.dumps(script.asked[0])
    assert "Foxes at Noon" in asked
    assert "plastic waste" in asked
    assert script.forms == ["json_schema"]
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    "wrap",
    [
        "```json\n{}\n```",
        "```\n{}\n```",
        "Here is your sequence:\n\n{}\n\nEnjoy!",
        "Sure!\n```JSON\n{}\n```\nDone.",
    ],
)
async def test_fenced_and_chatty_answers_are_read(httpserver: HTTPServer, wrap: str) -> None:
    script = Script(httpserver, said(completion(wrap.replace("{}", json.dumps(answer())))))
    async with writer(script.url) as model:
        assert (await model.write(brief())).title == "Gulls at Dawn"
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("I would rather talk about the weather.", "not a JSON object"),
        (json.dumps(answer())[:400], "not a JSON object"),
        ("", "not a JSON object"),
        (json.dumps({"title": "x"}), "shots"),
        (json.dumps(answer(3)), "exactly 4"),
        (json.dumps(answer(ambience="heavy metal")), "ambience"),
        (json.dumps(answer(text="full of people")), "avoids"),
        (json.dumps(answer(text="continued from the previous shot")), "other shots"),
        (json.dumps(answer(text="shot on IMAX")), "imax"),
    ],
)
async def test_a_bad_answer_is_repaired_once(httpserver: HTTPServer, broken: str, complaint: str) -> None:
    script = Script(httpserver, said(completion(broken)), said(good()))
    async with writer(script.url) as model:
        plan = await model.write(brief())
    assert plan.title == "Gulls at Dawn"
    assert len(script.asked) == 2
    assert complaint in json.dumps(script.asked[1]["messages"])


async def test_nonsense_twice_is_a_quality_error(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said(completion("meow")))
    async with writer(script.url) as model:
        with pytest.raises(QualityError, match="no usable sequence"):
            await model.write(brief())
    assert len(script.asked) == 2


@pytest.mark.parametrize("body", ["<html>hello</html>", "{", "[]", '{"choices": []}', '{"choices": null}'])
async def test_an_answer_that_is_no_completion(httpserver: HTTPServer, body: str) -> None:
    script = Script(httpserver, lambda _: Response(body, content_type="application/json"))
    async with writer(script.url) as model:
        with pytest.raises(QualityError):
            await model.write(brief())


async def test_a_server_without_json_schema_is_asked_for_less(httpserver: HTTPServer) -> None:
    refused = said({"error": {"message": "response_format is not supported"}}, 400)
    script = Script(httpserver, refused, refused, said(good()))
    async with writer(script.url) as model:
        await model.write(brief())
        await model.write(brief(seed=8))
    assert script.forms == ["json_schema", "json_object", "plain", "plain"]


async def test_a_server_that_refuses_everything_is_misconfigured(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said({"error": {"message": "no"}}, 400))
    async with writer(script.url) as model:
        with pytest.raises(ConfigError, match="WEBTV_OPENAI_MODEL"):
            await model.write(brief())
    assert len(script.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_wrong_keys_and_addresses_are_not_tried_again(httpserver: HTTPServer, status: int) -> None:
    script = Script(httpserver, said({"error": {"message": "no https://key@host/secret"}}, status))
    clock = ImpatientClock()
    async with writer(script.url, clock) as model:
        with pytest.raises(ConfigError, match="WEBTV_OPENAI") as error:
            await model.write(brief())
    assert "secret" not in str(error.value)
    assert len(script.asked) == 1
    assert clock.waits == []


async def test_retry_after_is_honoured(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said({}, 429, **{"Retry-After": "17"}), said(good()))
    clock = ImpatientClock()
    async with writer(script.url, clock) as model:
        await model.write(brief())
    assert clock.waits == [17.0]


async def test_retry_after_may_be_a_date(httpserver: HTTPServer) -> None:
    clock = ImpatientClock()
    when = formatdate(clock.time() + 33, usegmt=True)
    script = Script(httpserver, said({}, 429, **{"Retry-After": when}), said(good()))
    async with writer(script.url, clock) as model:
        await model.write(brief())
    assert clock.waits == [pytest.approx(33)]


async def test_a_long_rest_is_not_waited_for(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said({}, 429, **{"Retry-After": "3600"}))
    clock = ImpatientClock()
    async with writer(script.url, clock) as model:
        with pytest.raises(RateLimited) as error:
            await model.write(brief())
    assert error.value.retry_after == 3600
    assert clock.waits == []


async def test_a_failing_server_is_tried_again_with_growing_waits(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said({}, 500), said({}, 503), said(good()))
    clock = ImpatientClock()
    async with writer(script.url, clock) as model:
        await model.write(brief())
    assert len(clock.waits) == 2
    assert clock.waits[0] < clock.waits[1]


async def test_a_dead_server_is_a_transient_error() -> None:
    clock = ImpatientClock()
    async with writer(f"http://127.0.0.1:{free_port()}/v1", clock) as model:
        with pytest.raises(TransientError, match="cannot be reached"):
            await model.write(brief())
    assert len(clock.waits) == 2


@pytest.mark.parametrize("drip", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"])
async def test_a_server_that_never_finishes_is_given_up(drip: bytes) -> None:
    released = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        stream.write(drip)
        await released.wait()
        stream.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with writer(f"http://127.0.0.1:{port}/v1", timeout=0.05, attempts=2) as model:
            with pytest.raises(TransientError, match=r"within 0\.05 s"):
                await model.write(brief())
    finally:
        released.set()
        server.close()
        await server.wait_closed()


async def test_the_hourly_budget_is_a_sliding_window(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said(good()))
    clock = ImpatientClock()
    async with writer(script.url, clock, hourly_calls=2) as model:
        await model.write(brief())
        clock.forward(1800)
        await model.write(brief(seed=8))
        with pytest.raises(ResourceError, match="WEBTV_OPENAI_HOURLY_CALLS"):
            await model.write(brief(seed=9))
        clock.forward(1801)
        await model.write(brief(seed=10))
        with pytest.raises(ResourceError):
            await model.write(brief(seed=11))
    assert len(script.asked) == 3


async def test_control_characters_and_quotes_are_cleaned(httpserver: HTTPServer) -> None:
    script = Script(httpserver, said(good(title='"Gulls\n at\u0007 Dawn."', text="with \x1b[31m foam")))
    async with writer(script.url) as model:
        plan = await model.write(brief())
    assert plan.title == "Gulls at Dawn"
    assert all(shot.text.isprintable() for shot in plan.shots)


def test_importing_the_room_stays_light() -> None:
    code = (
        "import sys, webtv.prompts.desk, webtv.prompts.openai_writer, webtv.prompts.grammar\n"
        "print([name for name in ('openai', 'cv2', 'torch', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
