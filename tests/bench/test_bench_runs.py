"""Each benchmark once on a tiny workload: it runs, its outputs are sound, its keys are there."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from webtv.bench import air, studio, web
from webtv.bench.footage import Footage, card_footage, write_playlist
from webtv.bench.lanes import Device, LanesWorkload, measure_lanes, utilisation
from webtv.bench.machine import ffmpeg_binary
from webtv.bench.paced import Paced, measure_paced
from webtv.bench.playout import Playout
from webtv.bench.report import Report
from webtv.bench.scales import Scale, measure_scale
from webtv.bench.splicing import Lengths, measure_splicing, splice
from webtv.cli import Bench
from webtv.core.clock import SystemClock
from webtv.core.errors import ComponentError, InputError, InternalError, TransientError
from webtv.core.format import house_format
from webtv.core.settings import Settings
from webtv.studio.procedural.scenes import SCENES
from webtv.testing.clock import VirtualClock
from webtv.testing.rtmp import RtmpServer, nginx_binary

CHANNELS = Path(__file__).parents[2] / "channels"
MAKEFILE = Path(__file__).parents[2] / "Makefile"
STUDIO = {"realtime_factor", "realtime_factor_per_core", "ratio_naive", "ratio_naive_steps", "ms_per_frame"}
STUDIO |= {
    "bottleneck_utilisation",
    "ratio_to_naive",
    "realtime_factor_per_scene",
    "rss_mb",
    "time_to_first_clip_s",
}


def told(report: Report) -> dict[str, object]:
    """What a program gets to see."""
    return dict(json.loads(json.dumps(report.to_json(), allow_nan=False)))


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Two short clips of the test picture."""
    folder = tmp_path_factory.mktemp("footage")
    return card_footage(ffmpeg_binary(None), folder, house_format(air.FORMAT), clips=2, clip_seconds=2)


def test_the_test_picture_weighs_what_the_format_is_meant_for(footage: Footage) -> None:
    assert footage.bit_rate == pytest.approx(2_500_000, rel=0.15)
    sizes = [clip.stat().st_size for clip in footage.clips]
    assert sizes[0] != sizes[1]  # the picture goes on from clip to clip


def test_splicing_compares_streams_of_the_same_pictures(tmp_path: Path, footage: Footage) -> None:
    lengths = Lengths(reference=4, mixed=8, passthrough=8, runs=1)
    costs = measure_splicing(ffmpeg_binary(None), tmp_path, footage, lengths)
    assert costs.keys() == {"reference", "mixed", "passthrough"}
    assert all(cost > 0 for cost in costs.values())
    for way in costs:
        with av.open(tmp_path / f"{way}.flv") as stream:
            assert stream.streams.video[0].codec_context.name == "h264"
            assert stream.streams.audio[0].codec_context.name == "aac"
            assert (stream.streams.video[0].width, stream.streams.video[0].height) == (1280, 720)
            # Nobody is silent: beds are mixed in, or the clips' own sound goes through.
            sound = [frame.to_ndarray() for frame in stream.decode(audio=0)][20:]
            assert max(float(np.abs(part).max()) for part in sound) > 0.02


def test_in_real_time_both_reach_the_same_server(tmp_path: Path, footage: Footage) -> None:
    async def run() -> Paced:
        async with RtmpServer(tmp_path / "nginx") as server:
            return await measure_paced(
                ffmpeg_binary(None), tmp_path, footage, server, SystemClock(), seconds=4.0, runs=1, step=1.0
            )

    paced = asyncio.run(run())
    assert min(paced.reference, paced.head_end, paced.child_pss) > 0
    assert paced.child >= 0  # so little that the system's hundredths of a second may not show it in time


def test_a_scale_tells_what_each_channel_takes(tmp_path: Path, footage: Footage) -> None:
    async def run() -> dict[str, Any]:
        async with RtmpServer(tmp_path / "nginx") as server:
            scale = Scale(2, 4.0, push=True, step=1.0)
            one = {"channels": 1, "pss_mb": 1.0}
            return await measure_scale(tmp_path / "scale", footage, scale, server, SystemClock(), smaller=one)

    told = asyncio.run(run())
    assert (told["channels"], told["beside_studio"]) == (2, False)
    assert told["pss_mb_per_channel"] == pytest.approx(told["pss_mb"] - 1.0, rel=0.01)
    for figures in (told, told["pushed"]):
        assert figures["cpu_per_channel"] > 0
        assert figures["worst_lateness_ms"] >= figures["p99_lateness_ms"] >= 0
    assert told["pushed"]["pss_mb_per_child"] > 0


async def test_what_did_not_air_gives_no_figure(tmp_path: Path, footage: Footage) -> None:
    async with Playout(tmp_path / "short", footage, 1, 4, SystemClock()) as playout:
        async with asyncio.timeout(60):
            while (await playout.status())["c00"]["state"] == "on_air":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        with pytest.raises(InternalError, match="does not air its playlist"):
            await playout.expect_programme()
        with pytest.raises(InternalError, match="segments where"):
            playout.seen(0.0, 1000.0)


