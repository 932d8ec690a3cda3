"""Processes: the station ends when it is told to, completely, and there is one of it at a time."""

import asyncio
import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from stationhouse import BACK, STOPPED, House, gop_number, house, small_channel, until

from servers import children_of
from webtv.core.process import Process

pytestmark = pytest.mark.e2e

SLUG = "quay"

# Makes standard input the controlling terminal, as a shell does, and becomes the station.
ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def home(tmp_path: Path, artifacts: Path) -> Iterator[House]:
    with house(tmp_path / "e2e-processes", artifacts) as found:
        found.write_channel(SLUG, small_channel("The Quay"))
        yield found


@contextlib.asynccontextmanager
async def at_work(home: House) -> AsyncIterator[Process]:
    """A station that is on air, with its studio in the middle of a job."""
    async with home.serving() as station:
        await home.playable(SLUG)
        await until("a job is under way", lambda: leased(home), BACK)
        yield station


def leased(home: House) -> list[str]:
    """Jobs that somebody works on now."""
    return [str(job["id"]) for job in home.rows("SELECT id FROM jobs WHERE state = 'leased'")]


async def ended(home: House, station: Process) -> None:
    """The station ends in time, with status 0, and nothing is left of it."""
    async with asyncio.timeout(STOPPED):
        assert await station.wait() == 0
    assert home.everyone() == []
    assert not (home.data / "air.sock").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_everything(home: House, number: signal.Signals) -> None:
    async with at_work(home) as station:
        assert len(home.everyone()) >= 4  # control plane, head-end, web, studio
        station.child.send_signal(number)
        await ended(home, station)
    assert "Traceback" not in home.last_words()


async def test_ctrl_c_on_a_terminal_ends_everything(home: House) -> None:
    outer, inner = os.openpty()
    said = bytearray()
    loop = asyncio.get_running_loop()
    loop.add_reader(outer, lambda: said.extend(heard(outer)))
    try:
        fcntl.ioctl(inner, termios.TIOCSWINSZ, b"\x28\x00\x78\x00\x00\x00\x00\x00")  # 40 lines of 120
        station = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", ON_A_TERMINAL, *home.serve_command()],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**os.environ, **home.env, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(inner)
        try:
            await home.playable(SLUG)
            await until("the status view shows it", lambda: b"The Quay" in said, BACK)
            os.write(outer, b"\x03")
            assert await until("it ends", lambda: station.poll() is not None, STOPPED)
        finally:
            station.kill()
            station.wait()
        assert station.returncode == 0
        assert home.everyone() == []
    finally:
        loop.remove_reader(outer)
        os.close(outer)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode(errors="replace"))
    assert home.url.replace("127.0.0.1", "localhost") in text
    assert "studio worker" in text
    assert "Traceback" not in text
    assert '"event"' not in text  # the log goes to its file, not across the view


def heard(terminal: int) -> bytes:
    """What the terminal got; nothing once its other end is closed."""
    with contextlib.suppress(OSError):
        return os.read(terminal, 65536)
    return b""


async def run(home: House, *command: str) -> tuple[int, str]:
    """Run a command to its end; returns its status and what it said."""
    env = {**os.environ, **home.env}
    done = await asyncio.to_thread(
        subprocess.run,
        list(command),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


async def test_one_station_at_a_time_and_a_takeover(home: House) -> None:
    async with at_work(home) as first:
        head_end = await home.head_end_pid()

        status, said = await run(home, *home.serve_command())
        assert status == 1
        assert said.splitlines() == [said.strip()], "one line"
        assert said.startswith("webtv: ")
        assert f"process {first.pid}" in said
        assert "webtv stop" in said
        assert "--takeover" in said
        assert first.returncode is None

        last = (await home.segments(SLUG))[-1]
        async with home.serving("--takeover") as second:
            async with asyncio.timeout(STOPPED):
                assert await first.wait() == 0
            await until("the second one runs", lambda: home.child("web") in children_of(second.pid), BACK)
            assert await home.head_end_pid() == head_end

            async def goes_on() -> bool:
                names = await home.segments(SLUG)
                return bool(names) and gop_number(names[-1]) > gop_number(last)

            await until("the stream goes on", goes_on, BACK)
            assert "DISCONTINUITY\n" not in (await home.get(f"/hls/{SLUG}/index.m3u8")).text
            assert "adopted" in home.log.read_text()

            status, said = await run(home, *home.command("stop"))
            assert (status, said) == (0, "Stopped\n")
            await ended(home, second)

    status, said = await run(home, *home.command("stop"))
    assert status == 0
    assert said.startswith("Nothing runs on")


async def test_stop_ends_a_head_end_that_was_left_alone(home: House) -> None:
    async with home.serving() as station:
        await home.playable(SLUG)
        station.child.kill()
        await station.wait()
        head_end = await home.head_end_pid()
        await until("only the head-end is left", lambda: home.everyone() == [head_end], BACK)
        status, said = await run(home, *home.command("stop"))
        assert (status, said) == (0, "Stopped\n")
        assert home.everyone() == []
