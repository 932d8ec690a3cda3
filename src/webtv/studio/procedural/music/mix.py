"""The mix: notes become sound, parts are balanced by ear's weighting, a room is put around them."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.ambience import ambience
from webtv.studio.procedural.music.drums import Kit
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.score import Part, Score
from webtv.studio.procedural.music.signals import Stereo, band, coloured, convolve, drawn
from webtv.studio.procedural.music.voices import VOICES

# Levels in dB of weighted power while a part plays, beside the leading voice; and shares of the room.
_LEVELS = {
    "lead": 0.0,
    "answer": -5.0,
    "figure": -5.5,
    "harmony": -5.0,
    "bass": -7.0,
    "beat": -5.5,
    "touch": -10.0,
}
_SENDS = {"lead": 0.9, "answer": 1.2, "figure": 0.8, "harmony": 0.7, "bass": 0.06, "beat": 0.3, "touch": 0.5}
# How deep each swells with the arrangement: 1 would be silent where nothing goes on.
_FOLLOWS = {
    "harmony": 0.45,
    "figure": 0.3,
    "beat": 0.25,
    "touch": 0.25,
    "bass": 0.2,
    "answer": 0.1,
    "lead": 0.15,
}
_AMBIENCE = -16.0
_PEAK = 0.89
_BLOCK = 1 << 14
_ROOM_SEED = 48


def mix(
    score: Score,
    mood: Mood,
    layers: tuple[str, ...],
    strength: float,
    length: int,
    noise: np.random.Generator,
) -> Stereo:
    """Play a score.

    Args:
        score: what to play.
        mood: decides brightness and room.
        layers: of ambience.
        strength: of the ambience, dB.
        length: samples; notes that last longer are cut, for another bed takes over there.
        noise: where chance comes from.

    Returns:
        float32[length, 2], its largest sample at 0.89.
    """
    dry = np.zeros((length, 2), np.float32)
    room = np.zeros((length, 2), np.float32)
    arc = drawn(length, *zip(*score.swells, strict=True))
    for part in score.parts:
        sound = _play(part, mood, length, noise)
        level = _weighted(sound)
        if level <= 0:
            continue
        sound *= np.float32(10 ** (_LEVELS[part.role] / 20) / level)
        sound *= (1 - np.float32(_FOLLOWS[part.role]) * (1 - arc))[:, None]
        if part.role in {"lead", "answer"} and mood.wet >= 0.4:
            _echo(sound, 0.75 * 60 / score.tempo)
        dry += sound
        room += sound * np.float32(_SENDS[part.role])
    music = dry + convolve(room, _room(mood.space)) * np.float32(mood.wet * 1.6)
    if layers:
        level = _weighted(music) or 1.0
        around = ambience(layers, length, noise)
        music += around * np.float32(level * 10 ** ((_AMBIENCE + strength) / 20) / (_weighted(around) or 1.0))
    return _finish(_even(music))


def _even(music: Stereo) -> Stereo:
    """Ride the fader: over stretches of a second, soft ones come up and loud ones go down, by a part."""
    step = SAMPLE_RATE // 20
    count = -(-len(music) // step)
    padded = np.zeros((count * step, 2), np.float32)
    padded[: len(music)] = music
    power = np.square(padded.reshape(count, -1), dtype=np.float64).mean(axis=1)
    reach = np.hanning(33)[1:-1]
    edge = len(reach) // 2
    smooth = np.convolve(np.pad(power, edge, mode="edge"), reach / reach.sum(), mode="valid")
    usual = float(np.median(smooth))
    if usual <= 0:
        return music
    gain = np.clip((usual / np.maximum(smooth, 1e-3 * usual)) ** (0.45 / 2), 0.5, 1.9)
    return music * drawn(len(music), (np.arange(count) + 0.5) / 20, gain)[:, None]


def _play(part: Part, mood: Mood, length: int, noise: np.random.Generator) -> Stereo:
    sound = np.zeros((length, 2), np.float32)
    kit = Kit(noise)
    for note in part.notes:
        start = int(note.at * SAMPLE_RATE)
        if start >= length:
            continue
        if part.voice == "kit":
            played = kit.strike(note.pitch) * np.float32(note.strength)
        else:
            voice = VOICES[part.voice]
            played = voice.play(voice, note, mood.brightness, noise)
        end = min(length, start + len(played))
        sound[start:end] += played[: end - start]
    return sound


def _echo(sound: Stereo, seconds: float) -> None:
    """Three repeats, from side to side."""
    late = int(seconds * SAMPLE_RATE)
    source = sound.copy()
    for turn in range(1, 4):
        shift = turn * late
        if shift >= len(sound):
            return
        repeat = source[:-shift, ::-1] if turn % 2 else source[:-shift]
        sound[shift:] += repeat * np.float32(0.34**turn)


def _weights(hertz: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Power weighting of loudness: deep sounds count less, those above 1.5 kHz a little more."""
    high = 1 + 0.6 / (1 + (1500 / np.maximum(hertz, 1.0)) ** 4)
    low = 1 / (1 + (60 / np.maximum(hertz, 1.0)) ** 4)
    return np.asarray(high * low)