def test_ratios_are_of_the_reference_to_ours(footage: Footage) -> None:
    costs = {"reference": 0.2, "mixed": 0.01, "passthrough": 0.001}
    told = air.compared(footage, costs, Paced(reference=21.0, head_end=1.5, child=0.6, child_pss=15.0))
    assert (told["ratio_mixed"], told["ratio_passthrough"], told["ratio_realtime"]) == (20.0, 200.0, 10.0)
    assert (told["reference_core_percent"], told["channels_per_core_mixed"]) == (20.0, 100.0)


def test_a_missing_rtmp_server_is_said_with_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webtv.testing.rtmp.RTMP_MODULE", tmp_path / "none")
    with pytest.raises(ComponentError, match="is not installed") as caught:
        nginx_binary()
    assert "apt-get install -y nginx-light libnginx-mod-rtmp" in caught.value.remedy


def test_an_aired_slate_is_no_benchmark(tmp_path: Path, footage: Footage) -> None:
    playlist = tmp_path / "short.ffconcat"
    write_playlist(footage, playlist, 1)
    with pytest.raises(InternalError, match=r"r[au]n dry"):
        splice(playlist, footage, 6, tmp_path / "out.flv")


def test_studio_makes_the_same_clips_in_every_way(tmp_path: Path) -> None:
    settings = Settings(channels=CHANNELS)
    few = LanesWorkload(lanes=2, clips=4, warm_up=1, shot=0.2, upscale=0.1, interpolate=0.05, master=0.05)
    workload = replace(studio.QUICK, lanes=few)
    report = told(studio.measure_studio(settings, ffmpeg_binary(None), tmp_path, workload, quick=True))
    assert report.keys() >= STUDIO
    assert 0 < report["bottleneck_utilisation"] <= 1
    assert report["bottleneck_utilisation_required"] == 0.95
    assert report["clips"] == 1
    assert report["seconds"] == 2.0
    assert set(report["ms_per_frame"]) == {"shot", "interpolate", "upscale", "master", "bed"}  # type: ignore[call-overload]
    scenes = report["realtime_factor_per_scene"]
    assert isinstance(scenes, dict)
    assert 0 < scenes["worst"] <= scenes["median"]
    assert set(scenes["by_scene"]) == {next(iter(SCENES))}
    assert report["rss_mb"] > 0  # type: ignore[operator]
    assert report["time_to_first_clip_s"] > 0  # type: ignore[operator]
    made = [
        *tmp_path.glob("ours0/library/**/*.mp4"),
        *tmp_path.glob("render0/*.mp4"),
        *tmp_path.glob("steps0/*.mp4"),
    ]
    assert len(made) == 3
    for path in made:
        with av.open(path) as clip:
            assert sum(1 for _ in clip.decode(video=0)) == 48, path
            assert clip.streams.audio


def test_a_stage_is_busy_for_its_known_length_and_no_longer() -> None:
    begun = [0.0, 2.0, 3.0, 4.0, 5.5, 6.5]
    assert utilisation(begun, 1.0, 1) == 4 / 4.5
    assert utilisation([0.0, 1.0, 2.0], 1.0, 0) == 1.0
    with pytest.raises(InternalError, match="too few turns"):
        utilisation(begun, 1.0, 5)


async def test_a_device_takes_one_turn_after_the_other() -> None:
    clock = VirtualClock()
    device = Device(clock, 2.0)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(device.work())
        await clock.advance(6.0)
    assert device.begun == [0.0, 2.0, 4.0]


async def test_the_lanes_master_as_the_station_does_when_asked_to(tmp_path: Path) -> None:
    workload = LanesWorkload(
        lanes=2, clips=2, warm_up=0, shot=0.01, upscale=0.01, interpolate=0.01, master=0.0
    )
    share, rows = await measure_lanes(tmp_path, workload)
    assert 0 < share <= 1
    assert rows.rows[0][0] == "slowest stage busy"
    made = list(tmp_path.glob("library/*/*.mp4"))
    assert len(made) == 2
    for path in made:
        with av.open(path) as clip:
            assert clip.streams.video[0].width == 1024
            assert sum(1 for _ in clip.decode(video=0)) == 48


def test_studio_needs_a_channel(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no usable channel"):
        studio.measure_studio(
            Settings(channels=tmp_path), ffmpeg_binary(None), tmp_path, studio.QUICK, quick=True
        )


async def test_web_measures_a_real_server(tmp_path: Path) -> None:
    report = told(await web.measure_web(ffmpeg_binary(None), tmp_path, web.QUICK, quick=True))
    routes = report["routes"]
    assert isinstance(routes, dict)
    assert set(routes) == set(web.PATHS)
    assert routes["segment"]["bytes"] == web.SEGMENT_BYTES
    for route in routes.values():
        assert route["requests_per_second"] > 0
        assert 0 < route["p50_ms"] <= route["p95_ms"]


async def test_web_does_not_count_errors_as_answers() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InternalError, match="503"):
            await web._ask_all(port, "/", 2, 2)
    with pytest.raises(TransientError, match="broke off"):
        await web._ask_all(port, "/", 2, 2)


def test_make_bench_runs_every_benchmark() -> None:
    (names,) = re.findall(r"for what in ([a-z ]+); do \$\(BIN\)/webtv bench", MAKEFILE.read_text())
    assert sorted(names.split()) == sorted(bench.value for bench in Bench)
