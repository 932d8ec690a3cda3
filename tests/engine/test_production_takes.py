"""What production does with takes: kept before more is spent on them, judged, carried on; and the chain."""

import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from engine_house import channel, plan

from webtv.clips.clip import Clip
from webtv.core.errors import (
    ConfigError,
    InputError,
    QualityError,
    RateLimited,
    SafetyError,
    TransientError,
    WebTVError,
)
from webtv.core.events import Event, EventLog
from webtv.core.format import CROSSFADE
from webtv.engine.orders import (
    Carry,
    ClipOrder,
    bed_order,
    carry_of,
    clip_frames,
    clip_orders,
    due_orders,
    stages_of,
)
from webtv.engine.production import Production, Stages
from webtv.engine.stages import Judge, refuse_carry
from webtv.engine.takes import Takes
from webtv.library.storage import PICTURE, Storage
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.capability import Capability
from webtv.studio.notes import note
from webtv.studio.ports import Chunk, Credit, Frames, Media, Picture, Score, ShotRequest, Take
from webtv.testing.clock import VirtualClock
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler

ONE = channel(format="576p24@1", sequence={"shots": 3, "seconds": 2}, branding={"label": "Foxes"})
PLAN = plan(3)


class HostedShots(FakeShots):
    """A shot maker whose takes took a device, and that begins with a picture if there is one."""

    capability = Capability("fake", "shot", hosted=True, from_image=True)

    def credit(self, request: ShotRequest) -> Credit:
        return dataclasses.replace(super().credit(request), media=Media.TRAINED)


class Fragile(FakeUpscaler):
    """Raises what it is told to, once each."""

    def __init__(self, *failures: WebTVError) -> None:
        self.failures = list(failures)
        self.requests: list[ShotRequest | None] = []

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        async for chunk in super().upscale(take, width, height, request):
            if self.failures:
                raise self.failures.pop(0)
            yield chunk


class Scorer:
    """Gives scores, or raises errors, in the given order."""

    def __init__(self, *scores: float | WebTVError) -> None:
        self.scores = list(scores)
        self.seen: list[tuple[int, ...]] = []

    async def score(self, frames: Frames, fps: int, prompt: ShotPrompt) -> Score:
        self.seen.append(frames.shape)
        score = self.scores.pop(0)
        if isinstance(score, WebTVError):
            raise score
        return Score(score, {"colours": score}, "too green" if score < 0.5 else "")


class Works:
    """A production with fakes, and what came of it."""

    def __init__(self, data: Path, shots: FakeShots, **stages: object) -> None:
        self.data = data
        self.shots = shots
        self.events = EventLog()
        self.storage = Storage(data / "library")
        self.takes = Takes(data / "takes", VirtualClock(), min_free=0)
        chosen = {"interpolate": FakeInterpolator(), "upscale": FakeUpscaler(), **stages}
        self.production = Production(
            lambda _: Stages(shots, **chosen),  # type: ignore[arg-type]
            lambda _: FakeComposer(),
            self.storage,
            scratch=data / "scratch",
            rejected=data / "rejected",
            clock=VirtualClock(),
            takes=self.takes,
            events=self.events,
        )

    async def orders(self, carry: Carry = Carry.NONE) -> list[ClipOrder]:
        bed = await self.production.make_bed(bed_order("seq", PLAN, ONE, CROSSFADE), "bed")
        made = clip_orders("seq", PLAN, ONE, bed=bed.file, bed_id=bed.id, frames=clip_frames(ONE))
        orders = [dataclasses.replace(order, carry=carry) for order in made]
        return [ClipOrder.from_json(json.loads(json.dumps(order.to_json()))) for order in orders]

    async def make(self, order: ClipOrder, attempt: int = 1) -> Clip:
        return await self.production.make_clip(
            order, f"clip-{order.position}", channel="one", attempt=attempt
        )

    def kept(self) -> int:
        folder = self.data / "takes"
        return len(list(folder.iterdir())) if folder.exists() else 0

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events.recent if event.kind == kind]


