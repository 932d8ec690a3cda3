"""What happens to a child happens to one request, which says by its category whether to try again."""

import asyncio
import errno
import os
import signal
from typing import Any

import contract
import pytest
from hosting_house import Ears, Gate, past, pool, soon, stand_in

from webtv.core.errors import (
    Category,
    ConfigError,
    InputError,
    InternalError,
    RateLimited,
    ResourceError,
    SafetyError,
    TransientError,
    WebTVError,
)
from webtv.studio.hosting.limits import Limits
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.hosting.status import State
from webtv.studio.progress import heard
from webtv.testing.clock import VirtualClock

PATIENT = Limits(beat=1e9, step=1e9, request=1e9, load=1e9, cancel=1e9)


async def shoot(maker: Any) -> Any:
    return await contract.frames_of(maker.shoot(contract.shot_request()))


async def works(opened: ModelPool) -> bool:
    """Whether the pool still makes takes."""
    return len(await shoot(stand_in(opened, "Plain"))) == 12


DEATHS = {
    "kill": ("killed", ResourceError, "killed by the system"),
    "abort": ("crashed", TransientError, "SIGABRT"),
    "exit": ("crashed", TransientError, "status 3"),
}


@pytest.mark.parametrize("at", ["load", "begin", "between"])
@pytest.mark.parametrize("how", DEATHS)
async def test_a_child_that_dies_fails_its_request_and_the_next_begins_afresh(how: str, at: str) -> None:
    kind, error, said = DEATHS[how]
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Dying", how=how, at=at)
        take = maker.shoot(contract.shot_request())
        with pytest.raises(error, match=said) as caught:
            await contract.frames_of(take)
        assert caught.value.retryable
        assert caught.value.place == "studio.shot Dying"
        assert (await ears.event(kind)).data["adapter"] == "Dying"
        (gone,) = opened.status()
        assert (gone.state, gone.pid, gone.failures) == (State.ABSENT, None, 1)
        assert said in gone.last_error
        again = stand_in(opened, "Dying", how=how, at="never")
        assert len(await shoot(again)) == 8
    if how == "abort":
        assert "the last words" in str(ears.events[ears.kinds().index("crashed")].data["tail"])


async def test_a_child_that_dies_while_it_receives_frames_fails_its_request() -> None:
    async with pool(ears := Ears()) as opened:
        upscaler = stand_in(opened, "Dying", "upscale", how="kill", at="receive")
        take = contract.play(contract.moving_square(20), 12)
        with pytest.raises(ResourceError, match="killed by the system"):
            await contract.frames_of(upscaler.upscale(take, 160, 90))
        await ears.event("killed")
        assert await works(opened)


async def test_a_child_that_is_killed_between_requests_is_replaced() -> None:
    async with pool(ears := Ears()) as opened:
        assert await works(opened)
        (idle,) = opened.status()
        assert idle.pid is not None
        os.kill(idle.pid, signal.SIGKILL)
        await ears.event("killed")
        assert await works(opened)
        assert opened.status()[0].pid != idle.pid


async def test_a_child_that_hangs_up_is_ended() -> None:
    async with pool(Ears()) as opened:
        with pytest.raises(WebTVError) as caught:
            await shoot(stand_in(opened, "Dying", how="close", at="begin"))
        assert caught.value.retryable
        assert await works(opened)


async def stuck_take(opened: ModelPool, gate: Gate, how: str) -> "asyncio.Task[Any]":
    """A take whose child gets stuck after the first chunk, waited for in a task."""
    take = stand_in(opened, "Stuck", how=how, gate=gate.path).shoot(contract.shot_request())
    await soon(anext(take))
    gate.open()
    return asyncio.ensure_future(anext(take))


@pytest.mark.parametrize("how", ["awaits for ever", "blocks its loop", "blocks a thread", "is stopped"])
async def test_a_model_that_makes_no_step_is_killed_after_its_limit(how: str, gate: Gate) -> None:
    clock = VirtualClock()
    limits = Limits(beat=1e9, step=120, request=1e9)
    async with pool(ears := Ears(), clock=clock, limits=limits) as opened:
        stuck = await stuck_take(opened, gate, how)
        await clock.advance(119)
        assert not stuck.done()
        await past(clock, stuck)
        with pytest.raises(TransientError, match="made no step for 120 s"):
            await stuck
        assert ears.kinds() == ["started", "hung"]
        assert opened.status()[0].pid is None


