"""Takes that are kept and takes that are held: complete or absent, found again, never too many."""

import asyncio
import dataclasses
import errno
import json
import os
import resource
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from webtv.core.errors import InputError, QualityError, ResourceError, TransientError
from webtv.core.events import EventLog
from webtv.engine.takes import HeldTake, Takes, hold, take_key
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import Chunk, Credit, Frames, Media, ShotRequest
from webtv.testing.clock import VirtualClock

PROMPT = ShotPrompt("a fox", "walks", "snow", "wide", "", "", "", "", "", "a fox walks")
REQUEST = ShotRequest(PROMPT, 2.0, 320, 180, 24, seed=7)
CREDIT = Credit("fake", "fake 1", Media.TRAINED)
KEY = take_key({"use": "fake"}, REQUEST, CREDIT)


def pictures(count: int, seed: int = 1) -> Frames:
    return np.random.default_rng(seed).integers(0, 255, (count, 18, 32, 3), np.uint8)


class Play:
    """A take that tells whether it was closed."""

    def __init__(self, frames: Frames, fps: int = 8, size: int = 3, fails_at: int | None = None) -> None:
        self.frames, self.fps, self.size, self.fails_at = frames, fps, size, fails_at
        self.yielded = 0
        self.closed = False

    async def __call__(self) -> AsyncIterator[Chunk]:
        try:
            for start in range(0, len(self.frames), self.size):
                if self.fails_at is not None and start >= self.fails_at:
                    raise TransientError("the server went away")
                chunk = self.frames[start : start + self.size]
                self.yielded += len(chunk)
                yield Chunk(chunk, start, self.fps)
        finally:
            self.closed = True


@pytest.fixture
def events() -> EventLog:
    return EventLog()


@pytest.fixture
def takes(tmp_path: Path, events: EventLog) -> Takes:
    return Takes(tmp_path / "takes", VirtualClock(), min_free=0, events=events)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "takes").iterdir())


async def played(take: HeldTake) -> Frames:
    parts = [chunk async for chunk in take.play()]
    assert [chunk.start_frame for chunk in parts] == list(range(0, len(take.frames), len(parts[0].frames)))
    return np.concatenate([chunk.frames for chunk in parts])


async def test_a_kept_take_comes_back_as_it_was(takes: Takes, tmp_path: Path) -> None:
    frames = pictures(16)
    play = Play(frames)
    kept = await takes.keep(KEY, play(), 2.0)
    assert play.closed
    assert names(tmp_path) == [KEY]
    found = await Takes(tmp_path / "takes", VirtualClock()).find(KEY)
    assert found is not None
    for take in (kept, found):
        assert take.fps == 8
        assert np.array_equal(await played(take), frames)
        assert not take.frames.flags.writeable, "what is kept is not to be changed"
    assert KEY in takes


async def test_no_more_of_a_take_is_made_than_its_clip_needs(takes: Takes) -> None:
    play = Play(pictures(300))
    kept = await takes.keep(KEY, play(), 2.0)
    assert len(kept.frames) == 17, "two seconds at eight, and one that interpolation looks at"
    assert play.yielded == 18
    assert play.closed


async def test_a_take_that_fails_midway_leaves_nothing(takes: Takes, tmp_path: Path) -> None:
    with pytest.raises(TransientError):
        await takes.keep(KEY, Play(pictures(16), fails_at=9)(), 2.0)
    assert names(tmp_path) == []
    assert await takes.find(KEY) is None


