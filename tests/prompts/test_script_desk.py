import asyncio
import itertools
import json
from datetime import UTC, datetime

import pytest
from prompt_samples import CHANNELS, NIGHT_LINE, TIDELINE, ImpatientClock, completion, good
from pytest_httpserver import HTTPServer
from werkzeug import Response

from webtv.core.errors import (
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    SafetyError,
    TransientError,
    WebTVError,
)
from webtv.core.events import EventLog, Severity
from webtv.prompts.desk import ScriptDesk
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.memory import Memory
from webtv.prompts.openai_writer import OpenAIWriter
from webtv.prompts.safety import SafetyFilter
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief, Writer
from webtv.testing.clock import VirtualClock
from webtv.testing.prompts import FakeWriter
from webtv.themes.channel import Channel


def desk(
    primary: Writer | None = None, fallback: Writer | None = None, **options: object
) -> tuple[ScriptDesk, EventLog]:
    events = EventLog()
    made = ScriptDesk(
        primary,
        fallback or GrammarWriter(),
        safety=SafetyFilter(),
        memory=options.pop("memory", None) or Memory(),  # type: ignore[arg-type]
        events=events,
        clock=options.pop("clock", None) or VirtualClock(),  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
    return made, events


async def test_the_primary_writes_when_it_can() -> None:
    made, events = desk(FakeWriter())
    plan = await made.write("tideline", TIDELINE, 5)
    assert plan.writer == "fake"
    assert plan.seed == 5
    assert not events.recent


async def test_without_a_primary_the_grammar_writes_and_nothing_is_reported() -> None:
    made, events = desk()
    assert (await made.write("tideline", TIDELINE, 5)).writer == "grammar"
    assert not events.recent


@pytest.mark.parametrize(
    "trouble",
    [
        TransientError("the server is down", remedy="start it"),
        RateLimited("slow down", retry_after=9, remedy="start it"),
        ConfigError("wrong key", remedy="start it"),
        QualityError("nonsense", remedy="start it"),
        ResourceError("budget used up", remedy="start it"),
    ],
)
async def test_trouble_falls_back_as_an_event(trouble: WebTVError) -> None:
    made, events = desk(FakeWriter(failures=[trouble]))
    plan = await made.write("tideline", TIDELINE, 5)
    assert plan.writer == "grammar"
    (event,) = events.recent
    assert event.kind == "prompts.writer.fell_back"
    assert event.severity is Severity.WARNING
    assert trouble.message in event.message
    assert event.remedy == "start it"
    assert event.channel == "tideline"
    assert event.data["reason"] == str(trouble.category)


async def test_a_primary_that_is_away_is_left_alone_ever_longer() -> None:
    class Away(FakeWriter):
        away = True

        async def write(self, brief: Brief) -> SequencePlan:
            plan = await super().write(brief)
            if self.away:
                raise TransientError("it hangs")
            return plan

    clock, primary, seeds = VirtualClock(start=0.0), Away(), itertools.count()
    made, events = desk(primary, clock=clock)

    async def asked() -> bool:
        before = len(primary.briefs)
        await made.write("tideline", TIDELINE, next(seeds))
        return len(primary.briefs) > before

    for rest in (30, 60, 120, 240, 480, 900, 900):
        assert await asked()
        clock.forward(rest - 1)
        assert not await asked()
        clock.forward(1)
    told = [event for event in events.recent if event.kind == "prompts.writer.fell_back"]
    assert len(told) == 7, "one for each time it was asked, none while it was not"
    assert told[0].data["until"] == "00:00:30 UTC"
    assert told[0].message.endswith("grammar writes instead until 00:00:30 UTC")

    primary.away = False
    assert await asked()
    primary.away = True
    assert await asked()
    clock.forward(30)
    assert await asked(), "success had reset it"


async def test_a_primary_that_names_a_time_is_left_alone_until_then() -> None:
    clock = VirtualClock()
    made, _ = desk(FakeWriter(failures=[RateLimited("slow down", retry_after=100.0)]), clock=clock)
    writers = []
    for seconds in (0, 99, 1):
        clock.forward(seconds)
        writers.append((await made.write("tideline", TIDELINE, seconds)).writer)
    assert writers == ["grammar", "grammar", "fake"]


async def test_one_that_only_wrote_badly_is_asked_again_at_once() -> None:
    made, events = desk(FakeWriter(failures=[QualityError("nonsense")]))
    assert (await made.write("tideline", TIDELINE, 1)).writer == "grammar"
    assert "until" not in events.recent[0].data
    assert (await made.write("tideline", TIDELINE, 2)).writer == "fake"


async def test_one_outage_met_by_many_counts_once_and_one_tries_after_it() -> None:
    class Hanging(FakeWriter):
        def __init__(self) -> None:
            super().__init__()
            self.asked, self.ends = 0, asyncio.Event()

        async def write(self, brief: Brief) -> SequencePlan:
            self.asked += 1
            await self.ends.wait()
            raise TransientError("it hangs")

    clock, primary = VirtualClock(), Hanging()
    made, events = desk(primary, clock=clock)
    for asked, until in ((4, 30), (5, 60)):
        primary.ends.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(made.write(f"channel-{number}", TIDELINE, number))
            await asyncio.sleep(0)
            assert primary.asked == asked
            clock.forward(180)
            primary.ends.set()
        ends = datetime.fromtimestamp(clock.time() + until, UTC).strftime("%H:%M:%S UTC")
        assert events.recent[-1].data["until"] == ends
        clock.forward(until)


async def test_a_refused_sequence_is_tried_again_then_falls_back() -> None:
    primary = FakeWriter(text="in front of a Netflix sign")
    made, events = desk(primary)
    assert (await made.write("tideline", TIDELINE, 5)).writer == "grammar"
    assert len({b.seed for b in primary.briefs}) == 2
    assert events.recent[0].data["reason"] == "safety"
    assert "brands" in events.recent[0].message


async def test_what_a_channel_avoids_is_held_against_any_writer() -> None:
    made, events = desk(FakeWriter(text="full of people"))
    assert (await made.write("tideline", TIDELINE, 5)).writer == "grammar"
    assert events.recent[0].data["reason"] == "quality"


async def test_the_fallback_goes_through_the_same_filter() -> None:
    made, events = desk(FakeWriter(text="porn"), FakeWriter(text="porn"), tries=3)
    with pytest.raises(SafetyError, match="reword the channel") as error:
        await made.write("tideline", TIDELINE, 5)
    assert "porn" not in str(error.value)
    assert [event.kind for event in events.recent] == ["prompts.writer.fell_back", "prompts.safety.refused"]


async def test_a_channel_that_asks_for_a_brand_is_refused_with_a_remedy() -> None:
    channel = Channel(name="C", theme="Foxes in a meadow", style="Pixar look, soft light")
    made, _ = desk()
    with pytest.raises(SafetyError, match="WEBTV_ALLOWED_NAMES"):
        await made.write("c", channel, 1)


async def test_a_primary_that_repeats_itself_is_asked_once_more_then_replaced() -> None:
    memory = Memory()
    made, events = desk(FakeWriter(), memory=memory)
    first = await made.write("tideline", TIDELINE, 5)
    second = await made.write("tideline", TIDELINE, 5)
    assert first.writer == second.writer == "fake"
    assert first.seed != second.seed
    third = await made.write("tideline", TIDELINE, 5)
    assert third.writer == "grammar"
    assert "repeats" in events.recent[0].message


async def test_the_same_seed_never_gives_the_same_sequence_twice() -> None:
    made, _ = desk()
    texts = [shot.text for _ in range(20) for shot in (await made.write("n", NIGHT_LINE, 1)).shots]
    assert len(set(texts)) == len(texts)


async def test_a_writer_without_ideas_repeats_itself_rather_than_stop() -> None:
    class Stuck(FakeWriter):
        async def write(self, brief):  # type: ignore[no-untyped-def]
            return await FakeWriter().write(type(brief)(brief.slug, brief.channel, 1))

    made, events = desk(None, Stuck(), tries=4)
    await made.write("tideline", TIDELINE, 1)
    again = await made.write("tideline", TIDELINE, 1)
    assert again.shots
    assert events.recent[-1].kind == "prompts.memory.repeated"
    assert events.recent[-1].remedy


async def test_desks_are_deterministic() -> None:
    one, _ = desk()
    other, _ = desk()
    for slug, channel in CHANNELS.items():
        for seed in range(10):
            assert await one.write(slug, channel, seed) == await other.write(slug, channel, seed)


async def test_writers_are_told_what_was_written_lately() -> None:
    primary = FakeWriter()
    made, _ = desk(primary)
    first = await made.write("tideline", TIDELINE, 1)
    await made.write("tideline", TIDELINE, 2)
    assert first.title in primary.briefs[1].recent


async def test_a_model_that_hides_slurs_in_lookalike_letters_is_refused(httpserver: HTTPServer) -> None:
    hidden = good(text="and a fаggоt in grey")  # a bundle of sticks, in Cyrillic letters
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(
        lambda _: Response(json.dumps(hidden), content_type="application/json")
    )
    async with OpenAIWriter(model="m", clock=ImpatientClock(), base_url=httpserver.url_for("/v1")) as model:
        made, events = desk(model)
        plan = await made.write("tideline", TIDELINE, 5)
    assert plan.writer == "grammar"
    assert "slurs (f*****)" in events.recent[0].message


async def test_a_model_that_talks_nonsense_falls_back(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(completion("purr"))
    async with OpenAIWriter(model="m", clock=ImpatientClock(), base_url=httpserver.url_for("/v1")) as model:
        made, events = desk(model)
        plan = await made.write("tideline", TIDELINE, 5)
    assert plan.writer == "grammar"
    assert events.recent[0].data["reason"] == "quality"
    assert events.recent[0].data["from"] == "openai:m"
