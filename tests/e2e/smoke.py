"""``make smoke``: start a station on an empty folder, watch every channel, stop it, look for leftovers.

Takes about three minutes and at most five. Says what it sees; ends with status 1 and the reason if that is
not good enough.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script, not run by pytest
from servers import REPOSITORY, free_port, processes_with
from webtv.core.process import Process, python_command

# Time-outs at three times what is promised: how fast it is, benchmarks say.
START = 3 * 15.0
STOP = 3 * 5.0
SLACK = 60.0


class Failed(Exception):
    """What the smoke test found wrong."""


@dataclass(frozen=True)
class Seen:
    """What came of watching one channel: its time, decoded pictures and frames of sound, odd timestamps."""

    seconds: float
    pictures: int
    sounds: int
    irregular: int


def watch(url: str, seconds: float) -> Seen:
    """Play a live stream for so long by its own clock, decoding everything."""
    pictures = sounds = irregular = 0
    last: dict[int, Fraction] = {}
    first: Fraction | None = None
    late = time.monotonic() + seconds + SLACK
    with av.open(url, timeout=(20, 20)) as stream:
        for packet in stream.demux():
            if packet.dts is None:
                continue
            at = packet.dts * Fraction(packet.time_base)
            before = last.get(packet.stream.index)
            irregular += before is not None and not 0 < at - before < Fraction(1, 5)
            last[packet.stream.index] = at
            decoded = len(packet.decode())
            if packet.stream.type == "audio":
                sounds += decoded
                continue
            pictures += decoded
            first = at if first is None else first
            if at - first >= seconds or time.monotonic() > late:
                return Seen(float(at - first), pictures, sounds, irregular)
    return Seen(0.0, pictures, sounds, irregular)


def judge(slug: str, seen: Seen, seconds: float) -> None:
    """Say what was seen of a channel.

    Raises:
        Failed: it was not good enough.
    """
    say(f"{slug}: {seen.seconds:.1f} s, {seen.pictures} pictures, {seen.irregular} irregular timestamps")
    if seen.seconds < seconds or seen.pictures < (seconds - 1) * 23 or seen.sounds < (seconds - 1) * 45:
        raise Failed(f"{slug} ended early, or lacks picture or sound: {seen}")
    if seen.irregular:
        raise Failed(f"{slug} has irregular timestamps: {seen}")


async def playable(client: httpx.AsyncClient, station: Process) -> list[str]:
    """Wait until every channel has a segment to play; returns the channels' slugs."""
    waiting_for = ["a list of channels"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START):
            while station.returncode is None:
                await asyncio.sleep(0.1)
                with contextlib.suppress(httpx.HTTPError, ValueError):
                    slugs = [str(channel["slug"]) for channel in (await client.get("/api/channels")).json()]
                    pages = {slug: await client.get(f"/hls/{slug}/index.m3u8") for slug in slugs}
                    waiting_for = [slug for slug, page in pages.items() if "#EXTINF" not in page.text]
                    if slugs and not waiting_for:
                        return slugs
            raise Failed(f"the station ended with status {station.returncode}")
    raise Failed(f"not playable after {START:g} s: {', '.join(waiting_for) or 'no channels'}")


async def watch_all(client: httpx.AsyncClient, slugs: list[str], seconds: float) -> None:
    """Watch all channels at once and judge them."""
    urls = [f"{str(client.base_url).rstrip('/')}/hls/{slug}/index.m3u8" for slug in slugs]
    try:
        results = await asyncio.gather(*(asyncio.to_thread(watch, url, seconds) for url in urls))
    except av.error.FFmpegError as error:
        raise Failed(f"a stream broke off: {error}") from error
    for slug, seen in zip(slugs, results, strict=True):
        judge(slug, seen, seconds)
    for channel in (await client.get("/api/channels")).json():
        ahead = channel["buffer_seconds"]
        say(f"{channel['slug']}: {channel['state']}, {ahead:.0f} s of new content ahead")


async def stop(station: Process) -> None:
    """Stop it as Ctrl-C does."""
    begun = time.monotonic()
    station.child.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(STOP):
            status = await station.wait()
    except TimeoutError:
        raise Failed(f"still running {STOP:g} s after Ctrl-C") from None
    say(f"stopped {time.monotonic() - begun:.1f} s after Ctrl-C")
    if status != 0:
        raise Failed(f"the station ended with status {status}")


@contextlib.contextmanager
def no_leftovers(marker: str) -> Iterator[None]:
    """Everything that was started with this marker has ended when the block ends, if need be by force."""
    try:
        yield
        if left := [f"{pid} ({command_of(pid)})" for pid in processes_with(marker)]:
            raise Failed(f"still running after the end: {', '.join(left)}")
    finally:
        for pid in processes_with(marker):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def command_of(pid: int) -> str:
    """What a process runs, as far as it is still there to ask."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    return "ended"


async def smoke(seconds: float) -> None:
    """Start, watch, stop.

    Raises:
        Failed: with the reason.
    """
    marker, port = f"smoke-{uuid.uuid4()}", free_port()
    with tempfile.TemporaryDirectory(prefix="webtv-smoke-") as folder, no_leftovers(marker):
        log = Path(folder) / "station.log"
        station = Process(
            python_command(
                *("serve", "--data", f"{folder}/data", "--channels", str(REPOSITORY / "channels")),
                *("--port", str(port)),
            ),
            name="station",
            env={"WEBTV_SMOKE_MARKER": marker},
            log=log,
            grace=STOP,
        )
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False)
        begun = time.monotonic()
        try:
            async with station, client:
                slugs = await playable(client, station)
                say(f"playable after {time.monotonic() - begun:.1f} s: {', '.join(slugs)}")
                await watch_all(client, slugs, seconds)
                await stop(station)
        except BaseException:
            say("\n".join(["The station's last words:", *log.read_text(errors="replace").splitlines()[-40:]]))
            raise


def say(text: str) -> None:
    """One line for whoever watches."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Start a station, watch every channel, stop it.")
    parser.add_argument("--seconds", type=float, default=150.0, help="how long to watch (150)")
    try:
        asyncio.run(smoke(parser.parse_args().seconds))
    except Failed as failure:
        sys.exit(f"smoke: {failure}")
    say("smoke: ok")
