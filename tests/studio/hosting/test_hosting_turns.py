"""Who gets the next turn: nobody starves, nothing is ended in vain, and the card is never overbooked."""

from hypothesis import given
from hypothesis import strategies as st

from webtv.studio.hosting.turns import Resident, Room, Turn, Wish, next_turn

CARD = Room(24.0, 4)


def idle(vram: float, used: int = 0) -> Resident:
    return Resident(vram, False, used)


def busy(vram: float) -> Resident:
    return Resident(vram, True, 99)


def test_a_model_that_is_there_serves_whoever_asked_first() -> None:
    assert next_turn([Wish("a", 10)], {"a": idle(10)}, CARD) == Turn(0)
    assert next_turn([Wish("a", 10), Wish("b", 10)], {"a": busy(10), "b": idle(10)}, CARD) == Turn(1)
    assert next_turn([Wish("a", 10)], {"a": busy(10)}, CARD) is None
    assert next_turn([], {"a": idle(10)}, CARD) is None


def test_a_model_that_fits_begins_and_ends_nobody() -> None:
    assert next_turn([Wish("b", 10)], {"a": idle(14)}, CARD) == Turn(0)


def test_as_few_as_possible_end_the_oldest_first() -> None:
    there = {"old": idle(8, 1), "newer": idle(8, 2), "newest": idle(8, 3)}
    assert next_turn([Wish("x", 8)], there, CARD) == Turn(0, ("old",))
    assert next_turn([Wish("x", 16)], there, CARD) == Turn(0, ("old", "newer"))
    there = {"tiny": idle(1, 1), "none": idle(0, 2), "large": idle(20, 3)}
    assert next_turn([Wish("x", 20)], there, CARD) == Turn(0, ("large",))


def test_busy_models_are_waited_for() -> None:
    assert next_turn([Wish("x", 16)], {"a": busy(10), "b": idle(10)}, CARD) is None


def test_nobody_overtakes_on_the_device_who_waits_for_room_there() -> None:
    there = {"a": busy(10), "b": idle(10), "cpu": idle(0)}
    waiting = [Wish("x", 16), Wish("b", 10)]
    assert next_turn(waiting, there, CARD) is None, "b would keep x waiting for ever"
    assert next_turn([*waiting, Wish("cpu", 0)], there, CARD) == Turn(2), "which x does not wait for"
    assert next_turn([*waiting, Wish("new", 0)], there, CARD) == Turn(2)
    assert next_turn([*waiting, Wish("new", 1)], there, CARD) is None


def test_without_a_bound_only_processes_count() -> None:
    assert next_turn([Wish("x", 900)], {"a": busy(900)}, Room(None, 2)) == Turn(0)
    assert next_turn([Wish("x", 900)], {"a": busy(900)}, Room(None, 1)) is None


def test_a_model_that_has_to_grow_is_given_room_like_one_that_begins() -> None:
    assert next_turn([Wish("a", 14)], {"a": idle(8), "b": idle(10)}, CARD) == Turn(0)
    assert next_turn([Wish("a", 16)], {"a": idle(8, 1), "b": idle(10, 2)}, CARD) == Turn(0, ("b",))
    assert next_turn([Wish("a", 16)], {"a": idle(8), "b": busy(10)}, CARD) is None
    waiting = [Wish("a", 16), Wish("a", 8), Wish("c", 4)]
    assert next_turn(waiting, {"a": idle(8), "b": busy(10)}, CARD) is None, "or a would wait for ever"
    assert next_turn([Wish("a", 24)], {"a": idle(8)}, Room(24.0, 1)) == Turn(0), "it is no process more"
    assert next_turn([Wish("a", 4)], {"a": idle(8), "b": busy(16)}, CARD) == Turn(0)


NAMES = st.sampled_from("abcdef")
WISHES = st.lists(st.tuples(NAMES, st.integers(0, 24)), max_size=30)


@given(WISHES, st.randoms(use_true_random=False))
def test_everybody_is_served_and_the_card_is_never_overbooked(
    asked: list[tuple[str, int]], noise: object
) -> None:
    """Plays a pool: turns are taken as they are given, and end in any order."""
    there: dict[str, Resident] = {}
    waiting, served, used = list(asked), 0, 0
    while waiting or any(resident.busy for resident in there.values()):
        turn = next_turn([Wish(name, size) for name, size in waiting], there, CARD)
        if turn is None:
            working = [name for name, resident in there.items() if resident.busy]
            assert working, "somebody waits, and for nobody"
            name = noise.choice(working)  # type: ignore[attr-defined]
            there[name] = Resident(there[name].vram, False, there[name].used)
            continue
        for name in turn.ends:
            assert not there.pop(name).busy
        (name, size), used = waiting.pop(turn.index), used + 1
        assert name not in there or not there[name].busy
        held = there[name].vram if name in there else 0
        there[name] = Resident(max(size, held), True, used)
        served += 1
        assert sum(resident.vram for resident in there.values()) <= 24
        assert len(there) <= 4
    assert served == len(asked)
