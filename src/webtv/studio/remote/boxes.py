"""An MP4's tables, counted before anything that allocates by them reads the file.

A sample table says in a few bytes how many samples there are, and every demuxer makes room for as many: some
nine kilobytes of file were worth five gigabytes of memory. This is the first fence and a cheap one; what it
does not know of stands before the limits of the child that decodes (:mod:`.decoder`).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from webtv.core.errors import QualityError

MOST_SAMPLES = 1_000_000  # of all tracks and fragments together; ten minutes of picture and sound are 70 000
_MOST_BOXES = 50_000
_DEEPEST = 16
# Wherever they stand: libavformat looks for every box in all of these.
_HOLDERS = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"udta", b"wave", b"mvex"}
    | {b"dinf", b"tref", b"gmhd", b"ilst", b"hoov", b"free", b"skip", b"sinf", b"schi"}
)
_PACKED = frozenset({b"cmov", b"cmvd", b"dcom"})
_SIZES = frozenset({b"stsz", b"stz2"})
_RUNS = {
    b"stts": (8, 0),
    b"ctts": (8, 0),
    b"stsc": (12, 4),
}  # bytes of an entry; where its count of samples is
_LISTS = frozenset({b"stss", b"stco", b"co64", b"elst"})


def expect_sane_tables(path: Path, place: str = "") -> None:
    """Read the box structure of an MP4 or MOV file and nothing of what it describes.

    Raises:
        QualityError: a table counts more than a million samples, the header is compressed, or there is no end
            of boxes.
    """
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        samples = 0
        for count, (kind, start, stop) in enumerate(_boxes(file, 0, end, 0)):
            if count >= _MOST_BOXES:
                raise QualityError("the video's header has no end of parts", place=place)
            if kind in _PACKED:
                raise QualityError("the video's header is compressed, which is not taken", place=place)
            table, own = _counted(file, kind, start, stop)
            samples += own
            if max(table, samples) > MOST_SAMPLES:
                raise QualityError(
                    f"the video claims {max(table, samples)} samples where a take has some hundreds",
                    place=place,
                    remedy="have the endpoint write plain MP4 files",
                )


def _boxes(file: IO[bytes], start: int, stop: int, depth: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, beginning and end of the content of each box, outer ones first."""
    while start + 8 <= stop:
        file.seek(start)
        head = file.read(16)
        size, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16], "big"), start + 16
        end = stop if size == 0 else min(start + size, stop)
        if end < begin:
            return  # no box: whoever demuxes stops here as well
        yield kind, begin, end
        if depth < _DEEPEST:
            if kind in _HOLDERS:
                yield from _boxes(file, begin, end, depth + 1)
            elif kind == b"meta":
                file.seek(begin + 4)
                offset = 0 if file.read(4) in (b"hdlr", b"ilst", b"keys") else 4  # QuickTime's has no version
                yield from _boxes(file, begin + offset, end, depth + 1)
        start = end


def _counted(file: IO[bytes], kind: bytes, start: int, stop: int) -> tuple[int, int]:
    """The largest figure of a table by which somebody allocates, and how many samples it adds to the file."""
    file.seek(start)
    if kind in _SIZES:
        samples = _number(file.read(12)[8:12])
        return samples, samples
    if kind == b"trun":
        samples = _number(file.read(8)[4:8])
        return samples, samples
    if kind in _LISTS:
        return _number(file.read(8)[4:8]), 0
    if kind in _RUNS:
        entry, at = _RUNS[kind]
        entries = _number(file.read(8)[4:8])
        if entries > MOST_SAMPLES:
            return entries, 0
        table = file.read(min(entries * entry, max(0, stop - start - 8)))
        runs = np.frombuffer(table[: len(table) // entry * entry], ">u4").reshape(-1, entry // 4)[:, at // 4]
        told = int(runs.max(initial=0)) if kind == b"stsc" else int(runs.sum(dtype=np.uint64))
        return max(entries, told), 0
    return 0, 0


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
