"""Demuxed packets into a reading, and as much decoding as that needs: keyframes, and all of the sound.

Between two keyframes nothing is decoded: a picture every two seconds tells black and frozen pictures at a
fiftieth of the cost. The decoders outlive segments, because AAC carries over from one to the next.
"""

from dataclasses import dataclass
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from webtv.core.format import AAC_FRAME
from webtv.probe.reading import Medium, Reading, Unit

# Finding out what is in a container decodes a picture of it, unless no decoder may: 0.5 ms instead of 12 ms.
OPEN_OPTIONS = {"codec_whitelist": "none"}
# A live stream is not collected for seconds before its first packet is handed out.
LIVE_OPTIONS = {**OPEN_OPTIONS, "analyzeduration": "200000"}
_RATES = (
    96_000,
    88_200,
    64_000,
    48_000,
    44_100,
    32_000,
    24_000,
    22_050,
    16_000,
    12_000,
    11_025,
    8_000,
    7_350,
)
_GRID = 16  # every so many pixels, across and down, one is looked at


@dataclass(frozen=True, slots=True)
class _Track:
    medium: Medium
    base: float
    step: float


class Decoder:
    """Feeds a reading from containers. Blocks; belongs to one thread at a time.

    Args:
        reading: takes what is found.
        look: whether pictures and sound are decoded, or only timestamps read.
    """

    def __init__(self, reading: Reading, *, look: bool = True) -> None:
        self._reading = reading
        self._look = look
        self._contexts: dict[Medium, tuple[bytes | None, Any]] = {}
        self._between = 0  # bytes of the pictures since the latest keyframe

    def tracks(self, container: InputContainer) -> dict[int, _Track]:
        """The tracks of an open container, by stream index.

        Raises:
            av.error.InvalidDataError: it has no picture or no sound.
        """
        found: dict[int, _Track] = {}
        for stream in container.streams:
            base = float(stream.time_base or 0)
            if isinstance(stream, av.VideoStream):
                rate = stream.average_rate or stream.guessed_rate
                found[stream.index] = _Track(Medium.VIDEO, base, 1 / float(rate) if rate else 0.04)
            elif isinstance(stream, av.AudioStream):
                samples = sample_rate(stream.codec_context.extradata) or stream.rate or 48_000
                found[stream.index] = _Track(Medium.SOUND, base, AAC_FRAME / samples)
            else:
                continue
            if self._look:
                self._prepare(found[stream.index].medium, stream)
        if len(found) < 2:
            raise av.error.InvalidDataError(1, "picture or sound is missing")
        return found

    def take(self, packet: Any, track: _Track, arrival: float) -> None:
        """Take one packet that came at a monotonic second."""
        if packet.dts is None:
            return  # the flush at the end
        pts = packet.dts if packet.pts is None else packet.pts
        unit = Unit(track.medium, packet.dts, pts, track.base, track.step, packet.is_keyframe)
        self._reading.unit(unit, arrival)
        if track.medium is Medium.VIDEO and not packet.is_keyframe:
            self._between += packet.size
        if not self._look or not (packet.is_keyframe or track.medium is Medium.SOUND):
            return
        try:
            self._decode(packet, track, pts * track.base)
        except av.error.FFmpegError:
            self._reading.undecodable()

    def forget(self) -> None:
        """What comes next is another stream."""
        self._contexts.clear()

    def _prepare(self, medium: Medium, stream: Any) -> None:
        extradata = stream.codec_context.extradata
        known = self._contexts.get(medium)
        if known and known[0] == extradata:
            return
        context: Any = av.CodecContext.create(stream.codec_context.name, "r")
        context.extradata = extradata
        context.thread_count = 1
        if medium is Medium.VIDEO:
            context.options = {"skip_loop_filter": "all", "flags": "low_delay"}
        self._contexts[medium] = (extradata, context)

    def _decode(self, packet: Any, track: _Track, at: float) -> None:
        context = self._contexts[track.medium][1]
        frames = context.decode(packet)
        if track.medium is Medium.SOUND:
            for frame in frames:
                self._reading.sound(np.asarray(frame.to_ndarray(), np.float32), frame.sample_rate)
            return
        if not frames:
            frames = context.decode(None)
            context.flush_buffers()
        if not frames:
            self._reading.undecodable()
        between, self._between = self._between, 0
        for frame in frames:
            self._reading.picture(_luma(frame), at, between)


def sample_rate(asc: bytes | None) -> int | None:
    """Samples per second that an AudioSpecificConfig tells (ISO 14496-3, 1.6.2.1); FLV's own field cannot."""
    if asc is None or len(asc) < 2:
        return None
    index = (asc[0] & 7) << 1 | asc[1] >> 7
    return _RATES[index] if index < len(_RATES) else None


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height : _GRID, : frame.width : _GRID].copy()
