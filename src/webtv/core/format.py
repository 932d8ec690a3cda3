"""House formats: the one exact encoding that every clip of a channel has, so that clips splice by copying."""

import re
from dataclasses import dataclass

from webtv.core.errors import InputError

SAMPLE_RATE = 48_000
AAC_FRAME = 1024
VIDEO_TIMESCALE = 90_000
GOP_SECONDS = 2
CROSSFADE = 48_000  # samples by which a bed outlasts its sequence, and over which two beds cross

_SIZES = {"576p": (1024, 576), "720p": (1280, 720), "1080p": (1920, 1080)}
_RATES = (24, 25, 30)
_BIT_RATES = {"576p": 1_800_000, "720p": 2_500_000, "1080p": 4_500_000}
_PATTERN = re.compile(r"(?P<size>576p|720p|1080p)(?P<rate>24|25|30)@(?P<version>1)")

FORMAT_NAMES = tuple(f"{size}{rate}@1" for size in _SIZES for rate in _RATES)


@dataclass(frozen=True, slots=True)
class HouseFormat:
    """One house format: H.264 High yuv420p BT.709 limited, closed GOP of two seconds, no B-frames.

    Attributes:
        name: e.g. ``720p24@1``; the number after @ is the version of the encoding.
        width: pixels, even.
        height: pixels, even.
        fps: frames per second, an integer.
        bit_rate: target of the video, bits per second; the VBV caps it at 1.5 times.
    """

    name: str
    width: int
    height: int
    fps: int
    bit_rate: int

    @property
    def gop(self) -> int:
        """Frames per closed GOP (two seconds)."""
        return GOP_SECONDS * self.fps

    @property
    def ticks_per_frame(self) -> int:
        """Ticks of the 90 kHz video clock per frame; exact for every house rate."""
        return VIDEO_TIMESCALE // self.fps

    @property
    def samples_per_frame(self) -> int:
        """Audio samples at 48 kHz per video frame; exact for every house rate."""
        return SAMPLE_RATE // self.fps


def house_format(name: str) -> HouseFormat:
    """Parse a house format's name.

    Raises:
        InputError: the name is no house format.
    """
    match = _PATTERN.fullmatch(name)
    if not match:
        raise InputError(f"{name!r} is no house format", remedy=f"write one of {', '.join(FORMAT_NAMES)}")
    width, height = _SIZES[match["size"]]
    return HouseFormat(name, width, height, int(match["rate"]), _BIT_RATES[match["size"]])