def judge(*scores: float | WebTVError, threshold: float = 0.5, takes: int = 3) -> Judge:
    return Judge(Scorer(*scores), threshold, takes)


# Kept before more is spent on them.


async def test_a_job_that_dies_in_mastering_does_not_shoot_again(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots(), upscale=Fragile(TransientError("the child died")))
    order, *_ = await works.orders()
    with pytest.raises(TransientError):
        await works.make(order)
    assert works.kept() == 1
    # Another process takes the job over, in its second attempt.
    again = Works(tmp_path, HostedShots())
    clip = await again.make(order, attempt=2)
    assert again.shots.requests == []
    assert clip.provenance["seed"] == works.shots.requests[0].seed
    assert clip.provenance["attempt"] == 1, "the attempt whose seed it has"
    assert again.kept() == 1, "until the clip is in the catalogue a crash would cost the take"
    await again.production.catalogued(clip.id)
    assert again.kept() == 0


async def test_a_take_that_fails_the_checks_is_not_used_again(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots(), upscale=Fragile(QualityError("a flat picture")))
    order, *_ = await works.orders()
    with pytest.raises(QualityError):
        await works.make(order)
    assert works.kept() == 0
    await works.make(order, attempt=2)
    first, second = works.shots.requests
    assert first.seed != second.seed


async def test_the_takes_of_this_machines_cores_are_not_kept(tmp_path: Path) -> None:
    works = Works(tmp_path, FakeShots(), judge=judge(0.9))
    order, *_ = await works.orders()
    await works.make(order)
    assert works.kept() == 0
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_kept_take_gives_the_same_clip_as_one_that_is_streamed(tmp_path: Path) -> None:
    class Slow(HostedShots):
        def __init__(self) -> None:
            super().__init__(fps=8)

    kept = Works(tmp_path / "kept", Slow())
    order, *_ = await kept.orders()
    streamed = Works(tmp_path / "streamed", Slow())
    streamed.production._takes = None
    await streamed.orders()
    assert (await kept.make(order)).file == (await streamed.make(order)).file
    assert (kept.kept(), streamed.kept()) == (1, 0)


# Judged.


async def test_a_weak_take_is_made_again_with_another_seed(tmp_path: Path) -> None:
    works = Works(tmp_path, FakeShots(), judge=judge(0.2, 0.7))
    order, *_ = await works.orders()
    clip = await works.make(order)
    first, second = works.shots.requests
    assert first.seed != second.seed
    assert clip.provenance["seed"] == second.seed
    assert clip.provenance["take"] == 2
    score = json.loads(json.dumps(clip.provenance["score"]))
    assert (score["used"], score["threshold"]) == (2, 0.5)
    assert [(each["take"], each["seed"], each["score"], each["why"]) for each in score["takes"]] == [
        (1, first.seed, 0.2, "too green"),
        (2, second.seed, 0.7, ""),
    ]
    assert score["takes"][1]["parts"] == {"colours": 0.7}
    (event,) = works.told("engine.take.weak")
    assert "0.20" in event.message
    assert "too green" in event.message
    again = Works(tmp_path / "again", FakeShots(), judge=judge(0.2, 0.7))
    await again.orders()
    await again.make(order)
    assert [request.seed for request in again.shots.requests] == [first.seed, second.seed]


@pytest.mark.parametrize(("scores", "best"), [((0.1, 0.4, 0.3), 2), ((0.4, 0.4, 0.4), 1)])
async def test_the_best_take_is_used_if_none_is_good_enough(
    tmp_path: Path, scores: Sequence[float], best: int
) -> None:
    works = Works(tmp_path, HostedShots(), judge=judge(*scores))
    order, *_ = await works.orders()
    clip = await works.make(order)
    assert clip.provenance["take"] == best
    assert clip.provenance["seed"] == works.shots.requests[best - 1].seed
    assert len(works.told("engine.take.weak")) == 3
    assert f"take {best} is the best of 3" in works.told("engine.take.weak")[-1].message
    assert works.kept() == 3
    await works.production.catalogued(clip.id)
    assert works.kept() == 0


