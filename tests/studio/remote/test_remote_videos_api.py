"""Takes from a real server with OpenAI's ``/v1/videos`` shape, well-behaved and not."""

import asyncio
import email.utils
import itertools
import json
import math
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import contract
import cv2
import numpy as np
import pytest
from asks import TOKEN, Collected, HastyClock, endpoint, leftovers, shots, take
from films import film, pictures
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from videos_server import VideosServer, answers, streams, tells, videos_server

from webtv.core.errors import (
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    SafetyError,
    TransientError,
    WebTVError,
)
from webtv.studio.ports import Media
from webtv.studio.progress import Progress, heard
from webtv.studio.remote.tickets import FileTickets, MemoryTickets


@pytest.fixture
async def server() -> AsyncIterator[VideosServer]:
    async with videos_server() as running:
        yield running


async def test_it_keeps_the_promises_of_a_shot_maker(server: VideosServer) -> None:
    await contract.check_shots(shots(endpoint(server.url)))


async def test_the_job_is_asked_for_in_the_servers_terms(server: VideosServer) -> None:
    where = endpoint(
        server.url,
        size="768x512",
        fps=8,
        frame_rule="8n+1",
        lengths=[4, 8],
        inputs={
            "num_frames": "{frames}",
            "note": "seed {seed}",
            "negative_prompt": "{negative}",
            "steps": 30,
        },
    )
    prompt = contract.shot_prompt(text="a {seed} fox", negative="text")
    frames = await take(shots(where), contract.shot_request(prompt, seconds=3.0))
    assert len(frames) == 36
    assert server.submits == [
        {
            "prompt": "a {seed} fox",  # what stands in a prompt is never filled in
            "size": "768x512",
            "seconds": "4",
            "model": "tiny-video",
            "num_frames": 33,
            "note": "seed 5",
            "negative_prompt": "text",
            "steps": 30,
        }
    ]
    assert server.headers("POST")["authorization"] == f"Bearer {TOKEN}"
    assert server.headers("POST")["accept-encoding"] == "identity"


async def test_a_picture_to_begin_with_goes_along_as_a_file(server: VideosServer) -> None:
    where = endpoint(server.url, inputs={"input_reference": "{image}", "seed": "{seed}"})
    maker = shots(where)
    assert maker.capability.from_image
    image = pictures(seconds=0.1)[0]
    await take(maker, contract.shot_request(image=image))
    png = np.frombuffer(server.submits[0]["input_reference"], np.uint8)
    assert np.array_equal(cv2.cvtColor(cv2.imdecode(png, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), image)
    assert server.submits[0]["seed"] == "5"
    await take(maker, contract.shot_request())
    assert "input_reference" not in server.submits[1]


async def test_the_credit_names_endpoint_and_model_and_no_address(server: VideosServer) -> None:
    maker = shots(endpoint(server.url, price="0.10 a second"))
    credit = maker.credit(contract.shot_request())
    assert (credit.adapter, credit.model, credit.media) == ("clips", "tiny-video", Media.TRAINED)
    assert credit.details["price"] == "0.10 a second"
    assert "127.0.0.1" not in str(credit)
    assert maker.capability.remote
    assert maker.capability.apart


async def test_progress_is_told_and_nonsense_in_it_is_not(server: VideosServer) -> None:
    server.states = [
        {"status": "queued"},
        {"status": "in_progress", "progress": 40},
        {"status": "in_progress", "progress": 1e300},
        {"status": "in_progress", "progress": "half"},
        {"status": "in_progress", "progress": 10**400},
        {"status": "in_progress", "progress": -(10**400)},
        {"status": "in_progress", "progress": math.nan},
        {"status": "completed"},
    ]

    async def without_bounds(_: Request) -> Response:
        state = server.states.pop(0)
        return Response(json.dumps({"id": "video_1", **state}), media_type="application/json")

    server.on_look = without_bounds
    told: list[Progress] = []
    with heard(told.append):
        await take(shots(endpoint(server.url)))
    assert [(step.stage, step.done, step.of) for step in told] == [
        ("shot", done, 100) for done in (0, 40, 100, 0, 100, 0, 0, 100)
    ]


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (answers("<!doctype html><p>Welcome", content_type="text/html"), TransientError, "is a web page"),
        (answers('{"id": "video_1", "sta', content_type="application/json"), TransientError, "no JSON"),
        (answers(b"[" * 100_000, content_type="application/json"), TransientError, "no JSON"),
        (tells(["video_1"]), TransientError, "no JSON object"),
        (tells({"id": "../../admin"}), TransientError, "no usable id"),
        (tells({"error": {"message": f"bad key {TOKEN}"}}, 401), ConfigError, "set the endpoint's token"),
        (tells({"detail": "no such model"}, 404), ConfigError, "no such model"),
        (tells({"error": {"message": "oh"}}, 500), TransientError, r"failed \(500\): oh"),
        (tells({"error": {"code": "insufficient_quota"}}, 429), ResourceError, "paid"),
        (tells({"error": {"code": "moderation_blocked"}}, 400), SafetyError, "refuses the prompt"),
        (answers("", 307, location="http://127.0.0.1:9/"), ConfigError, "redirects"),
        (answers(b"x" * 3_000_000), TransientError, "does not end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_strange_answer_to_the_order_is_an_error_by_its_cause(
    server: VideosServer, answer: Any, error: type[WebTVError], said: str
) -> None:
    server.on_submit = answer
    with pytest.raises(error, match=said) as caught:
        await take(shots(endpoint(server.url)))
    assert type(caught.value) is error
    assert TOKEN not in str(caught.value)
    assert caught.value.place.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (email.utils.formatdate(1_800_000_090, usegmt=True), 90),
        ("soon", 30),
        ("nan", 30),
        ("1e999", 30),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", 30),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 1),
        ("-5", 1),
        ("1e9", 86400),
    ],
)
async def test_retry_after_is_understood_in_both_forms(
    server: VideosServer, header: str, seconds: float
) -> None:
    server.on_submit = tells({"error": {"message": "slow down"}}, 429, retry_after=header)
    maker = shots(endpoint(server.url))
    with pytest.raises(RateLimited) as caught:
        await take(maker)
    assert caught.value.retry_after == seconds
    with pytest.raises(RateLimited, match="rests"):
        await take(maker)
    assert len(server.submits) == 1, "who was asked to wait does not ask again"


