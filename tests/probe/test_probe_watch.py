"""A whole station watched, its file, its metrics and the command line."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from probe_stage import Stage, epoch_tag, film, flv_parts, hangs, live, live_index, says, streams
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from webtv.air.output import OutputKind
from webtv.core.clock import SystemClock
from webtv.core.events import Event
from webtv.core.process import Process, python_command
from webtv.probe.exposition import FRESH, AirMetrics
from webtv.probe.reading import Reading
from webtv.probe.report import Report
from webtv.probe.subscription import http_client
from webtv.probe.watch import PROBE, Watch, WebGuide, read_findings
from webtv.testing.clock import VirtualClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import create_app
from webtv.viewers.station import Measurements

SLUG = "tide"
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "x.flv", [(4, "moving", "tone")], gop=12).read_bytes()


@pytest.fixture
async def stage(programme: bytes) -> AsyncIterator[Stage]:
    """A station with one channel that offers FLV, and HLS that is never replaced."""
    head, tags = flv_parts(programme)
    async with Stage() as found:
        found.tells(SLUG)
        found.parts[f"/live/{SLUG}.flv"] = streams(
            (0, head[:13] + epoch_tag(NOW) + head[13:] + b"".join(tag for _, tag in tags)), hold=3600
        )
        found.parts[f"/hls/{SLUG}/index.m3u8"] = says(live_index([], 0, NOW, 2.0).encode())
        yield found


class PatientClock(SystemClock):
    """The machine's clock, on which nobody waits longer than a moment."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


