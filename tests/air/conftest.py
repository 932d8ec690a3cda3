"""Footage for the tests of the air: encoded once, linked into every test's station."""

from pathlib import Path

import pytest
from air_house import Footage, House


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return Footage.make(tmp_path_factory.mktemp("footage"))


@pytest.fixture
def house(tmp_path: Path, footage: Footage) -> House:
    return House(tmp_path / "data", footage)