@pytest.mark.parametrize(
    ("told", "error", "said"),
    [
        ({"code": "oom", "message": "CUDA out of memory"}, TransientError, "CUDA out of memory"),
        ({"code": "moderation_blocked", "message": "no"}, SafetyError, "refuses the prompt"),
        ("it broke", TransientError, "it broke"),
        (None, TransientError, "it is failed"),
    ],
)
async def test_a_failed_job_is_forgotten(
    server: VideosServer, told: object, error: type[WebTVError], said: str
) -> None:
    server.states = [{"status": "failed", "error": told}]
    tickets = MemoryTickets()
    with pytest.raises(error, match=said):
        await take(shots(endpoint(server.url), tickets=tickets))
    server.states = [{"status": "completed"}]
    await take(shots(endpoint(server.url), tickets=tickets))
    assert len(server.submits) == 2


async def test_an_unknown_state_is_an_event_and_waited_out(server: VideosServer) -> None:
    server.states = [{"status": "contemplating"}, {"status": "contemplating"}, {"status": "completed"}]
    events = Collected()
    await take(shots(endpoint(server.url), events=events))
    assert events.kinds == ["unknown_state"]


async def test_a_job_that_never_ends_is_cancelled_at_its_deadline(server: VideosServer) -> None:
    server.states = [{"status": "in_progress", "progress": 99}]
    tickets = MemoryTickets()
    clock = HastyClock()
    with pytest.raises(TransientError, match="not done within 60 s and was cancelled"):
        await take(shots(endpoint(server.url, seconds=60), tickets=tickets, clock=clock))
    assert server.deleted == ["video_1"]
    assert clock.monotonic() <= 60
    assert not tickets._kept


async def test_a_server_that_asks_for_patience_is_still_heard_of_once_a_minute(server: VideosServer) -> None:
    server.states = [{"status": "in_progress", "progress": 40}, {"status": "completed"}]

    async def busy(_: Request) -> Response | None:
        return Response("later", 503, {"retry-after": "1000"}) if server.looks == 2 else None

    server.on_look = busy
    clock = HastyClock()
    told: list[tuple[float, int]] = []
    with heard(lambda step: told.append((clock.monotonic(), step.done))):
        await take(shots(endpoint(server.url, seconds=3600), clock=clock))
    assert clock.monotonic() > 1000
    times = [at for at, _ in told]
    assert max(after - before for before, after in itertools.pairwise(times)) <= 60
    assert {done for _, done in told} == {40, 100}


async def test_polls_that_fail_for_a_while_do_not_lose_the_job(server: VideosServer) -> None:
    failures = 4

    async def fails(_: Request) -> Response | None:
        return Response("gone fishing", 503) if server.looks <= failures else None

    server.on_look = fails
    await take(shots(endpoint(server.url)))
    assert len(server.submits) == 1

    failures = 1000
    tickets, maker_of = MemoryTickets(), lambda kept: shots(endpoint(server.url), tickets=kept)
    with pytest.raises(TransientError, match="503"):
        await take(maker_of(tickets))
    failures = 0
    await take(maker_of(tickets))
    assert len(server.submits) == 2, "the second attempt found the job of the first"


