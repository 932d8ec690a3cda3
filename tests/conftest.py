"""What all tests share: how hypothesis searches, where artefacts go, and no operator's settings."""

import os
from pathlib import Path

import hypothesis
import pytest

for name in [name for name in os.environ if name.startswith("WEBTV_") and name != "WEBTV_ARTIFACTS"]:
    del os.environ[name]  # no test sees the settings of whoever runs it

hypothesis.settings.register_profile("webtv", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "webtv")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for what a person may want to look at afterwards; ``WEBTV_ARTIFACTS`` names another one."""
    folder = Path(os.environ.get("WEBTV_ARTIFACTS", "artifacts")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
