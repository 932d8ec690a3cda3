"""A library on disk."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from library_house import House

from webtv.core.ids import IdFactory
from webtv.db.database import open_database
from webtv.library.catalogue import Catalogue
from webtv.library.storage import Storage
from webtv.testing.clock import VirtualClock


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = VirtualClock()
    ids = IdFactory(clock, random.Random(1))
    storage = Storage(tmp_path / "library")
    async with await open_database(tmp_path / "webtv.sqlite3") as database:
        yield House(tmp_path, clock, ids, database, storage, Catalogue(database, storage, clock, ids))
