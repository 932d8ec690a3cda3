"""A real server and a real live stream for tests of the pages."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import imageio_ffmpeg
import uvicorn
from fastapi import FastAPI

from webtv.core.process import Process


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to pytest."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """A real server on loopback; yields its address."""
    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", ws="none")
    )
    serving = asyncio.create_task(server.serve(), name="web")
    try:
        async with asyncio.timeout(10):
            await server.up.wait()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving


@contextlib.asynccontextmanager
async def broadcast(folder: Path, poster: Path, ready: int = 4) -> AsyncIterator[Path]:
    """A live HLS stream of fragmented MP4 with programme date-time, made by FFmpeg while it is watched."""
    folder.mkdir(parents=True, exist_ok=True)
    scroll = "crop=768:432:x='128+120*sin(t/4)':y=72,scale=640:360"
    inputs = [
        "-readrate",
        "1",
        "-readrate_initial_burst",
        "14",
        "-loop",
        "1",
        "-framerate",
        "24",
        "-i",
        str(poster),
    ]
    sound = ["-readrate", "1", "-readrate_initial_burst", "14", "-f", "lavfi", "-i", "sine=220:r=48000"]
    video = ["-vf", scroll, "-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-pix_fmt", "yuv420p"]
    hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "20", "-hls_segment_type", "fmp4"]
    flags = ["-hls_flags", "program_date_time+delete_segments+temp_file", "-hls_segment_filename"]
    argv = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        *inputs,
        *sound,
        *video,
        "-c:a",
        "aac",
        *hls,
        *flags,
    ]
    async with Process(
        [*argv, str(folder / "s-%06d.m4s"), str(folder / "index.m3u8")], name="live"
    ) as process:
        async with asyncio.timeout(30):
            while len(list(folder.glob("s-*.m4s"))) < ready:
                assert process.returncode is None, "\n".join(process.tail)
                await asyncio.sleep(0.05)
        yield folder
