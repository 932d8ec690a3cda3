"""The ladder of quality, and a station that lives on it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from webtv.core.events import Event
from webtv.engine.ladder import EMBEDDED, Ladder, Need, Rung, Speeds, rungs
from webtv.studio.ports import Grade

STAGES = {
    "shot": {"use": "zeroscope", "steps": 35},
    "interpolate": {"use": "dis"},
    "upscale": {"use": "zeroscope-xl"},
}
NAMES = ["full", "fewer steps", "smaller", "without the upscaler's model", "embedded"]


def apart(stage: str, options: Mapping[str, Any]) -> bool:
    return str(options["use"]).startswith("zeroscope")


def grades(stage: str, options: Mapping[str, Any]) -> Sequence[Grade]:
    assert stage == "shot"
    if not apart(stage, options):
        return ()
    return (
        Grade("fewer steps", {**options, "steps": 18}),
        Grade("smaller", {**options, "steps": 18, "width": 384}),
    )


LADDER = rungs(STAGES, grades, apart)


def speeds(*costs: float) -> Speeds:
    known = Speeds()
    for rung, cost in zip(LADDER, costs, strict=False):
        known.note(rung.key, 1.0, {"shot": cost, "upscale": cost / 2})
    return known


def ladder(known: Speeds, events: list[Event] | None = None) -> Ladder:
    return Ladder("tide", known, (events if events is not None else []).append)


def test_the_rungs_leave_out_one_thing_after_the_other() -> None:
    assert [rung.name for rung in LADDER] == NAMES
    assert [rung.stages["shot"].get("steps") for rung in LADDER] == [35, 18, 18, 18, None]
    assert LADDER[3].stages["upscale"] == {"use": "detail"}
    assert LADDER[3].stages["shot"]["width"] == 384
    assert LADDER[4].stages == EMBEDDED
    assert len({rung.key for rung in LADDER}) == len(LADDER)


def test_an_embedded_channel_has_one_rung() -> None:
    (only,) = rungs(EMBEDDED, grades, apart)
    assert only.name == "full"
    assert ladder(Speeds()).choose((only,), Need(0, 600, 16)) is only


def test_what_comes_beside_the_pictures_stays_on_every_rung() -> None:
    scored = {**STAGES, "score": {"use": "measures", "threshold": 0.4}}
    assert all(rung.stages["score"] == scored["score"] for rung in rungs(scored, grades, apart))


@pytest.mark.parametrize(
    ("costs", "need", "name"),
    [
        ((0.8, 0.4), Need(300, 600, 16), "full"),  # it keeps up
        ((0.8, 0.4, 0.3, 0.2), Need(300, 600, 16, sharing=2), "full"),  # too slow for two, and there is time
        ((0.8, 0.4, 0.3, 0.2), Need(160, 600, 16, sharing=2), "fewer steps"),
        ((5.0, 2.5, 1.5, 0.9), Need(170, 600, 16), "without the upscaler's model"),
        ((5.0, 2.5, 1.5, 0.9), Need(600, 600, 16), "full"),
        ((5.0, 2.5, 1.5, 1.2), Need(140, 600, 16), "embedded"),  # too low for anything slow
        ((5.0, 2.5, 1.5, 1.2), Need(0, 600, 16, idle=True), "without the upscaler's model"),
        ((0.9,), Need(0, 600, 16), "embedded"),  # empty, and the device works for others
        ((0.7,), Need(0, 600, 16), "full"),  # empty, and it will soon be full
        ((), Need(0, 600, 16), "embedded"),
        ((), Need(0, 600, 16, idle=True), "full"),  # nobody knows how slow it is
        ((), Need(200, 600, 16), "full"),
    ],
)
def test_the_best_that_keeps_the_buffer_filled(costs: tuple[float, ...], need: Need, name: str) -> None:
    assert ladder(speeds(*costs)).choose(LADDER, need).name == name


def test_each_change_is_told_with_its_reason() -> None:
    events: list[Event] = []
    steps = ladder(speeds(5.0, 2.5, 1.5, 0.9), events)
    steps.choose(LADDER, Need(600, 600, 16))
    assert not events
    steps.choose(LADDER, Need(170, 600, 16))
    steps.choose(LADDER, Need(170, 600, 16))
    (event,) = events
    assert event.kind == "engine.quality.lowered"
    assert event.message == (
        "Pictures are made otherwise now: without the upscaler's model, not full "
        "(full takes 5 s for a second of video; 170 of 600 s are ahead)"
    )
    assert event.data == {"from": "full", "to": "without the upscaler's model", "ahead": 170}
    steps.choose(LADDER, Need(600, 600, 16))
    assert [event.kind for event in events] == ["engine.quality.lowered", "engine.quality.raised"]


def test_one_that_failed_is_passed_over_ever_longer_and_comes_back() -> None:
    events: list[Event] = []
    steps = ladder(speeds(0.5, 0.4, 0.3, 0.2), events)
    need, tried = Need(400, 600, 16), []
    for _ in range(14):
        rung = steps.choose(LADDER, need)
        tried.append(rung.name == "full")
        (steps.failed if rung.name == "full" else steps.made)(rung.name)
    assert tried == [n in (0, 2, 6) for n in range(14)]
    assert "full failed lately" in events[0].message
    steps.made("full")
    assert steps.choose(LADDER, need).name == "full"


def test_speeds_follow_and_outlive_a_run() -> None:
    known = speeds(4.0)
    for _ in range(30):
        known.note(LADDER[0].key, 4.0, {"shot": 4.0, "upscale": 8.0})
    assert known.cost(LADDER[0]) == pytest.approx(2.0, rel=0.01)
    again = Speeds(known.to_json())
    assert again.cost(LADDER[0]) == pytest.approx(2.0, rel=0.01)
    again.keep_only([rung.key for rung in LADDER[1:]])
    assert again.to_json() == {}
    again.note(LADDER[1].key, 0.0, {"shot": 1.0})
    again.note(LADDER[1].key, 4.0, {})
    assert again.cost(LADDER[1]) is None


def live(
    costs: Mapping[str, float], hours: float, *, channels: int = 1, buffer: float = 600
) -> tuple[list[str], float, int]:
    """A station by the minute: what was made, the least that was ahead after half an hour, changes of rung.

    The device makes one sequence at a time; the cores beside it make embedded ones at 1.2 times real time.
    """
    sequence = 16.0
    known, changes = Speeds(), []
    steps = [Ladder(f"c{n}", known, changes.append) for n in range(channels)]
    ahead, made, least = [0.0] * channels, [], buffer
    device = cores = now = 0.0
    pending: list[tuple[float, int, Rung, float]] = []
    while now < hours * 3600:
        for at, n, rung, cost in sorted(pending, key=lambda item: item[0]):
            if at <= now:
                pending.remove((at, n, rung, cost))
                ahead[n] += sequence
                made.append(rung.name)
                known.note(rung.key, sequence, {"shot": cost * sequence})
        for n in sorted(range(channels), key=lambda n: ahead[n]):
            coming = sequence * sum(1 for item in pending if item[1] == n)
            if ahead[n] + coming >= buffer or sum(1 for item in pending if item[1] == n) >= 2:
                continue
            need = Need(ahead[n] + coming, buffer, sequence, sharing=channels, idle=device <= now)
            rung = steps[n].choose(LADDER, need)
            cost = costs[rung.name]
            if rung.name == "embedded":
                cores = max(cores, now) + sequence / 1.2
                pending.append((cores, n, rung, cost))
            else:
                device = max(device, now) + sequence * cost
                pending.append((device, n, rung, cost))
        now += 1.0
        ahead = [max(0.0, each - 1.0) for each in ahead]
        if now > 1800:
            least = min(least, *ahead)
    return made, least, len(changes)


SLOW = dict(zip(NAMES, (4.0, 2.0, 1.3, 0.8, 0.9), strict=True))
FAST = dict(zip(NAMES, (0.5, 0.3, 0.2, 0.1, 0.9), strict=True))
HOPELESS = dict(zip(NAMES, (40.0, 20.0, 12.0, 6.0, 0.9), strict=True))


@pytest.mark.parametrize(("costs", "best"), [(FAST, "full"), (SLOW, "without the upscaler's model")])
def test_a_station_lives_on_the_best_rung_that_keeps_up(costs: Mapping[str, float], best: str) -> None:
    made, least, changes = live(costs, 8)
    settled = made[len(made) // 4 :]
    assert least > 60, "the buffer never runs low"
    better = NAMES[: NAMES.index(best) + 1]
    assert sum(name in better for name in settled) / len(settled) > 0.9
    assert changes < len(made) / 6, "it does not change with every sequence"


def test_a_device_that_cannot_keep_up_gets_what_it_can_take_and_the_buffer_stays_filled() -> None:
    made, least, _ = live(HOPELESS, 8)
    assert least > 60
    assert made.count("embedded") / len(made) > 0.5
    assert any(name != "embedded" for name in made[len(made) // 2 :]), "it is not left idle for ever"


def test_a_change_to_and_fro_is_told_once_in_a_while() -> None:
    events: list[Event] = []
    steps = ladder(speeds(40.0, 20.0, 12.0, 6.0), events)
    for number in range(60):
        steps.choose(LADDER, Need(30, 600, 16, idle=number % 2 == 0))
    assert [event.kind for event in events].count("engine.quality.lowered") < 6
    assert steps.name == "embedded"


def test_one_slow_sequence_does_not_banish_a_rung() -> None:
    known = speeds(600.0, 0.3)  # once it was compiled, or an endpoint was away
    steps, tried = ladder(known), []
    assert steps.choose(LADDER, Need(590, 600, 60)).name == "fewer steps"
    while not tried or tried[-1] != "full":
        tried.append(steps.choose(LADDER, Need(590, 600, 60, idle=len(tried) % 2 == 0)).name)
        assert len(tried) <= 32
    known.note(LADDER[0].key, 60.0, {"models": 30.0})
    assert known.cost(LADDER[0]) == pytest.approx(0.5, rel=0.05), "the old figure is worth little by now"
    assert steps.choose(LADDER, Need(590, 600, 60)).name == "full"


def test_nor_does_it_over_a_restart() -> None:
    known, need = speeds(600.0, 0.3), Need(590, 600, 60)
    tried = []
    for _ in range(12):  # each run makes a few sequences only
        steps = ladder(known)
        tried += [steps.choose(LADDER, need).name for _ in range(4)]
        known = Speeds(json.loads(json.dumps(known.to_json())))
    assert "full" in tried


def test_it_is_tried_again_only_with_time_to_spare_and_rarely_if_it_stays_slow() -> None:
    known = speeds(600.0, 0.3)
    steps = ladder(known)
    assert {steps.choose(LADDER, Need(200, 600, 60)).name for _ in range(100)} == {"fewer steps"}
    tried = []
    for _ in range(200):
        tried.append(steps.choose(LADDER, Need(590, 600, 60)).name)
        if tried[-1] == "full":
            known.note(LADDER[0].key, 60.0, {"models": 600.0 * 60})
    assert 4 <= tried.count("full") <= 8


def test_what_is_not_used_is_hoped_to_cost_less_and_never_less_than_the_next_cheaper_one() -> None:
    known = speeds(1.2, 0.9)
    assert known.hoped(LADDER, 0) == 1.2
    hopes = []
    for _ in range(60):
        known.chosen(LADDER, 1)
        hopes.append(known.hoped(LADDER, 0))
    assert hopes == sorted(hopes, reverse=True)
    assert hopes[-1] == 0.9
    assert known.cost(LADDER[0]) == 1.2
    known.chosen(LADDER, 0)
    assert known.hoped(LADDER, 0) == 1.2


@pytest.mark.parametrize(
    "kept",
    [2.0, {"cost": 2.0}, {"cost": 2.0, "unused": 3}, "many", None, [], {}, {"cost": "nan"}, {"cost": -1}],
)
def test_what_an_earlier_version_kept_is_understood_or_left_out(kept: object) -> None:
    known = Speeds({LADDER[0].key: kept, LADDER[1].key: 1.0})
    understood = isinstance(kept, float) or (isinstance(kept, dict) and kept.get("cost") == 2.0)
    assert known.cost(LADDER[0]) == (2.0 if understood else None)
    assert known.cost(LADDER[1]) == 1.0


def test_every_lasting_change_is_told_however_lately_it_was_told_before() -> None:
    events: list[Event] = []
    steps = ladder(speeds(3.0, 3.0, 3.0, 3.0), events)
    low, high = Need(100, 600, 60), Need(500, 600, 60)
    for need in (low, high, *[low] * 10):
        steps.choose(LADDER, need)
    assert [event.data["to"] for event in events] == ["embedded", "full", "embedded"]
    assert events[-1].data["from"] == "full"
    assert "full takes 3 s" in events[-1].message
    for _ in range(10):
        steps.choose(LADDER, high)
    assert [event.kind for event in events[3:]] == ["engine.quality.raised"]
    for _ in range(60):
        steps.choose(LADDER, high)
    assert len(events) == 4


def test_a_rung_that_its_file_no_longer_has_is_not_left_behind_in_the_events() -> None:
    events: list[Event] = []
    steps = ladder(speeds(3.0, 0.5), events)
    steps.choose(LADDER, Need(100, 600, 60))
    assert steps.name == "fewer steps"
    for _ in range(10):
        steps.choose((LADDER[0], LADDER[-1]), Need(500, 600, 60))
    assert [event.data["to"] for event in events] == ["fewer steps"]
