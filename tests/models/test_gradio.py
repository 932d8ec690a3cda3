"""Takes from real Gradio servers, through the real gradio_client."""

import asyncio
import gzip
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio
import numpy as np
import pytest
from httpx._decoders import SUPPORTED_DECODERS, IdentityDecoder
from spaces import FILES, Space, endless_at, files_lead_to, page, serving
from starlette.responses import JSONResponse, Response

from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import ComponentError, ConfigError, QualityError, RateLimited, TransientError
from webtv.core.events import Event
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.gradio.space import GradioSpace
from webtv.studio.ports import Frames, Media, ShotRequest
from webtv.studio.progress import Progress, heard
from webtv.studio.remote.endpoint import Endpoint, endpoints
from webtv.studio.remote.guard import Guard, guarded_client, trust
from webtv.studio.remote.shots import RemoteShots
from webtv.studio.remote.tickets import MemoryTickets, Order
from webtv.testing.clock import VirtualClock

# gradio in this process uses what pandas deprecates.
pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

TOKEN = "hf_operators_own_token"
SAVED = "hf_saved_on_this_machine"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    with serving(Space(tmp_path_factory.mktemp("space"))) as space:
        yield space


@pytest.fixture
def space(running: Space) -> Iterator[Space]:
    running.forget()
    yield running
    running.forget()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    with serving(Space(tmp_path_factory.mktemp("other"))) as space:
        yield space


def endpoint(*spaces: Space, **fields: Any) -> Endpoint:
    given = {
        "kind": "gradio",
        "addresses": [space.url for space in spaces],
        "inputs": {"prompt": "{prompt}", "number": "{seed}"},
        "allow_private": True,
        "poll": 0.1,
        **fields,
    }
    return endpoints({"space": given})["space"]


def shots(where: Endpoint, *, clock: Clock | None = None, **more: Any) -> RemoteShots:
    return RemoteShots("space", where, clock=clock or SystemClock(), noise=random.Random(1), **more)


def ask(seed: int = 5, **more: Any) -> ShotRequest:
    prompt = ShotPrompt(*["a red fox"] * 8, negative="text", text="a red fox runs left")
    return ShotRequest(prompt, seconds=2.0, width=320, height=180, fps=24, seed=seed, **more)


async def take(maker: RemoteShots, request: ShotRequest | None = None) -> Frames:
    async with asyncio.timeout(60):
        return np.concatenate([chunk.frames async for chunk in maker.shoot(request or ask())])


async def happened(event: Any) -> None:
    assert await asyncio.to_thread(event.wait, 30)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind.removeprefix("studio.remote.") for event in events]


async def test_a_take_comes_out_of_a_space_and_the_seed_decides(space: Space) -> None:
    maker = shots(endpoint(space))
    first = await take(maker)
    assert first.shape == (24, 90, 160, 3)
    assert np.array_equal(first, await take(maker))
    assert not np.array_equal(first, await take(maker, ask(seed=6)))
    assert space.calls[0] == {"prompt": "a red fox runs left", "seed": 5, "steps": 25}, (
        "by name, label, default"
    )
    assert maker.credit(ask()).media is Media.TRAINED
    assert maker.capability.packages == ("gradio_client",)


async def test_an_endpoint_that_was_renamed_is_found_again_and_told(tmp_path: Path) -> None:
    events: list[Event] = []
    space = Space(tmp_path)
    with serving(space, lambda: space.blocks(name="generate_video_v2")):
        where = endpoint(space, call="/generate", inputs={"prompt": "{prompt}", "count": 30, "size": "large"})
        await take(shots(where, events=events.append))
    assert space.calls[0]["steps"] == 30
    assert kinds(events) == ["renamed", "input_unknown"]
    assert "/generate_video_v2" in events[0].message
    assert "'size'" in events[1].message


async def test_a_space_without_the_input_for_the_prompt_says_what_it_has(space: Space) -> None:
    with pytest.raises(ConfigError, match=r"takes caption: .*/generate\(number, count, text\)"):
        await take(shots(endpoint(space, inputs={"caption": "{prompt}"})))
    assert not space.calls


