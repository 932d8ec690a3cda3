"""Progress, previews, cancellation, back pressure: what goes on while a request is served."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import contract
import hosting_adapters
import numpy as np
import pytest
from hosting_house import PATIENCE, Ears, Gate, past, pool, soon, stand_in

from webtv.core.errors import ResourceError, TransientError
from webtv.studio.hosting.limits import Limits
from webtv.studio.hosting.status import State
from webtv.studio.ports import Chunk, Frames
from webtv.studio.progress import heard
from webtv.testing.clock import VirtualClock

REQUEST = contract.shot_request()
PIECE = hosting_adapters.frames(4).nbytes


async def test_progress_and_previews_are_heard_by_whoever_asked(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Gated", gate=gate.path)
        with heard(ears.hear):
            made = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        await ears.steps(1)
        assert opened.status()[0].state is State.BUSY
        gate.open(5)
        await made
        assert ears.progress[0].preview is not None
        assert np.array_equal(ears.progress[0].preview, hosting_adapters.frames(1)[0])
        assert [(step.stage, step.of) for step in ears.progress] == [("shot", 5)] * len(ears.progress)
        assert ears.progress[-1].done == 5
        other = Ears()
        gate.open(5)
        with heard(other.hear):
            await contract.frames_of(maker.shoot(REQUEST))
        assert other.progress[-1].done == 5


async def test_closing_the_iterator_ends_the_work_within_one_step_and_the_child_lives(gate: Gate) -> None:
    clock = VirtualClock()
    async with pool(ears := Ears(), clock=clock) as opened:
        maker = stand_in(opened, "Gated", gate=gate.path)
        with heard(ears.hear):
            abandoned = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        await ears.steps(1)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        await ears.steps(2)
        assert ears.progress[1].stage == "abandoned", "the child knows, while its step goes on"
        assert opened.status()[0].state is State.BUSY
        following = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        gate.open(1)
        gate.open(5)
        assert len(await soon(following)) == 4
        (after,) = opened.status()
        assert after.jobs == 2
        assert ears.kinds() == ["started"], "one child served both"
        assert after.steps <= 2 + 5, "no second step was made for nobody"
        await ears.until(lambda: opened.status()[0].state is State.IDLE)


async def test_a_child_that_does_not_give_up_is_killed_after_the_grace() -> None:
    clock = VirtualClock()
    async with pool(ears := Ears(), clock=clock, limits=Limits(cancel=10, beat=1e9)) as opened:
        maker = stand_in(opened, "Stubborn")
        with heard(ears.hear):
            abandoned = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        await ears.steps(1)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        await clock.advance(9)
        assert ears.kinds() == ["started"]
        event = asyncio.ensure_future(ears.event("deaf"))
        await past(clock, event)
        assert "did not give up within 10 s" in (await event).message
        assert len(await contract.frames_of(stand_in(opened, "Plain").shoot(REQUEST))) == 12


async def test_a_request_that_is_cancelled_while_it_waits_leaves_the_queue(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Gated", gate=gate.path)
        with heard(ears.hear):
            first = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        await ears.steps(1)
        others = [asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST))) for _ in range(3)]
        await asyncio.sleep(0)
        assert opened.status()[0].queue == 3
        others[1].cancel()
        await asyncio.wait({others[1]})
        assert opened.status()[0].queue == 2
        gate.open(15)
        for task in (first, others[0], others[2]):
            assert len(await soon(task)) == 4
        assert opened.status()[0].jobs == 3


async def test_a_request_that_is_cancelled_while_its_model_loads_leaves_nobody(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Slow", gate=gate.path)
        waiting = asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST)))
        while not opened.status() or opened.status()[0].pid is None:  # noqa: ASYNC110  nobody says so
            await asyncio.sleep(0)
        pid = opened.status()[0].pid
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert not Path(f"/proc/{pid}").exists()
        assert ears.events == []
        gate.open()
        assert len(await contract.frames_of(maker.shoot(REQUEST))) == 12


class Counted:
    """A take that counts how many of its chunks were taken."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0

    async def take(self) -> AsyncIterator[Chunk]:
        for k in range(self.count):
            self.taken += 1
            yield Chunk(hosting_adapters.frames(4, k), 4 * k, 12)


