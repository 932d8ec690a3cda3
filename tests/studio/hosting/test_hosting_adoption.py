"""One child serves all options that load the same; what it has loaded is handed over, not loaded again."""

import asyncio
from typing import Any

import contract
import hosting_adapters
import pytest
from hosting_house import Ears, Gate, handing, past, pool, soon, stand_in

from webtv.core.errors import InputError, InternalError
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.adoption import hand_over
from webtv.studio.hosting.appetite import CONTEXT_GB, Appetite
from webtv.studio.hosting.limits import Limits
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.status import State
from webtv.studio.progress import Progress, heard
from webtv.testing.clock import VirtualClock

REQUEST = contract.shot_request()
PATIENT = Limits(load=1e9, step=1e9, request=1e9, beat=1e9, cancel=1e9)


async def shown(maker: Any) -> tuple[int, int]:
    """How often its process had loaded the model, and with how many steps the take was made."""
    frames = await soon(contract.frames_of(maker.shoot(REQUEST)))
    assert len(set(frames.flat)) == 1
    count, steps = divmod(int(frames.flat[0]), 10)
    return count, steps


async def test_other_options_of_what_is_loaded_are_served_by_the_same_child_without_loading() -> None:
    async with pool(ears := Ears()) as opened:
        assert await shown(handing(opened, steps=4)) == (1, 4)
        assert await shown(handing(opened, steps=2)) == (1, 2)
        assert await shown(handing(opened, steps=4)) == (1, 4)
        assert ears.kinds() == ["started"]
        (said,) = opened.status()
        assert said.jobs == 3


async def test_the_ladders_rung_is_made_by_the_same_child() -> None:
    async with pool(ears := Ears()) as opened:
        whole = handing(opened, steps=4)
        await shown(whole)
        (rung,) = whole.cheaper()
        local = hosting_adapters.build("shot", rung.options)
        assert await shown(hosted(opened, "shot", rung.options, local)) == (1, 2)
        assert ears.kinds() == ["started"]


async def test_what_loads_something_else_has_a_child_of_its_own() -> None:
    async with pool(ears := Ears()) as opened:
        assert await shown(handing(opened, weights="a")) == (1, 4)
        assert await shown(handing(opened, weights="b")) == (1, 4)
        await contract.frames_of(stand_in(opened, "Plain", name="a").shoot(REQUEST))
        await contract.frames_of(stand_in(opened, "Plain", name="b").shoot(REQUEST))
        assert ears.kinds() == ["started"] * 4, "and so has each set of options of one that does not say"


