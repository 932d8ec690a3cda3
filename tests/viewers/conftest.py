import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from viewers_scenery import Posters, save_poster

from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import SCRIPTS, FakeStation
from webtv.viewers.app import create_app


@pytest.fixture(scope="session")
def posters(tmp_path_factory: pytest.TempPathFactory) -> Posters:
    folder = tmp_path_factory.mktemp("posters")
    files, of = {}, {}
    for script in SCRIPTS:
        for sequence in range(len(script.sequences)):
            path = save_poster(folder, script.view.slug, sequence)
            sha = hashlib.sha256(path.read_bytes()).hexdigest()
            files[sha] = path
            of[script.view.slug, sequence] = sha
    return Posters(files, of)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def station(clock: VirtualClock, posters: Posters, tmp_path: Path) -> FakeStation:
    live = tmp_path / "hls" / "tideline"
    live.mkdir(parents=True)
    (live / "index.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n")
    (live / "init.mp4").write_bytes(b"init")
    (live / "1800000000-42.m4s").write_bytes(b"segment")
    (live / "s-000001.m4s").write_bytes(bytes(range(200)))
    (tmp_path / "hls" / "secret.m3u8").write_text("not for viewers")
    return FakeStation(clock, posters=posters.files, poster_of=posters.of, live={"tideline": live})


@pytest.fixture
def app(station: FakeStation, clock: VirtualClock) -> FastAPI:
    return create_app(station, clock)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        yield client
