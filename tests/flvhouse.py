"""A head-end on air whose pictures tell their own number, and FLV read back."""

import asyncio
import contextlib
import io
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.air.client import HeadEndClient
from webtv.air.clipsource import read_clip
from webtv.air.config import AirConfig, ChannelConfig
from webtv.air.slice import ASC, Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.errors import WebTVError
from webtv.core.format import AAC_FRAME, SAMPLE_RATE, house_format
from webtv.core.process import Process, python_command
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist

FORM = house_format("576p24@1")
SLUG = "tideline"  # a channel of the shipped fake station as well
GOPS = 2  # of the one clip, which airs again and again
NUMBERS = GOPS * FORM.gop
BITS = 8
AVCC = committed_avcc()[FORM.name]
HEADER = StreamHeader(FORM, AVCC, ASC)


def numbered() -> NDArray[np.uint8]:
    """A clip's pictures, a drifting texture with the picture's number as bars on top."""
    noise = np.random.default_rng(11)
    texture = noise.integers(0, 256, (FORM.height // 16, FORM.width // 16 + 8, 3), np.uint8)
    wide = cv2.resize(texture, (FORM.width + 128, FORM.height), interpolation=cv2.INTER_CUBIC)
    frames = np.stack([wide[:, i % 128 : i % 128 + FORM.width] for i in range(NUMBERS)])
    width = FORM.width // BITS
    for number, frame in enumerate(frames):
        for bit in range(BITS):
            frame[:128, bit * width : (bit + 1) * width] = 235 if number >> bit & 1 else 16
    return frames


def number_of(luma: NDArray[np.uint8]) -> int:
    """What a picture tells; uint8[height, width]."""
    height, width = luma.shape
    row = luma[height // 9, width // BITS // 2 :: width // BITS]
    return sum(1 << bit for bit, value in enumerate(row[:BITS]) if value > 128)


@cache
def clip() -> bytes:
    """The clip of these pictures with a tone, MP4; encoded once for all tests."""
    at = np.arange(NUMBERS * FORM.samples_per_frame) / SAMPLE_RATE
    tone = np.repeat(0.2 * np.sin(2 * np.pi * 330 * at)[:, None], 2, axis=1)
    file = io.BytesIO()
    encode_mp4([numbered()], np.asarray(tone, np.float32), FORM, file)
    return file.getvalue()


def entry(clip: str = "numbers") -> Entry:
    """What is on air."""
    return Entry(0, clip, Kind.NEW, "s", 1, 1, None, 0, NUMBERS, "Numbers", "../library/numbers.mp4")


def slices(total: int, first: int = 0, clip_id: str = "numbers") -> list[Slice]:
    """Slices of a timeline from this frame on, as a head-end makes them."""
    packets = read_clip(clip(), FORM, AVCC, "numbers", sound=True)
    sound = packets.sound
    found = []
    for frame in range(first, first + total * FORM.gop, FORM.gop):
        begin, end = (-(-f * FORM.samples_per_frame // AAC_FRAME) for f in (frame, frame + FORM.gop))
        audio = tuple(sound[i % len(sound)] for i in range(begin, end))
        video = packets.gops[frame // FORM.gop % GOPS]
        found.append(Slice(frame, video, begin, audio, entry(clip_id), frame == first))
    return found


@dataclass
class FlvHouse:
    """A data folder whose channel shows nothing but numbers: frame of the timeline modulo ``NUMBERS``."""

    data: Path

    def __post_init__(self) -> None:
        library = self.data / "library"
        library.mkdir(parents=True)
        (library / "numbers.mp4").write_bytes(clip())
        folder = self.data / "playlists"
        Playlist(folder / f"{SLUG}.ffconcat", folder / "archive" / SLUG).append([entry()] * 200)
        config = ChannelConfig(SLUG, "Tideline", "#7fb3d0", FORM.name)
        AirConfig((config,), hls_window=40.0).save(self.data / "air.json")

    @property
    def client(self) -> HeadEndClient:
        """Asks the head-end."""
        return HeadEndClient(self.data / "air.sock", timeout=5.0)

    @contextlib.asynccontextmanager
    async def on_air(self) -> AsyncIterator[Process]:
        """Run the head-end while the block lasts; yields once the channel has a picture."""
        argv = python_command("air", "--data", str(self.data))
        async with Process(argv, name="head-end", grace=5.0) as process:
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(WebTVError):
                        (channel,) = (await self.client.status())["channels"]
                        if channel["frame"] is not None:
                            break
                    assert process.returncode is None, " | ".join(process.tail)
                    await asyncio.sleep(0.02)  # another process: there is nothing to wait on
            yield process
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)

    async def epoch(self) -> float:
        """UTC second of frame 0."""
        (channel,) = (await self.client.status())["channels"]
        return float(channel["epoch"])


@dataclass(frozen=True)
class Tag:
    """One FLV tag.

    Attributes:
        kind: 8 sound, 9 picture, 18 script.
        stamp: milliseconds.
        data: its body.
    """

    kind: int
    stamp: int
    data: bytes

    @property
    def key(self) -> bool:
        """Whether it is an IDR picture."""
        return self.kind == 9 and self.data[:2] == b"\x17\x01"

    @property
    def media(self) -> bool:
        """Whether it is a picture or a sound, and no header."""
        return self.kind != 18 and self.data[1] == 1


def flv_tags(data: bytes) -> list[Tag]:
    """All whole tags of a stream from its beginning; asserts that they are well formed."""
    assert data[:5] == b"FLV\x01\x05"
    found, at = [], 13
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        if at + 15 + size > len(data):
            break
        stamp = int.from_bytes(data[at + 4 : at + 7]) | data[at + 7] << 24
        assert data[at] in (8, 9, 18)
        assert int.from_bytes(data[at + 11 + size : at + 15 + size]) == 11 + size
        found.append(Tag(data[at], stamp, data[at + 11 : at + 11 + size]))
        at += 15 + size
    return found


def script_number(tag: Tag, name: str) -> float:
    """A number of onMetaData."""
    key = name.encode()
    at = tag.data.index(len(key).to_bytes(2) + key + b"\x00") + len(key) + 3
    return float(np.frombuffer(tag.data[at : at + 8], ">f8")[0])
