"""What flows inside the head-end: whole GOPs, and the slices of a channel's endless timeline."""

from dataclasses import dataclass
from typing import Protocol

from webtv.core.format import HouseFormat
from webtv.playlist.entry import Entry
from webtv.studio.ports import Sound


@dataclass(frozen=True, slots=True)
class Slice:
    """One GOP of a channel's timeline, with the sound that belongs to it. All outputs are fed with these.

    Attributes:
        frame: number of its first video frame on the channel's timeline.
        video: H.264 access units with four-byte lengths (AVCC), the first an IDR picture.
        audio_frame: number of its first AAC frame; its first sample is ``audio_frame * 1024``.
        audio: raw AAC frames of 1024 samples.
        entry: what is on air in it.
        joins: whether ``entry`` begins with this slice.
    """

    frame: int
    video: tuple[bytes, ...]
    audio_frame: int
    audio: tuple[bytes, ...]
    entry: Entry
    joins: bool


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What a decoder must know before the first slice.

    Attributes:
        format: the channel's house format.
        avcc: decoder configuration record of the video.
        asc: AudioSpecificConfig of the sound.
    """

    format: HouseFormat
    avcc: bytes
    asc: bytes


class Track(Protocol):
    """A sound that the mixer reads: a bed, or a live source's sound."""

    def read(self, start: int, count: int) -> Sound:
        """Samples ``start`` to ``start + count`` as float32[count, 2]; silence beyond its ends."""
        ...


class Source(Protocol):
    """Something that can be on air: it hands over whole GOPs until it is over.

    A playlist entry is one kind (:class:`webtv.air.clipsource.ClipSource`); a live model will be another.
    """

    @property
    def entry(self) -> Entry:
        """What it is."""
        ...

    @property
    def track(self) -> Track | None:
        """Its sound, or None for silence."""
        ...

    @property
    def track_at(self) -> int:
        """Sample of the track that belongs to the next GOP's first frame."""
        ...

    def next_gop(self) -> tuple[bytes, ...] | None:
        """The next GOP's access units, or None when it is over."""
        ...