async def eventually(condition: Callable[[], Any]) -> None:
    """Wait until it is true."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is watched goes on in other processes and threads
            await asyncio.sleep(0.02)


async def until_reports(watch: Watch, slug: str, output: str, **least: float) -> Report:
    """Wait until a report has at least these figures."""
    async with asyncio.timeout(20):
        while True:
            report = watch.reports().get(slug, {}).get(output)
            if report and all(getattr(report, key) >= value for key, value in least.items()):
                return report
            await asyncio.sleep(0.05)


async def test_every_channel_is_watched_on_what_it_offers(stage: Stage) -> None:
    async with http_client() as client:
        watch = Watch(stage.url, WebGuide(client, stage.url), client, PatientClock())
        async with live(watch.run()):
            report = await until_reports(watch, SLUG, "flv", media_seconds=3.9)
            assert report.lag_ms is not None
            stage.tells(SLUG, "late", kind="rerun")
            await eventually(lambda: "rerun" in watch.to_json()["channels"][SLUG]["aired_seconds"])
            found = watch.to_json()
            assert set(found["channels"]) <= {SLUG, "late"}
            assert "flv" not in found["channels"].get("late", {"outputs": {}})["outputs"], "it is not offered"
            stage.parts["/api/channels"] = says(b"[1, 2]")
            await eventually(lambda: watch.to_json()["unanswered"])
            assert SLUG in watch.to_json()["channels"], "who does not answer may air all the same"
            stage.tells("late")
            await eventually(lambda: SLUG not in watch.to_json()["channels"])


async def test_only_the_wanted_channels_are_watched(stage: Stage) -> None:
    stage.tells(SLUG, "other")
    async with http_client() as client:
        watch = Watch(stage.url, WebGuide(client, stage.url), client, PatientClock(), [SLUG])
        async with live(watch.run()):
            await until_reports(watch, SLUG, "flv", media_seconds=1)
            assert set(watch.to_json()["channels"]) == {SLUG}


async def test_the_file_is_whole_or_absent_and_a_full_disk_is_told_once(stage: Stage, tmp_path: Path) -> None:
    events: list[Event] = []
    path = tmp_path / "gone" / PROBE
    async with http_client() as client:
        watch = Watch(stage.url, WebGuide(client, stage.url), client, PatientClock())
        async with live(watch.keep(path, events.append)):
            await eventually(lambda: events)
            assert read_findings(path) is None
            path.parent.mkdir()
            await eventually(lambda: read_findings(path))
            found = read_findings(path)
            assert found is not None
            assert found["channels"] == {}
    assert [event.kind for event in events] == ["probe.file.trouble"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}'])
def test_a_file_of_something_else_is_no_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / PROBE).write_text(text)
    assert read_findings(tmp_path / PROBE) is None


def findings(**changes: Any) -> dict[str, Any]:
    report = Report(
        "flv", up=True, longest_gap_ms=1234.5, gap_seconds=1.5, skew_ms=-10.0, regressions=2
    ).to_json()
    report |= {"black_seconds": 2.0, "frozen_seconds": 2.0, "silent_seconds": 2.0}
    report |= {"errors": {"status_503": 3}, **changes}
    outputs = {"flv": report, "hls": Report("hls").to_json()}
    return {
        "version": 1,
        "utc": NOW,
        "channels": {SLUG: {"outputs": outputs, "aired_seconds": {"slate": 8.0}}},
    }


STATUS = {
    "channels": [
        {
            "slug": SLUG,
            "late_ms": 12.5,
            "lost_seconds": 4.0,
            "stray_seconds": -7.0,
            "outputs": [
                {
                    "name": "twitch",
                    "state": "live",
                    "sessions": 2,
                    "dropped_gops": 1,
                    "sent_bytes": 9,
                    "error": "",
                }
            ],
        }
    ],
    "events": [{"kind": "air.output.failed", "channel": SLUG, "count": 3}],
}


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def exposed(
    status: dict[str, Any] | None, probe: dict[str, Any] | None, now: float
) -> dict[tuple[str, ...], float]:
    registry, metrics = CollectorRegistry(), AirMetrics()
    registry.register(metrics)
    metrics.tell(status, probe, now)
    return samples(generate_latest(registry).decode())


def test_figures_become_metrics_in_base_units() -> None:
    found = exposed(STATUS, findings(), NOW + 1)
    assert found["webtv_probe_longest_gap_seconds", SLUG, "flv"] == pytest.approx(1.2345)
    assert found["webtv_probe_skew_seconds", SLUG, "flv"] == pytest.approx(-0.01)
    assert ("webtv_probe_skew_seconds", SLUG, "hls") not in found, "what was not measured is not told"
    assert found["webtv_probe_stalled_seconds_total", SLUG, "flv"] == 1.5
    assert found["webtv_probe_timestamp_regressions_total", SLUG, "flv"] == 2
    assert found["webtv_probe_errors_total", SLUG, "status_503", "flv"] == 3
    assert found["webtv_probe_aired_seconds_total", SLUG, "slate"] == 8
    assert found["webtv_probe_up", SLUG, "flv"] == 1
    assert found["webtv_probe_up", SLUG, "hls"] == 0
    assert found["webtv_air_up",] == 1
    assert found["webtv_air_late_seconds", SLUG] == pytest.approx(0.0125)
    assert found["webtv_air_lost_seconds_total", SLUG] == 4
    assert found["webtv_air_stray_seconds", SLUG] == -7
    assert 3 in (value for key, value in found.items() if key[0] == "webtv_air_events_total")
    assert found["webtv_air_output_state", SLUG, "twitch", "live"] == 1
    assert found["webtv_air_output_state", SLUG, "twitch", "waiting"] == 0
    assert found["webtv_air_output_sessions_total", SLUG, "twitch"] == 2
    assert found["webtv_air_output_dropped_gops_total", SLUG, "twitch"] == 1
    assert found["webtv_air_output_sent_bytes_total", SLUG, "twitch"] == 9


def test_stale_figures_are_left_out_and_their_age_is_told() -> None:
    found = exposed(None, findings(), NOW + FRESH + 1)
    assert found == {("webtv_air_up",): 0.0, ("webtv_probe_timestamp_seconds",): NOW}
    assert exposed(None, None, NOW) == {("webtv_air_up",): 0.0}


@dataclass(slots=True)
class Measured(FakeStation):
    """A fake whose air is measured."""

    told: Measurements = field(default_factory=lambda: Measurements(NOW))

    async def measurements(self) -> Measurements:
        return self.told


async def test_the_metrics_page_tells_both() -> None:
    station = Measured(VirtualClock(NOW), told=Measurements(NOW, STATUS, findings()))
    app = create_app(station, VirtualClock(NOW))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        text = (await client.get("/metrics")).text
    found = samples(text)
    assert found["webtv_probe_gap_seconds", SLUG, "flv"] == 0
    assert found["webtv_air_late_seconds", SLUG] == pytest.approx(0.0125)
    assert "webtv_channel_state" in text


async def told(*arguments: str) -> tuple[int, str, str]:
    """Run ``webtv probe``; status, output and last words."""
    async with Process(python_command("probe", *arguments), name="probe", stdout=True) as process:
        output = (await process.stdout.read()).decode()
        status = await process.wait()
    return status, output, "\n".join(process.tail)


async def test_the_command_prints_one_object_and_its_status_tells(stage: Stage) -> None:
    (status, output, _), (other, table, _), (nothing, silence, words) = await asyncio.gather(
        told(f"{stage.url}/live/{SLUG}.flv", "--seconds", "1", "--json"),
        told(stage.url, "--seconds", "1"),
        told("http://127.0.0.1:1", "--seconds", "1"),
    )
    assert status == 0
    (report,) = json.loads(output)["channels"][""]["outputs"].values()
    assert report["media_seconds"] == pytest.approx(4, abs=0.1)
    assert other == 1, "its HLS brought nothing"
    assert f"{SLUG} hls" in table
    assert (nothing, silence) == (1, "")
    assert "no channel of a station" in words


async def test_the_stations_child_writes_its_file_and_ends_with_its_leash(tmp_path: Path) -> None:
    """There is no station at all: it goes on all the same."""
    command = python_command("probe", "--leash", "--data", str(tmp_path))
    async with Process(command, name="probe", stdin=True) as process:
        await eventually(lambda: read_findings(tmp_path / PROBE) or process.returncode is not None)
        assert process.returncode is None, list(process.tail)
        process.stdin.close()
        async with asyncio.timeout(20):
            assert await process.wait() == 0


async def test_a_server_that_hangs_is_no_station_and_holds_nobody(stage: Stage) -> None:
    stage.parts["/api/channels"] = hangs
    async with http_client() as client:
        watch = Watch(stage.url, WebGuide(client, stage.url), client, PatientClock())
        async with live(watch.run()):
            await eventually(lambda: "/api/channels" in stage.asked)
            assert watch.to_json()["channels"] == {}


def test_a_reading_needs_no_media_to_report() -> None:
    report = Reading(OutputKind.HLS, VirtualClock()).report()
    assert (report.up, report.gap_ms, report.skew_ms) == (False, 0.0, None)