def _weighted(sound: Stereo) -> float:
    """Weighted RMS over the stretches in which something plays; 0 for silence."""
    blocks = max(1, len(sound) // _BLOCK)
    chosen = np.unique(np.linspace(0, blocks - 1, min(blocks, 48)).astype(np.int64))
    weights = _weights(np.fft.rfftfreq(_BLOCK, 1 / SAMPLE_RATE))
    powers = []
    for number in chosen:
        part = sound[number * _BLOCK : (number + 1) * _BLOCK]
        spectrum = np.abs(np.fft.rfft(part, _BLOCK, axis=0)).astype(np.float64) ** 2
        powers.append(2 * float((spectrum.sum(axis=1) * weights).sum()) / _BLOCK / max(1, len(part)))
    found = np.asarray(powers)
    if found.max() <= 1e-14:
        return 0.0
    return float(np.sqrt(found[found > found.max() * 0.02].mean()))


@functools.lru_cache(maxsize=4)
def _room(space: float) -> Stereo:
    """An impulse response: a few early reflections, then noise that dies sooner where it is brighter."""
    noise = np.random.Generator(np.random.PCG64(_ROOM_SEED))
    length = int(SAMPLE_RATE * min(4.5, 1.05 * space))
    seconds = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    response = np.zeros((length, 2), np.float32)
    # Low frequencies come alike to both ears, high ones do not.
    bands = ((180, 500, 1.0, 0.35), (500, 1200, 0.95, 0.55), (1200, 2600, 0.8, 0.75), (2600, 6000, 0.55, 0.9))
    for low, high, share, apart in bands:
        fall = np.exp(-6.9 * seconds / np.float32(space * share))
        both, *each = (coloured(noise, length, band(low, high, 2)) for _ in range(3))
        for side in range(2):
            response[:, side] += (both * np.float32(1 - apart) + each[side] * np.float32(apart)) * fall
    gather = np.clip((seconds - 0.016) / 0.03, 0, 1)
    response *= (gather**0.7)[:, None]
    response /= np.sqrt((response.astype(np.float64) ** 2).sum(axis=0).mean())
    for reflection in range(7):
        side = reflection % 2
        late = 0.009 + 0.0065 * reflection + 0.003 * float(noise.random())
        response[int(late * SAMPLE_RATE), side] += 0.12 * (-0.85) ** reflection
    return response


def _finish(music: Stereo) -> Stereo:
    """Take away what nobody hears and what grates, round off the highest peaks, set the level."""
    taps = 4097
    hertz = np.fft.rfftfreq(taps - 1, 1 / SAMPLE_RATE)
    floor = np.maximum(hertz, 0.1)
    curve = 1 / np.sqrt(1 + (46 / floor) ** 8) / np.sqrt(1 + (hertz / 13_500) ** 8)
    curve *= 10 ** (np.clip(np.log2(floor / 900), 0, 2.4) * 1.3 / 20)  # a little air
    curve *= 1 - 0.16 * np.exp(-((np.log2(floor / 280)) ** 2) / 0.8)  # rooms full of pads boom here
    kernel = np.roll(np.fft.irfft(curve), taps // 2) * np.hanning(taps - 1)
    half = taps // 2
    padded = np.concatenate([music, np.zeros((half, 2), np.float32)])
    music = convolve(padded, np.stack([kernel, kernel], axis=1).astype(np.float32))[half:]
    # Two thirds of the way up the curve begins to bend, so only the few highest peaks are rounded.
    level = float(np.sqrt(np.mean(music.astype(np.float64) ** 2)))
    if level > 0:
        knee = np.float32(3.2 * level)
        over = np.abs(music) > knee
        beyond = (np.abs(music[over]) - knee) / knee
        music[over] = np.sign(music[over]) * knee * (1 + np.tanh(beyond))
    ends = min(len(music) // 2, 240)
    if ends:
        fade = np.linspace(0, 1, ends, endpoint=False, dtype=np.float32)[:, None]
        music[:ends] *= fade
        music[-ends:] *= fade[::-1]
    largest = float(np.abs(music).max(initial=0.0))
    return (music * np.float32(_PEAK / largest)).astype(np.float32) if largest > 0 else music
