"""What somebody was paid for is had once and used: across restarts, lanes, limits that were too low."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import contract
import numpy as np
import pytest
from asks import Collected, HastyClock, endpoint, leftovers, shots, take
from films import film, pictures
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from videos_server import VideosServer, answers, videos_server

from webtv.core.errors import ConfigError, QualityError, TransientError
from webtv.studio import leaving
from webtv.studio.progress import Progress, heard
from webtv.studio.remote.shots import RemoteShots
from webtv.studio.remote.tickets import FileTickets, MemoryTickets, Order


@pytest.fixture
async def server() -> AsyncIterator[VideosServer]:
    async with videos_server() as running:
        yield running


class PatientClock(HastyClock):
    """Lets servers answer between two polls."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.02)
        await super().sleep(seconds)


async def unsettled(maker: RemoteShots, **changes: Any) -> np.ndarray:
    """A take that nobody kept yet."""
    made = await contract.chunks(maker.shoot(contract.shot_request(**changes)))
    return np.concatenate([chunk.frames for chunk in made])


async def test_a_process_that_leaves_lets_its_job_go_on_and_the_next_one_fetches_it(
    server: VideosServer, tmp_path: Path
) -> None:
    server.states = [{"status": "in_progress", "progress": 60}]
    folder = tmp_path / "tickets"
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(server.url), tickets=FileTickets(folder))))
        await server.looked.wait()
        leaving.begin()
        shooting.cancel()
    assert not server.deleted
    assert len(leftovers(folder)) == 1
    leaving.reset()
    server.states = [{"status": "completed"}]
    await take(shots(endpoint(server.url), tickets=FileTickets(folder)))
    assert len(server.submits) == 1
    assert not leftovers(folder)


async def test_an_order_on_its_way_when_the_process_leaves_is_written_down_with_its_job(
    server: VideosServer,
) -> None:
    ordered, go_on, tickets = asyncio.Event(), asyncio.Event(), MemoryTickets()

    async def slowly(_: Request) -> None:
        ordered.set()
        await go_on.wait()

    server.on_submit = slowly
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(server.url), tickets=tickets)))
        await ordered.wait()
        leaving.begin()
        shooting.cancel()
        await asyncio.sleep(0)
        go_on.set()
    assert not server.deleted
    assert '"job": "video_1"' in next(iter(tickets._kept.values()))


async def test_lanes_that_want_the_same_take_order_it_once(server: VideosServer, tmp_path: Path) -> None:
    server.states = [{"status": "in_progress"}] * 3 + [{"status": "completed"}]
    told: list[Progress] = []

    async def lane() -> np.ndarray:
        # Each job has an adapter and a store of its own, over the same folder.
        maker = shots(endpoint(server.url), tickets=FileTickets(tmp_path), clock=PatientClock())
        with heard(told.append):
            return await unsettled(maker)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        lanes = [group.create_task(lane()) for _ in range(3)]
    assert len(server.submits) == 1
    assert all(np.array_equal(done.result(), lanes[0].result()) for done in lanes)
    assert Progress("queue", 0) in told, "one that waits is heard of"


async def test_lanes_that_want_different_takes_do_not_wait_for_each_other(server: VideosServer) -> None:
    everybody = asyncio.Barrier(2)

    async def together(_: Request) -> None:
        await everybody.wait()

    server.on_submit = together
    maker = shots(endpoint(server.url))
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for seed in (1, 2):
            group.create_task(take(maker, contract.shot_request(seed=seed)))
    assert len(server.submits) == 2


async def test_a_lane_that_gives_up_does_not_cancel_what_another_waits_for(server: VideosServer) -> None:
    server.states = [{"status": "in_progress"}]
    waiting = asyncio.Event()

    def hear(progress: Progress) -> None:
        if progress.stage == "queue":
            waiting.set()

    maker = shots(endpoint(server.url), tickets=MemoryTickets(), clock=PatientClock())
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        first = group.create_task(take(maker))
        await server.looked.wait()
        with heard(hear):
            second = group.create_task(take(maker))
        await waiting.wait()
        first.cancel()
        await asyncio.wait({first})
        assert not server.deleted
        server.states = [{"status": "completed"}]
        assert len(await second) == 24
    assert len(server.submits) == 1


