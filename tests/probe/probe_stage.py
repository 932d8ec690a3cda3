"""A stage for the probe's tests: really encoded programmes, and a small HTTP server that plays any part."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

FPS = 24
RATE = 48_000
GOP = 48
WIDTH, HEIGHT = 320, 192


def film(path: Path, scenes: Sequence[tuple[int, str, str]], *, gop: int = GOP, **options: str) -> Path:
    """Encode a programme as H.264 and AAC; the container follows from the name.

    Args:
        path: the file.
        scenes: seconds, look (``moving``, ``black``, ``still``) and sound (``tone``, ``silence``) of each.
        gop: frames per keyframe.
        options: the muxer's.
    """
    noise = np.random.default_rng(3)
    wide = noise.integers(40, 200, (HEIGHT, WIDTH * 4, 3), np.uint8).repeat(1, axis=0)
    with av.open(path, "w", options=options) as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.time_base = Fraction(1, FPS)
        video.options = {"preset": "ultrafast", "bf": "0", "g": str(gop), "sc_threshold": "0"}
        sound = out.add_stream("aac", rate=RATE, layout="stereo")
        frame = samples = 0
        for seconds, look, heard in scenes:
            for _ in range(seconds * FPS):
                if look == "moving":
                    at = (frame * 7) % (WIDTH * 3)
                    picture = wide[:, at : at + WIDTH]
                else:
                    picture = wide[:, :WIDTH] if look == "still" else np.zeros((HEIGHT, WIDTH, 3), np.uint8)
                shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                shown.pts = frame
                shown.time_base = Fraction(1, FPS)
                out.mux(video.encode(shown))
                frame += 1
                while samples < frame * RATE // FPS:
                    at_samples = samples + np.arange(1024)
                    wave = (
                        0.3 * np.sin(2 * np.pi * 440 * at_samples / RATE)
                        if heard == "tone"
                        else 0 * at_samples
                    )
                    data = np.stack([wave, wave]).astype(np.float32)
                    played = av.AudioFrame.from_ndarray(data, format="fltp", layout="stereo")
                    played.sample_rate, played.pts = RATE, samples
                    out.mux(sound.encode(played))
                    samples += 1024
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    return path


def flv_parts(data: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """An FLV file as its head (with metadata and sequence headers) and its tags with their milliseconds."""
    head, at, tags = data[:13], 13, []
    while at + 11 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        stamp = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        tag = data[at : at + 11 + size + 4]
        if kind == 18 or tag[12] == 0:
            head += tag
        else:
            tags.append((stamp, tag))
        at += len(tag)
    return head, tags


def epoch_tag(epoch: float) -> bytes:
    """An onMetaData tag that says when timestamp 0 airs."""
    body = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01\x00\x05epoch\x00" + struct.pack(">d", epoch)
    body += b"\x00\x00\x09"
    return b"\x12" + len(body).to_bytes(3, "big") + bytes(7) + body + struct.pack(">I", 11 + len(body))


def live_index(
    names: Sequence[str], first: int, start: float, seconds: float, *, marked: frozenset[str] = frozenset()
) -> str:
    """A live media playlist.

    Args:
        names: the segments in the window.
        first: media sequence.
        start: UTC second of the first one.
        seconds: length of each.
        marked: those before which a discontinuity stands.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{seconds:g}"]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{first}", '#EXT-X-MAP:URI="init.mp4"']
    for i, name in enumerate(names):
        date = datetime.fromtimestamp(start + i * seconds, UTC).isoformat(timespec="milliseconds")
        lines += ["#EXT-X-DISCONTINUITY"] * (name in marked)
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{date}", f"#EXTINF:{seconds:.5f},", name]
    return "\n".join(lines) + "\n"


Part = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(body: bytes, status: str = "200 OK") -> Part:
    """Answers with this."""

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()

    return play


def streams(*pieces: tuple[float, bytes], hold: float = 0.0) -> Part:
    """Sends pieces, each so many seconds after the one before; then holds the line."""

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for wait, piece in pieces:
            await asyncio.sleep(wait)
            writer.write(piece)
            await writer.drain()
        await asyncio.sleep(hold)

    return play


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """Takes the question and never answers."""
    await asyncio.sleep(3600)


@dataclass
class Stage:
    """An HTTP server on loopback; what it does at an address can be changed while it runs.

    Attributes:
        parts: what is played by path; 404 elsewhere.
        asked: paths in the order of the questions.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            question = await reader.readuntil(b"\r\n\r\n")
            path = question.split()[1].decode()
            self.asked.append(path)
            await self.parts.get(path, says(b"", "404 Not Found"))(writer)
        writer.close()

    def tells(self, *slugs: str, kind: str = "new") -> None:
        """Answer the API's list of channels."""
        channels = [{"slug": slug, "now": {"kind": kind}} for slug in slugs]
        self.parts["/api/channels"] = says(json.dumps(channels).encode())


@contextlib.asynccontextmanager
async def live(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run something beside the block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
