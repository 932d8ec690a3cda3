from webtv.testing.clock import VirtualClock
from webtv.viewers.audience import Audience


def test_silence_is_forgotten_after_45_seconds() -> None:
    clock = VirtualClock()
    audience = Audience(clock)
    assert audience.beat("a", "tideline") == 1
    clock.forward(44)
    assert audience.beat("b", "tideline") == 2
    clock.forward(2)
    assert audience.watching("tideline") == 1
    clock.step(-10_000)  # the wall clock decides nothing
    assert audience.watching("tideline") == 1
    clock.forward(60)
    assert audience.watching("tideline") == 0


def test_a_session_is_in_one_place() -> None:
    audience = Audience(VirtualClock())
    audience.beat("a", "tideline")
    assert audience.beat("a", "night-line") == 1
    assert audience.watching("tideline") == 0


def test_a_flood_forgets_the_longest_silent() -> None:
    audience = Audience(VirtualClock(), limit=3)
    for session in "abcde":
        audience.beat(session, "tideline")
    assert audience.watching("tideline") == 3
    audience.beat("f", "night-line")
    assert audience.watching("tideline") == 2
