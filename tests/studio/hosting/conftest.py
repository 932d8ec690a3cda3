"""What the tests of hosting share; the contract suite of the studio's ports lies one folder up."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosting_house import Gate

sys.path.append(str(Path(__file__).parents[1]))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Lets an adapter's steps go."""
    made = Gate(tmp_path)
    yield made
    made.close()
