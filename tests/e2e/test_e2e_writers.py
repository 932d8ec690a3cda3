"""A language model that is good, slow, down or talks nonsense: new content gets on air in each case."""

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from stationhouse import ON_AIR, House, house, small_channel, until
from werkzeug import Request, Response

from servers import free_port

pytestmark = pytest.mark.e2e

GOOD, SLOW, NONSENSE = "Good Harbour", "Slow Harbour", "Odd Harbour"
SLUGS = {GOOD: "good", SLOW: "slow", NONSENSE: "odd"}
MODEL = "scripted-1"

WHO = ("a red fishing boat", "two white gulls", "a grey seal", "an old blue ferry", "three small sailboats")
WHAT = ("turning slowly to the left", "drifting past the mole", "rising on the swell", "gliding to the quay")
WHERE = ("a calm bay in spring", "a rocky coast in autumn", "a wooden pier in summer", "a wide river mouth")
LIGHT = ("at first light", "under a high sun", "in golden evening light", "beneath a full moon")
COLOURS = ("slate and sand", "teal and cream", "indigo and amber", "rose and silver", "olive and white")


class Author:
    """Answers like a model that can write, when it is asked for the good channel."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.enough = threading.Event()
        self._number = itertools.count()

    def answer(self, request: Request) -> Response:
        """One chat completion, each channel in its own manner."""
        told = request.get_data(as_text=True)
        name = next(name for name in SLUGS if name in told)
        self.asked.append(name)
        if name == SLOW:
            self.enough.wait(60)  # longer than anybody waits
        text = self.sequence() if name == GOOD else "I would rather talk about the weather."
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
        return Response(json.dumps(body), content_type="application/json")

    def sequence(self) -> str:
        """A sequence of two shots, unlike the ones before."""
        number = next(self._number)
        who, where = WHO[number % len(WHO)], WHERE[number // 2 % len(WHERE)]
        light, colours = LIGHT[number // 3 % len(LIGHT)], COLOURS[number * 2 % len(COLOURS)]
        shots = []
        for camera in ("wide shot, slow pan left", "close shot, still"):
            what = WHAT[(number + len(shots)) % len(WHAT)]
            text = (
                f"Oil painting of {who} {what} near {where}, {light}. Colours: {colours}. "
                f"Thick brush strokes, soft edges, quiet water. {camera.capitalize()}."
            )
            shot = {"subject": who, "action": what, "setting": where, "camera": camera, "light": light}
            shots.append({**shot, "palette": colours, "style": "oil painting", "mood": "quiet", "text": text})
        title = f"{who.split()[-1].capitalize()} and Tide {number + 1}"
        return json.dumps({"title": title, "music_mood": "calm", "ambience": "waves", "shots": shots})


@pytest.fixture
def author() -> Iterator[Author]:
    found = Author()
    yield found
    found.enough.set()


@pytest.fixture
def server(author: Author) -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as found:
        found.expect_request("/v1/chat/completions", method="POST").respond_with_handler(author.answer)
        yield found
        author.enough.set()


def settings(port: int) -> dict[str, str]:
    return {
        "WEBTV_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        "WEBTV_OPENAI_MODEL": MODEL,
        "WEBTV_OPENAI_API_KEY": "a-key-that-nobody-checks",
        "WEBTV_OPENAI_TIMEOUT": "1",
    }


async def fell_back(home: House, name: str, reason: str, told: str) -> None:
    """The fallback was told, with its reason, and the grammar's work is on air."""
    slug = SLUGS[name]
    entry = await home.airing(slug, "new", seconds=ON_AIR, writer="grammar")
    clip = await home.json(f"/api/clips/{entry['clip']}")
    assert clip["provenance"]["writer"] == "grammar"
    events = await until(
        f"the fallback of {slug} is told",
        lambda: [event for event in home.events("prompts.writer.fell_back") if event["channel"] == slug],
        5,
    )
    assert {event["data"]["reason"] for event in events} == {reason}
    assert all(told in event["message"] for event in events)
    assert {event["severity"] for event in events} == {"warning"}
    assert all(event["remedy"] for event in events)


async def test_good_slow_and_nonsense(
    tmp_path: Path, artifacts: Path, server: HTTPServer, author: Author
) -> None:
    with house(tmp_path / "e2e-writers", artifacts, settings(server.port)) as home:
        for name, slug in SLUGS.items():
            home.write_channel(slug, small_channel(name))
        async with home.serving():
            entry = await home.airing(SLUGS[GOOD], "new", writer=f"openai:{MODEL}")
            assert "Oil painting of" in entry["prompt"]
            clip = await home.json(f"/api/clips/{entry['clip']}")
            assert clip["provenance"]["writer"] == f"openai:{MODEL}"
            assert clip["provenance"]["prompt"] == clip["prompt"] == entry["prompt"]
            await fell_back(home, SLOW, "transient", "no answer within 1 s")
            await fell_back(home, NONSENSE, "quality", "no usable sequence")
            told = home.events("prompts.writer.fell_back")
            assert SLUGS[GOOD] not in {event["channel"] for event in told}
        assert "a-key-that-nobody-checks" not in home.last_words()
    assert author.asked.count(NONSENSE) >= 2  # asked once more, with what was wrong


async def test_down(tmp_path: Path, artifacts: Path) -> None:
    with house(tmp_path / "e2e-writers-down", artifacts, settings(free_port())) as home:
        home.write_channel(SLUGS[GOOD], small_channel(GOOD))
        async with home.serving():
            await fell_back(home, GOOD, "transient", "the server cannot be reached")