@pytest.mark.parametrize("how", ["is stopped", "holds the interpreter"])
async def test_a_child_without_a_heartbeat_is_killed_long_before_its_step_is_due(
    how: str, gate: Gate
) -> None:
    clock = VirtualClock()
    async with pool(ears := Ears(), clock=clock, limits=Limits(beat=15, step=1e9)) as opened:
        stuck = await stuck_take(opened, gate, how)
        await past(clock, stuck)
        with pytest.raises(TransientError, match="no sign of life for 15 s"):
            await stuck
        assert ears.kinds() == ["started", "silent"]


async def test_a_request_ends_at_its_deadline_whatever_progress_it_tells(gate: Gate) -> None:
    clock = VirtualClock()
    limits = Limits(beat=1e9, step=100, request=250)
    async with pool(ears := Ears(), clock=clock, limits=limits) as opened:
        maker = stand_in(opened, "Gated", gate=gate.path)
        with heard(ears.hear):
            stuck = asyncio.ensure_future(shoot(maker))
        for step in range(1, 4):
            await ears.steps(step)
            await clock.advance(80)
            assert not stuck.done()
            gate.open()
        await ears.steps(4)
        await past(clock, stuck)
        with pytest.raises(TransientError, match="not done after 250 s"):
            await stuck


async def test_loading_has_a_limit_of_its_own_until_the_first_step(gate: Gate) -> None:
    clock = VirtualClock()
    limits = Limits(beat=15, step=120, load=900)
    async with pool(ears := Ears(), clock=clock, limits=limits) as opened:
        maker = stand_in(opened, "Loader", gate=gate.path)
        with heard(ears.hear):
            stuck = asyncio.ensure_future(shoot(maker))
        await ears.steps(1)
        await clock.advance(800)
        assert not stuck.done()
        gate.open()
        await ears.steps(2)
        await past(clock, stuck)
        with pytest.raises(TransientError, match=r"no sign of life for 15 s|made no step for 120 s"):
            await stuck
    assert [(step.stage, step.done) for step in ears.progress] == [("load", 1), ("shot", 1)]


MEMORY = ["memory", "limit", "torch"]


@pytest.mark.parametrize("what", [*MEMORY, "wrapped"])
async def test_out_of_memory_is_told_and_the_child_renewed(what: str) -> None:
    async with pool(ears := Ears()) as opened:
        with pytest.raises(ResourceError, match=r"memory|large") as caught:
            await shoot(stand_in(opened, "Failing", what=what))
        assert caught.value.remedy
        assert ears.kinds() == ["started", "out_of_memory", "recycled"]
        assert opened.status()[0].pid is None


async def test_an_error_of_the_adapter_arrives_as_it_is_and_the_child_lives() -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Failing", what="input")
        with pytest.raises(InputError) as caught:
            await shoot(maker)
        told = caught.value
        assert (told.message, told.remedy, told.place) == ("too few frames", "write 24", "studio.shot.frames")
        with pytest.raises(InputError):
            await shoot(maker)
        with pytest.raises(RateLimited) as limited:
            await shoot(stand_in(opened, "Failing", what="rate"))
        assert limited.value.retry_after == 7.5
        with pytest.raises(SafetyError, match="no lions") as refused:
            await shoot(stand_in(opened, "Failing", what="own"))
        assert type(refused.value) is SafetyError, "its own class is not known here"
        assert ears.kinds() == ["started"] * 3
        assert [item.state for item in opened.status()] == [State.IDLE] * 3


