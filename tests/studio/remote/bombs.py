"""Small films whose tables claim more than anybody should make room for."""

import struct
from collections.abc import Iterator

from films import film


def places_of(data: bytes, kind: bytes) -> Iterator[int]:
    """Where the content of each box of a kind begins, after version and flags."""
    at = -1
    while (at := data.find(kind, at + 1)) >= 0:
        yield at + 8


def bomb(samples: int, *, streams: int = 1) -> bytes:
    """A film of some kilobytes that claims so many samples of one byte in each stream, consistently."""
    data = bytearray(film(streams=streams))
    for at in places_of(data, b"stsz"):
        struct.pack_into(">II", data, at, 1, samples)
    for kind in (b"stsc", b"stts"):
        for at in places_of(data, kind):
            struct.pack_into(">I", data, at + 8, samples)
    return bytes(data)


def counting(kind: bytes, count: int) -> bytes:
    """A film one of whose tables announces so many entries."""
    data = bytearray(film())
    at = next(places_of(data, kind))
    struct.pack_into(">I", data, at + (4 if kind == b"stsz" else 0), count)
    return bytes(data)


def box(kind: bytes, content: bytes = b"") -> bytes:
    """One box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def fragment(samples: int, runs: int = 1) -> bytes:
    """A fragment whose runs claim so many samples each and say nothing of any."""
    run = box(b"trun", struct.pack(">II", 0, samples))
    return box(b"ftyp", b"isom") + box(b"moof", box(b"traf", run * runs))
