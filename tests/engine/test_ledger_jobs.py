import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.core.errors import (
    ComponentError,
    QualityError,
    RateLimited,
    ResourceError,
    SafetyError,
    TransientError,
)
from webtv.core.ids import IdFactory
from webtv.engine.jobs import Job, NewJob, RetryPolicy, content_key
from webtv.testing.clock import VirtualClock
from webtv.testing.engine import MemoryLedger

NOW = 1_800_000_000.0


async def leased(attempts: int, max_attempts: int = 4) -> Job:
    clock = VirtualClock(NOW)
    ledger = MemoryLedger(clock, IdFactory(clock, random.Random(1)))
    await ledger.enqueue([NewJob("shot", "one", {}, max_attempts=max_attempts)])
    for _ in range(attempts - 1):
        job = await ledger.lease("ann", ["shot"], 30)
        assert job
        await ledger.fail(job, "ann", TransientError(""), NOW)
    job = await ledger.lease("ann", ["shot"], 30)
    assert job
    assert job.attempts == attempts
    return job


def test_a_content_key_is_the_content():
    assert content_key("shot", {"a": 1, "b": [1, 2]}) == content_key("shot", {"b": [1, 2], "a": 1})
    keys = [
        content_key("shot", {"a": 1}),
        content_key("bed", {"a": 1}),
        content_key("shot", {"a": 2}),
        content_key("shot", {"a": "1"}),
    ]
    assert len(set(keys)) == 4
    assert NewJob("shot", "one", {"a": 1}).key == keys[0]
    assert NewJob("shot", "one", {"a": 1}, key="mine").key == "mine"
    with pytest.raises(ValueError, match="JSON"):
        content_key("shot", {"a": float("nan")})


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans(), st.none())))
def test_a_content_key_does_not_depend_on_order(payload):
    shuffled = dict(reversed(list(payload.items())))
    assert content_key("shot", payload) == content_key("shot", shuffled)


async def test_trouble_of_others_is_retried_ever_later():
    policy, noise = RetryPolicy(base=2, ceiling=10), random.Random(7)
    for attempts, delay in ((1, 2), (2, 4), (3, 8), (4, 10), (5, 10)):
        job = await leased(attempts, max_attempts=9)
        at = policy.retry_at(job, TransientError("down"), NOW, noise)
        assert at is not None
        assert delay / 2 <= at - NOW <= delay


async def test_patience_ends_with_the_attempts():
    noise = random.Random(7)
    job = await leased(4)
    assert RetryPolicy().retry_at(job, TransientError("down"), NOW, noise) is None
    assert RetryPolicy().retry_at(job, QualityError("black"), NOW, noise) is None
    room = RetryPolicy().retry_at(job, ResourceError("disk full"), NOW, noise)
    assert room is not None
    assert room > NOW + 10


async def test_a_failed_check_is_retried_at_once():
    assert RetryPolicy().retry_at(await leased(1), QualityError("black"), NOW, random.Random(7)) == NOW


async def test_a_rate_limit_is_kept():
    error = RateLimited("slow down", retry_after=120)
    at = RetryPolicy().retry_at(await leased(1), error, NOW, random.Random(7))
    assert at is not None
    assert 121 <= at - NOW <= 122


@pytest.mark.parametrize("seconds", [901, 86_340, float("inf"), float("nan")])
async def test_nobody_waits_for_a_service_that_asks_for_more_patience_than_there_is(seconds: float):
    job, noise = await leased(1), random.Random(7)
    assert RetryPolicy().retry_at(job, RateLimited("quota", retry_after=seconds), NOW, noise) is None
    kept = RetryPolicy().retry_at(job, RateLimited("quota", retry_after=900), NOW, noise)
    assert kept is not None
    assert kept >= NOW + 900


@pytest.mark.parametrize(
    "error", [SafetyError("no"), ComponentError("gone"), ValueError("bug"), KeyError("bug")]
)
async def test_everything_else_fails_at_once(error):
    assert RetryPolicy().retry_at(await leased(1), error, NOW, random.Random(7)) is None
