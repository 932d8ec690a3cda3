"""From an order to a file: the real adapters, and stages that misbehave."""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from engine_house import channel, plan

from webtv import wiring
from webtv.core.errors import QualityError
from webtv.core.format import CROSSFADE
from webtv.core.ids import IdFactory
from webtv.engine.orders import IdentOrder, bed_order, clip_frames, clip_orders
from webtv.engine.production import Production, Stages
from webtv.engine.provenance import plain
from webtv.engine.scratch import Scratch, thin
from webtv.library.storage import BED, CLIP, POSTER, Storage
from webtv.studio.ports import Chunk, Media
from webtv.testing.clock import VirtualClock
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler

ONE = channel(format="576p24@1", sequence={"shots": 1, "seconds": 2}, branding={"label": "Foxes"})
PLAN = plan(1)


def production(data: Path, stages=wiring.stages, composer=wiring.composer) -> Production:
    return Production(
        stages,
        composer,
        Storage(data / "library"),
        scratch=data / "scratch",
        rejected=data / "rejected",
        clock=VirtualClock(),
    )


def fakes(shots) -> Stages:
    return Stages(shots, FakeInterpolator(), FakeUpscaler())


async def make(works: Production, attempt: int = 1):
    order = bed_order("seq", PLAN, ONE, CROSSFADE)
    bed = await works.make_bed(order, "bed-id")
    frames = clip_frames(ONE)
    (clip_order,) = clip_orders("seq", PLAN, ONE, bed=bed.file, bed_id=bed.id, frames=frames)
    clip_order = type(clip_order).from_json(json.loads(json.dumps(clip_order.to_json())))
    return bed, await works.make_clip(clip_order, "clip-id", channel="one", attempt=attempt)


async def test_the_real_chain_makes_the_same_clip_of_the_same_order(tmp_path: Path):
    first_bed, first = await make(production(tmp_path / "a"))
    again_bed, again = await make(production(tmp_path / "b"))
    assert (first.file, first_bed.file) == (again.file, again_bed.file)
    storage = Storage(tmp_path / "a" / "library")
    assert storage.path(first.file, CLIP).stat().st_size == first.bytes
    assert storage.path(first.poster, POSTER).is_file()
    assert storage.path(first_bed.file, BED).is_file()
    assert (first.frames, first.format, first.position, first.of) == (48, "576p24@1", 1, 1)
    assert first_bed.samples == 2 * 48_000 + CROSSFADE
    assert list((tmp_path / "a" / "scratch").iterdir()) == []
    assert not (tmp_path / "a" / "rejected").exists()
    told = json.loads(json.dumps(dict(first.provenance), allow_nan=False))
    assert told["checks"]
    assert {"prompt", "seed", "sequence_seed", "model", "media", "credit", "stages", "bed"} <= told.keys()
    assert {"attempt", "versions", "writer", "title", "channel", "sequence", "format"} <= told.keys()
    heard = json.loads(json.dumps(dict(first_bed.provenance), allow_nan=False))
    assert {"brief", "seed", "credit", "model", "loudness", "stage", "versions", "attempt"} <= heard.keys()


async def test_another_attempt_has_another_seed(tmp_path: Path):
    shots, composer = FakeShots(), FakeComposer()
    works = production(tmp_path, lambda _: fakes(shots), lambda _: composer)
    order = bed_order("seq", PLAN, ONE, CROSSFADE)
    for attempt in (1, 2):
        await make(works, attempt)
        await works.make_bed(order, f"bed-{attempt}", attempt=attempt)
    assert len({request.seed for request in shots.requests}) == 2
    assert len({request.sequence_seed for request in shots.requests}) == 1
    seeds = [request.seed for request in composer.requests]
    assert seeds[1] == order.seed != seeds[3]


