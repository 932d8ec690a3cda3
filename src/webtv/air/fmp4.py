"""Fragmented MP4 written from counted timestamps (ISO/IEC 14496-12, -14, -15; RFC 8216 3.3).

The decode time of every fragment is computed from the frame and sample numbers, 64 bits, so a restart of
the process continues where the last one stopped.
"""

import struct

from webtv.air.slice import Slice, StreamHeader
from webtv.core.format import AAC_FRAME, SAMPLE_RATE, VIDEO_TIMESCALE

_VIDEO, _AUDIO = 1, 2
_SYNC, _DEPENDENT = 0x02000000, 0x01010000  # sample flags: an IDR picture; any other one
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init_segment(header: StreamHeader) -> bytes:
    """The initialisation segment: file type, movie with two empty tracks, fragment defaults."""
    form = header.format
    tracks = (
        _track(
            _VIDEO, VIDEO_TIMESCALE, b"vide", b"VideoHandler", _video_entry(header), form.width, form.height
        ),
        _track(_AUDIO, SAMPLE_RATE, b"soun", b"SoundHandler", _audio_entry(header), 0, 0),
    )
    extends = b"".join(
        _full(b"trex", 0, 0, struct.pack(">5I", number, 1, 0, 0, 0)) for number in (_VIDEO, _AUDIO)
    )
    movie = _full(
        b"mvhd",
        0,
        0,
        struct.pack(">4IIH10x", 0, 0, 1000, 0, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", _AUDIO + 1),
    )
    return _box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41") + _box(
        b"moov", movie, *tracks, _box(b"mvex", extends)
    )


def _track(
    number: int, timescale: int, handler: bytes, name: bytes, entry: bytes, width: int, height: int
) -> bytes:
    volume = 0x100 if handler == b"soun" else 0
    header = _full(
        b"tkhd",
        0,
        3,
        struct.pack(">5I8x4H", 0, 0, number, 0, 0, 0, 0, volume, 0),
        _MATRIX,
        struct.pack(">II", width << 16, height << 16),
    )
    kind = _full(b"smhd", 0, 0, bytes(4)) if handler == b"soun" else _full(b"vmhd", 0, 1, bytes(8))
    table = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, 0, bytes(4)),
        _full(b"stsc", 0, 0, bytes(4)),
        _full(b"stsz", 0, 0, bytes(8)),
        _full(b"stco", 0, 0, bytes(4)),
    )
    data = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack(">4IHH", 0, 0, timescale, 0, 0x55C4, 0)),  # language: und
        _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name, b"\0"),
        _box(b"minf", kind, data, table),
    )
    return _box(b"trak", header, media)


def _video_entry(header: StreamHeader) -> bytes:
    form = header.format
    return _box(
        b"avc1",
        struct.pack(">6xH16xHHII4xH32xHh", 1, form.width, form.height, 0x480000, 0x480000, 1, 24, -1),
        _box(b"avcC", header.avcc),
        _box(b"colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0)),  # BT.709, limited range
        _box(b"pasp", struct.pack(">II", 1, 1)),
    )


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body


def _audio_entry(header: StreamHeader) -> bytes:
    decoder = struct.pack(">BB3sII", 0x40, 0x15, bytes(3), 192_000, 128_000) + _descriptor(5, header.asc)
    stream = struct.pack(">HB", _AUDIO, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    return _box(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, 2, 16, 0, 0, SAMPLE_RATE << 16),
        _full(b"esds", 0, 0, _descriptor(3, stream)),
    )


def media_segment(piece: Slice, header: StreamHeader) -> bytes:
    """One media segment of one GOP; its sequence number is the GOP's number on the timeline."""
    form = header.format
    video_sizes = [len(unit) for unit in piece.video]
    audio_sizes = [len(unit) for unit in piece.audio]
    video = _fragment(
        _VIDEO, piece.frame * form.ticks_per_frame, form.ticks_per_frame, video_sizes, _SYNC, _DEPENDENT
    )
    audio = _fragment(_AUDIO, piece.audio_frame * AAC_FRAME, AAC_FRAME, audio_sizes, _SYNC, _SYNC)
    sequence = _full(b"mfhd", 0, 0, struct.pack(">I", (piece.frame // form.gop + 1) & 0xFFFFFFFF))
    length = 8 + len(sequence) + sum(len(head) + 4 + len(tail) for head, tail in (video, audio))
    offsets = (length + 8, length + 8 + sum(video_sizes))
    runs = b"".join(
        head + struct.pack(">i", offset) + tail
        for (head, tail), offset in zip((video, audio), offsets, strict=True)
    )
    data = b"".join((*piece.video, *piece.audio))
    return b"".join(
        (
            _box(b"styp", b"msdh", bytes(4), b"msdhmsix"),
            struct.pack(">I4s", length, b"moof"),
            sequence,
            runs,
            struct.pack(">I4s", 8 + len(data), b"mdat"),
            data,
        )
    )


def _fragment(
    track: int, decode_time: int, duration: int, sizes: list[int], first: int, others: int
) -> tuple[bytes, bytes]:
    """A track fragment in two parts, between which the data offset belongs."""
    head = _full(b"tfhd", 0, 0x020028, struct.pack(">III", track, duration, others))
    time = _full(b"tfdt", 1, 0, struct.pack(">Q", decode_time))
    sync_only_first = first != others
    flags = 0x000205 if sync_only_first else 0x000201
    body = struct.pack(f">{len(sizes)}I", *sizes)
    if sync_only_first:
        body = struct.pack(">I", first) + body
    run = struct.pack(">I4sII", 20 + len(body), b"trun", flags, len(sizes))
    size = 8 + len(head) + len(time) + len(run) + 4 + len(body)
    return struct.pack(">I4s", size, b"traf") + head + time + run, body
