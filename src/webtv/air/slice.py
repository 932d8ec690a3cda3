"""What flows inside the head-end: whole GOPs, and the slices of a channel's endless timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from webtv.core.format import HouseFormat
from webtv.playlist.entry import Entry
from webtv.studio.ports import Sound

ASC = bytes.fromhex("119056e500")  # AudioSpecificConfig of every house format: AAC-LC, 48 kHz, stereo


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

    @property
    def sound(self) -> Sequence[bytes]:
        """Its own sound as AAC frames, for a channel that copies it; empty where there is none."""
        ...

    @property
    def sound_at(self) -> int:
        """Sample of its own sound that belongs to the next GOP's first frame."""
        ...

    def next_gop(self) -> tuple[bytes, ...] | None:
        """The next GOP's access units, or None when it is over."""
        ...


class SoundPath(Protocol):
    """How a channel's sound is made: mixed from beds, or copied from the clips.

    The grid of AAC frames is absolute: frame ``a`` holds samples ``1024 a`` to ``1024 a + 1023`` of the
    timeline, so a new process continues the grid of the last one.
    """

    @property
    def audio(self) -> str:
        """What channel files call it: ``mixed`` or ``passthrough``."""
        ...

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig."""
        ...

    @property
    def next_frame(self) -> int:
        """Number of the next AAC frame that will be handed out."""
        ...

    def cue(self, sample: int, source: Source, *, goes_on: bool = False) -> None:
        """From this sample on, this source sounds.

        Args:
            sample: sample of the timeline, on a GOP, up to which everything has been handed out.
            source: what sounds; its positions are those of the GOP that begins there.
            goes_on: whether it sounded on this path before this process began, up to this sample.
        """
        ...

    def advance(self, until: int) -> tuple[int, tuple[bytes, ...]]:
        """Hand out every AAC frame that begins before sample ``until`` and has not been handed out.

        Returns:
            The number of the first frame, and the frames.
        """
        ...
