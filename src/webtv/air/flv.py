"""FLV written from counted timestamps (Adobe FLV specification 10.1, annex E).

Timestamps are milliseconds since the session's epoch. A session must end before they reach 31 bits
(24.86 days), because many programs, FFmpeg among them, keep no more.
"""

import struct
from collections.abc import Iterator
from typing import Protocol

from webtv.air.slice import StreamHeader
from webtv.core.format import AAC_FRAME, SAMPLE_RATE, HouseFormat

FLV_TYPE = "video/x-flv"
_WEEK = 7 * 86_400  # seconds; timestamps of shared sessions begin anew with each week of a timeline
_SESSION = 3 * _WEEK  # seconds after which a shared session ends, before 31 bits of milliseconds are used up

_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
_HEAD = struct.Struct(">BBHBHBBH")
_TAIL = struct.Struct(">I")
FILE_HEADER = b"FLV\x01\x05" + struct.pack(">II", 9, 0)


class SlicePackets(Protocol):
    """One GOP with its sound, as a :class:`webtv.air.slice.Slice` has it; fields as there."""

    @property
    def frame(self) -> int: ...  # noqa: D102

    @property
    def video(self) -> tuple[bytes, ...]: ...  # noqa: D102

    @property
    def audio_frame(self) -> int: ...  # noqa: D102

    @property
    def audio(self) -> tuple[bytes, ...]: ...  # noqa: D102


def _tag(kind: int, timestamp: int, start: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The pieces of one tag; joined once, with all the others."""
    size = len(start) + len(data)
    stamp = timestamp & 0xFFFFFFFF
    head = _HEAD.pack(kind, size >> 16, size & 0xFFFF, stamp >> 16 & 0xFF, stamp & 0xFFFF, stamp >> 24, 0, 0)
    return head, start, data, _TAIL.pack(11 + size)


def _amf_key(name: str) -> bytes:
    data = name.encode()
    return struct.pack(">H", len(data)) + data


def _amf_number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def _amf_text(value: str) -> bytes:
    data = value.encode()
    return b"\x02" + struct.pack(">H", len(data)) + data


def session_start(frame: int, form: HouseFormat) -> int:
    """The frame at which the timestamps of a session are 0 that begins with this frame now.

    It follows from the frame alone, so all readers share the same bytes, and a new process goes on with the
    timestamps of the last one.
    """
    week = _WEEK * form.fps
    return frame // week * week


def session_ends(frame: int, start: int, form: HouseFormat) -> bool:
    """Whether a session that began at frame ``start`` must end before this frame; its reader comes again."""
    return frame - start >= _SESSION * form.fps


def metadata(header: StreamHeader, epoch: float, start: int = 0) -> bytes:
    """The onMetaData tag.

    Args:
        header: the channel's stream header.
        epoch: UTC second of timestamp 0, so that pages can tell what is on.
        start: timestamp of the first picture that follows, in milliseconds. Players that count from the
            first picture on need it to know what time it is.
    """
    form = header.format
    values = {
        "width": form.width,
        "height": form.height,
        "framerate": form.fps,
        "videocodecid": 7,
        "videodatarate": form.bit_rate / 1000,
        "audiocodecid": 10,
        "audiodatarate": 128,
        "audiosamplerate": SAMPLE_RATE,
        "audiosamplesize": 16,
        "epoch": epoch,
        "start": start / 1000,
    }
    items = b"".join(_amf_key(key) + _amf_number(value) for key, value in values.items())
    items += _amf_key("stereo") + b"\x01\x01" + _amf_key("encoder") + _amf_text("WebTV")
    array = b"\x08" + struct.pack(">I", len(values) + 2) + items + b"\x00\x00\x09"
    # At 0 whatever follows: FFmpeg takes metadata at a later time for a stream of texts.
    return b"".join(_tag(_SCRIPT, 0, _amf_text("onMetaData"), array))


def opening(header: StreamHeader, epoch: float, start: int = 0) -> bytes:
    """What stands at the head of a session: file header, metadata, both sequence headers.

    Args:
        header: the channel's stream header.
        epoch: UTC second of timestamp 0.
        start: timestamp of the first picture that follows, in milliseconds.
    """
    return b"".join(
        (
            FILE_HEADER,
            metadata(header, epoch, start),
            *_tag(_VIDEO, start, b"\x17\x00\x00\x00\x00", header.avcc),
            *_tag(_AUDIO, start, b"\xaf\x00", header.asc),
        )
    )


def tags(piece: SlicePackets, header: StreamHeader, first_frame: int, parts: int = 1) -> list[bytes]:
    """The tags of one slice, video and sound interleaved by time, cut into equal stretches of time.

    Args:
        piece: the slice.
        header: the channel's stream header.
        first_frame: video frame at which the session's timestamps are 0; sound before it is left out.
        parts: how many stretches; each is written when it is due.
    """
    per_frame = header.format.samples_per_frame
    start, first, length = first_frame * per_frame, piece.frame * per_frame, len(piece.video) * per_frame
    sound = _sound(piece, start)
    heard = next(sound, None)
    stretches: list[list[bytes]] = [[] for _ in range(parts)]
    last = parts - 1
    for i, unit in enumerate(piece.video):
        sample = first + i * per_frame
        while heard is not None and heard[0] < sample:
            stretches[max(0, min(last, (heard[0] - first) * parts // length))].extend(heard[1])
            heard = next(sound, None)
        stamp = (piece.frame + i - first_frame) * 1000 // header.format.fps
        picture = b"\x27\x01\x00\x00\x00" if i else b"\x17\x01\x00\x00\x00"
        stretches[i * parts // len(piece.video)].extend(_tag(_VIDEO, stamp, picture, unit))
    while heard is not None:
        stretches[max(0, min(last, (heard[0] - first) * parts // length))].extend(heard[1])
        heard = next(sound, None)
    return [b"".join(stretch) for stretch in stretches]


def _sound(piece: SlicePackets, start: int) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """The sound's tags, each with the sample of the timeline at which it begins."""
    for i, unit in enumerate(piece.audio):
        sample = (piece.audio_frame + i) * AAC_FRAME
        if sample >= start:
            yield sample, _tag(_AUDIO, (sample - start) * 1000 // SAMPLE_RATE, b"\xaf\x01", unit)
