"""``webtv doctor``: what it looks at, when it says no, and that it leaves everything as it was."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webtv import wiring
from webtv.core.settings import Settings
from webtv.doctor import Diagnosis, Finding, State, examine

CHANNELS = Path(__file__).parents[1] / "channels"


def settings(data: Path, **given: Any) -> Settings:
    """Settings on which the station can run."""
    return Settings(**{"data": data, "channels": CHANNELS, "port": 0, **given})


def of(diagnosis: Diagnosis, what: str) -> Finding:
    """The finding of that name."""
    (finding,) = [finding for finding in diagnosis.findings if finding.what == what]
    return finding


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Diagnosis]:
    data = tmp_path_factory.mktemp("doctor") / "data"
    return data, examine(settings(data))


def test_the_station_can_run_here(healthy: tuple[Path, Diagnosis]) -> None:
    data, diagnosis = healthy
    assert diagnosis.ok, [finding for finding in diagnosis.findings if finding.state is State.BAD]
    assert not data.exists()  # looking is not making


def test_everything_that_matters_is_looked_at(healthy: tuple[Path, Diagnosis]) -> None:
    looked = {finding.what for finding in healthy[1].findings}
    assert looked >= {"Python", "cores", "memory", "disk", "FFmpeg", "PyAV", "rtmp", "rtmps", "OpenCV", "GPU"}
    assert looked >= {
        "house formats",
        "data folder",
        "head-end's socket",
        "database",
        "web port",
        "channels",
        "LLM writer",
    }
    assert looked >= {"torch", "diffusers", "nginx with RTMP", "Chromium", "RTMP outputs", "running"}
    adapters = {f"{stage}: {name}" for stage in wiring.ADAPTERS for name in wiring.adapter_names(stage)}
    assert looked >= adapters


def test_whatever_is_not_good_comes_with_a_remedy(healthy: tuple[Path, Diagnosis]) -> None:
    assert [
        finding for finding in healthy[1].findings if finding.state is not State.GOOD and not finding.remedy
    ] == []


def test_without_channels_nothing_can_run(tmp_path: Path) -> None:
    diagnosis = examine(settings(tmp_path, channels=tmp_path))
    assert not diagnosis.ok
    assert of(diagnosis, "channels").state is State.BAD


def test_one_broken_channel_among_good_ones_is_worth_a_look(tmp_path: Path) -> None:
    for path in CHANNELS.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "broken.yaml").write_text("name: [")
    diagnosis = examine(settings(tmp_path / "data", channels=tmp_path))
    assert diagnosis.ok
    finding = of(diagnosis, "channels")
    assert (finding.state, finding.found.split(" valid")[0]) == (State.WEAK, "3 of 4")
    assert "webtv check" in finding.remedy


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        diagnosis = examine(settings(tmp_path, port=other.getsockname()[1]))
    assert not diagnosis.ok
    assert "WEBTV_PORT" in of(diagnosis, "web port").remedy


def test_a_data_folder_too_deep_for_a_socket_is_named(tmp_path: Path) -> None:
    diagnosis = examine(settings(tmp_path / ("d" * 100)))
    assert not diagnosis.ok
    finding = of(diagnosis, "head-end's socket")
    assert finding.state is State.BAD
    assert "shorter --data" in finding.remedy


def test_a_damaged_database_is_found_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "webtv.sqlite3"
    path.write_bytes(b"this is no database, however long it is made to be" * 100)
    before = path.read_bytes()
    finding = of(examine(settings(tmp_path)), "database")
    assert finding.state is State.BAD
    assert "restore a backup" in finding.remedy
    assert path.read_bytes() == before


def test_a_database_that_another_program_holds_is_found(tmp_path: Path) -> None:
    path = tmp_path / "webtv.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        assert of(examine(settings(tmp_path)), "database").state is State.GOOD
        holder.execute("BEGIN EXCLUSIVE")
        assert of(examine(settings(tmp_path)), "database").state is State.BAD
    finally:
        holder.close()
        connection.close()


def test_a_small_disk_is_said_before_it_is_full(tmp_path: Path) -> None:
    finding = of(examine(settings(tmp_path, library_gb=1e9)), "disk")
    assert finding.state is State.WEAK
    assert "WEBTV_LIBRARY_GB" in finding.remedy


def test_an_llm_is_named_without_its_key_and_not_asked(tmp_path: Path) -> None:
    url = "http://user:secret@127.0.0.1:9/v1"
    diagnosis = examine(settings(tmp_path, openai_base_url=url, openai_api_key="sk-hidden"))
    assert of(diagnosis, "LLM writer").state is State.GOOD
    text = json.dumps(diagnosis.to_json())
    assert "secret" not in text
    assert "sk-hidden" not in text
    assert not examine(settings(tmp_path, writer="openai")).ok


def doctor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``webtv doctor``."""
    argv = [sys.executable, "-m", "webtv", "doctor", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    done = doctor("--data", tmp_path, "--channels", CHANNELS, "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() == {"version", "ok", "findings"}
    assert all(item.keys() == {"group", "what", "state", "found", "remedy"} for item in told["findings"])
    assert {item["state"] for item in told["findings"]} <= {"ok", "optional", "weak", "bad"}


def test_the_command_fails_only_if_nothing_can_run(tmp_path: Path) -> None:
    good = doctor("--data", tmp_path, "--channels", CHANNELS, "--port", "0")
    assert good.returncode == 0
    assert "The station can run." in good.stdout
    bad = doctor("--data", tmp_path, "--channels", tmp_path, "--port", "0")
    assert bad.returncode == 1
    assert "cannot run yet: channels" in bad.stdout


def test_a_wrong_endpoint_is_one_finding_among_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = {"kind": "nope", "addresses": "https://video.example/v1", "token": "s3cret"}
    monkeypatch.setenv("WEBTV_ENDPOINTS", json.dumps({"farm": farm}))
    wiring.endpoints.cache_clear()
    try:
        diagnosis = examine(settings(tmp_path / "data"))
    finally:
        monkeypatch.undo()
        wiring.endpoints.cache_clear()
    assert not diagnosis.ok
    finding = of(diagnosis, "WEBTV_ENDPOINTS.farm.kind")
    assert (finding.state, finding.remedy) == (State.BAD, "correct WEBTV_ENDPOINTS, see docs/settings.md")
    assert of(diagnosis, "Python").state is State.GOOD
    assert of(diagnosis, "database").state is State.GOOD
    assert "s3cret" not in repr(diagnosis)