async def test_an_ident_stands_alone(tmp_path: Path):
    works = production(tmp_path)
    ident = await works.make_ident(IdentOrder("Foxes", "#8fb8de", "576p24@1", 5), "ident-id", channel="one")
    assert (ident.sequence, ident.bed, ident.frames, ident.title) == ("", None, 96, "Foxes")
    assert Storage(tmp_path / "library").path(ident.file, CLIP).is_file()
    told = json.loads(json.dumps(dict(ident.provenance), allow_nan=False))
    assert (told["model"], told["media"]) == ("webtv-card 2", Media.ALGORITHMIC.value)


class Frozen(FakeShots):
    """Always the same picture, which no check lets pass."""

    async def shoot(self, request) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        value = np.uint8(len(self.requests) * 3)
        for start in range(0, 48, 12):
            yield Chunk(np.full((12, request.height // 2, request.width // 2, 3), value), start, 24)


async def test_what_fails_the_checks_is_kept_apart_with_its_reason(tmp_path: Path):
    works = production(tmp_path, lambda _: fakes(Frozen()), lambda _: FakeComposer())
    with pytest.raises(QualityError):
        await make(works)
    names = sorted(path.suffix for path in (tmp_path / "rejected").iterdir())
    assert names == [".json", ".mp4"]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not list((tmp_path / "library").rglob("*.mp4"))


def test_only_the_latest_rejects_are_kept(tmp_path: Path):
    for number in range(12):
        for suffix in (".mp4", ".json"):
            path = tmp_path / f"{number:02}{suffix}"
            path.write_text("")
            os.utime(path, (number, number))
    thin(tmp_path, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{number:02}{suffix}" for number in range(7, 12) for suffix in (".mp4", ".json")
    )
    thin(tmp_path / "absent", 5)


class Endless(FakeShots):
    """Goes on until it is closed."""

    closed = False

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def shoot(self, request) -> AsyncIterator[Chunk]:
        noise = np.random.default_rng(1)
        try:
            shape = (2, request.height // 2, request.width // 2, 3)
            yield Chunk(noise.integers(0, 255, shape, np.uint8), 0, 24)
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            self.closed = True


async def test_a_take_that_is_abandoned_stops_being_made(tmp_path: Path):
    shots = Endless()
    works = production(tmp_path, lambda _: fakes(shots), lambda _: FakeComposer())
    task = asyncio.ensure_future(make(works))
    await shots.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shots.closed
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_what_killed_workers_left_is_removed_and_what_others_do_is_not(tmp_path: Path):
    scratch = tmp_path / "scratch"
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    for name in (f"{dead.pid}-left", f"{os.getpid()}-earlier", f"{os.getppid()}-theirs", "nonsense-x"):
        (scratch / name).mkdir(parents=True)
        (scratch / name / "half.mp4").write_text("")
    await production(tmp_path).tidy()
    assert [path.name for path in scratch.iterdir()] == [f"{os.getppid()}-theirs"]
    Scratch(tmp_path / "absent").tidy()


def test_provenance_is_json_whatever_an_adapter_says():
    said = {
        "media": Media.TRAINED,
        "steps": np.int64(4),
        "guidance": np.float32(7.5),
        "peak": float("-inf"),
        "array": np.arange(2),
        "path": Path("model"),
        7: {"nested": (1, None, True)},
    }
    assert plain(said) == {
        "media": "trainedAlgorithmicMedia",
        "steps": 4,
        "guidance": 7.5,
        "peak": None,
        "array": [0, 1],
        "path": "model",
        "7": {"nested": [1, None, True]},
    }
    json.dumps(plain(said), allow_nan=False)


def test_orders_survive_the_ledger():
    ids = IdFactory(VirtualClock(), random.Random(1))
    (order,) = clip_orders(ids(), PLAN, ONE, bed="ab", bed_id=ids(), frames=48)
    for each in (order, bed_order(ids(), PLAN, ONE, CROSSFADE), IdentOrder("One", "#000000", "576p24@1", 1)):
        assert type(each).from_json(json.loads(json.dumps(each.to_json()))) == each