async def test_a_job_that_the_server_forgot_is_ordered_again_next_time(server: VideosServer) -> None:
    server.on_look = answers("{}", 404)
    maker = shots(endpoint(server.url))
    with pytest.raises(TransientError, match="no longer knows"):
        await take(maker)
    server.on_look = None
    await take(maker)
    assert len(server.submits) == 2


_CRASHER = """
import asyncio, os, random, sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
import contract
from asks import NAME, HastyClock, endpoint, shots
from webtv.studio.remote.tickets import FileTickets

class Crash(HastyClock):
    async def sleep(self, seconds):
        if asyncio.current_task().get_name() != NAME:
            os._exit(9)
        await super().sleep(seconds)

async def main():
    where = endpoint(sys.argv[1])
    tickets = FileTickets(Path(sys.argv[2]))
    maker = shots(where, tickets=tickets, clock=Crash(), scratch=Path(sys.argv[3]))
    async for _ in maker.shoot(contract.shot_request()):
        pass

asyncio.run(main())
"""


async def test_after_a_crash_the_same_job_is_waited_for_and_not_paid_twice(
    server: VideosServer, tmp_path: Path
) -> None:
    server.states = [{"status": "queued"}, {"status": "in_progress"}, {"status": "completed"}]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    here = Path(__file__).parent
    crashed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _CRASHER, server.url, tmp_path / "tickets", scratch, here, here.parent],
        timeout=60,
        check=False,
    )
    assert crashed.returncode == 9
    assert len(server.submits) == 1
    assert [path.stat().st_mode & 0o777 for path in leftovers(tmp_path / "tickets")] == [0o600]
    frames = await take(shots(endpoint(server.url), tickets=FileTickets(tmp_path / "tickets")))
    assert len(frames) == 24
    assert len(server.submits) == 1
    assert not leftovers(tmp_path / "tickets"), "what was taken home needs no ticket"


async def test_an_order_whose_answer_was_lost_is_repeated_under_its_number(server: VideosServer) -> None:
    server.on_submit = answers("", 504)
    events = Collected()
    async with videos_server() as other:
        where = endpoint(addresses={server.url: 1000, other.url: 0.001})
        tickets = MemoryTickets()
        maker = shots(where, tickets=tickets, events=events)
        with pytest.raises(TransientError, match="504"):
            await take(maker)
        server.on_submit = None
        await take(maker)
        assert not other.submits, "it may have been ordered there: nobody else is asked"
    first, second = (server.headers("POST", index)["idempotency-key"] for index in (0, 1))
    assert first == second
    await take(maker)
    assert server.headers("POST", 2)["idempotency-key"] != first


async def test_a_finished_video_whose_download_broke_is_fetched_and_not_made_again(
    server: VideosServer,
) -> None:
    server.on_content = answers("", 503)
    maker = shots(endpoint(server.url))
    with pytest.raises(TransientError, match="503"):
        await take(maker)
    server.on_content = None
    await take(maker)
    assert len(server.submits) == 1


async def test_cancelling_a_take_cancels_the_job(server: VideosServer) -> None:
    server.states = [{"status": "in_progress"}]
    tickets = MemoryTickets()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(server.url), tickets=tickets)))
        await server.looked.wait()
        shooting.cancel()
    assert server.deleted == ["video_1"]
    assert not tickets._kept


async def test_cancelling_while_the_order_is_on_its_way_cancels_the_job_too(server: VideosServer) -> None:
    ordered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Request) -> None:
        ordered.set()
        await go_on.wait()

    server.on_submit = slowly
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(server.url))))
        await ordered.wait()
        shooting.cancel()
        await asyncio.sleep(0)
        go_on.set()
    assert server.deleted == ["video_1"]


