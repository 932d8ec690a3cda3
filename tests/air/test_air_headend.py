"""The head-end as a process: started, told, killed, restarted, stopped."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from air_house import FORM, House, fill, hls_bytes, read_back

from servers import free_port
from webtv.air.client import HeadEndClient
from webtv.air.config import AirConfig, ChannelConfig, OutputConfig, load_config
from webtv.core.errors import ConfigError, ConflictError, TransientError
from webtv.core.format import AAC_FRAME
from webtv.core.process import Process, python_command


def head_end(house: House) -> Process:
    return Process(python_command("air", "--data", str(house.data)), name="head-end", grace=5.0)


def client(house: House) -> HeadEndClient:
    return HeadEndClient(house.data / "air.sock", timeout=5.0)


def segments(house: House, slug: str = "tide") -> list[int]:
    path = house.data / "hls" / slug / "index.m3u8"
    with contextlib.suppress(OSError):
        return [
            int(line[:-4].partition("-")[2])
            for line in path.read_text().splitlines()
            if line.endswith(".m4s")
        ]
    return []


async def playable(house: House, slug: str = "tide", count: int = 3) -> None:
    async with asyncio.timeout(20):
        while len(segments(house, slug)) < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.02)


@pytest.fixture
async def running(house: House) -> AsyncIterator[House]:
    fill(house, 6)
    house.save_config()
    async with head_end(house) as process:
        await playable(house)
        yield house
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)


async def test_it_airs_tells_and_follows_its_configuration(running: House) -> None:
    house = running
    told = await client(house).status()
    assert set(told) == {"protocol", "version", "pid", "utc", "channels", "events", "last_error"}
    (channel,) = told["channels"]
    assert (channel["slug"], channel["state"], channel["lost_seconds"]) == ("tide", "on_air", 0)
    assert channel["now"]["listed"]
    assert channel["locked"] >= channel["now"]["n"]
    mode = stat.S_IMODE((house.data / "air.sock").stat().st_mode)
    assert mode == 0o600

    # A second channel, which has nothing to air yet, and an output that leads nowhere.
    target = OutputConfig("mirror", f"rtmp://127.0.0.1:{free_port()}/live/secret-key")
    house.save_config(house.config(target), house.config(slug="empty"))
    await client(house).reload()
    await playable(house, "empty")
    states = {c["slug"]: c for c in (await client(house).status())["channels"]}
    assert states["empty"]["state"] == "slate"
    assert [output["name"] for output in states["tide"]["outputs"]] == ["hls", "flv", "mirror"]
    assert "secret-key" not in json.dumps(states)
    house.save_config()
    await client(house).reload()
    (channel,) = (await client(house).status())["channels"]
    assert [output["name"] for output in channel["outputs"]] == ["hls", "flv"]

    # A broken configuration is refused and changes nothing.
    (house.data / "air.json").write_text("{")
    with pytest.raises(TransientError, match=r"air\.json"):
        await client(house).reload()
    assert len((await client(house).status())["channels"]) == 1


async def test_another_way_of_making_sound_is_followed_without_losing_the_place(running: House) -> None:
    house = running
    (before,) = (await client(house).status())["channels"]
    listed = segments(house)
    house.save_config(replace(house.config(), audio="passthrough"))
    await client(house).reload()
    await playable(house, count=len(listed) + 3)
    (after,) = (await client(house).status())["channels"]
    assert (after["epoch"], after["state"], after["lost_seconds"]) == (before["epoch"], "on_air", 0)
    assert after["now"]["n"] > before["now"]["n"]
    folder = house.data / "hls" / "tide"
    assert "#EXT-X-DISCONTINUITY\n" not in (folder / "index.m3u8").read_text(), "the timeline went on"
    assert segments(house) == list(range(len(segments(house))))
    stream = read_back(hls_bytes(folder))
    assert set(np.diff(stream.video.dts)) == {np.diff(stream.video.dts)[0]}
    assert set(np.diff(stream.audio.dts)) == {AAC_FRAME}


async def test_a_second_one_is_refused_in_one_line(running: House) -> None:
    argv = python_command("air", "--data", str(running.data))
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "webtv stop" in done.stderr
    assert (await client(running).status())["channels"]


@pytest.mark.parametrize("config", [None, "{", '{"protocol":99}'])
async def test_without_a_usable_configuration_it_says_what_to_do(house: House, config: str | None) -> None:
    if config is not None:
        (house.data / "air.json").write_text(config)
    argv = python_command("air", "--data", str(house.data))
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "webtv serve" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_kill_is_survived_and_a_stop_is_not(house: House) -> None:
    fill(house, 8)
    house.save_config()
    async with head_end(house) as process:
        await playable(house, count=4)
        os.kill(process.pid, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    before = segments(house)
    async with head_end(house) as process:
        await playable(house, count=len(before) + 2)
        gops = segments(house)
        assert gops == list(range(gops[0], gops[0] + len(gops)))
        assert gops[: len(before)] == before
        assert "#EXT-X-DISCONTINUITY\n" not in (house.hls / "index.m3u8").read_text()
        stream = read_back(hls_bytes(house.hls))
        assert stream.steps("video") == {FORM.ticks_per_frame}
        assert stream.steps("audio") == {AAC_FRAME}
        await client(house).stop()
        async with asyncio.timeout(6):  # three times the figure
            assert await process.wait() == 0
        assert not process.tail  # nothing went wrong on the way
    starts = [airing.start_frame for airing in house.log.read()]
    assert starts == sorted(set(starts))
    assert not (house.data / "air.sock").exists()
    with pytest.raises(TransientError):
        await client(house).status()


async def test_sigterm_ends_it_while_slates_are_being_made(house: House) -> None:
    house.save_config(*(house.config(slug=f"c{n}") for n in range(3)))
    async with head_end(house) as process:
        async with asyncio.timeout(20):
            while not (house.data / "air.sock").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)
        os.kill(process.pid, signal.SIGTERM)
        async with asyncio.timeout(6):
            assert await process.wait() == 0


async def test_another_protocol_is_refused(house: House) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"protocol":99}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, house.data / "air.sock")
    async with server:
        with pytest.raises(ConflictError, match="webtv stop"):
            await client(house).status()


def test_the_configuration_is_for_the_owner_only_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "air.json"
    channel = ChannelConfig("a", "A", "#ffffff", "720p24@1", (OutputConfig("o", "rtmp://h/k"),), "../i.mp4")
    config = AirConfig((channel,), hls_window=30.0, orphan_days=2.0)
    config.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_config(path) == config
    assert "rtmp://h/k" not in repr(config)
    for broken in ("[]", "7", '{"protocol":1,"channels":[{}]}', '{"protocol":1,"channels":[{"slug":1}]}'):
        path.write_text(broken)
        with pytest.raises(ConfigError):
            load_config(path)
