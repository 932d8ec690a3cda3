"""Breakers open, rest ever longer, try once and close; the rota chooses by weight among those that admit."""

import random
from collections import Counter

import pytest

from webtv.core.errors import RateLimited
from webtv.studio.remote.breaker import Breaker, Rota, State
from webtv.testing.clock import VirtualClock


def breaker(clock: VirtualClock, changes: list[str] | None = None, name: str = "a") -> Breaker:
    return Breaker(
        name,
        clock=clock,
        noise=random.Random(3),
        failures=3,
        rest=100,
        on_change=lambda _, state, reason: (changes if changes is not None else []).append(
            f"{state}: {reason}"
        ),
    )


def fail(one: Breaker, times: int = 1) -> None:
    for _ in range(times):
        one.begin()
        one.failed("it broke")


def test_it_opens_after_failures_in_a_row_only() -> None:
    one = breaker(VirtualClock())
    fail(one, 2)
    one.begin()
    one.succeeded()
    fail(one, 2)
    assert one.state is State.CLOSED
    fail(one)
    assert one.state is State.OPEN
    assert not one.admits


def test_half_open_admits_one_trial() -> None:
    clock, changes = VirtualClock(), list[str]()
    one = breaker(clock, changes)
    fail(one, 3)
    clock.forward(one.wait)
    assert one.state is State.HALF_OPEN
    one.begin()
    assert not one.admits
    assert one.wait > 0
    one.abandoned()
    assert one.admits, "a trial that nobody waited for is free again"
    one.begin()
    one.succeeded()
    assert one.state is State.CLOSED
    assert changes == ["open: it broke", "closed: a trial succeeded"]


def test_rests_grow_with_jitter_up_to_half_an_hour_and_begin_anew() -> None:
    clock = VirtualClock()
    one = breaker(clock)
    fail(one, 3)
    rests = [one.wait]
    for _ in range(8):
        clock.forward(one.wait)
        fail(one)
        rests.append(one.wait)
    for step, rest in enumerate(rests):
        own = min(1800, 100 * 2**step)
        assert 0.75 * own <= rest <= 1.25 * own
    assert len({rest / min(1800, 100 * 2**step) for step, rest in enumerate(rests)}) == len(rests), "jittered"
    clock.forward(one.wait)
    one.begin()
    one.succeeded()
    fail(one, 3)
    assert one.wait <= 125


def test_a_server_that_asks_for_patience_gets_it_at_once() -> None:
    one = breaker(VirtualClock())
    one.begin()
    one.failed("slow down", rest=4000)
    assert one.wait == 4000


def test_calls_that_fail_after_it_opened_do_not_prolong_its_rest() -> None:
    clock = VirtualClock()
    one = breaker(clock)
    for _ in range(5):
        one.begin()
    for _ in range(3):
        one.failed("it broke")
    wait = one.wait
    one.failed("it broke")
    one.failed("it broke")
    assert one.wait == wait


def test_the_rota_chooses_by_weight_and_leaves_out_who_rests() -> None:
    clock = VirtualClock()
    a, b, c = (breaker(clock, name=name) for name in "abc")
    rota = Rota([("a", 3.0, a), ("b", 1.0, b), ("c", 1.0, c)], noise=random.Random(1), place="clips")
    chosen = Counter(rota.choose() for _ in range(2000))
    assert 1100 < chosen["a"] < 1300
    fail(a, 3)
    assert {rota.choose() for _ in range(50)} == {"b", "c"}
    assert {rota.choose(without=["b"]) for _ in range(50)} == {"c"}
    fail(b, 3)
    fail(c, 3)
    with pytest.raises(RateLimited, match="next trial is in") as caught:
        rota.choose()
    assert caught.value.retry_after == min(a.wait, b.wait, c.wait)
    clock.forward(caught.value.retry_after)
    assert rota.choose() in "abc"