async def test_requests_of_several_channels_take_turns_at_one_child(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        with heard(ears.hear):
            tasks = [asyncio.ensure_future(shown(handing(opened, steps=1, gate=gate.path)))]
            await ears.steps(1)
            tasks += [asyncio.ensure_future(shown(handing(opened, steps=n, gate=gate.path))) for n in (2, 3)]
            await ears.until(lambda: [told.done for told in ears.progress if told.stage == "queue"] == [0, 0])
        (busy,) = opened.status()
        assert (busy.state, busy.doing, busy.queue) == (State.BUSY, "shot", 2)
        gate.open(6)
        assert list(await soon(asyncio.gather(*tasks))) == [(1, 1), (1, 2), (1, 3)]
        (idle,) = opened.status()
        assert (idle.state, idle.doing, idle.queue) == (State.IDLE, "", 0)
        assert idle.spec.options["steps"] == 3
        assert ears.kinds() == ["started"]


async def test_options_that_are_refused_leave_what_is_loaded_as_it_was() -> None:
    async with pool(ears := Ears()) as opened:
        assert await shown(handing(opened, steps=4)) == (1, 4)
        local = hosting_adapters.Handing(use="Handing", stage="shot")
        with pytest.raises(InputError, match="write 1 or more"):
            await shown(hosted(opened, "shot", {"use": "Handing", "steps": 0}, local))
        assert await shown(handing(opened, steps=3)) == (1, 3)
        assert ears.kinds() == ["started"]


async def test_what_does_not_load_the_same_after_all_is_refused_and_not_handed_over() -> None:
    async with pool(ears := Ears()) as opened:
        assert await shown(handing(opened, weights="fickle", steps=4)) == (1, 4)
        with pytest.raises(InternalError, match="loads another one"):
            await shown(handing(opened, weights="fickle", steps=2))
        assert await shown(handing(opened, weights="fickle", steps=4)) == (1, 4)
        assert ears.kinds() == ["started"]
    plain = hosting_adapters.Plain(use="Plain")
    with pytest.raises(InternalError, match="loads another one"):
        hand_over(plain, plain, "studio.shot Plain")


async def test_options_that_fail_rest_and_the_others_work() -> None:
    async with pool(ears := Ears()) as opened:
        bad = handing(opened, steps=4, gate="/nowhere/to/be/found")
        for _ in range(3):
            with pytest.raises(InternalError, match="FileNotFoundError"):
                await shown(bad)
        assert ears.kinds().count("started") == 2, "the third was refused while it rests"
        assert await shown(handing(opened, steps=2)) == (1, 2)


def test_a_key_follows_from_what_is_loaded_and_a_variant_from_all() -> None:
    loads = {"model": "a"}
    spec = ModelSpec("shot", {"use": "wan", "steps": 4}, loads)
    other = ModelSpec("shot", {"use": "wan", "steps": 2}, loads)
    assert spec == other
    assert spec.variant != other.variant
    apart = [
        ModelSpec("upscale", spec.options, loads),
        ModelSpec("shot", {"use": "ltx", "steps": 4}, loads),
        ModelSpec("shot", spec.options, {"model": "b"}),
        ModelSpec("shot", spec.options),
    ]
    assert len({spec, *apart}) == 5


# Memory


async def test_a_child_that_has_to_grow_has_room_made_for_it() -> None:
    async with pool(ears := Ears(), vram_gb=24) as opened:
        await shown(handing(opened, size=6.0))
        await contract.frames_of(stand_in(opened, "Plain", vram=12.0).shoot(REQUEST))
        assert await shown(handing(opened, size=10.0, steps=2)) == (1, 2)
        assert ears.kinds() == ["started", "started"], "22 GB fit"
        assert await shown(handing(opened, size=20.0, steps=3)) == (1, 3)
        assert ears.kinds() == ["started", "started", "evicted"]
        assert ears.events[2].data["adapter"] == "Plain"
        await contract.frames_of(stand_in(opened, "Plain", vram=12.0).shoot(REQUEST))
        assert ears.kinds()[3:] == ["evicted", "started"], "it may be asked for as much again at any time"
        assert await shown(handing(opened, size=6.0)) == (1, 4)
        assert ears.kinds()[5:] == ["started"], "a new child that was asked for little holds little"


async def test_what_one_size_takes_is_not_held_against_a_smaller_one() -> None:
    async with pool(ears := Ears(), vram_gb=24) as opened:
        await shown(handing(opened, size=8.0, gpu=2.0))
        await shown(handing(opened, size=4.0, gpu=2.0))
        assert opened.status()[0].peak == 16_000_000_000
        await contract.frames_of(stand_in(opened, "Plain", vram=20.0).shoot(REQUEST))
        assert ears.kinds() == ["started", "evicted", "started"]
        await shown(handing(opened, size=2.0, gpu=2.0))
        assert ears.kinds()[3:] == ["started"], "it is said to take 2 GB, and twice as much was never seen"


def test_what_was_measured_bounds_what_is_believed_of_other_sizes() -> None:
    appetite = Appetite()
    assert appetite.of(8.0) == 8.0
    appetite.learn(8.0, 3_500_000_000, whole=True)
    assert [appetite.of(said) for said in (2.0, 6.0, 8.0, 10.0)] == [2.0, 4.0, 4.0, 10.0]
    appetite.learn(4.0, 5_500_000_000, whole=True)
    assert [appetite.of(said) for said in (2.0, 6.0, 10.0)] == [2.0, 6.0, 10.0]
    appetite.learn(2.0, 1_000_000, whole=False)
    assert appetite.of(2.0) == 2.0, "one that was given up early says nothing"
    appetite.learn(2.0, 2_500_000_000, whole=False)
    assert appetite.of(2.0) == 2.5 + CONTEXT_GB, "unless it took more"
    appetite.learn(1.0, 0, whole=True)
    assert appetite.of(1.0) == 1.0, "nobody counted"


# Waiting


async def test_who_waits_for_a_turn_says_so_at_least_once_a_minute(gate: Gate) -> None:
    clock = VirtualClock()
    told: list[Progress] = []
    async with pool(ears := Ears(), clock=clock, limits=PATIENT) as opened:
        with heard(ears.hear):
            first = asyncio.ensure_future(shown(handing(opened, steps=1, gate=gate.path)))
        await ears.steps(1)
        second = asyncio.ensure_future(shown(handing(opened, steps=2, gate=gate.path)))
        await asyncio.sleep(0)
        with heard(told.append):
            third = asyncio.ensure_future(shown(handing(opened, steps=3, gate=gate.path)))
        for _ in range(3):
            count = len(told)
            await clock.advance(60)
            assert len(told) > count
        assert {(said.stage, said.done, said.of) for said in told} == {("queue", 0, 2)}
        gate.open(1)
        await soon(first)
        await clock.advance(60)
        assert told[-1] == Progress("queue", 1, 2)
        gate.open(5)
        assert list(await soon(asyncio.gather(second, third))) == [(1, 2), (1, 3)]
        count = len(told)
        await clock.advance(600)
        assert len(told) == count, "nobody waits any more"


async def test_who_waits_for_a_child_to_start_says_so(gate: Gate) -> None:
    clock = VirtualClock()
    told: list[Progress] = []
    async with pool(Ears(), clock=clock, limits=PATIENT) as opened:
        with heard(told.append):
            task = asyncio.ensure_future(
                contract.frames_of(stand_in(opened, "Slow", gate=gate.path).shoot(REQUEST))
            )
        await clock.advance(60)
        assert {said.stage for said in told} == {"load"}
        gate.open(1)
        await past(clock, task)