async def test_weak_takes_are_not_made_again_after_a_crash(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots(), judge=judge(0.2, 0.7), upscale=Fragile(TransientError("died")))
    order, *_ = await works.orders()
    with pytest.raises(TransientError):
        await works.make(order)
    again = Works(tmp_path, HostedShots(), judge=judge(0.2, 0.7))
    assert (await again.make(order, attempt=2)).provenance["take"] == 2
    assert again.shots.requests == []


async def test_a_take_that_nobody_could_judge_is_used_and_that_is_told(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots(), judge=judge(0.2, TransientError("the scorer died")))
    order, *_ = await works.orders()
    clip = await works.make(order)
    assert clip.provenance["take"] == 2
    assert clip.provenance["score"]["takes"][1]["score"] is None
    (event,) = works.told("engine.take.unjudged")
    assert "the scorer died" in event.message


class Failing(HostedShots):
    """Fails at the takes of these numbers, counted over all that were asked for."""

    def __init__(self, **failures: WebTVError) -> None:
        super().__init__()
        self.failures = {int(name.removeprefix("take_")): error for name, error in failures.items()}

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        if error := self.failures.get(len(self.requests) + 1):
            self.requests.append(request)
            raise error
        async for chunk in super().shoot(request):
            yield chunk


@pytest.mark.parametrize(
    "error",
    [
        QualityError("the picture is black"),
        SafetyError("refused by the server's filter"),
        RateLimited("come again tomorrow", retry_after=86_340),
    ],
)
async def test_a_weak_take_is_used_if_no_other_can_be_made(tmp_path: Path, error: WebTVError) -> None:
    works = Works(tmp_path, Failing(take_2=error), judge=judge(0.2))
    order, *_ = await works.orders()
    clip = await works.make(order)
    assert clip.provenance["take"] == 1
    assert clip.provenance["seed"] == works.shots.requests[0].seed
    assert len(works.shots.requests) == 2, "nothing is paid for a third time"
    (event,) = works.told("engine.take.failed")
    assert error.message in event.message
    assert event.channel == "one"
    failed = clip.provenance["score"]["takes"][1]
    assert (failed["take"], failed["score"], failed["why"]) == (2, None, error.message)
    assert works.kept() == 1


async def test_trouble_that_passes_is_waited_for_and_the_weak_take_is_kept(tmp_path: Path) -> None:
    works = Works(tmp_path, Failing(take_2=TransientError("the child died")), judge=judge(0.2))
    order, *_ = await works.orders()
    with pytest.raises(TransientError):
        await works.make(order)
    again = Works(tmp_path, HostedShots(), judge=judge(0.2, 0.7))
    assert (await again.make(order, attempt=1)).provenance["take"] == 2
    assert len(again.shots.requests) == 1


async def test_a_first_take_that_fails_a_check_leaves_nothing_to_use(tmp_path: Path) -> None:
    works = Works(tmp_path, Failing(take_1=QualityError("black")), judge=judge(0.2))
    order, *_ = await works.orders()
    with pytest.raises(QualityError):
        await works.make(order)
    assert not works.told("engine.take.failed")


# Settled: whoever keeps a ticket of what it ordered drops it only when the take is safe.


class Ticketed(HostedShots):
    def __init__(self, takes: Callable[[], int], error: Exception | None = None) -> None:
        super().__init__()
        self.takes, self.error = takes, error
        self.settled: list[tuple[int, int]] = []

    async def settle(self, request: ShotRequest) -> None:
        self.settled.append((request.seed, self.takes()))
        if self.error is not None:
            raise self.error


async def test_an_adapter_drops_its_ticket_when_the_take_is_safe(tmp_path: Path) -> None:
    shots = Ticketed(lambda: works.kept())
    works = Works(tmp_path, shots, judge=judge(0.2, 0.7), upscale=Fragile(TransientError("died")))
    order, *_ = await works.orders()
    with pytest.raises(TransientError):
        await works.make(order)
    seeds = [request.seed for request in shots.requests]
    assert shots.settled == [(seeds[0], 1), (seeds[1], 2)]
    # Whoever kept it may have died before it could say so.
    again = Ticketed(lambda: 0)
    await Works(tmp_path, again, judge=judge(0.2, 0.7)).make(order)
    assert ([seed for seed, _ in again.settled], again.requests) == (seeds, [])


