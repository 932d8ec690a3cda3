"""Watching a live HLS channel as a player does, and judging what was seen."""

import asyncio
import contextlib
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

import av
import httpx
import numpy as np
from numpy.typing import NDArray

GOP = 2
_NUMBER = re.compile(r"\d+-(\d+)\.m4s")


@dataclass(frozen=True)
class Index:
    """A media playlist, read.

    Attributes:
        sequence: EXT-X-MEDIA-SEQUENCE.
        dates: EXT-X-PROGRAM-DATE-TIME of each segment, in milliseconds since 1970 UTC.
        names: its segments.
        init: address of the initialisation segment.
        discontinuities: marks and the count of those that left the window.
    """

    sequence: int
    dates: list[int]
    names: list[str]
    init: str
    discontinuities: int

    @classmethod
    def read(cls, text: str) -> "Index":
        """Read it; asserts that there is a date for each segment."""
        lines = text.splitlines()

        def tag(name: str) -> list[str]:
            return [line.removeprefix(f"#{name}:") for line in lines if line.startswith(f"#{name}:")]

        dates = [
            round(datetime.fromisoformat(date).timestamp() * 1000) for date in tag("EXT-X-PROGRAM-DATE-TIME")
        ]
        names = [line for line in lines if line and not line.startswith("#")]
        assert lines[0] == "#EXTM3U"
        assert len(dates) == len(names) == len(tag("EXTINF"))
        return cls(
            int(tag("EXT-X-MEDIA-SEQUENCE")[0]),
            dates,
            names,
            re.findall(r'URI="([^"]+)"', tag("EXT-X-MAP")[0])[0],
            lines.count("#EXT-X-DISCONTINUITY") + int(tag("EXT-X-DISCONTINUITY-SEQUENCE")[0]),
        )


@dataclass
class Recording:
    """What a viewer of one channel got, in order.

    Attributes:
        init: the initialisation segment.
        segments: bytes of the segments.
        numbers: media sequence number of each.
        dates: programme date-time of each, in milliseconds.
        discontinuities: most marks that were ever seen.
    """

    init: bytes = b""
    segments: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    dates: list[int] = field(default_factory=list)
    discontinuities: int = 0

    async def follow(self, origin: str, slug: str) -> None:
        """Take every segment as it comes, until cancelled; a server that is away is asked again."""
        folder = f"{origin}/hls/{slug}"
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    await self._take_what_is_new(client, folder)
                await asyncio.sleep(0.5)

    async def _take_what_is_new(self, client: httpx.AsyncClient, folder: str) -> None:
        page = await client.get(f"{folder}/index.m3u8")
        if page.status_code != 200:
            return
        index = Index.read(page.text)
        if not self.init:
            self.init = (await client.get(f"{folder}/{index.init}")).raise_for_status().content
        self.discontinuities = max(self.discontinuities, index.discontinuities)
        for number, (name, date) in enumerate(
            zip(index.names, index.dates, strict=True), start=index.sequence
        ):
            if self.numbers and number <= self.numbers[-1]:
                continue
            segment = (await client.get(f"{folder}/{name}")).raise_for_status().content
            self.segments.append(segment)
            self.numbers.append(number)
            self.dates.append(date)


@dataclass(frozen=True)
class Watched:
    """A recording, decoded.

    Attributes:
        fps: frames per second.
        frames: presentation time of every picture, in seconds.
        small: every picture as 36 x 64 luma, uint8[N, 36, 64].
        video: time of every video packet, in its time base.
        video_step: what one frame is in that time base.
        audio: time of every audio packet, in samples.
        sound: all samples, float32[S, 2].
        rate: samples per second.
    """

    fps: int
    frames: list[Fraction]
    small: NDArray[np.uint8]
    video: list[int]
    video_step: Fraction
    audio: list[int]
    sound: NDArray[np.float32]
    rate: int


def decode(init: bytes, segments: list[bytes]) -> Watched:
    """Decode everything; raises PyAV's error where it cannot be decoded."""
    frames: list[Fraction] = []
    small: list[NDArray[np.uint8]] = []
    video: list[int] = []
    audio: list[int] = []
    sound: list[NDArray[np.float32]] = []
    with av.open(io.BytesIO(init + b"".join(segments)), format="mp4") as stream:
        picture, tone = stream.streams.video[0], stream.streams.audio[0]
        fps, rate = picture.average_rate, tone.rate
        assert fps is not None
        assert fps.denominator == 1
        step = 1 / (fps * Fraction(picture.time_base))
        unit = Fraction(tone.time_base) * rate
        for packet in stream.demux(picture, tone):
            if packet.dts is None:  # the flush at the end
                pass
            elif packet.stream is picture:
                assert packet.pts == packet.dts
                video.append(packet.dts)
            else:
                assert (packet.dts * unit).denominator == 1
                audio.append(int(packet.dts * unit))
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    assert frame.pts is not None
                    frames.append(frame.pts * Fraction(picture.time_base))
                    small.append(frame.reformat(64, 36, "gray8").to_ndarray())
                else:
                    sound.append(np.asarray(frame.to_ndarray(), np.float32).T)
    return Watched(int(fps), frames, np.stack(small), video, step, audio, np.concatenate(sound), rate)


def decibels(sound: NDArray[np.float32]) -> float:
    """Root mean square in dB of full scale."""
    return float(20 * np.log10(max(1e-9, float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))))))
