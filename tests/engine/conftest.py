"""A station without its processes, on either ledger."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from engine_house import House, open_house

from webtv.db.schema import prepare
from webtv.studio import leaving


@pytest.fixture(autouse=True)
def nobody_leaves() -> Iterator[None]:
    """Lanes that end say that their process does; this one goes on with the next test."""
    yield
    leaving.reset()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database just made; copied, as making one takes a tenth of a second."""
    path = tmp_path_factory.mktemp("database") / "webtv.sqlite3"
    prepare(path)
    return path


@pytest.fixture
async def house(tmp_path: Path, empty_database: Path) -> AsyncIterator[House]:
    shutil.copyfile(empty_database, tmp_path / "webtv.sqlite3")
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["sql", "memory"])
async def either_house(
    tmp_path: Path, empty_database: Path, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    shutil.copyfile(empty_database, tmp_path / "webtv.sqlite3")
    async with open_house(tmp_path, in_memory=request.param == "memory") as opened:
        yield opened