async def test_a_ticket_that_cannot_be_dropped_costs_no_take(tmp_path: Path) -> None:
    works = Works(tmp_path, Ticketed(lambda: 0, OSError(5, "no")))
    order, *_ = await works.orders()
    assert (await works.make(order)).provenance["take"] == 1
    (event,) = works.told("engine.take.unsettled")
    assert "the disk" in event.remedy


async def test_a_threshold_of_nothing_switches_judging_off(tmp_path: Path) -> None:
    works = Works(tmp_path, FakeShots(), judge=judge(threshold=0.0))
    order, *_ = await works.orders()
    clip = await works.make(order)
    assert "score" not in clip.provenance
    assert clip.provenance["take"] == 1


def test_threshold_and_takes_are_the_engines_and_the_rest_is_the_scorers() -> None:
    built: list[dict[str, object]] = []

    def build(options: object) -> Scorer:
        built.append(dict(options))  # type: ignore[call-overload]
        return Scorer()

    made = Judge.of({"use": "clip", "threshold": 0.3, "takes": 4, "frames": 6}, build)
    assert (made.threshold, made.takes) == (0.3, 4)
    assert built == [{"use": "clip", "frames": 6}]
    for wrong in ({"threshold": 1.1}, {"takes": 0}, {"takes": 99}, {"threshold": "high"}):
        with pytest.raises(ConfigError, match=r"studio\.score"):
            Judge.of({"use": "clip", **wrong}, build)


# The chain.


class Noting:
    """A stage that notes what reaches it: height, width and rate."""

    def __init__(self) -> None:
        self.saw: set[tuple[int, int, int]] = set()

    async def note(self, take: Take) -> AsyncIterator[Chunk]:
        async for chunk in take:
            height, width, _ = chunk.frames.shape[1:]
            self.saw.add((height, width, chunk.fps))
            yield chunk


class NotingInterpolator(Noting, FakeInterpolator):
    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        async for chunk in super().interpolate(self.note(take), fps):
            yield chunk


