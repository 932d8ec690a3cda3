"""The sound of a channel as it should be: beds mixed into one AAC encoder that never restarts."""

import av
import numpy as np

from webtv.air.mixdown import Mixdown
from webtv.air.slice import Source, Track
from webtv.core.format import AAC_FRAME, SAMPLE_RATE

BIT_RATE = 128_000


class Mixer:
    """Beds in, AAC frames out; a :class:`webtv.air.slice.SoundPath`.

    Args:
        first_sample: sample of the timeline at which the process begins; the first AAC frame that
            is handed out is the first that begins at or after it.
    """

    def __init__(self, first_sample: int) -> None:
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
        self._mixdown = Mixdown(self._next_in * AAC_FRAME)

    @property
    def audio(self) -> str:
        """``mixed``."""
        return "mixed"

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig."""
        return bytes(self._encoder.extradata or b"")

    @property
    def next_frame(self) -> int:
        """Number of the next AAC frame that will be handed out."""
        return self._next_out

    def cue(self, sample: int, source: Source, *, goes_on: bool = False) -> None:
        """From this sample on, this source's bed sounds; as :meth:`change`."""
        self.change(sample, source.track, source.track_at, goes_on=goes_on)

    def change(self, sample: int, track: Track | None, track_at: int, *, goes_on: bool = False) -> None:
        """From this sample on, this bed sounds; as :meth:`webtv.air.mixdown.Mixdown.change`."""
        self._mixdown.change(sample, track, track_at, goes_on=goes_on)

    def speak(self, track: Track, sample: int, length: int, *, track_at: int = 0) -> int:
        """Let a voice speak over the beds; as :meth:`webtv.air.mixdown.Mixdown.speak`."""
        return self._mixdown.speak(track, sample, length, track_at=track_at)

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
            sound = self._mixdown.render(self._next_in * AAC_FRAME, short * AAC_FRAME)
            # One frame for all of them: PyAV cuts it into the encoder's without coming back here.
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), "fltp", "stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = self._next_in * AAC_FRAME
            frames.extend(
                bytes(packet)
                for packet in self._encoder.encode(frame)
                if packet.pts is not None and packet.pts >= first_out * AAC_FRAME
            )
            self._next_in += short
        self._next_out += wanted
        return first_out, tuple(frames)
