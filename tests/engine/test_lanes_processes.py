"""The models' studio as a real process that is killed at every stage: made once, and paid once."""

import asyncio
import contextlib
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from engine_house import channel, plan

from webtv.core.clock import SystemClock
from webtv.core.format import CROSSFADE
from webtv.core.ids import IdFactory
from webtv.core.process import Process
from webtv.db.database import open_database
from webtv.engine.jobs import MODELS, Job, JobState, NewJob
from webtv.engine.ledger import SqlLedger
from webtv.engine.orders import CLIP, bed_order, clip_frames, clip_orders
from webtv.engine.owners import owner_is_alive
from webtv.engine.production import Production, Stages
from webtv.library.catalogue import Catalogue
from webtv.library.records import SequenceState
from webtv.library.storage import Storage
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler

ONE = channel(format="576p24@1", sequence={"shots": 2, "seconds": 2})
TOLD = {"stage": "shot", "done": 1, "of": 2}
PROGRAM = Path(__file__).with_name("lanes_process.py")


class Endpoint:
    """Sells takes; each order costs."""

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        self.fetched: Counter[str] = Counter()
        seller = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                key = self.rfile.read(int(self.headers["content-length"])).decode()
                seller.orders[key] += 1
                self._answer(f"ticket-{key[:12]}")

            def do_GET(self) -> None:
                seller.fetched[self.path.rpartition("/")[2]] += 1
                self._answer("here you are")

            def _answer(self, text: str) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/takes"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    thread = Thread(target=endpoint.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    thread.join()
    endpoint.server.server_close()


class Books:
    """What the control plane sees of it."""

    def __init__(self, data: Path, ledger: SqlLedger, catalogue: Catalogue, sequence: str) -> None:
        self.data = data
        self.ledger = ledger
        self.catalogue = catalogue
        self.sequence = sequence

    async def clips(self) -> tuple[Job, ...]:
        return await self.ledger.find(kind=CLIP)

    async def until(self, condition: Callable[[Sequence[Job]], object]) -> tuple[Job, ...]:
        """Wait for something that another process does; the process's own deadline bounds it."""
        while not condition(jobs := await self.clips()):  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.02)
        return jobs

    async def relieve(self) -> int:
        return await self.ledger.release_dead(lambda owner: owner_is_alive(self.data / "owners", owner))


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    """A sequence of two clips that are to be made, its bed made already."""
    clock = SystemClock()
    storage = Storage(tmp_path / "library")
    fakes = Stages(FakeShots(), FakeInterpolator(), FakeUpscaler())
    production = Production(
        lambda _: fakes,
        lambda _: FakeComposer(),
        storage,
        scratch=tmp_path / "scratch",
        rejected=tmp_path / "rejected",
        clock=clock,
    )
    async with await open_database(tmp_path / "webtv.sqlite3") as database:
        ids = IdFactory(clock, random.Random(1))
        catalogue, ledger = Catalogue(database, storage, clock, ids), SqlLedger(database, clock, ids)
        script = plan(2)
        sequence = await catalogue.add_sequence("one", script)
        bed = await production.make_bed(bed_order(sequence, script, ONE, CROSSFADE), ids())
        await catalogue.add_bed(sequence, bed)
        orders = clip_orders(sequence, script, ONE, bed=bed.file, bed_id=bed.id, frames=clip_frames(ONE))
        await ledger.enqueue(
            [NewJob(CLIP, "one", order.to_json(), sequence, max_attempts=9, pool=MODELS) for order in orders]
        )
        yield Books(tmp_path, ledger, catalogue, sequence)


@contextlib.asynccontextmanager
async def studio(data: Path, endpoint: Endpoint, stop_at: str = "") -> AsyncIterator[Process]:
    argv = [sys.executable, str(PROGRAM), str(data), endpoint.address, stop_at]
    async with Process(argv, name="models' studio", stdout=True, grace=0.2) as process, asyncio.timeout(60):
        assert await process.stdout.readline() == b"ready\n", list(process.tail)
        yield process


async def reached(process: Process, stage: str) -> None:
    for _ in range(2):
        assert await process.stdout.readline() == f"at {stage}\n".encode(), list(process.tail)


async def test_killed_at_every_stage_it_makes_each_clip_once_and_pays_once(books: Books, endpoint: Endpoint):
    previews = books.data / "previews"
    for number, stage in enumerate(("shot", "interpolate", "master", "store")):
        async with studio(books.data, endpoint, stage) as process:
            await reached(process, stage)
            leased = await books.clips()
            assert [(job.state, job.attempts) for job in leased] == [(JobState.LEASED, number + 1)] * 2
            if stage == "shot":
                await books.until(lambda jobs: all(job.progress == TOLD for job in jobs))
                assert {path.stem for path in previews.iterdir()} == {job.id for job in leased}
            process.child.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
        assert await books.relieve() == 2
        assert [job.progress for job in await books.clips()] == [None] * 2
    async with studio(books.data, endpoint) as process:
        await books.until(lambda jobs: all(job.state is JobState.DONE for job in jobs))
        process.child.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

    assert list(endpoint.orders.values()) == [1, 1], "one request per content key throughout"
    assert sum(endpoint.fetched.values()) == 2, "and what was fetched was kept"
    record = await books.catalogue.sequence(books.sequence)
    assert record.state is not SequenceState.PLANNED
    assert [clip.position for clip in record.clips] == [1, 2]
    assert {clip.id for clip in record.clips} == {job.id for job in await books.clips()}
    assert [(job.attempts, job.take) for job in await books.clips()] == [(5, 1)] * 2
    # The files that were stored when the process was killed are those that are catalogued now.
    assert {path.stem for path in books.data.glob("library/*/*.mp4")} == {clip.file for clip in record.clips}
    for folder in ("previews", "scratch", "takes"):
        assert list((books.data / folder).iterdir()) == [], folder


async def test_told_to_end_it_gives_its_leases_back_and_no_attempt_is_used_up(
    books: Books, endpoint: Endpoint
):
    async with studio(books.data, endpoint, "shot") as process:
        await reached(process, "shot")
        await books.until(lambda jobs: all(job.progress == TOLD for job in jobs))
        assert len(list((books.data / "previews").iterdir())) == 2
        process.child.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert [(job.state, job.attempts, job.lease_owner) for job in await books.clips()] == [
        (JobState.QUEUED, 0, None)
    ] * 2
    assert await books.relieve() == 0
    assert list((books.data / "previews").iterdir()) == []
