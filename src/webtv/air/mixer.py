"""The sound of a channel: beds mixed on one counted timeline into one AAC encoder that never restarts.

At a change of bed both are crossed with equal power. The grid of AAC frames is absolute (frame ``a`` holds
samples ``1024 a`` to ``1024 a + 1023``), so a new process continues the grid of the last one.
"""

from dataclasses import dataclass

import av
import numpy as np

from webtv.air.slice import Track
from webtv.core.format import AAC_FRAME, CROSSFADE, SAMPLE_RATE
from webtv.studio.ports import Sound

BIT_RATE = 128_000
_KNEE = 0.9  # where the soft clipper begins; two crossing beds may add up to more than 1


@dataclass(slots=True)
class _Voice:
    track: Track
    offset: int  # sample of the track minus sample of the timeline
    start: int  # sample of the timeline at which it fades in
    end: int | None = None  # sample at which it begins to fade out

    def render(self, first: int, count: int) -> Sound:
        sound = self.track.read(first + self.offset, count)
        if first < self.start + CROSSFADE or self.end is not None:
            at = np.arange(first, first + count, dtype=np.float64)
            gain = np.sin(np.clip((at - self.start) / CROSSFADE, 0, 1) * (np.pi / 2))
            if self.end is not None:
                gain *= np.cos(np.clip((at - self.end) / CROSSFADE, 0, 1) * (np.pi / 2))
            sound = sound * gain[:, None].astype(np.float32)
        return sound


class Mixer:
    """Beds in, AAC frames out.

    Args:
        first_sample: sample of the timeline at which the process begins; the first AAC frame that
            is handed out is the first that begins at or after it.
    """

    def __init__(self, first_sample: int) -> None:
        self._voices: list[_Voice] = []
        self._encoder = av.CodecContext.create("aac", "w")
        self._encoder.sample_rate = SAMPLE_RATE
        self._encoder.layout = "stereo"
        self._encoder.format = "fltp"
        self._encoder.bit_rate = BIT_RATE
        self._encoder.options = {"aac_coder": "fast"}
        self._encoder.open()
        self._next_out = -(-first_sample // AAC_FRAME)
        # Two frames of run-up: one that the codec overlaps with, one that it delays by.
        self._next_in = self._next_out - 2
        self._ready: list[bytes] = []

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig."""
        return bytes(self._encoder.extradata or b"")

    @property
    def next_frame(self) -> int:
        """Number of the next AAC frame that will be handed out."""
        return self._next_out

    def cue(self, sample: int, track: Track | None, track_at: int, *, goes_on: bool = False) -> None:
        """From this sample on, this track sounds; the one before fades out beneath it.

        Nothing happens if the same track simply goes on, which is how clips of a sequence join.

        Args:
            sample: sample of the timeline.
            track: what sounds, or None for silence.
            track_at: sample of the track that falls on ``sample``.
            goes_on: whether it sounded before this process began; then it does not fade in.
        """
        leading = next((voice for voice in self._voices if voice.end is None), None)
        if leading and leading.track is track and leading.offset == track_at - sample:
            return
        if leading:
            leading.end = sample
        if track is not None:
            self._voices.append(_Voice(track, track_at - sample, sample - CROSSFADE * goes_on))

    def advance(self, until: int) -> tuple[int, tuple[bytes, ...]]:
        """Mix and encode so far that every AAC frame that begins before sample ``until`` is handed out.

        Returns:
            The number of the first frame handed out, and the frames.
        """
        first_out = self._next_out
        frames: list[bytes] = []
        wanted = max(0, -(-until // AAC_FRAME) - first_out)
        while len(frames) < wanted:
            short = wanted - len(frames)
            sound = self._mix(self._next_in * AAC_FRAME, short * AAC_FRAME)
            for i in range(short):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(sound[i * AAC_FRAME : (i + 1) * AAC_FRAME].T), "fltp", "stereo"
                )
                frame.sample_rate = SAMPLE_RATE
                frame.pts = (self._next_in + i) * AAC_FRAME
                frames.extend(
                    bytes(packet)
                    for packet in self._encoder.encode(frame)
                    if packet.pts is not None and packet.pts >= first_out * AAC_FRAME
                )
            self._next_in += short
        self._next_out += wanted
        return first_out, tuple(frames)

    def _mix(self, first: int, count: int) -> Sound:
        mix = np.zeros((count, 2), np.float32)
        for voice in self._voices:
            mix += voice.render(first, count)
        done = first + count
        self._voices = [v for v in self._voices if v.end is None or v.end + CROSSFADE > done]
        loud = np.abs(mix) > _KNEE
        if loud.any():
            over = np.abs(mix[loud]) - _KNEE
            mix[loud] = np.sign(mix[loud]) * (_KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE)))
        return mix
