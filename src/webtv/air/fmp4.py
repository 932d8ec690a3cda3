"""Fragmented MP4 written from counted timestamps (ISO/IEC 14496-12, -14, -15; RFC 8216 3.3).

The decode time of every fragment is computed from the frame and sample numbers, 64 bits, so a restart of
the process continues where the last one stopped.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from webtv.air.slice import Slice, StreamHeader
from webtv.core.format import AAC_FRAME, SAMPLE_RATE, VIDEO_TIMESCALE, HouseFormat

_VIDEO, _AUDIO = 1, 2
_SYNC, _DEPENDENT = 0x02000000, 0x01010000  # sample flags: an IDR picture; any other one
_FRAGMENTS = 8  # sequence numbers that each GOP has; its fragments are never more
_FROM_1904 = 2_082_844_800  # seconds from the epoch of MP4 to that of Unix
_SIDX = 40  # bytes of a segment index without references
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init_segment(header: StreamHeader, *, created: float | None = None) -> bytes:
    """The initialisation segment: file type, movie with two empty tracks, fragment defaults.

    Args:
        header: the channel's stream header.
        created: UTC second that the file tells as its time of creation, if any.
    """
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
        0 if created is None else 1,
        0,
        struct.pack(">4I", 0, 0, 1000, 0) if created is None else struct.pack(">QQIQ", *_moment(created)),
        struct.pack(">IH10x", 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", _AUDIO + 1),
    )
    return _box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41") + _box(
        b"moov", movie, *tracks, _box(b"mvex", extends)
    )


def _moment(utc: float) -> tuple[int, int, int, int]:
    """Times of creation and change, time scale and duration of a movie."""
    seconds = int(utc) + _FROM_1904
    return seconds, seconds, 1000, 0


def free_box(size: int) -> bytes:
    """A box of so many bytes, eight at least, that every reader passes over."""
    return struct.pack(">I4s", size, b"free") + bytes(size - 8)


def index_room(count: int) -> int:
    """Bytes that :func:`segment_index` needs for so many references at most."""
    return _SIDX + 12 * count + 8


def segment_index(sizes: Sequence[int], ticks: int, room: int) -> bytes:
    """A segment index (``sidx``) by which players seek in a file, filled up with a free box.

    Args:
        sizes: bytes of each stretch, each beginning with a keyframe; the first follows what is returned.
        ticks: duration of each at 90 kHz.
        room: bytes that it takes; stretches are joined where there are too many for it.
    """
    most = (room - _SIDX - 8) // 12
    each = -(-len(sizes) // most) or 1
    joined = [sizes[i : i + each] for i in range(0, len(sizes), each)]
    length = _SIDX + 12 * len(joined)
    head = struct.pack(">IIQQHH", _VIDEO, VIDEO_TIMESCALE, 0, room - length, 0, len(joined))
    references = b"".join(struct.pack(">3I", sum(part), len(part) * ticks, 0x90000000) for part in joined)
    return _full(b"sidx", 1, 0, head, references) + free_box(room - length)


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


def chunk_plan(form: HouseFormat) -> tuple[int, ...]:
    """How a GOP is cut so that a player shows its first picture before the rest is there.

    Returns:
        Pictures of each chunk but the last, which takes what is left: the keyframe alone, the rest of a
        quarter of a second, then halves.
    """
    return (1, form.fps // 4 - 1, *(form.fps // 2,) * 2)


def media_segment(
    piece: Slice, header: StreamHeader, *, first_frame: int = 0, chunks: Sequence[int] = ()
) -> bytes:
    """One media segment of one GOP.

    Args:
        piece: the slice.
        header: the channel's stream header.
        first_frame: frame of the timeline at which decode times are 0.
        chunks: pictures of each fragment but the last; none means one fragment. See :func:`chunk_plan`.
    """
    parts = fragments(piece, header, first_frame=first_frame, chunks=chunks)
    return b"".join((_box(b"styp", b"msdh", bytes(4), b"msdhmsix"), *parts))


def fragments(
    piece: Slice, header: StreamHeader, *, first_frame: int = 0, chunks: Sequence[int] = ()
) -> list[bytes]:
    """The movie fragments of a slice, ``moof`` and ``mdat`` each, in the order in which they are sent.

    Each holds some pictures and the sound that begins while they are shown. Sequence numbers come from
    the GOP's number on the timeline, so they rise over restarts, too.

    Args:
        piece: the slice; its first frame must not lie before ``first_frame``.
        header: the channel's stream header.
        first_frame: frame of the timeline at which decode times are 0.
        chunks: pictures of each fragment but the last; at most seven.
    """
    form = header.format
    number = piece.frame // form.gop * _FRAGMENTS
    made: list[bytes] = []
    picture = sound = 0
    ends = [*accumulate(chunks), len(piece.video)]
    for count, end in enumerate(ends, 1):
        until = len(piece.audio)
        if count < len(ends):  # sound that begins at or after this sample belongs to the next chunk
            sample = (piece.frame + end) * form.samples_per_frame
            until = max(sound, min(until, -(-sample // AAC_FRAME) - piece.audio_frame))
        video = _Run(
            _VIDEO,
            (piece.frame + picture - first_frame) * form.ticks_per_frame,
            form.ticks_per_frame,
            piece.video[picture:end],
            _SYNC if picture == 0 else _DEPENDENT,
            _DEPENDENT,
        )
        audio = _Run(
            _AUDIO,
            (piece.audio_frame + sound) * AAC_FRAME - first_frame * form.samples_per_frame,
            AAC_FRAME,
            piece.audio[sound:until],
            _SYNC,
            _SYNC,
        )
        made.append(_fragment(number + count, [run for run in (video, audio) if run.units]))
        picture, sound = end, until
    return made


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring samples of one track."""

    track: int
    decode_time: int
    duration: int
    units: Sequence[bytes]
    first: int  # flags of the first sample
    others: int  # flags of the others

    def box(self) -> tuple[bytes, bytes]:
        """A track fragment in two parts, between which the data offset belongs."""
        head = _full(b"tfhd", 0, 0x020028, struct.pack(">III", self.track, self.duration, self.others))
        time = _full(b"tfdt", 1, 0, struct.pack(">Q", self.decode_time))
        count = len(self.units)
        flags = 0x000201
        body = struct.pack(f">{count}I", *map(len, self.units))
        if self.first != self.others:
            flags = 0x000205
            body = struct.pack(">I", self.first) + body
        run = struct.pack(">I4sII", 20 + len(body), b"trun", flags, count)
        size = 8 + len(head) + len(time) + len(run) + 4 + len(body)
        return struct.pack(">I4s", size, b"traf") + head + time + run, body


def _fragment(number: int, runs: Sequence[_Run]) -> bytes:
    """``moof`` and ``mdat``; the tracks' samples lie behind each other in the latter."""
    sequence = _full(b"mfhd", 0, 0, struct.pack(">I", number & 0xFFFFFFFF))
    boxes = [run.box() for run in runs]
    length = 8 + len(sequence) + sum(len(head) + 4 + len(tail) for head, tail in boxes)
    offset = length + 8
    parts = [struct.pack(">I4s", length, b"moof"), sequence]
    for (head, tail), run in zip(boxes, runs, strict=True):
        parts += (head, struct.pack(">i", offset), tail)
        offset += sum(map(len, run.units))
    parts.append(struct.pack(">I4s", offset - length, b"mdat"))
    for run in runs:
        parts += run.units
    return b"".join(parts)
