"""The service-level page, the soak's verdicts and the metrics say the same."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from test_probe_watch import NOW, STATUS, findings

from servers import REPOSITORY
from webtv.probe.exposition import AirMetrics
from webtv.probe.report import Report

sys.path.insert(0, str(REPOSITORY / "tests" / "long"))
from soak_report import MB, Process, Sampling, judge, look_at, page, role_of

PAGE = (REPOSITORY / "docs" / "service-level.md").read_text()


def soaked(**report: Any) -> dict[str, Any]:
    """A soak of three hours in which all was well but for these figures of the FLV output."""
    good = {"up": True, "media_seconds": 10_800.0, "worst_skew_ms": 20.0, "drift_ms_per_day": 1.0}
    good |= {"black_seconds": 0.0, "frozen_seconds": 0.0, "silent_seconds": 60.0}
    sampling = Sampling()
    for i in range(360):
        sampling.add(i * 30.0, [Process(7, "air", 100 * MB, i * 1.5, 20, 8)])
    outputs = {
        kind: Report(**{"output": kind, **good, **(report if kind == "flv" else {})}).to_json()
        for kind in ("hls", "flv", "rtmp")
    }
    return {
        "begun": "2026-11-21T00:00:00.000Z",
        "hours": 3.0,
        "machine": "a machine",
        "load": 1.0,
        "ended": "",
        "head_end": {"late_ms_most": 12.0, "lost_seconds": 0.0},
        "channels": {"tide": {"aired": {"new": 9000.0, "slate": 60.0}, "outputs": outputs}},
        "processes": sampling.roles(),
        "disk_mb": {"all": [1.0, 2.0]},
    }


def broken(found: dict[str, Any]) -> list[str]:
    return [verdict.promise for verdict in judge(found) if verdict.kept is False]


def test_a_good_soak_keeps_every_promise() -> None:
    verdicts = judge(soaked())
    assert [verdict.promise for verdict in verdicts if not verdict.kept] == []


@pytest.mark.parametrize(
    ("figures", "promise"),
    [
        ({"up": False}, "Every output of every channel is up"),
        ({"longest_gap_ms": 1500.0}, "Media is at most one second late for a viewer"),
        ({"regressions": 1}, "No timestamp goes back, none leaves a hole"),
        ({"jumps": 1}, "No timestamp goes back, none leaves a hole"),
        ({"discontinuities": 1}, "No discontinuity, no step of the media sequence or the dates"),
        ({"worst_skew_ms": -40.0}, "Sound and picture end within one audio frame"),
        ({"drift_ms_per_day": -80.0}, "The schedule drifts by less than a picture a day"),
        ({"black_seconds": 2.0}, "No black picture"),
        ({"frozen_seconds": 2.0}, "No frozen picture"),
        ({"silent_seconds": 90.0}, "No silence but that of slates and idents"),
        ({"undecodable": 1}, "Every packet can be decoded"),
        ({"errors": {"timeout": 1}}, "No viewer is cut off"),
    ],
)
def test_each_promise_can_be_broken_by_its_figure_alone(figures: dict[str, Any], promise: str) -> None:
    assert broken(soaked(**figures)) == [promise]


def test_what_the_processes_do_breaks_promises_too() -> None:
    found = soaked()
    found["ended"] = "the station ended with status 1"
    found["head_end"] = {"late_ms_most": 130.0, "lost_seconds": 4.0}
    found["processes"]["air"]["pss_mb_per_hour"] = 30.0
    assert broken(found) == [
        "The station runs to the end",
        "The head-end is at most 100 ms late",
        "No time is lost on air",
        "The head-end's memory is flat",
    ]


def test_a_short_soak_judges_neither_drift_nor_memory() -> None:
    found = soaked(drift_ms_per_day=-80.0)
    found["hours"] = 0.2
    assert broken(found) == []


def test_memory_and_cpu_are_summed_by_role() -> None:
    sampling = Sampling()
    for i in range(0, 121):
        worker = Process(1 if i < 60 else 2, "studio", (100 + i) * MB, float(i % 60), 5, 2)
        sampling.add(i * 60.0, [worker, Process(9, "air", 50 * MB, i * 0.6, 20, 8)])
    roles = sampling.roles()
    assert roles["air"]["cpu_share"] == pytest.approx(0.01)
    assert roles["air"]["pss_mb_per_hour"] == 0
    assert roles["studio"]["pss_mb_per_hour"] == pytest.approx(60)
    assert roles["studio"]["started"] == 2
    assert roles["studio"]["processes"] == 1


def test_a_process_is_looked_at() -> None:
    command = [sys.executable, "-c", "print('here', flush=True); input()", "probe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline(), "it has begun"
            seen = look_at(child.pid)
            assert seen is not None
            assert seen.role == "probe"
            assert seen.threads >= 1
        finally:
            child.stdin.write(b"\n")
            child.stdin.close()
    assert look_at(child.pid) is None
    assert role_of(["python", "-m", "webtv.air.pusher"]) == "output"


def test_the_page_promises_what_the_soak_judges() -> None:
    promised = re.findall(r"^\| ([A-Z][^|]+?) \| [^|]+ \| [^|]+ \|$", PAGE, flags=re.MULTILINE)
    assert promised == [verdict.promise for verdict in judge(soaked())]


def test_the_metrics_that_the_page_names_exist() -> None:
    registry, metrics = CollectorRegistry(), AirMetrics()
    registry.register(metrics)
    metrics.tell(STATUS, findings(lag_ms=1.0, drift_ms_per_day=1.0, worst_skew_ms=1.0), NOW)
    text = generate_latest(registry).decode()
    named = set(re.findall(r"webtv_(?:probe|air)_\w+", PAGE)) - {"webtv_air_"}
    assert len(named) > 10
    assert {name for name in named if f"\n{name}{{" not in text and f"\n{name} " not in text} == set()


def test_the_report_reads_whole() -> None:
    found = soaked(worst_skew_ms=None, notes=("3.0 s: video was late, by 300 ms or more",))
    found["verdicts"] = [{"promise": v.promise, "measured": v.measured, "kept": v.kept} for v in judge(found)]
    text = page(found)
    assert "| tide flv |" in text
    assert "| air | 1 | 1 |" in text
    assert "was late, by 300 ms" in text
    assert str(Path.home()) not in text
