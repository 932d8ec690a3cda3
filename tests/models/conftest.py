"""Tests of models never leave this machine: the model hub is a loopback port on which nobody listens."""

import os
from pathlib import Path

import pytest
import tiny

os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of tiny models, threads only make more work


@pytest.fixture(scope="session")
def tiny_zeroscope(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.zeroscope(tmp_path_factory.mktemp("tiny-zeroscope"))


@pytest.fixture(scope="session")
def tiny_stable_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.stable_diffusion(tmp_path_factory.mktemp("tiny-stable-diffusion"))


@pytest.fixture(scope="session")
def tiny_motion_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.motion_adapter(tmp_path_factory.mktemp("tiny-motion-adapter"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A module that is a Gradio app cannot even be read without Gradio; nobody asks for it then."""
    unwanted = "not models" in (config.option.markexpr or "")
    return True if unwanted and collection_path.name == "test_gradio.py" else None
