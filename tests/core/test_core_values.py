"""Ids, formats, events, virtual time: small values that everything else stands on."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.core.errors import InputError
from webtv.core.events import Event, EventLog, Severity
from webtv.core.format import AAC_FRAME, FORMAT_NAMES, SAMPLE_RATE, VIDEO_TIMESCALE, house_format
from webtv.core.ids import ALPHABET, IdFactory, encode
from webtv.testing.clock import VirtualClock

values = st.integers(0, 2**64 - 1)


@given(values, values)
def test_ids_sort_as_their_values_do(one, other):
    assert (encode(one) < encode(other)) == (one < other)
    assert len(encode(one)) == 13
    assert set(encode(one)) <= set(ALPHABET)


@pytest.mark.parametrize("value", [-1, 2**64])
def test_what_is_no_64_bit_value_has_no_id(value):
    with pytest.raises(ValueError, match="64-bit"):
        encode(value)


@given(st.lists(st.floats(-3600, 3600, allow_nan=False), max_size=200), st.integers())
def test_ids_grow_however_the_wall_clock_steps(steps, seed):
    clock = VirtualClock()
    ids = IdFactory(clock, random.Random(seed))
    made = [ids()]
    for step in steps:
        clock.step(step)
        made.append(ids())
    assert made == sorted(set(made))


def test_later_ids_sort_after_those_of_another_factory():
    clock = VirtualClock()
    first = IdFactory(clock, random.Random(1))()
    clock.forward(0.002)
    assert IdFactory(clock, random.Random(2))() > first


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_house_formats_count_exactly(name):
    form = house_format(name)
    assert form.name == name
    assert form.width % 16 == 0
    assert form.height % 2 == 0
    assert form.ticks_per_frame * form.fps == VIDEO_TIMESCALE
    assert form.samples_per_frame * form.fps == SAMPLE_RATE
    assert form.gop == 2 * form.fps
    assert AAC_FRAME == 1024


@pytest.mark.parametrize("name", ["", "720p", "720p24", "720p24@2", "720p23@1", " 720p24@1", "720p24@1\n"])
def test_what_is_no_house_format_is_refused_with_the_list(name):
    with pytest.raises(InputError, match="720p24@1"):
        house_format(name)


def test_every_listener_hears_whatever_the_others_do(caplog):
    heard = []

    def broken(_event):
        raise OSError("no space left")

    log = EventLog(broken, heard.append)
    log.listen(heard.append)
    log(Event("a.b", "it is", Severity.WARNING))
    assert [event.kind for event in heard] == ["a.b", "a.b"]
    assert "a listener failed at a.b" in caplog.text


def test_the_last_error_is_the_last_that_is_not_information():
    log = EventLog(keep=2)
    assert log.last_error() is None
    log(Event("one", "", Severity.ERROR))
    log(Event("two", ""))
    assert log.last_error().kind == "one"
    log(Event("three", ""))
    assert log.last_error() is None


async def test_virtual_sleepers_wake_in_order_and_at_their_time():
    clock, woken = VirtualClock(1000.0), []

    async def sleeper(seconds):
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic(), clock.time()))

    async with asyncio.TaskGroup() as group:
        for seconds in (3.0, 1.0, 2.0, 0.0):
            group.create_task(sleeper(seconds))
        await clock.advance(2.5)
        assert [seconds for seconds, *_ in woken] == [0.0, 1.0, 2.0]
        await clock.advance(0.5)
    assert woken[-1] == (3.0, 3.0, 1003.0)


async def test_a_cancelled_sleeper_is_passed_over():
    clock = VirtualClock()
    task = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await clock.advance(2)
    assert task.cancelled()


def test_a_step_of_the_wall_clock_leaves_monotonic_time():
    clock = VirtualClock(50.0)
    clock.step(-10)
    assert (clock.time(), clock.monotonic()) == (40.0, 0.0)
