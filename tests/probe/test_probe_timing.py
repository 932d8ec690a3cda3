"""Lateness, irregular timestamps and drift, computed on arrivals that are written down by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.probe.timing import GAP, WINDOW, Drift, Flow, Gaps, Track


def arrivals(flow: Flow, *, at: float, count: int, every: float) -> list[float]:
    """Feed regular batches, each playing as long as the time to the next one."""
    return [flow.add(at + i * every, every) for i in range(count)]


@pytest.mark.parametrize("every", [1 / 24, 0.5, 2.0])
def test_regular_delivery_is_never_late(every: float) -> None:
    late = arrivals(Flow(), at=100.0, count=round(60 / every), every=every)
    assert max(late) == pytest.approx(0, abs=1e-9)


def test_packets_that_come_in_batches_are_on_time() -> None:
    flow, late = Flow(), []
    for batch in range(60):
        late += [flow.add(100 + batch * 0.5 + packet * 0.001, 0.5 / 12) for packet in range(12)]
    assert max(late) == pytest.approx(0, abs=1e-9)


def test_a_pause_is_as_late_as_it_is_long() -> None:
    flow = Flow()
    arrivals(flow, at=0.0, count=20, every=2.0)
    assert flow.late(39.0) == pytest.approx(-1.0)
    assert flow.late(43.0) == pytest.approx(3.0), "it goes on, and is seen before it ends"
    assert flow.add(47.0, 2.0) == pytest.approx(7.0)
    assert flow.add(47.1, 2.0) == pytest.approx(5.1), "what comes behind catches up"


def test_media_that_was_lost_counts_as_late() -> None:
    flow = Flow()
    arrivals(flow, at=0.0, count=10, every=2.0)
    # Two segments never come: the next one comes at its own time, and the viewer has waited for four seconds.
    assert flow.add(24.0, 2.0) == pytest.approx(4.0)


def test_a_delay_that_stays_becomes_the_schedule() -> None:
    flow = Flow()
    arrivals(flow, at=0.0, count=20, every=2.0)
    late = arrivals(flow, at=43.0, count=20, every=2.0)
    assert late[0] == pytest.approx(3.0)
    assert late[-1] == pytest.approx(0.0)
    assert sum(value > 0.1 for value in late) <= WINDOW / 2 + 2


def test_the_burst_that_a_stream_begins_with_makes_nothing_late() -> None:
    flow = Flow()
    late = [flow.add(10.0, 0.5) for _ in range(5)] + arrivals(flow, at=10.5, count=100, every=0.5)
    assert max(late) <= 0


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=200))
def test_jitter_is_never_told_larger_than_it_is(jitter: list[float]) -> None:
    flow = Flow()
    late = [flow.add(i * 2.0 + shift, 2.0) for i, shift in enumerate(jitter)]
    assert max(late) <= max(jitter) + 1e-6


def test_gaps_are_summed_once_for_both_tracks_and_each_by_its_length() -> None:
    gaps = Gaps()
    for late, at in ((1.0, 10.0), (1.2, 10.1), (0.4, 10.2), (0.0, 11.0), (0.5, 30.0), (GAP / 2, 50.0)):
        gaps.add(late, at)
    assert (gaps.count, gaps.total, gaps.longest) == (2, pytest.approx(1.7), 1.2)
    assert gaps.latest(50.0) == 1.2
    assert gaps.latest(400.0) == 0.0


def track_of(*stamps: int) -> list[float]:
    track = Track()
    return [track.add(stamp, 1 / 1000, 1 / 24)[0] for stamp in stamps]


def test_timestamps_rounded_to_milliseconds_are_regular() -> None:
    assert set(track_of(*(i * 1000 // 24 for i in range(500)))) == {0.0}


def test_a_missing_frame_a_repeated_one_and_a_step_back_are_seen() -> None:
    off = track_of(0, 41, 83, 166, 166, 208, 125, 166)
    assert off[3] == pytest.approx(0.083 - 1 / 24)
    assert off[4] == pytest.approx(-1 / 24)
    assert off[6] == pytest.approx(-0.083 - 1 / 24)
    assert [value == 0 for value in off] == [True, True, True, False, False, True, False, True]


def test_timestamps_are_compared_as_counts_not_as_fractions() -> None:
    track = Track()
    start = (1 << 33) * 600  # years of a 90 kHz clock
    assert {track.add(start + i * 3750, 1 / 90_000, 1 / 24)[0] for i in range(1000)} == {0.0}


def test_drift_is_the_slope_whatever_the_noise_above_it() -> None:
    drift = Drift()
    assert drift.per_day is None
    for second in range(3600):
        noise = 0.3 * (second % 7) / 7  # lateness only ever adds
        drift.add(1000.0 + second, 0.5 + 0.864 * second / 86_400 + noise)
    assert drift.per_day == pytest.approx(0.864, rel=0.02)


def test_drift_says_nothing_before_ten_minutes() -> None:
    drift = Drift()
    for second in range(600):
        drift.add(float(second), 0.0)
    assert drift.per_day is None
