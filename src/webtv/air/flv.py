"""FLV written from counted timestamps (Adobe FLV specification 10.1, annex E).

Timestamps are milliseconds since the session's epoch. A session must end before they reach 31 bits
(24.86 days), because many programs, FFmpeg among them, keep no more.
"""

import struct

from webtv.air.slice import Slice, StreamHeader
from webtv.core.format import AAC_FRAME, SAMPLE_RATE

_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
FILE_HEADER = b"FLV\x01\x05" + struct.pack(">II", 9, 0)


def _tag(kind: int, timestamp: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    stamp = timestamp & 0xFFFFFFFF
    head = struct.pack(
        ">BBHBHBBH",
        kind,
        len(body) >> 16,
        len(body) & 0xFFFF,
        stamp >> 16 & 0xFF,
        stamp & 0xFFFF,
        stamp >> 24,
        0,
        0,
    )
    return head + body + struct.pack(">I", 11 + len(body))


def _amf_key(name: str) -> bytes:
    data = name.encode()
    return struct.pack(">H", len(data)) + data


def _amf_number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def _amf_text(value: str) -> bytes:
    data = value.encode()
    return b"\x02" + struct.pack(">H", len(data)) + data


def metadata(header: StreamHeader, epoch: float) -> bytes:
    """The onMetaData tag; ``epoch`` is the UTC second of timestamp 0, so that pages can tell what is on."""
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
    }
    items = b"".join(_amf_key(key) + _amf_number(value) for key, value in values.items())
    items += _amf_key("stereo") + b"\x01\x01" + _amf_key("encoder") + _amf_text("WebTV")
    array = b"\x08" + struct.pack(">I", len(values) + 2) + items + b"\x00\x00\x09"
    return _tag(_SCRIPT, 0, _amf_text("onMetaData"), array)


def opening(header: StreamHeader, epoch: float) -> bytes:
    """What stands at the head of a session: file header, metadata, both sequence headers."""
    return b"".join(
        (
            FILE_HEADER,
            metadata(header, epoch),
            _tag(_VIDEO, 0, b"\x17\x00\x00\x00\x00", header.avcc),
            _tag(_AUDIO, 0, b"\xaf\x00", header.asc),
        )
    )


def tags(piece: Slice, header: StreamHeader, first_frame: int, parts: int = 1) -> list[bytes]:
    """The tags of one slice, video and sound interleaved by time, cut into equal stretches of time.

    Args:
        piece: the slice.
        header: the channel's stream header.
        first_frame: video frame at which the session's timestamps are 0.
        parts: how many stretches; each is written when it is due.
    """
    form = header.format
    start = first_frame * form.samples_per_frame  # the session's epoch in samples
    stamped: list[tuple[int, int, bytes]] = []  # sample on the timeline, order, tag
    for i, unit in enumerate(piece.video):
        sample = (piece.frame + i) * form.samples_per_frame
        stamp = (piece.frame + i - first_frame) * 1000 // form.fps
        head = b"\x17\x01\x00\x00\x00" if i == 0 else b"\x27\x01\x00\x00\x00"
        stamped.append((sample, 0, _tag(_VIDEO, stamp, head, unit)))
    for i, unit in enumerate(piece.audio):
        sample = (piece.audio_frame + i) * AAC_FRAME
        if sample >= start:
            stamp = (sample - start) * 1000 // SAMPLE_RATE
            stamped.append((sample, 1, _tag(_AUDIO, stamp, b"\xaf\x01", unit)))
    stamped.sort(key=lambda item: item[:2])
    first = piece.frame * form.samples_per_frame
    length = len(piece.video) * form.samples_per_frame
    stretches: list[list[bytes]] = [[] for _ in range(parts)]
    for sample, _, tag in stamped:
        stretches[max(0, min(parts - 1, (sample - first) * parts // length))].append(tag)
    return [b"".join(stretch) for stretch in stretches]
