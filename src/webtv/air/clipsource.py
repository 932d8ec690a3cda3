"""A playlist entry as a source: its GOPs read ahead of time, so that the air never waits for a disk."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

import av
from av.error import FFmpegError

from webtv.air.slice import ASC, Track
from webtv.core.errors import QualityError
from webtv.core.format import HouseFormat
from webtv.playlist.entry import Entry

Gop = tuple[bytes, ...]

_LARGEST = 256 << 20  # bytes; minutes of the largest format
# The index tells all that is asked. libavformat would decode seven pictures of every clip to learn more
# about them, and that costs half as much as mixing the clip's sound.
_NO_DECODING = {"probesize": "32", "skip_frame": "all"}


@dataclass(frozen=True, slots=True)
class Packets:
    """What a clip's file holds.

    Attributes:
        gops: its video.
        sound: its AAC frames; empty if they were not asked for, or if there are none.
    """

    gops: list[Gop]
    sound: tuple[bytes, ...]


def read_gops(data: bytes, form: HouseFormat, avcc: bytes, place: str) -> list[Gop]:
    """Split a clip's video into GOPs of access units; as :func:`read_clip`."""
    return read_clip(data, form, avcc, place).gops


def read_clip(data: bytes, form: HouseFormat, avcc: bytes, place: str, *, sound: bool = False) -> Packets:
    """Split a clip's video into GOPs of access units, and take its sound along if that is wanted.

    Args:
        data: the whole MP4.
        form: house format that it must have.
        avcc: decoder configuration record that it must carry, byte for byte.
        place: what to call it in errors.
        sound: whether its AAC frames are wanted; if not, nothing is said about them.

    Raises:
        QualityError: it cannot be spliced into this channel.
    """
    units: list[tuple[bytes, bool]] = []
    frames: list[bytes] = []
    try:
        with av.open(io.BytesIO(data), "r", format="mp4", options=_NO_DECODING) as container:
            if not container.streams.video:
                raise QualityError("there is no video in it", place=place)
            stream = container.streams.video[0]
            if getattr(stream.codec_context, "extradata", None) != avcc:  # no context: unknown codec
                raise QualityError(f"it is not encoded as {form.name}", place=place)
            wanted = [stream.index]
            for track in container.streams.audio[:1] if sound else ():
                if getattr(track.codec_context, "extradata", None) != ASC:
                    raise QualityError("its sound is not AAC-LC at 48 kHz in stereo", place=place)
                wanted.append(track.index)
            for packet in container.demux(wanted):
                if packet.size and packet.stream_index == stream.index:
                    units.append((bytes(packet), packet.is_keyframe))
                elif packet.size:
                    frames.append(bytes(packet))
    except (FFmpegError, ValueError, LookupError) as error:
        raise QualityError(f"it cannot be read ({error})", place=place) from error
    if not units or len(units) % form.gop:
        raise QualityError(f"it has {len(units)} frames, not whole GOPs of {form.gop}", place=place)
    gops = [units[i : i + form.gop] for i in range(0, len(units), form.gop)]
    if not all(gop[0][1] for gop in gops):
        raise QualityError(f"a GOP of {form.gop} frames does not begin with a keyframe", place=place)
    if not all(_is_whole(unit) for unit, _ in units):
        raise QualityError("a picture in it is damaged", place=place)
    return Packets([tuple(unit for unit, _ in gop) for gop in gops], tuple(frames))


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
        sound: its own AAC frames, for a channel that copies them.
    """

    def __init__(
        self,
        entry: Entry,
        gops: list[Gop],
        track: Track | None,
        samples_per_gop: int,
        start: int = 0,
        sound: tuple[bytes, ...] = (),
    ) -> None:
        self._entry = entry
        self._gops = gops
        self._track = track
        self._samples_per_gop = samples_per_gop
        self._next = start
        self._sound = sound

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

    @property
    def sound(self) -> tuple[bytes, ...]:
        """The clip's own AAC frames, or nothing."""
        return self._sound

    @property
    def sound_at(self) -> int:
        """Sample of the clip's own sound that belongs to the next GOP."""
        return self._next * self._samples_per_gop

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
        why = getattr(error, "strerror", None) or error  # its text alone may name a descriptor
        raise QualityError(f"it cannot be read ({why})", place=path.name) from error