async def test_progress_comes_from_the_space(space: Space) -> None:
    told: list[Progress] = []
    space.held = True
    with heard(told.append):
        async with asyncio.TaskGroup() as group:
            shooting = group.create_task(take(shots(endpoint(space))))
            async with asyncio.timeout(30):
                while Progress("shot", 2, 3) not in told:  # noqa: ASYNC110 - told in the loop that is tested
                    await asyncio.sleep(0.01)
            space.go_on.set()
            await shooting


async def test_the_place_in_the_queue_is_progress_too(space: Space) -> None:
    told: list[Progress] = []
    space.held = True
    maker = shots(endpoint(space))
    async with asyncio.TaskGroup() as group:
        group.create_task(take(maker))
        await happened(space.begun)
        with heard(told.append):
            group.create_task(take(maker, ask(seed=6)))
        async with asyncio.timeout(30):
            while Progress("queue", 0, 1) not in told:  # noqa: ASYNC110 - told in the loop that is tested
                await asyncio.sleep(0.01)
        space.go_on.set()


async def test_a_space_that_says_nothing_of_itself_is_heard_of_at_each_look(space: Space) -> None:
    told: list[Progress] = []
    space.held, space.silent = True, True
    with heard(told.append):
        async with asyncio.TaskGroup() as group:
            shooting = group.create_task(take(shots(endpoint(space))))
            await happened(space.begun)
            count = len(told)
            async with asyncio.timeout(30):
                while len(told) < count + 3:  # noqa: ASYNC110 - told in the loop that is tested
                    await asyncio.sleep(0.01)
            space.go_on.set()
            await shooting
    assert {said.stage for said in told} <= {"queue", "shot"}


async def test_a_space_that_fails_every_second_call_is_left_for_another(space: Space, other: Space) -> None:
    events: list[Event] = []
    other.forget()
    space.fails = lambda n: n % 2 == 1
    with pytest.raises(TransientError, match="the Space failed: CUDA out of memory"):
        await take(shots(endpoint(space)))
    weighted = endpoint(addresses={space.url: 1000, other.url: 0.001})
    maker = shots(weighted, events=events.append)
    for seed in range(4):
        await take(maker, ask(seed=seed))
    assert len(space.calls) == 5
    assert len(other.calls) == 2
    assert kinds(events) == ["failed_over", "failed_over"], "it never fails often enough in a row to rest"


async def test_a_space_that_answers_with_pages_is_left_alone_for_a_while(space: Space) -> None:
    events: list[Event] = []
    space.trap = page
    maker = shots(endpoint(space, failures=2), events=events.append)
    for _ in range(2):
        with pytest.raises(TransientError, match="did not answer as a Gradio app"):
            await take(maker)
    asked = len(space.paths)
    with pytest.raises(RateLimited, match="next trial"):
        await take(maker)
    assert len(space.paths) == asked
    assert kinds(events) == ["opened"]


async def test_a_film_that_leads_into_a_private_network_is_refused(space: Space, other: Space) -> None:
    other.forget()
    space.trap = files_lead_to(f"{other.url}{FILES}/tmp/1.mp4")
    with pytest.raises(ConfigError, match="loopback address, which is refused"):
        await take(shots(endpoint(space)))
    assert not other.paths


@pytest.mark.parametrize("start", [FILES, "/config", "/gradio_api/info", "/gradio_api/queue/data"])
async def test_a_body_without_end_is_cut_off_early(space: Space, start: str) -> None:
    space.trap = endless_at(space, start)
    with pytest.raises((ConfigError, QualityError), match=r"larger than 1 MB|answers without end"):
        await take(shots(endpoint(space, max_mb=1)))
    assert 0 < space.sent < 100_000_000, "of ten gigabytes"


async def test_a_job_that_never_ends_is_cancelled_at_its_deadline(space: Space) -> None:
    space.held = True
    clock = VirtualClock()
    async with asyncio.TaskGroup() as group:
        shooting = group.create_task(failing(shots(endpoint(space, seconds=300), clock=clock)))
        await happened(space.begun)
        await clock.advance(301)  # and no further: taking leave has its time, too
    assert isinstance(shooting.result(), TransientError)
    assert "not done within 300 s and was cancelled" in str(shooting.result())
    assert space.of("/cancel") == ["POST /gradio_api/cancel"]