async def test_lanes_that_give_up_one_after_the_other_leave_a_ticket_or_no_job(server: VideosServer) -> None:
    server.states = [{"status": "in_progress"}]
    tickets = MemoryTickets()
    maker = shots(endpoint(server.url), tickets=tickets, clock=PatientClock())
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        lanes = [group.create_task(take(maker)) for _ in range(2)]
        await server.looked.wait()
        for lane in lanes:
            lane.cancel()
            await asyncio.wait({lane})
    assert bool(tickets._kept) != bool(server.deleted)
    server.states = [{"status": "completed"}]
    await take(maker)
    assert len(server.submits) == 1 + len(server.deleted)


def test_an_order_touches_no_ticket_but_its_own() -> None:
    tickets = MemoryTickets()
    first = Order(tickets, "ab" * 32)
    first.place("https://a.example", "one", 0.0)
    first.known("job_1")
    assert first.may_be_cancelled
    second = Order(tickets, "ab" * 32)
    second.place("https://a.example", "two", 1.0)
    second.known("job_2")
    assert not first.may_be_cancelled
    first.forget()
    assert second.may_be_cancelled
    assert not Order(tickets, "ab" * 32, alone=lambda: False).may_be_cancelled


async def test_a_paid_video_is_fetched_again_until_its_take_is_safe(server: VideosServer) -> None:
    tickets = MemoryTickets()
    maker, request = shots(endpoint(server.url), tickets=tickets), contract.shot_request()
    first = await unsettled(maker)
    assert np.array_equal(first, await unsettled(shots(endpoint(server.url), tickets=tickets)))
    assert len(server.submits) == 1
    maker.settle(request)
    assert not tickets._kept
    maker.settle(request)
    await unsettled(maker)
    assert len(server.submits) == 2


async def test_a_take_that_nobody_took_to_its_end_is_fetched_again(server: VideosServer) -> None:
    maker = shots(endpoint(server.url))
    taking = maker.shoot(contract.shot_request())
    await anext(taking)
    await taking.aclose()  # type: ignore[attr-defined]
    await take(maker)
    assert len(server.submits) == 1
    assert not server.deleted


async def test_a_paid_video_that_is_gone_is_ordered_again_next_time(server: VideosServer) -> None:
    maker = shots(endpoint(server.url))
    await unsettled(maker)
    server.on_content = answers("", 404)
    with pytest.raises(QualityError, match="the video is gone"):
        await unsettled(maker)
    server.on_content = None
    await unsettled(maker)
    assert len(server.submits) == 2


async def test_a_video_that_was_too_large_is_fetched_once_it_may_be(server: VideosServer) -> None:
    tickets, clock = MemoryTickets(), HastyClock()
    for _ in range(3):
        with pytest.raises(ConfigError, match=r"larger than 0\.001 MB: raise the endpoint's max_mb"):
            await take(shots(endpoint(server.url, max_mb=0.001), tickets=tickets, clock=clock))
        clock.forward(5000)  # whoever corrects it may take his time
    await take(shots(endpoint(server.url), tickets=tickets, clock=clock))
    assert len(server.submits) == 1


async def test_a_video_behind_a_private_redirect_or_packed_is_fetched_once_that_is_mended(
    server: VideosServer,
) -> None:
    tickets = MemoryTickets()
    async with videos_server() as inside:

        async def leads_inside(_: Request) -> Response:
            return RedirectResponse(f"{inside.url}/v1/videos/video_1/content")

        whole = film()
        for answer, said in (
            (leads_inside, "loopback address, which is refused"),
            (answers(gzip.compress(whole), content_encoding="gzip"), "packed, which nobody asked for"),
            (answers("", 302, location="file:///etc/passwd"), "leads to file:"),
        ):
            server.on_content = answer
            with pytest.raises(ConfigError, match=said) as caught:
                await take(shots(endpoint(server.url), tickets=tickets))
            assert caught.value.remedy
        assert not inside.seen
    server.on_content = None
    await take(shots(endpoint(server.url), tickets=tickets))
    assert len(server.submits) == 1