async def test_what_nobody_foresaw_is_an_internal_error_and_the_child_renewed() -> None:
    async with pool(ears := Ears()) as opened:
        with pytest.raises(InternalError, match="ValueError: a bug"):
            await shoot(stand_in(opened, "Failing", what="value"))
        assert ears.kinds() == ["started", "recycled"]
        with pytest.raises(InternalError, match="float64"):
            await shoot(stand_in(opened, "Failing", what="floats"))
        with pytest.raises(InternalError, match="JSON"):
            await stand_in(opened, "Plain", "write").call("nothing", {})
        with pytest.raises(InternalError, match="no method '_secret'"):
            await stand_in(opened, "Plain", "write").call("_secret", {})


async def test_frames_that_do_not_follow_each_other_are_refused() -> None:
    async with pool(ears := Ears()) as opened:
        with pytest.raises(InternalError, match="a chunk at 3"):
            await shoot(stand_in(opened, "Failing", what="gap"))
        await ears.event("corrupt")


LIES = {
    "junk": "header of 4294967295 bytes",
    "no json": "a header arrived that is none",
    "unknown": "no message",
    "stranger": "nobody made",
    "shape": "1728 bytes arrived where 2994003 were announced",
    "short": "1728 bytes arrived where 3456 were announced",
    "unsealed": "can still change",
    "no picture": "no picture",
    "no number": "no whole number",
    "no measure": "no whole number",
    "too many": "descriptors",
    "no fact": "no fact",
    "talkative": "too much to note",
}


@pytest.mark.parametrize("how", LIES)
async def test_a_child_that_says_what_makes_no_sense_is_killed(how: str) -> None:
    async with pool(ears := Ears()) as opened:
        with pytest.raises(InternalError, match=LIES[how]) as caught:
            await soon(shoot(stand_in(opened, "Lying", how=how)))
        assert not caught.value.retryable
        assert ears.kinds() == ["started", "corrupt"]
        assert opened.status()[0].pid is None


async def test_a_model_that_cannot_be_built_says_why_and_is_tried_ever_more_rarely() -> None:
    clock = VirtualClock()
    async with pool(ears := Ears(), clock=clock, limits=PATIENT) as opened:
        maker = stand_in(opened, "Refused")
        for _ in range(2):
            with pytest.raises(ConfigError, match="no such model") as caught:
                await shoot(maker)
            assert caught.value.remedy == "name another"
        assert ears.kinds() == ["not_started"] * 2
        with pytest.raises(ConfigError, match="no such model"):
            await shoot(maker)
        assert ears.kinds() == ["not_started"] * 2, "nobody was started to find that out"
        assert opened.status()[0].state is State.RESTING
        await clock.advance(5)
        with pytest.raises(ConfigError):
            await shoot(maker)
        await clock.advance(9)
        with pytest.raises(ConfigError):
            await shoot(maker)
        assert ears.kinds() == ["not_started"] * 3
        assert opened.status()[0].failures == 3


async def test_a_model_that_keeps_dying_is_tried_later_with_its_cause() -> None:
    clock = VirtualClock()
    async with pool(Ears(), clock=clock, limits=PATIENT) as opened:
        maker = stand_in(opened, "Dying", how="abort", at="begin")
        for _ in range(2):
            with pytest.raises(TransientError, match="SIGABRT"):
                await shoot(maker)
        await clock.advance(2)
        with pytest.raises(RateLimited, match=r"2 times in a row, last because.*SIGABRT") as caught:
            await shoot(maker)
        assert caught.value.retry_after == pytest.approx(3)
        assert caught.value.category is Category.RATE_LIMIT


async def test_a_bug_in_a_constructor_is_an_internal_error() -> None:
    async with pool(Ears()) as opened:
        with pytest.raises(InternalError, match="ZeroDivisionError: a bug in a constructor"):
            await shoot(stand_in(opened, "Broken"))


async def test_a_builder_that_is_not_there_is_said_so() -> None:
    async with pool(Ears(), builder="no_such_module:build") as opened:
        with pytest.raises(ConfigError, match="no_such_module"):
            await shoot(stand_in(opened, "Plain"))


async def test_a_machine_that_has_no_room_for_a_process_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> tuple[int, int]:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with pool(ears := Ears()) as opened:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pipe", full)
            with pytest.raises(ResourceError, match="Too many open files"):
                await shoot(stand_in(opened, "Plain"))
        assert ears.kinds() == ["not_started"]
        assert await works(opened)
