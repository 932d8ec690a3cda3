"""A playlist entry as a source: its GOPs read ahead of time, so that the air never waits for a disk."""

import io
import os
from pathlib import Path
from stat import S_ISREG

import av
from av.error import FFmpegError

from webtv.air.slice import Track
from webtv.core.errors import QualityError
from webtv.core.format import HouseFormat
from webtv.playlist.entry import Entry

Gop = tuple[bytes, ...]

_LARGEST = 256 << 20  # bytes; minutes of the largest format


def read_gops(data: bytes, form: HouseFormat, avcc: bytes, place: str) -> list[Gop]:
    """Split a clip's video into GOPs of access units.

    Args:
        data: the whole MP4.
        form: house format that it must have.
        avcc: decoder configuration record that it must carry, byte for byte.
        place: what to call it in errors.

    Raises:
        QualityError: it cannot be spliced into this channel.
    """
    units: list[tuple[bytes, bool]] = []
    try:
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            if not container.streams.video:
                raise QualityError("there is no video in it", place=place)
            stream = container.streams.video[0]
            if getattr(stream.codec_context, "extradata", None) != avcc:  # no context: unknown codec
                raise QualityError(f"it is not encoded as {form.name}", place=place)
            units.extend(
                (bytes(packet), packet.is_keyframe) for packet in container.demux(stream) if packet.size
            )
    except (FFmpegError, ValueError, LookupError) as error:
        raise QualityError(f"it cannot be read ({error})", place=place) from error
    if not units or len(units) % form.gop:
        raise QualityError(f"it has {len(units)} frames, not whole GOPs of {form.gop}", place=place)
    gops = [units[i : i + form.gop] for i in range(0, len(units), form.gop)]
    if not all(gop[0][1] for gop in gops):
        raise QualityError(f"a GOP of {form.gop} frames does not begin with a keyframe", place=place)
    if not all(_is_whole(unit) for unit, _ in units):
        raise QualityError("a picture in it is damaged", place=place)
    return [tuple(unit for unit, _ in gop) for gop in gops]


def _is_whole(unit: bytes) -> bool:
    """Whether the lengths of an access unit's NAL units add up; a player would lose its way otherwise."""
    at = 0
    while at < len(unit):
        at += 4 + int.from_bytes(unit[at : at + 4])
    return at == len(unit)


class ClipSource:
    """A clip in memory as a :class:`webtv.air.slice.Source`.

    Args:
        entry: what it is.
        gops: its video.
        track: the bed that goes with it, or None.
        samples_per_gop: 96,000 at every house rate.
        start: GOPs to pass over (a clip resumed after a restart).
    """

    def __init__(
        self, entry: Entry, gops: list[Gop], track: Track | None, samples_per_gop: int, start: int = 0
    ) -> None:
        self._entry = entry
        self._gops = gops
        self._track = track
        self._samples_per_gop = samples_per_gop
        self._next = start

    @property
    def entry(self) -> Entry:
        """What it is."""
        return self._entry

    @property
    def track(self) -> Track | None:
        """The sequence's bed."""
        return self._track

    @property
    def track_at(self) -> int:
        """Sample of the bed that belongs to the next GOP."""
        return self._entry.bed_at + self._next * self._samples_per_gop

    def next_gop(self) -> Gop | None:
        """The next GOP, or None at the end."""
        if self._next >= len(self._gops):
            return None
        gop = self._gops[self._next]
        self._next += 1
        return gop


def read_whole(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        QualityError: it is not there or cannot be read.
    """
    try:
        # Not blocking: a pipe that nobody writes to must not stop the air.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            stat = os.fstat(file.fileno())
            if not S_ISREG(stat.st_mode) or stat.st_size > _LARGEST:
                raise QualityError(f"it is no file of at most {_LARGEST >> 20} MiB", place=path.name)
            return file.read()
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError
        raise QualityError(f"it cannot be read ({error})", place=path.name) from error
