"""The tests at length live in the house of the tests of the air."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "air"))

from air_house import Footage, House


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return Footage.make(tmp_path_factory.mktemp("footage"))


@pytest.fixture
def house(tmp_path: Path, footage: Footage) -> House:
    return House(tmp_path / "data", footage)