@pytest.mark.parametrize(
    "start", ["/", "/gradio_api/info", "/gradio_api/queue/join", "/gradio_api/queue/data"]
)
async def test_what_comes_packed_is_unpacked_by_nobody(
    space: Space, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = counted_unpacking(monkeypatch)
    space.trap = packed_at(start)
    with pytest.raises(ConfigError, match="packed, which nobody asked for"):
        await take(shots(endpoint(space)))
    assert not unpacked
    assert {headers["accept-encoding"] for headers in space.headers} == {"identity"}


async def test_a_heartbeat_that_comes_packed_is_unpacked_by_nobody_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked, space = counted_unpacking(monkeypatch), Space(tmp_path, trap=packed_at("/gradio_api/heartbeat"))

    def extra(*_: Any) -> None:
        gradio.State(delete_callback=lambda _: None)  # a Space that keeps something for its visitors

    with serving(space, lambda: space.blocks(extra=extra)):
        await take(shots(endpoint(space)))
    assert space.of("/heartbeat")
    assert not unpacked


async def test_a_description_that_comes_packed_is_not_needed_where_the_page_holds_it_too(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = counted_unpacking(monkeypatch)
    space.trap = packed_at("/config")
    await take(shots(endpoint(space)))
    assert not unpacked


async def test_an_upload_whose_answer_comes_packed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked, space = counted_unpacking(monkeypatch), Space(tmp_path, trap=packed_at("/gradio_api/upload"))

    def extra(prompt: Any, out: Any) -> None:
        start = gradio.Image(label="Start", format="png")
        gradio.Button("Animate").click(lambda _, text: text, [start, prompt], out, api_name="animate")

    with serving(space, lambda: space.blocks(extra=extra)):
        maker = shots(endpoint(space, inputs={"start": "{image}", "prompt": "{prompt}"}))
        with pytest.raises(ConfigError, match="packed, which nobody asked for"):
            await take(maker, ask(image=np.zeros((90, 160, 3), np.uint8)))
    assert space.of("/upload")
    assert not unpacked


def packed_at(start: str) -> Any:
    """A trap: fifty megabytes in fifty kilobytes."""
    bomb = gzip.compress(bytes(50_000_000))
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    return lambda path: Response(bomb, headers=headers) if path.startswith(start) else None


def counted_unpacking(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of whatever httpx unpacks from now on, in any thread."""
    seen: list[int] = []
    for decoder in set(SUPPORTED_DECODERS.values()) - {IdentityDecoder}:
        monkeypatch.setattr(decoder, "decode", lambda _, data: seen.append(len(data)) or data)
    return seen


@pytest.mark.parametrize("start", ["/config", "/gradio_api/info"])
async def test_a_space_that_drips_is_given_up_and_rests(space: Space, start: str) -> None:
    dripping, clock, events = threading.Event(), VirtualClock(), list[Event]()

    async def drip(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3000):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            dripping.set()
            await asyncio.sleep(0.01)

    space.trap = lambda path: drip if path.startswith(start) else None
    where = endpoint(space, seconds=60, failures=1)
    async with asyncio.TaskGroup() as group:
        shooting = group.create_task(failing(shots(where, clock=clock, events=events.append)))
        await happened(dripping)
        await clock.advance(61)
    assert "no answer in time" in str(shooting.result())
    assert kinds(events) == ["opened"]


async def failing(maker: RemoteShots) -> Exception | None:
    try:
        await take(maker)
    except TransientError as error:
        return error
    return None


async def test_an_abandoned_take_is_cancelled_at_the_space(space: Space) -> None:
    space.held = True
    tickets = MemoryTickets()
    async with asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(space), tickets=tickets)))
        await happened(space.begun)
        shooting.cancel()
    assert space.of("/cancel") == ["POST /gradio_api/cancel"]
    assert not tickets._kept


async def test_a_film_that_is_ready_is_fetched_again_and_not_made_again(space: Space) -> None:
    space.trap = lambda path: Response(status_code=503) if path.startswith(FILES) else None
    tickets = MemoryTickets()
    with pytest.raises(TransientError, match="503"):
        await take(shots(endpoint(space), tickets=tickets))
    space.trap = None
    await take(shots(endpoint(space), tickets=tickets))
    assert len(space.calls) == 1


async def test_no_token_but_the_endpoints_is_ever_sent(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SAVED)
    await take(shots(endpoint(space)))
    seen = [key for headers in space.headers for key in headers]
    assert seen.count("user-agent") == len(space.headers)
    assert not [key for key in seen if "authorization" in key]
    space.headers.clear()
    await take(shots(endpoint(space, token=TOKEN)))
    assert all(headers["x-hf-authorization"] == f"Bearer {TOKEN}" for headers in space.headers)
    assert not any(SAVED in value for headers in space.headers for value in headers.values())


async def test_a_space_cannot_ask_for_a_file_of_this_machine(space: Space, tmp_path: Path) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("private")
    wanted = {"path": str(secret), "url": "x", "meta": {"_type": "gradio.FileData"}}
    parameters = [
        {"parameter_name": name, "label": name, "component": "Textbox", "parameter_has_default": has,
         "parameter_default": value, "python_type": {"type": "str"}}
        for name, has, value in (("number", True, 1), ("count", True, wanted), ("prompt", False, None))
    ]  # fmt: skip
    returns = [{"label": "Film", "component": "Video", "python_type": {"type": "str"}}]
    described = {"/generate": {"parameters": parameters, "returns": returns}}
    info = {"named_endpoints": described, "unnamed_endpoints": {}}
    space.trap = lambda path: JSONResponse(info) if path == "/gradio_api/info" else None
    with pytest.raises(ConfigError, match="also wants count and gives no default that can be sent"):
        await take(shots(endpoint(space)))
    assert not space.of("/upload")
    assert not space.calls


async def test_a_picture_to_begin_with_is_uploaded(tmp_path: Path) -> None:
    space, seen = Space(tmp_path), list[Any]()

    def animate(image: Any, text: str) -> str:
        seen.append(image)
        return space.make(text, 1, 1, lambda *_, **__: None)  # type: ignore[arg-type]

    def extra(prompt: Any, out: Any) -> None:
        start = gradio.Image(label="Start", format="png")
        gradio.Button("Animate").click(animate, [start, prompt], out, api_name="animate")

    image = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    with serving(space, lambda: space.blocks(extra=extra)):
        maker = shots(endpoint(space, inputs={"start": "{image}", "prompt": "{prompt}"}))
        assert maker.capability.from_image
        await take(maker, ask(image=image))
    assert np.array_equal(seen[0], image)


async def test_a_private_address_needs_the_operators_word(space: Space) -> None:
    with pytest.raises(ConfigError, match="loopback address: set allow_private to true"):
        await take(shots(endpoint(space, allow_private=False)))
    assert not space.paths


async def test_a_space_that_is_down_may_be_up_next_time() -> None:
    with socket.socket() as nobody:  # the port is taken, and nobody listens on it
        nobody.bind(("127.0.0.1", 0))
        where = endpoint(addresses=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(TransientError, match="the Space cannot be reached: check that the server is up"):
            await take(shots(where))


async def test_the_hub_says_where_a_space_is(space: Space, tmp_path: Path) -> None:
    where = endpoint(addresses="owner/space", token=TOKEN)
    asked: list[tuple[str, str]] = []

    def host_of(name: str, token: str) -> str:
        asked.append((name, token))
        return space.url

    from webtv.studio.remote.asking import ask as ask_for

    asked_for = ask_for("space", where, {}, ask())
    context, guard = trust(None), Guard([space.url], allow_private=True)
    order = Order(MemoryTickets(), asked_for.key)
    order.place("owner/space", "nonce", 0.0)
    async with guarded_client(guard, context) as client:
        maker = GradioSpace(
            where,
            where.addresses[0],
            client=client,
            clock=SystemClock(),
            events=[].append,
            folder=tmp_path,
            host_of=host_of,
        )
        video = await maker.make(asked_for, order, SystemClock().monotonic() + 60)
    assert asked == [("owner/space", TOKEN)]
    assert video.url.startswith(f"{space.url}{FILES}")
    with pytest.raises(TransientError, match="the hub does not say where the Space is"):
        await take(shots(where))


async def test_a_missing_package_is_named_with_the_line_to_type(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio_client", None)
    with pytest.raises(ComponentError, match=r"gradio_client is not installed: pip install"):
        await take(shots(endpoint(space)))


def test_importing_the_adapter_does_not_import_gradio() -> None:
    code = (
        "import sys, webtv.studio.gradio.space, webtv.studio.remote.shots;"
        "print(sorted({'gradio_client', 'gradio', 'huggingface_hub'} & {*sys.modules}))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
