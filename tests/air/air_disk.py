"""What tests of HLS and recordings share: slices of a real station, a plain slate, playlists read back."""

import asyncio
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from air_house import AVCC, FORM, GOP, START, House, fill

from webtv.air.clipsource import Gop, read_gops
from webtv.air.hls import HlsWriter
from webtv.air.slice import Slice, StreamHeader
from webtv.clips.encoder import encode_mp4
from webtv.core.format import AAC_FRAME, SAMPLE_RATE

SILENCE = bytes.fromhex("211004608c1c")  # ISO 14496-3: a channel pair element without any band


def plain_slate() -> list[Gop]:
    """Two GOPs of grey: much smaller than any clip."""
    target = io.BytesIO()
    grey = np.full((2 * GOP, FORM.height, FORM.width, 3), 60, np.uint8)
    encode_mp4([grey], np.zeros((4 * SAMPLE_RATE, 2), np.float32), FORM, target)
    return read_gops(target.getvalue(), FORM, AVCC, "slate")


@dataclass(frozen=True)
class Aired:
    """Slices of a station that has aired some sequences, and a slate."""

    header: StreamHeader
    pieces: list[Slice]
    slate: list[Gop]

    @classmethod
    def make(cls, folder: Path, footage: object, count: int = 24) -> "Aired":
        house = House(folder, footage)  # type: ignore[arg-type]
        fill(house, 8)
        rig = house.timeline()
        pieces = rig.air(count)
        # Every access unit unlike every other, so that a clip's bytes can be looked for: the same
        # footage is linked under many names. Padding with an SEI of unregistered user data does it.
        return cls(rig.header, [marked(piece) for piece in pieces], plain_slate())

    def at(self, gop: int, like: int = 0, clip: str = "") -> Slice:
        """A slice of that number on the timeline, with the pictures of one of these."""
        return moved(self.pieces[like % len(self.pieces)], gop, clip)

    def writer(self, folder: Path, *, epoch: float = START, window: float = 20.0) -> HlsWriter:
        return HlsWriter(folder, self.header, epoch, window, slate=lambda: self.slate, silence=SILENCE)


def marked(piece: Slice) -> Slice:
    """The same slice with its clip's mark in every picture."""
    text = mark(piece.entry.clip)
    sei = b"\x06\x05" + bytes([16 + len(text)]) + bytes(range(1, 17)) + text + b"\x80"
    nal = len(sei).to_bytes(4) + sei
    return replace(piece, video=tuple(nal + unit for unit in piece.video))


def mark(clip: str) -> bytes:
    """What stands in every picture of a clip."""
    return f"<{clip}>".encode()


def moved(piece: Slice, gop: int, clip: str = "") -> Slice:
    """The same slice elsewhere on the timeline; as many AAC frames as belong there."""
    first, end = (-(-n * 2 * SAMPLE_RATE // AAC_FRAME) for n in (gop, gop + 1))
    audio = (piece.audio + piece.audio)[: end - first]
    entry = replace(piece.entry, clip=clip or piece.entry.clip)
    return replace(piece, frame=gop * GOP, audio_frame=first, audio=audio, entry=entry)


@dataclass(frozen=True)
class Listed:
    """A playlist as a player reads it."""

    media: int
    discontinuities: int
    names: list[str]
    dates: list[str]
    marks: list[bool]
    ended: bool

    @classmethod
    def read(cls, folder: Path) -> "Listed":
        lines = (folder / "index.m3u8").read_text().splitlines()

        def number(tag: str) -> int:
            (found,) = [line for line in lines if line.startswith(f"#EXT-X-{tag}-SEQUENCE:")]
            return int(found.rpartition(":")[2])

        names, dates, marks, marked_ = [], [], [], False
        for line in lines:
            marked_ |= line == "#EXT-X-DISCONTINUITY"
            if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
                dates.append(line.partition(":")[2])
            elif not line.startswith("#"):
                names.append(line)
                marks.append(marked_)
                marked_ = False
        return cls(
            number("MEDIA"),
            number("DISCONTINUITY"),
            names,
            dates,
            marks,
            lines[-1] == "#EXT-X-ENDLIST",
        )

    @property
    def gops(self) -> list[int]:
        return [gop_of(name) for name in self.names]


def gop_of(name: str) -> int:
    match = re.fullmatch(r".*-(\d+)\.m4s", name)
    assert match
    return int(match[1])


def bytes_in(folder: Path, text: bytes) -> list[str]:
    """Files of a folder in which this stands."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and text in path.read_bytes())


def packets(data: bytes) -> dict[str, list[tuple[int, bytes]]]:
    """Decode time and bytes of every packet, by kind of track, in the order of the file."""
    found: dict[str, list[tuple[int, bytes]]] = {"video": [], "audio": []}
    with av.open(io.BytesIO(data), "r", format="mp4") as opened:
        for packet in opened.demux():
            if packet.size:
                assert packet.dts is not None
                found[packet.stream.type].append((packet.dts, bytes(packet)))
    return found


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what another thread does."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - threads are at work
            await asyncio.sleep(0.002)


def boxes(data: bytes) -> Iterable[tuple[str, bytes]]:
    """The boxes that follow each other in some bytes."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        assert size >= 8
        assert at + size <= len(data)
        yield data[at + 4 : at + 8].decode(), data[at + 8 : at + size]
        at += size