class Leading(Noting, FakeUpscaler):
    """A model that enlarges to a size of its own, twice as large as the take."""

    capability = Capability("fake-xl", "upscale", hosted=True, leads=True)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[ShotRequest | None] = []

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        async for chunk in super().upscale(self.note(take), width // 2, height // 2, request):
            yield chunk

    def credit(self, request: ShotRequest) -> Credit:
        return Credit("fake-xl", "xl 1", Media.TRAINED, {"weights": {"xl": "sha"}})


async def test_an_upscaler_that_leads_comes_before_interpolation(tmp_path: Path) -> None:
    upscale, interpolate = Leading(), NotingInterpolator()
    works = Works(tmp_path, FakeShots(fps=8, scale=0.25), upscale=upscale, interpolate=interpolate)
    order, *_ = await works.orders()
    clip = await works.make(order)  # mastering takes the exact size only
    assert upscale.saw == {(144, 256, 8)}
    assert interpolate.saw == {(288, 512, 8)}
    (asked,) = upscale.requests
    assert asked is not None
    assert (asked.prompt, asked.seed) == (order.prompt, clip.provenance["seed"])
    assert clip.provenance["credits"]["upscale"]["details"] == {"weights": {"xl": "sha"}}
    assert clip.label == "AI-generated", "a model has painted over every picture"


async def test_every_other_upscaler_comes_after_interpolation(tmp_path: Path) -> None:
    upscale, interpolate = Fragile(), NotingInterpolator()
    works = Works(tmp_path, FakeShots(fps=8, scale=0.25), upscale=upscale, interpolate=interpolate)
    order, *_ = await works.orders()
    clip = await works.make(order)
    assert interpolate.saw == {(144, 256, 8)}
    assert [request.seed for request in upscale.requests if request] == [clip.provenance["seed"]]
    assert clip.label == "Algorithmic"


async def test_all_stages_are_closed_when_one_of_them_fails(tmp_path: Path) -> None:
    closed: list[str] = []

    class Shots(FakeShots):
        async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
            try:
                async for chunk in super().shoot(request):
                    yield chunk
            finally:
                closed.append("shot")

    class Upscaler(FakeUpscaler):
        capability = Leading.capability

        async def upscale(
            self, take: Take, width: int, height: int, request: ShotRequest | None = None
        ) -> AsyncIterator[Chunk]:
            try:
                async for chunk in super().upscale(take, width, height, request):
                    yield chunk
            finally:
                closed.append("upscale")

    class Interpolator(FakeInterpolator):
        async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
            try:
                async for _ in take:
                    raise TransientError("the child died")
                yield Chunk(np.zeros((1, 2, 2, 3), np.uint8), 0, 1)
            finally:
                closed.append("interpolate")

    works = Works(tmp_path, Shots(), upscale=Upscaler(), interpolate=Interpolator())
    order, *_ = await works.orders()
    with pytest.raises(TransientError):
        await works.make(order)
    assert closed == ["interpolate", "upscale", "shot"], "the last one first"


# Carried on.


async def frame(request: ShotRequest, at: int) -> Picture:
    return np.concatenate([chunk.frames async for chunk in FakeShots().shoot(request)])[at]


async def carry_on(works: Works, carry: Carry) -> list[Clip]:
    """Make a whole sequence as the commissions do: whatever is due."""
    orders = await works.orders(carry)
    made: list[Clip] = []
    while due := due_orders(orders, made):
        assert len(due) == 1
        made.append(await works.make(due[0]))
    return made


async def test_each_shot_goes_on_from_the_last_picture_before(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots())
    clips = await carry_on(works, Carry.LAST)
    first, second, third = works.shots.requests
    assert first.image is None
    assert second.image is not None
    assert third.image is not None
    assert np.array_equal(second.image, await frame(first, 47))
    assert np.array_equal(third.image, await frame(second, 47))
    assert [clip.provenance["image"] for clip in clips] == [
        "",
        clips[0].provenance["hands_on"],
        clips[1].provenance["hands_on"],
    ]
    assert "hands_on" not in clips[2].provenance, "nothing comes after it"
    stored = works.storage.path(clips[0].provenance["hands_on"], PICTURE)
    assert np.array_equal(cv2.imread(str(stored))[..., ::-1], second.image)


async def test_each_shot_begins_with_the_key_picture(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots())
    clips = await carry_on(works, Carry.KEY)
    first, second, third = works.shots.requests
    assert first.image is None
    key = await frame(first, 0)
    assert all(
        request.image is not None and np.array_equal(request.image, key) for request in (second, third)
    )
    assert len({clip.provenance["hands_on"] for clip in clips}) == 1
    assert len(list((tmp_path / "library").rglob(f"*.{PICTURE}"))) == 1


async def test_a_maker_that_begins_with_no_picture_carries_nothing_and_that_is_told(tmp_path: Path) -> None:
    works = Works(tmp_path, FakeShots())
    clips = await carry_on(works, Carry.LAST)
    assert [request.image for request in works.shots.requests] == [None] * 3
    assert all("hands_on" not in clip.provenance for clip in clips)
    assert len(works.told("engine.carry.dropped")) == 3
    refusal = refuse_carry(works.shots, "fake")
    assert isinstance(refusal, ConfigError)
    assert "studio.shot.carry" in str(refusal)
    assert refuse_carry(HostedShots(), "fake") is None


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"\x89PNG")])
async def test_a_picture_that_is_gone_or_broken_is_said(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    works = Works(tmp_path, HostedShots())
    orders = await works.orders(Carry.LAST)
    first = await works.make(orders[0])
    harm(works.storage.path(first.provenance["hands_on"], PICTURE))
    (due,) = due_orders(orders, [first])
    with pytest.raises(InputError, match=r"PNG|picture"):
        await works.make(due)
    assert len(works.shots.requests) == 1


async def test_orders_are_due_at_once_or_one_after_the_other(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots())
    free, chained = await works.orders(), await works.orders(Carry.LAST)
    assert due_orders(free, []) == free
    assert due_orders(free, [], begun=[2]) == [free[0], free[2]]
    assert due_orders(chained[::-1], []) == chained[:1]
    assert due_orders(chained, [], begun=[1]) == []
    first = await works.make(chained[0])
    carried = first.provenance["hands_on"]
    assert due_orders(chained, [first], begun=[1]) == [dataclasses.replace(chained[1], image=carried)]
    assert due_orders(chained, [first], begun=[1, 2]) == []
    assert due_orders(free, [first], begun=[1, 2, 3]) == []


def test_an_order_of_an_earlier_version_is_still_understood() -> None:
    order, *_ = clip_orders("seq", PLAN, ONE, bed="ab", bed_id="bed", frames=48)
    old = {k: v for k, v in order.to_json().items() if k not in ("asked", "grades", "carry", "image")}
    assert ClipOrder.from_json(old) == dataclasses.replace(order, asked={})
    with pytest.raises(ValueError, match="sideways"):
        ClipOrder.from_json({**old, "carry": "sideways"})


def test_what_the_channel_carries_is_no_option_of_the_adapter() -> None:
    shot = {"use": "procedural", "scale": 0.4, "carry": "key"}
    carrying = channel(studio={"shot": shot})
    assert carry_of(carrying) is Carry.KEY
    assert stages_of(carrying)["shot"] == {"use": "procedural", "scale": 0.4}
    assert carry_of(ONE) is Carry.NONE
    assert {"shot", "interpolate", "upscale", "music"} <= stages_of(ONE).keys()


async def test_the_provenance_says_all_that_decided(tmp_path: Path) -> None:
    works = Works(tmp_path, HostedShots())
    order, *_ = await works.orders()
    order = dataclasses.replace(order, grades={"shot": "fewer steps"})
    told = json.loads(json.dumps(dict((await works.make(order)).provenance), allow_nan=False))
    assert told["asked"]["theme"] == ONE.theme, "before the writer"
    assert told["prompt"] == order.prompt.text, "and after"
    assert told["grades"] == {"shot": "fewer steps"}
    assert (told["bed"], told["bed_at"], told["frames"]) == (order.bed, 0, 48)
    assert (told["branding"], told["threads"], told["take"], told["attempt"]) == ("Foxes", 1, 1, 1)
    assert {"webtv", "av", "opencv-python-headless", "ffmpeg"} <= told["versions"].keys()


# What was found out on the way.


class Telling(FakeShots):
    """Finds out while it works what ``auto`` means."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        note("shot.dtype", "float16")
        async for chunk in super().shoot(request):
            yield chunk


class TellingOnADevice(Telling, HostedShots):
    """The same, of takes that are kept."""


class TellingUpscaler(FakeUpscaler):
    """Says what it read of the prompt."""

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        async for chunk in super().upscale(take, width, height, request):
            note("upscale.prompt_read", "a fox")
            yield chunk


@pytest.mark.parametrize("shots", [Telling, TellingOnADevice])
async def test_what_was_found_out_stands_in_the_provenance(tmp_path: Path, shots: type[FakeShots]) -> None:
    found = {"shot.dtype": "float16", "upscale.prompt_read": "a fox"}
    works = Works(tmp_path, shots(), upscale=TellingUpscaler())
    order, *_ = await works.orders()
    assert (await works.make(order)).provenance["facts"] == found
    again = Works(tmp_path, shots(), upscale=TellingUpscaler())
    assert (await again.make(order)).provenance["facts"] == found, "also of a take that was found"
    plain = Works(tmp_path / "plain", FakeShots())
    order, *_ = await plain.orders()
    assert "facts" not in (await plain.make(order)).provenance
