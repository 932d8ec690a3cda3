"""The studio's contract suite and the servers of these tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webtv.studio import leaving

sys.path.insert(0, str(Path(__file__).parent.parent))  # contract.py


@pytest.fixture(autouse=True)
def nobody_leaves() -> Iterator[None]:
    """Whatever other tests of this process did."""
    leaving.reset()
    yield
    leaving.reset()
