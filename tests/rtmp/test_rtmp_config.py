"""The committed RTMP configuration, run by a real nginx: publish with FFmpeg, pull back with PyAV."""

import asyncio
import itertools
import socket
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import httpx
import imageio_ffmpeg

from servers import RTMP_CONFIG, NginxRtmp, children_of
from webtv.core.process import Process

SECONDS = 4


def publisher(url: str) -> Process:
    """FFmpeg that publishes a test card in real time, with a keyframe every half second."""
    return Process(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error"),
            *("-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=24"),
            *("-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12"),
            *("-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url),
        ],
        name="publisher",
    )


def pull(url: str, seconds: int) -> tuple[list[Fraction], int, int]:
    """Play that long: times of the video packets, decoded pictures, and packets of sound."""
    times, pictures, sounds = [], 0, 0
    with av.open(url, options={"rw_timeout": "10000000"}) as stream:
        for packet in stream.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                sounds += 1
                continue
            times.append(packet.dts * Fraction(packet.time_base))
            pictures += len(packet.decode())
            if times[-1] - times[0] >= seconds:
                break
    return times, pictures, sounds


async def published(server: NginxRtmp, name: str) -> None:
    """Wait until the server's statistics show a publisher of that name."""
    async with httpx.AsyncClient() as client:
        while True:
            page = ElementTree.fromstring((await client.get(server.stat_url)).text)
            for stream in page.iter("stream"):
                if stream.findtext("name") == name and stream.find("publishing") is not None:
                    return
            await asyncio.sleep(0.05)


async def test_what_is_published_can_be_played(tmp_path: Path) -> None:
    async with asyncio.timeout(60), NginxRtmp(tmp_path) as server, publisher(server.url("card")):
        await published(server, "card")
        times, pictures, sounds = await asyncio.to_thread(pull, server.url("card"), SECONDS)
    assert all(0 < later - earlier < Fraction(1, 10) for earlier, later in itertools.pairwise(times))
    assert pictures >= SECONDS * 24 - 12, "playing should begin on a keyframe"
    assert sounds >= (SECONDS - 1) * 48000 // 1024


async def test_the_server_leaves_nothing_behind(tmp_path: Path) -> None:
    async with asyncio.timeout(30), NginxRtmp(tmp_path) as server, httpx.AsyncClient() as client:
        assert (await client.get(server.stat_url)).status_code == 200  # so the worker is up
        family = [server.process.pid, *children_of(server.process.pid)]
    assert len(family) == 2, "one master and one worker"
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", server.port))


def test_only_this_machine_may_publish_and_play() -> None:
    lines = [line.strip() for line in RTMP_CONFIG.read_text().splitlines()]
    for deed in ("publish", "play"):
        rules = [line for line in lines if line.endswith(";") and f" {deed} " in line]
        assert rules == [f"allow {deed} 127.0.0.1;", f"deny {deed} all;"]
    assert all(line.startswith("listen 127.0.0.1:") for line in lines if line.startswith("listen "))
    assert "record off;" in lines