async def test_a_take_that_is_cancelled_midway_leaves_nothing(takes: Takes, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[Chunk]:
        yield Chunk(pictures(3), 0, 8)
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(takes.keep(KEY, endless(), 2.0))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == []


@pytest.mark.parametrize("harm", ["short", "note", "gone", "lies", "huge"])
async def test_a_damaged_take_is_not_found_and_is_removed(
    takes: Takes, events: EventLog, tmp_path: Path, harm: str
) -> None:
    await takes.keep(KEY, Play(pictures(16))(), 2.0)
    place = tmp_path / "takes" / KEY
    if harm == "short":
        os.truncate(place / "frames.raw", 100)
    elif harm == "note":
        (place / "take.json").write_text("{")
    elif harm == "gone":
        (place / "frames.raw").unlink()
    else:
        shape = [16, 18, 32, 4] if harm == "lies" else [10**12, 18, 32, 3]
        (place / "take.json").write_text(json.dumps({"version": 1, "shape": shape, "fps": 8}))
    assert await takes.find(KEY) is None
    assert names(tmp_path) == []
    (event,) = events.recent
    assert (event.kind, event.data) == ("engine.take.damaged", {"take": KEY})


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EIO])
@pytest.mark.parametrize("at", ["open", "map"])
async def test_a_take_that_cannot_be_read_at_present_stays(
    takes: Takes, events: EventLog, monkeypatch: pytest.MonkeyPatch, number: int, at: str
) -> None:
    await takes.keep(KEY, Play(pictures(16))(), 2.0)

    def refuses(*_arguments: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if at == "open":
            patch.setattr(Path, "open", refuses)
        else:
            patch.setattr("webtv.engine.takes.mmap.mmap", refuses)
        with pytest.raises(ResourceError, match="it stays"):
            await takes.find(KEY)
    found = await takes.find(KEY)
    assert found is not None
    assert np.array_equal(found.frames, pictures(16))
    assert not events.recent


async def test_a_take_that_goes_while_it_is_looked_for_is_not_called_damaged(
    takes: Takes, events: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await takes.keep(KEY, Play(pictures(16))(), 2.0)
    read = Path.read_bytes

    def goes(path: Path) -> bytes:
        told = read(path)
        shutil.rmtree(tmp_path / "takes" / KEY)
        return told

    monkeypatch.setattr(Path, "read_bytes", goes)
    assert await takes.find(KEY) is None
    assert not events.recent


async def test_a_dropped_take_can_still_be_read_by_who_has_it(takes: Takes, tmp_path: Path) -> None:
    kept = await takes.keep(KEY, Play(pictures(16))(), 2.0)
    await takes.drop([KEY, "0" * 64])
    assert names(tmp_path) == []
    assert np.array_equal(await played(kept), pictures(16))


async def test_two_who_make_the_same_take_both_get_it(takes: Takes, tmp_path: Path) -> None:
    first, second = await asyncio.gather(
        takes.keep(KEY, Play(pictures(16))(), 2.0), takes.keep(KEY, Play(pictures(16))(), 2.0)
    )
    assert np.array_equal(first.frames, second.frames)
    assert names(tmp_path) == [KEY]


async def test_the_oldest_takes_go_when_the_budget_or_their_time_is_used_up(tmp_path: Path) -> None:
    clock = VirtualClock()
    size = 16 * 18 * 32 * 3
    takes = Takes(tmp_path / "takes", clock, budget=3 * size, largest=3 * size, min_free=0, days=1)
    keys = [f"{n:064x}" for n in range(4)]
    for n, key in enumerate(keys):
        await takes.keep(key, Play(pictures(16))(), 2.0)
        os.utime(tmp_path / "takes" / key, (clock.time() - 1000 + n,) * 2)
    assert await takes.sweep() >= 1
    assert keys[0] not in takes
    assert keys[3] in takes
    await takes.find(keys[2])  # wanted, so young again
    os.utime(tmp_path / "takes" / keys[3], (clock.time() - 90_000,) * 2)
    os.utime(tmp_path / "takes" / keys[2], (clock.time(),) * 2)
    await takes.sweep()
    assert keys[3] not in takes
    assert keys[2] in takes


async def test_a_disk_without_room_is_noticed_before_anything_is_spent(tmp_path: Path) -> None:
    takes = Takes(tmp_path / "takes", VirtualClock(), min_free=10**15)
    with pytest.raises(ResourceError, match="GB free") as trouble:
        await takes.expect(REQUEST)
    assert trouble.value.remedy


async def test_a_take_larger_than_any_may_be_is_refused(tmp_path: Path) -> None:
    takes = Takes(tmp_path / "takes", VirtualClock(), min_free=0, largest=10_000)
    play = Play(pictures(16))
    with pytest.raises(InputError, match="larger"):
        await takes.keep(KEY, play(), 2.0)
    assert play.closed
    assert names(tmp_path) == []


BROKEN = {
    "empty": [],
    "other size": [Chunk(pictures(3), 0, 8), Chunk(pictures(3)[:, :9], 3, 8)],
    "other rate": [Chunk(pictures(3), 0, 8), Chunk(pictures(3), 3, 9)],
    "a gap": [Chunk(pictures(3), 0, 8), Chunk(pictures(3), 4, 8)],
    "floats": [Chunk(pictures(3).astype(np.float32), 0, 8)],  # type: ignore[arg-type]
    "grey": [Chunk(pictures(3)[..., 0], 0, 8)],
    "no rate": [Chunk(pictures(3), 0, 0)],
}


@pytest.mark.parametrize("chunks", BROKEN.values(), ids=BROKEN)
async def test_a_broken_take_is_neither_kept_nor_held(
    takes: Takes, tmp_path: Path, chunks: list[Chunk]
) -> None:
    async def take() -> AsyncIterator[Chunk]:
        for chunk in chunks:
            yield chunk

    with pytest.raises(QualityError, match="broken"):
        await takes.keep(KEY, take(), 2.0)
    with pytest.raises(QualityError, match="broken"):
        await hold(take(), 2.0, tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("in_memory", [10**9, 4000])
async def test_a_held_take_leaves_no_trace_however_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr("webtv.engine.takes._IN_MEMORY", in_memory)
    held = await hold(Play(pictures(16))(), 2.0, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(await played(held), pictures(16))


async def test_a_disk_that_fills_up_meanwhile_is_said_and_leaves_nothing(
    takes: Takes, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ResourceError, match="too full"):
            await takes.keep(KEY, Play(pictures(16))(), 2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


async def test_what_a_killed_process_left_half_written_is_removed(takes: Takes, tmp_path: Path) -> None:
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    half = tmp_path / "takes" / f"{dead.pid}-half"
    half.mkdir(parents=True)
    (half / "frames.raw").write_bytes(b"...")
    await takes.keep(KEY, Play(pictures(16))(), 2.0)
    takes.tidy()
    assert names(tmp_path) == [KEY]


def test_a_key_follows_from_everything_that_decides_over_the_frames() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    changes: list[dict[str, object]] = [
        {"seed": 8},
        {"seconds": 3.0},
        {"width": 640},
        {"prompt": dataclasses.replace(PROMPT, negative="text")},
        {"sequence_seed": 1},
        {"image": image},
        {"image": image + 1},
        {"image": image.reshape(2, 8, 3)},
    ]
    keys = {take_key({"use": "fake"}, dataclasses.replace(REQUEST, **each), CREDIT) for each in changes}  # type: ignore[arg-type]
    keys |= {take_key({"use": "fake", "steps": 4}, REQUEST, CREDIT)}
    keys |= {take_key({"use": "fake"}, REQUEST, dataclasses.replace(CREDIT, model="fake 2"))}
    assert len(keys | {KEY}) == len(changes) + 3
    assert take_key({"use": "fake"}, dataclasses.replace(REQUEST), CREDIT) == KEY


def test_a_shot_goes_on_from_the_last_picture_that_is_shown() -> None:
    frames = pictures(20)
    assert np.array_equal(HeldTake(frames, 8).last(2.0), frames[15])
    assert np.array_equal(HeldTake(frames[:10], 8).last(2.0), frames[9])