async def test_a_take_that_is_closed_leaves_no_file_behind(server: VideosServer, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    taking = shots(endpoint(server.url), scratch=scratch).shoot(contract.shot_request())
    await anext(taking)
    assert [path.name.partition("-")[0] for path in leftovers(scratch)] == [str(os.getpid())]
    await taking.aclose()  # type: ignore[attr-defined]
    assert not leftovers(scratch)


async def test_a_server_that_failed_is_left_for_another(server: VideosServer) -> None:
    server.on_submit = answers("", 500)
    events = Collected()
    async with videos_server() as other:
        maker = shots(endpoint(addresses={server.url: 1000, other.url: 0.001}), events=events)
        for _ in range(4):
            await take(maker)
        assert (len(server.submits), len(other.submits)) == (3, 4)
    assert events.kinds == ["failed_over", "failed_over", "opened", "failed_over"]
    assert "rests" in events[2].message


async def test_when_all_rest_it_says_until_when_and_comes_back(server: VideosServer) -> None:
    server.on_submit = answers("", 500)
    events, clock = Collected(), HastyClock()
    maker = shots(endpoint(server.url, failures=2, rest=40), events=events, clock=clock)
    for _ in range(2):
        with pytest.raises(TransientError, match="500"):
            await take(maker)
    with pytest.raises(RateLimited, match="the next trial is in") as caught:
        await take(maker)
    assert 30 <= caught.value.retry_after <= 50
    assert len(server.submits) == 2
    server.on_submit = None
    clock.forward(caught.value.retry_after)
    await take(maker)
    assert events.kinds == ["opened", "closed"]


async def test_a_body_without_end_is_cut_off_early(server: VideosServer) -> None:
    server.on_content = streams(server.endless)
    with pytest.raises(ConfigError, match="larger than 2 MB"):
        await take(shots(endpoint(server.url, max_mb=2)))
    assert server.sent < 30_000_000, "what fits the sockets' buffers, of ten gigabytes"

    server.sent = 0
    server.on_content = streams(server.endless, content_length="10000000000")
    with pytest.raises(ConfigError, match="larger than 2 MB"):
        await take(shots(endpoint(server.url, max_mb=2)))


async def test_content_shorter_than_promised_is_fetched_again(server: VideosServer) -> None:
    whole = film()

    async def half() -> AsyncIterator[bytes]:
        yield whole[: len(whole) // 2]

    server.on_content = streams(half, content_length=str(len(whole)))
    maker = shots(endpoint(server.url))
    with pytest.raises(TransientError, match="broke off"):
        await take(maker)
    server.on_content = None
    await take(maker)
    assert len(server.submits) == 1


async def test_a_redirect_into_a_private_network_is_refused(server: VideosServer) -> None:
    async with videos_server() as inside:

        async def leads_inside(_: Request) -> Response:
            return RedirectResponse(f"{inside.url}/v1/videos/video_1/content")

        server.on_content = leads_inside
        with pytest.raises(ConfigError, match="loopback address, which is refused: have the server"):
            await take(shots(endpoint(server.url)))
        assert not inside.seen


async def test_a_redirect_to_another_host_gets_no_token(server: VideosServer) -> None:
    async with videos_server() as storage:

        async def leads_on(_: Request) -> Response:
            return RedirectResponse(f"{storage.url}/v1/videos/video_1/content?signature=abc")

        server.on_content = leads_on
        # Both are the operator's, so that the second may be reached at all; only the first is ever chosen.
        await take(shots(endpoint(addresses={server.url: 1000, storage.url: 0.001})))
        assert "authorization" in server.headers("POST")
        assert "authorization" not in storage.headers("GET")


async def test_what_comes_back_black_is_no_take_and_not_fetched_again(server: VideosServer) -> None:
    black = np.zeros((24, 90, 160, 3), np.uint8)
    server.on_content = answers(film(black))
    maker = shots(endpoint(server.url))
    with pytest.raises(QualityError, match="black"):
        await take(maker)
    server.on_content = None
    await take(maker)
    assert len(server.submits) == 2


async def test_a_private_address_needs_the_operators_word(server: VideosServer) -> None:
    with pytest.raises(ConfigError, match="loopback address: set allow_private to true"):
        await take(shots(endpoint(server.url, allow_private=False)))
    assert not server.seen


async def test_a_short_video_plays_slower_and_says_so(server: VideosServer) -> None:
    events = Collected()
    frames = await take(
        shots(endpoint(server.url, lengths=[2]), events=events), contract.shot_request(seconds=2.5)
    )
    assert len(frames) == 25
    assert events.kinds == ["stretched"]
    with pytest.raises(QualityError, match=r"lasts 2\.0 s where 6 s were asked for"):
        await take(shots(endpoint(server.url, lengths=[2])), contract.shot_request(seconds=6.0))


async def test_a_job_at_an_address_that_is_gone_is_ordered_elsewhere(server: VideosServer) -> None:
    tickets, events = MemoryTickets(), Collected()
    async with videos_server() as gone:
        gone.on_look = answers("", 503)
        with pytest.raises(TransientError):
            await take(shots(endpoint(gone.url), tickets=tickets))
    await take(shots(endpoint(server.url), tickets=tickets, events=events))
    assert events.kinds == ["given_up"]
    assert len(server.submits) == 1


async def test_a_silent_server_is_given_up_an_hour_after_the_deadline(server: VideosServer) -> None:
    server.on_look = answers("", 503)
    tickets, events, clock = MemoryTickets(), Collected(), HastyClock()
    maker = shots(endpoint(server.url, failures=100), tickets=tickets, events=events, clock=clock)
    with pytest.raises(TransientError):
        await take(maker)
    assert tickets._kept
    clock.forward(900 + 3600)
    with pytest.raises(TransientError):
        await take(maker)
    assert not tickets._kept
    assert "given_up" in events.kinds
    server.on_look = None
    await take(maker)
