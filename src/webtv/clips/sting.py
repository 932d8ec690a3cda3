"""Stings: the few notes under an ident, a bumper or a "next" card, on the channel's own instrument.

A pad swells for the first second, over which the sound before it fades away on air; then come the notes, when
the mark opens. All of it has died away when the picture ends, for the next bed fades in there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import Sound
from webtv.studio.procedural.music.score import Note
from webtv.studio.procedural.music.voices import VOICES, understand_instrument

_ROOT = 62  # D; every channel's call stands somewhere in the five notes above it
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
_CALLS = ((0, 4, 3, 5), (2, 3, 5, 4), (0, 3, 2, 5), (4, 2, 3, 5), (1, 3, 4, 5), (3, 1, 4, 5))
_STRUCK = frozenset({"felt piano", "pluck", "bell", "flute"})  # families that can play a call
_FALLBACK = "vibraphone"
_TAIL = 0.7  # seconds over which the end is let go
_ROOM = 1.1  # seconds of reverb
_ROOM_SHARE = 0.16

_BEATS = {"ident": (0.65, 0.24, 4), "bumper": (0.4, 0.22, 3), "next": (0.7, 0.3, 2)}


def sting(card: str, instruments: Sequence[str], seconds: float, seed: int) -> Sound:
    """Play the sting of a card.

    Args:
        card: ``ident``, ``bumper`` or ``next``: four notes of the channel's call, three, or two.
        instruments: of the channel, in its curator's words; the first that can play a call plays it.
        seconds: length.
        seed: decides the call; the same for all cards of a channel.

    Returns:
        float32[n, 2] at 48 kHz, not levelled yet.
    """
    noise = np.random.Generator(np.random.PCG64(seed))
    call = _CALLS[seed % len(_CALLS)]
    begins, step, count = _BEATS[card]
    voice = VOICES[_voice(instruments)]
    mix = np.zeros((round(seconds * SAMPLE_RATE), 2), np.float32)
    pitches = [_ROOT + _SCALE[degree] for degree in call[-count:]]
    last = begins + step * (count - 1)
    for number, pitch in enumerate(pitches):
        at = begins + step * number
        note = Note(at, seconds - at, _within(pitch, voice.low, voice.high), 0.62 + 0.1 * number)
        _add(mix, at, voice.play(voice, note, 0.55, noise))
    if card != "bumper":
        pad = VOICES["pad"]
        for pitch in (_ROOT - 12, _ROOT - 5, _ROOT + 4):
            sound = pad.play(pad, Note(0.0, seconds - 0.8, pitch, 0.5), 0.4, noise)
            _add(mix, 0.0, sound, 0.35 * _level(mix) / max(_level(sound), 1e-6))
    # The root beneath the last note makes an end of it.
    root = VOICES["felt piano"]
    sound = root.play(root, Note(last, seconds - last, _ROOT - 12, 0.5), 0.4, noise)
    _add(mix, last, sound, 0.6 * _level(mix) / max(_level(sound), 1e-6))
    mix += _ROOM_SHARE * _reverberated(mix, noise)
    fade = round(_TAIL * SAMPLE_RATE)
    mix[-fade:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade, dtype=np.float32)))[:, None]
    return mix / max(1.0, float(np.abs(mix).max(initial=0.0)))


def _voice(instruments: Sequence[str]) -> str:
    for words in instruments:
        name = understand_instrument(words)
        if name in VOICES and VOICES[name].family in _STRUCK:
            return name
    return _FALLBACK


def _within(pitch: int, low: int, high: int) -> int:
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def _add(mix: Sound, at: float, sound: NDArray[np.float32], gain: float = 1.0) -> None:
    start = round(at * SAMPLE_RATE)
    part = sound[: max(0, len(mix) - start)]
    mix[start : start + len(part)] += part * np.float32(gain)


def _level(sound: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(sound), dtype=np.float64))) if len(sound) else 0.0


def _reverberated(sound: Sound, noise: np.random.Generator) -> Sound:
    taps = round(_ROOM * SAMPLE_RATE)
    decay = np.exp(-6.9 * np.arange(taps, dtype=np.float32) / taps)[:, None]
    impulse = noise.standard_normal((taps, 2), np.float32) * decay
    impulse[1:] = impulse[1:] * 0.35 + impulse[:-1] * 0.65  # walls swallow what is high
    size = 1 << (len(sound) + taps - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size, axis=0) * np.fft.rfft(impulse, size, axis=0), size, axis=0)
    room = wet[: len(sound)].astype(np.float32)
    return np.asarray(room * (_level(sound) / max(_level(room), 1e-6) / _ROOM_SHARE * 0.4), np.float32)
