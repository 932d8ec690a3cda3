"""A station without its processes, on either ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["sql", "memory"])
async def either_house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with open_house(tmp_path, in_memory=request.param == "memory") as opened:
        yield opened