async def test_neither_side_holds_a_whole_take() -> None:
    limits = Limits(ahead=2 * PIECE, spool=3 * PIECE)
    async with pool(Ears(), limits=limits) as opened:
        source = Counted(100)
        through = stand_in(opened, "Plain", "upscale").upscale(source.take(), 32, 18)
        for k in range(40):
            assert np.array_equal((await anext(through)).frames, hosting_adapters.frames(4, k))
            # Waiting here, handed over and not given back: so many chunks at most are between both ends.
            assert source.taken <= k + 1 + 3 + 1 + 3
        await through.aclose()
        assert source.taken < 60


async def test_a_take_that_is_short_frees_its_child_before_it_is_looked_at() -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Plain")
        take = maker.shoot(REQUEST)
        first = await anext(take)
        assert len(await contract.frames_of(maker.shoot(REQUEST))) == 12, "while the other one waits"
        assert first.start_frame == 0
        assert [chunk.start_frame async for chunk in take] == [4, 8]
    assert ears.kinds() == ["started"]


async def test_models_that_do_not_fit_together_serve_one_chain(gate: Gate) -> None:
    async with pool(ears := Ears(), vram_gb=16, limits=Limits(ahead=PIECE)) as opened:
        maker = stand_in(opened, "Plain", chunks=20, vram=10.0)
        upscaler = stand_in(opened, "Plain", "upscale", vram=10.0)
        chains = [upscaler.upscale(maker.shoot(REQUEST), 32, 18) for _ in range(3)]
        made = await soon(asyncio.gather(*(contract.frames_of(chain) for chain in chains)))
        assert [len(frames) for frames in made] == [80] * 3
        assert ears.kinds().count("evicted") >= 1


async def test_what_the_stage_before_raises_is_raised_as_it_is() -> None:
    async def failing() -> AsyncIterator[Chunk]:
        yield Chunk(hosting_adapters.frames(4), 0, 12)
        raise failure

    failure = ResourceError("no room", place="studio.shot", remedy="make some")
    async with pool(ears := Ears()) as opened:
        upscaler = stand_in(opened, "Plain", "upscale")
        with pytest.raises(ResourceError) as caught:
            await contract.frames_of(upscaler.upscale(failing(), 32, 18))
        assert caught.value is failure
        frames: Frames = contract.moving_square(8)
        assert np.array_equal(
            await contract.frames_of(upscaler.upscale(contract.play(frames, 12), 160, 90)), frames
        )
        assert ears.kinds() == ["started"]


async def test_a_take_beyond_all_measure_is_refused() -> None:
    async with pool(Ears(), limits=Limits(total=6 * PIECE)) as opened:
        upscaler = stand_in(opened, "Plain", "upscale")
        with pytest.raises(ResourceError, match="make shorter or smaller takes"):
            await contract.frames_of(upscaler.upscale(Counted(7).take(), 32, 18))


async def test_closing_the_pool_fails_what_is_asked_and_leaves_nobody(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Gated", gate=gate.path)
        with heard(ears.hear):
            tasks = [asyncio.ensure_future(contract.frames_of(maker.shoot(REQUEST))) for _ in range(2)]
        await ears.steps(1)
        pid = opened.status()[0].pid
        assert pid is not None
    for task in tasks:
        with pytest.raises(TransientError):
            await task
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(TransientError, match="not open"):
        await contract.frames_of(maker.shoot(REQUEST))


def descriptors(processes: list[int | None]) -> list[int]:
    """How many each process has open."""
    return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes]


async def test_hundreds_of_requests_leave_no_descriptors_behind() -> None:
    async with pool(Ears()) as opened:
        maker = stand_in(opened, "Plain", chunks=2)
        upscaler = stand_in(opened, "Plain", "upscale")
        for _ in range(3):
            await contract.frames_of(upscaler.upscale(maker.shoot(REQUEST), 32, 18))
        processes: list[int | None] = [os.getpid(), *(item.pid for item in opened.status())]
        before = descriptors(processes)
        for k in range(100):
            chain = upscaler.upscale(maker.shoot(REQUEST), 32, 18)
            if k % 10 == 9:
                await anext(chain)
                await chain.aclose()
            else:
                assert len(await contract.frames_of(chain)) == 8
        await contract.frames_of(upscaler.upscale(maker.shoot(REQUEST), 32, 18))
        assert [item.jobs for item in opened.status()] == [104, 104]
        async with asyncio.timeout(PATIENCE):  # a thread may not have let go of its last frames yet
            while descriptors(processes) != before:  # noqa: ASYNC110  nobody says so
                await asyncio.sleep(0)
