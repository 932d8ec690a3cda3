"""RTMP outputs against a real nginx: pulled back, interrupted, and beside one that never reads."""

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from air_house import FORM, House, channel, fill
from rtmp_house import pull, until, visible

from servers import NginxRtmp, free_port
from webtv.air.channel import ChannelOnAir
from webtv.air.config import OutputConfig
from webtv.air.rtmp import RtmpOutput
from webtv.air.slice import StreamHeader
from webtv.core.clock import SystemClock
from webtv.core.events import Event

KEY = "s3cr3t-key-x9"


def output_state(on_air: ChannelOnAir, name: str) -> dict[str, Any]:
    return next(output for output in on_air.status()["outputs"] if output["name"] == name)


async def test_outputs_are_live_apart_from_each_other_and_come_back(
    house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(house, 8)
    nginx = NginxRtmp(tmp_path / "nginx")
    hung: list[asyncio.StreamWriter] = []
    url = nginx.url(KEY)

    async def never_reads(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.append(writer)

    mute = await asyncio.start_server(never_reads, "127.0.0.1", 0, limit=1)
    port = mute.sockets[0].getsockname()[1]
    outputs = (OutputConfig("good", url), OutputConfig("mute", f"rtmp://127.0.0.1:{port}/live/{KEY}"))
    events: list[Event] = []
    on_air = channel(house, SystemClock(), events, *outputs)  # type: ignore[arg-type]
    async with mute:
        async with nginx:
            task = asyncio.create_task(on_air.run())
            await until(
                lambda: bool(on_air.status()["outputs"]) and output_state(on_air, "good")["state"] == "live"
            )
            video, audio, leads = await asyncio.to_thread(pull, url, 40)
            assert leads
            assert video == sorted(set(video))
            assert audio == sorted(set(audio))
            steps = {b - a for a, b in itertools.pairwise(video)}
            assert steps <= {1000 // FORM.fps, 1000 // FORM.fps + 1}
            assert {b - a for a, b in itertools.pairwise(audio)} <= {21, 22}
            assert hung
            assert not any(KEY.encode() in text for text in visible())
        # The server is gone: the output says so, waits, and comes back with headers and a keyframe.
        await until(lambda: output_state(on_air, "good")["state"] == "waiting")
        assert output_state(on_air, "good")["error"]
        async with nginx:
            await until(lambda: output_state(on_air, "good")["sessions"] == 2)
            video, audio, leads = await asyncio.to_thread(pull, url, 20)
            assert leads
            assert video == sorted(set(video))
            mute_state = output_state(on_air, "mute")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for writer in hung:
            writer.close()
    assert mute_state["sessions"] == 0
    assert on_air.lost_seconds == 0
    # HLS never waited for any of it.
    index = (house.hls / "index.m3u8").read_text()
    gops = [int(line[:-4].partition("-")[2]) for line in index.splitlines() if line.endswith(".m4s")]
    assert gops == list(range(gops[0], gops[0] + len(gops)))
    assert "#EXT-X-DISCONTINUITY\n" not in index
    said = repr(events) + repr(on_air.config) + capfd.readouterr().err
    assert KEY not in said
    assert {"air.output.live", "air.output.failed"} <= {event.kind for event in events}


async def test_a_full_queue_drops_whole_gops_and_never_waits(house: House) -> None:
    fill(house, 2)
    rig = house.timeline()
    output = RtmpOutput(
        "x",
        f"rtmp://127.0.0.1:{free_port()}/live/{KEY}",
        slug="tide",
        header=rig.header,
        epoch=0.0,
        clock=SystemClock(),
        noise=random.Random(1),
        events=lambda event: None,
    )
    for number, piece in enumerate(rig.air(10)):
        output.offer(piece, float(number))
    assert output.status.dropped_gops == 6
    assert isinstance(rig.header, StreamHeader)
