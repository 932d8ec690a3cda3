"""Beds and voices added up on one counted timeline.

At a change of bed both are crossed with equal power. A voice lies over the beds, which make room for it: they
are lowered before it begins and come back to exactly their level after it has ended.
"""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webtv.air.slice import Track
from webtv.core.format import CROSSFADE, SAMPLE_RATE
from webtv.studio.ports import Sound

DUCK = 10 ** (-12 / 20)  # of the beds' level while a voice speaks: 12 dB less
ATTACK = SAMPLE_RATE * 3 // 10  # samples before a voice over which the beds are lowered
RELEASE = SAMPLE_RATE  # samples after it over which they come back
_EDGE = 480  # samples over which a voice itself fades in and out: it need not begin with silence
_KNEE = 0.9  # where the soft clipper begins; two crossing beds may add up to more than 1

_Gain = NDArray[np.float64]


@dataclass(slots=True)
class _Bed:
    track: Track
    offset: int  # sample of the track minus sample of the timeline
    start: int  # sample of the timeline at which it fades in
    end: int | None = None  # sample at which it begins to fade out

    def add_to(self, mix: Sound, first: int) -> None:
        count = len(mix)
        if self.end is not None:
            count = min(count, self.end + CROSSFADE - first)
        sound = self.track.read(first + self.offset, count)
        if first < self.start + CROSSFADE or (self.end is not None and self.end < first + count):
            at = np.arange(first, first + count, dtype=np.float64)
            gain = np.sin(np.clip((at - self.start) / CROSSFADE, 0, 1) * (np.pi / 2))
            if self.end is not None:
                gain *= np.cos(np.clip((at - self.end) / CROSSFADE, 0, 1) * (np.pi / 2))
            sound = sound * gain[:, None].astype(np.float32)
        mix[:count] += sound


@dataclass(frozen=True, slots=True)
class _Speech:
    track: Track
    offset: int  # sample of the track minus sample of the timeline
    start: int  # sample of the timeline at which it begins
    end: int  # sample at which it is over

    def duck(self, at: _Gain) -> _Gain:
        """How far the beds are lowered at these samples, from 0 to 1."""
        return _ramp((at - self.start) / ATTACK + 1) * _ramp(1 - (at - self.end) / RELEASE)

    def add_to(self, mix: Sound, first: int) -> None:
        begin, end = max(first, self.start), min(first + len(mix), self.end)
        if begin < end:
            at = np.arange(begin, end, dtype=np.float64)
            gain = _ramp((at - self.start) / _EDGE) * _ramp((self.end - at) / _EDGE)
            sound = self.track.read(begin + self.offset, end - begin)
            mix[begin - first : end - first] += sound * gain[:, None].astype(np.float32)


def _ramp(position: _Gain) -> _Gain:
    """A raised cosine: 0 up to 0, 1 from 1 on, without a corner at either end."""
    return np.asarray(0.5 - 0.5 * np.cos(np.clip(position, 0, 1) * np.pi))


class Mixdown:
    """What sounds on a channel, before it is encoded.

    Args:
        first: sample of the timeline from which :meth:`render` is first asked.
    """

    def __init__(self, first: int) -> None:
        self._beds: list[_Bed] = []
        self._speeches: tuple[_Speech, ...] = ()
        self._rendered = first
        self._lock = threading.Lock()  # between who speaks and who renders; never held for long

    def change(self, sample: int, track: Track | None, track_at: int, *, goes_on: bool = False) -> None:
        """From this sample on, this bed sounds; the one before fades out beneath it.

        Nothing happens if the same bed simply goes on, which is how clips of a sequence join. The encoder is
        ahead of what was handed out by a frame or two; the crossfade begins behind what it has, since one
        that had begun in the past would begin with a step.

        Args:
            sample: sample of the timeline.
            track: what sounds, or None for silence.
            track_at: sample of the track that falls on ``sample``.
            goes_on: whether it sounded before this process began; then it does not fade in.
        """
        leading = next((bed for bed in self._beds if bed.end is None), None)
        if leading and leading.track is track and leading.offset == track_at - sample:
            return
        begin = max(sample, self._rendered)
        if leading:
            leading.end = begin
        if track is not None:
            self._beds.append(_Bed(track, track_at - sample, begin - CROSSFADE * goes_on))

    def speak(self, track: Track, sample: int, length: int, *, track_at: int = 0) -> int:
        """Let a voice speak over the beds; may be called from any thread, at any time.

        What is rendered already cannot be lowered any more: a voice that comes too late begins as soon as
        the beds can have made room for it.

        Args:
            track: the voice; read by whoever renders.
            sample: sample of the timeline at which it should begin.
            length: samples, 1 or more.
            track_at: sample of the track that falls on its beginning.

        Returns:
            The sample of the timeline at which it begins.
        """
        with self._lock:
            start = max(sample, self._rendered + ATTACK)
            self._speeches += (_Speech(track, track_at - start, start, start + length),)
        return start

    def render(self, first: int, count: int) -> Sound:
        """The next ``count`` samples, from ``first`` on, as float32[count, 2] within -1 and 1."""
        done = first + count
        with self._lock:
            self._rendered = done
            speeches = self._speeches
            self._speeches = tuple(s for s in speeches if s.end + RELEASE > done)
        mix = np.zeros((count, 2), np.float32)
        for bed in self._beds:
            bed.add_to(mix, first)
        self._beds = [b for b in self._beds if b.end is None or b.end + CROSSFADE > done]
        speeches = tuple(s for s in speeches if s.start - ATTACK < done)
        if speeches:
            at = np.arange(first, done, dtype=np.float64)
            room = np.maximum.reduce([speech.duck(at) for speech in speeches])
            mix *= (1 - (1 - DUCK) * room)[:, None].astype(np.float32)
        for speech in speeches:
            speech.add_to(mix, first)
        return _soft_clipped(mix)


def _soft_clipped(mix: Sound) -> Sound:
    if mix.size and max(mix.max(), -mix.min()) > _KNEE:
        loud = np.abs(mix) > _KNEE
        over = np.abs(mix[loud]) - _KNEE
        mix[loud] = np.sign(mix[loud]) * (_KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE)))
    return mix