async def test_an_order_whose_answer_was_packed_is_not_placed_under_another_number(
    server: VideosServer,
) -> None:
    tickets = MemoryTickets()
    server.on_submit = answers(gzip.compress(b'{"id": "video_1"}'), content_encoding="gzip")
    with pytest.raises(ConfigError, match="packed"):
        await take(shots(endpoint(server.url), tickets=tickets))
    server.on_submit = None
    await take(shots(endpoint(server.url), tickets=tickets))
    first, second = (server.headers("POST", index)["idempotency-key"] for index in (0, 1))
    assert first == second


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((24, 90, 160, 3), np.uint8),
        pictures(moves=False),
        pictures(seconds=1),
    ],
    ids=["black", "still", "too short"],
)
async def test_what_one_channel_asks_for_does_not_keep_an_address_from_the_others(
    server: VideosServer, frames: np.ndarray
) -> None:
    server.on_content = answers(film(frames))
    events = Collected()
    maker = shots(endpoint(server.url, failures=2), events=events)
    for seed in range(3):
        with pytest.raises(QualityError):
            await take(maker, contract.shot_request(seed=seed))
    server.on_content = None
    await take(maker)
    assert not events.kinds


async def test_an_address_that_sends_no_videos_rests(server: VideosServer) -> None:
    server.on_content = answers("<html>sorry</html>")
    events = Collected()
    maker = shots(endpoint(server.url, failures=2), events=events)
    for seed in range(2):
        with pytest.raises(QualityError, match="no MP4"):
            await take(maker, contract.shot_request(seed=seed))
    assert events.kinds == ["opened"]


class Dripping:
    """Sends a byte now and then, for ever, so that no timeout between two bytes ever ends."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def __call__(self, _: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                self.begun.set()
                await asyncio.sleep(0.01)

        return StreamingResponse(body(), media_type="application/json")


@pytest.mark.parametrize("where", ["on_submit", "on_look", "on_content"])
async def test_a_server_that_drips_holds_nobody_past_the_deadline_and_rests(
    server: VideosServer, where: str
) -> None:
    drip, clock, events = Dripping(), _Advancing(), Collected()
    setattr(server, where, drip)
    maker = shots(endpoint(server.url, seconds=30, failures=1), clock=clock, events=events)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        shooting = group.create_task(_failing(maker))
        await drip.begun.wait()
        while not shooting.done():
            await clock.advance(5)
            await asyncio.sleep(0.01)
    error = shooting.result()
    assert isinstance(error, TransientError)
    assert "in time" in str(error)
    assert clock.monotonic() < 300
    assert "opened" in events.kinds


class _Advancing(HastyClock):
    """Patience ends on it when somebody advances it."""

    async def sleep(self, seconds: float) -> None:
        await super(HastyClock, self).sleep(seconds)


async def _failing(maker: RemoteShots) -> Exception | None:
    try:
        await take(maker)
    except TransientError as error:
        return error
    return None


async def test_taking_leave_of_a_server_that_drips_ends(server: VideosServer) -> None:
    server.states = [{"status": "in_progress"}]
    clock, events, drip = _Advancing(), Collected(), Dripping()

    server.on_delete = drip
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        shooting = group.create_task(take(shots(endpoint(server.url), clock=clock, events=events)))
        await server.looked.wait()
        shooting.cancel()
        await drip.begun.wait()
        while not shooting.done():
            await clock.advance(5)
            await asyncio.sleep(0.01)
    assert events.kinds == ["cancel_failed"]
