"""Each benchmark once on a tiny workload: it runs, its outputs are sound, its keys are there."""

import asyncio
import json
import re
from pathlib import Path

import av
import pytest

from webtv.bench import air, studio, web
from webtv.bench.footage import make_footage, write_playlist
from webtv.bench.machine import ffmpeg_binary
from webtv.bench.report import Report
from webtv.cli import Bench
from webtv.core.errors import InputError, InternalError, TransientError
from webtv.core.format import house_format
from webtv.core.settings import Settings

CHANNELS = Path(__file__).parents[2] / "channels"
MAKEFILE = Path(__file__).parents[2] / "Makefile"
RATIO = {"ratio_mixed", "mixed_core_percent", "reference_core_percent", "channels_per_core_mixed"}
STUDIO = {"realtime_factor", "realtime_factor_per_core", "ratio_naive", "ratio_naive_steps", "ms_per_frame"}


def told(report: Report) -> dict[str, object]:
    """What a program gets to see."""
    return dict(json.loads(json.dumps(report.to_json(), allow_nan=False)))


def test_air_compares_two_streams_of_the_same_pictures(tmp_path: Path) -> None:
    report = told(air.measure_air(ffmpeg_binary(None), tmp_path, air.QUICK, quick=True))
    assert report.keys() >= RATIO
    assert all(isinstance(report[key], float) and report[key] > 0 for key in RATIO)
    with av.open(tmp_path / "reference.flv") as reference, av.open(tmp_path / "ours.flv") as ours:
        for stream in (reference, ours):
            assert stream.streams.video[0].codec_context.name == "h264"
            assert stream.streams.audio[0].codec_context.name == "aac"
            assert (stream.streams.video[0].width, stream.streams.video[0].height) == (1280, 720)
        # The beds are mixed in by both: the tone is there, not silence.
        for stream in (reference, ours):
            sound = [frame.to_ndarray() for frame in stream.decode(audio=0)][20:]
            assert max(float(abs(part).max()) for part in sound) > 0.05


def test_an_aired_slate_is_no_benchmark(tmp_path: Path) -> None:
    footage = make_footage(ffmpeg_binary(None), tmp_path, house_format("576p24@1"), clips=1, clip_seconds=2)
    playlist = tmp_path / "short.ffconcat"
    write_playlist(footage, playlist, 1)
    with pytest.raises(InternalError, match=r"r[au]n dry"):
        air.splice(playlist, footage, 6, tmp_path / "out.flv")


def test_studio_makes_the_same_clips_in_every_way(tmp_path: Path) -> None:
    settings = Settings(channels=CHANNELS)
    report = told(studio.measure_studio(settings, ffmpeg_binary(None), tmp_path, studio.QUICK, quick=True))
    assert report.keys() >= STUDIO
    assert report["clips"] == 1
    assert report["seconds"] == 2.0
    assert set(report["ms_per_frame"]) == {"shot", "interpolate", "upscale", "master", "bed"}  # type: ignore[call-overload]
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
